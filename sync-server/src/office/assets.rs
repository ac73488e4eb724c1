//! Installed units, mostly USB e-seal keys.

use fieldseal_core::domain::ids::{AssetId, CustomerId};
use fieldseal_core::domain::roles::Operation;
use fieldseal_core::facts::{DocName, ViewToken};
use serde_json::{Value, json};

use super::fields::{Changes, check, required};
use super::records::first;
use super::{Office, OfficeError, Person, require};

/// A unit as the form has it. Dates are `YYYY-MM-DD`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAsset {
    /// Whose.
    pub customer: CustomerId,
    /// Serial number.
    pub serial: String,
    /// Code of the product.
    pub product: String,
    /// Day of the application, from which an e-seal key's warranty counts (000-19).
    pub applied_on: Option<String>,
    /// Day of the sale.
    pub sold_on: Option<String>,
    /// Day of the acceptance.
    pub accepted_on: Option<String>,
    /// Last day of the maker's warranty.
    pub maker_warranty_end: Option<String>,
    /// Cannot be brought in (Q7).
    pub not_removable: bool,
}

impl Office {
    /// Puts a unit on record; the same `once` again gives the same unit and writes nothing.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`] for an unknown customer, [`OfficeError::Invalid`].
    pub fn create_asset(&self, by: &Person, once: AssetId, new: &NewAsset) -> Result<AssetId, OfficeError> {
        require(by, Operation::EditMasterData)?;
        let doc = DocName::Asset(once);
        let customer = DocName::Customer(new.customer);
        let date = |value: &Option<String>| value.as_ref().map_or(Value::Null, |text| json!(text));
        let fields = Changes::from([
            ("serial".to_owned(), json!(required("serial", &new.serial)?)),
            ("product".to_owned(), json!(required("product", &new.product)?)),
            ("customer".to_owned(), json!(customer)),
            ("applied_on".to_owned(), date(&new.applied_on)),
            ("sold_on".to_owned(), date(&new.sold_on)),
            ("accepted_on".to_owned(), date(&new.accepted_on)),
            ("maker_warranty_end".to_owned(), date(&new.maker_warranty_end)),
            ("not_removable".to_owned(), json!(new.not_removable)),
        ]);
        let fields = check(&doc, &fields)?;
        let _one = self.begin();
        if !self.exists(&customer)? {
            return Err(OfficeError::NotFound);
        }
        if !self.exists(&doc)? {
            self.append(by, &[(doc, vec![first(fields)])], &ViewToken::default())?;
        }
        Ok(once)
    }
}
