//! Service levels: how long each clock runs and from when (N1 to N4, N12, Q1, Q15, Q33).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{PolicyError, PolicyRef, require};
use crate::domain::work::{OrderState, Priority};

/// From when the resolve clock counts (Q1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResolveFrom {
    /// The ticket's receipt: what the customer feels.
    Received,
    /// The dispatch.
    Dispatched,
    /// The start of the work (003-2).
    WorkStarted,
}

/// From when the accept clock counts (F-14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AcceptFrom {
    /// The order reached the engineer's device.
    Delivered,
    /// The office dispatched it.
    Dispatched,
}

/// A versioned service level. Clocks run around the clock, every day (N15).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceLevelPolicy {
    /// Its name.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// First day of validity.
    pub valid_from: NaiveDate,
    /// Received to first contact, minutes by priority (N1, `sla.response`).
    pub response_minutes: BTreeMap<Priority, u32>,
    /// To the end of the work with outcome solved, minutes by priority (N2, `sla.resolve`).
    pub resolve_minutes: BTreeMap<Priority, u32>,
    /// From when the resolve clock counts (Q1).
    pub resolve_from: ResolveFrom,
    /// The resolve time is an aim, missing it is no breach (003-2: 争取).
    pub resolve_is_target: bool,
    /// To accept or decline, minutes (N3, `sla.accept`); absent: no such clock.
    pub accept_minutes: Option<u32>,
    /// From when the accept clock counts.
    pub accept_from: AcceptFrom,
    /// From one progress entry to the next, minutes (N4, `sla.progress`); absent: no such clock.
    pub progress_minutes: Option<u32>,
    /// States in which the progress clock stands still (Q33).
    pub progress_paused_in: Vec<OrderState>,
    /// Received to arrival, minutes (N12, `sla.maker.*`); absent: no such clock.
    pub arrival_minutes: Option<u32>,
}

impl ServiceLevelPolicy {
    /// Reads and checks a pack.
    ///
    /// # Errors
    /// [`PolicyError`]: unreadable, a priority without a time, a time of zero or beyond ten years.
    pub fn read(json: &str) -> Result<Self, PolicyError> {
        let pack: Self = serde_json::from_str(json).map_err(|_| PolicyError::Unreadable)?;
        let fits = |minutes: u32| (1..=5_256_000).contains(&minutes);
        let complete = |map: &BTreeMap<Priority, u32>| {
            Priority::ALL
                .iter()
                .all(|p| map.get(p).is_some_and(|minutes| fits(*minutes)))
        };
        require(!pack.id.is_empty(), "id")?;
        require(complete(&pack.response_minutes), "response_minutes")?;
        require(complete(&pack.resolve_minutes), "resolve_minutes")?;
        require(pack.accept_minutes.is_none_or(fits), "accept_minutes")?;
        require(pack.progress_minutes.is_none_or(fits), "progress_minutes")?;
        require(pack.arrival_minutes.is_none_or(fits), "arrival_minutes")?;
        Ok(pack)
    }

    /// The pack's reference.
    pub fn reference(&self) -> PolicyRef {
        PolicyRef {
            id: self.id.clone(),
            version: self.version,
        }
    }
}
