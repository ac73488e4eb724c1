//! A work order's view as its page.

use fieldseal_core::domain::ids::UserId;
use fieldseal_core::domain::roles::{Operation, Permission, Role, allowed_any, may_audit};
use fieldseal_core::domain::transitions::Guard;
use fieldseal_core::domain::warranty::{Decision, WarrantyOutcome};
use fieldseal_core::domain::work::{OrderState, Priority, VisibleStatus};
use fieldseal_core::facts::order::view::{
    Assignment, AssignmentStatus, DecisionStatus, DecisionView as Decided, Line, OrderView, SealView, Visit,
};
use fieldseal_core::facts::registers::Entry as Entered;
use fieldseal_core::facts::{DocName, Field, Fields};

use super::timeline::{self, device_of};
use super::{Names, beside, conflicts, values};
use crate::page::model::{
    Actions, AssignmentLine, Candidate, Chip, Choice, Clock, DecisionView, FieldView, Hiding, Loser,
    OrderPage, PartUsed, Photos, PlanForm, Report, Side, Tone, VisitView,
};
use crate::page::words::Words;

/// Who looks, and what is known beside the view.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The person.
    pub user: UserId,
    /// The person's roles.
    pub roles: &'a [Role],
    /// Engineers who can be given work, with what helps to choose.
    pub engineers: &'a [(UserId, Candidate)],
    /// Why this person may not audit the order as it is; empty where an audit is right.
    pub blockers: &'a [Guard],
}

/// The tone of a fine state.
pub const fn tone_of(state: OrderState) -> Tone {
    match state {
        OrderState::Open | OrderState::Dispatched | OrderState::Accepted | OrderState::Cancelled => {
            Tone::Plain
        }
        OrderState::Travelling
        | OrderState::OnSite
        | OrderState::Remote
        | OrderState::WorkDone
        | OrderState::Signed => Tone::Info,
        OrderState::WaitingParts | OrderState::WaitingCustomer => Tone::Warn,
        OrderState::Blocked | OrderState::Returned => Tone::Bad,
        OrderState::Submitted | OrderState::Audited => Tone::Good,
    }
}

/// A state as a chip.
pub fn state_chip(words: &Words, state: OrderState) -> Chip {
    Chip::new(words.t(state.text_key()), tone_of(state))
}

/// Everything of the page but its clocks and the checked report, which the caller adds.
///
/// `token` is that of everything that the page shows.
pub fn page(
    words: &Words,
    names: &Names,
    view: &OrderView,
    number: &str,
    token: &str,
    reader: Reader<'_>,
) -> OrderPage {
    let priority: Option<Priority> = view.fields.parsed("priority");
    OrderPage {
        hiding: Hiding::default(),
        id: view.order.to_string(),
        ticket: String::new(),
        number: number.to_owned(),
        summary: view.fields.text("summary").unwrap_or_default().to_owned(),
        state: state_chip(words, view.state),
        priority: priority.map(|p| p.as_str().to_owned()).unwrap_or_default(),
        priority_name: priority.map(|p| words.t(p.text_key())).unwrap_or_default(),
        clocks: Vec::<Clock>::new(),
        flags: view
            .flags
            .iter()
            .map(|flag| Chip::new(words.t(flag.text_key()), Tone::Warn))
            .collect(),
        fields: order_fields(words, names, &view.fields),
        actions: Actions {
            late: beside::late(words, names, view, reader),
            ..actions(words, view, reader)
        },
        assignments: view
            .assignments
            .iter()
            .rev()
            .map(|assignment| assignment_line(words, names, assignment))
            .collect(),
        conflicts: view
            .conflicts
            .iter()
            .map(|conflict| {
                conflicts::view(
                    words,
                    names,
                    conflict,
                    (view.order, number),
                    token,
                    reader.roles,
                    view,
                )
            })
            .collect(),
        visits: view
            .visits
            .iter()
            .map(|visit| visit_view(words, names, view, visit))
            .collect(),
        decisions: view
            .decisions
            .iter()
            .rev()
            .map(|decided| decision(words, names, decided, reader))
            .collect(),
        parts: view.lines.iter().map(|line| part(words, names, line)).collect(),
        learnt: Vec::new(),
        photos: Photos::default(),
        report: Report {
            revisions: Vec::new(),
            waiting: words.t("page.report.waiting"),
            audit: audit_line(words, names, view),
            returned: returned_line(words, names, view),
        },
        timeline: timeline::newest_first(words, names, view),
        token: token.to_owned(),
    }
}

/// The order's fields in the order in which they are read.
const FIELDS: &[&str] = &[
    "customer",
    "contact",
    "assets",
    "type",
    "window_from",
    "window_to",
    "priority",
    "summary",
    "planned_parts",
];

fn order_fields(words: &Words, names: &Names, fields: &Fields) -> Vec<FieldView> {
    let mut rows: Vec<FieldView> = FIELDS
        .iter()
        .filter_map(|name| Some((*name, fields.0.get(*name)?)))
        .chain(
            fields
                .0
                .iter()
                .map(|(name, field)| (name.as_str(), field))
                .filter(|(name, _)| !FIELDS.contains(name) && *name != "ticket"),
        )
        .map(|(name, field)| field_view(words, names, name, field, true))
        .filter(|field| !field.value.is_empty() || !field.losers.is_empty())
        .collect();
    // Both ends of an undisputed window read as one.
    let undisputed = |name: &str| {
        rows.iter()
            .position(|row| row.name == name && row.losers.is_empty())
    };
    if let (Some(from), Some(to)) = (undisputed("window_from"), undisputed("window_to")) {
        let window = values::window(words, fields.text("window_from"), fields.text("window_to"));
        if let Some(row) = rows.get_mut(from) {
            row.label = words.t("page.window");
            row.value = window;
        }
        rows.remove(to);
    }
    rows
}

/// A field with its losers and proposals; `restore` where the reader's form can put a loser back.
fn field_view(words: &Words, names: &Names, name: &str, field: &Field, restore: bool) -> FieldView {
    let loser = |entry: &Entered, proposal: bool| {
        let author = names.user(entry.stamp.by);
        let at = values::claim(words, &entry.stamp.at);
        let by = if proposal {
            words.tp2("page.proposed_by", "by", &author, "at", &at)
        } else {
            format!("{author} {at}")
        };
        Loser {
            value: values::shown(words, names, name, &entry.value),
            // The fact's id: the server knows the value, and a form cannot bend it.
            post: if restore {
                entry.fact.to_string()
            } else {
                String::new()
            },
            by,
        }
    };
    let differs = |entry: &&Entered| entry.value != field.value;
    FieldView {
        name: name.to_owned(),
        label: values::label(words, name),
        value: values::shown(words, names, name, &field.value),
        href: link_of(name, field),
        losers: field
            .others
            .iter()
            .filter(differs)
            .map(|entry| loser(entry, false))
            .chain(
                field
                    .proposals
                    .iter()
                    .filter(differs)
                    .map(|entry| loser(entry, true)),
            )
            .collect(),
    }
}

fn link_of(name: &str, field: &Field) -> String {
    match field.value.as_str().and_then(|text| text.parse::<DocName>().ok()) {
        Some(DocName::Customer(id)) if name == "customer" => format!("/customers/{id}"),
        _ => String::new(),
    }
}

fn assignment_line(words: &Words, names: &Names, assignment: &Assignment) -> AssignmentLine {
    use AssignmentStatus as S;
    let tone = match assignment.status {
        S::Current | S::RevokedButDone => Tone::Good,
        S::RevokedButWorking | S::SecondOrder | S::WithoutEffect => Tone::Warn,
        S::Revoked | S::Declined | S::AlreadyDone | S::Superseded | S::Cancelled => Tone::Plain,
    };
    let key = match assignment.status {
        S::Current => "current",
        S::Revoked => "revoked",
        S::RevokedButWorking => "revoked_but_working",
        S::RevokedButDone => "revoked_but_done",
        S::Declined => "declined",
        S::AlreadyDone => "already_done",
        S::Superseded => "superseded",
        S::SecondOrder => "second_order",
        S::Cancelled => "cancelled",
        S::WithoutEffect => "without_effect",
    };
    let from = values::claim(words, &assignment.stamp.at);
    AssignmentLine {
        engineers: names.users(&assignment.engineers, words.lang.list_separator()),
        from: match &assignment.revoked_at {
            Some(until) => format!("{from}–{}", values::claim(words, until)),
            None => from,
        },
        state: Chip::new(words.t(&format!("page.assignment.{key}")), tone),
        reason: assignment.reason.clone().unwrap_or_default(),
        by: names.user(assignment.stamp.by),
    }
}

fn may(roles: &[Role], operation: Operation) -> bool {
    allowed_any(roles, operation) == Permission::Yes
}

fn actions(words: &Words, view: &OrderView, reader: Reader<'_>) -> Actions {
    let plans = may(reader.roles, Operation::Assign) && view.update_needed.is_none();
    let audits = may(reader.roles, Operation::Audit) && view.update_needed.is_none();
    let running = matches!(view.status, VisibleStatus::ToDo | VisibleStatus::Dispatched);
    let assignable = running && !matches!(view.state, OrderState::WorkDone | OrderState::Signed);
    let holders: Vec<UserId> = view
        .assignments
        .iter()
        .filter(|assignment| Some(assignment.id) == view.current)
        .flat_map(|assignment| assignment.engineers.clone())
        .collect();
    let workers: Vec<UserId> = view.visits.iter().map(|visit| visit.engineer).collect();
    let submitted = view.state == OrderState::Submitted;
    let blockers: Vec<String> = if audits && submitted {
        reader
            .blockers
            .iter()
            .map(|guard| words.t(guard.text_key()))
            .collect()
    } else {
        Vec::new()
    };
    let mut actions = Actions {
        engineers: if plans && assignable {
            reader
                .engineers
                .iter()
                .filter(|(id, _)| !(holders.len() == 1 && holders.contains(id)))
                .map(|(_, candidate)| candidate.clone())
                .collect()
        } else {
            Vec::new()
        },
        reassign: view.current.is_some(),
        cancel: plans && assignable,
        uncancel: plans && view.state == OrderState::Cancelled,
        instruct: plans && running,
        edit: (plans && running).then(|| plan_form(words, &view.fields)),
        audit: audits && submitted && blockers.is_empty(),
        send_back: audits && submitted && may_audit(reader.roles, reader.user, &workers),
        unaudit: audits
            && view.state == OrderState::Audited
            && may_audit(reader.roles, reader.user, &workers),
        blockers,
        waive: if audits {
            beside::waive(words, view, reader)
        } else {
            Vec::new()
        },
        ..Actions::default()
    };
    actions.denied = beside::denied(words, view, reader, &actions);
    actions
}

/// `YYYY-MM-DDTHH:MM` of a stored moment, as the browser's field wants it.
fn input_time(words: &Words, text: Option<&str>) -> String {
    text.and_then(|text| text.parse::<fieldseal_core::domain::time::LocalTime>().ok())
        .map(|time| words.local(time.utc_ms()))
        .map(|time| format!("{}T{}", time.wall_date(), time.wall_time().format("%H:%M")))
        .unwrap_or_default()
}

fn plan_form(words: &Words, fields: &Fields) -> PlanForm {
    let chosen: Option<Priority> = fields.parsed("priority");
    PlanForm {
        summary: fields.text("summary").unwrap_or_default().to_owned(),
        priorities: Priority::ALL
            .iter()
            .map(|priority| Choice {
                value: priority.as_str().to_owned(),
                text: words.t(priority.text_key()),
                chosen: chosen == Some(*priority),
            })
            .collect(),
        window_from: input_time(words, fields.text("window_from")),
        window_to: input_time(words, fields.text("window_to")),
    }
}

fn visit_view(words: &Words, names: &Names, view: &OrderView, visit: &Visit) -> VisitView {
    let track = view
        .assignments
        .iter()
        .rev()
        .flat_map(|assignment| &assignment.tracks)
        .find(|track| track.engineer == visit.engineer);
    let state = track.map_or(OrderState::Dispatched, |track| track.state);
    let heard = track.and_then(|track| track.until.as_deref());
    let mut fields: Vec<FieldView> = visit
        .fields
        .0
        .iter()
        .map(|(name, field)| field_view(words, names, name, field, false))
        .collect();
    fields.extend(visit.progress.iter().map(|note| FieldView {
        name: "progress".to_owned(),
        label: format!(
            "{} {}",
            words.t("page.event.progress"),
            values::claim(words, &note.stamp.at)
        ),
        value: note.text.clone(),
        href: String::new(),
        losers: Vec::new(),
    }));
    VisitView {
        engineer: names.user(visit.engineer),
        state: state_chip(words, state),
        as_of: heard.map_or_else(String::new, |at| {
            words.tp("page.as_of", "at", values::claim(words, at))
        }),
        fields,
    }
}

fn decision(words: &Words, names: &Names, decided: &Decided, reader: Reader<'_>) -> DecisionView {
    let read = serde_json::from_value::<Decision>(decided.decision.clone()).ok();
    let status = match decided.status {
        DecisionStatus::Provisional => ("provisional", Tone::Warn),
        DecisionStatus::Confirmed => ("confirmed", Tone::Good),
        DecisionStatus::Overridden => ("overridden", Tone::Info),
        DecisionStatus::Superseded => ("superseded", Tone::Plain),
    };
    let overridden: Option<WarrantyOutcome> = decided.outcome.as_deref().and_then(|code| code.parse().ok());
    let outcome = overridden.or(read.as_ref().map(|decision| decision.outcome));
    DecisionView {
        fact: decided.id.to_string(),
        asset: names.record(&decided.asset),
        outcome: outcome.map_or_else(
            || words.t("page.decision.unreadable"),
            |outcome| words.t(outcome.text_key()),
        ),
        tone: outcome.map_or(Tone::Warn, outcome_tone),
        status: Chip::new(words.t(&format!("page.decision.{}", status.0)), status.1),
        lines: read.as_ref().map_or_else(Vec::new, |decision| {
            decision
                .explanation
                .iter()
                .map(|line| line.render(words.lang))
                .collect()
        }),
        policy: read
            .as_ref()
            .map_or_else(String::new, |decision| decision.policy.to_string()),
        charge: read
            .as_ref()
            .and_then(|decision| decision.price.as_ref())
            .map_or_else(String::new, |quote| quote.amount.to_string()),
        answer: decided.answer.as_ref().map_or_else(String::new, |answer| {
            words.t(&format!("customer_answer.{answer}"))
        }),
        by: format!(
            "{} · {}",
            names.user(decided.stamp.by),
            values::claim(words, &decided.stamp.at)
        ),
        superseded: decided.status == DecisionStatus::Superseded,
        may_confirm: decided.status == DecisionStatus::Provisional
            && decided.stamp.by != reader.user
            && may(reader.roles, Operation::ConfirmWarranty),
        outcomes: WarrantyOutcome::ALL
            .iter()
            .map(|outcome| Choice {
                value: outcome.as_str().to_owned(),
                text: words.t(outcome.text_key()),
                chosen: false,
            })
            .collect(),
    }
}

const fn outcome_tone(outcome: WarrantyOutcome) -> Tone {
    use WarrantyOutcome as O;
    match outcome {
        O::NaturalInWarranty | O::FreeRepair | O::ReturnAllowed | O::ExchangeAllowed => Tone::Good,
        O::NoClaim => Tone::Plain,
        O::UserDamage | O::NaturalExpired | O::PaidRepair | O::Excluded | O::NotCovered => Tone::Warn,
        O::PendingEvidence | O::Undetermined => Tone::Info,
    }
}

fn part(words: &Words, names: &Names, line: &Line) -> PartUsed {
    let side = Side::Field;
    let mut flags = vec![Chip::new(
        words.t(&format!("movement.{}", line.movement)),
        Tone::Plain,
    )];
    if line.late {
        flags.push(Chip::new(words.t("flag.late_after_audit"), Tone::Warn));
    }
    if line.reversed_by.is_some() {
        flags.push(Chip::new(words.t("movement.reverse"), Tone::Warn));
    }
    PartUsed {
        part: line.part.clone(),
        name: names.part(&line.part),
        serial: line.serial.clone().unwrap_or_default(),
        qty: line.qty.to_string(),
        by: format!(
            "{} {} {}",
            names.user(line.stamp.by),
            values::claim(words, &line.stamp.at),
            device_of(names, &line.stamp, side)
        ),
        flags,
    }
}

fn audit_line(words: &Words, names: &Names, view: &OrderView) -> String {
    view.audit
        .as_ref()
        .filter(|audit| audit.stands && !audit.opens)
        .map_or_else(String::new, |audit| {
            words.with(
                "page.report.audited",
                [
                    ("by", names.user(audit.stamp.by)),
                    ("at", values::claim(words, &audit.stamp.at)),
                    (
                        "hash",
                        audit
                            .blob
                            .as_deref()
                            .unwrap_or_default()
                            .chars()
                            .take(16)
                            .collect(),
                    ),
                ],
            )
        })
}

fn returned_line(words: &Words, names: &Names, view: &OrderView) -> String {
    view.returns
        .iter()
        .rev()
        .find(|back| back.stands)
        .map_or_else(String::new, |back| {
            words.with(
                "page.report.returned",
                [
                    ("by", names.user(back.stamp.by)),
                    ("at", values::claim(words, &back.stamp.at)),
                    ("reason", back.reason.clone()),
                ],
            )
        })
}

/// «2», «1a»: the revision's name.
pub fn revision_name(seal: &SealView) -> String {
    seal.letter.map_or_else(
        || seal.revision.to_string(),
        |letter| format!("{}{letter}", seal.revision),
    )
}

/// Who sealed and when.
pub fn sealed_by(words: &Words, names: &Names, seal: &SealView) -> String {
    format!(
        "{} · {}",
        names.user(seal.stamp.by),
        values::claim(words, &seal.stamp.at)
    )
}
