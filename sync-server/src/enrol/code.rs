//! The one-time code that a person reads off the page and types into a phone.
//!
//! Sixteen letters and digits of Crockford's base 32 in groups of four: 80 random bits, no `I`, `L`, `O`, `U`.
//! Typing is forgiven: case, hyphens, spaces, `O` for zero, `I` and `L` for one.

use std::fmt;

use fieldseal_core::env::Env;

use crate::auth::secret::hash_of;
use crate::auth::store::SecretHash;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LETTERS: usize = 16;
const GROUP: usize = 4;

/// A code in its one form: upper case, without hyphens. Its `Debug` form hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentCode(String);

impl EnrolmentCode {
    /// A fresh one.
    pub fn fresh(env: &Env) -> Self {
        let random = env.random::<LETTERS>();
        // 256 is a multiple of 32, so no letter is likelier than another.
        Self(
            random
                .iter()
                .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)))
                .map(|letter| char::from(*letter))
                .collect(),
        )
    }

    /// Reads what a person typed; none if it cannot be a code.
    pub fn read(typed: &str) -> Option<Self> {
        // Longer than any way of writing one: not worth looking at.
        if typed.len() > 4 * LETTERS {
            return None;
        }
        let mut code = String::with_capacity(LETTERS);
        for typed in typed.chars().filter(|c| !matches!(c, '-' | ' ')) {
            let letter = match typed.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            if !u8::try_from(letter).is_ok_and(|byte| ALPHABET.contains(&byte)) {
                return None;
            }
            code.push(letter);
        }
        (code.len() == LETTERS).then_some(Self(code))
    }

    /// How it is kept.
    pub fn hash(&self) -> SecretHash {
        hash_of(&self.0)
    }

    /// The first group, by which tries are limited.
    pub fn prefix(&self) -> &str {
        self.0.get(..GROUP).unwrap_or_default()
    }

    /// As it is shown, once: `ABCD-EFGH-JKMN-PQRS`.
    pub fn expose(&self) -> String {
        let mut shown = String::with_capacity(LETTERS + LETTERS / GROUP);
        for (place, letter) in self.0.chars().enumerate() {
            if place > 0 && place % GROUP == 0 {
                shown.push('-');
            }
            shown.push(letter);
        }
        shown
    }
}

impl fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnrolmentCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_back_however_it_is_typed() {
        let env = crate::system::system_env().unwrap();
        let code = EnrolmentCode::fresh(&env);
        let shown = code.expose();
        assert_eq!(shown.len(), 19);
        assert_eq!(EnrolmentCode::read(&shown), Some(code.clone()));
        assert_eq!(
            EnrolmentCode::read(&shown.to_lowercase().replace('-', " ")),
            Some(code.clone())
        );
        assert_ne!(EnrolmentCode::fresh(&env), code);
        assert_eq!(format!("{code:?}"), "EnrolmentCode(…)");
        assert_eq!(
            EnrolmentCode::read("oil0-oil1-0000-0000").map(|code| code.0),
            Some("0110011100000000".to_owned())
        );
    }

    #[test]
    fn other_texts_are_no_codes() {
        for typed in [
            "",
            "ABCD",
            "ABCD-EFGH-JKMN-PQRU",
            "ABCD-EFGH-JKMN-PQRSX",
            "电子印章电子印章电子印章电子印章",
        ] {
            assert_eq!(EnrolmentCode::read(typed), None, "{typed}");
        }
        assert_eq!(EnrolmentCode::read(&" ".repeat(10_000)), None);
    }
}
