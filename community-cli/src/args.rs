//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use community::{Key, Timestamp};

use crate::command::{
    answer, badges, channel, complete, erase, events, export, feed, file, history, import, index,
    init, knowledge, label, leaderboard, level, member, moderate, policy, rules, search, standing,
    super_users, topic, verify, write,
};

/// Runs communities that are kept in a directory.
///
/// Reading and writing is done as the member named by --as, or else as an anonymous visitor. The
/// operator's commands (init, import, export, channel, label, member, moderate, erase, policy set,
/// events, verify, backup, restore) act as the system, because whoever runs them holds the file; most of them
/// can be done as a member with --as, who is then refused what the policy does not allow.
///
/// Exit codes: 0 done, 1 findings of verify, 2 bad input, 3 denied or not found, 4 the store failed.
#[derive(Debug, Parser)]
#[command(name = "community", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Globals {
    /// The directory that holds the data
    #[arg(long, global = true, value_name = "DIR", default_value = "data")]
    pub(crate) data: PathBuf,
    /// Act as the member with this key
    // Under a name of its own: an argument of a command with the same one would be taken for it.
    #[arg(id = "as", long = "as", global = true, value_name = "KEY", conflicts_with = "system")]
    pub(crate) member: Option<Key>,
    /// Act as the host itself, which sees and may do everything
    #[arg(long, global = true)]
    pub(crate) system: bool,
    /// The time that it is, instead of the clock's, such as 2026-01-31T12:00:00Z
    #[arg(long, global = true, value_name = "RFC3339", value_parser = time)]
    pub(crate) now: Option<Timestamp>,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create the data directory, and a community in it
    Init(init::Init),
    /// Bring content in
    #[command(subcommand)]
    Import(import::Import),
    /// Take content out
    #[command(subcommand)]
    Export(export::Export),
    /// List the communities
    Communities,
    /// Create, change and list channels
    #[command(subcommand)]
    Channel(channel::Channel),
    /// Create and list labels
    #[command(subcommand)]
    Label(label::Label),
    /// List topics
    Feed(feed::Feed),
    /// Show a topic with its posts
    Topic(topic::Topic),
    /// Search, by words, phrases, labels, authors and more
    Search(search::Search),
    /// List topics like what is to be asked
    Similar(search::Similar),
    /// List the labels, channels and members whose names begin with what was typed
    Complete(complete::Complete),
    /// Show the earlier versions of a text, and what changed
    History(history::History),
    /// Start a topic
    Post(write::Post),
    /// Reply to a topic or a post
    Reply(write::Reply),
    /// Edit a topic or a post
    Edit(write::Edit),
    /// Vote on a post, or react to it
    React(write::React),
    /// Link a topic to another one
    Link(write::Link),
    /// Take back what one wrote
    Withdraw(write::Withdraw),
    /// Accept an answer
    Accept(answer::Accept),
    /// Mark an answer as the official one
    Official(answer::Official),
    /// Put a correction beside a post
    Correct(answer::Correct),
    /// Move, lock, pin, remove, change the status
    #[command(subcommand)]
    Moderate(moderate::Moderate),
    /// Members: their facts, membership, roles, sanctions
    #[command(subcommand)]
    Member(member::Member),
    /// Erase a post or a member for good
    #[command(subcommand)]
    Erase(erase::Erase),
    /// Who may do what, and why
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Levels of members
    #[command(subcommand)]
    Level(level::Level),
    /// What earns points
    #[command(subcommand)]
    Rules(rules::Rules),
    /// What members are given badges for, and who has them
    Badges(badges::Badges),
    /// Show what members have earned
    Standing(standing::Standing),
    /// Show who has earned most, there and then
    Leaderboard(leaderboard::Leaderboard),
    /// Members who come and write often and are heard: candidates, promotion
    #[command(subcommand)]
    SuperUsers(super_users::SuperUsers),
    /// The knowledge base: articles grown from conversations
    #[command(subcommand)]
    Knowledge(knowledge::Knowledge),
    /// List what happened
    Events(events::Events),
    /// Recompute everything that is counted and sorted; exit code 1 when something is wrong
    Verify(verify::Verify),
    /// Build the search index anew
    Reindex,
    /// Look after the search index
    #[command(subcommand)]
    Index(index::Index),
    /// Copy everything into one file
    Backup(file::Backup),
    /// Make the data directory out of a backup
    Restore(file::Restore),
}

/// A moment that the engine accepts.
pub(crate) fn time(text: &str) -> Result<Timestamp, String> {
    let at: Timestamp = text.parse().map_err(|_| "not a time like 2026-01-31T12:00:00Z")?;
    let known = community::time::from_micros(community::time::to_micros(at));
    known.ok_or_else(|| "not in the years 1970 to 2199".to_owned())
}

/// A day that the engine accepts, counted from 1970-01-01.
pub(crate) fn day(text: &str) -> Result<i32, String> {
    const WRONG: &str = "not a day like 2026-01-31";
    // Months and days of one digit would be taken as well.
    if text.len() != "2026-01-31".len() {
        return Err(WRONG.into());
    }
    let begins = time(&format!("{text}T00:00:00Z")).map_err(|_| WRONG)?;
    Ok(community::time::day_of(begins))
}

/// A text, or `-` for what comes from standard input.
pub(crate) fn text(argument: String) -> crate::Result<String> {
    if argument == "-" {
        return std::io::read_to_string(std::io::stdin())
            .map_err(|error| crate::Failure::invalid(format!("standard input: {error}")));
    }
    Ok(argument)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_are_declared_soundly() {
        Cli::command().debug_assert();
    }

    #[test]
    fn only_times_that_the_engine_keeps_are_taken() {
        assert_eq!(time("2026-01-31T12:00:00Z").unwrap().to_rfc3339(), "2026-01-31T12:00:00+00:00");
        assert!(time("2026-01-31T12:00:00+01:00").is_ok());
        for bad in ["yesterday", "2026-01-31", "1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z"] {
            assert!(time(bad).is_err(), "{bad}");
        }
        assert_eq!((day("1970-01-02"), day("2199-12-31")), (Ok(1), Ok(84_005)));
        for bad in ["today", "2026-1-31", "2026-02-30", "2200-01-01", "2026-01-31T00:00:00Z", ""] {
            assert!(day(bad).is_err(), "{bad}");
        }
    }
}
