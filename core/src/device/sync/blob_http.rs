//! The requests of the lane of photos over HTTP: tus 1.0 up, ranges down (`docs/protocol.md`, section 10). No decisions.

use reqwest::blocking::{RequestBuilder, Response};
use reqwest::header::{AUTHORIZATION, CONTENT_RANGE, CONTENT_TYPE, RANGE};

use super::driver::{HttpSync, fault_of, read_bounded};
use super::events::{Fault, FaultCode};
use super::upload::{Ask, Heard};
use crate::device::store::changes::Hash;
use crate::wire::body::decode_problem;
use crate::wire::uploads::{
    OFFSET_CONTENT_TYPE, ROW_HEADER, TUS, TUS_RESUMABLE_HEADER, UPLOAD_LENGTH_HEADER, UPLOAD_OFFSET_HEADER,
};
use crate::wire::{LARGE_BLOB_MAX, ProblemCode, SMALL_BLOB_MAX, blob_path};

/// A number in a header.
fn number(response: &Response, name: &str) -> Option<u64> {
    response.headers().get(name)?.to_str().ok()?.trim().parse().ok()
}

/// The problem that the body of an error says; whatever else stands there says none.
fn problem(response: Response) -> Option<ProblemCode> {
    let body = read_bounded(response, SMALL_BLOB_MAX).ok()?;
    decode_problem(&body).ok()?.code.parse().ok()
}

impl HttpSync {
    fn blob_request(
        &self,
        hash: &Hash,
        make: impl FnOnce(&reqwest::blocking::Client, reqwest::Url) -> RequestBuilder,
    ) -> Result<RequestBuilder, Fault> {
        let bad = |_| Fault::Code(FaultCode::BadAddress);
        let url = self.http.base.join(&blob_path(hash)).map_err(bad)?;
        Ok(make(&self.http.client, url).header(AUTHORIZATION, self.authorization.clone()))
    }

    /// One request of an upload with its bytes, and the answer.
    ///
    /// # Errors
    /// The [`Fault`] where no answer came.
    pub fn upload(&self, hash: &Hash, ask: Ask, bytes: Vec<u8>) -> Result<Heard, Fault> {
        let request = match ask {
            Ask::Where => self.blob_request(hash, |client, url| client.head(url))?,
            Ask::Create { length, .. } => self
                .blob_request(hash, |client, url| client.post(url))?
                .header(UPLOAD_LENGTH_HEADER, length)
                .header(CONTENT_TYPE, OFFSET_CONTENT_TYPE)
                .body(bytes),
            Ask::Send { from, .. } => self
                .blob_request(hash, |client, url| client.patch(url))?
                .header(UPLOAD_OFFSET_HEADER, from)
                .header(CONTENT_TYPE, OFFSET_CONTENT_TYPE)
                .body(bytes),
        };
        let response = request
            .header(TUS_RESUMABLE_HEADER, TUS)
            .send()
            .map_err(|error| fault_of(&error))?;
        let status = response.status().as_u16();
        Ok(Heard {
            status,
            offset: number(&response, UPLOAD_OFFSET_HEADER),
            length: number(&response, UPLOAD_LENGTH_HEADER),
            row: number(&response, ROW_HEADER),
            code: if status < 400 || ask == Ask::Where {
                None
            } else {
                problem(response)
            },
        })
    }

    /// So many bytes of a blob from a place on.
    ///
    /// # Errors
    /// The [`Fault`]; a piece that was cut is not given in part.
    pub fn piece(&self, hash: &Hash, from: u64, length: u64) -> Result<Vec<u8>, Fault> {
        let bad = Fault::Code(FaultCode::BadAnswer);
        let last = from.saturating_add(length).saturating_sub(1);
        let response = self
            .blob_request(hash, |client, url| client.get(url))?
            .header(RANGE, format!("bytes={from}-{last}"))
            .send()
            .map_err(|error| fault_of(&error))?;
        let status = response.status().as_u16();
        let most = usize::try_from(LARGE_BLOB_MAX).unwrap_or(usize::MAX);
        let whole = match status {
            206 => {
                let range = response
                    .headers()
                    .get(CONTENT_RANGE)
                    .and_then(|value| value.to_str().ok());
                let begins =
                    range.and_then(|range| range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok());
                if begins != Some(from) {
                    return Err(bad);
                }
                read_bounded(response, most)?
            }
            // A server may give all of it.
            200 => {
                let mut bytes = read_bounded(response, most)?;
                let skip = usize::try_from(from).map_err(|_| bad)?;
                if skip > bytes.len() {
                    return Err(bad);
                }
                bytes.split_off(skip)
            }
            _ => {
                return Err(Fault::Problem {
                    status,
                    code: problem(response),
                });
            }
        };
        let length = usize::try_from(length).map_err(|_| bad)?;
        whole.get(..length).map(<[u8]>::to_vec).ok_or(bad)
    }
}
