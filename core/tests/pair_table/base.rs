//! What the rows of the pair table start from.

use fieldseal_core::domain::work::OrderState as S;
use fieldseal_core::facts::conflict::{ConflictKind as K, Flag};
use fieldseal_core::facts::order::view::AssignmentStatus as Y;
use serde_json::json;

use crate::harness::Expected;
use crate::story::*;

pub const fn row(
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
pub fn assigned(story: &mut Story) -> Wrote {
    story.write(
        page(DISPATCHER),
        order_doc(),
        vec![set(&[("summary", json!("key broken"))], &[])],
    );
    story.write(page(DISPATCHER), order_doc(), vec![assign(&[A], &[])])
}

/// And accepted by him, which everybody knows.
pub fn accepted(story: &mut Story) -> Wrote {
    let a1 = assigned(story);
    story.sync(phone(A));
    story.write(phone(A), visit_doc(A), vec![accept(&a1)]);
    story.sync(page(DISPATCHER));
    a1
}

/// And finished and sealed, which everybody knows: assignment and seal.
pub fn sealed(story: &mut Story) -> (Wrote, Wrote) {
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

pub fn submitted(story: &mut Story) -> (Wrote, Wrote) {
    let (a1, r1) = sealed(story);
    story.write(phone(A), visit_doc(A), vec![submit(&a1, &r1)]);
    (a1, r1)
}

pub fn reassign_to_b(story: &mut Story, a1: &Wrote) -> Wrote {
    story.write(page(DISPATCHER), order_doc(), vec![assign(&[B], &[a1])])
}

pub fn pooled(story: &mut Story) -> Wrote {
    story.write(
        page(DISPATCHER),
        order_doc(),
        vec![set(&[("summary", json!("whoever is free"))], &[])],
    );
    story.write(page(DISPATCHER), order_doc(), vec![assign(&[A, B, C], &[])])
}

pub fn accept_by(engineer: u128) -> impl Fn(&mut Story, &Wrote) -> Vec<Wrote> {
    move |story, a1| vec![story.write(phone(engineer), visit_doc(engineer), vec![accept(a1)])]
}

pub fn reassign(person: u128, to: u128) -> impl Fn(&mut Story, &Wrote) -> Vec<Wrote> {
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
