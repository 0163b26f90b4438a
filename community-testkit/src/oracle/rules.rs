//! Who may see and do what, from the documentation of audiences, policies, roles and sanctions.

use community_core::policy::Place;
use community_core::{
    Action, Attribute, Audience, Channel, ChannelId, Clause, Community, CommunityId, Decision,
    EffectiveSettings, Filter, MemberId, Post, Sanction, SanctionKind, Settings, Slug, Sort, State,
    Topic, Viewer,
};

use super::{Act, Oracle, Result, denied, not_found};

/// Somebody as one community knows them at one place: the community itself, or a channel in it.
pub(super) struct Person<'a> {
    pub(super) member: Option<&'a community_core::Member>,
    pub(super) membership: Option<&'a community_core::Membership>,
    /// The channel in question and those above it.
    pub(super) path: &'a [ChannelId],
    pub(super) is_author: bool,
}

/// How much of a channel somebody reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    Nothing,
    Own,
    Everything,
}

/// What a question about a right is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) community: &'a Community,
    pub(super) channel: Option<&'a Channel>,
    pub(super) topic: Option<&'a Topic>,
    pub(super) author: Option<MemberId>,
}

impl<'a> About<'a> {
    pub(super) fn place(community: &'a Community, channel: Option<&'a Channel>) -> Self {
        Self { community, channel, topic: None, author: None }
    }
}

impl Person<'_> {
    fn has_role(&self, role: &Slug) -> bool {
        let roles = self.membership.map(|m| m.roles.as_slice()).unwrap_or_default();
        roles.iter().any(|grant| {
            let here = match grant.channel {
                None => true,
                Some(channel) => self.path.contains(&channel),
            };
            grant.role == *role && here
        })
    }

    pub(super) fn is_in(&self, audience: &Audience) -> bool {
        match audience {
            Audience::Everyone => true,
            Audience::Nobody => false,
            Audience::SignedIn => self.member.is_some(),
            Audience::Members => match self.membership {
                Some(membership) => membership.joined_at.is_some(),
                None => false,
            },
            Audience::Role(role) => self.has_role(role),
            Audience::List(list) => self.member.is_some_and(|member| member.lists.contains(list)),
            Audience::Member(key) => self.member.is_some_and(|member| member.key == *key),
            Audience::Author => self.is_author,
            Audience::Level(least) => match (self.member, self.membership) {
                (None, _) => false,
                (Some(_), None) => *least == 0,
                (Some(_), Some(membership)) => membership.level >= *least,
            },
            Audience::Attribute(name, comparison) => {
                match self.member.and_then(|member| member.attributes.get(name)) {
                    None => false,
                    Some(value) => compares(value, comparison),
                }
            }
            Audience::All(parts) => !parts.iter().any(|part| !self.is_in(part)),
            Audience::Any(parts) => parts.iter().any(|part| self.is_in(part)),
            Audience::Not(inner) => !self.is_in(inner),
        }
    }

    /// The smallest part that decided, negated where it stands below a `not`.
    fn deciding(&self, audience: &Audience) -> Audience {
        let holds = self.is_in(audience);
        match audience {
            // One of one: the smallest part that decided is inside.
            Audience::All(parts) | Audience::Any(parts) if parts.len() == 1 => {
                parts.first().map_or_else(|| audience.clone(), |part| self.deciding(part))
            }
            Audience::All(parts) if !holds => {
                let refusing = parts.iter().find(|part| !self.is_in(part));
                refusing.map_or_else(|| audience.clone(), |part| self.deciding(part))
            }
            Audience::Any(parts) if holds => {
                let admitting = parts.iter().find(|part| self.is_in(part));
                admitting.map_or_else(|| audience.clone(), |part| self.deciding(part))
            }
            Audience::Not(inner) => match self.deciding(inner) {
                Audience::Not(part) => *part,
                part => Audience::Not(Box::new(part)),
            },
            _ => audience.clone(),
        }
    }
}

/// Whether an attribute compares as an audience asks.
fn compares(value: &Attribute, comparison: &community_core::policy::Comparison) -> bool {
    use community_core::policy::Comparison as Is;
    let equal = |wanted: &Attribute| match (value, wanted) {
        (_, Attribute::Texts(_)) => false,
        (Attribute::Boolean(a), Attribute::Boolean(b)) => a == b,
        (Attribute::Integer(a), Attribute::Integer(b)) => a == b,
        (Attribute::Text(a), Attribute::Text(b)) => a == b,
        (Attribute::Texts(several), Attribute::Text(one)) => several.iter().any(|a| a == one),
        _ => false,
    };
    let number = match value {
        Attribute::Integer(number) => Some(*number),
        _ => None,
    };
    match comparison {
        Is::Is(wanted) => equal(wanted),
        Is::IsNot(wanted) => !equal(wanted),
        Is::In(wanted) => wanted.iter().any(equal),
        Is::Less(bound) => number.is_some_and(|number| number < *bound),
        Is::AtMost(bound) => number.is_some_and(|number| number <= *bound),
        Is::More(bound) => number.is_some_and(|number| number > *bound),
        Is::AtLeast(bound) => number.is_some_and(|number| number >= *bound),
        Is::Exists => true,
    }
}

impl Oracle {
    /// The sanctions of a viewer that are in force at a place.
    fn sanctions(&self, act: Act, community: CommunityId, path: &[ChannelId]) -> Vec<&Sanction> {
        let membership = act.viewer.member().and_then(|id| self.membership(community, id));
        let all = membership.map(|m| m.sanctions.as_slice()).unwrap_or_default();
        all.iter()
            .filter(|s| s.since <= act.now && s.until.is_none_or(|until| act.now < until))
            .filter(|s| s.channel.is_none_or(|channel| path.contains(&channel)))
            .collect()
    }

    /// A viewer as a place knows them. Who is suspended there is known as little as a visitor.
    fn person<'a>(
        &'a self,
        act: Act,
        community: CommunityId,
        path: &'a [ChannelId],
        is_author: bool,
    ) -> Person<'a> {
        let suspended = self
            .sanctions(act, community, path)
            .iter()
            .any(|sanction| sanction.kind == SanctionKind::Suspension);
        if suspended {
            return Person { member: None, membership: None, path: &[], is_author: false };
        }
        let id = act.viewer.member();
        Person {
            member: id.and_then(|id| self.member(id)),
            membership: id.and_then(|id| self.membership(community, id)),
            path,
            is_author,
        }
    }

    /// Whether a viewer belongs to an audience at a place.
    pub(super) fn belongs(
        &self,
        act: Act,
        community: CommunityId,
        channel: Option<&Channel>,
        audience: &Audience,
    ) -> bool {
        let path = channel.map(|channel| self.chain(channel)).unwrap_or_default();
        act.viewer == Viewer::System || self.person(act, community, &path, false).is_in(audience)
    }

    /// The rule for an action at a place, nearest first, and where it stands.
    fn rule(
        &self,
        community: &Community,
        path: &[ChannelId],
        action: &Action,
    ) -> (Audience, String) {
        let own = |policy: &community_core::Policy| {
            let general = match action {
                Action::StartKind(_) => policy.rule(&Action::Start),
                _ => None,
            };
            policy.rule(action).or(general).cloned()
        };
        for id in path.iter().rev() {
            let Some(channel) = self.channel_row(*id) else { continue };
            if let Some(audience) = own(&channel.policy) {
                return (audience, format!("channel `{}`", channel.key));
            }
        }
        if let Some(audience) = own(&community.policy) {
            return (audience, "community".to_owned());
        }
        let default = own(&community_core::Policy::public());
        (default.unwrap_or(Audience::Nobody), "default policy".to_owned())
    }

    fn allows(
        &self,
        act: Act,
        community: &Community,
        path: &[ChannelId],
        action: &Action,
        is_author: bool,
    ) -> bool {
        let (audience, _) = self.rule(community, path, action);
        self.person(act, community.id, path, is_author).is_in(&audience)
    }

    /// What a viewer reads of a channel, or of the community: never more than of what lies above.
    pub(super) fn access(
        &self,
        act: Act,
        community: &Community,
        channel: Option<&Channel>,
    ) -> Access {
        if act.viewer == Viewer::System {
            return Access::Everything;
        }
        let path = channel.map(|channel| self.chain(channel)).unwrap_or_default();
        let mut least = Access::Everything;
        for levels in 0..=path.len() {
            let above: Vec<ChannelId> = path.iter().take(levels).copied().collect();
            let here = if self.allows(act, community, &above, &Action::View, false) {
                Access::Everything
            } else if act.viewer.member().is_some()
                && self.allows(act, community, &above, &Action::View, true)
            {
                Access::Own
            } else {
                Access::Nothing
            };
            least = least.min(here);
        }
        least
    }

    pub(super) fn sees_channel(&self, act: Act, channel: &Channel) -> bool {
        let community = self.community_row(channel.community);
        community.is_some_and(|c| self.access(act, c, Some(channel)) != Access::Nothing)
    }

    /// A community, if the viewer sees it.
    pub(super) fn community(&self, act: Act, key: &Slug) -> Result<&Community> {
        self.community_of_key(key)
            .filter(|community| self.access(act, community, None) != Access::Nothing)
            .ok_or_else(|| not_found("community"))
    }

    /// A channel, if the viewer sees it.
    pub(super) fn channel(&self, act: Act, community: &Community, key: &Slug) -> Result<&Channel> {
        self.channel_of_key(community.id, key)
            .filter(|channel| self.sees_channel(act, channel))
            .ok_or_else(|| not_found("channel"))
    }

    pub(super) fn sees_label(&self, act: Act, community: CommunityId, label: &Slug) -> bool {
        match self.label_row(community, label) {
            Some(label) => self.belongs(act, community, None, &label.audience),
            None => true,
        }
    }

    /// Whether a viewer moderates a channel, as far as reading goes.
    pub(super) fn moderates(&self, act: Act, channel: ChannelId) -> bool {
        if act.viewer == Viewer::System {
            return true;
        }
        let Some(channel) = self.channel_row(channel) else { return false };
        let Some(community) = self.community_row(channel.community) else { return false };
        let path = self.chain(channel);
        // Nobody without a name moderates, whatever the rule says.
        self.sees_channel(act, channel)
            && self.person(act, community.id, &path, false).member.is_some()
            && self.allows(act, community, &path, &Action::Moderate, false)
    }

    /// Whether the viewer sees a topic.
    pub(super) fn sees_topic(&self, act: Act, topic: &Topic) -> bool {
        let Topic { community, channel, author, state, .. } = topic;
        let place =
            Place { community: *community, channel: *channel, author: *author, state: *state };
        self.sees(act, place, *author, *state)
    }

    /// Whether the viewer sees a post.
    pub(super) fn sees_post(&self, act: Act, post: &Post) -> bool {
        let Some(topic) = self.topics.iter().find(|topic| topic.id == post.topic) else {
            return false;
        };
        let Topic { community, channel, author, state, .. } = topic;
        let place =
            Place { community: *community, channel: *channel, author: *author, state: *state };
        self.sees(act, place, post.author, post.state)
    }

    fn sees(&self, act: Act, place: Place, author: MemberId, state: State) -> bool {
        let me = act.viewer.member();
        let Some(channel) = self.channel_row(place.channel) else { return false };
        let Some(community) = self.community_row(place.community) else { return false };
        let reads = match self.access(act, community, Some(channel)) {
            Access::Everything => true,
            Access::Own => me == Some(place.author),
            Access::Nothing => false,
        };
        let state_allows = |state: State, author: MemberId| match state {
            State::Published => true,
            State::Withdrawn => me == Some(author) || self.moderates(act, place.channel),
            State::Removed => self.moderates(act, place.channel),
        };
        reads && state_allows(place.state, place.author) && state_allows(state, author)
    }

    /// May this viewer do that, and because of what.
    pub(super) fn decide(&self, act: Act, action: &Action, about: About<'_>) -> Decision {
        let answer = |allowed, clause| Decision { allowed, action: action.clone(), clause };
        let About { community, channel, topic, author } = about;
        if act.viewer == Viewer::System {
            return answer(true, Clause::System);
        }
        let me = act.viewer.member();
        let path = channel.map(|channel| self.chain(channel)).unwrap_or_default();
        let by_rule = |path: &[ChannelId], is_author| {
            let (audience, level) = self.rule(community, path, action);
            let person = self.person(act, community.id, path, is_author);
            let part = person.deciding(&audience).to_string();
            let allowed = person.is_in(&audience);
            answer(allowed, Clause::Rule { level, audience: audience.to_string(), part })
        };
        // To see a topic, to reply in it and to mark its answers is a question about the topic.
        let author = match (action, topic) {
            (
                Action::View | Action::Reply | Action::Answer | Action::Accept | Action::Official,
                Some(topic),
            ) => Some(topic.author),
            _ => author,
        };
        let is_author = me.is_some() && me == author;
        if *action == Action::View {
            // From the community down to the channel: the first rule that refuses decides.
            let owns = is_author;
            let mut levels = (0..=path.len()).map(|n| path.iter().take(n).copied().collect());
            let last = by_rule(&path, owns);
            return levels
                .by_ref()
                .map(|above: Vec<ChannelId>| by_rule(&above, owns))
                .find(|decision| !decision.allowed)
                .unwrap_or(last);
        }
        let visible = match self.access(act, community, channel) {
            Access::Everything => true,
            Access::Own => topic.is_none_or(|topic| me == Some(topic.author)),
            Access::Nothing => false,
        };
        if *action != Action::Join && !visible {
            return answer(false, Clause::NotVisible);
        }
        if me.is_none() {
            return answer(false, Clause::Anonymous);
        }
        let mut sanctions = self.sanctions(act, community.id, &path);
        // A suspension before a silence; of equals the one that lasts longest.
        sanctions.sort_by_key(|sanction| {
            (sanction.kind == SanctionKind::Suspension, sanction.until.is_none(), sanction.until)
        });
        if let Some(Sanction { kind, until, .. }) = sanctions.last() {
            return answer(false, Clause::Sanction { kind: *kind, until: *until });
        }
        let archived =
            path.iter().filter_map(|id| self.channel_row(*id)).any(|channel| channel.archived);
        if (archived || community.archived) && *action != Action::Manage {
            return answer(false, Clause::Archived);
        }
        if let (Action::StartKind(kind), Some(channel)) = (action, channel) {
            let kinds = self.settings_of(community, Some(channel)).kinds;
            if kinds.is_some_and(|kinds| !kinds.contains(kind)) {
                return answer(false, Clause::KindNotOffered { kind: kind.clone() });
            }
        }
        let replies = matches!(action, Action::Reply | Action::Answer);
        if replies
            && topic.is_some_and(|topic| topic.locked)
            && !self.allows(act, community, &path, &Action::Moderate, is_author)
        {
            return answer(false, Clause::Locked);
        }
        by_rule(&path, is_author)
    }

    /// Goes on only when it is allowed. What cannot be seen is not there.
    pub(super) fn require(
        &self,
        act: Act,
        action: &Action,
        about: About<'_>,
        what: &str,
    ) -> Result {
        let decision = self.decide(act, action, about);
        if decision.allowed {
            Ok(())
        } else if decision.clause == Clause::NotVisible {
            Err(not_found(what))
        } else {
            Err(denied(&decision))
        }
    }

    pub(super) fn decide_in_topic(
        &self,
        act: Act,
        action: &Action,
        topic: &Topic,
        author: Option<MemberId>,
    ) -> Result<Decision> {
        let community = self.community_row(topic.community);
        let community = community.ok_or_else(|| not_found("topic"))?;
        let channel = self.channel_row(topic.channel);
        let about = About { community, channel, topic: Some(topic), author };
        Ok(self.decide(act, action, about))
    }

    pub(super) fn require_in_topic(
        &self,
        act: Act,
        action: &Action,
        topic: &Topic,
        author: Option<MemberId>,
        what: &str,
    ) -> Result {
        let community = self.community_row(topic.community);
        let community = community.ok_or_else(|| not_found("topic"))?;
        let channel = self.channel_row(topic.channel);
        self.require(act, action, About { community, channel, topic: Some(topic), author }, what)
    }

    pub(super) fn require_system(&self, act: Act) -> Result {
        if act.viewer == Viewer::System {
            return Ok(());
        }
        Err(denied(&Decision {
            allowed: false,
            action: Action::Manage,
            clause: Clause::SystemOnly,
        }))
    }

    /// Settings at a place: the nearest value of each.
    pub(super) fn settings_of(
        &self,
        community: &Community,
        channel: Option<&Channel>,
    ) -> EffectiveSettings {
        let mut levels: Vec<&Settings> = vec![&community.settings];
        let path = channel.map(|channel| self.chain(channel)).unwrap_or_default();
        levels.extend(path.iter().filter_map(|id| self.channel_row(*id)).map(|c| &c.settings));
        let nearest = || levels.iter().rev();
        let sorts = nearest().find_map(|s| s.sorts.clone().filter(|sorts| !sorts.is_empty()));
        EffectiveSettings {
            kinds: nearest().find_map(|settings| settings.kinds.clone()),
            sorts: sorts.unwrap_or_else(|| Sort::ALL.to_vec()),
            filters: nearest()
                .find_map(|settings| settings.filters.clone())
                .unwrap_or_else(|| Filter::ALL.into_iter().collect()),
            max_accepted: nearest().find_map(|settings| settings.max_accepted).unwrap_or(3),
            self_vote: nearest().find_map(|settings| settings.self_vote).unwrap_or(false),
        }
    }
}
