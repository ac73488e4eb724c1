//! samod on the workload of `tests/peers/workload.json`, over the project's proxy (`tests/peers/run.sh`).
//!
//! `samod-peer WORKLOAD LINE FOLDER CONFIG` measures and prints one line of JSON a run; it starts itself once more as
//! the server (`samod-peer WORKLOAD serve FOLDER CONFIG`), which is told by lines what to do. CONFIG is `default`
//! (files on both sides, each change a call of its own) or `best` (in memory, the changes of a document in one call).
#![allow(
    clippy::disallowed_methods,
    clippy::result_large_err,
    reason = "a program that measures with the real clock; the large errors are automerge's"
)]

mod client;
mod server;
mod workload;

use std::error::Error;
use std::path::Path;

use samod::storage::{InMemoryStorage, TokioFilesystemStorage};
use samod::{Repo, ShareConfig};

/// Whatever went wrong.
pub type Failed = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [workload, "serve", folder, config] => {
            server::serve(Path::new(workload), Path::new(folder), config).await
        }
        [workload, line, folder, config] => client::measure(workload, line, Path::new(folder), config).await,
        _ => Err("usage: samod-peer WORKLOAD LINE FOLDER CONFIG".into()),
    }
}

/// A repository over its storage. Only the phone announces: a server that announces too sends every document's heads
/// a second time.
pub async fn repo(folder: &Path, config: &str, announces: bool) -> Result<Repo, Failed> {
    let share = ShareConfig::read_write().with_announce(announces);
    let builder = Repo::build_tokio().with_share_policy(share);
    match config {
        "default" => Ok(builder
            .with_storage(TokioFilesystemStorage::new(folder))
            .load()
            .await),
        "best" => Ok(builder.with_storage(InMemoryStorage::new()).load().await),
        _ => Err(format!("no configuration: {config}").into()),
    }
}
