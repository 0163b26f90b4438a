//! Full-text search: what a member may see is found, in its language, and nothing else.
//!
//! ```sh
//! cargo run --release --example search
//! ```

use std::error::Error;

use community::search::SimilarQuery;
use community::{NewChannel, NewCommunity, NewMember, NewTopic, Policy, SearchQuery, Slug};

#[allow(dead_code, reason = "the test calls `run` itself")]
fn main() -> Result<(), Box<dyn Error>> {
    for line in pollster::block_on(run())? {
        println!("{line}");
    }
    Ok(())
}

/// A Dutch and an English question, found by other forms of their words.
pub(crate) async fn run() -> Result<Vec<String>, Box<dyn Error>> {
    let engine = community::in_memory(); // `community::open("data/")?` keeps content and index
    let repair: Slug = "repair".parse()?;
    let host = engine.as_system();
    let new = NewCommunity::new(repair.clone(), "Repair café".parse()?, Policy::public());
    host.create_community(new).await?;
    host.create_channel(&repair, NewChannel::new("bench".parse()?, "Bench".parse()?)).await?;
    let ana = host.sync_member(NewMember::new("user:1".parse()?, "Ana".parse()?)).await?;
    let ana = engine.member(ana);
    ana.join(&repair).await?;
    for (title, body) in [
        ("Mijn fietsband is lek", "De achterste band van mijn fiets loopt leeg na elke rit."),
        ("Kettles that do not boil", "Two kettles stay cold, and their switches click."),
    ] {
        let (channel, kind) = ("bench".parse()?, "question".parse()?);
        ana.start_topic(NewTopic::new(repair.clone(), channel, kind, title, body)).await?;
    }

    engine.indexed().await?; // within a second this would come by itself
    let visitor = engine.anonymous();
    let mut lines = Vec::new();
    for text in ["kettle switch", "fietsen banden", "is:unanswered author:user:1 -lek"] {
        let found = visitor.search(&SearchQuery::community(repair.clone(), text)).await?;
        for hit in &found.hits {
            lines.push(format!(
                "{text}: {} … {}",
                hit.title_html(),
                hit.fragments_html().join(" … ")
            ));
        }
    }
    let typed = SimilarQuery::community(repair, "kettle stays cold");
    for topic in visitor.similar(&typed).await? {
        lines.push(format!("asked before: {}", topic.topic.title));
    }
    Ok(lines)
}
