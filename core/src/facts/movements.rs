//! A `move` fact as the ledger reads it.
//!
//! Read once, when the action is parsed: a van is folded far more often than a movement is written.

use crate::domain::ledger::{Location, Movement, MovementKind};
use crate::domain::roles::Role;
use crate::facts::conflict::Flag;
use crate::facts::kinds::Move;
use crate::facts::stored::Side;

/// The movement, or why the fact has no effect in the book.
///
/// # Errors
/// [`Flag::UnknownCode`] for a kind or place of a newer version, [`Flag::GuardFailed`] where an engineer posts what only
/// the storekeeper may (D.4), [`Flag::Malformed`] for what is no movement.
pub(crate) fn movement_of(moved: &Move, side: Side) -> Result<Movement, Flag> {
    let kind: MovementKind = moved.movement.parse().map_err(|_| Flag::UnknownCode)?;
    let from: Location = moved.from.parse().map_err(|_| Flag::UnknownCode)?;
    let to: Location = moved.to.parse().map_err(|_| Flag::UnknownCode)?;
    // What only the storekeeper posts (D.4) would make an engineer's own stock out of nothing.
    if side == Side::Engineer && !kind.posted_by().contains(&Role::Engineer) {
        return Err(Flag::GuardFailed);
    }
    Movement::new(kind, &moved.part, moved.serial.as_deref(), moved.qty, from, to)
        .map_err(|_| Flag::Malformed)
}
