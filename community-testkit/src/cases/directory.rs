//! Communities, channels, labels, members and memberships come back whole, and in their order.

use std::time::Duration;

use community_core::change::Op;
use community_core::{
    Action, Attribute, Audience, Channel, Community, Directory, Field, FieldType, Filter, Kind,
    Label, Member, Membership, Name, Policy, ReactionDef, Rev, RoleGrant, RuleLevel, Sanction,
    SanctionKind, Settings, Sort, Transition, TransitionBy,
};

use crate::check::{Outcome, equal, holds, some};
use crate::fixture::{key, name, slug};
use crate::world::World;

/// Audiences of every form.
fn audiences() -> Vec<Audience> {
    use community_core::policy::Comparison as C;
    let text = |text: &str| Attribute::Text(text.to_owned());
    let test = |comparison| Audience::Attribute(slug("department"), comparison);
    vec![
        Audience::Everyone,
        Audience::Nobody,
        Audience::SignedIn,
        Audience::Members,
        Audience::Role(slug("mentor")),
        Audience::List(slug("vendors")),
        Audience::Member(key("user:O'Neil \"x\" \\ é")),
        Audience::Author,
        Audience::Level(3),
        test(C::Is(text("care; \"quoted\" and 'so'"))),
        test(C::IsNot(Attribute::Boolean(true))),
        test(C::In([text("NL"), text("BE"), Attribute::Integer(-4)].into())),
        test(C::Less(1)),
        test(C::AtMost(-2)),
        test(C::More(3)),
        test(C::AtLeast(i64::MAX)),
        test(C::Exists),
        Audience::All(vec![
            Audience::Members,
            Audience::Not(Box::new(Audience::Any(vec![
                Audience::Role(slug("guest")),
                Audience::Level(1),
            ]))),
        ]),
    ]
}

/// A policy with a rule of every form.
fn policy() -> Policy {
    let rules = Action::ALL.iter().cycle().zip(audiences());
    let mut policy = rules.fold(Policy::inherit(), |policy, (action, audience)| {
        policy.with(action.clone(), audience)
    });
    for audience in audiences() {
        let kind = Action::StartKind(slug(&format!("kind-{}", policy.rules().count())));
        policy = policy.with(kind, audience);
    }
    policy
}

fn settings() -> Settings {
    Settings {
        kinds: Some([slug("question"), slug("survey")].into()),
        sorts: Some(vec![Sort::Top, Sort::New]),
        filters: Some([Filter::Label, Filter::Window].into()),
        max_accepted: Some(u32::MAX),
        self_vote: Some(true),
    }
}

/// A kind with everything that a kind can have.
fn kind() -> Kind {
    let step = |from, to, by| Transition { from: slug(from), to: slug(to), by };
    let field = |text, kind, required| Field { name: slug(text), kind, required };
    Kind {
        name: slug("survey"),
        answers: true,
        initial: slug("open"),
        transitions: vec![
            step("open", "closed", TransitionBy::Moderator),
            step("closed", "open", TransitionBy::Editor),
        ],
        fields: vec![
            field("a", FieldType::Text, true),
            field("b", FieldType::Integer, false),
            field("c", FieldType::Boolean, false),
            field("d", FieldType::Time, false),
            field("e", FieldType::Texts, true),
        ],
    }
}

pub(crate) async fn every_field_of_a_community_comes_back(w: World) -> Outcome {
    let plain = w.new_community("garden");
    let full = Community {
        key: slug("jardín"),
        name: name("El jardín"),
        description: "Huerto, flores y “café”.\n\tDos líneas.".to_owned(),
        policy: policy(),
        settings: settings(),
        reactions: vec![
            ReactionDef { key: slug("thanks"), name: name("Thank you!") },
            ReactionDef { key: slug("helpful"), name: name("Helpful") },
        ],
        kinds: vec![kind()],
        synonyms: vec![
            vec!["fiets".to_owned(), "bike \"to go\"".to_owned()],
            vec!["自転車".to_owned(), "vélo".to_owned(), "bici 🚲".to_owned()],
        ],
        hot_scale: u32::MAX,
        capacity: Some(1 << 60),
        archived: true,
        created_at: plain.created_at + Duration::from_micros(1),
        rev: Rev(1 << 60),
        ..plain.clone()
    };
    for community in [plain.clone(), full, plain] {
        w.apply([Op::PutCommunity(Box::new(community.clone()))]).await?;
        let directory = w.store.directory().await?;
        equal("it", directory.community(community.id).map(|c| &**c), Some(&community))?;
    }
    Ok(())
}

pub(crate) async fn every_field_of_a_channel_comes_back(w: World) -> Outcome {
    let home = w.home().await?;
    let plain = w.new_channel(&home.community, "fruit");
    let full = Channel {
        parent: Some(home.channel.id),
        key: slug("fruta"),
        name: name("Fruta"),
        description: "Peras y 'manzanas'".to_owned(),
        position: i64::MIN,
        policy: policy(),
        settings: settings(),
        archived: true,
        created_at: plain.created_at + Duration::from_micros(1),
        rev: Rev(2),
        ..plain.clone()
    };
    for channel in [plain.clone(), full, plain] {
        w.apply([Op::PutChannel(Box::new(channel.clone()))]).await?;
        let directory = w.store.directory().await?;
        let read = directory.channel(channel.id).map(|entry| entry.channel.clone());
        equal("it", read, Some(channel))?;
    }
    Ok(())
}

pub(crate) async fn every_field_of_a_label_comes_back(w: World) -> Outcome {
    let home = w.home().await?;
    let plain = w.new_label(&home.community, "c++");
    for audience in audiences() {
        let full = Label {
            name: name("C plus plus"),
            description: "“Quoted”".to_owned(),
            audience,
            rev: Rev(2),
            ..plain.clone()
        };
        w.apply([Op::PutLabel(Box::new(full.clone()))]).await?;
        let directory = w.store.directory().await?;
        equal("it", directory.label(home.community.id, &full.key), Some(&full))?;
        equal("labels", directory.labels(home.community.id).count(), 1)?;
    }
    Ok(())
}

pub(crate) async fn every_field_of_a_member_comes_back(w: World) -> Outcome {
    let plain = w.new_member("user:ann");
    let attributes = [
        ("country", Attribute::Text("NL".to_owned())),
        ("level", Attribute::Integer(i64::MIN)),
        ("employee", Attribute::Boolean(false)),
        ("number-as-text", Attribute::Text("42".to_owned())),
        ("true-as-text", Attribute::Text("true".to_owned())),
        ("teams", Attribute::Texts(vec!["care".to_owned(), String::new()])),
        ("none", Attribute::Texts(Vec::new())),
    ];
    let full = Member {
        key: key("crm/4711 ä"),
        name: name("Ann de Vries"),
        attributes: attributes.map(|(attribute, value)| (slug(attribute), value)).into(),
        lists: [slug("vendors"), slug("beta-testers")].into(),
        profile: [(slug("about"), "Hi!\n\"Hoi\"".to_owned()), (slug("site"), String::new())].into(),
        listed: false,
        created_at: plain.created_at + Duration::from_micros(1),
        erased_at: Some(plain.created_at + Duration::from_micros(2)),
        rev: Rev(2),
        ..plain.clone()
    };
    for member in [plain.clone(), full, plain] {
        w.apply([Op::PutMember(Box::new(member.clone()))]).await?;
        equal("it", w.store.members(&[member.id]).await?, vec![Some(member.clone())])?;
        let by_key = w.store.members_by_key(std::slice::from_ref(&member.key)).await?;
        equal("by key", by_key, vec![Some(member)])?;
    }
    Ok(())
}

pub(crate) async fn every_field_of_a_membership_comes_back(w: World) -> Outcome {
    let home = w.home().await?;
    let plain = Membership { rev: Rev(2), ..w.new_membership(&home.community, &home.ann) };
    let grant = |role, channel| RoleGrant { role: slug(role), channel };
    let full = Membership {
        joined_at: None,
        roles: vec![grant("mentor", None), grant("moderator", Some(home.channel.id))],
        level: u32::MAX,
        pinned: false,
        sanctions: vec![
            Sanction {
                kind: SanctionKind::Silence,
                channel: Some(home.channel.id),
                since: w.now(),
                until: Some(w.now() + Duration::from_micros(1)),
                reason: "It's “spam”".to_owned(),
                by: Some(home.bob.id),
            },
            Sanction {
                kind: SanctionKind::Suspension,
                channel: None,
                since: w.now(),
                until: None,
                reason: String::new(),
                by: None,
            },
        ],
        rev: Rev(3),
        ..plain.clone()
    };
    for membership in [plain.clone(), full, plain] {
        w.apply([Op::PutMembership(Box::new(membership.clone()))]).await?;
        equal("it", w.store.memberships(home.ann.id).await?, vec![membership])?;
    }
    Ok(())
}

pub(crate) async fn an_empty_store_has_an_empty_directory(w: World) -> Outcome {
    let directory = w.store.directory().await?;
    equal("communities", directory.communities().count(), 0)?;
    holds("no members", w.store.members_by_id(None, 9).await?.is_empty())
}

pub(crate) async fn communities_are_ordered_by_key(w: World) -> Outcome {
    for text in ["kitchen", "garden", "attic-2", "attic", "été"] {
        w.apply([Op::PutCommunity(Box::new(w.new_community(text)))]).await?;
    }
    let directory = w.store.directory().await?;
    let keys: Vec<_> = directory.communities().map(|c| c.key.as_str().to_owned()).collect();
    equal("keys", keys, ["attic", "attic-2", "garden", "kitchen", "été"].map(str::to_owned).into())
}

/// The keys of all channels of a community, in the directory's order.
fn channel_keys(directory: &Directory, community: &Community) -> Vec<String> {
    directory.channels(community.id).map(|e| e.channel.key.as_str().to_owned()).collect()
}

pub(crate) async fn channels_are_a_tree_read_by_position_and_key(w: World) -> Outcome {
    let community = w.new_community("garden");
    w.apply([Op::PutCommunity(Box::new(community.clone()))]).await?;
    let channel = |text, position, parent: Option<&Channel>| Channel {
        position,
        parent: parent.map(|channel| channel.id),
        ..w.new_channel(&community, text)
    };
    let flowers = channel("flowers", 2, None);
    let vegetables = channel("vegetables", 1, None);
    let roots = channel("roots", 0, Some(&vegetables));
    let leaves = channel("leaves", 0, Some(&vegetables));
    let carrots = channel("carrots", 9, Some(&roots));
    let bulbs = channel("bulbs", -1, Some(&flowers));
    // A parent may be written later than its children.
    let all = [&carrots, &roots, &leaves, &bulbs, &flowers, &vegetables];
    w.apply(all.map(|channel| Op::PutChannel(Box::new(channel.clone())))).await?;
    let directory = w.store.directory().await?;
    let expected = ["vegetables", "leaves", "roots", "carrots", "flowers", "bulbs"];
    equal("the tree", channel_keys(&directory, &community), expected.map(str::to_owned).into())?;
    let entry = some("the channel", directory.channel(carrots.id))?;
    equal("the path", entry.path.clone(), vec![vegetables.id, roots.id, carrots.id])?;
    let below = some("the channel", directory.channel(vegetables.id))?;
    equal("the subtree", directory.subtree(below).count(), 4)
}

pub(crate) async fn a_channel_moves_with_what_lies_below_it(w: World) -> Outcome {
    let home = w.home().await?;
    let fruit = w.channel(&home.community, "fruit").await?;
    let mut pears = w.new_channel(&home.community, "pears");
    for parent in [None, Some(&fruit), Some(&home.channel), None] {
        pears.parent = parent.map(|channel| channel.id);
        w.apply([Op::PutChannel(Box::new(pears.clone()))]).await?;
        let directory = w.store.directory().await?;
        let path = directory.channel(pears.id).map(|entry| entry.path.clone());
        let expected = parent.map(|c| c.id).into_iter().chain([pears.id]).collect();
        equal("the path", path, Some(expected))?;
        equal("channels", channel_keys(&directory, &home.community).len(), 3)?;
    }
    Ok(())
}

pub(crate) async fn settings_and_rules_are_inherited_from_what_was_written(w: World) -> Outcome {
    let mut community = w.new_community("garden");
    community.settings.max_accepted = Some(9);
    community.policy = Policy::inherit().with(Action::Vote, Audience::Level(4));
    let mut top = w.new_channel(&community, "top");
    top.settings.self_vote = Some(true);
    top.policy = Policy::inherit().with(Action::Reply, Audience::Nobody);
    let mut below = w.new_channel(&community, "below");
    below.parent = Some(top.id);
    w.apply([
        Op::PutCommunity(Box::new(community.clone())),
        Op::PutChannel(Box::new(top.clone())),
        Op::PutChannel(Box::new(below.clone())),
    ])
    .await?;
    let directory = w.store.directory().await?;
    let entry = some("the channel", directory.channel(below.id))?;
    equal("settings", (entry.settings.max_accepted, entry.settings.self_vote), (9, true))?;
    let rule = |action| directory.rule(&community, Some(entry), &action);
    let (audience, level) = rule(Action::Reply);
    equal("of the channel", (audience, level), (&Audience::Nobody, RuleLevel::Channel(top.id)))?;
    let (audience, level) = rule(Action::Vote);
    equal("of the community", (audience, level), (&Audience::Level(4), RuleLevel::Community))
}

pub(crate) async fn labels_of_two_communities_are_kept_apart(w: World) -> Outcome {
    let home = w.home().await?;
    let other = w.new_community("kitchen");
    w.apply([Op::PutCommunity(Box::new(other.clone()))]).await?;
    w.labels(&home.community, &["leeks", "soil"]).await?;
    w.labels(&other, &["leeks"]).await?;
    let directory = w.store.directory().await?;
    equal("here", directory.labels(home.community.id).count(), 2)?;
    equal("there", directory.labels(other.id).count(), 1)?;
    holds("not there", directory.label(other.id, &slug("soil")).is_none())
}

pub(crate) async fn all_memberships_of_a_member_are_read(w: World) -> Outcome {
    let home = w.home().await?;
    let mut expected = w.store.memberships(home.ann.id).await?;
    for text in ["kitchen", "attic", "cellar"] {
        let community = w.new_community(text);
        let membership = w.new_membership(&community, &home.ann);
        w.apply([
            Op::PutCommunity(Box::new(community)),
            Op::PutMembership(Box::new(membership.clone())),
        ])
        .await?;
        expected.push(membership);
    }
    let mut read = w.store.memberships(home.ann.id).await?;
    read.sort_by_key(|membership| membership.community);
    expected.sort_by_key(|membership| membership.community);
    equal("memberships", read, expected)?;
    equal("Bob's", w.store.memberships(home.bob.id).await?.len(), 1)
}

pub(crate) async fn a_renamed_member_is_found_by_the_new_key_only(w: World) -> Outcome {
    let home = w.home().await?;
    let renamed = Member { key: key("user:anna"), ..home.ann };
    w.apply([Op::PutMember(Box::new(renamed.clone()))]).await?;
    let found = w.store.members_by_key(&[key("user:ann"), key("user:anna")]).await?;
    equal("members", found, vec![None, Some(renamed)])
}

pub(crate) async fn two_members_may_swap_their_names_but_not_share_a_key(w: World) -> Outcome {
    let home = w.home().await?;
    let called = |member: &Member, text: Name| Member { name: text, ..member.clone() };
    w.apply([
        Op::PutMember(Box::new(called(&home.ann, home.bob.name.clone()))),
        Op::PutMember(Box::new(called(&home.bob, home.ann.name.clone()))),
    ])
    .await?;
    let read = w.store.members(&[home.ann.id, home.bob.id]).await?;
    let names: Vec<_> = read.into_iter().flatten().map(|member| member.name).collect();
    equal("names", names, vec![home.bob.name, home.ann.name])
}

pub(crate) async fn memberships_in_a_community_come_in_the_order_of_the_request(
    w: World,
) -> Outcome {
    let home = w.home().await?;
    let other = w.new_community("kitchen");
    w.apply([Op::PutCommunity(Box::new(other.clone()))]).await?;
    let there = Membership { off_boards: true, ..w.new_membership(&other, &home.ann) };
    w.apply([Op::PutMembership(Box::new(there.clone()))]).await?;
    let known = async |member| -> Outcome<Option<Membership>> {
        let all = w.store.memberships(member).await?;
        Ok(all.into_iter().find(|membership| membership.community == home.community.id))
    };
    let nobody = community_core::MemberId::from_bytes([9; 16]);
    let asked = [home.bob.id, nobody, home.ann.id, home.bob.id];
    let here = w.store.memberships_in(home.community.id, &asked).await?;
    let (ann, bob) = (known(home.ann.id).await?, known(home.bob.id).await?);
    equal("here", here, vec![bob.clone(), None, ann, bob])?;
    let found = w.store.memberships_in(other.id, &asked).await?;
    equal("there", found, vec![None, None, Some(there), None])
}
