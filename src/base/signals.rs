//! The signals that end a program, and those that it was started not to hear.
//!
//! `nohup` and a shell's background jobs start a program with signals that they have set to be
//! ignored: those stay so.

use std::io;

/// Calls `act` on each signal that ends a program: SIGINT, SIGTERM and SIGHUP, save those that
/// were ignored when this program was started; elsewhere than on Unix, Ctrl-C and its like.
///
/// The thread that waits for them lives as long as the program.
///
/// # Errors
///
/// The system's, if it takes no handler or has no thread.
#[cfg(unix)]
pub fn on_end(act: impl Fn() + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let heard = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| !ignores(&status, *signal));
    let mut signals = signal_hook::iterator::Signals::new(heard)?;
    super::threads::start("signals", move || signals.forever().for_each(|_| act())).map(drop)
}

/// The same where there are no Unix signals.
///
/// # Errors
///
/// The system's.
#[cfg(not(unix))]
pub fn on_end(act: impl Fn() + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(act).map_err(io::Error::other)
}

/// Whether a process whose `/proc/PID/status` this is ignores a signal (proc_pid_status(5)).
/// One of which nothing is known ignores none.
#[cfg(unix)]
fn ignores(status: &str, signal: i32) -> bool {
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    (1..=64).contains(&signal) && mask >> (signal - 1) & 1 == 1
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_the_processs_mask() {
        let status = |mask: &str| format!("Name:\tx\nSigBlk:\t01\nSigIgn:\t{mask}\nSigCgt:\tff\n");
        for (mask, ignored) in
            [("0000000000000001", [1].as_slice()), ("4003", &[1, 2, 15]), ("0", &[])]
        {
            for signal in [1, 2, 15] {
                assert_eq!(ignores(&status(mask), signal), ignored.contains(&signal), "{mask}");
            }
        }
        assert!(ignores(&status("8000000000000000"), 64));
        for strange in ["", "SigIgn:", "SigIgn: x\n", "SigIgn: 11111111111111111\n"] {
            assert!(!ignores(strange, 1), "{strange}");
        }
        assert!(!ignores(&status("ffffffffffffffff"), 0));
    }
}
