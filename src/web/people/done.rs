//! What is done with accounts on another thread, and answered when it is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::answer::Answer;
use super::super::request::{Later, Reply, Request, STORE_TIME};
use crate::account::{Accounts, Asker, Refused};
use crate::net::workers::{Ticket, owe};

/// What becomes of an outcome.
type Answering<T, E> = Box<dyn Fn(&Request, Result<T, E>) -> Answer + Send>;

/// Has something done that takes a password, after others' that wait.
pub(super) fn with_passwords<T: Send + 'static>(
    request: &Request,
    accounts: &Arc<Accounts>,
    asker: Asker,
    job: impl FnOnce(&Accounts) -> Result<T, Refused> + Send + 'static,
    answering: impl Fn(&Request, Result<T, Refused>) -> Answer + Send + 'static,
) -> Reply {
    let (owed, ticket) = owe(&request.handle);
    let of_job = Arc::clone(accounts);
    let work = move || {
        // Who hung up has nothing to wait for.
        if !owed.is_given_up() {
            owed.pay(Ok(job(&of_job)));
        }
    };
    match accounts.with_passwords(asker, work) {
        Ok(()) => {
            let answering = Box::new(answering);
            Reply::Storing(Box::new(Awaited { ticket, answering, lasts: STORE_TIME }))
        }
        Err(refused) => answering(request, Err(refused)).into(),
    }
}

/// Has something changed or read, by a worker.
pub(in crate::web) fn by_worker<T: Send + 'static, E: From<Refused> + Send + 'static>(
    request: &Request,
    job: impl FnOnce() -> Result<T, E> + Send + 'static,
    answering: impl Fn(&Request, Result<T, E>) -> Answer + Send + 'static,
) -> Reply {
    by_worker_within(STORE_TIME, request, job, answering)
}

/// The same for what may take longer than a disk.
pub(in crate::web) fn by_worker_within<T: Send + 'static, E: From<Refused> + Send + 'static>(
    lasts: Duration,
    request: &Request,
    job: impl FnOnce() -> Result<T, E> + Send + 'static,
    answering: impl Fn(&Request, Result<T, E>) -> Answer + Send + 'static,
) -> Reply {
    match request.context.engine.workers.submit(&request.handle, job) {
        Ok(ticket) => {
            let answering = Box::new(answering);
            Reply::Storing(Box::new(Awaited { ticket, answering, lasts }))
        }
        Err(_) => answering(request, Err(Refused::Busy.into())).into(),
    }
}

struct Awaited<T, E> {
    ticket: Ticket<Result<T, E>>,
    answering: Answering<T, E>,
    lasts: Duration,
}

impl<T: Send, E: From<Refused> + Send> Later for Awaited<T, E> {
    fn look(&mut self, request: &Request, _: Instant) -> Option<Answer> {
        let outcome = self.ticket.take()?.unwrap_or_else(|_| Err(Refused::Busy.into()));
        Some((self.answering)(request, outcome))
    }

    fn lasts(&self) -> Duration {
        self.lasts
    }
}
