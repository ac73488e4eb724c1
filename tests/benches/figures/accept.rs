//! How many changes a second the server takes: recorded requests of several engineers at once, without sockets.
//!
//! From the body's bytes to the answer's: inflate, decode, gate, writer check, facts stored, fsync, encode. Histories
//! are laid down before; each request has five changes to each of its engineer's visits.

use std::hint::black_box;
use std::time::Instant;

use fieldseal_core::domain::ids::{OrderId, UserId};
use fieldseal_core::env::Env;
use fieldseal_core::wire::SyncRequest;
use fieldseal_core::wire::body::{decode, encode};
use fieldseal_server::pipeline::SyncService;

use crate::Failed;
use crate::recorded::{Hand, Visit};
use crate::server::Server;
use crate::table::Table;

/// Engineers who sync at once, on two cores: while one waits for the disk, another is judged.
const ENGINEERS: usize = 4;
/// Changes to a document in a request.
const CHANGES: usize = 5;
/// Documents, twenty of each engineer: a request has a hundred changes, as an exchange of the first figures has.
const DOCUMENTS: usize = 80;
/// Requests of each engineer.
const REQUESTS: usize = 10;
/// Facts in a document's history.
const HISTORIES: [usize; 3] = [50, 300, 1_000];
/// The least that is promised, changes a second.
const LIMIT: f64 = 10_000.0;

/// Asks the server process for each history.
pub fn measure(server: &mut Server, table: &mut Table) -> Result<(), Failed> {
    for history in HISTORIES {
        let answer = server.ask(&format!("accept {history} {DOCUMENTS} {REQUESTS}"))?;
        let words: Vec<f64> = answer.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [changes, seconds, busy] = words[..] else {
            return Err(format!("not a figure: {answer}").into());
        };
        table.at_least(
            format!(
                "accepted changes, documents with a history of {history} facts ({changes} changes, {ENGINEERS} requests at a time)"
            ),
            changes / seconds,
            LIMIT,
            "/s",
        );
        // Of two cores: what is missing to the whole time waited for the disk, or for others on this machine.
        table.note(format!(
            "{:.0} µs of processor a change, {:.2} s in all",
            busy / changes * 1e6,
            seconds
        ));
    }
    Ok(())
}

/// In the server's process: how many changes in how many seconds.
pub fn serve(
    service: &SyncService,
    env: &Env,
    history: usize,
    documents: usize,
    requests: usize,
) -> Result<String, Failed> {
    let each = documents / ENGINEERS;
    let prepared: Vec<(Hand, Vec<Vec<u8>>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..ENGINEERS)
            .map(|_| {
                scope.spawn(|| {
                    prepare(service, env, history, each, requests).map_err(|error| error.to_string())
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("no worker panics"))
            .collect::<Result<_, _>>()
    })?;
    let (begun, busy) = (Instant::now(), processor());
    let taken: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = prepared
            .into_iter()
            .map(|(hand, bodies)| {
                scope.spawn(move || run(service, hand, &bodies).map_err(|error| error.to_string()))
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("no worker panics"))
            .sum::<Result<usize, _>>()
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(format!("{taken} {seconds} {}", processor() - busy))
}

/// Seconds of processor that this process has used, in hundredths; Linux alone says it.
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = |field: &str| field.parse::<f64>().unwrap_or(f64::NAN);
    // Behind the name, which may hold anything: the 14th and 15th field of all.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    match (fields.get(11), fields.get(12)) {
        (Some(user), Some(system)) => (ticks(user) + ticks(system)) / 100.0,
        _ => f64::NAN,
    }
}

fn prepare(
    service: &SyncService,
    env: &Env,
    history: usize,
    documents: usize,
    requests: usize,
) -> Result<(Hand, Vec<Vec<u8>>), Failed> {
    let mut hand = Hand::enrol(service, env, UserId(env.uuid_v7()))?;
    let mut visits: Vec<Visit> = (0..documents)
        .map(|_| Visit::begin(&hand, OrderId(env.uuid_v7())))
        .collect();
    for visit in &mut visits {
        let written = visit.forms(&hand, history)?;
        hand.lay(service, vec![written])?;
    }
    let mut bodies = Vec::with_capacity(requests);
    for _ in 0..requests {
        let changes = visits
            .iter_mut()
            .map(|visit| visit.forms(&hand, CHANGES))
            .collect::<Result<_, _>>()?;
        bodies.push(encode(&hand.request(changes))?);
    }
    hand.catch_up(service)?;
    Ok((hand, bodies))
}

fn run(service: &SyncService, mut hand: Hand, bodies: &[Vec<u8>]) -> Result<usize, Failed> {
    let mut taken = 0;
    for body in bodies {
        let mut request: SyncRequest = decode(body)?;
        taken += request.changes.iter().map(|doc| doc.changes.len()).sum::<usize>();
        let answer = hand.send(service, &mut request)?;
        black_box(encode(&answer)?);
    }
    Ok(taken)
}
