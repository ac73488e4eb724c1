//! Identity of actions, unknown and malformed facts, stale forms and pages (design 3).

use fieldseal_core::domain::work::OrderState as S;
use fieldseal_core::facts::conflict::Flag;
use fieldseal_core::facts::envelope::RawFact;
use fieldseal_core::facts::{Action, StoredAction};
use serde_json::json;

use crate::harness::{check_all_orders, flags};
use crate::story::*;

fn assigned(story: &mut Story) -> Wrote {
    let a1 = story.write(page(DISPATCHER), order_doc(), vec![assign(&[A], &[])]);
    for device in [phone(A), tablet(A)] {
        story.sync(device);
    }
    a1
}

/// The same action with one text changed, as another change.
fn twin(story: &mut Story, at: usize, from: &str, to: &str) -> usize {
    let old = story.actions[at].clone();
    let text = old.text.replace(from, to);
    assert_ne!(*text, *old.text);
    story.put(tablet(A), old.doc, old.key, text, old.deps)
}

#[test]
fn the_same_bytes_in_two_changes_are_one_action() {
    let mut story = Story::new(1);
    let a1 = assigned(&mut story);
    let wrote = story.write(phone(A), visit_doc(A), vec![progress(&a1, "once")]);
    let old = story.actions[wrote.index].clone();
    let before = story.fold();
    // Replayed byte for byte on another actor (design 3, «refused»).
    let other_deps = vec![[9; 32]];
    story.put(tablet(A), old.doc, old.key, old.text.to_string(), other_deps);
    let view = check_all_orders(&story);
    assert_eq!(view.visits[0].progress.len(), 1);
    assert_eq!(view.timeline.len(), before.timeline.len());
}

#[test]
fn other_bytes_under_a_used_id_the_lowest_hash_counts() {
    for (from, to) in [("first", "other"), ("first", "third")] {
        let mut story = Story::new(2);
        let a1 = assigned(&mut story);
        let wrote = story.write(phone(A), visit_doc(A), vec![progress(&a1, "first")]);
        twin(&mut story, wrote.index, from, to);
        let view = check_all_orders(&story);
        assert_eq!(view.visits[0].progress.len(), 1);
        let hash = |text: &str| <sha2::Sha256 as sha2::Digest>::digest(text.as_bytes());
        let lowest = story.actions[1..]
            .iter()
            .min_by_key(|action| hash(&action.text))
            .unwrap();
        assert!(lowest.text.contains(&view.visits[0].progress[0].text));
        let reused = view
            .timeline
            .iter()
            .filter(|event| event.flags.contains(&Flag::ReusedId))
            .count();
        assert_eq!(
            (reused, view.timeline.len()),
            (1, 3),
            "the other is kept and flagged"
        );
    }
}

#[test]
fn other_bytes_under_a_used_id_change_nothing_that_a_seal_lists() {
    for other in ["aaaa", "bbbb", "cccc", "dddd", "eeee", "ffff"] {
        let mut story = Story::new(3);
        let a1 = assigned(&mut story);
        let text = story.write(
            phone(A),
            visit_doc(A),
            vec![set(&[("fault_found", json!("first"))], &[])],
        );
        story.write(phone(A), visit_doc(A), vec![done(&a1)]);
        story.write(phone(A), visit_doc(A), vec![seal(&a1, None, &[text.id()])]);
        twin(&mut story, text.index, "first", other);
        let view = check_all_orders(&story);
        assert_eq!(
            view.visits[0].fields.text("fault_found"),
            Some("first"),
            "whatever the hashes say"
        );
    }
}

fn edit(action: &StoredAction, change: impl FnOnce(&mut Action)) -> StoredAction {
    let mut parsed = Action::parse(&action.text).unwrap();
    change(&mut parsed);
    StoredAction {
        text: parsed.to_text().unwrap().into(),
        ..action.clone()
    }
}

#[test]
fn unknown_malformed_misplaced_and_newer_facts_are_kept_and_flagged() {
    let mut story = Story::new(4);
    let a1 = assigned(&mut story);
    let odd = story.write(
        phone(A),
        visit_doc(A),
        vec![progress(&a1, "odd"), cancel(), done(&a1)],
    );
    let newer = story.write(phone(A), visit_doc(A), vec![progress(&a1, "newer")]);
    story.actions[odd.index] = edit(&story.actions[odd.index], |action| {
        action.facts[0] = RawFact {
            kind: "levitate".into(),
            payload: json!({"height": 3}),
        };
        action.facts[2].payload = json!({"outcome": 7});
    });
    story.actions[newer.index] = edit(&story.actions[newer.index], |action| action.min = Some(99));
    let view = check_all_orders(&story);
    assert_eq!(view.state, S::Dispatched);
    assert_eq!(view.update_needed, Some(99));
    let said: Vec<_> = view
        .timeline
        .iter()
        .flat_map(|event| event.flags.clone())
        .collect();
    assert_eq!(said.len(), 4);
    for flag in [
        Flag::UnknownKind,
        Flag::Misplaced,
        Flag::Malformed,
        Flag::UpdateNeeded,
    ] {
        assert!(said.contains(&flag), "{flag}");
    }
    assert!(view.cancellations.is_empty(), "an engineer cannot cancel");
}

#[test]
fn an_unknown_outcome_ends_nothing() {
    let mut story = Story::new(5);
    let a1 = assigned(&mut story);
    let odd = story.write(phone(A), visit_doc(A), vec![done(&a1)]);
    story.actions[odd.index] = edit(&story.actions[odd.index], |action| {
        action.facts[0].payload["outcome"] = json!("levitated");
    });
    let view = story.fold();
    assert_eq!(view.state, S::Dispatched);
    assert!(flags(&view, &odd).contains(&Flag::UnknownCode));
}

/// The form that a person has open: what his screen showed when he opened it.
fn save_stale(
    story: &mut Story,
    device: Device,
    doc: fieldseal_core::facts::DocName,
    view: &fieldseal_core::facts::OrderView,
    field: &str,
    value: &str,
) -> Wrote {
    let fields = match &doc {
        fieldseal_core::facts::DocName::Order(_) => view.fields.clone(),
        _ => view
            .visits
            .first()
            .map(|visit| visit.fields.clone())
            .unwrap_or_default(),
    };
    let over = fields.over([field], &view.token);
    story.write_seeing(
        device,
        doc,
        vec![set(&[(field, json!(value))], &over)],
        Some(&view.token),
    )
}

#[test]
fn a_stale_form_on_a_phone_loses_nothing() {
    let mut story = Story::new(6);
    assigned(&mut story);
    story.write(
        phone(A),
        visit_doc(A),
        vec![set(
            &[("fault_found", json!("old")), ("environment", json!("dry"))],
            &[],
        )],
    );
    story.sync(tablet(A));
    let opened = story.screen(phone(A));
    // While the form is open, a sync brings the tablet's newer text.
    story.write(
        tablet(A),
        visit_doc(A),
        vec![set(
            &[("fault_found", json!("tablet"))],
            &opened.visits[0].fields.over(["fault_found"], &opened.token),
        )],
    );
    story.sync(phone(A));
    save_stale(
        &mut story,
        phone(A),
        visit_doc(A),
        &opened,
        "fault_found",
        "phone",
    );
    let view = check_all_orders(&story);
    let field = &view.visits[0].fields.0["fault_found"];
    assert_eq!((field.value.clone(), field.others.len()), (json!("phone"), 1));
    assert_eq!(
        field.others[0].value,
        json!("tablet"),
        "what the form had not shown stays beside it"
    );
    assert_eq!(
        view.visits[0].fields.text("environment"),
        Some("dry"),
        "untouched fields are not sent"
    );
}

#[test]
fn a_stale_web_page_loses_nothing() {
    let mut story = Story::new(7);
    assigned(&mut story);
    story.write(
        page(DISPATCHER),
        order_doc(),
        vec![set(&[("summary", json!("old"))], &[])],
    );
    story.sync(page(OTHER_DISPATCHER));
    let opened = story.screen(page(DISPATCHER));
    story.write(
        page(OTHER_DISPATCHER),
        order_doc(),
        vec![set(
            &[("summary", json!("other"))],
            &opened.fields.over(["summary"], &opened.token),
        )],
    );
    // The server holds both; the page still shows the first.
    save_stale(
        &mut story,
        page(DISPATCHER),
        order_doc(),
        &opened,
        "summary",
        "mine",
    );
    let view = check_all_orders(&story);
    let field = &view.fields.0["summary"];
    assert_eq!(
        (field.value.clone(), field.others[0].value.clone()),
        (json!("mine"), json!("other"))
    );
    // A stale reassign: the page that did not see A's work does not undo it.
    let a1 = view.assignments[0].id;
    let a1 = Wrote {
        index: 0,
        ids: vec![a1],
    };
    story.sync(phone(A));
    story.write(phone(A), visit_doc(A), vec![done(&a1)]);
    story.sync(page(DISPATCHER));
    story.write_seeing(
        page(DISPATCHER),
        order_doc(),
        vec![assign(&[B], &[&a1])],
        Some(&opened.token),
    );
    assert_eq!(story.fold().state, S::WorkDone);
}

#[test]
fn two_phones_of_one_engineer_lose_nothing() {
    let mut story = Story::new(8);
    let a1 = assigned(&mut story);
    for (device, text, note) in [(phone(A), "by phone", "p"), (tablet(A), "by tablet", "t")] {
        story.write(device, visit_doc(A), vec![accept(&a1)]);
        story.write(device, visit_doc(A), vec![arrive(&a1)]);
        story.write(
            device,
            visit_doc(A),
            vec![set(&[("action_taken", json!(text))], &[])],
        );
        story.write(device, visit_doc(A), vec![progress(&a1, note)]);
    }
    let view = check_all_orders(&story);
    assert_eq!(view.state, S::OnSite);
    let field = &view.visits[0].fields.0["action_taken"];
    assert_eq!((field.entries().count(), view.visits[0].progress.len()), (2, 2));
    let devices: std::collections::BTreeSet<_> = field.entries().map(|entry| entry.stamp.device).collect();
    assert_eq!(devices.len(), 2, "each value says from which device");
    assert!(
        view.conflicts
            .iter()
            .all(|conflict| conflict.kind == fieldseal_core::facts::conflict::ConflictKind::FieldValues)
    );
}

#[test]
fn unknown_heads_prove_nothing() {
    let mut story = Story::new(9);
    let a1 = assigned(&mut story);
    story.held(page(DISPATCHER)).clear();
    let a2 = story.write(page(DISPATCHER), order_doc(), vec![assign(&[B], &[&a1])]);
    let finished = story.write(phone(A), visit_doc(A), vec![done(&a1)]);
    story.actions[finished.index] = edit(&story.actions[finished.index], |action| {
        action.saw.push(fieldseal_core::facts::Head([0xee; 8]));
    });
    let view = story.fold();
    assert_eq!(view.state, S::WorkDone, "he knew nothing of the revocation");
    // With the head of the revocation in `saw`, he did.
    let head = fieldseal_core::facts::Head::of(&story.actions[a2.index].hash);
    story.actions[finished.index] = edit(&story.actions[finished.index], |action| action.saw.push(head));
    assert_eq!(story.fold().state, S::Dispatched);
}

#[test]
fn a_counter_that_is_not_above_what_its_author_saw_is_flagged() {
    let mut story = Story::new(10);
    let a1 = assigned(&mut story);
    let low = story.write(phone(A), visit_doc(A), vec![progress(&a1, "low")]);
    assert!(flags(&story.fold(), &low).is_empty());
    story.actions[low.index] = edit(&story.actions[low.index], |action| action.n = 1);
    assert_eq!(flags(&story.fold(), &low), [Flag::CounterBounded]);
}
