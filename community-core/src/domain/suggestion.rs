//! Suggestions: what happened when somebody was shown topics that may answer a question.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::id::{TopicId, VisitId};
use crate::text::Slug;

/// What happened in a visit in which topics were suggested. A visit is one wish to ask something,
/// from its first word until it is posted or given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuggestionStep {
    /// Topics were found, and shown unless the visit was held out: the best first, none when
    /// nothing was found.
    Shown {
        /// Which.
        topics: Vec<TopicId>,
    },
    /// One of them was opened.
    Opened {
        /// Which.
        topic: TopicId,
    },
    /// Somebody said whether a topic was of help.
    Rated {
        /// Which.
        topic: TopicId,
        /// Whether it was.
        helpful: bool,
    },
    /// The visit ended, and nothing was posted.
    Abandoned,
    /// The question was posted all the same.
    Posted {
        /// The topic that it became.
        topic: TopicId,
    },
}

impl SuggestionStep {
    /// The topics that it speaks of.
    #[must_use]
    pub fn topics(&self) -> &[TopicId] {
        match self {
            Self::Shown { topics } => topics,
            Self::Opened { topic } | Self::Rated { topic, .. } | Self::Posted { topic } => {
                std::slice::from_ref(topic)
            }
            Self::Abandoned => &[],
        }
    }
}

/// Which visits are held out: a share of all of them, drawn by the id of the visit.
///
/// The same visit is always drawn the same, on every machine, so a visit never changes sides
/// between its steps, and nothing has to be kept. Whoever raises the share holds out those who were
/// held out before and others; a new name draws anew.
///
/// ```
/// use community_core::{HoldOut, VisitId};
///
/// let draw = HoldOut::new("spring-2026".parse()?, 1_000)?; // a tenth
/// let held_out = |n: u128| draw.holds_out(VisitId::from_bytes(n.to_be_bytes()));
/// assert_eq!((0..10_000).filter(|n| held_out(*n)).count(), 980);
/// assert!(HoldOut::new("too-many".parse()?, 10_001).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Draw")]
pub struct HoldOut {
    name: Slug,
    share: u16,
}

/// What is drawn, before it is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draw {
    name: Slug,
    share: u16,
}

impl TryFrom<Draw> for HoldOut {
    type Error = Error;
    fn try_from(Draw { name, share }: Draw) -> Result<Self, Error> {
        Self::new(name, share)
    }
}

impl HoldOut {
    /// The share that is everybody.
    const ALL: u16 = 10_000;

    /// A draw with a name. The share is in parts of ten thousand: 500 is five of a hundred visits.
    ///
    /// # Errors
    /// [`Error::Invalid`] for more than 10,000.
    pub fn new(name: Slug, share: u16) -> Result<Self, Error> {
        if share > Self::ALL {
            return Err(Error::invalid("a share is at most 10000 parts of ten thousand"));
        }
        Ok(Self { name, share })
    }

    /// The name of the draw.
    #[must_use]
    pub fn name(&self) -> &Slug {
        &self.name
    }

    /// The share in parts of ten thousand.
    #[must_use]
    pub fn share(&self) -> u16 {
        self.share
    }

    /// Whether suggestions are held back from a visit.
    #[must_use]
    pub fn holds_out(&self, visit: VisitId) -> bool {
        // A digest, since the ids themselves are not evenly spread: they begin with the time. The
        // name has no zero byte in it, so no two pairs of name and id are read as the same bytes.
        let digest = Sha256::new()
            .chain_update(self.name.as_str())
            .chain_update([0])
            .chain_update(visit.as_bytes())
            .finalize();
        let drawn = digest.iter().take(8).fold(0_u64, |drawn, byte| drawn << 8 | u64::from(*byte));
        let part = (u128::from(drawn) * u128::from(Self::ALL)) >> 64;
        part < u128::from(self.share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(name: &str, share: u16) -> HoldOut {
        HoldOut::new(name.parse().unwrap(), share).unwrap()
    }

    fn visits() -> impl Iterator<Item = VisitId> {
        (0..20_000_u128).map(|n| VisitId::from_bytes((n << 80 | 7).to_be_bytes()))
    }

    #[test]
    fn a_share_of_the_visits_is_held_out() {
        for share in [0, 1, 100, 500, 1_000, 5_000, 9_999, 10_000] {
            let held = visits().filter(|visit| draw("a", share).holds_out(*visit)).count();
            let (held, expected) = (held as f64, 2.0 * f64::from(share));
            let deviation = (expected * (1.0 - f64::from(share) / 10_000.0)).sqrt();
            assert!((held - expected).abs() <= 3.0 * deviation, "{share}: {held}");
        }
    }

    #[test]
    fn a_larger_share_keeps_those_who_were_held_out() {
        let (small, large) = (draw("a", 300), draw("a", 900));
        assert!(visits().all(|visit| !small.holds_out(visit) || large.holds_out(visit)));
    }

    #[test]
    fn draws_of_different_names_have_nothing_to_do_with_each_other() {
        let (one, other) = (draw("a", 5_000), draw("b", 5_000));
        let both = visits().filter(|visit| one.holds_out(*visit) && other.holds_out(*visit));
        assert!((4_800..=5_200).contains(&both.count()));
    }

    #[test]
    fn a_draw_that_is_written_down_is_checked_when_it_is_read() {
        let text = serde_json::to_string(&draw("a", 500)).unwrap();
        assert_eq!(text, r#"{"name":"a","share":500}"#);
        assert_eq!(serde_json::from_str::<HoldOut>(&text).unwrap(), draw("a", 500));
        assert!(serde_json::from_str::<HoldOut>(r#"{"name":"a","share":10001}"#).is_err());
    }
}
