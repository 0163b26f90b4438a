//! The ledger's rows, and what they add up to.

use serde::{Deserialize, Serialize};

use super::RuleSetId;
use crate::change::Seq;
use crate::id::{ChannelId, CommunityId, MemberId, PostId, TopicId};
use crate::text::Slug;
use crate::time::Timestamp;

/// Names a ledger: what one rule set makes of one community.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LedgerId {
    /// The community.
    pub community: CommunityId,
    /// The rule set.
    pub rules: RuleSetId,
}

impl LedgerId {
    /// The name of the checkpoint that says how far the ledger has followed the log.
    #[must_use]
    pub fn checkpoint(&self) -> Slug {
        self.name("rep")
    }

    /// The name of the checkpoint that is 0 while the levels of members are still those that other
    /// rules gave them.
    #[must_use]
    pub fn levels(&self) -> Slug {
        self.name("lev")
    }

    /// The name of the checkpoint that says for which day levels were last looked at.
    #[must_use]
    pub fn days(&self) -> Slug {
        self.name("day")
    }

    /// The name of the checkpoint that says how far levels have followed visitors.
    #[must_use]
    pub fn visitors(&self) -> Slug {
        self.name("vis")
    }

    /// The name of the checkpoint up to which nothing is told of what is counted in it.
    pub(super) fn silent(&self) -> Slug {
        self.name("sil")
    }

    /// The name of the checkpoint that says on which day that was.
    pub(super) fn silent_days(&self) -> Slug {
        self.name("sid")
    }

    fn name(&self, what: &str) -> Slug {
        let RuleSetId { key, version } = &self.rules;
        let name = format!("{what}.{}.{version}.{key}", self.community.uuid().simple());
        // INVARIANT: the short form has 40 bytes at most, and the key `RuleSetId::KEY_BYTES`.
        let short =
            || Slug::new(&format!("{what}{}{version}.{key}", self.community.uuid().simple()));
        Slug::new(&name).or_else(|_| short()).unwrap_or_else(|_| Slug::placeholder())
    }
}

/// One row of a ledger. Rows are appended and never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The event that caused it; 0 for what a ledger was opened with.
    pub cause: Seq,
    /// Its number among the entries of that event, from 0.
    pub number: u32,
    /// The cause of the entry that gave the points: that of this one, or of the one that it
    /// reverses or repeats.
    pub origin: Seq,
    /// Which rule gave them; [`Entry::MARK`] for an entry that gives none and says what became of
    /// a post or topic.
    pub rule: Slug,
    /// The rule's group, under which they count into caps.
    pub group: Slug,
    /// What happened to the points.
    pub step: Step,
    /// Whose points they are.
    pub member: MemberId,
    /// Who else had a part in it: who voted, or who wrote what was accepted.
    pub giver: Option<MemberId>,
    /// The topic that it is about.
    pub topic: Option<TopicId>,
    /// The post that it is about; `None` for a topic as a whole.
    pub post: Option<PostId>,
    /// The channel in which the points were given; `None` where it was in none. A reversal keeps
    /// the place of what it reverses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
    /// The labels that the topic had when the points were given, sorted and each once, as far as the
    /// log says so. In a mark that says which labels a topic has: those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<Slug>,
    /// The points: what was given less what caps and the floor held back, or that with the sign
    /// turned.
    pub points: i64,
    /// The day on which the points were given, counted from 1970-01-01. A reversal counts into the
    /// day of what it reverses.
    pub day: i32,
    /// When it was caused.
    pub at: Timestamp,
}

/// What happened to points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// They were given.
    Given,
    /// They are gone, because what they were given for was taken back.
    Withdrawn,
    /// They are gone while what they were given for is not to be seen.
    Hidden,
    /// They are back, because it is to be seen again.
    Restored,
    /// A mark only: the post belongs to the community from here on.
    Shared,
    /// A mark only: the topic has the labels of the entry from here on.
    Labelled,
}

impl Step {
    /// All steps, each at its [`Step::code`].
    pub const ALL: [Self; 6] =
        [Self::Given, Self::Withdrawn, Self::Hidden, Self::Restored, Self::Shared, Self::Labelled];

    /// The number under which stores keep it.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Given => 0,
            Self::Withdrawn => 1,
            Self::Hidden => 2,
            Self::Restored => 3,
            Self::Shared => 4,
            Self::Labelled => 5,
        }
    }

    /// The step of a number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

/// The place of an entry in its ledger.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct EntryPlace {
    /// The event that caused it.
    pub cause: Seq,
    /// Its number among the entries of that event.
    pub number: u32,
}

impl Entry {
    /// The name that stands in place of a rule where an entry only marks something.
    pub const MARK: &'static str = "-";

    /// Its place in the ledger, which no other entry has.
    #[must_use]
    pub fn place(&self) -> EntryPlace {
        EntryPlace { cause: self.cause, number: self.number }
    }

    /// Whether it only marks something.
    #[must_use]
    pub fn is_mark(&self) -> bool {
        self.rule == *Self::MARK
    }
}

/// Which entries to look up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum About {
    /// All that are about a topic or a post in it.
    Topic(TopicId),
    /// All that are about one post; `None` is the topic as a whole.
    Post(TopicId, Option<PostId>),
    /// The marks of one post, or of the topic as a whole.
    Marks(TopicId, Option<PostId>),
}

/// What a member's entries add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The member.
    pub member: MemberId,
    /// The sum of the points of all entries. What a rule set begins with, and its floor, come on
    /// top: see [`RuleSet::shown`](super::RuleSet::shown).
    pub points: i64,
    /// How many entries there are.
    pub entries: u64,
    /// The event that last moved the points.
    pub moved: Seq,
}

impl Standing {
    /// The standing of somebody who has no entries.
    #[must_use]
    pub fn new(member: MemberId) -> Self {
        Self { member, points: 0, entries: 0, moved: Seq(0) }
    }

    /// Takes an entry of the member into account. The one place where standings move: stores call
    /// it for each entry that they append.
    pub fn add(&mut self, entry: &Entry) {
        self.points = self.points.saturating_add(entry.points);
        self.entries += 1;
        if entry.points != 0 {
            self.moved = self.moved.max(entry.cause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_of_ledgers_have_names_of_their_own_however_long_their_rule_sets_are_called() {
        let mut names = std::collections::BTreeSet::new();
        for key in ["a".repeat(23), "a".repeat(24), "b".repeat(24)] {
            for version in [1, 11, 111, 9_999] {
                let rules = RuleSetId { key: Slug::new(&key).unwrap(), version };
                let ledger = LedgerId { community: CommunityId::from_bytes([7; 16]), rules };
                let of = [
                    ledger.checkpoint(),
                    ledger.levels(),
                    ledger.days(),
                    ledger.visitors(),
                    ledger.silent(),
                    ledger.silent_days(),
                ];
                assert!(of.into_iter().all(|name| names.insert(name)), "{ledger:?}");
            }
        }
    }
}
