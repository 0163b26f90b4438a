//! A store that can be made to fail, with engines on it and a clock that stands still.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use community::change::EntityId;
use community::store::Store;
use community::time::{Clock, ManualClock};
use community::{Engine, Env, RequestId};
use community_testkit::observe::Answer;
use community_testkit::script::{Command, perform};
use community_testkit::{FaultyStore, Habit, ModelStore, snapshot};
use pollster::block_on;
use serde_json::Value;

use crate::script::{Made, Step};

/// Where a script is performed.
#[derive(Debug)]
pub(crate) struct Stage<S> {
    pub(crate) store: Arc<FaultyStore<S>>,
    pub(crate) made: Made,
    clock: Arc<ManualClock>,
    /// The engine of all steps; without it each attempt has one of its own, which mints the same
    /// ids as the attempt before and knows nothing.
    engine: Option<Engine>,
    /// The number of the step.
    at: u64,
}

impl<S: Store> Stage<S> {
    pub(crate) fn on(store: S) -> Self {
        Self::on_faulty(FaultyStore::new(store))
    }

    pub(crate) fn with_habit(store: S, habit: Habit) -> Self {
        Self::on_faulty(FaultyStore::with_habit(store, habit))
    }

    fn on_faulty(store: FaultyStore<S>) -> Self {
        let clock = Arc::new(ManualClock::at("2026-03-01T12:00:00Z".parse().unwrap()));
        Self { store: Arc::new(store), made: Made::default(), clock, engine: None, at: 0 }
    }

    /// From now on all steps share an engine.
    pub(crate) fn keep_one_engine(&mut self) {
        self.engine = Some(self.engine());
    }

    pub(crate) fn engine(&self) -> Engine {
        let own = || self.engine_at(Arc::clone(&self.clock), self.at);
        self.engine.clone().unwrap_or_else(own)
    }

    /// An engine with a clock and a source of ids of its own.
    pub(crate) fn engine_at(&self, clock: Arc<ManualClock>, seed: u64) -> Engine {
        let store: Arc<FaultyStore<S>> = Arc::clone(&self.store);
        Engine::with_env(store, Env::manual(clock, seed))
    }

    /// A step's command, as it is sent.
    pub(crate) fn command(&self, step: &Step) -> Command {
        (step.command)(&self.made)
    }

    /// Sends a step's command, with the same request each time.
    pub(crate) fn send(&self, step: &Step) -> Answer {
        let session = self.engine().session(self.made.viewer(step.actor));
        let request = RequestId::from_uuid(EntityId::from_u128(u128::from(self.at) + 1));
        block_on(perform(&session.request(request), &self.command(step)))
    }

    /// Sends a step's command and goes on to the next.
    pub(crate) fn go_on(&mut self, step: &Step) -> Value {
        let answer = self.send(step);
        let answer =
            answer.unwrap_or_else(|refusal| panic!("{:?}: {refusal:?}", self.command(step)));
        self.keep(step, &answer);
        answer
    }

    /// Keeps what a step has made and goes on to the next.
    pub(crate) fn keep(&mut self, step: &Step, answer: &Value) {
        let command = self.command(step);
        self.made.keep(&command, answer);
        self.at += 1;
        self.clock.advance(Duration::from_secs(1));
    }

    /// Everything in the store.
    pub(crate) fn holds(&self) -> Vec<String> {
        block_on(snapshot(self.store.inner())).unwrap()
    }
}

/// The same lines with each id replaced by its place among all of them. A plan that came to nothing
/// has taken some ids, so that those of the next one differ; their order does not.
pub(crate) fn renumbered(lines: &[String]) -> Vec<String> {
    let places: BTreeMap<&str, String> = lines
        .iter()
        .flat_map(|line| words(line))
        .filter(|word| is_id(word))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .enumerate()
        .map(|(place, id)| (id, format!("#{place}")))
        .collect();
    let renumber = |line: &String| {
        words(line).map(|word| places.get(word).map_or(word, String::as_str)).collect()
    };
    lines.iter().map(renumber).collect()
}

/// A line cut where letters and digits begin and end.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '-').flat_map(|word| {
        let end = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '-').len();
        let (word, rest) = word.split_at(end);
        [word, rest]
    })
}

fn is_id(word: &str) -> bool {
    word.len() == 36 && word.parse::<EntityId>().is_ok()
}

impl Stage<ModelStore> {
    /// The same stage once more: what is done on one of them leaves the other as it is.
    pub(crate) fn fork(&self) -> Self {
        let mut fork = Self::on(self.store.inner().fork());
        fork.made = self.made.clone();
        fork.at = self.at;
        fork.clock.set(self.clock.now());
        fork
    }
}

/// The command was refused because the store failed, in these words.
pub(crate) fn is_store_error(answer: &Answer, told: &str, what: &str) {
    match answer {
        Err(refusal) => {
            assert_eq!(refusal.kind, "store", "{what}");
            assert!(refusal.text.starts_with(told), "{what}: {}", refusal.text);
        }
        Ok(answer) => panic!("{what} gives {answer} on a store that fails"),
    }
}
