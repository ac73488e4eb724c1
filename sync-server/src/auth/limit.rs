//! Token buckets per key: how many tries a login, a code prefix or the whole server gets.
//!
//! Kept in memory only: a restart forgives, and codes and links have enough bits not to need a memory of tries.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// More keys than this are not remembered; whole buckets are forgotten first.
const MAX_KEYS: usize = 10_000;

/// Buckets of `burst` tries that refill one try every `refill_ms`.
#[derive(Debug)]
pub struct Limiter {
    burst: u32,
    refill_ms: u64,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: u32,
    refilled: u64,
}

impl Limiter {
    /// `burst` at once, then one every `refill_ms` milliseconds.
    pub fn new(burst: u32, refill_ms: u64) -> Self {
        Self {
            burst,
            refill_ms: refill_ms.max(1),
            buckets: Mutex::new(HashMap::new()),
        }
    }

    /// Takes one try of `key`; `false` if there is none left. `now` is a monotonic time in ms.
    pub fn take(&self, key: &str, now: u64) -> bool {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MAX_KEYS && !buckets.contains_key(key) {
            let full_after = u64::from(self.burst) * self.refill_ms;
            buckets.retain(|_, bucket| now.saturating_sub(bucket.refilled) < full_after);
            if buckets.len() >= MAX_KEYS {
                return false;
            }
        }
        let bucket = buckets.entry(key.to_owned()).or_insert(Bucket {
            left: self.burst,
            refilled: now,
        });
        let gained = now.saturating_sub(bucket.refilled) / self.refill_ms;
        if gained > 0 {
            let left = u64::from(bucket.left).saturating_add(gained);
            bucket.left = u32::try_from(left).unwrap_or(u32::MAX).min(self.burst);
            bucket.refilled += gained * self.refill_ms;
        }
        if bucket.left == 0 {
            return false;
        }
        bucket.left -= 1;
        true
    }

    /// How many keys are remembered.
    #[cfg(test)]
    pub(super) fn keys(&self) -> usize {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Gives the tries of `key` back (after a success).
    pub fn forgive(&self, key: &str) {
        self.buckets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_one_by_one_per_key() {
        let limiter = Limiter::new(2, 1_000);
        assert!(limiter.take("a", 0) && limiter.take("a", 10));
        assert!(!limiter.take("a", 999));
        assert!(limiter.take("b", 999));
        assert!(limiter.take("a", 1_000));
        assert!(!limiter.take("a", 1_999));
        limiter.forgive("a");
        assert!(limiter.take("a", 1_999) && limiter.take("a", 1_999));
    }

    #[test]
    fn many_keys_do_not_fill_the_memory() {
        let limiter = Limiter::new(1, 1_000);
        for n in 0..MAX_KEYS {
            assert!(limiter.take(&n.to_string(), 0));
        }
        assert!(!limiter.take("new", 10));
        assert!(limiter.take("new", 2_000));
    }
}
