//! Who may what in which room, as the hosts say. Pure.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use super::capability::{Capabilities, Capability};
use crate::store::room::{KeptKey, KeptRoom};

/// Who may do something in a room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Circle {
    /// Whoever may otherwise.
    #[default]
    All,
    /// Of those who has an account.
    Members,
    /// Who keeps order there.
    Moderators,
}

/// Who may go live in a room, beside its hosts and whoever has a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// Whoever may watch.
    All,
    /// Who has an account.
    Members,
    /// Who was granted that.
    #[default]
    Granted,
}

/// What the hosts say of a room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomRules {
    /// What it is about; may be empty.
    pub note: String,
    /// Who may come in.
    pub enter: Circle,
    /// Who may say something.
    pub talk: Circle,
    /// Who may go live.
    pub publish: Stage,
    /// What stands for it in the list while it shows nothing: a JPEG.
    pub picture: Option<Arc<[u8]>>,
}

/// What is said of all rooms, by name; an empty name is the default one.
pub(super) type AllRules = HashMap<String, RoomRules>;

impl Circle {
    /// All, as they are offered.
    pub const ALL: [Self; 3] = [Self::All, Self::Members, Self::Moderators];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Members => "members",
            Self::Moderators => "moderators",
        }
    }

    /// One that was written.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }

    fn has(self, rights: Capabilities, is_member: bool) -> bool {
        match self {
            Self::All => true,
            Self::Members => is_member || rights.has(Capability::Moderate),
            Self::Moderators => rights.has(Capability::Moderate),
        }
    }
}

impl Stage {
    /// All, as they are offered.
    pub const ALL: [Self; 3] = [Self::Granted, Self::Members, Self::All];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Members => "members",
            Self::Granted => "granted",
        }
    }

    /// One that was written.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

impl RoomRules {
    /// What is left of somebody's rights in such a room, and what comes to them; a host's are not
    /// touched.
    pub(super) fn apply(&self, rights: Capabilities, is_member: bool) -> Capabilities {
        if rights.has(Capability::Host) {
            return rights;
        }
        if !self.enter.has(rights, is_member) {
            return Capabilities::NONE;
        }
        let publishes = match self.publish {
            Stage::All => rights.has(Capability::Watch),
            Stage::Members => is_member && rights.has(Capability::Watch),
            Stage::Granted => false,
        };
        let rights = if publishes { rights.with(Capability::Publish) } else { rights };
        match self.talk.has(rights, is_member) {
            true => rights,
            false => rights.without(Capability::Talk),
        }
    }

    pub(super) fn of_kept(kept: KeptRoom) -> (String, Self) {
        let KeptRoom { name, note, enter, talk, publish, picture } = kept;
        // A word that is not known is a newer program's: it lets in fewer.
        let circle = |text: &str| Circle::parse(text).unwrap_or(Circle::Moderators);
        let rules = Self {
            note,
            enter: circle(&enter),
            talk: circle(&talk),
            publish: Stage::parse(&publish).unwrap_or_default(),
            picture: picture.map(Arc::from),
        };
        (name, rules)
    }

    /// As it is stored.
    pub(super) fn to_kept(&self, name: &str) -> KeptRoom {
        KeptRoom {
            name: name.to_owned(),
            note: self.note.clone(),
            enter: self.enter.as_str().to_owned(),
            talk: self.talk.as_str().to_owned(),
            publish: self.publish.as_str().to_owned(),
            picture: self.picture.as_ref().map(|picture| picture.to_vec()),
        }
    }
}

/// Whether a key is good at this time.
pub(super) fn is_good(key: &KeptKey, now: SystemTime) -> bool {
    now < key.until
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBER: Capabilities = Capabilities::LET_IN;
    const MODERATOR: Capabilities = Capabilities::LET_IN.with(Capability::Moderate);

    /// What a guest, a member, a moderator and a host may.
    fn rights(rules: &RoomRules) -> [String; 4] {
        let of = |rights, is_member| rules.apply(rights, is_member).to_string();
        [of(MEMBER, false), of(MEMBER, true), of(MODERATOR, true), of(Capabilities::ALL, true)]
    }

    #[test]
    fn a_room_is_for_whom_its_rules_say() {
        let all = Capabilities::ALL.to_string();
        let plain = rights(&RoomRules::default());
        assert_eq!(plain, ["watch talk", "watch talk", "watch talk moderate", &all]);
        let members = RoomRules { enter: Circle::Members, ..RoomRules::default() };
        assert_eq!(rights(&members), ["", "watch talk", "watch talk moderate", &all]);
        let staff = RoomRules { enter: Circle::Moderators, ..RoomRules::default() };
        assert_eq!(rights(&staff), ["", "", "watch talk moderate", &all]);
        let quiet = RoomRules { talk: Circle::Members, ..RoomRules::default() };
        assert_eq!(rights(&quiet), ["watch", "watch talk", "watch talk moderate", &all]);
        let lecture = RoomRules { talk: Circle::Moderators, ..RoomRules::default() };
        assert_eq!(rights(&lecture), ["watch", "watch", "watch talk moderate", &all]);
        let open = RoomRules { publish: Stage::All, ..RoomRules::default() };
        let expected =
            ["watch talk publish", "watch talk publish", "watch talk publish moderate", &all];
        assert_eq!(rights(&open), expected);
        let ours = RoomRules { publish: Stage::Members, ..RoomRules::default() };
        assert_eq!(rights(&ours)[..2], ["watch talk", "watch talk publish"]);
        // Whoever may not come in at all does not by this.
        assert_eq!(open.apply(Capabilities::NONE, false), Capabilities::NONE);
    }

    #[test]
    fn what_is_stored_is_read_again_and_a_word_of_a_newer_program_lets_in_fewer() {
        for (enter, publish) in Circle::ALL.into_iter().zip(Stage::ALL) {
            let picture = Some(Arc::from(&b"jpeg"[..]));
            let rules = RoomRules { note: "n".into(), enter, talk: enter, publish, picture };
            let (name, again) = RoomRules::of_kept(rules.to_kept("door"));
            assert_eq!((name.as_str(), again), ("door", rules));
        }
        let mut newer = RoomRules::default().to_kept("");
        (newer.enter, newer.publish) = ("friends".into(), "friends".into());
        let (_, read) = RoomRules::of_kept(newer);
        assert_eq!((read.enter, read.publish), (Circle::Moderators, Stage::Granted));
    }
}
