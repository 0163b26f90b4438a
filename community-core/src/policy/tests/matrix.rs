//! Every preset, asked by every kind of viewer about every action.

use super::world::*;
use crate::directory::Directory;
use crate::domain::SanctionKind;
use crate::policy::{Action, Facts, Policy, Viewer};

/// The kinds of viewers. Everybody but the first two has joined. `author` started the topic that is
/// asked about; `customer`, `author`, `suspended` and `silenced` are on the list of customers and
/// work in the department `care`.
fn people() -> Vec<(&'static str, Option<Facts>)> {
    let customer = || joined().with_list("customers").with_text("department", "care");
    let sanctioned = |kind| customer().with_sanction(kind, None, 0, None);
    vec![
        ("anonymous", None),
        ("outsider", Some(signed_in())),
        ("member", Some(joined())),
        ("customer", Some(customer())),
        ("author", Some(customer())),
        ("suspended", Some(sanctioned(SanctionKind::Suspension))),
        ("silenced", Some(sanctioned(SanctionKind::Silence))),
        ("moderator here", Some(joined().with_role("moderator", Some(HERE)))),
        ("moderator aside", Some(joined().with_role("moderator", Some(ASIDE)))),
        ("employee", Some(joined().with_role("employee", None))),
        ("manager", Some(joined().with_role("manager", None))),
    ]
}

/// What somebody may do to a topic in `here`, in one word.
fn answer(
    directory: &Directory,
    name: &str,
    facts: Option<&Facts>,
    action: &Action,
) -> &'static str {
    let nothing = Facts::default();
    let mut asking = Asking::new(directory, facts.unwrap_or(&nothing));
    if facts.is_none() {
        asking.viewer = Viewer::Anonymous;
    }
    let author = if name == "author" { ME } else { OTHER };
    word(&match action {
        Action::Join => asking.in_community(action),
        Action::Start => asking.in_channel(action, HERE),
        _ => asking.on_topic(action, &topic(HERE, author)),
    })
}

fn in_here(preset: Policy) -> Directory {
    let mut channels = channels();
    channels[0].policy = preset;
    Directory::new(1, vec![community(Policy::public())], channels, vec![])
}

fn everywhere(preset: Policy) -> Directory {
    Directory::new(1, vec![community(preset)], channels(), vec![])
}

/// One row a viewer, one column an action.
#[track_caller]
fn check(directory: &Directory, expected: &str) {
    let mut found = format!("{:<16}", "");
    for action in Action::ALL {
        found += &format!("{:<9}", action.to_string());
    }
    for (name, facts) in people() {
        found = format!("{}\n{name:<16}", found.trim_end());
        for action in Action::ALL {
            found += &format!("{:<9}", answer(directory, name, facts.as_ref(), action));
        }
    }
    compare(&found, expected);
}

#[track_caller]
fn compare(found: &str, expected: &str) {
    let lines = |table: &str| table.trim().lines().map(|line| line.trim().to_owned()).collect();
    let (found_lines, expected): (Vec<String>, Vec<String>) = (lines(found), lines(expected));
    assert_eq!(found_lines, expected, "\n{found}");
}

#[test]
fn in_a_public_channel_members_write_and_everybody_reads() {
    check(&in_here(Policy::public()), "
                        view     join     start    reply    answer   react    vote     edit     withdraw accept   official correct  draft    review   moderate manage
        anonymous       yes      name?    name?    name?    name?    name?    name?    name?    name?    name?    name?    name?    name?    name?    name?    name?
        outsider        yes      yes      no       no       no       no       no       no       no       no       no       no       no       no       no       no
        member          yes      yes      yes      yes      yes      yes      yes      no       no       no       no       no       no       no       no       no
        customer        yes      yes      yes      yes      yes      yes      yes      no       no       no       no       no       no       no       no       no
        author          yes      yes      yes      yes      yes      yes      yes      yes      yes      yes      no       no       no       no       no       no
        suspended       yes      banned   banned   banned   banned   banned   banned   banned   banned   banned   banned   banned   banned   banned   banned   banned
        silenced        yes      silent   silent   silent   silent   silent   silent   silent   silent   silent   silent   silent   silent   silent   silent   silent
        moderator here  yes      yes      yes      yes      yes      yes      yes      yes      no       yes      no       yes      yes      yes      yes      no
        moderator aside yes      yes      yes      yes      yes      yes      yes      no       no       no       no       no       no       no       no       no
        employee        yes      yes      yes      yes      yes      yes      yes      no       no       no       yes      yes      yes      no       no       no
        manager         yes      yes      yes      yes      yes      yes      yes      yes      no       yes      no       yes      yes      yes      yes      yes
    ");
}

#[test]
fn a_members_only_channel_is_unseen_by_others() {
    check(&in_here(Policy::members_only()), "
                        view     join     start    reply    answer   react    vote     edit     withdraw accept   official correct  draft    review   moderate manage
        anonymous       no       name?    unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        outsider        no       yes      unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        member          yes      yes      yes      yes      yes      yes      yes      no       no       no       no       no       no       no       no       no
        customer        yes      yes      yes      yes      yes      yes      yes      no       no       no       no       no       no       no       no       no
        author          yes      yes      yes      yes      yes      yes      yes      yes      yes      yes      no       no       no       no       no       no
        suspended       no       banned   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        silenced        yes      silent   silent   silent   silent   silent   silent   silent   silent   silent   silent   silent   silent   silent   silent   silent
        moderator here  yes      yes      yes      yes      yes      yes      yes      yes      no       yes      no       yes      yes      yes      yes      no
        moderator aside yes      yes      yes      yes      yes      yes      yes      no       no       no       no       no       no       no       no       no
        employee        yes      yes      yes      yes      yes      yes      yes      no       no       no       yes      yes      yes      no       no       no
        manager         yes      yes      yes      yes      yes      yes      yes      yes      no       yes      no       yes      yes      yes      yes      yes
    ");
}

#[test]
fn a_closed_channel_is_for_people_on_the_list_and_its_staff() {
    check(&in_here(Policy::closed_list(slug("customers"))), "
                        view     join     start    reply    answer   react    vote     edit     withdraw accept   official correct  draft    review   moderate manage
        anonymous       no       name?    unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        outsider        no       yes      unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        member          no       yes      unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        customer        yes      yes      yes      yes      yes      yes      yes      no       no       no       no       no       no       no       no       no
        author          yes      yes      yes      yes      yes      yes      yes      yes      yes      yes      no       no       no       no       no       no
        suspended       no       banned   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        silenced        yes      silent   silent   silent   silent   silent   silent   silent   silent   silent   silent   silent   silent   silent   silent   silent
        moderator here  yes      yes      yes      yes      yes      yes      yes      yes      no       yes      no       yes      yes      yes      yes      no
        moderator aside no       yes      unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        employee        no       yes      unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        manager         yes      yes      yes      yes      yes      yes      yes      yes      no       yes      no       yes      yes      yes      yes      yes
    ");
}

#[test]
fn an_intranet_channel_is_for_people_with_the_attribute_and_its_staff() {
    check(&in_here(Policy::intranet(audience("department = care"))), "
                        view     join     start    reply    answer   react    vote     edit     withdraw accept   official correct  draft    review   moderate manage
        anonymous       no       name?    unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        outsider        no       yes      unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        member          no       yes      unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        customer        yes      yes      yes      yes      yes      yes      yes      no       no       no       no       no       no       no       no       no
        author          yes      yes      yes      yes      yes      yes      yes      yes      yes      yes      no       no       no       no       no       no
        suspended       no       banned   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        silenced        yes      silent   silent   silent   silent   silent   silent   silent   silent   silent   silent   silent   silent   silent   silent   silent
        moderator here  yes      yes      yes      yes      yes      yes      yes      yes      no       yes      no       yes      yes      yes      yes      no
        moderator aside no       yes      unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        employee        no       yes      unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        manager         yes      yes      yes      yes      yes      yes      yes      yes      no       yes      no       yes      yes      yes      yes      yes
    ");
}

#[test]
fn an_employees_channel_is_for_employees_and_its_staff() {
    check(&in_here(Policy::employees()), "
                        view     join     start    reply    answer   react    vote     edit     withdraw accept   official correct  draft    review   moderate manage
        anonymous       no       name?    unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        outsider        no       yes      unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        member          no       yes      unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        customer        no       yes      unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        author          no       yes      unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        suspended       no       banned   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        silenced        no       silent   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        moderator here  yes      yes      yes      yes      yes      yes      yes      yes      no       yes      no       yes      yes      yes      yes      no
        moderator aside no       yes      unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        employee        yes      yes      yes      yes      yes      yes      yes      no       no       no       yes      yes      yes      no       no       no
        manager         yes      yes      yes      yes      yes      yes      yes      yes      no       yes      no       yes      yes      yes      yes      yes
    ");
}

#[test]
fn where_members_read_own_topics_only_helpers_read_all() {
    check(&in_here(Policy::own_topics_only()), "
                        view     join     start    reply    answer   react    vote     edit     withdraw accept   official correct  draft    review   moderate manage
        anonymous       no       name?    unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        outsider        no       yes      no       unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        member          no       yes      yes      unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        customer        no       yes      yes      unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        author          yes      yes      yes      yes      yes      yes      yes      yes      yes      yes      no       no       no       no       no       no
        suspended       no       banned   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        silenced        no       silent   silent   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        moderator here  yes      yes      yes      yes      yes      yes      yes      yes      no       yes      no       yes      yes      yes      yes      no
        moderator aside no       yes      yes      unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen   unseen
        employee        yes      yes      yes      yes      yes      yes      yes      no       no       no       yes      yes      yes      no       no       no
        manager         yes      yes      yes      yes      yes      yes      yes      yes      no       yes      no       yes      yes      yes      yes      yes
    ");
}

#[test]
fn a_preset_of_the_community_holds_in_its_channels() {
    let presets = [
        ("public", Policy::public()),
        ("members", Policy::members_only()),
        ("closed", Policy::closed_list(slug("customers"))),
        ("intranet", Policy::intranet(audience("department = care"))),
        ("employees", Policy::employees()),
        ("own topics", Policy::own_topics_only()),
    ];
    let directories = presets.map(|(name, preset)| (name, everywhere(preset)));
    let mut found = format!("{:<16}", "view / join");
    for (name, _) in &directories {
        found += &format!("{name:<13}");
    }
    for (name, facts) in people() {
        found = format!("{}\n{name:<16}", found.trim_end());
        for (_, directory) in &directories {
            let [view, join] = [Action::View, Action::Join]
                .map(|action| answer(directory, name, facts.as_ref(), &action));
            found += &format!("{:<13}", format!("{view} / {join}"));
        }
    }
    // Somebody who moderates one channel only is nobody special to the community as a whole, and
    // nobody sees more of a channel than of the community.
    compare(
        &found,
        "
        view / join     public       members      closed       intranet     employees    own topics
        anonymous       yes / name?  no / name?   no / name?   no / name?   no / name?   no / name?
        outsider        yes / yes    no / yes     no / no      no / no      no / no      no / yes
        member          yes / yes    yes / yes    no / no      no / no      no / no      no / yes
        customer        yes / yes    yes / yes    yes / yes    yes / yes    no / no      no / yes
        author          yes / yes    yes / yes    yes / yes    yes / yes    no / no      yes / yes
        suspended       yes / banned no / banned  no / banned  no / banned  no / banned  no / banned
        silenced        yes / silent yes / silent yes / silent yes / silent no / silent  no / silent
        moderator here  yes / yes    yes / yes    no / no      no / no      no / no      no / yes
        moderator aside yes / yes    yes / yes    no / no      no / no      no / no      no / yes
        employee        yes / yes    yes / yes    no / no      no / no      yes / yes    yes / yes
        manager         yes / yes    yes / yes    yes / yes    yes / yes    yes / yes    yes / yes
    ",
    );
}
