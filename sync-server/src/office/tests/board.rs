//! The board's rows follow the records that they name, and no change is lost between two looks.

use fieldseal_core::domain::ids::{AssetId, CustomerId, OrderId, TicketId};
use fieldseal_core::domain::time::LocalTime;
use fieldseal_core::facts::kinds::{Done, Step, Wait};
use fieldseal_core::facts::{DocName, Fact};
use serde_json::{Value, json};

use super::world::World;
use crate::office::fields::Changes;
use crate::office::{BoardRow, NewAsset, searched};

fn row(world: &World, order: OrderId) -> BoardRow {
    let rows = world.office().board().unwrap().rows;
    let row = rows.iter().find(|row| row.order == order).unwrap();
    BoardRow::clone(row)
}

/// The orders that a search finds.
fn found(world: &World, words: &[&str]) -> Vec<OrderId> {
    let words = searched(&words.join(" "));
    let rows = world.office().board().unwrap().rows;
    rows.iter()
        .filter(|row| row.holds(&words))
        .map(|row| row.order)
        .collect()
}

fn edit(world: &World, doc: &DocName, field: &str, value: Value) {
    let office = world.office();
    let token = office.views().record(doc).unwrap().unwrap().token.clone();
    let changes = Changes::from([(field.to_owned(), value)]);
    office.edit(&world.dispatcher, doc, &token, &changes).unwrap();
}

fn asset(world: &World, serial: &str) -> AssetId {
    let id = AssetId(world.services.env.uuid_v7());
    let new = NewAsset {
        customer: world.customer,
        serial: serial.to_owned(),
        product: "eseal_key".to_owned(),
        applied_on: Some("2021-09-07".to_owned()),
        sold_on: None,
        accepted_on: None,
        maker_warranty_end: None,
        not_removable: false,
    };
    world.office().create_asset(&world.dispatcher, id, &new).unwrap()
}

#[test]
fn y01_a_renamed_record_is_on_the_board_and_found_at_the_next_look() {
    let world = World::new();
    let key = asset(&world, "K-1007");
    let mut job = world.new_job(&[&world.a]);
    job.ticket.assets = vec![DocName::Asset(key)];
    let once = TicketId(world.services.env.uuid_v7());
    let (_, order) = world.office().create_job(&world.dispatcher, once, job).unwrap();
    let other = world.job(&[]);
    assert_eq!(found(&world, &["k-1007"]), [order]);
    assert_eq!(found(&world, &["云锦"]).len(), 2);
    let folded = world.office().views().order_folds();

    edit(&world, &DocName::Asset(key), "serial", json!("ZX 20 31"));
    assert_eq!(found(&world, &["k-1007"]), []);
    assert_eq!(found(&world, &["zx2031"]), [order], "with spaces or without");
    assert_eq!(
        found(&world, &["识别", "zx20"]),
        [order],
        "every word, in any order"
    );
    assert_eq!(found(&world, &["识别", "zx99"]), []);

    let customer = DocName::Customer(world.customer);
    edit(&world, &customer, "name", json!("申江律师事务所"));
    assert_eq!(row(&world, order).customer_name, "申江律师事务所");
    assert_eq!(row(&world, other).customer_name, "申江律师事务所");
    assert_eq!(found(&world, &["云锦"]), []);
    edit(&world, &customer, "region", json!("浦东"));
    assert_eq!(row(&world, other).regions, ["浦东"]);
    let contact = world
        .office()
        .views()
        .names("person/")
        .unwrap()
        .into_iter()
        .next()
        .unwrap();
    assert_eq!(found(&world, &["13800000000"]).len(), 2);
    edit(&world, &contact, "phone", json!(["139 1111 2222"]));
    assert_eq!(found(&world, &["13800000000"]), []);
    assert_eq!(found(&world, &["13911112222"]).len(), 2);
    assert_eq!(
        world.office().views().order_folds(),
        folded,
        "no order was folded for it"
    );
}

#[test]
fn an_order_that_moves_to_another_customer_follows_that_one_only() {
    let world = World::new();
    let order = world.job(&[&world.a]);
    let second = CustomerId(world.services.env.uuid_v7());
    let new = crate::office::NewCustomer {
        name: "宁波港务".to_owned(),
        ..Default::default()
    };
    world
        .office()
        .create_customer(&world.dispatcher, second, new)
        .unwrap();
    assert_eq!(row(&world, order).customer_name, "云锦新材料有限公司");
    let changes = Changes::from([("customer".to_owned(), json!(DocName::Customer(second)))]);
    let token = world.token(order);
    world
        .office()
        .edit(&world.dispatcher, &DocName::Order(order), &token, &changes)
        .unwrap();
    assert_eq!(row(&world, order).customer_name, "宁波港务");
    edit(
        &world,
        &DocName::Customer(world.customer),
        "name",
        json!("不再相关"),
    );
    assert_eq!(row(&world, order).customer_name, "宁波港务");
    edit(&world, &DocName::Customer(second), "name", json!("宁波舟山港"));
    assert_eq!(row(&world, order).customer_name, "宁波舟山港");
}

#[test]
fn what_could_not_be_worked_off_is_still_to_be_given() {
    let world = World::new();
    let order = world.job(&[]);
    let views = world.office().views();
    let changed = views.take_changed().unwrap();
    assert!(changed.orders.contains(&order) && changed.records.contains(&DocName::Customer(world.customer)));
    assert!(views.take_changed().unwrap().orders.is_empty());
    views.give_back(changed);
    assert_eq!(row(&world, order).customer_name, "云锦新材料有限公司");
    edit(&world, &DocName::Customer(world.customer), "name", json!("申江"));
    views.give_back(views.take_changed().unwrap());
    assert_eq!(row(&world, order).customer_name, "申江");
}

/// The customers that a search finds, by name, each with its count of units.
fn customers(world: &World, text: &str) -> Vec<(String, usize)> {
    let words = searched(text);
    let rows = world.office().customers().unwrap().into_iter();
    rows.filter(|row| row.holds(&words))
        .map(|row| (row.name.clone(), row.units))
        .collect()
}

#[test]
fn y01_the_customers_list_follows_names_contacts_and_units() {
    let world = World::new();
    let first = |units| vec![("云锦新材料有限公司".to_owned(), units)];
    assert_eq!(customers(&world, "云锦 周敏"), first(0));
    let key = asset(&world, "K-1007");
    assert_eq!(customers(&world, "k-1007"), first(1));
    assert_eq!(world.office().units_of(world.customer).unwrap().len(), 1);

    let second = CustomerId(world.services.env.uuid_v7());
    let new = crate::office::NewCustomer {
        name: "上海申江".to_owned(),
        region: Some("浦东".to_owned()),
        ..Default::default()
    };
    let office = world.office();
    office.create_customer(&world.dispatcher, second, new).unwrap();
    assert_eq!(
        customers(&world, ""),
        [("上海申江".to_owned(), 0), ("云锦新材料有限公司".to_owned(), 1)]
    );
    edit(
        &world,
        &DocName::Asset(key),
        "customer",
        json!(DocName::Customer(second)),
    );
    assert_eq!(customers(&world, "k-1007"), [("上海申江".to_owned(), 1)]);
    assert_eq!(customers(&world, "云锦"), first(0));
    assert!(world.office().units_of(world.customer).unwrap().is_empty());
    edit(&world, &DocName::Customer(second), "name", json!("舟山港"));
    assert_eq!(customers(&world, "浦东"), [("舟山港".to_owned(), 1)]);
    assert!(customers(&world, "申江").is_empty());
    let contact = office.views().names("person/").unwrap().remove(0);
    edit(&world, &contact, "phone", json!(["139 1111 2222"]));
    assert!(customers(&world, "13800000000").is_empty());
    assert_eq!(customers(&world, "139 11112222"), first(0));
}

#[test]
fn i000_31_q8_a_report_is_due_from_leaving_until_it_is_handed_in() {
    let world = World::new();
    let order = world.job(&[&world.b]);
    let mut phone = world.phone(&world.b);
    let (doc, assignment) = (phone.visit(order), world.view(order).current);
    let step = || Step {
        assignment,
        text: None,
    };
    let done = || {
        Fact::Done(Done {
            assignment,
            outcome: "solved".to_owned(),
            reason: None,
        })
    };
    let due = || row(&world, order).times.hand_in;
    let from = || due().map(|due| (due.left.utc_ms, due.handed_in));
    let ms = |at: &str| at.parse::<LocalTime>().unwrap().utc_ms();
    let mut at = |at: &str, fact: Fact| {
        let token = world.token(order);
        phone.send_at(at, &doc, &token, &[fact]);
        ms(at)
    };
    at("2026-11-16T09:00:00+08:00", Fact::Arrive(step()));
    assert_eq!(from(), None, "he is there");
    let waiting = Wait {
        assignment,
        state: "waiting_parts".to_owned(),
        reason: "缺备件".to_owned(),
    };
    at("2026-11-16T10:00:00+08:00", Fact::Wait(waiting));
    at("2026-11-16T11:00:00+08:00", Fact::Leave(step()));
    assert_eq!(from(), None, "he comes again");
    at("2026-11-17T09:00:00+08:00", Fact::Arrive(step()));
    assert_eq!(
        from(),
        None,
        "and is there: the leaving of the day before does not count"
    );
    let ended = at("2026-11-17T10:00:00+08:00", done());
    assert_eq!(from(), Some((ended, false)), "nobody tapped that he left");
    let left = at("2026-11-17T12:00:00+08:00", Fact::Leave(step()));
    assert_eq!(from(), Some((left, false)));
    phone.seal(order, 1, None);
    assert_eq!(from(), Some((left, true)));
    let other = world.job(&[&world.b]);
    assert_eq!(row(&world, other).times.hand_in, None);
}
