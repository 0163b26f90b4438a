//! What is found is what a search means, whoever asks.

mod cases;
mod naive;
mod pages;
pub(in crate::find) mod world;

use std::collections::BTreeSet;

use community_core::search::{
    Condition, Count, Find, Found, Lookup, LookupTerm, Per, Reach, SearchExpr, SearchSort, Term,
    Total, Wanted,
};
use community_core::{ChannelId, CommunityId, Directory, Limits, PostId};
use pollster::block_on;
use proptest::prelude::*;
use rustc_hash::FxHashSet;

use crate::analysis::Language;
use naive::{Doc, Naive, everything};
use world::{Dice, WORDS, World};

/// What a text means to a viewer, with words as they are typed.
fn lookup(text: &str, reach: &Reach<'_>, world: &World) -> Lookup {
    let expr = SearchExpr::parse(text, &Limits::default()).unwrap();
    let directory = world.directory();
    let term = |term: &Term| looked_up(term, reach, &directory, world);
    Lookup {
        words: expr.words.clone(),
        required: expr
            .required
            .iter()
            .map(|g| g.alternatives().iter().map(term).collect())
            .collect(),
        excluded: expr.excluded.iter().map(term).collect(),
        place: expr.place,
        exact: true,
        ..Lookup::default()
    }
}

fn looked_up(term: &Term, reach: &Reach<'_>, directory: &Directory, world: &World) -> LookupTerm {
    let condition = match term {
        Term::Word(word) => return LookupTerm::Word(word.clone()),
        Term::Phrase(phrase) => return LookupTerm::Phrase(phrase.clone()),
        Term::Condition(condition) => condition,
    };
    let communities = || directory.communities().map(|community| community.id);
    match condition {
        Condition::Label(key) => {
            let seen = |community: &CommunityId| {
                directory.label(*community, key).is_some() && reach.sees_label(*community, key)
            };
            LookupTerm::Label(communities().filter(seen).map(|c| (c, key.clone())).collect())
        }
        Condition::Channel(key) => {
            let below = |community| {
                let root = directory.channel_by_key(community, key)?;
                reach.path(root.channel.id).any(|id| id == root.channel.id).then_some(())?;
                Some(directory.subtree(root).map(|entry| entry.channel.id).collect::<Vec<_>>())
            };
            let channels: FxHashSet<ChannelId> =
                communities().filter_map(below).flatten().collect();
            LookupTerm::Channel(channels)
        }
        Condition::Author(key) => {
            let members =
                block_on(world.engine.store().members_by_key(std::slice::from_ref(key))).unwrap();
            LookupTerm::Author(members.into_iter().flatten().next().map(|member| member.id))
        }
        Condition::Kind(kind) => LookupTerm::Kind(kind.clone()),
        Condition::Is(is) => LookupTerm::Is(*is),
        Condition::Before(day) => LookupTerm::Until(day.starts_at()),
        Condition::After(day) => LookupTerm::Since(day.starts_at()),
        Condition::Language(code) => LookupTerm::Language(*code),
    }
}

/// A text of the query language, by chance.
fn query(dice: &mut Dice) -> String {
    let mut parts = Vec::new();
    for _ in 0..dice.below(4) {
        parts.push(term(dice));
        if dice.chance(25) {
            parts.push("OR".to_owned());
            parts.push(term(dice));
        }
    }
    if dice.chance(10) {
        parts.push("in:title".to_owned());
    }
    parts.join(" ")
}

fn term(dice: &mut Dice) -> String {
    let word = dice.pick(&WORDS);
    let minus = if dice.chance(15) { "-" } else { "" };
    let term = match dice.below(20) {
        0..7 => word.to_owned(),
        7..9 => format!("\"{word}\""),
        9..12 => format!("\"{word} {}\"", dice.pick(&WORDS)),
        12..14 => {
            let letters = 1 + dice.below(4);
            format!("{}*", word.chars().take(letters).collect::<String>())
        }
        14 => format!("{word}-{}*", dice.pick(&["b", "ti", "ca", "自"])),
        15 => dice.pick(&["!!", "\"?\"", "a*", "*", "'s"]).to_owned(),
        _ => dice
            .pick(&[
                "label:tyres",
                "label:secret",
                "label:none",
                "channel:bikes",
                "channel:desk",
                "channel:list",
                "author:ana",
                "author:bob",
                "author:nobody",
                "kind:question",
                "is:answered",
                "is:unanswered",
                "is:solved",
                "is:official",
                "is:corrected",
                "after:2024-03-01",
                "before:2024-09-01",
                "after:2025-01-01",
                "lang:en",
                "lang:nld",
                "lang:tlh",
            ])
            .to_owned(),
    };
    format!("{minus}{term}")
}

struct Case<'a> {
    world: &'a World,
    docs: &'a [Doc],
}

impl Case<'_> {
    fn check(&self, text: &str, reach: &Reach<'_>, dice: &mut Dice) {
        let lookup = lookup(text, reach, self.world);
        let languages = naive::languages(self.docs);
        let naive = Naive { docs: self.docs, languages, lookup: &lookup, reach };
        let wanted = Wanted::Expr(lookup.clone());
        let per = dice.pick(&Per::ALL);
        let count = Count::Facets { most: 10_000, values: 1_000 };
        let find = |sort, top, count| {
            let request = Find { wanted: &wanted, reach, sort, per, top, count };
            self.world.snapshot.find(&request).unwrap()
        };
        let pairs = |found: &Found| {
            found.hits.iter().map(|hit| (hit.key, hit.post)).collect::<Vec<(i64, PostId)>>()
        };
        for sort in [SearchSort::Newest, SearchSort::Score, SearchSort::Activity] {
            let found = find(sort, 1_000, count);
            let expected = naive.hits(sort, per);
            assert_eq!(pairs(&found), expected, "{text:?} {sort} {per}");
            assert!(!found.more && !found.typos);
            let total = Total { count: expected.len() as u64, exact: true };
            assert_eq!(found.total, Some(total), "{text:?}");
            assert_eq!(found.facets, Some(naive.facets(per)), "{text:?}");
            let top = dice.below(expected.len() + 2);
            let few = find(sort, top, Count::Nothing);
            assert_eq!(pairs(&few), expected[..top.min(expected.len())]);
            assert_eq!(few.more, top < expected.len());
        }
        let found = find(SearchSort::Relevance, 1_000, Count::Nothing);
        assert!(pairs(&found).is_sorted_by(|a, b| a > b));
        let is_ranked = SearchExpr::parse(text, &Limits::default()).unwrap().is_ranked();
        if !is_ranked {
            assert_eq!(pairs(&found), naive.hits(SearchSort::Newest, per), "{text:?}");
        }
        let topics =
            |found: &Found| found.hits.iter().map(|hit| hit.topic).collect::<BTreeSet<_>>();
        assert_eq!(topics(&found), topics(&find(SearchSort::Newest, 1_000, Count::Nothing)));
        let top = dice.below(found.hits.len() + 2);
        let few = find(SearchSort::Relevance, top, Count::Nothing);
        assert_eq!(few.hits, found.hits[..top.min(found.hits.len())], "{text:?} {per}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_is_found_is_what_a_scan_of_all_posts_finds(seed in any::<u64>()) {
        let world = World::random(seed);
        let docs = everything(world.engine.store(), Language::English);
        let case = Case { world: &world, docs: &docs };
        let directory = world.directory();
        let mut dice = Dice(!seed);
        for scope in world.scopes() {
            for _ in 0..12 {
                let only = dice.chance(30).then(|| {
                    let key = world::slug(dice.pick(&["shed", "club"]));
                    directory.community_by_key(&key).unwrap().id
                });
                let only = only.map(|community| FxHashSet::from_iter([community]));
                let reach = Reach::new(&scope, &directory, only);
                case.check(&query(&mut dice), &reach, &mut dice);
            }
        }
    }
}

#[test]
fn who_sees_little_of_much_finds_what_a_scan_finds() {
    let world = World::large(7);
    let docs = everything(world.engine.store(), Language::English);
    assert!((500..1_000).contains(&docs.len()), "{}", docs.len());
    let case = Case { world: &world, docs: &docs };
    let directory = world.directory();
    let mut dice = Dice(11);
    for scope in world.scopes() {
        let reach = Reach::new(&scope, &directory, None);
        for text in
            ["bike wheels", "brakes", "\"flat\" \"tyre\"", "\"bike\" repair wheel", "-of the"]
        {
            case.check(text, &reach, &mut dice);
        }
    }
}
