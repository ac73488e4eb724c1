//! Enrolment: a one-time code against a certificate and a token (design 5, last part; mobile anchors 4.2).
//!
//! Invariants: a code has 80 bits, works for ten minutes and for one device key. The same key may come again with the
//! same code (its first answer was lost): it gets the same certificate and a fresh token, and the token before it
//! stops working. A token is kept as its SHA-256. A revoked device is refused from its next request on. Tries are
//! limited per code prefix and overall, so that guessing is hopeless and a flood does not reach the tables.

pub mod code;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use fieldseal_core::domain::calendar::CompanyZone;
use fieldseal_core::domain::certificate::{Certificate, CertificateBody, CertificateError};
use fieldseal_core::domain::ids::{DeviceId, UserId};
use fieldseal_core::domain::signed::PublicKey;
use fieldseal_core::env::Env;
use fieldseal_core::facts::{DocName, Fact, ViewToken, kinds};
use fieldseal_core::wire::{EnrolAnswer, EnrolRequest, ProblemCode};
use sha2::{Digest as _, Sha256};

use crate::auth::limit::Limiter;
use crate::auth::secret::{Secret, hash_of};
use crate::auth::store::{AuthStore, AuthStoreError, CodeRow, SecretHash};
use crate::pipeline::{PipelineError, SyncService};
use crate::storage::{DeviceRow, StorageError};
use code::EnrolmentCode;

/// A code works for ten minutes, ms.
pub const CODE_MS: i64 = 10 * 60_000;
/// What the device signs before code and key.
const PROOF: &[u8] = b"fieldseal-enrol-v1";
/// Longest name of a device, characters.
const NAME_MAX: usize = 64;

/// Why a device is not enrolled, or not let in.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// No such code was given out.
    #[error("unknown code")]
    UnknownCode,
    /// Older than ten minutes.
    #[error("expired code")]
    ExpiredCode,
    /// Used by another key.
    #[error("used code")]
    UsedCode,
    /// Not signed by the key that is named.
    #[error("bad proof")]
    BadProof,
    /// Too many tries.
    #[error("too many tries")]
    TooMany,
    /// The device was revoked.
    #[error("revoked")]
    Revoked,
    /// No token, or nobody's.
    #[error("wrong token")]
    WrongToken,
    /// No such device.
    #[error("unknown device")]
    UnknownDevice,
    /// The tables do not work.
    #[error(transparent)]
    Accounts(#[from] AuthStoreError),
    /// The storage does not work.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The directory cannot be written.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The certificate cannot be issued.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

impl EnrolError {
    /// Whether it is a fault of this server, which belongs into its log.
    pub const fn is_fault(&self) -> bool {
        matches!(self.problem(), ProblemCode::Internal | ProblemCode::Unavailable)
    }

    /// What the phone is told.
    pub const fn problem(&self) -> ProblemCode {
        match self {
            Self::UnknownCode => ProblemCode::UnknownCode,
            Self::ExpiredCode => ProblemCode::ExpiredCode,
            Self::UsedCode => ProblemCode::UsedCode,
            Self::BadProof => ProblemCode::BadProof,
            Self::TooMany => ProblemCode::TooMany,
            Self::Revoked => ProblemCode::Revoked,
            Self::WrongToken | Self::UnknownDevice => ProblemCode::WrongToken,
            Self::Storage(StorageError::Full | StorageError::Busy) => ProblemCode::Unavailable,
            Self::Pipeline(PipelineError::Revoked) => ProblemCode::Revoked,
            Self::Accounts(_) | Self::Storage(_) | Self::Pipeline(_) | Self::Certificate(_) => {
                ProblemCode::Internal
            }
        }
    }
}

/// Codes, certificates, tokens.
pub struct Enrolment {
    service: Arc<SyncService>,
    store: Arc<dyn AuthStore>,
    env: Env,
    zone: CompanyZone,
    organisation: String,
    per_prefix: Limiter,
    overall: Limiter,
}

/// The message that proves possession of a device key: context, the code as it was typed, the public key.
pub fn proof_message(code: &str, public_key: &[u8; 32]) -> Vec<u8> {
    let mut message = PROOF.to_vec();
    message.extend(code.as_bytes());
    message.extend(public_key);
    message
}

/// The tag of a device: first 8 bytes of SHA-256 of its public key, the second half of its actors.
pub fn tag_of(public_key: &[u8; 32]) -> [u8; 8] {
    let hash = Sha256::digest(public_key);
    let mut tag = [0_u8; 8];
    tag.copy_from_slice(&hash[..8]);
    tag
}

impl Enrolment {
    /// Over the given services. `organisation` is the name that certificates and reports carry.
    pub fn new(
        service: Arc<SyncService>,
        store: Arc<dyn AuthStore>,
        env: Env,
        zone: CompanyZone,
        organisation: String,
    ) -> Self {
        Self {
            service,
            store,
            env,
            zone,
            organisation,
            per_prefix: Limiter::new(5, 60_000),
            overall: Limiter::new(60, 1_000),
        }
    }

    /// A fresh code for a device of `user`, and until when it works (ms since the epoch).
    ///
    /// # Errors
    /// [`EnrolError::Accounts`].
    pub fn new_code(&self, user: UserId, issuer: UserId) -> Result<(EnrolmentCode, i64), EnrolError> {
        let code = EnrolmentCode::fresh(&self.env);
        let expires = self.env.clock.read().wall_ms + CODE_MS;
        self.store.add_code(
            &code.hash(),
            &CodeRow {
                user,
                issuer,
                expires,
                used: None,
            },
        )?;
        Ok((code, expires))
    }

    /// Trades a code for a certificate and a token.
    ///
    /// # Errors
    /// [`EnrolError::TooMany`], [`EnrolError::UnknownCode`], [`EnrolError::BadProof`], [`EnrolError::UsedCode`],
    /// [`EnrolError::ExpiredCode`], [`EnrolError::Revoked`] for a key that was revoked, and faults of the server.
    pub fn enrol(&self, request: &EnrolRequest) -> Result<EnrolAnswer, EnrolError> {
        let now = self.env.clock.read();
        if !self.overall.take("", now.monotonic_ms) {
            return Err(EnrolError::TooMany);
        }
        let code = EnrolmentCode::read(&request.code).ok_or(EnrolError::UnknownCode)?;
        if !self.per_prefix.take(code.prefix(), now.monotonic_ms) {
            return Err(EnrolError::TooMany);
        }
        let key: [u8; 32] = *request.public_key;
        let signature = Signature::from_bytes(&request.proof);
        VerifyingKey::from_bytes(&key)
            .and_then(|verifying| verifying.verify_strict(&proof_message(&request.code, &key), &signature))
            .map_err(|_| EnrolError::BadProof)?;
        let row = self.store.code(&code.hash())?.ok_or(EnrolError::UnknownCode)?;
        check(&row, &key, now.wall_ms)?;
        let known = self.device_of_key(&key)?;
        if let Some(known) = &known {
            if known.revoked_at.is_some() {
                return Err(EnrolError::Revoked);
            }
            if known.user != row.user {
                // A key is bound to its engineer for ever: another one's device makes its own.
                return Err(EnrolError::BadProof);
            }
        }
        let device = known
            .as_ref()
            .map_or_else(|| DeviceId(self.env.uuid_v7()), |known| known.id);
        let row = self
            .store
            .use_code(&code.hash(), &key, device)?
            .ok_or(EnrolError::UnknownCode)?;
        check(&row, &key, now.wall_ms)?;
        let device = row.used.map_or(device, |(_, device)| device);
        let token = Secret::fresh(&self.env);
        let certificate = match known {
            Some(known) => self.renew(known.id, &token)?,
            None => self.admit(device, &row, &key, &token, &request.name)?,
        };
        tracing::info!(%device, user = %row.user, "device enrolled");
        Ok(EnrolAnswer {
            certificate: certificate.into(),
            token: token.expose().to_owned(),
            server_time: now.wall_ms,
        })
    }

    /// Gives a device that is enrolled already another token. Whether it is revoked is read in the transaction that
    /// writes: what was read before may be older than a revocation.
    fn renew(&self, device: DeviceId, token: &Secret) -> Result<Vec<u8>, EnrolError> {
        let mut tx = self.service.storage().write()?;
        let mut row = tx.device(device)?.ok_or(EnrolError::UnknownDevice)?;
        if row.revoked_at.is_some() {
            return Err(EnrolError::Revoked);
        }
        row.token_hash = token.hash();
        tx.put_device(&row)?;
        tx.commit()?;
        Ok(row.certificate)
    }

    /// Issues the certificate, stores the device, tells everybody by the directory.
    fn admit(
        &self,
        device: DeviceId,
        code: &CodeRow,
        key: &[u8; 32],
        token: &Secret,
        name: &str,
    ) -> Result<Vec<u8>, EnrolError> {
        let now = self.env.clock.read().wall_ms;
        let organisation = self.service.keys().organisation();
        let body = CertificateBody {
            device,
            engineer: code.user,
            device_key: PublicKey(*key),
            issued_at: self.zone.local_time(now),
            organisation: self.organisation.clone(),
            organisation_key: PublicKey::of(organisation),
        };
        let certificate = Certificate::issue(body, organisation)?.to_bytes();
        let tag = tag_of(key);
        let row = DeviceRow {
            id: device,
            user: code.user,
            tag,
            public_key: *key,
            certificate: certificate.clone(),
            token_hash: token.hash(),
            name: name
                .chars()
                .filter(|c| !c.is_control())
                .take(NAME_MAX)
                .collect::<String>()
                .trim()
                .to_owned(),
            start: 0,
            created_at: now,
            revoked_at: None,
            last_seen: None,
        };
        let fact = Fact::Device(kinds::Device {
            device,
            user: code.user,
            tag: hex::encode(tag),
            certificate: STANDARD.encode(&certificate),
        });
        self.service.office(|office| {
            office.enrol(row)?;
            office.append(
                code.issuer,
                &[(DocName::Directory, vec![fact])],
                &ViewToken::default(),
            )?;
            Ok::<_, PipelineError>(())
        })?;
        Ok(certificate)
    }

    fn device_of_key(&self, key: &[u8; 32]) -> Result<Option<DeviceRow>, EnrolError> {
        let tx = self.service.storage().read()?;
        Ok(tx.devices()?.into_iter().find(|device| device.public_key == *key))
    }

    /// The device of a bearer token, if it may come in.
    ///
    /// # Errors
    /// [`EnrolError::WrongToken`], [`EnrolError::Revoked`].
    pub fn authorise(&self, token: &str) -> Result<DeviceRow, EnrolError> {
        let tx = self.service.storage().read()?;
        match tx.device_by_token(&hash_of(token))? {
            None => Err(EnrolError::WrongToken),
            Some(device) if device.revoked_at.is_some() => Err(EnrolError::Revoked),
            Some(device) => Ok(device),
        }
    }

    /// Revokes a device: refused from its next request on.
    ///
    /// # Errors
    /// [`EnrolError::UnknownDevice`].
    pub fn revoke(&self, device: DeviceId, by: UserId, reason: &str) -> Result<(), EnrolError> {
        self.service
            .office(|office| office.revoke(by, device, reason))
            .map_err(|error| match error {
                PipelineError::UnknownDevice => EnrolError::UnknownDevice,
                other => EnrolError::Pipeline(other),
            })
    }
}

/// Whether this key may (still) use this code.
fn check(code: &CodeRow, key: &SecretHash, now: i64) -> Result<(), EnrolError> {
    match code.used {
        Some((user, _)) if user != *key => Err(EnrolError::UsedCode),
        _ if code.expires <= now => Err(EnrolError::ExpiredCode),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
