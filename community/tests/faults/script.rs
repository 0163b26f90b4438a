//! One of every command, each of which changes something.

use community::change::EntityId;
use community::{
    ChannelUpdate, CommunityUpdate, Kind, LinkKind, NewChannel, NewCommunity, NewLabel, NewMember,
    NewPin, NewSanction, NewTopic, PinPlace, Policy, PostEdit, ReactionDef, SanctionKind, Slug,
    State, TopicEdit, Transition, TransitionBy, Viewer, Vote,
};
use community_testkit::script::{Command, Pick, Reply, Suggested, Suggestion};

/// One step: who acts, and what they do with what earlier steps have made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) actor: Actor,
    pub(crate) command: fn(&Made) -> Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    Host,
    Ana,
    Ben,
    /// Who manages the community.
    Eva,
}

/// The ids of what was made, in the order of making.
#[derive(Debug, Clone, Default)]
pub(crate) struct Made {
    members: Vec<EntityId>,
    topics: Vec<EntityId>,
    posts: Vec<EntityId>,
    corrections: Vec<EntityId>,
    notes: Vec<EntityId>,
}

impl Made {
    /// Keeps what a command has made.
    pub(crate) fn keep(&mut self, command: &Command, answer: &serde_json::Value) {
        let made = match command {
            Command::SyncMember(_) => &mut self.members,
            Command::StartTopic(_) => &mut self.topics,
            Command::Reply(_) => &mut self.posts,
            Command::Correct { .. } => &mut self.corrections,
            Command::WriteNote { .. } => &mut self.notes,
            _ => return,
        };
        let id = answer.as_str().unwrap().parse().unwrap();
        if !made.contains(&id) {
            made.push(id);
        }
    }

    pub(crate) fn viewer(&self, actor: Actor) -> Viewer {
        let member = |number: usize| Viewer::Member(self.member(number).member());
        match actor {
            Actor::Host => Viewer::System,
            Actor::Ana => member(0),
            Actor::Ben => member(1),
            Actor::Eva => member(2),
        }
    }

    pub(crate) fn member(&self, number: usize) -> Pick {
        pick(&self.members, number)
    }

    pub(crate) fn topic(&self, number: usize) -> Pick {
        pick(&self.topics, number)
    }

    pub(crate) fn post(&self, number: usize) -> Pick {
        pick(&self.posts, number)
    }
}

/// The n-th of some, or what is nowhere.
fn pick(made: &[EntityId], number: usize) -> Pick {
    made.get(number).map_or(Pick::Absent(0), |id| Pick::Exact(*id))
}

pub(crate) fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

pub(crate) fn garden() -> Slug {
    slug("garden")
}

fn person(key: &str, name: &str) -> Command {
    Command::SyncMember(NewMember::new(key.parse().unwrap(), name.parse().unwrap()))
}

fn channel(key: &str) -> Command {
    Command::CreateChannel(garden(), NewChannel::new(slug(key), key.parse().unwrap()))
}

fn label(key: &str, name: &str) -> Command {
    Command::PutLabel(garden(), NewLabel::new(slug(key), name.parse().unwrap()))
}

fn topic(kind: &str, title: &str) -> NewTopic {
    NewTopic::new(garden(), slug("beds"), slug(kind), title, "A text.")
}

pub(crate) fn reply(topic: Pick, parent: Option<Pick>, body: &str) -> Command {
    Command::Reply(Reply { topic, parent, body: body.to_owned(), kind: None, key: None })
}

fn kind() -> Kind {
    let by = TransitionBy::Editor;
    let transitions = vec![Transition { from: slug("new"), to: slug("done"), by }];
    Kind {
        name: slug("case"),
        answers: true,
        initial: slug("new"),
        transitions,
        fields: Vec::new(),
    }
}

fn friend() -> Slug {
    slug("friend")
}

fn silence() -> NewSanction {
    let kind = SanctionKind::Silence;
    NewSanction { kind, channel: None, until: None, reason: "Loud.".to_owned() }
}

fn suggestion(step: Suggested) -> Command {
    let (community, source) = (garden(), slug("typing"));
    Command::RecordSuggestion(Suggestion { community, visit: None, source, held_out: false, step })
}

/// The script. Who comes later works with what those before have made.
pub(crate) fn script() -> Vec<Step> {
    use Actor::{Ana, Ben, Eva, Host};
    let step = |actor, command: fn(&Made) -> Command| Step { actor, command };
    vec![
        step(Host, |_| {
            let name = "Garden".parse().unwrap();
            let mut new = NewCommunity::new(garden(), name, Policy::public());
            let thanks = ReactionDef { key: slug("thanks"), name: "Thanks".parse().unwrap() };
            new.reactions = vec![thanks];
            Command::CreateCommunity(new)
        }),
        step(Host, |_| {
            let name = Some("The garden".parse().unwrap());
            let capacity = Some(Some(5));
            let update = CommunityUpdate { name, capacity, ..CommunityUpdate::default() };
            Command::UpdateCommunity(garden(), update)
        }),
        step(Host, |_| Command::DefineKind(garden(), kind())),
        step(Host, |_| channel("beds")),
        step(Host, |_| channel("shed")),
        step(Host, |_| {
            let update = ChannelUpdate { position: Some(7), ..ChannelUpdate::default() };
            Command::UpdateChannel(garden(), slug("shed"), update)
        }),
        step(Host, |_| label("soil", "Soil")),
        step(Host, |_| label("soil", "Soils")),
        step(Host, |_| person("ana", "Ana")),
        step(Host, |_| person("ben", "Ben")),
        step(Host, |_| person("eva", "Eva")),
        step(Host, |_| person("ana", "Ana Maria")),
        step(Ana, |_| Command::Join(garden())),
        step(Host, |made| Command::SetMember(garden(), made.member(1), true)),
        step(Eva, |_| Command::Join(garden())),
        step(Host, |made| Command::GrantRole(garden(), made.member(2), slug("manager"), None)),
        step(Host, |made| Command::GrantRole(garden(), made.member(2), slug("expert"), None)),
        step(Eva, |made| {
            Command::GrantRole(garden(), made.member(1), friend(), Some(slug("beds")))
        }),
        step(Eva, |made| {
            Command::RevokeRole(garden(), made.member(1), friend(), Some(slug("beds")))
        }),
        step(Host, |made| Command::SetLevel(garden(), made.member(1), 3)),
        step(Ana, |_| Command::ShowOnBoards(garden(), false)),
        step(Eva, |made| Command::Sanction(garden(), made.member(1), silence())),
        step(Eva, |made| {
            Command::LiftSanction(garden(), made.member(1), SanctionKind::Silence, None)
        }),
        step(Ana, |_| {
            let new = topic("question", "Which soil?").label(slug("soil"));
            Command::StartTopic(new.key("question:1".parse().unwrap()))
        }),
        step(Ben, |_| Command::StartTopic(topic("case", "My bed"))),
        step(Ana, |made| {
            let title = Some("Which soil is best?".to_owned());
            let (labels, body) = (Some(Vec::new()), Some("For a raised bed.".to_owned()));
            let edit = TopicEdit { title, labels, body, ..TopicEdit::default() };
            Command::EditTopic(made.topic(0), edit)
        }),
        step(Eva, |made| Command::MoveTopic(made.topic(0), slug("shed"))),
        step(Eva, |made| Command::SetLocked(made.topic(0), true)),
        step(Eva, |made| Command::SetLocked(made.topic(0), false)),
        step(Eva, |made| {
            let audience = "everyone".parse().unwrap();
            let place = PinPlace::Community;
            let pin = NewPin { place, position: 1, audience, until: None };
            Command::SetPin(made.topic(0), Some(pin))
        }),
        step(Ben, |made| Command::SetStatus(made.topic(1), slug("done"))),
        step(Ana, |made| {
            let (from, to) = (made.topic(0), made.topic(1));
            Command::SetLink { from, to, kind: LinkKind::Related, linked: true }
        }),
        step(Ben, |made| reply(made.topic(0), None, "Compost.")),
        step(Eva, |made| reply(made.topic(0), None, "Peat.")),
        step(Ana, |made| reply(made.topic(0), Some(made.post(0)), "How much?")),
        step(Ben, |made| Command::EditPost(made.post(0), PostEdit::new("Ripe compost."))),
        step(Ben, |made| Command::SetPostState(made.post(0), State::Withdrawn)),
        step(Ben, |made| Command::SetPostState(made.post(0), State::Published)),
        step(Ana, |made| Command::Vote(made.post(0), Some(Vote::Up))),
        step(Ana, |made| Command::Vote(made.post(0), Some(Vote::Down))),
        step(Ana, |made| Command::React(made.post(0), Some(slug("thanks")))),
        step(Ana, |made| Command::Accept(made.post(0), Some("It grows.".to_owned()))),
        step(Ana, |made| Command::Unaccept(made.post(0))),
        step(Ana, |made| Command::Accept(made.post(1), None)),
        step(Eva, |made| Command::SetOfficial(made.post(0), true, None)),
        step(Eva, |made| {
            let body = "Two years old.".to_owned();
            Command::Correct { post: made.post(0), range: Some((0, 4)), body }
        }),
        step(Eva, |made| Command::WithdrawCorrection(pick(&made.corrections, 0))),
        step(Ana, |made| {
            let text = "To be looked at.".to_owned();
            Command::WriteNote { topic: made.topic(0), text, shared: true }
        }),
        step(Ana, |made| Command::ChangeNote(pick(&made.notes, 0), Some("Looked at.".to_owned()))),
        step(Ana, |made| Command::ChangeNote(pick(&made.notes, 0), None)),
        step(Eva, |made| Command::SetPostState(made.post(1), State::Removed)),
        step(Eva, |made| Command::SetTopicState(made.topic(0), State::Removed)),
        step(Eva, |made| Command::SetTopicState(made.topic(0), State::Published)),
        step(Ben, |made| Command::SetTopicState(made.topic(1), State::Withdrawn)),
        step(Eva, |made| Command::ErasePost(made.post(0))),
        step(Ana, |made| suggestion(Suggested::Shown(vec![made.topic(0)]))),
        step(Ana, |_| suggestion(Suggested::Abandoned)),
        step(Ben, |_| Command::Leave(garden())),
    ]
}

/// The place of a command in a list of all of them that take a request: one that is new does not
/// compile before it is here, and one that is here has to be in the script.
pub(crate) fn number(command: &Command) -> Option<usize> {
    Some(match command {
        Command::CreateCommunity(_) => 0,
        Command::UpdateCommunity(..) => 1,
        Command::DefineKind(..) => 2,
        Command::CreateChannel(..) => 3,
        Command::UpdateChannel(..) => 4,
        Command::PutLabel(..) => 5,
        Command::SyncMember(_) => 6,
        Command::Join(_) => 7,
        Command::Leave(_) => 8,
        Command::SetMember(..) => 9,
        Command::GrantRole(..) => 10,
        Command::RevokeRole(..) => 11,
        Command::SetLevel(..) => 12,
        Command::Sanction(..) => 13,
        Command::LiftSanction(..) => 14,
        Command::StartTopic(_) => 15,
        Command::EditTopic(..) => 16,
        Command::MoveTopic(..) => 17,
        Command::SetLocked(..) => 18,
        Command::SetPin(..) => 19,
        Command::SetStatus(..) => 20,
        Command::SetTopicState(..) => 21,
        Command::SetLink { .. } => 22,
        Command::Reply(_) => 23,
        Command::EditPost(..) => 24,
        Command::SetPostState(..) => 25,
        Command::Vote(..) => 26,
        Command::React(..) => 27,
        Command::Accept(..) => 28,
        Command::Unaccept(_) => 29,
        Command::SetOfficial(..) => 30,
        Command::Correct { .. } => 31,
        Command::WithdrawCorrection(_) => 32,
        Command::RecordSuggestion(_) => 33,
        Command::ShowOnBoards(..) => 34,
        Command::WriteNote { .. } => 35,
        Command::ChangeNote(..) => 36,
        Command::ErasePost(_) => 37,
        Command::RecordView(_) | Command::EraseMember(..) | Command::Pump => return None,
    })
}

/// How many commands take a request.
pub(crate) const COMMANDS: usize = 38;
