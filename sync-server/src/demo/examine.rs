//! Examining a unit: what it shows, and what speaks for it (A.12).

use std::collections::BTreeMap;

use fieldseal_core::device::EngineError;
use fieldseal_core::device::engine::{Examination, OrderDetails};
use fieldseal_core::domain::ids::PersonId;
use fieldseal_core::domain::warranty::{
    ExclusionGround, PhotographyForbidden, QualityFault, SymptomEvidence,
};
use fieldseal_core::domain::work::Symptom;
use fieldseal_core::facts::DocName;

use super::data::KEY;
use super::deeds::{Hand, seed_of};
use super::seed::named;

/// The signs of damage that a look stands for.
pub(super) fn symptoms_of(look: &str) -> &'static [Symptom] {
    match look {
        "cracked" => &[Symptom::ShellCracked],
        "deformed" => &[Symptom::ShellDeformed],
        "plug" => &[Symptom::UsbPlugBrokenOffBoard],
        "mist" => &[Symptom::WaterOrMistInside],
        "other" => &[Symptom::OtherVisibleDamage],
        _ => &[],
    }
}

/// Examines the order's first unit as its case has it.
pub(super) fn examine(hand: &Hand<'_>, details: &OrderDetails) -> Result<(), EngineError> {
    let Some(asset) = details.assets.first() else {
        return Ok(());
    };
    let fault = hand.case(details).fault;
    let key = asset
        .fields
        .text("product")
        .is_some_and(|product| product.starts_with(KEY));
    let shown = details.evidence(&asset.doc);
    let found = if key {
        let evidence = |symptom: &Symptom| SymptomEvidence {
            photos: shown.symptoms.get(symptom).cloned().unwrap_or_default(),
            note: (*symptom == Symptom::OtherVisibleDamage).then(|| fault.found.to_owned()),
        };
        let symptoms: BTreeMap<Symptom, SymptomEvidence> = symptoms_of(fault.look)
            .iter()
            .map(|symptom| (*symptom, evidence(symptom)))
            .collect();
        Examination::Eseal {
            works: fault.look == "works",
            tested_elsewhere: true,
            inspected: true,
            inspection_photos: shown.inspection,
            symptoms,
            photography_forbidden: hand.photos_forbidden(details).then(|| PhotographyForbidden {
                reason: "大厅内禁止拍照".to_owned(),
                witness: witness(hand, details),
            }),
            quantity: 1,
        }
    } else {
        let ground = fault.look.parse::<ExclusionGround>();
        Examination::WeakCurrent {
            sold_by_us: true,
            origin_evidence: shown.origin,
            voucher_shown: !seed_of(hand.order).is_multiple_of(7),
            grounds: ground.into_iter().collect(),
            quality_fault: if fault.look == "fault" {
                QualityFault::Confirmed
            } else {
                QualityFault::Denied
            },
            photos: shown.inspection,
            quantity: 1,
            goods_value: None,
        }
    };
    hand.engine
        .examine(hand.order, &details.token, &asset.doc, found)
        .map(drop)
}

/// Somebody at the customer's who saw it.
fn witness(hand: &Hand<'_>, details: &OrderDetails) -> PersonId {
    details
        .people
        .iter()
        .find_map(|person| match person.doc {
            DocName::Person(id, _) => Some(id),
            _ => None,
        })
        .unwrap_or(PersonId(named("witness", &hand.order.to_string())))
}
