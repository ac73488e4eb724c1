//! Golden bytes, every byte flipped, chains.

use std::collections::BTreeSet;

use super::*;
use crate::domain::certificate::tests::{certificate, device_key, organisation};
use crate::domain::ids::PersonId;
use crate::domain::money::Fen;
use crate::domain::policy::{Packs, PriceList};
use crate::domain::signature::{Point, SEALED_BYTES, Strokes};
use crate::domain::texts::{Lang, all};
use crate::domain::time::LocalTime;
use crate::domain::warranty::{
    CustomerAnswer, EsealInputs, Inputs, PhotographyForbidden, SymptomEvidence, decide,
};
use crate::domain::work::{OpinionKind, OrderType, Outcome, Symptom};

fn time(text: &str) -> LocalTime {
    format!("2026-11-23T{text}+08:00").parse().unwrap()
}

fn strokes(points: u16) -> Strokes {
    let points = (0..points)
        .map(|n| Point {
            // Waves along the box, as a hand writes.
            x: n % 9_000 + 100,
            y: 400 + (n % 800).min(800 - n % 800) * 4,
            t: u32::from(n) * 8,
            pressure: None,
        })
        .collect();
    Strokes::new(10_000, 4_000, vec![points]).unwrap()
}

/// A whole report: a damaged key, paid replacement, signed.
pub(crate) fn content() -> SealedContent {
    let damage = SymptomEvidence {
        note: Some("左侧裂开".into()),
        ..Default::default()
    };
    let case = EsealInputs {
        serial: Some("8F21-0007".into()),
        product: Some("ESEAL-KEY".into()),
        applied_on: Some("2024-09-07".parse().unwrap()),
        reported_on: "2026-11-20".parse().unwrap(),
        told_on: "2026-11-23".parse().unwrap(),
        works: false,
        tested_elsewhere: true,
        inspected: true,
        inspection_photos: BTreeSet::new(),
        symptoms: [(Symptom::ShellCracked, damage)].into(),
        photography_forbidden: Some(PhotographyForbidden {
            reason: "涉密机房".into(),
            witness: PersonId(uuid::Uuid::from_u128(0x0193_f2c0_0000_7000_8000_0000_0000_00c1)),
        }),
        quantity: 1,
    };
    let packs = Packs::builtin().unwrap();
    let decision = decide(&packs.warranty[0], &Inputs::Eseal(case), &PriceList::empty()).unwrap();
    let shown = decision
        .explanation
        .iter()
        .map(|line| line.render(Lang::ZhCn))
        .collect();
    SealedContent {
        language: Lang::ZhCn,
        template: "report@1".into(),
        sealed_at: time("10:05:00"),
        order: SealedOrder {
            id: "0193f2c0-0000-7000-8000-00000000000a".parse().unwrap(),
            ticket: Some("0193f2c0-0000-7000-8000-00000000000b".parse().unwrap()),
            number: "SS20261123001".into(),
            kind: OrderType::Repair,
            summary: "KEY 插入后无反应".into(),
            reported_on: Some("2026-11-20".into()),
        },
        customer: SealedCustomer {
            id: Some("0193f2c0-0000-7000-8000-00000000000c".parse().unwrap()),
            name: "江城建设集团".into(),
            address: Some("江城市解放路 18 号".into()),
            contact: None,
        },
        engineer: SealedEngineer {
            id: "0193f2c0-0000-7000-8000-0000000000e1".parse().unwrap(),
            name: "陈工".into(),
        },
        assets: vec![SealedAsset {
            id: Some("0193f2c0-0000-7000-8000-00000000000d".parse().unwrap()),
            product: "电子印章 USB KEY".into(),
            serial: Some("8F21-0007".into()),
        }],
        times: vec![
            SealedTime {
                what: "arrive".into(),
                at: time("09:20:00"),
                suspect: false,
            },
            SealedTime {
                what: "done".into(),
                at: time("10:01:00"),
                suspect: false,
            },
        ],
        report: SealedReport {
            fault_found: "外壳破裂,接触不良".into(),
            cause_code: None,
            action_taken: "更换新 KEY,测试签章正常".into(),
            outcome: Outcome::Solved,
            outcome_reason: None,
            environment: Some("Windows 11, 印章客户端 5.2".into()),
        },
        custody: Vec::new(),
        lines: vec![SealedLine {
            part: "KEY-2".into(),
            name: "电子印章 KEY 第二代".into(),
            qty: 1,
            serial: Some("9A00-1234".into()),
            price: Some(Fen(12_800)),
        }],
        charges: vec![SealedCharge {
            kind: "parts".into(),
            basis: "original_price".into(),
            amount: Some(Fen(12_800)),
            list: Some("prices@3".parse().unwrap()),
        }],
        total: Some(Fen(12_800)),
        decisions: vec![SealedDecision {
            label: "8F21-0007".into(),
            decision,
            shown,
            answer: Some(CustomerAnswer::Accepts),
        }],
        photos: vec![ContentHash::of(b"photo")],
        photography_forbidden: Some(SealedForbidden {
            reason: "涉密机房".into(),
            witness: "李雷".into(),
        }),
        opinion: Some(SealedOpinion {
            kind: OpinionKind::Satisfied,
            text: None,
        }),
        signing: Signing::Signed {
            name: "王芳".into(),
            role: "财务".into(),
            relation: None,
            at: time("10:04:30"),
            strokes: strokes(1_200).thin(400).unwrap(),
        },
        correction: None,
    }
}

fn facts() -> Vec<String> {
    vec!["0193f2c0-0000-7000-8000-000000000001#0".into()]
}

fn sealed(content: &SealedContent, place: Place) -> SealedFile {
    seal(content, place, &facts(), &certificate(), &device_key()).unwrap()
}

fn trusted() -> Option<Fingerprint> {
    Some(PublicKey::of(&organisation()).fingerprint())
}

/// Signs any members as the device would.
fn forge(edit: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Vec<u8> {
    let mut object = signed::read(Use::Sealed, &sealed(&content(), Place::FIRST).bytes).unwrap();
    object.remove("signature");
    edit(&mut object);
    let object = signed::sign(Use::Sealed, &Value::Object(object), &device_key()).unwrap();
    canonical_bytes(&Value::Object(object)).unwrap()
}

#[test]
fn i05_golden_sealed_bytes() {
    let golden = include_str!("golden.json");
    let verified = verify_sealed(golden.as_bytes(), trusted()).unwrap();
    assert_eq!(verified.place, Place::FIRST);
    assert_eq!(verified.facts, facts());
    assert_eq!(verified.certificate, certificate());
    assert_eq!(
        verified.sha256.to_string(),
        "4ee5cc61503f820bbb79417fe6a407c4c35cfaecb1097bfe57754f8b71e6ffe1"
    );
    // What the file says, read back and sealed again, is the file.
    let again = sealed(&verified.content, Place::FIRST);
    assert_eq!(String::from_utf8(again.bytes).unwrap(), golden);
    assert_eq!(again.sha256, verified.sha256);
    // The texts of explanations may be improved; what was sealed keeps those that were shown.
    let without_decisions = |mut content: SealedContent| {
        content.decisions.clear();
        content
    };
    assert_eq!(verified.content.decisions[0].label, "8F21-0007");
    assert_eq!(without_decisions(verified.content), without_decisions(content()));
}

#[test]
fn s04_i05_flipping_any_byte_makes_verification_fail() {
    let bytes = sealed(&content(), Place::FIRST).bytes;
    for at in 0..bytes.len() {
        for mask in [0x01, 0x20, 0x80] {
            let mut flipped = bytes.clone();
            flipped[at] ^= mask;
            assert!(
                verify_sealed(&flipped, None).is_err(),
                "byte {at} with mask {mask:02x}"
            );
        }
    }
}

#[test]
fn s04_i05_cutting_adding_and_rewriting_make_verification_fail() {
    let bytes = sealed(&content(), Place::FIRST).bytes;
    for end in (0..bytes.len()).step_by(17) {
        assert!(verify_sealed(&bytes[..end], None).is_err(), "cut at {end}");
    }
    let mut longer = bytes.clone();
    longer.push(b'\n');
    assert_eq!(verify_sealed(&longer, None), Err(VerifyError::NotCanonical));
    let value: Value = serde_json::from_slice(&bytes).unwrap();
    let pretty = serde_json::to_vec_pretty(&value).unwrap();
    assert_eq!(verify_sealed(&pretty, None), Err(VerifyError::NotCanonical));
    // The same content with one member twice.
    let text = String::from_utf8(bytes).unwrap();
    let doubled = text.replacen("\"revision\":1", "\"revision\":1,\"revision\":1", 1);
    assert_eq!(
        verify_sealed(doubled.as_bytes(), None),
        Err(VerifyError::NotCanonical)
    );
    let changed = text.replacen("更换新", "更换旧", 1);
    assert_eq!(
        verify_sealed(changed.as_bytes(), None),
        Err(VerifyError::Signature)
    );
}

#[test]
fn i05_what_a_stranger_signs_is_told_apart() {
    // His own organisation: everything holds, but it is not the trusted one.
    let stranger = SigningKey::from_bytes(&[0x66; 32]);
    let own = Certificate::issue(certificate().body().clone(), &stranger).unwrap();
    let file = seal(&content(), Place::FIRST, &facts(), &own, &device_key()).unwrap();
    let verified = verify_sealed(&file.bytes, None).unwrap();
    assert_ne!(Some(verified.organisation), trusted());
    assert_eq!(
        verify_sealed(&file.bytes, trusted()),
        Err(VerifyError::Organisation)
    );
    // The honest certificate under another device's signature.
    let mut object = signed::read(Use::Sealed, &sealed(&content(), Place::FIRST).bytes).unwrap();
    object.remove("signature");
    let by_stranger = signed::sign(Use::Sealed, &Value::Object(object), &stranger).unwrap();
    let bytes = canonical_bytes(&Value::Object(by_stranger)).unwrap();
    assert_eq!(verify_sealed(&bytes, None), Err(VerifyError::Signature));
    // A certificate that its organisation did not sign.
    let bytes = forge(|object| object["certificate"]["organisation"] = "别的公司".into());
    assert_eq!(verify_sealed(&bytes, None), Err(VerifyError::Certificate));
    let bytes = forge(|object| object["certificate"] = Value::Null);
    assert_eq!(verify_sealed(&bytes, None), Err(VerifyError::Form));
}

#[test]
fn i05_a_device_cannot_sign_what_makes_no_sense() {
    let bytes = forge(|object| object["revision"] = 2.into());
    assert_eq!(verify_sealed(&bytes, None), Err(VerifyError::Revision));
    let bytes = forge(|object| {
        object.insert("prev".into(), ContentHash::of(b"x").to_string().into());
    });
    assert_eq!(verify_sealed(&bytes, None), Err(VerifyError::Revision));
    let another = "0193f2c0-0000-7000-8000-0000000000e2";
    let bytes = forge(|object| object["content"]["engineer"]["id"] = another.into());
    assert_eq!(verify_sealed(&bytes, None), Err(VerifyError::Engineer));
    // A signature without strokes is none.
    let bytes = forge(|object| object["content"]["signing"]["strokes"]["s"] = serde_json::json!([]));
    assert_eq!(verify_sealed(&bytes, None), Err(VerifyError::Form));
    // A newer app's optional member is kept and signed.
    let bytes = forge(|object| object["content"]["later"] = 5.into());
    assert!(verify_sealed(&bytes, trusted()).is_ok());
}

#[test]
fn sealing_refuses_another_devices_certificate() {
    let other = SigningKey::from_bytes(&[9; 32]);
    assert_eq!(
        seal(&content(), Place::FIRST, &facts(), &certificate(), &other),
        Err(SealError::DeviceKey)
    );
    let mut content = content();
    content.engineer.id = "0193f2c0-0000-7000-8000-0000000000e2".parse().unwrap();
    assert_eq!(
        seal(&content, Place::FIRST, &facts(), &certificate(), &device_key()),
        Err(SealError::Engineer)
    );
    let gap = Place {
        revision: 3,
        prev: None,
    };
    assert_eq!(
        seal(&self::content(), gap, &facts(), &certificate(), &device_key()),
        Err(SealError::Revision)
    );
}

#[test]
fn a_sealed_report_fits_a_request() {
    let mut content = content();
    let Signing::Signed { strokes: signed, .. } = &mut content.signing else {
        panic!("signed")
    };
    // The largest signature that thinning lets through.
    *signed = (400..)
        .map(strokes)
        .take_while(|strokes| strokes.json_len() <= SEALED_BYTES)
        .last()
        .unwrap();
    assert!(signed.json_len() > SEALED_BYTES - 50);
    let file = sealed(&content, Place::FIRST);
    assert!(
        file.bytes.len() <= MAX_BYTES,
        "{} bytes with the largest strokes",
        file.bytes.len()
    );
    content.report.action_taken = "长".repeat(4_000);
    let refused = seal(&content, Place::FIRST, &facts(), &certificate(), &device_key()).unwrap_err();
    assert!(matches!(refused, SealError::TooLarge { bytes } if bytes > MAX_BYTES));
    assert_eq!(
        verify_sealed(&vec![b' '; MAX_BYTES + 1], None),
        Err(VerifyError::TooLarge)
    );
}

#[test]
fn d05_3_revisions_are_one_chain() {
    let first = sealed(&content(), Place::FIRST);
    let mut corrected = content();
    corrected.correction = Some("数量应为 2".into());
    corrected.lines[0].qty = 2;
    let second = sealed(&corrected, Place::after(1, first.sha256));
    let third = sealed(&corrected, Place::after(2, second.sha256));
    let chain = |files: &[&SealedFile]| {
        let bytes: Vec<&[u8]> = files.iter().map(|file| file.bytes.as_slice()).collect();
        verify_chain(&bytes, trusted()).map(|chain| chain.len())
    };
    assert_eq!(chain(&[&first]), Ok(1));
    assert_eq!(chain(&[&first, &second, &third]), Ok(3));
    for broken in [
        &[][..],
        &[&second],
        &[&first, &third],
        &[&second, &first],
        &[&first, &first],
    ] {
        assert_eq!(chain(broken), Err(VerifyError::Chain));
    }
    // Another first revision: the second is not its successor.
    let mut other = content();
    other.report.fault_found = "其他".into();
    let other_first = sealed(&other, Place::FIRST);
    assert_eq!(chain(&[&other_first, &second]), Err(VerifyError::Chain));
    // Another work order.
    let mut elsewhere = corrected.clone();
    elsewhere.order.id = "0193f2c0-0000-7000-8000-0000000000aa".parse().unwrap();
    let elsewhere = sealed(&elsewhere, Place::after(1, first.sha256));
    assert_eq!(chain(&[&first, &elsewhere]), Err(VerifyError::Chain));
    // Revision 1 still verifies by itself, for ever (D.5-3).
    assert!(verify_sealed(&first.bytes, trusted()).is_ok());
}

#[test]
fn i000_30_a_refusal_is_sealed_too() {
    let mut content = content();
    content.signing = Signing::Refused {
        reason: "不同意收费".into(),
        witness: "李雷".into(),
    };
    content.opinion = Some(SealedOpinion {
        kind: OpinionKind::Refused,
        text: None,
    });
    let file = sealed(&content, Place::FIRST);
    let verified = verify_sealed(&file.bytes, trusted()).unwrap();
    assert_eq!(verified.content.signing.code(), "refused");
}

#[test]
fn every_error_has_a_text_in_both_languages() {
    let seal_errors = [
        SealError::TooLarge { bytes: 1 },
        SealError::Canonical(CanonicalError::NotJson),
        SealError::DeviceKey,
        SealError::Engineer,
        SealError::Revision,
    ];
    let keys = VerifyError::ALL
        .iter()
        .map(VerifyError::code)
        .chain(seal_errors.iter().map(SealError::text_key));
    for key in keys {
        for lang in [Lang::En, Lang::ZhCn] {
            assert!(all(lang).contains_key(key), "{key} lacks a text in {lang:?}");
        }
    }
}
