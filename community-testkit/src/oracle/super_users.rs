//! Super users: worked out from the rows as they are, condition by condition.

use std::collections::BTreeSet;

use community_core::domain::State;
use community_core::reputation::{Asked, Assessment, Reason, SuperUserRule, SuperUserState};
use community_core::time::day_of;
use community_core::{
    Action, Author, CommunityId, Member, MemberId, Post, Slug, SuperUserView, Vote,
};

use super::rules::Person;
use super::{Act, Oracle, Result};

impl Oracle {
    pub(super) fn super_users(&self, act: Act, community: &Slug) -> Result<Vec<SuperUserView>> {
        let (community, _) = self.place_to(act, &Action::Manage, community, None)?;
        let rule = &community.reputation.super_users;
        let mut found = Vec::new();
        for member in &self.members {
            let Some(membership) = self.membership(community.id, member.id) else { continue };
            if membership.joined_at.is_none() {
                continue;
            }
            let held = |role: &&Slug| {
                membership.roles.iter().any(|grant| grant.role == **role && grant.channel.is_none())
            };
            let roles: Vec<Slug> = rule.roles.iter().filter(held).cloned().collect();
            let person = Person {
                member: Some(member),
                membership: Some(membership),
                path: &[],
                is_author: false,
            };
            let is_user = person.is_in(&rule.users);
            let whole = self.reasons(act, community.id, rule, member, (rule.weeks, is_user));
            let recent =
                self.reasons(act, community.id, rule, member, (rule.rising_weeks, is_user));
            let met = |reasons: &[Reason]| reasons.iter().all(|reason| reason.has >= reason.needs);
            let state = match (roles.is_empty(), met(&whole), met(&recent)) {
                (false, true, _) => SuperUserState::SuperUser,
                (false, false, _) => SuperUserState::AtRisk,
                (true, true, _) => SuperUserState::Candidate,
                (true, false, true) => SuperUserState::Rising,
                (true, false, false) => continue,
            };
            found.push(SuperUserView {
                community: community.id,
                member: Author::from(member),
                roles,
                assessment: Assessment { state, conditions: whole, recent },
            });
        }
        found.sort_by_key(|view| (view.assessment.state, view.member.key.clone()));
        Ok(found)
    }

    /// The conditions by the last so many weeks.
    fn reasons(
        &self,
        act: Act,
        community: CommunityId,
        rule: &SuperUserRule,
        member: &Member,
        (weeks, is_user): (u32, bool),
    ) -> Vec<Reason> {
        let today = day_of(act.now);
        let ago = |day: i32| i64::from(today) - i64::from(day);
        let inside = |day: i32| (0..i64::from(weeks) * 7).contains(&ago(day));
        let visits = self.visits.iter().filter(|(c, m, _)| (*c, *m) == (community, member.id));
        let visits: BTreeSet<i32> =
            visits.map(|(_, _, day)| *day).filter(|day| inside(*day)).collect();
        let weeks_visited: BTreeSet<i64> = visits.iter().map(|day| ago(*day) / 7).collect();

        let readable = |post: &&Post| {
            let topic = self.topics.iter().find(|topic| topic.id == post.topic);
            topic.is_some_and(|topic| {
                topic.community == community && topic.state == State::Published
            }) && post.state == State::Published
                && self.sees_post(act, post)
        };
        let all: Vec<&Post> = self.posts.iter().filter(readable).collect();
        let own = |post: &&&Post| post.author == member.id;
        let posts = all.iter().filter(own).filter(|post| inside(day_of(post.created_at))).count();

        let mut heard: BTreeSet<MemberId> = BTreeSet::new();
        for post in all.iter().filter(own) {
            let replies = all.iter().filter(|reply| reply.parent == Some(post.id));
            let replies = replies.filter(|reply| inside(day_of(reply.created_at)));
            heard.extend(replies.map(|reply| reply.author));
            let given = self.reactions.iter().filter(|reaction| {
                reaction.post == post.id
                    && inside(day_of(reaction.at))
                    && Vote::parse(reaction.key.as_str()) != Some(Vote::Down)
            });
            heard.extend(given.map(|reaction| reaction.member));
            let accepted = post.accepted.iter().filter(|mark| inside(day_of(mark.at)));
            heard.extend(accepted.filter_map(|mark| mark.by));
        }
        heard.remove(&member.id);

        // A part of the window asks for its part, rounded up.
        let part = |whole: u32| (0..).find(|n| n * rule.weeks >= whole * weeks).unwrap_or(whole);
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        [
            (Asked::VisitDays, number(visits.len()), part(rule.visit_days)),
            (Asked::VisitWeeks, number(weeks_visited.len()), part(rule.visit_weeks)),
            (Asked::Posts, number(posts), rule.posts_per_week * weeks + 1),
            (Asked::HeardBy, number(heard.len()), part(rule.heard_by)),
            (Asked::ProductUser, u32::from(is_user), 1),
        ]
        .map(|(asked, has, needs)| Reason { asked, has, needs, met: has >= needs })
        .to_vec()
    }
}
