//! Choosing: names, and which of the things that there are or are not.

use community_core::{Key, Slug};

use super::Pick;
use crate::worlds::Dice;

/// Names that scripts use, those of things that are never made included.
pub mod names {
    /// Communities; the last one is never created.
    pub const COMMUNITIES: [&str; 5] = ["garden", "office", "school", "harbour", "nowhere"];
    /// Channels; the last one is never created.
    pub const CHANNELS: [&str; 7] =
        ["news", "help", "ideas", "staff", "trade", "small-talk", "cellar"];
    /// Labels; the last one is never created.
    pub const LABELS: [&str; 9] =
        ["red", "blue", "green", "wood", "iron", "glass", "c++", "自転車", "nothing"];
    /// Kinds that come with the engine, two that scripts may define, and one that nobody does.
    pub const KINDS: [&str; 7] =
        ["question", "discussion", "idea", "poll", "case", "trip", "riddle"];
    /// Roles.
    pub const ROLES: [&str; 5] = ["manager", "moderator", "employee", "expert", "friend"];
    /// Reactions; the last one is never offered.
    pub const REACTIONS: [&str; 4] = ["thanks", "heart", "funny", "boo"];
    /// How many members there are at most.
    pub const MEMBERS: usize = 12;
}

/// What scripts need of dice beside what dice have.
pub(super) trait Choose {
    /// Something in `percent` of a hundred cases.
    fn maybe<T>(&mut self, percent: usize, make: impl FnOnce(&mut Self) -> T) -> Option<T>;
    /// A number below `bound`, which is at most 65,536.
    fn small(&mut self, bound: usize) -> u16;
    /// A number below `bound`, which is at most 256.
    fn byte(&mut self, bound: usize) -> u8;
}

impl Choose for Dice {
    fn maybe<T>(&mut self, percent: usize, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.chance(percent).then(|| make(self))
    }

    fn small(&mut self, bound: usize) -> u16 {
        u16::try_from(self.below(bound)).unwrap_or(0)
    }

    fn byte(&mut self, bound: usize) -> u8 {
        u8::try_from(self.below(bound)).unwrap_or(0)
    }
}

/// A literal of this module.
#[allow(clippy::expect_used, reason = "the literals of this module are valid")]
pub(super) fn slug(text: &str) -> Slug {
    Slug::new(text).expect("a valid short name")
}

#[allow(clippy::expect_used, reason = "the literals of this module are valid")]
pub(super) fn user(number: usize) -> Key {
    Key::new(&format!("user:{number}")).expect("a valid key")
}

/// One of several names.
pub(super) fn any_of(dice: &mut Dice, names: &[&str]) -> Slug {
    let name: &&str = dice.pick(names);
    slug(name)
}

/// One of several names, the last one seldom.
pub(super) fn one_of(dice: &mut Dice, names: &[&str]) -> Slug {
    let usual = names.len().saturating_sub(1);
    let at = if dice.chance(4) { usual } else { dice.below(usual) };
    slug(names.get(at).copied().unwrap_or("nothing"))
}

/// The first two communities come up most: they are always founded.
pub(super) fn community(dice: &mut Dice) -> Slug {
    match dice.below(100) {
        0..60 => slug(names::COMMUNITIES[0]),
        60..85 => slug(names::COMMUNITIES[1]),
        _ => one_of(dice, &names::COMMUNITIES),
    }
}

/// The first three channels come up most: they are always founded.
pub(super) fn channel(dice: &mut Dice) -> Slug {
    if dice.chance(75) {
        any_of(dice, &names::CHANNELS[..3])
    } else {
        one_of(dice, &names::CHANNELS)
    }
}

pub(super) fn label(dice: &mut Dice) -> Slug {
    if dice.chance(80) { any_of(dice, &names::LABELS[..3]) } else { one_of(dice, &names::LABELS) }
}

pub(super) fn labels(dice: &mut Dice) -> Vec<Slug> {
    let count = if dice.chance(4) { 4 } else { dice.below(3).min(dice.below(3)) };
    (0..count).map(|_| label(dice)).collect()
}

pub(super) fn role(dice: &mut Dice) -> Slug {
    any_of(dice, &names::ROLES)
}

/// A reference: to one of the first few half of the time, so that steps meet.
pub(super) fn pick(dice: &mut Dice, bound: usize) -> Pick {
    match dice.below(100) {
        0..6 => Pick::Foreign(dice.small(40)),
        6..12 => Pick::Absent(dice.small(4)),
        12..56 => Pick::Known(dice.small(bound.min(5))),
        _ => Pick::Known(dice.small(bound)),
    }
}

pub(super) fn topic(dice: &mut Dice) -> Pick {
    pick(dice, 30)
}

pub(super) fn post(dice: &mut Dice) -> Pick {
    pick(dice, 60)
}

pub(super) fn person(dice: &mut Dice) -> Pick {
    pick(dice, names::MEMBERS)
}
