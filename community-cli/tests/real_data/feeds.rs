//! Feeds and threads against reference lists.

use serde_json::Value;

use crate::{SITES, Site};

/// The keys of a page of a feed, at the moment for which the reference lists were computed.
fn feed(site: &Site, arguments: &[&str]) -> Vec<String> {
    let now = site.feeds["now"].as_str().unwrap();
    let mut all = vec!["--now", now, "feed", site.name];
    all.extend(arguments);
    let page = site.run(&all);
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["key"].as_str().unwrap().to_owned()).collect()
}

fn ids(list: &Value, prefix: &str) -> Vec<String> {
    let ids = list.as_array().unwrap();
    ids.iter().map(|id| format!("{prefix}:{id}")).collect()
}

#[test]
fn feeds_are_those_computed_from_the_dump() {
    let lists: [(&str, &[&str]); 7] = [
        ("newest20", &["--sort", "new"]),
        ("active20", &["--sort", "active"]),
        ("top20_all_time", &["--sort", "top", "--window", "all"]),
        ("top20_last_30_days", &["--sort", "top", "--window", "30d"]),
        ("top20_last_7_days", &["--sort", "top", "--window", "7d"]),
        ("unanswered20_no_answer", &["--sort", "unanswered"]),
        ("hot20_reddit", &["--sort", "hot"]),
    ];
    for site in SITES.into_iter().filter_map(Site::imported) {
        for (name, arguments) in lists {
            let expected = ids(&site.feeds["feeds"][name]["ids"], "question");
            assert_eq!(feed(&site, arguments), expected, "{}: {name}", site.name);
        }
    }
}

#[test]
fn feeds_by_label_are_those_computed_from_the_dump() {
    for site in SITES.into_iter().filter_map(Site::imported) {
        for (name, sort) in [("by_tag_newest10", "new"), ("by_tag_top10", "top")] {
            for (label, list) in site.feeds["feeds"][name].as_object().unwrap() {
                let found = feed(&site, &["--sort", sort, "--label", label, "--limit", "10"]);
                let expected = ids(&list["ids"], "question");
                assert_eq!(found, expected, "{}: {name} {label}", site.name);
            }
        }
    }
}

#[test]
fn answers_stand_in_the_order_computed_from_the_dump() {
    for site in SITES.into_iter().filter_map(Site::imported) {
        let orders = &site.feeds["answer_order_20_most_answered"]["orders"];
        for (question, expected) in orders.as_object().unwrap() {
            let key = format!("question:{question}");
            let thread =
                site.run(&["topic", &key, "--order", "best", "--depth", "1", "--limit", "100"]);
            assert_eq!(thread["next"], Value::Null, "{key} fits on a page");
            let posts = thread["posts"].as_array().unwrap();
            let found: Vec<&str> = posts
                .iter()
                .filter(|post| post["kind"] == "answer")
                .map(|post| post["key"].as_str().unwrap())
                .collect();
            assert_eq!(found, ids(expected, "answer"), "{}: {key}", site.name);
        }
    }
}

#[test]
fn a_feed_walked_to_its_end_holds_every_question_once() {
    for site in SITES.into_iter().filter_map(Site::imported) {
        let mut seen = std::collections::BTreeSet::new();
        let mut after: Option<String> = None;
        loop {
            let mut arguments = vec!["feed", site.name, "--sort", "hot", "--limit", "97"];
            if let Some(cursor) = &after {
                arguments.extend(["--after", cursor]);
            }
            let page = site.run(&arguments);
            for item in page["items"].as_array().unwrap() {
                assert!(seen.insert(item["key"].as_str().unwrap().to_owned()));
            }
            match page["next"].as_str() {
                Some(next) => after = Some(next.to_owned()),
                None => break,
            }
        }
        assert_eq!(Value::from(seen.len()), site.feeds["questions"]);
    }
}
