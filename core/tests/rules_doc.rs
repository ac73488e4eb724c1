//! Keeps `docs/rules.md` honest: every rule has one row and no other row stands there, every file and every test that a
//! row names is in the repository, and the opening counts what the rows say.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, with the row that is wrong"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The rules of the first release.
const MUST: &str = "
    000-01 000-04 000-11 000-12 000-13 000-13b 000-14 000-16 000-17 000-18 000-19 000-20 000-21 000-25
    000-28 000-29 000-30 000-31 000-33 000-33b 000-34 000-36
    001-01 001-02 001-03 001-09 001-10 001-11 001-12 001-13 001-14 001-15
    002-01 002-03 002-04 002-05 002-06 002-08 002-11 002-12 002-14 002-16 002-17
    T-01 T-02 T-05 T-06 T-08 T-09 T-12 T-13 T-14 T-15 T-17 T-18 T-19 T-21 T-22 T-28 T-29 T-31 T-32 T-33
    T-35 T-36 T-38 T-39 T-40 T-41
    M-01 M-02 M-04 M-05 M-10 M-12 M-14 M-15 M-17
    Y-01 Y-04 Y-05 Y-10 Y-13 Y-14 Y-15 Y-16 Y-20 Y-21 Y-22 Y-23 Y-30 Y-37 Y-39 Y-42
    W-01 W-02 W-03 W-04 W-05 W-06 W-08 W-09 W-10 W-11 W-12 W-13 W-16 W-17 W-19
    F-01 F-02 F-03 F-04 F-05 F-06 F-07 F-08 F-09 F-10 F-12 F-13 F-14 F-15 F-16 F-18 F-20 F-21 F-22 F-28
    F-29 F-33 F-34
    U-05";

/// The rules that come next.
const SHOULD: &str = "
    000-02 000-03 000-05 000-07 000-08 000-09 000-09b 000-15 000-22 000-23 000-26 000-27 000-28b 000-32
    001-04 001-05 001-07 001-16 001-17 001-19 001-21 001-22 001-23
    002-02 002-07 002-10 002-13
    T-07 T-10 T-16 T-21b T-23 T-24 T-26 T-27 T-30 T-34 T-42 T-43 T-44 T-45
    M-06 M-08 M-09 M-11 M-16
    Y-02 Y-06 Y-07 Y-08 Y-12 Y-17 Y-18 Y-18b Y-19 Y-24 Y-25 Y-26 Y-28 Y-29 Y-31 Y-32 Y-34 Y-36 Y-38 Y-40
    W-07 W-15 W-18 W-21 W-21b W-22
    F-11 F-17 F-19 F-24 F-25 F-26 F-27 F-30 F-31 F-32
    U-01 U-02 U-03 U-04";

/// Invariants, decision vectors, worked examples: they have no scope.
const OTHER: &str = "
    I1 I2 I3 I4 I5 I6 I7 I8 I9 I10 I11 I12 I13 I14 I15 I16
    V1-V32
    D.5-1 D.5-2a D.5-2b D.5-2c D.5-3 D.5-4 D.5-5 D.5-6 D.5-7 D.5-8 D.5-9 D.5-10 D.5-11";

/// What both columns of a row say that nobody has begun.
const OPEN: &str = "open";

/// How far a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Done,
    Partly,
    Open,
}

/// One row of a table.
#[derive(Debug)]
struct Row {
    /// As it stands in the text, for messages.
    line: String,
    id: String,
    /// None in a table without that column.
    scope: Option<String>,
    what: String,
    places: Vec<String>,
    tests: Vec<String>,
    missing: String,
}

impl Row {
    fn of(columns: &[String], line: &str) -> Self {
        let cells = cells(line);
        assert_eq!(cells.len(), columns.len(), "cells of: {line}");
        let cell = |name: &str| -> Option<String> {
            let at = columns.iter().position(|column| column == name)?;
            Some(cells[at].clone())
        };
        let needed = |name: &str| cell(name).unwrap_or_else(|| panic!("no column «{name}» above: {line}"));
        Self {
            line: line.to_owned(),
            id: needed("id"),
            scope: cell("scope"),
            what: needed("what"),
            places: named(&needed("where"), line),
            tests: named(&needed("test"), line),
            missing: needed("missing"),
        }
    }

    fn state(&self) -> State {
        let (places, tests) = (!self.places.is_empty(), !self.tests.is_empty());
        match (places, tests, !self.missing.is_empty()) {
            (true, true, false) => State::Done,
            (true, _, true) => State::Partly,
            (false, false, false) => State::Open,
            (true, false, false) => panic!("a module, but neither a test nor what is missing: {}", self.line),
            (false, true, _) => panic!("a test, but no module: {}", self.line),
            (false, false, true) => panic!("nothing is begun, so nothing is missing of it: {}", self.line),
        }
    }
}

fn cells(line: &str) -> Vec<String> {
    let inner = line.strip_prefix('|').and_then(|rest| rest.strip_suffix('|'));
    let inner = inner.unwrap_or_else(|| panic!("no table row: {line}"));
    inner.split('|').map(|cell| cell.trim().to_owned()).collect()
}

/// What a cell names, each in backticks with commas between; nothing where it says `open`.
fn named(cell: &str, line: &str) -> Vec<String> {
    if cell == OPEN {
        return Vec::new();
    }
    let plain = |part: &str| {
        let inner = part
            .strip_prefix('`')
            .and_then(|rest| rest.strip_suffix('`'))
            .filter(|inner| !inner.is_empty() && !inner.contains('`'));
        inner.map_or_else(|| panic!("«{part}» is no name in: {line}"), str::to_owned)
    };
    cell.split(", ").map(plain).collect()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text() -> String {
    fs::read_to_string(repository().join("docs/rules.md")).unwrap()
}

/// Every row of every table.
fn rows() -> Vec<Row> {
    let text = text();
    let (mut rows, mut columns) = (Vec::new(), None);
    for line in text.lines() {
        if !line.starts_with('|') {
            columns = None;
            continue;
        }
        match &columns {
            None => columns = Some(cells(line)),
            Some(_) if line.starts_with("| ---") => {}
            Some(columns) => rows.push(Row::of(columns, line)),
        }
    }
    rows
}

/// Every id that there has to be, with its scope.
fn expected() -> BTreeMap<&'static str, Option<&'static str>> {
    let lists = [(MUST, Some("must")), (SHOULD, Some("should")), (OTHER, None)];
    let ids = lists
        .iter()
        .flat_map(|(ids, scope)| ids.split_whitespace().map(|id| (id, *scope)));
    let all: BTreeMap<_, _> = ids.clone().collect();
    assert_eq!(all.len(), ids.count(), "an id stands twice in this file's lists");
    all
}

/// A file of the repository, named from its root.
fn file(name: &str, line: &str) -> PathBuf {
    let relative = Path::new(name);
    let inside = relative
        .components()
        .all(|part| matches!(part, std::path::Component::Normal(_)));
    assert!(
        inside,
        "`{name}` is no path from the repository's root in: {line}"
    );
    let path = repository().join(relative);
    assert!(path.is_file(), "there is no `{name}`, named in: {line}");
    path
}

/// Whether a function of this name stands there as a test.
fn has_test(source: &str, name: &str) -> bool {
    source.match_indices(&format!("fn {name}(")).any(|(at, _)| {
        let start = source[..at].rfind('\n').map_or(0, |end| end + 1);
        source[..start]
            .lines()
            .rev()
            .map(str::trim)
            .take_while(|above| !above.is_empty() && !above.ends_with('}'))
            .any(|above| above == "#[test]" || above.starts_with("#[tokio::test"))
    })
}

#[test]
fn every_rule_has_its_one_row_with_its_scope_and_no_row_is_too_many() {
    let expected = expected();
    let mut found: BTreeMap<String, Row> = BTreeMap::new();
    for row in rows() {
        if let Some(scope) = row.scope.as_deref() {
            assert!(
                matches!(scope, "must" | "should"),
                "scope «{scope}» in: {}",
                row.line
            );
        }
        let scope = expected.get(row.id.as_str());
        let scope = scope.unwrap_or_else(|| panic!("no such rule as «{}»: {}", row.id, row.line));
        assert_eq!(row.scope.as_deref(), *scope, "scope in: {}", row.line);
        assert!(!row.what.is_empty(), "what is it: {}", row.line);
        if let Some(twice) = found.insert(row.id.clone(), row) {
            panic!("{} stands twice: {}", twice.id, twice.line);
        }
    }
    for id in expected.keys() {
        assert!(found.contains_key(*id), "{id} has no row");
    }
}

#[test]
fn every_file_and_every_test_that_is_named_is_there() {
    let mut sources: BTreeMap<String, String> = BTreeMap::new();
    for row in rows() {
        for place in &row.places {
            file(place, &row.line);
        }
        for test in &row.tests {
            let Some((name, function)) = test.split_once("::") else {
                panic!("«{test}» is no `path::name` in: {}", row.line)
            };
            let source = sources
                .entry(name.to_owned())
                .or_insert_with(|| fs::read_to_string(file(name, &row.line)).unwrap());
            assert!(
                has_test(source, function),
                "`{name}` has no test `{function}`, named in: {}",
                row.line
            );
        }
    }
}

#[test]
fn the_opening_counts_the_rows() {
    let rows = rows();
    let count = |state| rows.iter().filter(|row| row.state() == state).count();
    let sentence = format!(
        "Of its {} rows, {} are done, {} partly done, {} open.",
        rows.len(),
        count(State::Done),
        count(State::Partly),
        count(State::Open)
    );
    let text = text();
    let opening = text.split("\n## ").next().unwrap().replace('\n', " ");
    assert!(opening.contains(&sentence), "the opening has to say: {sentence}");
}
