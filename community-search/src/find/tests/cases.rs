//! What a search finds, case by case.

use community_core::search::{
    Count, Find, Found, Lookup, Per, Reach, Sample, SearchSort, Synonyms, Wanted,
};
use community_core::{Engine, MemberId, NewPost, NewTopic, PostKind, TopicId, Viewer};
use pollster::block_on;
use rustc_hash::FxHashMap;

use super::lookup;
use super::world::{World, slug};
use crate::projection::Snapshot;

/// Topics by their titles, in one channel that everybody reads.
struct Shelf {
    world: World,
    titles: FxHashMap<TopicId, String>,
}

impl Shelf {
    fn of(topics: &[(&str, &str)]) -> Self {
        let (engine, members, clock) = World::places();
        let mut titles = FxHashMap::default();
        for (title, body) in topics {
            clock.advance(std::time::Duration::from_secs(60));
            titles.insert(start(&engine, members[0], title, body), (*title).to_owned());
        }
        Self { world: World::of(engine, members, 3), titles }
    }

    fn lookup(&self, text: &str) -> Lookup {
        let (scope, directory) = (self.world.scope(Viewer::Anonymous), self.world.directory());
        let lookup = lookup(text, &Reach::new(&scope, &directory, None), &self.world);
        Lookup { exact: false, ..lookup }
    }

    fn find(&self, wanted: &Wanted) -> Found {
        let (scope, directory) = (self.world.scope(Viewer::Anonymous), self.world.directory());
        let reach = Reach::new(&scope, &directory, None);
        find(&self.world.snapshot, wanted, &reach)
    }

    /// The titles of what a text finds, best first.
    fn titles(&self, wanted: &Wanted) -> Vec<&str> {
        let hits = self.find(wanted).hits;
        hits.iter().map(|hit| self.titles[&hit.topic].as_str()).collect()
    }

    fn found(&self, text: &str) -> Vec<&str> {
        self.titles(&Wanted::Expr(self.lookup(text)))
    }
}

fn find(snapshot: &Snapshot, wanted: &Wanted, reach: &Reach<'_>) -> Found {
    let (sort, per) = (SearchSort::Relevance, Per::Topic);
    let count = Count::Total { most: 100 };
    snapshot.find(&Find { wanted, reach, sort, per, top: 10, count }).unwrap()
}

fn start(engine: &Engine, author: MemberId, title: &str, body: &str) -> TopicId {
    let new = NewTopic::new(slug("shed"), slug("bikes"), slug("question"), title, body);
    block_on(engine.member(author).start_topic(new)).unwrap()
}

#[test]
fn equal_texts_come_newest_first_however_they_lie_in_segments() {
    let topics: Vec<(&str, &str)> = (0..20).map(|_| ("Squeaking brakes", "uphill")).collect();
    let shelf = Shelf::of(&topics);
    let found = shelf.find(&Wanted::Expr(shelf.lookup("brakes squeak uphill")));
    assert_eq!(found.hits.len(), 10);
    assert!(found.more);
    assert!(found.hits.is_sorted_by(|a, b| a.post > b.post));
    assert!(found.hits.windows(2).all(|pair| pair[0].key == pair[1].key));
    assert_eq!(found.total.unwrap().count, 20);
}

#[test]
fn what_fits_best_comes_first() {
    let shelf = Shelf::of(&[
        ("Lamps", "the brakes and the chain of my bike"),
        ("Brakes", "the chain and other parts of my bike"),
        ("Pumps", "nothing of all that"),
        ("Brakes and chain", "both squeak"),
    ]);
    assert_eq!(shelf.found("chain brakes"), ["Brakes and chain", "Brakes", "Lamps"]);
    assert_eq!(shelf.found("\"brakes\" \"chain\""), ["Brakes and chain", "Brakes", "Lamps"]);
    assert_eq!(shelf.found("\"brakes and chain\""), ["Brakes and chain"]);
    assert_eq!(shelf.found("in:title chain"), ["Brakes and chain"]);
    assert_eq!(shelf.found("-chain"), ["Pumps"]);
}

#[test]
fn a_word_with_a_letter_wrong_finds_when_hardly_anything_has_it_as_typed() {
    let shelf = Shelf::of(&[
        ("Puncture", "one"),
        ("Punture", "two"),
        ("Saddle", "three"),
        ("Saddles", "four"),
        ("Saddel", "five"),
        ("My saddle", "six"),
    ]);
    for typed in ["pucnture", "puncturre", "puncxure", "punctue"] {
        let found = shelf.find(&Wanted::Expr(shelf.lookup(typed)));
        assert!(found.typos, "{typed}");
        assert_eq!(found.total.unwrap().count, found.hits.len() as u64);
        assert!(shelf.found(typed).contains(&"Puncture"), "{typed}");
    }
    // As typed comes first.
    assert_eq!(shelf.found("punture"), ["Punture", "Puncture"]);
    // Three topics have it as typed.
    assert_eq!(shelf.found("saddle").len(), 3);
    let exact = Lookup { exact: true, ..shelf.lookup("pucnture") };
    assert_eq!(shelf.titles(&Wanted::Expr(exact)), [""; 0]);
    let found = shelf.find(&Wanted::Expr(shelf.lookup("xylophone")));
    assert!(!found.typos && found.hits.is_empty());
}

#[test]
fn short_words_are_looked_for_as_typed() {
    let shelf = Shelf::of(&[("Tyre", "one"), ("Tire", "two")]);
    assert_eq!(shelf.found("tyre"), ["Tyre"]);
    assert_eq!(shelf.found("tybe"), [""; 0]);
}

#[test]
fn what_means_the_same_finds_and_scores_less() {
    let shelf = Shelf::of(&[
        ("Bike", "is broken"),
        ("Velocipede", "is broken"),
        ("Two wheeler", "is broken"),
        ("Two more of a wheeler", "is broken"),
    ]);
    let lists = [vec!["bike".to_owned(), "velocipede".to_owned(), "two wheeler".to_owned()]];
    let synonyms = vec![Synonyms::from(lists.as_slice())];
    let with = |text: &str| {
        let lookup = Lookup { synonyms: synonyms.clone(), ..shelf.lookup(text) };
        shelf.titles(&Wanted::Expr(lookup))
    };
    let mut found = with("bikes");
    assert_eq!(found[0], "Bike");
    found.sort_unstable();
    assert_eq!(found, ["Bike", "Two wheeler", "Velocipede"]);
    let mut found = with("\"two wheeler\"");
    found.sort_unstable();
    assert_eq!(found, ["Bike", "Two wheeler", "Velocipede"]);
    assert_eq!(with("broken -bike"), with("broken -bike"));
    assert_eq!(with("broken -bike").len(), 3);
    assert_eq!(shelf.found("\"bike\""), ["Bike"]);
}

#[test]
fn a_prefix_finds_every_word_that_begins_so() {
    let words: Vec<String> = (0..1_200_u32).map(|n| format!("zz{n:x}q")).collect();
    let body = words.join(" ");
    let shelf = Shelf::of(&[("Many", &body), ("Überholen", "zya"), ("None", "z")]);
    assert_eq!(shelf.found("zz*"), ["Many"]);
    assert_eq!(shelf.found("zz4af*"), ["Many"]);
    assert_eq!(shelf.found("uberh*"), ["Überholen"]);
    assert_eq!(shelf.found("ÜBERHO*"), ["Überholen"]);
    assert_eq!(shelf.found("\"none\" z*"), ["None"]);
    assert_eq!(shelf.found("-zz*"), ["None", "Überholen"]);
}

#[test]
fn topics_like_a_text_are_those_with_its_telling_words() {
    let shelf = Shelf::of(&[
        ("My brakes squeak in the rain", "What can I do about the noise?"),
        ("Squeaking noise", "of the brakes, when it rains"),
        ("What can I do in the rain", "with my dog?"),
        ("Selling a lamp", "as good as new"),
    ]);
    let reply = NewPost::new(*shelf.titles.keys().next().unwrap(), "Brakes squeak. Rain. Noise.");
    let author = shelf.world.members[0];
    block_on(shelf.world.engine.member(author).reply(reply.kind(PostKind::Reply))).unwrap();
    let sample = |except| Sample {
        title: "Brakes squeak".into(),
        body: "There is a squeaking noise when I brake in the rain.".into(),
        except,
        ..Sample::default()
    };
    let like = shelf.titles(&Wanted::Like(sample(None)));
    assert_eq!(like.len(), 3);
    assert!(!like[..2].contains(&"What can I do in the rain"));
    let (first, _) = shelf.titles.iter().find(|(_, title)| **title == like[0]).unwrap();
    assert_eq!(shelf.titles(&Wanted::Like(sample(Some(*first)))), &like[1..]);
    assert_eq!(shelf.titles(&Wanted::Like(Sample::default())), [""; 0]);
}

#[test]
fn the_right_words_of_a_text_are_marked() {
    let shelf = Shelf::of(&[("Tyres", "The repair of flat tyres is easy.")]);
    let text = "How I repaired two flat tyres, a flat roof and a Puncture at the café (自転車).";
    let marked = |wanted: Lookup| {
        let marks = shelf.world.snapshot.marks(&Wanted::Expr(wanted), &[text]).remove(0);
        assert!(marks.is_sorted_by(|a, b| a.end <= b.start));
        marks.into_iter().map(|mark| &text[mark]).collect::<Vec<_>>()
    };
    let of = |typed: &str| marked(shelf.lookup(typed));
    assert_eq!(of("repairing the tyre"), ["repaired", "tyres"]);
    assert_eq!(of("\"flat tyre\""), ["flat tyres"]);
    assert_eq!(of("\"flat tyre\" flat"), ["flat tyres", "flat"]);
    assert_eq!(of("punc*"), ["Puncture"]);
    assert_eq!(of("cafe"), ["café"]);
    assert_eq!(of("自転車"), ["自転車"]);
    assert_eq!(of("-flat is:solved"), [""; 0]);
    assert_eq!(of("pucnture"), ["Puncture"]);
    assert_eq!(of("pucnture tyre"), ["tyres"]);
    let exact = Lookup { exact: true, ..shelf.lookup("pucnture") };
    assert_eq!(marked(exact), [""; 0]);
    let lists = [vec!["blowout".to_owned(), "flat tyre".to_owned()]];
    let synonyms = vec![Synonyms::from(lists.as_slice())];
    assert_eq!(marked(Lookup { synonyms, ..shelf.lookup("blowout") }), ["flat tyres"]);
}

#[test]
fn counting_stops_where_it_is_told_to() {
    let topics: Vec<(&str, &str)> = (0..30).map(|_| ("Squeaking brakes", "uphill")).collect();
    let shelf = Shelf::of(&topics);
    let (scope, directory) = (shelf.world.scope(Viewer::Anonymous), shelf.world.directory());
    let reach = Reach::new(&scope, &directory, None);
    let wanted = Wanted::Expr(shelf.lookup("brakes"));
    for (most, count, exact) in [(0, 0, false), (29, 29, false), (30, 30, true), (31, 30, true)] {
        let request = Find {
            wanted: &wanted,
            reach: &reach,
            sort: SearchSort::Relevance,
            per: Per::Topic,
            top: 0,
            count: Count::Facets { most, values: 1 },
        };
        let found = shelf.world.snapshot.find(&request).unwrap();
        let total = found.total.unwrap();
        assert_eq!((total.count, total.exact), (count, exact), "{most}");
        assert!(found.hits.is_empty() && found.more);
        assert!(found.facets.unwrap().channels.iter().all(|(_, number)| *number == count));
    }
}

#[test]
fn a_query_is_understood_in_the_languages_of_the_content_and_of_the_viewer() {
    let dutch = "Mijn fietsen staan buiten in de regen, wat kan ik daar het beste aan doen?";
    let shelf = Shelf::of(&[("Fietsen", dutch), ("Regenjassen", dutch)]);
    assert_eq!(shelf.found("fiets"), ["Fietsen", "Regenjassen"]);
    assert_eq!(shelf.found("lang:nl fiets").len(), 2);
    assert_eq!(shelf.found("lang:nld fiets").len(), 2);
    assert_eq!(shelf.found("lang:en fiets"), [""; 0]);
    let spanish = Lookup { languages: vec!["es".parse().unwrap()], ..shelf.lookup("fiets") };
    assert_eq!(shelf.titles(&Wanted::Expr(spanish)).len(), 2);
}

#[test]
fn hostile_texts_find_something_or_nothing_with_little_stack() {
    let shelf = Shelf::of(&[("Brakes", "squeak of the brakes"), ("自転車", "パンク")]);
    let texts: Vec<String> = [
        "the ".repeat(500),
        "\"of the\" ".repeat(200),
        (0..400).map(|n| format!("b{n}* ")).collect(),
        (0..400).map(|n| format!("-w{n} ")).collect(),
        (0..200).map(|n| format!("\"w{n} the\" OR ")).collect::<String>() + "label:tyres",
        (0..100).map(|n| format!("after:20{:02}-01-01 OR ", n)).collect::<String>() + "brakes",
        "自".repeat(80) + " " + &"自転車* ".repeat(100),
        "\u{0}\u{202e}*** !! \" \\ ( ) [ ^ ~5 AND NOT field:\"x\"".to_owned(),
    ]
    .into();
    let run = move || {
        for text in texts {
            let lookup = shelf.lookup(&text);
            _ = shelf.world.snapshot.marks(&Wanted::Expr(lookup.clone()), &[&text]);
            shelf.find(&Wanted::Expr(lookup));
            let sample = Sample { title: text.clone(), body: text, ..Sample::default() };
            shelf.find(&Wanted::Like(sample));
        }
    };
    std::thread::Builder::new().stack_size(512 * 1024).spawn(run).unwrap().join().unwrap();
}
