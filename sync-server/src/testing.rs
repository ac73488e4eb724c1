//! What the unit tests share: a seeded environment.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use fieldseal_core::env::{Clock, ClockReading, Entropy, Env};

/// A clock that stands at a fixed time and moves by a millisecond at each reading.
pub(crate) struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn read(&self) -> ClockReading {
        let wall_ms = self.0.fetch_add(1, Ordering::Relaxed);
        ClockReading {
            wall_ms,
            monotonic_ms: u64::try_from(wall_ms).unwrap(),
            boot: 1,
        }
    }
}

/// SplitMix64: repeatable, good enough for tests.
pub(crate) struct TestEntropy(AtomicU64);

impl Entropy for TestEntropy {
    fn fill(&self, out: &mut [u8]) {
        for byte in out {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (z ^ (z >> 31)).to_le_bytes()[0];
        }
    }
}

/// An environment from a seed; 2026-11-23T00:00:00Z.
pub(crate) fn env(seed: u64) -> Env {
    Env {
        clock: Arc::new(TestClock(AtomicI64::new(1_795_392_000_000))),
        entropy: Arc::new(TestEntropy(AtomicU64::new(
            seed.wrapping_mul(0x5851_f42d_4c95_7f2d),
        ))),
    }
}
