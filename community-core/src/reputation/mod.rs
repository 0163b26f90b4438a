//! Reputation: what members have earned, as a ledger that follows from the log.
//!
//! A [`RuleSet`] says, as data, which events earn whom how many points. The projector reads the log
//! in order and appends an [`Entry`] for each; what is undone, hidden or brought back is an entry
//! too, which reverses or repeats what was given to the point. So the sum of a member's entries is
//! the member's [`Standing`], and each point of it has a cause. Sums by days and places are the
//! [boards](Board).
//!
//! The ledger depends on nothing but the log, the rule set, and facts that never change (who wrote a
//! post, when an account was made). Projecting the same log again gives the same entries. An entry
//! says in which channel and under which labels it was earned, as the log had it then; where a topic
//! stands now and who may read it is in no entry: what that decides is decided when it is read.

mod award;
mod badge;
mod board;
mod book;
mod decay;
mod entry;
mod project;
mod rules;
mod shipped;
mod super_user;

pub use award::{Award, AwardsId};
pub(crate) use award::{Awarding, Change, Tallies};
pub use badge::{Badge, BadgeSet, BadgeSetId, Badges, Counted, Measure, Per, Tier};
pub(crate) use board::date_of;
pub use board::{Board, BoardRule, BoardScope, BoardWindow, LedgerMoves};
pub use book::{Book, SumOf};
pub use decay::Decay;
pub use entry::{About, Entry, EntryPlace, LedgerId, Standing, Step};
pub(crate) use project::project_apart;
pub use project::{Facts, Opening, PostFacts, TopicFacts, project};
pub use rules::{
    Credit, GiverRule, Group, LevelRule, Occasion, PostLimits, Reputation, Rule, RuleSet,
    RuleSetId, Tenure, Trigger,
};
pub use super_user::{Activity, Asked, Assessment, Reason, SuperUserRule, SuperUserState};
