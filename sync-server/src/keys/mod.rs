//! The server's secrets: files in the data folder, outside the database and its backups' lists (design 5, 6).
//!
//! * `organisation.key`: Ed25519 seed. Signs device certificates and audited views; losing it means enrolling anew.
//! * `proof.key`: key of the MACs that tell a phone which changes this server accepted.
//! * `server.tag`: the second half of every actor that the server writes under.
//!
//! Created at the first start, readable by their owner alone, never replaced: a file of a wrong length is an error.

mod mac;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use fieldseal_core::env::Env;
use fieldseal_core::wire::PROOF_BYTES;

pub use mac::hmac_sha256;

/// A key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Reading or writing failed.
    #[error("key file {name}: {source}")]
    File {
        /// The file's name.
        name: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file does not hold a key.
    #[error("key file {name} has a wrong length")]
    Length {
        /// The file's name.
        name: &'static str,
    },
}

/// The secrets of one server.
#[derive(Clone)]
pub struct ServerKeys {
    organisation: SigningKey,
    proof: [u8; 32],
    tag: [u8; 8],
}

impl std::fmt::Debug for ServerKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServerKeys")
    }
}

impl ServerKeys {
    /// Reads the keys of a data folder, creating those that are not there yet.
    ///
    /// # Errors
    /// [`KeysError`]; nothing is overwritten.
    pub fn open(folder: &Path, env: &Env) -> Result<Self, KeysError> {
        Ok(Self {
            organisation: SigningKey::from_bytes(&key_file(folder, "organisation.key", env)?),
            proof: key_file(folder, "proof.key", env)?,
            tag: key_file(folder, "server.tag", env)?,
        })
    }

    /// Keys that live in no file: simulations.
    pub fn in_memory(env: &Env) -> Self {
        Self {
            organisation: SigningKey::from_bytes(&env.random()),
            proof: env.random(),
            tag: env.random(),
        }
    }

    /// The organisation key.
    pub fn organisation(&self) -> &SigningKey {
        &self.organisation
    }

    /// Second half of the server's actors.
    pub fn tag(&self) -> [u8; 8] {
        self.tag
    }

    /// The proof that this server accepted a change: first 10 bytes of HMAC-SHA-256 over `fieldseal-proof-v1` ‖ length
    /// of the document's name (2 bytes, big-endian) ‖ its name ‖ the change's hash (design 5, «Proof»). Only the
    /// server checks it, so its form is nobody else's concern.
    pub fn proof(&self, doc: &str, hash: &[u8; 32]) -> [u8; PROOF_BYTES] {
        let length = u16::try_from(doc.len()).unwrap_or(u16::MAX).to_be_bytes();
        let full = hmac_sha256(
            &self.proof,
            &[b"fieldseal-proof-v1", &length, doc.as_bytes(), hash],
        );
        let mut proof = [0_u8; PROOF_BYTES];
        proof.copy_from_slice(&full[..PROOF_BYTES]);
        proof
    }
}

fn key_file<const N: usize>(folder: &Path, name: &'static str, env: &Env) -> Result<[u8; N], KeysError> {
    let path = folder.join(name);
    match std::fs::read(&path) {
        Ok(bytes) => return bytes.try_into().map_err(|_| KeysError::Length { name }),
        Err(failure) if failure.kind() == std::io::ErrorKind::NotFound => {}
        Err(source) => return Err(KeysError::File { name, source }),
    }
    let key: [u8; N] = env.random();
    create(folder, &path, &key).map_err(|source| KeysError::File { name, source })?;
    Ok(key)
}

/// Writes beside, syncs, then links under the name: a crash leaves a whole key or none, and an existing one wins.
fn create(folder: &Path, path: &PathBuf, key: &[u8]) -> std::io::Result<()> {
    let mut beside = path.clone().into_os_string();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    match std::fs::remove_file(&beside) {
        Err(failure) if failure.kind() != std::io::ErrorKind::NotFound => return Err(failure),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(key)?;
    file.sync_all()?;
    drop(file);
    std::fs::hard_link(&beside, path)?;
    std::fs::remove_file(&beside)?;
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
