//! A router over real tables in a temporary folder, for the tests of the endpoints.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use fieldseal_core::domain::ids::UserId;
use fieldseal_core::domain::texts::Lang;
use tokio::sync::watch;
use tower::ServiceExt as _;

use crate::auth::Auth;
use crate::auth::store::{LinkPurpose, SqliteAuthStore};
use crate::live::Live;
use crate::state::AppState;

/// The person of these tests, with login `li`.
pub(crate) const LI: UserId = UserId(uuid::Uuid::from_u128(1));
/// Li's password.
pub(crate) const PASSWORD: &str = "a-good-password";

pub(crate) struct Bench {
    pub(crate) auth: Arc<Auth>,
    pub(crate) live: Live,
    pub(crate) stop: watch::Sender<bool>,
    router: Router,
    _folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let env = crate::system::system_env().unwrap();
        let store = Arc::new(SqliteAuthStore::open(&folder.path().join("s.sqlite")).unwrap());
        let auth = Arc::new(Auth::new(store, env.clone()));
        auth.add_account(LI, "li", Lang::ZhCn).unwrap();
        let link = auth.new_link(LI, LinkPurpose::SetPassword).unwrap();
        auth.set_password(link.expose(), PASSWORD).unwrap();
        let (stop, stopping) = watch::channel(false);
        let live = Live::new(0);
        let state = AppState {
            env,
            auth: auth.clone(),
            live: live.clone(),
            stopping,
            secure_cookies: false,
        };
        Self {
            auth,
            live,
            stop,
            router: crate::http::router(state),
            _folder: folder,
        }
    }

    /// A fresh session of Li: its cookie header and its CSRF token.
    pub(crate) fn sign_in(&self) -> (String, String) {
        let link = self.auth.new_link(LI, LinkPurpose::SignIn).unwrap();
        let secret = self.auth.sign_in_by_link(link.expose()).unwrap();
        let csrf = crate::auth::secret::csrf_of(secret.expose());
        (format!("fieldseal_session={}", secret.expose()), csrf)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Response<Body> {
        self.get_with(path, &[]).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
        let mut request = Request::get(path).header("host", "127.0.0.1:8080");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str, headers: &[(&str, &str)]) -> Response<Body> {
        let mut request = Request::post(path).header("host", "127.0.0.1:8080");
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap())
            .await
    }
}

pub(crate) async fn body_of(response: Response<Body>) -> Vec<u8> {
    axum::body::to_bytes(response.into_body(), 1 << 24)
        .await
        .unwrap()
        .to_vec()
}
