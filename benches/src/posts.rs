//! Posts to search in.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::Duration;
use community_core::policy::{Facts, Scope};
use community_core::record::{PostRecord, Record, TopicRecord};
use community_core::{
    AccessRev, Directory, Engine, Name, NewChannel, NewCommunity, NewMember, Policy, PostKind,
    Result, Slug, State, Timestamp, Title, Viewer,
};
use community_store_memory::MemoryStore;
use pollster::block_on;

use crate::workload::{Random, channel, member};

/// Channels of the community; each has as many posts as any other, nearly.
pub const CHANNELS: usize = 1_000;

/// Channels that the searcher reads: every tenth.
pub const READ: usize = 100;

/// Posts of a topic, its first one included.
pub const POSTS: usize = 4;

/// Different words; the n-th is used in proportion to 1/n, about.
const WORDS: usize = 60_000;

const MEMBERS: usize = 1_000;

/// A community of so many posts of about eighty words, in memory.
///
/// # Errors
/// Whatever the engine refuses.
pub fn community_of(posts: usize) -> Result<(Engine, Slug)> {
    let engine = Engine::new(Arc::new(MemoryStore::new()));
    let community: Slug = "bench".parse()?;
    block_on(fill(&engine, &community, posts, POSTS))?;
    Ok((engine, community))
}

/// What somebody without a name reads.
#[must_use]
pub fn visitor(directory: &Directory, now: Timestamp) -> Scope {
    Scope::resolve(Viewer::Anonymous, &Facts::default(), directory, now, AccessRev::default())
}

/// The channels that a scope reads.
#[must_use]
pub fn channels_of(directory: &Directory, scope: &Scope) -> BTreeSet<[u8; 16]> {
    directory
        .communities()
        .flat_map(|community| directory.channels(community.id))
        .filter(|entry| scope.sees_channel(entry.channel.id))
        .map(|entry| *entry.channel.id.as_bytes())
        .collect()
}

/// A word, the most frequent one first: it looks English, and no stemmer changes it.
#[must_use]
pub fn word(mut n: usize) -> String {
    const ONSETS: [&str; 11] = ["th", "wh", "sh", "ch", "st", "w", "h", "l", "m", "f", "gr"];
    const VOWELS: [&str; 3] = ["ea", "i", "ou"];
    let mut word = String::new();
    for _ in 0..3 {
        for sounds in [ONSETS.as_slice(), VOWELS.as_slice()] {
            word.push_str(sounds.get(n % sounds.len()).copied().unwrap_or_default());
            n /= sounds.len();
        }
    }
    word.extend(std::iter::repeat_n('k', n + 1));
    word
}

/// A text of so many words, every third of them a little English one.
pub fn text(random: &mut Random, words: usize) -> String {
    const LITTLE: [&str; 12] =
        ["the", "and", "that", "with", "was", "of", "they", "have", "this", "from", "which", "is"];
    let word = |n: usize| match n % 3 {
        0 => LITTLE.get(random.below(LITTLE.len())).map_or_else(String::new, ToString::to_string),
        _ => word(zipf(random)),
    };
    (0..words).map(word).collect::<Vec<String>>().join(" ")
}

fn zipf(random: &mut Random) -> usize {
    // The logarithm of the number is spread evenly.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a word among sixty thousand"
    )]
    let number = (WORDS as f64).powf(random.below(1 << 24) as f64 / (1 << 24) as f64) as usize;
    (number - 1).min(WORDS - 1)
}

/// Fills an engine with a community of so many posts, so many to a topic: `post:0` is the key of the
/// first topic.
///
/// # Errors
/// Whatever the engine refuses.
pub async fn fill(
    engine: &Engine,
    community: &Slug,
    posts: usize,
    to_a_topic: usize,
) -> Result<()> {
    let host = engine.as_system();
    let name: Name = "Bench".parse()?;
    host.create_community(NewCommunity::new(community.clone(), name.clone(), Policy::public()))
        .await?;
    for n in 0..CHANNELS {
        let policy =
            if n % (CHANNELS / READ) == 0 { Policy::inherit() } else { Policy::employees() };
        let channel = NewChannel::new(channel(n)?, name.clone()).policy(policy);
        host.create_channel(community, channel).await?;
    }
    for n in 0..MEMBERS {
        let new = NewMember::new(member(n)?, format!("Member {n}").parse()?);
        host.sync_member(new).await?;
    }
    let mut random = Random::new(11);
    let start = engine.env().now() - Duration::days(365);
    let mut batch = Vec::new();
    for n in 0..posts {
        let at = start + Duration::seconds(30) * i32::try_from(n).unwrap_or(i32::MAX);
        let author = member(random.below(MEMBERS))?;
        let topic = format!("post:{}", n - n % to_a_topic).parse()?;
        if n % to_a_topic == 0 {
            batch.push(Record::Topic(Box::new(TopicRecord {
                key: topic,
                channel: channel(random.below(CHANNELS))?,
                title: Title::new(&text(&mut random, 6))?,
                body: text(&mut random, 80),
                kind: Some("question".parse()?),
                labels: Vec::new(),
                author: Some(author),
                status: None,
                payload: None,
                state: State::Published,
                locked: false,
                pin: None,
                created_at: Some(at),
                bumped_at: None,
                shared_at: None,
                erased_at: None,
                opening: None,
                revision: 1,
                edited_at: None,
                editor: None,
                reason: None,
            })));
        } else {
            batch.push(Record::Post(Box::new(PostRecord {
                key: format!("post:{n}").parse()?,
                topic,
                parent: None,
                kind: Some(PostKind::Answer),
                body: text(&mut random, 80),
                author: Some(author),
                state: State::Published,
                bumps: true,
                accepted: None,
                official: None,
                accepted_later: false,
                shared_at: None,
                erased_at: None,
                created_at: Some(at),
                revision: 1,
                edited_at: None,
                editor: None,
                reason: None,
            })));
        }
        if batch.len() >= 1_000 {
            host.import(community, None, &batch).await?;
            batch.clear();
        }
    }
    host.import(community, None, &batch).await?;
    Ok(())
}
