//! Reads of content. Each is a variant of [`Read`], which the leak test of the testkit goes
//! through: a read without a variant gets no scope, and a variant that the leak test does not
//! observe does not compile there.

use super::Rights;
use super::session::{Session, reading};
use super::view::{LinkView, Page, ThreadView};
use crate::diff::{Change, diff};
use crate::domain::{Reaction, Revision, Slot};
use crate::error::{Error, Result};
use crate::id::{PostId, TopicId};
use crate::policy::{Action, Decision, Place, Target, Visible};
use crate::query::{Cursor, Position, ThreadQuery, ThreadRequest, ThreadStart};
use crate::store::{PostRef, PostView, ThreadItem, TopicRow};
use crate::text::{Key, Slug};
use crate::time::to_micros;

macro_rules! reads {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// The register of reads.
        ///
        /// Exhaustive on purpose: whoever observes all reads has to be told of a new one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Read {
            $($(#[$doc])* $name,)+
        }

        impl Read {
            /// All reads.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
        }
    };
}

reads! {
    /// [`Session::communities`] and [`Session::community`].
    Communities,
    /// [`Session::channels`] and [`Session::place`].
    Channels,
    /// [`Session::labels`].
    Labels,
    /// [`Session::managed_community`] and its kin, [`Session::preview_rules`],
    /// [`Session::preview_badges`], [`Session::super_users`].
    Managed,
    /// [`Session::feed`].
    Feed,
    /// [`Session::topic`] and [`Session::topic_by_key`].
    Topic,
    /// [`Session::thread`].
    Thread,
    /// [`Session::post`] and [`Session::post_by_key`].
    Post,
    /// [`Session::revisions`] and [`Session::revision_diff`].
    Revisions,
    /// [`Session::corrections`].
    Corrections,
    /// [`Session::reactions`].
    Reactions,
    /// [`Session::own_reactions`].
    OwnReactions,
    /// [`Session::links`].
    Links,
    /// [`Session::members`], [`Session::member_of`] and [`Session::authors`].
    Members,
    /// [`Session::member_count`].
    MemberCount,
    /// [`Session::standing`], [`Session::standings`] and [`Session::ledger`].
    Standing,
    /// [`Session::leaderboard`].
    Leaderboard,
    /// [`Session::badges`], [`Session::badges_of`] and [`Session::badge_holders`].
    Badges,
    /// [`Session::complete`].
    Complete,
    /// [`Session::can`] and its kin.
    Can,
    /// [`Session::search`].
    Search,
    /// [`Session::similar`] and [`Session::related`].
    Similar,
    /// [`Session::record_view`].
    RecordView,
    /// [`Session::visit`] and [`Session::visits`].
    Visits,
    /// [`Session::read_extension`].
    Extension,
    /// [`Session::suggestion_steps`].
    Suggestions,
    /// [`Session::events`].
    Events,
}

impl Session {
    /// A topic.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none for this viewer.
    pub async fn topic(&self, id: TopicId) -> Result<Visible<TopicRow>> {
        reading!(self, Read::Topic, |rights| self.visible_topic(&rights, id).await)
    }

    /// A topic by the host's key, or by its id as text. The key of a post gives its topic.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none for this viewer.
    pub async fn topic_by_key(&self, community: &Slug, key: &Key) -> Result<Visible<TopicRow>> {
        reading!(self, Read::Topic, |rights| {
            let (topic, post) = self.look_up(&rights, community, key, "topic").await?;
            if let Some(post) = post {
                // Whoever may not see the post must not learn where its key leads.
                let seen = self.visible_post(&rights, post).await;
                seen.map_err(|error| not_found_as(error, "topic"))?;
            }
            self.visible_topic(&rights, topic).await
        })
    }

    /// A post with its text.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none for this viewer.
    pub async fn post(&self, id: PostId) -> Result<Visible<PostView>> {
        reading!(self, Read::Post, |rights| self.visible_post(&rights, id).await)
    }

    /// A post by the host's key, or by its id as text. A topic's key gives its first post.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none for this viewer.
    pub async fn post_by_key(&self, community: &Slug, key: &Key) -> Result<Visible<PostView>> {
        reading!(self, Read::Post, |rights| {
            let (topic, post) = self.look_up(&rights, community, key, "post").await?;
            let post = match post {
                Some(post) => post,
                None => {
                    let found = self.visible_topic(&rights, topic).await;
                    found.map_err(|error| not_found_as(error, "post"))?.topic.opening
                }
            };
            self.visible_post(&rights, post).await
        })
    }

    /// A page of a topic's thread.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the topic, or the post that the query begins with, does not exist
    /// for this viewer; [`Error::Invalid`] for a cursor of another thread; [`Error::Limit`] for too
    /// large a page.
    pub async fn thread(&self, topic: TopicId, query: &ThreadQuery) -> Result<ThreadView> {
        let limits = self.engine().env().limits();
        let limit = limits.page_size(query.limit)?;
        reading!(self, Read::Thread, |rights| {
            let store = self.engine().store();
            let row = self.visible_topic(&rights, topic).await?;
            let opening = row.topic.opening;
            let mut top = 0;
            let mut start = ThreadStart::Root;
            let mut path = Vec::new();
            for wish in [query.root, query.around].into_iter().flatten() {
                let view = self.visible_post(&rights, wish).await?;
                if view.post.topic != topic {
                    return Err(Error::NotFound("post"));
                }
                if query.root == Some(wish) {
                    top = view.post.depth;
                }
                path = store.ancestors(wish, &rights.scope).await?;
            }
            if let Some(around) = query.around {
                start = ThreadStart::At(around);
            }
            let depth = query.depth.map_or(u32::MAX, |depth| top.saturating_add(depth));
            let name = format!("thread {topic} {:?} {} {depth}", query.root, query.order);
            if let Some(text) = &query.after {
                start = ThreadStart::After(query.order.place_of(Cursor::decode(text, &name)?));
                path.clear();
            }
            let request = ThreadRequest {
                topic,
                root: query.root.unwrap_or(opening),
                order: query.order,
                max_depth: depth,
                start,
                limit,
            };
            let page = store.thread(&request, &rights.scope).await?;
            let next = page
                .items
                .last()
                .filter(|_| page.more)
                .map(|(position, _)| Cursor::new(*position, &name).to_string());
            let scope = &rights.scope;
            let as_item = |view: PostView| ThreadItem::Post(Box::new(view));
            Ok(ThreadView {
                path: scope.admit_all(path.into_iter().map(|view| view.map(as_item))),
                items: scope.admit_all(page.items.into_iter().map(|(_, item)| item)),
                topic: row,
                next,
            })
        })
    }

    /// The versions of a post's text with numbers above `after`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the post does not exist for this viewer; [`Error::Limit`] for too
    /// large a page.
    pub async fn revisions(
        &self,
        post: PostId,
        after: u32,
        limit: Option<usize>,
    ) -> Result<Vec<Revision>> {
        let limit = self.engine().env().limits().page_size(limit)?;
        reading!(self, Read::Revisions, |rights| {
            self.visible_post(&rights, post).await?;
            self.visible_revisions(&rights, post, after, limit).await
        })
    }

    /// What changed in a post's text from one version to another.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the post, or one of the versions, does not exist for this viewer.
    pub async fn revision_diff(&self, post: PostId, from: u32, to: u32) -> Result<Vec<Change>> {
        reading!(self, Read::Revisions, |rights| {
            self.visible_post(&rights, post).await?;
            let mut bodies = Vec::new();
            for number in [from, to] {
                let after = number.checked_sub(1).ok_or(Error::NotFound("revision"))?;
                let found = self.visible_revisions(&rights, post, after, 1).await?;
                let found = found.into_iter().find(|revision| revision.number == number);
                bodies.push(found.ok_or(Error::NotFound("revision"))?.body);
            }
            match bodies.as_slice() {
                [old, new] => Ok(diff(old, new)),
                _ => Err(Error::NotFound("revision")),
            }
        })
    }

    pub(super) async fn visible_revisions(
        &self,
        rights: &Rights,
        post: PostId,
        after: u32,
        limit: usize,
    ) -> Result<Vec<Revision>> {
        let scope = &rights.scope;
        let rows = self.engine().store().revisions(post, after, limit, scope).await?;
        let rows: Vec<Visible<(Place, PostRef, Revision)>> = scope.admit_all(rows);
        Ok(rows.into_iter().map(|row| row.into_inner().2).collect())
    }

    /// The corrections beside a post, oldest first. Those that were taken back are shown to
    /// moderators, and to whoever wrote them.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the post does not exist for this viewer.
    pub async fn corrections(&self, post: PostId) -> Result<Vec<crate::Correction>> {
        reading!(self, Read::Corrections, |rights| {
            // Read before the post is looked at: what comes beside it later may be for others only.
            let mut corrections = self.engine().store().corrections(post).await?;
            let view = self.visible_post(&rights, post).await?;
            let moderates = rights.scope.moderated().contains(view.place.channel);
            corrections.retain(|correction| {
                correction.withdrawn_at.is_none()
                    || moderates
                    || rights.actor() == Some(correction.author)
            });
            Ok(corrections)
        })
    }

    /// Who reacted to a post, oldest first. Who voted is shown to moderators only.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the post does not exist for this viewer; [`Error::Denied`] for votes,
    /// unless the viewer moderates the channel.
    pub async fn reactions(
        &self,
        post: PostId,
        slot: Slot,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Page<Reaction>> {
        let limit = self.engine().env().limits().page_size(limit)?;
        reading!(self, Read::Reactions, |rights| {
            let name = format!("reactions {post} {slot:?}");
            let position = after.map(|text| Cursor::decode(text, &name)).transpose();
            // Read before the post is looked at: what it gets later may be for others only.
            let store = self.engine().store();
            let behind = position.as_ref().ok().copied().flatten();
            let mut items = store.reactions(post, slot, behind, limit + 1).await?;
            let view = self.visible_post(&rights, post).await?;
            if slot == Slot::Vote {
                let topic = self.visible_topic(&rights, view.post.topic).await?;
                rights.require_in_topic(&Action::Moderate, &topic.topic, None, "post")?;
            }
            position?;
            let more = items.len() > limit;
            items.truncate(limit);
            let next = items.last().filter(|_| more).map(|last| {
                let position = Position { key: to_micros(last.at), id: last.member.uuid() };
                Cursor::new(position, &name).to_string()
            });
            Ok(Page { items, next })
        })
    }

    /// What the acting member gave to these posts.
    ///
    /// # Errors
    /// [`Error::Limit`] for more posts than fit on a page.
    pub async fn own_reactions(&self, posts: &[PostId]) -> Result<Vec<Reaction>> {
        self.engine().env().limits().page(posts.len())?;
        reading!(self, Read::OwnReactions, |rights| {
            let Some(me) = rights.actor() else { return Ok(Vec::new()) };
            let store = self.engine().store();
            let seen = store.posts(posts, &rights.scope).await?;
            let seen = rights.scope.admit_all(seen.into_iter().flatten());
            let seen: Vec<PostId> = seen.iter().map(|view| view.post.id).collect();
            Ok(store.reactions_of(me, &seen).await?)
        })
    }

    /// The links from and to a topic, as far as the viewer sees the other end, in the order of
    /// [`Link::place`](crate::Link::place). Every page but the last is full.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the topic does not exist for this viewer; [`Error::Invalid`] for a
    /// cursor of another list; [`Error::Limit`] for too large a page.
    pub async fn links(
        &self,
        topic: TopicId,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Page<Visible<LinkView>>> {
        let limit = self.engine().env().limits().page_size(limit)?;
        reading!(self, Read::Links, |rights| {
            self.visible_topic(&rights, topic).await?;
            let name = format!("links {topic}");
            let mut after = after.map(|text| Cursor::decode(text, &name)).transpose()?;
            let store = self.engine().store();
            let mut items: Vec<Visible<LinkView>> = Vec::new();
            while items.len() <= limit {
                let links = store.links(topic, after, limit + 1).await?;
                let is_last = links.len() <= limit;
                after = links.last().map(|link| link.place(topic));
                let others: Vec<TopicId> = links.iter().map(|link| link.other(topic)).collect();
                let rows = store.topics(&others, &rights.scope).await?;
                let pairs = links.into_iter().zip(rows);
                let seen = pairs
                    .filter_map(|(link, row)| Some(row?.map(|topic| LinkView { link, topic })));
                items.extend(rights.scope.admit_all(seen));
                if is_last {
                    break;
                }
            }
            let more = items.len() > limit;
            items.truncate(limit);
            // The place of a link that the viewer sees: a cursor tells of no other.
            let last = items.last().filter(|_| more).map(|last| last.link.place(topic));
            let next = last.map(|place| Cursor::new(place, &name).to_string());
            Ok(Page { items, next })
        })
    }

    /// Whether the viewer may do something in a community or channel, and because of what.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the community or channel does not exist for this viewer.
    pub async fn can(
        &self,
        action: &Action,
        community: &Slug,
        channel: Option<&Slug>,
    ) -> Result<Decision> {
        reading!(self, Read::Can, |rights| {
            // To join is to come in from outside: the question may be asked of a closed door, and
            // the answer is then the same as for a door that is not there.
            let target = rights.target(community, channel)?;
            Ok(rights.decide(action, target))
        })
    }

    /// Whether the viewer may do something to a topic, and because of what.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the topic does not exist for this viewer.
    pub async fn can_in_topic(&self, action: &Action, topic: TopicId) -> Result<Decision> {
        reading!(self, Read::Can, |rights| {
            let row = self.visible_topic(&rights, topic).await?;
            rights.decide_in_topic(action, &row.topic, Some(row.topic.author))
        })
    }

    /// Whether the viewer may do something to a post, and because of what.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the post does not exist for this viewer.
    pub async fn can_on_post(&self, action: &Action, post: PostId) -> Result<Decision> {
        reading!(self, Read::Can, |rights| {
            let view = self.visible_post(&rights, post).await?;
            let row = self.visible_topic(&rights, view.post.topic).await?;
            rights.decide_in_topic(action, &row.topic, Some(view.post.author))
        })
    }

    /// Counts a view of a topic. Views wait in memory and are written in batches by
    /// [`Engine::pump`](crate::Engine::pump), or when many wait.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the topic does not exist for this viewer.
    pub async fn record_view(&self, topic: TopicId) -> Result<()> {
        let due = reading!(self, Read::RecordView, |rights| {
            self.visible_topic(&rights, topic).await?;
            Ok(self.engine().count_view(topic, rights.viewer))
        })?;
        if due {
            self.engine().flush_views().await?;
        }
        Ok(())
    }

    /// A topic under a viewer's scope.
    pub(crate) async fn visible_topic(
        &self,
        rights: &Rights,
        id: TopicId,
    ) -> Result<Visible<TopicRow>> {
        let rows = self.engine().store().topics(&[id], &rights.scope).await?;
        let row = rows.into_iter().flatten().next();
        row.and_then(|row| rights.scope.admit(row)).ok_or(Error::NotFound("topic"))
    }

    /// A post under a viewer's scope.
    pub(crate) async fn visible_post(
        &self,
        rights: &Rights,
        id: PostId,
    ) -> Result<Visible<PostView>> {
        let rows = self.engine().store().posts(&[id], &rights.scope).await?;
        let row = rows.into_iter().flatten().next();
        row.and_then(|row| rights.scope.admit(row)).ok_or(Error::NotFound("post"))
    }

    /// What a key, or an id as text, stands for.
    async fn look_up(
        &self,
        rights: &Rights,
        community: &Slug,
        key: &Key,
        what: &'static str,
    ) -> Result<(TopicId, Option<PostId>)> {
        let community = rights.community(community)?;
        let store = self.engine().store();
        // Ids come first: nobody takes over a permalink with a key that reads like it.
        if let Ok(id) = key.as_str().parse::<uuid::Uuid>() {
            let (post, topic) = (PostId::from_uuid(id), TopicId::from_uuid(id));
            let posts = store.posts(&[post], &rights.scope).await?;
            let seen = rights.scope.admit_all(posts.into_iter().flatten());
            if let Some(view) = seen.iter().find(|view| view.place.community == community.id) {
                return Ok((view.post.topic, Some(post)));
            }
            let topics = store.topics(&[topic], &rights.scope).await?;
            let seen = rights.scope.admit_all(topics.into_iter().flatten());
            if seen.iter().any(|row| row.topic.community == community.id) {
                return Ok((topic, None));
            }
        }
        let found = store.lookup(community.id, std::slice::from_ref(key)).await?;
        found.into_iter().flatten().next().ok_or(Error::NotFound(what))
    }
}

fn not_found_as(error: Error, what: &'static str) -> Error {
    match error {
        Error::NotFound(_) => Error::NotFound(what),
        other => other,
    }
}

impl Rights {
    /// The answer to a question about something in a topic that the viewer sees.
    pub(crate) fn decide_in_topic(
        &self,
        action: &Action,
        topic: &crate::Topic,
        author: Option<crate::MemberId>,
    ) -> Result<Decision> {
        let (community, channel) = self.place_of(topic)?;
        let target = Target { community, channel: Some(channel), topic: Some(topic), author };
        Ok(self.decide(action, target))
    }

    /// Goes on only when an action in a topic is allowed.
    pub(crate) fn require_in_topic(
        &self,
        action: &Action,
        topic: &crate::Topic,
        author: Option<crate::MemberId>,
        what: &'static str,
    ) -> Result<()> {
        let (community, channel) = self.place_of(topic)?;
        let target = Target { community, channel: Some(channel), topic: Some(topic), author };
        self.require(action, target, what)
    }
}
