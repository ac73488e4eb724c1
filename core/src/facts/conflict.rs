//! Conflicts and flags: what two people did without knowing of each other, and what broke a rule.
//!
//! A conflict is derived, never stored: equal facts give an equal conflict with an equal id on every device, so
//! that `resolve` can name it (design 3). Nothing here removes a fact.

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::codes::codes;
use crate::domain::work::Severity;
use crate::facts::stored::Stamp;
use crate::facts::{DocName, FactId};

/// Namespace of every UUIDv5 that the fold derives (conflicts, second work orders). Can never change.
pub const NAMESPACE: Uuid = Uuid::from_u128(0x5f1e_1d5e_a1f0_5c0d_8a7e_0000_c0f1_1c75);

codes! {
    /// Kind of a conflict (D.3, «Concurrent pairs»; D.5).
    pub enum ConflictKind in "conflict" {
        /// Accepted while the office took the assignment away, nothing begun.
        AcceptedAfterReassign = "accepted_after_reassign",
        /// Accepted while the office cancelled, nothing begun.
        AcceptedAfterCancel = "accepted_after_cancel",
        /// Accepted on one device and declined on another.
        AcceptedAndDeclined = "accepted_and_declined",
        /// Finished while the office gave the order to somebody who had not begun (D.5-1).
        CompletedAfterReassign = "completed_after_reassign",
        /// Two engineers worked at the customer's; the second visit becomes a work order of its own.
        SecondVisit = "second_visit",
        /// Begun while the office gave the order to somebody else.
        StartedAfterReassign = "started_after_reassign",
        /// Finished while the office cancelled; somebody decides about charging.
        DoneAfterCancel = "done_after_cancel",
        /// Begun while the office cancelled; the engineer may stop or finish.
        CancelProposed = "cancel_proposed",
        /// Two engineers of a pool accepted; one lost.
        AcceptRace = "accept_race",
        /// The office assigned twice at once.
        AssignedTwice = "assigned_twice",
        /// Assigned and cancelled at once.
        ReassignedAndCancelled = "reassigned_and_cancelled",
        /// A cancel or reassign of work that was already known as done.
        PlanAfterDone = "plan_after_done",
        /// Work under an assignment that its author knew to be gone.
        UnassignedWork = "unassigned_work",
        /// Facts that the audit did not see (D.5-4).
        LateAfterAudit = "late_after_audit",
        /// Audited and un-audited at once.
        AuditAndUnaudit = "audit_and_unaudit",
        /// Audited and returned at once.
        AuditAndReturn = "audit_and_return",
        /// The draft was edited on another device while the report was sealed.
        EditedWhileSealing = "edited_while_sealing",
        /// Two seals of one draft.
        TwoSeals = "two_seals",
        /// A return met a newer revision.
        ReturnAnswered = "return_answered",
        /// A new decision met the confirmation of the one before.
        DecidedWhileConfirming = "decided_while_confirming",
        /// Two decisions about one unit that did not know of each other.
        TwoDecisions = "two_decisions",
        /// Two values of a field; the higher is shown.
        FieldValues = "field_values",
        /// Two values of a field of which a person must choose (MV).
        FieldChoice = "field_choice",
        /// Hidden while somebody edited it; it stays.
        HiddenAndEdited = "hidden_and_edited",
        /// More was used than was there (D.5-2a).
        NegativeStock = "negative_stock",
        /// One serial number with several ends (I4, D.5-2b).
        SerialDisputed = "serial_disputed",
    }
}

codes! {
    /// Who is to act on a conflict.
    pub enum Acts in "acts" {
        /// Nobody has to.
        Nobody = "nobody",
        /// The engineer.
        Engineer = "engineer",
        /// The dispatcher.
        Dispatcher = "dispatcher",
        /// The supervisor, who is the auditor.
        Auditor = "auditor",
        /// The storekeeper.
        Storekeeper = "storekeeper",
    }
}

codes! {
    /// What is said about one fact.
    pub enum Flag in "flag" {
        /// Its action cannot be read.
        Unreadable = "unreadable",
        /// The id was used before with other bytes; without effect.
        ReusedId = "reused_id",
        /// A kind of a newer version; kept and ignored.
        UnknownKind = "unknown_kind",
        /// The payload does not have its form; without effect.
        Malformed = "malformed",
        /// A code of this version's lists was expected; without effect.
        UnknownCode = "unknown_code",
        /// No place in this document; without effect.
        Misplaced = "misplaced",
        /// Asks for a newer version of the app.
        UpdateNeeded = "update_needed",
        /// Other documents of its action have not arrived.
        Incomplete = "incomplete",
        /// Its counter is not above what its author had seen.
        CounterBounded = "counter_bounded",
        /// Hidden.
        Hidden = "hidden",
        /// Names something that is not there, or not what it must be.
        BadReference = "bad_reference",
        /// The state table did not allow the step; a plan step has no effect, work stands.
        GuardFailed = "guard_failed",
        /// Work without a standing assignment.
        UnassignedWork = "unassigned_work",
        /// Work that finished while the office cancelled.
        DoneAfterCancel = "done_after_cancel",
        /// Somebody else's work closed this assignment.
        AlreadyDone = "already_done",
        /// Another assignment stands.
        Superseded = "superseded",
        /// An accept that lost.
        LostRace = "lost_race",
        /// Not part of what was audited.
        LateAfterAudit = "late_after_audit",
        /// Not part of what was signed.
        Unsigned = "unsigned",
        /// The author judged own work (I11); without effect.
        OwnWork = "own_work",
        /// Remote work without a consent (000-14).
        ConsentMissing = "consent_missing",
        /// Handed in without seal, refusal or a reason that allows it.
        NotReady = "not_ready",
        /// No outcome was set.
        OutcomeMissing = "outcome_missing",
        /// A warranty decision waited for its confirmation.
        DecisionUnconfirmed = "decision_unconfirmed",
        /// The device's clock was far off, and no correction is known yet.
        ClockSuspect = "clock_suspect",
        /// A proposal by the side that does not own the field.
        Proposal = "proposal",
        /// What it rests on is not there: a photo of a warranty decision (000-16), type or photo of scrap (Y-22).
        EvidenceMissing = "evidence_missing",
    }
}

/// One side of a conflict: a fact, its value where it is about one, and its author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConflictSide {
    /// The fact.
    pub fact: FactId,
    /// Its kind.
    pub kind: String,
    /// The field's value, or the fact's payload.
    pub value: Value,
    /// Who, on which device, when.
    pub stamp: Stamp,
}

/// How a conflict was settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resolution {
    /// The `resolve` fact.
    pub fact: FactId,
    /// What was done.
    pub note: String,
    /// By whom, when.
    pub stamp: Stamp,
}

/// Two or more facts that need a person's eye.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// UUIDv5 of kind and sorted fact ids: equal on every device.
    pub id: Uuid,
    /// What happened.
    pub kind: ConflictKind,
    /// To know, or to decide.
    pub severity: Severity,
    /// Who decides.
    pub acts: Acts,
    /// The document that it is about.
    pub doc: DocName,
    /// The field, where it is about one.
    pub field: Option<String>,
    /// Both (all) sides, sorted by fact id.
    pub sides: Vec<ConflictSide>,
    /// Set once a `resolve` named it.
    pub resolved: Option<Resolution>,
}

impl Conflict {
    /// Whether a person still has to decide.
    pub fn open_action(&self) -> bool {
        self.severity == Severity::Action && self.resolved.is_none()
    }
}

/// The id of a conflict: UUIDv5 of its kind and its sorted fact ids (design 3). A field conflict carries its
/// field after the kind, so that two fields of the same two forms are two conflicts.
pub fn conflict_id(kind: ConflictKind, field: Option<&str>, facts: &[FactId]) -> Uuid {
    let mut sorted: Vec<FactId> = facts.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut name = kind.as_str().to_owned();
    if let Some(field) = field {
        name.push('/');
        name.push_str(field);
    }
    for fact in sorted {
        name.push('\n');
        name.push_str(&fact.to_string());
    }
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

/// How bad a kind is and who acts on it (pair table D.3).
pub fn gravity(kind: ConflictKind) -> (Severity, Acts) {
    use ConflictKind as K;
    match kind {
        K::AcceptedAfterReassign
        | K::AcceptedAfterCancel
        | K::CompletedAfterReassign
        | K::CancelProposed
        | K::AcceptRace
        | K::AssignedTwice
        | K::PlanAfterDone
        | K::AuditAndUnaudit
        | K::AuditAndReturn
        | K::ReturnAnswered
        | K::FieldValues
        | K::HiddenAndEdited => (Severity::Info, Acts::Nobody),
        K::SecondVisit
        | K::StartedAfterReassign
        | K::DoneAfterCancel
        | K::ReassignedAndCancelled
        | K::UnassignedWork
        | K::AcceptedAndDeclined => (Severity::Action, Acts::Dispatcher),
        K::LateAfterAudit | K::TwoSeals | K::DecidedWhileConfirming | K::TwoDecisions | K::FieldChoice => {
            (Severity::Action, Acts::Auditor)
        }
        K::EditedWhileSealing => (Severity::Action, Acts::Engineer),
        K::NegativeStock | K::SerialDisputed => (Severity::Action, Acts::Storekeeper),
    }
}
