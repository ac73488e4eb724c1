//! Listeners: the current state first, then every change, in order; no lock is held while calling out, so that a
//! listener may call the engine (style.md, «Async, callbacks, lifecycle»).
//!
//! Invariant: one thread at a time delivers. A change that happens meanwhile, also one that a listener makes, joins
//! the queue and is delivered by that thread, never nested.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{OrderRow, Status};
use crate::domain::ids::OrderId;

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Whether `orders` is the whole list (the first call), or only the rows that changed.
    pub whole: bool,
    /// Work orders, in the order of the list.
    pub orders: Vec<OrderRow>,
    /// Work orders that left the list.
    pub removed: Vec<OrderId>,
    /// Unsent work, last sync, and so on.
    pub status: Status,
}

/// A listener. Called from the thread that made a change, or from the one that is delivering already.
pub trait Observer: Send + Sync {
    /// Something changed; the first call brings the current state.
    fn changed(&self, news: &News);
}

/// What is to be told.
#[derive(Debug)]
enum Job {
    First(u64),
    Changed(BTreeSet<OrderId>),
}

struct Listener {
    observer: Arc<dyn Observer>,
    started: bool,
}

#[derive(Default)]
struct State {
    next: u64,
    listeners: BTreeMap<u64, Listener>,
    queue: VecDeque<Job>,
    delivering: bool,
}

/// The listeners of an engine.
#[derive(Default)]
pub(super) struct Observers {
    state: Mutex<State>,
}

/// Keeps a listener registered; dropping it cancels. A call that is running on another thread at that moment may
/// still end after the drop.
#[must_use = "dropping a subscription cancels it"]
pub struct Subscription {
    observers: Arc<Observers>,
    id: u64,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let listener = self.observers.lock().listeners.remove(&self.id);
        // Dropped outside the lock: a listener's own drop may call in.
        drop(listener);
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Subscription({})", self.id)
    }
}

impl Observers {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a listener and queues its first call; [`Observers::deliver`] makes it.
    pub(super) fn add(self: &Arc<Self>, observer: Box<dyn Observer>) -> Subscription {
        let mut state = self.lock();
        let id = state.next;
        state.next += 1;
        state.listeners.insert(
            id,
            Listener {
                observer: Arc::from(observer),
                started: false,
            },
        );
        state.queue.push_back(Job::First(id));
        drop(state);
        Subscription {
            observers: Arc::clone(self),
            id,
        }
    }

    /// Queues a change, if anybody listens.
    pub(super) fn push(&self, orders: BTreeSet<OrderId>) {
        let mut state = self.lock();
        if !state.listeners.is_empty() {
            state.queue.push_back(Job::Changed(orders));
        }
    }

    /// Delivers what is queued, unless another call does so already. `read` gives the state for a set of orders
    /// (`None`: all of them); where it cannot, the job is left out: there is nothing to show after a shutdown.
    pub(super) fn deliver(&self, read: impl Fn(Option<&BTreeSet<OrderId>>) -> Option<News>) {
        {
            let mut state = self.lock();
            if state.delivering {
                return;
            }
            state.delivering = true;
        }
        let mut guard = Delivering {
            observers: self,
            panicked: true,
        };
        loop {
            let (job, targets) = {
                let mut state = self.lock();
                let Some(job) = state.queue.pop_front() else {
                    state.delivering = false;
                    guard.panicked = false;
                    return;
                };
                let targets: Vec<Arc<dyn Observer>> = match &job {
                    Job::First(id) => state
                        .listeners
                        .get_mut(id)
                        .map(|listener| {
                            listener.started = true;
                            Arc::clone(&listener.observer)
                        })
                        .into_iter()
                        .collect(),
                    Job::Changed(_) => state
                        .listeners
                        .values()
                        .filter(|listener| listener.started)
                        .map(|listener| Arc::clone(&listener.observer))
                        .collect(),
                };
                (job, targets)
            };
            if targets.is_empty() {
                continue;
            }
            let news = match &job {
                Job::First(_) => read(None),
                Job::Changed(orders) => read(Some(orders)),
            };
            if let Some(news) = news {
                for target in &targets {
                    target.changed(&news);
                }
            }
        }
    }
}

/// After a listener's panic the next change must be delivered all the same.
struct Delivering<'a> {
    observers: &'a Observers,
    panicked: bool,
}

impl Drop for Delivering<'_> {
    fn drop(&mut self) {
        if self.panicked {
            self.observers.lock().delivering = false;
        }
    }
}
