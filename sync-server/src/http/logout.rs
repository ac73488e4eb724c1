//! `POST /logout`: ends the session and takes the cookie away.

use axum::extract::State;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::cookie;
use super::form::PostForm;
use crate::state::AppState;

/// Signs out.
pub async fn post(State(state): State<AppState>, headers: HeaderMap, _form: PostForm) -> Response {
    if let Some(secret) = cookie::read(&headers, state.secure_cookies).map(ToOwned::to_owned) {
        let auth = state.auth.clone();
        let ended = tokio::task::spawn_blocking(move || auth.sign_out(&secret)).await;
        if !matches!(ended, Ok(Ok(()))) {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    }
    let mut response = (StatusCode::SEE_OTHER, [(LOCATION, "/login")]).into_response();
    if let Some(value) = cookie::set("", state.secure_cookies) {
        response.headers_mut().insert(SET_COOKIE, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::http::header::SET_COOKIE;

    use crate::http::testing::Bench;

    #[tokio::test]
    async fn it_needs_the_sessions_own_token_and_ends_the_session() {
        let bench = Bench::new();
        let (cookie, csrf) = bench.sign_in();
        let (_, foreign) = bench.sign_in();
        let post = |csrf: String, cookie: String| {
            let bench = &bench;
            async move {
                bench
                    .post("/logout", &format!("csrf={csrf}"), &[("cookie", &cookie)])
                    .await
            }
        };
        for wrong in ["", "x", &foreign] {
            assert_eq!(
                post(wrong.to_owned(), cookie.clone()).await.status(),
                403,
                "{wrong}"
            );
        }
        assert_eq!(bench.post("/logout", "", &[]).await.status(), 401);
        let out = post(csrf.clone(), cookie.clone()).await;
        assert_eq!(out.status(), 303);
        assert!(out.headers()[SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
        assert_eq!(post(csrf, cookie).await.status(), 401);
    }
}
