//! Keys for the ids on a page.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use community::{ChannelId, Key, MemberId, Session, Slug};

use crate::failure::Result;

/// The keys of members and channels that a page names by id.
#[derive(Debug, Default)]
pub(crate) struct Names {
    members: BTreeMap<MemberId, Key>,
    channels: BTreeMap<ChannelId, (Slug, Slug)>,
}

impl Names {
    /// Looks all of them up.
    pub(crate) async fn load(
        session: &Session,
        members: impl IntoIterator<Item = MemberId>,
        channels: impl IntoIterator<Item = ChannelId>,
    ) -> Result<Self> {
        let mut names = Self::default();
        let members: BTreeSet<_> = members.into_iter().collect();
        let members: Vec<_> = members.into_iter().collect();
        for page in members.chunks(session.engine().env().limits().page) {
            for author in session.authors(page).await?.into_iter().flatten() {
                names.members.insert(author.id, author.key);
            }
        }
        for channel in channels {
            if let Entry::Vacant(entry) = names.channels.entry(channel) {
                let place = session.place(channel).await?.into_inner();
                entry.insert((place.community, place.channel));
            }
        }
        Ok(names)
    }

    /// A member's key.
    pub(crate) fn member(&self, id: MemberId) -> Option<&Key> {
        self.members.get(&id)
    }

    /// The keys of a channel's community and of the channel.
    pub(crate) fn place(&self, id: ChannelId) -> Option<&(Slug, Slug)> {
        self.channels.get(&id)
    }
}
