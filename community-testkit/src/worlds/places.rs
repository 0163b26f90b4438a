//! The communities of a world, with their channels and labels.

use std::collections::BTreeSet;

use chrono::Duration;
use community_core::record::{ChannelRecord, CommunityRecord, LabelRecord, Record};
use community_core::{
    Audience, Field, FieldType, Kind, Policy, ReactionDef, Settings, Slug, Sort, Timestamp,
    Transition, TransitionBy,
};

use super::words::Language;
use super::{Access, Dice, Params, World};
use crate::fixture::{name, slug};

/// The presets of policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Preset {
    Public,
    MembersOnly,
    ClosedList,
    Intranet,
    Employees,
    OwnTopicsOnly,
}

impl Preset {
    /// In channels, in this order; a channel of the first one inherits.
    const OF_CHANNELS: [Self; 6] = [
        Self::Public,
        Self::MembersOnly,
        Self::ClosedList,
        Self::Intranet,
        Self::Employees,
        Self::OwnTopicsOnly,
    ];

    /// In communities, in this order.
    const OF_COMMUNITIES: [Self; 6] = [
        Self::Public,
        Self::MembersOnly,
        Self::ClosedList,
        Self::Intranet,
        Self::Public,
        Self::Employees,
    ];

    fn policy(self) -> Policy {
        match self {
            Self::Public => Policy::public(),
            Self::MembersOnly => Policy::members_only(),
            Self::ClosedList => Policy::closed_list(slug("customers")),
            Self::Intranet => {
                Policy::intranet(audience("department exists and country in [BE, NL]"))
            }
            Self::Employees => Policy::employees(),
            Self::OwnTopicsOnly => Policy::own_topics_only(),
        }
    }
}

/// A community that is being told.
#[derive(Debug, Clone)]
pub(super) struct Community {
    pub(super) number: usize,
    pub(super) preset: Preset,
    pub(super) language: Language,
    pub(super) channels: Vec<Channel>,
    pub(super) labels: Vec<Slug>,
    access: Access,
    seed: u64,
    capacity: Option<u64>,
}

/// A channel that is being told.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    pub(super) key: Slug,
    /// Those of the community and of every channel down to this one.
    pub(super) presets: Vec<Preset>,
    /// Whether it takes questions and discussions only.
    pub(super) plain: bool,
    parent: Option<Slug>,
    preset: Preset,
    archived: bool,
}

/// The key of a community.
pub(super) fn community_key(community: usize) -> Slug {
    numbered(&COMMUNITIES, community)
}

impl Community {
    pub(super) fn new(params: &Params, seed: u64, number: usize) -> Self {
        let varied = params.access == Access::EveryPreset;
        let preset = Preset::OF_COMMUNITIES.iter().cycle().nth(number);
        let preset = preset.copied().filter(|_| varied).unwrap_or(Preset::Public);
        let (channels, before) = params.share(params.channels, number);
        let (labels, _) = params.share(params.labels, number);
        let capacity = u64::try_from(params.members).ok().filter(|_| number % 3 == 1);
        let language = Language::ALL.iter().cycle().nth(number).copied();
        let mut community = Self {
            number,
            preset,
            language: language.unwrap_or(Language::English),
            channels: Vec::with_capacity(channels),
            labels: (0..labels).map(|label| numbered(&LABELS, label)).collect(),
            access: params.access,
            seed,
            capacity,
        };
        for channel in 0..channels {
            community.add_channel(channel, before + channel);
        }
        community
    }

    /// Adds a channel: `here` is its number in the community, `anywhere` that in the world.
    fn add_channel(&mut self, here: usize, anywhere: usize) {
        let preset = match self.access {
            Access::Public => Preset::Public,
            Access::EveryPreset => Preset::OF_CHANNELS
                .get(anywhere % Preset::OF_CHANNELS.len())
                .copied()
                .unwrap_or(Preset::Public),
        };
        // Customers write below members, those below the public; employees below the intranet.
        let is_below =
            matches!(preset, Preset::MembersOnly | Preset::ClosedList | Preset::Employees);
        let above = self.channels.last().filter(|_| is_below);
        let mut presets = above.map_or_else(|| vec![self.preset], |above| above.presets.clone());
        if preset != Preset::Public {
            presets.push(preset);
        }
        let varied = self.access == Access::EveryPreset;
        self.channels.push(Channel {
            key: numbered(&CHANNELS, here),
            presets,
            plain: matches!(preset, Preset::ClosedList | Preset::OwnTopicsOnly),
            parent: above.map(|above| above.key.clone()),
            preset,
            archived: varied && anywhere % 20 == 18,
        });
    }

    pub(super) fn founded_at(&self) -> Timestamp {
        World::beginning() + Duration::days(i64::try_from(self.number).unwrap_or(0))
    }

    pub(super) fn record(&self) -> CommunityRecord {
        let mut dice = Dice::of(self.seed, "community", self.number);
        CommunityRecord {
            key: community_key(self.number),
            name: name(&format!("The {}", community_key(self.number))),
            description: self.language.remark(&mut dice),
            policy: self.preset.policy(),
            settings: Settings { max_accepted: Some(3), ..Settings::default() },
            reactions: REACTIONS
                .iter()
                .map(|(key, words)| ReactionDef { key: slug(key), name: name(words) })
                .collect(),
            kinds: vec![loan()],
            synonyms: Vec::new(),
            reputation: Default::default(),
            hot_scale: (self.number % 2 == 1).then_some(86_400),
            capacity: self.capacity,
            archived: false,
            created_at: Some(self.founded_at()),
        }
    }

    /// Its channels and labels.
    pub(super) fn records(&self) -> Vec<Record> {
        let mut dice = Dice::of(self.seed, "places", self.number);
        let mut records = Vec::with_capacity(self.channels.len() + self.labels.len());
        for (number, channel) in self.channels.iter().enumerate() {
            let mut settings = Settings::default();
            if channel.plain {
                let kinds = ["question", "discussion"].map(slug);
                settings.kinds = Some(BTreeSet::from(kinds));
                settings.max_accepted = Some(1);
            }
            if channel.preset == Preset::MembersOnly {
                settings.sorts = Some(vec![Sort::Active, Sort::New, Sort::Top, Sort::Hot]);
                settings.self_vote = Some(true);
            }
            records.push(Record::Channel(Box::new(ChannelRecord {
                key: channel.key.clone(),
                name: Some(name(&channel.key.as_str().replace('-', " "))),
                parent: channel.parent.clone(),
                description: self.language.remark(&mut dice),
                position: i64::try_from(number / 2).unwrap_or(0),
                policy: match channel.preset {
                    Preset::Public => Policy::inherit(),
                    preset => preset.policy(),
                },
                settings,
                archived: channel.archived,
                created_at: Some(self.founded_at()),
            })));
        }
        for (number, label) in self.labels.iter().enumerate() {
            let restricted = match (self.access, number % 12) {
                (Access::EveryPreset, 3) => audience("role(employee)"),
                (Access::EveryPreset, 7) => audience("level >= 2 or role(moderator)"),
                _ => Audience::Everyone,
            };
            records.push(Record::Label(Box::new(LabelRecord {
                key: label.clone(),
                name: Some(name(label.as_str())),
                description: self.language.remark(&mut dice),
                audience: restricted,
            })));
        }
        records
    }
}

/// Reactions that every community of a world offers.
pub(super) const REACTIONS: [(&str, &str); 3] =
    [("thanks", "Thank you"), ("insight", "That helps"), ("party", "🎉")];

/// A kind that every community of a world defines: something is lent.
pub(super) fn loan() -> Kind {
    let change = |from, to| Transition { from: slug(from), to: slug(to), by: TransitionBy::Editor };
    let field = |name, kind, required| Field { name: slug(name), kind, required };
    Kind {
        name: slug("loan"),
        answers: false,
        initial: slug("offered"),
        transitions: vec![change("offered", "lent"), change("lent", "offered")],
        fields: vec![
            field("item", FieldType::Text, true),
            field("deposit", FieldType::Integer, false),
        ],
    }
}

#[allow(clippy::expect_used, reason = "the audiences of this file are valid")]
fn audience(text: &str) -> Audience {
    text.parse().expect("a valid audience")
}

/// The word with this number; behind the last word they come again, with a number.
fn numbered(words: &[&str], number: usize) -> Slug {
    let word = words.get(number % words.len()).copied().unwrap_or_default();
    match number / words.len() {
        0 => slug(word),
        round => slug(&format!("{word}-{}", round + 1)),
    }
}

const COMMUNITIES: [&str; 8] =
    ["garden", "taller", "keuken", "library", "bici", "buurthuis", "choir", "mercado"];

const CHANNELS: [&str; 12] = [
    "square",
    "workbench",
    "regulars",
    "intern",
    "back-office",
    "counter",
    "seeds",
    "tools",
    "trueque",
    "kalender",
    "history",
    "ideas",
];

const LABELS: [&str; 30] = [
    "beginner",
    "winter",
    "repair",
    "intern",
    "water",
    "wood",
    "bees",
    "veterans",
    "bread",
    "free",
    "urgent",
    "c++",
    "zomer",
    "gereedschap",
    "fietsband",
    "recept",
    "herramienta",
    "semillas",
    "pan",
    "agua",
    "and",
    "not",
    "one-two",
    ".net",
    "straße",
    "vélo",
    "自転車",
    "q1",
    "2024",
    "no-answer",
];
