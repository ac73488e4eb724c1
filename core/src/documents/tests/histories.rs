//! Honest histories are never refused, and end equal everywhere (I1).

use proptest::prelude::*;

use super::support::*;
use crate::documents::{Document, Verdict, read_change};

/// One step of a history among four devices.
#[derive(Debug, Clone)]
enum Step {
    Write(usize),
    Pull { from: usize, to: usize, most: usize },
    Restart(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..4_usize).prop_map(Step::Write),
        4 => (0..4_usize, 0..4_usize, 1..9_usize).prop_map(|(from, to, most)| Step::Pull { from, to, most }),
        1 => (0..4_usize).prop_map(Step::Restart),
    ];
    prop::collection::vec(step, 1..60)
}

/// Hands over what the other lacks, in the sender's order, as far as `most` goes.
fn pull(from: &Replica, to: &mut Replica, most: usize) {
    let mut given = 0;
    for change in &from.changes {
        if given == most {
            break;
        }
        match to.receive(change) {
            Verdict::Accept => given += 1,
            Verdict::AlreadyKnown => {}
            verdict => panic!("an honest change met {verdict:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn i01_honest_histories_pass_the_gate_and_converge(steps in steps()) {
        let mut devices: Vec<Replica> = (0..4).map(|_| Replica::default()).collect();
        // The actor of a session: a restart takes a fresh one.
        let mut sessions: Vec<u8> = vec![1, 2, 3, 4];
        let (mut id, mut session) = (0, 4);
        for step in steps {
            match step {
                Step::Write(at) => {
                    id += 1;
                    let n = devices[at].changes.iter().map(|change| change.action.n).max().unwrap_or(0) + 1;
                    let change = devices[at].write(sessions[at], id, n);
                    prop_assert_eq!(read_change(&change.bytes), Ok(change));
                }
                Step::Pull { from, to, most } if from != to => {
                    let source = devices[from].clone();
                    pull(&source, &mut devices[to], most);
                }
                Step::Pull { .. } => {}
                Step::Restart(at) => {
                    session += 1;
                    sessions[at] = session;
                }
            }
        }
        for _ in 0..2 {
            for from in 0..4 {
                for to in 0..4 {
                    let source = devices[from].clone();
                    pull(&source, &mut devices[to], usize::MAX);
                }
            }
        }
        let heads = devices[0].document.heads();
        let values = devices[0].document.values().unwrap();
        for device in &mut devices {
            prop_assert_eq!(device.document.heads(), heads.clone());
            prop_assert_eq!(device.document.values().unwrap(), values.clone());
            device.document.save_checked().unwrap();
            // The raw bytes that Automerge rebuilds are those that were written.
            let mut rebuilt = device.document.changes();
            let mut written: Vec<Vec<u8>> = device.changes.iter().map(|change| change.bytes.clone()).collect();
            rebuilt.sort();
            written.sort();
            prop_assert_eq!(rebuilt, written.clone());
            // In any order of delivery within one call.
            prop_assert_eq!(Document::from_changes(&written).unwrap().heads(), heads.clone());
        }
    }
}
