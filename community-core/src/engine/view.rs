//! What reads return, as far as it is not a store's row.

use serde::Serialize;

use crate::domain::{Channel, Community, Label, Link, RoleGrant};
use crate::id::{ChannelId, CommunityId, MemberId};
use crate::policy::{Guarded, Scope, Visible};
use crate::query::Sort;
use crate::store::{Card, Placeholder, PostView, ThreadItem, TopicRow};
use crate::text::{Key, Name, Slug};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<String>,
}

/// A page of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedView {
    /// The topics that are pinned here, on the first page of a feed that leaves none out: one
    /// without a filter, in an order that holds every topic. They stand at their own place among
    /// the items as well.
    pub pinned: Vec<Visible<Card>>,
    /// The topics.
    pub items: Vec<Visible<Card>>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<String>,
}

/// A page of a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ThreadView {
    /// The topic.
    pub topic: Visible<TopicRow>,
    /// The posts above the one that the page begins with, when it does not begin at the top.
    pub path: Vec<Visible<ThreadItem>>,
    /// The posts in pre-order: each is followed by its replies.
    pub items: Vec<Visible<ThreadItem>>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<String>,
}

/// A community as its visitors see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommunityView {
    /// The id.
    pub id: CommunityId,
    /// The key.
    pub key: Slug,
    /// The name.
    pub name: Name,
    /// What it is about.
    pub description: String,
    /// Whether it is archived.
    pub archived: bool,
    /// The reactions that it offers.
    pub reactions: Vec<Slug>,
    /// Whether the viewer has joined.
    pub joined: bool,
}

impl CommunityView {
    pub(super) fn new(community: &Community, joined: bool) -> Self {
        Self {
            id: community.id,
            key: community.key.clone(),
            name: community.name.clone(),
            description: community.description.clone(),
            archived: community.archived,
            reactions: community.reactions.iter().map(|reaction| reaction.key.clone()).collect(),
            joined,
        }
    }
}

impl Guarded for Community {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        scope.sees_community(self.id).then_some(self)
    }
}

impl Guarded for CommunityView {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        scope.sees_community(self.id).then_some(self)
    }
}

/// A channel as its visitors see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChannelView {
    /// The id.
    pub id: ChannelId,
    /// The key.
    pub key: Slug,
    /// The name.
    pub name: Name,
    /// The key of the channel above it.
    pub parent: Option<Slug>,
    /// 1 for a top-level channel.
    pub level: usize,
    /// What it is about.
    pub description: String,
    /// Whether it is archived.
    pub archived: bool,
    /// The kinds of topics that it takes; `None` is every kind of the community.
    pub kinds: Option<BTreeSet<Slug>>,
    /// The orders that its feed offers.
    pub sorts: Vec<Sort>,
    /// The topics in it that the viewer may read, without those of channels below.
    pub topics: u64,
}

impl ChannelView {
    pub(super) fn new(entry: &crate::ChannelEntry, parent: Option<&Channel>, topics: u64) -> Self {
        let channel = &entry.channel;
        Self {
            id: channel.id,
            key: channel.key.clone(),
            name: channel.name.clone(),
            parent: parent.map(|parent| parent.key.clone()),
            level: entry.path.len(),
            description: channel.description.clone(),
            archived: channel.archived,
            kinds: entry.settings.kinds.clone(),
            sorts: entry.settings.sorts.clone(),
            topics,
        }
    }
}

impl Guarded for Channel {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        scope.sees_channel(self.id).then_some(self)
    }
}

impl Guarded for ChannelView {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        scope.sees_channel(self.id).then_some(self)
    }
}

/// Where a topic stands, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlaceView {
    /// The key of the community.
    pub community: Slug,
    /// The id of the channel.
    pub id: ChannelId,
    /// The key of the channel.
    pub channel: Slug,
    /// The name of the channel.
    pub name: Name,
}

impl Guarded for PlaceView {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        scope.sees_channel(self.id).then_some(self)
    }
}

/// A label as its visitors see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelView {
    /// The community.
    #[serde(skip)]
    pub community: CommunityId,
    /// The key.
    pub key: Slug,
    /// The name.
    pub name: Name,
    /// What it stands for.
    pub description: String,
    /// The topics with it that the viewer may read.
    pub topics: u64,
}

impl Guarded for Label {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        scope.sees_label(self.community, &self.key).then_some(self)
    }
}

impl Guarded for LabelView {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        scope.sees_label(self.community, &self.key).then_some(self)
    }
}

/// A member of a community as others see one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberView {
    /// The community.
    #[serde(skip)]
    pub community: CommunityId,
    /// The id.
    pub id: MemberId,
    /// The host's key.
    pub key: Key,
    /// The name.
    pub name: Name,
    /// The profile.
    pub profile: BTreeMap<Slug, String>,
    /// Since when the member belongs to the community.
    pub joined_at: Option<Timestamp>,
    /// The roles, those in channels that the viewer does not see left out.
    pub roles: Vec<RoleGrant>,
    /// The level.
    pub level: u32,
}

impl MemberView {
    pub(super) fn new(member: &crate::Member, membership: &crate::Membership) -> Self {
        Self {
            community: membership.community,
            id: member.id,
            key: member.key.clone(),
            name: member.name.clone(),
            profile: member.profile.clone(),
            joined_at: membership.joined_at,
            roles: membership.roles.clone(),
            level: membership.level,
        }
    }
}

impl Guarded for MemberView {
    fn admitted(mut self, scope: &Scope) -> Option<Self> {
        self.roles.retain(|role| role.channel.is_none_or(|channel| scope.sees_channel(channel)));
        scope.sees_community(self.community).then_some(self)
    }
}

/// The names that begin with what was typed, the best of each kind first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Completions {
    /// Labels.
    pub labels: Vec<Visible<LabelView>>,
    /// Channels.
    pub channels: Vec<Visible<ChannelView>>,
    /// Members of the community.
    pub members: Vec<Visible<MemberView>>,
}

/// A link with the topic at its other end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LinkView {
    /// The link.
    pub link: Link,
    /// The other topic.
    pub topic: TopicRow,
}

impl Guarded for LinkView {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        let Self { link, topic } = self;
        Some(Self { link, topic: topic.admitted(scope)? })
    }
}

impl ThreadItem {
    /// The post, unless it is a placeholder.
    #[must_use]
    pub fn post(&self) -> Option<&PostView> {
        match self {
            Self::Post(view) => Some(view),
            Self::Placeholder(_) => None,
        }
    }

    /// The id of the post, or of the one that stood here.
    #[must_use]
    pub fn id(&self) -> crate::PostId {
        match self {
            Self::Post(view) => view.post.id,
            Self::Placeholder(Placeholder { id, .. }) => *id,
        }
    }
}
