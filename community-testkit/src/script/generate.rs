//! Scripts out of a seed.

use community_core::query::PostOrder;
use community_core::{
    ChannelUpdate, CommunityUpdate, Erasure, FeedQuery, LabelExpr, Limits, LinkKind, NewCommunity,
    NewSanction, NewTopic, Policy, PostEdit, PostKind, SanctionKind, Settings, Slug, Sort, State,
    ThreadQuery, Vote, Window,
};

use super::choose::{
    Choose, any_of, channel, community, label, names, one_of, person, pick, post, role, slug, topic,
};
use super::parts::{
    capacity, kind, member, moment, new_channel, new_community, new_label, new_pin, new_topic,
    overrides, policy, reactions, reputation, rev, settings, synonyms, topic_edit,
};
use super::texts::{item_key, name, reason, text};
use super::{Actor, Command, Deed, Pick, Reply, Step, Suggested, Suggestion, Tick};
use crate::worlds::Dice;

/// A sequence of steps.
#[derive(Debug, Clone)]
pub struct Script {
    /// What it was made from.
    pub seed: u64,
    /// The steps.
    pub steps: Vec<Step>,
}

impl Script {
    /// The script of a seed: a small world is made, and then up to `most` things happen in it.
    #[must_use]
    pub fn generate(seed: u64, most: usize) -> Self {
        let mut script = Self::founding_of(seed);
        let mut dice = Dice::new(!seed);
        for _ in 0..=dice.below(most) {
            script.steps.push(Step::of_seed(dice.number()));
        }
        script
    }

    /// The first part of it alone: the small world.
    #[must_use]
    pub fn founding_of(seed: u64) -> Self {
        Self { seed, steps: founding(&mut Dice::new(seed)) }
    }

    /// The limits under which scripts run: low enough to be met.
    #[must_use]
    pub fn limits() -> Limits {
        Limits {
            title: 120,
            body: 600,
            reason: 60,
            labels: 3,
            community_labels: 8,
            channels: 6,
            depth: 4,
            revisions: 4,
            corrections: 2,
            pins: 2,
            page: 50,
            expression: 300,
            nesting: 5,
            terms: 10,
            attributes: 3,
            attribute: 40,
            lists: 2,
            roles: 3,
            sanctions: 3,
            reactions: 3,
            kinds: 2,
            synonyms: 2,
            synonym_words: 3,
            synonym: 30,
            payload: 200,
            document: 700,
            board_rank: 2,
            ..Limits::default()
        }
    }
}

/// The steps that make a small world: people, places, and a first few topics.
fn founding(dice: &mut Dice) -> Vec<Step> {
    let mut commands: Vec<_> =
        (0..names::MEMBERS).map(|number| Command::SyncMember(member(dice, number))).collect();
    let communities = if dice.chance(30) { 3 + dice.below(2) } else { 2 };
    for key in names::COMMUNITIES.iter().take(communities) {
        found_community(dice, &slug(key), &mut commands);
    }
    let mut steps: Vec<Step> =
        commands.into_iter().map(|command| at_once(Actor::System, command)).collect();
    for _ in 0..7 {
        let actor = Actor::Member(dice.byte(6));
        let place = (slug(names::COMMUNITIES[0]), any_of(dice, &names::CHANNELS[..3]));
        let kind = slug(if dice.chance(70) { "question" } else { "discussion" });
        let title = format!("Title {}", dice.below(20));
        let mut new = NewTopic::new(place.0, place.1, kind, title, "The first text of it.");
        new.labels = (0..dice.below(3)).map(|_| any_of(dice, &names::LABELS[..3])).collect();
        steps.push(at_once(actor, Command::StartTopic(new)));
        for _ in 0..dice.below(4) {
            let (topic, parent) = (Pick::Known(dice.small(7)), None);
            let (body, kind, key) = ("An answer".to_owned(), None, None);
            let reply = Reply { topic, parent, body, kind, key };
            steps.push(at_once(Actor::Member(dice.byte(6)), Command::Reply(reply)));
        }
    }
    steps
}

/// A step of the founding.
fn at_once(actor: Actor, command: Command) -> Step {
    let clock = Tick::On(1_000_000);
    Step { clock, actor, request: None, deed: Deed::Do(Box::new(command)), look: None }
}

/// A community with channels, labels, roles and members.
fn found_community(dice: &mut Dice, key: &Slug, commands: &mut Vec<Command>) {
    let mut new = new_community(dice, key.clone());
    // In the first one it is easy to get in, mostly.
    let easy = key == names::COMMUNITIES[0] && dice.chance(85);
    if easy {
        new = NewCommunity::new(key.clone(), name(dice), Policy::public());
        new.reactions = reactions(dice).into_iter().filter(|known| known.key != *"up").collect();
        new.reactions.truncate(3);
        new.reputation = reputation(dice);
    }
    commands.push(Command::CreateCommunity(new));
    for at in 0..3 + dice.below(3) {
        let name = names::CHANNELS.get(at).copied().unwrap_or("news");
        let mut new = new_channel(dice, slug(name));
        let above = names::CHANNELS.get(dice.below(at.max(1))).copied();
        new.parent = above.filter(|_| at > 0 && dice.chance(45)).map(slug);
        if easy && at < 3 && dice.chance(75) {
            new.policy = Policy::inherit();
            new.settings = Settings::default();
        }
        commands.push(Command::CreateChannel(key.clone(), new));
    }
    for name in names::LABELS.iter().take(3 + dice.below(2)) {
        let label = new_label(dice, slug(name));
        commands.push(Command::PutLabel(key.clone(), label));
    }
    for (at, role) in names::ROLES.iter().enumerate() {
        let member = Pick::Known(u16::try_from(at).unwrap_or(0));
        let channel = (at > 0 && dice.chance(35)).then(|| channel(dice));
        if at == 0 || dice.chance(80) {
            commands.push(Command::GrantRole(key.clone(), member, slug(role), channel));
        }
    }
    for member in 0..names::MEMBERS {
        if dice.chance(70) {
            let member = Pick::Known(u16::try_from(member).unwrap_or(0));
            commands.push(Command::SetMember(key.clone(), member, true));
        }
    }
}

impl Step {
    /// The step of a seed. It means something whatever went before.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let dice = &mut Dice::new(seed);
        let clock = match dice.below(20) {
            0..7 => Tick::Stand,
            7..11 => Tick::On(1),
            11..18 => Tick::On(1_000_000 * (1 + dice.number() % 600)),
            18 => Tick::On(86_400_000_000 * (1 + dice.number() % 40)),
            _ => Tick::Back(1_000_000 * (1 + dice.number() % 100_000)),
        };
        let actor = match dice.below(100) {
            0..12 => Actor::System,
            12..19 => Actor::Anonymous,
            19..22 => Actor::Ghost(dice.byte(3)),
            22..40 => Actor::Member(dice.byte(2)),
            40..60 => Actor::Maker(dice.byte(names::MEMBERS)),
            _ => Actor::Member(dice.byte(names::MEMBERS)),
        };
        let request = dice.maybe(12, |dice| dice.byte(6));
        let look = dice.maybe(20, Dice::number);
        let deed = deed(dice);
        // Only the host erases anybody.
        let of_host = matches!(&deed, Deed::Do(it) if matches!(**it, Command::EraseMember(..)));
        let actor = if of_host && dice.chance(60) { Actor::System } else { actor };
        Self { clock, actor, request, deed, look }
    }
}

fn deed(dice: &mut Dice) -> Deed {
    match dice.below(100) {
        0..4 => Deed::Again(dice.byte(6)),
        4..6 => Deed::ReadFirst(dice.byte(3), Box::new(feed_query(dice))),
        6..8 => Deed::ReadThread(dice.byte(3), topic(dice), Box::new(thread_query(dice))),
        8..13 => Deed::ReadOn(dice.byte(3)),
        13 => Deed::Reopen,
        _ => Deed::Do(Box::new(command(dice))),
    }
}

fn feed_query(dice: &mut Dice) -> FeedQuery {
    let mut query = FeedQuery::community(community(dice)).limit(1 + dice.below(4));
    query.sort = dice.maybe(80, |dice| *dice.pick(&Sort::ALL));
    if dice.chance(30) {
        query.channels.push(channel(dice));
    }
    if dice.chance(20) {
        query.labels = Some(LabelExpr::Not(Box::new(LabelExpr::Has(label(dice)))));
    }
    if dice.chance(10) {
        query.window = Window::Days(dice.small(40));
    }
    if dice.chance(10) {
        query.communities.clear();
    }
    query
}

fn thread_query(dice: &mut Dice) -> ThreadQuery {
    ThreadQuery {
        order: *dice.pick(&PostOrder::ALL),
        depth: dice.maybe(20, |dice| u32::from(dice.small(3))),
        limit: Some(1 + dice.below(3)),
        ..ThreadQuery::default()
    }
}

/// A command, those that meet most often the most.
fn command(dice: &mut Dice) -> Command {
    let limits = Script::limits();
    match dice.below(175) {
        0..18 => Command::StartTopic(new_topic(dice)),
        18..44 => {
            let parent = dice.maybe(60, post);
            let kind = dice.maybe(15, |dice| *dice.pick(&PostKind::ALL));
            let key = dice.maybe(15, item_key);
            let body = text(dice, limits.body);
            Command::Reply(Reply { topic: topic(dice), parent, body, kind, key })
        }
        44..62 => {
            let vote = *dice.pick(&[Some(Vote::Up), Some(Vote::Up), Some(Vote::Down), None]);
            Command::Vote(post(dice), vote)
        }
        62..67 => {
            let reaction = dice.maybe(80, |dice| one_of(dice, &names::REACTIONS));
            Command::React(post(dice), reaction)
        }
        67..75 => Command::Accept(post(dice), reason(dice, limits.reason)),
        75..78 => Command::Unaccept(post(dice)),
        78..80 => Command::SetOfficial(post(dice), dice.chance(70), reason(dice, limits.reason)),
        80..85 => Command::EditTopic(topic(dice), topic_edit(dice)),
        85..90 => {
            let expected = dice.maybe(20, |dice| u32::from(dice.small(4)));
            let (body, reason) = (text(dice, limits.body), reason(dice, limits.reason));
            Command::EditPost(post(dice), PostEdit { body, reason, expected })
        }
        90..99 => Command::SetPostState(post(dice), *dice.pick(&State::ALL)),
        99..106 => Command::SetTopicState(topic(dice), *dice.pick(&State::ALL)),
        106..110 => Command::MoveTopic(topic(dice), channel(dice)),
        110..113 => Command::SetLocked(topic(dice), dice.chance(50)),
        113..117 => Command::SetPin(topic(dice), dice.maybe(80, new_pin)),
        117..120 => {
            let statuses = ["open", "closed", "new", "in-review", "planned", "begun", "over"];
            Command::SetStatus(topic(dice), any_of(dice, &statuses))
        }
        120..123 => {
            let kind = *dice.pick(&[LinkKind::Related, LinkKind::Duplicate]);
            let (from, to) = (topic(dice), topic(dice));
            Command::SetLink { from, to, kind, linked: dice.chance(75) }
        }
        123..128 => {
            let range =
                dice.maybe(40, |dice| (u32::from(dice.small(6)), u32::from(dice.small(12))));
            Command::Correct { post: post(dice), range, body: text(dice, limits.body) }
        }
        128..130 => Command::WithdrawCorrection(pick(dice, 6)),
        130..135 => Command::RecordView(topic(dice)),
        135..137 => Command::Pump,
        137..142 => Command::RecordSuggestion(suggestion(dice)),
        142..147 => {
            let (topic, text) = (topic(dice), text(dice, limits.body));
            Command::WriteNote { topic, text, shared: dice.chance(50) }
        }
        147..149 => {
            let text = dice.maybe(60, |dice| text(dice, limits.body));
            Command::ChangeNote(pick(dice, 6), text)
        }
        149..152 => Command::ErasePost(post(dice)),
        _ => command_on_places(dice),
    }
}

fn suggestion(dice: &mut Dice) -> Suggestion {
    let step = match dice.below(5) {
        0 => {
            let many = if dice.chance(5) { Script::limits().page + 1 } else { dice.below(4) };
            Suggested::Shown((0..many).map(|_| topic(dice)).collect())
        }
        1 => Suggested::Opened(topic(dice)),
        2 => Suggested::Rated(topic(dice), dice.chance(50)),
        3 => Suggested::Abandoned,
        _ => Suggested::Posted(topic(dice)),
    };
    Suggestion {
        community: community(dice),
        visit: dice.maybe(60, |dice| dice.byte(4)),
        source: any_of(dice, &["typing", "related", "sidebar"]),
        held_out: dice.chance(20),
        step,
    }
}

fn command_on_places(dice: &mut Dice) -> Command {
    let limits = Script::limits();
    let sanctions = [SanctionKind::Silence, SanctionKind::Suspension];
    match dice.below(28) {
        0..2 => Command::Join(community(dice)),
        2 => Command::Leave(community(dice)),
        3 => Command::SetMember(community(dice), person(dice), dice.chance(60)),
        4..6 => {
            let channel = dice.maybe(40, channel);
            Command::GrantRole(community(dice), person(dice), role(dice), channel)
        }
        6 => {
            let channel = dice.maybe(40, channel);
            Command::RevokeRole(community(dice), person(dice), role(dice), channel)
        }
        7 => Command::SetLevel(community(dice), person(dice), u32::from(dice.small(4))),
        8..11 => {
            let new = NewSanction {
                kind: *dice.pick(&sanctions),
                channel: dice.maybe(40, channel),
                until: dice.maybe(60, moment),
                reason: text(dice, limits.reason),
            };
            Command::Sanction(community(dice), person(dice), new)
        }
        11 => {
            let kind = *dice.pick(&sanctions);
            let channel = dice.maybe(40, channel);
            Command::LiftSanction(community(dice), person(dice), kind, channel)
        }
        12..14 => {
            let update = CommunityUpdate {
                name: dice.maybe(20, name),
                description: dice.maybe(20, |dice| text(dice, limits.body)),
                policy: dice.maybe(40, policy),
                settings: dice.maybe(30, settings),
                reactions: dice.maybe(20, reactions),
                synonyms: dice.maybe(20, synonyms),
                capacity: dice.maybe(20, capacity),
                archived: dice.maybe(20, |dice| dice.chance(30)),
                expected: dice.maybe(15, rev),
            };
            Command::UpdateCommunity(community(dice), update)
        }
        14..18 => {
            let update = ChannelUpdate {
                name: dice.maybe(20, name),
                description: dice.maybe(20, |dice| text(dice, limits.body)),
                position: dice.maybe(20, |dice| i64::from(dice.small(5)) - 2),
                policy: dice.maybe(60, |dice| overrides(dice, Policy::inherit())),
                settings: dice.maybe(30, settings),
                archived: dice.maybe(20, |dice| dice.chance(30)),
                expected: dice.maybe(15, rev),
            };
            Command::UpdateChannel(community(dice), channel(dice), update)
        }
        18..20 => {
            let label = label(dice);
            Command::PutLabel(community(dice), new_label(dice, label))
        }
        20 => {
            let number = dice.below(names::MEMBERS + 2);
            Command::SyncMember(member(dice, number))
        }
        21 => Command::DefineKind(community(dice), kind(dice)),
        22 => {
            let key = one_of(dice, &names::COMMUNITIES[..4]);
            Command::CreateCommunity(new_community(dice, key))
        }
        26 | 27 => {
            let erasures = [Erasure::Anonymise, Erasure::Remove];
            Command::EraseMember(person(dice), *dice.pick(&erasures))
        }
        23 | 24 => Command::ShowOnBoards(community(dice), dice.chance(40)),
        _ => {
            let key = one_of(dice, &names::CHANNELS[..6]);
            let mut new = new_channel(dice, key);
            new.parent = dice.maybe(40, channel);
            Command::CreateChannel(community(dice), new)
        }
    }
}
