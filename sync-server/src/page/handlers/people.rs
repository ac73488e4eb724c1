//! Users and devices: who may come in, with which phone. For administrators.

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::response::Response;
use fieldseal_core::domain::ids::{DeviceId, UserId};
use fieldseal_core::domain::roles::{Operation, Role};
use fieldseal_core::facts::ViewToken;

use crate::auth::LINK_MS;
use crate::office::{NewUser, OfficeError};
use crate::page::desk::{Desk, Posted};
use crate::page::model::{Chip, Choice, DeviceLine, Devices, Here, Secret, Tone, UserLine, Users};
use crate::page::respond::html;
use crate::page::views::{DevicesView, UsersView};
use crate::page::words::Words;

fn role_choices(words: &Words, chosen: &[Role]) -> Vec<Choice> {
    Role::ALL
        .iter()
        .map(|role| Choice {
            value: role.as_str().to_owned(),
            text: words.t(role.text_key()),
            chosen: chosen.contains(role),
        })
        .collect()
}

/// The users, with a link that was just made.
async fn users_page(desk: &Desk, link: Option<Secret>) -> Response {
    let seen = desk.newest();
    let (lines, token) = match desk.office(|office, person| office.users(person)).await {
        Ok(found) => found,
        Err(error) => return desk.failed(&error),
    };
    let words = &desk.words;
    let users = Users {
        lines: lines
            .into_iter()
            .map(|line| {
                let roles: Vec<String> = line
                    .person
                    .roles
                    .iter()
                    .map(|role| words.t(role.text_key()))
                    .collect();
                let (state, tone) = match (line.person.active, line.has_password) {
                    (false, _) => ("page.users.left", Tone::Plain),
                    (true, true) => ("page.users.active", Tone::Good),
                    (true, false) => ("page.users.no_password", Tone::Warn),
                };
                UserLine {
                    id: line.person.user.to_string(),
                    login: line.login.unwrap_or_default(),
                    name: line.person.name.clone(),
                    roles: roles.join(words.lang.list_separator()),
                    choices: role_choices(words, &line.person.roles),
                    state: Chip::new(words.t(state), tone),
                    active: line.person.active,
                    token: token.to_string(),
                }
            })
            .collect(),
        roles: role_choices(words, &[]),
        link,
        once: desk.once(),
    };
    let frame = desk.frame(Here::Users, "page.nav.users", seen);
    html(
        StatusCode::OK,
        &UsersView {
            f: &frame,
            users: &users,
        },
    )
}

/// `GET /users`.
pub async fn users(desk: Desk) -> Response {
    users_page(&desk, None).await
}

fn posted_roles(fields: &crate::http::form::Fields) -> Vec<Role> {
    fields.all("role").filter_map(|code| code.parse().ok()).collect()
}

/// The address of a one-time link, as this browser reached the server.
fn link_address(desk: &Desk, headers: &HeaderMap, secret: &str) -> String {
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let scheme = if desk.state().secure_cookies {
        "https"
    } else {
        "http"
    };
    format!("{scheme}://{host}/link/{secret}")
}

/// `POST /users`: adds a person; the answer shows the link for the first password, once.
pub async fn add_user(headers: HeaderMap, posted: Posted) -> Response {
    let Posted { desk, fields } = posted;
    let Some(once) = fields.get("once").and_then(|id| id.parse::<UserId>().ok()) else {
        return desk.not_found();
    };
    let new = NewUser {
        login: fields.filled("login").unwrap_or_default().to_owned(),
        name: fields.filled("name").unwrap_or_default().to_owned(),
        roles: posted_roles(&fields),
        language: desk.words.lang,
    };
    let name = new.name.clone();
    let made = desk
        .office(move |office, person| {
            let user = office.create_user(person, once, &new)?;
            office.set_password_link(person, user)
        })
        .await;
    match made {
        Ok(secret) => {
            let link = shown_link(&desk, &headers, name, secret.expose());
            users_page(&desk, Some(link)).await
        }
        Err(error) => desk.answered::<()>("/users", "", Err(error)),
    }
}

fn shown_link(desk: &Desk, headers: &HeaderMap, name: String, secret: &str) -> Secret {
    Secret {
        name,
        value: link_address(desk, headers, secret),
        until: desk.words.moment(desk.words.now_ms + LINK_MS),
    }
}

/// `POST /users/{id}/link`: a new one-time link, shown once. The answer is the page itself: the link must not stand
/// in an address that a browser remembers.
pub async fn new_link(headers: HeaderMap, Path(id): Path<String>, posted: Posted) -> Response {
    let Posted { desk, .. } = posted;
    let Ok(user) = id.parse::<UserId>() else {
        return desk.not_found();
    };
    let made = desk
        .office(move |office, person| {
            let secret = office.set_password_link(person, user)?;
            let name = office.person(user)?.map(|person| person.name).unwrap_or_default();
            Ok((name, secret))
        })
        .await;
    match made {
        Ok((name, secret)) => {
            let link = shown_link(&desk, &headers, name, secret.expose());
            users_page(&desk, Some(link)).await
        }
        Err(error) => desk.answered::<()>("/users", "", Err(error)),
    }
}

/// `POST /users/{id}`: roles, and whether the person still works here.
pub async fn edit_user(Path(id): Path<String>, posted: Posted) -> Response {
    let Posted { desk, fields } = posted;
    let token = fields
        .get("token")
        .and_then(|text| text.parse::<ViewToken>().ok());
    let (Ok(user), Some(token)) = (id.parse::<UserId>(), token) else {
        return desk.not_found();
    };
    let (roles, active) = (posted_roles(&fields), fields.get("active").is_some());
    let done = desk
        .office(move |office, person| {
            let name = office.person(user)?.ok_or(OfficeError::NotFound)?.name;
            office.edit_user(person, user, &token, &name, &roles, active)
        })
        .await;
    desk.answered("/users", "saved", done)
}

/// The devices, with a code that was just made.
async fn devices_page(desk: &Desk, code: Option<Secret>) -> Response {
    let seen = desk.newest();
    let found = desk
        .office(|office, person| {
            let mut lines = Vec::new();
            for line in office.devices(person)? {
                let heard = office.contacts().last(&line.device);
                lines.push((line, heard));
            }
            Ok((lines, office.people()?))
        })
        .await;
    let (lines, people) = match found {
        Ok(found) => found,
        Err(error) => return desk.failed(&error),
    };
    let words = &desk.words;
    let devices = Devices {
        lines: lines
            .into_iter()
            .rev()
            .map(|(line, heard)| DeviceLine {
                id: line.device.id.to_string(),
                name: line.device.name.clone(),
                engineer: line.engineer,
                tag: hex::encode(line.device.tag),
                enrolled: words.moment(line.device.created_at),
                last_seen: heard.map_or_else(|| words.t("page.devices.never"), |at| words.moment(at)),
                state: match line.device.revoked_at {
                    Some(at) => Chip::new(
                        words.tp("page.devices.revoked", "at", words.moment(at)),
                        Tone::Bad,
                    ),
                    None => Chip::new(words.t("page.devices.in_use"), Tone::Good),
                },
                active: line.device.revoked_at.is_none(),
            })
            .collect(),
        engineers: people
            .iter()
            .filter(|person| person.active && person.roles.contains(&Role::Engineer))
            .map(|person| Choice {
                value: person.user.to_string(),
                text: person.name.clone(),
                chosen: false,
            })
            .collect(),
        code,
    };
    let frame = desk.frame(Here::Devices, "page.nav.devices", seen);
    html(
        StatusCode::OK,
        &DevicesView {
            f: &frame,
            devices: &devices,
        },
    )
}

/// `GET /devices`.
pub async fn devices(desk: Desk) -> Response {
    devices_page(&desk, None).await
}

/// `POST /devices/code`: a code for ten minutes, shown once.
pub async fn new_code(posted: Posted) -> Response {
    let Posted { desk, fields } = posted;
    let Some(engineer) = fields.get("engineer").and_then(|id| id.parse::<UserId>().ok()) else {
        return desk.answered::<()>(
            "/devices",
            "",
            Err(OfficeError::field("engineer", "unknown_choice")),
        );
    };
    let made = desk
        .office(move |office, person| {
            let code = office.new_enrolment_code(person, engineer)?;
            let name = office
                .person(engineer)?
                .map(|person| person.name)
                .unwrap_or_default();
            Ok((name, code))
        })
        .await;
    match made {
        Ok((name, made)) => {
            let code = Secret {
                name,
                value: made.code.expose(),
                until: desk.words.moment(made.expires),
            };
            devices_page(&desk, Some(code)).await
        }
        Err(error) => desk.answered::<()>("/devices", "", Err(error)),
    }
}

/// `POST /devices/{id}/revoke`.
pub async fn revoke(Path(id): Path<String>, posted: Posted) -> Response {
    let Posted { desk, fields } = posted;
    let Ok(device) = id.parse::<DeviceId>() else {
        return desk.not_found();
    };
    let reason = fields.filled("reason").unwrap_or_default().to_owned();
    let done = desk
        .office(move |office, person| office.revoke_device(person, device, &reason))
        .await;
    desk.answered("/devices", "revoked", done)
}

/// Whether the person may see these pages at all.
pub fn administers(desk: &Desk) -> bool {
    desk.may(Operation::Administer)
}
