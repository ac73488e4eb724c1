//! A handwritten signature as strokes: vectors that can be drawn again at any size, small enough to be sealed.
//!
//! Coordinates are whole units of a box whose long edge has [`LONG_EDGE`] units, x to the right, y down; times are
//! milliseconds since the first touch. Invariants: a [`Strokes`] is never empty (taps and dots alone are no
//! signature), lies inside its box, has bounded size, and has one JSON form, integers only, delta-coded:
//! `{"w":10000,"h":4000,"s":[[x,y,t,dx,dy,dt,…],…]}`, with `"p":[[…],…]` where the device reports pressure.

mod svg;
mod thin;

use serde::{Deserialize, Serialize};

/// Units of the long edge of the box.
pub const LONG_EDGE: u16 = 10_000;
/// The shortest edge of a box that a person can sign in.
pub const MIN_EDGE: u16 = 500;
/// Less ink than this is no signature: 5 % of the long edge.
pub const MIN_INK: u64 = 500;
/// The most strokes that are read.
pub const MAX_STROKES: usize = 400;
/// The most points that are read; a device that samples 240 times a second fills them in more than a minute.
pub const MAX_POINTS: usize = 20_000;
/// The longest time, one hour.
pub const MAX_TIME_MS: u32 = 3_600_000;
/// The most that a signature may take of the 16 KB of sealed bytes, as JSON.
pub const SEALED_BYTES: usize = 8_192;

/// One sample of the pen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// Units from the left edge.
    pub x: u16,
    /// Units from the upper edge.
    pub y: u16,
    /// Milliseconds since the first touch.
    pub t: u32,
    /// Pressure, 0 to 1000, where the device reports it.
    pub pressure: Option<u16>,
}

/// A non-empty signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Strokes {
    width: u16,
    height: u16,
    strokes: Vec<Vec<Point>>,
}

/// Why some strokes are not a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StrokesError {
    /// Nothing but taps and dots, or nothing at all.
    #[error("the signature is empty")]
    Empty,
    /// The box is not one of at least 500 units with a long edge of 10000.
    #[error("the signature's box has no usable size")]
    Box,
    /// A point lies outside the box.
    #[error("a point of the signature lies outside its box")]
    Outside,
    /// Times run backwards or beyond an hour.
    #[error("the times of the signature do not run forward")]
    Time,
    /// Too many strokes or points.
    #[error("the signature has too many points")]
    TooLarge,
    /// The stored form has lists of wrong length, or pressure for some points only.
    #[error("the signature's stored form is damaged")]
    Damaged,
}

impl StrokesError {
    /// The key of its text in both languages.
    pub const fn text_key(self) -> &'static str {
        match self {
            Self::Empty => "signature.empty",
            Self::Box => "signature.box",
            Self::Outside => "signature.outside",
            Self::Time => "signature.time",
            Self::TooLarge => "signature.too_large",
            Self::Damaged => "signature.damaged",
        }
    }
}

/// The length of the ink in units: what is drawn with the pen down. A tap has none.
pub fn ink_length(strokes: &[Vec<Point>]) -> u64 {
    strokes
        .iter()
        .flat_map(|stroke| stroke.iter().zip(stroke.iter().skip(1)))
        .map(|(a, b)| {
            let (dx, dy) = (u64::from(a.x.abs_diff(b.x)), u64::from(a.y.abs_diff(b.y)));
            (dx * dx + dy * dy).isqrt()
        })
        .sum()
}

impl Strokes {
    /// A signature in a box of `width` by `height` units. Strokes without a point are left out.
    ///
    /// # Errors
    /// [`StrokesError`]: an empty signature, a box or points out of range, times that run backwards, too many points.
    pub fn new(width: u16, height: u16, strokes: Vec<Vec<Point>>) -> Result<Self, StrokesError> {
        if width.max(height) != LONG_EDGE || width.min(height) < MIN_EDGE {
            return Err(StrokesError::Box);
        }
        let strokes: Vec<Vec<Point>> = strokes.into_iter().filter(|stroke| !stroke.is_empty()).collect();
        if strokes.len() > MAX_STROKES || strokes.iter().map(Vec::len).sum::<usize>() > MAX_POINTS {
            return Err(StrokesError::TooLarge);
        }
        let mut last = 0;
        for point in strokes.iter().flatten() {
            if point.x > width || point.y > height || point.pressure.is_some_and(|p| p > 1000) {
                return Err(StrokesError::Outside);
            }
            if point.t < last || point.t > MAX_TIME_MS {
                return Err(StrokesError::Time);
            }
            last = point.t;
        }
        let with_pressure = strokes
            .iter()
            .flatten()
            .filter(|point| point.pressure.is_some())
            .count();
        if with_pressure != 0 && with_pressure != strokes.iter().map(Vec::len).sum::<usize>() {
            return Err(StrokesError::Damaged);
        }
        if ink_length(&strokes) < MIN_INK {
            return Err(StrokesError::Empty);
        }
        Ok(Self {
            width,
            height,
            strokes,
        })
    }

    /// Units of the box from left to right.
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Units of the box from top to bottom.
    pub const fn height(&self) -> u16 {
        self.height
    }

    /// The strokes, each with at least one point.
    pub fn strokes(&self) -> &[Vec<Point>] {
        &self.strokes
    }

    /// Bytes of its JSON form.
    pub fn json_len(&self) -> usize {
        serde_json::to_vec(self).map_or(usize::MAX, |bytes| bytes.len())
    }

    /// The same signature with as few points as `max_bytes` of JSON ask for; itself, if it fits.
    ///
    /// Pressure goes first, then points that lie close to the line of their neighbours (Douglas-Peucker, integers
    /// only, coarser by doubling). Equal strokes give equal bytes on every device.
    ///
    /// # Errors
    /// [`StrokesError::TooLarge`] if it does not fit while still looking like the signature.
    pub fn thin(&self, max_bytes: usize) -> Result<Self, StrokesError> {
        thin::thin(self, max_bytes)
    }

    /// A self-contained SVG picture without script, style sheet or reference, for page and report.
    pub fn to_svg(&self) -> String {
        svg::to_svg(self)
    }
}

/// The JSON form. Fields of a newer version are passed over: the signature stays readable.
#[derive(Serialize, Deserialize)]
struct Wire {
    w: u16,
    h: u16,
    s: Vec<Vec<i64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    p: Option<Vec<Vec<u16>>>,
}

impl From<Strokes> for Wire {
    fn from(signature: Strokes) -> Self {
        let coded = |stroke: &Vec<Point>| {
            let mut out = Vec::with_capacity(stroke.len() * 3);
            let (mut x, mut y, mut t) = (0, 0, 0);
            for point in stroke {
                let now = (i64::from(point.x), i64::from(point.y), i64::from(point.t));
                out.extend([now.0 - x, now.1 - y, now.2 - t]);
                (x, y, t) = now;
            }
            out
        };
        let pressed = signature
            .strokes
            .iter()
            .flatten()
            .all(|point| point.pressure.is_some());
        let p = pressed.then(|| {
            let of = |stroke: &Vec<Point>| stroke.iter().filter_map(|point| point.pressure).collect();
            signature.strokes.iter().map(of).collect()
        });
        Self {
            w: signature.width,
            h: signature.height,
            s: signature.strokes.iter().map(coded).collect(),
            p,
        }
    }
}

impl TryFrom<Wire> for Strokes {
    type Error = StrokesError;
    fn try_from(wire: Wire) -> Result<Self, StrokesError> {
        if wire.p.as_ref().is_some_and(|p| p.len() != wire.s.len()) {
            return Err(StrokesError::Damaged);
        }
        let mut strokes = Vec::with_capacity(wire.s.len());
        for (index, coded) in wire.s.iter().enumerate() {
            let pressures = wire.p.as_ref().and_then(|p| p.get(index));
            if coded.is_empty()
                || coded.len() % 3 != 0
                || pressures.is_some_and(|p| p.len() * 3 != coded.len())
            {
                return Err(StrokesError::Damaged);
            }
            let (mut x, mut y, mut t) = (0_i64, 0_i64, 0_i64);
            let mut stroke = Vec::with_capacity(coded.len() / 3);
            for (place, delta) in coded.chunks_exact(3).enumerate() {
                if let [dx, dy, dt] = delta {
                    (x, y, t) = (
                        x.saturating_add(*dx),
                        y.saturating_add(*dy),
                        t.saturating_add(*dt),
                    );
                    stroke.push(Point {
                        x: u16::try_from(x).map_err(|_| StrokesError::Outside)?,
                        y: u16::try_from(y).map_err(|_| StrokesError::Outside)?,
                        t: u32::try_from(t).map_err(|_| StrokesError::Time)?,
                        pressure: pressures.and_then(|p| p.get(place)).copied(),
                    });
                }
            }
            strokes.push(stroke);
        }
        Self::new(wire.w, wire.h, strokes)
    }
}

#[cfg(test)]
mod tests;
