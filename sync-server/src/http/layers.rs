//! What every request passes: request id and log line, panic barrier, deadline, security headers.

use std::any::Any;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use fieldseal_core::wire;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument as _;

use crate::state::AppState;

/// Scripts, styles and pictures only from this server, none inline; no frames, no other target for forms.
const CSP: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/// A handler that has not answered after this long is given up (event streams answer at once).
const DEADLINE: Duration = Duration::from_secs(60);

/// The header that carries the request id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id, logs it by its *route* (paths can hold secrets) and writes one line with the outcome.
pub async fn request_log(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let id = hex::encode(state.env.random::<8>());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("request", id, method = %request.method(), route);
    let begun = state.env.clock.read().monotonic_ms;
    let mut response = next.run(request).instrument(span.clone()).await;
    let ms = state.env.clock.read().monotonic_ms.saturating_sub(begun);
    span.in_scope(|| tracing::info!(status = response.status().as_u16(), ms, "answered"));
    if !is_for_phones(&response)
        && let Ok(value) = HeaderValue::from_str(&id)
    {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Whether no browser ever renders it and every byte of it is paid for on a bad line: an answer in the wire's form.
/// It goes only to whoever holds a device's token, so the headers that protect pages would protect nothing.
fn is_for_phones(response: &Response) -> bool {
    response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes() == wire::CONTENT_TYPE.as_bytes())
}

/// Puts the security headers on whatever a browser could render; a handler's own stricter header stays.
pub async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if is_for_phones(&response) {
        return response;
    }
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, CSP),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Ends a handler that hangs (a body that trickles in, a lock). 503, because a phone tries again after that by itself.
pub async fn deadline(request: Request, next: Next) -> Response {
    tokio::time::timeout(DEADLINE, next.run(request))
        .await
        .unwrap_or_else(|_| plain(StatusCode::SERVICE_UNAVAILABLE, "took too long\n"))
}

/// A panicking handler answers 500 and does not take the connection with it.
pub fn catch_panic() -> CatchPanicLayer<fn(Box<dyn Any + Send>) -> Response> {
    CatchPanicLayer::custom(panicked)
}

fn panicked(_: Box<dyn Any + Send>) -> Response {
    // The panic hook has printed the place; the payload may hold data of the request and is dropped.
    tracing::error!("a handler panicked");
    plain(StatusCode::INTERNAL_SERVER_ERROR, "unexpected\n")
}

/// The answer to paths that do not exist.
pub async fn not_found() -> Response {
    plain(StatusCode::NOT_FOUND, "not found\n")
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    (status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::Request;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;
    use crate::http::testing::Bench;

    #[tokio::test]
    async fn every_answer_has_an_id_and_the_security_headers() {
        let bench = Bench::new();
        let first = bench.get("/healthz").await;
        let second = bench.get("/no/such/path").await;
        assert_eq!(second.status(), StatusCode::NOT_FOUND);
        for response in [&first, &second] {
            assert_eq!(response.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
            assert_eq!(response.headers()[REFERRER_POLICY], "same-origin");
            let csp = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(csp.contains("default-src 'self'") && csp.contains("frame-ancestors 'none'"));
            assert!(!csp.contains("unsafe"));
        }
        assert_ne!(first.headers()[REQUEST_ID], second.headers()[REQUEST_ID]);
    }

    #[tokio::test]
    async fn an_answer_to_a_phone_carries_no_header_that_only_browsers_read() {
        let bench = Bench::new();
        let response = bench.post_wire("/v1/sync", Vec::new(), None).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        let mut names: Vec<&str> = response.headers().keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["content-length", "content-type"]);
    }

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        async fn broken() -> &'static str {
            panic!("on purpose")
        }
        let app = Router::new().route("/", get(broken)).layer(catch_panic());
        let response = app
            .oneshot(Request::get("/").body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
