//! The dispatcher's page. Its routes join the others in `http::router`.

use axum::Router;

use crate::state::AppState;

/// Every route of the page.
pub fn router(_state: &AppState) -> Router<AppState> {
    Router::new()
}
