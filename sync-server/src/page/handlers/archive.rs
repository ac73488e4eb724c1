//! `GET /tickets/{id}/archive`: a ticket with everything that belongs to it, as one file that `verify` checks (F-28).
//!
//! Invariants: nothing of it is held but pieces; a file that turns out damaged breaks the download off before the length that
//! was promised, so that nobody takes it for whole. Whoever fetches sensitive photos with it is logged (000-15).

use std::io::{self, BufWriter, Write};

use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use fieldseal_core::domain::ids::TicketId;
use tokio::sync::mpsc::{Sender, channel};
use tokio_stream::wrappers::ReceiverStream;

use super::photos::log_sensitive;
use crate::page::desk::Desk;

/// Bytes sent in one go.
const STEP: usize = 64 * 1024;

/// Writes into a response's body, from outside of the event loop; a reader that has gone is an error.
struct Sent(Sender<io::Result<Bytes>>);

impl Write for Sent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The file.
pub async fn get(desk: Desk, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<TicketId>() else {
        return desk.not_found();
    };
    let uploads = desk.state().uploads.clone();
    let stored = uploads.clone();
    let found = desk
        .office(move |office, person| office.archive(person, id, &stored))
        .await;
    let archive = match found {
        Ok(archive) => archive,
        Err(error) => return desk.failed(&error),
    };
    for (order, photo) in &archive.sensitive {
        log_sensitive(&desk, *order, photo);
    }
    let length = archive.length;
    let number: String = archive
        .number
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    let (sender, receiver) = channel(2);
    let office = desk.state().office.clone();
    tokio::task::spawn_blocking(move || {
        let broken = sender.clone();
        let mut out = BufWriter::with_capacity(STEP, Sent(sender));
        let written = office.write_archive(&archive, &uploads, &mut out);
        if let Err(error) = written.and_then(|()| out.flush()) {
            if error.kind() != io::ErrorKind::BrokenPipe {
                tracing::error!(%error, "an archive broke off");
            }
            // What is still in the buffer would only make a broken file longer.
            drop(out.into_parts());
            drop(broken.blocking_send(Err(error)));
        }
    });
    let mut response = Body::from_stream(ReceiverStream::new(receiver)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-tar"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{number}.tar\"")) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    response
}
