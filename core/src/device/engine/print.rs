//! The printable report on the phone: what the customer gets to keep (000-30, M-12), made with no server.

use std::cell::RefCell;

use super::{Engine, act, details};
use crate::device::EngineError;
use crate::device::store::blobs;
use crate::domain::canonical::ContentHash;
use crate::domain::ids::{OrderId, UserId};
use crate::domain::texts::Lang;
use crate::facts::OrderView;
use crate::facts::order::view::SealView;
use crate::report::{self, ReportError};

/// A printable report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// The revision that it shows.
    pub revision: u32,
    /// SHA-256 of the sealed file.
    pub sha256: ContentHash,
    /// One self-contained HTML file, UTF-8.
    pub html: String,
}

impl Engine {
    /// The printable report of a sealed revision (without a number: of the current one), in `lang`: the own one, else a
    /// colleague's. The bytes are those that the server makes of the same sealed file and photos.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] where there is no such revision or its file has not arrived; [`EngineError::Invalid`]
    /// with the reason where the file does not verify; [`EngineError::Closed`], [`EngineError::Damaged`].
    pub fn printable(
        &self,
        order: OrderId,
        revision: Option<u32>,
        lang: Lang,
    ) -> Result<Printed, EngineError> {
        self.inner.read(|connection| {
            let me = act::me(connection).ok().map(|me| me.user);
            let view = details::fold(connection, order, me)?.view;
            for seal in candidates(&view, me, revision) {
                let hash: ContentHash = seal.blob.parse().map_err(|_| EngineError::NotFound)?;
                let Some(sealed) = blobs::get(connection, &hash.0)? else {
                    continue;
                };
                // What the store says while the page is written: a damaged photo is not a missing one.
                let failed = RefCell::new(None);
                let at_hand = |hash: &ContentHash| match blobs::get(connection, &hash.0) {
                    Ok(found) => found,
                    Err(error) => {
                        failed.borrow_mut().get_or_insert(error);
                        None
                    }
                };
                let html = report::printable(&sealed, &at_hand, lang);
                if let Some(error) = failed.into_inner() {
                    return Err(error.into());
                }
                let html = html.map_err(|error: ReportError| EngineError::invalid(error.text_key()))?;
                return Ok(Printed {
                    revision: seal.revision,
                    sha256: hash,
                    html,
                });
            }
            Err(EngineError::NotFound)
        })
    }
}

/// The seals that are meant, the best first: own before foreign, current before others, newer before older.
pub(super) fn candidates(view: &OrderView, me: Option<UserId>, revision: Option<u32>) -> Vec<&SealView> {
    let mut seals: Vec<(bool, &SealView)> = view
        .visits
        .iter()
        .flat_map(|visit| {
            let own = Some(visit.engineer) == me;
            visit.seals.iter().map(move |seal| (own, seal))
        })
        .filter(|(_, seal)| revision.map_or(seal.current, |wanted| wanted == seal.revision))
        .collect();
    seals.sort_by_key(|(own, seal)| (!own, !seal.current, std::cmp::Reverse(seal.revision)));
    seals.into_iter().map(|(_, seal)| seal).collect()
}
