use std::collections::BTreeSet;

use super::*;

#[test]
fn the_company_is_as_large_as_promised() {
    let company = Company::load().unwrap();
    let keys = company.units.iter().filter(|unit| unit.is_key()).count();
    assert!(company.customers.len() >= 40, "{}", company.customers.len());
    assert!(keys >= 120, "{keys}");
    assert!(company.units.len() - keys >= 30);
    assert!(company.parts.len() >= 60, "{}", company.parts.len());
    let today = |story: &&Story| matches!(story.when, When::Ago(_));
    assert!(company.stories.iter().filter(today).count() >= 30);
    assert!(company.stories.iter().filter(|story| !today(story)).count() >= 30);
}

#[test]
fn names_are_given_once_and_every_reference_holds() {
    let company = Company::load().unwrap();
    let once = |names: Vec<&'static str>| {
        let set: BTreeSet<&'static str> = names.iter().copied().collect();
        assert_eq!(set.len(), names.len());
        set
    };
    once(company.customers.iter().map(|customer| customer.code).collect());
    once(company.customers.iter().map(|customer| customer.phone).collect());
    once(company.units.iter().map(|unit| unit.serial).collect());
    once(company.faults.iter().map(|fault| fault.code).collect());
    once(company.faults.iter().map(|fault| fault.reported).collect());
    let parts = once(company.parts.iter().map(|part| part.number).collect());
    let prices = once(company.key_prices.iter().map(|price| price.product).collect());
    for fault in &company.faults {
        assert!(parts.contains(fault.part), "{}", fault.code);
    }
    for unit in &company.units {
        assert!(!company.faults_of(unit.product).is_empty(), "{}", unit.product);
        assert!(
            !unit.is_key() || prices.contains(unit.product),
            "{}",
            unit.product
        );
        assert!(unit.is_key() == unit.applied.is_some(), "{}", unit.serial);
        assert!(unit.is_key() || unit.sold.is_some() && unit.accepted.is_some());
    }
}

#[test]
fn keys_straddle_the_edge_and_goods_hit_every_window() {
    let company = Company::load().unwrap();
    for today in ["2026-11-25", "2027-02-28", "2028-02-29"] {
        let today: chrono::NaiveDate = today.parse().unwrap();
        let days = |age: Option<Age>| {
            age.and_then(|age| age.before(today))
                .map(|day| (today - day).num_days())
        };
        let edge = chrono::Months::new(36);
        let left: Vec<i64> = company
            .units
            .iter()
            .filter_map(|unit| unit.applied?.before(today)?.checked_add_months(edge))
            .map(|end| (end - today).num_days())
            .collect();
        let near =
            |range: std::ops::RangeInclusive<i64>| left.iter().filter(|left| range.contains(left)).count();
        assert!(near(0..=5) >= 5 && near(-5..=-1) >= 5, "{left:?}");
        assert!(near(100..=2_000) >= 30 && near(-2_000..=-100) >= 10);
        let accepted: Vec<i64> = company
            .units
            .iter()
            .filter_map(|unit| days(unit.accepted))
            .collect();
        for window in [0..=7, 8..=30, 31..=360, 370..=5_000] {
            let inside = accepted.iter().filter(|days| window.contains(*days)).count();
            assert!(inside >= 3, "{window:?}: {inside}");
        }
    }
}

#[test]
fn the_tickets_show_every_priority_channel_and_category() {
    let company = Company::load().unwrap();
    let all = |seen: BTreeSet<&str>, wanted: Vec<&str>| {
        for code in wanted {
            assert!(seen.contains(code), "{code}");
        }
    };
    let today: Vec<&Story> = company
        .stories
        .iter()
        .filter(|story| matches!(story.when, When::Ago(_)))
        .collect();
    all(
        today.iter().map(|story| story.priority.as_str()).collect(),
        Priority::ALL.iter().map(|code| code.as_str()).collect(),
    );
    all(
        company
            .stories
            .iter()
            .map(|story| story.channel.as_str())
            .collect(),
        Channel::ALL.iter().map(|code| code.as_str()).collect(),
    );
    all(
        company
            .stories
            .iter()
            .map(|story| story.category.as_str())
            .collect(),
        Category::ALL.iter().map(|code| code.as_str()).collect(),
    );
    all(
        company
            .stories
            .iter()
            .map(|story| story.order_type.as_str())
            .collect(),
        OrderType::ALL.iter().map(|code| code.as_str()).collect(),
    );
}
