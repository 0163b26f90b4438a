//! The process that is killed: opens the directory, says when it is ready, writes until its end,
//! and tells of every command once it was acknowledged.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use community::change::EntityId;
use community::sqlite::{self, SqliteStore};
use community::store::Store;
use community::{
    Engine, Key, NewChannel, NewCommunity, NewLabel, NewMember, NewPost, NewTopic, Policy,
    PostEdit, PostId, ReactionDef, RequestId, Result, Session, Slug, TopicEdit,
};
use community_testkit::{FaultyStore, Habit};
use pollster::block_on;

use crate::plan::{Deed, LABELS, Plan, SHARED, THANKS, THREADS, Who, request, text, title};

/// The key of the community.
pub(crate) const COMMUNITY: &str = "garden";
/// What the child says when everything is there that the threads need.
pub(crate) const READY: &str = "ready";

/// What the parent asks of a child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Orders {
    pub(crate) seed: u64,
    pub(crate) habit: Option<Habit>,
    /// How many commands of each thread are known to be done.
    pub(crate) done: [usize; THREADS],
}

impl Orders {
    /// As one word, for the environment.
    pub(crate) fn write(&self) -> String {
        let habit = match self.habit {
            None => "none",
            Some(Habit::CountersApart) => "counters",
            Some(Habit::AcknowledgesFirst) => "acknowledges",
        };
        let done = self.done.map(|done| done.to_string()).join("/");
        format!("{}/{habit}/{done}", self.seed)
    }

    pub(crate) fn read(text: &str) -> Self {
        let mut parts = text.split('/');
        let mut part = || parts.next().unwrap();
        let seed = part().parse().unwrap();
        let habit = match part() {
            "counters" => Some(Habit::CountersApart),
            "acknowledges" => Some(Habit::AcknowledgesFirst),
            _ => None,
        };
        Self { seed, habit, done: [(); THREADS].map(|()| part().parse().unwrap()) }
    }
}

/// One line to the parent, in one piece: a pipe takes it whole or not at all.
fn tell(line: &str) {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(format!("{line}\n").as_bytes()).unwrap();
    stdout.flush().unwrap();
}

/// What a command made, as it is told.
pub(crate) fn acknowledgement(thread: usize, number: usize, made: Option<EntityId>) -> String {
    format!("done {thread} {number} {}", made.unwrap_or_default())
}

/// Does what it is ordered to, and does not come back.
pub(crate) fn work(dir: &Path, orders: &Orders) {
    // The test runner has begun a line.
    tell("");
    // As it comes: an acknowledged commit is on the disk.
    // It ends with moves in feeds that are written, that are only noted, and that are on their way.
    let options = sqlite::Options { moves: 40, ..sqlite::Options::default() };
    let store = SqliteStore::open(dir, options).unwrap();
    let store: Arc<dyn Store> = match orders.habit {
        None => Arc::new(store),
        Some(habit) => Arc::new(FaultyStore::with_habit(store, habit)),
    };
    let engine = Engine::new(store);
    block_on(set_the_scene(&engine)).unwrap();
    tell(READY);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let mut worker = Worker::new(&engine, orders.seed, thread);
            scope.spawn(move || {
                while worker.plan.made() < orders.done[thread] {
                    worker.plan.next();
                }
                // The first one may have been done by the process before, which nobody heard of.
                loop {
                    let number = worker.plan.made();
                    let deed = worker.plan.next();
                    let made = block_on(worker.perform(number, &deed));
                    let made = made.unwrap_or_else(|error| panic!("{number} {deed:?}: {error:?}"));
                    tell(&acknowledgement(thread, number, made));
                }
            });
        }
    });
}

/// What the threads share. Sent again by each process, it has one effect.
async fn set_the_scene(engine: &Engine) -> Result<()> {
    let id = |number: usize| request(THREADS, number);
    let host = engine.as_system();
    let garden: Slug = COMMUNITY.parse()?;
    let mut new = NewCommunity::new(garden.clone(), "Garden".parse()?, Policy::public());
    new.reactions = vec![ReactionDef { key: THANKS.parse()?, name: "Thanks".parse()? }];
    host.request(id(0)).create_community(new).await?;
    let beds = NewChannel::new("beds".parse()?, "Beds".parse()?);
    host.request(id(1)).create_channel(&garden, beds).await?;
    for (number, label) in LABELS.iter().enumerate() {
        let new = NewLabel::new(label.parse()?, label.parse()?);
        host.request(id(10 + number)).put_label(&garden, new).await?;
    }
    let keeper = NewMember::new("keeper".parse()?, "Keeper".parse()?);
    let keeper = host.request(id(2)).sync_member(keeper).await?;
    let keeper = engine.member(keeper);
    keeper.request(id(3)).join(&garden).await?;
    keeper.request(id(4)).start_topic(topic(SHARED, Vec::new())?).await?;
    Ok(())
}

fn topic(key: &str, labels: Vec<Slug>) -> Result<NewTopic> {
    let (garden, beds, question) = (COMMUNITY.parse()?, "beds".parse()?, "question".parse()?);
    let new = NewTopic::new(garden, beds, question, title(key), text(key));
    Ok(NewTopic { labels, ..new }.key(key.parse()?))
}

/// One thread.
struct Worker<'a> {
    engine: &'a Engine,
    thread: usize,
    plan: Plan,
}

impl<'a> Worker<'a> {
    fn new(engine: &'a Engine, seed: u64, thread: usize) -> Self {
        Self { engine, thread, plan: Plan::new(seed, thread) }
    }

    /// Carries out a command. The answer is the id of what it made.
    async fn perform(&self, number: usize, deed: &Deed) -> Result<Option<EntityId>> {
        let id = request(self.thread, number);
        let garden: Slug = COMMUNITY.parse()?;
        match deed {
            Deed::Name(who, name) => {
                let new = NewMember::new(self.plan.member(*who).parse()?, name.parse()?);
                let made = self.engine.as_system().request(id).sync_member(new).await?;
                return Ok(Some(made.uuid()));
            }
            Deed::Join(who) => self.member(*who, id).await?.join(&garden).await?,
            Deed::Leave(who) => self.member(*who, id).await?.leave(&garden).await?,
            Deed::Start { key, labels } => {
                let author = self.member(Who::Author, id).await?;
                let made = author.start_topic(topic(key, labels.clone())?).await?;
                return Ok(Some(made.uuid()));
            }
            Deed::Reply { by, key, topic, parent } => {
                let topic = self.host().topic_by_key(&garden, &topic.parse()?).await?.topic.id;
                let mut new = NewPost::new(topic, text(key)).key(key.parse()?);
                if let Some(parent) = parent {
                    new = new.to(self.post(parent).await?);
                }
                return Ok(Some(self.member(*by, id).await?.reply(new).await?.uuid()));
            }
            Deed::Edit { by, key, body } => {
                let post = self.post(key).await?;
                self.member(*by, id).await?.edit_post(post, PostEdit::new(body)).await?;
            }
            Deed::Relabel { topic, labels } => {
                let topic = self.host().topic_by_key(&garden, &topic.parse()?).await?.topic.id;
                let edit = TopicEdit { labels: Some(labels.clone()), ..TopicEdit::default() };
                self.member(Who::Author, id).await?.edit_topic(topic, edit).await?;
            }
            Deed::Vote { post, vote } => {
                let post = self.post(post).await?;
                self.member(Who::Voter, id).await?.vote(post, *vote).await?;
            }
            Deed::React { post, thanks } => {
                let thanks = thanks.then(|| THANKS.parse()).transpose()?;
                let post = self.post(post).await?;
                self.member(Who::Voter, id).await?.react(post, thanks.as_ref()).await?;
            }
            Deed::Accept { post, accepted } => {
                let post = self.post(post).await?;
                let author = self.member(Who::Author, id).await?;
                match accepted {
                    true => author.accept(post, None).await?,
                    false => author.unaccept(post).await?,
                }
            }
            Deed::Show { by, post, shown } => {
                let post = self.post(post).await?;
                let by = self.member(*by, id).await?;
                match shown {
                    true => by.restore_post(post).await?,
                    false => by.withdraw_post(post).await?,
                }
            }
            Deed::VoteShared { vote } => {
                let shared: Key = SHARED.parse()?;
                let opening = self.host().topic_by_key(&garden, &shared).await?.topic.opening;
                self.member(Who::Voter, id).await?.vote(opening, *vote).await?;
            }
        }
        Ok(None)
    }

    fn host(&self) -> Session {
        self.engine.as_system()
    }

    async fn member(&self, who: Who, request: RequestId) -> Result<Session> {
        let member = self.engine.member_by_key(&self.plan.member(who).parse()?).await?;
        Ok(member.request(request))
    }

    async fn post(&self, key: &str) -> Result<PostId> {
        let garden: Slug = COMMUNITY.parse()?;
        Ok(self.host().post_by_key(&garden, &key.parse()?).await?.post.id)
    }
}
