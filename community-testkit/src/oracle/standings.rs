//! Standings: at each pump everything is projected again, from the first event.

use std::collections::BTreeSet;

use community_core::change::EventKind;
use community_core::reputation::{Book, Entry, Facts, PostFacts, TopicFacts, project};
use community_core::{
    Author, CommunityId, Key, Member, MemberId, Membership, Seq, Slug, StandingView, Viewer,
};
use serde_json::json;

use super::ask::{Place, page, place_in, shown};
use super::{About, Act, Oracle, Result, not_found};
use crate::observe::Answer;

/// The points of a member in a community, as of the last pump.
#[derive(Debug, Clone)]
pub(super) struct Points {
    community: CommunityId,
    member: MemberId,
    sum: i64,
}

impl Oracle {
    /// Works out all standings anew, and lets the levels follow of those whose points have moved
    /// since the last time, and of those who have joined.
    pub(super) fn project(&mut self, act: Act) {
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
        self.ledgers.clear();
        let (before, head) = (self.projected, self.events.last().map_or(Seq(0), |last| last.seq));
        let mut communities = self.communities.clone();
        communities.sort_by(|a, b| a.key.cmp(&b.key));
        for community in communities {
            let Some(rules) = community.reputation.active_rules() else { continue };
            let mut book = Book::empty();
            let mut ledger: Vec<Entry> = Vec::new();
            let mut concerned: BTreeSet<MemberId> = BTreeSet::new();
            for event in self.events.iter().filter(|e| e.event.community == Some(community.id)) {
                let entries = project(rules, event, &facts, &mut book);
                if event.seq > before {
                    let moved = entries.iter().filter(|entry| entry.points != 0);
                    concerned.extend(moved.map(|entry| entry.member));
                    let joined = event.event.kind == EventKind::Joined;
                    concerned.extend(event.event.member.filter(|_| joined));
                }
                ledger.extend(entries);
            }
            for member in concerned {
                let of = || ledger.iter().filter(|entry| entry.member == member);
                let points = rules.shown(of().map(|entry| entry.points).sum());
                let level = rules.level(points, |group| {
                    of().filter(|entry| entry.group == *group).map(|entry| entry.points).sum()
                });
                let Some(old) = self.membership(community.id, member).cloned() else { continue };
                if old.joined_at.is_some() && !old.pinned && old.level != level {
                    self.put_membership(&old, Membership { level, ..old.clone() });
                    let about = About { member: Some(member), ..About::community(community.id) };
                    let by_system = Act { viewer: Viewer::System, ..act };
                    self.log(by_system, EventKind::StandingChanged, about);
                }
            }
            self.points.extend(book.standings().map(|standing| Points {
                community: community.id,
                member: standing.member,
                sum: standing.points,
            }));
            self.ledgers.extend(ledger.into_iter().map(|entry| (community.id, entry)));
        }
        self.projected = head;
    }

    pub(super) fn standing(&self, act: Act, community: &Slug, key: &Key) -> Result<StandingView> {
        let community = self.community(act, community)?;
        let member = self.members.iter().find(|member| member.key == *key);
        let member = member.ok_or_else(|| not_found("member"))?;
        let view = self.shown_standing(community.id, member).ok_or_else(|| not_found("member"))?;
        let rules = community.reputation.active_rules().ok_or_else(|| not_found("rule set"))?;
        let today = i32::try_from(act.now.timestamp() / 86_400).unwrap_or(i32::MAX);
        let mut days = crate::naive_boards::days(self.entries_of(community));
        let days = days.remove(&member.id).unwrap_or_default();
        let current = rules.decay.map(|decay| rules.shown(decay.sum(today, days)));
        Ok(StandingView { current, ..view })
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
            let known = self.membership(community.id, member.id);
            let hides = known.is_some_and(|known| known.off_boards)
                && act.viewer != Viewer::Member(member.id);
            if after.is_none_or(|after| place < after) && !hides {
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
            current: None,
            level: membership.level,
        })
    }
}
