//! Sending one photo by tus 1.0: a state machine without clock, thread, socket or store (design 5, «Blobs»).
//!
//! ```text
//! begin ──► Create (never begun) ─┐                 ┌──► whole, with a receipt: Done
//!      └──► Where  (begun before) ┴─► offset ─► Send ┴──► offset ─► Send …
//! ```
//!
//! Invariants: only what the server says is on its disk counts as sent; after a cut it is asked, never guessed; an
//! answer to a request that was given up changes nothing; it is done only with a receipt. Pieces shrink after a cut
//! and grow while the line is good ([`Pace`]).

use super::events::{Fault, FaultCode};
use crate::wire::ProblemCode;

/// The smallest piece, bytes.
const PIECE_MIN: u64 = 16 * 1024;
/// The first piece.
const PIECE_FIRST: u64 = 256 * 1024;
/// The largest piece.
const PIECE_MAX: u64 = 1024 * 1024;
/// A piece that took less makes the next one larger, ms.
const QUICK_MS: u64 = 2_000;
/// A piece that took longer makes the next one smaller, ms: a saved form waits for no more than one.
const SLOW_MS: u64 = 8_000;
/// So many failures without a new byte on the server end the attempt.
const FAILURES_MAX: u32 = 3;
/// So often a whole photo is begun anew, the server having thrown it away.
const RESTARTS_MAX: u32 = 2;

/// How large the pieces are; kept over all photos of an app start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    piece: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { piece: PIECE_FIRST }
    }
}

impl Pace {
    /// Bytes of the next piece.
    pub fn piece(&self) -> u64 {
        self.piece
    }

    /// A piece went through in so many ms.
    pub fn took(&mut self, ms: u64) {
        if ms < QUICK_MS {
            self.piece = (self.piece * 2).min(PIECE_MAX);
        } else if ms > SLOW_MS {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.piece = (self.piece / 2).max(PIECE_MIN);
    }
}

/// One request of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// `HEAD`: how far is it?
    Where,
    /// `POST` with the length, and with the first bytes.
    Create {
        /// Bytes of the whole.
        length: u64,
        /// Bytes from the beginning that come along.
        first: u64,
    },
    /// `PATCH`.
    Send {
        /// From this byte.
        from: u64,
        /// So many.
        length: u64,
    },
}

impl Ask {
    /// Which bytes go along: from, how many.
    pub fn bytes(&self) -> (u64, u64) {
        match *self {
            Self::Where => (0, 0),
            Self::Create { first, .. } => (0, first),
            Self::Send { from, length } => (from, length),
        }
    }
}

/// An answer, as far as the machine looks at it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heard {
    /// HTTP status.
    pub status: u16,
    /// `Upload-Offset`.
    pub offset: Option<u64>,
    /// `Upload-Length`.
    pub length: Option<u64>,
    /// `Fieldseal-Row`.
    pub row: Option<u64>,
    /// Code of the problem in the body.
    pub code: Option<ProblemCode>,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Send this; bring the answer back under the number.
    Ask {
        /// The number.
        number: u64,
        /// The request.
        ask: Ask,
    },
    /// The server has it whole: keep the receipt.
    Done {
        /// Its row.
        row: u64,
    },
    /// Not now; it is tried again with a later sync.
    Stop {
        /// Why.
        fault: Fault,
        /// Whether other photos would meet the same.
        lane: bool,
    },
}

/// One photo on its way.
#[derive(Debug)]
pub struct Upload {
    size: u64,
    sent: Option<u64>,
    state: State,
    number: u64,
    failures: u32,
    restarts: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Create,
    Where,
    Send(u64),
    Done(u64),
    Stopped(Fault, bool),
}

impl Upload {
    /// `sent`: what the server said the last time, if the upload was ever begun.
    pub fn begin(size: u64, sent: Option<u64>) -> Self {
        Self {
            size,
            sent,
            state: if sent.is_some() {
                State::Where
            } else {
                State::Create
            },
            number: 0,
            failures: 0,
            restarts: 0,
        }
    }

    /// Bytes on the server's disk, by its last word; none while the upload is not begun.
    pub fn sent(&self) -> Option<u64> {
        self.sent
    }

    /// What to do now. A second call repeats the request under a new number: the answer to the first is then void.
    pub fn next(&mut self, pace: &Pace) -> Next {
        let ask = match self.state {
            State::Done(row) => return Next::Done { row },
            State::Stopped(fault, lane) => return Next::Stop { fault, lane },
            State::Create => Ask::Create {
                length: self.size,
                first: pace.piece.min(self.size),
            },
            State::Where => Ask::Where,
            State::Send(from) => Ask::Send {
                from,
                length: pace.piece.min(self.size.saturating_sub(from)),
            },
        };
        self.number += 1;
        Next::Ask {
            number: self.number,
            ask,
        }
    }

    /// The answer to a request.
    pub fn answered(&mut self, number: u64, heard: Heard) {
        if number != self.number {
            return;
        }
        // An answer to this number comes once.
        self.number += 1;
        match (self.state, heard.status) {
            (State::Create, 200 | 201 | 204) | (State::Where, 200 | 204) => self.stands(heard),
            (State::Send(from), 200 | 204) => match heard.offset {
                Some(offset) if offset > from => self.stands(heard),
                _ => self.stop(Fault::Code(FaultCode::BadAnswer), true),
            },
            (State::Create | State::Send(_), 409) => self.state = State::Where,
            (State::Where | State::Send(_), 404 | 410) if heard.code != Some(ProblemCode::NotNamed) => {
                self.restart(heard)
            }
            (State::Create | State::Send(_), 460) => self.restart(heard),
            _ => self.refused(heard),
        }
    }

    /// The request did not come through, or its answer did not come back.
    pub fn failed(&mut self, number: u64, fault: Fault, pace: &mut Pace) {
        if number != self.number {
            return;
        }
        self.number += 1;
        self.failures += 1;
        let cut = matches!(fault, Fault::Code(FaultCode::Cut | FaultCode::TimedOut));
        if !cut || self.failures >= FAILURES_MAX {
            return self.stop(fault, true);
        }
        pace.cut();
        // Whatever was under way: only the server knows how much of it arrived.
        self.state = State::Where;
    }

    /// The server said how much it has.
    fn stands(&mut self, heard: Heard) {
        let offset = match (heard.offset, heard.status) {
            (Some(offset), _) => offset,
            // A creation without bytes may say nothing of an offset.
            (None, 201) => 0,
            (None, _) => return self.stop(Fault::Code(FaultCode::BadAnswer), true),
        };
        if offset > self.size || heard.length.is_some_and(|length| length != self.size) {
            return self.stop(Fault::Code(FaultCode::BadAnswer), true);
        }
        if Some(offset) > self.sent {
            self.failures = 0;
        }
        self.sent = Some(offset);
        self.state = match heard.row {
            Some(row) if offset == self.size => State::Done(row),
            _ if offset == self.size => State::Stopped(Fault::Code(FaultCode::BadAnswer), true),
            _ => State::Send(offset),
        };
    }

    /// The server does not have it (any more): from the beginning.
    fn restart(&mut self, heard: Heard) {
        if self.sent.take().is_some_and(|sent| sent > 0) || heard.status == 460 {
            self.restarts += 1;
        }
        if self.restarts > RESTARTS_MAX {
            return self.refused(heard);
        }
        self.state = State::Create;
    }

    fn refused(&mut self, heard: Heard) {
        // About this photo alone; all else would meet the others too.
        let alone = matches!(heard.status, 404 | 409 | 410 | 423 | 460)
            || (heard.status == 413 && heard.code != Some(ProblemCode::OverQuota));
        let fault = Fault::Problem {
            status: heard.status,
            code: heard.code,
        };
        self.stop(fault, !alone);
    }

    fn stop(&mut self, fault: Fault, lane: bool) {
        self.state = State::Stopped(fault, lane);
    }
}

#[cfg(test)]
mod tests;
