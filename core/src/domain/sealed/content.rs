//! What a sealed report holds: everything that the customer saw, as it was shown (design 3, «Sealing»; D.5-3).
//!
//! Values are copied, never referred to: names, addresses and prices change, the sealed report does not. New
//! members are optional; a type never changes.

use serde::{Deserialize, Serialize};

use crate::domain::canonical::ContentHash;
use crate::domain::ids::{AssetId, CustomerId, OrderId, TicketId, UserId};
use crate::domain::ledger::MovementKind;
use crate::domain::money::Fen;
use crate::domain::policy::PolicyRef;
use crate::domain::signature::Strokes;
use crate::domain::texts::Lang;
use crate::domain::time::LocalTime;
use crate::domain::warranty::{CustomerAnswer, Decision};
use crate::domain::work::{OpinionKind, OrderType, Outcome};

/// The report as the customer saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedContent {
    /// The language in which it was shown.
    pub language: Lang,
    /// The template that laid it out, e.g. `report@1`.
    pub template: String,
    /// When it was sealed, by the device's clock (D.5-10: printed beside the server's receipt).
    pub sealed_at: LocalTime,
    /// The work order.
    pub order: SealedOrder,
    /// The customer.
    pub customer: SealedCustomer,
    /// The engineer.
    pub engineer: SealedEngineer,
    /// The units that were worked on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<SealedAsset>,
    /// Times of the visit, in their order, as shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<SealedTime>,
    /// The texts of the form.
    pub report: SealedReport,
    /// Parts used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<SealedLine>,
    /// What changed hands without being built in: taken from the customer, lent, taken back (W-19, T-28).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custody: Vec<SealedCustody>,
    /// What is charged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charges: Vec<SealedCharge>,
    /// The sum that was shown, fen; none where an amount is still open (Q4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Fen>,
    /// The warranty decisions with what was explained.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<SealedDecision>,
    /// SHA-256 of the photos.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<ContentHash>,
    /// Why there are none, where photography is forbidden (V22).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photography_forbidden: Option<SealedForbidden>,
    /// The customer's opinion (000-30).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opinion: Option<SealedOpinion>,
    /// Who signed, or why nobody did.
    pub signing: Signing,
    /// Why this revision corrects an earlier one (D.5-3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<String>,
}

/// The work order, as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedOrder {
    /// Its id.
    pub id: OrderId,
    /// The ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketId>,
    /// The number on the paper: the ticket's, or the provisional one.
    pub number: String,
    /// What it was for.
    #[serde(rename = "type")]
    pub kind: OrderType,
    /// What was reported, as shown.
    pub summary: String,
    /// Local date of the report, `YYYY-MM-DD`, where shown (Q22).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_on: Option<String>,
}

/// The customer, as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedCustomer {
    /// Its id; none for one founded on site and not adopted yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<CustomerId>,
    /// Name.
    pub name: String,
    /// Where the visit was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The contact's name and phone, as shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
}

/// The engineer, as shown. Must be the certificate's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedEngineer {
    /// Account.
    pub id: UserId,
    /// Name.
    pub name: String,
}

/// A unit, as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedAsset {
    /// Its id; none for one found on site and not adopted yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<AssetId>,
    /// Product.
    pub product: String,
    /// Serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
}

/// One time, as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedTime {
    /// Code of what happened: `accept`, `travel`, `arrive`, `done`, `leave`.
    pub what: String,
    /// When, by the device's clock.
    pub at: LocalTime,
    /// The device's clock is under suspicion (D.5-10).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspect: bool,
}

/// The texts of the form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedReport {
    /// What was found.
    pub fault_found: String,
    /// Code of the cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause_code: Option<String>,
    /// What was done.
    pub action_taken: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, where unresolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome_reason: Option<String>,
    /// Environment of the fault (000-13b).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

/// A part used, as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedLine {
    /// Part number.
    pub part: String,
    /// Name in the report's language; the number again where the device had no name for it.
    pub name: String,
    /// Whole units.
    pub qty: u32,
    /// Serial number of a serial-tracked unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Price of one, fen, where shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Fen>,
}

/// One line of the custody list, as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedCustody {
    /// How: a code of the movement kinds.
    pub movement: MovementKind,
    /// Part number.
    pub part: String,
    /// Name in the report's language; the number again where the device had no name for it.
    pub name: String,
    /// Whole units.
    pub qty: u32,
    /// Serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Return number (RMA).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rma: Option<String>,
    /// Accessories, state, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A charge, as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedCharge {
    /// `parts`, `travel` or `labour`.
    pub kind: String,
    /// Code of the basis.
    pub basis: String,
    /// Fen; none where still open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Fen>,
    /// The price list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<PolicyRef>,
}

/// A warranty decision with what the customer was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedDecision {
    /// The unit, as the report calls it (serial number or product).
    pub label: String,
    /// The whole decision: inputs, policy and version, outcome, explanation as codes and values.
    pub decision: Decision,
    /// The explanation as it was shown, line by line, in the report's language.
    pub shown: Vec<String>,
    /// What the customer said to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<CustomerAnswer>,
}

/// Photography was forbidden (V22).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedForbidden {
    /// Why.
    pub reason: String,
    /// Who saw it: the name.
    pub witness: String,
}

/// The customer's opinion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedOpinion {
    /// Which of the three.
    pub kind: OpinionKind,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Who signed, or why nobody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Signing {
    /// Signed by hand.
    Signed {
        /// The signer's name.
        name: String,
        /// Role at the customer's.
        role: String,
        /// Relation to the customer, where given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        relation: Option<String>,
        /// When, by the device's clock.
        at: LocalTime,
        /// The signature as vectors.
        strokes: Strokes,
    },
    /// Refused (000-30).
    Refused {
        /// Why.
        reason: String,
        /// Who saw it: the name.
        witness: String,
    },
}

impl Signing {
    /// The code that the seal's fact carries: `signed` or `refused`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Signed { .. } => "signed",
            Self::Refused { .. } => "refused",
        }
    }
}
