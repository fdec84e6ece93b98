//! Whether there is room for one more upload: for its owner, and on the disk. Pure arithmetic.
//!
//! Space is promised when an upload begins, and what was promised to others is not there any more: ten
//! cannot have the same gigabyte.

use std::collections::HashMap;

use super::{Refused, Who};
use crate::store::upload::{KeptUpload, State};

/// What uploads may have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// How long one may be; `None` if only the disk says so.
    pub most_bytes: Option<u64>,
    /// How much those of one account may have together; `None` if only the disk says so.
    pub quota: Option<u64>,
}

/// Whether an upload may begin.
///
/// `rows` are those that there are, `offsets` says of some how far they have come since their last
/// note, and `free` are the bytes that the disk has left, if that is known.
///
/// # Errors
///
/// [`Refused::TooLarge`], [`Refused::OverQuota`], [`Refused::TooMany`], [`Refused::NoRoom`].
pub(super) fn admit(
    limits: &Limits,
    rows: &[KeptUpload],
    offsets: &HashMap<String, u64>,
    who: Who,
    length: Option<u64>,
    free: Option<u64>,
) -> Result<(), Refused> {
    let bytes = length.unwrap_or(0);
    if let Some(most) = limits.most_bytes.filter(|most| bytes > *most) {
        return Err(Refused::TooLarge(most));
    }
    let own = rows.iter().filter(|row| row.owner == who.account);
    let (count, used) = own.fold((0, 0_u64), |(count, used), row| {
        let has = row.length.unwrap_or(0).max(row.offset);
        (count + 1, used.saturating_add(has))
    });
    if count >= MOST_EACH {
        return Err(Refused::TooMany);
    }
    let over = |quota: &u64| used.saturating_add(bytes) > *quota;
    if let Some(quota) = limits.quota.filter(|quota| !who.is_host && over(quota)) {
        return Err(Refused::OverQuota(quota));
    }
    let promised = rows.iter().map(|row| {
        let offset = offsets.get(&row.name).copied().unwrap_or(row.offset);
        promised(row, offset)
    });
    let promised = promised.fold(0, u64::saturating_add);
    match free {
        Some(free) if promised.saturating_add(needs(bytes)) > free => Err(Refused::NoRoom),
        _ => Ok(()),
    }
}

/// What an upload will still take of the disk.
fn promised(row: &KeptUpload, offset: u64) -> u64 {
    match (row.state, row.length) {
        (State::Coming, Some(length)) => needs(length).saturating_sub(offset),
        (State::Coming, None) => 0,
        (State::Received, _) => needs(row.offset).saturating_sub(row.offset),
    }
}

/// What a file of so many bytes needs: its own, those of what is made of it, and a twentieth.
///
/// What is made of it has a capped rate in each rung, and all of them together are for what people
/// bring no more than the source; one that is smaller than its rungs is short.
pub(super) fn needs(bytes: u64) -> u64 {
    let both = bytes.saturating_mul(2);
    both.saturating_add(both / 20)
}

/// How many one may have, finished or not: each is a row and a file.
const MOST_EACH: usize = 1000;

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::store::account::AccountId;

    const GB: u64 = 1_000_000_000;
    const ADA: Who = Who { account: Some(AccountId(1)), is_host: false };
    const HOST: Who = Who { account: Some(AccountId(2)), is_host: true };

    fn row(owner: i64, length: Option<u64>, offset: u64, state: State) -> KeptUpload {
        KeptUpload {
            id: 1,
            name: format!("{owner}-{length:?}"),
            owner: Some(AccountId(owner)),
            file_name: String::new(),
            title: String::new(),
            metadata: String::new(),
            length,
            offset,
            checking: false,
            state,
            made: SystemTime::UNIX_EPOCH,
            expires: None,
        }
    }

    fn ask(
        limits: Limits,
        rows: &[KeptUpload],
        who: Who,
        bytes: u64,
        free: u64,
    ) -> Result<(), Refused> {
        admit(&limits, rows, &HashMap::new(), who, Some(bytes), Some(free))
    }

    #[test]
    fn ten_cannot_have_the_same_gigabyte() {
        let (limits, free) = (Limits::default(), 10 * GB);
        let mut rows = Vec::new();
        while ask(limits, &rows, ADA, GB, free).is_ok() {
            rows.push(row(1, Some(GB), 0, State::Coming));
        }
        // 2.1 GB each: the file, what is made of it, and a twentieth.
        assert_eq!(rows.len(), 4);
        assert_eq!(ask(limits, &rows, ADA, GB, free), Err(Refused::NoRoom));
        assert_eq!(ask(limits, &rows, ADA, GB / 2, free), Ok(()));
    }

    #[test]
    fn what_has_come_is_promised_no_more() {
        let rows = [row(1, Some(4 * GB), 3 * GB, State::Coming)];
        // 8.4 GB are to be its own, and 3 of them are already.
        let (limits, just) = (Limits::default(), needs(GB) + needs(4 * GB) - 3 * GB);
        assert_eq!(ask(limits, &rows, ADA, GB, just), Ok(()));
        assert_eq!(ask(limits, &rows, ADA, GB, just - 1), Err(Refused::NoRoom));
        let further = HashMap::from([(rows[0].name.clone(), 4 * GB)]);
        let ask = |free| admit(&limits, &rows, &further, ADA, Some(GB), Some(free));
        assert_eq!(ask(just - GB), Ok(()), "a piece that is coming counts as far as it has come");
        let received = [row(1, Some(4 * GB), 4 * GB, State::Received)];
        assert_eq!(
            admit(&limits, &received, &HashMap::new(), ADA, Some(GB), Some(just - GB)),
            Ok(())
        );
    }

    #[test]
    fn a_quota_is_each_accounts_own_and_no_hosts() {
        let limits = Limits { most_bytes: None, quota: Some(2 * GB) };
        let rows = [row(1, Some(GB), 0, State::Coming), row(2, Some(9 * GB), 0, State::Received)];
        assert_eq!(ask(limits, &rows, ADA, GB, u64::MAX), Ok(()));
        assert_eq!(ask(limits, &rows, ADA, GB + 1, u64::MAX), Err(Refused::OverQuota(2 * GB)));
        assert_eq!(ask(limits, &rows, HOST, GB, u64::MAX), Ok(()));
    }

    #[test]
    fn a_file_may_be_as_long_as_is_taken_and_not_longer() {
        let limits = Limits { most_bytes: Some(GB), quota: None };
        assert_eq!(ask(limits, &[], HOST, GB, u64::MAX), Ok(()));
        assert_eq!(ask(limits, &[], HOST, GB + 1, u64::MAX), Err(Refused::TooLarge(GB)));
        assert_eq!(
            ask(Limits::default(), &[], HOST, u64::MAX / 2, u64::MAX - 1),
            Err(Refused::NoRoom)
        );
        assert_eq!(admit(&limits, &[], &HashMap::new(), ADA, None, None), Ok(()));
    }

    #[test]
    fn one_has_a_thousand_at_most() {
        let rows = vec![row(1, Some(0), 0, State::Received); MOST_EACH];
        assert_eq!(ask(Limits::default(), &rows, ADA, 1, u64::MAX), Err(Refused::TooMany));
        assert_eq!(ask(Limits::default(), &rows, HOST, 1, u64::MAX), Ok(()));
    }
}
