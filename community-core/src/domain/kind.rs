//! Kinds of topics: a typed payload and a state machine, as data.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::text::Slug;

/// A kind of topic: `question`, `poll`, or one that a community defines.
///
/// The seven that come with the engine are [`builtin_kinds`]; a community adds its own with
/// [`Session::define_kind`](crate::Session::define_kind).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// Its name.
    pub name: Slug,
    /// Whether replies to the first post are answers, which can be accepted.
    #[serde(default)]
    pub answers: bool,
    /// The status of a new topic.
    pub initial: Slug,
    /// The legal changes of status.
    #[serde(default)]
    pub transitions: Vec<Transition>,
    /// The fields of its payload.
    #[serde(default)]
    pub fields: Vec<Field>,
}

/// One legal change of status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// The status before.
    pub from: Slug,
    /// The status after.
    pub to: Slug,
    /// Who may do it.
    #[serde(default)]
    pub by: TransitionBy,
}

/// Who may change a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransitionBy {
    /// Whoever may edit the topic: its author and moderators, unless the policy says otherwise.
    #[default]
    Editor,
    /// Moderators only.
    Moderator,
}

/// A field of a payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name, a key of the JSON object.
    pub name: Slug,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether a payload without it is refused.
    #[serde(default)]
    pub required: bool,
}

/// What a payload field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// A string.
    Text,
    /// A whole number.
    Integer,
    /// True or false.
    Boolean,
    /// A moment, RFC 3339.
    Time,
    /// A list of strings.
    Texts,
}

impl Kind {
    /// The statuses of this kind's machine, the initial one first; some of them more than once.
    pub fn statuses(&self) -> impl Iterator<Item = &Slug> {
        let others = self.transitions.iter().flat_map(|t| [&t.from, &t.to]);
        std::iter::once(&self.initial).chain(others)
    }

    /// Whether `status` belongs to this kind's machine.
    #[must_use]
    pub fn has_status(&self, status: &Slug) -> bool {
        self.statuses().any(|known| known == status)
    }

    /// The transition between two statuses, when it is legal.
    #[must_use]
    pub fn transition(&self, from: &Slug, to: &Slug) -> Option<&Transition> {
        self.transitions.iter().find(|t| t.from == *from && t.to == *to)
    }

    /// Checks that the machine is sound: every status can be reached from the initial one, and no
    /// transition or field is named twice.
    ///
    /// # Errors
    /// [`Error::Invalid`] that says what is wrong.
    pub fn check(&self) -> Result<()> {
        let mut reached = vec![&self.initial];
        let mut next = 0;
        while let Some(status) = reached.get(next).copied() {
            next += 1;
            for t in self.transitions.iter().filter(|t| t.from == *status) {
                if !reached.contains(&&t.to) {
                    reached.push(&t.to);
                }
            }
        }
        for (i, t) in self.transitions.iter().enumerate() {
            if !reached.contains(&&t.from) {
                return Err(Error::invalid(format!(
                    "kind `{}`: status `{}` cannot be reached from `{}`",
                    self.name, t.from, self.initial
                )));
            }
            if self.transitions.iter().skip(i + 1).any(|u| u.from == t.from && u.to == t.to) {
                return Err(Error::invalid(format!(
                    "kind `{}`: the transition from `{}` to `{}` is there twice",
                    self.name, t.from, t.to
                )));
            }
        }
        for (i, field) in self.fields.iter().enumerate() {
            if self.fields.iter().skip(i + 1).any(|other| other.name == field.name) {
                return Err(Error::invalid(format!(
                    "kind `{}`: the field `{}` is there twice",
                    self.name, field.name
                )));
            }
        }
        Ok(())
    }

    /// Checks a payload against the fields: required ones present, types right, none unknown.
    ///
    /// # Errors
    /// [`Error::Invalid`] that names the field.
    pub fn check_payload(&self, payload: Option<&Value>) -> Result<()> {
        let empty = serde_json::Map::new();
        let object = match payload {
            None => &empty,
            Some(Value::Object(object)) => object,
            Some(_) => return Err(Error::invalid("a payload is a JSON object")),
        };
        for name in object.keys() {
            if !self.fields.iter().any(|field| field.name == *name.as_str()) {
                return Err(Error::invalid(format!(
                    "a topic of kind `{}` has no field `{name}`",
                    self.name
                )));
            }
        }
        for field in &self.fields {
            match object.get(field.name.as_str()) {
                None if field.required => {
                    return Err(Error::invalid(format!(
                        "a topic of kind `{}` needs the field `{}`",
                        self.name, field.name
                    )));
                }
                Some(value) if !field.kind.admits(value) => {
                    return Err(Error::invalid(format!(
                        "the field `{}` holds {}",
                        field.name,
                        field.kind.in_words()
                    )));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl FieldType {
    fn admits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Integer => value.is_i64(),
            Self::Boolean => value.is_boolean(),
            Self::Time => value
                .as_str()
                .is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok()),
            Self::Texts => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Integer => "a whole number",
            Self::Boolean => "true or false",
            Self::Time => "a time like 2026-01-31T12:00:00Z",
            Self::Texts => "a list of texts",
        }
    }
}

/// The kinds that every community knows: discussion, question, idea, article, poll, event and
/// announcement.
///
/// ```
/// use community_core::{Slug, builtin_kinds};
/// let kinds = builtin_kinds();
/// let question = kinds.iter().find(|kind| kind.name == "question").unwrap();
/// assert!(question.answers);
/// assert!(question.transition(&Slug::new("open")?, &Slug::new("closed")?).is_some());
/// # Ok::<(), community_core::TextError>(())
/// ```
#[must_use]
pub fn builtin_kinds() -> &'static [Kind] {
    static KINDS: std::sync::OnceLock<Vec<Kind>> = std::sync::OnceLock::new();
    KINDS.get_or_init(|| {
        use FieldType::{Integer, Text, Texts, Time};
        use TransitionBy::{Editor, Moderator};
        let open_closed = [("open", "closed", Moderator), ("closed", "open", Moderator)];
        vec![
            define("discussion", false, "open", &open_closed, &[]),
            define("question", true, "open", &open_closed, &[]),
            define(
                "idea",
                false,
                "new",
                &[
                    ("new", "in-review", Moderator),
                    ("new", "declined", Moderator),
                    ("in-review", "planned", Moderator),
                    ("in-review", "declined", Moderator),
                    ("planned", "done", Moderator),
                    ("planned", "in-review", Moderator),
                    ("declined", "in-review", Moderator),
                ],
                &[("product", Text, false)],
            ),
            define(
                "article",
                false,
                "published",
                &[("published", "outdated", Editor), ("outdated", "published", Editor)],
                &[("summary", Text, false)],
            ),
            define(
                "poll",
                false,
                "open",
                &[("open", "closed", Editor)],
                &[("options", Texts, true), ("closes_at", Time, false)],
            ),
            define(
                "event",
                false,
                "scheduled",
                &[
                    ("scheduled", "cancelled", Editor),
                    ("scheduled", "held", Editor),
                    ("cancelled", "scheduled", Editor),
                ],
                &[
                    ("starts_at", Time, true),
                    ("ends_at", Time, false),
                    ("place", Text, false),
                    ("capacity", Integer, false),
                ],
            ),
            define(
                "announcement",
                false,
                "current",
                &[("current", "withdrawn", Editor), ("withdrawn", "current", Editor)],
                &[("until", Time, false)],
            ),
        ]
    })
}

/// The names in the table above are all valid, which `every_builtin_kind_is_sound` checks; an
/// invalid one would be left out here and missed there.
fn define(
    name: &str,
    answers: bool,
    initial: &str,
    transitions: &[(&str, &str, TransitionBy)],
    fields: &[(&str, FieldType, bool)],
) -> Kind {
    let slug = |text: &str| Slug::new(text).unwrap_or_else(|_| Slug::placeholder());
    Kind {
        name: slug(name),
        answers,
        initial: slug(initial),
        transitions: transitions
            .iter()
            .map(|(from, to, by)| Transition { from: slug(from), to: slug(to), by: *by })
            .collect(),
        fields: fields
            .iter()
            .map(|(name, kind, required)| Field {
                name: slug(name),
                kind: *kind,
                required: *required,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_kind_is_sound() {
        assert_eq!(builtin_kinds().len(), 7);
        for kind in builtin_kinds() {
            kind.check().unwrap();
            assert!(!serde_json::to_string(kind).unwrap().contains("placeholder"));
        }
    }

    #[test]
    fn a_payload_is_checked_field_by_field() {
        let poll = builtin_kinds().iter().find(|kind| kind.name == "poll").unwrap();
        let good = serde_json::json!({"options": ["a", "b"]});
        assert!(poll.check_payload(Some(&good)).is_ok());
        for bad in [
            serde_json::json!({}),
            serde_json::json!({"options": "a"}),
            serde_json::json!({"options": [], "colour": "red"}),
            serde_json::json!({"options": [], "closes_at": "tomorrow"}),
            serde_json::json!([]),
        ] {
            assert!(poll.check_payload(Some(&bad)).is_err(), "{bad}");
        }
        assert!(poll.check_payload(None).is_err());
    }
}
