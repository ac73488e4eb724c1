//! What a decision is made from. All of it is copied into the decision, so nothing here names a person or a thing
//! that could change later; a witness goes by id, because people's names are erasable (design 6).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::decision::ExclusionGround;
use crate::domain::canonical::ContentHash;
use crate::domain::codes::codes;
use crate::domain::ids::PersonId;
use crate::domain::money::Fen;
use crate::domain::work::Symptom;

/// The customer allows no photos: what stands in for them (V22).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotographyForbidden {
    /// Why.
    pub reason: String,
    /// Who saw it besides the engineer.
    pub witness: PersonId,
}

impl PhotographyForbidden {
    /// Whether it may stand in for photos: a blank reason is none.
    pub fn holds(&self) -> bool {
        !self.reason.trim().is_empty()
    }
}

/// What speaks for one claimed symptom.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SymptomEvidence {
    /// Photos that show it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub photos: BTreeSet<ContentHash>,
    /// A description; needed for `other_visible_damage`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The case of one e-seal key (000-16 to 000-20).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EsealInputs {
    /// The key's serial number, where it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// The product, for its price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Application date; absent: unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_on: Option<NaiveDate>,
    /// The ticket's local date of report (Q22).
    pub reported_on: NaiveDate,
    /// The local date on which the customer is told the result: it selects the price (Q32).
    pub told_on: NaiveDate,
    /// The key works.
    pub works: bool,
    /// It was tried on another port and on another computer.
    pub tested_elsewhere: bool,
    /// The key was looked at for signs of damage.
    pub inspected: bool,
    /// Photos of the inspection itself.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub inspection_photos: BTreeSet<ContentHash>,
    /// The signs that the engineer claims, each with its evidence.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub symptoms: BTreeMap<Symptom, SymptomEvidence>,
    /// The customer allows no photos.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photography_forbidden: Option<PhotographyForbidden>,
    /// How many keys the case is about (Q28).
    pub quantity: u32,
}

impl EsealInputs {
    /// Whether a witness stands in for missing photos.
    pub fn witnessed(&self) -> bool {
        self.photography_forbidden
            .as_ref()
            .is_some_and(PhotographyForbidden::holds)
    }

    /// All photos of the case.
    pub fn photos(&self) -> BTreeSet<ContentHash> {
        let shown = self.symptoms.values().flat_map(|evidence| &evidence.photos);
        self.inspection_photos.iter().chain(shown).copied().collect()
    }
}

codes! {
    /// Whether an engineer found a quality fault (W-04 to W-06: «after the engineer's confirmation»).
    pub enum QualityFault in "quality_fault" {
        /// A quality fault.
        Confirmed = "confirmed",
        /// Not a quality fault.
        Denied = "denied",
        /// Neither said yet.
        NotConfirmed = "not_confirmed",
    }
}

/// The case of one piece of weak-current equipment (003-5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeakCurrentInputs {
    /// Its serial number, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// The product, for its price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Day of sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sold_on: Option<NaiveDate>,
    /// Day of acceptance (Q29).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_on: Option<NaiveDate>,
    /// Last day of the maker's own warranty (W-03).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker_warranty_end: Option<NaiveDate>,
    /// The ticket's local date of report (Q22).
    pub reported_on: NaiveDate,
    /// The local date on which the customer is told the result (Q32).
    pub told_on: NaiveDate,
    /// The asset is known as sold by us.
    pub sold_by_us: bool,
    /// Photos of card, invoice or label that show it was sold by us (W-01).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub origin_evidence: BTreeSet<ContentHash>,
    /// Voucher and invoice or receipt were shown (W-09).
    pub voucher_shown: bool,
    /// Grounds of exclusion that were found (W-09, W-11 to W-13).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub grounds: BTreeSet<ExclusionGround>,
    /// Whether an engineer found a quality fault.
    pub quality_fault: QualityFault,
    /// Photos of the finding.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub photos: BTreeSet<ContentHash>,
    /// How many pieces the case is about.
    pub quantity: u32,
    /// Value of the goods, in fen, where it is known (Q28).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goods_value: Option<Fen>,
}

impl WeakCurrentInputs {
    /// All photos of the case.
    pub fn photos(&self) -> BTreeSet<ContentHash> {
        self.photos.union(&self.origin_evidence).copied().collect()
    }
}

/// The inputs of one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Inputs {
    /// A key.
    Eseal(EsealInputs),
    /// A piece of equipment.
    WeakCurrent(WeakCurrentInputs),
}

impl Inputs {
    /// All photos of the case.
    pub fn photos(&self) -> BTreeSet<ContentHash> {
        match self {
            Self::Eseal(case) => case.photos(),
            Self::WeakCurrent(case) => case.photos(),
        }
    }
}
