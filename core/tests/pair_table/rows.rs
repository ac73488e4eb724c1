//! Every row of the table «Concurrent pairs» in D.3, in all states of knowledge and all arrival orders.

use fieldseal_core::domain::work::OrderState as S;
use fieldseal_core::facts::conflict::{Acts, ConflictKind as K, Flag};
use fieldseal_core::facts::order::view::{AcceptStatus, AssignmentStatus as Y, DecisionStatus};
use serde_json::json;

use crate::harness::Knows::{LeftSawRight, Neither, RightSawLeft};
use crate::harness::{Expected, Side, asks, conflict, flags, is_info, pair, status};
use crate::story::*;

const fn row(
    state: S,
    flags: &'static [Flag],
    conflicts: &'static [K],
    assignments: &'static [Y],
) -> Expected {
    Expected {
        state: Some(state),
        flags,
        conflicts,
        assignments,
    }
}

/// An order assigned to A, known to all.
fn assigned(story: &mut Story) -> Wrote {
    story.write(
        page(DISPATCHER),
        order_doc(),
        vec![set(&[("summary", json!("key broken"))], &[])],
    );
    story.write(page(DISPATCHER), order_doc(), vec![assign(&[A], &[])])
}

/// And accepted by him, which everybody knows.
fn accepted(story: &mut Story) -> Wrote {
    let a1 = assigned(story);
    story.sync(phone(A));
    story.write(phone(A), visit_doc(A), vec![accept(&a1)]);
    story.sync(page(DISPATCHER));
    a1
}

/// And finished and sealed, which everybody knows: assignment and seal.
fn sealed(story: &mut Story) -> (Wrote, Wrote) {
    let a1 = accepted(story);
    story.write(phone(A), visit_doc(A), vec![arrive(&a1)]);
    story.write(
        phone(A),
        visit_doc(A),
        vec![set(&[("action_taken", json!("replaced the key"))], &[])],
    );
    story.write(phone(A), visit_doc(A), vec![done(&a1)]);
    let r1 = story.write(phone(A), visit_doc(A), vec![seal(&a1, None, &[])]);
    (a1, r1)
}

fn submitted(story: &mut Story) -> (Wrote, Wrote) {
    let (a1, r1) = sealed(story);
    story.write(phone(A), visit_doc(A), vec![submit(&a1, &r1)]);
    (a1, r1)
}

fn reassign_to_b(story: &mut Story, a1: &Wrote) -> Wrote {
    story.write(page(DISPATCHER), order_doc(), vec![assign(&[B], &[a1])])
}

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

fn pooled(story: &mut Story) -> Wrote {
    story.write(
        page(DISPATCHER),
        order_doc(),
        vec![set(&[("summary", json!("whoever is free"))], &[])],
    );
    story.write(page(DISPATCHER), order_doc(), vec![assign(&[A, B, C], &[])])
}

fn accept_by(engineer: u128) -> impl Fn(&mut Story, &Wrote) -> Vec<Wrote> {
    move |story, a1| vec![story.write(phone(engineer), visit_doc(engineer), vec![accept(a1)])]
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
fn d03_audit_against_late_op() {
    pair(
        &submitted,
        &Side {
            devices: &[page(AUDITOR)],
            write: &|story, (a1, r1)| vec![story.write(page(AUDITOR), order_doc(), vec![audit(a1, r1, &[])])],
        },
        &Side {
            devices: &[tablet(A)],
            write: &|story, (a1, _)| {
                vec![
                    story.write(tablet(A), visit_doc(A), vec![progress(a1, "customer rang")]),
                    story.write(
                        tablet(A),
                        visit_doc(A),
                        vec![set(&[("fault_found", json!("late"))], &[])],
                    ),
                ]
            },
        },
        &[
            (
                Neither,
                row(
                    S::Audited,
                    &[Flag::LateAfterAudit],
                    &[K::LateAfterAudit],
                    &[Y::Current],
                ),
            ),
            (LeftSawRight, row(S::Audited, &[], &[], &[Y::Current])),
            (
                RightSawLeft,
                row(
                    S::Audited,
                    &[Flag::LateAfterAudit],
                    &[K::LateAfterAudit],
                    &[Y::Current],
                ),
            ),
        ],
        &|knows, case| {
            let view = &case.view;
            let visit = &view.visits[0];
            if knows == LeftSawRight {
                assert_eq!(visit.fields.text("fault_found"), Some("late"));
                return;
            }
            assert!(asks(conflict(view, K::LateAfterAudit), Acts::Auditor));
            assert_eq!(
                visit.fields.text("fault_found"),
                None,
                "I6: audited fields do not move"
            );
            assert!(visit.progress.is_empty());
            assert!(flags(view, &case.right[0]).contains(&Flag::LateAfterAudit));
        },
    );
}

#[test]
fn d03_unaudit_against_audit_by_another() {
    pair(
        &|story| {
            let (a1, r1) = submitted(story);
            story.sync(page(AUDITOR));
            let s1 = story.write(page(AUDITOR), order_doc(), vec![audit(&a1, &r1, &[])]);
            (a1, r1, s1)
        },
        &Side {
            devices: &[page(AUDITOR)],
            write: &|story, (_, _, s1)| vec![story.write(page(AUDITOR), order_doc(), vec![unaudit(&[s1])])],
        },
        &Side {
            devices: &[page(OTHER_AUDITOR)],
            write: &|story, (a1, r1, s1)| {
                vec![story.write(page(OTHER_AUDITOR), order_doc(), vec![audit(a1, r1, &[s1])])]
            },
        },
        &[
            (
                Neither,
                Expected {
                    state: None,
                    ..row(S::Audited, &[], &[K::AuditAndUnaudit], &[Y::Current])
                },
            ),
            // It knew that its audit had been replaced and does not name the new one: without effect.
            (LeftSawRight, row(S::Audited, &[], &[], &[Y::Current])),
            (RightSawLeft, row(S::Audited, &[], &[], &[Y::Current])),
        ],
        &|knows, case| {
            let view = &case.view;
            assert_eq!(view.audits.len(), 3, "both are kept");
            let late = flags(view, &case.left[0]).contains(&Flag::GuardFailed);
            assert_eq!(late, knows == LeftSawRight);
            if knows == Neither {
                assert!(is_info(conflict(view, K::AuditAndUnaudit)));
                let last = view.audits.last().unwrap();
                let wanted = if last.opens { S::Submitted } else { S::Audited };
                assert_eq!(view.state, wanted, "the later by (n, hash of id)");
            }
        },
    );
}

#[test]
fn d03_seal_against_draft_edit_on_the_tablet() {
    pair(
        &|story| {
            let a1 = accepted(story);
            story.write(phone(A), visit_doc(A), vec![arrive(&a1)]);
            let draft = story.write(
                phone(A),
                visit_doc(A),
                vec![set(&[("action_taken", json!("replaced the key"))], &[])],
            );
            story.write(phone(A), visit_doc(A), vec![done(&a1)]);
            (a1, draft)
        },
        &Side {
            devices: &[phone(A)],
            write: &|story, (a1, draft)| {
                vec![story.write(phone(A), visit_doc(A), vec![seal(a1, None, &[draft.id()])])]
            },
        },
        &Side {
            devices: &[tablet(A)],
            write: &|story, (_, draft)| {
                let edit = set(
                    &[("action_taken", json!("replaced key and cable"))],
                    &[draft.id()],
                );
                vec![story.write(tablet(A), visit_doc(A), vec![edit])]
            },
        },
        &[
            (
                Neither,
                row(S::Signed, &[], &[K::EditedWhileSealing], &[Y::Current]),
            ),
            // The sealer saw the edit and left it out of the list: he took the older text.
            (LeftSawRight, row(S::Signed, &[], &[], &[Y::Current])),
            (RightSawLeft, row(S::Signed, &[], &[], &[Y::Current])),
        ],
        &|knows, case| {
            let (view, edit) = (&case.view, &case.right[0]);
            let visit = &view.visits[0];
            assert_eq!(visit.current_seal, Some(case.left[0].id()), "the seal stands");
            let waits = knows != LeftSawRight;
            assert_eq!(visit.unsigned, if waits { vec![edit.id()] } else { vec![] });
            assert_eq!(flags(view, edit).contains(&Flag::Unsigned), waits);
            if knows != Neither {
                return;
            }
            assert!(asks(conflict(view, K::EditedWhileSealing), Acts::Engineer));
            // Applied: a second revision that lists it.
            let mut apply = case.story.clone();
            apply.sync(phone(A));
            let r2 = apply.write(
                phone(A),
                visit_doc(A),
                vec![seal(&case.base.0, Some((&case.left[0], 1)), &[edit.id()])],
            );
            let view = apply.fold();
            assert_eq!(view.visits[0].current_seal, Some(r2.id()));
            assert!(view.visits[0].unsigned.is_empty() && view.conflicts.is_empty());
            // Dropped: hidden, kept in history.
            let mut drop = case.story.clone();
            drop.sync(phone(A));
            drop.write(phone(A), visit_doc(A), vec![hide(Some(edit))]);
            let view = drop.fold();
            assert!(view.visits[0].unsigned.is_empty() && view.conflicts.is_empty());
            assert_eq!(
                view.visits[0].fields.text("action_taken"),
                Some("replaced the key")
            );
            assert!(flags(&view, edit).contains(&Flag::Hidden));
        },
    );
}

#[test]
fn d03_two_seals_of_one_draft() {
    let sealing = |device: Device| {
        move |story: &mut Story, a1: &Wrote| {
            vec![story.write(device, visit_doc(A), vec![seal(a1, None, &[])])]
        }
    };
    pair(
        &|story| {
            let a1 = accepted(story);
            story.write(phone(A), visit_doc(A), vec![done(&a1)]);
            a1
        },
        &Side {
            devices: &[phone(A)],
            write: &sealing(phone(A)),
        },
        &Side {
            devices: &[tablet(A)],
            write: &sealing(tablet(A)),
        },
        &[
            (Neither, row(S::Signed, &[], &[K::TwoSeals], &[Y::Current])),
            (LeftSawRight, row(S::Signed, &[], &[K::TwoSeals], &[Y::Current])),
            (RightSawLeft, row(S::Signed, &[], &[K::TwoSeals], &[Y::Current])),
        ],
        &|_, case| {
            let view = &case.view;
            assert!(asks(conflict(view, K::TwoSeals), Acts::Auditor));
            let seals = &view.visits[0].seals;
            assert_eq!(
                seals.iter().map(|seal| seal.letter).collect::<Vec<_>>(),
                [Some('a'), Some('b')]
            );
            assert!(seals[0].current && !seals[1].current, "the lowest is current");
            let second = if seals[1].id == case.left[0].id() {
                &case.left[0]
            } else {
                &case.right[0]
            };
            // A longer chain of revisions is current …
            let mut longer = case.story.clone();
            longer.sync(phone(A));
            let r2 = longer.write(
                phone(A),
                visit_doc(A),
                vec![seal(&case.base, Some((second, 1)), &[])],
            );
            assert_eq!(longer.fold().visits[0].current_seal, Some(r2.id()));
            // … unless the supervisor picks, which settles it.
            longer.sync(page(AUDITOR));
            let first = if second.id() == case.left[0].id() {
                &case.right[0]
            } else {
                &case.left[0]
            };
            longer.write(page(AUDITOR), order_doc(), vec![pick(first)]);
            let view = longer.fold();
            assert_eq!(view.visits[0].current_seal, Some(first.id()));
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
                }
            }
        },
    );
}

#[test]
fn d03_hide_against_edit() {
    pair(
        &|story| {
            let a1 = accepted(story);
            let entered = story.write(
                phone(A),
                visit_doc(A),
                vec![set(
                    &[
                        ("fault_found", json!("no power")),
                        ("environment", json!("cellar")),
                    ],
                    &[],
                )],
            );
            (a1, entered)
        },
        &Side {
            devices: &[phone(A)],
            write: &|story, (_, entered)| {
                vec![story.write(phone(A), visit_doc(A), vec![hide(Some(entered))])]
            },
        },
        &Side {
            devices: &[tablet(A)],
            write: &|story, (_, entered)| {
                let edit = set(&[("fault_found", json!("no power at the plug"))], &[entered.id()]);
                vec![story.write(tablet(A), visit_doc(A), vec![edit])]
            },
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
            let fields = &case.view.visits[0].fields;
            assert_eq!(fields.text("fault_found"), Some("no power at the plug"));
            let reappears = knows == Neither;
            assert_eq!(fields.text("environment").is_some(), reappears, "{}", case.label);
            if reappears {
                assert!(is_info(conflict(&case.view, K::HiddenAndEdited)));
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

fn reassign(person: u128, to: u128) -> impl Fn(&mut Story, &Wrote) -> Vec<Wrote> {
    move |story, a1| {
        let shown = story.screen(page(person));
        let over: Vec<Wrote> = shown
            .current
            .map(|id| Wrote {
                index: 0,
                ids: vec![id],
            })
            .into_iter()
            .collect();
        let _ = a1;
        let over: Vec<&Wrote> = over.iter().collect();
        vec![story.write(page(person), order_doc(), vec![assign(&[to], &over)])]
    }
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

#[test]
fn d03_confirm_against_new_decision() {
    pair(
        &|story| {
            let a1 = accepted(story);
            story.write(phone(A), visit_doc(A), vec![arrive(&a1)]);
            let d1 = story.write(phone(A), visit_doc(A), vec![decide(&a1, &[], "paid")]);
            (a1, d1)
        },
        &Side {
            devices: &[page(AUDITOR)],
            write: &|story, (_, d1)| vec![story.write(page(AUDITOR), order_doc(), vec![confirm(d1)])],
        },
        &Side {
            devices: &[phone(A)],
            write: &|story, (a1, d1)| {
                vec![story.write(phone(A), visit_doc(A), vec![decide(a1, &[d1], "free")])]
            },
        },
        &[
            (
                Neither,
                row(S::OnSite, &[], &[K::DecidedWhileConfirming], &[Y::Current]),
            ),
            (LeftSawRight, row(S::OnSite, &[], &[], &[Y::Current])),
            (RightSawLeft, row(S::OnSite, &[], &[], &[Y::Current])),
        ],
        &|knows, case| {
            let decisions = &case.view.decisions;
            assert_eq!(decisions[0].status, DecisionStatus::Superseded);
            assert!(
                decisions[0].confirmation.is_some(),
                "it holds for the decision that it names"
            );
            assert_eq!(
                decisions[1].status,
                DecisionStatus::Provisional,
                "the new one waits for its own"
            );
            if knows == Neither {
                assert!(asks(
                    conflict(&case.view, K::DecidedWhileConfirming),
                    Acts::Auditor
                ));
            }
        },
    );
}

#[test]
fn d03_second_revision_against_return_of_the_first() {
    pair(
        &submitted,
        &Side {
            devices: &[phone(A)],
            write: &|story, (a1, r1)| {
                vec![story.write(phone(A), visit_doc(A), vec![seal(a1, Some((r1, 1)), &[])])]
            },
        },
        &Side {
            devices: &[page(AUDITOR)],
            write: &|story, (a1, r1)| vec![story.write(page(AUDITOR), order_doc(), vec![send_back(a1, r1)])],
        },
        &[
            (
                Neither,
                row(S::Submitted, &[], &[K::ReturnAnswered], &[Y::Current]),
            ),
            (LeftSawRight, row(S::Submitted, &[], &[], &[Y::Current])),
            // It knew the second revision and names the first: without effect.
            (RightSawLeft, row(S::Submitted, &[], &[], &[Y::Current])),
        ],
        &|knows, case| {
            let view = &case.view;
            assert_eq!(view.visits[0].current_seal, Some(case.left[0].id()));
            assert_eq!(
                flags(view, &case.right[0]).contains(&Flag::GuardFailed),
                knows == RightSawLeft
            );
            if knows == Neither {
                assert!(is_info(conflict(view, K::ReturnAnswered)));
            }
        },
    );
    // Unanswered, it stands.
    let mut story = Story::new(1);
    let (a1, r1) = submitted(&mut story);
    story.sync(page(AUDITOR));
    story.write(page(AUDITOR), order_doc(), vec![send_back(&a1, &r1)]);
    assert_eq!(story.fold().state, S::Returned);
}
