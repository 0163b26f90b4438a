//! `events`: the log.

use std::fmt;

use clap::Args;
use community::{Event, Seq};
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::object::moment;
use crate::reply::Reply;
use crate::table::Table;

#[derive(Debug, Args)]
pub(crate) struct Events {
    /// Only events behind this position, which is the `next` of the page before
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    after: u64,
    /// Events a page; 20 when it is missing
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

#[derive(Debug, Serialize)]
struct Page {
    events: Vec<Event>,
    next: Option<Seq>,
}

impl Events {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.operator().await?;
        let limits = session.engine().env().limits();
        let limit = limits.page_size(self.limit).map_err(Failure::from)?;
        let events = session.events(Seq(self.after), Some(limit)).await?;
        let next = events.last().filter(|_| events.len() == limit).map(|last| last.seq);
        Ok(Reply::new(Page { events, next }))
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["seq", "at", "event"]);
        for Event { seq, event } in &self.events {
            let kind = serde_json::to_value(&event.kind).unwrap_or_default();
            let kind = kind.get("event").and_then(|kind| kind.as_str()).unwrap_or_default();
            let ids = [
                ("topic", event.topic.map(|id| id.to_string())),
                ("post", event.post.map(|id| id.to_string())),
                ("member", event.member.map(|id| id.to_string())),
                ("by", event.actor.map(|id| id.to_string())),
            ];
            let named = ids.iter().filter_map(|(name, id)| Some((name, id.as_ref()?)));
            let named: String = named.map(|(name, id)| format!("  {name} {id}")).collect();
            table.row([seq.0.to_string(), moment(event.at), format!("{kind}{named}")]);
        }
        write!(f, "{table}")?;
        self.next.map_or(Ok(()), |next| write!(f, "more: --after {}", next.0))
    }
}
