//! Generated worlds: communities with everything in them, from a seed.
//!
//! A [`World`] is a stream of [`Record`]s, the same for the same seed, byte for byte. It holds every
//! preset of policy, channels in three levels, hidden and archived ones and ones in which members
//! read own topics only, restricted labels, all kinds of topics and one that the community defines,
//! deep and wide threads, edits, accepted and official answers, corrections, pins, links, views,
//! things removed and withdrawn, and votes and authors as unevenly spread as they are among people
//! (Zipf). People write only where their rights let them. The texts are Dutch, English and Spanish.
//!
//! Only the topic that is being told is held in memory, so a world may be larger than the machine.
//!
//! ```
//! use community_testkit::worlds::{Size, World};
//! let world = World::generate(Size::Hamlet, 7);
//! let topics = world.records().filter(|(_, record)| {
//!     matches!(record, community_core::record::Record::Topic(_))
//! });
//! assert_eq!(topics.count(), world.params().topics);
//! ```
//!
//! Not here: members who do something while somebody looks. Those are scripts.

mod dice;
mod load;
mod people;
mod places;
mod threads;
mod words;

pub use dice::Dice;
pub use load::load;
pub use people::Cast;

use chrono::{DateTime, Duration};
use community_core::record::Record;
use community_core::{Slug, Timestamp};

use people::People;
use places::Community;
use threads::Threads;

/// How large a world is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// 1 community, 6 channels, 20 members, 200 posts: for tests that make many of them.
    Hamlet,
    /// 4 communities, 20 channels, 50 labels, 500 members, 5,000 posts, 20,000 votes.
    Town,
    /// 10 communities, 200 channels, 300 labels, 20,000 members, 100,000 posts, 1,000,000 votes.
    City,
}

/// What a world is made of. All numbers are those of the whole world, and spread over its
/// communities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Params {
    /// Communities, 1 or more.
    pub communities: usize,
    /// Channels; at least one in each community.
    pub channels: usize,
    /// Labels.
    pub labels: usize,
    /// Members, of whom the first are the [`Cast`].
    pub members: usize,
    /// Topics.
    pub topics: usize,
    /// Posts, the first one of each topic included.
    pub posts: usize,
    /// Votes. There are up to a tenth fewer where too few people may give them.
    pub votes: usize,
    /// Who reads and writes what.
    pub access: Access,
}

/// Which policies a world has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Every preset, in channels and in communities; labels with audiences; an archived channel.
    EveryPreset,
    /// Everybody reads, members write.
    Public,
}

impl Size {
    /// The numbers of this size.
    #[must_use]
    pub fn params(self) -> Params {
        let [communities, channels, labels, members, topics, posts, votes] = match self {
            Self::Hamlet => [1, 6, 12, 20, 40, 200, 300],
            Self::Town => [4, 20, 50, 500, 1_000, 5_000, 20_000],
            Self::City => [10, 200, 300, 20_000, 20_000, 100_000, 1_000_000],
        };
        let access = Access::EveryPreset;
        Params { communities, channels, labels, members, topics, posts, votes, access }
    }
}

impl Params {
    /// One public community with so many topics in so many channels, each topic with a reply and
    /// three votes on average: what a benchmark of feeds reads.
    #[must_use]
    pub fn public(topics: usize, channels: usize) -> Self {
        Self {
            communities: 1,
            channels,
            labels: 50,
            members: (topics / 20).clamp(100, 10_000),
            topics,
            posts: topics * 2,
            votes: topics * 3,
            access: Access::Public,
        }
    }

    /// The same numbers, raised to what a world needs at least.
    fn raised(self) -> Self {
        let communities = self.communities.max(1);
        Self {
            communities,
            channels: self.channels.max(communities),
            members: self.members.max(Cast::SIZE + 1),
            posts: self.posts.max(self.topics),
            ..self
        }
    }

    /// How many of `all` belong to one of the communities, and how many to those before it.
    fn share(&self, all: usize, community: usize) -> (usize, usize) {
        let (each, rest) = (all / self.communities, all % self.communities);
        let before = each * community + rest.min(community);
        (each + usize::from(community < rest), before)
    }
}

/// A generated world.
#[derive(Debug, Clone)]
pub struct World {
    params: Params,
    seed: u64,
}

impl World {
    /// A world of one of the usual sizes.
    #[must_use]
    pub fn generate(size: Size, seed: u64) -> Self {
        Self::with_params(size.params(), seed)
    }

    /// A world with these numbers; those that would leave it empty are raised.
    #[must_use]
    pub fn with_params(params: Params, seed: u64) -> Self {
        Self { params: params.raised(), seed }
    }

    /// What it is made of.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// When its first community was founded.
    #[must_use]
    pub fn beginning() -> Timestamp {
        const FIRST_DAY: i64 = 19_359;
        DateTime::from_timestamp(FIRST_DAY * 86_400, 0).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// A moment behind everything in it. Some sanctions and pins end later, some have ended
    /// earlier: this is the time at which it is meant to be looked at.
    #[must_use]
    pub fn end() -> Timestamp {
        Self::beginning() + Duration::days(1_000)
    }

    /// The keys of its communities.
    #[must_use]
    pub fn communities(&self) -> Vec<Slug> {
        (0..self.params.communities).map(places::community_key).collect()
    }

    /// The keys of members who are there in every world, in parts that tests need.
    #[must_use]
    pub fn cast(&self) -> Cast {
        Cast::new()
    }

    /// The keys of the channels of one of its communities, in the order of [`World::communities`].
    #[must_use]
    pub fn channels(&self, community: usize) -> Vec<Slug> {
        let community = Community::new(&self.params, self.seed, community);
        community.channels.iter().map(|channel| channel.key.clone()).collect()
    }

    /// Everything in it, each record with the key of its community: community by community, and in
    /// each what is referred to comes first. The members of all communities come with the first.
    pub fn records(&self) -> impl Iterator<Item = (Slug, Record)> + '_ {
        (0..self.params.communities).flat_map(|community| {
            let key = places::community_key(community);
            self.records_of(community).map(move |record| (key.clone(), record))
        })
    }

    fn records_of(&self, number: usize) -> impl Iterator<Item = Record> + '_ {
        let people = People::new(&self.params, self.seed);
        let members = if number == 0 { people.members } else { 0 };
        let community = Community::new(&self.params, self.seed, number);
        let head = Record::Community(Box::new(community.record()));
        let places = community.records();
        let memberships = {
            let channels: Vec<Slug> = community.channels.iter().map(|c| c.key.clone()).collect();
            (0..people.members).filter_map(move |member| {
                people.membership(member, number, &channels).map(Box::new).map(Record::Membership)
            })
        };
        std::iter::once(head)
            .chain((0..members).map(move |member| Record::Member(Box::new(people.record(member)))))
            .chain(places)
            .chain(memberships)
            .chain(Threads::new(&self.params, self.seed, people, community).flatten())
    }
}
