//! Verification: recomputes every counter, rank and listing of a store from its rows.
//!
//! [`verify`] only reads, under the system's scope, through the same contract as the engine. It
//! looks at one topic after the other; of a community it keeps the facts of its topics, without
//! texts, to compare every feed with the list that the rows give. It repairs nothing: a finding is
//! a defect of the store, or damage.

mod feeds;
mod people;
mod topics;

use std::fmt::Debug;

use community_core::change::Seq;
use community_core::store::{Store, StoreError};
use community_core::{Scope, Topic};
use serde::Serialize;

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many things were compared.
    pub checks: u64,
    /// What was not as it should be; the first [`Report::MOST`] of it.
    pub findings: Vec<Finding>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which rule is broken.
    pub rule: &'static str,
    /// What it is broken by.
    pub subject: String,
    /// What the rows give.
    pub expected: String,
    /// What the store says.
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

    /// Compares what the rows give with what the store says.
    fn equal<T: PartialEq + Debug>(
        &mut self,
        rule: &'static str,
        subject: &dyn Debug,
        expected: &T,
        found: &T,
    ) {
        self.checks += 1;
        if expected != found && self.findings.len() < Self::MOST {
            self.findings.push(Finding {
                rule,
                subject: format!("{subject:?}"),
                expected: format!("{expected:?}"),
                found: format!("{found:?}"),
            });
        }
    }

    /// Checks that something holds.
    fn holds(&mut self, rule: &'static str, subject: &dyn Debug, holds: bool) {
        self.equal(rule, subject, &true, &holds);
    }
}

/// Verifies a whole store.
///
/// Nothing may be written meanwhile: what is read in several steps has to be one picture.
///
/// # Errors
/// [`StoreError`] when the store cannot be read. What can be read and is wrong is a finding.
pub async fn verify(store: &dyn Store) -> Result<Report, StoreError> {
    let mut report = Report::default();
    let scope = Scope::system(store.access_rev(None).await?);
    let directory = store.directory().await?;
    log(store, &mut report).await?;
    people::verify(store, &directory, &mut report).await?;
    for community in directory.communities() {
        let mut topics: Vec<Topic> = Vec::new();
        let mut after = None;
        loop {
            let page = store.topics_by_id(community.id, after, PAGE, &scope).await?;
            let page = scope.admit_all(page);
            let Some(last) = page.last() else { break };
            after = Some(last.topic.id);
            for row in page {
                let topic = row.into_inner().topic;
                topics::verify(store, &scope, &directory, community, &topic, &mut report).await?;
                topics.push(topic);
            }
        }
        feeds::verify(store, &scope, &directory, community, &topics, &mut report).await?;
    }
    Ok(report)
}

/// Rows in one read.
const PAGE: usize = 500;

/// The log has no gap, and its head is its last event.
async fn log(store: &dyn Store, report: &mut Report) -> Result<(), StoreError> {
    let mut last = Seq(0);
    loop {
        let page = store.events_after(last, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for event in page {
            report.equal("the log has no gap", &"event", &(last.0 + 1), &event.seq.0);
            last = event.seq;
        }
    }
    report.equal("the head of the log is its last event", &"log", &last, &store.head().await?);
    Ok(())
}
