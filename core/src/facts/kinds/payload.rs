//! Payloads of the kinds, one struct each. Field names are kept in facts for ever; see [`super`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::callback::Scores;
use crate::domain::ids::{DeviceId, PersonId, UserId};
use crate::domain::place::GeoPoint;
use crate::facts::{DocName, FactId};

/// A register's new values: only the fields that the person changed (design 3, «Registers are facts too»).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Set {
    /// Which record the fields belong to, where it is not the document itself (an engineer's correction of an
    /// asset or customer, kept in his visit: example D.5-7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<DocName>,
    /// Field name → new value; `null` empties the field.
    pub fields: BTreeMap<String, Value>,
    /// The facts whose value of *those* fields the form displayed, losers included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<FactId>,
}

/// A person settles a field of which both values were kept (MV).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choose {
    /// Which record, where it is not the document itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<DocName>,
    /// The field.
    pub field: String,
    /// The value that holds from now on.
    pub value: Value,
    /// The values that it settles.
    pub over: Vec<FactId>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One movement of the double-entry stock ledger (D.2, I3). Locations are written as `van_good:<engineer>`,
/// `van_defective:<engineer>`, `store:<location>`, `customer_site:<order>`, `scrap`, `supplier`, `in_transit`, `suspense`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Move {
    /// Code of the movement kind: `receive`, `issue`, `confirm_receipt`, `consume`, …
    pub movement: String,
    /// Part number.
    pub part: String,
    /// Serial number of a serial-tracked unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Whole units, above 0.
    pub qty: u32,
    /// Where from.
    pub from: String,
    /// Where to.
    pub to: String,
    /// The work order that it belongs to: which `visit` document's order, as `order/<id>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<DocName>,
    /// The assignment that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<FactId>,
    /// Scrap type, adjust reason, slip number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// In a van's office document: the movement of another engineer's document that this one mirrors (design 3);
    /// the two count once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirrors: Option<FactId>,
    /// Code of the type of scrap (Y-22).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scrap: Option<String>,
    /// SHA-256 (hex) of the photo that shows what is scrapped (Y-22).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<String>,
    /// The hand-over between two engineers that it is one half of: the code's id and the place of the line in it. Both
    /// halves count once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handover: Option<FactId>,
    /// Return (RMA) number of a loan (T-28).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rma: Option<String>,
}

/// One line of a parts request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartLine {
    /// Part number.
    pub part: String,
    /// Whole units, above 0.
    pub qty: u32,
}

/// See [`super::Fact::Hide`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hide {
    /// What is hidden; none for the whole record that the document holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<FactId>,
    /// Why.
    pub reason: String,
}

/// See [`super::Fact::Assign`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assign {
    /// One engineer, or a pool of several of whom the first to accept gets it.
    pub engineers: Vec<UserId>,
    /// The assignments that this one replaces: empty for a first assignment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<FactId>,
    /// Why, where it replaces one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A step that names what it replaces, with a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverReason {
    /// What it replaces or takes back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<FactId>,
    /// Why.
    pub reason: String,
}

/// A text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// The text.
    pub text: String,
}

/// See [`super::Fact::Return`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// The seal (or submit, where nothing was sealed) that is sent back.
    pub revision: FactId,
    /// The assignment under which it was made.
    pub assignment: FactId,
    /// Why.
    pub reason: String,
}

/// See [`super::Fact::Audit`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// The seal (or submit) that is audited.
    pub revision: FactId,
    /// The assignment under which it was made.
    pub assignment: FactId,
    /// SHA-256 (hex) of the blob with the canonical bytes of the audited view and the list of actions in it.
    pub blob: String,
    /// The audits that it replaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<FactId>,
}

/// See [`super::Fact::Confirm`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirm {
    /// The decision or accept that is confirmed.
    pub target: FactId,
    /// `confirmed` or `overridden`.
    pub verdict: String,
    /// Where overridden: the outcome that holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Earlier confirmations that it replaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<FactId>,
}

/// See [`super::Fact::Pick`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pick {
    /// The seal that is current from now on.
    pub revision: FactId,
    /// Earlier picks that it replaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<FactId>,
    /// Why.
    pub reason: String,
}

/// See [`super::Fact::Resolve`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolve {
    /// The conflict's id: UUIDv5 of its kind and sorted fact ids.
    pub conflict: uuid::Uuid,
    /// What was done about it.
    pub note: String,
}

/// See [`super::Fact::Waive`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waive {
    /// What is waived: `photos`, `signature`.
    pub what: String,
    /// For which seal, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<FactId>,
    /// Why.
    pub reason: String,
}

/// See [`super::Fact::Addendum`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addendum {
    /// The audit that it stands beside.
    pub audit: FactId,
    /// The late facts that it accepts.
    pub accepts: Vec<FactId>,
    /// Why.
    pub text: String,
}

/// See [`super::Fact::Delivered`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// The assignment that reached a device.
    pub assignment: FactId,
    /// The device.
    pub device: DeviceId,
}

/// See [`super::Fact::Received`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// The seal or submit that arrived; the envelope's `at` says when, by the server's clock.
    pub seal: FactId,
}

/// See [`super::Fact::ClockCorrection`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockCorrection {
    /// The device, as its 8-byte tag in hex.
    pub device: String,
    /// The boot during which its wall clock was wrong.
    pub boot: u32,
    /// True time minus the device's wall clock, ms.
    pub off: i64,
    /// Uncertainty, ms.
    pub err: u64,
}

/// See [`super::Fact::Number`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number {
    /// The display number, e.g. `SS20261123001`.
    pub number: String,
}

/// See [`super::Fact::TicketState`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketState {
    /// Code of the ticket's state.
    pub state: String,
    /// Why: of a reopening, a merge, a closing without a satisfied customer; what solved it, at the desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// For `closed`: `confirmed`, or the way of Q24: `customer_not_satisfied`, `customer_unreachable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close: Option<String>,
    /// Where the server wrote it: the fact of a work order that it follows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<FactId>,
    /// For `reopened`: the work orders that had ended by then; what they solved does not count any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<DocName>,
}

/// See [`super::Fact::OrderAdded`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderAdded {
    /// The work order.
    pub order: DocName,
}

/// See [`super::Fact::Escalate`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalate {
    /// On a visit: the assignment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<FactId>,
    /// To whom: a team, a person, the maker.
    pub to: String,
    /// Why.
    pub reason: String,
    /// Who speaks with the customer next (002-14).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_contact: Option<String>,
    /// By when the customer hears, as he was told, RFC 3339 (001-11).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised: Option<String>,
}

/// See [`super::Fact::Callback`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// Code of the channel.
    pub way: String,
    /// What was answered; none where nobody was reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<Scores>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// See [`super::Fact::Found`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The number that the phone printed (Q12): it resolves for ever.
    pub provisional: String,
    /// The engineer does the first visit himself: the founding is his assignment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub takes: bool,
}

/// See [`super::Fact::Adopt`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopt {
    /// The document in which the ticket was founded.
    pub intake: DocName,
    /// The founding.
    pub found: FactId,
}

/// See [`super::Fact::History`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The work order.
    pub order: DocName,
    /// Local date of the visit's end, `YYYY-MM-DD`.
    pub on: String,
    /// Code of the outcome.
    pub outcome: String,
    /// What was found and done, short.
    pub summary: String,
}

/// A step under an assignment, with an optional text (progress, plan, reason to decline).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The assignment that it is done under; none for work found without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<FactId>,
    /// Progress text, planned solution, reason to decline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// See [`super::Fact::Contact`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The assignment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<FactId>,
    /// Code of the channel.
    pub channel: String,
    /// Whether the customer was reached (Q24 counts the attempts).
    pub reached: bool,
    /// What was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// See [`super::Fact::Remote`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remote {
    /// The assignment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<FactId>,
    /// The consent that allows it.
    pub consent: FactId,
}

/// See [`super::Fact::Wait`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// The assignment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<FactId>,
    /// `waiting_parts`, `waiting_customer` or `blocked`.
    pub state: String,
    /// Why.
    pub reason: String,
}

/// See [`super::Fact::Consent`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The assignment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<FactId>,
    /// Code of what is consented to: `remote`, `work_and_price`, `extension`, `sensitive_copy`, `location`.
    pub consent: String,
    /// Who gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_by: Option<PersonId>,
    /// `spoken`, `signature` or `message`.
    pub how: String,
    /// For an extension: the new due time, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_due: Option<String>,
    /// What was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// See [`super::Fact::Decide`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decide {
    /// The assignment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<FactId>,
    /// The unit that was examined.
    pub asset: DocName,
    /// The whole `domain::warranty::Decision`: copied inputs, input hash, policy and version, outcome, explanation.
    pub decision: Value,
    /// The decision that it supersedes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<FactId>,
}

/// See [`super::Fact::Answer`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The decision.
    pub decision: FactId,
    /// `accepts`, `declines` or `disputes`.
    pub answer: String,
}

/// See [`super::Fact::Done`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The assignment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<FactId>,
    /// Code of the outcome: `solved`, `unresolved`, `needs_parts`, `customer_absent`, `no_fault_found`.
    pub outcome: String,
    /// Why, where unresolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// See [`super::Fact::Seal`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// The assignment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<FactId>,
    /// 1 for the first, one more than the revision that it follows.
    pub revision: u32,
    /// The seal that it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<FactId>,
    /// SHA-256 (hex) of the sealed file, which travels as a blob.
    pub blob: String,
    /// Every fact that the customer saw in it.
    pub lists: Vec<FactId>,
    /// `signed` or `refused`.
    pub kind: String,
}

/// See [`super::Fact::Submit`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submit {
    /// The assignment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<FactId>,
    /// The seal that is handed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<FactId>,
    /// Without a seal: `verbal_confirmation` (remote) or `customer_absent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<String>,
}

/// See [`super::Fact::Photo`]. A phone lets go of the bytes only by I9; the fact stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Photo {
    /// The assignment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<FactId>,
    /// SHA-256 (hex) of the JPEG, which goes to the server after the changes.
    pub blob: String,
    /// Its length in bytes.
    pub size: u64,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Code of what it shows: `device`, `label`, `symptom`, `damage`, `site`, `custody`, `other`.
    pub what: String,
    /// For `symptom`: its code (000-16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symptom: Option<String>,
    /// The unit that it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<DocName>,
    /// When it was taken, by the camera, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<String>,
    /// Where, only under a `location` consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<GeoPoint>,
    /// A copy of a sealed document (000-15): shown to few, only under a `sensitive_copy` consent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
    /// What is to be seen, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
}

/// See [`super::Fact::Reverse`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reverse {
    /// The movement that is taken back.
    pub of: FactId,
    /// Why.
    pub reason: String,
}

/// See [`super::Fact::PartsRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartsRequest {
    /// What is asked for.
    pub lines: Vec<PartLine>,
    /// For which order; none for restocking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<DocName>,
    /// Why, until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// See [`super::Fact::PartsAnswer`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartsAnswer {
    /// The request.
    pub request: FactId,
    /// `approved`, `refused`, `issued`, `cancelled`.
    pub state: String,
    /// Why, or when they come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// One line of a count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountLine {
    /// Part number.
    pub part: String,
    /// Serial number of a serial-tracked unit; such a line counts 0 or 1. Without one: the pieces that have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Pieces that were found.
    pub counted: u32,
    /// Pieces that the book had, as whoever counted saw it.
    pub book: i64,
}

/// See [`super::Fact::Count`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Where, as in [`Move`].
    pub place: String,
    /// What was found; empty to refuse the proposal in `of`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<CountLine>,
    /// The engineer's proposal that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<FactId>,
    /// Why it was counted, or refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// See [`super::Fact::Handover`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// The code's text as the other phone showed it: what proves the movements beside it.
    pub code: String,
}

/// See [`super::Fact::Level`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// Where: `store:<location>` or `van_good:<engineer>`.
    pub place: String,
    /// Part number.
    pub part: String,
    /// Safety stock.
    pub safety: u32,
    /// Least stock.
    pub min: u32,
    /// Greatest stock; 0 where the part is not kept there any more.
    pub max: u32,
    /// The levels that it replaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<FactId>,
}

/// See [`super::Fact::Pack`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    /// `parts`, `prices`, `policy`, `lists`, `products`.
    pub pack: String,
    /// Name and version, e.g. `eseal@1`.
    pub version: String,
    /// SHA-256 (hex) of the blob.
    pub blob: String,
    /// Local date from which it holds, `YYYY-MM-DD`.
    pub valid_from: String,
}

/// See [`super::Fact::User`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The person.
    pub user: UserId,
    /// The name shown to colleagues.
    pub name: String,
    /// Codes of the roles.
    pub roles: Vec<String>,
    /// `false` once the person has left.
    pub active: bool,
}

/// See [`super::Fact::Device`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// The device.
    pub device: DeviceId,
    /// Its engineer.
    pub user: UserId,
    /// First 8 bytes of SHA-256 of its public key, hex: the second half of its actors.
    pub tag: String,
    /// The certificate signed by the organisation key, base64 of its canonical bytes.
    pub certificate: String,
}

/// See [`super::Fact::DeviceRevoked`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRevoked {
    /// The device's tag, hex.
    pub tag: String,
    /// Why.
    pub reason: String,
}
