//! One exchange over a slow line: 20 documents with 5 edits each up, 10 edits down, durable and gated; then nothing.
//!
//! The line is the demo's proxy: 150 ms each way, every byte counted, HTTP headers included. On a new connection
//! the handshake costs one more round trip; the connection is cut before each of the cold runs.

use std::path::Path;
use std::time::{Duration, Instant};

use fieldseal_core::device::engine::Step;
use fieldseal_core::domain::ids::OrderId;
use fieldseal_server::demo::proxy::{CutProxy, Line};

use crate::Failed;
use crate::phone::{Phone, deflated};
use crate::server::Server;
use crate::table::{Sample, Table};

/// The line: 300 ms there and back.
pub const LINE: Line = Line {
    one_way: Duration::from_millis(150),
    handshake: Duration::from_millis(300),
};
/// Documents that are edited on the phone.
pub const DOCUMENTS: usize = 20;
/// Edits in each.
pub const EDITS: usize = 5;
/// Edits by the office meanwhile.
pub const DOWN: usize = 10;
/// The longest that the median exchange may take.
const LIMIT_MS: f64 = 340.0;

/// One exchange.
pub struct Run {
    /// From the call to its return.
    pub ms: f64,
    /// What the saves of the phone took before it.
    pub saves_ms: f64,
    requests: f64,
    /// Connections opened.
    pub connections: u64,
    /// Bytes up.
    pub up: f64,
    /// Bytes down.
    pub down: f64,
    up_floor: f64,
    down_floor: f64,
}

impl Run {
    fn limit(floor: f64) -> f64 {
        (1.15 * floor + 600.0).floor()
    }
}

/// Everything about one size of scope.
pub fn measure(
    server: &mut Server,
    folder: &Path,
    documents: u64,
    runs: usize,
    table: &mut Table,
) -> Result<(), Failed> {
    let name = format!("engineer-{documents}");
    let proxy = CutProxy::start(server.address, LINE)?;
    let (mut phone, orders) = prepare(server, &proxy, folder, &name, documents)?;
    let in_scope = phone.documents()?;

    let mut warm = Vec::new();
    for _ in 0..runs {
        warm.push(exchange(server, &proxy, &mut phone, &orders, &name)?);
    }
    let mut cold = Vec::new();
    for _ in 0..runs.min(7) {
        proxy.cut();
        std::thread::sleep(Duration::from_millis(50));
        cold.push(exchange(server, &proxy, &mut phone, &orders, &name)?);
    }
    report(table, in_scope, &warm, &cold);
    idle(server, &proxy, &phone, in_scope, runs, table)
}

/// An engineer with so many documents in scope, his phone, and the orders in whose visits he writes.
pub fn prepare(
    server: &mut Server,
    proxy: &CutProxy,
    folder: &Path,
    name: &str,
    documents: u64,
) -> Result<(Phone, Vec<OrderId>), Failed> {
    let begun = Instant::now();
    server.ask(&format!("engineer {name}"))?;
    let visits = u64::try_from(DOCUMENTS)?;
    server.count(&format!("documents {name} {}", documents - visits))?;
    let phone = Phone::enrol(server, proxy.address(), folder, name)?;
    let rows = phone.engine.orders()?;
    let orders: Vec<OrderId> = rows.iter().take(DOCUMENTS).map(|row| row.id).collect();
    for order in &orders {
        let token = phone.engine.order(*order)?.token;
        phone.engine.step(*order, &token, Step::Accept { plan: None })?;
    }
    phone.settle()?;
    eprintln!(
        "  {} documents in scope after {:.1} s",
        phone.documents()?,
        begun.elapsed().as_secs_f64()
    );
    Ok((phone, orders))
}

/// One exchange of what is written just before it.
pub fn exchange(
    server: &mut Server,
    proxy: &CutProxy,
    phone: &mut Phone,
    orders: &[OrderId],
    name: &str,
) -> Result<Run, Failed> {
    let before = phone.newest()?;
    let begun = Instant::now();
    for order in orders {
        for _ in 0..EDITS {
            phone.save(*order)?;
        }
    }
    let saves_ms = begun.elapsed().as_secs_f64() * 1_000.0;
    server.ask(&format!("edit {name} {DOWN}"))?;
    let up = phone.changes(before)?;
    let sent = phone.newest()?;
    let line = proxy.traffic();
    let begun = Instant::now();
    let report = phone.engine.sync_once()?;
    let ms = begun.elapsed().as_secs_f64() * 1_000.0;
    let after = proxy.traffic();
    let down = phone.changes(sent)?;
    if phone.unsent()? != 0 || up.len() != DOCUMENTS * EDITS || down.len() != DOWN {
        return Err(format!(
            "not the exchange that was to be measured: {} up, {} down, {report:?}",
            up.len(),
            down.len()
        )
        .into());
    }
    Ok(Run {
        ms,
        saves_ms,
        requests: f64::from(report.requests),
        connections: after.connections - line.connections,
        up: (after.up - line.up) as f64,
        down: (after.down - line.down) as f64,
        up_floor: deflated(&up)? as f64,
        down_floor: deflated(&down)? as f64,
    })
}

fn report(table: &mut Table, in_scope: i64, warm: &[Run], cold: &[Run]) {
    let of = |runs: &[Run], figure: fn(&Run) -> f64| Sample::new(runs.iter().map(figure).collect());
    let scope = format!("{in_scope} documents in scope");
    let requests = of(warm, |run| run.requests);
    table.at_most(
        format!("exchange, {scope}: requests"),
        requests.percentile(1.0),
        1.0,
        "",
    );
    let ms = of(warm, |run| run.ms);
    table.at_most(format!("exchange, {scope}: p50"), ms.median(), LIMIT_MS, "ms");
    table.spread(&ms, "ms");
    let opened: u64 = warm.iter().map(|run| run.connections).sum();
    if opened > 0 {
        table.report(
            format!("exchange, {scope}: connections opened, should be none"),
            opened.to_string(),
        );
    }
    let cold_ms = of(cold, |run| run.ms);
    table.report(
        format!("exchange, {scope}, new connection: p50"),
        format!("{:.0} ms", cold_ms.median()),
    );
    table.spread(&cold_ms, "ms");
    for (way, bytes, floor) in [
        ("up", of(warm, |run| run.up), of(warm, |run| run.up_floor)),
        ("down", of(warm, |run| run.down), of(warm, |run| run.down_floor)),
    ] {
        table.at_most(
            format!(
                "exchange, {scope}: bytes {way} (deflate of the new changes: {:.0})",
                floor.median()
            ),
            bytes.median(),
            Run::limit(floor.median()),
            "bytes",
        );
        table.spread(&bytes, "bytes");
    }
}

/// Nothing new on either side.
fn idle(
    server: &mut Server,
    proxy: &CutProxy,
    phone: &Phone,
    in_scope: i64,
    runs: usize,
    table: &mut Table,
) -> Result<(), Failed> {
    phone.settle()?;
    let (there, here) = (server.count("loads")?, phone.engine.document_loads());
    let mut bytes = Vec::new();
    let mut ms = Vec::new();
    for _ in 0..runs {
        let before = proxy.traffic();
        let begun = Instant::now();
        let report = phone.engine.sync_once()?;
        ms.push(begun.elapsed().as_secs_f64() * 1_000.0);
        let after = proxy.traffic();
        if report.requests != 1 || report.news {
            return Err(format!("there was something new: {report:?}").into());
        }
        bytes.push((after.up - before.up + after.down - before.down) as f64);
    }
    let (bytes, ms) = (Sample::new(bytes), Sample::new(ms));
    let what = format!("nothing new, {in_scope} documents in scope");
    table.at_most(
        format!("{what}: bytes, both ways"),
        bytes.median(),
        700.0,
        "bytes",
    );
    table.spread(&bytes, "bytes");
    let loads = server.count("loads")? - there + phone.engine.document_loads() - here;
    table.at_most(
        format!("{what}: documents loaded, both sides"),
        loads as f64,
        0.0,
        "",
    );
    table.report(format!("{what}: p50"), format!("{:.0} ms", ms.median()));
    table.spread(&ms, "ms");
    Ok(())
}
