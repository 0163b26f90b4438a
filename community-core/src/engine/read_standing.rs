//! Reads of reputation.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::read::Read;
use super::session::{Session, reading};
use super::view::Page;
use crate::domain::{Author, Community, Member, Membership};
use crate::error::{Error, Result};
use crate::id::{CommunityId, MemberId};
use crate::policy::{Action, Guarded, Scope, Unchecked, Visible};
use crate::query::{Cursor, Position};
use crate::reputation::{
    Book, Entry, LedgerId, Opening, RuleSet, RuleSetId, Standing, SumOf, Tenure,
};
use crate::text::{Key, Name, Slug};
use crate::time::day_of;

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
    /// Those that count still, where points [fade](crate::reputation::Decay); in
    /// [`Session::standing`] only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<i64>,
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
    /// How long those who have entries have been in the community, where levels ask for it.
    pub tenures: BTreeMap<MemberId, Tenure>,
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

    /// The level of everybody who has entries.
    #[must_use]
    pub fn levels(&self) -> BTreeMap<MemberId, u32> {
        let mut book = Book::empty();
        self.entries.iter().for_each(|entry| book.add(entry));
        self.tenures.iter().for_each(|(member, tenure)| book.know_tenure(*member, *tenure));
        let members = self.points().into_keys().collect::<Vec<_>>();
        book.levels(&self.rules, members.into_iter())
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
            let known = store.memberships_in(community.id, &[member.id]).await?;
            let known = known.into_iter().flatten().find(|known| is_shown(&member, known));
            let known = &known.ok_or(Error::NotFound("member"))?;
            let rules = rules_of(community)?;
            let ledger = LedgerId { community: community.id, rules: rules.id.clone() };
            let standing = store.standings(&ledger, &[member.id]).await?;
            let current = match rules.decay {
                Some(decay) => {
                    let days = store.days(&ledger, member.id).await?;
                    Some(rules.shown(decay.sum(day_of(rights.now), days)))
                }
                None => None,
            };
            self.require_current(&rights).await?;
            let points = standing.into_iter().flatten().next().map_or(0, |known| known.points);
            let view = view_of(community, rules, &member, known, points);
            let view = view.map(|view| StandingView { current, ..view });
            rights.scope.admit(view).ok_or(Error::NotFound("member"))
        })
    }

    /// The members of the community who have earned something, most points first; of equal points
    /// the younger account first. By points that do not fade. Whoever directories do not list is not
    /// among them, nor who has [chosen](Self::show_on_boards) not to be shown to others.
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
                let memberships = store.memberships_in(community.id, &ids).await?;
                let people = members.into_iter().zip(memberships);
                for (standing, (member, known)) in page.iter().zip(people) {
                    let Some((member, known)) = member.zip(known) else { continue };
                    let chosen = !known.off_boards || rights.actor() == Some(member.id);
                    if is_shown(&member, &known) && chosen {
                        if items.len() == limit {
                            next = shown.map(|last| Cursor::new(last, &name).to_string());
                            break 'pages;
                        }
                        let points = standing.points;
                        items.push(view_of(community, rules, &member, &known, points));
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
            let mut tenures = BTreeMap::new();
            if rules.asks_for_days() || rules.asks_for_visits() {
                let members: BTreeSet<MemberId> = entries.iter().map(|e| e.member).collect();
                let members: Vec<MemberId> = members.into_iter().collect();
                let found = self.engine().tenures(community.id, &members).await?;
                tenures.extend(members.into_iter().zip(found));
            }
            self.require_current(&rights).await?;
            Ok(Projection { rules: rules.clone(), entries, tenures })
        })
    }
}

/// The rule set in force.
pub(super) fn rules_of(community: &Community) -> Result<&RuleSet> {
    community.reputation.active_rules().ok_or(Error::NotFound("rule set"))
}

/// Whether somebody has joined, and directories list them.
fn is_shown(member: &Member, known: &Membership) -> bool {
    member.listed && known.joined_at.is_some()
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
        current: None,
        level: membership.level,
    })
}

/// Why a member is on a level, and what the next ones take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LevelView {
    /// The community.
    #[serde(skip)]
    pub community: CommunityId,
    /// Who.
    pub member: Author,
    /// The rule set in force.
    pub rules: RuleSetId,
    /// The level.
    pub level: u32,
    /// Whether a manager has set it.
    pub pinned: bool,
    /// The level that follows from what was earned.
    pub earned: u32,
    /// All levels above 0, rising.
    pub levels: Vec<LevelStep>,
}

/// What a level takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LevelStep {
    /// Its number.
    pub level: u32,
    /// Its name.
    pub name: Name,
    /// Whether the member has reached it: all of its conditions are met, and those of the levels
    /// below it.
    pub reached: bool,
    /// What it takes.
    pub conditions: Vec<Condition>,
}

/// What a condition of a level asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Needed {
    /// Points.
    Points,
    /// Days since the member joined the community.
    Days,
    /// Days with a visit.
    Visits,
}

/// One condition of a level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// What it asks for.
    pub of: Needed,
    /// The group whose points count; `None` is all points, or no points at all.
    pub group: Option<Slug>,
    /// The least of it.
    pub least: i64,
    /// What the member has of it.
    pub has: i64,
    /// Whether that is enough.
    pub met: bool,
}

impl Guarded for LevelView {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        scope.sees_community(self.community).then_some(self)
    }
}

impl Session {
    /// Why a member is on a level, and what is missing for the next: to the member, and to those
    /// who manage the community.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the community does not exist for this viewer, or does not know such
    /// a member; [`Error::Denied`] for the level of somebody else without the right to manage.
    pub async fn explain_level(&self, community: &Slug, key: &Key) -> Result<Visible<LevelView>> {
        reading!(self, Read::Standing, |rights| {
            let place = rights.community(community)?;
            let own = rights.facts.member.as_ref().is_some_and(|member| member.key == *key);
            if !own {
                rights.place_to(&Action::Manage, community, None)?;
            }
            let store = self.engine().store();
            let found = store.members_by_key(std::slice::from_ref(key)).await?;
            let member = found.into_iter().flatten().next().ok_or(Error::NotFound("member"))?;
            let memberships = store.memberships(member.id).await?;
            let known = memberships.iter().find(|known| known.community == place.id);
            let known = known.ok_or(Error::NotFound("member"))?;
            let rules = rules_of(place)?;
            let ledger = LedgerId { community: place.id, rules: rules.id.clone() };
            let standing = store.standings(&ledger, &[member.id]).await?;
            let points = standing.into_iter().flatten().next().map_or(0, |known| known.points);
            let points = rules.shown(points);
            let groups: Vec<Slug> = rules.groups_of_levels().cloned().collect();
            let of = |group: &Slug| SumOf {
                member: member.id,
                group: group.clone(),
                giver: None,
                day: None,
            };
            let asked: Vec<SumOf> = groups.iter().map(of).collect();
            let sums = store.sums(&ledger, &asked).await?;
            let tenure = self.engine().tenures(place.id, &[member.id]).await?;
            let tenure = tenure.into_iter().next().unwrap_or_default();
            let sums: BTreeMap<Slug, i64> = groups.into_iter().zip(sums).collect();
            self.require_current(&rights).await?;
            let in_group = |group: &Slug| sums.get(group).copied().unwrap_or(0);
            let earned = rules.level(points, tenure, in_group);
            let condition = |of, group: Option<&Slug>, least: i64, has: i64| Condition {
                of,
                group: group.cloned(),
                least,
                has,
                met: has >= least,
            };
            let levels = rules.levels.iter().map(|rule| {
                let of_groups = rule.groups.iter().map(|(group, least)| {
                    condition(Needed::Points, Some(group), *least, in_group(group))
                });
                let of_time = [
                    (Needed::Days, rule.days, tenure.days),
                    (Needed::Visits, rule.visits, tenure.visits),
                ];
                let of_time = of_time.into_iter().filter(|(_, least, _)| *least > 0);
                let of_time = of_time
                    .map(|(of, least, has)| condition(of, None, i64::from(least), i64::from(has)));
                LevelStep {
                    level: rule.level,
                    name: rule.name.clone(),
                    reached: rule.level <= earned,
                    conditions: [condition(Needed::Points, None, rule.points, points)]
                        .into_iter()
                        .chain(of_groups)
                        .chain(of_time)
                        .collect(),
                }
            });
            let view = Unchecked::new(LevelView {
                community: place.id,
                member: Author::from(&member),
                rules: rules.id.clone(),
                level: known.level,
                pinned: known.pinned,
                earned,
                levels: levels.collect(),
            });
            rights.scope.admit(view).ok_or(Error::NotFound("member"))
        })
    }
}
