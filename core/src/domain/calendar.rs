//! Dates of the company: which local date an instant has, and how periods of days, months and years are counted.
//!
//! The rule is the Civil Code's (art. 201, 202; Q21): the first day is not counted, a period of months or years
//! ends on the corresponding day, and where that month lacks it, on the month's last day. Invariant: no clock.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, Offset, TimeZone, Utc};
use chrono_tz::{OffsetName, Tz};
use serde::{Deserialize, Serialize};

use super::time::LocalTime;

/// The zone whose calendar the company's deadlines follow; default Asia/Shanghai. Text form: the IANA name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CompanyZone(pub Tz);

/// A text is not the IANA name of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone")]
pub struct ZoneError;

impl Default for CompanyZone {
    fn default() -> Self {
        Self(Tz::Asia__Shanghai)
    }
}
impl FromStr for CompanyZone {
    type Err = ZoneError;
    fn from_str(text: &str) -> Result<Self, ZoneError> {
        Tz::from_str(text).map(Self).map_err(|_| ZoneError)
    }
}
impl TryFrom<String> for CompanyZone {
    type Error = ZoneError;
    fn try_from(text: String) -> Result<Self, ZoneError> {
        text.parse()
    }
}
impl From<CompanyZone> for String {
    fn from(zone: CompanyZone) -> String {
        zone.0.name().to_owned()
    }
}

impl CompanyZone {
    /// The company's wall time at an instant (milliseconds since the epoch, UTC).
    pub fn local_time(self, utc_ms: i64) -> LocalTime {
        let clamped = LocalTime::new(utc_ms, 0);
        let utc = DateTime::<Utc>::from_timestamp_millis(clamped.utc_ms()).unwrap_or_default();
        let seconds = self
            .0
            .offset_from_utc_datetime(&utc.naive_utc())
            .fix()
            .local_minus_utc();
        LocalTime::new(
            clamped.utc_ms(),
            i16::try_from(seconds.div_euclid(60)).unwrap_or(0),
        )
    }

    /// The company's date at an instant (Q22, Q32): what «reported on» and «told on» mean.
    pub fn local_date(self, utc_ms: i64) -> NaiveDate {
        self.local_time(utc_ms).wall_date()
    }

    /// The company's date of a moment, whatever the offset of the device that read it.
    pub fn date_of(self, time: LocalTime) -> NaiveDate {
        self.local_date(time.utc_ms())
    }

    /// The short name of the zone at an instant (`CST`), for print.
    pub fn abbreviation(self, utc_ms: i64) -> String {
        let utc = DateTime::<Utc>::from_timestamp_millis(utc_ms).unwrap_or_default();
        self.0
            .offset_from_utc_datetime(&utc.naive_utc())
            .abbreviation()
            .unwrap_or_default()
            .to_owned()
    }

    /// The first instant after the last day of a period has ended: 24:00 of `date` in the company's zone (Q21).
    pub fn end_of_day_ms(self, date: NaiveDate) -> i64 {
        let next = date.succ_opt().unwrap_or(date).and_time(chrono::NaiveTime::MIN);
        let mut probe = next;
        // A zone may jump over midnight; then the day begins at the first time that exists.
        for _ in 0..48 {
            if let Some(start) = self.0.from_local_datetime(&probe).earliest() {
                return start.timestamp_millis();
            }
            probe += chrono::TimeDelta::minutes(30);
        }
        next.and_utc().timestamp_millis()
    }
}

/// The last day of a month.
fn last_day_of_month(year: i32, month: u32) -> Option<NaiveDate> {
    let (year, month) = if month == 12 {
        (year + 1, 1)
    } else {
        (year, month + 1)
    };
    NaiveDate::from_ymd_opt(year, month, 1)?.pred_opt()
}

/// The last day of a period of `months` from `start` (Q21): the corresponding day, or the month's last day.
/// `None` only outside the calendar's range of some 262,000 years.
pub fn add_months(start: NaiveDate, months: u32) -> Option<NaiveDate> {
    let zero_based = start
        .year()
        .checked_mul(12)?
        .checked_add(i32::try_from(start.month0()).ok()?)?;
    let target = zero_based.checked_add(i32::try_from(months).ok()?)?;
    let (year, month) = (
        target.div_euclid(12),
        u32::try_from(target.rem_euclid(12)).ok()? + 1,
    );
    NaiveDate::from_ymd_opt(year, month, start.day()).or_else(|| last_day_of_month(year, month))
}

/// The last day of a period of `years` from `start` (Q21). 2020-02-29 plus three years is 2023-02-28 (V3).
pub fn add_years(start: NaiveDate, years: u32) -> Option<NaiveDate> {
    add_months(start, years.checked_mul(12)?)
}

/// The day from which a period is computed: `start` itself, or one day earlier where the policy counts the first
/// day (Q31). Data-fault tests use the unshifted date.
pub fn period_start(start: NaiveDate, count_first_day: bool) -> NaiveDate {
    if count_first_day {
        start.pred_opt().unwrap_or(start)
    } else {
        start
    }
}

/// Whole days from `from` to `to`; negative if `to` is earlier (Q23: day n is start + n days).
pub fn days_between(from: NaiveDate, to: NaiveDate) -> i64 {
    to.signed_duration_since(from).num_days()
}

/// A quarter of a year, the shard in the names of stock documents (design 3). Text form: `2026q4`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quarter {
    year: u16,
    q: u8,
}

/// A text is not a quarter of the form `2026q4`, or a date lies outside the years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a quarter")]
pub struct QuarterError;

impl Quarter {
    /// The `q`-th quarter (1 to 4) of a year (1 to 9999).
    ///
    /// # Errors
    /// [`QuarterError`] outside these ranges.
    pub fn new(year: u16, q: u8) -> Result<Self, QuarterError> {
        if (1..=9999).contains(&year) && (1..=4).contains(&q) {
            Ok(Self { year, q })
        } else {
            Err(QuarterError)
        }
    }

    /// The quarter in which a date lies. Years outside 1 to 9999 give the nearest quarter that has a name.
    pub fn of(date: NaiveDate) -> Self {
        let year = u16::try_from(date.year().clamp(1, 9999)).unwrap_or(1);
        Self {
            year,
            q: u8::try_from(date.month0() / 3 + 1).unwrap_or(1),
        }
    }

    /// The year.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// 1 to 4.
    pub const fn q(self) -> u8 {
        self.q
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}q{}", self.year, self.q)
    }
}
impl fmt::Debug for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Quarter({self})")
    }
}
impl FromStr for Quarter {
    type Err = QuarterError;
    fn from_str(text: &str) -> Result<Self, QuarterError> {
        let (year, q) = text.split_once('q').ok_or(QuarterError)?;
        let quarter = Self::new(
            year.parse().map_err(|_| QuarterError)?,
            q.parse().map_err(|_| QuarterError)?,
        )?;
        if quarter.to_string() == text {
            Ok(quarter)
        } else {
            Err(QuarterError)
        }
    }
}
impl TryFrom<String> for Quarter {
    type Error = QuarterError;
    fn try_from(text: String) -> Result<Self, QuarterError> {
        text.parse()
    }
}
impl From<Quarter> for String {
    fn from(quarter: Quarter) -> String {
        quarter.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn q21_periods_end_on_the_corresponding_day_or_the_months_last() {
        assert_eq!(add_years(date("2021-09-07"), 3), Some(date("2024-09-07")));
        assert_eq!(add_years(date("2020-02-29"), 3), Some(date("2023-02-28")));
        assert_eq!(add_years(date("2020-02-29"), 4), Some(date("2024-02-29")));
        // The key-customer plan of 000-26: each date counts from the acceptance, so the 31st is not lost.
        let accepted = date("2024-01-31");
        let visits: Vec<_> = (1..=3)
            .map(|m| add_months(accepted, m).unwrap().to_string())
            .collect();
        assert_eq!(visits, ["2024-02-29", "2024-03-31", "2024-04-30"]);
        assert_eq!(add_months(date("2024-12-31"), 2), Some(date("2025-02-28")));
        assert_eq!(add_years(NaiveDate::MAX, 1), None);
    }

    #[test]
    fn q31_counting_the_first_day_starts_a_day_earlier() {
        assert_eq!(period_start(date("2024-03-01"), false), date("2024-03-01"));
        assert_eq!(period_start(date("2024-03-01"), true), date("2024-02-29"));
    }

    #[test]
    fn q22_the_date_of_an_instant_is_the_companys() {
        let zone = CompanyZone::default();
        // 2026-11-22T16:00:00Z is midnight in Shanghai.
        let midnight = 1_795_363_200_000;
        assert_eq!(zone.local_date(midnight - 1), date("2026-11-22"));
        assert_eq!(zone.local_date(midnight), date("2026-11-23"));
        assert_eq!(zone.end_of_day_ms(date("2026-11-22")), midnight);
        assert_eq!(zone.local_time(midnight).to_string(), "2026-11-23T00:00:00+08:00");
        assert_eq!(
            zone.date_of("2026-11-22T17:30:00+01:00".parse().unwrap()),
            date("2026-11-23")
        );
        assert_eq!(zone.abbreviation(midnight), "CST");
        // Shanghai had summer time from 1986 to 1991.
        assert_eq!(zone.local_time(615_600_000_000).offset_minutes(), 540);
        assert_eq!(serde_json::to_string(&zone).unwrap(), "\"Asia/Shanghai\"");
        assert_eq!("Asia/Nowhere".parse::<CompanyZone>(), Err(ZoneError));
    }

    #[test]
    fn the_end_of_a_day_exists_where_midnight_is_skipped() {
        let zone: CompanyZone = "America/Sao_Paulo".parse().unwrap();
        // 2018-11-04 began at 01:00 there (-02:00).
        assert_eq!(
            zone.local_time(zone.end_of_day_ms(date("2018-11-03")))
                .to_string(),
            "2018-11-04T01:00:00-02:00"
        );
    }

    #[test]
    fn quarters_have_one_text() {
        assert_eq!(Quarter::of(date("2026-11-23")).to_string(), "2026q4");
        assert_eq!(Quarter::of(date("2026-03-31")).to_string(), "2026q1");
        assert_eq!("2026q4".parse::<Quarter>(), Quarter::new(2026, 4));
        for refused in ["2026q5", "2026q0", "26q1", "2026Q4", "2026q04", "+2026q1", ""] {
            assert_eq!(refused.parse::<Quarter>(), Err(QuarterError), "{refused}");
        }
    }

    proptest! {
        #[test]
        fn q21_a_months_period_never_skips_a_month(start in 0_i32..800_000, months in 0_u32..600) {
            let start = NaiveDate::from_num_days_from_ce_opt(start + 1).unwrap();
            let end = add_months(start, months).unwrap();
            let distance = (end.year() * 12 + end.month0() as i32) - (start.year() * 12 + start.month0() as i32);
            prop_assert_eq!(distance, i32::try_from(months).unwrap());
            prop_assert!(end.day() == start.day() || end.succ_opt().unwrap().day() == 1);
        }
    }
}
