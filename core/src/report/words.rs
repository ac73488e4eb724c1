//! The report's words: labels, codes as texts, times and hashes as they are printed.

use crate::domain::canonical::ContentHash;
use crate::domain::params::{Param, Params};
use crate::domain::texts::{Lang, all, label, text};
use crate::domain::time::LocalTime;

/// A language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words(pub(super) Lang);

impl Words {
    /// A label.
    pub(super) fn t(self, key: &str) -> String {
        label(self.0, key)
    }

    /// A text with one value.
    pub(super) fn t1(self, key: &str, name: &str, value: &str) -> String {
        text(
            self.0,
            key,
            &Params::from([(name.to_owned(), Param::from(value))]),
        )
    }

    /// A text with two values.
    pub(super) fn t2(self, key: &str, first: &str, a: &str, second: &str, b: &str) -> String {
        let params = [
            (first.to_owned(), Param::from(a)),
            (second.to_owned(), Param::from(b)),
        ];
        text(self.0, key, &Params::from(params))
    }

    /// A code of a list; one that this version does not know stands as it is.
    pub(super) fn code(self, list: &str, code: &str) -> String {
        let texts = all(self.0);
        texts
            .get(&format!("{list}.{code}"))
            .cloned()
            .unwrap_or_else(|| code.to_owned())
    }

    /// A time to the minute; with its offset where that is not the report's.
    pub(super) fn time(self, at: LocalTime, usual: LocalTime) -> String {
        let shown = Param::Time(at).render(self.0);
        if at.offset_minutes() == usual.offset_minutes() {
            shown
        } else {
            format!("{shown} {}", offset(at))
        }
    }
}

/// `UTC+08:00`.
pub(super) fn offset(at: LocalTime) -> String {
    let minutes = at.offset_minutes();
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, rest) = (minutes.unsigned_abs() / 60, minutes.unsigned_abs() % 60);
    format!("UTC{sign}{hours:02}:{rest:02}")
}

/// A hash in groups of eight digits, two lines of four groups.
pub(super) fn grouped(hash: ContentHash) -> String {
    let line = |half: &[u8]| half.chunks(4).map(hex::encode).collect::<Vec<_>>().join(" ");
    hash.0.chunks(16).map(line).collect::<Vec<_>>().join("\n")
}
