//! How far the device's wall clock is from the server's, from one request (design 3, «Time»).
//!
//! Evidence only: no result depends on it. The server's stamp was taken somewhere between sending and receiving, so
//! the middle of the two is off by at most half the round trip.

use crate::env::ClockReading;

/// Server time minus the device's wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    /// The difference, ms.
    pub off: i64,
    /// Its uncertainty, ms: half the round trip, rounded up.
    pub err: u64,
    /// The boot in which it was measured.
    pub boot: u32,
}

impl Offset {
    /// From the clock readings around a request and the time in its answer. `None` across a reboot.
    ///
    /// The round trip is measured by the monotonic clock, so that a person who sets the wall clock meanwhile spoils
    /// one estimate and not the uncertainty.
    pub fn measure(sent: ClockReading, received: ClockReading, server_time: i64) -> Option<Self> {
        if sent.boot != received.boot {
            return None;
        }
        let trip = received.monotonic_ms.checked_sub(sent.monotonic_ms)?;
        let half = i64::try_from(trip / 2).ok()?;
        let middle = received.wall_ms.checked_sub(half)?;
        Some(Self {
            off: server_time.checked_sub(middle)?,
            err: trip.div_ceil(2),
            boot: received.boot,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(wall_ms: i64, monotonic_ms: u64, boot: u32) -> ClockReading {
        ClockReading {
            wall_ms,
            monotonic_ms,
            boot,
        }
    }

    #[test]
    fn the_offset_is_off_by_half_the_round_trip_at_most() {
        let measured = Offset::measure(reading(1_000, 50, 7), reading(1_301, 351, 7), 61_100).unwrap();
        assert_eq!((measured.off, measured.err, measured.boot), (59_949, 151, 7));
        // The stamp was taken at 60 000 + 1 100 .. 1 301 of the device's clock: within the uncertainty.
        assert!((61_100 - 1_000_i64).abs_diff(measured.off) <= measured.err);
        assert!((61_100 - 1_301_i64).abs_diff(measured.off) <= measured.err);
    }

    #[test]
    fn a_reboot_between_gives_no_estimate() {
        assert_eq!(Offset::measure(reading(0, 0, 1), reading(9, 9, 2), 5), None);
        assert_eq!(Offset::measure(reading(0, 9, 1), reading(9, 0, 1), 5), None);
        assert_eq!(
            Offset::measure(reading(0, 0, 1), reading(i64::MIN, u64::MAX, 1), 5),
            None
        );
    }
}
