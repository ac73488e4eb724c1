//! Which field of which document is merged how, and who owns it (D.1, D.2): a table.
//!
//! A field that is not listed is LWW+H and owned by the side that writes its document, so a newer app's field is
//! kept and shown by an older one.

use serde::Serialize;

use crate::facts::DocName;
use crate::facts::stored::Side;

/// Merge class of a register (D.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// One owning side; the other may propose.
    Own,
    /// The highest remaining value is shown, losers beside it.
    Lww,
    /// All values are kept until a person chooses.
    Mv,
    /// All remaining values count.
    Set,
}

/// How a field's values meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldRule {
    /// Merge class.
    pub class: Class,
    /// The side whose `set` counts; the other's is a proposal.
    pub owner: Side,
}

/// The rule of `field` in the record that `subject` names.
pub fn rule_of(subject: &DocName, field: &str) -> FieldRule {
    use Class::{Lww, Mv, Own, Set};
    let class = match subject {
        DocName::Order(_) => match field {
            "planned_parts" | "assets" => Set,
            "type" | "priority" | "window_from" | "window_to" | "ticket" | "customer" => Own,
            _ => Lww,
        },
        DocName::Ticket(_) | DocName::Intake(..) => match field {
            "reported_on" => Mv,
            "category" | "priority" | "nature" | "state" => Own,
            "assets" => Set,
            _ => Lww,
        },
        DocName::Customer(_) => match field {
            "contacts" => Set,
            "name" | "region" | "group" | "key_flag" | "report_language" => Own,
            _ => Lww,
        },
        DocName::Asset(_) => match field {
            "serial" | "applied_on" | "sold_on" | "accepted_on" | "maker_warranty_end" => Mv,
            "product" | "customer" => Own,
            _ => Lww,
        },
        DocName::Person(..) | DocName::PersonField(..) => match field {
            "phone" => Set,
            _ => Lww,
        },
        DocName::Visit(..) => match field {
            "charges" | "photos" => Set,
            "fault_found" | "cause_code" | "action_taken" => Own,
            _ => Lww,
        },
        _ => Lww,
    };
    FieldRule {
        class,
        owner: Side::of(subject),
    }
}
