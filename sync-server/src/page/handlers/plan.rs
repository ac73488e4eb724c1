//! The dispatcher's forms: a new order, dispatch and reassign, cancel, instruct, change the plan, restore a value.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{NaiveDateTime, TimeZone as _};
use fieldseal_core::domain::ids::{CustomerId, OrderId, TicketId, UserId};
use fieldseal_core::domain::roles::Operation;
use fieldseal_core::domain::work::{Category, Channel, OrderType, Priority};
use fieldseal_core::facts::{DocName, FactId, ViewToken};
use serde_json::{Value, json};

use super::customers::{asset_name, listed_name};
use super::load;
use crate::http::form::Fields;
use crate::office::fields::Changes;
use crate::office::{CustomerRow, NewContact, NewJob, NewOrder, NewTicket, OfficeError, searched};
use crate::page::desk::{Desk, Posted};
use crate::page::model::{Candidate, Chip, Choice, Here, NewOrder as Form, Tone};
use crate::page::present::Names;
use crate::page::respond::{html, see};
use crate::page::views::NewOrderView;
use crate::page::words::Words;

macro_rules! choices {
    ($words:expr, $list:ty, $chosen:expr) => {
        <$list>::ALL
            .iter()
            .map(|code| Choice {
                value: code.as_str().to_owned(),
                text: $words.t(code.text_key()),
                chosen: *code == $chosen,
            })
            .collect()
    };
}

/// The moment of a browser's field (`YYYY-MM-DDTHH:MM`, the company's wall clock) as facts keep it. None for an empty
/// field; what is no moment goes on as it is and is refused by its field.
pub(super) fn moment(words: &Words, text: Option<&str>) -> Option<String> {
    let text = text?;
    let read = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"));
    let at = read
        .ok()
        .and_then(|wall| words.zone.0.from_local_datetime(&wall).earliest());
    Some(at.map_or_else(
        || text.to_owned(),
        |at| words.local(at.timestamp_millis()).to_string(),
    ))
}

/// More customers than these are searched for, not chosen from a list.
const CHOICES: usize = 200;

/// What the form of a new order shows.
struct Read {
    searches: bool,
    customers: Vec<Arc<CustomerRow>>,
    customer: Option<Arc<CustomerRow>>,
    assets: Vec<(String, String)>,
    engineers: Vec<(UserId, Candidate)>,
    to_decide: usize,
}

/// What was typed, or nothing for a fresh form.
async fn new_page(desk: &Desk, typed: &Fields, refused: Option<Chip>) -> Response {
    let seen = desk.newest();
    let words = desk.words;
    let chosen = typed.get("customer").and_then(|id| id.parse::<CustomerId>().ok());
    let asked = desk.asked("q").unwrap_or_default().to_owned();
    let wanted = searched(&asked);
    let found = desk
        .office(move |office, person| {
            if !person.may(Operation::Assign) {
                return Err(OfficeError::NotAllowed);
            }
            let mut customers = office.customers()?;
            let searches = customers.len() > CHOICES;
            if searches {
                customers.retain(|row| !wanted.is_empty() && row.holds(&wanted));
            }
            let mut assets = Vec::new();
            let mut customer = None;
            if let Some(chosen) = chosen {
                customer = office.customer_row(chosen)?;
                for (id, view) in office.units_of(chosen)? {
                    assets.push((DocName::Asset(id).to_string(), asset_name(&words, &view)));
                }
            }
            Ok(Read {
                searches,
                customers,
                customer,
                assets,
                engineers: load::candidates(office, &words, &Names::default(), &[])?,
                to_decide: load::to_decide(office)?,
            })
        })
        .await;
    let read = match found {
        Ok(read) => read,
        Err(error) => return desk.failed(&error),
    };
    let code = |name: &str| typed.get(name).unwrap_or_default();
    let text = |name: &str| code(name).to_owned();
    let engineer = typed.get("engineer").and_then(|id| id.parse::<UserId>().ok());
    let nobody = Candidate {
        chosen: engineer.is_none(),
        ..Candidate::nobody(words.t("page.new.later"))
    };
    let engineers = read.engineers.into_iter().map(|(id, candidate)| Candidate {
        chosen: engineer == Some(id),
        ..candidate
    });
    let whom = std::iter::once(nobody).chain(engineers).collect();
    let form = Form {
        search: read.searches.then_some(asked),
        more: read.customers.len().saturating_sub(CHOICES),
        customer: read.customer.map(|row| (row.id.to_string(), listed_name(&row))),
        customers: read
            .customers
            .iter()
            .take(CHOICES)
            .map(|row| Choice {
                value: row.id.to_string(),
                text: if read.searches && !row.region.is_empty() {
                    format!("{} · {}", listed_name(row), row.region)
                } else {
                    listed_name(row)
                },
                chosen: chosen == Some(row.id),
            })
            .collect(),
        assets: read
            .assets
            .into_iter()
            .map(|(doc, name)| Choice {
                chosen: typed.all("asset").any(|posted| posted == doc),
                value: doc,
                text: name,
            })
            .collect(),
        types: choices!(
            words,
            OrderType,
            code("type").parse().unwrap_or(OrderType::Repair)
        ),
        priorities: choices!(words, Priority, code("priority").parse().unwrap_or(Priority::P3)),
        channels: choices!(words, Channel, code("channel").parse().unwrap_or(Channel::Phone)),
        categories: choices!(
            words,
            Category,
            code("category").parse().unwrap_or(Category::Service)
        ),
        engineers: whom,
        summary: text("summary"),
        description: text("description"),
        caller: text("caller"),
        phone: text("phone"),
        window_from: text("window_from"),
        window_to: text("window_to"),
        once: typed.get("once").map_or_else(|| desk.once(), str::to_owned),
    };
    let mut frame = desk.frame(Here::New, "page.nav.new", seen);
    frame.conflicts = read.to_decide;
    let status = if refused.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    frame.notice = refused.or(frame.notice);
    html(
        status,
        &NewOrderView {
            f: &frame,
            form: &form,
        },
    )
}

/// `GET /orders/new`.
pub async fn new(desk: Desk) -> Response {
    let customer = desk
        .asked("customer")
        .map(|id| ("customer".to_owned(), id.to_owned()));
    let typed = Fields(customer.into_iter().collect());
    new_page(&desk, &typed, None).await
}

/// Reads the form; a field that cannot be read is refused by its name.
fn read_job(words: &Words, fields: &Fields) -> Result<(TicketId, NewJob), OfficeError> {
    fn code<T: std::str::FromStr>(fields: &Fields, name: &'static str) -> Result<T, OfficeError> {
        let text = fields.get(name).unwrap_or_default();
        text.parse()
            .map_err(|_| OfficeError::field(name, "unknown_choice"))
    }
    let text = |name: &str| fields.filled(name).map(str::to_owned);
    let once = fields
        .get("once")
        .and_then(|id| id.parse().ok())
        .ok_or(OfficeError::NotFound)?;
    let assets: Result<Vec<DocName>, OfficeError> = fields
        .all("asset")
        .map(|doc| match doc.parse() {
            Ok(DocName::Asset(id)) => Ok(DocName::Asset(id)),
            _ => Err(OfficeError::field("assets", "unknown_choice")),
        })
        .collect();
    let engineers = match fields.filled("engineer") {
        Some(id) => vec![
            id.parse()
                .map_err(|_| OfficeError::field("engineer", "unknown_choice"))?,
        ],
        None => Vec::new(),
    };
    let summary = text("summary").ok_or(OfficeError::field("summary", "empty"))?;
    let priority = code(fields, "priority")?;
    let caller = match (text("caller"), text("phone")) {
        (Some(name), phone) => Some(NewContact {
            name,
            phone,
            role: None,
        }),
        (None, Some(_)) => return Err(OfficeError::field("caller", "empty")),
        (None, None) => None,
    };
    let job = NewJob {
        ticket: NewTicket {
            customer: code(fields, "customer")?,
            assets: assets?,
            category: code(fields, "category")?,
            priority,
            channel: code(fields, "channel")?,
            caller,
            // The summary is the whole report where nothing more was said.
            description: text("description").unwrap_or_else(|| summary.clone()),
            reported_on: None,
        },
        order: NewOrder {
            order_type: code(fields, "type")?,
            priority,
            summary,
            window_from: moment(words, fields.filled("window_from")),
            window_to: moment(words, fields.filled("window_to")),
            planned_parts: Vec::new(),
            contact: None,
        },
        engineers,
    };
    Ok((once, job))
}

/// `POST /orders`: ticket, order and dispatch in one. A refused form comes back with everything that was typed.
pub async fn create(posted: Posted) -> Response {
    let Posted { desk, fields } = posted;
    let made = match read_job(&desk.words, &fields) {
        Ok((once, job)) => {
            desk.office(move |office, person| office.create_job(person, once, job))
                .await
        }
        Err(error) => Err(error),
    };
    match made {
        Ok((_, order)) => see(&format!("/orders/{order}?done=order_created")),
        Err(OfficeError::NotFound) => desk.not_found(),
        Err(error) => {
            let refused = Chip::new(desk.refusal(&error), Tone::Bad);
            new_page(&desk, &fields, Some(refused)).await
        }
    }
}

/// The order, the token of what its reader saw, and the form.
pub(super) struct OnOrder {
    pub(super) desk: Desk,
    pub(super) fields: Fields,
    pub(super) order: OrderId,
    pub(super) token: ViewToken,
}

/// Reads what every form on an order carries; the answer otherwise.
pub(super) fn on_order(id: &str, posted: Posted) -> Result<OnOrder, Box<Response>> {
    let Posted { desk, fields } = posted;
    let order = id.parse::<OrderId>();
    let token = fields
        .get("token")
        .and_then(|text| text.parse::<ViewToken>().ok());
    match (order, token) {
        (Ok(order), Some(token)) => Ok(OnOrder {
            desk,
            fields,
            order,
            token,
        }),
        _ => Err(Box::new(desk.not_found())),
    }
}

impl OnOrder {
    /// A text field as it was typed.
    pub(super) fn text(&self, name: &str) -> String {
        self.fields.filled(name).unwrap_or_default().to_owned()
    }

    /// Back to the order.
    pub(super) fn answered<T>(&self, done: &str, result: Result<T, OfficeError>) -> Response {
        self.desk
            .answered(&format!("/orders/{}", self.order), done, result)
    }
}

/// Opens a form on an order or answers at once.
macro_rules! open {
    ($id:expr, $posted:expr) => {
        match on_order(&$id, $posted) {
            Ok(form) => form,
            Err(response) => return *response,
        }
    };
}
pub(super) use open;

/// `POST /orders/{id}/assign`.
pub async fn assign(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let engineers: Vec<UserId> = form
        .fields
        .all("engineer")
        .filter_map(|id| id.parse().ok())
        .collect();
    let (order, token) = (form.order, form.token.clone());
    let reason = form.fields.filled("reason").map(str::to_owned);
    let done = form
        .desk
        .office(move |office, person| office.assign(person, order, &token, &engineers, reason.as_deref()))
        .await;
    form.answered("assigned", done)
}

/// `POST /orders/{id}/cancel`.
pub async fn cancel(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (order, token, reason) = (form.order, form.token.clone(), form.text("reason"));
    let done = form
        .desk
        .office(move |office, person| office.cancel(person, order, &token, &reason))
        .await;
    form.answered("cancelled", done)
}

/// `POST /orders/{id}/uncancel`.
pub async fn uncancel(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (order, token, reason) = (form.order, form.token.clone(), form.text("reason"));
    let done = form
        .desk
        .office(move |office, person| office.uncancel(person, order, &token, &reason))
        .await;
    form.answered("uncancelled", done)
}

/// `POST /orders/{id}/instruct`.
pub async fn instruct(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (order, token, text) = (form.order, form.token.clone(), form.text("text"));
    let done = form
        .desk
        .office(move |office, person| office.instruct(person, order, &token, &text))
        .await;
    form.answered("instructed", done)
}

/// The fields that the person changed: those that differ from what the form showed when it was made.
fn changed(words: &Words, fields: &Fields) -> Changes {
    let mut changes = Changes::new();
    for name in ["summary", "priority", "window_from", "window_to"] {
        let (now, was) = (fields.get(name), fields.get(&format!("was_{name}")));
        let Some(now) = now.filter(|now| Some(*now) != was) else {
            continue;
        };
        let now = Some(now.trim()).filter(|now| !now.is_empty());
        let value = if name.starts_with("window") {
            moment(words, now)
        } else {
            now.map(str::to_owned)
        };
        changes.insert(name.to_owned(), value.map_or(Value::Null, |value| json!(value)));
    }
    changes
}

/// `POST /orders/{id}/plan`: only what was changed is written.
pub async fn plan(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let changes = changed(&form.desk.words, &form.fields);
    let (doc, token) = (DocName::Order(form.order), form.token.clone());
    let done = form
        .desk
        .office(move |office, person| office.edit(person, &doc, &token, &changes))
        .await;
    form.answered("saved", done)
}

/// `POST /orders/{id}/restore`: a value that lost, or an engineer's proposal, becomes the value. The form names the
/// fact, never the value.
pub async fn restore(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (order, token, field) = (form.order, form.token.clone(), form.text("field"));
    let fact = form.fields.get("value").and_then(|id| id.parse::<FactId>().ok());
    let done = form
        .desk
        .office(move |office, person| {
            let fact = fact.ok_or(OfficeError::NotFound)?;
            let view = office.views().order(order)?.ok_or(OfficeError::NotFound)?;
            let doc = DocName::Order(order);
            let found = view.fields.0.get(&field).ok_or(OfficeError::NotFound)?;
            if found.proposals.iter().any(|entry| entry.fact == fact) {
                office.take_over(person, order, &doc, &field, fact, &token)?;
                return Ok(());
            }
            let entry = found
                .others
                .iter()
                .find(|entry| entry.fact == fact)
                .ok_or(OfficeError::NotFound)?;
            let changes = Changes::from([(field.clone(), entry.value.clone())]);
            office.edit(person, &doc, &token, &changes)?;
            Ok(())
        })
        .await;
    form.answered("saved", done)
}

#[cfg(test)]
mod tests {
    use fieldseal_core::domain::texts::Lang;

    use super::*;
    use crate::page::sample;

    #[test]
    fn only_what_was_changed_is_written_and_times_are_the_companys() {
        let words = sample::words(Lang::ZhCn);
        let fields = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
            Fields(pairs.collect())
        };
        let same = fields(&[
            ("summary", "x"),
            ("was_summary", "x"),
            ("window_to", ""),
            ("was_window_to", ""),
        ]);
        assert!(changed(&words, &same).is_empty());
        let other = fields(&[
            ("summary", "x"),
            ("was_summary", "x"),
            ("window_from", "2026-11-23T15:00"),
            ("was_window_from", "2026-11-23T14:00"),
            ("window_to", ""),
            ("was_window_to", "2026-11-23T17:00"),
        ]);
        let changes = changed(&words, &other);
        assert_eq!(changes.len(), 2);
        assert_eq!(changes["window_from"], json!("2026-11-23T15:00:00+08:00"));
        assert_eq!(changes["window_to"], Value::Null);
        assert_eq!(moment(&words, Some("nonsense")).as_deref(), Some("nonsense"));
    }
}
