//! Engineers to choose from at a dispatch: how old what is known of each is, what each has in hand, what the van
//! holds (T-20, T-21, T-22). It tells; choosing is the dispatcher's.

use fieldseal_core::domain::ids::UserId;
use fieldseal_core::facts::van::StockRow;

use crate::office::EngineerMark;
use crate::page::handlers::board::age;
use crate::page::model::Candidate;
use crate::page::present::Names;
use crate::page::words::Words;

/// One engineer. `planned` are the part numbers that the order plans; `visit` tells of the visit under way.
pub fn candidate(
    words: &Words,
    names: &Names,
    mark: &EngineerMark,
    van: &[StockRow],
    planned: &[String],
    visit: Option<&str>,
) -> (UserId, Candidate) {
    let (as_of, link, tone) = age(words, mark.as_of);
    let held = |part: &str| -> i64 { van.iter().filter(|row| row.part == part).map(|row| row.qty).sum() };
    let mut load = words.tp("page.engineers.orders", "n", mark.orders);
    if let Some(visit) = visit {
        load = format!("{load} · {visit}");
    }
    let kinds = van.iter().filter(|row| row.qty > 0).count();
    let parts: Vec<String> = planned
        .iter()
        .map(|part| format!("{} {}", names.part_text(part), held(part)))
        .collect();
    let candidate = Candidate {
        value: mark.person.user.to_string(),
        name: mark.person.name.clone(),
        as_of: if mark.devices == 0 && mark.as_of.is_none() {
            words.t("page.engineers.no_device")
        } else {
            as_of
        },
        link,
        tone,
        load,
        van: if parts.is_empty() {
            words.tp("page.van.kinds", "n", kinds)
        } else {
            words.tp("page.van.holds", "parts", parts.join(words.lang.list_separator()))
        },
        short: planned.iter().any(|part| held(part) <= 0),
        chosen: false,
    };
    (mark.person.user, candidate)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use fieldseal_core::domain::ledger::Location;
    use fieldseal_core::domain::texts::Lang;

    use super::*;
    use crate::office::Person;
    use crate::page::model::Tone;
    use crate::page::sample;

    #[test]
    fn t20_a_candidate_tells_age_load_and_the_planned_parts() {
        let words = sample::words(Lang::En);
        let hub = ("USB-HUB".to_owned(), "powered USB hub".to_owned());
        let names = Names {
            parts: Arc::new(BTreeMap::from([hub])),
            ..Names::default()
        };
        let user = UserId(uuid::Uuid::from_u128(7));
        let mark = EngineerMark {
            person: Person {
                user,
                name: "陈思远".into(),
                roles: Vec::new(),
                active: true,
            },
            as_of: Some(words.now_ms - 25 * 60_000),
            devices: 1,
            at_work: None,
            orders: 3,
        };
        let row = |part: &str, qty| StockRow {
            missing: Vec::new(),
            location: Location::VanGood(user),
            part: part.into(),
            qty,
            serials: Vec::new(),
        };
        let van = [row("KEY-U3", 6), row("FUSE-5A", -1)];
        let (id, free) = candidate(&words, &names, &mark, &van, &[], None);
        assert_eq!(id, user);
        assert_eq!(free.link, "offline since 12:40 (25 min)");
        assert_eq!((free.as_of.as_str(), free.tone), ("as of 12:40", Tone::Warn));
        assert_eq!((free.load.as_str(), free.short), ("orders: 3", false));
        assert_eq!(free.van, "van: 1 kinds of parts");
        let planned = ["KEY-U3".to_owned(), "USB-HUB".to_owned()];
        let (_, planned) = candidate(&words, &names, &mark, &van, &planned, Some("On site"));
        assert_eq!(planned.van, "van: KEY-U3 6, powered USB hub USB-HUB 0");
        assert_eq!(planned.load, "orders: 3 · On site");
        assert!(planned.short);
    }
}
