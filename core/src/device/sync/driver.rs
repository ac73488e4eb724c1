//! HTTP: one connection that is kept open, bodies compressed by us, failures as codes. No decisions.
//!
//! Plain HTTP is for the same machine only; everything else is TLS. The server's key from the QR code is pinned in
//! a later version. The token goes into one header and nowhere else, least of all into an error or a log.

use std::io::Read as _;
use std::net::IpAddr;
use std::sync::Once;
use std::time::Duration;

use reqwest::Url;
use reqwest::blocking::{Client, Response};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};

use super::events::{Fault, FaultCode};
use super::session::Transport;
use crate::wire::body::{ANSWER_BODY_MAX, Message, decode, decode_problem, encode};
use crate::wire::{self, EnrolAnswer, EnrolRequest, ProblemCode, SYNC_PATH};

/// Path of the enrolment endpoint.
pub const ENROL_PATH: &str = "/v1/enrol";
/// Path of the event stream.
pub const LIVE_PATH: &str = "/v1/live";
/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How long one exchange may take: a flight up and a page down on a slow link.
const EXCHANGE: Duration = Duration::from_secs(60);
/// How long an idle connection is kept: the next saved form goes out without a handshake.
const KEEP: Duration = Duration::from_secs(90);

/// A server's address and the way to it.
#[derive(Debug, Clone)]
pub struct Http {
    pub(super) client: Client,
    pub(super) base: Url,
}

/// A transport for one enrolled device.
#[derive(Clone)]
pub struct HttpSync {
    pub(super) http: Http,
    pub(super) authorization: HeaderValue,
}

impl std::fmt::Debug for HttpSync {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpSync")
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}

/// The one place where TLS gets its cryptography.
fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error says that the process has one already: as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// Checks a server's address: `https` anywhere, `http` on this machine.
///
/// # Errors
/// [`FaultCode::BadAddress`].
pub fn check_address(address: &str) -> Result<Url, Fault> {
    let bad = Fault::Code(FaultCode::BadAddress);
    let url = Url::parse(address.trim()).map_err(|_| bad)?;
    let host = url.host_str().ok_or(bad)?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.path() == "/";
    let local = host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.is_loopback());
    match url.scheme() {
        "https" if plain => Ok(url),
        "http" if plain && local => Ok(url),
        _ => Err(bad),
    }
}

impl Http {
    /// A client for a server's address.
    ///
    /// # Errors
    /// [`FaultCode::BadAddress`]; [`FaultCode::Tls`] where this device has no roots of trust.
    pub fn new(address: &str) -> Result<Self, Fault> {
        let base = check_address(address)?;
        install_crypto();
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(EXCHANGE)
            .pool_idle_timeout(KEEP)
            .pool_max_idle_per_host(1)
            .tcp_nodelay(true)
            // A redirect would carry the body somewhere nobody chose, a proxy of the environment too.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|_| Fault::Code(FaultCode::Tls))?;
        Ok(Self { client, base })
    }

    /// The same with the token of a device.
    ///
    /// # Errors
    /// [`FaultCode::NotEnrolled`] where the token cannot stand in a header.
    pub fn with_token(self, token: &str) -> Result<HttpSync, Fault> {
        let mut authorization = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| Fault::Code(FaultCode::NotEnrolled))?;
        authorization.set_sensitive(true);
        Ok(HttpSync {
            http: self,
            authorization,
        })
    }

    /// Trades a one-time code for a certificate and a token.
    ///
    /// # Errors
    /// The [`Fault`] as the person is told it.
    pub fn enrol(&self, request: &EnrolRequest) -> Result<EnrolAnswer, Fault> {
        let body = encode(request).map_err(|_| Fault::Code(FaultCode::Refused))?;
        let answer = self.post(ENROL_PATH, body, None, EnrolAnswer::LIMITS.compressed)?;
        decode(&answer).map_err(|_| Fault::Code(FaultCode::BadAnswer))
    }

    fn post(
        &self,
        path: &str,
        body: Vec<u8>,
        authorization: Option<&HeaderValue>,
        limit: usize,
    ) -> Result<Vec<u8>, Fault> {
        let url = self
            .base
            .join(path)
            .map_err(|_| Fault::Code(FaultCode::BadAddress))?;
        let mut request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, wire::CONTENT_TYPE)
            .body(body);
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value.clone());
        }
        let response = request.send().map_err(|error| fault_of(&error))?;
        let status = response.status().as_u16();
        let body = read_bounded(response, limit)?;
        if status == 200 {
            return Ok(body);
        }
        let code = decode_problem(&body)
            .ok()
            .and_then(|problem| problem.code.parse::<ProblemCode>().ok());
        Err(Fault::Problem { status, code })
    }
}

impl HttpSync {
    /// Opens the event stream; `seen` is the newest number that is known here.
    ///
    /// # Errors
    /// The [`Fault`] as the person is told it.
    pub(super) fn live(&self, seen: Option<u64>) -> Result<Response, Fault> {
        let url = self
            .http
            .base
            .join(LIVE_PATH)
            .map_err(|_| Fault::Code(FaultCode::BadAddress))?;
        let mut request = self
            .http
            .client
            .get(url)
            // The stream lives for minutes; its reader notices silence by itself.
            .timeout(Duration::from_secs(20 * 60))
            .header(ACCEPT, "text/event-stream")
            .header(AUTHORIZATION, self.authorization.clone());
        if let Some(seen) = seen {
            request = request.header("last-event-id", seen.to_string());
        }
        let response = request.send().map_err(|error| fault_of(&error))?;
        let status = response.status().as_u16();
        if status == 200 {
            return Ok(response);
        }
        let body = read_bounded(response, wire::SMALL_BLOB_MAX)?;
        let code = decode_problem(&body)
            .ok()
            .and_then(|problem| problem.code.parse::<ProblemCode>().ok());
        Err(Fault::Problem { status, code })
    }
}

impl Transport for HttpSync {
    fn sync(&self, body: &[u8]) -> Result<Vec<u8>, Fault> {
        self.http.post(
            SYNC_PATH,
            body.to_vec(),
            Some(&self.authorization),
            ANSWER_BODY_MAX,
        )
    }
}

/// Reads a body up to a limit, whatever length it claims.
pub(super) fn read_bounded(response: Response, limit: usize) -> Result<Vec<u8>, Fault> {
    let claimed = response.content_length();
    let mut body = Vec::new();
    let cap = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    response.take(cap).read_to_end(&mut body).map_err(|error| {
        let late = error.kind() == std::io::ErrorKind::TimedOut
            || error
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<reqwest::Error>())
                .is_some_and(reqwest::Error::is_timeout);
        Fault::Code(if late { FaultCode::TimedOut } else { FaultCode::Cut })
    })?;
    if body.len() > limit {
        return Err(Fault::Code(FaultCode::BadAnswer));
    }
    match claimed {
        Some(length) if usize::try_from(length) != Ok(body.len()) => Err(Fault::Code(FaultCode::Cut)),
        _ => Ok(body),
    }
}

/// What a failed exchange is told as: not reached at all, or cut on the way (then less is sent next time).
pub(super) fn fault_of(error: &reqwest::Error) -> Fault {
    let code = if error.is_connect() {
        if is_tls(error) {
            FaultCode::Tls
        } else {
            FaultCode::Offline
        }
    } else if error.is_timeout() {
        FaultCode::TimedOut
    } else if error.is_builder() {
        FaultCode::BadAddress
    } else {
        FaultCode::Cut
    };
    Fault::Code(code)
}

/// Whether TLS refused, somewhere down the chain. `io::Error` hides what it wraps from `source()`.
fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    if error.is::<rustls::Error>() {
        return true;
    }
    let wrapped = error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref)
        .is_some_and(|inner| is_tls(inner));
    wrapped || error.source().is_some_and(is_tls)
}

#[cfg(test)]
mod tests;
