//! Bodies of `/v1/…` as an extractor: read under the message's limit, whatever length is claimed, then inflated and
//! decoded under bounds off the event loop.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use fieldseal_core::wire::body::{self, Message};
use fieldseal_core::wire::{self, ProblemCode};

use super::problem::problem;
use crate::state::AppState;

/// A message of a phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireBody<M>(pub M);

impl<M: Message + Send + 'static> FromRequest<AppState> for WireBody<M> {
    type Rejection = Response;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Response> {
        let limit = M::LIMITS.compressed;
        refuse_by_head(request.headers(), limit).map_err(problem)?;
        // An error below the limit is a body that broke off: nobody is there to read the answer.
        let bytes = to_bytes(request.into_body(), limit)
            .await
            .map_err(|_| problem(ProblemCode::TooLarge))?;
        tokio::task::spawn_blocking(move || body::decode(&bytes))
            .await
            .map_err(|_| problem(ProblemCode::Unavailable))?
            .map(Self)
            .map_err(|error| problem(error.into()))
    }
}

/// What the headers alone say against a body.
fn refuse_by_head(headers: &HeaderMap, limit: usize) -> Result<(), ProblemCode> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if header(CONTENT_TYPE) != Some(wire::CONTENT_TYPE) {
        return Err(ProblemCode::Malformed);
    }
    let claimed: Option<usize> = header(CONTENT_LENGTH).and_then(|length| length.parse().ok());
    match claimed {
        Some(claimed) if claimed > limit => Err(ProblemCode::TooLarge),
        _ => Ok(()),
    }
}

/// A message of the server.
pub fn answer<M: Message>(message: &M) -> Response {
    match body::encode(message) {
        Ok(bytes) => ([(CONTENT_TYPE, wire::CONTENT_TYPE)], bytes).into_response(),
        Err(error) => {
            tracing::error!(%error, "answer not encoded");
            problem(ProblemCode::Internal)
        }
    }
}
