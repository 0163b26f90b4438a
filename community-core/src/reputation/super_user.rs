//! Super users: members who come often, write often, and are heard by others. The rule is data; what
//! is decided here is decided by numbers that the explanation shows.
//!
//! What somebody *gets* counts as being heard, not what somebody gives: replies to what the member
//! wrote, votes up and reactions on it, and acceptances of it, by different other members. So two
//! accounts that only talk to each other are heard by one, however much they write, and a ring of
//! `n` accounts by `n - 1`. It is not decided here who is promoted: people do that.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::id::MemberId;
use crate::policy::Audience;
use crate::text::Slug;

/// Who is to be proposed as a super user of a community.
///
/// A number of 0 asks for nothing, except in `posts_per_week`, which is to be exceeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SuperUserRule {
    /// The weeks that are looked at: the window ends today and is so many times seven days long.
    pub weeks: u32,
    /// The weeks at the end of the window by which it is seen who is rising.
    pub rising_weeks: u32,
    /// The least days with a visit.
    pub visit_days: u32,
    /// The least weeks with a visit; they are counted back from today.
    pub visit_weeks: u32,
    /// Published posts a week, on average, that are to be exceeded.
    pub posts_per_week: u32,
    /// The least other members by whom somebody is heard: who replied to what the member wrote,
    /// voted it up, reacted to it or accepted it.
    pub heard_by: u32,
    /// Who uses the product.
    pub users: Audience,
    /// The roles to which one is promoted. Whoever has one of them in the community is a super user.
    pub roles: Vec<Slug>,
}

impl Default for SuperUserRule {
    fn default() -> Self {
        let slug = |text| Slug::new(text).unwrap_or_else(|_| Slug::placeholder());
        Self {
            weeks: 4,
            rising_weeks: 2,
            visit_days: 8,
            visit_weeks: 4,
            posts_per_week: 1,
            heard_by: 3,
            users: Audience::List(slug("product-users")),
            roles: vec![slug("super-user"), slug("ambassador")],
        }
    }
}

/// What a member did in a community, and what came back. Days are counted from 1970-01-01; what lies
/// outside the window does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activity {
    /// Days with a visit.
    pub visits: BTreeSet<i32>,
    /// The day of each published post.
    pub posts: Vec<i32>,
    /// By whom the member was heard, on which days.
    pub heard: BTreeSet<(i32, MemberId)>,
    /// Whether the member uses the product.
    pub is_user: bool,
    /// Whether the member has one of the roles.
    pub has_role: bool,
}

/// What a member is, as far as super users go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuperUserState {
    /// Meets all conditions, and has none of the roles.
    Candidate,
    /// Misses something, and meets all conditions by the last weeks alone; has none of the roles.
    Rising,
    /// Has a role, and misses something.
    AtRisk,
    /// Has a role, and meets all conditions.
    SuperUser,
}

impl SuperUserState {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Candidate => "candidate",
            Self::Rising => "rising",
            Self::AtRisk => "at-risk",
            Self::SuperUser => "super-user",
        }
    }
}

/// What is asked of a super user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// Days with a visit.
    VisitDays,
    /// Weeks with a visit.
    VisitWeeks,
    /// Published posts.
    Posts,
    /// Other members by whom the member was heard.
    HeardBy,
    /// To be one of those who use the product: 1 or 0.
    ProductUser,
}

impl Asked {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VisitDays => "visit-days",
            Self::VisitWeeks => "visit-weeks",
            Self::Posts => "posts",
            Self::HeardBy => "heard-by",
            Self::ProductUser => "product-user",
        }
    }
}

/// One condition, with its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// What is asked.
    pub asked: Asked,
    /// How much there is.
    pub has: u32,
    /// How much there has to be.
    pub needs: u32,
    /// Whether that is enough.
    pub met: bool,
}

/// What a member is, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assessment {
    /// What the member is.
    pub state: SuperUserState,
    /// The conditions by the whole window.
    pub conditions: Vec<Reason>,
    /// The conditions by the last weeks alone, with the numbers in proportion.
    pub recent: Vec<Reason>,
}

impl SuperUserRule {
    /// The most weeks of a window: a year.
    pub const MOST_WEEKS: u32 = 52;

    /// The most roles.
    pub const MOST_ROLES: usize = 8;

    /// The first day of the window that ends with `today`.
    #[must_use]
    pub fn first_day(&self, today: i32) -> i32 {
        today.saturating_sub(days(self.weeks)).saturating_add(1)
    }

    /// What a member is; `None` for whom there is nothing to say: no role, and not enough for one.
    #[must_use]
    pub fn assess(&self, today: i32, activity: &Activity) -> Option<Assessment> {
        let conditions = self.conditions(today, self.weeks, activity);
        let recent = self.conditions(today, self.rising_weeks, activity);
        let all_met = |reasons: &[Reason]| reasons.iter().all(|reason| reason.met);
        let state = match (activity.has_role, all_met(&conditions)) {
            (true, true) => SuperUserState::SuperUser,
            (true, false) => SuperUserState::AtRisk,
            (false, true) => SuperUserState::Candidate,
            (false, false) if all_met(&recent) => SuperUserState::Rising,
            (false, false) => return None,
        };
        Some(Assessment { state, conditions, recent })
    }

    /// The conditions by the last so many weeks.
    fn conditions(&self, today: i32, weeks: u32, activity: &Activity) -> Vec<Reason> {
        let first = today.saturating_sub(days(weeks)).saturating_add(1);
        let inside = |day: &i32| (first..=today).contains(day);
        // A part of the window asks for its part, rounded up.
        let part = |whole: u32| whole.saturating_mul(weeks).div_ceil(self.weeks.max(1));
        let visits = || activity.visits.iter().filter(|day| inside(day));
        let weeks_of: BTreeSet<i32> = visits().map(|day| (today - day) / 7).collect();
        let heard: BTreeSet<MemberId> =
            activity.heard.iter().filter(|(day, _)| inside(day)).map(|(_, by)| *by).collect();
        let posts = activity.posts.iter().filter(|day| inside(day)).count();
        let more = self.posts_per_week.saturating_mul(weeks).saturating_add(1);
        [
            (Asked::VisitDays, visits().count(), part(self.visit_days)),
            (Asked::VisitWeeks, weeks_of.len(), part(self.visit_weeks)),
            (Asked::Posts, posts, more),
            (Asked::HeardBy, heard.len(), part(self.heard_by)),
            (Asked::ProductUser, usize::from(activity.is_user), 1),
        ]
        .map(|(asked, has, needs)| {
            let has = u32::try_from(has).unwrap_or(u32::MAX);
            Reason { asked, has, needs, met: has >= needs }
        })
        .to_vec()
    }

    /// Checks that it can be met.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a window of no weeks or too many, last weeks that are not a part of
    /// it, more days or weeks than it has, or a wrong number of roles.
    pub fn check(&self) -> Result<()> {
        if !(1..=Self::MOST_WEEKS).contains(&self.weeks) {
            return Err(Error::invalid(format!("a window has 1 to {} weeks", Self::MOST_WEEKS)));
        }
        if !(1..=self.weeks).contains(&self.rising_weeks) {
            return Err(Error::invalid("the last weeks are a part of the window"));
        }
        if self.visit_days > self.weeks * 7 || self.visit_weeks > self.weeks {
            return Err(Error::invalid("the window has fewer days or weeks than are asked for"));
        }
        if self.roles.is_empty() || self.roles.len() > Self::MOST_ROLES {
            return Err(Error::invalid(format!("there are 1 to {} roles", Self::MOST_ROLES)));
        }
        self.users.check()
    }

    /// Whether it is what a new community has.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

fn days(weeks: u32) -> i32 {
    i32::try_from(weeks.saturating_mul(7)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: i32 = 20_454;

    fn id(n: u8) -> MemberId {
        MemberId::from_bytes([n; 16])
    }

    /// Two visits and two posts in each of four weeks, heard by three.
    fn regular() -> Activity {
        let days = (0..4).flat_map(|week| [TODAY - week * 7, TODAY - week * 7 - 3]);
        Activity {
            visits: days.clone().collect(),
            posts: days.collect(),
            heard: (1..=3).map(|n| (TODAY - i32::from(n) * 6, id(n))).collect(),
            is_user: true,
            has_role: false,
        }
    }

    fn state(activity: &Activity) -> Option<SuperUserState> {
        SuperUserRule::default().assess(TODAY, activity).map(|found| found.state)
    }

    #[test]
    fn each_condition_alone_keeps_somebody_from_being_a_candidate() {
        assert_eq!(state(&regular()), Some(SuperUserState::Candidate));
        let spoil: [fn(&mut Activity); 5] = [
            |a| {
                a.visits.pop_first();
            },
            |a| {
                // As many days, and none in the first week.
                a.visits.retain(|day| *day > TODAY - 21);
                a.visits.extend([TODAY - 1, TODAY - 2]);
            },
            |a| a.posts.truncate(4),
            |a| {
                a.heard.pop_first();
            },
            |a| a.is_user = false,
        ];
        for (spoil, asked) in spoil.iter().zip([
            Asked::VisitDays,
            Asked::VisitWeeks,
            Asked::Posts,
            Asked::HeardBy,
            Asked::ProductUser,
        ]) {
            let mut activity = regular();
            spoil(&mut activity);
            let reasons = SuperUserRule::default().conditions(TODAY, 4, &activity);
            let missing: Vec<Asked> =
                reasons.iter().filter(|reason| !reason.met).map(|reason| reason.asked).collect();
            assert_eq!(missing, [asked]);
            assert_ne!(state(&activity), Some(SuperUserState::Candidate), "{asked:?}");
            activity.has_role = true;
            assert_eq!(state(&activity), Some(SuperUserState::AtRisk), "{asked:?}");
        }
    }

    #[test]
    fn whoever_meets_it_by_the_last_weeks_alone_is_rising() {
        let mut activity = regular();
        activity.visits.retain(|day| *day > TODAY - 14);
        activity.posts.retain(|day| *day > TODAY - 14);
        activity.posts.truncate(3);
        assert_eq!(state(&activity), Some(SuperUserState::Rising));
        activity.posts.truncate(2);
        assert_eq!(state(&activity), None);
    }

    #[test]
    fn what_lies_outside_the_window_does_not_count() {
        let mut activity = regular();
        let before = |day: i32| day - 28;
        activity.visits = activity.visits.into_iter().map(before).collect();
        activity.posts = activity.posts.into_iter().map(before).collect();
        activity.heard = activity.heard.into_iter().map(|(day, by)| (before(day), by)).collect();
        let reasons = SuperUserRule::default().conditions(TODAY, 4, &activity);
        let has: Vec<u32> = reasons.iter().map(|reason| reason.has).collect();
        assert_eq!(has, [0, 0, 0, 0, 1]);
    }

    #[test]
    fn who_is_heard_often_by_the_same_is_heard_by_one() {
        let mut activity = regular();
        activity.heard = (0..28).map(|day| (TODAY - day, id(1))).collect();
        assert_eq!(state(&activity), None);
        activity.heard.extend([(TODAY, id(2)), (TODAY, id(3))]);
        assert_eq!(state(&activity), Some(SuperUserState::Candidate));
    }

    #[test]
    fn a_rule_that_nobody_can_meet_is_refused() {
        let rule = SuperUserRule::default();
        rule.check().unwrap();
        for unsound in [
            SuperUserRule { weeks: 0, ..rule.clone() },
            SuperUserRule { weeks: 53, ..rule.clone() },
            SuperUserRule { rising_weeks: 5, ..rule.clone() },
            SuperUserRule { visit_days: 29, ..rule.clone() },
            SuperUserRule { visit_weeks: 5, ..rule.clone() },
            SuperUserRule { roles: Vec::new(), ..rule.clone() },
        ] {
            assert!(unsound.check().is_err(), "{unsound:?}");
        }
    }

    #[test]
    fn a_rule_is_data_and_what_is_left_out_is_as_by_default() {
        let rule: SuperUserRule =
            serde_json::from_str(r#"{"heard_by":5,"users":"plan = pro"}"#).unwrap();
        assert_eq!((rule.heard_by, rule.visit_days), (5, 8));
        let text = serde_json::to_string(&rule).unwrap();
        assert_eq!(serde_json::from_str::<SuperUserRule>(&text).unwrap(), rule);
        assert!(serde_json::from_str::<SuperUserRule>(r#"{"posts":5}"#).is_err());
    }
}
