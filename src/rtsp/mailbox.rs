//! The way to whoever has a session, from any lane: a bounded queue of what is asked.
//!
//! When the host is gone, what is in its box is dropped, and whoever wrote it is told by that.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::net::lane::Handle;

/// The way to a host; clones lead to the same.
pub(super) struct Mailbox<M> {
    letters: Arc<Letters<M>>,
    /// The host, who is notified.
    pub(super) host: Handle,
}

/// The host's end.
pub(super) struct Inbox<M> {
    letters: Arc<Letters<M>>,
}

/// None when there is no host any more.
type Letters<M> = Mutex<Option<VecDeque<M>>>;

/// Why mail is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Returned {
    /// There is more than the host could do.
    Full,
    /// Nobody lives there any more.
    Gone,
}

/// A box of a host.
pub(super) fn mailbox<M>(host: Handle) -> (Mailbox<M>, Inbox<M>) {
    let letters = Arc::new(Mutex::new(Some(VecDeque::new())));
    (Mailbox { letters: Arc::clone(&letters), host }, Inbox { letters })
}

impl<M> Clone for Mailbox<M> {
    fn clone(&self) -> Self {
        Self { letters: Arc::clone(&self.letters), host: self.host.clone() }
    }
}

impl<M> Mailbox<M> {
    /// Puts mail in, and notifies the host.
    ///
    /// # Errors
    ///
    /// [`Returned`] if it is not taken.
    pub(super) fn send(&self, mail: M) -> Result<(), Returned> {
        let mut letters = self.letters.lock();
        let there = letters.as_mut().ok_or(Returned::Gone)?;
        if there.len() >= MAX_MAIL {
            return Err(Returned::Full);
        }
        there.push_back(mail);
        drop(letters);
        self.host.notify();
        Ok(())
    }
}

impl<M> Inbox<M> {
    /// Takes all that is there.
    pub(super) fn take(&self) -> VecDeque<M> {
        let mut letters = self.letters.lock();
        letters.as_mut().map(std::mem::take).unwrap_or_default()
    }
}

impl<M> Drop for Inbox<M> {
    fn drop(&mut self) {
        let left = self.letters.lock().take();
        drop(left);
    }
}

/// What may wait in a box.
pub(super) const MAX_MAIL: usize = 16;
