//! What the gate costs a change (design 5: at most 10 µs, structural half and ancestors, store in memory).

use std::hint::black_box;
use std::time::Instant;

use fieldseal_core::documents::{ActorId, Author, Document, MemoryAncestry, Verdict, gate, read_change};

use crate::fuzz::base::{TAG, doc, engineer, envelope};
use crate::fuzz::rng::Rng;

/// Limit of [`ns_per_change`] in a release build, ns.
pub const LIMIT_NS: u64 = 10_000;

/// Reads and gates every change of an honest history of `changes` changes of 300 to 340 bytes, upon the ancestors
/// that are accepted already; gives the best of `rounds` rounds in ns a change.
pub fn ns_per_change(changes: usize, rounds: usize) -> u64 {
    let mut rng = Rng(1);
    let mut document = Document::new();
    let actors = [ActorId::new([1; 8], TAG), ActorId::new([2; 8], TAG)];
    let written: Vec<Vec<u8>> = (0..changes)
        .map(|index| {
            let text = envelope(u64::try_from(index).unwrap() + 1, "更换 2 号部件，测试正常");
            document
                .append(&actors[index % 2], rng.action_id(), &text)
                .unwrap()
                .bytes
        })
        .collect();
    let doc = doc();
    let author = Author {
        tag_ok: &|tag| *tag == TAG,
        person: Some(engineer()),
    };
    let mut best = u64::MAX;
    for _ in 0..rounds {
        let mut ancestry = MemoryAncestry::default();
        let mut spent = 0;
        for bytes in &written {
            let start = Instant::now();
            let read = read_change(black_box(bytes)).unwrap();
            let verdict = gate(&read, &doc, &author, &ancestry).unwrap();
            spent += start.elapsed().as_nanos();
            assert_eq!(verdict, Verdict::Accept);
            ancestry.keep(&read);
        }
        let per_change = u64::try_from(spent).unwrap() / u64::try_from(changes.max(1)).unwrap();
        best = best.min(per_change);
    }
    best
}
