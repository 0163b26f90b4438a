//! The knowledge base of the community engine: what was answered once is written down, reviewed,
//! found, and stays true.
//!
//! [`Knowledge`] is where to begin: commands and reads on an engine, for whoever acts. An
//! [`Article`] is made of [`Version`]s that never change; each [`Block`] of text names its
//! [`Source`], if the words are somebody else's. It is an extension of the engine: everything is kept
//! as documents, and there is no table and no runtime here. What is found by its words is found in an
//! index of its own, see [`Knowledge::with_search`].
//!
//! - [`harvest`]: from conversations to drafts, and which conversations are worth it.
//! - [`freshness`]: what puts an article in doubt, and how much it is in need of a look.
//! - [`access`]: who sees what of an article. Nobody reads one who may not read all that it was made
//!   from.
//! - [`deflection`]: how many questions need not be asked because suggestions answered them, with
//!   an interval that says how sure that is, and what it is worth under assumptions that are named.
//! - [`gaps`]: what to write next, and the questions behind it.
//! - [`limits`]: how much is too much.
//!
//! Each change of an article is an event
//! [`DocumentChanged`](community_core::EventKind::DocumentChanged) of the collection `articles` that
//! names it in one word: `begun`, `edited`, `rolled-back`, `submitted`, `recalled`, `commented`,
//! `scheduled`, `published`, `rejected`, `queued`, `confirmed`, `placed`, `released`, `archived`,
//! `restored`. What readers say of one changes a document of the collection `article-tallies`, which is
//! `counted`. Whoever keeps something that follows from articles, such as an index, follows the log
//! and reads what it names.
//!
//! What is not here: who may do what. That is for the policy of a community, with the actions
//! [`Draft`](community_core::Action::Draft), [`Review`](community_core::Action::Review) and
//! [`Manage`](community_core::Action::Manage). [`Rules`] say the rest, as data.

pub mod access;
mod article;
pub mod deflection;
mod error;
pub mod freshness;
pub mod gaps;
pub mod harvest;
mod id;
mod knowledge;
pub mod limits;
mod pages;
mod rules;
mod store;
mod view;

pub use article::{
    Article, Block, Cited, Confirmation, Content, Face, IllegalStep, Note, Origin, Product,
    Published, Release, Section, SectionKind, Shelf, Source, State, Step, TRANSITIONS, Transition,
    Used, Version, changes,
};
pub use error::{Error, Result};
pub use id::{ArticleId, CommentId};
pub use knowledge::{
    ArticleHit, ArticlePage, ArticleQuery, By, CandidateQuery, Candidates, Edit, Harvest,
    Knowledge, KnowledgeHit, Neighbours, NewArticle, Outline, OutlineLabel, Pumped, Rating,
    Shelved, Stale, StaleArticle, Suggestion,
};
pub use pages::ArticlePages;
pub use rules::Rules;
pub use store::Reader;
pub use view::{ArticleView, Comment, DeskView, Feedback, Tally, VersionView};
