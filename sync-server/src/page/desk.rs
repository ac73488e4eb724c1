//! Somebody at the page with everything that a handler needs: the person, the office, the words, a way to answer.
//!
//! Invariants: nobody comes here who may not see this part of the page (`reading`); the office's work runs where
//! blocking is allowed; a refused form says what was refused, in the reader's language, and changed nothing.

use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Request};
use axum::http::header::ACCEPT;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use fieldseal_core::domain::roles::Operation;

use super::assets;
use super::model::{Chip, Frame, Here, Tone, Viewer};
use super::reading::{may_see, may_see_matched};
use super::respond::{self, see};
use super::words::Words;
use crate::http::form::{Fields, FormRejection, PostForm};
use crate::http::session::{Session, SessionRejection};
use crate::office::{Office, OfficeError, Person};
use crate::state::AppState;

/// Who is at the page, and what the page was asked for.
pub struct Desk {
    state: AppState,
    /// The session.
    pub session: Session,
    /// The words of this page.
    pub words: Words,
    path: String,
    query: Vec<(String, String)>,
    /// The page answers a form: its address cannot be asked for again.
    posted: bool,
}

impl FromRequestParts<AppState> for Desk {
    type Rejection = SessionRejection;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let session = Session::from_request_parts(parts, state).await?;
        let words = respond::words(state, session.language);
        if !may_see_matched(&session.person, parts.extensions.get::<MatchedPath>()) {
            return Err(SessionRejection::NotAllowed(Box::new(forbidden(words))));
        }
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self {
            words,
            session,
            path: respond::local_path(path).to_owned(),
            query: form_pairs(query),
            state: state.clone(),
            posted: false,
        })
    }
}

/// The page for what somebody may not see.
fn forbidden(words: Words) -> Response {
    respond::failure(
        words,
        StatusCode::FORBIDDEN,
        "page.forbidden",
        "page.forbidden.text",
    )
}

/// A query's pairs; what cannot be read is left out.
fn form_pairs(query: &str) -> Vec<(String, String)> {
    axum::extract::Query::<Vec<(String, String)>>::try_from_uri(
        &format!("/?{query}").parse().unwrap_or_default(),
    )
    .map(|pairs| pairs.0)
    .unwrap_or_default()
}

/// A form of somebody at the page.
pub struct Posted {
    /// Who.
    pub desk: Desk,
    /// What.
    pub fields: Fields,
}

impl FromRequest<AppState> for Posted {
    type Rejection = FormRejection;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Self::Rejection> {
        let route = request.extensions().get::<MatchedPath>().cloned();
        let form = PostForm::from_request(request, state).await?;
        let words = respond::words(state, form.session.language);
        if !may_see_matched(&form.session.person, route.as_ref()) {
            let forbidden = SessionRejection::NotAllowed(Box::new(forbidden(words)));
            return Err(FormRejection::Session(forbidden));
        }
        Ok(Self {
            desk: Desk {
                words,
                session: form.session,
                path: "/".to_owned(),
                query: Vec::new(),
                state: state.clone(),
                posted: true,
            },
            fields: form.fields,
        })
    }
}

impl Desk {
    /// A value of the address's query, if it is filled.
    pub fn asked(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// Whether the person may do it.
    pub fn may(&self, operation: Operation) -> bool {
        self.session.person.may(operation)
    }

    /// The newest row of the sequence: read it before what is shown.
    pub fn newest(&self) -> u64 {
        self.state.live.newest()
    }

    /// A fresh id for a form, by which its second arrival is known.
    pub fn once(&self) -> String {
        self.state.env.uuid_v7().to_string()
    }

    /// The services, for what the office does not offer.
    pub const fn state(&self) -> &AppState {
        &self.state
    }

    /// Runs the office's work where blocking is allowed. A page that is only read looks for news once; a form's work
    /// judges by the newest state at every step.
    ///
    /// # Errors
    /// The work's own.
    pub async fn office<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Office, &Person) -> Result<T, OfficeError> + Send + 'static,
    ) -> Result<T, OfficeError> {
        let (office, person) = (self.state.office.clone(), self.session.person.clone());
        let reads = !self.posted;
        tokio::task::spawn_blocking(move || {
            if reads {
                work(&office.look()?, &person)
            } else {
                work(&office, &person)
            }
        })
        .await
        .unwrap_or_else(|error| Err(OfficeError::unexpected(error)))
    }

    /// The frame of a page. `seen` is [`Desk::newest`] from before its content was read.
    pub fn frame(&self, here: Here, title: &str, seen: u64) -> Frame {
        let person = &self.session.person;
        let roles: Vec<String> = person
            .roles
            .iter()
            .map(|role| self.words.t(role.text_key()))
            .collect();
        Frame {
            words: self.words,
            title: self.words.t(title),
            here,
            viewer: Some(Viewer {
                name: person.name.clone(),
                roles: roles.join(" · "),
                customers: may_see(person, "/customers"),
                creates: person.may(Operation::Assign),
                administers: person.may(Operation::Administer),
            }),
            csrf: self.session.csrf.clone(),
            path: self.path.clone(),
            notice: self.notice(),
            conflicts: 0,
            live: !self.posted,
            seen,
            version: assets::version(),
        }
    }

    /// What the address says of the form before: done, or refused and which field.
    fn notice(&self) -> Option<Chip> {
        let words = &self.words;
        if let Some(mut chip) = respond::notice(words, &["office", "auth"], self.asked("problem"), Tone::Bad)
        {
            if let Some(field) = self.asked("field") {
                let label = respond::notice(words, &["page.field", "page.form"], Some(field), Tone::Bad);
                if let Some(label) = label {
                    chip.text = format!("{}{}{}", label.text, words.t("page.colon"), chip.text);
                }
            }
            return Some(chip);
        }
        respond::notice(words, &["page.done"], self.asked("done"), Tone::Good)
    }

    /// The answer to a form: back to `path`, with what was done or why not.
    pub fn answered<T>(&self, path: &str, done: &str, result: Result<T, OfficeError>) -> Response {
        let join = if path.contains('?') { '&' } else { '?' };
        let (path, anchor) = path.split_once('#').unwrap_or((path, ""));
        let anchor = if anchor.is_empty() {
            String::new()
        } else {
            format!("#{anchor}")
        };
        match result {
            Ok(_) => see(&format!("{path}{join}done={done}{anchor}")),
            Err(OfficeError::NotFound) => self.not_found(),
            Err(error) => {
                if let OfficeError::Unexpected(source) = &error {
                    tracing::error!(%source, "form not carried out");
                }
                let field = match &error {
                    OfficeError::Invalid { field, .. } if !field.is_empty() => format!("&field={field}"),
                    _ => String::new(),
                };
                see(&format!("{path}{join}problem={}{field}{anchor}", error.code()))
            }
        }
    }

    /// Why a form was refused, as a sentence.
    pub fn refusal(&self, error: &OfficeError) -> String {
        if let OfficeError::Unexpected(source) = error {
            tracing::error!(%source, "form not carried out");
        }
        let text = self.words.t(&format!("office.{}", error.code()));
        let label = match error {
            OfficeError::Invalid { field, .. } if !field.is_empty() => {
                respond::notice(&self.words, &["page.field", "page.form"], Some(field), Tone::Bad)
            }
            _ => None,
        };
        label.map_or_else(
            || text.clone(),
            |label| format!("{}{}{text}", label.text, self.words.t("page.colon")),
        )
    }

    /// The page for what was asked for and does not exist.
    pub fn not_found(&self) -> Response {
        respond::failure(
            self.words,
            StatusCode::NOT_FOUND,
            "page.not_found",
            "page.not_found.text",
        )
    }

    /// The page for what could not be read.
    pub fn failed(&self, error: &OfficeError) -> Response {
        match error {
            OfficeError::NotFound => self.not_found(),
            OfficeError::NotAllowed => forbidden(self.words),
            OfficeError::Invalid { .. } | OfficeError::Unexpected(_) => {
                tracing::error!(%error, "page not made");
                respond::failure(
                    self.words,
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "page.unexpected",
                    "page.unexpected.text",
                )
            }
        }
    }
}

/// A wrong path: a page for a browser (the login, where nobody is signed in), a line for anything else.
pub async fn lost(headers: HeaderMap, desk: Result<Desk, SessionRejection>) -> Response {
    let browser = headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    if !browser {
        return crate::http::layers::not_found().await;
    }
    match desk {
        Ok(desk) => desk.not_found(),
        Err(rejection) => axum::response::IntoResponse::into_response(rejection),
    }
}
