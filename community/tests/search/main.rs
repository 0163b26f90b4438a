//! Search with the index that an engine has by default, as its users have it.

#![cfg(feature = "search")]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod hostile;
mod languages;
mod moving;
mod stage;
mod suggestions;
mod viewers;
