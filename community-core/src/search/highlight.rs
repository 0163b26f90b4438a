//! Highlights: which parts of a text show why it was found.

use std::fmt::Write as _;
use std::ops::Range;

use serde::Serialize;

/// What to show of a hit. All ranges are in bytes, lie between characters, rise and do not overlap.
///
/// The texts themselves are those of the hit; a [`SearchHit`](crate::SearchHit) puts both together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Highlights {
    /// Words of the title that were looked for.
    pub title: Vec<Range<usize>>,
    /// Parts of the body, in its order: those with most of the words that were looked for, or the
    /// beginning of the body when it has none.
    pub fragments: Vec<Fragment>,
}

impl Highlights {
    /// A title as HTML that is safe to put into a page, with `<mark>` around what was looked for.
    #[must_use]
    pub fn title_html(&self, title: &str) -> String {
        html(title, 0..title.len(), &self.title)
    }

    /// The fragments of a body as HTML that is safe to put into a page, with `<mark>` around what was
    /// looked for.
    ///
    /// ```
    /// use community_core::search::{Fragment, Highlights};
    ///
    /// let fragments = vec![Fragment { range: 0..9, marks: vec![4..9] }];
    /// let highlights = Highlights { title: Vec::new(), fragments };
    /// assert_eq!(highlights.fragments_html("1 < beans, 2"), ["1 &lt; <mark>beans</mark>"]);
    /// ```
    #[must_use]
    pub fn fragments_html(&self, body: &str) -> Vec<String> {
        let fragments = self.fragments.iter();
        fragments.map(|part| html(body, part.range.clone(), &part.marks)).collect()
    }
}

/// A part of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fragment {
    /// Where it is in the body.
    pub range: Range<usize>,
    /// Words in it that were looked for, by their place in the body.
    pub marks: Vec<Range<usize>>,
}

/// Bytes of a fragment, a word more or less.
const FRAGMENT: usize = 160;

/// Fragments of one body.
const FRAGMENTS: usize = 3;

/// How much of a body is looked at, in bytes: what is behind it is found, and not shown.
pub(crate) const LOOKED_AT: usize = 32_768;

/// The beginning of a text that is looked at.
pub(crate) fn beginning(text: &str) -> &str {
    text.get(..floor(text, LOOKED_AT)).unwrap_or(text)
}

/// The fragments of a body that show most of these marks, which rise and do not overlap.
pub(crate) fn fragments(body: &str, marks: &[Range<usize>]) -> Vec<Fragment> {
    let ends = windows(marks);
    let mut chosen: Vec<&[Range<usize>]> = Vec::new();
    // The fullest windows are taken, the earlier of two that are equally full; what a window holds
    // belongs to no other.
    let mut free = Vec::from([(0, marks.len())]);
    while chosen.len() < FRAGMENTS {
        let windows = free.iter().enumerate().flat_map(|(i, (start, end))| {
            let ends = ends.get(*start..*end).unwrap_or_default();
            let windows = (*start..).zip(ends);
            windows.map(move |(from, to)| (i, from..(*to).min(*end)))
        });
        let fullest =
            windows.max_by_key(|(_, window)| (window.len(), std::cmp::Reverse(window.start)));
        let Some((i, window)) = fullest else { break };
        let Some((start, end)) = free.get(i).copied() else { break };
        chosen.extend(marks.get(window.clone()));
        free.splice(i..=i, [(start, window.start), (window.end, end)]);
    }
    chosen.sort_by_key(|marks| marks.first().map(|mark| mark.start));
    let mut fragments: Vec<Fragment> = Vec::new();
    for marks in chosen {
        let (Some(first), Some(last)) = (marks.first(), marks.last()) else { continue };
        let range = around(body, first.start..last.end);
        match fragments.last_mut().filter(|before| range.start <= before.range.end) {
            Some(before) => {
                before.range.end = range.end.max(before.range.end);
                before.marks.extend_from_slice(marks);
            }
            None => fragments.push(Fragment { range, marks: marks.to_vec() }),
        }
    }
    if fragments.is_empty() {
        fragments.push(Fragment { range: around(body, 0..0), marks: Vec::new() });
    }
    fragments
}

/// For each mark, behind which mark the window ends that begins with it: it holds those that follow
/// so closely that one fragment shows them all.
fn windows(marks: &[Range<usize>]) -> Vec<usize> {
    let mut end = 0;
    let window = |(from, first): (usize, &Range<usize>)| {
        end = end.max(from + 1);
        let follow = marks.get(end..).unwrap_or_default();
        end += follow.iter().take_while(|mark| mark.end <= first.start + FRAGMENT).count();
        end
    };
    marks.iter().enumerate().map(window).collect()
}

/// A fragment around some marks, from word to word.
fn around(body: &str, marks: Range<usize>) -> Range<usize> {
    let rest = FRAGMENT.saturating_sub(marks.len());
    // More of what follows than of what precedes, if there is: people read on.
    let latest = body.len().saturating_sub(FRAGMENT);
    let from = floor(body, marks.start.saturating_sub(rest / 4).min(latest));
    let to = floor(body, (from + FRAGMENT).max(marks.end).min(body.len()));
    let inside = |range: Range<usize>| body.get(range).unwrap_or_default();
    let before = inside(from..marks.start);
    let start = match before.find(char::is_whitespace) {
        Some(at) if from > 0 => from + at + before.get(at..).map_or(0, blank),
        _ if from > 0 && !before.is_empty() && !body_breaks_at(body, from) => {
            marks.start.min(from + before.len())
        }
        _ => from,
    };
    let after = inside(marks.end..to);
    let end = match after.rfind(char::is_whitespace) {
        Some(at) if to < body.len() => marks.end + at,
        _ => to,
    };
    start..end.max(start)
}

/// Whether a word begins at this place.
fn body_breaks_at(body: &str, at: usize) -> bool {
    body.get(..at).and_then(|before| before.chars().next_back()).is_none_or(char::is_whitespace)
}

/// The length of the blank that a text begins with.
fn blank(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// The last place between characters at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    if at >= text.len() {
        return text.len();
    }
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

/// A part of a text as HTML that is safe to put into a page: everything that means something to a
/// browser is escaped, and marks stand in `<mark>`.
fn html(text: &str, range: Range<usize>, marks: &[Range<usize>]) -> String {
    let mut html = String::new();
    let mut at = range.start;
    for mark in marks.iter().filter(|mark| mark.start >= range.start && mark.end <= range.end) {
        escape(text.get(at..mark.start).unwrap_or_default(), &mut html);
        html.push_str("<mark>");
        escape(text.get(mark.clone()).unwrap_or_default(), &mut html);
        html.push_str("</mark>");
        at = mark.end;
    }
    escape(text.get(at..range.end).unwrap_or_default(), &mut html);
    html
}

fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            // Control characters are nothing to show, and some of them no HTML.
            c if c.is_control() && !c.is_whitespace() => {
                let _infallible = write!(html, "{}", char::REPLACEMENT_CHARACTER);
            }
            c => html.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marks_of(body: &str, word: &str) -> Vec<Range<usize>> {
        body.match_indices(word).map(|(at, found)| at..at + found.len()).collect()
    }

    #[test]
    fn text_of_users_is_never_markup() {
        let text = "a <script>\"&'</script> b\0";
        assert_eq!(
            html(text, 0..text.len(), std::slice::from_ref(&(3..9))),
            "a &lt;<mark>script</mark>&gt;&quot;&amp;&#39;&lt;/script&gt; b\u{FFFD}"
        );
    }

    #[test]
    fn a_text_without_marks_is_shown_from_its_beginning() {
        let body = "word ".repeat(100);
        let [fragment] = &fragments(&body, &[])[..] else { panic!("one fragment") };
        assert_eq!(fragment.range, 0..159);
        assert_eq!(fragments("", &[]), [Fragment { range: 0..0, marks: Vec::new() }]);
    }

    #[test]
    fn the_parts_with_most_marks_are_shown_in_the_order_of_the_text() {
        let filler = "lorem ipsum ".repeat(40);
        let body = format!("{filler}tyre {filler}tyre tyre tyre {filler}tyre {filler}tyre tyre");
        let marks = marks_of(&body, "tyre");
        let found = fragments(&body, &marks);
        let counts: Vec<_> = found.iter().map(|fragment| fragment.marks.len()).collect();
        assert_eq!(counts, [1, 3, 2]);
        for fragment in &found {
            let text = &body[fragment.range.clone()];
            assert!(text.len() <= FRAGMENT, "{text}");
            assert!(
                text.split(' ').all(|word| ["lorem", "ipsum", "tyre"].contains(&word)),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn fragments_lie_between_characters_and_apart(
            words in proptest::collection::vec("[a-z日é<]{0,40}", 0..80),
            picked in proptest::collection::vec(0usize..80, 0..20),
        ) {
            let body = words.join(" ");
            let mut marks = Vec::new();
            let mut at = 0;
            for (i, word) in words.iter().enumerate() {
                if picked.contains(&i) && !word.is_empty() {
                    marks.push(at..at + word.len());
                }
                at += word.len() + 1;
            }
            let found = fragments(&body, &marks);
            prop_assert!(!found.is_empty() && found.len() <= FRAGMENTS);
            let mut end = 0;
            for Fragment { range, marks: inside } in &found {
                prop_assert!(range.start >= end && range.end <= body.len());
                prop_assert!(body.get(range.clone()).is_some());
                prop_assert!(inside.iter().all(|mark| range.start <= mark.start && mark.end <= range.end));
                prop_assert!(inside.iter().all(|mark| marks.contains(mark)));
                end = range.end;
                let html = html(&body, range.clone(), inside);
                let plain = html.replace("<mark>", "").replace("</mark>", "").replace("&lt;", "<");
                prop_assert_eq!(plain.as_str(), &body[range.clone()]);
            }
            prop_assert_eq!(marks.is_empty(), found.iter().all(|fragment| fragment.marks.is_empty()));
        }
    }
}
