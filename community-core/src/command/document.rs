//! What an extension wants written: documents, what that rests on, and events.

use crate::change::{ChangeSet, EntityRef, EventKind, Expect, NewEvent, Op, Seq};
use crate::domain::{Document, Post, Rev, Topic};
use crate::engine::Rights;
use crate::error::{Error, Result};
use crate::id::{ChannelId, DocumentId, MemberId, PostId, TopicId};
use crate::limits::Limits;
use crate::text::Slug;

/// The changes that a command of an extension plans: documents, and events about them.
///
/// It is a [`ChangeSet`] that holds nothing else. All of it is applied or nothing; it conflicts, and
/// the command is planned anew, when the rights that it was planned under have changed, when a
/// document is not as it was read, or when something that it is made to rest on is not.
///
/// Made by [`Planning::changes`](crate::extension::Planning::changes).
#[derive(Debug)]
pub struct DocumentChanges {
    rights: Rights,
    changes: ChangeSet,
}

/// What a document that changes is about, for those who follow the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct About {
    /// A channel.
    pub channel: Option<ChannelId>,
    /// A topic.
    pub topic: Option<TopicId>,
    /// A post.
    pub post: Option<PostId>,
    /// A member.
    pub member: Option<MemberId>,
}

impl DocumentChanges {
    pub(crate) fn new(rights: &Rights) -> Self {
        Self { changes: rights.changes(), rights: rights.clone() }
    }

    /// A new document. It conflicts when there is one with its id.
    pub fn create(&mut self, document: Document) {
        self.expect(Expect::Rev(EntityRef::Document(document.id), Rev(0)));
        let document = Document { rev: Rev::FIRST, ..document };
        self.changes.ops.push(Op::PutDocument(Box::new(document)));
    }

    /// A document's new body and keys, in place of those that it had `before`: with its next
    /// revision, as of now. It conflicts when it is not as it was any more. What a document never
    /// changes, it keeps. Returns the document as it will be.
    pub fn update(&mut self, before: &Document, after: Document) -> Document {
        self.expect(Expect::Rev(EntityRef::Document(before.id), before.rev));
        let Document { body, keys, .. } = after;
        let after = Document {
            body,
            keys,
            updated_at: self.rights.now,
            rev: before.rev.next(),
            ..before.clone()
        };
        self.changes.ops.push(Op::PutDocument(Box::new(after.clone())));
        after
    }

    /// Takes a document away. It conflicts when it is not as it was any more.
    pub fn remove(&mut self, document: &Document) {
        self.expect(Expect::Rev(EntityRef::Document(document.id), document.rev));
        self.changes.ops.push(Op::DropDocument(document.id));
    }

    /// Adds to the log that a document changes: `change` says how, in one word of the extension.
    /// Call it for each change that somebody who follows the log has to know of.
    pub fn note(&mut self, document: &Document, change: Slug, about: About) {
        let About { channel, topic, post, member } = about;
        self.changes.events.push(NewEvent {
            kind: EventKind::DocumentChanged {
                collection: document.collection.clone(),
                document: document.id,
                change,
            },
            actor: self.rights.actor(),
            at: self.rights.now,
            community: Some(document.community),
            channel,
            topic,
            post,
            member,
        });
    }

    /// Rests on a topic's facts: its channel, state, labels, title and the like.
    pub fn rest_on_topic(&mut self, topic: &Topic) {
        self.expect(Expect::Rev(EntityRef::Topic(topic.id), topic.rev));
    }

    /// Rests on a topic taking what comes: it was not locked, moved or taken away meanwhile. Unlike
    /// [its facts](Self::rest_on_topic) it is left alone by edits.
    pub fn rest_on_gate(&mut self, topic: &Topic) {
        self.expect(Expect::Gate(topic.id, topic.gate));
    }

    /// Rests on a post's facts and text.
    pub fn rest_on_post(&mut self, post: &Post) {
        self.expect(Expect::Rev(EntityRef::Post(post.id), post.rev));
    }

    /// Rests on a document that it does not change; `Rev(0)` says that there is none.
    pub fn rest_on_document(&mut self, id: DocumentId, rev: Rev) {
        self.expect(Expect::Rev(EntityRef::Document(id), rev));
    }

    /// Moves the checkpoint of a projection that keeps its output in documents: all that is planned
    /// here follows from the events up to `to`. It conflicts when the checkpoint is not at `from`, so
    /// that each event counts once, whoever follows the log. For the system only.
    ///
    /// # Errors
    /// [`Error::Denied`] for anybody else; [`Error::Invalid`] for a name above 60 bytes.
    pub fn advance(&mut self, projection: &Slug, from: Option<Seq>, to: Seq) -> Result<()> {
        self.rights.require_system()?;
        let name = checkpoint_name(projection)?;
        self.expect(Expect::CheckpointAt(name.clone(), from));
        self.changes.ops.push(Op::Checkpoint(name, to));
        Ok(())
    }

    fn expect(&mut self, expectation: Expect) {
        self.changes.expect(expectation);
    }

    /// The change set, with everything in it checked.
    pub(crate) fn finish(self, limits: &Limits) -> Result<ChangeSet> {
        let Self { rights, changes } = self;
        let ops = changes.ops.iter();
        limits.documents(ops.filter(|op| op.writes().is_some()).count())?;
        for (at, op) in changes.ops.iter().enumerate() {
            let earlier = changes.ops.iter().take(at);
            if op.writes().is_some() && earlier.into_iter().any(|e| e.writes() == op.writes()) {
                return Err(Error::invalid("a command writes a document once"));
            }
            if let Op::PutDocument(document) = op {
                document.check(limits)?;
                if !rights.scope.sees_community(document.community) {
                    return Err(Error::NotFound("community"));
                }
            }
        }
        Ok(changes)
    }
}

/// Under which name the log keeps how far a projection of an extension has come: no other checkpoint
/// begins so.
pub(crate) fn checkpoint_name(projection: &Slug) -> Result<Slug> {
    Ok(Slug::new(&format!("ext.{projection}"))?)
}
