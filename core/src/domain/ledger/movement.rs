//! Movements: their kinds, the routes that a kind may take, who posts them (D.2, D.4).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::location::{Location, LocationClass};
use crate::domain::codes::codes;
use crate::domain::roles::Role;

codes! {
    /// Kind of a movement (D.2). Taking one back is a [`Reversal`].
    pub enum MovementKind in "movement" {
        /// Goods in, or what came back from an engineer.
        Receive = "receive",
        /// Out of the store in an engineer's name (领取).
        Issue = "issue",
        /// The engineer confirms what he got.
        ConfirmReceipt = "confirm_receipt",
        /// Built in at the customer's (消耗).
        Consume = "consume",
        /// A defective part taken from the customer.
        CollectDefective = "collect_defective",
        /// Unused parts given back.
        ReturnGood = "return_good",
        /// Defective parts given back.
        ReturnDefective = "return_defective",
        /// Given to another engineer.
        TransferOut = "transfer_out",
        /// Taken from another engineer.
        TransferIn = "transfer_in",
        /// Scrapped (报废).
        Scrap = "scrap",
        /// Lent (T-28).
        LoanOut = "loan_out",
        /// Came back from a loan.
        LoanBack = "loan_back",
        /// A count's difference.
        Adjust = "adjust",
    }
}

codes! {
    /// Why a part is scrapped (Y-22, T-32).
    pub enum ScrapType in "scrap" {
        /// Broken.
        Broken = "broken",
        /// Wet.
        Water = "water",
        /// Worn out.
        WornOut = "worn_out",
        /// Not used any more.
        Obsolete = "obsolete",
        /// Failed already when it was new.
        DeadOnArrival = "dead_on_arrival",
        /// Gone; nothing is left to photograph.
        Lost = "lost",
        /// Something else, said in words.
        Other = "other",
    }
}

impl ScrapType {
    /// Whether a photo has to show it.
    pub const fn needs_photo(self) -> bool {
        !matches!(self, Self::Lost)
    }

    /// Whether it has to be said in words what it was.
    pub const fn needs_words(self) -> bool {
        matches!(self, Self::Lost | Self::Other)
    }
}

use LocationClass as L;
use MovementKind as K;

/// Which kinds go from which classes to which (D.2, D.5 2b: a transfer in may imply its transfer out).
const ROUTES: &[(MovementKind, &[LocationClass], &[LocationClass])] = &[
    (
        K::Receive,
        &[L::Supplier, L::InTransit],
        &[L::Store, L::StoreDefective],
    ),
    (K::Issue, &[L::Store], &[L::InTransit, L::VanGood]),
    (K::ConfirmReceipt, &[L::InTransit], &[L::VanGood]),
    (K::Consume, &[L::VanGood, L::Store], &[L::CustomerSite]),
    (K::CollectDefective, &[L::CustomerSite], &[L::VanDefective]),
    (K::ReturnGood, &[L::VanGood], &[L::Store, L::InTransit]),
    (
        K::ReturnDefective,
        &[L::VanDefective],
        &[L::StoreDefective, L::InTransit],
    ),
    (K::ReturnDefective, &[L::StoreDefective], &[L::Supplier]),
    (K::TransferOut, &[L::VanGood], &[L::InTransit, L::VanGood]),
    (K::TransferIn, &[L::InTransit, L::VanGood], &[L::VanGood]),
    (
        K::Scrap,
        &[L::VanGood, L::VanDefective, L::Store, L::StoreDefective],
        &[L::Scrap],
    ),
    (
        K::LoanOut,
        &[L::VanGood, L::Store],
        &[L::CustomerSite, L::VanGood],
    ),
    (
        K::LoanBack,
        &[L::CustomerSite, L::VanGood],
        &[L::VanGood, L::Store],
    ),
    (
        K::Adjust,
        &[L::Suspense],
        &[
            L::Store,
            L::StoreDefective,
            L::VanGood,
            L::VanDefective,
            L::InTransit,
        ],
    ),
    (
        K::Adjust,
        &[
            L::Store,
            L::StoreDefective,
            L::VanGood,
            L::VanDefective,
            L::InTransit,
        ],
        &[L::Suspense],
    ),
];

impl MovementKind {
    /// Whether the kind goes from `from` to `to`. A movement on another route counts, and is flagged.
    pub fn goes(self, from: Location, to: Location) -> bool {
        ROUTES.iter().any(|(kind, froms, tos)| {
            *kind == self && froms.contains(&from.class()) && tos.contains(&to.class())
        })
    }

    /// The roles that post it (D.4).
    pub const fn posted_by(self) -> &'static [Role] {
        match self {
            Self::Receive | Self::Issue | Self::Adjust => &[Role::Storekeeper],
            Self::Scrap | Self::ReturnDefective => &[Role::Engineer, Role::Storekeeper],
            _ => &[Role::Engineer],
        }
    }
}

/// Why something is not a movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MovementError {
    /// The quantity is zero, or not one for a serial number.
    #[error("the quantity of a stock movement is wrong")]
    Quantity,
    /// From and to are the same place.
    #[error("a stock movement must go somewhere else")]
    SamePlace,
    /// No part is named.
    #[error("a stock movement names no part")]
    NoPart,
}

impl MovementError {
    /// The key of its text in both languages.
    pub const fn text_key(self) -> &'static str {
        match self {
            Self::Quantity => "movement_error.quantity",
            Self::SamePlace => "movement_error.same_place",
            Self::NoPart => "movement_error.no_part",
        }
    }
}

/// One movement of pieces of one part.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Movement {
    kind: MovementKind,
    part: Arc<str>,
    serial: Option<Arc<str>>,
    qty: u32,
    from: Location,
    to: Location,
}

impl Movement {
    /// A movement of `qty` pieces of `part`; with a serial number of exactly one.
    ///
    /// # Errors
    /// [`MovementError`] for a quantity of zero (or not one with a serial), no part, or from = to.
    pub fn new(
        kind: MovementKind,
        part: &str,
        serial: Option<&str>,
        qty: u32,
        from: Location,
        to: Location,
    ) -> Result<Self, MovementError> {
        if qty == 0 || (serial.is_some() && qty != 1) {
            return Err(MovementError::Quantity);
        }
        if part.trim().is_empty() {
            return Err(MovementError::NoPart);
        }
        if from == to {
            return Err(MovementError::SamePlace);
        }
        Ok(Self {
            kind,
            part: part.into(),
            serial: serial.map(Into::into),
            qty,
            from,
            to,
        })
    }

    /// Its kind.
    pub const fn kind(&self) -> MovementKind {
        self.kind
    }

    /// Part number.
    pub fn part(&self) -> &str {
        &self.part
    }

    /// Serial number of a unit that has one.
    pub fn serial(&self) -> Option<&str> {
        self.serial.as_deref()
    }

    /// Pieces, above zero.
    pub const fn qty(&self) -> u32 {
        self.qty
    }

    /// Where from.
    pub const fn from(&self) -> Location {
        self.from
    }

    /// Where to.
    pub const fn to(&self) -> Location {
        self.to
    }
}

/// Takes a movement back: its pieces go the other way, once, however often it is reversed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reversal<K> {
    /// The movement's id.
    pub of: K,
}

impl<K> Reversal<K> {
    /// The key of its name in both languages.
    pub const TEXT_KEY: &'static str = "movement.reverse";
}

/// One line of the ledger; a movement that is kept elsewhere may be lent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entry<K, M = Movement> {
    /// A movement.
    Move(M),
    /// A movement taken back.
    Reverse(Reversal<K>),
}
