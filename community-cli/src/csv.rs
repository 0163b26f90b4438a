//! Lines of values with commas between them, as spreadsheets write and read them.

/// The cells of a line; `None` when a quotation mark has no counterpart.
pub(crate) fn cells(line: &str) -> Option<Vec<String>> {
    let mut cells = vec![String::new()];
    let (mut quoted, mut chars) = (false, line.chars().peekable());
    while let Some(c) = chars.next() {
        let cell = cells.last_mut()?;
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted || cell.is_empty() => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cell.push(c),
        }
    }
    (!quoted).then_some(cells)
}

/// A cell as it stands in a line.
pub(crate) fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for text in ["user:1", "a,b", "say \"hi\"", "", "\"", ",\","] {
            let line = format!("{},5,{}", cell(text), cell(text));
            assert_eq!(cells(&line).unwrap(), [text, "5", text], "{line}");
        }
        assert_eq!(cells("a,\"b"), None);
    }
}
