//! Error answers of `/v1/…`: a problem code in CBOR with the status that goes with it, whatever the endpoint.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use fieldseal_core::wire::{self, ProblemCode};

/// The answer for a code.
pub fn problem(code: ProblemCode) -> Response {
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // Not compressed: it is smaller so, and a phone reads both forms.
    match minicbor::to_vec(code.problem()) {
        Ok(bytes) => (status, [(CONTENT_TYPE, wire::CONTENT_TYPE)], bytes).into_response(),
        Err(_) => status.into_response(),
    }
}
