//! Notes, the extension of the testkit: rows, and who sees them.

use community_core::change::EventKind;
use community_core::time::to_micros;
use community_core::{
    Action, CommunityId, Document, DocumentId, DocumentKey, MemberId, Rev, Slug, Timestamp, Topic,
    TopicId,
};
use serde_json::{Value, json};

use super::ask::{Place, page, place_in, shown};
use super::{About, Act, Oracle, Result, done, not_found, within};
use crate::fixture::slug;
use crate::notes::{BESIDE, BY, NOTES, Note, NoteView};
use crate::observe::Answer;

/// A note.
#[derive(Debug, Clone)]
pub(super) struct NoteRow {
    id: DocumentId,
    community: CommunityId,
    note: Note,
    created_at: Timestamp,
    updated_at: Timestamp,
    rev: u64,
}

impl Oracle {
    pub(super) fn write_note(
        &mut self,
        act: Act,
        topic: TopicId,
        text: &str,
        shared: bool,
    ) -> Answer {
        let topic = self.seen_topic(act, topic)?;
        self.require_in_topic(act, &Action::Reply, &topic, Some(topic.author), "topic")?;
        let author = self.author(act, &Action::Reply)?;
        let note = Note { topic: topic.id, author, text: text.to_owned(), shared };
        self.check_note(&note)?;
        let (id, at) = (DocumentId::from_uuid(act.given.id), act.now);
        let community = topic.community;
        self.notes.push(NoteRow { id, community, note, created_at: at, updated_at: at, rev: 1 });
        self.log_note(act, id, "written", &topic);
        Ok(json!(id))
    }

    pub(super) fn change_note(&mut self, act: Act, id: DocumentId, text: Option<&str>) -> Answer {
        let row = self.seen_note(act, id)?;
        let topic = self.seen_topic(act, row.note.topic)?;
        self.require_in_topic(act, &Action::Edit, &topic, Some(row.note.author), "note")?;
        match text {
            Some(text) => {
                let note = Note { text: text.to_owned(), ..row.note.clone() };
                self.check_note(&note)?;
                for row in self.notes.iter_mut().filter(|row| row.id == id) {
                    (row.note, row.updated_at, row.rev) = (note.clone(), act.now, row.rev + 1);
                }
                self.log_note(act, id, "changed", &topic);
            }
            None => {
                self.notes.retain(|row| row.id != id);
                self.log_note(act, id, "dropped", &topic);
            }
        }
        done()
    }

    fn check_note(&self, note: &Note) -> Result {
        let size = serde_json::to_string(note).map_or(usize::MAX, |text| text.len());
        within(self.limits().document(size))
    }

    fn log_note(&mut self, act: Act, document: DocumentId, word: &str, topic: &Topic) {
        let (collection, change) = (slug(NOTES), slug(word));
        let kind = EventKind::DocumentChanged { collection, document, change };
        self.log(act, kind, About::topic(topic));
    }

    /// Whether a note is for the viewer.
    fn sees_note(&self, act: Act, note: &Note) -> bool {
        let Ok(topic) = self.seen_topic(act, note.topic) else { return false };
        let moderates = || {
            let asked = self.decide_in_topic(act, &Action::Moderate, &topic, Some(topic.author));
            asked.is_ok_and(|decision| decision.allowed)
        };
        note.shared || act.viewer.member() == Some(note.author) || moderates()
    }

    fn seen_note(&self, act: Act, id: DocumentId) -> Result<NoteRow> {
        let found = self.notes.iter().find(|row| row.id == id);
        let seen = found.filter(|row| self.sees_note(act, &row.note));
        seen.cloned().ok_or_else(|| not_found("note"))
    }

    pub(super) fn note(&self, act: Act, id: DocumentId) -> Answer {
        shown(view(&self.seen_note(act, id)?))
    }

    pub(super) fn raw_note(&self, act: Act, id: DocumentId) -> Answer {
        self.require_system(act)?;
        let found = self.notes.iter().find(|row| row.id == id);
        shown(stored(found.ok_or_else(|| not_found("note"))?))
    }

    pub(super) fn notes_beside(
        &self,
        act: Act,
        topic: TopicId,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Answer {
        self.seen_topic(act, topic)?;
        let list = format!("notes beside {topic}");
        self.page_of_notes(act, |row| row.note.topic == topic, &list, after, limit)
    }

    pub(super) fn notes_by(
        &self,
        act: Act,
        community: &Slug,
        member: MemberId,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Answer {
        let community = self.community(act, community)?.id;
        let list = format!("notes by {member} in {community}");
        let is_in = |row: &NoteRow| row.community == community && row.note.author == member;
        self.page_of_notes(act, is_in, &list, after, limit)
    }

    fn page_of_notes(
        &self,
        act: Act,
        is_in: impl Fn(&NoteRow) -> bool,
        list: &str,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Answer {
        let size = self.page_size(limit)?;
        let after = place_in(after, list)?;
        let rows = self.notes.iter().filter(|row| is_in(row) && self.sees_note(act, &row.note));
        let place = |row: &NoteRow| Place { key: to_micros(row.created_at), id: row.id.uuid() };
        let mut found: Vec<(Place, Value)> =
            rows.map(|row| (place(row), json!(view(row)))).collect();
        found.retain(|(place, _)| after.is_none_or(|after| *place < after));
        found.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        let (items, next) = page(found, size, list);
        Ok(json!({ "items": items, "next": next }))
    }
}

fn view(row: &NoteRow) -> NoteView {
    NoteView { id: row.id, note: row.note.clone() }
}

/// The document that a note is.
fn stored(row: &NoteRow) -> Document {
    let NoteRow { id, community, note, created_at, updated_at, rev } = row.clone();
    let key = |list, group| DocumentKey { list: slug(list), group, key: to_micros(created_at) };
    let keys = vec![key(BESIDE, note.topic.to_string()), key(BY, note.author.to_string())];
    let (collection, body, rev) = (slug(NOTES), json!(note), Rev(rev));
    Document { id, community, collection, body, keys, created_at, updated_at, rev }
}
