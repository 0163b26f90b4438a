//! Topics like another one, and like what somebody is about to ask.

use community::index::analysis::Language;
use community::search::SimilarQuery;
use community::{PostId, ThreadQuery, TopicId};
use pollster::block_on;

use crate::languages::Room;

fn workshop() -> (Room, Vec<TopicId>) {
    let room = Room::new(Language::English);
    let questions = [
        ("How do I mend a flat tyre?", "The tyre of my bicycle is flat and I have no pump."),
        ("Which pump fits my bicycle tyre?", "There are two valves, and no pump fits the tyre."),
        ("Sowing tomatoes early", "The greenhouse is still cold, and tomatoes need warmth."),
        ("Hoe plak ik een lekke band?", "De band van mijn fiets is lek en ik heb geen pomp."),
    ];
    let topics = questions.map(|(title, body)| room.ask(title, body)).to_vec();
    (room, topics)
}

fn similar(room: &Room, title: &str, body: &str) -> Vec<TopicId> {
    block_on(room.engine.indexed()).unwrap();
    let query = SimilarQuery::community(room.key.clone(), title).body(body);
    let rows = block_on(room.engine.anonymous().similar(&query)).unwrap();
    rows.iter().map(|row| row.topic.id).collect()
}

#[test]
fn topics_like_what_is_typed_come_best_first() {
    let (room, topics) = workshop();
    assert_eq!(similar(&room, "my tyre is flat", "")[0], topics[0]);
    assert_eq!(similar(&room, "tomato", "sowing in the greenhouse"), [topics[2]]);
    assert_eq!(similar(&room, "mijn band is lek", "wie heeft een pomp")[0], topics[3]);
    assert!(similar(&room, "", "").is_empty());
    assert!(similar(&room, "the of and", "").len() <= topics.len());
    assert!(similar(&room, "zeppelin", "").is_empty());
}

#[test]
fn what_was_answered_is_found_by_the_words_of_its_answer() {
    let (room, topics) = workshop();
    room.reply(topics[2], "After the frost, in the middle of May, with a mulch of straw.");
    assert_eq!(similar(&room, "straw mulch", ""), [topics[2]]);
}

#[test]
fn a_topic_is_not_like_itself_and_those_with_an_accepted_answer_come_first() {
    let (room, topics) = workshop();
    let related = || {
        block_on(room.engine.indexed()).unwrap();
        let rows = block_on(room.engine.anonymous().related(topics[0], None)).unwrap();
        rows.iter().map(|row| row.topic.id).collect::<Vec<_>>()
    };
    let third = room.ask("My tyre is flat again", "The flat tyre of my bicycle, and a pump.");
    assert!(!related().contains(&topics[0]));
    assert_eq!(related()[..2], [third, topics[1]]);
    room.reply(topics[1], "One with a head for both valves.");
    let thread = block_on(room.writer.thread(topics[1], &ThreadQuery::default())).unwrap();
    let answer: PostId = thread.items[1].id();
    block_on(room.writer.accept(answer, None)).unwrap();
    assert_eq!(related()[..2], [topics[1], third]);
}
