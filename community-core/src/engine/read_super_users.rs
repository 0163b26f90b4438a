//! Super users: who is one, who could become one, and why.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::read::Read;
use super::session::{Session, reading};
use super::{Engine, Rights};
use crate::change::{Event, EventKind};
use crate::domain::{Author, Community, Membership, State, Vote};
use crate::error::Result;
use crate::id::{CommunityId, MemberId, PostId};
use crate::policy::{Action, Guarded, Known, Scope, Unchecked, Visible};
use crate::reputation::{Activity, Assessment};
use crate::store::PostView;
use crate::text::Slug;
use crate::time::{Timestamp, day_of, from_micros};

/// A member who is a super user, could become one, or may not stay one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SuperUserView {
    /// The community.
    #[serde(skip)]
    pub community: CommunityId,
    /// Who.
    pub member: Author,
    /// Those of the roles of super users that the member has in the community.
    pub roles: Vec<Slug>,
    /// What the member is, and why.
    #[serde(flatten)]
    pub assessment: Assessment,
}

impl Guarded for SuperUserView {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        scope.sees_community(self.community).then_some(self)
    }
}

/// What is read at once.
const PAGE: usize = 500;

impl Session {
    /// The members of a community who are super users or are to be looked at: candidates, rising
    /// ones and those at risk, by state and then by key, each with every condition and its numbers.
    /// By the rule of the community, see [`SuperUserRule`](crate::reputation::SuperUserRule).
    ///
    /// Only what the viewer may read is counted: who manages a community without reading all of its
    /// channels learns nothing of the others. Visits count as of the last
    /// [pump](Engine::pump). A report: it takes as long as reading what happened in the window and
    /// the list of all members does.
    ///
    /// What happened is told by its own time, which imported history brings along: what lies before
    /// the window is not looked at, whenever it came into the log. Of several votes of one member on
    /// one post the one that was given last in the log counts.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound),
    /// [`Error::Denied`](crate::Error::Denied) without the right to manage.
    pub async fn super_users(&self, community: &Slug) -> Result<Vec<Visible<SuperUserView>>> {
        reading!(self, Read::Managed, |rights| {
            let (community, _) = rights.place_to(&Action::Manage, community, None)?;
            let rule = &community.reputation.super_users;
            let today = day_of(rights.now);
            let mut active = self.engine().activity(&rights, community, today).await?;
            let (store, mut found, mut after) = (self.engine().store(), Vec::new(), None);
            loop {
                let page = store.members_by_id(after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                let ids: Vec<MemberId> = page.iter().map(|member| member.id).collect();
                let memberships = store.memberships_in(community.id, &ids).await?;
                for (member, membership) in page.iter().zip(memberships) {
                    let is_here = |known: &Membership| known.joined_at.is_some();
                    let Some(membership) = membership.filter(is_here) else { continue };
                    let mut activity = active.remove(&member.id).unwrap_or_default();
                    let known = Known {
                        member: Some(member),
                        membership: Some(&membership),
                        path: &[],
                        is_author: false,
                    };
                    let roles = rule.roles.iter().filter(|role| known.has_role(role));
                    let roles: Vec<Slug> = roles.cloned().collect();
                    activity.is_user = rule.users.admits(&known);
                    activity.has_role = !roles.is_empty();
                    if let Some(assessment) = rule.assess(today, &activity) {
                        let member = Author::from(member);
                        found.push(SuperUserView {
                            community: community.id,
                            member,
                            roles,
                            assessment,
                        });
                    }
                }
            }
            self.require_current(&rights).await?;
            found.sort_by(|a, b| {
                let place = |view: &SuperUserView| view.assessment.state;
                place(a).cmp(&place(b)).then_with(|| a.member.key.cmp(&b.member.key))
            });
            Ok(rights.scope.admit_all(found.into_iter().map(Unchecked::new)))
        })
    }
}

/// What happened to posts in a window.
struct Happened {
    /// Those that were written.
    written: BTreeSet<PostId>,
    /// Who gave a vote up or a reaction that stands, on which days.
    given: BTreeMap<(PostId, MemberId), BTreeSet<i32>>,
    /// Those that were accepted, and may be so no longer.
    accepted: BTreeSet<PostId>,
}

impl Engine {
    /// What members did in the window of the rule, as far as the viewer may read it.
    async fn activity(
        &self,
        rights: &Rights,
        community: &Community,
        today: i32,
    ) -> Result<FxHashMap<MemberId, Activity>> {
        let first = community.reputation.super_users.first_day(today);
        let mut active: FxHashMap<MemberId, Activity> = FxHashMap::default();
        let mut after = Some((first - 1, MemberId::from_bytes([0xff; 16])));
        loop {
            let page = self.store().visits_by_day(community.id, after, PAGE).await?;
            for (day, member) in &page {
                active.entry(*member).or_default().visits.insert(*day);
            }
            after = page.last().copied();
            if page.len() < PAGE {
                break;
            }
        }
        let Happened { written, given, accepted } =
            self.happened(community.id, first..=today).await?;
        let reacted_to = given.keys().map(|(post, _)| post);
        let mut posts =
            self.published(rights, written.iter().chain(reacted_to).chain(&accepted)).await?;
        // What was replied to may be older than the window.
        let parents: BTreeSet<PostId> =
            posts.values().filter_map(|view| view.post.parent).collect();
        let older = parents.into_iter().filter(|id| !posts.contains_key(id));
        let older: Vec<PostId> = older.collect();
        posts.extend(self.published(rights, older.iter()).await?);

        let mut heard = |who: MemberId, by: MemberId, day: i32| {
            if who != by && (first..=today).contains(&day) {
                active.entry(who).or_default().heard.insert((day, by));
            }
        };
        for ((post, by), days) in given {
            if let Some(view) = posts.get(&post) {
                days.into_iter().for_each(|day| heard(view.post.author, by, day));
            }
        }
        for view in posts.values() {
            if let Some(mark) = &view.post.accepted
                && let Some(by) = mark.by
            {
                heard(view.post.author, by, day_of(mark.at));
            }
        }
        for view in written.iter().filter_map(|id| posts.get(id)) {
            let day = day_of(view.post.created_at);
            if let Some(parent) = view.post.parent.and_then(|id| posts.get(&id)) {
                heard(parent.post.author, view.post.author, day);
            }
        }
        for view in written.iter().filter_map(|id| posts.get(id)) {
            let author = active.entry(view.post.author).or_default();
            author.posts.push(day_of(view.post.created_at));
        }
        Ok(active)
    }

    /// What happened to which posts in a window.
    async fn happened(
        &self,
        community: CommunityId,
        window: std::ops::RangeInclusive<i32>,
    ) -> Result<Happened> {
        let (mut written, mut accepted) = (BTreeSet::new(), BTreeSet::new());
        let mut given: BTreeMap<(PostId, MemberId, Slug), i32> = BTreeMap::new();
        let first = from_micros(i64::from(*window.start()).max(0) * 86_400_000_000);
        let first = first.unwrap_or(Timestamp::UNIX_EPOCH);
        let (mut events, mut after): (Vec<Event>, _) = (Vec::new(), None);
        loop {
            // With what is dated later than today: it may take back what is in the window.
            let page = self.store().events_since(community, first, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.event.at, last.seq));
            events.extend(page);
        }
        // What takes something back is behind it in the log, whatever time it bears.
        events.sort_by_key(|event| event.seq);
        for event in events {
            let (event, day) = (&event.event, day_of(event.event.at));
            let Some(post) = event.post else { continue };
            match &event.kind {
                EventKind::TopicStarted { .. } | EventKind::PostWritten
                    if window.contains(&day) =>
                {
                    written.insert(post);
                }
                EventKind::Accepted { accepted: true } => {
                    accepted.insert(post);
                }
                EventKind::Reacted { from, to } => {
                    let Some(by) = event.actor else { continue };
                    if let Some(from) = from {
                        given.remove(&(post, by, from.clone()));
                    }
                    let counts = |key: &&Slug| Vote::parse(key.as_str()) != Some(Vote::Down);
                    let to = to.as_ref().filter(counts).filter(|_| window.contains(&day));
                    if let Some(to) = to {
                        given.insert((post, by, to.clone()), day);
                    }
                }
                _ => {}
            }
        }
        // A vote and a reaction may be of two days.
        let mut latest: BTreeMap<(PostId, MemberId), BTreeSet<i32>> = BTreeMap::new();
        for ((post, by, _), day) in given {
            latest.entry((post, by)).or_default().insert(day);
        }
        Ok(Happened { written, given: latest, accepted })
    }

    /// Those of the posts that are published, and that the viewer may read.
    async fn published(
        &self,
        rights: &Rights,
        ids: impl Iterator<Item = &PostId>,
    ) -> Result<FxHashMap<PostId, Visible<PostView>>> {
        let ids: BTreeSet<PostId> = ids.copied().collect();
        let ids: Vec<PostId> = ids.into_iter().collect();
        let mut found = FxHashMap::default();
        for ids in ids.chunks(PAGE) {
            let views = self.store().posts(ids, &rights.scope).await?;
            let views = rights.scope.admit_all(views.into_iter().flatten());
            let is_shown = |view: &Visible<PostView>| {
                view.post.state == State::Published && view.place.state == State::Published
            };
            found.extend(views.into_iter().filter(is_shown).map(|view| (view.post.id, view)));
        }
        Ok(found)
    }
}
