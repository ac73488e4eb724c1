//! The stock ledger: double entry, never a mutable number (D.1-6, Q10, T-35, Y-23).
//!
//! A movement takes pieces of one part from one location to another; a balance is all in minus all out. Invariants:
//! over all locations the movements of a part sum to zero (I3); a serial has at most one end state or is disputed
//! (I4); the result depends neither on order nor on repetition (I1). Nothing is refused: a phone without signal
//! cannot be, so a negative balance is a discrepancy for the storekeeper, not an error (D.5 examples 2a, 2b).

mod balances;
mod fold;
mod levels;
mod location;
mod movement;
mod report;

pub use balances::{Balances, Discrepancy};
pub use fold::{Ledger, LedgerFlag, SerialDispute, YunTianRow, fold};
pub use levels::{Level, LevelError, Shortage};
pub use location::{Location, LocationClass, LocationError};
pub use movement::{Entry, Movement, MovementError, MovementKind, Reversal, ScrapType};

pub use report::{PeriodReport, PeriodRow, PeriodSums, Posting, period_report};

#[cfg(test)]
mod tests;
