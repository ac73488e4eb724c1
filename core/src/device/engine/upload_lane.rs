//! Photos on their way to the server: after the changes of the same call, never in their way (design 5, B50).
//!
//! Invariants: between two pieces whatever was saved meanwhile goes out first, and whoever asked for a sync meanwhile
//! gets one; a photo that the server will not take now stands in the way of no other; what the server said it has is
//! on disk here before the next piece goes.

use std::collections::BTreeSet;

use super::sync::SyncReport;
use super::{Engine, Inner};
use crate::device::EngineError;
use crate::device::store::StoreError;
use crate::device::store::changes::Hash;
use crate::device::store::photos::{self, PhotoRow};
use crate::device::sync::events::FaultCode;
use crate::device::sync::upload::{Ask, Next, Pace, Upload};
use crate::device::sync::{Fault, HttpSync, SyncState};

/// How the lane ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Lane {
    /// What stands in the way of the first photo that is not out.
    pub(super) fault: Option<Fault>,
}

impl Engine {
    /// Sends what is owed; `exchange` runs a sync session in between.
    pub(super) fn send_photos(
        &self,
        http: &HttpSync,
        pace: &mut Pace,
        mut exchange: impl FnMut() -> Result<SyncReport, EngineError>,
    ) -> Result<Lane, EngineError> {
        let inner = &*self.inner;
        let mut tried: BTreeSet<Hash> = BTreeSet::new();
        let mut lane = Lane::default();
        loop {
            let owed = inner.read(|connection| Ok(photos::owed(connection)?))?;
            let Some(photo) = owed.into_iter().find(|photo| tried.insert(photo.sha256)) else {
                return Ok(lane);
            };
            let mut upload = Upload::begin(photo.size, photo.sent);
            loop {
                // Small facts first (B50): also those that were saved since.
                if inner.wants_exchange()? && !matches!(exchange()?.state, SyncState::Synced) {
                    return Ok(lane);
                }
                match upload.next(pace) {
                    Next::Ask { number, ask } => {
                        if !inner.ask(http, &photo, &mut upload, (number, ask), pace)? {
                            lane.fault.get_or_insert(Fault::Code(FaultCode::BlobDiffers));
                            break;
                        }
                    }
                    Next::Done { row } => {
                        inner.noted(&photo, |transaction| {
                            photos::set_receipt(transaction, &photo.sha256, row)
                        })?;
                        break;
                    }
                    Next::Stop { fault, lane: all } => {
                        lane.fault.get_or_insert(fault);
                        if all {
                            return Ok(lane);
                        }
                        break;
                    }
                }
            }
        }
    }
}

impl Inner {
    /// Whether a form was saved, or a sync asked for, since the last exchange.
    fn wants_exchange(&self) -> Result<bool, EngineError> {
        let asked = self.sync_asked.swap(false, std::sync::atomic::Ordering::SeqCst);
        let unsent = self.read(|connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM changes WHERE state = 0 AND parked_there = 0)";
            let mut statement = connection.prepare_cached(sql).map_err(StoreError::from)?;
            Ok(statement
                .query_row([], |row| row.get::<_, bool>(0))
                .map_err(StoreError::from)?)
        })?;
        Ok(asked || unsent)
    }

    /// One request and what came of it. `false` where this phone's own bytes are not the photo any more: nothing of
    /// them is sent again, and the other photos go on.
    fn ask(
        &self,
        http: &HttpSync,
        photo: &PhotoRow,
        upload: &mut Upload,
        (number, ask): (u64, Ask),
        pace: &mut Pace,
    ) -> Result<bool, EngineError> {
        let (from, length) = ask.bytes();
        let bytes = match length {
            0 => Vec::new(),
            _ => self.read(|connection| Ok(photos::piece(connection, &photo.sha256, from, length)?))?,
        };
        if u64::try_from(bytes.len()).ok() != Some(length) {
            tracing::error!("a photo's bytes are not all here");
            return Ok(false);
        }
        let before = upload.sent();
        let mut whole = true;
        let begun = self.env.clock.read().monotonic_ms;
        match http.upload(&photo.sha256, ask, bytes) {
            Ok(heard) => {
                // Changed on the way, or here? (460: the server threw it away.)
                whole = heard.status != 460 || self.is_photo(photo)?;
                upload.answered(number, heard);
                if length >= pace.piece() {
                    pace.took(self.env.clock.read().monotonic_ms.saturating_sub(begun));
                }
            }
            Err(fault) => upload.failed(number, fault, pace),
        }
        if upload.sent() != before {
            self.noted(photo, |transaction| {
                photos::set_sent(transaction, &photo.sha256, upload.sent())
            })?;
        }
        Ok(whole)
    }

    /// Whether the bytes here have the hash.
    fn is_photo(&self, photo: &PhotoRow) -> Result<bool, EngineError> {
        // Asked without `read`, which would take the whole file for damaged.
        match self
            .store
            .read::<_, StoreError>(|connection| photos::bytes(connection, &photo.sha256))
        {
            Ok(bytes) => Ok(bytes.is_some()),
            Err(StoreError::Damaged) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps something about a photo and tells the listeners.
    fn noted(
        &self,
        photo: &PhotoRow,
        work: impl FnOnce(&rusqlite::Connection) -> Result<(), StoreError>,
    ) -> Result<(), EngineError> {
        let orders = self.write(|transaction| {
            work(transaction)?;
            Ok(photos::orders_of(transaction, &photo.sha256)?)
        })?;
        self.store.note_changed(orders);
        self.tell();
        Ok(())
    }
}
