//! A small language for histories: who writes what, on which device, having seen what.
//!
//! A document here is a hash-linked chain in memory: a change's hash is SHA-256 of its content, its deps are the
//! heads that its writer's replica held. That is all that the fold asks of Automerge.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fieldseal_core::domain::ids::{ActionId, OrderId, TicketId, UserId};
use fieldseal_core::facts::envelope::{Action, ClockEvidence, Head};
use fieldseal_core::facts::{
    DocName, Fact, FactId, FoldContext, OrderView, StoredAction, ViewToken, first_order_of, fold_order,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(0x0193_f2c0_0000_7000_8000_0000_0000_0000 + n))
}

pub const A: u128 = 0xa;
pub const B: u128 = 0xb;
pub const C: u128 = 0xc;
pub const DISPATCHER: u128 = 0xd;
pub const OTHER_DISPATCHER: u128 = 0xe;
pub const AUDITOR: u128 = 0x10;
pub const OTHER_AUDITOR: u128 = 0x11;

pub fn ticket_id() -> TicketId {
    TicketId(Uuid::from_u128(0x0193_f2c0_0000_7000_8000_0000_0000_0001))
}
pub fn order_id() -> OrderId {
    first_order_of(ticket_id())
}
pub fn intake_doc(engineer: u128) -> DocName {
    DocName::Intake(user(engineer), ticket_id())
}
pub fn order_doc() -> DocName {
    DocName::Order(order_id())
}
pub fn visit_doc(engineer: u128) -> DocName {
    DocName::Visit(order_id(), user(engineer))
}

/// One replica: what a device (or the server) holds. Knowledge moves only by [`Story::sync`].
#[derive(Clone, Default)]
pub struct Replica {
    pub held: BTreeSet<usize>,
}

/// One device of a person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Device {
    pub person: u128,
    pub number: u8,
}

pub const fn phone(person: u128) -> Device {
    Device { person, number: 1 }
}
pub const fn tablet(person: u128) -> Device {
    Device { person, number: 2 }
}
/// The office's page: all office people write through the server, but each page shows what it showed.
pub const fn page(person: u128) -> Device {
    Device { person, number: 9 }
}

#[derive(Clone, Default)]
pub struct Story {
    pub actions: Vec<StoredAction>,
    replicas: BTreeMap<Device, Replica>,
    counter: u128,
    salt: u64,
    /// Claimed local time in minutes after midnight, for display only.
    pub minute: u32,
}

/// What one call to [`Story::write`] made.
#[derive(Clone, Debug)]
pub struct Wrote {
    pub index: usize,
    pub ids: Vec<FactId>,
}

impl Wrote {
    pub fn id(&self) -> FactId {
        self.ids[0]
    }
}

impl Story {
    /// `salt` varies action ids, hence every hash and every tie.
    pub fn new(salt: u64) -> Self {
        Self {
            salt,
            minute: 9 * 60,
            ..Self::default()
        }
    }

    pub fn held(&mut self, device: Device) -> &mut BTreeSet<usize> {
        &mut self.replicas.entry(device).or_default().held
    }

    fn heads(&self, held: &BTreeSet<usize>, doc: Option<&DocName>) -> Vec<[u8; 32]> {
        let in_doc = |at: &&usize| doc.is_none_or(|doc| self.actions[**at].doc == *doc);
        let inner: BTreeSet<[u8; 32]> = held
            .iter()
            .filter(in_doc)
            .flat_map(|at| self.actions[*at].deps.iter().copied())
            .collect();
        held.iter()
            .filter(in_doc)
            .map(|at| self.actions[*at].hash)
            .filter(|hash| !inner.contains(hash))
            .collect()
    }

    /// Writes `facts` into `doc` on `device`, its screen showing all that the device holds.
    pub fn write(&mut self, device: Device, doc: DocName, facts: Vec<Fact>) -> Wrote {
        self.write_seeing(device, doc, facts, None)
    }

    /// As [`Self::write`], on a screen that showed `token` (an older page or form).
    pub fn write_seeing(
        &mut self,
        device: Device,
        doc: DocName,
        facts: Vec<Fact>,
        token: Option<&ViewToken>,
    ) -> Wrote {
        self.write_many(device, vec![(doc, facts)], token)
    }

    /// One action over several documents.
    pub fn write_many(
        &mut self,
        device: Device,
        parts: Vec<(DocName, Vec<Fact>)>,
        token: Option<&ViewToken>,
    ) -> Wrote {
        self.counter += 1;
        self.minute += 5;
        let mut seed = Sha256::new();
        seed.update(self.salt.to_be_bytes());
        seed.update(self.counter.to_be_bytes());
        let seed: [u8; 32] = seed.finalize().into();
        let mut bytes = [0_u8; 10];
        bytes.copy_from_slice(&seed[..10]);
        let key = ActionId(
            uuid::Builder::from_unix_timestamp_millis(1_790_000_000_000 + self.counter as u64, &bytes)
                .into_uuid(),
        );
        let held = self.replicas.entry(device).or_default().held.clone();
        // The server appends to office documents: deps are the server's heads there, `n` is the server's; a phone's
        // are its own. Knowledge is what the screen showed.
        let base: BTreeSet<usize> = if device.number == 9 {
            (0..self.actions.len())
                .filter(|at| matches!(self.actions[*at].doc, DocName::Order(_)) || held.contains(at))
                .collect()
        } else {
            held.clone()
        };
        let n = 1 + base
            .iter()
            .map(|at| Action::parse(&self.actions[*at].text).unwrap().n)
            .max()
            .unwrap_or(0);
        let saw: Vec<Head> = match token {
            Some(token) => token.heads.iter().copied().collect(),
            None => self.heads(&held, None).iter().map(Head::of).collect(),
        };
        let docs: Vec<(DocName, u16)> = if parts.len() > 1 {
            parts
                .iter()
                .map(|(doc, facts)| (doc.clone(), facts.len() as u16))
                .collect()
        } else {
            Vec::new()
        };
        let mut ids = Vec::new();
        let first = self.actions.len();
        let mut place = 0_u16;
        for (doc, facts) in parts {
            let action = Action {
                at: format!(
                    "2026-11-23T{:02}:{:02}:00+08:00",
                    self.minute / 60 % 24,
                    self.minute % 60
                ),
                clk: ClockEvidence {
                    off: Some(20),
                    err: Some(30),
                    boot: 1,
                    mono: u64::from(self.minute) * 60_000,
                },
                by: user(device.person),
                n,
                saw: saw.clone(),
                docs: docs.clone(),
                min: None,
                facts: facts.iter().map(Fact::to_raw).collect(),
            };
            for _ in &facts {
                ids.push(FactId { action: key, place });
                place += 1;
            }
            let deps = self.heads(&base, Some(&doc));
            self.put(device, doc, key, action.to_text().unwrap(), deps);
        }
        Wrote { index: first, ids }
    }

    /// A change with given text and deps.
    pub fn put(
        &mut self,
        device: Device,
        doc: DocName,
        key: ActionId,
        text: String,
        deps: Vec<[u8; 32]>,
    ) -> usize {
        let mut actor = [7_u8; 16];
        actor[8..].copy_from_slice(&[device.person as u8, device.number, 0, 0, 0, 0, 0, 1]);
        let mut hasher = Sha256::new();
        hasher.update(actor);
        hasher.update(doc.to_string());
        hasher.update(key.0.as_bytes());
        hasher.update(&text);
        for dep in &deps {
            hasher.update(dep);
        }
        self.actions.push(StoredAction {
            doc,
            key,
            text: Arc::from(text),
            hash: hasher.finalize().into(),
            deps,
            actor,
        });
        let at = self.actions.len() - 1;
        self.held(device).insert(at);
        at
    }

    /// Everything written so far reaches `device`.
    pub fn sync(&mut self, device: Device) {
        let all = 0..self.actions.len();
        self.held(device).extend(all);
    }

    /// What `device` shows now.
    pub fn screen(&mut self, device: Device) -> OrderView {
        let held = self.held(device).clone();
        let actions: Vec<StoredAction> = held.iter().map(|at| self.actions[*at].clone()).collect();
        fold_order(order_id(), &actions, &FoldContext::default())
    }

    /// What everybody shows once all is everywhere.
    pub fn fold(&self) -> OrderView {
        fold_order(order_id(), &self.actions, &FoldContext::default())
    }
}

// ---- facts in short ------------------------------------------------------------------------------------------

use fieldseal_core::facts::kinds::*;

fn step(assignment: &Wrote) -> Step {
    Step {
        assignment: Some(assignment.id()),
        text: None,
    }
}
pub fn assign(engineers: &[u128], over: &[&Wrote]) -> Fact {
    Fact::Assign(Assign {
        engineers: engineers.iter().map(|n| user(*n)).collect(),
        over: over.iter().map(|wrote| wrote.id()).collect(),
        reason: (!over.is_empty()).then(|| "not reachable".to_owned()),
    })
}
/// A ticket founded on site whose first visit the engineer does himself.
pub fn found() -> Fact {
    Fact::Found(Found {
        provisional: "SS~A7-0003".into(),
        takes: true,
    })
}
pub fn adopt(engineer: u128, founding: &Wrote) -> Fact {
    Fact::Adopt(Adopt {
        intake: intake_doc(engineer),
        found: founding.id(),
    })
}
pub fn cancel() -> Fact {
    Fact::Cancel(OverReason {
        over: vec![],
        reason: "customer withdrew".into(),
    })
}
pub fn uncancel(over: &[&Wrote]) -> Fact {
    Fact::Uncancel(OverReason {
        over: over.iter().map(|wrote| wrote.id()).collect(),
        reason: "by mistake".into(),
    })
}
pub fn accept(a: &Wrote) -> Fact {
    Fact::Accept(step(a))
}
pub fn decline(a: &Wrote) -> Fact {
    Fact::Decline(Step {
        text: Some("no time".into()),
        ..step(a)
    })
}
pub fn travel(a: &Wrote) -> Fact {
    Fact::Travel(step(a))
}
pub fn arrive(a: &Wrote) -> Fact {
    Fact::Arrive(step(a))
}
pub fn leave(a: &Wrote) -> Fact {
    Fact::Leave(step(a))
}
pub fn progress(a: &Wrote, text: &str) -> Fact {
    Fact::Progress(Step {
        text: Some(text.into()),
        ..step(a)
    })
}
pub fn done(a: &Wrote) -> Fact {
    Fact::Done(Done {
        assignment: Some(a.id()),
        outcome: "solved".into(),
        reason: None,
    })
}
pub fn seal(a: &Wrote, prev: Option<(&Wrote, u32)>, lists: &[FactId]) -> Fact {
    Fact::Seal(Seal {
        assignment: Some(a.id()),
        revision: prev.map_or(1, |(_, revision)| revision + 1),
        prev: prev.map(|(wrote, _)| wrote.id()),
        blob: "00".repeat(32),
        lists: lists.to_vec(),
        kind: "signed".into(),
    })
}
pub fn submit(a: &Wrote, seal: &Wrote) -> Fact {
    Fact::Submit(Submit {
        assignment: Some(a.id()),
        seal: Some(seal.id()),
        without: None,
    })
}
pub fn audit(a: &Wrote, seal: &Wrote, over: &[&Wrote]) -> Fact {
    Fact::Audit(Audit {
        revision: seal.id(),
        assignment: a.id(),
        blob: "11".repeat(32),
        over: over.iter().map(|wrote| wrote.id()).collect(),
    })
}
pub fn unaudit(over: &[&Wrote]) -> Fact {
    Fact::Unaudit(OverReason {
        over: over.iter().map(|wrote| wrote.id()).collect(),
        reason: "wrong total".into(),
    })
}
pub fn send_back(a: &Wrote, seal: &Wrote) -> Fact {
    Fact::Return(Return {
        revision: seal.id(),
        assignment: a.id(),
        reason: "photo is blurred".into(),
    })
}
pub fn pick(seal: &Wrote) -> Fact {
    Fact::Pick(Pick {
        revision: seal.id(),
        over: vec![],
        reason: "the customer signed this one last".into(),
    })
}
pub fn confirm(target: &Wrote) -> Fact {
    Fact::Confirm(Confirm {
        target: target.id(),
        verdict: "confirmed".into(),
        outcome: None,
        reason: None,
        over: vec![],
    })
}
pub fn decide(a: &Wrote, over: &[&Wrote], outcome: &str) -> Fact {
    Fact::Decide(Decide {
        assignment: Some(a.id()),
        asset: DocName::Asset(fieldseal_core::domain::ids::AssetId(Uuid::from_u128(0x55))),
        decision: serde_json::json!({ "outcome": outcome }),
        over: over.iter().map(|wrote| wrote.id()).collect(),
    })
}
pub fn set(fields: &[(&str, Value)], over: &[FactId]) -> Fact {
    Fact::Set(Set {
        subject: None,
        fields: fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        over: over.to_vec(),
    })
}
pub fn set_of(subject: DocName, fields: &[(&str, Value)], over: &[FactId]) -> Fact {
    match set(fields, over) {
        Fact::Set(set) => Fact::Set(Set {
            subject: Some(subject),
            ..set
        }),
        other => other,
    }
}
pub fn hide(target: Option<&Wrote>) -> Fact {
    Fact::Hide(Hide {
        target: target.map(Wrote::id),
        reason: "entered twice".into(),
    })
}

/// A movement; `order` ties it to the order of the story.
pub fn moved(kind: &str, part: &str, serial: Option<&str>, qty: u32, way: (&str, &str), order: bool) -> Fact {
    Fact::Move(Move {
        movement: kind.into(),
        part: part.into(),
        serial: serial.map(str::to_owned),
        qty,
        from: way.0.into(),
        to: way.1.into(),
        order: order.then(order_doc),
        assignment: None,
        note: None,
        ..Default::default()
    })
}
pub fn mirror(of: &Wrote, fact: Fact) -> Fact {
    match fact {
        Fact::Move(moved) => Fact::Move(Move {
            mirrors: Some(of.id()),
            ..moved
        }),
        other => other,
    }
}
pub fn reverse(of: &Wrote) -> Fact {
    Fact::Reverse(Reverse {
        of: of.id(),
        reason: "scanned by mistake".into(),
    })
}

pub const STOREKEEPER: u128 = 0x12;

fn shard() -> fieldseal_core::facts::Shard {
    "2026q4".parse().unwrap()
}
pub fn van_field(engineer: u128) -> DocName {
    DocName::VanField(user(engineer), shard())
}
pub fn van_office(engineer: u128) -> DocName {
    DocName::VanOffice(user(engineer), shard())
}
pub fn store_doc() -> DocName {
    DocName::Store(
        fieldseal_core::domain::ids::LocationId(Uuid::from_u128(0x77)),
        shard(),
    )
}
pub fn van_good(engineer: u128) -> String {
    format!("van_good:{}", user(engineer))
}
pub fn cabinet() -> String {
    format!("store:{}", Uuid::from_u128(0x77))
}
pub fn site() -> String {
    format!("customer_site:{}", order_id())
}
