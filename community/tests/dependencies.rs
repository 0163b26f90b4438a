//! Who may depend on whom, checked against what cargo resolves.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

const RUNTIMES: &[&str] = &[
    "actix-rt",
    "async-executor",
    "async-global-executor",
    "async-io",
    "async-std",
    "futures-executor",
    "glommio",
    "mio",
    "monoio",
    "polling",
    "pollster",
    "smol",
    "tokio",
];

const INDEXES: &[&str] = &["tantivy", "community-search"];

const SQL: &[&str] =
    &["libsqlite3-sys", "rusqlite", "sqlx", "diesel", "postgres", "tokio-postgres"];

const HTTP_CLIENTS: &[&str] = &[
    "attohttpc",
    "awc",
    "curl",
    "h2",
    "hyper",
    "hyper-util",
    "isahc",
    "minreq",
    "reqwest",
    "surf",
    "ureq",
];

/// What an embedder links.
const LIBRARIES: &[&str] = &[
    "community",
    "community-core",
    "community-import",
    "community-knowledge",
    "community-search",
    "community-store-memory",
    "community-store-sqlite",
    "community-testkit",
];

type Graph = BTreeMap<String, BTreeSet<String>>;

/// Normal dependencies by package name, direct ones only, on the machine that runs the test: what
/// only other systems need is not downloaded there.
fn graph() -> &'static Graph {
    static GRAPH: OnceLock<Graph> = OnceLock::new();
    GRAPH.get_or_init(|| {
        let host = run("RUSTC", "rustc", &["-vV"]);
        let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        let arguments =
            ["metadata", "--format-version", "1", "--offline", "--filter-platform", host];
        let metadata: Value = serde_json::from_str(&run("CARGO", "cargo", &arguments)).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let names: BTreeMap<String, String> = metadata["packages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|package| (text(&package["id"]), text(&package["name"])))
            .collect();
        let mut graph = Graph::new();
        for node in metadata["resolve"]["nodes"].as_array().unwrap() {
            let depends = node["deps"].as_array().unwrap().iter().filter(|dep| {
                dep["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null())
            });
            graph
                .entry(names[&text(&node["id"])].clone())
                .or_default()
                .extend(depends.map(|dep| names[&text(&dep["pkg"])].clone()));
        }
        graph
    })
}

fn run(variable: &str, program: &str, arguments: &[&str]) -> String {
    let program = std::env::var(variable).unwrap_or_else(|_| program.to_owned());
    let output = Command::new(program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Everything that is linked with a package.
fn tree(graph: &Graph, root: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut next = vec![root];
    while let Some(name) = next.pop() {
        let direct = graph.get(name).unwrap_or_else(|| panic!("no package `{name}`"));
        next.extend(direct.iter().filter(|dep| seen.insert((*dep).clone())).map(String::as_str));
    }
    seen
}

fn assert_free_of(root: &str, linked: &BTreeSet<String>, banned: &[&str]) {
    let found: Vec<_> = banned.iter().filter(|name| linked.contains(**name)).collect();
    assert!(found.is_empty(), "{root} links {found:?}");
}

#[test]
fn the_core_links_no_runtime_no_backend_and_no_index() {
    let linked = tree(graph(), "community-core");
    assert!(linked.contains("serde"), "the walk sees dependencies at all");
    for banned in [RUNTIMES, INDEXES, SQL, HTTP_CLIENTS] {
        assert_free_of("community-core", &linked, banned);
    }
    let ours: Vec<_> = linked.iter().filter(|name| name.starts_with("community")).collect();
    assert!(ours.is_empty(), "community-core links {ours:?}");
}

#[test]
fn what_an_embedder_links_brings_no_runtime_and_no_http_client() {
    let graph = graph();
    for library in LIBRARIES {
        assert_free_of(library, &tree(graph, library), HTTP_CLIENTS);
    }
    for library in LIBRARIES.iter().filter(|name| **name != "community-testkit") {
        assert_free_of(library, &tree(graph, library), RUNTIMES);
    }
}

#[test]
fn backends_do_not_know_each_other() {
    let graph = graph();
    let backends: Vec<_> =
        graph.keys().filter(|name| name.starts_with("community-store")).collect();
    assert!(backends.len() >= 2);
    for backend in &backends {
        let linked = tree(graph, backend);
        let others: Vec<_> = backends.iter().filter(|other| linked.contains(**other)).collect();
        assert!(others.is_empty(), "{backend} links {others:?}");
    }
}

#[test]
fn the_index_library_is_linked_by_search_only() {
    let graph = graph();
    let users: Vec<_> = graph
        .iter()
        .filter(|(_, direct)| direct.contains("tantivy"))
        .map(|(user, _)| user)
        .collect();
    // Benchmarks write by hand what the engine does.
    assert_eq!(users, ["community-benches", "community-search"]);
    let linked = tree(graph, "community-search");
    assert_free_of("community-search", &linked, SQL);
    assert!(!linked.iter().any(|name| name.starts_with("community-store")));
}

#[test]
fn the_knowledge_base_knows_no_backend() {
    let linked = tree(graph(), "community-knowledge");
    assert!(linked.contains("community-core"));
    assert_free_of("community-knowledge", &linked, SQL);
    assert!(!linked.iter().any(|name| name.starts_with("community-store")));
}

#[test]
fn the_testkit_stays_out_of_what_an_embedder_links() {
    let allowed = ["community-benches", "community-cli"];
    let mut users: Vec<String> = Vec::new();
    for (package, direct) in graph() {
        if direct.contains("community-testkit") && !allowed.contains(&package.as_str()) {
            users.push(package.clone());
        }
    }
    assert!(users.is_empty(), "{users:?} link the testkit");
}
