//! Texts that people send to break something.

use std::time::{Duration, Instant};

use community::index::{Keeper, Settings};
use community::memory::MemoryStore;
use community::search::{Per, SearchSort};
use community::{Engine, Env, Error, SearchQuery, Store};
use community_testkit::worlds::{Dice, Params, World, load};
use pollster::block_on;
use std::sync::Arc;

/// As much as the smallest threads of servers have.
const STACK: usize = 512 * 1024;

fn world(topics: usize) -> Engine {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let index = Keeper::in_memory(Settings::default(), Env::default(), Arc::clone(&store)).unwrap();
    let engine = Engine::with_index(store, Env::default(), Arc::new(index));
    let world = World::with_params(Params::public(topics, 20), 5);
    block_on(load(&engine.as_system(), &world)).unwrap();
    block_on(engine.indexed()).unwrap();
    engine
}

/// Pieces that mean something to this language of queries, to others, or to nobody.
const PIECES: [&str; 64] = [
    "(",
    ")",
    "((((((((",
    "))))))))",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "\"\"",
    "“",
    "”",
    "'",
    "`",
    "-",
    "--",
    "+",
    "!",
    "!!",
    "~",
    "~9",
    "^",
    "^99",
    "*",
    "**",
    "?",
    "a*",
    "aa*",
    "é*",
    "自*",
    ":",
    "::",
    "a:b",
    "title:x",
    "label:",
    "label:x",
    "-label:x",
    "channel:news",
    "author:\"x y\"",
    "kind:question",
    "is:answered",
    "is:",
    "before:2024-01-01",
    "after:9999-99-99",
    "after:2024-01-01",
    "lang:nl",
    "lang:zzz",
    "in:title",
    "OR",
    "AND",
    "NOT",
    "OR OR",
    "\\",
    "\\\"",
    "/(a{1,9}){1,9}b/",
    "[a TO z]",
    "%",
    "_",
    "<script>",
    "; DROP TABLE posts",
    "de het een",
    "fiets",
    "kettle",
    "\u{0}",
];

/// One character of each general category that a text can hold.
const CLASSES: [char; 29] = [
    'A', 'a', 'ǅ', 'ʰ', 'ب', '\u{301}', 'ः', '\u{20DD}', '7', 'Ⅳ', '½', '_', '—', '(', ')', '«',
    '»', '!', '∑', '€', '^', '☃', '\u{A0}', '\u{2028}', '\u{2029}', '\u{7}', '\u{202E}',
    '\u{E000}', '\u{378}',
];

fn hostile(dice: &mut Dice) -> String {
    let mut text = String::new();
    match dice.below(8) {
        // One thing over and over.
        0 | 1 => {
            let piece = *dice.pick(&PIECES);
            let blank = *dice.pick(&["", " "]);
            let times = dice.between(1, 4_096 / (piece.len() + blank.len()));
            for _ in 0..times {
                text.push_str(piece);
                text.push_str(blank);
            }
        }
        // Two by turns, which nests where nesting is.
        2 => {
            let (one, other) = (*dice.pick(&PIECES), *dice.pick(&PIECES));
            while text.len() + one.len() + other.len() < 4_096 {
                text.push_str(one);
                text.push(' ');
                text.push_str(other);
            }
        }
        3 => (0..dice.between(1, 400)).for_each(|_| text.push(*dice.pick(&CLASSES))),
        // Any characters at all.
        4 => {
            for _ in 0..dice.between(1, 200) {
                let code = u32::try_from(dice.below(0x11_0000)).unwrap();
                text.extend(char::from_u32(code));
            }
        }
        // Very many words, or one very long one.
        5 => {
            for word in 0..dice.between(1, 511) {
                text.push_str(&format!("w{} ", word * dice.between(1, 9)));
            }
        }
        6 => text = dice.pick(&CLASSES).to_string().repeat(dice.between(1, 100)),
        _ => {
            for _ in 0..dice.between(1, 60) {
                let (piece, blank) = (*dice.pick(&PIECES), *dice.pick(&["", " ", "x"]));
                text.push_str(piece);
                text.push_str(blank);
            }
        }
    }
    text
}

#[test]
fn ten_thousand_hostile_texts_find_something_or_nothing_on_a_small_stack() {
    let engine = world(60);
    let searches = move || {
        let dice = &mut Dice::of(1, "hostile", 0);
        let (mut found, mut refused) = (0, 0);
        for _ in 0..10_000 {
            let mut query = SearchQuery::everywhere(hostile(dice))
                .sort(*dice.pick(&SearchSort::ALL))
                .per(*dice.pick(&Per::ALL))
                .limit(dice.between(1, 30));
            query.facets = dice.chance(20);
            query.exact = dice.chance(20);
            match block_on(engine.anonymous().search(&query)) {
                Ok(view) => found += usize::from(!view.hits.is_empty()),
                // Only size is refused.
                Err(Error::Limit(_)) => refused += 1,
                Err(error) => panic!("{query:?}: {error}"),
            }
        }
        assert!(
            found > 1_000 && refused < 5_000,
            "{found} found something, {refused} were refused"
        );
    };
    std::thread::Builder::new().stack_size(STACK).spawn(searches).unwrap().join().unwrap();
}

/// The bound on what a hostile text may cost, at the size that it is promised for.
#[test]
#[ignore = "measures time: run it in release, on a machine that does nothing else"]
fn no_hostile_text_takes_50_ms_on_100_000_posts() {
    let engine = world(50_000);
    let dice = &mut Dice::of(2, "hostile", 0);
    let mut slowest = (Duration::ZERO, String::new());
    for _ in 0..10_000 {
        let query = SearchQuery::everywhere(hostile(dice)).per(*dice.pick(&Per::ALL));
        let started = Instant::now();
        let _refused = block_on(engine.anonymous().search(&query));
        let took = started.elapsed();
        if took > slowest.0 {
            slowest = (took, query.text);
        }
    }
    println!("the slowest took {:?}: {:.200?}", slowest.0, slowest.1);
    assert!(slowest.0 < Duration::from_millis(50));
}
