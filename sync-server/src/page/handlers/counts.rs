//! Counting and levels: `GET /stock/count`, `POST /stock/count`, `/stock/count/answer`, `/stock/level`.

use axum::http::StatusCode;
use axum::response::Response;
use fieldseal_core::domain::ids::{ActionId, UserId};
use fieldseal_core::domain::ledger::Location;
use fieldseal_core::domain::roles::Operation;
use fieldseal_core::facts::{FactId, ViewToken};

use super::load;
use crate::http::form::Fields;
use crate::office::{CountedLine, OfficeError, Shelf};
use crate::page::desk::{Desk, Posted};
use crate::page::model::{CountSheet, Here};
use crate::page::present::{Names, counts};
use crate::page::respond::html;
use crate::page::views::CountSheetView;

fn shelf(text: Option<&str>) -> Result<Shelf, OfficeError> {
    text.and_then(|place| place.parse::<Location>().ok())
        .and_then(Shelf::of)
        .ok_or(OfficeError::field("place", "unknown_choice"))
}

/// The sheet to count a place by: every part and unit that the book has there.
pub async fn get(desk: Desk) -> Response {
    if !desk.may(Operation::MoveStoreStock) {
        return desk.failed(&OfficeError::NotAllowed);
    }
    let (seen, words) = (desk.newest(), desk.words);
    let at = shelf(desk.asked("place")).unwrap_or(Shelf::Store).location();
    let found = desk
        .office(move |office, _| {
            let names = Names {
                parts: load::parts(office, &words)?,
                users: load::engineers(office)?.into_iter().collect(),
                ..Names::default()
            };
            Ok((office.views().stock()?, names, office.to_decide()?))
        })
        .await;
    let (stock, names, to_decide) = match found {
        Ok(found) => found,
        Err(error) => return desk.failed(&error),
    };
    let sheet = CountSheet {
        place: at.to_string(),
        name: counts::place(&words, &names.users, at),
        rows: counts::sheet(&names, &stock.rows, at),
        places: counts::places(&words, &names.users, Some(at)),
        once: desk.once(),
    };
    let mut frame = desk.frame(Here::Stock, "page.count.sheet", seen);
    frame.conflicts = to_decide;
    html(
        StatusCode::OK,
        &CountSheetView {
            f: &frame,
            sheet: &sheet,
        },
    )
}

/// The lines of a sheet that somebody filled in.
fn lines(fields: &Fields) -> Result<Vec<CountedLine>, OfficeError> {
    let (parts, serials) = (fields.all("part"), fields.all("serial"));
    let (books, counted) = (fields.all("book"), fields.all("counted"));
    let mut lines = Vec::new();
    for (((part, serial), book), counted) in parts.zip(serials).zip(books).zip(counted) {
        if counted.trim().is_empty() {
            continue;
        }
        let bad = || OfficeError::field("counted", "bad_value");
        lines.push(CountedLine {
            part: part.to_owned(),
            serial: Some(serial.trim().to_owned()).filter(|serial| !serial.is_empty()),
            counted: counted.trim().parse().map_err(|_| bad())?,
            book: book.parse().map_err(|_| bad())?,
        });
    }
    Ok(lines)
}

/// Posts a count.
pub async fn count(posted: Posted) -> Response {
    let Posted { desk, fields } = posted;
    let once = fields.get("once").and_then(|id| id.parse::<ActionId>().ok());
    let reason = fields.get("reason").unwrap_or_default().to_owned();
    let path = match shelf(fields.get("place")) {
        Ok(at) => format!("/stock/count?place={}", at.location()),
        Err(_) => "/stock/count".to_owned(),
    };
    let done = match (shelf(fields.get("place")), lines(&fields), once) {
        (Ok(shelf), Ok(lines), Some(once)) => {
            desk.office(move |office, person| office.count_stock(person, once, shelf, &lines, &reason))
                .await
        }
        (Err(error), ..) | (_, Err(error), _) => Err(error),
        (.., None) => Err(OfficeError::NotFound),
    };
    let path = if done.is_ok() { "/stock" } else { &path };
    desk.answered(path, "stock_counted", done)
}

/// Posts or refuses an engineer's count.
pub async fn answer(posted: Posted) -> Response {
    let Posted { desk, fields } = posted;
    let engineer = fields.get("engineer").and_then(|id| id.parse::<UserId>().ok());
    let count = fields.get("count").and_then(|id| id.parse::<FactId>().ok());
    let token = fields
        .get("token")
        .and_then(|text| text.parse::<ViewToken>().ok());
    let (Some(engineer), Some(count), Some(token)) = (engineer, count, token) else {
        return desk.not_found();
    };
    let post = match fields.get("state") {
        Some("posted") => true,
        Some("refused") => false,
        _ => return desk.not_found(),
    };
    let reason = fields.filled("reason").map(str::to_owned);
    let done = desk
        .office(move |office, person| {
            office.answer_count(person, engineer, count, post, reason.as_deref(), &token)
        })
        .await;
    desk.answered("/stock#counts", "count_answered", done)
}

/// Sets a level.
pub async fn level(posted: Posted) -> Response {
    let Posted { desk, fields } = posted;
    let number = |name: &'static str| -> Result<u32, OfficeError> {
        match fields.filled(name) {
            None => Ok(0),
            Some(text) => text.parse().map_err(|_| OfficeError::field(name, "bad_value")),
        }
    };
    let part = fields.get("part").unwrap_or_default().to_owned();
    let wanted = || -> Result<_, OfficeError> {
        let level = (number("safety")?, number("min")?, number("max")?);
        Ok((shelf(fields.get("place"))?, level))
    };
    let done = match wanted() {
        Ok((shelf, level)) => {
            desk.office(move |office, person| office.set_level(person, shelf, &part, level))
                .await
        }
        Err(error) => Err(error),
    };
    desk.answered("/stock#shortages", "level_set", done)
}
