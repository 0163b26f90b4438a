#![doc = include_str!("docs/cli.md")]
//!
//! # Objects
#![doc = include_str!("docs/json.md")]

mod args;
mod command;
mod context;
mod csv;
mod failure;
mod object;
mod progress;
mod reply;
mod table;

use std::process::ExitCode;

use clap::Parser as _;

use args::Cli;
use failure::{Failure, Result};
use reply::Reply;

/// Runs the program with the arguments of the process, and says with which code it ends.
#[must_use]
pub fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            // The flag counts even when the arguments around it make no sense.
            let json = arguments.iter().take_while(|text| *text != "--").any(|t| t == "--json");
            return Failure::from(error).report(json);
        }
        Err(help) => {
            // Nothing is left to do when the help cannot be printed.
            let _ = help.print();
            return ExitCode::SUCCESS;
        }
    };
    let json = cli.globals.json;
    match run(cli).and_then(|reply| reply.print(json)) {
        Ok(code) => code,
        Err(failure) => failure.report(json),
    }
}

fn run(cli: Cli) -> Result<Reply> {
    pollster::block_on(command::run(cli))
}
