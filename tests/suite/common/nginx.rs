//! nginx in front of the server.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use super::clip::Scratch;
use super::program::Program;
use super::server::Port;
use super::{LONG, eventually_true};

/// nginx with these locations in front of a server.
pub(crate) struct Nginx {
    _program: Program,
    _scratch: Scratch,
    pub(crate) address: SocketAddr,
}

impl Nginx {
    /// Starts it, and waits until it answers.
    pub(crate) fn start(locations: &str) -> Self {
        let (scratch, port) = (Scratch::new(), Port::reserve());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.number));
        let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|of| format!("{of}_temp_path {}/{of};", scratch.path()))
            .join("\n");
        let config = format!(
            // One process, which ends by its id.
            "daemon off;\nmaster_process off;\npid {0}/pid;\nerror_log stderr;\nevents {{}}\n\
             http {{\naccess_log off;\n{temp}\nserver {{\nlisten {address};\n{locations}\n}}\n}}\n",
            scratch.path()
        );
        scratch.write("nginx.conf", config.as_bytes());
        let file = format!("{}/nginx.conf", scratch.path());
        let mut command = Command::new("nginx");
        command.args(["-e", "stderr", "-p", scratch.path(), "-c", &file]);
        let (program, _) = Program::start(&mut command, "install nginx-light");
        let up = || std::net::TcpStream::connect(address).is_ok();
        eventually_true("nginx accepts connections", LONG, up);
        Self { _program: program, _scratch: scratch, address }
    }

    /// Its address, as `Host` has it.
    pub(crate) fn host(&self) -> String {
        format!("Host: {}\r\n", self.address)
    }
}
