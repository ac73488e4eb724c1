//! The office goes on by itself: customers call, the storekeeper answers, the auditor reads, and now and then two
//! people do the same thing at once, so that a board that nobody touches is alive too. What the visitor does is never
//! undone by it, and enough is left for the visitor.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fieldseal_core::domain::ids::{ActionId, OrderId, TicketId, UserId};
use fieldseal_core::domain::work::{OrderState, VisibleStatus};
use fieldseal_core::env::Env;
use fieldseal_core::facts::DocName;
use fieldseal_core::facts::kinds::PartLine;
use serde_json::json;

use super::DemoError;
use super::company::{OFFICE, YOU};
use super::data::{Company, Unit};
use super::run::Keeper;
use super::script::Dice;
use super::seed::{Asked, new_job, user_of};
use crate::office::fields::Changes;
use crate::office::{Board, Handover, Office, Person, audit_blockers};

const HOUR: i64 = 3_600_000;
/// Tickets without an engineer that are left for the visitor.
const FOR_VISITOR: usize = 6;
/// Reports without an auditor that are left for the visitor.
const UNREAD: usize = 9;
/// Silence after which a customer's impatience may take an order away, ms.
const SILENT_MS: i64 = 15_000;

/// The office while nobody looks.
pub(super) struct Desk {
    office: Arc<Office>,
    company: Company,
    env: Env,
    dice: Dice,
    dispatcher: Person,
    second_dispatcher: Person,
    auditor: Person,
    storekeeper: Person,
}

impl Desk {
    /// Over the office of a seeded company.
    pub(super) fn new(office: Arc<Office>, company: Company, env: Env) -> Result<Self, DemoError> {
        let person = |place: usize| -> Result<Person, DemoError> {
            let who = OFFICE.get(place).ok_or(DemoError::Seed("nobody"))?;
            office
                .person(user_of(who))?
                .ok_or(DemoError::Seed("a person is missing"))
        };
        Ok(Self {
            dispatcher: person(1)?,
            auditor: person(2)?,
            storekeeper: person(3)?,
            second_dispatcher: person(5)?,
            dice: Dice(u64::try_from(env.clock.read().wall_ms).unwrap_or(0)),
            office,
            company,
            env,
        })
    }

    /// Works until the demo stops.
    pub(super) fn open(mut self, speed: f64, stopping: Arc<AtomicBool>) -> Keeper {
        std::thread::spawn(move || {
            let mut pause = 12.0 / speed;
            while !stopping.load(Ordering::SeqCst) {
                if pause > 0.0 {
                    std::thread::sleep(Duration::from_millis(100));
                    pause -= 0.1;
                    continue;
                }
                if let Err(error) = self.turn() {
                    tracing::warn!(%error, "the desk");
                }
                #[expect(clippy::cast_precision_loss, reason = "a pause in seconds")]
                let wobble = self.dice.below(20) as f64;
                pause = (20.0 + wobble) / speed;
            }
        })
    }

    fn now(&self) -> i64 {
        self.env.clock.read().wall_ms
    }

    fn turn(&mut self) -> Result<(), DemoError> {
        let board = self.office.board()?;
        self.call(&board)?;
        match self.dice.below(8) {
            0 | 1 => answer_requests(&self.office, &self.storekeeper, &self.env),
            2 | 3 => self.read_report(&board),
            4 => self.two_windows(&board),
            5 | 6 => self.reassign_silent(&board),
            _ => Ok(()),
        }
    }

    /// A customer calls: some tickets wait for the visitor to dispatch them, and nobody is buried in work.
    fn call(&mut self, board: &Board) -> Result<(), DemoError> {
        let waiting = board
            .rows
            .iter()
            .filter(|row| row.status == VisibleStatus::ToDo)
            .count();
        let idlest = board
            .engineers
            .iter()
            .filter(|mark| mark.person.user != user_of(&YOU))
            .min_by_key(|mark| mark.orders);
        let for_visitor = waiting < FOR_VISITOR && self.dice.below(4) == 0;
        let engineer = idlest.filter(|mark| !for_visitor && mark.orders < 5);
        if !for_visitor && engineer.is_none() {
            return Ok(());
        }
        let place = self.dice.below(self.company.units.len() as u64);
        let Some(unit) = self.unit(place) else {
            return Ok(());
        };
        let faults = self.company.faults_of(unit.product);
        let place = self.dice.below(faults.len() as u64);
        let Some(fault) = usize::try_from(place).ok().and_then(|place| faults.get(place)) else {
            return Ok(());
        };
        let asked = Asked::by_chance(&mut self.dice);
        let job = new_job(
            self.office.zone(),
            &self.company,
            &unit,
            fault,
            &asked,
            self.now() + HOUR,
            engineer.map(|mark| mark.person.user).into_iter().collect(),
        )?;
        self.office
            .create_job(&self.dispatcher, TicketId(self.env.uuid_v7()), job)?;
        Ok(())
    }

    fn unit(&self, place: u64) -> Option<Unit> {
        let place = usize::try_from(place).ok()?;
        self.company.units.get(place).copied()
    }

    /// The auditor reads the oldest report, if the visitor has enough others.
    fn read_report(&mut self, board: &Board) -> Result<(), DemoError> {
        let submitted: Vec<OrderId> = board
            .rows
            .iter()
            .filter(|row| row.state == OrderState::Submitted && row.to_decide == 0)
            .map(|row| row.order)
            .collect();
        let Some(order) = submitted.last().copied().filter(|_| submitted.len() > UNREAD) else {
            return Ok(());
        };
        if self.dice.below(4) == 0 {
            if let Some(details) = self.office.order(order)? {
                let why = "处理结果描述过于简单，请补充测试方法";
                self.office
                    .return_report(&self.auditor, order, &details.view.token, why)?;
            }
            return Ok(());
        }
        confirm_all(&self.office, &self.auditor, order)?;
        if let Some(details) = self.office.order(order)?
            && audit_blockers(&self.auditor, &details.view, &self.office.arrived(&details.view)?).is_empty()
        {
            self.office.audit(&self.auditor, order, &details.view.token)?;
        }
        Ok(())
    }

    /// Two dispatchers move the window of an order from one screen, one after the other (D.5-6).
    fn two_windows(&mut self, board: &Board) -> Result<(), DemoError> {
        let row = board
            .rows
            .iter()
            .find(|row| row.state == OrderState::Dispatched && row.conflicts == 0);
        let Some(row) = row.filter(|row| !row.engineers.contains(&user_of(&YOU))) else {
            return Ok(());
        };
        let Some(details) = self.office.order(row.order)? else {
            return Ok(());
        };
        let (zone, now) = (self.office.zone(), self.now());
        for (hours, by) in [(3, &self.dispatcher), (5, &self.second_dispatcher)] {
            let at = |hours: i64| json!(zone.local_time(now + hours * HOUR).to_string());
            let changes = Changes::from([
                ("window_from".to_owned(), at(hours)),
                ("window_to".to_owned(), at(hours + 2)),
            ]);
            let doc = DocName::Order(row.order);
            self.office.edit(by, &doc, &details.view.token, &changes)?;
        }
        Ok(())
    }

    /// A customer asks where the engineer is, who is silent: the order goes to a colleague (D.5-1).
    fn reassign_silent(&mut self, board: &Board) -> Result<(), DemoError> {
        let now = self.now();
        let silent = board.engineers.iter().find_map(|mark| {
            let silent = mark.as_of.is_some_and(|at| now - at > SILENT_MS);
            let order = mark.at_work.as_ref().filter(|_| silent)?.order;
            Some((mark.person.user, order))
        });
        let Some((engineer, order)) = silent else {
            return Ok(());
        };
        let other = |user: &UserId| *user != engineer && *user != user_of(&YOU);
        let colleague = board
            .engineers
            .iter()
            .filter(|mark| other(&mark.person.user))
            .min_by_key(|mark| mark.orders);
        if let (Some(colleague), Some(details)) = (colleague, self.office.order(order)?)
            && details.view.conflicts.is_empty()
        {
            self.office.assign(
                &self.dispatcher,
                order,
                &details.view.token,
                &[colleague.person.user],
                Some("原工程师联系不上，客户催促"),
            )?;
        }
        Ok(())
    }
}

/// Confirms every decision of an order that waits for it (Q28).
pub(super) fn confirm_all(office: &Office, auditor: &Person, order: OrderId) -> Result<(), DemoError> {
    let Some(details) = office.order(order)? else {
        return Ok(());
    };
    let open = details
        .view
        .decisions
        .iter()
        .filter(|decision| decision.confirmation.is_none());
    for decision in open {
        let why = Some("核对照片说明与日期");
        office.confirm_decision(auditor, order, decision.id, None, why, &details.view.token)?;
    }
    Ok(())
}

/// The storekeeper issues what was asked for, and says so.
pub(super) fn answer_requests(office: &Office, storekeeper: &Person, env: &Env) -> Result<(), DemoError> {
    for place in office.stock()? {
        let Some(engineer) = place.engineer else {
            continue;
        };
        for request in place
            .requests
            .iter()
            .filter(|request| request.state == "requested")
        {
            let lines: Vec<PartLine> = request.lines.clone();
            let slip = ActionId(env.uuid_v7());
            office.issue_parts(
                storekeeper,
                slip,
                engineer,
                &lines,
                Handover::Sent,
                Some("按申请发料"),
            )?;
            office.answer_request(
                storekeeper,
                engineer,
                request.id,
                "issued",
                Some("已放入领料柜"),
                &place.token,
            )?;
        }
    }
    Ok(())
}
