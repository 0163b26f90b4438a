//! People with known roles, generated from a seed: what the rule of super users is measured by.
//!
//! Each role has habits: how likely somebody visits and writes on a day, and is heard by somebody
//! else with a post. What comes of them on 28 days is drawn; the rule does not know the habits. It
//! is a model of people, and says how well the rule tells these roles apart, not people.

use std::collections::BTreeSet;

use community_core::MemberId;
use community_core::reputation::Activity;

/// What somebody is in truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Habits {
    /// Comes most days, writes more than twice a week, is answered: who is looked for.
    SuperUser,
    /// Comes twice a week, writes every other week.
    Regular,
    /// Comes twice a week and hardly ever writes.
    Lurker,
    /// Comes and writes in one week only.
    Burst,
    /// Has the habits of a super user, and does not use the product.
    Outsider,
    /// One of two accounts that write all day, to each other.
    Pair,
}

/// Somebody, and what was seen of it.
#[derive(Debug, Clone)]
pub struct Person {
    /// What the person is.
    pub habits: Habits,
    /// What was seen until the day that was asked for.
    pub activity: Activity,
}

/// So many people, and what they did on the 28 days that end with `today`.
#[must_use]
pub fn population(seed: u64, people: u32, today: i32) -> Vec<Person> {
    let mut dice = Dice(seed);
    (0..people).map(|_| person(&mut dice, people, today)).collect()
}

fn person(dice: &mut Dice, people: u32, today: i32) -> Person {
    let habits = match dice.below(100) {
        0..5 => Habits::SuperUser,
        5..30 => Habits::Regular,
        30..80 => Habits::Lurker,
        80..88 => Habits::Burst,
        88..95 => Habits::Outsider,
        _ => Habits::Pair,
    };
    // In a thousand: visits a day, posts a day with a visit, somebody else who hears a post, and
    // whether the person uses the product.
    let (visit, post, heard, user) = match habits {
        Habits::SuperUser => (600, 550, 700, 970),
        Habits::Regular => (300, 200, 500, 500),
        Habits::Lurker => (250, 20, 300, 400),
        Habits::Burst => (900, 900, 500, 400),
        Habits::Outsider => (600, 550, 700, 0),
        Habits::Pair => (950, 980, 20, 1_000),
    };
    let week = i32::try_from(dice.below(4)).unwrap_or(0);
    let mut activity = Activity { is_user: dice.happens(user), ..Activity::default() };
    let mut heard_by: BTreeSet<(i32, MemberId)> = BTreeSet::new();
    for back in 0..28 {
        let day = today - back;
        if (habits == Habits::Burst && back / 7 != week) || !dice.happens(visit) {
            continue;
        }
        activity.visits.insert(day);
        if !dice.happens(post) {
            continue;
        }
        activity.posts.push(day);
        if dice.happens(heard) {
            heard_by.insert((day, somebody(1 + dice.below(u64::from(people)))));
        }
        if habits == Habits::Pair {
            heard_by.insert((day, somebody(0)));
        }
    }
    activity.heard = heard_by;
    Person { habits, activity }
}

fn somebody(number: u64) -> MemberId {
    MemberId::from_bytes(u128::from(number).to_be_bytes())
}

/// Numbers that follow from a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    fn happens(&mut self, in_a_thousand: u64) -> bool {
        self.below(1_000) < in_a_thousand
    }
}
