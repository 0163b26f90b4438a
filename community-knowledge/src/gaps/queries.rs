//! What is searched for and not found, counted without keeping who searched.
//!
//! What people type is theirs, and may say more of them than they know. So it is in no log and no
//! store; whoever wants it counted hands it in, and:
//!
//! - a text is told only once enough different people have typed it;
//! - of each person only a digest is kept, made with a salt that nobody sees and that goes with the
//!   counts, and only until there are enough of them;
//! - counts stay in memory. They cannot be written down, so that what fewer people have typed is
//!   gone with them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use community_core::fold::Folded;
use community_core::{Env, MemberId, VisitId};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Who searched, so that one person counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Searcher {
    /// A member.
    Member(MemberId),
    /// A visitor without a name, known by a visit. Who comes again counts again.
    Visit(VisitId),
}

/// Counts of what was searched for in one community.
///
/// ```
/// use community_core::{Env, MemberId};
/// use community_knowledge::gaps::{QueryCounts, Searcher};
///
/// let mut counts = QueryCounts::new(&Env::default(), 3);
/// for n in 1..=2 {
///     counts.searched(Searcher::Member(MemberId::from_bytes([n; 16])), "Warranty period", false);
/// }
/// assert_eq!(counts.told().count(), 0, "two people are not enough");
/// counts.searched(Searcher::Member(MemberId::from_bytes([3; 16])), " warranty  PERIOD ", false);
/// let told: Vec<_> = counts.told().collect();
/// assert_eq!((told[0].text.as_str(), told[0].searches, told[0].empty), ("warranty period", 3, 3));
/// ```
#[derive(Clone)]
pub struct QueryCounts {
    people: usize,
    salt: [u8; 32],
    counts: BTreeMap<Folded, Count>,
    not_counted: u64,
}

/// What is known of one text.
#[derive(Clone, Default)]
struct Count {
    searches: u64,
    empty: u64,
    opened: u64,
    /// Digests of those who typed it; none once there were enough.
    people: BTreeSet<[u8; 16]>,
    enough: bool,
}

/// A text that enough people have searched for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueryCount {
    /// The text, folded: without capitals, accents and more spaces than one.
    pub text: String,
    /// How often it was searched for.
    pub searches: u64,
    /// How often nothing was found.
    pub empty: u64,
    /// How often something was found and nothing of it opened.
    pub unopened: u64,
}

impl QueryCounts {
    /// The fewest people that hide each other.
    pub const FEWEST_PEOPLE: usize = 2;

    /// Texts that are counted at a time. What comes when there are so many is not counted, so that
    /// nobody fills the memory by typing.
    pub const MOST_TEXTS: usize = 20_000;

    /// Counts that tell a text when so many people have typed it, [two](Self::FEWEST_PEOPLE) at
    /// least.
    #[must_use]
    pub fn new(env: &Env, people: usize) -> Self {
        let mut salt = [0; 32];
        // Half of an id is the time, so two of them are digested.
        for half in [env.mint(env.now()), env.mint(env.now())] {
            salt = Sha256::new().chain_update(salt).chain_update(half).finalize().into();
        }
        let people = people.max(Self::FEWEST_PEOPLE);
        Self { people, salt, counts: BTreeMap::new(), not_counted: 0 }
    }

    /// Counts a search, and whether it found anything for the one who searched.
    pub fn searched(&mut self, who: Searcher, text: &str, found: bool) {
        let text = Folded::new(text);
        if text.is_empty() {
            return;
        }
        if self.counts.len() >= Self::MOST_TEXTS && !self.counts.contains_key(&text) {
            self.not_counted += 1;
            return;
        }
        let person = self.digest(who, &text);
        let count = self.counts.entry(text).or_default();
        count.searches += 1;
        count.empty += u64::from(!found);
        if !count.enough {
            count.people.insert(person);
            if count.people.len() >= self.people {
                count.enough = true;
                count.people.clear();
            }
        }
    }

    /// Counts that something which a search found was opened; once a search.
    pub fn opened(&mut self, text: &str) {
        if let Some(count) = self.counts.get_mut(&Folded::new(text)) {
            count.opened += 1;
        }
    }

    /// What enough people have typed, in the order of the texts.
    pub fn told(&self) -> impl Iterator<Item = QueryCount> {
        self.counts.iter().filter(|(_, count)| count.enough).map(|(text, count)| QueryCount {
            text: text.as_str().to_owned(),
            searches: count.searches,
            empty: count.empty,
            unopened: count.searches.saturating_sub(count.empty + count.opened),
        })
    }

    /// How many searches were not counted, because there were too many texts.
    #[must_use]
    pub fn not_counted(&self) -> u64 {
        self.not_counted
    }

    /// Forgets what fewer people have typed. To be called as often as texts shall be kept at most:
    /// whoever types one later is the first again.
    pub fn forget_rare(&mut self) {
        self.counts.retain(|_, count| count.enough);
    }

    /// A digest that is another for each text: not even the same person twice is to be seen.
    fn digest(&self, who: Searcher, text: &Folded) -> [u8; 16] {
        let (kind, id) = match &who {
            Searcher::Member(id) => (0, id.as_bytes()),
            Searcher::Visit(id) => (1, id.as_bytes()),
        };
        let digest = Sha256::new()
            .chain_update(self.salt)
            .chain_update([kind])
            .chain_update(id)
            .chain_update(text.as_str())
            .finalize();
        let mut short = [0; 16];
        short.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        short
    }
}

/// Neither texts nor the salt: a dump of the program's state tells nothing of them.
impl fmt::Debug for QueryCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryCounts").field("texts", &self.counts.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(n: u32) -> Searcher {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&n.to_be_bytes());
        Searcher::Member(MemberId::from_bytes(id))
    }

    #[test]
    fn one_person_who_searches_often_is_one() {
        let mut counts = QueryCounts::new(&Env::default(), 2);
        for _ in 0..10 {
            counts.searched(member(1), "Übergabe", false);
        }
        assert_eq!(counts.told().count(), 0);
        counts.searched(Searcher::Visit(VisitId::from_bytes([1; 16])), "übergabe", true);
        counts.opened("UBERGABE");
        let told: Vec<_> = counts.told().collect();
        let expected =
            QueryCount { text: "ubergabe".to_owned(), searches: 11, empty: 10, unopened: 0 };
        assert_eq!(told, [expected]);
    }

    #[test]
    fn what_is_rare_is_forgotten_with_those_who_typed_it() {
        let mut counts = QueryCounts::new(&Env::default(), 2);
        counts.searched(member(1), "my name is ana", false);
        for n in 1..=2 {
            counts.searched(member(n), "opening hours", false);
        }
        assert!(counts.counts.values().all(|count| count.enough == count.people.is_empty()));
        counts.forget_rare();
        counts.searched(member(2), "my name is ana", false);
        let told: Vec<_> = counts.told().map(|count| count.text).collect();
        assert_eq!(told, ["opening hours"]);
        assert!(!format!("{counts:?}").contains("opening"));
    }

    #[test]
    fn nobody_fills_the_memory() {
        let mut counts = QueryCounts::new(&Env::default(), 0);
        for n in 0..QueryCounts::MOST_TEXTS + 5 {
            counts.searched(member(1), &format!("text {n}"), false);
        }
        counts.searched(member(2), "text 7", false);
        counts.searched(member(2), "   ", false);
        counts.opened("never searched for");
        assert_eq!((counts.counts.len(), counts.not_counted()), (QueryCounts::MOST_TEXTS, 5));
        assert_eq!(counts.told().map(|count| count.text).collect::<Vec<_>>(), ["text 7"]);
    }

    #[test]
    fn two_salts_give_two_digests() {
        let (one, other) =
            (QueryCounts::new(&Env::default(), 2), QueryCounts::new(&Env::default(), 2));
        let text = Folded::new("a");
        assert_ne!(one.digest(member(1), &text), other.digest(member(1), &text));
        assert_ne!(one.digest(member(1), &text), one.digest(member(1), &Folded::new("b")));
    }
}
