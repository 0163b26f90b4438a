//! Where words begin and end.
//!
//! The rules are the same in every language, so that analyses of one text in several languages can
//! be laid on each other by the places of their words.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

/// A longer run of letters is cut into pieces: nobody types such a word, and the index library
/// drops words above its own limit silently.
const MAX_WORD_CHARS: usize = 64;

/// Marks on top of that, on all letters of a piece together.
const MAX_MARKS: usize = 256;

/// A stretch of text that is looked up as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// In bytes.
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters and digits.
    Word,
    /// One sign of a script that sets no spaces between words.
    Sign,
}

/// All pieces of a text, in order, none overlapping another.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut letters, mut marks) = (0, 0);
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        let last = pieces.last_mut().filter(|last| last.span.end == at);
        if !c.is_ascii() && (is_combining_mark(c) || is_invisible(c)) {
            if let Some(last) = last.filter(|_| marks < MAX_MARKS) {
                last.span.end = end;
                marks += 1;
            }
            continue;
        }
        let kind = match c {
            _ if c.is_ascii_alphanumeric() => Kind::Word,
            _ if is_unspaced(c) => Kind::Sign,
            _ if c.is_alphanumeric() => Kind::Word,
            _ => continue,
        };
        match last.filter(|last| (last.kind, kind) == (Kind::Word, Kind::Word)) {
            Some(last) if letters < MAX_WORD_CHARS => {
                last.span.end = end;
                letters += 1;
            }
            _ => {
                pieces.push(Piece { span: at..end, kind });
                (letters, marks) = (1, 0);
            }
        }
    }
    without_clitics(text, pieces)
}

/// Leaves out single letters that an apostrophe ties to a word: `l'avion`, `user's`, `foto's`.
fn without_clitics(text: &str, pieces: Vec<Piece>) -> Vec<Piece> {
    let single = |piece: &Piece| {
        piece.kind == Kind::Word
            && text.get(piece.span.clone()).is_some_and(|word| word.chars().nth(1).is_none())
    };
    let tied = |left: &Piece, right: &Piece| {
        let mut between = text.get(left.span.end..right.span.start).unwrap_or_default().chars();
        between.next().is_some_and(is_apostrophe) && between.next().is_none()
    };
    let keeps = |at: usize, piece: &Piece| {
        let before = at.checked_sub(1).and_then(|before| pieces.get(before));
        let after = pieces.get(at + 1);
        !single(piece)
            || !(before.is_some_and(|before| tied(before, piece) && !single(before))
                || after.is_some_and(|after| tied(piece, after) && !single(after)))
    };
    let kept: Vec<bool> = pieces.iter().enumerate().map(|(at, piece)| keeps(at, piece)).collect();
    pieces.into_iter().zip(kept).filter_map(|(piece, kept)| kept.then_some(piece)).collect()
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '\u{ff07}')
}

/// Characters that stand inside a word without being seen: soft hyphen, joiners, byte order mark.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// Whether words of the script run on without spaces, or are best looked up in parts (Korean).
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' // Thai, Lao
        | '\u{1000}'..='\u{109f}' // Burmese
        | '\u{1100}'..='\u{11ff}' // Hangul, letter by letter
        | '\u{1780}'..='\u{17ff}' // Khmer
        | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30ff}' // Hiragana, Katakana
        | '\u{3105}'..='\u{318e}' // Bopomofo, Hangul
        | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' // Han
        | '\u{ac00}'..='\u{d7a3}' // Hangul
        | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}' // Katakana of half width
        | '\u{1b000}'..='\u{1b16f}'
        | '\u{20000}'..='\u{323af}'
    ) && c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<&str> {
        pieces(text).into_iter().map(|piece| &text[piece.span]).collect()
    }

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        assert_eq!(words("Hello, world!"), ["Hello", "world"]);
        assert_eq!(words("  v1.2 of snake_case"), ["v1", "2", "of", "snake", "case"]);
        assert_eq!(
            words("e\u{301}te\u{301} co\u{ad}operate"),
            ["e\u{301}te\u{301}", "co\u{ad}operate"]
        );
        assert_eq!(words("हिन्दी में"), ["हिन्दी", "में"]);
        assert_eq!(words("\u{301} 👍 ..."), [""; 0]);
    }

    #[test]
    fn a_single_letter_tied_by_an_apostrophe_is_no_word() {
        assert_eq!(words("l'avion d\u{2019}Anne"), ["avion", "Anne"]);
        assert_eq!(words("the user's foto's"), ["the", "user", "foto"]);
        assert_eq!(words("rock'n'roll"), ["rock", "roll"]);
        assert_eq!(words("plan 'b' of a"), ["plan", "b", "of", "a"]);
        assert_eq!(words("o'k"), ["o", "k"]);
    }

    #[test]
    fn scripts_without_spaces_are_taken_sign_by_sign() {
        assert_eq!(words("手机phone"), ["手", "机", "phone"]);
        assert_eq!(words("か\u{3099}き"), ["か\u{3099}", "き"]);
        assert_eq!(words("한국"), ["한", "국"]);
    }

    #[test]
    fn an_endless_word_is_cut_and_nothing_of_it_is_lost() {
        let long = "x".repeat(200_000);
        let pieces = pieces(&long);
        assert!(pieces.iter().all(|piece| piece.span.len() <= MAX_WORD_CHARS));
        assert_eq!(pieces.iter().map(|piece| piece.span.len()).sum::<usize>(), long.len());
    }

    proptest! {
        #[test]
        fn pieces_are_in_order_and_on_boundaries(text in any::<String>()) {
            let mut end = 0;
            for piece in pieces(&text) {
                prop_assert!(end <= piece.span.start && piece.span.start < piece.span.end);
                prop_assert!(text.get(piece.span.clone()).is_some());
                end = piece.span.end;
            }
        }
    }
}
