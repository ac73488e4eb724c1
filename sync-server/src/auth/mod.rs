//! Who is at the page: accounts, passwords set at one-time links, sessions with a CSRF token.
//!
//! Invariants: there is no default password; a secret is given out once and kept as its SHA-256; a session ends by
//! idleness, by age, by signing out and by a new password; a wrong login tells nothing about whether it exists.
//! Roles are not here: they are facts of the `directory` document and are looked up on every request, so that
//! taking one away holds from the next request on.

pub mod limit;
pub mod password;
pub mod secret;
pub mod store;

use std::sync::Arc;

use fieldseal_core::domain::ids::UserId;
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::env::Env;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use limit::Limiter;
use password::PasswordError;
use secret::{Secret, hash_of};
use store::{Account, AuthStore, AuthStoreError, Link, LinkPurpose, SessionRow};

/// A session ends after this much idleness: a working day, ms.
pub const SESSION_IDLE_MS: i64 = 12 * 3_600_000;
/// And after this age, whatever its use: two weeks, ms.
pub const SESSION_MAX_MS: i64 = 14 * 24 * 3_600_000;
/// A link for setting a password is good for a day, ms.
pub const LINK_MS: i64 = 24 * 3_600_000;
/// How often at most a session's use is written down, ms.
const TOUCH_MS: i64 = 60_000;
/// Passwords hashed or checked at once: each takes 19 MiB and a core for some ten milliseconds.
const HASHES_AT_ONCE: usize = 2;
/// Longest login, characters.
const LOGIN_MAX: usize = 64;

/// Why somebody is not let in, or a link does not work.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Login or password are not right; which one is not told.
    #[error("login or password wrong")]
    WrongCredentials,
    /// Too many tries; wait.
    #[error("too many tries")]
    TooManyTries,
    /// The link is unknown or was replaced by a newer one.
    #[error("unknown link")]
    LinkUnknown,
    /// The link's time is over.
    #[error("link expired")]
    LinkExpired,
    /// The link was used.
    #[error("link used")]
    LinkUsed,
    /// The new password is refused.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The login is taken, empty, or longer than 64 characters.
    #[error("login taken or not usable")]
    Login,
    /// The tables do not work.
    #[error(transparent)]
    Store(#[from] AuthStoreError),
}

impl AuthError {
    /// The stable code, with a text in both languages under `auth.<code>`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WrongCredentials => "wrong_credentials",
            Self::TooManyTries => "too_many_tries",
            Self::LinkUnknown => "link_unknown",
            Self::LinkExpired => "link_expired",
            Self::LinkUsed => "link_used",
            Self::Password(PasswordError::TooShort) => "password_too_short",
            Self::Password(PasswordError::TooLong) => "password_too_long",
            Self::Login => "login_taken",
            Self::Password(PasswordError::Hashing) | Self::Store(_) => "unexpected",
        }
    }
}

/// A session that is valid now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidSession {
    /// Who.
    pub account: Account,
    /// What this session's forms must carry.
    pub csrf: String,
}

/// Accounts, links and sessions.
pub struct Auth {
    store: Arc<dyn AuthStore>,
    env: Env,
    /// Tries of each account.
    per_login: Limiter,
    /// Tries of all logins together that no account has: a flood of them takes nothing from those that exist.
    made_up: Limiter,
    hashing: Arc<Semaphore>,
}

impl Auth {
    /// Over the given tables.
    pub fn new(store: Arc<dyn AuthStore>, env: Env) -> Self {
        Self {
            store,
            env,
            per_login: Limiter::new(10, 60_000),
            made_up: Limiter::new(100, 1_000),
            hashing: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
        }
    }

    /// A turn to hash or check a password, in order of asking; hold it until that is done. None once the server stops.
    pub async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        self.hashing.clone().acquire_owned().await.ok()
    }

    fn now(&self) -> i64 {
        self.env.clock.read().wall_ms
    }

    /// The tables.
    pub fn store(&self) -> &Arc<dyn AuthStore> {
        &self.store
    }

    /// Adds an account without a password.
    ///
    /// # Errors
    /// [`AuthError::Login`] for a login that is taken, empty, has white space or is longer than 64 characters.
    pub fn add_account(&self, user: UserId, login: &str, language: Lang) -> Result<(), AuthError> {
        let usable = !login.is_empty()
            && login.chars().count() <= LOGIN_MAX
            && !login.chars().any(|c| c.is_whitespace() || c.is_control());
        let account = Account {
            user,
            login: login.to_lowercase(),
            password: None,
            language,
        };
        if usable && self.store.add_account(&account)? {
            Ok(())
        } else {
            Err(AuthError::Login)
        }
    }

    /// Makes a one-time link; earlier unused ones of the same kind stop working.
    ///
    /// # Errors
    /// [`AuthError::Store`].
    pub fn new_link(&self, user: UserId, purpose: LinkPurpose) -> Result<Secret, AuthError> {
        let secret = Secret::fresh(&self.env);
        let link = Link {
            user,
            purpose,
            expires: self.now() + LINK_MS,
            used: false,
        };
        self.store.add_link(&secret.hash(), &link)?;
        Ok(secret)
    }

    /// What a link is for and for whom, without using it up: what its page shows.
    ///
    /// # Errors
    /// [`AuthError::LinkUnknown`], [`AuthError::LinkUsed`], [`AuthError::LinkExpired`].
    pub fn look_at_link(&self, secret: &str) -> Result<(Account, LinkPurpose), AuthError> {
        let link = self.store.link(&hash_of(secret))?.ok_or(AuthError::LinkUnknown)?;
        if link.used {
            return Err(AuthError::LinkUsed);
        }
        if link.expires <= self.now() {
            return Err(AuthError::LinkExpired);
        }
        let account = self.store.account(link.user)?.ok_or(AuthError::LinkUnknown)?;
        Ok((account, link.purpose))
    }

    /// Sets the password at a link, ends the person's other sessions and signs in.
    ///
    /// # Errors
    /// Those of the link and of the password; after a refused password the link still works.
    pub fn set_password(&self, secret: &str, password: &str) -> Result<Secret, AuthError> {
        self.look_at_link(secret)?;
        let hash = password::hash(password, &self.env)?;
        let user = self
            .store
            .use_link(
                &hash_of(secret),
                LinkPurpose::SetPassword,
                self.now(),
                Some(&hash),
            )?
            .ok_or(AuthError::LinkUsed)?;
        self.new_session(user)
    }

    /// Signs in by a link that is good for that, once.
    ///
    /// # Errors
    /// Those of the link.
    pub fn sign_in_by_link(&self, secret: &str) -> Result<Secret, AuthError> {
        self.look_at_link(secret)?;
        let user = self
            .store
            .use_link(&hash_of(secret), LinkPurpose::SignIn, self.now(), None)?
            .ok_or(AuthError::LinkUsed)?;
        self.new_session(user)
    }

    /// Signs in by login and password. Slow by design (argon2): call it where blocking is allowed, with a
    /// [`Auth::turn`].
    ///
    /// # Errors
    /// [`AuthError::WrongCredentials`], [`AuthError::TooManyTries`].
    pub fn sign_in(&self, login: &str, password: &str) -> Result<Secret, AuthError> {
        // No account has such a login, and a limiter must not keep it.
        if login.chars().count() > LOGIN_MAX {
            return Err(AuthError::WrongCredentials);
        }
        let login = login.to_lowercase();
        let now = self.env.clock.read().monotonic_ms;
        let account = self.store.account_by_login(&login)?;
        let may = match &account {
            Some(_) => self.per_login.take(&login, now),
            None => self.made_up.take("", now),
        };
        if !may {
            return Err(AuthError::TooManyTries);
        }
        let stored = account.as_ref().and_then(|account| account.password.as_deref());
        let right = password::verify(password, stored);
        match account {
            Some(account) if right => {
                self.per_login.forgive(&login);
                self.new_session(account.user)
            }
            _ => Err(AuthError::WrongCredentials),
        }
    }

    fn new_session(&self, user: UserId) -> Result<Secret, AuthError> {
        let (secret, now) = (Secret::fresh(&self.env), self.now());
        let row = SessionRow {
            user,
            created: now,
            seen: now,
        };
        self.store
            .add_session(&secret.hash(), &row, now - SESSION_MAX_MS)?;
        Ok(secret)
    }

    /// The session of a cookie's value, if it is valid now.
    ///
    /// # Errors
    /// [`AuthError::Store`].
    pub fn session(&self, cookie: &str) -> Result<Option<ValidSession>, AuthError> {
        let (hash, now) = (hash_of(cookie), self.now());
        let Some(row) = self.store.session(&hash)? else {
            return Ok(None);
        };
        if now - row.created >= SESSION_MAX_MS || now - row.seen >= SESSION_IDLE_MS {
            self.store.end_session(&hash)?;
            return Ok(None);
        }
        if now - row.seen >= TOUCH_MS {
            self.store.touch_session(&hash, now)?;
        }
        let Some(account) = self.store.account(row.user)? else {
            return Ok(None);
        };
        Ok(Some(ValidSession {
            account,
            csrf: secret::csrf_of(cookie),
        }))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`AuthError::Store`].
    pub fn sign_out(&self, cookie: &str) -> Result<(), AuthError> {
        Ok(self.store.end_session(&hash_of(cookie))?)
    }
}

#[cfg(test)]
mod tests;
