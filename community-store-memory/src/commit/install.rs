//! Putting a draft in place: row by row into the tables, with word of each to the indexes.

use community_core::reputation::{Entry, LedgerId};
use rustc_hash::FxHashMap;

use super::draft::Draft;
use crate::state::State;

impl State {
    /// Puts a draft in place. Cannot fail.
    pub(super) fn install(&mut self, draft: Draft) {
        let Draft {
            communities,
            channels,
            labels,
            members,
            memberships,
            topics,
            posts,
            revisions,
            corrections,
            links,
            reactions,
            counts,
            views,
            visits,
            keys,
            grants,
            documents,
            entries,
            entry_places: _,
            awards,
            checkpoints,
        } = draft;

        if !(communities.is_empty() && channels.is_empty() && labels.is_empty()) {
            self.directory_rev += 1;
        }
        self.communities.extend(communities);
        self.channels.extend(channels);
        self.labels.extend(labels);
        let about = members.keys().copied().chain(memberships.keys().map(|(member, _)| *member));
        for member in about {
            *self.member_writes.entry(member).or_default() += 1;
        }
        for (id, member) in members {
            let joined = self.memberships.get(&id).into_iter().flat_map(|all| all.values());
            let joined = joined.filter(|m| m.joined_at.is_some()).map(|m| m.community);
            self.index.member_changed(self.members.get(&id), &member, joined);
            self.members.insert(id, member);
        }
        for ((member, community), membership) in memberships {
            let of_member = self.memberships.entry(member).or_default();
            if let Some(member) = self.members.get(&member) {
                let before = of_member.get(&community);
                self.index.membership_changed(before, &membership, member);
            }
            of_member.insert(community, membership);
        }
        for (id, topic) in topics {
            self.index.topic_changed(self.topics.get(&id), &topic);
            self.topics.insert(id, topic);
        }
        for (id, post) in posts {
            self.index.post_changed(self.posts.get(&id), &post);
            self.posts.insert(id, post);
        }
        for ((post, number), revision) in revisions {
            self.revisions.entry(post).or_default().insert(number, revision);
        }
        for correction in corrections {
            let before = self.corrections.get(&correction.id);
            self.index.correction_changed(before, &correction);
            self.corrections.insert(correction.id, correction);
        }
        for (id, link) in links {
            self.index.link_changed(self.links.get(&id), link.as_ref());
            match link {
                Some(link) => self.links.insert(id, link),
                None => self.links.remove(&id),
            };
        }
        for (id, reaction) in reactions {
            self.index.reaction_changed(id, self.reactions.get(&id), reaction.as_ref());
            match reaction {
                Some(reaction) => self.reactions.insert(id, reaction),
                None => self.reactions.remove(&id),
            };
        }
        for (counter, count) in counts {
            self.index.count_changed(&counter, count);
            self.counts.insert(counter, count);
        }
        for (community, member, day) in visits {
            if self.visits.entry(community).or_default().add(member, day) {
                self.visitors.entry(community).or_default().number(member);
            }
        }
        for ((topic, day), views) in views {
            self.views.entry(topic).or_default().insert(day, views);
        }
        for (key, holder) in keys {
            self.index.key_changed(key, holder);
        }
        self.grants.extend(grants);
        for (id, document) in documents {
            self.documents.change(id, document);
        }
        let mut by_ledger: FxHashMap<LedgerId, Vec<Entry>> = FxHashMap::default();
        for (ledger, entry) in entries {
            by_ledger.entry(ledger).or_default().push(entry);
        }
        for (ledger, entries) in by_ledger {
            let rules = ledger.rules.clone();
            self.ledgers.entry(ledger).or_default().append(&rules, entries);
        }
        for (of, award) in awards {
            self.awards.entry(of).or_default().put(award);
        }
        self.checkpoints.extend(checkpoints);
    }
}
