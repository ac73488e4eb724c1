//! Hiding instead of deleting (F-29, Q9, D.3): who, when and why stay, and it can be taken back.
//!
//! Invariants: nothing is removed; a hide never wins over an edit that did not know of it, which the fold sees to; what an
//! engineer has in hands is not hidden under him.

use std::cmp::Reverse;
use std::sync::Arc;

use fieldseal_core::domain::ids::{AssetId, CustomerId};
use fieldseal_core::domain::roles::Operation;
use fieldseal_core::domain::work::VisibleStatus;
use fieldseal_core::facts::kinds::Hide;
use fieldseal_core::facts::order::view::Note;
use fieldseal_core::facts::{DocName, Fact, RecordView, ViewToken};

use super::fields::required;
use super::{BoardRow, CustomerRow, Office, OfficeError, Person, TicketRow, require};
use crate::pipeline::Saved;

impl Office {
    /// The hides that stand over a record, and whether an engineer has it in hands.
    fn hides_of(&self, doc: &DocName) -> Result<(Vec<Note>, bool), OfficeError> {
        let in_hands = |order| -> Result<bool, OfficeError> {
            let view = self.views.order(order)?;
            Ok(view.is_some_and(|view| view.status == VisibleStatus::Dispatched))
        };
        match doc {
            DocName::Order(order) => {
                let view = self.views.order(*order)?.ok_or(OfficeError::NotFound)?;
                Ok((view.hides.clone(), in_hands(*order)?))
            }
            DocName::Ticket(_) | DocName::Customer(_) | DocName::Asset(_) => {
                let view = self.views.record(doc)?.ok_or(OfficeError::NotFound)?;
                let mut dispatched = false;
                for order in view.ticket.iter().flat_map(|log| &log.orders) {
                    dispatched |= in_hands(*order)?;
                }
                Ok((view.hides.clone(), dispatched))
            }
            _ => Err(OfficeError::NotFound),
        }
    }

    /// Hides an order, a ticket, a customer or a unit: lists, board and search leave it out, its own page says so.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `empty` without a reason,
    /// `already_hidden`, `in_hands` while an engineer has the order, or one of the ticket's.
    pub fn hide(
        &self,
        by: &Person,
        doc: &DocName,
        token: &ViewToken,
        reason: &str,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::HideRecord)?;
        let reason = required("reason", reason)?;
        let _one = self.begin();
        let (hides, in_hands) = self.hides_of(doc)?;
        if !hides.is_empty() {
            return Err(OfficeError::whole("already_hidden"));
        }
        if in_hands {
            return Err(OfficeError::whole("in_hands"));
        }
        let fact = Fact::Hide(Hide { target: None, reason });
        self.append(by, &[(doc.clone(), vec![fact])], token)
    }

    /// Shows a hidden record again.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `empty` without a reason,
    /// `not_hidden`.
    pub fn unhide(
        &self,
        by: &Person,
        doc: &DocName,
        token: &ViewToken,
        reason: &str,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::HideRecord)?;
        let reason = required("reason", reason)?;
        let _one = self.begin();
        let (hides, _) = self.hides_of(doc)?;
        if hides.is_empty() {
            return Err(OfficeError::whole("not_hidden"));
        }
        let back = |hide: Note| {
            Fact::Hide(Hide {
                target: Some(hide.id),
                reason: reason.clone(),
            })
        };
        let facts = hides.into_iter().map(back).collect();
        self.append(by, &[(doc.clone(), facts)], token)
    }

    /// Hidden orders, newest first.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn hidden_orders(&self) -> Result<Vec<Arc<BoardRow>>, OfficeError> {
        let rows = self.lists.follow(&self.views)?;
        let mut hidden: Vec<_> = rows.orders.hidden().cloned().collect();
        drop(rows);
        hidden.sort_unstable_by_key(|row| (Reverse(row.created_ms), row.order));
        Ok(hidden)
    }

    /// Hidden tickets, newest first.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn hidden_tickets(&self) -> Result<Vec<Arc<TicketRow>>, OfficeError> {
        let rows = self.lists.follow(&self.views)?;
        let mut hidden: Vec<_> = rows.tickets.hidden().cloned().collect();
        drop(rows);
        hidden.sort_unstable_by_key(|row| (Reverse(row.received_ms), row.id));
        Ok(hidden)
    }

    /// Hidden customers, by name.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn hidden_customers(&self) -> Result<Vec<Arc<CustomerRow>>, OfficeError> {
        let rows = self.lists.follow(&self.views)?;
        Ok(rows.customers.hidden().cloned().collect())
    }

    /// A customer's hidden units, oldest first.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn hidden_units_of(
        &self,
        customer: CustomerId,
    ) -> Result<Vec<(AssetId, Arc<RecordView>)>, OfficeError> {
        self.units(customer, true)
    }
}
