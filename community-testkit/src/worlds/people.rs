//! The people of a world. Who somebody is follows from the seed and a number, so that nobody has to
//! be remembered.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use community_core::record::{MemberRecord, MembershipRecord, RoleRecord, SanctionRecord};
use community_core::{Attribute, Key, SanctionKind, Slug, Timestamp};

use super::places::Preset;
use super::words::Language;
use super::{Dice, Params, World};
use crate::fixture::{key, name, slug};

/// Members who are there in every world, in parts that tests need. All but the outsider have
/// joined every community.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cast {
    /// Has the role `manager` in every community.
    pub manager: Key,
    /// Has the role `moderator` in every community.
    pub moderator: Key,
    /// Has the role `moderator` in the first channel of every community and those below it.
    pub channel_moderator: Key,
    /// Belongs to a department, and has the role `employee`.
    pub employee: Key,
    /// Has the role `expert`.
    pub expert: Key,
    /// Is on the list `customers`.
    pub customer: Key,
    /// Was silenced halfway through the world's time, without an end.
    pub silenced: Key,
    /// Was suspended halfway through the world's time, without an end.
    pub suspended: Key,
    /// Has joined nothing.
    pub outsider: Key,
}

impl Cast {
    pub(super) const SIZE: usize = 9;

    pub(super) fn new() -> Self {
        Self {
            manager: member_key(MANAGER),
            moderator: member_key(MODERATOR),
            channel_moderator: member_key(CHANNEL_MODERATOR),
            employee: member_key(EMPLOYEE),
            expert: member_key(EXPERT),
            customer: member_key(CUSTOMER),
            silenced: member_key(SILENCED),
            suspended: member_key(SUSPENDED),
            outsider: member_key(OUTSIDER),
        }
    }
}

pub(super) const MANAGER: usize = 0;
const MODERATOR: usize = 1;
const CHANNEL_MODERATOR: usize = 2;
pub(super) const EMPLOYEE: usize = 3;
const EXPERT: usize = 4;
const CUSTOMER: usize = 5;
const SILENCED: usize = 6;
const SUSPENDED: usize = 7;
const OUTSIDER: usize = 8;

/// The key of a member.
pub(super) fn member_key(member: usize) -> Key {
    key(&format!("member:{member}"))
}

/// The population.
#[derive(Debug, Clone, Copy)]
pub(super) struct People {
    pub(super) members: usize,
    communities: usize,
    seed: u64,
}

/// What the host knows of somebody.
#[derive(Debug, Clone, Copy)]
struct Person {
    language: Language,
    country: &'static str,
    department: Option<&'static str>,
    customer: bool,
}

/// What somebody is in one community.
#[derive(Debug, Clone, Copy)]
struct Part {
    joined: bool,
    /// Moderator or manager of the whole community.
    staff: bool,
    expert: bool,
    sanction: Option<Penalty>,
}

#[derive(Debug, Clone, Copy)]
struct Penalty {
    kind: SanctionKind,
    since: Timestamp,
    until: Option<Timestamp>,
    /// Only in the first channel and those below it.
    in_part: bool,
}

/// Why somebody wants to do something in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// To start a topic.
    Start,
    /// To reply to or vote in a topic of somebody.
    TakePart { topic_author: usize },
}

impl People {
    pub(super) fn new(params: &Params, seed: u64) -> Self {
        Self { members: params.members, communities: params.communities, seed }
    }

    /// Somebody who may do what is wished at `at` in a channel: the presets are those of the
    /// community and of the channels down to it. Regulars come first, and often.
    pub(super) fn somebody(
        &self,
        community: usize,
        presets: &[Preset],
        wish: Wish,
        at: Timestamp,
        dice: &mut Dice,
    ) -> Option<usize> {
        const TRIES: usize = 200;
        let others = self.members - Cast::SIZE;
        let at_home = (others + self.communities - 1 - community) / self.communities;
        (0..TRIES).find_map(|_| {
            let member = match dice.below(20) {
                0 => dice.below(Cast::SIZE),
                1 | 2 => Cast::SIZE + dice.rank(others),
                // Those whose home this is.
                _ => Cast::SIZE + dice.rank(at_home) * self.communities + community,
            };
            let known = member < self.members;
            (known && self.may(member, community, presets, wish, at)).then_some(member)
        })
    }

    fn may(
        &self,
        member: usize,
        community: usize,
        presets: &[Preset],
        wish: Wish,
        at: Timestamp,
    ) -> bool {
        let part = self.part(member, community);
        let forbids = |p: Penalty| p.since <= at && p.until.is_none_or(|until| at < until);
        if part.sanction.is_some_and(forbids) {
            return false;
        }
        let person = self.person(member);
        let employee = person.department.is_some();
        presets.iter().all(|preset| match preset {
            Preset::Public | Preset::MembersOnly => part.joined,
            Preset::ClosedList => person.customer || part.staff,
            Preset::Intranet => (employee && matches!(person.country, "NL" | "BE")) || part.staff,
            Preset::Employees => employee || part.staff,
            Preset::OwnTopicsOnly => match wish {
                Wish::Start => part.joined,
                Wish::TakePart { topic_author } => {
                    part.joined && (employee || part.staff || topic_author == member)
                }
            },
        })
    }

    fn person(&self, member: usize) -> Person {
        let mut dice = Dice::of(self.seed, "person", member);
        let language = *dice.pick(&Language::ALL);
        let country = *dice.pick(match language {
            Language::Dutch => &["NL", "NL", "BE"],
            Language::English => &["GB", "IE", "NL"],
            Language::Spanish => &["ES", "MX", "BE"],
        });
        let department = dice.pick(&["care", "sales", "workshop", "it"]);
        let employee = dice.chance(12);
        let customer = dice.chance(25);
        match member {
            EMPLOYEE => {
                Person { language, country: "NL", department: Some("care"), customer: false }
            }
            CUSTOMER => Person { language, country, department: None, customer: true },
            0..Cast::SIZE => Person { language, country, department: None, customer: false },
            _ => Person { language, country, department: employee.then_some(department), customer },
        }
    }

    fn part(&self, member: usize, community: usize) -> Part {
        let mut dice = Dice::of(self.seed ^ number(community), "part", member);
        let (visits, leads, knows) = (dice.chance(15), dice.below(400) == 0, dice.chance(2));
        let forever = |kind| {
            let since = World::beginning() + Duration::days(365);
            Some(Penalty { kind, since, until: None, in_part: false })
        };
        if member < Cast::SIZE {
            return Part {
                joined: member != OUTSIDER,
                staff: matches!(member, MANAGER | MODERATOR),
                expert: member == EXPERT,
                sanction: match member {
                    SILENCED => forever(SanctionKind::Silence),
                    SUSPENDED => forever(SanctionKind::Suspension),
                    _ => None,
                },
            };
        }
        let sanction = dice.chance(3).then(|| {
            let since = World::beginning() + Duration::days(whole(dice.below(990)));
            let kind = *dice.pick(&[SanctionKind::Silence, SanctionKind::Suspension]);
            let until = Some(since + Duration::days(whole(*dice.pick(&[7, 30, 365]))));
            Penalty { kind, since, until, in_part: dice.chance(50) }
        });
        Part {
            joined: visits || (member - Cast::SIZE) % self.communities == community,
            staff: leads,
            expert: knows,
            sanction,
        }
    }

    pub(super) fn language(&self, member: usize) -> Language {
        self.person(member).language
    }

    /// Somebody who may correct and give official answers.
    pub(super) fn knows_better(&self, dice: &mut Dice) -> usize {
        *dice.pick(&[MANAGER, EMPLOYEE])
    }

    pub(super) fn record(&self, member: usize) -> MemberRecord {
        let Person { language, country, department, customer } = self.person(member);
        let mut dice = Dice::of(self.seed, "member", member);
        let mut attributes = BTreeMap::from([
            (slug("country"), Attribute::Text(country.to_owned())),
            (slug("language"), Attribute::Text(language.code().to_owned())),
            (slug("newsletter"), Attribute::Boolean(dice.chance(40))),
            (slug("since"), Attribute::Integer(2000 + whole(dice.below(23)))),
        ]);
        if let Some(department) = department {
            attributes.insert(slug("department"), Attribute::Text(department.to_owned()));
        }
        if dice.chance(30) {
            let interests = ["bread", "bikes", "bees", "music", "wood"];
            let chosen: BTreeSet<&str> =
                (0..dice.between(1, 3)).map(|_| *dice.pick(&interests)).collect();
            let chosen = chosen.into_iter().map(str::to_owned).collect();
            attributes.insert(slug("interests"), Attribute::Texts(chosen));
        }
        let mut lists = BTreeSet::new();
        for (list, is_on_it) in
            [("customers", customer), ("partners", dice.chance(5)), ("testers", dice.chance(10))]
        {
            if is_on_it {
                lists.insert(slug(list));
            }
        }
        let mut profile = BTreeMap::new();
        if dice.chance(30) {
            profile.insert(slug("about"), language.remark(&mut dice));
        }
        let first = dice.pick(&FIRST_NAMES);
        let last = dice.pick(&LAST_NAMES);
        MemberRecord {
            key: member_key(member),
            name: Some(name(&format!("{first} {last}"))),
            attributes,
            lists,
            profile,
            listed: member < Cast::SIZE || !dice.chance(5),
            created_at: Some(World::beginning() + Duration::minutes(whole(member % 1_000))),
            erased_at: None,
        }
    }

    /// What somebody is in a community with these channels; `None` for a stranger.
    pub(super) fn membership(
        &self,
        member: usize,
        community: usize,
        channels: &[Slug],
    ) -> Option<MembershipRecord> {
        let part = self.part(member, community);
        let mut dice = Dice::of(self.seed ^ number(community), "membership", member);
        let mut roles = Vec::new();
        let mut give = |role: &str, channel: Option<&Slug>| {
            roles.push(RoleRecord { role: slug(role), channel: channel.cloned() });
        };
        if part.staff {
            give(if member == MANAGER { "manager" } else { "moderator" }, None);
        }
        if member == CHANNEL_MODERATOR {
            give("moderator", channels.first());
        }
        if self.person(member).department.is_some() {
            give("employee", None);
        }
        if part.expert {
            give("expert", None);
        }
        if member >= Cast::SIZE && part.joined {
            match dice.below(200) {
                0 | 1 => give("moderator", Some(dice.pick(channels))),
                2 | 3 => give("mentor", None),
                4 | 5 => give("vendor", Some(dice.pick(channels))),
                6 => give("ambassador", None),
                _ => {}
            }
        }
        let sanctions = part.sanction.map(|Penalty { kind, since, until, in_part }| {
            let channel = channels.first().filter(|_| in_part).cloned();
            let reason = Language::English.reason(&mut dice);
            SanctionRecord { kind, channel, since, until, reason, by: Some(member_key(MODERATOR)) }
        });
        let sanctions = Vec::from_iter(sanctions);
        let level = u32::try_from(dice.rank(6)).unwrap_or(0);
        let known = part.joined || !roles.is_empty() || !sanctions.is_empty();
        known.then(|| MembershipRecord {
            member: member_key(member),
            joined_at: part
                .joined
                .then(|| World::beginning() + Duration::hours(whole(dice.below(24)))),
            roles,
            level: if part.joined { level } else { 0 },
            pinned: false,
            off_boards: false,
            sanctions,
        })
    }
}

fn number(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}

fn whole(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}

const FIRST_NAMES: [&str; 24] = [
    "Ada", "Bram", "Carmen", "Daan", "Elena", "Fleur", "Gonzalo", "Hanna", "Iris", "Joris", "Kees",
    "Lucía", "Maud", "Noor", "Óscar", "Pepa", "Quirine", "Rosa", "Sjoerd", "Tess", "Úrsula",
    "Vera", "Wout", "Zoë",
];

const LAST_NAMES: [&str; 20] = [
    "Akkerman",
    "Baker",
    "Calvo",
    "de Boer",
    "Espinosa",
    "Fisher",
    "García",
    "Hughes",
    "IJzerman",
    "Jansen",
    "Keller",
    "López",
    "Muñoz",
    "Nolan",
    "O’Brien",
    "Peeters",
    "Quist",
    "Ruiz",
    "Smit",
    "van den Berg",
];
