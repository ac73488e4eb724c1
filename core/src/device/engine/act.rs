//! Writing an action: the one path from a person's tap to the disk (design 3, design 4).
//!
//! One action is one SQLite transaction, also where it spans documents: changes, facts, blobs, lists and the
//! draft's end become durable together. Each change goes through the same gate as a pulled one.

use std::collections::BTreeSet;

use super::{Inner, lock};
use crate::device::EngineError;
use crate::device::store::changes::{self, Origin};
use crate::device::store::identity::{self, Identity};
use crate::device::store::ingest::{Ingested, ingest};
use crate::device::store::warm::WarmDocument;
use crate::device::store::{Reading, blobs, cursor, drafts};
use crate::documents::gate::N_LEAP;
use crate::documents::{ActorId, Author};
use crate::domain::ids::{ActionId, UserId};
use crate::facts::envelope::MAX_N;
use crate::facts::{Action, ClockEvidence, DocName, EnvelopeError, Fact, FactId, ViewToken, kinds};

/// What was acknowledged: it is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The action.
    pub action: ActionId,
    /// Its `n`.
    pub n: u64,
    /// Its facts, in the order in which they were given.
    pub facts: Vec<FactId>,
}

/// An action to write.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Documents in order with their facts.
    pub parts: Vec<(DocName, Vec<Fact>)>,
    /// Blobs that the facts name.
    pub blobs: Vec<Vec<u8>>,
    /// The drafts that this action makes obsolete.
    pub drafts: Vec<String>,
    /// The visit in which the action's own first fact, a founding, is accepted.
    pub accept: Option<DocName>,
}

impl Plan {
    /// Facts in one document.
    pub(super) fn one(doc: DocName, facts: Vec<Fact>) -> Self {
        Self {
            parts: vec![(doc, facts)],
            ..Self::default()
        }
    }
}

/// The person and the device that write.
#[derive(Debug, Clone)]
pub(super) struct Me {
    /// The engineer.
    pub user: UserId,
    /// The device's identity.
    pub identity: Identity,
}

/// Who writes on this device.
pub(super) fn me(connection: &rusqlite::Connection) -> Result<Me, EngineError> {
    let identity = identity::load(connection)?.ok_or(EngineError::NotEnrolled)?;
    let user = identity.user.ok_or(EngineError::NotEnrolled)?;
    Ok(Me { user, identity })
}

impl Inner {
    /// Runs `plan` in a write transaction and writes what it says. The wall clock is read once.
    pub(super) fn act<T>(
        &self,
        token: &ViewToken,
        plan: impl FnOnce(&Reading<'_>, &Me) -> Result<(Plan, T), EngineError>,
    ) -> Result<(Saved, T), EngineError> {
        let mut used: Vec<(WarmDocument, i64)> = Vec::new();
        // Before the writer: the order of locks is the same everywhere.
        let mut warm = self.warm();
        let outcome = self.write(|transaction| {
            let me = me(transaction)?;
            let (plan, value) = plan(transaction, &me)?;
            let saved = self.write_plan(
                transaction,
                &me,
                plan,
                token,
                &mut |doc| Ok(warm.take(transaction, doc)?),
                &mut used,
            )?;
            Ok((saved, value))
        });
        if outcome.is_ok() {
            for (document, upto) in used {
                warm.put_back(document, Some(upto));
            }
        }
        drop(warm);
        if let Ok((_, _)) = &outcome {
            self.tell();
        }
        outcome
    }

    fn write_plan(
        &self,
        transaction: &Reading<'_>,
        me: &Me,
        mut plan: Plan,
        token: &ViewToken,
        take: &mut dyn FnMut(i64) -> Result<WarmDocument, EngineError>,
        used: &mut Vec<(WarmDocument, i64)>,
    ) -> Result<Saved, EngineError> {
        for bytes in &plan.blobs {
            blobs::put(transaction, bytes, Origin::OwnUnsent)?;
        }
        for draft in &plan.drafts {
            drafts::forget(transaction, draft)?;
        }
        let now = self.env.clock.read();
        let key = ActionId(self.env.uuid_v7());
        if let Some(visit) = plan.accept {
            let accept = kinds::Step {
                assignment: Some(FactId {
                    action: key,
                    place: 0,
                }),
                text: None,
            };
            plan.parts.push((visit, vec![Fact::Accept(accept)]));
        }
        let n = next_n(transaction, &plan.parts)?;
        let contact = cursor::load(transaction)?;
        let clk = ClockEvidence {
            off: contact.offset_ms,
            err: contact.offset_err,
            boot: now.boot,
            mono: now.monotonic_ms,
        };
        let spans = plan.parts.len() > 1;
        let docs: Vec<(DocName, u16)> = plan
            .parts
            .iter()
            .map(|(doc, facts)| (doc.clone(), u16::try_from(facts.len()).unwrap_or(u16::MAX)))
            .collect();
        let actor = ActorId::new(*lock(&self.session), me.identity.tag);
        let author = Author {
            tag_ok: &|tag| tag == &me.identity.tag,
            person: Some(me.user),
        };
        let mut facts_written = 0_u16;
        for (doc, facts) in &plan.parts {
            let action = Action {
                at: self.zone.local_time(now.wall_ms).to_string(),
                clk,
                by: me.user,
                n,
                saw: token.heads.iter().copied().collect(),
                docs: if spans { docs.clone() } else { Vec::new() },
                min: None,
                facts: facts.iter().map(Fact::to_raw).collect(),
            };
            let text = action.to_text().map_err(envelope_error)?;
            let row = changes::ensure_doc(transaction, doc)?;
            let mut warm = take(row)?;
            let change = warm
                .document
                .append(&actor, key, &text)
                .map_err(|_| EngineError::unexpected("document.append"))?;
            match ingest(transaction, doc, &change, Origin::OwnUnsent, &author, now.wall_ms)? {
                Ingested::Accepted { .. } => {}
                Ingested::Refused(error) => return Err(EngineError::unexpected(error.code())),
                Ingested::Known | Ingested::Parked { .. } => return Err(EngineError::unexpected("gate.own")),
            }
            let upto = changes::row_of(transaction, row, &change.hash)?;
            used.push((warm, upto));
            facts_written = facts_written.saturating_add(u16::try_from(facts.len()).unwrap_or(u16::MAX));
        }
        Ok(Saved {
            action: key,
            n,
            facts: (0..facts_written)
                .map(|place| FactId { action: key, place })
                .collect(),
        })
    }
}

/// One more than the highest of all the families that the action is in, and not above what the gate lets stand on
/// each document's ancestors: a writer whose family is higher takes the bound, and the fold flags it (design 3).
fn next_n(transaction: &Reading<'_>, parts: &[(DocName, Vec<Fact>)]) -> Result<u64, EngineError> {
    let families: BTreeSet<String> = parts.iter().map(|(doc, _)| doc.family()).collect();
    let mut highest = 0;
    for family in &families {
        highest = highest.max(changes::highest_n(transaction, family)?);
    }
    let mut n = highest.saturating_add(1).min(MAX_N);
    for (doc, _) in parts {
        let of_doc = changes::highest_n_of_doc(transaction, doc)?;
        n = n.min(of_doc.saturating_add(N_LEAP));
    }
    Ok(n)
}

fn envelope_error(error: EnvelopeError) -> EngineError {
    match error {
        EnvelopeError::TooLong | EnvelopeError::TooDeep | EnvelopeError::Facts => {
            EngineError::invalid("step_problem.too_large")
        }
        EnvelopeError::Form | EnvelopeError::N | EnvelopeError::Docs => EngineError::unexpected("envelope"),
    }
}
