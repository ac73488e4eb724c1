//! The device alone: one saved form against the disk below it, and the cold open to a usable list.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Instant;

use crate::Failed;
use crate::phone::{Phone, open};
use crate::server::Server;
use crate::table::{Sample, Table};

/// Work orders in the list.
const ORDERS: usize = 1_000;
/// Saves of one report before the next order.
const SAVES_A_REPORT: usize = 10;
/// How far the raw file grows before it is written from its beginning again, as SQLite's log is.
const RAW_PAGES: usize = 1_000;

/// Everything.
pub fn measure(
    server: &mut Server,
    folder: &Path,
    saves: usize,
    opens: usize,
    table: &mut Table,
) -> Result<(), Failed> {
    let begun = Instant::now();
    let name = "engineer-list";
    server.ask(&format!("engineer {name}"))?;
    server.ask(&format!("jobs {name} {ORDERS}"))?;
    let phone = Phone::enrol(server, server.address, folder, name)?;
    eprintln!(
        "  {} documents after {:.1} s",
        phone.documents()?,
        begun.elapsed().as_secs_f64()
    );
    let phone = cold_open(phone, opens, table)?;
    save(phone, folder, saves, table)
}

/// One form, two fields; before each the raw write and fdatasync of one page into the same folder.
fn save(mut phone: Phone, folder: &Path, saves: usize, table: &mut Table) -> Result<(), Failed> {
    let orders: Vec<_> = phone.engine.orders()?.iter().map(|row| row.id).collect();
    let mut raw = File::create(folder.join("raw"))?;
    let page = [0x5a_u8; 4096];
    let (mut synced, mut saved) = (Vec::new(), Vec::new());
    for turn in 0..saves {
        if turn % RAW_PAGES == 0 {
            raw.seek(SeekFrom::Start(0))?;
        }
        let begun = Instant::now();
        raw.write_all(&page)?;
        raw.sync_data()?;
        synced.push(begun.elapsed().as_secs_f64() * 1_000.0);

        let order = orders[turn / SAVES_A_REPORT % orders.len()];
        let token = phone.engine.order(order)?.token;
        let form = phone.form();
        let begun = Instant::now();
        phone.engine.save_report(order, &token, form)?;
        saved.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    let (synced, saved) = (Sample::new(synced), Sample::new(saved));
    let limit = 3.0 * synced.percentile(0.99);
    table.at_most(
        format!(
            "one saved form on the device: p99 of {} (raw fdatasync p99 {:.2} ms)",
            saved.len(),
            synced.percentile(0.99)
        ),
        saved.percentile(0.99),
        limit,
        "ms",
    );
    table.spread(&saved, "ms");
    table.report(
        format!(
            "one saved form on the device: p50 (raw fdatasync p50 {:.2} ms)",
            synced.median()
        ),
        format!("{:.2} ms", saved.median()),
    );
    Ok(())
}

/// Everything dropped, then opened again, to the list.
fn cold_open(mut phone: Phone, opens: usize, table: &mut Table) -> Result<Phone, Failed> {
    let mut ms = Vec::new();
    let mut loads = 0;
    for _ in 0..opens {
        phone.engine.shutdown()?;
        let begun = Instant::now();
        let engine = open(&phone.path)?;
        let rows = engine.orders()?;
        ms.push(begun.elapsed().as_secs_f64() * 1_000.0);
        if rows.len() != ORDERS
            || rows
                .iter()
                .any(|row| row.customer.is_none() || row.number.is_none())
        {
            return Err(format!("the list is not usable: {} rows", rows.len()).into());
        }
        loads += engine.document_loads();
        phone.engine = engine;
    }
    let ms = Sample::new(ms);
    table.at_most(
        format!("cold open to a list of {ORDERS} orders: p50"),
        ms.median(),
        100.0,
        "ms",
    );
    table.spread(&ms, "ms");
    table.at_most("cold open: documents loaded", loads as f64, 0.0, "");
    Ok(phone)
}
