//! The real clock and randomness of a device. The only place of the phone's half that reads them.

use std::sync::{Arc, OnceLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::env::{Clock, ClockReading, Entropy, Env};

/// The operating system's clocks.
///
/// `monotonic_ms` counts from the start of this process, so `boot` names the process: a person who sets the wall
/// clock while the app runs moves `wall_ms` and not `monotonic_ms`, which is what the evidence is for (design 3).
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

struct Start {
    at: Instant,
    boot: u32,
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the driver that Clock stands for"
)]
fn start() -> &'static Start {
    static START: OnceLock<Start> = OnceLock::new();
    START.get_or_init(|| Start {
        at: Instant::now(),
        boot: u32::from_be_bytes(random()),
    })
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the driver that Clock stands for"
    )]
    fn read(&self) -> ClockReading {
        let start = start();
        let wall = SystemTime::now();
        let wall_ms = match wall.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        };
        ClockReading {
            wall_ms,
            monotonic_ms: u64::try_from(Instant::now().duration_since(start.at).as_millis())
                .unwrap_or(u64::MAX),
            boot: start.boot,
        }
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the driver that Entropy stands for"
    )]
    fn fill(&self, out: &mut [u8]) {
        // A system without randomness can neither make keys nor ids. It fails for a moment at most (early boot);
        // waiting is right, going on with guessable keys is not.
        while getrandom::fill(out).is_err() {
            std::thread::yield_now();
        }
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut out = [0_u8; N];
    SystemEntropy.fill(&mut out);
    out
}

/// The environment of a real device.
pub fn system_env() -> Env {
    Env {
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_clock_moves_forward_and_two_ids_differ() {
        let env = system_env();
        let (first, second) = (env.clock.read(), env.clock.read());
        assert!(second.monotonic_ms >= first.monotonic_ms);
        assert_eq!(first.boot, second.boot);
        assert!(first.wall_ms > 1_577_836_800_000, "the wall clock is after 2020");
        assert_ne!(env.uuid_v7(), env.uuid_v7());
    }
}
