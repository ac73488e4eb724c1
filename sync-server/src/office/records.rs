//! Editing a record made of registers: customer, asset, person, ticket, the plan of an order.
//!
//! Only what the person changed is written, over exactly what the person's screen had shown of it. A field of which
//! both values are kept (MV) is replaced by a choice, since that is what a person makes who saw its value.

use std::collections::BTreeMap;

use fieldseal_core::domain::roles::Operation;
use fieldseal_core::facts::classes::{Class, rule_of};
use fieldseal_core::facts::kinds::{Choose, Set};
use fieldseal_core::facts::{DocName, Fact, FactId, Fields, ViewToken};
use serde_json::Value;

use super::fields::{Changes, check};
use super::{Office, OfficeError, Person, require};
use crate::pipeline::Saved;

/// The facts that put `changes` into a record whose fields are `fields`, as the screen of `token` showed them.
/// Values that are already shown and undisputed are left out.
pub(super) fn edits(doc: &DocName, fields: &Fields, changes: Changes, token: &ViewToken) -> Vec<Fact> {
    let mut plain: BTreeMap<String, Value> = BTreeMap::new();
    let mut facts = Vec::new();
    for (name, value) in changes {
        let over = fields.over([name.as_str()], token);
        let field = fields.0.get(&name);
        let shown = field.map_or(&Value::Null, |field| &field.value);
        let disputed = field.is_some_and(|field| !field.others.is_empty() || !field.proposals.is_empty());
        if *shown == value && !disputed {
            continue;
        }
        if rule_of(doc, &name).class == Class::Mv && !over.is_empty() {
            facts.push(Fact::Choose(Choose {
                subject: None,
                field: name,
                value,
                over,
                reason: None,
            }));
        } else {
            plain.insert(name, value);
        }
    }
    if !plain.is_empty() {
        let over = fields.over(plain.keys().map(String::as_str), token);
        facts.insert(
            0,
            Fact::Set(Set {
                subject: None,
                fields: plain,
                over,
            }),
        );
    }
    facts
}

/// The fact that fills a record that is new.
pub(super) fn first(fields: Changes) -> Fact {
    Fact::Set(Set {
        subject: None,
        fields: fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        over: Vec::new(),
    })
}

/// Who edits what (D.4).
const fn operation_of(doc: &DocName) -> Operation {
    match doc {
        DocName::Ticket(_) => Operation::Triage,
        DocName::Order(_) => Operation::Assign,
        _ => Operation::EditMasterData,
    }
}

impl Office {
    /// Changes fields of a customer, asset, person, ticket or order. `None` if nothing was different.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`] naming the field.
    pub fn edit(
        &self,
        by: &Person,
        doc: &DocName,
        token: &ViewToken,
        changes: &Changes,
    ) -> Result<Option<Saved>, OfficeError> {
        require(by, operation_of(doc))?;
        let changes = check(doc, changes)?;
        let _one = self.begin();
        let facts = match doc {
            DocName::Order(order) => {
                let view = self.views.order(*order)?.ok_or(OfficeError::NotFound)?;
                edits(doc, &view.fields, changes, token)
            }
            _ => {
                let view = self.views.record(doc)?.ok_or(OfficeError::NotFound)?;
                edits(doc, &view.fields, changes, token)
            }
        };
        if facts.is_empty() {
            return Ok(None);
        }
        self.append(by, &[(doc.clone(), facts)], token).map(Some)
    }

    /// Takes over what an engineer learnt on site (D.5-7): the office's record gets the value, and the proposal is
    /// settled. For a field whose values all count, the value is added to them.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`] if no such proposal stands on that order.
    pub fn take_over(
        &self,
        by: &Person,
        order: fieldseal_core::domain::ids::OrderId,
        doc: &DocName,
        field: &str,
        proposal: FactId,
        token: &ViewToken,
    ) -> Result<Saved, OfficeError> {
        require(by, operation_of(doc))?;
        let _one = self.begin();
        let view = self.views.order(order)?.ok_or(OfficeError::NotFound)?;
        let learnt = match doc {
            DocName::Order(_) => Some(&view.fields),
            _ => view.learnt.get(doc),
        };
        let entry = learnt
            .and_then(|fields| fields.0.get(field))
            .and_then(|field| field.entries().find(|entry| entry.fact == proposal))
            .ok_or(OfficeError::NotFound)?;
        let record;
        let own = match doc {
            DocName::Order(_) => &view.fields,
            _ => {
                record = self.views.record(doc)?.ok_or(OfficeError::NotFound)?;
                &record.fields
            }
        };
        let mut over = own.over([field], token);
        over.push(proposal);
        let value = match rule_of(doc, field).class {
            Class::Set => joined(own.value(field), &entry.value),
            _ => entry.value.clone(),
        };
        let changes = check(doc, &Changes::from([(field.to_owned(), value)]))?;
        let fact = if rule_of(doc, field).class == Class::Mv && over.len() > 1 {
            Fact::Choose(Choose {
                subject: None,
                field: field.to_owned(),
                value: changes.get(field).cloned().unwrap_or(Value::Null),
                over,
                reason: None,
            })
        } else {
            Fact::Set(Set {
                subject: None,
                fields: changes,
                over,
            })
        };
        self.append(by, &[(doc.clone(), vec![fact])], token)
    }

    /// Chooses between kept values of a field (MV): serial numbers, application dates.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`].
    pub fn choose(
        &self,
        by: &Person,
        doc: &DocName,
        field: &str,
        value: &Value,
        reason: &str,
        token: &ViewToken,
    ) -> Result<Saved, OfficeError> {
        require(by, operation_of(doc))?;
        let checked = check(doc, &Changes::from([(field.to_owned(), value.clone())]))?;
        let reason = super::fields::required("reason", reason)?;
        let _one = self.begin();
        let view = self.views.record(doc)?.ok_or(OfficeError::NotFound)?;
        let fact = Fact::Choose(Choose {
            subject: None,
            field: field.to_owned(),
            value: checked.get(field).cloned().unwrap_or(Value::Null),
            over: view.fields.over([field], token),
            reason: Some(reason),
        });
        self.append(by, &[(doc.clone(), vec![fact])], token)
    }
}

/// The elements of both, each once.
fn joined(own: Option<&Value>, more: &Value) -> Value {
    let mut all: Vec<Value> = own.and_then(Value::as_array).cloned().unwrap_or_default();
    let more = match more {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    for item in more {
        if !all.contains(item) {
            all.push(item.clone());
        }
    }
    Value::Array(all)
}
