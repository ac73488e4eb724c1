//! A unit is swapped at the customer's in one action: the old one taken in, the new one out of the van, the register's
//! unit replaced, all under the warranty decision (U-05).
//!
//! Invariants: one action over the visit and the van, so that all of it is there or nothing; whatever stands in the way is
//! said before anything is written. What the new unit is stands in the visit as a proposal until the office takes it over.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::act::{Me, Plan, Saved};
use super::van::{arrived, received, van_view};
use super::{Engine, details, steps, warranty};
use crate::device::EngineError;
use crate::device::store::{Reading, projections};
use crate::domain::ids::{AssetId, OrderId, UserId};
use crate::domain::ledger::{Location, Movement, MovementKind};
use crate::domain::warranty::{WarrantyDates, may_replace, replacement_dates};
use crate::facts::order::swaps::{said_to, standing_decision, swaps};
use crate::facts::van::StockRow;
use crate::facts::{DocName, Fact, FactId, Fields, RecordView, VanView, ViewToken, kinds};

/// A unit that takes another one's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swap {
    /// The unit that is taken in.
    pub asset: DocName,
    /// Part number of the new unit; the old one goes into the book under it too.
    pub part: String,
    /// Serial number of the new unit.
    pub serial: String,
    /// The colleague out of whose van it comes, by hand, where it is not in the own one (D.5-2b).
    pub from: Option<UserId>,
    /// Why, in words.
    pub note: Option<String>,
}

/// What was found before anything is written.
struct Found {
    old: RecordView,
    old_serial: Option<String>,
    customer: Option<Value>,
    decision: FactId,
    dates: WarrantyDates,
}

impl Engine {
    /// Swaps a unit at the customer's: one action over the visit and the van.
    ///
    /// # Errors
    /// [`EngineError::Invalid`], and nothing is written: no part or serial number; the old unit unknown or replaced already;
    /// the same serial number; no decision about it, or one that does not allow it (yet); the new unit neither in the own
    /// van nor on its way, and no colleague named (`step_problem.not_in_van`); a sealed report. Else as
    /// [`Engine::use_part`].
    pub fn swap(&self, order: OrderId, token: &ViewToken, swap: &Swap) -> Result<Saved, EngineError> {
        let swap = tidy(swap)?;
        let (saved, ()) = self.inner.act(token, |transaction, me| {
            let folded = details::fold(transaction, order, Some(me.user))?;
            if steps::frozen(&folded.view, me) {
                return Err(EngineError::invalid("step_problem.sealed"));
            }
            let found = find(transaction, me, &folded, &swap, self.inner.today())?;
            let brought = brought(&van_view(transaction, me)?, me, &swap)?;
            let assignment = steps::own_assignment(&folded.view, me);
            let note = swap.note.clone();
            let moved = |kind, serial: Option<&str>, from, to| {
                let moved = plain(kind, &swap.part, serial, from, to)?;
                Ok::<_, EngineError>(Fact::Move(kinds::Move {
                    order: Some(DocName::Order(order)),
                    assignment,
                    note: note.clone(),
                    ..moved
                }))
            };
            let (site, good) = (Location::CustomerSite(order), Location::VanGood(me.user));
            let defective = Location::VanDefective(me.user);
            let mut van = vec![
                with_rma(
                    moved(
                        MovementKind::CollectDefective,
                        found.old_serial.as_deref(),
                        site,
                        defective,
                    )?,
                    self.inner.new_rma(),
                ),
                moved(MovementKind::Consume, Some(&swap.serial), good, site)?,
            ];
            van.extend(brought);
            let new = DocName::Asset(AssetId(self.inner.env.uuid_v7()));
            let none = Fields::default();
            let shown = folded.view.learnt.get(&swap.asset).unwrap_or(&none);
            let replaced = BTreeMap::from([("replaced_by".to_owned(), json!(new))]);
            let facts = vec![
                Fact::Set(kinds::Set {
                    subject: Some(new),
                    fields: unit(me, &swap, &found),
                    over: Vec::new(),
                }),
                steps::set_fact(shown, Some(swap.asset.clone()), replaced, token)?,
            ];
            let parts = vec![(DocName::Visit(order, me.user), facts), (self.inner.van(me), van)];
            Ok((
                Plan {
                    parts,
                    ..Plan::default()
                },
                (),
            ))
        })?;
        Ok(saved)
    }
}

fn tidy(swap: &Swap) -> Result<Swap, EngineError> {
    let note = swap.note.as_deref().map(str::trim);
    let tidy = Swap {
        part: swap.part.trim().to_owned(),
        serial: swap.serial.trim().to_owned(),
        note: note.filter(|note| !note.is_empty()).map(str::to_owned),
        ..swap.clone()
    };
    if tidy.part.is_empty() {
        return Err(EngineError::invalid("step_problem.part_missing"));
    }
    if tidy.serial.is_empty() {
        return Err(EngineError::invalid("step_problem.serial_missing"));
    }
    Ok(tidy)
}

/// The old unit with the decision that allows its replacement.
fn find(
    transaction: &Reading<'_>,
    me: &Me,
    folded: &details::Folded,
    swap: &Swap,
    today: chrono::NaiveDate,
) -> Result<Found, EngineError> {
    let view = &folded.view;
    let old = projections::record(transaction, &swap.asset, &folded.actions)?;
    if old.changes.is_empty() || !matches!(swap.asset, DocName::Asset(_)) {
        return Err(EngineError::invalid("step_problem.unknown_asset"));
    }
    let proposed = swaps(view).into_iter().any(|known| known.asset == swap.asset);
    if proposed || old.fields.value("replaced_by").is_some() {
        return Err(EngineError::invalid("step_problem.already_replaced"));
    }
    let old_serial = warranty::known_text(&old.fields, "serial", me);
    if old_serial.as_deref() == Some(swap.serial.as_str()) {
        return Err(EngineError::invalid("step_problem.same_serial"));
    }
    let (decided, decision) = standing_decision(view, &swap.asset)
        .ok_or_else(|| EngineError::invalid("step_problem.decision_missing"))?;
    let said = said_to(decided);
    may_replace(&decision, said).map_err(|problem| EngineError::invalid(problem.text_key()))?;
    let customer = old
        .fields
        .value("customer")
        .or_else(|| view.fields.value("customer"));
    Ok(Found {
        customer: customer.cloned(),
        decision: decided.id,
        dates: replacement_dates(&decision, said.overridden, today),
        old_serial,
        old,
    })
}

/// What is taken in gets a return number (T-28).
fn with_rma(fact: Fact, rma: String) -> Fact {
    match fact {
        Fact::Move(moved) => Fact::Move(kinds::Move {
            rma: Some(rma),
            ..moved
        }),
        other => other,
    }
}

fn plain(
    kind: MovementKind,
    part: &str,
    serial: Option<&str>,
    from: Location,
    to: Location,
) -> Result<kinds::Move, EngineError> {
    let movement = Movement::new(kind, part, serial, 1, from, to)
        .map_err(|error| EngineError::invalid(error.text_key()))?;
    Ok(kinds::Move {
        movement: kind.as_str().to_owned(),
        part: movement.part().to_owned(),
        serial: serial.map(str::to_owned),
        qty: 1,
        from: from.to_string(),
        to: to.to_string(),
        order: None,
        assignment: None,
        note: None,
        ..Default::default()
    })
}

/// How the new unit came into the van: it is there (nothing), it was on its way (it has evidently arrived, T-33), or a
/// colleague gave it.
fn brought(van: &VanView, me: &Me, swap: &Swap) -> Result<Option<Fact>, EngineError> {
    let in_van = |row: &StockRow| row.part == swap.part && row.serials.contains(&swap.serial);
    if van.good.iter().any(in_van) {
        return Ok(None);
    }
    if arrived(van, &swap.part, Some(&swap.serial), 1).is_some() {
        return Ok(Some(received(me, &swap.part, Some(swap.serial.clone()), 1)));
    }
    let Some(from) = swap.from else {
        return Err(EngineError::invalid("step_problem.not_in_van"));
    };
    let (from, to) = (Location::VanGood(from), Location::VanGood(me.user));
    plain(MovementKind::TransferIn, &swap.part, Some(&swap.serial), from, to)
        .map(|moved| Some(Fact::Move(moved)))
}

/// What the new unit's record is to say.
fn unit(me: &Me, swap: &Swap, found: &Found) -> BTreeMap<String, Value> {
    let date = |day: Option<chrono::NaiveDate>| day.map(|day| json!(day.to_string()));
    let product = warranty::known_text(&found.old.fields, "product", me);
    let dates = &found.dates;
    [
        ("serial", Some(json!(swap.serial))),
        ("product", product.map(|product| json!(product))),
        ("customer", found.customer.clone()),
        ("replaces", Some(json!(swap.asset))),
        ("decision", Some(json!(found.decision))),
        ("applied_on", date(dates.applied_on)),
        ("sold_on", date(dates.sold_on)),
        ("accepted_on", date(dates.accepted_on)),
        ("maker_warranty_end", date(dates.maker_warranty_end)),
        ("not_removable", found.old.fields.value("not_removable").cloned()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect()
}
