//! Counts, stock levels and what is missing, as words.

use super::{Chip, Choice};

/// One line of a count.
#[derive(Debug, Clone)]
pub struct CountRow {
    /// Part number.
    pub part: String,
    /// Its name; empty where no list names it.
    pub name: String,
    /// Serial number; empty for pieces that have none.
    pub serial: String,
    /// What the book had, as whoever counted saw it.
    pub book: String,
    /// What was found.
    pub counted: String,
    /// The difference with its sign; empty for none.
    pub difference: String,
}

/// A count of a place.
#[derive(Debug, Clone)]
pub struct CountCard {
    /// The count's fact.
    pub fact: String,
    /// The engineer's id, where he counted his van.
    pub engineer: String,
    /// Which place.
    pub place: String,
    /// Who counted.
    pub by: String,
    /// When.
    pub at: String,
    /// Why.
    pub reason: String,
    /// What was found.
    pub lines: Vec<CountRow>,
    /// Proposed, posted, refused.
    pub state: Chip,
    /// Whether the reader may answer it.
    pub may: bool,
    /// Token of the place as shown.
    pub token: String,
}

/// A part with its level at a place.
#[derive(Debug, Clone)]
pub struct LevelRow {
    /// Which place.
    pub place: String,
    /// Part number.
    pub part: String,
    /// Its name; empty where no list names it.
    pub name: String,
    /// Safety, least, greatest stock.
    pub level: String,
    /// Good pieces there.
    pub there: String,
    /// On their way there and asked for, as words.
    pub more: String,
    /// Pieces up to the greatest stock; empty in a list of levels.
    pub propose: String,
    /// Below the safety stock.
    pub urgent: bool,
}

/// Something that was scrapped (Y-22).
#[derive(Debug, Clone)]
pub struct ScrapRow {
    /// Out of which place.
    pub place: String,
    /// Part number.
    pub part: String,
    /// Its name; empty where no list names it.
    pub name: String,
    /// Serial number; empty for none.
    pub serial: String,
    /// Pieces.
    pub qty: String,
    /// Its type, and what was said about it.
    pub why: String,
    /// The photo's hash; empty for none.
    pub photo: String,
    /// Without the type or photo that it needs.
    pub unproven: bool,
    /// Who, when.
    pub by: String,
}

/// Something that is lent to a customer (T-28).
#[derive(Debug, Clone)]
pub struct LoanRow {
    /// Return number.
    pub rma: String,
    /// Part number.
    pub part: String,
    /// Its name; empty where no list names it.
    pub name: String,
    /// Serial number; empty for none.
    pub serial: String,
    /// Pieces that are still there.
    pub qty: String,
    /// The order: id and number.
    pub order: Option<(String, String)>,
    /// Who, when.
    pub by: String,
}

/// One row of a sheet to count by.
#[derive(Debug, Clone)]
pub struct SheetRow {
    /// Part number.
    pub part: String,
    /// Its name; empty where no list names it.
    pub name: String,
    /// Serial number; empty for pieces that have none.
    pub serial: String,
    /// What the book has.
    pub book: i64,
}

/// The sheet of one place.
#[derive(Debug, Clone, Default)]
pub struct CountSheet {
    /// The place, as the form names it.
    pub place: String,
    /// The place's name.
    pub name: String,
    /// Every part and unit that the book has there.
    pub rows: Vec<SheetRow>,
    /// Places that can be counted.
    pub places: Vec<Choice>,
    /// Makes the form's second arrival harmless.
    pub once: String,
}

/// A row of the report of a period: every figure as a number.
#[derive(Debug, Clone)]
pub struct ReportRow {
    /// The engineer.
    pub engineer: String,
    /// Part number.
    pub part: String,
    /// Its name; empty where no list names it.
    pub name: String,
    /// Good or defective, as words.
    pub shelf: String,
    /// The figures, in the order of the report's columns.
    pub figures: Vec<i64>,
}

/// The report of a period (Y-23).
#[derive(Debug, Clone, Default)]
pub struct StockReport {
    /// First day, `YYYY-MM-DD`.
    pub from: String,
    /// Last day, `YYYY-MM-DD`.
    pub to: String,
    /// Names of the figures.
    pub columns: Vec<String>,
    /// Rows by engineer and part.
    pub rows: Vec<ReportRow>,
    /// The sums agree with the ledger (I3).
    pub balanced: bool,
    /// The quarters before, newest first: name, first and last day.
    pub quarters: Vec<(String, String, String)>,
}
