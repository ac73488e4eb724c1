//! One work order as its screen shows it, with everything that it links to and the token to hand back on saving.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Engine, act, photos};
use crate::device::EngineError;
use crate::device::store::{Reading, projections, read};
use crate::domain::ids::{OrderId, UserId};
use crate::facts::conflict::Conflict;
use crate::facts::order::view::PhotoView;
use crate::facts::{
    DocName, OrderView, ParsedAction, RecordView, ViewToken, fold_directory, fold_order_parsed,
};

/// A work order with the records that its screen shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderDetails {
    /// The order and its visits.
    pub order: OrderView,
    /// What was reported.
    pub ticket: Option<RecordView>,
    /// The customer.
    pub customer: Option<RecordView>,
    /// The units that it is about.
    pub assets: Vec<RecordView>,
    /// Contacts.
    pub people: Vec<RecordView>,
    /// Photos that nobody hid, oldest first.
    pub photos: Vec<OrderPhoto>,
    /// Heads and facts of all of it: hand it back with what is saved from this screen.
    pub token: ViewToken,
}

/// A photo of an order, with what this phone has of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPhoto {
    /// Its mention.
    pub view: PhotoView,
    /// Its bytes are on this phone.
    pub here: bool,
    /// It was taken with this phone.
    pub own: bool,
    /// Of one taken here: bytes on the server's disk; none before its upload began.
    pub sent: Option<u64>,
    /// Of one taken here: the server has it whole, its receipt is stored.
    pub on_server: bool,
}

/// The facts of an order as this phone has them, folded.
pub(super) struct Folded {
    /// The view.
    pub view: Arc<OrderView>,
    /// The actions of the order, its visits, and the own van's for it.
    pub actions: Vec<Arc<ParsedAction>>,
}

/// Folds an order; [`EngineError::NotFound`] where this phone has nothing of it.
pub(super) fn fold(
    connection: &Reading<'_>,
    order: OrderId,
    me: Option<UserId>,
) -> Result<Folded, EngineError> {
    let mut facts = read::of_order(connection, order)?;
    if facts.actions.is_empty() {
        return Err(EngineError::NotFound);
    }
    let moved = match me {
        Some(me) => read::of_van_for(connection, me, order)?,
        None => Vec::new(),
    };
    let view = if moved.is_empty() {
        // What the list's row was made from, as a rule.
        let context = read::context(connection, &facts.actions)?;
        connection.order_view(order, &facts, context)
    } else {
        facts.actions.extend(moved);
        let context = read::context(connection, &facts.actions)?;
        Arc::new(fold_order_parsed(order, &facts.actions, &context))
    };
    Ok(Folded {
        view,
        actions: facts.actions,
    })
}

/// As a screen shows it.
pub(super) fn details(
    connection: &Reading<'_>,
    order: OrderId,
    me: Option<UserId>,
) -> Result<OrderDetails, EngineError> {
    let folded = fold(connection, order, me)?;
    let fold = |doc: &DocName| projections::record(connection, doc, &folded.actions);
    let (linked, mut records) = projections::linked(&folded.view, fold)?;
    let mut token = folded.view.token.clone();
    for record in records.values() {
        token.absorb(&record.token);
    }
    let mut take = |doc: &DocName| records.remove(doc);
    Ok(OrderDetails {
        ticket: linked.ticket.as_ref().and_then(&mut take),
        customer: linked.customer.as_ref().and_then(&mut take),
        assets: linked.assets.iter().filter_map(&mut take).collect(),
        people: linked.people.iter().filter_map(&mut take).collect(),
        photos: photos::of_view(connection, &folded.view)?,
        order: Arc::unwrap_or_clone(folded.view),
        token,
    })
}

impl Engine {
    /// Names of colleagues by account, also of those who left: what a screen shows for a stamp's `by`.
    ///
    /// # Errors
    /// [`EngineError::Closed`], [`EngineError::Damaged`].
    pub fn colleagues(&self) -> Result<BTreeMap<UserId, String>, EngineError> {
        self.inner.read(|connection| {
            let directory = fold_directory(&read::of_doc(connection, &DocName::Directory)?);
            let named = directory.users.into_iter();
            Ok(named.map(|(id, entry)| (id, entry.user.name)).collect())
        })
    }

    /// A work order with its ticket, customer, units and people. Loads no document.
    ///
    /// # Errors
    /// [`EngineError::NotFound`], [`EngineError::Closed`], [`EngineError::Damaged`].
    pub fn order(&self, order: OrderId) -> Result<OrderDetails, EngineError> {
        self.inner.read(|connection| {
            let me = act::me(connection).ok().map(|me| me.user);
            details(connection, order, me)
        })
    }

    /// Any record by its document: a customer, a unit, a ticket, a person.
    ///
    /// # Errors
    /// [`EngineError::NotFound`], [`EngineError::Closed`], [`EngineError::Damaged`].
    pub fn record(&self, doc: &DocName) -> Result<RecordView, EngineError> {
        self.inner.read(|connection| {
            let view = projections::record(connection, doc, &[])?;
            if view.changes.is_empty() && view.unreadable.is_empty() {
                return Err(EngineError::NotFound);
            }
            Ok(view)
        })
    }

    /// Everything on this phone that two people did without knowing of each other: orders, and the records that
    /// they link to. Each conflict once, by id.
    ///
    /// # Errors
    /// [`EngineError::Closed`], [`EngineError::Damaged`].
    pub fn conflicts(&self) -> Result<Vec<Conflict>, EngineError> {
        self.inner.read(|connection| {
            let me = act::me(connection).ok().map(|me| me.user);
            let mut seen = BTreeSet::new();
            let mut all = Vec::new();
            for row in projections::rows(connection, None)? {
                let details = details(connection, row.id, me)?;
                let records = details.ticket.iter().chain(&details.customer);
                let records = records.chain(&details.assets).chain(&details.people);
                let conflicts = details
                    .order
                    .conflicts
                    .iter()
                    .chain(records.flat_map(|record| &record.conflicts));
                for conflict in conflicts {
                    if seen.insert(conflict.id) {
                        all.push(conflict.clone());
                    }
                }
            }
            Ok(all)
        })
    }
}
