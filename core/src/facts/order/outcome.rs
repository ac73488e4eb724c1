//! Where an order stands: whose work counts, what closed which assignment, which pairs of D.3 happened.

use crate::domain::work::{OrderState, Severity};
use crate::facts::Fact;
use crate::facts::conflict::{ConflictKind as K, Flag};
use crate::facts::family::{Family, Ix};
use crate::facts::order::audits::Judged;
use crate::facts::order::cast::{Cast, engineer_of};
use crate::facts::order::plan::{Assigned, Plan};
use crate::facts::order::races::{Race, confirmed_accepts};
use crate::facts::order::seals::standing_picks;
use crate::facts::order::tracks::{Around, TrackFold};
use crate::facts::order::view::{AcceptStatus, AssignmentStatus as A};

/// A conflict to be: kind, sides, and a severity where it differs from its kind's.
pub(super) type Pair = (K, Vec<Ix>, Option<Severity>);

/// Where the order stands.
pub(super) struct Outcome {
    pub(super) state: OrderState,
    pub(super) flags: Vec<Flag>,
    pub(super) tracks: Vec<TrackFold>,
    pub(super) races: Vec<Race>,
    pub(super) statuses: Vec<A>,
    /// Index of the assignment that stands.
    pub(super) current: Option<usize>,
    /// Index of the track whose work finished the order.
    pub(super) primary: Option<usize>,
    /// Index of the track that is shown as the order's visit.
    pub(super) shown: Option<usize>,
    /// Indices of tracks that became work orders of their own.
    pub(super) second: Vec<usize>,
    pub(super) pairs: Vec<Pair>,
    pub(super) said: Vec<(Ix, Flag)>,
}

impl Outcome {
    pub(super) fn fold(family: &Family<'_>, cast: &Cast, plan: &Plan, judged: &Judged) -> Self {
        let mut outcome = Self {
            state: OrderState::Open,
            flags: Vec::new(),
            tracks: Vec::new(),
            races: Vec::new(),
            statuses: Vec::new(),
            current: None,
            primary: None,
            shown: None,
            second: Vec::new(),
            pairs: Vec::new(),
            said: Vec::new(),
        };
        outcome.run_tracks(family, cast, plan, judged);
        outcome.plan_pairs(family, plan);
        outcome.settle_assignments(family, plan);
        outcome.settle_state(family, plan, judged);
        outcome.unassigned(family, plan);
        outcome
    }

    fn run_tracks(&mut self, family: &Family<'_>, cast: &Cast, plan: &Plan, judged: &Judged) {
        let confirmed = confirmed_accepts(family, &cast.confirms);
        let picks = standing_picks(family, &cast.picks);
        for (at, assigned) in plan.assigned.iter().enumerate() {
            let revocations = plan.revocations(family, assigned);
            let race = Race::run(family, assigned, &revocations, &confirmed);
            for (engineer, deeds) in &assigned.deeds {
                let began = race
                    .answer(*engineer)
                    .is_some_and(|answer| !answer.began.is_empty());
                let held = race.holders.contains(engineer);
                let stands = !assigned.void && deeds.stand(family, &revocations) && (held || began);
                self.tracks.push(TrackFold::fold(
                    family,
                    deeds,
                    &Around {
                        assigned: Some(at),
                        engineer: *engineer,
                        race: Some(&race),
                        stands,
                        audit: judged.in_force,
                        picks: &picks,
                        received: &cast.received,
                    },
                ));
            }
            self.races.push(race);
        }
        for (engineer, deeds) in &plan.loose {
            self.tracks.push(TrackFold::fold(
                family,
                deeds,
                &Around {
                    assigned: None,
                    engineer: *engineer,
                    race: None,
                    stands: false,
                    audit: judged.in_force,
                    picks: &picks,
                    received: &cast.received,
                },
            ));
        }
    }

    fn tracks_of(&self, at: usize) -> impl Iterator<Item = (usize, &TrackFold)> {
        self.tracks
            .iter()
            .enumerate()
            .filter(move |(_, track)| track.assigned == Some(at))
    }

    /// Pairs among plan steps and accepts.
    fn plan_pairs(&mut self, family: &Family<'_>, plan: &Plan) {
        for (step, done) in &plan.after_done {
            self.pairs.push((K::PlanAfterDone, vec![*step, *done], None));
        }
        for assigned in plan.assigned.iter().filter(|assigned| !assigned.void) {
            for cancel in plan.standing_cancels() {
                if family.concurrent(assigned.ix, cancel) {
                    self.pairs
                        .push((K::ReassignedAndCancelled, vec![assigned.ix, cancel], None));
                }
            }
        }
        for (at, race) in self.races.iter().enumerate() {
            let assigned = &plan.assigned[at];
            for (accept, decline) in &race.of_two_minds {
                self.pairs
                    .push((K::AcceptedAndDeclined, vec![*accept, *decline], None));
            }
            if !race.rivals.is_empty() {
                let both = race
                    .answers
                    .iter()
                    .filter(|answer| !answer.began.is_empty())
                    .count()
                    > 1;
                self.pairs.push((
                    K::AcceptRace,
                    race.rivals.clone(),
                    both.then_some(Severity::Action),
                ));
            }
            for answer in race.answers.iter().filter(|answer| answer.began.is_empty()) {
                let Some(accept) = answer.accept else { continue };
                for taken in &assigned.revoked_by {
                    if family.concurrent(accept, *taken) {
                        self.pairs
                            .push((K::AcceptedAfterReassign, vec![accept, *taken], None));
                    }
                }
                for cancel in plan.standing_cancels() {
                    if family.concurrent(accept, cancel) {
                        self.pairs
                            .push((K::AcceptedAfterCancel, vec![accept, cancel], None));
                    }
                }
            }
        }
    }

    /// Which assignment stands, before anybody's work is looked at.
    fn settle_assignments(&mut self, family: &Family<'_>, plan: &Plan) {
        let ended = |assigned: &Assigned| {
            plan.revocations(family, assigned)
                .iter()
                .any(|taken| !assigned.revoked_by.contains(taken))
        };
        self.statuses = plan
            .assigned
            .iter()
            .enumerate()
            .map(|(at, assigned)| {
                let declined = !assigned.engineers.is_empty()
                    && assigned.engineers.iter().all(|engineer| {
                        self.races[at]
                            .answer(*engineer)
                            .is_some_and(|answer| answer.status == AcceptStatus::Declined)
                    });
                let stands = || {
                    self.tracks_of(at)
                        .find(|(_, track)| track.stands && track.started())
                };
                if assigned.void {
                    A::WithoutEffect
                } else if !assigned.revoked_by.is_empty() {
                    match stands() {
                        Some((_, track)) if track.done.is_some() => A::RevokedButDone,
                        Some(_) => A::RevokedButWorking,
                        None => A::Revoked,
                    }
                } else if ended(assigned) && stands().is_none() {
                    A::Cancelled
                } else if declined {
                    A::Declined
                } else {
                    A::Current
                }
            })
            .collect();
        let live: Vec<usize> = (0..self.statuses.len())
            .filter(|at| matches!(self.statuses[*at], A::Current | A::Declined))
            .collect();
        self.current = live.last().copied();
        for at in live.iter().rev().skip(1) {
            let (other, last) = (&plan.assigned[*at], self.current.map(|at| plan.assigned[at].ix));
            let begun = self
                .tracks_of(*at)
                .find(|(_, track)| track.stands && track.started())
                .map(|(_, track)| track.work[0]);
            self.statuses[*at] = match begun {
                Some(_) => A::RevokedButWorking,
                None => A::Superseded,
            };
            if let Some(last) = last.filter(|last| family.concurrent(other.ix, *last)) {
                self.pairs.push((K::AssignedTwice, vec![other.ix, last], None));
            }
        }
    }

    fn settle_state(&mut self, family: &Family<'_>, plan: &Plan, judged: &Judged) {
        let cancels: Vec<Ix> = plan.standing_cancels().collect();
        let stopped = |track: &TrackFold| {
            track
                .stopped_after
                .iter()
                .any(|ix| cancels.iter().any(|cancel| family.knew(*ix, *cancel)))
        };
        let standing: Vec<usize> = (0..self.tracks.len())
            .filter(|at| self.tracks[*at].stands && self.tracks[*at].started())
            .collect();
        let audited = judged
            .in_force
            .and_then(|audit| self.audited_track(family, plan, audit));
        self.primary = audited.or_else(|| {
            standing
                .iter()
                .copied()
                .filter(|at| self.tracks[*at].done.is_some())
                .min_by_key(|at| {
                    let track = &self.tracks[*at];
                    (track.assigned, track.work.first().copied())
                })
        });
        if !cancels.is_empty() && self.primary.is_none() {
            let going: Vec<usize> = standing
                .iter()
                .copied()
                .filter(|at| !stopped(&self.tracks[*at]))
                .collect();
            for at in &standing {
                for cancel in &cancels {
                    let begun = self.tracks[*at]
                        .work
                        .iter()
                        .find(|ix| family.concurrent(**ix, *cancel));
                    if let Some(begun) = begun {
                        self.pairs.push((K::CancelProposed, vec![*begun, *cancel], None));
                    }
                }
            }
            self.state = self.most_advanced(&going).unwrap_or(OrderState::Cancelled);
            self.shown = going.first().copied();
            if !going.is_empty() {
                self.current = self.tracks[going[0]].assigned;
            }
            return;
        }
        match self.primary {
            Some(primary) => self.finished(family, plan, judged, primary, &cancels),
            None => self.running(family, plan, &standing),
        }
    }

    fn audited_track(&self, family: &Family<'_>, plan: &Plan, audit: Ix) -> Option<usize> {
        let Some(Fact::Audit(fact)) = family.record(audit).fact() else {
            return None;
        };
        let engineer = family
            .find(fact.revision)
            .and_then(|work| engineer_of(family, work))?;
        let assigned = family.find(fact.assignment).and_then(|ix| plan.find(ix));
        let of_engineer = |track: &&TrackFold| track.engineer == engineer;
        self.tracks
            .iter()
            .position(|track| of_engineer(&track) && track.assigned == assigned)
            .or_else(|| self.tracks.iter().position(|track| of_engineer(&track)))
    }

    fn most_advanced(&self, tracks: &[usize]) -> Option<OrderState> {
        tracks.iter().map(|at| self.tracks[*at].state).max()
    }

    /// Nobody finished: who has it, and who goes on beside him.
    fn running(&mut self, family: &Family<'_>, plan: &Plan, standing: &[usize]) {
        let Some(current) = self.current else {
            self.state = match self.most_advanced(standing) {
                Some(state) => state,
                // Work on an order that the office never assigned shows by its engineer's own state.
                None if plan.assigned.is_empty() => {
                    let loose: Vec<usize> = (0..self.tracks.len())
                        .filter(|at| self.tracks[*at].started())
                        .collect();
                    self.shown = loose.first().copied();
                    self.most_advanced(&loose).unwrap_or(OrderState::Open)
                }
                None => OrderState::Open,
            };
            self.shown = standing.first().copied().or(self.shown);
            return;
        };
        let holders = &self.races[current].holders;
        let mut active: Vec<usize> = standing.to_vec();
        active.extend(
            self.tracks_of(current)
                .filter(|(_, track)| holders.contains(&track.engineer))
                .map(|(at, _)| at),
        );
        let declined = self.statuses[current] == A::Declined;
        let idle = if declined {
            OrderState::Open
        } else {
            OrderState::Dispatched
        };
        self.state = self.most_advanced(&active).unwrap_or(idle);
        self.shown = active
            .iter()
            .copied()
            .find(|at| self.tracks[*at].assigned == Some(current))
            .or_else(|| active.first().copied());
        // Begun under another assignment without knowing of this one (D.3, «started ∥ reassign»).
        let current_ix = plan.assigned[current].ix;
        for at in standing {
            let track = &self.tracks[*at];
            let Some(assigned) = track.assigned.filter(|assigned| *assigned != current) else {
                continue;
            };
            let takers = plan.assigned[assigned]
                .revoked_by
                .iter()
                .copied()
                .chain([current_ix]);
            for taker in takers {
                let begun = track.work.iter().find(|ix| family.concurrent(**ix, taker));
                if let Some(begun) = begun {
                    self.pairs
                        .push((K::StartedAfterReassign, vec![*begun, taker], None));
                    break;
                }
            }
        }
        if declined {
            self.current = None;
        }
    }

    /// Somebody finished: his work counts; the others are judged by what they had begun without knowing.
    fn finished(
        &mut self,
        family: &Family<'_>,
        plan: &Plan,
        judged: &Judged,
        primary: usize,
        cancels: &[Ix],
    ) {
        let (engineer, assigned, done, mut state) = {
            let track = &self.tracks[primary];
            (track.engineer, track.assigned, track.done, track.state)
        };
        let Some(done) = done else { return };
        self.shown = Some(primary);
        self.current = assigned;
        for at in 0..plan.assigned.len() {
            self.judge_rival(family, plan, (primary, engineer, assigned, done), at);
        }
        if !cancels.is_empty() {
            self.flags.push(Flag::DoneAfterCancel);
            self.said.push((done, Flag::DoneAfterCancel));
            let mut sides = cancels.to_vec();
            sides.push(done);
            self.pairs.push((K::DoneAfterCancel, sides, None));
            if state == OrderState::Signed {
                state = OrderState::Submitted;
            }
        }
        let sent_back = judged.returned.iter().any(|ix| {
            matches!(family.record(*ix).fact(), Some(Fact::Return(fact))
                if family.find(fact.revision).and_then(|work| engineer_of(family, work)) == Some(engineer))
        });
        self.state = if judged.in_force.is_some() {
            OrderState::Audited
        } else if sent_back {
            OrderState::Returned
        } else {
            state
        };
    }

    fn judge_rival(
        &mut self,
        family: &Family<'_>,
        plan: &Plan,
        (primary, engineer, assigned, done): (usize, crate::domain::ids::UserId, Option<usize>, Ix),
        at: usize,
    ) {
        let other = &plan.assigned[at];
        if other.void {
            return;
        }
        let live = matches!(self.statuses[at], A::Current | A::Declined | A::Superseded);
        let rivals: Vec<usize> = self
            .tracks_of(at)
            .filter(|(rival, track)| {
                *rival != primary && track.engineer != engineer && track.stands && track.started()
            })
            .map(|(rival, _)| rival)
            .collect();
        let mut closed = false;
        for rival in rivals {
            let track = &self.tracks[rival];
            let unknowing = |facts: &[Ix]| facts.iter().copied().find(|ix| !family.knew(*ix, done));
            let (begun, there) = (unknowing(&track.work), unknowing(&track.on_site));
            match (begun, there) {
                (_, Some(there)) => {
                    self.second.push(rival);
                    self.pairs.push((K::SecondVisit, vec![there, done], None));
                    self.statuses[at] = if assigned == Some(at) {
                        self.statuses[at]
                    } else {
                        A::SecondOrder
                    };
                    closed = true;
                }
                (Some(begun), None) => {
                    self.pairs
                        .push((K::StartedAfterReassign, vec![begun, done], None));
                    self.statuses[at] = if assigned == Some(at) {
                        self.statuses[at]
                    } else {
                        A::AlreadyDone
                    };
                    closed = true;
                }
                (None, None) => {}
            }
        }
        if assigned == Some(at) || closed {
            return;
        }
        if live && self.statuses[at] != A::Superseded {
            self.statuses[at] = A::AlreadyDone;
        }
        if live && family.concurrent(other.ix, done) {
            self.pairs
                .push((K::CompletedAfterReassign, vec![other.ix, done], None));
        }
    }

    /// Work that its author knew to be nobody's (D.5-1, last variant).
    fn unassigned(&mut self, family: &Family<'_>, plan: &Plan) {
        let mut found: Vec<(Ix, Vec<Ix>)> = Vec::new();
        for (at, assigned) in plan.assigned.iter().enumerate() {
            let revocations = plan.revocations(family, assigned);
            for (engineer, deeds) in &assigned.deeds {
                let track = self
                    .tracks
                    .iter()
                    .position(|track| track.assigned == Some(at) && track.engineer == *engineer);
                let stands = deeds.stand(family, &revocations);
                for &ix in &deeds.work {
                    let mut knew: Vec<Ix> = Vec::new();
                    if assigned.void {
                        knew.push(assigned.ix);
                    }
                    if !stands {
                        knew.extend(
                            revocations
                                .iter()
                                .copied()
                                .filter(|taken| family.knew(ix, *taken)),
                        );
                    }
                    if self.races[at].unassigned.contains(&ix) {
                        knew.extend(
                            self.races[at]
                                .rivals
                                .iter()
                                .copied()
                                .filter(|other| family.knew(ix, *other)),
                        );
                        knew.push(assigned.ix);
                    }
                    if self.statuses[at] == A::AlreadyDone && self.primary != track {
                        let done = self.primary.and_then(|primary| self.tracks[primary].done);
                        knew.extend(done.filter(|done| family.knew(ix, *done)));
                    }
                    if !knew.is_empty() {
                        found.push((ix, knew));
                    }
                }
            }
        }
        for deeds in plan.loose.values() {
            found.extend(deeds.work.iter().map(|ix| (*ix, Vec::new())));
        }
        if found.is_empty() {
            return;
        }
        self.flags.push(Flag::UnassignedWork);
        let mut sides: Vec<Ix> = Vec::new();
        for (ix, knew) in found {
            self.said.push((ix, Flag::UnassignedWork));
            sides.push(ix);
            sides.extend(knew);
        }
        sides.sort_unstable();
        sides.dedup();
        self.pairs.push((K::UnassignedWork, sides, None));
    }
}
