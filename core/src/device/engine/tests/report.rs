//! From the damaged key to the sealed report: decide, use parts, sign, correct, hand in.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::support::*;
use crate::device::EngineError;
use crate::device::engine::{Closing, Examination, Pieces, SealRequest, Step, Unsealed};
use crate::device::store::blobs;
use crate::device::store::changes::Origin;
use crate::domain::sealed::{Signing, verify_chain, verify_sealed};
use crate::domain::signature::{Point, Strokes};
use crate::domain::texts::Lang;
use crate::domain::warranty::{CustomerAnswer, PhotographyForbidden, SymptomEvidence, WarrantyOutcome};
use crate::domain::work::{AttemptChannel, Outcome, Symptom};
use crate::facts::{DocName, Fact, kinds};

/// A pen that goes to and fro, as a hand does.
fn strokes(points: u16) -> Strokes {
    let wave = |at: u32, period: u32, height: u32| {
        let phase = at % (2 * period);
        let up = if phase < period { phase } else { 2 * period - phase };
        u16::try_from(up * height / period).unwrap()
    };
    let point = |at: u16| Point {
        x: wave(u32::from(at), 1_900, 10_000),
        y: wave(u32::from(at), 170, 4_000),
        t: u32::from(at) * 8,
        pressure: Some(at % 1_000),
    };
    Strokes::new(10_000, 4_000, vec![(0..points).map(point).collect()]).unwrap()
}

pub(super) fn signed(points: u16) -> SealRequest {
    SealRequest {
        language: Lang::ZhCn,
        closing: Closing::Signed {
            strokes: strokes(points),
        },
    }
}

fn cracked(witness: crate::domain::ids::PersonId) -> Examination {
    Examination::Eseal {
        works: false,
        tested_elsewhere: true,
        inspected: true,
        inspection_photos: BTreeSet::new(),
        symptoms: BTreeMap::from([(Symptom::ShellCracked, SymptomEvidence::default())]),
        photography_forbidden: Some(PhotographyForbidden {
            reason: "机房禁止拍照".to_owned(),
            witness,
        }),
        quantity: 1,
    }
}

fn step(phone: &Phone, step: Step) {
    let token = phone.token();
    phone.engine.step(order_id(), &token, step).unwrap();
}

fn report(phone: &Phone, fields: &[(&str, serde_json::Value)]) {
    let token = phone.token();
    phone.engine.save_report(order_id(), &token, map(fields)).unwrap();
}

/// Everything up to the signature.
pub(super) fn worked(phone: &Phone) {
    step(phone, Step::Accept { plan: None });
    step(
        phone,
        Step::Contact {
            channel: AttemptChannel::Phone,
            reached: true,
            text: None,
        },
    );
    step(phone, Step::Travel);
    step(phone, Step::Arrive);
    let token = phone.token();
    let (witness, _) = phone
        .engine
        .record_person(&token, map(&[("name", "李雷".into()), ("role", "保安".into())]))
        .unwrap();
    let token = phone.token();
    let (decision, saved) = phone
        .engine
        .examine(order_id(), &token, &id("asset", 0x33), cracked(witness))
        .unwrap();
    assert_eq!(decision.outcome, WarrantyOutcome::UserDamage);
    let token = phone.token();
    phone
        .engine
        .answer(order_id(), &token, saved.facts[0], CustomerAnswer::Accepts)
        .unwrap();
    let token = phone.token();
    phone
        .engine
        .use_part(
            order_id(),
            &token,
            Pieces {
                part: "KEY-BLANK".to_owned(),
                qty: 1,
                serial: Some("K-2001".to_owned()),
            },
        )
        .unwrap();
    report(
        phone,
        &[
            ("fault_found", "外壳破裂".into()),
            ("action_taken", "更换新印章".into()),
            ("opinion_kind", "satisfied".into()),
            ("signer_name", "王芳".into()),
            ("signer_role", "财务".into()),
        ],
    );
    step(
        phone,
        Step::Done {
            outcome: Outcome::Solved,
            reason: None,
        },
    );
}

pub(super) fn seal(phone: &Phone) -> crate::device::engine::Sealed {
    let token = phone.token();
    phone.engine.seal(order_id(), &token, signed(300)).unwrap()
}

#[test]
fn i05_a_whole_job_is_sealed_and_verifies_from_its_file_alone() {
    let office = Office::new();
    let (mut phone, assignment) = phone_with_order(1, user(1), &office);
    worked(&phone);
    let sealed = seal(&phone);
    assert_eq!(sealed.revision, 1);
    let verified = verify_sealed(&sealed.bytes, None).unwrap();
    let content = &verified.content;
    assert_eq!(verified.sha256, sealed.sha256);
    assert_eq!(content.order.number, "SS20261123001");
    assert_eq!(content.order.reported_on.as_deref(), Some("2026-11-20"));
    assert_eq!(content.customer.name, "上海浦东机场有限公司");
    assert_eq!(content.assets[0].serial.as_deref(), Some("K-1007"));
    assert_eq!(content.report.fault_found, "外壳破裂");
    assert_eq!(content.report.outcome, Outcome::Solved);
    assert_eq!(content.lines.len(), 1);
    assert_eq!(content.lines[0].name, "KEY-BLANK", "no parts list: the number");
    assert_eq!(content.lines[0].serial.as_deref(), Some("K-2001"));
    assert_eq!(content.decisions[0].decision.outcome, WarrantyOutcome::UserDamage);
    assert_eq!(content.decisions[0].answer, Some(CustomerAnswer::Accepts));
    assert!(!content.decisions[0].shown.is_empty());
    assert_eq!(content.photography_forbidden.as_ref().unwrap().witness, "李雷");
    assert!(matches!(&content.signing, Signing::Signed { name, .. } if name == "王芳"));
    assert_eq!(
        content
            .times
            .iter()
            .map(|time| time.what.as_str())
            .collect::<Vec<_>>(),
        ["accept", "travel", "arrive", "done"]
    );
    assert_eq!(content.total, None, "no price list: the amount is open (Q4)");

    // The fact names everything that was shown, and its file is on disk and in the outbox.
    let details = phone.engine.order(order_id()).unwrap();
    let visit = &details.order.visits[0];
    assert_eq!(visit.current_seal, Some(sealed.saved.facts[0]));
    assert_eq!(visit.seals[0].assignment, Some(assignment));
    assert!(visit.unsigned.is_empty(), "{:?}", visit.unsigned);
    assert!(details.order.needs.is_empty());
    phone.restart();
    assert_eq!(phone.engine.sealed_file(order_id(), 1).unwrap(), sealed.bytes);
    assert_eq!(
        phone.engine.sealed_file(order_id(), 2),
        Err(EngineError::NotFound)
    );
    let first: (String, i64) = phone
        .engine
        .inner
        .store
        .read(|connection| {
            Ok::<_, crate::device::store::StoreError>(connection.query_row(
                "SELECT name, doc_value FROM outbox LIMIT 1",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?)
        })
        .unwrap();
    assert_eq!(
        first,
        (DocName::Visit(order_id(), user(1)).to_string(), 0),
        "the sealed report goes first"
    );

    let token = phone.token();
    phone.engine.submit(order_id(), &token, None).unwrap();
    assert_eq!(phone.engine.orders().unwrap()[0].state, "submitted");
}

#[test]
fn parts_are_sealed_under_the_name_of_the_days_list_in_the_reports_language() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let list = |version: u32, number: &str, zh: &str, en: &str| {
        format!(
            r#"{{"id":"parts","version":{version},"parts":[{{"number":"{number}","name":{{"zh-CN":"{zh}","en":"{en}"}}}}]}}"#
        )
    };
    let files = [
        ("2025-01-01", list(1, "KEY-BLANK", "旧名", "old name")),
        ("2026-11-23", list(2, "KEY-BLANK", "空白KEY", "blank key")),
        ("2026-11-24", list(3, "KEY-BLANK", "明天", "tomorrow")),
    ];
    let index = |files: &[(&str, String)]| -> Vec<Fact> {
        let pack = |(from, bytes): &(&str, String)| {
            Fact::Pack(kinds::Pack {
                pack: "parts".to_owned(),
                version: format!("parts@{from}"),
                blob: hex::encode(Sha256::digest(bytes)),
                valid_from: (*from).to_owned(),
            })
        };
        files.iter().map(pack).collect()
    };
    let put = |bytes: &str| {
        let store = &phone.engine.inner.store;
        store
            .write(|transaction| {
                blobs::put(transaction, bytes.as_bytes(), Origin::Foreign)?;
                Ok::<_, crate::device::store::StoreError>(())
            })
            .unwrap();
    };
    let sealed_as = |language: Lang| {
        let token = phone.token();
        let request = SealRequest {
            language,
            ..signed(300)
        };
        let sealed = phone.engine.seal(order_id(), &token, request).unwrap();
        let content = verify_sealed(&sealed.bytes, None).unwrap().content;
        assert_eq!(content.lines[0].part, "KEY-BLANK");
        content.lines[0].name.clone()
    };
    worked(&phone);
    phone.pull(&[office.write(&DocName::ReferenceIndex, &index(&files)).1]);
    assert_eq!(
        sealed_as(Lang::ZhCn),
        "KEY-BLANK",
        "named, not arrived: sealing does not wait"
    );
    for (_, bytes) in &files {
        put(bytes);
    }
    let correct = |reason: &str| {
        let token = phone.token();
        phone.engine.open_correction(order_id(), &token, reason).unwrap();
    };
    correct("一");
    assert_eq!(sealed_as(Lang::ZhCn), "空白KEY");
    correct("二");
    assert_eq!(sealed_as(Lang::En), "blank key");

    let other = [("2026-11-23", "no list at all".to_owned())];
    put(&other[0].1);
    phone.pull(&[office.write(&DocName::ReferenceIndex, &index(&other)).1]);
    correct("三");
    assert_eq!(
        sealed_as(Lang::En),
        "KEY-BLANK",
        "nobody is kept from sealing by it"
    );
}

#[test]
fn sealing_names_everything_that_is_missing() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let missing = |phone: &Phone| -> Vec<String> {
        let missing = phone.engine.missing_for_seal(order_id()).unwrap();
        missing.iter().map(|gap| gap.code.as_str().to_owned()).collect()
    };
    assert_eq!(
        missing(&phone),
        [
            "fault_found",
            "action_taken",
            "outcome",
            "opinion",
            "signer_name",
            "signer_role",
            "signature"
        ]
    );
    report(
        &phone,
        &[("examined", serde_json::json!([id("asset", 0x33).to_string()]))],
    );
    let token = phone.token();
    assert_eq!(
        problems(phone.engine.seal(order_id(), &token, signed(300))),
        [
            "missing.fault_found",
            "missing.action_taken",
            "missing.outcome",
            "missing.opinion",
            "missing.signer_name",
            "missing.signer_role",
            "missing.decision"
        ]
    );
    let unready = phone
        .engine
        .submit(order_id(), &token, Some(Unsealed::CustomerAbsent));
    assert_eq!(problems(unready), ["step_problem.not_ready"]);
    assert_eq!(
        phone.engine.status().unwrap().unsent,
        1,
        "a refused seal leaves nothing"
    );
}

#[test]
fn a_symptom_without_evidence_is_named() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    worked(&phone);
    let token = phone.token();
    let Examination::Eseal { symptoms, .. } = cracked(crate::domain::ids::PersonId(uuid::Uuid::nil())) else {
        panic!("another kind of goods")
    };
    let unproven = Examination::Eseal {
        works: false,
        tested_elsewhere: true,
        inspected: true,
        inspection_photos: BTreeSet::new(),
        symptoms,
        photography_forbidden: None,
        quantity: 1,
    };
    let (decision, _) = phone
        .engine
        .examine(order_id(), &token, &id("asset", 0x33), unproven)
        .unwrap();
    assert_eq!(decision.outcome, WarrantyOutcome::Undetermined);
    let details = phone.engine.order(order_id()).unwrap();
    assert_eq!(details.order.decisions.len(), 2);
    let token = phone.token();
    assert_eq!(
        problems(phone.engine.seal(order_id(), &token, signed(300))),
        ["missing.symptom_evidence"],
        "the newest decision counts: it supersedes the one before"
    );
}

#[test]
fn a_sealed_report_is_corrected_by_the_next_revision_only() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    worked(&phone);
    let token = phone.token();
    assert_eq!(
        problems(phone.engine.open_correction(order_id(), &token, "x")),
        ["step_problem.not_sealed"]
    );
    let first = seal(&phone);
    let token = phone.token();
    let edit = map(&[("action_taken", "更换两枚".into())]);
    assert_eq!(
        problems(phone.engine.save_report(order_id(), &token, edit.clone())),
        ["step_problem.sealed"]
    );
    assert_eq!(
        problems(phone.engine.seal(order_id(), &token, signed(300))),
        ["step_problem.sealed"]
    );
    assert_eq!(
        problems(phone.engine.open_correction(order_id(), &token, " ")),
        ["step_problem.reason_missing"]
    );
    phone
        .engine
        .open_correction(order_id(), &token, "数量写错")
        .unwrap();
    let token = phone.token();
    phone.engine.save_report(order_id(), &token, edit).unwrap();
    let second = seal(&phone);
    assert_eq!(second.revision, 2);
    let chain = verify_chain(&[&first.bytes, &second.bytes], None).unwrap();
    assert_eq!(chain[1].content.correction.as_deref(), Some("数量写错"));
    assert_eq!(chain[0].content.report.action_taken, "更换新印章");
    assert_eq!(chain[1].content.report.action_taken, "更换两枚");
    // The first revision is there for ever, and the report is closed again.
    assert_eq!(phone.engine.sealed_file(order_id(), 1).unwrap(), first.bytes);
    let token = phone.token();
    assert_eq!(
        problems(
            phone
                .engine
                .save_report(order_id(), &token, map(&[("fault_found", "x".into())]))
        ),
        ["step_problem.sealed"]
    );
}

#[test]
fn the_customer_signs_what_the_screen_showed() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    worked(&phone);
    let shown = phone.token();
    // The tablet's edit arrives between showing and signing.
    let tablet = self::phone(2, user(1));
    tablet.pull(&phone.changes());
    report(&tablet, &[("action_taken", "另有一句".into())]);
    phone.pull(&tablet.changes());
    assert_eq!(
        problems(phone.engine.seal(order_id(), &shown, signed(300))),
        ["step_problem.stale"]
    );
    seal(&phone);
}

#[test]
fn a_refusal_needs_reason_and_witness_and_a_long_signature_is_thinned() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    worked(&phone);
    let refuse = |reason: &str, witness: &str| SealRequest {
        language: Lang::En,
        closing: Closing::Refused {
            reason: reason.to_owned(),
            witness: witness.to_owned(),
        },
    };
    let token = phone.token();
    assert_eq!(
        problems(phone.engine.seal(order_id(), &token, refuse("", ""))),
        ["missing.refusal_reason", "missing.refusal_witness"]
    );
    let long = phone.engine.seal(order_id(), &token, signed(15_000)).unwrap();
    assert!(long.bytes.len() <= 16 * 1024);
    let other = self::phone(2, user(1));
    other.pull(&phone.changes()[..phone.changes().len() - 1]);
    let token = other.token();
    let refused = other
        .engine
        .seal(order_id(), &token, refuse("no time", "韩梅梅"))
        .unwrap();
    let verified = verify_sealed(&refused.bytes, None).unwrap();
    assert!(matches!(verified.content.signing, Signing::Refused { witness, .. } if witness == "韩梅梅"));
    // Both seals of one draft stand; the files of both are there on both phones once exchanged.
    phone.pull(&other.changes());
    let details = phone.engine.order(order_id()).unwrap();
    assert_eq!(details.order.visits[0].seals.len(), 2);
    assert!(!phone.engine.conflicts().unwrap().is_empty());
}

#[test]
fn q32_policy_and_price_are_those_valid_today_and_the_built_in_ones_only_without_an_index() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let token = phone.token();
    let (witness, _) = phone
        .engine
        .record_person(&token, map(&[("name", "李雷".into())]))
        .unwrap();
    let decide = || {
        let token = phone.token();
        phone
            .engine
            .examine(order_id(), &token, &id("asset", 0x33), cracked(witness))
    };
    let (builtin, _) = decide().unwrap();
    assert_eq!(builtin.policy.to_string(), "eseal@1");
    assert_eq!(builtin.price, None);

    let policy = |version: u32, valid_from: &str| {
        include_str!("../../../../policies/eseal-v1.json")
            .replace("\"version\": 1", &format!("\"version\": {version}"))
            .replace("2020-01-01", valid_from)
    };
    let prices = |version: u32, fen: u32| {
        format!(
            r#"{{"id":"cn","version":{version},"entries":[{{"key":"price.new_application","amount":{fen},"valid_from":"2020-01-01"}}]}}"#
        )
    };
    let pack = |kind: &str, version: &str, valid_from: &str, bytes: &str| {
        let blob: [u8; 32] = Sha256::digest(bytes).into();
        Fact::Pack(kinds::Pack {
            pack: kind.to_owned(),
            version: version.to_owned(),
            blob: hex::encode(blob),
            valid_from: valid_from.to_owned(),
        })
    };
    let files = [
        ("policy", "eseal@2", "2026-01-01", policy(2, "2026-01-01")),
        ("policy", "eseal@3", "2027-01-01", policy(3, "2027-01-01")),
        ("prices", "cn@1", "2025-01-01", prices(1, 8_000)),
        ("prices", "cn@2", "2026-11-23", prices(2, 9_900)),
        ("prices", "cn@3", "2026-11-24", prices(3, 1)),
    ];
    let facts: Vec<Fact> = files
        .iter()
        .map(|(kind, version, from, bytes)| pack(kind, version, from, bytes))
        .collect();
    phone.pull(&[office.write(&DocName::ReferenceIndex, &facts).1]);
    // The index names packs that have not arrived: nothing is guessed.
    assert_eq!(problems(decide()), ["step_problem.pack_missing"]);
    phone
        .engine
        .inner
        .store
        .write(|transaction| {
            for (.., bytes) in &files {
                blobs::put(transaction, bytes.as_bytes(), Origin::Foreign)?;
            }
            Ok::<_, crate::device::store::StoreError>(())
        })
        .unwrap();
    let (decision, _) = decide().unwrap();
    assert_eq!(
        decision.policy.to_string(),
        "eseal@2",
        "the next one begins next year"
    );
    let price = decision.price.unwrap();
    assert_eq!((price.list.to_string().as_str(), price.amount.0), ("cn@2", 9_900));
    assert_eq!(price.told_on.to_string(), "2026-11-23");
    assert_eq!(decision.inputs, {
        let crate::domain::warranty::Inputs::Eseal(case) = decision.inputs.clone() else {
            panic!("another kind of goods")
        };
        assert_eq!(case.applied_on.unwrap().to_string(), "2026-01-10");
        assert_eq!(case.reported_on.to_string(), "2026-11-20");
        crate::domain::warranty::Inputs::Eseal(case)
    });
    let unknown = phone
        .engine
        .examine(order_id(), &phone.token(), &id("asset", 0x77), cracked(witness));
    assert_eq!(problems(unknown), ["step_problem.unknown_asset"]);
}

#[test]
fn more_than_the_van_holds_is_taken_and_bad_lines_are_not() {
    let office = Office::new();
    let (phone, assignment) = phone_with_order(1, user(1), &office);
    let token = phone.token();
    let take = |part: &str, qty| {
        phone.engine.use_part(
            order_id(),
            &token,
            Pieces {
                part: part.to_owned(),
                qty,
                serial: None,
            },
        )
    };
    assert_eq!(problems(take("FUSE", 0)), ["step_problem.quantity"]);
    assert_eq!(problems(take(" ", 1)), ["step_problem.part_missing"]);
    let used = take("FUSE", 3).unwrap();
    let (name, bytes) = phone.changes().pop().unwrap();
    assert_eq!(name.to_string(), format!("van/{}/2026q4/field", user(1)));
    let action = crate::documents::read_change(&bytes).unwrap().action;
    assert_eq!(action.facts[0].payload["assignment"], assignment.to_string());
    let lines = phone.engine.order(order_id()).unwrap().order.lines;
    assert_eq!((lines.len(), lines[0].qty), (1, 3));
    let van = phone.engine.stock().unwrap();
    assert_eq!(
        van.available("FUSE"),
        -3,
        "the book shows the discrepancy (D.5-2a)"
    );
    assert!(!van.stock.conflicts.is_empty());
    phone
        .engine
        .reverse_part(&token, used.facts[0], "wrong part")
        .unwrap();
    let lines = phone.engine.order(order_id()).unwrap().order.lines;
    assert!(lines[0].reversed_by.is_some());
    assert_eq!(
        phone.engine.reverse_part(&token, assignment, "none of mine"),
        Err(EngineError::NotFound)
    );
    let request =
        |lines: Vec<(String, u32)>| phone.engine.request_parts(&token, Some(order_id()), lines, None);
    assert_eq!(problems(request(Vec::new())), ["step_problem.lines_missing"]);
    request(vec![("FUSE".to_owned(), 2)]).unwrap();
    let van = phone.engine.stock().unwrap();
    assert_eq!(van.available("FUSE"), 0, "taken back");
    assert_eq!(van.stock.requests.len(), 1);
}

#[test]
fn t28_w19_what_changed_hands_is_listed_signed_and_comes_back_under_its_number() {
    use crate::device::engine::VanMove;
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    worked(&phone);
    let unit = |part: &str, serial: &str| Pieces {
        part: part.to_owned(),
        qty: 1,
        serial: Some(serial.to_owned()),
    };
    let moved = |moved: &VanMove, line: Pieces, note: Option<&str>| {
        let token = phone.engine.stock().unwrap().stock.token;
        phone.engine.move_parts(&token, moved, &[line], note)
    };
    let order = order_id();
    moved(
        &VanMove::Collect { order },
        unit("KEY-BLANK", "K-1007"),
        Some("带保护帽，外壳破裂"),
    )
    .unwrap();
    moved(&VanMove::LoanOut { order }, unit("READER", "R-1"), None).unwrap();
    let van = phone.engine.stock().unwrap();
    let loan = van.stock.loans[0].clone();
    assert_eq!(
        (loan.part.as_str(), loan.serial.as_deref(), loan.qty),
        ("READER", Some("R-1"), 1)
    );
    assert!(loan.rma.starts_with("RM20261123-"), "{}", loan.rma);
    let collected = van
        .stock
        .moves
        .iter()
        .find(|moved| moved.movement.serial() == Some("K-1007"))
        .unwrap();
    assert!(collected.movement.kind() == crate::domain::ledger::MovementKind::CollectDefective);

    // The customer signs for it; the parts used are those alone that were built in.
    let sealed = seal(&phone);
    let content = verify_sealed(&sealed.bytes, None).unwrap().content;
    assert_eq!(content.lines.len(), 1);
    let custody: Vec<(&str, Option<&str>, bool)> = content
        .custody
        .iter()
        .map(|line| (line.movement.as_str(), line.serial.as_deref(), line.rma.is_some()))
        .collect();
    assert_eq!(
        custody,
        [
            ("collect_defective", Some("K-1007"), true),
            ("loan_out", Some("R-1"), true)
        ]
    );
    assert_eq!(content.custody[0].note.as_deref(), Some("带保护帽，外壳破裂"));
    let details = phone.engine.order(order).unwrap();
    assert!(details.order.visits[0].unsigned.is_empty() && details.order.needs.is_empty());
    for (lang, word) in [(Lang::ZhCn, "收取与借出"), (Lang::En, "Taken over and lent")] {
        let html = phone.engine.printable(order, None, lang).unwrap().html;
        assert!(html.contains(word) && html.contains(&loan.rma) && html.contains("带保护帽"));
    }

    // Back under another number it is still lent; under its own it is not.
    let back = |rma: &str| VanMove::LoanBack {
        order,
        rma: rma.to_owned(),
    };
    assert_eq!(
        problems(moved(&back(" "), unit("READER", "R-1"), None)),
        ["step_problem.rma_missing"]
    );
    let wrong = moved(&back("RM-other"), unit("READER", "R-1"), None).unwrap();
    assert_eq!(phone.engine.stock().unwrap().stock.loans.len(), 1);
    let token = phone.engine.stock().unwrap().stock.token;
    phone
        .engine
        .reverse_part(&token, wrong.facts[0], "单号写错")
        .unwrap();
    moved(&back(&loan.rma), unit("READER", "R-1"), None).unwrap();
    let van = phone.engine.stock().unwrap();
    assert!(van.stock.loans.is_empty());
    // A loan that came back is no part of what the customer signed.
    assert_eq!(
        phone
            .engine
            .order(order)
            .unwrap()
            .order
            .lines
            .iter()
            .filter(|line| line.rma.is_some())
            .count(),
        4
    );
}
