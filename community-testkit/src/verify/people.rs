//! Members and memberships.

use std::collections::{BTreeMap, BTreeSet};

use community_core::fold::Folded;
use community_core::query::{Position, name_places};
use community_core::time::to_micros;
use community_core::{
    Attribute, Author, CommunityId, Key, Member, MemberId, Membership, StoreError,
};

use super::seen::Print;
use super::{PAGE, Verifier};

/// How many have joined a community, and how many of those are listed.
#[derive(Debug, Default, Clone, Copy)]
struct Joined {
    all: u64,
    listed: u64,
}

impl Verifier<'_> {
    /// Checks all members, then the list of each community.
    pub(super) async fn people(&mut self) -> Result<(), StoreError> {
        let mut joined: BTreeMap<CommunityId, Joined> = BTreeMap::new();
        let mut named: BTreeSet<MemberId> = BTreeSet::new();
        let mut after: Option<MemberId> = None;
        loop {
            let page = self.store.members_by_id(after, PAGE).await?;
            let begin = after;
            self.found(&page).await?;
            for member in &page {
                let subject = format!("member {}", member.id);
                let is_behind = after.is_none_or(|after| member.id > after);
                self.holds("members are read by id", &subject, "ids that rise", is_behind, after);
                after = Some(member.id);
                self.seen.authors.insert(member.id, Print::of(&Author::from(member)));
                self.about(&subject, member);
                for membership in self.store.memberships(member.id).await? {
                    let subject = format!("{subject} in {}", membership.community);
                    self.belongs(&subject, &membership.member, &member.id);
                    self.membership(&subject, &membership);
                    named.extend(membership.sanctions.iter().filter_map(|sanction| sanction.by));
                    if membership.joined_at.is_some() {
                        if member.listed {
                            self.named(&subject, member, &membership).await?;
                        }
                        let joined = joined.entry(membership.community).or_default();
                        joined.all += 1;
                        joined.listed += u64::from(member.listed);
                    }
                }
            }
            // The end, or a store that does not come forward.
            if page.len() < PAGE || begin >= after {
                break;
            }
        }
        self.exist("sanctions", named);
        let directory = self.directory;
        for community in directory.communities() {
            let joined = joined.get(&community.id).copied().unwrap_or_default();
            let count = self.store.member_count(community.id).await?;
            let subject = format!("community `{}`", community.key);
            self.same("members of a community", &subject, &count, &joined.all);
            self.list(&subject, community.id, joined.listed).await?;
            self.names(&subject, community.id, joined.listed).await?;
        }
        Ok(())
    }

    /// Checks that ids and keys lead to the members of a page.
    async fn found(&mut self, page: &[Member]) -> Result<(), StoreError> {
        let ids: Vec<MemberId> = page.iter().map(|member| member.id).collect();
        let keys: Vec<Key> = page.iter().map(|member| member.key.clone()).collect();
        let by_id = self.store.members(&ids).await?;
        let by_key = self.store.members_by_key(&keys).await?;
        let pairs = page.iter().zip(by_id.iter().zip(&by_key));
        for (member, (by_id, by_key)) in pairs {
            let subject = format!("member {}", member.id);
            let member = Some(member);
            self.same("a member is found by its id", &subject, &by_id.as_ref(), &member);
            self.same("a member is found by its key", &subject, &by_key.as_ref(), &member);
        }
        Ok(())
    }

    /// The sizes of what is known of a member.
    fn about(&mut self, subject: &str, member: &Member) {
        let (attributes, lists) = (member.attributes.len(), member.lists.len());
        let most = self.limits.attributes;
        self.fits("attributes are within their limit", subject, attributes, most);
        self.fits("lists of a member are within their limit", subject, lists, self.limits.lists);
        if member.erased_at.is_some() {
            let facts = attributes + lists + member.profile.len();
            let is_nobody = facts == 0 && !member.listed && member.name == *Member::ERASED;
            self.holds("an erased member is nobody", subject, "no facts", is_nobody, member);
        }
        for value in member.attributes.values() {
            let size = match value {
                Attribute::Boolean(_) | Attribute::Integer(_) => 0,
                Attribute::Text(text) => text.len(),
                Attribute::Texts(texts) => texts.iter().map(String::len).sum(),
            };
            self.fits("an attribute is within its limit", subject, size, self.limits.attribute);
        }
    }

    fn membership(&mut self, subject: &str, membership: &Membership) {
        let Membership {
            community,
            member: _,
            joined_at: _,
            roles,
            level: _,
            pinned: _,
            sanctions,
            off_boards: _,
            rev: _,
        } = membership;
        let rule = "a membership is of a community";
        let is_known = self.directory.community(*community).is_some();
        self.holds(rule, subject, "a community that exists", is_known, community);
        self.fits("roles are within their limit", subject, roles.len(), self.limits.roles);
        let most = self.limits.sanctions;
        self.fits("sanctions are within their limit", subject, sanctions.len(), most);
        let channels = roles.iter().map(|role| role.channel);
        for channel in channels.chain(sanctions.iter().map(|s| s.channel)).flatten() {
            let entry = self.directory.channel(channel);
            let of = entry.map(|entry| entry.channel.community);
            self.same("a role is for a channel of its community", subject, &of, &Some(*community));
        }
        for sanction in sanctions {
            let reason = sanction.reason.len();
            self.fits("a reason is within its limit", subject, reason, self.limits.reason);
        }
    }

    /// Walks the list of members of a community.
    async fn list(
        &mut self,
        subject: &str,
        community: CommunityId,
        listed: u64,
    ) -> Result<(), StoreError> {
        let (mut after, mut walked): (Option<Position>, u64) = (None, 0);
        loop {
            let page = self.store.members_of(community, after, PAGE).await?;
            let is_last = page.len() < PAGE;
            let ids: Vec<_> = page.iter().map(|row| row.member.id).collect();
            let members = self.store.members(&ids).await?;
            for (row, member) in page.into_iter().zip(members) {
                let joined_at = row.membership.joined_at.map(to_micros);
                let place =
                    Position { key: joined_at.unwrap_or(i64::MIN), id: row.member.id.uuid() };
                let is_behind = after.is_none_or(|after| place > after);
                let rule = "members are listed as they joined";
                self.holds(rule, subject, "places that rise", is_behind, place);
                let belongs = row.member.listed && joined_at.is_some();
                let rule = "who is listed has joined";
                self.holds(rule, subject, "who is listed and joined", belongs, &row);
                self.same("a list shows members as they are", subject, &Some(row.member), &member);
                walked += 1;
                after = Some(place);
            }
            // The end, or a list that does not come to one.
            if is_last || walked > listed {
                break;
            }
        }
        self.same("a list of members is whole", subject, &walked, &listed);
        Ok(())
    }

    /// Reads the list of names of a community from its beginning.
    async fn names(
        &mut self,
        subject: &str,
        community: CommunityId,
        listed: u64,
    ) -> Result<(), StoreError> {
        let most = usize::try_from(listed).unwrap_or(usize::MAX).saturating_add(1);
        let rows = self.store.members_named(community, &Folded::default(), most).await?;
        let mut before = None;
        for row in &rows {
            let name = Folded::new(row.member.name.as_str());
            let place = Some((name, row.member.id));
            let is_behind = before < place;
            self.holds("names are in order", subject, "names that rise", is_behind, &place);
            before = place;
        }
        let found = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        self.same("a list of names is whole", subject, &found, &listed);
        Ok(())
    }

    /// Looks somebody who is listed up by each word of the name, and by the key.
    async fn named(
        &mut self,
        subject: &str,
        member: &Member,
        membership: &Membership,
    ) -> Result<(), StoreError> {
        for (_, text) in name_places(&member.name, &member.key) {
            let begins = Folded::new(&text);
            let rows = self.store.members_named(membership.community, &begins, PAGE).await?;
            // Of a name that many have, not everybody is on the first page.
            let is_found = rows.len() == PAGE || rows.iter().any(|row| row.member == *member);
            let rule = "a member is found by name";
            self.holds(rule, subject, "a list with this member", is_found, &text);
        }
        Ok(())
    }
}
