//! Parts: what the engineer takes from the van, asks for, gives back (D.2, I3; A.2, B.2).
//!
//! A movement is never refused for want of stock: the book shows a discrepancy, the part is in the customer's hands
//! (D.5-2a). Quarters in a document's name are shards; the date of writing chooses one.

use rusqlite::Connection;

use super::act::{Me, Plan, Saved};
use super::{Engine, Inner, act, details, steps};
use crate::device::EngineError;
use crate::device::store::read;
use crate::domain::ids::OrderId;
use crate::domain::ledger::PeriodReport;
use crate::facts::van::StockRow;
use crate::facts::{DocName, Fact, FactId, Shard, VanView, ViewToken, fold_van, kinds};

/// Pieces of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pieces {
    /// Part number.
    pub part: String,
    /// Whole units, at least 1.
    pub qty: u32,
    /// Serial number of a serial-tracked unit.
    pub serial: Option<String>,
}

impl Engine {
    /// Uses a part from the own van for a work order. What is on its way to him and missing in the van has evidently
    /// arrived: its receipt is confirmed with it (T-33).
    ///
    /// # Errors
    /// [`EngineError::Invalid`] without a part or with quantity 0; [`EngineError::NotFound`],
    /// [`EngineError::NotEnrolled`], [`EngineError::StorageFull`], [`EngineError::Closed`]. Using more than the van
    /// holds is none: it shows as a discrepancy.
    pub fn use_part(&self, order: OrderId, token: &ViewToken, used: Pieces) -> Result<Saved, EngineError> {
        if used.qty == 0 {
            return Err(EngineError::invalid("step_problem.quantity"));
        }
        if used.part.trim().is_empty() {
            return Err(EngineError::invalid("step_problem.part_missing"));
        }
        let part = used.part.trim().to_owned();
        let serial = used.serial.filter(|serial| !serial.trim().is_empty());
        let (saved, ()) = self.inner.act(token, |transaction, me| {
            let folded = details::fold(transaction, order, Some(me.user))?;
            let receipt = arrived(&van_view(transaction, me)?, &part, serial.as_deref(), used.qty)
                .map(|qty| received(me, &part, serial.clone(), qty));
            let mut facts = vec![Fact::Move(kinds::Move {
                movement: "consume".to_owned(),
                part,
                serial,
                qty: used.qty,
                from: format!("van_good:{}", me.user),
                to: format!("customer_site:{order}"),
                order: Some(DocName::Order(order)),
                assignment: steps::own_assignment(&folded.view, me),
                note: None,
                ..Default::default()
            })];
            facts.extend(receipt);
            Ok((Plan::one(self.inner.van(me), facts), ()))
        })?;
        Ok(saved)
    }

    /// Takes an own movement back, with a reason (D.4).
    ///
    /// # Errors
    /// [`EngineError::NotFound`] where the van has no such movement; [`EngineError::Invalid`] without a reason.
    /// Else as [`Engine::use_part`].
    pub fn reverse_part(
        &self,
        token: &ViewToken,
        movement: FactId,
        reason: &str,
    ) -> Result<Saved, EngineError> {
        if reason.trim().is_empty() {
            return Err(EngineError::invalid("step_problem.reason_missing"));
        }
        let (saved, ()) = self.inner.act(token, |transaction, me| {
            let known = read::of_van(transaction, me.user)?
                .iter()
                .any(|action| action.key == movement.action);
            if !known {
                return Err(EngineError::NotFound);
            }
            let fact = Fact::Reverse(kinds::Reverse {
                of: movement,
                reason: reason.to_owned(),
            });
            Ok((Plan::one(self.inner.van(me), vec![fact]), ()))
        })?;
        Ok(saved)
    }

    /// Asks the store for parts, for an order or for restocking (F-16, T-31).
    ///
    /// # Errors
    /// [`EngineError::Invalid`] without lines, a part or a quantity. Else as [`Engine::use_part`].
    pub fn request_parts(
        &self,
        token: &ViewToken,
        order: Option<OrderId>,
        lines: Vec<(String, u32)>,
        text: Option<String>,
    ) -> Result<Saved, EngineError> {
        if lines.is_empty() {
            return Err(EngineError::invalid("step_problem.lines_missing"));
        }
        for (part, qty) in &lines {
            if *qty == 0 {
                return Err(EngineError::invalid("step_problem.quantity"));
            }
            if part.trim().is_empty() {
                return Err(EngineError::invalid("step_problem.part_missing"));
            }
        }
        let (saved, ()) = self.inner.act(token, |_, me| {
            let fact = Fact::PartsRequest(kinds::PartsRequest {
                lines: lines
                    .into_iter()
                    .map(|(part, qty)| kinds::PartLine {
                        part: part.trim().to_owned(),
                        qty,
                    })
                    .collect(),
                order: order.map(DocName::Order),
                text: text.filter(|text| !text.trim().is_empty()),
            });
            Ok((Plan::one(self.inner.van(me), vec![fact]), ()))
        })?;
        Ok(saved)
    }

    /// The own van: balances, serials, discrepancies, requests. Its token goes back with what is saved from its screen.
    ///
    /// # Errors
    /// [`EngineError::NotEnrolled`], [`EngineError::Closed`], [`EngineError::Damaged`].
    pub fn stock(&self) -> Result<VanView, EngineError> {
        self.inner.read(|connection| {
            let me = act::me(connection)?;
            van_view(connection, &me)
        })
    }
}

impl Engine {
    /// What went through the own hands from one day to another, with opening and closing (Y-23).
    ///
    /// # Errors
    /// [`EngineError::Invalid`] with `step_problem.period` where the period ends before it begins;
    /// [`EngineError::NotEnrolled`], [`EngineError::Closed`], [`EngineError::Damaged`].
    pub fn stock_report(
        &self,
        from: chrono::NaiveDate,
        to: chrono::NaiveDate,
    ) -> Result<PeriodReport, EngineError> {
        if to < from {
            return Err(EngineError::invalid("step_problem.period"));
        }
        self.inner.read(|connection| {
            let me = act::me(connection)?;
            let mut report = van_view(connection, &me)?.stock.report(self.inner.zone, from, to);
            // What his documents say of a colleague's van is no account of it.
            report.rows.retain(|row| row.engineer == me.user);
            Ok(report)
        })
    }
}

/// How many pieces that are on their way must have arrived, so that `qty` can be used: none where the van has enough.
pub(super) fn arrived(van: &VanView, part: &str, serial: Option<&str>, qty: u32) -> Option<u32> {
    let coming = van.coming.iter().filter(|row| row.part == part);
    let here = |rows: &[StockRow], serial: &str| {
        rows.iter()
            .any(|row| row.part == part && row.serials.iter().any(|there| there == serial))
    };
    let missing = match serial {
        Some(serial) => i64::from(!here(&van.good, serial) && here(&van.coming, serial)),
        None => i64::from(qty) - van.available(part).max(0),
    };
    let missing = missing.min(coming.map(|row| row.qty).sum());
    u32::try_from(missing).ok().filter(|missing| *missing > 0)
}

pub(super) fn received(me: &Me, part: &str, serial: Option<String>, qty: u32) -> Fact {
    Fact::Move(kinds::Move {
        movement: "confirm_receipt".to_owned(),
        part: part.to_owned(),
        serial,
        qty,
        from: format!("in_transit:{}", me.user),
        to: format!("van_good:{}", me.user),
        order: None,
        assignment: None,
        note: None,
        ..Default::default()
    })
}

pub(super) fn van_view(connection: &Connection, me: &Me) -> Result<VanView, EngineError> {
    let actions = read::of_van(connection, me.user)?;
    Ok(fold_van(me.user, &actions))
}

impl Inner {
    /// The van document that is written to today.
    pub(super) fn van(&self, me: &Me) -> DocName {
        let today = self.today();
        DocName::VanField(me.user, shard_of(today))
    }

    /// The company's date now.
    pub(super) fn today(&self) -> chrono::NaiveDate {
        self.zone.local_date(self.env.clock.read().wall_ms)
    }
}

/// The quarter of a date, within what a document's name can say: a clock that is centuries off still finds one.
fn shard_of(date: chrono::NaiveDate) -> Shard {
    use chrono::Datelike;
    Shard {
        year: u16::try_from(date.year().clamp(2000, 2999)).unwrap_or(2000),
        quarter: u8::try_from(date.month0() / 3 + 1).unwrap_or(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_is_found_for_any_date() {
        let shard = |text: &str| shard_of(text.parse().unwrap()).to_string();
        assert_eq!(shard("2026-01-01"), "2026q1");
        assert_eq!(shard("2026-03-31"), "2026q1");
        assert_eq!(shard("2026-12-31"), "2026q4");
        assert_eq!(shard("1970-06-01"), "2000q2");
        assert_eq!(shard("9999-07-01"), "2999q3");
    }
}
