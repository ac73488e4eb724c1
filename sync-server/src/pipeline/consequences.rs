//! What follows from accepted changes, in the same transaction: scope, the names of blobs, deliveries, receipts,
//! mirrored movements, foundings taken into the book, the states of tickets.

use std::collections::{BTreeMap, BTreeSet};

use fieldseal_core::domain::ids::{OrderId, TicketId, UserId};
use fieldseal_core::facts::kinds::Received;
use fieldseal_core::facts::{DocName, Fact, FactId, RawFact, first_order_of};

use super::PipelineError;
use super::batch::{Accepted, Batch};
use super::mirrors::Posted;
use super::ticket_states::moves_a_ticket;
use crate::storage::DeliveryRow;
use crate::{blobs, scope};

/// Most receipts in one action of the server.
const RECEIVED_MAX: usize = 64;

/// What is still to be done for the accepted changes read so far.
#[derive(Default)]
struct Due {
    /// Orders whose scope may have changed.
    orders: BTreeSet<OrderId>,
    /// Assignments to engineers, with their order.
    assigned: Vec<(DocName, FactId, Vec<UserId>)>,
    /// Seals and submits that arrived, with the visit's engineer.
    received: BTreeMap<OrderId, Vec<(UserId, FactId)>>,
    /// Visits that were handed in.
    submitted: BTreeSet<(OrderId, UserId)>,
    /// Movements and reversals that engineers wrote.
    posted: Vec<Posted>,
    /// Tickets that engineers founded on site.
    founded: BTreeSet<(UserId, TicketId)>,
    /// Orders on which an engineer described a customer or a unit.
    described: BTreeSet<(OrderId, UserId)>,
    /// Orders after whose facts their ticket may stand otherwise, and tickets that a person moved.
    standing: BTreeSet<OrderId>,
    tickets: BTreeSet<TicketId>,
}

impl Batch<'_> {
    /// Lets everything follow; facts of the server itself have consequences too, so until nothing is left.
    pub(super) fn consequences(&mut self) -> Result<(), PipelineError> {
        while !self.accepted.is_empty() || !self.created.is_empty() {
            self.flush()?;
            for (name, key) in std::mem::take(&mut self.created) {
                if let Some(engineer) = scope::owner(&name) {
                    // Every change of it comes after this row, so there is nothing to grant.
                    self.tx.add_reason(engineer, key, scope::OWN)?;
                }
            }
            let mut due = Due::default();
            for accepted in std::mem::take(&mut self.accepted) {
                self.follow(&accepted, &mut due)?;
            }
            for (engineer, ticket) in std::mem::take(&mut due.founded) {
                if self.register(engineer, ticket)? {
                    let order = first_order_of(ticket);
                    due.orders.insert(order);
                    // What was sealed before the founding arrived.
                    for (seal, submit) in self.handed_in(order, engineer)? {
                        let known = due.received.entry(order).or_default();
                        if !known.contains(&(engineer, seal)) {
                            known.push((engineer, seal));
                        }
                        if submit {
                            due.submitted.insert((order, engineer));
                        }
                    }
                }
            }
            for order in due.orders {
                scope::follow_order(self.tx.as_mut(), order)?;
            }
            let (head, _) = self.tx.head()?;
            for (order, assignment, engineers) in due.assigned {
                for engineer in engineers {
                    self.tx.put_delivery(&DeliveryRow {
                        engineer,
                        order: order.clone(),
                        assignment: assignment.to_string(),
                        row: head,
                    })?;
                }
            }
            for (order, engineer) in due.described {
                if self.ever_assigned(order)?.contains(&engineer) {
                    self.register_stubs(order, engineer)?;
                }
            }
            for (order, seals) in due.received {
                let ever = self.ever_assigned(order)?;
                due.submitted
                    .retain(|(of, engineer)| *of != order || ever.contains(engineer));
                let facts: Vec<Fact> = seals
                    .into_iter()
                    .filter(|(engineer, _)| ever.contains(engineer))
                    .map(|(_, seal)| Fact::Received(Received { seal }))
                    .collect();
                for part in facts.chunks(RECEIVED_MAX) {
                    self.append_server(&DocName::Order(order), part.to_vec())?;
                }
            }
            for (order, engineer) in due.submitted {
                self.append_history(order, engineer)?;
            }
            for posted in due.posted {
                self.mirror(&posted)?;
            }
            for order in due.standing {
                due.tickets.extend(self.ticket_of(order)?);
            }
            for ticket in due.tickets {
                self.follow_ticket(ticket)?;
            }
        }
        Ok(())
    }

    /// Whoever was assigned to an order at any time. A visit of anybody else makes the server write nothing into the
    /// office's documents: to know an order's id is no right (I9).
    fn ever_assigned(&self, order: OrderId) -> Result<BTreeSet<UserId>, PipelineError> {
        let Some(doc) = self.tx.doc(&DocName::Order(order))? else {
            return Ok(BTreeSet::new());
        };
        Ok(scope::links(&self.tx.actions_of_doc(doc.key)?).ever)
    }

    /// Reads what one accepted change asks for.
    fn follow(&mut self, accepted: &Accepted, due: &mut Due) -> Result<(), PipelineError> {
        let ledger = &self.ledgers[accepted.ledger];
        let (name, key) = (ledger.name.clone(), ledger.row.as_ref().map(|row| row.key));
        let action = &accepted.change.action;
        let Some(key) = key else { return Ok(()) };
        for sha256 in blobs::named_by(action) {
            blobs::name(self.tx.as_mut(), &sha256, &name, key)?;
        }
        let has = |kinds: &[&str]| {
            action
                .facts
                .iter()
                .any(|fact| kinds.contains(&fact.kind.as_str()))
        };
        match &name {
            DocName::Order(order) if has(&["assign", "adopt", "set", "choose"]) => {
                due.orders.insert(*order);
            }
            DocName::Ticket(_) | DocName::Customer(_) if has(&["set", "choose"]) => {
                due.orders.extend(
                    self.tx
                        .reasons_of(key)?
                        .iter()
                        .filter_map(|reason| scope::order_of(reason)),
                );
            }
            // The first change of a visit: whoever has the order gets the visit.
            DocName::Visit(order, _) if ledger.is_new() => {
                due.orders.insert(*order);
            }
            DocName::Intake(engineer, ticket) if has(&["found"]) => {
                due.founded.insert((*engineer, *ticket));
            }
            _ => {}
        }
        if let DocName::Visit(order, engineer) = &name
            && action.facts.iter().any(describes_a_record)
        {
            due.described.insert((*order, *engineer));
        }
        if action.facts.iter().any(|fact| moves_a_ticket(&fact.kind)) {
            match &name {
                DocName::Order(order) | DocName::Visit(order, _) => {
                    due.standing.insert(*order);
                }
                DocName::Ticket(ticket) => {
                    due.tickets.insert(*ticket);
                }
                _ => {}
            }
        }
        let interesting = match &name {
            DocName::Order(_) => has(&["assign"]),
            DocName::Visit(..) => has(&["seal", "submit"]),
            DocName::VanField(..) => has(&["move", "reverse"]),
            _ => false,
        };
        let Ok(first) = action.first_place(&name) else {
            return Ok(());
        };
        if !interesting {
            return Ok(());
        }
        for (place, raw) in (first..).zip(&action.facts) {
            let id = FactId {
                action: accepted.change.key,
                place,
            };
            match (&name, Fact::read(raw)) {
                (DocName::Order(_), Ok(Some(Fact::Assign(assign)))) => {
                    due.assigned.push((name.clone(), id, assign.engineers));
                }
                (DocName::Visit(order, engineer), Ok(Some(fact @ (Fact::Seal(_) | Fact::Submit(_))))) => {
                    due.received.entry(*order).or_default().push((*engineer, id));
                    if matches!(fact, Fact::Submit(_)) {
                        due.submitted.insert((*order, *engineer));
                    }
                }
                (DocName::VanField(engineer, shard), Ok(Some(fact @ (Fact::Move(_) | Fact::Reverse(_))))) => {
                    due.posted.push(Posted {
                        engineer: *engineer,
                        shard: *shard,
                        id,
                        fact,
                    })
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether a fact is about a customer's or a unit's record.
fn describes_a_record(fact: &RawFact) -> bool {
    let subject = fact.payload.get("subject").and_then(|subject| subject.as_str());
    subject.is_some_and(|subject| subject.starts_with("asset/") || subject.starts_with("customer/"))
}
