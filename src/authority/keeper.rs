//! When a certificate is made anew.

use std::time::{Duration, Instant, SystemTime};

use super::{A_DAY, Authority, Leaf, Names, NoAuthority};

/// Keeps the certificate fit for what it is for.
pub struct Keeper {
    authority: Authority,
    leaf: Option<Leaf>,
    /// What the authority may not sign, as it was told last.
    left_out: Vec<String>,
    looked: (SystemTime, Instant),
}

/// What came of a look.
#[derive(Debug, Default)]
pub struct Renewed {
    /// To be shown from now on.
    pub leaf: Option<Leaf>,
    /// What was wanted and is not in it, if it is not the same as before.
    pub left_out: Option<Vec<String>>,
}

impl Keeper {
    /// With the leaf that was shown last, if there is one and it is by this authority.
    pub fn new(authority: Authority, leaf: Option<Leaf>, now: (SystemTime, Instant)) -> Self {
        let leaf = leaf.filter(|leaf| authority.check(leaf).is_ok());
        Self { authority, leaf, left_out: Vec::new(), looked: now }
    }

    /// Whose leaves they are.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The leaf at hand.
    pub fn leaf(&self) -> Option<&Leaf> {
        self.leaf.as_ref()
    }

    /// Makes another leaf if one is due: 30 days before its end, for a name or an address that is
    /// new, and after the wall clock was stepped by more than a day.
    ///
    /// # Errors
    ///
    /// [`NoAuthority`] if none can be signed; the one at hand stays.
    pub fn look(
        &mut self,
        wanted: &Names,
        now: (SystemTime, Instant),
    ) -> Result<Renewed, NoAuthority> {
        let (names, left_out) = self.authority.part(wanted);
        let stepped = is_stepped(self.looked, now);
        self.looked = now;
        let mut renewed = Renewed::default();
        if left_out != self.left_out {
            self.left_out.clone_from(&left_out);
            renewed.left_out = Some(left_out);
        }
        if stepped || self.leaf.as_ref().is_none_or(|leaf| leaf.is_due(&names, now.0)) {
            let leaf = self.authority.sign(names, now.0)?;
            renewed.leaf = Some(leaf.clone());
            self.leaf = Some(leaf);
        }
        Ok(renewed)
    }
}

/// Whether the wall clock went otherwise than the monotonic one, by more than a day.
fn is_stepped(before: (SystemTime, Instant), now: (SystemTime, Instant)) -> bool {
    let passed = now.1.saturating_duration_since(before.1);
    let expected = before.0 + passed;
    let apart = |a: SystemTime, b: SystemTime| a.duration_since(b).unwrap_or(Duration::ZERO);
    apart(now.0, expected).max(apart(expected, now.0)) > A_DAY
}
