//! From entries to balances, disputes and flags; the order and number of deliveries do not matter (I1).

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use super::balances::{Balances, Discrepancy};
use super::location::{Location, LocationClass};
use super::movement::{Entry, Movement, MovementKind};
use crate::domain::ids::UserId;

/// What is odd about an entry. It stands all the same, or has no effect where that is said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LedgerFlag<K> {
    /// The movement's kind does not go that way; it counts.
    Route(K),
    /// The reversal's movement is not here (yet); no effect until it is.
    ReversesUnknown(K),
    /// The movement is reversed by another entry already; no effect.
    ReversedTwice(K),
    /// A reversal cannot be reversed; no effect: post the movement again.
    ReversesReversal(K),
}

/// A serial number with more than one end state (I4, D.5 2b): used up twice, or used up and scrapped. None of the
/// movements is removed; the storekeeper reverses the wrong one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SerialDispute<K> {
    /// Part number.
    pub part: String,
    /// Serial number.
    pub serial: String,
    /// The movements into end states that stand.
    pub ends: Vec<K>,
}

/// YunTian's figure for one part in an engineer's name: 领取 − 消耗 (Y-23, Q10). A column of a report, not the stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct YunTianRow {
    /// Pieces issued in the engineer's name.
    pub issued: i64,
    /// Pieces he built in out of his own stock.
    pub consumed: i64,
}

impl YunTianRow {
    /// Issued less consumed.
    pub const fn balance(self) -> i64 {
        self.issued - self.consumed
    }
}

/// What follows from the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger<K, M = Movement> {
    /// Pieces per location and part.
    pub balances: Balances,
    /// Balances below zero, of parts and of single units.
    pub discrepancies: Vec<Discrepancy>,
    /// Serial numbers with more than one end state.
    pub disputes: Vec<SerialDispute<K>>,
    /// What is odd, by entry.
    pub flags: Vec<LedgerFlag<K>>,
    /// The movements that stand, in the order of their ids: neither reversed nor without effect.
    pub standing: Vec<(K, M)>,
}

/// Folds entries onto opening balances (those of a closing, design 3; empty without one). Entries with one id count
/// once; if their contents differ, the lower content counts everywhere.
pub fn fold<K: Ord + Clone, M: Ord + Borrow<Movement>>(
    opening: &Balances,
    entries: impl IntoIterator<Item = (K, Entry<K, M>)>,
) -> Ledger<K, M> {
    let mut once: Vec<(K, Entry<K, M>)> = entries.into_iter().collect();
    once.sort_unstable();
    once.dedup_by(|later, first| later.0 == first.0);
    let find = |id: &K| once.binary_search_by(|(known, _)| known.cmp(id)).ok();

    let mut flags = Vec::new();
    let mut reversed: BTreeSet<usize> = BTreeSet::new();
    for (id, entry) in &once {
        let Entry::Reverse(reversal) = entry else { continue };
        match find(&reversal.of).map(|at| (at, &once[at].1)) {
            None => flags.push(LedgerFlag::ReversesUnknown(id.clone())),
            Some((_, Entry::Reverse(_))) => flags.push(LedgerFlag::ReversesReversal(id.clone())),
            Some((at, Entry::Move(_))) => {
                if !reversed.insert(at) {
                    flags.push(LedgerFlag::ReversedTwice(id.clone()));
                }
            }
        }
    }

    let mut balances = opening.clone();
    let mut standing = Vec::with_capacity(once.len());
    for (at, (id, entry)) in once.into_iter().enumerate() {
        let Entry::Move(movement) = entry else { continue };
        let moved: &Movement = movement.borrow();
        if !moved.kind().goes(moved.from(), moved.to()) {
            flags.push(LedgerFlag::Route(id.clone()));
        }
        if !reversed.contains(&at) {
            standing.push((id, movement));
        }
    }
    flags.sort();
    balances.post_all(standing.iter().map(|(_, movement)| movement.borrow()));

    let (serial_discrepancies, disputes) = serials(&standing);
    let mut discrepancies = balances.discrepancies();
    discrepancies.extend(serial_discrepancies);
    discrepancies.sort();
    Ledger {
        balances,
        discrepancies,
        disputes,
        flags,
        standing,
    }
}

/// A unit's pieces per place; all customer sites are one place, because a unit built in on one work order may be
/// taken out on another.
fn place_of(location: Location) -> Result<Location, LocationClass> {
    match location {
        Location::CustomerSite(_) => Err(LocationClass::CustomerSite),
        other => Ok(other),
    }
}

/// Where a unit's way ends.
fn is_end(place: Result<Location, LocationClass>) -> bool {
    matches!(place, Err(_) | Ok(Location::Scrap | Location::Supplier))
}

fn serials<K: Clone, M: Borrow<Movement>>(standing: &[(K, M)]) -> (Vec<Discrepancy>, Vec<SerialDispute<K>>) {
    type Unit<'a> = (&'a str, &'a str);
    let mut units: BTreeMap<Unit<'_>, Vec<(&K, &Movement)>> = BTreeMap::new();
    for (id, movement) in standing {
        let movement: &Movement = movement.borrow();
        if let Some(serial) = movement.serial() {
            units
                .entry((movement.part(), serial))
                .or_default()
                .push((id, movement));
        }
    }
    let (mut discrepancies, mut disputes) = (Vec::new(), Vec::new());
    for ((part, serial), movements) in units {
        let mut places: BTreeMap<Result<Location, LocationClass>, i64> = BTreeMap::new();
        for (_, movement) in &movements {
            *places.entry(place_of(movement.from())).or_default() -= 1;
            *places.entry(place_of(movement.to())).or_default() += 1;
        }
        let ends: i64 = places
            .iter()
            .filter(|(place, _)| is_end(**place))
            .map(|(_, n)| (*n).max(0))
            .sum();
        if ends > 1 {
            disputes.push(SerialDispute {
                part: part.to_owned(),
                serial: serial.to_owned(),
                ends: movements
                    .iter()
                    .filter(|(_, movement)| is_end(place_of(movement.to())))
                    .map(|(id, _)| (*id).clone())
                    .collect(),
            });
        }
        for (place, balance) in places {
            if let Ok(location) = place
                && location.class().is_shelf()
                && balance < 0
            {
                let serial = Some(serial.to_owned());
                discrepancies.push(Discrepancy {
                    location,
                    part: part.to_owned(),
                    serial,
                    balance,
                });
            }
        }
    }
    (discrepancies, disputes)
}

impl<K: Ord, M: Borrow<Movement>> Ledger<K, M> {
    /// The movements that stand.
    pub fn movements(&self) -> impl Iterator<Item = &Movement> {
        self.standing.iter().map(|(_, movement)| movement.borrow())
    }

    /// A movement, where it stands.
    pub fn movement(&self, id: &K) -> Option<&Movement> {
        let at = self.standing.binary_search_by(|(known, _)| known.cmp(id)).ok()?;
        Some(self.standing[at].1.borrow())
    }

    /// YunTian's column for an engineer, by part (Y-23, Q10).
    pub fn yuntian(&self, engineer: UserId) -> BTreeMap<String, YunTianRow> {
        let mut rows: BTreeMap<String, YunTianRow> = BTreeMap::new();
        for movement in self.movements() {
            let qty = i64::from(movement.qty());
            if movement.kind() == MovementKind::Issue && movement.to().engineer() == Some(engineer) {
                rows.entry(movement.part().to_owned()).or_default().issued += qty;
            }
            if movement.kind() == MovementKind::Consume && movement.from() == Location::VanGood(engineer) {
                rows.entry(movement.part().to_owned()).or_default().consumed += qty;
            }
        }
        rows
    }
}
