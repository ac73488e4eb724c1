//! A form that was opened before somebody else saved: the value that lost stays visible, with its author, on the page
//! and on the phone (design 3, «Registers are facts too»; D.5-6).

use std::collections::BTreeMap;

use fieldseal_core::domain::ids::UserId;
use fieldseal_core::facts::conflict::ConflictKind;
use fieldseal_core::facts::registers::Field;
use fieldseal_core::facts::{DocName, OrderView};
use fieldseal_server::office::Person;
use fieldseal_tests::hands::{Deed, fields};
use serde_json::json;

use crate::company::{World, differences};

/// What a field shows and what lost: value and author of each.
fn values(field: &Field) -> (String, Vec<(String, UserId)>) {
    let shown = field.value.as_str().unwrap_or_default().to_owned();
    let mut others: Vec<_> = field
        .others
        .iter()
        .map(|entry| {
            (
                entry.value.as_str().unwrap_or_default().to_owned(),
                entry.stamp.by,
            )
        })
        .collect();
    others.sort();
    (shown, others)
}

fn window(view: &OrderView) -> (String, Vec<(String, UserId)>) {
    values(&view.fields.0["window_from"])
}

#[test]
fn d5_example_06_two_dispatchers_with_two_pages() {
    let world = World::new();
    let engineer = world.company.engineers[0];
    let phone = world.phone(engineer);
    let order = world.job(&[engineer]);
    let doc = DocName::Order(order);
    // Both opened the page at 09:00.
    let page = world.view(order).token.clone();
    let save = |by: &Person, token, from: &str| {
        let changes = BTreeMap::from([("window_from".to_owned(), json!(from))]);
        world.office().edit(by, &doc, token, &changes).unwrap().unwrap()
    };
    let (li, zhou) = (&world.company.dispatcher, &world.company.second_dispatcher);
    let (two, three) = ("2026-11-24T14:00:00+08:00", "2026-11-24T15:00:00+08:00");
    save(li, &page, two);
    save(zhou, &page, three);
    phone.settle();
    let view = world.view(order);
    assert_eq!(window(&view), (three.to_owned(), vec![(two.to_owned(), li.user)]));
    let conflict = view
        .conflicts
        .iter()
        .find(|conflict| conflict.kind == ConflictKind::FieldValues);
    assert_eq!(conflict.unwrap().field.as_deref(), Some("window_from"));
    // The engineer's phone shows the winner with the chip.
    let shown = phone.order(order).order;
    assert_eq!(differences(&view, &shown), Vec::<String>::new());
    assert_eq!(window(&shown), window(&view));
    // «Restore?»: who saw both values settles it.
    let page = world.view(order).token.clone();
    save(li, &page, two);
    phone.settle();
    assert_eq!(window(&world.view(order)), (two.to_owned(), Vec::new()));
    assert_eq!(window(&phone.order(order).order), (two.to_owned(), Vec::new()));
}

#[test]
fn a_stale_page_keeps_the_fields_that_it_did_not_change() {
    let world = World::new();
    let engineer = world.company.engineers[0];
    let order = world.job(&[engineer]);
    let doc = DocName::Order(order);
    let page = world.view(order).token.clone();
    let (li, zhou) = (&world.company.dispatcher, &world.company.second_dispatcher);
    let save = |by: &Person, name: &str, value: &str| {
        let changes = BTreeMap::from([(name.to_owned(), json!(value))]);
        world.office().edit(by, &doc, &page, &changes).unwrap().unwrap();
    };
    save(li, "window_from", "2026-11-24T14:00:00+08:00");
    save(zhou, "window_to", "2026-11-24T17:00:00+08:00");
    let phone = world.phone(engineer);
    for view in [(*world.view(order)).clone(), phone.order(order).order] {
        assert_eq!(view.fields.text("window_from"), Some("2026-11-24T14:00:00+08:00"));
        assert_eq!(view.fields.text("window_to"), Some("2026-11-24T17:00:00+08:00"));
        assert!(view.conflicts.is_empty(), "{:?}", view.conflicts);
    }
}

#[test]
fn an_engineers_stale_form_loses_nothing() {
    let world = World::new();
    let engineer = world.company.engineers[0];
    let phone = world.phone(engineer);
    let order = world.job(&[engineer]);
    phone.sync();
    phone.perform(order, &[Deed::Accept, Deed::Arrive]);
    // The form was open when another one of the same phone was saved.
    let opened = phone.order(order).token;
    let save = |text: &str| {
        let form = fields(&[("fault_found", text)]);
        phone.engine.save_report(order, &opened, form).unwrap();
    };
    save("接口松动");
    save("外壳破裂");
    phone.settle();
    let lost = vec![("接口松动".to_owned(), engineer)];
    for view in [(*world.view(order)).clone(), phone.order(order).order] {
        let found = values(&view.visits[0].fields.0["fault_found"]);
        assert_eq!(found, ("外壳破裂".to_owned(), lost.clone()));
        assert!(
            view.conflicts
                .iter()
                .any(|conflict| conflict.kind == ConflictKind::FieldValues)
        );
    }
}

#[test]
fn two_phones_of_one_engineer_lose_nothing() {
    let world = World::new();
    let engineer = world.company.engineers[0];
    let (phone, tablet) = (world.phone(engineer), world.phone(engineer));
    let order = world.job(&[engineer]);
    phone.sync();
    phone.perform(order, &[Deed::Accept, Deed::Arrive]);
    phone.settle();
    tablet.settle();
    // Both go offline with the same report on the screen.
    let saved = [(&phone, "接口松动"), (&tablet, "外壳破裂")];
    for (device, text) in saved {
        device.line.take_down();
        let token = device.order(order).token;
        let form = fields(&[("fault_found", text)]);
        device.engine.save_report(order, &token, form).unwrap();
    }
    for (device, _) in saved {
        device.line.restore();
        device.settle();
    }
    phone.settle();
    tablet.settle();
    let view = world.view(order);
    let field = &view.visits[0].fields.0["fault_found"];
    let mut all: Vec<&str> = field.entries().filter_map(|entry| entry.value.as_str()).collect();
    all.sort_unstable();
    let mut wanted = ["接口松动", "外壳破裂"];
    wanted.sort_unstable();
    assert_eq!(all, wanted);
    assert_ne!(
        field.shown.as_ref().unwrap().stamp.device,
        field.others[0].stamp.device,
        "each value says by which device"
    );
    for device in [&phone, &tablet] {
        let shown = device.order(order).order;
        assert_eq!(differences(&view, &shown), Vec::<String>::new());
        assert!(
            shown
                .conflicts
                .iter()
                .any(|conflict| conflict.kind == ConflictKind::FieldValues)
        );
    }
}
