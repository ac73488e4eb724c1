//! How long ago something was, as the tables write it: relative, so that a warranty's edge is near on any day.

use std::str::FromStr;

use chrono::{Days, Months, NaiveDate, Timelike as _};
use fieldseal_core::domain::calendar::CompanyZone;

/// «410d», «3y-2d», «-20d»: whole years and days before a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    years: u32,
    days: i32,
}

impl Age {
    /// The day so long before `today`.
    pub fn before(self, today: NaiveDate) -> Option<NaiveDate> {
        let start = today.checked_sub_months(Months::new(self.years * 12))?;
        let days = Days::new(u64::from(self.days.unsigned_abs()));
        if self.days < 0 {
            start.checked_add_days(days)
        } else {
            start.checked_sub_days(days)
        }
    }
}

impl FromStr for Age {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (years, rest) = match text.split_once('y') {
            Some((years, rest)) => (years.parse::<u8>().map_err(drop)?, rest),
            None => (0, text),
        };
        let days = match rest {
            "" if years > 0 => 0,
            _ => {
                let days = rest.strip_suffix('d').ok_or(())?;
                i32::from(days.parse::<i16>().map_err(drop)?)
            }
        };
        Ok(Self {
            years: u32::from(years),
            days,
        })
    }
}

/// «12d 09:30», «50h», «40m»: a moment before the demo's first start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A local time some days ago.
    Day {
        /// Days ago.
        days: u32,
        /// Minutes after local midnight.
        minutes: u32,
    },
    /// So many minutes ago.
    Ago(u32),
}

impl When {
    /// The moment, ms since the epoch, seen from `now`.
    pub fn wall_ms(self, zone: CompanyZone, now: i64) -> i64 {
        match self {
            Self::Ago(minutes) => now - i64::from(minutes) * 60_000,
            Self::Day { days, minutes } => {
                let time = zone.local_time(now).wall_time();
                let since_midnight = i64::from(time.num_seconds_from_midnight()) * 1000;
                let midnight = now - now.rem_euclid(1000) - since_midnight;
                midnight - i64::from(days) * 86_400_000 + i64::from(minutes) * 60_000
            }
        }
    }
}

impl FromStr for When {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Some((days, time)) = text.split_once(' ') {
            let days = days.strip_suffix('d').ok_or(())?.parse::<u16>().map_err(drop)?;
            let (hour, minute) = time.split_once(':').ok_or(())?;
            let hour = hour.parse::<u8>().ok().filter(|hour| *hour < 24).ok_or(())?;
            let minute = minute
                .parse::<u8>()
                .ok()
                .filter(|minute| *minute < 60)
                .ok_or(())?;
            return Ok(Self::Day {
                days: u32::from(days),
                minutes: u32::from(hour) * 60 + u32::from(minute),
            });
        }
        let number = |suffix| Some(u32::from(text.strip_suffix(suffix)?.parse::<u16>().ok()?));
        match (number('h'), number('m')) {
            (Some(hours), _) => Ok(Self::Ago(hours * 60)),
            (_, Some(minutes)) => Ok(Self::Ago(minutes)),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_count_from_the_same_date_in_an_earlier_year() {
        let before = |age: &str, today: &str| {
            age.parse::<Age>()
                .unwrap()
                .before(today.parse().unwrap())
                .unwrap()
                .to_string()
        };
        assert_eq!(before("410d", "2026-11-25"), "2025-10-11");
        assert_eq!(before("3y", "2026-11-25"), "2023-11-25");
        assert_eq!(before("3y-2d", "2026-11-25"), "2023-11-27");
        assert_eq!(before("3y+1d", "2026-11-25"), "2023-11-24");
        assert_eq!(before("-20d", "2026-11-25"), "2026-12-15");
        assert_eq!(before("3y", "2028-02-29"), "2025-02-28");
        for wrong in ["", "3", "y", "3y2", "d", "9999y", "99999d"] {
            assert!(wrong.parse::<Age>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn moments_are_local_days_or_minutes_ago() {
        // 2026-11-25 06:28 in Shanghai.
        let now = 1_795_559_280_000 + 37_000;
        let zone = CompanyZone::default();
        let at = |text: &str| {
            let when = text.parse::<When>().unwrap();
            zone.local_time(when.wall_ms(zone, now)).to_string()
        };
        let today = zone.local_time(now).to_string();
        assert!(at("40m") < today);
        assert!(
            at("12d 09:30").ends_with("T09:30:00+08:00"),
            "{}",
            at("12d 09:30")
        );
        assert_eq!(
            zone.local_date("1d 00:05".parse::<When>().unwrap().wall_ms(zone, now))
                .to_string(),
            zone.local_date(now - 86_400_000).to_string()
        );
        for wrong in ["", "12d", "3x", "1d 24:00", "1d 9", "h"] {
            assert!(wrong.parse::<When>().is_err(), "{wrong}");
        }
    }
}
