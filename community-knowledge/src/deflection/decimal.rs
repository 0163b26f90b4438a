//! Exact decimal numbers: shares, contacts and money. Every rounding is asked for by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A number with six decimal places, between some nine millions of millions below and above zero.
///
/// It is read and written as text, such as `0.25`: what a program reads as a binary fraction has no
/// exact tenths.
///
/// ```
/// use community_knowledge::deflection::{Decimal, Round};
///
/// let (share, cost): (Decimal, Decimal) = ("0.125".parse()?, "6.3".parse()?);
/// assert_eq!(share.times(cost, Round::Even)?.to_string(), "0.7875");
/// assert!("0.1234567".parse::<Decimal>().is_err(), "nothing is rounded in silence");
/// # Ok::<(), community_knowledge::deflection::DecimalError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(i64);

/// What became of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// It is not written like `-12.345678`.
    #[error("not a number with at most six decimal places")]
    Syntax,
    /// It has no place among the numbers.
    #[error("the number is too large")]
    TooLarge,
}

/// Where a number goes that lies between two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// To the lower one.
    Down,
    /// To the higher one.
    Up,
    /// To the nearer one, and from the middle to the even one.
    Even,
}

impl Decimal {
    /// The number zero.
    pub const ZERO: Self = Self(0);
    /// The number one.
    pub const ONE: Self = Self(Self::SCALE);

    const SCALE: i64 = 1_000_000;
    const PLACES: usize = 6;

    /// A count.
    ///
    /// # Errors
    /// [`DecimalError::TooLarge`].
    pub fn whole(count: u64) -> Result<Self, DecimalError> {
        let count = i64::try_from(count).map_err(|_| DecimalError::TooLarge)?;
        count.checked_mul(Self::SCALE).map(Self).ok_or(DecimalError::TooLarge)
    }

    /// A fraction.
    ///
    /// # Errors
    /// [`DecimalError::TooLarge`], also for a fraction of nothing.
    pub fn ratio(part: i128, of: i128, round: Round) -> Result<Self, DecimalError> {
        let scaled = part.checked_mul(i128::from(Self::SCALE)).ok_or(DecimalError::TooLarge)?;
        Self::divided(scaled, of, round)
    }

    /// The product.
    ///
    /// # Errors
    /// [`DecimalError::TooLarge`].
    pub fn times(self, other: Self, round: Round) -> Result<Self, DecimalError> {
        Self::divided(i128::from(self.0) * i128::from(other.0), i128::from(Self::SCALE), round)
    }

    /// The nearest number on one side of a binary fraction; it must lie between -1,000 and 1,000.
    pub(super) fn of_binary(value: f64, round: Round) -> Result<Self, DecimalError> {
        if !(-1_000.0..=1_000.0).contains(&value) {
            return Err(DecimalError::TooLarge);
        }
        let scaled = value * 1e6;
        let scaled = match round {
            Round::Down => scaled.floor(),
            Round::Up => scaled.ceil(),
            Round::Even => scaled.round_ties_even(),
        };
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a whole number within a thousand millions"
        )]
        Ok(Self(scaled as i64))
    }

    /// The number with so many places, six at most.
    #[must_use]
    pub fn rounded(self, places: u32, round: Round) -> Self {
        let step = 10_i64.pow(6_u32.saturating_sub(places));
        let whole = match round {
            Round::Down => self.0.div_euclid(step),
            Round::Up => -((-self.0).div_euclid(step)),
            Round::Even => nearest_even(i128::from(self.0), i128::from(step))
                .and_then(|whole| i64::try_from(whole).ok())
                .unwrap_or_default(),
        };
        // At the very ends there is no step left to go.
        Self(whole.saturating_mul(step))
    }

    fn divided(part: i128, of: i128, round: Round) -> Result<Self, DecimalError> {
        if of <= 0 {
            return Err(DecimalError::TooLarge);
        }
        let whole = match round {
            Round::Down => Some(part.div_euclid(of)),
            Round::Up => part.checked_neg().map(|part| -part.div_euclid(of)),
            Round::Even => nearest_even(part, of),
        };
        let whole = whole.and_then(|whole| i64::try_from(whole).ok());
        // The lowest one has no opposite, so it is left out.
        whole.filter(|whole| *whole != i64::MIN).map(Self).ok_or(DecimalError::TooLarge)
    }
}

/// The whole number nearest to a fraction.
fn nearest_even(part: i128, of: i128) -> Option<i128> {
    let (below, rest) = (part.div_euclid(of), part.rem_euclid(of));
    let up = match rest.cmp(&(of - rest)) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => below.rem_euclid(2) == 1,
        std::cmp::Ordering::Greater => true,
    };
    below.checked_add(i128::from(up))
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let scale = Self::SCALE.unsigned_abs();
        let (whole, rest) = (self.0.unsigned_abs() / scale, self.0.unsigned_abs() % scale);
        if rest == 0 {
            return f.pad(&format!("{sign}{whole}"));
        }
        let rest = format!("{rest:0places$}", places = Self::PLACES);
        f.pad(&format!("{sign}{whole}.{}", rest.trim_end_matches('0')))
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, text),
        };
        let (whole, rest) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(rest) || rest.len() > Self::PLACES {
            return Err(DecimalError::Syntax);
        }
        let number: i64 = format!("{whole}{rest:0<places$}", places = Self::PLACES)
            .parse()
            .map_err(|_| DecimalError::TooLarge)?;
        Ok(Self(sign * number))
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Decimal;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number as a text, such as \"0.25\", or a whole number")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_u64<E: de::Error>(self, whole: u64) -> Result<Decimal, E> {
                Decimal::whole(whole).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_are_read_exactly_or_not_at_all() {
        for text in ["0", "1", "-1", "0.25", "-0.000001", "9223372036854.775807", "12.5"] {
            assert_eq!(decimal(text).to_string(), text);
        }
        assert_eq!(decimal("007.50"), decimal("7.5"));
        for bad in ["", "-", ".5", "5.", "1e3", "+1", " 1", "1,5", "0.1234567", "--1", "٣"] {
            assert_eq!(bad.parse::<Decimal>(), Err(DecimalError::Syntax), "{bad}");
        }
        assert_eq!("9223372036854.775808".parse::<Decimal>(), Err(DecimalError::TooLarge));
        assert!(serde_json::from_str::<Decimal>("0.25").is_err());
        assert_eq!(serde_json::from_str::<Decimal>("\"0.25\"").unwrap(), decimal("0.25"));
        assert_eq!(serde_json::from_str::<Decimal>("3").unwrap(), decimal("3"));
    }

    #[test]
    fn rounding_goes_where_it_is_told() {
        for (part, of, down, up, even) in [
            (1, 3, "0.333333", "0.333334", "0.333333"),
            (-1, 3, "-0.333334", "-0.333333", "-0.333333"),
            (1, 2_000_000, "0", "0.000001", "0"),
            (3, 2_000_000, "0.000001", "0.000002", "0.000002"),
            (-1, 2_000_000, "-0.000001", "0", "0"),
            (2, 1, "2", "2", "2"),
        ] {
            let rounded = [Round::Down, Round::Up, Round::Even]
                .map(|round| Decimal::ratio(part, of, round).unwrap().to_string());
            assert_eq!(rounded, [down, up, even], "{part}/{of}");
        }
        for (text, down, up, even) in [
            ("1.005", "1", "1.01", "1"),
            ("1.015", "1.01", "1.02", "1.02"),
            ("-1.005", "-1.01", "-1", "-1"),
            ("1.00501", "1", "1.01", "1.01"),
        ] {
            let rounded = [Round::Down, Round::Up, Round::Even]
                .map(|round| decimal(text).rounded(2, round).to_string());
            assert_eq!(rounded, [down, up, even], "{text}");
        }
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let large = decimal("9000000000000");
        for round in [Round::Down, Round::Up, Round::Even] {
            assert_eq!(large.times(decimal("2"), round), Err(DecimalError::TooLarge));
            assert_eq!(Decimal::ratio(1, 0, round), Err(DecimalError::TooLarge));
            assert_eq!(Decimal::ratio(i128::MAX, 1, round), Err(DecimalError::TooLarge));
            assert_eq!(Decimal::ratio(i128::MIN, 1, round), Err(DecimalError::TooLarge));
        }
        assert_eq!(Decimal::whole(u64::MAX), Err(DecimalError::TooLarge));
        assert!(Decimal::of_binary(f64::NAN, Round::Down).is_err());
        assert!(Decimal::of_binary(1e9, Round::Down).is_err());
    }

    proptest! {
        #[test]
        fn a_product_lies_between_its_roundings(a in -10_000_000_000_i64.., b in -9_000_000_i64..9_000_000) {
            let (a, b) = (Decimal(a % 1_000_000_000_000), Decimal(b));
            let [down, even, up] =
                [Round::Down, Round::Even, Round::Up].map(|round| a.times(b, round).unwrap().0);
            let exact = i128::from(a.0) * i128::from(b.0);
            let scaled = |whole: i64| i128::from(whole) * 1_000_000;
            prop_assert!(scaled(down) <= exact && exact <= scaled(up));
            prop_assert!(up - down == i64::from(exact % 1_000_000 != 0));
            prop_assert!((scaled(even) - exact).abs() <= 500_000);
        }

        #[test]
        fn what_is_written_is_read_again(number: i64) {
            let number = Decimal(number.max(-i64::MAX));
            prop_assert_eq!(number.to_string().parse(), Ok(number));
            prop_assert_eq!(number.rounded(6, Round::Up), number);
        }
    }
}
