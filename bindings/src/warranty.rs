//! Warranty on site: what the engineer found goes in, the decision with its explanation comes out.

use fieldseal_core::device::engine::{Examination, Saved};
use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::ids::PersonId;
use fieldseal_core::domain::money::Fen;
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::domain::warranty::{
    CustomerAnswer, Decision, ExclusionGround, PhotographyForbidden, QualityFault, SymptomEvidence, explain,
};
use fieldseal_core::domain::work::Symptom;
use fieldseal_core::facts::order::view::{DecisionStatus, DecisionView};
use fieldseal_core::facts::{DocName, FactId};

use crate::notes::Author;
use crate::texts::TextCode;

/// A sign of damage.
#[uniffi::remote(Enum)]
pub enum Symptom {
    /// 外壳变形.
    ShellDeformed,
    /// 外壳破裂.
    ShellCracked,
    /// USB 接头与 PCB 板断裂.
    UsbPlugBrokenOffBoard,
    /// 内壳进水或有水雾.
    WaterOrMistInside,
    /// Anything else to be seen; a supervisor decides.
    OtherVisibleDamage,
}

/// A ground of exclusion.
#[uniffi::remote(Enum)]
pub enum ExclusionGround {
    /// Serial label altered, replaced or torn.
    LabelAltered,
    /// No serial number.
    NoSerial,
    /// The voucher does not match the goods.
    VoucherMismatch,
    /// No voucher within the days given for it.
    NoVoucher,
    /// Not used, maintained or kept as the manual says.
    Misuse,
    /// Fitted, repaired, altered or opened by people not authorised.
    UnauthorisedWork,
    /// Accident or force majeure.
    Accident,
}

/// Whether an engineer found a quality fault.
#[uniffi::remote(Enum)]
pub enum QualityFault {
    /// A quality fault.
    Confirmed,
    /// Not a quality fault.
    Denied,
    /// Neither said yet.
    NotConfirmed,
}

/// The customer's answer to a decision.
#[uniffi::remote(Enum)]
pub enum CustomerAnswer {
    /// Accepts.
    Accepts,
    /// Does not want it.
    Declines,
    /// Disputes the decision.
    Disputes,
}

/// A sign of damage with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SymptomFound {
    /// The sign.
    pub symptom: Symptom,
    /// Photos that show it.
    pub photos: Vec<ContentHash>,
    /// A description; needed for other visible damage.
    pub note: Option<String>,
}

/// The customer allows no photos.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NoPhotos {
    /// Why.
    pub reason: String,
    /// Who saw it besides the engineer: a person's id.
    pub witness: PersonId,
}

/// What the engineer found. Dates, serial and product come from the unit's record.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ExaminedUnit {
    /// An e-seal key.
    Eseal {
        /// The key works.
        works: bool,
        /// Tried on another port and another computer.
        tested_elsewhere: bool,
        /// Looked at for signs of damage.
        inspected: bool,
        /// Photos of the inspection.
        inspection_photos: Vec<ContentHash>,
        /// The signs claimed.
        symptoms: Vec<SymptomFound>,
        /// The customer allows no photos.
        no_photos: Option<NoPhotos>,
        /// How many keys.
        quantity: u32,
    },
    /// A piece of weak-current equipment.
    WeakCurrent {
        /// Known as sold by us.
        sold_by_us: bool,
        /// Photos that show it.
        origin_evidence: Vec<ContentHash>,
        /// Voucher and invoice were shown.
        voucher_shown: bool,
        /// Grounds of exclusion found.
        grounds: Vec<ExclusionGround>,
        /// Whether a quality fault was found.
        quality_fault: QualityFault,
        /// Photos of the finding.
        photos: Vec<ContentHash>,
        /// How many pieces.
        quantity: u32,
        /// Value of the goods in fen, where known.
        goods_value: Option<i64>,
    },
}

/// A decision as it was copied into its fact.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DecisionText {
    /// Key of the outcome.
    pub outcome: String,
    /// Key of what the customer pays.
    pub charge_basis: String,
    /// The listed price of one piece in fen, where there is one.
    pub price: Option<i64>,
    /// Last day of the period.
    pub covered_to: Option<String>,
    /// Last day for a missing voucher.
    pub evidence_due: Option<String>,
    /// Keys of why a supervisor decides first; empty: the engineer may act.
    pub supervisor: Vec<String>,
    /// Keys of what the customer may choose, the first by default.
    pub remedies: Vec<String>,
    /// Why, line by line.
    pub explanation: Vec<TextCode>,
    /// All of it in one line, English.
    pub line_en: String,
    /// The same in Chinese.
    pub line_zh_cn: String,
}

/// A warranty decision on the work order.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct WarrantyDecision {
    /// The fact: `answer` names it.
    pub fact: FactId,
    /// The unit.
    pub asset: DocName,
    /// What was decided; none where a newer version wrote it in a form that is not known here.
    pub decided: Option<DecisionText>,
    /// `provisional`, `confirmed`, `overridden` or `superseded`.
    pub status: String,
    /// Where overridden: the outcome that holds.
    pub outcome: Option<String>,
    /// The customer's answer.
    pub answer: Option<String>,
    /// Who decided, when.
    pub author: Author,
}

/// An examination that was saved.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Examined {
    /// What was decided.
    pub decided: DecisionText,
    /// What was acknowledged.
    pub saved: Saved,
}

impl From<ExaminedUnit> for Examination {
    fn from(unit: ExaminedUnit) -> Self {
        match unit {
            ExaminedUnit::Eseal {
                works,
                tested_elsewhere,
                inspected,
                inspection_photos,
                symptoms,
                no_photos,
                quantity,
            } => Self::Eseal {
                works,
                tested_elsewhere,
                inspected,
                inspection_photos: inspection_photos.into_iter().collect(),
                symptoms: symptoms.into_iter().map(evidence).collect(),
                photography_forbidden: no_photos.map(|forbidden| PhotographyForbidden {
                    reason: forbidden.reason,
                    witness: forbidden.witness,
                }),
                quantity,
            },
            ExaminedUnit::WeakCurrent {
                sold_by_us,
                origin_evidence,
                voucher_shown,
                grounds,
                quality_fault,
                photos,
                quantity,
                goods_value,
            } => Self::WeakCurrent {
                sold_by_us,
                origin_evidence: origin_evidence.into_iter().collect(),
                voucher_shown,
                grounds: grounds.into_iter().collect(),
                quality_fault,
                photos: photos.into_iter().collect(),
                quantity,
                goods_value: goods_value.map(Fen),
            },
        }
    }
}

fn evidence(found: SymptomFound) -> (Symptom, SymptomEvidence) {
    let evidence = SymptomEvidence {
        photos: found.photos.into_iter().collect(),
        note: found.note,
    };
    (found.symptom, evidence)
}

impl From<Decision> for DecisionText {
    fn from(decision: Decision) -> Self {
        Self {
            outcome: decision.outcome.text_key().to_owned(),
            charge_basis: decision.charge_basis.text_key().to_owned(),
            price: decision.price.as_ref().map(|price| price.amount.0),
            covered_to: decision.covered_to.map(|day| day.to_string()),
            evidence_due: decision.evidence_due.map(|day| day.to_string()),
            supervisor: decision
                .supervisor
                .iter()
                .map(|why| why.text_key().to_owned())
                .collect(),
            remedies: decision
                .remedies
                .iter()
                .map(|remedy| remedy.text_key().to_owned())
                .collect(),
            line_en: explain::in_one_line(&decision, Lang::En),
            line_zh_cn: explain::in_one_line(&decision, Lang::ZhCn),
            explanation: decision
                .explanation
                .into_iter()
                .map(|line| TextCode::new(format!("explain.{}", line.code), line.params))
                .collect(),
        }
    }
}

const fn status(status: DecisionStatus) -> &'static str {
    match status {
        DecisionStatus::Provisional => "provisional",
        DecisionStatus::Confirmed => "confirmed",
        DecisionStatus::Overridden => "overridden",
        DecisionStatus::Superseded => "superseded",
    }
}

impl From<DecisionView> for WarrantyDecision {
    fn from(view: DecisionView) -> Self {
        Self {
            fact: view.id,
            asset: view.asset,
            decided: serde_json::from_value::<Decision>(view.decision)
                .ok()
                .map(Into::into),
            status: status(view.status).to_owned(),
            outcome: view.outcome,
            answer: view.answer,
            author: view.stamp.into(),
        }
    }
}
