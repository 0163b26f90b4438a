//! Topics, posts and what hangs on them.

use super::*;

/// A counter that was moved once too often, and the rules that notice.
fn miscounted(counter: impl Fn(&Sound) -> Counter, found: &[&'static str]) {
    assert_eq!(after(|sound| vec![Op::Bump(counter(sound), 1)]), rules(found));
}

#[test]
fn wrong_counters_are_found() {
    let topic = |s: &Sound| s.draft.topic.id;
    let post = |s: &Sound| s.draft.opening.id;
    miscounted(|s| Counter::Members(s.home.community.id), &["members of a community"]);
    miscounted(|s| Counter::TopicUps(topic(s)), &["votes of a topic are its first post's"]);
    miscounted(|s| Counter::TopicDowns(topic(s)), &["votes of a topic are its first post's"]);
    miscounted(|s| Counter::TopicPosts(topic(s)), &["posts of a topic"]);
    miscounted(|s| Counter::TopicAnswers(topic(s)), &["answers of a topic"]);
    miscounted(|s| Counter::TopicAccepted(topic(s)), &["accepted answers of a topic"]);
    let newcomer = after(|s| {
        let bump = Op::Bump(Counter::Participation(topic(s), s.home.bob.id), -1);
        vec![bump]
    });
    assert_eq!(newcomer, rules(&["participants of a topic"]));
    miscounted(
        |s| Counter::PostUps(post(s)),
        &["votes of a post", "votes of a topic are its first post's"],
    );
    miscounted(
        |s| Counter::PostDowns(post(s)),
        &["votes of a post", "votes of a topic are its first post's"],
    );
    miscounted(|s| Counter::PostChildren(post(s)), &["shown replies of a post"]);
    miscounted(|s| Counter::PostCorrections(post(s)), &["corrections of a post"]);
    miscounted(|s| Counter::Tally(post(s), slug("thanks")), &["reactions of a post"]);
    miscounted(|s| Counter::Tally(post(s), slug("up")), &["reactions of a post"]);
    let label = |s: &Sound| Counter::LabelUse(s.home.community.id, slug("soil"), s.home.channel.id);
    miscounted(label, &["topics with labels"]);
    miscounted(|s| Counter::ChannelTopics(s.home.channel.id), &["topics of channels"]);
    assert_eq!(through(Flaw::ForgetsADay), rules(&["views of a topic"]));
    assert_eq!(through(Flaw::TurnsDaysAround), rules(&["days of views rise"]));
}

#[test]
fn a_counter_that_was_never_moved_is_found() {
    let reply = after(|s| {
        let reply = s.w.new_reply(&s.reply, s.home.bob.id);
        reply.ops().into_iter().filter(|op| !matches!(op, Op::Bump(..))).collect()
    });
    assert_eq!(reply, rules(&["posts of a topic", "shown replies of a post"]));
}

#[test]
fn an_id_of_another_time_is_found() {
    let reply = after(|s| {
        let mut reply = s.w.new_reply(&s.reply, s.home.bob.id);
        reply.post.bumps = false;
        reply.post.created_at += Duration::from_millis(1);
        reply.ops()
    });
    assert_eq!(reply, rules(&["an id begins with the creation"]));
}

/// A post in place of one of the sound ones.
fn rewritten(
    of: impl Fn(&Sound) -> Post,
    change: impl Fn(&Sound, &mut Post),
) -> BTreeSet<&'static str> {
    after(|sound| {
        let mut post = of(sound);
        change(sound, &mut post);
        vec![Op::PutPost(Box::new(post))]
    })
}

#[test]
fn a_broken_tree_is_found() {
    let reply = |s: &Sound| s.reply.clone();
    assert_eq!(rewritten(reply, |_, post| post.depth = 7), rules(&["a reply is one deeper"]));
    let deep = rewritten(reply, |_, post| post.depth = 1_001);
    assert_eq!(deep, rules(&["a reply is one deeper", "a reply is within the limit of depth"]));
    let orphan = rewritten(reply, |_, post| post.parent = None);
    let expected = rules(&["a parent is in the same topic", "shown replies of a post"]);
    assert!(orphan.is_superset(&expected), "{orphan:?}");
    let moved = rewritten(reply, |s, post| post.parent = Some(s.draft.opening.id));
    assert_eq!(moved, rules(&["a reply is one deeper", "shown replies of a post"]));
    // A ring: each is the parent of the other.
    let ring = rewritten(
        |s| block_on(s.w.post(s.answer.id)).unwrap().post,
        |s, post| post.parent = Some(s.reply.id),
    );
    assert!(
        ring.is_superset(&rules(&["a reply is one deeper", "shown replies of a post"])),
        "{ring:?}"
    );
    let second = rewritten(reply, |_, post| post.kind = PostKind::Opening);
    assert_eq!(second, rules(&["only the first post opens a topic"]));
    let answer = rewritten(reply, |_, post| post.kind = PostKind::Answer);
    assert_eq!(
        answer,
        rules(&["an answer replies to a topic that takes answers", "answers of a topic"])
    );
    let opening = |s: &Sound| block_on(s.w.post(s.draft.opening.id)).unwrap().post;
    let foreign = rewritten(opening, |s, post| post.author = s.home.bob.id);
    assert_eq!(foreign, rules(&["the first post is its topic's"]));
}

#[test]
fn what_is_left_of_something_erased_is_found() {
    let erased = |s: &Sound, post: &mut Post| post.erased_at = Some(s.w.now());
    let seen = ["what is erased has no text", "what is erased is removed"];
    assert_eq!(rewritten(|s| s.reply.clone(), erased), rules(&seen));
    let opening = |s: &Sound| block_on(s.w.post(s.draft.opening.id)).unwrap().post;
    assert_eq!(rewritten(opening, erased), rules(&seen));
    let member = after(|s| {
        let erased = Member { erased_at: Some(s.w.now()), ..s.home.ann.clone() };
        vec![Op::PutMember(Box::new(erased))]
    });
    assert_eq!(member, rules(&["an erased member is nobody"]));
}

#[test]
fn a_wrong_last_activity_is_found() {
    let active = |at: fn(&Sound) -> community_core::Timestamp| {
        after(|s| vec![Op::SetActive(s.draft.topic.id, at(s))])
    };
    assert_eq!(active(|s| s.w.now()), rules(&["last activity of a topic"]));
    assert_eq!(active(|s| s.draft.topic.created_at), rules(&["last activity of a topic"]));
}

#[test]
fn marks_on_what_is_no_answer_are_found() {
    let mark = |s: &Sound| Some(Mark { by: None, at: s.w.now(), reason: None });
    let reply = |s: &Sound| s.reply.clone();
    let accepted = rewritten(reply, |s, post| post.accepted = mark(s));
    assert_eq!(accepted, rules(&["only answers are marked"]));
    let official = rewritten(reply, |s, post| post.official = mark(s));
    assert_eq!(official, rules(&["only answers are marked"]));
    let undone = rewritten(|s| s.answer.clone(), |_, post| post.accepted = None);
    assert_eq!(undone, rules(&["accepted answers of a topic"]));
}

#[test]
fn votes_that_should_not_be_are_found() {
    let vote = |given_key: &'static str, by: fn(&Sound) -> MemberId, slot: Option<_>| {
        after(move |s| {
            let mut vote = s.w.new_reaction(s.answer.id, by(s), given_key);
            vote.slot = slot.unwrap_or(vote.slot);
            let mut ops = vec![Op::PutReaction(vote)];
            match (given_key, slot) {
                ("up", None) => ops.push(Op::Bump(Counter::PostUps(s.answer.id), 1)),
                ("up", Some(_)) => {
                    ops.push(Op::Bump(Counter::Tally(s.answer.id, slug("up")), 1));
                }
                _ => {}
            }
            ops
        })
    };
    let ann = |s: &Sound| s.home.ann.id;
    assert_eq!(vote("up", ann, None), rules(&[]));
    let itself = |s: &Sound| s.home.bob.id;
    assert_eq!(vote("up", itself, None), rules(&[]), "the settings may have allowed it once");
    let sideways = vote("sideways", ann, Some(community_core::Slot::Vote));
    assert_eq!(sideways, rules(&["votes are up or down, reactions are not"]));
    let slot = vote("up", ann, Some(community_core::Slot::Reaction));
    assert_eq!(slot, rules(&["votes are up or down, reactions are not"]));
    assert!(through(Flaw::TurnsReactionsAround).contains("reactions are read oldest first"));
    assert!(through(Flaw::DoublesReactions).contains("one reaction a member, post and slot"));
}

#[test]
fn wrong_texts_are_found() {
    let text = |change: fn(&mut Revision)| {
        after(|s| {
            let mut text = Revision { number: 2, ..s.draft.text.clone() };
            change(&mut text);
            vec![Op::PutRevision(Box::new(text))]
        })
    };
    let caps = Limits::caps();
    assert_eq!(text(|text| text.body.push('\0')), rules(&["a text has no NUL"]));
    assert_eq!(
        text(|text| text.body = "x".repeat(262_145)),
        rules(&["a text is within its limit"])
    );
    assert_eq!(
        text(|text| text.reason = Some("x".repeat(8_193))),
        rules(&["a reason is within its limit"])
    );
    // The post names revision 2.
    assert_eq!(text(|text| text.number = 3), rules(&["the latest revision is the post's"]));
    let many = after(|s| {
        let text = |number| Revision { number, ..s.draft.text.clone() };
        let numbers = 1..=u32::try_from(caps.revisions).unwrap() + 1;
        numbers.map(|number| Op::PutRevision(Box::new(text(number)))).collect()
    });
    assert_eq!(
        many,
        rules(&["revisions are within their limit", "the latest revision is the post's"])
    );
    assert!(through(Flaw::TurnsRevisionsAround).contains("revisions rise"));
    assert!(through(Flaw::KeepsOldCopies).contains("a post's text is its latest revision"));
}

#[test]
fn wrong_corrections_are_found() {
    assert_eq!(
        through(Flaw::TurnsCorrectionsAround),
        rules(&["corrections are read oldest first", "a post comes with its corrections"])
    );
    assert_eq!(through(Flaw::FindsNoCorrections), rules(&["a correction is found by its id"]));
    let withdrawn = through(Flaw::ShowsWithdrawnCorrections);
    assert!(withdrawn.contains("a post comes with its corrections"), "{withdrawn:?}");
    let many = after(|s| {
        let correction = |_| s.w.new_correction(&s.reply, s.home.bob.id);
        (0..101).map(correction).flat_map(|c: Correction| corrected(&c)).collect()
    });
    assert_eq!(many, rules(&["corrections are within their limit"]));
}

/// A topic in place of the sound one.
fn retold(change: impl Fn(&Sound, &mut Topic)) -> BTreeSet<&'static str> {
    after(|sound| {
        let mut topic = sound.draft.topic.clone();
        change(sound, &mut topic);
        vec![Op::PutTopic(Box::new(topic))]
    })
}

#[test]
fn wrong_facts_of_a_topic_are_found() {
    assert_eq!(
        retold(|_, topic| topic.hot_scale = 7),
        rules(&["a topic has its community's hot scale"])
    );
    let unsorted = retold(|_, topic| topic.labels.reverse());
    assert!(unsorted.contains("labels are sorted, each once"), "{unsorted:?}");
    let unknown = retold(|_, topic| topic.labels[1] = slug("unheard-of"));
    assert_eq!(unknown, rules(&["a label of a topic exists", "topics with labels"]));
    let kind = retold(|_, topic| topic.answerable = false);
    assert!(kind.contains("a topic takes answers as its kind does"), "{kind:?}");
    assert!(kind.contains("an answer replies to a topic that takes answers"), "{kind:?}");
    let status = retold(|_, topic| topic.status = slug("planned"));
    assert_eq!(status, rules(&["a topic has a status of its kind"]));
    let many = retold(|_, topic| {
        topic.labels = (10..43).map(|i| slug(&format!("label-{i}"))).collect();
    });
    assert!(many.contains("labels of a topic are within their limit"), "{many:?}");
    let payload = retold(|_, topic| topic.payload = Some("x".repeat(65_536).into()));
    assert_eq!(payload, rules(&["a payload is within its limit"]));
    let headless = retold(|_, topic| topic.opening = PostId::from_bytes([9; 16]));
    assert!(
        headless.is_superset(&rules(&[
            "the first post is its topic's",
            "only the first post opens a topic"
        ])),
        "{headless:?}"
    );
    assert!(through(Flaw::LosesLabels).contains("a label of a topic exists"));
    assert!(
        through(Flaw::TurnsRowsAround)
            .is_superset(&rules(&["topics are read by id", "posts are read by id"]))
    );
    let unheard_of = retold(|_, topic| topic.kind = slug("unheard-of"));
    assert_eq!(unheard_of, rules(&["a topic is of a kind that its community knows"]));
    assert!(through(Flaw::KeepsOldCopies).contains("an author is shown as the member is"));
    assert_eq!(through(Flaw::FindsNoBump), rules(&["the latest bump of a topic"]));
}

#[test]
fn what_a_kind_of_their_own_said_once_is_not_held_against_topics() {
    let own = |answers| Kind {
        name: slug("recipe"),
        answers,
        initial: slug("open"),
        transitions: Vec::new(),
        fields: Vec::new(),
    };
    let redefined = after(|s| {
        let mut other = s.w.new_topic(&s.home.channel, s.home.ann.id);
        other.topic.kind = slug("recipe");
        let of = |kind| Community { kinds: vec![kind], ..s.home.community.clone() };
        let mut ops = vec![Op::PutCommunity(Box::new(of(own(true))))];
        ops.extend(other.ops());
        let again = Kind { initial: slug("raw"), ..own(false) };
        ops.push(Op::PutCommunity(Box::new(of(again))));
        ops
    });
    assert_eq!(redefined, rules(&[]));
}

#[test]
fn wrong_links_are_found() {
    assert_eq!(through(Flaw::LinksOneWay), rules(&["a link is seen from both ends"]));
    assert!(through(Flaw::TurnsLinksAround).contains("links are in their order"));
    assert_eq!(through(Flaw::FindsNoLinks), rules(&["a link is found by its ends"]));
    let itself = after(|s| {
        let topic = s.draft.topic.id;
        let link = Link { from: topic, to: topic, kind: LinkKind::Related, at: s.w.now() };
        vec![Op::PutLink(link)]
    });
    assert_eq!(itself, rules(&["a link joins two topics"]));
    let hidden = through(Flaw::HidesThePinned);
    assert!(hidden.contains("a link joins two topics"), "{hidden:?}");
}

#[test]
fn rows_that_belong_elsewhere_are_found() {
    let rows = [
        Row::Topic,
        Row::Post,
        Row::Place,
        Row::Revision,
        Row::PlaceOfRevision,
        Row::Correction,
        Row::Reaction,
        Row::Slot,
        Row::Membership,
    ];
    for row in rows {
        let found = through(Flaw::Misplaces(row));
        assert!(found.contains("a row is read where it belongs"), "{row:?}: {found:?}");
    }
}

#[test]
fn who_is_named_and_unknown_is_found() {
    // The voters are not listed, and this store does not say that there are such members.
    let named = |op: fn(&Sound, MemberId) -> Vec<Op>, subject: fn(&Sound) -> String| {
        let sound = sound();
        let voters = block_on(sound.store.members_by_key(&[key("voter:1")])).unwrap();
        let voter = voters.into_iter().flatten().next().unwrap();
        block_on(sound.w.apply(op(&sound, voter.id))).unwrap();
        let flawed = Flawed { inner: sound.store.clone(), flaw: Flaw::HidesTheUnlisted };
        let report = block_on(verify(&flawed)).unwrap();
        let mut findings = report.findings.iter();
        let subject = subject(&sound);
        let is_found = findings.any(|f| f.rule == "who is named exists" && f.subject == subject);
        assert!(is_found, "{subject}: {report}");
    };
    let answer = |s: &Sound| format!("post {}", s.answer.id);
    fn marked(s: &Sound, by: MemberId) -> Option<Mark> {
        Some(Mark { by: Some(by), at: s.w.now(), reason: None })
    }
    named(|_, _| Vec::new(), |s| format!("post {}", s.draft.opening.id));
    named(
        |s, by| vec![Op::PutPost(Box::new(Post { accepted: marked(s, by), ..s.answer.clone() }))],
        answer,
    );
    named(
        |s, by| vec![Op::PutPost(Box::new(Post { official: marked(s, by), ..s.answer.clone() }))],
        answer,
    );
    named(
        |s, by| {
            let text = crate::fixture::new_text(&s.answer, "In May.");
            vec![Op::PutRevision(Box::new(Revision { editor: Some(by), ..text }))]
        },
        answer,
    );
    named(|s, by| corrected(&s.w.new_correction(&s.answer, by)), answer);
    named(|s, by| vec![sanctioned(s, 1, "spam", Some(by))], |_| "sanctions".to_owned());
}
