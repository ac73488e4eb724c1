//! Secrets that this server gives out: made from the injected randomness, kept only as SHA-256.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fieldseal_core::env::Env;
use sha2::{Digest as _, Sha256};

use super::store::SecretHash;

/// A bearer secret of 256 bit (session, link, device token), in base64url. Its `Debug` form hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A fresh one.
    pub fn fresh(env: &Env) -> Self {
        Self(URL_SAFE_NO_PAD.encode(env.random::<32>()))
    }

    /// The text that is given out, once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// How it is found again.
    pub fn hash(&self) -> SecretHash {
        hash_of(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// SHA-256 of a secret's text. The secrets have 80 bits and more, so that no salt is needed.
pub fn hash_of(text: &str) -> SecretHash {
    Sha256::digest(text.as_bytes()).into()
}

/// The token that a session's forms carry against forgery: it follows from the session's secret, so that a page of
/// another site cannot know it and nothing needs to be kept.
pub fn csrf_of(session: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"fieldseal-csrf-v1\0");
    hash.update(session.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

/// Whether two texts are equal, in a time that does not depend on where they differ.
pub fn equal(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0_u8, |acc, (x, y)| acc | (x ^ y)) == 0
}
