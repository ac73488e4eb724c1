//! The names of documents and who alone writes into each (design 3, «One writing role each»).
//!
//! Permission is a question about a document, never about a field: a name tells its writer.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::ids::{
    AssetId, CustomerId, LocationId, OrderId, PersonId, RecordId, TicketId, UserId, parse_uuid,
};

/// A calendar quarter in a document's name: a shard that bounds a document's growth, never a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard {
    /// Gregorian year, 2000–2999.
    pub year: u16,
    /// 1–4.
    pub quarter: u8,
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}q{}", self.year, self.quarter)
    }
}

impl FromStr for Shard {
    type Err = DocNameError;
    fn from_str(text: &str) -> Result<Self, DocNameError> {
        let (year, quarter) = text.split_once('q').ok_or(DocNameError::Form)?;
        let shard = Self {
            year: year.parse().map_err(|_| DocNameError::Form)?,
            quarter: quarter.parse().map_err(|_| DocNameError::Form)?,
        };
        let valid = (2000..3000).contains(&shard.year) && (1..=4).contains(&shard.quarter);
        if valid && shard.to_string() == text {
            Ok(shard)
        } else {
            Err(DocNameError::Form)
        }
    }
}

/// Who alone may write into a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Writer {
    /// The office: the server appends, `by` an office person whose role allows the fact.
    Office,
    /// The devices of one engineer.
    Engineer(UserId),
}

/// The first work order of a ticket: its id follows from the ticket's, so that a visit starts at once where no server
/// can be asked (design 3). Can never change.
pub fn first_order_of(ticket: TicketId) -> OrderId {
    OrderId(uuid::Uuid::new_v5(&ticket.0, b"order"))
}

/// A text is not the name of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DocNameError {
    /// The prefix is none of ours (a newer version's document, or nonsense).
    #[error("unknown kind of document")]
    UnknownKind,
    /// Right prefix, wrong rest.
    #[error("malformed document name")]
    Form,
}

/// The name of a document, e.g. `visit/<order>/<engineer>`. One document has exactly one name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DocName {
    /// `customer/<id>`: master data.
    Customer(CustomerId),
    /// `customer-office/<id>`: blacklist, internal notes; never reaches a phone.
    CustomerOffice(CustomerId),
    /// `asset/<id>`: an installed unit and its service history.
    Asset(AssetId),
    /// `person/<id>/<generation>`: name, phones, address of a person, written by the office.
    Person(PersonId, u32),
    /// `person-field/<engineer>/<id>/<generation>`: the same, learnt on site.
    PersonField(UserId, PersonId, u32),
    /// `ticket/<id>`: what was reported.
    Ticket(TicketId),
    /// `intake/<engineer>/<id>`: a ticket founded on site.
    Intake(UserId, TicketId),
    /// `order/<id>`: the office's side of a work order.
    Order(OrderId),
    /// `visit/<order>/<engineer>`: one engineer's side of a work order.
    Visit(OrderId, UserId),
    /// `van/<engineer>/<quarter>/field`: movements that the engineer records.
    VanField(UserId, Shard),
    /// `van/<engineer>/<quarter>/office`: movements and closings that the storekeeper records.
    VanOffice(UserId, Shard),
    /// `store/<location>/<quarter>`: goods in, issues, scrap of a store.
    Store(LocationId, Shard),
    /// `plan/<id>`.
    Plan(RecordId),
    /// `absence/<engineer>`.
    Absence(UserId),
    /// `case/<id>`: complaint, improvement.
    Case(RecordId),
    /// `reference/index`: which immutable packs are valid from when.
    ReferenceIndex,
    /// `directory`: users, devices with their certificates.
    Directory,
}

impl DocName {
    /// The only role that writes into this document.
    pub fn writer(&self) -> Writer {
        match self {
            Self::PersonField(engineer, ..)
            | Self::Intake(engineer, _)
            | Self::Visit(_, engineer)
            | Self::VanField(engineer, _) => Writer::Engineer(*engineer),
            _ => Writer::Office,
        }
    }

    /// The person that a person's document is about.
    pub fn person(&self) -> Option<PersonId> {
        match self {
            Self::Person(person, _) | Self::PersonField(_, person, _) => Some(*person),
            _ => None,
        }
    }

    /// The work order whose family this document belongs to, if any (design 3: a family is a work order, its visits,
    /// and the intake that it began with).
    pub fn order(&self) -> Option<OrderId> {
        match self {
            Self::Order(order) | Self::Visit(order, _) => Some(*order),
            Self::Intake(_, ticket) => Some(first_order_of(*ticket)),
            _ => None,
        }
    }

    /// The family key: documents with equal keys share one `n` counter. For a work order `order/<id>`, for a van
    /// `van/<engineer>`, elsewhere the document itself.
    pub fn family(&self) -> String {
        match self {
            Self::Order(order) | Self::Visit(order, _) => format!("order/{order}"),
            Self::Intake(_, ticket) => format!("order/{}", first_order_of(*ticket)),
            Self::VanField(engineer, _) | Self::VanOffice(engineer, _) => format!("van/{engineer}"),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for DocName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer(id) => write!(f, "customer/{id}"),
            Self::CustomerOffice(id) => write!(f, "customer-office/{id}"),
            Self::Asset(id) => write!(f, "asset/{id}"),
            Self::Person(id, generation) => write!(f, "person/{id}/{generation}"),
            Self::PersonField(engineer, id, generation) => {
                write!(f, "person-field/{engineer}/{id}/{generation}")
            }
            Self::Ticket(id) => write!(f, "ticket/{id}"),
            Self::Intake(engineer, id) => write!(f, "intake/{engineer}/{id}"),
            Self::Order(id) => write!(f, "order/{id}"),
            Self::Visit(order, engineer) => write!(f, "visit/{order}/{engineer}"),
            Self::VanField(engineer, shard) => write!(f, "van/{engineer}/{shard}/field"),
            Self::VanOffice(engineer, shard) => write!(f, "van/{engineer}/{shard}/office"),
            Self::Store(location, shard) => write!(f, "store/{location}/{shard}"),
            Self::Plan(id) => write!(f, "plan/{id}"),
            Self::Absence(engineer) => write!(f, "absence/{engineer}"),
            Self::Case(id) => write!(f, "case/{id}"),
            Self::ReferenceIndex => f.write_str("reference/index"),
            Self::Directory => f.write_str("directory"),
        }
    }
}

impl FromStr for DocName {
    type Err = DocNameError;

    fn from_str(text: &str) -> Result<Self, DocNameError> {
        fn id(text: &str) -> Result<uuid::Uuid, DocNameError> {
            parse_uuid(text).map_err(|_| DocNameError::Form)
        }
        fn generation(text: &str) -> Result<u32, DocNameError> {
            let number: u32 = text.parse().map_err(|_| DocNameError::Form)?;
            if number.to_string() == text {
                Ok(number)
            } else {
                Err(DocNameError::Form)
            }
        }
        let parts: Vec<&str> = text.split('/').collect();
        Ok(match parts.as_slice() {
            ["customer", a] => Self::Customer(CustomerId(id(a)?)),
            ["customer-office", a] => Self::CustomerOffice(CustomerId(id(a)?)),
            ["asset", a] => Self::Asset(AssetId(id(a)?)),
            ["person", a, g] => Self::Person(PersonId(id(a)?), generation(g)?),
            ["person-field", e, a, g] => Self::PersonField(UserId(id(e)?), PersonId(id(a)?), generation(g)?),
            ["ticket", a] => Self::Ticket(TicketId(id(a)?)),
            ["intake", e, a] => Self::Intake(UserId(id(e)?), TicketId(id(a)?)),
            ["order", a] => Self::Order(OrderId(id(a)?)),
            ["visit", o, e] => Self::Visit(OrderId(id(o)?), UserId(id(e)?)),
            ["van", e, shard, "field"] => Self::VanField(UserId(id(e)?), shard.parse()?),
            ["van", e, shard, "office"] => Self::VanOffice(UserId(id(e)?), shard.parse()?),
            ["store", l, shard] => Self::Store(LocationId(id(l)?), shard.parse()?),
            ["plan", a] => Self::Plan(RecordId(id(a)?)),
            ["absence", e] => Self::Absence(UserId(id(e)?)),
            ["case", a] => Self::Case(RecordId(id(a)?)),
            ["reference", "index"] => Self::ReferenceIndex,
            ["directory"] => Self::Directory,
            _ => return Err(DocNameError::UnknownKind),
        })
    }
}

impl TryFrom<String> for DocName {
    type Error = DocNameError;
    fn try_from(text: String) -> Result<Self, DocNameError> {
        text.parse()
    }
}

impl From<DocName> for String {
    fn from(name: DocName) -> String {
        name.to_string()
    }
}
