//! The knowledge base: a topic becomes an article, is found, goes stale, and is confirmed.
//!
//! ```sh
//! cargo run --release --example knowledge
//! ```

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use community::knowledge::{
    ArticleQuery, By, CandidateQuery, Edit, Harvest, Knowledge, KnowledgeHit,
};
use community::time::ManualClock;
use community::{
    Env, NewChannel, NewCommunity, NewCorrection, NewMember, NewPost, NewTopic, Policy,
    SearchQuery, Slug, Vote,
};

#[allow(dead_code, reason = "the test calls `run` itself")]
fn main() -> Result<(), Box<dyn Error>> {
    for line in pollster::block_on(run())? {
        println!("{line}");
    }
    Ok(())
}

/// A question of a repair café on its way into the knowledge base.
pub(crate) async fn run() -> Result<Vec<String>, Box<dyn Error>> {
    let clock = Arc::new(ManualClock::at("2026-03-01T12:00:00Z".parse()?));
    let engine = community::in_memory_with(Env::manual(clock.clone(), 7));
    let knowledge = Knowledge::with_search(engine.clone(), None, Default::default())?;
    let mut lines = Vec::new();

    // A question, asked, answered and accepted.
    let repair: Slug = "repair".parse()?;
    let host = engine.as_system();
    let new = NewCommunity::new(repair.clone(), "Repair café".parse()?, Policy::public());
    host.create_community(new).await?;
    host.create_channel(&repair, NewChannel::new("bench".parse()?, "Bench".parse()?)).await?;
    let mut members = Vec::new();
    for (key, name, role) in [
        ("user:1", "Ana", None),
        ("user:2", "Noor", Some("expert")),
        ("user:3", "Rex", Some("moderator")),
    ] {
        let id = host.sync_member(NewMember::new(key.parse()?, name.parse()?)).await?;
        host.set_member(&repair, id, true).await?;
        if let Some(role) = role {
            host.grant_role(&repair, id, &role.parse()?, None).await?;
        }
        members.push(engine.member(id));
    }
    let [ana, noor, rex] = &members[..] else { return Err("three members".into()) };
    let (channel, kind) = ("bench".parse()?, "question".parse()?);
    let (title, body) = ("The kettle stays cold", "It clicks, and nothing happens.");
    let asked = NewTopic::new(repair.clone(), channel, kind, title, body);
    let topic = ana.start_topic(asked).await?;
    let answer = noor.reply(NewPost::new(topic, "Clean the switch with vinegar.")).await?;
    ana.vote(answer, Some(Vote::Up)).await?;
    ana.accept(answer, Some("It boils again")).await?;

    // A week later it is worth an article, and here is why.
    clock.advance(Duration::from_secs(8 * 86_400));
    let found = knowledge.candidates(noor, &repair, CandidateQuery::default()).await?;
    for candidate in &found.candidates {
        let reasons = candidate.reasons.iter();
        let reasons: Vec<_> =
            reasons.map(|reason| format!("{} {}", reason.criterion.as_str(), reason.has)).collect();
        lines.push(format!("candidate: {} ({})", candidate.title, reasons.join(", ")));
    }

    // The expert makes a draft of it, which visitors do not see.
    let harvest = Harvest { topic, channel: None, locale: "en".parse()? };
    let id = knowledge.harvest(noor, &harvest).await?;
    let visitor = engine.anonymous();
    match knowledge.article(&visitor, id).await {
        Ok(_) => lines.push("a visitor reads it".to_owned()),
        Err(error) => lines.push(format!("a visitor: {error}")),
    }
    knowledge.submit(noor, id).await?;

    // Somebody else reviews it.
    let rev = knowledge.desk(rex, id).await?.rev;
    knowledge.approve(rex, id, rev, None).await?;
    let page = knowledge.article(&visitor, id).await?;
    for section in &page.version.version.content.sections {
        for block in &section.blocks {
            let source = block.source.as_ref().ok_or("words of somebody")?;
            let author = host.authors(&[source.author]).await?.pop().flatten();
            let author = author.ok_or("a member")?.name;
            let (heading, number) = (section.kind.heading(), source.revision);
            lines.push(format!("{heading}: {} ({author}, revision {number})", block.text));
        }
    }

    // From the topic one finds the article, and from the article the topic.
    let query = ArticleQuery::by(repair.clone(), By::Source(topic));
    for article in knowledge.articles(&visitor, &query).await?.items {
        lines.push(format!("found by its topic: {}", article.title));
        assert!(article.sources.contains(&topic));
    }

    // It is found by its words, beside the conversations that have an answer.
    knowledge.indexed().await?;
    let query = SearchQuery::community(repair.clone(), "cleaning switches");
    for hit in &knowledge.search(&visitor, &query).await?.hits {
        match &**hit {
            KnowledgeHit::Article(hit) => {
                let shown = hit.fragments_html().join(" ").replace("\n\n", " ");
                lines.push(format!("found by its words: {shown}"));
            }
            KnowledgeHit::Topic(hit) => lines.push(format!("and: {}", hit.topic.topic.title)),
        }
    }

    // The answer is corrected: with the next look at the log the article is queued.
    noor.correct(NewCorrection::new(answer, "Unplug it first.")).await?;
    knowledge.pump().await?;
    for stale in knowledge.stale(rex, &repair, None).await?.articles {
        for concern in &stale.desk.article.concerns {
            let (title, state) = (&stale.desk.article.face.title, stale.desk.article.state);
            lines.push(format!("{title} is {state}: {}", concern.kind.as_str()));
        }
        lines.push(format!("points: {}", stale.freshness.points));
    }

    // It is written anew with the correction in it, and reviewed once more.
    let version = knowledge.version(noor, id, 1).await?;
    let fresh = knowledge.preview(noor, topic).await?.ok_or("an answer")?;
    assert_ne!(version.version.content, fresh);
    let edit = Edit { base: 1, content: fresh, why: "the correction".to_owned() };
    knowledge.edit(noor, id, &edit).await?;
    knowledge.submit(noor, id).await?;
    let rev = knowledge.desk(rex, id).await?.rev;
    knowledge.approve(rex, id, rev, None).await?;
    for change in knowledge.diff(rex, id, 1, 2).await? {
        if change.kind == community::diff::ChangeKind::Added {
            lines.push(format!("added: {}", change.text.trim()));
        }
    }

    // A year later somebody says that it still holds.
    clock.advance(Duration::from_secs(366 * 86_400));
    knowledge.pump().await?;
    let stale = knowledge.stale(rex, &repair, None).await?;
    for stale in &stale.articles {
        let because = stale.desk.article.concerns.iter().map(|concern| concern.kind.as_str());
        lines.push(format!("a year later: {}", because.collect::<Vec<_>>().join(", ")));
        knowledge.confirm(rex, id, stale.desk.rev).await?;
    }
    let page = knowledge.article(&visitor, id).await?;
    let said = page.article.confirmed.as_ref().ok_or("a confirmation")?;
    lines.push(format!("{}, still true: {}", page.article.state, said.at.date_naive()));
    Ok(lines)
}
