//! Pages of different weights: the best are the first of all.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;

use async_trait::async_trait;
use community_core::search::{Count, Find, Per, Reach, SearchSort, Wanted};
use community_core::{AccessRev, DocumentId, Event, EventKind, NewTopic, Result, Scope, Store};
use pollster::block_on;

use super::lookup;
use super::world::{Dice, World, slug};
use crate::analysis::Language;
use crate::{CommitPolicy, Page, Pages, Projection, Settings, Weight};

/// Pages that are written with one topic after the other.
#[derive(Debug)]
struct Made {
    parts: Vec<Vec<Page>>,
    written: Mutex<usize>,
}

#[async_trait]
impl Pages for Made {
    fn format(&self) -> String {
        "made".to_owned()
    }

    async fn touched(&self, _: &dyn Store, events: &[Event]) -> Result<BTreeSet<DocumentId>> {
        let mut written = self.written.lock().unwrap();
        let mut touched = BTreeSet::new();
        for event in events {
            if matches!(event.event.kind, EventKind::TopicStarted { .. }) {
                touched.extend(self.parts[*written].iter().map(|page| page.document));
                *written += 1;
            }
        }
        Ok(touched)
    }

    async fn read(
        &self,
        _: &dyn Store,
        documents: &[DocumentId],
    ) -> Result<Vec<(DocumentId, Option<Page>)>> {
        let pages = self.parts.iter().flatten();
        let wanted = pages.filter(|page| documents.contains(&page.document));
        Ok(wanted.map(|page| (page.document, Some(page.clone()))).collect())
    }
}

#[test]
fn the_best_of_pages_are_the_first_of_all_whatever_they_weigh() {
    let (engine, members, clock) = World::places();
    let dice = &mut Dice(3);
    let directory = block_on(engine.store().directory()).unwrap();
    let community = directory.community_by_key(&slug("shed")).unwrap().id;
    let channel = directory.channel_by_key(community, &slug("bikes")).unwrap().channel.id;
    let mut number = 0_u128;
    let mut page = |weights: &[u16]| {
        number += 1;
        Page {
            document: DocumentId::from_bytes(number.to_be_bytes()),
            community,
            channel,
            author: None,
            kind: slug("page"),
            title: dice.text(3),
            body: dice.text(30),
            labels: Vec::new(),
            language: Some(Language::English),
            at: engine.env().now(),
            score: 0,
            weight: Weight::new(dice.pick(weights)),
            bounds: BTreeSet::new(),
        }
    };
    // Segments of which the greatest weights differ.
    let weights: [&[u16]; 3] = [&[1_000, 600, 800], &[600], &[0, 300, 900]];
    let parts = weights.map(|of| (0..400).map(|_| page(of)).collect()).to_vec();
    let pages = Arc::new(Made { parts, written: Mutex::new(0) });
    let commit = CommitPolicy { documents: 1, ..CommitPolicy::default() };
    let settings = Settings { commit, ..Settings::default() };
    let mut projection = Projection::of_pages(pages, None, settings, engine.env().clone()).unwrap();
    for _ in 0..4 {
        block_on(async { while projection.catch_up(engine.store(), 9).await.unwrap().lag > 0 {} });
        projection.flush().unwrap();
        clock.advance(std::time::Duration::from_secs(9));
        let new = NewTopic::new(slug("shed"), slug("bikes"), slug("question"), "Else", "where");
        block_on(engine.member(members[0]).start_topic(new)).unwrap();
    }
    let snapshot = projection.index().snapshot().unwrap();
    assert_eq!(snapshot.documents(), 1_200);
    assert!(snapshot.searcher().segment_readers().len() > 1);

    let world = World { engine, members, snapshot };
    let scope = Scope::system(AccessRev::default());
    let reach = Reach::new(&scope, &directory, None);
    let mut left_out = 0;
    for _ in 0..200 {
        let text = match dice.below(3) {
            0 => dice.text(2),
            1 => format!("\"{}\" \"{}\"", dice.text(1), dice.text(1)),
            _ => dice.text(4),
        };
        let wanted = Wanted::Expr(lookup(&text, &reach, &world));
        let (sort, per, count) = (SearchSort::Relevance, Per::Post, Count::Nothing);
        let find = |top| {
            let find = Find { wanted: &wanted, reach: &reach, sort, per, top, count };
            world.snapshot.find(&find).unwrap().hits
        };
        let all = find(5_000);
        for top in [1, 10, 50] {
            let best = find(top);
            assert_eq!(best, all[..top.min(all.len())], "{text}");
            left_out += all.len() - best.len();
        }
    }
    assert!(left_out > 10_000, "{left_out}");
}
