//! What is hidden from a viewer, asked for and acted on beside what does not exist.

use community_core::{
    ChannelUpdate, CommunityUpdate, CorrectionId, DocumentId, Kind, LinkKind, MemberId, NewChannel,
    NewLabel, NewSanction, NewTopic, PostEdit, PostId, Read, SanctionKind, Slug, State, TopicEdit,
    TopicId, Viewer, Vote, builtin_kinds,
};
use uuid::Uuid;

use super::cast::{CHANNEL, COMMUNITY, Cast, HERE, ITEM, LABEL, PERSON};
use crate::differential::{Difference, Run, Sent};
use crate::fixture::{key, slug};
use crate::observe::{Question, Refs, answer_value, questions};
use crate::script::{Command, Pick, Reply, Suggested, Suggestion, absent};
use crate::worlds::Dice;

/// Something hidden beside something that does not exist, by their texts.
struct Pair {
    hidden: String,
    absent: String,
    /// Questions about the one and the other, in the same order.
    questions: (Refs, Refs),
    /// Commands on the one and the other, in the same order.
    commands: Vec<(Command, Command)>,
}

/// Questions about one pair that are compared for each read.
const OF_EACH: usize = 4;

/// Compares everything that is hidden from a viewer with what does not exist. Returns how many
/// answers were compared.
pub(super) fn compare(
    run: &mut Run,
    cast: &Cast,
    viewer: Viewer,
    dice: &mut Dice,
) -> Result<usize, Box<Difference>> {
    let mut compared = 0;
    for pair in hidden(run, cast, viewer) {
        for read in Read::ALL {
            let both = questions(*read, &pair.questions.0).into_iter();
            let both = both.zip(questions(*read, &pair.questions.1));
            let both: Vec<_> = both.filter(|(one, other)| one != other).collect();
            for _ in 0..OF_EACH.min(both.len()) {
                let (one, other) = dice.pick(&both);
                let found = run.ask_first(viewer, one);
                let expected = run.ask_first(viewer, other);
                compared += 1;
                pair.check(viewer, &format!("{one:?}"), &expected, &found)?;
            }
        }
        for (one, other) in &pair.commands {
            let send = |command: &Command| Sent { viewer, request: None, command: command.clone() };
            let found = run.send(send(one))?;
            let expected = run.send(send(other))?;
            compared += 1;
            pair.check(viewer, &format!("{one:?}"), &expected, &found)?;
        }
    }
    Ok(compared)
}

impl Pair {
    fn check(
        &self,
        viewer: Viewer,
        what: &str,
        expected: &crate::observe::Answer,
        found: &crate::observe::Answer,
    ) -> Result<(), Box<Difference>> {
        // Both are told back to whoever asked, each as it was asked for.
        let found = answer_value(found).to_string().replace(&self.hidden, &self.absent);
        let expected = answer_value(expected).to_string();
        if found == expected {
            return Ok(());
        }
        Err(Box::new(Difference {
            backend: "what is hidden",
            step: 0,
            viewer,
            what: what.to_owned(),
            expected: expected.into(),
            found: found.into(),
        }))
    }
}

/// A few of each sort of thing that the viewer does not see.
fn hidden(run: &mut Run, cast: &Cast, viewer: Viewer) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let nothing = absent(600);
    let visible = run.book.topics.clone();
    let sees = |run: &mut Run, question: Question| run.oracle.ask(viewer, &question).is_ok();
    let open = visible
        .into_iter()
        .rev()
        .find(|id| sees(run, Question::Topic(TopicId::from_uuid(*id))))
        .unwrap_or_default();
    for id in cast.topics.iter().copied() {
        if !sees(run, Question::Topic(TopicId::from_uuid(id))) {
            let refs = |id| Refs { topics: vec![TopicId::from_uuid(id)], ..base() };
            let commands = zip(on_topic(id, open), on_topic(nothing, open));
            pairs.push(Pair::of_ids(id, nothing, (refs(id), refs(nothing)), commands));
        }
    }
    for id in cast.posts.iter().copied() {
        if !sees(run, Question::Post(PostId::from_uuid(id))) {
            let topics = vec![TopicId::from_uuid(open)];
            let posts = |id| vec![PostId::from_uuid(id)];
            let refs = |id| Refs { posts: posts(id), topics: topics.clone(), ..base() };
            let commands = zip(on_post(id, open), on_post(nothing, open));
            pairs.push(Pair::of_ids(id, nothing, (refs(id), refs(nothing)), commands));
        }
    }
    for id in cast.corrections.iter().copied() {
        let post = run.oracle.post_of_correction(CorrectionId::from_uuid(id));
        if post.is_some_and(|post| !sees(run, Question::Post(post))) {
            let withdraw = |id| vec![Command::WithdrawCorrection(Pick::Exact(id))];
            let commands = zip(withdraw(id), withdraw(nothing));
            pairs.push(Pair::of_ids(id, nothing, (base(), base()), commands));
        }
    }
    for id in cast.notes.iter().copied() {
        let document = DocumentId::from_uuid;
        if !sees(run, Question::Note(document(id))) {
            let refs = |id| Refs { notes: vec![document(id)], ..base() };
            let commands = |id| {
                let text = || Some("Another text".to_owned());
                [text(), None].map(|text| Command::ChangeNote(Pick::Exact(id), text)).to_vec()
            };
            let commands = zip(commands(id), commands(nothing));
            pairs.push(Pair::of_ids(id, nothing, (refs(id), refs(nothing)), commands));
        }
    }
    let other = slug("nowhere");
    if !sees(run, Question::Community(slug(COMMUNITY))) {
        let refs = |at: &Slug| Refs {
            communities: vec![at.clone()],
            channels: vec![slug("news")],
            labels: vec![slug("red")],
            items: vec![key(ITEM)],
            people: vec![key("cast:keeper")],
            ..base()
        };
        let hidden = slug(COMMUNITY);
        let commands = zip(in_community(&hidden, open), in_community(&other, open));
        pairs.push(Pair::of_texts(COMMUNITY, "nowhere", (refs(&hidden), refs(&other)), commands));
    }
    let vault = Question::Can(community_core::Action::View, slug(HERE), Some(slug(CHANNEL)));
    if !sees(run, vault) {
        let refs = |key: &Slug| Refs { channels: vec![key.clone()], ..base() };
        let hidden = slug(CHANNEL);
        let commands = zip(in_channel(&hidden, open), in_channel(&other, open));
        pairs.push(Pair::of_texts(CHANNEL, "nowhere", (refs(&hidden), refs(&other)), commands));
    }
    let labels = run.oracle.ask(viewer, &Question::Labels(slug(HERE)));
    if !labels.is_ok_and(|labels| labels.to_string().contains(&format!("\"{LABEL}\""))) {
        let refs = |key: &Slug| Refs { labels: vec![key.clone()], ..base() };
        let (hidden, other) = (slug(LABEL), slug("nolabel"));
        let commands = zip(with_label(&hidden, open), with_label(&other, open));
        pairs.push(Pair::of_texts(LABEL, "nolabel", (refs(&hidden), refs(&other)), commands));
    }
    for item in [ITEM, "secret:2", "secret:3", "secret:4", "secret:5"] {
        if !sees(run, Question::PostByKey(slug(HERE), key(item))) {
            let refs = |text: &str| Refs { items: vec![key(text)], ..base() };
            let both = (refs(item), refs("no:item"));
            pairs.push(Pair::of_texts(item, "no:item", both, Vec::new()));
        }
    }
    let refs = |text: &str| Refs { people: vec![key(text)], ..base() };
    let both = (refs(PERSON), refs("no:body"));
    pairs.push(Pair::of_texts(PERSON, "no:body", both, Vec::new()));
    pairs
}

impl Pair {
    fn of_ids(
        hidden: Uuid,
        absent: Uuid,
        questions: (Refs, Refs),
        commands: Vec<(Command, Command)>,
    ) -> Self {
        Self { hidden: hidden.to_string(), absent: absent.to_string(), questions, commands }
    }

    fn of_texts(
        hidden: &str,
        absent: &str,
        questions: (Refs, Refs),
        commands: Vec<(Command, Command)>,
    ) -> Self {
        Self { hidden: hidden.to_owned(), absent: absent.to_owned(), questions, commands }
    }
}

/// What both halves of a pair are asked about beside themselves.
fn base() -> Refs {
    Refs {
        communities: vec![slug(HERE)],
        kinds: vec![slug("question")],
        members: vec![MemberId::from_uuid(absent(601))],
        sizes: vec![2],
        ..Refs::default()
    }
}

fn zip(one: Vec<Command>, other: Vec<Command>) -> Vec<(Command, Command)> {
    one.into_iter().zip(other).collect()
}

/// Every command that takes a topic.
fn on_topic(topic: Uuid, open: Uuid) -> Vec<Command> {
    let (it, open) = (Pick::Exact(topic), Pick::Exact(open));
    let edit = TopicEdit { title: Some("Another".to_owned()), ..TopicEdit::default() };
    let link = |from, to| Command::SetLink { from, to, kind: LinkKind::Related, linked: true };
    let body = "A reply".to_owned();
    let mut all = vec![
        Command::EditTopic(it, edit),
        Command::MoveTopic(it, slug("help")),
        Command::SetLocked(it, true),
        Command::SetPin(it, None),
        Command::SetStatus(it, slug("closed")),
        link(it, open),
        link(open, it),
        Command::Reply(Reply { topic: it, parent: None, body, kind: None, key: None }),
        Command::RecordView(it),
        Command::WriteNote { topic: it, text: "A note".to_owned(), shared: true },
    ];
    let steps = [
        Suggested::Shown(vec![open, it]),
        Suggested::Opened(it),
        Suggested::Rated(it, true),
        Suggested::Posted(it),
    ];
    all.extend(steps.map(|step| suggestion(&slug(HERE), step)));
    all.extend(State::ALL.map(|state| Command::SetTopicState(it, state)));
    all
}

/// Every command that takes a post.
fn on_post(post: Uuid, open: Uuid) -> Vec<Command> {
    let it = Pick::Exact(post);
    let (topic, parent) = (Pick::Exact(open), Some(it));
    let body = "A reply".to_owned();
    let mut all = vec![
        Command::EditPost(it, PostEdit::new("Another text")),
        Command::ErasePost(it),
        Command::Vote(it, Some(Vote::Up)),
        Command::Vote(it, None),
        Command::React(it, Some(slug("thanks"))),
        Command::Accept(it, None),
        Command::Unaccept(it),
        Command::SetOfficial(it, true, None),
        Command::Correct { post: it, range: None, body: "Wrong".to_owned() },
        Command::Reply(Reply { topic, parent, body, kind: None, key: None }),
    ];
    all.extend(State::ALL.map(|state| Command::SetPostState(it, state)));
    all
}

fn suggestion(community: &Slug, step: Suggested) -> Command {
    let (community, source) = (community.clone(), slug("typing"));
    Command::RecordSuggestion(Suggestion {
        community,
        visit: Some(1),
        source,
        held_out: false,
        step,
    })
}

fn topic_in(community: &Slug, channel: &Slug) -> NewTopic {
    NewTopic::new(community.clone(), channel.clone(), slug("question"), "A title", "A text")
}

fn sanction(channel: Option<Slug>) -> NewSanction {
    NewSanction { kind: SanctionKind::Silence, channel, until: None, reason: String::new() }
}

/// Every command that takes the key of a community, except joining: that is how one comes in.
fn in_community(key: &Slug, _open: Uuid) -> Vec<Command> {
    let member = Pick::Exact(absent(602));
    let at = || key.clone();
    let mut all = vec![
        Command::UpdateCommunity(at(), CommunityUpdate::default()),
        suggestion(key, Suggested::Abandoned),
        Command::Leave(at()),
        Command::ShowOnBoards(at(), false),
        Command::Join(at()),
        Command::SetMember(at(), member, true),
        Command::GrantRole(at(), member, slug("friend"), None),
        Command::RevokeRole(at(), member, slug("friend"), None),
        Command::SetLevel(at(), member, 1),
        Command::Sanction(at(), member, sanction(None)),
        Command::LiftSanction(at(), member, SanctionKind::Silence, None),
        Command::StartTopic(topic_in(key, &slug("news"))),
        Command::UpdateChannel(at(), slug("news"), ChannelUpdate::default()),
    ];
    if let Ok(name) = community_core::Name::new("New") {
        let channel = NewChannel::new(slug("new"), name.clone());
        all.push(Command::CreateChannel(at(), channel));
        all.push(Command::PutLabel(at(), NewLabel::new(slug("new"), name)));
    }
    let kind = builtin_kinds().first().cloned();
    all.extend(kind.map(|kind: Kind| Command::DefineKind(at(), kind)));
    all
}

/// Every command that takes the key of a channel.
fn in_channel(key: &Slug, open: Uuid) -> Vec<Command> {
    let member = Pick::Exact(absent(602));
    let here = || slug(HERE);
    let mut all = vec![
        Command::UpdateChannel(here(), key.clone(), ChannelUpdate::default()),
        Command::StartTopic(topic_in(&here(), key)),
        Command::MoveTopic(Pick::Exact(open), key.clone()),
        Command::GrantRole(here(), member, slug("friend"), Some(key.clone())),
        Command::RevokeRole(here(), member, slug("friend"), Some(key.clone())),
        Command::Sanction(here(), member, sanction(Some(key.clone()))),
        Command::LiftSanction(here(), member, SanctionKind::Silence, Some(key.clone())),
    ];
    if let Ok(name) = community_core::Name::new("New") {
        let channel = NewChannel::new(slug("new"), name).below(key.clone());
        all.push(Command::CreateChannel(here(), channel));
    }
    all
}

/// Every command that takes labels of a topic.
fn with_label(label: &Slug, open: Uuid) -> Vec<Command> {
    let edit = TopicEdit { labels: Some(vec![label.clone()]), ..TopicEdit::default() };
    vec![
        Command::StartTopic(topic_in(&slug(HERE), &slug("news")).label(label.clone())),
        Command::EditTopic(Pick::Exact(open), edit),
    ]
}
