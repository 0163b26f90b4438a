//! Standings: at each pump everything is projected again, from the first event.

use community_core::reputation::{Book, Facts, PostFacts, TopicFacts, project};
use community_core::{Author, CommunityId, Key, Member, MemberId, Slug, StandingView};
use serde_json::json;

use super::ask::{Place, page, place_in, shown};
use super::{Act, Oracle, Result, not_found};
use crate::observe::Answer;

/// The points of a member in a community, as of the last pump.
#[derive(Debug, Clone)]
pub(super) struct Points {
    community: CommunityId,
    member: MemberId,
    sum: i64,
}

impl Oracle {
    /// Works out all standings anew.
    pub(super) fn project(&mut self) {
        let mut facts = Facts::default();
        for topic in &self.topics {
            let known = TopicFacts { author: topic.author, kind: topic.kind.clone() };
            facts.topics.insert(topic.id, known);
        }
        for post in &self.posts {
            facts.posts.insert(post.id, PostFacts { author: post.author, kind: post.kind });
        }
        for member in &self.members {
            facts.members.insert(member.id, member.created_at);
        }
        for channel in &self.channels {
            facts.channels.insert(channel.id, channel.key.clone());
        }
        self.points.clear();
        for community in &self.communities {
            let Some(rules) = community.reputation.active_rules() else { continue };
            let mut book = Book::empty();
            for event in self.events.iter().filter(|e| e.event.community == Some(community.id)) {
                let _ = project(rules, event, &facts, &mut book);
            }
            self.points.extend(book.standings().map(|standing| Points {
                community: community.id,
                member: standing.member,
                sum: standing.points,
            }));
        }
    }

    pub(super) fn standing(&self, act: Act, community: &Slug, key: &Key) -> Result<StandingView> {
        let community = self.community(act, community)?.id;
        let member = self.members.iter().find(|member| member.key == *key);
        let view = member.and_then(|member| self.shown_standing(community, member));
        view.ok_or_else(|| not_found("member"))
    }

    pub(super) fn standings(
        &self,
        act: Act,
        community: &Slug,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Answer {
        let size = self.page_size(limit)?;
        let community = self.community(act, community)?;
        let list = format!("standings {} {}", community.id, community.reputation.active);
        let after = place_in(after, &list)?;
        let mut found = Vec::new();
        for points in self.points.iter().filter(|points| points.community == community.id) {
            let Some(member) = self.member(points.member) else { continue };
            let place = Place { key: points.sum, id: member.id.uuid() };
            if after.is_none_or(|after| place < after) {
                found.extend(self.shown_standing(community.id, member).map(|view| (place, view)));
            }
        }
        found.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        let (items, next) = page(found, size, &list);
        shown(json!({ "items": items, "next": next }))
    }

    /// What is shown of somebody whom directories list.
    fn shown_standing(&self, community: CommunityId, member: &Member) -> Option<StandingView> {
        let membership = self.membership(community, member.id)?;
        membership.joined_at.filter(|_| member.listed)?;
        let rules = &self.communities.iter().find(|known| known.id == community)?.reputation;
        let rules = rules.active_rules()?;
        let is_of = |p: &&Points| p.community == community && p.member == member.id;
        let sum = self.points.iter().find(is_of).map_or(0, |points| points.sum);
        Some(StandingView {
            community,
            member: Author::from(member),
            rules: rules.id.clone(),
            points: rules.shown(sum),
            level: membership.level,
        })
    }
}
