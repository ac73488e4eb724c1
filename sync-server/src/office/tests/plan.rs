//! Planning: numbers, forms that come twice, stale pages.

use fieldseal_core::domain::ids::TicketId;
use fieldseal_core::domain::work::{Category, OrderState, VisibleStatus};
use fieldseal_core::facts::DocName;
use fieldseal_core::facts::conflict::ConflictKind;
use fieldseal_core::facts::kinds::Step;
use fieldseal_core::facts::{Fact, ViewToken};
use serde_json::json;

use super::world::World;
use crate::office::OfficeError;
use crate::office::fields::Changes;

fn code<T: std::fmt::Debug>(result: Result<T, OfficeError>) -> &'static str {
    result.unwrap_err().code()
}

#[test]
fn f04_numbers_count_per_prefix_and_day_and_a_form_that_comes_twice_takes_one() {
    let world = World::new();
    let office = world.office();
    let number = |ticket| {
        let view = office.views().record(&DocName::Ticket(ticket)).unwrap().unwrap();
        view.number.clone().unwrap()
    };
    let once = TicketId(world.services.env.uuid_v7());
    for _ in 0..2 {
        office
            .create_job(&world.dispatcher, once, world.new_job(&[]))
            .unwrap();
    }
    assert_eq!(number(once), "SS20261123001");
    let second = office
        .create_ticket(
            &world.dispatcher,
            TicketId(world.services.env.uuid_v7()),
            world.new_ticket(),
        )
        .unwrap();
    assert_eq!(number(second), "SS20261123002");
    let mut complaint = world.new_ticket();
    complaint.category = Category::Complaint;
    let third = office
        .create_ticket(
            &world.dispatcher,
            TicketId(world.services.env.uuid_v7()),
            complaint,
        )
        .unwrap();
    assert_eq!(number(third), "CP20261123001");
    // A second start goes on counting.
    drop(world.services.clone());
    let again = World::open(&world.folder);
    let fourth = again
        .office
        .create_ticket(
            &world.dispatcher,
            TicketId(again.env.uuid_v7()),
            world.new_ticket(),
        )
        .unwrap();
    let view = again
        .office
        .views()
        .record(&DocName::Ticket(fourth))
        .unwrap()
        .unwrap();
    assert_eq!(view.number.as_deref(), Some("SS20261123003"));
}

#[test]
fn d05_6_two_stale_pages_edit_the_window_and_the_loser_stays_visible() {
    let world = World::new();
    let office = world.office();
    let order = world.job(&[&world.a]);
    let doc = DocName::Order(order);
    let (first, second) = (world.token(order), world.token(order));
    let window = |from: &str| Changes::from([("window_from".to_owned(), json!(from))]);
    office
        .edit(
            &world.dispatcher,
            &doc,
            &first,
            &window("2026-11-23T14:30:00+08:00"),
        )
        .unwrap();
    office
        .edit(
            &world.auditor,
            &doc,
            &second,
            &window("2026-11-23T15:00:00+08:00"),
        )
        .unwrap();
    let view = world.view(order);
    let field = &view.fields.0["window_from"];
    assert_eq!(field.value, json!("2026-11-23T15:00:00+08:00"));
    assert_eq!(field.others.len(), 1);
    assert_eq!(field.others[0].value, json!("2026-11-23T14:30:00+08:00"));
    assert_eq!(field.others[0].stamp.by, world.dispatcher.user);
    assert!(view.conflicts.iter().any(|c| c.kind == ConflictKind::FieldValues));
    // Who sees both and saves settles it, even with the value that is shown.
    office
        .edit(
            &world.dispatcher,
            &doc,
            &world.token(order),
            &window("2026-11-23T15:00:00+08:00"),
        )
        .unwrap();
    let view = world.view(order);
    assert!(view.fields.0["window_from"].others.is_empty());
    // An edit of what is so already writes nothing.
    let head = office.board().unwrap().newest;
    let none = office
        .edit(
            &world.dispatcher,
            &doc,
            &world.token(order),
            &window("2026-11-23T15:00:00+08:00"),
        )
        .unwrap();
    assert!(none.is_none());
    assert_eq!(office.board().unwrap().newest, head);
}

#[test]
fn d03_two_stale_pages_reassign_and_both_assignments_stay_visible() {
    let world = World::new();
    let office = world.office();
    let order = world.job(&[&world.a]);
    let (first, second) = (world.token(order), world.token(order));
    office
        .assign(&world.dispatcher, order, &first, &[world.b.user], Some("A 不在"))
        .unwrap();
    office
        .assign(&world.auditor, order, &second, &[world.a.user], Some("客户要求"))
        .unwrap();
    let view = world.view(order);
    assert_eq!(view.assignments.len(), 3);
    assert!(
        view.conflicts
            .iter()
            .any(|c| c.kind == ConflictKind::AssignedTwice)
    );
    let rows = office.conflicts().unwrap();
    assert_eq!(rows.len(), view.conflicts.len());
    assert!(rows.iter().all(|row| row.order == order));
}

#[test]
fn d05_1_reassigned_while_the_engineer_finished_offline() {
    let world = World::new();
    let office = world.office();
    let order = world.job(&[&world.a]);
    let before = world.token(order);
    let assignment = world.view(order).current;
    office
        .assign(
            &world.dispatcher,
            order,
            &before,
            &[world.b.user],
            Some("联系不上"),
        )
        .unwrap();
    let mut phone = world.phone(&world.a);
    let doc = phone.visit(order);
    let step = Step {
        assignment,
        text: None,
    };
    let done = fieldseal_core::facts::kinds::Done {
        assignment,
        outcome: "solved".to_owned(),
        reason: None,
    };
    // A's screen had shown only what was there before.
    phone.send(&doc, &before, &[Fact::Accept(step)]);
    phone.send(&doc, &before, &[Fact::Done(done)]);
    let view = world.view(order);
    assert_eq!(view.state, OrderState::WorkDone);
    assert_eq!(view.done_by.as_ref().unwrap().engineer, world.a.user);
    let conflict = view
        .conflicts
        .iter()
        .find(|c| c.kind == ConflictKind::CompletedAfterReassign)
        .unwrap();
    office
        .resolve(
            &world.dispatcher,
            order,
            conflict.id,
            "已电话告知刘洋",
            &world.token(order),
        )
        .unwrap();
    let view = world.view(order);
    let settled = view.conflicts.iter().find(|c| c.id == conflict.id).unwrap();
    assert_eq!(settled.resolved.as_ref().unwrap().note, "已电话告知刘洋");
    assert_eq!(
        code(office.resolve(&world.storekeeper, order, conflict.id, "x", &world.token(order))),
        "not_allowed"
    );
    assert_eq!(
        code(office.resolve(
            &world.dispatcher,
            order,
            uuid::Uuid::nil(),
            "x",
            &world.token(order)
        )),
        "not_found"
    );
}

#[test]
fn d04_planning_is_the_dispatchers_and_needs_reasons_and_engineers() {
    let world = World::new();
    let office = world.office();
    let order = world.job(&[&world.a]);
    let token = world.token(order);
    for nobody in [&world.b, &world.storekeeper, &world.admin] {
        assert_eq!(
            code(office.assign(nobody, order, &token, &[world.b.user], Some("x"))),
            "not_allowed"
        );
        assert_eq!(code(office.cancel(nobody, order, &token, "x")), "not_allowed");
    }
    let by = &world.dispatcher;
    assert_eq!(
        code(office.assign(by, order, &token, &[world.b.user], None)),
        "empty"
    );
    assert_eq!(
        code(office.assign(by, order, &token, &[world.auditor.user], Some("x"))),
        "not_an_engineer"
    );
    assert_eq!(code(office.cancel(by, order, &token, " ")), "empty");
    assert_eq!(code(office.uncancel(by, order, &token, "x")), "not_cancelled");
    let unknown = fieldseal_core::domain::ids::OrderId(uuid::Uuid::nil());
    assert_eq!(
        code(office.assign(by, unknown, &token, &[world.b.user], None)),
        "not_found"
    );
    let left = office.edit_user(
        &world.admin,
        world.b.user,
        &ViewToken::default(),
        "刘洋",
        &[fieldseal_core::domain::roles::Role::Engineer],
        false,
    );
    assert!(left.is_ok());
    assert_eq!(
        code(office.assign(by, order, &token, &[world.b.user], Some("x"))),
        "not_an_engineer"
    );
}

#[test]
fn cancelled_and_taken_back() {
    let world = World::new();
    let office = world.office();
    let order = world.job(&[&world.a]);
    office
        .cancel(&world.dispatcher, order, &world.token(order), "客户取消")
        .unwrap();
    assert_eq!(world.view(order).status, VisibleStatus::Cancelled);
    office
        .uncancel(&world.dispatcher, order, &world.token(order), "误取消")
        .unwrap();
    assert_ne!(world.view(order).status, VisibleStatus::Cancelled);
    office
        .instruct(&world.dispatcher, order, &world.token(order), "带新印章")
        .unwrap();
    assert_eq!(world.view(order).instructions[0].text, "带新印章");
}
