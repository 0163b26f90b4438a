//! Words that are erased where they come from: they are taken out of every version that has them.
//!
//! Before the projection takes the event that says so, and again where an article was begun
//! meanwhile. Each commit takes them out of some versions and touches the head of the article: who is
//! writing another version from one of these begins anew. Nothing is noted of how far it has come:
//! what was done is seen from the versions.

use std::collections::BTreeSet;

use community_core::change::NewEvent;
use community_core::extension::About;
use community_core::{CommunityId, DocumentId, Event, EventKind, PostId, Session, Slug, TopicId};

use super::Knowledge;
use super::follow::{Heads, batch, head, lock};
use crate::article::Version;
use crate::error::Result;
use crate::store;

/// Why words may have to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gone {
    /// A post is erased; with where it stood.
    Post { community: CommunityId, topic: TopicId, post: PostId },
    /// An article or a version came in by an import, with words that may have gone here.
    Brought(DocumentId),
}

impl Gone {
    /// What an event says is gone.
    pub(super) fn by(event: &Event) -> Option<Self> {
        let NewEvent { kind, community, topic, post, .. } = &event.event;
        match kind {
            EventKind::PostErased { .. } => {
                let (community, topic, post) = ((*community)?, (*topic)?, (*post)?);
                Some(Self::Post { community, topic, post })
            }
            EventKind::DocumentChanged { collection, document, change } => {
                let is_ours = [store::ARTICLES, store::VERSIONS].contains(&collection.as_str());
                (is_ours && *change == *IMPORTED).then_some(Self::Brought(*document))
            }
            _ => None,
        }
    }
}

/// What an import says of the documents that it writes.
const IMPORTED: &str = "imported";

impl Knowledge {
    /// Takes the words that are gone out of all articles. Returns out of how many versions.
    pub(super) async fn forget(&self, system: &Session, gone: Gone) -> Result<usize> {
        let (community, topic, post) = match gone {
            Gone::Post { community, topic, post } => (community, topic, post),
            Gone::Brought(document) => {
                return match self.article_of(system, document).await? {
                    Some(article) => self.forget_in(system, article, None).await,
                    None => Ok(0),
                };
            }
        };
        let found = std::sync::Mutex::new(Vec::new());
        self.run(system, &("made from", topic), async |planning| {
            let mut heads = Heads::new();
            let articles = self.articles_from(&planning, community, topic, &mut heads).await?;
            *lock(&found) = articles;
            Ok((None, planning.changes()))
        })
        .await?;
        let found = std::mem::take(&mut *lock(&found));
        let mut forgotten = 0;
        for article in found {
            forgotten += self.forget_in(system, article, Some(post)).await?;
        }
        Ok(forgotten)
    }

    /// The document of the article that a head or a version is of.
    async fn article_of(
        &self,
        system: &Session,
        document: DocumentId,
    ) -> Result<Option<DocumentId>> {
        let found = system
            .read_extension(async |reading| {
                let found = reading.raw(&[document]).await?.pop().flatten();
                Ok(found.and_then(|found| match found.collection.as_str() {
                    store::ARTICLES => Some(found.id),
                    _ => {
                        let version: Option<Version> = found.read().ok();
                        version.map(|version| store::article_document(version.article))
                    }
                }))
            })
            .await?;
        Ok(found)
    }

    /// Takes the words of a post out of all versions of an article; without one those of all erased
    /// posts. Returns out of how many versions some were taken.
    pub(super) async fn forget_in(
        &self,
        system: &Session,
        article: DocumentId,
        post: Option<PostId>,
    ) -> Result<usize> {
        let mut forgotten = 0;
        // A version that was written meanwhile may have them from one that came later in the walk.
        loop {
            let mut found = 0;
            let mut below = None;
            loop {
                let (taken, next) = self.forget_some(system, article, post, below).await?;
                found += taken;
                below = next;
                if below.is_none() {
                    break;
                }
            }
            forgotten += found;
            if found == 0 {
                return Ok(forgotten);
            }
        }
    }

    /// The same of some versions with numbers below one. Returns where to go on.
    async fn forget_some(
        &self,
        system: &Session,
        article: DocumentId,
        post: Option<PostId>,
        below: Option<u32>,
    ) -> Result<(usize, Option<u32>)> {
        let done = std::sync::Mutex::new((0, None));
        self.run(system, &("forget", article, post, below), async |planning| {
            let planning = &planning;
            *lock(&done) = (0, None);
            let mut changes = planning.changes();
            let Some((before, head)) = head(planning, article).await? else {
                return Ok((None, changes));
            };
            // The head is written with them.
            let most = u32::try_from(batch(planning).saturating_sub(1).max(1)).unwrap_or(1);
            let last = below.unwrap_or(head.latest + 1);
            let first = last.saturating_sub(most).max(1);
            let ids: Vec<DocumentId> =
                (first..last).map(|number| store::version_document(&head, number)).collect();
            let mut taken = 0;
            for document in planning.stored(&ids).await?.into_iter().flatten() {
                let mut version: Version = document.read()?;
                let cited = version.content.posts();
                let gone = match post {
                    Some(post) => BTreeSet::from([post]),
                    None => erased(planning, cited).await?,
                };
                if version.content.forget(&gone) {
                    changes.update(&document, document.clone().with_body(&version)?);
                    taken += 1;
                }
            }
            if taken > 0 {
                let after = changes.update(&before, store::changed_article(&before, &head)?);
                let about = About { channel: Some(head.channel), post, ..About::default() };
                changes.note(&after, Slug::new("forgotten")?, about);
            }
            *lock(&done) = (taken, Some(first).filter(|first| *first > 1));
            Ok((None, changes))
        })
        .await?;
        let done = *lock(&done);
        Ok(done)
    }
}

/// Those of some posts that are erased.
async fn erased(
    planning: &community_core::extension::Planning,
    posts: BTreeSet<PostId>,
) -> Result<BTreeSet<PostId>> {
    let posts: Vec<PostId> = posts.into_iter().collect();
    let mut erased = BTreeSet::new();
    for some in posts.chunks(crate::view::page(planning)) {
        let found = planning.posts(some).await?.into_iter().flatten();
        let gone = found.filter(|found| found.post.erased_at.is_some());
        erased.extend(gone.map(|found| found.post.id));
    }
    Ok(erased)
}
