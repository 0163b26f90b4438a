//! Text in columns.

use std::fmt;

/// A table for people: a heading, rows, columns as wide as they need.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns. The last one is as wide as it likes.
    pub(crate) fn new(heading: &[&str]) -> Self {
        Self { rows: vec![heading.iter().map(|cell| cell.to_uppercase()).collect()] }
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let numeric: Vec<bool> = (0..columns)
            .map(|column| {
                let mut cells = self.rows.iter().skip(1).filter_map(|row| row.get(column));
                cells.all(|cell| cell.parse::<i64>().is_ok()) && self.rows.len() > 1
            })
            .collect();
        for row in &self.rows {
            let mut line = String::new();
            for ((cell, width), numeric) in row.iter().zip(&widths).zip(&numeric) {
                let gap = " ".repeat(width - cell.chars().count());
                let (before, after) =
                    if *numeric { (gap, String::new()) } else { (String::new(), gap) };
                line.push_str(&format!("{before}{cell}{after}  "));
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_to_the_right_and_texts_to_the_left() {
        let mut table = Table::new(&["n", "word"]);
        table.row(["7".into(), "één".into()]);
        table.row(["12".into(), "two words".into()]);
        assert_eq!(table.to_string(), " N  WORD\n 7  één\n12  two words\n");
    }
}
