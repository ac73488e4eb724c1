//! Audits, un-audits and returns: what froze, what was opened again, what was sent back (D.3, D.5-4, Q14).
//!
//! Judged before everything else, from facts that their authors knew: a fact of the audited visit that the audit did
//! not know is late and changes nothing that is visible (I6).

use crate::domain::ids::UserId;
use crate::facts::conflict::{ConflictKind, Flag};
use crate::facts::family::{Family, Ix};
use crate::facts::hides::of_record;
use crate::facts::order::cast::{Cast, assignment_of, engineer_of};
use crate::facts::order::seals::follows;
use crate::facts::{DocName, Fact, FactId};

/// What the auditors did.
#[derive(Default)]
pub(super) struct Judged {
    /// The audit in force.
    pub(super) in_force: Option<Ix>,
    /// Valid audits and un-audits, in order.
    pub(super) events: Vec<Ix>,
    /// Returns in force.
    pub(super) returned: Vec<Ix>,
    /// (return, what answers it).
    pub(super) answered: Vec<(Ix, Ix)>,
    /// Office facts without effect, and why.
    pub(super) failed: Vec<(Ix, Flag)>,
    /// Conflicts between auditors.
    pub(super) conflicts: Vec<(ConflictKind, Vec<Ix>)>,
}

/// The seal or submit that an auditor's fact names, if its author may judge it (I11).
fn judged_work(family: &Family<'_>, by: Ix, revision: FactId) -> Result<Ix, Flag> {
    let work = family
        .find(revision)
        .filter(|ix| matches!(family.record(*ix).fact(), Some(Fact::Seal(_) | Fact::Submit(_))))
        .ok_or(Flag::BadReference)?;
    if engineer_of(family, work) == Some(family.record(by).stamp.by) {
        return Err(Flag::OwnWork);
    }
    Ok(work)
}

/// Decisions of the audited visit that the auditor knew and that waited for a confirmation.
fn unconfirmed(family: &Family<'_>, cast: &Cast, audit: Ix, engineer: Option<UserId>) -> bool {
    let known = |ix: &Ix| family.knew(audit, *ix);
    let decides: Vec<Ix> = cast
        .decides
        .iter()
        .copied()
        .filter(|ix| engineer_of(family, *ix) == engineer)
        .filter(known)
        .collect();
    let superseded = |id: FactId| {
        decides.iter().any(
            |ix| matches!(family.record(*ix).fact(), Some(Fact::Decide(decide)) if decide.over.contains(&id)),
        )
    };
    let confirmed = |id: FactId| {
        cast.confirms.iter().filter(|ix| known(ix)).any(
            |ix| matches!(family.record(*ix).fact(), Some(Fact::Confirm(confirm)) if confirm.target == id),
        )
    };
    decides
        .iter()
        .map(|ix| family.id(*ix))
        .any(|id| !superseded(id) && !confirmed(id))
}

impl Judged {
    pub(super) fn fold(family: &Family<'_>, cast: &Cast) -> Self {
        let mut judged = Self::default();
        let mut audits: Vec<Ix> = Vec::new();
        for &ix in &cast.audits {
            let Some(Fact::Audit(audit)) = family.record(ix).fact() else {
                continue;
            };
            let verdict = judged_work(family, ix, audit.revision).and_then(|work| {
                if unconfirmed(family, cast, ix, engineer_of(family, work)) {
                    Err(Flag::DecisionUnconfirmed)
                } else {
                    Ok(())
                }
            });
            match verdict {
                Ok(()) => audits.push(ix),
                Err(flag) => judged.failed.push((ix, flag)),
            }
        }
        let over = |ix: Ix| -> Vec<Ix> {
            match family.record(ix).fact() {
                Some(Fact::Audit(audit)) => family.find_all(&audit.over),
                Some(Fact::Unaudit(open)) => family.find_all(&open.over),
                _ => Vec::new(),
            }
        };
        let mut opens: Vec<Ix> = Vec::new();
        for &ix in &cast.unaudits {
            let named: Vec<Ix> = over(ix)
                .into_iter()
                .filter(|audit| audits.contains(audit))
                .collect();
            // It must name an audit that, as far as its author knew, nothing had replaced.
            let aims = named.iter().any(|audit| {
                !audits
                    .iter()
                    .chain(&opens)
                    .any(|later| over(*later).contains(audit) && family.knew(ix, *later))
            });
            let own = named.iter().any(|audit| match family.record(*audit).fact() {
                Some(Fact::Audit(fact)) => judged_work(family, ix, fact.revision) == Err(Flag::OwnWork),
                _ => false,
            });
            match (aims, own) {
                (_, true) => judged.failed.push((ix, Flag::OwnWork)),
                (false, _) => judged.failed.push((ix, Flag::GuardFailed)),
                (true, false) => opens.push(ix),
            }
        }
        judged.events = audits.iter().chain(&opens).copied().collect();
        judged.events.sort_unstable();
        judged.in_force = judged.events.last().copied().filter(|ix| audits.contains(ix));
        for audit in &audits {
            for open in &opens {
                let settled = judged
                    .events
                    .iter()
                    .any(|later| family.knew(*later, *audit) && family.knew(*later, *open));
                if family.concurrent(*audit, *open) && !settled {
                    judged
                        .conflicts
                        .push((ConflictKind::AuditAndUnaudit, vec![*audit, *open]));
                }
            }
        }
        judged.returns(family, cast, &audits);
        judged
    }

    fn returns(&mut self, family: &Family<'_>, cast: &Cast, audits: &[Ix]) {
        for &ix in &cast.returns {
            let Some(Fact::Return(sent_back)) = family.record(ix).fact() else {
                continue;
            };
            let work = match judged_work(family, ix, sent_back.revision) {
                Ok(work) => work,
                Err(flag) => {
                    self.failed.push((ix, flag));
                    continue;
                }
            };
            let newer = |seal: &Ix| *seal != work && follows(family, *seal, work);
            let knew_frozen = audits.iter().any(|audit| {
                family.knew(ix, *audit)
                    && !self
                        .events
                        .iter()
                        .any(|later| later > audit && family.knew(ix, *later))
            });
            // A return that knew a newer revision, or a standing audit, breaks its guard (D.3: from submitted).
            if knew_frozen
                || cast
                    .seals
                    .iter()
                    .any(|seal| newer(seal) && family.knew(ix, *seal))
            {
                self.failed.push((ix, Flag::GuardFailed));
                continue;
            }
            let answer = cast.seals.iter().chain(&cast.submits).copied().find(|answer| {
                family.doc(*answer) == family.doc(work)
                    && (newer(answer) || (*answer != work && family.knew(*answer, ix)))
            });
            match answer {
                Some(answer) => {
                    self.answered.push((ix, answer));
                    if family.concurrent(answer, ix) {
                        self.conflicts
                            .push((ConflictKind::ReturnAnswered, vec![ix, answer]));
                    }
                }
                None => self.returned.push(ix),
            }
        }
        if let Some(audit) = self.in_force {
            let against: Vec<Ix> = self
                .returned
                .iter()
                .copied()
                .filter(|ix| family.concurrent(*ix, audit))
                .collect();
            for ix in against {
                self.conflicts
                    .push((ConflictKind::AuditAndReturn, vec![audit, ix]));
                if ix > audit {
                    self.in_force = None;
                }
            }
        }
    }

    /// Whether a fact came too late for the audit in force: one of the audited visit or of the office's fields, or a
    /// movement for the order, that the audit did not know.
    pub(super) fn is_late(&self, family: &Family<'_>, ix: Ix) -> bool {
        let Some(audit) = self.in_force else { return false };
        let record = family.record(ix);
        let (Some(Fact::Audit(audited)), Some(fact)) = (family.record(audit).fact(), record.fact()) else {
            return false;
        };
        let concerns = match record.doc.as_ref() {
            DocName::Visit(..) => {
                let of_visit = family
                    .find(audited.revision)
                    .is_some_and(|work| family.doc(work) == record.doc.as_ref());
                // A fact that names another assignment belongs to other work of the same engineer.
                let other = matches!(assignment_of(fact), Some(Some(named)) if named != audited.assignment);
                of_visit && !other
            }
            DocName::Order(_) => {
                matches!(fact, Fact::Set(_) | Fact::Choose(_) | Fact::Hide(_)) && !of_record(family, fact)
            }
            _ => matches!(fact, Fact::Move(_) | Fact::Reverse(_)),
        };
        concerns && !family.knew(audit, ix)
    }
}
