//! Accepting connections and speaking HTTP/1.1 on them.
//!
//! Invariants: a connection on which no whole request head arrives in time is closed, a used one that idles too, so that
//! half-sent heads hold nothing for long; after a stop no connection is accepted, and each open one ends with the answer
//! that is running.

use std::io::ErrorKind;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long a request's head may take, from the connection's or the last answer's end on.
pub const HEAD_MAX: Duration = Duration::from_secs(30);
/// After a failure to accept that is the machine's (no file handles left).
const PAUSE: Duration = Duration::from_millis(500);

/// Serves until the stop, and then until the last connection has ended.
pub async fn serve(listener: TcpListener, router: Router, stopping: watch::Receiver<bool>, head: Duration) {
    let (mut connections, mut stop) = (JoinSet::new(), stopping.clone());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stop) => break,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, router.clone(), stopping.clone(), head));
            }
            Err(error) if of_one_connection(error.kind()) => {}
            Err(error) => {
                tracing::error!(%error, "no connection accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Waits for the stop. An error means that the sender is gone, which is a stop too.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _told = stopping.wait_for(|stop| *stop).await.is_ok();
}

/// Whether only the connection that was about to be accepted is concerned.
const fn of_one_connection(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}

async fn connection(stream: TcpStream, router: Router, mut stopping: watch::Receiver<bool>, head: Duration) {
    let service = TowerToHyperService::new(router);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = stopped(&mut stopping) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn ask(stream: &mut TcpStream) -> String {
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        let mut answer = vec![0; 15];
        stream.read_exact(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn a_half_sent_head_is_closed_and_whole_ones_are_answered() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (stop, stopping) = watch::channel(false);
        let router = Router::new().route("/", get(|| async { "here" }));
        let served = tokio::spawn(serve(listener, router, stopping, Duration::from_millis(300)));
        let mut half = TcpStream::connect(addr).await.unwrap();
        half.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ")
            .await
            .unwrap();
        let mut silent = TcpStream::connect(addr).await.unwrap();
        let mut whole = TcpStream::connect(addr).await.unwrap();
        assert_eq!(ask(&mut whole).await, "HTTP/1.1 200 OK");
        for slow in [&mut half, &mut silent] {
            let mut rest = Vec::new();
            let closed = tokio::time::timeout(Duration::from_secs(20), slow.read_to_end(&mut rest)).await;
            assert!(closed.is_ok(), "the server holds a connection without a request");
        }
        stop.send(true).unwrap();
        tokio::time::timeout(Duration::from_secs(20), served)
            .await
            .unwrap()
            .unwrap();
    }
}
