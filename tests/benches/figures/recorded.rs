//! Visits written without a phone, as a phone writes them: recorded requests for the server alone.
//!
//! The changes are real ones, made by the documents module under an enrolled device's actor, and they go in by
//! `SyncService::sync`, through gate, writer check and fsync, like any other.

use std::collections::BTreeMap;

use fieldseal_core::documents::actor::device_tag;
use fieldseal_core::documents::{ActorId, Document};
use fieldseal_core::domain::ids::{ActionId, DeviceId, OrderId, UserId};
use fieldseal_core::domain::work::Outcome;
use fieldseal_core::env::Env;
use fieldseal_core::facts::{Action, ClockEvidence, DocName, Fact, FactId, Head, kinds};
use fieldseal_core::wire::{DocChanges, Position, SyncAnswer, SyncRequest, VERSION};
use fieldseal_server::pipeline::{PipelineError, SyncService};
use fieldseal_server::storage::DeviceRow;
use serde_json::json;

use crate::Failed;

/// Changes that one request carries while a history is laid down.
const LAID_AT_ONCE: usize = 500;
/// When everything was written.
const AT: &str = "2026-11-23T15:04:05+08:00";

/// An enrolled device that nobody holds.
pub struct Hand {
    device: DeviceRow,
    actor: ActorId,
    env: Env,
    position: Option<Position>,
}

impl Hand {
    /// A new device of an engineer.
    pub fn enrol(service: &SyncService, env: &Env, user: UserId) -> Result<Self, Failed> {
        let public_key: [u8; 32] = env.random();
        let tag = device_tag(&public_key);
        let row = DeviceRow {
            id: DeviceId(env.uuid_v7()),
            user,
            tag,
            public_key,
            certificate: Vec::new(),
            token_hash: env.random(),
            name: "recorded".to_owned(),
            start: 0,
            created_at: 0,
            revoked_at: None,
            last_seen: None,
        };
        let device = service.office::<_, PipelineError>(|office| office.enrol(row))?;
        Ok(Self {
            device,
            actor: ActorId::fresh(env, tag),
            env: env.clone(),
            position: None,
        })
    }

    /// A request with these changes, as of what this device has seen.
    pub fn request(&self, changes: Vec<DocChanges>) -> SyncRequest {
        SyncRequest {
            version: VERSION,
            position: self.position.clone(),
            changes,
            page: 64 * 1024,
            ..SyncRequest::default()
        }
    }

    /// Sends a request at the position where this device stands; every change of it must be accepted.
    pub fn send(&mut self, service: &SyncService, request: &mut SyncRequest) -> Result<SyncAnswer, Failed> {
        request.position = self.position.clone();
        let sent: usize = request.changes.iter().map(|doc| doc.changes.len()).sum();
        let answer = service.sync(&self.device, request)?;
        let taken: u32 = answer.rows.iter().map(|(_, count)| *count).sum();
        if !answer.exceptions.is_empty() || usize::try_from(taken)? != sent {
            return Err(format!("{taken} of {sent} accepted, {:?}", answer.exceptions.first()).into());
        }
        self.position = answer.position.clone();
        Ok(answer)
    }

    /// Reads whatever there is, so that a measured answer holds no history.
    pub fn catch_up(&mut self, service: &SyncService) -> Result<(), Failed> {
        loop {
            let mut request = self.request(Vec::new());
            request.page = 8 * 1024 * 1024;
            let answer = service.sync(&self.device, &request)?;
            self.position = answer.position;
            if !answer.more {
                return Ok(());
            }
        }
    }

    /// Sends these changes in as few requests as fit.
    pub fn lay(&mut self, service: &SyncService, written: Vec<DocChanges>) -> Result<(), Failed> {
        let (mut batch, mut count) = (Vec::new(), 0);
        for mut doc in written {
            while !doc.changes.is_empty() {
                let rest = doc.changes.split_off(doc.changes.len().min(LAID_AT_ONCE - count));
                count += doc.changes.len();
                batch.push(DocChanges {
                    doc: doc.doc.clone(),
                    changes: std::mem::replace(&mut doc.changes, rest),
                });
                if count == LAID_AT_ONCE {
                    let mut request = self.request(std::mem::take(&mut batch));
                    self.send(service, &mut request)?;
                    count = 0;
                }
            }
        }
        if count > 0 {
            let mut request = self.request(batch);
            self.send(service, &mut request)?;
        }
        Ok(())
    }
}

/// A visit that is being written.
pub struct Visit {
    name: DocName,
    document: Document,
    n: u64,
    head: Option<Head>,
    /// What the engineer's screen showed of the office's side.
    shown: Vec<Head>,
    over: Option<FactId>,
}

impl Visit {
    /// The device's engineer's visit to an order; nothing is in it yet.
    pub fn begin(hand: &Hand, order: OrderId) -> Self {
        Self {
            name: DocName::Visit(order, hand.device.user),
            document: Document::new(),
            n: 0,
            head: None,
            shown: Vec::new(),
            over: None,
        }
    }

    /// As written by somebody whose screen showed these heads: a step that names an assignment knows it.
    pub fn showing(mut self, heads: impl IntoIterator<Item = Head>) -> Self {
        self.shown = heads.into_iter().collect();
        self
    }

    /// One more fact, in an action of its own, upon all that was written before.
    fn write(&mut self, hand: &Hand, fact: &Fact) -> Result<Vec<u8>, Failed> {
        self.n += 1;
        let key = ActionId(hand.env.uuid_v7());
        let action = Action {
            at: AT.to_owned(),
            clk: ClockEvidence {
                off: Some(-120),
                err: Some(35),
                boot: 7,
                mono: 100_000 + self.n,
            },
            by: hand.device.user,
            n: self.n,
            saw: self.shown.iter().copied().chain(self.head).collect(),
            docs: Vec::new(),
            min: None,
            facts: vec![fact.to_raw()],
        };
        let change = self.document.append(&hand.actor, key, &action.to_text()?)?;
        self.head = Some(Head::of(&change.hash));
        self.over = Some(FactId {
            action: key,
            place: 0,
        });
        Ok(change.bytes)
    }

    /// So many saved forms of two fields, each upon the one before.
    pub fn forms(&mut self, hand: &Hand, count: usize) -> Result<DocChanges, Failed> {
        let mut changes = Vec::with_capacity(count);
        for _ in 0..count {
            let fact = Fact::Set(kinds::Set {
                subject: None,
                fields: BTreeMap::from([
                    (
                        "fault_found".to_owned(),
                        json!(format!("USB接头松动，外壳有裂纹（第{}次记录）", self.n % 90)),
                    ),
                    (
                        "action_taken".to_owned(),
                        json!("清洁接头并重新插拔，连续测试三次正常"),
                    ),
                ]),
                over: self.over.into_iter().collect(),
            });
            changes.push(self.write(hand, &fact)?.into());
        }
        Ok(self.changes(changes))
    }

    /// Taken, gone to, done and handed in.
    pub fn whole(&mut self, hand: &Hand, assignment: FactId) -> Result<DocChanges, Failed> {
        let step = || kinds::Step {
            assignment: Some(assignment),
            text: None,
        };
        let done = kinds::Done {
            assignment: Some(assignment),
            // The one outcome that is handed in without a signature or a call.
            outcome: Outcome::CustomerAbsent.as_str().to_owned(),
            reason: None,
        };
        let submit = kinds::Submit {
            assignment: Some(assignment),
            seal: None,
            without: Some("customer_absent".to_owned()),
        };
        let mut changes = Vec::new();
        for fact in [
            Fact::Accept(step()),
            Fact::Arrive(step()),
            Fact::Done(done),
            Fact::Submit(submit),
        ] {
            changes.push(self.write(hand, &fact)?.into());
        }
        Ok(self.changes(changes))
    }

    fn changes(&self, changes: Vec<minicbor::bytes::ByteVec>) -> DocChanges {
        DocChanges {
            doc: self.name.to_string(),
            changes,
        }
    }
}
