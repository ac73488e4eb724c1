//! The signature between the pen's last stroke and the seal: kept as a draft, so that a kill does not make the
//! customer sign again; [`Engine::seal`] ends it in its own transaction.

use super::Engine;
use crate::device::EngineError;
use crate::domain::ids::OrderId;
use crate::domain::signature::Strokes;

/// The key of the draft that holds an order's signature.
pub(super) fn signature_draft(order: OrderId) -> String {
    format!("signature/{order}")
}

impl Engine {
    /// Keeps what the customer drew until the report is sealed, in place of what was drawn before.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] beyond 256 KB; [`EngineError::StorageFull`], [`EngineError::Closed`].
    pub fn keep_signature(&self, order: OrderId, strokes: &Strokes) -> Result<(), EngineError> {
        let bytes = serde_json::to_vec(strokes).map_err(|_| EngineError::unexpected("strokes"))?;
        self.save_draft(&signature_draft(order), &bytes)
    }

    /// What the customer drew, where it waits for its seal.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] with `signature.damaged` where it cannot be read: have it drawn again;
    /// [`EngineError::Closed`], [`EngineError::Damaged`].
    pub fn kept_signature(&self, order: OrderId) -> Result<Option<Strokes>, EngineError> {
        let Some(bytes) = self.draft(&signature_draft(order))? else {
            return Ok(None);
        };
        let strokes =
            serde_json::from_slice(&bytes).map_err(|_| EngineError::invalid("signature.damaged"))?;
        Ok(Some(strokes))
    }
}
