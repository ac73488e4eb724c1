//! Error answers of `/v1/…`: a [`Problem`] in CBOR, whatever the endpoint.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use fieldseal_core::wire::{self, Problem};

/// The answer with a status and a stable code (its text stands under `wire.<code>`).
pub fn problem(status: StatusCode, code: &str) -> Response {
    let body = Problem {
        code: code.to_owned(),
    };
    match minicbor::to_vec(&body) {
        Ok(bytes) => (status, [(CONTENT_TYPE, wire::CONTENT_TYPE)], bytes).into_response(),
        Err(_) => status.into_response(),
    }
}
