//! The naive rules: who reads a channel, and what somebody sees of what stands in it.

use community_core::{Audience, MemberId, Session, State as ItemState};

/// Who reads a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    Everyone,
    Members,
    Staff,
    Own,
}

impl Rule {
    pub(super) const ALL: [Self; 4] = [Self::Everyone, Self::Members, Self::Staff, Self::Own];

    pub(super) fn audience(self) -> Audience {
        let staff = "role(employee) or role(moderator) or role(manager)";
        match self {
            Self::Everyone => "everyone".parse().unwrap(),
            Self::Members => "members".parse().unwrap(),
            Self::Staff => staff.parse().unwrap(),
            Self::Own => format!("author or {staff}").parse().unwrap(),
        }
    }
}

pub(super) const CHANNELS: [&str; 4] = ["beds", "shed", "staff", "own"];

/// Somebody who looks.
pub(super) struct Viewer {
    pub(super) name: &'static str,
    pub(super) session: Session,
    pub(super) joined: bool,
    pub(super) suspended: bool,
    /// Roles, each with the channel that it is limited to.
    pub(super) roles: Vec<Held>,
}

/// A role, and the channel that it is limited to.
pub(super) type Held = (&'static str, Option<usize>);

impl Viewer {
    pub(super) fn me(&self) -> Option<MemberId> {
        self.session.viewer().member()
    }

    pub(super) fn has(&self, role: &str, channel: usize) -> bool {
        let holds =
            |(held, at): &(&str, Option<usize>)| *held == role && at.is_none_or(|at| at == channel);
        !self.suspended && self.roles.iter().any(holds)
    }

    pub(super) fn is_staff(&self, channel: usize) -> bool {
        ["employee", "moderator", "manager"].iter().any(|role| self.has(role, channel))
    }

    pub(super) fn moderates(&self, channel: usize) -> bool {
        self.has("moderator", channel) || self.has("manager", channel)
    }

    pub(super) fn reads(&self, rule: Rule, channel: usize, author: Option<MemberId>) -> bool {
        match rule {
            Rule::Everyone => true,
            Rule::Members => self.joined && !self.suspended,
            Rule::Staff => self.is_staff(channel),
            Rule::Own => {
                let own = author.is_some() && self.me() == author && !self.suspended;
                own || self.is_staff(channel)
            }
        }
    }

    pub(super) fn sees(&self, state: ItemState, author: MemberId, channel: usize) -> bool {
        match state {
            ItemState::Published => true,
            ItemState::Withdrawn => self.moderates(channel) || self.me() == Some(author),
            ItemState::Removed => self.moderates(channel),
        }
    }
}
