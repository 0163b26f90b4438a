//! Cases in Dutch, English and Spanish: what is found, what is marked, what is counted.

use community::index::analysis::Language;
use community::index::{Keeper, Settings};
use community::memory::MemoryStore;
use community::search::Per;
use community::{
    CommunityUpdate, Engine, Env, NewChannel, NewCommunity, NewMember, NewPost, NewTopic, Policy,
    SearchQuery, SearchView, Session, Slug, Store, TopicId,
};
use pollster::block_on;
use std::sync::Arc;

/// A community in which one member writes.
pub(crate) struct Room {
    pub(crate) engine: Engine,
    pub(crate) key: Slug,
    pub(crate) writer: Session,
}

impl Room {
    pub(crate) fn new(language: Language) -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let settings = Settings { language, ..Settings::default() };
        let index = Keeper::in_memory(settings, Env::default(), Arc::clone(&store)).unwrap();
        let engine = Engine::with_index(store, Env::default(), Arc::new(index));
        let key: Slug = "room".parse().unwrap();
        let host = engine.as_system();
        let writer = block_on(async {
            let new = NewCommunity::new(key.clone(), "Room".parse()?, Policy::public());
            host.create_community(new).await?;
            host.create_channel(&key, NewChannel::new("talk".parse()?, "Talk".parse()?)).await?;
            let writer = NewMember::new("user:1".parse()?, "Ana".parse()?);
            let writer = engine.member(host.sync_member(writer).await?);
            writer.join(&key).await?;
            Ok::<_, community::Error>(writer)
        });
        Self { engine, key, writer: writer.unwrap() }
    }

    pub(crate) fn ask(&self, title: &str, body: &str) -> TopicId {
        let (key, channel) = (self.key.clone(), "talk".parse().unwrap());
        let new = NewTopic::new(key, channel, "question".parse().unwrap(), title, body);
        block_on(self.writer.start_topic(new)).unwrap()
    }

    pub(crate) fn reply(&self, topic: TopicId, body: &str) {
        block_on(self.writer.reply(NewPost::new(topic, body))).unwrap();
    }

    pub(crate) fn search(&self, query: &SearchQuery) -> SearchView {
        block_on(async {
            self.engine.indexed().await?;
            self.engine.anonymous().search(query).await
        })
        .unwrap()
    }

    /// The titles of the topics that a text finds, best first.
    pub(crate) fn titles(&self, text: &str) -> Vec<String> {
        let found = self.search(&SearchQuery::community(self.key.clone(), text));
        found.hits.iter().map(|hit| hit.topic.topic.title.as_str().to_owned()).collect()
    }
}

const DUTCH: &str = "Mijn fietsen staan in de schuur, en de banden zijn weer lek na de winter.";
const ENGLISH: &str = "My bicycles are in the shed, and the tyres have gone flat after the winter.";
const SPANISH: &str = "Mis bicicletas están en el cobertizo y las ruedas se pincharon en invierno.";

fn three_languages() -> Room {
    let room = Room::new(Language::English);
    room.ask("Banden plakken in de schuur", DUTCH);
    room.ask("Mending tyres in the shed", ENGLISH);
    room.ask("Reparar las ruedas en el cobertizo", SPANISH);
    room
}

#[test]
fn words_are_found_in_other_forms_in_each_language() {
    let room = three_languages();
    for (query, title) in [
        ("fiets", "Banden plakken in de schuur"),
        ("band", "Banden plakken in de schuur"),
        ("bicycle", "Mending tyres in the shed"),
        ("mend", "Mending tyres in the shed"),
        ("bicicleta", "Reparar las ruedas en el cobertizo"),
        ("reparando rueda", "Reparar las ruedas en el cobertizo"),
    ] {
        assert_eq!(room.titles(query), [title], "{query}");
    }
}

#[test]
fn letters_are_found_without_their_accents_and_in_capitals() {
    let room = three_languages();
    room.ask("Een café in Curaçao", "Wie kent een goed café waar je na het fietsen iets drinkt?");
    assert_eq!(room.titles("CAFE CURACAO"), ["Een café in Curaçao"]);
    assert_eq!(room.titles("estan"), ["Reparar las ruedas en el cobertizo"]);
    assert_eq!(room.titles("café"), ["Een café in Curaçao"]);
}

#[test]
fn a_language_is_a_condition() {
    let room = three_languages();
    assert_eq!(room.titles("lang:nl"), ["Banden plakken in de schuur"]);
    assert_eq!(room.titles("lang:nld"), ["Banden plakken in de schuur"]);
    assert_eq!(room.titles("lang:es"), ["Reparar las ruedas en el cobertizo"]);
    assert_eq!(room.titles("lang:en"), ["Mending tyres in the shed"]);
    assert_eq!(room.titles("winter -lang:en").len(), 1);
    assert!(room.titles("lang:xx").is_empty());
}

#[test]
fn signs_of_chinese_and_japanese_are_found_without_blanks_between_words() {
    let room = Room::new(Language::English);
    room.ask("自転車の修理", "自転車のタイヤがパンクしました。どこで修理できますか。");
    room.ask("东京的天气", "请问东京的天气怎么样？明天会下雨吗？");
    assert_eq!(room.titles("修理"), ["自転車の修理"]);
    assert_eq!(room.titles("天气"), ["东京的天气"]);
    assert_eq!(room.titles("\"タイヤ\""), ["自転車の修理"]);
}

#[test]
fn highlights_mark_the_forms_that_were_found() {
    let room = three_languages();
    for (query, title, body) in [
        (
            "schuur fiets",
            "Banden plakken in de <mark>schuur</mark>",
            "Mijn <mark>fietsen</mark> staan in de <mark>schuur</mark>, en de banden zijn weer lek \
             na de winter.",
        ),
        (
            "tyre bicycle",
            "Mending <mark>tyres</mark> in the shed",
            "My <mark>bicycles</mark> are in the shed, and the <mark>tyres</mark> have gone flat \
             after the winter.",
        ),
        (
            "rueda",
            "Reparar las <mark>ruedas</mark> en el cobertizo",
            "Mis bicicletas están en el cobertizo y las <mark>ruedas</mark> se pincharon en \
             invierno.",
        ),
    ] {
        let found = room.search(&SearchQuery::community(room.key.clone(), query));
        assert_eq!(found.hits[0].title_html(), title);
        assert_eq!(found.hits[0].fragments_html(), [body]);
    }
}

#[test]
fn highlights_are_html_that_is_safe() {
    let room = Room::new(Language::English);
    room.ask("<b>Bold</b> tyres", "A tyre & a <script>alert('tyre')</script> \"quoted\" tyre");
    let found = room.search(&SearchQuery::community(room.key.clone(), "tyre script"));
    assert_eq!(found.hits[0].title_html(), "&lt;b&gt;Bold&lt;/b&gt; <mark>tyres</mark>");
    assert_eq!(
        found.hits[0].fragments_html(),
        [
            "A <mark>tyre</mark> &amp; a &lt;<mark>script</mark>&gt;alert(&#39;<mark>tyre</mark>&#39;)\
          &lt;/<mark>script</mark>&gt; &quot;quoted&quot; <mark>tyre</mark>"
        ]
    );
}

#[test]
fn one_wrong_letter_in_a_longer_word_is_forgiven_when_little_is_found() {
    let room = three_languages();
    for (typed, title) in [
        // Left out, doubled, replaced, swapped.
        ("schur", "Banden plakken in de schuur"),
        ("schuuur", "Banden plakken in de schuur"),
        ("bicyles", "Mending tyres in the shed"),
        ("wniter", "Banden plakken in de schuur"),
        ("cobertiso", "Reparar las ruedas en el cobertizo"),
    ] {
        let query = SearchQuery::community(room.key.clone(), typed);
        let found = room.search(&query);
        let titles = found.hits.iter().map(|hit| hit.topic.topic.title.as_str());
        assert!(titles.collect::<Vec<_>>().contains(&title), "{typed}");
        assert!(found.typos, "{typed}");
        assert!(room.search(&query.exact()).hits.is_empty(), "{typed}");
    }
    // Short words have too many neighbours.
    assert!(room.titles("lak").is_empty());
    // Where enough is found, nothing is guessed.
    for number in 0..3 {
        room.ask(&format!("Shelf {number}"), "Where do I put a shelf for the tools and pots?");
    }
    let found = room.search(&SearchQuery::community(room.key.clone(), "shelf"));
    assert_eq!((found.typos, found.total.count), (false, 3));
}

#[test]
fn facets_count_what_is_found() {
    let room = three_languages();
    let topic =
        room.ask("Where is the pump?", "I cannot find the pump for the tyres anywhere here.");
    room.reply(topic, "The pump is on the shelf in the shed, behind the pots.");
    let query = SearchQuery::community(room.key.clone(), "tyres pump").with_facets();
    let facets = room.search(&query).facets.unwrap();
    assert_eq!(facets.kinds[0].count, 2);
    assert_eq!(facets.channels[0].value.key.as_str(), "talk");
    assert_eq!(facets.authors[0].value.key.as_str(), "user:1");
    let answered: Vec<_> = facets.answered.iter().map(|it| (it.value, it.count)).collect();
    assert_eq!(answered, [(false, 1), (true, 1)]);
    let facets = room.search(&query.per(Per::Post)).facets.unwrap();
    assert_eq!(facets.kinds[0].count, 3);
}

#[test]
fn words_that_mean_the_same_in_a_community_find_each_other() {
    let room = three_languages();
    room.ask("Rijwiel gestolen", "Gisteren is mijn rijwiel gestolen, wie heeft er iets gezien?");
    assert_eq!(room.titles("rijwiel"), ["Rijwiel gestolen"]);
    let lists = vec![vec!["fiets".to_owned(), "rijwiel".to_owned(), "stalen ros".to_owned()]];
    let update = CommunityUpdate { synonyms: Some(lists), ..CommunityUpdate::default() };
    block_on(room.engine.as_system().update_community(&room.key, update)).unwrap();
    let titles = room.titles("rijwiel");
    assert_eq!(titles, ["Rijwiel gestolen", "Banden plakken in de schuur"]);
    assert_eq!(room.titles("fietsen").len(), 2);
    assert_eq!(room.titles("\"stalen ros\"").len(), 2);
}
