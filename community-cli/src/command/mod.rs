//! The commands, one file a group: read the arguments, call the engine, print.

pub(crate) mod answer;
pub(crate) mod badges;
pub(crate) mod channel;
pub(crate) mod communities;
pub(crate) mod complete;
pub(crate) mod erase;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod feed;
pub(crate) mod file;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod index;
pub(crate) mod init;
pub(crate) mod knowledge;
pub(crate) mod label;
pub(crate) mod leaderboard;
pub(crate) mod level;
pub(crate) mod member;
pub(crate) mod moderate;
pub(crate) mod policy;
pub(crate) mod rules;
pub(crate) mod search;
pub(crate) mod standing;
pub(crate) mod super_users;
pub(crate) mod topic;
pub(crate) mod verify;
pub(crate) mod write;

use crate::args::{Cli, Command};
use crate::context::Context;
use crate::failure::Result;
use crate::reply::Reply;

/// Does what the arguments say.
pub(crate) async fn run(Cli { globals, command }: Cli) -> Result<Reply> {
    // These three make the data directory.
    let command = match command {
        Command::Init(command) => return command.run(globals).await,
        Command::Import(command) => return command.run(globals).await,
        Command::Restore(command) => return command.run(&globals),
        other => other,
    };
    let context = &match command {
        Command::Search(_) | Command::Similar(_) | Command::Reindex | Command::Index(_) => {
            Context::open_with_index(globals)?
        }
        Command::Knowledge(_) | Command::Erase(_) => Context::open_wide(globals)?,
        _ => Context::open(globals)?,
    };
    match command {
        Command::Init(_) | Command::Import(_) | Command::Restore(_) => Ok(Reply::written()),
        Command::Export(command) => command.run(context).await,
        Command::Communities => communities::run(context).await,
        Command::Channel(command) => command.run(context).await,
        Command::Label(command) => command.run(context).await,
        Command::Knowledge(command) => command.run(context).await,
        Command::Feed(command) => command.run(context).await,
        Command::Topic(command) => command.run(context).await,
        Command::Search(command) => command.run(context).await,
        Command::Similar(command) => command.run(context).await,
        Command::Complete(command) => command.run(context).await,
        Command::Reindex => index::rebuild(context).await,
        Command::Index(command) => command.run(context).await,
        Command::History(command) => command.run(context).await,
        Command::Post(command) => command.run(context).await,
        Command::Reply(command) => command.run(context).await,
        Command::Edit(command) => command.run(context).await,
        Command::React(command) => command.run(context).await,
        Command::Link(command) => command.run(context).await,
        Command::Withdraw(command) => command.run(context).await,
        Command::Accept(command) => command.run(context).await,
        Command::Official(command) => command.run(context).await,
        Command::Correct(command) => command.run(context).await,
        Command::Moderate(command) => command.run(context).await,
        Command::Member(command) => command.run(context).await,
        Command::Erase(command) => command.run(context).await,
        Command::Policy(command) => command.run(context).await,
        Command::Leaderboard(command) => command.run(context).await,
        Command::Level(command) => command.run(context).await,
        Command::Rules(command) => command.run(context).await,
        Command::Badges(command) => command.run(context).await,
        Command::Standing(command) => command.run(context).await,
        Command::SuperUsers(command) => command.run(context).await,
        Command::Events(command) => command.run(context).await,
        Command::Backup(command) => command.run(context),
        Command::Verify(command) => command.run(context).await,
    }
}
