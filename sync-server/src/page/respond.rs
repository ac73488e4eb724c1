//! Answers of the page: HTML that is never kept by a cache, redirects after a form, and the page for what failed.

use askama::Template;
use axum::http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_TYPE, COOKIE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use fieldseal_core::domain::texts::{Lang, all};

use super::assets;
use super::model::{Chip, Frame, Here, Tone};
use super::views::ErrorView;
use super::words::Words;
use crate::state::AppState;

/// The cookie that remembers a language before anybody is signed in.
pub const LANGUAGE_COOKIE: &str = "fieldseal_language";

/// A rendered page.
pub fn html(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => {
            let headers = [
                (CONTENT_TYPE, "text/html; charset=utf-8"),
                (CACHE_CONTROL, "no-store"),
            ];
            (status, headers, text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "page not rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// «See there»: what every form ends in. The path is one of ours.
pub fn see(path: &str) -> Response {
    match HeaderValue::from_str(path) {
        Ok(location) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A path of this page and nothing else: what a posted `back` is cut down to.
pub fn local_path(path: &str) -> &str {
    let local = path.starts_with('/')
        && !path.starts_with("//")
        && path
            .bytes()
            .all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\');
    if local { path } else { "/" }
}

/// The language of somebody who is not signed in: what was chosen here before, else what the browser asks for.
pub fn language(headers: &HeaderMap) -> Lang {
    let chosen = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == LANGUAGE_COOKIE)
        .and_then(|(_, code)| code.parse().ok());
    chosen.unwrap_or_else(|| {
        let wanted = headers
            .get(ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("zh");
        // Browsers list languages by preference; the first that we have counts.
        wanted
            .split(',')
            .find_map(|item| match item.trim().get(..2) {
                Some("zh") => Some(Lang::ZhCn),
                Some("en") => Some(Lang::En),
                _ => None,
            })
            .unwrap_or(Lang::En)
    })
}

/// Language, zone and moment of a page made now.
pub fn words(state: &AppState, lang: Lang) -> Words {
    Words {
        lang,
        zone: state.office.zone(),
        now_ms: state.env.clock.read().wall_ms,
        offline_after_ms: state.office.contacts().offline_after_ms(),
    }
}

/// The frame of a page for somebody who is not signed in.
pub fn open_frame(words: Words, title: &str, path: &str) -> Frame {
    Frame {
        words,
        title: words.t(title),
        here: Here::Elsewhere,
        viewer: None,
        csrf: String::new(),
        path: path.to_owned(),
        notice: None,
        conflicts: 0,
        live: false,
        seen: 0,
        version: assets::version(),
    }
}

/// The notice for a code in the address, if it is one that has a text: an address cannot put words on the page.
pub fn notice(words: &Words, prefixes: &[&str], code: Option<&str>, tone: Tone) -> Option<Chip> {
    let code = code?;
    prefixes
        .iter()
        .map(|prefix| format!("{prefix}.{code}"))
        .find(|key| all(words.lang).contains_key(key))
        .map(|key| Chip::new(words.t(&key), tone))
}

/// A page that says what failed and leads back.
pub fn failure(words: Words, status: StatusCode, heading: &str, text: &str) -> Response {
    let frame = open_frame(words, heading, "/");
    let page = ErrorView {
        f: &frame,
        heading: &words.t(heading),
        text: &words.t(text),
    };
    html(status, &page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_leads_nowhere_else() {
        for path in ["/", "/orders/1?x=a&b", "/conflicts#c"] {
            assert_eq!(local_path(path), path);
        }
        for path in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil",
            "/a b",
            "/a\r\nx: y",
            "/ü",
        ] {
            assert_eq!(local_path(path), "/", "{path}");
        }
    }

    #[test]
    fn the_language_is_chosen_then_asked_for() {
        let headers = |cookie: &str, accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, cookie.parse().unwrap());
            headers.insert(ACCEPT_LANGUAGE, accept.parse().unwrap());
            headers
        };
        assert_eq!(language(&HeaderMap::new()), Lang::ZhCn);
        assert_eq!(language(&headers("a=b", "de, zh-CN;q=0.8, en;q=0.5")), Lang::ZhCn);
        assert_eq!(language(&headers("a=b", "fr")), Lang::En);
        assert_eq!(language(&headers("x=1; fieldseal_language=en", "zh")), Lang::En);
        assert_eq!(language(&headers("fieldseal_language=xx", "zh")), Lang::ZhCn);
    }

    #[test]
    fn an_address_cannot_put_words_on_the_page() {
        let words = crate::page::sample::words(Lang::En);
        assert!(notice(&words, &["auth"], Some("link_used"), Tone::Bad).is_some());
        for code in ["nonsense", "", "<b>", "../x"] {
            assert!(notice(&words, &["auth"], Some(code), Tone::Bad).is_none());
        }
        assert!(notice(&words, &["auth"], None, Tone::Bad).is_none());
    }
}
