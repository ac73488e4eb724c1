//! The rows of the customers' list, and whose every unit is.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use fieldseal_core::domain::ids::{AssetId, CustomerId};
use fieldseal_core::facts::DocName;

use super::made_from::MadeFrom;
use super::words::Words;
use crate::office::{OfficeError, Views};

/// One customer in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerRow {
    /// The customer.
    pub id: CustomerId,
    /// Its name; empty where it has none.
    pub name: String,
    /// Its region; empty where it has none.
    pub region: String,
    /// Whether it is a key customer.
    pub key: bool,
    /// How many units it has.
    pub units: usize,
    /// Hidden as a whole (F-29).
    pub hidden: bool,
    words: Words,
    records: BTreeSet<DocName>,
}

impl CustomerRow {
    /// Whether name, region, contacts (name, role, phone) or units (serial number) hold every one of the words, which are
    /// [`searched`](super::searched).
    pub fn holds(&self, words: &[String]) -> bool {
        self.words.hold(words)
    }

    fn of(
        views: &Views,
        id: CustomerId,
        units: Option<&BTreeMap<AssetId, bool>>,
    ) -> Result<Option<Self>, OfficeError> {
        let Some(view) = views.record(&DocName::Customer(id))? else {
            return Ok(None);
        };
        let text = |field: &str| view.fields.text(field).unwrap_or_default().to_owned();
        let mut row = Self {
            id,
            name: text("name"),
            region: text("region"),
            key: view.fields.value("key_flag").and_then(serde_json::Value::as_bool) == Some(true),
            units: units.map_or(0, |units| units.values().filter(|hidden| !**hidden).count()),
            hidden: view.hidden,
            words: Words::default(),
            records: view
                .fields
                .texts("contacts")
                .into_iter()
                .filter_map(|text| text.parse().ok())
                .collect(),
        };
        row.words.put(&row.name);
        row.words.put(&row.region);
        let assets = units.into_iter().flatten();
        let assets = assets.filter(|(_, hidden)| !**hidden);
        let assets = assets.map(|(unit, _)| DocName::Asset(*unit));
        for doc in row.records.iter().cloned().chain(assets) {
            if let Some(record) = views.record(&doc)? {
                row.words.put_record(&record);
            }
        }
        Ok(Some(row))
    }
}

/// Every customer.
#[derive(Default)]
pub(in crate::office) struct Customers {
    by_name: BTreeMap<(String, CustomerId), Arc<CustomerRow>>,
    rows: HashMap<CustomerId, Arc<CustomerRow>>,
    made_from: MadeFrom<CustomerId>,
    /// The units of each, and which of them are hidden.
    units: HashMap<CustomerId, BTreeMap<AssetId, bool>>,
    owners: HashMap<AssetId, CustomerId>,
}

impl Customers {
    /// Those that are not hidden, by name.
    pub(in crate::office) fn all(&self) -> impl Iterator<Item = &Arc<CustomerRow>> {
        self.by_name.values().filter(|row| !row.hidden)
    }

    /// The hidden ones, by name.
    pub(in crate::office) fn hidden(&self) -> impl Iterator<Item = &Arc<CustomerRow>> {
        self.by_name.values().filter(|row| row.hidden)
    }

    pub(in crate::office) fn row(&self, customer: CustomerId) -> Option<&Arc<CustomerRow>> {
        self.rows.get(&customer).filter(|row| !row.hidden)
    }

    /// The units of a customer, oldest first: the hidden ones, or the others.
    pub(in crate::office) fn units(
        &self,
        customer: CustomerId,
        hidden: bool,
    ) -> impl Iterator<Item = AssetId> {
        let units = self.units.get(&customer).into_iter().flatten();
        units.filter(move |(_, of)| **of == hidden).map(|(unit, _)| *unit)
    }

    pub(super) fn take_in(&mut self, views: &Views, changed: &BTreeSet<DocName>) -> Result<(), OfficeError> {
        let mut stale = self.made_from.of(changed);
        for doc in changed {
            match doc {
                DocName::Customer(customer) => {
                    stale.insert(*customer);
                }
                DocName::Asset(unit) => {
                    let view = views.record(doc)?;
                    let hidden = view.as_ref().is_some_and(|view| view.hidden);
                    let owner = match view.and_then(|view| view.fields.parsed("customer")) {
                        Some(DocName::Customer(customer)) => Some(customer),
                        _ => None,
                    };
                    stale.extend(self.own(*unit, owner, hidden));
                    stale.extend(owner);
                }
                _ => {}
            }
        }
        for customer in stale {
            let row = CustomerRow::of(views, customer, self.units.get(&customer))?;
            self.put(customer, row);
        }
        Ok(())
    }

    /// Notes whose a unit is; gives whose it was.
    fn own(&mut self, unit: AssetId, owner: Option<CustomerId>, hidden: bool) -> Option<CustomerId> {
        let before = self.owners.remove(&unit);
        if let Some(units) = before.and_then(|before| self.units.get_mut(&before)) {
            units.remove(&unit);
        }
        if let Some(owner) = owner {
            self.owners.insert(unit, owner);
            self.units.entry(owner).or_default().insert(unit, hidden);
        }
        before
    }

    fn put(&mut self, customer: CustomerId, row: Option<CustomerRow>) {
        if let Some(before) = self.rows.remove(&customer) {
            self.made_from.remove(&before.records, customer);
            self.by_name.remove(&(before.name.clone(), customer));
        }
        if let Some(row) = row.map(Arc::new) {
            self.made_from.put(&row.records, customer);
            self.by_name.insert((row.name.clone(), customer), row.clone());
            self.rows.insert(customer, row);
        }
    }
}
