//! One live engineer: a process of its own with the real `Engine`, its own database file, and a line that cuts.
//!
//! It may be killed at any moment: what it did is in its file, and where its script stands is a draft in the same
//! file. It ends with its parent: the parent holds the other end of its standard input.

use std::io::{BufRead as _, Read as _};
use std::path::PathBuf;
use std::time::Duration;

use fieldseal_core::device::EngineError;
use fieldseal_core::device::engine::{Engine, OpenOptions};
use fieldseal_core::device::system;
use fieldseal_core::domain::calendar::CompanyZone;
use fieldseal_core::domain::ids::{OrderId, UserId};
use fieldseal_core::domain::work::OrderState;
use fieldseal_core::facts::DocName;
use fieldseal_core::facts::order::view::AssignmentStatus;

use super::DemoError;
use super::camera::Camera;
use super::data::Company;
use super::deeds::{Hand, seed_of};
use super::photo::FULL;
use super::proxy::{CutProxy, Line};
use super::script::{Case, Course, Deed, Dice, What, correction, script};

/// What a live engineer is started with.
#[derive(Debug, Clone, clap::Args)]
pub struct EngineerArguments {
    /// Folder of the phone's database.
    #[arg(long)]
    pub folder: PathBuf,
    /// The server's loopback address.
    #[arg(long)]
    pub server: std::net::SocketAddr,
    /// Divides every pause.
    #[arg(long)]
    pub speed: f64,
    /// Varies pauses and findings.
    #[arg(long)]
    pub seed: u64,
}

/// A mobile line at the edge of its cell: photos take their time.
const MOBILE: Line = Line {
    one_way: Duration::from_millis(120),
    handshake: Duration::from_millis(120),
};

/// Where a script stands: order, script, place.
const PLACE: &str = "demo/script";

/// Notes where an engineer stands, so that his process goes on there.
pub(super) fn keep_place(
    engine: &Engine,
    order: OrderId,
    script: &str,
    place: usize,
) -> Result<(), EngineError> {
    engine.save_draft(PLACE, format!("{order} {script} {place}").as_bytes())
}

fn pause_key(order: OrderId) -> String {
    format!("demo/pause/{order}")
}

/// Notes where a visit goes on once the parts are there.
pub(super) fn keep_pause(engine: &Engine, order: OrderId, place: usize) -> Result<(), EngineError> {
    engine.save_draft(&pause_key(order), place.to_string().as_bytes())
}

/// Runs until the parent ends.
///
/// # Errors
/// Where the phone's file or the line cannot be opened.
pub fn run(arguments: &EngineerArguments) -> Result<(), DemoError> {
    std::thread::spawn(|| {
        // Ends with the parent: its end of this pipe closes, however it died.
        let mut rest = Vec::new();
        let _ = std::io::stdin().lock().read_to_end(&mut rest);
        std::process::exit(0);
    });
    let proxy = CutProxy::start(arguments.server, MOBILE).map_err(DemoError::Line)?;
    let engine = Engine::open(OpenOptions {
        path: arguments.folder.join(super::PHONE_FILE),
        key: None,
        env: system::system_env(),
        zone: CompanyZone::default(),
    })?;
    engine.set_server(&format!("http://{}", proxy.address()))?;
    let camera = Camera {
        folder: arguments.folder.join("camera"),
        clock: system::system_env().clock,
        across: FULL,
        album: None,
    };
    let me = engine.status()?.enrolment.map(|enrolment| enrolment.user);
    let mut life = Life {
        me: me.ok_or(DemoError::Seed("a phone without its engineer"))?,
        company: Company::load()?,
        camera,
        engine,
        proxy,
        speed: arguments.speed,
        dice: Dice(arguments.seed),
    };
    loop {
        life.turn()?;
    }
}

struct Life {
    me: UserId,
    company: Company,
    camera: Camera,
    engine: Engine,
    proxy: CutProxy,
    speed: f64,
    dice: Dice,
}

/// What is to be done next, and from which deed on.
struct Task {
    order: OrderId,
    /// `plain`, `lucky`, `parts`, or `correct:2`: which list of deeds.
    script: String,
    place: usize,
}

impl Life {
    fn pause(&self, seconds: f64) {
        std::thread::sleep(Duration::from_secs_f64((seconds / self.speed).clamp(0.02, 120.0)));
    }

    /// A pause during which the phone goes on exchanging, as an open app does.
    fn wait(&self, seconds: f64) {
        let mut left = seconds;
        while left > 0.0 {
            self.pause(left.min(4.0));
            left -= 4.0;
            if !self.proxy.is_down() {
                self.sync();
            }
        }
    }

    /// Whether one of his assignments stands, or his work under it does.
    fn still_mine(&self, order: OrderId) -> Result<bool, DemoError> {
        use AssignmentStatus::{Current, RevokedButDone, RevokedButWorking, SecondOrder};
        let details = self.engine.order(order)?;
        Ok(details.order.assignments.iter().any(|assignment| {
            assignment.engineers.contains(&self.me)
                && matches!(
                    assignment.status,
                    Current | RevokedButDone | RevokedButWorking | SecondOrder
                )
        }))
    }

    /// An exchange, if the line is up. Failing is normal: that is what the line is for.
    fn sync(&self) {
        match self.engine.sync_once() {
            Ok(_)
            | Err(
                EngineError::Offline
                | EngineError::Busy
                | EngineError::Revoked
                | EngineError::Rejected { .. },
            ) => {}
            Err(error) => tracing::warn!(%error, "sync"),
        }
    }

    /// One look at the list: goes on with the order in hand, or takes the next one.
    fn turn(&mut self) -> Result<(), DemoError> {
        self.sync();
        match self.next_task()? {
            Some(task) => self.work(&task),
            None => {
                // Sometimes a phone is simply out of reach for a while.
                if self.dice.below(40) == 0 {
                    self.proxy.take_down();
                    self.pause(20.0);
                    self.proxy.restore();
                }
                self.pause(3.0);
                Ok(())
            }
        }
    }

    fn hand(&self, order: OrderId) -> Hand<'_> {
        Hand {
            engine: &self.engine,
            company: &self.company,
            camera: &self.camera,
            order,
            me: self.me,
        }
    }

    /// What he stands in; else what came back from the store or the auditor; else the next order.
    fn next_task(&self) -> Result<Option<Task>, DemoError> {
        if let Some(task) = self.place()? {
            return Ok(Some(task));
        }
        let mut found: Option<(u8, Task)> = None;
        for row in self.engine.orders()?.into_iter().filter(|row| row.mine) {
            let task = |script: &str, place| Task {
                order: row.id,
                script: script.to_owned(),
                place,
            };
            let next = match row.state.parse::<OrderState>() {
                Ok(OrderState::WaitingParts) => self.paused(row.id)?.map(|place| (0, task("parts", place))),
                Ok(OrderState::Accepted) => Some((1, task("lucky", self.after_accept(row.id)?))),
                Ok(OrderState::Dispatched) => Some((2, task("lucky", 0))),
                Ok(OrderState::Returned) => {
                    let details = self.engine.order(row.id)?;
                    let revision = self.hand(row.id).revision(&details) + 1;
                    Some((3, task(&format!("correct:{revision}"), 0)))
                }
                _ => None,
            };
            if let Some((rank, task)) = next
                && found.as_ref().is_none_or(|(best, _)| rank < *best)
            {
                found = Some((rank, task));
            }
        }
        Ok(found.map(|(_, task)| task))
    }

    /// Where a visit goes on that waited for parts, once the store has answered.
    fn paused(&self, order: OrderId) -> Result<Option<usize>, DemoError> {
        let Some(draft) = self.engine.draft(&pause_key(order))? else {
            return Ok(None);
        };
        let about = Some(DocName::Order(order));
        let asked = self.engine.stock()?.stock.requests;
        let open = asked
            .iter()
            .any(|request| request.order == about && request.state == "requested");
        Ok(String::from_utf8_lossy(&draft).parse().ok().filter(|_| !open))
    }

    /// The deed after those that an accepted order has behind it.
    fn after_accept(&self, order: OrderId) -> Result<usize, DemoError> {
        let deeds = self.deeds(order, "lucky")?;
        let begun = |deed: &Deed| !matches!(deed.what, What::Accept(_) | What::Decline(_) | What::Contact(_));
        Ok(deeds.iter().position(begun).unwrap_or(deeds.len()))
    }

    fn place(&self) -> Result<Option<Task>, DemoError> {
        let Some(draft) = self.engine.draft(PLACE)? else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&draft).into_owned();
        let mut words = text.split(' ');
        let order = words.next().and_then(|word| word.parse().ok());
        let script = words.next().map(str::to_owned);
        let place = words.next().and_then(|word| word.parse().ok());
        let task = order.zip(script).zip(place);
        Ok(task.map(|((order, script), place)| Task { order, script, place }))
    }

    fn deeds(&self, order: OrderId, name: &str) -> Result<Vec<Deed>, DemoError> {
        let details = self.engine.order(order)?;
        let case: Case = self.hand(order).case(&details);
        let seed = seed_of(order);
        Ok(match name.split_once(':') {
            Some((_, revision)) => correction(&case, revision.parse().unwrap_or(2)),
            None => match name {
                "plain" => script(&case, Course::Plain, seed),
                "parts" => script(&case, Course::Parts, seed),
                _ => script(&case, Course::of(seed, &case), seed),
            },
        })
    }

    fn work(&mut self, task: &Task) -> Result<(), DemoError> {
        let order = task.order;
        let deeds = self.deeds(order, &task.script)?;
        // A restart may have happened in a cellar.
        let behind = deeds.get(..task.place).unwrap_or_default();
        if behind.iter().any(|deed| deed.what == What::Cellar) {
            self.proxy.take_down();
        }
        for (place, deed) in deeds.iter().enumerate().skip(task.place) {
            keep_place(&self.engine, order, &task.script, place)?;
            self.wait(f64::from(deed.after_s));
            if !self.proxy.is_down() && !self.still_mine(order)? {
                // The office took it away and he has heard of it: what was done stays done.
                break;
            }
            match deed.what {
                What::Cellar => self.proxy.take_down(),
                What::Daylight => self.proxy.restore(),
                What::Pause => {
                    keep_pause(&self.engine, order, place + 1)?;
                    break;
                }
                _ => {}
            }
            if let Err(error) = self.hand(order).perform(&deed.what) {
                // The office may have taken the order away meanwhile; what was done stays done.
                tracing::warn!(%error, %order, deed = ?deed.what, "a deed was not possible");
                break;
            }
            self.sync();
        }
        self.proxy.restore();
        self.engine.drop_draft(PLACE)?;
        self.sync();
        Ok(())
    }
}

/// Reads lines that a child prints, so that its log lands in the parent's.
pub(super) fn forward_log(name: &'static str, stream: impl std::io::Read + Send + 'static) {
    std::thread::spawn(move || {
        for line in std::io::BufReader::new(stream).lines().map_while(Result::ok) {
            tracing::info!(engineer = name, "{line}");
        }
    });
}
