//! After the visit: callbacks that are due, improvements.

use super::{Chip, Choice};

/// A customer to call.
#[derive(Debug, Clone)]
pub struct CallLine {
    /// The ticket.
    pub id: String,
    /// Its number.
    pub number: String,
    /// What was reported.
    pub description: String,
    /// Whose.
    pub customer: String,
    /// Until when, late or not.
    pub due: Chip,
}

/// A text of an improvement.
#[derive(Debug, Clone)]
pub struct CaseText {
    /// Name of the field.
    pub name: String,
    /// Its label.
    pub label: String,
    /// Its value.
    pub value: String,
    /// What else was entered at the same time.
    pub also: Vec<String>,
}

/// An improvement.
#[derive(Debug, Clone)]
pub struct CaseLine {
    /// Id.
    pub id: String,
    /// Its ticket.
    pub ticket: String,
    /// The ticket's number.
    pub number: String,
    /// Whose.
    pub customer: String,
    /// What opened it, when.
    pub opened: String,
    /// How it stands.
    pub state: Chip,
    /// Who sees to it.
    pub owners: Vec<Choice>,
    /// The owner's name.
    pub owner: String,
    /// The owner as posted.
    pub owner_was: String,
    /// Other owners that were entered at the same time.
    pub owner_also: Vec<String>,
    /// Cause and action.
    pub texts: Vec<CaseText>,
    /// Heads and facts that are shown.
    pub token: String,
    /// It is open, and this person may work on it.
    pub editable: bool,
}

/// The page.
#[derive(Debug, Clone, Default)]
pub struct After {
    /// Whom to call.
    pub calls: Vec<CallLine>,
    /// Improvements, open ones first.
    pub cases: Vec<CaseLine>,
}
