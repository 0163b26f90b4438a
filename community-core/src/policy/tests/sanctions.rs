//! Sanctions: what they take away, where, and for how long.

use super::world::*;
use crate::domain::SanctionKind::{Silence, Suspension};
use crate::policy::{Action, Clause};

#[test]
fn a_sanction_holds_from_its_beginning_until_just_before_its_end() {
    let directory = directory(&[("garden", "view", "members")]);
    let facts = joined().with_sanction(Suspension, None, 500, Some(2_000));
    let sees_at = |second| {
        let asking = Asking { now: at(second), ..Asking::new(&directory, &facts) };
        let seen = asking.in_channel(&Action::View, HERE).allowed;
        assert_eq!(asking.scope().sees_channel(HERE), seen);
        assert_eq!(asking.scope().sees_community(GARDEN), seen);
        seen
    };
    let moments = [0, 499, 500, 1_000, 1_999, 2_000, 9_999];
    assert_eq!(moments.map(sees_at), [true, true, false, false, false, true, true]);
}

#[test]
fn a_scope_is_valid_until_a_sanction_next_begins_or_ends() {
    let directory = directory(&[]);
    let facts = joined().with_sanction(Silence, None, 500, Some(2_000)).with_sanction(
        Suspension,
        Some(HERE),
        1_500,
        None,
    );
    let valid_until = |second| {
        let asking = Asking { now: at(second), ..Asking::new(&directory, &facts) };
        asking.scope().valid_until()
    };
    assert_eq!(valid_until(0), Some(at(500)));
    assert_eq!(valid_until(500), Some(at(1_500)));
    assert_eq!(valid_until(1_500), Some(at(2_000)));
    assert_eq!(valid_until(2_000), None);
}

#[test]
fn the_silenced_read_as_before_and_write_nothing() {
    let directory = directory(&[("garden", "view", "members")]);
    let facts = joined().with_role("moderator", None).with_sanction(Silence, None, 0, None);
    let asking = Asking::new(&directory, &facts);
    assert!(asking.in_channel(&Action::View, HERE).allowed);
    for action in Action::ALL.iter().filter(|action| **action != Action::View) {
        assert_eq!(word(&asking.on_topic(action, &topic(HERE, ME))), "silent", "{action}");
    }
    assert!(asking.scope().moderated().contains(HERE));
}

#[test]
fn the_suspended_are_known_as_little_as_visitors() {
    let rules = [
        ("here", "view", "author or members or role(moderator)"),
        ("here", "moderate", "everyone"),
    ];
    let directory = directory(&rules);
    let facts = joined().with_role("moderator", None).with_sanction(Suspension, None, 0, None);
    let asking = Asking::new(&directory, &facts);
    assert!(!asking.on_topic(&Action::View, &topic(HERE, ME)).allowed);
    assert_eq!(word(&asking.on_topic(&Action::Edit, &topic(HERE, ME))), "unseen");
    assert_eq!(word(&asking.on_topic(&Action::Edit, &topic(ASIDE, ME))), "banned");
    let scope = asking.scope();
    assert!(!scope.sees_channel(HERE) && scope.read().contains(ASIDE));
    assert!(scope.moderated().is_empty());
}

#[test]
fn a_sanction_in_a_channel_reaches_its_children_and_nothing_else() {
    let directory = directory(&[("garden", "view", "members")]);
    let facts = joined().with_sanction(Suspension, Some(BELOW), 0, None);
    let asking = Asking::new(&directory, &facts);
    let sees = |channel| asking.in_channel(&Action::View, channel).allowed;
    assert_eq!([HERE, BELOW, DEEP, ASIDE].map(sees), [true, false, false, true]);

    let facts = joined().with_sanction(Silence, Some(BELOW), 0, None);
    let asking = Asking::new(&directory, &facts);
    let start = |channel| word(&asking.in_channel(&Action::Start, channel));
    assert_eq!([HERE, BELOW, DEEP, ASIDE].map(start), ["yes", "silent", "silent", "yes"]);
}

#[test]
fn of_several_sanctions_the_harder_and_then_the_longer_one_is_named() {
    let directory = directory(&[]);
    let named =
        |facts| match Asking::new(&directory, &facts).in_channel(&Action::Start, HERE).clause {
            Clause::Sanction { kind, until } => (kind, until),
            other => panic!("{other:?}"),
        };
    let facts = joined().with_sanction(Silence, None, 0, None);
    assert_eq!(named(facts.clone()), (Silence, None));
    let facts = facts.with_sanction(Suspension, None, 0, Some(2_000));
    assert_eq!(named(facts.clone()), (Suspension, Some(at(2_000))));
    let facts = facts.with_sanction(Suspension, Some(HERE), 0, Some(3_000));
    assert_eq!(named(facts.clone()), (Suspension, Some(at(3_000))));
    // What is over or has not begun is not named.
    let facts = facts.with_sanction(Suspension, None, 0, Some(NOW));
    let facts = facts.with_sanction(Suspension, None, NOW + 1, None);
    assert_eq!(named(facts.clone()), (Suspension, Some(at(3_000))));
    let facts = facts.with_sanction(Suspension, None, 0, None);
    assert_eq!(named(facts), (Suspension, None));
}
