//! Reads of reputation.

use std::collections::BTreeMap;

use serde::Serialize;

use super::read::Read;
use super::session::{Session, reading};
use super::view::Page;
use crate::domain::{Author, Community, Member, Membership};
use crate::error::{Error, Result};
use crate::id::{CommunityId, MemberId};
use crate::policy::{Action, Guarded, Scope, Unchecked, Visible};
use crate::query::{Cursor, Position};
use crate::reputation::{Entry, LedgerId, Opening, RuleSet, RuleSetId, Standing};
use crate::text::{Key, Slug};

/// What a member has earned in a community.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StandingView {
    /// The community.
    #[serde(skip)]
    pub community: CommunityId,
    /// Who.
    pub member: Author,
    /// The rule set in force.
    pub rules: RuleSetId,
    /// The points.
    pub points: i64,
    /// The level.
    pub level: u32,
}

impl Guarded for StandingView {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        scope.sees_community(self.community).then_some(self)
    }
}

/// What a rule set makes of everything that happened in a community, worked out aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projection {
    /// The rule set.
    pub rules: RuleSet,
    /// The entries, in the order of the ledger.
    pub entries: Vec<Entry>,
}

impl Projection {
    /// The points of everybody who has entries, as they are shown.
    #[must_use]
    pub fn points(&self) -> BTreeMap<MemberId, i64> {
        let mut sums: BTreeMap<MemberId, Standing> = BTreeMap::new();
        for entry in &self.entries {
            let member = entry.member;
            sums.entry(member).or_insert_with(|| Standing::new(member)).add(entry);
        }
        sums.into_iter().map(|(id, standing)| (id, self.rules.shown(standing.points))).collect()
    }
}

impl Session {
    /// What a member of the community has earned, as of the last [pump](crate::Engine::pump).
    ///
    /// Points count what was earned in places that the viewer may not see, too.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the community does not exist for this viewer, or does not know such
    /// a member.
    pub async fn standing(&self, community: &Slug, key: &Key) -> Result<Visible<StandingView>> {
        reading!(self, Read::Standing, |rights| {
            let community = rights.community(community)?;
            let store = self.engine().store();
            let found = store.members_by_key(std::slice::from_ref(key)).await?;
            let member = found.into_iter().flatten().next().ok_or(Error::NotFound("member"))?;
            let memberships = store.memberships(member.id).await?;
            let known = known_in(&member, &memberships, community);
            let known = known.ok_or(Error::NotFound("member"))?;
            let rules = rules_of(community)?;
            let ledger = LedgerId { community: community.id, rules: rules.id.clone() };
            let standing = store.standings(&ledger, &[member.id]).await?;
            self.require_current(&rights).await?;
            let points = standing.into_iter().flatten().next().map_or(0, |known| known.points);
            let view = view_of(community, rules, &member, known, points);
            rights.scope.admit(view).ok_or(Error::NotFound("member"))
        })
    }

    /// The members of the community who have earned something, most points first; of equal points
    /// the younger account first. Whoever directories do not list is not among them.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the community does not exist for this viewer; [`Error::Invalid`] for
    /// a cursor of another list; [`Error::Limit`] for too large a page.
    pub async fn standings(
        &self,
        community: &Slug,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Page<Visible<StandingView>>> {
        let limit = self.engine().env().limits().page_size(limit)?;
        reading!(self, Read::Standing, |rights| {
            let community = rights.community(community)?;
            let rules = rules_of(community)?;
            let ledger = LedgerId { community: community.id, rules: rules.id.clone() };
            let name = format!("standings {} {}", community.id, rules.id);
            let mut after = after.map(|text| Cursor::decode(text, &name)).transpose()?;
            let (store, mut items, mut next) = (self.engine().store(), Vec::new(), None);
            let mut shown = None;
            // Those who are not shown make a page longer to find, and never shorter.
            'pages: loop {
                let page = store.ranked(&ledger, after, limit + 1).await?;
                let ids: Vec<MemberId> = page.iter().map(|standing| standing.member).collect();
                let members = store.members(&ids).await?;
                for (standing, member) in page.iter().zip(members) {
                    let Some(member) = member else { continue };
                    let memberships = store.memberships(member.id).await?;
                    if let Some(known) = known_in(&member, &memberships, community) {
                        if items.len() == limit {
                            next = shown.map(|last| Cursor::new(last, &name).to_string());
                            break 'pages;
                        }
                        let points = standing.points;
                        items.push(view_of(community, rules, &member, known, points));
                        shown = Some(Position { key: points, id: member.id.uuid() });
                    }
                }
                if page.len() <= limit {
                    break;
                }
                after =
                    page.last().map(|last| Position { key: last.points, id: last.member.uuid() });
            }
            self.require_current(&rights).await?;
            Ok(Page { items: rights.scope.admit_all(items), next })
        })
    }

    /// What a rule set makes of everything that has happened in a community: worked out from the
    /// beginning of the log, in memory, and nothing is written. `openings` are points that members
    /// have before anything else.
    ///
    /// For whoever wants to know what other rules would do. It takes as long as reading the log of
    /// the community does, and as much memory as the ledger.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to manage; [`Error::Invalid`] for a
    /// rule set that makes no sense.
    pub async fn preview_rules(
        &self,
        community: &Slug,
        rules: &RuleSet,
        openings: &[Opening],
    ) -> Result<Projection> {
        rules.check()?;
        reading!(self, Read::Managed, |rights| {
            let (community, _) = rights.place_to(&Action::Manage, community, None)?;
            let directory = &rights.directory;
            let entries =
                self.engine().project_aside(directory, community, rules, openings).await?;
            self.require_current(&rights).await?;
            Ok(Projection { rules: rules.clone(), entries })
        })
    }
}

/// The rule set in force.
pub(super) fn rules_of(community: &Community) -> Result<&RuleSet> {
    community.reputation.active_rules().ok_or(Error::NotFound("rule set"))
}

/// The membership of somebody whom the community knows and directories list.
fn known_in<'a>(
    member: &Member,
    memberships: &'a [Membership],
    community: &Community,
) -> Option<&'a Membership> {
    memberships
        .iter()
        .find(|known| known.community == community.id && member.listed)
        .filter(|known| known.joined_at.is_some())
}

fn view_of(
    community: &Community,
    rules: &RuleSet,
    member: &Member,
    membership: &Membership,
    sum: i64,
) -> Unchecked<StandingView> {
    Unchecked::new(StandingView {
        community: community.id,
        member: Author::from(member),
        rules: rules.id.clone(),
        points: rules.shown(sum),
        level: membership.level,
    })
}
