//! The session cookie.
//!
//! Behind TLS it is `__Host-fieldseal` with `Secure`, so that no other host name and no plain connection can set or
//! read it. On plain loopback HTTP it is `fieldseal_session` without `Secure`: Chromium and Firefox would accept
//! `Secure` there, Safari and curl would not, and the traffic never leaves the machine. Both are `HttpOnly` and
//! `SameSite=Lax` (a link to an order in a message must find its reader signed in); forgery of posts is stopped by
//! the CSRF token that every form carries.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

use crate::auth::SESSION_MAX_MS;

const fn name(secure: bool) -> &'static str {
    if secure {
        "__Host-fieldseal"
    } else {
        "fieldseal_session"
    }
}

/// The session's secret in the request, if there is one.
pub fn read(headers: &HeaderMap, secure: bool) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name(secure))
        .map(|(_, value)| value)
}

/// `Set-Cookie` for a new session; an empty secret takes the cookie away.
pub fn set(secret: &str, secure: bool) -> Option<HeaderValue> {
    let age = if secret.is_empty() {
        0
    } else {
        SESSION_MAX_MS / 1_000
    };
    let flag = if secure { "; Secure" } else { "" };
    let text = format!(
        "{}={secret}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{flag}",
        name(secure)
    );
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_follow_the_transport() {
        let plain = set("abc", false).unwrap();
        assert_eq!(
            plain,
            "fieldseal_session=abc; Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax"
        );
        let secure = set("abc", true).unwrap();
        assert_eq!(
            secure,
            "__Host-fieldseal=abc; Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax; Secure"
        );
    }

    #[test]
    fn it_is_found_among_others_and_only_by_its_name() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, "a=1; fieldseal_session=xyz; b=2".parse().unwrap());
        assert_eq!(read(&headers, false), Some("xyz"));
        assert_eq!(read(&headers, true), None);
    }
}
