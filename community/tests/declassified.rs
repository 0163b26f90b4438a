//! One test for each line of `DECLASSIFIED.md`: what is knowingly revealed, and nothing beside it.

#![allow(clippy::indexing_slicing, reason = "a panic is how a test fails")]

use community::*;
use pollster::block_on;

type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

/// A community with an open channel and one for employees; Ana is a member, Ed an employee and
/// moderator.
struct Scene {
    engine: Engine,
    garden: Slug,
    ana: Session,
    ed: Session,
}

async fn scene() -> Result<Scene, Box<dyn std::error::Error>> {
    let engine = in_memory();
    let host = engine.as_system();
    let garden: Slug = "garden".parse()?;
    let new = NewCommunity::new(garden.clone(), "Garden".parse()?, Policy::public());
    host.create_community(new).await?;
    host.create_channel(&garden, NewChannel::new("beds".parse()?, "Beds".parse()?)).await?;
    let office = NewChannel::new("office".parse()?, "Office".parse()?);
    host.create_channel(&garden, office.policy(Policy::employees())).await?;
    let mut people = Vec::new();
    for name in ["ana", "ed"] {
        let id = host.sync_member(NewMember::new(name.parse()?, name.parse()?)).await?;
        host.set_member(&garden, id, true).await?;
        people.push(id);
    }
    for role in ["employee", "moderator"] {
        host.grant_role(&garden, people[1], &role.parse()?, None).await?;
    }
    let (ana, ed) = (engine.member(people[0]), engine.member(people[1]));
    Ok(Scene { engine, garden, ana, ed })
}

#[allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
fn ed_of(scene: &Scene) -> MemberId {
    scene.ed.viewer().member().unwrap()
}

fn topic(scene: &Scene, channel: &str) -> Result<NewTopic, Box<dyn std::error::Error>> {
    let (channel, kind) = (channel.parse()?, "discussion".parse()?);
    Ok(NewTopic::new(scene.garden.clone(), channel, kind, "A title", "A text"))
}

#[test]
fn a_taken_key_is_refused_without_naming_its_owner() -> Outcome {
    block_on(async {
        let scene = scene().await?;
        let key: Key = "page:1".parse()?;
        scene.ed.start_topic(topic(&scene, "office")?.key(key.clone())).await?;
        let hidden = scene.ana.start_topic(topic(&scene, "beds")?.key(key)).await.unwrap_err();
        assert_eq!(hidden.to_string(), "something has this key already");
        let free = topic(&scene, "beds")?.key("page:2".parse()?);
        scene.ana.start_topic(free.clone()).await?;
        let seen = scene.ana.start_topic(free).await.unwrap_err();
        assert_eq!(seen.to_string(), hidden.to_string());
        Ok(())
    })
}

#[test]
fn a_placeholder_tells_place_and_nothing_else() -> Outcome {
    block_on(async {
        let scene = scene().await?;
        let topic = scene.ana.start_topic(topic(&scene, "beds")?).await?;
        let first = scene.ed.reply(NewPost::new(topic, "A secret")).await?;
        let second = scene.ana.reply(NewPost::new(topic, "What?").to(first)).await?;
        scene.ed.remove_post(first).await?;
        let thread = scene.ana.thread(topic, &ThreadQuery::default()).await?;
        let ids: Vec<PostId> = thread.items.iter().map(|item| item.id()).collect();
        assert_eq!(ids[1..], [first, second]);
        let opening = ids[0];
        let shown = serde_json::to_value(&thread.items[1])?;
        let expected = serde_json::json!({"placeholder": {
            "id": first, "parent": opening, "depth": 1, "children": 1,
        }});
        assert_eq!(shown, expected);
        // By its id it is not there at all.
        let absent = PostId::from_bytes([7; 16]);
        let hidden = scene.ana.post(first).await.unwrap_err();
        assert_eq!(hidden.to_string(), scene.ana.post(absent).await.unwrap_err().to_string());
        // With its last reply the placeholder goes too.
        scene.ana.withdraw_post(second).await?;
        let thread = scene.ana.thread(topic, &ThreadQuery::default()).await?;
        assert_eq!(thread.items.len(), 1);
        Ok(())
    })
}

#[test]
fn the_number_of_members_is_the_same_for_everybody() -> Outcome {
    block_on(async {
        let scene = scene().await?;
        for viewer in [scene.engine.anonymous(), scene.ana, scene.ed, scene.engine.as_system()] {
            assert_eq!(viewer.member_count(&scene.garden).await?, 2);
        }
        Ok(())
    })
}

#[test]
fn an_explanation_quotes_only_rules_on_the_way_to_what_is_seen() -> Outcome {
    block_on(async {
        let scene = scene().await?;
        let beds = "beds".parse()?;
        let shown = scene.ana.can(&Action::Moderate, &scene.garden, Some(&beds)).await?;
        assert!(!shown.allowed);
        assert!(shown.to_string().contains("of the community"), "{shown}");
        let office: Slug = "office".parse()?;
        let hidden = scene.ana.can(&Action::View, &scene.garden, Some(&office)).await.unwrap_err();
        let absent: Slug = "nowhere".parse()?;
        let absent = scene.ana.can(&Action::View, &scene.garden, Some(&absent)).await.unwrap_err();
        assert_eq!(hidden.to_string(), absent.to_string());
        assert_eq!(hidden.to_string(), "there is no such channel");
        Ok(())
    })
}

#[test]
#[cfg(feature = "search")]
fn the_order_by_relevance_rests_on_the_words_of_all_documents_and_nothing_else_does() -> Outcome {
    block_on(async {
        let scene = scene().await?;
        let write = async |channel: &str, body: &str| {
            let new = NewTopic { body: body.to_owned(), ..topic(&scene, channel)? };
            Ok::<_, Box<dyn std::error::Error>>(scene.ed.start_topic(new).await?)
        };
        let (older, newer) = (write("beds", "A quince").await?, write("beds", "A medlar").await?);
        let query = SearchQuery::community(scene.garden.clone(), "quince medlar").with_facets();
        let found = async || -> Result<_, Box<dyn std::error::Error>> {
            scene.engine.indexed().await?;
            let mut found = scene.ana.search(&query).await?;
            let order: Vec<TopicId> = found.hits.iter().map(|hit| hit.topic.topic.id).collect();
            found.hits.sort_by_key(|hit| hit.topic.topic.id);
            Ok((order, found))
        };
        // Both words are equally rare, and what is equally good comes newest first.
        let (order, before) = found().await?;
        assert_eq!(order, [newer, older]);
        for _ in 0..5 {
            write("office", "Medlar, medlar").await?;
        }
        let (order, after) = found().await?;
        assert_eq!(order, [older, newer]);
        assert_eq!(after, before);
        Ok(())
    })
}

#[test]
fn points_count_what_was_earned_anywhere_and_tell_nothing_of_it() -> Outcome {
    block_on(async {
        let scene = scene().await?;
        let ed: Key = "ed".parse()?;
        scene.ed.start_topic(topic(&scene, "office")?).await?;
        scene.engine.pump().await?;
        for viewer in [scene.engine.anonymous(), scene.ana.clone(), scene.engine.as_system()] {
            assert_eq!(viewer.standing(&scene.garden, &ed).await?.points, 2);
            let all = viewer.standings(&scene.garden, None, None).await?;
            let all: Vec<_> = all.items.iter().map(|item| &item.member.key).collect();
            assert_eq!(all, [&ed]);
        }
        // What it takes to the next level is told to the member and to managers only.
        let refused = scene.ana.explain_level(&scene.garden, &ed).await.unwrap_err();
        assert!(matches!(refused, Error::Denied(_)));
        assert!(scene.ed.explain_level(&scene.garden, &ed).await.is_ok());
        Ok(())
    })
}

#[test]
fn boards_of_a_community_and_of_labels_count_what_was_earned_anywhere() -> Outcome {
    block_on(async {
        let scene = scene().await?;
        let host = scene.engine.as_system();
        host.revoke_role(&scene.garden, ed_of(&scene), &"moderator".parse()?, None).await?;
        let rule = reputation::BoardRule { without_roles: Default::default() };
        host.define_boards(&scene.garden, &rule).await?;
        let leek: Slug = "leek".parse()?;
        host.put_label(&scene.garden, NewLabel::new(leek.clone(), "Leek".parse()?)).await?;
        scene.ed.start_topic(topic(&scene, "office")?.label(leek.clone())).await?;
        scene.engine.pump().await?;
        let whole = BoardQuery::community(scene.garden.clone());
        let day = whole.clone().window(reputation::BoardWindow::Day);
        for query in [whole.clone(), day, whole.clone().label(leek)] {
            let seen = scene.ed.leaderboard(&query).await?;
            let points: Vec<_> =
                seen.items.iter().map(|item| (item.member.key.as_str(), item.points)).collect();
            assert_eq!(points, [("ed", 2)]);
            for viewer in [scene.engine.anonymous(), scene.ana.clone()] {
                assert_eq!(viewer.leaderboard(&query).await?, seen);
            }
        }
        // The board of the place itself is for those who read it.
        let office = whole.channel("office".parse()?);
        assert_eq!(scene.ed.leaderboard(&office).await?.items.len(), 1);
        let refused = scene.ana.leaderboard(&office).await.unwrap_err();
        assert_eq!(refused.to_string(), "there is no such channel");
        Ok(())
    })
}

#[test]
fn a_board_of_a_channel_keeps_what_was_earned_before_a_topic_went_elsewhere() -> Outcome {
    block_on(async {
        let scene = scene().await?;
        let id = scene.ana.start_topic(topic(&scene, "beds")?).await?;
        scene.ed.move_topic(id, &"office".parse()?).await?;
        scene.engine.pump().await?;
        assert!(matches!(scene.ana.topic(id).await, Err(Error::NotFound("topic"))));
        let beds = BoardQuery::community(scene.garden.clone()).channel("beds".parse()?);
        for viewer in [&scene.ana, &scene.engine.anonymous()] {
            let board = viewer.leaderboard(&beds).await?;
            let points: Vec<_> =
                board.items.iter().map(|item| (item.member.key.as_str(), item.points)).collect();
            assert_eq!(points, [("ana", 2)]);
        }
        Ok(())
    })
}

#[test]
fn a_ledger_tells_points_of_what_is_hidden_and_not_what_it_is() -> Outcome {
    block_on(async {
        let scene = scene().await?;
        let id = scene.ana.start_topic(topic(&scene, "beds")?).await?;
        scene.ed.move_topic(id, &"office".parse()?).await?;
        scene.engine.pump().await?;
        let ana: Key = "ana".parse()?;
        let own = scene.ana.ledger(&scene.garden, &ana, None, None).await?;
        assert_eq!(own.items.len(), 1);
        let item = &own.items[0];
        assert_eq!((item.rule.as_str(), item.points), ("topic", 2));
        assert_eq!((item.topic, &item.title, item.post), (None, &None, None));
        let text = serde_json::to_string(&own)?;
        assert!(!text.contains(&id.to_string()) && !text.contains("A title"), "{text}");
        // Others learn nothing at all.
        let refused = scene.ed.ledger(&scene.garden, &ana, None, None).await.unwrap_err();
        assert!(matches!(refused, Error::Denied(_)));
        let host = scene.engine.as_system();
        let seen = host.ledger(&scene.garden, &ana, None, None).await?;
        assert_eq!(seen.items[0].topic, Some(id));
        Ok(())
    })
}

#[test]
fn badges_count_what_was_done_anywhere_and_tell_nothing_of_it() -> Outcome {
    block_on(async {
        let scene = scene().await?;
        let (ed, badge): (Key, Slug) = ("ed".parse()?, "first-words".parse()?);
        let host = scene.engine.as_system();
        host.switch_badges(&scene.garden, Some(&"basics@1".parse()?)).await?;
        scene.ed.start_topic(topic(&scene, "office")?).await?;
        scene.engine.pump().await?;
        for viewer in [scene.engine.anonymous(), scene.ana.clone(), host.clone()] {
            let held = viewer.badges_of(&scene.garden, &ed).await?;
            let held = held.badges.iter().find(|held| held.badge == badge);
            assert_eq!(held.map(|held| held.tier), Some(1));
            let badges = viewer.badges(&scene.garden).await?;
            let view = badges.iter().find(|view| view.badge.key == badge);
            assert_eq!(view.map(|view| view.holders.len()), Some(1));
            let all = viewer.badge_holders(&scene.garden, &badge, None, None).await?;
            let all: Vec<_> = all.items.iter().map(|item| &item.member.key).collect();
            assert_eq!(all, [&ed]);
        }
        // How far it is to the next one is told to the member and to managers only.
        let far = async |viewer: &Session| -> Result<bool, Error> {
            let held = viewer.badges_of(&scene.garden, &ed).await?;
            Ok(held.badges.iter().any(|held| held.progress.is_some() || held.tier == 0))
        };
        assert!(!far(&scene.ana).await? && far(&scene.ed).await? && far(&host).await?);
        Ok(())
    })
}

#[test]
fn steps_of_visits_tell_neither_topics_nor_people() -> Outcome {
    block_on(async {
        let scene = scene().await?;
        let host = scene.engine.as_system();
        let manager = host.sync_member(NewMember::new("max".parse()?, "Max".parse()?)).await?;
        host.set_member(&scene.garden, manager, true).await?;
        host.grant_role(&scene.garden, manager, &"manager".parse()?, None).await?;
        let max = scene.engine.member(manager);
        let experts = Policy::inherit().with(Action::View, Audience::Role("expert".parse()?));
        let vault = NewChannel::new("vault".parse()?, "Vault".parse()?).policy(experts);
        host.create_channel(&scene.garden, vault).await?;
        let ed = scene.ed.viewer().member().ok_or("ed has a name")?;
        host.grant_role(&scene.garden, ed, &"expert".parse()?, None).await?;
        let hidden = scene.ed.start_topic(topic(&scene, "vault")?).await?;
        assert!(matches!(max.topic(hidden).await, Err(Error::NotFound(_))));
        let topics = vec![hidden, hidden];
        let mut told = Vec::new();
        for step in [SuggestionStep::Shown { topics }, SuggestionStep::Posted { topic: hidden }] {
            let new = NewSuggestion::new(scene.garden.clone(), "typing".parse()?, step);
            let visit = VisitId::from_bytes([8; 16]);
            scene.ed.record_suggestion(new.visit(visit)).await?;
            told.push(scene.engine.env().now());
        }
        let always = Timestamp::UNIX_EPOCH..told[1] + chrono::Duration::days(1);
        let steps = max.suggestion_steps(&scene.garden, always.clone()).await?;
        let shown = serde_json::to_value(&steps)?;
        let at = |step: usize| serde_json::to_value(steps[step].at);
        let step = |at, step: &str| {
            serde_json::json!({
                "visit": 0, "at": at, "source": "typing", "held_out": false, "step": step,
            })
        };
        let mut expected = [step(at(0)?, "shown"), step(at(1)?, "posted")];
        expected[0]["found"] = true.into();
        assert_eq!(shown, serde_json::json!(expected));
        // To moderate is not to manage.
        for session in [&scene.ed, &scene.ana, &scene.engine.anonymous()] {
            let refused = session.suggestion_steps(&scene.garden, always.clone()).await;
            assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
        }
        Ok(())
    })
}
