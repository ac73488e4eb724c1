//! `GET /v1/blobs/{sha256}`: a blob for a device in whose engineer's scope a fact names it, whole or one range of it.
//!
//! Invariant: never the whole blob in memory; a reader that is slow holds nothing but its connection.

use std::io::{self, Read as _, Seek as _, SeekFrom};

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE,
    RANGE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use fieldseal_core::wire::ProblemCode;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::bearer::Bearer;
use super::problem::problem;
use super::range::{Wanted, wanted};
use super::uploads::{blocking, hash_in, refuse};
use crate::blobs::Found;
use crate::state::AppState;
use crate::storage::Hash;

/// Bytes read in one go.
const STEP: usize = 64 * 1024;

/// A blob for a device.
pub async fn get(
    State(state): State<AppState>,
    Bearer(device): Bearer,
    Path(sha256): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(sha256) = hash_in(&sha256) else {
        return problem(ProblemCode::NotFound);
    };
    let uploads = state.uploads.clone();
    match blocking(move || uploads.for_device(&device, &sha256)).await {
        Ok(found) => serve(found, &sha256, "application/octet-stream", &headers),
        Err(error) => refuse(&error),
    }
}

/// Answers with a blob as a request's headers ask: its bytes never change, so it may be kept by whoever got it.
pub fn serve(found: Found, sha256: &Hash, content_type: &'static str, asked: &HeaderMap) -> Response {
    let header = |name: HeaderName| asked.get(name).and_then(|value| value.to_str().ok());
    let tag = format!("\"{}\"", hex::encode(sha256));
    let length = found.length;
    let mut response = if header(IF_NONE_MATCH).is_some_and(|tags| tags.contains(&tag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        // A range of another version of it would be wrong; there is no other version.
        let range = header(RANGE).filter(|_| header(IF_RANGE).is_none_or(|known| known == tag));
        match wanted(range, length) {
            Wanted::Whole => bytes(StatusCode::OK, found, 0, length),
            Wanted::Part(first, last) => {
                let mut part = bytes(StatusCode::PARTIAL_CONTENT, found, first, last - first + 1);
                put(
                    &mut part,
                    CONTENT_RANGE,
                    &format!("bytes {first}-{last}/{length}"),
                );
                part
            }
            Wanted::Nothing => {
                let mut refused = problem(ProblemCode::BadRange);
                put(&mut refused, CONTENT_RANGE, &format!("bytes */{length}"));
                return refused;
            }
        }
    };
    put(&mut response, CONTENT_TYPE, content_type);
    put(&mut response, ACCEPT_RANGES, "bytes");
    put(
        &mut response,
        CACHE_CONTROL,
        "private, max-age=31536000, immutable",
    );
    put(&mut response, ETAG, &tag);
    response
}

fn put(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// `count` bytes from `first` on.
fn bytes(status: StatusCode, found: Found, first: u64, count: u64) -> Response {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut reader = found.reader;
        let (mut left, mut start) = (count, Some(first));
        while left > 0 {
            let step = usize::try_from(left).unwrap_or(STEP).min(STEP);
            let from = start.take();
            let read = tokio::task::spawn_blocking(move || -> io::Result<_> {
                if let Some(from) = from {
                    reader.seek(SeekFrom::Start(from))?;
                }
                let mut chunk = vec![0; step];
                reader.read_exact(&mut chunk)?;
                Ok((chunk, reader))
            })
            .await;
            match read {
                Ok(Ok((chunk, back))) => {
                    reader = back;
                    left -= step as u64;
                    if sender.send(Ok(Bytes::from(chunk))).await.is_err() {
                        return;
                    }
                }
                Ok(Err(error)) => {
                    tracing::error!(%error, "a blob broke off");
                    // The length that was promised is not reached, so the client sees that it broke off.
                    drop(sender.send(Err(error)).await);
                    return;
                }
                Err(_) => return,
            }
        }
    });
    let mut response = (status, Body::from_stream(ReceiverStream::new(receiver))).into_response();
    response
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from(count));
    response
}
