//! Facts: what was written down, by whom, knowing what; and (in `fold`) what follows from them.
//!
//! A document is a grow-only set of actions; an action is one saved form, tap or seal and carries one or more
//! facts (design 3). State is never stored: it is a pure fold of facts, the same code on phone and server, and
//! its result does not depend on the order or number of deliveries (I1).
//!
//! What is written here can never change once phones hold data: envelope, ids, kinds and payload fields have
//! golden-byte tests. New behaviour is a new kind or an optional field.

pub mod classes;
pub mod clocks;
pub mod conflict;
pub mod directory;
pub mod doc_name;
pub mod envelope;
pub mod fact_id;
pub mod family;
mod hides;
pub mod kinds;
mod knowing;
mod movements;
pub mod order;
pub mod record;
pub mod reference;
pub mod registers;
pub mod stored;
pub mod ticket;
pub mod token;
pub mod van;

pub use clocks::{OrderTimes, TicketTimes};
pub use directory::{DirectoryView, fold_directory};
pub use doc_name::{DocName, Shard, Writer, first_order_of};
pub use envelope::{Action, ClockEvidence, EnvelopeError, Head, RawFact};
pub use fact_id::FactId;
pub use family::FoldContext;
pub use kinds::Fact;
pub use order::{OrderView, fold_order, fold_order_parsed};
pub use record::{RecordView, fold_record, fold_record_parsed};
pub use reference::{ReferenceView, fold_reference};
pub use registers::{Field, Fields};
pub use stored::{ParsedAction, StoredAction};
pub use ticket::TicketLog;
pub use token::ViewToken;
pub use van::{StockView, VanView, fold_stock, fold_van};
