//! Walking along sorted lists.

use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::ops::Bound;

use community_core::TopicId;

use crate::index::TopicList;
use crate::read::behind;

/// A topic in a list: its key and its id.
pub(super) type Row = (i64, TopicId);

/// Rows in order, rising or falling.
pub(super) type Rows<'a> = Box<dyn Iterator<Item = Row> + 'a>;

/// The rows of a list strictly behind a place.
pub(super) fn walk(list: &TopicList, rising: bool, after: Option<Row>) -> Rows<'_> {
    if rising {
        Box::new(list.range(behind(after)).copied())
    } else {
        let before = after.map_or(Bound::Unbounded, Bound::Excluded);
        Box::new(list.range((Bound::Unbounded, before)).rev().copied())
    }
}

/// Several streams of rows, all in the same order, as one. A row that is in several comes once.
pub(super) fn merge(mut streams: Vec<Rows<'_>>, rising: bool) -> Rows<'_> {
    if streams.len() == 1
        && let Some(only) = streams.pop()
    {
        return only;
    }
    let heads = streams.iter_mut().enumerate();
    let heads = heads.filter_map(|(stream, rows)| Some(Head::new(rows.next()?, stream, rising)));
    let heads: BinaryHeap<_> = heads.collect();
    Box::new(Merge { streams, heads, rising, last: None })
}

struct Merge<'a> {
    streams: Vec<Rows<'a>>,
    /// The next row of every stream that has one.
    heads: BinaryHeap<Head>,
    rising: bool,
    last: Option<Row>,
}

/// The next row of a stream. The greatest comes first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    rank: (i64, u128),
    stream: usize,
    row: Row,
}

impl Head {
    fn new(row: Row, stream: usize, rising: bool) -> Self {
        let (key, id) = (row.0, row.1.uuid().as_u128());
        // The complement turns an order of whole numbers round, without overflow.
        Self { rank: if rising { (!key, !id) } else { (key, id) }, stream, row }
    }
}

impl Iterator for Merge<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        loop {
            let mut head = self.heads.peek_mut()?;
            let row = head.row;
            match self.streams.get_mut(head.stream).and_then(Iterator::next) {
                Some(next) => *head = Head::new(next, head.stream, self.rising),
                None => {
                    PeekMut::pop(head);
                }
            }
            if self.last.replace(row) != Some(row) {
                return Some(row);
            }
        }
    }
}
