//! S9: a photo's upload is cut at every 1 %, and the server is killed in the middle of one. Every time it goes on where
//! it was cut, and what arrives is what was sent (B49, I9).

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use fieldseal_core::wire::uploads::{BLOBS_PATH, OFFSET_CONTENT_TYPE, ROW_HEADER, TUS, UPLOAD_OFFSET_HEADER};
use fieldseal_server::{Config, Running, start};
use fieldseal_tests::uploader::{Uploader, photo};

use crate::http::{Answer, request};
use crate::process::ServerProcess;

fn serve(folder: &Path) -> Running {
    let config = Config::new(folder, "127.0.0.1:0".parse().unwrap());
    start(&config, fieldseal_server::system::system_env().unwrap()).unwrap()
}

/// An upload by hand.
struct Upload<'u> {
    addr: SocketAddr,
    token: &'u str,
    sha256: &'u str,
}

impl Upload<'_> {
    fn head_of(&self, method: &str, headers: &str) -> String {
        format!(
            "{method} {BLOBS_PATH}{} HTTP/1.1\r\nauthorization: Bearer {}\r\ntus-resumable: {TUS}{headers}",
            self.sha256, self.token
        )
    }

    fn patch(offset: usize, length: usize) -> String {
        format!(
            "\r\ncontent-type: {OFFSET_CONTENT_TYPE}\r\nupload-offset: {offset}\r\ncontent-length: {length}"
        )
    }

    fn begin(&self, length: usize) {
        let created = request(
            self.addr,
            &self.head_of(
                "POST",
                &format!("\r\nupload-length: {length}\r\ncontent-length: 0"),
            ),
            b"",
        );
        assert_eq!(created.status, 201);
    }

    fn offset(&self) -> usize {
        // A very busy disk may need longer than the server makes one wait for the connection before.
        for _ in 0..10 {
            let found = request(self.addr, &self.head_of("HEAD", ""), b"");
            if found.status != 423 {
                assert_eq!(found.status, 200);
                return number(&found, UPLOAD_OFFSET_HEADER).unwrap();
            }
        }
        panic!("the connection before does not end")
    }

    /// Announces everything from `offset` on, sends `bytes` of it, and is gone.
    fn broken(&self, offset: usize, announced: usize, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect_timeout(&self.addr, Duration::from_secs(5)).unwrap();
        let head = self.head_of("PATCH", &Self::patch(offset, announced));
        let head = format!("{head}\r\nhost: {}\r\n\r\n", self.addr);
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(bytes).unwrap();
        stream
    }

    fn rest(&self, offset: usize, bytes: &[u8]) -> Answer {
        let head = self.head_of("PATCH", &Self::patch(offset, bytes.len()));
        request(self.addr, &head, bytes)
    }

    fn get(&self) -> Answer {
        request(self.addr, &self.head_of("GET", ""), b"")
    }
}

fn number(answer: &Answer, name: &str) -> Option<usize> {
    answer.header(name)?.parse().ok()
}

#[test]
fn s9_twelve_photos_cut_in_every_chunk_arrive_whole_and_one_at_every_percent() {
    let folder = tempfile::tempdir().unwrap();
    let running = serve(folder.path());
    let uploader = Uploader::enrol(&running);
    let photos: Vec<Vec<u8>> = (0..12).map(|seed| photo(seed, 60_000)).collect();
    let hashes = uploader.name(&running, &photos);
    let mut rows = Vec::new();
    for (place, (bytes, sha256)) in photos.iter().zip(&hashes).enumerate() {
        let upload = Upload {
            addr: running.addr,
            token: &uploader.token,
            sha256,
        };
        let parts = if place == 0 { 100 } else { 8 };
        let (step, mut at, mut cuts) = (bytes.len() / parts, 0, 0);
        upload.begin(bytes.len());
        while at + step < bytes.len() {
            let cut = upload.broken(at, bytes.len() - at, &bytes[at..at + step]);
            // Closed without a word; every third time the server learns of it only from the next question.
            let held = (cuts % 3 == 2).then_some(cut);
            let now = upload.offset();
            drop(held);
            assert!(now >= at && now <= at + step, "{now} after {at}");
            at = now;
            cuts += 1;
            assert!(cuts < 10_000, "it does not move");
        }
        assert!(cuts >= parts - 1);
        let last = upload.rest(at, &bytes[at..]);
        assert_eq!(last.status, 204);
        rows.push(number(&last, ROW_HEADER).unwrap());
        assert_eq!(upload.get().body, *bytes);
    }
    rows.dedup();
    assert_eq!(rows.len(), 12, "each has a row of its own");
    running.stop();
}

#[test]
fn s9_a_server_killed_in_the_middle_of_an_upload_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let running = serve(folder.path());
    let uploader = Uploader::enrol(&running);
    let bytes = photo(7, 1_000_000);
    let hashes = uploader.name(&running, std::slice::from_ref(&bytes));
    running.stop();

    let server = ServerProcess::start(folder.path(), "127.0.0.1:0");
    let mut upload = Upload {
        addr: server.addr,
        token: &uploader.token,
        sha256: &hashes[0],
    };
    upload.begin(bytes.len());
    let mut line = upload.broken(0, bytes.len(), &bytes[..700_000]);
    // Some of it has to be in the file before the power goes.
    let limit = Instant::now() + Duration::from_secs(30);
    while parts(folder.path()) == 0 {
        assert!(Instant::now() < limit, "nothing reached the part");
        std::thread::sleep(Duration::from_millis(10));
    }
    server.kill();
    let mut said = Vec::new();
    let _cut = line.read_to_end(&mut said);
    assert_eq!(said, b"", "nothing was acknowledged");

    let server = ServerProcess::start(folder.path(), "127.0.0.1:0");
    upload.addr = server.addr;
    let at = upload.offset();
    assert!(at > 0 && at <= 700_000, "{at}");
    let last = upload.rest(at, &bytes[at..]);
    assert_eq!(last.status, 204, "the hash fits, so every kept byte was right");
    let row = number(&last, ROW_HEADER);
    assert!(row.is_some());
    server.kill();

    let server = ServerProcess::start(folder.path(), "127.0.0.1:0");
    upload.addr = server.addr;
    let found = request(upload.addr, &upload.head_of("HEAD", ""), b"");
    assert_eq!(
        (number(&found, UPLOAD_OFFSET_HEADER), number(&found, ROW_HEADER)),
        (Some(bytes.len()), row),
        "a receipt outlives the server"
    );
    assert_eq!(upload.get().body, bytes);
    assert_eq!(parts(folder.path()), 0);
    server.kill();
}

/// Bytes in the folder of parts.
fn parts(folder: &Path) -> u64 {
    let parts = std::fs::read_dir(folder.join("blobs/parts")).unwrap();
    parts
        .map(|part| part.and_then(|part| part.metadata()).map_or(0, |meta| meta.len()))
        .sum()
}
