//! The signed-in person, as an extractor: a handler that takes [`Session`] runs only for one.

use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderName, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use fieldseal_core::domain::ids::UserId;
use fieldseal_core::domain::texts::Lang;

use super::cookie;
use crate::office::{OfficeError, Person};
use crate::state::AppState;

/// Who is at the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The person.
    pub user: UserId,
    /// Name and roles as the directory has them now.
    pub person: Person,
    /// What the person types to sign in.
    pub login: String,
    /// The language of the person's page.
    pub language: Lang,
    /// Every form of this session carries it in the field `csrf`.
    pub csrf: String,
}

/// Why there is no session.
#[derive(Debug)]
pub enum SessionRejection {
    /// Nobody is signed in (any more).
    SignedOut {
        /// A page was asked for, so the answer leads to the login.
        page: bool,
    },
    /// Somebody is, who may not see this: the page that says so.
    NotAllowed(Box<Response>),
    /// The accounts cannot be read.
    Unexpected(OfficeError),
}

impl IntoResponse for SessionRejection {
    fn into_response(self) -> Response {
        match self {
            Self::SignedOut { page: true } => (StatusCode::SEE_OTHER, [(LOCATION, "/login")]).into_response(),
            // htmx follows this header; other scripts see the status.
            Self::SignedOut { page: false } => (
                StatusCode::UNAUTHORIZED,
                [(HeaderName::from_static("hx-redirect"), "/login")],
            )
                .into_response(),
            Self::NotAllowed(page) => *page,
            Self::Unexpected(error) => {
                tracing::error!(%error, "session not readable");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

impl FromRequestParts<AppState> for Session {
    type Rejection = SessionRejection;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let page = parts.method == Method::GET
            && parts
                .headers
                .get(ACCEPT)
                .and_then(|value| value.to_str().ok())
                .is_some_and(|accept| accept.contains("text/html"));
        let signed_out = SessionRejection::SignedOut { page };
        let Some(secret) = cookie::read(&parts.headers, state.secure_cookies).map(ToOwned::to_owned) else {
            return Err(signed_out);
        };
        let (auth, office) = (state.auth.clone(), state.office.clone());
        let found = tokio::task::spawn_blocking(move || -> Result<Option<Self>, OfficeError> {
            let Some(session) = auth.session(&secret)? else {
                return Ok(None);
            };
            // Who has left is out, whatever cookie there is.
            let person = office
                .person(session.account.user)?
                .filter(|person| person.active);
            Ok(person.map(|person| Self {
                user: session.account.user,
                person,
                login: session.account.login,
                language: session.account.language,
                csrf: session.csrf,
            }))
        })
        .await;
        match found {
            Ok(Ok(Some(session))) => Ok(session),
            Ok(Ok(None)) => Err(signed_out),
            Ok(Err(error)) => Err(SessionRejection::Unexpected(error)),
            // The blocking task was cancelled: the server stops.
            Err(_) => Err(signed_out),
        }
    }
}
