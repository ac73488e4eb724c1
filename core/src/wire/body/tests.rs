use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use minicbor::bytes::{ByteArray, ByteVec};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::wire::{Exception, Grant, PROOF_BYTES, Position, Postponed, Reason, VERSION};

fn zip(cbor: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(cbor).unwrap();
    encoder.finish().unwrap()
}

fn position() -> Position {
    Position {
        pulled_to: 258,
        seen: 300,
        tag: ByteArray::from([0xab; 16]),
        from: Some(1),
        until: None,
    }
}

fn request() -> SyncRequest {
    SyncRequest {
        version: VERSION,
        position: Some(position()),
        changes: vec![DocChanges {
            doc: "order/x".to_owned(),
            changes: vec![ByteVec::from(vec![1, 2, 3])],
        }],
        blobs: vec![ByteVec::from(vec![9])],
        want: vec![ByteArray::from([7; 32])],
        sent_at: 1_763_866_800_000,
        page: 65_536,
    }
}

fn answer() -> SyncAnswer {
    SyncAnswer {
        received: 2,
        received_digest: ByteArray::from([0x11; 16]),
        exceptions: vec![
            Exception::Quarantined {
                hash: ByteArray::from([1; 32]),
                reason: Reason::Ancestor,
            },
            Exception::Parked {
                hash: ByteArray::from([2; 32]),
                needs: vec![ByteArray::from([3; 32])],
            },
            Exception::BlobRefused {
                sha256: ByteArray::from([4; 32]),
            },
            Exception::Unreadable {
                frame: ByteArray::from([5; 32]),
            },
            Exception::Postponed {
                hash: ByteArray::from([6; 32]),
                why: Postponed::Waiting,
            },
        ],
        rows: vec![(4, 2)],
        grants: vec![Grant {
            doc: "order/y".to_owned(),
            snapshot: ByteVec::from(vec![8, 8]),
        }],
        removals: vec!["order/z".to_owned()],
        changes: vec![],
        blobs: vec![ByteVec::from(vec![6])],
        position: Some(position()),
        more: true,
        scope_digest: Some(ByteArray::from([0x22; 16])),
        proofs: ByteVec::from(vec![0x33; PROOF_BYTES]),
        backed_up: Some(12),
        server_time: -1,
        mismatch: false,
        unavailable: vec![],
    }
}

fn enrol_request() -> EnrolRequest {
    EnrolRequest {
        code: "ABCD-1234".to_owned(),
        public_key: ByteArray::from([1; 32]),
        proof: ByteArray::from([2; 64]),
        name: "手机".to_owned(),
    }
}

fn enrol_answer() -> EnrolAnswer {
    EnrolAnswer {
        certificate: ByteVec::from(vec![1, 2]),
        token: "t".to_owned(),
        server_time: 5,
    }
}

/// The bytes inside the gzip can never change once phones are in the field.
fn golden<M: Message + PartialEq + std::fmt::Debug>(message: &M, cbor: &str) {
    assert_eq!(hex::encode(minicbor::to_vec(message).unwrap()), cbor);
    assert_eq!(&decode::<M>(&encode(message).unwrap()).unwrap(), message);
    assert_eq!(&decode::<M>(&zip(&hex::decode(cbor).unwrap())).unwrap(), message);
}

#[test]
fn golden_bytes_of_a_request() {
    golden(
        &request(),
        "a7000101a4001901020119012c0250abababababababababababababababab03010281a200676f726465722f7801814301020303814109048158200707070707070707070707070707070707070707070707070707070707070707051b0000019aaea76f80061a00010000",
    );
    golden(&SyncRequest::default(), "a6000002800380048005000600");
}

#[test]
fn golden_bytes_of_an_answer() {
    golden(
        &answer(),
        "b0000201501111111111111111111111111111111102858300582001010101010101010101010101010101010101010101010101010101010101010583015820020202020202020202020202020202020202020202020202020202020202020281582003030303030303030303030303030303030303030303030303030303030303038202582004040404040404040404040404040404040404040404040404040404040404048203582005050505050505050505050505050505050505050505050505050505050505058304582006060606060606060606060606060606060606060606060606060606060606060103818204020481a200676f726465722f79014208080581676f726465722f7a06800781410608a4001901020119012c0250abababababababababababababababab030109f50a50222222222222222222222222222222220b4a333333333333333333330c0c0d200ef40f80",
    );
}

#[test]
fn golden_bytes_of_enrolment_and_problem() {
    golden(
        &enrol_request(),
        "a40069414243442d313233340158200101010101010101010101010101010101010101010101010101010101010101025840020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020366e6898be69cba",
    );
    golden(&enrol_answer(), "a3004201020161740205");
    golden(
        &Problem {
            code: "revoked".to_owned(),
        },
        "a100677265766f6b6564",
    );
}

/// A body as it stands on the wire today: readers of every later compressor must read it.
#[test]
fn golden_gzip_of_a_problem() {
    let body = hex::decode("1f8b08000000000002ff5bc8905e945a969f9d9a02008813f05f0a000000").unwrap();
    assert_eq!(decode::<Problem>(&body).unwrap().code, "revoked");
}

/// Thirty documents' proofs behind ten changes: what does not compress has a block of its own, and any reader of gzip
/// puts both together.
#[test]
fn what_does_not_compress_does_not_spoil_what_does() {
    let noise = |seed: u8, length: usize| -> Vec<u8> {
        let blocks = (0_u8..).map(|block| Sha256::digest([seed, block]));
        blocks.flatten().take(length).collect()
    };
    let mut message = answer();
    message.changes = (0..10)
        .map(|place| DocChanges {
            doc: format!("order/{}", hex::encode(noise(place, 16))),
            changes: vec![ByteVec::from(
                format!(
                    "{{\"at\":\"2026-11-23T12:21:0{place}+08:00\",\"window_from\":\"2026-11-24T1{place}:00:00+08:00\",\"saw\":[\"{}\"]}}",
                    hex::encode(noise(place, 24))
                )
                .into_bytes(),
            )],
        })
        .collect();
    message.proofs = ByteVec::from(noise(99, 30 * PROOF_BYTES));
    let body = encode(&message).unwrap();
    assert_eq!(decode::<SyncAnswer>(&body).unwrap(), message);
    let in_one = zip(&minicbor::to_vec(&message).unwrap());
    assert!(
        body.len() + 20 < in_one.len(),
        "{} against {}",
        body.len(),
        in_one.len()
    );
}

#[test]
fn a_problem_is_read_compressed_or_not() {
    let problem = Problem {
        code: "revoked".to_owned(),
    };
    assert_eq!(decode_problem(&encode(&problem).unwrap()), Ok(problem.clone()));
    assert_eq!(decode_problem(&minicbor::to_vec(&problem).unwrap()), Ok(problem));
    assert_eq!(decode_problem(b"<html>"), Err(BodyError::Form));
}

#[test]
fn keys_that_this_version_does_not_know_are_skipped() {
    // {0: "revoked", 7: [1, {2: "x"}], 24: h'00'}
    let mut cbor = vec![0xa3, 0x00, 0x67];
    cbor.extend(b"revoked");
    cbor.extend([0x07, 0x82, 0x01, 0xa1, 0x02, 0x61, b'x', 0x18, 0x18, 0x41, 0x00]);
    assert_eq!(decode::<Problem>(&zip(&cbor)).unwrap().code, "revoked");
    // A whole request with one more key.
    let mut newer = minicbor::to_vec(request()).unwrap();
    newer[0] += 1;
    newer.extend([0x18, 0x63, 0x82, 0x01, 0x60]);
    assert_eq!(decode::<SyncRequest>(&zip(&newer)).unwrap(), request());
}

#[test]
fn trailing_and_missing_bytes_are_refused() {
    let whole = encode(&request()).unwrap();
    for cut in 0..whole.len() {
        assert!(decode::<SyncRequest>(&whole[..cut]).is_err(), "cut at {cut}");
    }
    let mut trailing = whole.clone();
    trailing.push(0);
    assert_eq!(decode::<SyncRequest>(&trailing), Err(BodyError::Gzip));
    let mut two_members = whole.clone();
    two_members.extend(&whole);
    assert_eq!(decode::<SyncRequest>(&two_members), Err(BodyError::Gzip));
    let mut cbor = minicbor::to_vec(request()).unwrap();
    cbor.push(0xf6);
    assert_eq!(decode::<SyncRequest>(&zip(&cbor)), Err(BodyError::Form));
    let mut damaged = whole;
    let last = damaged.len() - 6;
    damaged[last] ^= 1;
    assert_eq!(decode::<SyncRequest>(&damaged), Err(BodyError::Gzip));
    assert_eq!(decode::<SyncRequest>(b"plain"), Err(BodyError::Gzip));
}

#[test]
fn bombs_are_refused_at_the_limit() {
    // Zeros inflate a thousandfold.
    let bomb = zip(&vec![0_u8; INFLATED_REQUEST_MAX + 1]);
    assert!(bomb.len() < BODY_MAX);
    assert_eq!(decode::<SyncRequest>(&bomb), Err(BodyError::InflatedTooLarge));
    assert_eq!(
        decode::<SyncRequest>(&vec![0_u8; BODY_MAX + 1]),
        Err(BodyError::TooLarge)
    );
    // 2 MiB of «empty blob»: would become 24 bytes each.
    let mut many = vec![0xa1, 0x03, 0x9a, 0x00, 0x10, 0x00, 0x00];
    many.extend(vec![0x40; 0x10_0000]);
    assert_eq!(
        decode::<SyncRequest>(&zip(&many)),
        Err(BodyError::InflatedTooLarge)
    );
    // A claimed length of 2^63 elements, bytes, pairs.
    for head in [0x9b_u8, 0x5b, 0x7b, 0xbb] {
        let mut claim = vec![0xa1, 0x02, head];
        claim.extend((1_u64 << 63).to_be_bytes());
        assert_eq!(decode::<SyncRequest>(&zip(&claim)), Err(BodyError::Form));
    }
    // Depth, in a key that would be skipped.
    let mut deep = vec![0xa1, 0x18, 0x63];
    deep.extend(vec![0x81; 100_000]);
    deep.push(0x00);
    assert_eq!(decode::<SyncRequest>(&zip(&deep)), Err(BodyError::TooDeep));
    // Indefinite lengths and tags are not part of the protocol.
    assert_eq!(decode::<SyncRequest>(&zip(&[0xbf, 0xff])), Err(BodyError::Form));
    assert_eq!(decode::<SyncRequest>(&zip(&[0xc0, 0xa0])), Err(BodyError::Form));
}

#[test]
fn too_many_changes_or_blobs_are_refused_on_both_sides() {
    let mut many = request();
    many.changes[0].changes = vec![ByteVec::from(vec![1]); REQUEST_CHANGES_MAX + 1];
    assert_eq!(encode(&many), Err(BodyError::TooMany));
    let body = zip(&minicbor::to_vec(&many).unwrap());
    assert_eq!(decode::<SyncRequest>(&body), Err(BodyError::TooMany));
    let mut wants = request();
    wants.want = vec![ByteArray::from([0; 32]); REQUEST_BLOBS_MAX + 1];
    assert_eq!(encode(&wants), Err(BodyError::TooMany));
}

#[test]
fn random_bytes_never_panic() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let base = minicbor::to_vec(answer()).unwrap();
    for _ in 0..20_000 {
        let mut cbor = base.clone();
        for _ in 0..3 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = usize::try_from(state >> 33).unwrap() % cbor.len();
            cbor[at] = (state >> 24) as u8;
        }
        // The shape check first, the typed decoder behind it; neither may panic, whatever they say.
        if check_shape(&cbor, 1000).is_ok() {
            let _ = Decoder::new(&cbor).decode::<SyncAnswer>();
        }
    }
}
