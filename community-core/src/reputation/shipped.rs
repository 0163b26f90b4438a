//! The rule sets that come with the engine.

use std::sync::LazyLock;

use super::{BadgeSet, BadgeSetId, RuleSet, RuleSetId};

static SHIPPED: LazyLock<Vec<RuleSet>> = LazyLock::new(|| {
    let texts = [
        include_str!("sets/balanced.json"),
        include_str!("sets/stack-exchange-2018.json"),
        include_str!("sets/support-community.json"),
    ];
    // That each can be read is tested.
    texts.into_iter().filter_map(|text| serde_json::from_str(text).ok()).collect()
});

static BADGES: LazyLock<Vec<BadgeSet>> = LazyLock::new(|| {
    // That it can be read is tested.
    serde_json::from_str(include_str!("sets/badges-basics.json")).into_iter().collect()
});

impl BadgeSet {
    /// The badge sets that come with the engine: `basics`, for any community. None is in force
    /// unless a community says so.
    #[must_use]
    pub fn shipped() -> &'static [Self] {
        &BADGES
    }

    /// The one that comes with the engine under this name.
    #[must_use]
    pub fn shipped_as(id: &BadgeSetId) -> Option<&'static Self> {
        BADGES.iter().find(|set| set.id == *id)
    }
}

impl RuleSet {
    /// The rule sets that come with the engine; the first one, `balanced`, is in force unless a
    /// community says otherwise.
    ///
    /// | set | for |
    /// |---|---|
    /// | `balanced` | any community: contributions earn a little, thanks of others more, within caps |
    /// | `stack-exchange-2018` | the rules of Stack Exchange sites in 2018, to compare with |
    /// | `support-community` | questions that have answers: solved ones weigh most |
    #[must_use]
    pub fn shipped() -> &'static [Self] {
        &SHIPPED
    }

    /// The one that comes with the engine under this name.
    #[must_use]
    pub fn shipped_as(id: &RuleSetId) -> Option<&'static Self> {
        SHIPPED.iter().find(|set| set.id == *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_badge_sets_that_come_with_the_engine_are_sound() {
        let names: Vec<_> = BadgeSet::shipped().iter().map(|set| set.id.to_string()).collect();
        assert_eq!(names, ["basics@1"]);
        for set in BadgeSet::shipped() {
            set.check().unwrap();
            let text = serde_json::to_string(set).unwrap();
            assert_eq!(serde_json::from_str::<BadgeSet>(&text).unwrap(), *set);
        }
    }

    #[test]
    fn the_rule_sets_that_come_with_the_engine_are_sound() {
        let names: Vec<_> = RuleSet::shipped().iter().map(|set| set.id.to_string()).collect();
        assert_eq!(names, ["balanced@1", "stack-exchange-2018@1", "support-community@1"]);
        for set in RuleSet::shipped() {
            set.check().unwrap();
            let text = serde_json::to_string(set).unwrap();
            assert_eq!(serde_json::from_str::<RuleSet>(&text).unwrap(), *set);
        }
    }
}
