//! The scheduler: one random step after the other, then a reliable network until nothing is left to do.

use std::sync::Arc;

use fieldseal_core::device::sync::events::FaultCode;
use fieldseal_core::device::sync::{Event, Fault, SyncState};
use fieldseal_core::env::{Clock as _, Env};
use fieldseal_core::facts::kinds::{Contact, Done, Move, Seal, Set, Step, Submit};
use fieldseal_core::facts::{DocName, Fact};
use fieldseal_server::keys::ServerKeys;
use fieldseal_server::pipeline::SyncService;
use fieldseal_server::storage::Storage;
use fieldseal_server::storage::sqlite::SqliteStorage;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::checks;
use super::network::{Message, serve};
use super::office::Office;
use super::phone::{Phone, WANTED};
use super::rng::{Rng, SimClock, env};

/// What happened in a history: shows that a simulation does something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Actions saved on phones.
    pub written: usize,
    /// Requests that reached the server.
    pub served: usize,
    /// Answers that reached a phone.
    pub answered: usize,
    /// Messages lost, duplicated, damaged, or delivered after their request was given up.
    pub mishaps: usize,
    /// App starts.
    pub starts: u64,
    /// Answers after which actions were written again.
    pub replayed: usize,
    /// Rows of the server's sequence.
    pub rows: u64,
}

/// Everything.
pub struct World {
    /// The scheduler's choices.
    pub rng: Rng,
    /// The phones.
    pub phones: Vec<Phone>,
    /// The server.
    pub service: SyncService,
    /// The office.
    pub office: Office,
    clock: SimClock,
    server_env: Env,
    keys: ServerKeys,
    storage: Arc<dyn Storage>,
    net: Vec<Message>,
    totals: Totals,
    /// Percent of messages that something happens to.
    trouble: usize,
    /// Bytes of an answer's page.
    page: usize,
    folder: tempfile::TempDir,
}

/// A folder whose syncs cost nothing where there is one: durability is not what is simulated here.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

impl World {
    /// The world of a seed, before anything happens.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let clock = SimClock::new();
        let server_env = env(clock.clone(), rng.next());
        let folder = folder();
        let storage: Arc<dyn Storage> =
            Arc::new(SqliteStorage::open(&folder.path().join("server.db"), server_env.random()).unwrap());
        let keys = ServerKeys::in_memory(&server_env);
        let service = SyncService::new(Arc::clone(&storage), keys.clone(), server_env.clone(), 480);
        let engineers = 1 + rng.below(3);
        let office = Office::new(engineers, env(clock.clone(), rng.next()));
        let mut world = Self {
            trouble: [0, 10, 25, 40][rng.below(4)],
            page: [300, 1_500, 6_000, 200_000][rng.below(4)],
            rng,
            phones: Vec::new(),
            service,
            office,
            clock,
            server_env,
            keys,
            storage,
            net: Vec::new(),
            totals: Totals::default(),
            folder,
        };
        for engineer in 0..engineers {
            world.enrol(engineer);
        }
        world.office.dispatch(&world.service, &mut world.rng);
        world
    }

    /// Enrols one more phone.
    fn enrol(&mut self, engineer: usize) {
        let device = self.office.enrol(&self.service, engineer);
        let index = self.phones.len();
        let skew = i64::try_from(self.rng.below(7_200_000)).unwrap() - 3_600_000;
        let boot = u32::try_from(index).unwrap() + 10;
        let env = env(self.clock.with_skew(skew, boot), self.rng.next());
        let path = self.folder.path().join(format!("phone{index}.db"));
        let target = [600, 1_500, 14 * 1024][self.rng.below(3)];
        self.phones.push(Phone::new(index, device, env, path, target));
    }

    /// A history: so many random steps.
    pub fn live(&mut self) -> Result<(), String> {
        let steps = 180 + self.rng.below(320);
        for _ in 0..steps {
            self.clock.pass(i64::try_from(self.rng.below(2_000)).unwrap());
            self.step()?;
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), String> {
        let index = self.rng.below(self.phones.len());
        match self.rng.below(100) {
            0..=19 => self.work(index),
            20..=25 => self.phones[index].event(Event::Start),
            26..=63 => self.carry_out(index)?,
            64..=88 => self.deliver()?,
            89..=91 => self.give_up(index),
            92..=93 => {
                self.phones[index].restart();
                self.check_phone(index)?;
            }
            94..=98 => self.office.act(&self.service, &mut self.rng),
            _ => match self.rng.below(3) {
                0 | 1 if self.phones.len() < 5 => {
                    let engineer = self.rng.below(self.office.engineers.len());
                    self.enrol(engineer);
                }
                // The server starts again: another actor, the same data.
                _ => {
                    self.service = SyncService::new(
                        Arc::clone(&self.storage),
                        self.keys.clone(),
                        self.server_env.clone(),
                        480,
                    );
                }
            },
        }
        Ok(())
    }

    /// Carries out one effect of a phone.
    fn carry_out(&mut self, index: usize) -> Result<(), String> {
        let sent = self.phones[index].carry_out()?;
        if let Some((address, body)) = sent {
            self.net.push(Message::Request(address, body));
        }
        self.check_phone(index)
    }

    /// Something happens to one message on its way; mostly that it arrives.
    fn deliver(&mut self) -> Result<(), String> {
        if self.net.is_empty() {
            return Ok(());
        }
        let place = self.rng.below(self.net.len());
        let mut message = self.net.swap_remove(place);
        if self.rng.chance(self.trouble) {
            self.totals.mishaps += 1;
            match self.rng.below(4) {
                // Lost: the phone hears of it by its timeout.
                0 | 1 => return Ok(()),
                // A proxy sends it again.
                2 => self.net.push(message.clone()),
                _ => self.damage(&mut message),
            }
        }
        self.arrive(message)
    }

    fn damage(&mut self, message: &mut Message) {
        if let Message::Request(_, bytes) | Message::Answer(_, Ok(bytes)) = message {
            let at = self.rng.below(bytes.len());
            if self.rng.chance(50) {
                bytes.truncate(at);
            } else if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << self.rng.below(8);
            }
        }
    }

    fn arrive(&mut self, message: Message) -> Result<(), String> {
        match message {
            Message::Request(address, body) => {
                self.totals.served += 1;
                let device = &self.phones[address.phone].device;
                let page = u32::try_from(self.page).unwrap();
                let answer = serve(&self.service, device, &body, page);
                self.net.push(Message::Answer(address, answer));
                Ok(())
            }
            Message::Answer(address, result) => {
                let phone = &mut self.phones[address.phone];
                if phone.start != address.start {
                    return Ok(());
                }
                self.totals.answered += 1;
                let request = address.request;
                if phone.waiting == Some(request) {
                    phone.waiting = None;
                }
                let now = self
                    .clock
                    .with_skew(0, u32::try_from(address.phone).unwrap() + 10)
                    .read();
                phone.event(match result {
                    Ok(body) => Event::Answered { request, body, now },
                    Err(fault) => Event::Failed { request, fault },
                });
                Ok(())
            }
        }
    }

    /// The phone's patience ends; the message may still be on its way.
    fn give_up(&mut self, index: usize) {
        let fault = [FaultCode::Cut, FaultCode::TimedOut, FaultCode::Offline][self.rng.below(3)];
        let phone = &mut self.phones[index];
        if let Some(request) = phone.waiting.take() {
            self.totals.mishaps += 1;
            phone.event(Event::Failed {
                request,
                fault: Fault::Code(fault),
            });
        }
    }

    /// What must hold at any time.
    fn check_phone(&mut self, index: usize) -> Result<(), String> {
        let phone = &mut self.phones[index];
        if !std::mem::take(&mut phone.stored) {
            return Ok(());
        }
        phone.check_position()?;
        checks::acknowledged_is_durable(&self.service, phone)?;
        checks::started_orders_are_there(phone)?;
        checks::lists_are_those_of_the_facts(phone)
    }

    // ---- a person at work ---------------------------------------------------------------------------------------

    /// One tap of a phone's person.
    fn work(&mut self, index: usize) {
        let orders = self.phones[index].names("order/");
        let Some(order) = self.rng.pick(&orders).cloned() else {
            return;
        };
        let DocName::Order(id) = order else { return };
        let phone = &mut self.phones[index];
        let visit = DocName::Visit(id, phone.user());
        let van: DocName = format!("van/{}/2026q4/field", phone.user()).parse().unwrap();
        let assignment = phone.assignment(&order);
        let tag = phone.written.len();
        let step = |text: &str| Step {
            assignment,
            text: Some(format!("{text} {index}-{tag}")),
        };
        let movement = |note: &str| {
            Fact::Move(Move {
                movement: "consume".to_owned(),
                part: "UK-88".to_owned(),
                serial: None,
                qty: 1,
                from: format!("van_good:{}", phone.user()),
                to: format!("customer_site:{id}"),
                order: Some(order.clone()),
                assignment,
                note: Some(note.to_owned()),
                ..Default::default()
            })
        };
        let mut sealed = None;
        let parts = match self.rng.below(16) {
            0 => vec![(visit, vec![Fact::Accept(step("方案"))])],
            1 => vec![(visit, vec![Fact::Travel(step("出发"))])],
            2 => vec![(visit, vec![Fact::Arrive(step("到达"))])],
            3 => vec![(
                visit,
                vec![Fact::Contact(Contact {
                    assignment,
                    channel: "phone".to_owned(),
                    reached: true,
                    text: None,
                })],
            )],
            4..=6 => vec![(
                visit,
                vec![Fact::Progress(step("进展")), Fact::Progress(step("再"))],
            )],
            7 | 8 => vec![(
                visit,
                vec![Fact::Set(Set {
                    subject: None,
                    fields: [("opinion_text".to_owned(), json!(format!("意见 {tag}")))].into(),
                    over: Vec::new(),
                })],
            )],
            9 => vec![(van, vec![movement("用料")])],
            10 => vec![(
                visit,
                vec![Fact::Done(Done {
                    assignment,
                    outcome: "solved".to_owned(),
                    reason: None,
                })],
            )],
            11 | 12 => {
                let bytes = format!("sealed {index} {tag} ")
                    .repeat(1 + self.rng.below(40))
                    .into_bytes();
                let seal = Fact::Seal(Seal {
                    assignment,
                    revision: 1,
                    prev: None,
                    blob: hex::encode(Sha256::digest(&bytes)),
                    lists: Vec::new(),
                    kind: "signed".to_owned(),
                });
                sealed = Some(bytes);
                // One action over two documents.
                vec![(visit, vec![seal]), (van, vec![movement("随单")])]
            }
            13 => vec![(
                visit,
                vec![Fact::Submit(Submit {
                    assignment,
                    seal: None,
                    without: Some("customer_absent".to_owned()),
                })],
            )],
            14 => vec![(visit, vec![Fact::Leave(step("离开"))])],
            _ => {
                if self.rng.chance(40) {
                    let by = self.office.person;
                    phone.write_faulty(&visit, &Fact::Progress(step("代写")), by);
                    return;
                }
                vec![(visit, vec![Fact::Decline(step("不便"))])]
            }
        };
        self.totals.written += parts.len();
        phone.write(&parts, sealed.as_deref());
    }

    // ---- the end ------------------------------------------------------------------------------------------------

    /// From here on every message arrives: all must come to rest, and soon.
    pub fn settle(&mut self) -> Result<(), String> {
        while let Some(message) = self.net.pop() {
            // What is still on its way arrives late, or never.
            if self.rng.chance(50) {
                self.arrive(message)?;
            }
            self.net.truncate(1_000);
        }
        for round in 0..40 {
            let before = self.head();
            for index in 0..self.phones.len() {
                self.session(index)?;
            }
            if self.head() == before
                && (0..self.phones.len()).all(|index| self.is_at_rest(index))
                && round > 0
            {
                return Ok(());
            }
        }
        let left: Vec<String> = self
            .phones
            .iter()
            .map(|phone| {
                format!(
                    "phone {}: {} unsent, {} blobs unsent, {} wanted, {} parked, {:?}",
                    phone.index,
                    phone.count("SELECT count(*) FROM changes WHERE state = 0"),
                    phone.count("SELECT count(*) FROM blobs WHERE state = 0"),
                    phone.count(WANTED),
                    phone.count("SELECT count(*) FROM parked"),
                    phone.state
                )
            })
            .collect();
        Err(format!("it never comes to rest: {}", left.join("; ")))
    }

    fn head(&self) -> u64 {
        self.service.storage().read().unwrap().head().unwrap().0
    }

    fn is_at_rest(&self, index: usize) -> bool {
        let phone = &self.phones[index];
        phone.state == Some(SyncState::Synced)
            && phone.count("SELECT count(*) FROM changes WHERE state = 0") == 0
            && phone.count(WANTED) == 0
    }

    /// One whole session over a network that works.
    fn session(&mut self, index: usize) -> Result<(), String> {
        if let Some(request) = self.phones[index].waiting.take() {
            self.phones[index].event(Event::Failed {
                request,
                fault: Fault::Code(FaultCode::TimedOut),
            });
        }
        self.phones[index].event(Event::Start);
        for _ in 0..2_000 {
            if self.phones[index].is_idle() {
                return Ok(());
            }
            self.clock.pass(20);
            let sent = self.phones[index].carry_out()?;
            self.check_phone(index)?;
            if let Some((address, body)) = sent {
                self.arrive(Message::Request(address, body))?;
                while let Some(message) = self.net.pop() {
                    self.arrive(message)?;
                }
            }
        }
        Err(format!("a session of phone {index} does not end"))
    }

    /// What happened.
    pub fn totals(&self) -> Totals {
        Totals {
            starts: self.phones.iter().map(|phone| phone.start).sum(),
            replayed: self.phones.iter().map(|phone| phone.replayed).sum(),
            rows: self.head(),
            ..self.totals
        }
    }
}
