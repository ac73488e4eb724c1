//! Immutable packs (prices, parts, warranty policies) that engines work with, valid from a date (Q32, 000-36).

use fieldseal_core::domain::policy::{PartList, PriceList, WarrantyPolicy};
use fieldseal_core::domain::roles::Operation;
use fieldseal_core::facts::kinds::Pack;
use fieldseal_core::facts::{DocName, Fact, ViewToken};
use fieldseal_core::wire::SMALL_BLOB_MAX;

use super::{Office, OfficeError, Person, require};
use crate::pipeline::Saved;

/// What a pack holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackKind {
    /// A price list.
    Prices,
    /// A parts list: what a part number is called in each language.
    Parts,
    /// A warranty policy.
    WarrantyPolicy,
}

impl Office {
    /// Publishes a pack for every phone. It is read first: a pack that a phone could not read is refused.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::Invalid`]: `bad_value` for a pack that cannot be read or is larger
    /// than 16 KB, or a date that is none.
    pub fn publish_pack(
        &self,
        by: &Person,
        kind: PackKind,
        json: &str,
        valid_from: &str,
    ) -> Result<Saved, OfficeError> {
        require(by, Operation::EditPolicies)?;
        self.publish_read(by, kind, json, valid_from)
    }

    /// The same for who was asked for his right already.
    pub(super) fn publish_read(
        &self,
        by: &Person,
        kind: PackKind,
        json: &str,
        valid_from: &str,
    ) -> Result<Saved, OfficeError> {
        let bad = |field: &'static str| move |_| OfficeError::field(field, "bad_value");
        let reference = match kind {
            PackKind::Prices => PriceList::read(json).map_err(bad("pack"))?.reference(),
            PackKind::Parts => PartList::read(json).map_err(bad("pack"))?.reference(),
            PackKind::WarrantyPolicy => WarrantyPolicy::read(json)
                .map_err(bad("pack"))?
                .reference()
                .clone(),
        };
        let day: chrono::NaiveDate = valid_from
            .parse()
            .map_err(|_| OfficeError::field("valid_from", "bad_value"))?;
        if json.len() > SMALL_BLOB_MAX {
            return Err(OfficeError::field("pack", "bad_value"));
        }
        let _one = self.begin();
        self.service.office(|office| {
            let blob = office.put_blob(json.as_bytes())?;
            let fact = Fact::Pack(Pack {
                pack: match kind {
                    PackKind::Prices => "prices",
                    PackKind::Parts => "parts",
                    PackKind::WarrantyPolicy => "policy",
                }
                .to_owned(),
                version: reference.to_string(),
                blob: hex::encode(blob),
                valid_from: day.to_string(),
            });
            Ok(office.append(
                by.user,
                &[(DocName::ReferenceIndex, vec![fact])],
                &ViewToken::default(),
            )?)
        })
    }
}
