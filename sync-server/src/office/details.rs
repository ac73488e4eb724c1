//! One work order with everything that its page shows.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::Read as _;
use std::sync::Arc;

use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::ids::{OrderId, UserId};
use fieldseal_core::domain::sealed::{Verified, VerifyError, verify_sealed};
use fieldseal_core::domain::signed::{Fingerprint, PublicKey};
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::facts::order::view::PhotoView;
use fieldseal_core::facts::{DocName, FactId, OrderView, RecordView, ViewToken};
use fieldseal_core::report::{self, ReportError};

use super::{Office, OfficeError, stored};
use crate::blobs::Uploads;

/// A sealed revision with its bytes, checked now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedReport {
    /// The `seal` fact.
    pub seal: FactId,
    /// Whose visit.
    pub engineer: UserId,
    /// SHA-256 that the fact names.
    pub sha256: ContentHash,
    /// The file; none while it has not arrived.
    pub bytes: Option<Vec<u8>>,
    /// What checking it against this organisation found; none while it has not arrived.
    pub verified: Option<Result<Verified, VerifyError>>,
}

/// A printable report as the page hands it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintedPage {
    /// The file: the bytes that a phone makes of the same sealed file and photos.
    pub html: String,
    /// The sensitive photos that are in it (000-15).
    pub sensitive: Vec<ContentHash>,
}

/// An order with the records that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderDetails {
    /// The order with its visits.
    pub view: Arc<OrderView>,
    /// Its ticket.
    pub ticket: Option<Arc<RecordView>>,
    /// Its customer.
    pub customer: Option<Arc<RecordView>>,
    /// Its units.
    pub assets: Vec<Arc<RecordView>>,
    /// The people that it names: contact, caller.
    pub people: Vec<Arc<RecordView>>,
    /// Every sealed revision, in the order of the visits.
    pub reports: Vec<SealedReport>,
    /// What the page shows, for its forms.
    pub token: ViewToken,
}

impl Office {
    /// An order's page; none if no fact ever named the order.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn order(&self, order: OrderId) -> Result<Option<OrderDetails>, OfficeError> {
        let Some(view) = self.views.order(order)? else {
            return Ok(None);
        };
        let mut token = view.token.clone();
        let named = |fields: &fieldseal_core::facts::Fields, name: &str| -> Vec<DocName> {
            fields
                .texts(name)
                .into_iter()
                .filter_map(|text| text.parse().ok())
                .collect()
        };
        let mut load = |docs: Vec<DocName>| -> Result<Vec<Arc<RecordView>>, OfficeError> {
            let mut records = Vec::new();
            for doc in docs {
                if let Some(record) = self.views.record(&doc)? {
                    token.absorb(&record.token);
                    records.push(record);
                }
            }
            Ok(records)
        };
        let ticket = load(named(&view.fields, "ticket"))?.into_iter().next();
        let customer = load(named(&view.fields, "customer"))?.into_iter().next();
        let assets = load(named(&view.fields, "assets"))?;
        let mut people: BTreeSet<DocName> = named(&view.fields, "contact").into_iter().collect();
        people.extend(ticket.iter().flat_map(|ticket| named(&ticket.fields, "caller")));
        let people = load(people.into_iter().collect())?;
        let reports = self.reports(&view)?;
        Ok(Some(OrderDetails {
            view,
            ticket,
            customer,
            assets,
            people,
            reports,
            token,
        }))
    }

    /// The fingerprint of this organisation's key: what everybody compares a sealed file's with.
    pub fn fingerprint(&self) -> Fingerprint {
        PublicKey::of(self.service.keys().organisation()).fingerprint()
    }

    fn reports(&self, view: &OrderView) -> Result<Vec<SealedReport>, OfficeError> {
        let tx = self.storage.read()?;
        let trusted = self.fingerprint();
        let mut reports = Vec::new();
        for visit in &view.visits {
            for seal in &visit.seals {
                // A seal whose blob is no hash names nothing that could arrive.
                let Ok(sha256) = seal.blob.parse::<ContentHash>() else {
                    continue;
                };
                let bytes = tx.blob(&sha256.0)?;
                reports.push(SealedReport {
                    seal: seal.id,
                    engineer: visit.engineer,
                    sha256,
                    verified: bytes.as_deref().map(|bytes| verify_sealed(bytes, Some(trusted))),
                    bytes,
                });
            }
        }
        Ok(reports)
    }

    /// The printable report of a sealed file that this order's seals name, in `lang`; none while it is not here.
    ///
    /// # Errors
    /// [`OfficeError::NotFound`] where no seal of the order names it; [`OfficeError::Unexpected`].
    pub fn printable(
        &self,
        order: OrderId,
        sha256: ContentHash,
        lang: Lang,
        uploads: &Uploads,
    ) -> Result<Option<Result<PrintedPage, ReportError>>, OfficeError> {
        let view = self.views.order(order)?.ok_or(OfficeError::NotFound)?;
        let text = sha256.to_string();
        if !view
            .visits
            .iter()
            .flat_map(|visit| &visit.seals)
            .any(|seal| seal.blob == text)
        {
            return Err(OfficeError::NotFound);
        }
        let tx = self.storage.read()?;
        let Some(sealed) = tx.blob(&sha256.0)? else {
            return Ok(None);
        };
        // The page prints what this organisation vouches for, and nothing sealed for another order.
        match verify_sealed(&sealed, Some(self.fingerprint())) {
            Ok(verified) if verified.content.order.id == order => {}
            Ok(_) => return Ok(Some(Err(ReportError::Sealed(VerifyError::Chain)))),
            Err(error) => return Ok(Some(Err(ReportError::Sealed(error)))),
        }
        // Only what facts of this order name: a file that a phone sealed opens nothing else.
        let read = |hash: &ContentHash| -> Result<Option<Vec<u8>>, OfficeError> {
            let text = hash.to_string();
            if view
                .visits
                .iter()
                .flat_map(|visit| &visit.seals)
                .any(|seal| seal.blob == text)
            {
                return Ok(tx.blob(&hash.0)?);
            }
            if !view.photos.iter().any(|photo| photo.sha256 == *hash) {
                return Ok(None);
            }
            let Some(mut found) = stored(uploads, hash)? else {
                return Ok(None);
            };
            let mut bytes = Vec::new();
            found
                .reader
                .read_to_end(&mut bytes)
                .map_err(OfficeError::unexpected)?;
            Ok(Some(bytes))
        };
        let (failed, sensitive) = (RefCell::new(None), RefCell::new(BTreeSet::new()));
        let at_hand = |hash: &ContentHash| match read(hash) {
            Ok(found) => {
                // Named twice and once as sensitive: it is.
                let same = |photo: &PhotoView| photo.sha256 == *hash && photo.sensitive;
                if found.is_some() && view.photos.iter().any(same) {
                    sensitive.borrow_mut().insert(*hash);
                }
                found
            }
            Err(error) => {
                failed.borrow_mut().get_or_insert(error);
                None
            }
        };
        let page = report::printable(&sealed, &at_hand, lang);
        match failed.into_inner() {
            Some(error) => Err(error),
            None => Ok(Some(page.map(|html| PrintedPage {
                html,
                sensitive: sensitive.into_inner().into_iter().collect(),
            }))),
        }
    }

    /// A sealed or audited file by its SHA-256, if a fact of this order names it.
    ///
    /// # Errors
    /// [`OfficeError::Unexpected`].
    pub fn file(&self, order: OrderId, sha256: ContentHash) -> Result<Option<Vec<u8>>, OfficeError> {
        let Some(view) = self.views.order(order)? else {
            return Ok(None);
        };
        let text = sha256.to_string();
        let sealed = view
            .visits
            .iter()
            .flat_map(|visit| &visit.seals)
            .any(|seal| seal.blob == text);
        let audited = view
            .audits
            .iter()
            .any(|audit| audit.blob.as_deref() == Some(&text));
        if !sealed && !audited {
            return Ok(None);
        }
        let tx = self.storage.read()?;
        Ok(tx.blob(&sha256.0)?)
    }
}
