//! What is left out scores less, whatever the segments.

use std::collections::BTreeMap;

use tantivy::query::{BooleanQuery, EnableScoring, Occur, Query};
use tantivy::{Index, IndexWriter, ReloadPolicy, TantivyDocument};

use super::*;
use crate::find::tests::world::Dice;
use crate::schema::Fields;
use crate::words;

/// The first word is in nearly every text, the last in hardly any.
const WORDS: [(&str, usize); 6] =
    [("and", 90), ("bike", 50), ("chain", 20), ("dynamo", 6), ("fork", 2), ("hub", 0)];

/// Documents in segments of which the first has short texts and the last long ones.
fn index(dice: &mut Dice) -> (Searcher, Fields) {
    let (schema, fields) = Fields::new();
    let index = Index::create_in_ram(schema);
    words::register(&index);
    let mut writer: IndexWriter = index.writer_with_num_threads(1, 15_000_000).unwrap();
    writer.set_merge_policy(Box::new(tantivy::merge_policy::NoMergePolicy));
    for (documents, length) in [(700, 6), (1_500, 60), (90, 15), (1_100, 300)] {
        for _ in 0..documents {
            let mut document = TantivyDocument::default();
            let mut text = vec!["filler"; dice.below(length)];
            for (word, percent) in WORDS {
                if dice.below(1_000) < percent * 10 + 2 {
                    text.extend(vec![word; 1 + dice.below(3) * dice.below(1 + length / 8)]);
                }
            }
            document.add_text(fields.all, words::in_a_row(text));
            if dice.chance(25) {
                let title = WORDS.iter().filter(|(_, percent)| dice.chance(*percent));
                let mut title: Vec<&str> = title.map(|(word, _)| *word).collect();
                title.extend(vec!["filler"; dice.below(6)]);
                document.add_text(fields.title, words::in_a_row(title));
            }
            writer.add_document(document).unwrap();
        }
        writer.commit().unwrap();
    }
    let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual);
    let reader: tantivy::IndexReader = reader.try_into().unwrap();
    assert_eq!(reader.searcher().segment_readers().len(), 4);
    (reader.searcher(), fields)
}

fn summands(dice: &mut Dice, fields: &Fields) -> Vec<Summand> {
    let mut summands = Vec::new();
    let has_required = dice.chance(40);
    for number in 0..=dice.below(4) {
        let (word, _) = dice.pick(&WORDS);
        let required = has_required && (number == 0 || dice.chance(50));
        let clause = Clause::new(fields.all, word, if dice.chance(80) { 1.0 } else { 2.5 });
        summands.push(Summand { clause, required });
        if dice.chance(70) {
            let clause = Clause::new(fields.title, word, 0.35);
            summands.push(Summand { clause, required: required && dice.chance(10) });
        }
    }
    summands
}

type Scores = BTreeMap<(usize, DocId), Score>;

/// Everything that is allowed, as the library scores it without leaving anything out.
fn all(
    summands: &[Summand],
    searcher: &Searcher,
    fields: &Fields,
    is_allowed: IsAllowed,
) -> Scores {
    let clause = |Summand { clause, required }: &Summand| {
        let occur = if *required { Occur::Must } else { Occur::Should };
        (occur, clause.clone().query())
    };
    let query = BooleanQuery::new(summands.iter().map(clause).collect());
    let statistics = Statistics::new(searcher, fields);
    let scoring = EnableScoring::enabled_from_statistics_provider(&statistics, searcher);
    let weight = query.weight(scoring).unwrap();
    let mut scores = Scores::new();
    for (number, segment) in searcher.segment_readers().iter().enumerate() {
        let mut see = |doc, score| _ = scores.insert((number, doc), score);
        weight.for_each(segment, &mut see).unwrap();
    }
    scores.retain(|(_, doc), _| is_allowed(*doc));
    scores
}

/// What a viewer sees: most of it, or little.
type IsAllowed = fn(DocId) -> bool;

const MOST_OR_LITTLE: [IsAllowed; 2] = [|doc| doc % 3 != 1, |doc| doc % 7 == 1];

struct OfTest(IsAllowed);

impl Door for OfTest {
    fn admits(&mut self, doc: DocId) -> bool {
        self.0(doc)
    }

    /// It is told of half of them.
    fn sift(&self, docs: &[DocId], chosen: &mut Chosen) {
        chosen.retain(|at| docs[at].is_multiple_of(2) || self.0(docs[at]));
    }
}

/// What is taken when so many places are to be filled, and the last threshold.
fn best(
    summands: &[Summand],
    searcher: &Searcher,
    fields: &Fields,
    is_allowed: IsAllowed,
    room: usize,
) -> (Scores, Score) {
    let statistics = Statistics::new(searcher, fields);
    let mut sum = Weighed::new(summands, searcher, &statistics).unwrap();
    let (mut taken, mut top, mut threshold) = (Scores::new(), Vec::new(), Score::MIN);
    for (number, segment) in searcher.segment_readers().iter().enumerate() {
        let before = threshold;
        let take = |doc, score| {
            assert!(score > threshold && is_allowed(doc));
            assert_eq!(taken.insert((number, doc), score), None);
            top.push(score);
            top.sort_by(|a: &Score, b| b.total_cmp(a));
            top.truncate(room);
            threshold = if top.len() == room { top[room - 1] } else { Score::MIN };
            threshold
        };
        sum.best(number, segment, before, OfTest(is_allowed), take).unwrap();
    }
    (taken, threshold)
}

fn is_near(one: Score, other: Score) -> bool {
    (one - other).abs() <= 1e-5 * one.abs().max(other.abs())
}

#[test]
fn whatever_is_left_out_scores_less_than_what_is_found() {
    let dice = &mut Dice(11);
    let (mut found, mut left_out) = (0, 0);
    for _ in 0..3 {
        let (searcher, fields) = index(dice);
        for _ in 0..150 {
            let summands = summands(dice, &fields);
            let is_allowed = dice.pick(&MOST_OR_LITTLE);
            let all = all(&summands, &searcher, &fields, is_allowed);
            let room = dice.pick(&[1, 5, 20, 5_000]);
            let (taken, threshold) = best(&summands, &searcher, &fields, is_allowed, room);
            for (place, score) in &taken {
                assert!(is_near(*score, all[place]), "{place:?} {summands:?}");
            }
            for (place, score) in all.iter().filter(|(place, _)| !taken.contains_key(place)) {
                let is_less = *score <= threshold || is_near(*score, threshold);
                assert!(is_less, "{place:?} {score} {threshold} {summands:?}");
            }
            assert!(room < 5_000 || taken.len() == all.len());
            found += taken.len();
            left_out += all.len() - taken.len();
        }
    }
    assert!(found > 50_000 && left_out > 50_000, "{found} {left_out}");
}

/// Of how many documents the score surpasses what is said of their block.
fn surpassing(dice: &mut Dice, drift: impl Fn(Score) -> Score) -> usize {
    let (searcher, fields) = index(dice);
    let summands = WORDS
        .map(|(word, _)| Summand { clause: Clause::new(fields.all, word, 1.0), required: false });
    let statistics = Statistics::new(&searcher, &fields);
    let sum = Weighed::new(&summands, &searcher, &statistics).unwrap();
    let mut surpassing = 0;
    for (number, segment) in searcher.segment_readers().iter().enumerate() {
        for term in &sum.terms {
            let Some(info) = &term.postings[number] else { continue };
            let mut list = List::open(term, info, segment).unwrap();
            list.drift = drift(list.drift);
            while list.doc() != TERMINATED {
                let bound = list.block_bound();
                let last = list.last();
                let surpasses = |(doc, times): (&DocId, &u32)| list.score(*doc, *times) > bound;
                let block = list.docs().iter().zip(list.postings.freqs());
                surpassing += block.filter(|posting| surpasses(*posting)).count();
                assert!(bound <= list.most);
                list.move_to(last + 1);
            }
        }
    }
    surpassing
}

#[test]
fn no_document_surpasses_what_is_said_of_its_block() {
    assert_eq!(surpassing(&mut Dice(5), |drift| drift), 0);
    // What is stored beside the blocks does not say so by itself.
    assert_ne!(surpassing(&mut Dice(5), |_| 1.0), 0);
}
