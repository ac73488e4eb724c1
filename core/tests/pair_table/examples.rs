//! The worked examples of D.5, as far as facts and their fold carry them.

use std::collections::BTreeSet;

use fieldseal_core::domain::ids::CustomerId;
use fieldseal_core::domain::work::{OrderState as S, Outcome};
use fieldseal_core::facts::conflict::{Acts, ConflictKind as K, Flag};
use fieldseal_core::facts::kinds::{Addendum, ClockCorrection, Consent, Received, Resolve};
use fieldseal_core::facts::order::view::{AssignmentStatus as Y, Trust};
use fieldseal_core::facts::{
    Action, DocName, Fact, FoldContext, StoredAction, fold_order, fold_record, fold_van,
};
use serde_json::json;

use crate::harness::{asks, check_all_orders, conflict, flags, is_info, status};
use crate::story::*;

/// 09:00 dispatched to A and accepted; 09:10 A loses signal; 09:30 D reassigns to B.
fn reassigned_while_offline(salt: u64) -> (Story, Wrote, Wrote) {
    let mut story = Story::new(salt);
    let a1 = story.write(page(DISPATCHER), order_doc(), vec![assign(&[A], &[])]);
    story.sync(phone(A));
    story.write(phone(A), visit_doc(A), vec![accept(&a1)]);
    story.sync(page(DISPATCHER));
    let a2 = story.write(page(DISPATCHER), order_doc(), vec![assign(&[B], &[&a1])]);
    story.held(phone(B)).insert(a2.index);
    story.write(phone(B), visit_doc(B), vec![accept(&a2)]);
    (story, a1, a2)
}

/// 10:05 A finishes, the customer signs, he hands in.
fn finishes(story: &mut Story, a1: &Wrote) -> Wrote {
    let done = story.write(phone(A), visit_doc(A), vec![done(a1)]);
    let r1 = story.write(phone(A), visit_doc(A), vec![seal(a1, None, &[done.id()])]);
    story.write(phone(A), visit_doc(A), vec![submit(a1, &r1)]);
    done
}

/// An order of A, submitted with one part used: story, assignment, seal.
fn handed_in() -> (Story, Wrote, Wrote) {
    let mut story = Story::new(6);
    let a1 = story.write(page(DISPATCHER), order_doc(), vec![assign(&[A], &[])]);
    story.sync(phone(A));
    story.sync(tablet(A));
    story.write(phone(A), visit_doc(A), vec![accept(&a1)]);
    story.write(phone(A), visit_doc(A), vec![arrive(&a1)]);
    let text = story.write(
        phone(A),
        visit_doc(A),
        vec![set(&[("action_taken", json!("1 fuse"))], &[])],
    );
    story.write(phone(A), visit_doc(A), vec![done(&a1)]);
    let used = moved("consume", "fuse", None, 1, (&van_good(A), &site()), true);
    // The seal and its movement are one action over two documents.
    let sealing = story.write_many(
        phone(A),
        vec![
            (visit_doc(A), vec![seal(&a1, None, &[text.id()])]),
            (van_field(A), vec![used]),
        ],
        None,
    );
    let r1 = Wrote {
        index: sealing.index,
        ids: vec![sealing.ids[0]],
    };
    story.write(phone(A), visit_doc(A), vec![submit(&a1, &r1)]);
    (story, a1, r1)
}

#[test]
fn d5_example_01_reassigned_while_he_finishes_offline() {
    for salt in 0..8 {
        let (mut story, a1, a2) = reassigned_while_offline(salt);
        story.write(phone(A), visit_doc(A), vec![arrive(&a1)]);
        finishes(&mut story, &a1);
        let view = check_all_orders(&story);
        assert_eq!(view.state, S::Submitted);
        let by = view.done_by.as_ref().unwrap();
        assert_eq!(
            (by.engineer, by.assignment, by.outcome),
            (user(A), a1.id(), Some(Outcome::Solved))
        );
        assert_eq!(status(&view, &a1), Y::RevokedButDone);
        assert_eq!(status(&view, &a2), Y::AlreadyDone);
        let first = &view.assignments[0];
        assert_eq!(first.revoked_by, [a2.id()]);
        assert!(first.revoked_at.is_some() && first.tracks[0].until > first.revoked_at);
        assert!(is_info(conflict(&view, K::CompletedAfterReassign)));
        // Both sides show author, device and time.
        let sides = &conflict(&view, K::CompletedAfterReassign).sides;
        let authors: BTreeSet<_> = sides
            .iter()
            .map(|side| (side.stamp.by, side.stamp.at.len()))
            .collect();
        assert_eq!(authors.len(), 2);
    }
}

#[test]
fn d5_example_01_b_had_arrived() {
    for salt in 0..8 {
        let (mut story, a1, a2) = reassigned_while_offline(salt);
        story.write(phone(B), visit_doc(B), vec![travel(&a2)]);
        story.write(phone(B), visit_doc(B), vec![arrive(&a2)]);
        finishes(&mut story, &a1);
        let view = check_all_orders(&story);
        assert_eq!(
            (view.state, view.done_by.as_ref().unwrap().engineer),
            (S::Submitted, user(A))
        );
        assert_eq!(status(&view, &a2), Y::SecondOrder);
        assert_eq!(view.second_orders[0].engineer, user(B));
        assert!(
            view.assignments[1].tracks[0].on_site,
            "his travel and arrival are recorded"
        );
        assert!(asks(conflict(&view, K::SecondVisit), Acts::Dispatcher));
        // The second order's id follows from the assignment alone: every device derives the same.
        let again = fieldseal_core::facts::order::view::second_order_id(a2.id(), None);
        assert_eq!(view.second_orders[0].order, again);
    }
}

#[test]
fn d5_example_01_a_had_seen_the_revocation() {
    for salt in 0..8 {
        let (mut story, a1, a2) = reassigned_while_offline(salt);
        story.sync(phone(A));
        let done = finishes(&mut story, &a1);
        let view = check_all_orders(&story);
        assert_eq!(
            (view.state, view.current),
            (S::Accepted, Some(a2.id())),
            "B's order goes on"
        );
        assert_eq!(view.flags, [Flag::UnassignedWork]);
        assert!(flags(&view, &done).contains(&Flag::UnassignedWork));
        assert!(asks(conflict(&view, K::UnassignedWork), Acts::Dispatcher));
        assert!(
            view.visits.iter().any(|visit| visit.seals.len() == 1),
            "the work is still a fact"
        );
        // The dispatcher settles it by the conflict's id.
        let settle = Fact::Resolve(Resolve {
            conflict: conflict(&view, K::UnassignedWork).id,
            note: "counted as help".into(),
        });
        story.sync(page(DISPATCHER));
        story.write(page(DISPATCHER), order_doc(), vec![settle]);
        let view = story.fold();
        let settled = conflict(&view, K::UnassignedWork);
        assert_eq!(settled.resolved.as_ref().unwrap().note, "counted as help");
        assert!(!settled.open_action());
    }
}

#[test]
fn d5_example_03_corrected_after_the_signature() {
    let (mut story, a1, r1) = handed_in();
    let edit = story.write(
        phone(A),
        visit_doc(A),
        vec![set(&[("action_taken", json!("2 fuses"))], &[])],
    );
    let view = story.fold();
    assert_eq!(view.visits[0].current_seal, Some(r1.id()), "r1 stays");
    assert_eq!(view.visits[0].unsigned, [edit.id()]);
    assert!(
        view.conflicts
            .iter()
            .all(|conflict| conflict.kind != K::EditedWhileSealing),
        "he knew the seal"
    );
    let r2 = story.write(
        phone(A),
        visit_doc(A),
        vec![seal(&a1, Some((&r1, 1)), &[edit.id()])],
    );
    story.write(
        phone(A),
        van_field(A),
        vec![moved("consume", "fuse", None, 1, (&van_good(A), &site()), true)],
    );
    let view = check_all_orders(&story);
    let seals = &view.visits[0].seals;
    assert_eq!(
        seals
            .iter()
            .map(|seal| (seal.id, seal.current))
            .collect::<Vec<_>>(),
        [(r1.id(), false), (r2.id(), true),]
    );
    assert_eq!((seals[1].revision, seals[1].prev), (2, Some(r1.id())));
    assert!(view.visits[0].unsigned.is_empty());
    assert_eq!(
        view.lines.iter().map(|line| line.qty).sum::<u32>(),
        2,
        "its own extra consume"
    );
    assert_eq!(view.state, S::Submitted);
}

/// Hiding a record, and showing it again, is about the list and not about the work (F-29): no audit waits for it.
#[test]
fn f29_an_audited_order_is_hidden_and_shown_again_and_stays_audited() {
    let (mut story, a1, r1) = handed_in();
    story.sync(page(AUDITOR));
    story.sync(page(DISPATCHER));
    story.write(page(AUDITOR), order_doc(), vec![audit(&a1, &r1, &[])]);
    // Two desks at once, then one that knows of both.
    let hidden = story.write(page(DISPATCHER), order_doc(), vec![hide(None)]);
    let view = check_all_orders(&story);
    assert!(view.hidden && view.hides.len() == 1);
    assert_eq!(view.state, S::Audited);
    assert!(!view.conflicts.iter().any(|found| found.kind == K::LateAfterAudit));
    story.sync(page(DISPATCHER));
    story.write(page(DISPATCHER), order_doc(), vec![hide(Some(&hidden))]);
    let view = check_all_orders(&story);
    assert!(!view.hidden && view.hides.is_empty());
    assert_eq!(view.state, S::Audited);
    assert!(!view.conflicts.iter().any(|found| found.kind == K::LateAfterAudit));
}

#[test]
fn d5_example_04_a_late_phone_after_the_audit() {
    let (mut story, a1, r1) = handed_in();
    story.sync(page(AUDITOR));
    let before = story.fold();
    let s1 = story.write(page(AUDITOR), order_doc(), vec![audit(&a1, &r1, &[])]);
    // 18:00: the old tablet wakes with a note and a part from 15:00.
    let note = story.write(tablet(A), visit_doc(A), vec![progress(&a1, "fuse again")]);
    let part = story.write(
        tablet(A),
        van_field(A),
        vec![moved("consume", "fuse", None, 1, (&van_good(A), &site()), true)],
    );
    let view = check_all_orders(&story);
    assert_eq!(view.state, S::Audited);
    assert_eq!(view.visits[0].fields, before.visits[0].fields, "I6");
    assert_eq!(view.visits[0].progress, before.visits[0].progress, "I6");
    let counted: Vec<_> = view
        .lines
        .iter()
        .filter(|line| !line.late)
        .map(|line| line.id)
        .collect();
    assert_eq!(
        counted,
        before.lines.iter().map(|line| line.id).collect::<Vec<_>>(),
        "totals do not move"
    );
    assert!(
        view.lines.iter().any(|line| line.late && line.id == part.id()),
        "stock is true"
    );
    let late = conflict(&view, K::LateAfterAudit);
    assert!(asks(late, Acts::Auditor));
    let facts: BTreeSet<_> = late.sides.iter().map(|side| side.fact).collect();
    assert_eq!(facts, BTreeSet::from([note.id(), part.id()]));
    assert_eq!(fold_van(user(A), &story.actions).available("fuse"), -2);
    // The auditor takes it in beside the audit …
    let mut addendum = story.clone();
    addendum.sync(page(AUDITOR));
    addendum.write(
        page(AUDITOR),
        order_doc(),
        vec![Fact::Addendum(Addendum {
            audit: s1.id(),
            accepts: vec![note.id(), part.id()],
            text: "one more fuse".into(),
        })],
    );
    let view = addendum.fold();
    assert!(view.conflicts.is_empty());
    assert_eq!(view.state, S::Audited);
    // … or opens it, and audits the next revision.
    story.sync(page(AUDITOR));
    let opened = story.write(page(AUDITOR), order_doc(), vec![unaudit(&[&s1])]);
    let view = story.fold();
    assert_eq!((view.state, view.visits[0].progress.len()), (S::Submitted, 1));
    story.sync(phone(A));
    let r2 = story.write(phone(A), visit_doc(A), vec![seal(&a1, Some((&r1, 1)), &[])]);
    story.sync(page(AUDITOR));
    story.write(page(AUDITOR), order_doc(), vec![audit(&a1, &r2, &[&s1])]);
    let view = check_all_orders(&story);
    assert_eq!(view.state, S::Audited);
    assert_eq!(view.audits.len(), 3, "both snapshots and the opening remain");
    assert_eq!(view.audit.as_ref().unwrap().revision, Some(r2.id()));
    assert!(
        view.audits
            .iter()
            .any(|audit| audit.id == opened.id() && audit.opens)
    );
}

#[test]
fn d5_example_06_two_pages_change_the_window() {
    let mut story = Story::new(7);
    story.write(page(DISPATCHER), order_doc(), vec![assign(&[A], &[])]);
    story.sync(page(DISPATCHER));
    story.sync(page(OTHER_DISPATCHER));
    let window = |from: &str, to: &str| set(&[("window_from", json!(from)), ("window_to", json!(to))], &[]);
    story.write(page(DISPATCHER), order_doc(), vec![window("14:00", "16:00")]);
    story.write(
        page(OTHER_DISPATCHER),
        order_doc(),
        vec![window("15:00", "17:00")],
    );
    let view = check_all_orders(&story);
    let pair = (
        view.fields.text("window_from").unwrap(),
        view.fields.text("window_to").unwrap(),
    );
    assert!(
        [("14:00", "16:00"), ("15:00", "17:00")].contains(&pair),
        "one form wins whole: {pair:?}"
    );
    let loser = &view.fields.0["window_from"].others[0];
    assert!(
        !loser.stamp.at.is_empty()
            && loser.stamp.by != view.fields.0["window_from"].shown.as_ref().unwrap().stamp.by
    );
    // «Restore?»: a later entry that names both settles the chip.
    story.sync(page(DISPATCHER));
    let shown = story.fold();
    let over = shown.fields.over(["window_from", "window_to"], &shown.token);
    let (from, to) = (
        loser.value.clone(),
        view.fields.0["window_to"].others[0].value.clone(),
    );
    story.write(
        page(DISPATCHER),
        order_doc(),
        vec![set(&[("window_from", from.clone()), ("window_to", to)], &over)],
    );
    let view = story.fold();
    assert_eq!(view.fields.value("window_from"), Some(&from));
    assert!(view.fields.0["window_from"].others.is_empty() && view.conflicts.is_empty());
}

#[test]
fn d5_example_07_a_number_learnt_on_site() {
    let person = DocName::Person(
        fieldseal_core::domain::ids::PersonId(uuid::Uuid::from_u128(0x99)),
        1,
    );
    let mut story = Story::new(8);
    let a1 = story.write(page(DISPATCHER), order_doc(), vec![assign(&[A], &[])]);
    let x = story.write(
        page(DISPATCHER),
        person.clone(),
        vec![set(&[("phone", json!("X"))], &[])],
    );
    story.sync(phone(A));
    story.write(
        page(DISPATCHER),
        person.clone(),
        vec![set(&[("phone", json!("Y"))], &[x.id()])],
    );
    let z = story.write(
        phone(A),
        visit_doc(A),
        vec![set_of(person.clone(), &[("phone", json!("Z"))], &[x.id()])],
    );
    let _ = a1;
    let view = fold_record(&person, &story.actions);
    let field = &view.fields.0["phone"];
    assert_eq!(field.value, json!(["Y"]));
    assert_eq!(
        (field.proposals[0].value.clone(), field.proposals[0].stamp.by),
        (json!("Z"), user(A))
    );
    assert!(view.conflicts.is_empty());
    // Everyone on the order sees it at once.
    assert_eq!(story.fold().learnt[&person].0["phone"].proposals[0].fact, z.id());
    // One tap of the office.
    let over: Vec<_> = view.fields.over(["phone"], &view.token);
    story.write(
        page(DISPATCHER),
        person.clone(),
        vec![set(&[("phone", json!(["Y", "Z"]))], &over)],
    );
    let view = fold_record(&person, &story.actions);
    assert_eq!(view.fields.0["phone"].value, json!(["Y", "Z"]));
    assert!(view.fields.0["phone"].proposals.is_empty());

    // Two dispatchers on one customer: both contacts count.
    let customer = DocName::Customer(CustomerId(uuid::Uuid::from_u128(0x98)));
    let mut story = Story::new(9);
    let x = story.write(
        page(DISPATCHER),
        customer.clone(),
        vec![set(&[("contacts", json!(["X"]))], &[])],
    );
    story.sync(page(OTHER_DISPATCHER));
    story.write(
        page(DISPATCHER),
        customer.clone(),
        vec![set(&[("contacts", json!(["Y"]))], &[x.id()])],
    );
    story.write(
        page(OTHER_DISPATCHER),
        customer.clone(),
        vec![set(&[("contacts", json!(["Z"]))], &[x.id()])],
    );
    let view = fold_record(&customer, &story.actions);
    let mut both: Vec<_> = view.fields.texts("contacts");
    both.sort_unstable();
    assert_eq!(both, ["Y", "Z"]);
    assert!(view.conflicts.is_empty());
}

#[test]
fn d5_example_08_a_date_corrected_later_changes_no_decision() {
    let mut story = Story::new(10);
    let a1 = story.write(page(DISPATCHER), order_doc(), vec![assign(&[A], &[])]);
    let asset = DocName::Asset(fieldseal_core::domain::ids::AssetId(uuid::Uuid::from_u128(0x55)));
    let first = story.write(
        page(DISPATCHER),
        asset.clone(),
        vec![set(&[("applied_on", json!("2021-09-07"))], &[])],
    );
    story.sync(phone(A));
    story.write(phone(A), visit_doc(A), vec![decide(&a1, &[], "natural_expired")]);
    let signed = story.fold().decisions[0].decision.clone();
    let second = story.write(
        page(AUDITOR),
        asset.clone(),
        vec![set(&[("applied_on", json!("2021-10-07"))], &[first.id()])],
    );
    let view = fold_record(&asset, &story.actions);
    let field = &view.fields.0["applied_on"];
    assert_eq!(
        (field.entries().count(), field.others.len()),
        (2, 1),
        "MV: both are kept, although it named the first"
    );
    let choice = view
        .conflicts
        .iter()
        .find(|conflict| conflict.kind == K::FieldChoice)
        .unwrap();
    assert!(asks(choice, Acts::Auditor));
    // The supervisor chooses; the signed decision keeps its copied inputs.
    let choose = Fact::Choose(fieldseal_core::facts::kinds::Choose {
        subject: None,
        field: "applied_on".into(),
        value: json!("2021-10-07"),
        over: vec![first.id(), second.id()],
        reason: Some("the form in the archive".into()),
    });
    story.write(page(AUDITOR), asset.clone(), vec![choose]);
    let view = fold_record(&asset, &story.actions);
    assert_eq!(view.fields.text("applied_on"), Some("2021-10-07"));
    assert!(view.fields.0["applied_on"].others.is_empty() && view.conflicts.is_empty());
    assert_eq!(story.fold().decisions[0].decision, signed);
}

/// Writes with a wall clock two days ahead.
fn two_days_ahead(story: &mut Story, at: usize) {
    let old = story.actions[at].clone();
    let mut action = Action::parse(&old.text).unwrap();
    action.at = action.at.replace("2026-11-23", "2026-11-25");
    action.clk.off = Some(-172_800_000);
    story.actions[at] = StoredAction {
        text: action.to_text().unwrap().into(),
        ..old
    };
}

#[test]
fn d5_example_10_a_wrong_clock_wins_nothing() {
    let mut story = Story::new(11);
    let a1 = story.write(page(DISPATCHER), order_doc(), vec![assign(&[A], &[])]);
    for device in [phone(A), tablet(A)] {
        story.sync(device);
    }
    let right = story.write(
        tablet(A),
        visit_doc(A),
        vec![set(&[("fault_found", json!("right"))], &[])],
    );
    story.sync(phone(A));
    // The wrong phone writes first by counter, two days later by its own word.
    let mut wrong = Story::clone(&story);
    let consent = Fact::Consent(Consent {
        assignment: Some(a1.id()),
        consent: "extension".into(),
        given_by: None,
        how: "signature".into(),
        new_due: Some("2026-11-23T18:00:00+08:00".into()),
        text: None,
    });
    wrong.held(phone(A)).remove(&right.index);
    let ahead = wrong.write(
        phone(A),
        visit_doc(A),
        vec![set(&[("fault_found", json!("ahead"))], &[]), consent],
    );
    let plain = wrong.fold();
    two_days_ahead(&mut wrong, ahead.index);
    let view = check_all_orders(&wrong);
    assert_eq!(
        view.visits[0].fields.value("fault_found"),
        plain.visits[0].fields.value("fault_found")
    );
    assert!(flags(&view, &ahead).contains(&Flag::ClockSuspect));
    assert_eq!(
        view.consents[0].time.trust,
        Trust::Suspect,
        "judgements stay provisional"
    );
    let claimed = view.consents[0].time.utc_ms;
    // The office's correction is a fact.
    let device = view
        .timeline
        .iter()
        .find(|event| event.record.id == ahead.id())
        .unwrap()
        .record
        .stamp
        .device;
    let correction = Fact::ClockCorrection(ClockCorrection {
        device: device.to_string(),
        boot: 1,
        off: -172_800_000,
        err: 400,
    });
    wrong.write(page(DISPATCHER), order_doc(), vec![correction]);
    let view = wrong.fold();
    assert_eq!(view.consents[0].time.trust, Trust::Corrected);
    assert_eq!(view.consents[0].time.utc_ms, claimed - 172_800_000);
    assert!(!flags(&view, &ahead).contains(&Flag::ClockSuspect));
}

#[test]
fn d03_received_seal_is_submitted_and_shows_when_it_arrived() {
    let mut story = Story::new(12);
    let a1 = story.write(page(DISPATCHER), order_doc(), vec![assign(&[A], &[])]);
    story.sync(phone(A));
    story.write(phone(A), visit_doc(A), vec![done(&a1)]);
    let r1 = story.write(phone(A), visit_doc(A), vec![seal(&a1, None, &[])]);
    assert_eq!(story.fold().state, S::Signed);
    story.sync(page(DISPATCHER));
    story.write(
        page(DISPATCHER),
        order_doc(),
        vec![Fact::Received(Received { seal: r1.id() })],
    );
    let view = story.fold();
    assert_eq!(view.state, S::Submitted);
    assert!(view.visits[0].seals[0].received_at.is_some());
}

#[test]
fn i11_nobody_audits_own_work() {
    let (mut story, a1, r1) = handed_in();
    story.sync(page(A));
    let own = story.write(page(A), order_doc(), vec![audit(&a1, &r1, &[])]);
    let view = story.fold();
    assert_eq!(view.state, S::Submitted);
    assert!(flags(&view, &own).contains(&Flag::OwnWork));
}

#[test]
fn d03_an_audit_waits_for_the_confirmation_of_a_decision() {
    let mut story = Story::new(13);
    let a1 = story.write(page(DISPATCHER), order_doc(), vec![assign(&[A], &[])]);
    story.sync(phone(A));
    let d1 = story.write(phone(A), visit_doc(A), vec![decide(&a1, &[], "paid")]);
    story.write(phone(A), visit_doc(A), vec![done(&a1)]);
    let r1 = story.write(phone(A), visit_doc(A), vec![seal(&a1, None, &[d1.id()])]);
    story.write(phone(A), visit_doc(A), vec![submit(&a1, &r1)]);
    story.sync(page(AUDITOR));
    let early = story.write(page(AUDITOR), order_doc(), vec![audit(&a1, &r1, &[])]);
    let view = story.fold();
    assert_eq!(view.state, S::Submitted);
    assert!(flags(&view, &early).contains(&Flag::DecisionUnconfirmed));
    story.sync(page(AUDITOR));
    story.write(page(AUDITOR), order_doc(), vec![confirm(&d1)]);
    story.write(page(AUDITOR), order_doc(), vec![audit(&a1, &r1, &[])]);
    assert_eq!(story.fold().state, S::Audited);
}

#[test]
fn d03_an_action_over_two_documents_is_incomplete_until_both_are_here() {
    let (story, ..) = handed_in();
    let visit_only: Vec<StoredAction> = story
        .actions
        .iter()
        .filter(|action| !matches!(action.doc, DocName::VanField(..)))
        .cloned()
        .collect();
    let fold = |context: &FoldContext| fold_order(order_id(), &visit_only, context).flags;
    // Out of this reader's scope: nothing is missing. In it, and not here: incomplete.
    assert!(fold(&FoldContext::default()).is_empty());
    let mut context = FoldContext {
        scope: BTreeSet::from([van_field(A)]),
        ..FoldContext::default()
    };
    assert_eq!(fold(&context), [Flag::Incomplete]);
    let key = story
        .actions
        .iter()
        .find(|action| matches!(action.doc, DocName::VanField(..)))
        .unwrap()
        .key;
    context.present.insert((key, van_field(A)));
    assert!(fold(&context).is_empty());
}
