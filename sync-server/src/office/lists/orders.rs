//! The rows of the board.

use std::collections::BTreeMap;
use std::sync::Arc;

use fieldseal_core::domain::ids::OrderId;

use super::made_from::MadeFrom;
use super::order_row::BoardRow;
use crate::office::OfficeError;
use crate::office::views::{Changed, Views};

/// Every order.
#[derive(Default)]
pub(in crate::office) struct Orders {
    rows: BTreeMap<OrderId, Arc<BoardRow>>,
    made_from: MadeFrom<OrderId>,
}

impl Orders {
    /// Those that are not hidden, in no particular order.
    pub(in crate::office) fn all(&self) -> impl Iterator<Item = &Arc<BoardRow>> {
        self.rows.values().filter(|row| !row.hidden)
    }

    /// The hidden ones, in no particular order.
    pub(in crate::office) fn hidden(&self) -> impl Iterator<Item = &Arc<BoardRow>> {
        self.rows.values().filter(|row| row.hidden)
    }

    pub(super) fn take_in(&mut self, views: &Views, changed: &Changed) -> Result<(), OfficeError> {
        for order in &changed.orders {
            match views.order(*order)? {
                Some(view) => self.put(BoardRow::of(&view), views)?,
                None => self.remove(*order),
            }
        }
        let named = self.made_from.of(&changed.records);
        for order in named.difference(&changed.orders) {
            if let Some(row) = self.rows.get(order) {
                let row = BoardRow::clone(row);
                self.put(row, views)?;
            }
        }
        Ok(())
    }

    fn put(&mut self, mut row: BoardRow, views: &Views) -> Result<(), OfficeError> {
        row.complete(views)?;
        self.remove(row.order);
        self.made_from.put(&row.records, row.order);
        self.rows.insert(row.order, Arc::new(row));
        Ok(())
    }

    fn remove(&mut self, order: OrderId) {
        if let Some(row) = self.rows.remove(&order) {
            self.made_from.remove(&row.records, order);
        }
    }
}
