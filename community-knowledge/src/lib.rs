//! The knowledge base of the community engine: articles grown from conversations, reviewed, found,
//! and kept true.

pub mod access;
mod article;
mod error;
pub mod freshness;
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
