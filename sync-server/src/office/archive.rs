//! Archiving a ticket: everything that belongs to it as one bundle that can be checked from its file alone (F-28).
//!
//! In it: the records as the page shows them (`records`), the documents with every change as it arrived (`documents`), the
//! sealed reports with their printable forms (`reports`), the audited views (`audits`), the photos (`photos`). What the
//! records name and has not arrived stands in the list as missing. Nothing is removed by archiving.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Cursor, Read, Write};
use std::sync::Arc;

use fieldseal_core::domain::archive::{ArchiveContent, ArchivedFile, sign_archive};
use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::ids::{OrderId, TicketId};
use fieldseal_core::domain::roles::Operation;
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::facts::{DocName, OrderView, RecordView};
use serde::Serialize;

use super::{Office, OfficeError, Person, require, stored};
use crate::blobs::Uploads;
use crate::bundle;

/// Where a file's bytes come from when they are written.
#[derive(Debug)]
enum Source {
    Bytes(Vec<u8>),
    /// From the store of photos.
    Stored(ContentHash),
    /// Printed again: the same sealed file and photos always give the same page.
    Printed(OrderId, ContentHash, Lang),
}

/// A ticket ready to be written as a bundle.
#[derive(Debug)]
pub struct Archive {
    /// The ticket's number.
    pub number: String,
    /// Bytes of the bundle.
    pub length: u64,
    /// The sensitive photos in it, with their orders (000-15).
    pub sensitive: Vec<(OrderId, ContentHash)>,
    list: Vec<u8>,
    files: Vec<ArchivedFile>,
    sources: Vec<Source>,
}

/// Collects files by path, so that the same ticket gives the same order.
#[derive(Default)]
struct Collected {
    files: BTreeMap<String, (ArchivedFile, Source)>,
    missing: BTreeSet<ContentHash>,
}

impl Collected {
    fn put(&mut self, path: String, size: u64, sha256: ContentHash, source: Source) {
        let file = ArchivedFile {
            path: path.clone(),
            size,
            sha256,
        };
        self.files.insert(path, (file, source));
    }

    fn bytes(&mut self, path: String, bytes: Vec<u8>) {
        let (size, sha256) = (bytes.len() as u64, ContentHash::of(&bytes));
        self.put(path, size, sha256, Source::Bytes(bytes));
    }

    fn record(&mut self, doc: &DocName, view: &impl Serialize) -> Result<(), OfficeError> {
        let json = serde_json::to_vec_pretty(view).map_err(OfficeError::unexpected)?;
        self.bytes(format!("records/{}.json", file_name(doc)), json);
        Ok(())
    }
}

/// `order/0193…` as `order-0193…`.
fn file_name(doc: &DocName) -> String {
    doc.to_string().replace('/', "-")
}

impl Office {
    /// Everything of a ticket, collected and listed under the organisation's key.
    ///
    /// # Errors
    /// [`OfficeError::NotAllowed`], [`OfficeError::NotFound`], [`OfficeError::Unexpected`].
    pub fn archive(&self, by: &Person, ticket: TicketId, uploads: &Uploads) -> Result<Archive, OfficeError> {
        require(by, Operation::ReadStatistics)?;
        let view = self.ticket_view(ticket)?;
        let mut collected = Collected::default();
        let mut records: BTreeMap<DocName, Arc<RecordView>> = BTreeMap::new();
        let mut named: BTreeSet<DocName> = view.fields.named("assets").into_iter().collect();
        named.extend(view.fields.parsed("customer"));
        named.extend(view.fields.parsed("caller"));
        let mut sensitive = Vec::new();
        let orders = view.ticket.iter().flat_map(|log| &log.orders);
        for order in orders {
            let Some(details) = self.order(*order)? else {
                continue;
            };
            named.extend(details.view.learnt.keys().cloned());
            let others = details
                .customer
                .iter()
                .chain(&details.assets)
                .chain(&details.people);
            named.extend(others.map(|record| record.doc.clone()));
            collected.record(&DocName::Order(*order), details.view.as_ref())?;
            self.documents(&format!("order/{order}"), &mut collected)?;
            for report in details.reports {
                let Some(bytes) = report.bytes else {
                    collected.missing.insert(report.sha256);
                    continue;
                };
                self.printed(*order, report.sha256, uploads, &mut collected)?;
                collected.bytes(format!("reports/{}.json", report.sha256), bytes);
            }
            self.audits(&details.view, &mut collected)?;
            for photo in &details.view.photos {
                match stored(uploads, &photo.sha256)? {
                    Some(found) => {
                        let path = format!("photos/{}.jpg", photo.sha256);
                        collected.put(path, found.length, photo.sha256, Source::Stored(photo.sha256));
                        if photo.sensitive {
                            sensitive.push((*order, photo.sha256));
                        }
                    }
                    None => {
                        collected.missing.insert(photo.sha256);
                    }
                }
            }
        }
        for doc in named {
            if let Some(record) = self.views.record(&doc)? {
                records.insert(doc, record);
            }
        }
        for (doc, record) in &records {
            collected.record(doc, record.as_ref())?;
        }
        collected.record(&view.doc, view.as_ref())?;
        self.documents(&view.doc.to_string(), &mut collected)?;
        let number = view.any_number().unwrap_or_default().to_owned();
        let (files, sources): (Vec<_>, Vec<_>) = collected.files.into_values().unzip();
        let content = ArchiveContent {
            ticket,
            number: number.clone(),
            by: by.user,
            at: self.now(),
            kept_until: self.kept_until(ticket)?,
            files: files.clone(),
            missing: collected.missing,
        };
        let list = sign_archive(content, &self.organisation, self.service.keys().organisation())
            .map_err(OfficeError::unexpected)?;
        Ok(Archive {
            number,
            length: bundle::length(&list, &files),
            sensitive,
            list,
            files,
            sources,
        })
    }

    /// Every document of a family as it is stored: its changes one behind the other, which is a file that Automerge loads.
    fn documents(&self, family: &str, to: &mut Collected) -> Result<(), OfficeError> {
        let tx = self.storage.read()?;
        for doc in tx.family(family)? {
            let chunks = tx.chunks_after(doc.key, 0)?;
            let bytes: Vec<u8> = chunks.into_iter().flat_map(|(_, bytes)| bytes).collect();
            if !bytes.is_empty() {
                to.bytes(format!("documents/{}.automerge", file_name(&doc.name)), bytes);
            }
        }
        Ok(())
    }

    /// The printable forms of a sealed report; none where it does not verify, which its own file then shows.
    fn printed(
        &self,
        order: OrderId,
        sha256: ContentHash,
        uploads: &Uploads,
        to: &mut Collected,
    ) -> Result<(), OfficeError> {
        for lang in [Lang::ZhCn, Lang::En] {
            if let Some(Ok(page)) = self.printable(order, sha256, lang, uploads)? {
                let (size, hash) = (page.html.len() as u64, ContentHash::of(page.html.as_bytes()));
                let path = format!("reports/{sha256}.{lang}.html");
                to.put(path, size, hash, Source::Printed(order, sha256, lang));
            }
        }
        Ok(())
    }

    fn audits(&self, view: &OrderView, to: &mut Collected) -> Result<(), OfficeError> {
        let tx = self.storage.read()?;
        let named = view
            .audits
            .iter()
            .filter_map(|audit| audit.blob.as_deref()?.parse().ok());
        for sha256 in named.collect::<BTreeSet<ContentHash>>() {
            match tx.blob(&sha256.0)? {
                Some(bytes) => to.bytes(format!("audits/{sha256}.json"), bytes),
                None => {
                    to.missing.insert(sha256);
                }
            }
        }
        Ok(())
    }

    /// Writes a bundle; whoever opens a sensitive photo by it is logged by the caller.
    ///
    /// # Errors
    /// As [`bundle::write`]: what was written by then does not hold.
    pub fn write_archive(&self, archive: &Archive, uploads: &Uploads, to: &mut dyn Write) -> io::Result<()> {
        let open = |at: usize| -> io::Result<Box<dyn Read>> {
            let gone = || io::Error::from(io::ErrorKind::NotFound);
            Ok(match archive.sources.get(at).ok_or_else(gone)? {
                Source::Bytes(bytes) => Box::new(Cursor::new(bytes.clone())),
                Source::Stored(sha256) => uploads.stored(&sha256.0).map_err(io::Error::other)?.reader,
                Source::Printed(order, sha256, lang) => {
                    let page = self
                        .printable(*order, *sha256, *lang, uploads)
                        .map_err(io::Error::other)?;
                    let page = page.and_then(Result::ok).ok_or_else(gone)?;
                    Box::new(Cursor::new(page.html.into_bytes()))
                }
            })
        };
        bundle::write(&archive.list, &archive.files, open, to)
    }
}
