//! The decision table of weak-current equipment (A.12, seed 003-5): first match wins.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::decision::{
    ChargeBasis, DataFault, Decision, DecisionError, EvidenceStatus, SupervisorReason, UndeterminedReason,
    WarrantyOutcome, input_hash, within_limit,
};
use super::explain::{ExplanationCode as C, ExplanationLine as Line, closing_lines};
use super::inputs::{Inputs, QualityFault, WeakCurrentInputs};
use crate::domain::calendar::{add_months, days_between, period_start};
use crate::domain::params::Param;
use crate::domain::policy::{PolicyRef, PriceList, Remedy, StartDate, WeakCurrentPolicy};

/// The windows of a case whose dates are right.
struct Windows {
    /// Day n after the (shifted) start (Q23).
    n: i64,
    covered_to: NaiveDate,
}

/// What the dates of a case say.
struct Dates {
    start: Option<(StartDate, NaiveDate)>,
    windows: Option<Windows>,
    fault: Option<DataFault>,
}

impl Dates {
    fn of(policy: &WeakCurrentPolicy, case: &WeakCurrentInputs) -> Result<Self, DecisionError> {
        let value = |field: StartDate| match field {
            StartDate::SoldOn => case.sold_on,
            StartDate::AcceptedOn => case.accepted_on,
            StartDate::AppliedOn => None,
        };
        // The later of the dates that the policy offers; one may be missing (Q2).
        let start = policy
            .start_from
            .iter()
            .filter_map(|field| value(*field).map(|date| (*field, date)))
            .max_by_key(|(field, date)| (*date, *field));
        let Some((_, first)) = start else {
            return Ok(Self {
                start,
                windows: None,
                fault: Some(DataFault::StartUnknown),
            });
        };
        if case.reported_on < first {
            return Ok(Self {
                start,
                windows: None,
                fault: Some(DataFault::ReportedBeforeStart),
            });
        }
        let shifted = period_start(first, policy.count_first_day);
        let ours = add_months(shifted, policy.repair_months).ok_or(DecisionError::DateOutOfRange)?;
        let makers = case.maker_warranty_end.filter(|_| policy.maker_warranty_extends);
        let covered_to = makers.map_or(ours, |end| end.max(ours));
        Ok(Self {
            start,
            windows: Some(Windows {
                n: days_between(shifted, case.reported_on),
                covered_to,
            }),
            fault: None,
        })
    }
}

/// The remedy that the date of report falls into; none: later than every period.
fn remedy_of_date(policy: &WeakCurrentPolicy, case: &WeakCurrentInputs, windows: &Windows) -> Option<Remedy> {
    if windows.n <= i64::from(policy.return_days) {
        Some(Remedy::Return)
    } else if windows.n <= i64::from(policy.exchange_days) {
        Some(Remedy::Exchange)
    } else if case.reported_on <= windows.covered_to {
        Some(Remedy::Repair)
    } else {
        None
    }
}

/// What the first matching row says.
struct Row {
    outcome: WarrantyOutcome,
    undetermined: Option<UndeterminedReason>,
    charge: ChargeBasis,
    remedies: Vec<Remedy>,
}

fn open(reason: UndeterminedReason) -> Row {
    Row {
        outcome: WarrantyOutcome::Undetermined,
        undetermined: Some(reason),
        charge: ChargeBasis::Held,
        remedies: Vec::new(),
    }
}

/// The table, row by row.
fn first_matching_row(policy: &WeakCurrentPolicy, case: &WeakCurrentInputs, dates: &Dates) -> Row {
    let paid = |outcome| Row {
        outcome,
        undetermined: None,
        charge: policy.paid_charge,
        remedies: vec![Remedy::PaidRepair],
    };
    let windows = match (&dates.windows, dates.fault) {
        (Some(windows), None) => windows,
        (_, Some(DataFault::ReportedBeforeStart)) => return open(UndeterminedReason::ReportedBeforeStart),
        _ => return open(UndeterminedReason::StartUnknown),
    };
    if !case.sold_by_us && case.origin_evidence.is_empty() {
        return paid(WarrantyOutcome::NotCovered);
    }
    let remedy = remedy_of_date(policy, case, windows);
    // Where the policy lets a ground deny only some remedies (Q30), the others stay.
    let denied = remedy.is_none_or(|remedy| policy.exclusions_apply_to.contains(&remedy));
    if !case.grounds.is_empty() && denied {
        return paid(WarrantyOutcome::Excluded);
    }
    if !case.voucher_shown {
        return Row {
            outcome: WarrantyOutcome::PendingEvidence,
            undetermined: None,
            charge: ChargeBasis::Held,
            remedies: Vec::new(),
        };
    }
    match case.quality_fault {
        QualityFault::NotConfirmed if remedy.is_some() => return open(UndeterminedReason::NotConfirmed),
        QualityFault::Denied => return paid(WarrantyOutcome::PaidRepair),
        QualityFault::Confirmed | QualityFault::NotConfirmed => {}
    }
    let free = |outcome, remedies| Row {
        outcome,
        undetermined: None,
        charge: ChargeBasis::Free,
        remedies,
    };
    match remedy {
        Some(Remedy::Return) => free(
            WarrantyOutcome::ReturnAllowed,
            vec![Remedy::Return, Remedy::Exchange, Remedy::Repair],
        ),
        Some(Remedy::Exchange) => free(
            WarrantyOutcome::ExchangeAllowed,
            vec![Remedy::Exchange, Remedy::Repair],
        ),
        Some(_) => free(WarrantyOutcome::FreeRepair, vec![Remedy::Repair]),
        None => paid(WarrantyOutcome::PaidRepair),
    }
}

/// Decides the case of one piece of equipment (V10 to V16, V24 to V32).
pub(super) fn decide(
    policy: &WeakCurrentPolicy,
    case: &WeakCurrentInputs,
    prices: &PriceList,
) -> Result<Decision, DecisionError> {
    let dates = Dates::of(policy, case)?;
    let row = first_matching_row(policy, case, &dates);
    let reference = PolicyRef {
        id: policy.id.clone(),
        version: policy.version,
    };
    let inputs = Inputs::WeakCurrent(case.clone());
    let price = row
        .charge
        .price_key()
        .and_then(|key| prices.quote(key, case.product.as_deref(), case.told_on));
    let mut supervisor = BTreeSet::new();
    if row.undetermined.is_some() {
        supervisor.insert(SupervisorReason::Undetermined);
    }
    if row.outcome == WarrantyOutcome::ReturnAllowed {
        supervisor.insert(SupervisorReason::Refund);
    }
    if row.charge == ChargeBasis::Free
        && !within_limit(&policy.engineer_limit, case.quantity, case.goods_value)
    {
        supervisor.insert(SupervisorReason::AboveLimit);
    }
    if row.charge.price_key().is_some() && price.is_none() {
        supervisor.insert(SupervisorReason::PriceMissing);
    }
    let evidence_due = if row.outcome == WarrantyOutcome::PendingEvidence {
        let days = chrono::Days::new(u64::from(policy.voucher_days));
        Some(
            case.reported_on
                .checked_add_days(days)
                .ok_or(DecisionError::DateOutOfRange)?,
        )
    } else {
        None
    };
    let replaced = matches!(
        row.outcome,
        WarrantyOutcome::ReturnAllowed | WarrantyOutcome::ExchangeAllowed
    );
    let mut decision = Decision {
        input_hash: input_hash(&reference, &inputs)?,
        policy: reference,
        inputs,
        outcome: row.outcome,
        undetermined: row.undetermined,
        grounds: case.grounds.clone(),
        data_faults: dates.fault.into_iter().collect(),
        charge_basis: row.charge,
        price,
        remedies: row.remedies,
        covered_to: dates.windows.as_ref().map(|windows| windows.covered_to),
        evidence_due,
        evidence: if case.photos.is_empty() {
            EvidenceStatus::NotNeeded
        } else {
            EvidenceStatus::Photos
        },
        replacement_term: replaced.then_some(policy.replacement_term),
        supervisor,
        explanation: Vec::new(),
    };
    decision.explanation = explanation(policy, case, &dates, &decision);
    Ok(decision)
}

fn explanation(
    policy: &WeakCurrentPolicy,
    case: &WeakCurrentInputs,
    dates: &Dates,
    decision: &Decision,
) -> Vec<Line> {
    let mut lines = vec![match &case.serial {
        Some(serial) => Line::new(C::Equipment, [("serial", Param::from(serial.as_str()))]),
        None => Line::new(C::NoSerial, []),
    }];
    match dates.start {
        Some((field, start)) => {
            let field = Param::Key(field.text_key().to_owned());
            lines.push(Line::new(C::Start, [("field", field), ("date", start.into())]));
        }
        None => lines.push(Line::new(C::StartUnknown, [])),
    }
    if policy.count_first_day {
        lines.push(Line::new(C::FirstDayCounts, []));
    }
    if let Some(windows) = &dates.windows {
        lines.push(Line::new(C::CoveredTo, [("date", windows.covered_to.into())]));
    }
    if let Some(end) = case.maker_warranty_end {
        lines.push(Line::new(C::MakerTo, [("date", end.into())]));
    }
    lines.push(Line::new(C::Reported, [("date", case.reported_on.into())]));
    match &dates.windows {
        Some(windows) => {
            lines.push(Line::new(C::DayNumber, [("n", windows.n.into())]));
            let late = days_between(windows.covered_to, case.reported_on);
            // A return or exchange window may end after a short repair period.
            lines.push(if remedy_of_date(policy, case, windows).is_some() {
                Line::new(C::Inside, [])
            } else {
                Line::new(C::OutsideBy, [("days", late.into())])
            });
        }
        None if dates.fault == Some(DataFault::ReportedBeforeStart) => {
            lines.push(Line::new(C::BeforeStart, []));
        }
        None => {}
    }
    if !case.sold_by_us && case.origin_evidence.is_empty() {
        lines.push(Line::new(C::NotOurs, []));
    }
    if !case.grounds.is_empty() {
        let grounds = case
            .grounds
            .iter()
            .map(|g| Param::Key(g.text_key().to_owned()))
            .collect();
        lines.push(Line::new(C::Grounds, [("grounds", Param::List(grounds))]));
    }
    if let Some(due) = decision.evidence_due {
        lines.push(Line::new(C::VoucherMissing, [("date", due.into())]));
    }
    lines.push(match case.quality_fault {
        QualityFault::Confirmed => Line::new(C::QualityConfirmed, []),
        QualityFault::Denied => Line::new(C::QualityDenied, []),
        QualityFault::NotConfirmed => Line::new(C::QualityOpen, []),
    });
    if !case.photos.is_empty() {
        let photos = i64::try_from(case.photos.len()).unwrap_or(i64::MAX);
        lines.push(Line::new(C::Photos, [("photos", photos.into())]));
    }
    lines.extend(closing_lines(decision, policy.cites.get(&decision.outcome)));
    lines
}
