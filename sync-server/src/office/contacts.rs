//! When each device was last heard of: what is in storage (exchanges that wrote something) and, in memory, every
//! other exchange. After a restart only the former is known, which says too little, never too much.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use fieldseal_core::domain::ids::DeviceId;

use crate::storage::DeviceRow;

/// Last contacts in memory.
#[derive(Debug)]
pub struct Contacts {
    seen: Mutex<HashMap<DeviceId, i64>>,
    offline_after_ms: AtomicI64,
}

impl Default for Contacts {
    fn default() -> Self {
        Self {
            seen: Mutex::default(),
            // Open apps keep a stream and sync on every change, so three minutes of silence mean something.
            offline_after_ms: AtomicI64::new(180_000),
        }
    }
}

impl Contacts {
    /// How long a device may be silent before it is shown as offline, ms.
    pub fn offline_after_ms(&self) -> i64 {
        self.offline_after_ms.load(Ordering::Relaxed)
    }

    /// Sets that time: the demo's engineers are heard of every few seconds.
    pub fn set_offline_after_ms(&self, ms: i64) {
        self.offline_after_ms.store(ms, Ordering::Relaxed);
    }

    /// Notes an exchange with a device at `now`, ms since the epoch.
    pub fn note(&self, device: DeviceId, now: i64) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let last = seen.entry(device).or_insert(now);
        *last = now.max(*last);
    }

    /// When a device was last heard of.
    pub fn last(&self, device: &DeviceRow) -> Option<i64> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&device.id).copied().max(device.last_seen)
    }
}
