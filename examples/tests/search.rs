//! The search example finds each question by other forms of its words.

#[path = "../search.rs"]
mod search;

#[test]
fn each_question_is_found_by_other_forms_of_its_words() {
    let lines = pollster::block_on(search::run()).unwrap();
    assert_eq!(
        lines,
        [
            "kettle switch: <mark>Kettles</mark> that do not boil … Two <mark>kettles</mark> stay \
             cold, and their <mark>switches</mark> click.",
            "fietsen banden: Mijn fietsband is lek … De achterste <mark>band</mark> van mijn \
             <mark>fiets</mark> loopt leeg na elke rit.",
            "is:unanswered author:user:1 -lek: Kettles that do not boil … Two kettles stay cold, \
             and their switches click.",
            "asked before: Kettles that do not boil",
        ]
    );
}
