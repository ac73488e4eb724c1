//! The board: columns of cards by visible state, the engineers' strip, the filter.

use super::{Chip, Choice, Tone};

/// A service-level clock as words, right at the moment of rendering.
#[derive(Debug, Clone)]
pub struct Clock {
    /// «Response, 1 h 20 min left».
    pub text: String,
    /// The moment that it is due, whole, for the hint.
    pub due: String,
    /// Calm, soon, late.
    pub tone: Tone,
}

/// One work order on the board.
#[derive(Debug, Clone)]
pub struct Card {
    /// The order's id.
    pub id: String,
    /// The ticket's display number.
    pub number: String,
    /// The customer's name.
    pub customer: String,
    /// What it is about.
    pub summary: String,
    /// Code of the priority: `p1`, `p2`, `p3`; else empty.
    pub priority: String,
    /// Name of the fine state.
    pub state: String,
    /// Tone of the fine state.
    pub state_tone: Tone,
    /// The engineer, or the engineers of a pool.
    pub engineer: String,
    /// The agreed window.
    pub window: String,
    /// The clocks that still run.
    pub clocks: Vec<Clock>,
    /// Flags.
    pub flags: Vec<Chip>,
    /// Conflicts that ask for a decision.
    pub conflicts: usize,
}

/// One column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Code of the visible state.
    pub code: &'static str,
    /// Its name.
    pub title: String,
    /// Its cards, the most pressing first.
    pub cards: Vec<Card>,
    /// How many there are, those not shown too.
    pub count: usize,
    /// The address of the page before, in a list by pages.
    pub before_href: Option<String>,
    /// Cards after those shown.
    pub more: usize,
    /// The address that shows them.
    pub more_href: String,
    /// What to do when there is none.
    pub empty: String,
}

/// What is known of one engineer, and how old it is (B54).
#[derive(Debug, Clone)]
pub struct EngineerLine {
    /// The person's id.
    pub id: String,
    /// The name.
    pub name: String,
    /// «online», «offline since 12:40 (25 min)», «no device yet».
    pub link: String,
    /// Tone of the link.
    pub link_tone: Tone,
    /// «as of 13:05».
    pub as_of: String,
    /// The visit under way: number, id of the order, state.
    pub visit: Option<(String, String, String)>,
    /// Orders in his hands.
    pub orders: usize,
    /// Parts whose balance is below zero.
    pub discrepancies: usize,
}

/// A filter that is one link: on, or with how many orders it would show.
#[derive(Debug, Clone)]
pub struct FilterLink {
    /// Code, for the element's id.
    pub code: String,
    /// What it shows.
    pub text: String,
    /// How many orders.
    pub count: usize,
    /// The address that switches it on, or off where it is on.
    pub href: String,
    /// Whether it is on.
    pub on: bool,
    /// Tone of the mark.
    pub tone: Tone,
}

/// What the board is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Words in number, customer, summary, serial number, phone.
    pub text: String,
    /// Regions and groups of customers.
    pub regions: Vec<Choice>,
    /// What needs a look: late, not delivered, to decide; then the fine states that occur.
    pub links: Vec<FilterLink>,
    /// Fields of the address that the form keeps.
    pub kept: Vec<(String, String)>,
    /// Engineers to choose from.
    pub engineers: Vec<Choice>,
    /// Priorities to choose from.
    pub priorities: Vec<Choice>,
    /// Whether anything is set.
    pub on: bool,
}

/// The whole board.
#[derive(Debug, Clone)]
pub struct Board {
    /// The four columns.
    pub columns: Vec<Column>,
    /// One column alone, by pages.
    pub one: bool,
    /// Cancelled orders, folded.
    pub cancelled: Option<Column>,
    /// The strip.
    pub engineers: Vec<EngineerLine>,
    /// The filter.
    pub filter: Filter,
}
