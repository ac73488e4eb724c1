use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::domain::texts::{Lang, all};

const X: &str = "0193f2c0-0000-7000-8000-000000000001#0";
const Y: &str = "0193f2c0-0000-7000-8000-000000000002#3";
const U: &str = "0193f2c0-0000-7000-8000-0000000000a1";
const ORDER: &str = "order/0193f2c0-0000-7000-8000-0000000000b1";
const ASSET: &str = "asset/0193f2c0-0000-7000-8000-0000000000b2";

/// Every kind with all its fields, as it stands in documents for ever, and the place that it has.
fn golden() -> Vec<(&'static str, Value, &'static str)> {
    let visit = "visit/0193f2c0-0000-7000-8000-0000000000b1/0193f2c0-0000-7000-8000-0000000000a1";
    let field = "van/0193f2c0-0000-7000-8000-0000000000a1/2026q4/field";
    let office = "van/0193f2c0-0000-7000-8000-0000000000a1/2026q4/office";
    let ticket = "ticket/0193f2c0-0000-7000-8000-0000000000b3";
    let intake = "intake/0193f2c0-0000-7000-8000-0000000000a1/0193f2c0-0000-7000-8000-0000000000b3";
    let step = || json!({"assignment": X, "text": "t"});
    vec![
        (
            "set",
            json!({"subject": ASSET, "fields": {"serial": "K-1", "version": null}, "over": [X, Y]}),
            visit,
        ),
        (
            "choose",
            json!({"subject": ASSET, "field": "serial", "value": "K-1", "over": [X], "reason": "r"}),
            ASSET,
        ),
        ("hide", json!({"target": X, "reason": "r"}), visit),
        (
            "assign",
            json!({"engineers": [U], "over": [X], "reason": "r"}),
            ORDER,
        ),
        ("cancel", json!({"over": [X], "reason": "r"}), ORDER),
        ("uncancel", json!({"over": [X], "reason": "r"}), ORDER),
        ("instruct", json!({"text": "t"}), ORDER),
        (
            "return",
            json!({"revision": X, "assignment": Y, "reason": "r"}),
            ORDER,
        ),
        (
            "audit",
            json!({"revision": X, "assignment": Y, "blob": "00", "over": [X]}),
            ORDER,
        ),
        ("unaudit", json!({"over": [X], "reason": "r"}), ORDER),
        (
            "confirm",
            json!({"target": X, "verdict": "overridden", "outcome": "o", "reason": "r", "over": [Y]}),
            ORDER,
        ),
        ("pick", json!({"revision": X, "over": [Y], "reason": "r"}), ORDER),
        (
            "resolve",
            json!({"conflict": "0193f2c0-0000-5000-8000-000000000001", "note": "n"}),
            ORDER,
        ),
        (
            "waive",
            json!({"what": "photos", "revision": X, "reason": "r"}),
            ORDER,
        ),
        (
            "addendum",
            json!({"audit": X, "accepts": [Y], "text": "t"}),
            ORDER,
        ),
        ("delivered", json!({"assignment": X, "device": U}), ORDER),
        ("received", json!({"seal": X}), ORDER),
        (
            "clock_correction",
            json!({"device": "0011223344556677", "boot": 7, "off": -5, "err": 3}),
            ORDER,
        ),
        ("adopt", json!({"intake": intake, "found": X}), ORDER),
        ("number", json!({"number": "SS20261123001"}), ticket),
        (
            "ticket_state",
            json!({"state": "closed", "reason": "r", "close": "confirmed", "cause": X, "after": [ORDER]}),
            ticket,
        ),
        ("order_added", json!({"order": ORDER}), ticket),
        (
            "escalate",
            json!({"assignment": X, "to": "t", "reason": "r", "next_contact": "c",
                "promised": "2026-11-23T18:00:00+08:00"}),
            ticket,
        ),
        (
            "callback",
            json!({"way": "phone", "scores": {"solved": 5, "speed": 4, "manner": 3, "overall": 2}, "text": "t"}),
            ticket,
        ),
        ("note", json!({"text": "t"}), ticket),
        (
            "history",
            json!({"order": ORDER, "on": "2026-11-23", "outcome": "solved", "summary": "s"}),
            ASSET,
        ),
        (
            "found",
            json!({"provisional": "SS~A7-0003", "takes": true}),
            intake,
        ),
        ("accept", step(), visit),
        ("decline", step(), visit),
        (
            "contact",
            json!({"assignment": X, "channel": "phone", "reached": true, "text": "t"}),
            visit,
        ),
        ("travel", step(), visit),
        ("arrive", step(), visit),
        ("remote", json!({"assignment": X, "consent": Y}), visit),
        (
            "wait",
            json!({"assignment": X, "state": "blocked", "reason": "r"}),
            visit,
        ),
        ("progress", step(), visit),
        (
            "consent",
            json!({"assignment": X, "consent": "extension", "given_by": U, "how": "spoken",
                "new_due": "2026-11-23T18:00:00+08:00", "text": "t"}),
            visit,
        ),
        (
            "decide",
            json!({"assignment": X, "asset": ASSET, "decision": {"outcome": "o"}, "over": [Y]}),
            visit,
        ),
        ("answer", json!({"decision": X, "answer": "accepts"}), visit),
        (
            "done",
            json!({"assignment": X, "outcome": "unresolved", "reason": "r"}),
            visit,
        ),
        (
            "seal",
            json!({"assignment": X, "revision": 2, "prev": Y, "blob": "00", "lists": [X, Y], "kind": "signed"}),
            visit,
        ),
        (
            "submit",
            json!({"assignment": X, "seal": Y, "without": "customer_absent"}),
            visit,
        ),
        ("leave", step(), visit),
        (
            "photo",
            json!({"assignment": X, "blob": "00", "size": 400_000, "width": 1600, "height": 1200, "what": "symptom",
                "symptom": "shell_cracked", "about": ASSET, "taken_at": "2026-11-23T10:00:00+08:00",
                "place": {"lat_e7": 311_234_567, "lon_e7": -1_214_567_890}, "sensitive": true, "caption": "c"}),
            visit,
        ),
        (
            "move",
            json!({"movement": "consume", "part": "p", "serial": "s", "qty": 1, "from": "supplier", "to": "scrap",
                "order": ORDER, "assignment": X, "note": "n", "mirrors": Y, "scrap": "s", "photo": "00", "handover": X, "rma": "r"}),
            field,
        ),
        ("reverse", json!({"of": X, "reason": "r"}), field),
        (
            "parts_request",
            json!({"lines": [{"part": "p", "qty": 2}], "order": ORDER, "text": "t"}),
            field,
        ),
        (
            "parts_answer",
            json!({"request": X, "state": "approved", "text": "t"}),
            office,
        ),
        (
            "count",
            json!({"place": "supplier", "lines": [{"part": "p", "serial": "s", "counted": 1, "book": -1}], "of": X,
                "reason": "r"}),
            field,
        ),
        ("handover", json!({"code": "FSH1.e30"}), field),
        (
            "level",
            json!({"place": "supplier", "part": "p", "safety": 1, "min": 2, "max": 3, "over": [X]}),
            office,
        ),
        (
            "pack",
            json!({"pack": "prices", "version": "eseal@1", "blob": "00", "valid_from": "2026-01-01"}),
            "reference/index",
        ),
        (
            "user",
            json!({"user": U, "name": "n", "roles": ["engineer"], "active": true}),
            "directory",
        ),
        (
            "device",
            json!({"device": U, "user": U, "tag": "0011223344556677", "certificate": "AA=="}),
            "directory",
        ),
        (
            "device_revoked",
            json!({"tag": "0011223344556677", "reason": "lost"}),
            "directory",
        ),
    ]
}

#[test]
fn golden_payloads_of_every_kind_read_and_write_the_same() {
    let golden = golden();
    let kinds: Vec<&str> = golden.iter().map(|(kind, ..)| *kind).collect();
    assert_eq!(kinds, Fact::KINDS, "every kind, once, in order");
    for (kind, payload, doc) in golden {
        let raw = RawFact {
            kind: kind.into(),
            payload: payload.clone(),
        };
        let fact = Fact::read(&raw).unwrap().unwrap();
        assert_eq!(fact.kind(), kind);
        assert_eq!(fact.to_raw().payload, payload, "{kind}");
        assert!(has_place_in(&fact, &doc.parse().unwrap()), "{kind} in {doc}");
        // A newer version's field is ignored, not an error.
        let mut newer = payload.clone();
        newer["later"] = json!([1]);
        assert_eq!(
            Fact::read(&RawFact {
                kind: kind.into(),
                payload: newer
            })
            .unwrap()
            .unwrap(),
            fact
        );
        // A field of another type is malformed, never a panic.
        for name in payload.as_object().unwrap().keys() {
            let mut broken = payload.clone();
            broken[name] = json!({"no": {"such": "type"}});
            let read = Fact::read(&RawFact {
                kind: kind.into(),
                payload: broken,
            });
            let free = matches!(
                (kind, name.as_str()),
                ("choose", "value") | ("decide", "decision")
            );
            let map = (kind, name.as_str()) == ("set", "fields");
            assert!(free || map || read == Err(MalformedFact), "{kind}.{name}");
        }
    }
}

#[test]
fn optional_fields_may_be_absent_and_are_not_written() {
    for (kind, payload) in [
        ("set", json!({"fields": {"a": 1}})),
        ("hide", json!({"reason": "r"})),
        ("assign", json!({"engineers": [U]})),
        ("accept", json!({})),
        ("done", json!({"outcome": "solved"})),
        ("submit", json!({})),
        ("ticket_state", json!({"state": "solved"})),
        ("escalate", json!({"to": "t", "reason": "r"})),
        ("callback", json!({"way": "phone"})),
        ("found", json!({"provisional": "SS~A7-0003"})),
        (
            "photo",
            json!({"blob": "00", "size": 1, "width": 1, "height": 1, "what": "other"}),
        ),
        (
            "move",
            json!({"movement": "scrap", "part": "p", "qty": 1, "from": "suspense", "to": "scrap"}),
        ),
    ] {
        let fact = Fact::read(&RawFact {
            kind: kind.into(),
            payload: payload.clone(),
        })
        .unwrap()
        .unwrap();
        assert_eq!(fact.to_raw().payload, payload, "{kind}");
    }
}

#[test]
fn a_kind_has_no_place_in_the_other_sides_document() {
    let visit: DocName = "visit/0193f2c0-0000-7000-8000-0000000000b1/0193f2c0-0000-7000-8000-0000000000a1"
        .parse()
        .unwrap();
    let order: DocName = ORDER.parse().unwrap();
    for (kind, payload, doc) in golden() {
        let fact = Fact::read(&RawFact {
            kind: kind.into(),
            payload,
        })
        .unwrap()
        .unwrap();
        let anywhere = matches!(kind, "set" | "choose" | "hide");
        if doc.starts_with("order/") {
            assert!(!has_place_in(&fact, &visit), "{kind}");
        }
        if doc.starts_with("visit/") && !anywhere {
            assert!(!has_place_in(&fact, &order), "{kind}");
        }
    }
}

#[test]
fn i15_every_kind_conflict_and_flag_has_a_text() {
    use crate::facts::conflict::{Acts, ConflictKind, Flag};
    let mut keys: BTreeSet<String> = Fact::KINDS.iter().map(|kind| format!("fact.{kind}")).collect();
    keys.extend(ConflictKind::ALL.iter().map(|code| code.text_key().to_owned()));
    keys.extend(Acts::ALL.iter().map(|code| code.text_key().to_owned()));
    keys.extend(Flag::ALL.iter().map(|code| code.text_key().to_owned()));
    for lang in [Lang::En, Lang::ZhCn] {
        let missing: Vec<_> = keys.iter().filter(|key| !all(lang).contains_key(*key)).collect();
        assert_eq!(missing, Vec::<&String>::new());
    }
}
