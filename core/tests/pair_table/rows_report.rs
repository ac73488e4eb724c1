//! Rows of D.3 about reports, seals, audits and decisions.
//!
//! Each in all states of knowledge, with ties and skewed counters, in all arrival orders (see `harness`).

use fieldseal_core::domain::work::OrderState as S;
use fieldseal_core::facts::conflict::{Acts, ConflictKind as K, Flag};
use fieldseal_core::facts::order::view::{AssignmentStatus as Y, DecisionStatus};
use serde_json::json;

use crate::harness::Knows::{LeftSawRight, Neither, RightSawLeft};
use crate::harness::{Expected, Side, asks, conflict, flags, is_info, pair};
use crate::story::*;

use crate::base::*;

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
