//! The engineer counts his van, and asks for what is missing in it (T-36, T-34).
//!
//! A count of his is a proposal: the difference comes into the book when the storekeeper posts it (D.4).

use super::act::{Plan, Saved};
use super::van::van_view;
use super::{Bucket, Engine};
use crate::device::EngineError;
use crate::facts::{Fact, ViewToken, kinds};

/// What was found of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Part number.
    pub part: String,
    /// Serial number; without one, the pieces that have none.
    pub serial: Option<String>,
    /// Pieces found; with a serial number 0 or 1.
    pub counted: u32,
}

impl Engine {
    /// Proposes what was counted in the own van. The book stays as it is until the storekeeper posts it.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] without lines, without a part, with a line twice, with several pieces of one serial number.
    /// Else as [`Engine::use_part`].
    pub fn count_van(
        &self,
        token: &ViewToken,
        bucket: Bucket,
        lines: &[Counted],
        reason: Option<&str>,
    ) -> Result<Saved, EngineError> {
        if lines.is_empty() {
            return Err(EngineError::invalid("step_problem.lines_missing"));
        }
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        let (saved, ()) = self.inner.act(token, |transaction, me| {
            let van = van_view(transaction, me)?;
            let place = bucket.of(me.user);
            let mut found: Vec<kinds::CountLine> = Vec::with_capacity(lines.len());
            for line in lines {
                let serial = line
                    .serial
                    .as_deref()
                    .map(str::trim)
                    .filter(|serial| !serial.is_empty());
                let part = line.part.trim();
                if part.is_empty() {
                    return Err(EngineError::invalid("step_problem.part_missing"));
                }
                if serial.is_some() && line.counted > 1 {
                    return Err(EngineError::invalid("step_problem.quantity"));
                }
                let twice =
                    |known: &kinds::CountLine| known.part == part && known.serial.as_deref() == serial;
                if found.iter().any(twice) {
                    return Err(EngineError::invalid("step_problem.line_twice"));
                }
                let row = van
                    .stock
                    .rows
                    .iter()
                    .find(|row| row.location == place && row.part == part);
                found.push(kinds::CountLine {
                    part: part.to_owned(),
                    serial: serial.map(str::to_owned),
                    counted: line.counted,
                    book: row.map_or(0, |row| row.book(serial)),
                });
            }
            let fact = Fact::Count(kinds::Count {
                place: place.to_string(),
                lines: found,
                of: None,
                reason: reason.map(str::to_owned),
            });
            Ok((Plan::one(self.inner.van(me), vec![fact]), ()))
        })?;
        Ok(saved)
    }

    /// Asks for everything that is below its least stock in the own van, up to the greatest: one request for restocking.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] with `step_problem.nothing_short` where nothing is missing or all of it is asked for
    /// already. Else as [`Engine::use_part`].
    pub fn restock(&self, token: &ViewToken) -> Result<Saved, EngineError> {
        let (saved, ()) = self.inner.act(token, |transaction, me| {
            let short = van_view(transaction, me)?.stock.shortages;
            let lines: Vec<kinds::PartLine> = short
                .into_iter()
                .filter(|short| short.missing.propose > 0)
                .map(|short| kinds::PartLine {
                    part: short.part,
                    qty: short.missing.propose,
                })
                .collect();
            if lines.is_empty() {
                return Err(EngineError::invalid("step_problem.nothing_short"));
            }
            let fact = Fact::PartsRequest(kinds::PartsRequest {
                lines,
                order: None,
                text: None,
            });
            Ok((Plan::one(self.inner.van(me), vec![fact]), ()))
        })?;
        Ok(saved)
    }
}
