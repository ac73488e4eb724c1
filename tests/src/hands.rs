//! What an engineer's thumb does on a work order, one saved form or tap at a time, through the real `Engine`.
//!
//! Shared by the scenarios and by the phone process that they kill. Every deed looks at the screen first and hands
//! the screen's token back, as an app does.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use fieldseal_core::device::EngineError;
use fieldseal_core::device::engine::{
    Closing, Engine, Examination, OrderDetails, Pieces, Saved, SealRequest, Step,
};
use fieldseal_core::domain::ids::{OrderId, PersonId};
use fieldseal_core::domain::scribble::scribble;
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::domain::warranty::{CustomerAnswer, PhotographyForbidden, SymptomEvidence};
use fieldseal_core::domain::work::{AttemptChannel, ConsentKind, ConsentWay, Outcome, Symptom};
use fieldseal_core::facts::{DocName, ViewToken};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The part that [`Deed::UsePart`] uses.
pub const PART: &str = "KEY-BLANK";
/// What the customer says in [`Deed::Sign`].
pub const OPINION: &str = "讲解清楚，处理及时";

/// One thing that an engineer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Takes the assignment.
    Accept,
    /// Calls the customer.
    Contact,
    /// Sets out.
    Travel,
    /// Arrives.
    Arrive,
    /// Notes what he sees.
    Progress,
    /// Has the customer agree to work and price.
    Consent,
    /// Decides the warranty of the order's first unit, a cracked key.
    Examine,
    /// Notes what the customer says to it.
    Answer,
    /// Uses one [`PART`].
    UsePart,
    /// Saves finding and action.
    Report,
    /// Ends the work.
    Done,
    /// Saves the customer's opinion and who signs.
    Sign,
    /// Seals with the strokes.
    Seal,
    /// Hands in.
    Submit,
    /// Leaves.
    Leave,
}

impl Deed {
    /// A whole visit, in order.
    pub const VISIT: [Self; 15] = [
        Self::Accept,
        Self::Contact,
        Self::Travel,
        Self::Arrive,
        Self::Progress,
        Self::Consent,
        Self::Examine,
        Self::Answer,
        Self::UsePart,
        Self::Report,
        Self::Done,
        Self::Sign,
        Self::Seal,
        Self::Submit,
        Self::Leave,
    ];

    /// Its name on a command line.
    pub fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

impl FromStr for Deed {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::VISIT.into_iter().find(|deed| deed.name() == text);
        known.ok_or_else(|| format!("unknown deed {text}"))
    }
}

/// What the engine acknowledged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Ids of the facts.
    pub facts: Vec<String>,
    /// SHA-256 of the sealed file.
    pub sealed: Option<String>,
}

impl From<Saved> for Ack {
    fn from(saved: Saved) -> Self {
        Self {
            facts: saved.facts.iter().map(ToString::to_string).collect(),
            sealed: None,
        }
    }
}

/// Somebody at the customer's: the first person that the order names.
pub fn witness(details: &OrderDetails) -> PersonId {
    let named = details.people.iter().find_map(|person| match person.doc {
        DocName::Person(id, _) => Some(id),
        _ => None,
    });
    named.unwrap_or(PersonId(uuid::Uuid::from_u128(7)))
}

/// Report fields, as the form hands them over.
pub fn fields(given: &[(&str, &str)]) -> BTreeMap<String, Value> {
    given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect()
}

/// The request to seal in Chinese with a drawn signature.
pub fn signed() -> SealRequest {
    SealRequest {
        language: Lang::ZhCn,
        closing: Closing::Signed {
            strokes: scribble(11).expect("a drawn signature"),
        },
    }
}

/// A key with a cracked shell, where the customer allows no photos.
pub fn cracked(details: &OrderDetails) -> Examination {
    Examination::Eseal {
        works: false,
        tested_elsewhere: true,
        inspected: true,
        inspection_photos: BTreeSet::new(),
        symptoms: BTreeMap::from([(Symptom::ShellCracked, SymptomEvidence::default())]),
        photography_forbidden: Some(PhotographyForbidden {
            reason: "机房禁止拍照".to_owned(),
            witness: witness(details),
        }),
        quantity: 1,
    }
}

/// Does one deed.
///
/// # Errors
/// The engine's.
pub fn perform(engine: &Engine, order: OrderId, deed: Deed) -> Result<Ack, EngineError> {
    let details = engine.order(order)?;
    let token: &ViewToken = &details.token;
    let step = |step: Step| engine.step(order, token, step);
    let report = |given: &[(&str, &str)]| engine.save_report(order, token, fields(given));
    let saved = match deed {
        Deed::Accept => step(Step::Accept {
            plan: Some("带备用钥匙上门".to_owned()),
        }),
        Deed::Contact => step(Step::Contact {
            channel: AttemptChannel::Phone,
            reached: true,
            text: Some("约定今天上午".to_owned()),
        }),
        Deed::Travel => step(Step::Travel),
        Deed::Arrive => step(Step::Arrive),
        Deed::Progress => step(Step::Progress {
            text: "外壳有裂纹，换两个端口均不识别".to_owned(),
        }),
        Deed::Consent => step(Step::Consent {
            kind: ConsentKind::WorkAndPrice,
            how: ConsentWay::Spoken,
            given_by: Some(witness(&details)),
            new_due: None,
            text: Some("同意重新制作".to_owned()),
        }),
        Deed::Examine => {
            let asset = details.assets.first().ok_or(EngineError::NotFound)?;
            let asset = asset.doc.clone();
            engine
                .examine(order, token, &asset, cracked(&details))
                .map(|(_, saved)| saved)
        }
        Deed::Answer => {
            let decision = details.order.decisions.last().ok_or(EngineError::NotFound)?;
            engine.answer(order, token, decision.id, CustomerAnswer::Accepts)
        }
        Deed::UsePart => {
            let used = Pieces {
                part: PART.to_owned(),
                qty: 1,
                serial: None,
            };
            engine.use_part(order, token, used)
        }
        Deed::Report => report(&[("fault_found", "外壳破裂"), ("action_taken", "重新制作钥匙")]),
        Deed::Done => step(Step::Done {
            outcome: Outcome::Solved,
            reason: None,
        }),
        Deed::Sign => report(&[
            ("opinion_kind", "satisfied"),
            ("opinion_text", OPINION),
            ("signer_name", "王敏"),
            ("signer_role", "出纳"),
        ]),
        Deed::Seal => {
            let sealed = engine.seal(order, token, signed())?;
            let mut ack = Ack::from(sealed.saved);
            ack.sealed = Some(sealed.sha256.to_string());
            return Ok(ack);
        }
        Deed::Submit => engine.submit(order, token, None),
        Deed::Leave => step(Step::Leave),
    };
    saved.map(Ack::from)
}
