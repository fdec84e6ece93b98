//! A client that takes nothing but what RFC 9112 and the contract promise.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::incoming::Incoming;

/// One connection.
pub(crate) struct Client {
    pub(crate) incoming: Incoming<TcpStream>,
    host: String,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) reason: String,
    /// In the order they came.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// One request on a connection of its own, which must end with the answer.
pub(crate) fn ask(
    address: SocketAddr,
    method: &str,
    target: &str,
    fields: &[(&str, &str)],
    body: &[u8],
) -> Reply {
    let mut client = Client::connect(address);
    let fields = [fields, &[("Connection", "close")]].concat();
    let reply = client.request(method, target, &fields, body);
    assert_eq!(reply.header("Connection"), Some("close"));
    client.expect_end();
    reply
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let socket = TcpStream::connect_timeout(&address, READ_TIME).expect("the server accepts");
        Self::over(socket, address)
    }

    /// A client on a socket that is connected.
    pub(crate) fn over(socket: TcpStream, address: SocketAddr) -> Self {
        socket.set_nodelay(true).expect("TCP_NODELAY");
        socket.set_read_timeout(Some(READ_TIME)).expect("a time-out");
        socket.set_write_timeout(Some(READ_TIME)).expect("a time-out");
        Self::with(Incoming::new(socket), address)
    }

    /// A client on a connection that exists.
    pub(crate) fn with(incoming: Incoming<TcpStream>, address: SocketAddr) -> Self {
        Self { incoming, host: address.to_string() }
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        &self.incoming.source
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.incoming.source.write_all(bytes.as_ref()).expect("the server takes bytes");
    }

    /// Sends bytes that the server may refuse to take to their end.
    pub(crate) fn send_unwelcome(&mut self, bytes: impl AsRef<[u8]>) {
        // It may have answered and closed before the last of them.
        let _ = self.incoming.source.write_all(bytes.as_ref());
    }

    /// Sends a request and reads its answer.
    pub(crate) fn request(
        &mut self,
        method: &str,
        target: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> Reply {
        let head = self.head(method, target, fields, body);
        self.send([head.as_bytes(), body].concat());
        if method == "HEAD" { self.reply_to_head() } else { self.reply() }
    }

    /// The head of a request, with what HTTP/1.1 demands.
    pub(crate) fn head(
        &self,
        method: &str,
        target: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> String {
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n", self.host);
        for (name, value) in fields {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        head
    }

    /// A GET without more.
    pub(crate) fn get(&mut self, target: &str) -> Reply {
        self.request("GET", target, &[], b"")
    }

    /// Reads the answer to any request but HEAD.
    pub(crate) fn reply(&mut self) -> Reply {
        let mut reply = self.reply_head();
        if let Some(length) = reply.body_length() {
            reply.body = self.incoming.take(length).expect("the whole body");
        }
        reply
    }

    /// Reads the answer to a HEAD request, which has no body.
    pub(crate) fn reply_to_head(&mut self) -> Reply {
        let reply = self.reply_head();
        reply.body_length();
        reply
    }

    /// Reads a head alone, with the rules that all answers keep.
    pub(crate) fn reply_head(&mut self) -> Reply {
        let head = self.incoming.take_through(b"\r\n\r\n", MAX_HEAD).expect("a whole head");
        let reply = Reply::parse(&head);
        let date = reply.header("Date").expect("each answer has its date");
        assert!(is_http_date(date), "{date:?}");
        let connection = reply.header("Connection").expect("each answer says what is next");
        assert!(["keep-alive", "close"].contains(&connection), "{connection:?}");
        reply
    }

    /// Waits for the connection to end, without a byte more.
    pub(crate) fn expect_end(&mut self) {
        let left = self.incoming.left_over();
        assert!(left.is_empty(), "after the answer: {:?}", String::from_utf8_lossy(left));
        let mut byte = [0];
        match self.incoming.source.read(&mut byte) {
            Ok(0) => {}
            Ok(_) => panic!("after the answer: {byte:?}"),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => panic!("still open: {error}"),
        }
    }
}

impl Reply {
    pub(crate) fn parse(head: &[u8]) -> Self {
        let text = std::str::from_utf8(head).expect("a head is text");
        let text = text.strip_suffix("\r\n\r\n").expect("its end is an empty line");
        let mut lines = text.split("\r\n");
        let line = lines.next().expect("a status line");
        let rest = line.strip_prefix("HTTP/1.1 ").unwrap_or_else(|| panic!("{line:?}"));
        let (code, reason) = rest.split_at_checked(3).unwrap_or_else(|| panic!("{line:?}"));
        let reason = reason.strip_prefix(' ').unwrap_or_else(|| panic!("{line:?}"));
        assert!(!reason.is_empty(), "{line:?}");
        let headers: Vec<_> = lines.map(field).collect();
        // Each cookie is set by a field of its own (RFC 6265 §3).
        for (name, _) in headers.iter().filter(|(name, _)| name != "Set-Cookie") {
            let same = headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
            assert!(same.count() == 1, "{name} stands twice in {text}");
        }
        let status = code.parse().unwrap_or_else(|_| panic!("{line:?}"));
        Self { status, reason: reason.to_owned(), headers, body: Vec::new() }
    }

    /// The value of a field.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }

    /// The names of the fields, in order.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.headers.iter().map(|(name, _)| name.as_str()).collect()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("the body is text")
    }

    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.header("Content-Type"), Some("application/json"), "{self:?}");
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// Why something was not done, as the API has it.
    #[track_caller]
    pub(crate) fn json_problem(&self) -> serde_json::Value {
        assert_eq!(self.header("Content-Type"), Some("application/problem+json"), "{self:?}");
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// Checks that it is this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// The length that it states; `None` where none may stand.
    fn body_length(&self) -> Option<usize> {
        let length = self.header("Content-Length");
        if self.status < 200 || [204, 304].contains(&self.status) {
            assert_eq!(length, None, "{} has no body", self.status);
            return None;
        }
        let length = length.expect("each answer has its length");
        assert!(length.bytes().all(|byte| byte.is_ascii_digit()), "{length:?}");
        Some(length.parse().expect("a length"))
    }
}

fn field(line: &str) -> (String, String) {
    let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("no field: {line:?}"));
    let token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    assert!(!name.is_empty() && name.bytes().all(token), "{line:?}");
    assert!(!value.is_empty() && value.trim() == value, "{line:?}");
    assert!(!value.contains(char::is_control), "{line:?}");
    (name.to_owned(), value.to_owned())
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(crate) fn is_http_date(date: &str) -> bool {
    let like = b"Aaa, 00 Aaa 0000 00:00:00 GMT";
    date.len() == like.len()
        && date.bytes().zip(like).all(|(byte, &like)| match like {
            b'0' => byte.is_ascii_digit(),
            b'A' => byte.is_ascii_uppercase(),
            b'a' => byte.is_ascii_lowercase(),
            like => byte == like,
        })
}

/// How long a client waits for bytes before it gives up.
pub(crate) const READ_TIME: Duration = super::LONG;
const MAX_HEAD: usize = 64 * 1024;
