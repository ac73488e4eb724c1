//! The real clock and the real randomness: the one place of the server where they are touched.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use fieldseal_core::env::{Clock, ClockReading, Entropy, Env};

/// The operating system's clocks.
struct SystemClock {
    started: Instant,
    boot: u32,
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the driver that the lint points to")]
    fn read(&self) -> ClockReading {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        ClockReading {
            wall_ms: i64::try_from(wall.as_millis()).unwrap_or(i64::MAX),
            monotonic_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            boot: self.boot,
        }
    }
}

/// The operating system's randomness, checked once at the start.
struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "the driver that the lint points to")]
    fn fill(&self, out: &mut [u8]) {
        // `system_env` has proven that the source works; a source that stops working later must never lead to
        // predictable tokens, so the process ends.
        if getrandom::fill(out).is_err() {
            tracing::error!("the operating system's randomness stopped working");
            std::process::abort();
        }
    }
}

/// The operating system gives no randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no randomness")]
pub struct EntropyError;

/// The environment of a running server.
///
/// # Errors
/// [`EntropyError`] where the operating system has no randomness: nothing may be issued then.
#[expect(clippy::disallowed_methods, reason = "the driver that the lint points to")]
pub fn system_env() -> Result<Env, EntropyError> {
    let mut boot = [0_u8; 4];
    getrandom::fill(&mut boot).map_err(|_| EntropyError)?;
    Ok(Env {
        clock: Arc::new(SystemClock {
            started: Instant::now(),
            boot: u32::from_be_bytes(boot),
        }),
        entropy: Arc::new(SystemEntropy),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_readings_do_not_go_back_and_randomness_differs() {
        let env = system_env().unwrap();
        let (first, second) = (env.clock.read(), env.clock.read());
        assert!(second.monotonic_ms >= first.monotonic_ms);
        assert_eq!(first.boot, second.boot);
        assert!(first.wall_ms > 1_700_000_000_000);
        assert_ne!(env.random::<16>(), env.random::<16>());
    }
}
