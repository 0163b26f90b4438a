//! Gaps, as several viewers see them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::sync::Arc;

use community_core::time::{ManualClock, from_micros};
use community_core::{
    Action, Audience, Engine, Env, Error, MemberId, NewChannel, NewCommunity, NewLabel, NewMember,
    NewPost, NewTopic, Policy, Session, Slug, TopicId,
};
use community_knowledge::gaps::{
    About, Gap, QueryCounts, Question, QuestionState, Ranking, Request, Searcher, Settings, What,
    gather, rank, read,
};
use community_knowledge::{Content, Harvest, Knowledge, NewArticle, Section, SectionKind};
use community_search::analysis::Language;
use community_store_memory::MemoryStore;
use pollster::block_on;

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

/// A community with an open channel and one that only experts read. Ana is a member, Ed an expert,
/// Max a manager who is no expert.
struct Scene {
    engine: Engine,
    ana: Session,
    ed: Session,
    max: Session,
}

fn scene() -> Scene {
    let clock = Arc::new(ManualClock::at(from_micros(1_790_000_000_000_000).unwrap()));
    let engine = Engine::with_env(Arc::new(MemoryStore::new()), Env::manual(clock, 3));
    let (host, desk) = (engine.as_system(), slug("desk"));
    let new = NewCommunity::new(desk.clone(), "Desk".parse().unwrap(), Policy::public());
    block_on(host.create_community(new)).unwrap();
    let experts = Policy::inherit().with(Action::View, Audience::Role(slug("expert")));
    for (key, policy) in [("open", Policy::inherit()), ("lab", experts)] {
        let new = NewChannel::new(slug(key), key.parse().unwrap()).policy(policy);
        block_on(host.create_channel(&desk, new)).unwrap();
    }
    for label in ["garlic", "tools"] {
        let new = NewLabel::new(slug(label), label.parse().unwrap());
        block_on(host.put_label(&desk, new)).unwrap();
    }
    let member = |key: &str, role: Option<&str>| {
        let new = NewMember::new(key.parse().unwrap(), key.parse().unwrap());
        let id = block_on(host.sync_member(new)).unwrap();
        block_on(host.set_member(&desk, id, true)).unwrap();
        if let Some(role) = role {
            block_on(host.grant_role(&desk, id, &slug(role), None)).unwrap();
        }
        engine.member(id)
    };
    let (ana, ed) = (member("ana", None), member("ed", Some("expert")));
    let max = member("max", Some("manager"));
    Scene { engine, ana, ed, max }
}

fn ask(session: &Session, channel: &str, title: &str, label: Option<&str>) -> TopicId {
    let mut new = NewTopic::new(slug("desk"), slug(channel), slug("question"), title, "Please.");
    new.labels = label.into_iter().map(slug).collect();
    block_on(session.start_topic(new)).unwrap()
}

/// What everybody may read.
fn fill(scene: &Scene) {
    ask(&scene.ana, "open", "How deep do I plant garlic?", Some("garlic"));
    ask(&scene.ed, "open", "Planting garlic: how deep?", Some("garlic"));
    ask(&scene.ana, "open", "Who eats my kale at night", None);
    for title in ["A spade that lasts", "Sharpening secateurs", "Oil for wooden handles"] {
        ask(&scene.ana, "open", title, Some("tools"));
    }
}

fn gaps(session: &Session) -> Ranking {
    block_on(read(session, &Request::new(slug("desk")), None)).unwrap().0
}

/// A ranking without the ids of its questions, which differ from world to world.
fn told(session: &Session) -> (serde_json::Value, Vec<Vec<String>>) {
    let ranking = gaps(session);
    let title =
        |id: &TopicId| block_on(session.topic(*id)).unwrap().topic.title.as_str().to_owned();
    let titles = |gap: &Gap| gap.questions.iter().map(title).collect();
    let titles = ranking.gaps.iter().map(titles).collect();
    let mut plain = ranking;
    plain.gaps.iter_mut().for_each(|gap| gap.questions.clear());
    (serde_json::to_value(plain).unwrap(), titles)
}

#[test]
fn questions_that_a_viewer_may_not_read_have_no_part_in_what_the_viewer_is_told() {
    let (with, without) = (scene(), scene());
    fill(&with);
    fill(&without);
    // Like what is open, and like each other: they would join groups, and make words less rare.
    for title in ["How deep must garlic be planted", "Kale eaten at night", "Kale: eaten by whom?"]
    {
        ask(&with.ed, "lab", title, Some("tools"));
    }
    let visitors = |scene: &Scene| [scene.engine.anonymous(), scene.ana.clone(), scene.max.clone()];
    for (one, other) in visitors(&with).iter().zip(&visitors(&without)) {
        assert_eq!(told(one), told(other));
    }
    let (seen, _) = told(&with.ed);
    assert_eq!((&seen["questions"], &seen["largest"]), (&9.into(), &3.into()));
    assert_eq!(told(&with.engine.as_system()), told(&with.ed));
    let (hidden, titles) = told(&with.ana);
    assert_eq!((&hidden["questions"], &hidden["groups"]), (&6.into(), &1.into()));
    assert_eq!(titles.iter().map(Vec::len).collect::<Vec<_>>(), [3, 2]);

    // A door that closes takes its questions away with the next report.
    let host = with.engine.as_system();
    let id = with.ed.viewer().member().unwrap();
    block_on(host.revoke_role(&slug("desk"), id, &slug("expert"), None)).unwrap();
    assert_eq!(told(&with.ed), told(&with.ana));
    let absent = block_on(read(&with.ana, &Request::new(slug("nowhere")), None));
    assert!(matches!(absent, Err(Error::NotFound("community"))), "{absent:?}");
}

#[test]
fn each_place_has_its_reasons() {
    let scene = scene();
    fill(&scene);
    let solved = ask(&scene.ana, "open", "Garlic: planted how deep?", Some("garlic"));
    let answer = block_on(scene.ed.reply(NewPost::new(solved, "Two inches."))).unwrap();
    block_on(scene.ana.accept(answer, None)).unwrap();
    let ranking = gaps(&scene.ana);
    assert_eq!((ranking.questions, ranking.grouped, ranking.covered), (7, 3, 0));
    let [tools, group] = &ranking.gaps[..] else { panic!("{:?}", ranking.gaps) };
    let count = |gap: &Gap, what| {
        gap.reasons.iter().find(|reason| reason.what == what).map(|r| (r.count, r.points))
    };
    assert_eq!(count(group, What::Questions), Some((3, 30)));
    assert_eq!(count(group, What::Unanswered), Some((2, 40)));
    assert_eq!(count(group, What::Askers), Some((2, 0)));
    assert_eq!((group.points, count(group, What::Unsolved)), (70, None));
    assert_eq!(group.questions.last(), Some(&solved), "what needs no answer stands last");
    assert_eq!(tools.about, About::Label { label: slug("tools"), articles: 0 });
    assert_eq!((tools.points, tools.questions.len()), (90, 3));

    // An article about garlic covers the group; one about tools halves the label.
    let write = |title: &str, label: &str| {
        let mut new = NewTopic::new(slug("desk"), slug("open"), slug("article"), title, "So.");
        new.labels = vec![slug(label)];
        block_on(scene.ed.start_topic(new))
    };
    write("How deep to plant garlic", "garlic").unwrap();
    write("Ladders", "tools").unwrap();
    let ranking = gaps(&scene.ana);
    assert_eq!((ranking.articles, ranking.covered), (2, 1));
    let [tools] = &ranking.gaps[..] else { panic!("{:?}", ranking.gaps) };
    assert_eq!(tools.about, About::Label { label: slug("tools"), articles: 1 });
    assert_eq!(tools.points, 45);
}

#[test]
fn searches_are_told_to_those_who_manage() {
    let scene = scene();
    fill(&scene);
    let mut counts = QueryCounts::new(scene.engine.env(), 3);
    for n in 0..4 {
        counts.searched(Searcher::Member(MemberId::from_bytes([n; 16])), "Delivery costs", false);
    }
    let request = Request::new(slug("desk"));
    let ask = |session: &Session| {
        let (ranking, _) = block_on(read(session, &request, Some(&counts))).unwrap();
        ranking.gaps.into_iter().find(|gap| matches!(gap.about, About::Search { .. }))
    };
    for session in [&scene.ana, &scene.ed, &scene.engine.anonymous()] {
        assert_eq!(ask(session), None);
    }
    let gap = ask(&scene.max).unwrap();
    assert_eq!(gap.about, About::Search { text: "delivery costs".to_owned() });
    assert_eq!((gap.points, gap.questions.len()), (40, 0));
}

#[test]
fn as_many_are_read_as_were_asked_for() {
    let scene = scene();
    fill(&scene);
    let mut request = Request::new(slug("desk"));
    request.most = Some(2);
    let input = block_on(gather(&scene.ana, &request)).unwrap();
    assert_eq!((input.questions.len(), input.truncated), (2, true));
    request.most = Some(6);
    let input = block_on(gather(&scene.ana, &request)).unwrap();
    assert_eq!((input.questions.len(), input.truncated), (6, false));
    request.since = Some(scene.engine.env().now() + chrono::Duration::seconds(1));
    assert_eq!(block_on(gather(&scene.ana, &request)).unwrap().questions, []);
    request.most = Some(usize::MAX);
    let refused = block_on(gather(&scene.ana, &request));
    assert!(matches!(refused, Err(Error::Limit(_))), "{refused:?}");
}

#[test]
fn an_article_of_the_knowledge_base_fills_the_gap_that_it_was_made_from() {
    let scene = scene();
    fill(&scene);
    let asked = ask(&scene.ana, "open", "Garlic, planted how deep?", Some("garlic"));
    let answer = block_on(scene.ed.reply(NewPost::new(asked, "Two inches."))).unwrap();
    let host = scene.engine.as_system();
    block_on(host.accept(answer, None)).unwrap();
    let before = gaps(&scene.ana);
    assert_eq!((before.articles, before.covered, before.gaps.len()), (0, 0, 2));
    let base = Knowledge::new(scene.engine.clone());
    let publish = async |id| {
        base.submit(&host, id).await.unwrap();
        let rev = base.desk(&host, id).await.unwrap().rev;
        base.approve(&host, id, rev, None).await.unwrap();
    };
    // It stands where only experts read: for the others nothing is written yet.
    let made = Harvest { topic: asked, channel: Some(slug("lab")), locale: slug("en") };
    let id = block_on(base.harvest(&host, &made)).unwrap();
    block_on(publish(id));
    assert_eq!(gaps(&scene.ana), before);
    let after = gaps(&scene.ed);
    assert_eq!((after.articles, after.covered), (1, 1));
    let is_about = |gap: &Gap| matches!(gap.about, About::Questions { .. });
    assert!(!after.gaps.iter().any(is_about), "{after:?}");

    // One with a label counts for that label, whatever it is made from.
    let section = Section::text(SectionKind::Resolution, "Steel.");
    let mut content = Content::new("Buying guide".parse().unwrap(), vec![section]);
    content.labels = vec![slug("tools")];
    let new = NewArticle::new(slug("desk"), slug("open"), slug("en"), content);
    let id = block_on(base.begin(&host, &new)).unwrap();
    block_on(publish(id));
    let labels: Vec<u64> = gaps(&scene.ana)
        .gaps
        .iter()
        .filter_map(|gap| match gap.about {
            About::Label { articles, .. } => Some(articles),
            _ => None,
        })
        .collect();
    assert_eq!(labels, [1]);
}

/// Titles of which every tenth begins a new subject; a subject has three words of its own.
fn many(count: usize) -> Vec<Question> {
    let mut dice = 1_u64;
    let mut below = |most: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % most
    };
    (0..count as u128)
        .map(|n| {
            let subject = below(count as u64 / 10 + 1);
            let own: Vec<String> = (0..3).map(|word| format!("s{subject}w{word}")).collect();
            let common: Vec<String> = (0..40).map(|_| format!("c{}", below(5_000))).collect();
            Question {
                id: TopicId::from_bytes((n + 1).to_be_bytes()),
                title: own.join(" "),
                body: common.join(" "),
                labels: Vec::new(),
                author: MemberId::from_bytes([1; 16]),
                asked_at: Default::default(),
                state: QuestionState::Unanswered,
                covered: false,
                votes: 0,
                views: 0,
            }
        })
        .collect()
}

#[test]
fn subjects_are_told_apart_among_thousands_of_questions() {
    for count in [2_000, 8_000] {
        let questions = many(count);
        let began = std::time::Instant::now();
        let found = rank(&questions, &[], &Settings::default(), Language::Neutral);
        println!("{count} questions: {} groups, {:?}", found.groups, began.elapsed());
        assert!(found.grouped > count * 9 / 10, "{}", found.grouped);
        assert!(found.largest < 40, "{}", found.largest);
    }
}
