//! Conflicts over all orders and records, and settling them.

use fieldseal_core::domain::ids::OrderId;
use fieldseal_core::domain::roles::Operation;
use fieldseal_core::facts::conflict::{Acts, Conflict};
use fieldseal_core::facts::kinds::Resolve;
use fieldseal_core::facts::{DocName, Fact, ViewToken};
use uuid::Uuid;

use super::fields::required;
use super::{Office, OfficeError, Person, require};
use crate::pipeline::Saved;

/// A conflict with the order that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictRow {
    /// The order.
    pub order: OrderId,
    /// The conflict with all its sides.
    pub conflict: Conflict,
    /// Token of the order's view, for the form that settles it.
    pub token: ViewToken,
}

/// Who settles what (D.4).
pub(super) const fn settled_by(acts: Acts) -> Operation {
    match acts {
        Acts::Dispatcher => Operation::ResolvePlanConflict,
        Acts::Storekeeper => Operation::ResolveStockConflict,
        Acts::Engineer => Operation::ResolveDraftConflict,
        // What is only to know is put aside by whoever plans.
        Acts::Nobody => Operation::ResolvePlanConflict,
        Acts::Auditor => Operation::ResolveOtherConflict,
    }
}

impl Office {
    /// Every conflict of every order, open ones that ask for a decision first, then by the order's age.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn conflicts(&self) -> Result<Vec<ConflictRow>, OfficeError> {
        let mut rows = Vec::new();
        let board = self.board()?.rows;
        for order in board.iter().filter(|row| row.conflicts > 0).map(|row| row.order) {
            let Some(view) = self.views.order(order)? else {
                continue;
            };
            rows.extend(view.conflicts.iter().map(|conflict| ConflictRow {
                order,
                conflict: conflict.clone(),
                token: view.token.clone(),
            }));
        }
        rows.sort_by_key(|row| {
            (
                !row.conflict.open_action(),
                row.conflict.resolved.is_some(),
                std::cmp::Reverse(row.order),
                row.conflict.id,
            )
        });
        Ok(rows)
    }

    /// Settles a conflict of an order with a note; both sides stay visible.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`] by the kind of conflict, [`OfficeError::NotFound`] if the order has no such conflict.
    pub fn resolve(
        &self,
        by: &Person,
        order: OrderId,
        conflict: Uuid,
        note: &str,
        token: &ViewToken,
    ) -> Result<Saved, OfficeError> {
        let note = required("note", note)?;
        let _one = self.begin();
        let view = self.views.order(order)?.ok_or(OfficeError::NotFound)?;
        let found = view
            .conflicts
            .iter()
            .find(|known| known.id == conflict)
            .ok_or(OfficeError::NotFound)?;
        require(by, settled_by(found.acts))?;
        let fact = Fact::Resolve(Resolve { conflict, note });
        self.append(by, &[(DocName::Order(order), vec![fact])], token)
    }
}
