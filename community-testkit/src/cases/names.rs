//! G7: the list of names of a community is what members and memberships say, in order and whole.

use community_core::change::Op;
use community_core::fold::Folded;
use community_core::{Community, CommunityId, Key, Member, MemberId, Membership};

use crate::check::{Outcome, equal, holds};
use crate::fixture::{Home, key, name};
use crate::world::World;

/// Whom a text finds, by key.
async fn found(w: &World, of: CommunityId, typed: &str, limit: usize) -> Outcome<Vec<String>> {
    let rows = w.store.members_named(of, &Folded::new(typed), limit).await?;
    let mut keys = Vec::new();
    for row in rows {
        let member = w.store.members(&[row.member.id]).await?;
        equal("the member", Some(&row.member), member.iter().flatten().next())?;
        let memberships = w.store.memberships(row.member.id).await?;
        holds("the membership", memberships.contains(&row.membership))?;
        equal("its community", row.membership.community, of)?;
        keys.push(row.member.key.to_string());
    }
    Ok(keys)
}

/// A member of this name, who joins.
async fn joins(w: &World, of: &Community, key: &str, called: &str) -> Outcome<Member> {
    let member = Member { name: name(called), ..w.new_member(key) };
    let membership = w.new_membership(of, &member);
    w.apply([Op::PutMember(Box::new(member.clone())), Op::PutMembership(Box::new(membership))])
        .await?;
    Ok(member)
}

/// A world in which nobody has a name that cases look for.
async fn home(w: &World) -> Outcome<Home> {
    let home = w.home().await?;
    for member in [&home.ann, &home.bob] {
        let quiet = Member { name: name("QQ"), ..member.clone() };
        w.apply([Op::PutMember(Box::new(quiet))]).await?;
    }
    Ok(home)
}

pub(crate) async fn a_name_is_found_by_each_of_its_words(w: World) -> Outcome {
    let home = home(&w).await?;
    let of = home.community.id;
    joins(&w, &home.community, "u:1", "Zoë van der Meer-O\u{2019}Neil").await?;
    for typed in ["z", "ZOE", "zoë v", "zoe van der meer-o'neil", "van", "der m", "MEER", "neil"] {
        equal(typed, found(&w, of, typed, 9).await?, vec!["u:1".to_owned()])?;
    }
    for typed in ["oe", "an", "zoe  der", "zoev", "zoe van der meer-o'neil x", "%", "_", "z%"] {
        equal(typed, found(&w, of, typed, 9).await?, Vec::<String>::new())?;
    }
    Ok(())
}

pub(crate) async fn a_member_is_found_by_the_beginning_of_the_key(w: World) -> Outcome {
    let home = home(&w).await?;
    joins(&w, &home.community, "CRM:Zoë 17", "Ana").await?;
    let of = home.community.id;
    for typed in ["c", "crm:", "crm:zoe 17"] {
        equal(typed, found(&w, of, typed, 9).await?, vec!["CRM:Zoë 17".to_owned()])?;
    }
    equal("a word inside", found(&w, of, "zoe", 9).await?, Vec::<String>::new())
}

pub(crate) async fn names_come_in_order_whatever_their_number(w: World) -> Outcome {
    let home = home(&w).await?;
    let of = home.community.id;
    // In the order in which they are to be found, and joined in another.
    let people = [
        ("u:9", "An"),
        ("u:3", "ana"),
        ("u:4", "Ana"),
        ("u:2", "Ána B"),
        ("u:8", "Ana C"),
        ("u:1", "anaconda"),
        ("u:7", "Zed An"),
        ("u:5", "Moe Ana"),
        ("u:6", "Abe Ana"),
        ("an:1", "Lea"),
        ("ana:0", "Kim"),
    ];
    let mut joining = people;
    joining.sort_by_key(|(key, _)| if *key == "u:3" { "" } else { key });
    for (key, called) in joining {
        joins(&w, &home.community, key, called).await?;
    }
    let expected: Vec<String> = people.iter().map(|(key, _)| (*key).to_owned()).collect();
    for limit in 0..=people.len() + 1 {
        let first: Vec<_> = expected.iter().take(limit).cloned().collect();
        equal(&format!("the first {limit}"), found(&w, of, "an", limit).await?, first)?;
    }
    let whole = found(&w, of, "", 100).await?;
    equal("everybody", whole.len(), people.len() + 2)
}

pub(crate) async fn a_member_is_found_once_however_often_the_name_fits(w: World) -> Outcome {
    let home = home(&w).await?;
    let of = home.community.id;
    joins(&w, &home.community, "ana:1", "Ana Ana-Ana ana").await?;
    joins(&w, &home.community, "ana:2", "Bea Ana ana").await?;
    joins(&w, &home.community, "ana:3", "Cid").await?;
    let all = ["ana:1", "ana:2", "ana:3"].map(str::to_owned);
    for limit in 1..=4 {
        let first: Vec<_> = all.iter().take(limit).cloned().collect();
        equal(&format!("the first {limit}"), found(&w, of, "ana", limit).await?, first)?;
    }
    Ok(())
}

pub(crate) async fn who_is_not_listed_or_has_not_joined_is_not_found_by_name(w: World) -> Outcome {
    let home = home(&w).await?;
    let of = home.community.id;
    let unlisted = joins(&w, &home.community, "u:1", "Ana Unlisted").await?;
    let left = joins(&w, &home.community, "u:2", "Ana Left").await?;
    let stranger = Member { name: name("Ana Stranger"), ..w.new_member("u:3") };
    w.apply([
        Op::PutMember(Box::new(Member { listed: false, ..unlisted.clone() })),
        Op::PutMembership(Box::new(Membership::stranger(of, left.id))),
        Op::PutMember(Box::new(stranger.clone())),
        Op::PutMembership(Box::new(Membership::stranger(of, stranger.id))),
    ])
    .await?;
    for typed in ["ana", "unlisted", "left", "stranger", "u:"] {
        equal(typed, found(&w, of, typed, 9).await?, Vec::<String>::new())?;
    }
    // What is written again and changes nothing of it leaves it as it is.
    w.apply([
        Op::PutMember(Box::new(Member { listed: false, ..unlisted.clone() })),
        Op::PutMembership(Box::new(Membership { level: 3, ..Membership::stranger(of, left.id) })),
    ])
    .await?;
    equal("as before", found(&w, of, "ana", 9).await?, Vec::<String>::new())?;
    let back = w.new_membership(&home.community, &left);
    let joined = w.new_membership(&home.community, &stranger);
    w.apply([
        Op::PutMember(Box::new(unlisted)),
        Op::PutMembership(Box::new(back.clone())),
        Op::PutMembership(Box::new(joined)),
        Op::PutMembership(Box::new(Membership { level: 4, ..back })),
    ])
    .await?;
    let all = ["u:2", "u:3", "u:1"].map(str::to_owned).to_vec();
    equal("all of them", found(&w, of, "ana", 9).await?, all)
}

pub(crate) async fn a_name_is_found_in_the_community_that_is_asked_for(w: World) -> Outcome {
    let home = home(&w).await?;
    let other = w.new_community("kitchen");
    w.apply([Op::PutCommunity(Box::new(other.clone()))]).await?;
    for number in 0..30 {
        joins(&w, &other, &format!("cook:{number}"), "Ana Cook").await?;
    }
    let ana = joins(&w, &home.community, "u:1", "Ana Cook").await?;
    let of = home.community.id;
    equal("here", found(&w, of, "ana", 9).await?, vec!["u:1".to_owned()])?;
    equal("there", found(&w, other.id, "cook", 99).await?.len(), 30)?;
    let both = w.new_membership(&other, &ana);
    w.apply([Op::PutMembership(Box::new(both))]).await?;
    equal("there now", found(&w, other.id, "u:1", 99).await?, vec!["u:1".to_owned()])?;
    let nowhere = CommunityId::from_bytes([9; 16]);
    equal("nowhere", found(&w, nowhere, "ana", 9).await?, Vec::<String>::new())
}

pub(crate) async fn a_member_with_a_new_name_is_found_by_it_alone(w: World) -> Outcome {
    let home = home(&w).await?;
    let other = w.new_community("kitchen");
    w.apply([Op::PutCommunity(Box::new(other.clone()))]).await?;
    let ana = joins(&w, &home.community, "old:1", "Ana Old").await?;
    let there = w.new_membership(&other, &ana);
    w.apply([Op::PutMembership(Box::new(there.clone()))]).await?;
    let called = |id: MemberId, key: Key, called: &str| {
        Op::PutMember(Box::new(Member { id, key, name: name(called), ..ana.clone() }))
    };
    // Written twice in one step, and with a membership that goes and comes back in between.
    w.apply([
        called(ana.id, key("mid:1"), "Mid"),
        Op::PutMembership(Box::new(Membership::stranger(other.id, ana.id))),
        called(ana.id, key("new:1"), "Bea New"),
        Op::PutMembership(Box::new(there)),
    ])
    .await?;
    for of in [home.community.id, other.id] {
        for typed in ["bea", "new", "new:1"] {
            equal(typed, found(&w, of, typed, 9).await?, vec!["new:1".to_owned()])?;
        }
        for typed in ["ana", "old", "mid", "old:1"] {
            equal(typed, found(&w, of, typed, 9).await?, Vec::<String>::new())?;
        }
    }
    Ok(())
}

pub(crate) async fn names_of_every_script_are_found(w: World) -> Outcome {
    let home = home(&w).await?;
    let of = home.community.id;
    let names = [
        "김하나",
        "Ærøskøbing Straße",
        "\u{10FFFF}last",
        "\u{FFFF}",
        "自転車 屋",
        "हिन्दी भाषा",
        "ﷺ ﷺ ﷺ",
    ];
    for (number, called) in names.iter().enumerate() {
        joins(&w, &home.community, &format!("u:{number}"), called).await?;
    }
    for (number, called) in names.iter().enumerate() {
        let keys = vec![format!("u:{number}")];
        equal(called, found(&w, of, called, 9).await?, keys.clone())?;
        let first: String = called.chars().take(1).collect();
        equal(&first, found(&w, of, &first, 9).await?, keys.clone())?;
        if let Some((_, last)) = called.split_once(' ') {
            equal(last, found(&w, of, last, 9).await?, keys)?;
        }
    }
    Ok(())
}
