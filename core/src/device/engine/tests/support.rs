//! Phones with a clock that the test moves, and an office whose changes are handed to them directly.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::device::EngineError;
use crate::device::engine::{Engine, OpenOptions};
use crate::device::store::changes::Origin;
use crate::device::store::identity::{self, Identity};
use crate::device::store::ingest::{Ingested, ingest_bytes};
use crate::documents::{ActorId, Author, Document};
use crate::domain::calendar::CompanyZone;
use crate::domain::certificate::{Certificate, CertificateBody};
use crate::domain::ids::{ActionId, DeviceId, OrderId, UserId};
use crate::domain::signed::PublicKey;
use crate::env::{Clock, ClockReading, Entropy, Env};
use crate::facts::{Action, ClockEvidence, DocName, Fact, FactId, ViewToken, kinds};

/// 2026-11-23T10:00:00+08:00.
pub(super) const NOW: i64 = 1_795_399_200_000;

pub(super) struct TestClock(pub(super) AtomicI64);

impl Clock for TestClock {
    fn read(&self) -> ClockReading {
        let wall_ms = self.0.fetch_add(1_000, Ordering::Relaxed);
        ClockReading {
            wall_ms,
            monotonic_ms: 1,
            boot: 7,
        }
    }
}

/// Hashes a counter: repeatable, and never the same twice.
pub(super) struct Counted(pub(super) AtomicU64);

impl Entropy for Counted {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(32) {
            let hash = Sha256::digest(self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            chunk.copy_from_slice(&hash[..chunk.len()]);
        }
    }
}

pub(super) fn env(seed: u64) -> (Env, Arc<TestClock>) {
    let clock = Arc::new(TestClock(AtomicI64::new(NOW)));
    let env = Env {
        clock: clock.clone(),
        entropy: Arc::new(Counted(AtomicU64::new(seed << 32))),
    };
    (env, clock)
}

pub(super) fn user(number: u128) -> UserId {
    UserId(uuid::Uuid::from_u128(
        0x0193_f2c0_0000_7000_8000_0000_0000_0000 | number,
    ))
}

pub(super) fn order_id() -> OrderId {
    OrderId(uuid::Uuid::from_u128(0x0193_f2c0_0000_7000_8000_0000_0000_0b01))
}

pub(super) fn doc(text: &str) -> DocName {
    text.parse().unwrap()
}

pub(super) fn id(kind: &str, number: u8) -> DocName {
    doc(&format!("{kind}/0193f2c0-0000-7000-8000-0000000000{number:02x}"))
}

pub(super) struct Phone {
    pub(super) engine: Engine,
    pub(super) path: PathBuf,
    pub(super) env: Env,
    pub(super) clock: Arc<TestClock>,
    pub(super) me: UserId,
    pub(super) _folder: Option<tempfile::TempDir>,
}

pub(super) fn options(path: &std::path::Path, env: &Env) -> OpenOptions {
    OpenOptions {
        path: path.to_owned(),
        key: None,
        env: env.clone(),
        zone: CompanyZone::default(),
    }
}

/// An enrolled phone of engineer `me`; `number` tells the devices apart.
pub(super) fn phone(number: u64, me: UserId) -> Phone {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("phone.db");
    let (env, clock) = env(number);
    let engine = Engine::open(options(&path, &env)).unwrap();
    enrol(&engine, number, me);
    Phone {
        engine,
        path,
        env,
        clock,
        me,
        _folder: Some(folder),
    }
}

pub(super) fn enrol(engine: &Engine, number: u64, me: UserId) {
    let device_key: [u8; 32] = Sha256::digest(number.to_be_bytes()).into();
    let public = ed25519_dalek::SigningKey::from_bytes(&device_key).verifying_key();
    let identity = Identity {
        device_key,
        tag: crate::documents::actor::device_tag(&public.to_bytes()),
        install: [3; 16],
        server_url: None,
        token: None,
        certificate: Some(certificate(me, &public).to_bytes()),
        user: Some(me),
        device: None,
        device_name: None,
        revoked: false,
    };
    engine
        .inner
        .store
        .write(|transaction| identity::save(transaction, &identity))
        .unwrap();
}

/// What the office would issue.
pub(super) fn certificate(me: UserId, public: &ed25519_dalek::VerifyingKey) -> Certificate {
    Certificate::issue(
        CertificateBody {
            device: DeviceId(me.0),
            engineer: me,
            device_key: PublicKey(public.to_bytes()),
            issued_at: "2026-11-20T10:00:00+08:00".parse().unwrap(),
            organisation: "信安印章服务有限公司".to_owned(),
            organisation_key: PublicKey([0; 32]),
        },
        &ed25519_dalek::SigningKey::from_bytes(&[0x0a; 32]),
    )
    .unwrap()
}

impl Phone {
    /// Ends this process's engine and opens the file again.
    pub(super) fn restart(&mut self) {
        self.engine.shutdown().unwrap();
        self.engine = Engine::open(options(&self.path, &self.env)).unwrap();
    }

    /// Takes in changes as if they had been pulled.
    pub(super) fn pull(&self, changes: &[(DocName, Vec<u8>)]) {
        let author = Author {
            tag_ok: &|_| true,
            person: None,
        };
        self.engine
            .inner
            .store
            .write(|transaction| {
                for (doc, bytes) in changes {
                    let outcome = ingest_bytes(transaction, doc, bytes, Origin::Foreign, &author, NOW)?;
                    assert!(!matches!(outcome, Ingested::Refused(_)), "{doc}: {outcome:?}");
                }
                Ok::<_, crate::device::store::StoreError>(())
            })
            .unwrap();
        self.engine.inner.tell();
    }

    /// Every accepted change with its document, in the order of this file.
    pub(super) fn changes(&self) -> Vec<(DocName, Vec<u8>)> {
        self.engine
            .inner
            .store
            .read(|connection| {
                let mut statement = connection.prepare(
                    "SELECT d.name, c.bytes FROM changes c JOIN docs d ON d.id = c.doc ORDER BY c.id",
                )?;
                let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
                Ok::<_, crate::device::store::StoreError>(rows.collect::<Result<Vec<_>, _>>()?)
            })
            .unwrap()
            .into_iter()
            .map(|(name, bytes)| (doc(&name), bytes))
            .collect()
    }

    pub(super) fn token(&self) -> ViewToken {
        self.engine.order(order_id()).unwrap().token
    }
}

/// The office: one writer over its own documents.
pub(super) struct Office {
    by: UserId,
    env: Env,
    documents: Mutex<HashMap<DocName, (Document, u64)>>,
}

impl Office {
    pub(super) fn new() -> Self {
        Self {
            by: user(0xff),
            env: env(900).0,
            documents: Mutex::new(HashMap::new()),
        }
    }

    pub(super) fn write(&self, doc: &DocName, facts: &[Fact]) -> (FactId, (DocName, Vec<u8>)) {
        let mut documents = self.documents.lock().unwrap();
        let (document, n) = documents.entry(doc.clone()).or_default();
        *n += 1;
        let action = Action {
            at: "2026-11-23T09:00:00+08:00".to_owned(),
            clk: ClockEvidence {
                off: None,
                err: None,
                boot: 1,
                mono: 1,
            },
            by: self.by,
            n: *n,
            saw: Vec::new(),
            docs: Vec::new(),
            min: None,
            facts: facts.iter().map(Fact::to_raw).collect(),
        };
        let key = ActionId(self.env.uuid_v7());
        let change = document
            .append(&ActorId::new([9; 8], [0xee; 8]), key, &action.to_text().unwrap())
            .unwrap();
        (
            FactId {
                action: key,
                place: 0,
            },
            (doc.clone(), change.bytes),
        )
    }

    pub(super) fn set(&self, doc: &DocName, fields: &[(&str, Value)]) -> (DocName, Vec<u8>) {
        self.write(doc, &[set(fields, &[])]).1
    }

    /// An order for `engineer` with its ticket, customer and asset; gives the changes and the assignment.
    pub(super) fn order_for(&self, engineer: UserId) -> (Vec<(DocName, Vec<u8>)>, FactId) {
        let order = DocName::Order(order_id());
        let (ticket, customer, asset) = (id("ticket", 0x11), id("customer", 0x22), id("asset", 0x33));
        let (number, ticket_changes) = self.write(
            &ticket,
            &[
                Fact::Number(kinds::Number {
                    number: "SS20261123001".to_owned(),
                }),
                set(
                    &[
                        ("description", "电子印章无法识别".into()),
                        ("reported_on", "2026-11-20".into()),
                        ("customer", customer.to_string().into()),
                        ("assets", serde_json::json!([asset.to_string()])),
                    ],
                    &[],
                ),
            ],
        );
        let _ = number;
        let (assignment, order_change) = self.write(
            &order,
            &[
                Fact::Assign(kinds::Assign {
                    engineers: vec![engineer],
                    over: Vec::new(),
                    reason: None,
                }),
                set(
                    &[
                        ("ticket", ticket.to_string().into()),
                        ("type", "repair".into()),
                        ("customer", customer.to_string().into()),
                        ("summary", "更换印章".into()),
                        ("priority", "p2".into()),
                        ("window_from", "2026-11-23T14:00:00+08:00".into()),
                        ("window_to", "2026-11-23T16:00:00+08:00".into()),
                        ("assets", serde_json::json!([asset.to_string()])),
                    ],
                    &[],
                ),
            ],
        );
        let changes = vec![
            ticket_changes,
            self.set(
                &customer,
                &[
                    ("name", "上海浦东机场有限公司".into()),
                    ("address", "浦东新区启航路".into()),
                ],
            ),
            self.set(
                &asset,
                &[
                    ("serial", "K-1007".into()),
                    ("product", "eseal-key".into()),
                    ("applied_on", "2026-01-10".into()),
                    ("customer", customer.to_string().into()),
                ],
            ),
            order_change,
        ];
        (changes, assignment)
    }
}

pub(super) fn set(fields: &[(&str, Value)], over: &[FactId]) -> Fact {
    Fact::Set(kinds::Set {
        subject: None,
        fields: map(fields),
        over: over.to_vec(),
    })
}

pub(super) fn map(fields: &[(&str, Value)]) -> BTreeMap<String, Value> {
    fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

/// A phone with one order assigned to it.
pub(super) fn phone_with_order(number: u64, me: UserId, office: &Office) -> (Phone, FactId) {
    let phone = phone(number, me);
    let (changes, assignment) = office.order_for(me);
    phone.pull(&changes);
    (phone, assignment)
}

/// The problems of an [`EngineError::Invalid`].
pub(super) fn problems<T: std::fmt::Debug>(outcome: Result<T, EngineError>) -> Vec<String> {
    match outcome.unwrap_err() {
        EngineError::Invalid { problems } => problems.into_iter().map(|problem| problem.code).collect(),
        other => panic!("{other:?}"),
    }
}

/// One action as a store would hold it.
pub(super) fn stored(doc: &DocName, facts: &[Fact]) -> crate::facts::StoredAction {
    let (id, (_, bytes)) = Office::new().write(doc, facts);
    let change = crate::documents::read_change(&bytes).unwrap();
    crate::facts::StoredAction {
        doc: doc.clone(),
        key: id.action,
        text: change.action.to_text().unwrap().into(),
        hash: change.hash,
        deps: change.deps,
        actor: change.actor.0,
    }
}
