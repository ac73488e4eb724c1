//! Parameters of a text: the values that an explanation line, a missing field or a conflict carries beside its
//! code. They are facts (copied, hashed, kept), so they hold values, never sentences, and no floats.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::money::Fen;
use super::texts::{Lang, label};
use super::time::LocalTime;

/// One value of a text. JSON form: one member that names the kind, `{"date":"2024-09-07"}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Param {
    /// A whole number: days, photos, pieces.
    Int(i64),
    /// A text that has no translation: a serial number, a policy's version.
    Text(String),
    /// A local date of the company, printed `2024-09-07` in both languages.
    Date(NaiveDate),
    /// A moment.
    Time(LocalTime),
    /// An amount.
    Money(Fen),
    /// The key of a text that is printed in the reader's language: `symptom.shell_cracked`.
    Key(String),
    /// Several values, printed with the language's separator.
    List(Vec<Param>),
}

/// The named values of one text; ordered, so that equal parameters give equal bytes (I7).
pub type Params = BTreeMap<String, Param>;

impl Param {
    /// The value as it is printed in `lang`.
    pub fn render(&self, lang: Lang) -> String {
        match self {
            Self::Int(n) => n.to_string(),
            Self::Text(text) => text.clone(),
            Self::Date(date) => date.to_string(),
            Self::Time(time) => {
                format!("{} {}", time.wall_date(), time.wall_time().format("%H:%M"))
            }
            Self::Money(fen) => fen.to_string(),
            Self::Key(key) => label(lang, key),
            Self::List(items) => {
                let parts: Vec<String> = items.iter().map(|item| item.render(lang)).collect();
                parts.join(lang.list_separator())
            }
        }
    }
}

impl From<i64> for Param {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}
impl From<NaiveDate> for Param {
    fn from(date: NaiveDate) -> Self {
        Self::Date(date)
    }
}
impl From<LocalTime> for Param {
    fn from(time: LocalTime) -> Self {
        Self::Time(time)
    }
}
impl From<Fen> for Param {
    fn from(fen: Fen) -> Self {
        Self::Money(fen)
    }
}
impl From<&str> for Param {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Param {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// Builds [`Params`] from pairs.
pub fn params<const N: usize>(pairs: [(&str, Param); N]) -> Params {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
