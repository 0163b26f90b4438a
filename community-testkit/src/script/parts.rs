//! What commands are made of: members, places, policies, topics.

use std::collections::{BTreeMap, BTreeSet};

use community_core::policy::Comparison;
use community_core::reputation::{Decay, GiverRule, Reputation, RuleSet, RuleSetId};
use community_core::{
    Action, Attribute, Audience, Field, FieldType, Filter, Kind, Name, NewChannel, NewCommunity,
    NewLabel, NewMember, NewPin, NewTopic, PinPlace, Policy, ReactionDef, Rev, Settings, Slug,
    Sort, TopicEdit, Transition, TransitionBy,
};
use serde_json::{Value, json};

use super::Script;
use super::choose::{Choose, any_of, channel, community, labels, names, one_of, role, slug, user};
use super::texts::{item_key, name, reason, text, title};
use crate::worlds::Dice;

pub(super) fn rev(dice: &mut Dice) -> Rev {
    Rev(u64::from(dice.small(4)))
}

pub(super) fn capacity(dice: &mut Dice) -> Option<u64> {
    dice.maybe(70, |dice| u64::from(dice.small(10)))
}

/// A moment around the beginning of a script.
pub(super) fn moment(dice: &mut Dice) -> community_core::Timestamp {
    let begin = 1_700_000_000_000_000 + i64::from(dice.small(20_000)) * 1_000_000;
    community_core::time::from_micros(begin).unwrap_or_default()
}

pub(super) fn member(dice: &mut Dice, number: usize) -> NewMember {
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

pub(super) fn new_community(dice: &mut Dice, key: Slug) -> NewCommunity {
    let mut new = NewCommunity::new(key, name(dice), policy(dice));
    new.settings = dice.maybe(30, settings).unwrap_or_default();
    new.reactions = reactions(dice);
    new.hot_scale = *dice.pick(&[45_000, 45_000, 1, 600, 0]);
    if new.hot_scale == 0 && dice.chance(80) {
        new.hot_scale = 90_000;
    }
    new.capacity = dice.maybe(15, capacity).flatten();
    new.reputation = reputation(dice);
    new
}

/// What earns points, levels, badges and the name of a super user, now and then within reach of what
/// a script does.
pub(super) fn reputation(dice: &mut Dice) -> Reputation {
    // That it can be read is seen by every script.
    const TRIAL: &str = include_str!("trial.json");
    let trial: Option<Reputation> = serde_json::from_str(TRIAL).ok();
    let mut reputation = match trial.filter(|_| dice.chance(50)) {
        Some(trial) => trial,
        None => dice.maybe(60, fading).unwrap_or_default(),
    };
    if dice.chance(30) {
        reputation.boards.without_roles = [role(dice)].into();
    }
    reputation
}

/// Rules under which the votes of new members count, that look at labels, and whose points fade.
fn fading(dice: &mut Dice) -> Reputation {
    let Some(balanced) = RuleSet::shipped().first() else { return Reputation::default() };
    let id = RuleSetId { key: slug("script"), version: 1 };
    let mut rules = RuleSet { id: id.clone(), giver: GiverRule::default(), ..balanced.clone() };
    for rule in &mut rules.rules {
        rule.labels = dice.maybe(20, |dice| labels(dice).into_iter().collect());
    }
    rules.decay = dice.maybe(60, |dice| Decay { half_life_days: 1 + u32::from(dice.small(20)) });
    Reputation { active: id, own: vec![rules], ..Reputation::default() }
}

pub(super) fn new_channel(dice: &mut Dice, key: Slug) -> NewChannel {
    let mut new = NewChannel::new(key, name(dice));
    new.position = i64::from(dice.small(3));
    if dice.chance(35) {
        new.policy = overrides(dice, Policy::inherit());
    }
    new.settings = dice.maybe(20, settings).unwrap_or_default();
    new
}

pub(super) fn new_label(dice: &mut Dice, key: Slug) -> NewLabel {
    let mut new = NewLabel::new(key, name(dice));
    new.audience = match dice.below(3) {
        0 => None,
        1 => Some(Audience::Everyone),
        _ => Some(audience(dice, 1)),
    };
    new
}

pub(super) fn policy(dice: &mut Dice) -> Policy {
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
pub(super) fn overrides(dice: &mut Dice, policy: Policy) -> Policy {
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

pub(super) fn audience(dice: &mut Dice, depth: usize) -> Audience {
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

pub(super) fn long_test() -> Audience {
    let long = Attribute::Text("x".repeat(300));
    Audience::Attribute(slug("department"), Comparison::Is(long))
}

pub(super) fn settings(dice: &mut Dice) -> Settings {
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

/// Lists of synonyms, mostly sound ones.
pub(super) fn synonyms(dice: &mut Dice) -> Vec<Vec<String>> {
    let words = |dice: &mut Dice| {
        let count = if dice.chance(10) { 1 + 3 * dice.below(2) } else { 2 + dice.below(2) };
        (0..count).map(|_| text(dice, 30)).collect()
    };
    let count = if dice.chance(5) { 3 } else { dice.below(3) };
    (0..count).map(|_| words(dice)).collect()
}

#[allow(clippy::expect_used, reason = "the literals of this module are valid")]
pub(super) fn reactions(dice: &mut Dice) -> Vec<ReactionDef> {
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

pub(super) fn kind(dice: &mut Dice) -> Kind {
    let step = |from: &str, to: &str, by| Transition { from: slug(from), to: slug(to), by };
    let mut transitions = vec![
        step("new", "begun", TransitionBy::Editor),
        step("begun", "over", TransitionBy::Moderator),
    ];
    match dice.below(10) {
        0 => drop(transitions.remove(0)),
        1 => drop(transitions.remove(1)),
        _ => {}
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

pub(super) fn payload(dice: &mut Dice) -> Option<Value> {
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

pub(super) fn new_topic(dice: &mut Dice) -> NewTopic {
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

pub(super) fn topic_edit(dice: &mut Dice) -> TopicEdit {
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

pub(super) fn new_pin(dice: &mut Dice) -> NewPin {
    NewPin {
        place: *dice.pick(&[PinPlace::Channel, PinPlace::Community]),
        position: i64::from(dice.small(2)),
        audience: dice.maybe(30, |dice| audience(dice, 1)).unwrap_or(Audience::Everyone),
        until: dice.maybe(30, moment),
    }
}
