//! Until when a ticket is kept (F-29, I12).

use fieldseal_core::domain::ids::{AssetId, TicketId};
use fieldseal_core::domain::policy::{EsealPolicy, Packs, WarrantyPolicy};
use fieldseal_core::facts::kinds::Set;
use fieldseal_core::facts::{DocName, Fact};
use serde_json::json;

use super::world::World;
use crate::office::{CloseAs, NewAsset, NewTicket, PackKind};

#[test]
fn f29_i12_a_closed_ticket_is_kept_by_its_closing_and_the_warranty_of_its_units() {
    let world = World::new();
    let office = world.office();
    let by = &world.dispatcher;
    let unit = |applied_on: Option<&str>| {
        let asset = NewAsset {
            customer: world.customer,
            serial: "A-1".to_owned(),
            product: "eseal-usb".to_owned(),
            applied_on: applied_on.map(str::to_owned),
            sold_on: None,
            accepted_on: None,
            maker_warranty_end: None,
            not_removable: false,
        };
        office
            .create_asset(by, AssetId(world.services.env.uuid_v7()), &asset)
            .unwrap()
    };
    let token = |ticket| {
        let doc = DocName::Ticket(ticket);
        office.views().record(&doc).unwrap().unwrap().token.clone()
    };
    let closed = |assets: Vec<AssetId>| {
        let assets = assets.into_iter().map(DocName::Asset).collect();
        let new = NewTicket {
            assets,
            ..world.new_ticket()
        };
        let ticket = office
            .create_ticket(by, TicketId(world.services.env.uuid_v7()), new)
            .unwrap();
        assert_eq!(office.kept_until(ticket).unwrap(), None, "open");
        office
            .solve_at_desk(by, ticket, &token(ticket), "重装驱动")
            .unwrap();
        office.confirm_ticket(by, ticket, &token(ticket), "电话").unwrap();
        office
            .close_ticket(by, ticket, &token(ticket), CloseAs::Confirmed, "")
            .unwrap();
        ticket
    };
    let day = |ticket: TicketId| office.kept_until(ticket).unwrap().map(|day| day.to_string());
    assert_eq!(day(closed(Vec::new())).as_deref(), Some("2029-11-23"));
    // Covered to 2029-11-20: one year more.
    assert_eq!(
        day(closed(vec![unit(Some("2026-11-20"))])).as_deref(),
        Some("2030-11-20")
    );
    assert_eq!(
        day(closed(vec![unit(Some("2021-01-01"))])).as_deref(),
        Some("2029-11-23")
    );
    assert_eq!(day(closed(vec![unit(Some("2021-01-01")), unit(None)])), None);
    // A policy with a longer period, published later, holds it longer; nothing shortens it.
    let longer = Packs::builtin().unwrap().warranty;
    let longer = longer.iter().find_map(|policy| match policy {
        WarrantyPolicy::Eseal(policy) => Some(EsealPolicy {
            period_months: 60,
            version: 9,
            ..policy.clone()
        }),
        WarrantyPolicy::WeakCurrent(_) => None,
    });
    let json = serde_json::to_string(&WarrantyPolicy::Eseal(longer.unwrap())).unwrap();
    let ticket = closed(vec![unit(Some("2026-11-20"))]);
    office
        .publish_pack(&world.admin, PackKind::WarrantyPolicy, &json, "2027-01-01")
        .unwrap();
    assert_eq!(day(ticket).as_deref(), Some("2032-11-20"));
}

#[test]
fn f29_i12_a_unit_that_a_visit_found_counts_too() {
    let world = World::new();
    let office = world.office();
    let by = &world.dispatcher;
    let (ticket, order) = office
        .create_job(
            by,
            TicketId(world.services.env.uuid_v7()),
            world.new_job(&[&world.a]),
        )
        .unwrap();
    let mut phone = world.phone(&world.a);
    let visit = phone.visit(order);
    let found = Fact::Set(Set {
        subject: Some(DocName::Asset(AssetId(world.services.env.uuid_v7()))),
        fields: [("applied_on".to_owned(), json!("2026-11-20"))].into(),
        over: Vec::new(),
    });
    phone.send(&visit, &world.token(order), &[found]);
    phone.whole_visit(order);
    let token = || {
        office
            .views()
            .record(&DocName::Ticket(ticket))
            .unwrap()
            .unwrap()
            .token
            .clone()
    };
    office.confirm_ticket(by, ticket, &token(), "电话").unwrap();
    office
        .close_ticket(by, ticket, &token(), CloseAs::Confirmed, "")
        .unwrap();
    let day = office.kept_until(ticket).unwrap();
    assert_eq!(day.map(|day| day.to_string()).as_deref(), Some("2030-11-20"));
}
