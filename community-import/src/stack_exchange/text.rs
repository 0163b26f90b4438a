//! Short texts of a dump, made to fit the engine's rules for them.

use community_core::{Limits, Name, Slug, TextError, Title};

/// A name without the characters that a name may not have, cut to what a key holds beside `guest:`;
/// `None` when nothing of it can be seen.
pub(super) fn name(text: &str) -> Option<Name> {
    let mut text = cut(text, Name::MAX_BYTES - "guest:".len()).trim().to_owned();
    loop {
        match Name::new(&text) {
            Ok(name) => return Some(name),
            Err(TextError::Character { character, .. }) => text = without(&text, character),
            Err(_) => return None,
        }
    }
}

/// A title without the characters that a title may not have.
pub(super) fn title(text: &str, limits: &Limits) -> Result<Title, community_core::Error> {
    limits.title(text.len())?;
    let mut text = text.to_owned();
    loop {
        match Title::new(&text) {
            Err(TextError::Character { character, .. }) => text = without(&text, character),
            result => return Ok(result?),
        }
    }
}

/// The tags of `<a><b>` or `|a|b|`.
pub(super) fn tags(text: &str) -> impl Iterator<Item = &str> {
    text.split(['<', '>', '|']).filter(|tag| !tag.is_empty())
}

/// A tag as a label's key: itself, or in lower case with `-` in place of what a slug may not have.
/// `None` when nothing is left.
pub(super) fn slug(tag: &str) -> Option<Slug> {
    if let Ok(slug) = Slug::new(tag) {
        return Some(slug);
    }
    let allowed = |c: char| Slug::new(c.encode_utf8(&mut [0; 4])).is_ok();
    let lower = cut(tag, 4 * Slug::MAX_BYTES).to_lowercase();
    let text: String = lower.chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    let text = cut(text.trim_matches('-'), Slug::MAX_BYTES);
    text.chars().any(char::is_alphanumeric).then(|| Slug::new(text).ok()).flatten()
}

/// The text without a character; what separates words leaves a space.
fn without(text: &str, character: char) -> String {
    text.replace(character, if character.is_control() { " " } else { "" })
}

/// As much of the text as fits into so many bytes.
fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_a_name_may_not_have() {
        let clean = |text: &str| name(text).map(|name| name.as_str().to_owned());
        assert_eq!(clean("Zoë"), Some("Zoë".into()));
        assert_eq!(clean(" a\u{202E}b\tc\u{200F} "), Some("ab c".into()));
        assert_eq!(clean("\u{3164}\u{0}"), None);
        assert_eq!(clean(&"é".repeat(150)), Some("é".repeat(97)));
    }

    #[test]
    fn titles_are_cleaned_but_not_cut() {
        let limits = Limits::default();
        assert_eq!(title("a\nb", &limits).unwrap().as_str(), "a b");
        assert!(title(&"a".repeat(801), &limits).is_err());
        assert!(title("\u{200B}", &limits).is_err());
    }

    #[test]
    fn tags_are_read_in_both_forms_and_become_slugs() {
        for text in ["<c++><.net-6>", "|c++|.net-6|"] {
            assert_eq!(tags(text).collect::<Vec<_>>(), ["c++", ".net-6"]);
        }
        let slug = |tag: &str| slug(tag).map(|slug| slug.as_str().to_owned());
        assert_eq!(slug("c++"), Some("c++".into()));
        assert_eq!(slug("Größe (XL)"), Some("größe--xl".into()));
        assert_eq!(slug("()"), None);
        assert_eq!(slug(&"é".repeat(40)), Some("é".repeat(32)));
    }
}
