//! What a corrected revision changed against the one before: the printed values that differ (B15, D.5-3).

use super::words::Words;
use crate::domain::sealed::{SealedContent, Signing};

/// One printed value that differs: its label, before, now.
pub(super) struct Change {
    pub(super) label: String,
    pub(super) before: String,
    pub(super) now: String,
}

/// Everything that differs, in the order of the report. The moment of sealing and the strokes differ always and are
/// not named.
pub(super) fn changes(words: Words, before: &SealedContent, now: &SealedContent) -> Vec<Change> {
    let (old, new) = (values(words, before), values(words, now));
    old.into_iter()
        .zip(new)
        .filter(|((_, before), (_, now))| before != now)
        .map(|((label, before), (_, now))| Change { label, before, now })
        .collect()
}

/// The printed values: always the same labels in the same order.
fn values(words: Words, content: &SealedContent) -> Vec<(String, String)> {
    let lines = |items: Vec<String>| items.join("\n");
    let parts = |items: &[&str]| {
        let items: Vec<&str> = items.iter().copied().filter(|item| !item.is_empty()).collect();
        items.join(" · ")
    };
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let report = &content.report;
    let amount = |amount: &Option<crate::domain::money::Fen>| {
        amount.map_or_else(|| words.t("printed.charges.open"), |fen| fen.to_string())
    };
    let (signer, role, relation) = match &content.signing {
        Signing::Signed {
            name, role, relation, ..
        } => (name.clone(), role.clone(), text(relation)),
        Signing::Refused { reason, witness } => (
            words.t("printed.signatures.refused"),
            reason.clone(),
            witness.clone(),
        ),
    };
    let opinion = content.opinion.as_ref();
    let rows: Vec<(&str, String)> = vec![
        ("number", content.order.number.clone()),
        ("customer", content.customer.name.clone()),
        ("customer.address", text(&content.customer.address)),
        ("customer.contact", text(&content.customer.contact)),
        ("visit.type", words.t(content.order.kind.text_key())),
        ("visit.reported_on", text(&content.order.reported_on)),
        ("work.summary", content.order.summary.clone()),
        (
            "units",
            lines(
                content
                    .assets
                    .iter()
                    .map(|unit| {
                        parts(&[
                            &words.code("printed.product", &unit.product),
                            unit.serial.as_deref().unwrap_or_default(),
                        ])
                    })
                    .collect(),
            ),
        ),
        (
            "times",
            lines(
                content
                    .times
                    .iter()
                    .map(|time| {
                        parts(&[
                            &words.code("printed.time", &time.what),
                            &words.time(time.at, content.sealed_at),
                        ])
                    })
                    .collect(),
            ),
        ),
        ("work.environment", text(&report.environment)),
        ("work.found", report.fault_found.clone()),
        ("work.cause", text(&report.cause_code)),
        ("work.done", report.action_taken.clone()),
        ("work.outcome", words.t(report.outcome.text_key())),
        ("work.outcome_reason", text(&report.outcome_reason)),
        (
            "decision",
            lines(
                content
                    .decisions
                    .iter()
                    .map(|seen| {
                        let answer = seen.answer.map(|answer| words.t(answer.text_key()));
                        parts(&[
                            &seen.label,
                            &words.t(seen.decision.outcome.text_key()),
                            answer.as_deref().unwrap_or_default(),
                        ])
                    })
                    .collect(),
            ),
        ),
        (
            "parts",
            lines(
                content
                    .lines
                    .iter()
                    .map(|line| {
                        let price = line.price.map(|price| price.to_string()).unwrap_or_default();
                        let serial = line.serial.as_deref().unwrap_or_default();
                        parts(&[&format!("{} × {}", line.name, line.qty), serial, &price])
                    })
                    .collect(),
            ),
        ),
        (
            "custody",
            lines(
                content
                    .custody
                    .iter()
                    .map(|line| {
                        parts(&[
                            &words.t(line.movement.text_key()),
                            &format!("{} × {}", line.name, line.qty),
                            line.serial.as_deref().unwrap_or_default(),
                            line.rma.as_deref().unwrap_or_default(),
                            line.note.as_deref().unwrap_or_default(),
                        ])
                    })
                    .collect(),
            ),
        ),
        (
            "charges",
            lines(
                content
                    .charges
                    .iter()
                    .map(|charge| {
                        parts(&[
                            &words.code("charge_kind", &charge.kind),
                            &words.code("charge_basis", &charge.basis),
                            &amount(&charge.amount),
                        ])
                    })
                    .collect(),
            ),
        ),
        (
            "charges.total",
            content.total.map(|total| total.to_string()).unwrap_or_default(),
        ),
        (
            "photos",
            lines(
                content
                    .photos
                    .iter()
                    .map(|hash| format!("{:.12}…", hash.to_string()))
                    .collect(),
            ),
        ),
        (
            "opinion",
            parts(&[
                &opinion
                    .map(|opinion| words.t(opinion.kind.text_key()))
                    .unwrap_or_default(),
                &opinion
                    .and_then(|opinion| opinion.text.clone())
                    .unwrap_or_default(),
            ]),
        ),
        ("signatures", parts(&[&signer, &role, &relation])),
    ];
    rows.into_iter()
        .map(|(key, value)| (words.t(&format!("printed.{key}")), value))
        .collect()
}
