//! Scopes: what one viewer may read, in a form that stores push into their queries.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::decide::{Access, Asker};
use super::{Facts, Guarded, Unchecked, Viewer, Visible};
use crate::directory::Directory;
use crate::domain::State;
use crate::id::{ChannelId, CommunityId, MemberId};
use crate::text::Slug;
use crate::time::Timestamp;

/// What one viewer may read.
///
/// Rights attach to channels, not to items, so a scope is three sets of channels: those read
/// whole, those in which only own topics are read, and those that the viewer moderates. Its
/// meaning is [`Scope::admits`]; a store's query means the same or has a bug.
#[derive(Debug, Clone)]
pub struct Scope(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    viewer: Viewer,
    access: AccessRev,
    valid_until: Option<Timestamp>,
    read: ChannelSet,
    own: ChannelSet,
    moderate: ChannelSet,
    communities: FxHashSet<CommunityId>,
    hidden_labels: FxHashSet<(CommunityId, Slug)>,
}

/// Tells whether anything that access rests on has changed: policies and channels (`directory`),
/// the member's attributes, roles and sanctions (`member`). Equal revisions mean equal rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct AccessRev {
    /// Of communities, channels and labels.
    pub directory: u64,
    /// Of one member; 0 for an anonymous viewer and the system.
    pub member: u64,
}

/// A set of channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelSet {
    /// Every channel there is.
    All,
    /// These.
    Only(FxHashSet<ChannelId>),
}

impl ChannelSet {
    /// No channel.
    #[must_use]
    pub fn none() -> Self {
        Self::Only(FxHashSet::default())
    }

    /// Whether a channel is in it.
    #[must_use]
    pub fn contains(&self, channel: ChannelId) -> bool {
        match self {
            Self::All => true,
            Self::Only(channels) => channels.contains(&channel),
        }
    }

    /// Whether no channel is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Only(channels) if channels.is_empty())
    }
}

/// Where something stands, as far as reading it depends on that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The community.
    pub community: CommunityId,
    /// The channel.
    pub channel: ChannelId,
    /// Who started the topic.
    pub author: MemberId,
    /// The topic's state.
    pub state: State,
}

impl Scope {
    /// The scope of the system: everything, whatever its state. For projections, importers and
    /// operators; whatever calls this shows nothing of it to anybody else.
    #[must_use]
    pub fn system(access: AccessRev) -> Self {
        Self(Arc::new(Inner {
            viewer: Viewer::System,
            access,
            valid_until: None,
            read: ChannelSet::All,
            own: ChannelSet::none(),
            moderate: ChannelSet::All,
            communities: FxHashSet::default(),
            hidden_labels: FxHashSet::default(),
        }))
    }

    /// What a viewer may read, given the directory and what is known of the viewer at `now`.
    ///
    /// Pure. A member of whom nothing is known reads what an anonymous visitor reads.
    #[must_use]
    pub fn resolve(
        viewer: Viewer,
        facts: &Facts,
        directory: &Directory,
        now: Timestamp,
        access: AccessRev,
    ) -> Self {
        if viewer == Viewer::System {
            return Self::system(access);
        }
        let (mut read, mut own, mut moderate) =
            (FxHashSet::default(), FxHashSet::default(), FxHashSet::default());
        let mut communities = FxHashSet::default();
        let mut hidden_labels = FxHashSet::default();
        for community in directory.communities() {
            let asker = Asker::new(facts, directory, community, now);
            if asker.access(None) == Access::Nothing {
                continue;
            }
            communities.insert(community.id);
            for entry in directory.channels(community.id) {
                match asker.access(Some(entry)) {
                    Access::Everything => read.insert(entry.channel.id),
                    Access::Own => own.insert(entry.channel.id),
                    Access::Nothing => continue,
                };
                if asker.moderates(entry) {
                    moderate.insert(entry.channel.id);
                }
            }
            for label in directory.labels(community.id) {
                if !asker.admits(None, &label.audience, false) {
                    hidden_labels.insert((community.id, label.key.clone()));
                }
            }
        }
        Self(Arc::new(Inner {
            viewer,
            access,
            valid_until: facts.valid_until(now),
            read: ChannelSet::Only(read),
            own: ChannelSet::Only(own),
            moderate: ChannelSet::Only(moderate),
            communities,
            hidden_labels,
        }))
    }

    /// Whether something is to be read: `place` says where its topic stands, `author` who wrote it
    /// and `state` whether it is published. For a topic itself both are the topic's.
    ///
    /// This is the meaning of a scope, and every push-down is tested against it.
    #[must_use]
    pub fn admits(&self, place: Place, author: MemberId, state: State) -> bool {
        let me = self.0.viewer.member();
        let in_channel = self.0.read.contains(place.channel)
            || (me == Some(place.author) && self.0.own.contains(place.channel));
        let moderates = self.0.moderate.contains(place.channel);
        let to_be_seen = |state, author| match state {
            State::Published => true,
            State::Withdrawn => moderates || me == Some(author),
            State::Removed => moderates,
        };
        in_channel && to_be_seen(place.state, place.author) && to_be_seen(state, author)
    }

    /// Opens what a store returned, as far as this viewer may see it.
    pub fn admit<T: Guarded>(&self, item: Unchecked<T>) -> Option<Visible<T>> {
        item.0.admitted(self).map(Visible)
    }

    /// Opens a list, leaving out what this viewer may not see.
    pub fn admit_all<T: Guarded>(
        &self,
        items: impl IntoIterator<Item = Unchecked<T>>,
    ) -> Vec<Visible<T>> {
        items.into_iter().filter_map(|item| self.admit(item)).collect()
    }

    /// Who looks.
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        self.0.viewer
    }

    /// The revision of everything that this scope rests on.
    #[must_use]
    pub fn access(&self) -> AccessRev {
        self.0.access
    }

    /// When it has to be worked out anew although nothing was written: a sanction ends.
    #[must_use]
    pub fn valid_until(&self) -> Option<Timestamp> {
        self.0.valid_until
    }

    /// Channels that are read whole.
    #[must_use]
    pub fn read(&self) -> &ChannelSet {
        &self.0.read
    }

    /// Channels in which own topics are read.
    #[must_use]
    pub fn own(&self) -> &ChannelSet {
        &self.0.own
    }

    /// Channels that the viewer moderates.
    #[must_use]
    pub fn moderated(&self) -> &ChannelSet {
        &self.0.moderate
    }

    /// Whether the channel exists for this viewer.
    #[must_use]
    pub fn sees_channel(&self, channel: ChannelId) -> bool {
        self.0.read.contains(channel) || self.0.own.contains(channel)
    }

    /// Whether the community exists for this viewer.
    #[must_use]
    pub fn sees_community(&self, community: CommunityId) -> bool {
        self.0.viewer == Viewer::System || self.0.communities.contains(&community)
    }

    /// Whether there are labels that do not exist for this viewer.
    #[must_use]
    pub fn hides_labels(&self) -> bool {
        !self.0.hidden_labels.is_empty()
    }

    /// Whether a label exists for this viewer.
    #[must_use]
    pub fn sees_label(&self, community: CommunityId, label: &Slug) -> bool {
        let hidden = &self.0.hidden_labels;
        self.sees_community(community)
            && (hidden.is_empty() || !hidden.contains(&(community, label.clone())))
    }
}
