//! Names of what facts refer to by id.

use std::collections::BTreeMap;
use std::sync::Arc;

use fieldseal_core::domain::ids::{ActionId, UserId};
use fieldseal_core::facts::DocName;

use crate::page::model::PartCount;

/// What parts are called, by number.
pub type PartNames = Arc<BTreeMap<String, String>>;

/// Who and what, by id. What is not in here is shown by the beginning of its id.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// People with accounts.
    pub users: BTreeMap<UserId, String>,
    /// Devices by tag, hex: the name that their owner gave them.
    pub devices: BTreeMap<String, String>,
    /// Customers, equipment, tickets, persons, orders by document.
    pub records: BTreeMap<DocName, String>,
    /// Parts by number, in the reader's language.
    pub parts: PartNames,
    /// When the server received an action, milliseconds since the epoch.
    pub received: BTreeMap<ActionId, i64>,
}

impl Names {
    /// A person.
    pub fn user(&self, id: UserId) -> String {
        self.users
            .get(&id)
            .cloned()
            .unwrap_or_else(|| short(&id.to_string()))
    }

    /// Several people.
    pub fn users(&self, ids: &[UserId], separator: &str) -> String {
        let names: Vec<String> = ids.iter().map(|id| self.user(*id)).collect();
        names.join(separator)
    }

    /// A device by its tag: its name, else the tag's beginning.
    pub fn device(&self, tag: &str) -> String {
        self.devices.get(tag).cloned().unwrap_or_else(|| short(tag))
    }

    /// A record by its document's name.
    pub fn record(&self, doc: &DocName) -> String {
        self.records
            .get(doc)
            .cloned()
            .unwrap_or_else(|| tail(&doc.to_string()))
    }

    /// A part: its name, or nothing.
    pub fn part(&self, number: &str) -> String {
        self.parts.get(number).cloned().unwrap_or_default()
    }

    /// A part within a sentence: «name number», or the number alone.
    pub fn part_text(&self, number: &str) -> String {
        match self.parts.get(number) {
            Some(name) => format!("{name} {number}"),
            None => number.to_owned(),
        }
    }

    /// A part with a quantity, for a list of parts.
    pub fn part_count(&self, number: &str, qty: impl ToString) -> PartCount {
        PartCount {
            part: number.to_owned(),
            name: self.part(number),
            qty: qty.to_string(),
        }
    }
}

fn short(id: &str) -> String {
    id.chars().take(8).collect()
}

/// The last part of a document's name, short: ids differ at their end, their beginning is a clock.
fn tail(doc: &str) -> String {
    let id = doc.rsplit('/').next().unwrap_or(doc);
    let count = id.chars().count();
    id.chars().skip(count.saturating_sub(8)).collect()
}
