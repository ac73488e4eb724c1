//! Stock by van and store, and what engineers asked for: `GET /stock`, `POST /stock/{receive,issue,answer}`.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use axum::response::Response;
use fieldseal_core::domain::ids::{ActionId, OrderId, UserId};
use fieldseal_core::domain::roles::Operation;
use fieldseal_core::facts::van::RequestView;
use fieldseal_core::facts::{DocName, FactId, ViewToken};

use super::{board, load};
use crate::http::form::Fields;
use crate::office::{Goods, GoodsFrom, Handover, OfficeError, StockLine, StockPlace, StoreScrap};
use crate::page::desk::{Desk, Posted};
use crate::page::model::{Cell, Chip, Choice, Here, PartRow, Place, RequestLine, Stock, Tone};
use crate::page::present::{Names, counts, values};
use crate::page::respond::html;
use crate::page::views::StockView;
use crate::page::words::Words;

/// What lies of one part at one place, as words.
fn cell(words: &Words, line: &StockLine) -> Cell {
    let mut more = Vec::new();
    if line.in_transit != 0 {
        more.push(words.tp("page.stock.coming", "n", line.in_transit));
    }
    if line.defective != 0 {
        more.push(words.tp("page.stock.broken", "n", line.defective));
    }
    Cell {
        good: line.good.to_string(),
        more: more.join(words.lang.list_separator()),
        wrong: line.good < 0 || line.defective < 0,
    }
}

fn place(words: &Words, place: &StockPlace) -> Place {
    let (as_of, link, tone) = match place.engineer {
        Some(_) => board::age(words, place.as_of),
        None => (String::new(), String::new(), Tone::Plain),
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
        link,
        tone,
        discrepancies: place
            .lines
            .iter()
            .filter(|line| line.good < 0 || line.defective < 0)
            .count(),
    }
}

/// One row a part: what each place holds of it. Found by number and by name.
fn rows(words: &Words, names: &Names, places: &[StockPlace], text: &str) -> Vec<PartRow> {
    let mut rows: BTreeMap<&str, PartRow> = BTreeMap::new();
    for (column, place) in places.iter().enumerate() {
        for line in &place.lines {
            let row = rows.entry(&line.part).or_insert_with(|| PartRow {
                part: line.part.clone(),
                name: names.part(&line.part),
                cells: vec![Cell::default(); places.len()],
                total: 0,
            });
            row.total += line.good;
            if let Some(found) = row.cells.get_mut(column) {
                *found = cell(words, line);
            }
        }
    }
    let wanted = text.to_lowercase();
    rows.into_values()
        .filter(|row| row.part.to_lowercase().contains(&wanted) || row.name.to_lowercase().contains(&wanted))
        .collect()
}

/// Answers that make sense after a state (T-31).
fn answers_after(state: &str) -> &'static [&'static str] {
    match state {
        "requested" => &["approved", "issued", "refused"],
        "approved" => &["issued", "refused"],
        _ => &[],
    }
}

fn request(
    words: &Words,
    place: &StockPlace,
    asked: &RequestView,
    names: &Names,
    numbers: &BTreeMap<OrderId, String>,
    may_move: bool,
) -> RequestLine {
    let told = |state: &str| words.t(&format!("page.request.{state}"));
    let tone = match asked.state.as_str() {
        "requested" => Tone::Warn,
        "approved" => Tone::Info,
        "issued" => Tone::Good,
        _ => Tone::Plain,
    };
    let answers = asked.answers.iter().map(|answer| {
        let by = names.users.get(&answer.stamp.by).cloned().unwrap_or_default();
        let parts = [
            told(&answer.state),
            answer.text.clone().unwrap_or_default(),
            by,
            values::claim(words, &answer.stamp.at),
        ];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(" · ")
    });
    RequestLine {
        fact: asked.id.to_string(),
        engineer: place.engineer.map(|id| id.to_string()).unwrap_or_default(),
        name: place.name.clone(),
        lines: asked
            .lines
            .iter()
            .map(|line| names.part_count(&line.part, line.qty))
            .collect(),
        order: asked.order.as_ref().and_then(DocName::order).map(|order| {
            let number = numbers.get(&order).cloned().unwrap_or_default();
            (order.to_string(), number)
        }),
        text: asked.text.clone().unwrap_or_default(),
        state: Chip::new(told(&asked.state), tone),
        at: values::claim(words, &asked.stamp.at),
        answers: answers.collect(),
        choices: answers_after(&asked.state)
            .iter()
            .filter(|_| may_move)
            .map(|state| Choice {
                value: (*state).to_owned(),
                text: words.t(&format!("page.request.do.{state}")),
                chosen: false,
            })
            .collect(),
        token: place.token.to_string(),
    }
}

/// Balances of every van with its age and of the store, and what engineers asked for.
pub async fn get(desk: Desk) -> Response {
    let seen = desk.newest();
    let words = desk.words;
    let found = desk
        .office(move |office, _| {
            let board = office.board()?;
            let numbers: BTreeMap<OrderId, String> = board
                .rows
                .iter()
                .map(|row| (row.order, row.number.clone()))
                .collect();
            let people = office.people()?.into_iter();
            let names = Names {
                users: people.map(|person| (person.user, person.name)).collect(),
                parts: load::parts(office, &words)?,
                ..Names::default()
            };
            let to_decide = board.rows.iter().map(|row| row.to_decide).sum();
            Ok((
                (office.stock()?, office.views().stock()?),
                load::engineers(office)?,
                names,
                numbers,
                to_decide,
            ))
        })
        .await;
    let ((places, all), engineers, names, numbers, to_decide) = match found {
        Ok(found) => found,
        Err(error) => return desk.failed(&error),
    };
    let (words, may_move) = (&desk.words, desk.may(Operation::MoveStoreStock));
    let parts: BTreeSet<&str> = places
        .iter()
        .flat_map(|place| &place.lines)
        .map(|line| line.part.as_str())
        .collect();
    let (mut requests, mut answered) = (Vec::new(), Vec::new());
    for place in &places {
        for asked in &place.requests {
            let line = request(words, place, asked, &names, &numbers, may_move);
            if answers_after(&asked.state).is_empty() {
                answered.push(line);
            } else {
                requests.push(line);
            }
        }
    }
    let text = desk.asked("q").unwrap_or_default();
    let (waiting, counted) = counts::counts(words, &names, &all, may_move);
    let vans = engineers.iter().cloned().collect();
    let stock = Stock {
        waiting,
        counted,
        shortages: counts::shortages(words, &names, &all.shortages),
        levels: counts::levels(words, &names, &all.levels),
        shelves: counts::places(words, &vans, None),
        may_report: desk.may(Operation::ReadStockStatistics),
        loans: counts::loans(words, &names, &numbers, &all.loans),
        scraps: counts::scraps(words, &names, &all),
        scrap_types: counts::scrap_types(words),
        scrap_photos: counts::scrap_photos(words, &names, &all),
        text: text.to_owned(),
        places: places.iter().map(|found| place(words, found)).collect(),
        rows: rows(words, &names, &places, text),
        requests,
        answered,
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
                text: names.part_text(part),
                chosen: false,
            })
            .collect(),
        may_move,
        sources: choices(words, "source", &GoodsFrom::ALL),
        ways: choices(words, "how", &Handover::ALL),
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

/// The choice of a form among codes.
fn choice<T: Copy>(fields: &Fields, name: &'static str, all: &[(&str, T)]) -> Result<T, OfficeError> {
    let posted = fields.get(name).unwrap_or_default();
    all.iter()
        .find(|(code, _)| *code == posted)
        .map(|(_, value)| *value)
        .ok_or(OfficeError::field(name, "unknown_choice"))
}

fn choices<T>(words: &Words, group: &str, all: &[(&str, T)]) -> Vec<Choice> {
    all.iter()
        .enumerate()
        .map(|(place, (code, _))| Choice {
            value: (*code).to_owned(),
            text: words.t(&format!("page.stock.{group}.{code}")),
            chosen: place == 0,
        })
        .collect()
}

fn posted_line(fields: &Fields) -> Result<(ActionId, Vec<Goods>), OfficeError> {
    let once = fields
        .get("once")
        .and_then(|id| id.parse().ok())
        .ok_or(OfficeError::NotFound)?;
    let qty = fields
        .filled("qty")
        .and_then(|qty| qty.parse().ok())
        .ok_or(OfficeError::field("qty", "bad_value"))?;
    let part = fields.filled("part").unwrap_or_default().to_owned();
    let serial = fields.filled("serial").map(str::to_owned);
    Ok((once, vec![Goods { part, qty, serial }]))
}

/// Goods in.
pub async fn receive(posted: Posted) -> Response {
    let Posted { desk, fields } = posted;
    let done = match (posted_line(&fields), choice(&fields, "source", &GoodsFrom::ALL)) {
        (Ok((once, lines)), Ok(source)) => {
            desk.office(move |office, person| office.receive_into_store(person, once, &lines, source, None))
                .await
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
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
    let how = choice(&fields, "how", &Handover::ALL);
    let done = match (posted_line(&fields), engineer, how) {
        (Ok((once, lines)), Ok(engineer), Ok(how)) => {
            desk.office(move |office, person| office.issue_parts(person, once, engineer, &lines, how, None))
                .await
        }
        (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => Err(error),
    };
    desk.answered("/stock", "stock_issued", done)
}

/// Scrap out of the store (Y-22).
pub async fn scrap(posted: Posted) -> Response {
    let Posted { desk, fields } = posted;
    let wanted = || -> Result<StoreScrap, OfficeError> {
        let kind = fields.get("kind").and_then(|code| code.parse().ok());
        let photo = fields.filled("photo").map(str::parse).transpose();
        Ok(StoreScrap {
            defective: fields.get("shelf") == Some("defective"),
            kind: kind.ok_or(OfficeError::field("kind", "unknown_choice"))?,
            note: fields.filled("note").map(str::to_owned),
            photo: photo.map_err(|_| OfficeError::field("photo", "photo_missing"))?,
        })
    };
    let done = match (posted_line(&fields), wanted()) {
        (Ok((once, lines)), Ok(scrap)) => {
            desk.office(move |office, person| office.scrap_from_store(person, once, &lines, &scrap))
                .await
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    desk.answered("/stock#scraps", "stock_scrapped", done)
}

/// An answer to a request for parts.
pub async fn answer(posted: Posted) -> Response {
    let Posted { desk, fields } = posted;
    let engineer = fields.get("engineer").and_then(|id| id.parse::<UserId>().ok());
    let request = fields.get("request").and_then(|id| id.parse::<FactId>().ok());
    let token = fields
        .get("token")
        .and_then(|token| token.parse::<ViewToken>().ok());
    let (Some(engineer), Some(request), Some(token)) = (engineer, request, token) else {
        return desk.not_found();
    };
    let state = fields.get("state").unwrap_or_default().to_owned();
    let text = fields.filled("text").map(str::to_owned);
    let done = desk
        .office(move |office, person| {
            office.answer_request(person, engineer, request, &state, text.as_deref(), &token)
        })
        .await;
    desk.answered("/stock", "request_answered", done)
}
