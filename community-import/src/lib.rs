//! Getting communities in and out: sources become [`Record`](community_core::record::Record)s, and
//! records become lines.
//!
//! - [`jsonl`]: records as JSON, one a line: the format of exports, and of any importer that
//!   somebody writes in another language.
//! - [`stack_exchange`]: the public data dumps of Stack Exchange sites.
//! - [`Loader`] puts records into a community, [`export`](export()) takes a community out as lines.
//!
//! Everything here streams: memory does not grow with the size of the texts. Nothing here decides
//! who may do what, and nothing renders or cleans the text of a post.

mod export;
pub mod jsonl;
mod load;
pub mod stack_exchange;

pub use export::{ExportError, export};
pub use load::{LoadError, LoadOptions, Loaded, Loader};
