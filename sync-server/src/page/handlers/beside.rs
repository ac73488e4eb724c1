//! Forms beside the ordinary steps: waive a requirement, accept late entries beside an audit, take over what an
//! engineer learnt on site.

use std::collections::BTreeSet;

use axum::extract::Path;
use axum::response::Response;
use fieldseal_core::facts::{DocName, FactId};

use super::plan::{on_order, open};
use crate::office::{OfficeError, revision_of};
use crate::page::desk::Posted;

/// `POST /orders/{id}/waive`. The signature is waived for the revision that counts now.
pub async fn waive(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (order, token) = (form.order, form.token.clone());
    let (what, reason) = (form.text("what"), form.text("reason"));
    let done = form
        .desk
        .office(move |office, person| {
            let view = office.views().order(order)?.ok_or(OfficeError::NotFound)?;
            let revision = (what == "signature")
                .then(|| revision_of(&view).map(|(revision, _)| revision))
                .flatten();
            office.waive(person, order, &what, revision, &reason, &token)
        })
        .await;
    form.answered("waived", done)
}

/// `POST /orders/{id}/addendum`: accepts the ticked entries.
pub async fn addendum(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (order, token, text) = (form.order, form.token.clone(), form.text("text"));
    let late: BTreeSet<FactId> = form
        .fields
        .all("late")
        .filter_map(|fact| fact.parse().ok())
        .collect();
    let done = form
        .desk
        .office(move |office, person| {
            if late.is_empty() {
                return Err(OfficeError::field("late", "empty"));
            }
            office.accept_late(person, order, &late, &text, &token)
        })
        .await;
    form.answered("accepted_late", done)
}

/// `POST /orders/{id}/learnt`: the office's record gets the value. The form names record, field and fact, never the
/// value.
pub async fn learnt(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (order, token, field) = (form.order, form.token.clone(), form.text("field"));
    let doc = form.fields.get("doc").and_then(|doc| doc.parse::<DocName>().ok());
    let fact = form.fields.get("fact").and_then(|id| id.parse::<FactId>().ok());
    let done = form
        .desk
        .office(move |office, person| {
            let (doc, fact) = doc.zip(fact).ok_or(OfficeError::NotFound)?;
            office.take_over(person, order, &doc, &field, fact, &token)
        })
        .await;
    form.answered("taken_over", done)
}

/// `POST /orders/{id}/swap`: the unit that replaced another one gets its record, the old one says so (U-05).
pub async fn swap(Path(id): Path<String>, posted: Posted) -> Response {
    let form = open!(id, posted);
    let (order, token) = (form.order, form.token.clone());
    let doc = form.fields.get("doc").and_then(|doc| doc.parse::<DocName>().ok());
    let done = form
        .desk
        .office(move |office, person| {
            let doc = doc.ok_or(OfficeError::NotFound)?;
            office.take_over_swap(person, order, &doc, &token)
        })
        .await;
    form.answered("swap_taken_over", done)
}
