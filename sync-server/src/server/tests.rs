use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::*;

fn config(folder: &tempfile::TempDir) -> Config {
    Config::new(folder.path().join("data"), "127.0.0.1:0".parse().unwrap())
}

fn env() -> Env {
    crate::system::system_env().unwrap()
}

fn ask(addr: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

#[test]
fn it_answers_refuses_a_second_server_and_lets_go_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(&config(&folder), env()).unwrap();
    let mut stream = ask(
        running.addr,
        "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    );
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(matches!(
        start(&config(&folder), env()),
        Err(StartError::InUse { .. })
    ));
    running.stop();
    start(&config(&folder), env()).unwrap().stop();
}

#[test]
fn a_port_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = config(&folder);
    config.listen = taken.local_addr().unwrap();
    let Err(error) = start(&config, env()) else {
        panic!("started on a taken port");
    };
    assert!(error.to_string().contains(&config.listen.to_string()), "{error}");
}

#[test]
fn a_stop_with_open_streams_and_an_idle_connection_takes_less_than_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(&config(&folder), env()).unwrap();
    let link = running.set_up_link().unwrap().unwrap();
    let (_, secret) = link.rsplit_once('/').unwrap();
    let session = running
        .state
        .auth
        .set_password(secret, "a good password")
        .unwrap();
    // Now somebody administers: no link any more.
    assert_eq!(running.set_up_link().unwrap(), None);
    let request = format!(
        "GET /v1/live HTTP/1.1\r\nhost: x\r\ncookie: fieldseal_session={}\r\n\r\n",
        session.expose()
    );
    let mut stream = ask(running.addr, &request);
    let mut first = [0_u8; 15];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    let _idle = ask(running.addr, "");
    let begun = env_now();
    running.stop();
    let took = env_now() - begun;
    assert!(took < 1_000, "{took} ms");
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert!(
        rest.ends_with(b"0\r\n\r\n"),
        "the stream was cut, not ended: {}",
        String::from_utf8_lossy(&rest)
    );
}

fn env_now() -> i64 {
    env().clock.read().wall_ms
}
