//! Keys, feeds, threads and the log.

use super::*;

#[test]
fn wrong_keys_are_found() {
    assert!(through(Flaw::FindsNoPosts).contains("a post is found by its key"));
    assert_eq!(
        through(Flaw::FindsNothing),
        rules(&["a topic is found by its key", "a post is found by its key"])
    );
}

#[test]
fn wrong_listings_are_found() {
    assert_eq!(through(Flaw::ShortFeedPages), rules(&[]), "three topics fit on a short page");
    assert!(through(Flaw::DoublesFeedItem).contains("a feed is in its order"));
    assert!(through(Flaw::SortsNewOnly).contains("a feed is sorted by what its topics say"));
    assert!(through(Flaw::IgnoresKind).contains("a feed lists what belongs there"));
    assert!(through(Flaw::IgnoresLabels).contains("a feed is whole"));
    assert!(through(Flaw::IgnoresAuthor).contains("a feed lists what belongs there"));
    assert!(through(Flaw::EndsFeedsEarly).contains("a feed is whole"));
    let bare = through(Flaw::LosesCardCorrections);
    assert_eq!(bare, rules(&["a feed shows topics as they are"]));
    let old = through(Flaw::ListsUnderOldLabels);
    assert_eq!(old, rules(&["a feed lists what belongs there", "a feed is whole"]));
    assert!(through(Flaw::PinsWhatIsHidden).contains("what is pinned is published"));
    assert_eq!(through(Flaw::ForgetsPins), rules(&["what is pinned is published"]));
}

#[test]
fn a_list_in_which_a_topic_stood_before_it_was_moved_is_read_too() {
    let moved = |store: &ModelStore, s: &Sound| {
        let shed = s.w.new_channel(&s.home.community, "shed");
        let mut topic = s.w.new_topic(&shed, s.home.bob.id).labelled(&["old"]);
        topic.topic.channel = s.home.channel.id;
        let mut ops = vec![Op::PutChannel(Box::new(shed.clone()))];
        ops.extend(topic.ops());
        let event = NewEvent {
            topic: Some(topic.topic.id),
            ..s.w.new_event(EventKind::TopicMoved { from: shed.id })
        };
        // Something that the flaw can list there.
        ops.extend(s.w.new_topic(&shed, s.home.bob.id).ops());
        let changes = ChangeSet { ops, events: vec![event], ..ChangeSet::default() };
        block_on(store.commit(changes)).unwrap();
        shed.id
    };
    let s = sound();
    let shed = moved(&s.store, &s);
    assert_eq!(broken(&s.store), rules(&[]));
    let flawed = Flawed { inner: s.store.clone(), flaw: Flaw::ListsUnderOldLabels };
    let report = block_on(verify(&flawed)).unwrap();
    let list = format!("{:?}", Listing::ChannelLabel(shed, slug("old")));
    assert!(report.findings.iter().any(|finding| finding.subject.starts_with(&list)));
}

#[test]
fn a_wrong_reading_order_is_found() {
    assert_eq!(through(Flaw::SortsThreadsByTime), rules(&["a thread is read in its order"]));
    assert!(through(Flaw::DropsPlaceholders).contains("a thread is read in its order"));
    assert!(through(Flaw::MixesUpThreads).contains("a thread shows posts as they are"));
    let above = through(Flaw::LosesAncestors);
    assert_eq!(above, rules(&["the posts above a post are those it replies to"]));
}

#[test]
fn a_wrong_log_is_found() {
    assert_eq!(through(Flaw::LogSkipsOne), rules(&["the log has no gap"]));
    assert_eq!(through(Flaw::LogLosesLast), rules(&["the head of the log is its last event"]));
    let speaks = |change: fn(&mut NewEvent)| {
        let sound = sound();
        let mut event = sound.w.new_event(EventKind::TopicEdited { labels: None });
        change(&mut event);
        let changes = ChangeSet { events: vec![event], ..ChangeSet::default() };
        block_on(sound.w.store.commit(changes)).unwrap();
        broken(&sound.store)
    };
    let topic = speaks(|event| event.topic = Some(TopicId::from_bytes([9; 16])));
    assert_eq!(topic, rules(&["what an event speaks of exists"]));
    let post = speaks(|event| event.post = Some(PostId::from_bytes([9; 16])));
    assert_eq!(post, rules(&["what an event speaks of exists"]));
    let channel = speaks(|event| event.channel = Some(ChannelId::from_bytes([9; 16])));
    assert_eq!(channel, rules(&["what an event speaks of exists"]));
    let member = speaks(|event| event.member = Some(MemberId::from_bytes([9; 16])));
    assert_eq!(member, rules(&["who is named exists"]));
}
