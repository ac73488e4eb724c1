//! HTTP by hand, so that a test decides every byte: one request a connection, bounded in time.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use fieldseal_core::domain::texts::{Lang, all};
use fieldseal_core::wire::body::decode_problem;
use fieldseal_core::wire::{CONTENT_TYPE, ProblemCode};

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The problem of a refused message; its code must have a text in both languages.
    pub(crate) fn problem(&self) -> (u16, String) {
        let code = decode_problem(&self.body).unwrap().code;
        let known: ProblemCode = code.parse().unwrap();
        for lang in Lang::ALL {
            assert!(all(*lang).contains_key(known.text_key()), "{code} in {lang}");
        }
        assert_eq!(known.status(), self.status);
        (self.status, code)
    }
}

/// Sends a request and reads the answer until the server closes.
pub(crate) fn request(addr: SocketAddr, head: &str, body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect_timeout(&addr, Duration::from_secs(5)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = format!("{head}\r\nhost: {addr}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    // A server may refuse by the head alone and close while the body is still under way.
    let _sent = stream.write_all(body).and_then(|()| stream.flush());
    let mut bytes = Vec::new();
    let ended = stream.read_to_end(&mut bytes);
    let Some(split) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        panic!("no answer to {head:?}: {ended:?}");
    };
    let text = String::from_utf8(bytes[..split].to_vec()).unwrap();
    let mut lines = text.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.filter_map(|line| line.split_once(": "));
    Answer {
        status,
        headers: headers
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect(),
        body: bytes[split + 4..].to_vec(),
    }
}

/// Posts a message body as a phone does.
pub(crate) fn post_wire(addr: SocketAddr, path: &str, token: Option<&str>, body: &[u8]) -> Answer {
    let bearer = token.map_or(String::new(), |token| {
        format!("\r\nauthorization: Bearer {token}")
    });
    let length = body.len();
    let head =
        format!("POST {path} HTTP/1.1\r\ncontent-type: {CONTENT_TYPE}\r\ncontent-length: {length}{bearer}");
    request(addr, &head, body)
}

/// A person at the page.
pub(crate) struct Browser {
    addr: SocketAddr,
    cookie: String,
}

impl Browser {
    /// Sets a password at a one-time link and is signed in.
    pub(crate) fn by_link(addr: SocketAddr, secret: &str) -> Self {
        let mut browser = Self {
            addr,
            cookie: String::new(),
        };
        let answer = browser.post(
            &format!("/link/{secret}"),
            &[("password", "correct horse battery")],
        );
        assert_eq!(answer.status, 303, "{}", answer.text());
        let cookie = answer.header("set-cookie").unwrap();
        browser.cookie = cookie.split(';').next().unwrap().to_owned();
        browser
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        let head = format!("GET {path} HTTP/1.1\r\ncookie: {}", self.cookie);
        request(self.addr, &head, b"")
    }

    pub(crate) fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let pairs = form
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        let head = format!(
            "POST {path} HTTP/1.1\r\ncookie: {}\r\norigin: http://{}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}",
            self.cookie,
            self.addr,
            body.len()
        );
        request(self.addr, &head, body.as_bytes())
    }

    /// Fills the first form of `page` that posts to `action`, its hidden fields as they are, and posts it.
    pub(crate) fn submit(&self, page: &str, action: &str, filled: &[(&str, &str)]) -> Answer {
        let start = format!("action=\"{action}\"");
        let at = page
            .find(&start)
            .unwrap_or_else(|| panic!("no form posts to {action}"));
        let form = &page[at..];
        let form = &form[..form.find("</form>").unwrap()];
        let hidden: Vec<(String, String)> = form
            .split("<input type=\"hidden\"")
            .skip(1)
            .filter_map(|input| {
                let input = &input[..input.find('>')?];
                let of = |name: &str| {
                    let from = input.find(&format!(" {name}=\""))? + name.len() + 3;
                    Some(input[from..][..input[from..].find('"')?].to_owned())
                };
                Some((of("name")?, of("value")?))
            })
            .collect();
        let mut fields: Vec<(&str, &str)> = hidden
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        fields.extend(filled);
        self.post(action, &fields)
    }
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
