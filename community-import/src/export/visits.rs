//! Who visited on which day.

use std::io::Write;

use community_core::record::{Record, VisitsRecord};
use community_core::{Key, MemberId};

use super::{Exporter, PAGE, Result};

impl<W: Write, P: FnMut(u64)> Exporter<'_, W, P> {
    pub(super) async fn visits(&mut self) -> Result<()> {
        let mut after: Option<(i32, MemberId)> = None;
        // Those of one day: they are written in the order of keys, and stand in the order of ids.
        let mut waiting: Vec<MemberId> = Vec::new();
        loop {
            let page = self.export.store.visits_by_day(self.community.id, after, PAGE).await?;
            let is_last = page.len() < PAGE;
            for (day, member) in page {
                if let Some((before, _)) = after
                    && before != day
                {
                    self.visits_of(before, std::mem::take(&mut waiting)).await?;
                }
                waiting.push(member);
                after = Some((day, member));
            }
            if is_last {
                break;
            }
        }
        match after {
            Some((day, _)) => self.visits_of(day, waiting).await,
            None => Ok(()),
        }
    }

    async fn visits_of(&mut self, day: i32, visitors: Vec<MemberId>) -> Result<()> {
        self.learn(visitors.iter().copied()).await?;
        let mut named: Vec<(Key, MemberId)> = Vec::with_capacity(visitors.len());
        for member in visitors {
            named.push((self.key_of_member(member).await?, member));
        }
        named.sort_unstable();
        for named in named.chunks(VisitsRecord::MOST) {
            let mut members = Vec::with_capacity(named.len());
            for (_, member) in named {
                members.push(self.mention(*member).await?);
            }
            self.write(&Record::Visits(VisitsRecord { day, members }))?;
        }
        Ok(())
    }
}
