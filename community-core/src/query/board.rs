//! Leaderboards, as they are asked for.

use uuid::Uuid;

use super::cursor::{Cursor, CursorError, Position};
use crate::reputation::BoardWindow;
use crate::text::Slug;

/// What of a community a leaderboard covers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum BoardPlace {
    /// All of it.
    #[default]
    Community,
    /// The channel with this key, without those below it.
    Channel(Slug),
    /// What has the label with this key.
    Label(Slug),
}

/// A leaderboard to be read, or a page of it.
///
/// ```
/// use community_core::BoardQuery;
/// use community_core::reputation::BoardWindow;
///
/// let query = BoardQuery::community("garden".parse()?).window(BoardWindow::Month).limit(10);
/// assert_eq!((query.day, query.limit), (None, Some(10)));
/// # Ok::<(), community_core::TextError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardQuery {
    /// The key of the community.
    pub community: Slug,
    /// How many days it covers.
    pub window: BoardWindow,
    /// Any of these days, counted from 1970-01-01; `None` is today, by UTC.
    pub day: Option<i32>,
    /// What of the community.
    pub place: BoardPlace,
    /// The group of rules whose points count; `None` is all.
    pub group: Option<Slug>,
    /// Items a page.
    pub limit: Option<usize>,
    /// Behind this cursor.
    pub after: Option<String>,
    /// Whether to say where the viewer stands, on whichever page that is.
    pub own: bool,
}

impl BoardQuery {
    /// The board of all times of a whole community.
    #[must_use]
    pub fn community(community: Slug) -> Self {
        Self {
            community,
            window: BoardWindow::All,
            day: None,
            place: BoardPlace::Community,
            group: None,
            limit: None,
            after: None,
            own: false,
        }
    }

    /// The same for so many days.
    #[must_use]
    pub fn window(self, window: BoardWindow) -> Self {
        Self { window, ..self }
    }

    /// The same for the days around this one, counted from 1970-01-01.
    #[must_use]
    pub fn day(self, day: i32) -> Self {
        Self { day: Some(day), ..self }
    }

    /// The same for one channel.
    #[must_use]
    pub fn channel(self, channel: Slug) -> Self {
        Self { place: BoardPlace::Channel(channel), ..self }
    }

    /// The same for one label.
    #[must_use]
    pub fn label(self, label: Slug) -> Self {
        Self { place: BoardPlace::Label(label), ..self }
    }

    /// The same for one group of rules.
    #[must_use]
    pub fn group(self, group: Slug) -> Self {
        Self { group: Some(group), ..self }
    }

    /// The same with so many items a page.
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// The page behind a cursor.
    #[must_use]
    pub fn after(self, cursor: String) -> Self {
        Self { after: Some(cursor), ..self }
    }

    /// The same, with where the viewer stands.
    #[must_use]
    pub fn with_own_rank(self) -> Self {
        Self { own: true, ..self }
    }
}

/// The last member of a page, and what it takes to number those behind.
///
/// As text it is a cursor at that member and a second one that is bound to the first and holds the
/// numbers: ranks go on from the page before without a look at the pages before that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BoardPosition {
    pub(crate) at: Position,
    /// The rank of the member.
    pub(crate) rank: u64,
    /// How many were shown up to the member.
    pub(crate) shown: u64,
}

impl BoardPosition {
    pub(crate) fn encode(self, board: &str) -> String {
        let Self { at, rank, shown } = self;
        let key = i64::try_from(rank).unwrap_or(i64::MAX);
        let numbers = Position { key, id: Uuid::from_u128(u128::from(shown)) };
        format!("{}{}", Cursor::new(at, board), Cursor::new(numbers, &bound(at, board)))
    }

    /// Total: any text gives a position or an error.
    pub(crate) fn decode(text: &str, board: &str) -> Result<Self, CursorError> {
        let (at, numbers) = text.split_at_checked(text.len() / 2).ok_or(CursorError)?;
        let at = Cursor::decode(at, board)?;
        let numbers = Cursor::decode(numbers, &bound(at, board))?;
        let rank = u64::try_from(numbers.key).map_err(|_| CursorError)?;
        let shown = u64::try_from(numbers.id.as_u128()).map_err(|_| CursorError)?;
        Ok(Self { at, rank, shown })
    }
}

fn bound(at: Position, board: &str) -> String {
    format!("{board} {} {}", at.key, at.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_position_reads_back_for_its_own_board_only(key: i64, id: u128, rank in 0..u64::MAX / 2, shown: u64) {
            let at = Position { key, id: Uuid::from_u128(id) };
            let position = BoardPosition { at, rank, shown };
            let text = position.encode("a");
            prop_assert_eq!(text.len(), 96);
            prop_assert_eq!(BoardPosition::decode(&text, "a"), Ok(position));
            prop_assert_eq!(BoardPosition::decode(&text, "b"), Err(CursorError));
        }

        #[test]
        fn halves_of_two_positions_make_none(one: i64, other: i64) {
            prop_assume!(one != other);
            let of = |key| BoardPosition { at: Position { key, id: Uuid::nil() }, rank: 1, shown: 1 };
            let (one, other) = (of(one).encode("a"), of(other).encode("a"));
            let mixed = format!("{}{}", &one[..48], &other[48..]);
            prop_assert_eq!(BoardPosition::decode(&mixed, "a"), Err(CursorError));
        }

        #[test]
        fn any_text_is_refused_without_panic(text in ".{0,120}") {
            prop_assert_eq!(BoardPosition::decode(&text, "a"), Err(CursorError));
        }
    }
}
