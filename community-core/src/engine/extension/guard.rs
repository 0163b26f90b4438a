//! Where things stand, whoever looks: what the guard of an extension decides by.
//!
//! Something that is made of topics and posts is to be seen by whoever may see these. Its guard has to
//! know where they stand now, also of those that its viewer does not see; of what they say it is told
//! nothing.

use super::Reading;
use crate::error::Result;
use crate::id::{ChannelId, CommunityId, PostId, TopicId};
use crate::policy::{Action, Asker, Place, Unchecked, Viewer};
use crate::store::{PostRef, PostView, TopicRow};

impl Reading {
    /// Where topics stand, in the order of the request, whether or not the viewer sees them: for
    /// [`Scope::admits`](crate::Scope::admits).
    ///
    /// # Errors
    /// [`Error::Limit`](crate::Error::Limit) for more than fit on a page;
    /// [`Error::Store`](crate::Error::Store).
    pub async fn places(&self, ids: &[TopicId]) -> Result<Vec<Option<Place>>> {
        self.env().limits().page(ids.len())?;
        let system = self.session.unscoped();
        let rows = self.session.engine().store().topics(ids, &system).await?;
        let place = |row: Option<Unchecked<TopicRow>>| Some(system.admit(row?)?.topic.place());
        Ok(rows.into_iter().map(place).collect())
    }

    /// Where posts stand, with author and state, in the order of the request, whether or not the
    /// viewer sees them.
    ///
    /// # Errors
    /// [`Error::Limit`](crate::Error::Limit) for more than fit on a page;
    /// [`Error::Store`](crate::Error::Store).
    pub async fn post_places(&self, ids: &[PostId]) -> Result<Vec<Option<(Place, PostRef)>>> {
        self.env().limits().page(ids.len())?;
        let system = self.session.unscoped();
        let rows = self.session.engine().store().posts(ids, &system).await?;
        let place = |row: Option<Unchecked<PostView>>| {
            let view = system.admit(row?)?;
            Some((view.place, PostRef { author: view.post.author, state: view.post.state }))
        };
        Ok(rows.into_iter().map(place).collect())
    }

    /// Whether the rule for an action admits the viewer in a community or channel, for reading what
    /// goes with that action. Unlike [`decide`](Reading::decide) it asks the rule alone: whoever is
    /// silenced, or in an archived place, reads as before. A place that the viewer does not see
    /// admits nobody.
    #[must_use]
    pub fn holds(
        &self,
        action: &Action,
        community: CommunityId,
        channel: Option<ChannelId>,
    ) -> bool {
        let Ok(target) = self.target(community, channel) else { return false };
        let rights = &self.rights;
        let asker = Asker::new(&rights.facts, &rights.directory, target.community, rights.now);
        self.viewer() == Viewer::System
            || (rights.facts.member.is_some() && asker.allows(target.channel, action, false))
    }
}
