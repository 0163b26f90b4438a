//! What only this store does: files, transactions, threads. What every store does is tested by the
//! conformance table.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that unwraps fails")]

mod backup;
mod common;
mod concurrency;
mod explain;
mod files;
mod formats;
mod moves;
mod same_answers;
