//! How often one may give: so many at once and then one each so often, for each viewer and for
//! each address, as thanks are for everybody to read.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::base::rate::{Rate, Rates, TooSoon};
use crate::base::subnet::Group;
use crate::live::settings::ViewerId;

/// Who gave of late.
pub(super) struct Givers {
    rates: Mutex<(Rates<ViewerId>, Rates<Group>)>,
}

impl Default for Givers {
    fn default() -> Self {
        let (viewers, groups) = (Rates::new(OF_A_VIEWER, MOST), Rates::new(OF_AN_ADDRESS, MOST));
        Self { rates: Mutex::new((viewers, groups)) }
    }
}

impl Givers {
    /// Counts a donation of a viewer, if it is one already, from an address.
    ///
    /// # Errors
    ///
    /// [`TooSoon`] if one of the two gave too much; it is not counted then.
    pub(super) fn count(
        &self,
        viewer: Option<ViewerId>,
        from: IpAddr,
        now: Instant,
    ) -> Result<(), TooSoon> {
        let mut rates = self.rates.lock();
        let (viewers, groups) = &mut *rates;
        let group = Group::of(from);
        groups.may(&group, now)?;
        if let Some(viewer) = viewer {
            viewers.may(&viewer, now)?;
            viewers.did(viewer, now);
        }
        groups.did(group, now);
        Ok(())
    }
}

const OF_A_VIEWER: Rate = Rate { burst: 5, each: Duration::from_secs(5) };
/// Many viewers may be behind one address.
const OF_AN_ADDRESS: Rate = Rate { burst: 20, each: Duration::from_secs(1) };
/// How many of each are remembered.
const MOST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn given(givers: &Givers, viewer: Option<u128>, from: &str, now: Instant) -> usize {
        let viewer = viewer.map(ViewerId::from_bits);
        let from = from.parse().unwrap();
        (0..4000).filter(|_| givers.count(viewer, from, now).is_ok()).count()
    }

    #[test]
    fn one_viewer_gives_five_times_at_once_and_another_is_not_held_back() {
        let (givers, now) = (Givers::default(), Instant::now());
        assert_eq!(given(&givers, Some(1), "192.0.2.1", now), 5);
        assert_eq!(given(&givers, Some(2), "192.0.2.1", now), 5);
        assert_eq!(given(&givers, Some(1), "192.0.2.1", now + Duration::from_secs(10)), 2);
    }

    #[test]
    fn one_address_gives_twenty_times_at_once_whoever_it_says_that_it_is() {
        let (givers, now) = (Givers::default(), Instant::now());
        assert_eq!(given(&givers, None, "192.0.2.1", now), 20);
        assert_eq!(given(&givers, Some(1), "192.0.2.1", now), 0);
        assert_eq!(given(&givers, Some(1), "192.0.2.2", now), 5, "it was not counted before");
        assert_eq!(given(&givers, None, "2001:db8::1", now), 20);
        assert_eq!(given(&givers, None, "2001:db8::ffff:1", now), 0, "they are one network");
        assert_eq!(given(&givers, None, "192.0.2.1", now + Duration::from_secs(3)), 3);
    }
}
