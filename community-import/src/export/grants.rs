//! Points that were granted.

use std::io::Write;

use community_core::domain::{Grant, PostKind};
use community_core::record::{GrantRecord, Record};
use community_core::{Key, PostId};

use super::content::{damaged, key_of};
use super::{Exporter, PAGE, Result};

impl<W: Write, P: FnMut(u64)> Exporter<'_, W, P> {
    pub(super) async fn grants(&mut self) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.export.store.grants_by_id(self.community.id, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id);
            let mentioned = page.iter().flat_map(|grant| [Some(grant.member), grant.by]).flatten();
            self.learn(mentioned.collect::<Vec<_>>()).await?;
            for grant in page {
                self.grant(grant).await?;
            }
        }
    }

    async fn grant(&mut self, grant: Grant) -> Result<()> {
        let Grant { id, community: _, member, reason, points, tier, post, by, note, at } = grant;
        let key = key_of(None, id)?;
        let member = self.mention(member).await?;
        let by = self.mention_one_of(by).await?;
        let post = match post {
            Some(post) => Some(self.key_of_post(post).await?),
            None => None,
        };
        let record = GrantRecord { key, member, reason, points, tier, post, by, note, at };
        self.write(&Record::Grant(Box::new(record)))
    }

    /// The key that records refer to a post by: for a first post that of its topic.
    async fn key_of_post(&self, id: PostId) -> Result<Key> {
        let post = self.post_by_id(id).await?.post;
        if post.kind != PostKind::Opening {
            return key_of(post.key.as_ref(), id);
        }
        let export = &self.export;
        let found = export.store.topics(&[post.topic], &export.scope).await?;
        let found = export.scope.admit_all(found.into_iter().flatten()).into_iter().next();
        let topic = found.ok_or_else(|| damaged(format!("post {id} is in no topic")))?;
        key_of(topic.topic.key.as_ref(), post.topic)
    }
}
