//! The servers that are measured: ours, and rivals where they are installed.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;

use crate::launch::launch_as;
use crate::parent;
use crate::usage::{Usage, usage};

/// A running server, ended by its id when it is dropped.
pub(crate) struct Server {
    /// Its name in the table.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// What to ask for; `None` where it sends unasked.
    pub path: Option<String>,
    /// What it shows to who speaks TLS, if it does.
    pub certificate: Option<CertificateDer<'static>>,
    /// More would take minutes to connect.
    pub most_clients: usize,
    child: Child,
}

impl Server {
    /// Ours, showing `source`.
    pub(crate) fn livestream(source: &str) -> Self {
        Self::of(Command::new(env!("CARGO_BIN_EXE_livestream")), parent::OURS, source)
    }

    /// Ours, which is asked by TLS; its certificate lies in `folder`.
    pub(crate) fn by_tls(source: &str, folder: &Path) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]);
        let made = made.expect("a certificate");
        let write = |name: &str, pem: String| {
            let path = folder.join(name);
            std::fs::write(&path, pem).expect("a file");
            path.display().to_string()
        };
        let certificate = write("cert.pem", made.cert.pem());
        let key = write("key.pem", made.signing_key.serialize_pem());
        let options = ["--source", source, "--tls-cert", &certificate, "--tls-key", &key];
        let command = Command::new(env!("CARGO_BIN_EXE_livestream"));
        let mut server = Self::with(command, "livestream, by TLS", &options);
        server.certificate = Some(made.cert.der().clone());
        server
    }

    /// Ours, with one more room for each clip.
    pub(crate) fn rooms(source: &str, clips: &[String]) -> Self {
        let rooms = clips.iter().flat_map(|clip| ["--room", clip.as_str()]);
        let options: Vec<&str> = ["--source", source].into_iter().chain(rooms).collect();
        let name = format!("livestream, {} rooms", clips.len() + 1);
        Self::with(Command::new(env!("CARGO_BIN_EXE_livestream")), &name, &options)
    }

    /// The program as it was before, where it is at hand.
    pub(crate) fn parent(name: &str, source: &str) -> Option<Self> {
        parent::command().map(|command| Self::of(command, name, source))
    }

    fn of(command: Command, name: &str, source: &str) -> Self {
        Self::with(command, name, &["--source", source])
    }

    fn with(command: Command, name: &str, shown: &[&str]) -> Self {
        let options = ["--no-rtsp", "--bandwidth", "unlimited", "--max-viewers", "5000"];
        let options = [&options[..], shown].concat();
        let (child, addresses) = launch_as(command, &options, "warn", Stdio::inherit());
        let (address, path) = (addresses[0], Some("/stream".into()));
        Self {
            name: name.into(),
            address,
            path,
            most_clients: usize::MAX,
            certificate: None,
            child,
        }
    }

    /// GStreamer's `multipartmux` into `tcpserversink`, with the pictures of a folder.
    pub(crate) fn gstreamer(folder: &Path) -> Option<Self> {
        let port = free_port();
        let files = format!("location={}/%05d.jpg", folder.display());
        let child = Command::new("gst-launch-1.0")
            .args(["-q", "multifilesrc", &files, "loop=true", "caps=image/jpeg,framerate=30/1"])
            .args(["!", "identity", "sleep-time=33000", "!", "multipartmux", "boundary=frame"])
            .args(["!", "tcpserversink", "host=127.0.0.1", &format!("port={port}")])
            .args(["sync-method=latest", "recover-policy=latest"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let name = "GStreamer multipartmux ! tcpserversink".into();
        // It listens with a backlog of five, and takes one connection at a time.
        Self { name, address: local(port), path: None, most_clients: 100, certificate: None, child }
            .once_it_listens()
    }

    /// A server that the caller starts by a command line with `{port}` in it, and that answers
    /// at a path: `NAME|PATH|COMMAND`.
    pub(crate) fn by_command(description: &str) -> Option<Self> {
        let mut parts = description.splitn(3, '|');
        let (name, path, command) = (parts.next()?, parts.next()?, parts.next()?);
        let port = free_port();
        let child = Command::new("sh")
            .args(["-c", &format!("exec {}", command.replace("{port}", &port.to_string()))])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let path = (!path.is_empty()).then(|| path.to_owned());
        Self {
            name: name.into(),
            address: local(port),
            path,
            most_clients: usize::MAX,
            certificate: None,
            child,
        }
        .once_it_listens()
    }

    fn once_it_listens(self) -> Option<Self> {
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if std::net::TcpStream::connect(self.address).is_ok() {
                return Some(self);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        None
    }

    /// What it used until now.
    pub(crate) fn usage(&self) -> Usage {
        usage(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(local(0)).expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}
