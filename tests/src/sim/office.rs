//! The office: people who dispatch, correct, reassign and cancel, and who know only what the server has.

use std::collections::BTreeMap;

use fieldseal_core::documents::actor::device_tag;
use fieldseal_core::domain::ids::{CustomerId, DeviceId, OrderId, UserId};
use fieldseal_core::env::Env;
use fieldseal_core::facts::kinds::{self, Assign, OverReason, Pack, Set, Text};
use fieldseal_core::facts::{DocName, Fact, FactId, ViewToken};
use fieldseal_server::pipeline::{PipelineError, SyncService};
use fieldseal_server::storage::DeviceRow;
use serde_json::json;

use super::rng::Rng;

/// One order as the office has it.
#[derive(Debug, Clone)]
pub struct Order {
    /// Its document.
    pub doc: DocName,
    /// Its customer's.
    pub customer: DocName,
    /// The assignment in force.
    pub assignment: FactId,
    /// `set` facts of the customer's name, newest last.
    pub names: Vec<FactId>,
}

/// The office.
#[derive(Debug)]
pub struct Office {
    /// A dispatcher.
    pub person: UserId,
    /// The engineers.
    pub engineers: Vec<UserId>,
    /// The orders.
    pub orders: Vec<Order>,
    env: Env,
    acts: u64,
}

fn set(field: &str, value: serde_json::Value, over: Vec<FactId>) -> Fact {
    Fact::Set(Set {
        subject: None,
        fields: BTreeMap::from([(field.to_owned(), value)]),
        over,
    })
}

impl Office {
    /// An office with so many engineers.
    pub fn new(engineers: usize, env: Env) -> Self {
        Self {
            person: UserId(env.uuid_v7()),
            engineers: (0..engineers).map(|_| UserId(env.uuid_v7())).collect(),
            orders: Vec::new(),
            env,
            acts: 0,
        }
    }

    fn write(&self, service: &SyncService, parts: &[(DocName, Vec<Fact>)]) -> Vec<FactId> {
        service
            .append_office(self.person, parts, &ViewToken::default())
            .expect("the office's own writes are in order")
            .facts
    }

    /// Enrols a device of an engineer and names it in the directory, in one transaction.
    pub fn enrol(&self, service: &SyncService, engineer: usize) -> DeviceRow {
        let public_key: [u8; 32] = self.env.random();
        let row = DeviceRow {
            id: DeviceId(self.env.uuid_v7()),
            user: self.engineers[engineer],
            tag: device_tag(&public_key),
            public_key,
            certificate: Vec::new(),
            token_hash: self.env.random(),
            name: "phone".to_owned(),
            start: 0,
            created_at: 0,
            revoked_at: None,
            last_seen: None,
        };
        let fact = Fact::Device(kinds::Device {
            device: row.id,
            user: row.user,
            tag: hex::encode(row.tag),
            certificate: String::new(),
        });
        service
            .office::<_, PipelineError>(|office| {
                let row = office.enrol(row)?;
                office.append(
                    self.person,
                    &[(DocName::Directory, vec![fact])],
                    &ViewToken::default(),
                )?;
                Ok(row)
            })
            .expect("enrolment works")
    }

    fn some_engineers(&self, rng: &mut Rng) -> Vec<UserId> {
        let first = rng.below(self.engineers.len());
        let mut chosen = vec![self.engineers[first]];
        if self.engineers.len() > 1 && rng.chance(25) {
            chosen.push(self.engineers[(first + 1) % self.engineers.len()]);
        }
        chosen
    }

    /// A new order of a new customer, assigned at once.
    pub fn dispatch(&mut self, service: &SyncService, rng: &mut Rng) {
        let customer = DocName::Customer(CustomerId(self.env.uuid_v7()));
        let doc = DocName::Order(OrderId(self.env.uuid_v7()));
        let engineers = self.some_engineers(rng);
        // Two customers in one action: equal facts in two new documents are equal bytes, and so are their hashes.
        let twin = DocName::Customer(CustomerId(self.env.uuid_v7()));
        let name = || vec![set("name", json!("云锦新材料"), vec![])];
        let names = self.write(service, &[(customer.clone(), name()), (twin.clone(), name())]);
        let facts = self.write(
            service,
            &[(
                doc.clone(),
                vec![
                    set("customer", json!(customer.to_string()), vec![]),
                    set("contact", json!(twin.to_string()), vec![]),
                    set("summary", json!("印章无法识别"), vec![]),
                    Fact::Assign(Assign {
                        engineers,
                        over: vec![],
                        reason: None,
                    }),
                ],
            )],
        );
        self.orders.push(Order {
            doc,
            customer,
            assignment: facts[3],
            names: names[..1].to_vec(),
        });
    }

    /// One act of a person at the page.
    pub fn act(&mut self, service: &SyncService, rng: &mut Rng) {
        self.acts += 1;
        let place = rng.below(self.orders.len());
        let Some(order) = self.orders.get(place).cloned() else {
            self.dispatch(service, rng);
            return;
        };
        match rng.below(12) {
            0..=1 if self.orders.len() < 6 => self.dispatch(service, rng),
            0..=4 => {
                let assign = Fact::Assign(Assign {
                    engineers: self.some_engineers(rng),
                    over: vec![order.assignment],
                    reason: Some("改派".to_owned()),
                });
                let facts = self.write(service, &[(order.doc, vec![assign])]);
                self.orders[place].assignment = facts[0];
            }
            5..=6 => {
                // A stale page: only some of the names that stand there are named.
                let over = order.names.iter().filter(|_| rng.chance(60)).copied().collect();
                let name = set("name", json!(format!("客户 {}", self.acts)), over);
                let facts = self.write(service, &[(order.customer, vec![name])]);
                self.orders[place].names.extend(facts);
            }
            7 => {
                let cancel = Fact::Cancel(OverReason {
                    over: vec![],
                    reason: "客户取消".to_owned(),
                });
                self.write(service, &[(order.doc, vec![cancel])]);
            }
            8 => self.pack(service),
            9 => {
                // One action over two documents.
                let note = || {
                    Fact::Instruct(Text {
                        text: format!("请带备件 {}", self.acts),
                    })
                };
                let region = set("region", json!(format!("区 {}", self.acts)), vec![]);
                self.write(
                    service,
                    &[(order.doc, vec![note()]), (order.customer, vec![region])],
                );
            }
            _ => {
                let text = format!("说明 {}", self.acts);
                self.write(service, &[(order.doc, vec![Fact::Instruct(Text { text })])]);
            }
        }
    }

    /// An immutable pack that every phone fetches.
    fn pack(&self, service: &SyncService) {
        let bytes = format!("pack {}", self.acts).repeat(20).into_bytes();
        service
            .office::<_, PipelineError>(|office| {
                let sha256 = office.put_blob(&bytes)?;
                let fact = Fact::Pack(Pack {
                    pack: "parts".to_owned(),
                    version: format!("parts@{}", self.acts),
                    blob: hex::encode(sha256),
                    valid_from: "2026-01-01".to_owned(),
                });
                office.append(
                    self.person,
                    &[(DocName::ReferenceIndex, vec![fact])],
                    &ViewToken::default(),
                )
            })
            .expect("a pack is in order");
    }
}
