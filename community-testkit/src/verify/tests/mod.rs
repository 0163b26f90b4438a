//! Verification finds nothing in a sound store, and finds each thing that can be wrong with one.

mod content;
mod documents;
mod ledgers;
mod lists;
mod people;

use std::collections::BTreeSet;
use std::time::Duration;

use community_core::change::{ChangeSet, Counter, EventKind, NewEvent, Op};
use community_core::query::Listing;
use community_core::reputation::{Award, AwardsId};
use community_core::store::{Committer, Reader};
use community_core::{
    Attribute, Audience, ChannelId, Community, Correction, Document, DocumentId, DocumentKey, Kind,
    Limits, Link, LinkKind, Mark, Member, MemberId, Membership, Pin, PinPlace, Post, PostId,
    PostKind, ReactionDef, Revision, RoleGrant, Sanction, SanctionKind, State, Store, Topic,
    TopicId,
};
use pollster::block_on;

use super::verify;
use crate::ModelStore;
use crate::conformance::Opener;
use crate::fixture::{Draft, Home, accepted, corrected, given, hidden, joined, key, name, slug};
use crate::flawed::{Flaw, Flawed, Row};
use crate::world::World;

/// A sound world with one of everything that is verified.
struct Sound {
    w: World,
    store: ModelStore,
    home: Home,
    draft: Draft,
    answer: Post,
    reply: Post,
}

fn sound() -> Sound {
    let store = ModelStore::new();
    let handle = store.clone();
    block_on(async {
        let w = World::open(Opener::new(move || {
            let store = handle.clone();
            async move { std::sync::Arc::new(store) as std::sync::Arc<dyn Store> }
        }))
        .await;
        let home = w.home().await.unwrap();
        let kitchen = w.new_community("kitchen");
        w.apply([
            Op::PutCommunity(Box::new(kitchen.clone())),
            Op::PutChannel(Box::new(w.new_channel(&kitchen, "stove"))),
        ])
        .await
        .unwrap();
        w.labels(&home.community, &["old", "pests", "soil"]).await.unwrap();
        let mut draft = w.new_topic(&home.channel, home.ann.id).labelled(&["pests", "soil"]);
        draft.topic.key = Some(key("question:1"));
        w.apply(draft.ops()).await.unwrap();
        let answer = w.answer(&draft, &home.bob).await.unwrap();
        w.apply(accepted(&answer, w.now())).await.unwrap();
        let mut reply = w.new_reply(&answer, home.ann.id);
        reply.post.key = Some(key("comment:1"));
        w.apply(reply.ops()).await.unwrap();
        let removed = w.reply(&draft.opening, &home.bob).await.unwrap();
        w.reply(&removed, &home.ann).await.unwrap();
        w.apply(hidden(&w.post(removed.id).await.unwrap().post, State::Removed)).await.unwrap();
        for voter in ["voter:1", "voter:2", "voter:3"] {
            let voter = w.joiner(&home.community, voter).await.unwrap();
            let unlisted = Member { listed: false, ..voter.clone() };
            w.apply([Op::PutMember(Box::new(unlisted))]).await.unwrap();
            for given_key in ["up", "thanks"] {
                let reaction = w.new_reaction(draft.opening.id, voter.id, given_key);
                w.apply(given(&draft.topic, &reaction)).await.unwrap();
            }
        }
        let old = Some(vec![slug("old")]);
        let first = Revision { labels: old, ..draft.text.clone() };
        w.apply([Op::PutRevision(Box::new(first))]).await.unwrap();
        let second = Revision { number: 2, ..draft.text.clone() };
        w.apply([Op::PutRevision(Box::new(second))]).await.unwrap();
        let opening = w.post(draft.opening.id).await.unwrap().post;
        w.apply([Op::PutPost(Box::new(Post { revision: 2, ..opening }))]).await.unwrap();
        for withdrawn in [false, true, false] {
            let mut correction = w.new_correction(&draft.opening, home.bob.id);
            correction.withdrawn_at = withdrawn.then(|| w.now());
            w.apply(corrected(&correction)).await.unwrap();
        }
        w.apply([
            Op::AddViews { topic: draft.topic.id, day: 0, views: 4 },
            Op::AddViews { topic: draft.topic.id, day: 19_675, views: 3 },
        ])
        .await
        .unwrap();
        for i in 0..3 {
            let mut other = w.new_topic(&home.channel, home.bob.id);
            if i == 1 {
                (other.topic.kind, other.topic.answerable) = (slug("idea"), false);
                other.topic.status = slug("new");
            }
            if i == 0 {
                other.topic.pin = Some(pin(&w));
                other.topic.state = State::Removed;
            }
            if i == 2 {
                other.topic.pin = Some(pin(&w));
            }
            w.apply(other.ops()).await.unwrap();
            let (from, to) = (draft.topic.id, other.topic.id);
            let link = Link { from, to, kind: LinkKind::Related, at: w.now() };
            w.apply([Op::PutLink(link)]).await.unwrap();
        }
        let note = |n: i64, keys: Vec<DocumentKey>| {
            let id = DocumentId::from_uuid(w.mint(w.now()));
            let body = serde_json::json!({ "n": n });
            let new = Document::new(id, home.community.id, slug("notes"), w.now(), &body).unwrap();
            Op::PutDocument(Box::new(new.with_keys(keys)))
        };
        let at = |group: &str, key| DocumentKey::new(slug("by-state"), key).within(group);
        w.apply([
            note(1, vec![at("draft", 1), DocumentKey::new(slug("all"), 1)]),
            note(2, vec![at("draft", 5)]),
            note(3, vec![at("published", 2)]),
            note(4, vec![]),
        ])
        .await
        .unwrap();
        let event = |kind| NewEvent {
            topic: Some(draft.topic.id),
            post: Some(draft.opening.id),
            actor: Some(home.ann.id),
            community: Some(home.community.id),
            ..w.new_event(kind)
        };
        let mut events = vec![
            event(EventKind::TopicStarted { labels: Vec::new() }),
            event(EventKind::PostWritten),
        ];
        events.push(w.new_event(EventKind::MemberChanged));
        w.store.commit(ChangeSet { events, ..ChangeSet::default() }).await.unwrap();
        let reply = reply.post;
        Sound { store, home, draft, answer, reply, w }
    })
}

fn pin(w: &World) -> Pin {
    Pin {
        place: PinPlace::Channel,
        position: 0,
        audience: Audience::Everyone,
        since: w.now(),
        until: None,
    }
}

/// The rules that a store breaks.
fn broken(store: &dyn Store) -> BTreeSet<&'static str> {
    let report = block_on(verify(store)).unwrap();
    assert!(report.checks > 100);
    report.findings.into_iter().map(|finding| finding.rule).collect()
}

/// The rules that are broken once `ops` are applied to a sound store.
fn after(corrupt: impl Fn(&Sound) -> Vec<Op>) -> BTreeSet<&'static str> {
    let sound = sound();
    let ops = corrupt(&sound);
    block_on(sound.w.apply(ops)).unwrap();
    broken(&sound.store)
}

/// The rules that a sound store seems to break when it is read through a flaw.
fn through(flaw: Flaw) -> BTreeSet<&'static str> {
    broken(&Flawed { inner: sound().store, flaw })
}

fn rules(rules: &[&'static str]) -> BTreeSet<&'static str> {
    rules.iter().copied().collect()
}

#[test]
fn nothing_is_found_in_a_sound_store() {
    assert_eq!(broken(&sound().store), rules(&[]));
}

#[test]
fn a_report_is_written_as_json() {
    let sound = sound();
    block_on(sound.w.apply([Op::Bump(Counter::TopicPosts(sound.draft.topic.id), 1)])).unwrap();
    let report = block_on(verify(&sound.store)).unwrap();
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["checks"], report.checks);
    let expected = serde_json::json!([{
        "rule": "posts of a topic",
        "subject": format!("topic {}", sound.draft.topic.id),
        "expected": "4",
        "found": "5",
    }]);
    assert_eq!(json["findings"], expected);
}

/// The membership of somebody with so many sanctions.
fn sanctioned(s: &Sound, n: usize, reason: &str, by: Option<MemberId>) -> Op {
    let sanction = Sanction {
        kind: SanctionKind::Silence,
        channel: None,
        since: s.w.now(),
        until: Some(s.w.now() + Duration::from_secs(1)),
        reason: reason.to_owned(),
        by,
    };
    let membership = Membership {
        sanctions: vec![sanction; n],
        joined_at: Some(s.w.now()),
        ..Membership::stranger(s.home.community.id, s.home.ann.id)
    };
    Op::PutMembership(Box::new(membership))
}

#[test]
fn every_rule_has_a_test() {
    let sources = [
        include_str!("../documents.rs"),
        include_str!("../boards.rs"),
        include_str!("../ledgers.rs"),
        include_str!("../listings.rs"),
        include_str!("../log.rs"),
        include_str!("../mod.rs"),
        include_str!("../people.rs"),
        include_str!("../places.rs"),
        include_str!("../posts.rs"),
        include_str!("../reactions.rs"),
        include_str!("../topics.rs"),
    ];
    // A rule is the first text behind the name of a check, or the value of a `rule`.
    let begins = ["self.same(", "self.holds(", "self.fits(", "self.find(", "let rule ="];
    let mut rules = BTreeSet::new();
    for source in sources {
        for begin in begins {
            let behind = source.split(begin).skip(1).map(str::trim_start);
            rules.extend(behind.filter_map(|text| text.strip_prefix('"')?.split('"').next()));
        }
    }
    assert!(rules.len() > 60, "{}", rules.len());
    let tests = [
        include_str!("content.rs"),
        include_str!("documents.rs"),
        include_str!("ledgers.rs"),
        include_str!("lists.rs"),
        include_str!("people.rs"),
    ]
    .concat();
    for rule in rules {
        assert!(tests.contains(&format!("\"{rule}\"")), "no test names `{rule}`");
    }
}
