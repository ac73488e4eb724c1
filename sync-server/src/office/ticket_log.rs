//! What the desk writes into a ticket beside its fields and its state: calls, consents, escalations, notes.

use fieldseal_core::domain::ids::TicketId;
use fieldseal_core::domain::roles::Operation;
use fieldseal_core::domain::time::LocalTime;
use fieldseal_core::domain::work::{AttemptChannel, ConsentKind, ConsentWay};
use fieldseal_core::facts::kinds::{Consent, Contact, Escalate, Text};
use fieldseal_core::facts::{DocName, Fact, ViewToken};

use super::fields::{optional, required};
use super::{Office, OfficeError, Person, require};
use crate::pipeline::Saved;

/// Passing a ticket on (000-33, 002-14, 001-11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOn {
    /// To whom: a team, a colleague, the maker.
    pub to: String,
    /// Why.
    pub reason: String,
    /// Who speaks with the customer next.
    pub next_contact: String,
    /// By when the customer hears, as he was told.
    pub promised: String,
}

/// What a customer agreed to at the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// To what.
    pub kind: ConsentKind,
    /// How it was given.
    pub how: ConsentWay,
    /// For an extension: the new due time.
    pub new_due: Option<String>,
    /// What was told: for an extension the reason (F-20).
    pub text: Option<String>,
}

fn moment(name: &'static str, text: &str) -> Result<String, OfficeError> {
    let text = required(name, text)?;
    match text.parse::<LocalTime>() {
        Ok(_) => Ok(text),
        Err(_) => Err(OfficeError::field(name, "bad_time")),
    }
}

impl Office {
    fn write_on_ticket(
        &self,
        by: &Person,
        ticket: TicketId,
        token: &ViewToken,
        fact: Fact,
    ) -> Result<Saved, OfficeError> {
        let _one = self.begin();
        self.ticket_view(ticket)?;
        self.append(by, &[(DocName::Ticket(ticket), vec![fact])], token)
    }

    /// A call of the desk, reached or not: the first that reached the customer ends the response clock (N1), and those
    /// that did not are counted (Q24).
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`].
    pub fn record_contact(
        &self,
        by: &Person,
        ticket: TicketId,
        token: &ViewToken,
        channel: AttemptChannel,
        reached: bool,
        text: Option<&str>,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::Triage)?;
        let fact = Fact::Contact(Contact {
            assignment: None,
            channel: channel.as_str().to_owned(),
            reached,
            text: optional("text", text)?,
        });
        self.write_on_ticket(by, ticket, token, fact)
    }

    /// What the customer agreed to at the desk: remote work, a later due time (F-13, F-20), the result by word of mouth.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: an extension without new due time
    /// (`empty`, `bad_time`) or without the reason that the customer was told (`empty`).
    pub fn record_consent(
        &self,
        by: &Person,
        ticket: TicketId,
        token: &ViewToken,
        agreed: &Agreed,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::Triage)?;
        let extension = agreed.kind == ConsentKind::Extension;
        let new_due = match (&agreed.new_due, extension) {
            (new_due, true) => Some(moment("new_due", new_due.as_deref().unwrap_or_default())?),
            (_, false) => None,
        };
        let text = match extension {
            true => Some(required("text", agreed.text.as_deref().unwrap_or_default())?),
            false => optional("text", agreed.text.as_deref())?,
        };
        let fact = Fact::Consent(Consent {
            assignment: None,
            consent: agreed.kind.as_str().to_owned(),
            given_by: None,
            how: agreed.how.as_str().to_owned(),
            new_due,
            text,
        });
        self.write_on_ticket(by, ticket, token, fact)
    }

    /// Passes a ticket on, whole as it is: to whom, why, who speaks with the customer next and by when (002-14, 001-11).
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `empty`, `bad_time`.
    pub fn escalate(
        &self,
        by: &Person,
        ticket: TicketId,
        token: &ViewToken,
        passed: &PassedOn,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::Triage)?;
        let fact = Fact::Escalate(Escalate {
            assignment: None,
            to: required("to", &passed.to)?,
            reason: required("reason", &passed.reason)?,
            next_contact: Some(required("next_contact", &passed.next_contact)?),
            promised: Some(moment("promised", &passed.promised)?),
        });
        self.write_on_ticket(by, ticket, token, fact)
    }

    /// A note among colleagues (F-10).
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Invalid`]: `empty`.
    pub fn note_on_ticket(
        &self,
        by: &Person,
        ticket: TicketId,
        token: &ViewToken,
        text: &str,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::WriteMemo)?;
        let text = required("text", text)?;
        self.write_on_ticket(by, ticket, token, Fact::Note(Text { text }))
    }
}
