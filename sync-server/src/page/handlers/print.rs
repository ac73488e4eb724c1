//! `GET /orders/{id}/report/{sha256}`: the printable report of a sealed file, as the phone makes it. Whoever
//! opens one with a sensitive photo in it is logged, as with the photo itself (000-15).

use axum::extract::{Path, Query};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::ids::OrderId;
use fieldseal_core::domain::texts::Lang;
use serde::Deserialize;

use crate::office::OfficeError;
use crate::page::desk::Desk;
use crate::page::handlers::photos::log_sensitive;
use crate::page::respond::failure;

/// As the file's own policy, which also holds where the file is opened from a disk; a sandbox besides, because here it
/// has this site's origin.
const CSP: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                   frame-ancestors 'none'; sandbox allow-modals";

/// What stands behind the question mark.
#[derive(Debug, Deserialize)]
pub struct Asked {
    /// The language of the labels; without it, the reader's.
    lang: Option<String>,
}

/// The file, shown by the browser and ready for its printer; saved, it is a file that verifies.
pub async fn get(
    desk: Desk,
    Path((id, sha256)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    let (Ok(id), Ok(hash)) = (id.parse::<OrderId>(), sha256.parse::<ContentHash>()) else {
        return desk.not_found();
    };
    let lang = asked
        .lang
        .and_then(|code| code.parse::<Lang>().ok())
        .unwrap_or(desk.words.lang);
    let uploads = desk.state().uploads.clone();
    let found = desk
        .office(move |office, _| {
            let page = office
                .printable(id, hash, lang, &uploads)?
                .ok_or(OfficeError::NotFound)?;
            let ticket = office.order(id)?.and_then(|details| details.ticket);
            let number = ticket.and_then(|ticket| ticket.number.clone());
            Ok((page, number.unwrap_or_default()))
        })
        .await;
    let (page, number) = match found {
        Ok((Ok(page), number)) => (page, number),
        Ok((Err(error), _)) => {
            return failure(
                desk.words,
                StatusCode::CONFLICT,
                "page.proof.broken",
                error.text_key(),
            );
        }
        Err(error) => return desk.failed(&error),
    };
    let number: String = number.chars().filter(char::is_ascii_alphanumeric).collect();
    let short: String = sha256.chars().take(12).collect();
    for photo in &page.sensitive {
        log_sensitive(&desk, id, photo);
    }
    let name = format!("inline; filename=\"{number}-{short}.{lang}.html\"");
    let mut response = page.html.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
    if let Ok(value) = HeaderValue::from_str(&name) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    response
}
