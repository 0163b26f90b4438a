//! `export`: a community as lines.

use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use community::Slug;
use community_import::ExportError;
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::progress::Progress;
use crate::reply::Reply;

#[derive(Debug, Subcommand)]
pub(crate) enum Export {
    /// Lines of JSON, in an order and form that depend on the content alone
    Jsonl(Jsonl),
}

#[derive(Debug, Args)]
pub(crate) struct Jsonl {
    /// The file, which is replaced; standard output when it is missing or `-`
    file: Option<PathBuf>,
    /// The key of the community
    #[arg(long, value_name = "KEY")]
    community: Slug,
}

#[derive(Debug, Serialize)]
struct Exported {
    community: Slug,
    records: u64,
    file: PathBuf,
}

impl Export {
    pub(crate) async fn run(self, context: &Context) -> Result<Reply> {
        let Self::Jsonl(Jsonl { file, community }) = self;
        let file = file.filter(|path| *path != Path::new("-"));
        let session = context.operator().await?;
        // Asked for first: an export that may not be leaves the file alone.
        session.export().await?;
        session.community(&community).await?;
        let output: Box<dyn Write> = match &file {
            None => Box::new(io::stdout().lock()),
            Some(path) => {
                let failed = |error| Failure::invalid(format!("{}: {error}", path.display()));
                Box::new(File::create(path).map_err(failed)?)
            }
        };
        let progress = Progress::open();
        let output = BufWriter::new(output);
        let exported = community_import::export(&session, &community, output, |records| {
            progress.set(records, records);
        });
        let records = match exported.await {
            // Whoever reads has read enough.
            Err(ExportError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                return Ok(Reply::written());
            }
            exported => exported?,
        };
        progress.finish();
        Ok(match file {
            None => Reply::written(),
            Some(file) => Reply::new(Exported { community, records, file }),
        })
    }
}

impl fmt::Display for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} records in {}", self.community, self.records, self.file.display())
    }
}
