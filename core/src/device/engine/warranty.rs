//! Warranty on site: examine a unit, decide by the policy that is valid today, explain, hear the answer (A.12).
//!
//! The decision is a pure function of policy, inputs and prices (I7), copied whole into the fact, so that it stays
//! what it was when master data or policies change (D.5-8).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rusqlite::Connection;

use super::act::{Me, Saved};
use super::{Engine, steps};
use crate::device::EngineError;
use crate::device::store::{Reading, blobs, projections, read};
use crate::domain::canonical::ContentHash;
use crate::domain::ids::OrderId;
use crate::domain::money::Fen;
use crate::domain::policy::{Packs, PartList, PriceList, WarrantyPolicy};
use crate::domain::warranty::{
    CustomerAnswer, Decision, EsealInputs, ExclusionGround, Inputs, PhotographyForbidden, QualityFault,
    SymptomEvidence, WeakCurrentInputs, decide,
};
use crate::domain::work::Symptom;
use crate::facts::{DocName, Fact, FactId, Fields, OrderView, ViewToken, fold_reference, kinds};

/// What the engineer found. Dates, serial and product come from the unit's registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Examination {
    /// An e-seal key (000-16 to 000-20).
    Eseal {
        /// The key works.
        works: bool,
        /// Tried on another port and another computer.
        tested_elsewhere: bool,
        /// Looked at for signs of damage.
        inspected: bool,
        /// Photos of the inspection.
        inspection_photos: BTreeSet<ContentHash>,
        /// The signs claimed, each with its evidence.
        symptoms: BTreeMap<Symptom, SymptomEvidence>,
        /// The customer allows no photos (V22).
        photography_forbidden: Option<PhotographyForbidden>,
        /// How many keys (Q28).
        quantity: u32,
    },
    /// A piece of weak-current equipment (003-5).
    WeakCurrent {
        /// Known as sold by us.
        sold_by_us: bool,
        /// Photos that show it (W-01).
        origin_evidence: BTreeSet<ContentHash>,
        /// Voucher and invoice were shown (W-09).
        voucher_shown: bool,
        /// Grounds of exclusion found.
        grounds: BTreeSet<ExclusionGround>,
        /// Whether a quality fault was found.
        quality_fault: QualityFault,
        /// Photos of the finding.
        photos: BTreeSet<ContentHash>,
        /// How many pieces.
        quantity: u32,
        /// Value of the goods, fen, where known (Q28).
        goods_value: Option<Fen>,
    },
}

impl Engine {
    /// Decides the warranty of a unit and writes the decision into the visit.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] for a unit that is not here, a ticket without date of report, a quantity of 0, a photo that
    /// this order does not have, a pack that the index names and this phone does not have yet. Else as [`Engine::step`].
    pub fn examine(
        &self,
        order: OrderId,
        token: &ViewToken,
        asset: &DocName,
        found: Examination,
    ) -> Result<(Decision, Saved), EngineError> {
        let (saved, decision) = self.visit_with(order, token, |connection, me, folded| {
            let told_on = self.inner.today();
            let decision = decide_now(connection, me, folded, asset, found, told_on)?;
            let value = serde_json::to_value(&decision).map_err(|_| EngineError::unexpected("decision"))?;
            let fact = Fact::Decide(kinds::Decide {
                assignment: steps::own_assignment(&folded.view, me),
                asset: asset.clone(),
                decision: value,
                over: superseded(&folded.view, asset, token),
            });
            Ok((vec![fact], decision))
        })?;
        Ok((decision, saved))
    }

    /// What the customer said to a decision.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] for a decision that this order does not have. Else as [`Engine::step`].
    pub fn answer(
        &self,
        order: OrderId,
        token: &ViewToken,
        decision: FactId,
        answer: CustomerAnswer,
    ) -> Result<Saved, EngineError> {
        self.visit(order, token, |_, _, view| {
            if !view.decisions.iter().any(|known| known.id == decision) {
                return Err(EngineError::invalid("step_problem.unknown_decision"));
            }
            Ok(vec![Fact::Answer(kinds::Answer {
                decision,
                answer: answer.as_str().to_owned(),
            })])
        })
    }
}

/// Earlier decisions about the unit that the person's screen showed.
fn superseded(view: &OrderView, asset: &DocName, token: &ViewToken) -> Vec<FactId> {
    view.decisions
        .iter()
        .filter(|decision| decision.asset == *asset && token.facts.contains(&decision.id))
        .map(|decision| decision.id)
        .collect()
}

fn decide_now(
    connection: &Reading<'_>,
    me: &Me,
    folded: &super::details::Folded,
    asset: &DocName,
    found: Examination,
    told_on: NaiveDate,
) -> Result<Decision, EngineError> {
    let unit = projections::record(connection, asset, &folded.actions)?;
    if unit.changes.is_empty() {
        return Err(EngineError::invalid("step_problem.unknown_asset"));
    }
    let reported_on = reported_on(connection, folded)?;
    let text = |field: &str| known_text(&unit.fields, field, me);
    let date = |field: &str| text(field).and_then(|text| text.parse::<NaiveDate>().ok());
    let inputs = match found {
        Examination::Eseal { quantity: 0, .. } | Examination::WeakCurrent { quantity: 0, .. } => {
            return Err(EngineError::invalid("step_problem.quantity"));
        }
        Examination::Eseal {
            works,
            tested_elsewhere,
            inspected,
            inspection_photos,
            symptoms,
            photography_forbidden,
            quantity,
        } => Inputs::Eseal(EsealInputs {
            serial: text("serial"),
            product: text("product"),
            applied_on: date("applied_on"),
            reported_on,
            told_on,
            works,
            tested_elsewhere,
            inspected,
            inspection_photos,
            symptoms,
            photography_forbidden,
            quantity,
        }),
        Examination::WeakCurrent {
            sold_by_us,
            origin_evidence,
            voucher_shown,
            grounds,
            quality_fault,
            photos,
            quantity,
            goods_value,
        } => Inputs::WeakCurrent(WeakCurrentInputs {
            serial: text("serial"),
            product: text("product"),
            sold_on: date("sold_on"),
            accepted_on: date("accepted_on"),
            maker_warranty_end: date("maker_warranty_end"),
            reported_on,
            told_on,
            sold_by_us,
            origin_evidence,
            voucher_shown,
            grounds,
            quality_fault,
            photos,
            quantity,
            goods_value,
        }),
    };
    // What counts as shown was photographed for this order and hidden by nobody (000-16).
    let known: BTreeSet<ContentHash> = folded.view.photos.iter().map(|photo| photo.sha256).collect();
    if !inputs.photos().is_subset(&known) {
        return Err(EngineError::invalid("step_problem.unknown_photo"));
    }
    let reference = Reference::load(connection, told_on)?;
    let policy = reference.policy(&inputs, text("product").as_deref(), told_on)?;
    decide(policy, &inputs, &reference.prices).map_err(|_| EngineError::unexpected("decision"))
}

/// The office's value; where it has none, what this engineer learnt on site (D.5-7).
pub(super) fn known_text(fields: &Fields, field: &str, me: &Me) -> Option<String> {
    let shown = fields.text(field).map(str::to_owned);
    shown.or_else(|| {
        let proposals = &fields.0.get(field)?.proposals;
        let own = proposals.iter().find(|entry| entry.stamp.by == me.user)?;
        own.value.as_str().map(str::to_owned)
    })
}

/// The ticket's local date of report (Q22).
fn reported_on(connection: &Reading<'_>, folded: &super::details::Folded) -> Result<NaiveDate, EngineError> {
    let missing = || EngineError::invalid("step_problem.report_date_missing");
    let ticket: DocName = folded.view.fields.known_parsed("ticket").ok_or_else(missing)?;
    let record = projections::record(connection, &ticket, &folded.actions)?;
    let text = record.fields.known_text("reported_on").ok_or_else(missing)?;
    text.parse().map_err(|_| missing())
}

/// The packs that the reference index names, as this phone has them.
pub(super) struct Reference {
    policies: Vec<WarrantyPolicy>,
    /// The price list valid on the day (Q32); an empty one where the index names none.
    pub(super) prices: PriceList,
}

impl Reference {
    /// Reads what is valid on `day`.
    pub(super) fn load(connection: &Connection, day: NaiveDate) -> Result<Self, EngineError> {
        let index = fold_reference(&read::of_doc(connection, &DocName::ReferenceIndex)?);
        let day = day.to_string();
        let mut policies = Vec::new();
        for entry in &index.packs {
            let pack = &entry.pack;
            if pack.pack != "policy" || pack.valid_from > day {
                continue;
            }
            // Service levels are packs of this kind too; they are none of ours here.
            if let Ok(policy) = WarrantyPolicy::read(&pack_text(connection, pack)?) {
                policies.push(policy);
            }
        }
        if policies.is_empty() {
            // Only where the index names none: what comes with the program.
            policies = Packs::builtin()
                .map_err(|_| EngineError::unexpected("packs"))?
                .warranty;
        }
        let prices = match index.valid_on("prices", &day) {
            Some(entry) => PriceList::read(&pack_text(connection, &entry.pack)?)
                .map_err(|_| EngineError::unexpected("prices"))?,
            None => PriceList::empty(),
        };
        Ok(Self { policies, prices })
    }

    /// The policy for these inputs: by the unit's product, else the newest for this kind of goods.
    fn policy(
        &self,
        inputs: &Inputs,
        product: Option<&str>,
        day: NaiveDate,
    ) -> Result<&WarrantyPolicy, EngineError> {
        let kind_fits = |policy: &&WarrantyPolicy| {
            matches!(
                (inputs, policy),
                (Inputs::Eseal(_), WarrantyPolicy::Eseal(_))
                    | (Inputs::WeakCurrent(_), WarrantyPolicy::WeakCurrent(_))
            )
        };
        let newest = |covers: &dyn Fn(&WarrantyPolicy) -> bool| {
            self.policies
                .iter()
                .filter(|policy| policy.valid_from() <= day && covers(policy))
                .filter(kind_fits)
                .max_by_key(|policy| (policy.valid_from(), policy.reference().version))
        };
        let by_product = newest(&|policy| {
            product.is_some_and(|product| policy.products().iter().any(|covered| covered == product))
        });
        by_product
            .or_else(|| newest(&|_| true))
            .ok_or_else(|| EngineError::invalid("step_problem.no_policy"))
    }
}

/// The parts list valid on `day`. Names are a help, so whoever has no readable list (yet) goes on with numbers: sealing at
/// the customer's never waits for one.
pub(super) fn part_list(connection: &Connection, day: NaiveDate) -> Result<PartList, EngineError> {
    let index = fold_reference(&read::of_doc(connection, &DocName::ReferenceIndex)?);
    let Some(entry) = index.valid_on("parts", &day.to_string()) else {
        return Ok(PartList::empty());
    };
    match pack_text(connection, &entry.pack) {
        Ok(text) => Ok(PartList::read(&text).unwrap_or_else(|_| PartList::empty())),
        Err(EngineError::Invalid { .. }) => Ok(PartList::empty()),
        Err(error) => Err(error),
    }
}

fn pack_text(connection: &Connection, pack: &kinds::Pack) -> Result<String, EngineError> {
    let missing = || EngineError::invalid("step_problem.pack_missing");
    let mut hash = [0_u8; 32];
    hex::decode_to_slice(&pack.blob, &mut hash).map_err(|_| missing())?;
    let bytes = blobs::get(connection, &hash)?.ok_or_else(missing)?;
    String::from_utf8(bytes).map_err(|_| missing())
}
