//! The callback after service (F-24 to F-27): until when, by whom, with which scores, and what a bad one sets off.
//!
//! Invariants: scores are whole numbers from 1 to 5; nobody asks a customer about own work (Q18).

use serde::{Deserialize, Serialize};

use super::ids::UserId;
use super::roles::{Operation, Permission, Role, allowed_any};
use super::time::HOUR_MS;

/// From the end of the work, hours (N5, `callback.within`).
const WITHIN_HOURS: i64 = 24;
/// From the moment at which the office knew, hours: nobody calls before (Q17).
const AFTER_ARRIVAL_HOURS: i64 = 4;
/// An overall score below this opens an improvement (N6, `callback.threshold`), one of the three at or below the other.
const THRESHOLD: u8 = 4;
const BAD: u8 = 2;

/// What the customer answered, each 1 to 5 (F-25).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scores {
    /// The problem is solved.
    pub solved: u8,
    /// The speed of the response.
    pub speed: u8,
    /// The manner.
    pub manner: u8,
    /// Everything in all.
    pub overall: u8,
}

impl Scores {
    /// Whether every one is a score.
    pub fn valid(self) -> bool {
        let all = [self.solved, self.speed, self.manner, self.overall];
        all.iter().all(|score| (1..=5).contains(score))
    }

    /// Whether they open an improvement (Q16): below 4 in all, or at most 2 in one of the three.
    pub fn low(self) -> bool {
        self.overall < THRESHOLD || self.solved.min(self.speed).min(self.manner) <= BAD
    }
}

/// Until when to call, ms since the epoch, of work that ended then and of which the office knew then (Q17).
pub const fn due_ms(ended_ms: i64, known_ms: i64) -> i64 {
    let by_end = ended_ms.saturating_add(WITHIN_HOURS * HOUR_MS);
    let by_arrival = known_ms.saturating_add(AFTER_ARRIVAL_HOURS * HOUR_MS);
    if by_end > by_arrival { by_end } else { by_arrival }
}

/// Whether a person may ask a customer about what `workers` did (Q18).
pub fn may_call_back(roles: &[Role], caller: UserId, workers: &[UserId]) -> bool {
    allowed_any(roles, Operation::Callback) == Permission::Yes && !workers.contains(&caller)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(solved: u8, speed: u8, manner: u8, overall: u8) -> Scores {
        Scores {
            solved,
            speed,
            manner,
            overall,
        }
    }

    #[test]
    fn q16_f27_below_four_in_all_or_two_in_one_opens_an_improvement() {
        for (given, low) in [
            (scores(5, 5, 5, 5), false),
            (scores(3, 3, 3, 4), false),
            (scores(5, 5, 5, 3), true),
            (scores(2, 5, 5, 5), true),
            (scores(5, 2, 5, 4), true),
            (scores(5, 5, 1, 4), true),
        ] {
            assert_eq!(given.low(), low, "{given:?}");
            assert!(given.valid());
        }
        assert!(!scores(0, 5, 5, 5).valid() && !scores(5, 5, 5, 6).valid());
    }

    #[test]
    fn q17_f24_a_day_after_the_work_and_four_hours_after_it_is_known() {
        let hour = HOUR_MS;
        assert_eq!(due_ms(0, 0), 24 * hour);
        assert_eq!(due_ms(0, 20 * hour), 24 * hour);
        assert_eq!(due_ms(0, 30 * hour), 34 * hour);
    }

    #[test]
    fn q18_somebody_else_calls() {
        let [a, b] = [1_u128, 2].map(|n| UserId(uuid::Uuid::from_u128(n)));
        for role in [Role::Dispatcher, Role::Auditor] {
            assert!(may_call_back(&[role], a, &[b]));
            assert!(!may_call_back(&[Role::Engineer, role], a, &[b, a]));
        }
        assert!(!may_call_back(&[Role::Engineer], a, &[b]));
        assert!(!may_call_back(&[Role::Storekeeper], a, &[]));
    }
}
