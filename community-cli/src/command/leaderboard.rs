//! `leaderboard`: who has earned most, there and then.

use std::fmt;

use clap::Args;
use community::reputation::BoardWindow;
use community::{BoardPlace, BoardQuery, BoardView, OwnRank, Slug};
use serde::Serialize;

use crate::args::day;
use crate::context::Context;
use crate::failure::Result;
use crate::reply::Reply;
use crate::table::Table;

/// Show who has earned most in some days, some place, by some kind of contribution
#[derive(Debug, Args)]
pub(crate) struct Leaderboard {
    /// The community
    community: Slug,
    /// day, week (from Monday), month, quarter, year or all; by UTC
    #[arg(long, default_value_t = BoardWindow::All)]
    window: BoardWindow,
    /// The days around this one, such as 2026-01-31; today's when it is missing
    #[arg(long, value_name = "DATE", value_parser = day)]
    day: Option<i32>,
    /// Only what was earned in this channel, without those below it
    #[arg(long, value_name = "KEY", conflicts_with = "label")]
    channel: Option<Slug>,
    /// Only what was earned by topics with this label
    #[arg(long, value_name = "KEY")]
    label: Option<Slug>,
    /// Only points of this group of the rules in force
    #[arg(long, value_name = "KEY")]
    group: Option<Slug>,
    /// Members a page; 20 when it is missing
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// The page behind this cursor, which is the `next` of the page before
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Board(BoardView);

impl Leaderboard {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let session = context.visitor().await?;
        let Self { community, window, day, channel, label, group, limit, after } = self;
        let place = match (channel, label) {
            (Some(channel), _) => BoardPlace::Channel(channel),
            (None, Some(label)) => BoardPlace::Label(label),
            (None, None) => BoardPlace::Community,
        };
        while context.engine.pump().await?.more {}
        // Whoever is named is told where they stand.
        let query = BoardQuery { community, window, day, place, group, limit, after, own: true };
        Ok(Reply::new(Board(session.leaderboard(&query).await?)))
    }
}

impl fmt::Display for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BoardView { rules, window: _, from, until, items, own, next } = &self.0;
        match from.zip(*until) {
            Some((from, until)) => writeln!(f, "{from} to {until}, by {rules}")?,
            None => writeln!(f, "all days, by {rules}")?,
        }
        let mut table = Table::new(&["rank", "points", "member", "name"]);
        for item in items {
            table.row([
                item.rank.to_string(),
                item.points.to_string(),
                item.member.key.to_string(),
                item.member.name.to_string(),
            ]);
        }
        write!(f, "{table}")?;
        if let Some(OwnRank { rank, exact, points }) = own {
            let rank = if *exact { rank.to_string() } else { format!("{rank} or below") };
            writeln!(f, "you: rank {rank}, {points} points")?;
        }
        next.as_ref().map_or(Ok(()), |next| write!(f, "more: --after {next}"))
    }
}
