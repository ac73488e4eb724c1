//! Stock levels and what is missing (T-34, B33).

use std::collections::BTreeSet;

use serde::Serialize;

use super::{RequestView, StockRow};
use crate::domain::ledger::{Level, Location, Shortage};
use crate::facts::conflict::Flag;
use crate::facts::family::{Family, Ix};
use crate::facts::stored::Stamp;
use crate::facts::{DocName, Fact, FactId};

/// The level of one part at one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LevelView {
    /// The `level` fact.
    pub id: FactId,
    /// Where: a store or a van's good parts.
    pub place: Location,
    /// Part number.
    pub part: String,
    /// The level; all zero where the part is not kept there any more.
    pub level: Level,
    /// Who set it, when.
    pub stamp: Stamp,
}

/// A part of which too little lies at a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShortageView {
    /// Where.
    pub place: Location,
    /// Part number.
    pub part: String,
    /// The level that is not reached.
    pub level: Level,
    /// Good pieces there.
    pub there: i64,
    /// Pieces on their way there.
    pub coming: i64,
    /// Pieces that are asked for.
    pub asked: i64,
    /// What is missing.
    pub missing: Shortage,
}

fn at_home(doc: &DocName, place: Location) -> bool {
    match (doc, place) {
        (DocName::VanOffice(of, _), Location::VanGood(engineer)) => *of == engineer,
        (DocName::Store(id, _), Location::Store(at)) => *id == at,
        _ => false,
    }
}

/// Each place's and part's level: of those that nothing replaces, the last in the order of quarters and facts.
pub(super) fn levels(
    family: &Family<'_>,
    rest: &[(Ix, &Fact)],
    said: &mut Vec<(Ix, Flag)>,
) -> Vec<LevelView> {
    let mut found: Vec<(&DocName, LevelView)> = Vec::new();
    let mut replaced: BTreeSet<FactId> = BTreeSet::new();
    for &(ix, fact) in rest {
        let Fact::Level(level) = fact else { continue };
        let record = family.record(ix);
        let Ok(place) = level.place.parse::<Location>() else {
            said.push((ix, Flag::UnknownCode));
            continue;
        };
        let Ok(amounts) = Level::new(level.safety, level.min, level.max) else {
            said.push((ix, Flag::Malformed));
            continue;
        };
        if !at_home(&record.doc, place) || level.part.trim().is_empty() {
            said.push((ix, Flag::GuardFailed));
            continue;
        }
        replaced.extend(&level.over);
        let view = LevelView {
            id: record.id,
            place,
            part: level.part.clone(),
            level: amounts,
            stamp: record.stamp.as_ref().clone(),
        };
        found.push((record.doc.as_ref(), view));
    }
    // Facts are in order within a document; documents of one place are told apart by their quarter.
    found.sort_by_key(|(doc, _)| *doc);
    let mut standing: Vec<LevelView> = Vec::new();
    for (_, view) in found {
        if replaced.contains(&view.id) {
            continue;
        }
        let same = standing
            .iter_mut()
            .find(|known| known.place == view.place && known.part == view.part);
        match same {
            Some(known) => *known = view,
            None => standing.push(view),
        }
    }
    standing.sort_by(|a, b| (a.place, &a.part).cmp(&(b.place, &b.part)));
    standing
}

/// What is missing by the levels, the stock and the open requests for restocking; the most urgent first.
pub(super) fn shortages(
    levels: &[LevelView],
    rows: &[StockRow],
    requests: &[RequestView],
) -> Vec<ShortageView> {
    let pieces = |place: Location, part: &str| -> i64 {
        let here = rows
            .iter()
            .filter(|row| row.location == place && row.part == part);
        here.map(|row| row.qty).sum()
    };
    let asked = |place: Location, part: &str| -> i64 {
        let open = requests.iter().filter(|request| {
            request.order.is_none()
                && matches!(request.state.as_str(), "requested" | "approved")
                && Some(request.stamp.by) == place.engineer()
        });
        let lines = open.flat_map(|request| &request.lines);
        lines
            .filter(|line| line.part == part)
            .map(|line| i64::from(line.qty))
            .sum()
    };
    let mut short: Vec<ShortageView> = levels
        .iter()
        .filter_map(|known| {
            let there = pieces(known.place, &known.part);
            let coming = match known.place {
                Location::VanGood(engineer) => pieces(Location::InTransit(Some(engineer)), &known.part),
                _ => 0,
            };
            let asked = asked(known.place, &known.part);
            Some(ShortageView {
                place: known.place,
                part: known.part.clone(),
                level: known.level,
                there,
                coming,
                asked,
                missing: known.level.shortage(there, coming, asked)?,
            })
        })
        .collect();
    short.sort_by(|a, b| {
        let key = |short: &ShortageView| (!short.missing.urgent, short.place, short.part.clone());
        key(a).cmp(&key(b))
    });
    short
}
