//! An embeddable community engine: communities with channels, labels and access policies, topics
//! with threaded posts, feeds, votes, accepted answers and corrections.
//!
//! The host owns its people and its pages: it signs people in, hands in what the engine should know
//! of them, and shows what the engine gives back. The engine decides who may see and do what, and
//! keeps it. No server, no runtime, no global state: an [`Engine`] is a value, its methods are
//! futures that any executor can run, and a program without one uses any `block_on`.
//!
//! ```
//! use community::{
//!     FeedQuery, NewChannel, NewCommunity, NewMember, NewPost, NewTopic, Policy, Sort, ThreadQuery,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> { pollster::block_on(async {
//! let engine = community::in_memory(); // `community::open("data/")?` for one that lasts
//!
//! // The host sets the scene, and says who its people are.
//! let host = engine.as_system();
//! let garden = "garden".parse()?;
//! host.create_community(NewCommunity::new("garden".parse()?, "The garden".parse()?, Policy::public()))
//!     .await?;
//! host.create_channel(&garden, NewChannel::new("vegetables".parse()?, "Vegetables".parse()?))
//!     .await?;
//! let ana = host.sync_member(NewMember::new("user:1".parse()?, "Ana".parse()?)).await?;
//!
//! // Ana joins and asks.
//! let ana = engine.member(ana);
//! ana.join(&garden).await?;
//! let topic = ana
//!     .start_topic(NewTopic::new(
//!         garden.clone(),
//!         "vegetables".parse()?,
//!         "question".parse()?,
//!         "When do I sow broad beans?",
//!         "The ground is still frozen.",
//!     ))
//!     .await?;
//!
//! // Anybody reads: every read is done for a viewer, and gives what that viewer may see.
//! let visitor = engine.anonymous();
//! let feed = visitor.feed(&FeedQuery::community(garden).sort(Sort::Active)).await?;
//! assert_eq!(feed.items[0].topic.title, "When do I sow broad beans?");
//! let thread = visitor.thread(topic, &ThreadQuery::default()).await?;
//! assert_eq!(thread.items.len(), 1);
//!
//! // Not everybody writes, and the engine says why.
//! let refused = visitor.reply(NewPost::new(topic, "In March.")).await.unwrap_err();
//! assert_eq!(refused.to_string(), "`answer` is denied: an anonymous visitor cannot act");
//! # Ok(()) }) }
//! ```
//!
//! # Where things are
//!
//! - [`Engine`] and [`Session`]: a session is one viewer; commands and reads are its methods.
//! - [`Policy`], [`Audience`]: who may do what, and to whom that applies.
//! - [`FeedQuery`], [`ThreadQuery`], [`LabelExpr`], [`SearchQuery`]: what can be asked for.
//! - [`Error`]: what can go wrong; [`Limits`]: how much is too much.
//! - [`store`]: the contract for whoever writes a store of their own.
//!
//! Everything of [`community_core`] is here under the same names; this crate adds the stores.
//!
//! # Features
//!
//! - `sqlite` (default): the durable store, [`open`].
//! - `bundled` (default): compiles SQLite in. Without it the system's is linked, which has to be
//!   3.51.3 or newer.
//! - `search` (default): full-text search, [`Session::search`].
//! - `knowledge` (default): articles grown from conversations, `knowledge::Knowledge`.

/// The README's program compiles.
#[cfg(all(doctest, feature = "sqlite"))]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(feature = "sqlite")]
mod durable;

#[cfg(feature = "sqlite")]
pub use durable::{OpenError, Options, backup, open, open_with, restore};

#[doc(inline)]
pub use community_core::*;

/// The store in memory.
pub mod memory {
    #[doc(inline)]
    pub use community_store_memory::*;
}

/// The store on SQLite, for what [`Options`] and the functions here do not reach.
#[cfg(feature = "sqlite")]
pub mod sqlite {
    #[doc(inline)]
    pub use community_store_sqlite::*;
}

/// The search index, for what [`Options`] does not reach. What is asked for, and the language of
/// queries, is in [`search`].
#[cfg(feature = "search")]
pub mod index {
    #[doc(inline)]
    pub use community_search::*;
}

/// The knowledge base: articles grown from conversations, reviewed, and kept true.
#[cfg(feature = "knowledge")]
pub mod knowledge {
    #[doc(inline)]
    pub use community_knowledge::*;
}

use std::sync::Arc;

use memory::MemoryStore;

/// An engine that keeps everything in memory: for tests, demonstrations, and hosts that rebuild
/// their content at every start. What it holds is gone with its last clone.
///
/// ```
/// # pollster::block_on(async {
/// let engine = community::in_memory();
/// assert!(engine.anonymous().communities().await?.is_empty());
/// # Ok::<(), community::Error>(()) }).unwrap();
/// ```
#[must_use]
pub fn in_memory() -> Engine {
    in_memory_with(Env::default())
}

/// As [`in_memory`], with a clock, randomness and limits of the host's choice.
///
/// ```
/// use std::sync::Arc;
/// use community::{Env, time::ManualClock};
///
/// let noon = "2026-03-01T12:00:00Z".parse()?;
/// let engine = community::in_memory_with(Env::manual(Arc::new(ManualClock::at(noon)), 7));
/// assert_eq!(engine.env().now(), noon);
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[must_use]
pub fn in_memory_with(env: Env) -> Engine {
    let store = Arc::new(MemoryStore::new());
    #[cfg(feature = "search")]
    {
        let settings = index::Settings::default();
        let index =
            index::Keeper::in_memory(settings, env.clone(), Arc::<MemoryStore>::clone(&store));
        // Where the system has no thread left there is an engine that cannot be searched.
        if let Ok(index) = index {
            return Engine::with_index(store, env, Arc::new(index));
        }
    }
    Engine::with_env(store, env)
}
