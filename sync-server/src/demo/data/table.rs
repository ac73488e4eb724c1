//! Reading a table: `|` between columns, `#` before a remark. Nothing is guessed: a wrong row is an error with its line.

use std::str::FromStr;

/// A row that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}, column {column}: cannot be read")]
pub struct TableError {
    /// The table.
    pub file: &'static str,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

/// One row's columns.
pub(super) struct Row {
    file: &'static str,
    line: usize,
    columns: Vec<&'static str>,
}

impl Row {
    fn wrong(&self, column: usize) -> TableError {
        TableError {
            file: self.file,
            line: self.line,
            column: column + 1,
        }
    }

    /// A column that may be empty.
    pub(super) fn may(&self, column: usize) -> &'static str {
        self.columns.get(column).copied().unwrap_or_default()
    }

    /// A column that may not.
    pub(super) fn text(&self, column: usize) -> Result<&'static str, TableError> {
        match self.may(column) {
            "" => Err(self.wrong(column)),
            text => Ok(text),
        }
    }

    /// A value.
    pub(super) fn read<T: FromStr>(&self, column: usize) -> Result<T, TableError> {
        self.text(column)?.parse().map_err(|_| self.wrong(column))
    }

    /// A value that may be missing.
    pub(super) fn maybe<T: FromStr>(&self, column: usize) -> Result<Option<T>, TableError> {
        match self.may(column) {
            "" => Ok(None),
            _ => self.read(column).map(Some),
        }
    }

    /// The place of a column's text among names.
    pub(super) fn place(
        &self,
        column: usize,
        mut names: impl Iterator<Item = &'static str>,
    ) -> Result<usize, TableError> {
        let wanted = self.text(column)?;
        names
            .position(|name| name == wanted)
            .ok_or_else(|| self.wrong(column))
    }
}

/// Reads every row of a table with so many columns.
pub(super) fn rows<T>(
    file: &'static str,
    text: &'static str,
    columns: usize,
    mut read: impl FnMut(&Row) -> Result<T, TableError>,
) -> Result<Vec<T>, TableError> {
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|(number, line)| {
            let row = Row {
                file,
                line: number + 1,
                columns: line.split('|').map(str::trim).collect(),
            };
            if row.columns.len() > columns {
                return Err(row.wrong(columns));
            }
            read(&row)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_row_is_named() {
        let read = |text| rows("t", text, 2, |row| Ok((row.text(0)?, row.maybe::<u32>(1)?)));
        assert_eq!(
            read("# head\na | 1\n\nb |\nc\n"),
            Ok(vec![("a", Some(1)), ("b", None), ("c", None)])
        );
        let wrong = |line, column| TableError {
            file: "t",
            line,
            column,
        };
        assert_eq!(read("# head\na | x\n"), Err(wrong(2, 2)));
        assert_eq!(read(" | 1\n"), Err(wrong(1, 1)));
        assert_eq!(read("a | 1 | 2\n"), Err(wrong(1, 3)));
        let place = |text| rows("t", text, 1, |row| row.place(0, ["x", "y"].into_iter()));
        assert_eq!(place("y\nx\n"), Ok(vec![1, 0]));
        assert_eq!(place("y\nz\n"), Err(wrong(2, 1)));
    }
}
