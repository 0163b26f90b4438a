//! The heart of the community engine: domain, access policies, commands, reads, and the contract
//! that a store fulfils. No I/O, no threads, no runtime, no SQL.

pub mod change;
pub mod command;
pub mod diff;
mod directory;
pub mod domain;
mod engine;
pub mod entropy;
mod env;
mod error;
mod expr;
pub mod extension;
pub mod fold;
mod id;
mod limits;
pub mod policy;
pub mod query;
pub mod rank;
pub mod record;
pub mod reputation;
pub mod search;
pub mod store;
mod text;
pub mod time;

pub use change::{Event, EventKind, Receipt, Seq};
pub use command::{
    ChannelUpdate, CommunityUpdate, Erased, ErasedKeys, Erasure, Imported, NewAward, NewChannel,
    NewCommunity, NewCorrection, NewGrant, NewLabel, NewMember, NewPin, NewPost, NewPromotion,
    NewSanction, NewSuggestion, NewTopic, PostEdit, TopicEdit,
};
pub use directory::{ChannelEntry, Directory, RuleLevel};
pub use domain::*;
pub use engine::{
    AwardHook, BadgeView, BoardItem, BoardView, ChannelView, CommunityView, Completions, Condition,
    Engine, Export, FacetValue, Facets, FeedView, HeldBadge, HolderView, LabelView, LedgerItem,
    LevelStep, LevelView, LinkView, MemberBadgesView, MemberView, NamedPlace, Needed, OwnRank,
    Page, PlaceView, Progress, Projection, Pumped, Read, SearchHit, SearchView, Session,
    StandingView, SuperUserView, ThreadView, TierCount, VisitStep, VisitStepKind,
};
pub use env::Env;
pub use error::{Error, Result};
pub use id::{
    ChannelId, CommunityId, CorrectionId, DocumentId, GrantId, IdSource, MemberId, PostId,
    RequestId, TopicId, VisitId,
};
pub use limits::{LimitError, Limits};
pub use policy::{
    AccessRev, Action, Audience, Clause, Decision, Policy, Scope, Unchecked, Viewer, Visible,
};
pub use query::{
    BoardPlace, BoardQuery, Cursor, FeedQuery, LabelExpr, PostOrder, Sort, ThreadQuery, Window,
};
pub use search::{CompleteQuery, NameKind, SearchExpr, SearchQuery, SearchSort, SimilarQuery};
pub use store::{Card, Placeholder, PostView, Store, StoreError, Tally, ThreadItem, TopicRow};
pub use text::{Key, Name, Slug, TextError, Title};
pub use time::Timestamp;
