//! Full-text search that finds two-character Chinese words.
//!
//! FTS5's `unicode61` takes a run of Chinese characters for one word, and its trigram tokenizer needs three of
//! them. So each run of CJK characters is written as its overlapping pairs (电子印章 → 电子 子印 印章) plus its
//! single characters, and a query the same way; everything else stays a word, searched by its beginning, and runs of digits
//! additionally as their last four (people say the end of a serial or a phone number).

use rusqlite::{Connection, params};

use super::StoreError;

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Name of its document.
    pub name: String,
    /// What to show.
    pub title: String,
}

/// Most hits of one search.
pub const HITS_MAX: u32 = 50;
/// Longest query that is looked at, characters.
const QUERY_MAX: usize = 100;

fn is_cjk(c: char) -> bool {
    matches!(u32::from(c),
        0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x3040..=0x30FF | 0xAC00..=0xD7AF | 0x20000..=0x3FFFF)
}

/// Splits into runs of CJK characters (`true`) and runs of other word characters (`false`), lower case.
fn runs(text: &str) -> Vec<(bool, String)> {
    let mut runs: Vec<(bool, String)> = Vec::new();
    let mut open = false;
    for c in text.chars().flat_map(char::to_lowercase) {
        if !c.is_alphanumeric() {
            open = false;
            continue;
        }
        let cjk = is_cjk(c);
        match runs.last_mut() {
            Some((kind, run)) if open && *kind == cjk => run.push(c),
            _ => runs.push((cjk, c.to_string())),
        }
        open = true;
    }
    runs
}

fn pairs(run: &str) -> Vec<String> {
    let characters: Vec<char> = run.chars().collect();
    characters.windows(2).map(|pair| pair.iter().collect()).collect()
}

/// The words to index for `text`.
pub fn index_words(text: &str) -> String {
    let mut words = Vec::new();
    for (cjk, run) in runs(text) {
        if cjk {
            words.extend(run.chars().map(String::from));
            words.extend(pairs(&run));
        } else {
            // The end of a number or serial.
            let count = run.chars().count();
            if count > 4 && run.chars().any(|c| c.is_ascii_digit()) {
                words.push(run.chars().skip(count - 4).collect());
            }
            words.push(run);
        }
    }
    words.join(" ")
}

/// The FTS5 query for what a person typed; none where nothing in it can be searched.
fn query_of(text: &str) -> Option<String> {
    let typed: String = text.chars().take(QUERY_MAX).collect();
    let mut terms = Vec::new();
    for (cjk, run) in runs(&typed) {
        if !cjk {
            terms.push(format!("\"{run}\"*"));
        } else if run.chars().count() == 1 {
            terms.push(format!("\"{run}\""));
        } else {
            terms.extend(pairs(&run).iter().map(|pair| format!("\"{pair}\"")));
        }
    }
    (!terms.is_empty()).then(|| terms.join(" AND "))
}

/// Writes or replaces the entry of a document; an empty body removes it.
///
/// # Errors
/// Those of SQLite.
pub fn put(connection: &Connection, name: &str, title: &str, body: &str) -> Result<(), StoreError> {
    let existing: Option<(i64, String, String)> = {
        use rusqlite::OptionalExtension;
        connection
            .prepare_cached("SELECT id, title, body FROM search_entries WHERE name = ?1")?
            .query_row([name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?
    };
    if let Some((id, old_title, old_body)) = existing {
        if old_title == title && old_body == body {
            return Ok(());
        }
        connection
            .prepare_cached("DELETE FROM search_index WHERE rowid = ?1")?
            .execute([id])?;
        connection
            .prepare_cached("DELETE FROM search_entries WHERE id = ?1")?
            .execute([id])?;
    }
    if body.is_empty() {
        return Ok(());
    }
    connection
        .prepare_cached("INSERT INTO search_entries (name, title, body) VALUES (?1, ?2, ?3)")?
        .execute(params![name, title, body])?;
    let id = connection.last_insert_rowid();
    connection
        .prepare_cached("INSERT INTO search_index (rowid, words) VALUES (?1, ?2)")?
        .execute(params![id, index_words(body)])?;
    Ok(())
}

/// What matches every part of `text`, best first.
///
/// # Errors
/// Those of SQLite.
pub fn find(connection: &Connection, text: &str) -> Result<Vec<Hit>, StoreError> {
    let Some(query) = query_of(text) else {
        return Ok(Vec::new());
    };
    let mut statement = connection.prepare_cached(
        "SELECT e.name, e.title FROM search_index i JOIN search_entries e ON e.id = i.rowid
         WHERE search_index MATCH ?1 ORDER BY i.rank, e.name LIMIT ?2",
    )?;
    let hits = statement.query_map(params![query, HITS_MAX], |row| {
        Ok(Hit {
            name: row.get(0)?,
            title: row.get(1)?,
        })
    })?;
    Ok(hits.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::store::migrations;

    fn filled() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrations::migrate(&mut connection, migrations::NEWEST).unwrap();
        for (name, body) in [
            ("order/1", "SS20261123001 电子印章 更换 上海浦东机场 K-1007"),
            ("order/2", "SS20261123002 键盘失灵 王小明 13812345678"),
            ("asset/3", "eSeal USB key K-1008 \"quoted\" OR NEAR"),
        ] {
            put(&connection, name, body, body).unwrap();
        }
        connection
    }

    fn names(connection: &Connection, text: &str) -> Vec<String> {
        find(connection, text)
            .unwrap()
            .into_iter()
            .map(|hit| hit.name)
            .collect()
    }

    #[test]
    fn two_character_chinese_words_are_found_inside_a_run() {
        let connection = filled();
        assert_eq!(names(&connection, "印章"), ["order/1"]);
        assert_eq!(names(&connection, "子印"), ["order/1"]);
        assert_eq!(names(&connection, "浦东机"), ["order/1"]);
        assert_eq!(names(&connection, "章"), ["order/1"]);
        assert_eq!(names(&connection, "小明"), ["order/2"]);
        assert!(names(&connection, "章印").is_empty());
    }

    #[test]
    fn serials_numbers_and_phones_are_found_by_beginning_and_end() {
        let connection = filled();
        assert_eq!(names(&connection, "k-1007"), ["order/1"]);
        assert_eq!(names(&connection, "138123"), ["order/2"]);
        assert_eq!(names(&connection, "5678"), ["order/2"]);
        assert_eq!(names(&connection, "SS20261123001 印章"), ["order/1"]);
        assert_eq!(names(&connection, "ss2026").len(), 2);
        assert!(names(&connection, "SS20261123001 小明").is_empty());
    }

    #[test]
    fn what_a_person_types_is_never_query_language() {
        let connection = filled();
        for text in ["\"", "*", "AND", "a NEAR(b)", "words:x", "-", "(", "", "印*"] {
            find(&connection, text).unwrap();
        }
        assert_eq!(names(&connection, "OR near"), ["asset/3"]);
    }

    #[test]
    fn an_entry_is_replaced_and_removed() {
        let connection = filled();
        put(&connection, "order/1", "t", "换锁").unwrap();
        assert!(names(&connection, "印章").is_empty());
        assert_eq!(names(&connection, "换锁"), ["order/1"]);
        put(&connection, "order/1", "t", "").unwrap();
        assert!(names(&connection, "换锁").is_empty());
    }
}
