//! Reads that go wrong.

use async_trait::async_trait;
use community_core::fold::Folded;
use community_core::policy::{Guarded, Place};
use community_core::query::{
    FeedRequest, LabelExpr, Position, PostOrder, Selection, Sort, ThreadRequest, ThreadStart,
};
use community_core::store::{
    Card, FeedPage, MemberRow, PostRef, PostView, Reader, StoreError, StoreInfo, ThreadItem,
    ThreadPage, TopicRow,
};
use community_core::{
    AccessRev, Channel, ChannelId, Community, CommunityId, Correction, CorrectionId, Directory,
    Key, Link, LinkKind, Member, MemberId, Membership, PostId, Reaction, Revision, Scope, Slot,
    Slug, State, Timestamp, TopicId, Unchecked, Visible,
};

use super::{Flaw, Flawed, Row, folded};
use crate::fixture::{name, slug};

/// A revision with what decides whether it is to be seen.
type RevisionRow = (Place, PostRef, Revision);

type Result<T, E = StoreError> = std::result::Result<T, E>;

/// The scope of the system, for what leaks.
fn system() -> Scope {
    Scope::system(AccessRev::default())
}

/// The same item, open to be changed and locked again.
fn altered<T: Guarded>(item: Unchecked<T>, change: impl FnOnce(&mut T)) -> Option<Unchecked<T>> {
    let mut item = system().admit(item)?.into_inner();
    change(&mut item);
    Some(Unchecked::new(item))
}

impl Flawed {
    /// A batch as this store answers it.
    fn batch<T: Clone>(&self, mut answers: Vec<Option<T>>) -> Vec<Option<T>> {
        match self.flaw {
            Flaw::TurnsAnswersAround => answers.reverse(),
            Flaw::SkipsWhatIsMissing => answers.retain(Option::is_some),
            Flaw::AnswersThousand => answers.truncate(1_000),
            _ => {}
        }
        answers
    }

    /// The scope with which a read is made that may leak.
    fn scope_of(&self, leak: Flaw, scope: &Scope) -> Scope {
        if self.is(leak) { system() } else { scope.clone() }
    }

    /// A post as this store shows it.
    async fn shown(&self, view: Unchecked<PostView>) -> Result<Unchecked<PostView>> {
        let Some(mut view) = system().admit(view).map(Visible::into_inner) else {
            return Err(StoreError::Closed);
        };
        match self.flaw {
            Flaw::ShowsWithdrawnCorrections => {
                view.corrections = self.inner.corrections(view.post.id).await?;
            }
            Flaw::KeepsOldCopies => {
                view.author.name = name("Old");
                view.body = "Old".to_owned();
            }
            Flaw::Misplaces(Row::Post) => view.post.topic = TopicId::from_bytes([9; 16]),
            Flaw::Misplaces(Row::Place) => view.place.author = MemberId::from_bytes([9; 16]),
            _ => {}
        }
        Ok(Unchecked::new(view))
    }

    async fn wide(&self, request: &FeedRequest) -> Result<Vec<Selection>> {
        let directory = self.inner.directory().await?;
        let all = |selection: &Selection| {
            let channels = directory.channels(selection.community).map(|e| e.channel.id);
            Selection { read: channels.collect(), ..selection.clone() }
        };
        Ok(request.selection.iter().map(all).collect())
    }
}

#[async_trait]
impl Reader for Flawed {
    async fn info(&self) -> Result<StoreInfo> {
        self.inner.info().await
    }

    async fn access_rev(&self, member: Option<MemberId>) -> Result<AccessRev> {
        let rev = self.inner.access_rev(member).await?;
        Ok(match self.flaw {
            Flaw::ContentMovesRights => {
                let head = community_core::store::EventLog::head(&self.inner).await?;
                AccessRev { directory: rev.directory + head.0, ..rev }
            }
            Flaw::RightsStandStill => AccessRev::default(),
            Flaw::EverybodyMovesRights => {
                let mut sum = 0;
                for member in self.inner.members_by_id(None, usize::MAX).await? {
                    sum += self.inner.access_rev(Some(member.id)).await?.member;
                }
                AccessRev { member: sum, ..rev }
            }
            _ => rev,
        })
    }

    async fn directory(&self) -> Result<Directory> {
        let directory = self.inner.directory().await?;
        let mut communities: Vec<_> = directory.communities().map(|c| (**c).clone()).collect();
        let channels = |c: &Community| directory.channels(c.id).map(|entry| entry.channel.clone());
        let mut channels: Vec<_> = communities.iter().flat_map(channels).collect();
        let labels = communities.iter().flat_map(|c| directory.labels(c.id).cloned());
        let mut labels: Vec<_> = labels.collect();
        match self.flaw {
            Flaw::LosesLabels => labels.clear(),
            Flaw::LosesLastCommunity => drop(communities.pop()),
            Flaw::LosesChannels => channels.clear(),
            Flaw::DoublesKeys => {
                let twin = channels.last().cloned();
                channels.extend(
                    twin.map(|twin| Channel { id: ChannelId::from_bytes([9; 16]), ..twin }),
                );
            }
            _ => return Ok(directory),
        }
        Ok(Directory::new(directory.rev, communities, channels, labels))
    }

    async fn members(&self, ids: &[MemberId]) -> Result<Vec<Option<Member>>> {
        let mut members = self.inner.members(ids).await?;
        if self.is(Flaw::ForgetsTheUnlisted) {
            members.iter_mut().for_each(|member| *member = member.take().filter(|m| m.listed));
        }
        Ok(self.batch(members))
    }

    async fn members_by_key(&self, keys: &[Key]) -> Result<Vec<Option<Member>>> {
        if self.is(Flaw::FoldsCase) {
            let keys: Vec<Key> = keys.iter().map(folded).collect();
            return self.inner.members_by_key(&keys).await;
        }
        Ok(self.batch(self.inner.members_by_key(keys).await?))
    }

    async fn memberships(&self, member: MemberId) -> Result<Vec<Membership>> {
        let mut memberships = self.inner.memberships(member).await?;
        match self.flaw {
            Flaw::ForgetsOneMembership if memberships.len() > 1 => drop(memberships.pop()),
            Flaw::Misplaces(Row::Membership) => {
                memberships.iter_mut().for_each(|row| row.member = MemberId::from_bytes([9; 16]));
            }
            _ => {}
        }
        Ok(memberships)
    }

    async fn memberships_in(
        &self,
        community: CommunityId,
        members: &[MemberId],
    ) -> Result<Vec<Option<Membership>>> {
        if self.is(Flaw::FindsMembershipsElsewhere) {
            let mut found = Vec::new();
            for member in members {
                found.push(self.inner.memberships(*member).await?.into_iter().next());
            }
            return Ok(found);
        }
        Ok(self.batch(self.inner.memberships_in(community, members).await?))
    }

    async fn members_of(
        &self,
        community: CommunityId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<MemberRow>> {
        if self.is(Flaw::ForgetsMemberPlace) {
            let after = after.map(|after| Position { id: uuid::Uuid::max(), ..after });
            return self.inner.members_of(community, after, limit).await;
        }
        let mut rows = self.inner.members_of(community, after, limit).await?;
        if self.is(Flaw::TurnsMembersAround) {
            rows.reverse();
        }
        if self.is(Flaw::ListsOldNames) {
            rows.iter_mut().for_each(|row| row.member.name = name("Old"));
        }
        if self.is(Flaw::ListsTheUnlisted) && after.is_none() {
            for member in self.inner.members_by_id(None, usize::MAX).await? {
                let memberships = self.inner.memberships(member.id).await?;
                let joined = memberships
                    .into_iter()
                    .find(|m| m.community == community && m.joined_at.is_some() && !member.listed);
                rows.extend(joined.map(|membership| MemberRow { member, membership }));
            }
        }
        Ok(rows)
    }

    async fn members_named(
        &self,
        community: CommunityId,
        begins: &Folded,
        limit: usize,
    ) -> Result<Vec<MemberRow>> {
        let mut rows = self.inner.members_named(community, begins, limit).await?;
        match self.flaw {
            Flaw::NamesTheUnlisted => {
                for member in self.inner.members_by_id(None, usize::MAX).await? {
                    let memberships = self.inner.memberships(member.id).await?;
                    let mut here = memberships.into_iter().filter(|m| m.community == community);
                    let membership = here.find(|m| !(member.listed && m.joined_at.is_some()));
                    if begins.begins(member.name.as_str()).is_some() {
                        rows.extend(membership.map(|membership| MemberRow { member, membership }));
                    }
                }
            }
            Flaw::NamesFromElsewhere => {
                for other in self.inner.directory().await?.communities() {
                    if other.id != community {
                        rows.extend(self.inner.members_named(other.id, begins, limit).await?);
                    }
                }
                rows.truncate(limit);
            }
            Flaw::NamesByFirstWord => {
                rows.retain(|row| begins.begins(row.member.name.as_str()) == Some(true));
            }
            Flaw::NamesByName => {
                rows.retain(|row| begins.begins(row.member.name.as_str()).is_some());
            }
            Flaw::NamesTwice => {
                rows = rows.into_iter().flat_map(|row| [row.clone(), row]).take(limit).collect();
            }
            Flaw::TurnsNamesAround => rows.reverse(),
            _ => {}
        }
        Ok(rows)
    }

    async fn member_count(&self, community: CommunityId) -> Result<u64> {
        self.inner.member_count(community).await
    }

    async fn lookup(
        &self,
        community: CommunityId,
        keys: &[Key],
    ) -> Result<Vec<Option<(TopicId, Option<PostId>)>>> {
        let mut found = self.inner.lookup(community, keys).await?;
        if self.is(Flaw::FindsNothing) {
            found.fill(None);
        }
        if self.is(Flaw::FindsNoPosts) {
            found.iter_mut().for_each(|found| *found = found.filter(|(_, post)| post.is_none()));
        }
        Ok(self.batch(found))
    }

    async fn topics(
        &self,
        ids: &[TopicId],
        scope: &Scope,
    ) -> Result<Vec<Option<Unchecked<TopicRow>>>> {
        if self.is(Flaw::NeverStale) {
            let rows = self.inner.topics(ids, &system()).await?;
            let seen = |row: Unchecked<TopicRow>| {
                scope.admit(row).map(|row| Unchecked::new(row.into_inner()))
            };
            return Ok(rows.into_iter().map(|row| seen(row?)).collect());
        }
        let scope = self.scope_of(Flaw::LeaksTopics, scope);
        Ok(self.batch(self.inner.topics(ids, &scope).await?))
    }

    async fn posts(
        &self,
        ids: &[PostId],
        scope: &Scope,
    ) -> Result<Vec<Option<Unchecked<PostView>>>> {
        let scope = self.scope_of(Flaw::LeaksPosts, scope);
        let mut shown = Vec::new();
        for view in self.inner.posts(ids, &scope).await? {
            shown.push(match view {
                Some(view) => Some(self.shown(view).await?),
                None => None,
            });
        }
        Ok(self.batch(shown))
    }

    async fn feed(&self, request: &FeedRequest, scope: &Scope) -> Result<FeedPage> {
        let mut request = request.clone();
        match self.flaw {
            Flaw::LeaksFeeds => request.selection = self.wide(&request).await?,
            Flaw::SkipsTies => {
                let falls = request.sort != Sort::Oldest;
                let id = if falls { uuid::Uuid::nil() } else { uuid::Uuid::max() };
                request.after = request.after.map(|after| Position { id, ..after });
            }
            Flaw::BeginsAtPlace => {
                let before = |id: uuid::Uuid| uuid::Uuid::from_u128(id.as_u128().wrapping_add(1));
                request.after =
                    request.after.map(|after| Position { id: before(after.id), ..after });
            }
            Flaw::SortsNewOnly if request.sort != Sort::Oldest => request.sort = Sort::New,
            Flaw::TurnsOldestAround if request.sort == Sort::Oldest => request.sort = Sort::New,
            Flaw::IgnoresWindow => request.since = None,
            Flaw::IgnoresLabels => request.labels = None,
            Flaw::ListsUnderOldLabels => {
                let is_old = request.labels == Some(LabelExpr::Has(slug("old")));
                let is_narrow = request.selection.iter().all(|selection| !selection.whole);
                request.labels = request.labels.filter(|_| !(is_old && is_narrow));
            }
            Flaw::IgnoresKind => request.kind = None,
            Flaw::IgnoresAuthor => request.author = None,
            Flaw::IgnoresOwn => {
                request.selection.iter_mut().for_each(|selection| selection.own.clear());
            }
            _ => {}
        }
        let given = scope;
        let scope = self.scope_of(Flaw::LeaksFeeds, scope);
        let mut page = self.inner.feed(&request, &scope).await?;
        match self.flaw {
            Flaw::DropsLastOfFeed if page.more && page.items.len() > 1 => drop(page.items.pop()),
            Flaw::DoublesFeedItem => {
                let first = page.items.first().cloned();
                page.items.splice(0..0, first);
                page.items.truncate(request.limit);
            }
            Flaw::KeepsOldCopies => {
                let old = |card| altered(card, |card: &mut Card| card.author.name = name("Old"));
                let items = std::mem::take(&mut page.items).into_iter();
                page.items = items.filter_map(|(place, card)| Some((place, old(card)?))).collect();
            }
            Flaw::SaysMore => page.more = page.items.len() == request.limit,
            Flaw::SaysNoMore => page.more = false,
            Flaw::EndsFeedsEarly => page.items.truncate(1),
            Flaw::ShortFeedPages if page.items.len() > 5 => {
                page.items.truncate(5);
                page.more = true;
            }
            Flaw::LosesCardCorrections => {
                let bare = |card| altered(card, |card: &mut Card| card.corrections.clear());
                let items = std::mem::take(&mut page.items).into_iter();
                page.items = items.filter_map(|(place, card)| Some((place, bare(card)?))).collect();
            }
            _ => {}
        }
        if let Some(community) = request.pins_of {
            page.pinned = self.pinned(community, given).await?;
        }
        Ok(page)
    }

    async fn pinned(&self, community: CommunityId, scope: &Scope) -> Result<Vec<Unchecked<Card>>> {
        if self.is(Flaw::PinsWhatIsHidden) {
            let rows = self.inner.topics_by_id(community, None, usize::MAX, scope).await?;
            let pinned = system().admit_all(rows).into_iter().filter(|row| row.topic.pin.is_some());
            let card = |row: TopicRow| Card {
                topic: row.topic,
                author: row.author,
                corrections: Vec::new(),
            };
            return Ok(pinned.map(|row| Unchecked::new(card(row.into_inner()))).collect());
        }
        if self.is(Flaw::ForgetsPins) {
            return Ok(Vec::new());
        }
        self.inner.pinned(community, &self.scope_of(Flaw::LeaksPins, scope)).await
    }

    async fn thread(&self, request: &ThreadRequest, scope: &Scope) -> Result<ThreadPage> {
        let mut request = request.clone();
        match (self.flaw, request.start) {
            (Flaw::SortsThreadsByTime, _) if request.order == PostOrder::Best => {
                request.order = PostOrder::Oldest;
            }
            (Flaw::IgnoresDepth, _) => request.max_depth = u32::MAX,
            (Flaw::IgnoresRoot, _) => {
                let rows = self.inner.topics(&[request.topic], &system()).await?;
                let topic = rows.into_iter().flatten().find_map(|row| system().admit(row));
                request.root = topic.map_or(request.root, |row| row.topic.opening);
            }
            (Flaw::BeginsAtRoot, ThreadStart::At(_)) => request.start = ThreadStart::Root,
            (Flaw::ForgetsOldPlace, ThreadStart::After(place)) => {
                let id = PostId::from_uuid(place.id);
                let views = self.inner.posts(&[id], &system()).await?;
                if let Some(view) = views.into_iter().flatten().find_map(|v| system().admit(v)) {
                    let key = request.order.key(&view.post);
                    request.start = ThreadStart::After(Position { key, ..place });
                }
            }
            _ => {}
        }
        let scope = self.scope_of(Flaw::LeaksThreads, scope);
        let mut page = self.inner.thread(&request, &scope).await?;
        match self.flaw {
            Flaw::SaysNoMorePosts => page.more = false,
            Flaw::TellsHiddenKeys => {
                let all = ThreadRequest { start: ThreadStart::Root, limit: usize::MAX, ..request };
                let told = self.inner.thread(&all, &system()).await?;
                for (place, _) in &mut page.items {
                    let known = told.items.iter().find(|(known, _)| known.id == place.id);
                    place.key = known.map_or(place.key, |(known, _)| known.key);
                }
            }
            Flaw::MixesUpThreads => {
                let (places, mut items): (Vec<_>, Vec<_>) =
                    std::mem::take(&mut page.items).into_iter().unzip();
                items.reverse();
                page.items = places.into_iter().zip(items).collect();
            }
            Flaw::DropsPlaceholders => page.items.retain(|(_, item)| {
                let item = system().admit(item.clone());
                item.as_deref().is_none_or(|item| match item {
                    ThreadItem::Post(view) => view.post.state == State::Published,
                    ThreadItem::Placeholder(_) => false,
                })
            }),
            _ => {}
        }
        Ok(page)
    }

    async fn ancestors(&self, post: PostId, scope: &Scope) -> Result<Vec<Unchecked<PostView>>> {
        let scope = self.scope_of(Flaw::LeaksAncestors, scope);
        let mut ancestors = self.inner.ancestors(post, &scope).await?;
        ancestors.retain(|_| !self.is(Flaw::LosesAncestors));
        Ok(ancestors)
    }

    async fn revisions(
        &self,
        post: PostId,
        after: u32,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<(Place, PostRef, Revision)>>> {
        let after = if self.is(Flaw::ForgetsRevisionNumber) { 0 } else { after };
        let scope = self.scope_of(Flaw::LeaksRevisions, scope);
        let mut revisions = self.inner.revisions(post, after, limit, &scope).await?;
        let nowhere = PostId::from_bytes([9; 16]);
        match self.flaw {
            Flaw::TurnsRevisionsAround => revisions.reverse(),
            Flaw::Misplaces(Row::Revision) => {
                let move_it = |row| altered(row, |row: &mut RevisionRow| row.2.post = nowhere);
                revisions = revisions.into_iter().filter_map(move_it).collect();
            }
            Flaw::Misplaces(Row::PlaceOfRevision) => {
                let hide_it =
                    |row| altered(row, |row: &mut RevisionRow| row.1.state = State::Removed);
                revisions = revisions.into_iter().filter_map(hide_it).collect();
            }
            _ => {}
        }
        Ok(revisions)
    }

    async fn correction(&self, id: CorrectionId) -> Result<Option<Correction>> {
        let found = self.inner.correction(id).await?;
        Ok(found.filter(|_| !self.is(Flaw::FindsNoCorrections)))
    }

    async fn reactions(
        &self,
        post: PostId,
        slot: Slot,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Reaction>> {
        let after = match after {
            Some(after) if self.is(Flaw::ForgetsReactionPlace) => {
                Some(Position { id: uuid::Uuid::max(), ..after })
            }
            after => after,
        };
        let mut reactions = self.inner.reactions(post, slot, after, limit).await?;
        match self.flaw {
            Flaw::TurnsReactionsAround => reactions.reverse(),
            Flaw::DoublesReactions => {
                let first = reactions.first().cloned();
                reactions.splice(0..0, first);
            }
            Flaw::Misplaces(Row::Reaction) => {
                reactions.iter_mut().for_each(|row| row.post = PostId::from_bytes([9; 16]));
            }
            Flaw::Misplaces(Row::Slot) => {
                reactions.iter_mut().for_each(|row| row.slot = Slot::Vote);
            }
            _ => {}
        }
        Ok(reactions)
    }

    async fn reactions_of(&self, member: MemberId, posts: &[PostId]) -> Result<Vec<Reaction>> {
        let mut reactions = self.inner.reactions_of(member, posts).await?;
        if self.is(Flaw::TurnsAnswersAround) {
            reactions.reverse();
        }
        Ok(reactions)
    }

    async fn links(
        &self,
        topic: TopicId,
        after: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Link>> {
        let mut links = self.inner.links(topic, after, limit).await?;
        match self.flaw {
            Flaw::LinksOneWay => links.retain(|link| link.from == topic),
            Flaw::TurnsLinksAround => links.reverse(),
            _ => {}
        }
        Ok(links)
    }

    async fn link(&self, from: TopicId, to: TopicId, kind: LinkKind) -> Result<Option<Link>> {
        let link = self.inner.link(from, to, kind).await?;
        Ok(link.filter(|_| !self.is(Flaw::FindsNoLinks)))
    }

    async fn label_use(&self, community: CommunityId, scope: &Scope) -> Result<Vec<(Slug, u64)>> {
        self.inner.label_use(community, &self.scope_of(Flaw::LeaksLabelUse, scope)).await
    }

    async fn channel_topics(
        &self,
        community: CommunityId,
        scope: &Scope,
    ) -> Result<Vec<(ChannelId, u64)>> {
        self.inner.channel_topics(community, &self.scope_of(Flaw::LeaksChannelTopics, scope)).await
    }

    async fn latest_bump(
        &self,
        topic: TopicId,
        except: Option<PostId>,
    ) -> Result<Option<Timestamp>> {
        let except = except.filter(|_| !self.is(Flaw::IgnoresExcept));
        let bump = self.inner.latest_bump(topic, except).await?;
        Ok(bump.filter(|_| !self.is(Flaw::FindsNoBump)))
    }

    async fn posts_to_erase(&self, author: MemberId, limit: usize) -> Result<Vec<PostId>> {
        let mut posts = self.inner.posts_to_erase(author, limit).await?;
        if self.is(Flaw::ForgetsWhatIsLeft) {
            posts.pop();
        }
        Ok(posts)
    }

    async fn views(&self, topic: TopicId) -> Result<Vec<(i32, i64)>> {
        let mut views = self.inner.views(topic).await?;
        match self.flaw {
            Flaw::ForgetsADay => drop(views.pop()),
            Flaw::TurnsDaysAround => views.reverse(),
            _ => {}
        }
        Ok(views)
    }

    async fn topics_by_id(
        &self,
        community: CommunityId,
        after: Option<TopicId>,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<TopicRow>>> {
        let scope = self.scope_of(Flaw::LeaksTopicsById, scope);
        let mut rows = self.inner.topics_by_id(community, after, limit, &scope).await?;
        match self.flaw {
            Flaw::TurnsRowsAround => rows.reverse(),
            Flaw::KeepsOldCopies => {
                let old = |row| altered(row, |row: &mut TopicRow| row.author.name = name("Old"));
                rows = rows.into_iter().filter_map(old).collect();
            }
            Flaw::HidesThePinned => {
                let is_plain = |row: &Unchecked<TopicRow>| {
                    system().admit(row.clone()).is_none_or(|row| row.topic.pin.is_none())
                };
                rows.retain(is_plain);
            }
            Flaw::Misplaces(Row::Topic) => {
                let nowhere = CommunityId::from_bytes([9; 16]);
                let moved = |row| altered(row, |row: &mut TopicRow| row.topic.community = nowhere);
                rows = rows.into_iter().filter_map(moved).collect();
            }
            _ => {}
        }
        Ok(rows)
    }

    async fn posts_by_id(
        &self,
        topic: TopicId,
        after: Option<PostId>,
        limit: usize,
        scope: &Scope,
    ) -> Result<Vec<Unchecked<PostView>>> {
        let scope = self.scope_of(Flaw::LeaksPostsById, scope);
        let mut views = Vec::new();
        for view in self.inner.posts_by_id(topic, after, limit, &scope).await? {
            views.push(self.shown(view).await?);
        }
        if self.is(Flaw::TurnsRowsAround) {
            views.reverse();
        }
        Ok(views)
    }

    async fn corrections(&self, post: PostId) -> Result<Vec<Correction>> {
        let mut corrections = self.inner.corrections(post).await?;
        match self.flaw {
            Flaw::TurnsCorrectionsAround => corrections.reverse(),
            Flaw::Misplaces(Row::Correction) => {
                corrections.iter_mut().for_each(|row| row.post = PostId::from_bytes([9; 16]));
            }
            _ => {}
        }
        Ok(corrections)
    }

    async fn members_by_id(&self, after: Option<MemberId>, limit: usize) -> Result<Vec<Member>> {
        let mut members = self.inner.members_by_id(after, limit).await?;
        match self.flaw {
            Flaw::TurnsRowsAround => members.reverse(),
            Flaw::HidesTheUnlisted => members.retain(|member| member.listed),
            _ => {}
        }
        Ok(members)
    }
}
