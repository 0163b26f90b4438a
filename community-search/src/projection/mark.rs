//! What an index says of itself.

use community_core::store::StoreInfo;
use community_core::{Event, Seq};
use serde::{Deserialize, Serialize};

use crate::contents::Plan;

/// Moves whenever the same posts give other documents: when the analysis of texts changes, or the
/// choice of what is indexed. A change of fields need not move it, since the schema is compared.
const FORMAT: u32 = 3;

/// How far a generation has come and of what it is a copy: the payload of each of its commits.
///
/// The library writes payload and content in one step, so the two never disagree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    format: u32,
    /// Settings and contents that the documents depend on.
    settings: String,
    backend: String,
    epoch: u64,
    /// The head of the log when the generation was begun. What happened up to here needs no second
    /// look at items that are there: they were read later.
    pub(crate) begun_at: Seq,
    /// The last event that is in the index. Events hold no texts.
    ///
    /// The event and not its position alone: a store whose files were put back from a copy has
    /// another event there, sooner or later.
    pub(crate) last: Option<Event>,
}

impl Mark {
    /// The mark of a new generation.
    pub(crate) fn new(plan: &Plan, store: &StoreInfo, head: Seq) -> Self {
        Self {
            format: FORMAT,
            settings: plan.fingerprint(),
            backend: store.backend.to_owned(),
            epoch: store.epoch,
            begun_at: head,
            last: None,
        }
    }

    /// Up to which position events are in the index.
    pub(crate) fn seq(&self) -> Seq {
        self.last.as_ref().map_or(Seq(0), |event| event.seq)
    }

    /// Whether documents that would be made today are the same.
    pub(crate) fn is_readable(&self, plan: &Plan) -> bool {
        self.format == FORMAT && self.settings == plan.fingerprint()
    }

    /// Whether it is a copy of this store, as far as the store's name can tell.
    pub(crate) fn is_of(&self, store: &StoreInfo) -> bool {
        self.backend == store.backend && self.epoch == store.epoch
    }
}
