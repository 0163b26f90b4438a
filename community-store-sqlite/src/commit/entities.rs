//! Topics and posts that a group touches: read once, changed in memory, written once, together with
//! their places in the listings.
//!
//! A reply with its five counters is one write of the topic's row, and so are all replies to a topic
//! that share a transaction. For that, what others hang on a first post is counted there as well.

use std::collections::BTreeMap;

use community_core::query::best_key;
use community_core::time::to_micros;
use community_core::{Mark, MemberId, Post, PostCounters, PostId, Topic, TopicCounters, TopicId};
use rusqlite::params;
use rustc_hash::FxHashMap;

use super::change::Change;
use crate::error::{Fault, Result};
use crate::read::{posts, topics};
use crate::row::{json, opt_json, opt_micros, signed};

/// By the primary key.
const PUT_TOPIC: &str = "INSERT INTO topics
    (id, community, channel, key, kind, answerable, title, labels, author, opening, status,
     payload, state, locked, pin, hot_scale, created_at, bumped_at, rev, gate,
     ups, downs, posts, answers, accepted, participants, views, active_at, replies, corrections)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
     ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30)
    ON CONFLICT (id) DO UPDATE SET community = excluded.community, channel = excluded.channel,
     key = excluded.key, kind = excluded.kind, answerable = excluded.answerable,
     title = excluded.title, labels = excluded.labels, author = excluded.author,
     opening = excluded.opening, status = excluded.status, payload = excluded.payload,
     state = excluded.state, locked = excluded.locked, pin = excluded.pin,
     hot_scale = excluded.hot_scale, created_at = excluded.created_at,
     bumped_at = excluded.bumped_at, rev = excluded.rev, gate = excluded.gate,
     ups = excluded.ups, downs = excluded.downs, posts = excluded.posts,
     answers = excluded.answers, accepted = excluded.accepted,
     participants = excluded.participants, views = excluded.views,
     active_at = excluded.active_at, replies = replies + excluded.replies,
     corrections = corrections + excluded.corrections";

/// By the primary key.
const COUNT_TOPIC: &str = "UPDATE topics SET ups = ?2, downs = ?3, posts = ?4, answers = ?5,
     accepted = ?6, participants = ?7, views = ?8, active_at = ?9, replies = replies + ?10,
     corrections = corrections + ?11 WHERE id = ?1";

/// By the primary key.
const PUT_POST: &str = "INSERT INTO posts
    (id, topic, parent, depth, kind, key, author, state, bumps, accepted_at, accepted_by,
     accepted_reason, official_at, official_by, official_reason, created_at, edited_at, revision,
     rev, ups, downs, children, corrections, best_key, ranked, shown, shared_at, erased_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
     ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28)
    ON CONFLICT (id) DO UPDATE SET topic = excluded.topic, parent = excluded.parent,
     depth = excluded.depth, kind = excluded.kind, key = excluded.key, author = excluded.author,
     state = excluded.state, bumps = excluded.bumps, accepted_at = excluded.accepted_at,
     accepted_by = excluded.accepted_by, accepted_reason = excluded.accepted_reason,
     official_at = excluded.official_at, official_by = excluded.official_by,
     official_reason = excluded.official_reason, created_at = excluded.created_at,
     edited_at = excluded.edited_at, revision = excluded.revision, rev = excluded.rev,
     ups = excluded.ups, downs = excluded.downs, children = excluded.children,
     corrections = excluded.corrections, best_key = excluded.best_key, ranked = excluded.ranked,
     shown = excluded.shown, shared_at = excluded.shared_at, erased_at = excluded.erased_at";

/// By the primary key. Writes no index.
const COUNT_POST: &str = "UPDATE posts SET ups = ?2, downs = ?3, children = ?4, corrections = ?5
     WHERE id = ?1";

/// By the primary key. Writes one index.
const RANK_POST: &str = "UPDATE posts SET best_key = ?2 WHERE id = ?1";

/// By the primary key.
const PLACE_POST: &str = "UPDATE posts SET best_key = ?2, ranked = ?3, shown = ?4 WHERE id = ?1";

/// What a group has touched, in order of id.
#[derive(Debug, Default)]
pub(super) struct Touched {
    topics: BTreeMap<TopicId, Entity<Topic>>,
    posts: BTreeMap<PostId, Entity<Post>>,
}

/// One entity, as it was and as it will be.
#[derive(Debug)]
struct Entity<T> {
    /// `None` when it is new.
    before: Option<T>,
    now: T,
    /// Whether more than counters may differ.
    put: bool,
}

impl<T: Clone> Entity<T> {
    fn stored(entity: T) -> Self {
        Self { before: Some(entity.clone()), now: entity, put: false }
    }
}

impl Change<'_> {
    pub(super) fn topic(&mut self, id: TopicId) -> Result<Option<&mut Topic>> {
        if !self.group.touched.topics.contains_key(&id) {
            let stored = topics::topic(self.conn, id)?;
            self.group.touched.topics.extend(stored.map(|topic| (id, Entity::stored(topic))));
        }
        Ok(self.group.touched.topics.get_mut(&id).map(|entity| &mut entity.now))
    }

    pub(super) fn post(&mut self, id: PostId) -> Result<Option<&mut Post>> {
        if !self.group.touched.posts.contains_key(&id) {
            let stored = posts::post(self.conn, id)?;
            self.group.touched.posts.extend(stored.map(|post| (id, Entity::stored(post))));
        }
        Ok(self.group.touched.posts.get_mut(&id).map(|entity| &mut entity.now))
    }

    pub(super) fn topic_mut(&mut self, id: TopicId) -> Result<&mut Topic> {
        self.topic(id)?.ok_or_else(|| Fault::refused(format_args!("there is no topic {id}")))
    }

    pub(super) fn post_mut(&mut self, id: PostId) -> Result<&mut Post> {
        self.post(id)?.ok_or_else(|| Fault::refused(format_args!("there is no post {id}")))
    }

    pub(super) fn need_topic(&mut self, id: TopicId) -> Result<()> {
        self.topic_mut(id).map(drop)
    }

    pub(super) fn need_post(&mut self, id: PostId) -> Result<()> {
        self.post_mut(id).map(drop)
    }

    pub(super) fn put_topic(&mut self, put: &Topic) -> Result<()> {
        let id = put.id;
        self.need_community(put.community)?;
        self.need_channel(put.channel)?;
        self.need_member(Some(put.author))?;
        let was = self.topic(id)?;
        let (counters, old_key) = match was {
            // The keys of its posts are unique in their community, so they would have to move too.
            Some(was) if was.community != put.community => {
                return Err(Fault::refused(format_args!("topic {id} cannot change community")));
            }
            Some(was) => (was.counters.clone(), was.key.clone()),
            None => (TopicCounters::new(put.bumped_at), None),
        };
        self.rename(put.community, old_key.as_ref(), put.key.as_ref(), id, None)?;
        let now = Topic { counters, ..put.clone() };
        match self.group.touched.topics.get_mut(&id) {
            Some(entity) => (entity.now, entity.put) = (now, true),
            None => {
                drop(self.group.touched.topics.insert(id, Entity { before: None, now, put: true }))
            }
        }
        Ok(())
    }

    pub(super) fn put_post(&mut self, put: &Post) -> Result<()> {
        let Post { id, topic, parent, .. } = *put;
        let community = self.topic_mut(topic)?.community;
        self.need_member(Some(put.author))?;
        for mark in [&put.accepted, &put.official].into_iter().flatten() {
            self.need_member(mark.by)?;
        }
        if let Some(parent) = parent {
            self.need_post(parent)?;
        }
        let was = self.post(id)?;
        let (counters, old_key) =
            was.map_or_else(Default::default, |was| (was.counters.clone(), was.key.clone()));
        self.rename(community, old_key.as_ref(), put.key.as_ref(), topic, Some(id))?;
        let now = Post { counters, ..put.clone() };
        match self.group.touched.posts.get_mut(&id) {
            Some(entity) => (entity.now, entity.put) = (now, true),
            None => {
                drop(self.group.touched.posts.insert(id, Entity { before: None, now, put: true }))
            }
        }
        Ok(())
    }

    /// Writes what differs from what is stored, so that a statement finds it.
    pub(super) fn write_touched(&mut self) -> Result<()> {
        let hung = self.hung_on_first_posts()?;
        let Touched { topics, posts } = std::mem::take(&mut self.group.touched);
        for (id, Entity { before, now, put }) in topics {
            let (differs, more) = (before.as_ref() != Some(&now), hung.get(&id).copied());
            if !differs && more.is_none() {
                continue;
            }
            let more = more.unwrap_or_default();
            if put {
                self.write_topic(&now, more)?
            } else {
                self.count_topic(&now, more)?
            }
            if differs {
                self.place(before.as_ref(), &now)?;
            }
        }
        for Entity { before, now, put } in posts.into_values() {
            if before.as_ref() == Some(&now) {
                continue;
            }
            if put { self.write_post(&now)? } else { self.count_post(before.as_ref(), &now)? }
        }
        Ok(())
    }

    /// By how much more hangs on the first posts of which topics, which are touched by that.
    fn hung_on_first_posts(&mut self) -> Result<FxHashMap<TopicId, Hung>> {
        let mut hung: FxHashMap<TopicId, Hung> = FxHashMap::default();
        let mut add = |post: &Post, sign: i64| {
            if post.parent.is_none() {
                let Hung { replies, corrections } = hung.entry(post.topic).or_default();
                *replies += sign * post.counters.children;
                *corrections += sign * post.counters.corrections;
            }
        };
        for Entity { before, now, .. } in self.group.touched.posts.values() {
            before.iter().for_each(|before| add(before, -1));
            add(now, 1);
        }
        hung.retain(|_, more| *more != Hung::default());
        hung.keys().try_for_each(|topic| self.need_topic(*topic))?;
        Ok(hung)
    }

    fn write_topic(&self, topic: &Topic, more: Hung) -> Result<()> {
        let Topic {
            id,
            community,
            channel,
            key,
            kind,
            answerable,
            title,
            labels,
            author,
            opening,
            status,
            payload,
            state,
            locked,
            pin,
            hot_scale,
            created_at,
            bumped_at,
            rev,
            gate,
            counters,
        } = topic;
        let TopicCounters { ups, downs, posts, answers, accepted, participants, views, active_at } =
            counters;
        self.conn.prepare_cached(PUT_TOPIC)?.execute(params![
            id.as_bytes(),
            community.as_bytes(),
            channel.as_bytes(),
            key.as_ref().map(|key| key.as_str()),
            kind.as_str(),
            answerable,
            title.as_str(),
            json(labels)?,
            author.as_bytes(),
            opening.as_bytes(),
            status.as_str(),
            opt_json(payload.as_ref())?,
            state.code(),
            locked,
            opt_json(pin.as_ref())?,
            hot_scale,
            to_micros(*created_at),
            to_micros(*bumped_at),
            signed(rev.0)?,
            signed(*gate)?,
            ups,
            downs,
            posts,
            answers,
            accepted,
            participants,
            views,
            to_micros(*active_at),
            more.replies,
            more.corrections,
        ])?;
        Ok(())
    }

    fn count_topic(&self, topic: &Topic, more: Hung) -> Result<()> {
        let TopicCounters { ups, downs, posts, answers, accepted, participants, views, active_at } =
            &topic.counters;
        self.conn.prepare_cached(COUNT_TOPIC)?.execute((
            topic.id.as_bytes(),
            ups,
            downs,
            posts,
            answers,
            accepted,
            participants,
            views,
            to_micros(*active_at),
            more.replies,
            more.corrections,
        ))?;
        Ok(())
    }

    fn write_post(&self, post: &Post) -> Result<()> {
        let Post {
            id,
            topic,
            parent,
            depth,
            kind,
            key,
            author,
            state,
            bumps,
            accepted,
            official,
            shared_at,
            erased_at,
            created_at,
            edited_at,
            revision,
            rev,
            counters: _,
        } = post;
        let PostCounters { ups, downs, children, corrections } = counters_of_row(post);
        let (accepted, official) = (mark(accepted.as_ref()), mark(official.as_ref()));
        let Rank { best_key, ranked, shown } = Rank::of(post);
        self.conn.prepare_cached(PUT_POST)?.execute(params![
            id.as_bytes(),
            topic.as_bytes(),
            parent.as_ref().map(|id| id.as_bytes()),
            depth,
            kind.code(),
            key.as_ref().map(|key| key.as_str()),
            author.as_bytes(),
            state.code(),
            bumps,
            accepted.0,
            accepted.1.map(|id| id.as_bytes()),
            accepted.2,
            official.0,
            official.1.map(|id| id.as_bytes()),
            official.2,
            to_micros(*created_at),
            opt_micros(*edited_at),
            revision,
            signed(rev.0)?,
            ups,
            downs,
            children,
            corrections,
            best_key,
            ranked,
            shown,
            opt_micros(*shared_at),
            opt_micros(*erased_at),
        ])?;
        Ok(())
    }

    fn count_post(&self, before: Option<&Post>, post: &Post) -> Result<()> {
        let counters = counters_of_row(post);
        if before.map(counters_of_row).as_ref() != Some(&counters) {
            let PostCounters { ups, downs, children, corrections } = counters;
            let params = (post.id.as_bytes(), ups, downs, children, corrections);
            self.conn.prepare_cached(COUNT_POST)?.execute(params)?;
        }
        let (was, is) = (before.map(Rank::of), Rank::of(post));
        let Rank { best_key, ranked, shown } = is;
        if was == Some(is) {
            return Ok(());
        }
        let id = post.id.as_bytes();
        if was.is_some_and(|was| (was.ranked, was.shown) == (ranked, shown)) {
            self.conn.prepare_cached(RANK_POST)?.execute((id, best_key))?;
        } else {
            self.conn.prepare_cached(PLACE_POST)?.execute((id, best_key, ranked, shown))?;
        }
        Ok(())
    }
}

/// What others hang on a first post. It is counted in the row of the topic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Hung {
    /// Replies that are shown.
    replies: i64,
    /// Corrections that stand.
    corrections: i64,
}

/// What is counted in the row of a post.
fn counters_of_row(post: &Post) -> PostCounters {
    let counters = post.counters.clone();
    match post.parent {
        Some(_) => counters,
        None => PostCounters { children: 0, corrections: 0, ..counters },
    }
}

/// Where a post stands among its siblings; a first post has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Rank {
    best_key: i64,
    ranked: bool,
    shown: bool,
}

impl Rank {
    fn of(post: &Post) -> Self {
        if post.parent.is_none() {
            return Self::default();
        }
        let best_key = best_key(post);
        Self { best_key, ranked: best_key != 0, shown: post.is_shown() }
    }
}

/// The three columns of a mark.
fn mark(mark: Option<&Mark>) -> (Option<i64>, Option<&MemberId>, Option<&str>) {
    match mark {
        None => (None, None, None),
        Some(Mark { by, at, reason }) => (Some(to_micros(*at)), by.as_ref(), reason.as_deref()),
    }
}
