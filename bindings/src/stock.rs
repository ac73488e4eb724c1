//! The van: what is in it, what comes, what does not add up.

use fieldseal_core::device::engine::{
    Bucket, Counted, Pieces, Saved, Scrap, ScrapPhoto, Shown, Swap, TakenOver, VanMove,
};
use fieldseal_core::domain::ids::{OrderId, UserId};
use fieldseal_core::domain::ledger::{PeriodRow, ScrapType};
use fieldseal_core::facts::van::{ShortageView, StockRow};
use fieldseal_core::facts::{DocName, VanView, ViewToken};

use crate::notes::ConflictDetails;

/// Pieces of one part.
#[uniffi::remote(Record)]
pub struct Pieces {
    /// Part number.
    pub part: String,
    /// Whole units, at least 1.
    pub qty: u32,
    /// Serial number of a serial-tracked unit.
    pub serial: Option<String>,
}

/// A unit that takes another one's place at the customer's.
#[uniffi::remote(Record)]
pub struct Swap {
    /// The unit that is taken in.
    pub asset: DocName,
    /// Part number of the new unit.
    pub part: String,
    /// Serial number of the new unit.
    pub serial: String,
    /// The colleague out of whose van it comes, where it is not in the own one.
    pub from: Option<UserId>,
    /// Why, in words.
    pub note: Option<String>,
}

/// Good or defective parts of the own van.
#[uniffi::remote(Enum)]
pub enum Bucket {
    /// Good parts.
    Good,
    /// Defective parts.
    Defective,
}

/// A movement beside the use of a part.
#[uniffi::remote(Enum)]
pub enum VanMove {
    /// What the store sent arrived.
    Confirm,
    /// Back to the store.
    Return {
        /// Which ones.
        bucket: Bucket,
    },
    /// By hand out of a colleague's van.
    TakeOver {
        /// Whose van.
        from: UserId,
    },
    /// Defective, from the customer of an order.
    Collect {
        /// The order.
        order: OrderId,
    },
    /// Lent to the customer of an order.
    LoanOut {
        /// The order.
        order: OrderId,
    },
    /// Back from a loan.
    LoanBack {
        /// The order on which it comes back.
        order: OrderId,
        /// The loan's return number.
        rma: String,
    },
}

/// Why a part is scrapped.
#[uniffi::remote(Enum)]
pub enum ScrapType {
    /// Broken.
    Broken,
    /// Wet.
    Water,
    /// Worn out.
    WornOut,
    /// Not used any more.
    Obsolete,
    /// Failed already when it was new.
    DeadOnArrival,
    /// Gone; nothing is left to photograph.
    Lost,
    /// Something else, said in words.
    Other,
}

/// Parts that are scrapped, with the photo that shows them.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ScrapForm {
    /// Out of which ones.
    pub bucket: Bucket,
    /// Why.
    pub kind: ScrapType,
    /// In words; needed for `Lost` and `Other`.
    pub note: Option<String>,
    /// The path of a JPEG file; needed but for `Lost`.
    pub photo: Option<String>,
}

impl From<ScrapForm> for Scrap {
    fn from(form: ScrapForm) -> Self {
        Self {
            bucket: form.bucket,
            kind: form.kind,
            note: form.note,
            photo: form
                .photo
                .map_or(ScrapPhoto::Missing, |path| ScrapPhoto::File { path: path.into() }),
        }
    }
}

/// What went through the own hands of one part in a period. Opening plus received, exchanged and adjusted, less the others, is
/// closing.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PartSums {
    /// Part number.
    pub part: String,
    /// The defective ones.
    pub defective: bool,
    /// At the beginning of the first day.
    pub opening: i64,
    /// Issued or confirmed; for defective ones: taken from customers.
    pub received: i64,
    /// Built in at customers'.
    pub used: i64,
    /// Sent back to the store.
    pub returned: i64,
    /// Scrapped.
    pub scrapped: i64,
    /// From colleagues, less what went to them.
    pub exchanged: i64,
    /// Lent out, less what came back.
    pub lent: i64,
    /// Corrected by counts.
    pub adjusted: i64,
    /// At the end of the last day.
    pub closing: i64,
}

impl From<PeriodRow> for PartSums {
    fn from(row: PeriodRow) -> Self {
        let sums = row.sums;
        Self {
            part: row.part,
            defective: row.defective,
            opening: sums.opening,
            received: sums.received,
            used: sums.used,
            returned: sums.returned,
            scrapped: sums.scrapped,
            exchanged: sums.exchanged,
            lent: sums.lent,
            adjusted: sums.adjusted.saturating_add(sums.other),
            closing: sums.closing,
        }
    }
}

/// A code that this phone shows for a colleague's.
#[uniffi::remote(Record)]
pub struct Shown {
    /// The code's text, for a QR code.
    pub code: String,
    /// Until when it holds, RFC 3339.
    pub until: String,
}

/// A code that was taken.
#[uniffi::remote(Record)]
pub struct TakenOver {
    /// The receipt's text, for the giver's phone.
    pub receipt: String,
    /// What was acknowledged.
    pub saved: Saved,
}

/// What was found of one part.
#[uniffi::remote(Record)]
pub struct Counted {
    /// Part number.
    pub part: String,
    /// Serial number; without one, the pieces that have none.
    pub serial: Option<String>,
    /// Pieces found; with a serial number 0 or 1.
    pub counted: u32,
}

/// A part of which too little is in the van.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PartShort {
    /// Part number.
    pub part: String,
    /// Least stock.
    pub min: u32,
    /// Greatest stock.
    pub max: u32,
    /// Pieces asked for already.
    pub asked: i64,
    /// Pieces up to the greatest stock.
    pub propose: u32,
    /// Below the safety stock.
    pub urgent: bool,
}

/// So many of a part.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PartWanted {
    /// Part number.
    pub part: String,
    /// Whole units, at least 1.
    pub qty: u32,
}

/// Pieces of one part at one place.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct StockLine {
    /// Where.
    pub location: String,
    /// Part number.
    pub part: String,
    /// Pieces; below zero is a discrepancy.
    pub qty: i64,
    /// Serial numbers that are there by the ledger.
    pub serials: Vec<String>,
}

/// The own van.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct VanStock {
    /// Good parts.
    pub good: Vec<StockLine>,
    /// Defective parts.
    pub defective: Vec<StockLine>,
    /// Issued, receipt not confirmed.
    pub coming: Vec<StockLine>,
    /// What is below its least stock, the most urgent first.
    pub shortages: Vec<PartShort>,
    /// Discrepancies and disputed serials.
    pub conflicts: Vec<ConflictDetails>,
    /// What this screen shows: hand it back with what is saved from it.
    pub token: ViewToken,
}

impl From<StockRow> for StockLine {
    fn from(row: StockRow) -> Self {
        Self {
            location: row.location.to_string(),
            part: row.part,
            qty: row.qty,
            serials: row.serials,
        }
    }
}

impl From<ShortageView> for PartShort {
    fn from(short: ShortageView) -> Self {
        Self {
            part: short.part,
            min: short.level.min(),
            max: short.level.max(),
            asked: short.asked,
            propose: short.missing.propose,
            urgent: short.missing.urgent,
        }
    }
}

impl From<VanView> for VanStock {
    fn from(van: VanView) -> Self {
        Self {
            good: van.good.into_iter().map(Into::into).collect(),
            defective: van.defective.into_iter().map(Into::into).collect(),
            coming: van.coming.into_iter().map(Into::into).collect(),
            shortages: van.stock.shortages.into_iter().map(Into::into).collect(),
            conflicts: van.stock.conflicts.into_iter().map(Into::into).collect(),
            token: van.stock.token,
        }
    }
}
