//! What several pages read: names of everything that a view refers to, times of receipt, the count of conflicts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fieldseal_core::domain::ids::{ActionId, OrderId, UserId};
use fieldseal_core::domain::policy::PartEntry;
use fieldseal_core::domain::roles::Role;
use fieldseal_core::facts::order::swaps::swaps;
use fieldseal_core::facts::{DocName, OrderView, RecordView};
use serde_json::Value;

use super::customers::{asset_name, name_of, person_line};
use crate::office::{Office, OfficeError};
use crate::page::model::Candidate;
use crate::page::present::candidates::candidate;
use crate::page::present::{Names, PartNames};
use crate::page::words::Words;
use crate::pipeline::SyncService;

/// What parts are called today, in the reader's language, by the list that the office published.
///
/// # Errors
/// The office's.
pub(super) fn parts(office: &Office, words: &Words) -> Result<PartNames, OfficeError> {
    let list = office.views().part_list(words.today())?;
    let named = |part: &PartEntry| (part.number.clone(), part.name.of(words.lang).to_owned());
    Ok(Arc::new(list.parts.iter().map(named).collect()))
}

/// Names of people, devices and parts.
///
/// # Errors
/// The storage's.
pub(super) fn people(office: &Office, service: &SyncService, words: &Words) -> Result<Names, OfficeError> {
    let users = office
        .people()?
        .into_iter()
        .map(|person| (person.user, person.name));
    let devices = service.storage().read()?.devices()?;
    Ok(Names {
        users: users.collect(),
        devices: devices
            .into_iter()
            .filter(|device| !device.name.is_empty())
            .map(|device| (hex::encode(device.tag), device.name))
            .collect(),
        parts: parts(office, words)?,
        ..Names::default()
    })
}

/// Adds the names of the records that a JSON value refers to.
pub(super) fn gather(value: &Value, docs: &mut BTreeSet<DocName>) {
    match value {
        Value::String(text) if text.contains('/') => docs.extend(text.parse::<DocName>().ok()),
        Value::Array(items) => items.iter().for_each(|item| gather(item, docs)),
        Value::Object(map) => map.values().for_each(|item| gather(item, docs)),
        _ => {}
    }
}

/// A record's name as people say it.
pub(super) fn record_name(words: &Words, doc: &DocName, view: &RecordView) -> String {
    match doc {
        DocName::Asset(_) => asset_name(words, view),
        DocName::Person(..) | DocName::PersonField(..) => person_line(view),
        DocName::Ticket(_) => view.any_number().unwrap_or_default().to_owned(),
        _ => name_of(view),
    }
}

/// Adds the names of all records that an order's facts refer to.
///
/// # Errors
/// The office's.
pub(super) fn records_of(
    office: &Office,
    words: &Words,
    view: &OrderView,
    names: &mut Names,
) -> Result<(), OfficeError> {
    let mut docs = BTreeSet::new();
    for event in &view.timeline {
        gather(&event.record.payload, &mut docs);
    }
    docs.extend(view.learnt.keys().cloned());
    for swap in swaps(view) {
        // It has no record yet; people know it by its number.
        names.records.insert(swap.replacement, swap.serial);
    }
    for doc in docs {
        if let Some(record) = office.views().record(&doc)? {
            let name = record_name(words, &doc, &record);
            names.records.insert(doc, name);
        }
    }
    Ok(())
}

/// When the server received each action of an order and its visits.
///
/// # Errors
/// The storage's.
pub(super) fn received(
    service: &SyncService,
    order: OrderId,
) -> Result<BTreeMap<ActionId, i64>, OfficeError> {
    received_of(service, &DocName::Order(order).family())
}

/// When the server received each action of an engineer's van.
///
/// # Errors
/// The storage's.
pub(super) fn received_from_van(
    service: &SyncService,
    engineer: UserId,
) -> Result<BTreeMap<ActionId, i64>, OfficeError> {
    received_of(service, &format!("van/{engineer}"))
}

fn received_of(service: &SyncService, family: &str) -> Result<BTreeMap<ActionId, i64>, OfficeError> {
    let tx = service.storage().read()?;
    let rows = tx.actions_of_family(family)?;
    let mut received = BTreeMap::new();
    for row in rows {
        let first = received.entry(row.key).or_insert(row.received_at);
        *first = row.received_at.min(*first);
    }
    Ok(received)
}

/// Active engineers by name.
///
/// # Errors
/// The office's.
pub(super) fn engineers(office: &Office) -> Result<Vec<(UserId, String)>, OfficeError> {
    let people = office.people()?.into_iter();
    Ok(people
        .filter(|person| person.active && person.roles.contains(&Role::Engineer))
        .map(|person| (person.user, person.name))
        .collect())
}

/// Active engineers with age, load and van, for a dispatch (T-20). `planned` are part numbers.
///
/// # Errors
/// The office's.
pub(super) fn candidates(
    office: &Office,
    words: &Words,
    names: &Names,
    planned: &[String],
) -> Result<Vec<(UserId, Candidate)>, OfficeError> {
    let board = office.board()?;
    let mut found = Vec::with_capacity(board.engineers.len());
    for mark in &board.engineers {
        let van = office.views().van(mark.person.user)?;
        let visit = mark.at_work.as_ref().map(|row| words.t(row.state.text_key()));
        found.push(candidate(
            words,
            names,
            mark,
            &van.good,
            planned,
            visit.as_deref(),
        ));
    }
    Ok(found)
}

/// Conflicts that ask for a decision, over all orders.
///
/// # Errors
/// The office's.
pub(super) fn to_decide(office: &Office) -> Result<usize, OfficeError> {
    office.to_decide()
}
