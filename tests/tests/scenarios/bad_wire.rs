//! Bad input at the door: codes, tokens, bodies. Each gets its code with a text in both languages, and nothing moves.

use std::io::Write as _;

use fieldseal_core::device::EngineError;
use fieldseal_core::wire::body::encode;
use fieldseal_core::wire::{BODY_MAX, CONTENT_TYPE, SYNC_PATH, SyncRequest, VERSION};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::company::{MINUTE, World, said};
use crate::device::{Device, enrolment, request};
use crate::http::post_wire;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn enrolment_codes_that_are_unknown_expired_or_used() {
    let world = World::new();
    let [engineer, other] = world.company.engineers;
    let phone = world.bare_phone();
    let before = world.head();
    let refused = |code: &str, wanted: &str| {
        let error = phone.engine.enrol(&phone.url(), code, "手机").unwrap_err();
        assert!(
            matches!(&error, EngineError::Rejected { code } if code == wanted),
            "{error:?}"
        );
        said(&error, &[]);
        assert!(phone.engine.status().unwrap().enrolment.is_none());
    };
    refused("0000-0000-0000-0000", "wire.unknown_code");
    let late = world.code(engineer);
    world.clock.forward(10 * MINUTE + 1_000);
    refused(&late, "wire.expired_code");
    assert_eq!(world.head(), before);

    let used = world.code(other);
    let (first, _) = enrolment(9, &used);
    assert_eq!(
        post_wire(world.addr, "/v1/enrol", None, &encode(&first).unwrap()).status,
        200
    );
    let before = world.head();
    refused(&used, "wire.used_code");
    let (mut forged, _) = enrolment(10, &world.code(engineer));
    forged.proof[0] ^= 1;
    let answer = post_wire(world.addr, "/v1/enrol", None, &encode(&forged).unwrap());
    assert_eq!(answer.problem(), (400, "bad_proof".to_owned()));
    assert_eq!(world.head(), before);
    // The same phone with a good code: nothing of it was spoilt.
    phone
        .engine
        .enrol(&phone.url(), &world.code(engineer), "手机")
        .unwrap();
    phone.sync();
}

#[test]
fn tokens_that_are_wrong_or_revoked() {
    let world = World::new();
    let engineer = world.company.engineers[0];
    let phone = world.phone(engineer);
    let order = world.job(&[engineer]);
    phone.sync();
    let body = encode(&request()).unwrap();
    let before = world.head();
    for token in [None, Some(""), Some("nonsense")] {
        let answer = post_wire(world.addr, SYNC_PATH, token, &body);
        assert_eq!(answer.problem(), (401, "wrong_token".to_owned()));
    }
    assert_eq!(world.head(), before);
    // Revoked with work that was never sent.
    let acks = phone.perform(order, &[fieldseal_tests::hands::Deed::Accept]);
    let admin = &world.company.admin;
    let devices = world.office().devices(admin).unwrap();
    world
        .office()
        .revoke_device(admin, devices[0].device.id, "丢失")
        .unwrap();
    let before = world.head();
    let error = phone.engine.sync_once().unwrap_err();
    assert!(matches!(&error, EngineError::Revoked), "{error:?}");
    said(&error, &[]);
    assert_eq!(world.head(), before);
    let status = phone.engine.status().unwrap();
    assert!(status.unsent > 0 && status.enrolment.unwrap().revoked);
    let kept = phone.order(order).order;
    assert_eq!(
        crate::company::absent(&acks, &kept),
        Vec::<String>::new(),
        "the work stays on the phone"
    );
}

#[test]
fn bodies_that_are_malformed_truncated_oversized_or_bombs() {
    let world = World::new();
    let device = Device::enrol(&world, world.company.engineers[0], 3);
    let before = world.head();
    let post = |body: &[u8]| post_wire(world.addr, SYNC_PATH, Some(&device.token), body).problem();
    let malformed = || (400, "malformed".to_owned());
    let too_large = || (413, "too_large".to_owned());
    let whole = encode(&request()).unwrap();
    for length in 0..whole.len() {
        assert_eq!(post(&whole[..length]), malformed(), "cut to {length}");
    }
    assert_eq!(
        post(&[whole.clone(), vec![0]].concat()),
        malformed(),
        "a byte too many"
    );
    assert_eq!(post(b"nonsense"), malformed());
    let plain = minicbor::to_vec(request()).unwrap();
    assert_eq!(post(&plain), malformed(), "not compressed");
    assert_eq!(post(&gzip(&[plain.clone(), vec![0]].concat())), malformed());
    assert_eq!(
        post(&gzip(&[vec![0x81; 5_000], vec![0]].concat())),
        malformed(),
        "nested too deep"
    );
    assert_eq!(
        post(&gzip(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])),
        malformed()
    );
    assert_eq!(post(&gzip(&[0xbf, 0xff])), malformed(), "indefinite length");
    assert_eq!(post(&vec![0x1f; BODY_MAX + 1]), too_large());
    let bomb = gzip(&vec![0; 64 * 1024 * 1024]);
    assert!(bomb.len() < BODY_MAX);
    assert_eq!(post(&bomb), too_large());
    let many = SyncRequest {
        want: vec![minicbor::bytes::ByteArray::from([0; 32]); 300],
        ..request()
    };
    assert_eq!(post(&gzip(&minicbor::to_vec(&many).unwrap())), too_large());
    let newer = SyncRequest {
        version: VERSION + 1,
        ..request()
    };
    assert_eq!(
        post(&encode(&newer).unwrap()),
        (426, "unsupported_version".to_owned())
    );
    // A length that is claimed is refused before it is read.
    let head = format!(
        "POST {SYNC_PATH} HTTP/1.1\r\ncontent-type: {CONTENT_TYPE}\r\nauthorization: Bearer {}\r\ncontent-length: {}",
        device.token,
        u64::from(u32::MAX)
    );
    assert_eq!(
        crate::http::request(world.addr, &head, b"").problem(),
        too_large()
    );
    assert_eq!(world.head(), before, "nothing was accepted");
    let answer = post_wire(world.addr, SYNC_PATH, Some(&device.token), &whole);
    assert_eq!(answer.status, 200, "the honest request still goes through");
}
