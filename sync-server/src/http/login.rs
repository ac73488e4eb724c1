//! `POST /login`: login and password for a session cookie. The page with the form is `page`'s.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::response::{IntoResponse, Response};

use super::cookie;
use super::form::OpenForm;
use crate::auth::AuthError;
use crate::auth::secret::Secret;
use crate::state::AppState;

/// Why nobody was signed in. The browser is led back to the form, which shows the text of `auth.<code>`.
#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    /// See [`AuthError`].
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The server stops.
    #[error("stopping")]
    Stopping,
}

impl RouteError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Auth(error) => error.code(),
            Self::Stopping => "unexpected",
        }
    }

    /// Leads the browser back to the page that it came from, with the code.
    pub fn back_to(&self, path: &str) -> Response {
        if self.code() == "unexpected" {
            tracing::error!(error = %self, "not signed in");
        }
        let location = format!("{path}?problem={}", self.code());
        (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response()
    }
}

/// Leads to the board with the session's cookie.
pub fn signed_in(session: &Secret, secure: bool) -> Response {
    let mut response = (StatusCode::SEE_OTHER, [(LOCATION, "/")]).into_response();
    if let Some(value) = cookie::set(session.expose(), secure) {
        response.headers_mut().insert(SET_COOKIE, value);
    }
    response
}

/// Signs in.
pub async fn post(State(state): State<AppState>, OpenForm(fields): OpenForm) -> Response {
    let login = fields.get("login").unwrap_or_default().trim().to_owned();
    let password = fields.get("password").unwrap_or_default().to_owned();
    let auth = state.auth.clone();
    let turn = auth.turn().await;
    let session = tokio::task::spawn_blocking(move || {
        // Kept until it is done, also where the browser has gone meanwhile.
        let _turn = turn;
        auth.sign_in(&login, &password)
    })
    .await
    .map_err(|_| RouteError::Stopping)
    .and_then(|signed| signed.map_err(RouteError::from));
    match session {
        Ok(session) => signed_in(&session, state.secure_cookies),
        Err(error) => error.back_to("/login"),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::{LOCATION, SET_COOKIE};

    use crate::http::testing::{Bench, PASSWORD};

    #[tokio::test]
    async fn the_right_password_gives_a_cookie_that_signs_out() {
        let bench = Bench::new();
        let body = format!("login=li&password={PASSWORD}");
        let response = bench.post("/login", &body, &[]).await;
        assert_eq!(response.status(), 303);
        assert_eq!(response.headers()[LOCATION], "/");
        let cookie = response.headers()[SET_COOKIE].to_str().unwrap().to_owned();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
        let secret = cookie
            .split(';')
            .next()
            .unwrap()
            .strip_prefix("fieldseal_session=")
            .unwrap();
        assert!(bench.auth.session(secret).unwrap().is_some());
    }

    #[tokio::test]
    async fn wrong_unknown_foreign_and_too_many_are_refused() {
        let bench = Bench::new();
        for body in [
            "login=li&password=wrong",
            "login=nobody&password=x",
            "",
            "login=li",
        ] {
            let response = bench.post("/login", body, &[]).await;
            assert_eq!(
                response.headers()[LOCATION],
                "/login?problem=wrong_credentials",
                "{body}"
            );
            assert!(response.headers().get(SET_COOKIE).is_none());
        }
        let body = format!("login=li&password={PASSWORD}");
        let foreign = bench
            .post("/login", &body, &[("origin", "https://evil.example")])
            .await;
        assert_eq!(foreign.status(), 403);
        for _ in 0..10 {
            bench.post("/login", "login=li&password=wrong", &[]).await;
        }
        let limited = bench.post("/login", &body, &[]).await;
        assert_eq!(limited.headers()[LOCATION], "/login?problem=too_many_tries");
    }

    #[tokio::test]
    async fn a_body_that_is_too_long_or_no_form_is_refused() {
        let bench = Bench::new();
        let long = format!("login={}", "x".repeat(crate::http::FORM_MAX));
        assert_eq!(bench.post("/login", &long, &[]).await.status(), 413);
        let json = bench
            .post("/login", "{}", &[("content-type", "application/json")])
            .await;
        assert_eq!(json.status(), 415);
    }
}
