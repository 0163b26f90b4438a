//! Gaps: what to write next, and the questions behind it.
//!
//! - [`SimilarQuestions`] says which questions are like each other, and [`clusters`] puts them into
//!   groups: what is asked again and again.
//! - [`QueryCounts`] counts what is searched for and not found, for hosts that want it counted;
//!   [`SearchCounts`] does so with each search of the knowledge base.
//! - [`rank()`] makes one list of groups, of labels with many questions and few articles, and of
//!   searches, with the reasons for each place. What counts how much is data: [`Settings`].
//! - [`read()`] does so with what a viewer may read. Nothing else has a part in it: not in how rare a
//!   word is, nor in how many questions are alike. So two viewers may see different gaps, and nobody
//!   learns of a question by its neighbours.

mod cluster;
mod counts;
mod queries;
mod rank;
mod read;
mod similar;

pub use cluster::clusters;
pub use counts::SearchCounts;
pub use queries::{QueryCount, QueryCounts, Searcher};
pub use rank::{About, Gap, Question, QuestionState, Ranking, Reason, Settings, What, rank};
pub use read::{Input, Request, gather, read};
pub use similar::{SimilarQuestions, Similarity, Texts};
