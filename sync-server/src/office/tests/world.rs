//! A company on a real database, and engineers whose phones send real changes through the pipeline.

use std::collections::BTreeMap;
use std::sync::Arc;

use ed25519_dalek::{Signer as _, SigningKey};
use fieldseal_core::documents::{ActorId, Document};
use fieldseal_core::domain::ids::{ActionId, CustomerId, OrderId, TicketId, UserId};
use fieldseal_core::domain::roles::Role;
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::domain::work::{Category, Channel, OrderType, Priority};
use fieldseal_core::facts::kinds::{Done, Seal, Step, Submit};
use fieldseal_core::facts::{Action, ClockEvidence, DocName, Fact, FactId, OrderView, ViewToken};
use fieldseal_core::wire::{DocChanges, EnrolRequest, SyncRequest, VERSION};

use crate::config::Config;
use crate::enrol::proof_message;
use crate::office::{NewContact, NewCustomer, NewJob, NewOrder, NewTicket, NewUser, Office, Person};
use crate::server::Services;
use crate::storage::DeviceRow;

pub(super) struct World {
    pub(super) services: Services,
    pub(super) folder: tempfile::TempDir,
    pub(super) admin: Person,
    pub(super) dispatcher: Person,
    pub(super) auditor: Person,
    pub(super) storekeeper: Person,
    /// Engineer and auditor in one person.
    pub(super) a: Person,
    pub(super) b: Person,
    pub(super) customer: CustomerId,
}

impl World {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let services = Self::open(&folder);
        let office = &services.office;
        let first = Person {
            user: UserId(services.env.uuid_v7()),
            name: "管理员".to_owned(),
            roles: vec![Role::Admin],
            active: true,
        };
        let person = |by: &Person, name: &str, roles: &[Role]| {
            let new = NewUser {
                login: name.to_owned(),
                name: name.to_owned(),
                roles: roles.to_vec(),
                language: Lang::ZhCn,
            };
            let user = if by.name == name {
                by.user
            } else {
                UserId(services.env.uuid_v7())
            };
            office.create_user(by, user, &new).unwrap();
            office.person(user).unwrap().unwrap()
        };
        let admin = person(&first, "管理员", &[Role::Admin]);
        let dispatcher = person(&admin, "李娜", &[Role::Dispatcher]);
        let auditor = person(&admin, "王芳", &[Role::Auditor]);
        let storekeeper = person(&admin, "赵库", &[Role::Storekeeper]);
        let a = person(&admin, "陈伟", &[Role::Engineer, Role::Auditor]);
        let b = person(&admin, "刘洋", &[Role::Engineer]);
        let customer = office
            .create_customer(
                &dispatcher,
                CustomerId(services.env.uuid_v7()),
                NewCustomer {
                    name: "云锦新材料有限公司".to_owned(),
                    contact: Some(NewContact {
                        name: "周敏".to_owned(),
                        phone: Some("138 0000 0000".to_owned()),
                        role: None,
                    }),
                    ..NewCustomer::default()
                },
            )
            .unwrap();
        Self {
            services,
            folder,
            admin,
            dispatcher,
            auditor,
            storekeeper,
            a,
            b,
            customer,
        }
    }

    pub(super) fn open(folder: &tempfile::TempDir) -> Services {
        let config = Config::new(folder.path(), "127.0.0.1:0".parse().unwrap());
        Services::open(&config, crate::testing::env(3)).unwrap()
    }

    pub(super) fn office(&self) -> &Arc<Office> {
        &self.services.office
    }

    pub(super) fn new_ticket(&self) -> NewTicket {
        NewTicket {
            customer: self.customer,
            assets: Vec::new(),
            category: Category::Service,
            priority: Priority::P2,
            channel: Channel::Phone,
            caller: None,
            description: "印章插入后无法识别".to_owned(),
            reported_on: None,
        }
    }

    pub(super) fn new_job(&self, engineers: &[&Person]) -> NewJob {
        NewJob {
            ticket: self.new_ticket(),
            order: NewOrder {
                order_type: OrderType::Repair,
                priority: Priority::P2,
                summary: "印章无法识别".to_owned(),
                window_from: Some("2026-11-23T14:00:00+08:00".to_owned()),
                window_to: Some("2026-11-23T16:00:00+08:00".to_owned()),
                planned_parts: Vec::new(),
                contact: None,
            },
            engineers: engineers.iter().map(|person| person.user).collect(),
        }
    }

    pub(super) fn job(&self, engineers: &[&Person]) -> OrderId {
        let once = TicketId(self.services.env.uuid_v7());
        let (_, order) = self
            .office()
            .create_job(&self.dispatcher, once, self.new_job(engineers))
            .unwrap();
        order
    }

    pub(super) fn view(&self, order: OrderId) -> Arc<OrderView> {
        self.office().views().order(order).unwrap().unwrap()
    }

    pub(super) fn token(&self, order: OrderId) -> ViewToken {
        self.office().order(order).unwrap().unwrap().token
    }

    pub(super) fn phone(&self, engineer: &Person) -> Phone<'_> {
        let key = SigningKey::from_bytes(&self.services.env.random());
        let code = self
            .office()
            .new_enrolment_code(&self.admin, engineer.user)
            .unwrap();
        let (code, public) = (code.code.expose(), key.verifying_key().to_bytes());
        let request = EnrolRequest {
            proof: key.sign(&proof_message(&code, &public)).to_bytes().into(),
            code,
            public_key: public.into(),
            name: "phone".to_owned(),
        };
        let answer = self.services.enrolment.enrol(&request).unwrap();
        let device = self.services.enrolment.authorise(&answer.token).unwrap();
        Phone {
            world: self,
            actor: ActorId::fresh(&self.services.env, device.tag),
            device,
            documents: BTreeMap::new(),
        }
    }

    /// An order whose work A finished, sealed and handed in.
    pub(super) fn submitted(&self) -> OrderId {
        let order = self.job(&[&self.a]);
        self.phone(&self.a).whole_visit(order);
        order
    }
}

pub(super) struct Phone<'w> {
    world: &'w World,
    pub(super) device: DeviceRow,
    actor: ActorId,
    documents: BTreeMap<DocName, Document>,
}

impl Phone<'_> {
    /// Writes an action on what `token` showed, and sends it.
    pub(super) fn send(&mut self, doc: &DocName, token: &ViewToken, facts: &[Fact]) -> Vec<FactId> {
        self.send_at("2026-11-23T10:00:00+08:00", doc, token, facts)
    }

    /// The same, said to have happened at that moment.
    pub(super) fn send_at(
        &mut self,
        at: &str,
        doc: &DocName,
        token: &ViewToken,
        facts: &[Fact],
    ) -> Vec<FactId> {
        let services = &self.world.services;
        let n = services
            .service
            .storage()
            .read()
            .unwrap()
            .family_n(&doc.family())
            .unwrap()
            + 1;
        let clock = services.env.clock.read();
        let action = Action {
            at: at.to_owned(),
            clk: ClockEvidence {
                off: Some(0),
                err: Some(10),
                boot: clock.boot,
                mono: clock.monotonic_ms,
            },
            by: self.device.user,
            n,
            saw: token.heads.iter().copied().collect(),
            docs: Vec::new(),
            min: None,
            facts: facts.iter().map(Fact::to_raw).collect(),
        };
        let key = ActionId(services.env.uuid_v7());
        let document = self.documents.entry(doc.clone()).or_default();
        let change = document
            .append(&self.actor, key, &action.to_text().unwrap())
            .unwrap();
        let request = SyncRequest {
            version: VERSION,
            page: 1 << 20,
            changes: vec![DocChanges {
                doc: doc.to_string(),
                changes: vec![change.bytes.into()],
            }],
            ..SyncRequest::default()
        };
        let answer = services.service.sync(&self.device, &request).unwrap();
        assert_eq!(answer.exceptions, vec![]);
        (0..facts.len())
            .map(|place| FactId {
                action: key,
                place: u16::try_from(place).unwrap(),
            })
            .collect()
    }

    pub(super) fn visit(&self, order: OrderId) -> DocName {
        DocName::Visit(order, self.device.user)
    }

    pub(super) fn whole_visit(&mut self, order: OrderId) -> FactId {
        let doc = self.visit(order);
        let assignment = self.world.view(order).current;
        let step = || Step {
            assignment,
            text: None,
        };
        let token = self.world.token(order);
        self.send(&doc, &token, &[Fact::Accept(step())]);
        self.send(&doc, &token, &[Fact::Arrive(step())]);
        let done = Done {
            assignment,
            outcome: "solved".to_owned(),
            reason: None,
        };
        self.send(&doc, &token, &[Fact::Done(done)]);
        self.seal(order, 1, None)
    }

    pub(super) fn seal(&mut self, order: OrderId, revision: u32, prev: Option<FactId>) -> FactId {
        let doc = self.visit(order);
        let assignment = self.world.view(order).current;
        let token = self.world.token(order);
        let seal = Seal {
            assignment,
            revision,
            prev,
            blob: hex::encode([u8::try_from(revision).unwrap(); 32]),
            lists: Vec::new(),
            kind: "signed".to_owned(),
        };
        let seal = self.send(&doc, &token, &[Fact::Seal(seal)])[0];
        let submit = Submit {
            assignment,
            seal: Some(seal),
            without: None,
        };
        self.send(&doc, &token, &[Fact::Submit(submit)]);
        seal
    }
}
