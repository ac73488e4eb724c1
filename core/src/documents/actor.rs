//! Who wrote a change: 8 random bytes of one app start, then the tag of the device (design 5, «Actors»).
//!
//! Invariant: an actor is made fresh at each app start and never stored for reuse, so that a phone restored from
//! a backup or cloned never writes a second change under a used (actor, seq).

use std::fmt;

use sha2::{Digest, Sha256};

use crate::env::Env;

/// The 16 bytes of an Automerge actor.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActorId(pub [u8; 16]);

impl ActorId {
    /// The actor of one session of the device with this tag.
    pub fn new(session: [u8; 8], tag: [u8; 8]) -> Self {
        let mut bytes = [0_u8; 16];
        bytes[..8].copy_from_slice(&session);
        bytes[8..].copy_from_slice(&tag);
        Self(bytes)
    }

    /// A fresh actor for this app start.
    pub fn fresh(env: &Env, tag: [u8; 8]) -> Self {
        Self::new(env.random(), tag)
    }

    /// The device's tag: the last 8 bytes.
    pub fn tag(&self) -> [u8; 8] {
        let [_, _, _, _, _, _, _, _, tag @ ..] = self.0;
        tag
    }
}

/// The tag of a device: the first 8 bytes of SHA-256 of its Ed25519 public key (design 5, «Actors»).
pub fn device_tag(public_key: &[u8; 32]) -> [u8; 8] {
    let hash: [u8; 32] = Sha256::digest(public_key).into();
    let [a, b, c, d, e, f, g, h, ..] = hash;
    [a, b, c, d, e, f, g, h]
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
impl fmt::Debug for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActorId({self})")
    }
}
