//! The heart of the community engine: domain, access policies, commands, reads, and the contract
//! that a store fulfils. No I/O, no threads, no runtime, no SQL.

pub mod change;
mod directory;
pub mod domain;
pub mod entropy;
mod env;
mod error;
mod id;
mod limits;
pub mod policy;
pub mod query;
pub mod rank;
pub mod record;
pub mod store;
mod text;
pub mod time;

pub use change::{Event, EventKind, Receipt, Seq};
pub use directory::{ChannelEntry, Directory, RuleLevel};
pub use domain::*;
pub use env::Env;
pub use error::{Error, Result};
pub use id::{
    ChannelId, CommunityId, CorrectionId, IdSource, MemberId, PostId, RequestId, TopicId,
};
pub use limits::{LimitError, Limits};
pub use policy::{
    AccessRev, Action, Audience, Clause, Decision, Policy, Scope, Unchecked, Viewer, Visible,
};
pub use query::{
    Cursor, FeedQuery, LabelExpr, PostOrder, Sort, ThreadQuery, Window,
};
pub use store::{Store, StoreError};
pub use text::{Key, Name, Slug, TextError, Title};
pub use time::Timestamp;
