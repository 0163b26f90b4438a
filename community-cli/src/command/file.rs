//! `backup` and `restore`: the data as one file.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::args::Globals;
use crate::context::{Context, nobody_acts};
use crate::failure::{Failure, Result};
use crate::reply::Reply;

#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The file to write; there may be nothing in its place
    file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The backup. The data directory has to be empty, or not there
    file: PathBuf,
}

#[derive(Debug, Serialize)]
struct Saved {
    file: PathBuf,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct Restored {
    data: PathBuf,
}

impl Backup {
    pub(crate) fn run(self, context: &Context) -> Result<Reply> {
        nobody_acts(&context.globals)?;
        let Self { file } = self;
        if file.exists() {
            return Err(Failure::invalid(format!("{}: it is there already", file.display())));
        }
        if let Some(parent) = file.parent().filter(|parent| *parent != Path::new(""))
            && !parent.is_dir()
        {
            return Err(Failure::invalid(format!("{}: no such directory", parent.display())));
        }
        community::backup(&context.engine, &file)?;
        let bytes = std::fs::metadata(&file).map_or(0, |metadata| metadata.len());
        Ok(Reply::new(Saved { file, bytes }))
    }
}

impl Restore {
    pub(crate) fn run(self, globals: &Globals) -> Result<Reply> {
        nobody_acts(globals)?;
        let data = globals.data.clone();
        if !self.file.is_file() {
            return Err(Failure::invalid(format!("{}: no such file", self.file.display())));
        }
        if std::fs::read_dir(&data).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(Failure::invalid(format!("{}: it is not empty", data.display())));
        }
        community::restore(&self.file, &data)?;
        Ok(Reply::new(Restored { data }))
    }
}

impl fmt::Display for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes in {}", self.bytes, self.file.display())
    }
}

impl fmt::Display for Restored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "data in {}", self.data.display())
    }
}
