//! The lost reply: the line breaks at any byte of an exchange, also after the server committed. Everything arrives,
//! and has its effect once (I2, design 5).

use std::time::Duration;

use fieldseal_core::device::EngineError;
use fieldseal_core::domain::work::OrderState;
use fieldseal_tests::hands::{Ack, Deed, PART};

use crate::company::{ISSUED, World, absent, differences};

const STEP: u64 = 256;

/// Cuts one exchange after `offset`, `offset + 256`, … bytes until it goes through; how often the server had
/// committed what the phone did not hear of.
fn through_cuts(world: &World, phone: &crate::company::Phone, offset: u64) -> u32 {
    let (mut lost, mut cut) = (0, offset.max(1));
    let before = world.head();
    loop {
        phone.line.cut_after(cut);
        match phone.engine.sync_once() {
            Ok(_) => {
                assert!(cut > STEP, "at least one exchange was cut");
                phone.line.cut_after(u64::MAX);
                return lost;
            }
            Err(EngineError::Offline) => {
                let unsent = phone.engine.status().unwrap().unsent;
                if unsent > 0 && committed(world, before) {
                    lost += 1;
                }
            }
            Err(other) => panic!("{other:?}"),
        }
        cut += STEP;
        assert!(cut < 200_000, "an exchange of this size does not exist here");
    }
}

/// Whether the server committed: a cut between request and answer is heard of before the commit is done.
fn committed(world: &World, (before, _): (u64, [u8; 16])) -> bool {
    (0..15).any(|_| {
        std::thread::sleep(Duration::from_millis(2));
        world.head().0 != before
    })
}

#[test]
fn a_reply_that_is_cut_anywhere_has_one_effect_seal_included() {
    let mut world = World::new();
    let engineer = world.company.engineers[0];
    let phone = world.phone(engineer);
    let mut lost = 0;
    let mut jobs: Vec<(_, Vec<Ack>)> = Vec::new();
    for offset in [0, 85, 171] {
        let order = world.job(&[engineer]);
        // The grant of the order comes through cuts as well.
        through_cuts(&world, &phone, offset);
        let acks = phone.perform(order, &Deed::VISIT);
        lost += through_cuts(&world, &phone, offset);
        jobs.push((order, acks));
    }
    assert!(
        lost > 0,
        "no answer was cut after the commit: the test does not reach its case"
    );
    phone.settle();
    world.restart();
    for (order, acks) in &jobs {
        let details = world.office().order(*order).unwrap().unwrap();
        let view = &details.view;
        assert_eq!(absent(acks, view), Vec::<String>::new());
        assert_eq!(view.state, OrderState::Submitted);
        assert_eq!(view.visits[0].seals.len(), 1);
        assert_eq!(view.visits[0].progress.len(), 1);
        let sealed = acks.iter().find_map(|ack| ack.sealed.clone()).unwrap();
        let [report] = details.reports.as_slice() else {
            panic!("one report");
        };
        assert_eq!(report.sha256.to_string(), sealed);
        report.verified.as_ref().unwrap().as_ref().unwrap();
        assert_eq!(
            differences(view, &phone.order(*order).order),
            Vec::<String>::new()
        );
    }
    let stock = world.office().stock().unwrap();
    let van = stock
        .iter()
        .find(|place| place.engineer == Some(engineer))
        .unwrap();
    let lines = van.lines.iter().filter(|line| line.part == PART);
    let left: i64 = lines.map(|line| line.good + line.in_transit).sum();
    assert_eq!(left, i64::from(ISSUED) - 3, "three parts were used, each once");
    assert!(phone.engine.status().unwrap().mismatch.is_none());
}
