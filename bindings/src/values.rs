//! Values of fields: JSON inside, one small enum outside.

use fieldseal_core::facts::FactId;
use fieldseal_core::facts::registers::{Entry, Field, Fields};
use serde_json::Value;

use crate::notes::Author;

/// What a field holds. Handing in `Empty` empties it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum FieldContent {
    /// Nothing.
    Empty,
    /// A text, a date, a code.
    Words {
        /// The text.
        text: String,
    },
    /// Several texts.
    Several {
        /// The texts.
        items: Vec<String>,
    },
    /// A whole number.
    Whole {
        /// The number.
        number: i64,
    },
    /// Yes or no.
    Flag {
        /// Yes.
        on: bool,
    },
    /// Anything else, of a newer version: show nothing or the text; it is kept as it is.
    Other {
        /// JSON.
        json: String,
    },
}

/// One value that somebody entered.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct FieldEntry {
    /// The fact that entered it.
    pub fact: FactId,
    /// The value.
    pub content: FieldContent,
    /// By whom, where, when.
    pub author: Author,
}

/// A field as people see it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct FieldValue {
    /// Its name.
    pub name: String,
    /// The value shown; where the side that owns the field entered none, the highest proposal.
    pub content: FieldContent,
    /// Who entered it; none where only proposals exist.
    pub shown: Option<FieldEntry>,
    /// «Also entered»: values that nobody has replaced yet, highest first.
    pub others: Vec<FieldEntry>,
    /// What the side that does not own the field proposes.
    pub proposals: Vec<FieldEntry>,
}

impl From<Value> for FieldContent {
    fn from(value: Value) -> Self {
        let texts = |items: &[Value]| -> Option<Vec<String>> {
            items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect()
        };
        match &value {
            Value::Null => Self::Empty,
            Value::String(text) => Self::Words { text: text.clone() },
            Value::Bool(on) => Self::Flag { on: *on },
            Value::Number(number) => match number.as_i64() {
                Some(number) => Self::Whole { number },
                None => Self::Other {
                    json: value.to_string(),
                },
            },
            Value::Array(items) => match texts(items) {
                Some(items) => Self::Several { items },
                None => Self::Other {
                    json: value.to_string(),
                },
            },
            Value::Object(_) => Self::Other {
                json: value.to_string(),
            },
        }
    }
}

/// `Other` that is no JSON becomes a text: nothing that a person entered is lost.
impl From<FieldContent> for Value {
    fn from(content: FieldContent) -> Self {
        match content {
            FieldContent::Empty => Self::Null,
            FieldContent::Words { text } => Self::String(text),
            FieldContent::Several { items } => Self::Array(items.into_iter().map(Self::String).collect()),
            FieldContent::Whole { number } => Self::from(number),
            FieldContent::Flag { on } => Self::Bool(on),
            FieldContent::Other { json } => serde_json::from_str(&json).unwrap_or(Self::String(json)),
        }
    }
}

impl From<Entry> for FieldEntry {
    fn from(entry: Entry) -> Self {
        Self {
            fact: entry.fact,
            content: entry.value.into(),
            author: entry.stamp.into(),
        }
    }
}

pub(crate) fn fields(fields: Fields) -> Vec<FieldValue> {
    let known: Vec<Value> = fields
        .0
        .keys()
        .map(|name| fields.known(name).unwrap_or(Value::Null))
        .collect();
    fields
        .0
        .into_iter()
        .zip(known)
        .map(|((name, one), value)| field(name, one, value))
        .collect()
}

fn field(name: String, field: Field, value: Value) -> FieldValue {
    FieldValue {
        name,
        content: value.into(),
        shown: field.shown.map(Into::into),
        others: field.others.into_iter().map(Into::into).collect(),
        proposals: field.proposals.into_iter().map(Into::into).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_go_there_and_back() {
        for value in [
            json!(null),
            json!("text"),
            json!(["a", "b"]),
            json!([]),
            json!(7),
            json!(true),
            json!([1]),
            json!({"a": 1}),
            json!(1.5),
        ] {
            assert_eq!(Value::from(FieldContent::from(value.clone())), value);
        }
        let broken = FieldContent::Other { json: "{".to_owned() };
        assert_eq!(Value::from(broken), json!("{"));
    }
}
