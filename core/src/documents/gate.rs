//! The half of the gate that needs the document's accepted changes (design 5, «Gate»).
//!
//! The accepted changes stand in SQL on both sides and are asked for through [`Ancestry`]; no document is loaded and
//! no vector clock is stored. Because every accepted change has `start_op` = 1 + the highest operation of its
//! dependencies, operation numbers fall strictly along every path into the past. Ancestors are therefore looked at in one
//! order, highest (operation, hash) first, and no further than [`FAR`]: what is found depends on the change and its
//! ancestors alone, the same wherever it is judged, and crafted changes cannot make anybody walk a long past. An honest
//! change never needs it; one that does all the same is refused by a reason upon which its phone writes the action
//! again under a fresh actor, which needs no search.

use std::collections::{BTreeMap, BTreeSet};

use super::{ActorId, GateError, ReadChange};
use crate::domain::ids::{ActionId, UserId};
use crate::facts::{DocName, Writer};

/// `n` may be at most this much above the highest `n` of the ancestors (design 3, «The envelope»).
pub const N_LEAP: u64 = 1 << 20;

/// How many ancestors are looked at in one search.
pub const FAR: usize = 10_000;

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

    /// Whether any accepted change has this key.
    ///
    /// # Errors
    /// The store's.
    fn has_key(&self, key: ActionId) -> Result<bool, Self::Error>;

    /// The highest sequence number of an actor and its change.
    ///
    /// # Errors
    /// The store's.
    fn last_of(&self, actor: &ActorId) -> Result<Option<(u64, [u8; 32])>, Self::Error>;

    /// Pays for one ancestor looked at; `false` once the asker has no more to spend on this and other changes.
    fn visit(&self) -> bool {
        true
    }
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
    /// Nothing was decided, because [`Ancestry::visit`] ended the search: ask again another time.
    Later,
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
        ancestry,
    };
    past.check()
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

/// A change before its ancestors, all direct dependencies known.
struct Past<'a, A: Ancestry> {
    change: &'a ReadChange,
    deps: &'a [Known],
    ancestry: &'a A,
}

/// How a search in the past ended.
#[derive(PartialEq, Eq)]
enum Search {
    Found,
    /// It is no ancestor.
    Absent,
    /// It is none of the nearest [`FAR`].
    Far,
    /// There is nothing left to spend.
    Spent,
}

impl<A: Ancestry> Past<'_, A> {
    fn check(&self) -> Result<Verdict, A::Error> {
        let highest = self.deps.iter().map(|dep| dep.op).max().unwrap_or(0);
        if highest.checked_add(1) != Some(self.change.start_op) {
            return Ok(Verdict::Refuse(GateError::StartOp));
        }
        match self.ancestry.last_of(&self.change.actor)? {
            None if self.change.seq != 1 => return Ok(Verdict::Refuse(GateError::Seq)),
            None => {}
            Some((seq, _)) if seq.checked_add(1) != Some(self.change.seq) => {
                return Ok(Verdict::Refuse(GateError::Seq));
            }
            Some((_, hash)) => match self.ancestor(&hash)? {
                Search::Found => {}
                Search::Absent => return Ok(Verdict::Refuse(GateError::PreviousNotAncestor)),
                Search::Far => return Ok(Verdict::Refuse(GateError::PreviousTooFar)),
                Search::Spent => return Ok(Verdict::Later),
            },
        }
        if self.ancestry.has_key(self.change.key)? {
            match self.search(0, |_, known| known.key == self.change.key)? {
                Search::Found => return Ok(Verdict::Refuse(GateError::KeyUsed)),
                // Two writings of one id that far apart count as concurrent ones do: the fold keeps one, flags the other.
                Search::Absent | Search::Far => {}
                Search::Spent => return Ok(Verdict::Later),
            }
        }
        let needed = self.change.action.n.saturating_sub(N_LEAP);
        if needed > 0 && !self.deps.iter().any(|dep| dep.n >= needed) {
            match self.search(0, |_, known| known.n >= needed)? {
                Search::Found => {}
                Search::Absent | Search::Far => return Ok(Verdict::Refuse(GateError::NTooHigh)),
                Search::Spent => return Ok(Verdict::Later),
            }
        }
        Ok(Verdict::Accept)
    }

    /// Searches for an accepted change.
    fn ancestor(&self, hash: &[u8; 32]) -> Result<Search, A::Error> {
        if self.change.deps.contains(hash) {
            return Ok(Search::Found);
        }
        match self.ancestry.known(hash)? {
            Some(target) => self.search(target.op, |at, _| at == hash),
            None => Ok(Search::Absent),
        }
    }

    /// Looks at the ancestors, highest (operation, hash) first, never below operation `floor`, until `found`.
    fn search(&self, floor: u64, found: impl Fn(&[u8; 32], &Known) -> bool) -> Result<Search, A::Error> {
        let mut seen: BTreeSet<[u8; 32]> = self.change.deps.iter().copied().collect();
        let mut open: BTreeMap<(u64, [u8; 32]), Known> = BTreeMap::new();
        for (hash, known) in self.change.deps.iter().zip(self.deps) {
            open.insert((known.op, *hash), known.clone());
        }
        while let Some(((op, hash), known)) = open.pop_last() {
            if op < floor {
                return Ok(Search::Absent);
            }
            if found(&hash, &known) {
                return Ok(Search::Found);
            }
            if seen.len() >= FAR {
                return Ok(Search::Far);
            }
            for dep in known.deps {
                if seen.insert(dep) {
                    if !self.ancestry.visit() {
                        return Ok(Search::Spent);
                    }
                    if let Some(known) = self.ancestry.known(&dep)? {
                        open.insert((known.op, dep), known);
                    }
                }
            }
        }
        Ok(Search::Absent)
    }
}
