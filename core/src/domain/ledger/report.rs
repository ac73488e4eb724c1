//! What went through the engineers' hands in a period: YunTian's 領取 and 消耗 with everything that it leaves out (Y-23, Q10,
//! T-36).
//!
//! Invariants: opening plus all columns is closing, in every row; over all places the closings of a part sum to zero (I3). A
//! movement that was taken back counts on its day and counts back on the day of that, so that a past period stays what it
//! was.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::location::Location;
use super::movement::{Movement, MovementKind};
use crate::domain::ids::UserId;

/// A movement on its day, or its reversal on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting<'a> {
    /// The day, in the company's zone.
    pub on: NaiveDate,
    /// What moved.
    pub movement: &'a Movement,
    /// Taken back: its pieces go the other way.
    pub back: bool,
}

/// One engineer's pieces of one part, good or defective, over a period.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PeriodSums {
    /// At the beginning of the first day.
    pub opening: i64,
    /// Issued to him or confirmed by him; for defective ones: taken from customers.
    pub received: i64,
    /// Built in at customers' (消耗).
    pub used: i64,
    /// Sent back to the store.
    pub returned: i64,
    /// Scrapped.
    pub scrapped: i64,
    /// From colleagues, less what he gave them.
    pub exchanged: i64,
    /// Lent out, less what came back, counted as leaving.
    pub lent: i64,
    /// Corrected by counts.
    pub adjusted: i64,
    /// Anything else.
    pub other: i64,
    /// At the end of the last day.
    pub closing: i64,
    /// Issued in his name in the period (領取), wherever it lies.
    pub issued: i64,
    /// 領取 − 消耗 of all time up to the last day (Y-23).
    pub yuntian: i64,
}

impl PeriodSums {
    /// Whether the columns say how the opening became the closing.
    pub const fn adds_up(&self) -> bool {
        let inward = self.received + self.exchanged + self.adjusted + self.other;
        let outward = self.used + self.returned + self.scrapped + self.lent;
        self.opening + inward - outward == self.closing
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A row of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PeriodRow {
    /// The engineer.
    pub engineer: UserId,
    /// Part number.
    pub part: String,
    /// The defective ones.
    pub defective: bool,
    /// The sums.
    pub sums: PeriodSums,
}

/// The report of a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PeriodReport {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// By engineer, part, good before defective; rows of which all is zero are left out.
    pub rows: Vec<PeriodRow>,
    /// Every row adds up, and the closings of every part sum to zero over all places (I3).
    pub balanced: bool,
}

type Key = (UserId, String, bool);

/// The shelf of a van that a place is.
const fn shelf(place: Location) -> Option<(UserId, bool)> {
    match place {
        Location::VanGood(engineer) => Some((engineer, false)),
        Location::VanDefective(engineer) => Some((engineer, true)),
        _ => None,
    }
}

/// Counts `into` pieces that came to the shelf (below zero: left it) in the column of their kind.
fn post(sums: &mut PeriodSums, kind: MovementKind, into: i64) {
    use MovementKind as K;
    match kind {
        K::Issue | K::ConfirmReceipt | K::CollectDefective => sums.received += into,
        K::Consume => sums.used -= into,
        K::ReturnGood | K::ReturnDefective => sums.returned -= into,
        K::Scrap => sums.scrapped -= into,
        K::TransferIn | K::TransferOut => sums.exchanged += into,
        K::LoanOut | K::LoanBack => sums.lent -= into,
        K::Adjust => sums.adjusted += into,
        K::Receive => sums.other += into,
    }
}

/// The report from all postings ever. What comes after the last day is left aside.
pub fn period_report<'a>(
    from: NaiveDate,
    to: NaiveDate,
    postings: impl IntoIterator<Item = Posting<'a>>,
) -> PeriodReport {
    let mut rows: BTreeMap<Key, PeriodSums> = BTreeMap::new();
    let mut closings: BTreeMap<(Location, &str), i64> = BTreeMap::new();
    for posting in postings.into_iter().filter(|posting| posting.on <= to) {
        let movement = posting.movement;
        let qty = i64::from(movement.qty()) * if posting.back { -1 } else { 1 };
        for (place, pieces) in [(movement.to(), qty), (movement.from(), -qty)] {
            *closings.entry((place, movement.part())).or_default() += pieces;
            let Some((engineer, defective)) = shelf(place) else {
                continue;
            };
            let sums = rows
                .entry((engineer, movement.part().to_owned(), defective))
                .or_default();
            if posting.on < from {
                sums.opening += pieces;
            } else {
                post(sums, movement.kind(), pieces);
            }
        }
        yuntian(&mut rows, movement, qty, posting.on >= from);
    }
    let mut parts: BTreeMap<&str, i64> = BTreeMap::new();
    for ((place, part), pieces) in &closings {
        *parts.entry(part).or_default() += pieces;
        if let Some((engineer, defective)) = shelf(*place)
            && let Some(sums) = rows.get_mut(&(engineer, (*part).to_owned(), defective))
        {
            sums.closing = *pieces;
        }
    }
    let balanced = parts.values().all(|sum| *sum == 0) && rows.values().all(PeriodSums::adds_up);
    PeriodReport {
        from,
        to,
        rows: rows
            .into_iter()
            .filter(|(_, sums)| !sums.is_empty())
            .map(|((engineer, part, defective), sums)| PeriodRow {
                engineer,
                part,
                defective,
                sums,
            })
            .collect(),
        balanced,
    }
}

/// YunTian's own figures: what was issued in his name, wherever it lies, less what he built in out of his van.
fn yuntian(rows: &mut BTreeMap<Key, PeriodSums>, movement: &Movement, qty: i64, in_period: bool) {
    let (engineer, pieces) = match (movement.kind(), movement.to().engineer(), movement.from()) {
        (MovementKind::Issue, Some(engineer), _) => (engineer, qty),
        (MovementKind::Consume, _, Location::VanGood(engineer)) => (engineer, -qty),
        _ => return,
    };
    let sums = rows
        .entry((engineer, movement.part().to_owned(), false))
        .or_default();
    sums.yuntian += pieces;
    if in_period && movement.kind() == MovementKind::Issue {
        sums.issued += pieces;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::{LocationId, OrderId};
    use MovementKind as K;

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 10, n).unwrap()
    }

    fn who(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    fn places() -> [Location; 8] {
        [
            Location::VanGood(who(1)),
            Location::VanGood(who(2)),
            Location::VanDefective(who(1)),
            Location::Store(LocationId(Uuid::from_u128(9))),
            Location::InTransit(Some(who(1))),
            Location::CustomerSite(OrderId(Uuid::from_u128(8))),
            Location::Scrap,
            Location::Suspense,
        ]
    }

    fn moved(kind: K, qty: u32, from: Location, to: Location) -> Movement {
        Movement::new(kind, "KEY", None, qty, from, to).unwrap()
    }

    #[test]
    fn y23_received_used_returned_scrapped_with_opening_and_closing() {
        let [van, other, bad, store, transit, site, scrap, suspense] = places();
        let all = [
            (1, moved(K::Issue, 10, store, van), false),
            (2, moved(K::Consume, 2, van, site), false),
            // From here on in the period.
            (10, moved(K::Issue, 5, store, transit), false),
            (11, moved(K::ConfirmReceipt, 4, transit, van), false),
            (12, moved(K::Consume, 3, van, site), false),
            (12, moved(K::CollectDefective, 3, site, bad), false),
            (13, moved(K::ReturnGood, 1, van, store), false),
            (13, moved(K::ReturnDefective, 2, bad, store), false),
            (14, moved(K::Scrap, 1, van, scrap), false),
            (15, moved(K::TransferIn, 2, van, other), false),
            (16, moved(K::Adjust, 1, suspense, van), false),
            (17, moved(K::LoanOut, 1, van, site), false),
            // A use of before is taken back in the period; another after it.
            (18, moved(K::Consume, 2, van, site), true),
            (30, moved(K::Consume, 1, van, site), false),
        ];
        let report = period_report(
            day(10),
            day(20),
            all.iter().map(|(on, movement, back)| Posting {
                on: day(*on),
                movement,
                back: *back,
            }),
        );
        assert!(report.balanced);
        let row = |engineer: u128, defective| {
            let mut rows = report.rows.iter();
            &rows
                .find(|row| row.engineer == who(engineer) && row.defective == defective)
                .unwrap()
                .sums
        };
        let good = PeriodSums {
            opening: 8,
            received: 4,
            used: 1,
            returned: 1,
            scrapped: 1,
            exchanged: -2,
            lent: 1,
            adjusted: 1,
            other: 0,
            closing: 7,
            issued: 5,
            yuntian: 12,
        };
        assert_eq!(*row(1, false), good);
        assert_eq!(
            (row(1, true).received, row(1, true).returned, row(1, true).closing),
            (3, 2, 1)
        );
        assert_eq!((row(2, false).exchanged, row(2, false).closing), (2, 2));
        assert_eq!(report.rows.len(), 3);
    }

    fn any_postings() -> impl Strategy<Value = Vec<(u32, Movement, bool)>> {
        let one = (
            1..31_u32,
            prop::sample::select(MovementKind::ALL),
            1..5_u32,
            prop::sample::select(places().to_vec()),
            prop::sample::select(places().to_vec()),
            any::<bool>(),
        );
        let one = one.prop_filter_map("goes somewhere", |(on, kind, qty, from, to, back)| {
            Some((on, Movement::new(kind, "KEY", None, qty, from, to).ok()?, back))
        });
        prop::collection::vec(one, 0..40)
    }

    proptest! {
        #[test]
        fn i03_every_row_adds_up_and_one_periods_closing_is_the_nexts_opening(
            all in any_postings(),
            cut in 2..29_u32,
            seed in any::<u64>(),
        ) {
            let report = |from, to, all: &[(u32, Movement, bool)]| {
                let postings = all.iter().map(|(on, movement, back)| Posting { on: day(*on), movement, back: *back });
                period_report(day(from), day(to), postings)
            };
            let (first, second) = (report(1, cut, &all), report(cut + 1, 30, &all));
            prop_assert!(first.balanced && second.balanced);
            for row in &first.rows {
                let same = |next: &&PeriodRow| (next.engineer, next.defective) == (row.engineer, row.defective);
                let opening = second.rows.iter().find(same).map_or(0, |next| next.sums.opening);
                prop_assert_eq!(opening, row.sums.closing);
            }
            // I1: the order does not matter.
            let mut turned = all.clone();
            let by = usize::try_from(seed % 41).unwrap() % turned.len().max(1);
            turned.rotate_left(by);
            prop_assert_eq!(report(1, cut, &turned), first);
        }
    }
}
