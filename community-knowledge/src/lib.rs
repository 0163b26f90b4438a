//! The knowledge base of the community engine: articles grown from conversations, reviewed, found,
//! and kept true.

pub mod access;
mod article;
pub mod freshness;
pub mod harvest;
mod id;
pub mod limits;
mod rules;

pub use article::{
    Article, Block, Cited, Confirmation, Content, Face, IllegalStep, Note, Origin, Product,
    Published, Release, Section, SectionKind, Shelf, Source, State, Step, TRANSITIONS, Transition,
    Version, changes,
};
pub use id::{ArticleId, CommentId};
pub use rules::Rules;
