//! Questions of real communities that were asked twice: which of them end in one group.

use std::collections::{BTreeMap, BTreeSet};

use community::index::analysis::Language;
use community::index::{Entry, MemoryIndex};
use serde_json::Value;

use crate::{SITES, Site};

/// Two questions by their keys.
type Pair = (String, String);

/// What an export says of questions and links.
struct Asked {
    /// By key, title and text.
    questions: BTreeMap<String, (String, String)>,
    duplicates: Vec<Pair>,
    related: Vec<Pair>,
}

fn asked(site: &Site) -> Asked {
    let export = String::from_utf8(site.export()).unwrap();
    let lines = export.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines: Vec<Value> = lines.collect();
    let of = |kind: &'static str| lines.iter().filter(move |line| line["type"] == kind);
    let text = |line: &Value, field: &str| line[field].as_str().unwrap_or_default().to_owned();
    let questions: BTreeMap<_, _> = of("topic")
        .map(|line| (text(line, "key"), (text(line, "title"), text(line, "body"))))
        .collect();
    let links = |kind: &str| {
        let pairs = of("link").filter(|line| line["kind"] == kind);
        let pairs = pairs.map(|line| (text(line, "from"), text(line, "to")));
        let known = |key: &String| questions.contains_key(key);
        pairs.filter(|(from, to)| known(from) && known(to)).collect()
    };
    let (duplicates, related) = (links("duplicate"), links("related"));
    Asked { questions, duplicates, related }
}

/// How many pairs are in one group.
fn together(pairs: &[Pair], groups: &[BTreeSet<String>]) -> usize {
    let is_together =
        |(from, to): &&Pair| groups.iter().any(|group| group.contains(from) && group.contains(to));
    pairs.iter().filter(is_together).count()
}

fn pairs_in(groups: &[BTreeSet<String>]) -> usize {
    groups.iter().map(|group| group.len() * group.len().saturating_sub(1) / 2).sum()
}

fn tell(name: &str, asked: &Asked, groups: &[BTreeSet<String>]) {
    let (pairs, duplicates) = (pairs_in(groups), together(&asked.duplicates, groups));
    let related = together(&asked.related, groups);
    println!(
        "  {name:28} {:3} groups of {:3} questions, largest {:3}, {pairs:5} pairs: \
         {duplicates} of {} duplicates ({:.0} %), {related} of {} related, {:.1} % of the pairs linked",
        groups.len(),
        groups.iter().flatten().collect::<BTreeSet<_>>().len(),
        groups.iter().map(BTreeSet::len).max().unwrap_or_default(),
        asked.duplicates.len(),
        100.0 * duplicates as f64 / asked.duplicates.len() as f64,
        asked.related.len(),
        100.0 * (duplicates + related) as f64 / pairs as f64,
    );
}

/// The question that plain BM25 finds first for the title of each: titles and texts as one field.
fn nearest(asked: &Asked) -> Vec<BTreeSet<String>> {
    let mut index = MemoryIndex::new().unwrap();
    for (key, (title, body)) in &asked.questions {
        let mut entry = Entry::new(key.clone(), Language::English);
        entry.body = format!("{title}\n{body}");
        index.add(&entry).unwrap();
    }
    index.commit().unwrap();
    let mut pairs = BTreeSet::new();
    for (key, (title, _)) in &asked.questions {
        let found = index.search(title, &[Language::English], 2).unwrap();
        let other = found.into_iter().find(|other| other != key);
        pairs.extend(other.map(|other| BTreeSet::from([key.clone(), other])));
    }
    pairs.into_iter().collect()
}

/// What hangs together by any pair.
fn chained(pairs: &[BTreeSet<String>]) -> Vec<BTreeSet<String>> {
    let mut groups: Vec<BTreeSet<String>> = Vec::new();
    for pair in pairs {
        let (touched, mut apart): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|group| !group.is_disjoint(pair));
        let whole = touched.into_iter().flatten().chain(pair.iter().cloned()).collect();
        apart.push(whole);
        groups = apart;
    }
    groups
}

#[test]
fn questions_that_were_asked_twice_end_in_one_group() {
    // The threshold was chosen on `bicycles-meta`; `quantumcomputing` shows what it gives elsewhere.
    for name in SITES {
        let Some(site) = Site::imported(name) else { return };
        let asked = asked(&site);
        let settings = site.dir.path().join("all.json");
        // Solved questions count too, and labels do not.
        std::fs::write(&settings, r#"{"label_questions": 1000000}"#).unwrap();
        let mut command = site.community();
        command.args(["knowledge", "gaps", name, "--limit", "1000", "--settings"]).arg(&settings);
        let began = std::time::Instant::now();
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        println!(
            "{name}: {} questions, {} groups, in {:?}",
            report["questions"],
            report["groups"],
            began.elapsed()
        );
        assert_eq!(report["questions"], asked.questions.len());
        let told: Vec<BTreeSet<String>> = report["gaps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|gap| {
                let questions = gap["questions"].as_array().unwrap().iter();
                questions.map(|question| question["key"].as_str().unwrap().to_owned()).collect()
            })
            .collect();
        assert_eq!(told.len() as u64, report["groups"].as_u64().unwrap());
        let nearest = nearest(&asked);
        tell("groups", &asked, &told);
        tell("nearest by BM25", &asked, &nearest);
        tell("nearest by BM25, chained", &asked, &chained(&nearest));
        let largest = told.iter().map(BTreeSet::len).max().unwrap_or_default();
        assert!(largest <= asked.questions.len() / 20, "no group swallows the rest: {largest}");
        assert!(
            pairs_in(&told) <= nearest.len() * 3 / 2,
            "about as many pairs as the baseline has"
        );
        let found = together(&asked.duplicates, &told);
        assert!(found >= together(&asked.duplicates, &nearest), "{name}: {found}");
    }
}
