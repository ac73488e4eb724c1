//! One work order: `GET /orders/{id}`, its sealed files, and the lists of orders that other pages show.

use std::collections::BTreeMap;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::ids::{CustomerId, OrderId, UserId};
use fieldseal_core::domain::roles::{Operation, may_audit};
use fieldseal_core::domain::work::VisibleStatus;
use fieldseal_core::facts::{DocName, FactId};

use super::load;
use crate::office::{Office, OfficeError, OrderDetails, Person, audit_blockers, workers};
use crate::page::desk::Desk;
use crate::page::model::{Clock, FieldView, Here, OrderLine, OrderPage, PartCount, Report, RevisionView};
use crate::page::present::order::{Reader, page, state_chip};
use crate::page::present::report::{Sealed, revision};
use crate::page::present::{Names, beside, clocks, photos, values};
use crate::page::reading::may_see;
use crate::page::respond::html;
use crate::page::views::OrderView;
use crate::page::words::Words;
use crate::pipeline::SyncService;

/// Orders of each customer that are not finished.
///
/// # Errors
/// The office's.
pub fn open_by_customer(office: &Office) -> Result<BTreeMap<CustomerId, usize>, OfficeError> {
    let mut open = BTreeMap::new();
    for row in office.board()?.rows.iter() {
        let running = matches!(row.status, VisibleStatus::ToDo | VisibleStatus::Dispatched);
        if let (true, Some(DocName::Customer(customer))) = (running, &row.customer) {
            *open.entry(*customer).or_default() += 1;
        }
    }
    Ok(open)
}

/// A customer's orders, newest first.
///
/// # Errors
/// The office's.
pub fn of_customer(
    office: &Office,
    words: &Words,
    customer: CustomerId,
    names: &Names,
) -> Result<Vec<OrderLine>, OfficeError> {
    let all = office.board()?.rows;
    let of = Some(DocName::Customer(customer));
    let rows: Vec<_> = all.iter().filter(|row| row.customer == of).cloned().collect();
    let mut used: BTreeMap<OrderId, Vec<PartCount>> = BTreeMap::new();
    for row in &rows {
        if let Some(view) = office.views().order(row.order)? {
            let parts = view
                .lines
                .iter()
                .filter(|line| line.reversed_by.is_none())
                .map(|line| names.part_count(&line.part, line.qty))
                .collect();
            used.insert(row.order, parts);
        }
    }
    Ok(rows
        .into_iter()
        .map(|row| OrderLine {
            id: row.order.to_string(),
            number: row.number.clone(),
            summary: row.summary.clone(),
            state: state_chip(words, row.state),
            at: values::claim(words, &row.created),
            engineer: names.users(&row.engineers, words.lang.list_separator()),
            parts: used.get(&row.order).cloned().unwrap_or_default(),
        })
        .collect())
}

/// The page.
pub async fn show(desk: Desk, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<OrderId>() else {
        return desk.not_found();
    };
    let seen = desk.newest();
    let (words, service) = (desk.words, desk.state().service.clone());
    let found = desk
        .office(move |office, person| {
            let shown = order_page(office, &service, &words, person, id)?;
            Ok((shown, load::to_decide(office)?))
        })
        .await;
    let (shown, to_decide) = match found {
        Ok(found) => found,
        Err(error) => return desk.failed(&error),
    };
    let mut frame = desk.frame(Here::Board, "page.nav.board", seen);
    frame.title = format!("{} {}", shown.number, shown.summary);
    frame.conflicts = to_decide;
    html(StatusCode::OK, &OrderView { f: &frame, o: &shown })
}

fn order_page(
    office: &Office,
    service: &SyncService,
    words: &Words,
    person: &Person,
    id: OrderId,
) -> Result<OrderPage, OfficeError> {
    let details = office.order(id)?.ok_or(OfficeError::NotFound)?;
    let view = &details.view;
    let mut names = load::people(office, service, words)?;
    load::records_of(office, words, view, &mut names)?;
    names.received = load::received(service, id)?;
    for visit in &view.visits {
        // Parts are moved in the van's documents: their receipt is noted there.
        names
            .received
            .extend(load::received_from_van(service, visit.engineer)?);
    }
    let number = details
        .ticket
        .as_ref()
        .and_then(|ticket| ticket.any_number())
        .unwrap_or_default()
        .to_owned();
    let planned: Vec<String> = view
        .fields
        .texts("planned_parts")
        .into_iter()
        .map(str::to_owned)
        .collect();
    let engineers = load::candidates(office, words, &names, &planned)?;
    let arrived = office.arrived(view)?;
    let blockers = audit_blockers(person, view, &arrived);
    let reader = Reader {
        user: person.user,
        roles: &person.roles,
        engineers: &engineers,
        blockers: &blockers,
    };
    let token = details.token.to_string();
    let mut shown = page(words, &names, view, &number, &token, reader);
    if let Some(DocName::Ticket(ticket)) = view.fields.parsed("ticket")
        && may_see(person, "/tickets")
    {
        shown.ticket = ticket.to_string();
    }
    shown.hiding = super::hiding::hiding(
        words,
        &names,
        &view.hides,
        person.may(Operation::HideRecord),
        &format!("/orders/{id}"),
    );
    shown.clocks = order_clocks(office, words, &details)?;
    let mut records = BTreeMap::new();
    for doc in view.learnt.keys() {
        if let Some(record) = office.views().record(doc)? {
            records.insert(doc.clone(), record);
        }
    }
    shown.learnt = beside::learnt(words, &names, view, &records, &person.roles);
    shown.photos = photos::photos(words, &names, view, &arrived, &heard_of(office)?);
    shown.fields.extend(ticket_fields(words, &names, &details));
    shown.report = Report {
        revisions: revisions(office, words, &names, person, &details),
        ..shown.report
    };
    Ok(shown)
}

/// What the customer reported, beside the order's own fields.
fn ticket_fields(words: &Words, names: &Names, details: &OrderDetails) -> Vec<FieldView> {
    let Some(ticket) = &details.ticket else {
        return Vec::new();
    };
    [
        "description",
        "caller",
        "channel",
        "category",
        "reported_on",
        "received_at",
        "tried_already",
        "steps",
        "error_text",
        "environment",
        "customer_wish",
        "analysis",
        "plan",
    ]
    .iter()
    .filter_map(|field| Some((*field, ticket.fields.value(field)?)))
    .map(|(field, value)| FieldView {
        name: field.to_owned(),
        label: values::label(words, field),
        value: values::shown(words, names, field, value),
        href: String::new(),
        losers: Vec::new(),
    })
    .filter(|field| !field.value.is_empty())
    .collect()
}

/// When each engineer was last heard of.
fn heard_of(office: &Office) -> Result<BTreeMap<UserId, i64>, OfficeError> {
    let marks = office.board()?.engineers.into_iter();
    Ok(marks
        .filter_map(|mark| Some((mark.person.user, mark.as_of?)))
        .collect())
}

fn order_clocks(office: &Office, words: &Words, details: &OrderDetails) -> Result<Vec<Clock>, OfficeError> {
    let Some(ticket) = &details.ticket else {
        return Ok(Vec::new());
    };
    let holders: Vec<_> = details
        .view
        .assignments
        .iter()
        .filter(|assignment| Some(assignment.id) == details.view.current)
        .flat_map(|assignment| assignment.engineers.iter().copied())
        .collect();
    let heard = office.board()?.heard(&holders);
    Ok(office
        .order_clocks(&details.view, ticket, words.now_ms, heard)?
        .iter()
        .map(|clock| clocks::clock(words, clock))
        .collect())
}

/// Every sealed revision with its file checked now; the current one first, then the newest.
fn revisions(
    office: &Office,
    words: &Words,
    names: &Names,
    person: &Person,
    details: &OrderDetails,
) -> Vec<RevisionView> {
    let view = &details.view;
    let judges = may_audit(&person.roles, person.user, &workers(view)) && person.may(Operation::Audit);
    let blob_of = |seal: FactId| {
        view.visits
            .iter()
            .flat_map(|visit| &visit.seals)
            .find(|known| known.id == seal)
            .map(|known| known.blob.as_str())
    };
    let mut shown = Vec::new();
    for visit in &view.visits {
        for seal in &visit.seals {
            let bytes = details
                .reports
                .iter()
                .find(|report| report.seal == seal.id)
                .and_then(|report| report.bytes.as_deref());
            let rivals = visit
                .seals
                .iter()
                .filter(|other| other.revision == seal.revision)
                .count();
            let href = format!("/orders/{}/files/{}", view.order, seal.blob);
            let sealed = Sealed {
                order: view.order,
                seal,
                prev: seal.prev.and_then(blob_of),
                bytes,
                href: &href,
                may_pick: judges && rivals > 1 && !seal.current,
            };
            let counts = seal.current && view.visit == Some(visit.engineer);
            shown.push((
                (!counts, std::cmp::Reverse(seal.revision)),
                revision(words, names, sealed, Some(office.fingerprint())),
            ));
        }
    }
    shown.sort_by_key(|(rank, _)| *rank);
    shown.into_iter().map(|(_, view)| view).collect()
}

/// A sealed or audited file, as it was signed: `GET /orders/{id}/files/{sha256}`.
pub async fn file(desk: Desk, Path((id, sha256)): Path<(String, String)>) -> Response {
    let (Ok(id), Ok(hash)) = (id.parse::<OrderId>(), sha256.parse::<ContentHash>()) else {
        return desk.not_found();
    };
    let found = desk
        .office(move |office, _| {
            let bytes = office.file(id, hash)?.ok_or(OfficeError::NotFound)?;
            let ticket = office.order(id)?.and_then(|details| details.ticket);
            Ok((
                bytes,
                ticket
                    .and_then(|ticket| ticket.number.clone())
                    .unwrap_or_default(),
            ))
        })
        .await;
    let (bytes, number) = match found {
        Ok(found) => found,
        Err(error) => return desk.failed(&error),
    };
    let number: String = number.chars().filter(char::is_ascii_alphanumeric).collect();
    let short: String = sha256.chars().take(12).collect();
    let name = format!("attachment; filename=\"{number}-{short}.fieldseal\"");
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    // Never shown by the browser: what a phone sent is not this site's page.
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if let Ok(value) = HeaderValue::from_str(&name) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    response
}
