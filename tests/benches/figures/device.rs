//! The device alone: one saved form against the disk below it, and the cold open to a usable list.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::Instant;

use fieldseal_core::domain::ids::OrderId;

use crate::Failed;
use crate::phone::{Phone, open};
use crate::server::Server;
use crate::table::{Sample, Table};

/// Work orders in the list.
const ORDERS: usize = 1_000;
/// Near to real work: a report is saved ten times, then the next order comes.
const SHORT: Pattern = Pattern {
    name: "ten saves a report",
    beside: 1,
    each: 10,
};
/// Far from it: twelve reports in turn, until each was saved 83 times. It shows whether a save grows dearer.
const LONG: Pattern = Pattern {
    name: "83 saves in each of twelve reports",
    beside: 12,
    each: 83,
};
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
    let mut phone = cold_open(phone, opens, table)?;
    let orders: Vec<OrderId> = phone.engine.orders()?.iter().map(|row| row.id).collect();
    let (long, short) = orders.split_at(LONG.beside);
    save(&mut phone, folder, short, &SHORT, saves, table)?;
    save(&mut phone, folder, long, &LONG, LONG.beside * LONG.each, table)
}

/// A way of working: how many reports are written in turn, and how often each is saved.
struct Pattern {
    /// As the table says it.
    name: &'static str,
    /// Reports that are open beside each other.
    beside: usize,
    /// Saves of each.
    each: usize,
}

/// One form, two fields; before each the raw write and fdatasync of one page into the same folder.
fn save(
    phone: &mut Phone,
    folder: &Path,
    orders: &[OrderId],
    pattern: &Pattern,
    saves: usize,
    table: &mut Table,
) -> Result<(), Failed> {
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

        let round = turn / (pattern.beside * pattern.each) * pattern.beside;
        let order = orders[(round + turn % pattern.beside) % orders.len()];
        let token = phone.engine.order(order)?.token;
        let form = phone.form();
        let begun = Instant::now();
        phone.engine.save_report(order, &token, form)?;
        saved.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    let early = Sample::new(saved.iter().copied().take(10 * pattern.beside).collect());
    let late = Sample::new(saved.iter().rev().copied().take(10 * pattern.beside).collect());
    let (synced, saved) = (Sample::new(synced), Sample::new(saved));
    let name = pattern.name;
    table.at_most(
        format!(
            "one saved form on the device, {name}: p99 of {} (raw fdatasync p99 {:.2} ms)",
            saved.len(),
            synced.percentile(0.99)
        ),
        saved.percentile(0.99),
        3.0 * synced.percentile(0.99),
        "ms",
    );
    table.spread(&saved, "ms");
    table.report(
        format!(
            "one saved form on the device, {name}: p50 (raw fdatasync p50 {:.2} ms)",
            synced.median()
        ),
        format!("{:.2} ms", saved.median()),
    );
    if pattern.beside > 1 {
        table.report(
            format!("one saved form on the device, {name}: p50 of each report's first and last ten"),
            format!("{:.2} ms, {:.2} ms", early.median(), late.median()),
        );
    }
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
