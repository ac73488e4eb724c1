//! Which documents an engineer's devices get, and why (design 5, «Scope»).
//!
//! Scope is a set of unique rows (engineer, document, reason). The first reason puts a grant row into the sequence, the
//! end of the last one a removal row: a customer named by two orders survives the loss of one. Reasons:
//! * `order/<id>`: the engineer stands in an assignment of that order which no other replaced, or in a replaced one under
//!   which he began a visit: he must hear that the order was taken from him, and may have to correct a report that was
//!   sent back to him (D.5-1: the conflict stands on both timelines). A visit alone gives nobody a right. It covers the
//!   order, all its visits, the intake that it began with, and the ticket, customer, assets and persons that these name.
//! * `own`: a document of which the engineer is the writer, and the storekeeper's side of his van.
//! * `all`: `directory` and `reference/index`, from the first enrolment on.
//!
//! Invariant: what an order's reason covers is a function of the order's accepted changes and of the documents that
//! they name, computed anew whenever one of them changes.

mod references;

use std::collections::BTreeSet;

use fieldseal_core::domain::ids::{DeviceId, OrderId, UserId};
use fieldseal_core::facts::{DocName, Writer};
use sha2::{Digest, Sha256};

use crate::storage::{DocKey, DocRow, Hash, NewRow, Result, RowKind, WriteTx};

pub use references::{Links, links};

/// The reason of documents that are the engineer's own.
pub const OWN: &str = "own";
/// The reason of documents that everybody gets.
pub const ALL: &str = "all";

/// The engineer whose own document this is, if it is one's.
pub fn owner(doc: &DocName) -> Option<UserId> {
    match (doc, doc.writer()) {
        (_, Writer::Engineer(engineer)) => Some(engineer),
        (DocName::VanOffice(engineer, _), Writer::Office) => Some(*engineer),
        (_, Writer::Office) => None,
    }
}

/// The order of a reason.
pub fn order_of(reason: &str) -> Option<OrderId> {
    match reason.parse() {
        Ok(DocName::Order(order)) => Some(order),
        _ => None,
    }
}

/// What stands for a grant or removal in the chain tag: SHA-256 of the engineer's id and, for one device alone, its.
fn row_hash(engineer: UserId, device: Option<DeviceId>) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(engineer.0.as_bytes());
    if let Some(device) = device {
        hasher.update(device.0.as_bytes());
    }
    hasher.finalize().into()
}

fn append(
    tx: &mut dyn WriteTx,
    kind: RowKind,
    engineer: UserId,
    device: Option<DeviceId>,
    doc: DocKey,
) -> Result<()> {
    let hash = row_hash(engineer, device);
    tx.append_row(&NewRow {
        kind,
        doc: Some(doc),
        hash: &hash,
        engineer: Some(engineer),
        device,
    })?;
    Ok(())
}

/// Adds a reason; the first one grants.
///
/// # Errors
/// The storage's.
pub fn add(tx: &mut dyn WriteTx, engineer: UserId, doc: DocKey, reason: &str) -> Result<()> {
    if tx.add_reason(engineer, doc, reason)? {
        append(tx, RowKind::Grant, engineer, None, doc)?;
    }
    Ok(())
}

/// Takes a reason away; with the last one the document leaves.
///
/// # Errors
/// The storage's.
pub fn drop_reason(tx: &mut dyn WriteTx, engineer: UserId, doc: DocKey, reason: &str) -> Result<()> {
    if tx.drop_reason(engineer, doc, reason)? {
        append(tx, RowKind::Removal, engineer, None, doc)?;
    }
    Ok(())
}

/// Has a newly enrolled device get all that its engineer has in scope: grants for it alone, above the row that its first
/// pull starts after. Gives that row.
///
/// # Errors
/// The storage's.
pub fn enrol(tx: &mut dyn WriteTx, engineer: UserId, device: DeviceId) -> Result<u64> {
    // With the engineer's first device these reasons begin; its grants below are the ones that it needs.
    for name in [DocName::Directory, DocName::ReferenceIndex] {
        let (doc, _) = tx.ensure_doc(&name)?;
        tx.add_reason(engineer, doc.key, ALL)?;
    }
    let (start, _) = tx.head()?;
    for doc in tx.scope_docs(engineer)? {
        append(tx, RowKind::Grant, engineer, Some(device), doc)?;
    }
    Ok(start)
}

/// Brings an order's reason in line with the order's accepted changes.
///
/// # Errors
/// The storage's.
pub fn follow_order(tx: &mut dyn WriteTx, order: OrderId) -> Result<()> {
    let name = DocName::Order(order);
    let reason = name.to_string();
    let Some(doc) = tx.doc(&name)?.filter(|doc| doc.changes > 0) else {
        return Ok(());
    };
    let order_links = links(&tx.actions_of_doc(doc.key)?);
    let family = tx.family(&name.family())?;
    let mut engineers = order_links.engineers;
    let begun = |doc: &&DocRow| doc.changes > 0 && matches!(doc.name, DocName::Visit(..));
    for visit in family.iter().filter(begun) {
        engineers.extend(owner(&visit.name).filter(|engineer| order_links.ever.contains(engineer)));
    }
    let mut docs: BTreeSet<DocKey> = family.iter().map(|doc| doc.key).collect();
    docs.insert(doc.key);
    if !engineers.is_empty() {
        collect(tx, &order_links.docs, &mut docs)?;
    }
    let wanted: BTreeSet<(UserId, DocKey)> = engineers
        .iter()
        .flat_map(|engineer| docs.iter().map(|doc| (*engineer, *doc)))
        .collect();
    let present: BTreeSet<(UserId, DocKey)> = tx.scope_of_reason(&reason)?.into_iter().collect();
    for (engineer, doc) in wanted.difference(&present) {
        add(tx, *engineer, *doc, &reason)?;
    }
    for (engineer, doc) in present.difference(&wanted) {
        drop_reason(tx, *engineer, *doc, &reason)?;
    }
    Ok(())
}

/// The documents that an order names, and the persons, assets and customers that its ticket and customer name.
fn collect(tx: &mut dyn WriteTx, named: &BTreeSet<DocName>, docs: &mut BTreeSet<DocKey>) -> Result<()> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<DocName> = named.iter().cloned().collect();
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let doc = match tx.doc(&name)? {
            Some(doc) => doc,
            // What the office is about to write is granted empty; nobody creates an engineer's document but he.
            None if name.writer() == Writer::Office => tx.ensure_doc(&name)?.0,
            None => continue,
        };
        docs.insert(doc.key);
        // From an asset nothing follows: its customer's other assets are no part of this order.
        if doc.changes > 0 && matches!(name, DocName::Ticket(_) | DocName::Customer(_)) {
            let onward = links(&tx.actions_of_doc(doc.key)?).docs;
            let ticket = matches!(name, DocName::Ticket(_));
            open.extend(
                onward
                    .into_iter()
                    .filter(|next| ticket || matches!(next, DocName::Person(..) | DocName::PersonField(..))),
            );
        }
    }
    Ok(())
}
