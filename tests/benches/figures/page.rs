//! The dispatcher's page over 5,000 tickets: every page's time, and how soon a phone's change stands on the board.

use std::path::Path;
use std::time::Instant;

use fieldseal_core::device::engine::Step;

use crate::Failed;
use crate::phone::Phone;
use crate::server::Server;
use crate::table::{Sample, Table, number};
use crate::web::Browser;

/// Tickets of the company, each with its order, customer, contact and unit.
const TICKETS: u64 = 5_000;
/// Orders that are still open; the others are done.
const OPEN: u64 = 200;
/// The longest that a page may take.
const LIMIT_MS: f64 = 50.0;
/// The longest from a sync's end to the board.
const LIVE_MS: f64 = 1_000.0;
/// Changes that are followed to the board.
const LIVE_RUNS: usize = 5;

/// Everything.
pub fn measure(server: &mut Server, folder: &Path, runs: usize, table: &mut Table) -> Result<(), Failed> {
    let begun = Instant::now();
    let name = "engineer-page";
    let engineer = server.ask(&format!("engineer {name}"))?;
    server.ask(&format!("jobs {name} {OPEN}"))?;
    server.ask(&format!("tickets engineer-done {TICKETS}"))?;
    let secret = server.ask("link")?;
    let browser = Browser::by_link(server.address, &secret)?;
    eprintln!("  {TICKETS} tickets after {:.1} s", begun.elapsed().as_secs_f64());
    every(
        server,
        name,
        &browser,
        runs,
        &format!("{TICKETS} tickets, all open"),
        table,
    )?;
    server.ask(&format!("finish {name}"))?;
    every(
        server,
        name,
        &browser,
        runs,
        &format!("{TICKETS} tickets, {OPEN} open"),
        table,
    )?;
    live(server, folder, (name, &engineer), &browser, table)
}

/// Every page of a company.
fn every(
    server: &mut Server,
    name: &str,
    browser: &Browser,
    runs: usize,
    company: &str,
    table: &mut Table,
) -> Result<(), Failed> {
    let (_, first) = browser.get("/")?;
    table.report(
        format!("page, {company}: the board's first look after the work was written"),
        format!("{first:.0} ms"),
    );
    let order = server.ask(&format!("order {name}"))?;
    let customer = server.ask(&format!("customer {name}"))?;
    let paths = [
        "/".to_owned(),
        "/?q=5".to_owned(),
        "/?q=es-000007".to_owned(),
        "/?priority=p2".to_owned(),
        "/?list=dispatched&page=2".to_owned(),
        "/?list=done&page=2".to_owned(),
        "/orders/new".to_owned(),
        format!("/orders/{order}"),
        "/conflicts".to_owned(),
        "/stock".to_owned(),
        "/customers".to_owned(),
        "/customers?q=7".to_owned(),
        format!("/customers/{customer}"),
        "/users".to_owned(),
        "/devices".to_owned(),
    ];
    let mut slowest: Option<(String, Sample)> = None;
    let mut all = Vec::new();
    for path in paths {
        let (sample, bytes) = looks(runs, || browser.get(&path))?;
        let shown = path.replace(&order, "…").replace(&customer, "…");
        all.push(format!(
            "`{shown}` {} ms ({} KB)",
            number(sample.median()),
            bytes / 1024
        ));
        if slowest
            .as_ref()
            .is_none_or(|(_, before)| before.median() < sample.median())
        {
            slowest = Some((shown, sample));
        }
    }
    let (path, sample) = slowest.ok_or("no page")?;
    table.at_most(
        format!("page, {company}: p50 of the slowest, `{path}`"),
        sample.median(),
        LIMIT_MS,
        "ms",
    );
    table.spread(&sample, "ms");
    table.report(format!("page, {company}: each"), all.join(", "));
    let (sample, _) = looks(runs, || {
        server.ask(&format!("edit {name} 1"))?;
        browser.get("/")
    })?;
    table.at_most(
        format!("page, {company}: the board straight after a window was moved, p50"),
        sample.median(),
        LIMIT_MS,
        "ms",
    );
    table.spread(&sample, "ms");
    Ok(())
}

/// Several looks at a page: the server's time, and its size.
fn looks(
    runs: usize,
    mut get: impl FnMut() -> Result<(String, f64), Failed>,
) -> Result<(Sample, usize), Failed> {
    let mut ms = Vec::new();
    let mut bytes = 0;
    for _ in 0..runs.max(5) {
        let (page, took) = get()?;
        bytes = page.len();
        ms.push(took);
    }
    Ok((Sample::new(ms), bytes))
}

/// An engineer accepts; the board hears of it, asks again, and shows it.
fn live(
    server: &mut Server,
    folder: &Path,
    (name, engineer): (&str, &str),
    browser: &Browser,
    table: &mut Table,
) -> Result<(), Failed> {
    // A column shows its most pressing cards: of one engineer, all of them.
    let board = format!("/?engineer={engineer}");
    let phone = Phone::enrol(server, server.address, folder, name)?;
    let orders: Vec<_> = phone
        .engine
        .orders()?
        .iter()
        .map(|row| row.id)
        .take(LIVE_RUNS)
        .collect();
    let mut ms = Vec::new();
    for order in orders {
        let token = phone.engine.order(order)?.token;
        phone.engine.step(order, &token, Step::Accept { plan: None })?;
        let before = card(&browser.get(&board)?.0, &order.to_string())?;
        let mut events = browser.live()?;
        // The head of the answer, and the number where the server stands.
        while !events.hear()?.contains("event: sequence") {}
        let sync = std::thread::scope(|scope| -> Result<Instant, Failed> {
            let listening = scope.spawn(|| events.hear().map_err(|error| error.to_string()));
            phone.engine.sync_once()?;
            let synced = Instant::now();
            listening.join().map_err(|_| "the listener ended")??;
            Ok(synced)
        })?;
        while card(&browser.get(&board)?.0, &order.to_string())? == before {
            if sync.elapsed().as_secs() > 10 {
                return Err("the change does not come to the board".into());
            }
        }
        ms.push(sync.elapsed().as_secs_f64() * 1_000.0);
    }
    let ms = Sample::new(ms);
    table.at_most(
        "a change on a phone is on the board after its sync, longest",
        ms.percentile(1.0),
        LIVE_MS,
        "ms",
    );
    table.spread(&ms, "ms");
    Ok(())
}

/// An order's card: from its link to the end of the item.
fn card(page: &str, order: &str) -> Result<String, Failed> {
    let at = page
        .rfind(&format!("/orders/{order}"))
        .ok_or("the board does not show the order")?;
    let rest = &page[at..];
    Ok(rest[..rest.find("</li>").unwrap_or(rest.len())].to_owned())
}
