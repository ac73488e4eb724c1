//! The HTTP surface: one endpoint a file, each with its error type, handler and tests through the whole router.
//!
//! | route | who | body |
//! | --- | --- | --- |
//! | `GET /healthz` | anybody | text |
//! | `POST /login`, `POST /logout`, `POST /link/{secret}` | browser | form, answers 303 |
//! | `POST /v1/enrol` | a phone with a one-time code | CBOR |
//! | `POST /v1/sync` | a phone with a token | CBOR |
//! | `/v1/blobs/{sha256}`: `OPTIONS`, `HEAD`, `POST`, `PATCH`, `GET` | a phone with a token | tus 1.0.0, bytes |
//! | `GET /v1/live` | browser with session, phone with token | server-sent events |
//! | everything else | browser | `page` |
//!
//! Invariants: every answer carries a request id and the security headers, a panicking handler included (those in the
//! phones' wire form carry neither: no browser reads them, and their bytes are counted); a path
//! that holds a secret is logged by its route, never by its text; every body has a limit, that of an upload its own.

pub mod bearer;
pub mod cookie;
pub mod downloads;
pub mod enrol;
pub mod form;
pub mod healthz;
pub mod layers;
pub mod link;
pub mod live;
pub mod login;
pub mod logout;
pub mod problem;
pub mod range;
pub mod serve;
pub mod session;
pub mod sync;
pub mod uploads;
pub mod wire_body;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};

use crate::state::AppState;

/// Forms of the page are at most this long, bytes.
pub const FORM_MAX: usize = 256 * 1024;

/// The whole router of a server.
pub fn router(state: AppState) -> Router {
    let own = Router::new()
        .route("/healthz", get(healthz::get))
        .route("/login", post(login::post))
        .route("/logout", post(logout::post))
        .route("/link/{secret}", post(link::post))
        .route("/v1/enrol", post(enrol::post))
        .route("/v1/sync", post(sync::post))
        .route("/v1/live", get(live::get));
    let timed = own
        .merge(crate::page::router(&state))
        .fallback(crate::page::desk::lost)
        .layer(DefaultBodyLimit::max(FORM_MAX))
        .layer(from_fn(layers::deadline));
    // A photo on a bad line takes longer than any deadline, so the lane of blobs has its own rules.
    timed
        .merge(uploads::router())
        .layer(layers::catch_panic())
        .layer(from_fn_with_state(state.clone(), layers::request_log))
        .layer(from_fn(layers::security_headers))
        .with_state(state)
}

#[cfg(test)]
pub(crate) mod testing;
