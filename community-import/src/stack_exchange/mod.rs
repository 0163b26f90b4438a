//! The public data dumps of Stack Exchange sites: a folder of XML files, one a table.
//!
//! [`Dump::open`] looks which tables are there, [`Dump::records`] reads them as records, and the
//! [`Report`] says what was mapped, what was left out and why.
//!
//! ```no_run
//! use community_core::Limits;
//! use community_import::stack_exchange::Dump;
//!
//! let dump = Dump::open("quantumcomputing.stackexchange.com")?;
//! let mut records = dump.records(&Limits::default());
//! for record in &mut records {
//!     println!("{:?}", record?);
//! }
//! print!("{}", records.report());
//! # Ok::<(), community_import::stack_exchange::DumpError>(())
//! ```
//!
//! # What becomes of what
//!
//! | dump | record |
//! |---|---|
//! | user | member `user:ID` who has joined, with `location`, `website` and `about` as profile |
//! | name without an account | unlisted member `guest:NAME`, `guest:unknown` without a name |
//! | tag | label; the wiki's excerpt is its description |
//! | question | topic `question:ID` of kind `question` in the channel `questions`; closed ones get the status `closed`; its views are of day 0 |
//! | answer | post `answer:ID`; the accepted one is accepted by the asker, where that vote stands among the others |
//! | question or answer that belongs to the community | the same, since then |
//! | comment | post `comment:ID`, a reply |
//! | vote up or down | vote of the unlisted member `voter:N`, on that day, where it is the `N`th vote on its post |
//! | bounty | a grant of that many points, `bounty-offered` below zero to whoever offers it, `bounty-won` to the author of the answer |
//! | point of a comment | the same, dated as the comment |
//! | history of a text | revisions; the rows of one revision belong together, and their order is the order of the file |
//! | link | link between the topics of the two posts |
//!
//! A dump does not say who voted, so the voters are as many pseudonymous members as the post with
//! the most votes has votes. Posts are HTML, comments and the history of texts are Markdown, and each
//! stays as it is: the latest revision of a text is the post itself.
//!
//! What hangs on something that is absent or was refused is left out too. A text over a limit
//! is never cut: the row is refused, and [`Report::refused`] names it. A file that is not XML as a
//! dump has it (see [`XmlProblem`]) ends the reading with a [`DumpError`].
//!
//! # Memory and time
//!
//! Each file is read row by row, some of them more than once (`Posts.xml` three times, and
//! `Votes.xml` and `Tags.xml` twice). What is held does not depend on the length of the texts: some
//! 50 bytes for each post, question or answer, some 30 for each row of history, a word for each user
//! and link, and the excerpts of the tags.

mod history;
mod mapper;
mod people;
mod posts;
mod records;
mod report;
mod text;
mod votes;
mod xml;

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use community_core::Limits;

pub use records::{Progress, Records};
pub use report::{Check, Refusal, Report};
pub use xml::{MAX_ATTRIBUTES, MAX_DEPTH, MAX_ROW, XmlProblem};

use xml::Rows;

/// A dump: a folder with the files of one site.
#[derive(Debug, Clone)]
pub struct Dump {
    tables: Vec<(Table, PathBuf, u64)>,
}

/// A table of a dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// People.
    Users,
    /// Tags.
    Tags,
    /// Questions, answers and tag wikis.
    Posts,
    /// Comments.
    Comments,
    /// Earlier versions of posts, and what was done to them.
    PostHistory,
    /// Votes.
    Votes,
    /// Links between posts.
    PostLinks,
    /// Badges.
    Badges,
}

/// Why a dump cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DumpError {
    /// A file is missing without which there is no dump.
    #[error("there is no {table}.xml in `{}`", folder.display())]
    Missing {
        /// Which one.
        table: Table,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// A file cannot be opened.
    #[error("cannot open {table}.xml")]
    Closed {
        /// Which one.
        table: Table,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is not what a dump holds. Reading ends here.
    #[error("{table}.xml, byte {offset}: {problem}")]
    Xml {
        /// Which one.
        table: Table,
        /// How far it was read.
        offset: u64,
        /// What is wrong with it.
        problem: XmlProblem,
    },
}

impl Dump {
    /// Looks which tables are there. `Posts.xml` and `Users.xml` have to be.
    ///
    /// # Errors
    /// [`DumpError::Missing`] and [`DumpError::Closed`].
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, DumpError> {
        let folder = folder.as_ref();
        let mut tables = Vec::new();
        for table in Table::ALL {
            let path = folder.join(format!("{table}.xml"));
            match std::fs::metadata(&path) {
                Ok(metadata) => tables.push((table, path, metadata.len())),
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(DumpError::Closed { table, source: error });
                }
                Err(_) if matches!(table, Table::Posts | Table::Users) => {
                    return Err(DumpError::Missing { table, folder: folder.to_owned() });
                }
                Err(_) => {}
            }
        }
        Ok(Self { tables })
    }

    /// The tables that are not there.
    pub fn absent(&self) -> impl Iterator<Item = Table> {
        Table::ALL.into_iter().filter(|table| self.find(*table).is_none())
    }

    /// Reads the dump as records: members, labels, the channel, topics with their views, answers,
    /// comments with their votes, revisions, votes, links. Whoever is met first in another place
    /// (a guest, a voter) comes right before.
    ///
    /// The same dump gives the same records each time.
    #[must_use]
    pub fn records(&self, limits: &Limits) -> Records {
        Records::new(self.clone(), limits.clone())
    }

    fn find(&self, table: Table) -> Option<&(Table, PathBuf, u64)> {
        self.tables.iter().find(|(found, _, _)| *found == table)
    }

    fn size(&self, table: Table) -> u64 {
        self.find(table).map_or(0, |(_, _, size)| *size)
    }

    /// Opens a table; `None` when it is not there.
    fn file(&self, table: Table) -> Result<Option<BufReader<File>>, DumpError> {
        let Some((_, path, _)) = self.find(table) else {
            return Ok(None);
        };
        match File::open(path) {
            Ok(file) => Ok(Some(BufReader::with_capacity(65_536, file))),
            Err(source) => Err(DumpError::Closed { table, source }),
        }
    }

    fn rows(&self, table: Table) -> Result<Option<Rows<BufReader<File>>>, DumpError> {
        Ok(self.file(table)?.map(|file| Rows::new(file, table.root())))
    }
}

impl Table {
    /// All tables that this importer knows.
    pub const ALL: [Self; 8] = [
        Self::Users,
        Self::Tags,
        Self::Posts,
        Self::Comments,
        Self::PostHistory,
        Self::Votes,
        Self::PostLinks,
        Self::Badges,
    ];

    /// Its name, which is also that of its file without `.xml`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Users => "Users",
            Self::Tags => "Tags",
            Self::Posts => "Posts",
            Self::Comments => "Comments",
            Self::PostHistory => "PostHistory",
            Self::Votes => "Votes",
            Self::PostLinks => "PostLinks",
            Self::Badges => "Badges",
        }
    }

    /// The name of its root element.
    const fn root(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Tags => "tags",
            Self::Posts => "posts",
            Self::Comments => "comments",
            Self::PostHistory => "posthistory",
            Self::Votes => "votes",
            Self::PostLinks => "postlinks",
            Self::Badges => "badges",
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
