//! Another server's stream, of which the test says each byte.

use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use super::client::READ_TIME;
use super::incoming::Incoming;
use super::{LONG, eventually};

/// A server that waits for `livestream` to ask it.
pub(crate) struct Upstream {
    listener: TcpListener,
}

/// One connection from it, on which a stream has begun.
pub(crate) struct Feed {
    socket: TcpStream,
}

impl Upstream {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("it can wait with a limit");
        Self { listener }
    }

    /// What to give to `--source`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/video", self.listener.local_addr().expect("bound"))
    }

    /// Waits until it is asked, and begins the stream.
    pub(crate) fn accept(&self) -> Feed {
        let socket =
            eventually("it is asked for its stream", LONG, || match self.listener.accept() {
                Ok((socket, _)) => Ok(socket),
                Err(error) if error.kind() == ErrorKind::WouldBlock => Err(error.to_string()),
                Err(error) => panic!("{error}"),
            });
        socket.set_nonblocking(false).expect("it can block");
        socket.set_read_timeout(Some(READ_TIME)).expect("a time-out");
        let mut incoming = Incoming::new(socket);
        let head = incoming.take_through(b"\r\n\r\n", 16 * 1024).expect("a request");
        assert!(head.starts_with(b"GET /video HTTP/1.1\r\n"), "{}", String::from_utf8_lossy(&head));
        let mut socket = incoming.source;
        let head = "HTTP/1.0 200 OK\r\n\
            Content-Type: multipart/x-mixed-replace; boundary=\"cut here\"\r\n\r\n";
        socket.write_all(head.as_bytes()).expect("it reads");
        Feed { socket }
    }
}

/// A server that sends whoever asks to another address, as long as the test runs: where it is.
pub(crate) fn redirect(location: &str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    let answer = format!("HTTP/1.1 301 Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let mut incoming = Incoming::new(socket);
            if incoming.take_through(b"\r\n\r\n", 16 * 1024).is_ok() {
                // It may have gone.
                let _ = incoming.source.write_all(answer.as_bytes());
            }
        }
    });
    address
}

impl Feed {
    /// Sends a picture.
    pub(crate) fn send(&mut self, jpeg: &[u8]) {
        self.try_send(jpeg).expect("it reads");
    }

    /// Sends a picture, unless it was hung up.
    pub(crate) fn try_send(&mut self, jpeg: &[u8]) -> std::io::Result<()> {
        let length = jpeg.len();
        let head =
            format!("--cut here\r\nContent-Type: image/jpeg\r\nContent-Length: {length}\r\n\r\n");
        let part = [head.as_bytes(), jpeg, b"\r\n"].concat();
        self.socket.write_all(&part)
    }
}
