//! Why a decision is as it is, as lines of code and values, printed on the phone, the page and the report in the
//! reader's language (000 §2.5, I15).

use serde::{Deserialize, Serialize};

use super::decision::Decision;
use crate::domain::codes::codes;
use crate::domain::params::{Param, Params, params};
use crate::domain::texts::{Lang, text};

codes! {
    /// The kinds of lines of an explanation.
    pub enum ExplanationCode in "explain" {
        /// The key, by serial number.
        Key = "key",
        /// The equipment, by serial number.
        Equipment = "equipment",
        /// A thing without a readable serial number.
        NoSerial = "no_serial",
        /// A date that starts the period.
        Start = "start",
        /// The start is unknown.
        StartUnknown = "start_unknown",
        /// The first day counts (Q31).
        FirstDayCounts = "first_day_counts",
        /// Last day of the period.
        CoveredTo = "covered_to",
        /// Last day of the maker's warranty.
        MakerTo = "maker_to",
        /// The day of report.
        Reported = "reported",
        /// Reported within the period.
        Inside = "inside",
        /// Reported after the period, by so many days.
        OutsideBy = "outside_by",
        /// Reported before the start: a data fault.
        BeforeStart = "before_start",
        /// Day n after the start (Q23).
        DayNumber = "day_number",
        /// The key works.
        Works = "works",
        /// The key does not work, tried on another port and computer.
        DeadTested = "dead_tested",
        /// The key was not tried on another port and computer.
        NotTested = "not_tested",
        /// The plug is broken off, so no trial is needed.
        PlugBroken = "plug_broken",
        /// Nobody looked for signs of damage.
        NotInspected = "not_inspected",
        /// No sign of user damage among those checked.
        NoSign = "no_sign",
        /// Signs found.
        Signs = "signs",
        /// Photos of the finding.
        Photos = "photos",
        /// No photos allowed; a witness stands in.
        Witnessed = "witnessed",
        /// Photos are missing for something.
        PhotosMissing = "photos_missing",
        /// Any sign of user damage goes before the period.
        PeriodIrrelevant = "period_irrelevant",
        /// Not sold by us, and no evidence of it.
        NotOurs = "not_ours",
        /// Grounds of exclusion.
        Grounds = "grounds",
        /// The voucher is missing; may be sent until a day.
        VoucherMissing = "voucher_missing",
        /// A quality fault, confirmed.
        QualityConfirmed = "quality_confirmed",
        /// Not a quality fault.
        QualityDenied = "quality_denied",
        /// Neither confirmed nor denied.
        QualityOpen = "quality_open",
        /// The rule and the policy.
        Rule = "rule",
        /// The policy, where no paragraph is named.
        Policy = "policy",
        /// The outcome.
        Outcome = "outcome",
        /// Why it is undetermined.
        Undetermined = "undetermined",
        /// What the customer may choose.
        Remedies = "remedies",
        /// What it costs, without an amount.
        Charge = "charge",
        /// What it costs, with the amount of the price list.
        ChargeAmount = "charge_amount",
        /// The basis has no price in the list valid that day (Q4).
        PriceMissing = "price_missing",
        /// The warranty of the replacement (Q20).
        Replacement = "replacement",
        /// A supervisor decides first (Q28).
        Supervisor = "supervisor",
    }
}

/// One line: a code and its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplanationLine {
    /// The text's key below `explain.`, kept as text: an older app prints a newer one's line as far as it can.
    pub code: String,
    /// The values.
    #[serde(default, skip_serializing_if = "Params::is_empty")]
    pub params: Params,
}

impl ExplanationLine {
    /// A line of a known code.
    pub(super) fn new<const N: usize>(code: ExplanationCode, values: [(&str, Param); N]) -> Self {
        Self {
            code: code.as_str().to_owned(),
            params: params(values),
        }
    }

    /// The line in a language.
    pub fn render(&self, lang: Lang) -> String {
        text(lang, &format!("explain.{}", self.code), &self.params)
    }
}

/// The lines that every decision ends with: rule, outcome, what follows from it.
pub(super) fn closing_lines(decision: &Decision, cite: Option<&String>) -> Vec<ExplanationLine> {
    use ExplanationCode as C;
    let key = |key: &str| Param::Key(key.to_owned());
    let policy = Param::Text(decision.policy.to_string());
    let mut lines = vec![match cite {
        Some(cite) => ExplanationLine::new(
            C::Rule,
            [("rule", Param::from(cite.as_str())), ("policy", policy)],
        ),
        None => ExplanationLine::new(C::Policy, [("policy", policy)]),
    }];
    lines.push(ExplanationLine::new(
        C::Outcome,
        [("outcome", key(decision.outcome.text_key()))],
    ));
    if let Some(reason) = decision.undetermined {
        lines.push(ExplanationLine::new(
            C::Undetermined,
            [("reason", key(reason.text_key()))],
        ));
    }
    if !decision.remedies.is_empty() {
        let remedies = decision
            .remedies
            .iter()
            .map(|remedy| key(remedy.text_key()))
            .collect();
        lines.push(ExplanationLine::new(
            C::Remedies,
            [("remedies", Param::List(remedies))],
        ));
    }
    let basis = key(decision.charge_basis.text_key());
    lines.push(match &decision.price {
        Some(quote) => ExplanationLine::new(
            C::ChargeAmount,
            [("basis", basis), ("amount", Param::Money(quote.amount))],
        ),
        None => ExplanationLine::new(C::Charge, [("basis", basis)]),
    });
    if decision.charge_basis.price_key().is_some() && decision.price.is_none() {
        lines.push(ExplanationLine::new(C::PriceMissing, []));
    }
    if let Some(term) = decision.replacement_term {
        lines.push(ExplanationLine::new(
            C::Replacement,
            [("term", key(term.text_key()))],
        ));
    }
    if !decision.supervisor.is_empty() {
        let reasons = decision
            .supervisor
            .iter()
            .map(|reason| key(reason.text_key()))
            .collect();
        lines.push(ExplanationLine::new(
            C::Supervisor,
            [("reasons", Param::List(reasons))],
        ));
    }
    lines
}

/// The explanation as one printed line, parts divided by a middle dot, as A.12 shows it.
pub fn in_one_line(decision: &Decision, lang: Lang) -> String {
    let parts: Vec<String> = decision
        .explanation
        .iter()
        .map(|line| line.render(lang))
        .collect();
    parts.join(" · ")
}
