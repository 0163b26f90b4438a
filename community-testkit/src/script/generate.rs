//! Scripts out of a seed.

use std::collections::{BTreeMap, BTreeSet};

use community_core::policy::Comparison;
use community_core::query::PostOrder;
use community_core::{
    Action, Attribute, Audience, ChannelUpdate, CommunityUpdate, FeedQuery, Field, FieldType,
    Filter, Key, Kind, LabelExpr, Limits, LinkKind, Name, NewChannel, NewCommunity, NewLabel,
    NewMember, NewPin, NewSanction, NewTopic, PinPlace, Policy, PostEdit, PostKind, ReactionDef,
    Rev, SanctionKind, Settings, Slug, Sort, State, ThreadQuery, TopicEdit, Transition,
    TransitionBy, Vote, Window,
};
use serde_json::{Value, json};

use super::texts::{item_key, name, reason, text, title};
use super::{Actor, Command, Deed, Pick, Reply, Step, Tick};
use crate::worlds::Dice;

/// Names that scripts use, those of things that are never made included.
pub mod names {
    /// Communities; the last one is never created.
    pub const COMMUNITIES: [&str; 5] = ["garden", "office", "school", "harbour", "nowhere"];
    /// Channels; the last one is never created.
    pub const CHANNELS: [&str; 7] =
        ["news", "help", "ideas", "staff", "trade", "small-talk", "cellar"];
    /// Labels; the last one is never created.
    pub const LABELS: [&str; 9] =
        ["red", "blue", "green", "wood", "iron", "glass", "c++", "自転車", "nothing"];
    /// Kinds that come with the engine, two that scripts may define, and one that nobody does.
    pub const KINDS: [&str; 7] =
        ["question", "discussion", "idea", "poll", "case", "trip", "riddle"];
    /// Roles.
    pub const ROLES: [&str; 5] = ["manager", "moderator", "employee", "expert", "friend"];
    /// Reactions; the last one is never offered.
    pub const REACTIONS: [&str; 4] = ["thanks", "heart", "funny", "boo"];
    /// How many members there are at most.
    pub const MEMBERS: usize = 12;
}

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
            payload: 200,
            ..Limits::default()
        }
    }
}

/// What scripts need of dice beside what dice have.
trait Choose {
    /// Something in `percent` of a hundred cases.
    fn maybe<T>(&mut self, percent: usize, make: impl FnOnce(&mut Self) -> T) -> Option<T>;
    /// A number below `bound`, which is at most 65,536.
    fn small(&mut self, bound: usize) -> u16;
    /// A number below `bound`, which is at most 256.
    fn byte(&mut self, bound: usize) -> u8;
}

impl Choose for Dice {
    fn maybe<T>(&mut self, percent: usize, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.chance(percent).then(|| make(self))
    }

    fn small(&mut self, bound: usize) -> u16 {
        u16::try_from(self.below(bound)).unwrap_or(0)
    }

    fn byte(&mut self, bound: usize) -> u8 {
        u8::try_from(self.below(bound)).unwrap_or(0)
    }
}

/// A literal of this module.
#[allow(clippy::expect_used, reason = "the literals of this module are valid")]
fn slug(text: &str) -> Slug {
    Slug::new(text).expect("a valid short name")
}

#[allow(clippy::expect_used, reason = "the literals of this module are valid")]
fn user(number: usize) -> Key {
    Key::new(&format!("user:{number}")).expect("a valid key")
}

/// One of several names.
fn any_of(dice: &mut Dice, names: &[&str]) -> Slug {
    let name: &&str = dice.pick(names);
    slug(name)
}

/// One of several names, the last one seldom.
fn one_of(dice: &mut Dice, names: &[&str]) -> Slug {
    let usual = names.len().saturating_sub(1);
    let at = if dice.chance(4) { usual } else { dice.below(usual) };
    slug(names.get(at).copied().unwrap_or("nothing"))
}

/// The first two communities come up most: they are always founded.
fn community(dice: &mut Dice) -> Slug {
    match dice.below(100) {
        0..60 => slug(names::COMMUNITIES[0]),
        60..85 => slug(names::COMMUNITIES[1]),
        _ => one_of(dice, &names::COMMUNITIES),
    }
}

/// The first three channels come up most: they are always founded.
fn channel(dice: &mut Dice) -> Slug {
    if dice.chance(75) {
        any_of(dice, &names::CHANNELS[..3])
    } else {
        one_of(dice, &names::CHANNELS)
    }
}

fn label(dice: &mut Dice) -> Slug {
    if dice.chance(80) { any_of(dice, &names::LABELS[..3]) } else { one_of(dice, &names::LABELS) }
}

fn labels(dice: &mut Dice) -> Vec<Slug> {
    let count = if dice.chance(4) { 4 } else { dice.below(3).min(dice.below(3)) };
    (0..count).map(|_| label(dice)).collect()
}

fn role(dice: &mut Dice) -> Slug {
    any_of(dice, &names::ROLES)
}

/// A reference: to one of the first few half of the time, so that steps meet.
fn pick(dice: &mut Dice, bound: usize) -> Pick {
    match dice.below(100) {
        0..6 => Pick::Foreign(dice.small(40)),
        6..12 => Pick::Absent(dice.small(4)),
        12..56 => Pick::Known(dice.small(bound.min(5))),
        _ => Pick::Known(dice.small(bound)),
    }
}

fn topic(dice: &mut Dice) -> Pick {
    pick(dice, 30)
}

fn post(dice: &mut Dice) -> Pick {
    pick(dice, 60)
}

fn person(dice: &mut Dice) -> Pick {
    pick(dice, names::MEMBERS)
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
        Self { clock, actor, request, deed: deed(dice), look }
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
    match dice.below(160) {
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
        _ => command_on_places(dice),
    }
}

fn command_on_places(dice: &mut Dice) -> Command {
    let limits = Script::limits();
    let sanctions = [SanctionKind::Silence, SanctionKind::Suspension];
    match dice.below(24) {
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
        _ => {
            let key = one_of(dice, &names::CHANNELS[..6]);
            let mut new = new_channel(dice, key);
            new.parent = dice.maybe(40, channel);
            Command::CreateChannel(community(dice), new)
        }
    }
}

fn rev(dice: &mut Dice) -> Rev {
    Rev(u64::from(dice.small(4)))
}

fn capacity(dice: &mut Dice) -> Option<u64> {
    dice.maybe(70, |dice| u64::from(dice.small(10)))
}

/// A moment around the beginning of a script.
fn moment(dice: &mut Dice) -> community_core::Timestamp {
    let begin = 1_700_000_000_000_000 + i64::from(dice.small(20_000)) * 1_000_000;
    community_core::time::from_micros(begin).unwrap_or_default()
}

fn member(dice: &mut Dice, number: usize) -> NewMember {
    let mut new = NewMember::new(user(number), name(dice));
    let departments = ["care", "press", "Care"].map(|text| Attribute::Text(text.to_owned()));
    let countries = ["NL", "BE"].map(str::to_owned);
    let mut attributes = BTreeMap::new();
    if dice.chance(50) {
        attributes.insert(slug("department"), dice.pick(&departments).clone());
    }
    if dice.chance(30) {
        let some = countries.iter().take(dice.below(3)).cloned().collect();
        attributes.insert(slug("country"), Attribute::Texts(some));
    }
    if dice.chance(40) {
        attributes.insert(slug("age"), Attribute::Integer(i64::from(dice.small(40))));
    }
    if dice.chance(3) {
        attributes.insert(slug("about"), Attribute::Text(text(dice, 40)));
    }
    new.attributes = attributes;
    for list in ["customers", "guests", "staff"] {
        if dice.chance(25) {
            new.lists.insert(slug(list));
        }
    }
    if dice.chance(20) {
        new.profile.insert(slug("bio"), text(dice, 600));
    }
    new.listed = dice.chance(85);
    new
}

fn new_community(dice: &mut Dice, key: Slug) -> NewCommunity {
    let mut new = NewCommunity::new(key, name(dice), policy(dice));
    new.settings = dice.maybe(30, settings).unwrap_or_default();
    new.reactions = reactions(dice);
    new.hot_scale = *dice.pick(&[45_000, 45_000, 1, 600, 0]);
    if new.hot_scale == 0 && dice.chance(80) {
        new.hot_scale = 90_000;
    }
    new.capacity = dice.maybe(15, capacity).flatten();
    new
}

fn new_channel(dice: &mut Dice, key: Slug) -> NewChannel {
    let mut new = NewChannel::new(key, name(dice));
    new.position = i64::from(dice.small(3));
    if dice.chance(35) {
        new.policy = overrides(dice, Policy::inherit());
    }
    new.settings = dice.maybe(20, settings).unwrap_or_default();
    new
}

fn new_label(dice: &mut Dice, key: Slug) -> NewLabel {
    let mut new = NewLabel::new(key, name(dice));
    new.audience = match dice.below(3) {
        0 => None,
        1 => Some(Audience::Everyone),
        _ => Some(audience(dice, 1)),
    };
    new
}

fn policy(dice: &mut Dice) -> Policy {
    let preset = match dice.below(10) {
        0..5 => Policy::public(),
        5 => Policy::members_only(),
        6 => Policy::closed_list(slug("customers")),
        7 => Policy::intranet(audience(dice, 1)),
        8 => Policy::employees(),
        _ => Policy::own_topics_only(),
    };
    if dice.chance(40) { overrides(dice, preset) } else { preset }
}

/// A policy with some rules more or changed.
fn overrides(dice: &mut Dice, policy: Policy) -> Policy {
    (0..1 + dice.below(3)).fold(policy, |policy, _| {
        let action = match dice.below(12) {
            0..3 => Action::View,
            3 => Action::StartKind(one_of(dice, &names::KINDS)),
            _ => dice.pick(Action::ALL).clone(),
        };
        // A rule that a whole channel can live with, more often than any rule.
        let usual = [
            Audience::Everyone,
            Audience::SignedIn,
            Audience::Members,
            Audience::Any(vec![Audience::Author, Audience::Role(slug("moderator"))]),
        ];
        let audience = if dice.chance(40) { dice.pick(&usual).clone() } else { audience(dice, 2) };
        policy.with(action, audience)
    })
}

fn audience(dice: &mut Dice, depth: usize) -> Audience {
    // Now and then one that is too deep, too wide or too long.
    match dice.below(200) {
        0 => return (0..7).fold(Audience::Members, |inner, _| Audience::Not(Box::new(inner))),
        1 => return Audience::Any(vec![Audience::Members; 11]),
        2 => return Audience::All(vec![Audience::Member(user(3)), long_test()]),
        _ => {}
    }
    let parts = |dice: &mut Dice| {
        (0..dice.below(4)).map(|_| audience(dice, depth.saturating_sub(1))).collect()
    };
    if depth > 0 && dice.chance(45) {
        return match dice.below(3) {
            0 => Audience::All(parts(dice)),
            1 => Audience::Any(parts(dice)),
            _ => Audience::Not(Box::new(audience(dice, depth - 1))),
        };
    }
    match dice.below(13) {
        0 => Audience::Everyone,
        1 => Audience::Nobody,
        2 => Audience::SignedIn,
        3 => Audience::Members,
        4..7 => Audience::Role(role(dice)),
        7 => Audience::List(slug("customers")),
        8 => Audience::Member(user(dice.below(names::MEMBERS))),
        9 => Audience::Author,
        10 => Audience::Level(u32::from(dice.small(3))),
        11 => {
            let care = Attribute::Text("care".to_owned());
            let wanted = BTreeSet::from([care.clone(), Attribute::Text("press".to_owned())]);
            let comparisons =
                [Comparison::Is(care.clone()), Comparison::IsNot(care), Comparison::In(wanted)];
            Audience::Attribute(slug("department"), dice.pick(&comparisons).clone())
        }
        _ => {
            let comparisons = [
                Comparison::Less(20),
                Comparison::AtLeast(20),
                Comparison::Is(Attribute::Integer(7)),
                Comparison::Exists,
            ];
            Audience::Attribute(slug("age"), dice.pick(&comparisons).clone())
        }
    }
}

fn long_test() -> Audience {
    let long = Attribute::Text("x".repeat(300));
    Audience::Attribute(slug("department"), Comparison::Is(long))
}

fn settings(dice: &mut Dice) -> Settings {
    Settings {
        kinds: dice.maybe(35, |dice| {
            (0..1 + dice.below(4)).map(|_| any_of(dice, &names::KINDS)).collect()
        }),
        sorts: dice.maybe(20, |dice| (0..dice.below(5)).map(|_| *dice.pick(&Sort::ALL)).collect()),
        filters: dice
            .maybe(20, |dice| Filter::ALL.into_iter().filter(|_| dice.chance(70)).collect()),
        max_accepted: dice.maybe(40, |dice| u32::from(dice.small(3))),
        self_vote: dice.maybe(30, |dice| dice.chance(50)),
    }
}

#[allow(clippy::expect_used, reason = "the literals of this module are valid")]
fn reactions(dice: &mut Dice) -> Vec<ReactionDef> {
    let wish = if dice.chance(5) { 4 } else { 1 + dice.below(3) };
    let mut defs: Vec<ReactionDef> = names::REACTIONS
        .iter()
        .take(wish)
        .map(|key| ReactionDef { key: slug(key), name: Name::new(key).expect("a valid name") })
        .collect();
    if dice.chance(5) {
        let key = slug("up");
        defs = vec![ReactionDef { key, name: Name::new("Up").expect("a valid name") }];
    }
    defs
}

fn kind(dice: &mut Dice) -> Kind {
    let step = |from: &str, to: &str, by| Transition { from: slug(from), to: slug(to), by };
    let mut transitions = vec![
        step("new", "begun", TransitionBy::Editor),
        step("begun", "over", TransitionBy::Moderator),
    ];
    if dice.chance(10) {
        transitions.remove(0);
    }
    let field = Field { name: slug("place"), kind: FieldType::Text, required: dice.chance(40) };
    Kind {
        name: any_of(dice, &["case", "trip", "question"]),
        answers: dice.chance(50),
        initial: slug("new"),
        transitions,
        fields: vec![field],
    }
}

fn payload(dice: &mut Dice) -> Option<Value> {
    let payloads = [
        Some(json!({ "options": ["ja", "nee"] })),
        Some(json!({ "place": "shed" })),
        Some(json!({ "product": "spade" })),
        Some(json!({ "options": 3 })),
        Some(json!([1, 2])),
        Some(json!({ "place": "x".repeat(200) })),
        None,
    ];
    if dice.chance(85) { None } else { dice.pick(&payloads).clone() }
}

fn new_topic(dice: &mut Dice) -> NewTopic {
    let limits = Script::limits();
    let kind = match dice.below(100) {
        0..60 => slug("question"),
        60..85 => any_of(dice, &names::KINDS[..4]),
        _ => one_of(dice, &names::KINDS),
    };
    let title = title(dice, limits.title);
    let body = text(dice, limits.body);
    let mut new = NewTopic::new(community(dice), channel(dice), kind, title, body);
    new.labels = labels(dice);
    new.payload = payload(dice);
    if new.kind == *"poll" && dice.chance(80) {
        new.payload = Some(json!({ "options": ["a", "b"] }));
    }
    new.key = dice.maybe(15, item_key);
    new
}

fn topic_edit(dice: &mut Dice) -> TopicEdit {
    let limits = Script::limits();
    TopicEdit {
        title: dice.maybe(50, |dice| title(dice, limits.title)),
        labels: dice.maybe(50, labels),
        payload: dice.maybe(15, payload).flatten(),
        body: dice.maybe(30, |dice| text(dice, limits.body)),
        reason: reason(dice, limits.reason),
        expected: dice.maybe(15, rev),
    }
}

fn new_pin(dice: &mut Dice) -> NewPin {
    NewPin {
        place: *dice.pick(&[PinPlace::Channel, PinPlace::Community]),
        position: i64::from(dice.small(2)),
        audience: dice.maybe(30, |dice| audience(dice, 1)).unwrap_or(Audience::Everyone),
        until: dice.maybe(30, moment),
    }
}
