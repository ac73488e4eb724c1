//! A company with three weeks behind it, made through the real office commands and the real engines, with the clock
//! set back: never by writing tables. Everything that a visitor sees was once a form, a tap or a signature.

use std::path::PathBuf;
use std::sync::Arc;

use fieldseal_core::device::engine::{Engine, OpenOptions};
use fieldseal_core::domain::calendar::CompanyZone;
use fieldseal_core::domain::ids::{ActionId, AssetId, CustomerId, OrderId, TicketId, UserId};
use fieldseal_core::domain::roles::Role;
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::domain::work::{Category, Channel, OrderState, OrderType, Priority};
use fieldseal_core::env::Env;
use fieldseal_core::facts::DocName;
use fieldseal_core::facts::kinds::PartLine;
use uuid::Uuid;

use super::DemoError;
use super::clock::DemoClock;
use super::company::{ASSETS, CUSTOMERS, ENGINEERS, FAULTS, OFFICE, PARTS, Person as Who, YOU};
use super::deeds::Hand;
use super::script::{Case, Dice, What, script};
use crate::office::{
    NewAsset, NewContact, NewCustomer, NewJob, NewOrder, NewTicket, NewUser, Office, PackKind, Person,
};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// How far back the company's history begins.
pub(super) const HISTORY_MS: i64 = 22 * DAY;

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
    pub env: &'a Env,
    pub clock: &'a DemoClock,
    pub zone: CompanyZone,
    pub server: &'a str,
    pub engineer_dir: &'a dyn Fn(&Who) -> PathBuf,
}

struct Hands {
    admin: Person,
    dispatcher: Person,
    auditor: Person,
    storekeeper: Person,
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

    /// Makes the company: people, customers, units, stock, and what happened in three weeks.
    pub(super) fn run(&self) -> Result<(), DemoError> {
        let began = self.now();
        self.people()?;
        let hands = Hands {
            admin: self.person(&OFFICE[0])?,
            dispatcher: self.person(&OFFICE[1])?,
            auditor: self.person(&OFFICE[2])?,
            storekeeper: self.person(&OFFICE[3])?,
        };
        self.master_data(&hands, began)?;
        self.prices(&hands, began)?;
        self.stock(&hands)?;
        let engines = self.phones(&hands)?;
        self.history(&hands, &engines, began)?;
        self.clock.to_now();
        self.today(&hands)?;
        for (engine, _) in &engines {
            engine.sync_once()?;
            engine.shutdown()?;
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

    fn master_data(&self, hands: &Hands, began: i64) -> Result<(), DemoError> {
        for customer in CUSTOMERS {
            let new = NewCustomer {
                name: customer.name.to_owned(),
                region: Some(customer.region.to_owned()),
                address: Some(customer.address.to_owned()),
                key: customer.key,
                report_language: Some(customer.language.to_owned()),
                contact: Some(NewContact {
                    name: customer.contact.to_owned(),
                    phone: Some(customer.phone.to_owned()),
                    role: None,
                }),
            };
            self.office.create_customer(
                &hands.dispatcher,
                CustomerId(named("customer", customer.name)),
                new,
            )?;
        }
        for asset in ASSETS {
            let start = self
                .zone
                .local_date(began + HISTORY_MS - i64::from(asset.days_ago) * DAY)
                .to_string();
            let key = asset.product == "eseal_key";
            let new = NewAsset {
                customer: CustomerId(named("customer", CUSTOMERS[asset.customer].name)),
                serial: asset.serial.to_owned(),
                product: asset.product.to_owned(),
                applied_on: key.then(|| start.clone()),
                sold_on: None,
                accepted_on: (!key).then_some(start),
                maker_warranty_end: None,
                not_removable: !key,
            };
            self.office
                .create_asset(&hands.dispatcher, AssetId(named("asset", asset.serial)), &new)?;
        }
        Ok(())
    }

    /// One price list: a remade key, a key after its warranty, and the parts.
    fn prices(&self, hands: &Hands, began: i64) -> Result<(), DemoError> {
        let from = self.zone.local_date(began - 300 * DAY).to_string();
        let entry = |key: &str, product: Option<&str>, fen: i64| {
            let mut entry = serde_json::json!({ "key": key, "amount": fen, "valid_from": from });
            if let (Some(product), Some(object)) = (product, entry.as_object_mut()) {
                object.insert("product".to_owned(), product.into());
            }
            entry
        };
        let mut entries = vec![
            entry("price.new_application", Some("eseal_key"), 28_000),
            entry("price.original", Some("eseal_key"), 18_000),
        ];
        entries.extend(PARTS.iter().map(|part| entry(part.number, None, part.fen)));
        let list = serde_json::json!({ "id": "demo-prices", "version": 1, "entries": entries });
        self.office
            .publish_pack(&hands.admin, PackKind::Prices, &list.to_string(), &from)?;
        Ok(())
    }

    fn stock(&self, hands: &Hands) -> Result<(), DemoError> {
        let lines = |times: u32| -> Vec<PartLine> {
            PARTS
                .iter()
                .map(|part| PartLine {
                    part: part.number.to_owned(),
                    qty: part.per_van * times,
                })
                .collect()
        };
        let goods_in = ActionId(named("goods", "first"));
        self.office
            .receive_into_store(&hands.storekeeper, goods_in, &lines(12), Some("期初入库"))?;
        for who in ENGINEERS.iter().chain([&YOU]) {
            let slip = ActionId(named("issue", who.login));
            self.office.issue_parts(
                &hands.storekeeper,
                slip,
                user_of(who),
                &lines(2),
                Some("首次领取"),
            )?;
        }
        Ok(())
    }

    /// Each engineer's phone: a real engine with its own file, enrolled by a one-time code.
    fn phones(&self, hands: &Hands) -> Result<Vec<(Engine, UserId)>, DemoError> {
        let mut engines = Vec::new();
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
            engines.push((engine, user_of(who)));
        }
        Ok(engines)
    }

    fn job(&self, hands: &Hands, number: usize, engineer: Option<UserId>) -> Result<OrderId, DemoError> {
        let mut dice = Dice(number as u64 * 7919 + 5);
        let asset = &ASSETS[usize::try_from(dice.below(ASSETS.len() as u64)).unwrap_or(0)];
        let faults: Vec<&str> = FAULTS
            .iter()
            .filter(|(_, product)| *product == asset.product)
            .map(|(summary, _)| *summary)
            .collect();
        let summary = faults
            .get(usize::try_from(dice.below(faults.len().max(1) as u64)).unwrap_or(0))
            .copied()
            .unwrap_or("用户要求上门检查");
        self.job_for(
            hands,
            &format!("seed-{number}"),
            asset,
            summary,
            engineer,
            &mut dice,
        )
    }

    fn job_for(
        &self,
        hands: &Hands,
        name: &str,
        asset: &super::company::Asset,
        summary: &str,
        engineer: Option<UserId>,
        dice: &mut Dice,
    ) -> Result<OrderId, DemoError> {
        let from = self.now() + i64::try_from(dice.below(3)).unwrap_or(0) * HOUR + HOUR;
        let job = new_job(self.zone, asset, summary, from, engineer, dice);
        let (_, order) = self
            .office
            .create_job(&hands.dispatcher, TicketId(named("ticket", name)), job)?;
        Ok(order)
    }

    /// Three weeks of visits, most audited, some handed in only today.
    fn history(&self, hands: &Hands, engines: &[(Engine, UserId)], began: i64) -> Result<(), DemoError> {
        for visit in 0..26_usize {
            let mut dice = Dice(visit as u64 * 104_729 + 11);
            let day = began + DAY + (visit as i64) * (HISTORY_MS - 2 * DAY) / 26;
            let morning = day - day.rem_euclid(DAY) + HOUR + i64::try_from(dice.below(6)).unwrap_or(0) * HOUR;
            self.clock.forward_to(morning.max(self.now() + MINUTE));
            let (engine, user) = &engines[visit % engines.len()];
            let order = self.job(hands, visit, Some(*user))?;
            engine.sync_once()?;
            self.clock.forward_to(self.now() + 5 * MINUTE);
            let hand = Hand { engine, order };
            let details = engine.order(order)?;
            let product = hand.product(&details).unwrap_or_else(|| "eseal_key".to_owned());
            let summary = details
                .order
                .fields
                .text("summary")
                .unwrap_or_default()
                .to_owned();
            for deed in script(
                Case {
                    product: &product,
                    summary: &summary,
                },
                visit as u64,
            ) {
                self.clock
                    .forward_to(self.now() + (2 + i64::from(deed.after_s)) * MINUTE);
                if !matches!(deed.what, What::Cellar | What::Daylight) {
                    hand.perform(&deed.what)?;
                }
            }
            engine.sync_once()?;
            // The last few wait for the visitor.
            if visit < 20 {
                self.clock.forward_to(self.now() + 3 * HOUR);
                self.review(hands, order, visit)?;
            }
        }
        Ok(())
    }

    fn review(&self, hands: &Hands, order: OrderId, visit: usize) -> Result<(), DemoError> {
        let Some(details) = self.office.order(order)? else {
            return Ok(());
        };
        if details.view.state != OrderState::Submitted {
            return Ok(());
        }
        for decision in details
            .view
            .decisions
            .iter()
            .filter(|decision| decision.confirmation.is_none())
        {
            self.office.confirm_decision(
                &hands.auditor,
                order,
                decision.id,
                None,
                Some("核对照片说明与日期"),
                &details.view.token,
            )?;
        }
        let Some(details) = self.office.order(order)? else {
            return Ok(());
        };
        if visit == 7 {
            let reason = "处理结果描述过于简单，请补充测试方法";
            self.office
                .return_report(&hands.auditor, order, &details.view.token, reason)?;
        } else {
            self.office.audit(&hands.auditor, order, &details.view.token)?;
        }
        Ok(())
    }

    /// What lies on the board when the visitor arrives.
    fn today(&self, hands: &Hands) -> Result<(), DemoError> {
        for number in 0..7_usize {
            let engineer = (number < 4).then(|| user_of(&ENGINEERS[number % ENGINEERS.len()]));
            self.job(hands, 100 + number, engineer)?;
        }
        // One for the visitor's own hands: a key just past its third year.
        let asset = &ASSETS[1];
        self.job_for(
            hands,
            "yours",
            asset,
            FAULTS[0].0,
            Some(user_of(&YOU)),
            &mut Dice(3),
        )?;
        Ok(())
    }
}

/// A job as the dispatcher's form would have it.
pub(super) fn new_job(
    zone: CompanyZone,
    asset: &super::company::Asset,
    summary: &str,
    from: i64,
    engineer: Option<UserId>,
    dice: &mut Dice,
) -> NewJob {
    let customer = &CUSTOMERS[asset.customer];
    let priority = [
        Priority::P1,
        Priority::P2,
        Priority::P2,
        Priority::P3,
        Priority::P3,
    ][usize::try_from(dice.below(5)).unwrap_or(4)];
    NewJob {
        ticket: NewTicket {
            customer: CustomerId(named("customer", customer.name)),
            assets: vec![DocName::Asset(AssetId(named("asset", asset.serial)))],
            category: Category::Service,
            priority,
            channel: Channel::Phone,
            caller: Some(NewContact {
                name: customer.contact.to_owned(),
                phone: Some(customer.phone.to_owned()),
                role: None,
            }),
            description: summary.to_owned(),
            reported_on: None,
        },
        order: NewOrder {
            order_type: OrderType::Repair,
            priority,
            summary: summary.to_owned(),
            window_from: Some(zone.local_time(from).to_string()),
            window_to: Some(zone.local_time(from + 2 * HOUR).to_string()),
            planned_parts: Vec::new(),
            contact: None,
        },
        engineers: engineer.into_iter().collect(),
    }
}

/// The clock and randomness with which history is made.
pub(super) fn env_with(clock: Arc<DemoClock>, env: &Env) -> Env {
    Env {
        clock,
        entropy: env.entropy.clone(),
    }
}
