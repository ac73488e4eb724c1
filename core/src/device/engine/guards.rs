//! The guard before a step is written (D.3, I13): the phone refuses what the fold would flag, as far as this phone knows.
//!
//! What the phone does not know is no reason to refuse: a step that meets news on its way is accepted by every reader and
//! becomes a conflict there, never an error (design 3). Work on an order that was taken away stays a fact, too (D.5-1).

use super::act::Me;
use super::steps::{Step, own_assignment};
use crate::device::EngineError;
use crate::domain::transitions::{Step as Row, target};
use crate::domain::work::OrderState;
use crate::facts::order::view::{AcceptStatus, Assignment, AssignmentStatus, Track};
use crate::facts::order::{assignment_of, step_of};
use crate::facts::{DocName, OrderView};

/// The row of the table that a step takes; none for what is possible at any time (calls, texts, consents).
const fn row_of(step: &Step) -> Option<Row> {
    Some(match step {
        Step::Accept { .. } => Row::Accept,
        Step::Decline { .. } => Row::Decline,
        Step::Travel => Row::Travel,
        Step::Arrive => Row::Arrive,
        Step::Remote { .. } => Row::StartRemote,
        Step::WaitParts { .. } => Row::WaitParts,
        Step::WaitCustomer { .. } => Row::WaitCustomer,
        Step::Block { .. } => Row::Block,
        Step::Done { .. } => Row::FinishWork,
        Step::Contact { .. }
        | Step::Progress { .. }
        | Step::Consent { .. }
        | Step::Escalate { .. }
        | Step::Leave => return None,
    })
}

/// Refuses a step that does not follow from where this engineer stands.
///
/// # Errors
/// [`EngineError::Invalid`] with `step_problem.not_assigned` or `step_problem.not_now`.
pub(super) fn check(step: &Step, view: &OrderView, me: &Me) -> Result<(), EngineError> {
    let Some(row) = row_of(step) else { return Ok(()) };
    let answers = matches!(row, Row::Accept | Row::Decline);
    let own = own_assignment(view, me);
    let Some(assignment) = own.and_then(|id| view.assignments.iter().find(|one| one.id == id)) else {
        // Work that nobody assigned is kept and flagged (D.3, `unassigned_work`); an answer has nothing to answer.
        return if answers {
            Err(EngineError::invalid("step_problem.not_assigned"))
        } else {
            follows(target(loose_state(view, me), row).is_some())
        };
    };
    let track = assignment.tracks.iter().find(|track| track.engineer == me.user);
    let state = track.map_or(OrderState::Dispatched, |track| track.state);
    let allowed = target(state, row).is_some();
    follows(allowed && (!answers || may_answer(view, assignment, track, me)))
}

fn follows(yes: bool) -> Result<(), EngineError> {
    if yes {
        Ok(())
    } else {
        Err(EngineError::invalid("step_problem.not_now"))
    }
}

/// How far this engineer's work without any assignment has come.
fn loose_state(view: &OrderView, me: &Me) -> OrderState {
    let visit = DocName::Visit(view.order, me.user);
    view.timeline
        .iter()
        .filter(|event| *event.record.doc == visit)
        .filter_map(|event| event.record.fact())
        .filter(|fact| matches!(assignment_of(fact), Some(None)))
        .filter_map(|fact| step_of(fact).ok().flatten())
        .fold(OrderState::Dispatched, |state, step| {
            target(state, step).unwrap_or(state)
        })
}

/// An assignment is answered once, by somebody whom it names, while it stands and nobody else has it.
fn may_answer(view: &OrderView, assignment: &Assignment, track: Option<&Track>, me: &Me) -> bool {
    let stands = view.current == Some(assignment.id) && assignment.status == AssignmentStatus::Current;
    let free = assignment.holders.is_empty() || assignment.holders.contains(&me.user);
    let unanswered = track.is_none_or(|track| track.answer == AcceptStatus::None && !track.started);
    stands && free && unanswered
}
