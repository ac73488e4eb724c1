//! Identities. Each is a UUID made by whoever creates the thing (v7; v5 where it follows from another id),
//! written in lower-case hyphenated form everywhere.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An id's text is not a lower-case hyphenated UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a lower-case hyphenated UUID")]
pub struct IdError;

/// Parses exactly the lower-case hyphenated form: one id has one text, or a document name would have many.
pub fn parse_uuid(text: &str) -> Result<Uuid, IdError> {
    let id = Uuid::try_parse(text).map_err(|_| IdError)?;
    let mut buffer = Uuid::encode_buffer();
    if id.hyphenated().encode_lower(&mut buffer) == text {
        Ok(id)
    } else {
        Err(IdError)
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                parse_uuid(text).map(Self)
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }
    )*};
}

ids! {
    /// A saved form, a tap, a seal: the unit that is written, sent, acknowledged.
    ActionId;
    /// A person with an account (engineer, dispatcher, auditor, …).
    UserId;
    /// One enrolled phone, tablet or example program.
    DeviceId;
    /// A customer.
    CustomerId;
    /// An installed unit, mostly a USB e-seal key (资产/安装记录).
    AssetId;
    /// A person without an account whose name and phone are erasable: contact, signer, witness.
    PersonId;
    /// A service request (服务请求).
    TicketId;
    /// A work order, one dispatched visit (派工单).
    OrderId;
    /// A place where parts lie: store, cabinet.
    LocationId;
    /// A plan, an absence, a case.
    RecordId;
}
