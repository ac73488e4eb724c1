//! A fact's id: its action's id and its place in the whole action, written `<uuid>#2` (design 3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::ids::{ActionId, IdError};

/// Identifies one fact for ever. The place counts from 0 over the whole action, also where the action spans
/// several documents: the facts of its second document continue the count of the first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FactId {
    /// The action that carries the fact.
    pub action: ActionId,
    /// Its place in that action, from 0.
    pub place: u16,
}

impl fmt::Display for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.action, self.place)
    }
}

impl fmt::Debug for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for FactId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let (action, place) = text.split_once('#').ok_or(IdError)?;
        let number: u16 = place.parse().map_err(|_| IdError)?;
        if number.to_string() != place {
            return Err(IdError);
        }
        Ok(Self {
            action: action.parse()?,
            place: number,
        })
    }
}

impl TryFrom<String> for FactId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<FactId> for String {
    fn from(id: FactId) -> String {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::FactId;

    #[test]
    fn a_fact_id_has_exactly_one_text() {
        let text = "0193f2c0-0000-7000-8000-000000000001#12";
        let id: FactId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        for wrong in [
            "0193f2c0-0000-7000-8000-000000000001#012",
            "0193F2C0-0000-7000-8000-000000000001#1",
            "#1",
            "",
        ] {
            assert!(wrong.parse::<FactId>().is_err(), "{wrong}");
        }
    }
}
