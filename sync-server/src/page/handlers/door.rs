//! What somebody sees before being signed in: `GET /login`, `GET /link/{secret}`, `POST /language`.
//!
//! Opening a link never uses it up (mail scanners open links); its page has the form that does.

use axum::extract::{Path, Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use fieldseal_core::domain::texts::Lang;
use serde::Deserialize;

use crate::auth::store::LinkPurpose;
use crate::http::form::OpenForm;
use crate::http::session::Session;
use crate::page::model::Tone;
use crate::page::respond::{self, LANGUAGE_COOKIE, html, local_path, see};
use crate::page::views::{LoginView, SetupView};
use crate::state::AppState;

/// Why the browser was led here.
#[derive(Debug, Default, Deserialize)]
pub struct Problem {
    problem: Option<String>,
}

/// The login's form.
pub async fn login(
    State(state): State<AppState>,
    headers: HeaderMap,
    Query(query): Query<Problem>,
) -> Response {
    let words = respond::words(&state, respond::language(&headers));
    let mut frame = respond::open_frame(words, "page.login", "/login");
    frame.notice = respond::notice(&words, &["auth"], query.problem.as_deref(), Tone::Bad);
    html(StatusCode::OK, &LoginView { f: &frame, login: "" })
}

/// The page of a one-time link: a password to set, or a button to sign in.
pub async fn link(
    State(state): State<AppState>,
    headers: HeaderMap,
    Path(secret): Path<String>,
    Query(query): Query<Problem>,
) -> Response {
    let words = respond::words(&state, respond::language(&headers));
    let path = format!("/link/{secret}");
    let auth = state.auth.clone();
    let found = tokio::task::spawn_blocking(move || auth.look_at_link(&secret)).await;
    let (account, purpose) = match found {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => return see(&format!("/login?problem={}", error.code())),
        Err(_) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    // Nobody has chosen a language here yet: the account's is the better guess.
    let words = if headers.contains_key(axum::http::header::COOKIE) {
        words
    } else {
        respond::words(&state, account.language)
    };
    let mut frame = respond::open_frame(words, "page.setup.title", local_path(&path));
    frame.notice = respond::notice(&words, &["auth"], query.problem.as_deref(), Tone::Bad);
    let page = SetupView {
        f: &frame,
        action: &path,
        name: &account.login,
        password: purpose == LinkPurpose::SetPassword,
    };
    html(StatusCode::OK, &page)
}

/// The switch: remembers the language in the account of who is signed in, and in a cookie for the login.
pub async fn language(
    State(state): State<AppState>,
    session: Result<Session, crate::http::session::SessionRejection>,
    OpenForm(fields): OpenForm,
) -> Response {
    let mut response = see(local_path(fields.get("back").unwrap_or("/")));
    let Some(lang) = fields.get("lang").and_then(|code| code.parse::<Lang>().ok()) else {
        return response;
    };
    if let Ok(session) = session {
        let store = state.auth.store().clone();
        let set = tokio::task::spawn_blocking(move || store.set_language(session.user, lang)).await;
        if !matches!(set, Ok(Ok(()))) {
            tracing::error!("language not remembered");
        }
    }
    let secure = if state.secure_cookies { "; Secure" } else { "" };
    let cookie =
        format!("{LANGUAGE_COOKIE}={lang}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{secure}");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::http::header::{LOCATION, SET_COOKIE};
    use fieldseal_core::domain::texts::Lang;

    use crate::auth::store::LinkPurpose;
    use crate::http::testing::{Bench, LI, body_of};

    async fn text(response: axum::http::Response<axum::body::Body>) -> String {
        String::from_utf8(body_of(response).await).unwrap()
    }

    #[tokio::test]
    async fn the_login_speaks_the_browsers_language_and_says_what_was_wrong() {
        let bench = Bench::new();
        let zh = text(
            bench
                .get_with("/login", &[("accept-language", "zh-CN,zh;q=0.9")])
                .await,
        )
        .await;
        assert!(zh.contains("<html lang=\"zh-CN\">") && zh.contains("用户名"));
        let wrong = bench
            .get_with("/login?problem=wrong_credentials", &[("accept-language", "en")])
            .await;
        assert_eq!(wrong.headers()["cache-control"], "no-store");
        assert!(text(wrong).await.contains("Login or password is not right."));
        let odd = text(bench.get("/login?problem=%3Cb%3Eboo").await).await;
        assert!(!odd.contains("boo"));
    }

    #[tokio::test]
    async fn opening_a_link_shows_its_form_and_does_not_use_it() {
        let bench = Bench::new();
        let secret = bench.auth.new_link(LI, LinkPurpose::SetPassword).unwrap();
        let path = format!("/link/{}", secret.expose());
        for _ in 0..2 {
            let page = text(bench.get(&path).await).await;
            assert!(page.contains("type=\"password\"") && page.contains(&format!("action=\"{path}\"")));
        }
        let short = text(bench.get(&format!("{path}?problem=password_too_short")).await).await;
        assert!(short.contains("role=\"alert\""));
        let enter = bench.auth.new_link(LI, LinkPurpose::SignIn).unwrap();
        let page = text(bench.get(&format!("/link/{}", enter.expose())).await).await;
        assert!(!page.contains("type=\"password\"") && page.contains("method=\"post\""));
        let unknown = bench.get("/link/abc").await;
        assert_eq!(unknown.headers()[LOCATION], "/login?problem=link_unknown");
    }

    #[tokio::test]
    async fn the_switch_remembers_in_cookie_and_account_and_leads_back() {
        let bench = Bench::new();
        let open = bench.post("/language", "lang=en&back=%2Flogin", &[]).await;
        assert_eq!(open.headers()[LOCATION], "/login");
        assert!(
            open.headers()[SET_COOKIE]
                .to_str()
                .unwrap()
                .starts_with("fieldseal_language=en;")
        );
        let (cookie, _) = bench.sign_in();
        let there = bench
            .post(
                "/language",
                "lang=en&back=%2F%2Fevil.example",
                &[("cookie", &cookie)],
            )
            .await;
        assert_eq!(there.headers()[LOCATION], "/");
        assert_eq!(
            bench.auth.store().account(LI).unwrap().unwrap().language,
            Lang::En
        );
        let foreign = bench
            .post(
                "/language",
                "lang=en&back=%2F",
                &[("origin", "https://evil.example")],
            )
            .await;
        assert_eq!(foreign.status(), 403);
        let odd = bench.post("/language", "lang=xx", &[]).await;
        assert!(odd.headers().get(SET_COOKIE).is_none());
    }
}
