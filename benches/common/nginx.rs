//! nginx with the files of a folder, for whoever measures beside it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// nginx (one process, `sendfile on`, as distributions set it up), and where it listens. Whoever
/// called sees to its end.
pub(crate) fn launch(folder: &Path) -> (Child, SocketAddr) {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr());
    let address = free.expect("a free port");
    let place = folder.display();
    let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|of| format!("{of}_temp_path {place}/{of};"))
        .join("\n");
    let config = format!(
        "daemon off;\nmaster_process off;\npid {place}/pid;\nerror_log stderr;\n\
         worker_rlimit_nofile 8192;\nevents {{ worker_connections 4096; }}\n\
         http {{\naccess_log off;\nsendfile on;\ntcp_nopush on;\nkeepalive_requests 10000000;\n\
         types {{ video/mp4 mp4 m4s; audio/mpeg mp3; }}\n{temp}\n\
         server {{\nlisten {address} backlog=4096;\nroot {place};\n}}\n}}\n"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, config).expect("a file");
    let child = Command::new("nginx")
        .args(["-e", "stderr", "-p"])
        .arg(folder)
        .arg("-c")
        .arg(&file)
        .stdin(Stdio::null())
        .spawn()
        .expect("nginx is installed: apt-get install nginx-light");
    for _ in 0..200 {
        if TcpStream::connect(address).is_ok() {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    (child, address)
}
