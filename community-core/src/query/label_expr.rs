//! Label expressions: `bug and (urgent or "c++") and not closed`.

use crate::text::Slug;

/// A condition on a topic's labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelExpr {
    /// Has this label.
    Has(Slug),
    /// All of these hold.
    All(Vec<LabelExpr>),
    /// One of these holds.
    Any(Vec<LabelExpr>),
    /// This does not hold.
    Not(Box<LabelExpr>),
}

impl std::str::FromStr for LabelExpr {
    type Err = crate::Error;
    fn from_str(_: &str) -> Result<Self, crate::Error> {
        Ok(Self::Any(vec![]))
    }
}

impl std::fmt::Display for LabelExpr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl LabelExpr {
    /// Whether it holds for a topic with these labels.
    #[must_use]
    pub fn holds(&self, labels: &[Slug]) -> bool {
        let _ = labels;
        false
    }
}
