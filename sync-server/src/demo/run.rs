//! Starting the demo: folder, server, company, engineers; and what goes on by itself while a visitor looks.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fieldseal_core::env::Env;

use super::clock::DemoClock;
use super::company::{ENGINEERS, OFFICE, Person as Who, YOU};
use super::data::Company;
use super::desk::Desk;
use super::engineer::forward_log;
use super::seed::{ACROSS, HISTORY_MS, Seeding, env_with, user_of};
use super::{DemoError, PHONE_FILE};
use crate::auth::store::LinkPurpose;
use crate::config::Config;

/// Flags of `demo` beside those of the server.
#[derive(Debug, Clone, clap::Args)]
pub struct DemoArguments {
    /// Divides the engineers' pauses; timestamps stay real.
    #[arg(long, default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.1..=1000.0).contains(&speed) => Ok(speed),
        _ => Err("a number from 0.1 to 1000".to_owned()),
    }
}

/// Present while the company is being made; a start that finds it begins again.
const UNFINISHED: &str = "seeding";
/// Present once the company is complete.
const READY: &str = "demo";

fn engineer_dir(data: &Path, who: &Who) -> PathBuf {
    data.join("engineers").join(who.login)
}

/// Refuses a folder that is not ours, clears one whose seeding was interrupted. Says whether to seed.
fn prepare(data: &Path) -> Result<bool, DemoError> {
    std::fs::create_dir_all(data).map_err(DemoError::Folder)?;
    if data.join(READY).exists() {
        return Ok(false);
    }
    let mut entries = std::fs::read_dir(data).map_err(DemoError::Folder)?;
    if data.join(UNFINISHED).exists() {
        for part in ["server", "engineers"] {
            match std::fs::remove_dir_all(data.join(part)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(DemoError::Folder(error));
                }
                _ => {}
            }
        }
    } else if entries.next().is_some() {
        return Err(DemoError::ForeignFolder(data.to_owned()));
    }
    std::fs::write(data.join(UNFINISHED), "made by fieldseal-server demo\n").map_err(DemoError::Folder)?;
    Ok(true)
}

/// Runs the demo until Ctrl-C.
///
/// # Errors
/// See [`DemoError`].
pub fn run(
    config: &Config,
    arguments: &DemoArguments,
    env: &Env,
    say: &dyn Fn(&str),
) -> Result<(), DemoError> {
    let company = Company::load()?;
    let data = config.data.clone();
    let fresh = prepare(&data)?;
    let clock = Arc::new(DemoClock::set_back(
        env.clock.clone(),
        if fresh { HISTORY_MS } else { 0 },
    ));
    let config = Config {
        data: data.join("server"),
        ..config.clone()
    };
    let server = crate::start(&config, env_with(clock.clone(), env))?;
    let office = server.state.office.clone();
    if fresh {
        say("making a company with a month behind it …");
        Seeding {
            office: &office,
            company: &company,
            env: &env_with(clock.clone(), env),
            clock: &clock,
            zone: office.zone(),
            server: &server.url(),
            engineer_dir: &|who| engineer_dir(&data, who),
            album: super::camera::Album::default(),
            across: ACROSS,
        }
        .run()?;
        std::fs::rename(data.join(UNFINISHED), data.join(READY)).map_err(DemoError::Folder)?;
    }
    clock.to_now();

    // Its engineers are heard of every few seconds while their line is up.
    office.contacts().set_offline_after_ms(12_000);
    let stopping = Arc::new(AtomicBool::new(false));
    let mut keepers = Vec::new();
    for (number, who) in ENGINEERS.iter().enumerate() {
        keepers.push(keep_alive(
            &data,
            who,
            number,
            server.addr,
            arguments.speed,
            stopping.clone(),
        )?);
    }
    let desk = Desk::new(office.clone(), company, env.clone())?;
    keepers.push(desk.open(arguments.speed, stopping.clone()));

    let link = server
        .state
        .auth
        .new_link(user_of(&OFFICE[0]), LinkPurpose::SignIn)?;
    say(&format!("data folder:   {}", data.display()));
    say(&format!("page:          {}/", server.url()));
    say(&format!(
        "one-time link: {}",
        format_args!("{}/link/{}", server.url(), link.expose())
    ));
    let admin = office
        .person(user_of(&OFFICE[0]))?
        .ok_or(DemoError::Seed("no administrator"))?;
    let code = office.new_enrolment_code(&admin, user_of(&YOU))?;
    say(&format!(
        "engineer code: {}   (you are an engineer too: see README; good once, for ten minutes)",
        code.code.expose()
    ));
    say(
        "engineers:     each is a process of its own; kill one and it comes back with everything that it had",
    );
    say("stop with Ctrl-C");

    let waited = server.wait_for_signal();
    stopping.store(true, Ordering::SeqCst);
    server.stop();
    for keeper in keepers {
        // A keeper that panicked has nothing left to stop.
        let _ = keeper.join();
    }
    waited.map_err(DemoError::Folder)
}

pub(super) type Keeper = std::thread::JoinHandle<()>;

/// Starts an engineer's process and starts it again when it dies.
fn keep_alive(
    data: &Path,
    who: &'static Who,
    number: usize,
    server: std::net::SocketAddr,
    speed: f64,
    stopping: Arc<AtomicBool>,
) -> Result<Keeper, DemoError> {
    let program = std::env::current_exe().map_err(DemoError::Child)?;
    let folder = engineer_dir(data, who);
    let start = move || -> std::io::Result<Child> {
        let mut child = Command::new(&program)
            .args(["demo-engineer", "--folder"])
            .arg(&folder)
            .args(["--server", &server.to_string(), "--speed", &speed.to_string()])
            .args(["--seed", &(number + 1).to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(log) = child.stderr.take() {
            forward_log(who.login, log);
        }
        Ok(child)
    };
    let mut child = start().map_err(DemoError::Child)?;
    tracing::info!(
        engineer = who.login,
        pid = child.id(),
        file = PHONE_FILE,
        "engineer started"
    );
    Ok(std::thread::spawn(move || {
        while !stopping.load(Ordering::SeqCst) {
            if let Ok(Some(status)) = child.try_wait() {
                tracing::info!(engineer = who.login, %status, "engineer ended; starting again");
                match start() {
                    Ok(next) => child = next,
                    Err(error) => tracing::warn!(engineer = who.login, %error, "engineer not started"),
                }
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        // Its file is as safe after this as after a dead battery.
        let _ = child.kill();
        let _ = child.wait();
    }))
}
