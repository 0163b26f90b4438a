//! A small extension, for scripts: notes that members put beside topics.
//!
//! Whoever may reply in a topic may put a note beside it. It is for whoever wrote it, and for those
//! who moderate the topic; one that is shared is for everybody who sees the topic. Nobody sees a note
//! beside a topic that they do not see. Whoever may edit what its author wrote may change it and take
//! it away.

use async_trait::async_trait;
use community_core::extension::{About, DocumentView, Planning, Reading};
use community_core::{
    Action, Document, DocumentId, DocumentKey, DocumentList, Error, MemberId, Page, Result,
    Session, Slug, TopicId, TopicRow, Visible,
};
use serde::{Deserialize, Serialize};

use crate::fixture::slug;

/// The collection.
pub const NOTES: &str = "notes";

/// The list of all notes beside a topic, latest first; the group is the topic.
pub const BESIDE: &str = "beside";

/// The list of all notes by a member, latest first; the group is the member.
pub const BY: &str = "by";

/// What a note holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The topic.
    pub topic: TopicId,
    /// Who wrote it.
    pub author: MemberId,
    /// What it says.
    pub text: String,
    /// Whether it is for everybody who sees the topic.
    pub shared: bool,
}

/// A note, as its viewers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoteView {
    /// Its id.
    pub id: DocumentId,
    /// What it holds.
    pub note: Note,
}

#[async_trait]
impl DocumentView for NoteView {
    const COLLECTION: &'static str = NOTES;
    const WHAT: &'static str = "note";

    async fn open(documents: Vec<Document>, reading: &Reading) -> Result<Vec<Option<Self>>> {
        let views = documents.iter().map(|d| Ok(Self { id: d.id, note: d.read()? }));
        let views: Vec<Self> = views.collect::<Result<_>>()?;
        let topics: Vec<TopicId> = views.iter().map(|view| view.note.topic).collect();
        let mut opened = Vec::with_capacity(views.len());
        for (view, topic) in views.into_iter().zip(reading.topics(&topics).await?) {
            let seen = match topic {
                Some(topic) => is_for(reading, &view.note, &topic)?,
                None => false,
            };
            opened.push(seen.then_some(view));
        }
        Ok(opened)
    }
}

/// Whether a note beside a topic that the viewer sees is for the viewer.
fn is_for(reading: &Reading, note: &Note, row: &TopicRow) -> Result<bool> {
    if note.shared || reading.actor() == Some(note.author) {
        return Ok(true);
    }
    let topic = &row.topic;
    Ok(reading.decide_in_topic(&Action::Moderate, topic, topic.author)?.allowed)
}

/// Puts a note beside a topic.
///
/// # Errors
/// [`Error::NotFound`] for a topic that the viewer does not see; [`Error::Denied`] without the right
/// to reply in it; [`Error::Limit`] and [`Error::Invalid`] for its text.
pub async fn write(
    session: &Session,
    topic: TopicId,
    text: &str,
    shared: bool,
) -> Result<DocumentId> {
    session.engine().env().limits().check_body(text)?;
    let id = session
        .run_extension(&("write", topic, text, shared), |planning| async move {
            let topic = topic_of(&planning, topic).await?;
            planning.require_in_topic(&Action::Reply, &topic.topic, topic.topic.author, "topic")?;
            let author = planning.actor().ok_or_else(|| {
                Error::invalid("the system writes nothing of its own: act as a member")
            })?;
            let note = Note { topic: topic.topic.id, author, text: text.to_owned(), shared };
            let (id, at) = (DocumentId::from_uuid(planning.mint()), planning.now());
            let place = |list, group: String| DocumentKey::at(slug(list), at).within(group);
            let keys = [place(BESIDE, note.topic.to_string()), place(BY, author.to_string())];
            let document =
                Document::new(id, topic.topic.community, slug(NOTES), at, &note)?.with_keys(keys);
            let mut changes = planning.changes();
            changes.rest_on_gate(&topic.topic);
            changes.note(&document, slug("written"), about(&topic));
            changes.create(document);
            Ok((Some(id.uuid()), changes))
        })
        .await?;
    id.map(DocumentId::from_uuid).ok_or(Error::NotFound("note"))
}

/// Gives a note another text, or takes it away.
///
/// # Errors
/// [`Error::NotFound`] for a note that the viewer does not see; [`Error::Denied`] without the right to
/// edit it; [`Error::Limit`] and [`Error::Invalid`] for its text.
pub async fn change(session: &Session, id: DocumentId, text: Option<&str>) -> Result<()> {
    text.map_or(Ok(()), |text| session.engine().env().limits().check_body(text))?;
    session
        .run_extension(&("change", id, text), |planning| async move {
            let view = planning.document::<NoteView>(id).await?;
            let topic = topic_of(&planning, view.note.topic).await?;
            planning.require_in_topic(&Action::Edit, &topic.topic, view.note.author, "note")?;
            let stored = planning.stored(&[id]).await?.into_iter().flatten().next();
            let before = stored.ok_or(Error::NotFound("note"))?;
            let mut changes = planning.changes();
            changes.rest_on_gate(&topic.topic);
            let word = match text {
                Some(text) => {
                    let note = Note { text: text.to_owned(), ..view.note.clone() };
                    changes.update(&before, before.clone().with_body(&note)?);
                    "changed"
                }
                None => {
                    changes.remove(&before);
                    "dropped"
                }
            };
            changes.note(&before, slug(word), about(&topic));
            Ok((None, changes))
        })
        .await
        .map(drop)
}

async fn topic_of(planning: &Planning, id: TopicId) -> Result<Visible<TopicRow>> {
    let found = planning.topics(&[id]).await?;
    found.into_iter().flatten().next().ok_or(Error::NotFound("topic"))
}

fn about(row: &TopicRow) -> About {
    About { channel: Some(row.topic.channel), topic: Some(row.topic.id), ..About::default() }
}

/// A note.
///
/// # Errors
/// [`Error::NotFound`] when there is none for this viewer.
pub async fn note(session: &Session, id: DocumentId) -> Result<Visible<NoteView>> {
    session.read_extension(|reading| async move { reading.document(id).await }).await
}

/// A note as it is stored; for the system only.
///
/// # Errors
/// [`Error::Denied`] for anybody else; [`Error::NotFound`].
pub async fn raw(session: &Session, id: DocumentId) -> Result<Visible<Document>> {
    session
        .read_extension(|reading| async move {
            let found = reading.raw(&[id]).await?;
            found.into_iter().flatten().next().ok_or(Error::NotFound("note"))
        })
        .await
}

/// A page of the notes beside a topic.
///
/// # Errors
/// [`Error::NotFound`] when the topic does not exist for this viewer; [`Error::Limit`] and
/// [`Error::Invalid`] for the size of the page and the cursor.
pub async fn beside(
    session: &Session,
    topic: TopicId,
    after: Option<&str>,
    limit: Option<usize>,
) -> Result<Page<Visible<NoteView>>> {
    session
        .read_extension(|reading| async move {
            let found = reading.topics(&[topic]).await?.into_iter().flatten().next();
            let community = found.ok_or(Error::NotFound("topic"))?.topic.community;
            let list = DocumentList::new(community, slug(NOTES), slug(BESIDE)).within(topic);
            reading.documents_in(&list, after, limit).await
        })
        .await
}

/// A page of the notes by a member in a community.
///
/// # Errors
/// [`Error::NotFound`] when the community does not exist for this viewer; [`Error::Limit`] and
/// [`Error::Invalid`] for the size of the page and the cursor.
pub async fn by(
    session: &Session,
    community: &Slug,
    member: MemberId,
    after: Option<&str>,
    limit: Option<usize>,
) -> Result<Page<Visible<NoteView>>> {
    session
        .read_extension(|reading| async move {
            let community = reading.community(community)?.id;
            let list = DocumentList::new(community, slug(NOTES), slug(BY)).within(member);
            reading.documents_in(&list, after, limit).await
        })
        .await
}
