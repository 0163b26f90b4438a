//! Topics, posts and what hangs on them.

use std::io::Write;

use community_core::domain::{
    Correction, Mark, Pin, Post, PostKind, Reaction, Revision, Slot, Topic,
};
use community_core::query::Position;
use community_core::record::{
    CorrectionRecord, LinkRecord, MarkRecord, PinRecord, PostRecord, ReactionRecord, Record,
    RevisionRecord, TopicRecord, ViewsRecord,
};
use community_core::store::PostView;
use community_core::time::to_micros;
use community_core::{Error, IdSource, Key, PostId, StoreError, Title, TopicId};
use rustc_hash::FxHashMap;

use super::order::ByMoment;
use super::{Exporter, PAGE, Result};

impl<W: Write, P: FnMut(u64)> Exporter<'_, W, P> {
    pub(super) async fn topics(&mut self) -> Result<()> {
        let mut order = ByMoment::default();
        let mut after = None;
        loop {
            let export = &self.export;
            let page =
                export.store.topics_by_id(self.community.id, after, PAGE, &export.scope).await?;
            let page = export.scope.admit_all(page);
            let Some(last) = page.last() else { break };
            after = Some(last.topic.id);
            self.learn(page.iter().map(|row| row.topic.author)).await?;
            for row in page {
                let topic = row.into_inner().topic;
                let (id, at, key) =
                    (topic.id, topic.created_at, key_of(topic.key.as_ref(), topic.id)?);
                for topic in order.push(id.as_bytes(), at, key, topic) {
                    self.topic(topic).await?;
                }
            }
        }
        for topic in order.take() {
            self.topic(topic).await?;
        }
        Ok(())
    }

    /// A topic and everything in it.
    async fn topic(&mut self, topic: Topic) -> Result<()> {
        let Topic {
            id,
            community: _,
            channel,
            key: own_key,
            kind,
            answerable: _,
            title,
            labels,
            author,
            opening,
            status,
            payload,
            state,
            locked,
            pin,
            hot_scale: _,
            created_at,
            bumped_at,
            rev: _,
            gate: _,
            counters: _,
        } = topic;
        let key = key_of(own_key.as_ref(), id)?;
        let view = self.post_by_id(opening).await?;
        // It may have been erased since the topic was read.
        let (title, payload) = match view.post.erased_at {
            Some(_) => (Title::new(Topic::ERASED).map_err(Error::from)?, None),
            None => (title, payload),
        };
        let latest = self.latest_revision(&view.post).await?;
        let author_key = self.mention(author).await?;
        let editor = self.mention_one_of(latest.editor.filter(|editor| *editor != author)).await?;
        let channel = self.export.directory.channel(channel);
        let channel = channel.ok_or_else(|| damaged(format!("topic {id} is in no channel")))?;
        let channel = channel.channel.key.clone();
        // The id of the first post follows from the key where an import has made it up.
        let derived = own_key.is_some_and(|key| {
            let name = format!("{}/{key}#opening", self.community.key);
            IdSource::named(created_at, &name) == opening.uuid()
        });
        self.write(&Record::Topic(Box::new(TopicRecord {
            key: key.clone(),
            channel,
            title,
            body: view.body.clone(),
            kind: Some(kind),
            labels,
            author: Some(author_key),
            status: Some(status),
            payload,
            state,
            locked,
            pin: pin.map(|Pin { place, position, audience, since, until }| PinRecord {
                place,
                position,
                audience,
                since,
                until,
            }),
            created_at: Some(created_at),
            bumped_at: (bumped_at != created_at).then_some(bumped_at),
            shared_at: view.post.shared_at,
            erased_at: view.post.erased_at,
            opening: if derived { None } else { Some(key_of(None, opening)?) },
            revision: view.post.revision,
            edited_at: view.post.edited_at,
            editor,
            reason: latest.reason,
        })))?;
        self.topics.push((id, key.clone()));
        for (day, views) in self.export.store.views(id).await? {
            if views != 0 {
                let topic = key.clone();
                self.write(&Record::Views(ViewsRecord { topic, day, views }))?;
            }
        }
        self.beside(&view.post, &key).await?;
        self.posts(id, opening, key).await?;
        (self.progress)(self.lines);
        Ok(())
    }

    /// The replies of a topic: by creation, but never before what they reply to.
    async fn posts(&mut self, topic: TopicId, opening: PostId, topic_key: Key) -> Result<()> {
        let mut thread = Thread {
            topic: topic_key,
            opening,
            written: FxHashMap::default(),
            early: FxHashMap::default(),
        };
        let mut order = ByMoment::default();
        let mut after = None;
        loop {
            let export = &self.export;
            let page = export.store.posts_by_id(topic, after, PAGE, &export.scope).await?;
            let page = export.scope.admit_all(page);
            let Some(last) = page.last() else { break };
            after = Some(last.post.id);
            self.learn(page.iter().map(|view| view.post.author)).await?;
            for view in page {
                let view = view.into_inner();
                if view.post.id == opening {
                    continue;
                }
                let (id, at) = (view.post.id, view.post.created_at);
                let key = key_of(view.post.key.as_ref(), id)?;
                for view in order.push(id.as_bytes(), at, key, view) {
                    self.reply(view, &mut thread).await?;
                }
            }
        }
        for view in order.take() {
            self.reply(view, &mut thread).await?;
        }
        match thread.early.into_values().flatten().next() {
            None => Ok(()),
            Some(view) => Err(damaged(format!("post {} replies to nothing", view.post.id)).into()),
        }
    }

    /// A reply, and those that were waiting for it; or none yet, when it has to wait itself.
    async fn reply(&mut self, view: PostView, thread: &mut Thread) -> Result<()> {
        let mut due = vec![view];
        while let Some(view) = due.pop() {
            let parent = view.post.parent.filter(|parent| *parent != thread.opening);
            let parent = match parent.map(|id| (id, thread.written.get(&id))) {
                None => None,
                Some((_, Some(key))) => Some(key.clone()),
                Some((id, None)) => {
                    thread.early.entry(id).or_default().push(view);
                    continue;
                }
            };
            let key = key_of(view.post.key.as_ref(), view.post.id)?;
            thread.written.insert(view.post.id, key.clone());
            let waiting = thread.early.remove(&view.post.id).unwrap_or_default();
            due.extend(waiting.into_iter().rev());
            self.post(view, key, thread.topic.clone(), parent).await?;
        }
        Ok(())
    }

    async fn post(
        &mut self,
        view: PostView,
        key: Key,
        topic: Key,
        parent: Option<Key>,
    ) -> Result<()> {
        let latest = self.latest_revision(&view.post).await?;
        let Post {
            id: _,
            topic: _,
            parent: _,
            depth: _,
            kind,
            key: _,
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
            rev: _,
            counters: _,
        } = view.post.clone();
        let author_key = self.mention(author).await?;
        let editor = self.mention_one_of(latest.editor.filter(|editor| *editor != author)).await?;
        let accepted = self.mark(accepted).await?;
        let official = self.mark(official).await?;
        self.write(&Record::Post(Box::new(PostRecord {
            key: key.clone(),
            topic,
            parent,
            kind: (kind != PostKind::Opening).then_some(kind),
            body: view.body,
            author: Some(author_key),
            state,
            bumps,
            accepted,
            official,
            accepted_later: false,
            shared_at,
            erased_at,
            created_at: Some(created_at),
            revision,
            edited_at,
            editor,
            reason: latest.reason,
        })))?;
        self.beside(&view.post, &key).await
    }

    async fn mark(&mut self, mark: Option<Mark>) -> Result<Option<MarkRecord>> {
        let Some(Mark { by, at, reason }) = mark else { return Ok(None) };
        Ok(Some(MarkRecord { by: self.mention_one_of(by).await?, at, reason }))
    }

    /// What stands beside a text: earlier revisions, reactions, corrections.
    async fn beside(&mut self, post: &Post, key: &Key) -> Result<()> {
        self.revisions(post, key).await?;
        for slot in [Slot::Vote, Slot::Reaction] {
            self.reactions(post.id, slot, key).await?;
        }
        for correction in self.export.store.corrections(post.id).await? {
            let Correction { id, post: _, range, revision, body, author, at, withdrawn_at, rev: _ } =
                correction;
            let author = self.mention(author).await?;
            self.write(&Record::Correction(Box::new(CorrectionRecord {
                post: key.clone(),
                id: Some(id),
                range,
                revision,
                body,
                author,
                at,
                withdrawn_at,
            })))?;
        }
        Ok(())
    }

    async fn revisions(&mut self, post: &Post, key: &Key) -> Result<()> {
        let mut after = 0;
        while after + 1 < post.revision {
            let export = &self.export;
            let page = export.store.revisions(post.id, after, PAGE, &export.scope).await?;
            let page = export.scope.admit_all(page);
            let Some(last) = page.last() else { break };
            after = last.2.number;
            for item in page {
                let (_, _, revision) = item.into_inner();
                let Revision { post: _, number, body, title, labels, editor, at, reason } =
                    revision;
                if number >= post.revision {
                    break;
                }
                let editor = self.mention_one_of(editor).await?;
                let post = key.clone();
                self.write(&Record::Revision(Box::new(RevisionRecord {
                    post,
                    number,
                    body,
                    title,
                    labels,
                    editor,
                    at,
                    reason,
                })))?;
            }
        }
        Ok(())
    }

    /// Who wrote the present text, when and why.
    async fn latest_revision(&self, post: &Post) -> Result<Revision> {
        let export = &self.export;
        let before = post.revision.saturating_sub(1);
        let found = export.store.revisions(post.id, before, 1, &export.scope).await?;
        match export.scope.admit_all(found).into_iter().next() {
            Some(found) => Ok(found.into_inner().2),
            None => Err(damaged(format!("post {} has no text", post.id)).into()),
        }
    }

    /// The reactions of a post by time; those of one moment by the member's key.
    async fn reactions(&mut self, post: PostId, slot: Slot, key: &Key) -> Result<()> {
        let mut of_one_moment: Vec<(Key, Reaction)> = Vec::new();
        let mut after = None;
        loop {
            let page = self.export.store.reactions(post, slot, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(Position { key: to_micros(last.at), id: last.member.uuid() });
            self.learn(page.iter().map(|reaction| reaction.member)).await?;
            for reaction in page {
                if of_one_moment.last().is_some_and(|(_, last)| last.at != reaction.at) {
                    self.write_reactions(&mut of_one_moment, key).await?;
                }
                of_one_moment.push((self.key_of_member(reaction.member).await?, reaction));
            }
        }
        self.write_reactions(&mut of_one_moment, key).await
    }

    async fn write_reactions(
        &mut self,
        reactions: &mut Vec<(Key, Reaction)>,
        post: &Key,
    ) -> Result<()> {
        reactions.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (_, Reaction { post: _, member, slot, key, at }) in reactions.drain(..) {
            let member = self.mention(member).await?;
            let post = post.clone();
            self.write(&Record::Reaction(ReactionRecord {
                post,
                member,
                slot,
                key,
                at: Some(at),
            }))?;
        }
        Ok(())
    }

    /// The links between topics that were written.
    pub(super) async fn links(&mut self) -> Result<()> {
        let topics = std::mem::take(&mut self.topics);
        let keys: FxHashMap<TopicId, &Key> = topics.iter().map(|(id, key)| (*id, key)).collect();
        for (id, key) in &topics {
            let mut links: Vec<LinkRecord> = Vec::new();
            let mut after = None;
            loop {
                let page = self.export.store.links(*id, after, PAGE).await?;
                links.extend(page.iter().filter(|link| link.from == *id).filter_map(|link| {
                    let (from, to) = (key.clone(), Key::clone(keys.get(&link.to)?));
                    Some(LinkRecord { from, to, kind: link.kind, at: Some(link.at) })
                }));
                after = page.last().map(|link| link.place(*id));
                if page.len() < PAGE {
                    break;
                }
            }
            links.sort_by(|a, b| (&a.to, a.kind).cmp(&(&b.to, b.kind)));
            for link in links {
                self.write(&Record::Link(link))?;
            }
        }
        Ok(())
    }

    pub(super) async fn post_by_id(&self, id: PostId) -> Result<PostView> {
        let export = &self.export;
        let found = export.store.posts(&[id], &export.scope).await?;
        match export.scope.admit_all(found.into_iter().flatten()).into_iter().next() {
            Some(found) => Ok(found.into_inner()),
            None => Err(damaged(format!("there is no post {id}")).into()),
        }
    }
}

/// The posts of one topic on their way out.
struct Thread {
    topic: Key,
    opening: PostId,
    written: FxHashMap<PostId, Key>,
    /// Posts that are older than what they reply to, by that.
    early: FxHashMap<PostId, Vec<PostView>>,
}

/// The key of an item: its own, or else its id.
pub(super) fn key_of(own: Option<&Key>, id: impl std::fmt::Display) -> Result<Key> {
    match own {
        Some(key) => Ok(key.clone()),
        None => Ok(Key::new(&id.to_string()).map_err(Error::from)?),
    }
}

pub(super) fn damaged(what: String) -> StoreError {
    StoreError::Damaged(what)
}
