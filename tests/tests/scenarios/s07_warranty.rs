//! S7: V1–V32 on phone and server (A.12, I7, I15): each case comes from the office (unit, ticket), is decided by the
//! engine, and the server decides the same bytes from the inputs that the stored decision copied.

use std::collections::{BTreeMap, BTreeSet};

use fieldseal_core::device::engine::{Examination, PhotoNote};
use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::policy::{Packs, PriceList};
use fieldseal_core::domain::texts::{Lang, all};
use fieldseal_core::domain::warranty::{
    ChargeBasis as Charge, Decision, ExclusionGround as Ground, PhotographyForbidden, QualityFault,
    SymptomEvidence, UndeterminedReason as Why, WarrantyOutcome as Out, decide, explain,
};
use fieldseal_core::domain::work::{PhotoSubject, Symptom};
use fieldseal_core::facts::DocName;
use fieldseal_tests::hands::witness;

use crate::company::World;

/// What the engineer finds.
#[derive(Clone)]
enum Found {
    Key {
        works: bool,
        tested: bool,
        symptoms: &'static [Symptom],
        witnessed: bool,
    },
    Goods {
        ours: bool,
        voucher: bool,
        grounds: &'static [Ground],
        quality: QualityFault,
    },
}

struct Vector {
    name: &'static str,
    start: Option<&'static str>,
    maker_end: Option<&'static str>,
    reported: &'static str,
    found: Found,
    outcome: Out,
    why: Option<Why>,
    charge: Charge,
}

const fn key(symptoms: &'static [Symptom]) -> Found {
    Found::Key {
        works: false,
        tested: true,
        symptoms,
        witnessed: false,
    }
}

const fn goods(ours: bool, voucher: bool, grounds: &'static [Ground], quality: QualityFault) -> Found {
    Found::Goods {
        ours,
        voucher,
        grounds,
        quality,
    }
}

const SOUND: Found = goods(true, true, &[], QualityFault::Confirmed);

const fn v(
    name: &'static str,
    start: Option<&'static str>,
    reported: &'static str,
    found: Found,
    (outcome, why, charge): (Out, Option<Why>, Charge),
) -> Vector {
    Vector {
        name,
        start,
        maker_end: None,
        reported,
        found,
        outcome,
        why,
        charge,
    }
}

fn vectors() -> Vec<Vector> {
    use Symptom as S;
    let free = (Out::NaturalInWarranty, None, Charge::Free);
    let original = (Out::NaturalExpired, None, Charge::Original);
    let damage = (Out::UserDamage, None, Charge::NewApplication);
    let open = |why| (Out::Undetermined, Some(why), Charge::Held);
    let give_back = (Out::ReturnAllowed, None, Charge::Free);
    let exchange = (Out::ExchangeAllowed, None, Charge::Free);
    let repair = (Out::FreeRepair, None, Charge::Free);
    let paid = (Out::PaidRepair, None, Charge::LabourAndMaterial);
    let excluded = (Out::Excluded, None, Charge::LabourAndMaterial);
    let works = Found::Key {
        works: true,
        tested: true,
        symptoms: &[S::ShellCracked],
        witnessed: false,
    };
    let not_tried = Found::Key {
        works: false,
        tested: false,
        symptoms: &[],
        witnessed: false,
    };
    let witnessed = Found::Key {
        works: false,
        tested: true,
        symptoms: &[],
        witnessed: true,
    };
    let (jan, feb, march) = (Some("2024-01-10"), "2024-02-01", Some("2024-03-01"));
    let confirmed = QualityFault::Confirmed;
    let mut all = vec![
        v("V1", Some("2021-09-07"), "2024-09-07", key(&[]), free),
        v("V2", Some("2021-09-07"), "2024-09-08", key(&[]), original),
        v("V3", Some("2020-02-29"), "2023-02-28", key(&[]), free),
        v("V4", Some("2020-02-29"), "2023-03-01", key(&[]), original),
        v("V5", jan, feb, key(&[S::ShellCracked]), damage),
        v(
            "V6",
            Some("2015-01-10"),
            feb,
            key(&[S::WaterOrMistInside]),
            damage,
        ),
        v("V7", jan, feb, works, (Out::NoClaim, None, Charge::None)),
        v("V8", None, feb, key(&[]), open(Why::StartUnknown)),
        v("V9", march, feb, key(&[]), open(Why::ReportedBeforeStart)),
        v("V10", march, "2024-03-08", SOUND, give_back),
        v("V11", march, "2024-03-09", SOUND, exchange),
        v("V12", march, "2024-03-31", SOUND, exchange),
        v("V13", march, "2024-04-01", SOUND, repair),
        v("V14", march, "2025-03-01", SOUND, repair),
        v("V15", march, "2025-03-02", SOUND, paid),
        v("V16", Some("2024-01-31"), "2024-03-01", SOUND, exchange),
        v("V17", jan, feb, not_tried, open(Why::NotTested)),
        v("V18", None, feb, key(&[S::ShellCracked]), damage),
        v("V19", march, feb, key(&[S::ShellCracked]), damage),
        v(
            "V20",
            jan,
            feb,
            key(&[S::ShellCracked, S::UsbPlugBrokenOffBoard]),
            damage,
        ),
        v("V21", Some(feb), feb, key(&[]), free),
        v("V22", jan, feb, witnessed, free),
        v(
            "V23",
            jan,
            feb,
            key(&[S::OtherVisibleDamage]),
            open(Why::OtherDamage),
        ),
        v("V24", None, "2024-03-08", SOUND, open(Why::StartUnknown)),
        v(
            "V25",
            Some("2024-03-09"),
            "2024-03-08",
            SOUND,
            open(Why::ReportedBeforeStart),
        ),
        v(
            "V26",
            march,
            "2024-03-05",
            goods(false, true, &[], confirmed),
            (Out::NotCovered, None, Charge::LabourAndMaterial),
        ),
        v("V27", Some("2024-02-29"), "2025-02-28", SOUND, repair),
        v("V27 the day after", Some("2024-02-29"), "2025-03-01", SOUND, paid),
        v(
            "V30",
            march,
            "2024-03-04",
            goods(true, false, &[], confirmed),
            (Out::PendingEvidence, None, Charge::Held),
        ),
        v(
            "V31",
            march,
            "2024-03-04",
            goods(true, false, &[Ground::Misuse], confirmed),
            excluded,
        ),
        v(
            "V32",
            march,
            "2024-03-04",
            goods(true, true, &[], QualityFault::NotConfirmed),
            open(Why::NotConfirmed),
        ),
    ];
    let mut longer = v("V15 the maker's end is later", march, "2025-03-02", SOUND, repair);
    longer.maker_end = Some("2025-03-02");
    let mut shorter = v("V28", march, "2024-11-01", SOUND, repair);
    shorter.maker_end = Some("2024-09-01");
    all.extend([longer, shorter]);
    const GROUNDS: [&[Ground]; 6] = [
        &[Ground::LabelAltered],
        &[Ground::NoSerial],
        &[Ground::VoucherMismatch],
        &[Ground::Misuse],
        &[Ground::UnauthorisedWork],
        &[Ground::Accident],
    ];
    for grounds in GROUNDS {
        let found = goods(true, true, grounds, confirmed);
        all.push(v("V29", march, "2024-03-04", found, excluded));
    }
    all
}

#[test]
fn s7_v01_to_v32_on_phone_and_server() {
    let world = World::new();
    let engineer = world.company.engineers[0];
    let phone = world.phone(engineer);
    let vectors = vectors();
    let covered: BTreeSet<&str> = vectors
        .iter()
        .filter_map(|vector| vector.name.split(' ').next())
        .collect();
    let wanted: Vec<String> = (1..=32).map(|number| format!("V{number}")).collect();
    assert!(wanted.iter().all(|name| covered.contains(name.as_str())) && covered.len() == 32);

    let orders: Vec<_> = vectors
        .iter()
        .map(|vector| {
            let product = if matches!(vector.found, Found::Key { .. }) {
                "eseal-key"
            } else {
                "camera"
            };
            let (company, office) = (&world.company, world.office());
            let unit = company.unit(
                office,
                &world.env,
                vector.name,
                product,
                vector.start,
                vector.maker_end,
            );
            let order = company.job(office, &world.env, &unit, Some(vector.reported), &[engineer]);
            (order, unit)
        })
        .collect();
    phone.settle();

    let file = world.picture(1);
    // On the phone, with no line.
    phone.line.take_down();
    let decided: Vec<Decision> = vectors
        .iter()
        .zip(&orders)
        .map(|(vector, (order, unit))| {
            let details = phone.order(*order);
            assert_eq!(details.assets[0].doc, *unit);
            let photos = match vector.found {
                Found::Key { witnessed: false, .. } => {
                    let note = PhotoNote::of(PhotoSubject::Device);
                    let added = phone.engine.add_photo(*order, &details.token, &file, note);
                    BTreeSet::from([added.unwrap().0])
                }
                _ => BTreeSet::new(),
            };
            let details = phone.order(*order);
            let found = found(
                &vector.found,
                &photos,
                PhotographyForbidden {
                    reason: "机房禁止拍照".to_owned(),
                    witness: witness(&details),
                },
            );
            let (decision, _) = phone.engine.examine(*order, &details.token, unit, found).unwrap();
            let got = (decision.outcome, decision.undetermined, decision.charge_basis);
            assert_eq!(
                got,
                (vector.outcome, vector.why, vector.charge),
                "{}",
                vector.name
            );
            decision
        })
        .collect();
    phone.line.restore();
    phone.settle();

    // On the server, from what was stored.
    let packs = Packs::builtin().unwrap();
    for ((vector, (order, unit)), on_phone) in vectors.iter().zip(&orders).zip(decided) {
        let view = world.view(*order);
        let [stored] = view.decisions.as_slice() else {
            panic!("{}: one decision", vector.name);
        };
        assert_eq!(stored.asset, *unit);
        let read: Decision = serde_json::from_value(stored.decision.clone()).unwrap();
        let policy = packs.warranty_by_ref(&read.policy).unwrap();
        let prices = PriceList::empty();
        let again = decide(policy, &read.inputs, &prices).unwrap();
        let bytes = |decision: &Decision| serde_json::to_vec(decision).unwrap();
        assert_eq!(bytes(&again), bytes(&read), "{}", vector.name);
        assert_eq!(bytes(&again), bytes(&on_phone), "{}", vector.name);
        assert_eq!(
            serde_json::to_value(&again).unwrap(),
            stored.decision,
            "{}",
            vector.name
        );
        assert!(read.follows_from(policy, &prices));
        let shown = phone.order(*order).order;
        assert_eq!(shown.decisions, view.decisions);
        for lang in Lang::ALL {
            assert!(!read.explanation.is_empty());
            let lines: Vec<String> = read.explanation.iter().map(|line| line.render(*lang)).collect();
            for line in lines.iter().chain([&explain::in_one_line(&read, *lang)]) {
                let whole = !line.is_empty() && !line.contains(['{', '}']);
                assert!(whole && !all(*lang).contains_key(line), "{}: {line}", vector.name);
            }
        }
        assert_ne!(
            explain::in_one_line(&read, Lang::En),
            explain::in_one_line(&read, Lang::ZhCn)
        );
    }
}

fn found(found: &Found, photos: &BTreeSet<ContentHash>, forbidden: PhotographyForbidden) -> Examination {
    match found {
        Found::Key {
            works,
            tested,
            symptoms,
            witnessed,
        } => Examination::Eseal {
            works: *works,
            tested_elsewhere: *tested,
            inspected: true,
            inspection_photos: photos.clone(),
            symptoms: symptoms
                .iter()
                .map(|symptom| {
                    let photos = photos.clone();
                    let note = (*symptom == Symptom::OtherVisibleDamage).then(|| "烧痕".to_owned());
                    (*symptom, SymptomEvidence { photos, note })
                })
                .collect::<BTreeMap<_, _>>(),
            photography_forbidden: witnessed.then_some(forbidden),
            quantity: 1,
        },
        Found::Goods {
            ours,
            voucher,
            grounds,
            quality,
        } => Examination::WeakCurrent {
            sold_by_us: *ours,
            origin_evidence: BTreeSet::new(),
            voucher_shown: *voucher,
            grounds: grounds.iter().copied().collect(),
            quality_fault: *quality,
            photos: BTreeSet::new(),
            quantity: 1,
            goods_value: None,
        },
    }
}

#[test]
fn s7_a_unit_that_the_office_does_not_know_is_said_and_nothing_is_decided() {
    let world = World::new();
    let engineer = world.company.engineers[0];
    let phone = world.phone(engineer);
    let order = world.job(&[engineer]);
    phone.sync();
    let details = phone.order(order);
    let unknown = DocName::Asset(fieldseal_core::domain::ids::AssetId(world.env.uuid_v7()));
    let error = phone
        .engine
        .examine(
            order,
            &details.token,
            &unknown,
            fieldseal_tests::hands::cracked(&details),
        )
        .unwrap_err();
    crate::company::said(&error, &["step_problem.unknown_asset"]);
    assert_eq!(phone.order(order), details);
}
