//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use fieldseal_core::domain::texts::Lang;

/// An engineer's phone, by hand. Everything but `enrol` and `sync` works with the server stopped.
#[derive(Debug, Parser)]
#[command(name = "engineer")]
pub struct Arguments {
    /// Folder of the phone's database.
    #[arg(
        long,
        global = true,
        default_value = "engineer-data",
        env = "FIELDSEAL_ENGINEER_DATA"
    )]
    pub data: PathBuf,
    /// Language of the output.
    #[arg(long, global = true, value_enum, default_value_t = Language::En, env = "FIELDSEAL_LANG")]
    pub lang: Language,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Language {
    #[value(name = "en")]
    En,
    #[value(name = "zh-CN")]
    ZhCn,
}

impl From<Language> for Lang {
    fn from(language: Language) -> Self {
        match language {
            Language::En => Self::En,
            Language::ZhCn => Self::ZhCn,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Trade a one-time code for a certificate and a token.
    Enrol {
        /// The code that the office shows.
        code: String,
        /// The server's address.
        #[arg(long, default_value = "http://127.0.0.1:8080")]
        server: String,
        /// What this device is called.
        #[arg(long, default_value = "engineer CLI")]
        name: String,
    },
    /// The work orders on this phone.
    Orders,
    /// One work order: record, decisions, timeline, what is missing before it can be sealed.
    Show { order: String },
    /// Found a ticket at a customer's, with no server in reach.
    Found(Found),
    /// Add a unit that was found on site to a work order.
    AddUnit {
        order: String,
        serial: String,
        #[arg(long, default_value = "eseal_key")]
        product: String,
    },
    /// Ask for help: a team, a colleague, the maker.
    Escalate {
        order: String,
        to: String,
        reason: String,
    },
    /// Take an assignment.
    Accept {
        order: String,
        /// The planned solution.
        #[arg(long)]
        plan: Option<String>,
    },
    /// Give an assignment back.
    Decline { order: String, reason: String },
    /// Note a contact with the customer.
    Contact {
        order: String,
        text: Option<String>,
        /// The customer was not reached.
        #[arg(long)]
        not_reached: bool,
    },
    /// Set out.
    Travel { order: String },
    /// Arrive.
    Arrive { order: String },
    /// Note progress.
    Progress { order: String, text: String },
    /// Note the customer's consent to the work and its price, or to something else.
    Consent {
        order: String,
        text: Option<String>,
        /// remote, work_and_price, extension, sensitive_copy, location
        #[arg(long, default_value = "work_and_price")]
        to: String,
    },
    /// Add a photo (a JPEG file): kept on this device, sent by `sync`.
    Photo(Photo),
    /// Hide a photo, with a reason; it is neither shown nor sealed any more.
    HidePhoto {
        order: String,
        /// Its SHA-256, or the beginning of it.
        photo: String,
        reason: String,
    },
    /// Write a photo to a file; one of another device is fetched from the server.
    GetPhoto {
        order: String,
        photo: String,
        out: PathBuf,
    },
    /// Use a part from the van.
    UsePart {
        order: String,
        part: String,
        #[arg(default_value_t = 1)]
        quantity: u32,
        /// Serial number of a serial-tracked unit.
        #[arg(long)]
        serial: Option<String>,
    },
    /// Swap a unit at the customer's in one action: the old one taken in, the new one out of the van, both on record.
    SwapKey {
        order: String,
        /// Part number of the new unit.
        part: String,
        /// Serial number of the new unit.
        serial: String,
        /// Serial number of the old unit; may be left out where the order has one unit.
        #[arg(long)]
        old: Option<String>,
        /// The colleague out of whose van it comes.
        #[arg(long)]
        from: Option<String>,
        /// In words.
        #[arg(long)]
        note: Option<String>,
    },
    /// Move parts into the van or out of it other than by use.
    #[command(subcommand)]
    Parts(Parts),
    /// Ask the store for parts.
    RequestPart {
        part: String,
        #[arg(default_value_t = 1)]
        quantity: u32,
        /// For this work order; without it, for restocking.
        #[arg(long)]
        order: Option<String>,
    },
    /// Write the printable report of a sealed revision: one HTML file for browser, printer and customer, in `--lang`.
    Print {
        order: String,
        /// Where to write it.
        #[arg(long)]
        out: PathBuf,
        /// Which revision; without it, the current one.
        #[arg(long)]
        revision: Option<u32>,
    },
    /// Examine a unit and decide its warranty, with the explanation.
    Warranty(Warranty),
    /// Fill in the report.
    Report(Report),
    /// End the work with an outcome.
    Done {
        order: String,
        /// solved, unresolved, needs_parts, customer_absent, no_fault_found
        #[arg(default_value = "solved")]
        outcome: String,
        /// Why, where unresolved.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Have the customer sign (kept as a draft until `seal`).
    Sign(Sign),
    /// Seal the report: from here on it cannot be changed, only followed by a revision.
    Seal {
        order: String,
        /// Write the sealed file here too.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Hand the report in.
    Submit { order: String },
    /// Leave the site.
    Leave { order: String },
    /// What is due, and when to ring.
    Reminders,
    /// What is in the van.
    Stock,
    /// What went through the own hands in a period: received, used, returned, scrapped.
    StockReport {
        /// First day, YYYY-MM-DD.
        from: String,
        /// Last day, YYYY-MM-DD.
        to: String,
    },
    /// What two people wrote without knowing of each other.
    Conflicts,
    /// Find orders, customers and keys; two Chinese characters are enough.
    Search { text: String },
    /// Exchange with the server.
    Sync,
    /// What waits, when the last exchange was, whether anything needs attention.
    Status,
}

/// A ticket to found.
#[derive(Debug, Args)]
pub struct Found {
    /// What was reported.
    pub description: String,
    /// The customer's name: one that this phone knows by exactly this name, else a new one.
    #[arg(long)]
    pub customer: String,
    /// Serial numbers of the units.
    #[arg(long)]
    pub serial: Vec<String>,
    /// What a new unit is.
    #[arg(long, default_value = "eseal_key")]
    pub product: String,
    /// Who reports it.
    #[arg(long)]
    pub caller: Option<String>,
    #[arg(long, requires = "caller")]
    pub phone: Option<String>,
    /// support, service, complaint, suggestion, enquiry
    #[arg(long, default_value = "service")]
    pub category: String,
    /// More fields of the ticket: environment=…, tried_already=…, custom.floor=3
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub more: Vec<String>,
    /// Only report it: somebody else will go.
    #[arg(long)]
    pub report_only: bool,
}

#[derive(Debug, Args)]
pub struct Photo {
    pub order: String,
    pub file: PathBuf,
    /// What it shows: device, label, symptom, damage, site, custody, other
    #[arg(long)]
    pub what: Option<String>,
    /// The sign of damage that it shows; the evidence that `warranty` takes.
    #[arg(long)]
    pub symptom: Option<String>,
    /// Serial number of the unit that it shows.
    #[arg(long)]
    pub serial: Option<String>,
    /// In words.
    #[arg(long)]
    pub caption: Option<String>,
    /// A copy of a sealed document; needs `consent --to sensitive_copy`.
    #[arg(long)]
    pub sensitive: bool,
    /// Keep where it was taken; needs `consent --to location`.
    #[arg(long)]
    pub place: bool,
}

#[derive(Debug, Args)]
pub struct Warranty {
    pub order: String,
    /// Serial number of the unit; may be left out where the order has one unit.
    #[arg(long)]
    pub serial: Option<String>,
    /// It works on another port and computer.
    #[arg(long)]
    pub works: bool,
    /// It was not tried on another port and computer.
    #[arg(long)]
    pub not_tested: bool,
    /// A symptom seen; its photos are those that were added for it: shell_deformed, shell_cracked, usb_plug_broken_off_board, water_or_mist_inside, other_visible_damage.
    #[arg(long = "symptom")]
    pub symptoms: Vec<String>,
    /// Why no photos could be taken.
    #[arg(long, requires = "witness")]
    pub no_photos: Option<String>,
    /// Who witnessed the examination.
    #[arg(long)]
    pub witness: Option<String>,
}

#[derive(Debug, Args)]
pub struct Report {
    pub order: String,
    /// What was found.
    #[arg(long)]
    pub found: Option<String>,
    /// What was done.
    #[arg(long)]
    pub done: Option<String>,
    /// The customer's opinion: satisfied, opinion, refuses.
    #[arg(long)]
    pub opinion: Option<String>,
    /// The opinion in words.
    #[arg(long)]
    pub opinion_text: Option<String>,
}

#[derive(Debug, Args)]
pub struct Sign {
    pub order: String,
    /// The signer's name.
    #[arg(long)]
    pub name: String,
    /// The signer's role.
    #[arg(long)]
    pub role: String,
    /// Strokes from a JSON file: [[[x, y, milliseconds], …], …] in a box of 10000 × 3400.
    #[arg(long, conflicts_with = "scribble")]
    pub strokes: Option<PathBuf>,
    /// Draw a scribble from this seed.
    #[arg(long, default_value_t = 1)]
    pub scribble: u64,
}

/// How parts come and go beside their use.
#[derive(Debug, Subcommand)]
pub enum Parts {
    /// They arrived from the store.
    Confirm(Pieces),
    /// They go back to the store.
    Return {
        #[command(flatten)]
        pieces: Pieces,
        /// Out of the defective ones.
        #[arg(long)]
        defective: bool,
    },
    /// Taken by hand out of a colleague's van.
    TakeOver {
        /// The colleague's name.
        from: String,
        #[command(flatten)]
        pieces: Pieces,
    },
    /// Taken from the customer of a work order, defective.
    Collect {
        order: String,
        #[command(flatten)]
        pieces: Pieces,
        /// Accessories, state (W-19).
        #[arg(long)]
        note: Option<String>,
    },
    /// Lend to the customer of a work order; `show` has the return number.
    Lend {
        order: String,
        #[command(flatten)]
        pieces: Pieces,
        /// Accessories, state.
        #[arg(long)]
        note: Option<String>,
    },
    /// Take back what was lent.
    LoanBack {
        order: String,
        /// The loan's return number.
        rma: String,
        #[command(flatten)]
        pieces: Pieces,
    },
    /// Show a code for a colleague's phone; nothing moves until he has taken it.
    Offer {
        /// The colleague's name.
        to: String,
        #[command(flatten)]
        pieces: Pieces,
    },
    /// Take parts over by the code that a colleague's phone shows; prints the receipt for his phone.
    Take { code: String },
    /// Confirm a hand-over by the receipt that the colleague's phone shows.
    ConfirmTaken { receipt: String },
    /// Counted in the van: a proposal that the storekeeper posts.
    Count {
        part: String,
        /// What was found.
        found: u32,
        #[arg(long)]
        serial: Option<String>,
        /// Among the defective ones.
        #[arg(long)]
        defective: bool,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Ask for all that is below its least stock.
    Restock,
    /// Scrapped.
    Scrap {
        /// Which type of scrap: broken, water, worn_out, obsolete, dead_on_arrival, lost, other
        kind: String,
        #[command(flatten)]
        pieces: Pieces,
        /// Out of the defective ones.
        #[arg(long)]
        defective: bool,
        /// The JPEG file that shows it.
        #[arg(long)]
        photo: Option<PathBuf>,
        /// In words.
        #[arg(long)]
        note: Option<String>,
    },
}

/// Pieces of one part.
#[derive(Debug, clap::Args)]
pub struct Pieces {
    pub part: String,
    #[arg(default_value_t = 1)]
    pub quantity: u32,
    /// Serial number of a serial-tracked unit.
    #[arg(long)]
    pub serial: Option<String>,
}
