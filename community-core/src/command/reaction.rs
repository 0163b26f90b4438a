//! Votes and reactions.

use super::nothing;
use crate::change::{EntityRef, EventKind, Expect};
use crate::domain::{Slot, Vote};
use crate::engine::{Session, command};
use crate::error::{Error, Result};
use crate::id::PostId;
use crate::policy::Action;
use crate::text::Slug;

impl Session {
    /// Votes on a post, in place of an earlier vote, or takes the vote back.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`]; [`Error::Invalid`] on one's own post (unless the
    /// settings allow it) or on one that is not published.
    pub async fn vote(&self, post: PostId, vote: Option<Vote>) -> Result<()> {
        let key = vote.map(|vote| Slug::new(vote.as_str())).transpose()?;
        self.set_reaction(post, Slot::Vote, key).await
    }

    /// Reacts to a post with one of the community's reactions, in place of an earlier one, or takes
    /// the reaction back.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`]; [`Error::Invalid`] for a reaction that the community
    /// does not offer, or on a post that is not published.
    pub async fn react(&self, post: PostId, reaction: Option<&Slug>) -> Result<()> {
        self.set_reaction(post, Slot::Reaction, reaction.cloned()).await
    }

    async fn set_reaction(&self, id: PostId, slot: Slot, key: Option<Slug>) -> Result<()> {
        command!(self, ("react", id, slot, &key), |rights| {
            let (view, topic) = self.post_to_add_to(&rights, id).await?;
            let action = match slot {
                Slot::Vote => Action::Vote,
                Slot::Reaction => Action::React,
            };
            rights.require_in_topic(&action, &topic, Some(view.post.author), "post")?;
            let me = rights.author(&action)?;
            let (community, channel) = rights.place_of(&topic)?;
            if slot == Slot::Vote && me == view.post.author && !channel.settings.self_vote {
                return Err(Error::invalid("nobody votes on what they wrote"));
            }
            if let (Slot::Reaction, Some(key)) = (slot, &key)
                && !community.reactions.iter().any(|reaction| reaction.key == *key)
            {
                return Err(Error::invalid(format!("there is no reaction `{key}`")));
            }
            let old = self.reaction_of(me, id, slot).await?;
            if old == key {
                return nothing(&rights, None);
            }
            let mut changes = rights.changes();
            changes.expect(Expect::Gate(topic.id, topic.gate));
            // The post was read before the gate: it may have been removed in between.
            changes.expect(Expect::Rev(EntityRef::Post(id), view.post.rev));
            let to = key.clone().map(|key| (key, rights.now));
            changes.change_reaction(&topic, id, me, slot, old.as_ref(), to);
            let kind = EventKind::Reacted { from: old, to: key.clone() };
            changes.events.push(rights.event_on(kind, &topic, Some(id)));
            Ok((None, changes))
        });
        Ok(())
    }

    /// What a member gave to a post in one slot.
    pub(super) async fn reaction_of(
        &self,
        member: crate::MemberId,
        post: PostId,
        slot: Slot,
    ) -> Result<Option<Slug>> {
        let known = self.engine().store().reactions_of(member, &[post]).await?;
        Ok(known.into_iter().find(|reaction| reaction.slot == slot).map(|reaction| reaction.key))
    }
}
