//! Everything that an index holds, to compare two of them.

use std::collections::BTreeMap;

use community_core::{PostId, Seq};
use tantivy::postings::Postings;
use tantivy::schema::{FieldType, IndexRecordOption, OwnedValue, Value};
use tantivy::{DocSet, TERMINATED, TantivyDocument};

use super::Projection;
use crate::projection::Snapshot;

/// What is stored, in columns and in term lists, of each live document: by post, then by field.
pub(super) type Document = BTreeMap<String, Vec<String>>;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dump {
    pub(super) seq: Seq,
    pub(super) documents: BTreeMap<PostId, Document>,
}

pub(super) fn dump(projection: &Projection) -> Dump {
    dump_of(&projection.index().snapshot().unwrap())
}

pub(super) fn dump_of(snapshot: &Snapshot) -> Dump {
    let schema = snapshot.searcher().schema();
    let mut documents = BTreeMap::new();
    for segment in snapshot.searcher().segment_readers() {
        let mut in_segment: BTreeMap<u32, Document> =
            segment.doc_ids_alive().map(|doc| (doc, Document::new())).collect();
        let mut ids = BTreeMap::new();
        let store = segment.get_store_reader(1).unwrap();
        for (doc, document) in &mut in_segment {
            let stored: TantivyDocument = store.get(*doc).unwrap();
            let post = stored.get_first(snapshot.fields().facts.post).unwrap();
            ids.insert(*doc, PostId::from_bytes(post.as_bytes().unwrap().try_into().unwrap()));
            for (field, value) in stored.field_values() {
                if let Some(bytes) = value.as_bytes() {
                    let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                    document.insert(schema.get_field_name(field).to_owned(), vec![hex]);
                }
                let value: OwnedValue = value.into();
                let name = format!("{} stored", schema.get_field_name(field));
                document.entry(name).or_default().push(format!("{value:?}"));
            }
        }
        for (field, entry) in schema.fields() {
            columns(segment, entry.name(), entry.field_type(), &mut in_segment);
            if !entry.is_indexed() {
                continue;
            }
            let index = segment.inverted_index(field).unwrap();
            let mut terms = index.terms().stream().unwrap();
            while let Some((term, info)) = terms.next() {
                let option = IndexRecordOption::WithFreqsAndPositions;
                let mut postings = index.read_postings_from_terminfo(info, option).unwrap();
                while postings.doc() != TERMINATED {
                    if let Some(document) = in_segment.get_mut(&postings.doc()) {
                        let mut positions = Vec::new();
                        postings.positions(&mut positions);
                        let term = String::from_utf8_lossy(term);
                        let entry = format!("{term:?} {} {positions:?}", postings.term_freq());
                        let name = format!("{} terms", schema.get_field_name(field));
                        document.entry(name).or_default().push(entry);
                    }
                    postings.advance();
                }
            }
        }
        for (doc, document) in in_segment {
            let twice = documents.insert(ids[&doc], document);
            assert_eq!(twice, None, "a post has one document");
        }
    }
    Dump { seq: snapshot.seq(), documents }
}

/// The values in columns, as texts.
fn columns(
    segment: &tantivy::SegmentReader,
    name: &str,
    field: &FieldType,
    documents: &mut BTreeMap<u32, Document>,
) {
    let fast = segment.fast_fields();
    for (doc, document) in documents {
        let values: Vec<String> = match field {
            FieldType::Bytes(options) if options.is_fast() => {
                let column = fast.bytes(name).unwrap();
                column.map_or_else(Vec::new, |column| {
                    let text = |ord| {
                        let mut bytes = Vec::new();
                        column.ord_to_bytes(ord, &mut bytes).unwrap();
                        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
                    };
                    column.term_ords(*doc).map(text).collect()
                })
            }
            FieldType::Str(options) if options.is_fast() => {
                let column = fast.str(name).unwrap();
                column.map_or_else(Vec::new, |column| {
                    let text = |ord| {
                        let mut text = String::new();
                        column.ord_to_str(ord, &mut text).unwrap();
                        text
                    };
                    column.term_ords(*doc).map(text).collect()
                })
            }
            FieldType::I64(_) => {
                fast.i64(name).unwrap().values_for_doc(*doc).map(|v| v.to_string()).collect()
            }
            FieldType::U64(_) => {
                fast.u64(name).unwrap().values_for_doc(*doc).map(|v| v.to_string()).collect()
            }
            FieldType::Bool(_) => {
                fast.bool(name).unwrap().values_for_doc(*doc).map(|v| v.to_string()).collect()
            }
            _ => continue,
        };
        document.insert(name.to_owned(), values);
    }
}
