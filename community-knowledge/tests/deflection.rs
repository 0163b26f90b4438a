//! Deflection, held against populations of which the truth is known.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::collections::BTreeSet;
use std::ops::Range;

use community_core::time::from_micros;
use community_core::{HoldOut, Slug, Timestamp, VisitId, VisitStep, VisitStepKind};
use community_knowledge::deflection::{Decimal, Estimate, Group, Per, Report};
use proptest::prelude::*;

/// The same numbers each time: SplitMix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn chance(&mut self, p: f64) -> bool {
        ((self.next() >> 11) as f64) < p * (1_u64 << 53) as f64
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most as u64) as usize
    }
}

/// Somebody about to ask something.
#[derive(Debug, Clone, Copy)]
struct Person {
    /// How likely it is that they post if nothing is shown to them.
    posts: f64,
    /// How likely it is that they open what is shown.
    opens: f64,
    /// How likely it is that what they open answers them.
    helped: f64,
}

impl Person {
    /// How likely it is that they post when something is shown.
    fn posts_if_shown(&self) -> f64 {
        self.posts * (1.0 - self.opens * self.helped)
    }
}

/// Visits of which the truth is known.
struct Population {
    name: &'static str,
    /// Parts of ten thousand.
    held_out: u16,
    visits: usize,
    /// How many regulars share all visits, the first of them most; `None` when nobody comes twice.
    regulars: Option<usize>,
    /// Those that there are, and how many of a hundred each are.
    people: &'static [(u64, Person)],
}

impl Population {
    /// By how much suggestions lower the rate of posting.
    fn truth(&self) -> f64 {
        let all: u64 = self.people.iter().map(|(share, _)| share).sum();
        assert_eq!(all, 100, "{}", self.name);
        let avoided = |(share, person): &(u64, Person)| {
            *share as f64 / 100.0 * (person.posts - person.posts_if_shown())
        };
        self.people.iter().map(avoided).sum()
    }

    fn somebody(&self, dice: &mut Dice) -> Person {
        let mut at = dice.next() % 100;
        for (share, person) in self.people {
            if at < *share {
                return *person;
            }
            at -= share;
        }
        unreachable!("shares are of a hundred")
    }

    /// The steps of all visits, some of them twice, some late, some the wrong way round.
    fn steps(&self, draw: &HoldOut, dice: &mut Dice) -> Vec<VisitStep> {
        let regulars: Option<Vec<Person>> =
            self.regulars.map(|count| (0..count).map(|_| self.somebody(dice)).collect());
        let (typing, mut steps) = ("typing".parse::<Slug>().unwrap(), Vec::new());
        for visit in 0..self.visits {
            let person = match &regulars {
                // The smaller of two is more often a small one: some come much more often.
                Some(regulars) => {
                    regulars[dice.below(regulars.len()).min(dice.below(regulars.len()))]
                }
                None => self.somebody(dice),
            };
            let mut id = [0; 16];
            id[..8].copy_from_slice(&dice.next().to_be_bytes());
            id[8..].copy_from_slice(&dice.next().to_be_bytes());
            let held_out = draw.holds_out(VisitId::from_bytes(id));
            let mut told = vec![VisitStepKind::Shown { found: true }];
            let mut posts = person.posts;
            if !held_out && dice.chance(person.opens) {
                told.push(VisitStepKind::Opened);
                let helpful = dice.chance(person.helped);
                if dice.chance(0.2) {
                    told.push(VisitStepKind::Rated { helpful });
                }
                if helpful {
                    posts = 0.0;
                }
            }
            if dice.chance(posts) {
                told.push(VisitStepKind::Posted);
            } else if dice.chance(0.7) {
                // The others close the window, and nobody hears of it.
                told.push(VisitStepKind::Abandoned);
            }
            if dice.chance(0.1) {
                told.reverse();
            }
            if dice.chance(0.1) {
                told.push(told[0]);
            }
            let at = from_micros(1_790_000_000_000_000 + visit as i64).unwrap();
            steps.extend(told.into_iter().map(|step| {
                let source = typing.clone();
                VisitStep { visit, at, source, held_out, step }
            }));
        }
        // Late ones: they come after those of others.
        for _ in 0..steps.len() / 20 {
            let (one, other) = (dice.below(steps.len()), dice.below(steps.len()));
            steps.swap(one, other);
        }
        steps
    }
}

const DETERMINED: Person = Person { posts: 0.92, opens: 0.35, helped: 0.25 };
const CURIOUS: Person = Person { posts: 0.45, opens: 0.6, helped: 0.4 };
const SHY: Person = Person { posts: 0.06, opens: 0.7, helped: 0.5 };
const UNMOVED: Person = Person { posts: 0.55, opens: 0.0, helped: 0.0 };

/// Whoever comes to a support community, mixed.
const MIXED: &[(u64, Person)] = &[(35, DETERMINED), (45, CURIOUS), (20, SHY)];

const POPULATIONS: &[Population] = &[
    Population {
        name: "a tenth of 600 visits held out",
        held_out: 1_000,
        visits: 600,
        regulars: None,
        people: MIXED,
    },
    Population {
        name: "a quiet month: a fifth of 150",
        held_out: 2_000,
        visits: 150,
        regulars: None,
        people: MIXED,
    },
    Population {
        name: "few held out: a twentieth of 1,000",
        held_out: 500,
        visits: 1_000,
        regulars: None,
        people: MIXED,
    },
    Population {
        name: "half of 200 held out",
        held_out: 5_000,
        visits: 200,
        regulars: None,
        people: MIXED,
    },
    Population {
        name: "nearly everybody posts",
        held_out: 1_000,
        visits: 800,
        regulars: None,
        people: &[(100, DETERMINED)],
    },
    Population {
        name: "hardly anybody posts",
        held_out: 1_000,
        visits: 1_000,
        regulars: None,
        people: &[(100, SHY)],
    },
    Population {
        name: "suggestions do nothing",
        held_out: 1_000,
        visits: 600,
        regulars: None,
        people: &[(100, UNMOVED)],
    },
    Population {
        name: "eighty regulars, a tenth of 600",
        held_out: 1_000,
        visits: 600,
        regulars: Some(80),
        people: MIXED,
    },
];

const RUNS: usize = 2_000;

fn always() -> Range<Timestamp> {
    Timestamp::UNIX_EPOCH..from_micros(6_000_000_000_000_000).unwrap()
}

fn report(steps: &[VisitStep]) -> Report {
    Report::new("garden".parse().unwrap(), always(), Per::Year, steps)
}

fn number(decimal: Decimal) -> f64 {
    decimal.to_string().parse().unwrap()
}

fn covers(estimate: &Estimate, truth: f64) -> bool {
    (number(estimate.low)..=number(estimate.high)).contains(&truth)
}

/// Each population with the seed of its place in the list, 2,000 times.
#[test]
fn the_interval_covers_the_truth_as_often_as_it_says() {
    let (mut all, mut bad) = (0, Vec::new());
    for (seed, population) in POPULATIONS.iter().enumerate() {
        let (truth, mut dice) = (population.truth(), Dice(seed as u64));
        let (mut covered, mut sum, mut width) = (0, 0.0, 0.0);
        for run in 0..RUNS {
            let draw = format!("run-{run}").parse().unwrap();
            let draw = HoldOut::new(draw, population.held_out).unwrap();
            let total = report(&population.steps(&draw, &mut dice)).total;
            let visits = total.shown.visits + total.held_out.visits + total.mixed;
            assert_eq!(visits as usize, population.visits, "each counts once");
            // Somebody for whom nobody at all was held out knows nothing, which is no interval.
            let avoided = total.effect.unwrap().avoided;
            covered += usize::from(covers(&avoided, truth));
            sum += number(avoided.likely);
            width += number(avoided.high) - number(avoided.low);
        }
        all += covered;
        let share = covered as f64 / RUNS as f64;
        println!(
            "{:36} truth {truth:.4}, mean estimate {:.4}, mean width {:.3}, covered {:.2} %",
            population.name,
            sum / RUNS as f64,
            width / RUNS as f64,
            100.0 * share,
        );
        if !(0.94..=0.96).contains(&share) {
            bad.push((population.name, share));
        }
    }
    let share = all as f64 / (RUNS * POPULATIONS.len()) as f64;
    println!("all together: covered {:.2} % of {}", 100.0 * share, RUNS * POPULATIONS.len());
    assert!(bad.is_empty(), "{bad:?}");
}

/// What a visit says of itself, found by looking at all steps for each visit.
fn naive(steps: &[VisitStep]) -> (Group, Group, u64) {
    let (mut shown, mut held_out, mut mixed) = (Group::default(), Group::default(), 0);
    let visits: BTreeSet<usize> = steps.iter().map(|step| step.visit).collect();
    for visit in visits {
        let of: Vec<&VisitStep> = steps.iter().filter(|step| step.visit == visit).collect();
        let has = |kind: VisitStepKind| of.iter().any(|step| step.step == kind);
        let sides: BTreeSet<bool> = of.iter().map(|step| step.held_out).collect();
        if sides.len() == 2 {
            mixed += 1;
            continue;
        }
        let group = if sides.contains(&true) { &mut held_out } else { &mut shown };
        group.visits += 1;
        if has(VisitStepKind::Shown { found: true }) {
            group.offered += 1;
            group.opened += u64::from(has(VisitStepKind::Opened));
            group.helpful += u64::from(has(VisitStepKind::Rated { helpful: true }));
            group.unhelpful += u64::from(has(VisitStepKind::Rated { helpful: false }));
            let posted = has(VisitStepKind::Posted);
            group.posted += u64::from(posted);
            group.abandoned += u64::from(!posted && has(VisitStepKind::Abandoned));
        }
    }
    (shown, held_out, mixed)
}

fn a_step() -> impl Strategy<Value = VisitStep> {
    let kind = prop_oneof![
        any::<bool>().prop_map(|found| VisitStepKind::Shown { found }),
        Just(VisitStepKind::Opened),
        any::<bool>().prop_map(|helpful| VisitStepKind::Rated { helpful }),
        Just(VisitStepKind::Abandoned),
        Just(VisitStepKind::Posted),
    ];
    let source = prop_oneof![4 => Just("typing"), 1 => Just("related")];
    // Of a visit in twelve the steps do not agree.
    let side = (0_usize..12, any::<bool>());
    (side, 0_i64..40, source, kind).prop_map(|((visit, odd), hours, source, step)| VisitStep {
        visit,
        at: from_micros(1_790_000_000_000_000 + hours * 3_600_000_000).unwrap(),
        source: source.parse().unwrap(),
        held_out: if visit == 0 { odd } else { visit % 3 == 1 },
        step,
    })
}

proptest! {
    #[test]
    fn a_visit_counts_once_whatever_repeats_and_in_whichever_order(
        steps in prop::collection::vec(a_step(), 0..60),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
        seed: u64,
    ) {
        let first = Report::new("garden".parse().unwrap(), always(), Per::Day, &steps);
        let mut shuffled = steps.clone();
        if !steps.is_empty() {
            shuffled.extend(again.iter().map(|at| at.get(&steps).clone()));
        }
        let mut dice = Dice(seed);
        for at in (1..shuffled.len()).rev() {
            shuffled.swap(at, dice.below(at + 1));
        }
        let second = Report::new("garden".parse().unwrap(), always(), Per::Day, &shuffled);
        prop_assert_eq!(&first, &second);

        let total = &first.total;
        prop_assert_eq!((total.shown, total.held_out, total.mixed), naive(&steps));
        let visits: BTreeSet<usize> = steps.iter().map(|step| step.visit).collect();
        let of = |row: &community_knowledge::deflection::Row| {
            row.shown.visits + row.held_out.visits + row.mixed
        };
        prop_assert_eq!(of(total), visits.len() as u64);
        for parts in [&first.rows, &first.sources, &first.periods] {
            prop_assert_eq!(parts.iter().map(of).sum::<u64>(), of(total));
            prop_assert_eq!(parts.iter().map(|row| row.shown.posted).sum::<u64>(), total.shown.posted);
        }
    }

    #[test]
    fn windows_side_by_side_share_no_visit(
        steps in prop::collection::vec(a_step(), 0..60), cut in 0_i64..40,
    ) {
        let cut = from_micros(1_790_000_000_000_000 + cut * 3_600_000_000).unwrap();
        let Range { start, end } = always();
        let count = |window: Range<Timestamp>| {
            let total = Report::new("garden".parse().unwrap(), window, Per::Day, &steps).total;
            total.shown.visits + total.held_out.visits + total.mixed
        };
        prop_assert_eq!(count(start..cut) + count(cut..end), count(start..end));
    }
}

#[test]
fn a_row_of_a_period_and_a_source_stands_by_itself() {
    let at = |day: i64| from_micros((20_000 + day) * 86_400_000_000 + 5).unwrap();
    let mut steps = Vec::new();
    let mut add = |visit, day, source: &str, held_out, kinds: &[VisitStepKind]| {
        steps.extend(kinds.iter().map(|step| {
            let source = source.parse().unwrap();
            VisitStep { visit, at: at(day), source, held_out, step: *step }
        }));
    };
    let found = VisitStepKind::Shown { found: true };
    add(0, 0, "typing", false, &[found, VisitStepKind::Posted]);
    add(1, 0, "related", false, &[found, VisitStepKind::Abandoned]);
    add(2, 1, "typing", true, &[found, VisitStepKind::Posted]);
    add(3, 1, "typing", false, &[VisitStepKind::Shown { found: false }, VisitStepKind::Posted]);
    // Both sources in one visit, which goes on the next day.
    add(4, 0, "typing", false, &[found]);
    add(4, 1, "related", false, &[VisitStepKind::Opened, VisitStepKind::Abandoned]);
    let report = Report::new("garden".parse().unwrap(), always(), Per::Day, &steps);
    let rows: Vec<_> = report
        .rows
        .iter()
        .map(|row| {
            let sources: Vec<&str> = row.sources.iter().map(Slug::as_str).collect();
            let day = row.period.unwrap().to_string();
            (day, sources.join(","), row.shown.visits, row.shown.offered, row.held_out.visits)
        })
        .collect();
    let row = |day: &str, sources: &str, shown, offered, held_out| {
        (day.to_owned(), sources.to_owned(), shown, offered, held_out)
    };
    assert_eq!(
        rows,
        [
            row("2024-10-04", "related", 1, 1, 0),
            row("2024-10-04", "related,typing", 1, 1, 0),
            row("2024-10-04", "typing", 1, 1, 0),
            row("2024-10-05", "typing", 1, 0, 1),
        ]
    );
    assert!(report.rows.iter().all(|row| row.effect.is_none()), "one side of each is empty");
    let effect = report.total.effect.unwrap();
    assert_eq!(effect.avoided.likely.to_string(), "0.666667", "one of one, less one of three");
}
