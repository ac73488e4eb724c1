//! The structural half of the gate: everything about a change that can be told from its bytes alone.
//!
//! The bytes are read here and not by Automerge, because its reader walks as many operations as a run length of a
//! few bytes claims (a change of 100 bytes keeps a core busy for hours) and inflates without a bound. Exactly one
//! encoding of each change is accepted, so what this reader returns determines the bytes, and with them the hash.

use sha2::{Digest, Sha256};

use super::bytes::Bytes;
use super::{ActorId, GateError};
use crate::domain::ids::{ActionId, parse_uuid};
use crate::facts::Action;

/// The largest change that is kept, bytes (design 5, «Gate»).
pub const CHANGE_MAX: usize = 64 * 1024;

/// What every Automerge chunk begins with.
pub(super) const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// The chunk type of a plain change.
const CHANGE_CHUNK: u8 = 1;

// The columns of a change with a single `Put` of a string at ROOT, in their order.
/// The key as text.
const K_KEY: u64 = 0x15;
/// Whether it inserts into a list.
const K_INSERT: u64 = 0x34;
/// What it does.
const K_ACTION: u64 = 0x42;
/// Length and type of the value.
const K_VALUE_META: u64 = 0x56;
/// The value's bytes.
const K_VALUE: u64 = 0x57;
/// How many operations it replaces.
const K_PREDECESSORS: u64 = 0x70;
/// More columns than this no change of Automerge has.
const MAX_COLUMNS: usize = 32;

/// In a run-length column: «one literal value follows».
const ONE: u8 = 0x7f;
/// The type nibble of a UTF-8 string in the value column.
const STRING: u64 = 6;

/// A change that has the form of design 3, not yet compared with its ancestors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadChange {
    /// SHA-256 of the change, its name among dependencies and heads.
    pub hash: [u8; 32],
    /// Who wrote it.
    pub actor: ActorId,
    /// The how-manieth change of this actor in this document; the first is 1.
    pub seq: u64,
    /// The hashes of the changes that it was written upon, as they stand in the change.
    pub deps: Vec<[u8; 32]>,
    /// The counter of its one operation.
    pub start_op: u64,
    /// The action's id: the key at ROOT.
    pub key: ActionId,
    /// The envelope's string: the authority for hashes, seals and audits.
    pub text: String,
    /// The envelope, read.
    pub action: Action,
    /// The bytes that were read.
    pub bytes: Vec<u8>,
}

/// The form of a change without its envelope: what [`super::Document`] needs to know before it applies one.
pub(super) struct Form<'a> {
    pub(super) hash: [u8; 32],
    pub(super) actor: ActorId,
    pub(super) seq: u64,
    pub(super) deps: Vec<[u8; 32]>,
    pub(super) start_op: u64,
    pub(super) key: ActionId,
    pub(super) text: &'a str,
}

/// Reads a change as far as that needs no ancestors (design 5, «Gate»): size, one plain chunk of exactly these bytes,
/// checksum, a 16-byte actor, sorted dependencies, time 0, no message, no other actors, no extra bytes, exactly one
/// `Put` of a string at ROOT without predecessor, an action id as key, an envelope under its limits as value.
///
/// # Errors
/// The first rule that the bytes break.
pub fn read_change(bytes: &[u8]) -> Result<ReadChange, GateError> {
    let form = read_form(bytes)?;
    Ok(ReadChange {
        action: Action::parse(form.text)?,
        hash: form.hash,
        actor: form.actor,
        seq: form.seq,
        start_op: form.start_op,
        key: form.key,
        text: form.text.to_owned(),
        deps: form.deps,
        bytes: bytes.to_vec(),
    })
}

/// The same without the envelope.
pub(super) fn read_form(bytes: &[u8]) -> Result<Form<'_>, GateError> {
    if bytes.len() > CHANGE_MAX {
        return Err(GateError::TooLarge);
    }
    let (body, hash) = read_header(bytes)?;
    let mut rest = Bytes(body);
    let deps = read_deps(&mut rest)?;
    let actor_length = rest.length().ok_or(GateError::Malformed)?;
    let actor = rest.take(actor_length).ok_or(GateError::Malformed)?;
    let actor = ActorId(actor.try_into().map_err(|_| GateError::ActorForm)?);
    let seq = rest.number().ok_or(GateError::Malformed)?;
    let start_op = rest.number().ok_or(GateError::Malformed)?;
    if seq == 0 {
        return Err(GateError::Seq);
    }
    // Automerge counts operations in 32 bits.
    if start_op == 0 || start_op > u64::from(u32::MAX) {
        return Err(GateError::StartOp);
    }
    if rest.array() != Some([0]) {
        return Err(GateError::Time);
    }
    if rest.array() != Some([0]) {
        return Err(GateError::Message);
    }
    if rest.array() != Some([0]) {
        return Err(GateError::OtherActors);
    }
    let (key, text) = read_operation(&mut rest)?;
    if !rest.is_empty() {
        return Err(GateError::ExtraBytes);
    }
    let key = parse_uuid(key).map_err(|_| GateError::Key)?;
    check_key(key)?;
    Ok(Form {
        hash,
        actor,
        seq,
        deps,
        start_op,
        key: ActionId(key),
        text,
    })
}

/// An action's id is a UUID of version 7, or 5 where it follows from another id.
pub(super) fn check_key(key: uuid::Uuid) -> Result<(), GateError> {
    if matches!(key.get_version_num(), 5 | 7) && key.get_variant() == uuid::Variant::RFC4122 {
        Ok(())
    } else {
        Err(GateError::Key)
    }
}

/// Magic bytes, checksum, chunk type, length; gives the body and the change's hash.
fn read_header(bytes: &[u8]) -> Result<(&[u8], [u8; 32]), GateError> {
    let mut rest = Bytes(bytes);
    let magic: [u8; 4] = rest.array().ok_or(GateError::Length)?;
    if magic != MAGIC {
        return Err(GateError::NotPlainChange);
    }
    let checksum: [u8; 4] = rest.array().ok_or(GateError::Length)?;
    let hashed = rest.0;
    let [kind] = rest.array().ok_or(GateError::Length)?;
    if kind != CHANGE_CHUNK {
        return Err(GateError::NotPlainChange);
    }
    // An incomplete number is a cut change, an over-long one is malformed; both are refused as a wrong length.
    let length = rest.length().ok_or(GateError::Length)?;
    if length != rest.0.len() {
        return Err(GateError::Length);
    }
    // The hash is over type, length and content, which stand side by side.
    let hash: [u8; 32] = Sha256::digest(hashed).into();
    if hash[..4] != checksum {
        return Err(GateError::Checksum);
    }
    Ok((rest.0, hash))
}

/// The hashes of the dependencies: sorted, none twice.
fn read_deps(rest: &mut Bytes<'_>) -> Result<Vec<[u8; 32]>, GateError> {
    let count = rest.length().ok_or(GateError::Malformed)?;
    if count > rest.0.len() / 32 {
        return Err(GateError::Malformed);
    }
    let mut deps: Vec<[u8; 32]> = Vec::with_capacity(count);
    for _ in 0..count {
        let dep: [u8; 32] = rest.array().ok_or(GateError::Malformed)?;
        match deps.last() {
            Some(last) if *last == dep => return Err(GateError::DepsDuplicate),
            Some(last) if *last > dep => {
                return Err(if deps.contains(&dep) {
                    GateError::DepsDuplicate
                } else {
                    GateError::DepsOrder
                });
            }
            _ => deps.push(dep),
        }
    }
    Ok(deps)
}

/// The columns of the one operation; gives its key and its value.
fn read_operation<'a>(rest: &mut Bytes<'a>) -> Result<(&'a str, &'a str), GateError> {
    let count = rest.length().ok_or(GateError::Malformed)?;
    if count > MAX_COLUMNS {
        return Err(GateError::Columns);
    }
    let mut columns = Vec::with_capacity(count);
    for _ in 0..count {
        let spec = rest.number().ok_or(GateError::Malformed)?;
        columns.push((spec, rest.length().ok_or(GateError::Malformed)?));
    }
    let mut data = Vec::with_capacity(count);
    for (spec, length) in columns {
        data.push((spec, rest.take(length).ok_or(GateError::Malformed)?));
    }
    let [
        (K_KEY, key),
        (K_INSERT, insert),
        (K_ACTION, action),
        (K_VALUE_META, value_meta),
        (K_VALUE, value),
        (K_PREDECESSORS, predecessors),
    ] = data[..]
    else {
        return Err(other_columns(&data));
    };
    let key = read_key(key)?;
    match insert {
        // A boolean column begins with a run of «false».
        [1] => {}
        [0, 1] => return Err(GateError::Insert),
        _ => return Err(GateError::Operations),
    }
    match action {
        [ONE, 1] => {}
        [ONE, ..] => return Err(GateError::NotAPut),
        _ => return Err(GateError::Operations),
    }
    let mut meta = Bytes(value_meta);
    if meta.array() != Some([ONE]) {
        return Err(GateError::Operations);
    }
    let meta_number = meta.number().ok_or(GateError::Malformed)?;
    if !meta.is_empty() {
        return Err(GateError::Operations);
    }
    if meta_number & 0xf != STRING {
        return Err(GateError::NotAString);
    }
    if usize::try_from(meta_number >> 4) != Ok(value.len()) {
        return Err(GateError::Malformed);
    }
    match predecessors {
        [ONE, 0] => {}
        [ONE, ..] => return Err(GateError::Predecessor),
        _ => return Err(GateError::Operations),
    }
    let value = std::str::from_utf8(value).map_err(|_| GateError::NotAString)?;
    Ok((key, value))
}

/// The key column: one literal text.
fn read_key(column: &[u8]) -> Result<&str, GateError> {
    let mut rest = Bytes(column);
    if rest.array() != Some([ONE]) {
        return Err(GateError::Operations);
    }
    let length = rest.length().ok_or(GateError::Malformed)?;
    if length > rest.0.len() {
        return Err(GateError::Malformed);
    }
    if length < rest.0.len() {
        return Err(GateError::Operations);
    }
    std::str::from_utf8(rest.0).map_err(|_| GateError::Key)
}

/// Which rule is broken by columns that are not exactly those of the form.
fn other_columns(columns: &[(u64, &[u8])]) -> GateError {
    let column = |wanted| {
        columns
            .iter()
            .find(|(spec, _)| *spec == wanted)
            .map(|(_, data)| *data)
    };
    for (spec, _) in columns {
        match *spec {
            K_KEY | K_INSERT | K_ACTION | K_VALUE_META | K_VALUE | K_PREDECESSORS => {}
            // An object, or a list element as key.
            0x01 | 0x02 | 0x11 | 0x13 => return GateError::NotAtRoot,
            0x71 | 0x73 => return GateError::Predecessor,
            // A mark's name and whether it grows.
            0x94 | 0xa5 => return GateError::NotAPut,
            _ => return GateError::Columns,
        }
    }
    match column(K_ACTION) {
        Some([ONE, 1]) if column(K_VALUE).is_none() => GateError::NotAString,
        Some([ONE, action]) if *action != 1 => GateError::NotAPut,
        _ => GateError::Operations,
    }
}
