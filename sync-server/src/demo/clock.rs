//! The demo's clock: the real one, shifted. Seeded history is made by the real engines and the real server with
//! the clock set to weeks ago; afterwards the shift is zero for ever, so that every live timestamp is real.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use fieldseal_core::env::{Clock, ClockReading};

/// A clock that can be set while history is made.
pub struct DemoClock {
    base: Arc<dyn Clock>,
    shift_ms: AtomicI64,
    /// The furthest that the clock was ever set back: monotonic time counts from there, so that it never falls.
    origin_ms: i64,
}

impl DemoClock {
    /// A clock that starts `back_ms` milliseconds before now.
    pub fn set_back(base: Arc<dyn Clock>, back_ms: i64) -> Self {
        Self {
            base,
            shift_ms: AtomicI64::new(-back_ms),
            origin_ms: back_ms,
        }
    }

    /// Sets the clock forward to a wall time, ms since the epoch; never back, and never past the real time.
    pub fn forward_to(&self, wall_ms: i64) {
        let now = self.base.read().wall_ms;
        let wanted = (wall_ms - now).min(0);
        self.shift_ms.fetch_max(wanted, Ordering::SeqCst);
    }

    /// Ends the shift: from here on this is the real clock.
    pub fn to_now(&self) {
        self.shift_ms.store(0, Ordering::SeqCst);
    }
}

impl Clock for DemoClock {
    fn read(&self) -> ClockReading {
        let real = self.base.read();
        let shift = self.shift_ms.load(Ordering::SeqCst);
        let ahead = u64::try_from(self.origin_ms + shift).unwrap_or(0);
        ClockReading {
            wall_ms: real.wall_ms + shift,
            monotonic_ms: real.monotonic_ms.saturating_add(ahead),
            boot: real.boot,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl Clock for Fixed {
        fn read(&self) -> ClockReading {
            ClockReading {
                wall_ms: 1_000_000,
                monotonic_ms: 500,
                boot: 3,
            }
        }
    }

    #[test]
    fn it_goes_forward_only_and_ends_at_the_real_time() {
        let clock = DemoClock::set_back(Arc::new(Fixed), 900_000);
        assert_eq!(
            clock.read(),
            ClockReading {
                wall_ms: 100_000,
                monotonic_ms: 500,
                boot: 3
            }
        );
        clock.forward_to(400_000);
        assert_eq!(
            clock.read(),
            ClockReading {
                wall_ms: 400_000,
                monotonic_ms: 300_500,
                boot: 3
            }
        );
        clock.forward_to(200_000);
        assert_eq!(clock.read().wall_ms, 400_000, "never back");
        clock.forward_to(9_000_000);
        assert_eq!(clock.read().wall_ms, 1_000_000, "never past the real time");
        clock.to_now();
        assert_eq!(
            clock.read(),
            ClockReading {
                wall_ms: 1_000_000,
                monotonic_ms: 900_500,
                boot: 3
            }
        );
    }
}
