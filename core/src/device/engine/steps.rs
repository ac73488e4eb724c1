//! Taps and forms of a visit (D.3): each becomes facts in the engineer's visit document.
//!
//! Refused is what cannot be: an order that this phone does not know, a reason that is missing, an edit of a report that
//! the customer signed, a step that does not follow from where the engineer stands as far as this phone knows (`guards`).
//! What it does not know is the fold's question on every side, because the state may have moved meanwhile (design 3,
//! «Knowing»).

use std::collections::BTreeMap;

use serde_json::Value;

use super::act::{Me, Plan, Saved};
use super::{Engine, details, guards};
use crate::device::EngineError;
use crate::device::store::Reading;
use crate::domain::ids::{OrderId, PersonId};
use crate::domain::work::{AttemptChannel, ConsentKind, ConsentWay, Outcome};
use crate::facts::order::view::Visit;
use crate::facts::{DocName, Fact, FactId, Fields, OrderView, ViewToken, kinds};

/// One step of a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Takes the assignment, optionally with the planned solution (000-10).
    Accept {
        /// What is planned.
        plan: Option<String>,
    },
    /// Gives it back.
    Decline {
        /// Why.
        reason: String,
    },
    /// Spoke with the customer, or tried to (N1, Q24).
    Contact {
        /// How.
        channel: AttemptChannel,
        /// Whether the customer was reached.
        reached: bool,
        /// What was said.
        text: Option<String>,
    },
    /// Sets out.
    Travel,
    /// Arrived (签到).
    Arrive,
    /// Begins remote work under a consent (000-14).
    Remote {
        /// The consent.
        consent: FactId,
    },
    /// Waits for parts.
    WaitParts {
        /// For what.
        reason: String,
    },
    /// Waits for the customer.
    WaitCustomer {
        /// For what.
        reason: String,
    },
    /// Cannot go on (001-13).
    Block {
        /// Why.
        reason: String,
    },
    /// Progress (F-18).
    Progress {
        /// What.
        text: String,
    },
    /// The customer agreed to something.
    Consent {
        /// To what.
        kind: ConsentKind,
        /// How it was given.
        how: ConsentWay,
        /// By whom.
        given_by: Option<PersonId>,
        /// For an extension: the new due time, RFC 3339.
        new_due: Option<String>,
        /// What was told.
        text: Option<String>,
    },
    /// Cannot solve it alone and asks for help (000-13, 002-12).
    Escalate {
        /// From whom: a team, a colleague, the maker.
        to: String,
        /// Why.
        reason: String,
    },
    /// Ends the work.
    Done {
        /// How it ended.
        outcome: Outcome,
        /// Why, where unresolved.
        reason: Option<String>,
    },
    /// Left the site (Q8).
    Leave,
}

/// The key of the draft that a saved report form ends.
pub fn report_draft(order: OrderId) -> String {
    format!("report/{order}")
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

fn reason(text: String) -> Result<String, EngineError> {
    filled(Some(text)).ok_or_else(|| EngineError::invalid("step_problem.reason_missing"))
}

/// The assignment that this engineer works under: the one that stands if it names him, else the newest that does.
pub(super) fn own_assignment(view: &OrderView, me: &Me) -> Option<FactId> {
    let mine = || {
        view.assignments
            .iter()
            .filter(|assignment| assignment.engineers.contains(&me.user))
    };
    mine()
        .find(|assignment| Some(assignment.id) == view.current)
        .or_else(|| mine().next_back())
        .map(|assignment| assignment.id)
}

/// This engineer's visit, where he wrote one.
pub(super) fn own_visit<'v>(view: &'v OrderView, me: &Me) -> Option<&'v Visit> {
    view.visits.iter().find(|visit| visit.engineer == me.user)
}

impl Step {
    /// The fact of the step, or what makes it impossible.
    fn fact(self, view: &OrderView, me: &Me) -> Result<Fact, EngineError> {
        let assignment = own_assignment(view, me);
        let plain = |text| kinds::Step { assignment, text };
        let wait = |state: &str, why| -> Result<Fact, EngineError> {
            Ok(Fact::Wait(kinds::Wait {
                assignment,
                state: state.to_owned(),
                reason: reason(why)?,
            }))
        };
        guards::check(&self, view, me)?;
        Ok(match self {
            Self::Accept { plan } => Fact::Accept(plain(filled(plan))),
            Self::Decline { reason: why } => Fact::Decline(plain(Some(reason(why)?))),
            Self::Contact {
                channel,
                reached,
                text,
            } => Fact::Contact(kinds::Contact {
                assignment,
                channel: channel.as_str().to_owned(),
                reached,
                text: filled(text),
            }),
            Self::Travel => Fact::Travel(plain(None)),
            Self::Arrive => Fact::Arrive(plain(None)),
            Self::Remote { consent } => {
                let given = view
                    .consents
                    .iter()
                    .any(|known| known.id == consent && known.kind == ConsentKind::Remote);
                if !given {
                    return Err(EngineError::invalid("step_problem.consent_missing"));
                }
                Fact::Remote(kinds::Remote { assignment, consent })
            }
            Self::WaitParts { reason } => wait("waiting_parts", reason)?,
            Self::WaitCustomer { reason } => wait("waiting_customer", reason)?,
            Self::Block { reason } => wait("blocked", reason)?,
            Self::Progress { text } => Fact::Progress(plain(Some(reason(text)?))),
            Self::Consent {
                kind,
                how,
                given_by,
                new_due,
                text,
            } => Fact::Consent(kinds::Consent {
                assignment,
                consent: kind.as_str().to_owned(),
                given_by,
                how: how.as_str().to_owned(),
                new_due: filled(new_due),
                text: filled(text),
            }),
            Self::Escalate { to, reason: why } => Fact::Escalate(kinds::Escalate {
                assignment,
                to: filled(Some(to)).ok_or_else(|| EngineError::invalid("step_problem.target_missing"))?,
                reason: reason(why)?,
                next_contact: None,
                promised: None,
            }),
            Self::Done { outcome, reason: why } => {
                let why = filled(why);
                if outcome == Outcome::Unresolved && why.is_none() {
                    return Err(EngineError::invalid("step_problem.reason_missing"));
                }
                if frozen(view, me) {
                    return Err(EngineError::invalid("step_problem.sealed"));
                }
                Fact::Done(kinds::Done {
                    assignment,
                    outcome: outcome.as_str().to_owned(),
                    reason: why,
                })
            }
            Self::Leave => Fact::Leave(plain(None)),
        })
    }
}

/// Whether the report is signed, not sent back, and no correction is open (lock 1, D.3).
pub(super) fn frozen(view: &OrderView, me: &Me) -> bool {
    let Some(visit) = own_visit(view, me) else {
        return false;
    };
    let returned = view
        .returns
        .iter()
        .any(|returned| returned.stands && Some(returned.revision) == visit.current_seal);
    visit.current_seal.is_some() && !returned && !correction_open(visit)
}

/// A correction is open once a reason for it stands beside the current seal, unsigned.
fn correction_open(visit: &Visit) -> bool {
    let Some(field) = visit.fields.0.get(CORRECTION) else {
        return false;
    };
    field.entries().any(|entry| visit.unsigned.contains(&entry.fact))
}

/// The field of the visit that says why a sealed report is corrected (D.5-3).
pub const CORRECTION: &str = "correction_reason";

/// A `set` of the fields that really change, naming what the form displayed of them.
pub(super) fn set_fact(
    shown: &Fields,
    subject: Option<DocName>,
    fields: BTreeMap<String, Value>,
    token: &ViewToken,
) -> Result<Fact, EngineError> {
    if fields.is_empty() {
        return Err(EngineError::invalid("step_problem.no_fields"));
    }
    let over = shown.over(fields.keys().map(String::as_str), token);
    Ok(Fact::Set(kinds::Set {
        subject,
        fields,
        over,
    }))
}

impl Engine {
    /// Takes one step of the visit.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for an order that is not here; [`EngineError::Invalid`] for a missing reason, an
    /// accept without any assignment, a step that does not follow (`step_problem.not_now`), a consent that is none, an
    /// outcome after the seal;
    /// [`EngineError::NotEnrolled`], [`EngineError::StorageFull`], [`EngineError::Closed`].
    pub fn step(&self, order: OrderId, token: &ViewToken, step: Step) -> Result<Saved, EngineError> {
        self.visit(order, token, |_, me, view| Ok(vec![step.fact(view, me)?]))
    }

    /// Saves the report form: only the fields that the person changed, by name; `null` empties one. Ends the form's
    /// draft ([`report_draft`]) in the same transaction.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] with `step_problem.sealed` once the customer signed: open a correction.
    /// Else as [`Engine::step`].
    pub fn save_report(
        &self,
        order: OrderId,
        token: &ViewToken,
        fields: BTreeMap<String, Value>,
    ) -> Result<Saved, EngineError> {
        let (saved, ()) = self.inner.act(token, |transaction, me| {
            let folded = details::fold(transaction, order, Some(me.user))?;
            if frozen(&folded.view, me) {
                return Err(EngineError::invalid("step_problem.sealed"));
            }
            let none = Fields::default();
            let shown = own_visit(&folded.view, me).map_or(&none, |visit| &visit.fields);
            let fact = set_fact(shown, None, fields, token)?;
            let mut plan = Plan::one(DocName::Visit(order, me.user), vec![fact]);
            plan.drafts.push(report_draft(order));
            Ok((plan, ()))
        })?;
        Ok(saved)
    }

    /// Opens a correction of a sealed report, with its reason (D.5-3): the next seal is one revision higher.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] without a reason or without a sealed report. Else as [`Engine::step`].
    pub fn open_correction(
        &self,
        order: OrderId,
        token: &ViewToken,
        why: &str,
    ) -> Result<Saved, EngineError> {
        self.visit(order, token, |_, me, view| {
            let visit = own_visit(view, me).filter(|visit| visit.current_seal.is_some());
            let visit = visit.ok_or_else(|| EngineError::invalid("step_problem.not_sealed"))?;
            let fields = BTreeMap::from([(CORRECTION.to_owned(), Value::String(reason(why.to_owned())?))]);
            Ok(vec![set_fact(&visit.fields, None, fields, token)?])
        })
    }

    /// What was learnt on site about another record: an asset's serial, a customer's address. It stands in the visit
    /// as a proposal until the office takes it over (D.5-7).
    ///
    /// # Errors
    /// As [`Engine::step`].
    pub fn learn(
        &self,
        order: OrderId,
        token: &ViewToken,
        subject: &DocName,
        fields: BTreeMap<String, Value>,
    ) -> Result<Saved, EngineError> {
        self.visit(order, token, |_, _, view| {
            let none = Fields::default();
            let shown = view.learnt.get(subject).unwrap_or(&none);
            Ok(vec![set_fact(shown, Some(subject.clone()), fields, token)?])
        })
    }

    /// A name, phone and role of a person met on site: a witness, a signer, a new contact. Stands in a document of
    /// its own that can be erased; other facts name it by id (design 6, «Erasure»).
    ///
    /// # Errors
    /// [`EngineError::Invalid`] without fields; [`EngineError::NotEnrolled`], [`EngineError::StorageFull`],
    /// [`EngineError::Closed`].
    pub fn record_person(
        &self,
        token: &ViewToken,
        fields: BTreeMap<String, Value>,
    ) -> Result<(PersonId, Saved), EngineError> {
        let person = PersonId(self.inner.env.uuid_v7());
        let (saved, ()) = self.inner.act(token, |_, me| {
            let fact = set_fact(&Fields::default(), None, fields, token)?;
            Ok((
                Plan::one(DocName::PersonField(me.user, person, 1), vec![fact]),
                (),
            ))
        })?;
        Ok((person, saved))
    }

    /// Writes facts into the own visit of an order.
    pub(super) fn visit(
        &self,
        order: OrderId,
        token: &ViewToken,
        facts: impl FnOnce(&Reading<'_>, &Me, &OrderView) -> Result<Vec<Fact>, EngineError>,
    ) -> Result<Saved, EngineError> {
        let (saved, ()) = self.visit_with(order, token, |connection, me, folded| {
            Ok((facts(connection, me, &folded.view)?, ()))
        })?;
        Ok(saved)
    }

    /// The same with everything that the fold read, and a value beside.
    pub(super) fn visit_with<T>(
        &self,
        order: OrderId,
        token: &ViewToken,
        facts: impl FnOnce(&Reading<'_>, &Me, &details::Folded) -> Result<(Vec<Fact>, T), EngineError>,
    ) -> Result<(Saved, T), EngineError> {
        self.inner.act(token, |transaction, me| {
            let folded = details::fold(transaction, order, Some(me.user))?;
            let (facts, value) = facts(transaction, me, &folded)?;
            Ok((Plan::one(DocName::Visit(order, me.user), facts), value))
        })
    }
}
