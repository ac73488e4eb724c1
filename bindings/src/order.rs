//! A work order as its screen shows it, and the rows of the list.

use fieldseal_core::device::engine::{Hit, OrderDetails as CoreDetails, OrderRow};
use fieldseal_core::domain::ids::{OrderId, PersonId, UserId};
use fieldseal_core::facts::order::view::{ConsentView, ContactView, Line, SealView, Visit};
use fieldseal_core::facts::{DocName, FactId, RecordView, ViewToken};

use crate::notes::{Author, AuthoredText, ConflictDetails, SentBack, TimelineEntry};
use crate::photos::PhotoLine;
use crate::values::{self, FieldValue};
use crate::warranty::WarrantyDecision;

/// A row of the list of work orders.
#[uniffi::remote(Record)]
pub struct OrderRow {
    /// The work order.
    pub id: OrderId,
    /// The ticket's display number.
    pub number: Option<String>,
    /// The customer's name.
    pub customer: Option<String>,
    /// What is wanted, short.
    pub summary: Option<String>,
    /// Code of the order's type.
    pub kind: Option<String>,
    /// Code of the priority.
    pub priority: Option<String>,
    /// Fine state; its text stands under `order_state.<code>`.
    pub state: String,
    /// The status that people see; its text stands under `visible_status.<code>`.
    pub status: String,
    /// Begin of the window, RFC 3339.
    pub window_from: Option<String>,
    /// Its end.
    pub window_to: Option<String>,
    /// Whether the assignment that stands is this engineer's.
    pub mine: bool,
    /// Codes of what is to be said about the order.
    pub flags: Vec<String>,
    /// Conflicts in which this engineer still has to decide.
    pub conflicts: u32,
    /// The app must be updated before it may write here.
    pub update_needed: bool,
    /// Changes of the order that no server has yet.
    pub unsent: u32,
    /// Photos of the order that were taken here.
    pub photos: u32,
    /// Of these, on the server whole.
    pub photos_on_server: u32,
}

/// One thing found.
#[uniffi::remote(Record)]
pub struct Hit {
    /// Name of its document.
    pub name: String,
    /// What to show.
    pub title: String,
}

/// A record beside the order: ticket, customer, unit, person.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RecordDetails {
    /// Its document.
    pub doc: DocName,
    /// The person's id, where it is one: for what asks for a witness.
    pub person: Option<PersonId>,
    /// A ticket's display number.
    pub number: Option<String>,
    /// A ticket's state.
    pub state: Option<String>,
    /// Its fields.
    pub fields: Vec<FieldValue>,
    /// What two people did to it without knowing of each other.
    pub conflicts: Vec<ConflictDetails>,
    /// What this view shows: hand it back with what is saved from it.
    pub token: ViewToken,
}

/// A sealed revision.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SealLine {
    /// Revision number.
    pub revision: u32,
    /// SHA-256 of the sealed file, hex.
    pub sha256: String,
    /// `signed` or `refused`.
    pub kind: String,
    /// Whether it is the current one.
    pub current: bool,
    /// When the server says that it arrived.
    pub received_at: Option<String>,
    /// Who sealed, when.
    pub author: Author,
}

/// One engineer's visit: his report and its seals.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct VisitDetails {
    /// The engineer.
    pub engineer: UserId,
    /// The report form.
    pub fields: Vec<FieldValue>,
    /// Progress, oldest first.
    pub progress: Vec<AuthoredText>,
    /// All seals, oldest first.
    pub seals: Vec<SealLine>,
    /// Whether the report was handed in.
    pub submitted: bool,
    /// How many facts stand beside the current seal, unsigned.
    pub unsigned: u32,
}

/// A consent.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ConsentLine {
    /// The fact: `Step.Remote` names it.
    pub fact: FactId,
    /// Key of what was agreed to.
    pub kind: String,
    /// Key of how.
    pub how: String,
    /// What was told.
    pub text: Option<String>,
    /// For an extension: the new due time.
    pub new_due: Option<String>,
    /// Who recorded it, when.
    pub author: Author,
}

/// An attempt to reach the customer.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ContactLine {
    /// The channel's code.
    pub channel: String,
    /// Whether the customer was reached.
    pub reached: bool,
    /// What was said.
    pub text: Option<String>,
    /// Who, when.
    pub author: Author,
}

/// A part that was moved for this order.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PartLine {
    /// The movement: `reversePart` names it.
    pub fact: FactId,
    /// Code of the movement.
    pub movement: String,
    /// Part number.
    pub part: String,
    /// Serial number.
    pub serial: Option<String>,
    /// Whole units.
    pub quantity: u32,
    /// Whether it was taken back.
    pub reversed: bool,
    /// Who, when.
    pub author: Author,
}

/// A work order with everything that its screen shows.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OrderDetails {
    /// The order.
    pub id: OrderId,
    /// Fine state; its text stands under `order_state.<code>`.
    pub state: String,
    /// The status that people see; its text stands under `visible_status.<code>`.
    pub status: String,
    /// The app must be updated before it may write here.
    pub update_needed: bool,
    /// Keys of what is to be said about the order.
    pub flags: Vec<String>,
    /// What the office wrote, engineers' proposals beside it.
    pub fields: Vec<FieldValue>,
    /// Instructions, oldest first.
    pub instructions: Vec<AuthoredText>,
    /// Reasons of cancellations that stand.
    pub cancelled: Vec<AuthoredText>,
    /// What was reported.
    pub ticket: Option<RecordDetails>,
    /// The customer.
    pub customer: Option<RecordDetails>,
    /// The units that it is about.
    pub assets: Vec<RecordDetails>,
    /// Contacts.
    pub people: Vec<RecordDetails>,
    /// One report a visit.
    pub visits: Vec<VisitDetails>,
    /// Warranty decisions, oldest first.
    pub decisions: Vec<WarrantyDecision>,
    /// Consents, oldest first.
    pub consents: Vec<ConsentLine>,
    /// Attempts to reach the customer, oldest first.
    pub contacts: Vec<ContactLine>,
    /// Parts used and taken back.
    pub parts: Vec<PartLine>,
    /// Photos that nobody hid, oldest first.
    pub photos: Vec<PhotoLine>,
    /// Reports sent back, oldest first.
    pub sent_back: Vec<SentBack>,
    /// What two people did without knowing of each other.
    pub conflicts: Vec<ConflictDetails>,
    /// Every fact, in order.
    pub timeline: Vec<TimelineEntry>,
    /// What this screen shows: hand it back with what is saved from it.
    pub token: ViewToken,
}

impl From<RecordView> for RecordDetails {
    fn from(view: RecordView) -> Self {
        Self {
            person: view.doc.person(),
            doc: view.doc,
            number: view.number,
            state: view.state,
            fields: values::fields(view.fields),
            conflicts: view.conflicts.into_iter().map(Into::into).collect(),
            token: view.token,
        }
    }
}

impl From<SealView> for SealLine {
    fn from(seal: SealView) -> Self {
        Self {
            revision: seal.revision,
            sha256: seal.blob,
            kind: seal.kind,
            current: seal.current,
            received_at: seal.received_at,
            author: seal.stamp.into(),
        }
    }
}

impl From<Visit> for VisitDetails {
    fn from(visit: Visit) -> Self {
        Self {
            engineer: visit.engineer,
            fields: values::fields(visit.fields),
            progress: visit.progress.into_iter().map(Into::into).collect(),
            seals: visit.seals.into_iter().map(Into::into).collect(),
            submitted: visit.submit.is_some(),
            unsigned: u32::try_from(visit.unsigned.len()).unwrap_or(u32::MAX),
        }
    }
}

impl From<ConsentView> for ConsentLine {
    fn from(consent: ConsentView) -> Self {
        Self {
            fact: consent.id,
            kind: consent.kind.text_key().to_owned(),
            how: consent.how.text_key().to_owned(),
            text: consent.text,
            new_due: consent.new_due,
            author: consent.stamp.into(),
        }
    }
}

impl From<ContactView> for ContactLine {
    fn from(contact: ContactView) -> Self {
        Self {
            channel: contact.channel,
            reached: contact.reached,
            text: contact.text,
            author: contact.stamp.into(),
        }
    }
}

impl From<Line> for PartLine {
    fn from(line: Line) -> Self {
        Self {
            fact: line.id,
            movement: line.movement,
            part: line.part,
            serial: line.serial,
            quantity: line.qty,
            reversed: line.reversed_by.is_some(),
            author: line.stamp.into(),
        }
    }
}

impl From<CoreDetails> for OrderDetails {
    fn from(details: CoreDetails) -> Self {
        let order = details.order;
        let cancelled = order.cancellations.into_iter().filter(|cancel| cancel.stands);
        Self {
            id: order.order,
            state: order.state.as_str().to_owned(),
            status: order.status.as_str().to_owned(),
            update_needed: order.update_needed.is_some(),
            flags: order
                .flags
                .iter()
                .map(|flag| flag.text_key().to_owned())
                .collect(),
            fields: values::fields(order.fields),
            instructions: order.instructions.into_iter().map(Into::into).collect(),
            cancelled: cancelled
                .map(|cancel| AuthoredText {
                    fact: cancel.id,
                    text: cancel.reason,
                    author: cancel.stamp.into(),
                })
                .collect(),
            ticket: details.ticket.map(Into::into),
            customer: details.customer.map(Into::into),
            assets: details.assets.into_iter().map(Into::into).collect(),
            people: details.people.into_iter().map(Into::into).collect(),
            visits: order.visits.into_iter().map(Into::into).collect(),
            decisions: order.decisions.into_iter().map(Into::into).collect(),
            consents: order.consents.into_iter().map(Into::into).collect(),
            contacts: order.contacts.into_iter().map(Into::into).collect(),
            parts: order.lines.into_iter().map(Into::into).collect(),
            photos: details.photos.into_iter().map(Into::into).collect(),
            sent_back: order.returns.into_iter().map(Into::into).collect(),
            conflicts: order.conflicts.into_iter().map(Into::into).collect(),
            timeline: order.timeline.into_iter().map(Into::into).collect(),
            token: details.token,
        }
    }
}
