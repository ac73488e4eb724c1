//! Plans: assignments, cancellations and what they take away (D.3), and whose work stands all the same.
//!
//! A plan step is judged by what its author knew: one that knew a finished work, or an order that it knew to be
//! cancelled, breaks its guard and has no effect. Work is never refused: it stands, or it stands flagged.

use std::collections::BTreeMap;

use crate::domain::ids::UserId;
use crate::facts::family::{Family, Ix};
use crate::facts::order::cast::{Cast, assignment_of, begins, finishes};
use crate::facts::{DocName, Fact};

/// One engineer's facts under one assignment, in order.
#[derive(Default)]
pub(super) struct Deeds {
    /// Everything that names the assignment.
    pub(super) all: Vec<Ix>,
    /// From which work began.
    pub(super) work: Vec<Ix>,
    /// With which it ended.
    pub(super) finished: Vec<Ix>,
}

/// The foundings that an adoption of the office names rightly.
fn adopted(family: &Family<'_>, cast: &Cast) -> Vec<Ix> {
    let named = cast
        .adoptions
        .iter()
        .filter_map(|ix| match family.record(*ix).fact() {
            Some(Fact::Adopt(adopt)) => {
                let found = family.find(adopt.found)?;
                (*family.doc(found) == adopt.intake && cast.foundings.contains(&found)).then_some(found)
            }
            _ => None,
        });
    named.collect()
}

/// An assignment as the plan leaves it.
pub(super) struct Assigned {
    pub(super) ix: Ix,
    pub(super) engineers: Vec<UserId>,
    /// Broke a guard.
    pub(super) void: bool,
    /// Assignments that replaced it, with effect.
    pub(super) revoked_by: Vec<Ix>,
    pub(super) deeds: BTreeMap<UserId, Deeds>,
}

/// A cancellation as the plan leaves it.
pub(super) struct Cancelled {
    pub(super) ix: Ix,
    pub(super) void: bool,
    pub(super) taken_back_by: Vec<Ix>,
}

impl Cancelled {
    /// In force.
    pub(super) fn stands(&self) -> bool {
        !self.void && self.taken_back_by.is_empty()
    }
}

/// The plan of an order.
pub(super) struct Plan {
    pub(super) assigned: Vec<Assigned>,
    pub(super) cancelled: Vec<Cancelled>,
    /// Plan steps without effect.
    pub(super) void: Vec<Ix>,
    /// Foundings that the office took into its book.
    pub(super) adopted: Vec<Ix>,
    /// (plan step, finished work that its author knew).
    pub(super) after_done: Vec<(Ix, Ix)>,
    /// Visit facts that name no assignment of their engineer, by engineer.
    pub(super) loose: BTreeMap<UserId, Deeds>,
}

impl Deeds {
    fn add(&mut self, ix: Ix, fact: &Fact) {
        self.all.push(ix);
        if begins(fact) {
            self.work.push(ix);
        }
        if finishes(fact) {
            self.finished.push(ix);
        }
    }

    /// Whether this work counts against `revocations`: nothing took its assignment away, or some of it was done
    /// knowing none of them while one of them did not know it (D.3, «work that knew one of two revocations»).
    pub(super) fn stand(&self, family: &Family<'_>, revocations: &[Ix]) -> bool {
        revocations.is_empty()
            || self.work.iter().any(|work| {
                revocations.iter().all(|taken| !family.knew(*work, *taken))
                    && revocations.iter().any(|taken| !family.knew(*taken, *work))
            })
    }
}

impl Plan {
    pub(super) fn fold(family: &Family<'_>, cast: &Cast) -> Self {
        let mut plan = Self {
            assigned: Vec::with_capacity(cast.assigns.len()),
            cancelled: Vec::new(),
            void: Vec::new(),
            adopted: adopted(family, cast),
            after_done: Vec::new(),
            loose: BTreeMap::new(),
        };
        for &ix in &cast.assigns {
            let record = family.record(ix);
            let mut engineers = match (record.fact(), record.doc.as_ref()) {
                (Some(Fact::Assign(assign)), _) => assign.engineers.clone(),
                // Who founds an order on site has it until the office says otherwise.
                (Some(Fact::Found(_)), DocName::Intake(engineer, _)) => vec![*engineer],
                _ => continue,
            };
            engineers.sort_unstable();
            engineers.dedup();
            plan.assigned.push(Assigned {
                ix,
                engineers,
                void: false,
                revoked_by: Vec::new(),
                deeds: BTreeMap::new(),
            });
        }
        plan.collect_deeds(family, cast);
        for &ix in &cast.plan {
            plan.judge(family, cast.office_began, ix);
        }
        plan
    }

    pub(super) fn find(&self, ix: Ix) -> Option<usize> {
        self.assigned
            .binary_search_by_key(&ix, |assigned| assigned.ix)
            .ok()
    }

    fn collect_deeds(&mut self, family: &Family<'_>, cast: &Cast) {
        for (engineer, facts) in &cast.visits {
            for &ix in facts {
                let Some(fact) = family.record(ix).fact() else {
                    continue;
                };
                let Some(named) = assignment_of(fact) else {
                    continue;
                };
                let own = named
                    .and_then(|id| family.find(id))
                    .and_then(|assign| self.find(assign))
                    .filter(|at| self.assigned[*at].engineers.binary_search(engineer).is_ok());
                match own {
                    Some(at) => self.assigned[at].deeds.entry(*engineer).or_default(),
                    None => self.loose.entry(*engineer).or_default(),
                }
                .add(ix, fact);
            }
        }
    }

    /// Judges plan steps from the lowest up: a step can only have known lower ones.
    fn judge(&mut self, family: &Family<'_>, office_began: bool, ix: Ix) {
        match family.record(ix).fact() {
            Some(Fact::Assign(assign)) => {
                let Some(at) = self.find(ix) else { return };
                let done = self.known_done(family, ix);
                if let Some(done) = done {
                    self.after_done.push((ix, done));
                }
                if done.is_some() || self.knew_cancelled(family, ix) || self.assigned[at].engineers.is_empty()
                {
                    self.assigned[at].void = true;
                    self.void.push(ix);
                    return;
                }
                for over in &assign.over {
                    let replaced = family
                        .find(*over)
                        .filter(|over| *over < ix)
                        .and_then(|over| self.find(over));
                    if let Some(replaced) = replaced.map(|at| &mut self.assigned[at])
                        && !replaced.revoked_by.contains(&ix)
                    {
                        replaced.revoked_by.push(ix);
                    }
                }
            }
            // An order that the office made itself is nobody's to take by founding it: to know an id is no right.
            Some(Fact::Found(_)) if office_began && !self.adopted.contains(&ix) => {
                if let Some(at) = self.find(ix) {
                    self.assigned[at].void = true;
                    self.void.push(ix);
                }
            }
            Some(Fact::Cancel(_)) => {
                let done = self.known_done(family, ix);
                if let Some(done) = done {
                    self.after_done.push((ix, done));
                    self.void.push(ix);
                }
                self.cancelled.push(Cancelled {
                    ix,
                    void: done.is_some(),
                    taken_back_by: Vec::new(),
                });
            }
            Some(Fact::Uncancel(uncancel)) => {
                let mut effect = false;
                for over in family.find_all(&uncancel.over) {
                    if let Some(cancel) = self.cancelled.iter_mut().find(|cancel| cancel.ix == over) {
                        effect = true;
                        if !cancel.taken_back_by.contains(&ix) {
                            cancel.taken_back_by.push(ix);
                        }
                    }
                }
                if !effect {
                    self.void.push(ix);
                }
            }
            _ => {}
        }
    }

    /// Finished work that the author of plan step `step` knew, and that stood as far as he knew.
    fn known_done(&self, family: &Family<'_>, step: Ix) -> Option<Ix> {
        self.assigned
            .iter()
            .filter(|assigned| !assigned.void)
            .find_map(|assigned| {
                let known: Vec<Ix> = self
                    .revocations(family, assigned)
                    .into_iter()
                    .filter(|taken| family.knew(step, *taken))
                    .collect();
                assigned.deeds.values().find_map(|deeds| {
                    deeds
                        .finished
                        .iter()
                        .copied()
                        .find(|done| family.knew(step, *done))
                        .filter(|_| deeds.stand(family, &known))
                })
            })
    }

    fn knew_cancelled(&self, family: &Family<'_>, step: Ix) -> bool {
        self.cancelled.iter().any(|cancel| {
            !cancel.void
                && family.knew(step, cancel.ix)
                && !cancel.taken_back_by.iter().any(|back| family.knew(step, *back))
        })
    }

    /// What took an assignment away, so far as judged: later assignments that name it, cancellations in force, and
    /// cancellations taken back that knew it (an un-cancelled order is open and waits to be assigned anew).
    pub(super) fn revocations(&self, family: &Family<'_>, assigned: &Assigned) -> Vec<Ix> {
        let mut taken = assigned.revoked_by.clone();
        taken.extend(
            self.cancelled
                .iter()
                .filter(|cancel| cancel.stands() || (!cancel.void && family.knew(cancel.ix, assigned.ix)))
                .map(|cancel| cancel.ix),
        );
        taken
    }

    /// The cancellations in force.
    pub(super) fn standing_cancels(&self) -> impl Iterator<Item = Ix> + '_ {
        self.cancelled
            .iter()
            .filter(|cancel| cancel.stands())
            .map(|cancel| cancel.ix)
    }
}
