//! The auditor's forms: audit, return, un-audit, confirm or override a decision, pick a revision, settle a conflict.

use axum::extract::Path;
use axum::response::Response;
use fieldseal_core::facts::FactId;
use uuid::Uuid;

use super::plan::{on_order, open};
use crate::office::OfficeError;
use crate::page::desk::Posted;

/// `POST /orders/{id}/audit`.
pub async fn audit(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (order, token) = (form.order, form.token.clone());
    let done = form
        .desk
        .office(move |office, person| office.audit(person, order, &token))
        .await;
    form.answered("audited", done)
}

/// `POST /orders/{id}/return`.
pub async fn send_back(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (order, token, reason) = (form.order, form.token.clone(), form.text("reason"));
    let done = form
        .desk
        .office(move |office, person| office.return_report(person, order, &token, &reason))
        .await;
    form.answered("returned", done)
}

/// `POST /orders/{id}/unaudit`.
pub async fn unaudit(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (order, token, reason) = (form.order, form.token.clone(), form.text("reason"));
    let done = form
        .desk
        .office(move |office, person| office.unaudit(person, order, &token, &reason))
        .await;
    form.answered("unaudited", done)
}

/// `POST /orders/{id}/confirm`: confirms a warranty decision, or overrides it with a reason.
pub async fn confirm(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (order, token) = (form.order, form.token.clone());
    let target = form.fields.get("target").and_then(|id| id.parse::<FactId>().ok());
    let overrides = form.fields.get("verdict") == Some("overridden");
    let outcome = overrides.then(|| form.text("outcome"));
    let reason = form.fields.filled("reason").map(str::to_owned);
    let done = form
        .desk
        .office(move |office, person| {
            let target = target.ok_or(OfficeError::NotFound)?;
            office.confirm_decision(
                person,
                order,
                target,
                outcome.as_deref(),
                reason.as_deref(),
                &token,
            )
        })
        .await;
    form.answered("confirmed", done)
}

/// `POST /orders/{id}/pick`.
pub async fn pick(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (order, token, reason) = (form.order, form.token.clone(), form.text("reason"));
    let seal = form
        .fields
        .get("revision")
        .and_then(|id| id.parse::<FactId>().ok());
    let done = form
        .desk
        .office(move |office, person| {
            let seal = seal.ok_or(OfficeError::NotFound)?;
            office.pick(person, order, seal, &reason, &token)
        })
        .await;
    form.answered("picked", done)
}

/// `POST /orders/{id}/resolve`: settles a conflict; both sides stay visible.
pub async fn resolve(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (order, token, note) = (form.order, form.token.clone(), form.text("note"));
    let conflict = form.fields.get("conflict").and_then(|id| id.parse::<Uuid>().ok());
    let done = form
        .desk
        .office(move |office, person| {
            let conflict = conflict.ok_or(OfficeError::NotFound)?;
            office.resolve(person, order, conflict, &note, &token)
        })
        .await;
    form.answered("settled", done)
}
