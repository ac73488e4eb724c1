//! A script's deeds done through the real `Engine`, as a thumb on glass would do them.
//!
//! Every deed may be done again after a kill: what would count twice (a used part, a seal) is looked up first.

use std::collections::{BTreeMap, BTreeSet};

use fieldseal_core::device::EngineError;
use fieldseal_core::device::engine::{
    Closing, Engine, Examination, OrderDetails, PartUse, SealRequest, Step,
};
use fieldseal_core::domain::ids::{OrderId, PersonId};
use fieldseal_core::domain::scribble::scribble;
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::domain::warranty::{PhotographyForbidden, QualityFault, SymptomEvidence};
use fieldseal_core::domain::work::{AttemptChannel, ConsentKind, ConsentWay};
use fieldseal_core::facts::{DocName, ViewToken};
use serde_json::{Value, json};

use super::script::What;
use super::seed::named;

/// An engineer's hand on one work order.
pub(super) struct Hand<'e> {
    pub engine: &'e Engine,
    pub order: OrderId,
}

impl Hand<'_> {
    /// The product code of the order's first unit.
    pub(super) fn product(&self, details: &OrderDetails) -> Option<String> {
        details
            .assets
            .first()
            .and_then(|asset| asset.fields.text("product"))
            .map(str::to_owned)
    }

    /// Does one deed, looking at the screen first.
    pub(super) fn perform(&self, what: &What) -> Result<(), EngineError> {
        let details = self.engine.order(self.order)?;
        let token = &details.token;
        let step = |step: Step| self.engine.step(self.order, token, step).map(drop);
        match what {
            What::Accept(plan) => step(Step::Accept {
                plan: Some((*plan).to_owned()),
            }),
            What::Contact(text) => step(Step::Contact {
                channel: AttemptChannel::Phone,
                reached: true,
                text: Some((*text).to_owned()),
            }),
            What::Travel => step(Step::Travel),
            What::Arrive => step(Step::Arrive),
            What::Cellar | What::Daylight => Ok(()),
            What::Progress(text) => step(Step::Progress {
                text: (*text).to_owned(),
            }),
            What::Consent => step(Step::Consent {
                kind: ConsentKind::WorkAndPrice,
                how: ConsentWay::Spoken,
                given_by: None,
                new_due: None,
                text: Some("已说明处理方式与费用，客户同意".to_owned()),
            }),
            What::Examine { works, symptoms } => {
                if details.order.decisions.is_empty() {
                    self.examine(&details, *works, symptoms)?;
                }
                Ok(())
            }
            What::Report { found, done } => {
                self.report(token, &[("fault_found", found), ("action_taken", done)])
            }
            What::UsePart(part, qty) => {
                if details.order.lines.iter().any(|line| line.part == *part) {
                    return Ok(());
                }
                let used = PartUse {
                    part: (*part).to_owned(),
                    qty: *qty,
                    serial: None,
                };
                self.engine.use_part(self.order, token, used).map(drop)
            }
            What::RequestPart(part, qty) => self
                .engine
                .request_parts(
                    &ViewToken::default(),
                    None,
                    vec![((*part).to_owned(), *qty)],
                    None,
                )
                .map(drop),
            What::Done(outcome) => step(Step::Done {
                outcome: *outcome,
                reason: None,
            }),
            What::Seal => self.seal(&details),
            What::Submit => self.engine.submit(self.order, token, None).map(drop),
            What::Leave => step(Step::Leave),
        }
    }

    fn report(&self, token: &ViewToken, fields: &[(&str, &str)]) -> Result<(), EngineError> {
        let fields: BTreeMap<String, Value> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        self.engine.save_report(self.order, token, fields).map(drop)
    }

    fn examine(
        &self,
        details: &OrderDetails,
        works: bool,
        symptoms: &[fieldseal_core::domain::work::Symptom],
    ) -> Result<(), EngineError> {
        let Some(asset) = details.assets.first() else {
            return Ok(());
        };
        // Photos come with a later version: until then the site forbids them and somebody witnesses.
        let forbidden = PhotographyForbidden {
            reason: "客户机房禁止拍照".to_owned(),
            witness: self.witness(details),
        };
        let found = if asset.fields.text("product") == Some("eseal_key") {
            Examination::Eseal {
                works,
                tested_elsewhere: true,
                inspected: true,
                inspection_photos: BTreeSet::new(),
                symptoms: symptoms
                    .iter()
                    .map(|symptom| (*symptom, SymptomEvidence::default()))
                    .collect(),
                photography_forbidden: Some(forbidden),
                quantity: 1,
            }
        } else {
            Examination::WeakCurrent {
                sold_by_us: true,
                origin_evidence: BTreeSet::new(),
                voucher_shown: true,
                grounds: BTreeSet::new(),
                quality_fault: QualityFault::Confirmed,
                photos: BTreeSet::new(),
                quantity: 1,
                goods_value: None,
            }
        };
        self.engine
            .examine(self.order, &details.token, &asset.doc, found)
            .map(drop)
    }

    fn witness(&self, details: &OrderDetails) -> PersonId {
        details
            .people
            .iter()
            .find_map(|person| match person.doc {
                DocName::Person(id, _) => Some(id),
                _ => None,
            })
            .unwrap_or(PersonId(named("witness", &self.order.to_string())))
    }

    fn seal(&self, details: &OrderDetails) -> Result<(), EngineError> {
        if details
            .order
            .visits
            .iter()
            .any(|visit| visit.current_seal.is_some())
        {
            return Ok(());
        }
        let name = details
            .people
            .iter()
            .find_map(|person| person.fields.text("name"))
            .unwrap_or("客户代表");
        let fields = [
            ("opinion_kind", "satisfied"),
            ("opinion_text", "处理及时，讲解清楚"),
            ("signer_name", name),
            ("signer_role", "经办人"),
        ];
        self.report(&details.token, &fields)?;
        let seen = self.engine.order(self.order)?;
        let seed = u64::from_le_bytes(self.order.0.as_bytes()[..8].try_into().unwrap_or_default());
        let strokes = scribble(seed).map_err(|_| EngineError::Unexpected {
            code: "scribble".to_owned(),
        })?;
        let language = match details
            .customer
            .as_ref()
            .and_then(|customer| customer.fields.text("report_language"))
        {
            Some("en") => Lang::En,
            _ => Lang::ZhCn,
        };
        let request = SealRequest {
            language,
            closing: Closing::Signed { strokes },
        };
        self.engine.seal(self.order, &seen.token, request).map(drop)
    }
}
