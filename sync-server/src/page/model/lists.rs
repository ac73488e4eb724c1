//! Lists and simple forms: new order, conflicts, users, devices, customers, equipment, stock.

use super::{
    Candidate, Chip, Choice, ConflictView, CountCard, HideLine, Hiding, LevelRow, LoanRow, Row, ScrapRow,
    Tone,
};

/// The form of ticket, order and dispatch in one.
#[derive(Debug, Clone, Default)]
pub struct NewOrder {
    /// What was searched for, where there are too many customers to choose from a list.
    pub search: Option<String>,
    /// Customers to choose from, or found by the search.
    pub customers: Vec<Choice>,
    /// How many more the search found.
    pub more: usize,
    /// Whether one is chosen: the form appears then.
    pub customer: Option<(String, String)>,
    /// The chosen customer's equipment.
    pub assets: Vec<Choice>,
    /// Kinds of visit.
    pub types: Vec<Choice>,
    /// Priorities.
    pub priorities: Vec<Choice>,
    /// Ways of reporting.
    pub channels: Vec<Choice>,
    /// Categories.
    pub categories: Vec<Choice>,
    /// Engineers with load and van, the first choice being nobody.
    pub engineers: Vec<Candidate>,
    /// What was typed before a refusal.
    pub summary: String,
    /// The same.
    pub description: String,
    /// The same.
    pub caller: String,
    /// The same.
    pub phone: String,
    /// `YYYY-MM-DDTHH:MM`.
    pub window_from: String,
    /// The same.
    pub window_to: String,
    /// Makes the form's second arrival harmless.
    pub once: String,
}

/// Conflicts over all orders.
#[derive(Debug, Clone, Default)]
pub struct Conflicts {
    /// To decide, then for information.
    pub open: Vec<ConflictView>,
    /// Settled, newest first.
    pub settled: Vec<ConflictView>,
}

/// One person with an account.
#[derive(Debug, Clone)]
pub struct UserLine {
    /// Id.
    pub id: String,
    /// The name to log in with.
    pub login: String,
    /// The name shown.
    pub name: String,
    /// Names of the roles.
    pub roles: String,
    /// Roles as check boxes.
    pub choices: Vec<Choice>,
    /// Active, left, password not set yet.
    pub state: Chip,
    /// Whether the account is active.
    pub active: bool,
    /// Token of the directory as shown.
    pub token: String,
}

/// The users' page.
#[derive(Debug, Clone, Default)]
pub struct Users {
    /// Everybody.
    pub lines: Vec<UserLine>,
    /// Roles for a new account.
    pub roles: Vec<Choice>,
    /// A one-time link just made: for whom, the link, until when.
    pub link: Option<Secret>,
    /// Makes the form's second arrival harmless.
    pub once: String,
}

/// Something that is shown once.
#[derive(Debug, Clone)]
pub struct Secret {
    /// For whom.
    pub name: String,
    /// The link or the code.
    pub value: String,
    /// Until when it works.
    pub until: String,
}

/// One enrolled device.
#[derive(Debug, Clone)]
pub struct DeviceLine {
    /// Id.
    pub id: String,
    /// The name that its owner gave it.
    pub name: String,
    /// Its engineer.
    pub engineer: String,
    /// Its tag, hex.
    pub tag: String,
    /// Since when.
    pub enrolled: String,
    /// When it last synchronised.
    pub last_seen: String,
    /// In use, revoked (why).
    pub state: Chip,
    /// Whether it can be revoked.
    pub active: bool,
}

/// The devices' page.
#[derive(Debug, Clone, Default)]
pub struct Devices {
    /// Every device.
    pub lines: Vec<DeviceLine>,
    /// Engineers for a new code.
    pub engineers: Vec<Choice>,
    /// A code just made.
    pub code: Option<Secret>,
}

/// One customer in the list.
#[derive(Debug, Clone)]
pub struct CustomerLine {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Region.
    pub region: String,
    /// Marks: key customer.
    pub marks: Vec<Chip>,
    /// Units on record.
    pub assets: usize,
    /// Orders that are not finished.
    pub open: usize,
}

/// The customers' list.
#[derive(Debug, Clone, Default)]
pub struct Customers {
    /// Whether the list is that of the hidden ones.
    pub hidden: bool,
    /// How many are hidden.
    pub hidden_count: usize,
    /// What was searched for.
    pub text: String,
    /// The list, or its beginning.
    pub lines: Vec<CustomerLine>,
    /// How many more there are.
    pub more: usize,
    /// The person may import and export.
    pub imports: bool,
    /// Makes the form's second arrival harmless.
    pub once: String,
}

/// One unit of a customer.
#[derive(Debug, Clone)]
pub struct AssetLine {
    /// Token of what is shown.
    pub token: String,
    /// The hides that stand over it.
    pub hides: Vec<HideLine>,
    /// Id.
    pub id: String,
    /// Serial number.
    pub serial: String,
    /// Product.
    pub product: String,
    /// Application date.
    pub applied_on: String,
    /// Until when the warranty holds, or that it ended.
    pub warranty: Chip,
    /// Marks: disputed serial, proposed by an engineer.
    pub marks: Vec<Chip>,
}

/// One customer with everything about it.
#[derive(Debug, Clone, Default)]
pub struct CustomerPage {
    /// Its hides and their form.
    pub hiding: Hiding,
    /// Units that are hidden.
    pub hidden_assets: Vec<AssetLine>,
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// What is on record.
    pub rows: Vec<Row>,
    /// Units.
    pub assets: Vec<AssetLine>,
    /// Products for a new unit.
    pub products: Vec<Choice>,
    /// Orders: number, id, summary, state.
    pub orders: Vec<OrderLine>,
    /// Token of what is shown.
    pub token: String,
    /// Whether the reader may change it.
    pub may_edit: bool,
    /// Makes the form's second arrival harmless.
    pub once: String,
}

/// An order in a list.
#[derive(Debug, Clone)]
pub struct OrderLine {
    /// Id.
    pub id: String,
    /// Number.
    pub number: String,
    /// What it is about.
    pub summary: String,
    /// State.
    pub state: Chip,
    /// When it was made.
    pub at: String,
    /// Who has or did it.
    pub engineer: String,
    /// Parts used (Y-02).
    pub parts: Vec<PartCount>,
}

/// A van or a store: one column of the stock table.
#[derive(Debug, Clone)]
pub struct Place {
    /// Id of the engineer, or `store`, for links.
    pub id: String,
    /// Name.
    pub name: String,
    /// «as of 13:05»; empty for a store.
    pub as_of: String,
    /// «offline since 12:40 (25 min)».
    pub link: String,
    /// Tone of the link.
    pub tone: Tone,
    /// Number of discrepancies.
    pub discrepancies: usize,
}

/// What lies of one part at one place.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    /// Good units; negative where more was used than was there. Empty for none.
    pub good: String,
    /// Defective units and units on their way, as words.
    pub more: String,
    /// Whether a balance is below zero.
    pub wrong: bool,
}

/// A part with a quantity: «blank key KEY-U3 × 2».
#[derive(Debug, Clone)]
pub struct PartCount {
    /// Part number.
    pub part: String,
    /// Its name; empty where no list names it.
    pub name: String,
    /// Units.
    pub qty: String,
}

/// One part over all places.
#[derive(Debug, Clone)]
pub struct PartRow {
    /// Part number.
    pub part: String,
    /// Its name; empty where no list names it.
    pub name: String,
    /// One cell a place, in the places' order.
    pub cells: Vec<Cell>,
    /// Good units over all places.
    pub total: i64,
}

/// What an engineer asked for (T-31).
#[derive(Debug, Clone)]
pub struct RequestLine {
    /// The request's fact.
    pub fact: String,
    /// The engineer's id.
    pub engineer: String,
    /// The engineer's name.
    pub name: String,
    /// Which parts, how many.
    pub lines: Vec<PartCount>,
    /// For which order: id and number; empty for the van.
    pub order: Option<(String, String)>,
    /// Why, until when.
    pub text: String,
    /// Requested, approved, refused, issued, cancelled.
    pub state: Chip,
    /// When it was asked for.
    pub at: String,
    /// The answers: state, words, author, time.
    pub answers: Vec<String>,
    /// Answers that the reader may give; empty where there is none to give.
    pub choices: Vec<Choice>,
    /// Token of the place as shown.
    pub token: String,
}

/// The stock page.
#[derive(Debug, Clone, Default)]
pub struct Stock {
    /// What part numbers are narrowed to.
    pub text: String,
    /// Vans, then stores.
    pub places: Vec<Place>,
    /// Parts.
    pub rows: Vec<PartRow>,
    /// Requests that wait for an answer or for their parts.
    pub requests: Vec<RequestLine>,
    /// Requests that are done.
    pub answered: Vec<RequestLine>,
    /// Engineers to issue to.
    pub engineers: Vec<Choice>,
    /// Parts to issue.
    pub parts: Vec<Choice>,
    /// Whether the reader is a storekeeper.
    pub may_move: bool,
    /// Where goods come from.
    pub sources: Vec<Choice>,
    /// How issued parts reach the engineer.
    pub ways: Vec<Choice>,
    /// Counts that engineers propose.
    pub waiting: Vec<CountCard>,
    /// The newest other counts.
    pub counted: Vec<CountCard>,
    /// What is below its least stock.
    pub shortages: Vec<LevelRow>,
    /// Every stock level.
    pub levels: Vec<LevelRow>,
    /// Whether the reader may see the report of a period.
    pub may_report: bool,
    /// What is lent and has not come back.
    pub loans: Vec<LoanRow>,
    /// The newest scraps, of vans and store.
    pub scraps: Vec<ScrapRow>,
    /// Types of scrap.
    pub scrap_types: Vec<Choice>,
    /// Photos that a scrap of the store may be shown by.
    pub scrap_photos: Vec<Choice>,
    /// Places that are counted and have levels.
    pub shelves: Vec<Choice>,
    /// Makes the form's second arrival harmless.
    pub once: String,
}
