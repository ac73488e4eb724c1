//! Who this installation is. The secret key and the token stand in the file because the file is the thing that the
//! platform protects (SQLCipher key in its keystore); `Debug` shows neither.

use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;
use crate::domain::ids::{DeviceId, UserId};

/// The one identity row.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// Ed25519 secret key.
    pub device_key: [u8; 32],
    /// First 8 bytes of SHA-256 of the public key: the second half of this device's actors.
    pub tag: [u8; 8],
    /// Random; tells a restored copy of this file from the original (design 5, «Actors»).
    pub install: [u8; 16],
    /// Where the server is.
    pub server_url: Option<String>,
    /// The bearer token.
    pub token: Option<String>,
    /// Canonical bytes of the certificate.
    pub certificate: Option<Vec<u8>>,
    /// The engineer, once enrolled.
    pub user: Option<UserId>,
    /// The device's id, once enrolled.
    pub device: Option<DeviceId>,
    /// What the person calls the device.
    pub device_name: Option<String>,
    /// The server said that this device is revoked.
    pub revoked: bool,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("tag", &hex::encode(self.tag))
            .field("user", &self.user)
            .field("device", &self.device)
            .field("revoked", &self.revoked)
            .finish_non_exhaustive()
    }
}

/// The identity, if there is one.
///
/// # Errors
/// [`StoreError::Malformed`]; those of SQLite.
pub fn load(connection: &Connection) -> Result<Option<Identity>, StoreError> {
    let row = connection
        .prepare_cached(
            "SELECT device_key, tag, install, server_url, token, certificate, user, device, device_name, revoked
             FROM identity WHERE one = 1",
        )?
        .query_row([], |row| {
            let identity = Identity {
                device_key: row.get(0)?,
                tag: row.get(1)?,
                install: row.get(2)?,
                server_url: row.get(3)?,
                token: row.get(4)?,
                certificate: row.get(5)?,
                user: None,
                device: None,
                device_name: row.get(8)?,
                revoked: row.get(9)?,
            };
            Ok((identity, row.get::<_, Option<String>>(6)?, row.get::<_, Option<String>>(7)?))
        })
        .optional()?;
    row.map(|(mut identity, user, device)| {
        let malformed = |_| StoreError::Malformed { what: "identity" };
        identity.user = user.map(|text| text.parse()).transpose().map_err(malformed)?;
        identity.device = device.map(|text| text.parse()).transpose().map_err(malformed)?;
        Ok(identity)
    })
    .transpose()
}

/// Writes the identity, replacing the one before.
///
/// # Errors
/// Those of SQLite.
pub fn save(connection: &Connection, identity: &Identity) -> Result<(), StoreError> {
    connection.execute(
        "INSERT OR REPLACE INTO identity
           (one, device_key, tag, install, server_url, token, certificate, user, device, device_name, revoked)
         VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            identity.device_key,
            identity.tag,
            identity.install,
            identity.server_url,
            identity.token,
            identity.certificate,
            identity.user.map(|id| id.to_string()),
            identity.device.map(|id| id.to_string()),
            identity.device_name,
            identity.revoked,
        ],
    )?;
    Ok(())
}
