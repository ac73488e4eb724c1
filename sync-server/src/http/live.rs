//! `GET /v1/live`: server-sent events «something new at sequence n» (design 5, «Live»).
//!
//! An event's id is the sequence number, so that a reconnecting listener tells by `Last-Event-ID` what it has seen:
//! if there is more, it is told at once. A listener without the header is told the newest number first. Numbers
//! that come while one is being sent are merged into the last. A stream ends when the server stops, and after
//! fifteen minutes, so that a session or token that ended does not listen for ever.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive};
use axum::response::{IntoResponse, Response, Sse};
use fieldseal_core::domain::ids::{DeviceId, UserId};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::bearer::{self, Bearer};
use super::session::Session;
use crate::page::reading::may_see;
use crate::state::AppState;

/// Longest life of one stream.
const STREAM_MAX: Duration = Duration::from_secs(15 * 60);
/// How often a comment keeps proxies from closing a quiet stream.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

fn event(sequence: u64) -> Event {
    Event::default()
        .id(sequence.to_string())
        .event("sequence")
        .data(sequence.to_string())
}

/// Whoever may listen: an enrolled device by its token, a person who sees the board by the session.
#[derive(Debug)]
pub enum Listener {
    /// A device.
    Device(DeviceId),
    /// A person.
    Person(UserId),
}

impl FromRequestParts<AppState> for Listener {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        if bearer::token(&parts.headers).is_some() {
            let Bearer(device) = Bearer::from_request_parts(parts, state).await?;
            return Ok(Self::Device(device.id));
        }
        let session = Session::from_request_parts(parts, state)
            .await
            .map_err(IntoResponse::into_response)?;
        if !may_see(&session.person, "/") {
            return Err(StatusCode::FORBIDDEN.into_response());
        }
        Ok(Self::Person(session.user))
    }
}

/// Opens a stream.
pub async fn get(
    State(state): State<AppState>,
    headers: HeaderMap,
    _listener: Listener,
) -> Sse<impl tokio_stream::Stream<Item = Result<Event, Infallible>>> {
    let told: Option<u64> = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.trim().parse().ok());
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(feed(state, told, sender));
    Sse::new(ReceiverStream::new(receiver)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

/// Sends until the listener goes, the server stops or the stream is old.
async fn feed(state: AppState, mut told: Option<u64>, sender: mpsc::Sender<Result<Event, Infallible>>) {
    let (mut live, mut stopping) = (state.live.listen(), state.stopping);
    let old = tokio::time::sleep(STREAM_MAX);
    tokio::pin!(old);
    loop {
        let newest = *live.borrow_and_update();
        // A number above ours is of another lineage (a restored backup): the listener must look again.
        if told != Some(newest) {
            told = Some(newest);
            tokio::select! {
                sent = sender.send(Ok(event(newest))) => if sent.is_err() { return },
                _ = stopping.wait_for(|stop| *stop) => return,
            }
        }
        tokio::select! {
            changed = live.changed() => if changed.is_err() { return },
            _ = stopping.wait_for(|stop| *stop) => return,
            () = sender.closed() => return,
            () = &mut old => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio_stream::StreamExt as _;

    use crate::http::testing::Bench;

    async fn next(stream: &mut axum::body::BodyDataStream) -> String {
        let chunk = tokio::time::timeout(std::time::Duration::from_secs(5), stream.next()).await;
        String::from_utf8(chunk.unwrap().unwrap().unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn it_tells_the_newest_then_each_growth_and_ends_at_the_stop() {
        let bench = Bench::new();
        bench.live.publish(5);
        let (cookie, _) = bench.sign_in();
        let response = bench.get_with("/v1/live", &[("cookie", &cookie)]).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut stream = response.into_body().into_data_stream();
        assert_eq!(next(&mut stream).await, "id: 5\nevent: sequence\ndata: 5\n\n");
        bench.live.publish(8);
        assert!(next(&mut stream).await.contains("id: 8\n"));
        bench.stop.send(true).unwrap();
        assert!(stream.next().await.is_none());
    }

    #[tokio::test]
    async fn it_resumes_by_last_event_id() {
        let bench = Bench::new();
        bench.live.publish(5);
        let (cookie, _) = bench.sign_in();
        let known = bench
            .get_with("/v1/live", &[("cookie", &cookie), ("last-event-id", "5")])
            .await;
        let mut stream = known.into_body().into_data_stream();
        bench.live.publish(6);
        assert!(next(&mut stream).await.contains("id: 6\n"));
        for stale in ["4", "99", "nonsense"] {
            let response = bench
                .get_with("/v1/live", &[("cookie", &cookie), ("last-event-id", stale)])
                .await;
            assert!(
                next(&mut response.into_body().into_data_stream())
                    .await
                    .contains("id: 6\n")
            );
        }
    }

    #[tokio::test]
    async fn nobody_listens_without_a_session() {
        let bench = Bench::new();
        assert_eq!(bench.get("/v1/live").await.status(), 401);
        let cookie = ("cookie", "fieldseal_session=nonsense");
        assert_eq!(bench.get_with("/v1/live", &[cookie]).await.status(), 401);
    }
}
