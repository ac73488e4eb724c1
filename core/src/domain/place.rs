//! A place on the earth. Recorded only where the customer consented (D.2, Consent `location`).

use serde::{Deserialize, Serialize};

/// In whole ten-millionths of a degree (about a centimetre): no number in a fact is a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeoPoint {
    /// North is positive.
    pub lat_e7: i64,
    /// East is positive.
    pub lon_e7: i64,
}

impl GeoPoint {
    /// A point on the earth; `None` beyond the poles or the date line.
    pub fn new(lat_e7: i64, lon_e7: i64) -> Option<Self> {
        (lat_e7.abs() <= 900_000_000 && lon_e7.abs() <= 1_800_000_000).then_some(Self { lat_e7, lon_e7 })
    }
}
