//! Customers and units come in as tables and go out as tables (Y-37); parts and prices are published by table (Y-05, T-38).

use std::collections::BTreeSet;

use fieldseal_core::facts::DocName;

use super::world::World;
use crate::office::tables::{CustomerLine, Done, export_customers, text_of};
use crate::office::{OfficeError, PackKind};

const TABLE: &str = "\
客户,地区,地址,重点客户,联系人,电话,职务,序列号,产品,办理日期
上海申江律师事务所,上海,世纪大道 100 号,是,周伟,021 5555 0101,行政,K-1001,电子印章,2025/9/7
上海申江律师事务所,,,,李芳,,,K-1002,电子印章,2025-10-01
云锦新材料有限公司,华东,,,周敏,,,K-1003,弱电设备,
";

fn code<T: std::fmt::Debug>(result: Result<T, OfficeError>) -> &'static str {
    result.unwrap_err().code()
}

fn does(line: &CustomerLine) -> Vec<&'static str> {
    line.does.iter().map(|done| done.as_str()).collect()
}

fn head(world: &World) -> u64 {
    world.services.service.storage().read().unwrap().head().unwrap().0
}

#[test]
fn y37_a_table_is_looked_at_then_taken_and_makes_nothing_twice() {
    let world = World::new();
    let office = world.office();
    let before = head(&world);
    let looked = office.import_customers(&world.dispatcher, TABLE, false).unwrap();
    assert_eq!(head(&world), before, "looking writes nothing");
    let done: Vec<_> = looked.iter().map(does).collect();
    // The third customer and its contact are on record already.
    assert_eq!(
        done,
        [
            vec!["customer", "contact", "unit"],
            vec!["contact", "unit"],
            vec!["unit", "filled"]
        ]
    );
    assert!(
        looked
            .iter()
            .all(|line| line.refused.is_none() && line.differs.is_empty()),
        "{looked:?}"
    );

    let taken = office.import_customers(&world.dispatcher, TABLE, true).unwrap();
    assert_eq!(taken, looked);
    let row = office
        .customers()
        .unwrap()
        .into_iter()
        .find(|row| row.name == "上海申江律师事务所")
        .unwrap();
    assert!(row.key && row.units == 2);
    let customer = office
        .views()
        .record(&DocName::Customer(row.id))
        .unwrap()
        .unwrap();
    assert_eq!(customer.fields.named("contacts").len(), 2);
    let units = office.units_of(row.id).unwrap();
    assert_eq!(units[0].1.fields.text("applied_on"), Some("2025-09-07"));
    assert_eq!(units[0].1.fields.text("product"), Some("eseal_key"));
    for doc in customer.fields.named("contacts") {
        assert!(office.views().record(&doc).unwrap().is_some());
    }

    let before = head(&world);
    let again = office.import_customers(&world.dispatcher, TABLE, true).unwrap();
    assert_eq!(head(&world), before);
    assert!(
        again
            .iter()
            .all(|line| line.does.is_empty() && line.refused.is_none()),
        "{again:?}"
    );
    // What leaves comes back, and changes nothing either.
    let out = export_customers(office, &world.dispatcher).unwrap();
    let text = text_of(&out).unwrap();
    assert!(
        text.contains("K-1003") && text.contains("021 5555 0101"),
        "{text}"
    );
    let back = office.import_customers(&world.dispatcher, &text, true).unwrap();
    assert_eq!(head(&world), before, "{back:?}");
}

#[test]
fn y37_what_the_record_says_otherwise_stays_and_is_named() {
    let world = World::new();
    let office = world.office();
    office.import_customers(&world.dispatcher, TABLE, true).unwrap();
    let changed = "客户,地区,序列号,办理日期,版本号\n上海申江律师事务所,北京,k-1001,2020-01-01,3.2\n";
    let lines = office.import_customers(&world.dispatcher, changed, true).unwrap();
    assert_eq!(lines[0].differs, [2, 4]);
    assert_eq!(
        lines[0].does,
        BTreeSet::from([Done::Filled]),
        "the version was not known"
    );
    let row = office
        .customers()
        .unwrap()
        .into_iter()
        .find(|row| row.name == "上海申江律师事务所")
        .unwrap();
    assert_eq!(row.region, "上海");
    let unit = office.units_of(row.id).unwrap().remove(0).1;
    assert_eq!(
        (unit.fields.text("applied_on"), unit.fields.text("version")),
        (Some("2025-09-07"), Some("3.2"))
    );
}

#[test]
fn y37_a_bad_line_is_named_by_column_and_the_others_are_taken() {
    let world = World::new();
    let office = world.office();
    office.import_customers(&world.dispatcher, TABLE, true).unwrap();
    let text = "\
customer,contact,phone,serial,applied_on
,x,,,
好公司,,13800000000,,
好公司,,,K-5001,2025-02-30
好公司,,,,2025-02-03
好公司,,,K-5002,2025-02-03
好公司,,,k-5002,
别的公司,,,K-1001,
";
    let lines = office.import_customers(&world.dispatcher, text, true).unwrap();
    let refused: Vec<_> = lines.iter().map(|line| line.refused).collect();
    assert_eq!(
        refused,
        [
            Some(("empty", 1)),
            Some(("contact_missing", 3)),
            Some(("bad_date", 5)),
            Some(("serial_missing", 5)),
            None,
            Some(("serial_twice", 4)),
            Some(("serial_of_another", 4)),
        ]
    );
    let names: Vec<String> = office
        .customers()
        .unwrap()
        .iter()
        .map(|row| row.name.clone())
        .collect();
    assert!(
        names.contains(&"好公司".to_owned()) && !names.contains(&"别的公司".to_owned()),
        "{names:?}"
    );
    // A quote that never ends swallowed the lines behind it.
    let open = office
        .import_customers(&world.dispatcher, "客户,地区\n\"甲,东\n乙,西\n", true)
        .unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].refused, Some(("bad_value", 1)));
    assert_eq!(
        code(office.import_customers(&world.b, TABLE, false)),
        "not_allowed"
    );
    assert_eq!(code(export_customers(office, &world.storekeeper)), "not_allowed");
}

/// A name that a spreadsheet program would run as a formula leaves as text, and comes back as it was.
#[test]
fn y37_nothing_leaves_as_a_formula() {
    let world = World::new();
    let office = world.office();
    let text = "customer,contact,phone\n=HYPERLINK(\"http://x\"),@SUM(1),+86 138 0000\n";
    office.import_customers(&world.dispatcher, text, true).unwrap();
    let out = text_of(&export_customers(office, &world.dispatcher).unwrap()).unwrap();
    for cell in out.lines().flat_map(|line| line.split(',')) {
        let cell = cell.trim_matches('"');
        assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
    }
    assert!(out.contains("'=HYPERLINK") && out.contains("'+86 138 0000"));
    let before = head(&world);
    office.import_customers(&world.dispatcher, &out, true).unwrap();
    assert_eq!(head(&world), before);
}

#[test]
fn y05_t36_t38_tables_of_parts_and_prices_are_the_next_versions_from_a_day() {
    let world = World::new();
    let office = world.office();
    let parts =
        |text: &str, from: &str| office.publish_table(&world.storekeeper, PackKind::Parts, text, from);
    parts(
        "料号,名称,英文名称\nKEY-BLANK,空白印章 KEY,Blank key\n",
        "2026-01-01",
    )
    .unwrap();
    parts("料号,名称\nKEY-BLANK,空白印章\nCABLE,USB 线\n", "2026-11-01").unwrap();
    let list = |day: &str| office.views().part_list(day.parse().unwrap()).unwrap();
    assert_eq!(
        (list("2026-05-01").version, list("2026-05-01").parts.len()),
        (1, 1)
    );
    assert_eq!(
        (list("2026-11-23").version, list("2026-11-23").parts.len()),
        (2, 2)
    );
    assert_eq!(code(parts("料号,名称\n", "2026-01-01")), "table_empty");
    assert_eq!(code(parts("料号,名称\nA,x\n", "soon")), "bad_value");
    let prices = "key,amount,valid_from\nprice.original,120,2026-01-01\n";
    let publish = |by| office.publish_table(by, PackKind::Prices, prices, "2026-01-01");
    assert_eq!(
        code(publish(&world.storekeeper)),
        "not_allowed",
        "prices are a supervisor's"
    );
    publish(&world.auditor).unwrap();
}

#[test]
fn y37_another_phone_of_a_known_contact_is_named_and_an_open_quote_takes_no_lines_with_it() {
    let world = World::new();
    let office = world.office();
    office.import_customers(&world.dispatcher, TABLE, true).unwrap();
    let other = "客户,联系人,电话,职务\n上海申江律师事务所,周伟,139 9999 9999,行政\n上海申江律师事务所,周伟,021 5555 0101,\n";
    let lines = office.import_customers(&world.dispatcher, other, true).unwrap();
    assert_eq!(lines[0].differs, [3], "{lines:?}");
    assert!(lines[1].differs.is_empty(), "{lines:?}");
    let open = "客户,地址\n甲公司,\"人民路 1 号\n乙公司,人民路 2 号\n";
    let lines = office.import_customers(&world.dispatcher, open, true).unwrap();
    assert_eq!(lines[0].refused, Some(("bad_value", 2)), "{lines:?}");
}
