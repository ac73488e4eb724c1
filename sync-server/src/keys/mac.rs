//! HMAC-SHA-256 (RFC 2104): 20 lines over the SHA-256 that is in the tree already.

use sha2::{Digest, Sha256};

/// HMAC-SHA-256 of the parts one after the other. The key is at most 64 bytes; every key here has 32.
pub fn hmac_sha256(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let padded = |byte: u8| {
        let mut block = [byte; 64];
        for (out, key) in block.iter_mut().zip(key) {
            *out ^= key;
        }
        block
    };
    let mut inner = Sha256::new();
    inner.update(padded(0x36));
    for part in parts {
        inner.update(part);
    }
    let mut outer = Sha256::new();
    outer.update(padded(0x5c));
    outer.update(inner.finalize());
    outer.finalize().into()
}
