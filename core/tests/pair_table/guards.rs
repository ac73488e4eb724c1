//! What a fact rests on and is flagged without (I13): the phone refuses each before it is written.

use fieldseal_core::facts::conflict::Flag;
use fieldseal_core::facts::kinds::{Consent, Decide, Done, Photo, Remote};
use fieldseal_core::facts::{DocName, Fact};
use serde_json::json;

use crate::base::accepted;
use crate::harness::{check_all_orders, flags};
use crate::story::*;

fn consent(kind: &str) -> Fact {
    Fact::Consent(Consent {
        assignment: None,
        consent: kind.into(),
        given_by: None,
        how: "spoken".into(),
        new_due: None,
        text: None,
    })
}

fn photo(blob: &str, sensitive: bool, place: bool) -> Fact {
    Fact::Photo(Photo {
        assignment: None,
        blob: blob.into(),
        size: 1,
        width: 1,
        height: 1,
        what: "label".into(),
        symptom: None,
        about: None,
        taken_at: None,
        place: place.then(|| serde_json::from_value(json!({"lat_e7": 1, "lon_e7": 2})).unwrap()),
        sensitive,
        caption: None,
    })
}

fn flagged(story: &Story, wrote: &Wrote) -> Vec<Flag> {
    flags(&check_all_orders(story), wrote)
}

#[test]
fn i000_14_remote_work_without_a_consent_is_flagged() {
    let mut story = Story::new(1);
    let a1 = accepted(&mut story);
    let remote = |consent: &Wrote| {
        Fact::Remote(Remote {
            assignment: Some(a1.id()),
            consent: consent.id(),
        })
    };
    let other = story.write(phone(A), visit_doc(A), vec![consent("location")]);
    let without = story.write(phone(A), visit_doc(A), vec![remote(&other)]);
    assert!(flagged(&story, &without).contains(&Flag::ConsentMissing));
    let given = story.write(phone(A), visit_doc(A), vec![consent("remote")]);
    let with = story.write(phone(A), visit_doc(A), vec![remote(&given)]);
    assert!(!flagged(&story, &with).contains(&Flag::ConsentMissing));
}

#[test]
fn i000_15_a_copy_or_a_place_without_a_consent_is_flagged() {
    for (kind, sensitive, place) in [("sensitive_copy", true, false), ("location", false, true)] {
        let mut story = Story::new(2);
        accepted(&mut story);
        let before = story.write(
            phone(A),
            visit_doc(A),
            vec![photo(&"ab".repeat(32), sensitive, place)],
        );
        story.write(phone(A), visit_doc(A), vec![consent(kind)]);
        let after = story.write(
            phone(A),
            visit_doc(A),
            vec![photo(&"cd".repeat(32), sensitive, place)],
        );
        assert_eq!(flagged(&story, &before), [Flag::ConsentMissing], "{kind}");
        assert_eq!(flagged(&story, &after), [], "{kind}");
    }
}

#[test]
fn i000_16_a_decision_on_a_photo_that_the_order_never_had_is_flagged() {
    let mut story = Story::new(3);
    let a1 = accepted(&mut story);
    let asset = DocName::Asset(fieldseal_core::domain::ids::AssetId(uuid::Uuid::from_u128(0x55)));
    let decide = |hash: &str| {
        Fact::Decide(Decide {
            assignment: Some(a1.id()),
            asset: asset.clone(),
            decision: json!({"outcome": "user_damage", "input_hash": "ee".repeat(32),
                "inputs": {"eseal": {"symptoms": {"shell_cracked": {"photos": [hash]}}}}}),
            over: vec![],
        })
    };
    let taken = story.write(
        phone(A),
        visit_doc(A),
        vec![photo(&"ab".repeat(32), false, false)],
    );
    let right = story.write(phone(A), visit_doc(A), vec![decide(&"ab".repeat(32))]);
    let wrong = story.write(phone(A), visit_doc(A), vec![decide(&"cd".repeat(32))]);
    assert!(!flagged(&story, &right).contains(&Flag::EvidenceMissing));
    assert!(flagged(&story, &wrong).contains(&Flag::EvidenceMissing));
    // What was hidden later had been shown when it was decided.
    story.write(phone(A), visit_doc(A), vec![hide(Some(&taken))]);
    assert!(!flagged(&story, &right).contains(&Flag::EvidenceMissing));
}

/// The outcome may be corrected before the signature, and before the next one after a return (000-12).
#[test]
fn i000_12_an_outcome_is_corrected_without_breaking_a_guard() {
    let mut story = Story::new(4);
    let a1 = accepted(&mut story);
    story.write(phone(A), visit_doc(A), vec![done(&a1)]);
    let corrected = Fact::Done(Done {
        assignment: Some(a1.id()),
        outcome: "unresolved".into(),
        reason: Some("r".into()),
    });
    let again = story.write(phone(A), visit_doc(A), vec![corrected]);
    let view = check_all_orders(&story);
    assert_eq!(flags(&view, &again), []);
    assert_eq!(
        view.done_by.unwrap().outcome,
        Some(fieldseal_core::domain::work::Outcome::Unresolved)
    );
}
