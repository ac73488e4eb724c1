//! A small company on a real server in this process, with phones that are real engines behind lines that cut.
//!
//! The clock is one for all and stands unless a test moves it; randomness is seeded.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fieldseal_core::device::EngineError;
use fieldseal_core::device::engine::{Engine, OpenOptions, OrderDetails};
use fieldseal_core::domain::calendar::CompanyZone;
use fieldseal_core::domain::ids::{ActionId, AssetId, CustomerId, OrderId, TicketId, UserId};
use fieldseal_core::domain::roles::Role;
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::domain::work::{Category, Channel, OrderType, Priority};
use fieldseal_core::env::{Clock, ClockReading, Entropy, Env};
use fieldseal_core::facts::kinds::PartLine;
use fieldseal_core::facts::{DocName, OrderView};
use fieldseal_core::media::jpeg;
use fieldseal_server::demo::proxy::{CutProxy, Line};
use fieldseal_server::office::{
    GoodsFrom, Handover, NewAsset, NewContact, NewCustomer, NewJob, NewOrder, NewTicket, NewUser, Office,
    Person,
};
use fieldseal_server::{Config, Running, StartError, start};
use fieldseal_tests::hands::{Ack, Deed, PART, perform};
use serde_json::Value;
use tempfile::TempDir;

/// 2026-11-23 09:00 in Shanghai.
const MORNING: i64 = 1_795_395_600_000;
pub(crate) const MINUTE: i64 = 60_000;
/// Parts issued to each engineer.
pub(crate) const ISSUED: u32 = 3;

/// A clock that a test moves; each reading is a millisecond later than the one before.
pub(crate) struct HandClock(AtomicI64);

impl HandClock {
    pub(crate) fn forward(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn read(&self) -> ClockReading {
        let wall_ms = self.0.fetch_add(1, Ordering::SeqCst);
        ClockReading {
            wall_ms,
            monotonic_ms: u64::try_from(wall_ms - MORNING).unwrap(),
            boot: 1,
        }
    }
}

/// SplitMix64.
struct Seeded(AtomicU64);

impl Entropy for Seeded {
    fn fill(&self, out: &mut [u8]) {
        for byte in out {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (z ^ (z >> 31)).to_le_bytes()[0];
        }
    }
}

/// Who works here, and whom for.
#[derive(Clone)]
pub(crate) struct Company {
    pub(crate) admin: Person,
    pub(crate) dispatcher: Person,
    pub(crate) second_dispatcher: Person,
    pub(crate) auditor: Person,
    pub(crate) storekeeper: Person,
    /// Engineers A and B.
    pub(crate) engineers: [UserId; 2],
    pub(crate) customer: CustomerId,
    /// An e-seal key of the customer.
    pub(crate) key: DocName,
}

impl Company {
    /// Founds it through the office's own commands.
    pub(crate) fn found(office: &Office, env: &Env) -> Self {
        let admin = Person {
            user: UserId(env.uuid_v7()),
            name: "管理员".to_owned(),
            roles: vec![Role::Admin],
            active: true,
        };
        let hire = |user: UserId, login: &str, name: &str, role: Role| {
            let new = NewUser {
                login: login.to_owned(),
                name: name.to_owned(),
                roles: vec![role],
                language: Lang::En,
            };
            office.create_user(&admin, user, &new).unwrap();
            office.person(user).unwrap().unwrap()
        };
        hire(admin.user, "admin", "管理员", Role::Admin);
        let fresh = || UserId(env.uuid_v7());
        let dispatcher = hire(fresh(), "li", "李调度", Role::Dispatcher);
        let second_dispatcher = hire(fresh(), "zhou", "周调度", Role::Dispatcher);
        let auditor = hire(fresh(), "sun", "孙审核", Role::Auditor);
        let storekeeper = hire(fresh(), "ku", "库管", Role::Storekeeper);
        let engineers = [("zhang", "张工"), ("chen", "陈工")]
            .map(|(login, name)| hire(fresh(), login, name, Role::Engineer).user);
        let customer = CustomerId(env.uuid_v7());
        let new = NewCustomer {
            name: "江城市第一中学".to_owned(),
            region: Some("江城".to_owned()),
            address: Some("人民路 1 号".to_owned()),
            key: false,
            report_language: Some("zh-CN".to_owned()),
            contact: Some(contact()),
        };
        office.create_customer(&dispatcher, customer, new).unwrap();
        let mut company = Self {
            admin,
            dispatcher,
            second_dispatcher,
            auditor,
            storekeeper,
            engineers,
            customer,
            key: DocName::Customer(customer),
        };
        company.key = company.unit(office, env, "8F21", "eseal-key", Some("2024-01-10"), None);
        let line = |qty| {
            vec![PartLine {
                part: PART.to_owned(),
                qty,
            }]
        };
        let keeper = &company.storekeeper;
        let once = || ActionId(env.uuid_v7());
        office
            .receive_into_store(keeper, once(), &line(100), GoodsFrom::Supplier, None)
            .unwrap();
        for engineer in engineers {
            office
                .issue_parts(keeper, once(), engineer, &line(ISSUED), Handover::InHand, None)
                .unwrap();
        }
        company
    }

    /// Puts a unit on record: a key by its application date, other goods by their day of sale.
    pub(crate) fn unit(
        &self,
        office: &Office,
        env: &Env,
        serial: &str,
        product: &str,
        start: Option<&str>,
        maker_end: Option<&str>,
    ) -> DocName {
        let id = AssetId(env.uuid_v7());
        let start = start.map(str::to_owned);
        let key = product == "eseal-key";
        let new = NewAsset {
            customer: self.customer,
            serial: serial.to_owned(),
            product: product.to_owned(),
            applied_on: start.clone().filter(|_| key),
            sold_on: start.filter(|_| !key),
            accepted_on: None,
            maker_warranty_end: maker_end.map(str::to_owned),
            not_removable: false,
        };
        office.create_asset(&self.dispatcher, id, &new).unwrap();
        DocName::Asset(id)
    }

    /// A ticket with its order, dispatched.
    pub(crate) fn job(
        &self,
        office: &Office,
        env: &Env,
        unit: &DocName,
        reported_on: Option<&str>,
        engineers: &[UserId],
    ) -> OrderId {
        let job = NewJob {
            ticket: NewTicket {
                customer: self.customer,
                assets: vec![unit.clone()],
                category: Category::Service,
                priority: Priority::P2,
                channel: Channel::Phone,
                caller: Some(contact()),
                description: "钥匙插上没有反应".to_owned(),
                reported_on: reported_on.map(str::to_owned),
            },
            order: NewOrder {
                order_type: OrderType::Repair,
                priority: Priority::P2,
                summary: "检查电子印章钥匙".to_owned(),
                window_from: None,
                window_to: None,
                planned_parts: Vec::new(),
                contact: None,
            },
            engineers: engineers.to_vec(),
        };
        let once = TicketId(env.uuid_v7());
        office.create_job(&self.dispatcher, once, job).unwrap().1
    }
}

fn contact() -> NewContact {
    NewContact {
        name: "王敏".to_owned(),
        phone: Some("13800000001".to_owned()),
        role: Some("出纳".to_owned()),
    }
}

/// Starts a server on the folder, waiting for a port that was just left.
fn start_on(folder: &Path, listen: SocketAddr, env: &Env) -> Running {
    let limit = Instant::now() + Duration::from_secs(20);
    loop {
        match start(&Config::new(folder, listen), env.clone()) {
            Ok(running) => return running,
            Err(StartError::Listen { .. } | StartError::InUse { .. }) if Instant::now() < limit => {
                std::thread::sleep(Duration::from_millis(50));
            }
            Err(error) => panic!("the server does not start: {error}"),
        }
    }
}

/// Server, company and clock of one test.
pub(crate) struct World {
    pub(crate) clock: Arc<HandClock>,
    pub(crate) env: Env,
    pub(crate) company: Company,
    pub(crate) addr: SocketAddr,
    server: Option<Running>,
    phones: AtomicU64,
    folder: TempDir,
}

impl World {
    /// A picture file; `number` makes another one.
    pub(crate) fn picture(&self, number: u32) -> PathBuf {
        let (width, height) = (420, 320);
        let mut state = number | 1;
        let rgb: Vec<u8> = (0..width * height * 3)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                u8::try_from(state >> 24).unwrap()
            })
            .collect();
        let path = self.path().join(format!("IMG_{number}.jpg"));
        std::fs::write(&path, jpeg::encode(&rgb, width, height, 92)).unwrap();
        path
    }

    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(HandClock(AtomicI64::new(MORNING)));
        let env = Env {
            clock: clock.clone(),
            entropy: Arc::new(Seeded(AtomicU64::new(7))),
        };
        let server = start_on(&folder.path().join("server"), ([127, 0, 0, 1], 0).into(), &env);
        let company = Company::found(&server.office, &env);
        Self {
            clock,
            env,
            company,
            addr: server.addr,
            server: Some(server),
            phones: AtomicU64::new(0),
            folder,
        }
    }

    pub(crate) fn server(&self) -> &Running {
        self.server.as_ref().unwrap()
    }

    pub(crate) fn office(&self) -> &Office {
        &self.server().office
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The server goes away and comes back with what is on disk.
    pub(crate) fn restart(&mut self) {
        drop(self.server.take());
        self.server = Some(start_on(&self.folder.path().join("server"), self.addr, &self.env));
    }

    /// The newest row of the server's sequence and its chain tag: equal means that nothing was accepted.
    pub(crate) fn head(&self) -> (u64, [u8; 16]) {
        let storage = self.server().state.service.storage();
        storage.read().unwrap().head().unwrap()
    }

    /// A job on the company's key.
    pub(crate) fn job(&self, engineers: &[UserId]) -> OrderId {
        self.company
            .job(self.office(), &self.env, &self.company.key, None, engineers)
    }

    pub(crate) fn code(&self, engineer: UserId) -> String {
        let code = self.office().new_enrolment_code(&self.company.admin, engineer);
        code.unwrap().code.expose().to_owned()
    }

    /// A phone that is not enrolled, on a line of its own.
    pub(crate) fn bare_phone(&self) -> Phone {
        let number = self.phones.fetch_add(1, Ordering::SeqCst);
        let path = self.path().join(format!("phone-{number}.sqlite"));
        let line = CutProxy::start(self.addr, Line::default()).unwrap();
        let engine = open(&path, &self.env);
        Phone { engine, line, path }
    }

    /// An enrolled phone with what is in scope.
    pub(crate) fn phone(&self, engineer: UserId) -> Phone {
        let phone = self.bare_phone();
        phone
            .engine
            .enrol(&phone.url(), &self.code(engineer), "手机")
            .unwrap();
        phone.sync();
        phone
    }

    /// The order as the office sees it.
    pub(crate) fn view(&self, order: OrderId) -> Arc<OrderView> {
        self.office().order(order).unwrap().unwrap().view
    }
}

pub(crate) fn open(path: &Path, env: &Env) -> Engine {
    Engine::open(OpenOptions {
        path: path.to_owned(),
        key: None,
        env: env.clone(),
        zone: CompanyZone::default(),
    })
    .unwrap()
}

/// An engineer's phone on a line that can be cut.
pub(crate) struct Phone {
    pub(crate) engine: Engine,
    pub(crate) line: CutProxy,
    pub(crate) path: PathBuf,
}

impl Phone {
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.line.address())
    }

    pub(crate) fn sync(&self) {
        self.engine.sync_once().unwrap();
    }

    /// Until nothing is unsent and nothing new comes; the office's own facts follow what it received.
    pub(crate) fn settle(&self) {
        for _ in 0..4 {
            self.sync();
        }
        assert_eq!(self.engine.status().unwrap().unsent, 0);
    }

    pub(crate) fn order(&self, order: OrderId) -> OrderDetails {
        self.engine.order(order).unwrap()
    }

    pub(crate) fn perform(&self, order: OrderId, deeds: &[Deed]) -> Vec<Ack> {
        let done = deeds.iter().map(|deed| perform(&self.engine, order, *deed));
        done.collect::<Result<_, _>>().unwrap()
    }
}

/// The facts that `acks` acknowledged and that the timeline does not show.
pub(crate) fn absent(acks: &[Ack], view: &OrderView) -> Vec<String> {
    let shown: Vec<String> = view
        .timeline
        .iter()
        .map(|event| event.record.id.to_string())
        .collect();
    let facts = acks.iter().flat_map(|ack| &ack.facts);
    facts
        .filter(|fact| shown.iter().filter(|known| known == fact).count() != 1)
        .cloned()
        .collect()
}

/// The parts of two views of an order that differ.
pub(crate) fn differences(left: &OrderView, right: &OrderView) -> Vec<String> {
    let (left, right) = (
        serde_json::to_value(left).unwrap(),
        serde_json::to_value(right).unwrap(),
    );
    let (Value::Object(left), Value::Object(right)) = (left, right) else {
        panic!("a view is an object");
    };
    left.iter()
        .filter(|(name, value)| right.get(*name) != Some(*value))
        .map(|(name, _)| name.clone())
        .collect()
}

/// An error of the engine with exactly these problems (none: any other variant), said in both languages.
pub(crate) fn said(error: &EngineError, codes: &[&str]) {
    if let EngineError::Invalid { problems } = error {
        let found: Vec<&str> = problems.iter().map(|problem| problem.code.as_str()).collect();
        assert_eq!(found, codes);
    } else {
        assert!(codes.is_empty(), "{error:?}");
    }
    for lang in Lang::ALL {
        let text = error.text(*lang);
        assert!(!text.is_empty() && !text.contains(['{', '}']), "{text}");
        assert!(
            !text.contains("engine_error.") && !text.contains("step_problem."),
            "{text}"
        );
    }
    assert_ne!(error.text(Lang::En), error.text(Lang::ZhCn));
}
