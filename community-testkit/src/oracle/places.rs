//! Commands on communities, channels and labels.

use community_core::change::EventKind;
use community_core::{
    Action, Audience, Channel, ChannelId, ChannelUpdate, Community, CommunityId, CommunityUpdate,
    Kind, Label, NewChannel, NewCommunity, NewLabel, Policy, Rev, Settings, Slug, builtin_kinds,
};
use serde_json::json;

use super::rules::About as Asked;
use super::{About, Act, Oracle, Result, conflict, done, invalid, within};
use crate::observe::{Answer, Refusal};

impl Oracle {
    pub(super) fn create_community(&mut self, act: Act, new: &NewCommunity) -> Answer {
        self.require_system(act)?;
        let NewCommunity { key, name, description, policy, settings, reactions, .. } = new.clone();
        let community = Community {
            id: CommunityId::from_uuid(act.given.id),
            key,
            name,
            description,
            policy,
            settings,
            reactions,
            kinds: Vec::new(),
            synonyms: new.synonyms.clone(),
            reputation: new.reputation.clone(),
            hot_scale: new.hot_scale,
            capacity: new.capacity,
            archived: false,
            created_at: new.created_at.unwrap_or(act.now),
            rev: Rev(1),
        };
        self.check_community(&community)?;
        if self.community_of_key(&new.key).is_some() {
            return Err(conflict("a community has this key already"));
        }
        let id = community.id;
        let policy = as_written(&community.policy);
        self.communities.push(Community { policy, ..community });
        self.log(act, EventKind::CommunityCreated, About::community(id));
        Ok(json!(id))
    }

    /// The community, if the viewer may manage it.
    fn manageable(&self, act: Act, key: &Slug) -> Result<Community> {
        let community = self.community(act, key)?;
        self.require(act, &Action::Manage, Asked::place(community, None), "community")?;
        Ok(community.clone())
    }

    pub(super) fn update_community(
        &mut self,
        act: Act,
        key: &Slug,
        update: &CommunityUpdate,
    ) -> Answer {
        let old = self.manageable(act, key)?;
        if update.expected.is_some_and(|expected| expected != old.rev) {
            return Err(conflict("the community has changed meanwhile"));
        }
        let mut new = old.clone();
        let CommunityUpdate {
            name,
            description,
            policy,
            settings,
            reactions,
            synonyms,
            capacity,
            archived,
            expected: _,
        } = update.clone();
        replace(&mut new.name, name);
        replace(&mut new.description, description);
        replace(&mut new.policy, policy);
        replace(&mut new.settings, settings);
        replace(&mut new.reactions, reactions);
        replace(&mut new.synonyms, synonyms);
        replace(&mut new.capacity, capacity);
        replace(&mut new.archived, archived);
        self.put_community(act, &old, new)
    }

    pub(super) fn define_kind(&mut self, act: Act, key: &Slug, kind: &Kind) -> Answer {
        let old = self.manageable(act, key)?;
        let mut new = old.clone();
        match new.kinds.iter_mut().find(|known| known.name == kind.name) {
            None => new.kinds.push(kind.clone()),
            Some(known) => {
                let lost = known.statuses().find(|status| !kind.has_status(status));
                if let Some(lost) = lost {
                    let name = &kind.name;
                    return Err(invalid(format!(
                        "the kind `{name}` keeps its status `{lost}`: topics may stand in it"
                    )));
                }
                *known = kind.clone();
            }
        }
        self.put_community(act, &old, new)
    }

    fn put_community(&mut self, act: Act, old: &Community, mut new: Community) -> Answer {
        self.check_community(&new)?;
        new.policy = as_written(&new.policy);
        if new != *old {
            new.rev = Rev(old.rev.0 + 1);
            self.communities.retain(|community| community.id != old.id);
            self.communities.push(new);
            self.log(act, EventKind::CommunityChanged, About::community(old.id));
        }
        done()
    }

    fn check_community(&self, community: &Community) -> Result {
        let limits = self.limits();
        within(limits.body(community.description.len()))?;
        within(limits.reactions(community.reactions.len()))?;
        within(limits.kinds(community.kinds.len()))?;
        within(limits.synonyms(community.synonyms.len()))?;
        for words in &community.synonyms {
            within(limits.synonym_words(words.len()))?;
            if let [] | [_] = words.as_slice() {
                return Err(invalid("a list of synonyms has at least two words"));
            }
            for word in words {
                within(limits.synonym(word.len()))?;
                if word.chars().all(char::is_whitespace) {
                    return Err(invalid("a synonym may not be empty"));
                }
                if word.chars().any(|c| c == '\0') {
                    return Err(invalid("a synonym may not contain a NUL character"));
                }
            }
        }
        self.check_policy(&community.policy)?;
        if community.hot_scale == 0 {
            return Err(invalid("the hot scale is at least one second"));
        }
        for (at, reaction) in community.reactions.iter().enumerate() {
            let key = &reaction.key;
            if *key == *"up" || *key == *"down" {
                return Err(invalid(format!("`{key}` is a vote, not a reaction")));
            }
            if community.reactions.iter().skip(at + 1).any(|other| other.key == *key) {
                return Err(invalid(format!("the reaction `{key}` is there twice")));
            }
        }
        for kind in &community.kinds {
            kind.check().map_err(Refusal::from)?;
            if builtin_kinds().iter().any(|known| known.name == kind.name) {
                return Err(invalid(format!("the kind `{}` is built in", kind.name)));
            }
        }
        check_settings(&community.settings, community)
    }

    fn check_policy(&self, policy: &community_core::Policy) -> Result {
        policy.rules().try_for_each(|(_, audience)| self.check_audience(audience))
    }

    pub(super) fn create_channel(
        &mut self,
        act: Act,
        community: &Slug,
        new: &NewChannel,
    ) -> Answer {
        let community = self.community(act, community)?;
        let parent = match &new.parent {
            Some(key) => Some(self.channel(act, community, key)?),
            None => None,
        };
        self.require(act, &Action::Manage, Asked::place(community, parent), "channel")?;
        if parent.is_some_and(|parent| self.chain(parent).len() >= 3) {
            return Err(invalid("channels are nested up to three levels"));
        }
        let known = self.channels.iter().filter(|channel| channel.community == community.id);
        within(self.limits().channels(known.count() + 1))?;
        within(self.limits().body(new.description.len()))?;
        self.check_policy(&new.policy)?;
        check_settings(&new.settings, community)?;
        if self.channel_of_key(community.id, &new.key).is_some() {
            return Err(conflict("a channel has this key already"));
        }
        let community = community.id;
        let NewChannel { key, name, description, position, policy, settings, .. } = new.clone();
        let id = ChannelId::from_uuid(act.given.id);
        let parent = parent.map(|parent| parent.id);
        let policy = as_written(&policy);
        self.channels.push(Channel {
            id,
            community,
            parent,
            key,
            name,
            description,
            position,
            policy,
            settings,
            archived: false,
            created_at: act.now,
            rev: Rev(1),
        });
        let about = About { channel: Some(id), ..About::community(community) };
        self.log(act, EventKind::ChannelCreated, about);
        Ok(json!(id))
    }

    pub(super) fn update_channel(
        &mut self,
        act: Act,
        community: &Slug,
        key: &Slug,
        update: &ChannelUpdate,
    ) -> Answer {
        let community = self.community(act, community)?;
        let old = self.channel(act, community, key)?.clone();
        self.require(act, &Action::Manage, Asked::place(community, Some(&old)), "channel")?;
        if update.expected.is_some_and(|expected| expected != old.rev) {
            return Err(conflict("the channel has changed meanwhile"));
        }
        let mut new = old.clone();
        let ChannelUpdate { name, description, position, policy, settings, archived, expected: _ } =
            update.clone();
        replace(&mut new.name, name);
        replace(&mut new.description, description);
        replace(&mut new.position, position);
        replace(&mut new.policy, policy);
        replace(&mut new.settings, settings);
        replace(&mut new.archived, archived);
        within(self.limits().body(new.description.len()))?;
        self.check_policy(&new.policy)?;
        check_settings(&new.settings, community)?;
        new.policy = as_written(&new.policy);
        if new != old {
            let about = About { channel: Some(old.id), ..About::community(community.id) };
            new.rev = Rev(old.rev.0 + 1);
            self.channels.retain(|channel| channel.id != old.id);
            self.channels.push(new);
            self.log(act, EventKind::ChannelChanged, about);
        }
        done()
    }

    pub(super) fn put_label(&mut self, act: Act, community: &Slug, new: &NewLabel) -> Answer {
        let community = self.manageable(act, community)?;
        within(self.limits().body(new.description.len()))?;
        new.audience.as_ref().map_or(Ok(()), |audience| self.check_audience(audience))?;
        let NewLabel { key, name, description, audience } = new.clone();
        let known = self.label_row(community.id, &new.key).map(|known| known.audience.clone());
        let audience = audience.map(|audience| written(&audience)).or(known);
        let audience = audience.unwrap_or(Audience::Everyone);
        let mut label =
            Label { community: community.id, key, name, description, audience, rev: Rev(1) };
        match self.label_row(community.id, &new.key) {
            Some(old) => {
                label.rev = old.rev;
                if label == *old {
                    return done();
                }
                label.rev = Rev(old.rev.0 + 1);
            }
            None => {
                let known = self.labels.iter().filter(|label| label.community == community.id);
                within(self.limits().community_labels(known.count() + 1))?;
            }
        }
        self.labels.retain(|known| known.community != community.id || known.key != new.key);
        self.labels.push(label);
        let kind = EventKind::LabelChanged { label: new.key.clone() };
        self.log(act, kind, About::community(community.id));
        done()
    }
}

fn check_settings(settings: &Settings, community: &Community) -> Result {
    for name in settings.kinds.iter().flatten() {
        let mut known = community.kinds.iter().chain(builtin_kinds());
        if !known.any(|kind| kind.name == *name) {
            return Err(invalid(format!("there is no kind `{name}`")));
        }
    }
    if settings.sorts.as_ref().is_some_and(Vec::is_empty) {
        return Err(invalid("a feed offers at least one sort"));
    }
    let sorts = settings.sorts.as_deref().unwrap_or_default();
    for (at, sort) in sorts.iter().enumerate() {
        if sorts.iter().take(at).any(|other| other == sort) {
            return Err(invalid(format!("the sort `{sort}` is there twice")));
        }
    }
    Ok(())
}

/// An audience is what its text says.
pub(super) fn written(audience: &Audience) -> Audience {
    audience.to_string().parse().unwrap_or_else(|_| audience.clone())
}

fn as_written(policy: &Policy) -> Policy {
    policy.rules().fold(Policy::inherit(), |policy, (action, audience)| {
        policy.with(action.clone(), written(audience))
    })
}

fn replace<T>(value: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *value = new;
    }
}
