//! A script's deeds done through the real `Engine`, as a thumb on glass would do them.
//!
//! Every deed may be done again after a kill: what would count twice (a used part, a request, a seal) is looked up
//! first.

use std::collections::BTreeMap;

use fieldseal_core::device::EngineError;
use fieldseal_core::device::engine::{
    CORRECTION, Closing, Engine, OrderDetails, Pieces, SealRequest, Step, Unsealed,
};
use fieldseal_core::domain::ids::{OrderId, UserId};
use fieldseal_core::domain::scribble::scribble;
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::domain::warranty::CustomerAnswer;
use fieldseal_core::domain::work::{AttemptChannel, ConsentKind, ConsentWay, Outcome};
use fieldseal_core::facts::order::view::Visit;
use fieldseal_core::facts::{DocName, ViewToken};
use serde_json::{Value, json};

use super::camera::Camera;
use super::data::Company;
use super::examine;
use super::script::{Case, What};

/// An engineer's hand on one work order.
pub(super) struct Hand<'e> {
    pub engine: &'e Engine,
    pub company: &'e Company,
    pub camera: &'e Camera,
    pub order: OrderId,
    /// Whose hand.
    pub me: UserId,
}

/// What varies the story of an order: its own id, so that seeded and live scripts are one.
pub(super) fn seed_of(order: OrderId) -> u64 {
    u64::from_le_bytes(order.0.as_bytes()[8..].try_into().unwrap_or_default())
}

impl Hand<'_> {
    /// What the order is about.
    pub(super) fn case(&self, details: &OrderDetails) -> Case {
        let asset = details.assets.first();
        let product = asset.and_then(|asset| asset.fields.text("product"));
        let summary = details.order.fields.text("summary").unwrap_or_default();
        Case::of(self.company, product, summary, seed_of(self.order))
    }

    /// Whether the customer of this order allows no photos (V22).
    pub(super) fn photos_forbidden(&self, details: &OrderDetails) -> bool {
        let name = details
            .customer
            .as_ref()
            .and_then(|customer| customer.fields.text("name"));
        let mut customers = self.company.customers.iter();
        customers.any(|customer| customer.no_photos && Some(customer.name) == name)
    }

    /// The own visit, where there is one.
    fn visit<'d>(&self, details: &'d OrderDetails) -> Option<&'d Visit> {
        details
            .order
            .visits
            .iter()
            .find(|visit| visit.engineer == self.me)
    }

    /// The newest sealed revision of the own visit; 0 for none.
    pub(super) fn revision(&self, details: &OrderDetails) -> u32 {
        let seals = self.visit(details).map(|visit| visit.seals.as_slice());
        let revisions = seals.unwrap_or_default().iter().map(|seal| seal.revision);
        revisions.max().unwrap_or(0)
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
            What::Decline(reason) => step(Step::Decline {
                reason: (*reason).to_owned(),
            }),
            What::Contact(text) => step(Step::Contact {
                channel: AttemptChannel::Phone,
                reached: true,
                text: Some((*text).to_owned()),
            }),
            What::Travel => step(Step::Travel),
            What::Arrive => step(Step::Arrive),
            What::Cellar | What::Daylight | What::Pause => Ok(()),
            What::Remote => self.remote(&details),
            What::Progress(text) => step(Step::Progress {
                text: (*text).to_owned(),
            }),
            What::Consent => {
                self.agree(&details)?;
                step(consent(
                    ConsentKind::WorkAndPrice,
                    "已说明处理方式与费用，客户同意",
                ))
            }
            What::Photograph(subject) => self.camera.photograph(self, &details, *subject),
            What::Examine if details.order.decisions.is_empty() => examine::examine(self, &details),
            What::Examine => Ok(()),
            What::Learn(version) => self.learn(&details, version),
            What::Report { found, done } => {
                self.report(token, &[("fault_found", found), ("action_taken", done)])
            }
            What::UsePart(part, qty) => self.use_part(&details, part, *qty),
            What::Restock(part, qty) => self.request(None, part, *qty, "补货"),
            What::WaitParts(part, qty) => {
                self.request(Some(self.order), part, *qty, "现场急用，请优先发料")?;
                step(Step::WaitParts {
                    reason: "随车无此备件，已向仓库申请".to_owned(),
                })
            }
            What::Done(outcome, reason) => step(Step::Done {
                outcome: *outcome,
                reason: reason.map(str::to_owned),
            }),
            What::Seal { revision, refused } => self.seal(&details, *revision, *refused),
            What::Correct(reason) => {
                if self.visit(&details).is_some_and(correction_open) {
                    return Ok(());
                }
                self.engine.open_correction(self.order, token, reason).map(drop)
            }
            What::Submit => self.submit(&details),
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

    /// The customer accepts what was decided.
    fn agree(&self, details: &OrderDetails) -> Result<(), EngineError> {
        let Some(decision) = details.order.decisions.last() else {
            return Ok(());
        };
        if decision.answer.is_some() {
            return Ok(());
        }
        let accepts = CustomerAnswer::Accepts;
        self.engine
            .answer(self.order, &details.token, decision.id, accepts)
            .map(drop)
    }

    fn remote(&self, details: &OrderDetails) -> Result<(), EngineError> {
        let given = |details: &OrderDetails| {
            let mut consents = details.order.consents.iter();
            consents
                .find(|consent| consent.kind == ConsentKind::Remote)
                .map(|consent| consent.id)
        };
        let mut seen = details.clone();
        if given(&seen).is_none() {
            let asked = consent(ConsentKind::Remote, "客户同意远程操作，全程在旁观看");
            self.engine.step(self.order, &seen.token, asked)?;
            seen = self.engine.order(self.order)?;
        }
        let Some(consent) = given(&seen) else {
            return Ok(());
        };
        self.engine
            .step(self.order, &seen.token, Step::Remote { consent })
            .map(drop)
    }

    fn learn(&self, details: &OrderDetails, version: &str) -> Result<(), EngineError> {
        let Some(asset) = details.assets.first() else {
            return Ok(());
        };
        let fields = BTreeMap::from([("version".to_owned(), json!(version))]);
        self.engine
            .learn(self.order, &details.token, &asset.doc, fields)
            .map(drop)
    }

    fn use_part(&self, details: &OrderDetails, part: &str, qty: u32) -> Result<(), EngineError> {
        if details.order.lines.iter().any(|line| line.part == part) {
            return Ok(());
        }
        let used = Pieces {
            part: part.to_owned(),
            qty,
            serial: None,
        };
        self.engine.use_part(self.order, &details.token, used).map(drop)
    }

    fn request(&self, order: Option<OrderId>, part: &str, qty: u32, text: &str) -> Result<(), EngineError> {
        let van = self.engine.stock()?;
        let about = order.map(DocName::Order);
        let asked = van.stock.requests.iter().any(|request| {
            request.order == about
                && request.state == "requested"
                && request.lines.iter().any(|line| line.part == part)
        });
        if asked {
            return Ok(());
        }
        let lines = vec![(part.to_owned(), qty)];
        self.engine
            .request_parts(&van.stock.token, order, lines, Some(text.to_owned()))
            .map(drop)
    }

    fn submit(&self, details: &OrderDetails) -> Result<(), EngineError> {
        let sealed = self
            .visit(details)
            .is_some_and(|visit| visit.current_seal.is_some());
        let outcome = details.order.done_by.as_ref().and_then(|done| done.outcome);
        let without = match (sealed, outcome) {
            (true, _) => None,
            (false, Some(Outcome::CustomerAbsent)) => Some(Unsealed::CustomerAbsent),
            (false, _) => Some(Unsealed::VerbalConfirmation),
        };
        self.engine.submit(self.order, &details.token, without).map(drop)
    }

    fn seal(&self, details: &OrderDetails, revision: u32, refused: bool) -> Result<(), EngineError> {
        if self.revision(details) >= revision {
            return Ok(());
        }
        let contact = details.people.first();
        let field = |name| contact.and_then(|person| person.fields.text(name));
        let opinion = if refused {
            [
                ("opinion_kind", "refused"),
                ("opinion_text", "对人为损坏收费有异议，拒绝签字"),
            ]
        } else if seed_of(self.order).is_multiple_of(5) {
            [
                ("opinion_kind", "opinion"),
                ("opinion_text", "希望下次能提前半小时电话通知"),
            ]
        } else {
            [
                ("opinion_kind", "satisfied"),
                ("opinion_text", "处理及时，讲解清楚"),
            ]
        };
        let mut fields = opinion.to_vec();
        let name = field("name").unwrap_or("客户代表");
        fields.push(("signer_name", name));
        fields.push(("signer_role", field("role").unwrap_or("经办人")));
        self.report(&details.token, &fields)?;
        let seen = self.engine.order(self.order)?;
        let language = match details
            .customer
            .as_ref()
            .and_then(|customer| customer.fields.text("report_language"))
        {
            Some("en") => Lang::En,
            _ => Lang::ZhCn,
        };
        let closing = if refused {
            Closing::Refused {
                reason: "对人为损坏收费有异议".to_owned(),
                witness: name.to_owned(),
            }
        } else {
            let strokes =
                scribble(seed_of(self.order) ^ u64::from(revision)).map_err(|_| EngineError::Unexpected {
                    code: "scribble".to_owned(),
                })?;
            Closing::Signed { strokes }
        };
        let request = SealRequest { language, closing };
        self.engine.seal(self.order, &seen.token, request).map(drop)
    }
}

/// Whether a reason for a correction stands beside the current seal.
fn correction_open(visit: &Visit) -> bool {
    let reason = visit.fields.0.get(CORRECTION);
    reason.is_some_and(|field| {
        let mut entries = field.entries();
        entries.any(|entry| visit.unsigned.contains(&entry.fact))
    })
}

fn consent(kind: ConsentKind, text: &str) -> Step {
    Step::Consent {
        kind,
        how: ConsentWay::Spoken,
        given_by: None,
        new_due: None,
        text: Some(text.to_owned()),
    }
}
