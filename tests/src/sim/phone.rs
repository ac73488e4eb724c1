//! One phone: its file, its engine, what its person wrote, and what must be true of it at any time.

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;

use fieldseal_core::device::store::changes::{self, Hash, NewChange, Origin, Value};
use fieldseal_core::device::store::ingest::{Ingested, blobs_of, ingest, value_of};
use fieldseal_core::device::store::sync_rows::{self, Storing};
use fieldseal_core::device::store::{Store, StoreError, blobs, cursor, projections};
use fieldseal_core::device::sync::events::FaultCode;
use fieldseal_core::device::sync::{Effect, Event, Fault, SyncState, Syncer};
use fieldseal_core::documents::{ActorId, Author, Document, ReadChange};
use fieldseal_core::domain::ids::{ActionId, UserId};
use fieldseal_core::env::Env;
use fieldseal_core::facts::{Action, ClockEvidence, DocName, Fact, FactId, Head, StoredAction};
use fieldseal_core::wire::Position;
use fieldseal_server::storage::DeviceRow;

use super::network::Address;

/// Blobs that documents in scope name and that are not here.
pub const WANTED: &str = "SELECT count(*) FROM blobs WHERE state IN (3, 4) AND EXISTS (
    SELECT 1 FROM blob_refs r JOIN changes c ON c.id = r.change JOIN docs d ON d.id = c.doc
    WHERE r.sha256 = blobs.sha256 AND d.in_scope = 1)";

/// What a person saved: an action's part for one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The document.
    pub doc: DocName,
    /// The action's id.
    pub key: ActionId,
    /// Its string.
    pub text: String,
    /// By the faulty app: the server must refuse it.
    pub faulty: bool,
}

/// A phone.
pub struct Phone {
    /// Its place among the phones.
    pub index: usize,
    /// As the server knows it.
    pub device: DeviceRow,
    /// Everything that was saved on it.
    pub written: Vec<Written>,
    /// Which app start this is.
    pub start: u64,
    /// Effects that are to be carried out.
    pub todo: VecDeque<Effect>,
    /// The request that waits for its answer.
    pub waiting: Option<u64>,
    /// What the engine said last.
    pub state: Option<SyncState>,
    /// Actions written again because an ancestor was refused.
    pub replayed: usize,
    /// How often its file was looked at.
    pub looks: usize,
    /// Whether the file changed by an answer since it was looked at.
    pub stored: bool,
    env: Env,
    path: PathBuf,
    store: Option<Store>,
    syncer: Syncer,
    session: [u8; 8],
    target: usize,
    position: Option<Position>,
    confirmed: BTreeSet<(DocName, Hash)>,
}

impl Phone {
    /// Opens a phone's file for the first time.
    pub fn new(index: usize, device: DeviceRow, env: Env, path: PathBuf, target: usize) -> Self {
        let mut phone = Self {
            index,
            device,
            written: Vec::new(),
            start: 0,
            todo: VecDeque::new(),
            waiting: None,
            state: None,
            replayed: 0,
            looks: 0,
            stored: true,
            env,
            path,
            store: None,
            syncer: Syncer::with_target(target),
            session: [0; 8],
            target,
            position: None,
            confirmed: BTreeSet::new(),
        };
        phone.restart();
        phone
    }

    /// The app is killed and starts again: the file stays, the rest is gone.
    pub fn restart(&mut self) {
        self.store = None;
        let (store, recovered) = Store::open(&self.path, None, 0).unwrap();
        assert!(recovered.is_none(), "the file is whole");
        self.store = Some(store);
        self.start += 1;
        self.session = self.env.random();
        self.syncer = Syncer::with_target(self.target);
        self.todo.clear();
        self.waiting = None;
    }

    /// Its file.
    pub fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    /// Its engineer.
    pub fn user(&self) -> UserId {
        self.device.user
    }

    /// Gives an event to the engine.
    pub fn event(&mut self, event: Event) {
        let effects = self.syncer.handle(event);
        self.todo.extend(effects);
    }

    /// Whether nothing is going on.
    pub fn is_idle(&self) -> bool {
        self.todo.is_empty() && self.syncer.is_idle()
    }

    /// Carries out the next effect; a request to send comes back with its address.
    pub fn carry_out(&mut self) -> Result<Option<(Address, Vec<u8>)>, String> {
        let Some(effect) = self.todo.pop_front() else {
            return Ok(None);
        };
        let now = self.env.clock.read();
        match effect {
            Effect::Collect { skip, asked } => {
                let outgoing = self
                    .store()
                    .read::<_, StoreError>(|tx| sync_rows::collect(tx, &skip, &asked))
                    .unwrap();
                self.event(Event::Collected { outgoing, now });
            }
            Effect::Send { request, body } => {
                self.waiting = Some(request);
                let address = Address {
                    phone: self.index,
                    start: self.start,
                    request,
                };
                return Ok(Some((address, body)));
            }
            Effect::Store(receipt) => {
                let storing = Storing {
                    tag: self.device.tag,
                    user: self.device.user,
                    fresh: ActorId::new(self.env.random(), self.device.tag),
                    now_ms: now.wall_ms,
                };
                let before = self.count("SELECT count(*) FROM changes WHERE state = 0");
                let applied = self
                    .store()
                    .write::<_, StoreError>(|tx| {
                        let applied = sync_rows::apply(tx, &receipt, &storing)?;
                        let stale = applied.touched.iter().chain(&applied.dropped);
                        for doc in stale.chain(&applied.rewritten) {
                            projections::mark_dirty(tx, &doc.to_string())?;
                        }
                        Ok(applied)
                    })
                    .map_err(|error| format!("an answer could not be stored: {error}"))?;
                if !applied.rewritten.is_empty() {
                    self.session = self.env.random();
                    self.replayed += usize::try_from(before).unwrap().min(1);
                }
                for (hash, reason) in &applied.quarantined {
                    let own: bool = self.query_one("SELECT own FROM quarantine WHERE hash = ?1", hash);
                    if !own {
                        return Err(format!("the phone refuses a change of the server: {reason}"));
                    }
                }
                self.stored = true;
                self.event(Event::Stored(applied.stored));
            }
            Effect::Revoked(revoked) => return Err(format!("nobody was revoked: {revoked}")),
            Effect::Schedule { .. } => {}
            Effect::Report(state) => {
                self.state = Some(state);
                if let SyncState::Attention(Fault::Code(
                    code @ (FaultCode::RepairNeeded | FaultCode::ViewDiffers | FaultCode::ReceiptDiffers),
                )) = state
                {
                    return Err(format!("the engine says {code} where nothing was lost"));
                }
            }
        }
        Ok(None)
    }

    // ---- writing ------------------------------------------------------------------------------------------------

    /// Saves one action over one or more documents, as the engine does: one transaction.
    pub fn write(&mut self, parts: &[(DocName, Vec<Fact>)], blob: Option<&[u8]>) -> ActionId {
        let key = ActionId(self.env.uuid_v7());
        let docs: Vec<(DocName, u16)> = if parts.len() > 1 {
            parts
                .iter()
                .map(|(doc, facts)| (doc.clone(), u16::try_from(facts.len()).unwrap()))
                .collect()
        } else {
            Vec::new()
        };
        let n = parts
            .iter()
            .map(|(doc, _)| {
                self.store()
                    .read::<_, StoreError>(|tx| changes::highest_n(tx, &doc.family()))
                    .unwrap()
            })
            .max()
            .unwrap()
            + 1;
        let mut list = Vec::new();
        for (doc, facts) in parts {
            let text = self.text(doc, self.user(), n, docs.clone(), facts);
            list.push((doc.clone(), self.append(doc, key, &text), text));
        }
        let (user, tag) = (self.user(), self.device.tag);
        self.store()
            .write::<_, StoreError>(|tx| {
                if let Some(bytes) = blob {
                    blobs::put(tx, bytes, Origin::OwnUnsent)?;
                }
                for (doc, change, _) in &list {
                    let author = Author {
                        tag_ok: &|other| *other == tag,
                        person: Some(user),
                    };
                    let outcome = ingest(tx, doc, change, Origin::OwnUnsent, &author, 0)?;
                    assert!(
                        matches!(outcome, Ingested::Accepted { .. }),
                        "own change: {outcome:?}"
                    );
                }
                Ok(())
            })
            .unwrap();
        for (doc, _, text) in list {
            self.written.push(Written {
                doc,
                key,
                text,
                faulty: false,
            });
        }
        self.event(Event::LocalChange);
        key
    }

    /// A faulty app saves an action in the name of somebody else, past its own gate: the server refuses it, and
    /// with it whatever builds on it.
    pub fn write_faulty(&mut self, doc: &DocName, fact: &Fact, by: UserId) {
        let key = ActionId(self.env.uuid_v7());
        let n = self
            .store()
            .read::<_, StoreError>(|tx| changes::highest_n(tx, &doc.family()))
            .unwrap()
            + 1;
        let text = self.text(doc, by, n, Vec::new(), std::slice::from_ref(fact));
        let change = self.append(doc, key, &text);
        let value: Value = value_of(&change.action);
        self.store()
            .write::<_, StoreError>(|tx| {
                let new = NewChange {
                    doc,
                    hash: &change.hash,
                    actor: &change.actor.0,
                    seq: change.seq,
                    op: change.start_op,
                    n,
                    key,
                    deps: &change.deps,
                    bytes: &change.bytes,
                    text: &text,
                    origin: Origin::OwnUnsent,
                    value,
                    blobs: &blobs_of(&change.action),
                };
                changes::insert(tx, &new)?;
                Ok(())
            })
            .unwrap();
        self.written.push(Written {
            doc: doc.clone(),
            key,
            text,
            faulty: true,
        });
        self.event(Event::LocalChange);
    }

    fn text(&self, doc: &DocName, by: UserId, n: u64, docs: Vec<(DocName, u16)>, facts: &[Fact]) -> String {
        let now = self.env.clock.read();
        let action = Action {
            at: "2026-11-23T10:00:00+08:00".to_owned(),
            clk: ClockEvidence {
                off: None,
                err: None,
                boot: now.boot,
                mono: now.monotonic_ms,
            },
            by,
            n,
            saw: self.heads_of_family(&doc.family()),
            docs,
            min: None,
            facts: facts.iter().map(Fact::to_raw).collect(),
        };
        action.to_text().unwrap()
    }

    fn append(&self, doc: &DocName, key: ActionId, text: &str) -> ReadChange {
        let bytes: Vec<Vec<u8>> = self
            .store()
            .read::<_, StoreError>(|tx| {
                let mut statement = tx.prepare_cached(
                    "SELECT bytes FROM changes WHERE doc = (SELECT id FROM docs WHERE name = ?1) ORDER BY id",
                )?;
                let rows = statement.query_map([doc.to_string()], |row| row.get(0))?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .unwrap();
        let mut document = Document::from_changes(&bytes).unwrap();
        let actor = ActorId::new(self.session, self.device.tag);
        document.append(&actor, key, text).unwrap()
    }

    fn heads_of_family(&self, family: &str) -> Vec<Head> {
        self.store()
            .read::<_, StoreError>(|tx| {
                let mut statement = tx.prepare_cached(
                    "SELECT h.hash FROM heads h JOIN docs d ON d.id = h.doc WHERE d.family = ?1 ORDER BY h.hash",
                )?;
                let rows = statement.query_map([family], |row| row.get::<_, Hash>(0))?;
                let hashes: Vec<Hash> = rows.collect::<Result<_, _>>()?;
                Ok(hashes.iter().map(Head::of).collect())
            })
            .unwrap()
    }

    // ---- reading ------------------------------------------------------------------------------------------------

    /// The accepted and own actions of a family, as the fold reads them.
    pub fn actions(&self, family: &str) -> Vec<StoredAction> {
        self.store()
            .read::<_, StoreError>(|tx| {
                let mut statement = tx.prepare_cached(
                    "SELECT d.name, c.key, f.text, c.hash, c.deps, c.actor
                     FROM docs d JOIN changes c ON c.doc = d.id JOIN facts f ON f.change = c.id
                     WHERE d.family = ?1 ORDER BY c.id",
                )?;
                let rows = statement.query_map([family], |row| {
                    Ok(StoredAction {
                        doc: row.get::<_, String>(0)?.parse().unwrap(),
                        key: ActionId(uuid::Uuid::from_bytes(row.get(1)?)),
                        text: row.get::<_, String>(2)?.into(),
                        hash: row.get(3)?,
                        deps: changes::split_hashes(&row.get::<_, Vec<u8>>(4)?).unwrap(),
                        actor: row.get(5)?,
                    })
                })?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .unwrap()
    }

    /// Names of documents that begin so and hold changes.
    pub fn names(&self, prefix: &str) -> Vec<DocName> {
        self.store()
            .read::<_, StoreError>(|tx| {
                let mut statement = tx.prepare_cached(
                    "SELECT name FROM docs WHERE name >= ?1 AND name < ?1 || '~'
                       AND EXISTS (SELECT 1 FROM changes WHERE doc = docs.id) ORDER BY name",
                )?;
                let rows = statement.query_map([prefix], |row| row.get::<_, String>(0))?;
                let names: Vec<String> = rows.collect::<Result<_, _>>()?;
                Ok(names.iter().map(|name| name.parse().unwrap()).collect())
            })
            .unwrap()
    }

    /// The newest assignment of an order that names this engineer.
    pub fn assignment(&self, order: &DocName) -> Option<FactId> {
        let mut newest = None;
        for stored in self
            .actions(&order.family())
            .iter()
            .filter(|stored| stored.doc == *order)
        {
            let action = Action::parse(&stored.text).unwrap();
            for (place, raw) in (0_u16..).zip(&action.facts) {
                if let Ok(Some(Fact::Assign(assign))) = Fact::read(raw)
                    && assign.engineers.contains(&self.user())
                {
                    newest = Some(FactId {
                        action: stored.key,
                        place,
                    });
                }
            }
        }
        newest
    }

    /// A number from the file.
    pub fn count(&self, sql: &str) -> i64 {
        self.store()
            .read::<_, StoreError>(|tx| Ok(tx.query_row(sql, [], |row| row.get(0))?))
            .unwrap()
    }

    fn query_one<T: rusqlite::types::FromSql>(&self, sql: &str, hash: &Hash) -> T {
        self.store()
            .read::<_, StoreError>(|tx| Ok(tx.query_row(sql, [hash], |row| row.get(0))?))
            .unwrap()
    }

    /// The position as it is stored.
    pub fn position(&self) -> Option<Position> {
        let bytes: Option<Vec<u8>> = self
            .store()
            .read::<_, StoreError>(|tx| Ok(cursor::load(tx)?.position))
            .unwrap();
        bytes.map(|bytes| minicbor::decode(&bytes).unwrap())
    }

    /// Changes that this phone takes for sent and nobody looked up yet.
    pub fn newly_confirmed(&mut self) -> Vec<(DocName, Hash)> {
        let sent: Vec<(DocName, Hash)> = self
            .store()
            .read::<_, StoreError>(|tx| {
                let mut statement = tx.prepare_cached(
                    "SELECT d.name, c.hash FROM changes c JOIN docs d ON d.id = c.doc WHERE c.state = 1",
                )?;
                let rows = statement.query_map([], |row| {
                    Ok((row.get::<_, String>(0)?.parse().unwrap(), row.get(1)?))
                })?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .unwrap();
        let new: Vec<(DocName, Hash)> = sent
            .into_iter()
            .filter(|sent| !self.confirmed.contains(sent))
            .collect();
        self.confirmed.extend(new.iter().cloned());
        new
    }

    /// Remembers the position; `Err` where it went back.
    pub fn check_position(&mut self) -> Result<(), String> {
        let now = self.position();
        if let Some(before) = &self.position {
            let back = now
                .as_ref()
                .is_none_or(|now| now.pulled_to < before.pulled_to || now.seen < before.seen);
            if back {
                return Err(format!("the position went back from {before:?} to {now:?}"));
            }
        }
        self.position = now;
        Ok(())
    }
}
