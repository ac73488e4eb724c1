//! `GET /`: the board by visible state, the engineers' strip, the filter.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::Response;
use fieldseal_core::domain::ids::{OrderId, UserId};
use fieldseal_core::domain::policy::Packs;
use fieldseal_core::domain::service_level::ClockView;
use fieldseal_core::domain::work::{OrderState, Priority, VisibleStatus};

use crate::office::{Board as Rows, BoardRow, EngineerMark, Office, OfficeError};
use crate::page::desk::Desk;
use crate::page::model::{Board, Card, Chip, Choice, Column, EngineerLine, Filter, Here, Tone};
use crate::page::present::{clocks, order, sla, values};
use crate::page::respond::html;
use crate::page::views::BoardView;
use crate::page::words::Words;

/// Finished cards beyond these are counted, not shown: the filter finds them.
const FINISHED_SHOWN: usize = 30;

/// What the board is narrowed to.
#[derive(Debug, Clone, Default)]
struct Wanted {
    text: String,
    engineer: Option<UserId>,
    priority: Option<Priority>,
}

impl Wanted {
    fn of(desk: &Desk) -> Self {
        Self {
            text: desk.asked("q").unwrap_or_default().to_owned(),
            engineer: desk.asked("engineer").and_then(|id| id.parse().ok()),
            priority: desk.asked("priority").and_then(|code| code.parse().ok()),
        }
    }

    fn on(&self) -> bool {
        !self.text.is_empty() || self.engineer.is_some() || self.priority.is_some()
    }

    fn takes(&self, row: &BoardRow) -> bool {
        let text = self.text.to_lowercase();
        let hit = |field: &str| field.to_lowercase().contains(&text);
        (hit(&row.number) || hit(&row.customer_name) || hit(&row.summary))
            && self
                .engineer
                .is_none_or(|engineer| row.engineers.contains(&engineer))
            && self
                .priority
                .is_none_or(|priority| row.priority == Some(priority))
    }
}

/// The clocks of the orders that still run.
fn running_clocks(
    office: &Office,
    board: &Rows,
    now_ms: i64,
) -> Result<BTreeMap<OrderId, Vec<ClockView>>, OfficeError> {
    let packs = Packs::builtin().map_err(OfficeError::unexpected)?;
    let mut found = BTreeMap::new();
    for row in &board.rows {
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
        let running = sla::clocks(&packs, &view, &ticket, now_ms, heard)
            .into_iter()
            .filter(clocks::matters)
            .collect();
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
    let found = desk
        .office(move |office, _| {
            let board = office.board()?;
            let running = running_clocks(office, &board, now_ms)?;
            let wrong = discrepancies(office, &board)?;
            Ok((board, running, wrong))
        })
        .await;
    let (rows, running, wrong) = match found {
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
        .map(|status| column(words, &rows, &running, &wanted, status))
        .collect(),
        cancelled: cards(words, &rows, &running, &wanted, VisibleStatus::Cancelled),
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
        filter: filter(words, &rows, &wanted),
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
    running: &BTreeMap<OrderId, Vec<ClockView>>,
    wanted: &Wanted,
    status: VisibleStatus,
) -> Column {
    let mut cards = cards(words, rows, running, wanted, status);
    let most = match status {
        VisibleStatus::Done | VisibleStatus::Audited if !wanted.on() => FINISHED_SHOWN,
        _ => usize::MAX,
    };
    let more = cards.len().saturating_sub(most);
    cards.truncate(most);
    Column {
        code: status.as_str(),
        title: words.t(status.text_key()),
        cards,
        more,
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
    running: &BTreeMap<OrderId, Vec<ClockView>>,
    wanted: &Wanted,
    status: VisibleStatus,
) -> Vec<Card> {
    let mut found: Vec<&BoardRow> = rows
        .rows
        .iter()
        .filter(|row| row.status == status && wanted.takes(row))
        .collect();
    let due = |row: &BoardRow| {
        running
            .get(&row.order)
            .into_iter()
            .flatten()
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
        .map(|row| {
            card(
                words,
                row,
                running.get(&row.order).map_or(&[], Vec::as_slice),
                &names,
            )
        })
        .collect()
}

fn card(words: &Words, row: &BoardRow, running: &[ClockView], names: &BTreeMap<UserId, &str>) -> Card {
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
        clocks: running.iter().map(|clock| clocks::clock(words, clock)).collect(),
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

fn filter(words: &Words, rows: &Rows, wanted: &Wanted) -> Filter {
    let mut engineers = vec![Choice {
        value: String::new(),
        text: words.t("page.filter.all_engineers"),
        chosen: wanted.engineer.is_none(),
    }];
    engineers.extend(rows.engineers.iter().map(|mark| Choice {
        value: mark.person.user.to_string(),
        text: mark.person.name.clone(),
        chosen: wanted.engineer == Some(mark.person.user),
    }));
    let mut priorities = vec![Choice {
        value: String::new(),
        text: words.t("page.filter.all_priorities"),
        chosen: wanted.priority.is_none(),
    }];
    priorities.extend(Priority::ALL.iter().map(|priority| Choice {
        value: priority.as_str().to_owned(),
        text: words.t(priority.text_key()),
        chosen: wanted.priority == Some(*priority),
    }));
    Filter {
        text: wanted.text.clone(),
        engineers,
        priorities,
        on: wanted.on(),
    }
}
