//! Conflicts with both values, authors, devices and times (D.3).

use fieldseal_core::domain::ids::OrderId;
use fieldseal_core::domain::roles::{Operation, Permission, Role, allowed_any};
use fieldseal_core::domain::work::Severity;
use fieldseal_core::facts::OrderView;
use fieldseal_core::facts::conflict::{Acts, Conflict};

use super::timeline::{device_of, side_of, tell_payload};
use super::{Names, values};
use crate::page::model::{Chip, ConflictSide, ConflictView, Side, Tone};
use crate::page::words::Words;

/// Whether somebody with these roles may settle a conflict (D.4, «resolve conflict»).
pub fn may_settle(roles: &[Role], conflict: &Conflict) -> bool {
    let operation = match conflict.acts {
        Acts::Dispatcher | Acts::Nobody => Operation::ResolvePlanConflict,
        Acts::Auditor => Operation::ResolveOtherConflict,
        Acts::Engineer => Operation::ResolveDraftConflict,
        Acts::Storekeeper => Operation::ResolveStockConflict,
    };
    allowed_any(roles, operation) == Permission::Yes
}

/// One conflict. `number` is the order's, `token` that of the order as it is shown.
pub fn view(
    words: &Words,
    names: &Names,
    conflict: &Conflict,
    of: (OrderId, &str),
    token: &str,
    roles: &[Role],
    family: &OrderView,
) -> ConflictView {
    let sides = conflict.sides.iter().map(|side| {
        // A field's conflict is told by its values, any other by what was done.
        let what = match &conflict.field {
            Some(field) => {
                let value = values::shown(words, names, field, &side.value);
                let value = if value.is_empty() {
                    words.t("page.emptied")
                } else {
                    value
                };
                format!("{}{}{value}", values::label(words, field), words.t("page.colon"))
            }
            None => {
                let told = tell_payload(words, names, &side.kind, &side.value);
                let rows = told
                    .rows
                    .into_iter()
                    .map(|(label, value)| format!("{label} {value}"));
                let parts: Vec<String> = [told.what].into_iter().chain(rows).chain([told.text]).collect();
                let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
                parts.join(" · ")
            }
        };
        let event = family.timeline.iter().find(|event| event.record.id == side.fact);
        let wrote = event.map_or(Side::Office, |event| side_of(&event.record.doc, &side.kind));
        ConflictSide {
            what,
            author: names.user(side.stamp.by),
            device: device_of(names, &side.stamp, wrote),
            at: values::claim(words, &side.stamp.at),
            received: names
                .received
                .get(&side.fact.action)
                .map(|at| words.moment(*at))
                .or_else(|| {
                    event.and_then(|event| event.received_at.as_deref().map(|at| values::claim(words, at)))
                })
                .unwrap_or_default(),
        }
    });
    let acts = match conflict.acts {
        Acts::Nobody => String::new(),
        acts => words.t(acts.text_key()),
    };
    let (tone, severity) = match conflict.severity {
        Severity::Action => (Tone::Bad, words.t(Severity::Action.text_key())),
        Severity::Info => (Tone::Info, words.t(Severity::Info.text_key())),
    };
    ConflictView {
        id: conflict.id.to_string(),
        title: words.t(conflict.kind.text_key()),
        result: words.t(&format!("page.result.{}", conflict.kind.as_str())),
        severity: Chip {
            text: if acts.is_empty() {
                severity
            } else {
                format!("{severity} · {acts}")
            },
            tone,
            hint: String::new(),
        },
        order: of.0.to_string(),
        number: of.1.to_owned(),
        sides: sides.collect(),
        settled: conflict.resolved.as_ref().map_or_else(String::new, |settled| {
            words.with(
                "page.conflict.settled",
                [
                    ("by", names.user(settled.stamp.by)),
                    ("at", values::claim(words, &settled.stamp.at)),
                    ("note", settled.note.clone()),
                ],
            )
        }),
        may_settle: conflict.resolved.is_none() && may_settle(roles, conflict),
        token: token.to_owned(),
    }
}
