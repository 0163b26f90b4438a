//! People and places.

use super::*;

#[test]
fn a_channel_that_is_not_there_is_found() {
    // The directory's last channel is the one in which all topics stand.
    let sound = sound();
    let moved = Membership {
        roles: vec![RoleGrant { role: slug("mentor"), channel: Some(sound.home.channel.id) }],
        joined_at: Some(sound.w.now()),
        ..Membership::stranger(sound.home.community.id, sound.home.ann.id)
    };
    block_on(sound.w.apply([Op::PutMembership(Box::new(moved))])).unwrap();
    let found = broken(&Flawed { inner: sound.store.clone(), flaw: Flaw::LosesChannels });
    assert!(
        found.is_superset(&rules(&[
            "a topic is in a channel of its community",
            "a role is for a channel of its community"
        ])),
        "{found:?}"
    );
}

#[test]
fn wrong_facts_of_people_are_found() {
    let member = |change: fn(&mut Member)| {
        after(|s| {
            let mut member = s.home.ann.clone();
            change(&mut member);
            vec![Op::PutMember(Box::new(member))]
        })
    };
    let numbered = |n: usize| (0..n).map(|i| slug(&format!("n-{i}")));
    let attributes = after(|s| {
        let attributes = numbered(257).map(|key| (key, Attribute::Integer(1))).collect();
        vec![Op::PutMember(Box::new(Member { attributes, ..s.home.ann.clone() }))]
    });
    assert_eq!(attributes, rules(&["attributes are within their limit"]));
    let lists = after(|s| {
        let lists = numbered(4_097).collect();
        vec![Op::PutMember(Box::new(Member { lists, ..s.home.ann.clone() }))]
    });
    assert_eq!(lists, rules(&["lists of a member are within their limit"]));
    let attribute = member(|member| {
        let text = Attribute::Texts(vec!["x".repeat(8_192), "x".to_owned()]);
        member.attributes.insert(slug("about"), text);
    });
    assert_eq!(attribute, rules(&["an attribute is within its limit"]));
    assert!(through(Flaw::FoldsCase).is_empty(), "all keys are in lower case");
    let turned = through(Flaw::TurnsAnswersAround);
    let found = [
        "a member is found by its id",
        "a member is found by its key",
        "a topic is found by its id",
        "a post is found by its id",
    ];
    assert!(turned.is_superset(&rules(&found)), "{turned:?}");
    let forgotten = through(Flaw::ForgetsTheUnlisted);
    assert_eq!(forgotten, rules(&["a member is found by its id"]));
    assert!(through(Flaw::TurnsRowsAround).contains("members are read by id"));
}

#[test]
fn wrong_memberships_are_found() {
    let membership = |change: fn(&Sound, &mut Membership)| {
        after(|s| {
            let mut membership = Membership {
                joined_at: Some(s.w.now()),
                ..Membership::stranger(s.home.community.id, s.home.ann.id)
            };
            change(s, &mut membership);
            vec![Op::PutMembership(Box::new(membership))]
        })
    };
    assert_eq!(membership(|_, _| {}), rules(&[]));
    assert_eq!(membership(|_, m| m.joined_at = None), rules(&["members of a community"]));
    let roles = membership(|_, m| {
        m.roles = vec![RoleGrant { role: slug("mentor"), channel: None }; 257];
    });
    assert_eq!(roles, rules(&["roles are within their limit"]));
    let foreign = membership(|s, m| {
        let directory = block_on(s.store.directory()).unwrap();
        let stove = directory.communities().flat_map(|c| directory.channels(c.id)).last();
        m.roles = vec![RoleGrant { role: slug("mentor"), channel: stove.map(|c| c.channel.id) }];
    });
    assert_eq!(foreign, rules(&["a role is for a channel of its community"]));
    let sanctions = |n, reason: &str| after(|s| vec![sanctioned(s, n, reason, None)]);
    assert_eq!(sanctions(1, "spam"), rules(&[]));
    assert_eq!(sanctions(257, "spam"), rules(&["sanctions are within their limit"]));
    let long = "x".repeat(8_193);
    assert_eq!(sanctions(1, &long), rules(&["a reason is within its limit"]));
}

#[test]
fn a_wrong_list_of_members_is_found() {
    let found = through(Flaw::ListsTheUnlisted);
    assert!(
        found.is_superset(&rules(&["who is listed has joined", "a list of members is whole"])),
        "{found:?}"
    );
    assert_eq!(through(Flaw::ListsOldNames), rules(&["a list shows members as they are"]));
    assert!(through(Flaw::NamesTheUnlisted).contains("a list of names is whole"));
    assert!(through(Flaw::NamesTwice).contains("names are in order"));
    assert!(through(Flaw::TurnsNamesAround).contains("names are in order"));
    assert_eq!(through(Flaw::NamesByFirstWord), rules(&["a member is found by name"]));
    assert!(through(Flaw::TurnsMembersAround).contains("members are listed as they joined"));
    let nowhere = through(Flaw::LosesLastCommunity);
    assert_eq!(nowhere, rules(&[]), "nothing refers to the kitchen");
    let sound = sound();
    let directory = block_on(sound.store.directory()).unwrap();
    let kitchen = directory.communities().last().unwrap();
    let cook = sound.w.new_membership(kitchen, &sound.home.ann);
    let mut changes = crate::fixture::writing(joined(&cook));
    changes
        .events
        .push(NewEvent { community: Some(kitchen.id), ..sound.w.new_event(EventKind::Joined) });
    block_on(sound.w.store.commit(changes)).unwrap();
    let found = broken(&Flawed { inner: sound.store.clone(), flaw: Flaw::LosesLastCommunity });
    assert_eq!(found, rules(&["a membership is of a community", "what an event speaks of exists"]));
}

#[test]
fn a_wrong_directory_is_found() {
    let community = |change: fn(&mut Community)| {
        after(|s| {
            let mut community = s.home.community.clone();
            change(&mut community);
            vec![Op::PutCommunity(Box::new(community))]
        })
    };
    let scale = community(|community| community.hot_scale = 0);
    assert_eq!(
        scale,
        rules(&["a hot scale is above zero", "a topic has its community's hot scale"])
    );
    let unsound = |n: usize| Kind {
        name: slug(&format!("kind-{n}")),
        answers: false,
        initial: slug("open"),
        transitions: vec![community_core::Transition {
            from: slug("elsewhere"),
            to: slug("open"),
            by: Default::default(),
        }],
        fields: Vec::new(),
    };
    let kind = after(|s| {
        let kinds = vec![unsound(0)];
        let community = Community { kinds, ..s.home.community.clone() };
        vec![Op::PutCommunity(Box::new(community))]
    });
    assert_eq!(kind, rules(&["a kind is sound"]));
    let kinds = after(|s| {
        let sound = |n| Kind { transitions: Vec::new(), ..unsound(n) };
        let kinds = (0..129).map(sound).collect();
        let community = Community { kinds, ..s.home.community.clone() };
        vec![Op::PutCommunity(Box::new(community))]
    });
    assert_eq!(kinds, rules(&["kinds are within their limit"]));
    let reactions = community(|community| {
        community.reactions = vec![ReactionDef { key: slug("thanks"), name: name("Thanks") }; 129];
    });
    assert_eq!(reactions, rules(&["reactions on offer are within their limit"]));
    let words = |lists: usize, words: usize, word: &str| vec![vec![word.to_owned(); words]; lists];
    for synonyms in [words(2_001, 2, "x"), words(1, 65, "x"), words(1, 2, &"x".repeat(257))] {
        let found = after(|s| {
            let synonyms = synonyms.clone();
            let community = Community { synonyms, ..s.home.community.clone() };
            vec![Op::PutCommunity(Box::new(community))]
        });
        assert_eq!(found, rules(&["synonyms are within their limit"]));
    }
    let long = community(|community| community.description = "x".repeat(262_145));
    assert_eq!(long, rules(&["a text is within its limit"]));
    assert!(through(Flaw::DoublesKeys).contains("a key names one thing"));
}

#[test]
fn wrong_awards_are_found() {
    let sound = sound();
    let set = "basics@1".parse().unwrap();
    let of = AwardsId { community: sound.home.community.id, set };
    let award = |member, earned| Award {
        earned,
        earned_at: Some(sound.w.now()),
        ..Award::none(slug("solver"), member)
    };
    let put = |award: Award| {
        let op = Op::PutAward(Box::new(of.clone()), Box::new(award));
        block_on(sound.w.apply([op])).unwrap();
        broken(&sound.store)
    };
    assert_eq!(put(award(sound.home.ann.id, 2)), rules(&[]));
    assert_eq!(put(award(sound.home.bob.id, 1)), rules(&[]));
    let flawed = |flaw| broken(&Flawed { inner: sound.store.clone(), flaw });
    assert_eq!(flawed(Flaw::CountsLowestTier), rules(&["holders are counted"]));
    let timeless = Award { earned_at: None, ..award(sound.home.ann.id, 2) };
    assert_eq!(put(timeless), rules(&["an award says since when"]));
}
