//! Lists and search, kept beside the facts: written in the transaction of the facts that they show, so that a
//! screen never shows what is not on disk, and rebuildable from the facts alone (design 4).
//!
//! How it is kept in step: whatever puts a change in (or takes one out, or moves a document in or out of scope)
//! names the document in the temporary table `dirty`; the store refreshes what hangs on it before it commits.
//! Unsent counts are asked for at reading time, because a receipt changes no fact.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::{Reading, StoreError, identity, photos, read, search};
use crate::domain::ids::{OrderId, UserId};
use crate::domain::work::{OrderState, VisibleStatus};
use crate::facts::stored::FOLD_VERSION;
use crate::facts::{DocName, Fact, FoldContext, OrderView, ParsedAction, RecordView, fold_record_parsed};

/// Version of this code: a file whose projections another version made is rebuilt at open.
pub const VERSION: i64 = 3;

/// A row of the list of work orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRow {
    /// The work order.
    pub id: OrderId,
    /// The ticket's display number (Q12).
    pub number: Option<String>,
    /// The customer's name.
    pub customer: Option<String>,
    /// What is wanted, short.
    pub summary: Option<String>,
    /// Code of the order's type.
    pub kind: Option<String>,
    /// Code of the priority.
    pub priority: Option<String>,
    /// Fine state (D.3).
    pub state: String,
    /// The status that people see (Y-13).
    pub status: String,
    /// Begin of the window, RFC 3339.
    pub window_from: Option<String>,
    /// Its end.
    pub window_to: Option<String>,
    /// Whether the assignment that stands is this engineer's.
    pub mine: bool,
    /// Codes of what is to be said about the order.
    pub flags: Vec<String>,
    /// Conflicts in which this engineer still has to decide.
    pub conflicts: u32,
    /// Set where the app must be updated before it may write here.
    pub update_needed: bool,
    /// Changes of the order that no server has yet.
    #[serde(skip)]
    pub unsent: u32,
    /// Photos that were taken on this phone for the order.
    #[serde(skip)]
    pub photos: u32,
    /// Of these, those that the server has whole: «3 of 12 on the server».
    #[serde(skip)]
    pub photos_on_server: u32,
}

/// Names a document whose facts or scope changed in this transaction.
///
/// # Errors
/// Those of SQLite.
pub fn mark_dirty(connection: &Connection, name: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO temp.dirty (name) VALUES (?1)")?
        .execute([name])?;
    Ok(())
}

/// Refreshes what hangs on the dirty documents; returns the orders whose rows were made again.
pub(super) fn refresh(connection: &Reading<'_>) -> Result<BTreeSet<OrderId>, StoreError> {
    let names: Vec<String> = {
        let mut statement = connection.prepare_cached("DELETE FROM temp.dirty RETURNING name")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        rows.collect::<Result<_, _>>()?
    };
    let mut orders = BTreeSet::new();
    for name in &names {
        let Ok(doc) = name.parse::<DocName>() else {
            continue;
        };
        match doc.order() {
            Some(order) => {
                orders.insert(order);
            }
            None => index_record(connection, &doc)?,
        }
        let mut statement = connection.prepare_cached("SELECT id FROM order_refs WHERE name = ?1")?;
        let rows = statement.query_map([name], |row| row.get::<_, String>(0))?;
        for id in rows {
            orders.insert(id?.parse().map_err(|_| StoreError::Malformed { what: "order" })?);
        }
    }
    let me = identity::load(connection)?.and_then(|identity| identity.user);
    for order in &orders {
        refresh_order(connection, *order, me)?;
    }
    Ok(orders)
}

/// Makes every projection again from the facts.
///
/// # Errors
/// Those of SQLite.
pub fn rebuild(connection: &Reading<'_>) -> Result<(), StoreError> {
    connection.forget();
    connection.execute_batch(
        "DELETE FROM order_list; DELETE FROM order_refs; DELETE FROM search_entries;
         INSERT INTO search_index (search_index) VALUES ('delete-all');
         DELETE FROM temp.dirty;
         INSERT INTO temp.dirty (name) SELECT name FROM docs;",
    )?;
    refresh(connection)?;
    connection.execute("UPDATE projections SET version = ?1 WHERE one = 1", [VERSION])?;
    Ok(())
}

/// Rebuilds where another version of this code made the projections.
pub(super) fn bring_up(connection: &Reading<'_>) -> Result<(), StoreError> {
    let version: i64 = connection.query_row("SELECT version FROM projections WHERE one = 1", [], |row| {
        row.get(0)
    })?;
    if version == VERSION {
        return Ok(());
    }
    rebuild(connection)
}

/// The documents that an order's screen shows beside the order itself.
#[derive(Debug, Default)]
pub struct Linked {
    /// `ticket/<id>`, also where it stands in an intake only.
    pub ticket: Option<DocName>,
    /// `customer/<id>`.
    pub customer: Option<DocName>,
    /// `asset/<id>`, each once.
    pub assets: Vec<DocName>,
    /// Contacts.
    pub people: Vec<DocName>,
}

impl Linked {
    fn all(&self) -> impl Iterator<Item = &DocName> {
        self.ticket
            .iter()
            .chain(&self.customer)
            .chain(&self.assets)
            .chain(&self.people)
    }
}

fn push_new(into: &mut Vec<DocName>, names: Vec<DocName>) {
    for doc in names {
        if !into.contains(&doc) {
            into.push(doc);
        }
    }
}

/// Folds one record of this file, with what the given visits learnt about it.
///
/// # Errors
/// Those of the store.
pub fn record(
    connection: &Reading<'_>,
    doc: &DocName,
    beside: &[Arc<ParsedAction>],
) -> Result<RecordView, StoreError> {
    let mut actions = connection.of_doc(doc)?.actions;
    actions.extend(beside.iter().filter(|action| *action.doc != *doc).cloned());
    Ok(fold_record_parsed(doc, &actions, &FoldContext::default()))
}

/// As [`record`], for its fields, number and conflicts alone: where nothing beside is about it, the fold of its own
/// document has the same ones, and that one is kept.
fn record_shown(
    connection: &Reading<'_>,
    doc: &DocName,
    beside: &[Arc<ParsedAction>],
) -> Result<Arc<RecordView>, StoreError> {
    let (view, own) = connection.record_alone(doc)?;
    if beside.iter().any(|action| touches(action, doc, &own)) {
        return record(connection, doc, beside).map(Arc::new);
    }
    Ok(view)
}

/// Whether an action of another document may be about the record: it names it as a subject, hides anything, cannot be
/// read here, carries the id of one of the record's own facts, or decides between two texts of one action.
fn touches(action: &ParsedAction, doc: &DocName, own: &[Arc<ParsedAction>]) -> bool {
    let Some(content) = &action.content else {
        return true;
    };
    content.min > FOLD_VERSION
        || content.facts.iter().any(|record| match record.fact() {
            Some(Fact::Set(set)) => set.subject.as_ref() == Some(doc),
            Some(Fact::Choose(choose)) => choose.subject.as_ref() == Some(doc),
            Some(Fact::Hide(_)) => true,
            Some(Fact::Seal(_) | Fact::Audit(_)) => has_reused_id(own),
            _ => false,
        })
        || own
            .iter()
            .filter(|own| own.key == action.key)
            .filter_map(|own| own.content.as_ref())
            .any(|own| {
                own.facts
                    .iter()
                    .any(|fact| content.facts.iter().any(|other| other.id == fact.id))
            })
}

/// Whether one action id stands here with two texts.
fn has_reused_id(actions: &[Arc<ParsedAction>]) -> bool {
    let mut texts = BTreeMap::new();
    actions.iter().any(|action| {
        let before = texts.insert(action.key, action.text_hash);
        before.is_some_and(|before| before != action.text_hash)
    })
}

/// What an order links to, with the records folded once by `fold`.
///
/// # Errors
/// Those of the store.
pub fn linked<R: std::borrow::Borrow<RecordView>>(
    view: &OrderView,
    fold: impl Fn(&DocName) -> Result<R, StoreError>,
) -> Result<(Linked, BTreeMap<DocName, R>), StoreError> {
    let mut linked = Linked::default();
    let mut records = BTreeMap::new();
    linked.ticket = view.fields.known_parsed("ticket");
    linked.customer = view.fields.known_parsed("customer");
    push_new(&mut linked.assets, view.fields.named("assets"));
    push_new(&mut linked.people, view.fields.named("contact"));
    if let Some(doc) = &linked.ticket {
        let folded = fold(doc)?;
        let ticket = folded.borrow();
        if linked.customer.is_none() {
            linked.customer = ticket.fields.known_parsed("customer");
        }
        push_new(&mut linked.assets, ticket.fields.named("assets"));
        push_new(&mut linked.people, ticket.fields.named("caller"));
        records.insert(doc.clone(), folded);
    }
    if let Some(doc) = &linked.customer {
        let folded = fold(doc)?;
        push_new(&mut linked.people, folded.borrow().fields.named("contacts"));
        records.insert(doc.clone(), folded);
    }
    for doc in linked.assets.iter().chain(&linked.people) {
        if !records.contains_key(doc) {
            records.insert(doc.clone(), fold(doc)?);
        }
    }
    Ok((linked, records))
}

fn refresh_order(connection: &Reading<'_>, order: OrderId, me: Option<UserId>) -> Result<(), StoreError> {
    let id = order.to_string();
    let name = DocName::Order(order).to_string();
    if !is_shown(connection, order)? {
        connection
            .prepare_cached("DELETE FROM order_refs WHERE id = ?1")?
            .execute([&id])?;
        connection
            .prepare_cached("DELETE FROM order_list WHERE id = ?1")?
            .execute([&id])?;
        return search::put(connection, &name, "", "");
    }
    let facts = read::of_order(connection, order)?;
    let context = read::context(connection, &facts.actions)?;
    let view = connection.order_view(order, &facts, context);
    let (linked, records) = linked(&view, |doc| record_shown(connection, doc, &facts.actions))?;
    // Whether an action over several documents is whole shows in the row too.
    let parts = facts
        .actions
        .iter()
        .filter_map(|action| action.content.as_ref())
        .flat_map(|content| content.docs.iter().map(|(doc, _)| doc))
        .filter(|doc| doc.order() != Some(order));
    let refs = linked.all().chain(parts).map(ToString::to_string).collect();
    put_refs(connection, &id, &refs)?;
    let row = order_row(&view, &linked, &records, me);
    let text = serde_json::to_string(&row).map_err(|_| StoreError::Malformed { what: "row" })?;
    put_row(connection, &id, &sort_key(&row), &text)?;
    let mut body = words_of(&view.fields);
    for doc in linked.all() {
        if let Some(record) = records.get(doc) {
            body.extend(numbers_of(record));
            body.extend(words_of(&record.fields));
        }
    }
    let title = [&row.number, &row.customer, &row.summary]
        .into_iter()
        .flatten()
        .cloned()
        .collect::<Vec<_>>()
        .join(" · ");
    search::put(connection, &name, &title, &body.join(" \n"))
}

/// Writes only what differs: most saves change neither what an order links to nor its row, and every page that is not
/// touched is a page that the commit does not wait for.
fn put_refs(connection: &Connection, id: &str, names: &BTreeSet<String>) -> Result<(), StoreError> {
    let before: BTreeSet<String> = connection
        .prepare_cached("SELECT name FROM order_refs WHERE id = ?1")?
        .query_map([id], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for gone in before.difference(names) {
        connection
            .prepare_cached("DELETE FROM order_refs WHERE id = ?1 AND name = ?2")?
            .execute([id, gone])?;
    }
    for new in names.difference(&before) {
        connection
            .prepare_cached("INSERT INTO order_refs (id, name) VALUES (?1, ?2)")?
            .execute([id, new])?;
    }
    Ok(())
}

/// See [`put_refs`].
fn put_row(connection: &Connection, id: &str, sort: &str, text: &str) -> Result<(), StoreError> {
    use rusqlite::OptionalExtension as _;
    let before: Option<(String, String)> = connection
        .prepare_cached("SELECT sort, row FROM order_list WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if before.is_none_or(|(old_sort, old_text)| old_sort != sort || old_text != text) {
        connection
            .prepare_cached("INSERT OR REPLACE INTO order_list (id, sort, row) VALUES (?1, ?2, ?3)")?
            .execute([id, sort, text])?;
    }
    Ok(())
}

/// In scope, or own work that began stands here: a started order never vanishes (I16).
fn is_shown(connection: &Connection, order: OrderId) -> Result<bool, StoreError> {
    let name = DocName::Order(order);
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM docs d
               WHERE family = ?1 AND ((name = ?2 AND in_scope = 1) OR started = 1)
                 AND EXISTS (SELECT 1 FROM changes c WHERE c.doc = d.id))",
        )?
        .query_row(params![name.family(), name.to_string()], |row| row.get(0))?)
}

fn order_row(
    view: &OrderView,
    linked: &Linked,
    records: &BTreeMap<DocName, Arc<RecordView>>,
    me: Option<UserId>,
) -> OrderRow {
    let record = |doc: &Option<DocName>| doc.as_ref().and_then(|doc| records.get(doc));
    let field = |name: &str| view.fields.known_text(name);
    let mine = view.assignments.iter().any(|assignment| {
        Some(assignment.id) == view.current && me.is_some_and(|me| assignment.engineers.contains(&me))
    });
    OrderRow {
        id: view.order,
        number: record(&linked.ticket)
            .and_then(|ticket| ticket.any_number())
            .map(str::to_owned),
        customer: record(&linked.customer).and_then(|customer| customer.fields.known_text("name")),
        summary: field("summary")
            .or_else(|| record(&linked.ticket).and_then(|ticket| ticket.fields.known_text("description"))),
        kind: field("type"),
        priority: field("priority"),
        state: view.state.as_str().to_owned(),
        status: view.status.as_str().to_owned(),
        window_from: field("window_from"),
        window_to: field("window_to"),
        mine,
        flags: view.flags.iter().map(|flag| flag.as_str().to_owned()).collect(),
        conflicts: view
            .conflicts
            .iter()
            .filter(|conflict| {
                conflict.open_action() && conflict.acts == crate::facts::conflict::Acts::Engineer
            })
            .count()
            .try_into()
            .unwrap_or(u32::MAX),
        update_needed: view.update_needed.is_some(),
        unsent: 0,
        photos: 0,
        photos_on_server: 0,
    }
}

/// Own open work first, by window, priority, number.
fn sort_key(row: &OrderRow) -> String {
    let open = row.state != OrderState::Cancelled.as_str()
        && row.status != VisibleStatus::Done.as_str()
        && row.status != VisibleStatus::Audited.as_str();
    format!(
        "{}{}{}\u{1}{}\u{1}{}\u{1}{}",
        u8::from(!open),
        u8::from(!row.mine),
        row.window_from.as_deref().unwrap_or("9999"),
        row.priority.as_deref().unwrap_or("p9"),
        row.number.as_deref().unwrap_or("~"),
        row.id,
    )
}

/// Every text in the fields, also inside lists: what a person may remember of a record.
fn words_of(fields: &crate::facts::Fields) -> Vec<String> {
    fn gather(value: &serde_json::Value, into: &mut Vec<String>) {
        match value {
            // Names of other documents are no words.
            serde_json::Value::String(text) if text.parse::<DocName>().is_err() => into.push(text.clone()),
            serde_json::Value::Array(items) => items.iter().for_each(|item| gather(item, into)),
            serde_json::Value::Object(members) => members.values().for_each(|item| gather(item, into)),
            _ => {}
        }
    }
    let mut words = Vec::new();
    for name in fields.0.keys() {
        if let Some(value) = fields.known(name) {
            gather(&value, &mut words);
        }
    }
    words
}

/// Both numbers of a ticket: a person may hold a paper with either (Q12).
fn numbers_of(record: &RecordView) -> impl Iterator<Item = String> + '_ {
    let provisional = record
        .ticket
        .iter()
        .filter_map(|ticket| ticket.provisional.clone());
    record.number.clone().into_iter().chain(provisional)
}

/// Makes the search entry of a customer, a unit, a ticket or a person again.
fn index_record(connection: &Reading<'_>, doc: &DocName) -> Result<(), StoreError> {
    let title_field = match doc {
        DocName::Customer(_) | DocName::Person(..) | DocName::PersonField(..) => "name",
        DocName::Asset(_) => "serial",
        DocName::Ticket(_) => "description",
        _ => return Ok(()),
    };
    let name = doc.to_string();
    let in_scope: Option<bool> = connection
        .prepare_cached("SELECT in_scope OR started FROM docs WHERE name = ?1")?
        .query_row([&name], |row| row.get(0))
        .optional()?;
    if in_scope != Some(true) {
        return search::put(connection, &name, "", "");
    }
    let (record, _) = connection.record_alone(doc)?;
    if record.hidden {
        return search::put(connection, &name, "", "");
    }
    let mut body = words_of(&record.fields);
    body.extend(numbers_of(&record));
    let title: Vec<&str> = [record.any_number(), record.fields.text(title_field)]
        .into_iter()
        .flatten()
        .collect();
    search::put(connection, &name, &title.join(" · "), &body.join(" \n"))
}

/// Rows of the list, in order; with `only`, those of these orders.
///
/// # Errors
/// Those of the store.
pub fn rows(connection: &Connection, only: Option<&BTreeSet<OrderId>>) -> Result<Vec<OrderRow>, StoreError> {
    let unsent = unsent_by_family(connection)?;
    let photos = photos::counts(connection)?;
    let finish = |text: String| -> Result<OrderRow, StoreError> {
        let mut row: OrderRow =
            serde_json::from_str(&text).map_err(|_| StoreError::Malformed { what: "row" })?;
        row.unsent = unsent.get(&DocName::Order(row.id).family()).copied().unwrap_or(0);
        (row.photos, row.photos_on_server) = photos.get(&row.id.to_string()).copied().unwrap_or_default();
        Ok(row)
    };
    match only {
        None => {
            let mut statement = connection.prepare_cached("SELECT row FROM order_list ORDER BY sort")?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            rows.map(|row| finish(row?)).collect()
        }
        Some(only) => {
            let mut found = Vec::new();
            for order in only {
                let row: Option<(String, String)> = connection
                    .prepare_cached("SELECT sort, row FROM order_list WHERE id = ?1")?
                    .query_row([order.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()?;
                if let Some((sort, row)) = row {
                    found.push((sort, finish(row)?));
                }
            }
            found.sort_by(|a, b| a.0.cmp(&b.0));
            Ok(found.into_iter().map(|(_, row)| row).collect())
        }
    }
}

fn unsent_by_family(connection: &Connection) -> Result<BTreeMap<String, u32>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT d.family, count(*) FROM changes c JOIN docs d ON d.id = c.doc WHERE c.state = 0 GROUP BY d.family",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
