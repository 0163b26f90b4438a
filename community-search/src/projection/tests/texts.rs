//! By which words posts are found.

use community_core::{
    Audience, NewChannel, NewCommunity, NewLabel, NewMember, NewPost, NewTopic, Policy, PostEdit,
    PostId, PostKind, Session, Slug, TopicEdit, TopicId, Viewer,
};
use tantivy::collector::DocSetCollector;
use tantivy::query::TermQuery;
use tantivy::schema::{Field, IndexRecordOption, Value};
use tantivy::{TantivyDocument, Term};

use super::*;
use crate::schema::Fields;

/// A community with one question, and an index that follows it.
pub(crate) struct Shed {
    pub(crate) engine: Engine,
    pub(crate) ana: Session,
    pub(crate) question: TopicId,
    projection: Projection,
}

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

impl Shed {
    pub(crate) fn new() -> Self {
        Self::on(Engine::with_env(Arc::new(MemoryStore::with_epoch(1)), env().0))
    }

    pub(crate) fn on(engine: Engine) -> Self {
        let (ana, question) = block_on(async {
            let system = engine.as_system();
            let shed = NewCommunity::new(slug("shed"), "Shed".parse().unwrap(), Policy::public());
            system.create_community(shed).await.unwrap();
            let channel = NewChannel::new(slug("bikes"), "Bikes".parse().unwrap());
            system.create_channel(&slug("shed"), channel).await.unwrap();
            for (key, name) in [("noise", "Strange noises"), ("secret", "Recall campaign")] {
                let label = NewLabel::new(slug(key), name.parse().unwrap());
                let audience = if key == "secret" { Audience::Nobody } else { Audience::Everyone };
                system.put_label(&slug("shed"), label.audience(audience)).await.unwrap();
            }
            let ana = NewMember::new("user:1".parse().unwrap(), "Ana".parse().unwrap());
            let id = system.sync_member(ana).await.unwrap();
            let ana = engine.session(Viewer::Member(id));
            ana.join(&slug("shed")).await.unwrap();
            let question = NewTopic::new(
                slug("shed"),
                slug("bikes"),
                slug("question"),
                "Squeaking saddle",
                "It happens uphill.",
            );
            let question = ana.start_topic(question.label(slug("noise"))).await.unwrap();
            let labels = Some(vec![slug("noise"), slug("secret")]);
            let edit = TopicEdit { labels, ..TopicEdit::default() };
            system.edit_topic(question, edit).await.unwrap();
            (ana, question)
        });
        let projection = Projection::in_memory(settings(1), engine.env().clone());
        Self { engine, ana, question, projection }
    }

    pub(crate) fn answer(&self, body: &str) -> PostId {
        let answer = NewPost::new(self.question, body).kind(PostKind::Answer);
        block_on(self.ana.reply(answer)).unwrap()
    }

    /// Which posts have a word in a field.
    fn with(&mut self, field: fn(&Fields) -> Field, word: &str) -> Vec<PostId> {
        catch_up(&mut self.projection, self.engine.store(), 100);
        assert_eq!(dump(&self.projection), in_one_go(self.engine.store()));
        let snapshot = self.projection.index().snapshot().unwrap();
        let term = Term::from_field_text(field(snapshot.fields()), word);
        let query = TermQuery::new(term, IndexRecordOption::Basic);
        let found = snapshot.searcher().search(&query, &DocSetCollector).unwrap();
        let post = |address| {
            let document: TantivyDocument = snapshot.searcher().doc(address).unwrap();
            let id = document.get_first(snapshot.fields().facts.post).unwrap().as_bytes().unwrap();
            PostId::from_bytes(id.try_into().unwrap())
        };
        let mut posts: Vec<PostId> = found.into_iter().map(post).collect();
        posts.sort();
        posts
    }

    fn all(&mut self, word: &str) -> Vec<PostId> {
        self.with(|fields| fields.all, word)
    }

    pub(crate) fn opening(&self) -> PostId {
        let topics = [self.question];
        let scope = community_core::Scope::system(community_core::AccessRev::default());
        let rows = block_on(self.engine.store().topics(&topics, &scope)).unwrap();
        let row = rows.into_iter().flatten().find_map(|row| scope.admit(row)).unwrap();
        row.topic.opening
    }
}

#[test]
fn a_topic_is_found_by_its_title_its_text_its_labels_and_its_answers() {
    let mut shed = Shed::new();
    let answer = shed.answer("Grease the seatpost.");
    let opening = shed.opening();
    for word in ["saddl", "uphil", "nois"] {
        assert_eq!(shed.all(word), [opening], "{word}");
    }
    assert_eq!(shed.all("seatpost"), [opening, answer]);
    assert_eq!(shed.with(|fields| fields.title, "saddl"), [opening]);
    assert_eq!(shed.with(|fields| fields.body, "seatpost"), [answer]);
}

#[test]
fn a_comment_finds_no_topic() {
    let mut shed = Shed::new();
    let answer = shed.answer("Grease the seatpost.");
    let comment = NewPost::new(shed.question, "Worked wonders.").to(answer);
    let comment = block_on(shed.ana.reply(comment)).unwrap();
    assert_eq!(shed.all("wonder"), [comment]);
}

#[test]
fn an_answer_that_is_hidden_or_edited_finds_its_topic_no_more() {
    let mut shed = Shed::new();
    let (kept, hidden) = (shed.answer("Tighten the clamp."), shed.answer("Grease the seatpost."));
    let opening = shed.opening();
    assert_eq!(shed.all("seatpost"), [opening, hidden]);
    block_on(shed.ana.withdraw_post(hidden)).unwrap();
    assert_eq!(shed.all("seatpost"), [hidden]);
    block_on(shed.ana.restore_post(hidden)).unwrap();
    assert_eq!(shed.all("seatpost"), [opening, hidden]);
    let system = shed.engine.as_system();
    block_on(system.remove_post(hidden)).unwrap();
    assert_eq!(shed.all("seatpost"), [hidden]);
    block_on(shed.ana.edit_post(kept, PostEdit::new("Oil the rails."))).unwrap();
    assert_eq!(shed.all("clamp"), []);
    assert_eq!(shed.all("rail"), [opening, kept]);
}

#[test]
fn the_only_answer_of_a_topic_may_be_hidden() {
    let mut shed = Shed::new();
    let answer = shed.answer("Grease the seatpost.");
    assert_eq!(shed.all("seatpost"), [shed.opening(), answer]);
    block_on(shed.ana.withdraw_post(answer)).unwrap();
    assert_eq!(shed.all("seatpost"), [answer]);
}

#[test]
fn a_label_with_an_audience_finds_nothing_by_its_words() {
    let mut shed = Shed::new();
    let opening = shed.opening();
    assert_eq!(shed.all("recal"), []);
    assert_eq!(shed.with(|fields| fields.facts.label, "secret"), [opening]);
    let system = shed.engine.as_system();
    let name = || "Recall campaign".parse().unwrap();
    let shown = NewLabel::new(slug("secret"), name()).audience(Audience::Everyone);
    block_on(system.put_label(&slug("shed"), shown)).unwrap();
    assert_eq!(shed.all("recal"), [opening]);
    let hidden = NewLabel::new(slug("secret"), name()).audience(Audience::SignedIn);
    block_on(system.put_label(&slug("shed"), hidden)).unwrap();
    assert_eq!(shed.all("recal"), []);
}

#[test]
fn a_label_that_is_renamed_finds_by_its_new_name() {
    let mut shed = Shed::new();
    let opening = shed.opening();
    assert_eq!(shed.all("nois"), [opening]);
    let system = shed.engine.as_system();
    // In one portion with something else, and beside changes that were not committed yet.
    let renamed = NewLabel::new(slug("noise"), "Rattles".parse().unwrap());
    block_on(system.put_label(&slug("shed"), renamed)).unwrap();
    shed.answer("Grease the seatpost.");
    assert_eq!(shed.all("nois"), []);
    assert_eq!(shed.all("rattl"), [opening]);
}

#[test]
fn a_label_is_renamed_on_topics_that_wait_for_their_commit_too() {
    let shed = Shed::new();
    let system = shed.engine.as_system();
    let disk: Arc<dyn Disk> = Arc::new(Memory::default());
    let mut waiting = projection(&disk, usize::MAX);
    catch_up(&mut waiting, shed.engine.store(), 100);
    let other = NewTopic::new(slug("shed"), slug("bikes"), slug("question"), "Hum", "Loud.");
    block_on(shed.ana.start_topic(other.label(slug("noise")))).unwrap();
    block_on(waiting.catch_up(shed.engine.store(), 100)).unwrap();
    let renamed = NewLabel::new(slug("noise"), "Rattles".parse().unwrap());
    block_on(system.put_label(&slug("shed"), renamed)).unwrap();
    catch_up(&mut waiting, shed.engine.store(), 100);
    assert_eq!(dump(&waiting), in_one_go(shed.engine.store()));
}

#[test]
fn titles_and_labels_follow_their_edits() {
    let mut shed = Shed::new();
    let opening = shed.opening();
    assert_eq!(shed.all("saddl"), [opening]);
    let edit = TopicEdit {
        title: Some("Creaking frame".to_owned()),
        labels: Some(vec![]),
        ..TopicEdit::default()
    };
    block_on(shed.engine.as_system().edit_topic(shed.question, edit)).unwrap();
    assert_eq!(shed.all("saddl"), []);
    assert_eq!(shed.all("nois"), []);
    assert_eq!(shed.all("frame"), [opening]);
    assert_eq!(shed.with(|fields| fields.facts.label, "noise"), []);
}

#[test]
fn accepted_and_official_answers_count_before_a_long_thread_of_others() {
    let mut shed = Shed::new();
    let opening = shed.opening();
    let long = "filler ".repeat(9_000);
    shed.answer(&long);
    shed.answer(&long);
    let last = shed.answer("Grease the seatpost.");
    assert_eq!(shed.all("seatpost"), [last]);
    block_on(shed.engine.as_system().accept(last, None)).unwrap();
    assert_eq!(shed.all("seatpost"), [opening, last]);
    block_on(shed.engine.as_system().unaccept(last)).unwrap();
    assert_eq!(shed.all("seatpost"), [last]);
    block_on(shed.engine.as_system().set_official(last, true, None)).unwrap();
    assert_eq!(shed.all("seatpost"), [opening, last]);
}

#[test]
fn what_is_written_while_the_index_reads_is_in_it() {
    for call in 1..40 {
        let model = community_testkit::ModelStore::new();
        let shed = Shed::on(Engine::with_env(Arc::new(model.clone()), env().0));
        let first = shed.answer("Grease the seatpost.");
        let store = community_testkit::FaultyStore::new(model.clone());
        let (ana, system, question) = (shed.ana.clone(), shed.engine.as_system(), shed.question);
        store.interrupt(call, move || {
            block_on(async {
                let answer = NewPost::new(question, "Tighten it.").kind(PostKind::Answer);
                let second = ana.reply(answer).await.unwrap();
                ana.edit_post(first, PostEdit::new("Oil the rails.")).await.unwrap();
                system.accept(second, None).await.unwrap();
                ana.withdraw_post(first).await.unwrap();
            });
        });
        let disk: Arc<dyn Disk> = Arc::new(Memory::default());
        let mut projection = projection(&disk, 1);
        catch_up(&mut projection, &store, 2);
        catch_up(&mut projection, &store, 2);
        if store.is_pending() {
            assert!(call > 20, "{call} calls");
            break;
        }
        assert_eq!(dump(&projection), in_one_go(&model), "written before call {call}");
    }
}
