//! Work orders that an engineer founded on site (000-28, design 3): his founding is his assignment, before the office
//! knows of it and after, and nobody takes an order of the office by it.

use fieldseal_core::domain::work::OrderState as S;
use fieldseal_core::facts::Fact;
use fieldseal_core::facts::conflict::{ConflictKind as K, Flag};
use fieldseal_core::facts::kinds::Step;
use fieldseal_core::facts::order::view::{AcceptStatus, AssignmentStatus as Y};
use serde_json::json;

use crate::base::*;
use crate::harness::Knows::{LeftSawRight, Neither, RightSawLeft};
use crate::harness::{Side, check_all_orders, flags, pair};
use crate::story::*;

/// Founded by A and accepted in the same action; nobody else knows of it.
fn founded(story: &mut Story) -> Wrote {
    let summary = set_of(order_doc(), &[("summary", json!("no light"))], &[]);
    let parts = vec![
        (intake_doc(A), vec![found(), summary]),
        (visit_doc(A), vec![progress_now()]),
    ];
    let found = story.write_many(phone(A), parts, None);
    story.write(phone(A), visit_doc(A), vec![accept(&found)]);
    found
}

/// A text that names no assignment yet.
fn progress_now() -> Fact {
    Fact::Progress(Step {
        assignment: None,
        text: Some("the customer shows two keys".into()),
    })
}

/// And taken into the office's book.
fn adopted(story: &mut Story) -> Wrote {
    let found = founded(story);
    story.sync(page(DISPATCHER));
    story.write(
        page(DISPATCHER),
        order_doc(),
        vec![
            set(&[("summary", json!("no light"))], &[found.ids[1]]),
            adopt(A, &found),
        ],
    );
    found
}

#[test]
fn i000_28_a_founding_is_an_assignment_before_the_office_knows_of_it() {
    let mut story = Story::new(1);
    let a1 = founded(&mut story);
    story.write(phone(A), visit_doc(A), vec![arrive(&a1)]);
    let view = check_all_orders(&story);
    assert_eq!((view.state, view.current), (S::OnSite, Some(a1.id())));
    assert_eq!(view.assignments[0].tracks[0].answer, AcceptStatus::Accepted);
    assert!(
        view.flags.is_empty() && view.conflicts.is_empty(),
        "{:?}",
        view.flags
    );
    let founded = view.founded.as_ref().unwrap();
    assert_eq!(
        (founded.provisional.as_str(), founded.adopted),
        ("SS~A7-0003", false)
    );
    assert_eq!(founded.engineer, user(A));

    story.write(phone(A), visit_doc(A), vec![done(&a1)]);
    let r1 = story.write(phone(A), visit_doc(A), vec![seal(&a1, None, &[])]);
    story.write(phone(A), visit_doc(A), vec![submit(&a1, &r1)]);
    let view = check_all_orders(&story);
    assert_eq!(view.state, S::Submitted);
    assert_eq!(view.done_by.as_ref().unwrap().assignment, a1.id());
    assert!(
        view.flags.is_empty() && view.conflicts.is_empty(),
        "{:?}",
        view.flags
    );
}

#[test]
fn i000_28_adopting_changes_nothing_of_the_work() {
    pair(
        &founded,
        &Side {
            devices: &[phone(A)],
            write: &|story, a1| vec![story.write(phone(A), visit_doc(A), vec![arrive(a1), done(a1)])],
        },
        &Side {
            devices: &[page(DISPATCHER)],
            write: &|story, a1| {
                story.sync(page(DISPATCHER));
                vec![story.write(page(DISPATCHER), order_doc(), vec![adopt(A, a1)])]
            },
        },
        &[
            (Neither, row(S::WorkDone, &[], &[], &[Y::Current])),
            (LeftSawRight, row(S::WorkDone, &[], &[], &[Y::Current])),
            (RightSawLeft, row(S::WorkDone, &[], &[], &[Y::Current])),
        ],
        &|_, case| assert!(case.view.founded.as_ref().is_some_and(|founded| founded.adopted)),
    );
}

/// The office gives the founded order to B while A works on: as with any other assignment (D.3).
#[test]
fn d03_a_founded_order_reassigned_while_its_founder_works() {
    pair(
        &adopted,
        &Side {
            devices: &[phone(A)],
            write: &|story, a1| vec![story.write(phone(A), visit_doc(A), vec![arrive(a1)])],
        },
        &Side {
            devices: &[page(DISPATCHER)],
            write: &|story, a1| vec![reassign_to_b(story, a1)],
        },
        &[
            (
                Neither,
                row(
                    S::OnSite,
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
        &|_, _| {},
    );
}

/// To know the id of an order is no right (I13): a founding that the office never adopted takes nothing from it.
#[test]
fn i13_an_order_of_the_office_cannot_be_founded_away() {
    for late in [false, true] {
        let mut story = Story::new(3);
        let a1 = assigned(&mut story);
        if late {
            story.sync(phone(B));
        }
        let stolen = story.write(phone(B), intake_doc(B), vec![found()]);
        let work = story.write(phone(B), visit_doc(B), vec![accept(&stolen), arrive(&stolen)]);
        let view = check_all_orders(&story);
        assert_eq!((view.state, view.current), (S::Dispatched, Some(a1.id())));
        let void = view.assignments.iter().find(|one| one.id == stolen.id()).unwrap();
        assert_eq!(void.status, Y::WithoutEffect);
        assert!(flags(&view, &stolen).contains(&Flag::GuardFailed));
        assert!(
            flags(
                &view,
                &Wrote {
                    index: 0,
                    ids: vec![work.ids[1]]
                }
            )
            .contains(&Flag::UnassignedWork)
        );
        assert_eq!(view.flags, [Flag::UnassignedWork]);
    }
}
