//! Counts of what was imported.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};

use serde_json::Value;

use crate::{SITES, Site};

/// A value of an attribute of a row, read as plainly as can be.
fn attribute<'a>(row: &'a str, name: &str) -> Option<&'a str> {
    let start = row.find(&format!(" {name}=\""))? + name.len() + 3;
    row[start..].split('"').next()
}

/// Rows of a table.
fn rows(site: &Site, table: &str) -> Vec<String> {
    let file = File::open(site.dump.join(format!("{table}.xml"))).unwrap();
    let lines = BufReader::new(file).lines().map(Result::unwrap);
    lines.filter(|line| line.contains("<row ")).collect()
}

#[test]
fn every_question_answer_and_comment_is_there_with_its_exact_score_and_counts() {
    for site in SITES.into_iter().filter_map(Site::imported) {
        let lines = String::from_utf8(site.export()).unwrap();
        let mut items: BTreeMap<String, Value> = BTreeMap::new();
        let mut scores: BTreeMap<String, i64> = BTreeMap::new();
        let (mut comments, mut answers) = (BTreeMap::new(), BTreeMap::new());
        for line in lines.lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
            match record["type"].as_str().unwrap() {
                "topic" => drop(items.insert(text("key"), record.clone())),
                "post" => {
                    let key = text("key");
                    if key.starts_with("answer:") {
                        *answers.entry(text("topic")).or_insert(0) += 1;
                    } else {
                        let parent = record["parent"].as_str().map(str::to_owned);
                        *comments.entry(parent.unwrap_or(text("topic"))).or_insert(0) += 1;
                    }
                    items.insert(key, record.clone());
                }
                "reaction" => {
                    let step = if record["key"] == "up" { 1 } else { -1 };
                    *scores.entry(text("post")).or_default() += step;
                }
                _ => {}
            }
        }
        let number = |row: &str, name: &str| -> i64 {
            attribute(row, name).map_or(0, |value| value.parse().unwrap())
        };
        let mut seen = BTreeMap::new();
        for row in rows(&site, "Posts") {
            let kind = match attribute(&row, "PostTypeId") {
                Some("1") => "question",
                Some("2") => "answer",
                _ => continue,
            };
            *seen.entry(kind).or_insert(0) += 1;
            let key = format!("{kind}:{}", attribute(&row, "Id").unwrap());
            assert!(items.contains_key(&key), "{key} is missing");
            let score = scores.get(&key).copied().unwrap_or_default();
            assert_eq!(score, number(&row, "Score"), "score of {key}");
            let count = comments.get(&key).copied().unwrap_or_default();
            assert_eq!(count, number(&row, "CommentCount"), "comments of {key}");
            if kind == "question" {
                let count = answers.get(&key).copied().unwrap_or_default();
                assert_eq!(count, number(&row, "AnswerCount"), "answers of {key}");
            }
        }
        for row in rows(&site, "Comments") {
            let key = format!("comment:{}", attribute(&row, "Id").unwrap());
            assert!(items.contains_key(&key), "{key} is missing");
            let score = scores.get(&key).copied().unwrap_or_default();
            assert_eq!(score, number(&row, "Score"), "score of {key}");
        }
        let expected = &site.expected["posts_by_type"];
        assert_eq!(Value::from(seen["question"]), expected["Question"]);
        assert_eq!(Value::from(seen["answer"]), expected["Answer"]);
        let closed = items.values().filter(|item| item["status"] == "closed").count();
        assert_eq!(Value::from(closed), site.expected["closed_questions"]);
        let accepted = items.values().filter(|item| !item["accepted"].is_null()).count();
        assert_eq!(Value::from(accepted), site.expected["accepted"]["questions_with_accepted"]);
    }
}

#[test]
fn verification_finds_nothing_after_an_import() {
    for site in SITES.into_iter().filter_map(Site::imported) {
        let report = site.run(&["verify"]);
        assert_eq!(report["findings"], serde_json::json!([]), "{}", site.name);
        assert!(report["checks"].as_u64().unwrap() > 10_000);
    }
}

#[test]
fn a_second_import_changes_nothing() {
    for site in SITES.into_iter().filter_map(Site::imported) {
        let before = site.export();
        site.import();
        assert!(before == site.export(), "{}: the export differs", site.name);
    }
}

#[test]
fn an_export_imports_into_an_equal_community() {
    for site in SITES.into_iter().filter_map(Site::imported) {
        let lines = site.export();
        let other = Site::new(site.name).unwrap();
        let file = site.dir.path().join("export.jsonl");
        let file = file.to_str().unwrap();
        other.run(&["import", "jsonl", file, "--community", site.name]);
        assert!(lines == other.export(), "{}: the export differs", site.name);
    }
}
