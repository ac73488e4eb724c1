//! Tickets that engineers founded on site, taken into the office's book when they arrive (000-28, Q12, design 3).
//!
//! The server gives the number, writes ticket and first order from what the engineer reported, and lets his founding stand
//! as the assignment: it is at work already. Triage stays the dispatcher's.
//!
//! Invariants: a ticket or order that the office has is left alone: to know an id is no right (I13). A founding links only
//! to what it brings along and to records that its engineer has in scope, so nobody learns a customer's data by naming its
//! id; any other link stays a proposal for a person to take over. Values pass the office's own checks; what does not pass
//! stays in the intake, where everybody sees it.

use std::collections::BTreeSet;

use fieldseal_core::domain::ids::{OrderId, TicketId, UserId};
use fieldseal_core::domain::numbering::{DisplayNumber, prefix_of};
use fieldseal_core::domain::time::LocalTime;
use fieldseal_core::domain::work::{Category, TicketState};
use fieldseal_core::facts::envelope::MAX_ENVELOPE_BYTES;
use fieldseal_core::facts::kinds::{Adopt, Number, OrderAdded, Set};
use fieldseal_core::facts::{DocName, Fact, FactId, Fields, OrderView, ViewToken, first_order_of};
use serde_json::{Value, json};

use super::batch::Batch;
use super::{PipelineError, SERVER_USER};
use crate::office::fields::{Changes, takeable};
use crate::office::ticket_state;

/// Bytes of values that one record takes from a founding; the rest stays in the intake.
const FIELD_BYTES: usize = MAX_ENVELOPE_BYTES / 4;
/// Proposals that one record settles.
const OVER_MAX: usize = 256;
/// Stubs that one founding makes; more stay in the intake.
const STUBS_MAX: usize = 32;
/// Fields that link a record to others.
const LINKS: &[&str] = &["customer", "assets", "caller", "contact"];

impl Batch<'_> {
    /// Takes a founding into the book; whether it did.
    pub(super) fn register(&mut self, engineer: UserId, ticket: TicketId) -> Result<bool, PipelineError> {
        let order = first_order_of(ticket);
        let (of_ticket, of_order) = (DocName::Ticket(ticket), DocName::Order(order));
        if self.has_facts(&of_ticket)? || self.has_facts(&of_order)? {
            return Ok(false);
        }
        let view = self.order_view(order)?;
        let Some(founded) = view
            .founded
            .as_ref()
            .filter(|founded| founded.engineer == engineer && founded.ticket == of_ticket)
        else {
            return Ok(false);
        };
        let none = Fields::default();
        let told = view.learnt.get(&of_ticket).unwrap_or(&none);
        let category = told
            .known_parsed::<Category>("category")
            .unwrap_or(Category::Service);
        let today = LocalTime::new(self.now, self.service.offset_minutes).wall_date();
        let sequence = self.tx.next_number(&format!("{}/{today}", prefix_of(category)))?;
        let sequence = u32::try_from(sequence).unwrap_or(u32::MAX);
        let Ok(number) = DisplayNumber::new(prefix_of(category), today, sequence) else {
            return Ok(false);
        };
        let mut ticket_fields = self.proposed(engineer, &of_ticket, told)?;
        let category = json!(category);
        ticket_fields.0.insert("category".to_owned(), category);
        let provisional = json!(founded.provisional);
        ticket_fields.0.insert("provisional_no".to_owned(), provisional);
        let mut order_fields = self.proposed(engineer, &of_order, &view.fields)?;
        order_fields.0.insert("ticket".to_owned(), json!(of_ticket));
        let mut parts = vec![
            (
                of_ticket,
                vec![
                    set(ticket_fields),
                    ticket_state(TicketState::Received),
                    Fact::Number(Number {
                        number: number.to_string(),
                    }),
                    Fact::OrderAdded(OrderAdded {
                        order: of_order.clone(),
                    }),
                ],
            ),
            (
                of_order,
                vec![
                    set(order_fields),
                    Fact::Adopt(Adopt {
                        intake: DocName::Intake(engineer, ticket),
                        found: founded.id,
                    }),
                ],
            ),
        ];
        parts.extend(self.stubs(engineer, &view)?);
        self.append(SERVER_USER, &parts, &ViewToken::default())?;
        Ok(true)
    }

    /// Makes records of the customers and units that an engineer of the order described in his visit and that exist
    /// nowhere else (T-15).
    pub(super) fn register_stubs(&mut self, order: OrderId, engineer: UserId) -> Result<(), PipelineError> {
        let view = self.order_view(order)?;
        let parts = self.stubs(engineer, &view)?;
        if !parts.is_empty() {
            self.append(SERVER_USER, &parts, &ViewToken::default())?;
        }
        Ok(())
    }

    /// Customers and units that exist nowhere but in what was written on site: records of the office now, marked as stubs until
    /// somebody confirms or merges them (T-15).
    fn stubs(
        &mut self,
        engineer: UserId,
        view: &OrderView,
    ) -> Result<Vec<(DocName, Vec<Fact>)>, PipelineError> {
        let customer = view.fields.known("customer");
        let mut parts = Vec::new();
        for (doc, fields) in &view.learnt {
            if parts.len() >= STUBS_MAX
                || !matches!(doc, DocName::Customer(_) | DocName::Asset(_))
                // A unit that replaces another one becomes a record when the office takes the swap over (U-05).
                || fields.known("replaces").is_some()
                || self.has_facts(doc)?
            {
                continue;
            }
            let mut stub = self.proposed(engineer, doc, fields)?;
            if stub.0.is_empty() {
                continue;
            }
            stub.0.insert("stub".to_owned(), json!(true));
            if let (DocName::Asset(_), Some(customer)) = (doc, &customer) {
                let link = Changes::from([("customer".to_owned(), customer.clone())]);
                stub.0.extend(self.allowed_links(engineer, takeable(doc, link))?);
            }
            parts.push((doc.clone(), vec![set(stub)]));
        }
        Ok(parts)
    }

    /// What an engineer proposes for a record, as far as it can be taken, with the entries that it comes from.
    fn proposed(
        &mut self,
        engineer: UserId,
        doc: &DocName,
        fields: &Fields,
    ) -> Result<(Changes, Vec<FactId>), PipelineError> {
        let all: Changes = fields
            .0
            .keys()
            .filter_map(|name| Some((name.clone(), fields.known(name)?)))
            .collect();
        let taken = bounded(self.allowed_links(engineer, takeable(doc, all))?);
        let over: BTreeSet<FactId> = taken
            .keys()
            .filter_map(|name| fields.0.get(name))
            .flat_map(|field| &field.proposals)
            .map(|entry| entry.fact)
            .collect();
        Ok((taken, over.into_iter().take(OVER_MAX).collect()))
    }

    /// The values without links to what the engineer may not see.
    fn allowed_links(&mut self, engineer: UserId, changes: Changes) -> Result<Changes, PipelineError> {
        let mut kept = Changes::new();
        for (name, value) in changes {
            if !LINKS.contains(&name.as_str()) {
                kept.insert(name, value);
                continue;
            }
            let value = match value {
                Value::Array(items) => {
                    let mut allowed = Vec::new();
                    for item in items {
                        if self.may_link(engineer, &item)? {
                            allowed.push(item);
                        }
                    }
                    Value::Array(allowed)
                }
                one if self.may_link(engineer, &one)? => one,
                _ => continue,
            };
            kept.insert(name, value);
        }
        Ok(kept)
    }

    fn may_link(&mut self, engineer: UserId, value: &Value) -> Result<bool, PipelineError> {
        let Some(name) = value.as_str().and_then(|text| text.parse::<DocName>().ok()) else {
            return Ok(false);
        };
        self.flush()?;
        Ok(match self.tx.doc(&name)? {
            Some(doc) if doc.changes > 0 => self.tx.in_scope(engineer, doc.key)?,
            _ => true,
        })
    }

    fn has_facts(&mut self, doc: &DocName) -> Result<bool, PipelineError> {
        self.flush()?;
        Ok(self.tx.doc(doc)?.is_some_and(|doc| doc.changes > 0))
    }

    /// The seals and submits that an engineer's visit of the order holds already.
    pub(super) fn handed_in(
        &mut self,
        order: OrderId,
        engineer: UserId,
    ) -> Result<Vec<(FactId, bool)>, PipelineError> {
        let view = self.order_view(order)?;
        let visit = DocName::Visit(order, engineer);
        Ok(view
            .timeline
            .iter()
            .filter(|event| *event.record.doc == visit)
            .filter_map(|event| match event.record.fact()? {
                Fact::Seal(_) => Some((event.record.id, false)),
                Fact::Submit(_) => Some((event.record.id, true)),
                _ => None,
            })
            .collect())
    }
}

/// As many values as one action surely holds: what a phone sent must never make the office's own action too long.
fn bounded(changes: Changes) -> Changes {
    let mut left = FIELD_BYTES;
    changes
        .into_iter()
        .filter(|(name, value)| {
            let bytes = name.len() + value.to_string().len();
            let fits = bytes <= left;
            left -= if fits { bytes } else { 0 };
            fits
        })
        .collect()
}

fn set((fields, over): (Changes, Vec<FactId>)) -> Fact {
    Fact::Set(Set {
        subject: None,
        fields,
        over,
    })
}
