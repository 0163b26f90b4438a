//! Commands that come between each other.
//!
//! A command reads in several steps before it commits. Here another command comes just before each
//! of these steps, for every command of the script and several others. What both answer and what
//! the store holds then has to be what comes of one of them after the other.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use community::time::ManualClock;
use community::{
    CommunityUpdate, MemberId, NewMember, NewSanction, Policy, PostEdit, SanctionKind, State,
    TopicEdit, Viewer,
};
use community_testkit::ModelStore;
use community_testkit::observe::Answer;
use community_testkit::script::{Command, Pick, perform};
use pollster::block_on;

use crate::script::{Actor, Made, Step, garden, reply, script, slug};
use crate::stage::{Stage, renumbered};

/// Something that somebody else does meanwhile.
type Other = fn(&Made, Actor) -> (Viewer, Command);

const OTHERS: [Other; 13] = [
    // The one who acts gets another name, and with it other facts to be judged by.
    |made, actor| {
        let key = match actor {
            Actor::Host | Actor::Ana => "ana",
            Actor::Ben => "ben",
            Actor::Eva => "eva",
        };
        let new = NewMember::new(key.parse().unwrap(), "Another".parse().unwrap());
        (made.viewer(Actor::Host), Command::SyncMember(new))
    },
    // The one who acts is suspended.
    |made, actor| {
        let (kind, reason) = (SanctionKind::Suspension, "Enough.".to_owned());
        let sanction = NewSanction { kind, channel: None, until: None, reason };
        let member = match made.viewer(actor) {
            Viewer::Member(id) => Pick::Exact(MemberId::uuid(id)),
            _ => made.member(0),
        };
        (made.viewer(Actor::Host), Command::Sanction(garden(), member, sanction))
    },
    // The door is closed for everybody.
    |made, _| {
        let policy = Some(Policy::members_only());
        let update = CommunityUpdate { policy, ..CommunityUpdate::default() };
        (made.viewer(Actor::Host), Command::UpdateCommunity(garden(), update))
    },
    // The last place is taken.
    |made, _| {
        let update = CommunityUpdate { capacity: Some(Some(1)), ..CommunityUpdate::default() };
        (made.viewer(Actor::Host), Command::UpdateCommunity(garden(), update))
    },
    |made, _| (made.viewer(Actor::Host), Command::SetMember(garden(), made.member(0), false)),
    |made, _| (made.viewer(Actor::Host), Command::SetTopicState(made.topic(0), State::Removed)),
    |made, _| (made.viewer(Actor::Host), Command::SetLocked(made.topic(0), true)),
    |made, _| (made.viewer(Actor::Host), Command::SetPostState(made.post(0), State::Removed)),
    |made, _| (made.viewer(Actor::Host), Command::ErasePost(made.post(0))),
    |made, _| (made.viewer(Actor::Host), Command::MoveTopic(made.topic(0), slug("beds"))),
    |made, _| {
        let (title, labels) = (Some("Another title".to_owned()), Some(vec![slug("soil")]));
        let edit = TopicEdit { title, labels, ..TopicEdit::default() };
        (made.viewer(Actor::Ana), Command::EditTopic(made.topic(0), edit))
    },
    |made, _| (made.viewer(Actor::Ana), reply(made.topic(0), Some(made.post(0)), "Meanwhile.")),
    |made, _| (made.viewer(Actor::Ben), Command::EditPost(made.post(0), PostEdit::new("Sand."))),
];

/// What both have answered, and what is there then.
#[derive(Debug, Clone)]
struct Outcome(Vec<String>);

impl PartialEq for Outcome {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || renumbered(&self.0) == renumbered(&other.0)
    }
}

impl Outcome {
    /// The lines of this one that the other does not have.
    fn beside(&self, other: &Self) -> Vec<String> {
        let [own, others] = [renumbered(&self.0), renumbered(&other.0)];
        own.into_iter().filter(|line| !others.contains(line)).collect()
    }

    /// The same without the log.
    fn without_log(mut self) -> Self {
        self.0.retain(|line| !line.starts_with("Event ") && !line.starts_with("Seq("));
        self
    }
}

#[test]
fn of_two_commands_that_meet_one_comes_after_the_other() {
    let mut quiet = Stage::on(ModelStore::new());
    let mut meetings = 0;
    let mut refused = BTreeSet::new();
    for step in script() {
        let command = quiet.command(&step);
        let calls = {
            let stage = quiet.fork();
            stage.send(&step).unwrap();
            stage.store.calls()
        };
        for (number, other) in others().enumerate() {
            // Nothing that can be expected of a store says that a link is not there yet, so two who
            // set the same one are both told of in the log. There is one link all the same.
            let twice_told = other.is_none() && matches!(command, Command::SetLink { .. });
            let told = |outcome: Outcome| if twice_told { outcome.without_log() } else { outcome };
            let after = told(in_turn(&quiet, &step, other, true));
            let before = told(in_turn(&quiet, &step, other, false));
            for call in 1..=calls {
                let met = told(meeting(&quiet, &step, other, call));
                assert!(
                    met == after || met == before,
                    "{command:?}, other {number}, call {call}:\nnot as after it: {:#?}\nnot as \
                     before it: {:#?}",
                    met.beside(&after),
                    met.beside(&before),
                );
                meetings += 1;
                let is_refused = met.0.first().is_some_and(|answer| answer.starts_with("Err"));
                refused.extend(is_refused.then_some(command.name()));
            }
        }
        quiet.go_on(&step);
    }
    // Others that come between nothing would show nothing.
    assert!(meetings > 4_000, "{meetings} meetings");
    assert!(refused.len() > 12, "{refused:?}");
}

/// What others do: what is said above, and a second press on the same button.
fn others() -> impl Iterator<Item = Option<Other>> {
    OTHERS.into_iter().map(Some).chain([None])
}

/// How somebody else does something now: with an engine, a clock and a source of ids of their own,
/// and without waiting.
fn doing(
    stage: &Stage<ModelStore>,
    step: &Step,
    other: Option<Other>,
) -> impl FnOnce() -> Answer + Send + 'static {
    let noon = "2026-03-01T12:30:00Z".parse().unwrap();
    let engine = stage.engine_at(Arc::new(ManualClock::at(noon)), 1_000_000);
    let (viewer, command) = match other {
        Some(other) => other(&stage.made, step.actor),
        None => (stage.made.viewer(step.actor), stage.command(step)),
    };
    move || block_on(perform(&engine.session(viewer), &command))
}

fn in_turn(
    quiet: &Stage<ModelStore>,
    step: &Step,
    other: Option<Other>,
    other_first: bool,
) -> Outcome {
    let stage = quiet.fork();
    let other = doing(&stage, step, other);
    let (answer, others) = if other_first {
        let others = other();
        (stage.send(step), others)
    } else {
        let answer = stage.send(step);
        (answer, other())
    };
    outcome(&stage, &answer, &others)
}

/// The other one comes just before a call of the step's command.
fn meeting(quiet: &Stage<ModelStore>, step: &Step, other: Option<Other>, call: u64) -> Outcome {
    let stage = quiet.fork();
    let other = doing(&stage, step, other);
    let said = Arc::new(Mutex::new(None));
    let says = Arc::clone(&said);
    stage.store.interrupt(call, move || *says.lock().unwrap() = Some(other()));
    let answer = stage.send(step);
    let others = said.lock().unwrap().take().expect("the other one has come");
    outcome(&stage, &answer, &others)
}

fn outcome(stage: &Stage<ModelStore>, answer: &Answer, others: &Answer) -> Outcome {
    // Of a refusal the kind counts: in which words it is told that a topic with its posts has just
    // gone depends on what was looked at first.
    let told = |answer: &Answer| format!("{:?}", answer.as_ref().map_err(|refusal| refusal.kind));
    let mut lines = vec![told(answer), told(others)];
    lines.extend(stage.holds());
    Outcome(lines)
}
