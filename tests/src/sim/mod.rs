//! Phones and a server in one process, under a seeded scheduler (design 5, design 9; I1, I2, I14, I16).
//!
//! What runs is the real thing on both sides: `device::sync::Syncer` and `device::store` on SQLite files, the
//! server's `SyncService` on its storage, bodies through `wire::body`. Only time, randomness and the network are made up:
//! requests and answers are dropped, duplicated, reordered, cut and damaged; a timed-out request may still arrive
//! later; phones are killed between any two effects and start again on their files with a fresh actor; phones write
//! while they sync; the office writes, reassigns and cancels; the server restarts; now and then a faulty app writes a
//! change that the server must refuse while honest ones build on it.
//!
//! One seed is one history. A failing one is printed with the command that replays it.

pub mod checks;
pub mod network;
pub mod office;
pub mod phone;
pub mod rng;
pub mod world;

pub use world::{Totals, World};

/// Runs one history to its end, and every check; `Err` says what broke.
pub fn run(seed: u64) -> Result<Totals, String> {
    let outcome = std::panic::catch_unwind(|| {
        let mut world = World::new(seed);
        world.live()?;
        world.settle()?;
        checks::at_rest(&mut world)?;
        Ok(world.totals())
    });
    match outcome {
        Ok(result) => result,
        Err(panic) => {
            let text = panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Err(format!("panicked: {}", text.unwrap_or_default()))
        }
    }
}
