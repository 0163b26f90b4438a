//! Ledgers of reputation: standings are what entries add up to.

use std::collections::BTreeMap;

use community_core::query::Position;
use community_core::reputation::{Entry, EntryPlace, LedgerId, Standing};
use community_core::{ChannelId, Community, MemberId, Seq, Slug, StoreError};

use super::{PAGE, Verifier};

/// What entries have in common that count on the same day and boards.
type Alike = (MemberId, i32, Option<ChannelId>, Vec<Slug>, Slug);

fn alike_of(entry: &Entry) -> Alike {
    let Entry { member, day, channel, labels, group, .. } = entry;
    (*member, *day, *channel, labels.clone(), group.clone())
}

impl Verifier<'_> {
    /// Checks every ledger of every community.
    pub(super) async fn ledgers(&mut self) -> Result<(), StoreError> {
        let directory = self.directory;
        for community in directory.communities() {
            for rules in self.store.ledgers(community.id).await? {
                let ledger = LedgerId { community: community.id, rules };
                self.ledger(community, &ledger).await?;
            }
        }
        Ok(())
    }

    async fn ledger(&mut self, community: &Community, ledger: &LedgerId) -> Result<(), StoreError> {
        let subject = format!("ledger {} of `{}`", ledger.rules, community.key);
        let follows = self.store.checkpoint(&ledger.checkpoint()).await?.unwrap_or_default();
        let mut sums: BTreeMap<MemberId, Standing> = BTreeMap::new();
        let mut claims: BTreeMap<(Seq, Slug), i64> = BTreeMap::new();
        let mut alike: BTreeMap<Alike, Entry> = BTreeMap::new();
        let mut after: Option<EntryPlace> = None;
        loop {
            let page = self.store.entries(ledger, after, PAGE).await?;
            let is_last = page.len() < PAGE;
            for entry in &page {
                let is_behind = after.is_none_or(|after| entry.place() > after);
                self.holds("entries are in order", &subject, "places that rise", is_behind, after);
                after = Some(entry.place());
                self.entry(&subject, entry, follows);
                let sum = sums.entry(entry.member).or_insert_with(|| Standing::new(entry.member));
                sum.add(entry);
                // Added up as far as it makes no difference to days and boards: what is left is small.
                let of = alike.entry(alike_of(entry));
                of.and_modify(|known| known.points += entry.points)
                    .or_insert_with(|| entry.clone());
                *claims.entry((entry.origin, entry.rule.clone())).or_default() += entry.points;
                let settled = entry.step == community_core::reputation::Step::Withdrawn;
                let left = claims.get(&(entry.origin, entry.rule.clone())).copied().unwrap_or(0);
                let rule = "what is taken back leaves nothing";
                self.holds(rule, &subject, "a sum of 0", !settled || left == 0, entry);
            }
            if is_last {
                break;
            }
        }
        self.standings(&subject, ledger, &sums).await?;
        let entries: Vec<Entry> = alike.into_values().collect();
        // What only counts for badges is on no board.
        let counts = ledger.rules.key.as_str().starts_with("badge.");
        self.boards(&subject, ledger, if counts { &[] } else { &entries }).await
    }

    fn entry(&mut self, subject: &str, entry: &Entry, follows: Seq) {
        let known = entry.cause <= follows && entry.origin <= entry.cause;
        let rule = "an entry has a cause that was taken into account";
        self.holds(rule, subject, "a position before the checkpoint", known, entry);
        let channel = entry.channel.is_none_or(|id| self.directory.channel(id).is_some());
        let rule = "the channel of an entry exists";
        self.holds(rule, subject, "a channel that exists", channel, entry);
        let is_set = entry.labels.is_sorted_by(|a, b| a < b);
        let rule = "the labels of an entry are sorted, each once";
        self.holds(rule, subject, "a sorted list", is_set, entry);
        let topic = entry.topic.is_none_or(|id| self.seen.cards.contains_key(&id));
        let post = entry.post.is_none_or(|id| self.seen.posts.contains(&id));
        let rule = "what an entry is about exists";
        self.holds(rule, subject, "things that exist", topic && post, entry);
        self.exist(subject, [Some(entry.member), entry.giver].into_iter().flatten());
    }

    /// Compares standings with sums, one by one and in their order.
    async fn standings(
        &mut self,
        subject: &str,
        ledger: &LedgerId,
        sums: &BTreeMap<MemberId, Standing>,
    ) -> Result<(), StoreError> {
        let members: Vec<MemberId> = sums.keys().copied().collect();
        for members in members.chunks(PAGE) {
            let found = self.store.standings(ledger, members).await?;
            for (member, found) in members.iter().zip(found) {
                let subject = format!("{member} in {subject}");
                self.same("a standing is a sum", &subject, &found.as_ref(), &sums.get(member));
            }
        }
        let (mut after, mut count): (Option<Position>, usize) = (None, 0);
        while count <= sums.len() {
            let page = self.store.ranked(ledger, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            for standing in &page {
                let place = Position { key: standing.points, id: standing.member.uuid() };
                let is_behind = after.is_none_or(|after| place < after);
                let rule = "standings are in order";
                self.holds(rule, subject, "points that fall", is_behind, standing);
                let known = sums.get(&standing.member);
                self.same("a standing is a sum", subject, &Some(standing), &known);
                count += 1;
                after = Some(place);
            }
            after = Some(Position { key: last.points, id: last.member.uuid() });
        }
        self.same("standings are whole", subject, &count, &sums.len());
        Ok(())
    }
}
