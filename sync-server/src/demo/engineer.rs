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
use fieldseal_core::domain::ids::OrderId;
use fieldseal_core::domain::work::OrderState;
use fieldseal_core::facts::order::view::AssignmentStatus;

use super::DemoError;
use super::deeds::Hand;
use super::proxy::{CutProxy, Line};
use super::script::{Case, Dice, What, script};

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

/// Where a script stands.
const PLACE: &str = "demo/script";

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
    let proxy = CutProxy::start(arguments.server, Line::default()).map_err(DemoError::Line)?;
    let engine = Engine::open(OpenOptions {
        path: arguments.folder.join(super::PHONE_FILE),
        key: None,
        env: system::system_env(),
        zone: CompanyZone::default(),
    })?;
    engine.set_server(&format!("http://{}", proxy.address()))?;
    let mut life = Life {
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
    engine: Engine,
    proxy: CutProxy,
    speed: f64,
    dice: Dice,
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
        let me = self.engine.status()?.enrolment.map(|enrolment| enrolment.user);
        let details = self.engine.order(order)?;
        Ok(details.order.assignments.iter().any(|assignment| {
            me.is_some_and(|me| assignment.engineers.contains(&me))
                && matches!(
                    assignment.status,
                    Current | RevokedButDone | RevokedButWorking | SecondOrder
                )
        }))
    }

    /// An exchange, if the line is up. Failing is normal: that is what the line is for.
    fn sync(&self) {
        match self.engine.sync_once() {
            Ok(_) | Err(EngineError::Offline | EngineError::Busy | EngineError::Rejected { .. }) => {}
            Err(error) => tracing::warn!(%error, "sync"),
        }
    }

    /// One look at the list: goes on with the order in hand, or takes the next one.
    fn turn(&mut self) -> Result<(), DemoError> {
        self.sync();
        match self.next_order()? {
            Some(order) => self.visit(order),
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

    fn next_order(&self) -> Result<Option<OrderId>, DemoError> {
        if let Some((order, _)) = self.place()? {
            return Ok(Some(order));
        }
        let waiting = [OrderState::Dispatched.as_str(), OrderState::Accepted.as_str()];
        let rows = self.engine.orders()?;
        Ok(rows
            .iter()
            .find(|row| row.mine && waiting.contains(&row.state.as_str()))
            .map(|row| row.id))
    }

    fn place(&self) -> Result<Option<(OrderId, usize)>, DemoError> {
        let Some(draft) = self.engine.draft(PLACE)? else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&draft).into_owned();
        let mut words = text.split(' ');
        let order = words.next().and_then(|word| word.parse().ok());
        let place = words.next().and_then(|word| word.parse().ok());
        Ok(order.zip(place))
    }

    fn visit(&mut self, order: OrderId) -> Result<(), DemoError> {
        let details = self.engine.order(order)?;
        let (engine, hand) = (
            &self.engine,
            Hand {
                engine: &self.engine,
                order,
            },
        );
        let product = hand.product(&details).unwrap_or_else(|| "eseal_key".to_owned());
        let summary = details.order.fields.text("summary").unwrap_or_default();
        let seed = u64::from_le_bytes(order.0.as_bytes()[8..].try_into().unwrap_or_default());
        let deeds = script(
            Case {
                product: &product,
                summary,
            },
            seed,
        );
        let from = self
            .place()?
            .filter(|(at, _)| *at == order)
            .map_or(0, |(_, place)| place);
        // A restart may have happened in a cellar.
        if deeds[..from.min(deeds.len())]
            .iter()
            .any(|deed| deed.what == What::Cellar)
        {
            self.proxy.take_down();
        }
        for (place, deed) in deeds.iter().enumerate().skip(from) {
            engine.save_draft(PLACE, format!("{order} {place}").as_bytes())?;
            self.wait(f64::from(deed.after_s));
            if !self.proxy.is_down() && !self.still_mine(order)? {
                // The office took it away and he has heard of it: what was done stays done.
                break;
            }
            match deed.what {
                What::Cellar => self.proxy.take_down(),
                What::Daylight => self.proxy.restore(),
                _ => {}
            }
            if let Err(error) = hand.perform(&deed.what) {
                // The office may have taken the order away meanwhile; what was done stays done.
                tracing::warn!(%error, %order, deed = ?deed.what, "a deed was not possible");
                break;
            }
            self.sync();
        }
        self.proxy.restore();
        engine.drop_draft(PLACE)?;
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
