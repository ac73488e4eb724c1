//! The decision table of an e-seal key (A.12, seed 000): one function a row, first match wins.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::decision::{
    ChargeBasis, DataFault, Decision, DecisionError, EvidenceStatus, SupervisorReason, UndeterminedReason,
    WarrantyOutcome, input_hash, within_limit,
};
use super::explain::{ExplanationCode as C, ExplanationLine as Line, closing_lines};
use super::inputs::{EsealInputs, Inputs};
use crate::domain::calendar::{add_months, days_between, period_start};
use crate::domain::params::Param;
use crate::domain::policy::{EsealPolicy, PolicyRef, PriceList, Remedy, StartDate};
use crate::domain::work::Symptom;

/// What the dates of a case say.
struct Period {
    start: Option<NaiveDate>,
    covered_to: Option<NaiveDate>,
    fault: Option<DataFault>,
    inside: bool,
}

impl Period {
    fn of(policy: &EsealPolicy, case: &EsealInputs) -> Result<Self, DecisionError> {
        // A key knows one date; a policy that starts from a sale has no start for it.
        let start = case
            .applied_on
            .filter(|_| policy.start_from.contains(&StartDate::AppliedOn));
        let Some(start) = start else {
            return Ok(Self {
                start,
                covered_to: None,
                fault: Some(DataFault::StartUnknown),
                inside: false,
            });
        };
        let covered_to = add_months(period_start(start, policy.count_first_day), policy.period_months)
            .ok_or(DecisionError::DateOutOfRange)?;
        // Data faults by the unshifted date (Q31).
        let fault = (case.reported_on < start).then_some(DataFault::ReportedBeforeStart);
        Ok(Self {
            start: Some(start),
            covered_to: Some(covered_to),
            fault,
            inside: fault.is_none() && case.reported_on <= covered_to,
        })
    }
}

/// What the first matching row says.
struct Row {
    outcome: WarrantyOutcome,
    undetermined: Option<UndeterminedReason>,
    charge: ChargeBasis,
}

fn settled(outcome: WarrantyOutcome, charge: ChargeBasis) -> Row {
    Row {
        outcome,
        undetermined: None,
        charge,
    }
}

fn open(reason: UndeterminedReason) -> Row {
    Row {
        outcome: WarrantyOutcome::Undetermined,
        undetermined: Some(reason),
        charge: ChargeBasis::Held,
    }
}

/// A claimed symptom is one of the policy's, so it is user damage.
fn user_symptoms<'a>(policy: &'a EsealPolicy, case: &'a EsealInputs) -> impl Iterator<Item = Symptom> + 'a {
    case.symptoms
        .keys()
        .copied()
        .filter(|symptom| policy.user_symptoms.contains(symptom))
}

fn plug_broken_off(case: &EsealInputs) -> bool {
    case.symptoms.contains_key(&Symptom::UsbPlugBrokenOffBoard)
}

/// A broken-off plug means that the key does not work, whatever was ticked.
fn works(case: &EsealInputs) -> bool {
    case.works && !plug_broken_off(case)
}

fn shown(case: &EsealInputs, symptom: Symptom) -> bool {
    case.witnessed()
        || case
            .symptoms
            .get(&symptom)
            .is_some_and(|evidence| !evidence.photos.is_empty())
}

/// The table, row by row.
fn first_matching_row(policy: &EsealPolicy, case: &EsealInputs, period: &Period) -> Row {
    if works(case) {
        return settled(WarrantyOutcome::NoClaim, ChargeBasis::None);
    }
    if !case.tested_elsewhere && !plug_broken_off(case) {
        return open(UndeterminedReason::NotTested);
    }
    let mut signs = user_symptoms(policy, case).peekable();
    if signs.peek().is_some() && signs.all(|symptom| shown(case, symptom)) {
        return settled(WarrantyOutcome::UserDamage, policy.user_damage_charge);
    }
    if !case.inspected {
        return open(UndeterminedReason::NotInspected);
    }
    let inspection_shown = case.witnessed() || !case.photos().is_empty();
    if !inspection_shown || !case.symptoms.keys().all(|symptom| shown(case, *symptom)) {
        return open(UndeterminedReason::EvidenceMissing);
    }
    if !case.symptoms.is_empty() {
        return open(UndeterminedReason::OtherDamage);
    }
    match period.fault {
        Some(DataFault::StartUnknown) => open(UndeterminedReason::StartUnknown),
        Some(DataFault::ReportedBeforeStart) => open(UndeterminedReason::ReportedBeforeStart),
        None if period.inside => settled(WarrantyOutcome::NaturalInWarranty, ChargeBasis::Free),
        None => settled(WarrantyOutcome::NaturalExpired, policy.expired_charge),
    }
}

/// Decides the case of one key (V1 to V9, V17 to V23).
pub(super) fn decide(
    policy: &EsealPolicy,
    case: &EsealInputs,
    prices: &PriceList,
) -> Result<Decision, DecisionError> {
    let period = Period::of(policy, case)?;
    let row = first_matching_row(policy, case, &period);
    let reference = PolicyRef {
        id: policy.id.clone(),
        version: policy.version,
    };
    let inputs = Inputs::Eseal(case.clone());
    let price = row
        .charge
        .price_key()
        .and_then(|key| prices.quote(key, case.product.as_deref(), case.told_on));
    let mut supervisor = BTreeSet::new();
    if row.undetermined.is_some() {
        supervisor.insert(SupervisorReason::Undetermined);
    }
    if row.charge == ChargeBasis::Free && !within_limit(&policy.engineer_limit, case.quantity, None) {
        supervisor.insert(SupervisorReason::AboveLimit);
    }
    if row.charge.price_key().is_some() && price.is_none() {
        supervisor.insert(SupervisorReason::PriceMissing);
    }
    let (remedies, replaced) = match row.outcome {
        // V7: a paid remake stays available for a damaged key that works.
        WarrantyOutcome::NoClaim => (vec![Remedy::Remake], false),
        WarrantyOutcome::UserDamage => (vec![Remedy::Remake], false),
        WarrantyOutcome::NaturalInWarranty => (vec![Remedy::Replacement], true),
        WarrantyOutcome::NaturalExpired => (vec![Remedy::Replacement], false),
        _ => (Vec::new(), false),
    };
    let mut decision = Decision {
        input_hash: input_hash(&reference, &inputs)?,
        policy: reference,
        inputs,
        outcome: row.outcome,
        undetermined: row.undetermined,
        grounds: BTreeSet::new(),
        data_faults: period.fault.into_iter().collect(),
        charge_basis: row.charge,
        price,
        remedies,
        covered_to: period.covered_to,
        evidence_due: None,
        evidence: evidence(case),
        replacement_term: replaced.then_some(policy.replacement_term),
        supervisor,
        explanation: Vec::new(),
    };
    decision.explanation = explanation(policy, case, &period, &decision);
    Ok(decision)
}

fn evidence(case: &EsealInputs) -> EvidenceStatus {
    if works(case) && case.symptoms.is_empty() {
        EvidenceStatus::NotNeeded
    } else if case.witnessed() {
        EvidenceStatus::Witnessed
    } else if case.photos().is_empty() || !case.symptoms.keys().all(|symptom| shown(case, *symptom)) {
        EvidenceStatus::Missing
    } else {
        EvidenceStatus::Photos
    }
}

fn explanation(policy: &EsealPolicy, case: &EsealInputs, period: &Period, decision: &Decision) -> Vec<Line> {
    let keys = |symptoms: Vec<Symptom>| {
        Param::List(
            symptoms
                .into_iter()
                .map(|s| Param::Key(s.text_key().to_owned()))
                .collect(),
        )
    };
    let count = |n: usize| Param::Int(i64::try_from(n).unwrap_or(i64::MAX));
    let mut lines = vec![match &case.serial {
        Some(serial) => Line::new(C::Key, [("serial", Param::from(serial.as_str()))]),
        None => Line::new(C::NoSerial, []),
    }];

    match period.start {
        Some(start) => {
            let field = Param::Key(StartDate::AppliedOn.text_key().to_owned());
            lines.push(Line::new(C::Start, [("field", field), ("date", start.into())]));
        }
        None => lines.push(Line::new(C::StartUnknown, [])),
    }
    if policy.count_first_day {
        lines.push(Line::new(C::FirstDayCounts, []));
    }
    if let Some(end) = period.covered_to {
        lines.push(Line::new(C::CoveredTo, [("date", end.into())]));
    }
    lines.push(Line::new(C::Reported, [("date", case.reported_on.into())]));
    match (period.fault, period.covered_to) {
        (Some(DataFault::ReportedBeforeStart), _) => lines.push(Line::new(C::BeforeStart, [])),
        (None, Some(_)) if period.inside => lines.push(Line::new(C::Inside, [])),
        (None, Some(end)) => {
            lines.push(Line::new(
                C::OutsideBy,
                [("days", days_between(end, case.reported_on).into())],
            ));
        }
        _ => {}
    }

    lines.push(if works(case) {
        Line::new(C::Works, [])
    } else if plug_broken_off(case) {
        Line::new(C::PlugBroken, [])
    } else if case.tested_elsewhere {
        Line::new(C::DeadTested, [])
    } else {
        Line::new(C::NotTested, [])
    });

    if !case.symptoms.is_empty() {
        lines.push(Line::new(
            C::Signs,
            [("signs", keys(case.symptoms.keys().copied().collect()))],
        ));
    } else if case.inspected {
        lines.push(Line::new(
            C::NoSign,
            [("checked", count(policy.user_symptoms.len()))],
        ));
    } else {
        lines.push(Line::new(C::NotInspected, []));
    }
    let without: Vec<Symptom> = case
        .symptoms
        .keys()
        .copied()
        .filter(|s| !shown(case, *s))
        .collect();
    match decision.evidence {
        EvidenceStatus::Witnessed => lines.push(Line::new(C::Witnessed, [])),
        EvidenceStatus::Photos => {
            lines.push(Line::new(C::Photos, [("photos", count(case.photos().len()))]));
        }
        EvidenceStatus::Missing => lines.push(Line::new(
            C::PhotosMissing,
            [(
                "what",
                if without.is_empty() {
                    Param::Key("evidence.inspection".into())
                } else {
                    keys(without)
                },
            )],
        )),
        EvidenceStatus::NotNeeded => {}
    }
    if decision.outcome == WarrantyOutcome::UserDamage {
        lines.push(Line::new(C::PeriodIrrelevant, []));
    }
    lines.extend(closing_lines(decision, policy.cites.get(&decision.outcome)));
    lines
}
