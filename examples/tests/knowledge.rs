//! The knowledge example takes a topic all the way to an article that is kept true.

#[path = "../knowledge.rs"]
mod knowledge;

#[test]
fn a_topic_becomes_an_article_goes_stale_and_is_confirmed() {
    let lines = pollster::block_on(knowledge::run()).unwrap();
    assert_eq!(
        lines,
        [
            "candidate: The kettle stays cold (accepted 1, score 1, age 8)",
            "a visitor: there is no such article",
            "Problem: It clicks, and nothing happens. (Ana, revision 1)",
            "Resolution: Clean the switch with vinegar. (Noor, revision 1)",
            "found by its topic: The kettle stays cold",
            "found by its words: It clicks, and nothing happens. <mark>Clean</mark> the \
             <mark>switch</mark> with vinegar.",
            "and: The kettle stays cold",
            "The kettle stays cold is stale: corrected",
            "points: 60",
            "added: Unplug it first.",
            "a year later: review_due",
            "published, still true: 2027-03-10",
        ]
    );
}
