use std::collections::{BTreeMap, BTreeSet};

use community_core::change::NewEvent;
use community_core::{
    ChannelId, CommunityId, Event, EventKind, PostId, Seq, State as ItemState, TopicId,
};
use uuid::Uuid;

use super::*;
use crate::article::{Cited, Face, Origin, Product, Published, State, Used};
use crate::id::ArticleId;

const HERE: TopicId = TopicId::from_uuid(Uuid::from_u128(1));
const CITED: PostId = PostId::from_uuid(Uuid::from_u128(10));
const OTHER: PostId = PostId::from_uuid(Uuid::from_u128(11));

fn at(day: i64) -> Timestamp {
    community_core::time::from_micros(1_700_000_000_000_000 + day * 86_400_000_000).unwrap()
}

/// An article that was published from revision 2 of a post, and of which a draft cites revision 3.
fn article() -> Article {
    let face = |revision| Face {
        title: "Leaves curl".parse().unwrap(),
        labels: Vec::new(),
        products: vec![Product { name: "pot".parse().unwrap(), version: "1".to_owned() }],
        cited: [(CITED, Cited { topic: HERE, revision, since: Seq(100) })].into_iter().collect(),
    };
    Article {
        id: ArticleId::from_uuid(Uuid::from_u128(5)),
        community: CommunityId::from_uuid(Uuid::from_u128(2)),
        channel: ChannelId::from_uuid(Uuid::from_u128(3)),
        state: State::Draft,
        since: at(0),
        locale: "en".parse().unwrap(),
        original: None,
        origin: Origin::Harvested,
        authors: Vec::new(),
        latest: 2,
        face: face(3),
        published: Some(Published {
            version: 1,
            at: at(10),
            by: None,
            authors: Vec::new(),
            settles: Vec::new(),
            review_at: None,
            face: face(2),
        }),
        scheduled: None,
        shelf: None,
        sources: [(HERE, Used { since: Seq(100), version: 1 })].into_iter().collect(),
        released: Vec::new(),
        concerns: Vec::new(),
        confirmed: None,
        review_at: None,
        redirect: None,
        created_at: at(0),
        behind: BTreeSet::new(),
    }
}

fn event(seq: u64, kind: EventKind, topic: TopicId, post: Option<PostId>) -> Event {
    let event = NewEvent {
        kind,
        actor: None,
        at: at(20),
        community: None,
        channel: None,
        topic: Some(topic),
        post,
        member: None,
    };
    Event { seq: Seq(seq), event }
}

#[test]
fn what_happens_concerns_an_article_by_what_its_versions_cite() {
    let elsewhere = TopicId::from_uuid(Uuid::from_u128(9));
    let from = article().channel;
    let removed = ItemState::Removed;
    let cases = [
        (EventKind::PostEdited { revision: 4 }, Some(CITED), Some(ConcernKind::Edited)),
        // The draft has it, what readers see has not.
        (EventKind::PostEdited { revision: 3 }, Some(CITED), Some(ConcernKind::Edited)),
        (EventKind::PostEdited { revision: 2 }, Some(CITED), None),
        (EventKind::PostEdited { revision: 9 }, Some(OTHER), None),
        (EventKind::TopicEdited { labels: None }, None, Some(ConcernKind::TopicEdited)),
        (EventKind::TopicMoved { from }, None, Some(ConcernKind::Moved)),
        (EventKind::TopicStateChanged { state: removed }, None, Some(ConcernKind::SourceState)),
        (
            EventKind::PostStateChanged { state: removed },
            Some(CITED),
            Some(ConcernKind::SourceState),
        ),
        (EventKind::PostStateChanged { state: removed }, Some(OTHER), None),
        (EventKind::PostErased { opening: false }, Some(CITED), Some(ConcernKind::Erased)),
        (EventKind::PostErased { opening: false }, Some(OTHER), None),
        // The whole source is gone with it.
        (EventKind::PostErased { opening: true }, Some(OTHER), Some(ConcernKind::Erased)),
        (EventKind::Corrected { stands: true }, Some(CITED), Some(ConcernKind::Corrected)),
        (EventKind::Corrected { stands: false }, Some(CITED), Some(ConcernKind::Corrected)),
        (EventKind::Corrected { stands: true }, Some(OTHER), None),
        (EventKind::Accepted { accepted: true }, Some(OTHER), Some(ConcernKind::OtherAnswer)),
        (EventKind::Accepted { accepted: false }, Some(OTHER), None),
        (EventKind::Accepted { accepted: true }, Some(CITED), None),
        (EventKind::Accepted { accepted: false }, Some(CITED), Some(ConcernKind::MarkLost)),
        (EventKind::MadeOfficial { official: true }, Some(OTHER), Some(ConcernKind::OtherAnswer)),
        (EventKind::MadeOfficial { official: false }, Some(CITED), Some(ConcernKind::MarkLost)),
        (EventKind::PostWritten, Some(OTHER), None),
        (EventKind::Reacted { from: None, to: "up".parse().ok() }, Some(CITED), None),
        (EventKind::TopicLocked { locked: true }, None, None),
    ];
    for (kind, post, expected) in cases {
        let found = concern(&article(), &event(101, kind.clone(), HERE, post));
        assert_eq!(found.map(|concern| concern.kind), expected, "{kind:?}");
        // Not what happened before the source was read, and not what happens elsewhere.
        assert_eq!(concern(&article(), &event(100, kind.clone(), HERE, post)), None);
        assert_eq!(concern(&article(), &event(101, kind, elsewhere, post)), None);
    }
}

#[test]
fn the_same_concern_is_kept_once_and_their_number_is_bounded() {
    let mut article = article();
    let edited = |seq| event(seq, EventKind::PostEdited { revision: 9 }, HERE, Some(CITED));
    let first = concern(&article, &edited(101)).unwrap();
    assert!(article.add_concern(first.clone()));
    let again = concern(&article, &edited(102)).unwrap();
    assert!(!article.add_concern(again));
    assert_eq!(article.concerns, [first]);
    for post in 0..100 {
        let post = PostId::from_uuid(Uuid::from_u128(1_000 + post));
        let kind = EventKind::Accepted { accepted: true };
        let found = concern(&article, &event(103, kind, HERE, Some(post))).unwrap();
        article.add_concern(found);
    }
    assert_eq!(article.concerns.len(), crate::limits::CONCERNS);
}

#[test]
fn every_part_of_the_score_is_shown_with_its_number() {
    let mut article = article();
    let rules = FreshnessRules::default();
    let fresh = assess(&article, &Signs::default(), &BTreeMap::new(), &rules, at(12));
    assert_eq!(fresh, Freshness { points: 0, parts: Vec::new() });

    article.add_concern(
        concern(&article, &event(101, EventKind::TopicEdited { labels: None }, HERE, None))
            .unwrap(),
    );
    let signs = Signs { source_views: 1_000, helpful: 3, unhelpful: 4 };
    let products = [("pot".parse().unwrap(), "2".to_owned())].into_iter().collect();
    let needy = assess(&article, &signs, &products, &rules, at(10 + 95));
    let parts: Vec<_> =
        needy.parts.iter().map(|part| (&part.sign, part.has, part.points)).collect();
    let product = Sign::Product {
        name: "pot".parse().unwrap(),
        written_for: "1".to_owned(),
        present: "2".to_owned(),
    };
    assert_eq!(
        parts,
        [
            (&Sign::Age, 95, 6),
            (&Sign::Traffic, 1_000, 30),
            (&Sign::Unhelpful, 4, 20),
            (&product, 1, 40),
            (&Sign::Concern { kind: ConcernKind::TopicEdited }, 1, 15),
        ]
    );
    assert_eq!(needy.points, 111);
    // Bounds hold, and nothing overflows.
    let worst = Signs { source_views: i64::MAX, helpful: 0, unhelpful: i64::MAX };
    let rules = FreshnessRules { per_doubling: i64::MAX, ..rules };
    assert_eq!(assess(&article, &worst, &products, &rules, at(9_000)).points, i64::MAX);
}
