//! The `community` program; everything is in the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    community_cli::main()
}
