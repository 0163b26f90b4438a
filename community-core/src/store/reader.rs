//! Reading.

use async_trait::async_trait;
use serde::Serialize;

use super::StoreError;
use crate::directory::Directory;
use crate::domain::{
    Author, Correction, Link, LinkKind, Member, Membership, Post, Reaction, Revision, Slot, State,
    Topic,
};
use crate::fold::Folded;
use crate::id::{ChannelId, CommunityId, CorrectionId, MemberId, PostId, TopicId};
use crate::policy::{AccessRev, Guarded, Place, Scope, Unchecked};
use crate::query::{FeedRequest, Position, ThreadRequest};
use crate::text::{Key, Slug};
use crate::time::Timestamp;

/// Contract between the engine and a store: reading.
///
/// Every read of content takes the [`Scope`] of its viewer, and refuses it with
/// [`StoreError::StaleScope`] when [`Reader::access_rev`] has moved since the scope was worked out
/// (the system's scope excepted): so a right that was taken away is gone with the next read.
/// Batches come back in the order of the request (G6).
#[async_trait]
pub trait Reader: Send + Sync + std::fmt::Debug {
    /// What the store is.
    async fn info(&self) -> Result<StoreInfo, StoreError>;

    /// The revision of everything that this viewer's rights rest on. Its `directory` changes when
    /// a community, channel or label is written, and is the [`Directory::rev`] of that moment; its
    /// `member` changes when this member or a membership of this member is written. Nothing else
    /// changes it: a store full of traffic does not make scopes stale.
    async fn access_rev(&self, member: Option<MemberId>) -> Result<AccessRev, StoreError>;

    /// The whole directory.
    async fn directory(&self) -> Result<Directory, StoreError>;

    /// Members by id.
    async fn members(&self, ids: &[MemberId]) -> Result<Vec<Option<Member>>, StoreError>;

    /// Members by the host's key.
    async fn members_by_key(&self, keys: &[Key]) -> Result<Vec<Option<Member>>, StoreError>;

    /// All memberships of one member.
    async fn memberships(&self, member: MemberId) -> Result<Vec<Membership>, StoreError>;

    /// What these members are in one community, in the order of the request.
    async fn memberships_in(
        &self,
        community: CommunityId,
        members: &[MemberId],
    ) -> Result<Vec<Option<Membership>>, StoreError>;

    /// Listed members who have joined a community, behind the position, earliest first: the key is
    /// the moment of joining in microseconds, the id the member's.
    async fn members_of(
        &self,
        community: CommunityId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<MemberRow>, StoreError>;

    /// A page of the list of names of a community: whoever stands in it with a text that begins
    /// so, each once, in the order of [`name_places`](crate::query::name_places) and then of id.
    async fn members_named(
        &self,
        community: CommunityId,
        begins: &Folded,
        limit: usize,
    ) -> Result<Vec<MemberRow>, StoreError>;

    /// How many members have joined a community.
    async fn member_count(&self, community: CommunityId) -> Result<u64, StoreError>;

    /// What stands under the host's keys in a community: the topic, and the post for a post's key.
    /// Only says where to look; what is found there is then read under a scope.
    async fn lookup(
        &self,
        community: CommunityId,
        keys: &[Key],
    ) -> Result<Vec<Option<(TopicId, Option<PostId>)>>, StoreError>;

    /// Topics by id.
    async fn topics(
        &self,
        ids: &[TopicId],
        scope: &Scope,
    ) -> Result<Vec<Option<Unchecked<TopicRow>>>, StoreError>;

    /// Posts by id, with text, tallies and corrections.
    async fn posts(
        &self,
        ids: &[PostId],
        scope: &Scope,
    ) -> Result<Vec<Option<Unchecked<PostView>>>, StoreError>;

    /// A page of a feed.
    async fn feed(&self, request: &FeedRequest, scope: &Scope) -> Result<FeedPage, StoreError>;

    /// The topics of a community that have a pin, published ones only, in no order. Whether a pin
    /// is in force is the engine's to say.
    async fn pinned(
        &self,
        community: CommunityId,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<Card>>, StoreError>;

    /// A page of a thread; empty when the scope does not admit the topic, or when the root is not
    /// in it. Of a post that the scope does not admit the page tells no key, see
    /// [`PostOrder::place_told`](crate::query::PostOrder::place_told).
    async fn thread(
        &self,
        request: &ThreadRequest,
        scope: &Scope,
    ) -> Result<ThreadPage, StoreError>;

    /// The posts above a post, from the first post down to its parent, without those that the
    /// scope does not admit; none when it does not admit the post itself.
    async fn ancestors(
        &self,
        post: PostId,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<PostView>>, StoreError>;

    /// Revisions of a post with numbers above `after`, rising; none when the scope does not admit
    /// the post.
    async fn revisions(
        &self,
        post: PostId,
        after: u32,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<(Place, PostRef, Revision)>>, StoreError>;

    /// One correction.
    async fn correction(&self, id: CorrectionId) -> Result<Option<Correction>, StoreError>;

    /// The reactions in one slot of a post, oldest first, behind the position: the key is the
    /// moment in microseconds, the id the member's.
    async fn reactions(
        &self,
        post: PostId,
        slot: Slot,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Reaction>, StoreError>;

    /// What one member gave to these posts, in their order, the vote before the reaction.
    async fn reactions_of(
        &self,
        member: MemberId,
        posts: &[PostId],
    ) -> Result<Vec<Reaction>, StoreError>;

    /// The links from and to a topic behind a place, in the order of [`Link::place`]: by id, then
    /// by key. A link from a topic to itself is among them once.
    async fn links(
        &self,
        topic: TopicId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError>;

    /// One link, if there is one.
    async fn link(
        &self,
        from: TopicId,
        to: TopicId,
        kind: LinkKind,
    ) -> Result<Option<Link>, StoreError>;

    /// Published topics per label, over the channels that the scope reads whole, plus the viewer's
    /// own in channels where only those are read. In no order, without zeros, and without labels
    /// that do not exist for the viewer.
    async fn label_use(
        &self,
        community: CommunityId,
        scope: &Scope,
    ) -> Result<Vec<(Slug, u64)>, StoreError>;

    /// Published topics per channel, under the same rules.
    async fn channel_topics(
        &self,
        community: CommunityId,
        scope: &Scope,
    ) -> Result<Vec<(ChannelId, u64)>, StoreError>;

    /// The latest creation among published posts of a topic that bump, leaving out one post.
    async fn latest_bump(
        &self,
        topic: TopicId,
        except: Option<PostId>,
    ) -> Result<Option<Timestamp>, StoreError>;

    /// Views of a topic by day, rising; day 0 holds those from before days were counted.
    async fn views(&self, topic: TopicId) -> Result<Vec<(i32, i64)>, StoreError>;

    /// All topics of a community that the scope admits by id, whatever their state, behind the
    /// given one.
    async fn topics_by_id(
        &self,
        community: CommunityId,
        after: Option<TopicId>,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<TopicRow>>, StoreError>;

    /// All posts of a topic that the scope admits by id, whatever their state, behind the given
    /// one.
    async fn posts_by_id(
        &self,
        topic: TopicId,
        after: Option<PostId>,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<PostView>>, StoreError>;

    /// Posts that a member wrote and that are not erased, whatever their state, by time and then by
    /// id, at most `limit`. Costs what the member has written.
    async fn posts_to_erase(
        &self,
        author: MemberId,
        limit: usize,
    ) -> Result<Vec<PostId>, StoreError>;

    /// All corrections of a post, oldest first, withdrawn ones included.
    async fn corrections(&self, post: PostId) -> Result<Vec<Correction>, StoreError>;

    /// All members by id, behind the given one, listed or not.
    async fn members_by_id(
        &self,
        after: Option<MemberId>,
        limit: usize,
    ) -> Result<Vec<Member>, StoreError>;
}

/// What a store is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreInfo {
    /// Which kind: `memory`, `sqlite`.
    pub backend: &'static str,
    /// A random number that a store gets when it is created or restored from a backup. Who keeps a
    /// copy of something under another epoch has a copy of something else.
    pub epoch: u64,
    /// The version of its format.
    pub format: u32,
}

/// A topic with its author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopicRow {
    /// The topic.
    pub topic: Topic,
    /// Who started it.
    pub author: Author,
}

/// A topic as a feed shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Card {
    /// The topic.
    pub topic: Topic,
    /// Who started it.
    pub author: Author,
    /// The corrections that stand beside its first post, oldest first.
    pub corrections: Vec<Correction>,
}

/// A page of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPage {
    /// The topics, each with the key by which it is sorted.
    pub items: Vec<(Position, Unchecked<Card>)>,
    /// Whether there are more.
    pub more: bool,
    /// What [`Reader::pinned`] says of the community of
    /// [`FeedRequest::pins_of`], at the same moment.
    pub pinned: Vec<Unchecked<Card>>,
}

/// A post as a reader sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PostView {
    /// The post.
    pub post: Post,
    /// Its text: that of its latest revision. Empty in a placeholder.
    pub body: String,
    /// Who wrote it.
    pub author: Author,
    /// The corrections that stand beside it, oldest first.
    pub corrections: Vec<Correction>,
    /// Its reactions, by key; votes are in the post's counters.
    pub tallies: Vec<Tally>,
    /// Where its topic stands.
    pub place: Place,
}

/// How often a reaction was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Which reaction.
    pub key: Slug,
    /// How often; never zero.
    pub count: i64,
}

/// What decides whether something that hangs on a post is to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PostRef {
    /// The post's author.
    pub author: MemberId,
    /// The post's state.
    pub state: State,
}

/// A page of a thread, in pre-order. Posts that are shown only as placeholders are in it; the
/// engine takes out what the viewer may not see of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadPage {
    /// The posts.
    pub items: Vec<(Position, Unchecked<ThreadItem>)>,
    /// Whether there are more.
    pub more: bool,
}

/// A post in a thread, or the place where one stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreadItem {
    /// A post.
    Post(Box<PostView>),
    /// A post that this viewer may not see, kept because of the replies below it.
    Placeholder(Placeholder),
}

/// What is left of a post that a viewer may not see, when it has replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Placeholder {
    /// Its id.
    pub id: PostId,
    /// The post it replied to.
    pub parent: Option<PostId>,
    /// Its depth.
    pub depth: u32,
    /// How many replies are shown below it.
    pub children: i64,
}

/// A member of a community, as directories show one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberRow {
    /// The member.
    pub member: Member,
    /// The membership.
    pub membership: Membership,
}

impl Topic {
    /// Where the topic stands, as far as reading it depends on that.
    #[must_use]
    pub fn place(&self) -> Place {
        Place {
            community: self.community,
            channel: self.channel,
            author: self.author,
            state: self.state,
        }
    }

    /// The topic with only the labels that exist for the viewer, and with its pin for moderators
    /// only; `None` when it does not exist itself.
    fn seen_by(mut self, scope: &Scope) -> Option<Self> {
        let community = self.community;
        self.pin = self.pin.filter(|_| scope.moderated().contains(self.channel));
        self.labels.retain(|label| scope.sees_label(community, label));
        scope.admits(self.place(), self.author, self.state).then_some(self)
    }
}

impl Guarded for TopicRow {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        let Self { topic, author } = self;
        Some(Self { topic: topic.seen_by(scope)?, author })
    }
}

impl Guarded for Card {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        let Self { topic, author, corrections } = self;
        Some(Self { topic: topic.seen_by(scope)?, author, corrections })
    }
}

impl Guarded for PostView {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        scope.admits(self.place, self.post.author, self.post.state).then_some(self)
    }
}

impl Guarded for ThreadItem {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        match self {
            Self::Placeholder(_) => Some(self),
            Self::Post(view) => {
                let PostView { ref post, place, .. } = *view;
                // The topic itself has to be readable; a post in it may then leave a placeholder.
                if !scope.admits(place, place.author, place.state) {
                    return None;
                }
                let placeholder = Placeholder {
                    id: post.id,
                    parent: post.parent,
                    depth: post.depth,
                    children: post.counters.children,
                };
                match view.admitted(scope) {
                    Some(view) => Some(Self::Post(Box::new(view))),
                    None => (placeholder.children > 0).then_some(Self::Placeholder(placeholder)),
                }
            }
        }
    }
}

impl Guarded for (Place, PostRef, Revision) {
    fn admitted(mut self, scope: &Scope) -> Option<Self> {
        let (place, post, revision) = &mut self;
        if let Some(labels) = &mut revision.labels {
            labels.retain(|label| scope.sees_label(place.community, label));
        }
        scope.admits(*place, post.author, post.state).then_some(self)
    }
}
