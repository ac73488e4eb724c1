//! Bodies: CBOR inside gzip, decoded under bounds.
//!
//! Invariants. What a peer *claims* costs nothing: inflation stops at the message's limit, and before a value is
//! built one pass over the inflated bytes, without allocation, has checked the shape: definite lengths only, none
//! longer than the bytes that follow, nesting at most [`MAX_DEPTH`], no more items than the message may have.
//! A body is one gzip member and one CBOR item; anything after either is refused, so that no byte is silently
//! ignored. Keys that this version does not know are skipped (servers upgrade first).

use std::io::{Read, Write};

use flate2::bufread::GzDecoder;
use flate2::{Compression, GzBuilder};
use minicbor::{Decode, Decoder, Encode};

use super::messages::{
    BODY_MAX, DocChanges, EnrolAnswer, EnrolRequest, INFLATED_ANSWER_MAX, INFLATED_REQUEST_MAX, Problem,
    REQUEST_CHANGES_MAX, SyncAnswer, SyncRequest,
};

/// CBOR nested deeper than this is refused. The messages need 5.
pub const MAX_DEPTH: usize = 12;
/// Largest answer on the wire, compressed. More than [`BODY_MAX`], which bounds what a server reads from anybody,
/// because one granted document's snapshot always travels whole.
pub const ANSWER_BODY_MAX: usize = 16 * 1024 * 1024;
/// Most small blobs in one request, and most wanted ones.
pub const REQUEST_BLOBS_MAX: usize = 256;

/// The bounds of one kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes on the wire.
    pub compressed: usize,
    /// Bytes after inflation.
    pub inflated: usize,
    /// CBOR items (every number, string, array, map counts one).
    pub items: u64,
}

/// Why a body was refused. Says nothing of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// More bytes on the wire than the message may have.
    #[error("body too large")]
    TooLarge,
    /// More bytes after inflation, or more items, than the message may have.
    #[error("body too large once inflated")]
    InflatedTooLarge,
    /// Not one whole gzip member, or bytes after it.
    #[error("body is not one gzip member")]
    Gzip,
    /// Not one whole CBOR item of the message's form, or bytes after it.
    #[error("body is not the expected message")]
    Form,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("body nested too deep")]
    TooDeep,
    /// More changes or blobs than [`REQUEST_CHANGES_MAX`], [`REQUEST_BLOBS_MAX`].
    #[error("too many changes or blobs in one body")]
    TooMany,
}

/// A message with its bounds.
pub trait Message: Encode<()> + for<'b> Decode<'b, ()> {
    /// The bounds under which a body is decoded, and which encoding keeps.
    const LIMITS: Limits;

    /// How many bytes at the end of the encoding do not compress (about). They get a block of their own, so that the
    /// code of the texts before them is not spoilt: 17 bytes in a hundred of theirs.
    fn dense_tail(&self) -> usize {
        0
    }

    /// Counts that the form does not bound.
    ///
    /// # Errors
    /// [`BodyError::TooMany`].
    fn check(&self) -> Result<(), BodyError> {
        Ok(())
    }
}

impl Message for SyncRequest {
    const LIMITS: Limits = Limits {
        compressed: BODY_MAX,
        inflated: INFLATED_REQUEST_MAX,
        items: 20_000,
    };

    fn check(&self) -> Result<(), BodyError> {
        let changes: usize = self
            .changes
            .iter()
            .map(|doc: &DocChanges| doc.changes.len())
            .sum();
        let many = changes > REQUEST_CHANGES_MAX
            || self.changes.len() > REQUEST_CHANGES_MAX
            || self.blobs.len() > REQUEST_BLOBS_MAX
            || self.want.len() > REQUEST_BLOBS_MAX;
        if many { Err(BodyError::TooMany) } else { Ok(()) }
    }
}

impl Message for SyncAnswer {
    const LIMITS: Limits = Limits {
        compressed: ANSWER_BODY_MAX,
        inflated: INFLATED_ANSWER_MAX,
        items: 400_000,
    };

    fn dense_tail(&self) -> usize {
        // The proofs, and the position and the digest before them.
        self.proofs.len() + 64
    }
}

/// Enrolment and problems are a few hundred bytes.
const SMALL: Limits = Limits {
    compressed: 16 * 1024,
    inflated: 64 * 1024,
    items: 256,
};

impl Message for EnrolRequest {
    const LIMITS: Limits = SMALL;
}
impl Message for EnrolAnswer {
    const LIMITS: Limits = SMALL;
}
impl Message for Problem {
    const LIMITS: Limits = SMALL;
}

/// The body of a message: deterministic CBOR (integer keys, definite lengths) in one gzip member without name or time.
///
/// # Errors
/// [`BodyError::TooMany`], [`BodyError::InflatedTooLarge`], [`BodyError::TooLarge`] where a peer would refuse it.
pub fn encode<M: Message>(message: &M) -> Result<Vec<u8>, BodyError> {
    message.check()?;
    let cbor = minicbor::to_vec(message).map_err(|_| BodyError::Form)?;
    if cbor.len() > M::LIMITS.inflated {
        return Err(BodyError::InflatedTooLarge);
    }
    let body = gzip(&cbor, message.dense_tail())?;
    if body.len() > M::LIMITS.compressed {
        return Err(BodyError::TooLarge);
    }
    Ok(body)
}

/// Reads a body under the bounds of its message.
///
/// # Errors
/// See [`BodyError`].
pub fn decode<M: Message>(body: &[u8]) -> Result<M, BodyError> {
    let cbor = gunzip(body, M::LIMITS)?;
    check_shape(&cbor, M::LIMITS.items)?;
    let mut decoder = Decoder::new(&cbor);
    let message: M = decoder.decode().map_err(|_| BodyError::Form)?;
    if decoder.position() != cbor.len() {
        return Err(BodyError::Form);
    }
    message.check()?;
    Ok(message)
}

/// Reads the body of an error answer, compressed or not: it may come from a layer before the endpoint.
///
/// # Errors
/// See [`BodyError`].
pub fn decode_problem(body: &[u8]) -> Result<Problem, BodyError> {
    if body.starts_with(&[0x1f, 0x8b]) {
        return decode(body);
    }
    if body.len() > SMALL.compressed {
        return Err(BodyError::TooLarge);
    }
    check_shape(body, SMALL.items)?;
    Decoder::new(body).decode().map_err(|_| BodyError::Form)
}

/// A block of its own costs about 30 bytes: what is shorter than this stays with the rest.
const DENSE_MIN: usize = 192;

fn gzip(bytes: &[u8], dense_tail: usize) -> Result<Vec<u8>, BodyError> {
    // Operating system 255 («unknown») and no time: equal messages give equal bytes with one compressor version.
    let mut encoder = GzBuilder::new()
        .operating_system(255)
        .write(Vec::with_capacity(bytes.len() / 2 + 32), Compression::default());
    let split = bytes.len().saturating_sub(dense_tail);
    let (texts, dense) = bytes.split_at(if dense_tail < DENSE_MIN {
        bytes.len()
    } else {
        split
    });
    encoder.write_all(texts).map_err(|_| BodyError::Gzip)?;
    if !texts.is_empty() && !dense.is_empty() {
        encoder.flush().map_err(|_| BodyError::Gzip)?;
        encoder.write_all(dense).map_err(|_| BodyError::Gzip)?;
    }
    encoder.finish().map_err(|_| BodyError::Gzip)
}

fn gunzip(body: &[u8], limits: Limits) -> Result<Vec<u8>, BodyError> {
    if body.len() > limits.compressed {
        return Err(BodyError::TooLarge);
    }
    let mut decoder = GzDecoder::new(body);
    let mut inflated = Vec::new();
    // One byte more than allowed tells «exactly full» from «too long», whatever the stream claims.
    let cap = u64::try_from(limits.inflated)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    decoder
        .by_ref()
        .take(cap)
        .read_to_end(&mut inflated)
        .map_err(|_| BodyError::Gzip)?;
    if inflated.len() > limits.inflated {
        return Err(BodyError::InflatedTooLarge);
    }
    if decoder.into_inner().is_empty() {
        Ok(inflated)
    } else {
        Err(BodyError::Gzip)
    }
}

/// One pass over the heads of all items, see the module's documentation.
fn check_shape(cbor: &[u8], max_items: u64) -> Result<(), BodyError> {
    // How many items are still to come at each level; index 0 is the message itself.
    let mut open = [0_u64; MAX_DEPTH + 1];
    open[0] = 1;
    let (mut depth, mut items, mut rest) = (0_usize, 0_u64, cbor);
    loop {
        while open[depth] == 0 {
            if depth == 0 {
                return if rest.is_empty() {
                    Ok(())
                } else {
                    Err(BodyError::Form)
                };
            }
            depth -= 1;
        }
        open[depth] -= 1;
        items += 1;
        if items > max_items {
            return Err(BodyError::InflatedTooLarge);
        }
        let (&head, after) = rest.split_first().ok_or(BodyError::Form)?;
        let (major, info) = (head >> 5, head & 0x1f);
        let width = match info {
            0..=23 => 0_usize,
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            // Indefinite lengths are not part of the protocol; 28–30 are of no CBOR.
            _ => return Err(BodyError::Form),
        };
        let (argument, after) = after.split_at_checked(width).ok_or(BodyError::Form)?;
        let value = match width {
            0 => u64::from(info),
            _ => argument
                .iter()
                .fold(0_u64, |value, byte| value << 8 | u64::from(*byte)),
        };
        let children = match major {
            0 | 1 | 7 => 0,
            2 | 3 => {
                let length = usize::try_from(value).map_err(|_| BodyError::Form)?;
                rest = after.get(length..).ok_or(BodyError::Form)?;
                continue;
            }
            4 => value,
            5 => value.checked_mul(2).ok_or(BodyError::Form)?,
            // Tags are not part of the protocol.
            _ => return Err(BodyError::Form),
        };
        rest = after;
        // Every child has at least one byte.
        if children > u64::try_from(rest.len()).unwrap_or(u64::MAX) {
            return Err(BodyError::Form);
        }
        if children > 0 {
            depth += 1;
            if depth > MAX_DEPTH {
                return Err(BodyError::TooDeep);
            }
            open[depth] = children;
        }
    }
}

#[cfg(test)]
mod tests;
