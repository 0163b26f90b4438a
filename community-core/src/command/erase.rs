//! Erasure: what somebody said, or who somebody was, is gone for good.
//!
//! Apart from removing on purpose: what a moderator removes is kept and can come back, what is
//! erased cannot. Ids, numbers, times and places stay, so that threads hold together, permalinks
//! lead somewhere and what others have earned stands.

use super::membership::put_membership;
use super::nothing;
use crate::change::{Counter, EntityRef, EventKind, Expect, NewEvent, Op, UniqueKey};
use crate::domain::{Correction, Membership, Post, PostKind, Revision, State, Topic};
use crate::engine::{Rights, Session, command};
use crate::error::{Error, Result};
use crate::id::{CommunityId, MemberId, PostId};
use crate::policy::Action;
use crate::text::Title;

/// How a member is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erasure {
    /// Who it was: what the member wrote stays, under a name that says nothing.
    Anonymise,
    /// The same, and every post of the member with its text.
    Remove,
}

/// What one step of erasing a member did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Erased {
    /// Communities that the member was something in.
    pub communities: usize,
    /// Posts that were erased.
    pub posts: usize,
    /// Whether there is more to do: call it again.
    pub more: bool,
}

/// Memberships and posts in one step, each in a commit of its own.
const STEP: usize = 200;
/// Revisions that are read at once.
const PAGE: usize = 100;

impl Session {
    /// Erases a post: its text is gone from every revision, and so are the reasons of edits and
    /// marks, and the texts of the corrections beside it, which quote it. It is removed for good, as
    /// far as readers and counters are concerned; its place in the thread, its author, its votes and
    /// its times stay. With a topic's first post, the topic is removed, its title becomes
    /// [`Topic::ERASED`], and its payload is gone.
    ///
    /// For whoever manages the place, and the host. It cannot be undone, and nothing happens when it
    /// is done again. Who has copied the text elsewhere still has it: other posts, backups.
    ///
    /// ```
    /// use community::{Error, NewCommunity, NewMember, NewPost, NewTopic, Policy};
    ///
    /// # pollster::block_on(async {
    /// # let engine = community::in_memory();
    /// # let host = engine.as_system();
    /// # let club: community::Slug = "club".parse()?;
    /// # let new = NewCommunity::new(club.clone(), "Club".parse()?, Policy::public());
    /// # host.create_community(new).await?;
    /// # let talk = community::NewChannel::new("talk".parse()?, "Talk".parse()?);
    /// # host.create_channel(&club, talk).await?;
    /// # let id = host.sync_member(NewMember::new("user:1".parse()?, "Ana".parse()?)).await?;
    /// # let ana = engine.member(id);
    /// # ana.join(&club).await?;
    /// # let (talk, kind) = ("talk".parse()?, "discussion".parse()?);
    /// # let topic = ana.start_topic(NewTopic::new(club, talk, kind, "Hello", "Who is here?")).await?;
    /// let reply = ana.reply(NewPost::new(topic, "I live at 4 Elm Street.")).await?;
    /// host.erase_post(reply).await?;
    /// assert!(matches!(ana.post(reply).await, Err(Error::NotFound("post"))));
    /// assert_eq!(host.post(reply).await?.body, "");
    /// assert!(matches!(host.restore_post(reply).await, Err(Error::Erased("post"))));
    /// # Ok::<(), Error>(()) }).unwrap();
    /// ```
    ///
    /// Extensions that keep words of it, such as the knowledge base in its drafts and versions, take them
    /// out when they follow the log.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] without the right to manage.
    pub async fn erase_post(&self, id: PostId) -> Result<()> {
        command!(self, ("erase post", id), |rights| {
            let seen = self.visible_post(&rights, id).await?;
            let topic = self.whole_topic(&rights, seen.post.topic).await?;
            // Read again behind the topic, whose gate then tells whether it is still so.
            let seen = self.visible_post(&rights, id).await?;
            let post = &seen.post;
            rights.require_in_topic(&Action::Manage, &topic, Some(post.author), "post")?;
            let (revisions, corrections) = self.texts_of(id).await?;
            let mut changes = rights.changes();
            changes.erase_texts(post, &revisions, &corrections);
            if post.erased_at.is_some() {
                // What came in while it was erased goes too.
                return match (revisions.as_slice(), corrections.as_slice()) {
                    ([], []) => nothing(&rights, None),
                    _ => {
                        changes.change_post(post, post.clone());
                        Ok((None, changes))
                    }
                };
            }
            let after = post.erased(rights.now);
            if post.kind == PostKind::Opening {
                changes.change_post(post, after);
                let after = Topic {
                    title: Title::new(Topic::ERASED)?,
                    payload: None,
                    state: State::Removed,
                    gate: topic.gate + 1,
                    ..topic.clone()
                };
                changes.change_topic(&topic, after);
            } else {
                let after = Post { state: State::Removed, ..after };
                self.show_reply(&mut changes, &topic, post, after).await?;
            }
            let kind = EventKind::PostErased { opening: post.kind == PostKind::Opening };
            changes.events.push(rights.event_on(kind, &topic, Some(id)));
            Ok((None, changes))
        });
        Ok(())
    }

    /// Everything that was said in a post and beside it, and is not gone already. Limits of both bound
    /// it.
    async fn texts_of(&self, post: PostId) -> Result<(Vec<Revision>, Vec<Correction>)> {
        let (store, system) = (self.engine().store(), self.unscoped());
        let mut revisions: Vec<Revision> = Vec::new();
        let mut after = 0;
        loop {
            let page = system.admit_all(store.revisions(post, after, PAGE, &system).await?);
            let is_last = page.len() < PAGE;
            // Without the text: of two thousand long ones, one page is held at a time.
            let page = page.into_iter().map(|found| found.into_inner().2);
            for revision in page {
                after = revision.number;
                let blank = revision.erased();
                revisions.extend(Some(blank).filter(|blank| *blank != revision));
            }
            if is_last {
                break;
            }
        }
        let mut corrections = store.corrections(post).await?;
        corrections.retain(|correction| *correction != correction.erased());
        Ok((revisions, corrections))
    }

    /// Erases a member, by one step of at most 200 memberships and posts: who it was first, which takes effect at once and frees
    /// the host's key; then what the member was in each community; then, with
    /// [`Erasure::Remove`], every post of the member as [`erase_post`](Self::erase_post) does. Call
    /// it until there is no [more](Erased::more). It may be interrupted anywhere and called again;
    /// nothing happens when it is done.
    ///
    /// For the system only. What is left is an id with a name that says nothing, which nobody can act
    /// as. Roles, levels, sanctions, and the notes of grants to the member are gone; votes, visits
    /// and earned points stay, as others' counters and points rest on them. What others wrote about
    /// the member, and what extensions keep, is not looked at.
    ///
    /// ```
    /// use community::{Erasure, Error, NewMember};
    ///
    /// # pollster::block_on(async {
    /// # let engine = community::in_memory();
    /// let host = engine.as_system();
    /// let ana = NewMember::new("user:1".parse()?, "Ana".parse()?);
    /// let id = host.sync_member(ana.clone()).await?;
    /// while host.erase_member(id, Erasure::Remove).await?.more {}
    ///
    /// let gone = engine.member_by_key(&"user:1".parse()?).await;
    /// assert!(matches!(gone, Err(Error::NotFound("member"))));
    /// // Whom the host knows by that key from here on is somebody else.
    /// assert_ne!(host.sync_member(ana).await?, id);
    /// # Ok::<(), Error>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`Error::Denied`] for anybody but the system; [`Error::NotFound`] for a member who is not
    /// there; [`Error::Conflict`] when somebody has the key that an erased member gets.
    pub async fn erase_member(&self, id: MemberId, erasure: Erasure) -> Result<Erased> {
        // Each part is done or not, however often it is sent: it needs no id.
        let host = self.without_request();
        host.erase_person(id).await?;
        let store = self.engine().store();
        let mut erased = Erased::default();
        let known = store.memberships(id).await?;
        for known in known.into_iter().filter(|known| *known != blank(known)) {
            if erased.communities == STEP {
                erased.more = true;
                return Ok(erased);
            }
            host.erase_membership(known.community, id).await?;
            erased.communities += 1;
        }
        if erasure == Erasure::Remove {
            let most = STEP - erased.communities;
            let mut posts = store.posts_to_erase(id, most + 1).await?;
            erased.more = posts.len() > most;
            posts.truncate(most);
            for post in posts {
                host.erase_post(post).await?;
                erased.posts += 1;
            }
        }
        Ok(erased)
    }

    /// Who it was.
    async fn erase_person(&self, id: MemberId) -> Result<()> {
        command!(self, ("erase member", id), |rights| {
            rights.require_system()?;
            let store = self.engine().store();
            let found = store.members(&[id]).await?.into_iter().flatten().next();
            let old = found.ok_or(Error::NotFound("member"))?;
            if old.erased_at.is_some() {
                return nothing(&rights, None);
            }
            let gone = old.erased(rights.now)?;
            let taken = store.members_by_key(std::slice::from_ref(&gone.key)).await?;
            if taken.into_iter().flatten().next().is_some() {
                return Err(Error::Conflict("somebody has the key of an erased member"));
            }
            let mut changes = rights.changes();
            changes.expect(Expect::Rev(EntityRef::Member(id), old.rev));
            changes.expect(Expect::Absent(UniqueKey::Member(gone.key.clone())));
            changes.ops.push(Op::PutMember(Box::new(gone)));
            changes.ops.push(Op::EraseNotes(id));
            let event = rights.event(EventKind::MemberErased);
            changes.events.push(NewEvent { member: Some(id), ..event });
            Ok((None, changes))
        });
        Ok(())
    }

    /// What an erased member was in a community.
    async fn erase_membership(&self, community: CommunityId, id: MemberId) -> Result<()> {
        command!(self, ("erase membership", community, id), |rights| {
            let known = self.engine().store().memberships(id).await?;
            let Some(community) = rights.directory.community(community) else {
                return nothing(&rights, None);
            };
            let old = Rights::membership_in(&known, community, id);
            let new = blank(&old);
            if new == old {
                return nothing(&rights, None);
            }
            let mut changes = rights.changes();
            let mut kind = EventKind::StandingChanged;
            if old.joined_at.is_some() {
                changes.bump(Counter::Members(community.id), -1);
                kind = EventKind::Left;
            }
            let event = NewEvent { member: Some(id), ..rights.event_in(kind, community) };
            put_membership(&mut changes, &old, new, event);
            Ok((None, changes))
        });
        Ok(())
    }

    /// That a member is there, and not erased, as an expectation that it still is so. The member's
    /// revision stands for it.
    pub(super) async fn known_member(&self, id: MemberId) -> Result<Expect> {
        let found = self.engine().store().members(&[id]).await?.into_iter().flatten().next();
        let member = found.filter(|member| member.erased_at.is_none());
        let member = member.ok_or(Error::NotFound("member"))?;
        Ok(Expect::Rev(EntityRef::Member(id), member.rev))
    }
}

/// A membership that says nothing of the member.
fn blank(known: &Membership) -> Membership {
    Membership { rev: known.rev, ..Membership::stranger(known.community, known.member) }
}
