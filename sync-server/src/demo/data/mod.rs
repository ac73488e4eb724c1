//! The demo's company as tables that a person can read and change: one text file a table, `|` between columns.
//!
//! All invented. Nothing here is logic: what is done with a row stands in `seed/` and `script.rs`. A row that cannot
//! be read ends the demo with file and line; nothing is skipped.

mod age;
mod table;

pub use age::{Age, When};
pub use table::TableError;

use fieldseal_core::domain::work::{Category, Channel, OrderType, Priority};

use self::table::{Row, rows};

/// A customer with one contact.
#[derive(Debug, Clone, Copy)]
pub struct Customer {
    /// Short name in the other tables.
    pub code: &'static str,
    /// Company name.
    pub name: &'static str,
    /// City and district, for grouping.
    pub region: &'static str,
    /// Street address.
    pub address: &'static str,
    /// Contact's name.
    pub contact: &'static str,
    /// Contact's role there.
    pub role: &'static str,
    /// Contact's phone.
    pub phone: &'static str,
    /// Report language.
    pub language: &'static str,
    /// Key customer (重点客户).
    pub key: bool,
    /// Photography is forbidden on site (V22).
    pub no_photos: bool,
}

/// Units of a product whose code begins so are e-seal keys.
pub const KEY: &str = "eseal_key";

/// An installed unit.
#[derive(Debug, Clone, Copy)]
pub struct Unit {
    /// Index into [`Company::customers`].
    pub customer: usize,
    /// Serial number.
    pub serial: &'static str,
    /// Product code: `eseal_key…` or a weak-current product.
    pub product: &'static str,
    /// How long ago the seal was applied for.
    pub applied: Option<Age>,
    /// How long ago the goods were sold.
    pub sold: Option<Age>,
    /// How long ago the goods were accepted.
    pub accepted: Option<Age>,
    /// Since when the maker's own warranty has ended; negative while it runs.
    pub maker_ended: Option<Age>,
    /// Cannot be brought in (Q7).
    pub fixed: bool,
}

impl Unit {
    /// Whether it is an e-seal key.
    pub fn is_key(&self) -> bool {
        self.product.starts_with(KEY)
    }
}

/// A spare part.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Part number.
    pub number: &'static str,
    /// Name in Chinese.
    pub name: &'static str,
    /// Name in English.
    pub name_en: &'static str,
    /// Unit in Chinese.
    pub unit: &'static str,
    /// Unit in English.
    pub unit_en: &'static str,
    /// Price in fen.
    pub fen: i64,
    /// Units in the store at the start.
    pub store: u32,
    /// Units in each van at the start.
    pub van: u32,
    /// Least in the store (T-34).
    pub least: u32,
}

/// A price of keys, for one product.
#[derive(Debug, Clone, Copy)]
pub struct KeyPrice {
    /// Product code.
    pub product: &'static str,
    /// Fen for a remade key (`price.new_application`, 000-18).
    pub new_application: i64,
    /// Fen after the warranty (`price.original`, 000-20).
    pub original: i64,
}

/// What is reported, found and done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Short name in the table of tickets.
    pub code: &'static str,
    /// Product, `any` for visits that are about no unit's fault.
    pub product: &'static str,
    /// What the unit shows; see the table's head.
    pub look: &'static str,
    /// In the customer's words.
    pub reported: &'static str,
    /// What the engineer finds.
    pub found: &'static str,
    /// What he does.
    pub done: &'static str,
    /// The part that he uses.
    pub part: &'static str,
    /// How many.
    pub pieces: u32,
}

impl Fault {
    /// Whether this may be reported about a product.
    pub fn fits(&self, product: &str) -> bool {
        self.product == product || (self.product == KEY && product.starts_with(KEY))
    }
}

/// A ticket of the month behind or of today.
#[derive(Debug, Clone, Copy)]
pub struct Story {
    /// When it is reported.
    pub when: When,
    /// Login of the engineer who gets it; empty for nobody yet.
    pub engineer: &'static str,
    /// Index into [`Company::units`].
    pub unit: usize,
    /// Index into [`Company::faults`].
    pub fault: usize,
    /// Priority.
    pub priority: Priority,
    /// Way of reporting.
    pub channel: Channel,
    /// Category.
    pub category: Category,
    /// What the visit is for.
    pub order_type: OrderType,
    /// What happens to it; see `seed/stories.rs`.
    pub story: &'static str,
}

/// All tables.
#[derive(Debug, Clone)]
pub struct Company {
    /// Customers.
    pub customers: Vec<Customer>,
    /// Keys, then weak-current goods. The first is the visitor's.
    pub units: Vec<Unit>,
    /// Spare parts.
    pub parts: Vec<Part>,
    /// Key products with both prices.
    pub key_prices: Vec<KeyPrice>,
    /// What is reported.
    pub faults: Vec<Fault>,
    /// Tickets in the order in which they are made.
    pub stories: Vec<Story>,
}

impl Company {
    /// Reads the tables.
    ///
    /// # Errors
    /// [`TableError`] with file and line.
    pub fn load() -> Result<Self, TableError> {
        let customers = rows("customers.txt", include_str!("customers.txt"), 9, |row| {
            Ok(Customer {
                code: row.text(0)?,
                name: row.text(1)?,
                region: row.text(2)?,
                address: row.text(3)?,
                contact: row.text(4)?,
                role: row.text(5)?,
                phone: row.text(6)?,
                language: row.text(7)?,
                key: row.may(8) == "key",
                no_photos: row.may(8) == "no-photos",
            })
        })?;
        let customer = |row: &Row| row.place(0, customers.iter().map(|customer: &Customer| customer.code));
        let mut units = rows("keys.txt", include_str!("keys.txt"), 4, |row| {
            Ok(Unit {
                customer: customer(row)?,
                serial: row.text(1)?,
                product: row.text(2)?,
                applied: Some(row.read(3)?),
                sold: None,
                accepted: None,
                maker_ended: None,
                fixed: false,
            })
        })?;
        units.extend(rows("goods.txt", include_str!("goods.txt"), 7, |row| {
            Ok(Unit {
                customer: customer(row)?,
                serial: row.text(1)?,
                product: row.text(2)?,
                applied: None,
                sold: row.maybe(3)?,
                accepted: row.maybe(4)?,
                maker_ended: row.maybe(5)?,
                fixed: row.may(6) == "fixed",
            })
        })?);
        let parts = rows("parts.txt", include_str!("parts.txt"), 9, |row| {
            Ok(Part {
                number: row.text(0)?,
                name: row.text(1)?,
                name_en: row.text(2)?,
                unit: row.text(3)?,
                unit_en: row.text(4)?,
                fen: row.read(5)?,
                store: row.read(6)?,
                van: row.read(7)?,
                least: row.read(8)?,
            })
        })?;
        let key_prices = rows("prices.txt", include_str!("prices.txt"), 3, |row| {
            Ok(KeyPrice {
                product: row.text(0)?,
                new_application: row.read(1)?,
                original: row.read(2)?,
            })
        })?;
        let faults = rows("faults.txt", include_str!("faults.txt"), 8, |row| {
            Ok(Fault {
                code: row.text(0)?,
                product: row.text(1)?,
                look: row.text(2)?,
                reported: row.text(3)?,
                found: row.text(4)?,
                done: row.text(5)?,
                part: row.text(6)?,
                pieces: row.read(7)?,
            })
        })?;
        let stories = rows("tickets.txt", include_str!("tickets.txt"), 9, |row| {
            Ok(Story {
                when: row.read(0)?,
                engineer: row.may(1),
                unit: row.place(2, units.iter().map(|unit: &Unit| unit.serial))?,
                fault: row.place(3, faults.iter().map(|fault: &Fault| fault.code))?,
                priority: row.read(4)?,
                channel: row.read(5)?,
                category: row.read(6)?,
                order_type: row.read(7)?,
                story: row.text(8)?,
            })
        })?;
        Ok(Self {
            customers,
            units,
            parts,
            key_prices,
            faults,
            stories,
        })
    }

    /// The customer of a unit.
    pub fn customer_of(&self, unit: &Unit) -> Option<&Customer> {
        self.customers.get(unit.customer)
    }

    /// What may be reported about a product.
    pub fn faults_of(&self, product: &str) -> Vec<&Fault> {
        self.faults.iter().filter(|fault| fault.fits(product)).collect()
    }

    /// The fault that a summary is about; none for what a visitor wrote.
    pub fn fault_by_text(&self, summary: &str) -> Option<&Fault> {
        self.faults.iter().find(|fault| fault.reported == summary)
    }
}

#[cfg(test)]
mod tests;
