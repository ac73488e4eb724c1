//! The decision: what was decided, on what, and why; immutable, hashed, part of a seal.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::explain::ExplanationLine;
use super::inputs::Inputs;
use crate::domain::canonical::{CanonicalError, ContentHash, canonical_hash_of};
use crate::domain::codes::codes;
use crate::domain::policy::{
    EngineerLimit, PolicyRef, PriceList, PriceQuote, Remedy, ReplacementTerm, WarrantyPolicy,
};

codes! {
    /// What a decision table says (A.12).
    pub enum WarrantyOutcome in "warranty_outcome" {
        /// The key works; nothing to claim.
        NoClaim = "no_claim",
        /// User damage.
        UserDamage = "user_damage",
        /// Natural damage within the period.
        NaturalInWarranty = "natural_in_warranty",
        /// Natural damage after the period.
        NaturalExpired = "natural_expired",
        /// Return allowed.
        ReturnAllowed = "return_allowed",
        /// Exchange allowed.
        ExchangeAllowed = "exchange_allowed",
        /// Free repair.
        FreeRepair = "free_repair",
        /// Paid repair.
        PaidRepair = "paid_repair",
        /// Excluded by a ground.
        Excluded = "excluded",
        /// Not covered: not sold by us.
        NotCovered = "not_covered",
        /// A voucher is missing and may be sent.
        PendingEvidence = "pending_evidence",
        /// Cannot be decided here.
        Undetermined = "undetermined",
    }
}

codes! {
    /// Why a case cannot be decided here.
    pub enum UndeterminedReason in "undetermined" {
        /// The key was not tried on another port and computer.
        NotTested = "not_tested",
        /// The key was not looked at.
        NotInspected = "not_inspected",
        /// The inspection or a claimed symptom lacks its photo.
        EvidenceMissing = "evidence_missing",
        /// Damage that is none of the listed signs.
        OtherDamage = "other_damage",
        /// The date that starts the period is unknown.
        StartUnknown = "start_unknown",
        /// Reported before the period starts: a data fault.
        ReportedBeforeStart = "reported_before_start",
        /// No engineer confirmed or denied a quality fault.
        NotConfirmed = "not_confirmed",
    }
}

codes! {
    /// What is wrong with the dates of a case. Decisive only where the table says so (V18, V19).
    pub enum DataFault in "data_fault" {
        /// The date that starts the period is unknown.
        StartUnknown = "start_unknown",
        /// Reported before the period starts.
        ReportedBeforeStart = "reported_before_start",
    }
}

codes! {
    /// A ground of exclusion (W-09, W-11 to W-13). A voucher that cannot be shown is not among what an engineer
    /// finds: it is curable (Q6), and only a supervisor turns it into [`ExclusionGround::NoVoucher`].
    pub enum ExclusionGround in "exclusion" {
        /// Serial label altered, replaced or torn (W-09).
        LabelAltered = "label_altered",
        /// No serial number (W-09).
        NoSerial = "no_serial",
        /// The voucher does not match the goods (W-09).
        VoucherMismatch = "voucher_mismatch",
        /// No voucher within the days given for it (Q6).
        NoVoucher = "no_voucher",
        /// Not used, maintained or kept as the manual says (W-11).
        Misuse = "misuse",
        /// Fitted, repaired, altered or opened by people not authorised (W-12).
        UnauthorisedWork = "unauthorised_work",
        /// Accident or force majeure (W-13).
        Accident = "accident",
    }
}

codes! {
    /// What the customer pays, derived from the outcome, never typed (T-14).
    pub enum ChargeBasis in "charge_basis" {
        /// Nothing happens, nothing is charged.
        None = "none",
        /// Free.
        Free = "free",
        /// Not known before the case is decided.
        Held = "held",
        /// The price of a new application (新办理价格).
        NewApplication = "price.new_application",
        /// The original price (原价).
        Original = "price.original",
        /// Working time and material (W-17).
        LabourAndMaterial = "labour_and_material",
    }
}

impl ChargeBasis {
    /// The customer pays something, known already.
    pub const fn is_charged(self) -> bool {
        matches!(
            self,
            Self::NewApplication | Self::Original | Self::LabourAndMaterial
        )
    }

    /// The key of the price list, for a basis that is one listed price (Q4).
    pub const fn price_key(self) -> Option<&'static str> {
        match self {
            Self::NewApplication | Self::Original => Some(self.as_str()),
            _ => None,
        }
    }
}

codes! {
    /// The type of the request that follows from a decision (T-14); an installation never has a decision.
    pub enum RequestType in "request_type" {
        /// 安装调试.
        Install = "install",
        /// 保内维修.
        InWarranty = "in_warranty",
        /// 保外维修.
        OutOfWarranty = "out_of_warranty",
    }
}

codes! {
    /// What proves the finding.
    pub enum EvidenceStatus in "evidence" {
        /// Photos.
        Photos = "photos",
        /// A witness, because photography is forbidden (V22).
        Witnessed = "witnessed",
        /// Photos are missing.
        Missing = "missing",
        /// None needed.
        NotNeeded = "not_needed",
    }
}

codes! {
    /// Why a supervisor decides before anybody acts (Q28).
    pub enum SupervisorReason in "supervisor" {
        /// The case is undetermined.
        Undetermined = "undetermined",
        /// Money goes back.
        Refund = "refund",
        /// Above what an engineer may give away.
        AboveLimit = "above_limit",
        /// There is no list price that the customer could accept.
        PriceMissing = "price_missing",
    }
}

codes! {
    /// The customer's answer to a decision.
    pub enum CustomerAnswer in "customer_answer" {
        /// Accepts.
        Accepts = "accepts",
        /// Does not want it.
        Declines = "declines",
        /// Disputes the decision.
        Disputes = "disputes",
    }
}

/// A warranty decision (D.2). Whether it is confirmed or overridden is said by other facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The policy that was used.
    pub policy: PolicyRef,
    /// The inputs, copied.
    pub inputs: Inputs,
    /// SHA-256 over the canonical JSON of the policy's reference and the inputs.
    pub input_hash: ContentHash,
    /// What the table says.
    pub outcome: WarrantyOutcome,
    /// Why it is undetermined, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undetermined: Option<UndeterminedReason>,
    /// The grounds that exclude, if any.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub grounds: BTreeSet<ExclusionGround>,
    /// What is wrong with the dates, decisive or not.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub data_faults: BTreeSet<DataFault>,
    /// What the customer pays.
    pub charge_basis: ChargeBasis,
    /// The listed price, where the basis is one and the list has it (Q4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<PriceQuote>,
    /// What the customer may choose, the first by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remedies: Vec<Remedy>,
    /// Last day of the (longest) period, to 24:00 (Q21).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered_to: Option<NaiveDate>,
    /// Last day for a missing voucher (Q6). Nothing flips by itself after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_due: Option<NaiveDate>,
    /// What proves the finding.
    pub evidence: EvidenceStatus,
    /// Warranty of a replacement, where the outcome brings one (Q20).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement_term: Option<ReplacementTerm>,
    /// Why a supervisor decides first; empty: the engineer may act (Q28).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub supervisor: BTreeSet<SupervisorReason>,
    /// Why, line by line.
    pub explanation: Vec<ExplanationLine>,
}

/// Why no decision can be made at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecisionError {
    /// The inputs are of another kind of goods than the policy.
    #[error("the policy is for another kind of goods")]
    PolicyMismatch,
    /// A period ends outside the calendar.
    #[error("a date is outside the calendar")]
    DateOutOfRange,
    /// The inputs have no canonical form.
    #[error("the inputs have no canonical form: {0}")]
    Canonical(#[from] CanonicalError),
}

impl DecisionError {
    /// The key of its text in both languages.
    pub const fn text_key(self) -> &'static str {
        match self {
            Self::PolicyMismatch => "decision_error.policy_mismatch",
            Self::DateOutOfRange => "decision_error.date_out_of_range",
            Self::Canonical(_) => "decision_error.canonical",
        }
    }
}

/// What is hashed as the input.
#[derive(Serialize)]
struct Hashed<'a> {
    policy: &'a PolicyRef,
    inputs: &'a Inputs,
}

/// The hash over a policy's reference and the inputs (I7).
pub(super) fn input_hash(policy: &PolicyRef, inputs: &Inputs) -> Result<ContentHash, CanonicalError> {
    canonical_hash_of(&Hashed { policy, inputs })
}

/// Whether a free case is within what an engineer may give away (Q28).
pub(super) fn within_limit(
    limit: &EngineerLimit,
    quantity: u32,
    value: Option<crate::domain::money::Fen>,
) -> bool {
    limit.pieces.is_some_and(|pieces| quantity <= pieces)
        || matches!((limit.goods_value, value), (Some(limit), Some(value)) if value <= limit)
}

impl Decision {
    /// Whether a supervisor decides before anybody acts (Q28).
    pub fn needs_supervisor(&self) -> bool {
        !self.supervisor.is_empty()
    }

    /// The request type that follows from the outcome (T-14); none while the charge is held or nothing is claimed.
    pub const fn request_type(&self) -> Option<RequestType> {
        match self.charge_basis {
            ChargeBasis::Free => Some(RequestType::InWarranty),
            ChargeBasis::NewApplication | ChargeBasis::Original | ChargeBasis::LabourAndMaterial => {
                Some(RequestType::OutOfWarranty)
            }
            ChargeBasis::None | ChargeBasis::Held => None,
        }
    }

    /// Whether the engineer may act on it at once (Q28): no reason for a supervisor, and it is free, or the customer
    /// accepts the price by signature. A dispute or a held charge always waits.
    pub fn may_act_now(&self, answer: CustomerAnswer, signed: bool) -> bool {
        if self.needs_supervisor() || answer != CustomerAnswer::Accepts {
            return false;
        }
        match self.charge_basis {
            ChargeBasis::Free => true,
            ChargeBasis::NewApplication | ChargeBasis::Original | ChargeBasis::LabourAndMaterial => signed,
            ChargeBasis::None | ChargeBasis::Held => false,
        }
    }

    /// Whether this is what the policy and the price list give for the copied inputs: the server's check of what a
    /// device says it decided.
    pub fn follows_from(&self, policy: &WarrantyPolicy, prices: &PriceList) -> bool {
        super::decide(policy, &self.inputs, prices).is_ok_and(|again| again == *self)
    }
}
