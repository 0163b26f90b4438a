//! Documents: what extensions keep.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Rev;
use crate::error::{Error, Result};
use crate::id::{CommunityId, DocumentId};
use crate::limits::Limits;
use crate::query::Position;
use crate::store::StoreError;
use crate::text::Slug;
use crate::time::{Timestamp, to_micros};

/// A typed JSON record of an extension, stored with everything else.
///
/// What is in the body is the extension's own affair; stores do not look into it. What is to be found
/// in an order is declared as [keys](DocumentKey): a document stands once in each of its lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its id.
    pub id: DocumentId,
    /// The community. It never changes.
    pub community: CommunityId,
    /// What sort of document it is: `articles`, `feedback`. It never changes.
    pub collection: Slug,
    /// What it says: a JSON object, in which numbers are whole and have at most 63 bits.
    pub body: Value,
    /// The lists in which it stands, by list and group.
    pub keys: Vec<DocumentKey>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// Its revision.
    pub rev: Rev,
}

/// A place of a document in a list of its collection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentKey {
    /// Which list: `by-state`, `by-source`.
    pub list: Slug,
    /// Which part of the list: a state, the id of a topic; empty for a list without parts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// Where it stands in that part: the greatest key comes first, and the greatest id among equals.
    #[serde(default)]
    pub key: i64,
}

/// Names one part of one list of documents.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DocumentList {
    /// The community.
    pub community: CommunityId,
    /// The collection.
    pub collection: Slug,
    /// The list.
    pub list: Slug,
    /// The part.
    pub group: String,
}

impl Document {
    /// How deep a body may be nested.
    pub const MAX_DEPTH: usize = 32;

    /// A new document, created at `at`, that stands in no list.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a body that is not an object, as JSON has it.
    pub fn new(
        id: DocumentId,
        community: CommunityId,
        collection: Slug,
        at: Timestamp,
        body: &impl Serialize,
    ) -> Result<Self> {
        Ok(Self {
            id,
            community,
            collection,
            body: as_object(body)?,
            keys: Vec::new(),
            created_at: at,
            updated_at: at,
            rev: Rev::FIRST,
        })
    }

    /// The same document with another body.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a body that is not an object, as JSON has it.
    pub fn with_body(self, body: &impl Serialize) -> Result<Self> {
        Ok(Self { body: as_object(body)?, ..self })
    }

    /// The same document in these lists, and in no others.
    #[must_use]
    pub fn with_keys(self, keys: impl IntoIterator<Item = DocumentKey>) -> Self {
        let mut keys: Vec<DocumentKey> = keys.into_iter().collect();
        keys.sort();
        Self { keys, ..self }
    }

    /// The body as the extension's own type.
    ///
    /// # Errors
    /// [`Error::Store`] with [`StoreError::Damaged`] for a body that is not of this type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        T::deserialize(&self.body).map_err(|error| {
            let Self { id, collection, .. } = self;
            StoreError::Damaged(format!("document {id} of `{collection}`: {error}")).into()
        })
    }

    /// The body as text: the same for equal bodies, with the names in an object in their order.
    #[must_use]
    pub fn body_text(&self) -> String {
        let mut text = String::new();
        write_value(&self.body, &mut text);
        text
    }

    /// Where it stands in a list, if it does.
    #[must_use]
    pub fn place_in(&self, list: &DocumentList) -> Option<Position> {
        let DocumentList { community, collection, list, group } = list;
        if self.community != *community || self.collection != *collection {
            return None;
        }
        let found = self.keys.iter().find(|key| key.list == *list && key.group == *group);
        found.map(|found| Position { key: found.key, id: self.id.uuid() })
    }

    /// The lists in which it stands.
    pub fn lists(&self) -> impl Iterator<Item = DocumentList> + '_ {
        self.keys.iter().map(|key| DocumentList {
            community: self.community,
            collection: self.collection.clone(),
            list: key.list.clone(),
            group: key.group.clone(),
        })
    }

    /// Checks its size and form.
    ///
    /// # Errors
    /// [`Error::Limit`] for a body that is too large, or too many keys; [`Error::Invalid`] for a body
    /// that is no object, is nested too deeply or holds a number that is not whole, for a group that
    /// is too long or holds a control character, and for two places in one list.
    pub fn check(&self, limits: &Limits) -> Result<()> {
        limits.document_keys(self.keys.len())?;
        check_body(&self.body)?;
        limits.document(self.body_text().len())?;
        self.keys.iter().try_for_each(DocumentKey::check)?;
        let place = |key: &DocumentKey| (key.list.clone(), key.group.clone());
        let rises = self.keys.windows(2).all(|pair| match pair {
            [one, other] => place(one) < place(other),
            _ => true,
        });
        if !rises {
            return Err(Error::invalid("a document stands once in each of its lists"));
        }
        Ok(())
    }
}

impl DocumentKey {
    /// The most bytes that the name of a group may have.
    pub const MAX_GROUP: usize = 200;

    /// A place in a list without parts.
    #[must_use]
    pub fn new(list: Slug, key: i64) -> Self {
        Self { list, group: String::new(), key }
    }

    /// A place in a list without parts that is sorted by time.
    #[must_use]
    pub fn at(list: Slug, at: Timestamp) -> Self {
        Self::new(list, to_micros(at))
    }

    /// The same in one part of the list.
    #[must_use]
    #[allow(clippy::needless_pass_by_value, reason = "an id or a text, as it comes")]
    pub fn within(self, group: impl ToString) -> Self {
        Self { group: group.to_string(), ..self }
    }

    fn check(&self) -> Result<()> {
        check_group(&self.group)
    }
}

impl DocumentList {
    /// A list without parts.
    #[must_use]
    pub fn new(community: CommunityId, collection: Slug, list: Slug) -> Self {
        Self { community, collection, list, group: String::new() }
    }

    /// One part of the list.
    #[must_use]
    #[allow(clippy::needless_pass_by_value, reason = "an id or a text, as it comes")]
    pub fn within(self, group: impl ToString) -> Self {
        Self { group: group.to_string(), ..self }
    }
}

fn check_group(group: &str) -> Result<()> {
    if group.len() > DocumentKey::MAX_GROUP {
        let most = DocumentKey::MAX_GROUP;
        return Err(Error::invalid(format!("a group of documents has at most {most} bytes")));
    }
    if group.chars().any(char::is_control) {
        return Err(Error::invalid("a group of documents may not contain a control character"));
    }
    Ok(())
}

fn as_object(body: &impl Serialize) -> Result<Value> {
    let body = serde_json::to_value(body);
    let body = body.map_err(|error| Error::invalid(format!("the body of a document: {error}")))?;
    if body.is_object() { Ok(body) } else { Err(no_object()) }
}

fn no_object() -> Error {
    Error::invalid("the body of a document is a JSON object")
}

/// Checks the form of a body. On a stack of its own: what comes in may be nested as deep as it likes.
//
// A fraction is not read back exactly by every JSON library, and beyond 63 bits SQLite's JSON
// functions make a fraction of a whole number: a body is the same everywhere or it is not taken.
fn check_body(body: &Value) -> Result<()> {
    if !body.is_object() {
        return Err(no_object());
    }
    let mut waiting = vec![(body, 1)];
    while let Some((value, depth)) = waiting.pop() {
        if depth > Document::MAX_DEPTH {
            let most = Document::MAX_DEPTH;
            return Err(Error::invalid(format!("a document is nested at most {most} deep")));
        }
        match value {
            Value::Null | Value::Bool(_) | Value::String(_) => {}
            Value::Number(number) if number.as_i64().is_some() => {}
            Value::Number(number) => {
                return Err(Error::invalid(format!(
                    "the number {number} in a document is not whole, or beyond 63 bits"
                )));
            }
            Value::Array(items) => waiting.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(fields) => {
                waiting.extend(fields.values().map(|field| (field, depth + 1)));
            }
        }
    }
    Ok(())
}

/// Writes a value with the names in each object in their order, whichever way the JSON library keeps
/// them: a host may have asked it to keep them as they came.
fn write_value(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write_value(item, text);
            }
            text.push(']');
        }
        Value::Object(fields) => write_object(fields, text),
        plain => text.push_str(&plain.to_string()),
    }
}

fn write_object(fields: &Map<String, Value>, text: &mut String) {
    let mut names: Vec<(&String, &Value)> = fields.iter().collect();
    names.sort_by_key(|(name, _)| *name);
    text.push('{');
    for (at, (name, value)) in names.into_iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&Value::from(name.as_str()).to_string());
        text.push(':');
        write_value(value, text);
    }
    text.push('}');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(body: Value) -> Document {
        let at = Timestamp::UNIX_EPOCH;
        Document {
            id: DocumentId::from_bytes([1; 16]),
            community: CommunityId::from_bytes([2; 16]),
            collection: "notes".parse().unwrap(),
            body,
            keys: Vec::new(),
            created_at: at,
            updated_at: at,
            rev: Rev::FIRST,
        }
    }

    fn nested(depth: usize) -> Value {
        (1..depth).fold(json!({}), |inner, _| json!({ "in": inner }))
    }

    #[test]
    fn a_body_is_an_object_of_whole_numbers_that_is_not_too_deep() {
        let limits = Limits::default();
        let check = |body| document(body).check(&limits);
        for good in [
            json!({}),
            json!({ "a": [1, -5, i64::MAX, i64::MIN, null, true, "\u{0}é\""] }),
            nested(Document::MAX_DEPTH),
        ] {
            assert!(check(good.clone()).is_ok(), "{good}");
        }
        for bad in [
            json!(null),
            json!([1]),
            json!("text"),
            json!({ "a": 1.5 }),
            json!({ "a": [{ "b": u64::MAX }] }),
            nested(Document::MAX_DEPTH + 1),
        ] {
            assert!(matches!(check(bad.clone()), Err(Error::Invalid(_))), "{bad}");
        }
        // Deeper than a walk on the caller's stack could go; taken apart the same way afterwards.
        let mut deep = nested(1_000);
        assert!(check(deep.clone()).is_err());
        while let Some(inner) = deep.get_mut("in") {
            deep = inner.take();
        }
    }

    #[test]
    fn sizes_are_exact() {
        let limits = Limits { document: 13, document_keys: 2, ..Limits::default() };
        let body = |text: &str| document(json!({ "text": text }));
        assert_eq!(body("éa").body_text().len(), 14);
        assert!(body("é").check(&limits).is_ok());
        assert!(matches!(body("éa").check(&limits), Err(Error::Limit(_))));
        let key = |list: &str, group: &str, key| {
            DocumentKey::new(list.parse().unwrap(), key).within(group)
        };
        let two = body("").with_keys([key("b", "", 1), key("a", "x", 2)]);
        assert_eq!(two.keys, [key("a", "x", 2), key("b", "", 1)]);
        assert!(two.check(&limits).is_ok());
        let three = [key("a", "", 1), key("b", "", 1), key("c", "", 1)];
        assert!(matches!(body("").with_keys(three).check(&limits), Err(Error::Limit(_))));
        for bad in [
            vec![key("a", "x", 1), key("a", "x", 2)],
            vec![key("a", &"x".repeat(DocumentKey::MAX_GROUP + 1), 1)],
            vec![key("a", "x\ny", 1)],
        ] {
            let refused = body("").with_keys(bad.clone()).check(&limits);
            assert!(matches!(refused, Err(Error::Invalid(_))), "{bad:?}");
        }
        let longest = key("a", &"x".repeat(DocumentKey::MAX_GROUP), 1);
        assert!(body("").with_keys([longest]).check(&limits).is_ok());
    }

    #[test]
    fn equal_bodies_are_one_text_that_reads_back() {
        let body = json!({ "b": [true, { "z": "\"\n", "a": -3 }], "a": {}, "é": null });
        let text = document(body.clone()).body_text();
        assert_eq!(text, r#"{"a":{},"b":[true,{"a":-3,"z":"\"\n"}],"é":null}"#);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), body);
    }
}
