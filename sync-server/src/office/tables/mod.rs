//! Master data as tables: customers with contacts and units, parts, prices, in and out (Y-37, Y-05, T-38).
//!
//! Invariants: an import adds and fills in, it never overwrites: where the table says otherwise than the record, the line
//! says so and the record stays. The same table twice makes nothing new. A line is taken whole or not at all, and each that is
//! not taken says in which column why. Nothing that leaves here begins as a formula of a spreadsheet program.

mod customers;
mod packs;
mod read;

pub use customers::{CustomerLine, Done, export_customers};
pub use packs::{read_parts, read_prices};
pub use read::{Cell, LINES_MAX, Row, Table, TableError, text_of};

/// A cell as it leaves: what a spreadsheet program would run as a formula is marked as text.
pub(super) fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
