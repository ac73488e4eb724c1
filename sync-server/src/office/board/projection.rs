//! The rows of the board, kept beside the facts.
//!
//! Invariants: each row is as the facts were at the last look; what changed since is made again, and nothing else: an
//! order's own facts cost one fold, a record that many orders name costs no fold at all. What could not be made again is
//! still to be made at the next look. Behind one lock, which is taken before the views'.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fieldseal_core::domain::ids::OrderId;
use fieldseal_core::facts::DocName;

use super::row::BoardRow;
use crate::office::OfficeError;
use crate::office::views::{Changed, Views};

/// The rows, shared by all looks.
#[derive(Default)]
pub(in crate::office) struct Projection {
    rows: Mutex<Rows>,
}

/// Every order that is not hidden.
#[derive(Default)]
pub(super) struct Rows {
    by_order: BTreeMap<OrderId, Arc<BoardRow>>,
    /// Which rows were made from a record.
    made_from: HashMap<DocName, BTreeSet<OrderId>>,
    /// The row of the sequence up to which everything was looked at.
    pub(super) upto: u64,
}

impl Projection {
    /// Brings the rows up to date.
    pub(super) fn follow(&self, views: &Views) -> Result<MutexGuard<'_, Rows>, OfficeError> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = views.take_changed()?;
        if let Err(error) = rows.take_in(views, &changed) {
            views.give_back(changed);
            return Err(error);
        }
        Ok(rows)
    }

    /// The orders that have conflicts.
    pub(in crate::office) fn with_conflicts(&self, views: &Views) -> Result<Vec<OrderId>, OfficeError> {
        let rows = self.follow(views)?;
        Ok(rows
            .all()
            .filter(|row| row.conflicts > 0)
            .map(|row| row.order)
            .collect())
    }
}

impl Rows {
    /// In no particular order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<BoardRow>> {
        self.by_order.values()
    }

    fn take_in(&mut self, views: &Views, changed: &Changed) -> Result<(), OfficeError> {
        for order in &changed.orders {
            match views.order(*order)? {
                Some(view) if !view.hidden => self.put(BoardRow::of(&view), views)?,
                _ => self.remove(*order),
            }
        }
        let named: BTreeSet<OrderId> = changed
            .records
            .iter()
            .filter_map(|record| self.made_from.get(record))
            .flatten()
            .filter(|order| !changed.orders.contains(order))
            .copied()
            .collect();
        for order in named {
            if let Some(row) = self.by_order.get(&order) {
                let row = BoardRow::clone(row);
                self.put(row, views)?;
            }
        }
        self.upto = changed.upto;
        Ok(())
    }

    fn put(&mut self, mut row: BoardRow, views: &Views) -> Result<(), OfficeError> {
        row.complete(views)?;
        self.remove(row.order);
        for record in &row.records {
            self.made_from
                .entry(record.clone())
                .or_default()
                .insert(row.order);
        }
        self.by_order.insert(row.order, Arc::new(row));
        Ok(())
    }

    fn remove(&mut self, order: OrderId) {
        let Some(row) = self.by_order.remove(&order) else {
            return;
        };
        for record in &row.records {
            if let Some(orders) = self.made_from.get_mut(record) {
                orders.remove(&order);
                if orders.is_empty() {
                    self.made_from.remove(record);
                }
            }
        }
    }
}
