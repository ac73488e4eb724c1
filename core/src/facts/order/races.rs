//! Who holds an assignment: accepts, declines, and the race of a pool (design 3, «Races»).
//!
//! An accept counts if its `n` is above its assignment's. Among unknowing ones the lowest (`n`, hash of id) wins,
//! but one that the office confirmed or on which travel or work began is never displaced; a lost one does not revive.

use crate::domain::ids::UserId;
use crate::facts::family::{Family, Ix};
use crate::facts::order::plan::Assigned;
use crate::facts::order::view::AcceptStatus;
use crate::facts::{Fact, FactId};

/// How one engineer answered an assignment.
pub(super) struct Answer {
    pub(super) engineer: UserId,
    pub(super) status: AcceptStatus,
    pub(super) confirmed: bool,
    /// His counting accept.
    pub(super) accept: Option<Ix>,
    /// His work that counts as holding: done without knowing that somebody else had it.
    pub(super) began: Vec<Ix>,
}

/// The answers to one assignment.
#[derive(Default)]
pub(super) struct Race {
    pub(super) answers: Vec<Answer>,
    /// Who holds it; several where several began.
    pub(super) holders: Vec<UserId>,
    /// Accepts and declines without effect.
    pub(super) failed: Vec<Ix>,
    /// Work of those who knew that they had lost.
    pub(super) unassigned: Vec<Ix>,
    /// The counting accepts, where several engineers accepted unknowingly.
    pub(super) rivals: Vec<Ix>,
    /// (accept, decline) of one engineer who knew neither of the other.
    pub(super) of_two_minds: Vec<(Ix, Ix)>,
}

/// The confirmations of accepts that count: what no later one replaces, the highest for each target.
pub(super) fn confirmed_accepts(family: &Family<'_>, confirms: &[Ix]) -> Vec<Ix> {
    let mut replaced: Vec<FactId> = Vec::new();
    for ix in confirms {
        if let Some(Fact::Confirm(confirm)) = family.record(*ix).fact() {
            replaced.extend(&confirm.over);
        }
    }
    confirms
        .iter()
        .filter(|ix| !replaced.contains(&family.id(**ix)))
        .filter_map(|ix| match family.record(*ix).fact() {
            Some(Fact::Confirm(confirm)) if confirm.verdict == "confirmed" => family.find(confirm.target),
            _ => None,
        })
        .filter(|target| matches!(family.record(*target).fact(), Some(Fact::Accept(_))))
        .collect()
}

impl Race {
    pub(super) fn run(
        family: &Family<'_>,
        assigned: &Assigned,
        revocations: &[Ix],
        confirmed: &[Ix],
    ) -> Self {
        let mut race = Self::default();
        // (fact, engineer, is work): everything that claims the assignment, from the lowest up.
        let mut claims: Vec<(Ix, UserId, bool)> = Vec::new();
        for (engineer, deeds) in &assigned.deeds {
            let (mut accepts, mut declines) = (Vec::new(), Vec::new());
            for &ix in &deeds.all {
                match family.record(ix).fact() {
                    Some(Fact::Accept(_)) => accepts.push(ix),
                    Some(Fact::Decline(_)) => declines.push(ix),
                    _ => {}
                }
            }
            // Who founds an order on site accepts it in the same action.
            let above = |ix: &Ix| {
                let (accept, assign) = (family.record(*ix), family.record(assigned.ix));
                accept.stamp.n > assign.stamp.n || accept.id.action == assign.id.action
            };
            let knew_any = |ix: Ix, of: &[Ix]| of.iter().any(|other| family.knew(ix, *other));
            let (accepts, weak): (Vec<Ix>, Vec<Ix>) = accepts
                .into_iter()
                .partition(|ix| above(ix) && !knew_any(*ix, revocations) && !knew_any(*ix, &declines));
            race.failed.extend(weak);
            // A decline has its place before any accept or work (D.3: declined leads to open, from dispatched alone).
            let (declines, weak): (Vec<Ix>, Vec<Ix>) = declines.into_iter().partition(|ix| {
                !knew_any(*ix, &accepts) && !knew_any(*ix, &deeds.work) && !knew_any(*ix, revocations)
            });
            race.failed.extend(weak);
            if let (Some(accept), Some(decline)) = (accepts.first(), declines.first()) {
                race.of_two_minds.push((*accept, *decline));
            }
            let declined = accepts.is_empty() && deeds.work.is_empty() && !declines.is_empty();
            claims.extend(accepts.iter().map(|ix| (*ix, *engineer, false)));
            claims.extend(
                deeds
                    .work
                    .iter()
                    .filter(|ix| !knew_any(**ix, revocations))
                    .map(|ix| (*ix, *engineer, true)),
            );
            race.answers.push(Answer {
                engineer: *engineer,
                status: if declined {
                    AcceptStatus::Declined
                } else {
                    AcceptStatus::None
                },
                confirmed: false,
                accept: None,
                began: Vec::new(),
            });
        }
        race.settle(family, claims, confirmed);
        race
    }

    fn settle(&mut self, family: &Family<'_>, mut claims: Vec<(Ix, UserId, bool)>, confirmed: &[Ix]) {
        claims.sort_unstable();
        for (ix, engineer, is_work) in claims {
            let Some(at) = self.answers.iter().position(|answer| answer.engineer == engineer) else {
                continue;
            };
            if self.lost(family, ix, at, is_work) && !confirmed.contains(&ix) {
                if is_work {
                    self.unassigned.push(ix);
                } else {
                    self.failed.push(ix);
                }
                continue;
            }
            let answer = &mut self.answers[at];
            if is_work {
                answer.began.push(ix);
            } else {
                answer.accept.get_or_insert(ix);
                answer.confirmed |= confirmed.contains(&ix);
            }
        }
        self.rivals = self.answers.iter().filter_map(|answer| answer.accept).collect();
        if self.rivals.len() < 2 {
            self.rivals.clear();
        }
        let held = |answer: &&Answer| answer.confirmed || !answer.began.is_empty();
        self.holders = self
            .answers
            .iter()
            .filter(held)
            .map(|answer| answer.engineer)
            .collect();
        if self.holders.is_empty() {
            let lowest = self
                .answers
                .iter()
                .filter_map(|answer| answer.accept.map(|accept| (accept, answer.engineer)))
                .min();
            self.holders.extend(lowest.map(|(_, engineer)| engineer));
        }
        for answer in &mut self.answers {
            let claimed = answer.accept.is_some() || !answer.began.is_empty();
            if self.holders.contains(&answer.engineer) {
                answer.status = AcceptStatus::Accepted;
            } else if claimed {
                answer.status = AcceptStatus::LostRace;
            }
        }
    }

    /// Whether the author of a claim knew that somebody else had the assignment. An accept must not have known any
    /// other claim; work may have known an accept that his own beats, and goes on where it was begun unknowingly.
    fn lost(&self, family: &Family<'_>, ix: Ix, at: usize, is_work: bool) -> bool {
        let own = &self.answers[at];
        if is_work && (own.confirmed || !own.began.is_empty()) {
            return false;
        }
        self.answers
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .any(|(_, other)| {
                let beaten =
                    |accept: Ix| is_work && own.accept.is_some_and(|own| own < accept) && !other.confirmed;
                other.began.iter().any(|began| family.knew(ix, *began))
                    || other
                        .accept
                        .is_some_and(|accept| !beaten(accept) && family.knew(ix, accept))
            })
    }

    pub(super) fn answer(&self, engineer: UserId) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.engineer == engineer)
    }
}
