//! Whatever comes in is taken or refused with a typed error, and what is too large is refused
//! before anything is done with it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::Arc;
use std::thread;

use community::{
    Action, Audience, CommunityUpdate, Engine, Env, Error, FeedQuery, Field, FieldType, Kind,
    LabelExpr, Limits, MemberId, NewChannel, NewCommunity, NewCorrection, NewLabel, NewMember,
    NewPost, NewSanction, NewTopic, Policy, PostEdit, PostId, PostOrder, Result, Rev, SanctionKind,
    Seq, Session, Settings, Slot, Slug, Sort, ThreadQuery, TopicEdit, TopicId, Transition,
    TransitionBy, Vote, Window, builtin_kinds,
};
use community_testkit::worlds::Dice;
use community_testkit::{FaultyStore, ModelStore};
use pollster::block_on;
use serde_json::json;

/// How many bad inputs of each sort.
const MANY: usize = 10_000;

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

/// A store that counts, with two communities, each with a public and a closed channel, topics,
/// replies, members and reactions.
struct Scene {
    store: Arc<FaultyStore<ModelStore>>,
    engine: Engine,
    members: Vec<MemberId>,
    topics: Vec<TopicId>,
    openings: Vec<PostId>,
    hidden: BTreeSet<TopicId>,
    reply: PostId,
}

fn scene() -> Scene {
    let store = Arc::new(FaultyStore::new(ModelStore::new()));
    let engine = Engine::with_env(Arc::<FaultyStore<ModelStore>>::clone(&store), Env::default());
    let host = engine.as_system();
    block_on(async {
        let mut members = Vec::new();
        for number in 0..5 {
            let key = format!("user:{number}");
            let new = NewMember::new(key.parse().unwrap(), key.parse().unwrap());
            members.push(host.sync_member(new).await.unwrap());
        }
        let ana = engine.member(members[0]);
        let (mut topics, mut openings, mut hidden) = (Vec::new(), Vec::new(), BTreeSet::new());
        for place in ["garden", "office"] {
            let key = slug(place);
            let new = NewCommunity::new(key.clone(), place.parse().unwrap(), Policy::public());
            host.create_community(new).await.unwrap();
            for (channel, policy) in [("open", "everyone"), ("closed", "role(keeper)")] {
                let policy = match channel {
                    "open" => Policy::inherit(),
                    _ => Policy::intranet(policy.parse().unwrap()),
                };
                let new = NewChannel::new(slug(channel), channel.parse().unwrap()).policy(policy);
                host.create_channel(&key, new).await.unwrap();
            }
            host.put_label(&key, NewLabel::new(slug("red"), "Red".parse().unwrap())).await.unwrap();
            for member in &members {
                host.set_member(&key, *member, true).await.unwrap();
            }
            for role in ["keeper", "manager"] {
                host.grant_role(&key, members[0], &slug(role), None).await.unwrap();
            }
            for number in 0..12 {
                let channel = if number % 3 == 0 { "closed" } else { "open" };
                let title = format!("Topic {number}");
                let kind = slug("question");
                let new = NewTopic::new(key.clone(), slug(channel), kind, title, "A text.");
                let topic = ana.start_topic(new.label(slug("red"))).await.unwrap();
                openings.push(host.topic(topic).await.unwrap().topic.opening);
                topics.push(topic);
                hidden.extend((channel == "closed").then_some(topic));
            }
        }
        let mut reply = openings[1];
        for _ in 0..4 {
            reply = ana.reply(NewPost::new(topics[1], "A reply.")).await.unwrap();
            for member in &members[1..] {
                engine.member(*member).vote(reply, Some(Vote::Up)).await.unwrap();
            }
        }
        Scene { store, engine: engine.clone(), members, topics, openings, hidden, reply }
    })
}

/// A list that is read page by page.
#[derive(Debug, Clone)]
enum List {
    Feed(Box<FeedQuery>),
    Thread(TopicId, ThreadQuery),
    Members(Slug),
    Reactions(PostId),
}

/// The topics on a page, as far as it has topics, and the cursor of the next one.
type Read = Result<(Vec<TopicId>, Option<String>)>;

impl List {
    fn read(&self, session: &Session, after: Option<&str>) -> Read {
        let owned = after.map(str::to_owned);
        block_on(async {
            Ok(match self {
                Self::Feed(query) => {
                    let page =
                        session.feed(&FeedQuery { after: owned, ..(**query).clone() }).await?;
                    (page.items.iter().map(|card| card.topic.id).collect(), page.next)
                }
                Self::Thread(topic, query) => {
                    let query = ThreadQuery { after: owned, ..query.clone() };
                    (Vec::new(), session.thread(*topic, &query).await?.next)
                }
                Self::Members(community) => {
                    (Vec::new(), session.members(community, after, Some(2)).await?.next)
                }
                Self::Reactions(post) => {
                    let page = session.reactions(*post, Slot::Vote, after, Some(2)).await?;
                    (Vec::new(), page.next)
                }
            })
        })
    }
}

fn lists(scene: &Scene) -> Vec<List> {
    let mut lists = Vec::new();
    let mut feed = |query: FeedQuery| lists.push(List::Feed(Box::new(query.limit(2))));
    for community in ["garden", "office"] {
        for sort in Sort::ALL {
            feed(FeedQuery::community(slug(community)).sort(sort));
            feed(FeedQuery::community(slug(community)).channel(slug("open")).sort(sort));
            feed(FeedQuery::community(slug(community)).labels("red".parse().unwrap()).sort(sort));
        }
        let week = FeedQuery::community(slug(community)).sort(Sort::Top).window(Window::Days(7));
        feed(week);
    }
    feed(FeedQuery::home().sort(Sort::New));
    for order in PostOrder::ALL {
        let query = ThreadQuery { order, limit: Some(2), ..ThreadQuery::default() };
        lists.push(List::Thread(scene.topics[1], query));
    }
    lists.extend([List::Members(slug("garden")), List::Members(slug("office"))]);
    lists.push(List::Reactions(scene.reply));
    lists
}

/// Spoils a text in one of several ways.
fn spoilt(dice: &mut Dice, text: &str, pieces: &[&str]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=dice.below(3) {
        let at = dice.below(chars.len() + 1);
        match dice.below(6) {
            0 if at < chars.len() => chars[at] = character(dice),
            1 => chars.truncate(at),
            2 => chars.insert(at, character(dice)),
            3 if at < chars.len() => drop(chars.drain(at..)),
            4 => {
                let piece: Vec<char> = dice.pick(pieces).chars().collect();
                chars.splice(at..at, piece);
            }
            _ => chars.rotate_left(at),
        }
        if chars.is_empty() {
            chars.push(character(dice));
        }
    }
    chars.into_iter().collect()
}

fn character(dice: &mut Dice) -> char {
    const ODD: [char; 14] = [
        '\0', '"', '\\', '(', ')', ' ', '\u{202E}', '\u{FEFF}', 'é', '自', '🦀', '\u{301}', 'İ',
        '-',
    ];
    match dice.below(3) {
        0 => *dice.pick(&ODD),
        1 => char::from_u32(u32::try_from(dice.below(0x11_0000)).unwrap()).unwrap_or('?'),
        _ => char::from(u8::try_from(dice.between(32, 126)).unwrap()),
    }
}

#[test]
fn a_spoilt_cursor_or_one_of_another_list_is_refused() {
    let scene = scene();
    let ana = scene.engine.member(scene.members[0]);
    let lists = lists(&scene);
    let cursors: Vec<String> =
        lists.iter().map(|list| list.read(&ana, None).unwrap().1.expect("a second page")).collect();
    let mut dice = Dice::of(1, "cursors", 0);
    let is_refused = |at: usize, cursor: &str| {
        let read = lists[at].read(&ana, Some(cursor));
        assert!(matches!(read, Err(Error::Invalid(_))), "{:?} {cursor:?}: {read:?}", lists[at]);
    };
    for _ in 0..MANY {
        let at = dice.below(lists.len());
        let cursor = match dice.below(4) {
            0 => spoilt(&mut dice, "", &cursors.iter().map(String::as_str).collect::<Vec<_>>()),
            1 => dice.pick(&cursors).clone(),
            _ => spoilt(&mut dice, &cursors[at], &["AAAA", "=", "%00", " "]),
        };
        if cursor != cursors[at] {
            is_refused(at, &cursor);
        }
    }
    // Each with each.
    for at in 0..lists.len() {
        for (of, cursor) in cursors.iter().enumerate().filter(|(of, _)| *of != at) {
            assert_ne!(cursor, &cursors[at], "{:?} and {:?}", lists[at], lists[of]);
            is_refused(at, cursor);
        }
    }
    is_refused(0, &"A".repeat(1_000_000));
}

#[test]
fn a_cursor_of_another_viewer_gives_no_rights() {
    let scene = scene();
    let ana = scene.engine.member(scene.members[0]);
    let visitor = scene.engine.anonymous();
    let mut seen = 0;
    for list in lists(&scene) {
        let mut after = None;
        while let Ok((hers, Some(next))) = list.read(&ana, after.as_deref()) {
            seen += hers.iter().filter(|topic| scene.hidden.contains(topic)).count();
            match list.read(&visitor, Some(&next)) {
                Ok((his, _)) => {
                    assert!(his.iter().all(|topic| !scene.hidden.contains(topic)), "{list:?}");
                }
                Err(Error::Invalid(_) | Error::Denied(_) | Error::NotFound(_)) => {}
                Err(other) => panic!("{list:?}: {other:?}"),
            }
            after = Some(next);
        }
    }
    assert!(seen > 20, "a viewer who sees nothing hidden has no cursors to it");
}

/// What an expression may be made of, in an order that seldom makes sense.
const WORDS: [&str; 34] = [
    "and",
    "or",
    "not",
    "(",
    ")",
    "role",
    "(moderator)",
    "list",
    "member",
    "(\"user:1\")",
    "level",
    ">=",
    "3",
    "=",
    "!=",
    "in",
    "[",
    "]",
    ",",
    "\"NL\"",
    "country",
    "members",
    "everyone",
    "exists",
    "true",
    "99999999999999999999",
    "-1",
    "\"",
    "\\",
    "自転車",
    "\u{202E}",
    "red",
    "c++",
    "#",
];

/// Reads what may be an expression. What is read prints so that it is read again.
fn reads<E: FromStr<Err = Error> + std::fmt::Display + PartialEq + std::fmt::Debug>(
    text: &str,
) -> bool {
    match text.parse::<E>() {
        Ok(read) => {
            assert_eq!(read.to_string().parse::<E>().unwrap(), read, "{text:?}");
            true
        }
        Err(Error::Invalid(_) | Error::Limit(_)) => false,
        Err(other) => panic!("{text:?}: {other:?}"),
    }
}

#[test]
fn any_text_is_an_audience_and_a_label_expression_or_a_typed_error() {
    let good = [
        "list(beta) and not (country in [\"NL\", \"BE\"] or level >= 3)",
        "members or role(moderator) or member(\"user:1\")",
        "red and (c++ or not \"自転車\")",
    ];
    let mut dice = Dice::of(2, "expressions", 0);
    let (mut read, mut refused) = ([0, 0], [0, 0]);
    for _ in 0..MANY {
        let text = match dice.below(3) {
            0 => {
                let words: Vec<&str> = (0..dice.below(12)).map(|_| *dice.pick(&WORDS)).collect();
                words.join(*dice.pick(&["", " "]))
            }
            1 => (0..dice.below(40)).map(|_| character(&mut dice)).collect(),
            _ => {
                let text: &str = dice.pick::<&str>(&good);
                spoilt(&mut dice, text, &WORDS)
            }
        };
        for (at, is_read) in
            [reads::<Audience>(&text), reads::<LabelExpr>(&text)].iter().enumerate()
        {
            *(if *is_read { &mut read[at] } else { &mut refused[at] }) += 1;
        }
    }
    // Texts that are all good, or all bad from their first letter, would show nothing.
    assert!(read.iter().all(|count| *count > 100), "{read:?}");
    assert!(refused.iter().all(|count| *count > 1_000), "{refused:?}");
}

#[test]
fn nested_input_is_refused_on_a_stack_of_a_quarter_of_a_megabyte() {
    const STACK: usize = 256 * 1024;
    let work = || {
        let caps = Limits::caps();
        for open in ["(", "not ", "not(", "a and (", "a or not (", "\"", "[", "country in ["] {
            for times in [10, caps.nesting, caps.nesting + 1, 1_000, 100_000] {
                let text = open.repeat(times);
                reads::<Audience>(&text);
                reads::<LabelExpr>(&text);
                reads::<Audience>(&format!("{text}members{}", ")".repeat(times)));
                reads::<LabelExpr>(&format!("{text}red{}", ")".repeat(times)));
            }
        }
        // As deep as it may be, it is read, printed, kept and asked.
        let deep = format!("{}members{}", "not (".repeat(16), ")".repeat(16));
        let deepest: Audience = deep.parse().unwrap();
        assert!(deepest.check().is_ok());
        assert!(!reads::<Audience>(&format!("{}members", "not ".repeat(caps.nesting + 1))));
        // Put together by hand it may be deeper than any text, and is refused when it is used.
        let by_hand = (0..500).fold(Audience::Members, |inner, _| Audience::Not(Box::new(inner)));
        let engine = community::in_memory();
        let policy = Policy::intranet(by_hand);
        let new = NewCommunity::new(slug("garden"), "Garden".parse().unwrap(), policy);
        let refused = block_on(engine.as_system().create_community(new));
        assert!(matches!(refused, Err(Error::Limit(_))), "{refused:?}");
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let line = format!(
                "{{\"type\":\"topic\",\"key\":\"a\",\"channel\":\"b\",\"title\":\"c\",\"body\":\"d\",\
                 \"payload\":{}1{}}}",
                open.repeat(50_000),
                close.repeat(50_000),
            );
            assert!(serde_json::from_str::<community::record::Record>(&line).is_err());
        }
    };
    thread::Builder::new().stack_size(STACK).spawn(work).unwrap().join().unwrap();
}

/// A text of so many bytes.
fn bytes(length: usize) -> String {
    "x".repeat(length)
}

/// What a request came to, and how many calls and commits it made.
fn cost<T>(scene: &Scene, request: impl Future<Output = Result<T>>) -> (Result<()>, u64, u64) {
    let (calls, commits) = (scene.store.calls(), scene.store.commits());
    let outcome = block_on(request).map(drop);
    (outcome, scene.store.calls() - calls, scene.store.commits() - commits)
}

/// The request is refused because something exceeds its limit, and the store never hears of it.
fn is_refused_at_once<T>(scene: &Scene, what: &str, request: impl Future<Output = Result<T>>) {
    let (outcome, calls, _) = cost(scene, request);
    match outcome {
        Err(Error::Limit(limit)) => assert_eq!(limit.what, what),
        other => panic!("{what}: {other:?}"),
    }
    assert_eq!(calls, 0, "{what} is refused after {calls} calls of the store");
}

/// The same where something has to be read first: nothing is written.
fn is_refused_unwritten<T>(scene: &Scene, what: &str, request: impl Future<Output = Result<T>>) {
    let (outcome, _, commits) = cost(scene, request);
    match outcome {
        Err(Error::Limit(limit)) => assert_eq!(limit.what, what),
        other => panic!("{what}: {other:?}"),
    }
    assert_eq!(commits, 0, "{what}");
}

#[test]
fn what_exceeds_its_limit_is_refused_before_the_store_is_asked() {
    let scene = scene();
    let limits = Limits::default();
    let ana = scene.engine.member(scene.members[0]);
    let (topic, opening, reply) = (scene.topics[1], scene.openings[1], scene.reply);
    let long = || bytes(limits.body + 1);
    let reason = bytes(limits.reason + 1);
    let payload = json!({ "text": bytes(limits.payload) });
    let new = || {
        let (garden, open) = (slug("garden"), slug("open"));
        NewTopic::new(garden, open, slug("question"), "A title", "A text.")
    };
    macro_rules! at_once {
        ($($what:literal: $request:expr;)+) => {
            $(is_refused_at_once(&scene, $what, $request);)+
        };
    }
    let labels = vec![slug("red"); limits.labels + 1];
    at_once! {
        "a title": ana.start_topic(NewTopic { title: bytes(limits.title + 1), ..new() });
        "a body": ana.start_topic(NewTopic { body: long(), ..new() });
        "the number of labels": ana.start_topic(NewTopic { labels: labels.clone(), ..new() });
        "a payload": ana.start_topic(NewTopic { payload: Some(payload.clone()), ..new() });
        "a title": ana.edit_topic(topic, TopicEdit {
            title: Some(bytes(limits.title + 1)), ..TopicEdit::default()
        });
        "a body": ana.edit_topic(topic, TopicEdit { body: Some(long()), ..TopicEdit::default() });
        "the number of labels": ana.edit_topic(topic, TopicEdit {
            labels: Some(labels.clone()), ..TopicEdit::default()
        });
        "a payload": ana.edit_topic(topic, TopicEdit {
            payload: Some(payload.clone()), ..TopicEdit::default()
        });
        "a reason": ana.edit_topic(topic, TopicEdit {
            reason: Some(reason.clone()), ..TopicEdit::default()
        });
        "a body": ana.reply(NewPost::new(topic, long()));
        "a body": ana.edit_post(opening, PostEdit::new(long()));
        "a reason": ana.edit_post(opening, PostEdit {
            reason: Some(reason.clone()), ..PostEdit::new("Short.")
        });
        "a body": ana.correct(NewCorrection::new(reply, long()));
        "a reason": ana.accept(reply, Some(&reason));
        "a reason": ana.set_official(reply, true, Some(&reason));
        "a reason": ana.sanction(&slug("garden"), scene.members[1], NewSanction {
            kind: SanctionKind::Silence, channel: None, until: None, reason: reason.clone(),
        });
    }
    for page in [limits.page + 1, 1_000_000_000, usize::MAX] {
        at_once! {
            "the page size": ana.feed(&FeedQuery::community(slug("garden")).limit(page));
            "the page size": ana.thread(topic, &ThreadQuery {
                limit: Some(page), ..ThreadQuery::default()
            });
            "the page size": ana.revisions(opening, 0, Some(page));
            "the page size": ana.reactions(reply, Slot::Vote, None, Some(page));
            "the page size": ana.members(&slug("garden"), None, Some(page));
            "the page size": scene.engine.as_system().events(Seq(0), Some(page));
        }
    }
    let too_many = vec![slug("garden"); limits.selection + 1];
    let host = scene.engine.as_system();
    let transitions = vec![
        Transition { from: slug("a"), to: slug("b"), by: TransitionBy::Editor };
        limits.kind_parts + 1
    ];
    let field = Field { name: slug("a"), kind: FieldType::Text, required: false };
    let fields = vec![field; limits.kind_parts + 1];
    let kind = || Kind {
        name: slug("recipe"),
        answers: false,
        initial: slug("a"),
        transitions: Vec::new(),
        fields: Vec::new(),
    };
    at_once! {
        "the number of places": ana.feed(&FeedQuery {
            communities: too_many.clone(), ..FeedQuery::default()
        });
        "the number of places": ana.feed(&FeedQuery {
            channels: too_many.clone(), ..FeedQuery::community(slug("garden"))
        });
        "the number of transitions or fields of a kind":
            host.define_kind(&slug("garden"), Kind { transitions: transitions.clone(), ..kind() });
        "the number of transitions or fields of a kind":
            host.define_kind(&slug("garden"), Kind { fields: fields.clone(), ..kind() });
    }
    let red = || "red".parse::<LabelExpr>().unwrap();
    let deep = (0..=limits.nesting).fold(red(), |inner, _| LabelExpr::Not(Box::new(inner)));
    let wide = LabelExpr::Any(vec![red(); limits.terms + 1]);
    at_once! {
        "the nesting of an expression":
            ana.feed(&FeedQuery::community(slug("garden")).labels(deep.clone()));
        "the number of terms in an expression":
            ana.feed(&FeedQuery::community(slug("garden")).labels(wide.clone()));
    }
    let (outcome, calls, _) = cost(&scene, ana.feed(&FeedQuery::home().limit(0)));
    assert!(matches!(outcome, Err(Error::Invalid(_))) && calls == 0, "{outcome:?}");
}

#[test]
fn what_can_only_be_measured_against_the_store_is_refused_unwritten() {
    let scene = scene();
    let limits = Limits::default();
    let ana = scene.engine.member(scene.members[0]);
    let host = scene.engine.as_system();
    let garden = slug("garden");
    block_on(async {
        let mut last = scene.openings[1];
        for _ in 0..limits.depth {
            last = ana.reply(NewPost::new(scene.topics[1], "Deeper.").to(last)).await.unwrap();
        }
        for _ in 0..limits.corrections {
            ana.correct(NewCorrection::new(scene.reply, "Rather.")).await.unwrap();
        }
        let below = NewPost::new(scene.topics[1], "Too deep.").to(last);
        is_refused_unwritten(&scene, "the depth of a reply", ana.reply(below));
    });
    let more = NewCorrection::new(scene.reply, "Once more.");
    is_refused_unwritten(&scene, "the number of corrections", ana.correct(more));
    let mut member = NewMember::new("user:9".parse().unwrap(), "Nine".parse().unwrap());
    for number in 0..=limits.lists {
        member = member.list(slug(&format!("list-{number}")));
    }
    is_refused_unwritten(&scene, "the number of lists", host.sync_member(member));
    let description = bytes(limits.body + 1);
    let label = NewLabel {
        description: description.clone(),
        ..NewLabel::new(slug("new"), "New".parse().unwrap())
    };
    is_refused_unwritten(&scene, "a body", host.put_label(&garden, label));
    let channel =
        NewChannel { description, ..NewChannel::new(slug("new"), "New".parse().unwrap()) };
    is_refused_unwritten(&scene, "a body", host.create_channel(&garden, channel));
    let audience = Audience::Any(vec![Audience::Members; limits.terms + 1]);
    let policy = Policy::intranet(audience);
    let channel = NewChannel::new(slug("new"), "New".parse().unwrap()).policy(policy);
    let what = "the number of terms in an expression";
    is_refused_unwritten(&scene, what, host.create_channel(&garden, channel));
    let words = |lists: usize, words: usize, bytes: usize| {
        let synonyms = Some(vec![vec!["x".repeat(bytes); words]; lists]);
        CommunityUpdate { synonyms, ..CommunityUpdate::default() }
    };
    let (lists, most, bytes) = (limits.synonyms, limits.synonym_words, limits.synonym);
    for (what, update) in [
        ("the number of lists of synonyms", words(lists + 1, 2, 1)),
        ("a list of synonyms", words(1, most + 1, 1)),
        ("a synonym", words(1, 2, bytes + 1)),
    ] {
        is_refused_unwritten(&scene, what, host.update_community(&garden, update));
    }
    block_on(host.update_community(&garden, words(lists, most, bytes))).unwrap();
    // A rule for each kind that there can be, and one more.
    let kinds = builtin_kinds().len() + limits.kinds;
    let rules = |count: usize| {
        (0..count).fold(Policy::public(), |policy, number| {
            policy.with(Action::StartKind(slug(&format!("kind-{number}"))), Audience::Members)
        })
    };
    let with = |policy| CommunityUpdate { policy: Some(policy), ..CommunityUpdate::default() };
    block_on(host.update_community(&garden, with(rules(kinds)))).unwrap();
    let more = host.update_community(&garden, with(rules(kinds + 1)));
    is_refused_unwritten(&scene, "the number of kinds", more);
}

#[test]
fn a_community_that_cannot_be_kept_or_repeats_itself_is_invalid_and_unwritten() {
    let scene = scene();
    let host = scene.engine.as_system();
    let garden = slug("garden");
    let settings = |sorts: &[Sort]| Settings { sorts: Some(sorts.to_vec()), ..Settings::default() };
    let refused = |request: CommunityUpdate| {
        let (outcome, _, commits) = cost(&scene, host.update_community(&garden, request));
        assert!(matches!(outcome, Err(Error::Invalid(_))) && commits == 0, "{outcome:?}");
    };
    refused(CommunityUpdate {
        settings: Some(settings(&[Sort::New, Sort::Hot, Sort::New])),
        ..CommunityUpdate::default()
    });
    refused(CommunityUpdate {
        settings: Some(settings(&vec![Sort::New; 100_000])),
        ..CommunityUpdate::default()
    });
    let words = |words: &[&str]| {
        let list = words.iter().map(|word| (*word).to_owned()).collect();
        CommunityUpdate { synonyms: Some(vec![list]), ..CommunityUpdate::default() }
    };
    for wrong in [&[][..], &["leek"], &["leek", ""], &["leek", " \t"], &["leek", "pr\0ei"]] {
        refused(words(wrong));
    }
    block_on(host.update_community(&garden, words(&["leek", "prei", "Allium porrum"]))).unwrap();
    let room =
        |capacity| CommunityUpdate { capacity: Some(Some(capacity)), ..CommunityUpdate::default() };
    let most = u64::try_from(i64::MAX).unwrap();
    refused(room(most + 1));
    refused(room(u64::MAX));
    block_on(host.update_community(&garden, room(most))).unwrap();
    let every =
        CommunityUpdate { settings: Some(settings(&Sort::ALL)), ..CommunityUpdate::default() };
    block_on(host.update_community(&garden, every)).unwrap();
}

#[test]
fn only_what_may_succeed_when_it_is_sent_again_is_retryable() {
    let scene = scene();
    let host = scene.engine.as_system();
    let new = NewCommunity::new(slug("garden"), "Garden".parse().unwrap(), Policy::public());
    let taken = block_on(host.create_community(new)).unwrap_err();
    assert!(matches!(taken, Error::Conflict(_)) && !taken.is_retryable(), "{taken:?}");
    let stale = CommunityUpdate { expected: Some(Rev(9)), ..CommunityUpdate::default() };
    let stale = block_on(host.update_community(&slug("garden"), stale)).unwrap_err();
    assert!(matches!(stale, Error::Conflict(_)) && !stale.is_retryable(), "{stale:?}");

    // A command that is not given a single attempt loses against whoever comes.
    let env = Env::default().with_limits(Limits { attempts: 0, ..Limits::default() });
    let store = Arc::<FaultyStore<ModelStore>>::clone(&scene.store);
    let hurried = Engine::with_env(store, env).as_system();
    let update = CommunityUpdate { archived: Some(true), ..CommunityUpdate::default() };
    let lost = block_on(hurried.update_community(&slug("garden"), update)).unwrap_err();
    assert!(matches!(lost, Error::Contended) && lost.is_retryable(), "{lost:?}");
    assert_eq!(lost.to_string(), "too many others write here at this moment");
}
