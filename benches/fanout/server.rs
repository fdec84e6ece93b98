//! The servers that are measured: ours, and rivals where they are installed.

#![allow(dead_code, reason = "each bench is a crate of its own and uses a part")]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
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
    /// All that works for it, what faces the clients first.
    children: Vec<Child>,
}

impl Server {
    /// Ours, showing `source`.
    pub(crate) fn livestream(source: &str) -> Self {
        Self::of(Command::new(env!("CARGO_BIN_EXE_livestream")), parent::OURS, source)
    }

    /// Ours, which is asked by TLS.
    pub(crate) fn by_tls(source: &str, identity: &Identity) -> Self {
        let command = Command::new(env!("CARGO_BIN_EXE_livestream"));
        Self::securely(command, Self::BY_TLS, source, identity)
    }

    /// The program as it was before, which is asked by TLS, where it is at hand.
    pub(crate) fn parent_by_tls(name: &str, source: &str, identity: &Identity) -> Option<Self> {
        let name = format!("{name}, by TLS");
        parent::command().map(|command| Self::securely(command, &name, source, identity))
    }

    fn securely(command: Command, name: &str, source: &str, identity: &Identity) -> Self {
        let Identity { certificate, key, .. } = identity;
        let options = ["--source", source, "--tls-cert", certificate, "--tls-key", key];
        let mut server = Self::with(command, name, &options);
        server.certificate = Some(identity.der.clone());
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
            children: vec![child],
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
        Self {
            name,
            address: local(port),
            path: None,
            most_clients: 100,
            certificate: None,
            children: vec![child],
        }
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
            children: vec![child],
        }
        .once_it_listens()
    }

    /// It, behind nginx, which takes TLS for it in two processes.
    pub(crate) fn behind_nginx(self, identity: &Identity) -> Option<Self> {
        let (port, path) = (free_port(), self.path.clone().unwrap_or_default());
        let config = nginx(port, self.address, identity);
        let file = identity.folder.join(format!("nginx-{port}.conf"));
        std::fs::write(&file, config).expect("a file");
        let mut command = Command::new("nginx");
        command.args(["-e", "stderr", "-p"]).arg(&identity.folder).arg("-c").arg(&file);
        let child = command.stdout(Stdio::null()).spawn().ok()?;
        let mut this = self;
        let children = std::iter::once(child).chain(this.children.drain(..)).collect();
        Self {
            name: format!("nginx before {}", this.name),
            address: local(port),
            path: Some(path),
            most_clients: usize::MAX,
            certificate: Some(identity.der.clone()),
            children,
        }
        .once_it_listens()
    }

    pub(crate) const BY_TLS: &str = "livestream, by TLS";

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

    /// What it used until now, with all that works for it.
    pub(crate) fn usage(&self) -> Usage {
        let ours = self.children.iter().map(Child::id);
        ours.flat_map(|id| std::iter::once(id).chain(children_of(id))).map(usage).sum()
    }

    /// What the first of its processes used, with those below it: nginx alone, without what is
    /// behind it.
    pub(crate) fn usage_in_front(&self) -> Usage {
        let id = self.children[0].id();
        std::iter::once(id).chain(children_of(id)).map(usage).sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for child in &mut self.children {
            // A master must end its workers: it is asked to. It may have ended by itself; then there
            // is nothing to do.
            if let Some(id) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                let _ = kill_process(id, Signal::TERM);
            }
            let deadline = Instant::now() + Duration::from_secs(5);
            while matches!(child.try_wait(), Ok(None)) && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(10));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A certificate (ECDSA, P-256) of 127.0.0.1 that signs itself, and where its files lie.
pub(crate) struct Identity {
    pub der: CertificateDer<'static>,
    folder: PathBuf,
    certificate: String,
    key: String,
}

impl Identity {
    /// Makes one in a folder.
    pub(crate) fn make(folder: &Path) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]);
        let made = made.expect("a certificate");
        let write = |name: &str, pem: String| {
            let path = folder.join(name);
            std::fs::write(&path, pem).expect("a file");
            path.display().to_string()
        };
        let certificate = write("cert.pem", made.cert.pem());
        let key = write("key.pem", made.signing_key.serialize_pem());
        let (der, folder) = (made.cert.der().clone(), folder.to_owned());
        Self { der, folder, certificate, key }
    }
}

/// As the README has it, and with room for whole records: by its own choice it would encrypt 4 kB at
/// a time.
fn nginx(port: u16, behind: SocketAddr, identity: &Identity) -> String {
    let Identity { folder, certificate, key, .. } = identity;
    let folder = folder.display();
    let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|of| format!("{of}_temp_path {folder}/nginx-{of};"))
        .join("\n");
    format!(
        "daemon off;
worker_processes 2;
worker_rlimit_nofile 8192;
pid {folder}/nginx-{port}.pid;
error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
access_log off;
{temp}
server {{
listen 127.0.0.1:{port} ssl backlog=4096;
ssl_certificate {certificate};
ssl_certificate_key {key};
ssl_protocols TLSv1.2 TLSv1.3;
location / {{
proxy_pass http://{behind};
proxy_http_version 1.1;
proxy_set_header Host $http_host;
proxy_buffering off;
proxy_buffer_size 64k;
proxy_buffers 8 64k;
proxy_busy_buffers_size 128k;
proxy_read_timeout 1h;
}}
}}
}}
"
    )
}

/// The processes that a process started and that still run.
fn children_of(process: u32) -> Vec<u32> {
    let file = format!("/proc/{process}/task/{process}/children");
    let list = std::fs::read_to_string(file).unwrap_or_default();
    list.split_whitespace().filter_map(|id| id.parse().ok()).collect()
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(local(0)).expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}
