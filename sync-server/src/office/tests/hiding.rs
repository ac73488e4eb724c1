//! Hiding instead of deleting, and what may be purged from when (F-29, Q9, I12).

use fieldseal_core::domain::ids::TicketId;
use fieldseal_core::facts::DocName;

use super::world::World;
use crate::office::{CloseAs, OfficeError};

fn code<T>(result: Result<T, OfficeError>) -> &'static str {
    result.err().map_or("done", |error| error.code())
}

#[test]
fn f29_q9_a_hidden_order_leaves_the_board_says_who_and_why_and_comes_back() {
    let world = World::new();
    let office = world.office();
    let order = world.job(&[]);
    let doc = DocName::Order(order);
    let hide = |by, reason| office.hide(by, &doc, &world.token(order), reason);
    assert_eq!(code(hide(&world.storekeeper, "x")), "not_allowed");
    assert_eq!(code(hide(&world.dispatcher, " ")), "empty");
    assert_eq!(code(hide(&world.dispatcher, "录入两次")), "done");
    assert_eq!(code(hide(&world.dispatcher, "x")), "already_hidden");
    assert!(office.board().unwrap().rows.is_empty());
    assert_eq!(office.hidden_orders().unwrap()[0].order, order);
    let view = world.view(order);
    assert_eq!(view.hides.len(), 1);
    assert_eq!(view.hides[0].text, "录入两次");
    assert_eq!(view.hides[0].stamp.by, world.dispatcher.user);
    let assign = office.assign(
        &world.dispatcher,
        order,
        &world.token(order),
        &[world.a.user],
        None,
    );
    assert_eq!(code(assign), "hidden");
    let back = office.unhide(&world.admin, &doc, &world.token(order), "并非重复");
    assert_eq!(code(back), "done");
    assert_eq!(office.board().unwrap().rows.len(), 1);
    assert!(office.hidden_orders().unwrap().is_empty());
    // Under an engineer's hands nothing is hidden.
    let held = DocName::Order(world.job(&[&world.a]));
    let token = fieldseal_core::facts::ViewToken::default();
    assert_eq!(
        code(office.hide(&world.dispatcher, &held, &token, "x")),
        "in_hands"
    );
}

#[test]
fn f29_q9_a_hidden_customer_and_ticket_leave_their_lists() {
    let world = World::new();
    let office = world.office();
    let by = &world.dispatcher;
    let ticket = office
        .create_ticket(by, TicketId(world.services.env.uuid_v7()), world.new_ticket())
        .unwrap();
    for doc in [DocName::Customer(world.customer), DocName::Ticket(ticket)] {
        let token = office.views().record(&doc).unwrap().unwrap().token.clone();
        office.hide(by, &doc, &token, "测试数据").unwrap();
    }
    assert!(office.customers().unwrap().is_empty() && office.tickets().unwrap().is_empty());
    assert_eq!(office.hidden_customers().unwrap().len(), 1);
    assert_eq!(office.hidden_tickets().unwrap().len(), 1);
    assert!(office.ticket_row(ticket).unwrap().unwrap().hidden);
}

#[test]
fn f29_i12_a_ticket_is_not_purged_before_its_day() {
    let world = World::new();
    let office = world.office();
    let by = &world.dispatcher;
    let ticket = office
        .create_ticket(by, TicketId(world.services.env.uuid_v7()), world.new_ticket())
        .unwrap();
    let token = || {
        let doc = DocName::Ticket(ticket);
        office.views().record(&doc).unwrap().unwrap().token.clone()
    };
    assert!(office.kept_tickets(&world.admin).unwrap().is_empty(), "open");
    assert_eq!(code(office.check_purge(&world.admin, ticket)), "kept");
    office.solve_at_desk(by, ticket, &token(), "重装驱动").unwrap();
    office.confirm_ticket(by, ticket, &token(), "电话").unwrap();
    office
        .close_ticket(by, ticket, &token(), CloseAs::Confirmed, "")
        .unwrap();
    assert_eq!(code(office.kept_tickets(by)), "not_allowed");
    assert_eq!(code(office.check_purge(by, ticket)), "not_allowed");
    let kept = office.kept_tickets(&world.admin).unwrap();
    assert_eq!(kept[0].until.unwrap().to_string(), "2029-11-23");
    assert!(!kept[0].free);
    assert_eq!(code(office.check_purge(&world.admin, ticket)), "kept");
}
