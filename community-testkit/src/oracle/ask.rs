//! Answers to questions.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use community_core::{Seq, Viewer};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Act, Given, Oracle, Result, invalid, within};
use crate::observe::{Answer, Question, Refs, Refusal, answer_value, questions, walk};

/// A place in a sorted list: its key and the id that breaks ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) key: i64,
    pub(super) id: Uuid,
}

impl Oracle {
    /// Answers a question. A page comes with a cursor of the oracle's own, under `next`.
    ///
    /// # Errors
    /// What the engine has to refuse.
    pub fn ask(&mut self, viewer: Viewer, question: &Question) -> Answer {
        let viewer = self.known_as(viewer);
        let act = Act { viewer, now: self.env.now(), given: Given::default() };
        match question {
            Question::Communities => shown(self.communities(act)),
            Question::Community(key) => shown(self.community_view(act, key)?),
            Question::Channels(community) => shown(self.channels(act, community)?),
            Question::Place(channel) => shown(self.place(act, *channel)?),
            Question::Labels(community) => shown(self.labels(act, community)?),
            Question::ManagedCommunity(key) => shown(self.managed(act, key, None)?.0),
            Question::ManagedChannel(community, key) => {
                shown(self.managed(act, community, Some(key))?.1)
            }
            Question::ManagedLabels(community) => shown(self.managed_labels(act, community)?),
            Question::Feed(query) => self.feed(act, query),
            Question::Topic(id) => shown(self.topic(act, *id)?),
            Question::TopicByKey(community, key) => shown(self.topic_by_key(act, community, key)?),
            Question::Thread(topic, query) => self.thread(act, *topic, query),
            Question::Post(id) => shown(self.post(act, *id)?),
            Question::PostByKey(community, key) => shown(self.post_by_key(act, community, key)?),
            Question::Revisions(post, after, limit) => {
                let limit = self.page_size(*limit)?;
                shown(self.revisions(act, *post, *after, limit)?)
            }
            Question::RevisionDiff(post, from, to) => self.revision_diff(act, *post, *from, *to),
            Question::Corrections(post) => shown(self.corrections(act, *post)?),
            Question::Reactions { post, slot, after, limit } => {
                self.reactions(act, *post, *slot, after.as_deref(), *limit)
            }
            Question::OwnReactions(posts) => shown(self.own_reactions(act, posts)?),
            Question::Links { topic, after, limit } => {
                self.links(act, *topic, after.as_deref(), *limit)
            }
            Question::Members { community, after, limit } => {
                self.members(act, community, after.as_deref(), *limit)
            }
            Question::MemberOf(community, key) => shown(self.member_of(act, community, key)?),
            Question::Authors(ids) => shown(self.authors(ids)?),
            Question::MemberCount(community) => shown(self.member_count(act, community)?),
            Question::Standing(community, key) => shown(self.standing(act, community, key)?),
            Question::Standings { community, after, limit } => {
                self.standings(act, community, after.as_deref(), *limit)
            }
            Question::Ledger { community, member, after, limit } => {
                self.ledger(act, community, member, after.as_deref(), *limit)
            }
            Question::Leaderboard(query) => self.leaderboard(act, query),
            Question::ExplainLevel(community, key) => {
                shown(self.explain_level(act, community, key)?)
            }
            Question::SuperUsers(community) => shown(self.super_users(act, community)?),
            Question::Badges(community) => shown(self.badges(act, community)?),
            Question::BadgesOf(community, key) => shown(self.badges_of(act, community, key)?),
            Question::BadgeHolders { community, badge, after, limit } => {
                self.badge_holders(act, community, badge, after.as_deref(), *limit)
            }
            Question::Complete(query) => self.complete(act, query),
            Question::Can(action, community, channel) => {
                shown(self.can(act, action, community, channel.as_ref())?)
            }
            Question::CanInTopic(action, id) => {
                let topic = self.seen_topic(act, *id)?;
                shown(self.decide_in_topic(act, action, &topic, Some(topic.author))?)
            }
            Question::CanOnPost(action, id) => {
                let post = self.seen_post(act, *id)?;
                let topic = self.seen_topic(act, post.topic)?;
                shown(self.decide_in_topic(act, action, &topic, Some(post.author))?)
            }
            Question::Search(query) => self.search(act, query),
            Question::Similar(query) => self.similar(act, query),
            Question::Related(topic, limit) => self.related(act, *topic, *limit),
            Question::RecordView(topic) => self.record_view(act, *topic),
            Question::Visit(community) => self.visit(act, community),
            Question::Visits(community, key, from, to) => {
                shown(self.visits(act, community, key, *from, *to)?)
            }
            Question::Note(id) => self.note(act, *id),
            Question::RawNote(id) => self.raw_note(act, *id),
            Question::NotesBeside { topic, after, limit } => {
                self.notes_beside(act, *topic, after.as_deref(), *limit)
            }
            Question::NotesBy { community, member, after, limit } => {
                self.notes_by(act, community, *member, after.as_deref(), *limit)
            }
            Question::SuggestionSteps(community, from, to) => {
                shown(self.suggestion_steps(act, community, *from, *to)?)
            }
            Question::Events(after, limit) => {
                let limit = self.page_size(*limit)?;
                self.require_system(act)?;
                let behind = self.events.iter().filter(|event| event.seq > *after);
                shown(behind.take(limit).collect::<Vec<_>>())
            }
            // Nothing here sets one.
            Question::Checkpoint(_) => {
                self.require_system(act)?;
                shown(Option::<Seq>::None)
            }
            Question::Export => {
                self.require_system(act)?;
                Ok(Value::Null)
            }
        }
    }

    /// Everything that one read of the register shows to a viewer, as
    /// [`observe`](crate::observe::observe) gives it for a session.
    pub fn observe(&mut self, viewer: Viewer, read: community_core::Read, refs: &Refs) -> Value {
        let mut observed = Vec::new();
        for question in questions(read, refs) {
            let answer = walk(&question, |question| self.ask(viewer, question));
            observed.push(json!([format!("{question:?}"), answer_value(&answer)]));
        }
        Value::Array(observed)
    }

    /// The size of a page.
    pub(super) fn page_size(&self, wish: Option<usize>) -> Result<usize> {
        let size = wish.unwrap_or(20.min(self.limits().page));
        if size == 0 {
            return Err(invalid("a page holds at least one item"));
        }
        within(self.limits().page(size))?;
        Ok(size)
    }
}

pub(super) fn shown(value: impl Serialize) -> Answer {
    serde_json::to_value(value)
        .map_err(|error| Refusal { kind: "unprintable", text: error.to_string() })
}

/// A cursor of the oracle: the place as the engine's cursors hold it, then the list that it
/// belongs to.
pub(super) fn cursor(place: Place, list: &str) -> String {
    let mut bytes = Vec::new();
    bytes.extend(place.key.to_be_bytes());
    bytes.extend(place.id.as_bytes());
    bytes.extend(list.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place that a cursor of this list holds.
pub(super) fn place_in(cursor: Option<&str>, list: &str) -> Result<Option<Place>> {
    let Some(cursor) = cursor else { return Ok(None) };
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let key = i64::from_be_bytes(bytes.get(..8)?.try_into().ok()?);
        let id = Uuid::from_slice(bytes.get(8..24)?).ok()?;
        (bytes.get(24..)? == list.as_bytes()).then_some(Place { key, id })
    };
    read().map(Some).ok_or_else(|| invalid("that is not a cursor of this list"))
}

/// One page of a sorted list of places, and the cursor behind it when there is more.
pub(super) fn page<T>(
    sorted: Vec<(Place, T)>,
    size: usize,
    list: &str,
) -> (Vec<T>, Option<String>) {
    let more = sorted.len() > size;
    let last = sorted.get(size.saturating_sub(1)).map(|(place, _)| *place);
    let next = last.filter(|_| more).map(|place| cursor(place, list));
    (sorted.into_iter().take(size).map(|(_, item)| item).collect(), next)
}
