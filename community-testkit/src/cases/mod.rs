//! The cases of the conformance table, by guarantee. A case is a function here and a line in
//! `conformance/table.rs`.

pub(crate) mod access;
pub(crate) mod all_or_nothing;
pub(crate) mod awards;
pub(crate) mod by_id;
pub(crate) mod content;
pub(crate) mod counters;
pub(crate) mod directory;
pub(crate) mod documents;
pub(crate) mod durable;
pub(crate) mod expectations;
pub(crate) mod feed_pages;
pub(crate) mod feeds;
pub(crate) mod ledgers;
pub(crate) mod lists;
pub(crate) mod log;
pub(crate) mod names;
pub(crate) mod races;
pub(crate) mod read_your_writes;
pub(crate) mod requests;
pub(crate) mod scopes;
pub(crate) mod texts;
pub(crate) mod threads;
pub(crate) mod visits;
