//! The same pages and commits by SQL written by hand for just this file and purpose.
//!
//! Each is the fastest form known: a page is one statement over a covering order with the row and
//! the author joined; a page over twenty channels walks the community's order and tests the channel
//! in the program; statements are prepared once.

mod index;
mod reader;
mod writer;

pub use index::HandSearcher;
pub use reader::{HandCard, HandReader, Order};
pub use writer::{HandReply, HandWriter};
