#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]
use community_core::record::Record;
use community_core::{Limits, TopicId};
use community_import::stack_exchange::Dump;
use community_knowledge::gaps::*;
use community_search::analysis::Language;
use community_search::{Entry, MemoryIndex};
use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn sweep() {
    for name in ["quantumcomputing", "bicycles-meta"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../shared/data/stackexchange")
            .join(name);
        let records: Vec<Record> =
            Dump::open(folder).unwrap().records(&Limits::default()).map(Result::unwrap).collect();
        let mut topics = Vec::new();
        let mut ids = BTreeMap::new();
        let mut links = Vec::new();
        for r in &records {
            let v = serde_json::to_value(r).unwrap();
            match v["type"].as_str().unwrap() {
                "topic" => {
                    let key = v["key"].as_str().unwrap().to_owned();
                    let id = TopicId::from_bytes((topics.len() as u128 + 1).to_be_bytes());
                    ids.insert(key.clone(), id);
                    let lab = v["labels"]
                        .as_array()
                        .map(|l| {
                            l.iter()
                                .map(|x| x.as_str().unwrap().replace('-', " "))
                                .collect::<Vec<_>>()
                                .join(" ")
                        })
                        .unwrap_or_default();
                    let lab = if std::env::var("LAB").is_ok() { lab } else { String::new() };
                    topics.push((
                        id,
                        key,
                        format!("{} {lab}", v["title"].as_str().unwrap()),
                        v["body"].as_str().unwrap().to_owned(),
                    ));
                }
                "link" => links.push((
                    v["from"].as_str().unwrap().to_owned(),
                    v["to"].as_str().unwrap().to_owned(),
                    v["kind"].as_str().unwrap().to_owned(),
                )),
                _ => {}
            }
        }
        let dup: Vec<_> = links
            .iter()
            .filter(|l| l.2 == "duplicate")
            .filter_map(|l| Some((*ids.get(&l.0)?, *ids.get(&l.1)?)))
            .collect();
        let rel: Vec<_> = links
            .iter()
            .filter(|l| l.2 == "related")
            .filter_map(|l| Some((*ids.get(&l.0)?, *ids.get(&l.1)?)))
            .collect();
        println!(
            "{name}: {} topics {} links {} dup {} rel",
            topics.len(),
            links.len(),
            dup.len(),
            rel.len()
        );
        let t0 = std::time::Instant::now();
        let mut q = SimilarQuestions::new(Language::English);
        for t in &topics {
            q.insert(t.0, &Texts { title: &t.2, body: &t.3, labels: &[] });
        }
        let pairs = q.pairs(50);
        println!("pairs {} in {:?}", pairs.len(), t0.elapsed());
        let sim: BTreeMap<_, _> = pairs.iter().map(|p| ((p.0, p.1), p.2)).collect();
        let s = |a: TopicId, b: TopicId| sim.get(&(a.min(b), a.max(b))).copied().unwrap_or(0);
        println!("dup sims {:?}", dup.iter().map(|d| s(d.0, d.1)).collect::<Vec<_>>());
        let mut rs: Vec<_> = rel.iter().map(|d| s(d.0, d.1)).collect();
        rs.sort();
        println!(
            "rel sims quartiles {} {} {}",
            rs[rs.len() / 4],
            rs[rs.len() / 2],
            rs[rs.len() * 3 / 4]
        );
        for least in [100, 120, 140, 150, 160, 180, 200, 220, 250, 300, 350, 400] {
            let strong: Vec<_> = pairs.iter().copied().filter(|p| p.2 >= least / 2).collect();
            let c = clusters(&strong, least);
            let of: BTreeMap<TopicId, usize> =
                c.iter().enumerate().flat_map(|(i, m)| m.iter().map(move |t| (*t, i))).collect();
            let together = |l: &[(TopicId, TopicId)]| {
                l.iter().filter(|(a, b)| of.contains_key(a) && of.get(a) == of.get(b)).count()
            };
            let pairs_in: usize = c.iter().map(|m| m.len() * (m.len() - 1) / 2).sum();
            println!(
                "least {least}: clusters {} questions {} largest {} pairs_in {} dup {}/{} rel {}/{}",
                c.len(),
                of.len(),
                c.iter().map(Vec::len).max().unwrap_or(0),
                pairs_in,
                together(&dup),
                dup.len(),
                together(&rel),
                rel.len()
            );
        }
        // baseline
        let mut index = MemoryIndex::new().unwrap();
        for t in &topics {
            let mut e = Entry::new(t.1.clone(), Language::English);
            e.body = format!("{}\n{}", t.2, t.3);
            index.add(&e).unwrap();
        }
        index.commit().unwrap();
        let mut nn = BTreeMap::new();
        for t in &topics {
            let hits = index.search(&t.2, &[Language::English], 2).unwrap();
            if let Some(h) = hits.iter().find(|h| **h != t.1) {
                nn.insert(t.0, ids[h]);
            }
        }
        let near = |l: &[(TopicId, TopicId)]| {
            l.iter().filter(|(a, b)| nn.get(a) == Some(b) || nn.get(b) == Some(a)).count()
        };
        // components
        let mut parent: BTreeMap<TopicId, TopicId> = topics.iter().map(|t| (t.0, t.0)).collect();
        fn find(p: &BTreeMap<TopicId, TopicId>, mut x: TopicId) -> TopicId {
            while p[&x] != x {
                x = p[&x]
            }
            x
        }
        for (a, b) in &nn {
            let (x, y) = (find(&parent, *a), find(&parent, *b));
            parent.insert(x, y);
        }
        let mut size: BTreeMap<TopicId, usize> = BTreeMap::new();
        for t in &topics {
            *size.entry(find(&parent, t.0)).or_default() += 1;
        }
        let comp = |l: &[(TopicId, TopicId)]| {
            l.iter().filter(|(a, b)| find(&parent, *a) == find(&parent, *b)).count()
        };
        let pin: usize = size.values().map(|n| n * (n - 1) / 2).sum();
        println!(
            "baseline: nn pairs {} dup nn {}/{} rel nn {}; components {} largest {} pairs_in {} dup {} rel {}",
            nn.len(),
            near(&dup),
            dup.len(),
            near(&rel),
            size.len(),
            size.values().max().unwrap(),
            pin,
            comp(&dup),
            comp(&rel)
        );
    }
}
