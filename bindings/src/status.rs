//! What an app shows all the time: enrolment, unsent work, the last exchange.

use fieldseal_core::device::engine::{Enrolment, Status, SyncReport};
use fieldseal_core::device::store::Recovered;
use fieldseal_core::device::sync::SyncState;
use fieldseal_core::domain::ids::{DeviceId, UserId};

/// Who this device belongs to.
#[uniffi::remote(Record)]
pub struct Enrolment {
    /// The engineer.
    pub user: UserId,
    /// The device.
    pub device: Option<DeviceId>,
    /// What the person calls it.
    pub device_name: Option<String>,
    /// The server's address.
    pub server_url: Option<String>,
    /// The device's tag, hex.
    pub tag: String,
    /// Whether the office revoked this device: unsent work stays.
    pub revoked: bool,
}

/// What was salvaged from a damaged file.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Salvaged {
    /// Where the damaged file is now.
    pub moved_to: String,
    /// Changes that could be read.
    pub changes: u64,
    /// Of these, own ones that no server has yet.
    pub unsent: u64,
    /// Whether some part could not be read.
    pub incomplete: bool,
}

/// What an app shows all the time.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct StatusDetails {
    /// None before the enrolment.
    pub enrolment: Option<Enrolment>,
    /// Changes that no server has yet.
    pub unsent: u32,
    /// Of these, parked at the server.
    pub parked: u32,
    /// Own changes that the server refused: kept, shown with the reason.
    pub refused: u32,
    /// Key of why the server took something unsent neither in nor refused it, at the last try.
    pub postponed: Option<String>,
    /// Photos that were taken here and that the server does not have whole.
    pub photos_waiting: u32,
    /// Bytes of them that are not on the server's disk.
    pub photo_bytes_waiting: u64,
    /// Wall clock (ms) of the last complete sync.
    pub last_sync: Option<i64>,
    /// Why the server's history and this phone's differ.
    pub mismatch: Option<String>,
    /// What was salvaged at this start.
    pub salvaged: Option<Salvaged>,
}

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SyncDetails {
    /// Everything that can go out is out, everything in scope is here.
    pub complete: bool,
    /// Key of what stands in the way.
    pub fault: Option<String>,
    /// How many requests were sent.
    pub requests: u32,
    /// Whether anything new came.
    pub news: bool,
    /// When to try again by itself, ms from now; add jitter.
    pub after_ms: u64,
    /// Photos taken here that the server does not have whole yet.
    pub photos_waiting: u32,
    /// Key of what stood in their way; the changes went through all the same.
    pub photo_fault: Option<String>,
}

impl From<Recovered> for Salvaged {
    fn from(recovered: Recovered) -> Self {
        Self {
            moved_to: recovered.moved_to.display().to_string(),
            changes: recovered.changes as u64,
            unsent: recovered.unsent as u64,
            incomplete: recovered.incomplete,
        }
    }
}

impl From<Status> for StatusDetails {
    fn from(status: Status) -> Self {
        Self {
            enrolment: status.enrolment,
            unsent: status.unsent,
            parked: status.parked,
            refused: status.refused,
            postponed: status.postponed.map(|why| format!("postponed.{}", why.as_str())),
            photos_waiting: status.photos_waiting,
            photo_bytes_waiting: status.photo_bytes_waiting,
            last_sync: status.last_sync,
            mismatch: status.mismatch,
            salvaged: status.recovered.map(Into::into),
        }
    }
}

impl From<SyncReport> for SyncDetails {
    fn from(report: SyncReport) -> Self {
        let fault = match report.state {
            SyncState::Running | SyncState::Synced => None,
            SyncState::Waiting(fault) | SyncState::Attention(fault) => Some(fault.text_key().to_owned()),
        };
        Self {
            complete: report.state == SyncState::Synced,
            fault,
            requests: report.requests,
            news: report.news,
            after_ms: report.after_ms,
            photos_waiting: report.photos_waiting,
            photo_fault: report.photo_fault.map(|fault| fault.text_key().to_owned()),
        }
    }
}
