//! Label expressions: `bug and (urgent or "and") and not closed`.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::expr::{self, Expression, Shape, Tokens};
use crate::limits::Limits;
use crate::text::Slug;

/// A condition on a topic's labels.
///
/// Written as labels joined by `and`, `or`, `not` (or `AND`, `OR`, `NOT`) and parentheses; `not`
/// binds tightest, then `and`, then `or`. A label that is called like one of these words stands in
/// double quotes.
///
/// ```
/// use community_core::{LabelExpr, Slug};
/// let expr: LabelExpr = "c++ and not (closed or draft)".parse()?;
/// assert!(expr.holds(&[Slug::new("c++")?, Slug::new("urgent")?]));
/// assert!(!expr.holds(&[Slug::new("c++")?, Slug::new("closed")?]));
/// # Ok::<(), community_core::Error>(())
/// ```
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

impl LabelExpr {
    /// Whether it holds for a topic with these labels, which are sorted as a topic's labels are.
    #[must_use]
    pub fn holds(&self, labels: &[Slug]) -> bool {
        match self {
            Self::Has(label) => labels.binary_search(label).is_ok(),
            Self::All(parts) => parts.iter().all(|part| part.holds(labels)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(labels)),
            Self::Not(inner) => !inner.holds(labels),
        }
    }

    /// The labels in it, sorted, each once.
    #[must_use]
    pub fn labels(&self) -> Vec<&Slug> {
        fn collect<'a>(expr: &'a LabelExpr, labels: &mut BTreeSet<&'a Slug>) {
            match expr {
                LabelExpr::Has(label) => {
                    labels.insert(label);
                }
                LabelExpr::All(parts) | LabelExpr::Any(parts) => {
                    parts.iter().for_each(|part| collect(part, labels));
                }
                LabelExpr::Not(inner) => collect(inner, labels),
            }
        }
        let mut labels = BTreeSet::new();
        collect(self, &mut labels);
        labels.into_iter().collect()
    }

    /// The same condition for somebody for whom only some labels exist: the others are on no topic.
    #[must_use]
    pub fn restricted(&self, visible: impl Fn(&Slug) -> bool) -> Self {
        fn restrict(expr: &LabelExpr, visible: &dyn Fn(&Slug) -> bool) -> LabelExpr {
            let restrict_all = |parts: &[LabelExpr]| {
                parts.iter().map(|part| restrict(part, visible)).collect::<Vec<_>>()
            };
            match expr {
                LabelExpr::Has(label) if !visible(label) => LabelExpr::Any(Vec::new()),
                LabelExpr::Has(label) => LabelExpr::Has(label.clone()),
                LabelExpr::All(parts) => LabelExpr::All(restrict_all(parts)),
                LabelExpr::Any(parts) => LabelExpr::Any(restrict_all(parts)),
                LabelExpr::Not(inner) => LabelExpr::Not(Box::new(restrict(inner, visible))),
            }
        }
        restrict(self, &visible)
    }

    /// Checks the size of an expression, wherever it comes from.
    ///
    /// # Errors
    /// [`Error::Limit`] when its text, its nesting or the number of its labels exceeds the limits.
    pub fn check_within(&self, limits: &Limits) -> Result<()> {
        expr::check(self, limits)
    }
}

impl FromStr for LabelExpr {
    type Err = Error;

    /// Reads an expression.
    ///
    /// # Errors
    /// [`Error::Limit`] beyond the hard caps for expressions, [`Error::Invalid`] with the position
    /// and what was expected there for anything that is not a label expression.
    fn from_str(text: &str) -> Result<Self> {
        expr::parse(text)
    }
}

/// Prints it so that it reads back, as long as nothing in it is empty.
///
/// A disjunction of no parts never holds. It comes from [`LabelExpr::restricted`] only and has no
/// form that can be typed: it is printed as `()`, and a conjunction of no parts as `not ()`.
impl fmt::Display for LabelExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        expr::print(self, f)
    }
}

impl Expression for LabelExpr {
    const WHAT: &'static str = "a label expression";
    const TEST: &'static str = "a label";
    const ANY_CASE: bool = true;
    const ALWAYS: &'static str = "not ()";
    const NEVER: &'static str = "()";

    fn all(parts: Vec<Self>) -> Self {
        Self::All(parts)
    }

    fn any(parts: Vec<Self>) -> Self {
        Self::Any(parts)
    }

    fn not(inner: Self) -> Self {
        Self::Not(Box::new(inner))
    }

    fn shape(&self) -> Shape<'_, Self> {
        match self {
            Self::Has(_) => Shape::Test,
            Self::All(parts) => Shape::All(parts),
            Self::Any(parts) => Shape::Any(parts),
            Self::Not(inner) => Shape::Not(inner),
        }
    }

    fn read_test(tokens: &mut Tokens<'_>) -> Result<Self> {
        // What is reserved has been taken for a joint before.
        tokens.take_name(Self::TEST, |_| false).map(Self::Has)
    }

    fn print_test(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Has(label) if matches!(label.as_str(), "and" | "or" | "not") => {
                expr::print_quoted(label.as_str(), f)
            }
            Self::Has(label) => f.write_str(label.as_str()),
            // A joint is no test.
            Self::All(_) | Self::Any(_) | Self::Not(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<LabelExpr> {
        text.parse()
    }

    fn expr(text: &str) -> LabelExpr {
        parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn labels_are_bare_words_and_joints_are_words_of_any_case() {
        for (text, printed) in [
            ("c++", "c++"),
            (".net OR c#", ".net or c#"),
            ("a AND NOT b", "a and not b"),
            ("a And (b oR nOt c)", "a and (b or not c)"),
            ("a and b or c", "(a and b) or c"),
            ("(a and b) and c", "(a and b) and c"),
            ("\"and\" and \"or\" and \"not\"", "\"and\" and \"or\" and \"not\""),
            ("\"c++\"", "c++"),
            ("NOT not a", "not not a"),
            ("自転車", "自転車"),
            ("android or nothing", "android or nothing"),
            ("-5 and level", "-5 and level"),
        ] {
            assert_eq!(expr(text).to_string(), printed, "{text}");
            assert_eq!(expr(printed), expr(text), "{text}");
        }
    }

    #[test]
    fn errors_say_where_and_what() {
        for (text, message) in [
            ("", "expected a label, `not` or `(` at byte 0, found the end"),
            ("a, b", "expected `and`, `or` or the end at byte 1, found `,`"),
            ("a & b", "expected `and`, `or` or the end at byte 2, found `&`"),
            ("a b", "expected `and`, `or` or the end at byte 2, found `b`"),
            ("()", "expected a label, `not` or `(` at byte 1, found `)`"),
            ("a or AND", "expected a label, `not` or `(` at byte 5, found `AND`"),
            ("(a", "expected `and`, `or` or `)` at byte 2, found the end"),
            ("Bug", "a short name may not contain `B`, at byte 0"),
            ("a or \"b c\"", "a short name may not contain ` `, at byte 5"),
        ] {
            match parse(text) {
                Err(Error::Invalid(found)) => {
                    assert_eq!(found, format!("a label expression: {message}"), "{text}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn size_is_limited() {
        let limit = |result: Result<()>| match result {
            Err(Error::Limit(limit)) => limit.max,
            other => panic!("{other:?}"),
        };
        assert_eq!(limit(parse(&"a".repeat(16_385)).map(drop)), 16_384);
        assert_eq!(limit(parse(&format!("{}a", "not ".repeat(33))).map(drop)), 32);
        assert_eq!(limit(parse(&["a"; 257].join(" and ")).map(drop)), 256);
        let tight = Limits { terms: 2, ..Limits::default() };
        assert!(expr("a or b").check_within(&tight).is_ok());
        assert_eq!(limit(expr("a or b or a").check_within(&tight)), 2);
    }

    #[test]
    fn what_never_holds_cannot_be_typed_and_is_told_from_every_label() {
        let never = expr("nothing").restricted(|_| false);
        assert_eq!(never.to_string(), "()");
        assert!(parse(&never.to_string()).is_err());
        assert_eq!(
            expr("a and not nothing").restricted(|l| *l != "nothing").to_string(),
            "a and not ()"
        );
        assert_eq!(LabelExpr::All(vec![]).to_string(), "not ()");
        assert!(LabelExpr::All(vec![]).holds(&[]) && !never.holds(&[]));
    }

    #[test]
    fn mentioned_labels_are_listed_sorted_and_once() {
        let expr = expr("b and (c or not a) and not (a or b)");
        assert_eq!(
            expr.labels(),
            ["a", "b", "c"].map(|l| Slug::new(l).unwrap()).iter().collect::<Vec<_>>()
        );
    }

    const LABELS: [&str; 6] = ["a", "and", "b", "c++", "not", "é"];

    fn any_label() -> impl Strategy<Value = Slug> {
        prop::sample::select(LABELS.to_vec()).prop_map(|label| Slug::new(label).unwrap())
    }

    /// Expressions as they are typed: no joint of fewer than two parts.
    fn any_expr() -> impl Strategy<Value = LabelExpr> {
        any_label().prop_map(LabelExpr::Has).prop_recursive(5, 48, 3, |inner| {
            let parts = prop::collection::vec(inner.clone(), 2..4);
            prop_oneof![
                parts.clone().prop_map(LabelExpr::All),
                parts.prop_map(LabelExpr::Any),
                inner.prop_map(|inner| LabelExpr::Not(Box::new(inner))),
            ]
        })
    }

    /// The labels of a topic.
    fn any_labels() -> impl Strategy<Value = Vec<Slug>> {
        prop::collection::btree_set(any_label(), 0..5).prop_map(Vec::from_iter)
    }

    /// What the grammar says, worked out on the printed text alone: labels become 0 or 1, and
    /// innermost parentheses are replaced by their value until nothing is left to replace.
    fn evaluate(text: &str, labels: &[Slug]) -> bool {
        let flat = |text: &str| {
            text.split(" or ").any(|all| {
                all.split(" and ").all(|part| {
                    let label = part.trim_start_matches("not ");
                    let nots = (part.len() - label.len()) / "not ".len();
                    let has = match label {
                        "0" | "1" => label == "1",
                        label => labels.iter().any(|l| *l == label.trim_matches('"')),
                    };
                    has ^ (nots % 2 == 1)
                })
            })
        };
        let mut text = text.to_owned();
        while let Some(open) = text.rfind('(') {
            let close = open + text[open..].find(')').unwrap();
            let value = if flat(&text[open + 1..close]) { "1" } else { "0" };
            text.replace_range(open..=close, value);
        }
        flat(&text)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn what_is_printed_reads_back_and_means_what_is_written(
            any in any_expr(), labels in any_labels()
        ) {
            let text = any.to_string();
            prop_assert_eq!(&expr(&text), &any);
            prop_assert_eq!(any.holds(&labels), evaluate(&text, &labels), "{}", text);
        }

        #[test]
        fn a_hidden_label_is_on_no_topic(
            any in any_expr(), labels in any_labels(), hidden in any_labels()
        ) {
            let visible = |label: &Slug| !hidden.contains(label);
            let seen: Vec<Slug> = labels.iter().filter(|label| visible(label)).cloned().collect();
            let restricted = any.restricted(visible);
            prop_assert_eq!(restricted.holds(&labels), any.holds(&seen));
            prop_assert!(restricted.labels().into_iter().all(visible));
        }

        #[test]
        fn only_mentioned_labels_matter(any in any_expr(), labels in any_labels()) {
            let mentioned = any.labels();
            let rest: Vec<Slug> =
                labels.iter().filter(|label| mentioned.contains(label)).cloned().collect();
            prop_assert_eq!(any.holds(&labels), any.holds(&rest));
        }

        #[test]
        fn whatever_holds_has_a_label_of_the_cover(any in any_expr(), labels in any_labels()) {
            if let (true, Some(cover)) = (any.holds(&labels), any.cover(&|_| 1)) {
                prop_assert!(cover.iter().any(|label| labels.contains(label)));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn any_text_is_read_or_refused_with_a_typed_error(text in any_text()) {
            match parse(&text) {
                Ok(read) => prop_assert_eq!(&expr(&read.to_string()), &read),
                Err(error) => prop_assert!(matches!(error, Error::Invalid(_) | Error::Limit(_))),
            }
        }
    }

    fn any_text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            prop::sample::select(vec!["and", "OR", "not", "(", ")", "\"", "\"a\"", "b", "é", "\\"])
                .prop_map(str::to_owned),
            "\\PC{1,2}",
        ];
        let spaced = prop::collection::vec((piece, "[ \\n]?"), 0..12)
            .prop_map(|pieces| pieces.into_iter().map(|(piece, space)| piece + &space).collect());
        prop_oneof![spaced, any::<String>()]
    }
}
