use std::collections::BTreeMap;

use community_core::{
    Author, ChannelId, CommunityId, Correction, CorrectionId, Mark, MemberId, PostCounters, PostId,
    Rev, Timestamp, TopicCounters, TopicId,
};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn at(second: i64) -> Timestamp {
    community_core::time::from_micros(1_700_000_000_000_000 + second * 1_000_000).unwrap()
}

fn member(number: u128) -> MemberId {
    MemberId::from_uuid(Uuid::from_u128(number))
}

fn topic() -> Topic {
    Topic {
        id: TopicId::from_uuid(Uuid::from_u128(1)),
        community: CommunityId::from_uuid(Uuid::from_u128(2)),
        channel: ChannelId::from_uuid(Uuid::from_u128(3)),
        key: None,
        kind: "question".parse().unwrap(),
        answerable: true,
        title: "Why do leaves curl?".parse().unwrap(),
        labels: vec!["leaves".parse().unwrap()],
        author: member(100),
        opening: PostId::from_uuid(Uuid::from_u128(10)),
        status: "open".parse().unwrap(),
        payload: None,
        state: State::Published,
        locked: false,
        pin: None,
        hot_scale: 45_000,
        created_at: at(0),
        bumped_at: at(0),
        rev: Rev(1),
        gate: 0,
        counters: TopicCounters::new(at(0)),
    }
}

fn post(number: u128, kind: PostKind, ups: i64) -> PostView {
    let topic = topic();
    let post = Post {
        id: PostId::from_uuid(Uuid::from_u128(number)),
        topic: topic.id,
        parent: (kind != PostKind::Opening).then_some(topic.opening),
        depth: u32::from(kind != PostKind::Opening),
        kind,
        key: None,
        author: member(number + 90),
        state: State::Published,
        bumps: true,
        accepted: None,
        official: None,
        shared_at: None,
        erased_at: None,
        created_at: at(number as i64),
        edited_at: None,
        revision: number as u32,
        rev: Rev(1),
        counters: PostCounters { ups, ..PostCounters::default() },
    };
    PostView {
        author: Author {
            id: post.author,
            key: "user:1".parse().unwrap(),
            name: "Ana".parse().unwrap(),
        },
        body: format!("text {number}"),
        corrections: Vec::new(),
        tallies: Vec::new(),
        place: topic.place(),
        post,
    }
}

fn mark() -> Mark {
    Mark { by: None, at: at(9), reason: None }
}

fn accepted(mut view: PostView) -> PostView {
    view.post.accepted = Some(mark());
    view
}

fn official(mut view: PostView) -> PostView {
    view.post.official = Some(mark());
    view
}

/// The texts of the resolution.
fn resolution(posts: &[PostView], rules: &CurateRules) -> Option<Vec<String>> {
    let content = curate(&topic(), posts, rules)?;
    let section = content.sections.iter().find(|s| s.kind == SectionKind::Resolution).unwrap();
    Some(section.blocks.iter().map(|block| block.text.clone()).collect())
}

#[test]
fn the_resolution_is_official_then_accepted_and_else_the_best() {
    let rules = CurateRules::default();
    let asked = || post(10, PostKind::Opening, 0);
    let answer = |number, ups| post(number, PostKind::Answer, ups);
    let cases: [(Vec<PostView>, Option<&[&str]>); 7] = [
        (vec![asked()], None),
        (vec![asked(), answer(11, 0)], None),
        (vec![asked(), answer(11, 1), answer(12, 5)], Some(&["text 12", "text 11"])),
        (vec![asked(), accepted(answer(11, 0)), answer(12, 5)], Some(&["text 11"])),
        (
            vec![asked(), accepted(answer(11, 9)), official(answer(12, -3))],
            Some(&["text 12", "text 11"]),
        ),
        (
            vec![answer(14, 4), answer(13, 4), answer(12, 4), answer(11, 4), asked()],
            Some(&["text 11", "text 12", "text 13"]),
        ),
        // A comment is no answer to a question, however well it is liked.
        (vec![asked(), post(11, PostKind::Reply, 50)], None),
    ];
    for (posts, expected) in cases {
        let expected = expected.map(|texts| texts.iter().map(|&t| t.to_owned()).collect());
        assert_eq!(resolution(&posts, &rules), expected, "{posts:?}");
    }
}

#[test]
fn what_is_removed_or_withdrawn_is_not_taken() {
    let rules = CurateRules::default();
    for state in [State::Withdrawn, State::Removed] {
        let mut answer = accepted(post(11, PostKind::Answer, 7));
        answer.post.state = state;
        assert_eq!(resolution(&[post(10, PostKind::Opening, 0), answer], &rules), None);
        let mut asked = post(10, PostKind::Opening, 0);
        asked.post.state = state;
        let answer = accepted(post(11, PostKind::Answer, 7));
        assert_eq!(curate(&topic(), &[asked, answer], &rules), None);
    }
}

#[test]
fn a_correction_follows_the_words_that_it_corrects_unless_it_was_taken_back() {
    let mut answer = accepted(post(11, PostKind::Answer, 7));
    let correction = |number, withdrawn_at| Correction {
        id: CorrectionId::from_uuid(Uuid::from_u128(number)),
        post: answer.post.id,
        range: None,
        revision: 4,
        body: format!("not so {number}"),
        author: member(7),
        at: at(20),
        withdrawn_at,
        rev: Rev(1),
    };
    let corrections = vec![correction(1, None), correction(2, Some(at(21)))];
    answer.corrections = corrections;
    let posts = [post(10, PostKind::Opening, 0), answer];
    let content = curate(&topic(), &posts, &CurateRules::default()).unwrap();
    let blocks: Vec<_> = content.blocks().collect();
    let texts: Vec<_> = blocks.iter().map(|block| block.text.as_str()).collect();
    assert_eq!(texts, ["text 10", "text 11", "not so 1"]);
    let source = blocks[2].source.as_ref().unwrap();
    assert_eq!((source.revision, source.author, source.post), (4, member(7), posts[1].post.id));
    assert!(source.correction.is_some());
    assert_eq!(content.contributors(), [member(100), member(101), member(7)]);
}

#[test]
fn an_answer_that_does_not_fit_is_left_out_whole() {
    let mut long = accepted(post(11, PostKind::Answer, 7));
    long.body = "x".repeat(limits::TEXT);
    let posts = [post(10, PostKind::Opening, 0), long, accepted(post(12, PostKind::Answer, 1))];
    assert_eq!(resolution(&posts, &CurateRules::default()).unwrap(), ["text 12"]);
    assert_eq!(curate(&topic(), &posts[..2], &CurateRules::default()), None);
}

proptest! {
    #[test]
    fn every_passage_says_whose_words_it_holds(
        answers in prop::collection::vec((0i64..6, any::<bool>(), any::<bool>(), 0u8..3), 0..12),
        order in any::<prop::sample::Index>(),
    ) {
        let mut posts = vec![post(10, PostKind::Opening, 1)];
        for (number, (ups, is_accepted, is_official, state)) in (11..).zip(answers) {
            let mut view = post(number, PostKind::Answer, ups);
            view.post.state = State::from_code(state).unwrap();
            view.post.accepted = is_accepted.then(mark);
            view.post.official = is_official.then(mark);
            posts.push(view);
        }
        let known: BTreeMap<_, _> = posts.iter().map(|view| (view.post.id, view.clone())).collect();
        let made = curate(&topic(), &posts, &CurateRules::default());
        let turn = order.index(posts.len());
        posts.rotate_left(turn);
        prop_assert_eq!(&curate(&topic(), &posts, &CurateRules::default()), &made);
        let has_answer = posts.iter().any(|view| {
            let post = &view.post;
            post.kind == PostKind::Answer
                && post.state == State::Published
                && (is_marked(post) || post.score() >= 1)
        });
        prop_assert_eq!(made.is_some(), has_answer);
        for block in made.iter().flat_map(Content::blocks) {
            let source = block.source.as_ref().unwrap();
            let view = &known[&source.post];
            prop_assert_eq!(&block.text, &view.body);
            prop_assert_eq!(source.revision, view.post.revision);
            prop_assert_eq!(source.author, view.post.author);
            prop_assert_eq!(view.post.state, State::Published);
        }
    }
}

fn interest() -> Interest {
    Interest {
        topic: topic().id,
        title: topic().title,
        kind: "question".parse().unwrap(),
        views: 1_000,
        me_too: 4,
        accepted: 1,
        official: 0,
        best_score: 6,
        repeats: 2,
        age_days: 30,
    }
}

#[test]
fn a_candidate_shows_each_reason_with_its_number() {
    let candidate = assess(&interest(), &Eligibility::default());
    let reasons: Vec<_> =
        candidate.reasons.iter().map(|r| (r.criterion.as_str(), r.has, r.points)).collect();
    assert_eq!(
        reasons,
        [
            ("views", 1_000, 100),
            ("me_too", 4, 30),
            ("accepted", 1, 15),
            ("score", 6, 12),
            ("repeats", 2, 50),
            ("age", 30, 0),
        ]
    );
    assert_eq!((candidate.points, candidate.lacks), (207, Vec::new()));
}

#[test]
fn what_is_missing_is_named() {
    let strict = Eligibility {
        views: 1_001,
        me_too: 5,
        repeats: 3,
        age_days: 31,
        unmarked_score: None,
        ..Eligibility::default()
    };
    let unmarked =
        Interest { accepted: 0, best_score: 99, kind: "poll".parse().unwrap(), ..interest() };
    assert_eq!(
        assess(&unmarked, &strict).lacks,
        [
            Criterion::Kind,
            Criterion::Views,
            Criterion::MeToo,
            Criterion::Score,
            Criterion::Repeats,
            Criterion::Age
        ]
    );
    let lax = Eligibility { unmarked_score: Some(99), ..Eligibility::default() };
    let question = Interest { kind: interest().kind, ..unmarked };
    assert_eq!(assess(&question, &lax).lacks, []);
}
