//! A phone that sends photos, request by request.

use axum::body::Body;
use axum::http::{Request, Response};
use fieldseal_core::documents::actor::device_tag;
use fieldseal_core::documents::{ActorId, Document};
use fieldseal_core::domain::ids::{ActionId, OrderId, UserId};
use fieldseal_core::facts::{Action, ClockEvidence, DocName, Fact, RawFact};
use fieldseal_core::wire::body::{decode, encode};
use fieldseal_core::wire::uploads::{
    BLOBS_PATH, OFFSET_CONTENT_TYPE, ROW_HEADER, TUS, TUS_RESUMABLE_HEADER, UPLOAD_LENGTH_HEADER,
    UPLOAD_OFFSET_HEADER,
};
use fieldseal_core::wire::{DocChanges, SYNC_PATH, SyncAnswer, SyncRequest, VERSION};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{Bench, Phone, body_of};
use crate::storage::DeviceRow;

/// A photo's worth of bytes that compress badly.
pub(crate) fn photo(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    })
    .take(length)
    .collect()
}

/// An enrolled phone that uploads.
pub(crate) struct Sender<'b> {
    bench: &'b Bench,
    token: String,
    tag: [u8; 8],
    user: UserId,
}

impl<'b> Sender<'b> {
    pub(crate) fn enrol(bench: &'b Bench, seed: u8, user: UserId) -> Self {
        let phone = Phone::new(seed);
        Self {
            bench,
            token: bench.enrol(&phone, user),
            tag: device_tag(&phone.public()),
            user,
        }
    }

    pub(crate) fn row(&self) -> DeviceRow {
        self.bench.state.enrolment.authorise(&self.token).unwrap()
    }

    /// Writes a fact that names a photo into a visit of an order that nobody knows, and sends it.
    pub(crate) async fn name(&self, bytes: &[u8]) -> String {
        let order = OrderId(self.bench.state.env.uuid_v7());
        self.name_in(order, &[(bytes, false)]).await.remove(0)
    }

    /// Writes facts that name photos, sensitive or not, into this engineer's new visit of an order, and sends them.
    pub(crate) async fn name_in(&self, order: OrderId, photos: &[(&[u8], bool)]) -> Vec<String> {
        let hashes: Vec<String> = photos
            .iter()
            .map(|(bytes, _)| hex::encode(Sha256::digest(bytes)))
            .collect();
        let facts = photos
            .iter()
            .zip(&hashes)
            .map(|((bytes, sensitive), sha256)| RawFact {
                kind: "photo".to_owned(),
                payload: json!({
                    "blob": sha256, "size": bytes.len(), "width": 8, "height": 8, "what": "label",
                    "caption": "<b>旧标签</b>", "sensitive": sensitive
                }),
            });
        self.send_raw(&DocName::Visit(order, self.user), facts.collect())
            .await;
        hashes
    }

    /// Writes facts into a document of this engineer's that is new, and sends them.
    pub(crate) async fn write(&self, doc: &DocName, facts: &[Fact]) {
        self.send_raw(doc, facts.iter().map(Fact::to_raw).collect()).await;
    }

    /// The same, said to have happened at that moment.
    pub(crate) async fn write_at(&self, at: &str, doc: &DocName, facts: &[Fact]) {
        self.send_raw_at(at, doc, facts.iter().map(Fact::to_raw).collect())
            .await;
    }

    async fn send_raw(&self, doc: &DocName, facts: Vec<RawFact>) {
        self.send_raw_at("2026-11-23T10:00:00+08:00", doc, facts).await;
    }

    async fn send_raw_at(&self, at: &str, doc: &DocName, facts: Vec<RawFact>) {
        let action = Action {
            at: at.to_owned(),
            clk: ClockEvidence {
                off: None,
                err: None,
                boot: 1,
                mono: 1,
            },
            by: self.user,
            n: 1,
            saw: Vec::new(),
            docs: Vec::new(),
            min: None,
            facts,
        };
        let key = ActionId(self.bench.state.env.uuid_v7());
        let actor = ActorId::new(self.bench.state.env.random(), self.tag);
        let change = Document::new()
            .append(&actor, key, &action.to_text().unwrap())
            .unwrap();
        let request = SyncRequest {
            version: VERSION,
            page: 1_000,
            changes: vec![DocChanges {
                doc: doc.to_string(),
                changes: vec![change.bytes.into()],
            }],
            ..SyncRequest::default()
        };
        let body = encode(&request).unwrap();
        let answer = self.bench.post_wire(SYNC_PATH, body, Some(&self.token)).await;
        let answer: SyncAnswer = decode(&body_of(answer).await).unwrap();
        assert_eq!(answer.exceptions, []);
    }

    pub(crate) async fn ask(
        &self,
        method: &str,
        sha256: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Response<Body> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{BLOBS_PATH}{sha256}"))
            .header("authorization", format!("Bearer {}", self.token))
            .header(TUS_RESUMABLE_HEADER, TUS);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.bench.send(request.body(body).unwrap()).await
    }

    pub(crate) async fn create(&self, sha256: &str, length: u64) -> Response<Body> {
        let length = length.to_string();
        self.ask("POST", sha256, &[(UPLOAD_LENGTH_HEADER, &length)], Body::empty())
            .await
    }

    pub(crate) async fn patch(&self, sha256: &str, offset: u64, body: Body) -> Response<Body> {
        let offset = offset.to_string();
        let headers = [
            (UPLOAD_OFFSET_HEADER, offset.as_str()),
            ("content-type", OFFSET_CONTENT_TYPE),
        ];
        self.ask("PATCH", sha256, &headers, body).await
    }

    pub(crate) async fn head(&self, sha256: &str) -> Response<Body> {
        self.ask("HEAD", sha256, &[], Body::empty()).await
    }

    /// Names a photo and sends it in one go; its row.
    pub(crate) async fn send(&self, bytes: &[u8]) -> u64 {
        let sha256 = self.name(bytes).await;
        self.upload(bytes, &sha256).await
    }

    /// Sends a photo in one go; its row.
    pub(crate) async fn upload(&self, bytes: &[u8], sha256: &str) -> u64 {
        assert_eq!(self.create(sha256, bytes.len() as u64).await.status(), 201);
        let sent = self.patch(sha256, 0, Body::from(bytes.to_vec())).await;
        assert_eq!(sent.status(), 204);
        sent.headers()[ROW_HEADER].to_str().unwrap().parse().unwrap()
    }
}
