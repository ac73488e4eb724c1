//! A unit that takes another one's place: whether the decision allows it now, and from when its own warranty counts
//! (U-05, Q20, Q28).
//!
//! Invariant: a pure function of the decision and what people said to it, the same on phone and server (I7, I13).

use chrono::NaiveDate;

use super::{ChargeBasis, CustomerAnswer, Decision, Inputs, WarrantyOutcome};
use crate::domain::codes::codes;
use crate::domain::policy::{Remedy, ReplacementTerm};

codes! {
    /// Why another unit may not be handed out under a decision.
    pub enum SwapProblem in "swap_problem" {
        /// The decision offers no other unit.
        NotOffered = "not_offered",
        /// A supervisor decides before anybody acts (Q28).
        SupervisorFirst = "supervisor_first",
        /// The customer declined, disputes it, or has not accepted the price yet.
        NotAccepted = "not_accepted",
    }
}

/// What people said to a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SaidTo {
    /// The supervisor confirmed or overrode it.
    pub confirmed: bool,
    /// The outcome that holds instead, where it was overridden.
    pub overridden: Option<WarrantyOutcome>,
    /// The customer's answer.
    pub answer: Option<CustomerAnswer>,
}

const fn free(outcome: WarrantyOutcome) -> bool {
    matches!(
        outcome,
        WarrantyOutcome::NaturalInWarranty
            | WarrantyOutcome::ExchangeAllowed
            | WarrantyOutcome::ReturnAllowed
    )
}

/// Whether the decision lets the engineer hand out another unit now.
///
/// # Errors
/// [`SwapProblem`]: what stands in the way.
pub fn may_replace(decision: &Decision, said: SaidTo) -> Result<(), SwapProblem> {
    let offered = match said.overridden {
        None => decision
            .remedies
            .iter()
            .any(|remedy| matches!(remedy, Remedy::Replacement | Remedy::Remake | Remedy::Exchange)),
        Some(outcome) => {
            free(outcome)
                || matches!(
                    outcome,
                    WarrantyOutcome::UserDamage | WarrantyOutcome::NaturalExpired
                )
        }
    };
    if !offered {
        return Err(SwapProblem::NotOffered);
    }
    if decision.needs_supervisor() && !said.confirmed && said.overridden.is_none() {
        return Err(SwapProblem::SupervisorFirst);
    }
    let free = said
        .overridden
        .map_or(decision.charge_basis == ChargeBasis::Free, free);
    match said.answer {
        Some(CustomerAnswer::Accepts) => Ok(()),
        None if free => Ok(()),
        _ => Err(SwapProblem::NotAccepted),
    }
}

/// From when and until when a replacement's warranty counts: the dates of its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WarrantyDates {
    /// Day of the application.
    pub applied_on: Option<NaiveDate>,
    /// Day of the sale.
    pub sold_on: Option<NaiveDate>,
    /// Day of the acceptance.
    pub accepted_on: Option<NaiveDate>,
    /// Last day of the maker's own warranty.
    pub maker_warranty_end: Option<NaiveDate>,
}

/// The term that holds for a replacement (Q20): what the policy said in the decision. One that the customer pays for is a
/// new one and starts anew; where only a supervisor made it free, the default of its kind of goods holds.
pub fn replacement_term(decision: &Decision, overridden: Option<WarrantyOutcome>) -> ReplacementTerm {
    match (overridden, decision.replacement_term) {
        (Some(outcome), _) if !free(outcome) => ReplacementTerm::Restart,
        (_, Some(term)) => term,
        (None, None) => ReplacementTerm::Restart,
        (Some(_), None) => match decision.inputs {
            Inputs::Eseal(_) => ReplacementTerm::Inherit,
            Inputs::WeakCurrent(_) => ReplacementTerm::Restart,
        },
    }
}

/// The dates of a replacement handed over on `day`: those of the unit that it replaces, or the day itself.
pub fn replacement_dates(
    decision: &Decision,
    overridden: Option<WarrantyOutcome>,
    day: NaiveDate,
) -> WarrantyDates {
    let term = replacement_term(decision, overridden);
    match (&decision.inputs, term) {
        (Inputs::Eseal(case), ReplacementTerm::Inherit) => WarrantyDates {
            applied_on: case.applied_on,
            ..WarrantyDates::default()
        },
        (Inputs::Eseal(_), ReplacementTerm::Restart) => WarrantyDates {
            applied_on: Some(day),
            ..WarrantyDates::default()
        },
        (Inputs::WeakCurrent(case), ReplacementTerm::Inherit) => WarrantyDates {
            applied_on: None,
            sold_on: case.sold_on,
            accepted_on: case.accepted_on,
            maker_warranty_end: case.maker_warranty_end,
        },
        (Inputs::WeakCurrent(_), ReplacementTerm::Restart) => WarrantyDates {
            accepted_on: Some(day),
            ..WarrantyDates::default()
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::domain::policy::{Packs, PriceList, WarrantyPolicy};
    use crate::domain::warranty::{EsealInputs, decide};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn decision(applied: &str, quantity: u32, works: bool) -> Decision {
        let packs = Packs::builtin().unwrap();
        let policy = packs
            .warranty
            .iter()
            .find(|policy| matches!(policy, WarrantyPolicy::Eseal(_)))
            .unwrap();
        let photo = crate::domain::canonical::ContentHash([7; 32]);
        let inputs = Inputs::Eseal(EsealInputs {
            serial: Some("K-1".to_owned()),
            product: None,
            applied_on: Some(day(applied)),
            reported_on: day("2026-11-20"),
            told_on: day("2026-11-23"),
            works,
            tested_elsewhere: true,
            inspected: true,
            inspection_photos: BTreeSet::from([photo]),
            symptoms: BTreeMap::new(),
            photography_forbidden: None,
            quantity,
        });
        decide(policy, &inputs, &PriceList::empty()).unwrap()
    }

    #[test]
    fn u05_q28_who_must_have_said_what_before_a_swap() {
        let free = decision("2026-01-10", 1, false);
        let said = SaidTo::default();
        let answered = |answer| SaidTo {
            answer: Some(answer),
            ..said
        };
        assert_eq!(free.outcome, WarrantyOutcome::NaturalInWarranty);
        assert_eq!(may_replace(&free, said), Ok(()));
        for answer in [CustomerAnswer::Declines, CustomerAnswer::Disputes] {
            assert_eq!(
                may_replace(&free, answered(answer)),
                Err(SwapProblem::NotAccepted)
            );
        }
        // Above what an engineer may give away, and paid without a price that the customer could accept.
        for waits in [decision("2026-01-10", 2, false), decision("2020-01-10", 1, false)] {
            let accepted = answered(CustomerAnswer::Accepts);
            assert_eq!(may_replace(&waits, accepted), Err(SwapProblem::SupervisorFirst));
            let confirmed = SaidTo {
                confirmed: true,
                ..accepted
            };
            assert_eq!(may_replace(&waits, confirmed), Ok(()));
        }
        let expired = decision("2020-01-10", 1, false);
        let confirmed = SaidTo {
            confirmed: true,
            ..said
        };
        assert_eq!(may_replace(&expired, confirmed), Err(SwapProblem::NotAccepted));
        let overridden = |outcome| SaidTo {
            confirmed: true,
            overridden: Some(outcome),
            answer: None,
        };
        assert_eq!(
            may_replace(&expired, overridden(WarrantyOutcome::NaturalInWarranty)),
            Ok(())
        );
        assert_eq!(
            may_replace(&free, overridden(WarrantyOutcome::NoClaim)),
            Err(SwapProblem::NotOffered)
        );
    }

    #[test]
    fn q20_a_replacement_inherits_or_starts_anew() {
        let swapped = day("2026-11-23");
        let mut free = decision("2026-01-10", 1, false);
        let applied = |decision: &Decision, overridden| {
            replacement_dates(decision, overridden, swapped)
                .applied_on
                .unwrap()
        };
        assert_eq!(applied(&free, None), day("2026-01-10"), "the key's default");
        free.replacement_term = Some(ReplacementTerm::Restart);
        assert_eq!(applied(&free, None), swapped);
        let paid = decision("2020-01-10", 1, false);
        assert_eq!(applied(&paid, None), swapped, "who pays has a new one");
        assert_eq!(
            applied(&paid, Some(WarrantyOutcome::NaturalInWarranty)),
            day("2020-01-10")
        );
    }
}
