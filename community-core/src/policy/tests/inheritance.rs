//! Rules from the community down to a channel of the third level.

use super::world::*;
use crate::directory::Directory;
use crate::domain::Settings;
use crate::policy::{Action, Clause, Facts, Policy, Viewer};

/// Where the rule stands that decided, and the audience in it.
fn rule(decision: &crate::policy::Decision) -> (String, String) {
    match &decision.clause {
        Clause::Rule { level, audience, .. } => (level.clone(), audience.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_nearest_rule_decides() {
    let directory = directory(&[
        ("garden", "reply", "members"),
        ("garden", "start", "members"),
        ("garden", "start:poll", "role(manager)"),
        ("here", "reply", "level >= 2"),
        ("below", "start", "role(expert)"),
        ("deep", "reply", "everyone"),
    ]);
    let facts = joined();
    let asking = Asking::new(&directory, &facts);
    let poll = Action::StartKind(slug("poll"));
    let idea = Action::StartKind(slug("idea"));
    for (channel, action, level, audience) in [
        (ASIDE, &Action::Reply, "community", "members"),
        (HERE, &Action::Reply, "channel `here`", "level >= 2"),
        (BELOW, &Action::Reply, "channel `here`", "level >= 2"),
        (DEEP, &Action::Reply, "channel `deep`", "everyone"),
        (DEEP, &Action::Vote, "default policy", "members"),
        (HERE, &idea, "community", "members"),
        (HERE, &poll, "community", "role(manager)"),
        // A rule about all kinds that stands nearer beats one about this kind further up.
        (BELOW, &poll, "channel `below`", "role(expert)"),
        (DEEP, &poll, "channel `below`", "role(expert)"),
    ] {
        let decided = rule(&asking.in_channel(action, channel));
        assert_eq!(decided, (level.to_owned(), audience.to_owned()), "{action} in {channel}");
    }
}

#[test]
fn a_channel_is_never_wider_than_what_lies_above_it() {
    let directory = directory(&[
        ("garden", "view", "signed_in"),
        ("here", "view", "everyone"),
        ("below", "view", "list(customers)"),
        ("deep", "view", "everyone"),
    ]);
    let anonymous = Facts::default();
    let stranger = Asking { viewer: Viewer::Anonymous, ..Asking::new(&directory, &anonymous) };
    let (signed_in, customer) = (signed_in(), signed_in().with_list("customers"));
    let somebody = Asking::new(&directory, &signed_in);
    let customer = Asking::new(&directory, &customer);
    for (channel, expected) in [
        (HERE, [false, true, true]),
        (BELOW, [false, false, true]),
        (DEEP, [false, false, true]),
        (ASIDE, [false, true, true]),
    ] {
        let found = [&stranger, &somebody, &customer]
            .map(|asking| asking.in_channel(&Action::View, channel).allowed);
        assert_eq!(found, expected, "{channel}");
    }
    // The level that refused is named, not the one that was asked about.
    let refused = somebody.in_channel(&Action::View, DEEP);
    assert_eq!(rule(&refused), ("channel `below`".into(), "list(customers)".into()));
    assert_eq!(
        refused.to_string(),
        "`view` is denied: the rule `list(customers)` of the channel `below` does not admit this \
         viewer, by `list(customers)`"
    );
}

#[test]
fn own_topics_only_above_stays_so_below() {
    let directory = directory(&[("here", "view", "author"), ("below", "view", "everyone")]);
    let facts = joined();
    let asking = Asking::new(&directory, &facts);
    assert!(asking.on_topic(&Action::View, &topic(DEEP, ME)).allowed);
    assert!(!asking.on_topic(&Action::View, &topic(DEEP, OTHER)).allowed);
    let scope = asking.scope();
    assert!(scope.own().contains(DEEP) && !scope.read().contains(DEEP));
    // What one cannot see one cannot reply to, whatever the rule for replies says.
    assert_eq!(word(&asking.on_topic(&Action::Reply, &topic(DEEP, OTHER))), "unseen");
    assert_eq!(word(&asking.on_topic(&Action::Reply, &topic(DEEP, ME))), "yes");
}

#[test]
fn a_role_in_a_channel_reaches_its_children_and_nothing_else() {
    let directory = directory(&[]);
    let facts = joined().with_role("moderator", Some(BELOW));
    let asking = Asking::new(&directory, &facts);
    let moderates = |channel| asking.in_channel(&Action::Moderate, channel).allowed;
    assert_eq!([HERE, BELOW, DEEP, ASIDE].map(moderates), [false, true, true, false]);
    let scope = asking.scope();
    let moderated = [HERE, BELOW, DEEP, ASIDE].map(|channel| scope.moderated().contains(channel));
    assert_eq!(moderated, [false, true, true, false]);
    assert!(!asking.in_community(&Action::Moderate).allowed);
}

#[test]
fn a_role_in_a_channel_opens_it_only_where_all_above_is_open() {
    let rules = [("here", "view", "role(mentor)"), ("below", "view", "role(mentor)")];
    let directory = directory(&rules);
    let in_here = joined().with_role("mentor", Some(HERE));
    let in_below = joined().with_role("mentor", Some(BELOW));
    let sees = |facts: &Facts| {
        let scope = Asking::new(&directory, facts).scope();
        [HERE, BELOW, DEEP].map(|channel| scope.sees_channel(channel))
    };
    assert_eq!(sees(&in_here), [true, true, true]);
    assert_eq!(sees(&in_below), [false, false, false]);
}

#[test]
fn before_the_rule_come_visibility_sanction_archive_kind_and_lock() {
    let mut channels = channels();
    channels[0].archived = true;
    channels[3].settings = Settings { kinds: Some([slug("idea")].into()), ..Settings::default() };
    let policy = Policy::public().with(Action::Manage, audience("members"));
    let directory = Directory::new(1, vec![community(policy)], channels, vec![]);

    let facts = joined();
    let asking = Asking::new(&directory, &facts);
    // An archive is read, and managed so that it can be opened again; it covers what lies below.
    for channel in [HERE, DEEP] {
        assert!(asking.in_channel(&Action::View, channel).allowed);
        assert!(asking.in_channel(&Action::Manage, channel).allowed);
        assert_eq!(word(&asking.in_channel(&Action::Start, channel)), "archived");
    }
    let start = |kind| Action::StartKind(slug(kind));
    assert_eq!(word(&asking.in_channel(&start("idea"), ASIDE)), "yes");
    assert_eq!(word(&asking.in_channel(&start("poll"), ASIDE)), "kind");

    let mut locked = topic(ASIDE, ME);
    locked.locked = true;
    for action in [Action::Reply, Action::Answer] {
        assert_eq!(word(&asking.on_topic(&action, &locked)), "locked");
    }
    assert_eq!(word(&asking.on_topic(&Action::Vote, &locked)), "yes");
    let moderator = joined().with_role("moderator", Some(ASIDE));
    assert_eq!(word(&Asking::new(&directory, &moderator).on_topic(&Action::Reply, &locked)), "yes");
}

#[test]
fn authorship_is_of_the_topic_where_the_topic_is_meant_and_of_the_post_elsewhere() {
    let directory = directory(&[]);
    let facts = joined();
    let asking = Asking::new(&directory, &facts);
    let mine = topic(HERE, ME);
    let theirs = topic(HERE, OTHER);
    // Their answer to my question, and my answer to theirs.
    assert_eq!(word(&asking.on_post(&Action::Accept, &mine, OTHER)), "yes");
    assert_eq!(word(&asking.on_post(&Action::Accept, &theirs, ME)), "no");
    assert_eq!(word(&asking.on_post(&Action::Edit, &mine, OTHER)), "no");
    assert_eq!(word(&asking.on_post(&Action::Edit, &theirs, ME)), "yes");
}

#[test]
fn a_member_of_whom_nothing_is_known_is_a_visitor() {
    let directory = directory(&[("here", "view", "author"), ("aside", "reply", "everyone")]);
    let nothing = Facts::default();
    let asking = Asking::new(&directory, &nothing);
    assert!(!asking.on_topic(&Action::View, &topic(HERE, ME)).allowed);
    assert_eq!(word(&asking.on_topic(&Action::Reply, &topic(ASIDE, OTHER))), "name?");
    assert!(asking.scope().own().is_empty());
}

#[test]
fn the_system_may_do_everything() {
    let directory = directory(&[("garden", "view", "nobody")]);
    let nothing = Facts::default();
    let asking = Asking { viewer: Viewer::System, ..Asking::new(&directory, &nothing) };
    for action in Action::ALL {
        assert_eq!(asking.in_channel(action, DEEP).clause, Clause::System);
    }
    assert!(asking.scope().read().contains(DEEP));
}

#[test]
fn channels_without_a_place_in_the_tree_are_left_out_in_whatever_order_they_come() {
    let id = |n: u8| crate::id::ChannelId::from_bytes([n; 16]);
    let policy = Policy::inherit;
    let mut channels = channels();
    // Too deep; below a missing one; a ring; below itself; of a missing community.
    channels.push(channel(id(10), Some(DEEP), policy()));
    channels.push(channel(id(11), Some(id(99)), policy()));
    channels.push(channel(id(12), Some(id(13)), policy()));
    channels.push(channel(id(13), Some(id(12)), policy()));
    channels.push(channel(id(14), Some(id(14)), policy()));
    channels.push(channel(id(15), None, policy()));
    channels[9].community = crate::id::CommunityId::from_bytes([99; 16]);
    for backwards in [false, true] {
        let mut channels = channels.clone();
        if backwards {
            channels.reverse();
        }
        let directory = Directory::new(1, vec![community(policy())], channels, vec![]);
        let keys: Vec<_> =
            directory.channels(GARDEN).map(|entry| entry.channel.key.to_string()).collect();
        assert_eq!(keys, ["aside", "here", "below", "deep"]);
        let deep = directory.channel(DEEP).unwrap();
        assert_eq!(deep.path, [HERE, BELOW, DEEP]);
    }
}
