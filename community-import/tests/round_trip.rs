//! Import and export belong together: what was exported and imported is exported the same.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected has to fail"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use community_core::time::{ManualClock, from_micros};
use community_core::*;
use community_import::{ExportError, LoadError, LoadOptions, Loaded, Loader, export, jsonl};
use community_store_memory::MemoryStore;
use community_store_sqlite::{Options, SqliteStore};
use community_testkit::conformance::Opener;
use community_testkit::differential::{Backend, engine_after};
use community_testkit::script::Script;
use pollster::block_on;

const NOON: i64 = 1_800_000_000_000_000;

/// An empty engine; the seed decides the ids that it mints.
fn engine(seed: u64) -> (Engine, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(from_micros(NOON).unwrap()));
    let env = Env::manual(Arc::clone(&clock), seed);
    (Engine::with_env(Arc::new(MemoryStore::new()), env), clock)
}

fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn title(text: &str) -> Title {
    Title::new(text).unwrap()
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

fn load(engine: &Engine, lines: &str, batch: usize) -> Result<Loaded, LoadError> {
    load_into(engine, &slug("bikes"), lines, batch)
}

fn load_into(
    engine: &Engine,
    community: &Slug,
    lines: &str,
    batch: usize,
) -> Result<Loaded, LoadError> {
    block_on(async {
        let session = engine.as_system();
        let options = LoadOptions { batch, ..LoadOptions::default() };
        let mut loader = Loader::new(&session, community.clone(), options);
        for line in jsonl::read(lines.as_bytes(), &Limits::default()) {
            let (number, record) = line.unwrap();
            loader.push(number, record).await?;
        }
        loader.finish().await
    })
}

fn dump(engine: &Engine) -> String {
    dump_of(engine, &slug("bikes"))
}

fn dump_of(engine: &Engine, community: &Slug) -> String {
    let mut lines = Vec::new();
    let count = block_on(export(&engine.as_system(), community, &mut lines, |_| {})).unwrap();
    let text = String::from_utf8(lines).unwrap();
    assert_eq!(text.lines().count() as u64, count);
    text
}

/// Says where two exports part, instead of printing both.
fn assert_same(one: &str, other: &str) {
    for (number, (one, other)) in one.lines().zip(other.lines()).enumerate() {
        assert_eq!(one, other, "line {}", number + 1);
    }
    assert_eq!(one.lines().count(), other.lines().count());
    assert_eq!(one, other);
}

/// One of everything, in the order of an export.
const WORLD: &str = r#"{"type":"community","key":"bikes","name":"Bikes","description":"All about bikes","policy":{"view":"everyone","moderate":"role(moderator)"},"settings":{"max_accepted":2},"reactions":[{"key":"heart","name":"Heart"},{"key":"wow","name":"Wow"}],"kinds":[{"name":"recall","answers":false,"initial":"issued","transitions":[{"from":"issued","to":"lifted","by":"moderator"}],"fields":[{"name":"part","type":"text","required":true}]}],"synonyms":[["fiets","bike"],["inner tube","binnenband","tube"]],"hot_scale":90000,"capacity":100,"created_at":"2026-01-01T00:00:00Z"}
{"type":"member","key":"user:1","name":"Ada","attributes":{"country":"NL","level":3,"staff":true,"tags":["a","b"]},"lists":["beta"],"profile":{"location":"Delft"},"created_at":"2026-01-01T00:00:00Z"}
{"type":"member","key":"user:10","created_at":"2026-01-01T00:00:00Z"}
{"type":"member","key":"user:2","name":"Bo","listed":false,"created_at":"2026-01-02T00:00:00Z"}
{"type":"channel","key":"repairs","name":"Repairs","position":1,"policy":{"reply":"members"},"settings":{"self_vote":true},"created_at":"2026-01-01T00:00:00Z"}
{"type":"channel","key":"brakes","parent":"repairs","position":0,"policy":{},"settings":{},"archived":true,"created_at":"2026-01-01T00:00:00Z"}
{"type":"channel","key":"lobby","description":"Say hello","position":2,"policy":{},"settings":{},"created_at":"2026-01-01T00:00:00Z"}
{"type":"label","key":"safety","name":"Safety","description":"Do not ride"}
{"type":"label","key":"staff-only","audience":"role(moderator)"}
{"type":"membership","member":"user:1","joined_at":"2026-01-01T00:00:00Z","roles":[{"role":"expert","channel":"brakes"},{"role":"expert","channel":"repairs"},{"role":"moderator"}],"level":4}
{"type":"membership","member":"user:10","joined_at":"2026-01-03T00:00:00Z","off_boards":true,"sanctions":[{"kind":"silence","channel":"lobby","since":"2026-02-01T00:00:00Z","until":"2026-03-01T00:00:00Z","reason":"loud","by":"user:1"}]}
{"type":"membership","member":"user:2","level":1}
{"type":"topic","key":"question:1","channel":"brakes","title":"Squeal","body":"Since <b>it</b> rained.","kind":"question","labels":["safety","staff-only"],"author":"user:10","status":"closed","locked":true,"pin":{"place":"community","position":3,"audience":"members","since":"2026-02-01T00:00:00Z","until":"2026-02-02T00:00:00Z"},"created_at":"2026-01-05T00:00:00Z","bumped_at":"2026-01-09T00:00:00Z","revision":3,"edited_at":"2026-01-07T00:00:00Z","editor":"user:1","reason":"clearer"}
{"type":"views","topic":"question:1","day":0,"views":70}
{"type":"views","topic":"question:1","day":20500,"views":2}
{"type":"revision","post":"question:1","number":1,"body":"Rain","title":"Squeal?","labels":["safety"],"editor":"user:10","at":"2026-01-05T00:00:00Z"}
{"type":"revision","post":"question:1","number":2,"body":"It rained","title":"Squeal","labels":["safety"],"at":"2026-01-06T00:00:00Z","reason":"more"}
{"type":"member","key":"voter:1","name":"Voter 1","listed":false,"created_at":"2026-01-01T00:00:00Z"}
{"type":"reaction","post":"question:1","member":"voter:1","key":"up","at":"2026-01-06T00:00:00Z"}
{"type":"reaction","post":"question:1","member":"user:1","key":"down","at":"2026-01-07T00:00:00Z"}
{"type":"reaction","post":"question:1","member":"user:1","slot":"reaction","key":"heart","at":"2026-01-06T00:00:00Z"}
{"type":"reaction","post":"question:1","member":"voter:1","slot":"reaction","key":"wow","at":"2026-01-06T00:00:00Z"}
{"type":"correction","post":"question:1","id":"019b8b00-0000-7000-8000-000000000001","range":[0,5],"revision":2,"body":"It snowed.","author":"user:1","at":"2026-01-08T00:00:00Z"}
{"type":"correction","post":"question:1","id":"019b8b00-0000-7000-8000-000000000002","body":"It hailed.","author":"user:1","at":"2026-01-08T00:00:00Z","withdrawn_at":"2026-01-08T01:00:00Z"}
{"type":"post","key":"answer:2","topic":"question:1","kind":"answer","body":"Clean it","author":"user:1","bumps":false,"accepted":{"by":"user:10","at":"2026-01-06T00:00:00Z","reason":"works"},"official":{"at":"2026-01-06T00:00:00Z"},"created_at":"2026-01-05T01:00:00Z","revision":2,"edited_at":"2026-01-05T02:00:00Z","reason":"typo"}
{"type":"revision","post":"answer:2","number":1,"body":"Claen it","editor":"user:1","at":"2026-01-05T01:00:00Z"}
{"type":"post","key":"answer:3","topic":"question:1","kind":"answer","body":"Buy a new one","author":"user:10","state":"removed","created_at":"2026-01-05T03:00:00Z"}
{"type":"post","key":"early","topic":"question:1","parent":"answer:3","kind":"reply","body":"I knew what you would say","author":"user:1","created_at":"2026-01-05T00:30:00Z"}
{"type":"post","key":"earlier","topic":"question:1","parent":"early","kind":"reply","body":"So did I","author":"user:10","state":"withdrawn","created_at":"2026-01-05T00:20:00Z"}
{"type":"post","key":"019b8c4f-d200-7000-8000-0000000000aa","topic":"question:1","kind":"reply","body":"No key of its own","author":"user:10","created_at":"2026-01-05T04:00:00Z"}
{"type":"member","key":"erased-019b8c00-0000-7000-8000-000000000001","name":"erased member","listed":false,"created_at":"2026-01-02T00:00:00Z","erased_at":"2026-02-03T00:00:00Z"}
{"type":"post","key":"gone","topic":"question:1","kind":"answer","body":"","author":"erased-019b8c00-0000-7000-8000-000000000001","state":"removed","accepted":{"by":"user:10","at":"2026-01-06T00:00:00Z"},"erased_at":"2026-02-03T00:00:00Z","created_at":"2026-01-05T05:00:00Z","revision":2,"edited_at":"2026-01-05T06:00:00Z"}
{"type":"revision","post":"gone","number":1,"body":"","at":"2026-01-05T05:00:00Z"}
{"type":"correction","post":"gone","id":"019b8b00-0000-7000-8000-000000000003","revision":2,"body":"","author":"user:1","at":"2026-01-08T00:00:00Z"}
{"type":"topic","key":"recall:1","channel":"repairs","title":"Forks","body":"Broken","kind":"recall","author":"user:1","status":"issued","payload":{"part":"fork"},"state":"removed","created_at":"2026-01-05T00:00:00Z"}
{"type":"visits","day":20490,"members":["user:2"]}
{"type":"visits","day":20500,"members":["user:1","user:10","voter:1"]}
{"type":"link","from":"question:1","to":"recall:1","kind":"related","at":"2026-01-07T00:00:00Z"}
{"type":"link","from":"question:1","to":"recall:1","kind":"duplicate","at":"2026-01-08T00:00:00Z"}
"#;

#[test]
fn an_export_holds_everything_and_is_the_canonical_form_of_its_import() {
    let (engine, _) = engine(1);
    let loaded = load(&engine, WORLD, 500).unwrap();
    assert_eq!(loaded.changed as usize, WORLD.lines().count());
    assert_same(&dump(&engine), WORLD);
}

#[test]
fn every_store_gives_the_same_export() {
    let (memory, clock) = engine(8);
    block_on(native(&memory, &clock)).unwrap();
    for lines in [WORLD.to_owned(), dump(&memory)] {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), Options::default()).unwrap();
        let sqlite = Engine::with_env(Arc::new(store), memory.env().clone());
        load(&sqlite, &lines, 100).unwrap();
        assert_same(&dump(&sqlite), &lines);
        assert_eq!(load(&sqlite, &lines, 100).unwrap().changed, 0);
    }
}

#[test]
fn importing_an_export_again_changes_nothing() {
    for batch in [1, 3, 500] {
        let (engine, clock) = engine(1);
        load(&engine, WORLD, batch).unwrap();
        let before = block_on(engine.store().head()).unwrap();
        clock.advance(Duration::from_secs(60));
        let again = load(&engine, WORLD, batch).unwrap();
        assert_eq!((again.changed, again.unchanged as usize), (0, WORLD.lines().count()));
        assert_eq!(block_on(engine.store().head()).unwrap(), before);
        assert_same(&dump(&engine), WORLD);
    }
}

#[test]
fn an_import_that_was_killed_anywhere_and_run_again_ends_the_same() {
    for killed_after in 1..WORLD.lines().count() {
        let (engine, clock) = engine(killed_after as u64);
        let part: String =
            WORLD.lines().take(killed_after).map(|line| format!("{line}\n")).collect();
        load(&engine, &part, 4).unwrap();
        clock.advance(Duration::from_secs(60));
        load(&engine, WORLD, 4).unwrap();
        assert_same(&dump(&engine), WORLD);
    }
}

#[test]
fn the_order_of_an_import_does_not_show() {
    // Members and items the other way round, as far as references allow.
    let (first, rest) = WORLD.split_once('\n').unwrap();
    let of = |kinds: &[&str]| -> String {
        let wanted = |line: &&str| {
            kinds.iter().any(|kind| line.starts_with(&format!("{{\"type\":\"{kind}\"")))
        };
        rest.lines()
            .filter(wanted)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .map(|line| format!("{line}\n"))
            .collect()
    };
    let channels: String = rest
        .lines()
        .filter(|line| line.contains("\"type\":\"channel\""))
        .map(|line| format!("{line}\n"))
        .collect();
    let posts: String = rest
        .lines()
        .filter(|line| line.contains("\"type\":\"post\""))
        .map(|line| format!("{line}\n"))
        .collect();
    let text = [
        format!("{first}\n"),
        of(&["label", "member"]),
        channels,
        of(&["membership", "topic"]),
        posts,
        of(&["link", "views", "visits", "reaction", "revision", "correction"]),
    ];
    let (engine, _) = engine(9);
    load(&engine, &text.concat(), 500).unwrap();
    assert_same(&dump(&engine), WORLD);
}

#[test]
fn what_was_written_by_members_survives_with_its_ids() {
    let (engine, clock) = engine(3);
    block_on(native(&engine, &clock)).unwrap();
    let first = dump(&engine);
    let (copy, _) = self::engine(4);
    let loaded = load(&copy, &first, 1).unwrap();
    assert_eq!(loaded.unchanged, 0);
    assert_same(&dump(&copy), &first);
    assert_eq!(openings(&copy), openings(&engine));
    let again = load(&engine, &first, 500).unwrap();
    assert_eq!(again.changed, 0, "an export says what is there");
}

#[test]
fn a_community_is_copied_beside_itself_under_ids_of_its_own() {
    let (engine, clock) = engine(3);
    block_on(native(&engine, &clock)).unwrap();
    let first = dump(&engine);
    for batch in [500, 1] {
        let copied = load_into(&engine, &slug("copy"), &first, batch).unwrap();
        assert_eq!(copied.changed == 0, batch == 1, "the second time nothing changes");
        assert_same(&dump(&engine), &first);
        // What had no key has for one the id that it was copied from.
        assert_eq!(facts(&dump_of(&engine, &slug("copy"))), facts(&first));
        assert_clean(&engine);
    }
}

/// What random commands leave behind is carried over whole, into an empty store and beside itself,
/// wherever the batches end.
#[test]
fn whatever_commands_have_left_survives() {
    let (mut communities, mut records) = (0, 0);
    for seed in 0..25 {
        let script = Script::generate(seed, 200);
        let engine = engine_after(&script, Backend::new("memory", memory)).unwrap();
        let keys = block_on(async {
            let export = engine.as_system().export().await.unwrap().directory;
            export.communities().map(|community| community.key.clone()).collect::<Vec<_>>()
        });
        for key in keys {
            let original = dump_of(&engine, &key);
            for batch in [1, 3, 500] {
                let (empty, _) = self::engine(4);
                load_into(&empty, &key, &original, batch).unwrap();
                assert_same(&dump_of(&empty, &key), &original);
                assert_clean(&empty);
            }
            let copy = slug(&format!("{key}-copy"));
            load_into(&engine, &copy, &original, 7).unwrap();
            assert_eq!(facts(&dump_of(&engine, &copy)), facts(&original), "seed {seed}");
            assert_clean(&engine);
            communities += 1;
            records += original.lines().count();
        }
    }
    assert!(communities > 40 && records > 2_000, "{communities} communities, {records} records");
}

fn memory() -> Opener {
    let store = Arc::new(MemoryStore::new());
    Opener::new(move || {
        let store = Arc::clone(&store);
        async move { store as Arc<dyn Store> }
    })
}

fn assert_clean(engine: &Engine) {
    let report = block_on(community_testkit::verify(engine.store())).unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
}

/// What an export says, in no order, without what tells a copy from its original.
fn facts(export: &str) -> BTreeSet<String> {
    let record = |line| {
        let mut record: serde_json::Value = serde_json::from_str(line).unwrap();
        match record["type"].as_str() {
            Some("community") => record["key"] = "any".into(),
            Some("topic") => drop(record.as_object_mut().unwrap().remove("opening")),
            Some("correction" | "document") => drop(record.as_object_mut().unwrap().remove("id")),
            _ => {}
        }
        record.to_string()
    };
    export.lines().map(record).collect()
}

/// The first posts of all topics, by the topic's key or id.
fn openings(engine: &Engine) -> BTreeMap<String, PostId> {
    block_on(async {
        let session = engine.as_system();
        let export = session.export().await.unwrap();
        let community = export.directory.community_by_key(&slug("bikes")).unwrap().id;
        let rows = export.store.topics_by_id(community, None, 1_000, &export.scope).await.unwrap();
        let topics = export.scope.admit_all(rows).into_iter().map(|row| row.into_inner().topic);
        let key = |topic: &Topic| topic.key.as_ref().map_or(topic.id.to_string(), Key::to_string);
        topics.map(|topic| (key(&topic), topic.opening)).collect()
    })
}

/// A community that lives: nobody chose a key or an id.
async fn native(engine: &Engine, clock: &ManualClock) -> community_core::Result<()> {
    let system = engine.as_system();
    let bikes = slug("bikes");
    let new = NewCommunity::new(bikes.clone(), name("Bikes"), Policy::public());
    system.create_community(new).await?;
    for channel in ["b", "a", "c"] {
        system.create_channel(&bikes, NewChannel::new(slug(channel), name(channel))).await?;
    }
    let mut sessions = Vec::new();
    for who in ["zoe", "ada", "bob"] {
        let id = system.sync_member(NewMember::new(key(who), name(who))).await?;
        let session = engine.member(id);
        session.join(&bikes).await?;
        sessions.push(session);
    }
    let [zoe, ada, bob] = sessions.as_slice() else { unreachable!() };
    // Much of it in one and the same microsecond.
    for round in 0..3 {
        let mut topics = Vec::new();
        for n in 0..12 {
            let kind = slug(if n % 2 == 0 { "question" } else { "discussion" });
            let text = format!("Text {n}");
            let new = NewTopic::new(bikes.clone(), slug("a"), kind, title("Same title"), text);
            let new =
                if n % 3 == 0 { new.key(key(&format!("host:{round}-{}", 50 - n))) } else { new };
            let topic = [zoe, ada, bob][n % 3].start_topic(new).await?;
            for reply in 0..4 {
                let by = [zoe, ada, bob][(n + reply + 1) % 3];
                let new = NewPost::new(topic, format!("Reply {reply}"));
                let post = by.reply(new).await?;
                let below = zoe.reply(NewPost::new(topic, "Below").to(post)).await?;
                for voter in
                    [zoe, ada, bob].into_iter().filter(|voter| voter.viewer() != by.viewer())
                {
                    voter.vote(post, Some(Vote::Up)).await?;
                }
                if reply == 1 {
                    clock.advance(Duration::from_millis(round));
                    let edit =
                        PostEdit { reason: Some("again".into()), ..PostEdit::new("Changed") };
                    by.edit_post(post, edit).await?;
                    zoe.withdraw_post(below).await?;
                }
            }
            topics.push(topic);
        }
        clock.advance(Duration::from_micros(500 + 700 * round));
        system.move_topic(topics[1], &slug("b")).await?;
        system.remove_topic(topics[2]).await?;
        system.set_locked(topics[3], true).await?;
        system.set_link(topics[4], topics[0], LinkKind::Related, true).await?;
    }
    Ok(())
}

#[test]
fn an_error_names_the_line_and_leaves_its_batch_unwritten() {
    let (engine, _) = engine(5);
    let bad = r#"{"type":"reaction","post":"nowhere","member":"user:1","key":"up"}"#;
    let lines: Vec<&str> = WORLD.lines().take(9).chain(["", bad]).collect();
    let error = load(&engine, &lines.join("\n"), 4).unwrap_err();
    assert!(matches!(error, LoadError::Record { position: 11, .. }), "{error:?}");
    assert_eq!(error.to_string(), "record 11: there is no post `nowhere`");
    assert_eq!(dump(&engine).lines().filter(|line| line.contains("\"label\"")).count(), 1);
}

#[test]
fn an_export_is_for_the_system_and_of_a_community_that_exists() {
    let (engine, _) = engine(6);
    load(&engine, WORLD, 500).unwrap();
    let member = block_on(engine.member_by_key(&key("user:1"))).unwrap();
    for session in [engine.anonymous(), member] {
        let mut lines = Vec::new();
        let refused = block_on(export(&session, &slug("bikes"), &mut lines, |_| {}));
        assert!(matches!(refused, Err(ExportError::Engine(Error::Denied(_)))), "{refused:?}");
        assert!(lines.is_empty());
    }
    let none = block_on(export(&engine.as_system(), &slug("cars"), Vec::new(), |_| {}));
    assert!(matches!(none, Err(ExportError::Engine(Error::NotFound("community")))));
}

#[test]
fn futures_can_be_spawned() {
    fn spawnable<T: Send>(_: T) {}
    let (engine, _) = engine(7);
    let session = engine.as_system();
    spawnable(export(&session, &slug("bikes"), Vec::new(), |_| {}));
    let mut loader = Loader::new(&session, slug("bikes"), LoadOptions::default());
    let (_, record) = jsonl::read(WORLD.as_bytes(), &Limits::default()).next().unwrap().unwrap();
    spawnable(loader.push(1, record));
}

#[test]
fn grants_shared_posts_and_what_was_set_by_hand_come_back() {
    let (engine, clock) = engine(5);
    let host = engine.as_system();
    block_on(async {
        host.create_community(NewCommunity::new(slug("bikes"), name("Bikes"), Policy::public()))
            .await
            .unwrap();
        host.create_channel(&slug("bikes"), NewChannel::new(slug("repair"), name("Repair")))
            .await
            .unwrap();
        let mut people = Vec::new();
        for member in ["ana", "ben", "eva"] {
            let id = host.sync_member(NewMember::new(key(member), name(member))).await.unwrap();
            host.set_member(&slug("bikes"), id, true).await.unwrap();
            people.push(id);
        }
        clock.advance(Duration::from_secs(90_000));
        let ana = engine.member(people[0]);
        let (channel, kind) = (slug("repair"), slug("question"));
        let new = NewTopic::new(slug("bikes"), channel, kind, "A flat tyre?", "Again.");
        let topic = ana.start_topic(new).await.unwrap();
        let opening = ana.topic(topic).await.unwrap().topic.opening;
        let answer = engine.member(people[1]).reply(NewPost::new(topic, "Patch.")).await.unwrap();
        host.share_post(opening).await.unwrap();
        host.share_post(answer).await.unwrap();
        let award = |member, post| NewGrant {
            post,
            note: "For\nhelp".to_owned(),
            ..NewGrant::new(member, slug("award"), 40)
        };
        host.grant(&slug("bikes"), award(people[1], Some(answer))).await.unwrap();
        host.grant(&slug("bikes"), award(people[1], Some(opening))).await.unwrap();
        host.grant(&slug("bikes"), award(people[0], None)).await.unwrap();
        host.set_level(&slug("bikes"), people[0], 3).await.unwrap();
        host.set_level(&slug("bikes"), people[2], 0).await.unwrap();
        let basics = "basics@1".parse().unwrap();
        host.switch_badges(&slug("bikes"), Some(&basics)).await.unwrap();
        let (member, badge, reason) = (people[2], slug("solver"), "For all the pumps".to_owned());
        let award = NewAward { member, badge: badge.clone(), tier: 2, reason };
        host.award_badge(&slug("bikes"), &award).await.unwrap();
        host.award_badge(&slug("bikes"), &NewAward { member: people[1], ..award }).await.unwrap();
        host.revoke_badge(&slug("bikes"), people[1], &badge, "Not he").await.unwrap();
        engine.pump().await.unwrap();
    });
    let lines = dump(&engine);
    let count = |what: &str| lines.lines().filter(|line| line.contains(what)).count();
    assert_eq!([count("\"type\":\"grant\""), count("shared_at"), count("pinned")], [6, 2, 1]);
    let (other, _) = self::engine(9);
    for batch in [1, 100] {
        let (other, _) = self::engine(u64::try_from(batch).unwrap());
        load(&other, &lines, batch).unwrap();
        assert_same(&dump(&other), &lines);
    }
    load(&other, &lines, 100).unwrap();
    let again = load(&other, &lines, 100).unwrap();
    assert_eq!(again.changed, 0, "what is there already is left alone");
    // What was earned follows again where it is imported.
    let points = |engine: &Engine| {
        block_on(engine.pump()).unwrap();
        let standings = block_on(engine.as_system().standings(&slug("bikes"), None, None)).unwrap();
        let of = |item: &Visible<StandingView>| (item.member.key.clone(), item.points, item.level);
        standings.items.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(points(&other), points(&engine));
    let badges = |engine: &Engine| {
        let of = |member: &str| {
            let host = engine.as_system();
            let view = block_on(host.badges_of(&slug("bikes"), &key(member))).unwrap();
            let tiers = view.badges.iter().map(|held| (held.badge.clone(), held.tier, held.since));
            tiers.filter(|(_, tier, _)| *tier > 0).collect::<Vec<_>>()
        };
        ["ana", "ben", "eva"].map(of)
    };
    assert_eq!(badges(&other), badges(&engine));
    assert!(
        badges(&other)[2].iter().any(|(badge, tier, _)| (badge.as_str(), *tier) == ("solver", 2))
    );
}

#[test]
fn what_extensions_keep_comes_back_under_its_ids() {
    let (engine, clock) = engine(5);
    let host = engine.as_system();
    let bikes = &slug("bikes");
    let document = |n: i64, at, community| {
        let id = DocumentId::from_uuid(IdSource::named(at, &format!("note:{n}")));
        let body =
            serde_json::json!({ "n": n, "text": "\"Zoë\"\n", "in": { "b": [null], "a": -n } });
        let keys = (0..n).map(|group| DocumentKey::new(slug("by-group"), n).within(group));
        Document::new(id, community, slug("notes"), at, &body).unwrap().with_keys(keys)
    };
    let first = from_micros(NOON).unwrap();
    block_on(async {
        host.create_community(NewCommunity::new(bikes.clone(), name("Bikes"), Policy::public()))
            .await
            .unwrap();
        host.run_extension(&"create", |planning| async move {
            let community = planning.community(bikes)?.id;
            let mut changes = planning.changes();
            (0..5).for_each(|n| changes.create(document(n, first, community)));
            Ok((None, changes))
        })
        .await
        .unwrap();
        clock.advance(Duration::from_secs(3));
        host.run_extension(&"change", |planning| async move {
            let community = planning.community(bikes)?.id;
            let ids = [3, 4].map(|n| document(n, first, community).id);
            let stored = planning.stored(&ids).await?;
            let mut changes = planning.changes();
            if let [Some(third), Some(fourth)] = stored.as_slice() {
                changes.update(third, third.clone().with_keys([]));
                changes.remove(fourth);
            }
            Ok((None, changes))
        })
        .await
        .unwrap();
    });
    let lines = dump(&engine);
    let count = |what: &str| lines.lines().filter(|line| line.contains(what)).count();
    assert_eq!([count("\"type\":\"document\""), count("updated_at"), count("by-group")], [4, 1, 2]);
    for batch in [1, 100] {
        let (other, _) = self::engine(u64::try_from(batch).unwrap());
        load(&other, &lines, batch).unwrap();
        assert_same(&dump(&other), &lines);
        assert_eq!(load(&other, &lines, batch).unwrap().changed, 0, "nothing is written twice");
        assert!(block_on(community_testkit::verify(other.store())).unwrap().is_clean());
    }
    // A record that says otherwise changes the document, and the last one in a batch counts.
    let (other, _) = self::engine(9);
    let changed = lines.replace("\"n\":2,", "\"n\":22,");
    load(
        &other,
        &format!("{lines}{}", changed.lines().skip(1).collect::<Vec<_>>().join("\n")),
        100,
    )
    .unwrap();
    assert_same(&dump(&other), &changed);
    // Beside its original, in another community, it is another document; and stays that one.
    let note = |line: &&str| line.contains("\"type\":\"document\"");
    let notes = lines.lines().filter(note).collect::<Vec<_>>().join("\n");
    for (batch, changed) in [(1, 4), (3, 0)] {
        assert_eq!(load_into(&other, &slug("cars"), &notes, batch).unwrap().changed, changed);
    }
    let copy = dump_of(&other, &slug("cars"));
    assert_eq!(copy.lines().filter(note).count(), 4);
    assert_same(&dump(&other), &changed);
    assert_clean(&other);
}

#[test]
fn what_is_erased_survives_as_erased_and_no_import_brings_it_back() {
    let (engine, _) = engine(1);
    load(&engine, WORLD, 500).unwrap();
    let words = [
        "Squeal",
        "rained",
        "Rain",
        "snowed",
        "hailed",
        "Clean it",
        "Claen it",
        "Buy a new one",
        "So did I",
        "No key of its own",
        "works",
        "clearer",
        "typo",
    ];
    let left = |text: &str| words.into_iter().filter(|word| text.contains(word)).count();
    assert_eq!(left(WORLD), words.len());
    let erase = async {
        let host = engine.as_system();
        let answer = host.post_by_key(&slug("bikes"), &key("answer:2")).await?.post.id;
        host.erase_post(answer).await?;
        let Viewer::Member(member) = engine.member_by_key(&key("user:10")).await?.viewer() else {
            unreachable!()
        };
        host.erase_member(member, Erasure::Remove).await
    };
    // The topic, two answers and two comments.
    let erased = block_on(erase).unwrap();
    assert_eq!((erased.communities, erased.posts, erased.more), (1, 4, false));
    assert_clean(&engine);
    let after = dump(&engine);
    assert_eq!((left(&after), after.contains("user:10")), (0, false), "{after}");
    // Nor does what was imported before come back where it was, under the same ids.
    for batch in [1, 500] {
        load(&engine, WORLD, batch).unwrap();
        assert_same(&dump(&engine), &after);
        assert_clean(&engine);
    }
    // Two members, and six posts: the one that was there, the answer, and these four.
    assert_eq!(after.matches("erased_at").count(), 2 + 6);
    for batch in [1, 500] {
        let (copy, _) = self::engine(4);
        load(&copy, &after, batch).unwrap();
        assert_same(&dump(&copy), &after);
        assert_eq!(load(&copy, &after, batch).unwrap().changed, 0);
        assert_clean(&copy);
        // What was exported before brings in somebody of that key, and none of the words.
        load(&copy, WORLD, batch).unwrap();
        assert_eq!(left(&dump(&copy)), 0);
        assert!(dump(&copy).contains(r#""key":"user:10""#));
        assert_clean(&copy);
    }
}

#[test]
fn who_is_anonymised_stays_so_when_the_same_lines_come_again() {
    let (engine, _) = engine(1);
    load(&engine, WORLD, 500).unwrap();
    let Viewer::Member(member) = block_on(engine.member_by_key(&key("user:10"))).unwrap().viewer()
    else {
        unreachable!()
    };
    block_on(engine.as_system().erase_member(member, Erasure::Anonymise)).unwrap();
    let after = dump(&engine);
    assert!(!after.contains("user:10") && after.contains(&format!("erased-{member}")));
    for batch in [1, 500] {
        assert_eq!(load(&engine, WORLD, batch).unwrap().changed, 0);
        assert_same(&dump(&engine), &after);
        assert_clean(&engine);
    }
}

#[test]
fn an_import_erases_nothing() {
    let (engine, _) = engine(1);
    load(&engine, WORLD, 500).unwrap();
    let erased = r#""erased_at":"2026-02-03T00:00:00Z""#;
    for (line, refused) in [
        (format!(r#"{{"type":"member","key":"user:1",{erased}}}"#), "who is there"),
        (
            format!(
                r#"{{"type":"post","key":"answer:2","topic":"question:1","body":"","state":"removed",{erased}}}"#
            ),
            "what is there",
        ),
        (
            format!(
                r#"{{"type":"post","key":"new","topic":"question:1","body":"x","state":"removed","author":"user:1",{erased}}}"#
            ),
            "what is erased is removed, and has no text",
        ),
        (
            format!(
                r#"{{"type":"post","key":"new","topic":"question:1","body":"","author":"user:1",{erased}}}"#
            ),
            "what is erased is removed, and has no text",
        ),
        (
            format!(r#"{{"type":"member","key":"user:99","name":"Zoe",{erased}}}"#),
            "has no key, name or facts of its own",
        ),
        (
            format!(
                r#"{{"type":"topic","key":"new","channel":"talk","title":"Zoe","body":"","state":"removed","author":"user:1",{erased}}}"#
            ),
            "an erased topic is called `erased`",
        ),
    ] {
        let error = load(&engine, &line, 1).unwrap_err();
        assert!(error.to_string().contains(refused), "{line}: {error}");
    }
    let membership = r#"{"type":"membership","member":"erased-019b8c00-0000-7000-8000-000000000001","joined_at":"2026-01-01T00:00:00Z"}"#;
    assert_eq!(load(&engine, membership, 1).unwrap().changed, 0);
    assert_same(&dump(&engine), WORLD);
}
