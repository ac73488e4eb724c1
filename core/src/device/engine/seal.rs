//! Sealing, correcting and handing in a report (design 3, «Sealing»; I5; D.5-3).
//!
//! The sealed file is a blob of at most 16 KB, signed by the device's key with its certificate inside; the seal
//! fact, the blob and the outbox entry become durable in one transaction. A revision never changes; a correction is
//! the next one.

use super::act::{Me, Plan, Saved};
use super::content::{self, Draft};
use super::glass::signature_draft;
use super::{Engine, act, details, print, steps};
use crate::device::store::{Reading, blobs};
use crate::device::{EngineError, Problem};
use crate::domain::canonical::ContentHash;
use crate::domain::certificate::Certificate;
use crate::domain::ids::OrderId;
use crate::domain::report_rules::Missing;
use crate::domain::sealed::{self, Place, SealError, SealedFile, Signing};
use crate::domain::signature::{SEALED_BYTES, Strokes};
use crate::domain::texts::Lang;
use crate::domain::work::Outcome;
use crate::facts::order::view::SealView;
use crate::facts::{DocName, Fact, FactId, OrderView, ViewToken, kinds};

/// How the customer ends the visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closing {
    /// Signs by hand. Name and role stand in the form (`signer_name`, `signer_role`).
    Signed {
        /// The signature.
        strokes: Strokes,
    },
    /// Refuses (000-30).
    Refused {
        /// Why.
        reason: String,
        /// Who saw it: a name, or the id of a person.
        witness: String,
    },
}

/// What is to be sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealRequest {
    /// The language in which the customer saw the report.
    pub language: Lang,
    /// Signature or refusal.
    pub closing: Closing,
}

/// A sealed revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Its number.
    pub revision: u32,
    /// SHA-256 of the file.
    pub sha256: ContentHash,
    /// The file: verifies by itself.
    pub bytes: Vec<u8>,
    /// The action.
    pub saved: Saved,
}

/// Why a report is handed in without a seal (D.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsealed {
    /// Remote work that the customer confirmed by word of mouth (F-22).
    VerbalConfirmation,
    /// Nobody was there; the arrival is recorded.
    CustomerAbsent,
}

impl Engine {
    /// What is missing before the report can be signed, in the order of the form; the signature itself is named too.
    ///
    /// # Errors
    /// [`EngineError::NotFound`], [`EngineError::NotEnrolled`], [`EngineError::Closed`].
    pub fn missing_for_seal(&self, order: OrderId) -> Result<Vec<Missing>, EngineError> {
        self.inner.read(|connection| {
            let me = act::me(connection)?;
            let details = details::details(connection, order, Some(me.user))?;
            Ok(Draft::gather(&details, &me).missing(&details, None, None))
        })
    }

    /// Seals what the report holds now, with the customer's signature or refusal, under the device's key.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names everything that is missing; `step_problem.sealed` where the report is sealed
    /// and no correction is open; `step_problem.stale` where the report on disk is not the one that the customer's
    /// screen showed; `step_problem.seal_too_large`. Else as [`Engine::step`].
    pub fn seal(
        &self,
        order: OrderId,
        token: &ViewToken,
        request: SealRequest,
    ) -> Result<Sealed, EngineError> {
        let (saved, (revision, file)) = self.inner.act(token, |transaction, me| {
            let (fact, file) = self.build_seal(transaction, me, order, token, request)?;
            let revision = fact.revision;
            let mut plan = Plan::one(DocName::Visit(order, me.user), vec![Fact::Seal(fact)]);
            plan.blobs.push(file.bytes.clone());
            plan.drafts = vec![steps::report_draft(order), signature_draft(order)];
            Ok((plan, (revision, file)))
        })?;
        Ok(Sealed {
            revision,
            sha256: file.sha256,
            bytes: file.bytes,
            saved,
        })
    }

    fn build_seal(
        &self,
        connection: &Reading<'_>,
        me: &Me,
        order: OrderId,
        token: &ViewToken,
        request: SealRequest,
    ) -> Result<(kinds::Seal, SealedFile), EngineError> {
        let details = details::details(connection, order, Some(me.user))?;
        let view = &details.order;
        if steps::frozen(view, me) {
            return Err(EngineError::invalid("step_problem.sealed"));
        }
        let draft = Draft::gather(&details, me);
        let (strokes, refusal) = match &request.closing {
            Closing::Signed { strokes } => (Some(strokes), None),
            Closing::Refused { reason, witness } => (None, Some((reason.as_str(), witness.as_str()))),
        };
        let missing = draft.missing(&details, strokes, refusal);
        if !missing.is_empty() {
            let problems = missing
                .into_iter()
                .map(|missing| Problem {
                    code: missing.code.text_key().to_owned(),
                    params: missing.params,
                })
                .collect();
            return Err(EngineError::Invalid { problems });
        }
        // The customer signs what was on the screen: a value that came meanwhile is not slipped in (D.5-3).
        let shown = steps::own_visit(view, me).map(|visit| visit.fields.displayed().collect::<Vec<_>>());
        if !shown.iter().flatten().all(|fact| token.facts.contains(fact)) {
            return Err(EngineError::invalid("step_problem.stale"));
        }
        let certificate = me
            .identity
            .certificate
            .as_deref()
            .ok_or(EngineError::NotEnrolled)?;
        let certificate =
            Certificate::read(certificate).map_err(|_| EngineError::unexpected("seal.certificate"))?;
        let key = ed25519_dalek::SigningKey::from_bytes(&me.identity.device_key);
        let previous = current_seal(view, me);
        let place = match previous {
            None => Place::FIRST,
            Some(seal) => Place::after(
                seal.revision,
                seal.blob
                    .parse()
                    .map_err(|_| EngineError::unexpected("seal.prev"))?,
            ),
        };
        let now = self.inner.zone.local_time(self.inner.env.clock.read().wall_ms);
        // Signatures are thinned as far as the file's limit asks for, and no further.
        let mut room = SEALED_BYTES;
        loop {
            let signing = match &request.closing {
                Closing::Signed { strokes } => Signing::Signed {
                    name: draft.signer_name.clone(),
                    role: draft.signer_role.clone(),
                    relation: steps::own_visit(view, me)
                        .and_then(|visit| visit.fields.text("signer_relation"))
                        .map(str::to_owned),
                    at: now,
                    strokes: strokes
                        .thin(room)
                        .map_err(|_| EngineError::invalid("step_problem.seal_too_large"))?,
                },
                Closing::Refused { reason, witness } => Signing::Refused {
                    reason: reason.clone(),
                    witness: content::person_name(connection, witness, me)?,
                },
            };
            let gathered =
                content::content(connection, &details, me, &draft, signing, request.language, now)?;
            let facts: Vec<String> = gathered.lists.iter().map(FactId::to_string).collect();
            match sealed::seal(&gathered.content, place, &facts, &certificate, &key) {
                Ok(file) => {
                    let fact = kinds::Seal {
                        assignment: steps::own_assignment(view, me),
                        revision: place.revision,
                        prev: previous.map(|seal| seal.id),
                        blob: file.sha256.to_string(),
                        lists: gathered.lists,
                        kind: gathered.content.signing.code().to_owned(),
                    };
                    return Ok((fact, file));
                }
                Err(SealError::TooLarge { .. }) if strokes.is_some() && room > 512 => room /= 2,
                Err(SealError::TooLarge { .. }) => {
                    return Err(EngineError::invalid("step_problem.seal_too_large"));
                }
                Err(error) => return Err(EngineError::unexpected(error.text_key())),
            }
        }
    }

    /// Hands the report in: the sealed one, or none for the reason given (D.3).
    ///
    /// # Errors
    /// [`EngineError::Invalid`] with `step_problem.not_ready` where there is no seal and the reason does not hold: no
    /// remote work, no recorded arrival at an absent customer's. Else as [`Engine::step`].
    pub fn submit(
        &self,
        order: OrderId,
        token: &ViewToken,
        without: Option<Unsealed>,
    ) -> Result<Saved, EngineError> {
        let (saved, ()) = self.inner.act(token, |transaction, me| {
            let details = details::details(transaction, order, Some(me.user))?;
            let seal = current_seal(&details.order, me);
            let own = |wanted: &dyn Fn(&Fact) -> bool| {
                content::facts_of_turn(&details, me).any(|(_, fact)| wanted(fact))
            };
            let (_, outcome, _) = content::last_done(&details, me);
            let without = match (seal, without) {
                (Some(_), _) => None,
                (None, Some(Unsealed::VerbalConfirmation))
                    if outcome.is_some() && own(&|fact| matches!(fact, Fact::Remote(_))) =>
                {
                    Some("verbal_confirmation")
                }
                (None, Some(Unsealed::CustomerAbsent))
                    if outcome == Some(Outcome::CustomerAbsent)
                        && own(&|fact| matches!(fact, Fact::Arrive(_))) =>
                {
                    Some("customer_absent")
                }
                (None, _) => return Err(EngineError::invalid("step_problem.not_ready")),
            };
            let fact = Fact::Submit(kinds::Submit {
                // A sealed report is handed in under the assignment that it was sealed under.
                assignment: match seal {
                    Some(seal) => seal.assignment,
                    None => steps::own_assignment(&details.order, me),
                },
                seal: seal.map(|seal| seal.id),
                without: without.map(str::to_owned),
            });
            Ok((Plan::one(DocName::Visit(order, me.user), vec![fact]), ()))
        })?;
        Ok(saved)
    }

    /// The file of a sealed revision, which verifies by itself: the own one, else a colleague's.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] where there is no such revision or its file has not arrived;
    /// [`EngineError::Closed`], [`EngineError::Damaged`].
    pub fn sealed_file(&self, order: OrderId, revision: u32) -> Result<Vec<u8>, EngineError> {
        self.inner.read(|connection| {
            let me = act::me(connection).ok().map(|me| me.user);
            let view = details::fold(connection, order, me)?.view;
            for seal in print::candidates(&view, me, Some(revision)) {
                let hash: ContentHash = seal.blob.parse().map_err(|_| EngineError::NotFound)?;
                if let Some(bytes) = blobs::get(connection, &hash.0)? {
                    return Ok(bytes);
                }
            }
            Err(EngineError::NotFound)
        })
    }
}

/// The own seal that is current.
fn current_seal<'v>(view: &'v OrderView, me: &Me) -> Option<&'v SealView> {
    let visit = steps::own_visit(view, me)?;
    let current = visit.current_seal?;
    visit.seals.iter().find(|seal| seal.id == current)
}
