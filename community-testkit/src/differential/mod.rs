//! One script on the oracle and on any stores, step by step: every result, and what everybody sees
//! in between and at the end, has to be the same.
//!
//! All stores run under clocks that show the same and with ids from the same seed, so they give the
//! same ids; the oracle takes them over from the first store. A difference is cut down to the steps
//! that it needs and comes with the line that runs it again.

mod award;
mod controls;
mod document;
mod ledger;
mod look;
mod minimise;
mod subject;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use community_core::time::{ManualClock, from_micros, to_micros};
use community_core::{Engine, Env, RequestId, Timestamp, Viewer};
use serde_json::Value;
use uuid::Uuid;

use crate::conformance::Opener;
use crate::observe::{Answer, Question, answer_value, walk};
use crate::oracle::{Given, Oracle};
use crate::script::{Actor, Book, Command, Deed, Script, Step, Tick, absent};

pub use controls::Fault;
use subject::Subject;
pub(crate) use subject::{Surface, honest};

/// A kind of store that scripts run on.
#[derive(Debug, Clone, Copy)]
pub struct Backend {
    name: &'static str,
    fresh: fn() -> Opener,
    fault: Option<Fault>,
    surface: Surface,
}

impl Backend {
    /// A kind of store: `fresh` gives an opener of a new and empty one. Each time it is asked, the
    /// opener opens that same store; a store that keeps nothing gives the same handle again.
    #[must_use]
    pub const fn new(name: &'static str, fresh: fn() -> Opener) -> Self {
        Self { name, fresh, fault: None, surface: honest }
    }

    /// The same with a fault in it, which a run is to find.
    #[must_use]
    pub const fn with_fault(self, fault: Fault) -> Self {
        Self { fault: Some(fault), ..self }
    }

    /// The same behind a surface that answers otherwise than the engine.
    pub(crate) const fn behind(self, surface: Surface) -> Self {
        Self { surface, ..self }
    }
}

/// How much a run has compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// Scripts.
    pub scripts: usize,
    /// Commands.
    pub commands: usize,
    /// How often each command ended how: `Vote ok`, `Vote denied` and so on.
    pub outcomes: BTreeMap<String, usize>,
    /// Answers to questions, pages of a walk counted as one.
    pub answers: usize,
}

impl Compared {
    fn add(&mut self, other: Self) {
        let Self { scripts, commands, outcomes, answers } = other;
        self.scripts += scripts;
        self.commands += commands;
        self.answers += answers;
        for (outcome, times) in outcomes {
            *self.outcomes.entry(outcome).or_default() += times;
        }
    }
}

/// Something that a store does otherwise than the oracle.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Which store.
    pub backend: &'static str,
    /// The number of the step, from 0.
    pub step: usize,
    /// Who acted or asked.
    pub viewer: Viewer,
    /// What was done or asked.
    pub what: String,
    /// What the oracle says.
    pub expected: Value,
    /// What the store says.
    pub found: Value,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { backend, step, viewer, what, expected, found } = self;
        writeln!(f, "{backend} differs at step {step}, for {viewer:?}: {what}")?;
        writeln!(f, "  {}", first_difference("", expected, found))?;
        writeln!(f, "  oracle: {}", shortened(&expected.to_string()))?;
        write!(f, "  {backend}: {}", shortened(&found.to_string()))
    }
}

fn shortened(text: &str) -> String {
    const MOST: usize = 2_000;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Where two values begin to differ, as a path.
fn first_difference(path: &str, expected: &Value, found: &Value) -> String {
    match (expected, found) {
        (Value::Object(a), Value::Object(b)) => {
            let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
            keys.sort();
            for key in keys {
                let (a, b) = (a.get(key), b.get(key));
                if a != b {
                    let none = Value::String("(nothing)".to_owned());
                    let (a, b) = (a.unwrap_or(&none), b.unwrap_or(&none));
                    return first_difference(&format!("{path}.{key}"), a, b);
                }
            }
            format!("{path}: no difference")
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let at = a.iter().zip(b).position(|(a, b)| a != b).unwrap_or(0);
            let none = &Value::Null;
            let (a, b) = (a.get(at).unwrap_or(none), b.get(at).unwrap_or(none));
            first_difference(&format!("{path}[{at}]"), a, b)
        }
        (Value::Array(a), Value::Array(b)) => {
            format!("{path}: {} items expected, {} found", a.len(), b.len())
        }
        _ => format!("{path}: expected {expected}, found {found}"),
    }
}

/// When every script begins.
const BEGINNING: i64 = 1_700_000_000_000_000;

/// The seed of the ids in every script.
const ID_SEED: u64 = 11;

/// An environment of a script, with its clock.
fn environment() -> (Env, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(from_micros(BEGINNING).unwrap_or(Timestamp::UNIX_EPOCH)));
    let env = Env::manual(Arc::clone(&clock), ID_SEED).with_limits(Script::limits());
    (env, clock)
}

/// Runs one script on fresh stores beside the oracle.
///
/// # Errors
/// The first [`Difference`].
pub fn run(script: &Script, backends: &[Backend]) -> Result<Compared, Box<Difference>> {
    let mut run = played(script, backends)?;
    run.look_at_everything(script.seed)?;
    Ok(Compared { scripts: 1, ..run.compared })
}

/// Runs one script as [`run`] does, and gives the engine that it leaves, to be looked at further.
///
/// # Errors
/// The first [`Difference`].
pub fn engine_after(script: &Script, backend: Backend) -> Result<Engine, Box<Difference>> {
    let mut run = played(script, &[backend])?;
    Ok(run.subjects.swap_remove(0).engine().clone())
}

fn played(script: &Script, backends: &[Backend]) -> Result<Run, Box<Difference>> {
    let mut run = Run::new(backends);
    for (at, step) in script.steps.iter().enumerate() {
        run.at = at;
        run.step(step)?;
    }
    Ok(run)
}

/// Runs the scripts of `count` seeds from `first` on, or only that of `COMMUNITY_SEED` if that is
/// set in the environment.
///
/// # Errors
/// A report of the first difference: the line that runs it again, what differs, and the steps that
/// it needs. `command` is the command that calls this, such as `cargo test -p community`.
pub fn run_many(
    backends: &[Backend],
    first: u64,
    count: usize,
    command: &str,
) -> Result<Compared, String> {
    let only = std::env::var("COMMUNITY_SEED").ok().and_then(|seed| seed.parse::<u64>().ok());
    let seeds: Box<dyn Iterator<Item = u64>> = match only {
        Some(seed) => Box::new(std::iter::once(seed)),
        None => Box::new((first..).take(count)),
    };
    let mut compared = Compared::default();
    for seed in seeds {
        let script = Script::generate(seed, MOST_STEPS);
        match run(&script, backends) {
            Ok(one) => compared.add(one),
            Err(difference) => {
                let (least, difference) = minimise::minimised(&script, backends, *difference);
                let steps: String =
                    least.steps.iter().map(|step| format!("  {step:?}\n")).collect();
                return Err(format!(
                    "COMMUNITY_SEED={seed} {command}\n{difference}\nneeds these {} of {} steps:\n{steps}",
                    least.steps.len(),
                    script.steps.len(),
                ));
            }
        }
    }
    Ok(compared)
}

/// Steps of a script behind the founding of its world.
pub const MOST_STEPS: usize = 80;

/// A script as it runs.
pub(crate) struct Run {
    subjects: Vec<Subject>,
    pub(crate) oracle: Oracle,
    clock: Arc<ManualClock>,
    pub(crate) book: Book,
    /// The commands that were carried out, settled.
    past: Vec<Sent>,
    /// The oracle's cursors, by number, with the question that they go on with.
    cursors: Vec<Option<(Question, Option<String>)>>,
    at: usize,
    compared: Compared,
}

/// A command as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) viewer: Viewer,
    pub(crate) request: Option<RequestId>,
    pub(crate) command: Command,
}

/// How many pages are kept to be read on.
const KEPT_PAGES: usize = 3;

impl Run {
    pub(crate) fn new(backends: &[Backend]) -> Self {
        let (env, clock) = environment();
        Self {
            subjects: backends.iter().map(Subject::open).collect(),
            oracle: Oracle::new(env),
            clock,
            book: Book::default(),
            past: Vec::new(),
            cursors: vec![None; KEPT_PAGES],
            at: 0,
            compared: Compared::default(),
        }
    }

    pub(crate) fn step(&mut self, step: &Step) -> Result<(), Box<Difference>> {
        self.turn_clock(step.clock);
        let viewer = self.viewer(step.actor);
        match &step.deed {
            Deed::Do(command) => {
                let request = step.request.map(request_id);
                let command = self.book.settle(command);
                let viewer = match step.actor {
                    Actor::Maker(_) => self.book.maker(&command).unwrap_or(viewer),
                    _ => viewer,
                };
                let _answer = self.send(Sent { viewer, request, command })?;
            }
            Deed::Again(back) => {
                let at = self.past.len().checked_sub(1 + usize::from(*back));
                if let Some(sent) = at.and_then(|at| self.past.get(at)).cloned() {
                    let _answer = self.send(sent)?;
                }
            }
            Deed::ReadFirst(kept, query) => {
                self.read_page(viewer, *kept, Question::Feed((**query).clone()))?;
            }
            Deed::ReadThread(kept, topic, query) => {
                let topic = self.book.settled_topic(*topic).topic();
                self.read_page(viewer, *kept, Question::Thread(topic, (**query).clone()))?;
            }
            Deed::ReadOn(kept) => self.read_on(viewer, *kept)?,
            Deed::Reopen => {
                self.oracle.reopen();
                self.subjects.iter_mut().for_each(Subject::reopen);
            }
        }
        match step.look {
            Some(seed) => self.look_around(seed),
            None => Ok(()),
        }
    }

    fn turn_clock(&mut self, tick: Tick) {
        let clocks = self.subjects.iter().map(|subject| &subject.clock).chain([&self.clock]);
        for clock in clocks {
            let now = to_micros(community_core::time::Clock::now(&**clock));
            let step = |by: u64| i64::try_from(by).unwrap_or(0);
            let then = match tick {
                Tick::Stand => now,
                Tick::On(by) => now + step(by),
                Tick::Back(by) => now - step(by),
            };
            clock.set(from_micros(then).unwrap_or(Timestamp::UNIX_EPOCH));
        }
    }

    fn viewer(&self, actor: Actor) -> Viewer {
        match actor {
            Actor::Anonymous => Viewer::Anonymous,
            Actor::System => Viewer::System,
            Actor::Member(number) | Actor::Maker(number) => {
                let id = self.book.member(usize::from(number));
                Viewer::Member(community_core::MemberId::from_uuid(id))
            }
            Actor::Ghost(number) => {
                let id = absent(9_000 + u16::from(number));
                Viewer::Member(community_core::MemberId::from_uuid(id))
            }
        }
    }

    /// Carries out a command everywhere, and gives the oracle's answer.
    pub(crate) fn send(&mut self, sent: Sent) -> Result<Answer, Box<Difference>> {
        let Sent { viewer, request, ref command } = sent;
        let answers: Vec<Answer> =
            self.subjects.iter().map(|subject| subject.perform(viewer, request, command)).collect();
        let given = self.given(command, answers.first());
        let expected = self.oracle.perform(viewer, request, command, given);
        self.compared.commands += 1;
        let ended = expected.as_ref().map_or_else(|refusal| refusal.kind, |_| "ok");
        let outcome = format!("{} {ended}", command.name());
        *self.compared.outcomes.entry(outcome).or_default() += 1;
        let what = format!("{command:?}, request {request:?}");
        self.compare(viewer, what, &expected, answers)?;
        if expected.is_ok() {
            self.write_down(viewer, command, given);
        }
        self.past.push(sent);
        Ok(expected)
    }

    /// The ids that the first store has given.
    fn given(&self, command: &Command, answer: Option<&Answer>) -> Given {
        let id = match answer {
            Some(Ok(Value::String(id))) => id.parse().unwrap_or_default(),
            _ => return Given::default(),
        };
        let opening = match (command, self.subjects.first()) {
            (Command::StartTopic(_), Some(subject)) => subject.opening_of(id),
            _ => Uuid::nil(),
        };
        Given { id, opening }
    }

    fn write_down(&mut self, viewer: Viewer, command: &Command, given: Given) {
        let Given { id, opening } = given;
        let Book { members, topics, posts, corrections, notes, makers, topic_of } = &mut self.book;
        let known = match command {
            Command::SyncMember(_) => members,
            Command::StartTopic(_) => topics,
            Command::Reply(_) => posts,
            Command::Correct { .. } => corrections,
            Command::WriteNote { .. } => notes,
            _ => return,
        };
        // A request that is answered again, or a member who was there already.
        if known.contains(&id) {
            return;
        }
        known.push(id);
        makers.insert(id, viewer);
        match command {
            Command::StartTopic(_) => {
                posts.push(opening);
                makers.insert(opening, viewer);
                topic_of.insert(opening, id);
            }
            Command::Reply(reply) => {
                topic_of.insert(id, reply.topic.id());
            }
            _ => {}
        }
    }

    /// How many answers were compared.
    pub(crate) fn answers(&self) -> usize {
        self.compared.answers
    }

    /// What the first store answers, pages walked to the end.
    pub(crate) fn ask_first(&self, viewer: Viewer, question: &Question) -> Answer {
        let subject = self.subjects.first();
        let answer = subject.map(|subject| walk(question, |page| subject.ask(viewer, page)));
        answer.unwrap_or(Ok(Value::Null))
    }

    /// Compares what the stores answer with what the oracle says.
    fn compare(
        &self,
        viewer: Viewer,
        what: String,
        expected: &Answer,
        answers: Vec<Answer>,
    ) -> Result<(), Box<Difference>> {
        for (subject, answer) in self.subjects.iter().zip(answers) {
            if answer != *expected {
                return Err(Box::new(Difference {
                    backend: subject.name,
                    step: self.at,
                    viewer,
                    what,
                    expected: answer_value(expected),
                    found: answer_value(&answer),
                }));
            }
        }
        Ok(())
    }
}

/// The id of one of a script's few requests.
fn request_id(number: u8) -> RequestId {
    RequestId::from_uuid(absent(5_000 + u16::from(number)))
}
