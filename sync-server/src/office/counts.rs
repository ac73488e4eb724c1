//! Counts of store and vans (T-36, D.5-2a), and how much is to lie where (T-34).
//!
//! A count says what was found; its difference to the book is an `adjust` movement against the count differences, in the
//! same action. An engineer's count is a proposal: posted, it corrects the book by what his phone's book was wrong by, so
//! that what he did since stays true.

use fieldseal_core::domain::ids::{ActionId, UserId};
use fieldseal_core::domain::ledger::{Level, Location, MovementKind};
use fieldseal_core::domain::roles::{Operation, Role};
use fieldseal_core::facts::kinds::{self, Count, CountLine, Move};
use fieldseal_core::facts::van::{CountState, StockView};
use fieldseal_core::facts::{DocName, Fact, FactId, ViewToken};

use super::fields::{optional, required};
use super::stock::{MAIN_STORE, QTY_MAX};
use super::{Office, OfficeError, Person, require};

/// A place that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf {
    /// Good parts of the store.
    Store,
    /// Defective parts of the store.
    StoreDefective,
    /// Good parts of a van.
    Van(UserId),
    /// Defective parts of a van.
    VanDefective(UserId),
}

impl Shelf {
    /// As the ledger knows it.
    pub const fn location(self) -> Location {
        match self {
            Self::Store => Location::Store(MAIN_STORE),
            Self::StoreDefective => Location::StoreDefective(MAIN_STORE),
            Self::Van(engineer) => Location::VanGood(engineer),
            Self::VanDefective(engineer) => Location::VanDefective(engineer),
        }
    }

    /// The place that a form names; none for one that nobody counts.
    pub fn of(location: Location) -> Option<Self> {
        match location {
            Location::Store(MAIN_STORE) => Some(Self::Store),
            Location::StoreDefective(MAIN_STORE) => Some(Self::StoreDefective),
            Location::VanGood(engineer) => Some(Self::Van(engineer)),
            Location::VanDefective(engineer) => Some(Self::VanDefective(engineer)),
            _ => None,
        }
    }

    const fn engineer(self) -> Option<UserId> {
        match self {
            Self::Van(engineer) | Self::VanDefective(engineer) => Some(engineer),
            Self::Store | Self::StoreDefective => None,
        }
    }
}

/// What was found, and what the sheet said that the book has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedLine {
    /// Part number.
    pub part: String,
    /// Serial number; without one, the pieces that have none.
    pub serial: Option<String>,
    /// Pieces found.
    pub counted: u32,
    /// Pieces by the book, as the sheet showed.
    pub book: i64,
}

fn book(stock: &StockView, place: Location, part: &str, serial: Option<&str>) -> i64 {
    let row = stock
        .rows
        .iter()
        .find(|row| row.location == place && row.part == part);
    row.map_or(0, |row| row.book(serial))
}

/// The movement that corrects the book by `difference`; none for nothing.
fn adjust(place: Location, part: &str, serial: Option<&str>, difference: i64, reason: &str) -> Option<Fact> {
    let qty = u32::try_from(difference.unsigned_abs())
        .ok()
        .filter(|qty| *qty > 0)?;
    let (from, to) = if difference > 0 {
        (Location::Suspense, place)
    } else {
        (place, Location::Suspense)
    };
    Some(Fact::Move(Move {
        movement: MovementKind::Adjust.as_str().to_owned(),
        part: part.to_owned(),
        serial: serial.map(str::to_owned),
        qty,
        from: from.to_string(),
        to: to.to_string(),
        order: None,
        assignment: None,
        note: Some(reason.to_owned()),
        ..Default::default()
    }))
}

/// The movements for some lines. A unit that is off by more than one is corrected one by one.
fn adjusts(place: Location, lines: &[CountLine], reason: &str) -> Vec<Fact> {
    let mut facts = Vec::new();
    for line in lines {
        let difference = i64::from(line.counted) - line.book;
        match line.serial.as_deref() {
            Some(serial) => facts.extend(
                (0..difference.unsigned_abs().min(10))
                    .filter_map(|_| adjust(place, &line.part, Some(serial), difference.signum(), reason)),
            ),
            None => facts.extend(adjust(place, &line.part, None, difference, reason)),
        }
    }
    facts
}

fn checked(lines: &[CountedLine]) -> Result<Vec<CountLine>, OfficeError> {
    if lines.is_empty() {
        return Err(OfficeError::field("counted", "empty"));
    }
    if lines.len() > 100 {
        return Err(OfficeError::field("counted", "too_long"));
    }
    let mut found: Vec<CountLine> = Vec::with_capacity(lines.len());
    for line in lines {
        let part = line.part.trim();
        let serial = line
            .serial
            .as_deref()
            .map(str::trim)
            .filter(|serial| !serial.is_empty());
        if part.is_empty() || part.chars().count() > 64 {
            return Err(OfficeError::field("part", "bad_value"));
        }
        if serial.is_some_and(|serial| serial.chars().count() > 64) {
            return Err(OfficeError::field("serial", "too_long"));
        }
        if line.counted > QTY_MAX || (serial.is_some() && line.counted > 1) {
            return Err(OfficeError::field("counted", "bad_value"));
        }
        if found
            .iter()
            .any(|known| known.part == part && known.serial.as_deref() == serial)
        {
            return Err(OfficeError::field("part", "twice"));
        }
        found.push(CountLine {
            part: part.to_owned(),
            serial: serial.map(str::to_owned),
            counted: line.counted,
            book: line.book,
        });
    }
    Ok(found)
}

impl Office {
    fn counts_doc(&self, shelf: Shelf) -> Result<DocName, OfficeError> {
        let Some(engineer) = shelf.engineer() else {
            return Ok(DocName::Store(MAIN_STORE, self.shard()));
        };
        let known = self.person(engineer)?;
        if known.is_some_and(|person| person.roles.contains(&Role::Engineer)) {
            Ok(DocName::VanOffice(engineer, self.shard()))
        } else {
            Err(OfficeError::field("place", "not_an_engineer"))
        }
    }

    /// Posts a count: what was found, and the differences to the book. The same `once` again writes nothing.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::Invalid`]: `empty`, `bad_value`, `too_long`, `twice`, and `stock_changed`
    /// where the book is not what the sheet showed any more: nothing is written then, look again.
    pub fn count_stock(
        &self,
        by: &Person,
        once: ActionId,
        shelf: Shelf,
        lines: &[CountedLine],
        reason: &str,
    ) -> Result<(), OfficeError> {
        require(by, Operation::MoveStoreStock)?;
        let reason = required("reason", reason)?;
        let lines = checked(lines)?;
        let (doc, place) = (self.counts_doc(shelf)?, shelf.location());
        self.append_once_if(by, once, doc, || {
            let stock = self.views.stock()?;
            let moved =
                |line: &CountLine| book(&stock, place, &line.part, line.serial.as_deref()) != line.book;
            if lines.iter().any(moved) {
                return Err(OfficeError::field("counted", "stock_changed"));
            }
            let mut facts = vec![Fact::Count(Count {
                place: place.to_string(),
                lines: lines.clone(),
                of: None,
                reason: Some(reason.clone()),
            })];
            facts.extend(adjusts(place, &lines, &reason));
            Ok(facts)
        })
    }

    /// Posts an engineer's count of his van, or refuses it with a reason.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`]; [`OfficeError::NotFound`] for a count that the van does not have;
    /// [`OfficeError::Invalid`]: `empty` for a refusal without a reason, `count_answered`.
    pub fn answer_count(
        &self,
        by: &Person,
        engineer: UserId,
        count: FactId,
        post: bool,
        reason: Option<&str>,
        token: &ViewToken,
    ) -> Result<(), OfficeError> {
        require(by, Operation::MoveStoreStock)?;
        let reason = if post {
            optional("reason", reason)?
        } else {
            Some(required("reason", reason.unwrap_or_default())?)
        };
        let _one = self.begin();
        let van = self.views.van(engineer)?;
        let proposal = van.stock.counts.iter().find(|known| known.id == count);
        let proposal = proposal
            .filter(|known| known.of.is_none())
            .ok_or(OfficeError::NotFound)?;
        if proposal.state != CountState::Proposed {
            return Err(OfficeError::whole("count_answered"));
        }
        let lines = if post { proposal.lines.clone() } else { Vec::new() };
        let note = reason.clone().or_else(|| proposal.reason.clone());
        let mut facts = vec![Fact::Count(Count {
            place: proposal.place.to_string(),
            lines: lines.clone(),
            of: Some(count),
            reason,
        })];
        facts.extend(adjusts(
            proposal.place,
            &lines,
            note.as_deref().unwrap_or_default(),
        ));
        self.append(by, &[(DocName::VanOffice(engineer, self.shard()), facts)], token)?;
        Ok(())
    }

    /// Says how much of a part is to lie in the store or a van; all zero takes it off the list.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::Invalid`]: `bad_value` for levels that do not rise, a part without number,
    /// a shelf of defective parts.
    pub fn set_level(
        &self,
        by: &Person,
        shelf: Shelf,
        part: &str,
        level: (u32, u32, u32),
    ) -> Result<(), OfficeError> {
        require(by, Operation::MoveStoreStock)?;
        let part = part.trim();
        if part.is_empty() || part.chars().count() > 64 {
            return Err(OfficeError::field("part", "bad_value"));
        }
        let (safety, min, max) = level;
        if max > QTY_MAX || Level::new(safety, min, max).is_err() {
            return Err(OfficeError::field("max", "bad_value"));
        }
        if matches!(shelf, Shelf::StoreDefective | Shelf::VanDefective(_)) {
            return Err(OfficeError::field("place", "bad_value"));
        }
        let (doc, place) = (self.counts_doc(shelf)?, shelf.location());
        let _one = self.begin();
        let stock = self.views.stock()?;
        let known = stock
            .levels
            .iter()
            .find(|known| known.place == place && known.part == part);
        let fact = Fact::Level(kinds::Level {
            place: place.to_string(),
            part: part.to_owned(),
            safety,
            min,
            max,
            over: known.iter().map(|known| known.id).collect(),
        });
        self.append(by, &[(doc, vec![fact])], &stock.token)?;
        Ok(())
    }
}
