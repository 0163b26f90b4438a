//! Background work: what happened in the sources of articles, and what has come due.
//!
//! Follows the log with a checkpoint of its own. Each step writes the concerns that it found together
//! with its new position, so that an event counts once, however often a process is killed.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use community_core::extension::Planning;
use community_core::query::Position;
use community_core::time::to_micros;
use community_core::{
    CommunityId, Document, DocumentId, DocumentList, Event, EventKind, Seq, Session, Slug, TopicId,
};

use super::forget::Gone;
use super::{Knowledge, Work};
use crate::article::{Article, State, Step};
use crate::error::Result;
use crate::freshness::{Concern, ConcernKind, concern};
use crate::store::{self, list};

/// What background work was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Pumped {
    /// Events that were taken into account.
    pub events: usize,
    /// Articles about which there is a new concern.
    pub queued: usize,
    /// Versions of articles out of which erased words were taken.
    pub forgotten: usize,
    /// Articles of which an approved version came into force.
    pub published: usize,
    /// Whether there is more to do at once.
    pub more: bool,
}

/// What a step along the log came to.
#[derive(Debug, Clone, Default)]
struct Followed {
    /// Events that it took.
    events: usize,
    /// Articles that it queued.
    queued: usize,
    /// What events say is gone, the next one among them.
    gone: BTreeSet<Gone>,
}

/// Events in one step: one read of the log, one commit.
const STEP: usize = 500;
/// Documents that are looked at, and written, at once; fewer where limits are lower.
const BATCH: usize = 50;
/// The name of the projection.
const PROJECTION: &str = "knowledge";

/// Heads of articles that a step looks at, by document.
pub(super) type Heads = BTreeMap<DocumentId, (Document, Article)>;

impl Knowledge {
    /// Does background work that is due: takes the log into account, by at most
    /// [`Limits::projected`](community_core::Limits) events, takes words out of articles that were
    /// erased where they come from, writes down which approved versions have come into force, and
    /// queues articles whose review date has come.
    ///
    /// Call it every now and then, or again at once while there is [more](Pumped::more). Several may
    /// do so at the same time, in several processes too.
    ///
    /// # Errors
    /// [`Store`](community_core::Error::Store) when the store fails; what was done stays done.
    pub async fn pump(&self) -> Result<Pumped> {
        let system = self.engine.as_system();
        let mut pumped = Pumped::default();
        let budget = self.engine.env().limits().projected;
        let mut forgotten = BTreeSet::new();
        while pumped.events < budget {
            let Followed { events, queued, gone } = self.follow(&system, &forgotten).await?;
            pumped.events += events;
            pumped.queued += queued;
            if events == 0 && gone.is_empty() {
                break;
            }
            for gone in gone {
                pumped.forgotten += self.forget(&system, gone).await?;
                forgotten.insert(gone);
            }
        }
        pumped.more = pumped.events >= budget;
        for community in system.communities().await? {
            pumped.queued += self.catch_up(&system, community.id).await?;
            pumped.published += self.publish_due(&system, community.id).await?;
            pumped.queued += self.queue_due(&system, community.id).await?;
        }
        Ok(pumped)
    }

    /// One step along the log. It ends before an event that says that words are gone, until they are
    /// forgotten.
    async fn follow(&self, system: &Session, forgotten: &BTreeSet<Gone>) -> Result<Followed> {
        let name = Slug::new(PROJECTION)?;
        let done = std::sync::Mutex::new(Followed::default());
        self.run(system, &"follow", async |planning| {
            let planning = &planning;
            let from = planning.position(&name).await?;
            let at = from.unwrap_or_default();
            let events = self.engine.store().events_after(at, STEP).await?;
            let mut heads = Heads::new();
            let mut queued: BTreeMap<DocumentId, Concern> = BTreeMap::new();
            let (mut to, mut taken, most) = (None, 0, batch(planning));
            // All that this page tells is forgotten at once: an import tells much.
            let mut gone: BTreeSet<Gone> = events.iter().filter_map(Gone::by).collect();
            gone.retain(|gone| !forgotten.contains(gone));
            for event in &events {
                if Gone::by(event).is_some_and(|of| gone.contains(&of)) {
                    break;
                }
                let found = self.concerned(planning, event, &mut heads).await?;
                let new = found.keys().filter(|id| !queued.contains_key(id)).count();
                // One command writes so many documents. What does not fit is for the next step;
                // where a single event concerns more, it is taken up again until all are written.
                if queued.len() + new > most && !queued.is_empty() {
                    break;
                }
                let is_whole = new <= most;
                for (id, concern) in found.into_iter().take(most) {
                    if let Some((_, article)) = heads.get_mut(&id) {
                        article.add_concern(concern.clone());
                    }
                    queued.entry(id).or_insert(concern);
                }
                if !is_whole {
                    break;
                }
                taken += 1;
                to = Some(event.seq);
            }
            let mut changes = planning.changes();
            for (id, concern) in &queued {
                if let Some((before, article)) = heads.remove(id) {
                    doubt(planning, &mut changes, &before, article, concern)?;
                }
            }
            if let Some(to) = to {
                changes.advance(&name, from, to)?;
            }
            let events = if to.is_none() && !queued.is_empty() { 1 } else { taken };
            *lock(&done) = Followed { events, queued: queued.len(), gone };
            Ok((None, changes))
        })
        .await?;
        let done = std::mem::take(&mut *lock(&done));
        Ok(done)
    }

    /// The articles that an event concerns and that do not know of it yet.
    async fn concerned(
        &self,
        planning: &Planning,
        event: &Event,
        heads: &mut Heads,
    ) -> Result<BTreeMap<DocumentId, Concern>> {
        let mut found = BTreeMap::new();
        let (Some(community), Some(topic)) = (event.event.community, event.event.topic) else {
            return Ok(found);
        };
        if !may_concern(&event.event.kind) {
            return Ok(found);
        }
        for id in self.articles_from(planning, community, topic, heads).await? {
            let Some((_, article)) = heads.get(&id) else { continue };
            if let Some(concern) = concern(article, event)
                && article.clone().add_concern(concern.clone())
            {
                found.insert(id, concern);
            }
        }
        Ok(found)
    }

    /// The articles that were made from a topic.
    pub(super) async fn articles_from(
        &self,
        planning: &Planning,
        community: CommunityId,
        topic: TopicId,
        heads: &mut Heads,
    ) -> Result<Vec<DocumentId>> {
        let list = store::list(community, store::ARTICLES, list::WATCH)?.within(topic);
        let mut ids = Vec::new();
        let mut after = None;
        loop {
            let page = planning.stored_in(&list, after, batch(planning)).await?;
            after = page.last().map(|(position, _)| *position);
            let is_last = page.len() < batch(planning);
            for (_, document) in page {
                ids.push(document.id);
                // One that an earlier event concerns is looked at with what that adds to it.
                if let Entry::Vacant(place) = heads.entry(document.id) {
                    let article = document.read()?;
                    place.insert((document, article));
                }
            }
            if is_last {
                return Ok(ids);
            }
        }
    }

    /// Looks at what happened in the sources of new versions before the projection knew of them.
    async fn catch_up(&self, system: &Session, community: CommunityId) -> Result<usize> {
        let name = Slug::new(PROJECTION)?;
        let mut queued = 0;
        for document in self.due(system, community, list::BEHIND, None).await? {
            // What was erased while it was begun was looked for before it was there.
            self.forget_in(system, document, None).await?;
            let counted = std::sync::Mutex::new(0_usize);
            self.run(system, &("catch up", document), async |planning| {
                let planning = &planning;
                *lock(&counted) = 0;
                let mut changes = planning.changes();
                let Some((before, mut article)) = head(planning, document).await? else {
                    return Ok((None, changes));
                };
                if article.behind.is_empty() {
                    return Ok((None, changes));
                }
                let position = planning.position(&name).await?.unwrap_or_default();
                // What is not taken into account yet may be in the hands of another pump, which
                // looked for articles before this one was there: its topics wait.
                let head = self.engine.store().head().await?;
                let waiting = self.topics_between(position, head).await?;
                let behind = article.behind.clone().into_iter();
                let (waiting, behind): (BTreeSet<TopicId>, BTreeSet<TopicId>) =
                    behind.partition(|topic| waiting.contains(topic));
                if behind.is_empty() {
                    return Ok((None, changes));
                }
                article.behind = waiting;
                let from = behind.iter().filter_map(|topic| article.sources.get(topic));
                let mut at = from.map(|used| used.since).min().unwrap_or(position);
                let mut first = None;
                while at < position {
                    let events = self.engine.store().events_after(at, STEP).await?;
                    let Some(last) = events.last() else { break };
                    at = last.seq;
                    for event in events.iter().filter(|event| event.seq <= position) {
                        if event.event.topic.is_some_and(|topic| behind.contains(&topic))
                            && let Some(concern) = concern(&article, event)
                            && article.add_concern(concern.clone())
                        {
                            first.get_or_insert(concern);
                        }
                    }
                }
                *lock(&counted) = usize::from(first.is_some());
                match first {
                    Some(concern) => {
                        doubt(planning, &mut changes, &before, article, &concern)?;
                    }
                    None => {
                        changes.update(&before, store::changed_article(&before, &article)?);
                    }
                }
                Ok((None, changes))
            })
            .await?;
            queued += *lock(&counted);
        }
        Ok(queued)
    }

    /// The topics in which something that may concern articles happened between two positions.
    async fn topics_between(&self, mut at: Seq, to: Seq) -> Result<BTreeSet<TopicId>> {
        let mut topics = BTreeSet::new();
        while at < to {
            let events = self.engine.store().events_after(at, STEP).await?;
            let Some(last) = events.last() else { break };
            at = last.seq;
            let events = events.iter().filter(|event| may_concern(&event.event.kind));
            topics.extend(events.filter_map(|event| event.event.topic));
        }
        Ok(topics)
    }

    /// Writes down which approved versions have come into force.
    async fn publish_due(&self, system: &Session, community: CommunityId) -> Result<usize> {
        let mut published = 0;
        let now = to_micros(self.engine.env().now());
        for document in self.due(system, community, list::SCHEDULE, Some(now)).await? {
            let counted = std::sync::Mutex::new(0_usize);
            self.run(system, &("publish", document), async |planning| {
                let planning = &planning;
                *lock(&counted) = 0;
                let Some((before, article)) = head(planning, document).await? else {
                    return Ok((None, planning.changes()));
                };
                let mut work = Work::of(planning.clone(), before, article);
                let waits = work.article.scheduled.is_some();
                work.catch_up().await?;
                if !waits || work.article.scheduled.is_some() {
                    return Ok((None, planning.changes()));
                }
                *lock(&counted) = 1;
                work.finish("published")
            })
            .await?;
            published += *lock(&counted);
        }
        Ok(published)
    }

    /// Queues articles whose review date has come.
    async fn queue_due(&self, system: &Session, community: CommunityId) -> Result<usize> {
        let mut queued = 0;
        let now = to_micros(self.engine.env().now());
        for document in self.due(system, community, list::REVIEW, Some(now)).await? {
            let counted = std::sync::Mutex::new(0_usize);
            self.run(system, &("review", document), async |planning| {
                let planning = &planning;
                *lock(&counted) = 0;
                let mut changes = planning.changes();
                let Some((before, mut article)) = head(planning, document).await? else {
                    return Ok((None, changes));
                };
                let now = planning.now();
                let Some(at) = article.review_at.filter(|at| *at <= now) else {
                    return Ok((None, changes));
                };
                let kind = ConcernKind::ReviewDue;
                let concern = Concern { kind, topic: None, post: None, at, seq: None };
                if article.add_concern(concern.clone()) {
                    *lock(&counted) = 1;
                    doubt(planning, &mut changes, &before, article, &concern)?;
                }
                Ok((None, changes))
            })
            .await?;
            queued += *lock(&counted);
        }
        Ok(queued)
    }

    /// The documents of a list of articles whose key is at most `until`.
    async fn due(
        &self,
        system: &Session,
        community: CommunityId,
        name: &str,
        until: Option<i64>,
    ) -> Result<Vec<DocumentId>> {
        let list: DocumentList = store::list(community, store::ARTICLES, name)?;
        let from = until.map(|key| Position { key, id: uuid::Uuid::max() });
        let found = std::sync::Mutex::new(Vec::new());
        self.run(system, &("due", &list), async |planning| {
            let planning = &planning;
            let mut ids = Vec::new();
            let mut after = from;
            loop {
                let page = planning.stored_in(&list, after, batch(planning)).await?;
                after = page.last().map(|(position, _)| *position);
                ids.extend(page.iter().map(|(_, document)| document.id));
                if page.len() < batch(planning) {
                    break;
                }
            }
            *lock(&found) = ids;
            Ok((None, planning.changes()))
        })
        .await?;
        let found = std::mem::take(&mut *lock(&found));
        Ok(found)
    }
}

/// Writes an article about which there is a new concern.
fn doubt(
    planning: &Planning,
    changes: &mut community_core::extension::DocumentChanges,
    before: &Document,
    mut article: Article,
    concern: &Concern,
) -> Result<()> {
    // An approved version whose time has come is written down by itself, with this concern.
    if article.state == State::Published {
        article.state = article.state.after(Step::Doubt)?;
        article.since = planning.now();
    }
    let after = changes.update(before, store::changed_article(before, &article)?);
    let about = community_core::extension::About {
        channel: Some(article.channel),
        topic: concern.topic,
        post: concern.post,
        member: None,
    };
    changes.note(&after, Slug::new("queued")?, about);
    Ok(())
}

/// Whether events of this kind can concern an article at all: the others need no look at articles.
fn may_concern(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::PostEdited { .. }
            | EventKind::TopicEdited { .. }
            | EventKind::TopicMoved { .. }
            | EventKind::TopicStateChanged { .. }
            | EventKind::PostStateChanged { .. }
            | EventKind::PostErased { .. }
            | EventKind::Corrected { .. }
            | EventKind::Accepted { .. }
            | EventKind::MadeOfficial { .. }
    )
}

/// How many documents are looked at, and written, at once.
pub(super) fn batch(planning: &Planning) -> usize {
    let limits = planning.env().limits();
    BATCH.min(limits.page).min(limits.documents).max(1)
}

pub(super) async fn head(
    planning: &Planning,
    id: DocumentId,
) -> Result<Option<(Document, Article)>> {
    let Some(document) = planning.stored(&[id]).await?.pop().flatten() else { return Ok(None) };
    let article = document.read()?;
    Ok(Some((document, article)))
}

pub(super) fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
