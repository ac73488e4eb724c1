//! The facts of an order sorted by what they are, in order inside each list.

use std::collections::BTreeMap;

use crate::domain::ids::{OrderId, UserId};
use crate::facts::family::{Family, Ix};
use crate::facts::{DocName, Fact, FactId};

/// Facts that count (live, not hidden, not late), by role in the play.
#[derive(Default)]
pub(super) struct Cast {
    pub(super) assigns: Vec<Ix>,
    /// `assign`, `cancel`, `un-cancel` together.
    pub(super) plan: Vec<Ix>,
    pub(super) cancels: Vec<Ix>,
    pub(super) confirms: Vec<Ix>,
    pub(super) picks: Vec<Ix>,
    pub(super) returns: Vec<Ix>,
    pub(super) audits: Vec<Ix>,
    pub(super) unaudits: Vec<Ix>,
    pub(super) received: Vec<Ix>,
    pub(super) seals: Vec<Ix>,
    pub(super) submits: Vec<Ix>,
    pub(super) decides: Vec<Ix>,
    /// Tickets founded on site with this order as their first.
    pub(super) foundings: Vec<Ix>,
    pub(super) adoptions: Vec<Ix>,
    /// Whether the office wrote anything into the order's own document.
    pub(super) office_began: bool,
    /// Everything else that a list of the view shows.
    pub(super) others: Vec<Ix>,
    pub(super) moves: Vec<Ix>,
    pub(super) reverses: Vec<Ix>,
    /// Registers: `set` and `choose`, wherever they stand.
    pub(super) registers: Vec<Ix>,
    /// Facts of visits, by engineer.
    pub(super) visits: BTreeMap<UserId, Vec<Ix>>,
}

impl Cast {
    pub(super) fn of(family: &Family<'_>, counted: impl IntoIterator<Item = Ix>) -> Self {
        let mut cast = Self::default();
        for ix in counted {
            let record = family.record(ix);
            let Some(fact) = record.fact() else { continue };
            match *record.doc {
                DocName::Visit(_, engineer) => cast.visits.entry(engineer).or_default().push(ix),
                DocName::Order(_) => cast.office_began = true,
                _ => {}
            }
            let list = match fact {
                Fact::Assign(_) => {
                    cast.plan.push(ix);
                    &mut cast.assigns
                }
                Fact::Found(found) => {
                    if found.takes {
                        cast.plan.push(ix);
                        cast.assigns.push(ix);
                    }
                    &mut cast.foundings
                }
                Fact::Adopt(_) => &mut cast.adoptions,
                Fact::Cancel(_) => {
                    cast.plan.push(ix);
                    &mut cast.cancels
                }
                Fact::Uncancel(_) => &mut cast.plan,
                Fact::Confirm(_) => &mut cast.confirms,
                Fact::Pick(_) => &mut cast.picks,
                Fact::Return(_) => &mut cast.returns,
                Fact::Audit(_) => &mut cast.audits,
                Fact::Unaudit(_) => &mut cast.unaudits,
                Fact::Received(_) => &mut cast.received,
                Fact::Seal(_) => &mut cast.seals,
                Fact::Submit(_) => &mut cast.submits,
                Fact::Decide(_) => &mut cast.decides,
                Fact::Move(_) => &mut cast.moves,
                Fact::Reverse(_) => &mut cast.reverses,
                Fact::Set(_) | Fact::Choose(_) => &mut cast.registers,
                _ => &mut cast.others,
            };
            list.push(ix);
        }
        cast
    }
}

/// The engineer whose visit document a fact stands in.
pub(super) fn engineer_of(family: &Family<'_>, ix: Ix) -> Option<UserId> {
    match family.doc(ix) {
        DocName::Visit(_, engineer) => Some(*engineer),
        _ => None,
    }
}

/// The assignment that a visit fact names; `None` for a kind that names none.
pub(crate) fn assignment_of(fact: &Fact) -> Option<Option<FactId>> {
    Some(match fact {
        Fact::Accept(step)
        | Fact::Decline(step)
        | Fact::Travel(step)
        | Fact::Arrive(step)
        | Fact::Progress(step)
        | Fact::Leave(step) => step.assignment,
        Fact::Contact(contact) => contact.assignment,
        Fact::Remote(remote) => remote.assignment,
        Fact::Wait(wait) => wait.assignment,
        Fact::Consent(consent) => consent.assignment,
        Fact::Decide(decide) => decide.assignment,
        Fact::Done(done) => done.assignment,
        Fact::Seal(seal) => seal.assignment,
        Fact::Submit(submit) => submit.assignment,
        Fact::Photo(photo) => photo.assignment,
        Fact::Escalate(escalate) => escalate.assignment,
        _ => return None,
    })
}

/// Whether work began with this fact: travelling counts (D.3), a call or a note does not.
pub(super) fn begins(fact: &Fact) -> bool {
    matches!(fact, Fact::Travel(_)) || on_site(fact)
}

/// Whether its author was at the customer's, or on the customer's machine.
pub(super) fn on_site(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::Arrive(_) | Fact::Remote(_) | Fact::Decide(_) | Fact::Leave(_)
    ) || finishes(fact)
}

/// Whether the work ended with this fact.
pub(super) fn finishes(fact: &Fact) -> bool {
    match fact {
        Fact::Done(done) => done.outcome.parse::<crate::domain::work::Outcome>().is_ok(),
        Fact::Seal(_) | Fact::Submit(_) => true,
        _ => false,
    }
}

/// Whether `doc` is among what the fold of `order` reads: the order, its visits, the intake that it began with, and van
/// documents for their lines.
pub(super) fn belongs(order: OrderId, doc: &DocName) -> bool {
    doc.order() == Some(order) || matches!(doc, DocName::VanField(..) | DocName::VanOffice(..))
}
