//! Editing a record made of registers: customer, asset, person, ticket, the plan of an order.
//!
//! Only what the person changed is written, over exactly what the person's screen had shown of it. A field of which
//! both values are kept (MV) is replaced by a choice, since that is what a person makes who saw its value.

use std::collections::BTreeMap;

use fieldseal_core::domain::roles::Operation;
use fieldseal_core::facts::classes::{Class, rule_of};
use fieldseal_core::facts::kinds::{Choose, Set};
use fieldseal_core::facts::{DocName, Fact, Fields, ViewToken};
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
