//! What happens, and what the oracle keeps of it.

use std::collections::{BTreeMap, BTreeSet};

use community_core::{
    Action, ChannelUpdate, MemberId, NewSanction, Policy, PostId, SanctionKind, Session,
    State as ItemState, TopicId,
};
use community_knowledge::{
    ArticleId, Block, Content, Edit, NewArticle, Rating, Section, SectionKind, Shelf, Source, State,
};
use proptest::prelude::*;

use super::rules::{CHANNELS, Held, Rule, Viewer};
use crate::common::{World, garden, id_of, slug};

#[derive(Debug, Clone)]
pub(super) struct Topic {
    pub(super) channel: usize,
    pub(super) author: MemberId,
    pub(super) state: ItemState,
}

#[derive(Debug, Clone)]
pub(super) struct Post {
    pub(super) topic: TopicId,
    pub(super) author: MemberId,
    pub(super) state: ItemState,
    pub(super) word: String,
}

#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) channel: usize,
    pub(super) authors: Vec<MemberId>,
    /// How many of them had written up to each version, the first at 0.
    pub(super) writers: Vec<usize>,
    pub(super) state: State,
    /// Each topic with the version that was the first to be made from it.
    pub(super) sources: BTreeMap<TopicId, usize>,
    pub(super) released: BTreeSet<TopicId>,
    /// What each version cites, the first at 0.
    pub(super) versions: Vec<BTreeSet<PostId>>,
    /// The words of posts that each version holds, whether or not it says so.
    pub(super) words: Vec<BTreeSet<String>>,
    pub(super) published: Option<usize>,
    pub(super) redirect: Option<ArticleId>,
    pub(super) shelved: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Act {
    Move(usize, usize),
    TopicState(usize, usize),
    PostState(usize, usize),
    Policy(usize, usize),
    Harvest(usize, usize),
    Write(usize),
    Extend(usize, usize, bool),
    Submit(usize),
    Approve(usize),
    Reject(usize),
    Release(usize, usize),
    Archive(usize, usize),
    Restore(usize),
    Place(usize, usize),
    Comment(usize),
    Rate(usize),
    Pump,
}

pub(super) fn act() -> impl Strategy<Value = Act> {
    let n = || 0usize..60;
    prop_oneof![
        2 => (n(), n()).prop_map(|(a, b)| Act::Move(a, b)),
        2 => (n(), n()).prop_map(|(a, b)| Act::TopicState(a, b)),
        3 => (n(), n()).prop_map(|(a, b)| Act::PostState(a, b)),
        2 => (n(), n()).prop_map(|(a, b)| Act::Policy(a, b)),
        3 => (n(), n()).prop_map(|(a, b)| Act::Harvest(a, b)),
        1 => n().prop_map(Act::Write),
        3 => (n(), n(), any::<bool>()).prop_map(|(a, b, c)| Act::Extend(a, b, c)),
        3 => n().prop_map(Act::Submit),
        3 => n().prop_map(Act::Approve),
        1 => n().prop_map(Act::Reject),
        1 => (n(), n()).prop_map(|(a, b)| Act::Release(a, b)),
        1 => (n(), n()).prop_map(|(a, b)| Act::Archive(a, b)),
        1 => n().prop_map(Act::Restore),
        1 => (n(), n()).prop_map(|(a, b)| Act::Place(a, b)),
        1 => n().prop_map(Act::Comment),
        1 => n().prop_map(Act::Rate),
        1 => Just(Act::Pump),
    ]
}

pub(super) struct Script {
    pub(super) world: World,
    pub(super) viewers: Vec<Viewer>,
    pub(super) rules: [Rule; 4],
    pub(super) topics: Vec<(TopicId, Topic)>,
    pub(super) posts: Vec<(PostId, Post)>,
    pub(super) articles: BTreeMap<ArticleId, Known>,
    pub(super) count: u32,
}

impl Script {
    pub(super) async fn new() -> Self {
        let world = World::in_memory().await;
        for (key, rule) in CHANNELS.iter().zip(Rule::ALL) {
            world.channel(key, &rule.audience().to_string()).await;
        }
        let mut viewers = Vec::new();
        let cast: [(&str, &[Held]); 8] = [
            ("ana", &[]),
            ("ben", &[]),
            ("eve", &[("employee", None)]),
            ("rex", &[("moderator", None)]),
            ("kim", &[("moderator", Some(1))]),
            ("mo", &[("manager", None)]),
            ("sil", &[("employee", None)]),
            ("sus", &[("moderator", None)]),
        ];
        for (name, roles) in cast {
            let session = world.member(name, &[]).await;
            for (role, channel) in roles {
                let channel = channel.map(|at| slug(CHANNELS[at]));
                let member = id_of(&session);
                let (role, channel) = (slug(role), channel.as_ref());
                world.system().grant_role(&garden(), member, &role, channel).await.unwrap();
            }
            let kind = match name {
                "sil" => Some(SanctionKind::Silence),
                "sus" => Some(SanctionKind::Suspension),
                _ => None,
            };
            if let Some(kind) = kind {
                let new = NewSanction { kind, channel: None, until: None, reason: "so".into() };
                world.system().sanction(&garden(), id_of(&session), new).await.unwrap();
            }
            viewers.push(Viewer {
                name,
                session,
                joined: true,
                suspended: name == "sus",
                roles: roles.to_vec(),
            });
        }
        let anonymous = world.engine.anonymous();
        viewers.push(Viewer {
            name: "anonymous",
            session: anonymous,
            joined: false,
            suspended: false,
            roles: Vec::new(),
        });
        let mut script = Self {
            world,
            viewers,
            rules: Rule::ALL,
            topics: Vec::new(),
            posts: Vec::new(),
            articles: BTreeMap::new(),
            count: 0,
        };
        let (ana, eve) = (script.viewers[0].session.clone(), script.viewers[2].session.clone());
        for number in 0..6 {
            // Both may write everywhere; only who sees a channel does.
            let (asks, at) = if number % 4 == 2 { (&eve, 2) } else { (&ana, number % 4) };
            let title = script.word();
            let answers = [script.word(), script.word()];
            let answers: Vec<(&Session, &str)> =
                answers.iter().map(|text| (&eve, text.as_str())).collect();
            let world = &script.world;
            let (topic, posts) = world.question(asks, CHANNELS[at], &title, &answers).await;
            let author = id_of(asks);
            let state = ItemState::Published;
            script.topics.push((topic, Topic { channel: at, author, state }));
            for (place, post) in posts.into_iter().enumerate() {
                let (author, word) = match place {
                    0 => (author, title.clone()),
                    n => (id_of(&eve), answers[n - 1].1.to_owned()),
                };
                script.posts.push((post, Post { topic, author, state, word }));
            }
        }
        script
    }

    /// A text that stands nowhere else.
    pub(super) fn word(&mut self) -> String {
        self.count += 1;
        format!("word{}x", self.count)
    }

    pub(super) fn topic(&self, id: TopicId) -> &Topic {
        &self.topics.iter().find(|(known, _)| *known == id).unwrap().1
    }

    pub(super) fn post(&self, id: PostId) -> &Post {
        &self.posts.iter().find(|(known, _)| *known == id).unwrap().1
    }

    pub(super) fn pick(&self, n: usize) -> Option<ArticleId> {
        let count = self.articles.len();
        (count > 0).then(|| *self.articles.keys().nth(n % count).unwrap())
    }

    pub(super) async fn run(&mut self, act: &Act) {
        self.world.tick(1);
        let system = self.world.system();
        let knowledge = self.world.knowledge.clone();
        match act {
            Act::Move(t, to) => {
                let at = t % self.topics.len();
                let (id, topic) = &mut self.topics[at];
                if system.move_topic(*id, &slug(CHANNELS[to % 4])).await.is_ok() {
                    topic.channel = to % 4;
                }
            }
            Act::TopicState(t, to) => {
                let at = t % self.topics.len();
                let (id, topic) = &mut self.topics[at];
                let done = match to % 2 {
                    0 => (system.remove_topic(*id).await, ItemState::Removed),
                    _ => (system.restore_topic(*id).await, ItemState::Published),
                };
                if done.0.is_ok() {
                    topic.state = done.1;
                }
            }
            Act::PostState(p, to) => {
                let at = p % self.posts.len();
                let author = self.posts[at].1.author;
                let (id, post) = &mut self.posts[at];
                let done = match to % 3 {
                    0 => (system.remove_post(*id).await, ItemState::Removed),
                    1 => {
                        let author = self.world.engine.member(author);
                        (author.withdraw_post(*id).await, ItemState::Withdrawn)
                    }
                    _ => (system.restore_post(*id).await, ItemState::Published),
                };
                if done.0.is_ok() {
                    post.state = system.post(*id).await.unwrap().post.state;
                }
            }
            Act::Policy(channel, rule) => {
                let (channel, rule) = (channel % 4, Rule::ALL[rule % 4]);
                let policy = Policy::inherit().with(Action::View, rule.audience());
                let update = ChannelUpdate { policy: Some(policy), ..ChannelUpdate::default() };
                let key = slug(CHANNELS[channel]);
                system.update_channel(&garden(), &key, update).await.unwrap();
                self.rules[channel] = rule;
            }
            Act::Harvest(t, to) => {
                let (topic, _) = self.topics[t % self.topics.len()];
                let channel = Some(slug(CHANNELS[to % 4]));
                let harvest = community_knowledge::Harvest { topic, channel, locale: slug("en") };
                // Some are Eve's, some the system's.
                let eve = self.viewers[2].session.clone();
                let who = if to % 3 == 0 { &system } else { &eve };
                if let Ok(id) = knowledge.harvest(who, &harvest).await {
                    let cited = self.cites(id, 1).await;
                    let words = self.words_in(id, 1).await;
                    self.begun(id, to % 4, who.viewer().member(), cited, words);
                }
            }
            Act::Write(to) => {
                let text = self.word();
                let section = Section::text(SectionKind::Resolution, text);
                let content = Content::new("Written".parse().unwrap(), vec![section]);
                let channel = slug(CHANNELS[to % 4]);
                let new = NewArticle::new(garden(), channel, slug("en"), content);
                let eve = &self.viewers[2].session;
                if let Ok(id) = knowledge.begin(eve, &new).await {
                    let eve = Some(id_of(&self.viewers[2].session));
                    self.begun(id, to % 4, eve, BTreeSet::new(), BTreeSet::new());
                }
            }
            Act::Extend(a, p, keep) => {
                let Some(id) = self.pick(*a) else { return };
                let latest = u32::try_from(self.articles[&id].versions.len()).unwrap();
                let view = knowledge.version(&system, id, latest).await.unwrap();
                let mut content = view.version.content.clone();
                let (post, known) = self.posts[p % self.posts.len()].clone();
                if *keep {
                    let source = Source {
                        topic: known.topic,
                        post,
                        revision: 1,
                        author: known.author,
                        correction: None,
                        adapted: false,
                    };
                    let block = Block { text: known.word.clone(), source: Some(source) };
                    content.sections[0].blocks.push(block);
                } else {
                    // Words stay and the mention of their source goes: the bound stays.
                    for block in content.sections.iter_mut().flat_map(|s| &mut s.blocks) {
                        block.source = None;
                    }
                }
                let edit = Edit { base: latest, content, why: String::new() };
                // A manager reads and does what the system does, and is named for it.
                let mo = self.viewers[5].session.clone();
                let who = if p % 2 == 0 { &system } else { &mo };
                if knowledge.edit(who, id, &edit).await.is_ok() {
                    let cited = self.cites(id, latest + 1).await;
                    let topics: Vec<TopicId> =
                        cited.iter().map(|post| self.post(*post).topic).collect();
                    let known = self.articles.get_mut(&id).unwrap();
                    for topic in topics {
                        known.sources.entry(topic).or_insert(known.versions.len());
                    }
                    let writer = who.viewer().member();
                    let new = writer.filter(|writer| !known.authors.contains(writer));
                    known.authors.extend(new);
                    known.writers.push(known.authors.len());
                    known.versions.push(cited);
                    known.state = State::Draft;
                    let words = self.words_in(id, latest + 1).await;
                    self.articles.get_mut(&id).unwrap().words.push(words);
                }
            }
            Act::Submit(a) => {
                let Some(id) = self.pick(*a) else { return };
                if knowledge.submit(&system, id).await.is_ok() {
                    self.articles.get_mut(&id).unwrap().state = State::InReview;
                }
            }
            Act::Approve(a) => {
                let Some(id) = self.pick(*a) else { return };
                let rev = knowledge.desk(&system, id).await.unwrap().rev;
                let done = knowledge.approve(&system, id, rev, None).await;
                let cited = self.articles[&id].versions.last().unwrap();
                let is_published = cited.iter().all(|post| {
                    let post = self.post(*post);
                    let topic = self.topic(post.topic);
                    [post.state, topic.state].iter().all(|s| *s == ItemState::Published)
                });
                let known = self.articles.get_mut(&id).unwrap();
                let expected = known.state == State::InReview && is_published;
                assert_eq!(done.is_ok(), expected, "{done:?}");
                if expected {
                    known.state = State::Published;
                    known.published = Some(known.versions.len() - 1);
                }
            }
            Act::Reject(a) => {
                let Some(id) = self.pick(*a) else { return };
                let word = self.word();
                if knowledge.reject(&system, id, &word).await.is_ok() {
                    self.articles.get_mut(&id).unwrap().state = State::Draft;
                }
            }
            Act::Release(a, t) => {
                let Some(id) = self.pick(*a) else { return };
                let sources = &self.articles[&id].sources;
                let Some(topic) = sources.keys().nth(t % sources.len().max(1)).copied() else {
                    return;
                };
                knowledge.release(&system, id, topic, "known outside").await.unwrap();
                self.articles.get_mut(&id).unwrap().released.insert(topic);
            }
            Act::Archive(a, to) => {
                let Some(id) = self.pick(*a) else { return };
                let other = self.pick(*to).filter(|other| *other != id);
                if knowledge.archive(&system, id, other).await.is_ok() {
                    let known = self.articles.get_mut(&id).unwrap();
                    known.state = State::Archived;
                    known.redirect = other;
                }
            }
            Act::Restore(a) => {
                let Some(id) = self.pick(*a) else { return };
                if knowledge.restore(&system, id).await.is_ok() {
                    let known = self.articles.get_mut(&id).unwrap();
                    known.state = State::Draft;
                    known.published = None;
                    known.redirect = None;
                }
            }
            Act::Place(a, to) => {
                let Some(id) = self.pick(*a) else { return };
                let channel = slug(CHANNELS[to % 4]);
                let shelf = Shelf { collection: slug("guide"), position: 1 };
                let shelf = (to % 3 > 0).then_some(shelf);
                let known = self.articles.get_mut(&id).unwrap();
                (known.channel, known.shelved) = (to % 4, shelf.is_some());
                knowledge.place(&system, id, &channel, shelf.as_ref()).await.unwrap();
            }
            Act::Comment(a) => {
                let Some(id) = self.pick(*a) else { return };
                let word = self.word();
                knowledge.comment(&system, id, &word).await.unwrap();
            }
            Act::Rate(a) => {
                let Some(id) = self.pick(*a) else { return };
                for viewer in &self.viewers {
                    let rating = Rating { helpful: true, reason: String::new(), visit: None };
                    let done = knowledge.rate(&viewer.session, id, &rating).await;
                    if viewer.me().is_some() {
                        assert_eq!(done.is_ok(), self.reads(viewer, id), "{}", viewer.name);
                    }
                }
            }
            Act::Pump => self.world.pump().await,
        }
    }

    pub(super) fn begun(
        &mut self,
        id: ArticleId,
        channel: usize,
        author: Option<MemberId>,
        cited: BTreeSet<PostId>,
        words: BTreeSet<String>,
    ) {
        let known = Known {
            channel,
            authors: author.into_iter().collect(),
            writers: vec![usize::from(author.is_some())],
            state: State::Draft,
            sources: cited.iter().map(|post| (self.post(*post).topic, 0)).collect(),
            released: BTreeSet::new(),
            versions: vec![cited],
            words: vec![words],
            published: None,
            redirect: None,
            shelved: false,
        };
        self.articles.insert(id, known);
    }

    pub(super) async fn cites(&self, id: ArticleId, number: u32) -> BTreeSet<PostId> {
        let system = self.world.system();
        let view = self.world.knowledge.version(&system, id, number).await.unwrap();
        view.version.content.posts()
    }

    /// The words of posts that a version holds.
    pub(super) async fn words_in(&self, id: ArticleId, number: u32) -> BTreeSet<String> {
        let system = self.world.system();
        let view = self.world.knowledge.version(&system, id, number).await.unwrap();
        let text = view.version.content.markdown();
        let words = self.posts.iter().map(|(_, post)| post.word.clone());
        words.filter(|word| text.contains(word.as_str())).collect()
    }
}
