//! Posted forms. Every one comes from a signed-in person and carries the session's CSRF token, or it is refused
//! before its handler runs; the login, which has no session yet, is guarded by the `Origin` header.

use axum::Form;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::session::{Session, SessionRejection};
use crate::auth::secret;
use crate::state::AppState;

/// The fields of a form, repeated ones included, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<(String, String)>);

impl Fields {
    /// The first value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first value without white space around it; an empty one counts as absent.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).map(str::trim).filter(|text| !text.is_empty())
    }

    /// Every value of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A form of a signed-in person whose CSRF token is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostForm {
    /// Who posted it.
    pub session: Session,
    /// What.
    pub fields: Fields,
}

/// Why a form is not taken.
#[derive(Debug)]
pub enum FormRejection {
    /// Nobody is signed in.
    Session(SessionRejection),
    /// Too long, or not the encoding of a form.
    Unreadable(Response),
    /// The form does not carry this session's token, or comes from another site.
    Forged,
}

impl IntoResponse for FormRejection {
    fn into_response(self) -> Response {
        match self {
            Self::Session(rejection) => rejection.into_response(),
            Self::Unreadable(response) => response,
            Self::Forged => (
                StatusCode::FORBIDDEN,
                "this form is not of your session; load the page again\n",
            )
                .into_response(),
        }
    }
}

impl FromRequest<AppState> for PostForm {
    type Rejection = FormRejection;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        let session = Session::from_request_parts(&mut parts, state)
            .await
            .map_err(FormRejection::Session)?;
        let Form(fields) =
            Form::<Vec<(String, String)>>::from_request(Request::from_parts(parts, body), state)
                .await
                .map_err(|rejection| FormRejection::Unreadable(rejection.into_response()))?;
        let fields = Fields(fields);
        let sent = fields.get("csrf").unwrap_or_default();
        if secret::equal(sent, &session.csrf) {
            Ok(Self { session, fields })
        } else {
            Err(FormRejection::Forged)
        }
    }
}

/// Whether a post that has no session comes from a page of this server: browsers send `Origin` with every post, and
/// a page of another site cannot change it. A client without the header is no browser and cannot be misled.
pub fn same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else {
        return true;
    };
    let host = headers.get(HOST).and_then(|value| value.to_str().ok());
    let origin = origin
        .to_str()
        .ok()
        .and_then(|text| text.split_once("://"))
        .map(|(_, host)| host);
    origin.is_some() && origin == host
}

/// A form before there is a session (login, one-time link), guarded by [`same_origin`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenForm(pub Fields);

impl FromRequest<AppState> for OpenForm {
    type Rejection = FormRejection;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Self::Rejection> {
        if !same_origin(request.headers()) {
            return Err(FormRejection::Forged);
        }
        let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, state)
            .await
            .map_err(|rejection| FormRejection::Unreadable(rejection.into_response()))?;
        Ok(Self(Fields(fields)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_must_be_this_host() {
        let headers = |origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, "127.0.0.1:8080".parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(ORIGIN, origin.parse().unwrap());
            }
            headers
        };
        assert!(same_origin(&headers(None)));
        assert!(same_origin(&headers(Some("http://127.0.0.1:8080"))));
        for other in ["http://127.0.0.1:8081", "https://evil.example", "null"] {
            assert!(!same_origin(&headers(Some(other))), "{other}");
        }
    }

    #[test]
    fn repeated_fields_keep_their_order() {
        let fields = Fields(vec![
            ("a".into(), "1".into()),
            ("b".into(), " ".into()),
            ("a".into(), "2".into()),
        ]);
        assert_eq!(fields.get("a"), Some("1"));
        assert_eq!(fields.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(fields.filled("b"), None);
        assert_eq!(fields.get("c"), None);
    }
}
