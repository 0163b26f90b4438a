//! The knowledge base of the community engine: articles grown from conversations, reviewed, found,
//! and kept true.
//!
//! - [`Knowledge`]: articles, their review, and who reads what.
//! - [`deflection`]: how many questions need not be asked because suggestions answered them, with
//!   an interval that says how sure that is, and what it is worth under assumptions that are named.
//! - [`gaps`]: what to write next, and the questions behind it.

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
mod rules;
mod store;
mod view;

pub use article::{
    Article, Block, Cited, Confirmation, Content, Face, IllegalStep, Note, Origin, Product,
    Published, Release, Section, SectionKind, Shelf, Source, State, Step, TRANSITIONS, Transition,
    Version, changes,
};
pub use error::{Error, Result};
pub use id::{ArticleId, CommentId};
pub use knowledge::{
    ArticlePage, ArticleQuery, By, CandidateQuery, Candidates, Edit, Harvest, Knowledge,
    Neighbours, NewArticle, Pumped, Rating, Stale, StaleArticle,
};
pub use rules::Rules;
pub use store::Reader;
pub use view::{ArticleView, Comment, DeskView, Feedback, Tally, VersionView};
