//! Standings: at each pump everything is projected again, from the first event.

use std::collections::BTreeSet;

use community_core::change::EventKind;
use community_core::reputation::{Book, Entry, Facts, PostFacts, RuleSet, TopicFacts, project};
use community_core::time::day_of;
use community_core::{
    Action, Author, Community, CommunityId, Condition, Key, LevelStep, LevelView, Member, MemberId,
    Membership, Needed, Seq, Slug, StandingView, Viewer,
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
    /// What never changes of what events speak of.
    pub(super) fn facts(&self) -> Facts {
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
        facts
    }

    /// Works out all standings anew, and lets the levels follow of those whose points have moved
    /// since the last time, and of those who have joined.
    pub(super) fn project(&mut self, act: Act) {
        let facts = self.facts();
        self.points.clear();
        self.entries.clear();
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
            self.entries.insert(community.id, ledger);
            self.follow_levels(act, &community, rules, concerned);
            let today = day_of(act.now);
            if rules.levels.iter().any(|level| level.days > 0)
                && self.levelled.get(&community.id).is_none_or(|day| *day < today)
            {
                let everybody = self.members.iter().map(|member| member.id).collect();
                self.follow_levels(act, &community, rules, everybody);
                self.levelled.insert(community.id, today);
            }
            if rules.levels.iter().any(|level| level.visits > 0) {
                let came = self.visits.iter().skip(self.visited);
                let came = came.filter(|(at, _, _)| *at == community.id);
                let came = came.map(|(_, member, _)| *member).collect();
                self.follow_levels(act, &community, rules, came);
            }
            self.points.extend(book.standings().map(|standing| Points {
                community: community.id,
                member: standing.member,
                sum: standing.points,
            }));
            self.award(act, &community, &facts);
        }
        self.projected = head;
        self.visited = self.visits.len();
    }

    /// Lets the levels of members follow, in the order of their ids.
    fn follow_levels(
        &mut self,
        act: Act,
        community: &Community,
        rules: &RuleSet,
        members: BTreeSet<MemberId>,
    ) {
        for member in members {
            let Some(old) = self.membership(community.id, member).cloned() else { continue };
            let steps = self.level_steps(act, community, rules, member);
            let reached = steps.iter().filter(|step| step.reached);
            let level = reached.map(|step| step.level).max().unwrap_or(0);
            if old.joined_at.is_some() && !old.pinned && old.level != level {
                self.put_membership(&old, Membership { level, ..old.clone() });
                let about = About { member: Some(member), ..About::community(community.id) };
                let by_system = Act { viewer: Viewer::System, ..act };
                self.log(by_system, EventKind::StandingChanged, about);
            }
        }
    }

    /// Each level with its conditions, and whether the member meets them and those of the levels
    /// below: evaluated one by one, as of the last pump.
    fn level_steps(
        &self,
        act: Act,
        community: &Community,
        rules: &RuleSet,
        member: MemberId,
    ) -> Vec<LevelStep> {
        let entries = self.entries.get(&community.id).into_iter().flatten();
        let entries: Vec<&Entry> = entries.filter(|entry| entry.member == member).collect();
        let sum: i64 = entries.iter().map(|entry| entry.points).sum();
        let joined = self.membership(community.id, member).and_then(|known| known.joined_at);
        let joined = joined.map_or(0, |at| i64::from((day_of(act.now) - day_of(at)).max(0)));
        let visits = self.visits.iter().filter(|(c, m, _)| (*c, *m) == (community.id, member));
        let visits: BTreeSet<i32> = visits.map(|(_, _, day)| *day).collect();
        let mut below = true;
        let mut steps = Vec::new();
        for rule in &rules.levels {
            let mut conditions = vec![(Needed::Points, None, rule.points, rules.shown(sum))];
            for (group, least) in &rule.groups {
                let of = entries.iter().filter(|entry| entry.group == *group);
                let has = of.map(|entry| entry.points).sum();
                conditions.push((Needed::Points, Some(group.clone()), *least, has));
            }
            if rule.days > 0 {
                conditions.push((Needed::Days, None, i64::from(rule.days), joined));
            }
            if rule.visits > 0 {
                let has = i64::try_from(visits.len()).unwrap_or(i64::MAX);
                conditions.push((Needed::Visits, None, i64::from(rule.visits), has));
            }
            below &= conditions.iter().all(|(_, _, least, has)| has >= least);
            let condition =
                |(of, group, least, has)| Condition { of, group, least, has, met: has >= least };
            steps.push(LevelStep {
                level: rule.level,
                name: rule.name.clone(),
                reached: below,
                conditions: conditions.into_iter().map(condition).collect(),
            });
        }
        steps
    }

    pub(super) fn explain_level(&self, act: Act, community: &Slug, key: &Key) -> Result<LevelView> {
        let place = self.community(act, community)?;
        let found = self.members.iter().find(|member| member.key == *key);
        if !found.is_some_and(|member| act.viewer == Viewer::Member(member.id)) {
            self.place_to(act, &Action::Manage, community, None)?;
        }
        let member = found.ok_or_else(|| not_found("member"))?;
        let known = self.membership(place.id, member.id).ok_or_else(|| not_found("member"))?;
        let rules = place.reputation.active_rules().ok_or_else(|| not_found("rule set"))?;
        let levels = self.level_steps(act, place, rules, member.id);
        let reached = levels.iter().filter(|step| step.reached);
        Ok(LevelView {
            community: place.id,
            member: Author::from(member),
            rules: rules.id.clone(),
            level: known.level,
            pinned: known.pinned,
            earned: reached.map(|step| step.level).max().unwrap_or(0),
            levels,
        })
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
