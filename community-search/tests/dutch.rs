//! Dutch words in their inflected forms, on sentences of two treebanks.
//!
//! The sentences are looked for in `../shared/data`, or where `COMMUNITY_TEST_DATA` says; where
//! they are absent the test says so and passes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use community_search::analysis::{Analyzer, Language};
use serde_json::Value;

#[test]
fn an_inflected_word_finds_the_sentences_with_its_other_forms() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let data = std::env::var_os("COMMUNITY_TEST_DATA").map_or(beside, PathBuf::from);
    let folder = data.join("languages/stemsearch-nl");
    if !folder.is_dir() {
        eprintln!("ignored: there is no data at {}", folder.display());
        return;
    }
    let dutch = mean_f1(&folder, Language::Dutch);
    let exact = mean_f1(&folder, Language::Neutral);
    println!("mean F1: {dutch:.4}, and {exact:.4} without stemming");
    assert!(dutch >= 0.76, "mean F1 {dutch:.4}");
    assert!(exact < 0.60, "the collection tells stemming from none: {exact:.4}");
}

fn mean_f1(folder: &Path, language: Language) -> f64 {
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let lines = |name: &str| -> Vec<Value> {
        read(name).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let text = |line: &Value, field: &str| line[field].as_str().unwrap().to_owned();
    let analyzer = Analyzer::new(language);
    let mut sentences: HashMap<Arc<str>, HashSet<String>> = HashMap::new();
    for line in lines("docs.jsonl") {
        for token in analyzer.tokens(&text(&line, "text")) {
            sentences.entry(token.text).or_default().insert(text(&line, "id"));
        }
    }
    let mut relevant: HashMap<String, HashSet<String>> = HashMap::new();
    for line in read("qrels.txt").lines() {
        let columns: Vec<&str> = line.split_whitespace().collect();
        relevant.entry(columns[0].to_owned()).or_default().insert(columns[2].to_owned());
    }
    let queries = lines("queries.jsonl");
    let f1 = |query: &Value| {
        let forms = analyzer.query_tokens(&text(query, "text"));
        let found: HashSet<&String> =
            forms.iter().filter_map(|form| sentences.get(&form.text)).flatten().collect();
        let relevant = &relevant[&text(query, "id")];
        let right = found.iter().filter(|id| relevant.contains(**id)).count();
        2.0 * right as f64 / (found.len() + relevant.len()) as f64
    };
    queries.iter().map(f1).sum::<f64>() / queries.len() as f64
}
