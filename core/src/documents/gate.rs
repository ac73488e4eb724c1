//! The half of the gate that needs the document's accepted changes (design 5, «Gate»).
//!
//! The accepted changes stand in SQL on both sides and are asked for through [`Ancestry`]; no document is loaded and
//! no vector clock is stored. Because every accepted change has `start_op` = 1 + the highest operation of its
//! dependencies, operation numbers fall strictly along every path into the past: a search for an ancestor never
//! goes below the number that it looks for, which keeps the walk short.

use std::collections::BTreeSet;

use super::{ActorId, GateError, ReadChange};
use crate::domain::ids::{ActionId, UserId};
use crate::facts::{DocName, Writer};

/// `n` may be at most this much above the highest `n` of the ancestors (design 3, «The envelope»).
pub const N_LEAP: u64 = 1 << 20;

/// What is stored of an accepted change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Who wrote it.
    pub actor: ActorId,
    /// Its sequence number.
    pub seq: u64,
    /// The number of its one operation (its `start_op`).
    pub op: u64,
    /// Its envelope's `n`.
    pub n: u64,
    /// Its action.
    pub key: ActionId,
    /// Its dependencies.
    pub deps: Vec<[u8; 32]>,
}

/// The accepted changes of one document. Parked and quarantined ones are none of them.
pub trait Ancestry {
    /// What can go wrong in asking.
    type Error;

    /// The change with this hash.
    ///
    /// # Errors
    /// The store's.
    fn known(&self, hash: &[u8; 32]) -> Result<Option<Known>, Self::Error>;

    /// The changes that no accepted change depends on, in any order.
    ///
    /// # Errors
    /// The store's.
    fn heads(&self) -> Result<Vec<[u8; 32]>, Self::Error>;

    /// The changes with this key: more than one where the same id was used concurrently.
    ///
    /// # Errors
    /// The store's.
    fn with_key(&self, key: ActionId) -> Result<Vec<[u8; 32]>, Self::Error>;

    /// The highest sequence number of an actor and its change.
    ///
    /// # Errors
    /// The store's.
    fn last_of(&self, actor: &ActorId) -> Result<Option<(u64, [u8; 32])>, Self::Error>;

    /// The highest operation and the highest `n` of the document; zeros for an empty one.
    ///
    /// # Errors
    /// The store's.
    fn highest(&self) -> Result<(u64, u64), Self::Error>;
}

/// Under whose name a change may be written.
pub struct Author<'a> {
    /// Whether an actor may carry this device tag: the sending device's on the server, one of the directory's on
    /// a phone.
    pub tag_ok: &'a dyn Fn(&[u8; 8]) -> bool,
    /// The sending device's person, where the change must be written by that person.
    pub person: Option<UserId>,
}

/// What to do with a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may be kept.
    Accept,
    /// It is kept already.
    AlreadyKnown,
    /// Changes that it depends on are not there yet: hold it durably until they are.
    Park {
        /// The hashes that are missing.
        needs: Vec<[u8; 32]>,
    },
    /// It can never be kept.
    Refuse(GateError),
}

/// Compares a change with the accepted changes of its document, before anything is kept (design 5, «Gate»).
///
/// # Errors
/// Those of `ancestry` only; a bad change is a [`Verdict`].
pub fn gate<A: Ancestry>(
    change: &ReadChange,
    doc: &DocName,
    author: &Author<'_>,
    ancestry: &A,
) -> Result<Verdict, A::Error> {
    if ancestry.known(&change.hash)?.is_some() {
        return Ok(Verdict::AlreadyKnown);
    }
    if let Err(error) = check_author(change, doc, author) {
        return Ok(Verdict::Refuse(error));
    }
    let mut deps = Vec::with_capacity(change.deps.len());
    let mut needs = Vec::new();
    for dep in &change.deps {
        match ancestry.known(dep)? {
            Some(known) => deps.push(known),
            None => needs.push(*dep),
        }
    }
    if !needs.is_empty() {
        return Ok(Verdict::Park { needs });
    }
    let past = Past {
        change,
        deps: &deps,
        whole: on_heads(change, ancestry)?,
        ancestry,
    };
    Ok(match past.check()? {
        Ok(()) => Verdict::Accept,
        Err(error) => Verdict::Refuse(error),
    })
}

/// What can be told from the document's name and the sender.
fn check_author(change: &ReadChange, doc: &DocName, author: &Author<'_>) -> Result<(), GateError> {
    if !(author.tag_ok)(&change.actor.tag()) {
        return Err(GateError::ActorTag);
    }
    if author.person.is_some_and(|person| person != change.action.by) {
        return Err(GateError::By);
    }
    if let Writer::Engineer(engineer) = doc.writer()
        && engineer != change.action.by
    {
        return Err(GateError::By);
    }
    if change.action.first_place(doc).is_err() {
        return Err(GateError::Docs);
    }
    Ok(())
}

/// Whether the change depends on exactly the heads: then every accepted change is an ancestor.
fn on_heads<A: Ancestry>(change: &ReadChange, ancestry: &A) -> Result<bool, A::Error> {
    let mut heads = ancestry.heads()?;
    heads.sort_unstable();
    // `read_change` has refused unsorted dependencies.
    Ok(heads == change.deps)
}

/// A change before its ancestors, all direct dependencies known.
struct Past<'a, A: Ancestry> {
    change: &'a ReadChange,
    deps: &'a [Known],
    whole: bool,
    ancestry: &'a A,
}

impl<A: Ancestry> Past<'_, A> {
    fn check(&self) -> Result<Result<(), GateError>, A::Error> {
        let highest = self.deps.iter().map(|dep| dep.op).max().unwrap_or(0);
        if highest.checked_add(1) != Some(self.change.start_op) {
            return Ok(Err(GateError::StartOp));
        }
        match self.ancestry.last_of(&self.change.actor)? {
            None if self.change.seq != 1 => return Ok(Err(GateError::Seq)),
            None => {}
            Some((seq, _)) if seq.checked_add(1) != Some(self.change.seq) => return Ok(Err(GateError::Seq)),
            Some((_, hash)) if !self.is_ancestor(&hash)? => {
                return Ok(Err(GateError::PreviousNotAncestor));
            }
            Some(_) => {}
        }
        for hash in self.ancestry.with_key(self.change.key)? {
            if self.is_ancestor(&hash)? {
                return Ok(Err(GateError::KeyUsed));
            }
        }
        if self.leaps()? {
            return Ok(Err(GateError::NTooHigh));
        }
        Ok(Ok(()))
    }

    /// Whether an accepted change is a dependency or an ancestor of one.
    fn is_ancestor(&self, hash: &[u8; 32]) -> Result<bool, A::Error> {
        if self.whole || self.change.deps.contains(hash) {
            return Ok(true);
        }
        let Some(target) = self.ancestry.known(hash)? else {
            return Ok(false);
        };
        self.walk(target.op, |at, _| at == hash)
    }

    /// Whether `n` is too far above every ancestor's. The whole past is walked only between the two cheap bounds.
    fn leaps(&self) -> Result<bool, A::Error> {
        let n = self.change.action.n;
        let Some(needed) = n.checked_sub(N_LEAP).filter(|needed| *needed > 0) else {
            return Ok(false);
        };
        if self.deps.iter().any(|dep| dep.n >= needed) {
            return Ok(false);
        }
        if self.whole || self.ancestry.highest()?.1 < needed {
            return Ok(self.ancestry.highest()?.1 < needed);
        }
        Ok(!self.walk(0, |_, known| known.n >= needed)?)
    }

    /// Walks from the dependencies into the past, never below operation `floor`, until `found`.
    fn walk(&self, floor: u64, found: impl Fn(&[u8; 32], &Known) -> bool) -> Result<bool, A::Error> {
        let mut seen: BTreeSet<[u8; 32]> = self.change.deps.iter().copied().collect();
        let mut open: Vec<([u8; 32], Known)> = self
            .change
            .deps
            .iter()
            .copied()
            .zip(self.deps.iter().cloned())
            .collect();
        while let Some((hash, known)) = open.pop() {
            if found(&hash, &known) {
                return Ok(true);
            }
            if known.op <= floor {
                continue;
            }
            for dep in known.deps {
                if seen.insert(dep)
                    && let Some(known) = self.ancestry.known(&dep)?
                {
                    open.push((dep, known));
                }
            }
        }
        Ok(false)
    }
}
