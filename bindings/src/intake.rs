//! Founding a ticket on site, and units found there.

use std::collections::HashMap;

use fieldseal_core::device::engine::{Founded, Founding, FoundingCustomer, FoundingUnit, Saved};
use fieldseal_core::domain::ids::{AssetId, CustomerId, OrderId};
use fieldseal_core::facts::{DocName, ViewToken};

use crate::engine::{Answer, FieldsealEngine};
use crate::error::FieldsealError;
use crate::values::FieldContent;
use crate::work::form;

/// Whose problem it is.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum CustomerMet {
    /// A customer that this phone knows: `customer/<id>`.
    Known {
        /// Its document.
        doc: DocName,
    },
    /// Somebody new.
    Fresh {
        /// `name` at least; `address`, `kind`.
        fields: HashMap<String, FieldContent>,
    },
}

/// What it is about.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum UnitMet {
    /// A unit that this phone knows: `asset/<id>`.
    Known {
        /// Its document.
        doc: DocName,
    },
    /// A scanned or typed one: a unit that this phone knows by its serial number, else a new one.
    Fresh {
        /// `serial` at least; `product`, `version`, `applied_on`, `sold_on`.
        fields: HashMap<String, FieldContent>,
    },
}

/// A ticket to found.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TicketForm {
    /// Code of the category: `support`, `service`, `complaint`, `suggestion`, `enquiry`.
    pub category: String,
    /// Code of the channel; `on_site` as a rule.
    pub channel: String,
    /// What was reported.
    pub description: String,
    /// Local date of the report, `YYYY-MM-DD`; today if none.
    pub reported_on: Option<String>,
    /// More fields: `priority`, `tried_already`, `environment`, …, own ones as `custom.<name>`.
    pub more: HashMap<String, FieldContent>,
    /// Whose.
    pub customer: CustomerMet,
    /// Who reports it: `name`, `phone`, `role`.
    pub caller: Option<HashMap<String, FieldContent>>,
    /// The units.
    pub units: Vec<UnitMet>,
    /// Code of the kind of visit: `repair`, `install`, `training`, …
    pub order_type: String,
    /// The engineer does the visit himself, now.
    pub takes: bool,
}

/// A founded ticket.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TicketFounded {
    /// Its document.
    pub ticket: DocName,
    /// Its first work order.
    pub order: OrderId,
    /// The number to print until the server gives one.
    pub provisional: String,
    /// The units, in the order given.
    pub units: Vec<DocName>,
    /// What was acknowledged.
    pub saved: Saved,
}

/// A unit on an order.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct UnitAdded {
    /// Its document.
    pub doc: DocName,
    /// What was acknowledged.
    pub saved: Saved,
}

impl TryFrom<CustomerMet> for FoundingCustomer {
    type Error = FieldsealError;
    fn try_from(met: CustomerMet) -> Result<Self, FieldsealError> {
        Ok(match met {
            CustomerMet::Known { doc } => Self::Known(customer(&doc)?),
            CustomerMet::Fresh { fields } => Self::New(form(fields)),
        })
    }
}

impl TryFrom<UnitMet> for FoundingUnit {
    type Error = FieldsealError;
    fn try_from(met: UnitMet) -> Result<Self, FieldsealError> {
        Ok(match met {
            UnitMet::Known { doc } => Self::Known(asset(&doc)?),
            UnitMet::Fresh { fields } => Self::New(form(fields)),
        })
    }
}

fn customer(doc: &DocName) -> Result<CustomerId, FieldsealError> {
    match doc {
        DocName::Customer(id) => Ok(*id),
        _ => Err(FieldsealError::argument("document")),
    }
}

fn asset(doc: &DocName) -> Result<AssetId, FieldsealError> {
    match doc {
        DocName::Asset(id) => Ok(*id),
        _ => Err(FieldsealError::argument("document")),
    }
}

fn code<T: std::str::FromStr>(text: &str, kind: &str) -> Result<T, FieldsealError> {
    text.parse().map_err(|_| FieldsealError::argument(kind))
}

impl TryFrom<TicketForm> for Founding {
    type Error = FieldsealError;
    fn try_from(filled: TicketForm) -> Result<Self, FieldsealError> {
        let units: Result<Vec<FoundingUnit>, FieldsealError> =
            filled.units.into_iter().map(TryInto::try_into).collect();
        Ok(Self {
            category: code(&filled.category, "category")?,
            channel: code(&filled.channel, "channel")?,
            description: filled.description,
            reported_on: filled.reported_on,
            more: form(filled.more),
            customer: filled.customer.try_into()?,
            caller: filled.caller.map(form),
            units: units?,
            order_type: code(&filled.order_type, "order type")?,
            takes: filled.takes,
        })
    }
}

impl From<Founded> for TicketFounded {
    fn from(founded: Founded) -> Self {
        Self {
            ticket: DocName::Ticket(founded.ticket),
            order: founded.order,
            provisional: founded.provisional,
            units: founded.units,
            saved: founded.saved,
        }
    }
}

/// What begins on site.
#[uniffi::export]
impl FieldsealEngine {
    /// Founds a ticket with no server in reach; with `takes` its first visit is begun. `token`: of the screen, where one
    /// was shown.
    pub fn found_ticket(&self, token: Option<ViewToken>, filled: TicketForm) -> Answer<TicketFounded> {
        let token = token.unwrap_or_default();
        Ok(self.engine.found_ticket(&token, filled.try_into()?)?.into())
    }

    /// Adds a unit that was found on site to an order.
    pub fn add_unit(&self, order: OrderId, token: ViewToken, unit: UnitMet) -> Answer<UnitAdded> {
        let (doc, saved) = self.engine.add_unit(order, &token, unit.try_into()?)?;
        Ok(UnitAdded { doc, saved })
    }
}
