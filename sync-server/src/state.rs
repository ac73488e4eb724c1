//! What every handler may reach: the services of one running server, cheap to clone.

use std::sync::Arc;

use axum::extract::FromRef;
use fieldseal_core::env::Env;
use tokio::sync::watch;

use crate::auth::Auth;
use crate::blobs::Uploads;
use crate::enrol::Enrolment;
use crate::live::Live;
use crate::office::Office;
use crate::pipeline::SyncService;

/// The services behind the routes.
#[derive(Clone)]
pub struct AppState {
    /// Clock and randomness.
    pub env: Env,
    /// Accounts, links, sessions.
    pub auth: Arc<Auth>,
    /// Codes, certificates, tokens of devices.
    pub enrolment: Arc<Enrolment>,
    /// What phones send, and the path of every write.
    pub service: Arc<SyncService>,
    /// What the people at the page do.
    pub office: Arc<Office>,
    /// Photos and other large blobs.
    pub uploads: Arc<Uploads>,
    /// The newest row of the sequence.
    pub live: Live,
    /// Becomes `true` when the server stops; open streams end then.
    pub stopping: watch::Receiver<bool>,
    /// Whether browsers reach this server by TLS (at a proxy): decides name and flags of the session cookie.
    pub secure_cookies: bool,
}

impl FromRef<AppState> for Arc<Auth> {
    fn from_ref(state: &AppState) -> Self {
        state.auth.clone()
    }
}
