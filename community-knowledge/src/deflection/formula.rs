//! From an effect to what it may be worth.

use serde::{Deserialize, Serialize};

use super::decimal::{Decimal, DecimalError, Round};
use super::interval::Estimate;
use super::report::{Effect, Group, Row};

/// A way to turn what was measured into contacts and cost that were saved, with everything in it
/// that was not measured named.
///
/// ```text
/// contacts = shown.offered x effect.avoided x answered x contact
/// cost     = contacts x cost_per_contact
/// ```
///
/// `shown.offered` is how many visits were shown something, and `effect.avoided` the share of them
/// in which a question was not posted that would have been: both are measured. Each of the others
/// is an assumption with a range, and says where it comes from. The bounds of the result are what
/// the worst and the best of everything give together.
///
/// As data it is versioned: what a version computes never changes.
///
/// ```
/// use community_knowledge::deflection::Formula;
///
/// let formula: Formula = serde_json::from_str(r#"{
///     "version": 1,
///     "currency": "EUR",
///     "answered": {
///         "low": "0.5", "likely": "0.7", "high": "0.9",
///         "source": "survey of 212 visitors who posted nothing, March 2026"
///     },
///     "contact": {
///         "low": "0.2", "likely": "0.3", "high": "0.4",
///         "source": "assumed: nobody has asked"
///     },
///     "cost_per_contact": {
///         "low": "4.50", "likely": "6", "high": "8",
///         "source": "books of the service desk, 2025"
///     }
/// }"#)?;
/// assert!(formula.check().is_ok());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Formula {
    /// The version of the formula: 1.
    pub version: u32,
    /// The currency of the cost, three capital letters.
    pub currency: String,
    /// Of the questions that were not posted, the share that was answered. The others were given
    /// up.
    pub answered: Assumption,
    /// Of the questions that were answered, the share that would have become a contact with the
    /// organisation.
    pub contact: Assumption,
    /// What one contact costs.
    pub cost_per_contact: Assumption,
}

/// A number that was not measured here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assumption {
    /// The least that it may be.
    pub low: Decimal,
    /// The best guess.
    pub likely: Decimal,
    /// The most that it may be.
    pub high: Decimal,
    /// Where it comes from, in words. A guess says that it is one.
    pub source: String,
}

impl Assumption {
    fn estimate(&self) -> Estimate {
        Estimate { low: self.low, likely: self.likely, high: self.high }
    }
}

/// Why a formula gives nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormulaError {
    /// There is no such version.
    #[error("there is no formula of version {0}")]
    Version(u32),
    /// The currency is not three capital letters.
    #[error("a currency is three capital letters, such as `EUR`")]
    Currency,
    /// The numbers of an assumption do not rise, or lie where they cannot.
    #[error("`{0}` needs low <= likely <= high, within {1}")]
    Range(&'static str, &'static str),
    /// An assumption does not say where it comes from, or at great length.
    #[error("`{0}` needs a source of 1 to {max} bytes", max = Formula::MOST_BYTES)]
    Source(&'static str),
    /// Nothing was held out, or nothing was shown, so that nothing is known of the effect.
    #[error("there is nothing to compare: visits of both sides are needed")]
    NoEffect,
    /// A number does not fit.
    #[error(transparent)]
    Number(#[from] DecimalError),
}

/// What was saved, with everything that it was computed from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Saving {
    /// How many visits were shown something.
    pub offered: u64,
    /// What was measured, on both sides.
    pub shown: Group,
    /// The same of the side that was held out.
    pub held_out: Group,
    /// What suggestions do.
    pub effect: Effect,
    /// The formula, with its assumptions.
    pub formula: Formula,
    /// Questions that were not posted.
    pub questions: Estimate,
    /// Contacts that were saved. Below zero, suggestions brought contacts.
    pub contacts: Estimate,
    /// What they would have cost, in the currency of the formula, to the hundredth.
    pub cost: Estimate,
}

impl Formula {
    /// The only version.
    pub const VERSION: u32 = 1;

    /// How long a source may be.
    const MOST_BYTES: usize = 2_000;

    /// Whether it can be computed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), FormulaError> {
        let Self { version, currency, answered, contact, cost_per_contact } = self;
        if *version != Self::VERSION {
            return Err(FormulaError::Version(*version));
        }
        if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(FormulaError::Currency);
        }
        for (name, assumption, most) in [
            ("answered", answered, Some(Decimal::ONE)),
            ("contact", contact, Some(Decimal::ONE)),
            ("cost_per_contact", cost_per_contact, None),
        ] {
            let Assumption { low, likely, high, source } = assumption;
            let rises = Decimal::ZERO <= *low && low <= likely && likely <= high;
            if !rises || most.is_some_and(|most| *high > most) {
                let within = if most.is_some() { "0 to 1" } else { "0 and more" };
                return Err(FormulaError::Range(name, within));
            }
            if source.trim().is_empty() || source.len() > Self::MOST_BYTES {
                return Err(FormulaError::Source(name));
            }
        }
        Ok(())
    }

    /// What the visits of a row saved. Counts and money are computed in decimal numbers; bounds are
    /// rounded outwards and the best guess to the nearer one, at six places, and the cost at two.
    ///
    /// # Errors
    /// [`FormulaError::NoEffect`] while there is nothing to compare; what is wrong with the formula;
    /// [`FormulaError::Number`] for sums that do not fit.
    pub fn apply(&self, row: &Row) -> Result<Saving, FormulaError> {
        self.check()?;
        let effect = row.effect.ok_or(FormulaError::NoEffect)?;
        let offered = Estimate::exact(Decimal::whole(row.shown.offered)?);
        let questions = offered.times(&effect.avoided)?;
        let answered = questions.times(&self.answered.estimate())?;
        let contacts = answered.times(&self.contact.estimate())?;
        let cost = contacts.times(&self.cost_per_contact.estimate())?;
        Ok(Saving {
            offered: row.shown.offered,
            shown: row.shown,
            held_out: row.held_out,
            effect,
            formula: self.clone(),
            questions,
            contacts,
            cost: Estimate {
                low: cost.low.rounded(2, Round::Down),
                likely: cost.likely.rounded(2, Round::Even),
                high: cost.high.rounded(2, Round::Up),
            },
        })
    }
}
