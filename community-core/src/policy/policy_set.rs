//! Policies: which audience may do which action.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Action, Audience};
use crate::text::Slug;

/// Rules of one community or channel. An action without a rule is decided by the channel above,
/// then by the community, then by [`Policy::public`].
///
/// ```
/// use community_core::{Action, Audience, Policy};
/// let policy = Policy::public().with(Action::Vote, "level >= 2".parse()?);
/// assert_eq!(policy.rule(&Action::Vote).unwrap().to_string(), "level >= 2");
/// # Ok::<(), community_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Policy {
    rules: BTreeMap<Action, Audience>,
}

impl Policy {
    /// A policy without rules: everything is inherited.
    #[must_use]
    pub fn inherit() -> Self {
        Self::default()
    }

    /// The rule for an action, of this policy alone.
    #[must_use]
    pub fn rule(&self, action: &Action) -> Option<&Audience> {
        self.rules.get(action)
    }

    /// All rules, by action.
    pub fn rules(&self) -> impl Iterator<Item = (&Action, &Audience)> {
        self.rules.iter()
    }

    /// The same policy with one rule more or changed.
    #[must_use]
    pub fn with(mut self, action: Action, audience: Audience) -> Self {
        self.rules.insert(action, audience);
        self
    }

    /// The same policy without a rule for an action.
    #[must_use]
    pub fn without(mut self, action: &Action) -> Self {
        self.rules.remove(action);
        self
    }

    /// The same policy with every audience as it reads back from its text.
    pub(crate) fn canonical(self) -> Self {
        let rules = self.rules.into_iter();
        Self { rules: rules.map(|(action, audience)| (action, audience.canonical())).collect() }
    }

    /// Everybody reads; whoever is signed in may join; members write.
    #[must_use]
    pub fn public() -> Self {
        Self::preset(Audience::Everyone, Audience::SignedIn, Audience::Members)
    }

    /// Members read and write, and so do moderators and managers; whoever is signed in may join.
    #[must_use]
    pub fn members_only() -> Self {
        let members = Audience::Any(vec![Audience::Members, staff()]);
        Self::preset(members.clone(), Audience::SignedIn, members)
    }

    /// People on one of the host's lists read and write. So do the moderators and managers of the
    /// place, on the list or not.
    #[must_use]
    pub fn closed_list(list: Slug) -> Self {
        Self::closed(Audience::List(list))
    }

    /// People for whom an attribute test holds read and write, as on an intranet. So do the
    /// moderators and managers of the place, whether it holds for them or not.
    #[must_use]
    pub fn intranet(test: Audience) -> Self {
        Self::closed(test)
    }

    /// Employees read and write. So do the moderators and managers of the place, employees or not.
    #[must_use]
    pub fn employees() -> Self {
        Self::closed(Audience::Role(slug("employee")))
    }

    /// Members start topics and read their own; moderators, managers and employees read all and
    /// reply.
    #[must_use]
    pub fn own_topics_only() -> Self {
        let helpers = Audience::Any(vec![Audience::Role(slug("employee")), staff()]);
        let own_or_helpers = Audience::Any(vec![Audience::Author, helpers]);
        Self::preset(own_or_helpers.clone(), Audience::SignedIn, Audience::Members)
            .with(Action::Reply, own_or_helpers.clone())
            .with(Action::Answer, own_or_helpers)
    }

    fn closed(who: Audience) -> Self {
        let who = Audience::Any(vec![who, staff()]);
        Self::preset(who.clone(), who.clone(), who)
    }

    fn preset(view: Audience, join: Audience, write: Audience) -> Self {
        let own = Audience::Any(vec![Audience::Author, staff()]);
        let official =
            Audience::Any(vec![Audience::Role(slug("employee")), Audience::Role(slug("expert"))]);
        Self::inherit()
            .with(Action::View, view)
            .with(Action::Join, join)
            .with(Action::Start, write.clone())
            .with(Action::Reply, write.clone())
            .with(Action::Answer, write.clone())
            .with(Action::React, write.clone())
            .with(Action::Vote, write)
            .with(Action::Edit, own.clone())
            .with(Action::Withdraw, Audience::Author)
            .with(Action::Accept, own)
            .with(Action::Official, official.clone())
            .with(Action::Correct, Audience::Any(vec![official.clone(), staff()]))
            .with(Action::Draft, Audience::Any(vec![official, staff()]))
            .with(Action::Review, staff())
            .with(Action::Moderate, staff())
            .with(Action::Manage, Audience::Role(slug("manager")))
    }
}

/// Moderators and managers.
fn staff() -> Audience {
    Audience::Any(vec![Audience::Role(slug("moderator")), Audience::Role(slug("manager"))])
}

fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap_or_else(|_| Slug::placeholder())
}
