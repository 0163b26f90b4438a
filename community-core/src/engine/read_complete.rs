//! Completion: the names that begin with what somebody has typed so far.
//!
//! Labels and channels are looked through in the directory, which is in memory; members come from
//! a list of names that stores keep in order.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use super::Rights;
use super::read::Read;
use super::session::{Session, reading};
use super::view::{ChannelView, Completions, LabelView, MemberView};
use crate::domain::{Community, Label};
use crate::error::Result;
use crate::fold::Folded;
use crate::id::ChannelId;
use crate::policy::{Unchecked, Visible};
use crate::search::{CompleteQuery, NameKind};
use crate::text::{Name, Slug};

impl Session {
    /// The labels, channels and members of a community whose names begin with what somebody has
    /// typed so far, whatever its case and accents.
    ///
    /// A label or channel fits when its key begins so, or a word of its name; a member who is
    /// listed and has joined, when a word of the name or the key does. What begins so as a whole
    /// stands before what has a later word that does, and members whose key alone fits come last.
    /// Then labels and channels come by the number of their topics that the viewer may read, most
    /// first, and by key; members by the name from the word on that fits. The first
    /// [`Folded::MOST_WORDS`] words of a name count.
    ///
    /// With nothing typed the labels and channels with most topics come, and no member.
    ///
    /// # Errors
    /// [`Error::Limit`](crate::Error::Limit) for too long a text or too many names,
    /// [`Error::Invalid`](crate::Error::Invalid) for none of them;
    /// [`Error::NotFound`](crate::Error::NotFound) when the community does not exist for this
    /// viewer.
    pub async fn complete(&self, query: &CompleteQuery) -> Result<Completions> {
        let (text, limit) = query.read(self.engine().env().limits())?;
        reading!(self, Read::Complete, |rights| {
            let community = rights.community(&query.community)?;
            let mut found = Completions::default();
            if query.asks_for(NameKind::Label) {
                found.labels = self.complete_labels(&rights, community, &text, limit).await?;
            }
            if query.asks_for(NameKind::Channel) {
                found.channels = self.complete_channels(&rights, community, &text, limit).await?;
            }
            if query.asks_for(NameKind::Member) && !text.is_empty() {
                found.members = self.complete_members(&rights, community, &text, limit).await?;
            }
            Ok(found)
        })
    }

    async fn complete_labels(
        &self,
        rights: &Rights,
        community: &Community,
        text: &Folded,
        limit: usize,
    ) -> Result<Vec<Visible<LabelView>>> {
        let labels = rights.directory.labels(community.id);
        let mut fits = fitting(labels, text, |label| (&label.key, &label.name));
        fits.retain(|fit| rights.scope.sees_label(community.id, fit.key));
        if fits.is_empty() {
            return Ok(Vec::new());
        }
        let used = self.engine().store().label_use(community.id, &rights.scope).await?;
        let used: FxHashMap<Slug, u64> = used.into_iter().collect();
        for fit in &mut fits {
            fit.topics = used.get(fit.key).copied().unwrap_or(0);
        }
        let views = best(fits, limit).map(|fit| {
            let Label { community, key, name, description, .. } = fit.item.clone();
            Unchecked::new(LabelView { community, key, name, description, topics: fit.topics })
        });
        Ok(rights.scope.admit_all(views))
    }

    async fn complete_channels(
        &self,
        rights: &Rights,
        community: &Community,
        text: &Folded,
        limit: usize,
    ) -> Result<Vec<Visible<ChannelView>>> {
        let channels = rights.directory.channels(community.id);
        let mut fits = fitting(channels, text, |entry| (&entry.channel.key, &entry.channel.name));
        fits.retain(|fit| rights.scope.sees_channel(fit.item.channel.id));
        if fits.is_empty() {
            return Ok(Vec::new());
        }
        let topics = self.engine().store().channel_topics(community.id, &rights.scope).await?;
        let topics: FxHashMap<ChannelId, u64> = topics.into_iter().collect();
        for fit in &mut fits {
            fit.topics = topics.get(&fit.item.channel.id).copied().unwrap_or(0);
        }
        let views = best(fits, limit).map(|fit| {
            let parent = fit.item.channel.parent.and_then(|id| rights.directory.channel(id));
            let parent = parent.map(|parent| &parent.channel);
            Unchecked::new(ChannelView::new(fit.item, parent, fit.topics))
        });
        Ok(rights.scope.admit_all(views))
    }

    async fn complete_members(
        &self,
        rights: &Rights,
        community: &Community,
        text: &Folded,
        limit: usize,
    ) -> Result<Vec<Visible<MemberView>>> {
        let rows = self.engine().store().members_named(community.id, text, limit).await?;
        self.require_current(rights).await?;
        let views =
            rows.iter().map(|row| Unchecked::new(MemberView::new(&row.member, &row.membership)));
        Ok(rights.scope.admit_all(views))
    }
}

/// A label or channel whose key or name fits, with what decides where it stands.
struct Fit<'a, T> {
    is_later: bool,
    topics: u64,
    key: &'a Slug,
    item: &'a T,
}

fn fitting<'a, T>(
    items: impl Iterator<Item = &'a T>,
    text: &Folded,
    names: impl Fn(&'a T) -> (&'a Slug, &'a Name),
) -> Vec<Fit<'a, T>> {
    let fits = items.filter_map(|item| {
        let (key, name) = names(item);
        let is_later = match (text.begins(key.as_str()), text.begins(name.as_str())) {
            (Some(true), _) | (_, Some(true)) => false,
            (_, Some(false)) => true,
            (_, None) => return None,
        };
        Some(Fit { is_later, topics: 0, key, item })
    });
    fits.collect()
}

/// The best so many, in order. Of thousands that fit, only these are sorted.
fn best<'a, T>(mut fits: Vec<Fit<'a, T>>, limit: usize) -> impl Iterator<Item = Fit<'a, T>> {
    let order = |a: &Fit<'a, T>, b: &Fit<'a, T>| {
        let rank = |fit: &Fit<'a, T>| (fit.is_later, Reverse(fit.topics), fit.key);
        rank(a).cmp(&rank(b))
    };
    if limit < fits.len() {
        fits.select_nth_unstable_by(limit, order);
        fits.truncate(limit);
    }
    fits.sort_unstable_by(order);
    fits.into_iter()
}
