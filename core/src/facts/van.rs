//! Stock from facts: an engineer's van, and the whole stock for the storekeeper (D.1-6, D.5-2, I3, I4).
//!
//! The arithmetic is `domain::ledger`; here facts become its entries. Nothing is refused: a negative balance is a
//! discrepancy and a conflict for the storekeeper, two ends of one serial a dispute.

mod counts;
mod handovers;
mod levels;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Serialize, Serializer};

pub use counts::{CountState, CountView};
pub use levels::{LevelView, ShortageView};

use crate::domain::canonical::ContentHash;
use crate::domain::ids::UserId;
use crate::domain::ledger::{
    Balances, Entry, Ledger, Location, Movement, MovementKind, Reversal, ScrapType, fold,
};
use crate::facts::conflict::{Conflict, ConflictKind, Flag};
use crate::facts::family::{Family, FoldContext, Ix, UnreadableAction};
use crate::facts::hides::Hides;
use crate::facts::kinds::PartLine;
use crate::facts::order::view::token_text;
use crate::facts::record::{Change, basic_flags, conflict_of};
use crate::facts::stored::{ParsedAction, Side, Stamp, StoredAction};
use crate::facts::{DocName, Fact, FactId, ViewToken};

/// Pieces of one part at one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StockRow {
    /// Where.
    pub location: Location,
    /// Part number.
    pub part: String,
    /// Pieces; below zero is a discrepancy, shown and never refused (D.5-2a).
    pub qty: i64,
    /// Serial numbers that are there by the ledger.
    pub serials: Vec<String>,
    /// Serial numbers that went out more often than they came in (D.5-2b).
    pub missing: Vec<String>,
}

impl StockRow {
    /// Pieces by the book: of a unit, or of those that have no serial number.
    pub fn book(&self, serial: Option<&str>) -> i64 {
        match serial {
            Some(serial) if self.serials.iter().any(|there| there == serial) => 1,
            Some(serial) if self.missing.iter().any(|gone| gone == serial) => -1,
            Some(_) => 0,
            None => self.unnumbered(),
        }
    }

    /// Pieces that have no serial number.
    pub fn unnumbered(&self) -> i64 {
        let count = |serials: &[String]| i64::try_from(serials.len()).unwrap_or(i64::MAX);
        self.qty
            .saturating_sub(count(&self.serials))
            .saturating_add(count(&self.missing))
    }
}

/// A movement as the ledger reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MoveView {
    /// The `move` fact.
    pub id: FactId,
    /// What moved, how.
    pub movement: Movement,
    /// The order that it belongs to.
    pub order: Option<DocName>,
    /// Note: reason, slip.
    pub note: Option<String>,
    /// Why it was scrapped, where it was (Y-22).
    pub scrap: Option<ScrapType>,
    /// The photo that shows it.
    pub photo: Option<ContentHash>,
    /// What took it back.
    pub reversed_by: Option<FactId>,
    /// When that was said to be, ms since the epoch: the earliest.
    #[serde(skip)]
    pub reversed_ms: Option<i64>,
    /// What the ledger knows it by: equal for the halves and repetitions of one movement.
    #[serde(skip)]
    pub key: FactId,
    /// Who, when.
    #[serde(serialize_with = "shared_stamp")]
    pub stamp: Arc<Stamp>,
}

/// A stamp that a record and its movement share.
fn shared_stamp<S: Serializer>(stamp: &Arc<Stamp>, serializer: S) -> Result<S::Ok, S::Error> {
    stamp.as_ref().serialize(serializer)
}

/// How a parts request stands (D.2, FSM).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestView {
    /// The `parts_request` fact.
    pub id: FactId,
    /// What is asked for.
    pub lines: Vec<PartLine>,
    /// For which order.
    pub order: Option<DocName>,
    /// Why, until when.
    pub text: Option<String>,
    /// `requested`, or the code of the newest answer.
    pub state: String,
    /// The answers, oldest first.
    pub answers: Vec<AnswerView>,
    /// Who asked, when.
    pub stamp: Stamp,
}

/// An answer to a parts request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnswerView {
    /// The `parts_answer` fact.
    pub id: FactId,
    /// `approved`, `refused`, `issued`, `cancelled`.
    pub state: String,
    /// Why, or when they come.
    pub text: Option<String>,
    /// Who, when.
    pub stamp: Stamp,
}

/// Something that is lent to a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoanView {
    /// Return number.
    pub rma: String,
    /// Part number.
    pub part: String,
    /// Serial number.
    pub serial: Option<String>,
    /// Pieces that are still there.
    pub qty: i64,
    /// On which order they were lent.
    pub order: Option<DocName>,
    /// Who lent them, when.
    pub stamp: Stamp,
}

/// A photo that an engineer took for a movement of his van.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VanPhoto {
    /// The `photo` fact.
    pub id: FactId,
    /// Its bytes' hash.
    pub sha256: ContentHash,
    /// What is to be seen, in words.
    pub caption: Option<String>,
    /// Who took it, when.
    pub stamp: Stamp,
}

/// The stock that some van and store documents hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StockView {
    /// Set where a fact asks for a newer version.
    pub update_needed: Option<u32>,
    /// Every place and part that is not zero.
    pub rows: Vec<StockRow>,
    /// Movements, oldest first, reversed ones included.
    pub moves: Vec<MoveView>,
    /// Parts requests, oldest first.
    pub requests: Vec<RequestView>,
    /// What is lent and has not come back, oldest first (T-28).
    pub loans: Vec<LoanView>,
    /// Photos that were taken for movements, oldest first.
    pub photos: Vec<VanPhoto>,
    /// Counts, oldest first (T-36).
    pub counts: Vec<CountView>,
    /// Stock levels by place and part (T-34).
    pub levels: Vec<LevelView>,
    /// What is below its least stock; the most urgent first (T-34).
    pub shortages: Vec<ShortageView>,
    /// Discrepancies and disputed serials.
    pub conflicts: Vec<Conflict>,
    /// Every fact in order.
    pub changes: Vec<Change>,
    /// Actions that cannot be read.
    pub unreadable: Vec<UnreadableAction>,
    /// Heads and displayed facts.
    #[serde(serialize_with = "token_text")]
    pub token: ViewToken,
}

/// One engineer's van.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VanView {
    /// The engineer.
    pub engineer: UserId,
    /// Good parts in the van.
    pub good: Vec<StockRow>,
    /// Defective parts in the van.
    pub defective: Vec<StockRow>,
    /// Issued to him, receipt not confirmed.
    pub coming: Vec<StockRow>,
    /// All that the van's documents say; balances of other places in it are partial and not shown above.
    pub stock: StockView,
}

impl VanView {
    /// Good pieces of a part, as this van's documents count them.
    pub fn available(&self, part: &str) -> i64 {
        self.good
            .iter()
            .filter(|row| row.part == part)
            .map(|row| row.qty)
            .sum()
    }
}

/// Folds an engineer's van from his van documents, of any quarters; other documents are left aside.
pub fn fold_van(engineer: UserId, actions: &[StoredAction]) -> VanView {
    fold_van_parsed(
        engineer,
        &ParsedAction::read_all(actions),
        &FoldContext::default(),
    )
}

/// As [`fold_van`], for actions that were parsed before.
pub fn fold_van_parsed(engineer: UserId, actions: &[ParsedAction], context: &FoldContext) -> VanView {
    let family = Family::new(
        actions,
        context,
        |doc| matches!(doc, DocName::VanField(of, _) | DocName::VanOffice(of, _) if *of == engineer),
    );
    let own = |location: Location| location.engineer() == Some(engineer);
    let stock = stock(&family, own);
    let at = |location: Location| -> Vec<StockRow> {
        stock
            .rows
            .iter()
            .filter(|row| row.location == location)
            .cloned()
            .collect()
    };
    VanView {
        engineer,
        good: at(Location::VanGood(engineer)),
        defective: at(Location::VanDefective(engineer)),
        coming: at(Location::InTransit(Some(engineer))),
        stock,
    }
}

/// Folds the whole stock from all van and store documents: the storekeeper's view.
pub fn fold_stock(actions: &[StoredAction]) -> StockView {
    fold_stock_parsed(&ParsedAction::read_all(actions), &FoldContext::default())
}

/// As [`fold_stock`], for actions that were parsed before.
pub fn fold_stock_parsed(actions: &[ParsedAction], context: &FoldContext) -> StockView {
    let family = Family::new(actions, context, |doc| {
        matches!(
            doc,
            DocName::VanField(..) | DocName::VanOffice(..) | DocName::Store(..)
        )
    });
    stock(&family, |_| true)
}

/// What a fact says to the ledger; the movement is the record's.
type Said<'a> = Entry<FactId, &'a Movement>;
/// A line of the ledger: where its fact stands, the key that it counts under, what it says.
type Line<'a> = (Ix, FactId, Said<'a>);

/// What a fact is to the ledger: its key and entry, or why it has no effect.
fn entry<'a>(
    family: &Family<'a>,
    keys: &BTreeMap<FactId, FactId>,
    ix: Ix,
) -> Option<Result<(FactId, Said<'a>), Flag>> {
    let record = family.record(ix);
    match record.fact()? {
        Fact::Move(moved) => {
            // A mirrored movement is the one that it mirrors (design 3).
            let key = handovers::key(moved).or(moved.mirrors).unwrap_or(record.id);
            let movement = record.movement.as_deref()?.as_ref();
            Some(
                movement
                    .map(|movement| (key, Entry::Move(movement)))
                    .map_err(|flag| *flag),
            )
        }
        Fact::Reverse(reverse) => {
            let foreign = Side::of(&record.doc) == Side::Engineer
                && family
                    .find(reverse.of)
                    .is_some_and(|of| family.doc(of).writer() != record.doc.writer());
            Some(if foreign {
                Err(Flag::GuardFailed)
            } else {
                let of = keys.get(&reverse.of).copied().unwrap_or(reverse.of);
                Ok((record.id, Entry::Reverse(Reversal { of })))
            })
        }
        _ => None,
    }
}

fn stock(family: &Family<'_>, shown: impl Fn(Location) -> bool) -> StockView {
    let mut entries: Vec<Line<'_>> = Vec::new();
    let mut said: Vec<(Ix, Flag)> = Vec::new();
    // Nearly all are movements; what else there is, is looked at by itself.
    let (booked, rest): (Vec<_>, Vec<_>) = family
        .live()
        .partition(|(_, fact)| matches!(fact, Fact::Move(_) | Fact::Reverse(_)));
    let (keys, codes) = (handovers::keys(family, &booked), handovers::codes(family, &rest));
    for (ix, _) in booked {
        match entry(family, &keys, ix) {
            Some(Ok((key, entry))) => {
                if handovers::unproven(family, &codes, ix) {
                    said.push((ix, Flag::BadReference));
                }
                if scrap_unproven(family, ix) {
                    said.push((ix, Flag::EvidenceMissing));
                }
                entries.push((ix, key, entry));
            }
            Some(Err(flag)) => said.push((ix, flag)),
            None => {}
        }
    }
    let ledger = fold(
        &Balances::new(),
        entries.iter().map(|(_, key, entry)| (*key, entry.clone())),
    );
    let mut conflicts = conflicts(family, &ledger, &entries, &shown);
    conflicts.sort_by_key(|conflict| conflict.id);
    let requests = requests(family, &rest, &mut said);
    let counts = counts::counts(family, &rest, &mut said);
    let levels = levels::levels(family, &rest, &mut said);
    let rows = rows(&ledger, &shown);
    let none = Hides::default();
    let photos = photos(family, &rest, &mut said);
    said.sort_by_key(|(ix, _)| *ix);
    let mut token = family.token();
    token.facts.extend(requests.iter().map(|request| request.id));
    token.facts.extend(counts.iter().map(|count| count.id));
    token.facts.extend(levels.iter().map(|level| level.id));
    StockView {
        update_needed: family.update_needed,
        shortages: levels::shortages(&levels, &rows, &requests),
        rows,
        counts,
        levels,
        loans: loans(family, &entries, &ledger),
        photos,
        moves: moves(family, entries),
        requests,
        conflicts,
        changes: (0..family.items.len() as Ix)
            .map(|ix| {
                let mut flags = basic_flags(family, ix, &none);
                let from = said.partition_point(|(of, _)| *of < ix);
                let about = said[from..].iter().take_while(|(of, _)| *of == ix);
                flags.extend(about.map(|(_, flag)| *flag));
                Change::of(family, ix, flags)
            })
            .collect(),
        unreadable: family.unreadable.clone(),
        token,
    }
}

/// Scrapped without its type, or without the photo that its type needs: it counts, and is to be seen (Y-22).
fn scrap_unproven(family: &Family<'_>, ix: Ix) -> bool {
    let Some(Fact::Move(moved)) = family.record(ix).fact() else {
        return false;
    };
    if moved.movement != MovementKind::Scrap.as_str() || moved.mirrors.is_some() {
        return false;
    }
    let kind: Option<ScrapType> = moved.scrap.as_deref().and_then(|code| code.parse().ok());
    let photo: Option<ContentHash> = moved.photo.as_deref().and_then(|hash| hash.parse().ok());
    kind.is_none_or(|kind| kind.needs_photo() && photo.is_none())
}

/// What went out under a return number and has not come back under it.
fn loans(family: &Family<'_>, entries: &[Line<'_>], ledger: &Ledger<FactId, &Movement>) -> Vec<LoanView> {
    let mut loans: Vec<LoanView> = Vec::new();
    let mut back: BTreeMap<(String, String, Option<String>), i64> = BTreeMap::new();
    let mut counted: BTreeSet<FactId> = BTreeSet::new();
    for (ix, key, _) in entries {
        let record = family.record(*ix);
        let Some(Fact::Move(moved)) = record.fact() else {
            continue;
        };
        // Few movements have a number: only these are looked up.
        let Some(rma) = moved.rma.clone() else { continue };
        let Some(movement) = ledger.movement(key).filter(|_| counted.insert(*key)) else {
            continue;
        };
        let qty = i64::from(movement.qty());
        match movement.kind() {
            MovementKind::LoanOut => loans.push(LoanView {
                rma,
                part: moved.part.clone(),
                serial: moved.serial.clone(),
                qty,
                order: moved.order.clone(),
                stamp: record.stamp.as_ref().clone(),
            }),
            MovementKind::LoanBack => {
                *back
                    .entry((rma, moved.part.clone(), moved.serial.clone()))
                    .or_default() += qty;
            }
            _ => {}
        }
    }
    for loan in &mut loans {
        let key = (loan.rma.clone(), loan.part.clone(), loan.serial.clone());
        if let Some(returned) = back.get_mut(&key) {
            let taken = loan.qty.min(*returned);
            loan.qty -= taken;
            *returned -= taken;
        }
    }
    loans.retain(|loan| loan.qty > 0);
    loans
}

fn photos(family: &Family<'_>, rest: &[(Ix, &Fact)], said: &mut Vec<(Ix, Flag)>) -> Vec<VanPhoto> {
    let mut photos = Vec::new();
    for &(ix, fact) in rest {
        let Fact::Photo(photo) = fact else { continue };
        match photo.blob.parse() {
            Ok(sha256) => photos.push(VanPhoto {
                id: family.id(ix),
                sha256,
                caption: photo.caption.clone(),
                stamp: family.record(ix).stamp.as_ref().clone(),
            }),
            Err(_) => said.push((ix, Flag::BadReference)),
        }
    }
    photos
}

fn rows(ledger: &Ledger<FactId, &Movement>, shown: &impl Fn(Location) -> bool) -> Vec<StockRow> {
    // Units by place and part, in one walk: most parts have no serial numbers.
    let mut units: BTreeMap<(Location, &str), BTreeMap<&str, i64>> = BTreeMap::new();
    for movement in ledger.movements() {
        let Some(serial) = movement.serial() else { continue };
        for (place, count) in [(movement.to(), 1), (movement.from(), -1)] {
            let here = units.entry((place, movement.part())).or_default();
            *here.entry(serial).or_default() += count;
        }
    }
    let mut places: BTreeSet<(Location, &str)> = ledger
        .balances
        .iter()
        .map(|(location, part, _)| (location, part))
        .collect();
    // A unit too many and another too few are no balance, and still something to see.
    let odd = units
        .iter()
        .filter(|(_, here)| here.values().any(|there| *there != 0));
    places.extend(odd.map(|(place, _)| *place));
    places
        .into_iter()
        .filter(|(location, _)| shown(*location))
        .map(|(location, part)| {
            let here = units.get(&(location, part));
            let serials = |wanted: fn(i64) -> bool| {
                let found = here.into_iter().flatten().filter(|(_, there)| wanted(**there));
                found.map(|(serial, _)| (*serial).to_owned()).collect()
            };
            StockRow {
                location,
                part: part.to_owned(),
                qty: ledger.balances.get(location, part),
                serials: serials(|there| there > 0),
                missing: serials(|there| there < 0),
            }
        })
        .collect()
}

fn conflicts(
    family: &Family<'_>,
    ledger: &Ledger<FactId, &Movement>,
    entries: &[Line<'_>],
    shown: &impl Fn(Location) -> bool,
) -> Vec<Conflict> {
    if ledger.discrepancies.is_empty() && ledger.disputes.is_empty() {
        return Vec::new();
    }
    // Where each entry stands, the first of several: a mirrored movement has the id of one that may be in nobody's reach here.
    let places: BTreeMap<FactId, Ix> = entries.iter().rev().map(|(ix, key, _)| (*key, *ix)).collect();
    let mut conflicts = Vec::new();
    let doc_of = |sides: &[Ix]| sides.first().map(|ix| family.doc(*ix).clone());
    for discrepancy in ledger.discrepancies.iter().filter(|found| shown(found.location)) {
        // Everything that went out of that place: one of these should not have, or something came in unrecorded.
        let sides: Vec<Ix> = ledger
            .standing
            .iter()
            .filter(|(_, movement)| {
                movement.from() == discrepancy.location
                    && movement.part() == discrepancy.part
                    && (discrepancy.serial.is_none() || movement.serial() == discrepancy.serial.as_deref())
            })
            .filter_map(|(id, _)| places.get(id).copied())
            .collect();
        if let Some(doc) = doc_of(&sides) {
            conflicts.push(conflict_of(family, &doc, ConflictKind::NegativeStock, sides));
        }
    }
    for dispute in &ledger.disputes {
        let sides: Vec<Ix> = dispute
            .ends
            .iter()
            .filter_map(|id| places.get(id).copied())
            .collect();
        if let Some(doc) = doc_of(&sides) {
            conflicts.push(conflict_of(family, &doc, ConflictKind::SerialDisputed, sides));
        }
    }
    conflicts.dedup_by_key(|conflict| conflict.id);
    conflicts
}

fn moves(family: &Family<'_>, entries: Vec<Line<'_>>) -> Vec<MoveView> {
    let reversed: BTreeMap<FactId, FactId> = entries
        .iter()
        .rev()
        .filter_map(|(_, id, entry)| match entry {
            Entry::Reverse(reversal) => Some((reversal.of, *id)),
            Entry::Move(_) => None,
        })
        .collect();
    let mut since: BTreeMap<FactId, i64> = BTreeMap::new();
    for (ix, _, entry) in &entries {
        if let Entry::Reverse(reversal) = entry {
            let at = family.record(*ix).stamp.utc_ms;
            let first = since.entry(reversal.of).or_insert(at);
            *first = at.min(*first);
        }
    }
    entries
        .into_iter()
        .filter_map(|(ix, key, entry)| {
            let record = family.record(ix);
            let (Entry::Move(movement), Some(Fact::Move(moved))) = (entry, record.fact()) else {
                return None;
            };
            Some(MoveView {
                id: record.id,
                movement: movement.clone(),
                order: moved.order.clone(),
                note: moved.note.clone(),
                scrap: moved.scrap.as_deref().and_then(|code| code.parse().ok()),
                photo: moved.photo.as_deref().and_then(|hash| hash.parse().ok()),
                reversed_by: reversed.get(&key).copied(),
                reversed_ms: since.get(&key).copied(),
                key,
                stamp: Arc::clone(&record.stamp),
            })
        })
        .collect()
}

/// Codes that an answer to a parts request may carry.
const ANSWERS: [&str; 4] = ["approved", "refused", "issued", "cancelled"];

fn requests(family: &Family<'_>, rest: &[(Ix, &Fact)], said: &mut Vec<(Ix, Flag)>) -> Vec<RequestView> {
    let mut requests: Vec<RequestView> = rest
        .iter()
        .filter_map(|&(ix, fact)| match fact {
            Fact::PartsRequest(request) => Some(RequestView {
                id: family.id(ix),
                lines: request.lines.clone(),
                order: request.order.clone(),
                text: request.text.clone(),
                state: "requested".to_owned(),
                answers: Vec::new(),
                stamp: family.record(ix).stamp.as_ref().clone(),
            }),
            _ => None,
        })
        .collect();
    for &(ix, fact) in rest {
        let Fact::PartsAnswer(answer) = fact else { continue };
        let request = requests.iter_mut().find(|request| request.id == answer.request);
        match request {
            _ if !ANSWERS.contains(&answer.state.as_str()) => said.push((ix, Flag::UnknownCode)),
            None => said.push((ix, Flag::BadReference)),
            Some(request) => {
                request.state.clone_from(&answer.state);
                request.answers.push(AnswerView {
                    id: family.id(ix),
                    state: answer.state.clone(),
                    text: answer.text.clone(),
                    stamp: family.record(ix).stamp.as_ref().clone(),
                });
            }
        }
    }
    requests
}
