//! A server in a folder, and phones.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use fieldseal_core::documents::{ActorId, Document, changes_of_snapshot, read_change};
use fieldseal_core::domain::ids::{ActionId, CustomerId, DeviceId, OrderId, UserId};
use fieldseal_core::env::Env;
use fieldseal_core::facts::kinds::{Assign, Set, Step};
use fieldseal_core::facts::{Action, ClockEvidence, DocName, Fact, FactId, ViewToken};
use fieldseal_core::wire::evidence::{Mentions, received_digest, scope_digest};
use fieldseal_core::wire::{DocChanges, Position, SyncAnswer, SyncRequest, VERSION};
use serde_json::json;
use uuid::Uuid;

use crate::keys::ServerKeys;
use crate::pipeline::{PipelineError, SyncService};
use crate::storage::DeviceRow;
use crate::storage::sqlite::SqliteStorage;
use crate::testing::env;

pub(super) fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0193_f2c0_0000_7000_8000_0000_0000_0000 + number)
}
pub(super) fn user(number: u128) -> UserId {
    UserId(id(number))
}
pub(super) fn order(number: u128) -> DocName {
    DocName::Order(OrderId(id(number)))
}
pub(super) fn visit(number: u128, engineer: UserId) -> DocName {
    DocName::Visit(OrderId(id(number)), engineer)
}
pub(super) fn customer(number: u128) -> DocName {
    DocName::Customer(CustomerId(id(number)))
}
/// The dispatcher.
pub(super) fn office() -> UserId {
    user(900)
}
pub(super) fn progress(text: &str) -> Fact {
    Fact::Progress(Step {
        assignment: None,
        text: Some(text.to_owned()),
    })
}
pub(super) fn set(field: &str, value: serde_json::Value) -> Fact {
    Fact::Set(Set {
        subject: None,
        fields: BTreeMap::from([(field.to_owned(), value)]),
        over: Vec::new(),
    })
}

pub(super) struct World {
    pub(super) folder: tempfile::TempDir,
    pub(super) service: SyncService,
    pub(super) env: Env,
}

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let env = env(7);
        let service = Self::service(folder.path(), &env);
        Self { folder, service, env }
    }

    /// The server of a folder.
    pub(super) fn service(folder: &Path, env: &Env) -> SyncService {
        Self::over(&folder.join("fieldseal.db"), folder, env)
    }

    /// A server over one database file with the keys of a folder.
    pub(super) fn over(database: &Path, folder: &Path, env: &Env) -> SyncService {
        let storage = SqliteStorage::open(database, env.random()).unwrap();
        let keys = ServerKeys::open(folder, env).unwrap();
        SyncService::new(Arc::new(storage), keys, env.clone(), 480)
    }

    /// The same server started again.
    pub(super) fn restarted(&self) -> SyncService {
        Self::service(self.folder.path(), &self.env)
    }

    /// Enrols a phone of an engineer.
    pub(super) fn phone(&self, engineer: UserId) -> Phone {
        let public_key: [u8; 32] = self.env.random();
        let tag = fieldseal_core::documents::actor::device_tag(&public_key);
        let device = DeviceRow {
            id: DeviceId(self.env.uuid_v7()),
            user: engineer,
            tag,
            public_key,
            certificate: Vec::new(),
            token_hash: self.env.random(),
            name: "phone".to_owned(),
            start: 0,
            created_at: 0,
            revoked_at: None,
            last_seen: None,
        };
        let device = self
            .service
            .office::<_, PipelineError>(|office| office.enrol(device))
            .unwrap();
        Phone::new(device, &self.env)
    }

    /// Writes facts of the office into one document.
    pub(super) fn write(&self, doc: &DocName, facts: Vec<Fact>) -> FactId {
        let saved = self
            .service
            .append_office(office(), &[(doc.clone(), facts)], &ViewToken::default());
        saved.unwrap().facts[0]
    }

    /// Creates an order of a customer and assigns it; the assignment.
    pub(super) fn dispatch(&self, number: u128, to: &[UserId]) -> FactId {
        self.write(&customer(number), vec![set("name", json!("云锦新材料"))]);
        self.write(
            &order(number),
            vec![set("customer", json!(customer(number).to_string()))],
        );
        self.assign(number, to, &[])
    }

    pub(super) fn assign(&self, number: u128, to: &[UserId], over: &[FactId]) -> FactId {
        let assign = Assign {
            engineers: to.to_vec(),
            over: over.to_vec(),
            reason: None,
        };
        self.write(&order(number), vec![Fact::Assign(assign)])
    }

    pub(super) fn head(&self) -> u64 {
        self.service.storage().read().unwrap().head().unwrap().0
    }

    pub(super) fn device(&self, phone: &Phone) -> DeviceRow {
        self.service
            .storage()
            .read()
            .unwrap()
            .device(phone.device.id)
            .unwrap()
            .unwrap()
    }
}

/// A phone: documents, what it believes to be its scope, a position.
pub(super) struct Phone {
    pub(super) device: DeviceRow,
    pub(super) actor: ActorId,
    env: Env,
    pub(super) documents: BTreeMap<DocName, Document>,
    pub(super) scope: BTreeSet<DocName>,
    pub(super) position: Option<Position>,
    pub(super) page: u32,
    n: u64,
}

impl Phone {
    /// A phone that starts with nothing, under a fresh actor.
    pub(super) fn new(device: DeviceRow, env: &Env) -> Self {
        Self {
            actor: ActorId::fresh(env, device.tag),
            device,
            env: env.clone(),
            documents: BTreeMap::new(),
            scope: BTreeSet::new(),
            position: None,
            page: 1 << 20,
            n: 0,
        }
    }

    /// Writes a change without sending it.
    pub(super) fn write(&mut self, doc: &DocName, facts: &[Fact]) -> Vec<u8> {
        self.write_by(doc, facts, self.device.user)
    }

    pub(super) fn write_by(&mut self, doc: &DocName, facts: &[Fact], by: UserId) -> Vec<u8> {
        self.n += 1;
        let action = Action {
            at: "2026-11-23T10:00:00+08:00".to_owned(),
            clk: ClockEvidence {
                off: None,
                err: None,
                boot: 1,
                mono: self.n,
            },
            by,
            n: self.n,
            saw: Vec::new(),
            docs: Vec::new(),
            min: None,
            facts: facts.iter().map(Fact::to_raw).collect(),
        };
        let key = ActionId(self.env.uuid_v7());
        let document = self.documents.entry(doc.clone()).or_default();
        document
            .append(&self.actor, key, &action.to_text().unwrap())
            .unwrap()
            .bytes
    }

    pub(super) fn request(&self, changes: &[(&DocName, Vec<Vec<u8>>)]) -> SyncRequest {
        SyncRequest {
            version: VERSION,
            position: self.position.clone(),
            changes: changes
                .iter()
                .map(|(doc, changes)| DocChanges {
                    doc: doc.to_string(),
                    changes: changes.iter().cloned().map(Into::into).collect(),
                })
                .collect(),
            page: self.page,
            ..SyncRequest::default()
        }
    }

    /// Sends changes, checks what every answer must hold, and takes it in.
    pub(super) fn send(&mut self, world: &World, changes: &[(&DocName, Vec<Vec<u8>>)]) -> SyncAnswer {
        let request = self.request(changes);
        let answer = world.service.sync(&self.device, &request).unwrap();
        self.take(world, &request, &answer);
        answer
    }

    /// Reads until there is no more.
    pub(super) fn catch_up(&mut self, world: &World) -> usize {
        let mut pages = 1;
        while self.send(world, &[]).more {
            pages += 1;
        }
        pages
    }

    /// Merges an answer as a phone does, and checks digests and proofs.
    pub(super) fn take(&mut self, world: &World, request: &SyncRequest, answer: &SyncAnswer) {
        let (received, digest) = received_digest(request);
        assert_eq!((answer.received, *answer.received_digest), (received, digest));
        let refused: BTreeSet<[u8; 32]> = answer
            .exceptions
            .iter()
            .filter_map(|exception| match exception {
                fieldseal_core::wire::Exception::Quarantined { hash, .. }
                | fieldseal_core::wire::Exception::Parked { hash, .. }
                | fieldseal_core::wire::Exception::Postponed { hash, .. } => Some(**hash),
                _ => None,
            })
            .collect();
        let mut mentions = Mentions::default();
        for doc in &request.changes {
            for bytes in &doc.changes {
                let Ok(change) = read_change(bytes) else { continue };
                if !refused.contains(&change.hash) {
                    mentions.change(&doc.doc, change.hash, &change.deps);
                    if let Ok(name) = doc.doc.parse() {
                        self.scope.insert(name);
                    }
                }
            }
        }
        for grant in &answer.grants {
            let name: DocName = grant.doc.parse().unwrap();
            mentions.document(&grant.doc);
            let chunks = if grant.snapshot.is_empty() {
                Vec::new()
            } else {
                changes_of_snapshot(&grant.snapshot, 10_000).unwrap()
            };
            for chunk in &chunks {
                let change = read_change(chunk).unwrap();
                mentions.change(&grant.doc, change.hash, &change.deps);
            }
            self.merge(&name, &chunks);
        }
        for doc in &answer.changes {
            let name: DocName = doc.doc.parse().unwrap();
            let chunks: Vec<Vec<u8>> = doc.changes.iter().map(|bytes| bytes.to_vec()).collect();
            for chunk in &chunks {
                let change = read_change(chunk).unwrap();
                mentions.change(&doc.doc, change.hash, &change.deps);
            }
            self.merge(&name, &chunks);
        }
        for removal in &answer.removals {
            self.scope.remove(&removal.parse().unwrap());
        }
        let proofs: Vec<u8> = mentions
            .maximal()
            .into_iter()
            .flat_map(|(doc, hash)| world.service.keys().proof(doc, &hash))
            .collect();
        assert_eq!(answer.proofs.to_vec(), proofs);
        self.position.clone_from(&answer.position);
        assert_eq!(answer.scope_digest.is_some(), !answer.more && !answer.mismatch);
    }

    fn merge(&mut self, name: &DocName, chunks: &[Vec<u8>]) {
        self.scope.insert(name.clone());
        let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
        self.documents
            .entry(name.clone())
            .or_default()
            .apply(&chunks)
            .unwrap();
    }

    /// The digest that the phone computes of what it holds in scope.
    pub(super) fn digest(&self) -> [u8; 16] {
        let scope = self
            .scope
            .iter()
            .map(|name| {
                let heads = self.documents.get(name).map(Document::heads).unwrap_or_default();
                (name.to_string(), heads.into_iter().collect())
            })
            .collect();
        scope_digest(&scope)
    }

    /// Heads of every document in scope that has any.
    pub(super) fn state(&self) -> BTreeMap<DocName, Vec<[u8; 32]>> {
        self.scope
            .iter()
            .filter_map(|name| Some((name.clone(), self.documents.get(name)?.heads())))
            .filter(|(_, heads)| !heads.is_empty())
            .collect()
    }
}

/// The hash of a change.
pub(super) fn hash(bytes: &[u8]) -> [u8; 32] {
    read_change(bytes).unwrap().hash
}
