//! Fieldseal's side of `tests/peers/run.sh`: the exchange of this benchmark as lines of JSON, one a run, with the
//! contents of all documents compared on both sides after each. Not part of the table.

use std::path::Path;
use std::time::{Duration, Instant};

use fieldseal_core::domain::ids::OrderId;
use fieldseal_server::demo::proxy::CutProxy;
use serde_json::{Value, json};

use crate::exchange::{DOCUMENTS, DOWN, EDITS, LINE, exchange, prepare};
use crate::phone::{ACTIONS, FINDINGS, Phone};
use crate::server::Server;
use crate::{Failed, sub};

/// The word by which it is asked for.
pub const PART: &str = "peers";
/// Set by the script: how many runs, where not as many as the workload says.
const RUNS: &str = "FIELDSEAL_PEERS_RUNS";
/// Set by the script to see the comparison of contents fail.
const BROKEN: &str = "FIELDSEAL_PEERS_BROKEN";
/// The engineer.
const NAME: &str = "engineer-peers";

/// The numbers that every side reads.
fn workload() -> Result<Value, Failed> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/workload.json");
    let workload: Value = serde_json::from_slice(&std::fs::read(path)?)?;
    let here = json!({
        "edited": DOCUMENTS, "edits_each": EDITS, "down": DOWN, "findings": FINDINGS, "actions": ACTIONS,
        "line": { "one_way_ms": ms(LINE.one_way), "handshake_ms": ms(LINE.handshake) },
    });
    for (key, value) in here.as_object().into_iter().flatten() {
        if workload[key] != *value {
            return Err(format!(
                "workload.json says {}, this benchmark {value}: {key}",
                workload[key]
            )
            .into());
        }
    }
    Ok(workload)
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Measures and prints.
pub fn lines() -> Result<(), Failed> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let mut server = Server::start(&sub(folder.path(), "server")?)?;
    let done = measure(&mut server, folder.path());
    let stopped = server.stop();
    done.and(stopped)
}

struct Side<'s> {
    server: &'s mut Server,
    proxy: CutProxy,
    phone: Phone,
    orders: Vec<OrderId>,
}

fn measure(server: &mut Server, folder: &Path) -> Result<(), Failed> {
    let workload = workload()?;
    let documents = workload["documents"].as_u64().ok_or("documents")?;
    let runs = match std::env::var(RUNS) {
        Ok(runs) => runs.parse()?,
        Err(_) => workload["runs"].as_u64().ok_or("runs")?,
    };
    let proxy = CutProxy::start(server.address, LINE)?;
    // The directory is among the documents of the workload, and not among those that the office is asked for.
    let (phone, orders) = prepare(server, &proxy, folder, NAME, documents - 1)?;
    let in_scope = u64::try_from(phone.documents()?)?;
    if in_scope != documents {
        return Err(format!("{in_scope} documents in scope instead of {documents}").into());
    }
    let mut side = Side {
        server,
        proxy,
        phone,
        orders,
    };
    for run in 0..runs {
        side.exchange("warm", run)?;
    }
    for run in 0..runs {
        side.cut();
        side.exchange("cold", run)?;
    }
    for run in 0..runs {
        side.nothing("idle-warm", run)?;
    }
    for run in 0..runs {
        side.cut();
        side.nothing("idle", run)?;
    }
    Ok(())
}

impl Side<'_> {
    fn cut(&self) {
        self.proxy.cut();
        std::thread::sleep(Duration::from_millis(50));
    }

    fn exchange(&mut self, row: &str, run: u64) -> Result<(), Failed> {
        let done = exchange(self.server, &self.proxy, &mut self.phone, &self.orders, NAME)?;
        self.compare()?;
        say(
            row,
            run,
            &json!({
                "ms": done.ms, "edits_ms": done.saves_ms, "up": done.up, "down": done.down,
                "connections": done.connections,
            }),
        );
        Ok(())
    }

    fn nothing(&mut self, row: &str, run: u64) -> Result<(), Failed> {
        let before = self.proxy.traffic();
        let begun = Instant::now();
        let report = self.phone.engine.sync_once()?;
        let ms = begun.elapsed().as_secs_f64() * 1_000.0;
        let after = self.proxy.traffic();
        if report.news {
            return Err(format!("there was something new: {report:?}").into());
        }
        self.compare()?;
        say(
            row,
            run,
            &json!({
                "ms": ms, "edits_ms": 0, "up": after.up - before.up, "down": after.down - before.down,
                "connections": after.connections - before.connections,
            }),
        );
        Ok(())
    }

    /// Both sides hold the same, document by document.
    fn compare(&mut self) -> Result<(), Failed> {
        if std::env::var_os(BROKEN).is_some() {
            self.server.ask(&format!("edit {NAME} 1"))?;
        }
        let there = self.server.ask(&format!("contents {NAME}"))?;
        if self.phone.contents()? != there {
            return Err("the contents of the documents differ between the two sides".into());
        }
        Ok(())
    }
}

fn say(row: &str, run: u64, figures: &Value) {
    let mut line = json!({ "side": "Fieldseal", "row": row, "run": run });
    if let (Some(line), Some(figures)) = (line.as_object_mut(), figures.as_object()) {
        line.extend(figures.clone());
    }
    println!("{line}");
}
