//! A phone that does one thing and is then killed: `phone-under-test FILE enrol URL CODE | sync | deed ORDER NAME`.
//!
//! It prints one line, `ACK <json>`, as soon as the engine's call has returned, and then holds everything open until
//! it is killed (or its standard input ends, so that no test leaves one behind). It never shuts the engine down.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_macros,
    reason = "a helper of the scenarios: its output is read by them"
)]

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use fieldseal_core::device::engine::{Engine, OpenOptions};
use fieldseal_core::device::system::system_env;
use fieldseal_core::domain::calendar::CompanyZone;
use fieldseal_core::domain::texts::Lang;
use fieldseal_tests::hands::{Ack, Deed, perform};

fn run(arguments: &[String]) -> Result<Ack, String> {
    let usage = || "usage".to_owned();
    let said =
        |error: fieldseal_core::device::EngineError| format!("{} {}", error.code(), error.text(Lang::En));
    let (file, rest) = arguments.split_first().ok_or_else(usage)?;
    let engine = Engine::open(OpenOptions {
        path: PathBuf::from(file),
        key: None,
        env: system_env(),
        zone: CompanyZone::default(),
    })
    .map_err(said)?;
    let words: Vec<&str> = rest.iter().map(String::as_str).collect();
    let ack = match words.as_slice() {
        ["enrol", url, code] => engine.enrol(url, code, "S1").map(|()| Ack::default()),
        ["sync"] => engine.sync_once().map(|_| Ack::default()),
        ["deed", order, deed] => {
            let order = order.parse().map_err(|_| usage())?;
            perform(&engine, order, deed.parse::<Deed>()?)
        }
        _ => return Err(usage()),
    };
    let ack = ack.map_err(said)?;
    // Kept open: what follows is a kill, never a shutdown.
    std::mem::forget(engine);
    Ok(ack)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = run(&arguments);
    let mut out = std::io::stdout().lock();
    let written = match &outcome {
        Ok(ack) => serde_json::to_string(ack)
            .map_err(std::io::Error::other)
            .and_then(|json| writeln!(out, "ACK {json}")),
        Err(error) => writeln!(out, "ERR {error}"),
    };
    if outcome.is_err() || written.and_then(|()| out.flush()).is_err() {
        return ExitCode::FAILURE;
    }
    let mut rest = Vec::new();
    let _ended = std::io::stdin().read_to_end(&mut rest);
    ExitCode::SUCCESS
}
