//! What the fold reads, out of the facts table: no Automerge document is loaded (design 4).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Params, params};

use super::StoreError;
use super::changes::split_hashes;
use super::parsed::{Facts, Reading};
use crate::domain::ids::{ActionId, OrderId, UserId};
use crate::facts::{DocName, Fact, FoldContext, ParsedAction, StoredAction};

const SELECT: &str = "SELECT d.name, f.key, f.text, c.hash, c.deps, c.actor
     FROM facts f JOIN changes c ON c.id = f.change JOIN docs d ON d.id = f.doc";

fn actions(
    connection: &Connection,
    rest: &str,
    params: impl Params,
) -> Result<Vec<StoredAction>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} {rest} ORDER BY f.change"))?;
    let rows = statement.query_map(params, |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, [u8; 16]>(1)?,
            row.get::<_, String>(2)?,
            row.get::<_, [u8; 32]>(3)?,
            row.get::<_, Vec<u8>>(4)?,
            row.get::<_, [u8; 16]>(5)?,
        ))
    })?;
    rows.map(|row| {
        let (name, key, text, hash, deps, actor) = row?;
        Ok(StoredAction {
            doc: name.parse().map_err(|_| StoreError::Malformed { what: "name" })?,
            key: ActionId(uuid::Uuid::from_bytes(key)),
            text: Arc::from(text),
            hash,
            deps: split_hashes(&deps)?,
            actor,
        })
    })
    .collect()
}

/// The actions of one document.
///
/// # Errors
/// [`StoreError::Malformed`]; those of SQLite.
pub fn of_doc(connection: &Connection, name: &DocName) -> Result<Vec<StoredAction>, StoreError> {
    actions(connection, "WHERE d.name = ?1", [name.to_string()])
}

/// The provisional numbers of an engineer's foundings on this phone (Q12).
///
/// # Errors
/// As [`of_doc`].
pub fn foundings(connection: &Connection, engineer: UserId) -> Result<Vec<String>, StoreError> {
    let prefix = format!("intake/{engineer}/");
    let actions = actions(
        connection,
        "WHERE d.name >= ?1 AND d.name < ?2",
        [prefix.clone(), format!("{prefix}~")],
    )?;
    let numbers = ParsedAction::read_all(&actions)
        .iter()
        .filter_map(|action| action.content.as_ref())
        .flat_map(|content| &content.facts)
        .filter_map(|record| match record.fact() {
            Some(Fact::Found(found)) => Some(found.provisional.clone()),
            _ => None,
        })
        .collect();
    Ok(numbers)
}

/// The facts of a work order and its visits.
///
/// # Errors
/// As [`of_doc`].
pub fn of_order(reading: &Reading<'_>, order: OrderId) -> Result<Facts, StoreError> {
    reading.of_family(&DocName::Order(order).family())
}

/// The actions of an engineer's van.
///
/// # Errors
/// As [`of_doc`].
pub fn of_van(connection: &Connection, engineer: UserId) -> Result<Vec<StoredAction>, StoreError> {
    actions(connection, "WHERE d.family = ?1", [van_family(engineer)])
}

/// The van's actions that have to do with an order: movements for it, and reversals, which name only a movement.
///
/// # Errors
/// As [`of_doc`].
pub fn of_van_for(
    reading: &Reading<'_>,
    engineer: UserId,
    order: OrderId,
) -> Result<Vec<Arc<ParsedAction>>, StoreError> {
    reading.of_van_for(&van_family(engineer), order)
}

fn van_family(engineer: UserId) -> String {
    format!("van/{engineer}")
}

/// What a fold of these actions must know of documents outside them: which ones named by an action over several
/// documents are in scope here, and whether they carry it.
///
/// # Errors
/// Those of SQLite.
pub fn context(connection: &Connection, actions: &[Arc<ParsedAction>]) -> Result<FoldContext, StoreError> {
    let mut asked: BTreeMap<&DocName, BTreeSet<ActionId>> = BTreeMap::new();
    for action in actions {
        let Some(content) = &action.content else { continue };
        for (doc, _) in &content.docs {
            if !actions.iter().any(|inside| *inside.doc == *doc) {
                asked.entry(doc).or_default().insert(action.key);
            }
        }
    }
    let mut context = FoldContext::default();
    for (doc, keys) in asked {
        let row: Option<i64> = connection
            .prepare_cached("SELECT id FROM docs WHERE name = ?1 AND in_scope = 1")?
            .query_row([doc.to_string()], |row| row.get(0))
            .optional()?;
        let Some(row) = row else { continue };
        for key in keys {
            let present: bool = connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM changes WHERE doc = ?1 AND key = ?2)")?
                .query_row(params![row, key.0.as_bytes()], |row| row.get(0))?;
            if present {
                context.present.insert((key, doc.clone()));
            }
        }
        context.scope.insert(doc.clone());
    }
    Ok(context)
}
