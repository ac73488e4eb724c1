//! A device that is not our app: it enrols with its own key and sends whatever a test writes.

use ed25519_dalek::{Signer as _, SigningKey};
use fieldseal_core::documents::actor::device_tag;
use fieldseal_core::documents::{ActorId, Document, ReadChange};
use fieldseal_core::domain::ids::{ActionId, UserId};
use fieldseal_core::facts::{Action, ClockEvidence, DocName, RawFact};
use fieldseal_core::wire::body::{decode, encode};
use fieldseal_core::wire::{
    DocChanges, EnrolAnswer, EnrolRequest, Exception, SYNC_PATH, SyncAnswer, SyncRequest, VERSION,
};
use minicbor::bytes::{ByteArray, ByteVec};
use serde_json::json;

use crate::company::World;
use crate::http::post_wire;

pub(crate) struct Device {
    pub(crate) user: UserId,
    pub(crate) token: String,
    pub(crate) tag: [u8; 8],
}

/// What a device with the key of `seed` asks for.
pub(crate) fn enrolment(seed: u8, code: &str) -> (EnrolRequest, [u8; 8]) {
    let key = SigningKey::from_bytes(&[seed; 32]);
    let public = key.verifying_key().to_bytes();
    let proof = [b"fieldseal-enrol-v1".as_slice(), code.as_bytes(), &public].concat();
    let request = EnrolRequest {
        code: code.to_owned(),
        public_key: ByteArray::from(public),
        proof: ByteArray::from(key.sign(&proof).to_bytes()),
        name: "foreign".to_owned(),
    };
    (request, device_tag(&public))
}

pub(crate) fn request() -> SyncRequest {
    SyncRequest {
        version: VERSION,
        page: 100_000,
        ..SyncRequest::default()
    }
}

impl Device {
    pub(crate) fn enrol(world: &World, user: UserId, seed: u8) -> Self {
        let (request, tag) = enrolment(seed, &world.code(user));
        let answer = post_wire(world.addr, "/v1/enrol", None, &encode(&request).unwrap());
        assert_eq!(answer.status, 200);
        let answer: EnrolAnswer = decode(&answer.body).unwrap();
        Self {
            user,
            token: answer.token,
            tag,
        }
    }

    /// Sends changes of one document: what the server says against them.
    pub(crate) fn send(&self, world: &World, doc: &DocName, changes: &[&[u8]]) -> Vec<Exception> {
        let request = SyncRequest {
            changes: vec![DocChanges {
                doc: doc.to_string(),
                changes: changes
                    .iter()
                    .map(|bytes| ByteVec::from(bytes.to_vec()))
                    .collect(),
            }],
            ..request()
        };
        let body = encode(&request).unwrap();
        let answer = post_wire(world.addr, SYNC_PATH, Some(&self.token), &body);
        assert_eq!(answer.status, 200);
        let answer: SyncAnswer = decode(&answer.body).unwrap();
        answer.exceptions
    }

    pub(crate) fn actor(&self, session: u8) -> ActorId {
        ActorId::new([session; 8], self.tag)
    }

    /// An envelope with one progress note.
    pub(crate) fn envelope(&self, world: &World, n: u64, note: &str) -> String {
        let action = Action {
            at: world.office().now().to_string(),
            clk: ClockEvidence {
                off: None,
                err: None,
                boot: 1,
                mono: 1,
            },
            by: self.user,
            n,
            saw: Vec::new(),
            docs: Vec::new(),
            min: None,
            facts: vec![RawFact {
                kind: "progress".to_owned(),
                payload: json!({ "text": note }),
            }],
        };
        action.to_text().unwrap()
    }

    /// An honest change on a document of this device.
    pub(crate) fn write(&self, world: &World, on: &mut Document, session: u8, n: u64) -> ReadChange {
        let key = ActionId(world.env.uuid_v7());
        let text = self.envelope(world, n, "到达现场");
        on.append(&self.actor(session), key, &text).unwrap()
    }
}
