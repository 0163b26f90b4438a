//! Two real dumps, compared with counts that were worked out from their rows by other means.
//!
//! The data lies beside the project, at `../shared/data` or where `COMMUNITY_TEST_DATA` says. Where
//! it is absent these tests say so and pass.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected has to fail"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use community_core::domain::PostKind;
use community_core::record::Record;
use community_core::time::{ManualClock, from_micros};
use community_core::{Engine, Env, Key, Limits, Slug, Store};
use community_import::stack_exchange::{Dump, Report};
use community_import::{LoadOptions, Loaded, Loader, export, jsonl};
use community_store_memory::MemoryStore;
use community_store_sqlite::{Options, SqliteStore};
use serde_json::Value;

struct Site {
    expected: Value,
    records: Vec<Record>,
    report: Report,
}

/// Imports a site, or says why not.
fn site(name: &str) -> Option<Site> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let data = std::env::var_os("COMMUNITY_TEST_DATA").map_or(beside, PathBuf::from);
    let folder = data.join("stackexchange").join(name);
    if !folder.is_dir() {
        eprintln!("ignored: there is no data at {}", folder.display());
        return None;
    }
    let expected = std::fs::read(data.join(format!("expected/{name}.json"))).unwrap();
    let mut records = Dump::open(folder).unwrap().records(&Limits::default());
    Some(Site {
        expected: serde_json::from_slice(&expected).unwrap(),
        records: records.by_ref().map(Result::unwrap).collect(),
        report: records.report().clone(),
    })
}

#[test]
fn quantumcomputing_is_taken_over_whole() {
    if let Some(site) = site("quantumcomputing") {
        whole(&site);
        links(&site, 305);
        lasting(&site, 1);
        assert!(!site.report.mapped.contains_key("earlier revisions"));
    }
}

#[test]
fn bicycles_meta_is_taken_over_whole_with_its_history() {
    if let Some(site) = site("bicycles-meta") {
        whole(&site);
        links(&site, 182);
        assert_eq!(site.report.mapped["earlier revisions"], 1291);
        history(&site);
        lasting(&site, 2);
    }
}

/// Imports the records into a community of this engine, as far as a limit.
fn load(engine: &Engine, records: &[Record], until: usize) -> Loaded {
    pollster::block_on(async {
        let session = engine.as_system();
        let community = Slug::new("site").unwrap();
        let mut loader = Loader::new(&session, community, LoadOptions::default());
        for (position, record) in (1..).zip(&records[..until]) {
            loader.push(position, record.clone()).await.unwrap();
        }
        if until == records.len() { loader.finish().await.unwrap() } else { loader.loaded() }
    })
}

fn dump(engine: &Engine) -> String {
    let mut lines = Vec::new();
    let community = Slug::new("site").unwrap();
    pollster::block_on(export(&engine.as_system(), &community, &mut lines, |_| {})).unwrap();
    String::from_utf8(lines).unwrap()
}

/// What the import gives does not depend on how often it is run or where it was killed, and it
/// comes out again as it went in.
fn lasting(site: &Site, seed: u64) {
    // Members exist since the dump says so; the community itself since the clock's time.
    let engine_on = |store: Arc<dyn Store>| {
        let clock = ManualClock::at(from_micros(1_700_000_000_000_000).unwrap());
        Engine::with_env(store, Env::manual(Arc::new(clock), seed))
    };
    let engine = || engine_on(Arc::new(MemoryStore::new()));
    let records = &site.records;
    let first = engine();
    assert_eq!(load(&first, records, records.len()).changed as usize, records.len());
    let exported = dump(&first);
    let again = load(&first, records, records.len());
    assert_eq!((again.changed, again.unchanged as usize), (0, records.len()));
    assert!(dump(&first) == exported, "a second import changes nothing");

    let folder = tempfile::tempdir().unwrap();
    let copy = engine_on(Arc::new(SqliteStore::open(folder.path(), Options::default()).unwrap()));
    let lines: Vec<Record> =
        jsonl::read(exported.as_bytes(), &Limits::default()).map(|line| line.unwrap().1).collect();
    load(&copy, &lines, lines.len());
    assert!(dump(&copy) == exported, "another store gives the same export");

    let resumed = engine();
    let mut state = seed;
    for _ in 0..5 {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        load(&resumed, records, (state >> 33) as usize % records.len());
    }
    load(&resumed, records, records.len());
    assert!(dump(&resumed) == exported, "an import that was killed and run again ends the same");
}

/// Counts that hold for every dump.
fn whole(site: &Site) {
    let Site { expected, records, report } = site;
    let mapped = |what: &str| Value::from(report.mapped.get(what).copied().unwrap_or(0));
    assert_eq!(mapped("users"), expected["rows"]["Users"]);
    assert_eq!(mapped("labels"), expected["rows"]["Tags"]);
    assert_eq!(mapped("comments"), expected["rows"]["Comments"]);
    assert_eq!(mapped("questions"), expected["posts_by_type"]["Question"]);
    assert_eq!(mapped("answers"), expected["posts_by_type"]["Answer"]);
    assert_eq!(mapped("closed questions"), expected["closed_questions"]);
    assert_eq!(mapped("accepted answers"), expected["accepted"]["questions_with_accepted"]);
    assert_eq!(mapped("days of acceptance"), expected["accepted"]["questions_with_accepted"]);
    assert!(report.refused.is_empty(), "{:?}", report.refused);
    assert_eq!(report.checks.len(), 3);
    assert!(report.checks.values().all(|check| check.equal > 0 && check.different == 0));

    votes(site);

    let ownerless = |wanted: fn(&Record) -> Option<&Option<Key>>| {
        let authors = records.iter().filter_map(wanted).flatten();
        Value::from(authors.filter(|key| key.as_str().starts_with("guest:")).count())
    };
    let of_posts = ownerless(|record| match record {
        Record::Topic(topic) => Some(&topic.author),
        Record::Post(post) if post.kind == Some(PostKind::Answer) => Some(&post.author),
        _ => None,
    });
    assert_eq!(of_posts, expected["posts_without_owner"]);
    let of_comments = ownerless(|record| match record {
        Record::Post(post) if post.kind == Some(PostKind::Reply) => Some(&post.author),
        _ => None,
    });
    assert_eq!(of_comments, expected["comments_without_user"]);

    let mut uses: BTreeMap<&str, u64> = BTreeMap::new();
    let mut answers: BTreeMap<&str, u64> = BTreeMap::new();
    for record in records {
        match record {
            Record::Topic(topic) => {
                topic.labels.iter().for_each(|label| *uses.entry(label.as_str()).or_default() += 1);
                answers.insert(topic.key.as_str(), 0);
            }
            Record::Post(post) if post.kind == Some(PostKind::Answer) => {
                *answers.get_mut(post.topic.as_str()).unwrap() += 1;
            }
            _ => {}
        }
    }
    assert_eq!(Value::from(uses.len()), expected["distinct_tags_used"]);
    for tag in expected["top20_tags"].as_array().unwrap() {
        assert_eq!(Value::from(uses[tag[0].as_str().unwrap()]), tag[1]);
    }
    let mut distribution: BTreeMap<String, u64> = BTreeMap::new();
    answers.values().for_each(|count| *distribution.entry(count.to_string()).or_default() += 1);
    let expected = &expected["answers_per_question"]["distribution"];
    assert_eq!(serde_json::to_value(distribution).unwrap(), *expected);
}

/// Each vote is mapped or counted, by type and by why not.
fn votes(Site { expected, records, report }: &Site) {
    const NAMES: &[(&str, &str)] = &[
        ("1 AcceptedByOriginator", "acceptance"),
        ("2 UpMod", "up"),
        ("3 DownMod", "down"),
        ("4 Offensive", "offensive"),
        ("5 Favorite", "favourite"),
        ("6 Close", "close"),
        ("8 BountyStart", "bounty start"),
        ("9 BountyClose", "bounty close"),
        ("10 Deletion", "deletion"),
        ("11 Undeletion", "undeletion"),
        ("12 Spam", "spam"),
        ("15 ModeratorReview", "moderator review"),
        ("16 ApproveEditSuggestion", "approved edit suggestion"),
    ];
    let expected_of = |group: &str, name: &str| expected[group][name].as_u64().unwrap_or(0);
    for group in ["votes_by_type", "votes_on_absent_by_type"] {
        let names = expected[group].as_object().unwrap().keys();
        assert!(names.into_iter().all(|name| NAMES.iter().any(|(known, _)| name == known)));
    }
    for (theirs, ours) in NAMES {
        let prefix = format!("Votes: {ours}: ");
        let dropped = report.dropped.iter().filter(|(what, _)| what.starts_with(&prefix));
        let mapped = match *ours {
            "up" => report.mapped["votes up"],
            "down" => report.mapped["votes down"],
            "acceptance" => report.mapped["days of acceptance"],
            "bounty start" => report.mapped.get("bounties offered").copied().unwrap_or(0),
            "bounty close" => report.mapped.get("bounties won").copied().unwrap_or(0),
            _ => 0,
        };
        let all = mapped + dropped.map(|(_, count)| count).sum::<u64>();
        assert_eq!(all, expected_of("votes_by_type", theirs), "{ours}");
        let absent = report.dropped.get(&format!("{prefix}the post is not in the dump"));
        let absent = absent.copied().unwrap_or(0);
        assert_eq!(absent, expected_of("votes_on_absent_by_type", theirs), "{ours}");
    }
    let reactions = records.iter().filter(|record| matches!(record, Record::Reaction(_))).count();
    let of = |what: &str| report.mapped[what] as usize;
    assert_eq!(reactions, of("votes up") + of("votes down") + of("points of comments"));
}

fn links(Site { expected, report, .. }: &Site, mapped: u64) {
    assert_eq!(report.mapped["links"] + report.mapped["duplicates"], mapped);
    let dropped = report.dropped["PostLinks: the post is not in the dump"];
    assert_eq!(Value::from(mapped + dropped), expected["rows"]["PostLinks"]);
}

/// Revisions come in order and without gaps, and end where the post goes on.
fn history(Site { records, .. }: &Site) {
    let mut latest: BTreeMap<&Key, u32> = BTreeMap::new();
    for record in records {
        match record {
            Record::Topic(topic) => drop(latest.insert(&topic.key, topic.revision)),
            Record::Post(post) => drop(latest.insert(&post.key, post.revision)),
            _ => {}
        }
    }
    let mut seen: BTreeMap<&Key, u32> = BTreeMap::new();
    for record in records {
        if let Record::Revision(revision) = record {
            let number = seen.entry(&revision.post).or_default();
            *number += 1;
            assert_eq!(revision.number, *number, "{}", revision.post);
            let is_topic = revision.post.as_str().starts_with("question:");
            assert_eq!(revision.title.is_some(), is_topic, "{}", revision.post);
            assert_eq!(revision.labels.is_some(), is_topic, "{}", revision.post);
        }
    }
    for (post, revision) in latest {
        assert_eq!(seen.get(post).copied().unwrap_or(0) + 1, revision, "{post}");
    }
}
