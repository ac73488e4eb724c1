//! Reading a table: its encoding, its separator, its columns in either language, its lines.

use std::collections::BTreeMap;

use crate::office::OfficeError;

/// Most lines of one table.
pub const LINES_MAX: usize = 5_000;
/// Most bytes of one table.
const BYTES_MAX: usize = 8 * 1024 * 1024;
/// Longest cell, characters.
const CELL_MAX: usize = 4_000;

/// Why a table cannot be read at all; a text under `table.<code>`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// Neither UTF-8 nor GB18030.
    #[error("the encoding is neither UTF-8 nor GB18030")]
    Encoding,
    /// Larger than 8 MB or longer than 5,000 lines.
    #[error("the table is too large")]
    TooLarge,
    /// No line below the header.
    #[error("the table is empty")]
    Empty,
    /// A column that must be there is not.
    #[error("the column {0} is missing")]
    Missing(&'static str),
    /// A column that nobody knows: a typing error would lose a column in silence.
    #[error("line 1, column {column}: unknown column «{name}»")]
    Unknown {
        /// From 1.
        column: usize,
        /// As it stands there.
        name: String,
    },
    /// A column stands twice.
    #[error("line 1, column {column}: the column stands twice")]
    Twice {
        /// From 1.
        column: usize,
    },
    /// Quotes that do not end, a line with more cells than the header.
    #[error("line {line}: broken line")]
    Broken {
        /// From 1.
        line: u64,
    },
}

impl TableError {
    /// The stable code of its text.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Encoding => "table_encoding",
            Self::TooLarge => "table_too_large",
            Self::Empty => "table_empty",
            Self::Missing(_) => "table_missing",
            Self::Unknown { .. } => "table_unknown",
            Self::Twice { .. } => "table_twice",
            Self::Broken { .. } => "table_broken",
        }
    }
}

impl From<TableError> for OfficeError {
    fn from(error: TableError) -> Self {
        Self::field("table", error.code())
    }
}

/// A value with the column that it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// From 1.
    pub column: usize,
    /// Without white space around it.
    pub text: String,
}

/// A line with its filled cells by the column's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// From 1; the header is line 1.
    pub line: u64,
    /// The filled ones.
    pub cells: BTreeMap<&'static str, Cell>,
}

impl Row {
    /// A cell's text, where it is filled.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.cells.get(name).map(|cell| cell.text.as_str())
    }
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its lines that hold anything.
    pub rows: Vec<Row>,
}

/// A file's text: UTF-8 with or without its mark, else GB18030, which spreadsheet programs write where nobody asked.
///
/// # Errors
/// [`TableError::Encoding`], [`TableError::TooLarge`].
pub fn text_of(bytes: &[u8]) -> Result<String, TableError> {
    if bytes.len() > BYTES_MAX {
        return Err(TableError::TooLarge);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.to_owned());
    }
    let (text, _, broken) = encoding_rs::GB18030.decode(bytes);
    if broken {
        return Err(TableError::Encoding);
    }
    Ok(text.into_owned())
}

/// What separates the cells: pasted out of a spreadsheet it is a tab.
fn separator(header: &str) -> u8 {
    let count = |c: char| header.chars().filter(|other| *other == c).count();
    [('\t', b'\t'), (';', b';'), (',', b',')]
        .into_iter()
        .max_by_key(|(c, _)| count(*c))
        .map_or(b',', |(_, byte)| byte)
}

impl Table {
    /// Reads a table whose columns are among `columns`: (name, its other names). `needs` must be there.
    ///
    /// # Errors
    /// [`TableError`], naming line and column.
    pub fn read(
        text: &str,
        columns: &[(&'static str, &[&str])],
        needs: &[&'static str],
    ) -> Result<Self, TableError> {
        let text = text.trim_start_matches('\u{feff}');
        if text.len() > BYTES_MAX {
            return Err(TableError::TooLarge);
        }
        let header = text.lines().next().unwrap_or_default();
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator(header))
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut names: Vec<&'static str> = Vec::new();
        let mut rows = Vec::new();
        for (at, record) in reader.records().enumerate() {
            let record = record.map_err(|error| TableError::Broken {
                line: error.position().map_or(0, csv::Position::line),
            })?;
            let line = record.position().map_or(0, csv::Position::line);
            if at == 0 {
                names = header_of(&record, columns)?;
                for need in needs {
                    if !names.contains(need) {
                        return Err(TableError::Missing(need));
                    }
                }
                continue;
            }
            let row = row_of(line, &record, &names)?;
            if !row.cells.is_empty() {
                rows.push(row);
            }
            if rows.len() > LINES_MAX {
                return Err(TableError::TooLarge);
            }
        }
        if rows.is_empty() {
            return Err(TableError::Empty);
        }
        Ok(Self { rows })
    }
}

fn header_of(
    record: &csv::StringRecord,
    columns: &[(&'static str, &[&str])],
) -> Result<Vec<&'static str>, TableError> {
    let mut names = Vec::new();
    for (at, cell) in record.iter().enumerate() {
        let (cell, column) = (cell.trim().to_lowercase(), at + 1);
        let known = columns
            .iter()
            .find(|(name, others)| *name == cell || others.contains(&cell.as_str()));
        match known {
            Some((name, _)) if names.contains(name) => return Err(TableError::Twice { column }),
            Some((name, _)) => names.push(*name),
            None => return Err(TableError::Unknown { column, name: cell }),
        }
    }
    Ok(names)
}

fn row_of(line: u64, record: &csv::StringRecord, names: &[&'static str]) -> Result<Row, TableError> {
    let mut cells = BTreeMap::new();
    for (at, cell) in record.iter().enumerate() {
        let text = unmarked(cell.trim());
        if text.is_empty() {
            continue;
        }
        // More cells than columns, or one that swallowed lines behind a quote that never ended.
        let Some(name) = names.get(at) else {
            return Err(TableError::Broken { line });
        };
        if text.chars().count() > CELL_MAX {
            return Err(TableError::Broken { line });
        }
        let cell = Cell {
            column: at + 1,
            text: text.to_owned(),
        };
        cells.insert(*name, cell);
    }
    Ok(Row { line, cells })
}

/// Without the mark by which a cell says that it is no formula.
fn unmarked(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[(&str, &[&str])] = &[
        ("customer", &["客户", "客户名称"]),
        ("serial", &["序列号"]),
        ("phone", &[]),
    ];

    fn read(text: &str) -> Result<Vec<Vec<(String, usize)>>, TableError> {
        let table = Table::read(text, COLUMNS, &["customer"])?;
        Ok(table
            .rows
            .into_iter()
            .map(|row| {
                row.cells
                    .into_values()
                    .map(|cell| (cell.text, cell.column))
                    .collect()
            })
            .collect())
    }

    #[test]
    fn y37_tables_are_read_whatever_program_wrote_them() {
        let expected = vec![vec![("上海申江".to_owned(), 1), ("K-1".to_owned(), 2)]];
        for text in [
            "客户,序列号\n上海申江,K-1\n",
            "\u{feff}客户名称;Serial\r\n\"上海申江\"; K-1 \r\n\r\n",
            "customer\tserial\n上海申江\tK-1",
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text:?}");
        }
        let gb = encoding_rs::GB18030
            .encode("客户,序列号\n上海申江,K-1\n")
            .0
            .into_owned();
        assert_eq!(read(&text_of(&gb).unwrap()).unwrap(), expected);
        assert_eq!(text_of(b"\xef\xbb\xbfa").unwrap(), "a");
        assert_eq!(text_of(&[0xff, 0xff, 0x80]), Err(TableError::Encoding));
        // A cell may hold separators, line ends and quotes.
        let inside = read("customer,serial\n\"a, \"\"b\"\"\nc\",K-1\n").unwrap();
        assert_eq!(inside[0][0].0, "a, \"b\"\nc");
        assert_eq!(
            read("customer,phone\nx,'+86 21\n").unwrap()[0].last().unwrap().0,
            "+86 21"
        );
    }

    #[test]
    fn y37_a_table_that_cannot_be_read_says_where() {
        for (text, expected) in [
            ("", TableError::Empty),
            ("serial\nK-1\n", TableError::Missing("customer")),
            (
                "customer,serail\nx,K\n",
                TableError::Unknown {
                    column: 2,
                    name: "serail".into(),
                },
            ),
            ("customer,客户\nx,y\n", TableError::Twice { column: 2 }),
            ("customer,serial\nx,K,more\n", TableError::Broken { line: 2 }),
            ("customer\n\n \n", TableError::Empty),
        ] {
            assert_eq!(read(text).unwrap_err(), expected, "{text:?}");
        }
        let long = format!("customer\n{}\n", "x".repeat(4_001));
        assert_eq!(read(&long).unwrap_err(), TableError::Broken { line: 2 });
        // A quote that never ends would swallow thousands of lines.
        let open = format!("customer\n\"x\n{}", "y\n".repeat(3_000));
        assert_eq!(read(&open).unwrap_err(), TableError::Broken { line: 2 });
        let many = format!("customer\n{}", "x\n".repeat(5_001));
        assert_eq!(read(&many).unwrap_err(), TableError::TooLarge);
    }
}
