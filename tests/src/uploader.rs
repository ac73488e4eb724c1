//! A device that uploads photos and is not our app: enrolled with its own key, it writes facts that name photos.

use ed25519_dalek::{Signer as _, SigningKey};
use fieldseal_core::documents::actor::device_tag;
use fieldseal_core::documents::{ActorId, Document};
use fieldseal_core::domain::ids::{ActionId, OrderId, UserId};
use fieldseal_core::domain::roles::Role;
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::facts::{Action, ClockEvidence, DocName, RawFact};
use fieldseal_core::wire::{DocChanges, EnrolRequest, SyncRequest, VERSION};
use fieldseal_server::Running;
use fieldseal_server::office::{NewUser, Person};
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// A device with its token.
pub struct Uploader {
    /// The bearer token.
    pub token: String,
    user: UserId,
    tag: [u8; 8],
}

/// A photo's worth of bytes, by a seed.
pub fn photo(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    })
    .take(length)
    .collect()
}

impl Uploader {
    /// Hires an engineer on a running server and enrols a device for him.
    pub fn enrol(running: &Running) -> Self {
        let env = &running.state.env;
        let admin = Person {
            user: UserId(env.uuid_v7()),
            name: "admin".to_owned(),
            roles: vec![Role::Admin],
            active: true,
        };
        let user = UserId(env.uuid_v7());
        let new = NewUser {
            login: "engineer".to_owned(),
            name: "张工".to_owned(),
            roles: vec![Role::Engineer],
            language: Lang::ZhCn,
        };
        running.office.create_user(&admin, user, &new).unwrap();
        let (code, _) = running.state.enrolment.new_code(user, admin.user).unwrap();
        let code = code.expose();
        let key = SigningKey::from_bytes(&env.random());
        let public = key.verifying_key().to_bytes();
        let proof = [b"fieldseal-enrol-v1".as_slice(), code.as_bytes(), &public].concat();
        let request = EnrolRequest {
            code,
            public_key: public.into(),
            proof: key.sign(&proof).to_bytes().into(),
            name: "uploader".to_owned(),
        };
        let answer = running.state.enrolment.enrol(&request).unwrap();
        Self {
            token: answer.token,
            user,
            tag: device_tag(&public),
        }
    }

    /// Writes a visit with one `photo` fact for each of the photos; their hashes.
    pub fn name(&self, running: &Running, photos: &[Vec<u8>]) -> Vec<String> {
        let env = &running.state.env;
        let hashes: Vec<String> = photos
            .iter()
            .map(|bytes| hex::encode(Sha256::digest(bytes)))
            .collect();
        let facts = photos.iter().zip(&hashes).map(|(bytes, sha256)| RawFact {
            kind: "photo".to_owned(),
            payload: json!({
                "blob": sha256, "size": bytes.len(), "width": 1600, "height": 1200, "what": "site"
            }),
        });
        let action = Action {
            at: running.office.now().to_string(),
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
            facts: facts.collect(),
        };
        let visit = DocName::Visit(OrderId(env.uuid_v7()), self.user);
        let actor = ActorId::new(env.random(), self.tag);
        let key = ActionId(env.uuid_v7());
        let change = Document::new()
            .append(&actor, key, &action.to_text().unwrap())
            .unwrap();
        let device = running.state.enrolment.authorise(&self.token).unwrap();
        let request = SyncRequest {
            version: VERSION,
            page: 10_000,
            changes: vec![DocChanges {
                doc: visit.to_string(),
                changes: vec![change.bytes.into()],
            }],
            ..SyncRequest::default()
        };
        let answer = running.state.service.sync(&device, &request).unwrap();
        assert_eq!(answer.exceptions, []);
        hashes
    }
}
