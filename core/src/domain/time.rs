//! A moment as a person's device claimed it: an instant with the offset of the place where it was read.
//!
//! Text form: RFC 3339 to the second with a numeric offset, `2026-11-23T10:00:00+08:00`. Invariant: a moment and
//! its text say the same; fractions of a second are dropped when the moment is made, not when it is written.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, SecondsFormat, TimeZone, Utc};
use serde::{Deserialize, Serialize};

/// Milliseconds of a second, a minute, an hour, a day.
pub const SECOND_MS: i64 = 1_000;
/// Milliseconds of a minute.
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// Milliseconds of an hour.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Milliseconds of a day of 24 hours.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// 0001-01-02T00:00:00Z and 9999-12-30T00:00:00Z: one day inside the years that RFC 3339 can write at any offset.
const MIN_UTC_MS: i64 = -62_135_510_400_000;
const MAX_UTC_MS: i64 = 253_402_128_000_000;
/// RFC 3339 offsets go below a day; no place on earth is beyond 18 hours.
const MAX_OFFSET_MINUTES: i16 = 18 * 60;

/// A moment with the offset of the local clock, in whole seconds (design 3, `at`). A claim, never an order.
///
/// Compares by the instant first; the offset only tells two writings of one instant apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LocalTime {
    utc_ms: i64,
    offset_minutes: i16,
}

/// A text is not a moment of the form `2026-11-23T10:00:00+08:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time to the second with an offset")]
pub struct TimeError;

impl LocalTime {
    /// A moment from milliseconds since the epoch (UTC) and an offset in minutes east.
    ///
    /// Fractions of a second are dropped. A wall clock outside the years 1 to 9999 or an offset beyond 18 hours is
    /// brought to the nearest writable value: it is a device's claim, and a claim never stops a save.
    pub fn new(utc_ms: i64, offset_minutes: i16) -> Self {
        Self {
            utc_ms: utc_ms.clamp(MIN_UTC_MS, MAX_UTC_MS).div_euclid(SECOND_MS) * SECOND_MS,
            offset_minutes: offset_minutes.clamp(-MAX_OFFSET_MINUTES, MAX_OFFSET_MINUTES),
        }
    }

    /// Milliseconds since the epoch, UTC; a whole number of seconds.
    pub const fn utc_ms(self) -> i64 {
        self.utc_ms
    }

    /// Minutes east of UTC.
    pub const fn offset_minutes(self) -> i16 {
        self.offset_minutes
    }

    /// This moment moved by `ms` milliseconds, same offset.
    pub fn plus_ms(self, ms: i64) -> Self {
        Self::new(self.utc_ms.saturating_add(ms), self.offset_minutes)
    }

    /// The date on the clock that was read (not the company's date: see [`super::calendar::CompanyZone`]).
    pub fn wall_date(self) -> NaiveDate {
        self.chrono().date_naive()
    }

    /// The time of day on the clock that was read.
    pub fn wall_time(self) -> NaiveTime {
        self.chrono().time()
    }

    fn chrono(self) -> DateTime<FixedOffset> {
        let offset = FixedOffset::east_opt(i32::from(self.offset_minutes) * 60);
        let utc = Utc.timestamp_millis_opt(self.utc_ms).single();
        match (offset, utc) {
            (Some(offset), Some(utc)) => utc.with_timezone(&offset),
            // `new` keeps both within chrono's range.
            _ => DateTime::UNIX_EPOCH.fixed_offset(),
        }
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chrono().to_rfc3339_opts(SecondsFormat::Secs, false))
    }
}
impl fmt::Debug for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalTime({self})")
    }
}
impl FromStr for LocalTime {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| TimeError)?;
        if !(1..=9999).contains(&parsed.year()) {
            return Err(TimeError);
        }
        let minutes = parsed.offset().local_minus_utc() / 60;
        let time = Self::new(
            parsed.timestamp_millis(),
            i16::try_from(minutes).map_err(|_| TimeError)?,
        );
        // One moment, one text: `Z`, fractions, leap seconds and lower case are refused.
        if time.to_string() == text {
            Ok(time)
        } else {
            Err(TimeError)
        }
    }
}
impl TryFrom<String> for LocalTime {
    type Error = TimeError;
    fn try_from(text: String) -> Result<Self, TimeError> {
        text.parse()
    }
}
impl From<LocalTime> for String {
    fn from(time: LocalTime) -> String {
        time.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn golden_text_of_a_moment() {
        let time = LocalTime::new(1_795_399_200_987, 480);
        assert_eq!(time.to_string(), "2026-11-23T10:00:00+08:00");
        assert_eq!(
            serde_json::to_string(&time).unwrap(),
            "\"2026-11-23T10:00:00+08:00\""
        );
        assert_eq!(time.utc_ms(), 1_795_399_200_000);
        assert_eq!(LocalTime::new(-1, 0).to_string(), "1969-12-31T23:59:59+00:00");
    }

    #[test]
    fn one_moment_has_one_text() {
        for refused in [
            "2026-11-23T10:00:00Z",
            "2026-11-23T10:00:00.5+08:00",
            "2026-11-23 10:00:00+08:00",
            "2026-11-23T10:00:60+08:00",
            "2026-11-23T10:00:00-00:00",
            "2026-11-23T10:00:00+08:00 ",
            "2026-11-23T10:00:00",
            "",
        ] {
            assert_eq!(refused.parse::<LocalTime>(), Err(TimeError), "{refused}");
        }
    }

    #[test]
    fn extreme_clocks_are_brought_to_a_writable_value() {
        for ms in [i64::MIN, i64::MAX] {
            for offset in [i16::MIN, 0, i16::MAX] {
                let time = LocalTime::new(ms, offset);
                assert_eq!(time.to_string().parse(), Ok(time));
            }
        }
    }

    proptest! {
        #[test]
        fn text_reads_back(ms in any::<i64>(), offset in any::<i16>()) {
            let time = LocalTime::new(ms, offset);
            prop_assert_eq!(time.to_string().parse::<LocalTime>(), Ok(time));
        }
    }
}
