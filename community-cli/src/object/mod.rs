//! The objects that are printed: their JSON is documented in `docs/json.md`, their text is for
//! people.

mod done;
mod names;
mod post;
mod topic;

pub(crate) use done::{Created, Done};
pub(crate) use names::Names;
pub(crate) use post::{CorrectionItem, PostItem};
pub(crate) use topic::TopicItem;

use community::Timestamp;

/// A moment, for people.
pub(crate) fn moment(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}
