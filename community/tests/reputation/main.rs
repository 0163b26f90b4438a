//! Reputation follows from the log, and nobody can farm it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod badges;
mod boards;
mod farming;
mod hooks;
mod kinds;
mod levels;
mod random;
mod stage;
