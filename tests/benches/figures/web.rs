//! A browser, as far as measuring pages needs one: one request a connection, the cookie of a session.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::Failed;

/// A signed-in person.
pub struct Browser {
    address: SocketAddr,
    cookie: String,
}

impl Browser {
    /// Sets a password at a one-time link.
    pub fn by_link(address: SocketAddr, secret: &str) -> Result<Self, Failed> {
        let body = "password=correct-horse-battery";
        let head = format!(
            "POST /link/{secret} HTTP/1.1\r\norigin: http://{address}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}",
            body.len()
        );
        let answer = request(address, &head, body)?;
        let cookie = answer
            .lines()
            .find_map(|line| line.strip_prefix("set-cookie: "))
            .and_then(|cookie| cookie.split(';').next())
            .ok_or_else(|| format!("not signed in: {}", answer.lines().next().unwrap_or_default()))?
            .to_owned();
        Ok(Self { address, cookie })
    }

    /// A page, and how many ms it took, connection and transfer over loopback included.
    pub fn get(&self, path: &str) -> Result<(String, f64), Failed> {
        let begun = Instant::now();
        let answer = request(
            self.address,
            &format!("GET {path} HTTP/1.1\r\ncookie: {}", self.cookie),
            "",
        )?;
        let ms = begun.elapsed().as_secs_f64() * 1_000.0;
        if !answer.starts_with("HTTP/1.1 200") {
            return Err(format!("{path}: {}", answer.lines().next().unwrap_or_default()).into());
        }
        Ok((answer, ms))
    }

    /// The stream of events, open until it is dropped.
    pub fn live(&self) -> Result<Live, Failed> {
        let mut stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(5))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(
            stream,
            "GET /v1/live HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\n\r\n",
            self.address, self.cookie
        )?;
        Ok(Live { stream })
    }
}

/// An open stream of events.
pub struct Live {
    stream: TcpStream,
}

impl Live {
    /// Waits until the server says anything.
    pub fn hear(&mut self) -> Result<String, Failed> {
        let mut buffer = [0_u8; 4096];
        let length = self.stream.read(&mut buffer)?;
        if length == 0 {
            return Err("the stream ended".into());
        }
        Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }
}

/// The head of an answer without a session, for the time of a start.
pub fn request(address: SocketAddr, head: &str, body: &str) -> Result<String, Failed> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    write!(
        stream,
        "{head}\r\nhost: {address}\r\nconnection: close\r\n\r\n{body}"
    )?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
