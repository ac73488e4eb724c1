//! Until when a report is to be handed in (000-31, N10, Q8): five days from the end of the visit, the day of leaving not
//! counted.
//!
//! Invariants: days are the company's calendar days, holidays included; the last one ends at midnight of the company's
//! zone.

use chrono::{Days, NaiveDate};

use super::calendar::CompanyZone;

/// Days until the report must have reached the server (`report.handin`).
const DAYS: u64 = 5;
/// The engineer is reminded on this day and on the last one.
const REMINDED_ON: [u64; 2] = [3, DAYS];
/// At this hour of the day, ms since midnight: nine in the morning.
const AT_MS: i64 = 9 * 60 * 60_000;

/// When a report is due and when its engineer hears of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandInDue {
    /// The last day.
    pub due_on: NaiveDate,
    /// The end of that day, ms since the epoch.
    pub due_ms: i64,
    /// When to ring, ms since the epoch, the first first.
    pub ring_ms: [i64; 2],
}

impl HandInDue {
    /// Of a visit that ended at a moment, ms since the epoch. `None` only outside the calendar's range.
    pub fn of(left_ms: i64, zone: CompanyZone) -> Option<Self> {
        let left_on = zone.local_date(left_ms);
        let on = |days: u64| left_on.checked_add_days(Days::new(days));
        let morning = |date: NaiveDate| -> Option<i64> {
            let midnight = zone.end_of_day_ms(date.pred_opt()?);
            Some(midnight.saturating_add(AT_MS))
        };
        let [early, last] = REMINDED_ON;
        let due_on = on(DAYS)?;
        Some(Self {
            due_on,
            due_ms: zone.end_of_day_ms(due_on),
            ring_ms: [morning(on(early)?)?, morning(on(last)?)?],
        })
    }

    /// Whether it is late at a moment, ms since the epoch.
    pub const fn late(&self, now_ms: i64) -> bool {
        now_ms >= self.due_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::LocalTime;

    fn ms(text: &str) -> i64 {
        text.parse::<LocalTime>().unwrap().utc_ms()
    }

    #[test]
    fn q8_i000_31_five_calendar_days_the_day_of_leaving_not_counted() {
        let zone = CompanyZone::default();
        // A Friday evening: the weekend counts.
        for left in ["2026-11-27T00:00:00+08:00", "2026-11-27T23:59:59+08:00"] {
            let due = HandInDue::of(ms(left), zone).unwrap();
            assert_eq!(due.due_on.to_string(), "2026-12-02");
            assert_eq!(due.due_ms, ms("2026-12-03T00:00:00+08:00"));
            assert_eq!(
                due.ring_ms,
                [ms("2026-11-30T09:00:00+08:00"), ms("2026-12-02T09:00:00+08:00")]
            );
            assert!(!due.late(ms("2026-12-02T23:59:59+08:00")) && due.late(ms("2026-12-03T00:00:00+08:00")));
        }
        // The day is the company's, whatever the phone's offset: half past midnight in Shanghai.
        let due = HandInDue::of(ms("2026-11-26T16:30:00+00:00"), zone).unwrap();
        assert_eq!(due.due_on.to_string(), "2026-12-02");
        let dubai: CompanyZone = "Asia/Dubai".parse().unwrap();
        let due = HandInDue::of(ms("2026-11-26T16:30:00+00:00"), dubai).unwrap();
        assert_eq!(due.due_on.to_string(), "2026-12-01");
    }
}
