//! Single stories of the sync, told step by step: a lost reply, an app killed between two pages, an idle sync.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking and print what they measured"
)]

use std::sync::Arc;

use fieldseal_core::device::sync::events::FaultCode;
use fieldseal_core::device::sync::{Event, Fault, SyncState};
use fieldseal_core::env::{Clock as _, Env};
use fieldseal_core::facts::kinds::Step;
use fieldseal_core::facts::{DocName, Fact};
use fieldseal_server::keys::ServerKeys;
use fieldseal_server::pipeline::SyncService;
use fieldseal_server::storage::sqlite::SqliteStorage;
use fieldseal_tests::sim::network::serve;
use fieldseal_tests::sim::office::Office;
use fieldseal_tests::sim::phone::Phone;
use fieldseal_tests::sim::rng::{Rng, SimClock, env};

/// A server, one engineer, one phone.
struct Bench {
    folder: tempfile::TempDir,
    service: SyncService,
    office: Office,
    clock: SimClock,
    rng: Rng,
}

/// What a session sent and got, bytes of bodies.
#[derive(Debug, Default, PartialEq, Eq)]
struct Traffic {
    requests: usize,
    up: usize,
    down: usize,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir_in("/dev/shm")
            .or_else(|_| tempfile::tempdir())
            .unwrap();
        let clock = SimClock::new();
        let server_env: Env = env(clock.clone(), 1);
        let storage = SqliteStorage::open(&folder.path().join("server.db"), server_env.random()).unwrap();
        let keys = ServerKeys::in_memory(&server_env);
        Self {
            service: SyncService::new(Arc::new(storage), keys, server_env, 480),
            office: Office::new(1, env(clock.clone(), 2)),
            rng: Rng::new(3),
            clock,
            folder,
        }
    }

    fn phone(&self) -> Phone {
        let device = self.office.enrol(&self.service, 0);
        let path = self.folder.path().join("phone.db");
        Phone::new(0, device, env(self.clock.with_skew(0, 9), 4), path, 14 * 1024)
    }

    fn dispatch(&mut self, orders: usize) {
        for _ in 0..orders {
            self.office.dispatch(&self.service, &mut self.rng);
        }
    }

    fn head(&self) -> u64 {
        self.service.storage().read().unwrap().head().unwrap().0
    }

    /// Runs the phone until it wants to send; the request's number and body, or none at the end of the session.
    fn until_send(phone: &mut Phone) -> Option<(u64, Vec<u8>)> {
        while !phone.is_idle() {
            if let Some((address, body)) = phone.carry_out().unwrap() {
                return Some((address.request, body));
            }
            if phone.todo.is_empty() {
                return None;
            }
        }
        None
    }

    /// A whole session over a network that works.
    fn session(&self, phone: &mut Phone, page: u32) -> Traffic {
        phone.event(Event::Start);
        let mut traffic = Traffic::default();
        while let Some((request, body)) = Self::until_send(phone) {
            let answer = serve(&self.service, &phone.device, &body, page).unwrap();
            traffic.requests += 1;
            traffic.up += body.len();
            traffic.down += answer.len();
            self.answer(phone, request, answer);
        }
        assert_eq!(phone.state, Some(SyncState::Synced));
        traffic
    }

    fn answer(&self, phone: &mut Phone, request: u64, body: Vec<u8>) {
        let now = self.clock.with_skew(0, 9).read();
        phone.event(Event::Answered { request, body, now });
    }
}

fn progress(phone: &mut Phone, text: &str) {
    let Some(DocName::Order(order)) = phone.names("order/").first().cloned() else {
        panic!("no order")
    };
    let visit = DocName::Visit(order, phone.user());
    let fact = Fact::Progress(Step {
        assignment: None,
        text: Some(text.to_owned()),
    });
    phone.write(&[(visit, vec![fact])], None);
}

fn count(phone: &Phone, what: &str) -> i64 {
    phone.count(&format!("SELECT count(*) FROM {what}"))
}

#[test]
fn i02_a_lost_reply_is_asked_for_again_and_nothing_counts_twice() {
    for killed in [false, true] {
        let mut bench = Bench::new();
        let mut phone = bench.phone();
        bench.dispatch(1);
        bench.session(&mut phone, 1 << 20);
        for text in ["一", "二", "三"] {
            progress(&mut phone, text);
        }
        // The request arrives and is committed; its reply does not come.
        let (request, body) = Bench::until_send(&mut phone).unwrap();
        let _lost = serve(&bench.service, &phone.device, &body, 1 << 20).unwrap();
        let rows = bench.head();
        assert_eq!(count(&phone, "changes WHERE state = 0"), 3, "not acknowledged");
        if killed {
            phone.restart();
        } else {
            phone.event(Event::Failed {
                request,
                fault: Fault::Code(FaultCode::Cut),
            });
        }
        // More was saved meanwhile; the same changes go again, and are answered as accepted with their rows.
        progress(&mut phone, "四");
        while Bench::until_send(&mut phone).is_some() {}
        phone.restart();
        bench.session(&mut phone, 1 << 20);
        assert_eq!(count(&phone, "changes WHERE state = 0"), 0);
        assert_eq!(
            count(&phone, "changes WHERE state = 1 AND server_row IS NOT NULL"),
            4
        );
        assert_eq!(bench.head(), rows + 1, "only the fourth is new");
    }
}

#[test]
fn i14_an_app_killed_between_two_pages_goes_on_where_it_was() {
    let mut bench = Bench::new();
    let mut phone = bench.phone();
    bench.dispatch(12);
    phone.event(Event::Start);
    let mut reached = Vec::new();
    for _ in 0..3 {
        let (request, body) = Bench::until_send(&mut phone).unwrap();
        let answer = serve(&bench.service, &phone.device, &body, 600).unwrap();
        bench.answer(&mut phone, request, answer);
        // The answer is stored, then the app is killed.
        phone.carry_out().unwrap();
        let position = phone.position().unwrap();
        assert!(position.until.is_some(), "in the middle of paging: {position:?}");
        reached.push(position.pulled_to);
        phone.restart();
        phone.event(Event::Start);
    }
    assert!(reached.is_sorted_by(|a, b| a < b), "{reached:?}");
    phone.restart();
    let traffic = bench.session(&mut phone, 600);
    assert!(traffic.requests > 2);
    assert_eq!(phone.names("order/").len(), 12);
    assert_eq!(count(&phone, "parked"), 0);
}

#[test]
fn an_idle_sync_is_small_and_loads_no_document() {
    let mut bench = Bench::new();
    let mut phone = bench.phone();
    bench.dispatch(150);
    bench.session(&mut phone, 1 << 20);
    // The first sync that says it holds the orders makes the server write that they were delivered.
    bench.session(&mut phone, 1 << 20);
    bench.session(&mut phone, 1 << 20);
    assert_eq!(phone.names("order/").len(), 150);
    let loads = bench.service.document_loads();
    let head = bench.head();
    let traffic = bench.session(&mut phone, 1 << 20);
    println!("idle: {traffic:?}");
    assert_eq!(traffic.requests, 1);
    assert_eq!(bench.service.document_loads(), loads);
    assert_eq!(bench.head(), head);
    // The driver's headers take up to 260 bytes and the server's about as many: 700 both ways together.
    assert!(traffic.up + traffic.down <= 240, "{traffic:?}");
}

#[test]
fn twenty_documents_go_up_in_one_request() {
    let mut bench = Bench::new();
    let mut phone = bench.phone();
    bench.dispatch(20);
    bench.session(&mut phone, 1 << 20);
    bench.session(&mut phone, 1 << 20);
    bench.session(&mut phone, 1 << 20);
    for order in phone.names("order/") {
        let DocName::Order(order) = order else { continue };
        for text in ["一", "二", "三", "四", "五"] {
            let fact = Fact::Progress(Step {
                assignment: None,
                text: Some(text.to_owned()),
            });
            phone.write(&[(DocName::Visit(order, phone.user()), vec![fact])], None);
        }
    }
    phone.restart();
    let traffic = bench.session(&mut phone, 1 << 20);
    println!("a hundred actions in twenty documents: {traffic:?}");
    assert_eq!(traffic.requests, 1);
    assert!(traffic.up <= 14 * 1024, "one TCP flight: {traffic:?}");
}
