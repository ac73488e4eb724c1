//! A ticket founded on site, with no server in reach (000-28, F-04, T-15): ticket, customer and units begin as what the
//! engineer wrote down, and his first visit starts at once.
//!
//! One action: the intake holds the founding with its provisional number (Q12), and everything reported as proposals about
//! the records that the office will keep; the visit is accepted in the same action. Ids are the final ones, so nothing that
//! is written meanwhile has to be moved when the office takes the ticket into its book.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::act::{Me, Plan, Saved};
use super::steps::set_fact;
use super::{Engine, Inner};
use crate::device::EngineError;
use crate::device::store::{Reading, projections, read, search};
use crate::domain::ids::{AssetId, CustomerId, OrderId, PersonId, TicketId};
use crate::domain::numbering::{ProvisionalNumber, prefix_of};
use crate::domain::work::{Category, Channel, OrderType};
use crate::facts::{DocName, Fact, Fields, ViewToken, first_order_of, kinds};

/// Longest text of a field, characters.
const TEXT_MAX: usize = 4_000;
/// Most units of one founding.
const UNITS_MAX: usize = 20;

/// Fields of a ticket that a founding may fill beside what it must say.
const MORE: &[&str] = &[
    "priority",
    "nature",
    "tried_already",
    "error_text",
    "environment",
    "customer_wish",
    "fault_occurred_at",
    "steps",
];
const CUSTOMER: &[&str] = &["name", "address", "kind"];
const PERSON: &[&str] = &["name", "phone", "role"];
const UNIT: &[&str] = &[
    "serial",
    "product",
    "version",
    "licence",
    "applied_on",
    "sold_on",
    "not_removable",
];

/// Whose problem it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundingCustomer {
    /// A customer whom this phone knows.
    Known(CustomerId),
    /// Somebody new: `name`, `address`, `kind`; a name at least.
    New(BTreeMap<String, Value>),
}

/// What it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundingUnit {
    /// A unit that this phone knows.
    Known(AssetId),
    /// A scanned or typed one: `serial` at least, `product`, dates. Where this phone knows a unit with this serial, that
    /// one is meant.
    New(BTreeMap<String, Value>),
}

/// What is known when a ticket is founded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founding {
    /// What kind of request; it gives the number its prefix.
    pub category: Category,
    /// How it reached the engineer; as a rule on site.
    pub channel: Channel,
    /// What was reported.
    pub description: String,
    /// Local date on which it was reported, `YYYY-MM-DD`; today if none. Decides the warranty (Q22).
    pub reported_on: Option<String>,
    /// More fields of the ticket, by name: `priority` (a proposal, Q27), `nature`, `tried_already`, `error_text`,
    /// `environment`, `customer_wish`, `fault_occurred_at`, `steps`, and own ones under `custom.<name>`.
    pub more: BTreeMap<String, Value>,
    /// Whose.
    pub customer: FoundingCustomer,
    /// Who reports it: `name`, `phone` (a list), `role`.
    pub caller: Option<BTreeMap<String, Value>>,
    /// The units.
    pub units: Vec<FoundingUnit>,
    /// What the visit is for.
    pub order_type: OrderType,
    /// The engineer does the visit himself, now.
    pub takes: bool,
}

/// A founded ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founded {
    /// The ticket.
    pub ticket: TicketId,
    /// Its first work order.
    pub order: OrderId,
    /// The number to print until the server gives one (Q12); beside it belongs the ticket's short code.
    pub provisional: String,
    /// The units, in the order given.
    pub units: Vec<DocName>,
    /// What was written.
    pub saved: Saved,
}

/// A form's fields: only known names, texts of a bearable length, nothing empty.
fn checked(
    fields: BTreeMap<String, Value>,
    known: &[&str],
    custom: bool,
) -> Result<BTreeMap<String, Value>, EngineError> {
    let mut kept = BTreeMap::new();
    for (name, value) in fields {
        let own = custom
            && name
                .strip_prefix("custom.")
                .is_some_and(|rest| !rest.trim().is_empty());
        if !own && !known.contains(&name.as_str()) {
            return Err(EngineError::invalid_with(
                "step_problem.unknown_field",
                "field",
                &name,
            ));
        }
        let long = |text: &str| text.chars().count() > TEXT_MAX;
        let bad = match &value {
            Value::String(text) => long(text),
            Value::Array(items) => {
                items.len() > 20 || items.iter().any(|item| item.as_str().is_none_or(long))
            }
            Value::Bool(_) | Value::Number(_) | Value::Null => false,
            Value::Object(_) => true,
        };
        if bad {
            return Err(EngineError::invalid_with(
                "step_problem.bad_value",
                "field",
                &name,
            ));
        }
        let empty = match &value {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            _ => false,
        };
        if !empty {
            kept.insert(name, value);
        }
    }
    Ok(kept)
}

fn has_text(fields: &BTreeMap<String, Value>, name: &str) -> bool {
    fields.get(name).and_then(Value::as_str).is_some()
}

fn about(subject: DocName, fields: BTreeMap<String, Value>) -> Fact {
    Fact::Set(kinds::Set {
        subject: Some(subject),
        fields,
        over: Vec::new(),
    })
}

/// A unit with this very serial among those that this phone knows.
fn unit_with(connection: &Reading<'_>, serial: &str) -> Result<Option<DocName>, EngineError> {
    for hit in search::find(connection, serial)? {
        if let Ok(doc @ DocName::Asset(_)) = hit.name.parse::<DocName>() {
            let record = projections::record(connection, &doc, &[])?;
            let known = record.fields.known_text("serial");
            if known.is_some_and(|known| known.trim().eq_ignore_ascii_case(serial.trim())) {
                return Ok(Some(doc));
            }
        }
    }
    Ok(None)
}

impl Inner {
    /// The unit that is meant, and the fact that describes a new one.
    fn unit(
        &self,
        connection: &Reading<'_>,
        unit: FoundingUnit,
    ) -> Result<(DocName, Option<Fact>), EngineError> {
        match unit {
            FoundingUnit::Known(id) => {
                let doc = DocName::Asset(id);
                known(connection, &doc, "step_problem.unknown_asset")?;
                Ok((doc, None))
            }
            FoundingUnit::New(fields) => {
                let fields = checked(fields, UNIT, true)?;
                let serial = fields
                    .get("serial")
                    .and_then(Value::as_str)
                    .ok_or_else(|| EngineError::invalid("step_problem.serial_missing"))?;
                if let Some(doc) = unit_with(connection, serial)? {
                    return Ok((doc, None));
                }
                let doc = DocName::Asset(AssetId(self.env.uuid_v7()));
                Ok((doc.clone(), Some(about(doc, fields))))
            }
        }
    }

    fn founding(
        &self,
        connection: &Reading<'_>,
        me: &Me,
        ticket: TicketId,
        founding: Founding,
    ) -> Result<(Plan, (String, Vec<DocName>)), EngineError> {
        if founding.description.trim().is_empty() {
            return Err(EngineError::invalid("step_problem.description_missing"));
        }
        if founding.units.len() > UNITS_MAX {
            return Err(EngineError::invalid("step_problem.too_large"));
        }
        let order = DocName::Order(first_order_of(ticket));
        let now = self.zone.local_time(self.env.clock.read().wall_ms);
        let reported_on = match founding.reported_on {
            Some(day) => day
                .trim()
                .parse::<chrono::NaiveDate>()
                .map_err(|_| EngineError::invalid_with("step_problem.bad_value", "field", "reported_on"))?,
            None => now.wall_date(),
        };
        let mut facts = Vec::new();
        let (customer, described) = match founding.customer {
            FoundingCustomer::Known(id) => {
                let doc = DocName::Customer(id);
                known(connection, &doc, "step_problem.unknown_customer")?;
                (doc, None)
            }
            FoundingCustomer::New(fields) => {
                let fields = checked(fields, CUSTOMER, true)?;
                if !has_text(&fields, "name") {
                    return Err(EngineError::invalid("step_problem.customer_missing"));
                }
                let doc = DocName::Customer(CustomerId(self.env.uuid_v7()));
                (doc.clone(), Some(about(doc, fields)))
            }
        };
        let (mut units, mut stubs) = (Vec::new(), Vec::new());
        for unit in founding.units {
            let (doc, described) = self.unit(connection, unit)?;
            if !units.contains(&doc) {
                units.push(doc);
            }
            stubs.extend(described);
        }
        let caller = founding
            .caller
            .map(|fields| {
                let fields = checked(fields, PERSON, false)?;
                let person = DocName::PersonField(me.user, PersonId(self.env.uuid_v7()), 1);
                let fact = set_fact(&Fields::default(), None, fields, &ViewToken::default())?;
                Ok::<_, EngineError>((person, fact))
            })
            .transpose()?;
        let mut of_ticket = checked(founding.more, MORE, true)?;
        let priority = of_ticket.get("priority").cloned();
        let mut of_order = BTreeMap::from([
            ("ticket".to_owned(), json!(DocName::Ticket(ticket))),
            ("type".to_owned(), json!(founding.order_type)),
            ("summary".to_owned(), json!(founding.description.trim())),
        ]);
        of_order.extend(priority.map(|priority| ("priority".to_owned(), priority)));
        of_ticket.extend([
            ("category".to_owned(), json!(founding.category)),
            ("channel".to_owned(), json!(founding.channel)),
            ("description".to_owned(), json!(founding.description.trim())),
            ("reported_on".to_owned(), json!(reported_on.to_string())),
            ("received_at".to_owned(), json!(now.to_string())),
        ]);
        for fields in [&mut of_ticket, &mut of_order] {
            fields.insert("customer".to_owned(), json!(customer));
            fields.insert("assets".to_owned(), json!(units));
        }
        if let Some((person, _)) = &caller {
            of_ticket.insert("caller".to_owned(), json!(person));
            of_order.insert("contact".to_owned(), json!(person));
        }
        let provisional = next_provisional(connection, me, founding.category)?;
        facts.push(Fact::Found(kinds::Found {
            provisional: provisional.clone(),
            takes: founding.takes,
        }));
        facts.push(about(DocName::Ticket(ticket), of_ticket));
        facts.push(about(order, of_order));
        facts.extend(described);
        facts.extend(stubs);
        let mut plan = Plan::one(DocName::Intake(me.user, ticket), facts);
        if let Some((person, fact)) = caller {
            plan.parts.push((person, vec![fact]));
        }
        plan.drafts.push(FOUNDING_DRAFT.to_owned());
        Ok((plan, (provisional, units)))
    }
}

/// The key of the draft that a founding ends.
pub const FOUNDING_DRAFT: &str = "founding";

/// Refuses a record that this phone has nothing of.
fn known(connection: &Reading<'_>, doc: &DocName, code: &str) -> Result<(), EngineError> {
    let record = projections::record(connection, doc, &[])?;
    if record.changes.is_empty() {
        return Err(EngineError::invalid(code));
    }
    Ok(())
}

/// One more than the highest number that this engineer's foundings carry for this device.
fn next_provisional(connection: &Reading<'_>, me: &Me, category: Category) -> Result<String, EngineError> {
    let [device, ..] = me.identity.tag;
    let foundings = read::foundings(connection, me.user)?;
    let highest = foundings
        .iter()
        .filter_map(|found| found.parse::<ProvisionalNumber>().ok())
        .filter(|number| number.device() == device)
        .map(|number| number.counter())
        .max()
        .unwrap_or(0);
    ProvisionalNumber::new(prefix_of(category), &me.identity.tag, highest.saturating_add(1))
        .map(|number| number.to_string())
        .map_err(|_| EngineError::unexpected("provisional"))
}

impl Engine {
    /// Founds a ticket on site, with customer and units new or known; with `takes` its first visit is this engineer's and
    /// accepted. Needs no server, ever: the office takes it into its book when it arrives.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] without description or customer, for a serial that is missing, a field that is unknown or
    /// too long, a customer or unit that is not here; [`EngineError::NotEnrolled`], [`EngineError::StorageFull`],
    /// [`EngineError::Closed`].
    pub fn found_ticket(&self, token: &ViewToken, founding: Founding) -> Result<Founded, EngineError> {
        let ticket = TicketId(self.inner.env.uuid_v7());
        let order = first_order_of(ticket);
        let takes = founding.takes;
        let (saved, (provisional, units)) = self.inner.act(token, |transaction, me| {
            let (mut plan, told) = self.inner.founding(transaction, me, ticket, founding)?;
            if takes {
                // The founding is the first fact of the action: its id is known once the action's is.
                plan.accept = Some(DocName::Visit(order, me.user));
            }
            Ok((plan, told))
        })?;
        Ok(Founded {
            ticket,
            order,
            provisional,
            units,
            saved,
        })
    }

    /// A unit found on site that the order does not name yet (T-15): by its serial one that this phone knows, else a new
    /// one. It stands on the order at once, as a proposal that the office takes over.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] without a serial or for a field that is unknown or too long. Else as [`Engine::step`].
    pub fn add_unit(
        &self,
        order: OrderId,
        token: &ViewToken,
        unit: FoundingUnit,
    ) -> Result<(DocName, Saved), EngineError> {
        let (saved, doc) = self.visit_with(order, token, |connection, _, folded| {
            let (doc, described) = self.inner.unit(connection, unit)?;
            let mut facts: Vec<Fact> = described.into_iter().collect();
            if !folded.view.fields.named("assets").contains(&doc) {
                let fields = BTreeMap::from([("assets".to_owned(), json!([doc]))]);
                facts.push(about(DocName::Order(order), fields));
            }
            if facts.is_empty() {
                return Err(EngineError::invalid("step_problem.unit_known"));
            }
            Ok((facts, doc))
        })?;
        Ok((doc, saved))
    }
}
