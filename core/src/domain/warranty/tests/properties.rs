//! Purity, explanation and golden bytes over generated cases (I7, I15).

use proptest::prelude::*;

use super::*;
use crate::domain::canonical::canonical_bytes_of;

fn any_case() -> impl Strategy<Value = Inputs> {
    // Mostly close together, so that the short windows are hit too.
    let day = || {
        prop_oneof![3 => 0_u64..40, 1 => 0_u64..2000].prop_map(|n| date("2020-01-01") + chrono::Days::new(n))
    };
    let photos = || prop::collection::btree_set(any::<[u8; 32]>().prop_map(ContentHash), 0..3);
    let symptoms = prop::collection::btree_map(
        prop::sample::select(Symptom::ALL),
        photos().prop_map(|photos| SymptomEvidence { photos, note: None }),
        0..3,
    );
    let forbidden =
        prop::option::of(
            (any::<bool>(), any::<u128>()).prop_map(|(blank, id)| PhotographyForbidden {
                reason: if blank { " ".into() } else { "secure area".into() },
                witness: PersonId(uuid::Uuid::from_u128(id)),
            }),
        );
    let flags = || any::<[bool; 3]>();
    let eseal = (
        prop::option::of(day()),
        day(),
        flags(),
        photos(),
        symptoms,
        forbidden,
        0_u32..3,
    )
        .prop_map(
            |(
                applied_on,
                reported_on,
                [works, tested_elsewhere, inspected],
                inspection_photos,
                symptoms,
                forbidden,
                quantity,
            )| {
                Inputs::Eseal(EsealInputs {
                    serial: None,
                    product: None,
                    applied_on,
                    reported_on,
                    told_on: reported_on,
                    works,
                    tested_elsewhere,
                    inspected,
                    inspection_photos,
                    symptoms,
                    photography_forbidden: forbidden,
                    quantity,
                })
            },
        );
    let dates = || prop::option::of(day());
    let grounds = prop::collection::btree_set(prop::sample::select(ExclusionGround::ALL), 0..2);
    let weak = (
        dates(),
        dates(),
        dates(),
        day(),
        flags(),
        photos(),
        grounds,
        prop::sample::select(QualityFault::ALL),
        -1_i64..100_000,
    )
        .prop_map(
            |(
                sold_on,
                accepted_on,
                maker,
                reported_on,
                [ours, voucher, _],
                photos,
                grounds,
                quality,
                value,
            )| {
                Inputs::WeakCurrent(WeakCurrentInputs {
                    sold_on,
                    accepted_on,
                    maker_warranty_end: maker,
                    sold_by_us: ours,
                    voucher_shown: voucher,
                    grounds,
                    quality_fault: quality,
                    photos,
                    goods_value: (value >= 0).then_some(Fen(value)),
                    reported_on,
                    ..goods(None, "2024-01-01")
                })
            },
        );
    prop_oneof![eseal, weak]
}

proptest! {
    #[test]
    fn i07_i15_decisions_are_pure_and_explained_in_both_languages(case in any_case(), first in any::<bool>(), priced in any::<bool>()) {
        let policy = pack(if matches!(case, Inputs::Eseal(_)) { "eseal" } else { "weakcurrent" }, first);
        let prices = if priced { prices() } else { PriceList::empty() };
        let decision = decide(&policy, &case, &prices).unwrap();
        let bytes = canonical_bytes_of(&decision).unwrap();
        prop_assert_eq!(&bytes, &canonical_bytes_of(&decide(&policy, &case, &prices).unwrap()).unwrap());
        let read: Decision = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(&read, &decision);
        prop_assert!(read.follows_from(&policy, &prices));
        prop_assert_eq!(&decision.inputs, &case);
        // Consistency of what is derived.
        prop_assert_eq!(decision.undetermined.is_some(), decision.outcome == Out::Undetermined);
        prop_assert!(decision.undetermined.is_none() || decision.needs_supervisor());
        prop_assert!(decision.price.is_none() || decision.charge_basis.price_key().is_some());
        for lang in [Lang::En, Lang::ZhCn] {
            let line = explain::in_one_line(&decision, lang);
            prop_assert!(!line.contains('{') && !line.contains("explain.") && !line.contains("_"), "{}", line);
        }
        // Any changed input changes the hash; a forged outcome does not follow.
        let mut forged = decision.clone();
        forged.charge_basis = if decision.charge_basis == Charge::Free { Charge::Held } else { Charge::Free };
        prop_assert!(!forged.follows_from(&policy, &prices));
    }
}

#[test]
fn i07_golden_bytes_of_a_decision() {
    let decision = eseal(&key(Some("2021-09-07"), "2024-09-07", &[]));
    assert_eq!(
        String::from_utf8(canonical_bytes_of(&decision.inputs).unwrap()).unwrap(),
        r#"{"applied_on":"2021-09-07","inspected":true,"inspection_photos":["4b227777d4dd1fc61c6f884f48641d02b4d121d3fd328cb08b5531fcacdabf8a","4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce","6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b","d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35"],"kind":"eseal","quantity":1,"reported_on":"2024-09-07","serial":"8F21","tested_elsewhere":true,"told_on":"2024-09-07","works":false}"#
    );
    assert_eq!(
        decision.input_hash.to_string(),
        "a341853283b44468f405f923b579378d2270c60b1eee5e5a50dbb98792f465aa"
    );
}

#[test]
fn a_policy_of_another_kind_is_refused() {
    let case = Inputs::Eseal(key(None, "2024-09-07", &[]));
    assert_eq!(
        decide(&pack("weakcurrent", false), &case, &prices()),
        Err(DecisionError::PolicyMismatch)
    );
}

/// Every outcome occurs, so the properties above speak of all of them.
#[test]
fn i15_every_outcome_is_reached() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..4000 {
        let case = any_case().new_tree(&mut runner).unwrap().current();
        let policy = pack(
            if matches!(case, Inputs::Eseal(_)) {
                "eseal"
            } else {
                "weakcurrent"
            },
            false,
        );
        seen.insert(decide(&policy, &case, &prices()).unwrap().outcome);
    }
    assert_eq!(seen.len(), WarrantyOutcome::ALL.len(), "{seen:?}");
}
