//! The numbered vectors of A.12, one test each, and the rules around them.

mod properties;

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::*;
use crate::domain::canonical::ContentHash;
use crate::domain::ids::PersonId;
use crate::domain::money::Fen;
use crate::domain::policy::{Packs, PolicyRef, Remedy, ReplacementTerm};
use crate::domain::texts::Lang;
use crate::domain::work::Symptom;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn pack(id: &str, count_first_day: bool) -> WarrantyPolicy {
    let packs = Packs::builtin().unwrap();
    let mut pack = packs
        .warranty_by_ref(&PolicyRef {
            id: id.into(),
            version: 1,
        })
        .unwrap()
        .clone();
    match &mut pack {
        WarrantyPolicy::Eseal(p) => p.count_first_day = count_first_day,
        WarrantyPolicy::WeakCurrent(p) => p.count_first_day = count_first_day,
    }
    pack
}

fn prices() -> PriceList {
    PriceList::read(
        r#"{"id":"prices","version":3,"entries":[
            {"key":"price.new_application","amount":20000,"valid_from":"2010-01-01"},
            {"key":"price.original","amount":12000,"valid_from":"2010-01-01"}]}"#,
    )
    .unwrap()
}

fn photo(name: &str) -> ContentHash {
    ContentHash::of(name.as_bytes())
}

/// «Unless a vector says otherwise: works = no, tested elsewhere, inspected, all photos present.»
fn key(applied_on: Option<&str>, reported_on: &str, symptoms: &[Symptom]) -> EsealInputs {
    EsealInputs {
        serial: Some("8F21".into()),
        product: None,
        applied_on: applied_on.map(date),
        reported_on: date(reported_on),
        told_on: date(reported_on),
        works: false,
        tested_elsewhere: true,
        inspected: true,
        inspection_photos: BTreeSet::from([photo("1"), photo("2"), photo("3"), photo("4")]),
        symptoms: symptoms
            .iter()
            .map(|s| {
                (
                    *s,
                    SymptomEvidence {
                        photos: BTreeSet::from([photo(s.as_str())]),
                        note: None,
                    },
                )
            })
            .collect(),
        photography_forbidden: None,
        quantity: 1,
    }
}

fn eseal_with(case: &EsealInputs, count_first_day: bool) -> Decision {
    decide(
        &pack("eseal", count_first_day),
        &Inputs::Eseal(case.clone()),
        &prices(),
    )
    .unwrap()
}

fn eseal(case: &EsealInputs) -> Decision {
    eseal_with(case, false)
}

/// «Sold by us, quality fault confirmed, voucher shown, no exclusion.»
fn goods(start: Option<&str>, reported_on: &str) -> WeakCurrentInputs {
    WeakCurrentInputs {
        serial: Some("NVR-7".into()),
        product: None,
        sold_on: start.map(date),
        accepted_on: None,
        maker_warranty_end: None,
        reported_on: date(reported_on),
        told_on: date(reported_on),
        sold_by_us: true,
        origin_evidence: BTreeSet::new(),
        voucher_shown: true,
        grounds: BTreeSet::new(),
        quality_fault: QualityFault::Confirmed,
        photos: BTreeSet::new(),
        quantity: 1,
        goods_value: Some(Fen(40_000)),
    }
}

fn weak_with(case: &WeakCurrentInputs, count_first_day: bool) -> Decision {
    decide(
        &pack("weakcurrent", count_first_day),
        &Inputs::WeakCurrent(case.clone()),
        &prices(),
    )
    .unwrap()
}

fn weak(case: &WeakCurrentInputs) -> Decision {
    weak_with(case, false)
}

use ChargeBasis as Charge;
use UndeterminedReason as Why;
use WarrantyOutcome as Out;

/// Name, case, expected outcome, reason, charge.
macro_rules! eseal_vectors {
    ($($name:ident: $case:expr => $outcome:ident, $why:expr, $charge:ident;)+) => {$(
        #[test]
        fn $name() {
            let decision = eseal(&$case);
            let found = (decision.outcome, decision.undetermined, decision.charge_basis);
            assert_eq!(found, (Out::$outcome, $why, Charge::$charge), "{decision:#?}");
        }
    )+};
}

eseal_vectors! {
    v01_last_day_is_free: key(Some("2021-09-07"), "2024-09-07", &[]) => NaturalInWarranty, None, Free;
    v02_day_after_costs_the_original_price: key(Some("2021-09-07"), "2024-09-08", &[]) => NaturalExpired, None, Original;
    v03_leap_day_ends_on_the_months_last: key(Some("2020-02-29"), "2023-02-28", &[]) => NaturalInWarranty, None, Free;
    v04_day_after_the_months_last: key(Some("2020-02-29"), "2023-03-01", &[]) => NaturalExpired, None, Original;
    v05_user_damage: key(Some("2024-01-10"), "2024-02-01", &[Symptom::ShellCracked]) => UserDamage, None, NewApplication;
    v06_user_damage_whatever_the_period:
        key(Some("2015-01-10"), "2024-02-01", &[Symptom::WaterOrMistInside]) => UserDamage, None, NewApplication;
    v07_cracked_but_works:
        EsealInputs { works: true, ..key(Some("2024-01-10"), "2024-02-01", &[Symptom::ShellCracked]) } => NoClaim, None, None;
    v08_date_unknown: key(None, "2024-02-01", &[]) => Undetermined, Some(Why::StartUnknown), Held;
    v09_reported_before_application:
        key(Some("2024-03-01"), "2024-02-01", &[]) => Undetermined, Some(Why::ReportedBeforeStart), Held;
    v17_other_port_not_tried:
        EsealInputs { tested_elsewhere: false, ..key(Some("2024-01-10"), "2024-02-01", &[]) }
            => Undetermined, Some(Why::NotTested), Held;
    v18_user_damage_with_unknown_date: key(None, "2024-02-01", &[Symptom::ShellCracked]) => UserDamage, None, NewApplication;
    v19_user_damage_with_a_data_fault:
        key(Some("2024-03-01"), "2024-02-01", &[Symptom::ShellCracked]) => UserDamage, None, NewApplication;
    v20_two_signs:
        key(Some("2024-01-10"), "2024-02-01", &[Symptom::ShellCracked, Symptom::UsbPlugBrokenOffBoard])
            => UserDamage, None, NewApplication;
    v21_day_zero: key(Some("2024-02-01"), "2024-02-01", &[]) => NaturalInWarranty, None, Free;
    v22_photography_forbidden: witnessed(key(Some("2024-01-10"), "2024-02-01", &[])) => NaturalInWarranty, None, Free;
    v23_other_damage:
        key(Some("2024-01-10"), "2024-02-01", &[Symptom::OtherVisibleDamage]) => Undetermined, Some(Why::OtherDamage), Held;
}

fn witnessed(case: EsealInputs) -> EsealInputs {
    EsealInputs {
        inspection_photos: BTreeSet::new(),
        photography_forbidden: Some(PhotographyForbidden {
            reason: "secure area".into(),
            witness: PersonId(uuid::Uuid::from_u128(7)),
        }),
        ..case
    }
}

macro_rules! weak_vectors {
    ($($name:ident: $case:expr => $outcome:ident, $why:expr, $charge:ident;)+) => {$(
        #[test]
        fn $name() {
            let decision = weak(&$case);
            let found = (decision.outcome, decision.undetermined, decision.charge_basis);
            assert_eq!(found, (Out::$outcome, $why, Charge::$charge), "{decision:#?}");
        }
    )+};
}

weak_vectors! {
    v10_day_7_return: goods(Some("2024-03-01"), "2024-03-08") => ReturnAllowed, None, Free;
    v11_day_8_exchange: goods(Some("2024-03-01"), "2024-03-09") => ExchangeAllowed, None, Free;
    v12_day_30_exchange: goods(Some("2024-03-01"), "2024-03-31") => ExchangeAllowed, None, Free;
    v13_day_31_repair: goods(Some("2024-03-01"), "2024-04-01") => FreeRepair, None, Free;
    v14_last_day_of_the_year: goods(Some("2024-03-01"), "2025-03-01") => FreeRepair, None, Free;
    v15_day_after_the_year: goods(Some("2024-03-01"), "2025-03-02") => PaidRepair, None, LabourAndMaterial;
    v15_free_where_the_maker_promises_longer:
        WeakCurrentInputs { maker_warranty_end: Some(date("2025-03-02")), ..goods(Some("2024-03-01"), "2025-03-02") }
            => FreeRepair, None, Free;
    v16_day_30_in_a_leap_year: goods(Some("2024-01-31"), "2024-03-01") => ExchangeAllowed, None, Free;
    v24_start_unknown: goods(None, "2024-03-08") => Undetermined, Some(Why::StartUnknown), Held;
    v25_reported_before_the_start:
        goods(Some("2024-03-09"), "2024-03-08") => Undetermined, Some(Why::ReportedBeforeStart), Held;
    v26_not_ours:
        WeakCurrentInputs { sold_by_us: false, ..goods(Some("2024-03-01"), "2024-03-05") } => NotCovered, None, LabourAndMaterial;
    v27_leap_day_last_day: goods(Some("2024-02-29"), "2025-02-28") => FreeRepair, None, Free;
    v27_leap_day_day_after: goods(Some("2024-02-29"), "2025-03-01") => PaidRepair, None, LabourAndMaterial;
    v28_the_longer_wins:
        WeakCurrentInputs { maker_warranty_end: Some(date("2024-09-01")), ..goods(Some("2024-03-01"), "2024-11-01") }
            => FreeRepair, None, Free;
    v30_voucher_missing:
        WeakCurrentInputs { voucher_shown: false, ..goods(Some("2024-03-01"), "2024-03-04") } => PendingEvidence, None, Held;
    v31_voucher_missing_and_misuse:
        WeakCurrentInputs {
            voucher_shown: false,
            grounds: BTreeSet::from([ExclusionGround::Misuse]),
            ..goods(Some("2024-03-01"), "2024-03-04")
        } => Excluded, None, LabourAndMaterial;
    v32_not_confirmed:
        WeakCurrentInputs { quality_fault: QualityFault::NotConfirmed, ..goods(Some("2024-03-01"), "2024-03-04") }
            => Undetermined, Some(Why::NotConfirmed), Held;
}

#[test]
fn v29_each_ground_excludes_and_is_named() {
    for ground in [
        ExclusionGround::LabelAltered,
        ExclusionGround::NoSerial,
        ExclusionGround::VoucherMismatch,
        ExclusionGround::Misuse,
        ExclusionGround::UnauthorisedWork,
        ExclusionGround::Accident,
    ] {
        let case = WeakCurrentInputs {
            grounds: BTreeSet::from([ground]),
            ..goods(Some("2024-03-01"), "2024-03-04")
        };
        let decision = weak(&case);
        assert_eq!(decision.outcome, Out::Excluded);
        assert_eq!(decision.grounds, BTreeSet::from([ground]));
        for lang in [Lang::En, Lang::ZhCn] {
            let name = crate::domain::texts::label(lang, ground.text_key());
            assert!(
                explain::in_one_line(&decision, lang).contains(&name),
                "{ground} {lang}"
            );
        }
    }
}

#[test]
fn q31_counting_the_first_day_flips_v01_v10_v12_v14_v16() {
    let v01 = eseal_with(&key(Some("2021-09-07"), "2024-09-07", &[]), true);
    assert_eq!(
        (v01.outcome, v01.covered_to),
        (Out::NaturalExpired, Some(date("2024-09-06")))
    );
    assert_eq!(
        weak_with(&goods(Some("2024-03-01"), "2024-03-08"), true).outcome,
        Out::ExchangeAllowed
    );
    assert_eq!(
        weak_with(&goods(Some("2024-03-01"), "2024-03-31"), true).outcome,
        Out::FreeRepair
    );
    assert_eq!(
        weak_with(&goods(Some("2024-03-01"), "2025-03-01"), true).outcome,
        Out::PaidRepair
    );
    assert_eq!(
        weak_with(&goods(Some("2024-01-31"), "2024-03-01"), true).outcome,
        Out::FreeRepair
    );
    // Data faults by the unshifted date: the day before the start stays a fault, the start itself is none.
    assert_eq!(
        eseal_with(&key(Some("2024-03-01"), "2024-02-29", &[]), true).undetermined,
        Some(Why::ReportedBeforeStart)
    );
    assert_eq!(
        eseal_with(&key(Some("2024-03-01"), "2024-03-01", &[]), true).outcome,
        Out::NaturalInWarranty
    );
    assert_eq!(
        weak_with(&goods(Some("2024-03-09"), "2024-03-08"), true).undetermined,
        Some(Why::ReportedBeforeStart)
    );
}

#[test]
fn v07_a_paid_remake_stays_available() {
    let case = EsealInputs {
        works: true,
        ..key(Some("2024-01-10"), "2024-02-01", &[Symptom::ShellCracked])
    };
    assert_eq!(eseal(&case).remedies, [Remedy::Remake]);
}

#[test]
fn v18_v19_data_faults_are_flagged_but_not_decisive() {
    let unknown = eseal(&key(None, "2024-02-01", &[Symptom::ShellCracked]));
    assert_eq!(unknown.data_faults, BTreeSet::from([DataFault::StartUnknown]));
    let before = eseal(&key(Some("2024-03-01"), "2024-02-01", &[Symptom::ShellCracked]));
    assert_eq!(
        before.data_faults,
        BTreeSet::from([DataFault::ReportedBeforeStart])
    );
    assert!(!before.needs_supervisor());
}

#[test]
fn v20_both_signs_are_named() {
    let case = key(
        Some("2024-01-10"),
        "2024-02-01",
        &[Symptom::ShellCracked, Symptom::UsbPlugBrokenOffBoard],
    );
    let line = explain::in_one_line(&eseal(&case), Lang::ZhCn);
    assert!(
        line.contains("外壳破裂") && line.contains("USB 接头与 PCB 板断裂"),
        "{line}"
    );
}

#[test]
fn v22_the_evidence_is_the_witness() {
    let case = witnessed(key(Some("2024-01-10"), "2024-02-01", &[]));
    assert_eq!(eseal(&case).evidence, EvidenceStatus::Witnessed);
    let damaged = EsealInputs {
        symptoms: [(Symptom::ShellCracked, SymptomEvidence::default())].into(),
        ..witnessed(key(Some("2024-01-10"), "2024-02-01", &[]))
    };
    assert_eq!(eseal(&damaged).outcome, Out::UserDamage);
    // A blank reason is no reason.
    let mut blank = case;
    blank.photography_forbidden.as_mut().unwrap().reason = "  ".into();
    assert_eq!(eseal(&blank).undetermined, Some(Why::EvidenceMissing));
}

/// Rows of the key's table that no numbered vector visits.
#[test]
fn a12_rows_between_the_vectors() {
    let plain = || key(Some("2024-01-10"), "2024-02-01", &[]);
    let not_inspected = EsealInputs {
        inspected: false,
        ..plain()
    };
    assert_eq!(eseal(&not_inspected).undetermined, Some(Why::NotInspected));
    let no_photo = EsealInputs {
        inspection_photos: BTreeSet::new(),
        ..plain()
    };
    assert_eq!(eseal(&no_photo).undetermined, Some(Why::EvidenceMissing));
    // A claimed sign without its photo is not user damage, even beside one that has it.
    let mut half = key(Some("2024-01-10"), "2024-02-01", &[Symptom::ShellCracked]);
    half.symptoms
        .insert(Symptom::WaterOrMistInside, SymptomEvidence::default());
    assert_eq!(eseal(&half).undetermined, Some(Why::EvidenceMissing));
    // A broken-off plug: does not work whatever was ticked, and needs no trial.
    let plug = EsealInputs {
        works: true,
        tested_elsewhere: false,
        ..key(
            Some("2024-01-10"),
            "2024-02-01",
            &[Symptom::UsbPlugBrokenOffBoard],
        )
    };
    assert_eq!(eseal(&plug).outcome, Out::UserDamage);
    // A user sign wins over other damage.
    let both = key(
        Some("2024-01-10"),
        "2024-02-01",
        &[Symptom::ShellCracked, Symptom::OtherVisibleDamage],
    );
    assert_eq!(eseal(&both).outcome, Out::UserDamage);
    // The trial comes before the signs.
    let untried = EsealInputs {
        tested_elsewhere: false,
        ..key(Some("2024-01-10"), "2024-02-01", &[Symptom::ShellCracked])
    };
    assert_eq!(eseal(&untried).undetermined, Some(Why::NotTested));
}

#[test]
fn q02_the_later_of_sale_and_acceptance_starts() {
    let mut case = goods(Some("2024-03-01"), "2024-03-20");
    case.accepted_on = Some(date("2024-03-15"));
    assert_eq!(
        weak(&case).outcome,
        Out::ReturnAllowed,
        "day 5 after the acceptance"
    );
    case.sold_on = None;
    assert_eq!(weak(&case).outcome, Out::ReturnAllowed);
    case.sold_on = Some(date("2024-04-01"));
    assert_eq!(weak(&case).undetermined, Some(Why::ReportedBeforeStart));
}

#[test]
fn q04_a_missing_price_shows_the_basis_without_amount() {
    let case = Inputs::Eseal(key(Some("2021-09-07"), "2024-09-08", &[]));
    let decision = decide(&pack("eseal", false), &case, &PriceList::empty()).unwrap();
    assert_eq!(
        (decision.charge_basis, decision.price.clone()),
        (Charge::Original, None)
    );
    assert_eq!(
        decision.supervisor,
        BTreeSet::from([SupervisorReason::PriceMissing])
    );
    let line = explain::in_one_line(&decision, Lang::En);
    assert!(
        line.contains("charge: original price · no amount in the price list of that day"),
        "{line}"
    );
}

#[test]
fn q06_a_missing_voucher_may_be_sent_for_15_days() {
    let case = WeakCurrentInputs {
        voucher_shown: false,
        ..goods(Some("2024-03-01"), "2024-03-04")
    };
    let decision = weak(&case);
    assert_eq!(decision.evidence_due, Some(date("2024-03-19")));
    assert!(
        !decision.may_act_now(CustomerAnswer::Accepts, true),
        "the charge is held"
    );
}

#[test]
fn q20_the_term_of_a_replacement() {
    assert_eq!(
        eseal(&key(Some("2024-01-10"), "2024-02-01", &[])).replacement_term,
        Some(ReplacementTerm::Inherit)
    );
    assert_eq!(
        weak(&goods(Some("2024-03-01"), "2024-03-09")).replacement_term,
        Some(ReplacementTerm::Restart)
    );
    assert_eq!(
        weak(&goods(Some("2024-03-01"), "2024-06-09")).replacement_term,
        None
    );
}

#[test]
fn q28_who_may_act_at_once() {
    use CustomerAnswer::{Accepts, Declines, Disputes};
    let free = eseal(&key(Some("2024-01-10"), "2024-02-01", &[]));
    assert!(free.may_act_now(Accepts, false));
    assert!(!free.may_act_now(Disputes, true) && !free.may_act_now(Declines, true));
    let two = eseal(&EsealInputs {
        quantity: 2,
        ..key(Some("2024-01-10"), "2024-02-01", &[])
    });
    assert_eq!(two.supervisor, BTreeSet::from([SupervisorReason::AboveLimit]));
    let priced = eseal(&key(Some("2024-01-10"), "2024-02-01", &[Symptom::ShellCracked]));
    assert!(priced.may_act_now(Accepts, true) && !priced.may_act_now(Accepts, false));
    assert!(eseal(&key(None, "2024-02-01", &[])).needs_supervisor());
    assert_eq!(
        weak(&goods(Some("2024-03-01"), "2024-03-08")).supervisor,
        BTreeSet::from([SupervisorReason::Refund])
    );
    let dear = WeakCurrentInputs {
        goods_value: Some(Fen(50_001)),
        ..goods(Some("2024-03-01"), "2024-03-09")
    };
    assert_eq!(
        weak(&dear).supervisor,
        BTreeSet::from([SupervisorReason::AboveLimit])
    );
    assert!(!weak(&goods(Some("2024-03-01"), "2024-03-09")).needs_supervisor());
}

#[test]
fn q30_a_policy_may_let_exclusions_deny_repair_only() {
    let WarrantyPolicy::WeakCurrent(mut policy) = pack("weakcurrent", false) else {
        panic!("kind")
    };
    policy.exclusions_apply_to = BTreeSet::from([Remedy::Repair]);
    let policy = WarrantyPolicy::WeakCurrent(policy);
    let outcome = |reported| {
        let grounds = BTreeSet::from([ExclusionGround::Misuse]);
        let case = WeakCurrentInputs {
            grounds,
            ..goods(Some("2024-03-01"), reported)
        };
        decide(&policy, &Inputs::WeakCurrent(case), &prices())
            .unwrap()
            .outcome
    };
    assert_eq!(outcome("2024-03-08"), Out::ReturnAllowed);
    assert_eq!(outcome("2024-03-31"), Out::ExchangeAllowed);
    assert_eq!(outcome("2024-04-01"), Out::Excluded);
    assert_eq!(outcome("2025-04-01"), Out::Excluded);
}

#[test]
fn t14_the_request_type_follows_from_the_decision() {
    let kind = |decision: Decision| decision.request_type();
    assert_eq!(
        kind(eseal(&key(Some("2021-09-07"), "2024-09-07", &[]))),
        Some(RequestType::InWarranty)
    );
    assert_eq!(
        kind(eseal(&key(Some("2021-09-07"), "2024-09-08", &[]))),
        Some(RequestType::OutOfWarranty)
    );
    assert_eq!(kind(eseal(&key(None, "2024-09-08", &[]))), None);
}

/// The example of A.12, in both languages, word for word.
#[test]
fn i15_the_printed_example() {
    let decision = eseal(&key(Some("2021-09-07"), "2024-09-08", &[]));
    assert_eq!(
        explain::in_one_line(&decision, Lang::En),
        "Key SN 8F21 · applied 2021-09-07 · covered to 2024-09-07 · reported 2024-09-08 · outside by 1 d · \
         does not work on another port and computer either · no user-damage sign among the 4 checked · photos: 4 · \
         rule ESZAQDGF001 §2.5.3, policy eseal@1 · \
         → Natural damage after the warranty: replacement at the original price · \
         the customer may choose: replacement · charge: original price ¥120.00"
    );
    assert_eq!(
        explain::in_one_line(&decision, Lang::ZhCn),
        "KEY 序列号 8F21 · 申请日 2021-09-07 · 保修至 2024-09-07 · 报修日 2024-09-08 · 超出 1 天 · \
         换接口和电脑后仍不能使用 · 所查 4 项均无人为损坏迹象 · 照片 4 张 · \
         依据 ESZAQDGF001 §2.5.3，政策 eseal@1 · → 自然损坏但超出保修期：按原价更换 · 客户可选：更换 · 收费：原价 ¥120.00"
    );
}
