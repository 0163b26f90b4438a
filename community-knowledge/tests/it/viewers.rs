//! Who sees what of articles, over random histories of places, policies, sources and reviews.
//!
//! The oracle below says it by naive rules over what the script keeps of its own acts. It shares no
//! code with the engine's policy or with the guards of the knowledge base.

use std::collections::{BTreeMap, BTreeSet};

use community_core::{
    Action, Audience, ChannelUpdate, Error as Refused, MemberId, NewSanction, Policy, PostId,
    SanctionKind, Session, State as ItemState, TopicId,
};
use community_knowledge::{
    ArticleId, ArticleQuery, Block, By, Content, Edit, Error, Knowledge, NewArticle, Rating,
    Section, SectionKind, Source, State,
};
use pollster::block_on;
use proptest::prelude::*;
use serde::Serialize;

use crate::common::{World, garden, id_of, slug};

/// Who reads a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Everyone,
    Members,
    Staff,
    Own,
}

impl Rule {
    const ALL: [Self; 4] = [Self::Everyone, Self::Members, Self::Staff, Self::Own];

    fn audience(self) -> Audience {
        let staff = "role(employee) or role(moderator) or role(manager)";
        match self {
            Self::Everyone => "everyone".parse().unwrap(),
            Self::Members => "members".parse().unwrap(),
            Self::Staff => staff.parse().unwrap(),
            Self::Own => format!("author or {staff}").parse().unwrap(),
        }
    }
}

const CHANNELS: [&str; 4] = ["beds", "shed", "staff", "own"];

/// Somebody who looks.
struct Viewer {
    name: &'static str,
    session: Session,
    joined: bool,
    suspended: bool,
    /// Roles, each with the channel that it is limited to.
    roles: Vec<Held>,
}

/// A role, and the channel that it is limited to.
type Held = (&'static str, Option<usize>);

impl Viewer {
    fn me(&self) -> Option<MemberId> {
        self.session.viewer().member()
    }

    fn has(&self, role: &str, channel: usize) -> bool {
        let holds =
            |(held, at): &(&str, Option<usize>)| *held == role && at.is_none_or(|at| at == channel);
        !self.suspended && self.roles.iter().any(holds)
    }

    fn is_staff(&self, channel: usize) -> bool {
        ["employee", "moderator", "manager"].iter().any(|role| self.has(role, channel))
    }

    fn moderates(&self, channel: usize) -> bool {
        self.has("moderator", channel) || self.has("manager", channel)
    }

    fn reads(&self, rule: Rule, channel: usize, author: Option<MemberId>) -> bool {
        match rule {
            Rule::Everyone => true,
            Rule::Members => self.joined && !self.suspended,
            Rule::Staff => self.is_staff(channel),
            Rule::Own => {
                let own = author.is_some() && self.me() == author && !self.suspended;
                own || self.is_staff(channel)
            }
        }
    }

    fn sees(&self, state: ItemState, author: MemberId, channel: usize) -> bool {
        match state {
            ItemState::Published => true,
            ItemState::Withdrawn => self.moderates(channel) || self.me() == Some(author),
            ItemState::Removed => self.moderates(channel),
        }
    }
}

#[derive(Debug, Clone)]
struct Topic {
    channel: usize,
    author: MemberId,
    state: ItemState,
}

#[derive(Debug, Clone)]
struct Post {
    topic: TopicId,
    author: MemberId,
    state: ItemState,
    word: String,
}

#[derive(Debug, Clone)]
struct Known {
    channel: usize,
    authors: Vec<MemberId>,
    /// How many of them had written up to each version, the first at 0.
    writers: Vec<usize>,
    state: State,
    /// Each topic with the version that was the first to be made from it.
    sources: BTreeMap<TopicId, usize>,
    released: BTreeSet<TopicId>,
    /// What each version cites, the first at 0.
    versions: Vec<BTreeSet<PostId>>,
    /// The words of posts that each version holds, whether or not it says so.
    words: Vec<BTreeSet<String>>,
    published: Option<usize>,
    redirect: Option<ArticleId>,
}

#[derive(Debug, Clone)]
enum Act {
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

fn act() -> impl Strategy<Value = Act> {
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

struct Script {
    world: World,
    viewers: Vec<Viewer>,
    rules: [Rule; 4],
    topics: Vec<(TopicId, Topic)>,
    posts: Vec<(PostId, Post)>,
    articles: BTreeMap<ArticleId, Known>,
    count: u32,
}

impl Script {
    async fn new() -> Self {
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
    fn word(&mut self) -> String {
        self.count += 1;
        format!("word{}x", self.count)
    }

    fn topic(&self, id: TopicId) -> &Topic {
        &self.topics.iter().find(|(known, _)| *known == id).unwrap().1
    }

    fn post(&self, id: PostId) -> &Post {
        &self.posts.iter().find(|(known, _)| *known == id).unwrap().1
    }

    fn pick(&self, n: usize) -> Option<ArticleId> {
        let count = self.articles.len();
        (count > 0).then(|| *self.articles.keys().nth(n % count).unwrap())
    }

    async fn run(&mut self, act: &Act) {
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
                knowledge.place(&system, id, &channel, None).await.unwrap();
                self.articles.get_mut(&id).unwrap().channel = to % 4;
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

    fn begun(
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
        };
        self.articles.insert(id, known);
    }

    async fn cites(&self, id: ArticleId, number: u32) -> BTreeSet<PostId> {
        let system = self.world.system();
        let view = self.world.knowledge.version(&system, id, number).await.unwrap();
        view.version.content.posts()
    }

    /// The words of posts that a version holds.
    async fn words_in(&self, id: ArticleId, number: u32) -> BTreeSet<String> {
        let system = self.world.system();
        let view = self.world.knowledge.version(&system, id, number).await.unwrap();
        let text = view.version.content.markdown();
        let words = self.posts.iter().map(|(_, post)| post.word.clone());
        words.filter(|word| text.contains(word.as_str())).collect()
    }

    /// Whether somebody may read a post.
    fn reads_post(&self, viewer: &Viewer, id: PostId) -> bool {
        let post = self.post(id);
        let topic = self.topic(post.topic);
        self.reads_topic(viewer, post.topic)
            && viewer.sees(topic.state, topic.author, topic.channel)
            && viewer.sees(post.state, post.author, topic.channel)
    }

    /// Whether somebody may read a topic where it stands, were it published.
    fn reads_topic(&self, viewer: &Viewer, id: TopicId) -> bool {
        let topic = self.topic(id);
        viewer.reads(self.rules[topic.channel], topic.channel, Some(topic.author))
    }

    /// Whether somebody may read where an article stands, and what it was made from up to a version.
    fn admits(&self, viewer: &Viewer, known: &Known, version: usize) -> bool {
        let author = known.authors.first().copied();
        let bound = known.sources.iter().filter(|(_, first)| **first <= version);
        let mut bound = bound.filter(|(topic, _)| !known.released.contains(topic));
        viewer.reads(self.rules[known.channel], known.channel, author)
            && bound.all(|(topic, _)| self.reads_topic(viewer, *topic))
    }

    /// Whether somebody may read what an article published, archived or not.
    fn may_read(&self, viewer: &Viewer, known: &Known) -> bool {
        let Some(version) = known.published else { return false };
        let cited = &known.versions[version];
        self.admits(viewer, known, version)
            && cited.iter().all(|id| {
                let post = self.post(*id);
                let topic = self.topic(post.topic);
                if known.released.contains(&post.topic) {
                    post.state == ItemState::Published && topic.state == ItemState::Published
                } else {
                    self.reads_post(viewer, *id)
                }
            })
    }

    fn reads(&self, viewer: &Viewer, id: ArticleId) -> bool {
        let known = &self.articles[&id];
        known.state != State::Archived && self.may_read(viewer, known)
    }

    /// Where somebody who asks for an article is led.
    fn led(&self, viewer: &Viewer, mut id: ArticleId) -> Option<ArticleId> {
        for _ in 0..=8 {
            let known = &self.articles[&id];
            if !self.may_read(viewer, known) {
                return None;
            }
            if known.state != State::Archived {
                return Some(id);
            }
            id = known.redirect?;
        }
        None
    }

    fn works(&self, viewer: &Viewer, id: ArticleId) -> bool {
        let known = &self.articles[&id];
        let at = known.channel;
        let is_author = viewer.me().is_some_and(|me| known.authors.contains(&me));
        (viewer.moderates(at) || (is_author && viewer.is_staff(at)))
            && self.admits(viewer, known, known.versions.len())
    }

    /// All texts that somebody may come across in the knowledge base.
    fn words(&self, viewer: &Viewer) -> BTreeSet<String> {
        let mut words = BTreeSet::new();
        for (id, known) in &self.articles {
            if self.works(viewer, *id) {
                words.extend(known.words.iter().flatten().cloned());
            } else if self.reads(viewer, *id) {
                words.extend(known.words[known.published.unwrap()].iter().cloned());
            }
        }
        words
    }

    async fn check(&self) {
        let knowledge = &self.world.knowledge;
        let nobody = ArticleId::from_uuid(uuid_of(1));
        for viewer in &self.viewers {
            let (session, name) = (&viewer.session, viewer.name);
            let mut seen = String::new();
            let mut readable = BTreeSet::new();
            let mut workable = BTreeSet::new();
            for id in self.articles.keys().copied() {
                let known = &self.articles[&id];
                let (reads, works) = (self.reads(viewer, id), self.works(viewer, id));
                if reads {
                    readable.insert(id);
                }
                if works {
                    workable.insert(id);
                }
                let found = knowledge.article(session, id).await;
                let led = found.as_ref().ok().map(|page| page.article.id);
                assert_eq!(led, self.led(viewer, id), "{name} reads {id}: {known:?}");
                if let Ok(page) = &found {
                    // Only what the version that is shown, or one before it, was made from.
                    let led = &self.articles[&page.article.id];
                    let shown = led.published.unwrap();
                    assert_eq!(page.article.authors, led.authors[..led.writers[shown]]);
                    for topic in &page.article.sources {
                        assert!(led.sources[topic] <= shown, "{name} learns of a draft: {topic}");
                        let topic_of = self.topic(*topic);
                        let (author, at) = (topic_of.author, topic_of.channel);
                        assert!(self.reads_topic(viewer, *topic));
                        assert!(viewer.sees(topic_of.state, author, at));
                    }
                }
                look(&mut seen, &found);
                let desk = knowledge.desk(session, id).await;
                assert_eq!(desk.is_ok(), works, "{name} works on {id}: {known:?}");
                look(&mut seen, &desk);
                let versions = knowledge.versions(session, id, None, Some(100)).await;
                let numbers: Vec<usize> = versions
                    .as_ref()
                    .map(|page| page.items.iter().map(|v| v.version.number as usize).collect())
                    .unwrap_or_default();
                let expected: Vec<usize> = match (works, known.published) {
                    (true, _) => (1..=known.versions.len()).rev().collect(),
                    (false, Some(version)) if reads => vec![version + 1],
                    _ => Vec::new(),
                };
                assert_eq!(numbers, expected, "{name} reads versions of {id}");
                look(&mut seen, &versions);
                for number in 1..=known.versions.len() {
                    let number = u32::try_from(number).unwrap();
                    let one = knowledge.version(session, id, number).await;
                    assert_eq!(one.is_ok(), expected.contains(&(number as usize)));
                    look(&mut seen, &one);
                }
                let comments = knowledge.comments(session, id, None, None).await;
                assert_eq!(comments.is_ok(), works);
                look(&mut seen, &comments);
                let feedback = knowledge.feedback(session, id, None, None).await;
                assert_eq!(feedback.is_ok(), works);
                assert_eq!(knowledge.tally(session, id).await.is_ok(), works);
                if !works && !reads {
                    hidden_is_absent(knowledge, session, id, nobody).await;
                }
            }
            self.check_lists(viewer, &readable, &workable, &mut seen).await;
            let allowed = self.words(viewer);
            let all = self.posts.iter().map(|(_, post)| &post.word);
            for word in all.filter(|word| seen.contains(word.as_str())) {
                assert!(allowed.contains(word), "{name} came across `{word}`");
            }
        }
    }

    async fn check_lists(
        &self,
        viewer: &Viewer,
        readable: &BTreeSet<ArticleId>,
        workable: &BTreeSet<ArticleId>,
        seen: &mut String,
    ) {
        let knowledge = &self.world.knowledge;
        let session = &viewer.session;
        let all = knowledge.articles(session, &ArticleQuery::all(garden())).await;
        let page = all.as_ref().unwrap();
        let found: BTreeSet<ArticleId> = page.items.iter().map(|view| view.id).collect();
        assert!(page.next.is_none());
        assert_eq!(&found, readable, "{}", viewer.name);
        look(seen, &all);
        for (topic, _) in &self.topics {
            let query = ArticleQuery::by(garden(), By::Source(*topic));
            let found = knowledge.articles(session, &query).await;
            let ids: BTreeSet<ArticleId> =
                found.as_ref().unwrap().items.iter().map(|view| view.id).collect();
            let expected: BTreeSet<ArticleId> = readable
                .iter()
                .filter(|id| {
                    let known = &self.articles[*id];
                    known.sources.get(topic).is_some_and(|first| Some(*first) <= known.published)
                })
                .copied()
                .collect();
            assert_eq!(ids, expected);
            look(seen, &found);
        }
        let mut worked = BTreeSet::new();
        for state in State::ALL {
            let found = knowledge.inbox(session, &garden(), state, None, Some(100)).await;
            worked.extend(found.as_ref().unwrap().items.iter().map(|desk| desk.article.id));
            look(seen, &found);
        }
        assert_eq!(&worked, workable, "{}", viewer.name);
        let stale = knowledge.stale(session, &garden(), Some(100)).await;
        let queued = stale.as_ref().unwrap().articles.iter();
        assert!(queued.into_iter().all(|stale| workable.contains(&stale.desk.article.id)));
        look(seen, &stale);
    }
}

/// Keeps what was seen as text.
fn look<T: Serialize>(seen: &mut String, found: &Result<T, Error>) {
    match found {
        Ok(found) => seen.push_str(&serde_json::to_string(found).unwrap()),
        Err(error) => seen.push_str(&error.to_string()),
    }
}

fn uuid_of(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

/// Every read and command says the same of what is hidden as of what is not there.
async fn hidden_is_absent(
    knowledge: &Knowledge,
    session: &Session,
    hidden: ArticleId,
    absent: ArticleId,
) {
    let content =
        Content::new("Mine".parse().unwrap(), vec![Section::text(SectionKind::Problem, "Nothing")]);
    let edit = Edit { base: 1, content, why: String::new() };
    let rating = Rating { helpful: false, reason: String::new(), visit: None };
    let (rev, channel, topic) =
        (community_core::Rev(1), slug("beds"), TopicId::from_uuid(uuid_of(2)));
    let say = |result: Result<String, Error>| match result {
        Ok(text) => text,
        Err(error) => error.to_string(),
    };
    let mut answers: [Vec<String>; 2] = Default::default();
    for (id, answers) in [hidden, absent].into_iter().zip(&mut answers) {
        let k = knowledge;
        answers.push(say(k.neighbours(session, id).await.map(|_| String::new())));
        answers.push(say(k.edit(session, id, &edit).await.map(|()| String::new())));
        answers.push(say(k.roll_back(session, id, 1, "").await.map(|()| String::new())));
        answers.push(say(k.submit(session, id).await.map(|()| String::new())));
        answers.push(say(k.recall(session, id).await.map(|()| String::new())));
        answers.push(say(k.approve(session, id, rev, None).await.map(|()| String::new())));
        answers.push(say(k.reject(session, id, "no").await.map(|()| String::new())));
        answers.push(say(k.confirm(session, id, rev).await.map(|()| String::new())));
        answers.push(say(k.archive(session, id, None).await.map(|()| String::new())));
        answers.push(say(k.restore(session, id).await.map(|()| String::new())));
        answers.push(say(k.place(session, id, &channel, None).await.map(|()| String::new())));
        answers.push(say(k.release(session, id, topic, "so").await.map(|()| String::new())));
        answers.push(say(k.comment(session, id, "so").await.map(|_| String::new())));
        answers.push(say(k.rate(session, id, &rating).await.map(|()| String::new())));
    }
    let [hidden, absent] = answers;
    assert_eq!(hidden, absent);
    assert!(hidden.iter().all(|answer| *answer == Refused::NotFound("article").to_string()));
}

async fn play(acts: &[Act]) {
    let mut script = Script::new().await;
    for (at, act) in acts.iter().enumerate() {
        script.run(act).await;
        if at % 12 == 11 {
            script.check().await;
        }
    }
    script.check().await;
}

/// Runs a script of which the oracle misses one act, and says whether the check noticed.
fn is_noticed(acts: &[Act], missed: usize) -> bool {
    let played = std::panic::catch_unwind(|| {
        block_on(async {
            let mut script = Script::new().await;
            for (at, act) in acts.iter().enumerate() {
                let before = (
                    script.rules,
                    script.topics.clone(),
                    script.posts.clone(),
                    script.articles.clone(),
                );
                script.run(act).await;
                if at == missed {
                    (script.rules, script.topics, script.posts, script.articles) = before;
                }
            }
            script.check().await;
        });
    });
    played.is_err()
}

#[test]
fn the_check_notices_an_act_that_the_oracle_missed() {
    // A question of the first channel, harvested into it by the system, published, then one act more.
    let published = [Act::Harvest(0, 0), Act::Submit(0), Act::Approve(0)];
    let more = [
        Act::Move(0, 2),
        Act::TopicState(0, 0),
        Act::PostState(1, 0),
        Act::PostState(1, 1),
        Act::Policy(0, 2),
        Act::Extend(0, 4, true),
        Act::Archive(0, 0),
        Act::Place(0, 2),
    ];
    for act in more {
        let acts: Vec<Act> = published.iter().cloned().chain([act.clone()]).collect();
        assert!(is_noticed(&acts, 3), "{act:?}");
        assert!(!is_noticed(&acts, 4), "{act:?}");
    }
    // Released, and then moved to where few read: the release is what keeps it readable.
    let acts: Vec<Act> =
        published.iter().cloned().chain([Act::Release(0, 0), Act::Move(0, 2)]).collect();
    assert!(is_noticed(&acts, 3) && is_noticed(&acts, 2) && !is_noticed(&acts, 9));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn everybody_sees_what_the_oracle_says_and_nothing_else(
        acts in prop::collection::vec(act(), 4..40),
    ) {
        block_on(play(&acts));
    }
}
