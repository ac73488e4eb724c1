//! Parts that come into the van and leave it other than by use (D.2, T-32, T-33, T-35, D.5-2b).
//!
//! Nothing is refused for want of stock: what the book does not know shows as a discrepancy there, and the storekeeper
//! settles it (B29). Several lines of one form are one action.

use super::act::{Plan, Saved};
use super::van::Pieces;
use super::{Engine, details};
use crate::device::EngineError;
use crate::domain::ids::{OrderId, UserId};
use crate::domain::ledger::{Location, Movement, MovementError, MovementKind};
use crate::facts::{DocName, Fact, ViewToken, kinds};

/// Good or defective parts of the own van.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    /// Good parts.
    Good,
    /// Defective parts.
    Defective,
}

impl Bucket {
    pub(super) const fn of(self, engineer: UserId) -> Location {
        match self {
            Self::Good => Location::VanGood(engineer),
            Self::Defective => Location::VanDefective(engineer),
        }
    }
}

/// A movement that an engineer posts beside the use of a part (D.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VanMove {
    /// Confirms what the store sent, as far as it arrived; what did not stays on the way (T-33).
    Confirm,
    /// Sends parts back to the store, on their way until the storekeeper has them (T-35).
    Return {
        /// Which ones.
        bucket: Bucket,
    },
    /// Takes parts out of a colleague's van, by hand and without his phone (D.5-2b).
    TakeOver {
        /// Whose van.
        from: UserId,
    },
    /// Takes defective parts from the customer of an order. Gets a return number (T-28).
    Collect {
        /// The order.
        order: OrderId,
    },
    /// Lends parts of the van to the customer of an order. Gets a return number (T-28).
    LoanOut {
        /// The order.
        order: OrderId,
    },
    /// Takes back what was lent.
    LoanBack {
        /// The order on which it comes back.
        order: OrderId,
        /// The loan's return number.
        rma: String,
    },
}

impl VanMove {
    fn route(&self, me: UserId) -> (MovementKind, Location, Location) {
        match *self {
            Self::LoanOut { order } => (
                MovementKind::LoanOut,
                Location::VanGood(me),
                Location::CustomerSite(order),
            ),
            Self::LoanBack { order, .. } => (
                MovementKind::LoanBack,
                Location::CustomerSite(order),
                Location::VanGood(me),
            ),
            Self::Confirm => (
                MovementKind::ConfirmReceipt,
                Location::InTransit(Some(me)),
                Location::VanGood(me),
            ),
            Self::Return { bucket } => (
                match bucket {
                    Bucket::Good => MovementKind::ReturnGood,
                    Bucket::Defective => MovementKind::ReturnDefective,
                },
                bucket.of(me),
                Location::InTransit(None),
            ),
            Self::TakeOver { from } => (
                MovementKind::TransferIn,
                Location::VanGood(from),
                Location::VanGood(me),
            ),
            Self::Collect { order } => (
                MovementKind::CollectDefective,
                Location::CustomerSite(order),
                Location::VanDefective(me),
            ),
        }
    }

    const fn order(&self) -> Option<OrderId> {
        match self {
            Self::Collect { order } | Self::LoanOut { order } | Self::LoanBack { order, .. } => Some(*order),
            _ => None,
        }
    }
}

pub(super) fn refused(error: MovementError) -> EngineError {
    EngineError::invalid(match error {
        MovementError::Quantity => "step_problem.quantity",
        MovementError::NoPart => "step_problem.part_missing",
        MovementError::SamePlace => error.text_key(),
    })
}

impl Engine {
    /// Moves parts into, out of or within the own van. `note` says why. Scrap is [`Engine::scrap`]'s.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] without lines, a part or a quantity, with several pieces of one serial number, for one's
    /// own van as the colleague's; [`EngineError::NotFound`] for an order that is not here.
    /// Else as [`Engine::use_part`].
    pub fn move_parts(
        &self,
        token: &ViewToken,
        moved: &VanMove,
        lines: &[Pieces],
        note: Option<&str>,
    ) -> Result<Saved, EngineError> {
        let note = note.map(str::trim).filter(|note| !note.is_empty());
        if lines.is_empty() {
            return Err(EngineError::invalid("step_problem.lines_missing"));
        }
        let rma = match moved {
            VanMove::Collect { .. } | VanMove::LoanOut { .. } => Some(self.inner.new_rma()),
            VanMove::LoanBack { rma, .. } if rma.trim().is_empty() => {
                return Err(EngineError::invalid("step_problem.rma_missing"));
            }
            VanMove::LoanBack { rma, .. } => Some(rma.trim().to_owned()),
            _ => None,
        };
        let (saved, ()) = self.inner.act(token, |transaction, me| {
            let assignment = match moved.order() {
                Some(order) => {
                    let folded = details::fold(transaction, order, Some(me.user))?;
                    super::steps::own_assignment(&folded.view, me)
                }
                None => None,
            };
            let (kind, from, to) = moved.route(me.user);
            let mut facts = Vec::with_capacity(lines.len());
            for line in lines {
                let serial = line
                    .serial
                    .as_deref()
                    .map(str::trim)
                    .filter(|serial| !serial.is_empty());
                let movement =
                    Movement::new(kind, line.part.trim(), serial, line.qty, from, to).map_err(refused)?;
                facts.push(Fact::Move(kinds::Move {
                    movement: kind.as_str().to_owned(),
                    part: movement.part().to_owned(),
                    serial: serial.map(str::to_owned),
                    qty: line.qty,
                    from: from.to_string(),
                    to: to.to_string(),
                    order: moved.order().map(DocName::Order),
                    assignment,
                    note: note.map(str::to_owned),
                    rma: rma.clone(),
                    ..Default::default()
                }));
            }
            Ok((Plan::one(self.inner.van(me), facts), ()))
        })?;
        Ok(saved)
    }
}

impl super::Inner {
    /// A return number that nobody else makes: the date for people, the rest by chance.
    pub(super) fn new_rma(&self) -> String {
        let code = crate::domain::numbering::short_code(self.env.uuid_v7());
        format!("RM{}-{code}", self.today().format("%Y%m%d"))
    }
}
