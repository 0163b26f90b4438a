//! The event log.

use community_core::change::{Event, EventKind};
use community_core::query::Listing;
use community_core::{Seq, StoreError, TopicId};

use super::{PAGE, Verifier};

impl Verifier<'_> {
    /// Reads the log from its beginning.
    pub(super) async fn log(&mut self) -> Result<(), StoreError> {
        let head = self.store.head().await?;
        let mut at = Seq(0);
        loop {
            let page = self.store.events_after(at, PAGE).await?;
            let begin = at;
            for event in &page {
                let next = Seq(at.0.saturating_add(1));
                self.same("the log has no gap", "the log", &event.seq, &next);
                at = event.seq.max(next);
                self.subjects(event);
            }
            self.moves(&page).await?;
            // The end, or a store that does not come forward.
            if page.len() < PAGE || page.last().is_none_or(|last| last.seq <= begin) {
                break;
            }
        }
        self.same("the head of the log is its last event", "the log", &head, &at);
        Ok(())
    }

    /// Checks that what an event speaks of exists.
    fn subjects(&mut self, event: &Event) {
        let subject = format!("event {}", event.seq.0);
        let event = &event.event;
        let directory = self.directory;
        let community = event.community.is_none_or(|id| directory.community(id).is_some());
        let channel = event.channel.is_none_or(|id| directory.channel(id).is_some());
        let topic = event.topic.is_none_or(|id| self.seen.cards.contains_key(&id));
        let post = event.post.is_none_or(|id| self.seen.posts.contains(&id));
        let suggested = match &event.kind {
            EventKind::Suggested { step, .. } => step.topics(),
            _ => &[],
        };
        let suggested = suggested.iter().all(|id| self.seen.cards.contains_key(id));
        let rule = "what an event speaks of exists";
        let exists = community && channel && topic && post && suggested;
        self.holds(rule, &subject, "things that exist", exists, event);
        self.exist(&subject, [event.actor, event.member].into_iter().flatten());
    }

    /// Notes in which lists topics stood before they were moved.
    async fn moves(&mut self, page: &[Event]) -> Result<(), StoreError> {
        let moved = page.iter().filter_map(|event| match event.event.kind {
            EventKind::TopicMoved { from } => Some((from, event.event.topic?)),
            _ => None,
        });
        let (from, ids): (Vec<_>, Vec<TopicId>) = moved.unzip();
        let topics = self.store.topics(&ids, &self.scope).await?;
        for (from, topic) in from.into_iter().zip(topics) {
            let topic = topic.and_then(|row| self.scope.admit(row));
            for label in topic.iter().flat_map(|row| &row.topic.labels) {
                self.listed.touch(Listing::ChannelLabel(from, label.clone()));
            }
        }
        Ok(())
    }
}
