//! Scopes against decisions: what a scope admits is what `decide` would say, one item at a time.

use proptest::prelude::*;

use super::world::*;
use crate::directory::Directory;
use crate::domain::{Channel, Membership, SanctionKind, State};
use crate::id::{ChannelId, CommunityId};
use crate::policy::{Action, Audience, Facts, Known, Place, Policy, Viewer};

#[test]
fn labels_and_channels_exist_for_those_who_see_them() {
    let labels = vec![label("open", "everyone"), label("closed", "role(employee)")];
    let policy = Policy::inherit().with(Action::View, audience("members"));
    let directory = Directory::new(1, vec![community(policy)], channels(), labels);
    let sees = |facts: &Facts| {
        let scope = Asking::new(&directory, facts).scope();
        (
            scope.sees_community(GARDEN),
            scope.sees_channel(DEEP),
            ["open", "closed"].map(|label| scope.sees_label(GARDEN, &slug(label))),
        )
    };
    assert_eq!(sees(&signed_in()), (false, false, [false, false]));
    assert_eq!(sees(&joined()), (true, true, [true, false]));
    assert_eq!(sees(&joined().with_role("employee", None)), (true, true, [true, true]));
    // A label cuts across channels, so a role in one of them does not show it.
    let in_here = joined().with_role("employee", Some(HERE));
    assert_eq!(sees(&in_here), (true, true, [true, false]));
}

#[test]
fn withdrawn_is_for_author_and_moderators_and_removed_for_moderators() {
    let directory = directory(&[]);
    let (member, moderator) = (joined(), joined().with_role("moderator", Some(HERE)));
    let shows = |facts: &Facts, topic: (State, _), post: (State, _)| {
        let place = Place { community: GARDEN, channel: HERE, author: topic.1, state: topic.0 };
        Asking::new(&directory, facts).scope().admits(place, post.1, post.0)
    };
    use State::{Published, Removed, Withdrawn};
    for (topic, post, to_member) in [
        ((Published, OTHER), (Published, OTHER), true),
        ((Published, OTHER), (Withdrawn, ME), true),
        ((Published, OTHER), (Withdrawn, OTHER), false),
        ((Published, OTHER), (Removed, ME), false),
        ((Withdrawn, ME), (Published, OTHER), true),
        ((Withdrawn, OTHER), (Published, ME), false),
        ((Removed, ME), (Published, ME), false),
    ] {
        assert_eq!(shows(&member, topic, post), to_member, "{topic:?} {post:?}");
        assert!(shows(&moderator, topic, post), "{topic:?} {post:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_scope_admits_what_decisions_allow(world in any_world(), now in 0..2_500i64) {
        let World { directory, facts, viewer } = &world;
        let asking = Asking { directory, facts, viewer: *viewer, now: at(now) };
        let scope = asking.scope();
        let me = viewer.member();

        // Who is silenced moderates nothing, but reads on as a moderator; so do archives.
        let (unarchived, unsilenced) = (world.without_archives(), world.without_silences());
        let acting = Asking { directory: &unarchived, facts: &unsilenced, ..asking };

        for entry in world.channels() {
            let id = entry.channel.id;
            let community = entry.channel.community;
            let sees = |author| {
                let topic = crate::Topic { community, ..topic(id, author) };
                asking.on_topic(&Action::View, &topic).allowed
            };
            let (theirs, mine) = (sees(OTHER), sees(ME));
            let moderates = acting.in_channel(&Action::Moderate, id).allowed;
            prop_assert_eq!(scope.read().contains(id), theirs);
            prop_assert_eq!(scope.own().contains(id), mine && !theirs);
            prop_assert_eq!(scope.sees_channel(id), mine || theirs);
            prop_assert_eq!(scope.moderated().contains(id), moderates);

            for (topic_author, post_author) in [(ME, ME), (ME, OTHER), (OTHER, ME), (OTHER, OTHER)] {
                for (of_topic, of_post) in
                    State::ALL.into_iter().flat_map(|a| State::ALL.map(|b| (a, b)))
                {
                    let place = Place { community, channel: id, author: topic_author, state: of_topic };
                    let shown = |state, author| match state {
                        State::Published => true,
                        State::Withdrawn => moderates || me == Some(author),
                        State::Removed => moderates,
                    };
                    let expected = sees(topic_author)
                        && shown(of_topic, topic_author)
                        && shown(of_post, post_author);
                    prop_assert_eq!(scope.admits(place, post_author, of_post), expected);
                }
            }

            // Nothing is wider than what lies above it.
            prop_assert!(scope.sees_community(community) || !scope.sees_channel(id));
            for above in &entry.path {
                prop_assert!(scope.read().contains(*above) || !scope.read().contains(id));
                prop_assert!(scope.sees_channel(*above) || !scope.sees_channel(id));
            }
        }

        for community in directory.communities() {
            let seen = scope.sees_community(community.id);
            let as_author = [None, me].map(|author| asking.in_all_of(community.id, author).allowed);
            prop_assert_eq!(seen, as_author.contains(&true));
            let known = world.known_in(community.id, now);
            for label in directory.labels(community.id) {
                let expected = seen && label.audience.admits(&known);
                prop_assert_eq!(scope.sees_label(community.id, &label.key), expected);
            }
        }
    }

    #[test]
    fn a_scope_changes_by_itself_only_when_it_says_so(
        world in any_world(), now in 0..2_500i64, later in 0..2_500i64
    ) {
        let World { directory, facts, viewer } = &world;
        let scope_at = |now| Asking { directory, facts, viewer: *viewer, now: at(now) }.scope();
        let scope = scope_at(now);
        if later >= now && scope.valid_until().is_none_or(|until| at(later) < until) {
            let then = scope_at(later);
            prop_assert_eq!(scope.read(), then.read());
            prop_assert_eq!(scope.own(), then.own());
            prop_assert_eq!(scope.moderated(), then.moderated());
            prop_assert_eq!(scope.valid_until(), then.valid_until());
        }
    }
}

/// Two communities with a few channels and labels, and one viewer.
#[derive(Debug)]
struct World {
    directory: Directory,
    facts: Facts,
    viewer: Viewer,
}

const MEADOW: CommunityId = CommunityId::from_bytes([2; 16]);

fn channel_id(n: usize) -> ChannelId {
    ChannelId::from_bytes([u8::try_from(n).unwrap() + 1; 16])
}

impl World {
    fn channels(&self) -> impl Iterator<Item = &crate::ChannelEntry> {
        let communities = self.directory.communities();
        communities
            .flat_map(|community| self.directory.channels(community.id))
            .map(|entry| &**entry)
    }

    fn without_archives(&self) -> Directory {
        let communities = self.directory.communities().map(|community| (**community).clone());
        let channels =
            self.channels().map(|entry| Channel { archived: false, ..entry.channel.clone() });
        Directory::new(1, communities.collect(), channels.collect(), vec![])
    }

    fn without_silences(&self) -> Facts {
        let mut facts = self.facts.clone();
        for membership in &mut facts.memberships {
            membership.sanctions.retain(|sanction| sanction.kind != SanctionKind::Silence);
        }
        facts
    }

    /// What is known of the viewer in a community as a whole.
    fn known_in(&self, community: CommunityId, now: i64) -> Known<'_> {
        let membership = self.facts.membership(community);
        let suspended = membership.is_some_and(|membership| {
            membership.sanctions.iter().any(|sanction| {
                sanction.kind == SanctionKind::Suspension
                    && sanction.channel.is_none()
                    && sanction.since <= at(now)
                    && sanction.until.is_none_or(|until| at(now) < until)
            })
        });
        if suspended {
            return Known::default();
        }
        Known { member: self.facts.member.as_ref(), membership, path: &[], is_author: false }
    }
}

fn any_world() -> impl Strategy<Value = World> {
    let policy = || {
        (prop::option::of(any_rule()), prop::option::weighted(0.3, any_rule())).prop_map(
            |(view, moderate)| {
                let mut policy = Policy::inherit();
                for (action, rule) in [(Action::View, view), (Action::Moderate, moderate)] {
                    if let Some(rule) = rule {
                        policy = policy.with(action, rule);
                    }
                }
                policy
            },
        )
    };
    let communities = (policy(), policy()).prop_map(|(garden, meadow)| {
        let mut meadow = community(meadow);
        meadow.id = MEADOW;
        meadow.key = slug("meadow");
        vec![community(garden), meadow]
    });
    // A parent that is another community's, or too deep, leaves the channel out.
    let facts_of_channel =
        (any::<bool>(), prop::option::of(0..CHANNELS), policy(), prop::bool::weighted(0.1));
    let channels = prop::collection::vec(facts_of_channel, 1..=CHANNELS).prop_map(|channels| {
        let channels = channels.into_iter().enumerate();
        let channels = channels.map(|(n, (in_meadow, parent, policy, archived))| Channel {
            community: if in_meadow { MEADOW } else { GARDEN },
            archived,
            ..channel(channel_id(n), parent.map(channel_id), policy)
        });
        channels.collect::<Vec<_>>()
    });
    let labels = prop::collection::vec(any_rule(), 0..3).prop_map(|audiences| {
        let keys = ["a", "b", "c"].into_iter();
        keys.zip(audiences).map(|(key, who)| label(key, &who.to_string())).collect::<Vec<_>>()
    });
    let directory = (communities, channels, labels).prop_map(|(communities, channels, labels)| {
        Directory::new(1, communities, channels, labels)
    });
    let viewer = prop_oneof![
        1 => Just((Viewer::Anonymous, Facts::default())),
        1 => Just((Viewer::Member(ME), Facts::default())),
        8 => any_facts().prop_map(|facts| (Viewer::Member(ME), facts)),
    ];
    (directory, viewer).prop_map(|(directory, (viewer, facts))| World { directory, facts, viewer })
}

const CHANNELS: usize = 7;

fn any_facts() -> impl Strategy<Value = Facts> {
    let place = || prop::option::of((0..CHANNELS).prop_map(channel_id));
    let role = (prop::sample::select(vec!["moderator", "employee"]), place());
    let kind = prop::sample::select(vec![SanctionKind::Silence, SanctionKind::Suspension]);
    let sanction = (kind, place(), 0..2_000i64, prop::option::of(1..1_000i64));
    let membership = (
        any::<bool>(),
        0..3u32,
        prop::collection::vec(role, 0..3),
        prop::collection::vec(sanction, 0..2),
    );
    let membership = membership.prop_map(|(has_joined, level, roles, sanctions)| {
        let mut facts = if has_joined { joined() } else { signed_in() };
        for (role, channel) in roles {
            facts = facts.with_role(role, channel);
        }
        for (kind, channel, since, lasts) in sanctions {
            facts = facts.with_sanction(kind, channel, since, lasts.map(|lasts| since + lasts));
        }
        Membership { level, ..facts.memberships.swap_remove(0) }
    });
    let memberships = prop::collection::vec(membership, 0..=2);
    (any::<bool>(), any::<bool>(), memberships).prop_map(|(customer, care, memberships)| {
        let mut facts = signed_in();
        if customer {
            facts = facts.with_list("customers");
        }
        if care {
            facts = facts.with_text("department", "care");
        }
        let communities = [GARDEN, MEADOW].into_iter();
        facts.memberships = communities
            .zip(memberships)
            .map(|(community, membership)| Membership { community, ..membership })
            .collect();
        facts
    })
}

/// An audience that a policy may hold, about facts that viewers differ in.
fn any_rule() -> impl Strategy<Value = Audience> {
    let test = prop::sample::select(vec![
        "everyone",
        "nobody",
        "signed_in",
        "members",
        "author",
        "author",
        "role(moderator)",
        "role(employee)",
        "list(customers)",
        "member(\"me\")",
        "level >= 0",
        "level >= 1",
        "department = care",
    ]);
    let rule = test.prop_map(audience).prop_recursive(2, 8, 3, |inner| {
        let parts = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            parts.clone().prop_map(Audience::All),
            parts.prop_map(Audience::Any),
            inner.prop_map(|inner| Audience::Not(Box::new(inner))),
        ]
    });
    rule.prop_filter("not for policies", |rule| rule.check().is_ok())
}
