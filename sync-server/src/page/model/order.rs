//! One work order: what it is, what may be done, who had it, what happened, what disagrees.

use super::{Chip, Choice, Clock, Hiding, Photos, Report, Row, Tone};

/// A value that lost against another, still visible (D.1, LWW+H).
#[derive(Debug, Clone)]
pub struct Loser {
    /// The value as it is read.
    pub value: String,
    /// What is posted to restore it.
    pub post: String,
    /// «Li Na, 09:00».
    pub by: String,
}

/// A field of the order with its losers.
#[derive(Debug, Clone)]
pub struct FieldView {
    /// Name of the register, as posted.
    pub name: String,
    /// The label.
    pub label: String,
    /// The shown value.
    pub value: String,
    /// A link, where the value is a record of its own.
    pub href: String,
    /// Other values that nobody settled yet.
    pub losers: Vec<Loser>,
}

/// One assignment.
#[derive(Debug, Clone)]
pub struct AssignmentLine {
    /// The engineer or the pool.
    pub engineers: String,
    /// Since when.
    pub from: String,
    /// What became of it: current, revoked, already done, …
    pub state: Chip,
    /// Why it was made or revoked.
    pub reason: String,
    /// Who made it.
    pub by: String,
}

/// Who did something: office, field or the server itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A person on this page.
    Office,
    /// An engineer's device.
    Field,
    /// The server.
    Server,
}

impl Side {
    /// The CSS class.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Office => "office",
            Self::Field => "field",
            Self::Server => "server",
        }
    }
}

/// One line of the timeline.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Id of the fact, for a link to it.
    pub id: String,
    /// Who.
    pub side: Side,
    /// When it happened, as its author's clock had it.
    pub at: String,
    /// The same, whole.
    pub at_full: String,
    /// When the server received it, if that differs.
    pub received: String,
    /// The author's name.
    pub author: String,
    /// The device, short.
    pub device: String,
    /// What happened.
    pub what: String,
    /// Its words: a reason, a progress text.
    pub text: String,
    /// Changed fields.
    pub rows: Vec<Row>,
    /// Flags on it.
    pub flags: Vec<Chip>,
}

/// One of the values that disagree.
#[derive(Debug, Clone)]
pub struct ConflictSide {
    /// The value or the step.
    pub what: String,
    /// The author.
    pub author: String,
    /// The device; empty for the office.
    pub device: String,
    /// When it happened.
    pub at: String,
    /// When the server received it.
    pub received: String,
}

/// Things that happened without knowledge of each other (D.3).
#[derive(Debug, Clone)]
pub struct ConflictView {
    /// UUIDv5 of its kind and facts.
    pub id: String,
    /// Its name.
    pub title: String,
    /// What came of it by the rules.
    pub result: String,
    /// For information, or to decide.
    pub severity: Chip,
    /// The order's id and number, for the list over all orders.
    pub order: String,
    /// The order's number.
    pub number: String,
    /// Both sides.
    pub sides: Vec<ConflictSide>,
    /// Who settled it, when, how; empty while open.
    pub settled: String,
    /// Whether the reader may settle it.
    pub may_settle: bool,
    /// The token of the order as it is shown.
    pub token: String,
}

/// An engineer who could be given the order, with what helps to choose (T-20, T-21, T-22).
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The person's id.
    pub value: String,
    /// The name.
    pub name: String,
    /// «as of 13:05».
    pub as_of: String,
    /// «online», «offline since 12:40 (25 min)».
    pub link: String,
    /// Tone of the link.
    pub tone: Tone,
    /// «3 orders in hand · on site SS…».
    pub load: String,
    /// The planned parts with what the van holds of them, else what the van holds at all.
    pub van: String,
    /// Whether the van lacks a planned part.
    pub short: bool,
    /// Whether it is chosen already.
    pub chosen: bool,
}

impl Candidate {
    /// The choice of nobody, under its name.
    pub const fn nobody(name: String) -> Self {
        Self {
            value: String::new(),
            name,
            as_of: String::new(),
            link: String::new(),
            tone: Tone::Plain,
            load: String::new(),
            van: String::new(),
            short: false,
            chosen: false,
        }
    }
}

/// Something that reached the server after the audit, to be accepted beside it (D.5-4).
#[derive(Debug, Clone)]
pub struct LateLine {
    /// The fact.
    pub fact: String,
    /// What it is, by whom, when.
    pub text: String,
}

/// What an engineer learnt on site about a record that the office owns (D.5-7).
#[derive(Debug, Clone)]
pub struct LearntView {
    /// The record's document.
    pub doc: String,
    /// The record's name.
    pub name: String,
    /// Its proposed values.
    pub lines: Vec<LearntLine>,
    /// A unit that replaces another one, not on record yet: its serial number, where the reader may take it over (U-05).
    pub swap: Option<String>,
}

/// One value that an engineer proposes.
#[derive(Debug, Clone)]
pub struct LearntLine {
    /// The field's register.
    pub field: String,
    /// Its label.
    pub label: String,
    /// The proposed value.
    pub value: String,
    /// What stands on record now.
    pub now: String,
    /// The proposing fact.
    pub fact: String,
    /// Who, when.
    pub by: String,
    /// Whether the reader may take it over.
    pub may: bool,
    /// Whether the record has the value already.
    pub taken: bool,
}

/// One form of an action that the reader may do now.
#[derive(Debug, Clone, Default)]
pub struct Actions {
    /// Engineers, for a first dispatch or a reassignment; empty where neither is possible.
    pub engineers: Vec<Candidate>,
    /// Somebody has it already: the form reassigns and needs a reason.
    pub reassign: bool,
    /// May cancel.
    pub cancel: bool,
    /// May take a cancellation back.
    pub uncancel: bool,
    /// May write an instruction.
    pub instruct: bool,
    /// May change the plan's fields.
    pub edit: Option<PlanForm>,
    /// May audit.
    pub audit: bool,
    /// May return.
    pub send_back: bool,
    /// May take the audit back.
    pub unaudit: bool,
    /// Why the audit is not possible, each a sentence.
    pub blockers: Vec<String>,
    /// Requirements that the reader may waive.
    pub waive: Vec<Choice>,
    /// What came after the audit and may be accepted beside it.
    pub late: Vec<LateLine>,
    /// What cannot be done now, and why not.
    pub denied: Vec<Row>,
}

impl Actions {
    /// Whether there is anything to do.
    pub fn any(&self) -> bool {
        !self.engineers.is_empty()
            || self.cancel
            || self.uncancel
            || self.instruct
            || self.edit.is_some()
            || self.audit
            || self.send_back
            || self.unaudit
            || !self.blockers.is_empty()
            || !self.waive.is_empty()
            || !self.late.is_empty()
    }
}

/// The plan's fields as the form shows them.
#[derive(Debug, Clone, Default)]
pub struct PlanForm {
    /// What it is about.
    pub summary: String,
    /// Priorities.
    pub priorities: Vec<Choice>,
    /// `YYYY-MM-DDTHH:MM`, or empty.
    pub window_from: String,
    /// The same.
    pub window_to: String,
}

/// A warranty decision with its reasons (F-30).
#[derive(Debug, Clone)]
pub struct DecisionView {
    /// Id of the fact.
    pub fact: String,
    /// The unit: serial and product.
    pub asset: String,
    /// What was decided.
    pub outcome: String,
    /// Good or bad for the customer's purse.
    pub tone: Tone,
    /// Provisional, confirmed, overridden.
    pub status: Chip,
    /// The reasons, in order, in the reader's language.
    pub lines: Vec<String>,
    /// Name and version of the policy.
    pub policy: String,
    /// The charge, if any.
    pub charge: String,
    /// The customer's answer.
    pub answer: String,
    /// Who decided, when.
    pub by: String,
    /// Whether a newer decision took its place.
    pub superseded: bool,
    /// Whether the reader may confirm or override it.
    pub may_confirm: bool,
    /// Outcomes for an override.
    pub outcomes: Vec<Choice>,
}

/// One part used.
#[derive(Debug, Clone)]
pub struct PartUsed {
    /// Part number.
    pub part: String,
    /// Its name; empty where no list names it.
    pub name: String,
    /// Serial number, if tracked.
    pub serial: String,
    /// Units.
    pub qty: String,
    /// When and by whom.
    pub by: String,
    /// Flags: more than the van holds, late after audit.
    pub flags: Vec<Chip>,
}

/// The record of one engineer's visit, not sealed yet or beside the seal.
#[derive(Debug, Clone)]
pub struct VisitView {
    /// The engineer.
    pub engineer: String,
    /// State of the visit.
    pub state: Chip,
    /// As of when this picture is.
    pub as_of: String,
    /// Report fields with their losers.
    pub fields: Vec<FieldView>,
}

/// The whole page of an order.
#[derive(Debug, Clone)]
pub struct OrderPage {
    /// Its hides and their form.
    pub hiding: Hiding,
    /// The order's id.
    pub id: String,
    /// Its ticket's id; empty without one, or for a reader who sees no tickets.
    pub ticket: String,
    /// Display number of its ticket.
    pub number: String,
    /// What it is about.
    pub summary: String,
    /// Name of the fine state.
    pub state: Chip,
    /// Code of the priority.
    pub priority: String,
    /// Name of the priority.
    pub priority_name: String,
    /// Clocks.
    pub clocks: Vec<Clock>,
    /// Flags.
    pub flags: Vec<Chip>,
    /// What is on record about it: customer, equipment, window, contact, ticket.
    pub fields: Vec<FieldView>,
    /// Token of everything shown, handed back by each form.
    pub token: String,
    /// What may be done now.
    pub actions: Actions,
    /// Who has it and had it.
    pub assignments: Vec<AssignmentLine>,
    /// Disagreements of this order.
    pub conflicts: Vec<ConflictView>,
    /// Visits' records.
    pub visits: Vec<VisitView>,
    /// Warranty decisions.
    pub decisions: Vec<DecisionView>,
    /// Parts used.
    pub parts: Vec<PartUsed>,
    /// What engineers learnt on site about the office's records.
    pub learnt: Vec<LearntView>,
    /// Photos of the visits.
    pub photos: Photos,
    /// The sealed report.
    pub report: Report,
    /// Everything that happened, newest first.
    pub timeline: Vec<Entry>,
}
