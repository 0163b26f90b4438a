//! Of what is erased nothing is left: not in the file, not in an export, not in what a search finds;
//! and what is interrupted goes on.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected has to fail"
)]

use std::path::Path;
use std::sync::Arc;

use community::time::ManualClock;
use community::*;
use community_testkit::{FaultyStore, ModelStore, snapshot, verify};
use pollster::block_on;

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

fn garden() -> Slug {
    slug("garden")
}

/// A word that is nowhere else, for each place in which something about a member is kept.
const WORDS: [&str; 19] = [
    "markkey",
    "markname",
    "markattribute",
    "marklist",
    "markprofile",
    "marktitle",
    "markbody",
    "markedit",
    "markwhy",
    "markpayload",
    "markreply",
    "markolder",
    "markaccept",
    "markofficial",
    "markcorrection",
    "marksanction",
    "markgrant",
    "markbadge",
    "markpromotion",
];

/// What the world is made of that the tests name.
struct Scene {
    member: MemberId,
    reply: PostId,
    topic: TopicId,
    other: Session,
}

/// A community in which a member has left all of these words, or others about the member.
async fn scene(engine: &Engine) -> Result<Scene> {
    let host = engine.as_system();
    let mut new = NewCommunity::new(garden(), "Garden".parse()?, Policy::public());
    new.reactions = vec![ReactionDef { key: slug("thanks"), name: "Thanks".parse()? }];
    host.create_community(new).await?;
    let case = Kind {
        name: slug("case"),
        answers: true,
        initial: slug("open"),
        transitions: Vec::new(),
        fields: vec![Field { name: slug("part"), kind: FieldType::Text, required: true }],
    };
    host.create_channel(&garden(), NewChannel::new(slug("beds"), "Beds".parse()?)).await?;
    let new = NewMember::new("markkey".parse()?, "Markname".parse()?)
        .attribute(slug("department"), Attribute::Text("markattribute".to_owned()))
        .list(slug("marklist"));
    let new = NewMember { profile: [(slug("about"), "markprofile".to_owned())].into(), ..new };
    let member = host.sync_member(new).await?;
    let other = host.sync_member(NewMember::new("ben".parse()?, "Ben".parse()?)).await?;
    for id in [member, other] {
        host.set_member(&garden(), id, true).await?;
        host.grant_role(&garden(), id, &slug("expert"), None).await?;
    }
    let (me, other) = (engine.member(member), engine.member(other));

    host.define_kind(&garden(), case).await?;
    let mut new = NewTopic::new(garden(), slug("beds"), slug("case"), "marktitle", "markbody");
    new.payload = Some(serde_json::json!({ "part": "markpayload" }));
    let own = me.start_topic(new).await?;
    let edit = TopicEdit {
        body: Some("markedit".to_owned()),
        reason: Some("markwhy".to_owned()),
        ..TopicEdit::default()
    };
    me.edit_topic(own, edit).await?;
    let new = NewTopic::new(garden(), slug("beds"), slug("question"), "Which soil?", "For a bed.");
    let topic = other.start_topic(new).await?;
    let reply = me.reply(NewPost::new(topic, "markolder")).await?;
    me.edit_post(reply, PostEdit::new("markreply")).await?;
    other.reply(NewPost::new(topic, "Thank you.").to(reply)).await?;
    other.vote(reply, Some(Vote::Up)).await?;
    other.accept(reply, Some("markaccept")).await?;
    host.set_official(reply, true, Some("markofficial")).await?;
    other.correct(NewCorrection::new(reply, "markcorrection")).await?;

    let sanction = NewSanction {
        kind: SanctionKind::Silence,
        channel: None,
        until: None,
        reason: "marksanction".to_owned(),
    };
    host.sanction(&garden(), member, sanction).await?;
    let note = "markgrant".to_owned();
    host.grant(&garden(), NewGrant { note, ..NewGrant::new(member, slug("award"), 5) }).await?;
    let basics = "basics@1".parse()?;
    host.switch_badges(&garden(), Some(&basics)).await?;
    let (badge, reason) = (slug("solver"), "markbadge".to_owned());
    host.award_badge(&garden(), &NewAward { member, badge, tier: 1, reason }).await?;
    let community = host.managed_community(&garden()).await?;
    let role = community.reputation.super_users.roles.first().cloned().unwrap();
    let promotion = NewPromotion { member, role, reason: "markpromotion".to_owned() };
    host.promote(&garden(), &promotion).await?;
    engine.pump().await?;
    Ok(Scene { member, reply, topic, other })
}

async fn erase(engine: &Engine, member: MemberId, erasure: Erasure) -> Result<(usize, usize)> {
    let (mut communities, mut posts) = (0, 0);
    loop {
        let step = engine.as_system().erase_member(member, erasure).await?;
        communities += step.communities;
        posts += step.posts;
        if !step.more {
            return Ok((communities, posts));
        }
    }
}

/// The words that are somewhere in the files of a directory, as they are or with a capital.
fn in_files(dir: &Path) -> Vec<&'static str> {
    let mut all = Vec::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(at) = waiting.pop() {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                all.extend(std::fs::read(path).unwrap().to_ascii_lowercase());
            }
        }
    }
    let has = |word: &&str| all.windows(word.len()).any(|bytes| bytes == word.as_bytes());
    WORDS.into_iter().filter(has).collect()
}

#[test]
fn nothing_of_a_member_is_left_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let options = || Options::new().without_search();
    let engine = open_with(dir.path(), options()).unwrap();
    let Scene { member, reply, topic, other } = block_on(scene(&engine)).unwrap();
    drop(engine);
    drop(other);
    assert_eq!(in_files(dir.path()), WORDS, "the words are looked for where they are");

    let engine = open_with(dir.path(), options()).unwrap();
    let standing = |key: &str| {
        let host = engine.as_system();
        block_on(host.standing(&garden(), &key.parse().unwrap())).unwrap().points
    };
    let before = standing("ben");
    assert_eq!(block_on(erase(&engine, member, Erasure::Remove)).unwrap(), (1, 2));
    assert_eq!(block_on(erase(&engine, member, Erasure::Remove)).unwrap(), (0, 0));
    while block_on(engine.pump()).unwrap().more {}
    assert_eq!(standing("ben"), before, "what others have earned is theirs");
    // The thread holds together.
    let thread = block_on(engine.anonymous().thread(topic, &ThreadQuery::default())).unwrap();
    assert_eq!(thread.items.len(), 3);
    let view = block_on(engine.as_system().post(reply)).unwrap();
    assert_eq!((view.body.as_str(), view.author.name.as_str()), ("", Member::ERASED));
    let board = BoardQuery::community(garden());
    let board = block_on(engine.as_system().leaderboard(&board)).unwrap();
    assert!(board.items.iter().all(|item| item.member.id != member));
    let report = block_on(verify(engine.store())).unwrap();
    assert!(report.is_clean(), "{report}");
    drop(engine);
    assert_eq!(in_files(dir.path()), [""; 0]);
}

#[test]
fn an_anonymised_member_is_gone_and_the_words_stay() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open_with(dir.path(), Options::new().without_search()).unwrap();
    let Scene { member, reply, .. } = block_on(scene(&engine)).unwrap();
    assert_eq!(block_on(erase(&engine, member, Erasure::Anonymise)).unwrap(), (1, 0));
    let view = block_on(engine.anonymous().post(reply)).unwrap();
    assert_eq!((view.body.as_str(), view.author.name.as_str()), ("markreply", Member::ERASED));
    let report = block_on(verify(engine.store())).unwrap();
    assert!(report.is_clean(), "{report}");
    drop(engine);
    let stays = &WORDS[5..15];
    assert_eq!(in_files(dir.path()), stays);
}

#[test]
fn a_search_finds_nothing_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open_with(dir.path(), Options::new()).unwrap();
    let Scene { member, .. } = block_on(scene(&engine)).unwrap();
    let host = engine.as_system();
    let found = |word: &str| {
        block_on(engine.indexed()).unwrap();
        block_on(host.search(&SearchQuery::everywhere(word))).unwrap().hits.len()
    };
    let words = ["marktitle", "markedit", "markreply", "markcorrection"];
    let before = words.map(found);
    assert!(before[..3].iter().all(|hits| *hits > 0), "{before:?}");
    block_on(erase(&engine, member, Erasure::Remove)).unwrap();
    assert_eq!(words.map(found), [0; 4]);
}

#[test]
fn erasing_that_fails_anywhere_goes_on_where_it_was() {
    let begin = |store: Arc<FaultyStore<ModelStore>>| {
        let clock = Arc::new(ManualClock::at("2026-03-01T12:00:00Z".parse().unwrap()));
        let engine = Engine::with_env(store, Env::manual(clock, 3));
        let scene = block_on(scene(&engine)).unwrap();
        (engine, scene)
    };
    let whole = {
        let store = Arc::new(FaultyStore::new(ModelStore::new()));
        let (engine, scene) = begin(Arc::clone(&store));
        block_on(erase(&engine, scene.member, Erasure::Remove)).unwrap();
        block_on(snapshot(store.inner())).unwrap()
    };
    let mut failed = 0;
    for call in 1.. {
        let store = Arc::new(FaultyStore::new(ModelStore::new()));
        let (engine, scene) = begin(Arc::clone(&store));
        store.fail_call(call);
        let done = block_on(erase(&engine, scene.member, Erasure::Remove));
        store.relax();
        if done.is_ok() {
            break;
        }
        failed += 1;
        block_on(erase(&engine, scene.member, Erasure::Remove)).unwrap();
        let found = block_on(snapshot(store.inner())).unwrap();
        assert_eq!(found, whole, "call {call}");
    }
    assert!(failed > 20, "only {failed} calls");
}

#[test]
fn what_is_erased_stays_erased_and_only_who_may_erases() {
    let engine = in_memory();
    let Scene { member, reply, topic, other } = block_on(scene(&engine)).unwrap();
    let host = engine.as_system();
    block_on(async {
        for session in [engine.anonymous(), engine.member(member), other.clone()] {
            assert!(matches!(session.erase_post(reply).await, Err(Error::Denied(_))));
            let refused = session.erase_member(member, Erasure::Remove).await;
            assert!(matches!(refused, Err(Error::Denied(_))));
        }
        let other_id = other.viewer().member().unwrap();
        host.grant_role(&garden(), other_id, &slug("manager"), None).await.unwrap();
        let before = host.events(Seq(0), Some(100)).await.unwrap().len();
        other.erase_post(reply).await.unwrap();
        other.erase_post(reply).await.unwrap();
        let after = host.events(Seq(0), Some(100)).await.unwrap();
        assert_eq!(after.len(), before + 1, "doing it again does nothing");
        let last = &after.last().unwrap().event;
        assert_eq!(last.kind, EventKind::PostErased { opening: false });
        let edited = host.edit_post(reply, PostEdit::new("Again")).await;
        assert!(matches!(edited, Err(Error::Erased("post"))), "{edited:?}");
        assert!(matches!(host.restore_post(reply).await, Err(Error::Erased("post"))));
        assert!(matches!(host.withdraw_post(reply).await, Err(Error::Erased("post"))));

        let opening = host.topic(topic).await.unwrap().topic.opening;
        other.erase_post(opening).await.unwrap();
        assert!(matches!(engine.anonymous().topic(topic).await, Err(Error::NotFound("topic"))));
        let view = host.topic(topic).await.unwrap();
        assert_eq!((view.topic.title.as_str(), view.topic.state), (Topic::ERASED, State::Removed));
        assert!(matches!(host.restore_topic(topic).await, Err(Error::Erased("topic"))));
        let edit = TopicEdit { title: Some("Again".to_owned()), ..TopicEdit::default() };
        assert!(matches!(host.edit_topic(topic, edit).await, Err(Error::Erased("topic"))));

        erase(&engine, member, Erasure::Anonymise).await.unwrap();
        let key = format!("erased-{member}");
        let back = NewMember::new(key.parse().unwrap(), "Back".parse().unwrap());
        assert!(matches!(host.sync_member(back).await, Err(Error::Erased("member"))));
        let joined = host.set_member(&garden(), member, true).await;
        assert!(matches!(joined, Err(Error::NotFound("member"))));
        let given = host.grant(&garden(), NewGrant::new(member, slug("award"), 5)).await;
        assert!(matches!(given, Err(Error::NotFound("member"))));
        let new = NewTopic::new(garden(), slug("beds"), slug("question"), "I?", "Me.");
        let refused = engine.member(member).start_topic(new).await;
        assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
        assert!(engine.member(member).join(&garden()).await.is_err());
        let nobody = host.erase_member(MemberId::from_bytes([7; 16]), Erasure::Remove).await;
        assert!(matches!(nobody, Err(Error::NotFound("member"))));
    });
    let report = block_on(verify(engine.store())).unwrap();
    assert!(report.is_clean(), "{report}");
}

#[test]
fn a_member_who_wrote_much_is_erased_step_by_step() {
    let engine = in_memory();
    let Scene { topic, .. } = block_on(scene(&engine)).unwrap();
    block_on(async {
        let host = engine.as_system();
        let new = NewMember::new("busy".parse().unwrap(), "Busy".parse().unwrap());
        let id = host.sync_member(new).await.unwrap();
        let busy = engine.member(id);
        busy.join(&garden()).await.unwrap();
        for number in 0..420 {
            busy.reply(NewPost::new(topic, format!("Number {number}"))).await.unwrap();
        }
        let mut steps = Vec::new();
        loop {
            let step = host.erase_member(id, Erasure::Remove).await.unwrap();
            // From the first step on nobody acts as the member.
            assert!(busy.reply(NewPost::new(topic, "More")).await.is_err());
            steps.push((step.communities, step.posts));
            if !step.more {
                break;
            }
        }
        assert_eq!(steps, [(1, 199), (0, 200), (0, 21)]);
        let posts = host.topic(topic).await.unwrap().topic.counters.posts;
        assert_eq!(posts, 3, "each is counted out once");
    });
    let report = block_on(verify(engine.store())).unwrap();
    assert!(report.is_clean(), "{report}");
}

#[test]
fn a_text_that_came_in_while_its_post_was_erased_goes_when_it_is_erased_again() {
    block_on(async {
        let engine = in_memory();
        let scene = scene(&engine).await.unwrap();
        let (host, store) = (engine.as_system(), engine.store());
        let before = host.revisions(scene.reply, 0, Some(1)).await.unwrap().remove(0);
        host.erase_post(scene.reply).await.unwrap();
        assert!(verify(store).await.unwrap().is_clean());
        // As a writer leaves it that does not look at the post.
        let late = change::Op::PutRevision(Box::new(before.clone()));
        let changes = change::ChangeSet { ops: vec![late], ..change::ChangeSet::default() };
        store.commit(changes).await.unwrap();
        assert!(!verify(store).await.unwrap().is_clean());
        host.erase_post(scene.reply).await.unwrap();
        assert!(verify(store).await.unwrap().is_clean());
        let after = host.revisions(scene.reply, 0, Some(1)).await.unwrap().remove(0);
        assert_eq!((after.number, after.body.as_str()), (before.number, ""));
        // And once more it finds nothing to do.
        let head = store.head().await.unwrap();
        host.erase_post(scene.reply).await.unwrap();
        assert_eq!(store.head().await.unwrap(), head);
    });
}
