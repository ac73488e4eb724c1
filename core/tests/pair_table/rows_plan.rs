//! Rows of D.3 about plans, races and fields.
//!
//! Each in all states of knowledge, with ties and skewed counters, in all arrival orders (see `harness`).

use fieldseal_core::domain::work::OrderState as S;
use fieldseal_core::facts::conflict::{Acts, ConflictKind as K, Flag};
use fieldseal_core::facts::order::view::{AcceptStatus, AssignmentStatus as Y};
use serde_json::json;

use crate::harness::Knows::{LeftSawRight, Neither, RightSawLeft};
use crate::harness::{Side, asks, conflict, flags, is_info, pair, status};
use crate::story::*;

use crate::base::*;

#[test]
fn d03_accept_against_reassign() {
    pair(
        &assigned,
        &Side {
            devices: &[phone(A)],
            write: &|story, a1| vec![story.write(phone(A), visit_doc(A), vec![accept(a1)])],
        },
        &Side {
            devices: &[page(DISPATCHER)],
            write: &|story, a1| vec![reassign_to_b(story, a1)],
        },
        &[
            (
                Neither,
                row(
                    S::Dispatched,
                    &[],
                    &[K::AcceptedAfterReassign],
                    &[Y::Current, Y::Revoked],
                ),
            ),
            (
                LeftSawRight,
                row(S::Dispatched, &[], &[], &[Y::Current, Y::Revoked]),
            ),
            (
                RightSawLeft,
                row(S::Dispatched, &[], &[], &[Y::Current, Y::Revoked]),
            ),
        ],
        &|knows, case| {
            assert_eq!(status(&case.view, &case.base), Y::Revoked);
            assert_eq!(case.view.current, Some(case.right[0].id()));
            let late = flags(&case.view, &case.left[0]).contains(&Flag::GuardFailed);
            assert_eq!(
                late,
                knows == LeftSawRight,
                "an accept that knew breaks its guard"
            );
            if knows == Neither {
                assert!(is_info(conflict(&case.view, K::AcceptedAfterReassign)));
            }
        },
    );
}

#[test]
fn d03_two_accepts_of_a_pool() {
    pair(
        &pooled,
        &Side {
            devices: &[phone(A)],
            write: &accept_by(A),
        },
        &Side {
            devices: &[phone(B)],
            write: &accept_by(B),
        },
        &[
            (Neither, row(S::Accepted, &[], &[K::AcceptRace], &[Y::Current])),
            (LeftSawRight, row(S::Accepted, &[], &[], &[Y::Current])),
            (RightSawLeft, row(S::Accepted, &[], &[], &[Y::Current])),
        ],
        &|knows, case| {
            let view = &case.view;
            let holders = view.assignments[0].holders.clone();
            assert_eq!(holders.len(), 1);
            match knows {
                LeftSawRight => assert_eq!(holders, [user(B)]),
                RightSawLeft => assert_eq!(holders, [user(A)]),
                Neither => {
                    assert!(is_info(conflict(view, K::AcceptRace)));
                    // The lowest (n, hash of id): the first of the two on the timeline.
                    let first = view
                        .timeline
                        .iter()
                        .find(|event| event.record.kind == "accept")
                        .unwrap();
                    assert_eq!(holders, [first.record.stamp.by]);
                    let (lost, wrote) = if holders == [user(A)] {
                        (B, &case.right[0])
                    } else {
                        (A, &case.left[0])
                    };
                    assert!(flags(view, wrote).contains(&Flag::LostRace));
                    let track = view.assignments[0]
                        .tracks
                        .iter()
                        .find(|track| track.engineer == user(lost));
                    assert_eq!(track.unwrap().answer, AcceptStatus::LostRace);
                    // The office's confirmation of the loser displaces the lowest …
                    let mut confirmed = case.story.clone();
                    confirmed.write(page(DISPATCHER), order_doc(), vec![confirm(wrote)]);
                    assert_eq!(confirmed.fold().assignments[0].holders, [user(lost)]);
                    // … and so does work that he began without knowing.
                    let mut began = case.story.clone();
                    began.write(phone(lost), visit_doc(lost), vec![travel(&case.base)]);
                    assert_eq!(began.fold().assignments[0].holders, [user(lost)]);
                    // Begun in knowledge of the winner it is nobody's work, and the lost accept does not revive.
                    let mut knew = case.story.clone();
                    knew.sync(phone(lost));
                    let odd = knew.write(phone(lost), visit_doc(lost), vec![travel(&case.base)]);
                    let view = knew.fold();
                    assert_eq!(view.assignments[0].holders, holders);
                    assert!(flags(&view, &odd).contains(&Flag::UnassignedWork));
                    // The winner learns of the loser's accept and goes on: that is his order.
                    let won = if lost == B { A } else { B };
                    let mut goes_on = case.story.clone();
                    goes_on.sync(phone(won));
                    let work = goes_on.write(phone(won), visit_doc(won), vec![travel(&case.base)]);
                    let view = goes_on.fold();
                    assert_eq!(view.assignments[0].holders, holders);
                    assert!(flags(&view, &work).is_empty(), "{:?}", flags(&view, &work));
                    // So does one who had begun before he learnt that he had lost.
                    let mut begun = case.story.clone();
                    begun.write(phone(lost), visit_doc(lost), vec![travel(&case.base)]);
                    begun.sync(phone(lost));
                    let there = begun.write(phone(lost), visit_doc(lost), vec![arrive(&case.base)]);
                    assert!(flags(&begun.fold(), &there).is_empty());
                    // Both worked unknowingly: both stand, the dispatcher decides.
                    let mut both = case.story.clone();
                    both.write(phone(A), visit_doc(A), vec![arrive(&case.base)]);
                    both.write(phone(B), visit_doc(B), vec![arrive(&case.base)]);
                    let view = both.fold();
                    assert_eq!(view.assignments[0].holders, [user(A), user(B)]);
                    assert!(asks(conflict(&view, K::AcceptRace), Acts::Dispatcher));
                    both.write(phone(A), visit_doc(A), vec![done(&case.base)]);
                    let view = both.fold();
                    assert_eq!(view.second_orders.len(), 1);
                    assert_eq!(view.second_orders[0].engineer, user(B));
                }
            }
        },
    );
}

#[test]
fn d03_reassign_against_reassign() {
    pair(
        &accepted,
        &Side {
            devices: &[page(DISPATCHER)],
            write: &reassign(DISPATCHER, B),
        },
        &Side {
            devices: &[page(OTHER_DISPATCHER)],
            write: &reassign(OTHER_DISPATCHER, C),
        },
        &[
            (
                Neither,
                row(
                    S::Dispatched,
                    &[],
                    &[K::AssignedTwice],
                    &[Y::Revoked, Y::Current, Y::Superseded],
                ),
            ),
            (
                LeftSawRight,
                row(S::Dispatched, &[], &[], &[Y::Revoked, Y::Revoked, Y::Current]),
            ),
            (
                RightSawLeft,
                row(S::Dispatched, &[], &[], &[Y::Revoked, Y::Revoked, Y::Current]),
            ),
        ],
        &|knows, case| {
            let view = &case.view;
            let (highest, lower) = if view.assignments[2].id == case.left[0].id() {
                (&case.left[0], &case.right[0])
            } else {
                (&case.right[0], &case.left[0])
            };
            assert_eq!(view.current, Some(highest.id()));
            if knows != Neither {
                return;
            }
            assert!(is_info(conflict(view, K::AssignedTwice)));
            // Begun before anybody told him: both go on, the dispatcher decides.
            let mut story = case.story.clone();
            let engineer = if lower.id() == case.left[0].id() { B } else { C };
            story.held(phone(engineer)).insert(lower.index);
            story.write(phone(engineer), visit_doc(engineer), vec![travel(lower)]);
            let view = story.fold();
            assert_eq!(status(&view, lower), Y::RevokedButWorking);
            assert!(asks(conflict(&view, K::StartedAfterReassign), Acts::Dispatcher));
        },
    );
}

#[test]
fn d03_reassign_against_cancel() {
    pair(
        &accepted,
        &Side {
            devices: &[page(DISPATCHER)],
            write: &reassign(DISPATCHER, B),
        },
        &Side {
            devices: &[page(OTHER_DISPATCHER)],
            write: &|story, _| vec![story.write(page(OTHER_DISPATCHER), order_doc(), vec![cancel()])],
        },
        &[
            (
                Neither,
                row(
                    S::Cancelled,
                    &[],
                    &[K::ReassignedAndCancelled],
                    &[Y::Revoked, Y::Cancelled],
                ),
            ),
            // From cancelled only an un-cancel leads on: the reassign has no effect.
            (
                LeftSawRight,
                row(S::Cancelled, &[], &[], &[Y::Cancelled, Y::WithoutEffect]),
            ),
            (
                RightSawLeft,
                row(S::Cancelled, &[], &[], &[Y::Revoked, Y::Cancelled]),
            ),
        ],
        &|knows, case| {
            if knows != Neither {
                return;
            }
            assert!(asks(
                conflict(&case.view, K::ReassignedAndCancelled),
                Acts::Dispatcher
            ));
            let mut story = case.story.clone();
            story.sync(page(DISPATCHER));
            story.write(page(DISPATCHER), order_doc(), vec![uncancel(&[&case.right[0]])]);
            let view = story.fold();
            assert_eq!(
                (view.state, view.current),
                (S::Dispatched, Some(case.left[0].id()))
            );
            assert!(view.conflicts.is_empty());
        },
    );
}

#[test]
fn d03_priority_against_proposal() {
    pair(
        &assigned,
        &Side {
            devices: &[page(DISPATCHER)],
            write: &|story, _| {
                vec![story.write(
                    page(DISPATCHER),
                    order_doc(),
                    vec![set(&[("priority", json!("p2"))], &[])],
                )]
            },
        },
        &Side {
            devices: &[phone(A)],
            write: &|story, _| {
                let proposal = set_of(order_doc(), &[("priority", json!("p1"))], &[]);
                vec![story.write(phone(A), visit_doc(A), vec![proposal])]
            },
        },
        &[
            (Neither, row(S::Dispatched, &[], &[], &[Y::Current])),
            (LeftSawRight, row(S::Dispatched, &[], &[], &[Y::Current])),
            (RightSawLeft, row(S::Dispatched, &[], &[], &[Y::Current])),
        ],
        &|_, case| {
            let field = &case.view.fields.0["priority"];
            assert_eq!(field.value, json!("p2"));
            assert!(field.others.is_empty());
            assert_eq!(field.proposals[0].value, json!("p1"));
            assert_eq!(field.proposals[0].stamp.by, user(A));
            // A proposal that names the office's value replaces it no more than one that does not.
            let mut naming = case.story.clone();
            naming.sync(phone(A));
            let over = [case.left[0].id(), case.right[0].id()];
            let proposal = set_of(order_doc(), &[("priority", json!("p3"))], &over);
            let wrote = naming.write(phone(A), visit_doc(A), vec![proposal]);
            let view = naming.fold();
            let field = &view.fields.0["priority"];
            assert_eq!(field.value, json!("p2"));
            assert_eq!(field.proposals.len(), 1, "it replaces the earlier proposal");
            assert!(flags(&view, &wrote).contains(&Flag::Proposal));
            // The office takes it over by a set that names it.
            let mut taken = case.story.clone();
            let over = [case.left[0].id(), case.right[0].id()];
            taken.write(
                page(DISPATCHER),
                order_doc(),
                vec![set(&[("priority", json!("p1"))], &over)],
            );
            let view = taken.fold();
            assert_eq!(view.fields.text("priority"), Some("p1"));
            assert!(view.fields.0["priority"].proposals.is_empty());
        },
    );
}

#[test]
fn d03_same_field_by_two_dispatchers() {
    let entering = |person: u128, value: &'static str| {
        move |story: &mut Story, _: &Wrote| {
            // Each page shows what it showed: the form names the values displayed there.
            let shown = story.screen(page(person));
            let over = shown.fields.over(["window_from"], &shown.token);
            vec![story.write(
                page(person),
                order_doc(),
                vec![set(&[("window_from", json!(value))], &over)],
            )]
        }
    };
    pair(
        &assigned,
        &Side {
            devices: &[page(DISPATCHER)],
            write: &entering(DISPATCHER, "14:00"),
        },
        &Side {
            devices: &[page(OTHER_DISPATCHER)],
            write: &entering(OTHER_DISPATCHER, "15:00"),
        },
        &[
            (Neither, row(S::Dispatched, &[], &[K::FieldValues], &[Y::Current])),
            (LeftSawRight, row(S::Dispatched, &[], &[], &[Y::Current])),
            (RightSawLeft, row(S::Dispatched, &[], &[], &[Y::Current])),
        ],
        &|knows, case| {
            let field = &case.view.fields.0["window_from"];
            match knows {
                LeftSawRight => assert_eq!((&field.value, field.others.len()), (&json!("14:00"), 0)),
                RightSawLeft => assert_eq!((&field.value, field.others.len()), (&json!("15:00"), 0)),
                Neither => {
                    let conflict = conflict(&case.view, K::FieldValues);
                    assert!(is_info(conflict) && conflict.sides.len() == 2);
                    let (shown, other) = (field.shown.as_ref().unwrap(), &field.others[0]);
                    let place = |id| case.view.timeline.iter().position(|event| event.record.id == id);
                    assert!(
                        place(shown.fact) > place(other.fact),
                        "the higher (n, hash of id) is shown"
                    );
                    assert_ne!(shown.stamp.by, other.stamp.by);
                    assert!(
                        case.view.token.facts.contains(&other.fact),
                        "the chip is displayed"
                    );
                    // An engineer's proposal that names both takes neither away.
                    let mut naming = case.story.clone();
                    naming.sync(phone(A));
                    let over = [shown.fact, other.fact];
                    let proposal = set_of(order_doc(), &[("window_from", json!("18:00"))], &over);
                    naming.write(phone(A), visit_doc(A), vec![proposal]);
                    let view = naming.fold();
                    let after = &view.fields.0["window_from"];
                    assert_eq!((&after.shown, &after.others), (&field.shown, &field.others));
                }
            }
        },
    );
}

#[test]
fn d03_hide_of_a_record_against_edit() {
    pair(
        &assigned,
        &Side {
            devices: &[page(DISPATCHER)],
            write: &|story, _| vec![story.write(page(DISPATCHER), order_doc(), vec![hide(None)])],
        },
        &Side {
            devices: &[page(OTHER_DISPATCHER)],
            write: &|story, _| {
                let edit = set(&[("contact", json!("person/x"))], &[]);
                vec![story.write(page(OTHER_DISPATCHER), order_doc(), vec![edit])]
            },
        },
        &[
            (
                Neither,
                row(S::Dispatched, &[], &[K::HiddenAndEdited], &[Y::Current]),
            ),
            (LeftSawRight, row(S::Dispatched, &[], &[], &[Y::Current])),
            (RightSawLeft, row(S::Dispatched, &[], &[], &[Y::Current])),
        ],
        &|knows, case| assert_eq!(case.view.hidden, knows != Neither),
    );
}

#[test]
fn d03_hide_of_a_record_against_work_on_it() {
    pair(
        &assigned,
        &Side {
            devices: &[page(DISPATCHER)],
            write: &|story, _| vec![story.write(page(DISPATCHER), order_doc(), vec![hide(None)])],
        },
        &Side {
            devices: &[phone(A)],
            write: &|story, a1| vec![story.write(phone(A), visit_doc(A), vec![accept(a1)])],
        },
        &[
            (
                Neither,
                row(S::Accepted, &[], &[K::HiddenAndEdited], &[Y::Current]),
            ),
            (LeftSawRight, row(S::Accepted, &[], &[], &[Y::Current])),
            (RightSawLeft, row(S::Accepted, &[], &[], &[Y::Current])),
        ],
        &|knows, case| {
            assert_eq!(case.view.hidden, knows != Neither);
            assert_eq!(case.view.hides.len(), usize::from(knows != Neither));
        },
    );
}
