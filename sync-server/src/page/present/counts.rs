//! Counts, stock levels and what is missing, from facts to words.

use std::collections::BTreeMap;

use fieldseal_core::domain::ids::{OrderId, UserId};
use fieldseal_core::domain::ledger::{Level, Location, MovementKind, ScrapType};
use fieldseal_core::facts::DocName;
use fieldseal_core::facts::van::{
    CountState, CountView, LevelView, LoanView, MoveView, ShortageView, StockRow, StockView, VanPhoto,
};

use super::{Names, values};
use crate::office::Shelf;
use crate::page::model::{Chip, Choice, CountCard, CountRow, LevelRow, LoanRow, ScrapRow, SheetRow, Tone};
use crate::page::words::Words;

/// Counts that are shown beside those that wait.
const RECENT: usize = 12;

/// A place's name: whose van, or the store, and which shelf of it.
pub fn place(words: &Words, engineers: &BTreeMap<UserId, String>, location: Location) -> String {
    let shelf = words.t(location.class().text_key());
    match location.engineer() {
        Some(engineer) => {
            let name = engineers.get(&engineer).cloned().unwrap_or_default();
            format!("{name} · {shelf}")
        }
        None => shelf,
    }
}

/// Every place that is counted, as a form's choices.
pub fn places(words: &Words, engineers: &BTreeMap<UserId, String>, chosen: Option<Location>) -> Vec<Choice> {
    let vans = engineers
        .keys()
        .flat_map(|engineer| [Shelf::Van(*engineer), Shelf::VanDefective(*engineer)]);
    [Shelf::Store, Shelf::StoreDefective]
        .into_iter()
        .chain(vans)
        .map(|shelf| Choice {
            value: shelf.location().to_string(),
            text: place(words, engineers, shelf.location()),
            chosen: Some(shelf.location()) == chosen,
        })
        .collect()
}

fn signed(difference: i64) -> String {
    if difference == 0 {
        String::new()
    } else {
        format!("{difference:+}")
    }
}

fn card(words: &Words, names: &Names, count: &CountView, may_move: bool, token: &str) -> CountCard {
    let (key, tone) = match count.state {
        CountState::Proposed => ("proposed", Tone::Warn),
        CountState::Posted => ("posted", Tone::Good),
        CountState::Refused => ("refused", Tone::Plain),
    };
    CountCard {
        fact: count.id.to_string(),
        engineer: count
            .place
            .engineer()
            .map(|id| id.to_string())
            .unwrap_or_default(),
        place: place(words, &names.users, count.place),
        by: names.users.get(&count.stamp.by).cloned().unwrap_or_default(),
        at: values::claim(words, &count.stamp.at),
        reason: count.reason.clone().unwrap_or_default(),
        lines: count
            .lines
            .iter()
            .map(|line| CountRow {
                part: line.part.clone(),
                name: names.part(&line.part),
                serial: line.serial.clone().unwrap_or_default(),
                book: line.book.to_string(),
                counted: line.counted.to_string(),
                difference: signed(i64::from(line.counted) - line.book),
            })
            .collect(),
        state: Chip::new(words.t(&format!("page.count.{key}")), tone),
        may: may_move && count.state == CountState::Proposed,
        token: token.to_owned(),
    }
}

/// Counts that wait for the storekeeper, and the newest others, newest first. Answers stand at what they answer.
pub fn counts(
    words: &Words,
    names: &Names,
    stock: &StockView,
    may_move: bool,
) -> (Vec<CountCard>, Vec<CountCard>) {
    let token = stock.token.to_string();
    let own = stock.counts.iter().rev().filter(|count| count.of.is_none());
    let (waiting, others): (Vec<&CountView>, Vec<&CountView>) =
        own.partition(|count| count.state == CountState::Proposed);
    let cards = |counts: &[&CountView]| {
        counts
            .iter()
            .map(|count| card(words, names, count, may_move, &token))
            .collect()
    };
    (cards(&waiting), cards(&others[..others.len().min(RECENT)]))
}

fn level_row(words: &Words, names: &Names, at: Location, part: &str, level: Level) -> LevelRow {
    LevelRow {
        place: place(words, &names.users, at),
        part: part.to_owned(),
        name: names.part(part),
        level: format!("{} / {} / {}", level.safety(), level.min(), level.max()),
        there: String::new(),
        more: String::new(),
        propose: String::new(),
        urgent: false,
    }
}

/// What is missing, the most urgent first.
pub fn shortages(words: &Words, names: &Names, short: &[ShortageView]) -> Vec<LevelRow> {
    let row = |short: &ShortageView| {
        let mut more = Vec::new();
        if short.coming != 0 {
            more.push(words.tp("page.stock.coming", "n", short.coming));
        }
        if short.asked != 0 {
            more.push(words.tp("page.level.asked", "n", short.asked));
        }
        LevelRow {
            there: short.there.to_string(),
            more: more.join(words.lang.list_separator()),
            propose: short.missing.propose.to_string(),
            urgent: short.missing.urgent,
            ..level_row(words, names, short.place, &short.part, short.level)
        }
    };
    short.iter().map(row).collect()
}

/// Every level that holds.
pub fn levels(words: &Words, names: &Names, levels: &[LevelView]) -> Vec<LevelRow> {
    levels
        .iter()
        .filter(|known| known.level.max() > 0)
        .map(|known| level_row(words, names, known.place, &known.part, known.level))
        .collect()
}

/// The rows of a sheet: each unit, and the pieces that have no number.
pub fn sheet(names: &Names, rows: &[StockRow], at: Location) -> Vec<SheetRow> {
    let line = |row: &StockRow, serial: &str, book| SheetRow {
        part: row.part.clone(),
        name: names.part(&row.part),
        serial: serial.to_owned(),
        book,
    };
    rows.iter()
        .filter(|row| row.location == at)
        .flat_map(|row| {
            let units = row.serials.iter().chain(&row.missing);
            let mut lines: Vec<SheetRow> = units
                .map(|serial| line(row, serial, row.book(Some(serial))))
                .collect();
            if row.unnumbered() != 0 {
                lines.push(line(row, "", row.unnumbered()));
            }
            lines
        })
        .collect()
}

/// The newest scraps, newest first.
pub fn scraps(words: &Words, names: &Names, stock: &StockView) -> Vec<ScrapRow> {
    let scrapped = stock
        .moves
        .iter()
        .rev()
        .filter(|moved| moved.movement.kind() == MovementKind::Scrap && moved.reversed_by.is_none());
    let row = |moved: &MoveView| {
        let kind = moved.scrap.map(|kind| words.t(kind.text_key()));
        let why: Vec<String> = kind.into_iter().chain(moved.note.clone()).collect();
        let by = names.users.get(&moved.stamp.by).cloned().unwrap_or_default();
        ScrapRow {
            place: place(words, &names.users, moved.movement.from()),
            part: moved.movement.part().to_owned(),
            name: names.part(moved.movement.part()),
            serial: moved.movement.serial().unwrap_or_default().to_owned(),
            qty: moved.movement.qty().to_string(),
            why: why.join(words.lang.list_separator()),
            photo: moved.photo.map(|photo| photo.to_string()).unwrap_or_default(),
            unproven: moved
                .scrap
                .is_none_or(|kind| kind.needs_photo() && moved.photo.is_none()),
            by: format!("{by} {}", values::claim(words, &moved.stamp.at)),
        }
    };
    scrapped.take(RECENT).map(row).collect()
}

/// Photos that a scrap of the store may be shown by: the engineers' newest.
pub fn scrap_photos(words: &Words, names: &Names, stock: &StockView) -> Vec<Choice> {
    let none = Choice {
        value: String::new(),
        text: words.t("page.scrap.no_photo"),
        chosen: true,
    };
    let photo = |photo: &VanPhoto| Choice {
        value: photo.sha256.to_string(),
        text: format!(
            "{} {} {}",
            names.users.get(&photo.stamp.by).cloned().unwrap_or_default(),
            values::claim(words, &photo.stamp.at),
            photo.caption.clone().unwrap_or_default()
        ),
        chosen: false,
    };
    let newest = stock.photos.iter().rev().take(30).map(photo);
    std::iter::once(none).chain(newest).collect()
}

/// Types of scrap, as a form's choices.
pub fn scrap_types(words: &Words) -> Vec<Choice> {
    let choice = |kind: &ScrapType| Choice {
        value: kind.as_str().to_owned(),
        text: words.t(kind.text_key()),
        chosen: false,
    };
    ScrapType::ALL.iter().map(choice).collect()
}

/// What is lent and has not come back, oldest first.
pub fn loans(
    words: &Words,
    names: &Names,
    numbers: &BTreeMap<OrderId, String>,
    loans: &[LoanView],
) -> Vec<LoanRow> {
    let row = |loan: &LoanView| LoanRow {
        rma: loan.rma.clone(),
        part: loan.part.clone(),
        name: names.part(&loan.part),
        serial: loan.serial.clone().unwrap_or_default(),
        qty: loan.qty.to_string(),
        order: loan.order.as_ref().and_then(DocName::order).map(|order| {
            let number = numbers.get(&order).cloned().unwrap_or_default();
            (order.to_string(), number)
        }),
        by: format!(
            "{} {}",
            names.users.get(&loan.stamp.by).cloned().unwrap_or_default(),
            values::claim(words, &loan.stamp.at)
        ),
    };
    loans.iter().map(row).collect()
}
