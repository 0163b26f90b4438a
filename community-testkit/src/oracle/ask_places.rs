//! Questions about communities, channels, labels, members and rights.

use community_core::fold::Folded;
use community_core::time::to_micros;
use community_core::{
    Action, Author, Channel, ChannelId, ChannelView, Community, CommunityId, CommunityView,
    CompleteQuery, Decision, Key, Label, LabelView, Member, MemberId, MemberView, Membership, Name,
    NameKind, PlaceView, Slug, State, Topic,
};
use serde_json::json;
use unicode_normalization::char::is_combining_mark;

use super::ask::{Place, page, place_in, shown};
use super::rules::{About as Asked, Access};
use super::{Act, Oracle, Result, not_found, within};
use crate::observe::Answer;

impl Oracle {
    pub(super) fn communities(&self, act: Act) -> Vec<CommunityView> {
        let mut seen: Vec<&Community> = self
            .communities
            .iter()
            .filter(|community| self.access(act, community, None) != Access::Nothing)
            .collect();
        seen.sort_by(|a, b| a.key.cmp(&b.key));
        seen.into_iter().map(|community| self.shown_community(act, community)).collect()
    }

    pub(super) fn community_view(&self, act: Act, key: &Slug) -> Result<CommunityView> {
        self.community(act, key).map(|community| self.shown_community(act, community))
    }

    fn shown_community(&self, act: Act, community: &Community) -> CommunityView {
        let membership = act.viewer.member().and_then(|id| self.membership(community.id, id));
        CommunityView {
            id: community.id,
            key: community.key.clone(),
            name: community.name.clone(),
            description: community.description.clone(),
            archived: community.archived,
            reactions: community.reactions.iter().map(|reaction| reaction.key.clone()).collect(),
            joined: membership.is_some_and(|membership| membership.joined_at.is_some()),
        }
    }

    /// Published topics that the viewer sees.
    fn seen_topics(&self, act: Act) -> Vec<&Topic> {
        let published = self.topics.iter().filter(|topic| topic.state == State::Published);
        published.filter(|topic| self.sees_topic(act, topic)).collect()
    }

    pub(super) fn channels(&self, act: Act, community: &Slug) -> Result<Vec<ChannelView>> {
        let community = self.community(act, community)?;
        let of_community = self.channels.iter().filter(|c| c.community == community.id);
        let mut seen: Vec<&Channel> =
            of_community.filter(|channel| self.sees_channel(act, channel)).collect();
        // A tree from top to bottom: siblings by position, then by key.
        seen.sort_by_key(|channel| {
            let chain = self.chain(channel);
            let steps = chain.iter().filter_map(|id| self.channel_row(*id));
            steps.map(|step| (step.position, step.key.clone())).collect::<Vec<_>>()
        });
        let topics = self.seen_topics(act);
        let views = seen.into_iter().map(|channel| {
            let settings = self.settings_of(community, Some(channel));
            let here = topics.iter().filter(|topic| topic.channel == channel.id).count();
            ChannelView {
                id: channel.id,
                key: channel.key.clone(),
                name: channel.name.clone(),
                parent: channel.parent.and_then(|id| self.channel_row(id)).map(|c| c.key.clone()),
                level: self.chain(channel).len(),
                description: channel.description.clone(),
                archived: channel.archived,
                kinds: settings.kinds,
                sorts: settings.sorts,
                topics: u64::try_from(here).unwrap_or(u64::MAX),
            }
        });
        Ok(views.collect())
    }

    pub(super) fn place(&self, act: Act, id: ChannelId) -> Result<PlaceView> {
        let missing = || not_found("channel");
        let channel = self.channel_row(id).filter(|channel| self.sees_channel(act, channel));
        let channel = channel.ok_or_else(missing)?;
        let community = self.community_row(channel.community).ok_or_else(missing)?;
        Ok(PlaceView {
            community: community.key.clone(),
            id,
            channel: channel.key.clone(),
            name: channel.name.clone(),
        })
    }

    pub(super) fn authors(&self, ids: &[MemberId]) -> Result<Vec<Option<Author>>> {
        within(self.limits().page(ids.len()))?;
        Ok(ids.iter().map(|id| self.author_of(*id)).collect())
    }

    pub(super) fn managed(
        &self,
        act: Act,
        community: &Slug,
        channel: Option<&Slug>,
    ) -> Result<(Community, Option<Channel>)> {
        self.place_to(act, &Action::Manage, community, channel)
    }

    pub(super) fn managed_labels(&self, act: Act, community: &Slug) -> Result<Vec<Label>> {
        let (community, _) = self.managed(act, community, None)?;
        Ok(self.seen_labels(act, community.id).into_iter().cloned().collect())
    }

    fn seen_labels(&self, act: Act, community: CommunityId) -> Vec<&Label> {
        let of_community = self.labels.iter().filter(|label| label.community == community);
        let mut seen: Vec<_> =
            of_community.filter(|label| self.sees_label(act, community, &label.key)).collect();
        seen.sort_by(|a, b| a.key.cmp(&b.key));
        seen
    }

    pub(super) fn labels(&self, act: Act, community: &Slug) -> Result<Vec<LabelView>> {
        let community = self.community(act, community)?.id;
        let seen = self.seen_labels(act, community);
        let topics = self.seen_topics(act);
        let views = seen.into_iter().map(|label| {
            let with = topics
                .iter()
                .filter(|topic| topic.community == community && topic.labels.contains(&label.key));
            LabelView {
                community,
                key: label.key.clone(),
                name: label.name.clone(),
                description: label.description.clone(),
                topics: u64::try_from(with.count()).unwrap_or(u64::MAX),
            }
        });
        Ok(views.collect())
    }

    pub(super) fn members(
        &self,
        act: Act,
        community: &Slug,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Answer {
        let size = self.page_size(limit)?;
        let community = self.community(act, community)?;
        let list = format!("members of {}", community.id);
        let after = place_in(after, &list)?;
        let mut found = Vec::new();
        for membership in self.memberships.iter().filter(|m| m.community == community.id) {
            let Some(joined_at) = membership.joined_at else { continue };
            let Some(member) = self.member(membership.member) else { continue };
            let place = Place { key: to_micros(joined_at), id: member.id.uuid() };
            if member.listed && after.is_none_or(|after| place > after) {
                found.push((place, self.shown_member(act, member, membership)));
            }
        }
        found.sort_by_key(|(place, _)| *place);
        let (items, next) = page(found, size, &list);
        shown(json!({ "items": items, "next": next }))
    }

    /// What begins with a text, worked out name by name.
    pub(super) fn complete(&self, act: Act, query: &CompleteQuery) -> Answer {
        let size = self.page_size(query.limit)?;
        within(self.limits().search_term(query.text.len()))?;
        let text = Folded::new(&query.text);
        let community = self.community(act, &query.community)?;
        let wants = |kind| query.kinds.is_empty() || query.kinds.contains(&kind);

        let mut labels = Vec::new();
        for label in self.labels(act, &query.community)? {
            if let Some(rank) = rank(&text, &label.key, &label.name) {
                labels.push((rank, std::cmp::Reverse(label.topics), label.key.clone(), label));
            }
        }
        labels.sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
        let labels = labels.into_iter().map(|(_, _, _, label)| label);
        let labels: Vec<_> = labels.take(if wants(NameKind::Label) { size } else { 0 }).collect();

        let mut channels = Vec::new();
        for channel in self.channels(act, &query.community)? {
            if let Some(rank) = rank(&text, &channel.key, &channel.name) {
                let topics = std::cmp::Reverse(channel.topics);
                channels.push((rank, topics, channel.key.clone(), channel));
            }
        }
        channels.sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
        let channels = channels.into_iter().map(|(_, _, _, channel)| channel);
        let most = if wants(NameKind::Channel) { size } else { 0 };
        let channels: Vec<_> = channels.take(most).collect();

        let mut members = Vec::new();
        for membership in self.memberships.iter().filter(|m| m.community == community.id) {
            let Some(member) = self.member(membership.member) else { continue };
            if !member.listed || membership.joined_at.is_none() {
                continue;
            }
            let name = Folded::new(member.name.as_str());
            let key = Folded::new(member.key.as_str());
            let mut words = beginnings(name.as_str());
            let whole = words.remove(0);
            words.sort_unstable();
            let places = [(0, whole)].into_iter().chain(words.into_iter().map(|word| (1, word)));
            let mut places = places.chain([(2, key.as_str())]);
            if let Some((rank, from)) = places.find(|(_, from)| from.starts_with(text.as_str())) {
                let row = self.shown_member(act, member, membership);
                members.push(((rank, from.to_owned(), member.id), row));
            }
        }
        members.sort_by(|(a, _), (b, _)| a.cmp(b));
        let most = if wants(NameKind::Member) && !text.is_empty() { size } else { 0 };
        let members: Vec<_> = members.into_iter().map(|(_, row)| row).take(most).collect();
        shown(json!({ "labels": labels, "channels": channels, "members": members }))
    }

    fn shown_member(&self, act: Act, member: &Member, membership: &Membership) -> MemberView {
        let seen = |id| self.channel_row(id).is_some_and(|c| self.sees_channel(act, c));
        let roles = membership.roles.iter().filter(|grant| grant.channel.is_none_or(seen));
        MemberView {
            community: membership.community,
            id: member.id,
            key: member.key.clone(),
            name: member.name.clone(),
            profile: member.profile.clone(),
            joined_at: membership.joined_at,
            roles: roles.cloned().collect(),
            level: membership.level,
        }
    }

    pub(super) fn member_of(&self, act: Act, community: &Slug, key: &Key) -> Result<MemberView> {
        let community = self.community(act, community)?;
        let member = self.members.iter().find(|member| member.key == *key && member.listed);
        let member = member.ok_or_else(|| not_found("member"))?;
        let membership = self.membership(community.id, member.id);
        let joined = membership.filter(|membership| membership.joined_at.is_some());
        let joined = joined.ok_or_else(|| not_found("member"))?;
        Ok(self.shown_member(act, member, joined))
    }

    pub(super) fn member_count(&self, act: Act, community: &Slug) -> Result<usize> {
        let community = self.community(act, community)?.id;
        let joined =
            self.memberships.iter().filter(|m| m.community == community && m.joined_at.is_some());
        Ok(joined.count())
    }

    pub(super) fn can(
        &self,
        act: Act,
        action: &Action,
        community: &Slug,
        channel: Option<&Slug>,
    ) -> Result<Decision> {
        let community = self.community(act, community)?;
        let channel = match channel {
            Some(key) => Some(self.channel(act, community, key)?),
            None => None,
        };
        Ok(self.decide(act, action, Asked::place(community, channel)))
    }
}

/// 0 for a label or channel that begins so as a whole, 1 for one with a later word that does.
fn rank(text: &Folded, key: &Slug, name: &Name) -> Option<u8> {
    let (key, name) = (Folded::new(key.as_str()), Folded::new(name.as_str()));
    let begins = |name: &str| name.starts_with(text.as_str());
    if begins(key.as_str()) || begins(name.as_str()) {
        return Some(0);
    }
    beginnings(name.as_str()).into_iter().any(begins).then_some(1)
}

/// A folded name from its beginning, and from each of the next seven words: wherever a letter or
/// digit stands behind something that is neither that nor a mark on one.
fn beginnings(name: &str) -> Vec<&str> {
    let mut all = vec![name];
    for (at, c) in name.char_indices().skip(1) {
        let before = name.get(..at).and_then(|before| before.chars().next_back());
        let follows = before.is_some_and(|c| c.is_alphanumeric() || is_combining_mark(c));
        if (c.is_alphanumeric() || is_combining_mark(c)) && !follows {
            all.extend(name.get(at..));
        }
    }
    all.truncate(8);
    all
}
