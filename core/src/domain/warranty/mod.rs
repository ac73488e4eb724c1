//! The warranty decision: a pure function of policy, inputs and prices, the same on phone and server (A.12, I7).
//!
//! The first matching row of the product's table decides. A decision copies its inputs and never changes; whoever
//! holds it can recompute it ([`Decision::follows_from`]). It carries codes and values, printed in both languages
//! by [`explain`] (I15). No I/O, no clock: the dates come in.

pub mod decision;
pub mod eseal;
pub mod explain;
pub mod inputs;
pub mod replacement;
pub mod weakcurrent;

pub use decision::{
    ChargeBasis, CustomerAnswer, DataFault, Decision, DecisionError, EvidenceStatus, ExclusionGround,
    RequestType, SupervisorReason, UndeterminedReason, WarrantyOutcome,
};
pub use explain::{ExplanationCode, ExplanationLine};
pub use inputs::{
    EsealInputs, Inputs, PhotographyForbidden, QualityFault, SymptomEvidence, WeakCurrentInputs,
};
pub use replacement::{SaidTo, SwapProblem, WarrantyDates, may_replace, replacement_dates, replacement_term};

use super::policy::{PriceList, WarrantyPolicy};

/// Decides a warranty case.
///
/// # Errors
/// [`DecisionError::PolicyMismatch`] if the inputs are of another kind of goods than the policy;
/// [`DecisionError::DateOutOfRange`] if a period ends outside the calendar.
pub fn decide(
    policy: &WarrantyPolicy,
    inputs: &Inputs,
    prices: &PriceList,
) -> Result<Decision, DecisionError> {
    match (policy, inputs) {
        (WarrantyPolicy::Eseal(pack), Inputs::Eseal(case)) => eseal::decide(pack, case, prices),
        (WarrantyPolicy::WeakCurrent(pack), Inputs::WeakCurrent(case)) => {
            weakcurrent::decide(pack, case, prices)
        }
        _ => Err(DecisionError::PolicyMismatch),
    }
}

#[cfg(test)]
mod tests;
