//! Listeners in, handles out: the current state first, then every change (design 8).
//!
//! No lock is held while a listener is called, and it may call the engine. A listener that throws is heard of in the
//! log and goes on being told: a call that saved something must not fail because a screen could not be drawn.

use std::sync::{Arc, Mutex, PoisonError};

use fieldseal_core::device::engine::{News, Observer, OrderRow, Subscription};
use fieldseal_core::device::sync::Listener;
use fieldseal_core::domain::ids::OrderId;

use crate::status::StatusDetails;

/// What a listener hears.
#[derive(Debug, Clone, uniffi::Record)]
pub struct EngineNews {
    /// Whether `orders` is the whole list (the first call), or only the rows that changed.
    pub whole: bool,
    /// Work orders, in the order of the list.
    pub orders: Vec<OrderRow>,
    /// Work orders that left the list.
    pub removed: Vec<OrderId>,
    /// Unsent work, last sync, and so on.
    pub status: StatusDetails,
}

/// What a listener's own failure becomes.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum ListenerError {
    /// It threw.
    #[error("the listener failed: {reason}")]
    Failed {
        /// What it said.
        reason: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ListenerError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { reason: error.reason }
    }
}

/// Hears what changes. Called on the thread that made the change, or on one that is delivering already: hop to the
/// main thread in the wrapper only.
#[uniffi::export(foreign)]
pub trait NewsListener: Send + Sync {
    /// Something changed; the first call brings the current state.
    fn changed(&self, news: EngineNews) -> Result<(), ListenerError>;
}

/// Hears that the server has something new. Called on a thread of its own: typically wakes the one that syncs.
#[uniffi::export(foreign)]
pub trait ServerListener: Send + Sync {
    /// The server's newest number.
    fn told(&self, newest: u64) -> Result<(), ListenerError>;
}

/// Keeps a listener registered until it is cancelled or let go.
#[derive(Debug, uniffi::Object)]
pub struct Observation(Mutex<Option<Subscription>>);

/// Keeps listening to the server until it is cancelled or let go.
#[derive(Debug, uniffi::Object)]
pub struct ServerWatch(Mutex<Option<Listener>>);

#[uniffi::export]
impl Observation {
    /// Ends it; a call that is running on another thread may still end after this. Idempotent.
    pub fn cancel(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

#[uniffi::export]
impl ServerWatch {
    /// Ends it. Idempotent.
    pub fn cancel(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl From<Subscription> for Observation {
    fn from(subscription: Subscription) -> Self {
        Self(Mutex::new(Some(subscription)))
    }
}

impl From<Listener> for ServerWatch {
    fn from(listener: Listener) -> Self {
        Self(Mutex::new(Some(listener)))
    }
}

/// The foreign listener as the engine knows one.
pub(crate) struct Told(pub(crate) Arc<dyn NewsListener>);

impl Observer for Told {
    fn changed(&self, news: &News) {
        let news = news.clone();
        let told = self.0.changed(EngineNews {
            whole: news.whole,
            orders: news.orders,
            removed: news.removed,
            status: news.status.into(),
        });
        noted(told);
    }
}

/// A failure of the foreign side goes to the log.
pub(crate) fn noted(told: Result<(), ListenerError>) {
    if let Err(error) = told {
        tracing::warn!(%error, "a listener failed");
    }
}
