//! The fold of a work order and its visits (D.3, D.5): who has it, what was done, what was signed, what froze.
//!
//! Invariants: a pure function of the set of actions (I1); knowledge is told by `saw` and `over` alone, never by a
//! clock; nothing that happened is dropped, and whatever has no effect says why on the timeline.
//!
//! The steps: audits first (what came too late for the one in force is set aside, I6), then the plan, the race for
//! each assignment, each engineer's track through the state table, and from these where the order stands.

mod audits;
mod cast;
pub(crate) mod lists;
mod outcome;
mod photos;
mod plan;
mod races;
mod seals;
pub mod swaps;
mod tracks;
pub mod view;
mod visits;

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::ids::OrderId;
use crate::domain::transitions::Guard;
use crate::domain::work::{Severity, visible_of};
use crate::facts::conflict::{Conflict, ConflictKind as K, Flag, Resolution};
use crate::facts::family::{Family, Ix};
use crate::facts::hides::{Hides, fold_hides};
use crate::facts::record::{basic_flags, conflict_of, field_conflicts, hide_conflicts};
use crate::facts::registers::{Fields, fold_fields};
use crate::facts::stored::Side;
use crate::facts::{DocName, Fact, FactId, FoldContext, ParsedAction, StoredAction};

use audits::Judged;
use cast::Cast;
pub(crate) use cast::assignment_of;
use lists::{Clocks, Lists};
use outcome::{Outcome, Pair};
use plan::Plan;
pub(crate) use tracks::step_of;
pub use view::OrderView;
use view::{
    Assignment, AuditView, Cancellation, DoneBy, Event, Founded, ReturnView, SecondOrder, Track, Trust,
    second_order_id,
};

/// Folds a work order from the actions of its family. Van actions may be among them: the movements that name the
/// order become its lines. Actions of other documents are left aside.
pub fn fold_order(order: OrderId, actions: &[StoredAction], context: &FoldContext) -> OrderView {
    fold_order_parsed(order, &ParsedAction::read_all(actions), context)
}

/// As [`fold_order`], for actions that were parsed before.
pub fn fold_order_parsed<P: Borrow<ParsedAction>>(
    order: OrderId,
    actions: &[P],
    context: &FoldContext,
) -> OrderView {
    let family = Family::new(actions, context, |doc| cast::belongs(order, doc));
    Scene::set(order, &family).view()
}

/// Everything that the view is written from.
struct Scene<'f, 'a> {
    order: OrderId,
    name: DocName,
    family: &'f Family<'a>,
    hides: Hides,
    /// Live facts that the audit in force did not know.
    late: Vec<Ix>,
    cast: Cast,
    judged: Judged,
    plan: Plan,
    outcome: Outcome,
    clocks: Clocks,
}

impl<'f, 'a> Scene<'f, 'a> {
    fn set(order: OrderId, family: &'f Family<'a>) -> Self {
        let live: Vec<Ix> = family.live().map(|(ix, _)| ix).collect();
        let all = Cast::of(family, live.iter().copied());
        let judged = Judged::fold(family, &all);
        let name = DocName::Order(order);
        let ours = |ix: &Ix| match family.record(*ix).fact() {
            Some(Fact::Move(moved)) => moved.order.as_ref() == Some(&name),
            _ => true,
        };
        let everything = live.len();
        let (late, on_time): (Vec<Ix>, Vec<Ix>) = live
            .into_iter()
            .filter(ours)
            .partition(|ix| judged.is_late(family, *ix));
        let hides = fold_hides(family, &on_time);
        // Late movements are listed all the same (and marked): stock must be true.
        let mut counted: Vec<Ix> = on_time
            .into_iter()
            .filter(|ix| !hides.hidden.contains(ix))
            .collect();
        counted.extend(
            late.iter()
                .copied()
                .filter(|ix| matches!(family.record(*ix).fact(), Some(Fact::Move(_) | Fact::Reverse(_)))),
        );
        counted.sort_unstable();
        // Mostly everything counts, and the roles are as they were.
        let cast = if counted.len() == everything {
            all
        } else {
            Cast::of(family, counted)
        };
        let plan = Plan::fold(family, &cast);
        let outcome = Outcome::fold(family, &cast, &plan, &judged);
        let clocks = Clocks::fold(family, &cast.others);
        Self {
            order,
            name,
            family,
            hides,
            late,
            cast,
            judged,
            plan,
            outcome,
            clocks,
        }
    }

    fn id(&self, ix: Ix) -> FactId {
        self.family.id(ix)
    }

    fn view(self) -> OrderView {
        let family = self.family;
        let lists = Lists::fold(family, &self.cast.others, &self.clocks);
        let (decisions, decision_pairs) = lists::decisions(family, &self.cast);
        let (visits, visit_pairs, unsigned) = self.visits();
        let (photos, unknown_photos) = photos::photos(family, &self.cast.others, &self.late);
        let fields = fold_fields(family, &self.name, self.cast.registers.iter().copied());
        let learnt = self.learnt();
        let mut conflicts = self.conflicts(decision_pairs.into_iter().chain(visit_pairs));
        conflicts.extend(field_conflicts(&self.name, &fields));
        for visit in &visits {
            let doc = DocName::Visit(self.order, visit.engineer);
            conflicts.extend(field_conflicts(&doc, &visit.fields));
        }
        conflicts.extend(hide_conflicts(family, &self.name, &self.hides));
        self.resolve(&mut conflicts);
        let mut said: BTreeMap<Ix, Vec<Flag>> = BTreeMap::new();
        let swaps = swaps::flags(family, &self.cast.registers, &decisions);
        let single = lists.unknown_codes.iter().chain(&unsigned);
        let unproven = photos::without_evidence(family, &self.cast.decides);
        let single = single.chain(&unknown_photos).chain(&swaps);
        for (ix, flag) in single.chain(&unproven) {
            said.entry(*ix).or_default().push(*flag);
        }
        let timeline = self.timeline(said);
        let mut flags = self.outcome.flags.clone();
        if family
            .acts
            .iter()
            .any(|act| act.flags.contains(&Flag::Incomplete))
        {
            flags.push(Flag::Incomplete);
        }
        if !self.late.is_empty() {
            flags.push(Flag::LateAfterAudit);
        }
        let assignments = self.assignments();
        let shown = self.outcome.shown.map(|at| self.outcome.tracks[at].engineer);
        let hides = self.hides.of(family, &self.name);
        let mut view = OrderView {
            order: self.order,
            update_needed: family.update_needed,
            state: self.outcome.state,
            status: visible_of(self.outcome.state),
            flags,
            hidden: !hides.is_empty(),
            hides,
            current: self.outcome.current.map(|at| self.id(self.plan.assigned[at].ix)),
            done_by: self.done_by(),
            second_orders: self.second_orders(),
            cancellations: self.cancellations(),
            instructions: lists.instructions,
            visit: shown.or_else(|| self.single_holder()),
            decisions,
            consents: lists.consents,
            photos,
            contacts: lists.contacts,
            escalations: lists.escalations,
            notes: lists.notes,
            founded: self.founded(),
            lines: lists::lines(family, self.order, &self.cast, &self.judged),
            audit: self.judged.in_force.map(|ix| self.audit_view(ix)),
            audits: self.audits(),
            returns: self.returns(),
            waivers: lists.waivers,
            deliveries: lists.deliveries,
            clock_corrections: lists.clock_corrections,
            learnt,
            needs: self.needs(),
            conflicts,
            timeline,
            unreadable: family.unreadable.clone(),
            token: family.token(),
            fields,
            assignments,
            visits,
        };
        let shown = self.displayed(&view);
        view.token.facts.extend(shown);
        view
    }

    /// Facts that a form made from this view may name: displayed values, and the plan, audits and seals shown.
    fn displayed(&self, view: &OrderView) -> BTreeSet<FactId> {
        let mut shown: BTreeSet<FactId> = view.fields.displayed().collect();
        shown.extend(view.visits.iter().flat_map(|visit| visit.fields.displayed()));
        shown.extend(view.learnt.values().flat_map(Fields::displayed));
        shown.extend(view.assignments.iter().map(|assignment| assignment.id));
        shown.extend(view.cancellations.iter().map(|cancel| cancel.id));
        shown.extend(view.audits.iter().map(|audit| audit.id));
        shown.extend(view.decisions.iter().map(|decision| decision.id));
        shown.extend(view.photos.iter().map(|photo| photo.id));
        shown.extend(
            view.visits
                .iter()
                .flat_map(|visit| visit.seals.iter().map(|seal| seal.id)),
        );
        shown.extend(
            self.cast
                .picks
                .iter()
                .chain(&self.cast.confirms)
                .map(|ix| self.id(*ix)),
        );
        shown
    }

    /// Fields of other records that visits learnt (D.5-7).
    fn learnt(&self) -> BTreeMap<DocName, Fields> {
        let mut subjects: BTreeSet<&DocName> = BTreeSet::new();
        for ix in &self.cast.registers {
            let subject = match self.family.record(*ix).fact() {
                Some(Fact::Set(set)) => set.subject.as_ref(),
                Some(Fact::Choose(choose)) => choose.subject.as_ref(),
                _ => None,
            };
            subjects.extend(subject.filter(|subject| subject.order() != Some(self.order)));
        }
        subjects
            .into_iter()
            .map(|subject| {
                let fields = fold_fields(self.family, subject, self.cast.registers.iter().copied());
                (subject.clone(), fields)
            })
            .collect()
    }

    fn single_holder(&self) -> Option<crate::domain::ids::UserId> {
        let current = self.outcome.current?;
        match self.outcome.races[current].holders.as_slice() {
            [holder] => Some(*holder),
            _ => match self.plan.assigned[current].engineers.as_slice() {
                [one] => Some(*one),
                _ => None,
            },
        }
    }

    fn conflicts(&self, more: impl Iterator<Item = Pair>) -> Vec<Conflict> {
        let mut conflicts: Vec<Conflict> = self
            .outcome
            .pairs
            .iter()
            .cloned()
            .chain(
                self.judged
                    .conflicts
                    .iter()
                    .map(|(kind, sides)| (*kind, sides.clone(), None)),
            )
            .chain(more)
            .map(|(kind, sides, severity)| self.conflict(kind, sides, severity))
            .collect();
        let accepted = self.addenda();
        let late: Vec<Ix> = self
            .late
            .iter()
            .copied()
            .filter(|ix| !accepted.contains(&self.id(*ix)))
            .collect();
        if !late.is_empty() {
            conflicts.push(self.conflict(K::LateAfterAudit, late, None));
        }
        conflicts
    }

    fn conflict(&self, kind: K, sides: Vec<Ix>, severity: Option<Severity>) -> Conflict {
        let mut conflict = conflict_of(self.family, &self.name, kind, sides);
        if let Some(severity) = severity {
            conflict.severity = severity;
            conflict.acts = crate::facts::conflict::Acts::Dispatcher;
        }
        conflict
    }

    /// Late facts that the auditor took in beside the audit in force (D.5-4).
    fn addenda(&self) -> BTreeSet<FactId> {
        let audit = self.judged.in_force.map(|ix| self.id(ix));
        self.cast
            .others
            .iter()
            .filter_map(|ix| match self.family.record(*ix).fact() {
                Some(Fact::Addendum(addendum)) if Some(addendum.audit) == audit => Some(&addendum.accepts),
                _ => None,
            })
            .flatten()
            .copied()
            .collect()
    }

    fn resolve(&self, conflicts: &mut Vec<Conflict>) {
        for ix in &self.cast.others {
            let record = self.family.record(*ix);
            let Some(Fact::Resolve(resolve)) = record.fact() else {
                continue;
            };
            for conflict in conflicts
                .iter_mut()
                .filter(|conflict| conflict.id == resolve.conflict)
            {
                conflict.resolved = Some(Resolution {
                    fact: record.id,
                    note: resolve.note.clone(),
                    stamp: record.stamp.as_ref().clone(),
                });
            }
        }
        conflicts.sort_by_key(|conflict| conflict.id);
        conflicts.dedup_by_key(|conflict| conflict.id);
    }

    fn assignments(&self) -> Vec<Assignment> {
        self.plan
            .assigned
            .iter()
            .enumerate()
            .map(|(at, assigned)| {
                let record = self.family.record(assigned.ix);
                let reason = match record.fact() {
                    Some(Fact::Assign(assign)) => assign.reason.clone(),
                    _ => None,
                };
                let taken = self.plan.revocations(self.family, assigned);
                Assignment {
                    id: record.id,
                    engineers: assigned.engineers.clone(),
                    reason,
                    stamp: record.stamp.as_ref().clone(),
                    status: self.outcome.statuses[at],
                    revoked_at: taken
                        .first()
                        .map(|ix| self.family.record(*ix).stamp.at.to_string()),
                    revoked_by: taken.iter().map(|ix| self.id(*ix)).collect(),
                    holders: self.outcome.races[at].holders.clone(),
                    tracks: self
                        .outcome
                        .tracks
                        .iter()
                        .filter(|track| track.assigned == Some(at))
                        .map(|track| self.track(track))
                        .collect(),
                }
            })
            .collect()
    }

    fn track(&self, track: &tracks::TrackFold) -> Track {
        let at = |ix: Ix| self.family.record(ix).stamp.at.to_string();
        Track {
            engineer: track.engineer,
            answer: track.answer,
            confirmed: track.confirmed,
            state: track.state,
            started: track.started(),
            on_site: !track.on_site.is_empty(),
            stands: track.stands,
            outcome: track.outcome,
            done: track.done.map(|ix| self.id(ix)),
            done_at: track.done.map(at),
            until: track.last.map(at),
        }
    }

    /// The founding that the order began with: the adopted one, else the first.
    fn founded(&self) -> Option<Founded> {
        let foundings = self.cast.foundings.iter().copied();
        let ix = foundings.min_by_key(|ix| (!self.plan.adopted.contains(ix), *ix))?;
        let record = self.family.record(ix);
        match (record.doc.as_ref(), record.fact()) {
            (DocName::Intake(engineer, ticket), Some(Fact::Found(found))) => Some(Founded {
                id: record.id,
                ticket: DocName::Ticket(*ticket),
                engineer: *engineer,
                provisional: found.provisional.clone(),
                adopted: self.plan.adopted.contains(&ix),
            }),
            _ => None,
        }
    }

    fn done_by(&self) -> Option<DoneBy> {
        let track = &self.outcome.tracks[self.outcome.primary?];
        let done = track.done?;
        Some(DoneBy {
            engineer: track.engineer,
            assignment: track.assigned.map(|at| self.id(self.plan.assigned[at].ix))?,
            fact: self.id(done),
            at: self.family.record(done).stamp.at.to_string(),
            outcome: track.outcome,
        })
    }

    fn second_orders(&self) -> Vec<SecondOrder> {
        self.outcome
            .second
            .iter()
            .filter_map(|at| {
                let track = &self.outcome.tracks[*at];
                let assigned = track.assigned.map(|at| &self.plan.assigned[at])?;
                let assignment = self.id(assigned.ix);
                let member = (assigned.engineers.len() > 1).then_some(track.engineer);
                Some(SecondOrder {
                    order: second_order_id(assignment, member),
                    assignment,
                    engineer: track.engineer,
                })
            })
            .collect()
    }

    fn cancellations(&self) -> Vec<Cancellation> {
        self.plan
            .cancelled
            .iter()
            .map(|cancel| {
                let record = self.family.record(cancel.ix);
                Cancellation {
                    id: record.id,
                    reason: match record.fact() {
                        Some(Fact::Cancel(cancel)) => cancel.reason.clone(),
                        _ => String::new(),
                    },
                    stamp: record.stamp.as_ref().clone(),
                    stands: cancel.stands(),
                    taken_back_by: cancel.taken_back_by.iter().map(|ix| self.id(*ix)).collect(),
                }
            })
            .collect()
    }

    fn audit_view(&self, ix: Ix) -> AuditView {
        let record = self.family.record(ix);
        let (revision, assignment, blob, reason) = match record.fact() {
            Some(Fact::Audit(audit)) => (
                Some(audit.revision),
                Some(audit.assignment),
                Some(audit.blob.clone()),
                None,
            ),
            Some(Fact::Unaudit(open)) => (None, None, None, Some(open.reason.clone())),
            _ => (None, None, None, None),
        };
        AuditView {
            id: record.id,
            opens: reason.is_some(),
            revision,
            assignment,
            blob,
            reason,
            stands: self.judged.in_force == Some(ix),
            stamp: record.stamp.as_ref().clone(),
        }
    }

    fn audits(&self) -> Vec<AuditView> {
        let mut all: Vec<Ix> = self
            .cast
            .audits
            .iter()
            .chain(&self.cast.unaudits)
            .copied()
            .collect();
        all.sort_unstable();
        all.into_iter().map(|ix| self.audit_view(ix)).collect()
    }

    fn returns(&self) -> Vec<ReturnView> {
        self.cast
            .returns
            .iter()
            .filter_map(|ix| match self.family.record(*ix).fact() {
                Some(Fact::Return(sent_back)) => Some((*ix, sent_back)),
                _ => None,
            })
            .map(|(ix, sent_back)| ReturnView {
                id: self.id(ix),
                revision: sent_back.revision,
                reason: sent_back.reason.clone(),
                answered_by: self
                    .judged
                    .answered
                    .iter()
                    .find(|(of, _)| *of == ix)
                    .map(|(_, answer)| self.id(*answer)),
                stands: self.judged.returned.contains(&ix) && self.judged.in_force.is_none(),
                stamp: self.family.record(ix).stamp.as_ref().clone(),
            })
            .collect()
    }

    /// What seals name and this input lacks.
    fn needs(&self) -> Vec<FactId> {
        let mut needs: Vec<FactId> = self
            .cast
            .seals
            .iter()
            .filter_map(|ix| match self.family.record(*ix).fact() {
                Some(Fact::Seal(seal)) => Some(&seal.lists),
                _ => None,
            })
            .flatten()
            .copied()
            .filter(|id| self.family.find(*id).is_none())
            .collect();
        needs.sort_unstable();
        needs.dedup();
        needs
    }

    fn timeline(&self, mut said: BTreeMap<Ix, Vec<Flag>>) -> Vec<Event> {
        let mut unmet: BTreeMap<Ix, Vec<Guard>> = BTreeMap::new();
        for track in &self.outcome.tracks {
            for (ix, flag, guards) in &track.said {
                said.entry(*ix).or_default().push(*flag);
                unmet.entry(*ix).or_default().extend(guards);
            }
        }
        for race in &self.outcome.races {
            for answer in &race.answers {
                if let Some(accept) = answer
                    .accept
                    .filter(|_| answer.status == view::AcceptStatus::LostRace)
                {
                    said.entry(accept).or_default().push(Flag::LostRace);
                }
            }
        }
        for (assigned, status) in self.plan.assigned.iter().zip(&self.outcome.statuses) {
            let flag = match status {
                view::AssignmentStatus::AlreadyDone => Flag::AlreadyDone,
                view::AssignmentStatus::Superseded => Flag::Superseded,
                _ => continue,
            };
            said.entry(assigned.ix).or_default().push(flag);
        }
        for ix in &self.cast.registers {
            let record = self.family.record(*ix);
            let subject = match record.fact() {
                Some(Fact::Set(set)) => set.subject.as_ref(),
                Some(Fact::Choose(choose)) => choose.subject.as_ref(),
                _ => None,
            };
            if subject.is_some_and(|subject| Side::of(subject) != Side::of(&record.doc)) {
                said.entry(*ix).or_default().push(Flag::Proposal);
            }
        }
        for ix in &self.plan.void {
            said.entry(*ix).or_default().push(Flag::GuardFailed);
        }
        for (ix, flag) in self.judged.failed.iter().chain(&self.outcome.said) {
            said.entry(*ix).or_default().push(*flag);
        }
        for ix in &self.late {
            said.entry(*ix).or_default().push(Flag::LateAfterAudit);
        }
        let received: BTreeMap<FactId, &str> = self
            .cast
            .received
            .iter()
            .rev()
            .filter_map(|ix| {
                let record = self.family.record(*ix);
                match record.fact() {
                    Some(Fact::Received(received)) => Some((received.seal, record.stamp.at.as_ref())),
                    _ => None,
                }
            })
            .collect();
        let ours = |ix: &Ix| match self.family.record(*ix).fact() {
            Some(Fact::Move(moved)) => moved.order.as_ref() == Some(&self.name),
            _ => self.family.doc(*ix).order() == Some(self.order),
        };
        (0..self.family.items.len() as Ix)
            .filter(ours)
            .map(|ix| {
                let record = self.family.record(ix);
                let time = self.clocks.time(&record.stamp);
                let mut flags = basic_flags(self.family, ix, &self.hides);
                if time.trust == Trust::Suspect {
                    flags.push(Flag::ClockSuspect);
                }
                flags.extend(said.remove(&ix).unwrap_or_default());
                flags.sort_unstable();
                flags.dedup();
                Event {
                    record: record.clone(),
                    time,
                    received_at: received.get(&record.id).map(|at| (*at).to_owned()),
                    flags,
                    unmet: unmet.remove(&ix).unwrap_or_default(),
                }
            })
            .collect()
    }
}
