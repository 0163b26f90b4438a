//! Documents: kept as they are, and found in the lists that they declare and in no others.

use community_core::change::{ChangeSet, EntityRef, EventKind, Expect, Op, Request};
use community_core::query::Position;
use community_core::store::CommitError;
use community_core::{
    CommunityId, Document, DocumentId, DocumentKey, DocumentList, Limits, Rev, Unchecked,
};
use serde_json::{Value, json};

use crate::check::{Outcome, equal, holds, same_list};
use crate::fixture::{Home, slug};
use crate::snapshot::snapshot;
use crate::world::World;

fn key(list: &str, group: &str, key: i64) -> DocumentKey {
    DocumentKey::new(slug(list), key).within(group)
}

/// A document with the id of a byte.
fn document(
    w: &World,
    community: CommunityId,
    id: u8,
    body: Value,
    keys: impl IntoIterator<Item = DocumentKey>,
) -> Document {
    let document = Document {
        id: DocumentId::from_bytes([id; 16]),
        community,
        collection: slug("notes"),
        body,
        keys: Vec::new(),
        created_at: w.now(),
        updated_at: w.now(),
        rev: Rev::FIRST,
    };
    document.with_keys(keys)
}

fn put(document: &Document) -> Op {
    Op::PutDocument(Box::new(document.clone()))
}

fn list(community: CommunityId, collection: &str, of: &str, group: &str) -> DocumentList {
    DocumentList::new(community, slug(collection), slug(of)).within(group)
}

async fn opened(w: &World, document: Unchecked<Document>) -> Outcome<Document> {
    let opened = w.system().await?.admit(document);
    Ok(crate::check::some("the document", opened)?.into_inner())
}

async fn by_ids(w: &World, ids: &[DocumentId]) -> Outcome<Vec<Option<Document>>> {
    let mut all = Vec::new();
    for found in w.store.documents(ids).await? {
        all.push(match found {
            Some(found) => Some(opened(w, found).await?),
            None => None,
        });
    }
    Ok(all)
}

/// A whole list, by pages of a size.
async fn walked(w: &World, list: &DocumentList, size: usize) -> Outcome<Vec<(i64, Document)>> {
    let (mut all, mut after): (Vec<(i64, Document)>, Option<Position>) = (Vec::new(), None);
    loop {
        let page = w.store.documents_in(list, after, size).await?;
        holds("a page is not larger than asked for", page.len() <= size)?;
        let is_last = page.len() < size;
        for (place, document) in page {
            let document = opened(w, document).await?;
            equal("the place", place.id, document.id.uuid())?;
            holds("places fall", after.is_none_or(|after| place < after))?;
            after = Some(place);
            all.push((place.key, document));
        }
        if is_last {
            return Ok(all);
        }
    }
}

async fn ids_in(w: &World, list: &DocumentList) -> Outcome<Vec<DocumentId>> {
    Ok(walked(w, list, 3).await?.into_iter().map(|(_, document)| document.id).collect())
}

/// The lists of a community, by pages of a size.
async fn lists(w: &World, community: CommunityId, size: usize) -> Outcome<Vec<DocumentList>> {
    let mut all: Vec<DocumentList> = Vec::new();
    loop {
        let page = w.store.document_lists(community, all.last(), size).await?;
        let is_last = page.len() < size;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

pub(crate) async fn documents_come_back_as_they_were_written(w: World) -> Outcome {
    let of = w.home().await?.community.id;
    let body = json!({
        "z": [1, -7, i64::MAX, i64::MIN, null, true, false, [], {}],
        "a": { "quoted \"é\"\u{0}": "line\r\n\ttab \\ \u{1F33B} ", "": "" },
        "text": "'; --",
    });
    let keys = [key("by-state", "draft", 3), key("by-state", "", i64::MIN), key("all", "", -1)];
    let first = Document { rev: Rev(7), updated_at: w.tick(), ..document(&w, of, 9, body, keys) };
    let second = document(&w, of, 3, json!({}), []);
    w.apply([put(&first), put(&second)]).await?;
    let absent = DocumentId::from_bytes([4; 16]);
    let found = by_ids(&w, &[first.id, absent, second.id, first.id]).await?;
    let expected = vec![Some(first.clone()), None, Some(second.clone()), Some(first.clone())];
    equal("documents", found, expected)?;
    let text = first.body_text();
    equal(
        "the body",
        by_ids(&w, &[first.id])
            .await?
            .into_iter()
            .flatten()
            .map(|found| found.body_text())
            .collect(),
        vec![text],
    )
}

pub(crate) async fn a_document_that_is_written_again_leaves_its_old_places(w: World) -> Outcome {
    let of = w.home().await?.community.id;
    let before = [key("by-state", "draft", 1), key("all", "", 1), key("by-label", "soil", 1)];
    let first = document(&w, of, 1, json!({"n": 1}), before);
    let other = document(&w, of, 2, json!({}), [key("by-state", "draft", 2)]);
    w.apply([put(&first), put(&other)]).await?;
    let after = [key("by-state", "published", 5), key("all", "", 9), key("by-label", "soil", 1)];
    let second = Document { body: json!({"m": 2}), rev: Rev(2), updated_at: w.tick(), ..first };
    let second = second.with_keys(after);
    w.apply([put(&second)]).await?;
    equal("the document", by_ids(&w, &[second.id]).await?, vec![Some(second.clone())])?;
    let at = |name, group| list(of, "notes", name, group);
    equal("drafts", ids_in(&w, &at("by-state", "draft")).await?, vec![other.id])?;
    let expected = vec![(5, second.clone())];
    equal("published", walked(&w, &at("by-state", "published"), 9).await?, expected)?;
    equal("all", walked(&w, &at("all", ""), 9).await?, vec![(9, second.clone())])?;
    equal("labelled", walked(&w, &at("by-label", "soil"), 9).await?, vec![(1, second)])?;
    let names = lists(&w, of, 9).await?;
    same_list(
        "lists",
        &names,
        &[
            at("all", ""),
            at("by-label", "soil"),
            at("by-state", "draft"),
            at("by-state", "published"),
        ],
    )
}

pub(crate) async fn documents_of_a_list_come_greatest_key_first(w: World) -> Outcome {
    let of = w.home().await?.community.id;
    let keys = [5, -3, i64::MAX, 5, 0, i64::MIN, 5, -3];
    let all: Vec<Document> = keys
        .into_iter()
        .zip(1..)
        .map(|(at, id)| document(&w, of, id, json!({ "at": at }), [key("all", "", at)]))
        .collect();
    w.apply(all.iter().map(put)).await?;
    let mut expected: Vec<(i64, Document)> = keys.into_iter().zip(all).collect();
    expected.sort_by_key(|(at, document)| std::cmp::Reverse((*at, document.id)));
    for size in [1, 2, 3, 7, 8, 9] {
        let found = walked(&w, &list(of, "notes", "all", ""), size).await?;
        same_list("documents", &found, &expected)?;
    }
    // Behind a place that nothing has.
    let after = Some(Position { key: 5, id: DocumentId::from_bytes([2; 16]).uuid() });
    let page = w.store.documents_in(&list(of, "notes", "all", ""), after, 2).await?;
    let found: Vec<_> = page.into_iter().map(|(place, _)| place.key).collect();
    equal("behind a place", found, vec![5, 0])
}

pub(crate) async fn lists_of_documents_are_apart(w: World) -> Outcome {
    let of = w.home().await?.community.id;
    let other = w.new_community("kitchen");
    w.apply([Op::PutCommunity(Box::new(other.clone()))]).await?;
    let first =
        document(&w, of, 1, json!({}), [key("a", "x", 1), key("a", "y", 2), key("b", "x", 3)]);
    let second = document(&w, of, 2, json!({}), [key("a", "x", 5)]);
    let mut third = document(&w, of, 3, json!({}), [key("a", "x", 4)]);
    third.collection = slug("drafts");
    let fourth = document(&w, other.id, 4, json!({}), [key("a", "x", 3), key("a", "", 3)]);
    w.apply([&first, &second, &third, &fourth].map(put)).await?;
    let (a, x) = ("a", "x");
    for (list, expected) in [
        (list(of, "notes", a, x), vec![second.id, first.id]),
        (list(of, "notes", a, "y"), vec![first.id]),
        (list(of, "notes", "b", x), vec![first.id]),
        (list(of, "notes", a, ""), vec![]),
        (list(of, "notes", a, "X"), vec![]),
        (list(of, "notes", "c", x), vec![]),
        (list(of, "drafts", a, x), vec![third.id]),
        (list(other.id, "notes", a, x), vec![fourth.id]),
        (list(other.id, "notes", a, ""), vec![fourth.id]),
        (list(other.id, "drafts", a, x), vec![]),
    ] {
        let found = ids_in(&w, &list).await?;
        equal(&format!("documents of {list:?}"), found, expected)?;
    }
    Ok(())
}

pub(crate) async fn lists_in_which_a_document_stands_are_listed_in_order(w: World) -> Outcome {
    let of = w.home().await?.community.id;
    let other = w.new_community("kitchen");
    w.apply([Op::PutCommunity(Box::new(other.clone()))]).await?;
    equal("lists", lists(&w, of, 5).await?, vec![])?;
    let groups = ["", "z", "é", "Z", "za", "a b", "\u{1F33B}", "'"];
    let all: Vec<Document> = groups
        .iter()
        .cycle()
        .zip(1..=24)
        .map(|(group, id)| {
            let mut new = document(&w, of, id, json!({}), [key("by", group, i64::from(id))]);
            new.collection = slug(if id % 3 == 0 { "drafts" } else { "notes" });
            new
        })
        .collect();
    w.apply(all.iter().map(put)).await?;
    let elsewhere = document(&w, other.id, 99, json!({}), [key("elsewhere", "", 1)]);
    w.apply([put(&elsewhere)]).await?;
    let expected: std::collections::BTreeSet<_> = all.iter().flat_map(Document::lists).collect();
    let expected: Vec<DocumentList> = expected.into_iter().collect();
    for size in [1, 2, 5, 100] {
        same_list("lists", &lists(&w, of, size).await?, &expected)?;
    }
    equal(
        "lists elsewhere",
        lists(&w, other.id, 5).await?,
        vec![list(other.id, "notes", "elsewhere", "")],
    )
}

pub(crate) async fn a_document_that_is_taken_away_is_gone(w: World) -> Outcome {
    let of = w.home().await?.community.id;
    let first = document(&w, of, 1, json!({}), [key("all", "", 1), key("by", "x", 1)]);
    let second = document(&w, of, 2, json!({}), [key("all", "", 2)]);
    let empty = snapshot(&*w.store).await?;
    w.apply([put(&first), put(&second)]).await?;
    w.apply([Op::DropDocument(first.id), Op::DropDocument(DocumentId::from_bytes([9; 16]))])
        .await?;
    equal(
        "documents",
        by_ids(&w, &[first.id, second.id]).await?,
        vec![None, Some(second.clone())],
    )?;
    equal("the list", ids_in(&w, &list(of, "notes", "all", "")).await?, vec![second.id])?;
    equal("the other list", ids_in(&w, &list(of, "notes", "by", "x")).await?, vec![])?;
    equal("lists", lists(&w, of, 9).await?, vec![list(of, "notes", "all", "")])?;
    // In one step it can go and another of its id come, of another collection.
    let mut again = first.clone();
    again.collection = slug("drafts");
    w.apply([put(&first), Op::DropDocument(first.id), put(&again)]).await?;
    equal("the new one", by_ids(&w, &[first.id]).await?, vec![Some(again)])?;
    w.apply([Op::DropDocument(first.id), Op::DropDocument(second.id)]).await?;
    equal("everything", snapshot(&*w.store).await?, empty)
}

pub(crate) async fn documents_of_a_community_are_read_by_id(w: World) -> Outcome {
    let of = w.home().await?.community.id;
    let other = w.new_community("kitchen");
    w.apply([Op::PutCommunity(Box::new(other.clone()))]).await?;
    let ids = [7, 1, 200, 3, 5];
    let mut all: Vec<Document> =
        ids.iter().map(|id| document(&w, of, *id, json!({}), [key("all", "", 1)])).collect();
    let elsewhere = document(&w, other.id, 4, json!({}), []);
    w.apply(all.iter().chain([&elsewhere]).map(put)).await?;
    all.sort_by_key(|document| document.id);
    for size in [1, 2, 5, 6] {
        let (mut found, mut after): (Vec<Document>, Option<DocumentId>) = (Vec::new(), None);
        loop {
            let page = w.store.documents_by_id(of, after, size).await?;
            let is_last = page.len() < size;
            for document in page {
                found.push(opened(&w, document).await?);
            }
            if is_last {
                break;
            }
            after = found.last().map(|document| document.id);
        }
        same_list("documents", &found, &all)?;
    }
    let found = w.store.documents_by_id(other.id, None, 9).await?;
    equal("elsewhere", found, vec![Unchecked::new(elsewhere)])
}

/// Expects that a change set with this document in it is refused as a whole.
async fn is_refused(w: &World, home: &Home, bad: &Document) -> Outcome {
    let before = snapshot(&*w.store).await?;
    let good = document(w, home.community.id, 77, json!({}), [key("all", "", 1)]);
    let outcome = w.apply([put(&good), put(bad)]).await;
    holds("it is refused", outcome.is_err())?;
    equal("everything", snapshot(&*w.store).await?, before)
}

pub(crate) async fn a_document_of_a_missing_community_applies_nothing(w: World) -> Outcome {
    let home = w.home().await?;
    let nowhere = CommunityId::from_bytes([9; 16]);
    is_refused(&w, &home, &document(&w, nowhere, 1, json!({}), [])).await
}

pub(crate) async fn a_document_that_goes_elsewhere_applies_nothing(w: World) -> Outcome {
    let home = w.home().await?;
    let other = w.new_community("kitchen");
    w.apply([Op::PutCommunity(Box::new(other.clone()))]).await?;
    let first = document(&w, home.community.id, 1, json!({}), [key("all", "", 1)]);
    w.apply([put(&first)]).await?;
    is_refused(&w, &home, &Document { community: other.id, ..first.clone() }).await?;
    is_refused(&w, &home, &Document { collection: slug("drafts"), ..first }).await
}

pub(crate) async fn a_document_twice_in_one_list_applies_nothing(w: World) -> Outcome {
    let home = w.home().await?;
    let twice = [key("all", "x", 1), key("all", "x", 2)];
    is_refused(&w, &home, &document(&w, home.community.id, 1, json!({}), twice)).await
}

pub(crate) async fn documents_are_applied_with_the_rest_or_not_at_all(w: World) -> Outcome {
    let home = w.home().await?;
    let draft = w.question(&home).await?;
    let note = document(&w, home.community.id, 1, json!({}), [key("all", "", 1)]);
    let event = EventKind::DocumentChanged {
        collection: slug("notes"),
        document: note.id,
        change: slug("written"),
    };
    let rests_on = |rev| ChangeSet {
        expect: vec![
            Expect::Rev(EntityRef::Document(note.id), Rev(0)),
            Expect::Rev(EntityRef::Topic(draft.topic.id), rev),
        ],
        ops: vec![put(&note)],
        events: vec![w.new_event(event.clone())],
        request: Some(Request {
            id: w.new_request(),
            subject: Some(note.id.uuid()),
            fingerprint: 1,
        }),
    };
    let before = snapshot(&*w.store).await?;
    let refused = w.store.commit(rests_on(Rev(9))).await;
    holds("there is a conflict", matches!(refused, Err(CommitError::Conflict(_))))?;
    equal("everything", snapshot(&*w.store).await?, before)?;
    let changes = rests_on(Rev(1));
    let receipt = w.store.commit(changes.clone()).await?;
    equal("the document", by_ids(&w, &[note.id]).await?, vec![Some(note.clone())])?;
    let logged = w.store.events_after(community_core::Seq(receipt.seq.0 - 1), 9).await?;
    equal("the event", logged.into_iter().map(|e| e.event.kind).collect(), vec![event])?;
    let after = snapshot(&*w.store).await?;
    let again = w.store.commit(changes.clone()).await?;
    equal("again", again.replayed, changes.request)?;
    equal("everything", snapshot(&*w.store).await?, after)
}

pub(crate) async fn the_largest_document_is_kept(w: World) -> Outcome {
    let of = w.home().await?.community.id;
    let caps = Limits::caps();
    let group = |n: usize| format!("{n:03}{}", "é".repeat((DocumentKey::MAX_GROUP - 3) / 2));
    let keys = (0..caps.document_keys).map(|n| key(&"l".repeat(64), &group(n), 1));
    let nested = (2..Document::MAX_DEPTH).fold(json!({}), |inner, _| json!({ "in": inner }));
    let body = |text: String| json!({ "nested": nested, "text": text });
    let used = document(&w, of, 1, body(String::new()), []).body_text().len();
    let body = body("x".repeat(caps.document - used));
    let largest = document(&w, of, 1, body, keys);
    holds("it is just not too large", largest.check(&caps).is_ok())?;
    equal("its size", largest.body_text().len(), caps.document)?;
    w.apply([put(&largest)]).await?;
    equal("the document", by_ids(&w, &[largest.id]).await?, vec![Some(largest.clone())])?;
    for list in largest.lists() {
        equal("a list", ids_in(&w, &list).await?, vec![largest.id])?;
    }
    Ok(())
}

/// Writes some documents, changes some and takes some away.
pub(super) async fn some_documents(w: &World, home: &Home) -> Outcome {
    let of = home.community.id;
    let all: Vec<Document> = (1..=9)
        .map(|id| document(w, of, id, json!({ "n": id }), [key("by", &(id % 2).to_string(), 1)]))
        .collect();
    w.apply(all.iter().map(put)).await?;
    for (document, at) in all.into_iter().zip(1..) {
        match at % 3 {
            0 => drop(w.apply([Op::DropDocument(document.id)]).await?),
            1 => {
                let moved = Document { rev: Rev(2), body: json!({ "m": at }), ..document };
                let moved = moved.with_keys([key("by", "moved", at), key("all", "", -at)]);
                w.apply([put(&moved)]).await?;
            }
            _ => {}
        }
    }
    Ok(())
}
