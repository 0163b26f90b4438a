//! Verification: everything that a store counts, sorts and lists is worked out anew from its rows
//! and compared with what it says.
//!
//! It reads through the storage traits alone, with the scope of the system, so it works on every
//! backend, needs no access to files and changes nothing. It repairs nothing either: a finding is a
//! defect of the store, or damage. Rows are read page by page; in memory it keeps one topic's posts,
//! a count for each list, and some tens of bytes for each member, topic, link, post, visit and place of a
//! document. It is meant for a store that nobody writes to meanwhile: what is written while it runs can show as a finding.
//!
//! What it checks:
//!
//! - the directory: keys name one thing, kinds are sound;
//! - members: ids and keys lead to them, roles fit, the list of a community is whole;
//! - topics: channel, kind, status, author, labels and first post exist and fit together;
//! - threads: parents stand in the same topic, one level up; the last activity; the reading orders;
//! - counters: posts, answers, participants, votes, replies, corrections, reactions, views, labels;
//! - votes and reactions: one of each a member and post, votes up or down, reactions neither;
//! - answers: only answers are accepted or official;
//! - texts: the latest revision is what is shown, nothing is larger than its hard cap;
//! - links and keys: they lead somewhere, and back;
//! - feeds: every order of every community, channel, label, kind and author is whole and in order,
//!   also of those in which a topic stood once, and each topic in it is shown as it is;
//! - the log: positions have no gap, what events speak of exists;
//! - reputation: standings are the sums of ledgers, and what was taken back leaves nothing;
//! - visits: both ways to read them tell the same, of members who exist;
//! - documents: they stand in the lists that they declare, and in no others;
//! - badges: awards are read alike both ways, who holds them is counted, visitors have numbers.
//!
//! What no row tells cannot be verified: that a vote was given by the person it is counted for, that
//! the settings of its day allowed it, or that nothing was lost before it reached the store. What a
//! store shows to others than the system is for the conformance table to test.

mod awards;
mod boards;
mod documents;
mod ledgers;
mod listings;
mod log;
mod people;
mod places;
mod posts;
mod reactions;
mod seen;
#[cfg(test)]
mod tests;
mod topics;
mod visits;

use std::fmt::{self, Debug, Display};

use community_core::store::Store;
use community_core::{Directory, Limits, MemberId, Scope, StoreError, Timestamp, TopicId};
use serde::Serialize;
use uuid::Uuid;

use listings::Listed;
use seen::Seen;

/// Rows a page. A page with fewer is the last one.
const PAGE: usize = 500;

/// Verifies a whole store.
///
/// # Errors
/// [`StoreError`] when the store cannot be read to its end. What can be read and is wrong is in the
/// report.
///
/// ```
/// use community_testkit::{ModelStore, verify};
/// let report = pollster::block_on(verify(&ModelStore::new()))?;
/// assert!(report.is_clean());
/// # Ok::<(), community_core::StoreError>(())
/// ```
pub async fn verify(store: &dyn Store) -> Result<Report, StoreError> {
    let directory = store.directory().await?;
    let scope = Scope::system(store.access_rev(None).await?);
    let mut verifier = Verifier {
        store,
        directory: &directory,
        scope,
        limits: Limits::caps(),
        seen: Seen::default(),
        listed: Listed::default(),
        report: Report::default(),
    };
    verifier.places();
    verifier.people().await?;
    verifier.content().await?;
    verifier.log().await?;
    verifier.ledgers().await?;
    verifier.visits().await?;
    verifier.documents().await?;
    verifier.awards().await?;
    verifier.listings().await?;
    Ok(verifier.report)
}

/// What a verification has found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many comparisons were made.
    pub checks: u64,
    /// Those that failed; the first [`Report::MOST`] of them.
    pub findings: Vec<Finding>,
}

/// Something in a store that is not as it has to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule that does not hold, such as `posts of a topic`.
    pub rule: &'static str,
    /// What it is about, such as `topic 0190...`.
    pub subject: String,
    /// What has to be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl Report {
    /// The most findings that are listed.
    pub const MOST: usize = 1_000;

    /// Whether nothing was found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        write!(f, "{} checks, {} findings", self.checks, self.findings.len())
    }
}

impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, subject, expected, found } = self;
        write!(f, "{rule}: {subject}: expected {expected}, found {found}")
    }
}

/// A verification on its way.
struct Verifier<'a> {
    store: &'a dyn Store,
    directory: &'a Directory,
    scope: Scope,
    limits: Limits,
    seen: Seen,
    listed: Listed,
    report: Report,
}

impl Verifier<'_> {
    /// Compares two values.
    fn same<T: PartialEq + Debug + ?Sized>(
        &mut self,
        rule: &'static str,
        subject: impl Display,
        found: &T,
        expected: &T,
    ) {
        self.report.checks += 1;
        if found != expected {
            self.find(rule, subject, format!("{expected:?}"), format!("{found:?}"));
        }
    }

    /// Checks that something holds; `expected` says in words what.
    fn holds(
        &mut self,
        rule: &'static str,
        subject: impl Display,
        expected: &str,
        condition: bool,
        found: impl Debug,
    ) {
        self.report.checks += 1;
        if !condition {
            self.find(rule, subject, expected.to_owned(), format!("{found:?}"));
        }
    }

    /// Checks that the id of a topic or post begins with the millisecond of its creation.
    fn begins(&mut self, subject: impl Display, id: Uuid, at: Timestamp) {
        let millis = |id: Uuid| id.as_u128() >> 80;
        let begins = millis(id) == millis(TopicId::earliest(at).uuid());
        self.holds("an id begins with the creation", subject, "its millisecond", begins, (id, at));
    }

    /// Checks that a size is inside its hard cap.
    fn fits(&mut self, rule: &'static str, subject: impl Display, size: usize, cap: usize) {
        self.report.checks += 1;
        if size > cap {
            self.find(rule, subject, format!("at most {cap}"), size.to_string());
        }
    }

    /// Checks that a row is about what it was asked for.
    fn belongs<T: PartialEq + Debug>(&mut self, subject: impl Display, found: &T, expected: &T) {
        self.same("a row is read where it belongs", subject, found, expected);
    }

    /// Checks that members who are named somewhere exist.
    fn exist(&mut self, subject: impl Display, members: impl IntoIterator<Item = MemberId>) {
        for member in members {
            let exists = self.seen.authors.contains_key(&member);
            self.holds("who is named exists", &subject, "a member who exists", exists, member);
        }
    }

    /// Notes something that is wrong.
    fn find(&mut self, rule: &'static str, subject: impl Display, expected: String, found: String) {
        if self.report.findings.len() < Report::MOST {
            let subject = subject.to_string();
            self.report.findings.push(Finding { rule, subject, expected, found });
        }
    }
}
