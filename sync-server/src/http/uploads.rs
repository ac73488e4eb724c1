//! `/v1/blobs/{sha256}`: uploads of large blobs by tus 1.0.0 with `creation` and `creation-with-upload`. Rules:
//! `crate::blobs`; downloads from the same address: `downloads`.
//!
//! Invariants: the body is never whole in memory; what arrived of a body that broke off is kept; an answer's
//! `Upload-Offset` counts bytes that are on disk; a newer connection with the same upload ends the older one.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::{IntoResponse as _, Response};
use axum::routing::options;
use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::wire::ProblemCode;
use fieldseal_core::wire::uploads::{
    BLOBS_PATH, OFFSET_CONTENT_TYPE, ROW_HEADER, TUS, TUS_EXTENSION_HEADER, TUS_EXTENSIONS,
    TUS_MAX_SIZE_HEADER, TUS_RESUMABLE_HEADER, TUS_VERSION_HEADER, UPLOAD_LENGTH_HEADER,
    UPLOAD_OFFSET_HEADER, blob_path,
};
use tokio_stream::StreamExt as _;
use tracing::Instrument as _;

use super::bearer::Bearer;
use super::downloads;
use super::problem::problem;
use crate::blobs::{Part, Standing, Turn, UploadError, Uploads};
use crate::state::AppState;
use crate::storage::{DeviceRow, Hash};

/// A sender that is silent for longer is taken for gone.
const IDLE: Duration = Duration::from_secs(30);
/// Bytes collected before they are written.
const BATCH: usize = 256 * 1024;

/// The lane's one address. Without the other routes' deadline and body limit: it has its own.
pub fn router() -> Router<AppState> {
    let lane = options(say)
        .head(head)
        .post(create)
        .patch(append)
        .get(downloads::get)
        .layer(DefaultBodyLimit::disable())
        .layer(map_response(speaks_tus));
    Router::new().route(&format!("{BLOBS_PATH}{{sha256}}"), lane)
}

async fn speaks_tus(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(TUS_RESUMABLE_HEADER, HeaderValue::from_static(TUS));
    response
}

/// A request in the version that is spoken here.
struct Tus;

impl FromRequestParts<AppState> for Tus {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Response> {
        let spoken = parts.headers.get(TUS_RESUMABLE_HEADER);
        if spoken.is_some_and(|version| version.as_bytes() == TUS.as_bytes()) {
            return Ok(Self);
        }
        let mut refused = problem(ProblemCode::UnsupportedTus);
        let known = HeaderValue::from_static(TUS);
        refused.headers_mut().insert(TUS_VERSION_HEADER, known);
        Err(refused)
    }
}

/// The blob of a path: 64 lower-case hex digits and nothing else ever names a file.
pub(super) fn hash_in(text: &str) -> Option<Hash> {
    text.parse::<ContentHash>().ok().map(|hash| hash.0)
}

/// The answer to an error; faults go to the log.
pub(super) fn refuse(error: &UploadError) -> Response {
    if error.is_fault() {
        tracing::error!(%error, "blob not served");
    }
    let mut response = problem(error.problem());
    if let UploadError::WrongOffset(at) = error {
        response
            .headers_mut()
            .insert(UPLOAD_OFFSET_HEADER, HeaderValue::from(*at));
    }
    response
}

/// Runs what reads and writes disks where blocking is allowed.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, UploadError> + Send + 'static,
) -> Result<T, UploadError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(UploadError::Disk(std::io::Error::other(error))))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

fn is_offset_body(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes() == OFFSET_CONTENT_TYPE.as_bytes())
}

fn standing(status: StatusCode, standing: Standing) -> Response {
    let mut response = status.into_response();
    let headers = response.headers_mut();
    let (offset, length) = match standing {
        Standing::Partly { offset, length } => (offset, length),
        Standing::Whole { length, row } => {
            headers.insert(ROW_HEADER, HeaderValue::from(row));
            (length, length)
        }
    };
    headers.insert(UPLOAD_OFFSET_HEADER, HeaderValue::from(offset));
    headers.insert(UPLOAD_LENGTH_HEADER, HeaderValue::from(length));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// `OPTIONS`: what the server can do, told to anybody.
async fn say(State(state): State<AppState>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(TUS_VERSION_HEADER, HeaderValue::from_static(TUS));
    headers.insert(TUS_EXTENSION_HEADER, HeaderValue::from_static(TUS_EXTENSIONS));
    let most = HeaderValue::from(state.uploads.limits().file);
    headers.insert(TUS_MAX_SIZE_HEADER, most);
    response
}

async fn turn(state: &AppState, device: &DeviceRow, sha256: Hash) -> Result<Turn, UploadError> {
    let part = Part {
        device: device.id,
        sha256,
    };
    state.uploads.turns().take(part).await.ok_or(UploadError::Busy)
}

/// `HEAD`: how far the upload has come. Ends a connection of the same upload that is still open.
async fn head(
    _: Tus,
    State(state): State<AppState>,
    Bearer(device): Bearer,
    Path(sha256): Path<String>,
) -> Response {
    let Some(sha256) = hash_in(&sha256) else {
        return problem(ProblemCode::NotFound);
    };
    let asked = async {
        let turn = turn(&state, &device, sha256).await?;
        let (uploads, device) = (state.uploads.clone(), device.clone());
        blocking(move || {
            let found = uploads.standing(&device, &sha256);
            drop(turn);
            found
        })
        .await
    };
    match asked.await {
        Ok(found) => standing(StatusCode::OK, found),
        Err(error) => refuse(&error),
    }
}

/// `POST`: begins an upload; with the content type of a `PATCH` its first bytes come along.
async fn create(
    _: Tus,
    State(state): State<AppState>,
    Bearer(device): Bearer,
    Path(sha256): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(sha256) = hash_in(&sha256) else {
        return problem(ProblemCode::NotFound);
    };
    let Some(length) = number(&headers, UPLOAD_LENGTH_HEADER) else {
        return problem(ProblemCode::Malformed);
    };
    note(&state, &device);
    let created = async {
        let turn = turn(&state, &device, sha256).await?;
        let (uploads, owner) = (state.uploads.clone(), device.clone());
        let begun = blocking(move || uploads.create(&owner, &sha256, length)).await?;
        let fresh = matches!(begun, Standing::Partly { offset: 0, .. });
        if fresh && is_offset_body(&headers) {
            return receive(&state, turn, device, 0, &headers, body).await;
        }
        Ok(begun)
    };
    match created.await {
        Ok(found) => {
            let mut response = standing(StatusCode::CREATED, found);
            if let Ok(path) = HeaderValue::from_str(&blob_path(&sha256)) {
                response.headers_mut().insert(LOCATION, path);
            }
            response
        }
        Err(error) => refuse(&error),
    }
}

/// `PATCH`: bytes from an offset on. The answer to the last of them carries the receipt row.
async fn append(
    _: Tus,
    State(state): State<AppState>,
    Bearer(device): Bearer,
    Path(sha256): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(sha256) = hash_in(&sha256) else {
        return problem(ProblemCode::NotFound);
    };
    if !is_offset_body(&headers) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let Some(offset) = number(&headers, UPLOAD_OFFSET_HEADER) else {
        return problem(ProblemCode::Malformed);
    };
    note(&state, &device);
    let appended = async {
        let turn = turn(&state, &device, sha256).await?;
        receive(&state, turn, device, offset, &headers, body).await
    };
    match appended.await {
        Ok(found) => standing(StatusCode::NO_CONTENT, found),
        Err(error) => refuse(&error),
    }
}

fn note(state: &AppState, device: &DeviceRow) {
    state
        .office
        .contacts()
        .note(device.id, state.env.clock.read().wall_ms);
}

/// Takes a body in, in a task of its own: when the line breaks the request is dropped, and what arrived must still
/// reach the disk.
async fn receive(
    state: &AppState,
    turn: Turn,
    device: DeviceRow,
    offset: u64,
    headers: &HeaderMap,
    body: Body,
) -> Result<Standing, UploadError> {
    let claimed = number(headers, CONTENT_LENGTH.as_str()).unwrap_or(0);
    let taking = take(state.uploads.clone(), turn, device, offset, claimed, body);
    tokio::spawn(taking.in_current_span())
        .await
        .unwrap_or_else(|error| Err(UploadError::Disk(std::io::Error::other(error))))
}

async fn take(
    uploads: Arc<Uploads>,
    mut turn: Turn,
    device: DeviceRow,
    offset: u64,
    claimed: u64,
    body: Body,
) -> Result<Standing, UploadError> {
    let (sha256, opener) = (turn.part().sha256, uploads.clone());
    let mut appending = blocking(move || opener.append(&device, &sha256, offset)).await?;
    if claimed > appending.left() {
        return Err(UploadError::TooLarge);
    }
    let (mut stream, mut buffer) = (body.into_data_stream(), Vec::new());
    let broken = loop {
        let next = tokio::select! {
            biased;
            () = turn.asked() => break Some(UploadError::Busy),
            next = tokio::time::timeout(IDLE, stream.next()) => next,
        };
        match next {
            Ok(None) => break None,
            Ok(Some(Ok(chunk))) => {
                if (buffer.len() + chunk.len()) as u64 > appending.left() {
                    break Some(UploadError::TooLarge);
                }
                buffer.extend_from_slice(&chunk);
                if buffer.len() >= BATCH {
                    let bytes = std::mem::take(&mut buffer);
                    appending = blocking(move || {
                        appending.append(&bytes)?;
                        Ok(appending)
                    })
                    .await?;
                }
            }
            Ok(Some(Err(_))) | Err(_) => break Some(UploadError::Cut),
        }
    };
    let settled = blocking(move || {
        appending.append(&buffer)?;
        let settled = uploads.settle(appending);
        drop(turn);
        settled
    })
    .await?;
    match (broken, settled) {
        (None, settled) | (Some(_), settled @ Standing::Whole { .. }) => Ok(settled),
        (Some(error), Standing::Partly { .. }) => Err(error),
    }
}

#[cfg(test)]
mod tests;
