//! A neighbourhood garden in three languages, from an empty engine to a feed that each viewer sees
//! differently.
//!
//! ```sh
//! cargo run --release --example quickstart
//! ```
//!
//! It prints the same each time: the clock is moved by hand, and ids come from a seed.

use std::error::Error as StdError;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use community::time::ManualClock;
use community::{
    Action, Attribute, ChannelUpdate, Engine, Env, FeedQuery, NewChannel, NewCommunity,
    NewCorrection, NewLabel, NewMember, NewPin, NewPost, NewTopic, PinPlace, Policy, PostId, Seq,
    Session, Slug, Sort, ThreadQuery, TopicId, Vote, Window,
};

type Result<T = (), E = Box<dyn StdError>> = std::result::Result<T, E>;

#[allow(dead_code, reason = "the golden test calls `story` itself")]
fn main() -> Result {
    pollster::block_on(story(&mut std::io::stdout().lock()))
}

/// The whole story, written to `out`.
pub(crate) async fn story(out: &mut dyn Write) -> Result {
    let clock = Arc::new(ManualClock::at("2026-03-02T09:00:00Z".parse()?));
    let engine = community::in_memory_with(Env::manual(clock.clone(), 2026));
    let garden: Slug = "garden".parse()?;

    set_the_scene(&engine, &garden).await?;
    let people = People::join(&engine, &garden).await?;
    let talk = Talk::hold(&people, &garden, &clock).await?;

    part(out, "What everybody sees")?;
    show_channels(out, "a visitor", &people.visitor, &garden).await?;
    show_channels(out, "Lucía, who has a key of the shed", &people.lucia, &garden).await?;
    show_channels(out, "Sam, who works here", &people.sam, &garden).await?;

    part(out, "One garden, many feeds (score, answers, * if solved; ^ is pinned)")?;
    let all = FeedQuery::community(garden.clone());
    let newest = all.clone().sort(Sort::New);
    show_feed(out, "newest, for a visitor", &people.visitor, &newest).await?;
    show_feed(out, "newest, for Lucía", &people.lucia, &newest).await?;
    show_feed(out, "last activity, for Sam", &people.sam, &all.clone().sort(Sort::Active)).await?;
    let hot = all.clone().sort(Sort::Hot);
    show_feed(out, "hot, for a visitor", &people.visitor, &hot).await?;
    let top = all.clone().sort(Sort::Top).window(Window::Days(7));
    show_feed(out, "top of the week, for a visitor", &people.visitor, &top).await?;
    let unsolved = all.clone().sort(Sort::Unsolved);
    show_feed(out, "without an accepted answer, for Noor", &people.noor, &unsolved).await?;
    let tomatoes = all.clone().labels("tomatoes and not compost".parse()?).sort(Sort::New);
    show_feed(out, "tomatoes and not compost, in all languages", &people.noor, &tomatoes).await?;
    let vegetables = all.clone().channel("growing".parse()?).sort(Sort::New);
    show_feed(out, "the channel `growing` with those below it", &people.noor, &vegetables).await?;

    part(out, "A conversation")?;
    show_thread(out, &people.visitor, talk.blight).await?;

    part(out, "What is not for everybody")?;
    not_for_everybody(out, &engine, &garden, &people, &talk).await?;

    let events = people.host.events(Seq(0), Some(100)).await?;
    writeln!(out, "\nAll of this is in the log: {} events.", events.len())?;
    Ok(())
}

/// The host creates the community. Everything that is not said is inherited.
async fn set_the_scene(engine: &Engine, garden: &Slug) -> Result {
    let host = engine.as_system();
    let new = NewCommunity::new(garden.clone(), "De buurttuin".parse()?, Policy::public());
    host.create_community(new).await?;

    let channel = |key: &str, name: &str| -> Result<NewChannel> {
        Ok(NewChannel::new(key.parse()?, name.parse()?))
    };
    // Public ones, two of them below a third.
    let growing: Slug = "growing".parse()?;
    host.create_channel(garden, channel("growing", "Growing")?).await?;
    for (key, name) in [("moestuin", "Moestuin"), ("huerto", "El huerto")] {
        host.create_channel(garden, channel(key, name)?.below(growing.clone())).await?;
    }
    // Everybody reads the notices, employees write them.
    let notices = Policy::inherit().with(Action::Start, "role(employee)".parse()?);
    host.create_channel(garden, channel("notices", "Notices")?.policy(notices)).await?;
    // For those on a list of the host's, and for employees only.
    let shed = Policy::closed_list("shed-keys".parse()?);
    host.create_channel(garden, channel("shed", "Tool shed")?.policy(shed)).await?;
    host.create_channel(garden, channel("office", "Office")?.policy(Policy::employees())).await?;

    // Labels cut across channels. One of them does not exist for most people.
    for (key, name) in [("tomatoes", "Tomatoes"), ("compost", "Compost"), ("water", "Water")] {
        host.put_label(garden, NewLabel::new(key.parse()?, name.parse()?)).await?;
    }
    let budget = NewLabel::new("budget".parse()?, "Budget".parse()?);
    host.put_label(garden, budget.audience("role(employee)".parse()?)).await?;
    Ok(())
}

/// One session for each kind of viewer.
struct People {
    host: Session,
    visitor: Session,
    noor: Session,
    lucia: Session,
    sam: Session,
}

impl People {
    /// The host hands in its people: their keys, names, and what its policies ask about.
    async fn join(engine: &Engine, garden: &Slug) -> Result<Self> {
        let host = engine.as_system();
        let noor = NewMember::new("crm:101".parse()?, "Noor".parse()?)
            .attribute("language".parse()?, Attribute::Text("nl".into()));
        let lucia = NewMember::new("crm:102".parse()?, "Lucía".parse()?)
            .attribute("language".parse()?, Attribute::Text("es".into()))
            .list("shed-keys".parse()?);
        let sam = NewMember::new("crm:103".parse()?, "Sam".parse()?);
        let noor = engine.member(host.sync_member(noor).await?);
        let lucia = engine.member(host.sync_member(lucia).await?);
        let sam = host.sync_member(sam).await?;
        host.grant_role(garden, sam, &"employee".parse()?, None).await?;
        let sam = engine.member(sam);
        for member in [&noor, &lucia, &sam] {
            member.join(garden).await?;
        }
        Ok(Self { host, visitor: engine.anonymous(), noor, lucia, sam })
    }
}

/// What they talk about.
struct Talk {
    blight: TopicId,
    rota: TopicId,
}

impl Talk {
    async fn hold(people: &People, garden: &Slug, clock: &ManualClock) -> Result<Self> {
        let People { noor, lucia, sam, .. } = people;
        let later = |hours: u64| clock.advance(Duration::from_secs(hours * 3600));
        let topic = |channel: &str, kind: &str, title: &str, body: &str, labels: &[&str]| {
            let (channel, kind) = (channel.parse()?, kind.parse()?);
            let mut topic = NewTopic::new(garden.clone(), channel, kind, title, body);
            for label in labels {
                topic = topic.label(label.parse()?);
            }
            Ok::<_, Box<dyn StdError>>(topic)
        };

        let open_day = topic(
            "notices",
            "announcement",
            "Open garden day on 21 March",
            "Gates open at ten. Bring a spade, and gloves if you have them.",
            &[],
        )?;
        let open_day = sam.start_topic(open_day).await?;
        let pin = NewPin {
            place: PinPlace::Community,
            position: 0,
            audience: "everyone".parse()?,
            until: Some("2026-03-22T00:00:00Z".parse()?),
        };
        // Pinning is a moderator's right; here the host does it.
        people.host.set_pin(open_day, Some(pin)).await?;

        later(2);
        let blight = topic(
            "moestuin",
            "question",
            "Bruine vlekken op mijn tomaten, wat nu?",
            "De onderste bladeren krijgen bruine vlekken met een gele rand. Is dat al ziek?",
            &["tomatoes"],
        )?;
        let blight = noor.start_topic(blight).await?;

        later(1);
        let irrigation = topic(
            "huerto",
            "question",
            "¿Cuánta agua necesitan los tomates en mayo?",
            "Tengo seis plantas en macetas, a pleno sol desde las once.",
            &["tomatoes", "water"],
        )?;
        let irrigation = lucia.start_topic(irrigation).await?;

        later(1);
        let heap = topic(
            "growing",
            "discussion",
            "Tomato plants on the compost heap: yes or no?",
            "Healthy ones, chopped up. The heap gets warm, though not hot.",
            &["compost", "tomatoes"],
        )?;
        let heap = sam.start_topic(heap).await?;

        later(5);
        let (spray, remove) = two_answer(people, blight).await?;
        later(3);
        sam.correct(NewCorrection::new(
            spray,
            "Copper is no longer allowed in our garden: use it on no bed.",
        ))
        .await?;

        later(1);
        let answer = NewPost::new(irrigation, "Two litres a plant, early in the morning.");
        sam.reply(answer).await?;
        noor.reply(NewPost::new(heap, "Liever niet: de sporen overleven een lauwe hoop.")).await?;
        later(2);
        let thanks = NewPost::new(blight, "Dank je! En de bladeren in de groenbak?");
        noor.reply(thanks.to(remove)).await?;

        later(12);
        let rota = topic(
            "shed",
            "discussion",
            "¿Quién abre el cobertizo el sábado?",
            "Yo puedo hasta las doce.",
            &[],
        )?;
        let rota = lucia.start_topic(rota).await?;
        let money = topic(
            "office",
            "discussion",
            "What the rain barrels cost",
            "Three offers so far, the cheapest is 840 euros.",
            &["water", "budget"],
        )?;
        sam.start_topic(money).await?;

        // Votes: nobody has two on one post, and nobody votes on what they wrote.
        for (voter, topic) in [(lucia, blight), (sam, blight), (sam, irrigation), (lucia, heap)] {
            let opening = voter.topic(topic).await?.topic.opening;
            voter.vote(opening, Some(Vote::Up)).await?;
        }
        Ok(Self { blight, rota })
    }
}

/// Two answers, both accepted. The first of them will be corrected.
async fn two_answer(people: &People, topic: TopicId) -> Result<(PostId, PostId)> {
    let People { noor, lucia, sam, .. } = people;
    let spray = NewPost::new(topic, "Rocía con cobre cada dos semanas y quita las hojas de abajo.");
    let spray = lucia.reply(spray).await?;
    let remove = NewPost::new(
        topic,
        "That is early blight. Take the lower leaves off, keep the others dry, and water the soil.",
    );
    let remove = sam.reply(remove).await?;
    noor.vote(remove, Some(Vote::Up)).await?;
    noor.accept(remove, Some("het werkte")).await?;
    noor.accept(spray, None).await?;
    Ok((spray, remove))
}

/// Hidden, refused, explained; and how a change of rights counts at once.
async fn not_for_everybody(
    out: &mut dyn Write,
    engine: &Engine,
    garden: &Slug,
    people: &People,
    talk: &Talk,
) -> Result {
    let People { host, noor, lucia, .. } = people;
    writeln!(out, "Noor opens a topic of the shed, and one that never was:")?;
    let never = TopicId::from_bytes([7; 16]);
    for topic in [talk.rota, never] {
        if let Err(error) = noor.topic(topic).await {
            writeln!(out, "  {error}")?;
        }
    }

    writeln!(out, "Noor writes a notice:")?;
    let notice = NewTopic::new(
        garden.clone(),
        "notices".parse()?,
        "discussion".parse()?,
        "Mijn verjaardag",
        "Zaterdag om drie uur, iedereen is welkom.",
    );
    if let Err(error) = noor.start_topic(notice).await {
        writeln!(out, "  {error}")?;
    }
    let decision = noor.can(&Action::Reply, garden, Some(&"notices".parse()?)).await?;
    writeln!(out, "  but {decision}")?;

    writeln!(out, "Lucía gives her key back; the shed is gone with her next read:")?;
    let without_key = NewMember::new("crm:102".parse()?, "Lucía".parse()?);
    host.sync_member(without_key).await?;
    if let Err(error) = lucia.topic(talk.rota).await {
        writeln!(out, "  {error}")?;
    }

    writeln!(out, "The office opens its doors; nothing is indexed anew:")?;
    let open = ChannelUpdate { policy: Some(Policy::inherit()), ..ChannelUpdate::default() };
    host.update_channel(garden, &"office".parse()?, open).await?;
    let office = FeedQuery::community(garden.clone()).channel("office".parse()?);
    for card in engine.anonymous().feed(&office).await?.items {
        // It has the label `budget` too, which is still for employees only.
        let labels: Vec<_> = card.topic.labels.iter().map(Slug::as_str).collect();
        writeln!(out, "  {}, labelled {}", card.topic.title, labels.join(", "))?;
    }
    Ok(())
}

fn part(out: &mut dyn Write, title: &str) -> Result {
    writeln!(out, "\n{title}\n{}\n", "=".repeat(title.chars().count()))?;
    Ok(())
}

async fn show_channels(
    out: &mut dyn Write,
    who: &str,
    viewer: &Session,
    community: &Slug,
) -> Result {
    writeln!(out, "{who}:")?;
    for channel in viewer.channels(community).await? {
        let indent = "  ".repeat(channel.level);
        writeln!(out, "{indent}{} ({})", channel.name, channel.topics)?;
    }
    Ok(())
}

/// A line a topic: `^` if pinned, score, answers with `*` if one is accepted, title, labels, author.
async fn show_feed(out: &mut dyn Write, what: &str, viewer: &Session, query: &FeedQuery) -> Result {
    writeln!(out, "{what}:")?;
    let feed = viewer.feed(query).await?;
    let pinned = feed.pinned.iter().map(|card| ('^', card));
    for (mark, card) in pinned.chain(feed.items.iter().map(|card| (' ', card))) {
        let topic = &card.topic;
        let (score, answers) = (topic.score(), topic.counters.answers);
        let solved = if topic.counters.accepted > 0 { '*' } else { ' ' };
        let labels: Vec<_> = topic.labels.iter().map(|label| format!("#{label} ")).collect();
        let (title, labels, author) = (&topic.title, labels.concat(), &card.author.name);
        writeln!(out, " {mark}{score:>2} {answers:>2}{solved} {title} {labels}({author})")?;
    }
    Ok(())
}

async fn show_thread(out: &mut dyn Write, viewer: &Session, topic: TopicId) -> Result {
    let thread = viewer.thread(topic, &ThreadQuery::default()).await?;
    writeln!(out, "{}", thread.topic.topic.title)?;
    for item in &thread.items {
        let Some(view) = item.post() else { continue };
        let indent = "  ".repeat(usize::try_from(view.post.depth)? + 1);
        let accepted = if view.post.accepted.is_some() { ", accepted" } else { "" };
        writeln!(out, "{indent}{} ({}{accepted})", view.author.name, view.post.score())?;
        writeln!(out, "{indent}{}", view.body)?;
        for correction in &view.corrections {
            writeln!(out, "{indent}  ! corrected: {}", correction.body)?;
        }
    }
    Ok(())
}
