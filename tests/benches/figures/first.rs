//! The first sync of a new phone: what travels is little more than the compact documents that it is granted.

use std::path::Path;
use std::time::{Duration, Instant};

use fieldseal_server::demo::proxy::{CutProxy, Line};

use crate::Failed;
use crate::phone::Phone;
use crate::server::Server;
use crate::table::Table;

/// Work orders of the engineer.
const ORDERS: usize = 200;
/// Facts that he wrote in each.
const FACTS: usize = 50;
/// Counts bytes, delays nothing.
const LINE: Line = Line {
    one_way: Duration::ZERO,
    handshake: Duration::ZERO,
};

/// Everything.
pub fn measure(server: &mut Server, folder: &Path, table: &mut Table) -> Result<(), Failed> {
    let name = "engineer-first";
    server.ask(&format!("engineer {name}"))?;
    server.ask(&format!("jobs {name} {ORDERS}"))?;
    server.ask(&format!("history {name} {FACTS}"))?;
    let granted = server.count(&format!("granted {name}"))?;
    let proxy = CutProxy::start(server.address, LINE)?;
    let phone = Phone::enrol_only(server, proxy.address(), folder, name)?;
    let before = proxy.traffic();
    let begun = Instant::now();
    phone.settle()?;
    let seconds = begun.elapsed().as_secs_f64();
    let after = proxy.traffic();
    let documents = phone.documents()?;
    if phone.engine.orders()?.len() != ORDERS {
        return Err("not every order arrived".into());
    }
    table.at_most(
        format!(
            "first sync, {ORDERS} orders with {FACTS} facts each ({documents} documents, save() of all {granted} bytes): bytes, both ways"
        ),
        (after.up - before.up + after.down - before.down) as f64,
        (1.05 * granted as f64).floor(),
        "bytes",
    );
    table.report(
        "first sync of these, from the enrolled phone to its list",
        format!("{seconds:.2} s"),
    );
    Ok(())
}
