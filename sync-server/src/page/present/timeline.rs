//! One fact as one line: what happened, in whose words.

use std::collections::BTreeMap;

use fieldseal_core::domain::ids::ActionId;
use fieldseal_core::domain::texts::all;
use fieldseal_core::domain::warranty::Decision;
use fieldseal_core::facts::order::view::{Event, OrderView, Trust};
use fieldseal_core::facts::record::Change;
use fieldseal_core::facts::stored::{Body, FactRecord, Stamp};
use fieldseal_core::facts::{DocName, Fact};
use serde_json::Value;

use super::{Names, values};
use crate::page::model::{Chip, Entry, Row, Side, Tone};
use crate::page::words::Words;
use crate::pipeline::SERVER_USER;

/// What happened, the words that go with it, the fields that changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// «Reassigned to Chen».
    pub what: String,
    /// A reason, a text.
    pub text: String,
    /// Label and new value.
    pub rows: Vec<(String, String)>,
}

impl Told {
    fn new(what: String) -> Self {
        Self {
            what,
            ..Self::default()
        }
    }
    fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }
    fn maybe(self, text: Option<&String>) -> Self {
        match text {
            Some(text) => self.text(text.as_str()),
            None => self,
        }
    }
    fn row(mut self, label: String, value: String) -> Self {
        if !value.is_empty() {
            self.rows.push((label, value));
        }
        self
    }
}

/// The text of a code, or the code.
fn code(words: &Words, list: &str, code: &str) -> String {
    let key = format!("{list}.{code}");
    if all(words.lang).contains_key(&key) {
        words.t(&key)
    } else {
        code.to_owned()
    }
}

/// Tells a fact from its record.
pub fn tell(words: &Words, names: &Names, record: &FactRecord) -> Told {
    match &record.body {
        Body::Known(fact) => tell_fact(words, names, fact),
        // Kept and shown, though this version cannot read it.
        Body::Unknown | Body::Malformed | Body::Misplaced => {
            Told::new(words.tp("page.event.unknown", "kind", &record.kind)).text(record.payload.to_string())
        }
    }
}

/// Tells a fact from its kind and payload, as a conflict carries it.
pub fn tell_payload(words: &Words, names: &Names, kind: &str, payload: &Value) -> Told {
    let raw = fieldseal_core::facts::RawFact {
        kind: kind.to_owned(),
        payload: payload.clone(),
    };
    match Fact::read(&raw) {
        Ok(Some(fact)) => tell_fact(words, names, &fact),
        Ok(None) | Err(_) => Told::new(words.tp("page.event.unknown", "kind", kind))
            .text(values::shown(words, names, "", payload)),
    }
}

fn tell_fact(words: &Words, names: &Names, fact: &Fact) -> Told {
    let event = |kind: &str| Told::new(words.t(&format!("page.event.{kind}")));
    let event_with =
        |kind: &str, name: &str, value: &str| Told::new(words.tp(&format!("page.event.{kind}"), name, value));
    match fact {
        Fact::Set(set) => {
            let what = match &set.subject {
                Some(doc) => event_with("learnt", "record", &names.record(doc)),
                None => event("set"),
            };
            let filled = |value: &&Value| value.as_array().is_none_or(|items| !items.is_empty());
            let fields = set.fields.iter().filter(|(_, value)| filled(value));
            fields.fold(what, |told, (field, value)| {
                let shown = values::shown(words, names, field, value);
                let shown = if shown.is_empty() {
                    words.t("page.emptied")
                } else {
                    shown
                };
                told.row(values::label(words, field), shown)
            })
        }
        Fact::Choose(choose) => event("choose").maybe(choose.reason.as_ref()).row(
            values::label(words, &choose.field),
            values::shown(words, names, &choose.field, &choose.value),
        ),
        Fact::Hide(hide) => event("hide").text(&hide.reason),
        Fact::Assign(assign) => {
            let who = names.users(&assign.engineers, words.lang.list_separator());
            let kind = if assign.over.is_empty() {
                "assign"
            } else {
                "reassign"
            };
            event_with(kind, "who", &who).maybe(assign.reason.as_ref())
        }
        Fact::Cancel(cancel) => event("cancel").text(&cancel.reason),
        Fact::Uncancel(uncancel) => event("uncancel").text(&uncancel.reason),
        Fact::Instruct(text) => event("instruct").text(&text.text),
        Fact::Return(back) => event("return").text(&back.reason),
        Fact::Audit(audit) => event("audit").row("SHA-256".to_owned(), audit.blob.chars().take(16).collect()),
        Fact::Unaudit(unaudit) => event("unaudit").text(&unaudit.reason),
        Fact::Confirm(confirm) => {
            let told = match &confirm.outcome {
                Some(outcome) => event_with("override", "outcome", &code(words, "warranty_outcome", outcome)),
                None => event("confirm"),
            };
            told.maybe(confirm.reason.as_ref())
        }
        Fact::Pick(pick) => event("pick").text(&pick.reason),
        Fact::Resolve(resolve) => event("resolve").text(&resolve.note),
        Fact::Waive(waive) => {
            event_with("waive", "what", &code(words, "page.waived", &waive.what)).text(&waive.reason)
        }
        Fact::Addendum(addendum) => event("addendum").text(&addendum.text),
        Fact::Delivered(_) => event("delivered"),
        Fact::Received(_) => event("received"),
        Fact::ClockCorrection(_) => event("clock_correction"),
        Fact::Number(number) => event_with("number", "number", &number.number),
        Fact::TicketState(state) => event_with(
            "ticket_state",
            "state",
            &code(words, "ticket_state", &state.state),
        )
        .maybe(state.reason.as_ref()),
        Fact::OrderAdded(_) => event("order_added"),
        Fact::Adopt(_) => event("adopt"),
        Fact::Found(found) => event_with("found", "number", &found.provisional),
        Fact::Note(note) => event("note").text(&note.text),
        Fact::Callback(callback) => {
            let Some(scores) = callback.scores else {
                return event("callback_missed").maybe(callback.text.as_ref());
            };
            let rows = [
                ("overall", scores.overall),
                ("solved", scores.solved),
                ("speed", scores.speed),
                ("manner", scores.manner),
            ];
            let told = event("callback").maybe(callback.text.as_ref());
            rows.into_iter().fold(told, |told, (name, score)| {
                told.row(words.t(&format!("page.callback.{name}")), score.to_string())
            })
        }
        Fact::Escalate(escalate) => {
            let told = event_with("escalate", "to", &escalate.to)
                .text(&escalate.reason)
                .row(
                    words.t("page.escalate.next_contact"),
                    escalate.next_contact.clone().unwrap_or_default(),
                );
            match &escalate.promised {
                Some(at) => told.row(words.t("page.escalate.promised"), values::claim(words, at)),
                None => told,
            }
        }
        Fact::History(entry) => event("history").text(&entry.summary),
        Fact::Accept(step) => event("accept").maybe(step.text.as_ref()),
        Fact::Decline(step) => event("decline").maybe(step.text.as_ref()),
        Fact::Contact(contact) => {
            let kind = if contact.reached {
                "contact"
            } else {
                "contact_missed"
            };
            event_with(kind, "channel", &code(words, "channel", &contact.channel))
                .maybe(contact.text.as_ref())
        }
        Fact::Travel(step) => event("travel").maybe(step.text.as_ref()),
        Fact::Arrive(step) => event("arrive").maybe(step.text.as_ref()),
        Fact::Remote(_) => event("remote"),
        Fact::Wait(wait) => Told::new(code(words, "order_state", &wait.state)).text(&wait.reason),
        Fact::Progress(step) => event("progress").maybe(step.text.as_ref()),
        Fact::Consent(consent) => {
            let told = event_with("consent", "what", &code(words, "consent", &consent.consent))
                .maybe(consent.text.as_ref())
                .row(
                    words.t("page.consent.how"),
                    code(words, "consent_way", &consent.how),
                );
            match &consent.new_due {
                Some(due) => told.row(words.t("page.consent.new_due"), values::claim(words, due)),
                None => told,
            }
        }
        Fact::Decide(decide) => {
            let outcome = serde_json::from_value::<Decision>(decide.decision.clone())
                .map_or_else(|_| String::new(), |decision| words.t(decision.outcome.text_key()));
            event_with("decide", "asset", &names.record(&decide.asset)).text(outcome)
        }
        Fact::Answer(answer) => Told::new(code(words, "customer_answer", &answer.answer)),
        Fact::Done(done) => {
            event_with("done", "outcome", &code(words, "outcome", &done.outcome)).maybe(done.reason.as_ref())
        }
        Fact::Seal(seal) => {
            let kind = if seal.kind == "refused" {
                "seal_refused"
            } else {
                "seal"
            };
            event_with(kind, "n", &seal.revision.to_string())
        }
        Fact::Submit(submit) => match &submit.without {
            Some(without) => event("submit").text(code(words, "page.without", without)),
            None => event("submit"),
        },
        Fact::Leave(step) => event("leave").maybe(step.text.as_ref()),
        Fact::Photo(photo) => {
            let shows = match &photo.symptom {
                Some(symptom) => code(words, "symptom", symptom),
                None => code(words, "photo", &photo.what),
            };
            event_with("photo", "what", &shows).maybe(photo.caption.as_ref())
        }
        Fact::Move(movement) => Told::new(code(words, "movement", &movement.movement))
            .row(names.part_text(&movement.part), movement.qty.to_string())
            .row(
                words.t("page.serial"),
                movement.serial.clone().unwrap_or_default(),
            )
            .maybe(movement.note.as_ref()),
        Fact::Reverse(reverse) => event("reverse").text(&reverse.reason),
        Fact::PartsRequest(request) => request.lines.iter().fold(
            event("parts_request").maybe(request.text.as_ref()),
            |told, line| told.row(names.part_text(&line.part), line.qty.to_string()),
        ),
        Fact::PartsAnswer(answer) => event_with(
            "parts_answer",
            "state",
            &code(words, "page.request", &answer.state),
        )
        .maybe(answer.text.as_ref()),
        Fact::Count(_)
        | Fact::Handover(_)
        | Fact::Level(_)
        | Fact::Pack(_)
        | Fact::User(_)
        | Fact::Device(_)
        | Fact::DeviceRevoked(_) => Told::new(words.tp("page.event.unknown", "kind", fact.kind())),
    }
}

/// Whose device wrote into a document. The server writes for the office under its own tag.
pub fn side_of(doc: &DocName, kind: &str) -> Side {
    match doc.writer() {
        fieldseal_core::facts::Writer::Engineer(_) => Side::Field,
        fieldseal_core::facts::Writer::Office
            if matches!(kind, "delivered" | "received" | "clock_correction" | "adopt") =>
        {
            Side::Server
        }
        fieldseal_core::facts::Writer::Office => Side::Office,
    }
}

/// The device of a stamp, where an engineer's device wrote it; nothing for the office.
pub fn device_of(names: &Names, stamp: &Stamp, side: Side) -> String {
    match side {
        Side::Field => names.device(&stamp.device.to_string()),
        Side::Office | Side::Server => String::new(),
    }
}

/// When the server received what a device wrote: its own note of it, else the fact that says so.
fn received(words: &Words, names: &Names, event: &Event, side: Side) -> String {
    if side != Side::Field {
        return String::new();
    }
    let noted = names
        .received
        .get(&event.record.id.action)
        .map(|at| words.moment(*at));
    let said = || event.received_at.as_deref().map(|at| values::claim(words, at));
    noted.or_else(said).unwrap_or_default()
}

/// The timeline, newest first by when things are said to have occurred (D.1, LOG); what occurred at one moment stands
/// in the fold's order, facts of one action as they were written. The order has no other meaning: what knew of what is
/// told by flags and conflicts.
pub fn newest_first(words: &Words, names: &Names, view: &OrderView) -> Vec<Entry> {
    let mut first: BTreeMap<ActionId, usize> = BTreeMap::new();
    for (index, event) in view.timeline.iter().enumerate() {
        first.entry(event.record.id.action).or_insert(index);
    }
    let mut events: Vec<&Event> = view.timeline.iter().collect();
    events.sort_by_key(|event| {
        let id = event.record.id;
        (event.time.utc_ms, first.get(&id.action).copied(), id.place)
    });
    events
        .into_iter()
        .rev()
        .map(|event| entry(words, names, event))
        .collect()
}

/// A record's changes, newest first by when its authors said they were made.
pub fn record_newest_first(words: &Words, names: &Names, changes: &[Change]) -> Vec<Entry> {
    let mut ordered: Vec<&Change> = changes.iter().collect();
    ordered.sort_by_key(|change| (change.record.stamp.utc_ms, change.record.id));
    ordered
        .into_iter()
        .rev()
        .map(|change| {
            let record = &change.record;
            let side = side_of(&record.doc, &record.kind);
            let told = tell(words, names, record);
            Entry {
                id: record.id.to_string().replace('#', "-"),
                side,
                at: values::claim(words, &record.stamp.at),
                at_full: values::claim_full(words, &record.stamp.at),
                received: String::new(),
                author: if record.stamp.by == SERVER_USER {
                    words.t("page.server")
                } else {
                    names.user(record.stamp.by)
                },
                device: String::new(),
                what: told.what,
                text: told.text,
                rows: told
                    .rows
                    .into_iter()
                    .map(|(label, value)| Row::new(label, value))
                    .collect(),
                flags: change
                    .flags
                    .iter()
                    .map(|flag| Chip::new(words.t(flag.text_key()), Tone::Warn))
                    .collect(),
            }
        })
        .collect()
}

/// One line of the timeline.
pub fn entry(words: &Words, names: &Names, event: &Event) -> Entry {
    let record = &event.record;
    let side = side_of(&record.doc, &record.kind);
    let told = tell(words, names, record);
    let mut flags: Vec<Chip> = event
        .flags
        .iter()
        .map(|flag| Chip::new(words.t(flag.text_key()), Tone::Warn))
        .collect();
    flags.extend(
        event
            .unmet
            .iter()
            .map(|guard| Chip::new(words.t(guard.text_key()), Tone::Warn)),
    );
    if event.time.trust == Trust::Corrected {
        flags.push(Chip::new(words.t("page.clock_corrected"), Tone::Info));
    }
    Entry {
        id: record.id.to_string().replace('#', "-"),
        side,
        at: words.moment(event.time.utc_ms),
        at_full: values::claim_full(words, &record.stamp.at),
        received: received(words, names, event, side),
        author: match side {
            Side::Server => words.t("page.server"),
            Side::Office | Side::Field => names.user(record.stamp.by),
        },
        device: device_of(names, &record.stamp, side),
        what: told.what,
        text: told.text,
        rows: told
            .rows
            .into_iter()
            .map(|(label, value)| Row::new(label, value))
            .collect(),
        flags,
    }
}
