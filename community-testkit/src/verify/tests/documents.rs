//! Findings about documents.

use super::*;

#[test]
fn a_document_that_stands_where_it_should_not_or_not_where_it_should_is_found() {
    let (whole, stands) =
        ("a list of documents is whole and in order", "a document stands as it declares");
    assert_eq!(through(Flaw::TurnsDocumentsAround), rules(&[whole]));
    assert_eq!(through(Flaw::HasOneGroup), rules(&[whole, stands]));
    assert_eq!(through(Flaw::ListsNoGroups), rules(&["lists of documents are those declared"]));
}

#[test]
fn documents_that_are_read_in_the_wrong_order_or_otherwise_elsewhere_are_found() {
    let found = through(Flaw::TurnsAllDocumentsAround);
    assert!(found.contains("documents are in order"), "{found:?}");
    let rule = "a document is the same wherever it is read";
    assert_eq!(through(Flaw::ReadsOldDocuments), rules(&[rule]));
}

#[test]
fn a_document_that_no_command_would_write_is_found() {
    let put = |s: &Sound, body| {
        let id = DocumentId::from_bytes([1; 16]);
        let at = s.w.now();
        let new = Document::new(id, s.home.community.id, slug("notes"), at, &serde_json::json!({}));
        Op::PutDocument(Box::new(Document { body, ..new.unwrap() }))
    };
    for bad in [serde_json::json!({ "a": 0.5 }), serde_json::json!([])] {
        let found = after(|s| vec![put(s, bad.clone())]);
        assert_eq!(found, rules(&["a document is well formed"]), "{bad}");
    }
}
