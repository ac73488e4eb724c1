//! Warranty policies: every number and switch of the two decision tables (N9, N13, Q2, Q6, Q20, Q28, Q30, Q31).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{PolicyError, PolicyRef, require};
use crate::domain::codes::codes;
use crate::domain::money::Fen;
use crate::domain::warranty::{ChargeBasis, WarrantyOutcome};
use crate::domain::work::Symptom;

codes! {
    /// A date of an asset that may start a warranty (Q2).
    pub enum StartDate in "start_date" {
        /// 申请日: the day of the application.
        AppliedOn = "applied_on",
        /// The day of sale.
        SoldOn = "sold_on",
        /// The day of acceptance after delivery and installation (Q29).
        AcceptedOn = "accepted_on",
    }
}

codes! {
    /// What a customer may ask for.
    pub enum Remedy in "remedy" {
        /// 包退: goods back, money back.
        Return = "return",
        /// 包换: other goods.
        Exchange = "exchange",
        /// 保修: free repair.
        Repair = "repair",
        /// A new key in place of a dead one.
        Replacement = "replacement",
        /// 重新制作: a new key at the price of a new application.
        Remake = "remake",
        /// 有偿维修: paid repair.
        PaidRepair = "paid_repair",
    }
}

codes! {
    /// Whether the warranty of a replacement starts anew (Q20).
    pub enum ReplacementTerm in "replacement_term" {
        /// The replacement keeps the original end.
        Inherit = "inherit",
        /// The replacement starts a new period.
        Restart = "restart",
    }
}

/// Up to what an engineer may act on a free decision at once (Q28, `warranty.engineer_limit`). A limit that is
/// absent does not allow anything by itself; one that is met is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineerLimit {
    /// Pieces (keys).
    pub pieces: Option<u32>,
    /// Value of the goods, in fen.
    pub goods_value: Option<Fen>,
}

/// The e-seal key's warranty (000-16 to 000-20).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EsealPolicy {
    /// Its name.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// First day of validity.
    pub valid_from: NaiveDate,
    /// Product groups it covers.
    pub products: Vec<String>,
    /// The dates that start the period; the latest that is known counts (Q2).
    pub start_from: Vec<StartDate>,
    /// Length of the period, months (N9, `warranty.eseal.period`).
    pub period_months: u32,
    /// Whether the first day counts (Q31).
    pub count_first_day: bool,
    /// The symptoms that are user damage; those not listed go to a supervisor.
    pub user_symptoms: BTreeSet<Symptom>,
    /// What user damage costs (000-18, Q4).
    pub user_damage_charge: ChargeBasis,
    /// What natural damage after the period costs (000-20, Q4).
    pub expired_charge: ChargeBasis,
    /// Warranty of the replacement (Q20).
    pub replacement_term: ReplacementTerm,
    /// Q28.
    pub engineer_limit: EngineerLimit,
    /// The paragraph of the company's rules for each outcome, printed with it.
    pub cites: BTreeMap<WarrantyOutcome, String>,
}

/// The warranty of weak-current equipment (003-5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeakCurrentPolicy {
    /// Its name.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// First day of validity.
    pub valid_from: NaiveDate,
    /// Product groups it covers.
    pub products: Vec<String>,
    /// The dates that start the periods; the latest that is known counts (Q2).
    pub start_from: Vec<StartDate>,
    /// Last day of the return window, days after the start (W-04, Q23).
    pub return_days: u32,
    /// Last day of the exchange window, days after the start (W-05, Q23).
    pub exchange_days: u32,
    /// Length of the repair period, months (W-06).
    pub repair_months: u32,
    /// Whether a longer period of the maker wins (W-03).
    pub maker_warranty_extends: bool,
    /// Whether the first day counts (Q31).
    pub count_first_day: bool,
    /// Days after the report in which a missing voucher may be sent (Q6).
    pub voucher_days: u32,
    /// The remedies that an exclusion denies (Q30).
    pub exclusions_apply_to: BTreeSet<Remedy>,
    /// What a paid repair costs (W-17).
    pub paid_charge: ChargeBasis,
    /// Warranty of the replacement (Q20).
    pub replacement_term: ReplacementTerm,
    /// Q28.
    pub engineer_limit: EngineerLimit,
    /// The paragraph of the company's rules for each outcome, printed with it.
    pub cites: BTreeMap<WarrantyOutcome, String>,
}

/// A warranty policy; the kind says which decision table reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WarrantyPolicy {
    /// For keys.
    Eseal(EsealPolicy),
    /// For weak-current equipment.
    WeakCurrent(WeakCurrentPolicy),
}

impl WarrantyPolicy {
    /// Reads and checks a pack.
    ///
    /// # Errors
    /// [`PolicyError`]: unreadable, or a field that makes no sense.
    pub fn read(json: &str) -> Result<Self, PolicyError> {
        let pack: Self = serde_json::from_str(json).map_err(|_| PolicyError::Unreadable)?;
        match &pack {
            Self::Eseal(p) => {
                require(!p.id.is_empty(), "id")?;
                require(!p.start_from.is_empty(), "start_from")?;
                require((1..=1200).contains(&p.period_months), "period_months")?;
                require(!p.user_symptoms.is_empty(), "user_symptoms")?;
                require(p.user_damage_charge.price_key().is_some(), "user_damage_charge")?;
                require(p.expired_charge.price_key().is_some(), "expired_charge")?;
            }
            Self::WeakCurrent(p) => {
                require(!p.id.is_empty(), "id")?;
                require(!p.start_from.is_empty(), "start_from")?;
                require(p.return_days < p.exchange_days, "exchange_days")?;
                require(p.exchange_days <= 3660, "exchange_days")?;
                require((1..=1200).contains(&p.repair_months), "repair_months")?;
                require(p.voucher_days <= 3660, "voucher_days")?;
            }
        }
        Ok(pack)
    }

    /// The pack's reference.
    pub fn reference(&self) -> PolicyRef {
        match self {
            Self::Eseal(p) => PolicyRef {
                id: p.id.clone(),
                version: p.version,
            },
            Self::WeakCurrent(p) => PolicyRef {
                id: p.id.clone(),
                version: p.version,
            },
        }
    }

    /// First day of validity.
    pub const fn valid_from(&self) -> NaiveDate {
        match self {
            Self::Eseal(p) => p.valid_from,
            Self::WeakCurrent(p) => p.valid_from,
        }
    }

    /// Product groups it covers.
    pub fn products(&self) -> &[String] {
        match self {
            Self::Eseal(p) => &p.products,
            Self::WeakCurrent(p) => &p.products,
        }
    }
}
