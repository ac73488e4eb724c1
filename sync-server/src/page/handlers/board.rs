//! `GET /`: the board by visible state and the engineers' strip. What it is narrowed to is in [`super::filter`].

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::Response;
use fieldseal_core::domain::ids::UserId;
use fieldseal_core::domain::work::{OrderState, VisibleStatus};

use super::filter::{self, Found, Wanted};
use crate::office::{Board as Rows, EngineerMark, Office, OfficeError};
use crate::page::desk::Desk;
use crate::page::model::{Board, Card, Chip, Clock, Column, EngineerLine, Here, Tone};
use crate::page::present::{clocks, order, values};
use crate::page::respond::html;
use crate::page::views::BoardView;
use crate::page::words::Words;

/// Finished cards beyond these are counted, not shown: the list of their column has them.
const FINISHED_SHOWN: usize = 12;
/// So many cards of a column are shown at once, those due first at the top; the column's list has the rest by pages.
const PAGE: usize = 200;

/// Parts below zero in each van.
fn discrepancies(office: &Office, board: &Rows) -> Result<BTreeMap<UserId, usize>, OfficeError> {
    let mut found = BTreeMap::new();
    for mark in &board.engineers {
        let van = office.views().van(mark.person.user)?;
        let wrong = van
            .good
            .iter()
            .chain(&van.defective)
            .filter(|row| row.qty < 0)
            .count();
        found.insert(mark.person.user, wrong);
    }
    Ok(found)
}

/// The board.
pub async fn get(desk: Desk) -> Response {
    let seen = desk.newest();
    let (wanted, now_ms) = (Wanted::of(&desk), desk.words.now_ms);
    let asked = wanted.clone();
    let read = desk
        .office(move |office, _| {
            let mut board = office.board()?;
            let hidden = office.hidden_orders()?;
            let (count, to_decide) = (hidden.len(), office.to_decide()?);
            if asked.hidden() {
                board.rows = hidden;
            }
            let wrong = discrepancies(office, &board)?;
            let found = filter::found(office, &board, &asked, now_ms)?;
            Ok((board, wrong, found, count, to_decide))
        })
        .await;
    let (rows, wrong, found, hidden, to_decide) = match read {
        Ok(read) => read,
        Err(error) => return desk.failed(&error),
    };
    let words = &desk.words;
    let column = |status| column(words, &rows, &wanted, &found, status);
    let shown = wanted.list().map_or_else(
        || {
            vec![
                VisibleStatus::ToDo,
                VisibleStatus::Dispatched,
                VisibleStatus::Done,
                VisibleStatus::Audited,
            ]
        },
        |(status, _)| vec![status],
    );
    let board = Board {
        columns: shown.into_iter().map(column).collect(),
        cancelled: match wanted.list() {
            Some(_) => None,
            None => Some(column(VisibleStatus::Cancelled)).filter(|column| column.count > 0),
        },
        engineers: rows
            .engineers
            .iter()
            .map(|mark| {
                let wrong = wrong.get(&mark.person.user).copied().unwrap_or_default();
                engineer(words, mark, wrong)
            })
            .collect(),
        filter: filter::filter(words, &rows, &wanted, &found, hidden),
        one: wanted.list().is_some(),
    };
    let mut frame = desk.frame(Here::Board, "page.nav.board", seen);
    frame.conflicts = to_decide;
    html(
        StatusCode::OK,
        &BoardView {
            f: &frame,
            board: &board,
        },
    )
}

/// A column or a page of it: of open work what is due first, then by priority; then the newest.
fn column(words: &Words, rows: &Rows, wanted: &Wanted, found: &[Found], status: VisibleStatus) -> Column {
    let open = matches!(status, VisibleStatus::ToDo | VisibleStatus::Dispatched);
    let mut within: Vec<&Found> = found
        .iter()
        .filter(|found| found.row.status == status && wanted.takes(found))
        .collect();
    within.sort_by_cached_key(|found| {
        let row = &found.row;
        (
            found.due_ms().unwrap_or(i64::MAX),
            row.priority.filter(|_| open),
            std::cmp::Reverse(row.created_ms),
            row.order,
        )
    });
    let list = wanted
        .list()
        .map(|(_, page)| page.min(within.len().saturating_sub(1) / PAGE));
    let (from, most) = match list {
        Some(page) => (page * PAGE, PAGE),
        None if open || wanted.on() => (0, PAGE),
        None => (0, FINISHED_SHOWN),
    };
    let next = list.map_or(usize::from(most == PAGE), |page| page + 1);
    let names: BTreeMap<UserId, &str> = rows
        .engineers
        .iter()
        .map(|mark| (mark.person.user, mark.person.name.as_str()))
        .collect();
    Column {
        code: status.as_str(),
        title: words.t(status.text_key()),
        count: within.len(),
        before_href: list
            .and_then(|page| page.checked_sub(1))
            .map(|page| wanted.href_of(status, page)),
        more: within.len().saturating_sub(from + most),
        more_href: wanted.href_of(status, next),
        cards: within
            .into_iter()
            .skip(from)
            .take(most)
            .map(|found| card(words, found, &names))
            .collect(),
        empty: if wanted.on() {
            words.t("page.empty.filtered")
        } else {
            words.t(&format!("page.empty.{}", status.as_str()))
        },
    }
}

fn card(words: &Words, found: &Found, names: &BTreeMap<UserId, &str>) -> Card {
    let row = &found.row;
    let waits = row.times.undelivered_since_ms.map(|at| Clock {
        text: words.tp("page.clock.undelivered", "at", words.moment(at)),
        due: String::new(),
        tone: Tone::Warn,
    });
    // What presses comes first.
    let mut clocks: Vec<Clock> = found
        .clocks
        .iter()
        .map(|clock| clocks::clock(words, clock))
        .chain(waits)
        .collect();
    clocks.sort_by_key(|clock| match clock.tone {
        Tone::Bad => 0,
        Tone::Warn => 1,
        Tone::Plain | Tone::Good | Tone::Info => 2,
    });
    let engineers: Vec<&str> = row
        .engineers
        .iter()
        .filter_map(|engineer| names.get(engineer).copied())
        .collect();
    let (from, to) = (
        row.window_from.map(|at| at.to_string()),
        row.window_to.map(|at| at.to_string()),
    );
    let plain = matches!(
        row.state,
        OrderState::Open | OrderState::Audited | OrderState::Cancelled
    );
    Card {
        id: row.order.to_string(),
        number: row.number.clone(),
        customer: row.customer_name.clone(),
        summary: row.summary.clone(),
        priority: row
            .priority
            .map(|priority| priority.as_str().to_owned())
            .unwrap_or_default(),
        // The column says it already.
        state: if plain {
            String::new()
        } else {
            words.t(row.state.text_key())
        },
        state_tone: order::tone_of(row.state),
        engineer: engineers.join(words.lang.list_separator()),
        window: values::window(words, from.as_deref(), to.as_deref()),
        clocks,
        flags: row
            .flags
            .iter()
            .map(|flag| Chip::new(words.t(flag.text_key()), Tone::Warn))
            .collect(),
        conflicts: row.to_decide,
    }
}

/// How old what is known of an engineer is (B54).
pub fn age(words: &Words, heard: Option<i64>) -> (String, String, Tone) {
    match heard {
        None => (words.t("page.engineers.never"), String::new(), Tone::Plain),
        Some(at) => {
            let (moment, gone) = (words.moment(at), words.now_ms - at);
            let as_of = words.tp("page.as_of", "at", &moment);
            if gone < words.offline_after_ms {
                (as_of, words.t("page.engineers.online"), Tone::Good)
            } else {
                let since = words.tp2(
                    "page.engineers.offline",
                    "at",
                    &moment,
                    "d",
                    &words.duration(gone),
                );
                (as_of, since, Tone::Warn)
            }
        }
    }
}

fn engineer(words: &Words, mark: &EngineerMark, discrepancies: usize) -> EngineerLine {
    let (as_of, link, link_tone) = age(words, mark.as_of);
    let visit = mark.at_work.as_ref().map(|row| {
        (
            row.number.clone(),
            row.order.to_string(),
            words.t(row.state.text_key()),
        )
    });
    EngineerLine {
        id: mark.person.user.to_string(),
        name: mark.person.name.clone(),
        link,
        link_tone,
        as_of: if mark.devices == 0 && mark.as_of.is_none() {
            words.t("page.engineers.no_device")
        } else {
            as_of
        },
        visit,
        orders: mark.orders,
        discrepancies,
    }
}
