//! Which label listings a feed can be read from.

use super::LabelExpr;
use crate::text::Slug;

impl LabelExpr {
    /// Labels of which every topic that fits has at least one; `None` when there are topics that
    /// fit without any label.
    ///
    /// A store that merges the listings of these labels has all that fits, and tests the rest of
    /// the expression row by row. Of several such sets this is the one of the least total `cost`,
    /// the number of rows in a label's listing for instance. An empty set says that nothing fits.
    pub fn cover(&self, cost: &dyn Fn(&Slug) -> u64) -> Option<Vec<Slug>> {
        let total = |labels: &[Slug]| labels.iter().map(cost).fold(0, u64::saturating_add);
        match self {
            Self::Has(label) => Some(vec![label.clone()]),
            Self::All(parts) => {
                parts.iter().filter_map(|part| part.cover(cost)).min_by_key(|labels| total(labels))
            }
            Self::Any(parts) => {
                let covers: Option<Vec<_>> = parts.iter().map(|part| part.cover(cost)).collect();
                let mut labels: Vec<_> = covers?.into_iter().flatten().collect();
                labels.sort();
                labels.dedup();
                Some(labels)
            }
            Self::Not(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(label: &str) -> LabelExpr {
        LabelExpr::Has(Slug::new(label).unwrap())
    }

    fn cover(expr: &LabelExpr) -> Option<Vec<String>> {
        // A longer name costs more.
        let labels = expr.cover(&|label| label.as_str().len() as u64)?;
        Some(labels.iter().map(|label| label.to_string()).collect())
    }

    #[test]
    fn all_parts_are_covered_by_the_cheapest_and_alternatives_by_all_of_them() {
        let not = |expr| LabelExpr::Not(Box::new(expr));
        let all = LabelExpr::All(vec![has("long"), has("ab"), not(has("x"))]);
        assert_eq!(cover(&all), Some(vec!["ab".into()]));
        let any = LabelExpr::Any(vec![all, has("c"), has("ab")]);
        assert_eq!(cover(&any), Some(vec!["ab".into(), "c".into()]));
        assert_eq!(cover(&LabelExpr::Any(vec![has("a"), not(has("b"))])), None);
        assert_eq!(cover(&LabelExpr::All(vec![])), None);
        assert_eq!(cover(&LabelExpr::Any(vec![])), Some(vec![]));
    }
}
