//! The process that is the server: the real one on a folder, and an office that obeys lines on standard input.
//!
//! Everything is written by the office's commands, so every order has its ticket, customer, contact and unit.

use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::path::Path;
use std::sync::Arc;

use fieldseal_core::documents::Document;
use fieldseal_core::domain::ids::{AssetId, CustomerId, OrderId, TicketId, UserId};
use fieldseal_core::domain::roles::Role;
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::domain::work::{Category, Channel, OrderType, Priority};
use fieldseal_core::env::Env;
use fieldseal_core::facts::DocName;
use fieldseal_server::config::{Config, LogFormat};
use fieldseal_server::office::{
    NewAsset, NewContact, NewCustomer, NewJob, NewOrder, NewTicket, NewUser, Office, Person,
};
use fieldseal_server::pipeline::SyncService;
use fieldseal_server::system::system_env;
use fieldseal_server::{Running, logging, start};
use serde_json::json;

use crate::Failed;
use crate::accept;
use crate::phone::contents;
use crate::recorded::{Hand, Visit};

/// Jobs of each of the engineers who fill the board.
const JOBS_EACH: usize = 50;

/// Serves until standard input ends.
pub fn serve(folder: &Path) -> Result<(), Failed> {
    logging::start(LogFormat::Text, "info")?;
    let env = system_env()?;
    let running = start(&Config::new(folder, "127.0.0.1:0".parse()?), env.clone())?;
    let mut desk = Desk::open(&running, env)?;
    println!("ok {}", running.addr);
    for line in std::io::stdin().lock().lines() {
        match desk.obey(line?.trim()) {
            Ok(answer) => println!("ok {answer}"),
            Err(error) => println!("failed {error}"),
        }
    }
    running.stop();
    Ok(())
}

/// Work orders of an engineer, and which of them is edited next.
#[derive(Default)]
struct Round {
    orders: Vec<OrderId>,
    next: usize,
}

struct Desk<'r> {
    running: &'r Running,
    office: Arc<Office>,
    env: Env,
    admin: Person,
    dispatcher: Person,
    engineers: BTreeMap<String, (Person, Round)>,
    edits: u32,
}

impl<'r> Desk<'r> {
    fn open(running: &'r Running, env: Env) -> Result<Self, Failed> {
        let office = running.office.clone();
        // The first account is made by nobody else, as at a set-up link.
        let first = Person {
            user: UserId(env.uuid_v7()),
            name: "管理员".to_owned(),
            roles: vec![Role::Admin],
            active: true,
        };
        let admin = add(&office, &first, first.user, "管理员", Role::Admin)?;
        let dispatcher = add(&office, &admin, UserId(env.uuid_v7()), "李娜", Role::Dispatcher)?;
        Ok(Self {
            running,
            office,
            env,
            admin,
            dispatcher,
            engineers: BTreeMap::new(),
            edits: 0,
        })
    }

    fn obey(&mut self, line: &str) -> Result<String, Failed> {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            // A new engineer.
            ["engineer", name] => {
                let user = UserId(self.env.uuid_v7());
                let person = add(&self.office, &self.admin, user, name, Role::Engineer)?;
                self.engineers
                    .insert((*name).to_owned(), (person, Round::default()));
                Ok(user.to_string())
            }
            // A code for a device of his.
            ["code", name] => {
                let user = self.engineer(name)?.0.user;
                let code = self.office.new_enrolment_code(&self.admin, user)?;
                Ok(code.code.expose())
            }
            // Jobs for him until he has so many documents in scope.
            ["documents", name, count] => {
                let count: u64 = count.parse()?;
                while self.in_scope(name)? < count {
                    self.job(name)?;
                }
                Ok(self.in_scope(name)?.to_string())
            }
            // So many jobs for him.
            ["jobs", name, count] => {
                for _ in 0..count.parse::<u32>()? {
                    self.job(name)?;
                }
                Ok(self.engineer(name)?.1.orders.len().to_string())
            }
            ["scope", name] => Ok(self.in_scope(name)?.to_string()),
            // One edit in each of so many orders.
            ["edit", name, count] => {
                for _ in 0..count.parse::<u32>()? {
                    self.edit(name)?;
                }
                Ok((*count).to_owned())
            }
            // Visits of his with so many facts in each of his orders.
            ["history", name, facts] => {
                let orders = self.engineer(name)?.1.orders.clone();
                let (service, hand) = self.hand(name)?;
                let mut hand = hand;
                for order in orders {
                    let written = Visit::begin(&hand, order).forms(&hand, facts.parse()?)?;
                    hand.lay(&service, vec![written])?;
                }
                Ok("done".to_owned())
            }
            // What save() of everything in his scope comes to.
            ["granted", name] => {
                let user = self.engineer(name)?.0.user;
                let tx = self.running.state.service.storage().read()?;
                let mut bytes = 0;
                for doc in tx.scope_docs(user)? {
                    let chunks = tx.chunks_after(doc, 0)?;
                    let changes: Vec<Vec<u8>> = chunks.into_iter().map(|(_, bytes)| bytes).collect();
                    if !changes.is_empty() {
                        bytes += Document::from_changes(&changes)?.save().len();
                    }
                }
                Ok(bytes.to_string())
            }
            // What stands in the documents of his scope, as a hash.
            ["contents", name] => {
                let user = self.engineer(name)?.0.user;
                let tx = self.running.state.service.storage().read()?;
                let mut all = BTreeMap::new();
                for doc in tx.scope_docs(user)? {
                    let chunks = tx.chunks_after(doc, 0)?;
                    if !chunks.is_empty() {
                        let changes = chunks.into_iter().map(|(_, bytes)| bytes).collect();
                        all.insert(tx.doc_name(doc)?.to_string(), changes);
                    }
                }
                contents(all)
            }
            // The server alone, as fast as it goes.
            ["accept", history, documents, requests] => accept::serve(
                &self.running.state.service,
                &self.env,
                history.parse()?,
                documents.parse()?,
                requests.parse()?,
            ),
            // Engineers with twenty jobs each until the company has so many tickets.
            ["tickets", name, count] => {
                let count: usize = count.parse()?;
                let mut number = 0;
                while self.tickets()? < count {
                    let name = format!("{name}-{number}");
                    self.obey(&format!("engineer {name}"))?;
                    let missing = count - self.tickets()?;
                    self.obey(&format!("jobs {name} {}", missing.min(JOBS_EACH)))?;
                    number += 1;
                }
                Ok(count.to_string())
            }
            // Everybody's orders done, but his, and but those that a phone works in.
            ["finish", but] => {
                let names: Vec<String> = self
                    .engineers
                    .keys()
                    .filter(|name| name != but)
                    .cloned()
                    .collect();
                for name in names {
                    self.finish(&name)?;
                }
                Ok("done".to_owned())
            }
            // A one-time link of somebody who may open every page.
            ["link"] => {
                let user = self.office.create_user(
                    &self.admin,
                    UserId(self.env.uuid_v7()),
                    &NewUser {
                        login: "王芳".to_owned(),
                        name: "王芳".to_owned(),
                        roles: vec![Role::Dispatcher, Role::Auditor, Role::Storekeeper, Role::Admin],
                        language: Lang::ZhCn,
                    },
                )?;
                let link = self.office.set_password_link(&self.admin, user)?;
                Ok(link.expose().to_owned())
            }
            ["order", name] => Ok(self
                .engineer(name)?
                .1
                .orders
                .first()
                .ok_or("no order")?
                .to_string()),
            ["customer", name] => {
                let order = *self.engineer(name)?.1.orders.first().ok_or("no order")?;
                let view = self.office.order(order)?.ok_or("no such order")?;
                let customer = view.view.fields.text("customer").ok_or("no customer")?.to_owned();
                Ok(customer.trim_start_matches("customer/").to_owned())
            }
            ["loads"] => Ok(self.running.state.service.document_loads().to_string()),
            _ => Err("what?".into()),
        }
    }

    fn engineer(&mut self, name: &str) -> Result<&mut (Person, Round), Failed> {
        self.engineers.get_mut(name).ok_or_else(|| "who?".into())
    }

    /// A recorded device of his.
    fn hand(&mut self, name: &str) -> Result<(Arc<SyncService>, Hand), Failed> {
        let user = self.engineer(name)?.0.user;
        let service = self.running.state.service.clone();
        let hand = Hand::enrol(&service, &self.env, user)?;
        Ok((service, hand))
    }

    fn tickets(&self) -> Result<usize, Failed> {
        let tx = self.running.state.service.storage().read()?;
        Ok(tx.doc_names("ticket/")?.len())
    }

    fn finish(&mut self, name: &str) -> Result<(), Failed> {
        let orders = self.engineer(name)?.1.orders.clone();
        let (service, mut hand) = self.hand(name)?;
        let user = self.engineer(name)?.0.user;
        let mut written = Vec::new();
        for order in orders {
            let worked = {
                let tx = service.storage().read()?;
                tx.doc(&DocName::Visit(order, user))?.is_some()
            };
            let view = self.office.order(order)?.ok_or("no such order")?;
            if let Some(assignment) = view.view.current.filter(|_| !worked) {
                let heads = view.view.token.heads.iter().copied();
                let mut visit = Visit::begin(&hand, order).showing(heads);
                written.push(visit.whole(&hand, assignment)?);
            }
        }
        hand.lay(&service, written)
    }

    fn in_scope(&mut self, name: &str) -> Result<u64, Failed> {
        let user = self.engineer(name)?.0.user;
        let tx = self.running.state.service.storage().read()?;
        Ok(u64::try_from(tx.scope_docs(user)?.len())?)
    }

    /// A customer with a contact and a unit, a ticket about it, and its order, dispatched.
    fn job(&mut self, name: &str) -> Result<(), Failed> {
        let number = self.engineer(name)?.1.orders.len() + 1;
        let engineer = self.engineer(name)?.0.user;
        let customer = self.office.create_customer(
            &self.dispatcher,
            CustomerId(self.env.uuid_v7()),
            NewCustomer {
                name: format!("云锦新材料有限公司第{number}分公司"),
                region: Some("苏州".to_owned()),
                address: Some(format!("苏州市工业园区星湖街{number}号")),
                contact: Some(NewContact {
                    name: "周敏".to_owned(),
                    phone: Some(format!("138{number:08}")),
                    role: Some("综合部".to_owned()),
                }),
                ..NewCustomer::default()
            },
        )?;
        let asset = self.office.create_asset(
            &self.dispatcher,
            AssetId(self.env.uuid_v7()),
            &NewAsset {
                customer,
                serial: format!("ES-{number:06}"),
                product: "eseal-key".to_owned(),
                applied_on: Some("2025-03-11".to_owned()),
                sold_on: None,
                accepted_on: None,
                maker_warranty_end: None,
                not_removable: false,
            },
        )?;
        let (_, order) = self.office.create_job(
            &self.dispatcher,
            TicketId(self.env.uuid_v7()),
            NewJob {
                ticket: NewTicket {
                    customer,
                    assets: vec![DocName::Asset(asset)],
                    category: Category::Service,
                    priority: Priority::P2,
                    channel: Channel::Phone,
                    caller: None,
                    description: "插入KEY后电脑无反应，投标系统提示未检测到印章".to_owned(),
                    reported_on: None,
                },
                order: NewOrder {
                    order_type: OrderType::Repair,
                    priority: Priority::P2,
                    summary: "印章无法识别，需现场处理".to_owned(),
                    window_from: Some("2026-11-23T14:00:00+08:00".to_owned()),
                    window_to: Some("2026-11-23T16:00:00+08:00".to_owned()),
                    planned_parts: vec!["KEY-BLANK".to_owned()],
                    contact: None,
                },
                engineers: vec![engineer],
            },
        )?;
        self.engineer(name)?.1.orders.push(order);
        Ok(())
    }

    /// Moves the window of the next order, as the dispatcher's form does.
    fn edit(&mut self, name: &str) -> Result<(), Failed> {
        let round = &mut self.engineer(name)?.1;
        let order = *round
            .orders
            .get(round.next % round.orders.len().max(1))
            .ok_or("no order")?;
        round.next += 1;
        self.edits += 1;
        let (hour, minute) = (8 + self.edits % 10, self.edits % 60);
        let token = self.office.order(order)?.ok_or("no such order")?.token;
        self.office.edit(
            &self.dispatcher,
            &DocName::Order(order),
            &token,
            &BTreeMap::from([
                (
                    "window_from".to_owned(),
                    json!(format!("2026-11-24T{hour:02}:{minute:02}:00+08:00")),
                ),
                (
                    "window_to".to_owned(),
                    json!(format!("2026-11-24T{:02}:{minute:02}:00+08:00", hour + 2)),
                ),
            ]),
        )?;
        Ok(())
    }
}

fn add(office: &Office, by: &Person, user: UserId, name: &str, role: Role) -> Result<Person, Failed> {
    office.create_user(
        by,
        user,
        &NewUser {
            login: name.to_owned(),
            name: name.to_owned(),
            roles: vec![role],
            language: Lang::ZhCn,
        },
    )?;
    office.person(user)?.ok_or_else(|| "no such person".into())
}
