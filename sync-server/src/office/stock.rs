//! Stock: goods into the store, issues to vans, answers to requests, balances with their age.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use fieldseal_core::domain::calendar::Quarter;
use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::ids::{ActionId, LocationId, UserId};
use fieldseal_core::domain::ledger::{Location, Movement, MovementKind, PeriodReport, ScrapType};
use fieldseal_core::domain::roles::{Operation, Role};
use fieldseal_core::facts::kinds::{Move, PartLine, PartsAnswer};
use fieldseal_core::facts::van::{RequestView, StockRow};
use fieldseal_core::facts::{DocName, Fact, FactId, Shard, ViewToken};

use super::fields::optional;
use super::{Office, OfficeError, Person, require};
use crate::pipeline::Saved;

/// The company's one store, until a company has several.
pub const MAIN_STORE: LocationId =
    LocationId(uuid::Uuid::from_u128(0x0193_f2c0_0000_7000_8000_0000_0000_0001));

/// Most units in one line.
pub(super) const QTY_MAX: u32 = 100_000;

/// Pieces of one part as a form of the store has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goods {
    /// Part number.
    pub part: String,
    /// Whole units; one where it has a serial number.
    pub qty: u32,
    /// Serial number of a serial-tracked unit.
    pub serial: Option<String>,
}

impl From<PartLine> for Goods {
    fn from(line: PartLine) -> Self {
        Self {
            part: line.part,
            qty: line.qty,
            serial: None,
        }
    }
}

/// One part at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockLine {
    /// Part number.
    pub part: String,
    /// Good units; below zero where more was used than was there (D.5-2a).
    pub good: i64,
    /// Defective units.
    pub defective: i64,
    /// Units on their way to this place.
    pub in_transit: i64,
}

/// Which number of a line a row counts into.
type Shelf = fn(&mut StockLine) -> &mut i64;

impl StockLine {
    fn none(part: &str) -> Self {
        Self {
            part: part.to_owned(),
            good: 0,
            defective: 0,
            in_transit: 0,
        }
    }
}

/// A van or a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockPlace {
    /// The engineer whose van it is; none for the store.
    pub engineer: Option<UserId>,
    /// The name; empty for the store.
    pub name: String,
    /// Until when the engineer's device has told, ms; none for a store or an engineer never heard of.
    pub as_of: Option<i64>,
    /// Parts by number.
    pub lines: Vec<StockLine>,
    /// What the engineer asked for, with the answers.
    pub requests: Vec<RequestView>,
    /// Heads of what is shown, for the forms of this place.
    pub token: ViewToken,
}

/// Scrap out of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreScrap {
    /// Off the defective shelf.
    pub defective: bool,
    /// Why.
    pub kind: ScrapType,
    /// In words; needed for some types.
    pub note: Option<String>,
    /// The photo that shows it, on the server already.
    pub photo: Option<ContentHash>,
}

/// How issued parts reach the engineer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handover {
    /// Into his hands: they are in the van.
    InHand,
    /// Sent: they are on their way until he confirms the receipt (T-33).
    Sent,
}

/// Where goods that come into the store come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoodsFrom {
    /// A supplier.
    Supplier,
    /// Unused parts that engineers sent back (T-35).
    Unused,
    /// Defective parts that engineers sent back; onto the defective shelf.
    Defective,
}

impl Handover {
    /// All, with the codes that a form carries.
    pub const ALL: [(&'static str, Self); 2] = [("in_hand", Self::InHand), ("sent", Self::Sent)];
}

impl GoodsFrom {
    /// All, with the codes that a form carries.
    pub const ALL: [(&'static str, Self); 3] = [
        ("supplier", Self::Supplier),
        ("unused", Self::Unused),
        ("defective", Self::Defective),
    ];
}

impl Office {
    pub(super) fn shard(&self) -> Shard {
        let quarter = Quarter::of(self.now().wall_date());
        Shard {
            year: quarter.year(),
            quarter: quarter.q(),
        }
    }

    fn moves(
        kind: MovementKind,
        lines: &[impl Into<Goods> + Clone],
        from: Location,
        to: Location,
        note: Option<&str>,
    ) -> Result<Vec<Fact>, OfficeError> {
        let note = optional("note", note)?;
        if lines.is_empty() {
            return Err(OfficeError::field("part", "empty"));
        }
        if lines.len() > 200 {
            return Err(OfficeError::field("part", "too_long"));
        }
        lines
            .iter()
            .map(|line| {
                let line: Goods = line.clone().into();
                let part = line.part.trim();
                if part.is_empty() || part.chars().count() > 64 {
                    return Err(OfficeError::field("part", "bad_value"));
                }
                if line.qty > QTY_MAX {
                    return Err(OfficeError::field("qty", "bad_value"));
                }
                let serial = line
                    .serial
                    .as_deref()
                    .map(str::trim)
                    .filter(|serial| !serial.is_empty());
                if serial.is_some_and(|serial| serial.chars().count() > 64) {
                    return Err(OfficeError::field("serial", "too_long"));
                }
                Movement::new(kind, part, serial, line.qty, from, to)
                    .map_err(|_| OfficeError::field("qty", "bad_value"))?;
                Ok(Fact::Move(Move {
                    movement: kind.as_str().to_owned(),
                    part: part.to_owned(),
                    serial: serial.map(str::to_owned),
                    qty: line.qty,
                    from: from.to_string(),
                    to: to.to_string(),
                    order: None,
                    assignment: None,
                    note: note.clone(),
                    ..Default::default()
                }))
            })
            .collect()
    }

    /// Issues parts from the store in an engineer's name (T-32). The same `once` again writes nothing.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::Invalid`]: `not_an_engineer`, `empty`, `bad_value`.
    pub fn issue_parts(
        &self,
        by: &Person,
        once: ActionId,
        engineer: UserId,
        lines: &[impl Into<Goods> + Clone],
        how: Handover,
        note: Option<&str>,
    ) -> Result<(), OfficeError> {
        require(by, Operation::MoveStoreStock)?;
        let is_engineer = self
            .person(engineer)?
            .is_some_and(|person| person.roles.contains(&Role::Engineer));
        if !is_engineer {
            return Err(OfficeError::field("engineer", "not_an_engineer"));
        }
        let to = match how {
            Handover::InHand => Location::VanGood(engineer),
            Handover::Sent => Location::InTransit(Some(engineer)),
        };
        let facts = Self::moves(MovementKind::Issue, lines, Location::Store(MAIN_STORE), to, note)?;
        self.append_once(by, once, DocName::VanOffice(engineer, self.shard()), facts)
    }

    /// Takes goods into the store, new ones or what engineers sent back. The same `once` again writes nothing.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::Invalid`]: `empty`, `bad_value`.
    pub fn receive_into_store(
        &self,
        by: &Person,
        once: ActionId,
        lines: &[impl Into<Goods> + Clone],
        source: GoodsFrom,
        note: Option<&str>,
    ) -> Result<(), OfficeError> {
        require(by, Operation::MoveStoreStock)?;
        let (from, to) = match source {
            GoodsFrom::Supplier => (Location::Supplier, Location::Store(MAIN_STORE)),
            GoodsFrom::Unused => (Location::InTransit(None), Location::Store(MAIN_STORE)),
            GoodsFrom::Defective => (Location::InTransit(None), Location::StoreDefective(MAIN_STORE)),
        };
        let facts = Self::moves(MovementKind::Receive, lines, from, to, note)?;
        self.append_once(by, once, DocName::Store(MAIN_STORE, self.shard()), facts)
    }

    /// Scraps parts of the store, with type and photo (Y-22); the photo is one that the server has. The same `once` again
    /// writes nothing.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::Invalid`]: `empty`, `bad_value`; `photo_missing` where the type needs one
    /// and none was chosen or it has not arrived.
    pub fn scrap_from_store(
        &self,
        by: &Person,
        once: ActionId,
        lines: &[impl Into<Goods> + Clone],
        scrap: &StoreScrap,
    ) -> Result<(), OfficeError> {
        require(by, Operation::MoveStoreStock)?;
        let note = scrap.note.as_deref();
        if scrap.kind.needs_words() && optional("note", note)?.is_none() {
            return Err(OfficeError::field("note", "empty"));
        }
        let arrived = match &scrap.photo {
            Some(photo) => {
                let tx = self.storage.read()?;
                tx.file(&photo.0)?.is_some() || tx.has_blob(&photo.0)?
            }
            None => !scrap.kind.needs_photo(),
        };
        if !arrived {
            return Err(OfficeError::field("photo", "photo_missing"));
        }
        let from = if scrap.defective {
            Location::StoreDefective(MAIN_STORE)
        } else {
            Location::Store(MAIN_STORE)
        };
        let mut facts = Self::moves(MovementKind::Scrap, lines, from, Location::Scrap, note)?;
        for fact in &mut facts {
            if let Fact::Move(moved) = fact {
                moved.scrap = Some(scrap.kind.as_str().to_owned());
                moved.photo = scrap.photo.map(|photo| photo.to_string());
            }
        }
        self.append_once(by, once, DocName::Store(MAIN_STORE, self.shard()), facts)
    }

    /// Vans by their engineers' names, then the store.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn stock(&self) -> Result<Vec<StockPlace>, OfficeError> {
        let devices = self.storage.read()?.devices()?;
        let mut places = Vec::new();
        for person in self.people()? {
            if !person.roles.contains(&Role::Engineer) {
                continue;
            }
            let van = self.views.van(person.user)?;
            let mut lines: BTreeMap<&str, StockLine> = BTreeMap::new();
            let shelves: [(&[StockRow], Shelf); 3] = [
                (&van.good, |line| &mut line.good),
                (&van.defective, |line| &mut line.defective),
                (&van.coming, |line| &mut line.in_transit),
            ];
            for (rows, shelf) in shelves {
                for row in rows {
                    *shelf(
                        lines
                            .entry(&row.part)
                            .or_insert_with(|| StockLine::none(&row.part)),
                    ) += row.qty;
                }
            }
            let own = devices.iter().filter(|device| device.user == person.user);
            places.push(StockPlace {
                engineer: Some(person.user),
                name: person.name,
                as_of: own.filter_map(|device| self.contacts.last(device)).max(),
                lines: lines.into_values().collect(),
                requests: van.stock.requests.clone(),
                token: van.stock.token.clone(),
            });
        }
        let all = self.views.stock()?;
        let mut lines: BTreeMap<&str, StockLine> = BTreeMap::new();
        for row in &all.rows {
            let shelf: Shelf = match row.location {
                Location::Store(MAIN_STORE) => |line| &mut line.good,
                Location::StoreDefective(MAIN_STORE) => |line| &mut line.defective,
                _ => continue,
            };
            *shelf(
                lines
                    .entry(&row.part)
                    .or_insert_with(|| StockLine::none(&row.part)),
            ) += row.qty;
        }
        places.push(StockPlace {
            engineer: None,
            name: String::new(),
            as_of: None,
            lines: lines.into_values().collect(),
            requests: Vec::new(),
            token: all.token.clone(),
        });
        Ok(places)
    }

    /// What went through engineers' hands from one day to another (Y-23, T-36).
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::Invalid`]: `bad_window` where the period ends before it begins.
    pub fn stock_report(
        &self,
        by: &Person,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<PeriodReport, OfficeError> {
        require(by, Operation::ReadStockStatistics)?;
        if to < from {
            return Err(OfficeError::field("to", "bad_window"));
        }
        Ok(self.views.stock()?.report(self.zone, from, to))
    }

    /// Answers an engineer's request for parts.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::Invalid`]: `unknown_choice`.
    pub fn answer_request(
        &self,
        by: &Person,
        engineer: UserId,
        request: FactId,
        state: &str,
        text: Option<&str>,
        token: &ViewToken,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::MoveStoreStock)?;
        if !["approved", "refused", "issued", "cancelled"].contains(&state) {
            return Err(OfficeError::field("state", "unknown_choice"));
        }
        let text = optional("text", text)?;
        let _one = self.begin();
        let fact = Fact::PartsAnswer(PartsAnswer {
            request,
            state: state.to_owned(),
            text,
        });
        self.append(
            by,
            &[(DocName::VanOffice(engineer, self.shard()), vec![fact])],
            token,
        )
    }
}
