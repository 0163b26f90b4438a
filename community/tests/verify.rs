//! Verification finds what was seeded, and nothing where nothing was.

#![allow(clippy::indexing_slicing, reason = "a panic is how a test fails")]

use community::change::{ChangeSet, Counter, Op};
use community::*;
use community_testkit::{Report, verify};
use pollster::block_on;

type Outcome<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A community with a question, two answers (one accepted), a comment, votes, a reaction and a
/// correction.
struct Scene {
    engine: Engine,
    community: CommunityId,
    channel: ChannelId,
    member: MemberId,
    topic: TopicId,
    opening: PostId,
    answer: PostId,
}

async fn scene() -> Outcome<Scene> {
    let engine = in_memory();
    let host = engine.as_system();
    let garden: Slug = "garden".parse()?;
    let mut new = NewCommunity::new(garden.clone(), "Garden".parse()?, Policy::public());
    new.reactions = vec![ReactionDef { key: "thanks".parse()?, name: "Thanks".parse()? }];
    let community = host.create_community(new).await?;
    let beds = NewChannel::new("beds".parse()?, "Beds".parse()?);
    let channel = host.create_channel(&garden, beds).await?;
    host.put_label(&garden, NewLabel::new("soil".parse()?, "Soil".parse()?)).await?;
    let mut people = Vec::new();
    for name in ["ana", "ben", "eva"] {
        let id = host.sync_member(NewMember::new(name.parse()?, name.parse()?)).await?;
        host.set_member(&garden, id, true).await?;
        people.push(id);
    }
    host.grant_role(&garden, people[2], &"expert".parse()?, None).await?;
    let [ana, ben, eva] = [0, 1, 2].map(|n: usize| engine.member(people[n]));
    let question = NewTopic::new(
        garden.clone(),
        "beds".parse()?,
        "question".parse()?,
        "Which soil?",
        "For a raised bed.",
    );
    let topic = ana.start_topic(question.label("soil".parse()?)).await?;
    let answer = ben.reply(NewPost::new(topic, "Compost.")).await?;
    eva.reply(NewPost::new(topic, "Peat.")).await?;
    ana.reply(NewPost::new(topic, "How much?").to(answer)).await?;
    let opening = ana.topic(topic).await?.topic.opening;
    ben.vote(opening, Some(Vote::Up)).await?;
    ana.vote(answer, Some(Vote::Up)).await?;
    ana.react(answer, Some(&"thanks".parse()?)).await?;
    ana.accept(answer, None).await?;
    eva.correct(NewCorrection::new(answer, "Ripe compost.")).await?;
    engine.anonymous().record_view(topic).await?;
    engine.pump().await?;
    let member = people[0];
    Ok(Scene { engine, community, channel, member, topic, opening, answer })
}

/// What a verification says after a change that no command would make.
async fn after(scene: &Scene, op: Op) -> Outcome<Report> {
    let changes = ChangeSet { ops: vec![op], ..ChangeSet::default() };
    scene.engine.store().commit(changes).await?;
    Ok(verify(scene.engine.store()).await?)
}

#[test]
fn nothing_is_found_where_only_commands_have_written() -> Outcome {
    block_on(async {
        let scene = scene().await?;
        let report = verify(scene.engine.store()).await?;
        assert_eq!(report.findings, []);
        assert!(report.checks > 100, "{} checks", report.checks);
        Ok(())
    })
}

#[test]
fn every_counter_that_is_off_by_one_is_found() -> Outcome {
    block_on(async {
        let soil: Slug = "soil".parse()?;
        let thanks: Slug = "thanks".parse()?;
        let counters = |scene: &Scene| {
            let Scene { community, channel, topic, opening, answer, .. } = *scene;
            [
                (Counter::Members(community), "members of a community"),
                (Counter::TopicUps(topic), "votes of a topic are its first post's"),
                (Counter::TopicDowns(topic), "votes of a topic are its first post's"),
                (Counter::TopicPosts(topic), "posts of a topic"),
                (Counter::TopicAnswers(topic), "answers of a topic"),
                (Counter::TopicAccepted(topic), "accepted answers of a topic"),
                (Counter::PostUps(opening), "votes of a post"),
                (Counter::PostDowns(answer), "votes of a post"),
                (Counter::PostChildren(opening), "shown replies of a post"),
                (Counter::PostCorrections(answer), "corrections of a post"),
                (Counter::Tally(answer, thanks.clone()), "reactions of a post"),
                (Counter::LabelUse(community, soil.clone(), channel), "topics with labels"),
                (Counter::ChannelTopics(channel), "topics of channels"),
            ]
        };
        for at in 0..counters(&scene().await?).len() {
            let scene = scene().await?;
            let (counter, rule) = counters(&scene)[at].clone();
            let report = after(&scene, Op::Bump(counter.clone(), 1)).await?;
            let found = report.findings.iter().any(|finding| finding.rule == rule);
            assert!(found, "{counter:?} gives {:?}", report.findings);
        }
        let scene = scene().await?;
        let starter = Counter::Participation(scene.topic, scene.member);
        let report = after(&scene, Op::Bump(starter, -2)).await?;
        assert!(report.findings.iter().any(|f| f.rule == "participants of a topic"));
        Ok(())
    })
}

#[test]
fn facts_that_no_command_writes_are_found() -> Outcome {
    block_on(async {
        let fresh = scene().await?;
        let late = fresh.engine.env().now() + chrono::Duration::days(1);
        let report = after(&fresh, Op::RaiseActive(fresh.topic, late)).await?;
        assert!(report.findings.iter().any(|f| f.rule == "last activity of a topic"));

        let fresh = scene().await?;
        let vote = Reaction {
            post: fresh.answer,
            member: fresh.member,
            slot: Slot::Reaction,
            key: "up".parse()?,
            at: fresh.engine.env().now(),
        };
        let report = after(&fresh, Op::PutReaction(vote)).await?;
        let rule = "votes are up or down, reactions are not";
        assert!(report.findings.iter().any(|f| f.rule == rule));

        let fresh = scene().await?;
        let mut post = fresh.engine.anonymous().post(fresh.opening).await?.into_inner().post;
        post.accepted = Some(Mark { by: None, at: fresh.engine.env().now(), reason: None });
        let report = after(&fresh, Op::PutPost(Box::new(post))).await?;
        assert!(report.findings.iter().any(|f| f.rule == "only answers are marked"));

        let fresh = scene().await?;
        let mut topic = fresh.engine.anonymous().topic(fresh.topic).await?.into_inner().topic;
        topic.labels = vec!["unheard-of".parse()?];
        let report = after(&fresh, Op::PutTopic(Box::new(topic))).await?;
        assert!(report.findings.iter().any(|f| f.rule == "a label of a topic exists"));
        assert!(report.findings.iter().any(|f| f.rule == "topics with labels"));
        Ok(())
    })
}
