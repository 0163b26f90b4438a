//! Texts of scripts: plain ones, and one in four that somebody might send to break something.

use community_core::{Key, Name};

use crate::worlds::Dice;

const PLAIN: [&str; 6] = [
    "Waar is de sleutel van het hek?",
    "It is under the blue pot.",
    "¿Quién riega los tomates el lunes?",
    "Thanks, found it",
    "a",
    "Two lines\nand a third\n\nafter a gap",
];

const HOSTILE: [&str; 20] = [
    "",
    "   \n\t ",
    "nul \0 inside",
    "'; DROP TABLE topics; --",
    "\" OR \"\"=\"",
    "100%_of\\the_time%",
    "😀 four bytes 👩‍👩‍👧",
    "\u{202E}reversed\u{202C}",
    "\u{5E9}\u{5DC}\u{5D5}\u{5DD} \u{200F}",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}",
    "\u{FEFF}bom",
    "\u{1F468}\u{200D}\u{1F469}",
    "{\"json\": [1, 2, {}]}",
    "<script>alert(1)</script>",
    "$1 ?1 :name @name",
    "\u{FFFF}\u{10FFFF}",
    "ǅ ß ſ İ ı",
    "line\u{2028}separator",
    "\r\n\r\n.",
    "NULL",
];

/// A text of any length that limits may or may not let through.
pub(super) fn text(dice: &mut Dice, limit: usize) -> String {
    match dice.below(100) {
        0..78 => {
            let text = dice.pick(&PLAIN);
            format!("{text} {}", dice.below(4))
        }
        78..98 => (*dice.pick(&HOSTILE)).to_owned(),
        // At the limit and one beyond it, in characters of one to four bytes.
        _ => {
            let character = dice.pick(&["x", "é", "自", "😀"]);
            let mut text = character.repeat(limit / character.len());
            if dice.chance(50) {
                text.push_str(character);
            }
            text
        }
    }
}

/// A reason, or none.
pub(super) fn reason(dice: &mut Dice, limit: usize) -> Option<String> {
    dice.chance(50).then(|| text(dice, limit))
}

/// A title on one line, mostly.
pub(super) fn title(dice: &mut Dice, limit: usize) -> String {
    if dice.chance(94) { format!("Title {}", dice.below(20)) } else { text(dice, limit) }
}

/// A name, as far as one can be made of a text.
pub(super) fn name(dice: &mut Dice) -> Name {
    let wish = text(dice, 180);
    Name::new(&wish).or_else(|_| Name::new("Sam")).unwrap_or_else(|_| unreachable_name())
}

/// A key of an item: few enough to meet, some of them of a strange form.
pub(super) fn item_key(dice: &mut Dice) -> Key {
    let strange = ["%", "_", "item:1'", "ITEM:1", "item:1 ", "0"];
    let wish = match dice.below(10) {
        0 => (*dice.pick(&strange)).to_owned(),
        number => format!("item:{number}"),
    };
    Key::new(&wish).unwrap_or_else(|_| unreachable_key())
}

#[allow(clippy::expect_used, reason = "a literal that is valid")]
fn unreachable_name() -> Name {
    Name::new("Sam").expect("a valid name")
}

#[allow(clippy::expect_used, reason = "a literal that is valid")]
fn unreachable_key() -> Key {
    Key::new("item").expect("a valid key")
}
