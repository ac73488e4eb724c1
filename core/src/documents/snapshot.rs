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
    measure(snapshot, limit_changes, INFLATED_MAX)?;
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
fn measure(snapshot: &[u8], limit_changes: usize, inflated_max: usize) -> Result<(), GateError> {
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
    let mut budget = inflated_max;
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

#[cfg(test)]
mod tests {
    use automerge::transaction::{CommitOptions, Transactable as _};
    use automerge::{ROOT, SaveOptions};

    use super::*;

    /// A document that Automerge wrote with these texts, one a change, in whatever form.
    fn saved(texts: impl IntoIterator<Item = String>, retain_orphans: bool) -> Vec<u8> {
        let mut document = Automerge::new().with_actor(automerge::ActorId::from([7_u8; 16]));
        for (index, text) in texts.into_iter().enumerate() {
            document
                .transact_with::<_, _, automerge::AutomergeError, _>(
                    |_| CommitOptions::default().with_time(0),
                    |t| t.put(ROOT, format!("0193f2c0-0000-7000-8000-{index:012}"), text),
                )
                .unwrap();
        }
        document.save_with_options(SaveOptions {
            deflate: true,
            retain_orphans,
        })
    }

    #[test]
    fn a_snapshot_is_measured_before_it_is_unpacked() {
        let many = saved((0..300).map(|n| format!("{n}").repeat(40)), false);
        assert_eq!(changes_of_snapshot(&many, 300).unwrap().len(), 300);
        assert_eq!(changes_of_snapshot(&many, 299), Err(GateError::SnapshotTooLarge));
        // 300 rows fit a limit of 19 only by the slack for dependencies; the count of loaded changes decides then.
        assert_eq!(changes_of_snapshot(&many, 18), Err(GateError::SnapshotTooLarge));
        // Well packed: 1 MB in a few KB.
        let packed = saved((0..20).map(|_| "x".repeat(50_000)), false);
        assert!(packed.len() < 20_000);
        assert_eq!(measure(&packed, 100, 1_200_000), Ok(()));
        assert_eq!(measure(&packed, 100, 900_000), Err(GateError::SnapshotTooLarge));
    }

    #[test]
    fn a_row_bomb_is_refused_unopened() {
        // Change columns: «actor 0, 2^40 times».
        let column = [0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0];
        let mut body = vec![1, 16];
        body.extend([7; 16]);
        body.extend([0, 1, 0x01, 7, 0]);
        body.extend(column);
        let mut bytes = vec![0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 0];
        bytes.push(u8::try_from(body.len()).unwrap());
        bytes.extend(body);
        assert_eq!(
            changes_of_snapshot(&bytes, 10_000),
            Err(GateError::SnapshotTooLarge)
        );
    }

    #[test]
    fn a_cut_or_flipped_snapshot_never_panics_and_is_never_half_read() {
        let whole = saved((0..12).map(|n| format!("{n}").repeat(30)), false);
        for end in 0..whole.len() {
            assert!(changes_of_snapshot(&whole[..end], 100).is_err(), "cut at {end}");
        }
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x10;
            // The checksum covers all of it.
            assert!(changes_of_snapshot(&flipped, 100).is_err(), "flipped at {at}");
        }
        let mut behind = whole.clone();
        behind.extend(&whole);
        assert_eq!(changes_of_snapshot(&behind, 100), Err(GateError::SnapshotForm));
    }

    #[test]
    fn changes_of_another_form_are_refused() {
        let mut document = Automerge::new();
        document
            .transact::<_, _, automerge::AutomergeError>(|t| t.put(ROOT, "x", 5))
            .unwrap();
        assert!(changes_of_snapshot(&document.save(), 100).is_err());
        let change = document.get_changes(&[]).remove(0);
        assert_eq!(
            changes_of_snapshot(change.raw_bytes(), 100),
            Err(GateError::SnapshotForm)
        );
    }
}
