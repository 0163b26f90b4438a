//! Random histories of the sources of articles: every article that is affected is queued, with the
//! reason, and no other.
//!
//! What is expected is kept by the script itself, from what it did: it looks at no event and asks the
//! knowledge base nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use community_core::{
    CorrectionId, Erasure, NewCorrection, PostEdit, PostId, Session, Store, TopicEdit, TopicId,
    Viewer,
};
use community_knowledge::freshness::ConcernKind;
use community_knowledge::{ArticleId, Block, Edit, Note, State};
use pollster::block_on;
use proptest::prelude::*;

use crate::common::{World, garden, slug};

/// One thing that happens. Numbers are taken modulo what there is.
#[derive(Debug, Clone)]
enum Act {
    Edit(usize),
    EditTopic(usize),
    Correct(usize),
    TakeBackCorrection(usize),
    Remove(usize),
    Withdraw(usize),
    Restore(usize),
    RemoveTopic(usize),
    RestoreTopic(usize),
    Erase(usize),
    EraseBen,
    Move(usize),
    Accept(usize),
    Official(usize),
    Reply(usize),
    Vote(usize),
    Lock(usize),
    Harvest(usize),
    Extend(usize, usize),
    Confirm(usize),
    Pump,
}

fn act() -> impl Strategy<Value = Act> {
    let n = || 0usize..64;
    prop_oneof![
        3 => n().prop_map(Act::Edit),
        1 => n().prop_map(Act::EditTopic),
        2 => n().prop_map(Act::Correct),
        1 => n().prop_map(Act::TakeBackCorrection),
        1 => n().prop_map(Act::Remove),
        1 => n().prop_map(Act::Withdraw),
        2 => n().prop_map(Act::Restore),
        1 => n().prop_map(Act::RemoveTopic),
        2 => n().prop_map(Act::RestoreTopic),
        1 => n().prop_map(Act::Erase),
        1 => Just(Act::EraseBen),
        1 => n().prop_map(Act::Move),
        2 => n().prop_map(Act::Accept),
        2 => n().prop_map(Act::Official),
        1 => n().prop_map(Act::Reply),
        1 => n().prop_map(Act::Vote),
        1 => n().prop_map(Act::Lock),
        2 => n().prop_map(Act::Harvest),
        2 => (n(), n()).prop_map(|(a, b)| Act::Extend(a, b)),
        2 => n().prop_map(Act::Confirm),
        2 => Just(Act::Pump),
    ]
}

type Why = BTreeSet<(ConcernKind, TopicId, Option<PostId>)>;

/// What the script knows of an article.
#[derive(Debug, Default)]
struct Known {
    topics: BTreeSet<TopicId>,
    /// The posts that a version in use cites, with the revisions that were read.
    cited: BTreeSet<(PostId, u32)>,
    why: Why,
}

struct Script {
    world: World,
    ana: Session,
    /// Who writes some of the answers.
    ben: Session,
    topics: Vec<TopicId>,
    /// Posts with their topics, the first of a topic included.
    posts: Vec<(TopicId, PostId)>,
    revisions: BTreeMap<PostId, u32>,
    marks: BTreeSet<(PostId, bool)>,
    /// The posts that ben wrote.
    of_ben: Vec<(TopicId, PostId)>,
    erased: BTreeSet<PostId>,
    corrections: Vec<(TopicId, PostId, CorrectionId)>,
    articles: BTreeMap<ArticleId, Known>,
    count: u32,
}

impl Script {
    async fn new(store: Arc<dyn Store>) -> Self {
        let world = World::new(store).await;
        world.channel("beds", "everyone").await;
        world.channel("shed", "members").await;
        let ana = world.member("ana", &["expert"]).await;
        let ben = world.member("ben", &[]).await;
        let mut script = Self {
            world,
            ana: ana.clone(),
            ben: ben.clone(),
            topics: Vec::new(),
            posts: Vec::new(),
            revisions: BTreeMap::new(),
            marks: BTreeSet::new(),
            of_ben: Vec::new(),
            erased: BTreeSet::new(),
            corrections: Vec::new(),
            articles: BTreeMap::new(),
            count: 0,
        };
        for number in 0..4 {
            let title = format!("Question {number}");
            // One question is his.
            let asks = if number == 3 { &ben } else { &ana };
            let first = if number == 1 { &ben } else { &ana };
            let answers = [(first, "first"), (&ben, "second"), (&ana, "third")];
            let (topic, posts) = script.world.question(asks, "beds", &title, &answers).await;
            let by_ben = [number == 3, number == 1, true, false];
            let by_ben = posts.iter().zip(by_ben).filter(|(_, by_ben)| *by_ben);
            script.of_ben.extend(by_ben.map(|(post, _)| (topic, *post)));
            script.topics.push(topic);
            script.marks.insert((posts[1], true));
            script.revisions.extend(posts.iter().map(|post| (*post, 1)));
            script.posts.extend(posts.into_iter().map(|post| (topic, post)));
        }
        for number in 0..3 {
            script.harvest(number).await;
        }
        script
    }

    /// Something happened to a post or a topic: to whom it matters is said by `concerns`.
    fn expect(
        &mut self,
        kind: ConcernKind,
        topic: TopicId,
        post: Option<PostId>,
        concerns: impl Fn(&Known) -> bool,
    ) {
        for known in self.articles.values_mut() {
            if known.topics.contains(&topic) && concerns(known) {
                known.why.insert((kind, topic, post));
            }
        }
    }

    fn expect_cited(&mut self, kind: ConcernKind, topic: TopicId, post: PostId) {
        self.expect(kind, topic, Some(post), |known| known.cites(post));
    }

    /// A post was erased, if it was not before. It matters to whoever cites it, and with a first post
    /// to whoever cites the topic.
    fn expect_erased(&mut self, topic: TopicId, post: PostId) {
        if self.erased.insert(post) {
            let is_opening = self.posts.iter().find(|known| known.0 == topic).unwrap().1 == post;
            let kind = ConcernKind::Erased;
            self.expect(kind, topic, Some(post), |known| is_opening || known.cites(post));
        }
    }

    async fn harvest(&mut self, number: usize) {
        let topic = self.topics[number % self.topics.len()];
        let harvest = community_knowledge::Harvest { topic, channel: None, locale: slug("en") };
        let system = self.world.system();
        let Ok(id) = self.world.knowledge.harvest(&system, &harvest).await else { return };
        let known = self.cited_by(id, 1).await;
        self.articles.insert(id, known);
        // An article can be published while the words that it cites are.
        let knowledge = &self.world.knowledge;
        knowledge.submit(&system, id).await.unwrap();
        let rev = knowledge.desk(&system, id).await.unwrap().rev;
        knowledge.approve(&system, id, rev, None).await.unwrap();
    }

    /// What a version says that it was made from.
    async fn cited_by(&self, id: ArticleId, number: u32) -> Known {
        let system = self.world.system();
        let view = self.world.knowledge.version(&system, id, number).await.unwrap();
        let mut known = Known::default();
        for source in view.version.content.sources() {
            known.topics.insert(source.topic);
            known.cited.insert((source.post, source.revision));
        }
        known
    }

    async fn run(&mut self, act: &Act) {
        self.world.tick(1);
        self.count += 1;
        let system = self.world.system();
        let post = |n: usize| self.posts[n % self.posts.len()];
        match act {
            Act::Edit(n) => {
                let (topic, post) = post(*n);
                let body = format!("edited {}", self.count);
                if system.edit_post(post, PostEdit::new(body)).await.is_ok() {
                    *self.revisions.get_mut(&post).unwrap() += 1;
                    self.expect_cited(ConcernKind::Edited, topic, post);
                }
            }
            Act::EditTopic(n) => {
                let topic = self.topics[n % self.topics.len()];
                let title = Some(format!("Title {}", self.count));
                let edit = TopicEdit { title, ..TopicEdit::default() };
                if system.edit_topic(topic, edit).await.is_ok() {
                    self.expect(ConcernKind::TopicEdited, topic, None, |_| true);
                }
            }
            Act::Correct(n) => {
                let (topic, post) = post(*n);
                let new = NewCorrection::new(post, format!("not so {}", self.count));
                if let Ok(id) = self.ana.correct(new).await {
                    self.corrections.push((topic, post, id));
                    self.expect_cited(ConcernKind::Corrected, topic, post);
                }
            }
            Act::TakeBackCorrection(n) => {
                if self.corrections.is_empty() {
                    return;
                }
                let at = n % self.corrections.len();
                let (topic, post, id) = self.corrections[at];
                if self.ana.withdraw_correction(id).await.is_ok() {
                    self.corrections.remove(at);
                    self.expect_cited(ConcernKind::Corrected, topic, post);
                }
            }
            Act::Remove(n) | Act::Withdraw(n) | Act::Restore(n) => {
                let (topic, post) = post(*n);
                let before = system.post(post).await.unwrap().post.state;
                let done = match act {
                    Act::Remove(_) => system.remove_post(post).await,
                    Act::Withdraw(_) => self.ana.withdraw_post(post).await,
                    _ => system.restore_post(post).await,
                };
                let after = system.post(post).await.unwrap().post.state;
                if done.is_ok() && before != after {
                    self.expect_cited(ConcernKind::SourceState, topic, post);
                }
            }
            Act::RemoveTopic(n) | Act::RestoreTopic(n) => {
                let topic = self.topics[n % self.topics.len()];
                let before = system.topic(topic).await.unwrap().topic.state;
                let done = match act {
                    Act::RemoveTopic(_) => system.remove_topic(topic).await,
                    _ => system.restore_topic(topic).await,
                };
                let after = system.topic(topic).await.unwrap().topic.state;
                if done.is_ok() && before != after {
                    self.expect(ConcernKind::SourceState, topic, None, |_| true);
                }
            }
            Act::Erase(n) => {
                let (topic, post) = post(*n);
                system.erase_post(post).await.unwrap();
                self.expect_erased(topic, post);
            }
            Act::EraseBen => {
                let Viewer::Member(id) = self.ben.viewer() else { unreachable!() };
                while system.erase_member(id, Erasure::Remove).await.unwrap().more {}
                for (topic, post) in self.of_ben.clone() {
                    self.expect_erased(topic, post);
                }
            }
            Act::Move(n) => {
                let topic = self.topics[n % self.topics.len()];
                let before = system.topic(topic).await.unwrap().topic.channel;
                let to = slug(if n % 2 == 0 { "shed" } else { "beds" });
                let done = system.move_topic(topic, &to).await;
                let after = system.topic(topic).await.unwrap().topic.channel;
                if done.is_ok() && before != after {
                    self.expect(ConcernKind::Moved, topic, None, |_| true);
                }
            }
            Act::Accept(n) | Act::Official(n) => {
                let (topic, post) = post(*n);
                let is_accept = matches!(act, Act::Accept(_));
                let marked = !self.marks.contains(&(post, is_accept));
                let done = match (is_accept, marked) {
                    (true, true) => system.accept(post, None).await,
                    (true, false) => system.unaccept(post).await,
                    (false, _) => system.set_official(post, marked, None).await,
                };
                if done.is_ok() {
                    if marked {
                        self.marks.insert((post, is_accept));
                        let kind = ConcernKind::OtherAnswer;
                        self.expect(kind, topic, Some(post), |known| !known.cites(post));
                    } else {
                        self.marks.remove(&(post, is_accept));
                        self.expect_cited(ConcernKind::MarkLost, topic, post);
                    }
                }
            }
            Act::Reply(n) => {
                let topic = self.topics[n % self.topics.len()];
                let new = community_core::NewPost::new(topic, format!("more {}", self.count));
                if let Ok(post) = self.ana.reply(new).await {
                    self.revisions.insert(post, 1);
                    self.posts.push((topic, post));
                }
            }
            Act::Vote(n) => {
                let (_, post) = post(*n);
                let _ = self.ana.vote(post, Some(community_core::Vote::Up)).await;
            }
            Act::Lock(n) => {
                let topic = self.topics[n % self.topics.len()];
                let _ = system.set_locked(topic, n % 2 == 0).await;
            }
            Act::Harvest(n) => self.harvest(*n).await,
            Act::Extend(article, n) => self.extend(*article, *n).await,
            Act::Confirm(n) => {
                let id = *self.articles.keys().nth(n % self.articles.len()).unwrap();
                // Whoever looks sees what has happened.
                self.world.pump().await;
                let rev = self.world.knowledge.desk(&system, id).await.unwrap().rev;
                if self.world.knowledge.confirm(&system, id, rev).await.is_ok() {
                    self.articles.get_mut(&id).unwrap().why.clear();
                }
            }
            Act::Pump => {
                self.world.pump().await;
            }
        }
    }

    /// A new version that cites one post more. Its draft is in use beside what is published.
    async fn extend(&mut self, article: usize, n: usize) {
        let id = *self.articles.keys().nth(article % self.articles.len()).unwrap();
        let system = self.world.system();
        let knowledge = &self.world.knowledge;
        let desk = knowledge.desk(&system, id).await.unwrap();
        let latest = knowledge.version(&system, id, desk.article.latest).await.unwrap();
        let mut content = latest.version.content.clone();
        let (topic, post) = self.posts[n % self.posts.len()];
        let view = system.post(post).await.unwrap();
        content.sections[0].blocks.push(Block {
            text: view.body.clone(),
            source: Some(community_knowledge::Source {
                topic,
                post,
                revision: view.post.revision,
                author: view.post.author,
                correction: None,
                adapted: false,
            }),
        });
        let edit = Edit { base: desk.article.latest, content, why: String::new() };
        if knowledge.edit(&system, id, &edit).await.is_err() {
            return;
        }
        let number = desk.article.latest + 1;
        let view = knowledge.version(&system, id, number).await.unwrap();
        assert!(matches!(view.version.note, Note::Edit { .. }));
        let new = self.cited_by(id, number).await;
        let before = match &desk.article.published {
            Some(published) => self.cited_by(id, published.version).await,
            None => Known::default(),
        };
        let known = self.articles.get_mut(&id).unwrap();
        known.topics.extend(new.topics);
        known.cited = new.cited;
        known.cited.extend(before.cited);
    }

    async fn check(&self) {
        self.world.pump().await;
        let system = self.world.system();
        let stale = self.world.knowledge.stale(&system, &garden(), Some(100)).await.unwrap();
        assert!(!stale.truncated);
        let queued: BTreeSet<ArticleId> =
            stale.articles.iter().map(|stale| stale.desk.article.id).collect();
        for (id, known) in &self.articles {
            let desk = self.world.knowledge.desk(&system, *id).await.unwrap();
            let found: Why = desk
                .article
                .concerns
                .iter()
                .map(|concern| (concern.kind, concern.topic.unwrap(), concern.post))
                .collect();
            assert_eq!(found, known.why, "{id}");
            assert_eq!(queued.contains(id), !known.why.is_empty());
            if matches!(desk.article.state, State::Published | State::Stale) {
                let expected = if known.why.is_empty() { State::Published } else { State::Stale };
                assert_eq!(desk.article.state, expected, "{id}");
            }
        }
        assert!(queued.iter().all(|id| self.articles.contains_key(id)));
        self.check_words().await;
    }

    /// Of what is erased no version of an article has a word, and of everything else each has all.
    async fn check_words(&self) {
        let system = self.world.system();
        for id in self.articles.keys() {
            let latest = self.world.knowledge.desk(&system, *id).await.unwrap().article.latest;
            for number in 1..=latest {
                let view = self.world.knowledge.version(&system, *id, number).await.unwrap();
                for block in view.version.content.blocks() {
                    let source = block.source.as_ref().unwrap();
                    let is_gone = self.erased.contains(&source.post);
                    assert_eq!(block.text.is_empty(), is_gone, "version {number} of {id}");
                }
            }
        }
    }
}

impl Known {
    fn cites(&self, post: PostId) -> bool {
        self.cited.iter().any(|(known, _)| *known == post)
    }
}

async fn play(store: Arc<dyn Store>, acts: &[Act]) {
    let mut script = Script::new(store).await;
    for act in acts {
        script.run(act).await;
    }
    script.check().await;
}

#[test]
fn the_check_notices_what_the_script_missed_and_what_was_not_looked_at() {
    // Each concerns an article that was harvested from the first question.
    let acts = [
        Act::Edit(1),
        Act::EditTopic(0),
        Act::Correct(0),
        Act::Remove(1),
        Act::RemoveTopic(0),
        Act::Move(0),
        Act::Accept(2),
        Act::Official(3),
        Act::Accept(1),
        Act::Erase(0),
        Act::Erase(1),
    ];
    for act in acts {
        let noticed = |missed: bool| {
            let played = std::panic::catch_unwind(|| {
                block_on(async {
                    let store = Arc::new(community_store_memory::MemoryStore::new());
                    let mut script = Script::new(store).await;
                    script.run(&act).await;
                    if missed {
                        script.articles.values_mut().for_each(|known| known.why.clear());
                    }
                    script.check().await;
                });
            });
            played.is_err()
        };
        assert!(noticed(true), "{act:?}");
        assert!(!noticed(false), "{act:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn every_affected_article_is_queued_and_no_other_in_memory(
        acts in prop::collection::vec(act(), 1..40),
    ) {
        block_on(play(Arc::new(community_store_memory::MemoryStore::new()), &acts));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn every_affected_article_is_queued_and_no_other_on_sqlite(
        acts in prop::collection::vec(act(), 1..30),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let options = community_store_sqlite::Options::default();
        let store = community_store_sqlite::SqliteStore::open(dir.path(), options).unwrap();
        block_on(play(Arc::new(store), &acts));
    }
}

#[test]
fn an_event_that_concerns_many_articles_queues_all_of_them() {
    block_on(async {
        let world = World::in_memory().await;
        world.channel("beds", "everyone").await;
        let ana = world.member("ana", &[]).await;
        let (topic, posts) = world.question(&ana, "beds", "Why?", &[(&ana, "Water.")]).await;
        for _ in 0..120 {
            world.published(topic, None).await;
        }
        world.pump().await;
        world.system().edit_post(posts[1], PostEdit::new("Water them.")).await.unwrap();
        let mut queued = 0;
        loop {
            let pumped = world.knowledge.pump().await.unwrap();
            queued += pumped.queued;
            if pumped.events == 0 && !pumped.more {
                break;
            }
        }
        assert_eq!(queued, 120);
        let knowledge = &world.knowledge;
        let mut after: Option<String> = None;
        let mut stale = 0;
        loop {
            let found = knowledge
                .inbox(&world.system(), &garden(), State::Stale, after.as_deref(), None)
                .await
                .unwrap();
            stale += found.items.len();
            assert!(found.items.iter().all(|desk| desk.article.concerns.len() == 1));
            after = found.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(stale, 120);
    });
}
