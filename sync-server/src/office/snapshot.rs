//! Collecting what an audit freezes: the folded view, what went into it, the heads that it stands on (I5, I6).

use std::collections::{BTreeMap, BTreeSet};

use fieldseal_core::domain::audited::{AuditContent, AuditedDocument, freeze};
use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::ids::UserId;
use fieldseal_core::domain::time::LocalTime;
use fieldseal_core::facts::{FactId, Head, OrderView};

use super::views::family_of;
use super::{Office, OfficeError};

/// An audited view as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AuditFile {
    pub(super) bytes: Vec<u8>,
    pub(super) sha256: ContentHash,
    /// Heads of every document that went in: what the audit knew.
    pub(super) heads: BTreeSet<Head>,
}

impl Office {
    /// Collects and signs. The view must be the newest (the office's lock is held).
    pub(super) fn freeze(
        &self,
        view: &OrderView,
        revision: FactId,
        by: UserId,
        at: LocalTime,
    ) -> Result<AuditFile, OfficeError> {
        let tx = self.storage.read()?;
        let mut families = vec![format!("order/{}", view.order)];
        families.extend(view.visits.iter().map(|visit| format!("van/{}", visit.engineer)));
        let lines: BTreeSet<_> = view.lines.iter().map(|line| line.id.action).collect();
        let mut documents: BTreeMap<String, AuditedDocument> = BTreeMap::new();
        let mut heads = BTreeSet::new();
        for family in families {
            for doc in tx.family(&family)? {
                heads.extend(doc.heads.iter().map(Head::of));
                let part = documents.entry(doc.name.to_string()).or_default();
                part.heads = doc.heads.iter().copied().map(ContentHash).collect();
            }
            for action in family_of(tx.as_ref(), &family)? {
                // Of a van only what the order's lines come from; the rest of it is not this audit's.
                if action.doc.order().is_some() || lines.contains(&action.key) {
                    let part = documents.entry(action.doc.to_string()).or_default();
                    part.actions
                        .push((action.key, ContentHash::of(action.text.as_bytes())));
                }
            }
        }
        let seal = view
            .visits
            .iter()
            .flat_map(|visit| &visit.seals)
            .find(|seal| seal.id == revision)
            .and_then(|seal| seal.blob.parse().ok());
        let content = AuditContent {
            order: view.order,
            by,
            at,
            seal,
            view: serde_json::to_value(view).map_err(OfficeError::unexpected)?,
            documents,
        };
        let bytes = freeze(content, &self.organisation, self.service.keys().organisation())
            .map_err(OfficeError::unexpected)?;
        Ok(AuditFile {
            sha256: ContentHash::of(&bytes),
            bytes,
            heads,
        })
    }
}
