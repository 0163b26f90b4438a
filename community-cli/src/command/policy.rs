//! `policy`: who may do what, and why.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use clap::{Args, Subcommand};
use community::{
    Action, Audience, ChannelUpdate, CommunityUpdate, Decision, Directory, Error, Key,
    Policy as Rules, RuleLevel, Session, Slug,
};
use serde::Serialize;

use crate::context::{Context, Item, require};
use crate::failure::Result;
use crate::object::Done;
use crate::reply::Reply;
use crate::table::Table;

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Say whether the viewer may do something, and because of which clause
    Explain(Explain),
    /// Show the rules
    Show {
        #[command(flatten)]
        target: Target,
    },
    /// Set the rule for one action
    Set {
        #[command(flatten)]
        target: Target,
        /// The action, such as `reply` or `start:poll`
        action: Action,
        /// Whom it is allowed, such as 'members and not list(blocked)'
        audience: Audience,
    },
    /// Take away the rule for one action, so that it is inherited
    Unset {
        #[command(flatten)]
        target: Target,
        /// The action
        action: Action,
    },
    /// Replace all rules by those of a preset
    Preset {
        #[command(flatten)]
        target: Target,
        /// public, members-only, closed:LIST, intranet:'AUDIENCE', employees, own-topics, or
        /// `inherit` for no rules; moderators and managers read in all of them
        preset: Preset,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The key of the community
    community: Slug,
    /// The key of a channel in it
    #[arg(long, value_name = "KEY")]
    channel: Option<Slug>,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    target: Target,
    /// The action, such as `view`, `reply`, `vote` or `start:question`
    action: Action,
    /// In this topic
    #[arg(long, value_name = "KEY", conflicts_with = "channel")]
    topic: Option<Key>,
    /// On this post
    #[arg(long, value_name = "KEY", conflicts_with_all = ["channel", "topic"])]
    post: Option<Key>,
}

#[derive(Debug, Serialize)]
struct Explanation {
    #[serde(flatten)]
    decision: Decision,
    text: String,
}

/// Rules as they hold somewhere, each with where it stands.
#[derive(Debug, Serialize)]
struct Shown {
    community: Slug,
    channel: Option<Slug>,
    rules: BTreeMap<String, Rule>,
}

#[derive(Debug, Serialize)]
struct Rule {
    audience: String,
    /// `channel KEY`, `community` or `default`.
    from: String,
}

impl Policy {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        match self {
            Self::Explain(explain) => explain.run(context).await,
            Self::Show { target } => target.show(context).await,
            Self::Set { target, action, audience } => {
                target.change(context, |rules| rules.with(action, audience)).await
            }
            Self::Unset { target, action } => {
                target.change(context, |rules| rules.without(&action)).await
            }
            Self::Preset { target, preset } => target.change(context, |_| preset.into()).await,
        }
    }
}

impl Explain {
    async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.visitor().await?;
        let Self { target: Target { community, channel }, action, topic, post } = self;
        let find =
            async |key| Item { key, community: Some(community.clone()) }.find(&session).await;
        let decision = match (topic, post) {
            (Some(topic), _) => {
                session.can_in_topic(&action, find(topic).await?.view.post.topic).await?
            }
            (None, Some(post)) => {
                session.can_on_post(&action, find(post).await?.view.post.id).await?
            }
            (None, None) => session.can(&action, &community, channel.as_ref()).await?,
        };
        let text = decision.to_string();
        Ok(Reply::new(Explanation { decision, text }))
    }
}

impl Target {
    /// The directory, for somebody who manages what is meant.
    async fn managed(
        &self,
        context: &Context,
        session: &Session,
    ) -> Result<std::sync::Arc<Directory>> {
        require(session, Action::Manage, &self.community, self.channel.as_ref()).await?;
        Ok(context.engine.as_system().export().await?.directory)
    }

    async fn show(self, context: &Context) -> Result<Reply> {
        let session = context.operator().await?;
        let directory = self.managed(context, &session).await?;
        let missing = || Error::NotFound("community");
        let community = directory.community_by_key(&self.community).ok_or_else(missing)?;
        let channel = match &self.channel {
            Some(key) => {
                let found = directory.channel_by_key(community.id, key);
                Some(&**found.ok_or(Error::NotFound("channel"))?)
            }
            None => None,
        };
        let mut actions: Vec<Action> = Action::ALL.to_vec();
        let own = channel.map_or(&community.policy, |entry| &entry.channel.policy);
        actions.extend(own.rules().map(|(action, _)| action.clone()));
        let rules = actions.into_iter().map(|action| {
            let (audience, level) = directory.rule(community, channel, &action);
            let from = match level {
                RuleLevel::Channel(id) => match directory.channel(id) {
                    Some(entry) => format!("channel {}", entry.channel.key),
                    None => "channel".to_owned(),
                },
                RuleLevel::Community => "community".to_owned(),
                RuleLevel::Default => "default".to_owned(),
            };
            (action.to_string(), Rule { audience: audience.to_string(), from })
        });
        let rules = rules.collect();
        Ok(Reply::new(Shown { community: self.community, channel: self.channel, rules }))
    }

    /// Changes the rules, unless somebody else changes them at the same moment.
    async fn change(self, context: &Context, change: impl FnOnce(Rules) -> Rules) -> Result<Reply> {
        let session = context.operator().await?;
        let directory = self.managed(context, &session).await?;
        let missing = || Error::NotFound("community");
        let community = directory.community_by_key(&self.community).ok_or_else(missing)?;
        let Some(key) = self.channel else {
            let update = CommunityUpdate {
                policy: Some(change(community.policy.clone())),
                expected: Some(community.rev),
                ..CommunityUpdate::default()
            };
            session.update_community(&self.community, update).await?;
            return Ok(Reply::new(Done::new("policy", &self.community)));
        };
        let found = directory.channel_by_key(community.id, &key);
        let channel = &found.ok_or(Error::NotFound("channel"))?.channel;
        let update = ChannelUpdate {
            policy: Some(change(channel.policy.clone())),
            expected: Some(channel.rev),
            ..ChannelUpdate::default()
        };
        session.update_channel(&self.community, &key, update).await?;
        Ok(Reply::new(Done::new("policy", &key)))
    }
}

/// One of the policies that come with the engine.
#[derive(Debug, Clone)]
pub(crate) struct Preset(Rules);

impl From<Preset> for Rules {
    fn from(preset: Preset) -> Self {
        preset.0
    }
}

impl FromStr for Preset {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let rules = match text.split_once(':') {
            None => match text {
                "public" => Rules::public(),
                "members-only" => Rules::members_only(),
                "employees" => Rules::employees(),
                "own-topics" => Rules::own_topics_only(),
                "inherit" => Rules::inherit(),
                _ => return Err(unknown(text)),
            },
            Some(("closed", list)) => Rules::closed_list(list.parse()?),
            Some(("intranet", audience)) => Rules::intranet(audience.parse()?),
            Some(_) => return Err(unknown(text)),
        };
        Ok(Self(rules))
    }
}

fn unknown(text: &str) -> Error {
    Error::invalid(format!("there is no preset `{}`", text.escape_debug()))
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["action", "from", "audience"]);
        for (action, Rule { audience, from }) in &self.rules {
            table.row([action.clone(), from.clone(), audience.clone()]);
        }
        write!(f, "{table}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_is_read_with_its_list_or_audience() {
        let preset = |text: &str| text.parse::<Preset>().map(Rules::from);
        assert_eq!(preset("members-only").unwrap(), Rules::members_only());
        let list = "shed-keys".parse().unwrap();
        assert_eq!(preset("closed:shed-keys").unwrap(), Rules::closed_list(list));
        let audience = "department = care or role(nurse)".parse().unwrap();
        let intranet = preset("intranet:department = care or role(nurse)").unwrap();
        assert_eq!(intranet, Rules::intranet(audience));
        for bad in ["", "open", "closed", "closed:", "intranet:and", "public:x"] {
            assert!(preset(bad).is_err(), "{bad}");
        }
    }
}
