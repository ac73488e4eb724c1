//! What the people at the page do: one method a command, one file a group.
//!
//! Every command checks the person's roles (D.4), builds facts, and appends them by the same path that a phone's
//! changes take, together with the token of what the person's screen showed. So a stale page loses nothing and
//! overwrites nothing unseen: what it did not show stays beside what it wrote (design 3, «Registers are facts too»).
//! Judging is the fold's business; a command refuses only what makes no sense to write down.
//!
//! Invariants: commands run one after the other (`writing`), so that checks and appends see one state; a form that
//! arrives twice (`once`, an id that the page made) writes once.

mod after;
mod archive;
mod assets;
mod board;
mod conflicts;
mod contacts;
mod counts;
mod customers;
mod details;
mod devices;
mod error;
pub mod fields;
mod hiding;
mod lists;
mod orders;
mod packs;
mod people;
mod photos;
mod records;
mod retention;
mod review;
mod snapshot;
mod stock;
mod swaps;
pub mod tables;
mod ticket_life;
mod ticket_log;
mod tickets;
mod vans;
mod views;

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use fieldseal_core::domain::calendar::CompanyZone;
use fieldseal_core::domain::ids::{ActionId, UserId};
use fieldseal_core::domain::policy::Packs;
use fieldseal_core::domain::roles::{Operation, Permission, Role, allowed_any};
use fieldseal_core::domain::time::LocalTime;
use fieldseal_core::env::Env;
use fieldseal_core::facts::{DocName, Fact, ViewToken};

pub use after::{CLOSED as IMPROVEMENT_CLOSED, CallbackDue, NewCallback};
pub use archive::Archive;
pub use assets::NewAsset;
pub use board::{Board, EngineerMark};
pub use conflicts::ConflictRow;
pub use contacts::Contacts;
pub use counts::{CountedLine, Shelf};
pub use customers::{NewContact, NewCustomer};
pub use details::{OrderDetails, PrintedPage, SealedReport};
pub use devices::{DeviceLine, NewCode};
pub use error::OfficeError;
pub use lists::{BoardRow, CustomerRow, TicketRow, searched};
pub use orders::{NewJob, NewOrder};
pub use packs::PackKind;
pub use people::{NewUser, UserLine};
pub use photos::Arrived;
pub(crate) use photos::stored;
pub use retention::KeptTicket;
pub use review::{audit_blockers, revision_of, workers};
pub use stock::{Goods, GoodsFrom, Handover, MAIN_STORE, StockLine, StockPlace, StoreScrap};
pub use ticket_life::CloseAs;
pub use ticket_log::{Agreed, PassedOn};
pub use tickets::NewTicket;
pub(crate) use tickets::ticket_state;
pub use views::Views;

use crate::auth::Auth;
use crate::enrol::Enrolment;
use crate::pipeline::{Saved, SyncService};
use crate::storage::Storage;

/// A person at the page, with what the directory says now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub user: UserId,
    /// The name shown to colleagues.
    pub name: String,
    /// Roles.
    pub roles: Vec<Role>,
    /// `false` once the person has left.
    pub active: bool,
}

impl Person {
    /// Whether the person may do it without restriction (D.4).
    pub fn may(&self, operation: Operation) -> bool {
        self.active && allowed_any(&self.roles, operation) == Permission::Yes
    }
}

/// The office's commands and queries. Clones are the same office.
#[derive(Clone)]
pub struct Office {
    service: Arc<SyncService>,
    storage: Arc<dyn Storage>,
    auth: Arc<Auth>,
    enrolment: Arc<Enrolment>,
    contacts: Arc<Contacts>,
    views: Views,
    lists: Arc<lists::Lists>,
    /// The policies that come with the program, once they were asked for.
    packs: Arc<OnceLock<Packs>>,
    env: Env,
    zone: CompanyZone,
    organisation: Arc<str>,
    writing: Arc<Mutex<()>>,
}

impl Office {
    /// Over the given services. `organisation` is the name that audited files carry.
    pub fn new(
        service: Arc<SyncService>,
        auth: Arc<Auth>,
        enrolment: Arc<Enrolment>,
        env: Env,
        zone: CompanyZone,
        organisation: String,
    ) -> Self {
        let storage = service.storage().clone();
        Self {
            service,
            views: Views::new(storage.clone()),
            storage,
            auth,
            enrolment,
            contacts: Arc::default(),
            lists: Arc::default(),
            packs: Arc::default(),
            env,
            zone,
            organisation: organisation.into(),
            writing: Arc::default(),
        }
    }

    /// The office as one page reads it: asked for news once, now, and not again for each record that is kept.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn look(&self) -> Result<Self, OfficeError> {
        Ok(Self {
            views: self.views.look()?,
            ..self.clone()
        })
    }

    /// When each device was last heard of.
    pub fn contacts(&self) -> &Contacts {
        &self.contacts
    }

    /// The cached views, for pages that show a record as it is.
    pub const fn views(&self) -> &Views {
        &self.views
    }

    /// The company's zone.
    pub const fn zone(&self) -> CompanyZone {
        self.zone
    }

    /// Now, in the company's zone.
    pub fn now(&self) -> LocalTime {
        self.zone.local_time(self.env.clock.read().wall_ms)
    }

    /// One command at a time.
    fn begin(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends one action over the given documents.
    fn append(
        &self,
        by: &Person,
        parts: &[(DocName, Vec<Fact>)],
        token: &ViewToken,
    ) -> Result<Saved, OfficeError> {
        Ok(self.service.append_office(by.user, parts, token)?)
    }

    /// Appends one action whose form carries `once`; its second arrival writes nothing.
    fn append_once(
        &self,
        by: &Person,
        once: ActionId,
        doc: DocName,
        facts: Vec<Fact>,
    ) -> Result<(), OfficeError> {
        self.append_once_if(by, once, doc, || Ok(facts))
    }

    /// The same, with facts that are made from how things stand when nobody else writes; not asked the second time.
    fn append_once_if(
        &self,
        by: &Person,
        once: ActionId,
        doc: DocName,
        facts: impl FnOnce() -> Result<Vec<Fact>, OfficeError>,
    ) -> Result<(), OfficeError> {
        self.append_parts_once(by, once, &ViewToken::default(), || Ok(vec![(doc, facts()?)]))
    }

    /// The same over several documents, of a form that showed what `token` says.
    fn append_parts_once(
        &self,
        by: &Person,
        once: ActionId,
        token: &ViewToken,
        parts: impl FnOnce() -> Result<Vec<(DocName, Vec<Fact>)>, OfficeError>,
    ) -> Result<(), OfficeError> {
        let _one = self.begin();
        let mark = format!("once/{once}");
        if self.storage.read()?.setting(&mark)?.is_some() {
            return Ok(());
        }
        let parts = parts()?;
        self.service.office(|office| {
            if office.read()?.setting(&mark)?.is_none() {
                office.put_setting(&mark, &[])?;
                office.append(by.user, &parts, token)?;
            }
            Ok(())
        })
    }

    /// Whether a document holds anything: a form that arrives twice finds its first arrival so.
    fn exists(&self, doc: &DocName) -> Result<bool, OfficeError> {
        let tx = self.storage.read()?;
        let row = tx.doc(doc)?;
        Ok(row.is_some_and(|row| row.changes > 0))
    }
}

/// The role matrix of D.4: yes or nothing is done.
fn require(by: &Person, operation: Operation) -> Result<(), OfficeError> {
    if by.may(operation) {
        Ok(())
    } else {
        Err(OfficeError::NotAllowed)
    }
}

#[cfg(test)]
mod tests;
