//! Starts threads: each with its name, and one that cannot be had is told and survived.
//!
//! Whoever asks for a thread goes on without it, and asks again later. Joining is for whoever
//! asked too.

use std::io;
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

use super::warn_rate::WarnRate;

/// Starts a thread of this name.
///
/// # Errors
///
/// The system's, which is in the log already. What `work` holds is dropped: what must outlive
/// that is handed to the thread once it runs.
pub fn start<T: Send + 'static>(
    name: impl Into<String>,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    let name = name.into();
    let started = Builder::new().name(name.clone()).stack_size(STACK_BYTES).spawn(work);
    started.inspect_err(|error| {
        REFUSED.warn(Instant::now(), format_args!("no thread for `{name}`: {error}"));
    })
}

static REFUSED: WarnRate = WarnRate::new(module_path!());

/// Of address space; memory is used as far as the stack is. What the camera's and the codec's
/// libraries use was never more than a part of this.
const STACK_BYTES: usize = 2 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_has_its_name_and_gives_its_result() {
        let name = || std::thread::current().name().map(str::to_owned);
        assert_eq!(start("encode-7", name).unwrap().join().unwrap().as_deref(), Some("encode-7"));
    }
}
