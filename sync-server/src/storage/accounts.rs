//! Devices, settings, number series: the part of the storage that is no document. (People's accounts, sessions and
//! one-time secrets are `auth`'s.)

use fieldseal_core::domain::ids::DeviceId;

use crate::storage::{DeviceRow, Hash, Result};

/// Reading accounts, in a read or a write transaction.
#[expect(
    clippy::missing_errors_doc,
    reason = "every method fails with the engine's StorageError alone"
)]
pub trait ReadAccounts {
    /// A device.
    fn device(&self, id: DeviceId) -> Result<Option<DeviceRow>>;
    /// The device of a token.
    fn device_by_token(&self, token_hash: &Hash) -> Result<Option<DeviceRow>>;
    /// All devices, oldest first.
    fn devices(&self) -> Result<Vec<DeviceRow>>;
    /// A setting's bytes.
    fn setting(&self, key: &str) -> Result<Option<Vec<u8>>>;
    /// The value that the next call of [`WriteTx::next_number`] gives.
    fn peek_number(&self, series: &str) -> Result<u64>;
}

/// Writing accounts.
#[expect(
    clippy::missing_errors_doc,
    reason = "every method fails with the engine's StorageError alone"
)]
pub trait WriteAccounts: ReadAccounts {
    /// Records when a device last exchanged something, ms since the epoch.
    fn touch_device(&mut self, id: DeviceId, at: i64) -> Result<()>;
    /// Stores a device, new or changed.
    fn put_device(&mut self, device: &DeviceRow) -> Result<()>;
    /// Stores a setting.
    fn put_setting(&mut self, key: &str, value: &[u8]) -> Result<()>;
    /// The next number of a series (`ticket/2026-11-23`), from 1; gaps only where a transaction was given up.
    fn next_number(&mut self, series: &str) -> Result<u64>;
}
