//! Hiding a record instead of deleting it, and bringing it back (F-29, Q9): `POST …/hide`.

use axum::extract::Path;
use axum::response::Response;
use fieldseal_core::domain::ids::{AssetId, CustomerId, OrderId, TicketId};
use fieldseal_core::facts::order::view::Note;
use fieldseal_core::facts::{DocName, ViewToken};

use crate::page::desk::Posted;
use crate::page::model::{HideLine, Hiding};
use crate::page::present::{Names, values};
use crate::page::words::Words;

/// Who hid a record, when and why.
pub(super) fn lines(words: &Words, names: &Names, hides: &[Note]) -> Vec<HideLine> {
    let line = |note: &Note| HideLine {
        by: names.users(&[note.stamp.by], words.lang.list_separator()),
        at: values::claim(words, &note.stamp.at),
        reason: note.text.clone(),
    };
    hides.iter().map(line).collect()
}

/// The form of a record that stands at `address`.
pub(super) fn hiding(words: &Words, names: &Names, hides: &[Note], may: bool, address: &str) -> Hiding {
    Hiding {
        action: format!("{address}/hide"),
        may,
        lines: lines(words, names, hides),
    }
}

async fn hide(posted: Posted, doc: Option<DocName>, back: String) -> Response {
    let Posted { desk, fields } = posted;
    let token = fields
        .get("token")
        .and_then(|text| text.parse::<ViewToken>().ok());
    let (Some(doc), Some(token)) = (doc, token) else {
        return desk.not_found();
    };
    let reason = fields.filled("reason").unwrap_or_default().to_owned();
    let undo = fields.get("undo").is_some();
    let done = desk
        .office(move |office, person| match undo {
            true => office.unhide(person, &doc, &token, &reason),
            false => office.hide(person, &doc, &token, &reason),
        })
        .await;
    desk.answered(&back, if undo { "shown_again" } else { "hidden" }, done)
}

/// `POST /orders/{id}/hide`.
pub async fn order(Path(id): Path<String>, posted: Posted) -> Response {
    let doc = id.parse::<OrderId>().ok().map(DocName::Order);
    hide(posted, doc, format!("/orders/{id}")).await
}

/// `POST /tickets/{id}/hide`.
pub async fn ticket(Path(id): Path<String>, posted: Posted) -> Response {
    let doc = id.parse::<TicketId>().ok().map(DocName::Ticket);
    hide(posted, doc, format!("/tickets/{id}")).await
}

/// `POST /customers/{id}/hide`.
pub async fn customer(Path(id): Path<String>, posted: Posted) -> Response {
    let doc = id.parse::<CustomerId>().ok().map(DocName::Customer);
    hide(posted, doc, format!("/customers/{id}")).await
}

/// `POST /customers/{id}/assets/hide`: the unit that the form names.
pub async fn unit(Path(id): Path<String>, posted: Posted) -> Response {
    let Ok(customer) = id.parse::<CustomerId>() else {
        return posted.desk.not_found();
    };
    let asset = posted
        .fields
        .get("asset")
        .and_then(|id| id.parse::<AssetId>().ok());
    hide(
        posted,
        asset.map(DocName::Asset),
        format!("/customers/{customer}"),
    )
    .await
}
