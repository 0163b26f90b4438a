//! Feeds: whichever lists a page is read from, it holds what a plain search finds.

use std::collections::{BTreeMap, BTreeSet};

use community_core::change::{Counter, Op};
use community_core::policy::Scope;
use community_core::query::{FeedRequest, ListingKey, Position, Selection};
use community_core::store::Reader;
use community_core::{
    Audience, LabelExpr, Pin, PinPlace, Sort, State, StoreError, Topic, TopicId, Viewer,
};
use pollster::block_on;
use proptest::prelude::*;
use proptest::sample::select;

use super::rebuilt;
use super::world::{KINDS, LABELS, World, at, slug, topic};

const MINUTES_A_DAY: i64 = 24 * 60;

/// Something that happens to a topic; topics are named by their place in the order of starting,
/// counted round.
#[derive(Debug, Clone)]
enum Step {
    Start { channel: usize, author: usize, kind: usize, labels: Vec<usize>, minute: i64 },
    Move { topic: usize, channel: usize },
    Relabel { topic: usize, labels: Vec<usize> },
    SetState { topic: usize, state: State },
    Pin { topic: usize, pinned: bool },
    Count { topic: usize, counter: usize, by: i64 },
    View { topic: usize, by: i64 },
    Raise { topic: usize, minute: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let labels = || proptest::collection::vec(0..LABELS.len(), 0..3);
    // Few different minutes, so that keys tie; many days, so that windows cut.
    let minute = || (0..90i64, 0..3i64).prop_map(|(day, minute)| day * MINUTES_A_DAY + minute);
    let which = 0..1_000usize;
    let step = prop_oneof![
        6 => (0..6usize, 0..3usize, 0..KINDS.len(), labels(), minute()).prop_map(
            |(channel, author, kind, labels, minute)| Step::Start {
                channel, author, kind, labels, minute
            }
        ),
        1 => (which.clone(), 0..6usize).prop_map(|(topic, channel)| Step::Move { topic, channel }),
        1 => (which.clone(), labels()).prop_map(|(topic, labels)| Step::Relabel { topic, labels }),
        1 => (which.clone(), select(&State::ALL[..]))
            .prop_map(|(topic, state)| Step::SetState { topic, state }),
        1 => (which.clone(), any::<bool>()).prop_map(|(topic, pinned)| Step::Pin { topic, pinned }),
        3 => (which.clone(), 0..4usize, 1..4i64)
            .prop_map(|(topic, counter, by)| Step::Count { topic, counter, by }),
        1 => (which.clone(), 1..9i64).prop_map(|(topic, by)| Step::View { topic, by }),
        1 => (which, minute()).prop_map(|(topic, minute)| Step::Raise { topic, minute }),
    ];
    proptest::collection::vec(step, 1..90)
}

fn run(steps: &[Step]) -> World {
    let world = World::new();
    let mut started: Vec<TopicId> = Vec::new();
    let sorted = |labels: &[usize]| {
        labels
            .iter()
            .map(|label| slug(LABELS[*label]))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    };
    for step in steps {
        if let Step::Start { channel, author, kind, labels, minute } = step {
            let (channel, author) = (&world.channels[*channel], &world.members[*author]);
            let plain = topic(channel, author, started.len(), at(*minute));
            let (kind, answerable) = (slug(KINDS[*kind]), *kind == 0);
            let topic = Topic { kind, answerable, labels: sorted(labels), ..plain };
            world.start(&topic);
            started.push(topic.id);
            continue;
        }
        if started.is_empty() {
            continue;
        }
        let find = |number: &usize| world.topic(started[number % started.len()]);
        match step {
            Step::Start { .. } => {}
            Step::Move { topic, channel } => {
                let (topic, channel) = (find(topic), &world.channels[*channel]);
                if topic.community == channel.community {
                    world.change(Topic { channel: channel.id, ..topic });
                }
            }
            Step::Relabel { topic, labels } => {
                world.change(Topic { labels: sorted(labels), ..find(topic) });
            }
            Step::SetState { topic, state } => {
                world.change(Topic { state: *state, ..find(topic) });
            }
            Step::Pin { topic, pinned } => {
                let pin = pinned.then(|| Pin {
                    place: PinPlace::Channel,
                    position: 0,
                    audience: Audience::Everyone,
                    since: at(0),
                    until: None,
                });
                world.change(Topic { pin, ..find(topic) });
            }
            Step::Count { topic, counter, by } => {
                let id = find(topic).id;
                let counters = [
                    Counter::TopicUps(id),
                    Counter::TopicDowns(id),
                    Counter::TopicAnswers(id),
                    Counter::TopicAccepted(id),
                ];
                world.commit(vec![Op::Bump(counters[*counter].clone(), *by)]);
            }
            Step::View { topic, by } => {
                let topic = find(topic).id;
                world.commit(vec![Op::AddViews { topic, day: 19_000, views: *by }]);
            }
            Step::Raise { topic, minute } => {
                world.commit(vec![Op::RaiseActive(find(topic).id, at(*minute))]);
            }
        }
    }
    world
}

fn expressions() -> impl Strategy<Value = LabelExpr> {
    let leaf = (0..LABELS.len()).prop_map(|label| LabelExpr::Has(slug(LABELS[label])));
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(LabelExpr::All),
            proptest::collection::vec(inner.clone(), 0..3).prop_map(LabelExpr::Any),
            inner.prop_map(|inner| LabelExpr::Not(Box::new(inner))),
        ]
    })
}

/// A request, with places in the world's lists for ids.
#[derive(Debug, Clone)]
struct Wish {
    viewer: usize,
    channels: BTreeSet<usize>,
    /// Channels of which only own topics are asked for, although more may be read there.
    own: BTreeSet<usize>,
    whole: bool,
    labels: Option<LabelExpr>,
    kind: Option<usize>,
    author: Option<usize>,
    sort: Sort,
    since: Option<i64>,
    limit: usize,
}

fn wishes() -> impl Strategy<Value = Wish> {
    (
        0..5usize,
        proptest::collection::btree_set(0..6usize, 0..7),
        proptest::collection::btree_set(0..6usize, 0..2),
        any::<bool>(),
        proptest::option::of(expressions()),
        proptest::option::weighted(0.3, 0..KINDS.len()),
        proptest::option::weighted(0.3, 0..3usize),
        select(&Sort::ALL[..]),
        proptest::option::of(0..100i64),
        1..8usize,
    )
        .prop_map(
            |(viewer, channels, own, whole, labels, kind, author, sort, since, limit)| Wish {
                viewer,
                channels,
                own,
                whole,
                labels,
                kind,
                author,
                sort,
                since,
                limit,
            },
        )
}

fn viewer(world: &World, wish: &Wish) -> Viewer {
    match wish.viewer {
        0 => Viewer::System,
        1 => Viewer::Anonymous,
        member => Viewer::Member(world.members[member - 2].id),
    }
}

fn request(world: &World, wish: &Wish, scope: &Scope) -> FeedRequest {
    let mut selection = BTreeMap::new();
    for (number, channel) in wish.channels.iter().map(|number| (number, &world.channels[*number])) {
        let new = || Selection {
            community: channel.community,
            read: Vec::new(),
            own: Vec::new(),
            whole: false,
        };
        let selection = selection.entry(channel.community).or_insert_with(new);
        // What the scope does not read at all is asked for nevertheless: a store checks again.
        match scope.own().contains(channel.id) || wish.own.contains(number) {
            true => selection.own.push(channel.id),
            false => selection.read.push(channel.id),
        }
        let all = world.channels.iter().filter(|c| c.community == channel.community).count();
        selection.whole |= wish.whole && selection.read.len() == all;
    }
    FeedRequest {
        selection: selection.into_values().collect(),
        labels: wish.labels.clone(),
        kind: wish.kind.map(|kind| slug(KINDS[kind])),
        author: wish.author.map(|author| world.members[author].id),
        sort: wish.sort,
        since: wish.since.map(|day| TopicId::earliest(at(day * MINUTES_A_DAY))),
        after: None,
        limit: wish.limit,
        pins_of: None,
    }
}

/// The feed by a search through everything.
fn searched(world: &World, request: &FeedRequest, scope: &Scope) -> Vec<Position> {
    let fits = |topic: &Topic| {
        let selected = request.selection.iter().any(|selection| {
            let mine = scope.viewer().member() == Some(topic.author);
            topic.community == selection.community
                && (selection.whole
                    || selection.read.contains(&topic.channel)
                    || (mine && selection.own.contains(&topic.channel)))
        });
        let mut labels = topic.labels.clone();
        labels.retain(|label| scope.sees_label(topic.community, label));
        selected
            && topic.state == State::Published
            && scope.admits(topic.place(), topic.author, topic.state)
            && request.labels.as_ref().is_none_or(|expr| expr.holds(&labels))
            && request.kind.as_ref().is_none_or(|kind| topic.kind == *kind)
            && request.author.is_none_or(|author| topic.author == author)
            && request.since.is_none_or(|since| topic.id >= since)
    };
    let key = |topic: &Topic| ListingKey::of(request.sort).key(topic);
    let state = world.store.read();
    let topics = state.topics.values().filter(|topic| fits(topic));
    let rows = topics.filter_map(|topic| Some(Position { key: key(topic)?, id: topic.id.uuid() }));
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    if request.sort != Sort::Oldest {
        rows.reverse();
    }
    rows
}

/// The feed, page by page. Each page has to be full where there is enough, and say whether there
/// is more.
fn walked(
    world: &World,
    request: &FeedRequest,
    scope: &Scope,
    expected: usize,
) -> Result<Vec<Position>, StoreError> {
    let mut request = request.clone();
    let mut rows = Vec::new();
    loop {
        let page = block_on(world.store.feed(&request, scope))?;
        for (position, card) in page.items.iter().cloned() {
            let card = scope.admit(card).expect("a feed holds only what its viewer may see");
            assert_eq!(card.topic.id.uuid(), position.id);
            rows.push(position);
        }
        assert_eq!(page.more, rows.len() < expected);
        if !page.more {
            return Ok(rows);
        }
        assert_eq!(page.items.len(), request.limit);
        request.after = rows.last().copied();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_feed_holds_what_a_search_through_everything_finds(
        steps in steps(),
        wishes in proptest::collection::vec(wishes(), 8),
    ) {
        let world = run(&steps);
        for wish in wishes {
            let scope = world.scope(viewer(&world, &wish));
            let request = request(&world, &wish, &scope);
            let expected = searched(&world, &request, &scope);
            let walked = walked(&world, &request, &scope, expected.len()).unwrap();
            prop_assert_eq!(walked, expected, "{:?}", request);
        }
    }

    #[test]
    fn indexes_follow_every_change(steps in steps()) {
        let world = run(&steps);
        let state = world.store.read();
        prop_assert_eq!(&state.index, &rebuilt::index(&state));
    }

    #[test]
    fn counts_are_those_of_what_the_viewer_reads(steps in steps()) {
        let world = run(&steps);
        let viewers = world.members.iter().map(|member| Viewer::Member(member.id));
        for viewer in viewers.chain([Viewer::System, Viewer::Anonymous]) {
            let scope = world.scope(viewer);
            for community in world.communities.iter().map(|community| community.id) {
                let (mut labels, mut channels) = (BTreeMap::new(), BTreeMap::new());
                for topic in world.store.read().topics.values() {
                    if topic.community == community
                        && topic.state == State::Published
                        && scope.admits(topic.place(), topic.author, topic.state)
                    {
                        *channels.entry(topic.channel).or_insert(0) += 1;
                        let visible = topic.labels.iter();
                        for label in visible.filter(|label| scope.sees_label(community, label)) {
                            *labels.entry(label.clone()).or_insert(0) += 1;
                        }
                    }
                }
                let counted = block_on(world.store.label_use(community, &scope)).unwrap();
                prop_assert_eq!(counted, labels.into_iter().collect::<Vec<_>>());
                let counted = block_on(world.store.channel_topics(community, &scope)).unwrap();
                prop_assert_eq!(counted, channels.into_iter().collect::<Vec<_>>());
            }
        }
    }
}

/// A thousand topics of which few are in the two channels that are asked for, at both ends of time:
/// the walk along the community gives up on the way and the channels are merged from there.
#[test]
fn a_feed_of_scattered_channels_goes_on_where_the_walk_gave_up() {
    let world = World::new();
    let [open, seeds, tools] = [0, 1, 2].map(|channel| &world.channels[channel]);
    for number in 0..1_000 {
        let channel = match number {
            0..4 | 500 | 996.. => [seeds, tools][number % 2],
            _ => open,
        };
        world.start(&topic(channel, &world.members[0], number, at(number as i64)));
    }
    let scope = world.scope(Viewer::Anonymous);
    for limit in 1..6 {
        let request = FeedRequest {
            selection: vec![Selection {
                community: world.communities[0].id,
                read: vec![seeds.id, tools.id],
                own: Vec::new(),
                whole: false,
            }],
            labels: None,
            kind: None,
            author: None,
            sort: Sort::New,
            since: None,
            after: None,
            limit,
            pins_of: None,
        };
        let expected = searched(&world, &request, &scope);
        assert_eq!(expected.len(), 9);
        assert_eq!(walked(&world, &request, &scope, 9).unwrap(), expected);
        let oldest = FeedRequest { sort: Sort::Oldest, ..request };
        let expected = searched(&world, &oldest, &scope);
        assert_eq!(walked(&world, &oldest, &scope, 9).unwrap(), expected);
    }
}
