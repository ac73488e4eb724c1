//! After the visit: `GET /after`, `POST /cases/{id}`, `POST /cases/{id}/close`.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use fieldseal_core::domain::ids::{RecordId, TicketId};
use fieldseal_core::domain::roles::Operation;
use fieldseal_core::facts::{DocName, RecordView, ViewToken};
use serde_json::{Value, json};

use super::load;
use crate::office::fields::{Changes, tidy};
use crate::office::{CallbackDue, IMPROVEMENT_CLOSED, Office, OfficeError, Person};
use crate::page::desk::{Desk, Posted};
use crate::page::model::{After, CallLine, CaseLine, CaseText, Chip, Choice, Here, Tone};
use crate::page::present::{Names, values};
use crate::page::respond::html;
use crate::page::views::AfterView;
use crate::page::words::Words;
use crate::pipeline::SyncService;

/// The page.
pub async fn get(desk: Desk) -> Response {
    let seen = desk.newest();
    let (words, service) = (desk.words, desk.state().service.clone());
    let found = desk
        .office(move |office, person| Ok((page(office, &service, &words, person)?, load::to_decide(office)?)))
        .await;
    let (after, to_decide) = match found {
        Ok(found) => found,
        Err(error) => return desk.failed(&error),
    };
    let mut frame = desk.frame(Here::After, "page.nav.after", seen);
    frame.conflicts = to_decide;
    html(
        StatusCode::OK,
        &AfterView {
            f: &frame,
            after: &after,
        },
    )
}

fn page(
    office: &Office,
    service: &SyncService,
    words: &Words,
    person: &Person,
) -> Result<After, OfficeError> {
    let names = load::people(office, service, words)?;
    let calls = office.callbacks_due()?;
    let mut cases = Vec::new();
    for view in office.improvements()? {
        cases.push(case(office, words, &names, person, &view)?);
    }
    cases.sort_by_key(|(closed, _)| *closed);
    Ok(After {
        calls: calls.iter().map(|due| call(words, due)).collect(),
        cases: cases.into_iter().map(|(_, case)| case).collect(),
    })
}

fn call(words: &Words, due: &CallbackDue) -> CallLine {
    let left = due.due_ms.saturating_sub(words.now_ms);
    let (key, tone) = if left < 0 {
        ("page.after.late", Tone::Bad)
    } else {
        ("page.after.left", Tone::Info)
    };
    CallLine {
        id: due.ticket.id.to_string(),
        number: due.ticket.number.clone(),
        description: due.ticket.description.clone(),
        customer: due.ticket.customer_name.clone(),
        due: Chip::new(
            words.tp2(key, "at", &words.moment(due.due_ms), "d", &words.duration(left)),
            tone,
        ),
    }
}

fn case(
    office: &Office,
    words: &Words,
    names: &Names,
    person: &Person,
    view: &RecordView,
) -> Result<(bool, CaseLine), OfficeError> {
    let fields = &view.fields;
    let text = |name: &str| fields.text(name).unwrap_or_default().to_owned();
    let also = |name: &str| -> Vec<String> {
        let others = fields.0.get(name).into_iter().flat_map(|field| &field.others);
        others
            .map(|entry| {
                let value = values::shown(words, names, name, &entry.value);
                format!("{value} ({})", names.user(entry.stamp.by))
            })
            .collect()
    };
    let record = |name: &str| -> Result<String, OfficeError> {
        let doc: Option<DocName> = fields.parsed(name);
        let found = doc.as_ref().map(|doc| office.views().record(doc)).transpose()?;
        let named = doc.zip(found.flatten());
        Ok(named.map_or_else(String::new, |(doc, found)| load::record_name(words, &doc, &found)))
    };
    let owner = text("owner");
    let people = office.people()?.into_iter();
    let mut owners = vec![Choice {
        value: String::new(),
        text: words.t("page.choose"),
        chosen: owner.is_empty(),
    }];
    owners.extend(
        people
            .filter(|one| one.active && one.may(Operation::HandleComplaint))
            .map(|one| Choice {
                value: one.user.to_string(),
                chosen: one.user.to_string() == owner,
                text: one.name,
            }),
    );
    let closed = fields.text("state") == Some(IMPROVEMENT_CLOSED);
    let state = if closed {
        Chip::new(words.t("page.case.done"), Tone::Good)
    } else {
        Chip::new(words.t("page.case.in_work"), Tone::Warn)
    };
    let id = match &view.doc {
        DocName::Case(id) => id.to_string(),
        _ => String::new(),
    };
    let ticket: Option<TicketId> = match fields.parsed("ticket") {
        Some(DocName::Ticket(ticket)) => Some(ticket),
        _ => None,
    };
    let line = CaseLine {
        id,
        ticket: ticket.map(|id| id.to_string()).unwrap_or_default(),
        number: record("ticket")?,
        customer: record("customer")?,
        opened: words.tp(
            &format!("page.case.{}", text("origin")),
            "at",
            values::claim(words, &text("opened_at")),
        ),
        state,
        owner: values::shown(words, names, "owner", &json!(owner)),
        owner_also: also("owner"),
        owner_was: owner,
        owners,
        texts: ["cause", "action"]
            .into_iter()
            .map(|name| CaseText {
                name: name.to_owned(),
                label: values::label(words, name),
                value: text(name),
                also: also(name),
            })
            .collect(),
        token: view.token.to_string(),
        editable: !closed && person.may(Operation::HandleComplaint),
    };
    Ok((closed, line))
}

fn asked(posted: &Posted, id: &str) -> Option<(RecordId, ViewToken)> {
    let token = posted.fields.get("token")?.parse().ok()?;
    Some((id.parse().ok()?, token))
}

/// `POST /cases/{id}`: owner, cause, action.
pub async fn edit(Path(id): Path<String>, posted: Posted) -> Response {
    let Some((case, token)) = asked(&posted, &id) else {
        return posted.desk.not_found();
    };
    let Posted { desk, fields } = posted;
    let mut changes = Changes::new();
    for name in ["owner", "cause", "action"] {
        let (now, was) = (
            fields.get(name).map(tidy),
            fields.get(&format!("was_{name}")).map(tidy),
        );
        if let Some(now) = now.filter(|now| Some(now) != was.as_ref()) {
            changes.insert(
                name.to_owned(),
                if now.is_empty() { Value::Null } else { json!(now) },
            );
        }
    }
    let done = desk
        .office(move |office, person| office.edit_improvement(person, case, &token, &changes))
        .await;
    desk.answered(&format!("/after#case-{case}"), "saved", done)
}

/// `POST /cases/{id}/close`.
pub async fn close(Path(id): Path<String>, posted: Posted) -> Response {
    let Some((case, token)) = asked(&posted, &id) else {
        return posted.desk.not_found();
    };
    let desk = posted.desk;
    let done = desk
        .office(move |office, person| office.close_improvement(person, case, &token))
        .await;
    desk.answered(&format!("/after#case-{case}"), "closed", done)
}
