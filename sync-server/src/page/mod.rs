//! The dispatcher's page (design 7): rendered on the server, complete without script, in both languages.
//!
//! `model` is what the templates show, `views` binds them to `templates/`, `words` looks up sentences, durations
//! and times, `assets` serves the embedded stylesheet and script. Invariants: every string from a person is escaped
//! by askama; nothing inline, so that the content security policy is `default-src 'self'`; every form is an ordinary
//! POST that ends in a redirect and carries the CSRF token, and the view token where it changes a record.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::state::AppState;

pub mod assets;
pub mod desk;
pub mod handlers;
pub mod model;
pub mod present;
pub mod reading;
pub mod respond;
pub mod views;
pub mod words;

#[cfg(test)]
#[cfg(feature = "demo")]
mod beside_story;
#[cfg(test)]
#[cfg(feature = "demo")]
mod field_story;
#[cfg(test)]
mod import_story;
#[cfg(test)]
#[cfg(feature = "demo")]
mod parts_story;
#[cfg(test)]
mod photo_story;
#[cfg(test)]
#[cfg(feature = "demo")]
mod print_story;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod story;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tickets_story;

/// Every route of the page. Its routes join the others in `http::router`.
pub fn router(_state: &AppState) -> Router<AppState> {
    Router::new()
        .route("/static/{version}/{name}", get(handlers::files::get))
        .route("/login", get(handlers::door::login))
        .route("/link/{secret}", get(handlers::door::link))
        .route("/language", post(handlers::door::language))
        .route("/", get(handlers::board::get))
        .route("/orders", post(handlers::plan::create))
        .route("/orders/new", get(handlers::plan::new))
        .route("/orders/{id}", get(handlers::orders::show))
        .route("/orders/{id}/files/{sha256}", get(handlers::orders::file))
        .route("/orders/{id}/photos/{sha256}", get(handlers::photos::get))
        .route("/orders/{id}/report/{sha256}", get(handlers::print::get))
        .route("/orders/{id}/assign", post(handlers::plan::assign))
        .route("/orders/{id}/cancel", post(handlers::plan::cancel))
        .route("/orders/{id}/uncancel", post(handlers::plan::uncancel))
        .route("/orders/{id}/instruct", post(handlers::plan::instruct))
        .route("/orders/{id}/plan", post(handlers::plan::plan))
        .route("/orders/{id}/restore", post(handlers::plan::restore))
        .route("/orders/{id}/audit", post(handlers::review::audit))
        .route("/orders/{id}/return", post(handlers::review::send_back))
        .route("/orders/{id}/unaudit", post(handlers::review::unaudit))
        .route("/orders/{id}/confirm", post(handlers::review::confirm))
        .route("/orders/{id}/pick", post(handlers::review::pick))
        .route("/orders/{id}/resolve", post(handlers::review::resolve))
        .route("/orders/{id}/waive", post(handlers::beside::waive))
        .route("/orders/{id}/addendum", post(handlers::beside::addendum))
        .route("/orders/{id}/learnt", post(handlers::beside::learnt))
        .route("/tickets", get(handlers::tickets::list))
        .route("/tickets/{id}", get(handlers::tickets::show))
        .route("/tickets/{id}/archive", get(handlers::archive::get))
        .route("/tickets/{id}/triage", post(handlers::ticket_forms::triage))
        .route("/tickets/{id}/visit", post(handlers::ticket_forms::visit))
        .route("/tickets/{id}/solve", post(handlers::ticket_forms::solve))
        .route("/tickets/{id}/confirm", post(handlers::ticket_forms::confirm))
        .route("/tickets/{id}/close", post(handlers::ticket_forms::close))
        .route("/tickets/{id}/reopen", post(handlers::ticket_forms::reopen))
        .route("/tickets/{id}/merge", post(handlers::ticket_forms::merge))
        .route("/tickets/{id}/call", post(handlers::ticket_forms::call))
        .route("/tickets/{id}/consent", post(handlers::ticket_forms::consent))
        .route("/tickets/{id}/escalate", post(handlers::ticket_forms::escalate))
        .route("/tickets/{id}/note", post(handlers::ticket_forms::note))
        .route("/tickets/{id}/callback", post(handlers::ticket_forms::callback))
        .route("/after", get(handlers::after::get))
        .route("/cases/{id}", post(handlers::after::edit))
        .route("/cases/{id}/close", post(handlers::after::close))
        .route("/orders/{id}/swap", post(handlers::beside::swap))
        .route("/conflicts", get(handlers::conflicts::get))
        .route("/stock", get(handlers::stock::get))
        .route("/stock/receive", post(handlers::stock::receive))
        .route("/stock/issue", post(handlers::stock::issue))
        .route("/stock/answer", post(handlers::stock::answer))
        .route("/stock/scrap", post(handlers::stock::scrap))
        .route("/stock/report", get(handlers::stock_report::get))
        .route("/stock/report.csv", get(handlers::stock_report::csv))
        .route("/stock/photos/{sha256}", get(handlers::photos::of_stock))
        .route(
            "/stock/count",
            get(handlers::counts::get).post(handlers::counts::count),
        )
        .route("/stock/count/answer", post(handlers::counts::answer))
        .route("/stock/level", post(handlers::counts::level))
        .route(
            "/customers",
            get(handlers::customers::list).post(handlers::customers::add),
        )
        .route("/export/customers", get(handlers::import::customers))
        .route(
            "/import",
            get(handlers::import::get)
                .post(handlers::import::post)
                .layer(DefaultBodyLimit::max(handlers::import::TABLE_MAX)),
        )
        .route("/orders/{id}/hide", post(handlers::hiding::order))
        .route("/tickets/{id}/hide", post(handlers::hiding::ticket))
        .route("/customers/{id}/hide", post(handlers::hiding::customer))
        .route("/customers/{id}/assets/hide", post(handlers::hiding::unit))
        .route(
            "/retention",
            get(handlers::retention::get).post(handlers::retention::check),
        )
        .route("/customers/{id}", get(handlers::customers::show))
        .route("/customers/{id}/assets", post(handlers::customers::add_asset))
        .route(
            "/users",
            get(handlers::people::users).post(handlers::people::add_user),
        )
        .route("/users/{id}", post(handlers::people::edit_user))
        .route("/users/{id}/link", post(handlers::people::new_link))
        .route("/devices", get(handlers::people::devices))
        .route("/devices/code", post(handlers::people::new_code))
        .route("/devices/{id}/revoke", post(handlers::people::revoke))
}
