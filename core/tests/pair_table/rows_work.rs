//! Rows of D.3 about work that was begun or finished while the office changed the plan.
//!
//! Each in all states of knowledge, with ties and skewed counters, in all arrival orders (see `harness`).

use fieldseal_core::domain::work::OrderState as S;
use fieldseal_core::facts::conflict::{Acts, ConflictKind as K, Flag};
use fieldseal_core::facts::order::view::AssignmentStatus as Y;

use crate::harness::Knows::{LeftSawRight, Neither, RightSawLeft};
use crate::harness::{Side, asks, conflict, flags, is_info, pair, status};
use crate::story::*;

use crate::base::*;

#[test]
fn d03_finished_against_reassign_and_b_not_started() {
    pair(
        &accepted,
        &Side {
            devices: &[phone(A)],
            write: &|story, a1| {
                let done = story.write(phone(A), visit_doc(A), vec![done(a1)]);
                let r1 = story.write(phone(A), visit_doc(A), vec![seal(a1, None, &[done.id()])]);
                story.write(phone(A), visit_doc(A), vec![submit(a1, &r1)]);
                vec![done, r1]
            },
        },
        &Side {
            devices: &[page(DISPATCHER), phone(B)],
            write: &|story, a1| {
                let a2 = reassign_to_b(story, a1);
                story.held(phone(B)).insert(a2.index);
                vec![a2.clone(), story.write(phone(B), visit_doc(B), vec![accept(&a2)])]
            },
        },
        &[
            (
                Neither,
                row(
                    S::Submitted,
                    &[],
                    &[K::CompletedAfterReassign],
                    &[Y::RevokedButDone, Y::AlreadyDone],
                ),
            ),
            (
                LeftSawRight,
                row(
                    S::Accepted,
                    &[Flag::UnassignedWork],
                    &[K::UnassignedWork],
                    &[Y::Revoked, Y::Current],
                ),
            ),
            (
                RightSawLeft,
                row(
                    S::Submitted,
                    &[],
                    &[K::PlanAfterDone],
                    &[Y::Current, Y::WithoutEffect],
                ),
            ),
        ],
        &|knows, case| {
            let view = &case.view;
            match knows {
                Neither => {
                    assert!(is_info(conflict(view, K::CompletedAfterReassign)));
                    let by = view.done_by.as_ref().unwrap();
                    assert_eq!(
                        (by.engineer, by.assignment),
                        (user(A), case.base.id()),
                        "credited to a1"
                    );
                    assert_eq!(status(view, &case.right[0]), Y::AlreadyDone);
                }
                LeftSawRight => {
                    assert!(asks(conflict(view, K::UnassignedWork), Acts::Dispatcher));
                    assert!(flags(view, &case.left[0]).contains(&Flag::UnassignedWork));
                    assert_eq!(view.current, Some(case.right[0].id()));
                }
                RightSawLeft => {
                    assert!(flags(view, &case.right[0]).contains(&Flag::GuardFailed));
                    assert_eq!(view.current, Some(case.base.id()));
                }
            }
        },
    );
}

#[test]
fn d03_finished_against_reassign_and_b_started_too() {
    pair(
        &accepted,
        &Side {
            devices: &[phone(A)],
            write: &|story, a1| {
                let done = story.write(phone(A), visit_doc(A), vec![done(a1)]);
                story.write(phone(A), visit_doc(A), vec![seal(a1, None, &[done.id()])]);
                vec![done]
            },
        },
        &Side {
            devices: &[page(DISPATCHER), phone(B)],
            write: &|story, a1| {
                let a2 = reassign_to_b(story, a1);
                story.held(phone(B)).insert(a2.index);
                story.write(phone(B), visit_doc(B), vec![accept(&a2)]);
                let there = story.write(phone(B), visit_doc(B), vec![arrive(&a2)]);
                vec![a2, there]
            },
        },
        &[
            (
                Neither,
                row(
                    S::Signed,
                    &[],
                    &[K::SecondVisit],
                    &[Y::RevokedButDone, Y::SecondOrder],
                ),
            ),
            (
                LeftSawRight,
                row(
                    S::OnSite,
                    &[Flag::UnassignedWork],
                    &[K::UnassignedWork],
                    &[Y::Revoked, Y::Current],
                ),
            ),
            (
                RightSawLeft,
                row(
                    S::Signed,
                    &[Flag::UnassignedWork],
                    &[K::PlanAfterDone, K::UnassignedWork],
                    &[Y::Current, Y::WithoutEffect],
                ),
            ),
        ],
        &|knows, case| {
            let view = &case.view;
            if knows == Neither {
                assert!(asks(conflict(view, K::SecondVisit), Acts::Dispatcher));
                assert_eq!(view.second_orders.len(), 1);
                assert_eq!(view.second_orders[0].engineer, user(B));
                assert_eq!(view.second_orders[0].assignment, case.right[0].id());
                assert_eq!(view.done_by.as_ref().unwrap().engineer, user(A));
            } else {
                assert!(view.second_orders.is_empty());
            }
        },
    );
}

#[test]
fn d03_finished_and_sealed_against_cancel() {
    pair(
        &accepted,
        &Side {
            devices: &[phone(A)],
            write: &|story, a1| {
                let done = story.write(phone(A), visit_doc(A), vec![done(a1)]);
                story.write(phone(A), visit_doc(A), vec![seal(a1, None, &[done.id()])]);
                vec![done]
            },
        },
        &Side {
            devices: &[page(DISPATCHER)],
            write: &|story, _| vec![story.write(page(DISPATCHER), order_doc(), vec![cancel()])],
        },
        &[
            (
                Neither,
                row(
                    S::Submitted,
                    &[Flag::DoneAfterCancel],
                    &[K::DoneAfterCancel],
                    &[Y::Current],
                ),
            ),
            (
                LeftSawRight,
                row(
                    S::Cancelled,
                    &[Flag::UnassignedWork],
                    &[K::UnassignedWork],
                    &[Y::Cancelled],
                ),
            ),
            (
                RightSawLeft,
                row(S::Signed, &[], &[K::PlanAfterDone], &[Y::Current]),
            ),
        ],
        &|knows, case| {
            if knows == Neither {
                assert!(asks(conflict(&case.view, K::DoneAfterCancel), Acts::Dispatcher));
            }
            if knows == RightSawLeft {
                assert!(is_info(conflict(&case.view, K::PlanAfterDone)));
            }
        },
    );
}

#[test]
fn d03_finished_but_not_sealed_against_cancel() {
    pair(
        &accepted,
        &Side {
            devices: &[phone(A)],
            write: &|story, a1| vec![story.write(phone(A), visit_doc(A), vec![done(a1)])],
        },
        &Side {
            devices: &[page(DISPATCHER)],
            write: &|story, _| vec![story.write(page(DISPATCHER), order_doc(), vec![cancel()])],
        },
        &[
            (
                Neither,
                row(
                    S::WorkDone,
                    &[Flag::DoneAfterCancel],
                    &[K::DoneAfterCancel],
                    &[Y::Current],
                ),
            ),
            (
                LeftSawRight,
                row(
                    S::Cancelled,
                    &[Flag::UnassignedWork],
                    &[K::UnassignedWork],
                    &[Y::Cancelled],
                ),
            ),
            (
                RightSawLeft,
                row(S::WorkDone, &[], &[K::PlanAfterDone], &[Y::Current]),
            ),
        ],
        &|knows, case| {
            if knows == Neither {
                // Sealed later, on the phone that has learnt of the cancellation: handed in at once.
                let mut story = case.story.clone();
                story.sync(phone(A));
                story.write(phone(A), visit_doc(A), vec![seal(&case.base, None, &[])]);
                let view = story.fold();
                assert_eq!(view.state, S::Submitted);
                assert_eq!(view.flags, [Flag::DoneAfterCancel]);
            }
        },
    );
}

#[test]
fn d03_started_against_cancel() {
    pair(
        &accepted,
        &Side {
            devices: &[phone(A)],
            write: &|story, a1| vec![story.write(phone(A), visit_doc(A), vec![travel(a1)])],
        },
        &Side {
            devices: &[page(DISPATCHER)],
            write: &|story, _| vec![story.write(page(DISPATCHER), order_doc(), vec![cancel()])],
        },
        &[
            (
                Neither,
                row(S::Travelling, &[], &[K::CancelProposed], &[Y::Current]),
            ),
            (
                LeftSawRight,
                row(
                    S::Cancelled,
                    &[Flag::UnassignedWork],
                    &[K::UnassignedWork],
                    &[Y::Cancelled],
                ),
            ),
            (RightSawLeft, row(S::Cancelled, &[], &[], &[Y::Cancelled])),
        ],
        &|knows, case| {
            if knows != Neither {
                return;
            }
            assert!(is_info(conflict(&case.view, K::CancelProposed)));
            assert_eq!(case.view.cancellations[0].reason, "customer withdrew");
            // He may stop …
            let mut stop = case.story.clone();
            stop.sync(phone(A));
            stop.write(phone(A), visit_doc(A), vec![decline(&case.base)]);
            assert_eq!(stop.fold().state, S::Cancelled);
            // … or finish.
            let mut finish = case.story.clone();
            finish.sync(phone(A));
            finish.write(phone(A), visit_doc(A), vec![done(&case.base)]);
            let view = finish.fold();
            assert_eq!(view.state, S::WorkDone);
            assert_eq!(view.flags, [Flag::DoneAfterCancel]);
        },
    );
}

#[test]
fn d03_started_against_reassign() {
    pair(
        &accepted,
        &Side {
            devices: &[phone(A)],
            write: &|story, a1| vec![story.write(phone(A), visit_doc(A), vec![travel(a1)])],
        },
        &Side {
            devices: &[page(DISPATCHER)],
            write: &|story, a1| vec![reassign_to_b(story, a1)],
        },
        &[
            (
                Neither,
                row(
                    S::Travelling,
                    &[],
                    &[K::StartedAfterReassign],
                    &[Y::RevokedButWorking, Y::Current],
                ),
            ),
            (
                LeftSawRight,
                row(
                    S::Dispatched,
                    &[Flag::UnassignedWork],
                    &[K::UnassignedWork],
                    &[Y::Revoked, Y::Current],
                ),
            ),
            (
                RightSawLeft,
                row(S::Dispatched, &[], &[], &[Y::Revoked, Y::Current]),
            ),
        ],
        &|knows, case| {
            let (a1, a2) = (&case.base, &case.right[0]);
            if knows != Neither {
                return;
            }
            assert!(asks(
                conflict(&case.view, K::StartedAfterReassign),
                Acts::Dispatcher
            ));
            let mut story = case.story.clone();
            story.sync(phone(B));
            story.write(phone(B), visit_doc(B), vec![travel(a2)]);
            // A finishes first, B not on site: B's is already done.
            let mut first = story.clone();
            first.write(phone(A), visit_doc(A), vec![done(a1)]);
            let view = first.fold();
            assert_eq!((view.state, status(&view, a2)), (S::WorkDone, Y::AlreadyDone));
            assert!(asks(conflict(&view, K::StartedAfterReassign), Acts::Dispatcher));
            // B finishes first, A not on site: A's is already done.
            let mut second = story;
            second.write(phone(B), visit_doc(B), vec![done(a2)]);
            let view = second.fold();
            assert_eq!((view.state, status(&view, a1)), (S::WorkDone, Y::AlreadyDone));
            assert_eq!(view.done_by.unwrap().engineer, user(B));
            // A was on site: his visit becomes an order of its own.
            second.write(phone(A), visit_doc(A), vec![arrive(a1)]);
            let view = second.fold();
            assert_eq!(status(&view, a1), Y::SecondOrder);
            assert!(asks(conflict(&view, K::SecondVisit), Acts::Dispatcher));
        },
    );
}

#[test]
fn d03_work_that_knew_one_of_two_revocations() {
    for knew_none_first in [true, false] {
        for salt in 0..4 {
            let mut story = Story::new(salt);
            let a1 = accepted(&mut story);
            for device in [phone(A), page(DISPATCHER), page(OTHER_DISPATCHER)] {
                story.sync(device);
            }
            if knew_none_first {
                story.write(phone(A), visit_doc(A), vec![arrive(&a1)]);
            }
            let r1 = story.write(page(DISPATCHER), order_doc(), vec![assign(&[B], &[&a1])]);
            story.write(page(OTHER_DISPATCHER), order_doc(), vec![assign(&[C], &[&a1])]);
            story.held(phone(A)).insert(r1.index);
            let finished = story.write(phone(A), visit_doc(A), vec![done(&a1)]);
            let view = crate::harness::check_all_orders(&story);
            let unassigned = flags(&view, &finished).contains(&Flag::UnassignedWork);
            assert_eq!(unassigned, !knew_none_first);
            assert_eq!(view.done_by.is_some(), knew_none_first);
            assert_eq!(
                view.state,
                if knew_none_first {
                    S::WorkDone
                } else {
                    S::Dispatched
                }
            );
        }
    }
}
