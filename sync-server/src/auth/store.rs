//! Where accounts, sessions, one-time links and enrolment codes are kept: tables beside the facts in the same
//! SQLite file. None of them is a fact: they are secrets of this installation, and no phone ever gets them.
//!
//! Invariants: passwords only as argon2id strings; sessions, links and codes only as SHA-256 of the secret; what is
//! one-time is taken in one transaction.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use fieldseal_core::domain::ids::{DeviceId, UserId};
use fieldseal_core::domain::texts::Lang;
use rusqlite::{Connection, OptionalExtension as _, Row, TransactionBehavior, params};
use uuid::Uuid;

/// SHA-256 of a secret: how a session, a link or a code is found again.
pub type SecretHash = [u8; 32];

/// The tables cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum AuthStoreError {
    /// SQLite says no.
    #[error("the accounts cannot be read or written")]
    Sqlite(#[from] rusqlite::Error),
    /// A row holds what no version of this program writes.
    #[error("a row of the accounts is damaged")]
    Damaged,
    /// The file comes from a newer version.
    #[error(
        "the accounts were written by a newer version of the server (schema {found}, this one knows {known})"
    )]
    Newer {
        /// Version in the file.
        found: i64,
        /// Version of this program.
        known: i64,
    },
}

/// A person who can sign in. Name and roles stand in the `directory` document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The person.
    pub user: UserId,
    /// What the person types to sign in.
    pub login: String,
    /// The argon2id string; none until the person has set a password.
    pub password: Option<String>,
    /// The language of the page.
    pub language: Lang,
}

/// What a one-time link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPurpose {
    /// Setting (or replacing) the person's password; ends the person's sessions.
    SetPassword,
    /// Signing in once without a password (demo).
    SignIn,
}

/// A one-time link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Whose.
    pub user: UserId,
    /// What for.
    pub purpose: LinkPurpose,
    /// Until when, ms.
    pub expires: i64,
    /// Whether it was used.
    pub used: bool,
}

/// A signed-in browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionRow {
    /// Whose.
    pub user: UserId,
    /// Since when, ms.
    pub created: i64,
    /// Last request (to the minute), ms.
    pub seen: i64,
}

/// An enrolment code as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeRow {
    /// The engineer whose device it admits.
    pub user: UserId,
    /// Who made it.
    pub issuer: UserId,
    /// Until when, ms.
    pub expires: i64,
    /// The public key that used it, and the device that came of it.
    pub used: Option<(SecretHash, DeviceId)>,
}

/// The tables, as the services see them.
pub trait AuthStore: Send + Sync {
    /// Adds an account; `false` if the login or the person has one already.
    fn add_account(&self, account: &Account) -> Result<bool, AuthStoreError>;
    /// The account with this login.
    fn account_by_login(&self, login: &str) -> Result<Option<Account>, AuthStoreError>;
    /// The account of a person.
    fn account(&self, user: UserId) -> Result<Option<Account>, AuthStoreError>;
    /// Every account, by login.
    fn accounts(&self) -> Result<Vec<Account>, AuthStoreError>;
    /// Changes the language of a person's page.
    fn set_language(&self, user: UserId, language: Lang) -> Result<(), AuthStoreError>;

    /// Keeps a link; earlier unused ones of the same person and purpose end.
    fn add_link(&self, hash: &SecretHash, link: &Link) -> Result<(), AuthStoreError>;
    /// A link, used or not.
    fn link(&self, hash: &SecretHash) -> Result<Option<Link>, AuthStoreError>;
    /// Uses a link if it is of that purpose, unused and not expired; with `password`, sets it and ends the person's
    /// sessions. All of it or nothing.
    fn use_link(
        &self,
        hash: &SecretHash,
        purpose: LinkPurpose,
        now: i64,
        password: Option<&str>,
    ) -> Result<Option<UserId>, AuthStoreError>;

    /// Keeps a session, and forgets those that ended before `ended_before`.
    fn add_session(
        &self,
        hash: &SecretHash,
        session: &SessionRow,
        ended_before: i64,
    ) -> Result<(), AuthStoreError>;
    /// A session, expired or not.
    fn session(&self, hash: &SecretHash) -> Result<Option<SessionRow>, AuthStoreError>;
    /// Notes that it was used.
    fn touch_session(&self, hash: &SecretHash, seen: i64) -> Result<(), AuthStoreError>;
    /// Ends it.
    fn end_session(&self, hash: &SecretHash) -> Result<(), AuthStoreError>;
    /// Ends all of a person's sessions.
    fn end_sessions_of(&self, user: UserId) -> Result<(), AuthStoreError>;

    /// Keeps an enrolment code.
    fn add_code(&self, hash: &SecretHash, code: &CodeRow) -> Result<(), AuthStoreError>;
    /// Ends all enrolment codes for devices of a person, used ones too (their key could come again).
    fn end_codes_of(&self, user: UserId) -> Result<(), AuthStoreError>;
    /// A code, whatever became of it.
    fn code(&self, hash: &SecretHash) -> Result<Option<CodeRow>, AuthStoreError>;
    /// Marks a code as used by this key for this device if nobody used it; returns the row as it is afterwards.
    fn use_code(
        &self,
        hash: &SecretHash,
        key: &SecretHash,
        device: DeviceId,
    ) -> Result<Option<CodeRow>, AuthStoreError>;
}

const SCHEMA: i64 = 1;
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS auth_schema (version INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS auth_account (
        user BLOB PRIMARY KEY, login TEXT NOT NULL UNIQUE, password TEXT, language TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS auth_link (
        hash BLOB PRIMARY KEY, user BLOB NOT NULL, purpose TEXT NOT NULL, expires INTEGER NOT NULL,
        used INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS auth_session (
        hash BLOB PRIMARY KEY, user BLOB NOT NULL, created INTEGER NOT NULL, seen INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS auth_code (
        hash BLOB PRIMARY KEY, user BLOB NOT NULL, issuer BLOB NOT NULL, expires INTEGER NOT NULL, key BLOB,
        device BLOB
    ) STRICT, WITHOUT ROWID;
";

/// [`AuthStore`] in the server's SQLite file, over a connection of its own.
pub struct SqliteAuthStore {
    connection: Mutex<Connection>,
}

impl SqliteAuthStore {
    /// Opens the tables, making them if needed.
    ///
    /// # Errors
    /// [`AuthStoreError::Newer`] for a newer file, which stays untouched; else what SQLite says.
    pub fn open(path: &Path) -> Result<Self, AuthStoreError> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let exists: bool = transaction.query_row(
            "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'auth_schema')",
            [],
            |row| row.get(0),
        )?;
        if exists {
            let found: i64 =
                transaction.query_row("SELECT version FROM auth_schema", [], |row| row.get(0))?;
            if found > SCHEMA {
                return Err(AuthStoreError::Newer { found, known: SCHEMA });
            }
        } else {
            transaction.execute_batch(TABLES)?;
            transaction.execute("INSERT INTO auth_schema VALUES (?1)", [SCHEMA])?;
        }
        transaction.commit()?;
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    /// A panic while the lock is held rolls its transaction back, so the connection stays usable.
    fn lock(&self) -> std::sync::MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The columns of an account as they are stored.
type AccountColumns = (Uuid16, String, Option<String>, String);
type Uuid16 = [u8; 16];

fn account_columns(row: &Row<'_>) -> rusqlite::Result<AccountColumns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn account_of((user, login, password, language): AccountColumns) -> Result<Account, AuthStoreError> {
    Ok(Account {
        user: UserId(Uuid::from_bytes(user)),
        login,
        password,
        language: language.parse().map_err(|_| AuthStoreError::Damaged)?,
    })
}

const fn purpose_text(purpose: LinkPurpose) -> &'static str {
    match purpose {
        LinkPurpose::SetPassword => "set_password",
        LinkPurpose::SignIn => "sign_in",
    }
}

fn read_code(connection: &Connection, hash: &SecretHash) -> Result<Option<CodeRow>, AuthStoreError> {
    let row = connection
        .query_row(
            "SELECT user, issuer, expires, key, device FROM auth_code WHERE hash = ?1",
            [hash.as_slice()],
            |row| {
                Ok((
                    row.get::<_, Uuid16>(0)?,
                    row.get::<_, Uuid16>(1)?,
                    row.get(2)?,
                    row.get::<_, Option<SecretHash>>(3)?,
                    row.get::<_, Option<Uuid16>>(4)?,
                ))
            },
        )
        .optional()?;
    Ok(row.map(|(user, issuer, expires, key, device)| CodeRow {
        user: UserId(Uuid::from_bytes(user)),
        issuer: UserId(Uuid::from_bytes(issuer)),
        expires,
        used: key
            .zip(device)
            .map(|(key, device)| (key, DeviceId(Uuid::from_bytes(device)))),
    }))
}

impl AuthStore for SqliteAuthStore {
    fn add_account(&self, account: &Account) -> Result<bool, AuthStoreError> {
        let added = self.lock().execute(
            "INSERT OR IGNORE INTO auth_account VALUES (?1, ?2, ?3, ?4)",
            params![
                account.user.0.as_bytes(),
                account.login,
                account.password,
                account.language.as_str()
            ],
        )?;
        Ok(added == 1)
    }

    fn account_by_login(&self, login: &str) -> Result<Option<Account>, AuthStoreError> {
        self.lock()
            .query_row(
                "SELECT * FROM auth_account WHERE login = ?1",
                [login],
                account_columns,
            )
            .optional()?
            .map(account_of)
            .transpose()
    }

    fn account(&self, user: UserId) -> Result<Option<Account>, AuthStoreError> {
        self.lock()
            .query_row(
                "SELECT * FROM auth_account WHERE user = ?1",
                [user.0.as_bytes()],
                account_columns,
            )
            .optional()?
            .map(account_of)
            .transpose()
    }

    fn accounts(&self) -> Result<Vec<Account>, AuthStoreError> {
        let connection = self.lock();
        let mut statement = connection.prepare("SELECT * FROM auth_account ORDER BY login")?;
        let rows = statement.query_map([], account_columns)?;
        rows.map(|row| account_of(row?)).collect()
    }

    fn set_language(&self, user: UserId, language: Lang) -> Result<(), AuthStoreError> {
        self.lock().execute(
            "UPDATE auth_account SET language = ?2 WHERE user = ?1",
            params![user.0.as_bytes(), language.as_str()],
        )?;
        Ok(())
    }

    fn add_link(&self, hash: &SecretHash, link: &Link) -> Result<(), AuthStoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (user, purpose) = (link.user.0.as_bytes(), purpose_text(link.purpose));
        transaction.execute(
            "DELETE FROM auth_link WHERE user = ?1 AND purpose = ?2 AND used = 0",
            params![user, purpose],
        )?;
        transaction.execute(
            "INSERT INTO auth_link VALUES (?1, ?2, ?3, ?4, ?5)",
            params![hash, user, purpose, link.expires, link.used],
        )?;
        Ok(transaction.commit()?)
    }

    fn link(&self, hash: &SecretHash) -> Result<Option<Link>, AuthStoreError> {
        let row = self
            .lock()
            .query_row(
                "SELECT user, purpose, expires, used FROM auth_link WHERE hash = ?1",
                [hash.as_slice()],
                |row| {
                    Ok((
                        row.get::<_, Uuid16>(0)?,
                        row.get::<_, String>(1)?,
                        row.get(2)?,
                        row.get(3)?,
                    ))
                },
            )
            .optional()?;
        let Some((user, purpose, expires, used)) = row else {
            return Ok(None);
        };
        let purpose = [LinkPurpose::SetPassword, LinkPurpose::SignIn]
            .into_iter()
            .find(|known| purpose_text(*known) == purpose)
            .ok_or(AuthStoreError::Damaged)?;
        Ok(Some(Link {
            user: UserId(Uuid::from_bytes(user)),
            purpose,
            expires,
            used,
        }))
    }

    fn use_link(
        &self,
        hash: &SecretHash,
        purpose: LinkPurpose,
        now: i64,
        password: Option<&str>,
    ) -> Result<Option<UserId>, AuthStoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let user: Option<Uuid16> = transaction
            .query_row(
                "UPDATE auth_link SET used = 1 WHERE hash = ?1 AND purpose = ?2 AND used = 0 AND expires > ?3
                 RETURNING user",
                params![hash, purpose_text(purpose), now],
                |row| row.get(0),
            )
            .optional()?;
        let Some(user) = user else {
            return Ok(None);
        };
        if let Some(password) = password {
            transaction.execute(
                "UPDATE auth_account SET password = ?2 WHERE user = ?1",
                params![user, password],
            )?;
            transaction.execute("DELETE FROM auth_session WHERE user = ?1", params![user])?;
        }
        transaction.commit()?;
        Ok(Some(UserId(Uuid::from_bytes(user))))
    }

    fn add_session(
        &self,
        hash: &SecretHash,
        session: &SessionRow,
        ended_before: i64,
    ) -> Result<(), AuthStoreError> {
        let connection = self.lock();
        connection.execute("DELETE FROM auth_session WHERE created < ?1", [ended_before])?;
        connection.execute(
            "INSERT INTO auth_session VALUES (?1, ?2, ?3, ?4)",
            params![hash, session.user.0.as_bytes(), session.created, session.seen],
        )?;
        Ok(())
    }

    fn session(&self, hash: &SecretHash) -> Result<Option<SessionRow>, AuthStoreError> {
        let row = self
            .lock()
            .query_row(
                "SELECT user, created, seen FROM auth_session WHERE hash = ?1",
                [hash.as_slice()],
                |row| Ok((row.get::<_, Uuid16>(0)?, row.get(1)?, row.get(2)?)),
            )
            .optional()?;
        Ok(row.map(|(user, created, seen)| SessionRow {
            user: UserId(Uuid::from_bytes(user)),
            created,
            seen,
        }))
    }

    fn touch_session(&self, hash: &SecretHash, seen: i64) -> Result<(), AuthStoreError> {
        self.lock().execute(
            "UPDATE auth_session SET seen = ?2 WHERE hash = ?1 AND seen < ?2",
            params![hash, seen],
        )?;
        Ok(())
    }

    fn end_session(&self, hash: &SecretHash) -> Result<(), AuthStoreError> {
        self.lock()
            .execute("DELETE FROM auth_session WHERE hash = ?1", [hash.as_slice()])?;
        Ok(())
    }

    fn end_sessions_of(&self, user: UserId) -> Result<(), AuthStoreError> {
        self.lock()
            .execute("DELETE FROM auth_session WHERE user = ?1", [user.0.as_bytes()])?;
        Ok(())
    }

    fn end_codes_of(&self, user: UserId) -> Result<(), AuthStoreError> {
        self.lock()
            .execute("DELETE FROM auth_code WHERE user = ?1", [user.0.as_bytes()])?;
        Ok(())
    }

    fn add_code(&self, hash: &SecretHash, code: &CodeRow) -> Result<(), AuthStoreError> {
        self.lock().execute(
            "INSERT INTO auth_code (hash, user, issuer, expires) VALUES (?1, ?2, ?3, ?4)",
            params![
                hash,
                code.user.0.as_bytes(),
                code.issuer.0.as_bytes(),
                code.expires
            ],
        )?;
        Ok(())
    }

    fn code(&self, hash: &SecretHash) -> Result<Option<CodeRow>, AuthStoreError> {
        read_code(&self.lock(), hash)
    }

    fn use_code(
        &self,
        hash: &SecretHash,
        key: &SecretHash,
        device: DeviceId,
    ) -> Result<Option<CodeRow>, AuthStoreError> {
        let connection = self.lock();
        connection.execute(
            "UPDATE auth_code SET key = ?2, device = ?3 WHERE hash = ?1 AND key IS NULL",
            params![hash, key, device.0.as_bytes()],
        )?;
        read_code(&connection, hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    fn store(folder: &tempfile::TempDir) -> SqliteAuthStore {
        SqliteAuthStore::open(&folder.path().join("a.sqlite")).unwrap()
    }

    #[test]
    fn accounts_survive_reopening_and_logins_are_unique() {
        let folder = tempfile::tempdir().unwrap();
        let account = Account {
            user: user(1),
            login: "li".to_owned(),
            password: None,
            language: Lang::ZhCn,
        };
        assert!(store(&folder).add_account(&account).unwrap());
        let store = store(&folder);
        let other = Account {
            user: user(2),
            ..account.clone()
        };
        assert!(!store.add_account(&other).unwrap());
        store.set_language(user(1), Lang::En).unwrap();
        let found = store.account_by_login("li").unwrap().unwrap();
        assert_eq!((found.user, found.language), (user(1), Lang::En));
        assert_eq!(store.accounts().unwrap(), vec![found.clone()]);
        assert_eq!(store.account(user(1)).unwrap(), Some(found));
        assert_eq!(store.account(user(2)).unwrap(), None);
    }

    #[test]
    fn a_link_is_used_once_and_a_new_one_ends_the_old() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        let link = Link {
            user: user(1),
            purpose: LinkPurpose::SetPassword,
            expires: 100,
            used: false,
        };
        store.add_link(&[1; 32], &link).unwrap();
        store.add_link(&[2; 32], &link).unwrap();
        assert_eq!(store.link(&[1; 32]).unwrap(), None);
        let take = |hash, purpose, now| store.use_link(hash, purpose, now, None).unwrap();
        assert_eq!(take(&[2; 32], LinkPurpose::SignIn, 50), None);
        assert_eq!(take(&[2; 32], LinkPurpose::SetPassword, 100), None);
        assert_eq!(take(&[2; 32], LinkPurpose::SetPassword, 99), Some(user(1)));
        assert_eq!(take(&[2; 32], LinkPurpose::SetPassword, 99), None);
        assert!(store.link(&[2; 32]).unwrap().unwrap().used);
    }

    #[test]
    fn a_newer_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        drop(store(&folder));
        let path = folder.path().join("a.sqlite");
        Connection::open(&path)
            .unwrap()
            .execute("UPDATE auth_schema SET version = 99", [])
            .unwrap();
        let refused = SqliteAuthStore::open(&path);
        assert!(matches!(
            refused,
            Err(AuthStoreError::Newer {
                found: 99,
                known: SCHEMA
            })
        ));
    }

    #[test]
    fn a_code_goes_to_the_first_key() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        let code = CodeRow {
            user: user(1),
            issuer: user(2),
            expires: 100,
            used: None,
        };
        store.add_code(&[1; 32], &code).unwrap();
        let device = DeviceId(Uuid::from_u128(7));
        let first = store.use_code(&[1; 32], &[8; 32], device).unwrap().unwrap();
        assert_eq!(first.used, Some(([8; 32], device)));
        let second = store
            .use_code(&[1; 32], &[9; 32], DeviceId(Uuid::from_u128(8)))
            .unwrap()
            .unwrap();
        assert_eq!(second.used, first.used);
        assert_eq!(store.code(&[2; 32]).unwrap(), None);
    }
}
