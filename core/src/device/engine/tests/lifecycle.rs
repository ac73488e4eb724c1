//! Opening, closing, listening, drafts, full disks.

use std::sync::{Arc, Mutex};

use super::support::*;
use crate::device::EngineError;
use crate::device::engine::{Engine, News, Observer, Step, Subscription};

#[test]
fn after_shutdown_every_call_is_closed() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let engine = phone.engine.clone();
    let token = phone.token();
    phone.engine.shutdown().unwrap();
    phone.engine.shutdown().unwrap();
    let closed = |outcome: Result<(), EngineError>| assert_eq!(outcome, Err(EngineError::Closed));
    closed(engine.orders().map(|_| ()));
    closed(engine.order(order_id()).map(|_| ()));
    closed(engine.status().map(|_| ()));
    closed(engine.search("x").map(|_| ()));
    closed(engine.conflicts().map(|_| ()));
    closed(engine.save_draft("k", b"v"));
    closed(engine.draft("k").map(|_| ()));
    closed(engine.drop_draft("k"));
    closed(engine.step(order_id(), &token, Step::Travel).map(|_| ()));
    closed(
        engine
            .save_report(order_id(), &token, map(&[("fault_found", "x".into())]))
            .map(|_| ()),
    );
    closed(engine.rebuild_projections());
    closed(engine.pause());
    closed(engine.resume());
    struct Nobody;
    impl Observer for Nobody {
        fn changed(&self, _: &News) {}
    }
    closed(engine.observe(Box::new(Nobody)).map(|_| ()));
}

#[test]
fn a_pause_closes_the_file_and_resume_goes_on() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let token = phone.token();
    phone.engine.pause().unwrap();
    phone.engine.pause().unwrap();
    assert_eq!(phone.engine.orders(), Err(EngineError::Closed));
    // Nobody holds the file: it can be moved and moved back.
    let aside = phone.path.with_extension("aside");
    std::fs::rename(&phone.path, &aside).unwrap();
    std::fs::rename(&aside, &phone.path).unwrap();
    phone.engine.resume().unwrap();
    phone.engine.resume().unwrap();
    phone.engine.step(order_id(), &token, Step::Travel).unwrap();
    assert_eq!(phone.engine.orders().unwrap()[0].unsent, 1);
}

#[test]
fn an_unenrolled_phone_says_so_and_keeps_drafts() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(options(&folder.path().join("phone.db"), &env(1).0)).unwrap();
    assert_eq!(engine.status().unwrap().enrolment, None);
    engine.save_draft("enrol", b"code").unwrap();
    assert_eq!(
        engine.step(order_id(), &crate::facts::ViewToken::default(), Step::Travel),
        Err(EngineError::NotEnrolled)
    );
    assert_eq!(engine.draft("enrol").unwrap().unwrap(), b"code");
}

#[test]
fn a_draft_survives_a_restart_and_ends_with_its_form() {
    let office = Office::new();
    let (mut phone, _) = phone_with_order(1, user(1), &office);
    let key = crate::device::engine::report_draft(order_id());
    phone.engine.save_draft(&key, "外壳".as_bytes()).unwrap();
    phone.engine.save_draft(&key, "外壳破裂".as_bytes()).unwrap();
    phone.restart();
    assert_eq!(phone.engine.draft(&key).unwrap().unwrap(), "外壳破裂".as_bytes());
    let token = phone.token();
    phone
        .engine
        .save_report(order_id(), &token, map(&[("fault_found", "外壳破裂".into())]))
        .unwrap();
    assert_eq!(phone.engine.draft(&key).unwrap(), None);
    assert_eq!(
        problems(phone.engine.save_draft(&key, &vec![0; 300 * 1024])),
        ["step_problem.draft_too_large"]
    );
}

/// Records what it hears and, if told to, calls the engine from inside the call.
struct Listener {
    heard: Arc<Mutex<Vec<News>>>,
    engine: Option<Engine>,
}

impl Observer for Listener {
    fn changed(&self, news: &News) {
        self.heard.lock().unwrap().push(news.clone());
        let Some(engine) = &self.engine else { return };
        // Every kind of call works from inside: nothing is locked while calling out.
        let details = engine.order(order_id()).unwrap();
        engine.save_draft("inside", b"x").unwrap();
        engine.orders().unwrap();
        let unsent = news.status.unsent;
        if unsent < 4 {
            engine
                .step(
                    order_id(),
                    &details.token,
                    Step::Progress {
                        text: format!("step {unsent}"),
                    },
                )
                .unwrap();
        }
    }
}

#[test]
fn a_listener_hears_the_state_first_then_changes_in_order_and_may_call_in() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let subscription = phone
        .engine
        .observe(Box::new(Listener {
            heard: heard.clone(),
            engine: Some(phone.engine.clone()),
        }))
        .unwrap();
    let news = heard.lock().unwrap().clone();
    assert!(news[0].whole);
    assert_eq!(news[0].orders.len(), 1);
    let unsent: Vec<u32> = news.iter().map(|news| news.status.unsent).collect();
    assert_eq!(unsent, [0, 1, 2, 3, 4], "each change once, in order, not nested");
    assert!(news[1..].iter().all(|news| !news.whole && news.orders.len() == 1));
    drop(subscription);
    let token = phone.token();
    phone.engine.step(order_id(), &token, Step::Travel).unwrap();
    assert_eq!(
        heard.lock().unwrap().len(),
        5,
        "a dropped subscription hears nothing"
    );
}

#[test]
fn a_panicking_listener_does_not_silence_the_others() {
    struct Panics;
    impl Observer for Panics {
        fn changed(&self, news: &News) {
            assert!(news.whole, "panics at the first change");
        }
    }
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let first: Subscription = phone.engine.observe(Box::new(Panics)).unwrap();
    let token = phone.token();
    let engine = phone.engine.clone();
    let outcome =
        std::thread::spawn(move || engine.step(order_id(), &token, Step::Travel).map(|_| ())).join();
    assert!(outcome.is_err());
    drop(first);
    let _second = phone
        .engine
        .observe(Box::new(Listener {
            heard: heard.clone(),
            engine: None,
        }))
        .unwrap();
    let token = phone.token();
    phone.engine.step(order_id(), &token, Step::Arrive).unwrap();
    let unsent: Vec<u32> = heard
        .lock()
        .unwrap()
        .iter()
        .map(|news| news.status.unsent)
        .collect();
    assert_eq!(
        unsent,
        [1, 2],
        "the step of the panicking call was saved all the same"
    );
}

#[test]
fn a_full_disk_is_said_and_the_form_is_kept() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let key = crate::device::engine::report_draft(order_id());
    phone.engine.save_draft(&key, b"the form").unwrap();
    let token = phone.token();
    let before = phone.engine.order(order_id()).unwrap();
    let limit = |pages: Option<i64>| {
        phone
            .engine
            .inner
            .store
            .write(|transaction| {
                let count: i64 = transaction.query_row("PRAGMA page_count", [], |row| row.get(0))?;
                let pages = pages.unwrap_or(count);
                transaction.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
                Ok::<_, crate::device::store::StoreError>(())
            })
            .unwrap();
    };
    limit(None);
    let long = "长".repeat(15_000);
    let full = phone
        .engine
        .save_report(order_id(), &token, map(&[("fault_found", long.clone().into())]));
    assert_eq!(full, Err(EngineError::StorageFull));
    assert_eq!(phone.engine.draft(&key).unwrap().unwrap(), b"the form");
    assert_eq!(phone.engine.order(order_id()).unwrap(), before);
    limit(Some(1_000_000));
    // The same engine goes on as if nothing had been.
    phone
        .engine
        .save_report(order_id(), &token, map(&[("fault_found", long.into())]))
        .unwrap();
    assert_eq!(phone.engine.draft(&key).unwrap(), None);
    assert_eq!(phone.engine.status().unwrap().unsent, 1);
}

#[test]
fn a_damaged_file_says_so_and_the_next_start_salvages_the_unsent_work() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    for _ in 0..20 {
        let token = phone.token();
        let text = "x".repeat(2_000);
        phone
            .engine
            .step(order_id(), &token, Step::Progress { text })
            .unwrap();
    }
    let written = phone.changes();
    phone.engine.shutdown().unwrap();
    let mut bytes = std::fs::read(&phone.path).unwrap();
    // The list of orders is a projection: losing its page must not cost a single change.
    let needle = b"\"update_needed\":false";
    let pages: std::collections::BTreeSet<usize> = (0..bytes.len() - needle.len())
        .filter(|at| bytes[*at..].starts_with(needle))
        .map(|at| at / 4096 * 4096)
        .collect();
    assert!(!pages.is_empty());
    for page in pages {
        bytes[page..page + 4096].fill(0xAA);
    }
    std::fs::write(&phone.path, bytes).unwrap();
    let engine = Engine::open(options(&phone.path, &phone.env)).unwrap();
    assert_eq!(engine.orders(), Err(EngineError::Damaged));
    engine.shutdown().unwrap();
    let reopened = Phone {
        engine: Engine::open(options(&phone.path, &phone.env)).unwrap(),
        ..phone
    };
    let recovered = reopened.engine.status().unwrap().recovered.unwrap();
    assert_eq!(recovered.unsent, 20);
    assert!(recovered.moved_to.exists());
    assert_eq!(reopened.changes(), written);
    assert_eq!(reopened.engine.orders().unwrap()[0].unsent, 20);
}
