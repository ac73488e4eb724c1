//! Every kind of fact with its payload. A kind's name and fields can never change once phones hold data; new
//! behaviour is a new kind or an optional field (design 3, «Evolution»).
//!
//! Codes (`String` fields named so) are the stable snake_case codes of `domain`; a code that this version does
//! not know makes the fact one without effect, flagged, never an error.

use serde::Deserialize;
use serde_json::Value;

use crate::facts::{DocName, RawFact};

mod payload;
pub use payload::*;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal ($payload:ty);)*) => {
        /// A fact whose kind this version knows.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Fact {
            $($(#[$doc])* $variant($payload),)*
        }

        impl Fact {
            /// Names of all kinds, as they stand in envelopes.
            pub const KINDS: &'static [&'static str] = &[$($name),*];

            /// The name of this fact's kind.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name),* }
            }

            /// Reads a fact; `Ok(None)` for a kind of a newer version (kept and ignored).
            ///
            /// # Errors
            /// [`MalformedFact`] for a known kind whose payload does not have its form: flagged, without effect.
            pub fn read(raw: &RawFact) -> Result<Option<Self>, MalformedFact> {
                match raw.kind.as_str() {
                    $($name => <$payload as Deserialize>::deserialize(&raw.payload)
                        .map(|payload| Some(Self::$variant(payload)))
                        .map_err(|_| MalformedFact),)*
                    _ => Ok(None),
                }
            }

            /// The form that goes into an envelope.
            pub fn to_raw(&self) -> RawFact {
                let payload = match self {
                    $(Self::$variant(payload) => serde_json::to_value(payload)),*
                };
                // Payloads are structs of JSON types with string keys, so this cannot fail; an empty object would be
                // flagged by every reader.
                RawFact { kind: self.kind().to_owned(), payload: payload.unwrap_or_else(|_| Value::Object(serde_json::Map::new())) }
            }
        }
    };
}

/// A known kind with a payload of another form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("payload does not have the form of its kind")]
pub struct MalformedFact;

kinds! {
    // ---- any document -------------------------------------------------------------------------------------
    /// New values of registers.
    Set = "set" (Set);
    /// A person's choice between kept values.
    Choose = "choose" (Choose);
    /// Hides a fact's effect; never wins over an edit that did not know of it.
    Hide = "hide" (Hide);

    // ---- order/<id>: the office -----------------------------------------------------------------------------
    /// Assigns (and, naming earlier assignments in `over`, reassigns) the order.
    Assign = "assign" (Assign);
    /// Cancels.
    Cancel = "cancel" (OverReason);
    /// Takes a cancellation back.
    Uncancel = "uncancel" (OverReason);
    /// An instruction to the engineer.
    Instruct = "instruct" (Text);
    /// Sends a submitted report back.
    Return = "return" (Return);
    /// Freezes (Y-14, Y-15).
    Audit = "audit" (Audit);
    /// Takes an audit back; the audited snapshot stays (Q14).
    Unaudit = "unaudit" (OverReason);
    /// Confirms or overrides a warranty decision, or confirms an accept.
    Confirm = "confirm" (Confirm);
    /// Picks the current one of several seals.
    Pick = "pick" (Pick);
    /// Settles a conflict.
    Resolve = "resolve" (Resolve);
    /// Waives a requirement (photos, a customer's new signature) with a reason.
    Waive = "waive" (Waive);
    /// An addition after audit that the auditor accepted.
    Addendum = "addendum" (Addendum);
    /// The order reached a device (starts the acceptance clock, F-14).
    Delivered = "delivered" (Delivered);
    /// A sealed report reached the server.
    Received = "received" (Received);
    /// What the server knows of a device's wrong clock.
    ClockCorrection = "clock_correction" (ClockCorrection);
    /// Takes a ticket that an engineer founded on site into the office's book: his founding is an assignment from now on.
    Adopt = "adopt" (Adopt);

    // ---- ticket/<id>, customer, asset: the office -------------------------------------------------------------
    /// The display number (Q12); written once.
    Number = "number" (Number);
    /// The ticket's state over its orders, written by the server.
    TicketState = "ticket_state" (TicketState);
    /// A work order was made for the ticket (000-33: one ticket, many visits).
    OrderAdded = "order_added" (OrderAdded);
    /// Passed on, with reason, target and who calls the customer next (000-33, 002-14, 001-11); on a visit: asked for.
    Escalate = "escalate" (Escalate);
    /// The customer was asked how it went, or was not reached (F-24 to F-26).
    Callback = "callback" (Callback);
    /// A note among colleagues (F-10).
    Note = "note" (Text);
    /// A visit that ended, appended to an asset so that its history is known offline (T-19).
    History = "history" (History);

    // ---- intake/<engineer>/<ticket> ---------------------------------------------------------------------------
    /// A ticket founded on site (000-28): what was reported stands beside it as proposals to the office.
    Found = "found" (Found);

    // ---- visit/<order>/<engineer> ----------------------------------------------------------------------------
    /// Accepts an assignment (F-14).
    Accept = "accept" (Step);
    /// Declines it.
    Decline = "decline" (Step);
    /// Spoke with the customer (ends the response clock, N1).
    Contact = "contact" (Contact);
    /// Started travelling.
    Travel = "travel" (Step);
    /// Arrived (签到).
    Arrive = "arrive" (Step);
    /// Started remote work; needs a consent (000-14).
    Remote = "remote" (Remote);
    /// Waits for parts or the customer, or is blocked.
    Wait = "wait" (Wait);
    /// Progress text (F-18).
    Progress = "progress" (Step);
    /// The customer's consent (D.2).
    Consent = "consent" (Consent);
    /// A warranty decision with its copied inputs and explanation.
    Decide = "decide" (Decide);
    /// The customer's answer to a decision.
    Answer = "answer" (Answer);
    /// Work ended with an outcome.
    Done = "done" (Done);
    /// A sealed revision (SEAL).
    Seal = "seal" (Seal);
    /// Hands the report in.
    Submit = "submit" (Submit);
    /// Left the site (Q8).
    Leave = "leave" (Step);
    /// A photo: its bytes are a blob (D.2, Attachment).
    Photo = "photo" (Photo);

    // ---- van, store --------------------------------------------------------------------------------------------
    /// A stock movement.
    Move = "move" (Move);
    /// Reverses a movement.
    Reverse = "reverse" (Reverse);
    /// Asks for parts (F-16, T-31).
    PartsRequest = "parts_request" (PartsRequest);
    /// Approves or refuses a request.
    PartsAnswer = "parts_answer" (PartsAnswer);
    /// A count of a place, or an engineer's proposal of one (T-36).
    Count = "count" (Count);
    /// The code of a hand-over, or its receipt, that the movements of this action name (D.5-2b).
    Handover = "handover" (Handover);
    /// How much of a part is to lie at a place (T-34).
    Level = "level" (Level);

    // ---- reference/index, directory ----------------------------------------------------------------------------
    /// An immutable pack (parts, prices, policies, code lists) valid from a date.
    Pack = "pack" (Pack);
    /// A person with an account.
    User = "user" (User);
    /// An enrolled device with its certificate.
    Device = "device" (Device);
    /// A device that may no longer write.
    DeviceRevoked = "device_revoked" (DeviceRevoked);
}

/// The document (and, with it, the role) that a kind has its place in. A kind elsewhere is kept, flagged and
/// without effect (design 3).
pub fn has_place_in(fact: &Fact, doc: &DocName) -> bool {
    match fact {
        Fact::Set(_) | Fact::Choose(_) | Fact::Hide(_) => true,
        Fact::Assign(_)
        | Fact::Cancel(_)
        | Fact::Uncancel(_)
        | Fact::Instruct(_)
        | Fact::Return(_)
        | Fact::Audit(_)
        | Fact::Unaudit(_)
        | Fact::Confirm(_)
        | Fact::Pick(_)
        | Fact::Resolve(_)
        | Fact::Waive(_)
        | Fact::Addendum(_)
        | Fact::Delivered(_)
        | Fact::Received(_)
        | Fact::ClockCorrection(_)
        | Fact::Adopt(_) => matches!(doc, DocName::Order(_)),
        Fact::Number(_) | Fact::TicketState(_) | Fact::OrderAdded(_) | Fact::Callback(_) => {
            matches!(doc, DocName::Ticket(_))
        }
        Fact::Note(_) => matches!(doc, DocName::Ticket(_) | DocName::Order(_)),
        // The desk speaks with customers too (N1, F-20, F-22), and passes work on.
        Fact::Contact(_) | Fact::Consent(_) | Fact::Escalate(_) => {
            matches!(doc, DocName::Visit(..) | DocName::Ticket(_))
        }
        Fact::Found(_) => matches!(doc, DocName::Intake(..)),
        Fact::History(_) => matches!(doc, DocName::Asset(_)),
        Fact::Accept(_)
        | Fact::Decline(_)
        | Fact::Travel(_)
        | Fact::Arrive(_)
        | Fact::Remote(_)
        | Fact::Wait(_)
        | Fact::Progress(_)
        | Fact::Decide(_)
        | Fact::Answer(_)
        | Fact::Done(_)
        | Fact::Seal(_)
        | Fact::Submit(_)
        | Fact::Leave(_) => matches!(doc, DocName::Visit(..)),
        Fact::Photo(_) => matches!(doc, DocName::Visit(..) | DocName::VanField(..)),
        Fact::Handover(_) => matches!(doc, DocName::VanField(..)),
        Fact::Level(_) => matches!(doc, DocName::VanOffice(..) | DocName::Store(..)),
        Fact::Move(_) | Fact::Reverse(_) | Fact::Count(_) => {
            matches!(
                doc,
                DocName::VanField(..) | DocName::VanOffice(..) | DocName::Store(..)
            )
        }
        Fact::PartsRequest(_) => matches!(doc, DocName::VanField(..)),
        Fact::PartsAnswer(_) => matches!(doc, DocName::VanOffice(..)),
        Fact::Pack(_) => matches!(doc, DocName::ReferenceIndex),
        Fact::User(_) | Fact::Device(_) | Fact::DeviceRevoked(_) => matches!(doc, DocName::Directory),
    }
}

#[cfg(test)]
mod tests;
