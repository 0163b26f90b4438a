//! The contract between the engine and a store.
//!
//! A store implements six object-safe traits: [`Reader`], [`Committer`], [`EventLog`],
//! [`LedgerReader`], [`AwardReader`] and [`DocumentReader`]. There are no default methods: a wrapper
//! that forgets one does not compile. What a store guarantees, in the order in which the conformance
//! suite tests it:
//!
//! - **G1** all or nothing: a change set is applied whole or leaves no trace;
//! - **G2** expectations are checked in the same atomic step in which the operations are applied;
//! - **G3** positions in the log rise in commit order, and who has seen *n* never later sees a new
//!   event at or before *n*;
//! - **G4** after `commit` returns, every later read on any handle sees it;
//! - **G5** a durable store keeps it after the process is killed or the power fails;
//! - **G6** reads by id return in the order of the request, with `None` for what is absent or what
//!   the scope does not admit, one no different from the other;
//! - **G7** page reads return strictly ordered `(key, id)`, and a full page where there is enough;
//! - **G8** one request id never applies twice;
//! - **G9** a store enforces no limit of its own: what the engine lets through, it keeps.
//!
//! What a store may rely on, beside what the operations say: the id of a topic or post begins with the
//! millisecond of its creation, which never changes. Behind a change set, the first post of a topic is
//! the only one in it without a parent.
//!
//! What a store computes, it computes with functions of this crate: sort keys and listings with
//! [`listings`](crate::query::listings), best-first keys with
//! [`best_key`](crate::query::best_key), places in lists of names with
//! [`name_places`](crate::query::name_places). No store has a ranking rule of its own.
//!
//! To write one: implement the traits, then add one test target that runs
//! `community_testkit::conformance!` on it.

mod award;
mod committer;
mod document;
mod error;
mod ledger;
mod log;
mod reader;

pub use award::AwardReader;
pub use committer::Committer;
pub use document::DocumentReader;
pub use error::{CommitError, Conflict, StoreError};
pub use ledger::LedgerReader;
pub use log::EventLog;
pub use reader::{
    Card, FeedPage, MemberRow, Placeholder, PostRef, PostView, Reader, StoreInfo, Tally,
    ThreadItem, ThreadPage, TopicRow,
};

use std::any::Any;

/// Everything that the engine needs of a store.
pub trait Store:
    Reader + Committer + EventLog + LedgerReader + AwardReader + DocumentReader + Any
{
}

impl<T: Reader + Committer + EventLog + LedgerReader + AwardReader + DocumentReader + Any> Store
    for T
{
}
