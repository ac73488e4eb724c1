//! What a work order and its visits look like: the view that phone, page, command line and audit share.
//!
//! Everything is derived; equal facts give equal bytes (I1). Codes and values only, no sentences.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

use crate::domain::canonical::ContentHash;
use crate::domain::ids::{DeviceId, OrderId, PersonId, UserId};
use crate::domain::place::GeoPoint;
use crate::domain::transitions::Guard;
use crate::domain::work::{
    ConsentKind, ConsentWay, OrderState, Outcome, PhotoSubject, Symptom, VisibleStatus,
};
use crate::facts::conflict::{Conflict, Flag};
use crate::facts::family::UnreadableAction;
use crate::facts::registers::Fields;
use crate::facts::stored::{FactRecord, Stamp};
use crate::facts::{DocName, FactId, ViewToken};

/// A work order with all its visits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderView {
    /// The order.
    pub order: OrderId,
    /// Set where a fact asks for a newer version: say «update needed», show, do not write.
    pub update_needed: Option<u32>,
    /// Fine state (D.3).
    pub state: OrderState,
    /// The status that people see (Y-13).
    pub status: VisibleStatus,
    /// What is to be said about the order as a whole: `done_after_cancel`, `unassigned_work`, ….
    pub flags: Vec<Flag>,
    /// What the office wrote: type, window, priority, summary, …; engineers' proposals beside it.
    pub fields: Fields,
    /// Hidden as a whole record (D.3, «delete(hide)»).
    pub hidden: bool,
    /// Who hid it, when and why, oldest first; empty where it is shown.
    pub hides: Vec<Note>,
    /// All assignments ever, oldest first.
    pub assignments: Vec<Assignment>,
    /// The assignment that stands; none where nobody has the order.
    pub current: Option<FactId>,
    /// Who finished it, where somebody did (D.5-1: «done by A at 10:05, nothing to do»).
    pub done_by: Option<DoneBy>,
    /// Visits that became work orders of their own (D.5-1, B arrived).
    pub second_orders: Vec<SecondOrder>,
    /// Cancellations, oldest first.
    pub cancellations: Vec<Cancellation>,
    /// Instructions, oldest first.
    pub instructions: Vec<Note>,
    /// One report a visit, in the order of the engineers' ids.
    pub visits: Vec<Visit>,
    /// The visit whose work counts: of the one who finished, else of the current engineer.
    pub visit: Option<UserId>,
    /// Warranty decisions, oldest first.
    pub decisions: Vec<DecisionView>,
    /// Consents, oldest first.
    pub consents: Vec<ConsentView>,
    /// Photos that nobody hid, oldest first; whether the bytes are here or on the server is asked elsewhere.
    pub photos: Vec<PhotoView>,
    /// Attempts to reach the customer, oldest first (N1, Q24).
    pub contacts: Vec<ContactView>,
    /// Where somebody in the field asked for help (000-13), oldest first.
    pub escalations: Vec<Escalation>,
    /// Notes among colleagues (F-10), oldest first.
    pub notes: Vec<Note>,
    /// The founding on site that the order began with (000-28); none where the office made it.
    pub founded: Option<Founded>,
    /// Parts used and taken back for this order: movements of the van documents that were among the input.
    pub lines: Vec<Line>,
    /// The audit that stands.
    pub audit: Option<AuditView>,
    /// All audits and un-audits, oldest first.
    pub audits: Vec<AuditView>,
    /// Returns, oldest first.
    pub returns: Vec<ReturnView>,
    /// Waivers, oldest first.
    pub waivers: Vec<Waiver>,
    /// Deliveries to devices (F-14).
    pub deliveries: Vec<Delivery>,
    /// Corrections of wrong clocks (D.5-10).
    pub clock_corrections: Vec<ClockNote>,
    /// What engineers learnt about other records: record → fields, all as proposals (D.5-7).
    pub learnt: BTreeMap<DocName, Fields>,
    /// Facts that a seal names and that were not among the input: the van movements to load for the whole picture.
    pub needs: Vec<FactId>,
    /// Conflicts, by id.
    pub conflicts: Vec<Conflict>,
    /// Every fact, in the order (`n`, hash).
    pub timeline: Vec<Event>,
    /// Actions that cannot be read at all.
    pub unreadable: Vec<UnreadableAction>,
    /// Heads of all documents and the facts that this view shows.
    #[serde(serialize_with = "token_text")]
    pub token: ViewToken,
}

/// Writes a token as its text, for byte-equality.
pub(crate) fn token_text<S: Serializer>(token: &ViewToken, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(token)
}

/// How an assignment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentStatus {
    /// It stands.
    Current,
    /// Taken away by a later assignment.
    Revoked,
    /// Taken away, yet its engineer had begun unknowingly and may go on (D.3, «started ∥ reassign»).
    RevokedButWorking,
    /// Taken away, yet its work counts (D.5-1).
    RevokedButDone,
    /// Declined by everybody it named.
    Declined,
    /// Closed by somebody else's work.
    AlreadyDone,
    /// Another assignment made at the same time stands.
    Superseded,
    /// Its visit became a work order of its own.
    SecondOrder,
    /// Ended by a cancellation.
    Cancelled,
    /// Broke a guard; without effect.
    WithoutEffect,
}

/// An assignment: one engineer or a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assignment {
    /// The `assign` fact.
    pub id: FactId,
    /// Whom it names.
    pub engineers: Vec<UserId>,
    /// Why, where it replaced one.
    pub reason: Option<String>,
    /// Who assigned, when.
    pub stamp: Stamp,
    /// How it stands.
    pub status: AssignmentStatus,
    /// What took it away.
    pub revoked_by: Vec<FactId>,
    /// When that was, by the office's claim.
    pub revoked_at: Option<String>,
    /// Who holds it: the one who accepted, or whose work began.
    pub holders: Vec<UserId>,
    /// What each engineer did under it.
    pub tracks: Vec<Track>,
}

/// How an engineer answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AcceptStatus {
    /// No answer yet.
    None,
    /// Accepted (or began to work).
    Accepted,
    /// Accepted, lost to another (`declined(lost_race)`).
    LostRace,
    /// Declined.
    Declined,
}

/// One engineer's doing under one assignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Track {
    /// The engineer.
    pub engineer: UserId,
    /// His answer.
    pub answer: AcceptStatus,
    /// Whether the office confirmed his accept.
    pub confirmed: bool,
    /// Fine state of his own doing.
    pub state: OrderState,
    /// Whether anything of his work was begun (travelling counts).
    pub started: bool,
    /// Whether he has been at the customer's (or on the customer's machine).
    pub on_site: bool,
    /// Whether his work counts under the assignment, although that may be revoked.
    pub stands: bool,
    /// Outcome, where he finished.
    pub outcome: Option<Outcome>,
    /// The `done` fact (or the first seal, where there is none).
    pub done: Option<FactId>,
    /// When, by his claim.
    pub done_at: Option<String>,
    /// His last fact's claimed time: «worked until».
    pub until: Option<String>,
}

/// Who finished an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoneBy {
    /// The engineer.
    pub engineer: UserId,
    /// Under which assignment.
    pub assignment: FactId,
    /// The `done` fact, or the seal where there is none.
    pub fact: FactId,
    /// When, by his claim.
    pub at: String,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

/// A visit that D.5-1 makes a work order of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecondOrder {
    /// Its id: UUIDv5 of the assignment.
    pub order: OrderId,
    /// The assignment under which it was made.
    pub assignment: FactId,
    /// The engineer.
    pub engineer: UserId,
}

/// The id of the work order that a second visit becomes: UUIDv5 of its assignment (design 3); for the second
/// engineer of a pool, of the assignment and the engineer, since one assignment names several.
pub fn second_order_id(assignment: FactId, pool_member: Option<UserId>) -> OrderId {
    let mut name = format!("second-order\n{assignment}");
    if let Some(engineer) = pool_member {
        name.push('\n');
        name.push_str(&engineer.to_string());
    }
    OrderId(Uuid::new_v5(&crate::facts::conflict::NAMESPACE, name.as_bytes()))
}

/// A cancellation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cancellation {
    /// The `cancel` fact.
    pub id: FactId,
    /// Why.
    pub reason: String,
    /// Who, when.
    pub stamp: Stamp,
    /// Whether it stands: no un-cancel names it and its guard held.
    pub stands: bool,
    /// The un-cancels that name it.
    pub taken_back_by: Vec<FactId>,
}

/// A text with its author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The fact.
    pub id: FactId,
    /// The text.
    pub text: String,
    /// Who, when.
    pub stamp: Stamp,
}

/// One engineer's visit document: his report and its seals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Visit {
    /// The engineer.
    pub engineer: UserId,
    /// The report's draft: what the next seal will hold. Late facts are not in it (I6).
    pub fields: Fields,
    /// Progress texts, oldest first.
    pub progress: Vec<Note>,
    /// All seals, oldest first.
    pub seals: Vec<SealView>,
    /// The seal that is current (design 3, «Races»).
    pub current_seal: Option<FactId>,
    /// The submit that counts.
    pub submit: Option<FactId>,
    /// Facts written beside the current seal that the customer has not signed: the next revision's draft.
    pub unsigned: Vec<FactId>,
}

/// A sealed revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SealView {
    /// The `seal` fact.
    pub id: FactId,
    /// The assignment.
    pub assignment: Option<FactId>,
    /// Revision number.
    pub revision: u32,
    /// `a`, `b`, … where several seals have one revision number (D.3, «1a/1b»).
    pub letter: Option<char>,
    /// The seal that it follows.
    pub prev: Option<FactId>,
    /// SHA-256 of the sealed file, hex.
    pub blob: String,
    /// `signed` or `refused`.
    pub kind: String,
    /// Whether it is the current one.
    pub current: bool,
    /// When the server says that it arrived.
    pub received_at: Option<String>,
    /// Who sealed, when.
    pub stamp: Stamp,
}

/// How a decision stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionStatus {
    /// Made in the field, not looked at yet.
    Provisional,
    /// Confirmed by a supervisor.
    Confirmed,
    /// Overridden by a supervisor.
    Overridden,
    /// Another decision about the unit replaced it.
    Superseded,
}

/// A warranty decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionView {
    /// The `decide` fact.
    pub id: FactId,
    /// The unit.
    pub asset: DocName,
    /// The whole decision with copied inputs and explanation.
    pub decision: Value,
    /// How it stands.
    pub status: DecisionStatus,
    /// The confirmation that counts.
    pub confirmation: Option<FactId>,
    /// Where overridden: the outcome that holds.
    pub outcome: Option<String>,
    /// The customer's answer: `accepts`, `declines`, `disputes`.
    pub answer: Option<String>,
    /// Who decided, when.
    pub stamp: Stamp,
}

/// A consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsentView {
    /// The `consent` fact.
    pub id: FactId,
    /// To what.
    pub kind: ConsentKind,
    /// How it was given.
    pub how: ConsentWay,
    /// By whom.
    pub given_by: Option<PersonId>,
    /// For an extension: the new due time.
    pub new_due: Option<String>,
    /// What was told.
    pub text: Option<String>,
    /// Who recorded it, when.
    pub stamp: Stamp,
    /// What is known of the time.
    pub time: Time,
}

/// A photo (D.2, Attachment).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PhotoView {
    /// The `photo` fact.
    pub id: FactId,
    /// Whose visit it stands in.
    pub engineer: UserId,
    /// Its bytes' name.
    pub sha256: ContentHash,
    /// Bytes.
    pub size: u64,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// What it shows; a code of a newer version reads as `other`, flagged on the timeline.
    pub what: PhotoSubject,
    /// Which sign of damage, for `symptom`.
    pub symptom: Option<Symptom>,
    /// The unit.
    pub about: Option<DocName>,
    /// When it was taken, by the camera.
    pub taken_at: Option<String>,
    /// Where, under a consent.
    pub place: Option<GeoPoint>,
    /// A copy of a sealed document (000-15).
    pub sensitive: bool,
    /// In words.
    pub caption: Option<String>,
    /// Not part of what was audited (D.5-4).
    pub late: bool,
    /// Who, when.
    pub stamp: Stamp,
}

/// An attempt to reach the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContactView {
    /// The `contact` fact.
    pub id: FactId,
    /// The channel's code.
    pub channel: String,
    /// Whether the customer was reached.
    pub reached: bool,
    /// What was said.
    pub text: Option<String>,
    /// Who, when.
    pub stamp: Stamp,
}

/// Work passed on, or help asked for (000-33, 002-14).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Escalation {
    /// The `escalate` fact.
    pub id: FactId,
    /// To whom.
    pub to: String,
    /// Why.
    pub reason: String,
    /// Who speaks with the customer next.
    pub next_contact: Option<String>,
    /// By when the customer hears, as he was told.
    pub promised: Option<String>,
    /// Who, when.
    pub stamp: Stamp,
}

/// A ticket that an engineer founded on site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Founded {
    /// The `found` fact; where he does the visit himself, it is his assignment.
    pub id: FactId,
    /// The ticket.
    pub ticket: DocName,
    /// Who founded it.
    pub engineer: UserId,
    /// The number that his phone printed (Q12).
    pub provisional: String,
    /// Taken into the office's book.
    pub adopted: bool,
}

/// A part that was moved for this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The `move` fact.
    pub id: FactId,
    /// Movement kind.
    pub movement: String,
    /// Part number.
    pub part: String,
    /// Serial number.
    pub serial: Option<String>,
    /// Whole units.
    pub qty: u32,
    /// Note on it.
    pub note: Option<String>,
    /// Return (RMA) number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rma: Option<String>,
    /// The `reverse` that took it back; then it does not count.
    pub reversed_by: Option<FactId>,
    /// Not part of what was audited.
    pub late: bool,
    /// Who, when.
    pub stamp: Stamp,
}

/// An audit or an un-audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditView {
    /// The fact.
    pub id: FactId,
    /// `true` for an un-audit.
    pub opens: bool,
    /// The seal or submit audited.
    pub revision: Option<FactId>,
    /// The assignment audited.
    pub assignment: Option<FactId>,
    /// SHA-256 of the audited bytes, hex.
    pub blob: Option<String>,
    /// Why, for an un-audit.
    pub reason: Option<String>,
    /// Whether it is in force.
    pub stands: bool,
    /// Who, when.
    pub stamp: Stamp,
}

/// A report sent back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReturnView {
    /// The `return` fact.
    pub id: FactId,
    /// The seal or submit sent back.
    pub revision: FactId,
    /// Why.
    pub reason: String,
    /// The seal or submit that answers it.
    pub answered_by: Option<FactId>,
    /// Whether it is in force.
    pub stands: bool,
    /// Who, when.
    pub stamp: Stamp,
}

/// A waived requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiver {
    /// The `waive` fact.
    pub id: FactId,
    /// What.
    pub what: String,
    /// For which seal.
    pub revision: Option<FactId>,
    /// Why.
    pub reason: String,
    /// Who, when.
    pub stamp: Stamp,
}

/// The order reached a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// The `delivered` fact.
    pub id: FactId,
    /// The assignment.
    pub assignment: FactId,
    /// The device.
    pub device: DeviceId,
    /// When, by the server.
    pub at: String,
}

/// What the office knows of a device's wrong clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClockNote {
    /// The `clock_correction` fact.
    pub id: FactId,
    /// The device's tag, hex.
    pub device: String,
    /// The boot.
    pub boot: u32,
    /// True time minus the device's, ms.
    pub off: i64,
    /// Uncertainty, ms.
    pub err: u64,
}

/// How far a claimed time can be believed (design 3, «Time»).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// The device had met the server, and its clock was near.
    Checked,
    /// It had not met the server since it was set up.
    Unchecked,
    /// More than 5 minutes off: judgements are provisional until the office corrects it.
    Suspect,
    /// Corrected by the office.
    Corrected,
}

/// A claimed time and what is known of it. Used for display and service levels, never for order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Time {
    /// Milliseconds since the epoch: the claim, moved by the office's correction where there is one.
    pub utc_ms: i64,
    /// Uncertainty in ms, where known.
    pub err_ms: Option<u64>,
    /// How far it can be believed.
    pub trust: Trust,
}

/// A record of which many views hold the same one.
pub(crate) fn shared<S: Serializer>(record: &Arc<FactRecord>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Shown<'a> {
        id: FactId,
        doc: &'a DocName,
        kind: &'a str,
        payload: &'a Value,
        stamp: &'a Stamp,
    }
    Shown {
        id: record.id,
        doc: &record.doc,
        kind: &record.kind,
        payload: &record.payload,
        stamp: &record.stamp,
    }
    .serialize(serializer)
}

/// One fact on the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// The fact with author, device and claimed time.
    #[serde(flatten, serialize_with = "shared")]
    pub record: Arc<FactRecord>,
    /// What is known of its time.
    pub time: Time,
    /// When the server says it arrived (seals and submits).
    pub received_at: Option<String>,
    /// What is to be said about it.
    pub flags: Vec<Flag>,
    /// The guards that a step broke.
    pub unmet: Vec<Guard>,
}
