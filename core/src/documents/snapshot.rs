//! The changes of a snapshot that came over the network, under limits.
//!
//! A saved document packs thousands of rows into a few bytes (run lengths, deflate), which is its use and its
//! danger. So it is measured first, without unpacking it: one document chunk of exactly these bytes, every column
//! inflated by a bounded reader, no column with more rows than there may be changes. Only then Automerge loads it
//! (which verifies the heads), under `catch_unwind`, and every change that comes out is read by the form.
//! `load_incremental` is never used: it takes a cut file for a whole one.

use std::io::Read as _;

use automerge::Automerge;
use flate2::bufread::DeflateDecoder;

use super::GateError;
use super::bytes::Bytes;
use super::read_change::{MAGIC, read_form};

/// The most bytes that a snapshot's columns may unpack to.
pub const INFLATED_MAX: usize = 64 * 1024 * 1024;
/// A document chunk.
const DOCUMENT_CHUNK: u8 = 0;
/// The bit of a column specification that says «deflated».
const DEFLATED: u64 = 0b1000;
/// More dependencies a change than this, on average, no honest history has.
const DEPS_A_CHANGE: usize = 16;

/// The raw changes in a snapshot, dependencies first. Each has the form of a change; its envelope and its ancestors
/// are still to be looked at by [`super::read_change`] and [`super::gate`].
///
/// # Errors
/// [`GateError::SnapshotTooLarge`] beyond `limit_changes` or [`INFLATED_MAX`], [`GateError::SnapshotForm`] where it is
/// no saved document, and the error of the first change that does not have the form.
pub fn changes_of_snapshot(snapshot: &[u8], limit_changes: usize) -> Result<Vec<Vec<u8>>, GateError> {
    measure(snapshot, limit_changes)?;
    let loaded = std::panic::catch_unwind(|| {
        let document = Automerge::load(snapshot).map_err(|_| GateError::SnapshotForm)?;
        let changes = document.get_changes(&[]);
        if changes.len() > limit_changes {
            return Err(GateError::SnapshotTooLarge);
        }
        Ok(changes
            .iter()
            .map(|change| change.raw_bytes().to_vec())
            .collect::<Vec<_>>())
    });
    let changes = loaded.map_err(|_| GateError::SnapshotForm)??;
    for change in &changes {
        read_form(change)?;
    }
    Ok(changes)
}

/// Refuses what would unpack to more than allowed.
fn measure(snapshot: &[u8], limit_changes: usize) -> Result<(), GateError> {
    let form = || GateError::SnapshotForm;
    let mut rest = Bytes(snapshot);
    if rest.array::<4>() != Some(MAGIC) {
        return Err(form());
    }
    rest.array::<4>().ok_or_else(form)?;
    if rest.array() != Some([DOCUMENT_CHUNK]) {
        return Err(form());
    }
    let length = rest.length().ok_or_else(form)?;
    if length != rest.0.len() {
        return Err(form());
    }
    let actors = rest.length().ok_or_else(form)?;
    if actors > limit_changes {
        return Err(GateError::SnapshotTooLarge);
    }
    for _ in 0..actors {
        let length = rest.length().ok_or_else(form)?;
        rest.take(length).ok_or_else(form)?;
    }
    let heads = rest.length().ok_or_else(form)?;
    if heads > limit_changes {
        return Err(GateError::SnapshotTooLarge);
    }
    rest.take(heads.checked_mul(32).ok_or_else(form)?)
        .ok_or_else(form)?;
    let changes = read_columns(&mut rest)?;
    let operations = read_columns(&mut rest)?;
    let mut budget = INFLATED_MAX;
    for (spec, length) in changes.into_iter().chain(operations) {
        let column = rest.take(length).ok_or_else(form)?;
        let mut inflated = Vec::new();
        let column = if spec & DEFLATED == 0 {
            column
        } else {
            let allowed = u64::try_from(budget).unwrap_or(u64::MAX).saturating_add(1);
            DeflateDecoder::new(column)
                .take(allowed)
                .read_to_end(&mut inflated)
                .map_err(|_| form())?;
            &inflated
        };
        budget = budget
            .checked_sub(column.len())
            .ok_or(GateError::SnapshotTooLarge)?;
        if rows(spec, column).ok_or_else(form)? > limit_changes.saturating_mul(DEPS_A_CHANGE) {
            return Err(GateError::SnapshotTooLarge);
        }
    }
    Ok(())
}

/// A list of column specifications with their lengths.
fn read_columns(rest: &mut Bytes<'_>) -> Result<Vec<(u64, usize)>, GateError> {
    let count = rest.length().ok_or(GateError::SnapshotForm)?;
    if count > rest.0.len() / 2 {
        return Err(GateError::SnapshotForm);
    }
    let mut columns = Vec::with_capacity(count);
    for _ in 0..count {
        let spec = rest.number().ok_or(GateError::SnapshotForm)?;
        columns.push((spec, rest.length().ok_or(GateError::SnapshotForm)?));
    }
    Ok(columns)
}

/// How many rows a column claims, from its run lengths; 0 for raw bytes.
fn rows(spec: u64, column: &[u8]) -> Option<usize> {
    let mut rest = Bytes(column);
    let mut rows = 0_usize;
    while !rest.is_empty() {
        match spec & 0b111 {
            // Values' bytes, counted by the column of their lengths.
            7 => return Some(0),
            // Booleans: run lengths alone.
            4 => rows = rows.checked_add(rest.length()?)?,
            kind => {
                let run = rest.signed()?;
                let literals = if run < 0 { run.checked_neg()? } else { 1 };
                rows = rows.checked_add(usize::try_from(run.unsigned_abs()).ok()?)?;
                if run == 0 {
                    // A run of nulls.
                    rows = rows.checked_add(rest.length()?)?;
                    continue;
                }
                for _ in 0..literals {
                    match kind {
                        // Deltas are signed.
                        3 => {
                            rest.signed()?;
                        }
                        5 => {
                            let length = rest.length()?;
                            rest.take(length)?;
                        }
                        _ => {
                            rest.number()?;
                        }
                    }
                }
            }
        }
    }
    Some(rows)
}
