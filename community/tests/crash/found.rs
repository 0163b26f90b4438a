//! What a killed process has left.

use std::collections::BTreeMap;
use std::path::Path;

use community::change::EntityId;
use community::sqlite::{self, SqliteStore};
use community::store::{Committer, EventLog, Store};
use community::{Event, MemberId, PostId, Scope, Seq, Slot, StoreError, TopicId};
use community_testkit::verify;
use pollster::block_on;

use crate::plan::{
    Facts, Plan, THREADS, event_line, member_line, post_line, reaction_line, request, topic_line,
};

/// More than any run writes.
const ALL: usize = 1_000_000;

/// What is known of a directory: of each thread's commands the first ones are acknowledged, with
/// what they made; and the log as far as it was read.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) seed: u64,
    pub(crate) made: [Vec<Option<EntityId>>; THREADS],
    log: Vec<Event>,
    /// How many commands the last look found that were committed and are not acknowledged.
    pub(crate) under_way: usize,
}

impl Known {
    pub(crate) fn nothing(seed: u64) -> Self {
        Self { seed, made: [(); THREADS].map(|()| Vec::new()), log: Vec::new(), under_way: 0 }
    }

    /// How many commands are acknowledged.
    pub(crate) fn done(&self) -> [usize; THREADS] {
        [0, 1, 2, 3].map(|thread: usize| self.made[thread].len())
    }

    /// Opens a directory and compares it with what is known. Returns everything that is wrong.
    pub(crate) fn check(&mut self, dir: &Path) -> Result<Vec<String>, StoreError> {
        let store = SqliteStore::open(dir, sqlite::Options::default())?;
        let mut wrong = Vec::new();
        wrong.extend(store.integrity_check()?.iter().map(|line| format!("file: {line}")));
        let report = block_on(verify(&store))?;
        wrong.extend(report.findings.iter().map(|finding| format!("counted: {finding:?}")));
        let log = block_on(store.events_after(Seq(0), ALL))?;
        if !log.starts_with(&self.log) {
            wrong.push("log: what was read of it before has changed".to_owned());
        }
        let rising = log.iter().zip(1..).all(|(event, seq)| event.seq == Seq(seq));
        if !rising {
            wrong.push("log: its positions do not rise by one".to_owned());
        }
        self.log = log;
        let found = block_on(found(&store, &self.log))?;
        self.under_way = 0;
        for thread in 0..THREADS {
            let found = found.get(&thread).cloned().unwrap_or_default();
            self.check_thread(&store, thread, &found, &mut wrong)?;
        }
        Ok(wrong)
    }

    /// Every acknowledged command of a thread is there; the one behind them, which may have been
    /// under way, is there as a whole or not at all.
    fn check_thread(
        &mut self,
        store: &SqliteStore,
        thread: usize,
        found: &Facts,
        wrong: &mut Vec<String>,
    ) -> Result<(), StoreError> {
        let made = &self.made[thread];
        for (number, made) in made.iter().enumerate() {
            match block_on(store.replay(request(thread, number)))? {
                None => wrong.push(format!("acknowledged: {number} of thread {thread} is gone")),
                Some(receipt) => {
                    let subject = receipt.replayed.and_then(|request| request.subject);
                    if subject.unwrap_or_default() != made.unwrap_or_default() {
                        wrong.push(format!("acknowledged: {number} of {thread} made {subject:?}"));
                    }
                }
            }
        }
        let mut plan = Plan::new(self.seed, thread);
        while plan.made() < made.len() {
            plan.next();
        }
        let before = plan.facts();
        let deed = plan.next();
        let known = block_on(store.replay(request(thread, made.len())))?.is_some();
        self.under_way += usize::from(known);
        let expected = if known { plan.facts() } else { before };
        if *found != expected {
            let how = if known { "with" } else { "without" };
            wrong.push(format!(
                "half: thread {thread} after {} commands, {how} {deed:?}: {}",
                made.len(),
                difference(&expected, found),
            ));
        }
        if block_on(store.replay(request(thread, made.len() + 1)))?.is_some() {
            wrong.push(format!("unheard-of: a command of thread {thread} that was never sent"));
        }
        Ok(())
    }
}

fn difference(expected: &Facts, found: &Facts) -> String {
    let without = |some: &[String], others: &[String]| -> Vec<String> {
        some.iter().filter(|line| !others.contains(line)).cloned().collect()
    };
    format!(
        "rows missing {:?}, rows too many {:?}, events missing {:?}, events too many {:?}",
        without(&expected.rows, &found.rows),
        without(&found.rows, &expected.rows),
        without(&expected.events, &found.events),
        without(&found.events, &expected.events),
    )
}

/// Everything in the store, by the thread that made it.
async fn found(store: &dyn Store, log: &[Event]) -> Result<BTreeMap<usize, Facts>, StoreError> {
    let mut lines = Vec::new();
    let scope = Scope::system(store.access_rev(None).await?);
    let members = store.members_by_id(None, ALL).await?;
    let mut people: BTreeMap<MemberId, String> = BTreeMap::new();
    for member in &members {
        let memberships = store.memberships(member.id).await?;
        let joined = memberships.iter().any(|membership| membership.joined_at.is_some());
        lines.push(member_line(member.key.as_str(), member.name.as_str(), joined));
        people.insert(member.id, member.key.to_string());
    }
    let mut topics: BTreeMap<TopicId, String> = BTreeMap::new();
    let mut posts: BTreeMap<PostId, String> = BTreeMap::new();
    let directory = store.directory().await?;
    for community in directory.communities() {
        let rows = store.topics_by_id(community.id, None, ALL, &scope).await?;
        for row in scope.admit_all(rows) {
            let topic = &row.topic;
            let key = topic.key.as_ref().map_or_else(String::new, ToString::to_string);
            lines.push(topic_line(&key, topic.title.as_str(), &topic.labels, topic.state));
            posts.insert(topic.opening, key.clone());
            topics.insert(topic.id, key);
            for view in scope.admit_all(store.posts_by_id(topic.id, None, ALL, &scope).await?) {
                let post = &view.post;
                if let (Some(key), Some(parent)) = (&post.key, post.parent) {
                    posts.insert(post.id, key.to_string());
                    let revisions = store.revisions(post.id, 0, ALL, &scope).await?;
                    let revisions = scope.admit_all(revisions);
                    let texts: Vec<String> =
                        revisions.into_iter().map(|line| line.into_inner().2.body).collect();
                    // Ids rise with time: what a post replies to has come before it.
                    let parent = posts.get(&parent).map_or("nothing", String::as_str);
                    let by = people.get(&post.author).map_or("nobody", String::as_str);
                    let accepted = post.accepted.is_some();
                    let key = key.as_str();
                    lines.push(post_line(key, parent, by, post.state, accepted, &texts));
                }
                for slot in [Slot::Vote, Slot::Reaction] {
                    for reaction in store.reactions(post.id, slot, None, ALL).await? {
                        let by = people.get(&reaction.member).map_or("nobody", String::as_str);
                        let on = posts.get(&post.id).map_or("nothing", String::as_str);
                        lines.push(reaction_line(by, reaction.key.as_str(), on));
                    }
                }
            }
        }
    }
    lines.sort();
    let mut found: BTreeMap<usize, Facts> = BTreeMap::new();
    for line in lines {
        if let Some(thread) = thread_of(&line) {
            found.entry(thread).or_default().rows.push(line);
        }
    }
    for Event { event, .. } in log {
        let post = event.post.and_then(|post| posts.get(&post));
        let topic = event.topic.and_then(|topic| topics.get(&topic));
        let member = event.member.and_then(|member| people.get(&member));
        let Some(subject) = post.or(topic).or(member) else { continue };
        let actor = event.actor.and_then(|actor| people.get(&actor));
        let thread = actor.or(Some(subject)).and_then(|key| thread_of(key));
        if let Some(thread) = thread {
            found.entry(thread).or_default().events.push(event_line(&event.kind, subject));
        }
    }
    Ok(found)
}

/// The thread whose key a line begins with; none for what all of them share.
fn thread_of(line: &str) -> Option<usize> {
    let (thread, _) = line.strip_prefix('t')?.split_once(':')?;
    thread.parse().ok()
}
