//! «Something new at sequence n»: the one thing that open event streams tell (design 5, «Live»).
//!
//! Invariants: a listener is told the newest number, not each of them (what it then does is a normal sync or a
//! reload, which catches up whatever was between); numbers only grow; all streams end when the server stops.

use tokio::sync::watch;

/// The newest row of the sequence, for whoever wants to wait for the next one. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Live {
    newest: watch::Sender<u64>,
}

impl Live {
    /// Starts at the newest row that storage holds.
    pub fn new(newest: u64) -> Self {
        Self {
            newest: watch::Sender::new(newest),
        }
    }

    /// Tells that rows up to `sequence` are committed. A number that is not new is ignored.
    pub fn publish(&self, sequence: u64) {
        self.newest.send_if_modified(|newest| {
            let grown = sequence > *newest;
            if grown {
                *newest = sequence;
            }
            grown
        });
    }

    /// The newest row.
    pub fn newest(&self) -> u64 {
        *self.newest.borrow()
    }

    /// A listener; it has seen the number that is newest now.
    pub fn listen(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_growth_is_told() {
        let live = Live::new(7);
        let mut listener = live.listen();
        live.publish(7);
        live.publish(3);
        assert!(!listener.has_changed().unwrap());
        live.publish(9);
        live.publish(12);
        assert!(listener.has_changed().unwrap());
        assert_eq!(*listener.borrow_and_update(), 12);
        assert_eq!(live.newest(), 12);
    }
}
