//! What somebody has begun to type finds what is called so, for those who may see it.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use community::{
    Audience, ChannelView, CompleteQuery, Completions, Engine, Error, LabelView, Limits,
    MemberView, Name, NameKind, NewChannel, NewCommunity, NewLabel, NewMember, NewTopic, Policy,
    Session, Slug, Visible,
};
use pollster::block_on;

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A public community with a channel `talk`, in which a member moderates.
fn garden(engine: &Engine) -> Session {
    let host = engine.as_system();
    let new = NewCommunity::new(slug("garden"), name("Garden"), Policy::public());
    block_on(host.create_community(new)).unwrap();
    channel(engine, "talk", "Talk", Policy::inherit());
    let ana = member(engine, "crm:1", "Ana");
    let moderator = slug("moderator");
    let id = ana.viewer().member().unwrap();
    block_on(host.grant_role(&slug("garden"), id, &moderator, None)).unwrap();
    ana
}

fn channel(engine: &Engine, key: &str, called: &str, policy: Policy) {
    let new = NewChannel::new(slug(key), name(called)).policy(policy);
    block_on(engine.as_system().create_channel(&slug("garden"), new)).unwrap();
}

fn label(engine: &Engine, key: &str, called: &str, audience: Audience) {
    let new = NewLabel::new(slug(key), name(called)).audience(audience);
    block_on(engine.as_system().put_label(&slug("garden"), new)).unwrap();
}

fn member(engine: &Engine, key: &str, called: &str) -> Session {
    let new = NewMember::new(key.parse().unwrap(), name(called));
    let id = block_on(engine.as_system().sync_member(new)).unwrap();
    block_on(engine.member(id).join(&slug("garden"))).unwrap();
    engine.member(id)
}

/// Topics with a label in a channel.
fn topics(writer: &Session, channel: &str, label: &str, count: usize) {
    for _ in 0..count {
        let new = NewTopic::new(slug("garden"), slug(channel), slug("question"), "Why?", "Why?");
        block_on(writer.start_topic(new.label(slug(label)))).unwrap();
    }
}

fn complete(session: &Session, typed: &str) -> Completions {
    block_on(session.complete(&CompleteQuery::new(slug("garden"), typed))).unwrap()
}

fn labels(found: &[Visible<LabelView>]) -> Vec<&str> {
    found.iter().map(|view| view.key.as_str()).collect()
}

fn channels(found: &[Visible<ChannelView>]) -> Vec<&str> {
    found.iter().map(|view| view.key.as_str()).collect()
}

fn members(found: &[Visible<MemberView>]) -> Vec<&str> {
    found.iter().map(|view| view.name.as_str()).collect()
}

fn moderators() -> Audience {
    Audience::Role(slug("moderator"))
}

#[test]
fn labels_come_by_what_begins_so_and_by_the_topics_that_the_viewer_may_read() {
    let engine = community::in_memory();
    let ana = garden(&engine);
    let hidden = Policy::inherit().with(community::Action::View, moderators());
    channel(&engine, "shed", "Shed", hidden);
    for (key, called) in [
        ("tomato", "Tomato"),
        ("tomate", "Paradeiser"),
        ("pest", "Green tómatoes"),
        ("tomb", "Tomb"),
        ("automatic", "Automatic"),
    ] {
        label(&engine, key, called, Audience::Everyone);
    }
    topics(&ana, "talk", "tomate", 2);
    topics(&ana, "talk", "tomb", 1);
    topics(&ana, "talk", "pest", 3);
    topics(&ana, "shed", "tomato", 5);
    let seen = complete(&ana, "TOMÁ");
    assert_eq!(labels(&seen.labels), ["tomato", "tomate", "pest"]);
    assert_eq!(seen.labels.iter().map(|view| view.topics).collect::<Vec<_>>(), [5, 2, 3]);
    // Whoever does not read the shed is not told by the order either that there is something.
    let visitor = engine.anonymous();
    let seen = complete(&visitor, "tom");
    assert_eq!(labels(&seen.labels), ["tomate", "tomb", "tomato", "pest"]);
    assert_eq!(seen.labels.iter().map(|view| view.topics).collect::<Vec<_>>(), [2, 1, 0, 3]);
    assert_eq!(labels(&complete(&visitor, "").labels)[..3], ["pest", "tomate", "tomb"]);
    let first = CompleteQuery::new(slug("garden"), "tom").limit(2);
    assert_eq!(labels(&block_on(visitor.complete(&first)).unwrap().labels), ["tomate", "tomb"]);
}

#[test]
fn what_does_not_exist_for_a_viewer_is_completed_for_others_only() {
    let engine = community::in_memory();
    let ana = garden(&engine);
    let hidden = Policy::inherit().with(community::Action::View, moderators());
    channel(&engine, "vault", "Vault", hidden);
    label(&engine, "vacant", "Vacant", moderators());
    let seen = complete(&ana, "va");
    assert_eq!((labels(&seen.labels), channels(&seen.channels)), (vec!["vacant"], vec!["vault"]));
    let bob = member(&engine, "crm:2", "Bob");
    for viewer in [&engine.anonymous(), &bob] {
        assert_eq!(complete(viewer, "va"), Completions::default());
        assert_eq!(channels(&complete(viewer, "").channels), ["talk"]);
    }
    // What is hidden takes up no room on a page.
    label(&engine, "valley", "Valley", Audience::Everyone);
    channel(&engine, "veranda", "Veranda", Policy::inherit());
    topics(&ana, "vault", "vacant", 2);
    let one = block_on(bob.complete(&CompleteQuery::new(slug("garden"), "v").limit(1))).unwrap();
    assert_eq!((labels(&one.labels), channels(&one.channels)), (vec!["valley"], vec!["veranda"]));
    let closed = NewCommunity::new(slug("closed"), name("Closed"), Policy::members_only());
    block_on(engine.as_system().create_community(closed)).unwrap();
    let query = CompleteQuery::new(slug("closed"), "a");
    let refused = block_on(engine.anonymous().complete(&query));
    assert!(matches!(refused, Err(Error::NotFound("community"))), "{refused:?}");
}

#[test]
fn members_are_completed_while_they_belong_and_are_listed() {
    let engine = community::in_memory();
    garden(&engine);
    let zoe = member(&engine, "crm:7", "Zoë de Boer");
    member(&engine, "crm:8", "Bo Zand");
    let found = |typed: &str| complete(&engine.anonymous(), typed).members;
    assert_eq!(members(&found("zoe")), ["Zoë de Boer"]);
    assert_eq!(members(&found("bo")), ["Bo Zand", "Zoë de Boer"]);
    assert_eq!(members(&found("CRM:")), ["Ana", "Zoë de Boer", "Bo Zand"]);
    assert_eq!(members(&found(" ")), [""; 0], "nobody is proposed out of the blue");
    let host = engine.as_system();
    let renamed = NewMember::new("crm:7".parse().unwrap(), name("Cleo"));
    block_on(host.sync_member(renamed.clone())).unwrap();
    assert_eq!(members(&found("zoe")), [""; 0]);
    assert_eq!(members(&found("cleo")), ["Cleo"]);
    block_on(host.sync_member(NewMember { listed: false, ..renamed.clone() })).unwrap();
    assert_eq!(members(&found("cleo")), [""; 0]);
    block_on(host.sync_member(renamed)).unwrap();
    block_on(zoe.leave(&slug("garden"))).unwrap();
    assert_eq!(members(&found("cleo")), [""; 0]);
}

#[test]
fn only_what_is_asked_for_is_completed_and_sizes_are_checked_first() {
    let engine = community::in_memory();
    let ana = garden(&engine);
    label(&engine, "talk", "Talk", Audience::Everyone);
    member(&engine, "talk:1", "Talker");
    let query = CompleteQuery::new(slug("garden"), "tal");
    let all = block_on(ana.complete(&query)).unwrap();
    assert_eq!((all.labels.len(), all.channels.len(), all.members.len()), (1, 1, 1));
    for (kind, counts) in NameKind::ALL.into_iter().zip([(1, 0, 0), (0, 1, 0), (0, 0, 1)]) {
        let found = block_on(ana.complete(&query.clone().only(kind))).unwrap();
        let found = (found.labels.len(), found.channels.len(), found.members.len());
        assert_eq!(found, counts, "{kind:?}");
    }
    let limits = Limits::default();
    let nowhere = |typed: String| CompleteQuery::new(slug("nowhere"), typed);
    for query in
        [nowhere("x".repeat(limits.search_term + 1)), nowhere("x".into()).limit(limits.page + 1)]
    {
        let refused = block_on(ana.complete(&query));
        assert!(matches!(refused, Err(Error::Limit(_))), "{refused:?}");
    }
    let refused = block_on(ana.complete(&nowhere("x".into()).limit(0)));
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
}
