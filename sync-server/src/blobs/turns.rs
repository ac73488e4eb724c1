//! Whose turn it is with an upload: one connection at a time for each device and blob.
//!
//! A phone that lost its line comes back on a new connection while the server still waits on the old one. So a
//! newcomer asks the holder to end; the holder keeps what arrived and goes. Who does not get his turn in time is told
//! that the upload is busy.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedMutexGuard, watch};

use super::store::Part;

/// How long a newcomer waits for the holder: it has at most a buffer to write and to sync, on a disk that may be busy.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
struct Place {
    held: Arc<tokio::sync::Mutex<()>>,
    /// Counts newcomers.
    asked: watch::Sender<u64>,
}

/// The turns of all uploads. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Turns {
    places: Arc<Mutex<HashMap<Part, Arc<Place>>>>,
    patience: Duration,
}

impl Default for Turns {
    fn default() -> Self {
        Self::patient(PATIENCE)
    }
}

/// One's turn with one upload; ends when dropped.
#[derive(Debug)]
pub struct Turn {
    turns: Turns,
    part: Part,
    asked: watch::Receiver<u64>,
    place: Option<(Arc<Place>, OwnedMutexGuard<()>)>,
}

impl Turns {
    fn patient(patience: Duration) -> Self {
        Self {
            places: Arc::default(),
            patience,
        }
    }

    fn places(&self) -> MutexGuard<'_, HashMap<Part, Arc<Place>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, part: Part) -> Arc<Place> {
        let mut places = self.places();
        let place = places.entry(part).or_insert_with(|| {
            Arc::new(Place {
                held: Arc::default(),
                asked: watch::Sender::new(0),
            })
        });
        Arc::clone(place)
    }

    /// Waits for one's turn, asking the holder to end. None where the holder does not.
    pub async fn take(&self, part: Part) -> Option<Turn> {
        let place = self.place(part);
        place.asked.send_modify(|newcomers| *newcomers += 1);
        // Whoever comes while this one waits is newer still, and asks this one.
        let asked = place.asked.subscribe();
        let held = tokio::time::timeout(self.patience, Arc::clone(&place.held).lock_owned()).await;
        let turn = held.ok().map(|held| Turn {
            turns: self.clone(),
            part,
            asked,
            place: Some((Arc::clone(&place), held)),
        });
        drop(place);
        self.forget(part);
        turn
    }

    /// One's turn if nobody has it.
    pub fn try_take(&self, part: Part) -> Option<Turn> {
        let place = self.place(part);
        let asked = place.asked.subscribe();
        let held = Arc::clone(&place.held).try_lock_owned().ok()?;
        Some(Turn {
            turns: self.clone(),
            part,
            asked,
            place: Some((place, held)),
        })
    }

    /// Forgets a place that nobody holds or waits for.
    fn forget(&self, part: Part) {
        let mut places = self.places();
        if places
            .get(&part)
            .is_some_and(|place| Arc::strong_count(place) == 1)
        {
            places.remove(&part);
        }
    }
}

impl Turn {
    /// The upload.
    pub fn part(&self) -> Part {
        self.part
    }

    /// Returns when somebody else wants the turn.
    pub async fn asked(&mut self) {
        if self.asked.changed().await.is_err() {
            // Cannot be while the place is held; nobody asks then.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.place = None;
        self.turns.forget(self.part);
    }
}

#[cfg(test)]
mod tests {
    use fieldseal_core::domain::ids::DeviceId;

    use super::*;

    fn part(number: u8) -> Part {
        Part {
            device: DeviceId(uuid::Uuid::from_u128(1)),
            sha256: [number; 32],
        }
    }

    #[tokio::test]
    async fn a_newcomer_asks_the_holder_and_gets_the_turn_when_it_ends() {
        let turns = Turns::default();
        let mut first = turns.take(part(1)).await.unwrap();
        assert!(turns.try_take(part(1)).is_none());
        let other = turns.take(part(2)).await.unwrap();
        let waiting = tokio::spawn({
            let turns = turns.clone();
            async move { turns.take(part(1)).await.is_some() }
        });
        first.asked().await;
        drop(first);
        assert!(waiting.await.unwrap());
        drop(other);
        assert!(turns.try_take(part(1)).is_some());
        assert!(
            turns.places().is_empty(),
            "places that nobody needs are forgotten"
        );
    }

    #[tokio::test]
    async fn who_waits_too_long_is_told_so() {
        let turns = Turns::patient(Duration::from_millis(20));
        let first = turns.take(part(1)).await.unwrap();
        assert!(turns.take(part(1)).await.is_none());
        drop(first);
        assert!(turns.places().is_empty());
    }
}
