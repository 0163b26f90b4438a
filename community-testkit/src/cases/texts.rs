//! G9: what the engine lets through, a store keeps byte for byte, whatever is in it and however
//! long it is.

use community_core::change::{Expect, Op, UniqueKey};
use community_core::{
    Attribute, Channel, Community, Correction, Key, Label, LabelExpr, Limits, Mark, Member,
    Membership, Name, Post, Revision, Sanction, SanctionKind, Slug, Sort, Title, Topic,
};
use serde_json::{Map, Value, json};

use crate::check::{Outcome, at_least, equal, some};
use crate::fixture::{Draft, Home, corrected, given, key, name, slug};
use crate::meadow::selection;
use crate::snapshot::feed;
use crate::walk;
use crate::world::World;

/// Texts that have broken something somewhere, without NUL.
fn hostile() -> Vec<String> {
    let mut texts: Vec<String> = [
        "'; DROP TABLE topics; --",
        "\" OR 1=1 --",
        "`x` [y] $1 ?1 :a @b",
        "%_\\ \\% \\_ *?[]^$",
        "{\"a\":[1,null]} {{x}} ${y} %s %n",
        "<script>alert('x')</script> &amp; &#0;",
        "line\nline\r\nline\u{b}\u{c}\ttab",
        "\u{1}\u{2}\u{7}\u{8}\u{1b}[31m\u{7f}\u{80}\u{9f}",
        " leading and trailing \u{a0}\u{3000} ",
        "é e\u{301} ﬁ ß ẞ İ ı ſ Ω Ω",
        "שלום עולם مرحبا \u{202e}abc\u{202c} \u{200f}x\u{2066}y\u{2069}",
        "😀👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿 𝔘𝔫𝔦 𠜎𠜱",
        "\u{feff}bom \u{fffd} \u{fffe} \u{10ffff} \u{e000}",
        "Z\u{351}\u{36b}\u{343}\u{36a}a\u{30d}\u{35b}",
        "0x00 00 -0 1e309 NaN null NULL undefined true",
        "a\u{200b}b\u{200c}c\u{200d}d\u{2060}e",
    ]
    .map(str::to_owned)
    .into();
    texts.push("x".repeat(65_536));
    texts.push("𝔘é%_\\'\"".repeat(4_096));
    texts
}

/// The same as a type with rules of its own, as far as it takes them.
fn valid<T>(make: impl Fn(&str) -> Result<T, community_core::TextError>) -> Vec<T> {
    let short = hostile().into_iter().map(|text| text.chars().take(40).collect::<String>());
    let one_line = short.map(|text| text.replace(|c: char| c.is_control(), "·"));
    one_line.filter_map(|text| make(&text).ok()).collect()
}

fn keys() -> Vec<Key> {
    let mut keys = valid(Key::new);
    keys.extend(
        ["a", "A", "a ", " a", "å", "a\u{30a}", "a_", "ab", "a%", "1", "01", "1.0"].map(key),
    );
    keys.push(key(&"𝔘".repeat(Key::MAX_BYTES / 4)));
    keys
}

pub(crate) async fn bodies_are_kept_byte_for_byte(w: World) -> Outcome {
    let home = w.home().await?;
    let Draft { mut opening, mut text, .. } = w.question(&home).await?;
    for (body, number) in hostile().into_iter().zip(2..) {
        (opening.revision, text.number) = (number, number);
        text.body = body.clone();
        text.reason = Some(body.chars().take(2_000).collect());
        w.apply([Op::PutRevision(Box::new(text.clone())), Op::PutPost(Box::new(opening.clone()))])
            .await?;
        equal("the body", w.post(opening.id).await?.body, body)?;
        let scope = w.system().await?;
        let last = w.store.revisions(opening.id, number - 1, 1, &scope).await?;
        let last: Vec<Revision> =
            scope.admit_all(last).into_iter().map(|revision| revision.into_inner().2).collect();
        equal("the revision", last, vec![text.clone()])?;
    }
    Ok(())
}

pub(crate) async fn bodies_of_every_length_are_kept(w: World) -> Outcome {
    let home = w.home().await?;
    let Draft { opening, mut text, .. } = w.question(&home).await?;
    // Up to the hard cap: a store has no limit of its own.
    let cap = Limits::caps().body;
    for length in [1, 255, 256, 4_095, 4_096, 4_097, 65_535, 65_536, 131_072, cap] {
        text.body = "é".repeat(length / 2) + if length % 2 == 1 { "x" } else { "" };
        w.apply([Op::PutRevision(Box::new(text.clone()))]).await?;
        equal("the length", w.post(opening.id).await?.body.len(), length)?;
        equal("the body", w.post(opening.id).await?.body, text.body.clone())?;
    }
    Ok(())
}

pub(crate) async fn titles_are_kept_byte_for_byte(w: World) -> Outcome {
    let home = w.home().await?;
    let Draft { mut topic, .. } = w.question(&home).await?;
    let mut titles = valid(Title::new);
    titles.extend(Title::new(&"𝔘".repeat(Title::MAX_BYTES / 4)));
    at_least("titles", &titles, 10)?;
    for title in titles {
        topic.title = title;
        w.apply([Op::PutTopic(Box::new(topic.clone()))]).await?;
        equal("the title", w.topic(topic.id).await?.title, topic.title.clone())?;
    }
    Ok(())
}

pub(crate) async fn payloads_are_kept_as_they_are(w: World) -> Outcome {
    let home = w.home().await?;
    let Draft { mut topic, .. } = w.question(&home).await?;
    let texts: Map<String, Value> =
        hostile().into_iter().map(|text| (text.chars().take(90).collect(), json!(text))).collect();
    let deep = (0..40).fold(json!(1), |inner, _| json!([inner, {"in": null}]));
    let payloads = [
        json!({}),
        json!(texts),
        json!({"deep": deep}),
        json!({"numbers": [0, -1, i64::MIN, i64::MAX, u64::MAX, 1.5, -0.25]}),
        json!({"": "", "a\u{0}b": "nul \u{0} inside", "z": [true, false, null, "", [], {}]}),
        json!({"long": "x".repeat(65_000)}),
    ];
    for payload in payloads {
        topic.payload = Some(payload);
        w.apply([Op::PutTopic(Box::new(topic.clone()))]).await?;
        equal("the payload", w.topic(topic.id).await?.payload, topic.payload.clone())?;
    }
    Ok(())
}

pub(crate) async fn corrections_and_marks_are_kept_byte_for_byte(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let answer = w.answer(&draft, &home.bob).await?;
    for text in hostile() {
        let correction =
            Correction { body: text.clone(), ..w.new_correction(&answer, home.ann.id) };
        let mark = Some(Mark { by: None, at: w.now(), reason: Some(text) });
        let marked = Post { accepted: mark.clone(), official: mark, ..answer.clone() };
        let mut ops = corrected(&correction);
        ops.push(Op::PutPost(Box::new(marked.clone())));
        w.apply(ops).await?;
        equal("it", w.store.correction(correction.id).await?, Some(correction))?;
        let post = w.post(answer.id).await?.post;
        equal("marks", (post.accepted, post.official), (marked.accepted, marked.official))?;
    }
    equal("corrections", w.store.corrections(answer.id).await?.len(), hostile().len())
}

pub(crate) async fn what_members_say_of_themselves_is_kept_byte_for_byte(w: World) -> Outcome {
    let home = w.home().await?;
    for text in hostile() {
        let member = Member {
            profile: [(slug("about"), text.clone())].into(),
            attributes: [
                (slug("text"), Attribute::Text(text.clone())),
                (slug("texts"), Attribute::Texts(vec![text.clone(), String::new(), text.clone()])),
            ]
            .into(),
            ..home.ann.clone()
        };
        let sanction = Sanction {
            kind: SanctionKind::Silence,
            channel: None,
            since: w.now(),
            until: None,
            reason: text,
            by: None,
        };
        let membership = Membership {
            sanctions: vec![sanction],
            ..w.new_membership(&home.community, &home.ann)
        };
        w.apply([
            Op::PutMember(Box::new(member.clone())),
            Op::PutMembership(Box::new(membership.clone())),
        ])
        .await?;
        equal("the member", w.store.members(&[member.id]).await?, vec![Some(member.clone())])?;
        equal("the membership", w.store.memberships(member.id).await?, vec![membership])?;
    }
    Ok(())
}

pub(crate) async fn names_and_descriptions_are_kept_byte_for_byte(w: World) -> Outcome {
    let home = w.home().await?;
    let names = valid(Name::new);
    at_least("names", &names, 10)?;
    for (called, description) in names.into_iter().cycle().zip(hostile()) {
        let community = Community {
            name: called.clone(),
            description: description.clone(),
            ..home.community.clone()
        };
        let channel = Channel {
            name: called.clone(),
            description: description.clone(),
            ..home.channel.clone()
        };
        let label =
            Label { name: called.clone(), description, ..w.new_label(&home.community, "leeks") };
        let member = Member { name: called, ..home.ann.clone() };
        w.apply([
            Op::PutCommunity(Box::new(community.clone())),
            Op::PutChannel(Box::new(channel.clone())),
            Op::PutLabel(Box::new(label.clone())),
            Op::PutMember(Box::new(member.clone())),
        ])
        .await?;
        let directory = w.store.directory().await?;
        equal("the community", directory.community(community.id).map(|c| &**c), Some(&community))?;
        equal("the channel", directory.channel(channel.id).map(|e| &e.channel), Some(&channel))?;
        equal("the label", directory.label(community.id, &label.key), Some(&label))?;
        equal("the member", w.store.members(&[member.id]).await?, vec![Some(member)])?;
    }
    Ok(())
}

pub(crate) async fn members_are_told_apart_by_every_byte_of_their_keys(w: World) -> Outcome {
    let keys = keys();
    at_least("keys", &keys, 20)?;
    let mut members = Vec::new();
    for key in &keys {
        let member = Member { key: key.clone(), ..w.new_member("user") };
        w.apply([Op::PutMember(Box::new(member.clone()))]).await?;
        members.push(Some(member));
    }
    equal("members", w.store.members_by_key(&keys).await?, members)
}

pub(crate) async fn items_are_told_apart_by_every_byte_of_their_keys(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let (keys, mut expected) = (keys(), Vec::new());
    for (i, key) in keys.iter().enumerate() {
        if i % 2 == 0 {
            let mut topic = w.new_topic(&home.channel, home.ann.id);
            topic.topic.key = Some(key.clone());
            expected.push(Some((topic.topic.id, None)));
            w.apply(topic.ops()).await?;
        } else {
            let mut reply = w.new_reply(&draft.opening, home.ann.id);
            reply.post.key = Some(key.clone());
            expected.push(Some((draft.topic.id, Some(reply.post.id))));
            w.apply(reply.ops()).await?;
        }
    }
    equal("items", w.store.lookup(home.community.id, &keys).await?, expected)
}

/// Short names that look alike to those who compare loosely.
fn slugs() -> Vec<Slug> {
    let mut slugs: Vec<Slug> = [
        "c",
        "c++",
        "c#",
        ".net",
        "net",
        "a_b",
        "axb",
        "a-b",
        "a.b",
        "1",
        "01",
        "null",
        "é",
        "e\u{301}",
        "ß",
        "ss",
        "ſs",
        "自転車",
        "мир",
        "नमस्ते",
        "𝔞",
        "#",
        "_",
        "-",
        "+",
    ]
    .iter()
    .filter_map(|text| Slug::new(text).ok())
    .collect();
    slugs.push(slug(&"自".repeat(Slug::MAX_BYTES / 3)));
    slugs
}

pub(crate) async fn labels_are_told_apart_by_every_byte(w: World) -> Outcome {
    let home = w.home().await?;
    let slugs = slugs();
    at_least("slugs", &slugs, 20)?;
    let mut topics = Vec::new();
    for key in &slugs {
        let label = Label { key: key.clone(), ..w.new_label(&home.community, "x") };
        let draft = w.new_topic(&home.channel, home.ann.id).labelled(&[key.as_str()]);
        w.apply([Op::PutLabel(Box::new(label))]).await?;
        w.apply(draft.ops()).await?;
        topics.push(draft.topic.id);
    }
    let scope = w.system().await?;
    let whole = selection(&w, &scope, home.community.id, None).await?;
    for (key, topic) in slugs.iter().zip(&topics) {
        let labels = Some(LabelExpr::Has(key.clone()));
        let request = community_core::query::FeedRequest {
            labels,
            ..feed(vec![whole.clone()], Sort::New, 1)
        };
        let found = walk::feed(&*w.store, &request, &scope, 7).await?;
        let found: Vec<_> = found.into_iter().map(|(_, card)| card.topic.id).collect();
        equal(key.as_str(), found, vec![*topic])?;
    }
    let mut counted = w.store.label_use(home.community.id, &scope).await?;
    counted.sort();
    let mut expected: Vec<_> = slugs.into_iter().map(|key| (key, 1)).collect();
    expected.sort();
    equal("label use", counted, expected)
}

pub(crate) async fn kinds_and_reactions_are_told_apart_by_every_byte(w: World) -> Outcome {
    let home = w.home().await?;
    let mut topics = Vec::new();
    let first = w.question(&home).await?;
    for key in slugs() {
        let mut draft = w.new_topic(&home.channel, home.ann.id);
        draft.topic.kind = key.clone();
        w.apply(draft.ops()).await?;
        topics.push((key.clone(), draft.topic.id));
        w.apply(given(&first.topic, &w.new_reaction(first.opening.id, home.bob.id, key.as_str())))
            .await?;
    }
    let scope = w.system().await?;
    let whole = selection(&w, &scope, home.community.id, None).await?;
    for (kind, topic) in &topics {
        let request = community_core::query::FeedRequest {
            kind: Some(kind.clone()),
            ..feed(vec![whole.clone()], Sort::New, 1)
        };
        let found = walk::feed(&*w.store, &request, &scope, 7).await?;
        let found: Vec<_> = found.into_iter().map(|(_, card)| card.topic.id).collect();
        equal(kind.as_str(), found, vec![*topic])?;
    }
    let tallies = w.post(first.opening.id).await?.tallies;
    equal("tallies", tallies.len(), topics.len())?;
    equal("each once", tallies.iter().map(|tally| tally.count).sum::<i64>(), topics.len() as i64)
}

pub(crate) async fn communities_and_channels_are_told_apart_by_every_byte(w: World) -> Outcome {
    let home = w.home().await?;
    for key in slugs() {
        let community = Community { key: key.clone(), ..w.new_community("x") };
        let channel = Channel { key: key.clone(), ..w.new_channel(&home.community, "x") };
        let mut changes = crate::fixture::writing([
            Op::PutCommunity(Box::new(community.clone())),
            Op::PutChannel(Box::new(channel.clone())),
        ]);
        changes.expect = vec![
            Expect::Absent(UniqueKey::Community(key.clone())),
            Expect::Absent(UniqueKey::Channel(home.community.id, key.clone())),
            Expect::Absent(UniqueKey::Label(home.community.id, key.clone())),
        ];
        w.store.commit(changes).await?;
        let directory = w.store.directory().await?;
        let found = directory.community_by_key(&key).map(|community| community.id);
        equal("the community", found, Some(community.id))?;
        let found = directory.channel_by_key(home.community.id, &key).map(|e| e.channel.id);
        equal("the channel", found, Some(channel.id))?;
    }
    Ok(())
}

pub(crate) async fn as_many_labels_as_the_engine_allows_are_kept(w: World) -> Outcome {
    let home = w.home().await?;
    let labels: Vec<String> = (0..Limits::caps().labels).map(|i| format!("label-{i:02}")).collect();
    let keys: Vec<&str> = labels.iter().map(String::as_str).collect();
    w.labels(&home.community, &keys).await?;
    let draft = w.new_topic(&home.channel, home.ann.id).labelled(&keys);
    w.apply(draft.ops()).await?;
    equal("the labels", w.topic(draft.topic.id).await?.labels, draft.topic.labels.clone())?;
    let scope = w.system().await?;
    equal("in use", w.store.label_use(home.community.id, &scope).await?.len(), keys.len())?;
    let bare = Topic { labels: Vec::new(), ..draft.topic.clone() };
    w.apply(crate::fixture::changed(&draft.topic, &bare)).await?;
    equal("none", w.topic(draft.topic.id).await?.labels, vec![])?;
    equal("in use", w.store.label_use(home.community.id, &scope).await?, vec![])
}

pub(crate) async fn as_much_about_a_member_as_the_engine_allows_is_kept(w: World) -> Outcome {
    let Home { community, channel, ann, .. } = w.home().await?;
    let caps = Limits::caps();
    let numbered = |n: usize| (0..n).map(|i| slug(&format!("n-{i}")));
    let member = Member {
        attributes: numbered(caps.attributes)
            .map(|attribute| (attribute, Attribute::Text("𝔘".repeat(2_048))))
            .collect(),
        lists: numbered(caps.lists).collect(),
        ..ann.clone()
    };
    let grant = |role| community_core::RoleGrant { role, channel: Some(channel.id) };
    let sanction = |i: usize| Sanction {
        kind: SanctionKind::Silence,
        channel: None,
        since: w.now(),
        until: Some(w.now() + std::time::Duration::from_secs(i as u64)),
        reason: "x".repeat(8_192),
        by: None,
    };
    let membership = Membership {
        roles: numbered(caps.roles).map(grant).collect(),
        sanctions: (0..caps.sanctions).map(sanction).collect(),
        ..w.new_membership(&community, &ann)
    };
    w.apply([
        Op::PutMember(Box::new(member.clone())),
        Op::PutMembership(Box::new(membership.clone())),
    ])
    .await?;
    equal("the member", w.store.members(&[ann.id]).await?, vec![Some(member)])?;
    equal("the membership", w.store.memberships(ann.id).await?, vec![membership])
}

pub(crate) async fn a_change_set_of_thousands_of_operations_is_applied_whole(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let mut ops = Vec::new();
    for i in 0..3_000 {
        let mut member = w.new_member(&format!("voter:{i}"));
        (member.listed, member.name) = (false, name("Voter"));
        let vote = w.new_reaction(draft.opening.id, member.id, "up");
        ops.push(Op::PutMember(Box::new(member)));
        ops.extend(given(&draft.topic, &vote));
    }
    w.apply(ops).await?;
    let topic = w.topic(draft.topic.id).await?;
    equal("ups", topic.counters.ups, 3_000)?;
    let votes =
        w.store.reactions(draft.opening.id, community_core::Slot::Vote, None, 5_000).await?;
    equal("votes", votes.len(), 3_000)?;
    let members = w.store.members_by_id(None, 5_000).await?;
    let last = some("the last", members.last())?;
    equal("members", (members.len(), last.listed), (3_002, false))
}
