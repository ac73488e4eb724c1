//! Enrolled devices: codes for new ones, the list with its age, revocation.

use fieldseal_core::domain::ids::{DeviceId, UserId};
use fieldseal_core::domain::roles::{Operation, Role};

use super::fields::required;
use super::{Office, OfficeError, Person, require};
use crate::enrol::code::EnrolmentCode;
use crate::storage::DeviceRow;

/// A code just made, shown once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCode {
    /// The code.
    pub code: EnrolmentCode,
    /// Until when it works, ms since the epoch.
    pub expires: i64,
}

/// A device in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceLine {
    /// The device as the server knows it. Its token's hash and its keys are not for showing.
    pub device: DeviceRow,
    /// Its engineer's name.
    pub engineer: String,
}

impl Office {
    /// A one-time code by which an engineer's device is enrolled within ten minutes.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::Invalid`]: `not_an_engineer`.
    pub fn new_enrolment_code(&self, by: &Person, user: UserId) -> Result<NewCode, OfficeError> {
        require(by, Operation::Administer)?;
        let engineer = self
            .person(user)?
            .is_some_and(|person| person.active && person.roles.contains(&Role::Engineer));
        if !engineer {
            return Err(OfficeError::field("engineer", "not_an_engineer"));
        }
        let (code, expires) = self
            .enrolment
            .new_code(user, by.user)
            .map_err(OfficeError::unexpected)?;
        Ok(NewCode { code, expires })
    }

    /// Every device ever enrolled, oldest first.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`].
    pub fn devices(&self, by: &Person) -> Result<Vec<DeviceLine>, OfficeError> {
        require(by, Operation::Administer)?;
        let tx = self.storage.read()?;
        let rows = tx.devices()?;
        rows.into_iter()
            .map(|device| {
                let name = self.person(device.user)?.map(|person| person.name);
                Ok(DeviceLine {
                    engineer: name.unwrap_or_default(),
                    device,
                })
            })
            .collect()
    }

    /// Takes a device's right to write and read away, from its next request on. Nothing that it sent is lost.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `empty` (reason).
    pub fn revoke_device(&self, by: &Person, device: DeviceId, reason: &str) -> Result<(), OfficeError> {
        require(by, Operation::Administer)?;
        let reason = required("reason", reason)?;
        let _one = self.begin();
        self.enrolment
            .revoke(device, by.user, &reason)
            .map_err(|error| match error {
                crate::enrol::EnrolError::UnknownDevice => OfficeError::NotFound,
                other => OfficeError::unexpected(other),
            })
    }
}
