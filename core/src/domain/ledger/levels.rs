//! How much of a part is to lie at a place, and what is missing (T-34, B33).

use serde::{Deserialize, Serialize};

/// Safety, least and greatest stock of one part at one place, in whole pieces: `safety ≤ min ≤ max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Level {
    safety: u32,
    min: u32,
    max: u32,
}

/// Levels that contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stock levels must rise from safety over least to greatest stock")]
pub struct LevelError;

/// What is missing of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Shortage {
    /// Pieces up to the greatest stock, what is on its way or asked for already left out.
    pub propose: u32,
    /// It is below the safety stock.
    pub urgent: bool,
}

impl Level {
    /// All zero says that the part is not kept there.
    ///
    /// # Errors
    /// [`LevelError`] unless `safety ≤ min ≤ max`.
    pub const fn new(safety: u32, min: u32, max: u32) -> Result<Self, LevelError> {
        if safety > min || min > max {
            return Err(LevelError);
        }
        Ok(Self { safety, min, max })
    }

    /// Safety stock (安全库存).
    pub const fn safety(self) -> u32 {
        self.safety
    }

    /// Least stock (最小库存).
    pub const fn min(self) -> u32 {
        self.min
    }

    /// Greatest stock (最大库存).
    pub const fn max(self) -> u32 {
        self.max
    }

    /// What is missing with `there` pieces at the place, `coming` on their way and `asked` for; none at or above the least
    /// stock, what is on its way counted.
    pub fn shortage(self, there: i64, coming: i64, asked: i64) -> Option<Shortage> {
        let have = there.saturating_add(coming.max(0));
        if have >= i64::from(self.min) {
            return None;
        }
        let propose = i64::from(self.max)
            .saturating_sub(have)
            .saturating_sub(asked.max(0));
        Some(Shortage {
            propose: u32::try_from(propose.max(0)).unwrap_or(u32::MAX),
            urgent: have < i64::from(self.safety),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t34_below_the_least_stock_the_greatest_is_proposed() {
        let level = Level::new(1, 2, 5).unwrap();
        let of = |there, coming, asked| level.shortage(there, coming, asked);
        assert_eq!(of(2, 0, 0), None);
        assert_eq!(of(0, 2, 0), None, "what is on its way counts");
        let short = |propose, urgent| Some(Shortage { propose, urgent });
        assert_eq!(of(1, 0, 0), short(4, false));
        assert_eq!(of(0, 0, 0), short(5, true));
        assert_eq!(of(-3, 0, 0), short(8, true), "a discrepancy is missing too");
        assert_eq!(of(1, 0, 3), short(1, false));
        assert_eq!(of(1, 0, 9), short(0, false), "asked for already");
        assert_eq!(Level::new(0, 0, 0).unwrap().shortage(0, 0, 0), None);
        assert!(Level::new(3, 2, 5).is_err() && Level::new(0, 6, 5).is_err());
    }
}
