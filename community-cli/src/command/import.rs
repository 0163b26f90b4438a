//! `import`: dumps and lines into a community.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use community::record::{MemberRecord, Record};
use community::{Error, Key, Name, Session, Slug};
use community_import::stack_exchange::{Dump, Report};
use community_import::{LoadOptions, Loaded, Loader, jsonl};
use serde::Serialize;

use crate::args::Globals;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::progress::Progress;
use crate::reply::Reply;

/// Importing is an upsert by key: run it again after an interruption, or with a newer source. The
/// data directory and the community are created when they are not there.
#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// A Stack Exchange data dump: a folder with Posts.xml, Users.xml and more
    StackExchange(StackExchange),
    /// Lines of JSON, as `export jsonl` writes them
    ///
    /// A topic needs only a key, a channel, a title and a body. What names no author is by the
    /// member named with --as, or else by one with the key `importer`.
    Jsonl(Jsonl),
}

#[derive(Debug, Args)]
pub(crate) struct StackExchange {
    /// The folder
    dir: PathBuf,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
pub(crate) struct Jsonl {
    /// The file; `-` is standard input
    file: PathBuf,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
struct Target {
    /// The key of the community
    #[arg(long, value_name = "KEY")]
    community: Slug,
    /// The most records in one transaction
    #[arg(long, value_name = "N", default_value_t = 500)]
    #[arg(value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    batch: usize,
}

/// The member who stands for whoever imports, when nobody is named.
const IMPORTER: &str = "importer";

#[derive(Debug, Serialize)]
struct Imported {
    community: Slug,
    #[serde(flatten)]
    loaded: Loaded,
    /// What of a dump was mapped and what was left out, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Report>,
}

impl Import {
    pub(crate) async fn run(self, globals: Globals) -> Result<Reply> {
        // Looked at first: a source that is not there creates nothing.
        match self {
            Self::StackExchange(command) => {
                let dump = Dump::open(&command.dir)?;
                command.target.dump(&Context::create(globals)?, &dump).await
            }
            Self::Jsonl(command) => {
                let source = Source::open(&command.file)?;
                command.target.lines(&Context::create(globals)?, source).await
            }
        }
    }
}

impl Target {
    async fn dump(self, context: &Context, dump: &Dump) -> Result<Reply> {
        let session = context.engine.as_system();
        let mut loader = self.loader(context, &session).await?;
        let mut records = dump.records(context.engine.env().limits());
        let progress = Progress::bytes(records.progress().total);
        let mut count = 0;
        while let Some(record) = records.next() {
            count += 1;
            loader.push(count, record?).await?;
            progress.set(records.progress().read, count);
        }
        let loaded = loader.finish().await?;
        progress.finish();
        let report = Some(records.report().clone());
        Ok(Reply::new(Imported { community: self.community, loaded, report }))
    }

    async fn lines(self, context: &Context, source: Source) -> Result<Reply> {
        let session = context.engine.as_system();
        let mut loader = self.loader(context, &session).await?;
        let mut unnamed = Unnamed::new(context);
        let progress = source.size.map_or_else(Progress::open, Progress::bytes);
        let read = source.read.clone();
        let mut count = 0;
        for line in jsonl::read(source, context.engine.env().limits()) {
            let (number, mut record) = line?;
            if let Some(importer) = unnamed.name(&mut record).await? {
                loader.push(number, importer).await?;
            }
            loader.push(number, record).await?;
            count += 1;
            progress.set(read.get(), count);
        }
        let loaded = loader.finish().await?;
        progress.finish();
        Ok(Reply::new(Imported { community: self.community, loaded, report: None }))
    }

    async fn loader<'s>(&self, context: &Context, session: &'s Session) -> Result<Loader<'s>> {
        let importer = match &context.globals.member {
            Some(key) => Some(context.member(key).await?),
            None => None,
        };
        let options = LoadOptions { importer, batch: self.batch };
        Ok(Loader::new(session, self.community.clone(), options))
    }
}

/// Gives an author to what names none, when nobody is said to import.
struct Unnamed<'a> {
    context: &'a Context,
    known: bool,
}

impl<'a> Unnamed<'a> {
    fn new(context: &'a Context) -> Self {
        Self { context, known: false }
    }

    /// Names the author. Returns the record of the member, when that has to come before.
    async fn name(&mut self, record: &mut Record) -> Result<Option<Record>> {
        let author = match record {
            Record::Topic(topic) => &mut topic.author,
            Record::Post(post) => &mut post.author,
            _ => return Ok(None),
        };
        if author.is_some() || self.context.globals.member.is_some() {
            return Ok(None);
        }
        let key = Key::new(IMPORTER)?;
        *author = Some(key.clone());
        if std::mem::replace(&mut self.known, true) {
            return Ok(None);
        }
        match self.context.engine.member_by_key(&key).await {
            Ok(_) => Ok(None),
            Err(Error::NotFound(_)) => Ok(Some(Record::Member(Box::new(MemberRecord {
                name: Some(Name::new("Importer")?),
                key,
                attributes: Default::default(),
                lists: Default::default(),
                profile: Default::default(),
                listed: false,
                created_at: None,
                erased_at: None,
            })))),
            Err(error) => Err(error.into()),
        }
    }
}

/// A file or standard input, and how much of it has been read.
struct Source {
    input: Box<dyn BufRead>,
    size: Option<u64>,
    read: std::rc::Rc<std::cell::Cell<u64>>,
}

impl Source {
    fn open(path: &Path) -> Result<Self> {
        let read = std::rc::Rc::default();
        if path == Path::new("-") {
            return Ok(Self { input: Box::new(io::stdin().lock()), size: None, read });
        }
        let failed = |error: io::Error| Failure::invalid(format!("{}: {error}", path.display()));
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(Failure::invalid(format!("{}: a directory, not a file", path.display())));
        }
        let size = metadata.is_file().then_some(metadata.len());
        Ok(Self { input: Box::new(BufReader::new(file)), size, read })
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

impl BufRead for Source {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.read.set(self.read.get() + amount as u64);
        self.input.consume(amount);
    }
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(report) = &self.report {
            write!(f, "{report}")?;
        }
        let Loaded { changed, unchanged } = self.loaded;
        write!(f, "{}: {changed} records changed something, {unchanged} did not", self.community)
    }
}
