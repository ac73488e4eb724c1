//! Policies: the numbers of the business as versioned data (section 0.8 of the product rules: the sources contradict
//! each other, so no number stands in code). Every decision and every clock names the policy version it used.
//!
//! Invariants: a released version never changes; a pack is checked once when it is read, so the rules that use it
//! need not doubt it.

pub mod parts;
pub mod prices;
pub mod service_level;
pub mod warranty;

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use parts::{PartEntry, PartList, PartName};
pub use prices::{PriceEntry, PriceList, PriceQuote};
pub use service_level::{AcceptFrom, ResolveFrom, ServiceLevelPolicy};
pub use warranty::{
    EngineerLimit, EsealPolicy, Remedy, ReplacementTerm, StartDate, WarrantyPolicy, WeakCurrentPolicy,
};

/// A policy, price list or service level by name and version. Text form: `eseal@1`, `cn-template@2024`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PolicyRef {
    /// The pack's name.
    pub id: String,
    /// The pack's version.
    pub version: u32,
}

impl fmt::Display for PolicyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.id, self.version)
    }
}
impl fmt::Debug for PolicyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolicyRef({self})")
    }
}
impl FromStr for PolicyRef {
    type Err = PolicyError;
    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let bad = PolicyError::Invalid { field: "policy" };
        let (id, version) = text.split_once('@').ok_or(bad)?;
        let read = Self {
            id: id.to_owned(),
            version: version.parse().map_err(|_| bad)?,
        };
        if !id.is_empty() && read.to_string() == text {
            Ok(read)
        } else {
            Err(bad)
        }
    }
}
impl TryFrom<String> for PolicyRef {
    type Error = PolicyError;
    fn try_from(text: String) -> Result<Self, PolicyError> {
        text.parse()
    }
}
impl From<PolicyRef> for String {
    fn from(policy: PolicyRef) -> String {
        policy.to_string()
    }
}

/// Why a pack cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The bytes are not a pack of the expected form.
    #[error("the policy pack does not parse")]
    Unreadable,
    /// A field's value makes no sense.
    #[error("the policy pack's field {field} makes no sense")]
    Invalid {
        /// The field.
        field: &'static str,
    },
}

impl PolicyError {
    /// The key of its text in both languages; the field goes in as `{field}`.
    pub const fn text_key(self) -> &'static str {
        match self {
            Self::Unreadable => "policy_error.unreadable",
            Self::Invalid { .. } => "policy_error.invalid",
        }
    }
}

/// Fails with the field's name unless `holds`.
fn require(holds: bool, field: &'static str) -> Result<(), PolicyError> {
    if holds {
        Ok(())
    } else {
        Err(PolicyError::Invalid { field })
    }
}

/// The packs that come with the program; a company may bring its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packs {
    /// Warranty packs.
    pub warranty: Vec<WarrantyPolicy>,
    /// Service-level packs.
    pub service_level: Vec<ServiceLevelPolicy>,
}

impl Packs {
    /// `eseal@1`, `weakcurrent@1`, `cn-template@2024` (default, Q1), `equipment-maker@1`.
    ///
    /// # Errors
    /// [`PolicyError`], only if a pack's file was changed into nonsense before compiling.
    pub fn builtin() -> Result<Self, PolicyError> {
        Ok(Self {
            warranty: vec![
                WarrantyPolicy::read(include_str!("../../../policies/eseal-v1.json"))?,
                WarrantyPolicy::read(include_str!("../../../policies/weakcurrent-v1.json"))?,
            ],
            service_level: vec![
                ServiceLevelPolicy::read(include_str!("../../../policies/sla-cn-template-2024.json"))?,
                ServiceLevelPolicy::read(include_str!("../../../policies/sla-equipment-maker-v1.json"))?,
            ],
        })
    }

    /// The warranty policy for a product group on a date: the one valid from the latest day not after it, then the
    /// highest version.
    pub fn warranty_for(&self, product_group: &str, on: NaiveDate) -> Option<&WarrantyPolicy> {
        self.warranty
            .iter()
            .filter(|pack| pack.valid_from() <= on && pack.products().iter().any(|p| p == product_group))
            .max_by_key(|pack| (pack.valid_from(), pack.reference().version))
    }

    /// A warranty policy by its exact reference.
    pub fn warranty_by_ref(&self, reference: &PolicyRef) -> Option<&WarrantyPolicy> {
        self.warranty.iter().find(|pack| pack.reference() == *reference)
    }

    /// A service-level policy by its exact reference.
    pub fn service_level_by_ref(&self, reference: &PolicyRef) -> Option<&ServiceLevelPolicy> {
        self.service_level
            .iter()
            .find(|pack| pack.reference() == *reference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::work::Priority;

    #[test]
    fn builtin_packs_read_and_say_what_the_rules_say() {
        let packs = Packs::builtin().unwrap();
        let date: NaiveDate = "2026-11-23".parse().unwrap();
        let eseal = packs.warranty_for("eseal_key", date).unwrap();
        assert_eq!(eseal.reference().to_string(), "eseal@1");
        assert_eq!(
            packs
                .warranty_for("weak_current", date)
                .unwrap()
                .reference()
                .to_string(),
            "weakcurrent@1"
        );
        assert_eq!(packs.warranty_for("fax", date), None);
        assert_eq!(
            packs.warranty_for("eseal_key", "2019-12-31".parse().unwrap()),
            None
        );
        let default = packs
            .service_level_by_ref(&"cn-template@2024".parse().unwrap())
            .unwrap();
        assert_eq!(default.response_minutes.get(&Priority::P1), Some(&120));
        assert_eq!(default.resolve_minutes.get(&Priority::P3), Some(&4320));
        assert!(
            packs
                .service_level_by_ref(&"equipment-maker@1".parse().unwrap())
                .unwrap()
                .resolve_is_target
        );
    }

    #[test]
    fn a_reference_has_one_text() {
        assert_eq!("eseal@1".parse::<PolicyRef>().unwrap().to_string(), "eseal@1");
        for refused in ["eseal", "@1", "eseal@01", "eseal@", "eseal@-1", "a@b@1"] {
            assert!(refused.parse::<PolicyRef>().is_err(), "{refused}");
        }
    }

    #[test]
    fn nonsense_packs_are_refused_by_field() {
        let pack = include_str!("../../../policies/weakcurrent-v1.json");
        let swapped = pack.replace("\"exchange_days\": 30", "\"exchange_days\": 3");
        assert_eq!(
            WarrantyPolicy::read(&swapped),
            Err(PolicyError::Invalid {
                field: "exchange_days"
            })
        );
        assert_eq!(WarrantyPolicy::read("{}"), Err(PolicyError::Unreadable));
        let misspelt = pack.replace("voucher_days", "vouchers_days");
        assert_eq!(WarrantyPolicy::read(&misspelt), Err(PolicyError::Unreadable));
        let sla = include_str!("../../../policies/sla-cn-template-2024.json").replace("\"p2\": 240, ", "");
        assert_eq!(
            ServiceLevelPolicy::read(&sla),
            Err(PolicyError::Invalid {
                field: "response_minutes"
            })
        );
    }
}
