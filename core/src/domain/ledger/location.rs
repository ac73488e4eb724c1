//! Where parts can be. Text form: the class, and after a colon whose or which (`van_good:<engineer>`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::codes::codes;
use crate::domain::ids::{LocationId, OrderId, UserId};

codes! {
    /// The class of a location.
    pub enum LocationClass in "location" {
        /// A store or shared cabinet, good parts.
        Store = "store",
        /// The shelf of defective parts in a store.
        StoreDefective = "store_defective",
        /// An engineer's van, good parts.
        VanGood = "van_good",
        /// An engineer's van, defective parts.
        VanDefective = "van_defective",
        /// Built in or left at a customer's on a work order.
        CustomerSite = "customer_site",
        /// Scrapped.
        Scrap = "scrap",
        /// At the supplier's or maker's.
        Supplier = "supplier",
        /// Sent, not received.
        InTransit = "in_transit",
        /// The other side of a count: found or missing.
        Suspense = "suspense",
    }
}

impl LocationClass {
    /// Whether it is a place of ours that someone can count: only there a negative balance is a discrepancy. Goods
    /// come out of `supplier`, `suspense` and `customer_site` (a customer's old key) without having gone in.
    pub const fn is_shelf(self) -> bool {
        matches!(
            self,
            Self::Store | Self::StoreDefective | Self::VanGood | Self::VanDefective | Self::InTransit
        )
    }
}

/// A location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Location {
    /// A store or shared cabinet.
    Store(LocationId),
    /// The defective shelf of a store.
    StoreDefective(LocationId),
    /// An engineer's good parts.
    VanGood(UserId),
    /// An engineer's defective parts.
    VanDefective(UserId),
    /// At the customer's of a work order.
    CustomerSite(OrderId),
    /// Scrapped.
    Scrap,
    /// Supplier.
    Supplier,
    /// On the way, to an engineer where it is said to whom.
    InTransit(Option<UserId>),
    /// Count differences.
    Suspense,
}

/// A text is not a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a stock location")]
pub struct LocationError;

impl Location {
    /// Its class.
    pub const fn class(self) -> LocationClass {
        match self {
            Self::Store(_) => LocationClass::Store,
            Self::StoreDefective(_) => LocationClass::StoreDefective,
            Self::VanGood(_) => LocationClass::VanGood,
            Self::VanDefective(_) => LocationClass::VanDefective,
            Self::CustomerSite(_) => LocationClass::CustomerSite,
            Self::Scrap => LocationClass::Scrap,
            Self::Supplier => LocationClass::Supplier,
            Self::InTransit(_) => LocationClass::InTransit,
            Self::Suspense => LocationClass::Suspense,
        }
    }

    /// The engineer in whose name the parts are.
    pub const fn engineer(self) -> Option<UserId> {
        match self {
            Self::VanGood(engineer) | Self::VanDefective(engineer) => Some(engineer),
            Self::InTransit(engineer) => engineer,
            _ => None,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = self.class();
        match self {
            Self::Store(id) | Self::StoreDefective(id) => write!(f, "{class}:{id}"),
            Self::VanGood(id) | Self::VanDefective(id) | Self::InTransit(Some(id)) => {
                write!(f, "{class}:{id}")
            }
            Self::CustomerSite(id) => write!(f, "{class}:{id}"),
            Self::Scrap | Self::Supplier | Self::InTransit(None) | Self::Suspense => write!(f, "{class}"),
        }
    }
}
impl FromStr for Location {
    type Err = LocationError;
    fn from_str(text: &str) -> Result<Self, LocationError> {
        let (class, id) = match text.split_once(':') {
            Some((class, id)) => (class, Some(id)),
            None => (text, None),
        };
        let class: LocationClass = class.parse().map_err(|_| LocationError)?;
        let user = |id: &str| id.parse::<UserId>().map_err(|_| LocationError);
        let place = |id: &str| id.parse::<LocationId>().map_err(|_| LocationError);
        match (class, id) {
            (LocationClass::Store, Some(id)) => place(id).map(Self::Store),
            (LocationClass::StoreDefective, Some(id)) => place(id).map(Self::StoreDefective),
            (LocationClass::VanGood, Some(id)) => user(id).map(Self::VanGood),
            (LocationClass::VanDefective, Some(id)) => user(id).map(Self::VanDefective),
            (LocationClass::CustomerSite, Some(id)) => {
                id.parse().map(Self::CustomerSite).map_err(|_| LocationError)
            }
            (LocationClass::InTransit, Some(id)) => user(id).map(|id| Self::InTransit(Some(id))),
            (LocationClass::InTransit, None) => Ok(Self::InTransit(None)),
            (LocationClass::Scrap, None) => Ok(Self::Scrap),
            (LocationClass::Supplier, None) => Ok(Self::Supplier),
            (LocationClass::Suspense, None) => Ok(Self::Suspense),
            _ => Err(LocationError),
        }
    }
}
impl TryFrom<String> for Location {
    type Error = LocationError;
    fn try_from(text: String) -> Result<Self, LocationError> {
        text.parse()
    }
}
impl From<Location> for String {
    fn from(location: Location) -> String {
        location.to_string()
    }
}
