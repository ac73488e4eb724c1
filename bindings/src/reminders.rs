//! What the app schedules as local notifications.

use fieldseal_core::device::engine::Reminder;
use fieldseal_core::domain::ids::OrderId;

/// One reminder; times are of this phone's clock.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ReminderDetails {
    /// The work order.
    pub order: OrderId,
    /// Its number, once it has one.
    pub number: Option<String>,
    /// What it is about.
    pub summary: Option<String>,
    /// Key of the text for what is due (`clock.response`, `due.window`, `due.hand_in`).
    pub due: String,
    /// When it is due, ms since the epoch.
    pub due_ms: i64,
    /// When to ring, ms since the epoch; may be past.
    pub ring_ms: i64,
}

impl From<Reminder> for ReminderDetails {
    fn from(reminder: Reminder) -> Self {
        Self {
            order: reminder.order,
            number: reminder.number,
            summary: reminder.summary,
            due: reminder.due.text_key().to_owned(),
            due_ms: reminder.due_ms,
            ring_ms: reminder.ring_ms,
        }
    }
}
