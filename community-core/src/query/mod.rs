//! What can be asked: feeds, threads, cursors, label expressions.

mod board;
mod cursor;
mod feed;
mod label_cover;
mod label_expr;
mod listing;
mod names;
mod thread;

pub(crate) use board::BoardPosition;
pub use board::{BoardPlace, BoardQuery};
pub use cursor::{Cursor, CursorError, Position};
pub use feed::{FeedQuery, FeedRequest, Selection, Sort, Window};
pub use label_expr::LabelExpr;
pub use listing::{Listing, ListingKey, listings};
pub use names::{NamePlace, name_places};
pub use thread::{PostOrder, ThreadQuery, ThreadRequest, ThreadStart, best_key};
