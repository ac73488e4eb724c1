//! `POST /link/{secret}`: uses a one-time link. With a field `password` it sets the password, without it signs in
//! (links that are made for that). Opening the link (`GET`, in `page`) never uses it up: mail scanners open links.

use axum::extract::{Path, State};
use axum::response::Response;

use super::form::OpenForm;
use super::login::{RouteError, signed_in};
use crate::state::AppState;

/// Uses the link.
pub async fn post(
    State(state): State<AppState>,
    Path(secret): Path<String>,
    OpenForm(fields): OpenForm,
) -> Response {
    let auth = state.auth.clone();
    let password = fields.get("password").map(ToOwned::to_owned);
    let link = secret.clone();
    let turn = match password {
        Some(_) => auth.turn().await,
        None => None,
    };
    let session = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        match password {
            Some(password) => auth.set_password(&link, &password),
            None => auth.sign_in_by_link(&link),
        }
    })
    .await
    .map_err(|_| RouteError::Stopping)
    .and_then(|signed| signed.map_err(RouteError::from));
    match session {
        Ok(session) => signed_in(&session, state.secure_cookies),
        // Only a refused password leads back to the link's own page; the text of another path is not to be trusted.
        Err(error) if error.code().starts_with("password_") => error.back_to(&format!("/link/{secret}")),
        Err(error) => error.back_to("/login"),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::{LOCATION, SET_COOKIE};

    use crate::auth::store::LinkPurpose;
    use crate::http::testing::{Bench, LI};

    #[tokio::test]
    async fn a_link_sets_a_password_once() {
        let bench = Bench::new();
        let secret = bench.auth.new_link(LI, LinkPurpose::SetPassword).unwrap();
        let path = format!("/link/{}", secret.expose());
        let short = bench.post(&path, "password=short", &[]).await;
        assert_eq!(
            short.headers()[LOCATION],
            format!("{path}?problem=password_too_short")
        );
        let set = bench.post(&path, "password=a+new+password", &[]).await;
        assert_eq!(set.headers()[LOCATION], "/");
        assert!(set.headers().contains_key(SET_COOKIE));
        let again = bench.post(&path, "password=a+new+password", &[]).await;
        assert_eq!(again.headers()[LOCATION], "/login?problem=link_used");
        let unknown = bench.post("/link/abc", "password=a+new+password", &[]).await;
        assert_eq!(unknown.headers()[LOCATION], "/login?problem=link_unknown");
    }

    #[tokio::test]
    async fn a_sign_in_link_works_once_and_sets_nothing() {
        let bench = Bench::new();
        let secret = bench.auth.new_link(LI, LinkPurpose::SignIn).unwrap();
        let path = format!("/link/{}", secret.expose());
        let wrong_use = bench.post(&path, "password=a+new+password", &[]).await;
        assert_eq!(wrong_use.headers()[LOCATION], "/login?problem=link_used");
        assert_eq!(bench.post(&path, "", &[]).await.headers()[LOCATION], "/");
        assert_eq!(
            bench.post(&path, "", &[]).await.headers()[LOCATION],
            "/login?problem=link_used"
        );
    }
}
