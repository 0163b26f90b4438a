//! `member`: who people are, and what they are in a community.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use clap::{Args, Subcommand};
use community::{
    Action, Attribute, Key, MemberId, MemberView, Name, NewMember, NewSanction, SanctionKind,
    Session, Slug, Timestamp,
};
use serde::Serialize;

use crate::args::time;
use crate::context::{Context, require};
use crate::failure::Result;
use crate::object::{Created, Done, Names, moment};
use crate::reply::Reply;
use crate::table::Table;

#[derive(Debug, Subcommand)]
pub(crate) enum Member {
    /// Create a member, or make everything that is known of one equal to this
    Sync(Sync),
    /// Show a member of a community
    Show {
        /// The key of the community
        community: Slug,
        /// The key of the member
        key: Key,
    },
    /// List the members of a community, in the order of joining
    List(List),
    /// Join a community, as the member named by --as
    Join {
        /// The key of the community
        community: Slug,
    },
    /// Leave a community, as the member named by --as
    Leave {
        /// The key of the community
        community: Slug,
    },
    /// Be shown on the leaderboards of a community, as the member named by --as
    Boards {
        /// The key of the community
        community: Slug,
        /// Be shown to nobody else
        #[arg(long)]
        hide: bool,
    },
    /// Make somebody a member of a community
    Add {
        /// The key of the community
        community: Slug,
        /// The key of the member
        key: Key,
        /// Take the membership away
        #[arg(long)]
        undo: bool,
    },
    /// Give somebody a role
    Role(Role),
    /// Set somebody's level
    Level {
        /// The key of the community
        community: Slug,
        /// The key of the member
        key: Key,
        /// The level
        level: u32,
    },
    /// Silence or suspend somebody
    Sanction(Sanction),
}

#[derive(Debug, Args)]
pub(crate) struct Sync {
    /// The key of the member
    key: Key,
    /// The name that others see
    #[arg(long)]
    name: Name,
    /// An attribute that audiences test; true, false and whole numbers are taken as such, several of
    /// one name as a list of texts
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    attr: Vec<(Slug, String)>,
    /// One of the host's lists that the member is on; may be given several times
    #[arg(long, value_name = "LIST")]
    list: Vec<Slug>,
    /// A field of the profile; may be given several times
    #[arg(long, value_name = "NAME=TEXT", value_parser = pair)]
    profile: Vec<(Slug, String)>,
    /// Leave the member out of directories
    #[arg(long)]
    unlisted: bool,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// The key of the community
    community: Slug,
    /// Members a page; 20 when it is missing
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// The page behind this cursor, which is the `next` of the page before
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Role {
    /// The key of the community
    community: Slug,
    /// The key of the member
    key: Key,
    /// The role, such as moderator, manager, employee or expert
    role: Slug,
    /// Only in this channel and those below it
    #[arg(long, value_name = "KEY")]
    channel: Option<Slug>,
    /// Take it away
    #[arg(long)]
    revoke: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Sanction {
    /// The key of the community
    community: Slug,
    /// The key of the member
    key: Key,
    /// silence (reads, writes nothing) or suspension (reads what anybody reads)
    #[arg(value_parser = sanction_kind)]
    kind: SanctionKind,
    /// Only in this channel and those below it
    #[arg(long, value_name = "KEY")]
    channel: Option<Slug>,
    /// Until when; until it is lifted when it is missing
    #[arg(long, value_name = "RFC3339", value_parser = time)]
    until: Option<Timestamp>,
    /// Why
    #[arg(long, required_unless_present = "lift", default_value = "", hide_default_value = true)]
    reason: String,
    /// End the sanctions of this kind
    #[arg(long, conflicts_with_all = ["until", "reason"])]
    lift: bool,
}

#[derive(Debug, Serialize)]
struct Page {
    members: Vec<MemberItem>,
    next: Option<String>,
}

/// A member of a community.
#[derive(Debug, Serialize)]
struct MemberItem {
    id: MemberId,
    key: Key,
    name: Name,
    joined_at: Option<Timestamp>,
    level: u32,
    roles: Vec<RoleItem>,
    profile: BTreeMap<Slug, String>,
}

#[derive(Debug, Serialize)]
struct RoleItem {
    role: Slug,
    channel: Option<Slug>,
}

impl Member {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        match self {
            Self::Sync(sync) => sync.run(context).await,
            Self::Show { community, key } => {
                let session = context.visitor().await?;
                let view = session.member_of(&community, &key).await?.into_inner();
                Ok(Reply::new(MemberItem::new(&session, view).await?))
            }
            Self::List(list) => list.run(context).await,
            Self::Join { community } => {
                context.visitor().await?.join(&community).await?;
                Ok(Reply::new(Done::new("join", &community)))
            }
            Self::Leave { community } => {
                context.visitor().await?.leave(&community).await?;
                Ok(Reply::new(Done::new("leave", &community)))
            }
            Self::Boards { community, hide } => {
                context.visitor().await?.show_on_boards(&community, !hide).await?;
                Ok(Reply::new(Done::new("boards", &community)))
            }
            Self::Add { community, key, undo } => {
                let session = context.operator().await?;
                require(&session, Action::Manage, &community, None).await?;
                session.set_member(&community, context.member(&key).await?, !undo).await?;
                Ok(Reply::new(Done::new("add", &key)))
            }
            Self::Role(role) => role.run(context).await,
            Self::Level { community, key, level } => {
                let session = context.operator().await?;
                require(&session, Action::Manage, &community, None).await?;
                session.set_level(&community, context.member(&key).await?, level).await?;
                Ok(Reply::new(Done::new("level", &key)))
            }
            Self::Sanction(sanction) => sanction.run(context).await,
        }
    }
}

impl Sync {
    async fn run(self, context: &Context) -> Result<Reply> {
        let Self { key, name, attr, list, profile, unlisted } = self;
        let new = NewMember {
            key: key.clone(),
            name,
            attributes: attributes(attr),
            lists: BTreeSet::from_iter(list),
            profile: BTreeMap::from_iter(profile),
            listed: !unlisted,
        };
        let id = context.operator().await?.sync_member(new).await?;
        Ok(Reply::new(Created::new("member", &id, Some(&key))))
    }
}

impl List {
    async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.visitor().await?;
        let Self { community, limit, after } = self;
        let page = session.members(&community, after.as_deref(), limit).await?;
        let mut members = Vec::new();
        for view in page.items {
            members.push(MemberItem::new(&session, view.into_inner()).await?);
        }
        Ok(Reply::new(Page { members, next: page.next }))
    }
}

impl Role {
    async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.operator().await?;
        let Self { community, key, role, channel, revoke } = self;
        require(&session, Action::Manage, &community, channel.as_ref()).await?;
        let member = context.member(&key).await?;
        if revoke {
            session.revoke_role(&community, member, &role, channel.as_ref()).await?;
        } else {
            session.grant_role(&community, member, &role, channel.as_ref()).await?;
        }
        Ok(Reply::new(Done::new("role", &key)))
    }
}

impl Sanction {
    async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.operator().await?;
        let Self { community, key, kind, channel, until, reason, lift } = self;
        require(&session, Action::Moderate, &community, channel.as_ref()).await?;
        let member = context.member(&key).await?;
        if lift {
            session.lift_sanction(&community, member, kind, channel.as_ref()).await?;
        } else {
            let new = NewSanction { kind, channel, until, reason };
            session.sanction(&community, member, new).await?;
        }
        Ok(Reply::new(Done::new("sanction", &key)))
    }
}

impl MemberItem {
    async fn new(session: &Session, view: MemberView) -> Result<Self> {
        let channels = view.roles.iter().filter_map(|grant| grant.channel);
        let names = Names::load(session, [], channels).await?;
        let roles = view.roles.into_iter().map(|grant| RoleItem {
            role: grant.role,
            channel: grant.channel.and_then(|id| Some(names.place(id)?.1.clone())),
        });
        let roles = roles.collect();
        let MemberView { community: _, id, key, name, profile, joined_at, roles: _, level } =
            MemberView { roles: Vec::new(), ..view };
        Ok(Self { id, key, name, joined_at, level, roles, profile })
    }
}

/// What audiences will see. A text in quotes is a text, whatever is in it.
fn attributes(pairs: Vec<(Slug, String)>) -> BTreeMap<Slug, Attribute> {
    let mut texts: BTreeMap<Slug, Vec<String>> = BTreeMap::new();
    for (name, value) in pairs {
        texts.entry(name).or_default().push(value);
    }
    let unquoted = |text: &str| {
        let inside = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        inside.unwrap_or(text).to_owned()
    };
    let attributes = texts.into_iter().map(|(name, values)| {
        let value = match values.as_slice() {
            [one] => match (one.parse(), one.parse()) {
                (Ok(truth), _) => Attribute::Boolean(truth),
                (_, Ok(number)) => Attribute::Integer(number),
                _ => Attribute::Text(unquoted(one)),
            },
            several => Attribute::Texts(several.iter().map(|text| unquoted(text)).collect()),
        };
        (name, value)
    });
    attributes.collect()
}

fn pair(text: &str) -> Result<(Slug, String), String> {
    let (name, value) = text.split_once('=').ok_or("it is written as NAME=VALUE")?;
    Ok((name.parse().map_err(|error: community::TextError| error.to_string())?, value.to_owned()))
}

fn sanction_kind(text: &str) -> Result<SanctionKind, String> {
    serde_json::from_value(text.into()).map_err(|_| "it is `silence` or `suspension`".to_owned())
}

impl fmt::Display for MemberItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id: _, key, name, joined_at, level, roles, profile } = self;
        writeln!(f, "{name} ({key})")?;
        match joined_at {
            Some(at) => writeln!(f, "joined {}, level {level}", moment(*at))?,
            None => writeln!(f, "not joined, level {level}")?,
        }
        for RoleItem { role, channel } in roles {
            match channel {
                Some(channel) => writeln!(f, "{role} in {channel}")?,
                None => writeln!(f, "{role}")?,
            }
        }
        profile.iter().try_for_each(|(name, text)| writeln!(f, "{name}: {text}"))
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["joined", "key", "name"]);
        for member in &self.members {
            let joined = member.joined_at.map_or_else(String::new, moment);
            table.row([joined, member.key.to_string(), member.name.to_string()]);
        }
        write!(f, "{table}")?;
        self.next.as_ref().map_or(Ok(()), |next| write!(f, "more: --after {next}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_get_the_type_that_they_look_like() {
        let pairs = ["vip=true", "age=40", "zip=\"0123\"", "team=a", "team=b", "note=x=y"];
        let pairs = pairs.map(|text| pair(text).unwrap()).to_vec();
        let attributes = serde_json::to_value(attributes(pairs)).unwrap();
        let expected = serde_json::json!({
            "vip": true, "age": 40, "zip": "0123", "team": ["a", "b"], "note": "x=y",
        });
        assert_eq!(attributes, expected);
        assert!(pair("alone").is_err());
        assert!(pair("Upper=1").is_err());
    }
}
