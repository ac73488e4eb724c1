//! Canonical JSON by RFC 8785 with integers only, and the SHA-256 over it.
//!
//! What is hashed or signed (decisions, seals, audits) goes through here, so that phone, server and a stranger's
//! verifier get the same bytes from the same content (I5, I7). Invariants: no floating-point number, no integer
//! that an IEEE double cannot hold exactly, keys sorted by UTF-16 code units, shortest escapes, no white space.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The deepest nesting that is written: deeper content is a mistake or an attack.
pub const MAX_DEPTH: usize = 64;

/// The largest integer (in absolute value) that every JSON reader holds exactly: 2^53 - 1.
pub const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Why a value has no canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// A number with a fraction or an exponent.
    #[error("a number is not an integer")]
    NotAnInteger,
    /// An integer beyond 2^53 - 1, which other readers would round.
    #[error("an integer is beyond 2^53 - 1")]
    IntegerTooLarge,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested too deep")]
    TooDeep,
    /// The value does not serialise to JSON (a map with keys that are no text, for example).
    #[error("the value has no json form")]
    NotJson,
}

/// The canonical bytes of a JSON value (RFC 8785, integers only).
///
/// # Errors
/// [`CanonicalError`] for floats, integers beyond 2^53 - 1 and nesting beyond [`MAX_DEPTH`].
pub fn canonical_bytes(value: &Value) -> Result<Vec<u8>, CanonicalError> {
    let mut out = String::new();
    write_value(value, &mut out, 0)?;
    Ok(out.into_bytes())
}

/// The canonical bytes of anything that serialises.
///
/// # Errors
/// As [`canonical_bytes`]; [`CanonicalError::NotJson`] if it does not serialise.
pub fn canonical_bytes_of<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    canonical_bytes(&serde_json::to_value(value).map_err(|_| CanonicalError::NotJson)?)
}

/// The SHA-256 of the canonical bytes of anything that serialises.
///
/// # Errors
/// As [`canonical_bytes_of`].
pub fn canonical_hash_of<T: Serialize + ?Sized>(value: &T) -> Result<ContentHash, CanonicalError> {
    Ok(ContentHash::of(&canonical_bytes_of(value)?))
}

fn write_value(value: &Value, out: &mut String, depth: usize) -> Result<(), CanonicalError> {
    if depth > MAX_DEPTH {
        return Err(CanonicalError::TooDeep);
    }
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => {
            if let Some(n) = number.as_i64() {
                if n.unsigned_abs() > MAX_INTEGER {
                    return Err(CanonicalError::IntegerTooLarge);
                }
                out.push_str(&n.to_string());
            } else if number.is_u64() {
                return Err(CanonicalError::IntegerTooLarge);
            } else {
                return Err(CanonicalError::NotAnInteger);
            }
        }
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(item, out, depth + 1)?;
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            // RFC 8785, 3.2.3: by UTF-16 code units, which differs from UTF-8 order beyond the basic plane.
            sorted.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
            out.push('{');
            for (index, (key, item)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(key, out);
                out.push(':');
                write_value(item, out, depth + 1)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// The SHA-256 of some bytes: a photo, a sealed revision, a pack. Text form: 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentHash(pub [u8; 32]);

/// A text is not 64 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a sha-256 in lower-case hex")]
pub struct HashError;

impl ContentHash {
    /// The hash of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}
impl FromStr for ContentHash {
    type Err = HashError;
    fn from_str(text: &str) -> Result<Self, HashError> {
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(HashError);
        }
        let mut bytes = [0_u8; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| HashError)?;
        Ok(Self(bytes))
    }
}
impl TryFrom<String> for ContentHash {
    type Error = HashError;
    fn try_from(text: String) -> Result<Self, HashError> {
        text.parse()
    }
}
impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> String {
        hash.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn text(value: &Value) -> String {
        String::from_utf8(canonical_bytes(value).unwrap()).unwrap()
    }

    #[test]
    fn i05_golden_bytes_of_canonical_json() {
        let value = json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
            "1": "One", "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control",
            "\u{f6}": "Latin Small Letter O With Diaeresis",
        });
        // The order of RFC 8785, 3.2.3: the emoji sorts before U+FB33 because its first code unit is a surrogate.
        assert_eq!(
            text(&value),
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\
             \"\u{f6}\":\"Latin Small Letter O With Diaeresis\",\"\u{20ac}\":\"Euro Sign\",\
             \"\u{1f600}\":\"Emoji: Grinning Face\",\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}"
        );
        let value = json!({"b": [1, -2, 0, true, false, null, []], "a": {"\u{8}\t\n\u{c}\r\"\\/\u{1f}\u{7f}": "电子印章"}});
        assert_eq!(
            text(&value),
            "{\"a\":{\"\\b\\t\\n\\f\\r\\\"\\\\/\\u001f\u{7f}\":\"电子印章\"},\"b\":[1,-2,0,true,false,null,[]]}"
        );
        assert_eq!(
            canonical_hash_of(&json!({})).unwrap().to_string(),
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
    }

    #[test]
    fn i05_numbers_that_others_would_read_differently_are_refused() {
        assert_eq!(canonical_bytes(&json!(1.0)), Err(CanonicalError::NotAnInteger));
        assert_eq!(
            canonical_bytes(&json!([{"a": 0.5}])),
            Err(CanonicalError::NotAnInteger)
        );
        assert_eq!(
            canonical_bytes(&json!(MAX_INTEGER + 1)),
            Err(CanonicalError::IntegerTooLarge)
        );
        assert_eq!(
            canonical_bytes(&json!(u64::MAX)),
            Err(CanonicalError::IntegerTooLarge)
        );
        assert_eq!(
            canonical_bytes(&json!(i64::MIN)),
            Err(CanonicalError::IntegerTooLarge)
        );
        assert_eq!(text(&json!(MAX_INTEGER)), "9007199254740991");
        let mut deep = json!(1);
        for _ in 0..=MAX_DEPTH {
            deep = json!([deep]);
        }
        assert_eq!(canonical_bytes(&deep), Err(CanonicalError::TooDeep));
    }

    #[test]
    fn hash_text_has_one_form() {
        let hash = ContentHash::of(b"abc");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(
            hash.to_string().to_uppercase().parse::<ContentHash>(),
            Err(HashError)
        );
        assert_eq!("00".parse::<ContentHash>(), Err(HashError));
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn i07_canonical_bytes_read_back_to_the_same_value_and_bytes(value in any_value()) {
            let bytes = canonical_bytes(&value).unwrap();
            let read: Value = serde_json::from_slice(&bytes).unwrap();
            prop_assert_eq!(&read, &value);
            prop_assert_eq!(canonical_bytes(&read).unwrap(), bytes);
        }
    }
}
