//! Customers and the people at them.

use std::sync::Arc;

use fieldseal_core::domain::ids::{AssetId, CustomerId, PersonId};
use fieldseal_core::domain::roles::Operation;
use fieldseal_core::facts::{DocName, Fact, RecordView, ViewToken};
use serde_json::{Value, json};

use super::fields::{Changes, check, optional, required};
use super::records::first;
use super::{CustomerRow, Office, OfficeError, Person, require};

/// A customer as the form has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewCustomer {
    /// Name of the company or person.
    pub name: String,
    /// Region.
    pub region: Option<String>,
    /// Address of the house.
    pub address: Option<String>,
    /// Key customer (000-26).
    pub key: bool,
    /// Language of reports; none for the company's.
    pub report_language: Option<String>,
    /// Somebody to call.
    pub contact: Option<NewContact>,
}

/// A person at a customer's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewContact {
    /// Name.
    pub name: String,
    /// Phone number.
    pub phone: Option<String>,
    /// Role at the customer's.
    pub role: Option<String>,
}

fn text(value: Option<&str>) -> Value {
    value.map_or(Value::Null, |text| json!(text))
}

impl NewContact {
    /// The document of a new person (names and phones stand there alone, design 6 «Erasure») and its first fact.
    pub(super) fn into_part(self, id: PersonId) -> Result<(DocName, Vec<Fact>), OfficeError> {
        let doc = DocName::Person(id, 1);
        let phones: Vec<String> = optional("phone", self.phone.as_deref())?.into_iter().collect();
        let fields = Changes::from([
            ("name".to_owned(), json!(required("contact", &self.name)?)),
            ("phone".to_owned(), json!(phones)),
            ("role".to_owned(), text(self.role.as_deref())),
        ]);
        let fields = check(&doc, &fields)?;
        Ok((doc, vec![first(fields)]))
    }
}

impl Office {
    /// Every customer by name.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn customers(&self) -> Result<Vec<Arc<CustomerRow>>, OfficeError> {
        let rows = self.lists.follow(&self.views)?;
        Ok(rows.customers.all().cloned().collect())
    }

    /// A customer in the list; none if it is hidden or was never named.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn customer_row(&self, customer: CustomerId) -> Result<Option<Arc<CustomerRow>>, OfficeError> {
        let rows = self.lists.follow(&self.views)?;
        Ok(rows.customers.row(customer).cloned())
    }

    /// A customer's units that are not hidden, oldest first.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn units_of(&self, customer: CustomerId) -> Result<Vec<(AssetId, Arc<RecordView>)>, OfficeError> {
        self.units(customer, false)
    }

    /// Those that are hidden, or the others.
    pub(super) fn units(
        &self,
        customer: CustomerId,
        hidden: bool,
    ) -> Result<Vec<(AssetId, Arc<RecordView>)>, OfficeError> {
        let units: Vec<AssetId> = self
            .lists
            .follow(&self.views)?
            .customers
            .units(customer, hidden)
            .collect();
        let mut found = Vec::with_capacity(units.len());
        for unit in units {
            if let Some(view) = self.views.record(&DocName::Asset(unit))? {
                found.push((unit, view));
            }
        }
        Ok(found)
    }

    /// Puts a customer on record; the same `once` again gives the same customer and writes nothing.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::Invalid`].
    pub fn create_customer(
        &self,
        by: &Person,
        once: CustomerId,
        new: NewCustomer,
    ) -> Result<CustomerId, OfficeError> {
        require(by, Operation::EditMasterData)?;
        let doc = DocName::Customer(once);
        let person = PersonId(uuid::Uuid::new_v5(&once.0, b"contact"));
        let contact = new.contact.map(|contact| contact.into_part(person)).transpose()?;
        let contacts: Vec<&DocName> = contact.iter().map(|(doc, _)| doc).collect();
        let fields = Changes::from([
            ("name".to_owned(), json!(required("name", &new.name)?)),
            ("kind".to_owned(), json!("company")),
            ("region".to_owned(), text(new.region.as_deref())),
            ("address".to_owned(), text(new.address.as_deref())),
            ("key_flag".to_owned(), json!(new.key)),
            ("report_language".to_owned(), text(new.report_language.as_deref())),
            ("contacts".to_owned(), json!(contacts)),
        ]);
        let fields = check(&doc, &fields)?;
        let _one = self.begin();
        if !self.exists(&doc)? {
            let mut parts = vec![(doc, vec![first(fields)])];
            parts.extend(contact);
            self.append(by, &parts, &ViewToken::default())?;
        }
        Ok(once)
    }
}
