//! The directory: communities, channels and labels of a tenant, with inheritance worked out.
//!
//! It is small beside the content, read as a whole, and kept by the engine until the store says
//! that it has changed.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::domain::{Channel, Community, EffectiveSettings, Label};
use crate::id::{ChannelId, CommunityId};
use crate::policy::{Action, Audience, Policy};
use crate::text::Slug;

/// All communities, channels and labels of a tenant.
#[derive(Debug, Default)]
pub struct Directory {
    /// The revision at which it was read; see [`AccessRev`](crate::policy::AccessRev).
    pub rev: u64,
    communities: FxHashMap<CommunityId, Arc<Community>>,
    channels: FxHashMap<ChannelId, Arc<ChannelEntry>>,
    by_community: FxHashMap<CommunityId, Vec<ChannelId>>,
    labels: FxHashMap<CommunityId, FxHashMap<Slug, Label>>,
    ordered: Vec<CommunityId>,
}

/// A channel with what it inherits.
#[derive(Debug, Clone)]
pub struct ChannelEntry {
    /// The channel itself.
    pub channel: Channel,
    /// The ids from the top-level channel down to this one.
    pub path: Vec<ChannelId>,
    /// Its settings after inheritance.
    pub settings: EffectiveSettings,
}

/// Where a rule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleLevel {
    /// In the channel with this id.
    Channel(ChannelId),
    /// In the community.
    Community,
    /// In the preset that holds where nobody says anything.
    Default,
}

impl Directory {
    /// Works out inheritance. Channels whose parent is missing, that would form a ring, or that lie
    /// below [`Channel::MAX_LEVEL`] are left out: nothing in them can be seen.
    #[must_use]
    pub fn new(
        rev: u64,
        communities: Vec<Community>,
        mut channels: Vec<Channel>,
        labels: Vec<Label>,
    ) -> Self {
        let mut directory = Self { rev, ..Self::default() };
        for community in communities {
            directory.ordered.push(community.id);
            directory.communities.insert(community.id, Arc::new(community));
        }
        directory.ordered.sort_by(|a, b| {
            let key = |id| directory.communities.get(id).map(|c| &c.key);
            key(a).cmp(&key(b))
        });
        // Parents first: a pass per level settles all of them.
        for _ in 0..Channel::MAX_LEVEL {
            channels = channels.into_iter().filter_map(|c| directory.place(c)).collect();
        }
        for label in labels {
            let of_community = directory.labels.entry(label.community).or_default();
            of_community.insert(label.key.clone(), label);
        }
        let channels = &directory.channels;
        for ids in directory.by_community.values_mut() {
            ids.sort_by_cached_key(|id| {
                let path = channels.get(id).map(|entry| entry.path.as_slice()).unwrap_or_default();
                path.iter()
                    .filter_map(|id| channels.get(id))
                    .map(|entry| (entry.channel.position, entry.channel.key.clone()))
                    .collect::<Vec<_>>()
            });
        }
        directory
    }

    /// Places a channel below its parent; gives it back when the parent is not there yet.
    fn place(&mut self, channel: Channel) -> Option<Channel> {
        let (mut path, above) = match channel.parent {
            None => {
                let Some(community) = self.communities.get(&channel.community) else {
                    return Some(channel);
                };
                (Vec::new(), EffectiveSettings::default().overridden_by(&community.settings))
            }
            Some(parent) => match self.channels.get(&parent) {
                Some(entry)
                    if entry.channel.community == channel.community
                        && entry.path.len() < Channel::MAX_LEVEL =>
                {
                    (entry.path.clone(), entry.settings.clone())
                }
                _ => return Some(channel),
            },
        };
        path.push(channel.id);
        let settings = above.overridden_by(&channel.settings);
        self.by_community.entry(channel.community).or_default().push(channel.id);
        let entry = ChannelEntry { path, settings, channel };
        self.channels.insert(entry.channel.id, Arc::new(entry));
        None
    }

    /// All communities, by key.
    pub fn communities(&self) -> impl Iterator<Item = &Arc<Community>> {
        self.ordered.iter().filter_map(|id| self.communities.get(id))
    }

    /// A community by id.
    #[must_use]
    pub fn community(&self, id: CommunityId) -> Option<&Arc<Community>> {
        self.communities.get(&id)
    }

    /// A community by key.
    #[must_use]
    pub fn community_by_key(&self, key: &Slug) -> Option<&Arc<Community>> {
        self.communities().find(|community| community.key == *key)
    }

    /// A channel by id.
    #[must_use]
    pub fn channel(&self, id: ChannelId) -> Option<&Arc<ChannelEntry>> {
        self.channels.get(&id)
    }

    /// A channel by key.
    #[must_use]
    pub fn channel_by_key(&self, community: CommunityId, key: &Slug) -> Option<&Arc<ChannelEntry>> {
        self.channels(community).find(|entry| entry.channel.key == *key)
    }

    /// The channels of a community, as a tree read from top to bottom.
    pub fn channels(&self, community: CommunityId) -> impl Iterator<Item = &Arc<ChannelEntry>> {
        self.by_community
            .get(&community)
            .into_iter()
            .flatten()
            .filter_map(|id| self.channels.get(id))
    }

    /// A channel and all below it.
    pub fn subtree(&self, root: &ChannelEntry) -> impl Iterator<Item = &Arc<ChannelEntry>> {
        let root_id = root.channel.id;
        self.channels(root.channel.community).filter(move |entry| entry.path.contains(&root_id))
    }

    /// A label.
    #[must_use]
    pub fn label(&self, community: CommunityId, key: &Slug) -> Option<&Label> {
        self.labels.get(&community)?.get(key)
    }

    /// The labels of a community, in no order.
    pub fn labels(&self, community: CommunityId) -> impl Iterator<Item = &Label> {
        self.labels.get(&community).into_iter().flat_map(FxHashMap::values)
    }

    /// Settings of a community after defaults.
    #[must_use]
    pub fn settings(&self, community: &Community) -> EffectiveSettings {
        EffectiveSettings::default().overridden_by(&community.settings)
    }

    /// The rule that holds for an action: the nearest one, from the channel upwards.
    #[must_use]
    pub fn rule<'a>(
        &'a self,
        community: &'a Community,
        channel: Option<&ChannelEntry>,
        action: &Action,
    ) -> (&'a Audience, RuleLevel) {
        fn own<'p>(policy: &'p Policy, action: &Action) -> Option<&'p Audience> {
            policy.rule(action).or_else(|| match action {
                Action::StartKind(_) => policy.rule(&Action::Start),
                _ => None,
            })
        }
        static DEFAULT: std::sync::OnceLock<Policy> = std::sync::OnceLock::new();
        static NOBODY: Audience = Audience::Nobody;
        for id in channel.iter().flat_map(|entry| entry.path.iter().rev()) {
            let policy = self.channels.get(id).map(|entry| &entry.channel.policy);
            if let Some(audience) = policy.and_then(|policy| own(policy, action)) {
                return (audience, RuleLevel::Channel(*id));
            }
        }
        if let Some(audience) = own(&community.policy, action) {
            return (audience, RuleLevel::Community);
        }
        let default = DEFAULT.get_or_init(Policy::public);
        (own(default, action).unwrap_or(&NOBODY), RuleLevel::Default)
    }
}
