//! Audiences: typed expressions that say who, and whom they admit. How they are written is in
//! `text`.

#[cfg(test)]
pub(super) mod testing;
mod text;

use std::collections::BTreeSet;
use std::fmt;

use super::Known;
use crate::domain::Attribute;
use crate::error::{Error, Result};
use crate::expr;
use crate::limits::Limits;
use crate::text::{Key, Slug};

/// Who, as an expression over what is known of a viewer.
///
/// ```
/// use community_core::Audience;
/// let care: Audience = "department = care and country in [NL, BE] or role(moderator)".parse()?;
/// assert_eq!(
///     care.to_string(),
///     "(department = care and country in [BE, NL]) or role(moderator)"
/// );
/// # Ok::<(), community_core::Error>(())
/// ```
///
/// # Grammar
///
/// ```text
/// any   = all { "or" all }
/// all   = part { "and" part }
/// part  = "not" part | "(" any ")" | test
/// test  = "everyone" | "nobody" | "signed_in" | "members" | "author"
///       | "role" "(" name ")" | "list" "(" name ")" | "member" "(" quoted ")"
///       | "level" ">=" integer
///       | name ( "=" | "!=" ) value | name "in" "[" [ value { "," value } ] "]"
///       | name ( "<" | "<=" | ">" | ">=" ) integer | name "exists"
/// name  = word | quoted
/// value = "true" | "false" | integer | word | quoted
/// ```
///
/// A word is made of letters, digits and `- _ . + #`. Keywords are case-sensitive; a name or a text
/// that looks like one stands in quotes, as does a text that looks like a number. Inside quotes
/// `\"` and `\\` stand for `"` and `\`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// `everyone`: anonymous visitors included.
    Everyone,
    /// `nobody`
    Nobody,
    /// `signed_in`: everybody whom the host names.
    SignedIn,
    /// `members`: whoever has joined the community.
    Members,
    /// `role(moderator)`: holders of a role, in the community, in the channel in question or in
    /// one above it.
    Role(Slug),
    /// `list(customers)`: people on one of the host's lists.
    List(Slug),
    /// `member("user:4")`: one member, by the host's key.
    Member(Key),
    /// `author`: whoever wrote what is in question.
    Author,
    /// `level >= 3`: people of at least this level. Whoever is signed in has level 0 at least.
    Level(u32),
    /// `country = NL`: people whose attribute compares so.
    Attribute(Slug, Comparison),
    /// `a and b`: whoever is in all of these; everyone when there are none.
    All(Vec<Audience>),
    /// `a or b`: whoever is in one of these; nobody when there are none.
    Any(Vec<Audience>),
    /// `not a`: whoever is not in this.
    Not(Box<Audience>),
}

/// How an attribute is compared.
///
/// - Without the attribute no comparison holds, `!=` included.
/// - A value of another type is different: `=`, `in` and the orders do not hold, `!=` does.
/// - Of several texts one is enough; `!=` holds when none of them is equal.
/// - It is compared with single values; to [`Attribute::Texts`] nothing is equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// `= value`
    Is(Attribute),
    /// `!= value`
    IsNot(Attribute),
    /// `in [a, b]`
    In(BTreeSet<Attribute>),
    /// `< 5`
    Less(i64),
    /// `<= 5`
    AtMost(i64),
    /// `> 5`
    More(i64),
    /// `>= 5`
    AtLeast(i64),
    /// `exists`
    Exists,
}

/// Whether an audience admits a viewer, and which part of it decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Whether it admits the viewer.
    pub holds: bool,
    /// The smallest part that decided, as text.
    pub part: String,
}

impl Audience {
    /// Whether a viewer belongs to it.
    #[must_use]
    pub fn admits(&self, known: &Known<'_>) -> bool {
        let Known { member, membership, path: _, is_author } = *known;
        match self {
            Self::Everyone => true,
            Self::Nobody => false,
            Self::SignedIn => member.is_some(),
            Self::Members => membership.is_some_and(|membership| membership.joined_at.is_some()),
            Self::Role(role) => known.has_role(role),
            Self::List(list) => member.is_some_and(|member| member.lists.contains(list)),
            Self::Member(key) => member.is_some_and(|member| member.key == *key),
            Self::Author => is_author,
            Self::Level(least) => {
                member.is_some() && membership.map_or(0, |membership| membership.level) >= *least
            }
            Self::Attribute(name, comparison) => member
                .and_then(|member| member.attributes.get(name))
                .is_some_and(|value| comparison.holds(value)),
            Self::All(parts) => parts.iter().all(|part| part.admits(known)),
            Self::Any(parts) => parts.iter().any(|part| part.admits(known)),
            Self::Not(inner) => !inner.admits(known),
        }
    }

    /// Whether a viewer belongs to it, and because of which part.
    ///
    /// Of a conjunction that fails it is the first part that fails, of a disjunction that holds the
    /// first part that holds, and so on inwards; otherwise all parts had a say, and it is the
    /// whole. What decides below a `not` is shown negated.
    ///
    /// ```
    /// use community_core::Audience;
    /// use community_core::policy::Known;
    /// let audience: Audience = "everyone and not (signed_in or everyone)".parse()?;
    /// let trace = audience.explain(&Known::default());
    /// assert!(!trace.holds);
    /// assert_eq!(trace.part, "not everyone");
    /// # Ok::<(), community_core::Error>(())
    /// ```
    #[must_use]
    pub fn explain(&self, known: &Known<'_>) -> Trace {
        let Decider { holds, part, negated } = self.decider(known);
        let part = if negated { format!("not {}", Part(part)) } else { part.to_string() };
        Trace { holds, part }
    }

    fn decider(&self, known: &Known<'_>) -> Decider<'_> {
        let whole = |holds| Decider { holds, part: self, negated: false };
        match self {
            // As it is printed: what is stored as text has to be explained in the same words.
            Self::All(parts) | Self::Any(parts) if parts.len() == 1 => {
                parts.first().map_or_else(|| whole(true), |only| only.decider(known))
            }
            Self::All(parts) => {
                let mut parts = parts.iter().map(|part| part.decider(known));
                parts.find(|part| !part.holds).unwrap_or_else(|| whole(true))
            }
            Self::Any(parts) => {
                let mut parts = parts.iter().map(|part| part.decider(known));
                parts.find(|part| part.holds).unwrap_or_else(|| whole(false))
            }
            Self::Not(inner) => {
                let Decider { holds, part, negated } = inner.decider(known);
                Decider { holds: !holds, part, negated: !negated }
            }
            _ => whole(self.admits(known)),
        }
    }

    /// The same audience as it reads back from its text: a conjunction or disjunction of one part is
    /// that part, one of no parts `everyone` or `nobody`.
    ///
    /// Commands keep this form, so that an audience is the same whether a store keeps its text or
    /// its tree. Recursion is bounded: what comes here has been checked.
    pub(crate) fn canonical(self) -> Self {
        let parts = |parts: Vec<Self>| parts.into_iter().map(Self::canonical).collect::<Vec<_>>();
        let joined =
            |mut parts: Vec<Self>, none: Self, join: fn(Vec<Self>) -> Self| match parts.len() {
                0 => none,
                1 => parts.pop().unwrap_or(none),
                _ => join(parts),
            };
        match self {
            Self::All(all) => joined(parts(all), Self::Everyone, Self::All),
            Self::Any(any) => joined(parts(any), Self::Nobody, Self::Any),
            Self::Not(inner) => Self::Not(Box::new(inner.canonical())),
            test => test,
        }
    }

    /// Checks that it can serve in a policy: like [`Audience::check_within`] with the hard caps.
    ///
    /// # Errors
    /// Those of [`Audience::check_within`].
    pub fn check(&self) -> Result<()> {
        self.check_within(&Limits::caps())
    }

    /// Checks that it can serve in a policy, wherever it comes from.
    ///
    /// What passes can be written and read back. `author` may not stand below a `not`: whether
    /// somebody reads a whole channel or own topics only is found by asking the rule for
    /// [`View`](super::Action::View) without and with `author`, and that is right only if being
    /// the author never takes anything away.
    ///
    /// # Errors
    /// [`Error::Limit`] when its text, its nesting or the number of its tests exceeds the limits;
    /// [`Error::Invalid`] for `author` below a `not`, and for a comparison with several texts.
    pub fn check_within(&self, limits: &Limits) -> Result<()> {
        expr::check(self, limits)?;
        self.check_parts(false)
    }

    /// Recursion is bounded: the nesting has been checked.
    fn check_parts(&self, negated: bool) -> Result<()> {
        match self {
            Self::Author if negated => {
                Err(Error::invalid("an audience: `author` may not stand below a `not`"))
            }
            Self::Attribute(name, comparison) if comparison.mentions_several() => {
                let name = name.as_str();
                Err(Error::invalid(format!("an audience: `{name}` is compared with single values")))
            }
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().try_for_each(|part| part.check_parts(negated))
            }
            Self::Not(inner) => inner.check_parts(true),
            _ => Ok(()),
        }
    }
}

impl Comparison {
    fn holds(&self, value: &Attribute) -> bool {
        let number = |holds: fn(&i64, &i64) -> bool, bound| match value {
            Attribute::Integer(value) => holds(value, bound),
            _ => false,
        };
        match self {
            Self::Is(wanted) => is(value, wanted),
            Self::IsNot(wanted) => !is(value, wanted),
            Self::In(wanted) => wanted.iter().any(|wanted| is(value, wanted)),
            Self::Less(bound) => number(i64::lt, bound),
            Self::AtMost(bound) => number(i64::le, bound),
            Self::More(bound) => number(i64::gt, bound),
            Self::AtLeast(bound) => number(i64::ge, bound),
            Self::Exists => true,
        }
    }

    fn mentions_several(&self) -> bool {
        match self {
            Self::Is(value) | Self::IsNot(value) => matches!(value, Attribute::Texts(_)),
            Self::In(values) => values.iter().any(|value| matches!(value, Attribute::Texts(_))),
            _ => false,
        }
    }
}

/// Whether an attribute is equal to one value.
fn is(value: &Attribute, wanted: &Attribute) -> bool {
    match (value, wanted) {
        (_, Attribute::Texts(_)) => false,
        (Attribute::Texts(texts), Attribute::Text(wanted)) => texts.contains(wanted),
        _ => value == wanted,
    }
}

/// The part of an audience that decided, which is never a `not` itself.
struct Decider<'a> {
    holds: bool,
    part: &'a Audience,
    negated: bool,
}

/// An audience as it stands inside another one.
struct Part<'a>(&'a Audience);

impl fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        expr::print_part(self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::testing::any_audience;
    use super::*;
    use crate::domain::{Member, Membership, RoleGrant};
    use crate::id::{ChannelId, CommunityId, MemberId};
    use crate::time::from_micros;
    use proptest::prelude::*;

    const HERE: ChannelId = ChannelId::from_bytes([1; 16]);
    const ELSEWHERE: ChannelId = ChannelId::from_bytes([2; 16]);

    fn zoe() -> (Member, Membership) {
        let slug = |text| Slug::new(text).unwrap();
        let attribute = |name, value| (slug(name), value);
        let text = |text: &str| Attribute::Text(text.into());
        let id = MemberId::from_bytes([7; 16]);
        let now = from_micros(0).unwrap();
        let member = Member {
            id,
            key: "user:4".parse().unwrap(),
            name: "Zoë".parse().unwrap(),
            attributes: [
                attribute("department", text("care")),
                attribute("age", Attribute::Integer(40)),
                attribute("vip", Attribute::Boolean(true)),
                attribute("level", Attribute::Integer(9)),
                attribute("country", Attribute::Texts(vec!["NL".into(), "BE".into()])),
                attribute("nothing", Attribute::Texts(vec![])),
            ]
            .into(),
            lists: [slug("customers")].into(),
            profile: Default::default(),
            listed: true,
            created_at: now,
            erased_at: None,
            rev: crate::domain::Rev::FIRST,
        };
        let membership = Membership {
            joined_at: Some(now),
            roles: vec![
                RoleGrant { role: slug("expert"), channel: None },
                RoleGrant { role: slug("moderator"), channel: Some(HERE) },
                RoleGrant { role: slug("mentor"), channel: Some(ELSEWHERE) },
            ],
            level: 3,
            pinned: false,
            ..Membership::stranger(CommunityId::from_bytes([3; 16]), id)
        };
        (member, membership)
    }

    fn audience(text: &str) -> Audience {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn every_test_looks_at_its_own_fact() {
        let (member, membership) = zoe();
        let path = [HERE];
        let known = Known {
            member: Some(&member),
            membership: Some(&membership),
            path: &path,
            is_author: false,
        };
        for text in [
            "everyone",
            "signed_in",
            "members",
            "role(expert)",
            "role(moderator)",
            "list(customers)",
            "member(\"user:4\")",
            "level >= 0",
            "level >= 3",
            "department = care",
            "department != \"Care\"",
            "department in [press, care]",
            "department exists",
            "age = 40",
            "age != 41",
            "age in [39, 40]",
            "age < 41",
            "age <= 40",
            "age > 39",
            "age >= 40",
            "vip = true",
            "vip != false",
            "\"level\" = 9",
            "nothing exists",
        ] {
            assert!(audience(text).admits(&known), "{text}");
            assert!(!audience(&format!("not {text}")).admits(&known), "{text}");
            let without_level = text.replace("level >= 0", "nobody").replace("everyone", "nobody");
            assert!(!audience(&without_level).admits(&Known::default()), "{text}");
        }
        for text in [
            "nobody",
            "author",
            "role(mentor)",
            "role(manager)",
            "list(suppliers)",
            "member(\"user:5\")",
            "level >= 4",
            "department = Care",
            "department in []",
            "age > 40",
            "age < 40",
            "vip = false",
        ] {
            assert!(!audience(text).admits(&known), "{text}");
        }
        assert!(audience("author").admits(&Known { is_author: true, ..Known::default() }));
    }

    #[test]
    fn without_the_attribute_no_comparison_holds() {
        let (member, _) = zoe();
        let known = Known { member: Some(&member), ..Known::default() };
        for comparison in ["= 1", "!= 1", "in [a, b]", "< 1", "<= 1", "> 1", ">= 1", "exists"] {
            assert!(!audience(&format!("shoe-size {comparison}")).admits(&known), "{comparison}");
        }
    }

    #[test]
    fn a_value_of_another_type_is_different() {
        let (member, _) = zoe();
        let known = Known { member: Some(&member), ..Known::default() };
        for text in ["department < 5", "age = \"40\"", "vip = 1", "vip in [1]", "country > 0"] {
            assert!(!audience(text).admits(&known), "{text}");
        }
        for text in ["department != 5", "age != \"40\"", "vip != 1", "country != 0"] {
            assert!(audience(text).admits(&known), "{text}");
        }
    }

    #[test]
    fn of_several_texts_one_is_enough() {
        let (member, _) = zoe();
        let known = Known { member: Some(&member), ..Known::default() };
        for text in ["country = NL", "country = BE", "country in [DE, BE]", "country != DE"] {
            assert!(audience(text).admits(&known), "{text}");
        }
        for text in ["country != NL", "country in [DE]", "country = \"NL, BE\"", "nothing = NL"] {
            assert!(!audience(text).admits(&known), "{text}");
        }
        assert!(audience("nothing != NL").admits(&known));

        let country = Slug::new("country").unwrap();
        let both = member.attributes[&country].clone();
        let is_both = Audience::Attribute(country, Comparison::Is(both));
        assert!(!is_both.admits(&known));
        assert!(!audience(&is_both.to_string()).admits(&known));
    }

    #[test]
    fn a_level_needs_a_name_and_no_membership() {
        let (member, _) = zoe();
        assert!(!audience("level >= 0").admits(&Known::default()));
        let signed_in = Known { member: Some(&member), ..Known::default() };
        assert!(audience("level >= 0").admits(&signed_in));
        assert!(!audience("level >= 1").admits(&signed_in));
    }

    #[test]
    fn the_smallest_part_that_decided_is_named() {
        let (member, membership) = zoe();
        let known =
            Known { member: Some(&member), membership: Some(&membership), ..Known::default() };
        for (text, holds, part) in [
            ("members", true, "members"),
            ("members and vip = true", true, "members and vip = true"),
            ("members and vip = false and nobody", false, "vip = false"),
            ("nobody or vip = true or everyone", true, "vip = true"),
            ("nobody or vip = false", false, "nobody or vip = false"),
            (
                "members and (nobody or (vip = true and age < 4))",
                false,
                "nobody or (vip = true and age < 4)",
            ),
            (
                "nobody or (members and (everyone or nobody))",
                true,
                "members and (everyone or nobody)",
            ),
            ("not nobody", true, "not nobody"),
            ("not not members", true, "members"),
            ("not (members and nobody)", true, "not nobody"),
            ("not (members or nobody)", false, "not members"),
            ("not (nobody or age < 4)", true, "not (nobody or age < 4)"),
            ("not (members and age > 4)", false, "not (members and age > 4)"),
            ("not (members and not (nobody or members))", true, "members"),
        ] {
            let expected = Trace { holds, part: part.to_owned() };
            assert_eq!(audience(text).explain(&known), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_the_one_that_reads_back(any in any_audience()) {
            if any.check().is_ok() {
                let canonical = any.clone().canonical();
                prop_assert_eq!(canonical.to_string(), any.to_string());
                prop_assert_eq!(audience(&any.to_string()), canonical);
            }
        }

        #[test]
        fn the_part_that_decided_decides_the_same_alone(any in any_audience(), is_author: bool) {
            let (member, membership) = zoe();
            let (member, membership) = (Some(&member), Some(&membership));
            for known in [
                Known { is_author, ..Known::default() },
                Known { member, membership, path: &[HERE], is_author },
            ] {
                let Trace { holds, part } = any.explain(&known);
                prop_assert_eq!(holds, any.admits(&known));
                prop_assert_eq!(audience(&part).admits(&known), holds, "{}", part);
            }
        }
    }

    #[test]
    fn an_audience_of_one_part_is_explained_as_that_part() {
        let (member, _) = zoe();
        let known = Known { member: Some(&member), ..Known::default() };
        let choice = audience("members or vip = true");
        for one in [Audience::All(vec![choice.clone()]), Audience::Any(vec![choice])] {
            assert_eq!(one.explain(&known).part, "vip = true");
            assert_eq!(audience(&one.to_string()).explain(&known), one.explain(&known));
        }
    }

    #[test]
    fn hand_made_audiences_are_checked_like_written_ones() {
        let deep = |levels: usize| {
            (0..levels).fold(Audience::Members, |inner, _| Audience::Not(Box::new(inner)))
        };
        assert!(deep(32).check().is_ok());
        assert!(matches!(deep(33).check(), Err(Error::Limit(limit)) if limit.max == 32));

        let wide = |terms: usize| Audience::Any(vec![Audience::All(vec![]); terms]);
        assert!(wide(256).check().is_ok());
        assert!(matches!(wide(257).check(), Err(Error::Limit(limit)) if limit.max == 256));

        let name = Slug::new("x").unwrap();
        let long = |bytes| {
            let text = Attribute::Text("a".repeat(bytes));
            Audience::Attribute(name.clone(), Comparison::Is(text))
        };
        assert!(long(16_384 - "x = ".len()).check().is_ok());
        assert!(matches!(long(16_384).check(), Err(Error::Limit(limit)) if limit.max == 16_384));

        let several = BTreeSet::from([Attribute::Texts(vec!["a".into()])]);
        let several = Audience::Attribute(name.clone(), Comparison::In(several));
        assert!(matches!(several.check(), Err(Error::Invalid(_))));

        let tight = Limits { nesting: 1, ..Limits::default() };
        assert!(audience("author or members").check_within(&tight).is_ok());
        assert!(audience("(author or members) and vip = true").check_within(&tight).is_err());
    }

    #[test]
    fn being_the_author_may_not_take_anything_away() {
        for text in ["author", "author or not members", "not members and (author or everyone)"] {
            assert!(audience(text).check().is_ok(), "{text}");
        }
        for text in ["not author", "members and not (nobody or author)", "not not author"] {
            assert!(matches!(audience(text).check(), Err(Error::Invalid(_))), "{text}");
        }
    }
}
