//! The view token: what a person's screen showed, handed back on saving (design 3, «Knowing»).
//!
//! A page's form carries it as a hidden field, the apps pass it through unread. It proves nothing by itself: a
//! forged one only claims to have seen less or more, and unknown heads prove nothing.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::ids::ActionId;
use crate::facts::{FactId, Head};

/// Heads and fact ids of what was shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ViewToken {
    /// Heads of every document shown, the writer's own included.
    pub heads: BTreeSet<Head>,
    /// The facts whose register values were displayed, losers included: the candidates for `over`.
    pub facts: BTreeSet<FactId>,
}

/// A text is not a view token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a view token")]
pub struct TokenError;

/// Tokens above this many entries are refused: no screen shows more.
const MAX_ENTRIES: usize = 4096;

impl ViewToken {
    /// Adds what another view showed (a form that displays an order and its asset).
    pub fn absorb(&mut self, other: &Self) {
        self.heads.extend(&other.heads);
        self.facts.extend(&other.facts);
    }
}

impl fmt::Display for ViewToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(4 + self.heads.len() * 8 + self.facts.len() * 18);
        bytes.push(1);
        bytes.extend(u16::try_from(self.heads.len()).unwrap_or(u16::MAX).to_be_bytes());
        for head in self.heads.iter().take(usize::from(u16::MAX)) {
            bytes.extend(head.0);
        }
        for fact in &self.facts {
            bytes.extend(fact.action.0.as_bytes());
            bytes.extend(fact.place.to_be_bytes());
        }
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for ViewToken {
    type Err = TokenError;
    fn from_str(text: &str) -> Result<Self, TokenError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError)?;
        let (&[version, high, low], rest) = bytes.split_first_chunk::<3>().ok_or(TokenError)?;
        let heads = usize::from(u16::from_be_bytes([high, low]));
        let split = heads
            .checked_mul(8)
            .filter(|split| *split <= rest.len())
            .ok_or(TokenError)?;
        let (head_bytes, fact_bytes) = rest.split_at(split);
        if version != 1 || fact_bytes.len() % 18 != 0 || heads + fact_bytes.len() / 18 > MAX_ENTRIES {
            return Err(TokenError);
        }
        let mut token = Self::default();
        for chunk in head_bytes.chunks_exact(8) {
            token
                .heads
                .insert(Head(chunk.try_into().map_err(|_| TokenError)?));
        }
        for chunk in fact_bytes.chunks_exact(18) {
            let (id, place) = chunk.split_at(16);
            token.facts.insert(FactId {
                action: ActionId(uuid::Uuid::from_slice(id).map_err(|_| TokenError)?),
                place: u16::from_be_bytes(place.try_into().map_err(|_| TokenError)?),
            });
        }
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_text_and_nonsense_is_refused() {
        let mut token = ViewToken::default();
        token.heads.insert(Head([7; 8]));
        token
            .facts
            .insert("0193f2c0-0000-7000-8000-000000000001#12".parse().unwrap());
        assert_eq!(token.to_string().parse::<ViewToken>().unwrap(), token);
        assert_eq!(
            ViewToken::default().to_string().parse::<ViewToken>().unwrap(),
            ViewToken::default()
        );
        for wrong in ["", "AQ", "AQAB", "!!", "AgAA"] {
            assert!(wrong.parse::<ViewToken>().is_err(), "{wrong}");
        }
    }
}
