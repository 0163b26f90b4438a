//! A community to measure on.

use std::path::Path;
use std::sync::Arc;

use community_core::record::{ReactionRecord, Record, TopicRecord};
use community_core::{
    Engine, Key, Name, NewChannel, NewCommunity, NewLabel, NewMember, Policy, Result, Slot, Slug,
    State, Title,
};
use community_store_sqlite::{Options, SqliteStore};
use pollster::block_on;

/// Channels of the community.
pub const CHANNELS: usize = 200;
/// Its labels; each topic has two.
pub const LABELS: usize = 50;
/// Its members.
pub const MEMBERS: usize = 1_000;

/// A community with so many topics, on a file of its own.
#[derive(Debug)]
pub struct Workload {
    /// The engine on it.
    pub engine: Engine,
    /// The community's key.
    pub community: Slug,
}

impl Workload {
    /// Makes a community of `topics` topics in a directory.
    ///
    /// Topics are skewed over channels and labels: the n-th gets a share in proportion to 1/n.
    /// Every topic has up to three votes.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    pub fn build(dir: &Path, topics: usize) -> Result<Self> {
        let store = SqliteStore::open(dir, Options::default())?;
        let engine = Engine::new(Arc::new(store));
        let community: Slug = "bench".parse()?;
        block_on(fill(&engine, &community, topics))?;
        Ok(Self { engine, community })
    }

    /// Opens a community that was built before.
    ///
    /// # Errors
    /// Whatever the store refuses.
    pub fn open(dir: &Path) -> Result<Self> {
        let store = SqliteStore::open(dir, Options::default())?;
        Ok(Self { engine: Engine::new(Arc::new(store)), community: "bench".parse()? })
    }
}

/// The key of a channel, the most used one first.
///
/// # Errors
/// None for numbers.
pub fn channel(n: usize) -> Result<Slug> {
    Ok(format!("channel-{n}").parse()?)
}

/// The key of a label, the most used one first.
///
/// # Errors
/// None for numbers.
pub fn label(n: usize) -> Result<Slug> {
    Ok(format!("label-{n}").parse()?)
}

async fn fill(engine: &Engine, community: &Slug, topics: usize) -> Result<()> {
    let host = engine.as_system();
    let name: Name = "Bench".parse()?;
    host.create_community(NewCommunity::new(community.clone(), name.clone(), Policy::public()))
        .await?;
    for n in 0..CHANNELS {
        host.create_channel(community, NewChannel::new(channel(n)?, name.clone())).await?;
    }
    for n in 0..LABELS {
        host.put_label(community, NewLabel::new(label(n)?, name.clone())).await?;
    }
    for n in 0..MEMBERS {
        let member = NewMember::new(member(n)?, format!("Member {n}").parse()?);
        let member = host.sync_member(member).await?;
        host.set_member(community, member, true).await?;
    }
    let mut random = Random::new(7);
    let start = engine.env().now() - chrono::Duration::days(365);
    let mut batch = Vec::new();
    for n in 0..topics {
        let at = i32::try_from(n).unwrap_or(i32::MAX);
        let key: Key = format!("topic:{n}").parse()?;
        let step = chrono::Duration::seconds(31_000_000) / i32::try_from(topics).unwrap_or(1);
        let created_at = start + step * at;
        batch.push(Record::Topic(Box::new(TopicRecord {
            key: key.clone(),
            channel: channel(random.skewed(CHANNELS))?,
            title: Title::new(&format!("The question that was asked as number {n}"))?,
            body: BODY.to_owned(),
            kind: Some("question".parse()?),
            labels: vec![label(random.skewed(LABELS))?, label(random.skewed(LABELS))?],
            author: Some(member(random.below(MEMBERS))?),
            status: None,
            payload: None,
            state: State::Published,
            locked: false,
            pin: None,
            created_at: Some(created_at),
            bumped_at: None,
            shared_at: None,
            erased_at: None,
            opening: None,
            revision: 1,
            edited_at: None,
            editor: None,
            reason: None,
        })));
        for voter in 0..random.below(4) {
            batch.push(Record::Reaction(ReactionRecord {
                post: key.clone(),
                member: member(voter)?,
                slot: Slot::Vote,
                key: "up".parse()?,
                at: Some(created_at),
            }));
        }
        if batch.len() >= 1_000 {
            host.import(community, None, &batch).await?;
            batch.clear();
        }
    }
    host.import(community, None, &batch).await?;
    Ok(())
}

/// The key of a member.
///
/// # Errors
/// None for numbers.
pub fn member(n: usize) -> Result<Key> {
    Ok(format!("user:{n}").parse()?)
}

/// A text of eighty words.
pub const BODY: &str = "Somebody who keeps a garden on a balcony asks whether tomatoes that were \
    sown in the last week of March, and that now stand behind glass facing south, can go outside \
    before the middle of May when the nights are still cold, or whether it is better to wait until \
    the soil in the pots has warmed up; the neighbours say one thing and the books another, and \
    last year half of the plants were lost to a single night of frost that nobody had expected.";

/// A small generator of numbers: the same in every run.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`, each as often as the others.
    pub fn below(&mut self, n: usize) -> usize {
        let n = u64::try_from(n).unwrap_or(1);
        usize::try_from(self.next() % n).unwrap_or(0)
    }

    /// A number below `n`, small ones more often: the logarithm is spread evenly.
    pub fn skewed(&mut self, n: usize) -> usize {
        let bits = usize::BITS - n.leading_zeros();
        let top = 1usize << self.below(usize::try_from(bits).unwrap_or(1) + 1);
        self.below(top).min(n - 1)
    }
}
