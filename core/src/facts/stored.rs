//! What the fold reads: accepted changes' actions, and the same parsed once.
//!
//! Parsing never fails as a whole: what cannot be read, has no place, or is of a newer version stays visible with
//! the reason and has no effect (design 3). Records are shared (`Arc`), so that a view costs no copies of payloads.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::domain::ids::{ActionId, UserId};
use crate::domain::ledger::Movement;
use crate::facts::conflict::Flag;
use crate::facts::envelope::order_hash;
use crate::facts::kinds::has_place_in;
use crate::facts::movements::movement_of;
use crate::facts::{Action, ClockEvidence, DocName, Fact, FactId, Head, Writer};

/// The version of this fold: an action whose `min` is higher says «update needed» (design 3, «Evolution»).
pub const FOLD_VERSION: u32 = 1;

/// One accepted change's action, as the facts table of phone and server keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAction {
    /// The document.
    pub doc: DocName,
    /// The action's id, the key at ROOT.
    pub key: ActionId,
    /// The action's string, byte for byte.
    pub text: Arc<str>,
    /// Hash of the change that carries it.
    pub hash: [u8; 32],
    /// Hashes that the change depends on.
    pub deps: Vec<[u8; 32]>,
    /// The change's actor: 8 random bytes of the session, then the device's tag.
    pub actor: [u8; 16],
}

/// The first 8 bytes of SHA-256 of a device's key; the second half of its actors. Written as 16 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceTag(pub [u8; 8]);

impl DeviceTag {
    /// The tag in an actor.
    pub fn of_actor(actor: &[u8; 16]) -> Self {
        let mut tag = [0_u8; 8];
        tag.copy_from_slice(&actor[8..]);
        Self(tag)
    }
}

impl fmt::Display for DeviceTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
impl fmt::Debug for DeviceTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl Serialize for DeviceTag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

/// Who wrote something, on which device, when by that device's clock: what every fact and every losing value shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stamp {
    /// The person.
    pub by: UserId,
    /// The device.
    pub device: DeviceTag,
    /// Local time with offset, RFC 3339: a claim (design 3, «Time»).
    pub at: Arc<str>,
    /// The same in milliseconds since the epoch.
    #[serde(skip)]
    pub utc_ms: i64,
    /// The family's counter.
    pub n: u64,
    /// What the device's clocks said.
    pub clk: ClockEvidence,
}

/// What a fact is to this version of the fold.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every fact is known; a box would cost each of them"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A known kind in its place.
    Known(Fact),
    /// A kind of a newer version: kept, relayed, ignored.
    Unknown,
    /// A known kind whose payload has another form: flagged, without effect.
    Malformed,
    /// A known kind that has no place in this document: flagged, without effect.
    Misplaced,
}

/// One fact, parsed, with everything that a timeline shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactRecord {
    /// Its id.
    pub id: FactId,
    /// The document.
    pub doc: Arc<DocName>,
    /// The kind's name, also of an unknown one.
    pub kind: String,
    /// The payload as written.
    pub payload: Value,
    /// Author, device, time.
    pub stamp: Arc<Stamp>,
    /// Second key of every order.
    pub order_hash: [u8; 32],
    /// Its meaning.
    pub body: Body,
    /// What a movement is to the ledger, or why it is nothing to it. None for everything else.
    pub(crate) movement: Option<Box<Result<Movement, Flag>>>,
}

impl FactRecord {
    /// The fact, where this version knows it and it has its place.
    pub fn fact(&self) -> Option<&Fact> {
        match &self.body {
            Body::Known(fact) => Some(fact),
            _ => None,
        }
    }
}

/// Which side of the house writes a document (design 3, «One writing role each»).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Dispatcher, auditor, storekeeper, server.
    Office,
    /// An engineer's devices.
    Engineer,
}

impl Side {
    /// The side that writes `doc`.
    pub fn of(doc: &DocName) -> Self {
        match doc.writer() {
            Writer::Office => Self::Office,
            Writer::Engineer(_) => Self::Engineer,
        }
    }
}

/// The readable part of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Author, device, time, counter.
    pub stamp: Arc<Stamp>,
    /// Heads of what the screen showed.
    pub saw: Vec<Head>,
    /// All documents of the action where it spans several.
    pub docs: Vec<(DocName, u16)>,
    /// The lowest fold version that may interpret it.
    pub min: u32,
    /// The facts in this document.
    pub facts: Vec<Arc<FactRecord>>,
}

/// A stored action, parsed once: the input of every fold. Cheap to keep beside the change, cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedAction {
    /// The document.
    pub doc: Arc<DocName>,
    /// The action's id.
    pub key: ActionId,
    /// Hash of its change.
    pub hash: [u8; 32],
    /// Hashes that the change depends on.
    pub deps: Vec<[u8; 32]>,
    /// SHA-256 of the action's string: the third part of an action's identity.
    pub text_hash: [u8; 32],
    /// The device that wrote the change.
    pub device: DeviceTag,
    /// `None` where the string is no envelope for this document; the gate keeps such out, a fold survives them.
    pub content: Option<Content>,
}

impl ParsedAction {
    /// Parses a stored action.
    pub fn read(stored: &StoredAction) -> Self {
        let doc = Arc::new(stored.doc.clone());
        let device = DeviceTag::of_actor(&stored.actor);
        let content = Action::parse(&stored.text)
            .ok()
            .and_then(|action| content(stored.key, &doc, device, action));
        Self {
            doc,
            key: stored.key,
            hash: stored.hash,
            deps: stored.deps.clone(),
            text_hash: Sha256::digest(stored.text.as_bytes()).into(),
            device,
            content,
        }
    }

    /// Parses many.
    pub fn read_all(stored: &[StoredAction]) -> Vec<Self> {
        stored.iter().map(Self::read).collect()
    }
}

fn content(key: ActionId, doc: &Arc<DocName>, device: DeviceTag, action: Action) -> Option<Content> {
    let first = action.first_place(doc).ok()?;
    let stamp = Arc::new(Stamp {
        by: action.by,
        device,
        utc_ms: chrono::DateTime::parse_from_rfc3339(&action.at).map_or(0, |at| at.timestamp_millis()),
        at: action.at.into(),
        n: action.n,
        clk: action.clk,
    });
    let mut facts = Vec::with_capacity(action.facts.len());
    for (index, raw) in action.facts.into_iter().enumerate() {
        let place = first.checked_add(u16::try_from(index).ok()?)?;
        let body = match Fact::read(&raw) {
            Ok(Some(fact)) if has_place_in(&fact, doc) => Body::Known(fact),
            Ok(Some(_)) => Body::Misplaced,
            Ok(None) => Body::Unknown,
            Err(_) => Body::Malformed,
        };
        let movement = match &body {
            Body::Known(Fact::Move(moved)) => Some(Box::new(movement_of(moved, Side::of(doc)))),
            _ => None,
        };
        facts.push(Arc::new(FactRecord {
            id: FactId { action: key, place },
            doc: Arc::clone(doc),
            kind: raw.kind,
            payload: raw.payload,
            stamp: Arc::clone(&stamp),
            order_hash: order_hash(key, place),
            body,
            movement,
        }));
    }
    Some(Content {
        stamp,
        saw: action.saw,
        docs: action.docs,
        min: action.min.unwrap_or(0),
        facts,
    })
}
