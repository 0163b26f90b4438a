//! What one place has set up, chosen or hidden does not reach into others.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use community::{
    Audience, CommunityUpdate, Engine, Error, FeedQuery, Filter, Key, NewChannel, NewCommunity,
    NewLabel, NewMember, NewPin, NewTopic, Options, PinPlace, Policy, Session, Settings, Slug,
    Sort, TopicEdit, TopicId, Window,
};
use community_store_sqlite::Synchronous;
use pollster::block_on;

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

/// A public community with a channel `talk`, and settings of its own.
fn community(engine: &Engine, key: &str, settings: Settings) {
    let new = NewCommunity::new(slug(key), key.parse().unwrap(), Policy::public());
    block_on(engine.as_system().create_community(NewCommunity { settings, ..new })).unwrap();
    let channel = NewChannel::new(slug("talk"), "Talk".parse().unwrap());
    block_on(engine.as_system().create_channel(&slug(key), channel)).unwrap();
}

fn member(engine: &Engine, community: &str) -> Session {
    let new = NewMember::new("user:1".parse().unwrap(), "Ana".parse().unwrap());
    let id = block_on(engine.as_system().sync_member(new)).unwrap();
    block_on(engine.member(id).join(&slug(community))).unwrap();
    engine.member(id)
}

fn topic(community: &str, title: &str) -> NewTopic {
    NewTopic::new(slug(community), slug("talk"), slug("question"), title, "The text.")
}

fn sorts(sorts: &[Sort]) -> Settings {
    Settings { sorts: Some(sorts.to_vec()), ..Settings::default() }
}

#[test]
fn a_feed_across_communities_follows_the_settings_of_none() {
    let engine = community::in_memory();
    community(&engine, "a", sorts(&[Sort::Active]));
    community(
        &engine,
        "b",
        Settings { filters: Some([Filter::Kind].into()), ..sorts(&[Sort::Hot]) },
    );
    let visitor = engine.anonymous();
    for sort in Sort::ALL {
        block_on(visitor.feed(&FeedQuery::home().sort(sort))).unwrap();
    }
    let both = FeedQuery { communities: vec![slug("a"), slug("b")], ..FeedQuery::home() };
    block_on(visitor.feed(&both.sort(Sort::Top).window(Window::Days(7)))).unwrap();
    let one = block_on(visitor.feed(&FeedQuery::community(slug("a")).sort(Sort::Hot)));
    assert!(matches!(one, Err(Error::Invalid(_))), "{one:?}");
}

#[test]
fn the_home_feed_is_the_same_question_however_many_communities_there_are() {
    let engine = community::in_memory();
    community(&engine, "a", Settings::default());
    let narrowed = FeedQuery::home().labels("red".parse().unwrap());
    let found = block_on(engine.anonymous().feed(&narrowed));
    assert!(matches!(found, Err(Error::Invalid(_))), "{found:?}");
}

#[test]
fn a_pin_tells_moderators_alone_for_whom_it_is() {
    let engine = community::in_memory();
    community(&engine, "a", Settings::default());
    let ana = member(&engine, "a");
    let id = block_on(ana.start_topic(topic("a", "For some"))).unwrap();
    let pin = |audience: &str| NewPin {
        place: PinPlace::Community,
        position: 0,
        audience: audience.parse().unwrap(),
        until: None,
    };
    let host = engine.as_system();
    block_on(host.set_pin(id, Some(pin("list(board)")))).unwrap();
    let first = |session: &Session, query: FeedQuery| block_on(session.feed(&query)).unwrap();
    let all = FeedQuery::community(slug("a"));
    for viewer in [engine.anonymous(), ana.clone()] {
        let page = first(&viewer, all.clone());
        assert_eq!((page.pinned.len(), &page.items[0].topic.pin), (0, &None));
        assert_eq!(block_on(viewer.topic(id)).unwrap().topic.pin, None);
    }
    assert!(block_on(host.topic(id)).unwrap().topic.pin.is_some());

    // An edit by somebody who does not see the pin leaves it where it is.
    let edit = TopicEdit { title: Some("Renamed".into()), ..TopicEdit::default() };
    block_on(ana.edit_topic(id, edit)).unwrap();
    assert!(block_on(host.topic(id)).unwrap().topic.pin.is_some());

    // Whom it is for finds it on top, and not where only some topics are asked for.
    block_on(host.set_pin(id, Some(pin("everyone")))).unwrap();
    assert_eq!(first(&ana, all.clone()).pinned.len(), 1);
    for some in [all.clone().sort(Sort::Unanswered), all.clone().kind(slug("idea"))] {
        assert_eq!(first(&ana, some).pinned, []);
    }
}

#[test]
fn nobody_takes_over_a_permalink_with_a_key_that_reads_like_it() {
    let engine = community::in_memory();
    community(&engine, "a", Settings::default());
    let ana = member(&engine, "a");
    let id: TopicId = block_on(ana.start_topic(topic("a", "The first"))).unwrap();
    let key: Key = id.to_string().parse().unwrap();
    block_on(ana.start_topic(topic("a", "The impostor").key(key.clone()))).unwrap();
    let found = block_on(ana.topic_by_key(&slug("a"), &key)).unwrap();
    assert_eq!(found.topic.id, id);
}

#[test]
fn a_label_that_is_renamed_is_not_thereby_shown() {
    let engine = community::in_memory();
    community(&engine, "a", Settings::default());
    let host = engine.as_system();
    let label = |name: &str| NewLabel::new(slug("secret"), name.parse().unwrap());
    let audience: Audience = "role(board)".parse().unwrap();
    block_on(host.put_label(&slug("a"), label("Secret").audience(audience))).unwrap();
    block_on(host.put_label(&slug("a"), label("Renamed"))).unwrap();
    assert_eq!(block_on(engine.anonymous().labels(&slug("a"))).unwrap(), []);
    block_on(host.put_label(&slug("a"), label("Shown").audience(Audience::Everyone))).unwrap();
    assert_eq!(block_on(engine.anonymous().labels(&slug("a"))).unwrap().len(), 1);
}

#[test]
fn whoever_stops_waiting_for_views_to_be_written_loses_none() {
    // A store that answers later: in memory, one poll writes all.
    let dir = tempfile::tempdir().unwrap();
    let options = Options::default().synchronous(Synchronous::Normal);
    let engine = community::open_with(dir.path(), options).unwrap();
    community(&engine, "a", Settings::default());
    let ana = member(&engine, "a");
    let topics: Vec<TopicId> = (0..1_100)
        .map(|n| block_on(ana.start_topic(topic("a", &format!("Topic {n}")))).unwrap())
        .collect();
    for id in &topics {
        block_on(engine.anonymous().record_view(*id)).unwrap();
    }
    // Polled once and dropped.
    let mut flush = Box::pin(engine.flush_views());
    let waker = std::task::Waker::noop();
    let _ = flush.as_mut().poll(&mut std::task::Context::from_waker(waker));
    drop(flush);
    block_on(engine.flush_views()).unwrap();
    let views: i64 =
        topics.iter().map(|id| block_on(ana.topic(*id)).unwrap().topic.counters.views).sum();
    assert_eq!(views, 1_100);
}

#[test]
fn whoever_manages_reads_what_there_is_to_change_and_changes_only_that() {
    let engine = community::in_memory();
    community(&engine, "a", sorts(&[Sort::Active]));
    let (here, talk) = (slug("a"), slug("talk"));
    let host = engine.as_system();
    let staff: Audience = "role(staff)".parse().unwrap();
    let label = NewLabel::new(slug("red"), "Red".parse().unwrap());
    let label = NewLabel { audience: Some(staff.clone()), ..label };
    block_on(host.put_label(&here, label)).unwrap();
    let ana = member(&engine, "a");
    let id = ana.viewer().member().unwrap();

    for refused in [
        block_on(ana.managed_community(&here)).map(drop),
        block_on(ana.managed_channel(&here, &talk)).map(drop),
        block_on(ana.managed_labels(&here)).map(drop),
    ] {
        assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
    }
    let absent = block_on(ana.managed_community(&slug("b")));
    assert!(matches!(absent, Err(Error::NotFound("community"))), "{absent:?}");

    block_on(host.grant_role(&here, id, &slug("manager"), None)).unwrap();
    assert!(block_on(ana.managed_labels(&here)).unwrap().is_empty());
    assert_eq!(block_on(host.managed_labels(&here)).unwrap()[0].audience, staff);

    let before = block_on(ana.managed_community(&here)).unwrap();
    assert_eq!(before.settings, sorts(&[Sort::Active]));
    let rename = |name: &str| CommunityUpdate {
        name: Some(name.parse().unwrap()),
        expected: Some(before.rev),
        ..CommunityUpdate::default()
    };
    block_on(ana.update_community(&here, rename("Mine"))).unwrap();
    let late = block_on(host.update_community(&here, rename("No, mine")));
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
    let after = block_on(host.managed_community(&here)).unwrap();
    assert_eq!((after.name.as_str(), &after.settings), ("Mine", &before.settings));

    let channel = block_on(ana.managed_channel(&here, &talk)).unwrap();
    assert_eq!(channel.settings, Settings::default(), "its own, not those it inherits");
}
