//! The three things of EXIF that matter here: orientation, time taken, place. All else is never looked at.
//!
//! Bounded: at most three directories are read, none twice, every offset is checked; what does not have its form is
//! as if it were not there, because broken metadata is no reason to lose a photo.

use chrono::NaiveDateTime;

use crate::domain::place::GeoPoint;

/// Entries of one directory that are looked at.
const ENTRIES_MAX: u16 = 512;

const ORIENTATION: u16 = 0x0112;
const EXIF_DIRECTORY: u16 = 0x8769;
const GPS_DIRECTORY: u16 = 0x8825;
const TIME_TAKEN: u16 = 0x9003;
const OFFSET_TAKEN: u16 = 0x9011;

/// When a photo was taken, by its camera's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Date and time of day where it was taken.
    pub local: NaiveDateTime,
    /// Minutes east of UTC, where the camera says so.
    pub offset_minutes: Option<i16>,
}

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exif {
    /// 1 to 8; 1 is upright.
    pub(super) orientation: u8,
    pub(super) taken: Option<Taken>,
    pub(super) place: Option<GeoPoint>,
}

/// Nothing is known.
pub(super) const NONE: Exif = Exif {
    orientation: 1,
    taken: None,
    place: None,
};

/// Reads a TIFF structure.
pub(super) fn read(bytes: &[u8]) -> Exif {
    let Some(tiff) = Tiff::open(bytes) else {
        return NONE;
    };
    let Some(main) = tiff.u32(4) else { return NONE };
    let orientation = tiff.short(main, ORIENTATION);
    Exif {
        orientation: orientation
            .and_then(|value| u8::try_from(value).ok())
            .filter(|value| (1..=8).contains(value))
            .unwrap_or(1),
        taken: tiff.long(main, EXIF_DIRECTORY).and_then(|at| tiff.taken(at)),
        place: tiff.long(main, GPS_DIRECTORY).and_then(|at| tiff.place(at)),
    }
}

struct Tiff<'a> {
    bytes: &'a [u8],
    little: bool,
}

impl<'a> Tiff<'a> {
    fn open(bytes: &'a [u8]) -> Option<Self> {
        let little = match bytes.get(..4)? {
            b"II*\0" => true,
            b"MM\0*" => false,
            _ => return None,
        };
        Some(Self { bytes, little })
    }

    fn slice(&self, at: u32, length: usize) -> Option<&'a [u8]> {
        let at = usize::try_from(at).ok()?;
        self.bytes.get(at..at.checked_add(length)?)
    }

    fn u16(&self, at: u32) -> Option<u16> {
        let bytes = <[u8; 2]>::try_from(self.slice(at, 2)?).ok()?;
        Some(match self.little {
            true => u16::from_le_bytes(bytes),
            false => u16::from_be_bytes(bytes),
        })
    }

    fn u32(&self, at: u32) -> Option<u32> {
        let bytes = <[u8; 4]>::try_from(self.slice(at, 4)?).ok()?;
        Some(match self.little {
            true => u32::from_le_bytes(bytes),
            false => u32::from_be_bytes(bytes),
        })
    }

    /// Where the value of `tag` stands, if it has this type and at least so many elements of this size.
    fn value(&self, directory: u32, tag: u16, kind: u16, count: u32, size: u32) -> Option<(u32, u32)> {
        let entries = self.u16(directory)?.min(ENTRIES_MAX);
        for entry in 0..u32::from(entries) {
            let at = directory.checked_add(2)?.checked_add(entry * 12)?;
            if self.u16(at)? != tag {
                continue;
            }
            let found = self.u32(at.checked_add(4)?)?;
            if self.u16(at.checked_add(2)?)? != kind || found < count {
                return None;
            }
            let field = at.checked_add(8)?;
            let inside = found.checked_mul(size)? <= 4;
            return Some((if inside { field } else { self.u32(field)? }, found));
        }
        None
    }

    fn short(&self, directory: u32, tag: u16) -> Option<u16> {
        let (at, _) = self.value(directory, tag, 3, 1, 2)?;
        self.u16(at)
    }

    fn long(&self, directory: u32, tag: u16) -> Option<u32> {
        let (at, _) = self.value(directory, tag, 4, 1, 4)?;
        self.u32(at)
    }

    fn text(&self, directory: u32, tag: u16, length: usize) -> Option<&'a str> {
        let (at, _) = self.value(directory, tag, 2, u32::try_from(length).ok()?, 1)?;
        std::str::from_utf8(self.slice(at, length)?).ok()
    }

    fn taken(&self, directory: u32) -> Option<Taken> {
        let text = self.text(directory, TIME_TAKEN, 19)?;
        Some(Taken {
            local: NaiveDateTime::parse_from_str(text, "%Y:%m:%d %H:%M:%S").ok()?,
            offset_minutes: self.text(directory, OFFSET_TAKEN, 6).and_then(offset),
        })
    }

    fn place(&self, directory: u32) -> Option<GeoPoint> {
        let lat = self.degrees(directory, 2)?;
        let lon = self.degrees(directory, 4)?;
        let lat = match self.text(directory, 1, 1)? {
            "N" => lat,
            "S" => -lat,
            _ => return None,
        };
        let lon = match self.text(directory, 3, 1)? {
            "E" => lon,
            "W" => -lon,
            _ => return None,
        };
        GeoPoint::new(lat, lon)
    }

    /// Degrees, minutes and seconds as three fractions, in ten-millionths of a degree.
    fn degrees(&self, directory: u32, tag: u16) -> Option<i64> {
        let (at, _) = self.value(directory, tag, 5, 3, 8)?;
        let mut sum = 0_u64;
        for (place, parts) in [(0_u32, 1_u64), (1, 60), (2, 3_600)] {
            let at = at.checked_add(place * 8)?;
            let numerator = u64::from(self.u32(at)?);
            let denominator = u64::from(self.u32(at.checked_add(4)?)?);
            sum = sum.checked_add((numerator * 10_000_000).checked_div(denominator.checked_mul(parts)?)?)?;
        }
        i64::try_from(sum).ok()
    }
}

/// `+08:00`, in minutes.
fn offset(text: &str) -> Option<i16> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let digits = |text: &str| (text.len() == 2).then(|| text.parse::<u8>().ok()).flatten();
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    (hours <= 18 && minutes < 60).then(|| sign * (i16::from(hours) * 60 + i16::from(minutes)))
}
