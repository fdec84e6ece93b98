//! A camera that can be unplugged: an MJPEG server in this process, or a file that
//! tells a pretend device what to do.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use livestream::media::card::card;
use livestream::media::codec::Encoder;
use livestream::media::frame::{Quality, Size};

pub(crate) struct Camera {
    source: String,
    control: Option<PathBuf>,
    plugged: Arc<AtomicBool>,
}

impl Camera {
    pub(crate) fn start() -> Self {
        let plugged = Arc::new(AtomicBool::new(true));
        let control = std::env::var_os("SOAK_CONTROL").map(PathBuf::from);
        let source = std::env::var("SOAK_SOURCE").unwrap_or_else(|_| serve(Arc::clone(&plugged)));
        Self { source, control, plugged }
    }

    /// What `--source` takes.
    pub(crate) fn source(&self) -> String {
        self.source.clone()
    }

    pub(crate) fn plug(&self, plugged: bool) {
        self.plugged.store(plugged, Ordering::Relaxed);
        if let Some(control) = &self.control {
            let word = if plugged { "" } else { "unplug" };
            std::fs::write(control, word).expect("the control file can be written");
        }
    }
}

/// Serves pictures for as long as the process lives. Returns the address.
fn serve(plugged: Arc<AtomicBool>) -> String {
    let nowhere = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0);
    let listener = TcpListener::bind(nowhere).expect("there is a free port");
    let address = listener.local_addr().expect("it has an address");
    let pictures = pictures();
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            // Unplugged it hangs up on who comes, and on who is there.
            if plugged.load(Ordering::Relaxed) {
                let (plugged, pictures) = (Arc::clone(&plugged), pictures.clone());
                thread::spawn(move || send(socket, &pictures, &plugged));
            }
        }
    });
    format!("http://{address}/")
}

fn send(mut socket: TcpStream, pictures: &[Arc<[u8]>], plugged: &AtomicBool) {
    let mut request = [0; 4096];
    if socket.read(&mut request).is_err() {
        return;
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=b\r\n\r\n";
    let mut out = socket.write_all(head.as_bytes());
    for picture in pictures.iter().cycle() {
        if out.is_err() || !plugged.load(Ordering::Relaxed) {
            return;
        }
        let part =
            format!("--b\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n", picture.len());
        out = socket
            .write_all(part.as_bytes())
            .and_then(|()| socket.write_all(picture))
            .and_then(|()| socket.write_all(b"\r\n"));
        thread::sleep(Duration::from_millis(33));
    }
}

fn pictures() -> Vec<Arc<[u8]>> {
    let mut encoder = Encoder::new().expect("an encoder");
    let size = Size::new(640, 360).expect("a size");
    let quality = Quality::new(96).expect("a quality");
    (0..30)
        .map(|number| {
            let picture = card(size, &format!("Picture {number}"), "of the soak", "00:00:00");
            encoder.encode(&picture, quality).expect("a card is encoded")
        })
        .collect()
}
