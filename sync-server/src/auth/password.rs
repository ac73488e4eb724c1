//! Passwords: argon2id with the crate's recommended cost (19 MiB, two passes), salt from the injected randomness.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier as _};
use fieldseal_core::env::Env;

/// Shorter passwords are refused (in characters).
pub const MIN_CHARS: usize = 10;
/// Longer passwords are refused (in bytes): hashing them costs time for whoever sends them.
pub const MAX_BYTES: usize = 256;

/// A password cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than [`MIN_CHARS`] characters.
    #[error("password too short")]
    TooShort,
    /// More than [`MAX_BYTES`] bytes.
    #[error("password too long")]
    TooLong,
    /// Hashing failed (out of memory).
    #[error("password hashing failed")]
    Hashing,
}

/// The string that is stored.
///
/// # Errors
/// See [`PasswordError`].
pub fn hash(password: &str, env: &Env) -> Result<String, PasswordError> {
    if password.chars().count() < MIN_CHARS {
        return Err(PasswordError::TooShort);
    }
    if password.len() > MAX_BYTES {
        return Err(PasswordError::TooLong);
    }
    let salt = env.random::<16>();
    let hash: PasswordHash =
        PasswordHasher::hash_password_with_salt(&Argon2::default(), password.as_bytes(), &salt)
            .map_err(|_| PasswordError::Hashing)?;
    Ok(hash.to_string())
}

/// Whether the password is the one. Without a stored string (unknown login, no password yet) the same work is done
/// and the answer is no, so that the time does not tell which logins exist.
pub fn verify(password: &str, stored: Option<&str>) -> bool {
    /// Of a password that nobody knows; made once with the same cost.
    const DECOY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    if password.len() > MAX_BYTES {
        return false;
    }
    let Ok(hash) = PasswordHash::new(stored.unwrap_or(DECOY)) else {
        return false;
    };
    Argon2::default()
        .verify_password(password.as_bytes(), &hash)
        .is_ok()
        && stored.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_salted_argon2id_and_verify() {
        let env = crate::system::system_env().unwrap();
        let (first, second) = (
            hash("correct horse", &env).unwrap(),
            hash("correct horse", &env).unwrap(),
        );
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_ne!(first, second);
        assert!(verify("correct horse", Some(&first)));
        assert!(!verify("correct horsf", Some(&first)));
        assert!(!verify("correct horse", None));
        assert!(!verify("correct horse", Some("nonsense")));
    }

    #[test]
    fn length_is_bounded_on_both_sides() {
        let env = crate::system::system_env().unwrap();
        assert_eq!(hash("123456789", &env), Err(PasswordError::TooShort));
        assert_eq!(hash(&"x".repeat(257), &env), Err(PasswordError::TooLong));
        assert!(hash("电子印章售后服务密码", &env).is_ok());
    }
}
