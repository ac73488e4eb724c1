//! A router over real tables in a temporary folder, for the tests of the endpoints.

mod sender;

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use ed25519_dalek::{Signer as _, SigningKey};
use fieldseal_core::domain::ids::UserId;
use fieldseal_core::domain::roles::Role;
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::env::{Clock, ClockReading, Env};
use fieldseal_core::wire::{self, EnrolRequest};
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::watch;
use tower::ServiceExt as _;

use crate::auth::Auth;
use crate::auth::store::LinkPurpose;
use crate::blobs::UploadLimits;
use crate::config::Config;
use crate::live::Live;
use crate::office::{NewUser, Person};
use crate::server::Services;
use crate::state::AppState;

pub(crate) use sender::{Sender, photo};

/// The person of these tests, with login `li`.
pub(crate) const LI: UserId = UserId(uuid::Uuid::from_u128(1));
/// Li's password.
pub(crate) const PASSWORD: &str = "a-good-password";

/// The real clock, and as far ahead of it as a test says.
struct Shifted {
    real: Env,
    ahead: Arc<AtomicI64>,
}

impl Clock for Shifted {
    fn read(&self) -> ClockReading {
        let mut reading = self.real.clock.read();
        reading.wall_ms += self.ahead.load(Ordering::Relaxed);
        reading
    }
}

pub(crate) struct Bench {
    /// How far the server's wall clock is ahead, ms.
    pub(crate) clock: Arc<AtomicI64>,
    pub(crate) auth: Arc<Auth>,
    pub(crate) live: Live,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) state: AppState,
    router: Router,
    folder: tempfile::TempDir,
}

/// A phone that has a key and nothing else yet.
pub(crate) struct Phone(SigningKey);

impl Phone {
    pub(crate) fn new(seed: u8) -> Self {
        Self(SigningKey::from_bytes(&[seed; 32]))
    }

    pub(crate) fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    pub(crate) fn request(&self, code: &str, name: &str) -> EnrolRequest {
        let message = crate::enrol::proof_message(code, &self.public());
        EnrolRequest {
            code: code.to_owned(),
            public_key: self.public().into(),
            proof: self.0.sign(&message).to_bytes().into(),
            name: name.to_owned(),
        }
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with_limits(UploadLimits::default())
    }

    pub(crate) fn with_limits(uploads: UploadLimits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::new(folder.path(), "127.0.0.1:0".parse().unwrap());
        config.uploads = uploads;
        let clock = Arc::new(AtomicI64::new(0));
        let real = crate::system::system_env().unwrap();
        let env = Env {
            entropy: real.entropy.clone(),
            clock: Arc::new(Shifted {
                real,
                ahead: clock.clone(),
            }),
        };
        let services = Services::open(&config, env).unwrap();
        let admin = Person {
            user: LI,
            name: "李娜".to_owned(),
            roles: Role::ALL.to_vec(),
            active: true,
        };
        let new = NewUser {
            login: "li".to_owned(),
            name: "李娜".to_owned(),
            roles: Role::ALL.to_vec(),
            language: Lang::ZhCn,
        };
        services.office.create_user(&admin, LI, &new).unwrap();
        let auth = services.auth.clone();
        let link = auth.new_link(LI, LinkPurpose::SetPassword).unwrap();
        auth.set_password(link.expose(), PASSWORD).unwrap();
        let (stop, stopping) = watch::channel(false);
        let state = services.state(stopping, false).unwrap();
        Self {
            clock,
            auth,
            live: state.live.clone(),
            stop,
            router: crate::http::router(state.clone()),
            state,
            folder,
        }
    }

    /// The data folder.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A fresh enrolment code.
    pub(crate) fn code(&self, user: UserId) -> String {
        let (code, _) = self.state.enrolment.new_code(user, LI).unwrap();
        code.expose()
    }

    /// Enrols a phone and gives its token.
    pub(crate) fn enrol(&self, phone: &Phone, user: UserId) -> String {
        let request = phone.request(&self.code(user), "phone");
        self.state.enrolment.enrol(&request).unwrap().token
    }

    /// A message to an endpoint of phones.
    pub(crate) async fn post_wire(&self, path: &str, body: Vec<u8>, token: Option<&str>) -> Response<Body> {
        let mut request = Request::post(path).header("content-type", wire::CONTENT_TYPE);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    pub(crate) fn gzip(&self, bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// One more person with an account.
    pub(crate) fn add_person(&self, user: UserId, new: &NewUser) {
        let admin = self.state.office.person(LI).unwrap().unwrap();
        self.state.office.create_user(&admin, user, new).unwrap();
    }

    /// A fresh session of Li: its cookie header and its CSRF token.
    pub(crate) fn sign_in(&self) -> (String, String) {
        self.sign_in_as(LI)
    }

    /// A fresh session of somebody.
    pub(crate) fn sign_in_as(&self, user: UserId) -> (String, String) {
        let link = self.auth.new_link(user, LinkPurpose::SignIn).unwrap();
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
