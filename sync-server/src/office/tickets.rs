//! Tickets: what was reported, numbered once (F-04, Q12).

use std::cmp::Reverse;
use std::sync::Arc;

use fieldseal_core::domain::ids::{CustomerId, PersonId, TicketId};
use fieldseal_core::domain::numbering::{DisplayNumber, prefix_of};
use fieldseal_core::domain::roles::Operation;
use fieldseal_core::domain::work::{Category, Channel, Priority, TicketState};
use fieldseal_core::facts::kinds::{self, Number};
use fieldseal_core::facts::{DocName, Fact, ViewToken};
use serde_json::{Value, json};

use super::customers::NewContact;
use super::fields::{Changes, check, required};
use super::records::first;
use super::{Office, OfficeError, Person, TicketRow, require};

/// A service request as the form has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTicket {
    /// Whose.
    pub customer: CustomerId,
    /// About which units (`asset/<id>`).
    pub assets: Vec<DocName>,
    /// Category; decides the number's prefix.
    pub category: Category,
    /// Priority.
    pub priority: Priority,
    /// Way of reporting.
    pub channel: Channel,
    /// Who reported it (000-11).
    pub caller: Option<NewContact>,
    /// What was reported.
    pub description: String,
    /// Local date on which it was reported, `YYYY-MM-DD`; today if none. Decides the warranty (Q22).
    pub reported_on: Option<String>,
}

/// The documents of a new ticket with their facts.
pub(super) struct TicketParts {
    pub(super) doc: DocName,
    pub(super) caller: Option<DocName>,
    pub(super) parts: Vec<(DocName, Vec<Fact>)>,
}

/// A step of a ticket's state, with nothing said about it.
pub(crate) fn ticket_state(state: TicketState) -> Fact {
    Fact::TicketState(kinds::TicketState {
        state: state.as_str().to_owned(),
        reason: None,
        close: None,
        cause: None,
        after: Vec::new(),
    })
}

impl Office {
    /// Builds a ticket's facts; its number is given when it is written.
    pub(super) fn ticket_parts(&self, id: TicketId, new: NewTicket) -> Result<TicketParts, OfficeError> {
        let doc = DocName::Ticket(id);
        let now = self.now();
        let person = PersonId(uuid::Uuid::new_v5(&id.0, b"caller"));
        let caller = new.caller.map(|caller| caller.into_part(person)).transpose()?;
        let caller_doc = caller.as_ref().map(|(doc, _)| doc.clone());
        let today = || now.wall_date().to_string();
        let fields = Changes::from([
            ("category".to_owned(), json!(new.category)),
            ("priority".to_owned(), json!(new.priority)),
            ("channel".to_owned(), json!(new.channel)),
            ("received_at".to_owned(), json!(now.to_string())),
            (
                "reported_on".to_owned(),
                json!(new.reported_on.unwrap_or_else(today)),
            ),
            (
                "description".to_owned(),
                json!(required("description", &new.description)?),
            ),
            ("customer".to_owned(), json!(DocName::Customer(new.customer))),
            ("assets".to_owned(), json!(new.assets)),
            (
                "caller".to_owned(),
                caller_doc.as_ref().map_or(Value::Null, |doc| json!(doc)),
            ),
        ]);
        let fields = check(&doc, &fields)?;
        let state = ticket_state(TicketState::Triaged);
        let mut parts = vec![(doc.clone(), vec![first(fields), state])];
        parts.extend(caller);
        Ok(TicketParts {
            doc,
            caller: caller_doc,
            parts,
        })
    }

    /// Writes a ticket's facts with the next number of its prefix and day, in one commit: a number is given once (I10)
    /// and none is left out.
    pub(super) fn write_numbered(
        &self,
        by: &Person,
        mut parts: Vec<(DocName, Vec<Fact>)>,
        category: Category,
    ) -> Result<(), OfficeError> {
        let (prefix, today) = (prefix_of(category), self.now().wall_date());
        self.service.office(|office| {
            let sequence = office.next_number(&format!("{prefix}/{today}"))?;
            let sequence = u32::try_from(sequence).map_err(OfficeError::unexpected)?;
            let number = DisplayNumber::new(prefix, today, sequence).map_err(OfficeError::unexpected)?;
            if let Some((_, facts)) = parts.first_mut() {
                facts.push(Fact::Number(Number {
                    number: number.to_string(),
                }));
            }
            office.append(by.user, &parts, &ViewToken::default())?;
            Ok(())
        })
    }

    /// Puts a ticket on record with its number; the same `once` again gives the same ticket and writes nothing.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`] for an unknown customer, [`OfficeError::Invalid`].
    pub fn create_ticket(
        &self,
        by: &Person,
        once: TicketId,
        new: NewTicket,
    ) -> Result<TicketId, OfficeError> {
        require(by, Operation::CreateTicket)?;
        let (customer, category) = (DocName::Customer(new.customer), new.category);
        let parts = self.ticket_parts(once, new)?;
        let _one = self.begin();
        if !self.exists(&customer)? {
            return Err(OfficeError::NotFound);
        }
        if !self.exists(&parts.doc)? {
            self.write_numbered(by, parts.parts, category)?;
        }
        Ok(once)
    }

    /// Every ticket, newest first.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn tickets(&self) -> Result<Vec<Arc<TicketRow>>, OfficeError> {
        let rows = self.lists.follow(&self.views)?;
        let mut all: Vec<Arc<TicketRow>> = rows.tickets.all().cloned().collect();
        drop(rows);
        all.sort_unstable_by_key(|row| (Reverse(row.received_ms), row.id));
        Ok(all)
    }

    /// A ticket's row, hidden or not; none if nothing ever named it.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn ticket_row(&self, ticket: TicketId) -> Result<Option<Arc<TicketRow>>, OfficeError> {
        let rows = self.lists.follow(&self.views)?;
        Ok(rows.tickets.row(ticket).cloned())
    }

    /// The ticket that carries a number, the server's or a phone's, however it is typed (Q12). None where two phones
    /// printed the same one: the short code tells them apart.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn ticket_by_number(&self, typed: &str) -> Result<Option<TicketId>, OfficeError> {
        let typed = typed.split_whitespace().collect::<String>().to_uppercase();
        let rows = self.tickets()?;
        let mut found = rows
            .iter()
            .filter(|row| row.number == typed || row.provisional.as_deref() == Some(&typed));
        Ok(match (found.next(), found.next()) {
            (Some(row), None) => Some(row.id),
            _ => None,
        })
    }

    /// Tickets that may tell of the same fault (D.5-9): about a unit with the same serial number, received on the same day,
    /// neither ended nor joined already. A person decides.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn same_fault(&self, ticket: TicketId) -> Result<Vec<Arc<TicketRow>>, OfficeError> {
        let rows = self.tickets()?;
        let Some(own) = rows.iter().find(|row| row.id == ticket) else {
            return Ok(Vec::new());
        };
        let open = |row: &TicketRow| !matches!(row.state, TicketState::Merged | TicketState::Closed);
        if !open(own) {
            return Ok(Vec::new());
        }
        let same = |row: &TicketRow| {
            row.id != ticket
                && open(row)
                && row.received_on == own.received_on
                && !row.serials.is_disjoint(&own.serials)
        };
        Ok(rows.iter().filter(|row| same(row)).cloned().collect())
    }
}
