//! S2: D.5 example 1 in both orders. The dispatcher reassigns while the engineer completes offline.

use fieldseal_core::domain::ids::{OrderId, UserId};
use fieldseal_core::domain::work::{OrderState, Outcome, Severity};
use fieldseal_core::facts::conflict::{Acts, Conflict, ConflictKind, Flag};
use fieldseal_core::facts::order::view::{AssignmentStatus, second_order_id};
use fieldseal_core::facts::{FactId, OrderView};
use fieldseal_tests::hands::{Ack, Deed};

use crate::company::{ISSUED, MINUTE, Phone, World, absent, differences};

/// 09:00 dispatched to A, who accepts; 09:10 A loses signal; 09:30 reassigned to B.
struct Story {
    world: World,
    a: Phone,
    b: Phone,
    order: OrderId,
    first: FactId,
    second: FactId,
    acks: Vec<Ack>,
}

impl Story {
    fn until_reassigned() -> Self {
        let world = World::new();
        let [user_a, user_b] = world.company.engineers;
        let (a, b) = (world.phone(user_a), world.phone(user_b));
        let order = world.job(&[user_a]);
        a.sync();
        let acks = a.perform(order, &[Deed::Accept]);
        a.settle();
        world.clock.forward(10 * MINUTE);
        a.line.take_down();
        world.clock.forward(20 * MINUTE);
        let view = world.view(order);
        assert_eq!(view.state, OrderState::Accepted);
        let first = view.current.unwrap();
        let dispatcher = &world.company.dispatcher;
        let saved = world
            .office()
            .assign(dispatcher, order, &view.token, &[user_b], Some("张工联系不上"))
            .unwrap();
        let second = world.view(order).current.unwrap();
        assert_ne!(first, second);
        assert_eq!(second.action, saved.action);
        Self {
            world,
            a,
            b,
            order,
            first,
            second,
            acks,
        }
    }

    fn users(&self) -> [UserId; 2] {
        self.world.company.engineers
    }

    /// 09:35 B gets it and accepts.
    fn b_accepts(&mut self) {
        self.world.clock.forward(5 * MINUTE);
        self.b.sync();
        let acks = self.b.perform(self.order, &[Deed::Accept]);
        self.acks.extend(acks);
        self.b.settle();
    }

    /// Until 10:05 A works, has the customer sign, and hands in; not one byte of it leaves the phone.
    fn a_finishes(&mut self) {
        let before = self.world.head();
        for deed in &Deed::VISIT[1..] {
            self.world.clock.forward(2 * MINUTE);
            let acks = self.a.perform(self.order, &[*deed]);
            self.acks.extend(acks);
        }
        if self.a.line.is_down() {
            self.a.engine.sync_once().unwrap_err();
        }
        assert_eq!(self.world.head(), before);
    }

    /// 10:40 A has signal again.
    fn a_returns(&mut self) {
        self.world.clock.forward(35 * MINUTE);
        self.a.line.restore();
        self.a.settle();
        self.b.settle();
        self.a.settle();
    }

    fn view(&self) -> OrderView {
        (*self.world.view(self.order)).clone()
    }

    fn status(&self, view: &OrderView, of: FactId) -> AssignmentStatus {
        let found = view.assignments.iter().find(|assignment| assignment.id == of);
        found.unwrap().status
    }

    /// Nothing is lost, the seal verifies, and both phones show what the office shows.
    fn holds(&self, view: &OrderView) {
        assert_eq!(absent(&self.acks, view), Vec::<String>::new());
        let details = self.world.office().order(self.order).unwrap().unwrap();
        let [report] = details.reports.as_slice() else {
            panic!("one sealed report");
        };
        report.verified.as_ref().unwrap().as_ref().unwrap();
        assert_eq!(view.lines.len(), 1);
        let stock = self.world.office().stock().unwrap();
        let van = stock.iter().find(|place| place.engineer == Some(self.users()[0]));
        let left: i64 = van
            .unwrap()
            .lines
            .iter()
            .map(|line| line.good + line.in_transit)
            .sum();
        assert_eq!(left, i64::from(ISSUED) - 1, "one part was used, once");
        let mine = self.a.order(self.order).order;
        assert_eq!(differences(view, &mine), Vec::<String>::new(), "A's phone");
        // A's van is no document of B's: its movement is the one thing that he does not see.
        let his = self.b.order(self.order).order;
        let told = differences(view, &his);
        let unseen = ["lines", "needs", "timeline", "token"];
        assert!(
            told.iter().all(|part| unseen.contains(&part.as_str())),
            "{told:?}"
        );
        assert_eq!(his.timeline.len() + 1, view.timeline.len());
    }

    /// The conflict of `kind`, equal on all three screens, with its two authors.
    fn conflict(&self, kind: ConflictKind) -> Conflict {
        let of = |view: &OrderView, whose: &str| -> Conflict {
            let found = view.conflicts.iter().find(|conflict| conflict.kind == kind);
            found
                .unwrap_or_else(|| panic!("{kind} on {whose}: {:?}", view.conflicts))
                .clone()
        };
        let shown = of(&self.view(), "the page");
        assert_eq!(of(&self.a.order(self.order).order, "A's phone"), shown);
        assert_eq!(of(&self.b.order(self.order).order, "B's phone"), shown);
        assert!(self.a.engine.conflicts().unwrap().contains(&shown));
        assert!(self.b.engine.conflicts().unwrap().contains(&shown));
        let rows = self.world.office().conflicts().unwrap();
        assert!(
            rows.iter()
                .any(|row| row.conflict == shown && row.order == self.order)
        );
        assert!(shown.sides.len() >= 2);
        shown
    }

    fn credited_to_a(&self, view: &OrderView) {
        assert_eq!(view.state, OrderState::Submitted);
        let done = view.done_by.as_ref().unwrap();
        assert_eq!((done.engineer, done.assignment), (self.users()[0], self.first));
        assert_eq!(done.outcome, Some(Outcome::Solved));
        assert_eq!(self.status(view, self.first), AssignmentStatus::RevokedButDone);
        let [first, second] = view.assignments.as_slice() else {
            panic!("two assignments");
        };
        assert_eq!((first.id, second.id), (self.first, self.second));
        assert_eq!(first.revoked_by, [self.second]);
        let worked_until = first
            .tracks
            .iter()
            .find(|track| track.engineer == self.users()[0]);
        assert!(
            worked_until.unwrap().until > first.revoked_at,
            "revoked 09:30, worked until 10:05"
        );
    }
}

#[test]
fn s2_a_syncs_before_b_starts() {
    let mut story = Story::until_reassigned();
    story.b_accepts();
    story.a_finishes();
    story.a_returns();
    let view = story.view();
    story.credited_to_a(&view);
    assert_eq!(story.status(&view, story.second), AssignmentStatus::AlreadyDone);
    let conflict = story.conflict(ConflictKind::CompletedAfterReassign);
    assert_eq!((conflict.severity, conflict.acts), (Severity::Info, Acts::Nobody));
    story.holds(&view);
    // B is told: done by A at 10:05, nothing to do.
    let his = story.b.order(story.order).order;
    assert_eq!(his.done_by, view.done_by);
    assert!(view.second_orders.is_empty());
}

#[test]
fn s2_a_syncs_after_b_has_arrived() {
    let mut story = Story::until_reassigned();
    story.b_accepts();
    story.a_finishes();
    let acks = story.b.perform(story.order, &[Deed::Travel, Deed::Arrive]);
    story.acks.extend(acks);
    story.b.settle();
    story.a_returns();
    let view = story.view();
    story.credited_to_a(&view);
    assert_eq!(story.status(&view, story.second), AssignmentStatus::SecondOrder);
    let [second] = view.second_orders.as_slice() else {
        panic!("B's visit is a work order of its own");
    };
    assert_eq!(
        (second.order, second.engineer),
        (second_order_id(story.second, None), story.users()[1])
    );
    let his = view.assignments[1]
        .tracks
        .iter()
        .find(|track| track.engineer == story.users()[1]);
    assert!(his.unwrap().on_site, "travel and arrival are recorded");
    let conflict = story.conflict(ConflictKind::SecondVisit);
    assert_eq!(
        (conflict.severity, conflict.acts),
        (Severity::Action, Acts::Dispatcher)
    );
    story.holds(&view);
}

#[test]
fn s2_a_had_already_seen_the_revocation() {
    let mut story = Story::until_reassigned();
    story.b_accepts();
    // The line is back for a moment: A's phone shows the reassignment, and he goes all the same.
    story.a.line.restore();
    story.a.settle();
    story.a.line.take_down();
    let shown = story.a.order(story.order).order;
    assert_eq!(shown.current, Some(story.second), "A sees it");
    story.a_finishes();
    story.a_returns();
    let view = story.view();
    assert_eq!(view.current, Some(story.second), "B's order goes on");
    assert_eq!(view.state, OrderState::Accepted);
    assert!(view.flags.contains(&Flag::UnassignedWork));
    let conflict = story.conflict(ConflictKind::UnassignedWork);
    assert_eq!(
        (conflict.severity, conflict.acts),
        (Severity::Action, Acts::Dispatcher)
    );
    story.holds(&view);
}
