//! People with accounts: facts of the `directory` (name, roles) beside the account (login, password).

use std::sync::Arc;

use fieldseal_core::domain::ids::UserId;
use fieldseal_core::domain::roles::{Operation, Role};
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::facts::directory::DirectoryView;
use fieldseal_core::facts::{DocName, Fact, ViewToken, kinds};

use super::fields::required;
use super::{Office, OfficeError, Person, require};
use crate::auth::AuthError;
use crate::auth::secret::Secret;
use crate::auth::store::LinkPurpose;

/// A person as the form has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// What the person types to sign in.
    pub login: String,
    /// The name shown to colleagues.
    pub name: String,
    /// Roles, at least one.
    pub roles: Vec<Role>,
    /// Language of the page.
    pub language: Lang,
}

/// A person in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserLine {
    /// Who, with roles.
    pub person: Person,
    /// The login; none for a person of the directory without an account on this server.
    pub login: Option<String>,
    /// Whether a password was set.
    pub has_password: bool,
}

impl From<AuthError> for OfficeError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Login => Self::field("login", "login_taken"),
            other => Self::unexpected(other),
        }
    }
}

/// A person of the directory. Roles that this version does not know give no rights.
fn person_of(directory: &DirectoryView, user: UserId) -> Option<Person> {
    directory.users.get(&user).map(|entry| Person {
        user,
        name: entry.user.name.clone(),
        roles: entry
            .user
            .roles
            .iter()
            .filter_map(|role| role.parse().ok())
            .collect(),
        active: entry.user.active,
    })
}

impl Office {
    /// A person with name and roles as of now.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn person(&self, user: UserId) -> Result<Option<Person>, OfficeError> {
        Ok(person_of(&*self.views.directory()?, user))
    }

    /// Everybody, by name; for choosing an engineer or showing names.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn people(&self) -> Result<Vec<Person>, OfficeError> {
        let directory: Arc<DirectoryView> = self.views.directory()?;
        let mut people: Vec<Person> = directory
            .users
            .keys()
            .filter_map(|user| person_of(&directory, *user))
            .collect();
        people.sort_by(|a, b| (&a.name, a.user).cmp(&(&b.name, b.user)));
        Ok(people)
    }

    /// The users' list with the token for its forms.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`].
    pub fn users(&self, by: &Person) -> Result<(Vec<UserLine>, ViewToken), OfficeError> {
        require(by, Operation::Administer)?;
        let token = self.views.directory()?.token.clone();
        let lines = self
            .people()?
            .into_iter()
            .map(|person| {
                let account = self.auth.store().account(person.user).map_err(AuthError::from)?;
                Ok(UserLine {
                    login: account.as_ref().map(|account| account.login.clone()),
                    has_password: account.is_some_and(|account| account.password.is_some()),
                    person,
                })
            })
            .collect::<Result<Vec<_>, AuthError>>()?;
        Ok((lines, token))
    }

    /// Adds a person with an account that has no password yet; the same `once` again adds nobody.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::Invalid`]: `login_taken`, `empty`.
    pub fn create_user(&self, by: &Person, once: UserId, new: &NewUser) -> Result<UserId, OfficeError> {
        require(by, Operation::Administer)?;
        let fact = user_fact(once, &new.name, &new.roles, true)?;
        let _one = self.begin();
        if self.person(once)?.is_none() {
            self.auth.add_account(once, &new.login, new.language)?;
            self.append(by, &[(DocName::Directory, vec![fact])], &ViewToken::default())?;
        }
        Ok(once)
    }

    /// The first person of an installation that has none: an administrator who sets a password at a link. `None` if
    /// somebody with a password administers already.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn set_up(&self, language: Lang) -> Result<Option<Secret>, OfficeError> {
        let administers = |person: &Person| person.may(Operation::Administer);
        let admins: Vec<Person> = self.people()?.into_iter().filter(administers).collect();
        for admin in &admins {
            let account = self.auth.store().account(admin.user).map_err(AuthError::from)?;
            if account.is_some_and(|account| account.password.is_some()) {
                return Ok(None);
            }
        }
        let user = match admins.first() {
            Some(admin) => admin.user,
            None => {
                let user = UserId(self.env.uuid_v7());
                let by = Person {
                    user,
                    name: "admin".to_owned(),
                    roles: vec![Role::Admin],
                    active: true,
                };
                let new = NewUser {
                    login: "admin".to_owned(),
                    name: "admin".to_owned(),
                    roles: vec![Role::Admin],
                    language,
                };
                self.create_user(&by, user, &new)?
            }
        };
        Ok(Some(self.auth.new_link(user, LinkPurpose::SetPassword)?))
    }

    /// Changes a person's name, roles, or whether the person still works here. Who leaves is signed out on the page and
    /// on every phone; nobody takes
    /// the last active administrator away.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `empty`, `last_admin`.
    pub fn edit_user(
        &self,
        by: &Person,
        user: UserId,
        token: &ViewToken,
        name: &str,
        roles: &[Role],
        active: bool,
    ) -> Result<(), OfficeError> {
        require(by, Operation::Administer)?;
        let fact = user_fact(user, name, roles, active)?;
        let _one = self.begin();
        self.person(user)?.ok_or(OfficeError::NotFound)?;
        let stays = active && roles.contains(&Role::Admin);
        let another = self
            .people()?
            .iter()
            .any(|person| person.user != user && person.may(Operation::Administer));
        if !stays && !another {
            return Err(OfficeError::whole("last_admin"));
        }
        self.append(by, &[(DocName::Directory, vec![fact])], token)?;
        if !active {
            self.auth.store().end_sessions_of(user).map_err(AuthError::from)?;
        }
        if !active || !roles.contains(&Role::Engineer) {
            self.revoke_devices_of(by, user)?;
        }
        Ok(())
    }

    /// Who leaves, or is no engineer any more, writes and reads nothing from the next request on (threat model,
    /// «leaving ends it at once»). What the phones hold unsent stays on them.
    fn revoke_devices_of(&self, by: &Person, user: UserId) -> Result<(), OfficeError> {
        // First, so that no code given out before brings a device in after the others are out.
        self.auth.store().end_codes_of(user).map_err(AuthError::from)?;
        let devices = self.storage.read()?.devices()?;
        for device in devices {
            if device.user == user && device.revoked_at.is_none() {
                self.enrolment
                    .revoke(device.id, by.user, "the person left or is no engineer any more")
                    .map_err(OfficeError::unexpected)?;
            }
        }
        Ok(())
    }

    /// A one-time link at which a person sets a new password.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`] for a person without an account.
    pub fn set_password_link(&self, by: &Person, user: UserId) -> Result<Secret, OfficeError> {
        require(by, Operation::Administer)?;
        self.auth
            .store()
            .account(user)
            .map_err(AuthError::from)?
            .ok_or(OfficeError::NotFound)?;
        Ok(self.auth.new_link(user, LinkPurpose::SetPassword)?)
    }

    /// The language of a person's own page.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn set_language(&self, user: UserId, language: Lang) -> Result<(), OfficeError> {
        let set = self.auth.store().set_language(user, language);
        Ok(set.map_err(AuthError::from)?)
    }
}

fn user_fact(user: UserId, name: &str, roles: &[Role], active: bool) -> Result<Fact, OfficeError> {
    if roles.is_empty() {
        return Err(OfficeError::field("role", "empty"));
    }
    let mut codes: Vec<String> = roles.iter().map(|role| role.as_str().to_owned()).collect();
    codes.sort_unstable();
    codes.dedup();
    Ok(Fact::User(kinds::User {
        user,
        name: required("name", name)?,
        roles: codes,
        active,
    }))
}
