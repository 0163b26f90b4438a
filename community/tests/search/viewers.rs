//! What each kind of viewer finds is what a scan of everything finds, under the engine's rules.
//!
//! The rules themselves are compared with the oracle by the leak test, for the naive index.

use community::search::{Per, SearchSort};
use community::{SearchQuery, Viewer};
use community_testkit::worlds::{Dice, Size};

use crate::stage::{Stage, any_query, walked};

/// Compares one search. Returns how much was found.
pub(crate) fn compare(stage: &Stage, viewer: Viewer, query: &SearchQuery) -> usize {
    let found = walked(&stage.engine.session(viewer), query);
    let expected = walked(&stage.naive.session(viewer), query);
    // A community that does not exist for the viewer does not for either.
    let ((found, mut hits), (expected, mut all)) = match (found, expected) {
        (Some(found), Some(expected)) => (found, expected),
        (found, expected) => {
            assert_eq!(found, expected, "{viewer:?} searches {query:?}");
            return 0;
        }
    };
    let about = || format!("{viewer:?} searches {query:?}");
    if query.sort == SearchSort::Relevance {
        // The naive index knows no relevance.
        hits.sort();
        all.sort();
    }
    assert_eq!(hits, all, "hits: {}", about());
    assert_eq!(found.total, expected.total, "total: {}", about());
    assert_eq!(found.facets, expected.facets, "facets: {}", about());
    if query.sort != SearchSort::Relevance {
        let shown = |view: &community::SearchView| {
            let hits = view.hits.iter();
            hits.map(|hit| (hit.topic.clone(), hit.post.clone())).collect::<Vec<_>>()
        };
        assert_eq!(shown(&found), shown(&expected), "what is shown: {}", about());
    }
    hits.len()
}

fn compare_many(size: Size, seeds: std::ops::Range<u64>, queries: usize) {
    let (mut found, mut nothing) = (0, 0);
    for seed in seeds {
        let stage = Stage::of(size, seed);
        let dice = &mut Dice::of(seed, "queries", 0);
        for viewer in stage.viewers.clone() {
            for _ in 0..queries {
                match compare(&stage, viewer, &any_query(dice, &stage.names)) {
                    0 => nothing += 1,
                    _ => found += 1,
                }
            }
        }
    }
    println!("{found} searches found something, {nothing} nothing");
    assert!(found > nothing, "queries that find nothing compare nothing");
}

#[test]
fn viewers_of_ten_hamlets_find_what_a_scan_of_everything_finds() {
    compare_many(Size::Hamlet, 1..11, 50);
}

#[test]
fn viewers_of_a_town_find_what_a_scan_of_everything_finds() {
    compare_many(Size::Town, 11..12, 4);
}

#[test]
fn facets_tell_what_would_be_found_if_they_were_conditions() {
    let stage = Stage::of(Size::Hamlet, 20);
    for viewer in stage.viewers.clone() {
        for per in Per::ALL {
            let community = stage.names.communities[0].clone();
            let query = SearchQuery::community(community, "w1x w2x").per(per).exact().limit(100);
            let session = stage.engine.session(viewer);
            let found = pollster::block_on(session.search(&query.clone().with_facets()));
            // Some of the viewers do not see the community.
            let Ok(found) = found else { continue };
            let facets = found.facets.unwrap();
            let named = |name: &str, key: &str, count| (format!("{name}:{key}"), count);
            let labels =
                facets.labels.iter().map(|it| named("label", it.value.key.as_str(), it.count));
            let channels =
                facets.channels.iter().map(|it| named("channel", it.value.key.as_str(), it.count));
            let kinds = facets.kinds.iter().map(|it| named("kind", it.value.as_str(), it.count));
            let authors =
                facets.authors.iter().map(|it| named("author", it.value.key.as_str(), it.count));
            let years = facets.years.iter().map(|it| {
                (format!("after:{}-01-01 before:{}-01-01", it.value, it.value + 1), it.count)
            });
            let answered = facets
                .answered
                .iter()
                .map(|it| named("is", if it.value { "answered" } else { "unanswered" }, it.count));
            let all =
                labels.chain(channels).chain(kinds).chain(authors).chain(years).chain(answered);
            for (condition, count) in all {
                let narrowed =
                    SearchQuery { text: format!("w1x w2x {condition}"), ..query.clone() };
                let narrowed = pollster::block_on(session.search(&narrowed)).unwrap();
                assert_eq!(narrowed.total.count, count, "{viewer:?} {per} {condition}");
            }
        }
    }
}
