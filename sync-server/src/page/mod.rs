//! The dispatcher's page (design 7): rendered on the server, complete without script, in both languages.
//!
//! `model` is what the templates show, `views` binds them to `templates/`, `words` looks up sentences, durations
//! and times, `assets` serves the embedded stylesheet and script. Invariants: every string from a person is escaped
//! by askama; nothing inline, so that the content security policy is `default-src 'self'`; every form is an ordinary
//! POST that ends in a redirect and carries the CSRF token, and the view token where it changes a record.

use axum::Router;
use axum::routing::{get, post};

use crate::state::AppState;

pub mod assets;
pub mod handlers;
pub mod model;
pub mod present;
pub mod respond;
pub mod views;
pub mod words;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

/// Every route of the page. Its routes join the others in `http::router`.
pub fn router(_state: &AppState) -> Router<AppState> {
    Router::new()
        .route("/static/{version}/{name}", get(handlers::files::get))
        .route("/login", get(handlers::door::login))
        .route("/link/{secret}", get(handlers::door::link))
        .route("/language", post(handlers::door::language))
}
