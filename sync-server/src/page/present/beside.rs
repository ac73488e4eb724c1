//! What an order's page offers beside the ordinary steps: requirements to waive, late entries to accept, what engineers
//! learnt on site, and why something cannot be done now.

use std::collections::BTreeMap;
use std::sync::Arc;

use fieldseal_core::domain::roles::{Operation, Permission, Role, allowed, allowed_any, may_audit};
use fieldseal_core::domain::work::{OrderState, VisibleStatus};
use fieldseal_core::facts::conflict::ConflictKind;
use fieldseal_core::facts::order::swaps::swaps;
use fieldseal_core::facts::order::view::OrderView;
use fieldseal_core::facts::{DocName, RecordView};
use serde_json::Value;

use super::order::Reader;
use super::{Names, timeline, values};
use crate::page::model::{Actions, Choice, LateLine, LearntLine, LearntView, Row};
use crate::page::words::Words;

/// What can be waived at all.
pub const WAIVABLE: &[&str] = &["photos", "signature"];

fn judges(reader: Reader<'_>, view: &OrderView) -> bool {
    let workers: Vec<_> = view.visits.iter().map(|visit| visit.engineer).collect();
    may_audit(reader.roles, reader.user, &workers)
}

/// Requirements of a report that are not waived yet, while there is a report to wait for or to judge.
pub fn waive(words: &Words, view: &OrderView, reader: Reader<'_>) -> Vec<Choice> {
    let due = !view.visits.is_empty()
        && !matches!(view.status, VisibleStatus::Audited | VisibleStatus::Cancelled)
        && allowed_any(reader.roles, Operation::WaiveSignature) == Permission::Yes
        && judges(reader, view);
    WAIVABLE
        .iter()
        .filter(|what| due && !view.waivers.iter().any(|waiver| waiver.what == **what))
        .map(|what| Choice {
            value: (*what).to_owned(),
            text: words.t(&format!("page.waived.{what}")),
            chosen: false,
        })
        .collect()
}

/// What came after the audit in force and was not accepted beside it yet.
pub fn late(words: &Words, names: &Names, view: &OrderView, reader: Reader<'_>) -> Vec<LateLine> {
    if view.audit.is_none() || !judges(reader, view) {
        return Vec::new();
    }
    view.conflicts
        .iter()
        .filter(|conflict| conflict.kind == ConflictKind::LateAfterAudit)
        .flat_map(|conflict| &conflict.sides)
        .filter_map(|side| view.timeline.iter().find(|event| event.record.id == side.fact))
        .map(|event| {
            let entry = timeline::entry(words, names, event);
            let rows = entry
                .rows
                .iter()
                .map(|row| format!("{} {}", row.label, row.value));
            let parts: Vec<String> = [entry.what.clone(), entry.text.clone()]
                .into_iter()
                .chain(rows)
                .chain([entry.author.clone(), entry.at.clone()])
                .filter(|part| !part.is_empty())
                .collect();
            LateLine {
                fact: event.record.id.to_string(),
                text: parts.join(" · "),
            }
        })
        .collect()
}

/// Who owns a record, and so may take over what was learnt about it.
const fn owner_of(doc: &DocName) -> Operation {
    match doc {
        DocName::Ticket(_) => Operation::Triage,
        DocName::Order(_) => Operation::Assign,
        _ => Operation::EditMasterData,
    }
}

/// What engineers learnt about the office's records, with what stands there now (D.5-7).
pub fn learnt(
    words: &Words,
    names: &Names,
    view: &OrderView,
    records: &BTreeMap<DocName, Arc<RecordView>>,
    roles: &[Role],
) -> Vec<LearntView> {
    let swapped = swaps(view);
    let views = view.learnt.iter().map(|(doc, fields)| {
        let record = records.get(doc);
        let swap = swapped
            .iter()
            .find(|swap| swap.replacement == *doc && record.is_none());
        let own = |name: &str| record.and_then(|record| record.fields.value(name));
        let may = record.is_some() && allowed_any(roles, owner_of(doc)) == Permission::Yes;
        // What binds two units together is taken over with the new one, not field by field.
        let told = fields.0.iter().filter(|(name, _)| *name != "decision");
        let lines = told.flat_map(|(name, field)| {
            let now = own(name);
            field.entries().map(move |entry| {
                let taken = now.is_some_and(|now| holds(now, &entry.value));
                LearntLine {
                    field: name.clone(),
                    label: values::label(words, name),
                    value: values::shown(words, names, name, &entry.value),
                    now: now.map_or_else(String::new, |now| values::shown(words, names, name, now)),
                    fact: entry.fact.to_string(),
                    by: format!(
                        "{} {}",
                        names.user(entry.stamp.by),
                        values::claim(words, &entry.stamp.at)
                    ),
                    may: may && !taken && name != "replaced_by",
                    taken,
                }
            })
        });
        LearntView {
            doc: doc.to_string(),
            name: names.record(doc),
            lines: lines.collect(),
            swap: swap
                .filter(|_| allowed_any(roles, owner_of(doc)) == Permission::Yes)
                .map(|swap| swap.serial.clone()),
        }
    });
    views.filter(|view| !view.lines.is_empty()).collect()
}

/// Whether a register's value has what was learnt: the same, or for a list all of it.
fn holds(now: &Value, learnt: &Value) -> bool {
    match (now, learnt) {
        (Value::Array(now), Value::Array(learnt)) => learnt.iter().all(|item| now.contains(item)),
        (Value::Array(now), one) => now.contains(one),
        (now, learnt) => now == learnt,
    }
}

/// Roles that may do an operation, by name.
fn roles_for(words: &Words, operation: Operation) -> String {
    let names: Vec<String> = Role::ALL
        .iter()
        .filter(|role| allowed(**role, operation) == Permission::Yes)
        .map(|role| words.t(role.text_key()))
        .collect();
    names.join(words.lang.list_separator())
}

/// What this person cannot do with this order now, and why: the role first, then the order's state.
pub fn denied(words: &Words, view: &OrderView, reader: Reader<'_>, actions: &Actions) -> Vec<Row> {
    let cancelled = view.state == OrderState::Cancelled;
    let assign = if view.current.is_some() {
        "page.reassign"
    } else {
        "page.assign"
    };
    let steps = [
        (assign, Operation::Assign, !actions.engineers.is_empty()),
        ("page.plan", Operation::Assign, actions.edit.is_some()),
        ("page.cancel", Operation::Assign, actions.cancel || cancelled),
        ("page.return", Operation::Audit, actions.send_back),
        (
            "page.audit",
            Operation::Audit,
            actions.audit || !actions.blockers.is_empty(),
        ),
        (
            "page.unaudit",
            Operation::Audit,
            actions.unaudit || view.state != OrderState::Audited,
        ),
    ];
    steps
        .into_iter()
        .filter(|(_, _, possible)| !possible)
        .map(|(label, operation, _)| {
            let judging = operation == Operation::Audit;
            let why = if allowed_any(reader.roles, operation) != Permission::Yes {
                words.tp("page.denied.role", "roles", roles_for(words, operation))
            } else if view.update_needed.is_some() {
                words.t("page.denied.update")
            } else if judging && !judges(reader, view) {
                words.t("office.own_work")
            } else if judging && !matches!(view.status, VisibleStatus::Audited | VisibleStatus::Cancelled) {
                words.t("page.denied.not_submitted")
            } else {
                words.tp("page.denied.state", "state", words.t(view.state.text_key()))
            };
            Row::new(words.t(label), why)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn d057_what_the_record_has_already_is_taken_over() {
        assert!(holds(&json!("a"), &json!("a")) && !holds(&json!("a"), &json!("b")));
        assert!(holds(&json!(["a", "b"]), &json!(["b"])) && holds(&json!(["a"]), &json!("a")));
        assert!(!holds(&json!(["a"]), &json!(["a", "c"])) && !holds(&Value::Null, &json!("a")));
    }
}
