//! `GET /`: the board by visible state and the engineers' strip. What it is narrowed to is in [`super::filter`].

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use axum::response::Response;
use fieldseal_core::domain::ids::{OrderId, UserId};
use fieldseal_core::domain::policy::Packs;
use fieldseal_core::domain::service_level::ClockView;
use fieldseal_core::domain::work::{OrderState, VisibleStatus};
use fieldseal_core::facts::OrderView;

use super::filter::{self, Marks, Wanted};
use crate::office::{Board as Rows, BoardRow, EngineerMark, Office, OfficeError};
use crate::page::desk::Desk;
use crate::page::model::{Board, Card, Chip, Clock, Column, EngineerLine, Here, Tone};
use crate::page::present::{clocks, order, sla, values};
use crate::page::respond::html;
use crate::page::views::BoardView;
use crate::page::words::Words;

/// Finished cards beyond these are counted, not shown: the filter finds them.
const FINISHED_SHOWN: usize = 12;
/// Open cards of one column beyond these are counted, not shown: what is due first comes first, and a filter or «show all»
/// finds the rest.
const OPEN_SHOWN: usize = 200;

/// What still runs of an order.
#[derive(Debug, Default)]
struct Running {
    clocks: Vec<ClockView>,
    /// Dispatched at this moment, ms, and still on no device of the engineer (F-14).
    undelivered: Option<i64>,
}

impl Running {
    fn late(&self) -> bool {
        self.clocks
            .iter()
            .any(|clock| clock.ended_ms.is_none() && clock.slack_ms.is_some_and(|slack| slack < 0))
    }
}

/// Since when an assignment waits for a device, ms.
fn undelivered(view: &OrderView) -> Option<i64> {
    let current = view
        .assignments
        .iter()
        .find(|assignment| Some(assignment.id) == view.current)?;
    let there = view.state != OrderState::Dispatched
        || view
            .deliveries
            .iter()
            .any(|delivery| delivery.assignment == current.id);
    let event = view.timeline.iter().find(|event| event.record.id == current.id)?;
    (!there).then_some(event.time.utc_ms)
}

/// The clocks of the orders that still run.
fn running_clocks(
    office: &Office,
    board: &Rows,
    now_ms: i64,
) -> Result<BTreeMap<OrderId, Running>, OfficeError> {
    let packs = Packs::builtin().map_err(OfficeError::unexpected)?;
    let mut found = BTreeMap::new();
    for row in board.rows.iter() {
        if !matches!(row.status, VisibleStatus::ToDo | VisibleStatus::Dispatched) {
            continue;
        }
        let Some(ticket) = &row.ticket else { continue };
        let (Some(view), Some(ticket)) = (office.views().order(row.order)?, office.views().record(ticket)?)
        else {
            continue;
        };
        let heard = board
            .engineers
            .iter()
            .filter(|mark| row.engineers.contains(&mark.person.user))
            .filter_map(|mark| mark.as_of)
            .max();
        let clocks = sla::clocks(&packs, &view, &ticket, now_ms, heard)
            .into_iter()
            .filter(clocks::matters)
            .collect();
        let running = Running {
            clocks,
            undelivered: undelivered(&view),
        };
        found.insert(row.order, running);
    }
    Ok(found)
}

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
    let found = desk
        .office(move |office, _| {
            let board = office.board()?;
            let running = running_clocks(office, &board, now_ms)?;
            let wrong = discrepancies(office, &board)?;
            let orders = |of: fn(&Running) -> bool| -> BTreeSet<OrderId> {
                let hits = running.iter().filter(|(_, running)| of(running));
                hits.map(|(order, _)| *order).collect()
            };
            let marks = Marks {
                late: orders(Running::late),
                undelivered: orders(|running| running.undelivered.is_some()),
                regions: filter::regions(office, &board)?,
                found: filter::search(office, &board, &asked)?,
            };
            Ok((board, running, wrong, marks))
        })
        .await;
    let (rows, running, wrong, marks) = match found {
        Ok(found) => found,
        Err(error) => return desk.failed(&error),
    };
    let words = &desk.words;
    let board = Board {
        columns: [
            VisibleStatus::ToDo,
            VisibleStatus::Dispatched,
            VisibleStatus::Done,
            VisibleStatus::Audited,
        ]
        .into_iter()
        .map(|status| column(words, &rows, &running, (&wanted, &marks), status))
        .collect(),
        cancelled: cards(
            words,
            &rows,
            &running,
            (&wanted, &marks),
            VisibleStatus::Cancelled,
        ),
        engineers: rows
            .engineers
            .iter()
            .map(|mark| {
                engineer(
                    words,
                    &rows,
                    mark,
                    wrong.get(&mark.person.user).copied().unwrap_or_default(),
                )
            })
            .collect(),
        filter: filter::filter(words, &rows, &wanted, &marks),
    };
    let mut frame = desk.frame(Here::Board, "page.nav.board", seen);
    frame.conflicts = rows.rows.iter().map(|row| row.to_decide).sum();
    html(
        StatusCode::OK,
        &BoardView {
            f: &frame,
            board: &board,
        },
    )
}

fn column(
    words: &Words,
    rows: &Rows,
    running: &BTreeMap<OrderId, Running>,
    (wanted, marks): (&Wanted, &Marks),
    status: VisibleStatus,
) -> Column {
    let mut cards = cards(words, rows, running, (wanted, marks), status);
    let most = match status {
        VisibleStatus::Done | VisibleStatus::Audited if !wanted.on() && !wanted.all() => FINISHED_SHOWN,
        _ if wanted.all() => usize::MAX,
        _ => OPEN_SHOWN,
    };
    let more = cards.len().saturating_sub(most);
    cards.truncate(most);
    Column {
        code: status.as_str(),
        title: words.t(status.text_key()),
        cards,
        more,
        more_href: wanted.href_of_all(),
        empty: if wanted.on() {
            words.t("page.empty.filtered")
        } else {
            words.t(&format!("page.empty.{}", status.as_str()))
        },
    }
}

/// The cards of a column: what is due first, then by priority, then the newest.
fn cards(
    words: &Words,
    rows: &Rows,
    running: &BTreeMap<OrderId, Running>,
    (wanted, marks): (&Wanted, &Marks),
    status: VisibleStatus,
) -> Vec<Card> {
    let mut found: Vec<&BoardRow> = rows
        .rows
        .iter()
        .filter(|row| row.status == status && wanted.takes(row, marks))
        .collect();
    let due = |row: &BoardRow| {
        running
            .get(&row.order)
            .into_iter()
            .flat_map(|running| &running.clocks)
            .filter(|clock| clock.ended_ms.is_none())
            .filter_map(|clock| clock.due_ms)
            .min()
            .unwrap_or(i64::MAX)
    };
    found.sort_by_key(|row| (due(row), row.priority, std::cmp::Reverse(row.order)));
    let names: BTreeMap<UserId, &str> = rows
        .engineers
        .iter()
        .map(|mark| (mark.person.user, mark.person.name.as_str()))
        .collect();
    found
        .into_iter()
        .map(|row| card(words, row, running.get(&row.order), &names))
        .collect()
}

fn card(words: &Words, row: &BoardRow, running: Option<&Running>, names: &BTreeMap<UserId, &str>) -> Card {
    let waits = running.and_then(|running| running.undelivered).map(|at| Clock {
        text: words.tp("page.clock.undelivered", "at", words.moment(at)),
        due: String::new(),
        tone: Tone::Warn,
    });
    let ticking = running.into_iter().flat_map(|running| &running.clocks);
    // What presses comes first.
    let mut clocks: Vec<Clock> = ticking
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

fn engineer(words: &Words, rows: &Rows, mark: &EngineerMark, discrepancies: usize) -> EngineerLine {
    let (as_of, link, link_tone) = age(words, mark.as_of);
    let visit = mark
        .at_work
        .and_then(|order| rows.rows.iter().find(|row| row.order == order))
        .map(|row| {
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
