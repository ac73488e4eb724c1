//! I1 over random histories of several devices and roles, stale forms and stale tokens included: any order and any
//! number of deliveries gives the same bytes, and nothing is missing from the timeline.

use fieldseal_core::facts::{FoldContext, OrderView, ParsedAction, ViewToken, fold_order_parsed};
use proptest::prelude::*;
use serde_json::json;

use crate::harness::{Dice, json as bytes};
use crate::story::*;

const DEVICES: [Device; 7] = [
    phone(A),
    tablet(A),
    phone(B),
    phone(C),
    page(DISPATCHER),
    page(OTHER_DISPATCHER),
    page(AUDITOR),
];

fn known(wrote: fieldseal_core::facts::FactId) -> Wrote {
    Wrote {
        index: 0,
        ids: vec![wrote],
    }
}

/// One random deed of a device, from what its screen shows.
fn act(story: &mut Story, dice: &mut Dice, device: Device, stale: Option<&OrderView>) {
    let now = story.screen(device);
    let view = stale.unwrap_or(&now);
    let token: Option<ViewToken> = stale.map(|view| view.token.clone());
    let office = device.number == 9;
    let assignments: Vec<Wrote> = view.assignments.iter().map(|one| known(one.id)).collect();
    let seals: Vec<Wrote> = view
        .visits
        .iter()
        .flat_map(|visit| visit.seals.iter().map(|seal| known(seal.id)))
        .collect();
    let any = |dice: &mut Dice, of: &[Wrote]| (!of.is_empty()).then(|| of[dice.roll(of.len())].clone());
    let facts = if office {
        let last = view.current.map(known);
        let over: Vec<&Wrote> = last.iter().collect();
        match dice.roll(13) {
            12 => match &view.founded {
                Some(founded) => vec![adopt(A, &known(founded.id))],
                None => return,
            },
            0..=2 => {
                let pool = [[A, A], [B, B], [A, B], [B, C]][dice.roll(4)];
                vec![assign(&pool, &over)]
            }
            3 => vec![cancel()],
            4 => {
                let cancels: Vec<Wrote> = view.cancellations.iter().map(|one| known(one.id)).collect();
                vec![uncancel(&cancels.iter().collect::<Vec<_>>())]
            }
            5..=6 => {
                let over = view.fields.over(["priority"], &view.token);
                vec![set(
                    &[("priority", json!(["p1", "p2", "p3"][dice.roll(3)]))],
                    &over,
                )]
            }
            7 => match (any(dice, &assignments), any(dice, &seals)) {
                (Some(a), Some(s)) => vec![audit(&a, &s, &[])],
                _ => return,
            },
            8 => {
                let audits: Vec<Wrote> = view.audits.iter().map(|one| known(one.id)).collect();
                vec![unaudit(&audits.iter().collect::<Vec<_>>())]
            }
            9 => match (any(dice, &assignments), any(dice, &seals)) {
                (Some(a), Some(s)) => vec![send_back(&a, &s)],
                _ => return,
            },
            10 => match any(dice, &seals) {
                Some(s) => vec![pick(&s)],
                None => return,
            },
            _ => vec![hide(None)],
        }
    } else {
        let Some(a) = any(dice, &assignments) else { return };
        let own = view
            .visits
            .iter()
            .find(|visit| visit.engineer == user(device.person));
        match dice.roll(14) {
            0 => vec![accept(&a)],
            1 => vec![decline(&a)],
            2 => vec![travel(&a)],
            3 => vec![arrive(&a)],
            4 => vec![leave(&a)],
            5 => vec![progress(&a, "text"), arrive(&a)],
            6..=7 => vec![done(&a)],
            8 => match any(dice, &seals) {
                Some(prev) if dice.roll(2) == 0 => vec![seal(&a, Some((&prev, 1)), &[])],
                _ => vec![seal(&a, None, &[])],
            },
            9 => match any(dice, &seals) {
                Some(s) => vec![submit(&a, &s)],
                None => return,
            },
            10..=11 => {
                let over = own.map_or_else(Vec::new, |visit| visit.fields.over(["fault_found"], &view.token));
                vec![set(&[("fault_found", json!(dice.roll(9)))], &over)]
            }
            12 => vec![decide(&a, &[], "paid")],
            _ => match own.and_then(|visit| visit.fields.displayed().next()) {
                Some(shown) => vec![hide(Some(&known(shown)))],
                None => return,
            },
        }
    };
    let doc = if office {
        order_doc()
    } else {
        visit_doc(device.person)
    };
    story.write_seeing(device, doc, facts, token.as_ref());
}

/// A history of `steps` deeds with partial syncs, some of them from screens that are long out of date.
pub fn history(seed: u64, steps: usize) -> Story {
    let mut story = Story::new(seed);
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut stale: Vec<Option<OrderView>> = vec![None; DEVICES.len()];
    // One in three begins on site; one of those while the office makes the same order itself.
    let begin = dice.roll(9);
    if begin < 3 {
        story.write(phone(A), intake_doc(A), vec![found()]);
    }
    if begin > 1 {
        story.write(page(DISPATCHER), order_doc(), vec![assign(&[A], &[])]);
    }
    for _ in 0..steps {
        let at = dice.roll(DEVICES.len());
        let device = DEVICES[at];
        if dice.roll(3) == 0 {
            story.sync(device);
        }
        match dice.roll(6) {
            0 => stale[at] = Some(story.screen(device)),
            1 => {
                let old = stale[at].take();
                act(&mut story, &mut dice, device, old.as_ref());
            }
            _ => act(&mut story, &mut dice, device, None),
        }
    }
    story
}

fn fold(actions: &[ParsedAction]) -> OrderView {
    fold_order_parsed(order_id(), actions, &FoldContext::default())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn i01_any_order_and_any_number_of_deliveries_gives_the_same_bytes(
        seed in 1_u64.., steps in 1_usize..28, order in 1_u64.., doubled in 0_usize..12,
    ) {
        let story = history(seed, steps);
        let mut actions = ParsedAction::read_all(&story.actions);
        let view = fold(&actions);
        let expected = bytes(&view);
        let mut dice = Dice(order | 1);
        for _ in 0..doubled {
            let again = actions[dice.roll(actions.len())].clone();
            actions.push(again);
        }
        for _ in 0..3 {
            dice.shuffle(&mut actions);
            prop_assert_eq!(&bytes(&fold(&actions)), &expected);
        }
        // I2: every fact is there, with author and time.
        let ids: std::collections::BTreeSet<_> =
            view.timeline.iter().map(|event| event.record.id).collect();
        prop_assert_eq!(ids.len(), view.timeline.len());
        let written: usize = actions
            .iter()
            .map(|action| (action.doc.clone(), action.key))
            .collect::<std::collections::BTreeSet<_>>()
            .len();
        prop_assert!(view.timeline.len() >= written);
    }

    /// No value that somebody entered disappears: it is shown, stands beside what is shown, or was named by a later
    /// entry, or hidden.
    #[test]
    fn i01_no_entered_value_disappears_in_silence(seed in 1_u64.., steps in 1_usize..28) {
        let story = history(seed, steps);
        let view = story.fold();
        let displayed: std::collections::BTreeSet<_> = view
            .fields
            .displayed()
            .chain(view.visits.iter().flat_map(|visit| visit.fields.displayed()))
            .collect();
        let named: std::collections::BTreeSet<_> = view
            .timeline
            .iter()
            .filter_map(|event| match event.record.fact() {
                Some(fieldseal_core::facts::Fact::Set(set)) => Some(set.over.clone()),
                _ => None,
            })
            .flatten()
            .collect();
        for event in view.timeline.iter().filter(|event| event.record.kind == "set") {
            let id = event.record.id;
            prop_assert!(
                displayed.contains(&id) || named.contains(&id) || !event.flags.is_empty(),
                "{} is neither shown nor named nor flagged", id
            );
        }
    }
}
