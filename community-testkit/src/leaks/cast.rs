//! Who looks at a world, and what is hidden in it.

use community_core::policy::Policy;
use community_core::{
    Action, Audience, MemberId, NewChannel, NewCommunity, NewLabel, NewMember, NewSanction,
    NewTopic, PinPlace, SanctionKind, State, Viewer, Vote,
};
use uuid::Uuid;

use super::{Who, viewer_of};
use crate::differential::{Difference, Run, Sent};
use crate::fixture::{key, name, slug};
use crate::observe::Refs;
use crate::script::{Command, Pick, Reply, absent, names};
use crate::worlds::Dice;

/// The people and the secrets of a world.
#[derive(Debug, Default)]
pub(super) struct Cast {
    people: Vec<(Who, Uuid)>,
    pub(super) topics: Vec<Uuid>,
    pub(super) posts: Vec<Uuid>,
    pub(super) corrections: Vec<Uuid>,
    pub(super) notes: Vec<Uuid>,
}

/// Names of what is hidden.
pub(super) const COMMUNITY: &str = "crypt";
pub(super) const CHANNEL: &str = "vault";
pub(super) const LABEL: &str = "whispered";
pub(super) const ITEM: &str = "secret:1";
pub(super) const PERSON: &str = "cast:unlisted";

/// The community in which most is hidden.
pub(super) const HERE: &str = "meadow";

type Outcome<T> = Result<T, Box<Difference>>;

/// Carries out a command of the cast; the id that it gives, or nil.
fn act(run: &mut Run, viewer: Viewer, command: Command) -> Outcome<Uuid> {
    let answer = run.send(Sent { viewer, request: None, command })?;
    let id = answer.ok().and_then(|value| value.as_str().and_then(|id| id.parse().ok()));
    Ok(id.unwrap_or_default())
}

/// Brings people and secrets into a world.
pub(super) fn enter(run: &mut Run) -> Outcome<Cast> {
    let mut cast = Cast::default();
    let system = Viewer::System;
    let here = slug(HERE);
    let warden = || Audience::Role(slug("warden"));
    let closed = Policy::inherit().with(Action::View, warden()).with(Action::Join, warden());

    let new = NewCommunity::new(here.clone(), name("Meadow"), Policy::public());
    act(run, system, Command::CreateCommunity(new))?;
    let new = NewCommunity::new(slug(COMMUNITY), name("Crypt"), closed.clone());
    act(run, system, Command::CreateCommunity(new))?;
    for community in [HERE, COMMUNITY] {
        for channel in ["news", "help"] {
            let new = NewChannel::new(slug(channel), name(channel));
            act(run, system, Command::CreateChannel(slug(community), new))?;
        }
        let new = NewChannel::new(slug(CHANNEL), name("Vault")).policy(closed.clone());
        act(run, system, Command::CreateChannel(slug(community), new))?;
        let new = NewLabel::new(slug("red"), name("Red"));
        act(run, system, Command::PutLabel(slug(community), new))?;
        let new = NewLabel::new(slug(LABEL), name("Secret")).audience(warden());
        act(run, system, Command::PutLabel(slug(community), new))?;
    }

    let person = |run: &mut Run, key_text: &str, listed: bool| {
        let mut new = NewMember::new(key(key_text), name("Cast"));
        new.listed = listed;
        act(run, system, Command::SyncMember(new))
    };
    let mut people = Vec::new();
    for (who, text) in [
        (Who::Outsider, "cast:outsider"),
        (Who::Member, "cast:member"),
        (Who::Author, "cast:author"),
        (Who::Suspended, "cast:suspended"),
        (Who::ModeratorElsewhere, "cast:elsewhere"),
        (Who::ModeratorHere, "cast:here"),
        (Who::Employee, "cast:employee"),
    ] {
        people.push((who, person(run, text, true)?));
    }
    let keeper = person(run, "cast:keeper", true)?;
    let unlisted = person(run, PERSON, false)?;
    let id_of = |wanted: Who| {
        people.iter().find(|(who, _)| *who == wanted).map_or(Uuid::nil(), |(_, id)| *id)
    };
    let joined = [Who::Member, Who::Author, Who::Suspended, Who::ModeratorHere, Who::Employee];
    for id in joined.map(id_of).into_iter().chain([keeper, unlisted]) {
        act(run, system, Command::SetMember(here.clone(), Pick::Exact(id), true))?;
    }
    let elsewhere = slug(names::COMMUNITIES[0]);
    for (community, id, role) in [
        (&here, id_of(Who::ModeratorHere), "moderator"),
        (&elsewhere, id_of(Who::ModeratorElsewhere), "moderator"),
        (&here, id_of(Who::Employee), "employee"),
        (&here, id_of(Who::Suspended), "manager"),
        (&here, id_of(Who::Suspended), "warden"),
        (&here, keeper, "warden"),
        (&slug(COMMUNITY), keeper, "warden"),
    ] {
        let command = Command::GrantRole(community.clone(), Pick::Exact(id), slug(role), None);
        act(run, system, command)?;
    }
    let command = Command::SetMember(slug(COMMUNITY), Pick::Exact(keeper), true);
    act(run, system, command)?;
    // A role in a hidden channel, held by somebody whom everybody sees.
    let member = Pick::Exact(id_of(Who::Member));
    let role = Command::GrantRole(here.clone(), member, slug("friend"), Some(slug(CHANNEL)));
    act(run, system, role)?;
    let sanction = NewSanction {
        kind: SanctionKind::Suspension,
        channel: None,
        until: None,
        reason: "control".to_owned(),
    };
    let suspended = Pick::Exact(id_of(Who::Suspended));
    act(run, system, Command::Sanction(here.clone(), suspended, sanction))?;

    let keeper = viewer_of(keeper);
    let author = viewer_of(id_of(Who::Author));
    let start = |run: &mut Run, viewer, community: &str, channel: &str, secret: bool, item| {
        let kind = slug("question");
        let (place, channel) = (slug(community), slug(channel));
        let mut new = NewTopic::new(place, channel, kind, "A title", "A text of its own.");
        new.labels = if secret { vec![slug("red"), slug(LABEL)] } else { vec![slug("red")] };
        new.key = item;
        act(run, viewer, Command::StartTopic(new))
    };
    let reply = |run: &mut Run, viewer, topic: Uuid, parent: Option<Uuid>, item| {
        let (topic, parent) = (Pick::Exact(topic), parent.map(Pick::Exact));
        let body = "A reply of its own.".to_owned();
        act(run, viewer, Command::Reply(Reply { topic, parent, body, kind: None, key: item }))
    };
    let state = |run: &mut Run, topic: Uuid, state| {
        act(run, system, Command::SetTopicState(Pick::Exact(topic), state))
    };
    // In the open: a topic with a hidden label, replies of which some are gone.
    let open = start(run, keeper, HERE, "news", true, None)?;
    let plain = start(run, author, HERE, "help", false, Some(key("open:1")))?;
    // Hidden by place.
    let vaulted = start(run, keeper, HERE, CHANNEL, true, Some(key(ITEM)))?;
    let buried = start(run, keeper, COMMUNITY, "news", true, Some(key(ITEM)))?;
    let answer = reply(run, keeper, vaulted, None, Some(key("secret:2")))?;
    // Hidden by state.
    let removed = start(run, author, HERE, "news", false, Some(key("secret:3")))?;
    let removed_reply = reply(run, keeper, removed, None, None)?;
    state(run, removed, State::Removed)?;
    let withdrawn = start(run, author, HERE, "help", true, None)?;
    act(run, author, Command::SetTopicState(Pick::Exact(withdrawn), State::Withdrawn))?;
    let gone = reply(run, author, open, None, Some(key("secret:4")))?;
    let below = reply(run, keeper, open, Some(gone), None)?;
    let leaf = reply(run, author, plain, None, Some(key("secret:5")))?;
    for post in [gone, leaf] {
        let vote = Command::Vote(Pick::Exact(post), Some(Vote::Up));
        act(run, keeper, vote)?;
        act(run, system, Command::SetPostState(Pick::Exact(post), State::Removed))?;
    }
    // What joins the open to the hidden: links, a pin, a correction.
    for (from, to) in [(open, vaulted), (vaulted, plain), (open, removed), (plain, open)] {
        let (from, to) = (Pick::Exact(from), Pick::Exact(to));
        let kind = community_core::LinkKind::Related;
        act(run, system, Command::SetLink { from, to, kind, linked: true })?;
    }
    for topic in [vaulted, plain] {
        let (place, position, audience) = (PinPlace::Community, 0, Audience::Everyone);
        let pin = community_core::NewPin { place, position, audience, until: None };
        act(run, system, Command::SetPin(Pick::Exact(topic), Some(pin)))?;
    }
    let opening =
        run.book.posts.iter().copied().find(|post| run.book.topic_of.get(post) == Some(&vaulted));
    let post = Pick::Exact(opening.unwrap_or_default());
    let employee = community_core::Audience::Role(slug("warden"));
    let policy = closed.with(Action::Correct, employee);
    let update = community_core::ChannelUpdate { policy: Some(policy), ..Default::default() };
    act(run, system, Command::UpdateChannel(here, slug(CHANNEL), update))?;
    let body = "It is otherwise.".to_owned();
    let correction = act(run, keeper, Command::Correct { post, range: None, body })?;

    // Beside what is hidden and what is open, for everybody who sees the topic and for few.
    let mut notes = Vec::new();
    for (viewer, topic) in [(keeper, vaulted), (keeper, open), (author, plain), (author, open)] {
        for shared in [true, false] {
            let (topic, text) = (Pick::Exact(topic), "A note of its own.".to_owned());
            notes.push(act(run, viewer, Command::WriteNote { topic, text, shared })?);
        }
    }
    cast.notes = notes;
    cast.people = people;
    cast.topics = vec![vaulted, buried, removed, withdrawn, open, plain];
    cast.posts = vec![answer, removed_reply, gone, leaf, below, post.id()];
    cast.corrections = vec![correction];
    Ok(cast)
}

impl Cast {
    /// One viewer of each kind.
    pub(super) fn viewers(&self) -> Vec<(Who, Viewer)> {
        let named = self.people.iter().map(|(who, id)| (*who, viewer_of(*id)));
        let mut all = vec![(Who::Anonymous, Viewer::Anonymous)];
        all.extend(named);
        all.push((Who::OtherTenant, viewer_of(absent(8_000))));
        all
    }

    /// What viewers are asked about: the secrets, and some of everything else.
    pub(super) fn refs(&self, run: &Run, dice: &mut Dice) -> Refs {
        let some = |dice: &mut Dice, own: &[Uuid], known: &[Uuid]| -> Vec<Uuid> {
            let mut ids: Vec<Uuid> = (0..3).map(|_| *dice.pick(own)).collect();
            ids.extend((0..3).filter(|_| !known.is_empty()).map(|_| *dice.pick(known)));
            ids
        };
        let topics = some(dice, &self.topics, &run.book.topics);
        let posts = some(dice, &self.posts, &run.book.posts);
        let slugs = |names: &[&str]| names.iter().map(|name| slug(name)).collect();
        let mut places = run.oracle.channel_ids();
        places.truncate(3 + dice.below(30));
        let [first, second, ..] = names::COMMUNITIES;
        Refs {
            communities: slugs(&[HERE, COMMUNITY, HERE, *dice.pick(&[first, second])]),
            channels: slugs(&["news", CHANNEL]),
            labels: slugs(&[LABEL, "red"]),
            kinds: slugs(&["question"]),
            topics: topics.into_iter().map(community_core::TopicId::from_uuid).collect(),
            posts: posts.into_iter().map(community_core::PostId::from_uuid).collect(),
            corrections: Vec::new(),
            notes: some(dice, &self.notes, &run.book.notes)
                .into_iter()
                .map(community_core::DocumentId::from_uuid)
                .collect(),
            items: [ITEM, "secret:2", "secret:3", "secret:4", "secret:5", "open:1"]
                .map(key)
                .to_vec(),
            people: [PERSON, "cast:member", "cast:author", "cast:keeper"].map(key).to_vec(),
            members: run
                .book
                .members
                .iter()
                .rev()
                .take(4)
                .copied()
                .map(MemberId::from_uuid)
                .collect(),
            places,
            sizes: vec![1, 2, 50],
            strange_cursors: Vec::new(),
        }
    }
}
