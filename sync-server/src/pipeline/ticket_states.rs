//! A ticket follows its work orders (D.3, 000-33): in work while one runs, solved by one that solved it, back with the
//! dispatcher when a visit ended without, confirmed by the customer's signature, closed once all is audited.
//!
//! Written by the server as facts of the ticket, one action a step, so that phones and page read a state and never have to
//! hold all of a ticket's orders. What a person decides (triage, reopening, closing by Q24) is the office's; this follows it.

use fieldseal_core::domain::ids::{OrderId, TicketId};
use fieldseal_core::domain::work::TicketState;
use fieldseal_core::facts::kinds;
use fieldseal_core::facts::ticket::{Standing, TicketLog, next_ticket_state};
use fieldseal_core::facts::{
    DocName, Fact, FactId, FoldContext, OrderView, StoredAction, fold_order, fold_record,
};

use super::PipelineError;
use super::batch::Batch;
use crate::storage::ActionRow;

/// Steps that one event can bring about: more than the table has in a row.
const STEPS_MAX: usize = 8;

/// Kinds of facts after which a ticket may stand otherwise.
pub(super) fn moves_a_ticket(kind: &str) -> bool {
    matches!(
        kind,
        "assign"
            | "adopt"
            | "cancel"
            | "uncancel"
            | "confirm"
            | "pick"
            | "audit"
            | "unaudit"
            | "accept"
            | "decline"
            | "travel"
            | "arrive"
            | "remote"
            | "wait"
            | "done"
            | "seal"
            | "submit"
            | "ticket_state"
            | "order_added"
    )
}

impl Batch<'_> {
    /// A work order with its visits, as of this transaction; movements of vans left out.
    pub(super) fn order_view(&mut self, order: OrderId) -> Result<OrderView, PipelineError> {
        self.flush()?;
        let actions: Vec<StoredAction> = self
            .tx
            .actions_of_family(&DocName::Order(order).family())?
            .into_iter()
            .map(stored)
            .collect();
        Ok(fold_order(order, &actions, &FoldContext::default()))
    }

    /// The ticket that an order names.
    pub(super) fn ticket_of(&mut self, order: OrderId) -> Result<Option<TicketId>, PipelineError> {
        let doc = DocName::Order(order);
        self.flush()?;
        let Some(row) = self.tx.doc(&doc)?.filter(|row| row.changes > 0) else {
            return Ok(None);
        };
        let actions: Vec<StoredAction> = self.tx.actions_of_doc(row.key)?.into_iter().map(stored).collect();
        let fields = fold_record(&doc, &actions).fields;
        Ok(match fields.parsed("ticket") {
            Some(DocName::Ticket(ticket)) => Some(ticket),
            _ => None,
        })
    }

    fn ticket_log(&mut self, ticket: TicketId) -> Result<Option<TicketLog>, PipelineError> {
        let doc = DocName::Ticket(ticket);
        self.flush()?;
        let Some(row) = self.tx.doc(&doc)?.filter(|row| row.changes > 0) else {
            return Ok(None);
        };
        let actions: Vec<StoredAction> = self.tx.actions_of_doc(row.key)?.into_iter().map(stored).collect();
        Ok(fold_record(&doc, &actions).ticket.map(|log| *log))
    }

    /// Brings a ticket's state in line with its work orders.
    pub(super) fn follow_ticket(&mut self, ticket: TicketId) -> Result<(), PipelineError> {
        for _ in 0..STEPS_MAX {
            let Some(log) = self.ticket_log(ticket)? else {
                return Ok(());
            };
            let Some(now) = log.state() else { return Ok(()) };
            let (mut standings, mut brought_back) = (Vec::new(), None);
            for order in log.orders.iter().copied().filter(|order| log.counts(*order)) {
                let view = self.order_view(order)?;
                standings.push(Standing::of(&view));
                // The newest one made: which of several is named matters to readers only.
                brought_back = view.done_by.as_ref().map(|done| done.fact).or(brought_back);
            }
            let Some(next) = next_ticket_state(now, &standings) else {
                return Ok(());
            };
            let cause = brought_back.filter(|_| next != TicketState::InWork);
            self.append_server(&DocName::Ticket(ticket), vec![step(next, cause)])?;
        }
        Ok(())
    }
}

fn step(state: TicketState, cause: Option<FactId>) -> Fact {
    Fact::TicketState(kinds::TicketState {
        state: state.as_str().to_owned(),
        reason: None,
        close: (state == TicketState::Closed).then(|| "confirmed".to_owned()),
        cause,
        after: Vec::new(),
    })
}

pub(super) fn stored(row: ActionRow) -> StoredAction {
    StoredAction {
        doc: row.doc,
        key: row.key,
        text: row.text.into(),
        hash: row.hash,
        deps: row.deps,
        actor: row.actor,
    }
}
