//! Balances: pieces per location and part, all in minus all out.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::location::Location;
use super::movement::Movement;

/// Pieces per location and part. A balance of zero is not kept, so that equal stock has equal bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<Line>", into = "Vec<Line>")]
pub struct Balances {
    lines: BTreeMap<(Location, String), i64>,
}

/// A balance below zero at a place of ours: more went out than in. Shown red, never refused (B29, D.5 2a).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Discrepancy {
    /// Where.
    pub location: Location,
    /// Which part.
    pub part: String,
    /// The serial number, where the balance of a single unit is below zero.
    pub serial: Option<String>,
    /// The balance, below zero.
    pub balance: i64,
}

#[derive(Serialize, Deserialize)]
struct Line {
    location: Location,
    part: String,
    qty: i64,
}

/// Two lines of stored balances name one location and part, or a line is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stored balances are damaged")]
pub struct BalancesError;

impl Balances {
    /// No stock anywhere.
    pub fn new() -> Self {
        Self::default()
    }

    /// Pieces of `part` at `location`.
    pub fn get(&self, location: Location, part: &str) -> i64 {
        self.lines.get(&(location, part.to_owned())).copied().unwrap_or(0)
    }

    /// Every part at a location that is not zero.
    pub fn at(&self, location: Location) -> impl Iterator<Item = (&str, i64)> {
        self.lines
            .iter()
            .filter(move |((l, _), _)| *l == location)
            .map(|((_, part), qty)| (part.as_str(), *qty))
    }

    /// Every line that is not zero, by location and part.
    pub fn iter(&self) -> impl Iterator<Item = (Location, &str, i64)> {
        self.lines
            .iter()
            .map(|((location, part), qty)| (*location, part.as_str(), *qty))
    }

    /// The sum of a part over all locations; zero, unless the opening balances were not (I3).
    pub fn total(&self, part: &str) -> i64 {
        self.lines
            .iter()
            .filter(|((_, p), _)| p == part)
            .map(|(_, qty)| *qty)
            .sum()
    }

    /// Balances below zero at places of ours.
    pub fn discrepancies(&self) -> Vec<Discrepancy> {
        self.iter()
            .filter(|(location, _, qty)| location.class().is_shelf() && *qty < 0)
            .map(|(location, part, balance)| Discrepancy {
                location,
                part: part.to_owned(),
                serial: None,
                balance,
            })
            .collect()
    }

    /// Posts movements: summed up first, so that each line is looked up and named once.
    pub(super) fn post_all<'m>(&mut self, movements: impl Iterator<Item = &'m Movement>) {
        let mut sums: HashMap<(Location, &str), i64> = HashMap::new();
        for movement in movements {
            let qty = i64::from(movement.qty());
            for (place, qty) in [(movement.from(), -qty), (movement.to(), qty)] {
                let sum = sums.entry((place, movement.part())).or_default();
                *sum = sum.saturating_add(qty);
            }
        }
        for ((location, part), qty) in sums {
            self.add(location, part, qty);
        }
    }

    fn add(&mut self, location: Location, part: &str, qty: i64) {
        let key = (location, part.to_owned());
        // 2^31 movements of 2^32 pieces would be needed to reach the bound.
        let sum = self.lines.get(&key).copied().unwrap_or(0).saturating_add(qty);
        if sum == 0 {
            self.lines.remove(&key);
        } else {
            self.lines.insert(key, sum);
        }
    }
}

impl From<Balances> for Vec<Line> {
    fn from(balances: Balances) -> Self {
        balances
            .lines
            .into_iter()
            .map(|((location, part), qty)| Line { location, part, qty })
            .collect()
    }
}
impl TryFrom<Vec<Line>> for Balances {
    type Error = BalancesError;
    fn try_from(stored: Vec<Line>) -> Result<Self, BalancesError> {
        let mut lines = BTreeMap::new();
        for line in stored {
            if line.qty == 0 || lines.insert((line.location, line.part), line.qty).is_some() {
                return Err(BalancesError);
            }
        }
        Ok(Self { lines })
    }
}
