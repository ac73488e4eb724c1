//! One seed, one history: a small generator and the clock and randomness that are made of it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fieldseal_core::env::{Clock, ClockReading, Entropy, Env};

/// SplitMix64.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x5851_f42d_4c95_7f2d)
    }

    /// The next 64 bits.
    #[expect(
        clippy::should_implement_trait,
        reason = "a source of numbers is no iterator: it never ends"
    )]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound` (at least 1).
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }

    /// `true` in `percent` of 100 cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() {
            None
        } else {
            from.get(self.below(from.len()))
        }
    }
}

/// The world's time; each machine reads it with its own error.
#[derive(Debug, Clone)]
pub struct SimClock {
    now: Arc<AtomicI64>,
    skew: i64,
    boot: u32,
}

impl SimClock {
    /// At the beginning of the history.
    pub fn new() -> Self {
        Self {
            now: Arc::new(AtomicI64::new(1_795_000_000_000)),
            skew: 0,
            boot: 1,
        }
    }

    /// Time passes.
    pub fn pass(&self, ms: i64) {
        self.now.fetch_add(ms, Ordering::Relaxed);
    }

    /// The same time on a machine whose wall clock is wrong.
    pub fn with_skew(&self, skew: i64, boot: u32) -> Self {
        Self {
            now: Arc::clone(&self.now),
            skew,
            boot,
        }
    }
}

impl Default for SimClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SimClock {
    fn read(&self) -> ClockReading {
        let now = self.now.load(Ordering::Relaxed);
        ClockReading {
            wall_ms: now + self.skew,
            monotonic_ms: u64::try_from(now).unwrap(),
            boot: self.boot,
        }
    }
}

/// Seeded randomness of one machine.
#[derive(Debug)]
pub struct SimEntropy(Mutex<Rng>);

impl Entropy for SimEntropy {
    fn fill(&self, out: &mut [u8]) {
        let mut rng = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for byte in out {
            *byte = rng.next().to_le_bytes()[3];
        }
    }
}

/// An environment of its own for one machine.
pub fn env(clock: SimClock, seed: u64) -> Env {
    Env {
        clock: Arc::new(clock),
        entropy: Arc::new(SimEntropy(Mutex::new(Rng::new(seed)))),
    }
}
