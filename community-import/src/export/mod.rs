//! Writing a community as lines, in an order that does not depend on ids.

mod content;
mod documents;
mod grants;
mod order;
mod people;
mod visits;

use std::io::{self, Write};
use std::sync::Arc;

use community_core::record::{ChannelRecord, CommunityRecord, LabelRecord, Record};
use community_core::{Community, Error, Export, Key, MemberId, Session, Slug, StoreError, TopicId};
use rustc_hash::FxHashMap;

use crate::jsonl;
use people::Person;

/// Writes everything in a community as [lines](crate::jsonl). Returns how many.
///
/// The order is canonical: two stores that hold the same give the same bytes, whatever ids they
/// gave to things. First comes the community; its members by key; channels as a tree; labels and
/// memberships by key. Then the topics by creation, each with what hangs on it: a text is followed by
/// its earlier revisions, its votes and reactions by time and member, and its corrections; replies
/// come by creation, but after what they reply to. Then the grants by id, the visits by day and member, the
/// documents of extensions by id, which they keep, and the links. Whoever is no member of the community but wrote, voted or came by in it comes right
/// before the first mention.
///
/// `progress` is told that number after each topic. Views and visits that wait in memory are not in it: call
/// [`Engine::pump`](community_core::Engine::pump) before. While others write, each item is written
/// as it was when it was read, and what an item refers to always comes before it.
///
/// # Errors
/// [`ExportError::Engine`] when there is no such community, the session is not the system's or the
/// store fails; [`ExportError::Output`] when `output` does.
pub async fn export<W: Write>(
    session: &Session,
    community: &Slug,
    output: W,
    progress: impl FnMut(u64),
) -> Result<u64, ExportError> {
    let export = session.export().await?;
    let found = export.directory.community_by_key(community);
    let community = Arc::clone(found.ok_or(Error::NotFound("community"))?);
    let mut exporter = Exporter {
        export,
        community,
        output,
        progress,
        lines: 0,
        people: FxHashMap::default(),
        topics: Vec::new(),
    };
    exporter.community()?;
    let members = exporter.members().await?;
    exporter.channels()?;
    exporter.labels()?;
    exporter.memberships(&members).await?;
    exporter.topics().await?;
    exporter.grants().await?;
    exporter.visits().await?;
    exporter.documents().await?;
    exporter.links().await?;
    exporter.output.flush()?;
    Ok(exporter.lines)
}

/// Why an export stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The engine refused or failed.
    #[error(transparent)]
    Engine(#[from] Error),
    /// The output failed.
    #[error("cannot write the export")]
    Output(#[from] io::Error),
}

impl From<StoreError> for ExportError {
    fn from(error: StoreError) -> Self {
        Self::Engine(error.into())
    }
}

type Result<T, E = ExportError> = std::result::Result<T, E>;

/// How much is read at once.
const PAGE: usize = 200;

struct Exporter<'a, W, P> {
    export: Export<'a>,
    community: Arc<Community>,
    output: W,
    progress: P,
    lines: u64,
    /// Members by id: those who have been written, and those who may be next.
    people: FxHashMap<MemberId, Person>,
    /// The topics written, in their order.
    topics: Vec<(TopicId, Key)>,
}

impl<W: Write, P: FnMut(u64)> Exporter<'_, W, P> {
    fn write(&mut self, record: &Record) -> Result<()> {
        jsonl::write(&mut self.output, record)?;
        self.lines += 1;
        Ok(())
    }

    fn community(&mut self) -> Result<()> {
        let Community {
            id: _,
            key,
            name,
            description,
            policy,
            settings,
            reactions,
            kinds,
            synonyms,
            reputation,
            hot_scale,
            capacity,
            archived,
            created_at,
            rev: _,
        } = Community::clone(&self.community);
        self.write(&Record::Community(Box::new(CommunityRecord {
            key,
            name,
            description,
            policy,
            settings,
            reactions,
            kinds,
            synonyms,
            reputation,
            hot_scale: (hot_scale != Community::DEFAULT_HOT_SCALE).then_some(hot_scale),
            capacity,
            archived,
            created_at: Some(created_at),
        })))
    }

    fn channels(&mut self) -> Result<()> {
        let directory = Arc::clone(&self.export.directory);
        for entry in directory.channels(self.community.id) {
            let community_core::Channel {
                id: _,
                community: _,
                parent,
                key,
                name,
                description,
                position,
                policy,
                settings,
                archived,
                created_at,
                rev: _,
            } = entry.channel.clone();
            let parent = parent.and_then(|id| directory.channel(id));
            self.write(&Record::Channel(Box::new(ChannelRecord {
                name: (name.as_str() != key.as_str()).then_some(name),
                key,
                parent: parent.map(|entry| entry.channel.key.clone()),
                description,
                position,
                policy,
                settings,
                archived,
                created_at: Some(created_at),
            })))?;
        }
        Ok(())
    }

    fn labels(&mut self) -> Result<()> {
        let directory = Arc::clone(&self.export.directory);
        let mut labels: Vec<_> = directory.labels(self.community.id).collect();
        labels.sort_by_key(|label| &label.key);
        for label in labels {
            let community_core::Label { community: _, key, name, description, audience, rev: _ } =
                label.clone();
            self.write(&Record::Label(Box::new(LabelRecord {
                name: (name.as_str() != key.as_str()).then_some(name),
                key,
                description,
                audience,
            })))?;
        }
        Ok(())
    }
}
