//! The Automerge document behind a name: loaded to write, to save, to compare; never the authority.
//!
//! Invariants: it only ever takes changes of the form of design 3; every call into Automerge that could meet
//! strange content runs under `catch_unwind`; after a panic the document answers
//! [`DocumentError::Broken`] and its owner rebuilds it from the raw changes. Actors are given with each write, none is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::transaction::{CommitOptions, Transactable as _};
use automerge::{Automerge, Change, ChangeHash, ROOT, ReadDoc as _, SaveOptions, ScalarValue, Value};

use super::read_change::{check_key, read_form};
use super::{ActorId, GateError, ReadChange, read_change};
use crate::domain::ids::ActionId;
use crate::facts::Action;

/// What a document cannot do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The bytes are not those of a saved document.
    #[error("not a saved document")]
    NotADocument,
    /// A change, or what was to become one, does not have the form of a change.
    #[error("not a change of the form: {0}")]
    Form(#[from] GateError),
    /// The action's id is a key of this document already.
    #[error("action id is used already")]
    KeyUsed,
    /// Changes that it depends on are neither here nor in the same call.
    #[error("dependencies are missing")]
    MissingDependencies,
    /// Automerge refused a change of the form: a bug to report.
    #[error("a change could not be applied")]
    NotApplied,
    /// Saving and loading gave another document: the bytes must not replace anything.
    #[error("the saved document differs")]
    Differs,
    /// Automerge panicked in this document before; rebuild it from its changes.
    #[error("document is broken")]
    Broken,
}

/// A document in memory. A cache: what it holds stands in the raw changes too.
#[derive(Debug, Clone)]
pub struct Document {
    /// `None` after a panic inside Automerge.
    inner: Option<Automerge>,
}

/// Runs Automerge where it may panic.
fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, DocumentError> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| DocumentError::Broken)
}

impl Default for Document {
    fn default() -> Self {
        Self::new()
    }
}

impl Document {
    /// An empty document.
    pub fn new() -> Self {
        Self {
            inner: Some(Automerge::new()),
        }
    }

    /// Loads what [`Self::save`] wrote on this machine. Bytes of the network go through [`super::changes_of_snapshot`].
    ///
    /// # Errors
    /// [`DocumentError::NotADocument`] where they do not load.
    pub fn load(snapshot: &[u8]) -> Result<Self, DocumentError> {
        match guarded(|| Automerge::load(snapshot)) {
            Ok(Ok(inner)) => Ok(Self { inner: Some(inner) }),
            Ok(Err(_)) | Err(_) => Err(DocumentError::NotADocument),
        }
    }

    /// Builds the document from raw changes, dependencies first or not.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub fn from_changes<B: AsRef<[u8]>>(changes: &[B]) -> Result<Self, DocumentError> {
        let mut document = Self::new();
        let changes: Vec<&[u8]> = changes.iter().map(AsRef::as_ref).collect();
        document.apply(&changes)?;
        Ok(document)
    }

    /// Writes one action upon the current heads and returns its change, ready to be stored and sent.
    ///
    /// # Errors
    /// [`DocumentError::KeyUsed`], [`DocumentError::Form`] where `text` is no envelope or too long, and
    /// [`DocumentError::Broken`]. After an error the document is as before, or broken.
    pub fn append(
        &mut self,
        actor: &ActorId,
        key: ActionId,
        text: &str,
    ) -> Result<ReadChange, DocumentError> {
        Action::parse(text).map_err(GateError::from)?;
        check_key(key.0)?;
        let name = key.to_string();
        let bytes = self.work(|inner| {
            if inner.get(ROOT, name.as_str()).ok().flatten().is_some() {
                return Err(DocumentError::KeyUsed);
            }
            inner.set_actor(automerge::ActorId::from(actor.0));
            let done = inner
                .transact_with::<_, _, automerge::AutomergeError, _>(
                    |_| CommitOptions::default().with_time(0),
                    |transaction| transaction.put(ROOT, name.as_str(), text),
                )
                .map_err(|_| DocumentError::NotApplied)?;
            let change = done
                .hash
                .and_then(|hash| inner.get_change_by_hash(&hash))
                .ok_or(DocumentError::NotApplied)?;
            Ok(change.raw_bytes().to_vec())
        })?;
        read_change(&bytes).map_err(|error| {
            // More heads than fit beside a long envelope: the change stands in this cache and may go nowhere.
            self.inner = None;
            DocumentError::Form(error)
        })
    }

    /// Applies raw changes that passed the gate; those that are there already are skipped. All or none.
    ///
    /// # Errors
    /// [`DocumentError::Form`], [`DocumentError::MissingDependencies`]; [`DocumentError::NotApplied`] and
    /// [`DocumentError::Broken`] mean a bug: quarantine the changes and rebuild.
    pub fn apply(&mut self, changes: &[&[u8]]) -> Result<(), DocumentError> {
        let mut coming = BTreeSet::new();
        let mut needed = BTreeSet::new();
        for bytes in changes {
            let form = read_form(bytes)?;
            coming.insert(form.hash);
            needed.extend(form.deps);
        }
        self.work(|inner| {
            let known = |hash: &[u8; 32]| inner.get_change_meta_by_hash(&ChangeHash(*hash)).is_some();
            if !needed.iter().all(|hash| coming.contains(hash) || known(hash)) {
                return Err(DocumentError::MissingDependencies);
            }
            let parsed: Result<Vec<Change>, _> =
                changes.iter().map(|bytes| Change::try_from(*bytes)).collect();
            inner
                .apply_changes(parsed.map_err(|_| DocumentError::NotApplied)?)
                .map_err(|_| DocumentError::NotApplied)?;
            // What Automerge cannot apply yet it queues and says `Ok`; nothing may hide there.
            let all = coming
                .iter()
                .all(|hash| inner.get_change_meta_by_hash(&ChangeHash(*hash)).is_some());
            if all {
                Ok(())
            } else {
                Err(DocumentError::NotApplied)
            }
        })
    }

    /// The hashes that no other change depends on, sorted. Empty for an empty or broken document.
    pub fn heads(&self) -> Vec<[u8; 32]> {
        let mut heads: Vec<[u8; 32]> = self
            .inner
            .iter()
            .flat_map(Automerge::get_heads)
            .map(|head| head.0)
            .collect();
        heads.sort_unstable();
        heads
    }

    /// Whether Automerge panicked in it; it must be rebuilt from its changes.
    pub fn is_broken(&self) -> bool {
        self.inner.is_none()
    }

    /// The compact form, unchecked: for a cache on this machine's disk. Empty for a broken document.
    pub fn save(&mut self) -> Vec<u8> {
        self.work(|inner| Ok(save(inner))).unwrap_or_default()
    }

    /// The compact form after it was loaded again and compared: heads and every value. Only these bytes may replace
    /// another snapshot or leave the house (design 5, «Then»).
    ///
    /// # Errors
    /// [`DocumentError::Differs`]: a bug; [`DocumentError::Broken`].
    pub fn save_checked(&mut self) -> Result<Vec<u8>, DocumentError> {
        let bytes = self.work(|inner| Ok(save(inner)))?;
        let reloaded = Self::load(&bytes).map_err(|_| DocumentError::Differs)?;
        if reloaded.heads() == self.heads() && reloaded.values()? == self.values()? {
            Ok(bytes)
        } else {
            Err(DocumentError::Differs)
        }
    }

    /// Every raw change, dependencies first. Empty for a broken document.
    pub fn changes(&mut self) -> Vec<Vec<u8>> {
        self.work(|inner| {
            let changes = inner.get_changes(&[]);
            Ok(changes.iter().map(|change| change.raw_bytes().to_vec()).collect())
        })
        .unwrap_or_default()
    }

    /// Every key with every value that stands under it: more than one where two changes used the same id without
    /// knowing of each other.
    ///
    /// # Errors
    /// [`DocumentError::Broken`]; [`DocumentError::Differs`] where a value is no string.
    pub fn values(&self) -> Result<BTreeMap<String, BTreeSet<String>>, DocumentError> {
        let inner = self.inner.as_ref().ok_or(DocumentError::Broken)?;
        guarded(|| {
            let mut all = BTreeMap::new();
            for key in inner.keys(ROOT) {
                let mut values = BTreeSet::new();
                for (value, _) in inner
                    .get_all(ROOT, key.as_str())
                    .map_err(|_| DocumentError::Differs)?
                {
                    match value {
                        Value::Scalar(scalar) => match scalar.as_ref() {
                            ScalarValue::Str(text) => values.insert(text.to_string()),
                            _ => return Err(DocumentError::Differs),
                        },
                        Value::Object(_) => return Err(DocumentError::Differs),
                    };
                }
                all.insert(key, values);
            }
            Ok(all)
        })?
    }

    /// Runs one step that may panic; a panic breaks the document.
    fn work<T>(
        &mut self,
        run: impl FnOnce(&mut Automerge) -> Result<T, DocumentError>,
    ) -> Result<T, DocumentError> {
        let inner = self.inner.as_mut().ok_or(DocumentError::Broken)?;
        let done = guarded(|| run(inner));
        if matches!(done, Err(_) | Ok(Err(DocumentError::NotApplied))) {
            self.inner = None;
        }
        done?
    }
}

/// Without changes whose dependencies are missing: [`Document::apply`] lets none in.
fn save(inner: &Automerge) -> Vec<u8> {
    inner.save_with_options(SaveOptions {
        deflate: true,
        retain_orphans: false,
    })
}
