//! Bad input on the phone: signatures without strokes, reports with blanks, parts that the van does not hold, a file of
//! a newer app. Each is said in both languages; nothing moves, nothing is lost.

use fieldseal_core::device::EngineError;
use fieldseal_core::device::engine::{Closing, Engine, OpenOptions, Pieces, SealRequest, Step};
use fieldseal_core::domain::calendar::CompanyZone;
use fieldseal_core::domain::scribble::scribble;
use fieldseal_core::domain::signature::{Point, Strokes, StrokesError};
use fieldseal_core::domain::texts::{Lang, all};
use fieldseal_core::domain::work::Outcome;
use fieldseal_core::facts::conflict::ConflictKind;
use fieldseal_tests::hands::{Deed, PART, fields, signed};

use crate::company::{ISSUED, World, differences, said};

#[test]
fn a_signature_without_strokes_does_not_exist() {
    let tap = Point {
        x: 10,
        y: 10,
        t: 0,
        pressure: None,
    };
    for strokes in [Vec::new(), vec![Vec::new()], vec![vec![tap]], vec![vec![tap; 20]]] {
        let error = Strokes::new(10_000, 3_400, strokes).unwrap_err();
        assert_eq!(error, StrokesError::Empty);
        for lang in Lang::ALL {
            assert!(all(*lang).contains_key(error.text_key()));
        }
    }
    // Also not by the way of a stored form.
    let whole = serde_json::to_value(scribble(1).unwrap()).unwrap();
    let read: Strokes = serde_json::from_value(whole.clone()).unwrap();
    assert_eq!(read, scribble(1).unwrap());
    let mut empty = whole;
    for value in empty.as_object_mut().unwrap().values_mut() {
        if let Some(list) = value.as_array_mut() {
            list.clear();
        }
    }
    serde_json::from_value::<Strokes>(empty).unwrap_err();
}

#[test]
fn sealing_with_blanks_names_every_one_of_them() {
    let world = World::new();
    let engineer = world.company.engineers[0];
    let phone = world.phone(engineer);
    let order = world.job(&[engineer]);
    phone.sync();
    phone.perform(order, &[Deed::Accept, Deed::Travel, Deed::Arrive]);
    let blanks = |request: SealRequest, wanted: &[&str]| {
        let before = phone.order(order);
        let error = phone.engine.seal(order, &before.token, request).unwrap_err();
        said(&error, wanted);
        assert_eq!(phone.order(order), before, "no view moved");
    };
    let mut missing = vec![
        "missing.fault_found",
        "missing.action_taken",
        "missing.outcome",
        "missing.opinion",
        "missing.signer_name",
        "missing.signer_role",
    ];
    blanks(signed(), &missing);
    let fills = [
        ("fault_found", "外壳破裂"),
        ("action_taken", "重新制作"),
        ("", ""),
        ("opinion_kind", "opinion"),
        ("signer_name", "王敏"),
        ("signer_role", "出纳"),
    ];
    for (field, value) in fills {
        let token = phone.order(order).token;
        if field.is_empty() {
            let done = Step::Done {
                outcome: Outcome::Solved,
                reason: None,
            };
            phone.engine.step(order, &token, done).unwrap();
        } else {
            let form = fields(&[(field, value)]);
            phone.engine.save_report(order, &token, form).unwrap();
        }
        missing.remove(0);
        let mut now = missing.clone();
        if field != "fault_found" && field != "action_taken" && !field.is_empty() {
            // An opinion needs its words, right behind its kind.
            now.insert(0, "missing.opinion_text");
        }
        blanks(signed(), &now);
    }
    let refusal = SealRequest {
        language: Lang::ZhCn,
        closing: Closing::Refused {
            reason: " ".to_owned(),
            witness: String::new(),
        },
    };
    let token = phone.order(order).token;
    let said_by_customer = fields(&[("opinion_text", "希望更快")]);
    phone.engine.save_report(order, &token, said_by_customer).unwrap();
    blanks(refusal, &["missing.refusal_reason", "missing.refusal_witness"]);
    // With everything there it seals, once.
    let token = phone.order(order).token;
    phone.engine.seal(order, &token, signed()).unwrap();
    blanks(signed(), &["step_problem.sealed"]);
    phone.settle();
    assert_eq!(
        differences(&world.view(order), &phone.order(order).order),
        Vec::<String>::new()
    );
}

#[test]
fn d5_example_02a_more_is_used_than_the_van_holds() {
    let world = World::new();
    let engineer = world.company.engineers[0];
    let phone = world.phone(engineer);
    let order = world.job(&[engineer]);
    phone.sync();
    phone.perform(order, &[Deed::Accept, Deed::Arrive]);
    let used = Pieces {
        part: PART.to_owned(),
        qty: ISSUED + 1,
        serial: None,
    };
    let token = phone.order(order).token;
    phone.engine.use_part(order, &token, used).unwrap();
    let short = |conflicts: &[fieldseal_core::facts::conflict::Conflict]| {
        conflicts
            .iter()
            .any(|conflict| conflict.kind == ConflictKind::NegativeStock)
    };
    // A phone with no signal cannot be refused; what is issued counts as held (D.5-2a).
    let before = phone.engine.stock().unwrap();
    let balance = |van: &fieldseal_core::facts::VanView| -> i64 {
        let rows = van.good.iter().chain(&van.coming);
        rows.filter(|row| row.part == PART).map(|row| row.qty).sum()
    };
    assert_eq!(balance(&before), -1);
    assert!(short(&before.stock.conflicts), "{:?}", before.stock.conflicts);
    phone.settle();
    let places = world.office().stock().unwrap();
    let place = places
        .iter()
        .find(|place| place.engineer == Some(engineer))
        .unwrap();
    let line = place.lines.iter().find(|line| line.part == PART).unwrap();
    assert_eq!(line.good + line.in_transit, -1, "the office sees the discrepancy");
    assert_eq!(world.view(order).lines[0].qty, ISSUED + 1);
    let token = phone.order(order).token;
    let none = Pieces {
        part: PART.to_owned(),
        qty: 0,
        serial: None,
    };
    let error = phone.engine.use_part(order, &token, none).unwrap_err();
    said(&error, &["step_problem.quantity"]);
}

#[test]
fn a_file_of_a_newer_app_is_refused_untouched() {
    let world = World::new();
    let phone = world.phone(world.company.engineers[0]);
    phone.engine.shutdown().unwrap();
    let raw = rusqlite::Connection::open(&phone.path).unwrap();
    raw.pragma_update(None, "user_version", 9_999).unwrap();
    raw.close().unwrap();
    // Reading may leave the journal's companions beside the file; they hold nothing.
    let files = || {
        let journal = std::fs::read(phone.path.with_extension("sqlite-wal"));
        (std::fs::read(&phone.path).unwrap(), journal.unwrap_or_default())
    };
    let before = files();
    let error = Engine::open(OpenOptions {
        path: phone.path.clone(),
        key: None,
        env: world.env.clone(),
        zone: CompanyZone::default(),
    })
    .unwrap_err();
    assert_eq!(error, EngineError::Newer);
    said(&error, &[]);
    assert!(files() == before, "a byte was touched");
}
