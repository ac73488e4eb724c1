use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use super::*;
use crate::wire::body;

/// A server that reads one whole request and answers with `answer`, then closes. Gives the request's bytes.
fn serve_once(answer: Vec<u8>) -> (String, std::thread::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let request = read_request(&mut stream);
        stream.write_all(&answer).unwrap();
        request
    });
    (address, thread)
}

fn read_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = [0_u8; 4096];
    loop {
        let count = stream.read(&mut buffer).unwrap();
        if count == 0 {
            return bytes;
        }
        bytes.extend_from_slice(&buffer[..count]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .map_or(0, |value| value.trim().parse().unwrap());
        if bytes.len() >= end + 4 + length {
            return bytes;
        }
    }
}

fn response(status: &str, body: &[u8]) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
    out.extend(body);
    out
}

fn transport(address: &str) -> HttpSync {
    Http::new(address).unwrap().with_token("secret-token").unwrap()
}

#[test]
fn a_request_carries_token_type_and_body_and_little_else() {
    let (address, server) = serve_once(response("200 OK", b"answer"));
    assert_eq!(transport(&address).sync(b"body").unwrap(), b"answer");
    let request = String::from_utf8(server.join().unwrap()).unwrap().to_lowercase();
    assert!(request.starts_with("post /v1/sync http/1.1\r\n"), "{request}");
    assert!(request.contains("authorization: bearer secret-token\r\n"));
    assert!(request.contains("content-type: application/vnd.fieldseal.sync+cbor\r\n"));
    assert!(request.ends_with("\r\n\r\nbody"));
    // An idle sync has 700 bytes both ways; most of them are these.
    assert!(request.len() < 260, "{} bytes: {request}", request.len());
}

#[test]
fn problems_are_told_by_their_code_and_unknown_ones_by_their_status() {
    let revoked = body::encode(&ProblemCode::Revoked.problem()).unwrap();
    let (address, _server) = serve_once(response("403 Forbidden", &revoked));
    assert_eq!(
        transport(&address).sync(b"x"),
        Err(Fault::Problem {
            status: 403,
            code: Some(ProblemCode::Revoked)
        })
    );
    let (address, _server) = serve_once(response("502 Bad Gateway", b"<html>"));
    assert_eq!(
        transport(&address).sync(b"x"),
        Err(Fault::Problem {
            status: 502,
            code: None
        })
    );
    // A redirect is not followed: the body goes where it was meant to go, or nowhere.
    let (address, _server) = serve_once(b"HTTP/1.1 307 x\r\nlocation: http://127.0.0.1:1/\r\n\r\n".to_vec());
    assert!(matches!(
        transport(&address).sync(b"x"),
        Err(Fault::Problem { status: 307, .. } | Fault::Code(FaultCode::Cut))
    ));
}

#[test]
fn nobody_there_is_offline_and_a_broken_answer_is_a_cut() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(
        transport(&format!("http://{free}")).sync(b"x"),
        Err(Fault::Code(FaultCode::Offline))
    );
    for cut in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"[..],
        b"HTTP/1.1 200",
        b"",
    ] {
        let (address, _server) = serve_once(cut.to_vec());
        assert_eq!(
            transport(&address).sync(b"x"),
            Err(Fault::Code(FaultCode::Cut)),
            "{cut:?}"
        );
    }
}

#[test]
fn a_failed_handshake_is_told_apart_from_an_absent_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = [0_u8; 2048];
        let count = stream.read(&mut hello).unwrap();
        assert!(count > 0 && hello[0] == 0x16, "a handshake record");
        // A fatal alert: handshake_failure.
        stream.write_all(&[0x15, 3, 3, 0, 2, 2, 40]).unwrap();
    });
    assert_eq!(transport(&address).sync(b"x"), Err(Fault::Code(FaultCode::Tls)));
}

#[test]
fn plain_http_is_for_this_machine_only() {
    for good in [
        "https://sync.example.cn",
        "https://10.1.2.3:8443/",
        "http://localhost:8080",
        "http://127.0.0.1:8080/",
        "http://[::1]:8080",
    ] {
        assert!(check_address(good).is_ok(), "{good}");
    }
    for bad in [
        "http://sync.example.cn",
        "http://10.1.2.3",
        "http://localhost.example.cn",
        "ftp://localhost",
        "localhost:8080",
        "https://user:pw@host",
        "https://host/path",
        "https://host/?q",
        "",
        "https://",
    ] {
        assert_eq!(
            check_address(bad),
            Err(Fault::Code(FaultCode::BadAddress)),
            "{bad}"
        );
    }
}

#[test]
fn a_token_is_never_shown() {
    let shown = format!("{:?}", transport("http://127.0.0.1:1"));
    assert!(!shown.contains("secret"), "{shown}");
    assert!(
        Http::new("http://127.0.0.1:1")
            .unwrap()
            .with_token("a\nb")
            .is_err()
    );
}
