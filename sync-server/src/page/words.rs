//! The words of a page: one language, the company's zone, and the moment at which the page is made.
//!
//! Every sentence on the page comes from `core/texts/`; here they are looked up and given their values. Durations
//! and times are words too, so that a page without script is right when it is sent (issue 3, «countdown»).

use chrono::NaiveDate;
use fieldseal_core::domain::calendar::CompanyZone;
use fieldseal_core::domain::params::{Param, Params};
use fieldseal_core::domain::texts::{Lang, label, text};
use fieldseal_core::domain::time::LocalTime;

const MINUTE_MS: i64 = 60_000;

/// Language, zone and moment of one rendered page.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// The reader's language.
    pub lang: Lang,
    /// The company's zone, in which times are printed.
    pub zone: CompanyZone,
    /// The moment of rendering, milliseconds since the epoch, UTC.
    pub now_ms: i64,
    /// A device that was not heard of for this long counts as offline, milliseconds.
    pub offline_after_ms: i64,
}

impl Words {
    /// The text of a key.
    pub fn t(&self, key: &str) -> String {
        label(self.lang, key)
    }

    /// The text of a key with one value.
    pub fn tp(&self, key: &str, name: &str, value: impl ToString) -> String {
        self.with(key, [(name, value.to_string())])
    }

    /// The text of a key with two values.
    pub fn tp2(&self, key: &str, a: &str, a_value: &str, b: &str, b_value: &str) -> String {
        self.with(key, [(a, a_value.to_owned()), (b, b_value.to_owned())])
    }

    /// The text of a key with values that are printed as they are.
    pub fn with<const N: usize>(&self, key: &str, values: [(&str, String); N]) -> String {
        let params: Params = values
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Param::Text(value)))
            .collect();
        text(self.lang, key, &params)
    }

    /// The text of a code with the parameters that the core gave.
    pub fn line(&self, key: &str, params: &Params) -> String {
        text(self.lang, key, params)
    }

    /// The language as the value of an HTML `lang` attribute.
    pub const fn html_lang(&self) -> &'static str {
        match self.lang {
            Lang::En => "en",
            Lang::ZhCn => "zh-CN",
        }
    }

    /// The other language: what the switch offers.
    pub const fn other(&self) -> Lang {
        match self.lang {
            Lang::En => Lang::ZhCn,
            Lang::ZhCn => Lang::En,
        }
    }

    /// A length of time in whole minutes: «45 min», «1 h 20 min», «3 d 4 h».
    pub fn duration(&self, ms: i64) -> String {
        let minutes = ms.abs() / MINUTE_MS;
        let (hours, rest) = (minutes / 60, minutes % 60);
        let (days, hours_of_day) = (hours / 24, hours % 24);
        let pair = |key: &str, a: i64, b: i64| self.with(key, [("a", a.to_string()), ("b", b.to_string())]);
        match (days, hours) {
            (0, 0) => self.tp("page.duration.m", "a", minutes),
            (0, _) => pair("page.duration.hm", hours, rest),
            _ => pair("page.duration.dh", days, hours_of_day),
        }
    }

    /// The wall clock of the company at an instant.
    pub fn local(&self, utc_ms: i64) -> LocalTime {
        self.zone.local_time(utc_ms)
    }

    /// A moment as briefly as it stays clear: «13:05» today, «11-22 13:05» this year, else the whole date.
    pub fn moment(&self, utc_ms: i64) -> String {
        self.brief(self.local(utc_ms))
    }

    /// A claimed wall time (of a device, with its own offset) as briefly as it stays clear.
    pub fn brief(&self, time: LocalTime) -> String {
        let clock = time.wall_time().format("%H:%M");
        let (date, today) = (time.wall_date(), self.today());
        if date == today {
            clock.to_string()
        } else if date.format("%Y").to_string() == today.format("%Y").to_string() {
            format!("{} {clock}", date.format("%m-%d"))
        } else {
            format!("{date} {clock}")
        }
    }

    /// The whole moment, for a `title` and for print.
    pub fn full(&self, time: LocalTime) -> String {
        format!("{} {}", time.wall_date(), time.wall_time().format("%H:%M:%S"))
    }

    /// The company's date.
    pub fn today(&self) -> NaiveDate {
        self.zone.local_date(self.now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(lang: Lang) -> Words {
        // 2026-11-23 13:05 in Shanghai.
        Words {
            lang,
            zone: CompanyZone::default(),
            now_ms: 1_795_410_300_000,
            offline_after_ms: 180_000,
        }
    }

    #[test]
    fn durations_and_moments_read_well_in_both_languages() {
        let (en, zh) = (words(Lang::En), words(Lang::ZhCn));
        assert_eq!(en.duration(80 * MINUTE_MS), "1 h 20 min");
        assert_eq!(zh.duration(80 * MINUTE_MS), "1 小时 20 分");
        assert_eq!(en.duration(-59_000), "0 min");
        assert_eq!(zh.duration(-45 * MINUTE_MS), "45 分");
        assert_eq!(en.duration(76 * 60 * MINUTE_MS), "3 d 4 h");
        assert_eq!(en.moment(en.now_ms), "13:05");
        assert_eq!(zh.moment(en.now_ms - 24 * 60 * MINUTE_MS), "11-22 13:05");
        assert_eq!(
            zh.moment(en.now_ms - 400 * 24 * 60 * MINUTE_MS),
            "2025-10-19 13:05"
        );
        assert_eq!(en.full(en.local(en.now_ms)), "2026-11-23 13:05:00");
        assert_eq!(en.other(), Lang::ZhCn);
    }
}
