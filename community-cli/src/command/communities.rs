//! `communities`: those that the viewer sees.

use std::fmt;

use community::CommunityView;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Result;
use crate::reply::Reply;
use crate::table::Table;

#[derive(Debug, Serialize)]
struct Communities {
    communities: Vec<CommunityItem>,
}

#[derive(Debug, Serialize)]
struct CommunityItem {
    #[serde(flatten)]
    view: CommunityView,
    members: u64,
}

pub(crate) async fn run(context: &Context) -> Result<Reply> {
    let session = context.visitor().await?;
    let mut communities = Vec::new();
    for view in session.communities().await? {
        let members = session.member_count(&view.key).await?;
        communities.push(CommunityItem { view: view.into_inner(), members });
    }
    Ok(Reply::new(Communities { communities }))
}

impl fmt::Display for Communities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new(&["key", "members", "name"]);
        for CommunityItem { view, members } in &self.communities {
            let archived = if view.archived { " (archived)" } else { "" };
            let name = format!("{}{archived}", view.name);
            table.row([view.key.to_string(), members.to_string(), name]);
        }
        write!(f, "{table}")
    }
}
