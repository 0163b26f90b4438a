//! Decisions: one question about one viewer, with the clause that decided.

use std::fmt;

use serde::Serialize;

use super::{Action, Audience, Facts, Trace, Viewer};
use crate::directory::{ChannelEntry, Directory, RuleLevel};
use crate::domain::{Community, Membership, SanctionKind, Topic};
use crate::id::MemberId;
use crate::text::Slug;
use crate::time::Timestamp;

/// What a question is about.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The community.
    pub community: &'a Community,
    /// The channel; `None` when the community as a whole is meant.
    pub channel: Option<&'a ChannelEntry>,
    /// The topic, when there is one already.
    pub topic: Option<&'a Topic>,
    /// Who wrote what the question is about: the topic's author, or the post's. To see a topic, to
    /// reply in it and to mark its answers is a question about the topic, even when a post is meant.
    pub author: Option<MemberId>,
}

impl Target<'_> {
    /// Whose authorship counts for an action.
    fn author_for(&self, action: &Action) -> Option<MemberId> {
        match action {
            Action::View | Action::Reply | Action::Answer | Action::Accept | Action::Official => {
                self.topic.map_or(self.author, |topic| Some(topic.author))
            }
            _ => self.author,
        }
    }
}

/// The answer to "may this viewer do that".
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Whether it is allowed.
    pub allowed: bool,
    /// What was asked.
    pub action: Action,
    /// What decided.
    pub clause: Clause,
}

/// What decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "because")]
#[non_exhaustive]
pub enum Clause {
    /// The system may do everything.
    System,
    /// Only the system may do it: the host, or an operator.
    SystemOnly,
    /// Nobody who has no name can act.
    Anonymous,
    /// The viewer may not see it in the first place.
    NotVisible,
    /// A sanction, which beats every rule.
    Sanction {
        /// What kind.
        kind: SanctionKind,
        /// Until when, if it ends by itself.
        until: Option<Timestamp>,
    },
    /// The community or channel is archived.
    Archived,
    /// The channel does not take topics of this kind.
    KindNotOffered {
        /// The kind.
        kind: Slug,
    },
    /// The topic is locked.
    Locked,
    /// A rule of the policy.
    Rule {
        /// Where it stands: `channel NAME`, `community`, or `default`.
        level: String,
        /// The audience, as text.
        audience: String,
        /// The part of the audience that decided, as text.
        part: String,
    },
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.allowed { "allowed" } else { "denied" };
        write!(f, "`{}` is {verdict}: ", self.action)?;
        match &self.clause {
            Clause::System => f.write_str("the system may do everything"),
            Clause::SystemOnly => f.write_str("only the host itself may do it"),
            Clause::Anonymous => f.write_str("an anonymous visitor cannot act"),
            Clause::NotVisible => f.write_str("it cannot be seen"),
            Clause::Sanction { kind, until } => {
                let kind = match kind {
                    SanctionKind::Silence => "silenced",
                    SanctionKind::Suspension => "suspended",
                };
                match until {
                    Some(until) => write!(f, "{kind} until {}", until.to_rfc3339()),
                    None => f.write_str(kind),
                }
            }
            Clause::Archived => f.write_str("it is archived"),
            Clause::KindNotOffered { kind } => {
                write!(f, "topics of kind `{kind}` are not taken here")
            }
            Clause::Locked => f.write_str("the topic is locked"),
            Clause::Rule { level, audience, part } => {
                let verb = if self.allowed { "admits" } else { "does not admit" };
                write!(f, "the rule `{audience}` of the {level} {verb} this viewer, by `{part}`")
            }
        }
    }
}

/// May this viewer do that?
///
/// Pure: commands and [`Session::can`](crate::Session::can) both ask here, so they never disagree.
/// In this order: the system; visibility; sanctions; archives; kinds on offer; locks; the rule.
/// A member of whom nothing is known is an anonymous visitor.
#[must_use]
pub fn decide(
    viewer: Viewer,
    facts: &Facts,
    directory: &Directory,
    action: &Action,
    target: Target<'_>,
    now: Timestamp,
) -> Decision {
    let answer = |allowed, clause| Decision { allowed, action: action.clone(), clause };
    let Target { community, channel, topic, author: _ } = target;
    let me = match viewer {
        Viewer::System => return answer(true, Clause::System),
        Viewer::Anonymous => None,
        Viewer::Member(id) => facts.member.as_ref().map(|_| id),
    };
    let asker = Asker::new(facts, directory, community, now);
    let is_author = me.is_some() && me == target.author_for(action);

    if *action == Action::View {
        return asker.explain(channel, action, is_author, answer);
    }
    // Joining is how somebody comes to see a members-only community.
    if *action != Action::Join {
        let visible = match asker.access(channel) {
            Access::Everything => true,
            Access::Own => topic.is_none_or(|topic| me == Some(topic.author)),
            Access::Nothing => false,
        };
        if !visible {
            return answer(false, Clause::NotVisible);
        }
    }
    if me.is_none() {
        return answer(false, Clause::Anonymous);
    }
    if let Some((kind, until)) = asker.sanction(channel) {
        return answer(false, Clause::Sanction { kind, until });
    }
    let archived = community.archived
        || channel.is_some_and(|entry| {
            let above = entry.path.iter().filter_map(|id| directory.channel(*id));
            above.into_iter().any(|entry| entry.channel.archived)
        });
    if archived && *action != Action::Manage {
        return answer(false, Clause::Archived);
    }
    if let Action::StartKind(kind) = action {
        let settings = channel.map(|entry| &entry.settings);
        if settings.is_some_and(|settings| !settings.allows_kind(kind)) {
            return answer(false, Clause::KindNotOffered { kind: kind.clone() });
        }
    }
    let adds = matches!(action, Action::Reply | Action::Answer);
    if adds
        && topic.is_some_and(|topic| topic.locked)
        && !asker.allows(channel, &Action::Moderate, is_author)
    {
        return answer(false, Clause::Locked);
    }
    asker.explain(channel, action, is_author, answer)
}

/// How much of a channel somebody reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    Nothing,
    Own,
    Everything,
}

/// One viewer, asking about one community.
pub(crate) struct Asker<'a> {
    facts: &'a Facts,
    membership: Option<&'a Membership>,
    directory: &'a Directory,
    community: &'a Community,
    now: Timestamp,
}

impl<'a> Asker<'a> {
    pub(crate) fn new(
        facts: &'a Facts,
        directory: &'a Directory,
        community: &'a Community,
        now: Timestamp,
    ) -> Self {
        let membership = facts.membership(community.id);
        Self { facts, membership, directory, community, now }
    }

    /// What a viewer reads of a channel, or (`None`) of the community: never more than of what
    /// lies above it.
    pub(super) fn access(&self, channel: Option<&ChannelEntry>) -> Access {
        let mut access = self.own_access(None);
        for id in channel.iter().flat_map(|entry| &entry.path) {
            access = match self.directory.channel(*id) {
                Some(entry) => access.min(self.own_access(Some(entry))),
                None => Access::Nothing,
            };
        }
        access
    }

    fn own_access(&self, channel: Option<&ChannelEntry>) -> Access {
        if self.allows(channel, &Action::View, false) {
            Access::Everything
        } else if self.allows(channel, &Action::View, true) {
            Access::Own
        } else {
            Access::Nothing
        }
    }

    /// Whether this viewer reads what moderators of a channel read. Unlike a decision about an act
    /// it asks the rule alone: a moderator who is silenced, or whose channel is archived, reads as
    /// before.
    pub(super) fn moderates(&self, channel: &ChannelEntry) -> bool {
        self.known(Some(channel), false).member.is_some()
            && self.allows(Some(channel), &Action::Moderate, false)
    }

    /// Whether the rule for an action admits this viewer.
    pub(crate) fn allows(
        &self,
        channel: Option<&ChannelEntry>,
        action: &Action,
        is_author: bool,
    ) -> bool {
        let (audience, _) = self.directory.rule(self.community, channel, action);
        self.admits(channel, audience, is_author)
    }

    /// Whether an audience admits this viewer, with roles that hold in the channel.
    pub(crate) fn admits(
        &self,
        channel: Option<&ChannelEntry>,
        audience: &Audience,
        is_author: bool,
    ) -> bool {
        audience.admits(&self.known(channel, is_author))
    }

    /// The sanction in force, the harder one first.
    fn sanction(
        &self,
        channel: Option<&ChannelEntry>,
    ) -> Option<(SanctionKind, Option<Timestamp>)> {
        let path = channel.map(|entry| entry.path.as_slice()).unwrap_or_default();
        self.membership?
            .sanctions
            .iter()
            .filter(|s| s.is_active(self.now))
            .filter(|s| s.channel.is_none_or(|id| path.contains(&id)))
            .map(|s| (s.kind, s.until))
            .max_by_key(|(kind, until)| (*kind, until.is_none(), *until))
    }

    fn known<'k>(&'k self, channel: Option<&'k ChannelEntry>, is_author: bool) -> Known<'k> {
        // INVARIANT: a suspended member is known as little as an anonymous visitor.
        let suspended =
            self.sanction(channel).is_some_and(|(kind, _)| kind == SanctionKind::Suspension);
        if suspended {
            return Known::default();
        }
        Known {
            member: self.facts.member.as_ref(),
            membership: self.membership,
            path: channel.map(|entry| entry.path.as_slice()).unwrap_or_default(),
            // Nobody without a name has written anything.
            is_author: is_author && self.facts.member.is_some(),
        }
    }

    fn explain(
        &self,
        channel: Option<&ChannelEntry>,
        action: &Action,
        is_author: bool,
        answer: impl Fn(bool, Clause) -> Decision,
    ) -> Decision {
        // A rule above can be narrower than the channel's own: the first that refuses decides.
        let mut levels: Vec<Option<&ChannelEntry>> = Vec::new();
        if *action == Action::View {
            levels.push(None);
            let path = channel.map(|entry| entry.path.as_slice()).unwrap_or_default();
            let above = path.iter().filter_map(|id| self.directory.channel(*id));
            levels.extend(above.map(|entry| Some(&**entry)));
        } else {
            levels.push(channel);
        }
        let mut last = answer(false, Clause::NotVisible);
        for level in levels {
            let (audience, stands) = self.directory.rule(self.community, level, action);
            let Trace { holds, part } = audience.explain(&self.known(level, is_author));
            let level = match stands {
                RuleLevel::Channel(id) => match self.directory.channel(id) {
                    Some(entry) => format!("channel `{}`", entry.channel.key),
                    None => "channel".to_owned(),
                },
                RuleLevel::Community => "community".to_owned(),
                RuleLevel::Default => "default policy".to_owned(),
            };
            let clause = Clause::Rule { level, audience: audience.to_string(), part };
            last = answer(holds, clause);
            if !holds {
                break;
            }
        }
        last
    }
}

/// What an audience may look at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// The member; `None` for an anonymous visitor.
    pub member: Option<&'a crate::domain::Member>,
    /// The membership in the community in question.
    pub membership: Option<&'a Membership>,
    /// The channel in question, from the top-level one down; empty for the community itself.
    pub path: &'a [crate::id::ChannelId],
    /// Whether the viewer wrote what is in question.
    pub is_author: bool,
}

impl Known<'_> {
    /// Whether the viewer holds a role here.
    #[must_use]
    pub fn has_role(&self, role: &Slug) -> bool {
        self.membership.is_some_and(|membership| {
            membership.roles.iter().any(|grant| {
                grant.role == *role && grant.channel.is_none_or(|id| self.path.contains(&id))
            })
        })
    }
}
