//! An engineer with thousands of orders: what a search over all of them takes, what a list of a thousand costs in memory, what
//! a whole job leaves in its visit's document.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use fieldseal_core::documents::Document;
use fieldseal_tests::hands::{Deed, perform};

use crate::Failed;
use crate::phone::{Phone, open};
use crate::server::Server;
use crate::table::{Sample, Table};

/// Set for a process that opens an engine, lists its orders and says what it cost.
pub const LIST: &str = "FIELDSEAL_BENCH_LIST";

/// Orders that are searched.
const SEARCHED: usize = 5_000;
/// Orders in the list whose memory is measured.
const LISTED: usize = 1_000;
/// What engineers type: a number, a customer's name, a phone, a serial, a fault, two words, what nobody has.
const TYPED: [&str; 7] = [
    "SS2026",
    "第4321分公司",
    "13800004321",
    "es-004321",
    "无反应",
    "苏州 4321",
    "没有这样的",
];

/// Everything.
pub fn measure(server: &mut Server, folder: &Path, runs: usize, table: &mut Table) -> Result<(), Failed> {
    search(server, folder, runs, table)?;
    memory(server, folder, table)?;
    visit(server, folder, table)
}

fn phone(server: &mut Server, folder: &Path, name: &str, orders: usize) -> Result<Phone, Failed> {
    server.ask(&format!("engineer {name}"))?;
    server.ask(&format!("jobs {name} {orders}"))?;
    let phone = Phone::enrol(server, server.address, folder, name)?;
    let found = phone.engine.orders()?.len();
    if found != orders {
        return Err(format!("{found} orders").into());
    }
    Ok(phone)
}

fn search(server: &mut Server, folder: &Path, runs: usize, table: &mut Table) -> Result<(), Failed> {
    let phone = phone(server, folder, "engineer-search", SEARCHED)?;
    let mut worst = Sample::new(vec![0.0]);
    let mut which = "";
    for typed in TYPED {
        let mut ms = Vec::new();
        for _ in 0..runs {
            let begun = Instant::now();
            let hits = phone.engine.search(typed)?;
            ms.push(begun.elapsed().as_secs_f64() * 1_000.0);
            if hits.is_empty() != (typed == "没有这样的") {
                return Err(format!("{typed}: {} found", hits.len()).into());
            }
        }
        let ms = Sample::new(ms);
        if ms.median() > worst.median() {
            (worst, which) = (ms, typed);
        }
    }
    let what = format!(
        "search over {SEARCHED} orders, the slowest of {} texts («{which}»): p50",
        TYPED.len()
    );
    table.at_most(what, worst.median(), 20.0, "ms");
    table.spread(&worst, "ms");
    phone.engine.shutdown()?;
    Ok(())
}

/// The process that lists: the highest resident memory in KB.
pub fn list(path: &Path) -> Result<(), Failed> {
    let engine = open(path)?;
    let rows = engine.orders()?;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
    println!("{} {}", rows.len(), peak.unwrap_or("0"));
    std::io::stdout().flush()?;
    Ok(())
}

fn memory(server: &mut Server, folder: &Path, table: &mut Table) -> Result<(), Failed> {
    let phone = phone(server, folder, "engineer-memory", LISTED)?;
    phone.engine.shutdown()?;
    let mut peak = Vec::new();
    for _ in 0..5 {
        let out = Command::new(std::env::current_exe()?)
            .env(LIST, &phone.path)
            .output()?;
        let text = String::from_utf8(out.stdout)?;
        let said: Vec<&str> = text.split_whitespace().collect();
        match said[..] {
            [rows, kb] if rows == LISTED.to_string() => peak.push(kb.parse::<f64>()? / 1_024.0),
            _ => return Err(format!("said {text:?}").into()),
        }
    }
    // 0 where the system does not tell. The whole process counts, the benchmark's own program in it.
    let what = format!("a process with an engine and {LISTED} orders in its list: most memory");
    table.at_most(what, Sample::new(peak).percentile(1.0), 40.0, "MB");
    Ok(())
}

fn visit(server: &mut Server, folder: &Path, table: &mut Table) -> Result<(), Failed> {
    let phone = phone(server, folder, "engineer-visit", 1)?;
    let order = phone.engine.orders()?.first().ok_or("no order")?.id;
    for deed in Deed::VISIT {
        perform(&phone.engine, order, deed).map_err(|error| format!("{deed:?}: {error}"))?;
    }
    let changes = phone.changes_of(&format!("visit/{order}/"))?;
    let bytes = Document::from_changes(&changes)?.save().len();
    let what = format!(
        "a visit's document after a whole job ({} saved forms): saved",
        changes.len()
    );
    table.at_most(what, bytes as f64, 8_192.0, "bytes");
    Ok(())
}
