//! Reads of the directory and of its people.

use super::Rights;
use super::read::Read;
use super::session::{Session, reading};
use super::view::{ChannelView, CommunityView, LabelView, MemberView, Page, PlaceView};
use crate::directory::ChannelEntry;
use crate::domain::{Author, Channel, Community, Label, Membership};
use crate::error::{Error, Result};
use crate::id::{ChannelId, CommunityId, MemberId};
use crate::policy::{Action, Asker, Audience, Unchecked, Visible};
use crate::query::{Cursor, Position};
use crate::store::StoreError;
use crate::text::{Key, Slug};
use crate::time::to_micros;
use rustc_hash::FxHashMap;

impl Session {
    /// The communities that the viewer sees, by key.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn communities(&self) -> Result<Vec<Visible<CommunityView>>> {
        reading!(self, Read::Communities, |rights| {
            let all = rights.directory.communities();
            let views = all.map(|community| Unchecked::new(rights.view_of(community)));
            Ok(rights.scope.admit_all(views))
        })
    }

    /// One community.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none for this viewer.
    pub async fn community(&self, key: &Slug) -> Result<Visible<CommunityView>> {
        reading!(self, Read::Communities, |rights| {
            let view = Unchecked::new(rights.view_of(rights.community(key)?));
            rights.scope.admit(view).ok_or(Error::NotFound("community"))
        })
    }

    /// The channels of a community that the viewer sees, as a tree read from top to bottom.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the community does not exist for this viewer.
    pub async fn channels(&self, community: &Slug) -> Result<Vec<Visible<ChannelView>>> {
        reading!(self, Read::Channels, |rights| {
            let community = rights.community(community)?;
            let store = self.engine().store();
            let topics = store.channel_topics(community.id, &rights.scope).await?;
            let topics: FxHashMap<ChannelId, u64> = topics.into_iter().collect();
            let views = rights.directory.channels(community.id).map(|entry| {
                let id = entry.channel.id;
                let parent = entry.channel.parent.and_then(|id| rights.directory.channel(id));
                let parent = parent.map(|parent| &parent.channel);
                Unchecked::new(ChannelView::new(
                    entry,
                    parent,
                    topics.get(&id).copied().unwrap_or(0),
                ))
            });
            Ok(rights.scope.admit_all(views))
        })
    }

    /// Where a channel stands: its key and name, and the key of its community. A topic knows its
    /// channel by id; this is how a page names it.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the channel does not exist for this viewer.
    pub async fn place(&self, channel: ChannelId) -> Result<Visible<PlaceView>> {
        reading!(self, Read::Channels, |rights| {
            let entry = rights.directory.channel(channel);
            let community =
                entry.and_then(|entry| rights.directory.community(entry.channel.community));
            let view = entry.zip(community).map(|(entry, community)| {
                Unchecked::new(PlaceView {
                    community: community.key.clone(),
                    id: channel,
                    channel: entry.channel.key.clone(),
                    name: entry.channel.name.clone(),
                })
            });
            view.and_then(|view| rights.scope.admit(view)).ok_or(Error::NotFound("channel"))
        })
    }

    /// The labels of a community that the viewer sees, by key, each with the number of topics that
    /// the viewer may read.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the community does not exist for this viewer.
    pub async fn labels(&self, community: &Slug) -> Result<Vec<Visible<LabelView>>> {
        reading!(self, Read::Labels, |rights| {
            let community = rights.community(community)?;
            let used = self.engine().store().label_use(community.id, &rights.scope).await?;
            let used: FxHashMap<Slug, u64> = used.into_iter().collect();
            let views = labels_by_key(&rights, community.id).into_iter().map(|label| {
                Unchecked::new(LabelView {
                    community: community.id,
                    key: label.key.clone(),
                    name: label.name.clone(),
                    description: label.description.clone(),
                    topics: used.get(&label.key).copied().unwrap_or(0),
                })
            });
            Ok(rights.scope.admit_all(views))
        })
    }

    /// A community as its managers change it: with policy, settings, kinds, and the revision that
    /// an update can rest on.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none for this viewer; [`Error::Denied`] to whoever may not
    /// manage it.
    pub async fn managed_community(&self, key: &Slug) -> Result<Visible<Community>> {
        reading!(self, Read::Managed, |rights| {
            let community = rights.place_to(&Action::Manage, key, None)?.0;
            rights
                .scope
                .admit(Unchecked::new(community.clone()))
                .ok_or(Error::NotFound("community"))
        })
    }

    /// A channel as its managers change it: with its own policy and settings, not those that it
    /// inherits, and the revision that an update can rest on.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none for this viewer; [`Error::Denied`] to whoever may not
    /// manage it.
    pub async fn managed_channel(&self, community: &Slug, key: &Slug) -> Result<Visible<Channel>> {
        reading!(self, Read::Managed, |rights| {
            let (_, entry) = rights.place_to(&Action::Manage, community, Some(key))?;
            let channel = entry.map(|entry| Unchecked::new(entry.channel.clone()));
            channel
                .and_then(|channel| rights.scope.admit(channel))
                .ok_or(Error::NotFound("channel"))
        })
    }

    /// The labels of a community as its managers change them: with their audiences. Those that do
    /// not exist for the viewer are not among them.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the community does not exist for this viewer; [`Error::Denied`] to
    /// whoever may not manage it.
    pub async fn managed_labels(&self, community: &Slug) -> Result<Vec<Visible<Label>>> {
        reading!(self, Read::Managed, |rights| {
            let (community, _) = rights.place_to(&Action::Manage, community, None)?;
            let labels =
                labels_by_key(&rights, community.id).into_iter().cloned().map(Unchecked::new);
            Ok(rights.scope.admit_all(labels))
        })
    }

    /// The members of a community, in the order of joining.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the community does not exist for this viewer; [`Error::Invalid`] for
    /// a cursor of another list; [`Error::Limit`] for too large a page.
    pub async fn members(
        &self,
        community: &Slug,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Page<Visible<MemberView>>> {
        let limit = self.engine().env().limits().page_size(limit)?;
        reading!(self, Read::Members, |rights| {
            let community = rights.community(community)?;
            let name = format!("members {}", community.id);
            let after = after.map(|text| Cursor::decode(text, &name)).transpose()?;
            let store = self.engine().store();
            let mut rows = store.members_of(community.id, after, limit + 1).await?;
            self.require_current(&rights).await?;
            let more = rows.len() > limit;
            rows.truncate(limit);
            let next = rows.last().filter(|_| more).map(|last| {
                let key = last.membership.joined_at.map_or(0, to_micros);
                let position = Position { key, id: last.member.id.uuid() };
                Cursor::new(position, &name).to_string()
            });
            let views = rows
                .iter()
                .map(|row| Unchecked::new(MemberView::new(&row.member, &row.membership)));
            Ok(Page { items: rights.scope.admit_all(views), next })
        })
    }

    /// A member who has joined the community.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the community does not exist for this viewer, or does not know such
    /// a member.
    pub async fn member_of(&self, community: &Slug, key: &Key) -> Result<Visible<MemberView>> {
        reading!(self, Read::Members, |rights| {
            let community = rights.community(community)?;
            let store = self.engine().store();
            let found = store.members_by_key(std::slice::from_ref(key)).await?;
            let member = found.into_iter().flatten().next().ok_or(Error::NotFound("member"))?;
            let memberships = store.memberships(member.id).await?;
            self.require_current(&rights).await?;
            let known = memberships
                .iter()
                .find(|membership| membership.community == community.id && member.listed)
                .filter(|membership| membership.joined_at.is_some())
                .ok_or(Error::NotFound("member"))?;
            let view = Unchecked::new(MemberView::new(&member, known));
            rights.scope.admit(view).ok_or(Error::NotFound("member"))
        })
    }

    /// Who is behind these ids, in their order; `None` for an id of nobody. Corrections, marks,
    /// revisions and reactions name people by id, and whoever reads one may ask who that is.
    ///
    /// # Errors
    /// [`Error::Limit`] for more ids than fit on a page.
    pub async fn authors(&self, ids: &[MemberId]) -> Result<Vec<Option<Author>>> {
        self.engine().env().limits().page(ids.len())?;
        reading!(self, Read::Members, |_rights| {
            let members = self.engine().store().members(ids).await?;
            Ok(members.iter().map(|member| member.as_ref().map(Author::from)).collect())
        })
    }

    /// How many members have joined a community.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the community does not exist for this viewer.
    pub async fn member_count(&self, community: &Slug) -> Result<u64> {
        reading!(self, Read::MemberCount, |rights| {
            let community = rights.community(community)?;
            let count = self.engine().store().member_count(community.id).await?;
            self.require_current(&rights).await?;
            Ok(count)
        })
    }
}

impl Session {
    /// Goes on only while the viewer's rights are what they were: behind a read that a store does
    /// without a scope.
    pub(super) async fn require_current(&self, rights: &Rights) -> Result<()> {
        let access = self.engine().store().access_rev(rights.actor()).await?;
        if access == rights.scope.access() { Ok(()) } else { Err(StoreError::StaleScope.into()) }
    }
}

fn labels_by_key(rights: &Rights, community: CommunityId) -> Vec<&Label> {
    let mut labels: Vec<_> = rights.directory.labels(community).collect();
    labels.sort_by(|a, b| a.key.cmp(&b.key));
    labels
}

impl Rights {
    fn view_of(&self, community: &Community) -> CommunityView {
        CommunityView::new(community, self.joined(community))
    }

    fn joined(&self, community: &Community) -> bool {
        self.facts.membership(community.id).is_some_and(|known| known.joined_at.is_some())
    }

    /// Whether the viewer belongs to an audience that is not an action's rule.
    pub(super) fn belongs(
        &self,
        community: &Community,
        channel: Option<&ChannelEntry>,
        audience: &Audience,
    ) -> bool {
        self.viewer == crate::Viewer::System
            || Asker::new(&self.facts, &self.directory, community, self.now)
                .admits(channel, audience, false)
    }

    /// A membership of somebody in a community, or that of a stranger.
    pub(crate) fn membership_in(
        memberships: &[Membership],
        community: &Community,
        member: MemberId,
    ) -> Membership {
        memberships
            .iter()
            .find(|known| known.community == community.id)
            .cloned()
            .unwrap_or_else(|| Membership::stranger(community.id, member))
    }
}
