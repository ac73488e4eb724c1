use std::io;
use std::sync::atomic::Ordering;

use axum::body::{Body, Bytes};
use axum::http::{Request, Response};
use fieldseal_core::domain::ids::UserId;
use fieldseal_core::wire::blob_path;
use fieldseal_core::wire::body::decode_problem;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::blobs::Standing;
use crate::http::testing::{Bench, LI, Sender, body_of, photo};

/// An engineer whom no assignment names.
const OTHER: UserId = UserId(uuid::Uuid::from_u128(7));

fn value(response: &Response<Body>, name: &str) -> Option<u64> {
    Some(response.headers().get(name)?.to_str().unwrap().parse().unwrap())
}

fn offset_of(response: &Response<Body>) -> Option<u64> {
    value(response, UPLOAD_OFFSET_HEADER)
}

fn row_of(response: &Response<Body>) -> Option<u64> {
    value(response, ROW_HEADER)
}

async fn code_of(response: Response<Body>) -> (u16, String) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()[TUS_RESUMABLE_HEADER], TUS);
    (status, decode_problem(&body_of(response).await).unwrap().code)
}

/// A body that breaks off.
fn broken(bytes: &[u8]) -> Body {
    let chunks: Vec<Result<Bytes, io::Error>> = bytes
        .chunks(1_000)
        .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
        .chain([Err(io::ErrorKind::ConnectionReset.into())])
        .collect();
    Body::from_stream(tokio_stream::iter(chunks))
}

#[tokio::test]
async fn options_tell_what_the_server_can_do_to_anybody() {
    let bench = Bench::new();
    let request = Request::options(blob_path(&[1; 32])).body(Body::empty()).unwrap();
    let response = bench.send(request).await;
    assert_eq!(response.status(), 204);
    assert_eq!(response.headers()[TUS_VERSION_HEADER], TUS);
    assert_eq!(response.headers()[TUS_EXTENSION_HEADER], TUS_EXTENSIONS);
    assert_eq!(
        value(&response, TUS_MAX_SIZE_HEADER),
        Some(fieldseal_core::wire::LARGE_BLOB_MAX)
    );
}

#[tokio::test]
async fn what_is_no_tus_of_an_enrolled_device_is_refused_before_anything_else() {
    let bench = Bench::new();
    let sender = Sender::enrol(&bench, 1, LI);
    let path = blob_path(&[1; 32]);
    let bare = Request::head(&path).body(Body::empty()).unwrap();
    let refused = bench.send(bare).await;
    assert_eq!(refused.status(), 412);
    assert_eq!(refused.headers()[TUS_VERSION_HEADER], TUS);
    let stranger = Request::post(&path)
        .header(TUS_RESUMABLE_HEADER, TUS)
        .body(Body::empty())
        .unwrap();
    assert_eq!(
        code_of(bench.send(stranger).await).await,
        (401, "wrong_token".into())
    );
    for name in ["..%2f..%2fproof.key", &"AB".repeat(32), &"ab".repeat(31)] {
        assert_eq!(sender.head(name).await.status(), 404, "{name}");
    }
    let hash = "ab".repeat(32);
    let unmarked = sender.ask("PATCH", &hash, &[(UPLOAD_OFFSET_HEADER, "0")], Body::empty());
    assert_eq!(unmarked.await.status(), 415);
    let lengthless = sender.ask("POST", &hash, &[], Body::empty()).await;
    assert_eq!(code_of(lengthless).await, (400, "malformed".into()));
}

#[tokio::test]
async fn b49_an_upload_cut_everywhere_goes_on_where_it_was_cut_and_gets_its_row() {
    let bench = Bench::new();
    let sender = Sender::enrol(&bench, 1, LI);
    let bytes = photo(1, 400_000);
    let sha256 = sender.name(&bytes).await;
    let created = sender.create(&sha256, 400_000).await;
    assert_eq!(created.status(), 201);
    assert_eq!(
        created.headers()["location"].to_str().unwrap(),
        format!("{BLOBS_PATH}{sha256}")
    );
    let mut offset = 0;
    while offset < 397_000 {
        let end = offset + 4_321;
        let cut = sender
            .patch(&sha256, offset as u64, broken(&bytes[offset..end]))
            .await;
        assert_eq!(code_of(cut).await.0, 503);
        let found = sender.head(&sha256).await;
        assert_eq!(found.status(), 200);
        assert_eq!(value(&found, UPLOAD_LENGTH_HEADER), Some(400_000));
        assert_eq!((offset_of(&found), row_of(&found)), (Some(end as u64), None));
        offset = end;
    }
    let (before, _) = bench.state.service.storage().read().unwrap().head().unwrap();
    let last = sender
        .patch(&sha256, offset as u64, Body::from(bytes[offset..].to_vec()))
        .await;
    assert_eq!((last.status().as_u16(), offset_of(&last)), (204, Some(400_000)));
    assert_eq!(row_of(&last), Some(before + 1));
    assert_eq!(bench.state.live.newest(), before + 1, "listeners are told");
    let rows = bench
        .state
        .service
        .storage()
        .read()
        .unwrap()
        .rows_after(before, 9)
        .unwrap();
    assert_eq!((rows.len(), rows[0].kind), (1, crate::storage::RowKind::Blob));
    assert_eq!(hex::encode(rows[0].hash), sha256);
    // Asked again, begun again, sent again: the same blob, the same row, nothing new.
    let found = sender.head(&sha256).await;
    assert_eq!(
        (offset_of(&found), row_of(&found)),
        (Some(400_000), Some(before + 1))
    );
    let again = sender.create(&sha256, 400_000).await;
    assert_eq!((again.status().as_u16(), row_of(&again)), (201, Some(before + 1)));
    let again = sender.patch(&sha256, 0, Body::from(bytes)).await;
    assert_eq!(offset_of(&again), Some(400_000));
    assert_eq!(code_of(again).await, (409, "wrong_offset".into()));
}

#[tokio::test]
async fn photos_come_after_the_changes_and_from_their_own_people() {
    let bench = Bench::new();
    let sender = Sender::enrol(&bench, 1, LI);
    let bytes = photo(2, 50_000);
    let sha256 = hex::encode(Sha256::digest(&bytes));
    assert_eq!(
        code_of(sender.create(&sha256, 50_000).await).await,
        (404, "not_named".into())
    );
    assert_eq!(sender.head(&sha256).await.status(), 404);
    sender.name(&bytes).await;
    // Another engineer knows the hash; that gives him nothing.
    let other = Sender::enrol(&bench, 2, OTHER);
    assert_eq!(
        code_of(other.create(&sha256, 50_000).await).await,
        (404, "not_named".into())
    );
    sender.send(&bytes).await;
    assert_eq!(other.head(&sha256).await.status(), 404);
    let got = other.ask("GET", &sha256, &[], Body::empty()).await;
    assert_eq!(code_of(got).await, (404, "not_found".into()));
}

#[tokio::test]
async fn nobody_puts_other_bytes_under_the_hash_of_somebody_elses_photo() {
    let bench = Bench::new();
    let (honest, liar) = (Sender::enrol(&bench, 1, LI), Sender::enrol(&bench, 2, OTHER));
    let bytes = photo(3, 30_000);
    let sha256 = honest.name(&bytes).await;
    liar.name(&bytes).await;
    assert_eq!(liar.create(&sha256, 30_000).await.status(), 201);
    assert_eq!(liar.patch(&sha256, 0, broken(&[0; 20_000])).await.status(), 503);
    assert_eq!(offset_of(&liar.head(&sha256).await), Some(20_000));
    assert_eq!(
        honest.head(&sha256).await.status(),
        404,
        "not begun by this device"
    );
    honest.send(&bytes).await;
    // His own goes on until its end and is thrown away then; the blob stays, and is not his.
    let found = liar.head(&sha256).await;
    assert_eq!((offset_of(&found), row_of(&found)), (Some(20_000), None));
    let end = liar.patch(&sha256, 20_000, Body::from(vec![0; 10_000])).await;
    assert_eq!(code_of(end).await, (460, "wrong_hash".into()));
    let get = async |who: &Sender<'_>| who.ask("GET", &sha256, &[], Body::empty()).await;
    assert_eq!(get(&liar).await.status(), 404);
    assert_eq!(body_of(get(&honest).await).await, bytes);
    // Whoever has the bytes himself may send them, and gets the same receipt.
    let row = row_of(&honest.head(&sha256).await);
    assert_eq!(Some(liar.upload(&bytes, &sha256).await), row);
    assert_eq!(body_of(get(&liar).await).await, bytes);
}

#[tokio::test]
async fn bytes_of_another_hash_are_thrown_away_and_may_be_sent_again() {
    let bench = Bench::new();
    let sender = Sender::enrol(&bench, 1, LI);
    let bytes = photo(4, 30_000);
    let sha256 = sender.name(&bytes).await;
    sender.create(&sha256, 30_000).await;
    let mut wrong = bytes.clone();
    wrong[29_999] ^= 1;
    let refused = sender.patch(&sha256, 0, Body::from(wrong)).await;
    assert_eq!(code_of(refused).await, (460, "wrong_hash".into()));
    assert_eq!(sender.head(&sha256).await.status(), 404, "nothing is kept");
    let parts = std::fs::read_dir(bench.folder().join("blobs/parts")).unwrap();
    assert_eq!(parts.count(), 0);
    sender.send(&bytes).await;
}

#[tokio::test]
async fn more_than_was_announced_and_the_wrong_place_are_refused() {
    let bench = Bench::new();
    let sender = Sender::enrol(&bench, 1, LI);
    let bytes = photo(5, 30_000);
    let sha256 = sender.name(&bytes).await;
    let max = fieldseal_core::wire::LARGE_BLOB_MAX;
    for length in [0, max + 1, u64::MAX] {
        assert_eq!(
            code_of(sender.create(&sha256, length).await).await,
            (413, "too_large".into())
        );
    }
    assert_eq!(sender.create(&sha256, 20_000).await.status(), 201);
    let long = sender.patch(&sha256, 0, Body::from(bytes.clone())).await;
    assert_eq!(code_of(long).await, (413, "too_large".into()));
    let streamed = sender.patch(&sha256, 0, broken(&bytes)).await;
    // All that was announced came, and it is not the blob.
    assert_eq!(code_of(streamed).await, (460, "wrong_hash".into()));
    assert_eq!(sender.create(&sha256, 20_000).await.status(), 201);
    sender.patch(&sha256, 0, broken(&bytes[..7_000])).await;
    let at = offset_of(&sender.head(&sha256).await).unwrap();
    let gap = sender.patch(&sha256, at + 1, Body::from("x")).await;
    assert_eq!(offset_of(&gap), Some(at));
    assert_eq!(code_of(gap).await, (409, "wrong_offset".into()));
    // Announced with the right length after all.
    assert_eq!(sender.create(&sha256, 30_000).await.status(), 201);
    assert_eq!(offset_of(&sender.head(&sha256).await), Some(0));
    sender.send(&bytes).await;
}

#[tokio::test]
async fn the_first_bytes_may_come_with_the_beginning() {
    let bench = Bench::new();
    let sender = Sender::enrol(&bench, 1, LI);
    let bytes = photo(6, 30_000);
    let sha256 = sender.name(&bytes).await;
    let headers = [
        (UPLOAD_LENGTH_HEADER, "30000"),
        ("content-type", OFFSET_CONTENT_TYPE),
    ];
    let begun = sender
        .ask("POST", &sha256, &headers, Body::from(bytes[..10_000].to_vec()))
        .await;
    assert_eq!((begun.status().as_u16(), offset_of(&begun)), (201, Some(10_000)));
    let other = photo(7, 20_000);
    let sha256 = sender.name(&other).await;
    let headers = [(UPLOAD_LENGTH_HEADER, "20000"), headers[1]];
    let whole = sender.ask("POST", &sha256, &headers, Body::from(other)).await;
    assert_eq!((whole.status().as_u16(), offset_of(&whole)), (201, Some(20_000)));
    assert!(row_of(&whole).is_some());
}

#[tokio::test]
async fn a_newer_connection_ends_the_older_one_and_keeps_what_it_brought() {
    let bench = Bench::new();
    let sender = Sender::enrol(&bench, 1, LI);
    let bytes = photo(8, 30_000);
    let sha256 = sender.name(&bytes).await;
    sender.create(&sha256, 30_000).await;
    // A line that is dead without anybody knowing: some bytes, then silence.
    let (chunks, body) = tokio::sync::mpsc::channel::<Result<Bytes, io::Error>>(1);
    let body = Body::from_stream(tokio_stream::wrappers::ReceiverStream::new(body));
    let stale = sender.patch(&sha256, 0, body);
    let newer = async {
        let first = Bytes::copy_from_slice(&bytes[..9_000]);
        chunks.send(Ok(first)).await.unwrap();
        // The second send fits only once the first chunk was taken.
        chunks.send(Ok(Bytes::new())).await.unwrap();
        chunks.send(Ok(Bytes::new())).await.unwrap();
        // Nobody waits for a slow upload: changes are committed while it runs.
        sender.name(&photo(9, 100)).await;
        offset_of(&sender.head(&sha256).await)
    };
    let (stale, at) = tokio::join!(stale, newer);
    assert_eq!(at, Some(9_000));
    assert_eq!(code_of(stale).await, (423, "upload_busy".into()));
}

#[tokio::test]
async fn a_devices_share_has_an_end_and_the_sweep_gives_it_back() {
    let limits = crate::blobs::UploadLimits {
        open: 50_000,
        day: 70_000,
        ..crate::blobs::UploadLimits::default()
    };
    let bench = Bench::with_limits(limits);
    let sender = Sender::enrol(&bench, 1, LI);
    let photos: Vec<Vec<u8>> = (10..14).map(|seed| photo(seed, 30_000)).collect();
    let mut hashes = Vec::new();
    for photo in &photos {
        hashes.push(sender.name(photo).await);
    }
    assert_eq!(sender.create(&hashes[0], 30_000).await.status(), 201);
    assert_eq!(sender.create(&hashes[0], 30_000).await.status(), 201, "once only");
    let second = sender.create(&hashes[1], 30_000).await;
    assert_eq!(code_of(second).await, (413, "over_quota".into()));
    sender.patch(&hashes[0], 0, Body::from(photos[0].clone())).await;
    assert_eq!(sender.create(&hashes[1], 30_000).await.status(), 201);
    sender.patch(&hashes[1], 0, broken(&photos[1][..5_000])).await;
    let third = sender.create(&hashes[2], 20_000).await;
    assert_eq!(
        code_of(third).await,
        (413, "over_quota".into()),
        "the day's share"
    );

    let day = 24 * 60 * 60 * 1_000;
    assert_eq!(bench.state.uploads.sweep().unwrap(), 0);
    bench.clock.fetch_add(31 * day, Ordering::Relaxed);
    assert_eq!(bench.state.uploads.sweep().unwrap(), 1);
    assert_eq!(sender.head(&hashes[1]).await.status(), 404);
    assert!(
        row_of(&sender.head(&hashes[0]).await).is_some(),
        "what is whole stays"
    );
    let parts = std::fs::read_dir(bench.folder().join("blobs/parts")).unwrap();
    assert_eq!(parts.count(), 0);
    assert_eq!(
        sender.create(&hashes[2], 30_000).await.status(),
        201,
        "another day"
    );
}

#[tokio::test]
async fn a_kill_around_the_naming_is_made_good() {
    let bench = Bench::new();
    let sender = Sender::enrol(&bench, 1, LI);
    let bytes = photo(20, 30_000);
    let sha256 = sender.name(&bytes).await;
    sender.create(&sha256, 30_000).await;
    sender.patch(&sha256, 0, broken(&bytes[..29_999])).await;
    // The rest reached the disk, the blob its name; then the power went.
    let part = Part {
        device: sender.row().id,
        sha256: hash_in(&sha256).unwrap(),
    };
    let store = bench.state.uploads.store();
    let mut writer = store.append(&part).unwrap();
    writer.append(&bytes[29_999..]).unwrap();
    writer.sync().unwrap();
    store.keep(&part).unwrap();
    let found = sender.head(&sha256).await;
    assert_eq!((offset_of(&found), row_of(&found)), (Some(0), None));
    sender.send(&bytes).await;
    // All bytes there, the hash never looked at.
    let other = photo(21, 30_000);
    let sha256 = sender.name(&other).await;
    sender.create(&sha256, 30_000).await;
    let part = Part {
        sha256: hash_in(&sha256).unwrap(),
        ..part
    };
    let mut writer = store.append(&part).unwrap();
    writer.append(&other).unwrap();
    drop(writer);
    let standing = bench.state.uploads.standing(&sender.row(), &part.sha256).unwrap();
    assert!(matches!(standing, Standing::Whole { length: 30_000, .. }));
}

#[tokio::test]
async fn who_was_revoked_meanwhile_gets_no_receipt() {
    let bench = Bench::new();
    let sender = Sender::enrol(&bench, 1, LI);
    let bytes = photo(22, 30_000);
    let sha256 = sender.name(&bytes).await;
    sender.create(&sha256, 30_000).await;
    let device = sender.row();
    let hash = hash_in(&sha256).unwrap();
    let mut appending = bench.state.uploads.append(&device, &hash, 0).unwrap();
    bench.state.enrolment.revoke(device.id, LI, "lost").unwrap();
    appending.append(&bytes).unwrap();
    assert!(matches!(
        bench.state.uploads.settle(appending),
        Err(UploadError::Revoked)
    ));
    assert_eq!(code_of(sender.create(&sha256, 30_000).await).await.0, 403);
}

#[tokio::test]
async fn a_blob_comes_down_whole_or_in_ranges_for_those_in_scope() {
    let bench = Bench::new();
    let sender = Sender::enrol(&bench, 1, LI);
    let bytes = photo(30, 200_000);
    sender.send(&bytes).await;
    let sha256 = hex::encode(Sha256::digest(&bytes));
    let get = async |headers: &[(&str, &str)]| sender.ask("GET", &sha256, headers, Body::empty()).await;
    let all = get(&[]).await;
    assert_eq!(all.status(), 200);
    assert_eq!(all.headers()["accept-ranges"], "bytes");
    assert_eq!(all.headers()["content-length"], "200000");
    let tag = all.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(body_of(all).await, bytes);
    let part = get(&[("range", "bytes=100000-100009")]).await;
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], "bytes 100000-100009/200000");
    assert_eq!(body_of(part).await, bytes[100_000..100_010]);
    let rest = get(&[("range", "bytes=70000-"), ("if-range", &tag)]).await;
    assert_eq!(
        (rest.status().as_u16(), body_of(rest).await),
        (206, bytes[70_000..].to_vec())
    );
    let other = get(&[("range", "bytes=70000-"), ("if-range", "\"x\"")]).await;
    assert_eq!(other.status(), 200);
    let behind = get(&[("range", "bytes=200000-")]).await;
    assert_eq!(behind.headers()["content-range"], "bytes */200000");
    assert_eq!(code_of(behind).await, (416, "bad_range".into()));
    let known = get(&[("if-none-match", &tag)]).await;
    assert_eq!(known.status(), 304);
}

#[test]
fn a_lost_or_changed_blob_is_found_by_check() {
    let bench = Bench::new();
    let (kept, changed, lost) = (photo(40, 30_000), photo(41, 30_000), photo(42, 30_000));
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let sender = Sender::enrol(&bench, 1, LI);
        for bytes in [&kept, &changed, &lost] {
            sender.send(bytes).await;
        }
    });
    let storage = bench.state.service.storage();
    let store = bench.state.uploads.store();
    let healthy = crate::check::check(storage.as_ref(), store.as_ref()).unwrap();
    assert_eq!((healthy.findings.len(), healthy.blobs), (0, 3));
    let path = |bytes: &[u8]| {
        let name = hex::encode(Sha256::digest(bytes));
        let folder = bench.folder().join("blobs").join(&name[..2]).join(&name[2..4]);
        (folder.join(&name), name)
    };
    std::fs::remove_file(path(&lost).0).unwrap();
    let mut other = changed.clone();
    other[7] ^= 1;
    std::fs::write(path(&changed).0, other).unwrap();
    let mut found = crate::check::check(storage.as_ref(), store.as_ref())
        .unwrap()
        .findings;
    found.sort_by_key(ToString::to_string);
    let mut expected = vec![
        crate::check::Finding::Blob {
            sha256: path(&changed).1,
            missing: false,
        },
        crate::check::Finding::Blob {
            sha256: path(&lost).1,
            missing: true,
        },
    ];
    expected.sort_by_key(ToString::to_string);
    assert_eq!(found, expected);
}
