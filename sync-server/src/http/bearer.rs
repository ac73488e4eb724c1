//! The enrolled device behind a request, as an extractor. Its token is looked up on every request, so a revocation
//! holds from the next one on (ASVS 7.4).

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::response::Response;
use fieldseal_core::wire::ProblemCode;

use super::problem::problem;
use crate::enrol::EnrolError;
use crate::state::AppState;
use crate::storage::DeviceRow;

/// A device that may come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer(pub DeviceRow);

/// The token in the headers.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && token.len() <= 256).then_some(token.trim())
}

/// What a phone is told about an error of enrolment or authorisation; faults go to the log.
pub fn refuse(error: &EnrolError) -> Response {
    if error.is_fault() {
        tracing::error!(%error, "device not served");
    }
    problem(error.problem())
}

impl FromRequestParts<AppState> for Bearer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let token = token(&parts.headers)
            .ok_or_else(|| problem(ProblemCode::WrongToken))?
            .to_owned();
        let enrolment = state.enrolment.clone();
        tokio::task::spawn_blocking(move || enrolment.authorise(&token))
            .await
            .map_err(|_| problem(ProblemCode::Unavailable))?
            .map(Self)
            .map_err(|error| refuse(&error))
    }
}
