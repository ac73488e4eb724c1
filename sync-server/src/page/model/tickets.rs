//! Tickets: the list by what is to be done about them, and one ticket with its visits and its log.

use super::{Candidate, Chip, Choice, Entry, FieldView, Hiding, OrderLine};

/// One list of tickets to choose.
#[derive(Debug, Clone)]
pub struct TicketList {
    /// Its code in the address.
    pub code: String,
    /// Its title.
    pub title: String,
    /// How many tickets it has.
    pub count: usize,
    /// Whether it is the one shown.
    pub chosen: bool,
}

/// One ticket in a list.
#[derive(Debug, Clone)]
pub struct TicketLine {
    /// Id.
    pub id: String,
    /// Number.
    pub number: String,
    /// Code of the priority, empty without one.
    pub priority: String,
    /// Its name.
    pub priority_name: String,
    /// What was reported.
    pub description: String,
    /// Whose.
    pub customer: String,
    /// When it was received.
    pub at: String,
    /// How many visits it has.
    pub visits: usize,
    /// How it stands.
    pub state: Chip,
    /// Came back unresolved, promised and late.
    pub marks: Vec<Chip>,
}

/// The list.
#[derive(Debug, Clone, Default)]
pub struct Tickets {
    /// The lists.
    pub lists: Vec<TicketList>,
    /// Code of the one shown.
    pub list: String,
    /// Tickets of it.
    pub lines: Vec<TicketLine>,
    /// How many more it has.
    pub more: usize,
    /// What was searched for.
    pub text: String,
}

/// A text of the triage form.
#[derive(Debug, Clone)]
pub struct TriageText {
    /// Name of the field.
    pub name: String,
    /// Its label.
    pub label: String,
    /// Its value as the form was made.
    pub value: String,
}

/// Class, priority and what is known.
#[derive(Debug, Clone, Default)]
pub struct Triage {
    /// Not triaged yet: saving it confirms class and priority.
    pub first: bool,
    /// Categories.
    pub categories: Vec<Choice>,
    /// Priorities.
    pub priorities: Vec<Choice>,
    /// No priority stands yet: none is chosen beforehand.
    pub unset: bool,
    /// What is looked at each time.
    pub texts: Vec<TriageText>,
    /// What is filled in where it is known.
    pub more: Vec<TriageText>,
    /// The customer confirmed the facts (001-09).
    pub confirmed: bool,
}

/// Another visit.
#[derive(Debug, Clone, Default)]
pub struct AnotherVisit {
    /// Kinds of visit.
    pub types: Vec<Choice>,
    /// Priorities.
    pub priorities: Vec<Choice>,
    /// What it is about.
    pub summary: String,
    /// Engineers, the first choice being nobody.
    pub engineers: Vec<Candidate>,
    /// Makes the form's second arrival harmless.
    pub once: String,
}

/// What the person may do with the ticket as it stands.
#[derive(Debug, Clone, Default)]
pub struct TicketActions {
    /// Confirm class and priority, correct what was reported.
    pub triage: Option<Triage>,
    /// Another visit, and what must be written down before.
    pub visit: Option<AnotherVisit>,
    /// Solve at the desk.
    pub solve: bool,
    /// Note the customer's word.
    pub confirm: bool,
    /// Ways of closing.
    pub close: Vec<Choice>,
    /// Take it up again.
    pub reopen: bool,
    /// Join it to another.
    pub merge: bool,
    /// Ways of a call; empty where the person may not write one.
    pub channels: Vec<Choice>,
    /// What can be agreed at the desk.
    pub consents: Vec<Choice>,
    /// How.
    pub ways: Vec<Choice>,
    /// The customer can be called back; makes the form's second arrival harmless.
    pub callback: Option<String>,
    /// Write a note.
    pub note: bool,
}

impl TicketActions {
    /// Whether there is any.
    pub fn any(&self) -> bool {
        self.triage.is_some() || self.note || !self.close.is_empty() || self.reopen
    }
}

/// One ticket.
#[derive(Debug, Clone)]
pub struct TicketPage {
    /// Its hides and their form.
    pub hiding: Hiding,
    /// Id.
    pub id: String,
    /// Number.
    pub number: String,
    /// The number that a phone printed, where there was one (Q12).
    pub provisional: String,
    /// Code of the priority.
    pub priority: String,
    /// Its name.
    pub priority_name: String,
    /// What was reported.
    pub description: String,
    /// How it stands.
    pub state: Chip,
    /// What is to be said beside.
    pub marks: Vec<Chip>,
    /// The ticket that it was joined to: id and number.
    pub joined: Option<(String, String)>,
    /// What the customer reported.
    pub fields: Vec<FieldView>,
    /// Its visits.
    pub visits: Vec<OrderLine>,
    /// Tickets that may tell of the same fault: id as value, number and text.
    pub same: Vec<Choice>,
    /// The log, newest first.
    pub log: Vec<Entry>,
    /// Until when it is kept (F-29); empty for an open one.
    pub kept: String,
    /// Whether this person may archive it (F-28).
    pub may_archive: bool,
    /// Heads and facts that this page shows.
    pub token: String,
    /// What may be done.
    pub actions: TicketActions,
}
