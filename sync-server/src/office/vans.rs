//! Which stock movements belong to which work order: an index of one engineer's van documents, so that folding an
//! order does not read every movement ever made.

use std::collections::{BTreeSet, HashMap, HashSet};

use fieldseal_core::domain::ids::{ActionId, OrderId};
use fieldseal_core::facts::{DocName, Fact, FoldContext, ParsedAction, StoredAction};

type Hash = [u8; 32];

/// The index of one engineer.
#[derive(Debug, Default)]
pub(super) struct VanIndex {
    /// In order of the sequence, which is a causal order.
    actions: Vec<StoredAction>,
    by_hash: HashMap<(DocName, Hash), usize>,
    present: HashSet<(ActionId, DocName)>,
    docs: BTreeSet<DocName>,
    by_order: HashMap<OrderId, BTreeSet<usize>>,
}

impl VanIndex {
    /// From all actions of a van's documents.
    pub(super) fn of(actions: Vec<StoredAction>) -> Self {
        let mut index = Self::default();
        let mut orders_of: HashMap<ActionId, BTreeSet<OrderId>> = HashMap::new();
        let mut reversals = Vec::new();
        for (place, action) in actions.iter().enumerate() {
            index.docs.insert(action.doc.clone());
            index.present.insert((action.key, action.doc.clone()));
            index.by_hash.insert((action.doc.clone(), action.hash), place);
            let parsed = ParsedAction::read(action);
            let records = parsed.content.iter().flat_map(|content| &content.facts);
            for fact in records.filter_map(|record| record.fact()) {
                match fact {
                    Fact::Move(movement) => {
                        if let Some(order) = movement.order.as_ref().and_then(DocName::order) {
                            orders_of.entry(action.key).or_default().insert(order);
                        }
                    }
                    Fact::Reverse(reverse) => reversals.push((action.key, reverse.of.action)),
                    _ => {}
                }
            }
        }
        // What takes a movement back belongs where the movement does.
        for (reversing, of) in reversals {
            let orders = orders_of.get(&of).cloned().unwrap_or_default();
            orders_of.entry(reversing).or_default().extend(orders);
        }
        for (place, action) in actions.iter().enumerate() {
            for order in orders_of.get(&action.key).into_iter().flatten() {
                index.by_order.entry(*order).or_default().insert(place);
            }
        }
        index.actions = actions;
        index
    }

    /// The actions with movements for an order. What a fold concludes from who is whose ancestor must stay the same
    /// without the rest of the van, so the way over a left-out change becomes a direct one.
    pub(super) fn of_order(&self, order: OrderId) -> Vec<StoredAction> {
        let Some(kept) = self.by_order.get(&order) else {
            return Vec::new();
        };
        kept.iter()
            .filter_map(|place| self.actions.get(*place))
            .map(|action| StoredAction {
                deps: self.nearest(action, kept),
                ..action.clone()
            })
            .collect()
    }

    /// The nearest ancestors of an action that are kept.
    fn nearest(&self, action: &StoredAction, kept: &BTreeSet<usize>) -> Vec<Hash> {
        let mut found = BTreeSet::new();
        let mut seen = HashSet::new();
        let mut todo: Vec<Hash> = action.deps.clone();
        while let Some(hash) = todo.pop() {
            if !seen.insert(hash) {
                continue;
            }
            match self.by_hash.get(&(action.doc.clone(), hash)) {
                Some(place) if !kept.contains(place) => {
                    todo.extend(
                        self.actions
                            .get(*place)
                            .into_iter()
                            .flat_map(|action| &action.deps),
                    );
                }
                _ => {
                    found.insert(hash);
                }
            }
        }
        found.into_iter().collect()
    }

    /// The orders for which this index has another number of actions than `before`: the facts only grow.
    pub(super) fn changed_since(&self, before: Option<&Self>) -> Vec<OrderId> {
        let count = |index: &Self, order: &OrderId| index.by_order.get(order).map_or(0, BTreeSet::len);
        self.by_order
            .keys()
            .filter(|order| before.map_or(0, |before| count(before, order)) != count(self, order))
            .copied()
            .collect()
    }

    /// Tells the fold which of the family's actions stand in these documents too.
    pub(super) fn add_to(&self, context: &mut FoldContext, family: &[StoredAction]) {
        context.scope.extend(self.docs.iter().cloned());
        for action in family {
            for doc in &self.docs {
                let pair = (action.key, doc.clone());
                if self.present.contains(&pair) {
                    context.present.insert(pair);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use fieldseal_core::domain::ids::UserId;
    use fieldseal_core::facts::kinds::{Move, Reverse};
    use fieldseal_core::facts::{Action, ClockEvidence, FactId, Shard};
    use uuid::Uuid;

    use super::*;

    fn order(number: u128) -> OrderId {
        OrderId(Uuid::from_u128(number))
    }

    fn key(number: u128) -> ActionId {
        ActionId(Uuid::from_u128(number))
    }

    fn action(number: u8, deps: &[u8], fact: &Fact) -> StoredAction {
        let user = UserId(Uuid::from_u128(1));
        let text = Action {
            at: "2026-11-23T10:00:00+08:00".to_owned(),
            clk: ClockEvidence {
                off: None,
                err: None,
                boot: 1,
                mono: 1,
            },
            by: user,
            n: u64::from(number),
            saw: Vec::new(),
            docs: Vec::new(),
            min: None,
            facts: vec![fact.to_raw()],
        }
        .to_text()
        .unwrap();
        StoredAction {
            doc: DocName::VanField(
                user,
                Shard {
                    year: 2026,
                    quarter: 4,
                },
            ),
            key: key(u128::from(number)),
            text: text.into(),
            hash: [number; 32],
            deps: deps.iter().map(|dep| [*dep; 32]).collect(),
            actor: [0; 16],
        }
    }

    fn used(order: OrderId) -> Fact {
        Fact::Move(Move {
            movement: "consume".to_owned(),
            part: "K-1".to_owned(),
            serial: None,
            qty: 1,
            from: "scrap".to_owned(),
            to: "supplier".to_owned(),
            order: Some(DocName::Order(order)),
            assignment: None,
            note: None,
            ..Default::default()
        })
    }

    #[test]
    fn ancestry_over_left_out_movements_and_reversals_stay() {
        let back = Fact::Reverse(Reverse {
            of: FactId {
                action: key(1),
                place: 0,
            },
            reason: "x".to_owned(),
        });
        let actions = vec![
            action(1, &[], &used(order(1))),
            action(2, &[1], &used(order(2))),
            action(3, &[2], &used(order(2))),
            action(4, &[3], &used(order(1))),
            action(5, &[4], &back),
        ];
        let before = VanIndex::of(actions[..4].to_vec());
        let index = VanIndex::of(actions);
        let kept = index.of_order(order(1));
        let shape: Vec<_> = kept
            .iter()
            .map(|action| (action.key, action.deps.clone()))
            .collect();
        assert_eq!(
            shape,
            vec![(key(1), vec![]), (key(4), vec![[1; 32]]), (key(5), vec![[4; 32]])]
        );
        assert_eq!(index.changed_since(Some(&before)), vec![order(1)]);
        assert_eq!(index.changed_since(None).len(), 2);
    }
}
