//! Review: I11, stale pages of an auditor, what is frozen.

use fieldseal_core::domain::audited::verify_audit;
use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::ids::OrderId;
use fieldseal_core::domain::transitions::Guard;
use fieldseal_core::domain::work::OrderState;
use fieldseal_core::facts::conflict::ConflictKind;
use fieldseal_core::facts::kinds::{Decide, Photo, Step};
use fieldseal_core::facts::{DocName, Fact};
use serde_json::json;

use super::world::World;
use crate::office::{OfficeError, Person, audit_blockers};

fn blockers(world: &World, by: &Person, order: OrderId) -> Vec<Guard> {
    let view = world.view(order);
    audit_blockers(by, &view, &world.office().arrived(&view).unwrap())
}

fn code<T: std::fmt::Debug>(result: Result<T, OfficeError>) -> &'static str {
    result.unwrap_err().code()
}

#[test]
fn i11_nobody_judges_own_work_and_only_auditors_judge() {
    let world = World::new();
    let office = world.office();
    let order = world.submitted();
    let token = world.token(order);
    assert_eq!(world.view(order).state, OrderState::Submitted);
    // A is an auditor too, but it is A's work.
    assert_eq!(code(office.audit(&world.a, order, &token)), "own_work");
    assert_eq!(
        code(office.return_report(&world.a, order, &token, "x")),
        "own_work"
    );
    assert!(!blockers(&world, &world.a, order).is_empty());
    assert_eq!(
        code(office.audit(&world.dispatcher, order, &token)),
        "not_allowed"
    );
    assert!(blockers(&world, &world.auditor, order).is_empty());
    office.audit(&world.auditor, order, &token).unwrap();
    assert_eq!(world.view(order).state, OrderState::Audited);
    assert_eq!(
        code(office.unaudit(&world.a, order, &world.token(order), "x")),
        "own_work"
    );
}

#[test]
fn i06_an_audit_freezes_what_was_seen_and_a_late_fact_stays_outside() {
    let world = World::new();
    let office = world.office();
    let order = world.job(&[&world.a]);
    let mut phone = world.phone(&world.a);
    phone.whole_visit(order);
    let stale = world.token(order);
    let doc = phone.visit(order);
    let note = |text: &str| {
        Fact::Progress(Step {
            assignment: None,
            text: Some(text.to_owned()),
        })
    };
    phone.send(&doc, &stale, &[note("补充说明")]);
    // The auditor's page does not show the note yet.
    assert_eq!(
        code(office.audit(&world.auditor, order, &stale)),
        "changed_meanwhile"
    );
    office.audit(&world.auditor, order, &world.token(order)).unwrap();
    let view = world.view(order);
    let audit = view.audit.as_ref().unwrap();
    let sha256: ContentHash = audit.blob.as_deref().unwrap().parse().unwrap();
    let bytes = office.file(order, sha256).unwrap().unwrap();
    let verified = verify_audit(&bytes, Some(office.fingerprint())).unwrap();
    assert_eq!(verified.content.order, order);
    assert_eq!(verified.content.by, world.auditor.user);
    assert_eq!(verified.content.view["state"], json!("submitted"));
    let tx = world.services.service.storage().read().unwrap();
    let visit = tx.doc(&doc).unwrap().unwrap();
    for action in tx.actions_of_doc(visit.key).unwrap() {
        let hash = ContentHash::of(action.text.as_bytes());
        assert!(verified.lists(&doc.to_string(), action.key, hash));
    }
    drop(tx);
    // A's old phone wakes.
    phone.send(&doc, &stale, &[note("迟到的备注")]);
    let view = world.view(order);
    assert_eq!(view.state, OrderState::Audited);
    let late = view
        .conflicts
        .iter()
        .find(|c| c.kind == ConflictKind::LateAfterAudit)
        .unwrap();
    let facts = late.sides.iter().map(|side| side.fact).collect();
    office
        .accept_late(&world.auditor, order, &facts, "已核对", &world.token(order))
        .unwrap();
    let view = world.view(order);
    assert!(
        !view
            .conflicts
            .iter()
            .any(|c| c.kind == ConflictKind::LateAfterAudit)
    );
    // The frozen bytes are the same for ever.
    assert_eq!(office.file(order, sha256).unwrap().unwrap(), bytes);
}

#[test]
fn s14_returned_revised_audited_opened_audited_again() {
    let world = World::new();
    let office = world.office();
    let order = world.job(&[&world.a]);
    let mut phone = world.phone(&world.a);
    let first = phone.whole_visit(order);
    assert_eq!(
        code(office.return_report(&world.auditor, order, &world.token(order), "")),
        "empty"
    );
    office
        .return_report(&world.auditor, order, &world.token(order), "缺少更换说明")
        .unwrap();
    assert_eq!(world.view(order).state, OrderState::Returned);
    assert_eq!(
        code(office.audit(&world.auditor, order, &world.token(order))),
        "wrong_state"
    );
    phone.seal(order, 2, Some(first));
    assert_eq!(world.view(order).state, OrderState::Submitted);
    office.audit(&world.auditor, order, &world.token(order)).unwrap();
    office
        .unaudit(&world.auditor, order, &world.token(order), "金额有误")
        .unwrap();
    assert_eq!(world.view(order).state, OrderState::Submitted);
    office.audit(&world.auditor, order, &world.token(order)).unwrap();
    let view = world.view(order);
    assert_eq!(view.state, OrderState::Audited);
    let blobs: std::collections::BTreeSet<_> = view.audits.iter().filter_map(|a| a.blob.clone()).collect();
    assert_eq!(blobs.len(), 2, "both snapshots stay");
    for blob in blobs {
        assert!(office.file(order, blob.parse().unwrap()).unwrap().is_some());
    }
    // Of another order it is not this order's file.
    let other = world.job(&[]);
    let blob = view
        .audit
        .as_ref()
        .unwrap()
        .blob
        .as_deref()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(office.file(other, blob).unwrap(), None);
}

#[test]
fn q28_an_audit_waits_for_the_decisions_confirmation() {
    let world = World::new();
    let office = world.office();
    let order = world.job(&[&world.a]);
    let mut phone = world.phone(&world.a);
    let doc = phone.visit(order);
    let decide = Decide {
        assignment: world.view(order).current,
        asset: DocName::Asset(fieldseal_core::domain::ids::AssetId(uuid::Uuid::from_u128(9))),
        decision: json!({"outcome": "natural_expired"}),
        over: Vec::new(),
    };
    let decision = phone.send(&doc, &world.token(order), &[Fact::Decide(decide)])[0];
    phone.whole_visit(order);
    assert_eq!(
        code(office.audit(&world.auditor, order, &world.token(order))),
        "decision_confirmed"
    );
    let confirm = |by, outcome, reason| {
        office.confirm_decision(by, order, decision, outcome, reason, &world.token(order))
    };
    assert_eq!(code(confirm(&world.dispatcher, None, None)), "not_allowed");
    assert_eq!(code(confirm(&world.a, None, None)), "own_work");
    assert_eq!(
        code(confirm(&world.auditor, Some("natural_in_warranty"), None)),
        "empty"
    );
    confirm(&world.auditor, Some("natural_in_warranty"), Some("申请日期有误")).unwrap();
    let view = world.view(order);
    assert_eq!(view.decisions[0].outcome.as_deref(), Some("natural_in_warranty"));
    office.audit(&world.auditor, order, &world.token(order)).unwrap();
}

#[test]
fn b49_an_audit_waits_for_the_photos_or_for_a_waiver() {
    let world = World::new();
    let office = world.office();
    let photo = |bytes: &[u8]| {
        Fact::Photo(Photo {
            assignment: None,
            blob: ContentHash::of(bytes).to_string(),
            size: bytes.len() as u64,
            width: 8,
            height: 8,
            what: "site".to_owned(),
            symptom: None,
            about: None,
            taken_at: None,
            place: None,
            sensitive: false,
            caption: None,
        })
    };
    let submitted = |photos: &[Fact]| {
        let order = world.job(&[&world.a]);
        let mut phone = world.phone(&world.a);
        phone.whole_visit(order);
        phone.send(&phone.visit(order), &world.token(order), photos);
        (order, phone)
    };
    let (order, phone) = submitted(&[photo(b"first"), photo(b"second")]);
    let store = |bytes: &[u8]| {
        let device = phone.device.id;
        let storage = world.services.service.storage();
        let mut tx = storage.write().unwrap();
        let sha256 = ContentHash::of(bytes).0;
        crate::blobs::store(tx.as_mut(), &sha256, bytes, Some(device), 1).unwrap();
        tx.commit().unwrap();
    };
    store(b"first");
    assert_eq!(
        blockers(&world, &world.auditor, order),
        [Guard::PhotosCompleteOrWaived]
    );
    let refused = office.audit(&world.auditor, order, &world.token(order));
    assert_eq!(code(refused), "photos_complete_or_waived");
    store(b"second");
    assert_eq!(blockers(&world, &world.auditor, order), []);
    office.audit(&world.auditor, order, &world.token(order)).unwrap();

    // The phone was lost with its photos (D.5-11): a waiver with a reason, and not of something else.
    let (order, _) = submitted(&[photo(b"lost")]);
    for (what, left) in [("signature", 1), ("photos", 0)] {
        let token = world.token(order);
        office
            .waive(&world.auditor, order, what, None, "手机丢失", &token)
            .unwrap();
        assert_eq!(blockers(&world, &world.auditor, order).len(), left, "{what}");
    }
    office.audit(&world.auditor, order, &world.token(order)).unwrap();
}
