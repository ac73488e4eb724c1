//! Review: confirming decisions, returning, auditing, un-auditing, waiving, picking (I5, I6, I11, Q14).
//!
//! An auditor judges what stood on the screen: if the order's documents have moved on since, the command is refused
//! with `changed_meanwhile` and the page shows the new state. Nobody judges own work.

use std::collections::BTreeSet;

use fieldseal_core::domain::ids::{OrderId, UserId};
use fieldseal_core::domain::roles::{Operation, may_audit};
use fieldseal_core::domain::transitions::{Guard, GuardFacts, Step, may_step, unmet};
use fieldseal_core::facts::kinds::{Addendum, Audit, Confirm, OverReason, Pick, Return, Waive};
use fieldseal_core::facts::order::view::DecisionStatus;
use fieldseal_core::facts::{DocName, Fact, FactId, OrderView, ViewToken};

use super::fields::{optional, required};
use super::{Arrived, Office, OfficeError, Person, require};
use crate::pipeline::Saved;

/// What an audit or a return is about: the seal (or the submit, where nothing was sealed) of the visit that counts, and
/// the assignment under which it was made.
pub fn revision_of(view: &OrderView) -> Option<(FactId, FactId)> {
    let engineer = view.visit?;
    let visit = view.visits.iter().find(|visit| visit.engineer == engineer)?;
    let seal = visit
        .current_seal
        .and_then(|id| visit.seals.iter().find(|seal| seal.id == id));
    let revision = seal.map(|seal| seal.id).or(visit.submit)?;
    let assignment = seal
        .and_then(|seal| seal.assignment)
        .or(view.done_by.as_ref().map(|done| done.assignment))
        .or(view.current)?;
    Some((revision, assignment))
}

/// Everybody whose work an order holds.
pub fn workers(view: &OrderView) -> Vec<UserId> {
    view.visits.iter().map(|visit| visit.engineer).collect()
}

/// Why a person may not audit an order as it is, with those photos `arrived`: guards of D.3, in the table's order; empty
/// where an audit is right.
pub fn audit_blockers(by: &Person, view: &OrderView, arrived: &Arrived) -> Vec<Guard> {
    let facts = GuardFacts {
        own_work: !may_audit(&by.roles, by.user, &workers(view)),
        photos_complete_or_waived: arrived.complete_or_waived(view),
        decision_confirmed: !view.decisions.iter().any(|decision| {
            decision.status == DecisionStatus::Provisional && Some(decision.stamp.by) == view.visit
        }),
        ..GuardFacts::default()
    };
    unmet(Step::Audit, &facts)
}

impl Office {
    /// The order as it is, if this person may judge it and the screen of `token` showed it so.
    fn judged(
        &self,
        by: &Person,
        order: OrderId,
        step: Step,
        token: &ViewToken,
    ) -> Result<std::sync::Arc<OrderView>, OfficeError> {
        require(by, Operation::Audit)?;
        let view = self.views.order(order)?.ok_or(OfficeError::NotFound)?;
        if !may_audit(&by.roles, by.user, &workers(&view)) {
            return Err(OfficeError::whole("own_work"));
        }
        if !view.token.heads.is_subset(&token.heads) {
            return Err(OfficeError::whole("changed_meanwhile"));
        }
        if !may_step(view.state, step) {
            return Err(OfficeError::whole("wrong_state"));
        }
        Ok(view)
    }

    /// Sends a submitted report back to its engineer.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `own_work`,
    /// `changed_meanwhile`, `wrong_state`, `empty` (reason).
    pub fn return_report(
        &self,
        by: &Person,
        order: OrderId,
        token: &ViewToken,
        reason: &str,
    ) -> Result<Saved, OfficeError> {
        let reason = required("reason", reason)?;
        let _one = self.begin();
        let view = self.judged(by, order, Step::Return, token)?;
        let (revision, assignment) = revision_of(&view).ok_or(OfficeError::whole("wrong_state"))?;
        let fact = Fact::Return(Return {
            revision,
            assignment,
            reason,
        });
        self.append(by, &[(DocName::Order(order), vec![fact])], token)
    }

    /// Freezes an order: its whole view with the list of what went in becomes a blob signed by the organisation key,
    /// and the `audit` fact names it (I5).
    ///
    /// # Errors
    /// As [`Office::return_report`], and the unmet guards: `photos_complete_or_waived`, `decision_confirmed`.
    pub fn audit(&self, by: &Person, order: OrderId, token: &ViewToken) -> Result<Saved, OfficeError> {
        let _one = self.begin();
        let view = self.judged(by, order, Step::Audit, token)?;
        if let Some(guard) = audit_blockers(by, &view, &self.arrived(&view)?).first() {
            return Err(OfficeError::whole(guard.as_str()));
        }
        let (revision, assignment) = revision_of(&view).ok_or(OfficeError::whole("wrong_state"))?;
        let over = view
            .audits
            .iter()
            .filter(|audit| !audit.opens && audit.stands)
            .map(|audit| audit.id)
            .collect();
        let now = self.now();
        let file = self.freeze(&view, revision, by.user, now)?;
        let mut seen = token.clone();
        seen.heads.extend(&file.heads);
        let fact = Fact::Audit(Audit {
            revision,
            assignment,
            blob: file.sha256.to_string(),
            over,
        });
        self.service.office(|office| {
            office.put_blob(&file.bytes)?;
            Ok(office.append(by.user, &[(DocName::Order(order), vec![fact])], &seen)?)
        })
    }

    /// Takes an audit back; what was audited stays provable.
    ///
    /// # Errors
    /// As [`Office::return_report`].
    pub fn unaudit(
        &self,
        by: &Person,
        order: OrderId,
        token: &ViewToken,
        reason: &str,
    ) -> Result<Saved, OfficeError> {
        let reason = required("reason", reason)?;
        let _one = self.begin();
        let view = self.judged(by, order, Step::UnAudit, token)?;
        let over: Vec<FactId> = view.audit.iter().map(|audit| audit.id).collect();
        let fact = Fact::Unaudit(OverReason { over, reason });
        self.append(by, &[(DocName::Order(order), vec![fact])], token)
    }

    /// Confirms a provisional warranty decision, or overrides it with another outcome and a reason (Q28).
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`] for an unknown decision, [`OfficeError::Invalid`]:
    /// `own_work`, `empty` (reason of an override).
    pub fn confirm_decision(
        &self,
        by: &Person,
        order: OrderId,
        decision: FactId,
        outcome: Option<&str>,
        reason: Option<&str>,
        token: &ViewToken,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::ConfirmWarranty)?;
        let outcome = optional("outcome", outcome)?;
        let reason = optional("reason", reason)?;
        if outcome.is_some() && reason.is_none() {
            return Err(OfficeError::field("reason", "empty"));
        }
        let _one = self.begin();
        let view = self.views.order(order)?.ok_or(OfficeError::NotFound)?;
        if workers(&view).contains(&by.user) {
            return Err(OfficeError::whole("own_work"));
        }
        let found = view
            .decisions
            .iter()
            .find(|known| known.id == decision)
            .ok_or(OfficeError::NotFound)?;
        let over = found
            .confirmation
            .into_iter()
            .filter(|id| token.facts.contains(id))
            .collect();
        let verdict = if outcome.is_some() {
            "overridden"
        } else {
            "confirmed"
        };
        let fact = Fact::Confirm(Confirm {
            target: decision,
            verdict: verdict.to_owned(),
            outcome,
            reason,
            over,
        });
        self.append(by, &[(DocName::Order(order), vec![fact])], token)
    }

    /// Picks the current one of several seals (D.3, «seal ∥ seal»).
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`] for an unknown seal, [`OfficeError::Invalid`].
    pub fn pick(
        &self,
        by: &Person,
        order: OrderId,
        seal: FactId,
        reason: &str,
        token: &ViewToken,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::Audit)?;
        let reason = required("reason", reason)?;
        let _one = self.begin();
        let view = self.views.order(order)?.ok_or(OfficeError::NotFound)?;
        if workers(&view).contains(&by.user) {
            return Err(OfficeError::whole("own_work"));
        }
        let known = view
            .visits
            .iter()
            .flat_map(|visit| &visit.seals)
            .any(|known| known.id == seal);
        if !known {
            return Err(OfficeError::NotFound);
        }
        let over = view
            .timeline
            .iter()
            .filter(|event| matches!(event.record.fact(), Some(Fact::Pick(_))))
            .map(|event| event.record.id)
            .filter(|id| token.facts.contains(id))
            .collect();
        let fact = Fact::Pick(Pick {
            revision: seal,
            over,
            reason,
        });
        self.append(by, &[(DocName::Order(order), vec![fact])], token)
    }

    /// Waives a requirement with a reason: `photos`, `signature` (D.4).
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `unknown_choice`, `empty`.
    pub fn waive(
        &self,
        by: &Person,
        order: OrderId,
        what: &str,
        revision: Option<FactId>,
        reason: &str,
        token: &ViewToken,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::WaiveSignature)?;
        let reason = required("reason", reason)?;
        if !["photos", "signature"].contains(&what) {
            return Err(OfficeError::field("what", "unknown_choice"));
        }
        let _one = self.begin();
        let view = self.views.order(order)?.ok_or(OfficeError::NotFound)?;
        if workers(&view).contains(&by.user) {
            return Err(OfficeError::whole("own_work"));
        }
        let fact = Fact::Waive(Waive {
            what: what.to_owned(),
            revision,
            reason,
        });
        self.append(by, &[(DocName::Order(order), vec![fact])], token)
    }

    /// Accepts late facts beside an audit, which stays as it is (D.5-4).
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `own_work`, `wrong_state`
    /// where nothing is audited, `empty`.
    pub fn accept_late(
        &self,
        by: &Person,
        order: OrderId,
        late: &BTreeSet<FactId>,
        text: &str,
        token: &ViewToken,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::Audit)?;
        let text = required("text", text)?;
        let _one = self.begin();
        let view = self.views.order(order)?.ok_or(OfficeError::NotFound)?;
        if workers(&view).contains(&by.user) {
            return Err(OfficeError::whole("own_work"));
        }
        let audit = view.audit.as_ref().ok_or(OfficeError::whole("wrong_state"))?;
        let known = |fact: &FactId| view.timeline.iter().any(|event| event.record.id == *fact);
        if late.is_empty() || !late.iter().all(known) {
            return Err(OfficeError::NotFound);
        }
        let fact = Fact::Addendum(Addendum {
            audit: audit.id,
            accepts: late.iter().copied().collect(),
            text,
        });
        self.append(by, &[(DocName::Order(order), vec![fact])], token)
    }
}
