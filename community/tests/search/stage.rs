//! A generated world whose words have no language, with two indexes: the one that engines have, and
//! a naive one to compare with.

use std::collections::BTreeSet;
use std::sync::Arc;

use community::index::{Keeper, Settings};
use community::memory::MemoryStore;
use community::record::Record;
use community::search::{Per, SearchSort};
use community::time::ManualClock;
use community::{
    Engine, Env, Error, Key, MemberId, SearchQuery, SearchView, Session, Slug, Store, Title, Viewer,
};
use community_testkit::NaiveIndex;
use community_testkit::worlds::{Dice, Size, World};
use pollster::block_on;

/// How many words there are.
const WORDS: usize = 60;

/// Two engines on one store.
pub(crate) struct Stage {
    pub(crate) engine: Engine,
    pub(crate) naive: Engine,
    pub(crate) viewers: Vec<Viewer>,
    pub(crate) names: Names,
}

/// Names of what a world has.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    pub(crate) communities: Vec<Slug>,
    pub(crate) channels: Vec<Slug>,
    pub(crate) labels: Vec<Slug>,
    pub(crate) members: Vec<Key>,
}

impl Stage {
    pub(crate) fn of(size: Size, seed: u64) -> Self {
        let world = World::generate(size, seed);
        let (clock, store) = (ManualClock::at(World::end()), Arc::new(MemoryStore::new()));
        let env = Env::manual(Arc::new(clock), seed);
        let shared: Arc<dyn Store> = store;
        let index = Keeper::in_memory(Settings::default(), env.clone(), Arc::clone(&shared));
        let index = Arc::new(index.unwrap());
        let naive = Arc::new(NaiveIndex::new(Arc::clone(&shared)));
        let engine = Engine::with_index(Arc::clone(&shared), env.clone(), index);
        let naive = Engine::with_index(shared, env, naive);
        block_on(load(&engine.as_system(), &world, seed));
        block_on(engine.indexed()).unwrap();
        let viewers = viewers(&engine, &world);
        let labels = world.communities().into_iter().flat_map(|community| {
            let labels = block_on(engine.as_system().labels(&community)).unwrap();
            labels.into_iter().map(|label| label.key.clone()).collect::<Vec<_>>()
        });
        let names = Names {
            labels: labels.collect(),
            channels: (0..world.communities().len()).flat_map(|at| world.channels(at)).collect(),
            communities: world.communities(),
            members: (0..20).map(|member| key(&format!("member:{member}"))).collect(),
        };
        Self { engine, naive, viewers, names }
    }
}

/// Imports a world with other words.
async fn load(session: &Session, world: &World, seed: u64) {
    let dice = &mut Dice::of(seed, "words", 0);
    let mut batch: Vec<Record> = Vec::new();
    let mut community: Option<Slug> = None;
    let records = world.records().map(Some).chain([None]);
    for next in records {
        let key = next.as_ref().map(|(key, _)| key.clone());
        if (key != community || batch.len() == 500) && !batch.is_empty() {
            let to = community.as_ref().unwrap();
            session.import(to, None, &batch).await.unwrap();
            batch.clear();
        }
        community = key;
        batch.extend(next.map(|(_, record)| reworded(record, dice)));
    }
}

/// A record whose texts are made of words that are the same in every language.
fn reworded(mut record: Record, dice: &mut Dice) -> Record {
    match &mut record {
        Record::Topic(topic) => {
            topic.title = Title::new(&text(dice, 6)).unwrap();
            topic.body = text(dice, 30);
        }
        Record::Post(post) => post.body = text(dice, 20),
        Record::Revision(revision) => revision.body = text(dice, 20),
        _ => {}
    }
    record
}

/// A text of up to so many words, some of them frequent and most of them rare.
pub(crate) fn text(dice: &mut Dice, most: usize) -> String {
    let words: Vec<String> = (0..dice.between(1, most)).map(|_| word(dice)).collect();
    words.join(if dice.chance(90) { " " } else { ", " })
}

pub(crate) fn word(dice: &mut Dice) -> String {
    let most = dice.between(1, WORDS);
    format!("w{}x", dice.below(most))
}

/// The nine kinds of people of a world, a visitor and the system.
fn viewers(engine: &Engine, world: &World) -> Vec<Viewer> {
    let cast = world.cast();
    let keys = [
        cast.manager,
        cast.moderator,
        cast.channel_moderator,
        cast.employee,
        cast.expert,
        cast.customer,
        cast.silenced,
        cast.suspended,
        cast.outsider,
        key("member:12"),
    ];
    let named = keys.iter().map(|key| block_on(engine.member_by_key(key)).unwrap().viewer());
    let stranger = Viewer::Member(MemberId::from_bytes([7; 16]));
    named.chain([Viewer::Anonymous, Viewer::System, stranger]).collect()
}

pub(crate) fn key(text: &str) -> Key {
    text.parse().unwrap()
}

/// A search that somebody might ask for: words, phrases and fields in all combinations, of what is
/// there and of what is not.
pub(crate) fn any_query(dice: &mut Dice, names: &Names) -> SearchQuery {
    let mut parts: Vec<String> = Vec::new();
    let fields = if dice.chance(50) { dice.below(3) } else { 0 };
    for _ in 0..dice.below(4) {
        parts.push(word(dice));
    }
    for _ in 0..fields {
        parts.push(any_term(dice, names));
    }
    if dice.chance(20) {
        parts.push(format!("-{}", any_term(dice, names)));
    }
    if dice.chance(20) {
        parts.push(format!("{} OR {}", any_term(dice, names), any_term(dice, names)));
    }
    if dice.chance(10) {
        parts.push("in:title".to_owned());
    }
    let mut query = SearchQuery::everywhere(parts.join(" "))
        .sort(*dice.pick(&SearchSort::ALL))
        .per(*dice.pick(&Per::ALL))
        .limit(*dice.pick(&[9, 40, 100]))
        .exact();
    query.facets = dice.chance(60);
    if dice.chance(60) {
        query.communities = vec![dice.pick(&names.communities).clone()];
    }
    query
}

fn any_term(dice: &mut Dice, names: &Names) -> String {
    match dice.below(11) {
        0 => word(dice),
        1 | 2 => format!("\"{} {}\"", word(dice), word(dice)),
        3 => format!("w{}*", dice.below(7)),
        4 => format!("label:{}", dice.pick(&names.labels)),
        5 => format!("channel:{}", dice.pick(&names.channels)),
        6 => format!("author:{}", dice.pick(&names.members)),
        7 => format!("kind:{}", dice.pick(&["question", "discussion", "idea", "nothing"])),
        8 => {
            let is = ["answered", "unanswered", "solved", "official", "corrected"];
            format!("is:{}", dice.pick(&is))
        }
        9 => format!("after:2024-0{}-11", dice.between(1, 9)),
        _ => format!("before:2024-0{}-11", dice.between(1, 9)),
    }
}

/// Everything that a search finds, page by page: the first page, and all hits. Every page but the
/// last has to be full. `None` when the community does not exist for the viewer.
pub(crate) fn walked(session: &Session, query: &SearchQuery) -> Option<(SearchView, Vec<String>)> {
    let first = match block_on(session.search(query)) {
        Err(Error::NotFound("community")) => return None,
        first => first.unwrap(),
    };
    let mut hits = Vec::new();
    let mut page = first.clone();
    loop {
        let size = query.limit.unwrap();
        let is_last = page.next.is_none();
        assert!(page.hits.len() == size || is_last, "{query:?}: a page of {}", page.hits.len());
        hits.extend(page.hits.iter().map(|hit| match query.per {
            Per::Topic => hit.topic.topic.id.to_string(),
            Per::Post => hit.post.post.id.to_string(),
        }));
        let Some(next) = page.next else { break };
        let after = SearchQuery { after: Some(next), facets: false, ..query.clone() };
        page = block_on(session.search(&after)).unwrap();
    }
    let unique: BTreeSet<&String> = hits.iter().collect();
    assert_eq!(unique.len(), hits.len(), "{query:?} shows something twice");
    Some((first, hits))
}
