//! Which rows were made from which records.

use std::collections::{BTreeSet, HashMap};

use fieldseal_core::facts::DocName;

/// The rows by the records that they name, also by those that do not exist yet.
pub(super) struct MadeFrom<Id>(HashMap<DocName, BTreeSet<Id>>);

impl<Id> Default for MadeFrom<Id> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<Id: Ord + Copy> MadeFrom<Id> {
    pub(super) fn put(&mut self, records: &BTreeSet<DocName>, row: Id) {
        for record in records {
            self.0.entry(record.clone()).or_default().insert(row);
        }
    }

    pub(super) fn remove(&mut self, records: &BTreeSet<DocName>, row: Id) {
        for record in records {
            if let Some(rows) = self.0.get_mut(record) {
                rows.remove(&row);
                if rows.is_empty() {
                    self.0.remove(record);
                }
            }
        }
    }

    /// The rows that were made from any of them.
    pub(super) fn of(&self, records: &BTreeSet<DocName>) -> BTreeSet<Id> {
        records
            .iter()
            .filter_map(|record| self.0.get(record))
            .flatten()
            .copied()
            .collect()
    }
}
