//! Records: everything in a community, one line of JSON each.
//!
//! This is the format of `community export jsonl` and `community import jsonl`, and what every
//! importer produces. Things are named by keys, never by internal ids: an item's key is the one that
//! its source gave it, or else its id as text. A reference to a post may name a topic, which then
//! means the topic's first post. Order matters only so far that what is referred to comes first.
//!
//! Importing is an upsert by key: what is new is added, what differs is changed, what is equal costs
//! a read and writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::{
    Attribute, DocumentKey, Kind, LinkKind, PinPlace, PostKind, ReactionDef, SanctionKind,
    Settings, Slot, State,
};
use crate::error::Error;
use crate::policy::{Audience, Policy};
use crate::reputation::Reputation;
use crate::text::{Key, Name, Slug, Title};
use crate::time::Timestamp;

/// One line of an import or export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Record {
    /// The community itself; at most one, on the first line.
    Community(Box<CommunityRecord>),
    /// A member of the tenant.
    Member(Box<MemberRecord>),
    /// A channel.
    Channel(Box<ChannelRecord>),
    /// What a member is in this community.
    Membership(Box<MembershipRecord>),
    /// A label.
    Label(Box<LabelRecord>),
    /// A topic with the text of its first post.
    Topic(Box<TopicRecord>),
    /// A reply or an answer.
    Post(Box<PostRecord>),
    /// An earlier version of a text.
    Revision(Box<RevisionRecord>),
    /// A vote or reaction.
    Reaction(ReactionRecord),
    /// A correction.
    Correction(Box<CorrectionRecord>),
    /// A link between topics.
    Link(LinkRecord),
    /// Views of a topic on one day.
    Views(ViewsRecord),
    /// An answer was accepted: for posts that say so.
    Acceptance(AcceptanceRecord),
    /// Points that were granted.
    Grant(Box<GrantRecord>),
    /// Members who visited on one day.
    Visits(VisitsRecord),
    /// What an extension keeps.
    Document(Box<DocumentRecord>),
}

impl Record {
    /// When what it describes was created, as far as it says so.
    #[must_use]
    pub fn created_at(&self) -> Option<Timestamp> {
        match self {
            Self::Community(record) => record.created_at,
            Self::Member(record) => record.created_at,
            Self::Channel(record) => record.created_at,
            Self::Topic(record) => record.created_at,
            Self::Post(record) => record.created_at,
            Self::Document(record) => Some(record.created_at),
            Self::Membership(_)
            | Self::Label(_)
            | Self::Revision(_)
            | Self::Reaction(_)
            | Self::Correction(_)
            | Self::Link(_)
            | Self::Views(_)
            | Self::Acceptance(_)
            | Self::Grant(_)
            | Self::Visits(_) => None,
        }
    }
}

macro_rules! record {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)+
        }
    };
}

record! {
    /// See [`Community`](crate::Community).
    CommunityRecord {
        /// Its key. An import into a community of another key uses that one.
        key: Slug,
        /// Its name.
        name: Name,
        /// What it is about.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        description: String,
        /// Who may do what.
        #[serde(default)]
        policy: Policy,
        /// What it offers.
        #[serde(default)]
        settings: Settings,
        /// Its reactions.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        reactions: Vec<ReactionDef>,
        /// Its own kinds. Those that it has already and that are not among them stay.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        kinds: Vec<Kind>,
        /// Lists of words and phrases that mean the same.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        synonyms: Vec<Vec<String>>,
        /// What earns points.
        #[serde(default, skip_serializing_if = "Reputation::is_default")]
        reputation: Reputation,
        /// Its hot scale in seconds; applied only when the import creates the community.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hot_scale: Option<u32>,
        /// The most members.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        capacity: Option<u64>,
        /// Whether it is archived.
        #[serde(default, skip_serializing_if = "is_false")]
        archived: bool,
        /// When it was created; applied only when the import creates it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        created_at: Option<Timestamp>,
    }
}

record! {
    /// See [`Member`](crate::Member).
    MemberRecord {
        /// The host's key.
        key: Key,
        /// The name; the key when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Name>,
        /// What audiences test.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        attributes: BTreeMap<Slug, Attribute>,
        /// The host's lists.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        lists: BTreeSet<Slug>,
        /// Profile fields.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        profile: BTreeMap<Slug, String>,
        /// Whether directories list the member.
        #[serde(default = "is_true", skip_serializing_if = "is_set")]
        listed: bool,
        /// Since when the member exists.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        created_at: Option<Timestamp>,
        /// Since when the member is erased.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        erased_at: Option<Timestamp>,
    }
}

record! {
    /// See [`Channel`](crate::Channel).
    ChannelRecord {
        /// Its key.
        key: Slug,
        /// Its name; the key when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Name>,
        /// The key of the channel above it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<Slug>,
        /// What it is about.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        description: String,
        /// Its place among its siblings.
        #[serde(default)]
        position: i64,
        /// What it overrides of the policy.
        #[serde(default)]
        policy: Policy,
        /// What it overrides of the settings.
        #[serde(default)]
        settings: Settings,
        /// Whether it is archived.
        #[serde(default, skip_serializing_if = "is_false")]
        archived: bool,
        /// When it was created; applied only when the import creates it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        created_at: Option<Timestamp>,
    }
}

record! {
    /// See [`Membership`](crate::Membership).
    MembershipRecord {
        /// The member's key.
        member: Key,
        /// Since when; missing when not joined.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        joined_at: Option<Timestamp>,
        /// The roles.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        roles: Vec<RoleRecord>,
        /// The level that a manager has set; missing when it follows from what was earned.
        #[serde(default, skip_serializing_if = "is_zero")]
        level: u32,
        /// Whether a manager has set it. A level above 0 always was.
        #[serde(default, skip_serializing_if = "is_false")]
        pinned: bool,
        /// Whether the member has chosen not to be shown to others on leaderboards.
        #[serde(default, skip_serializing_if = "is_false")]
        off_boards: bool,
        /// The sanctions.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        sanctions: Vec<SanctionRecord>,
    }
}

record! {
    /// A role.
    RoleRecord {
        /// Its name.
        role: Slug,
        /// The key of the channel that it is limited to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<Slug>,
    }
}

record! {
    /// A sanction.
    SanctionRecord {
        /// What it takes away.
        kind: SanctionKind,
        /// The key of the channel that it is limited to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<Slug>,
        /// From when.
        since: Timestamp,
        /// Until when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        /// Why.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
        /// The key of whoever imposed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Key>,
    }
}

record! {
    /// See [`Label`](crate::Label).
    LabelRecord {
        /// Its key.
        key: Slug,
        /// Its name; the key when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<Name>,
        /// What it stands for.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        description: String,
        /// Who sees it; everyone when it is missing.
        #[serde(default = "everyone", skip_serializing_if = "is_everyone")]
        audience: Audience,
    }
}

record! {
    /// See [`Topic`](crate::Topic).
    TopicRecord {
        /// Its key.
        key: Key,
        /// The key of its channel, which is created when it does not exist.
        channel: Slug,
        /// Its title.
        title: Title,
        /// The text of its first post.
        body: String,
        /// Its kind; `discussion` when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<Slug>,
        /// Its labels, which are created when they do not exist.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        labels: Vec<Slug>,
        /// The key of who started it; the importing member when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        author: Option<Key>,
        /// Its status; the kind's initial one when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<Slug>,
        /// The fields of its kind.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payload: Option<Value>,
        /// Whether the topic is to be seen.
        #[serde(default = "published", skip_serializing_if = "is_published")]
        state: State,
        /// Whether it is locked.
        #[serde(default, skip_serializing_if = "is_false")]
        locked: bool,
        /// Where it is pinned.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pin: Option<PinRecord>,
        /// When it was started; the clock's time when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        created_at: Option<Timestamp>,
        /// Activity that no post of it accounts for; `created_at` when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bumped_at: Option<Timestamp>,
        /// Since when its first post belongs to the community; once it does, it does for good.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shared_at: Option<Timestamp>,
        /// Since when its first post is erased; it then has no text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        erased_at: Option<Timestamp>,
        /// The key or id of its first post, when something refers to that by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opening: Option<Key>,
        /// The number of the text's latest revision.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        revision: u32,
        /// When the text was last edited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        edited_at: Option<Timestamp>,
        /// The key of who wrote the latest revision; the author when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        editor: Option<Key>,
        /// Why the latest revision was written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
}

record! {
    /// See [`Pin`](crate::Pin).
    PinRecord {
        /// In which feeds.
        place: PinPlace,
        /// The order among several.
        #[serde(default)]
        position: i64,
        /// For whom; everyone when it is missing.
        #[serde(default = "everyone", skip_serializing_if = "is_everyone")]
        audience: Audience,
        /// Since when.
        since: Timestamp,
        /// Until when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    }
}

record! {
    /// See [`Post`](crate::Post).
    PostRecord {
        /// Its key.
        key: Key,
        /// The key of its topic.
        topic: Key,
        /// The key of the post it replies to; the topic's first post when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<Key>,
        /// Answer or reply; what [`Session::reply`](crate::Session::reply) would choose when it is
        /// missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<PostKind>,
        /// Its text.
        body: String,
        /// The key of who wrote it; the importing member when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        author: Option<Key>,
        /// Whether it is to be seen.
        #[serde(default = "published", skip_serializing_if = "is_published")]
        state: State,
        /// Whether its creation counts as activity of the topic.
        #[serde(default = "is_true", skip_serializing_if = "is_set")]
        bumps: bool,
        /// Accepted as an answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accepted: Option<MarkRecord>,
        /// Marked as the official answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        official: Option<MarkRecord>,
        /// Whether its acceptance comes as a record of its own, in the order of what happened.
        /// `accepted` is then missing, and what the post has stays.
        #[serde(default, skip_serializing_if = "is_false")]
        accepted_later: bool,
        /// Since when it belongs to the community; once it does, it does for good.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shared_at: Option<Timestamp>,
        /// Since when it is erased; it then has no text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        erased_at: Option<Timestamp>,
        /// When it was written; the clock's time when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        created_at: Option<Timestamp>,
        /// The number of the text's latest revision.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        revision: u32,
        /// When the text was last edited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        edited_at: Option<Timestamp>,
        /// The key of who wrote the latest revision; the author when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        editor: Option<Key>,
        /// Why the latest revision was written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
}

record! {
    /// See [`Mark`](crate::Mark).
    MarkRecord {
        /// The key of who marked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Key>,
        /// When.
        at: Timestamp,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
}

record! {
    /// See [`Revision`](crate::Revision). The latest revision stands in the topic or post itself.
    RevisionRecord {
        /// The key of the post.
        post: Key,
        /// Its number, below that of the latest.
        number: u32,
        /// The text then.
        body: String,
        /// The title then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<Title>,
        /// The labels then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        labels: Option<Vec<Slug>>,
        /// The key of who wrote this version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        editor: Option<Key>,
        /// When.
        at: Timestamp,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
}

record! {
    /// See [`Reaction`](crate::Reaction).
    ReactionRecord {
        /// The key of the post.
        post: Key,
        /// The key of the member.
        member: Key,
        /// Vote or reaction.
        #[serde(default = "vote", skip_serializing_if = "is_vote")]
        slot: Slot,
        /// `up`, `down`, or a reaction's key.
        key: Slug,
        /// When it was given; the clock's time when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
    }
}

record! {
    /// See [`Correction`](crate::Correction).
    CorrectionRecord {
        /// The key of the post.
        post: Key,
        /// Its id; a new one when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<crate::CorrectionId>,
        /// The part of the text that it is about, in bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        range: Option<(u32, u32)>,
        /// The revision of the post that it was written against.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        revision: u32,
        /// What is right instead.
        body: String,
        /// The key of who corrected.
        author: Key,
        /// When.
        at: Timestamp,
        /// When it was taken back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        withdrawn_at: Option<Timestamp>,
    }
}

record! {
    /// See [`Link`](crate::Link).
    LinkRecord {
        /// The key of the topic that points.
        from: Key,
        /// The key of the topic pointed at.
        to: Key,
        /// How they are related.
        kind: LinkKind,
        /// Since when; the clock's time when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
    }
}

record! {
    /// Views of a topic on one day. An import sets the number, it does not add.
    ViewsRecord {
        /// The key of the topic.
        topic: Key,
        /// The day, counted from 1970-01-01; 0 for views from before days were counted.
        #[serde(default)]
        day: i32,
        /// How many; at most [`ViewsRecord::MOST`].
        views: i64,
    }
}

record! {
    /// That an answer was accepted. Its post says that it comes later.
    AcceptanceRecord {
        /// The key of the answer.
        post: Key,
        /// The key of who accepted it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Key>,
        /// When.
        at: Timestamp,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
}

record! {
    /// See [`Grant`](crate::Grant). A grant never changes: one whose key is there is left as it is.
    GrantRecord {
        /// Its key: the one that it has where it comes from, or its id.
        key: Key,
        /// The key of whose points they are.
        member: Key,
        /// What for, in one word.
        reason: Slug,
        /// How many; 0 for a promotion to the role `reason`, and for a badge.
        points: i64,
        /// For a decision on the badge `reason`: the tier that was given, 0 when it was taken away.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tier: Option<u32>,
        /// The key of the post that it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        post: Option<Key>,
        /// The key of who decided.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Key>,
        /// What for, in words.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
        /// When.
        at: Timestamp,
    }
}

record! {
    /// Members who visited on one day. An import adds to those who are known.
    VisitsRecord {
        /// The day, counted from 1970-01-01.
        day: i32,
        /// The keys of the members; at most [`VisitsRecord::MOST`].
        members: Vec<Key>,
    }
}

record! {
    /// See [`Document`](crate::Document). It keeps its id wherever it goes, except beside its original
    /// in another community of one store.
    DocumentRecord {
        /// Its id.
        id: crate::DocumentId,
        /// Its collection.
        collection: Slug,
        /// What it says.
        body: Value,
        /// The lists in which it stands.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        keys: Vec<DocumentKey>,
        /// When it was created.
        created_at: Timestamp,
        /// When it was last written; `created_at` when it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        updated_at: Option<Timestamp>,
    }
}

impl VisitsRecord {
    /// The most members in one record; a day may have several.
    pub const MOST: usize = 500;
}

impl ViewsRecord {
    /// The most views of one day: so many that all days together can still be counted.
    pub const MOST: i64 = 1 << 40;

    /// Checks that its numbers can be counted together with others of the topic.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.views > Self::MOST {
            return Err(Error::invalid("no day has so many views"));
        }
        Ok(())
    }
}

fn is_true() -> bool {
    true
}

fn is_set(value: &bool) -> bool {
    *value
}

fn is_false(value: &bool) -> bool {
    !*value
}

fn is_zero(value: &u32) -> bool {
    *value == 0
}

fn one() -> u32 {
    1
}

fn is_one(value: &u32) -> bool {
    *value == 1
}

fn everyone() -> Audience {
    Audience::Everyone
}

fn is_everyone(audience: &Audience) -> bool {
    *audience == Audience::Everyone
}

fn published() -> State {
    State::Published
}

fn is_published(state: &State) -> bool {
    *state == State::Published
}

fn vote() -> Slot {
    Slot::Vote
}

fn is_vote(slot: &Slot) -> bool {
    *slot == Slot::Vote
}
