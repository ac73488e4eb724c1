//! I13: what a phone lets its person do is never what the server's fold has to flag, whatever reached whom in which order.
//!
//! Random days of three phones (two of one engineer, one of another) and an office that assigns, reassigns, cancels, sends
//! back and takes back; news travels in part and late. Every fact that an engine wrote is looked at in the fold of everything.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::report::signed;
use super::support::*;
use crate::device::EngineError;
use crate::device::engine::{Examination, Step, Unsealed};
use crate::documents::read_change;
use crate::domain::ids::UserId;
use crate::domain::work::{AttemptChannel, ConsentKind, ConsentWay, Outcome};
use crate::facts::conflict::Flag;
use crate::facts::kinds::{Assign, OverReason, Return};
use crate::facts::{DocName, Fact, FactId, FoldContext, OrderView, StoredAction, fold_order};

/// What no honest phone brings about.
const NEVER: &[Flag] = &[
    Flag::GuardFailed,
    Flag::NotReady,
    Flag::OutcomeMissing,
    Flag::ConsentMissing,
    Flag::EvidenceMissing,
    Flag::BadReference,
    Flag::UnknownCode,
    Flag::Malformed,
    Flag::Misplaced,
    Flag::UnknownKind,
    Flag::ReusedId,
    Flag::CounterBounded,
];

struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).unwrap()
    }
}

struct Day {
    office: Office,
    phones: Vec<Phone>,
    /// Everything written anywhere, in the order of writing.
    all: Vec<(DocName, Vec<u8>)>,
    /// How much of it each phone was offered.
    seen: Vec<usize>,
    dice: Dice,
    done: usize,
}

impl Day {
    fn new(seed: u64) -> Self {
        let office = Office::new();
        let (mut all, _) = office.order_for(user(1));
        if seed.is_multiple_of(3) {
            // A pool.
            let assign = Assign {
                engineers: vec![user(1), user(2)],
                over: vec![],
                reason: None,
            };
            all.push(
                office
                    .write(&DocName::Order(order_id()), &[Fact::Assign(assign)])
                    .1,
            );
        }
        let phones: Vec<Phone> = [(1, user(1)), (2, user(1)), (3, user(2))]
            .into_iter()
            .map(|(number, me)| phone(number, me))
            .collect();
        for phone in &phones {
            phone.pull(&all);
        }
        Self {
            office,
            seen: vec![all.len(); phones.len()],
            phones,
            all,
            dice: Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            done: 0,
        }
    }

    fn fold(&self) -> OrderView {
        let actions: Vec<StoredAction> = self
            .all
            .iter()
            .map(|(doc, bytes)| {
                let change = read_change(bytes).unwrap();
                StoredAction {
                    doc: doc.clone(),
                    key: change.key,
                    text: change.text.into(),
                    hash: change.hash,
                    deps: change.deps,
                    actor: change.actor.0,
                }
            })
            .collect();
        fold_order(order_id(), &actions, &FoldContext::default())
    }

    /// Brings a phone's own new changes to everybody's store, and news to it.
    fn send(&mut self, at: usize) {
        for change in self.phones[at].changes() {
            if !self.all.contains(&change) {
                self.all.push(change);
            }
        }
    }

    fn hear(&mut self, at: usize) {
        let news = self.all[self.seen[at]..].to_vec();
        self.phones[at].pull(&news);
        self.seen[at] = self.all.len();
    }

    fn office_writes(&mut self) {
        let view = self.fold();
        let over: Vec<FactId> = view.current.into_iter().collect();
        let fact = match self.dice.roll(6) {
            0..=2 => {
                let engineers: Vec<UserId> =
                    [vec![user(1)], vec![user(2)], vec![user(1), user(2)]][self.dice.roll(3)].clone();
                Fact::Assign(Assign {
                    engineers,
                    over,
                    reason: Some("r".into()),
                })
            }
            3 => Fact::Cancel(OverReason {
                over: vec![],
                reason: "r".into(),
            }),
            4 => {
                let cancels = view.cancellations.iter().map(|cancel| cancel.id).collect();
                Fact::Uncancel(OverReason {
                    over: cancels,
                    reason: "r".into(),
                })
            }
            _ => {
                let seal = view.visits.iter().find_map(|visit| visit.current_seal);
                match (seal, view.current) {
                    (Some(revision), Some(assignment)) => Fact::Return(Return {
                        revision,
                        assignment,
                        reason: "r".into(),
                    }),
                    _ => return,
                }
            }
        };
        let change = self.office.write(&DocName::Order(order_id()), &[fact]).1;
        self.all.push(change);
    }

    /// One deed of a person with a phone, on a screen that is up to date or not.
    fn deed(&mut self, at: usize, screens: &mut [Option<crate::facts::ViewToken>]) {
        let roll = self.dice.roll(20);
        let engine = self.phones[at].engine.clone();
        let details = engine.order(order_id()).unwrap();
        let now = details.token.clone();
        let token = match self.dice.roll(4) {
            0 => screens[at].take().unwrap_or(now),
            1 => {
                screens[at] = Some(now.clone());
                now
            }
            _ => now,
        };
        let step = |step: Step| engine.step(order_id(), &token, step).map(|_| ());
        let report =
            |fields: &[(&str, Value)]| engine.save_report(order_id(), &token, map(fields)).map(|_| ());
        let outcome: Result<(), EngineError> = match roll {
            0 => step(Step::Accept { plan: None }),
            1 => step(Step::Decline { reason: "r".into() }),
            2 => step(Step::Travel),
            3 | 4 => step(Step::Arrive),
            5 => {
                let consent = details
                    .order
                    .consents
                    .iter()
                    .find(|consent| consent.kind == ConsentKind::Remote);
                match consent {
                    Some(consent) => step(Step::Remote { consent: consent.id }),
                    None => step(Step::Consent {
                        kind: [ConsentKind::Remote, ConsentKind::WorkAndPrice][self.dice.roll(2)],
                        how: ConsentWay::Spoken,
                        given_by: None,
                        new_due: None,
                        text: None,
                    }),
                }
            }
            6 => step(Step::WaitParts { reason: "r".into() }),
            7 => step(Step::Block { reason: "r".into() }),
            8 => step(Step::Progress { text: "t".into() }),
            9 => step(Step::Contact {
                channel: AttemptChannel::Phone,
                reached: true,
                text: None,
            }),
            10 | 11 => {
                let outcome =
                    [Outcome::Solved, Outcome::Unresolved, Outcome::CustomerAbsent][self.dice.roll(3)];
                step(Step::Done {
                    outcome,
                    reason: Some("r".into()),
                })
            }
            12 => step(Step::Leave),
            13 => report(&[
                ("fault_found", json!(format!("f{}", self.done))),
                ("action_taken", "a".into()),
                ("opinion_kind", "satisfied".into()),
                ("signer_name", "n".into()),
                ("signer_role", "r".into()),
            ]),
            14 | 15 => engine.seal(order_id(), &token, signed(200)).map(|_| ()),
            16 => engine.submit(order_id(), &token, None).map(|_| ()),
            17 => {
                let without = [Unsealed::VerbalConfirmation, Unsealed::CustomerAbsent][self.dice.roll(2)];
                engine.submit(order_id(), &token, Some(without)).map(|_| ())
            }
            18 => engine.open_correction(order_id(), &token, "r").map(|_| ()),
            _ => {
                let works = Examination::Eseal {
                    works: true,
                    tested_elsewhere: true,
                    inspected: true,
                    inspection_photos: BTreeSet::new(),
                    symptoms: std::collections::BTreeMap::new(),
                    photography_forbidden: None,
                    quantity: 1,
                };
                engine
                    .examine(order_id(), &token, &id("asset", 0x33), works)
                    .map(|_| ())
            }
        };
        match outcome {
            Ok(()) => self.done += 1,
            Err(EngineError::Invalid { problems }) => assert!(!problems.is_empty()),
            Err(other) => panic!("{other:?}"),
        }
    }
}

fn day(seed: u64, deeds: usize) -> (OrderView, usize) {
    let mut day = Day::new(seed);
    let mut screens = vec![None; day.phones.len()];
    for _ in 0..deeds {
        let at = day.dice.roll(day.phones.len());
        match day.dice.roll(8) {
            0 => day.office_writes(),
            1 => day.hear(at),
            2 => day.send(at),
            _ => day.deed(at, &mut screens),
        }
    }
    for at in 0..day.phones.len() {
        day.send(at);
    }
    (day.fold(), day.done)
}

/// How many random days; more behind a variable.
fn days() -> u32 {
    let asked = std::env::var("FIELDSEAL_I13_DAYS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: days(), max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn i13_nothing_that_a_phone_allows_breaks_a_guard_on_the_server(seed in 1_u64..1_000_000, deeds in 8_usize..60) {
        let (view, _) = day(seed, deeds);
        for event in &view.timeline {
            let by_phone = matches!(*event.record.doc, DocName::Visit(..));
            let broken: Vec<&Flag> = event.flags.iter().filter(|flag| NEVER.contains(flag)).collect();
            prop_assert!(
                !by_phone || broken.is_empty(),
                "seed {}, {} deeds: {} by {} is {:?} ({:?})",
                seed, deeds, event.record.kind, event.record.stamp.by, broken, event.unmet
            );
        }
    }
}

/// The days are days: much is done in them, and all of it is reached.
#[test]
fn i13_the_random_days_reach_every_step() {
    let mut kinds = BTreeSet::new();
    let mut done = 0;
    for seed in 1..25 {
        let (view, deeds) = day(seed, 60);
        done += deeds;
        let visits = view
            .timeline
            .iter()
            .filter(|event| matches!(*event.record.doc, DocName::Visit(..)));
        kinds.extend(visits.map(|event| event.record.kind.clone()));
    }
    for kind in [
        "accept", "decline", "travel", "arrive", "consent", "remote", "wait", "progress", "contact", "done",
        "leave", "set", "seal", "submit", "decide",
    ] {
        assert!(kinds.contains(kind), "no {kind} in {kinds:?}");
    }
    assert!(done > 250, "{done}");
}
