//! Tickets: `GET /tickets`, `GET /tickets/{id}`.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use fieldseal_core::domain::ids::TicketId;
use fieldseal_core::domain::roles::Operation;
use fieldseal_core::domain::transitions::ticket_may;
use fieldseal_core::domain::work::{
    AttemptChannel, Category, ConsentKind, ConsentWay, OrderType, Priority, TicketState,
};
use fieldseal_core::facts::{DocName, RecordView};

use super::load;
use crate::office::{CloseAs, Office, OfficeError, Person, TicketRow, searched};
use crate::page::desk::Desk;
use crate::page::model::{
    AnotherVisit, Candidate, Chip, Choice, FieldView, Here, OrderLine, TicketActions, TicketLine, TicketList,
    TicketPage, Tickets, Tone, Triage, TriageText,
};
use crate::page::present::order::state_chip;
use crate::page::present::{Names, timeline, values};
use crate::page::respond::html;
use crate::page::views::{TicketView, TicketsView};
use crate::page::words::Words;
use crate::pipeline::SyncService;

/// More lines than these are counted, not shown: the search finds them.
const LINES_SHOWN: usize = 200;

/// The lists, in the order in which a desk works them off.
const LISTS: &[&str] = &["triage", "back", "open", "work", "word", "ended", "all", "hidden"];

/// Texts of the triage form.
pub(super) const TEXTS: &[&str] = &[
    "description",
    "analysis",
    "plan",
    "tried_already",
    "steps",
    "error_text",
    "environment",
    "fault_occurred_at",
    "customer_wish",
    "nature",
];

/// The first of them are looked at each time.
const OFTEN: usize = 2;

/// Fields that the page shows, the own ones after them.
const SHOWN: &[&str] = &[
    "customer",
    "assets",
    "caller",
    "channel",
    "category",
    "reported_on",
    "received_at",
    "nature",
    "tried_already",
    "steps",
    "error_text",
    "environment",
    "fault_occurred_at",
    "customer_wish",
    "confirmed_with_customer",
    "analysis",
    "plan",
    "solution",
    "sla_policy",
];

/// Whether a ticket stands in a list.
fn stands_in(list: &str, row: &TicketRow) -> bool {
    use TicketState as T;
    match list {
        "hidden" => row.hidden,
        _ if row.hidden => false,
        "triage" => row.state == T::Received,
        "back" => row.came_back,
        "open" => matches!(row.state, T::Triaged | T::Reopened) && !row.came_back,
        "work" => row.state == T::InWork,
        "word" => matches!(row.state, T::Solved | T::Confirmed),
        "ended" => matches!(row.state, T::Closed | T::Merged),
        _ => true,
    }
}

fn ticket_chip(words: &Words, state: TicketState) -> Chip {
    let tone = match state {
        TicketState::Received => Tone::Warn,
        TicketState::Reopened => Tone::Bad,
        TicketState::Triaged | TicketState::InWork => Tone::Info,
        TicketState::Solved | TicketState::Confirmed | TicketState::Closed => Tone::Good,
        TicketState::Merged => Tone::Plain,
    };
    Chip::new(words.t(state.text_key()), tone)
}

/// What is to be said of a ticket beside its state.
fn marks(words: &Words, row: &TicketRow) -> Vec<Chip> {
    let mut marks = Vec::new();
    if row.came_back {
        marks.push(Chip::new(words.t("page.ticket.came_back"), Tone::Bad));
    }
    if let Some(at) = row.promised_ms.filter(|_| !stands_in("ended", row)) {
        let late = at < words.now_ms;
        let text = words.tp("page.ticket.promised", "at", words.moment(at));
        marks.push(Chip::new(text, if late { Tone::Bad } else { Tone::Warn }));
    }
    marks
}

/// The list.
pub async fn list(desk: Desk) -> Response {
    let seen = desk.newest();
    let text = desk.asked("q").unwrap_or_default().to_owned();
    let wanted = searched(&text);
    let asked = desk.asked("list").filter(|code| LISTS.contains(code));
    // A search looks everywhere unless a list was chosen.
    let list = asked
        .unwrap_or(if text.is_empty() { "triage" } else { "all" })
        .to_owned();
    let found = desk
        .office(move |office, _| {
            let mut rows = office.tickets()?;
            rows.extend(office.hidden_tickets()?);
            Ok((rows, load::to_decide(office)?))
        })
        .await;
    let (rows, to_decide) = match found {
        Ok(found) => found,
        Err(error) => return desk.failed(&error),
    };
    let words = &desk.words;
    let lists = LISTS.iter().map(|code| TicketList {
        code: (*code).to_owned(),
        title: words.t(&format!("page.tickets.{code}")),
        count: rows.iter().filter(|row| stands_in(code, row)).count(),
        chosen: *code == list,
    });
    let lists = lists.collect();
    let chosen: Vec<&Arc<TicketRow>> = rows
        .iter()
        .filter(|row| stands_in(&list, row) && row.holds(&wanted))
        .collect();
    let tickets = Tickets {
        lists,
        more: chosen.len().saturating_sub(LINES_SHOWN),
        lines: chosen
            .iter()
            .take(LINES_SHOWN)
            .map(|row| line(words, row))
            .collect(),
        list,
        text,
    };
    let mut frame = desk.frame(Here::Tickets, "page.nav.tickets", seen);
    frame.conflicts = to_decide;
    html(
        StatusCode::OK,
        &TicketsView {
            f: &frame,
            tickets: &tickets,
        },
    )
}

fn priority_of(words: &Words, priority: Option<Priority>) -> (String, String) {
    priority.map_or_else(Default::default, |priority| {
        (priority.as_str().to_owned(), words.t(priority.text_key()))
    })
}

fn line(words: &Words, row: &TicketRow) -> TicketLine {
    let (priority, priority_name) = priority_of(words, row.priority);
    TicketLine {
        id: row.id.to_string(),
        number: row.number.clone(),
        priority,
        priority_name,
        description: row.description.clone(),
        customer: row.customer_name.clone(),
        at: words.moment(row.received_ms),
        visits: row.orders,
        state: ticket_chip(words, row.state),
        marks: marks(words, row),
    }
}

/// One ticket.
pub async fn show(desk: Desk, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<TicketId>() else {
        return desk.not_found();
    };
    let seen = desk.newest();
    let (words, service, once) = (desk.words, desk.state().service.clone(), desk.once());
    let found = desk
        .office(move |office, person| {
            let shown = ticket_page(office, &service, &words, person, id, once)?;
            Ok((shown, load::to_decide(office)?))
        })
        .await;
    let (shown, to_decide) = match found {
        Ok(found) => found,
        Err(error) => return desk.failed(&error),
    };
    let mut frame = desk.frame(Here::Tickets, "page.nav.tickets", seen);
    frame.title = format!("{} {}", shown.number, shown.description);
    frame.conflicts = to_decide;
    html(StatusCode::OK, &TicketView { f: &frame, o: &shown })
}

fn ticket_page(
    office: &Office,
    service: &SyncService,
    words: &Words,
    person: &Person,
    id: TicketId,
    once: String,
) -> Result<TicketPage, OfficeError> {
    let doc = DocName::Ticket(id);
    let view = office.views().record(&doc)?.ok_or(OfficeError::NotFound)?;
    let row = office.ticket_row(id)?.ok_or(OfficeError::NotFound)?;
    let mut names = load::people(office, service, words)?;
    let mut docs = BTreeSet::new();
    for change in &view.changes {
        load::gather(&change.record.payload, &mut docs);
    }
    for doc in docs {
        if let Some(record) = office.views().record(&doc)? {
            let name = load::record_name(words, &doc, &record);
            names.records.insert(doc, name);
        }
    }
    let same = office.same_fault(id)?;
    let joined = match view.fields.parsed("duplicate_of") {
        Some(DocName::Ticket(into)) if row.state == TicketState::Merged => {
            let target = office.ticket_row(into)?;
            target.map(|target| (into.to_string(), target.number.clone()))
        }
        _ => None,
    };
    let log = view.ticket.as_deref();
    let number = view.number.clone().unwrap_or_default();
    let provisional = log
        .and_then(|log| log.provisional.clone())
        .filter(|provisional| *provisional != row.number);
    let (priority, priority_name) = priority_of(words, row.priority);
    Ok(TicketPage {
        hiding: super::hiding::hiding(
            words,
            &names,
            &view.hides,
            person.may(Operation::HideRecord),
            &format!("/tickets/{id}"),
        ),
        id: id.to_string(),
        number: if number.is_empty() {
            row.number.clone()
        } else {
            number
        },
        provisional: provisional.unwrap_or_default(),
        priority,
        priority_name,
        description: row.description.clone(),
        state: ticket_chip(words, row.state),
        marks: marks(words, &row),
        joined,
        fields: fields(words, &names, &view),
        visits: visits(office, words, &names, &row, &view)?,
        same: same
            .iter()
            .map(|other| Choice {
                value: other.id.to_string(),
                text: other.number.clone(),
                chosen: false,
            })
            .collect(),
        log: timeline::record_newest_first(words, &names, &view.changes),
        kept: match office.kept_until(id)? {
            Some(day) => words.tp("page.ticket.kept.until", "date", day.to_string()),
            None if row.state == TicketState::Closed => words.t("page.ticket.kept.unknown"),
            None => String::new(),
        },
        may_archive: person.may(Operation::ReadStatistics),
        token: view.token.to_string(),
        actions: actions(office, words, person, &row, &view, once)?,
    })
}

fn fields(words: &Words, names: &Names, view: &RecordView) -> Vec<FieldView> {
    let own = view.fields.0.keys().map(String::as_str);
    let own = own.filter(|name| name.starts_with("custom."));
    SHOWN
        .iter()
        .copied()
        .chain(own)
        .filter_map(|field| Some((field, view.fields.value(field)?)))
        .map(|(field, value)| FieldView {
            name: field.to_owned(),
            label: values::label(words, field),
            value: values::shown(words, names, field, value),
            href: match value.as_str() {
                Some(doc) if field == "customer" => {
                    format!("/{}", doc.replacen("customer/", "customers/", 1))
                }
                _ => String::new(),
            },
            losers: Vec::new(),
        })
        .filter(|field| !field.value.is_empty())
        .collect()
}

fn visits(
    office: &Office,
    words: &Words,
    names: &Names,
    row: &TicketRow,
    view: &RecordView,
) -> Result<Vec<OrderLine>, OfficeError> {
    let log = view.ticket.as_deref();
    let orders = log.map(|log| log.orders.as_slice()).unwrap_or_default();
    let board = office.board()?;
    let of = board.rows.iter().filter(|order| orders.contains(&order.order));
    Ok(of
        .map(|order| OrderLine {
            id: order.order.to_string(),
            number: row.number.clone(),
            summary: order.summary.clone(),
            state: state_chip(words, order.state),
            at: values::claim(words, &order.created),
            engineer: names.users(&order.engineers, words.lang.list_separator()),
            parts: Vec::new(),
        })
        .collect())
}

fn choices<T: Copy + PartialEq>(
    words: &Words,
    all: &[T],
    chosen: Option<T>,
    code: impl Fn(T) -> (&'static str, &'static str),
) -> Vec<Choice> {
    all.iter()
        .map(|one| {
            let (value, key) = code(*one);
            Choice {
                value: value.to_owned(),
                text: words.t(key),
                chosen: Some(*one) == chosen,
            }
        })
        .collect()
}

fn actions(
    office: &Office,
    words: &Words,
    person: &Person,
    row: &TicketRow,
    view: &RecordView,
    once: String,
) -> Result<TicketActions, OfficeError> {
    let mut actions = TicketActions {
        note: person.may(Operation::WriteMemo),
        ..TicketActions::default()
    };
    if !person.may(Operation::Triage) || row.state == TicketState::Merged {
        return Ok(actions);
    }
    let may = |to| ticket_may(row.state, to);
    let priorities = |chosen| {
        choices(words, Priority::ALL, chosen, |code| {
            (code.as_str(), code.text_key())
        })
    };
    let text = |field: &str| view.fields.text(field).unwrap_or_default().to_owned();
    let texts = |names: &[&str]| -> Vec<TriageText> {
        let one = |name: &&str| TriageText {
            name: (*name).to_owned(),
            label: values::label(words, name),
            value: text(name),
        };
        names.iter().map(one).collect()
    };
    actions.triage = Some(Triage {
        first: row.state == TicketState::Received,
        categories: choices(words, Category::ALL, row.category, |code| {
            (code.as_str(), code.text_key())
        }),
        priorities: priorities(row.priority),
        unset: row.priority.is_none(),
        texts: texts(&TEXTS[..OFTEN]),
        more: texts(&TEXTS[OFTEN..]),
        confirmed: view
            .fields
            .value("confirmed_with_customer")
            .and_then(serde_json::Value::as_bool)
            == Some(true),
    });
    let workable = matches!(
        row.state,
        TicketState::Triaged | TicketState::Reopened | TicketState::InWork
    );
    if workable && !row.needs_analysis && person.may(Operation::Assign) {
        let nobody = Candidate {
            chosen: true,
            ..Candidate::nobody(words.t("page.new.later"))
        };
        let engineers = load::candidates(office, words, &Names::default(), &[])?;
        actions.visit = Some(AnotherVisit {
            types: choices(words, OrderType::ALL, Some(OrderType::Repair), |code| {
                (code.as_str(), code.text_key())
            }),
            priorities: priorities(row.priority),
            summary: row.description.chars().take(200).collect(),
            engineers: std::iter::once(nobody)
                .chain(engineers.into_iter().map(|(_, candidate)| candidate))
                .collect(),
            once: once.clone(),
        });
    }
    if office.may_call_back(person, view)? {
        actions.callback = Some(once);
    }
    actions.solve = may(TicketState::Solved) && row.state != TicketState::InWork;
    actions.confirm = may(TicketState::Confirmed);
    let ways = match row.state {
        TicketState::Confirmed => vec![CloseAs::Confirmed],
        TicketState::Solved if person.may(Operation::Audit) => {
            vec![CloseAs::NotSatisfied, CloseAs::Unreachable]
        }
        _ => Vec::new(),
    };
    actions.close = ways
        .into_iter()
        .map(|way| Choice {
            value: way.as_str().to_owned(),
            text: words.t(&format!("page.ticket.close.{}", way.as_str())),
            chosen: false,
        })
        .collect();
    actions.reopen = may(TicketState::Reopened);
    actions.merge = may(TicketState::Merged);
    actions.channels = choices(words, AttemptChannel::ALL, Some(AttemptChannel::Phone), |code| {
        (code.as_str(), code.text_key())
    });
    let agreed = [
        ConsentKind::Extension,
        ConsentKind::Remote,
        ConsentKind::WorkAndPrice,
    ];
    actions.consents = choices(words, &agreed, Some(ConsentKind::Extension), |code| {
        (code.as_str(), code.text_key())
    });
    actions.ways = choices(words, ConsentWay::ALL, Some(ConsentWay::Spoken), |code| {
        (code.as_str(), code.text_key())
    });
    Ok(actions)
}
