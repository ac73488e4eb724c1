//! A ticket over its work orders: the arrows of D.3, what a visit brings back, reopening (000-33, 000-33b, 001-15, T-13).

use fieldseal_core::domain::callback::Scores;
use fieldseal_core::domain::ids::RecordId;
use fieldseal_core::domain::work::{OrderState as S, Outcome as O, TicketState as T};
use fieldseal_core::facts::conflict::Flag;
use fieldseal_core::facts::kinds::{Callback, OrderAdded, Set, TicketState};
use fieldseal_core::facts::ticket::{Standing, next_ticket_state};
use fieldseal_core::facts::{DocName, Fact, RecordView, fold_record};
use serde_json::json;

use crate::story::*;

fn ticket_doc() -> DocName {
    DocName::Ticket(ticket_id())
}

fn state(state: T) -> Fact {
    coded(state.as_str(), None)
}

fn coded(state: &str, cause: Option<fieldseal_core::facts::FactId>) -> Fact {
    Fact::TicketState(TicketState {
        state: state.to_owned(),
        reason: None,
        close: None,
        cause,
        after: Vec::new(),
    })
}

fn fold(story: &Story) -> RecordView {
    let view = fold_record(&ticket_doc(), &story.actions);
    let mut backwards = story.actions.clone();
    backwards.reverse();
    backwards.extend(story.actions.clone());
    assert_eq!(
        fold_record(&ticket_doc(), &backwards),
        view,
        "order or repetition counts"
    );
    view
}

const fn at(state: S, outcome: Option<O>) -> Standing {
    Standing {
        state,
        outcome,
        confirmed: false,
    }
}

/// All states that follow one after the other.
fn settled(mut now: T, orders: &[Standing]) -> Vec<T> {
    let mut passed = Vec::new();
    while let Some(next) = next_ticket_state(now, orders) {
        assert!(passed.len() < 8, "it never settles: {passed:?}");
        passed.push(next);
        now = next;
    }
    passed
}

#[test]
fn i000_33_a_ticket_follows_its_work_orders() {
    let running = at(S::OnSite, None);
    let back = at(S::Submitted, Some(O::Unresolved));
    let absent = at(S::WorkDone, Some(O::CustomerAbsent));
    let solved = at(S::Submitted, Some(O::Solved));
    let yes = Standing {
        confirmed: true,
        ..solved
    };
    let frozen = Standing {
        state: S::Audited,
        ..yes
    };
    let cases: [(T, &[Standing], &[T]); 16] = [
        (T::Received, &[running], &[]),
        (T::Received, &[solved], &[]),
        (T::Triaged, &[], &[]),
        (T::Triaged, &[at(S::Open, None)], &[]),
        (T::Triaged, &[at(S::Dispatched, None)], &[T::InWork]),
        (T::InWork, &[running], &[]),
        (T::InWork, &[back], &[T::Triaged]),
        (T::InWork, &[absent], &[T::Triaged]),
        (T::InWork, &[at(S::Cancelled, None)], &[T::Triaged]),
        (T::InWork, &[at(S::Open, None)], &[T::Triaged]),
        (T::InWork, &[back, running], &[]),
        (T::InWork, &[back, solved], &[T::Solved]),
        (
            T::InWork,
            &[at(S::Submitted, Some(O::NoFaultFound))],
            &[T::Solved],
        ),
        // Triaged after the visit had ended: it catches up.
        (T::Triaged, &[yes], &[T::Solved, T::Confirmed]),
        (T::Triaged, &[frozen, back], &[T::Solved, T::Confirmed]),
        (T::InWork, &[frozen], &[T::Solved, T::Confirmed, T::Closed]),
    ];
    for (now, orders, expected) in cases {
        assert_eq!(settled(now, orders), expected, "{now} {orders:?}");
    }
    for end in [T::Closed, T::Merged] {
        assert_eq!(settled(end, &[running, solved, frozen]), []);
    }
    assert_eq!(settled(T::Reopened, &[running]), [T::InWork]);
}

#[test]
fn d03_a_step_without_an_arrow_is_flagged_and_without_effect() {
    let mut story = Story::new(1);
    for step in [
        T::Received,
        T::Triaged,
        T::Triaged,
        T::Closed,
        T::Solved,
        T::Received,
        T::Closed,
    ] {
        story.write(page(DISPATCHER), ticket_doc(), vec![state(step)]);
    }
    story.write(page(DISPATCHER), ticket_doc(), vec![coded("lost", None)]);
    let view = fold(&story);
    assert_eq!(view.state.as_deref(), Some("closed"));
    let flags: Vec<&[Flag]> = view
        .changes
        .iter()
        .map(|change| change.flags.as_slice())
        .collect();
    let none: &[Flag] = &[];
    let failed: &[Flag] = &[Flag::GuardFailed];
    assert_eq!(
        flags,
        [none, none, none, failed, none, failed, none, &[Flag::UnknownCode]]
    );
}

#[test]
fn i000_33b_what_came_back_waits_for_its_analysis() {
    let mut story = Story::new(2);
    let came_back = |story: &mut Story, cause: bool| {
        let done = fieldseal_core::facts::FactId {
            action: story.actions[0].key,
            place: 0,
        };
        let fact = coded("triaged", cause.then_some(done));
        story.write(page(DISPATCHER), ticket_doc(), vec![state(T::InWork)]);
        story.write(page(DISPATCHER), ticket_doc(), vec![fact]);
    };
    let waits = |story: &Story| fold(story).ticket.unwrap().needs_analysis;
    story.write(page(DISPATCHER), ticket_doc(), vec![state(T::Triaged)]);
    assert!(!waits(&story));
    came_back(&mut story, false);
    assert!(!waits(&story), "a cancelled visit brought nothing back");
    came_back(&mut story, true);
    assert!(waits(&story));
    story.write(
        page(DISPATCHER),
        ticket_doc(),
        vec![set(&[("analysis", json!("  "))], &[])],
    );
    assert!(waits(&story));
    story.write(
        page(DISPATCHER),
        ticket_doc(),
        vec![set(&[("analysis", json!("driver"))], &[])],
    );
    assert!(!waits(&story));
    came_back(&mut story, true);
    assert!(waits(&story), "each time anew");
}

#[test]
fn i001_15_a_reopened_ticket_leaves_earlier_results_behind() {
    let mut story = Story::new(3);
    let added = |order| Fact::OrderAdded(OrderAdded { order });
    story.write(
        page(DISPATCHER),
        ticket_doc(),
        vec![state(T::Triaged), added(order_doc()), added(order_doc())],
    );
    story.write(
        page(DISPATCHER),
        ticket_doc(),
        vec![added(visit_doc(A)), state(T::Solved)],
    );
    assert!(fold(&story).ticket.unwrap().counts(order_id()));
    let reopened = Fact::TicketState(TicketState {
        state: "reopened".into(),
        reason: Some("it went dark again".into()),
        close: None,
        cause: None,
        after: vec![order_doc()],
    });
    story.write(page(DISPATCHER), ticket_doc(), vec![reopened]);
    let view = fold(&story);
    let log = view.ticket.unwrap();
    assert_eq!(
        (log.orders.as_slice(), log.state()),
        (&[order_id()][..], Some(T::Reopened))
    );
    assert!(!log.counts(order_id()));
    assert_eq!(log.steps[2].reason.as_deref(), Some("it went dark again"));
    let misnamed = view
        .changes
        .iter()
        .filter(|change| change.flags == [Flag::BadReference]);
    assert_eq!(misnamed.count(), 1, "a visit is no order");
}

/// Q12, I10: the number that a phone printed stands on the ticket before the office knows of it, and after.
#[test]
fn i10_q12_a_provisional_number_resolves_before_and_after_the_office_has_it() {
    let mut story = Story::new(4);
    let founding = story.write(
        phone(A),
        intake_doc(A),
        vec![
            found(),
            set_of(ticket_doc(), &[("description", json!("no light"))], &[]),
        ],
    );
    let before = fold(&story);
    assert_eq!(
        (before.number.as_deref(), before.any_number()),
        (None, Some("SS~A7-0003"))
    );
    assert_eq!(
        before.fields.known_text("description").as_deref(),
        Some("no light")
    );
    let number = Fact::Number(fieldseal_core::facts::kinds::Number {
        number: "SS20261123001".into(),
    });
    let taken = set(
        &[
            ("description", json!("no light")),
            ("provisional_no", json!("SS~A7-0003")),
        ],
        &[founding.ids[1]],
    );
    story.write(page(DISPATCHER), ticket_doc(), vec![taken, number]);
    let after = fold(&story);
    assert_eq!(after.any_number(), Some("SS20261123001"));
    assert_eq!(after.ticket.unwrap().provisional.as_deref(), Some("SS~A7-0003"));
    assert!(after.fields.0["description"].proposals.is_empty(), "taken over");
    // The ticket's own document alone says it too: a page never needs the intake for it.
    let alone: Vec<_> = story
        .actions
        .iter()
        .filter(|action| action.doc == ticket_doc())
        .cloned()
        .collect();
    assert_eq!(
        fold_record(&ticket_doc(), &alone)
            .ticket
            .unwrap()
            .provisional
            .as_deref(),
        Some("SS~A7-0003")
    );
}

fn asked(overall: u8) -> Fact {
    Fact::Callback(Callback {
        way: "phone".to_owned(),
        scores: (overall > 0).then_some(Scores {
            solved: 5,
            speed: 4,
            manner: 5,
            overall,
        }),
        text: None,
    })
}

#[test]
fn f24_f26_two_callbacks_at_once_both_stand_and_a_reopening_asks_again() {
    let mut story = Story::new(1);
    for step in [T::Triaged, T::InWork] {
        story.write(page(DISPATCHER), ticket_doc(), vec![state(step)]);
    }
    assert!(
        fold(&story).ticket.unwrap().to_call().is_none(),
        "it is not solved"
    );
    story.write(page(DISPATCHER), ticket_doc(), vec![state(T::Solved)]);
    story.write(page(DISPATCHER), ticket_doc(), vec![asked(0)]);
    let log = fold(&story).ticket.unwrap();
    assert_eq!(
        log.to_call().map(|step| step.state),
        Some(T::Solved),
        "nobody was reached"
    );
    assert_eq!(log.callbacks.len(), 1);
    // No score of 1 to 5: kept and flagged, and he is still to be called.
    story.write(page(DISPATCHER), ticket_doc(), vec![asked(6)]);
    let view = fold(&story);
    assert!(view.ticket.as_ref().unwrap().to_call().is_some());
    assert_eq!(view.changes.last().unwrap().flags, [Flag::UnknownCode]);
    story.sync(page(OTHER_DISPATCHER));
    story.write(page(DISPATCHER), ticket_doc(), vec![asked(5)]);
    story.write(page(OTHER_DISPATCHER), ticket_doc(), vec![asked(2)]);
    let log = fold(&story).ticket.unwrap();
    let overall = |log: &fieldseal_core::facts::TicketLog| -> Vec<(Option<u8>, bool)> {
        let mut all: Vec<_> = log
            .callbacks
            .iter()
            .map(|call| (call.scores.map(|scores| scores.overall), call.current))
            .collect();
        all.sort_unstable();
        all
    };
    assert_eq!(overall(&log), [(None, true), (Some(2), true), (Some(5), true)]);
    assert!(log.to_call().is_none());
    story.sync(page(DISPATCHER));
    for step in [T::Reopened, T::Solved] {
        story.write(page(DISPATCHER), ticket_doc(), vec![state(step)]);
    }
    let log = fold(&story).ticket.unwrap();
    assert_eq!(overall(&log), [(None, false), (Some(2), false), (Some(5), false)]);
    assert!(log.to_call().is_some(), "it was solved again");
}

#[test]
fn f27_an_improvement_edited_at_two_desks_keeps_both_values() {
    let doc = DocName::Case(RecordId(ticket_id().0));
    let set = |value: &str| {
        Fact::Set(Set {
            subject: None,
            fields: [("cause".to_owned(), json!(value))].into(),
            over: Vec::new(),
        })
    };
    let mut story = Story::new(1);
    story.write(page(DISPATCHER), doc.clone(), vec![set("备件不足")]);
    story.write(page(AUDITOR), doc.clone(), vec![set("响应慢")]);
    let view = fold_record(&doc, &story.actions);
    assert_eq!(view.conflicts.len(), 1);
    let cause = &view.fields.0["cause"];
    assert_eq!((cause.others.len(), cause.entries().count()), (1, 2));
}
