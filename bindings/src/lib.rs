//! The engine for Kotlin and Swift: uniffi exports, proc-macros only.
//!
//! Invariants: nothing here decides anything. A call converts, delegates to one call of
//! [`fieldseal_core::device::Engine`], converts back (design 8). Calls block; the apps' wrappers move them off the main
//! thread (ADR 0014). Every failure is a [`FieldsealError`], whose mapping is exhaustive. Ids, document names and
//! view tokens cross as opaque texts; photos come in as paths. No exported type has a name that a generated file
//! imports from elsewhere (`tests/names.rs`), no method is called `close` or `destroy`: those are the
//! foreign side's own.

mod engine;
mod error;
mod forms;
mod intake;
mod names;
mod notes;
mod observe;
mod order;
mod photos;
mod reminders;
mod status;
mod stock;
mod texts;
mod values;
mod warranty;
mod work;

pub use engine::{FieldsealEngine, OpenRequest};
pub use error::{FieldsealError, error_text};
pub use forms::{ClosingForm, PenStrokes, SealForm, SealedReport};
pub use intake::{CustomerMet, TicketForm, TicketFounded, UnitAdded, UnitMet};
pub use observe::{EngineNews, ListenerError, NewsListener, Observation, ServerListener, ServerWatch};
pub use order::{OrderDetails, RecordDetails};
pub use photos::{PhotoLine, PhotoSaved};
pub use status::{StatusDetails, SyncDetails};
pub use stock::VanStock;
pub use texts::{TextCode, TextParam, label, text};
pub use values::FieldContent;
pub use warranty::{Examined, ExaminedUnit, WarrantyDecision};
pub use work::PersonSaved;

uniffi::setup_scaffolding!();
