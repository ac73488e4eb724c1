//! Stock by van and store: `GET /stock`, `POST /stock/receive`, `POST /stock/issue`.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use axum::response::Response;
use fieldseal_core::domain::ids::ActionId;
use fieldseal_core::domain::roles::Operation;
use fieldseal_core::facts::kinds::PartLine;

use super::{board, load};
use crate::http::form::Fields;
use crate::office::{OfficeError, StockLine};
use crate::page::desk::{Desk, Posted};
use crate::page::model::{Balance, Choice, Here, Place, Stock};
use crate::page::respond::html;
use crate::page::views::StockView;
use crate::page::words::Words;

fn balance(words: &Words, line: &StockLine) -> Balance {
    Balance {
        part: line.part.clone(),
        name: String::new(),
        good: line.good,
        defective: line.defective,
        in_transit: line.in_transit,
        discrepancy: if line.good < 0 || line.defective < 0 {
            words.t("page.stock.below_zero")
        } else {
            String::new()
        },
    }
}

/// Balances of every van with its age, then the store.
pub async fn get(desk: Desk) -> Response {
    let seen = desk.newest();
    let found = desk
        .office(|office, _| {
            Ok((
                office.stock()?,
                load::engineers(office)?,
                load::to_decide(office)?,
            ))
        })
        .await;
    let (places, engineers, to_decide) = match found {
        Ok(found) => found,
        Err(error) => return desk.failed(&error),
    };
    let words = &desk.words;
    let parts: BTreeSet<&str> = places
        .iter()
        .flat_map(|place| &place.lines)
        .map(|line| line.part.as_str())
        .collect();
    let stock = Stock {
        places: places
            .iter()
            .map(|place| {
                let lines: Vec<Balance> = place.lines.iter().map(|line| balance(words, line)).collect();
                let as_of = match place.engineer {
                    Some(_) => {
                        let (as_of, link, _) = board::age(words, place.as_of);
                        if link.is_empty() {
                            as_of
                        } else {
                            format!("{as_of} · {link}")
                        }
                    }
                    None => String::new(),
                };
                Place {
                    id: place
                        .engineer
                        .map_or_else(|| "store".to_owned(), |id| id.to_string()),
                    name: if place.engineer.is_some() {
                        place.name.clone()
                    } else {
                        words.t("page.stock.store")
                    },
                    as_of,
                    discrepancies: lines.iter().filter(|line| !line.discrepancy.is_empty()).count(),
                    lines,
                }
            })
            .collect(),
        engineers: engineers
            .into_iter()
            .map(|(id, name)| Choice {
                value: id.to_string(),
                text: name,
                chosen: false,
            })
            .collect(),
        parts: parts
            .into_iter()
            .map(|part| Choice {
                value: part.to_owned(),
                text: part.to_owned(),
                chosen: false,
            })
            .collect(),
        may_move: desk.may(Operation::MoveStoreStock),
        once: desk.once(),
    };
    let mut frame = desk.frame(Here::Stock, "page.nav.stock", seen);
    frame.conflicts = to_decide;
    html(
        StatusCode::OK,
        &StockView {
            f: &frame,
            stock: &stock,
        },
    )
}

fn posted_line(fields: &Fields) -> Result<(ActionId, Vec<PartLine>), OfficeError> {
    let once = fields
        .get("once")
        .and_then(|id| id.parse().ok())
        .ok_or(OfficeError::NotFound)?;
    let qty = fields
        .filled("qty")
        .and_then(|qty| qty.parse().ok())
        .ok_or(OfficeError::field("qty", "bad_value"))?;
    let part = fields.filled("part").unwrap_or_default().to_owned();
    Ok((once, vec![PartLine { part, qty }]))
}

/// Goods in.
pub async fn receive(posted: Posted) -> Response {
    let Posted { desk, fields } = posted;
    let done = match posted_line(&fields) {
        Ok((once, lines)) => {
            desk.office(move |office, person| office.receive_into_store(person, once, &lines, None))
                .await
        }
        Err(error) => Err(error),
    };
    desk.answered("/stock", "stock_received", done)
}

/// Into a van.
pub async fn issue(posted: Posted) -> Response {
    let Posted { desk, fields } = posted;
    let engineer = fields
        .get("engineer")
        .and_then(|id| id.parse().ok())
        .ok_or(OfficeError::field("engineer", "unknown_choice"));
    let done = match (posted_line(&fields), engineer) {
        (Ok((once, lines)), Ok(engineer)) => {
            desk.office(move |office, person| office.issue_parts(person, once, engineer, &lines, None))
                .await
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    desk.answered("/stock", "stock_issued", done)
}
