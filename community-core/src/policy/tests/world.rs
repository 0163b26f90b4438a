//! A small world to ask about: one community with four channels, and its people.
//!
//! ```text
//! garden            the community
//! ├── here          level 1
//! │   └── below     level 2
//! │       └── deep  level 3
//! └── aside         level 1
//! ```

use crate::directory::{ChannelEntry, Directory};
use crate::domain::{
    Attribute, Channel, Community, Label, Member, Membership, Rev, RoleGrant, Sanction,
    SanctionKind, Settings, State, Topic, TopicCounters,
};
use crate::id::{ChannelId, CommunityId, MemberId, PostId, TopicId};
use crate::policy::{
    AccessRev, Action, Audience, Clause, Decision, Facts, Policy, Scope, Target, Viewer, decide,
};
use crate::text::Slug;
use crate::time::{Timestamp, from_micros};

pub(super) const GARDEN: CommunityId = CommunityId::from_bytes([1; 16]);
pub(super) const HERE: ChannelId = ChannelId::from_bytes([1; 16]);
pub(super) const BELOW: ChannelId = ChannelId::from_bytes([2; 16]);
pub(super) const DEEP: ChannelId = ChannelId::from_bytes([3; 16]);
pub(super) const ASIDE: ChannelId = ChannelId::from_bytes([4; 16]);
/// Whoever is asked about.
pub(super) const ME: MemberId = MemberId::from_bytes([1; 16]);
/// Somebody else.
pub(super) const OTHER: MemberId = MemberId::from_bytes([2; 16]);

pub(super) fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

pub(super) fn audience(text: &str) -> Audience {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// So many seconds after the world began.
pub(super) fn at(seconds: i64) -> Timestamp {
    from_micros(seconds * 1_000_000).unwrap()
}

/// The moment at which questions are asked.
pub(super) const NOW: i64 = 1_000;

pub(super) fn community(policy: Policy) -> Community {
    Community {
        id: GARDEN,
        key: slug("garden"),
        name: "Garden".parse().unwrap(),
        description: String::new(),
        policy,
        settings: Settings::default(),
        reactions: Vec::new(),
        kinds: Vec::new(),
        synonyms: Vec::new(),
        reputation: Default::default(),
        hot_scale: Community::DEFAULT_HOT_SCALE,
        capacity: None,
        archived: false,
        created_at: at(0),
        rev: Rev::FIRST,
    }
}

pub(super) fn channel(id: ChannelId, parent: Option<ChannelId>, policy: Policy) -> Channel {
    let key = match id {
        HERE => "here".to_owned(),
        BELOW => "below".to_owned(),
        DEEP => "deep".to_owned(),
        ASIDE => "aside".to_owned(),
        other => other.uuid().simple().to_string(),
    };
    Channel {
        id,
        community: GARDEN,
        parent,
        key: slug(&key),
        name: key.parse().unwrap(),
        description: String::new(),
        position: 0,
        policy,
        settings: Settings::default(),
        archived: false,
        created_at: at(0),
        rev: Rev::FIRST,
    }
}

/// The four channels, none with rules of its own.
pub(super) fn channels() -> Vec<Channel> {
    let inherit = Policy::inherit;
    vec![
        channel(HERE, None, inherit()),
        channel(BELOW, Some(HERE), inherit()),
        channel(DEEP, Some(BELOW), inherit()),
        channel(ASIDE, None, inherit()),
    ]
}

/// A directory with these rules, written as `(place, action, audience)`; the place is a channel's
/// key or `garden`.
pub(super) fn directory(rules: &[(&str, &str, &str)]) -> Directory {
    let mut community = community(Policy::inherit());
    let mut channels = channels();
    for (place, action, who) in rules {
        let policy = match channels.iter_mut().find(|channel| channel.key == *place) {
            Some(channel) => &mut channel.policy,
            None => &mut community.policy,
        };
        *policy = policy.clone().with(action.parse().unwrap(), audience(who));
    }
    Directory::new(1, vec![community], channels, vec![])
}

pub(super) fn label(key: &str, who: &str) -> Label {
    Label {
        community: GARDEN,
        key: slug(key),
        name: key.parse().unwrap(),
        description: String::new(),
        audience: audience(who),
        rev: Rev::FIRST,
    }
}

/// Facts about [`ME`], who is signed in and no more than that.
pub(super) fn signed_in() -> Facts {
    let member = Member {
        id: ME,
        key: "me".parse().unwrap(),
        name: "Me".parse().unwrap(),
        attributes: Default::default(),
        lists: Default::default(),
        profile: Default::default(),
        listed: true,
        created_at: at(0),
        erased_at: None,
        rev: Rev::FIRST,
    };
    Facts { member: Some(member), memberships: vec![Membership::stranger(GARDEN, ME)] }
}

/// Facts about [`ME`], who has joined.
pub(super) fn joined() -> Facts {
    signed_in().with(|_, membership| membership.joined_at = Some(at(1)))
}

impl Facts {
    /// The same facts, changed.
    fn with(mut self, change: impl FnOnce(&mut Member, &mut Membership)) -> Self {
        change(self.member.as_mut().unwrap(), &mut self.memberships[0]);
        self
    }

    pub(super) fn with_role(self, role: &str, channel: Option<ChannelId>) -> Self {
        self.with(|_, membership| membership.roles.push(RoleGrant { role: slug(role), channel }))
    }

    pub(super) fn with_list(self, list: &str) -> Self {
        self.with(|member, _| {
            member.lists.insert(slug(list));
        })
    }

    pub(super) fn with_text(self, name: &str, text: &str) -> Self {
        self.with(|member, _| {
            member.attributes.insert(slug(name), Attribute::Text(text.to_owned()));
        })
    }

    /// With a sanction in a channel or everywhere, from one second to another.
    pub(super) fn with_sanction(
        self,
        kind: SanctionKind,
        channel: Option<ChannelId>,
        since: i64,
        until: Option<i64>,
    ) -> Self {
        let (since, until) = (at(since), until.map(at));
        let sanction = Sanction { kind, channel, since, until, reason: String::new(), by: None };
        self.with(|_, membership| membership.sanctions.push(sanction))
    }
}

/// A published topic in a channel.
pub(super) fn topic(channel: ChannelId, author: MemberId) -> Topic {
    Topic {
        id: TopicId::from_bytes([1; 16]),
        community: GARDEN,
        channel,
        key: None,
        kind: slug("question"),
        answerable: true,
        title: "A question".parse().unwrap(),
        labels: Vec::new(),
        author,
        opening: PostId::from_bytes([1; 16]),
        status: slug("open"),
        payload: None,
        state: State::Published,
        locked: false,
        pin: None,
        hot_scale: Community::DEFAULT_HOT_SCALE,
        created_at: at(0),
        bumped_at: at(0),
        rev: Rev::FIRST,
        gate: 0,
        counters: TopicCounters::new(at(0)),
    }
}

/// Somebody who asks a directory.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) directory: &'a Directory,
    pub(super) viewer: Viewer,
    pub(super) facts: &'a Facts,
    pub(super) now: Timestamp,
}

impl<'a> Asking<'a> {
    /// [`ME`], of whom this is known, asking at [`NOW`].
    pub(super) fn new(directory: &'a Directory, facts: &'a Facts) -> Self {
        Self { directory, viewer: Viewer::Member(ME), facts, now: at(NOW) }
    }

    fn entry(&self, channel: ChannelId) -> &'a ChannelEntry {
        self.directory.channel(channel).unwrap()
    }

    fn decide(&self, action: &Action, target: Target<'_>) -> Decision {
        decide(self.viewer, self.facts, self.directory, action, target, self.now)
    }

    /// May one do that in the community as a whole?
    pub(super) fn in_community(&self, action: &Action) -> Decision {
        let community = self.directory.community(GARDEN).unwrap();
        self.decide(action, Target { community, channel: None, topic: None, author: None })
    }

    /// May one see anything in a community of which `author` is the author?
    pub(super) fn in_all_of(&self, community: CommunityId, author: Option<MemberId>) -> Decision {
        let community = self.directory.community(community).unwrap();
        self.decide(&Action::View, Target { community, channel: None, topic: None, author })
    }

    /// May one do that in a channel?
    pub(super) fn in_channel(&self, action: &Action, channel: ChannelId) -> Decision {
        let channel = self.entry(channel);
        let community = self.directory.community(channel.channel.community).unwrap();
        let channel = Some(channel);
        self.decide(action, Target { community, channel, topic: None, author: None })
    }

    /// May one do that on a topic?
    pub(super) fn on_topic(&self, action: &Action, topic: &Topic) -> Decision {
        self.on_post(action, topic, topic.author)
    }

    /// May one do that on a post in a topic?
    pub(super) fn on_post(&self, action: &Action, topic: &Topic, author: MemberId) -> Decision {
        let channel = self.entry(topic.channel);
        let community = self.directory.community(channel.channel.community).unwrap();
        let (channel, topic, author) = (Some(channel), Some(topic), Some(author));
        self.decide(action, Target { community, channel, topic, author })
    }

    pub(super) fn scope(&self) -> Scope {
        let access = AccessRev::default();
        Scope::resolve(self.viewer, self.facts, self.directory, self.now, access)
    }
}

/// A decision in one word.
pub(super) fn word(decision: &Decision) -> &'static str {
    match &decision.clause {
        _ if decision.allowed => "yes",
        Clause::Rule { .. } => "no",
        Clause::NotVisible => "unseen",
        Clause::Anonymous => "name?",
        Clause::Sanction { kind: SanctionKind::Silence, .. } => "silent",
        Clause::Sanction { kind: SanctionKind::Suspension, .. } => "banned",
        Clause::Archived => "archived",
        Clause::KindNotOffered { .. } => "kind",
        Clause::Locked => "locked",
        Clause::System | Clause::SystemOnly => "system",
    }
}
