//! The ledger of one member, as the member reads it.

use serde::Serialize;
use uuid::Uuid;

use super::read::Read;
use super::read_standing::rules_of;
use super::session::{Session, reading};
use super::view::Page;
use crate::change::Seq;
use crate::error::{Error, Result};
use crate::id::{CommunityId, PostId, TopicId};
use crate::policy::{Action, Guarded, Scope, Unchecked, Visible};
use crate::query::{Cursor, Position};
use crate::reputation::{Entry, EntryPlace, LedgerId, Step};
use crate::text::{Key, Slug, Title};
use crate::time::Timestamp;

/// Why somebody has points, or has them no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerItem {
    /// The community.
    #[serde(skip)]
    pub community: CommunityId,
    /// The event that caused it.
    pub cause: Seq,
    /// The rule.
    pub rule: Slug,
    /// The group of the rule.
    pub group: Slug,
    /// What happened to the points.
    pub step: Step,
    /// How many: what was given, or that with the sign turned.
    pub points: i64,
    /// When.
    pub at: Timestamp,
    /// The topic that it is about; `None` where it is about none, or about one that does not exist
    /// for the viewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<TopicId>,
    /// The title of the topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Title>,
    /// The post in the topic that it is about, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post: Option<PostId>,
}

impl Guarded for LedgerItem {
    fn admitted(self, scope: &Scope) -> Option<Self> {
        scope.sees_community(self.community).then_some(self)
    }
}

impl Session {
    /// What a member has earned, entry by entry, the latest first, by the rules in force: to the
    /// member, and to those who manage the community. As of the last [pump](crate::Engine::pump).
    ///
    /// Who voted is told to nobody. Entries about what the viewer may not see are among the others,
    /// and do not say what they are about. Every page but the last is full.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the community does not exist for this viewer, or does not know such
    /// a member; [`Error::Denied`] for the ledger of somebody else without the right to manage;
    /// [`Error::Invalid`] for a cursor of another list; [`Error::Limit`] for too large a page.
    pub async fn ledger(
        &self,
        community: &Slug,
        key: &Key,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Page<Visible<LedgerItem>>> {
        let limit = self.engine().env().limits().page_size(limit)?;
        reading!(self, Read::Standing, |rights| {
            let place = rights.community(community)?;
            let own = rights.facts.member.as_ref().is_some_and(|member| member.key == *key);
            if !own {
                rights.place_to(&Action::Manage, community, None)?;
            }
            let store = self.engine().store();
            let found = store.members_by_key(std::slice::from_ref(key)).await?;
            let member = found.into_iter().flatten().next().ok_or(Error::NotFound("member"))?.id;
            let known = store.memberships_in(place.id, &[member]).await?;
            known.into_iter().flatten().next().ok_or(Error::NotFound("member"))?;
            let rules = rules_of(place)?.id.clone();
            let name = format!("ledger {} {rules} {member}", place.id);
            let ledger = LedgerId { community: place.id, rules };
            let mut before =
                after.map(|text| Cursor::decode(text, &name)).transpose()?.map(place_at);
            let mut entries: Vec<Entry> = Vec::new();
            // Marks are no points, and not shown: a page is longer to find where there are some.
            loop {
                let page = store.entries_of(&ledger, member, before, limit + 1).await?;
                let is_last = page.len() <= limit;
                before = page.last().map(Entry::place);
                entries.extend(page.into_iter().filter(|entry| !entry.is_mark()));
                if is_last || entries.len() > limit {
                    break;
                }
            }
            let more = entries.len() > limit;
            entries.truncate(limit);
            let next = entries
                .last()
                .filter(|_| more)
                .map(|last| Cursor::new(position_of(last.place()), &name).to_string());
            let scope = &rights.scope;
            let ids: Vec<TopicId> = entries.iter().filter_map(|entry| entry.topic).collect();
            let topics = store.topics(&ids, scope).await?;
            let topics = scope.admit_all(topics.into_iter().flatten());
            let ids: Vec<PostId> = entries.iter().filter_map(|entry| entry.post).collect();
            let posts = store.posts(&ids, scope).await?;
            let posts = scope.admit_all(posts.into_iter().flatten());
            self.require_current(&rights).await?;
            let items = entries.into_iter().map(|entry| {
                let topic = topics.iter().find(|row| Some(row.topic.id) == entry.topic);
                let post = posts.iter().find(|view| Some(view.post.id) == entry.post);
                Unchecked::new(LedgerItem {
                    community: place.id,
                    cause: entry.cause,
                    rule: entry.rule,
                    group: entry.group,
                    step: entry.step,
                    points: entry.points,
                    at: entry.at,
                    topic: topic.map(|row| row.topic.id),
                    title: topic.map(|row| row.topic.title.clone()),
                    post: post.map(|view| view.post.id),
                })
            });
            Ok(Page { items: scope.admit_all(items), next })
        })
    }
}

/// The place of an entry, as cursors hold it.
fn position_of(EntryPlace { cause, number }: EntryPlace) -> Position {
    let key = i64::try_from(cause.0).unwrap_or(i64::MAX);
    Position { key, id: Uuid::from_u128(u128::from(number)) }
}

fn place_at(Position { key, id }: Position) -> EntryPlace {
    let cause = Seq(u64::try_from(key).unwrap_or(0));
    EntryPlace { cause, number: u32::try_from(id.as_u128()).unwrap_or(u32::MAX) }
}
