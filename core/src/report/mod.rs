//! The printable report (000-30, F-21, Y-08, M-12): one HTML file, A4, in either language, that holds everything the
//! customer keeps — what can be read, the photos, the signature as vectors, and the sealed bytes that all of it is
//! written from.
//!
//! Invariants: [`printable`] is a pure function of the sealed file and of the bytes at hand, so phone
//! and server write the same bytes, and [`open_printed`] can tell whether anything that can be read was changed by
//! writing it again. Nothing a person wrote becomes markup ([`html`]); the file loads nothing and runs nothing. A photo
//! that is not at hand is shown as missing, never left out.

mod body;
mod changes;
mod closing;
mod html;
mod open;
mod words;

use qrcodegen::{QrCode, QrCodeEcc};
use sha2::{Digest, Sha256};

use crate::domain::canonical::ContentHash;
use crate::domain::sealed::{Place, SealedContent, Verified, VerifyError, verify_sealed};
use crate::domain::texts::{Lang, all};
use html::Html;
use words::Words;

pub use open::{MAX_BYTES, Opened, Visible, is_printed, open_printed};

/// The number of the layout. Raise it with every change of what [`printable`] writes that is not a change of a text or of
/// the style sheet: those are part of the layout's name anyway ([`layout`]).
const LAYOUT: u32 = 2;
const STYLE: &str = include_str!("style.css");

/// What stands before the hash in the QR code (docs/protocol.md).
pub const QR_PREFIX: &str = "fieldseal:1:sha256:";

/// Gives bytes by their hash, if they are at hand: photos, and the sealed file of the revision before, whose differences
/// are listed (B15).
pub type Blobs<'a> = &'a dyn Fn(&ContentHash) -> Option<Vec<u8>>;

/// Why a report cannot be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The sealed file does not verify: it is not shown as if it did.
    #[error("the sealed file does not verify: {0}")]
    Sealed(#[from] VerifyError),
    /// The file given as the revision before is not it.
    #[error("not the revision before")]
    Before,
    /// Bytes have another hash than the one asked for.
    #[error("{0} has other bytes")]
    Bytes(ContentHash),
}

impl ReportError {
    /// The key of its text in both languages.
    pub const fn text_key(&self) -> &'static str {
        match self {
            Self::Sealed(error) => error.code(),
            Self::Before => "printed.error.before",
            Self::Bytes(_) => "printed.error.bytes",
        }
    }
}

/// A photo as it is printed.
enum Photo {
    /// Not at hand.
    Missing,
    /// At hand, in a format that no browser shows.
    Unknown,
    /// At hand.
    Shown(&'static str, Vec<u8>),
}

/// Everything that the body is written from, checked.
struct Page<'a> {
    words: Words,
    verified: &'a Verified,
    before: Option<&'a SealedContent>,
    photos: Vec<(ContentHash, Photo)>,
}

/// The printable report: the same sealed file, bytes at hand and language give the same page everywhere.
///
/// # Errors
/// [`ReportError`]: what does not verify is not printed.
pub fn printable(sealed: &[u8], blobs: Blobs<'_>, lang: Lang) -> Result<String, ReportError> {
    let verified = verify_sealed(sealed, None)?;
    let at_hand = |hash: &ContentHash| match blobs(hash) {
        Some(bytes) if ContentHash::of(&bytes) != *hash => Err(ReportError::Bytes(*hash)),
        found => Ok(found),
    };
    let before = verified
        .place
        .prev
        .map(|hash| at_hand(&hash))
        .transpose()?
        .flatten();
    let corrected = before
        .as_deref()
        .map(|bytes| verify_before(&verified, bytes))
        .transpose()?;
    let mut photos = Vec::with_capacity(verified.content.photos.len());
    for hash in &verified.content.photos {
        let photo = match at_hand(hash)? {
            None => Photo::Missing,
            Some(bytes) => match media_type(&bytes) {
                None => Photo::Unknown,
                Some(media) => Photo::Shown(media, bytes),
            },
        };
        photos.push((*hash, photo));
    }
    let page = Page {
        words: Words(lang),
        verified: &verified,
        before: corrected.as_ref().map(|before| &before.content),
        photos,
    };
    let mut html = Html::default();
    head(&mut html, &page, sealed, before.as_deref());
    body::body(&mut html, &page);
    Ok(html.finish())
}

/// The revision before, if that is what it is.
fn verify_before(verified: &Verified, bytes: &[u8]) -> Result<Verified, ReportError> {
    let before = verify_sealed(bytes, Some(verified.organisation)).map_err(|_| ReportError::Before)?;
    let follows = verified.place == Place::after(before.place.revision, before.sha256)
        && before.content.order.id == verified.content.order.id
        && before.content.engineer.id == verified.content.engineer.id;
    if follows {
        Ok(before)
    } else {
        Err(ReportError::Before)
    }
}

/// The media type by the first bytes: only what every browser shows and nothing that runs.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        Some("image/jpeg")
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP".as_slice()) {
        Some("image/webp")
    } else {
        None
    }
}

/// The name of the layout: its number and a hash over style sheet and texts. A file of another layout cannot be
/// compared with what this program writes, and says so.
pub fn layout() -> String {
    let mut hash = Sha256::new();
    hash.update(STYLE);
    let lists = [
        "order_type.",
        "outcome.",
        "opinion.",
        "charge_kind.",
        "symptom.",
        "lang.",
    ];
    let warranty = [
        "warranty_outcome.",
        "undetermined.",
        "exclusion.",
        "charge_basis.",
        "evidence.",
        "supervisor.",
        "customer_answer.",
        "start_date.",
        "remedy.",
        "replacement_term.",
        "explain.",
        "printed.",
    ];
    for lang in Lang::ALL {
        for (key, text) in all(*lang) {
            if lists.iter().chain(&warranty).any(|list| key.starts_with(list)) {
                hash.update(key);
                hash.update([0]);
                hash.update(text);
                hash.update([0]);
            }
        }
    }
    let hash = hex::encode(hash.finalize());
    format!("{LAYOUT}-{}", hash.get(..12).unwrap_or_default())
}

/// What the QR code of a sealed file says.
pub fn qr_text(sha256: ContentHash) -> String {
    format!("{QR_PREFIX}{sha256}")
}

fn qr(sha256: ContentHash) -> Option<QrCode> {
    // 83 characters fit into version 5 of 40: this never fails.
    QrCode::encode_text(&qr_text(sha256), QrCodeEcc::Medium).ok()
}

fn head(html: &mut Html, page: &Page<'_>, sealed: &[u8], before: Option<&[u8]>) {
    let words = page.words;
    let number = &page.verified.content.order.number;
    let revision = page.verified.place.revision.to_string();
    html.wrap(
        "<!DOCTYPE html>\n<html lang=\"",
        words.0.as_str(),
        "\">\n<head>\n<meta charset=\"utf-8\">\n",
    );
    html.fixed(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src \
         'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"format-detection\" content=\"telephone=no\">\n<title>",
    );
    html.text(&words.t2("printed.page_title", "number", number, "revision", &revision));
    html.fixed("</title>\n<style>\n");
    html.fixed(STYLE);
    html.fixed("@page{size:A4;margin:14mm 17mm 17mm;@top-left{content:\"\"}@top-center{content:\"\"}@top-right{content:\"\"}@bottom-left{font:8pt sans-serif;color:#565c66;content:");
    html.css_string(&words.t2("printed.foot", "number", number, "revision", &revision));
    html.fixed("}@bottom-right{font:8pt sans-serif;color:#565c66;content:");
    page_count(html, &words.t("printed.page"));
    html.fixed("}}\n</style>\n");
    html.wrap("<meta name=\"fieldseal-layout\" content=\"", &layout(), "\">\n");
    html.fixed("<meta name=\"fieldseal-sealed\" content=\"");
    html.base64(sealed);
    html.fixed("\">\n");
    if let Some(before) = before {
        html.fixed("<meta name=\"fieldseal-before\" content=\"");
        html.base64(before);
        html.fixed("\">\n");
    }
    html.fixed("</head>\n");
}

/// «Page {page} of {pages}» as the content of a margin box.
fn page_count(html: &mut Html, template: &str) {
    for (index, part) in template.split('{').enumerate() {
        match (index, part.split_once('}')) {
            (0, _) | (_, None) => html.css_string(part),
            (_, Some(("pages", after))) => {
                html.fixed(" counter(pages) ");
                html.css_string(after);
            }
            (_, Some((_, after))) => {
                html.fixed(" counter(page) ");
                html.css_string(after);
            }
        }
    }
}

#[cfg(test)]
mod tests;
