//! Questions about communities, channels, labels, members and rights.

use community_core::time::to_micros;
use community_core::{
    Action, Author, Channel, ChannelId, ChannelView, Community, CommunityId, CommunityView,
    Decision, Key, Label, LabelView, Member, MemberId, MemberView, Membership, PlaceView, Slug,
    State, Topic,
};
use serde_json::json;

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
