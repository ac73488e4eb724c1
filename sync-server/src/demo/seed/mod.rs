//! Seeding: the company, and the month behind it, through the office's commands and the engineers' engines with the
//! clock set back, never by writing tables.

mod stories;

use std::path::PathBuf;
use std::sync::Arc;

use fieldseal_core::device::engine::{Engine, OpenOptions};
use fieldseal_core::domain::calendar::CompanyZone;
use fieldseal_core::domain::callback::Scores;
use fieldseal_core::domain::ids::{ActionId, AssetId, CustomerId, UserId};
use fieldseal_core::domain::roles::Role;
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::domain::work::{AttemptChannel, Category, Channel, OrderType, Priority};
use fieldseal_core::env::Env;
use fieldseal_core::facts::DocName;
use fieldseal_core::facts::kinds::PartLine;
use uuid::Uuid;

use super::DemoError;
use super::camera::{Album, Camera};
use super::clock::DemoClock;
use super::company::{ENGINEERS, OFFICE, Person as Who, YOU};
use super::data::{Age, Company, Fault, Unit};
use super::script::Dice;
use crate::office::{
    GoodsFrom, Handover, NewAsset, NewCallback, NewContact, NewCustomer, NewJob, NewOrder, NewTicket,
    NewUser, Office, PackKind, Person,
};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// How far back the company's history begins.
pub(super) const HISTORY_MS: i64 = 32 * DAY;

/// So many customers are still to be called back.
const TO_CALL: usize = 4;

/// Pixels across of the month's photos, and of today's: seeding takes seconds, not minutes.
pub(super) const ACROSS: (usize, usize) = (400, 640);

/// The id of an invented thing: the same name gives the same id, so that an interrupted seeding that is begun again
/// finds what it already made.
pub(super) fn named(kind: &str, name: &str) -> Uuid {
    Uuid::new_v5(
        &Uuid::NAMESPACE_URL,
        format!("fieldseal:demo:{kind}:{name}").as_bytes(),
    )
}

/// The account of an invented person.
pub(super) fn user_of(who: &Who) -> UserId {
    UserId(named("user", who.login))
}

/// What seeding works with.
pub(super) struct Seeding<'a> {
    pub office: &'a Office,
    pub company: &'a Company,
    pub env: &'a Env,
    pub clock: &'a DemoClock,
    pub zone: CompanyZone,
    pub server: &'a str,
    pub engineer_dir: &'a dyn Fn(&Who) -> PathBuf,
    pub album: Album,
    pub across: (usize, usize),
}

/// The office's people.
struct Hands {
    admin: Person,
    dispatcher: Person,
    second_dispatcher: Person,
    auditor: Person,
    storekeeper: Person,
    /// The engineers' cameras of the month, and of today.
    cameras: (Camera, Camera),
}

/// An engineer's phone.
struct Phone {
    login: &'static str,
    engine: Engine,
    user: UserId,
}

impl Seeding<'_> {
    fn now(&self) -> i64 {
        self.env.clock.read().wall_ms
    }

    fn person(&self, who: &Who) -> Result<Person, DemoError> {
        self.office
            .person(user_of(who))?
            .ok_or(DemoError::Seed("a person is missing"))
    }

    /// Makes the company: people, customers, units, stock, and what happened in a month.
    pub(super) fn run(&self) -> Result<(), DemoError> {
        std::thread::scope(|scope| {
            let (company, album, clock) = (self.company, &self.album, &self.env.clock);
            let across = self.across;
            scope.spawn(move || stories::draw_ahead(company, album, clock, across));
            self.make()
        })
    }

    fn make(&self) -> Result<(), DemoError> {
        let now = self.now() + HISTORY_MS;
        self.people()?;
        let camera = |across| Camera {
            folder: (self.engineer_dir)(&ENGINEERS[0]).join("camera"),
            clock: self.env.clock.clone(),
            across,
            album: Some(self.album.clone()),
        };
        let hands = Hands {
            cameras: (camera(self.across.0), camera(self.across.1)),
            admin: self.person(&OFFICE[0])?,
            dispatcher: self.person(&OFFICE[1])?,
            second_dispatcher: self.person(&OFFICE[5])?,
            auditor: self.person(&OFFICE[2])?,
            storekeeper: self.person(&OFFICE[3])?,
        };
        self.master_data(&hands, now)?;
        self.prices(&hands)?;
        self.part_names(&hands)?;
        self.stock(&hands)?;
        let phones = self.phones(&hands)?;
        self.tell(&hands, &phones, now)?;
        self.clock.to_now();
        for phone in &phones {
            phone.engine.sync_once()?;
            phone.engine.shutdown()?;
        }
        self.call_back(&hands)
    }

    /// The desk called the month's customers, but for the newest; one of them was not content.
    fn call_back(&self, hands: &Hands) -> Result<(), DemoError> {
        let mut due = self.office.callbacks_due()?;
        due.truncate(due.len().saturating_sub(TO_CALL));
        for (place, call) in due.iter().enumerate() {
            let ticket = call.ticket.id;
            let Some(view) = self.office.views().record(&DocName::Ticket(ticket))? else {
                continue;
            };
            let low = place + 1 == due.len();
            let new = NewCallback {
                way: AttemptChannel::Phone,
                scores: Some(Scores {
                    solved: 5,
                    speed: if low { 2 } else { 4 },
                    manner: 5,
                    overall: if low { 3 } else { 5 },
                }),
                text: if low { "等配件等了两天" } else { "满意" }.to_owned(),
            };
            let once = ActionId(named("callback", &ticket.to_string()));
            self.office
                .record_callback(&hands.second_dispatcher, once, ticket, &view.token, &new)?;
        }
        Ok(())
    }

    fn people(&self) -> Result<(), DemoError> {
        let first = Person {
            user: user_of(&OFFICE[0]),
            name: OFFICE[0].name.to_owned(),
            roles: vec![Role::Admin],
            active: true,
        };
        for who in OFFICE.iter().chain(ENGINEERS).chain([&YOU]) {
            let mut roles = vec![
                who.role
                    .parse::<Role>()
                    .map_err(|_| DemoError::Seed("an unknown role"))?,
            ];
            if who.login == OFFICE[0].login {
                // The visitor may try everything.
                roles.extend([Role::Dispatcher, Role::Auditor, Role::Storekeeper]);
            }
            let new = NewUser {
                login: who.login.to_owned(),
                name: who.name.to_owned(),
                roles,
                language: Lang::ZhCn,
            };
            self.office.create_user(&first, user_of(who), &new)?;
        }
        Ok(())
    }

    fn master_data(&self, hands: &Hands, now: i64) -> Result<(), DemoError> {
        for customer in &self.company.customers {
            let new = NewCustomer {
                name: customer.name.to_owned(),
                region: Some(customer.region.to_owned()),
                address: Some(customer.address.to_owned()),
                key: customer.key,
                report_language: Some(customer.language.to_owned()),
                contact: Some(NewContact {
                    name: customer.contact.to_owned(),
                    phone: Some(customer.phone.to_owned()),
                    role: Some(customer.role.to_owned()),
                }),
            };
            let id = CustomerId(named("customer", customer.code));
            self.office.create_customer(&hands.dispatcher, id, new)?;
        }
        let today = self.zone.local_date(now);
        let date = |age: Option<Age>| Some(age?.before(today)?.to_string());
        for unit in &self.company.units {
            let customer = self
                .company
                .customer_of(unit)
                .ok_or(DemoError::Seed("a customer"))?;
            let new = NewAsset {
                customer: CustomerId(named("customer", customer.code)),
                serial: unit.serial.to_owned(),
                product: unit.product.to_owned(),
                applied_on: date(unit.applied),
                sold_on: date(unit.sold),
                accepted_on: date(unit.accepted),
                maker_warranty_end: date(unit.maker_ended),
                not_removable: unit.fixed,
            };
            self.office
                .create_asset(&hands.dispatcher, AssetId(named("asset", unit.serial)), &new)?;
        }
        Ok(())
    }

    /// One price list: a remade key and a key after its warranty for each product, and the parts.
    fn prices(&self, hands: &Hands) -> Result<(), DemoError> {
        let from = self.zone.local_date(self.now() - 300 * DAY).to_string();
        let entry = |key: &str, product: Option<&str>, fen: i64| {
            let mut entry = serde_json::json!({ "key": key, "amount": fen, "valid_from": from });
            if let (Some(product), Some(object)) = (product, entry.as_object_mut()) {
                object.insert("product".to_owned(), product.into());
            }
            entry
        };
        let mut entries = Vec::new();
        for price in &self.company.key_prices {
            let product = Some(price.product);
            entries.push(entry("price.new_application", product, price.new_application));
            entries.push(entry("price.original", product, price.original));
        }
        let parts = self.company.parts.iter();
        entries.extend(parts.map(|part| entry(part.number, None, part.fen)));
        let list = serde_json::json!({ "id": "demo-prices", "version": 1, "entries": entries });
        self.office
            .publish_pack(&hands.admin, PackKind::Prices, &list.to_string(), &from)?;
        Ok(())
    }

    /// What every part is called in both languages, for the reports.
    fn part_names(&self, hands: &Hands) -> Result<(), DemoError> {
        let from = self.zone.local_date(self.now() - 300 * DAY).to_string();
        let parts = self.company.parts.iter();
        let parts: Vec<serde_json::Value> = parts
            .map(|part| {
                let name = serde_json::json!({ "zh-CN": part.name, "en": part.name_en });
                serde_json::json!({ "number": part.number, "name": name })
            })
            .collect();
        let list = serde_json::json!({ "id": "demo-parts", "version": 1, "parts": parts });
        self.office
            .publish_pack(&hands.admin, PackKind::Parts, &list.to_string(), &from)?;
        Ok(())
    }

    fn stock(&self, hands: &Hands) -> Result<(), DemoError> {
        let lines = |many: fn(&super::data::Part) -> u32| -> Vec<PartLine> {
            let parts = self.company.parts.iter().filter(|part| many(part) > 0);
            parts
                .map(|part| PartLine {
                    part: part.number.to_owned(),
                    qty: many(part),
                })
                .collect()
        };
        let goods_in = ActionId(named("goods", "first"));
        let store = lines(|part| part.store + 4 * part.van);
        self.office.receive_into_store(
            &hands.storekeeper,
            goods_in,
            &store,
            GoodsFrom::Supplier,
            Some("期初入库"),
        )?;
        for who in ENGINEERS.iter().chain([&YOU]) {
            let slip = ActionId(named("issue", who.login));
            let lines = lines(|part| part.van);
            self.office.issue_parts(
                &hands.storekeeper,
                slip,
                user_of(who),
                &lines,
                Handover::InHand,
                Some("首次领取"),
            )?;
        }
        Ok(())
    }

    /// Each engineer's phone: a real engine with its own file, enrolled by a one-time code.
    fn phones(&self, hands: &Hands) -> Result<Vec<Phone>, DemoError> {
        let mut phones = Vec::new();
        for who in ENGINEERS {
            let folder = (self.engineer_dir)(who);
            std::fs::create_dir_all(&folder).map_err(DemoError::Folder)?;
            let engine = Engine::open(OpenOptions {
                path: folder.join(super::PHONE_FILE),
                key: None,
                env: self.env.clone(),
                zone: self.zone,
            })?;
            let code = self.office.new_enrolment_code(&hands.admin, user_of(who))?;
            engine.enrol(self.server, &code.code.expose(), &format!("{} 的手机", who.name))?;
            engine.sync_once()?;
            phones.push(Phone {
                login: who.login,
                engine,
                user: user_of(who),
            });
        }
        Ok(phones)
    }
}

/// What a dispatcher's form holds beside unit and fault.
pub(super) struct Asked {
    pub priority: Priority,
    pub channel: Channel,
    pub category: Category,
    pub order_type: OrderType,
}

impl Asked {
    /// What a call at the desk is like.
    pub(super) fn by_chance(dice: &mut Dice) -> Self {
        let priority = [
            Priority::P1,
            Priority::P2,
            Priority::P2,
            Priority::P3,
            Priority::P3,
        ];
        let channel = [
            Channel::Phone,
            Channel::Phone,
            Channel::Phone,
            Channel::WebChat,
            Channel::OfficialAccount,
            Channel::AccountManager,
        ];
        let mut pick = |length: usize| usize::try_from(dice.below(length as u64)).unwrap_or(0);
        Self {
            priority: priority.get(pick(5)).copied().unwrap_or(Priority::P3),
            channel: channel.get(pick(6)).copied().unwrap_or(Channel::Phone),
            category: Category::Service,
            order_type: OrderType::Repair,
        }
    }
}

/// A job as the dispatcher's form would have it: a window of two hours from `from`.
pub(super) fn new_job(
    zone: CompanyZone,
    company: &Company,
    unit: &Unit,
    fault: &Fault,
    asked: &Asked,
    from: i64,
    engineers: Vec<UserId>,
) -> Result<NewJob, DemoError> {
    let customer = company.customer_of(unit).ok_or(DemoError::Seed("a customer"))?;
    Ok(NewJob {
        ticket: NewTicket {
            customer: CustomerId(named("customer", customer.code)),
            assets: vec![DocName::Asset(AssetId(named("asset", unit.serial)))],
            category: asked.category,
            priority: asked.priority,
            channel: asked.channel,
            caller: Some(NewContact {
                name: customer.contact.to_owned(),
                phone: Some(customer.phone.to_owned()),
                role: Some(customer.role.to_owned()),
            }),
            description: fault.reported.to_owned(),
            reported_on: None,
        },
        order: NewOrder {
            order_type: asked.order_type,
            priority: asked.priority,
            summary: fault.reported.to_owned(),
            window_from: Some(zone.local_time(from).to_string()),
            window_to: Some(zone.local_time(from + 2 * HOUR).to_string()),
            planned_parts: vec![fault.part.to_owned()],
            contact: None,
        },
        engineers,
    })
}

/// The clock and randomness with which history is made.
pub(super) fn env_with(clock: Arc<DemoClock>, env: &Env) -> Env {
    Env {
        clock,
        entropy: env.entropy.clone(),
    }
}

#[cfg(test)]
mod tests;
