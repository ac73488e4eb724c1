//! `GET /orders/{id}/photos/{sha256}` and `GET /stock/photos/{sha256}`: a photo of an order or of a van's scrap, for people at
//! the page.
//!
//! Invariants: only what a fact of this order names; a fixed type that the browser may not guess about, in a sandbox of
//! its own; nothing that a client said is part of a path or of a header; who opens a sensitive one is logged.

use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::ids::OrderId;

use crate::http::downloads::serve;
use crate::office::{OfficeError, stored};
use crate::page::desk::Desk;

/// The photo.
pub async fn get(desk: Desk, Path((id, sha256)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let (Ok(id), Ok(hash)) = (id.parse::<OrderId>(), sha256.parse::<ContentHash>()) else {
        return desk.not_found();
    };
    let uploads = desk.state().uploads.clone();
    let found = desk
        .office(move |office, _| {
            let photo = office.photo(id, hash)?.ok_or(OfficeError::NotFound)?;
            let found = stored(&uploads, &hash)?.ok_or(OfficeError::NotFound)?;
            Ok((photo.sensitive, found))
        })
        .await;
    let (sensitive, found) = match found {
        Ok(found) => found,
        Err(error) => return desk.failed(&error),
    };
    let mut response = serve(found, &hash.0, "image/jpeg", &headers);
    if sensitive {
        log_sensitive(&desk, id, &hash);
        // Asked for anew each time it is looked at.
        let never = HeaderValue::from_static("private, no-store");
        response.headers_mut().insert(CACHE_CONTROL, never);
    }
    guarded(response, &hash)
}

/// `GET /stock/photos/{sha256}`: a photo of what was scrapped (Y-22), for whoever sees the stock.
pub async fn of_stock(desk: Desk, Path(sha256): Path<String>, headers: HeaderMap) -> Response {
    let Ok(hash) = sha256.parse::<ContentHash>() else {
        return desk.not_found();
    };
    let uploads = desk.state().uploads.clone();
    let found = desk
        .office(move |office, _| {
            let stock = office.views().stock()?;
            // A photo of the vans alone: an order's photo is shown with its order, by that page's rules.
            if !stock.photos.iter().any(|photo| photo.sha256 == hash) {
                return Err(OfficeError::NotFound);
            }
            stored(&uploads, &hash)?.ok_or(OfficeError::NotFound)
        })
        .await;
    match found {
        Ok(found) => guarded(serve(found, &hash.0, "image/jpeg", &headers), &hash),
        Err(error) => desk.failed(&error),
    }
}

/// Nothing that a browser could run, and a name of its own.
fn guarded(mut response: Response, hash: &ContentHash) -> Response {
    let short: String = hash.to_string().chars().take(12).collect();
    let set = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&format!("inline; filename=\"{short}.jpg\"")) {
        set.insert(CONTENT_DISPOSITION, value);
    }
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        set.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Who saw which copy of a sealed document (000-15): by itself, or in a printable report.
pub(super) fn log_sensitive(desk: &Desk, order: OrderId, sha256: &ContentHash) {
    tracing::info!(user = %desk.session.user, %order, %sha256, "a sensitive photo was opened");
}
