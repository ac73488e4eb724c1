//! The report of a period from the facts of vans and stores (Y-23, T-36).

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{MoveView, StockView};
use crate::domain::calendar::CompanyZone;
use crate::domain::ledger::{Movement, PeriodReport, Posting, period_report};
use crate::facts::FactId;

impl StockView {
    /// What went through engineers' hands from `from` to `to`, by the days in the company's zone on which it was said to
    /// happen. The halves and repetitions of one movement count once, on the earliest of their days.
    pub fn report(&self, zone: CompanyZone, from: NaiveDate, to: NaiveDate) -> PeriodReport {
        let day = |utc_ms: i64| zone.local_date(utc_ms);
        let mut once: BTreeMap<FactId, (NaiveDate, &Movement, Option<NaiveDate>)> = BTreeMap::new();
        for moved in &self.moves {
            let MoveView { key, movement, .. } = moved;
            let on = day(moved.stamp.utc_ms);
            let back = moved.reversed_ms.map(day);
            once.entry(*key)
                .and_modify(|(first, kept, _)| {
                    *first = on.min(*first);
                    // The lower content counts, as in the ledger.
                    *kept = movement.min(*kept);
                })
                .or_insert((on, movement, back));
        }
        let postings = once.into_values().flat_map(|(on, movement, back)| {
            let reversed = back.map(|back| Posting {
                on: back.max(on),
                movement,
                back: true,
            });
            let posted = Posting {
                on,
                movement,
                back: false,
            };
            std::iter::once(posted).chain(reversed)
        });
        period_report(from, to, postings)
    }
}
