//! Generators that the tests of several modules use.

use proptest::prelude::*;

use super::{Audience, Comparison};
use crate::domain::Attribute;
use crate::text::Slug;

/// Any audience that fits the hard caps, with shapes that only a program can make.
pub(crate) fn any_audience() -> impl Strategy<Value = Audience> {
    let test = prop_oneof![
        Just(Audience::Everyone),
        Just(Audience::Nobody),
        Just(Audience::SignedIn),
        Just(Audience::Members),
        Just(Audience::Author),
        any_slug().prop_map(Audience::Role),
        any_slug().prop_map(Audience::List),
        "[ -~]{0,5}[a-z\"\\\\:]".prop_map(|key| Audience::Member(key.parse().unwrap())),
        any::<u32>().prop_map(Audience::Level),
        (any_slug(), any_comparison())
            .prop_map(|(name, comparison)| { Audience::Attribute(name, comparison) }),
    ];
    test.prop_recursive(5, 64, 4, |inner| {
        let parts = prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            parts.clone().prop_map(Audience::All),
            parts.prop_map(Audience::Any),
            inner.prop_map(|inner| Audience::Not(Box::new(inner))),
        ]
    })
}

fn any_comparison() -> impl Strategy<Value = Comparison> {
    prop_oneof![
        any_attribute().prop_map(Comparison::Is),
        any_attribute().prop_map(Comparison::IsNot),
        prop::collection::btree_set(any_attribute(), 0..4).prop_map(Comparison::In),
        any::<i64>().prop_map(Comparison::Less),
        any::<i64>().prop_map(Comparison::AtMost),
        any::<i64>().prop_map(Comparison::More),
        any::<i64>().prop_map(Comparison::AtLeast),
        Just(Comparison::Exists),
    ]
}

fn any_attribute() -> impl Strategy<Value = Attribute> {
    prop_oneof![
        any::<bool>().prop_map(Attribute::Boolean),
        any::<i64>().prop_map(Attribute::Integer),
        any_word().prop_map(Attribute::Text),
        any::<String>().prop_map(Attribute::Text),
        prop::collection::vec(any_word(), 0..3).prop_map(Attribute::Texts),
    ]
}

fn any_slug() -> impl Strategy<Value = Slug> {
    any_word().prop_filter_map("not a short name", |word| Slug::new(&word).ok())
}

/// Words, and what could be taken for something else.
fn any_word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9_.+#é-]{1,6}",
        "-?[0-9]{1,3}",
        prop::sample::select(vec![
            "and", "or", "not", "in", "exists", "true", "false", "level", "members", "role", "NL",
        ])
        .prop_map(str::to_owned),
    ]
}
