//! The gate fuzzer (design 9): what passes the gate applies, saves, reloads, and is equal.
#![allow(clippy::print_stdout, reason = "the counts are the result")]

use fieldseal_tests::fuzz::run;

/// Chains in an ordinary test run.
const CHAINS: u64 = 20_000;

fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// `FIELDSEAL_FUZZ_CHAINS` sets the length, `FIELDSEAL_FUZZ_SEED` the first seed.
#[test]
fn i01_what_passes_the_gate_applies_saves_reloads_and_is_equal() {
    let chains = from_env("FIELDSEAL_FUZZ_CHAINS").unwrap_or(CHAINS);
    let seed = from_env("FIELDSEAL_FUZZ_SEED").unwrap_or(1);
    let counts = run(seed, chains, |so_far| println!("{so_far}"));
    println!("{counts}");
    assert_eq!(counts.findings, [0; 5], "\n{counts}");
    // The fuzzer reaches: most rules refuse something, and enough passes to mean something.
    if chains >= CHAINS {
        assert!(counts.passed * 6 > counts.tried, "\n{counts}");
        assert!(counts.documents * 4 > counts.chains, "\n{counts}");
        assert!(counts.refused.len() >= 31, "\n{counts}");
    }
}

/// Held to its limit of 10 µs only in a release build; here it has to run, and a debug build some 30 times slower
/// still tells a gate that became quadratic.
#[test]
fn the_gate_costs_microseconds_a_change() {
    use fieldseal_tests::bench::gate::{LIMIT_NS, ns_per_change};
    let ns = ns_per_change(500, 3);
    println!("gate: {ns} ns a change");
    let slower = if cfg!(debug_assertions) { 60 } else { 1 };
    assert!(ns <= LIMIT_NS * slower, "{ns} ns");
}
