//! Communities and the kinds that they define.

use std::collections::BTreeSet;

use super::{check_policy, nothing};
use crate::change::{EntityRef, EventKind, Expect, Op, UniqueKey};
use crate::domain::{Community, Kind, ReactionDef, Rev, Settings, Vote, builtin_kinds};
use crate::engine::command;
use crate::engine::{Rights, Session};
use crate::error::{Error, Result};
use crate::id::CommunityId;
use crate::limits::Limits;
use crate::policy::{Action, Policy};
use crate::reputation::Reputation;
use crate::text::{Name, Slug};
use crate::time::Timestamp;

/// A community to be created.
#[derive(Debug, Clone)]
pub struct NewCommunity {
    /// Its key.
    pub key: Slug,
    /// Its name.
    pub name: Name,
    /// What it is about.
    pub description: String,
    /// Who may do what.
    pub policy: Policy,
    /// What it offers.
    pub settings: Settings,
    /// The reactions that it offers beside votes.
    pub reactions: Vec<ReactionDef>,
    /// Lists of words and phrases that mean the same.
    pub synonyms: Vec<Vec<String>>,
    /// What earns points.
    pub reputation: Reputation,
    /// Seconds that outweigh a factor of ten in score in the hot order.
    pub hot_scale: u32,
    /// The most members.
    pub capacity: Option<u64>,
    /// When it was created, for one that existed elsewhere before; `None` is now.
    pub created_at: Option<Timestamp>,
}

impl NewCommunity {
    /// A community with a policy, and defaults for all else.
    #[must_use]
    pub fn new(key: Slug, name: Name, policy: Policy) -> Self {
        Self {
            key,
            name,
            description: String::new(),
            policy,
            settings: Settings::default(),
            reactions: Vec::new(),
            synonyms: Vec::new(),
            reputation: Reputation::default(),
            hot_scale: Community::DEFAULT_HOT_SCALE,
            capacity: None,
            created_at: None,
        }
    }
}

/// Changes of a community; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct CommunityUpdate {
    /// A new name.
    pub name: Option<Name>,
    /// A new description.
    pub description: Option<String>,
    /// A new policy, in place of the whole old one.
    pub policy: Option<Policy>,
    /// New settings, in place of all old ones.
    pub settings: Option<Settings>,
    /// The reactions that it offers from now on.
    pub reactions: Option<Vec<ReactionDef>>,
    /// New lists of words and phrases that mean the same, in place of all old ones.
    pub synonyms: Option<Vec<Vec<String>>>,
    /// A new bound on members; `Some(None)` lifts it.
    pub capacity: Option<Option<u64>>,
    /// Whether it is archived.
    pub archived: Option<bool>,
    /// The revision that the change rests on, from [`Session::managed_community`]; `None` is
    /// whichever is current.
    pub expected: Option<Rev>,
}

impl Session {
    /// Creates a community. For the system only: which communities there are is the host's to say.
    ///
    /// # Errors
    /// [`Error::Denied`] for anybody but the system; [`Error::Conflict`] when the key is taken;
    /// [`Error::Invalid`], [`Error::Limit`] for what a community cannot be.
    pub async fn create_community(&self, new: NewCommunity) -> Result<CommunityId> {
        let env = self.engine().env();
        let id = command!(self, new, |rights| {
            rights.require_system()?;
            let community = Community {
                id: CommunityId::from_uuid(env.mint(rights.now)),
                key: new.key.clone(),
                name: new.name.clone(),
                description: new.description.clone(),
                policy: new.policy.clone(),
                settings: new.settings.clone(),
                reactions: new.reactions.clone(),
                kinds: Vec::new(),
                synonyms: new.synonyms.clone(),
                reputation: new.reputation.clone(),
                hot_scale: new.hot_scale,
                capacity: new.capacity,
                archived: false,
                created_at: new.created_at.unwrap_or(rights.now),
                rev: Rev::FIRST,
            };
            check_community(&community, env.limits())?;
            let community = Community { policy: community.policy.canonical(), ..community };
            if rights.directory.community_by_key(&new.key).is_some() {
                return Err(Error::Conflict("a community has this key already"));
            }
            let mut changes = rights.changes();
            changes.expect(Expect::Absent(UniqueKey::Community(new.key.clone())));
            changes.events.push(rights.event_in(EventKind::CommunityCreated, &community));
            let id = community.id.uuid();
            changes.ops.push(Op::PutCommunity(Box::new(community)));
            Ok((Some(id), changes))
        });
        id.map(CommunityId::from_uuid).ok_or(Error::NotFound("community"))
    }

    /// Changes a community.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to manage; [`Error::Conflict`] when
    /// the expected revision is not the current one.
    pub async fn update_community(&self, key: &Slug, update: CommunityUpdate) -> Result<()> {
        let env = self.engine().env();
        command!(self, (key, &update), |rights| {
            let (old, _) = rights.place_to(&Action::Manage, key, None)?;
            if update.expected.is_some_and(|expected| expected != old.rev) {
                return Err(Error::Conflict("the community has changed meanwhile"));
            }
            let CommunityUpdate {
                name,
                description,
                policy,
                settings,
                reactions,
                synonyms,
                capacity,
                archived,
                expected: _,
            } = update.clone();
            let community = Community {
                name: name.unwrap_or_else(|| old.name.clone()),
                description: description.unwrap_or_else(|| old.description.clone()),
                policy: policy.unwrap_or_else(|| old.policy.clone()),
                settings: settings.unwrap_or_else(|| old.settings.clone()),
                reactions: reactions.unwrap_or_else(|| old.reactions.clone()),
                synonyms: synonyms.unwrap_or_else(|| old.synonyms.clone()),
                capacity: capacity.unwrap_or(old.capacity),
                archived: archived.unwrap_or(old.archived),
                ..old.clone()
            };
            put_community(&rights, old, community, env.limits())
        });
        Ok(())
    }

    /// Defines a kind of topic of the community's own, or changes one. A kind keeps the statuses
    /// that it has had, because topics may stand in them.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to manage; [`Error::Invalid`] for an
    /// unsound state machine, one without a status that the kind has had, or the name of a built-in
    /// kind; [`Error::Limit`].
    pub async fn define_kind(&self, community: &Slug, kind: Kind) -> Result<()> {
        let env = self.engine().env();
        check_kind_parts(&kind, env.limits())?;
        command!(self, (community, &kind), |rights| {
            let (old, _) = rights.place_to(&Action::Manage, community, None)?;
            let mut community = old.clone();
            define_kind(&mut community, kind.clone())?;
            put_community(&rights, old, community, env.limits())
        });
        Ok(())
    }
}

fn put_community(
    rights: &Rights,
    old: &Community,
    mut community: Community,
    limits: &Limits,
) -> super::Planned {
    check_community(&community, limits)?;
    community.policy = community.policy.canonical();
    let subject = Some(community.id.uuid());
    if community == *old {
        return nothing(rights, subject);
    }
    let mut changes = rights.changes();
    changes.expect(Expect::Rev(EntityRef::Community(old.id), old.rev));
    community.rev = old.rev.next();
    changes.events.push(rights.event_in(EventKind::CommunityChanged, old));
    changes.ops.push(Op::PutCommunity(Box::new(community)));
    Ok((subject, changes))
}

/// Puts a kind in the place of the one with its name, or behind all others.
pub(super) fn define_kind(community: &mut Community, kind: Kind) -> Result<()> {
    let Some(known) = community.kinds.iter_mut().find(|known| known.name == kind.name) else {
        community.kinds.push(kind);
        return Ok(());
    };
    if let Some(lost) = known.statuses().find(|status| !kind.has_status(status)) {
        return Err(Error::invalid(format!(
            "the kind `{}` keeps its status `{lost}`: topics may stand in it",
            kind.name
        )));
    }
    *known = kind;
    Ok(())
}

/// Checks what a community is made of.
pub(super) fn check_community(community: &Community, limits: &Limits) -> Result<()> {
    limits.body(community.description.len())?;
    limits.reactions(community.reactions.len())?;
    limits.kinds(community.kinds.len())?;
    check_synonyms(&community.synonyms, limits)?;
    community.reputation.check()?;
    check_policy(&community.policy, limits)?;
    if community.capacity.is_some_and(|capacity| i64::try_from(capacity).is_err()) {
        return Err(Error::invalid(format!("a community takes at most {} members", i64::MAX)));
    }
    if community.hot_scale == 0 {
        return Err(Error::invalid("the hot scale is at least one second"));
    }
    for (at, reaction) in community.reactions.iter().enumerate() {
        if Vote::parse(reaction.key.as_str()).is_some() {
            return Err(Error::invalid(format!("`{}` is a vote, not a reaction", reaction.key)));
        }
        if community.reactions.iter().skip(at + 1).any(|other| other.key == reaction.key) {
            return Err(Error::invalid(format!("the reaction `{}` is there twice", reaction.key)));
        }
    }
    for kind in &community.kinds {
        check_kind_parts(kind, limits)?;
        kind.check()?;
        if builtin_kinds().iter().any(|known| known.name == kind.name) {
            return Err(Error::invalid(format!("the kind `{}` is built in", kind.name)));
        }
    }
    check_settings(&community.settings, community)
}

/// Checks lists of words that mean the same.
fn check_synonyms(synonyms: &[Vec<String>], limits: &Limits) -> Result<()> {
    limits.synonyms(synonyms.len())?;
    for words in synonyms {
        limits.synonym_words(words.len())?;
        if words.len() < 2 {
            return Err(Error::invalid("a list of synonyms has at least two words"));
        }
        for word in words {
            limits.synonym(word.len())?;
            if word.trim().is_empty() {
                return Err(Error::invalid("a synonym may not be empty"));
            }
            if word.contains('\0') {
                return Err(Error::invalid("a synonym may not contain a NUL character"));
            }
        }
    }
    Ok(())
}

/// Checks how much there is of a kind. Every status but the first is where a transition leads, so
/// their number is bounded as well.
fn check_kind_parts(kind: &Kind, limits: &Limits) -> Result<()> {
    limits.kind_parts(kind.transitions.len())?;
    limits.kind_parts(kind.fields.len())?;
    Ok(())
}

/// Checks settings of a community or of one of its channels.
pub(super) fn check_settings(settings: &Settings, community: &Community) -> Result<()> {
    for kind in settings.kinds.iter().flatten() {
        if community.kind(kind).is_none() {
            return Err(Error::invalid(format!("there is no kind `{kind}`")));
        }
    }
    if settings.sorts.as_ref().is_some_and(Vec::is_empty) {
        return Err(Error::invalid("a feed offers at least one sort"));
    }
    let mut seen = BTreeSet::new();
    for sort in settings.sorts.iter().flatten() {
        if !seen.insert(sort) {
            return Err(Error::invalid(format!("the sort `{sort}` is there twice")));
        }
    }
    Ok(())
}
