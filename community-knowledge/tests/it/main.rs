//! The knowledge base on stores: what it queues, whom it shows what, what it refuses.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod common;
mod drafts;
mod erasure;
mod histories;
mod index;
mod lifecycle;
mod versions;
mod viewers;
