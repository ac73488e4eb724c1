//! Numbers that people read (Q12, F-04, I10). Identity is a UUID; a number is a label that never changes meaning.
//!
//! The server gives the display number on first sync: prefix, local date of receipt, sequence per prefix and day
//! (`TS20240501001`). A phone without network prints a provisional one, `SS~A7-0003`, beside the UUID's short code;
//! both resolve for ever. `~` keeps the two apart.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::work::Category;

/// A text is not a number of the expected form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a ticket number")]
pub struct NumberError;

/// The default prefix of a category: TS technical support, SS after-sales, CP complaint and suggestion (F-04, Q12).
pub const fn prefix_of(category: Category) -> &'static str {
    match category {
        Category::Support | Category::Enquiry => "TS",
        Category::Service => "SS",
        Category::Complaint | Category::Suggestion => "CP",
    }
}

/// Two to four capital letters.
fn is_prefix(text: &str) -> bool {
    (2..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase())
}

/// The number that the server gave: `TS20240501001`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DisplayNumber {
    prefix: String,
    date: NaiveDate,
    sequence: u32,
}

impl DisplayNumber {
    /// A number from its parts; the sequence counts from 1 per prefix and day of receipt.
    ///
    /// # Errors
    /// [`NumberError`] for a prefix that is not two to four capitals, a sequence of 0, a year outside 1 to 9999.
    pub fn new(prefix: &str, date: NaiveDate, sequence: u32) -> Result<Self, NumberError> {
        if is_prefix(prefix) && sequence > 0 && (1..=9999).contains(&date.year()) {
            Ok(Self {
                prefix: prefix.to_owned(),
                date,
                sequence,
            })
        } else {
            Err(NumberError)
        }
    }

    /// The number after this one on the same day, `None` after the last that exists.
    pub fn next(&self) -> Option<Self> {
        Some(Self {
            sequence: self.sequence.checked_add(1)?,
            ..self.clone()
        })
    }

    /// The prefix.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The local date of receipt.
    pub const fn date(&self) -> NaiveDate {
        self.date
    }

    /// The sequence of that prefix and day, from 1.
    pub const fn sequence(&self) -> u32 {
        self.sequence
    }
}

impl fmt::Display for DisplayNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{:04}{:02}{:02}{:03}",
            self.prefix,
            self.date.year(),
            self.date.month(),
            self.date.day(),
            self.sequence
        )
    }
}
impl FromStr for DisplayNumber {
    type Err = NumberError;
    fn from_str(text: &str) -> Result<Self, NumberError> {
        let digits = text.find(|c: char| c.is_ascii_digit()).ok_or(NumberError)?;
        let (prefix, rest) = text.split_at_checked(digits).ok_or(NumberError)?;
        let (day, sequence) = rest.split_at_checked(8).ok_or(NumberError)?;
        let date = NaiveDate::parse_from_str(day, "%Y%m%d").map_err(|_| NumberError)?;
        let number = Self::new(prefix, date, sequence.parse().map_err(|_| NumberError)?)?;
        if number.to_string() == text {
            Ok(number)
        } else {
            Err(NumberError)
        }
    }
}
impl TryFrom<String> for DisplayNumber {
    type Error = NumberError;
    fn try_from(text: String) -> Result<Self, NumberError> {
        text.parse()
    }
}
impl From<DisplayNumber> for String {
    fn from(number: DisplayNumber) -> String {
        number.to_string()
    }
}

/// The number that a phone prints before the server gave one: `SS~A7-0003`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProvisionalNumber {
    prefix: String,
    device: u8,
    counter: u32,
}

impl ProvisionalNumber {
    /// A number from the prefix, the device's tag (design 5; its first byte is printed) and the device's own counter.
    ///
    /// Two devices may print the same: the number is searched together with the short code beside it.
    ///
    /// # Errors
    /// [`NumberError`] for a prefix that is not two to four capitals or a counter of 0.
    pub fn new(prefix: &str, device_tag: &[u8; 8], counter: u32) -> Result<Self, NumberError> {
        if is_prefix(prefix) && counter > 0 {
            let [device, ..] = *device_tag;
            Ok(Self {
                prefix: prefix.to_owned(),
                device,
                counter,
            })
        } else {
            Err(NumberError)
        }
    }

    /// The first byte of the device's tag.
    pub const fn device(&self) -> u8 {
        self.device
    }

    /// The device's own counter, from 1.
    pub const fn counter(&self) -> u32 {
        self.counter
    }
}

impl fmt::Display for ProvisionalNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{:02X}-{:04}", self.prefix, self.device, self.counter)
    }
}
impl FromStr for ProvisionalNumber {
    type Err = NumberError;
    fn from_str(text: &str) -> Result<Self, NumberError> {
        let (prefix, rest) = text.split_once('~').ok_or(NumberError)?;
        let (device, counter) = rest.split_once('-').ok_or(NumberError)?;
        let device = u8::from_str_radix(device, 16).map_err(|_| NumberError)?;
        let counter = counter.parse().map_err(|_| NumberError)?;
        let number = Self::new(prefix, &[device, 0, 0, 0, 0, 0, 0, 0], counter)?;
        if number.to_string() == text {
            Ok(number)
        } else {
            Err(NumberError)
        }
    }
}
impl TryFrom<String> for ProvisionalNumber {
    type Error = NumberError;
    fn try_from(text: String) -> Result<Self, NumberError> {
        text.parse()
    }
}
impl From<ProvisionalNumber> for String {
    fn from(number: ProvisionalNumber) -> String {
        number.to_string()
    }
}

/// The short code printed beside a provisional number: the last eight hex digits of the UUID, which are random in a
/// UUIDv7 (its first ones are a clock).
pub fn short_code(id: Uuid) -> String {
    let text = id.simple().to_string().to_uppercase();
    text.get(24..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f04_display_numbers() {
        let date = "2024-05-01".parse().unwrap();
        let number = DisplayNumber::new("TS", date, 1).unwrap();
        assert_eq!(number.to_string(), "TS20240501001");
        assert_eq!("TS20240501001".parse(), Ok(number.clone()));
        assert_eq!(number.next().unwrap().to_string(), "TS20240501002");
        // More than 999 a day: the number grows, and still reads back (Q12).
        let many = DisplayNumber::new("SS", date, 12_345).unwrap();
        assert_eq!(many.to_string(), "SS2024050112345");
        assert_eq!("SS2024050112345".parse(), Ok(many));
        for refused in [
            "TS20240501000",
            "TS2024050101",
            "TS20240532001",
            "ts20240501001",
            "TS202405010001",
            "TS",
            "",
            "号20240501001",
        ] {
            assert_eq!(refused.parse::<DisplayNumber>(), Err(NumberError), "{refused}");
        }
    }

    #[test]
    fn q12_provisional_numbers() {
        let number = ProvisionalNumber::new("SS", &[0xa7, 1, 2, 3, 4, 5, 6, 7], 3).unwrap();
        assert_eq!(number.to_string(), "SS~A7-0003");
        assert_eq!("SS~A7-0003".parse(), Ok(number));
        assert_eq!(
            ProvisionalNumber::new("SS", &[0; 8], 123_456)
                .unwrap()
                .to_string(),
            "SS~00-123456"
        );
        for refused in [
            "SS~a7-0003",
            "SS~A7-3",
            "SS~A7-0000",
            "SSA7-0003",
            "SS~A7",
            "S~A7-0003",
            "SS~+7-0003",
        ] {
            assert_eq!(
                refused.parse::<ProvisionalNumber>(),
                Err(NumberError),
                "{refused}"
            );
        }
        let id = "0199b2a4-7c1e-7d2a-9f3b-5d6e7f809a1b".parse().unwrap();
        assert_eq!(short_code(id), "7F809A1B");
    }

    #[test]
    fn q12_prefixes_by_category() {
        let prefixes: Vec<_> = Category::ALL.iter().map(|c| prefix_of(*c)).collect();
        assert_eq!(prefixes, ["TS", "SS", "CP", "CP", "TS"]);
    }
}
