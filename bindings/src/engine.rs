//! Opening, exchange, life, and looking. Each call converts, delegates to the engine's of the same name, converts back.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use fieldseal_core::device::engine::{Engine, Hit, OpenOptions, OrderRow, Printed};
use fieldseal_core::device::system;
use fieldseal_core::domain::ids::{OrderId, UserId};
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::facts::DocName;

use crate::error::FieldsealError;
use crate::notes::ConflictDetails;
use crate::observe::{NewsListener, Observation, ServerListener, ServerWatch, Told, noted};
use crate::order::{OrderDetails, RecordDetails};
use crate::reminders::ReminderDetails;
use crate::status::{StatusDetails, SyncDetails};
use crate::stock::VanStock;
use crate::texts::TextCode;

pub(crate) type Answer<T> = Result<T, FieldsealError>;

/// How to open an engine.
#[derive(Debug, Clone, uniffi::Record)]
pub struct OpenRequest {
    /// The database file; its folder must exist and be left out of the system's backups.
    pub path: String,
    /// The raw key of 32 bytes out of the platform's keystore; none for a plain file.
    pub key: Option<Vec<u8>>,
    /// The company's zone, an IANA name; none for Asia/Shanghai.
    pub zone: Option<String>,
}

/// One phone's engine. Every call blocks and may be made from any thread. One owner an app.
#[derive(Debug, uniffi::Object)]
pub struct FieldsealEngine {
    pub(crate) engine: Engine,
}

/// Opening, enrolment, exchange, life.
#[uniffi::export]
impl FieldsealEngine {
    /// Opens or makes the file.
    #[uniffi::constructor]
    pub fn open(request: OpenRequest) -> Answer<Arc<Self>> {
        let key = request
            .key
            .map(|key| key.try_into().map_err(|_| FieldsealError::WrongKey));
        let zone = request
            .zone
            .map(|zone| zone.parse().map_err(|_| FieldsealError::argument("zone")));
        let engine = Engine::open(OpenOptions {
            path: PathBuf::from(request.path),
            key: key.transpose()?,
            env: system::system_env(),
            zone: zone.transpose()?.unwrap_or_default(),
        })?;
        Ok(Arc::new(Self { engine }))
    }

    /// Enrols this device with a one-time code. A call that was cut can be repeated with the same code.
    pub fn enrol(&self, server_url: String, code: String, device_name: String) -> Answer<()> {
        Ok(self.engine.enrol(&server_url, &code, &device_name)?)
    }

    /// The server moved to another address.
    pub fn set_server(&self, server_url: String) -> Answer<()> {
        Ok(self.engine.set_server(&server_url)?)
    }

    /// Sends what is unsent and takes in what is new. `pause` ends one that is running, with `Closed`.
    pub fn sync(&self) -> Answer<SyncDetails> {
        Ok(self.engine.sync_once()?.into())
    }

    /// Listens for «something new» while the app is open.
    pub fn listen(&self, listener: Arc<dyn ServerListener>) -> Answer<Arc<ServerWatch>> {
        let watch = self.engine.listen(move |newest| noted(listener.told(newest)))?;
        Ok(Arc::new(watch.into()))
    }

    /// Registers a listener: it hears the current state before this returns, then every change.
    pub fn observe(&self, listener: Arc<dyn NewsListener>) -> Answer<Arc<Observation>> {
        Ok(Arc::new(self.engine.observe(Box::new(Told(listener)))?.into()))
    }

    /// Closes the file until `resume`: the app goes to the background. Idempotent.
    pub fn pause(&self) -> Answer<()> {
        Ok(self.engine.pause()?)
    }

    /// Opens the file again. Idempotent.
    pub fn resume(&self) -> Answer<()> {
        Ok(self.engine.resume()?)
    }

    /// Closes for good: every later call is `Closed`. Idempotent.
    pub fn shutdown(&self) -> Answer<()> {
        Ok(self.engine.shutdown()?)
    }
}

/// Looking.
#[uniffi::export]
impl FieldsealEngine {
    /// The work orders, own open ones first.
    pub fn orders(&self) -> Answer<Vec<OrderRow>> {
        Ok(self.engine.orders()?)
    }

    /// A work order with its ticket, customer, units and people.
    pub fn order(&self, order: OrderId) -> Answer<OrderDetails> {
        Ok(self.engine.order(order)?.into())
    }

    /// Any record by its document: what `search` found.
    pub fn record(&self, doc: DocName) -> Answer<RecordDetails> {
        Ok(self.engine.record(&doc)?.into())
    }

    /// Unsent work, last sync, enrolment.
    pub fn status(&self) -> Answer<StatusDetails> {
        Ok(self.engine.status()?.into())
    }

    /// Names of colleagues by account.
    pub fn colleagues(&self) -> Answer<HashMap<UserId, String>> {
        Ok(self.engine.colleagues()?.into_iter().collect())
    }

    /// What matches every part of `words`.
    pub fn search(&self, words: String) -> Answer<Vec<Hit>> {
        Ok(self.engine.search(&words)?)
    }

    /// Everything that two people did without knowing of each other.
    pub fn conflicts(&self) -> Answer<Vec<ConflictDetails>> {
        Ok(self.engine.conflicts()?.into_iter().map(Into::into).collect())
    }

    /// What is due in the own work orders, the first first: the app schedules what lies ahead.
    pub fn reminders(&self) -> Answer<Vec<ReminderDetails>> {
        Ok(self.engine.reminders()?.into_iter().map(Into::into).collect())
    }

    /// The own van.
    pub fn stock(&self) -> Answer<VanStock> {
        Ok(self.engine.stock()?.into())
    }

    /// What is missing before the report can be signed.
    pub fn missing_for_seal(&self, order: OrderId) -> Answer<Vec<TextCode>> {
        let missing = self.engine.missing_for_seal(order)?;
        Ok(missing.into_iter().map(Into::into).collect())
    }

    /// The printable report: a revision, or the current one. One self-contained HTML file.
    pub fn printable(&self, order: OrderId, revision: Option<u32>, lang: Lang) -> Answer<Printed> {
        Ok(self.engine.printable(order, revision, lang)?)
    }

    /// The file of a sealed revision, at most 16 KB.
    pub fn sealed_file(&self, order: OrderId, revision: u32) -> Answer<Vec<u8>> {
        Ok(self.engine.sealed_file(order, revision)?)
    }
}
