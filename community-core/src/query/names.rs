//! The list of names of a community: who stands in it where, for somebody who begins to type one.

use serde::{Deserialize, Serialize};

use crate::fold::Folded;
use crate::text::{Key, Name};

/// Which part of somebody begins with what was typed; the best comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NamePlace {
    /// The name from its beginning.
    Name,
    /// The name from a later word on.
    Word,
    /// The host's key.
    Key,
}

impl NamePlace {
    /// All places.
    pub const ALL: [Self; 3] = [Self::Name, Self::Word, Self::Key];

    /// Its number, as stores keep it; smaller numbers come first.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Name => 0,
            Self::Word => 1,
            Self::Key => 2,
        }
    }
}

/// The places at which somebody stands in the list of names of each community, each with its
/// folded text, in their order. Who is not listed, or has not joined, stands nowhere.
///
/// The list is sorted by place, then text, then id; a page of it is whoever's text
/// [begins](Folded::as_str) so, each once, at the first of these places.
#[must_use]
pub fn name_places(name: &Name, key: &Key) -> Vec<(NamePlace, String)> {
    let name = Folded::new(name.as_str());
    let mut places = vec![(NamePlace::Name, name.as_str().to_owned())];
    places.extend(name.later_words().map(|rest| (NamePlace::Word, rest.to_owned())));
    places.push((NamePlace::Key, Folded::new(key.as_str()).as_str().to_owned()));
    places.sort_unstable();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_stands_at_each_word_of_the_name_and_at_the_key() {
        let places = name_places(&Name::new("Zoë O’Neil").unwrap(), &Key::new("User:7").unwrap());
        let expected = [
            (NamePlace::Name, "zoe o'neil"),
            (NamePlace::Word, "neil"),
            (NamePlace::Word, "o'neil"),
            (NamePlace::Key, "user:7"),
        ];
        assert_eq!(places, expected.map(|(place, text)| (place, text.to_owned())));
        assert!(NamePlace::ALL.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(NamePlace::ALL.windows(2).all(|pair| pair[0].code() < pair[1].code()));
    }
}
