//! Runs one pair of D.3 in all states of knowledge, with ties and skewed counters, in all arrival orders.

use std::collections::BTreeSet;

use fieldseal_core::domain::work::{OrderState, Severity};
use fieldseal_core::facts::conflict::{Acts, Conflict, ConflictKind, Flag};
use fieldseal_core::facts::order::view::AssignmentStatus;
use fieldseal_core::facts::{FoldContext, OrderView, ParsedAction, fold_order_parsed};

use crate::story::{DISPATCHER, Device, Story, Wrote, order_doc, order_id, page};

/// Who had seen what when the two sides wrote.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Knows {
    Neither,
    LeftSawRight,
    RightSawLeft,
}

/// What a row of the table says for one state of knowledge.
pub struct Expected {
    /// None where a tie decides: the row checks it by itself.
    pub state: Option<OrderState>,
    pub flags: &'static [Flag],
    pub conflicts: &'static [ConflictKind],
    pub assignments: &'static [AssignmentStatus],
}

/// One side of a pair.
pub struct Side<'t, T> {
    /// Devices that write it; what the other side wrote is synced to them where it is known.
    pub devices: &'t [Device],
    pub write: &'t dyn Fn(&mut Story, &T) -> Vec<Wrote>,
}

/// A history that came out of a pair.
pub struct Case<T> {
    pub story: Story,
    pub base: T,
    pub left: Vec<Wrote>,
    pub right: Vec<Wrote>,
    pub view: OrderView,
    pub label: String,
}

pub fn json(view: &OrderView) -> String {
    serde_json::to_string(view).unwrap()
}

/// A small generator; the seed makes a failure repeatable.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).unwrap()
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.roll(at + 1));
        }
    }
}

fn each_order(items: &mut [ParsedAction], at: usize, then: &mut impl FnMut(&[ParsedAction])) {
    if at == items.len() {
        return then(items);
    }
    for next in at..items.len() {
        items.swap(at, next);
        each_order(items, at + 1, then);
        items.swap(at, next);
    }
}

/// The same view in every arrival order: the last four actions in all 24 orders, before and after the others; the
/// whole history in drawn orders; and with duplicates. Byte-equal in the end.
pub fn check_all_orders(story: &Story) -> OrderView {
    let mut actions = ParsedAction::read_all(&story.actions);
    let fold = |actions: &[ParsedAction]| fold_order_parsed(order_id(), actions, &FoldContext::default());
    let view = fold(&actions);
    let tail = actions.len().saturating_sub(4);
    each_order(&mut actions, tail, &mut |actions| {
        assert!(fold(actions) == view, "another order gave another view");
    });
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ actions.len() as u64);
    for _ in 0..4 {
        dice.shuffle(&mut actions);
        assert!(fold(&actions) == view, "another order gave another view");
    }
    let again: Vec<ParsedAction> = actions.iter().step_by(2).cloned().collect();
    actions.extend(again);
    dice.shuffle(&mut actions);
    assert_eq!(json(&fold(&actions)), json(&view));
    view
}

/// All histories of a pair for one state of knowledge.
pub fn cases<T: Clone>(
    base: &dyn Fn(&mut Story) -> T,
    left: &Side<'_, T>,
    right: &Side<'_, T>,
    knows: Knows,
) -> Vec<Case<T>> {
    let mut cases = Vec::new();
    for salt in 0..4 {
        for skew in 0..3 {
            for left_first in [true, false] {
                // Where one saw the other, there is one order of writing.
                let fixed = match knows {
                    Knows::Neither => left_first,
                    Knows::LeftSawRight => false,
                    Knows::RightSawLeft => true,
                };
                if fixed != left_first {
                    continue;
                }
                let mut story = Story::new(salt * 1000 + skew);
                let given = base(&mut story);
                for device in left.devices.iter().chain(right.devices) {
                    story.sync(*device);
                }
                noise(&mut story, skew, left.devices, right.devices);
                let (mut l, mut r) = (Vec::new(), Vec::new());
                for turn in [left_first, !left_first] {
                    if turn {
                        if knows == Knows::LeftSawRight {
                            left.devices.iter().for_each(|device| story.sync(*device));
                        }
                        l = (left.write)(&mut story, &given);
                    } else {
                        if knows == Knows::RightSawLeft {
                            right.devices.iter().for_each(|device| story.sync(*device));
                        }
                        r = (right.write)(&mut story, &given);
                    }
                }
                let view = check_all_orders(&story);
                cases.push(Case {
                    label: format!("{knows:?} salt {salt} skew {skew} left first {left_first}"),
                    story,
                    base: given,
                    left: l,
                    right: r,
                    view,
                });
            }
        }
    }
    cases
}

/// Facts of no consequence that lift one side's counter above the other's.
fn noise(story: &mut Story, skew: u64, left: &[Device], right: &[Device]) {
    let lifted = match skew {
        1 => left,
        2 => right,
        _ => return,
    };
    let writer = page(DISPATCHER);
    let before = story.actions.len();
    let held = story.held(writer).clone();
    for _ in 0..3 {
        let text = fieldseal_core::facts::kinds::Text {
            text: "ring twice".into(),
        };
        story.write(
            writer,
            order_doc(),
            vec![fieldseal_core::facts::Fact::Instruct(text)],
        );
    }
    let made: BTreeSet<usize> = (before..story.actions.len()).collect();
    *story.held(writer) = held;
    for device in lifted {
        story.held(*device).extend(made.iter().copied());
    }
}

/// Runs a pair and compares every history with the table's row.
pub fn pair<T: Clone>(
    base: &dyn Fn(&mut Story) -> T,
    left: &Side<'_, T>,
    right: &Side<'_, T>,
    rows: &[(Knows, Expected)],
    more: &dyn Fn(Knows, &Case<T>),
) {
    assert_eq!(rows.len(), 3, "a row for each state of knowledge");
    for (knows, expected) in rows {
        for case in cases(base, left, right, *knows) {
            let view = &case.view;
            if let Some(state) = expected.state {
                assert_eq!(view.state, state, "state, {}: {:#?}", case.label, view.conflicts);
            }
            assert_eq!(view.flags, expected.flags, "flags, {}", case.label);
            let mut kinds: Vec<ConflictKind> = view.conflicts.iter().map(|conflict| conflict.kind).collect();
            kinds.sort_unstable();
            let mut wanted = expected.conflicts.to_vec();
            wanted.sort_unstable();
            assert_eq!(kinds, wanted, "conflicts, {}", case.label);
            let statuses: Vec<AssignmentStatus> = view
                .assignments
                .iter()
                .map(|assignment| assignment.status)
                .collect();
            let mut sorted = statuses.clone();
            sorted.sort_unstable();
            let mut wanted = expected.assignments.to_vec();
            wanted.sort_unstable();
            assert_eq!(sorted, wanted, "assignments, {}", case.label);
            // Nothing is ever missing: every fact stands on the timeline with its author.
            let facts: usize = case
                .story
                .actions
                .iter()
                .map(|action| {
                    fieldseal_core::facts::Action::parse(&action.text)
                        .unwrap()
                        .facts
                        .len()
                })
                .sum();
            assert_eq!(view.timeline.len(), facts, "{}", case.label);
            more(*knows, &case);
        }
    }
}

/// The conflict of a kind.
pub fn conflict(view: &OrderView, kind: ConflictKind) -> &Conflict {
    view.conflicts
        .iter()
        .find(|conflict| conflict.kind == kind)
        .unwrap()
}

pub fn is_info(conflict: &Conflict) -> bool {
    conflict.severity == Severity::Info && conflict.acts == Acts::Nobody
}

pub fn asks(conflict: &Conflict, acts: Acts) -> bool {
    conflict.severity == Severity::Action && conflict.acts == acts
}

/// The status of one assignment.
pub fn status(view: &OrderView, assignment: &Wrote) -> AssignmentStatus {
    view.assignments
        .iter()
        .find(|known| known.id == assignment.id())
        .unwrap()
        .status
}

/// The flags of one fact.
pub fn flags(view: &OrderView, wrote: &Wrote) -> Vec<Flag> {
    view.timeline
        .iter()
        .find(|event| event.record.id == wrote.id())
        .unwrap()
        .flags
        .clone()
}
