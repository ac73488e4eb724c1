//! Texts: the core gives codes with parameters, and the sentence for them in a language.

use std::collections::HashMap;

use fieldseal_core::device::Problem;
use fieldseal_core::domain::money::Fen;
use fieldseal_core::domain::params::{Param, Params};
use fieldseal_core::domain::report_rules::Missing;
use fieldseal_core::domain::texts::{self, Lang};

/// A language of screens and reports.
#[uniffi::remote(Enum)]
pub enum Lang {
    /// English.
    En,
    /// Simplified Chinese.
    ZhCn,
}

/// A text as its key and parameters: `text` makes the sentence.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TextCode {
    /// Key of the text.
    pub code: String,
    /// Its parameters by name.
    pub params: HashMap<String, TextParam>,
}

/// One parameter of a text.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum TextParam {
    /// A whole number.
    Whole {
        /// The number.
        number: i64,
    },
    /// A text without translation.
    Plain {
        /// The text.
        text: String,
    },
    /// A local date, `2026-11-25`.
    Day {
        /// The date.
        date: String,
    },
    /// A moment, RFC 3339.
    Moment {
        /// The moment.
        time: String,
    },
    /// An amount.
    Money {
        /// Fen.
        fen: i64,
    },
    /// The key of another text.
    Key {
        /// The key.
        key: String,
    },
    /// Several values.
    Several {
        /// The values.
        items: Vec<TextParam>,
    },
}

impl TextCode {
    pub(crate) fn plain(code: &str) -> Self {
        Self {
            code: code.to_owned(),
            params: HashMap::new(),
        }
    }

    pub(crate) fn new(code: String, params: Params) -> Self {
        Self {
            code,
            params: params
                .into_iter()
                .map(|(name, value)| (name, value.into()))
                .collect(),
        }
    }
}

impl From<Param> for TextParam {
    fn from(param: Param) -> Self {
        match param {
            Param::Int(number) => Self::Whole { number },
            Param::Text(text) => Self::Plain { text },
            Param::Date(date) => Self::Day {
                date: date.to_string(),
            },
            Param::Time(time) => Self::Moment {
                time: time.to_string(),
            },
            Param::Money(fen) => Self::Money { fen: fen.0 },
            Param::Key(key) => Self::Key { key },
            Param::List(items) => Self::Several {
                items: items.into_iter().map(Into::into).collect(),
            },
        }
    }
}

/// A date or moment that the app made up is printed as it stands.
impl From<TextParam> for Param {
    fn from(param: TextParam) -> Self {
        match param {
            TextParam::Whole { number } => Self::Int(number),
            TextParam::Plain { text } => Self::Text(text),
            TextParam::Day { date } => date.parse().map_or(Self::Text(date), Self::Date),
            TextParam::Moment { time } => time.parse().map_or(Self::Text(time), Self::Time),
            TextParam::Money { fen } => Self::Money(Fen(fen)),
            TextParam::Key { key } => Self::Key(key),
            TextParam::Several { items } => Self::List(items.into_iter().map(Into::into).collect()),
        }
    }
}

fn params(named: HashMap<String, TextParam>) -> Params {
    named
        .into_iter()
        .map(|(name, value)| (name, value.into()))
        .collect()
}

impl From<Problem> for TextCode {
    fn from(problem: Problem) -> Self {
        Self::new(problem.code, problem.params)
    }
}

impl From<TextCode> for Problem {
    fn from(text: TextCode) -> Self {
        Self {
            code: text.code,
            params: params(text.params),
        }
    }
}

impl From<Missing> for TextCode {
    fn from(missing: Missing) -> Self {
        Self::new(missing.code.text_key().to_owned(), missing.params)
    }
}

/// The sentence of a key with its parameters; an unknown key is shown as itself.
#[uniffi::export]
pub fn text(lang: Lang, code: TextCode) -> String {
    texts::text(lang, &code.code, &params(code.params))
}

/// The text of a key without parameters: `order_state.on_site`.
#[uniffi::export]
pub fn label(lang: Lang, key: String) -> String {
    texts::label(lang, &key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fieldseal_core::domain::params::params as named;

    #[test]
    fn parameters_go_there_and_back() {
        let all = named([
            ("days", Param::Int(-3)),
            ("serial", Param::Text("K-1".to_owned())),
            ("date", Param::Date("2024-09-07".parse().unwrap())),
            ("time", Param::Time("2026-11-25T08:00:00+08:00".parse().unwrap())),
            ("amount", Param::Money(Fen(1200))),
            ("key", Param::Key("symptom.shell_cracked".to_owned())),
            ("several", Param::List(vec![Param::Int(1), Param::Int(2)])),
        ]);
        let crossed = TextCode::new("x".to_owned(), all.clone());
        assert_eq!(Problem::from(crossed).params, all);
        let made_up = TextParam::Day {
            date: "soon".to_owned(),
        };
        assert_eq!(Param::from(made_up), Param::Text("soon".to_owned()));
    }

    #[test]
    fn sentences_are_the_cores() {
        let problem = TextCode::plain("step_problem.quantity");
        assert_eq!(text(Lang::En, problem), "The quantity must be at least 1.");
        assert_eq!(
            label(Lang::ZhCn, "order_state.on_site".to_owned()),
            texts::label(Lang::ZhCn, "order_state.on_site")
        );
    }
}
