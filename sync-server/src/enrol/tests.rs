use crate::http::testing::{Bench, LI, Phone};

use super::*;

fn refused(result: Result<EnrolAnswer, EnrolError>) -> ProblemCode {
    result.unwrap_err().problem()
}

#[test]
fn the_same_key_may_come_again_after_a_lost_answer_and_gets_the_same_certificate() {
    let bench = Bench::new();
    let enrolment = &bench.state.enrolment;
    let phone = Phone::new(1);
    let request = phone.request(&bench.code(LI), "phone");
    let first = enrolment.enrol(&request).unwrap();
    let again = enrolment.enrol(&request).unwrap();
    assert_eq!(first.certificate, again.certificate);
    assert_ne!(first.token, again.token);
    // Only the newest token works, and there is one device.
    assert!(matches!(
        enrolment.authorise(&first.token),
        Err(EnrolError::WrongToken)
    ));
    assert!(enrolment.authorise(&again.token).is_ok());
    let tx = bench.state.service.storage().read().unwrap();
    assert_eq!(tx.devices().unwrap().len(), 1);
}

#[test]
fn a_new_code_brings_the_same_device_back_and_a_revoked_key_never() {
    let bench = Bench::new();
    let enrolment = &bench.state.enrolment;
    let phone = Phone::new(1);
    let first = enrolment.enrol(&phone.request(&bench.code(LI), "a")).unwrap();
    let back = enrolment.enrol(&phone.request(&bench.code(LI), "b")).unwrap();
    assert_eq!(first.certificate, back.certificate);
    let device = enrolment.authorise(&back.token).unwrap();
    enrolment.revoke(device.id, LI, "lost").unwrap();
    assert!(matches!(
        enrolment.authorise(&back.token),
        Err(EnrolError::Revoked)
    ));
    assert_eq!(
        refused(enrolment.enrol(&phone.request(&bench.code(LI), "c"))),
        ProblemCode::Revoked
    );
    assert!(matches!(
        enrolment.revoke(DeviceId(uuid::Uuid::nil()), LI, "x"),
        Err(EnrolError::UnknownDevice)
    ));
}

#[test]
fn a_key_stays_its_engineers() {
    let bench = Bench::new();
    let enrolment = &bench.state.enrolment;
    let phone = Phone::new(1);
    enrolment.enrol(&phone.request(&bench.code(LI), "a")).unwrap();
    let other = UserId(uuid::Uuid::from_u128(2));
    let (code, _) = enrolment.new_code(other, LI).unwrap();
    assert_eq!(
        refused(enrolment.enrol(&phone.request(&code.expose(), "b"))),
        ProblemCode::BadProof
    );
}

#[test]
fn the_directory_tells_everybody_and_the_code_is_typed_as_people_type() {
    let bench = Bench::new();
    let code = bench.code(LI).to_lowercase().replace('-', " ");
    let phone = Phone::new(1);
    bench
        .state
        .enrolment
        .enrol(&phone.request(&code, "  Li's \u{7}phone "))
        .unwrap();
    let tx = bench.state.service.storage().read().unwrap();
    let device = tx.devices().unwrap().remove(0);
    assert_eq!(device.name, "Li's phone");
    assert_eq!(device.tag, tag_of(&phone.public()));
    let directory = tx.doc(&DocName::Directory).unwrap().unwrap();
    let last = tx.actions_of_doc(directory.key).unwrap().pop().unwrap();
    assert!(last.text.contains(&hex::encode(device.tag)));
    // Nothing of the code or the token stands in what phones get.
    assert!(!last.text.contains(&code));
}

#[test]
fn a_proof_of_another_code_or_key_is_refused() {
    let bench = Bench::new();
    let enrolment = &bench.state.enrolment;
    let (phone, other) = (Phone::new(1), Phone::new(2));
    let code = bench.code(LI);
    let mut replayed = phone.request(&bench.code(LI), "x");
    replayed.code = code.clone();
    assert_eq!(refused(enrolment.enrol(&replayed)), ProblemCode::BadProof);
    let mut swapped = phone.request(&code, "x");
    swapped.public_key = other.public().into();
    assert_eq!(refused(enrolment.enrol(&swapped)), ProblemCode::BadProof);
    let mut weak = phone.request(&code, "x");
    weak.public_key = [0; 32].into();
    assert_eq!(refused(enrolment.enrol(&weak)), ProblemCode::BadProof);
    assert!(enrolment.enrol(&phone.request(&code, "x")).is_ok());
}

#[test]
fn tries_are_limited_per_prefix_and_overall() {
    let bench = Bench::new();
    let enrolment = &bench.state.enrolment;
    let phone = Phone::new(1);
    let guess = phone.request("ABCD-0000-0000-0000", "x");
    for _ in 0..5 {
        assert_eq!(refused(enrolment.enrol(&guess)), ProblemCode::UnknownCode);
    }
    assert_eq!(refused(enrolment.enrol(&guess)), ProblemCode::TooMany);
    let mut limited = false;
    for n in 0..100 {
        let code = format!("{n:04}-0000-0000-0000");
        limited |= refused(enrolment.enrol(&phone.request(&code, "x"))) == ProblemCode::TooMany;
    }
    assert!(limited);
}

#[test]
fn an_old_code_is_expired_for_its_own_key_too() {
    let bench = Bench::new();
    let enrolment = &bench.state.enrolment;
    let code = EnrolmentCode::fresh(&bench.state.env);
    let row = CodeRow {
        user: LI,
        issuer: LI,
        expires: bench.state.env.clock.read().wall_ms - 1,
        used: None,
    };
    enrolment.store.add_code(&code.hash(), &row).unwrap();
    let request = Phone::new(1).request(&code.expose(), "x");
    assert_eq!(refused(enrolment.enrol(&request)), ProblemCode::ExpiredCode);
}

#[test]
fn a_revocation_that_comes_while_the_device_enrols_again_stands() {
    let bench = Bench::new();
    let enrolment = &bench.state.enrolment;
    let token = bench.enrol(&Phone::new(1), LI);
    let device = enrolment.authorise(&token).unwrap();
    enrolment.revoke(device.id, LI, "lost").unwrap();
    // As if the device had been read before the revocation, and is written after it.
    let fresh = Secret::fresh(&bench.state.env);
    assert!(matches!(
        enrolment.renew(device.id, &fresh),
        Err(EnrolError::Revoked)
    ));
    for token in [token.as_str(), fresh.expose()] {
        assert!(enrolment.authorise(token).is_err());
    }
    let tx = bench.state.service.storage().read().unwrap();
    assert!(tx.device(device.id).unwrap().unwrap().revoked_at.is_some());
}
