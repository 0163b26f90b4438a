//! Full-text search for the community engine.
//!
//! A text is found by its words, in its language: [`analysis`] says which words those are, once,
//! for the index, for highlights and for whoever checks the two. A [`Projection`] keeps an index of
//! every post of a store, on disk or in memory, by following the store's log; an [`IndexHandle`] is
//! what can be searched of it. A [`Keeper`] does so on a thread of its own, and is what an engine is
//! given. How hits are put in order is one configuration for everybody,
//! described in `ranking.rs` and measured by `cargo bench -p community-benches --bench relevance`.
//!
//! What an extension has to be found, such as the articles of a knowledge base, it hands in as
//! [`Pages`]: they have an index of their own, in one ranked list with the topics that have answers.
//!
//! Beside it a [`MemoryIndex`] of [entries](Entry) that are handed in serves to measure ranking.
//!
//! No type of the index library appears in a public signature, and no text of a user reaches a
//! parser of that library.
//!
//! ```
//! use community_search::analysis::Language;
//! use community_search::{Entry, MemoryIndex};
//!
//! let mut index = MemoryIndex::new()?;
//! let mut entry = Entry::new("t1", Language::Dutch);
//! entry.title = "Nieuwe fietsen".into();
//! entry.body = "Welke is geschikt voor lange ritten?".into();
//! index.add(&entry)?;
//! index.commit()?;
//! assert_eq!(index.search("een fiets voor een rit", &[Language::Dutch], 10)?, ["t1"]);
//! # Ok::<(), community_search::SearchError>(())
//! ```

pub mod analysis;
mod contents;
mod document;
mod entry;
mod error;
mod find;
mod keeper;
mod memory;
mod projection;
mod ranking;
mod schema;
mod settings;
mod words;

pub use contents::{Bound, Page, Pages, Weight};
pub use entry::Entry;
pub use error::SearchError;
pub use keeper::Keeper;
pub use memory::MemoryIndex;
pub use projection::{IndexHandle, Progress, Projection, Snapshot};
pub use settings::{CommitPolicy, Settings};
