//! The servers that are watched: ours, and rivals where they are installed.

use std::io::{BufRead, BufReader};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::pictures::Pictures;

/// A running server, ended by its id when it is dropped.
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    /// What to ask for; empty where it sends unasked.
    pub(crate) path: String,
    child: Child,
}

impl Server {
    /// Ours; another build of it if `LIVESTREAM` names one.
    pub(crate) fn livestream(ip: IpAddr, pictures: &Pictures, fps: usize) -> Self {
        let built = env!("CARGO_BIN_EXE_livestream").to_owned();
        let program = std::env::var("LIVESTREAM").unwrap_or(built);
        let mut child = Command::new(program)
            .args(["0", "--bind", &ip.to_string(), "--no-rtsp", "--bandwidth", "unlimited"])
            .args(["--fps", &fps.to_string(), "--source"])
            .arg(&pictures.folder)
            .env("RUST_LOG", "warn")
            .env("XDG_DATA_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/bench-data"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary was built with this bench");
        let out = child.stdout.take().expect("its output is piped");
        let line = BufReader::new(out).lines().next().expect("it prints its address");
        let line = line.expect("its address is text");
        let address = line.rsplit("//").next().unwrap_or_default().trim_end_matches('/');
        let address = address.parse().expect("an address and a port");
        Self { name: "livestream".into(), address, path: "/stream".into(), child }
    }

    /// GStreamer's `multipartmux` into `tcpserversink`.
    pub(crate) fn gstreamer(ip: IpAddr, pictures: &Pictures) -> Option<Self> {
        let address = free(ip);
        let files = format!("location={}/%05d.jpg", pictures.folder.display());
        let child = Command::new("gst-launch-1.0")
            .args(["-q", "multifilesrc", &files, "loop=true", "caps=image/jpeg,framerate=30/1"])
            .args(["!", "identity", "sleep-time=33000", "!", "multipartmux", "boundary=frame"])
            .args(["!", "tcpserversink", &format!("host={ip}")])
            .args([&format!("port={}", address.port()), "sync-method=latest"])
            .args(["recover-policy=latest"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        Self { name: "GStreamer".into(), address, path: String::new(), child }.once_it_listens()
    }

    /// A server that the caller starts by a command line: `NAME|PATH|COMMAND`.
    pub(crate) fn by_command(line: &str, ip: IpAddr, pictures: &Pictures) -> Option<Self> {
        let mut parts = line.splitn(3, '|');
        let (name, path, command) = (parts.next()?, parts.next()?, parts.next()?);
        let address = free(ip);
        let command = command
            .replace("{host}", &ip.to_string())
            .replace("{port}", &address.port().to_string())
            .replace("$PICTURES", &pictures.folder.display().to_string());
        let child = Command::new("sh")
            .args(["-c", &format!("exec {command}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        Self { name: name.into(), address, path: path.into(), child }.once_it_listens()
    }

    fn once_it_listens(self) -> Option<Self> {
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if TcpStream::connect(self.address).is_ok() {
                return Some(self);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        None
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free(ip: IpAddr) -> SocketAddr {
    let listener = TcpListener::bind((ip, 0)).expect("there is a free port");
    listener.local_addr().expect("it has an address")
}
