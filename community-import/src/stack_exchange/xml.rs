//! The rows of one file of a dump: the only module that knows the XML parser.
//!
//! Pulls one `<row .../>` at a time and holds nothing but that row. A file that is not what a dump
//! holds is refused as soon as that shows: a document type or an entity reference, elements nested
//! deeper than [`MAX_DEPTH`], anything longer than [`MAX_ROW`] bytes without an end, a tag with more
//! than [`MAX_ATTRIBUTES`] attributes, another root element, an end that is missing. No text is ever
//! expanded: the only references are characters and the five predefined entities.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// How deep elements may nest.
pub const MAX_DEPTH: usize = 16;

/// The most bytes of one tag, one comment, or one stretch of text between tags.
pub const MAX_ROW: usize = 1_048_576;

/// The most attributes of one row. A parser compares each with all before it.
pub const MAX_ATTRIBUTES: usize = 64;

/// Why a file cannot be read as rows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum XmlProblem {
    /// The file could not be read.
    #[error(transparent)]
    Input(#[from] io::Error),
    /// It is not well-formed XML in UTF-8.
    #[error("{0}")]
    Malformed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It has a document type, with which come entities.
    #[error("a dump has no document type")]
    DocumentType,
    /// It refers to an entity.
    #[error("a dump refers to no entities")]
    Reference,
    /// Elements are nested too deeply.
    #[error("elements are nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// A row is too large. Reading does not go on: where it ends is not known.
    #[error("a row is longer than {MAX_ROW} bytes")]
    RowTooLarge,
    /// A row has too many attributes.
    #[error("a row has more than {MAX_ATTRIBUTES} attributes")]
    TooManyAttributes,
    /// It holds something else.
    #[error("the root element is not `{0}`")]
    WrongRoot(&'static str),
    /// It ends before its root element does.
    #[error("the file is cut off")]
    CutOff,
    /// It is not the file any more that it was some moments ago.
    #[error("the file was changed while it was read")]
    Changed,
}

/// The rows of a file, one after the other.
#[derive(Debug)]
pub(super) struct Rows<R> {
    reader: Reader<Bounded<R>>,
    buffer: Vec<u8>,
    root: &'static str,
    depth: usize,
    rooted: bool,
}

impl<R: BufRead> Rows<R> {
    pub(super) fn new(input: R, root: &'static str) -> Self {
        let reader = Reader::from_reader(Bounded { inner: input, left: MAX_ROW, position: 0 });
        Self { reader, buffer: Vec::new(), root, depth: 0, rooted: false }
    }

    /// How many bytes have been read.
    pub(super) fn position(&self) -> u64 {
        self.reader.get_ref().position
    }

    /// The next row.
    pub(super) fn next(&mut self) -> Result<Option<Row>, XmlProblem> {
        loop {
            let offset = self.position();
            let (tag, opens) = match pull(&mut self.reader, &mut self.buffer)? {
                Event::Empty(tag) => (tag, false),
                Event::Start(tag) => (tag, true),
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    continue;
                }
                Event::DocType(_) => return Err(XmlProblem::DocumentType),
                Event::GeneralRef(_) => return Err(XmlProblem::Reference),
                Event::Eof if self.depth > 0 || !self.rooted => return Err(XmlProblem::CutOff),
                Event::Eof => return Ok(None),
                Event::Text(_)
                | Event::CData(_)
                | Event::Comment(_)
                | Event::Decl(_)
                | Event::PI(_) => continue,
            };
            let level = self.depth;
            if level == 0 && tag.name().as_ref() != self.root {
                return Err(XmlProblem::WrongRoot(self.root));
            }
            self.rooted = true;
            if level >= MAX_DEPTH {
                return Err(XmlProblem::TooDeep);
            }
            if opens {
                self.depth += 1;
            }
            if level == 1 && tag.name().as_ref() == "row" {
                return Ok(Some(Row { offset, fields: fields(&tag)? }));
            }
        }
    }
}

/// Reads the row again that was found at an offset.
pub(super) fn row_at<R: Read + Seek>(
    input: &mut BufReader<R>,
    offset: u64,
) -> Result<Row, XmlProblem> {
    input.seek(SeekFrom::Start(offset))?;
    let mut reader = Reader::from_reader(Bounded { inner: input, left: MAX_ROW, position: 0 });
    match pull(&mut reader, &mut Vec::new())? {
        Event::Empty(tag) | Event::Start(tag) if tag.name().as_ref() == "row" => {
            Ok(Row { offset, fields: fields(&tag)? })
        }
        _ => Err(XmlProblem::Changed),
    }
}

/// The next event, of at most [`MAX_ROW`] bytes.
fn pull<'b, R: BufRead>(
    reader: &mut Reader<Bounded<R>>,
    buffer: &'b mut Vec<u8>,
) -> Result<Event<'b>, XmlProblem> {
    buffer.clear();
    reader.get_mut().left = MAX_ROW;
    match reader.read_event_into(buffer) {
        Ok(event) => Ok(event),
        Err(quick_xml::Error::Io(_)) if reader.get_ref().left == 0 => Err(XmlProblem::RowTooLarge),
        Err(quick_xml::Error::Io(error)) => {
            Err(XmlProblem::Input(io::Error::new(error.kind(), error)))
        }
        Err(error) => Err(malformed(error)),
    }
}

fn fields(tag: &BytesStart<'_>) -> Result<Vec<(String, String)>, XmlProblem> {
    let mut fields = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(malformed)?;
        if fields.len() == MAX_ATTRIBUTES {
            return Err(XmlProblem::TooManyAttributes);
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(malformed)?;
        fields.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(fields)
}

fn malformed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> XmlProblem {
    XmlProblem::Malformed(error.into())
}

/// A row: names and values in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// Where it begins, for [`row_at`].
    pub(super) offset: u64,
    fields: Vec<(String, String)>,
}

impl Row {
    /// A value; `None` when it is missing or empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.fields.iter().find(|(field, _)| field == name)?;
        (!value.is_empty()).then_some(value)
    }

    /// Takes a value out.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let (_, value) = self.fields.iter_mut().find(|(field, _)| field == name)?;
        (!value.is_empty()).then(|| std::mem::take(value))
    }

    /// The names of the fields that hold something.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name.as_str())
    }
}

/// An input that fails when one event takes more bytes than it may, before anybody buffers them.
#[derive(Debug)]
struct Bounded<R> {
    inner: R,
    left: usize,
    position: u64,
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let available = self.inner.fill_buf()?;
        match available.get(..self.left) {
            Some([]) if !available.is_empty() => Err(io::ErrorKind::FileTooLarge.into()),
            Some(part) => Ok(part),
            None => Ok(available),
        }
    }

    fn consume(&mut self, amount: usize) {
        self.left = self.left.saturating_sub(amount);
        self.position += amount as u64;
        self.inner.consume(amount);
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn rows(input: &[u8]) -> Result<Vec<Row>, XmlProblem> {
        let mut rows = Rows::new(input, "posts");
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(row);
        }
        Ok(all)
    }

    const GOOD: &str = "\u{FEFF}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<posts>\n  \
        <row Id=\"1\" Body=\"&lt;p&gt;a&#xA;b&quot;&#xD;&#xA;\" Empty=\"\" />\r\n  \
        <other><row Id=\"9\"/></other><!-- note --><row Id='2'></row></posts>\n";

    #[test]
    fn rows_come_with_their_values_decoded_and_can_be_read_again_where_they_stand() {
        let rows = rows(GOOD.as_bytes()).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].get("Id"), Some("1"));
        assert_eq!(rows[0].get("Body"), Some("<p>a\nb\"\r\n"));
        assert_eq!(rows[0].get("Empty"), None);
        assert_eq!(rows[1].names().collect::<Vec<_>>(), ["Id"]);
        let mut input = BufReader::new(Cursor::new(GOOD.as_bytes()));
        for row in rows.iter().rev() {
            assert_eq!(row_at(&mut input, row.offset).unwrap().fields, row.fields);
        }
        assert!(matches!(row_at(&mut input, 5), Err(XmlProblem::Changed)));
    }

    #[test]
    fn what_no_dump_holds_is_refused() {
        let nested = |levels: usize| {
            format!("<posts>{}{}</posts>", "<a>".repeat(levels), "</a>".repeat(levels))
        };
        let many = |count: usize| {
            let attributes: String = (0..count).map(|n| format!(" a{n}=\"\"")).collect();
            format!("<posts><row{attributes}/></posts>")
        };
        let long = |bytes: usize| {
            let frame = "<row a=\"\"/>".len();
            format!("<posts><row a=\"{}\"/></posts>", "x".repeat(bytes - frame))
        };
        let cases: Vec<(String, &str)> = vec![
            ("<!DOCTYPE posts [<!ENTITY a \"b\">]><posts/>".into(), "no document type"),
            ("<posts><row a=\"&a;\"/></posts>".into(), "unrecognized entity"),
            ("<posts><row a=\"&#0;\"/></posts>".into(), "character reference"),
            ("<posts>&a;</posts>".into(), "no entities"),
            (nested(16), "deeper than 16"),
            (nested(200_000), "deeper than 16"),
            (many(65), "more than 64 attributes"),
            (many(50_000), "more than 64 attributes"),
            (long(MAX_ROW + 1), "longer than 1048576 bytes"),
            (format!("<posts>{}</posts>", " ".repeat(MAX_ROW + 1)), "longer than"),
            (format!("<posts><!--{}--></posts>", " ".repeat(MAX_ROW)), "longer than"),
            ("<html><body/></html>".into(), "root element is not `posts`"),
            ("<posts><row Id=\"1\"/>".into(), "cut off"),
            ("<posts><row Id=\"1\"".into(), "not closed"),
            ("<posts><row Id=\"1\" Id=\"2\"/></posts>".into(), "duplicate"),
            ("<posts></users>".into(), "expected `</posts>`"),
            (String::new(), "cut off"),
            ("just text".into(), "cut off"),
        ];
        for (text, words) in cases {
            let error = rows(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(words), "{error} instead of {words}");
        }
        assert!(matches!(rows(b"<posts><row a=\"\xFF\"/></posts>"), Err(XmlProblem::Malformed(_))));
        assert!(matches!(rows(b"\xFF\xFE<\0p\0"), Err(XmlProblem::Malformed(_))));
        for allowed in [nested(15), many(64), long(MAX_ROW)] {
            assert!(rows(allowed.as_bytes()).is_ok());
        }
    }

    #[test]
    fn a_row_without_end_is_refused_before_it_is_held() {
        let endless = io::repeat(b'x').take(u64::MAX);
        let input = BufReader::new(Read::chain(&b"<posts><row a=\""[..], endless));
        let mut rows = Rows::new(input, "posts");
        assert!(matches!(rows.next(), Err(XmlProblem::RowTooLarge)));
        assert!(rows.buffer.capacity() <= 4 * MAX_ROW);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        /// Whatever the bytes: rows or a typed error, no panic, and every row can be read again.
        #[test]
        fn ten_thousand_hostile_inputs_give_rows_or_typed_errors(
            pieces in vec(piece(), 0..12),
            spoil in proptest::option::of((any::<prop::sample::Index>(), any::<u8>())),
            framed in any::<bool>(),
        ) {
            let mut bytes = pieces.concat();
            if framed {
                bytes = [b"<posts>", &*bytes, b"</posts>"].concat();
            }
            if let Some((at, byte)) = spoil.filter(|_| !bytes.is_empty()) {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let mut found = Vec::new();
            let mut rows = Rows::new(&*bytes, "posts");
            while let Ok(Some(row)) = rows.next() {
                found.push(row);
            }
            let mut input = BufReader::new(Cursor::new(&*bytes));
            for row in found {
                prop_assert_eq!(row_at(&mut input, row.offset).unwrap().fields, row.fields);
            }
        }
    }

    fn piece() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            Just(b"<row Id=\"1\" Body=\"&lt;b&gt;\"/>".to_vec()),
            Just(b"<row>".to_vec()),
            Just(b"</row>".to_vec()),
            Just(b"<!--".to_vec()),
            Just(b"-->".to_vec()),
            Just(b"<![CDATA[".to_vec()),
            Just(b"]]>".to_vec()),
            Just(b"<!DOCTYPE a [".to_vec()),
            Just(b"<?xml version=\"1.1\"?>".to_vec()),
            Just(b"&#x41;&#xD800;&amp;".to_vec()),
            Just("\u{FEFF}".as_bytes().to_vec()),
            Just("\"'=<>&;".as_bytes().to_vec()),
            "<[a-z]{1,3}( [a-z]=['\"][^'\"]{0,5}['\"]){0,3}/?>".prop_map(String::into_bytes),
            vec(any::<u8>(), 0..20),
        ]
    }
}
