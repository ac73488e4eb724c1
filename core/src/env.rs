//! The two things a rule may not reach for by itself: the time and randomness.
//!
//! Everything in the core takes them through these traits, so that a test, a simulation and the demo's seeded
//! history run the very same code as a phone. The real implementations live in drivers (`device::system`,
//! the server's `system`), where the lint that forbids their direct use is lifted by name.

use std::sync::Arc;

/// One reading of a device's clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// Wall clock, milliseconds since the Unix epoch, UTC. A claim, never an order (design 3, «Time»).
    pub wall_ms: i64,
    /// Milliseconds since this boot; does not jump when a person sets the wall clock.
    pub monotonic_ms: u64,
    /// Identifies the boot that `monotonic_ms` counts from.
    pub boot: u32,
}

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// Reads the clocks now.
    fn read(&self) -> ClockReading;
}

/// Where randomness comes from. Must be unpredictable in production; seeded in tests.
pub trait Entropy: Send + Sync {
    /// Fills `out` with random bytes.
    fn fill(&self, out: &mut [u8]);
}

/// The clock and the randomness of one device or server, cheap to clone.
#[derive(Clone)]
pub struct Env {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl Env {
    /// A fresh UUIDv7 from this environment's clock and randomness.
    pub fn uuid_v7(&self) -> uuid::Uuid {
        let mut random = [0_u8; 10];
        self.entropy.fill(&mut random);
        let millis = u64::try_from(self.clock.read().wall_ms).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// `N` random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut out = [0_u8; N];
        self.entropy.fill(&mut out);
        out
    }
}

impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Env")
    }
}
