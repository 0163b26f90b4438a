#![doc = include_str!("docs/jsonl.md")]

use std::io::{self, BufRead, Write};

use community_core::record::Record;
use community_core::{LimitError, Limits};

/// Reads records from lines.
///
/// A line that is not a record is an error of its own, and reading goes on with the next one; after
/// a failure of the input itself nothing more comes. A line longer than
/// [`Limits::import_line`](community_core::Limits) is never held in memory: what lies beyond the
/// limit is skipped. Blank lines are skipped too, and so is a byte order mark at the beginning.
///
/// ```
/// use community_core::Limits;
/// let input = "\u{FEFF}{\"type\":\"channel\",\"key\":\"help\"}\n\n{\"type\":\"channel\"}\n";
/// let mut lines = community_import::jsonl::read(input.as_bytes(), &Limits::default());
/// assert_eq!(lines.next().unwrap()?.0, 1);
/// let error = lines.next().unwrap().unwrap_err();
/// assert_eq!(error.to_string(), "line 3: not a record: missing field `key`");
/// assert!(lines.next().is_none());
/// # Ok::<(), community_import::jsonl::LineError>(())
/// ```
pub fn read<R: BufRead>(input: R, limits: &Limits) -> Lines<R> {
    Lines { input, limits: limits.clone(), line: 0, buffer: Vec::new(), failed: false }
}

/// Writes a record as one line, line break included.
///
/// The form is canonical: the same record gives the same bytes each time.
///
/// # Errors
/// What the output returns.
pub fn write(mut output: impl Write, record: &Record) -> io::Result<()> {
    serde_json::to_writer(&mut output, record)?;
    output.write_all(b"\n")
}

/// The records of an input; see [`read`]. Yields the number of a line, from 1, with its record.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    limits: Limits,
    line: u64,
    buffer: Vec<u8>,
    failed: bool,
}

/// A line that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct LineError {
    /// Its number, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub problem: LineProblem,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// It is too long.
    #[error(transparent)]
    TooLong(#[from] LimitError),
    /// It is not UTF-8.
    #[error("not UTF-8: {0}")]
    NotUtf8(#[from] std::str::Utf8Error),
    /// It is not JSON, or JSON of another shape.
    #[error("not a record: {0}")]
    NotARecord(#[from] serde_json::Error),
    /// The input failed. This is the last line.
    #[error(transparent)]
    Input(#[from] io::Error),
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<(u64, Record), LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            let length = match self.next_line() {
                Ok(Some(length)) => length,
                Ok(None) => return None,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(LineError { line: self.line, problem: error.into() }));
                }
            };
            if let Some(result) = self.parse(length).transpose() {
                let line = self.line;
                let result = result.map(|record| (line, record));
                return Some(result.map_err(|problem| LineError { line, problem }));
            }
        }
        None
    }
}

impl<R: BufRead> Lines<R> {
    /// Takes in the next line, as much of it as the limit allows. Gives its whole length.
    fn next_line(&mut self) -> io::Result<Option<usize>> {
        self.line += 1;
        self.buffer.clear();
        let mut length = 0;
        loop {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                return Ok((length > 0).then_some(length));
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
            let room = self.limits.import_line.saturating_sub(self.buffer.len());
            self.buffer.extend_from_slice(part.get(..room).unwrap_or(part));
            length += part.len();
            let used = part.len() + usize::from(end.is_some());
            self.input.consume(used);
            if end.is_some() {
                return Ok(Some(length));
            }
        }
    }

    /// The record in the buffer; `None` when the line is blank.
    fn parse(&self, length: usize) -> Result<Option<Record>, LineProblem> {
        self.limits.import_line(length)?;
        let mut bytes = self.buffer.as_slice();
        if self.line == 1 {
            bytes = bytes.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(bytes);
        }
        let text = std::str::from_utf8(bytes)?.trim_ascii();
        if text.is_empty() {
            return Ok(None);
        }
        Ok(Some(serde_json::from_str(text)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beyond_the_limit_is_never_held() {
        let limits = Limits { import_line: 1_000, ..Limits::default() };
        let long = format!("{}\n{{\"type\":\"channel\",\"key\":\"a\"}}", "x".repeat(1_000_000));
        let mut lines = read(long.as_bytes(), &limits);
        assert!(matches!(lines.next(), Some(Err(LineError { line: 1, .. }))));
        assert!(lines.buffer.capacity() < 10_000, "{}", lines.buffer.capacity());
        assert!(matches!(lines.next(), Some(Ok((2, _)))));
    }
}
