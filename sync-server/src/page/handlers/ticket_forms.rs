//! The forms of a ticket: triage, another visit, solved at the desk, the customer's word, closing, reopening, joining,
//! calls, consents, passing on, notes. Each `POST /tickets/{id}/…`, back to the ticket.

use axum::extract::Path;
use axum::response::Response;
use fieldseal_core::domain::callback::Scores;
use fieldseal_core::domain::ids::{ActionId, OrderId, TicketId, UserId};
use fieldseal_core::facts::ViewToken;
use serde_json::{Value, json};

use super::plan::moment;
use super::tickets::TEXTS;
use crate::http::form::Fields;
use crate::office::fields::{Changes, tidy};
use crate::office::{Agreed, NewCallback, NewOrder, OfficeError, PassedOn};
use crate::page::desk::{Desk, Posted};

/// The ticket, the token of what its reader saw, and the form.
struct OnTicket {
    desk: Desk,
    fields: Fields,
    ticket: TicketId,
    token: ViewToken,
}

fn on_ticket(id: &str, posted: Posted) -> Result<OnTicket, Box<Response>> {
    let Posted { desk, fields } = posted;
    let token = fields
        .get("token")
        .and_then(|text| text.parse::<ViewToken>().ok());
    match (id.parse::<TicketId>(), token) {
        (Ok(ticket), Some(token)) => Ok(OnTicket {
            desk,
            fields,
            ticket,
            token,
        }),
        _ => Err(Box::new(desk.not_found())),
    }
}

impl OnTicket {
    fn text(&self, name: &str) -> String {
        self.fields.filled(name).unwrap_or_default().to_owned()
    }

    fn moment(&self, name: &str) -> Option<String> {
        moment(&self.desk.words, self.fields.filled(name))
    }

    fn code<T: std::str::FromStr>(&self, name: &'static str) -> Result<T, OfficeError> {
        self.text(name)
            .parse()
            .map_err(|_| OfficeError::field(name, "unknown_choice"))
    }

    fn answered<T>(&self, done: &str, result: Result<T, OfficeError>) -> Response {
        self.desk
            .answered(&format!("/tickets/{}", self.ticket), done, result)
    }
}

macro_rules! open {
    ($id:expr, $posted:expr) => {
        match on_ticket(&$id, $posted) {
            Ok(form) => form,
            Err(response) => return *response,
        }
    };
}

/// What differs from what the form showed when it was made.
fn changed(fields: &Fields) -> Changes {
    let mut changes = Changes::new();
    for name in ["category", "priority"] {
        if let Some(code) = fields.filled(name) {
            changes.insert(name.to_owned(), json!(code));
        }
    }
    for name in TEXTS {
        let (now, was) = (fields.get(name), fields.get(&format!("was_{name}")));
        if let Some(now) = now.map(tidy)
            && Some(&now) != was.map(tidy).as_ref()
        {
            let value = if now.is_empty() { Value::Null } else { json!(now) };
            changes.insert((*name).to_owned(), value);
        }
    }
    let confirmed = "confirmed_with_customer";
    let (now, was) = (
        fields.get(confirmed).is_some(),
        fields.get(&format!("was_{confirmed}")).is_some(),
    );
    if now != was {
        changes.insert(confirmed.to_owned(), json!(now));
    }
    if let Some(name) = fields.filled("custom_name") {
        let value = fields.filled("custom_value");
        let number = value.and_then(|value| value.parse::<i64>().ok());
        let value = match (number, value) {
            (Some(number), _) => json!(number),
            (None, Some(text)) => json!(text),
            (None, None) => Value::Null,
        };
        changes.insert(format!("custom.{}", tidy(name)), value);
    }
    changes
}

/// `POST /tickets/{id}/triage`.
pub async fn triage(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (ticket, token, changes) = (form.ticket, form.token.clone(), changed(&form.fields));
    let done = form
        .desk
        .office(move |office, person| office.triage(person, ticket, &token, &changes))
        .await;
    form.answered("saved", done)
}

/// `POST /tickets/{id}/visit`: another work order for the ticket, dispatched where an engineer is chosen (000-33).
pub async fn visit(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let Some(once) = form.fields.get("once").and_then(|id| id.parse::<OrderId>().ok()) else {
        return form.desk.not_found();
    };
    let engineer = form.fields.filled("engineer").map(str::parse::<UserId>);
    let read = || -> Result<(NewOrder, Option<UserId>), OfficeError> {
        let engineer = engineer
            .transpose()
            .map_err(|_| OfficeError::field("engineer", "unknown_choice"))?;
        let new = NewOrder {
            order_type: form.code("type")?,
            priority: form.code("priority")?,
            summary: form.text("summary"),
            window_from: form.moment("window_from"),
            window_to: form.moment("window_to"),
            planned_parts: Vec::new(),
            contact: None,
        };
        Ok((new, engineer))
    };
    let (ticket, read) = (form.ticket, read());
    let done = form
        .desk
        .office(move |office, person| {
            let (new, engineer) = read?;
            let order = office.create_order(person, once, ticket, &new)?;
            if let Some(engineer) = engineer
                && let Some(details) = office.order(order)?
                && details.view.assignments.is_empty()
            {
                office.assign(person, order, &details.token, &[engineer], None)?;
            }
            Ok(())
        })
        .await;
    form.answered("order_created", done)
}

/// `POST /tickets/{id}/solve`.
pub async fn solve(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (ticket, token, solution) = (form.ticket, form.token.clone(), form.text("solution"));
    let done = form
        .desk
        .office(move |office, person| office.solve_at_desk(person, ticket, &token, &solution))
        .await;
    form.answered("saved", done)
}

/// `POST /tickets/{id}/confirm`.
pub async fn confirm(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (ticket, token, words) = (form.ticket, form.token.clone(), form.text("reason"));
    let done = form
        .desk
        .office(move |office, person| office.confirm_ticket(person, ticket, &token, &words))
        .await;
    form.answered("saved", done)
}

/// `POST /tickets/{id}/close`.
pub async fn close(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (ticket, token, reason) = (form.ticket, form.token.clone(), form.text("reason"));
    let way = form.code("way");
    let done = form
        .desk
        .office(move |office, person| office.close_ticket(person, ticket, &token, way?, &reason))
        .await;
    form.answered("closed", done)
}

/// `POST /tickets/{id}/reopen`.
pub async fn reopen(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (ticket, token, reason) = (form.ticket, form.token.clone(), form.text("reason"));
    let done = form
        .desk
        .office(move |office, person| office.reopen_ticket(person, ticket, &token, &reason))
        .await;
    form.answered("reopened", done)
}

/// `POST /tickets/{id}/merge`: the other one is named by any of its numbers.
pub async fn merge(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (ticket, token, reason) = (form.ticket, form.token.clone(), form.text("reason"));
    let into = form.text("into");
    let done = form
        .desk
        .office(move |office, person| {
            let into = office
                .ticket_by_number(&into)?
                .ok_or(OfficeError::field("into", "unknown_choice"))?;
            office.merge_ticket(person, ticket, &token, into, &reason)
        })
        .await;
    form.answered("merged", done)
}

/// `POST /tickets/{id}/call`.
pub async fn call(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (ticket, token, text) = (form.ticket, form.token.clone(), form.text("text"));
    let (channel, reached) = (form.code("channel"), form.fields.get("reached").is_some());
    let done = form
        .desk
        .office(move |office, person| {
            office.record_contact(person, ticket, &token, channel?, reached, Some(&text))
        })
        .await;
    form.answered("saved", done)
}

/// `POST /tickets/{id}/callback`: the scores, or that nobody was reached.
pub async fn callback(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let Some(once) = form.fields.get("once").and_then(|id| id.parse::<ActionId>().ok()) else {
        return form.desk.not_found();
    };
    let score = |name: &'static str| -> Result<u8, OfficeError> {
        form.text(name)
            .parse()
            .map_err(|_| OfficeError::whole("bad_score"))
    };
    let read = || -> Result<NewCallback, OfficeError> {
        let scores = match form.fields.get("missed") {
            Some(_) => None,
            None => Some(Scores {
                solved: score("solved")?,
                speed: score("speed")?,
                manner: score("manner")?,
                overall: score("overall")?,
            }),
        };
        Ok(NewCallback {
            way: form.code("channel")?,
            scores,
            text: form.text("text"),
        })
    };
    let (ticket, token, new) = (form.ticket, form.token.clone(), read());
    let done = form
        .desk
        .office(move |office, person| office.record_callback(person, once, ticket, &token, &new?))
        .await;
    form.answered("saved", done)
}

/// `POST /tickets/{id}/consent`.
pub async fn consent(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (ticket, token) = (form.ticket, form.token.clone());
    let read = || -> Result<Agreed, OfficeError> {
        Ok(Agreed {
            kind: form.code("kind")?,
            how: form.code("how")?,
            new_due: form.moment("new_due"),
            text: Some(form.text("text")),
        })
    };
    let agreed = read();
    let done = form
        .desk
        .office(move |office, person| office.record_consent(person, ticket, &token, &agreed?))
        .await;
    form.answered("saved", done)
}

/// `POST /tickets/{id}/escalate`.
pub async fn escalate(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (ticket, token) = (form.ticket, form.token.clone());
    let passed = PassedOn {
        to: form.text("to"),
        reason: form.text("reason"),
        next_contact: form.text("next_contact"),
        promised: form.moment("promised").unwrap_or_default(),
    };
    let done = form
        .desk
        .office(move |office, person| office.escalate(person, ticket, &token, &passed))
        .await;
    form.answered("saved", done)
}

/// `POST /tickets/{id}/note`.
pub async fn note(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (ticket, token, text) = (form.ticket, form.token.clone(), form.text("text"));
    let done = form
        .desk
        .office(move |office, person| office.note_on_ticket(person, ticket, &token, &text))
        .await;
    form.answered("saved", done)
}
