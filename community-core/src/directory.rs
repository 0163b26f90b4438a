//! The directory: communities, channels and labels of a tenant, with inheritance worked out.
//!
//! It is small beside the content, read as a whole, and kept by the engine until the store says
//! that it has changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::domain::{Channel, Community, EffectiveSettings, Label};
use crate::id::{ChannelId, CommunityId};
use crate::policy::{Action, Audience, Policy};
use crate::search::Synonyms;
use crate::text::Slug;

/// All communities, channels and labels of a tenant.
#[derive(Debug, Default)]
pub struct Directory {
    /// The revision at which it was read; see [`AccessRev`](crate::policy::AccessRev).
    pub rev: u64,
    communities: FxHashMap<CommunityId, CommunityEntry>,
    by_key: BTreeMap<Slug, CommunityId>,
    channels: FxHashMap<ChannelId, Arc<ChannelEntry>>,
}

/// A community with what is in it.
#[derive(Debug)]
struct CommunityEntry {
    community: Arc<Community>,
    settings: EffectiveSettings,
    /// From top to bottom.
    channels: Vec<Arc<ChannelEntry>>,
    channels_by_key: FxHashMap<Slug, Arc<ChannelEntry>>,
    labels: FxHashMap<Slug, Label>,
    /// If there are any.
    synonyms: Option<Synonyms>,
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
            directory.by_key.insert(community.key.clone(), community.id);
            let entry = CommunityEntry {
                settings: EffectiveSettings::default().overridden_by(&community.settings),
                channels: Vec::new(),
                channels_by_key: FxHashMap::default(),
                labels: FxHashMap::default(),
                synonyms: Some(&*community.synonyms)
                    .filter(|lists| !lists.is_empty())
                    .map(Synonyms::from),
                community: Arc::new(community),
            };
            directory.communities.insert(entry.community.id, entry);
        }
        // Parents first: a pass per level settles all of them.
        for _ in 0..Channel::MAX_LEVEL {
            channels = channels.into_iter().filter_map(|c| directory.place(c)).collect();
        }
        for label in labels {
            if let Some(entry) = directory.communities.get_mut(&label.community) {
                entry.labels.insert(label.key.clone(), label);
            }
        }
        let channels = &directory.channels;
        for entry in directory.communities.values_mut() {
            entry.channels.sort_by_cached_key(|entry| {
                let above = entry.path.iter().filter_map(|id| channels.get(id));
                above.map(|e| (e.channel.position, e.channel.key.clone())).collect::<Vec<_>>()
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
                (Vec::new(), community.settings.clone())
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
        let Some(community) = self.communities.get_mut(&channel.community) else {
            return Some(channel);
        };
        let entry = Arc::new(ChannelEntry { path, settings, channel });
        community.channels_by_key.insert(entry.channel.key.clone(), Arc::clone(&entry));
        community.channels.push(Arc::clone(&entry));
        self.channels.insert(entry.channel.id, entry);
        None
    }

    /// All communities, by key.
    pub fn communities(&self) -> impl Iterator<Item = &Arc<Community>> {
        self.by_key.values().filter_map(|id| self.community(*id))
    }

    /// A community by id.
    #[must_use]
    pub fn community(&self, id: CommunityId) -> Option<&Arc<Community>> {
        self.communities.get(&id).map(|entry| &entry.community)
    }

    /// A community by key.
    #[must_use]
    pub fn community_by_key(&self, key: &Slug) -> Option<&Arc<Community>> {
        self.community(*self.by_key.get(key)?)
    }

    /// A channel by id.
    #[must_use]
    pub fn channel(&self, id: ChannelId) -> Option<&Arc<ChannelEntry>> {
        self.channels.get(&id)
    }

    /// A channel by key.
    #[must_use]
    pub fn channel_by_key(&self, community: CommunityId, key: &Slug) -> Option<&Arc<ChannelEntry>> {
        self.communities.get(&community)?.channels_by_key.get(key)
    }

    /// The channels of a community, as a tree read from top to bottom.
    pub fn channels(&self, community: CommunityId) -> impl Iterator<Item = &Arc<ChannelEntry>> {
        self.communities.get(&community).into_iter().flat_map(|entry| &entry.channels)
    }

    /// A channel and all below it.
    pub fn subtree(&self, root: &ChannelEntry) -> impl Iterator<Item = &Arc<ChannelEntry>> {
        let root_id = root.channel.id;
        self.channels(root.channel.community).filter(move |entry| entry.path.contains(&root_id))
    }

    /// A label.
    #[must_use]
    pub fn label(&self, community: CommunityId, key: &Slug) -> Option<&Label> {
        self.communities.get(&community)?.labels.get(key)
    }

    /// The labels of a community, in no order.
    pub fn labels(&self, community: CommunityId) -> impl Iterator<Item = &Label> {
        self.communities.get(&community).into_iter().flat_map(|entry| entry.labels.values())
    }

    /// What means the same in a community; `None` when nothing is said to.
    #[must_use]
    pub fn synonyms(&self, community: CommunityId) -> Option<&Synonyms> {
        self.communities.get(&community)?.synonyms.as_ref()
    }

    /// Settings of a community after defaults.
    #[must_use]
    pub fn settings(&self, community: CommunityId) -> Option<&EffectiveSettings> {
        self.communities.get(&community).map(|entry| &entry.settings)
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
