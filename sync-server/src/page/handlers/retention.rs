//! `GET /retention`: closed tickets by the day until which they are kept; `POST`: whether one may be purged (F-29, I12).

use axum::http::StatusCode;
use axum::response::Response;

use crate::page::desk::{Desk, Posted};
use crate::page::model::{Chip, Here, KeptLine, Retention, Tone};
use crate::page::respond::html;
use crate::page::views::RetentionView;

/// More lines than these are counted, not shown.
const LINES_SHOWN: usize = 200;

/// The list.
pub async fn get(desk: Desk) -> Response {
    let seen = desk.newest();
    let kept = match desk.office(|office, person| office.kept_tickets(person)).await {
        Ok(kept) => kept,
        Err(error) => return desk.failed(&error),
    };
    let words = &desk.words;
    let state = |until: bool, free: bool| match (until, free) {
        (_, true) => Chip::new(words.t("page.retention.free"), Tone::Warn),
        (true, false) => Chip::new(words.t("page.retention.kept"), Tone::Good),
        (false, false) => Chip::new(words.t("page.retention.unknown"), Tone::Plain),
    };
    let retention = Retention {
        more: kept.len().saturating_sub(LINES_SHOWN),
        lines: kept
            .iter()
            .take(LINES_SHOWN)
            .map(|ticket| KeptLine {
                id: ticket.row.id.to_string(),
                number: ticket.row.number.clone(),
                description: ticket.row.description.clone(),
                customer: ticket.row.customer_name.clone(),
                until: ticket.until.map(|day| day.to_string()).unwrap_or_default(),
                state: state(ticket.until.is_some(), ticket.free),
            })
            .collect(),
    };
    let frame = desk.frame(Here::Users, "page.retention", seen);
    html(
        StatusCode::OK,
        &RetentionView {
            f: &frame,
            retention: &retention,
        },
    )
}

/// Whether the ticket with the posted number may be purged today.
pub async fn check(posted: Posted) -> Response {
    let Posted { desk, fields } = posted;
    let number = fields.filled("number").unwrap_or_default().to_owned();
    let done = desk
        .office(move |office, person| office.check_purge_of(person, &number))
        .await;
    desk.answered("/retention", "purge_allowed", done)
}
