//! Working: steps, warranty, parts, report. `token` is the one of the screen on which the person acted.

use std::collections::{BTreeMap, HashMap};

use fieldseal_core::device::engine::{
    Bucket, Counted, Pieces, Saved, Shown, Step, Swap, TakenOver, Unsealed, VanMove,
};
use fieldseal_core::device::{EngineError, Problem};
use fieldseal_core::domain::ids::{OrderId, PersonId, UserId};
use fieldseal_core::domain::warranty::CustomerAnswer;
use fieldseal_core::facts::{DocName, FactId, ViewToken};

use crate::engine::{Answer, FieldsealEngine};
use crate::forms::{PenStrokes, SealForm, SealedReport};
use crate::stock::{PartSums, PartWanted, ScrapForm};
use crate::values::FieldContent;
use crate::warranty::{Examined, ExaminedUnit};

/// A person met on site, saved.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PersonSaved {
    /// The person's id, for what asks for a witness.
    pub person: PersonId,
    /// What was acknowledged.
    pub saved: Saved,
}

type Form = HashMap<String, FieldContent>;

pub(crate) fn form(fields: Form) -> BTreeMap<String, serde_json::Value> {
    fields
        .into_iter()
        .map(|(name, content)| (name, content.into()))
        .collect()
}

/// Working. `token` is the one of the screen on which the person acted.
#[uniffi::export]
impl FieldsealEngine {
    /// Takes one step of the visit.
    pub fn step(&self, order: OrderId, token: ViewToken, step: Step) -> Answer<Saved> {
        Ok(self.engine.step(order, &token, step)?)
    }

    /// Decides the warranty of a unit.
    pub fn examine(
        &self,
        order: OrderId,
        token: ViewToken,
        asset: DocName,
        found: ExaminedUnit,
    ) -> Answer<Examined> {
        let (decision, saved) = self.engine.examine(order, &token, &asset, found.into())?;
        Ok(Examined {
            decided: decision.into(),
            saved,
        })
    }

    /// What the customer said to a decision.
    pub fn answer(
        &self,
        order: OrderId,
        token: ViewToken,
        decision: FactId,
        answer: CustomerAnswer,
    ) -> Answer<Saved> {
        Ok(self.engine.answer(order, &token, decision, answer)?)
    }

    /// A person met on site: a witness, a signer, a new contact.
    pub fn record_person(&self, token: ViewToken, fields: Form) -> Answer<PersonSaved> {
        let (person, saved) = self.engine.record_person(&token, form(fields))?;
        Ok(PersonSaved { person, saved })
    }

    /// What was learnt on site about another record.
    pub fn learn(&self, order: OrderId, token: ViewToken, subject: DocName, fields: Form) -> Answer<Saved> {
        Ok(self.engine.learn(order, &token, &subject, form(fields))?)
    }

    /// Uses a part from the own van.
    pub fn use_part(&self, order: OrderId, token: ViewToken, used: Pieces) -> Answer<Saved> {
        Ok(self.engine.use_part(order, &token, used)?)
    }

    /// Swaps a unit at the customer's in one action: the old one taken in, the new one out of the van, both on record.
    pub fn swap(&self, order: OrderId, token: ViewToken, swap: Swap) -> Answer<Saved> {
        Ok(self.engine.swap(order, &token, &swap)?)
    }

    /// Moves parts into the own van or out of it other than by use: several lines, one action.
    pub fn move_parts(
        &self,
        token: ViewToken,
        moved: VanMove,
        lines: Vec<Pieces>,
        note: Option<String>,
    ) -> Answer<Saved> {
        Ok(self.engine.move_parts(&token, &moved, &lines, note.as_deref())?)
    }

    /// What went through the own hands from one day to another (`YYYY-MM-DD`), by part.
    pub fn stock_report(&self, from: String, to: String) -> Answer<Vec<PartSums>> {
        let bad = || EngineError::Invalid {
            problems: vec![Problem::new("step_problem.period")],
        };
        let (from, to) = from.parse().ok().zip(to.parse().ok()).ok_or_else(bad)?;
        let report = self.engine.stock_report(from, to)?;
        Ok(report.rows.into_iter().map(Into::into).collect())
    }

    /// Shows a code for parts out of the own van; nothing moves until the colleague has taken it.
    pub fn offer_handover(&self, to: UserId, lines: Vec<Pieces>) -> Answer<Shown> {
        Ok(self.engine.offer_handover(to, &lines)?)
    }

    /// Takes parts over by the code that a colleague's phone shows.
    pub fn take_handover(&self, token: ViewToken, code: String) -> Answer<TakenOver> {
        Ok(self.engine.take_handover(&token, &code)?)
    }

    /// Confirms a hand-over by the receipt that the colleague's phone shows.
    pub fn confirm_handover(&self, token: ViewToken, receipt: String) -> Answer<Saved> {
        Ok(self.engine.confirm_handover(&token, &receipt)?)
    }

    /// The receipt of a code that was taken before, to be shown again.
    pub fn handover_receipt(&self, code: String) -> Answer<String> {
        Ok(self.engine.handover_receipt(&code)?)
    }

    /// Scraps parts of the own van, with type and photo.
    pub fn scrap(&self, token: ViewToken, scrap: ScrapForm, lines: Vec<Pieces>) -> Answer<Saved> {
        Ok(self.engine.scrap(&token, &scrap.into(), &lines)?)
    }

    /// Proposes what was counted in the own van; the storekeeper posts it.
    pub fn count_van(
        &self,
        token: ViewToken,
        bucket: Bucket,
        lines: Vec<Counted>,
        reason: Option<String>,
    ) -> Answer<Saved> {
        Ok(self.engine.count_van(&token, bucket, &lines, reason.as_deref())?)
    }

    /// Asks for everything that is below its least stock in the own van.
    pub fn restock(&self, token: ViewToken) -> Answer<Saved> {
        Ok(self.engine.restock(&token)?)
    }

    /// Takes an own movement back.
    pub fn reverse_part(&self, token: ViewToken, movement: FactId, reason: String) -> Answer<Saved> {
        Ok(self.engine.reverse_part(&token, movement, &reason)?)
    }

    /// Asks the store for parts, for an order or for restocking.
    pub fn request_parts(
        &self,
        token: ViewToken,
        order: Option<OrderId>,
        lines: Vec<PartWanted>,
        text: Option<String>,
    ) -> Answer<Saved> {
        let lines = lines.into_iter().map(|line| (line.part, line.qty)).collect();
        Ok(self.engine.request_parts(&token, order, lines, text)?)
    }
}

/// The report.
#[uniffi::export]
impl FieldsealEngine {
    /// Saves the fields that the person changed; `Empty` empties one. Ends the form's draft.
    pub fn save_report(&self, order: OrderId, token: ViewToken, fields: Form) -> Answer<Saved> {
        Ok(self.engine.save_report(order, &token, form(fields))?)
    }

    /// Keeps keystrokes of a form that is not saved yet. The report's key is `report/<order>`.
    pub fn save_draft(&self, key: String, bytes: Vec<u8>) -> Answer<()> {
        Ok(self.engine.save_draft(&key, &bytes)?)
    }

    /// The draft under `key`.
    pub fn draft(&self, key: String) -> Answer<Option<Vec<u8>>> {
        Ok(self.engine.draft(&key)?)
    }

    /// Gives a draft up.
    pub fn drop_draft(&self, key: String) -> Answer<()> {
        Ok(self.engine.drop_draft(&key)?)
    }

    /// Keeps what the customer drew until the report is sealed.
    pub fn keep_signature(&self, order: OrderId, pen: PenStrokes) -> Answer<()> {
        Ok(self.engine.keep_signature(order, &pen.try_into()?)?)
    }

    /// What the customer drew, where it waits for its seal.
    pub fn kept_signature(&self, order: OrderId) -> Answer<Option<PenStrokes>> {
        Ok(self.engine.kept_signature(order)?.map(Into::into))
    }

    /// Seals what the report holds now.
    pub fn seal(&self, order: OrderId, token: ViewToken, form: SealForm) -> Answer<SealedReport> {
        Ok(self.engine.seal(order, &token, form.try_into()?)?.into())
    }

    /// Opens a correction of a sealed report.
    pub fn open_correction(&self, order: OrderId, token: ViewToken, reason: String) -> Answer<Saved> {
        Ok(self.engine.open_correction(order, &token, &reason)?)
    }

    /// Hands the report in: the sealed one, or none for the reason given.
    pub fn submit(&self, order: OrderId, token: ViewToken, without: Option<Unsealed>) -> Answer<Saved> {
        Ok(self.engine.submit(order, &token, without)?)
    }
}
