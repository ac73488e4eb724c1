//! What the page asks: board, stock, devices.

use fieldseal_core::domain::ids::{ActionId, DeviceId};
use fieldseal_core::domain::ledger::Location;
use fieldseal_core::domain::work::{OrderState, VisibleStatus};
use fieldseal_core::facts::kinds::{Move, PartLine, Step};
use fieldseal_core::facts::{DocName, Fact, Shard, ViewToken};

use super::world::World;
use crate::office::{GoodsFrom, Handover, Office, OfficeError};

fn code<T: std::fmt::Debug>(result: Result<T, OfficeError>) -> &'static str {
    result.unwrap_err().code()
}

#[test]
fn the_board_shows_each_order_once_and_follows_every_change() {
    let world = World::new();
    let office = world.office();
    let first = world.job(&[&world.a]);
    let second = world.job(&[]);
    let board = office.board().unwrap();
    let ids: Vec<_> = board.rows.iter().map(|row| row.order).collect();
    assert_eq!(ids.len(), 2);
    assert!(ids.contains(&first) && ids.contains(&second));
    let row = |order| {
        let board = office.board().unwrap();
        board.rows.iter().find(|row| row.order == order).cloned().unwrap()
    };
    let shown = row(first);
    assert_eq!(shown.number, "SS20261123001");
    assert_eq!(shown.customer_name, "云锦新材料有限公司");
    assert_eq!(shown.state, OrderState::Dispatched);
    assert_eq!(shown.engineers, vec![world.a.user]);
    assert_eq!(row(second).status, VisibleStatus::ToDo);
    let mut phone = world.phone(&world.a);
    let doc = phone.visit(first);
    let travel = Step {
        assignment: world.view(first).current,
        text: None,
    };
    phone.send(&doc, &world.token(first), &[Fact::Travel(travel)]);
    assert_eq!(row(first).state, OrderState::Travelling);
    let board = office.board().unwrap();
    let mark = board
        .engineers
        .iter()
        .find(|mark| mark.person.user == world.a.user)
        .unwrap();
    assert_eq!(mark.at_work.as_ref().map(|row| row.order), Some(first));
    assert_eq!((mark.orders, mark.devices), (1, 1));
    assert!(mark.as_of.is_some());
    let idle = board
        .engineers
        .iter()
        .find(|mark| mark.person.user == world.b.user)
        .unwrap();
    assert_eq!((idle.as_of, idle.devices, idle.orders), (None, 0, 0));
    assert!(idle.at_work.is_none());
}

#[test]
fn stock_follows_issues_and_uses_and_forms_that_come_twice_count_once() {
    let world = World::new();
    let office = world.office();
    let order = world.job(&[&world.a]);
    let lines = [PartLine {
        part: "K-200".to_owned(),
        qty: 5,
    }];
    let once = ActionId(world.services.env.uuid_v7());
    for _ in 0..2 {
        office
            .receive_into_store(&world.storekeeper, once, &lines, GoodsFrom::Supplier, None)
            .unwrap();
    }
    let once = ActionId(world.services.env.uuid_v7());
    let two = [PartLine {
        part: "K-200".to_owned(),
        qty: 2,
    }];
    for _ in 0..2 {
        office
            .issue_parts(
                &world.storekeeper,
                once,
                world.a.user,
                &two,
                Handover::InHand,
                Some("领料"),
            )
            .unwrap();
    }
    assert_eq!(
        code(office.issue_parts(
            &world.dispatcher,
            once,
            world.a.user,
            &two,
            Handover::InHand,
            None
        )),
        "not_allowed"
    );
    assert_eq!(
        code(office.issue_parts(
            &world.storekeeper,
            once,
            world.auditor.user,
            &two,
            Handover::InHand,
            None
        )),
        "not_an_engineer"
    );
    // A uses three, one more than the van holds: accepted, shown below zero (D.5-2a).
    let mut phone = world.phone(&world.a);
    let van = DocName::VanField(
        world.a.user,
        Shard {
            year: 2026,
            quarter: 4,
        },
    );
    let consume = Move {
        movement: "consume".to_owned(),
        part: "K-200".to_owned(),
        serial: None,
        qty: 3,
        from: Location::VanGood(world.a.user).to_string(),
        to: Location::CustomerSite(order).to_string(),
        order: Some(DocName::Order(order)),
        assignment: None,
        note: None,
        ..Default::default()
    };
    let visit = phone.visit(order);
    let travel = Step {
        assignment: world.view(order).current,
        text: None,
    };
    phone.send(&visit, &world.token(order), &[Fact::Travel(travel)]);
    phone.send(&van, &ViewToken::default(), &[Fact::Move(consume)]);
    let stock = office.stock().unwrap();
    let place = |engineer| stock.iter().find(|place| place.engineer == engineer).unwrap();
    let good = |engineer| {
        place(engineer)
            .lines
            .iter()
            .map(|line| line.good)
            .collect::<Vec<_>>()
    };
    assert_eq!(good(Some(world.a.user)), [-1]);
    assert_eq!(good(None), [3]);
    assert_eq!(world.view(order).lines.len(), 1, "the order shows the part");
}

#[test]
fn devices_are_listed_and_a_revoked_one_is_out() {
    let world = World::new();
    let office = world.office();
    let phone = world.phone(&world.a);
    let devices = office.devices(&world.admin).unwrap();
    assert_eq!(devices.len(), 1);
    assert_eq!(devices[0].engineer, "陈伟");
    assert_eq!(code(office.devices(&world.dispatcher)), "not_allowed");
    assert_eq!(
        code(office.new_enrolment_code(&world.admin, world.auditor.user)),
        "not_an_engineer"
    );
    assert_eq!(
        code(office.revoke_device(&world.admin, DeviceId(uuid::Uuid::nil()), "x")),
        "not_found"
    );
    office
        .revoke_device(&world.admin, phone.device.id, "遗失")
        .unwrap();
    let refused = world.services.service.sync(
        &phone.device,
        &fieldseal_core::wire::SyncRequest {
            version: fieldseal_core::wire::VERSION,
            ..Default::default()
        },
    );
    assert_eq!(refused.unwrap_err(), crate::pipeline::PipelineError::Revoked);
}

#[test]
fn listing_folds_only_the_orders_that_changed() {
    let world = World::new();
    let office = world.office();
    let orders: Vec<_> = (0..50).map(|_| world.job(&[&world.a])).collect();
    assert_eq!(office.board().unwrap().rows.len(), 50);
    let folded = office.views().order_folds();
    for _ in 0..5 {
        assert_eq!(office.board().unwrap().rows.len(), 50);
    }
    assert_eq!(office.views().order_folds(), folded);
    office
        .instruct(&world.dispatcher, orders[7], &ViewToken::default(), "带新印章")
        .unwrap();
    office.board().unwrap();
    assert_eq!(office.views().order_folds(), folded + 1);
}

#[test]
fn a_page_asks_for_news_once_and_the_next_page_has_them() {
    let world = World::new();
    let office = world.office();
    let orders: Vec<_> = (0..20).map(|_| world.job(&[&world.a])).collect();
    let page = office.look().unwrap();
    page.board().unwrap();
    let looks = office.views().looks();
    assert_eq!(page.board().unwrap().rows.len(), 20);
    for order in &orders {
        assert!(page.views().order(*order).unwrap().is_some());
    }
    assert_eq!(office.views().looks(), looks, "what is kept is given as it is");
    world
        .office()
        .cancel(&world.dispatcher, orders[3], &world.token(orders[3]), "重复")
        .unwrap();
    let row_of = |office: &Office| {
        let rows = office.board().unwrap().rows;
        rows.iter().find(|row| row.order == orders[3]).cloned().unwrap()
    };
    assert_eq!(row_of(&office.look().unwrap()).status, VisibleStatus::Cancelled);
    assert_eq!(row_of(office).status, VisibleStatus::Cancelled);
}
