//! What a live stream's socket is set to.

use std::time::Duration;

use log::debug;
use socket2::{SockRef, TcpKeepalive};

/// Makes a socket fit for a live stream: small buffer, no delay, dead peers noticed.
///
/// What the system refuses is left as it is: the stream works all the same.
pub(crate) fn fit_for_streaming<S>(socket: &S)
where
    for<'a> SockRef<'a>: From<&'a S>,
{
    let socket = SockRef::from(socket);
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_IDLE).with_interval(KEEPALIVE_INTERVAL);
    let set = [
        ("TCP_NODELAY", socket.set_tcp_nodelay(true)),
        ("SO_SNDBUF", socket.set_send_buffer_size(SEND_BUFFER_BYTES)),
        #[cfg(target_os = "linux")]
        ("TCP_NOTSENT_LOWAT", socket.set_tcp_notsent_lowat(NOT_SENT_BYTES)),
        ("SO_KEEPALIVE", socket.set_tcp_keepalive(&keepalive)),
        #[cfg(target_os = "linux")]
        ("TCP_USER_TIMEOUT", socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))),
    ];
    for (option, outcome) in set {
        if let Err(error) = outcome {
            debug!("{option}: {error}");
        }
    }
}

/// Lets a socket take so much of a file at once that its client does not wait for the next turn.
/// What it holds is the system's copy of the file, which it has anyway.
pub(crate) fn fit_for_files<S>(socket: &S)
where
    for<'a> SockRef<'a>: From<&'a S>,
{
    if let Err(error) = SockRef::from(socket).set_send_buffer_size(FILE_BUFFER_BYTES) {
        debug!("SO_SNDBUF: {error}");
    }
}

/// What the system may hold of a stream (Linux takes twice that, for its own books). More would be
/// older frames for a slow viewer; less would hold back a picture on a long way.
const SEND_BUFFER_BYTES: usize = 128 * 1024;
/// The same of a file.
const FILE_BUFFER_BYTES: usize = 256 * 1024;
/// The socket counts as full while so much of it was not even sent once.
#[cfg(target_os = "linux")]
const NOT_SENT_BYTES: u32 = 16 * 1024;
const KEEPALIVE_IDLE: Duration = Duration::from_secs(15);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
/// A peer that acknowledges nothing for so long is gone.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(20);
