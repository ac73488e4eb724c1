//! What a document's accepted changes link to: the engineers assigned and the documents named.

use std::collections::{BTreeMap, BTreeSet};

use fieldseal_core::domain::ids::UserId;
use fieldseal_core::facts::{Action, DocName, Fact, FactId};
use serde_json::Value;

use crate::storage::ActionRow;

/// What a document links to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// Engineers of every assignment that no other replaced.
    pub engineers: BTreeSet<UserId>,
    /// Engineers of every assignment ever, replaced ones included.
    pub ever: BTreeSet<UserId>,
    /// Tickets, customers, assets, persons that a value names which no other value replaced: losers of a conflict
    /// included, because a person may still choose them.
    pub docs: BTreeSet<DocName>,
}

/// Reads the links out of a document's actions. What cannot be read links to nothing (the fold flags it).
pub fn links(actions: &[ActionRow]) -> Links {
    let mut values: BTreeMap<(FactId, String), BTreeSet<DocName>> = BTreeMap::new();
    let mut replaced: BTreeSet<(FactId, String)> = BTreeSet::new();
    let mut assigned: BTreeMap<FactId, Vec<UserId>> = BTreeMap::new();
    let mut reassigned: BTreeSet<FactId> = BTreeSet::new();
    for row in actions {
        let Ok(action) = Action::parse(&row.text) else {
            continue;
        };
        let Ok(first) = action.first_place(&row.doc) else {
            continue;
        };
        for (place, raw) in (first..).zip(&action.facts) {
            let id = FactId {
                action: row.key,
                place,
            };
            match Fact::read(raw) {
                Ok(Some(Fact::Assign(assign))) => {
                    reassigned.extend(&assign.over);
                    assigned.insert(id, assign.engineers);
                }
                // A founding that the office took into its book is its engineer's assignment, under the founding's id.
                Ok(Some(Fact::Adopt(adopt))) => {
                    if let DocName::Intake(engineer, _) = adopt.intake {
                        assigned.insert(adopt.found, vec![engineer]);
                    }
                }
                Ok(Some(Fact::Set(set))) if set.subject.is_none() => {
                    for (field, value) in set.fields {
                        replaced.extend(set.over.iter().map(|over| (*over, field.clone())));
                        values.insert((id, field), named(&value));
                    }
                }
                Ok(Some(Fact::Choose(choose))) if choose.subject.is_none() => {
                    replaced.extend(choose.over.iter().map(|over| (*over, choose.field.clone())));
                    values.insert((id, choose.field), named(&choose.value));
                }
                _ => {}
            }
        }
    }
    Links {
        ever: assigned.values().flatten().copied().collect(),
        engineers: assigned
            .into_iter()
            .filter(|(id, _)| !reassigned.contains(id))
            .flat_map(|(_, engineers)| engineers)
            .collect(),
        docs: values
            .into_iter()
            .filter(|(value, _)| !replaced.contains(value))
            .flat_map(|(_, docs)| docs)
            .collect(),
    }
}

/// The documents that a register's value names: one name, or a list of names.
fn named(value: &Value) -> BTreeSet<DocName> {
    let name = |value: &Value| -> Option<DocName> {
        let name: DocName = value.as_str()?.parse().ok()?;
        let linked = matches!(
            name,
            DocName::Ticket(_)
                | DocName::Customer(_)
                | DocName::Asset(_)
                | DocName::Person(..)
                | DocName::PersonField(..)
        );
        linked.then_some(name)
    };
    match value {
        Value::Array(list) => list.iter().filter_map(name).collect(),
        one => name(one).into_iter().collect(),
    }
}
