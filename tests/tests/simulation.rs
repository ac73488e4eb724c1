//! N phones, one server, a network that loses, repeats, reorders, cuts and damages (I1, I2, I14, I16).
//!
//! `FIELDSEAL_SIM_SEEDS=2000 cargo test -p fieldseal-tests --test simulation` runs more histories,
//! `FIELDSEAL_SIM_SEED=17 cargo test -p fieldseal-tests --test simulation` replays one. After a failure no further
//! history is begun.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that says which seed failed and how to replay it"
)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use fieldseal_tests::sim;

/// Histories without being asked for more: a minute at most in an unoptimised build.
const SEEDS: u64 = 120;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

#[test]
fn i01_i02_i14_i16_phones_and_server_agree_whatever_the_network_does() {
    if let Some(seed) = number("FIELDSEAL_SIM_SEED") {
        match sim::run(seed) {
            Ok(totals) => println!("seed {seed}: {totals:?}"),
            Err(what) => panic!("seed {seed}: {what}"),
        }
        return;
    }
    let seeds = number("FIELDSEAL_SIM_SEEDS").unwrap_or(SEEDS);
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let threads = std::thread::available_parallelism().map_or(2, usize::from).min(4);
    let (failed, totals) = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let (mut failed, mut totals) = (Vec::new(), Vec::new());
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= seeds || stop.load(Ordering::Relaxed) {
                            return (failed, totals);
                        }
                        match sim::run(seed) {
                            Ok(done) => totals.push(done),
                            Err(what) => {
                                stop.store(true, Ordering::Relaxed);
                                failed.push((seed, what));
                            }
                        }
                    }
                })
            })
            .collect();
        let mut all = (Vec::new(), Vec::new());
        for worker in workers {
            let (failed, totals) = worker.join().unwrap();
            all.0.extend(failed);
            all.1.extend(totals);
        }
        all
    });
    for (seed, what) in &failed {
        println!(
            "seed {seed}: {what}\n  replay: FIELDSEAL_SIM_SEED={seed} cargo test -p fieldseal-tests --test simulation"
        );
    }
    let sum = |count: fn(&sim::Totals) -> usize| totals.iter().map(count).sum::<usize>();
    println!(
        "{} histories: {} actions, {} requests served, {} answers, {} mishaps, {} replays, {} failed",
        seeds,
        sum(|totals| totals.written),
        sum(|totals| totals.served),
        sum(|totals| totals.answered),
        sum(|totals| totals.mishaps),
        sum(|totals| totals.replayed),
        failed.len()
    );
    assert!(
        failed.is_empty(),
        "{} of {seeds} histories failed, first: {:?}",
        failed.len(),
        failed.first()
    );
    // A simulation in which nothing happens proves nothing.
    assert!(sum(|totals| totals.mishaps) > 2 * totals.len());
    assert!(sum(|totals| totals.replayed) > totals.len() / 10);
    assert!(sum(|totals| totals.written) > 10 * totals.len());
}
