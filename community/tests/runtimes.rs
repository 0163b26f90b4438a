//! The engine is bound to no runtime, and to no process-wide state.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::sync::Arc;

use community::time::{Clock, ManualClock};
use community::{
    Action, Engine, Env, Error, FeedQuery, Limits, NewChannel, NewCommunity, NewCorrection,
    NewLabel, NewMember, NewPost, NewTopic, Policy, PostEdit, PostId, Seq, Session, Slot, Slug,
    ThreadQuery, TopicEdit, TopicId, Vote,
};

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

/// A community with one channel, and a member who has joined.
async fn prepared(engine: &Engine) -> Session {
    let host = engine.as_system();
    let new = NewCommunity::new(slug("garden"), "Garden".parse().unwrap(), Policy::public());
    host.create_community(new).await.unwrap();
    let channel = NewChannel::new(slug("help"), "Help".parse().unwrap());
    host.create_channel(&slug("garden"), channel).await.unwrap();
    let ana = NewMember::new("user:1".parse().unwrap(), "Ana".parse().unwrap());
    let ana = engine.member(host.sync_member(ana).await.unwrap());
    ana.join(&slug("garden")).await.unwrap();
    ana
}

fn question(title: &str) -> NewTopic {
    NewTopic::new(slug("garden"), slug("help"), slug("question"), title, "Who knows?")
}

/// Many write at once, each on a task of its own; everything is there afterwards.
async fn work(spawn: impl Fn(std::pin::Pin<Box<dyn Future<Output = ()> + Send>>)) -> usize {
    let engine = community::in_memory();
    let ana = prepared(&engine).await;
    let topic = ana.start_topic(question("Snails")).await.unwrap();
    let (done, waiting) = smol::channel::unbounded();
    for n in 0..20 {
        let (ana, done) = (ana.clone(), done.clone());
        spawn(Box::pin(async move {
            ana.reply(NewPost::new(topic, format!("Answer {n}"))).await.unwrap();
            done.send(()).await.unwrap();
        }));
    }
    for _ in 0..20 {
        waiting.recv().await.unwrap();
    }
    let query = ThreadQuery { limit: Some(50), ..ThreadQuery::default() };
    engine.anonymous().thread(topic, &query).await.unwrap().items.len()
}

#[test]
fn it_runs_under_tokio() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let spawner = runtime.handle().clone();
    let posts = runtime.block_on(work(move |task| drop(spawner.spawn(task))));
    assert_eq!(posts, 21);
}

#[test]
fn it_runs_under_smol() {
    let executor = Arc::new(smol::Executor::new());
    let spawner = executor.clone();
    let work = work(move |task| spawner.spawn(task).detach());
    assert_eq!(smol::block_on(executor.run(work)), 21);
}

#[test]
fn it_runs_under_a_plain_block_on_and_threads() {
    let posts = pollster::block_on(work(|task| {
        std::thread::spawn(move || pollster::block_on(task));
    }));
    assert_eq!(posts, 21);
}

#[test]
fn two_engines_with_different_settings_run_in_one_process() {
    pollster::block_on(async {
        let (then, now) = ("2020-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
        let clock = |at: &str| Arc::new(ManualClock::at(at.parse().unwrap())) as Arc<dyn Clock>;
        let strict = Limits { title: 10, ..Limits::default() };
        let one =
            community::in_memory_with(Env::default().with_clock(clock(then)).with_limits(strict));
        let two = community::in_memory_with(Env::default().with_clock(clock(now)));
        let (ana_one, ana_two) = (prepared(&one).await, prepared(&two).await);

        let long = question("A title of more than ten bytes");
        assert!(matches!(ana_one.start_topic(long.clone()).await, Err(Error::Limit(_))));
        let topic = ana_two.start_topic(long).await.unwrap();

        let short = ana_one.start_topic(question("Short")).await.unwrap();
        let year = |at: community::Timestamp| at.to_rfc3339()[..4].to_owned();
        assert_eq!(year(ana_one.topic(short).await.unwrap().topic.created_at), "2020");
        assert_eq!(year(ana_two.topic(topic).await.unwrap().topic.created_at), "2026");
        assert!(matches!(one.anonymous().topic(topic).await, Err(Error::NotFound("topic"))));
    });
}

fn is_send<T: Send>(_: T) {}

/// A host may spawn whatever it calls: that this compiles is the test.
#[test]
fn every_future_can_be_spawned() {
    let _compiles: fn(&Engine, &Session, TopicId, PostId) = send_each;
}

fn send_each(engine: &Engine, ana: &Session, topic: TopicId, post: PostId) {
    let garden = slug("garden");
    let key = "user:1".parse().unwrap();
    let member = ana.viewer().member().unwrap();
    is_send(engine.member_by_key(&key));
    is_send(engine.pump());
    is_send(engine.worker());
    is_send(engine.flush_views());
    is_send(engine.wait_for(Seq(1)));
    // Commands.
    is_send(ana.create_community(NewCommunity::new(
        slug("garden"),
        "Garden".parse().unwrap(),
        Policy::public(),
    )));
    is_send(ana.update_community(&garden, community::CommunityUpdate::default()));
    is_send(ana.define_kind(&garden, community::builtin_kinds()[0].clone()));
    is_send(ana.create_channel(&garden, NewChannel::new(slug("a"), "A".parse().unwrap())));
    is_send(ana.update_channel(&garden, &garden, community::ChannelUpdate::default()));
    is_send(ana.put_label(&garden, NewLabel::new(slug("a"), "A".parse().unwrap())));
    is_send(ana.sync_member(NewMember::new("user:1".parse().unwrap(), "Ana".parse().unwrap())));
    is_send(ana.join(&garden));
    is_send(ana.leave(&garden));
    is_send(ana.set_member(&garden, member, true));
    is_send(ana.grant_role(&garden, member, &garden, None));
    is_send(ana.revoke_role(&garden, member, &garden, None));
    is_send(ana.set_level(&garden, member, 1));
    is_send(ana.lift_sanction(&garden, member, community::SanctionKind::Silence, None));
    is_send(ana.sanction(
        &garden,
        member,
        community::NewSanction {
            kind: community::SanctionKind::Silence,
            channel: None,
            until: None,
            reason: String::new(),
        },
    ));
    is_send(ana.start_topic(question("a")));
    is_send(ana.edit_topic(topic, TopicEdit::default()));
    is_send(ana.move_topic(topic, &garden));
    is_send(ana.set_locked(topic, true));
    is_send(ana.set_pin(topic, None));
    is_send(ana.set_status(topic, &garden));
    is_send(ana.withdraw_topic(topic));
    is_send(ana.remove_topic(topic));
    is_send(ana.restore_topic(topic));
    is_send(ana.set_link(topic, topic, community::LinkKind::Related, true));
    is_send(ana.reply(NewPost::new(topic, "a")));
    is_send(ana.edit_post(post, PostEdit::new("a")));
    is_send(ana.withdraw_post(post));
    is_send(ana.remove_post(post));
    is_send(ana.restore_post(post));
    is_send(ana.vote(post, Some(Vote::Up)));
    is_send(ana.react(post, None));
    is_send(ana.accept(post, None));
    is_send(ana.unaccept(post));
    is_send(ana.set_official(post, true, None));
    is_send(ana.correct(NewCorrection::new(post, "a")));
    is_send(ana.import(&garden, None, &[]));
    // Reads.
    is_send(ana.communities());
    is_send(ana.community(&garden));
    is_send(ana.channels(&garden));
    is_send(ana.labels(&garden));
    is_send(ana.members(&garden, None, None));
    is_send(ana.member_of(&garden, &key));
    is_send(ana.member_count(&garden));
    is_send(ana.feed(&FeedQuery::home()));
    is_send(ana.topic(topic));
    is_send(ana.topic_by_key(&garden, &key));
    is_send(ana.thread(topic, &ThreadQuery::default()));
    is_send(ana.post(post));
    is_send(ana.post_by_key(&garden, &key));
    is_send(ana.revisions(post, 0, None));
    is_send(ana.revision_diff(post, 1, 2));
    is_send(ana.corrections(post));
    is_send(ana.reactions(post, Slot::Vote, None, None));
    is_send(ana.own_reactions(&[post]));
    is_send(ana.links(topic, None, None));
    is_send(ana.can(&Action::View, &garden, None));
    is_send(ana.can_in_topic(&Action::View, topic));
    is_send(ana.can_on_post(&Action::View, post));
    is_send(ana.record_view(topic));
    is_send(ana.events(Seq(0), None));
    is_send(ana.export());
}
