//! The stories of the table of tickets, told through office and engines.
//!
//! | story | what happens |
//! | --- | --- |
//! | `audited` | a visit from dispatch to audit |
//! | `submitted` | the same, waits for its auditor |
//! | `returned`, `revised` | sent back by the auditor; corrected with the customer's new signature, and audited |
//! | `late` | the phone brings a note and a part after the audit (D.5-4) |
//! | `reassigned`, `doubled` | given to another while the engineer works without signal; the other has not begun, or has arrived (D.5-1) |
//! | `windows` | two dispatchers move the window from one screen (D.5-6) |
//! | `after-cancel` | cancelled while the engineer finishes without signal |
//! | `declined`, `passed-on` | given back; given to another, who does it |
//! | `refused`, `absent`, `remote` | the customer does not sign, is not there, is helped from afar |
//! | `parts` | waits a day for a part |
//! | `beyond` | uses more than the van had (D.5-2a) |
//! | `cancelled` | the customer called it off |
//! | `open`, `pool`, `dispatched`, `accepted` | today's, begun as far as the word says |
//! | `mid` | the engineer stands at the customer's; his process goes on there |
//! | `waiting-parts`, `waiting-customer`, `blocked` | cannot go on |

use std::path::PathBuf;
use std::sync::Arc;

use fieldseal_core::device::engine::Step;
use fieldseal_core::domain::ids::{OrderId, TicketId};
use fieldseal_core::domain::work::OrderState;
use fieldseal_core::env::Clock;
use fieldseal_core::facts::{DocName, ViewToken};
use serde_json::json;

use super::{Asked, HOUR, Hands, MINUTE, Phone, Seeding, new_job, user_of};
use crate::demo::DemoError;
use crate::demo::camera::{Album, Camera};
use crate::demo::company::YOU;
use crate::demo::data::{Company, Story, Unit, When};
use crate::demo::deeds::{Hand, seed_of};
use crate::demo::engineer::{keep_pause, keep_place};
use crate::demo::script::{Case, Course, Deed, Subject, What, correction, script};
use crate::office::fields::Changes;

/// Why the auditor sends a report back.
const TOO_SHORT: &str = "处理结果描述过于简单，请补充测试方法";

/// Which photos are taken while history is made: of the month what a decision rests on, of today a few more.
fn taken_in(story: &Story, company: &Company, subject: Subject) -> bool {
    let key = company.units.get(story.unit).is_some_and(Unit::is_key);
    match (story.when, subject) {
        (When::Day { .. }, subject) => key && subject == Subject::Damage,
        (When::Ago(_), Subject::Whole | Subject::Damage | Subject::Label) => true,
        (When::Ago(_), _) => false,
    }
}

/// Draws what will be photographed, beside the making of the company: only time is saved by it.
pub(super) fn draw_ahead(company: &Company, album: &Album, clock: &Arc<dyn Clock>, across: (usize, usize)) {
    for story in &company.stories {
        let (Some(unit), Some(fault)) = (company.units.get(story.unit), company.faults.get(story.fault))
        else {
            continue;
        };
        let across = match story.when {
            When::Day { .. } => across.0,
            When::Ago(_) => across.1,
        };
        let camera = Camera {
            folder: PathBuf::new(),
            clock: clock.clone(),
            across,
            album: Some(album.clone()),
        };
        let idle = matches!(
            story.story,
            "open"
                | "pool"
                | "dispatched"
                | "accepted"
                | "mid"
                | "cancelled"
                | "declined"
                | "absent"
                | "remote"
                | "windows"
                | "waiting-customer"
                | "blocked"
        );
        for subject in [Subject::Whole, Subject::Label, Subject::Damage] {
            if !idle && fault.look != "visit" && taken_in(story, company, subject) {
                camera.prepare(subject, fault, unit.product, unit.serial);
            }
        }
    }
}

/// One story while it is told.
struct Telling<'s> {
    seeding: &'s Seeding<'s>,
    hands: &'s Hands,
    phones: &'s [Phone],
    story: &'s Story,
    order: OrderId,
}

impl Seeding<'_> {
    /// Tells every story of the table.
    pub(super) fn tell(&self, hands: &Hands, phones: &[Phone], now: i64) -> Result<(), DemoError> {
        for (number, story) in self.company.stories.iter().enumerate() {
            let at = story.when.wall_ms(self.zone, now);
            self.clock.forward_to(at.max(self.now() + MINUTE));
            let order = self.job(hands, number, story)?;
            Telling {
                seeding: self,
                hands,
                phones,
                story,
                order,
            }
            .tell()?;
        }
        Ok(())
    }

    fn job(&self, hands: &Hands, number: usize, story: &Story) -> Result<OrderId, DemoError> {
        let (Some(unit), Some(fault)) = (
            self.company.units.get(story.unit),
            self.company.faults.get(story.fault),
        ) else {
            return Err(DemoError::Seed("a ticket names nothing"));
        };
        let engineers = match (story.engineer, story.story) {
            (_, "pool") => crate::demo::company::ENGINEERS
                .iter()
                .take(2)
                .map(user_of)
                .collect(),
            ("", _) => Vec::new(),
            (login, _) => vec![super::UserId(super::named("user", login))],
        };
        let asked = Asked {
            priority: story.priority,
            channel: story.channel,
            category: story.category,
            order_type: story.order_type,
        };
        let from = self.now() + HOUR;
        let job = new_job(self.zone, self.company, unit, fault, &asked, from, engineers)?;
        let once = TicketId(super::named("ticket", &format!("seed-{number}")));
        let (_, order) = self.office.create_job(&hands.dispatcher, once, job)?;
        Ok(order)
    }
}

impl Telling<'_> {
    fn tell(&self) -> Result<(), DemoError> {
        match self.story.story {
            "open" | "pool" => return Ok(()),
            "dispatched" if self.story.engineer == YOU.login => return Ok(()),
            _ => {}
        }
        let phone = self.phone()?;
        phone.engine.sync_once()?;
        self.after(5);
        match self.story.story {
            "dispatched" => Ok(()),
            "accepted" => self.part_of(phone, |what| matches!(what, What::Travel)).map(drop),
            "mid" => {
                let deeds = self.part_of(phone, |what| {
                    matches!(what, What::Photograph(_) | What::Report { .. })
                })?;
                keep_place(&phone.engine, self.order, "plain", deeds)?;
                Ok(())
            }
            "waiting-parts" => self.wait_for_parts(phone).map(drop),
            "waiting-customer" => self.stop(
                phone,
                |reason| Step::WaitCustomer { reason },
                "客户机房停电检修，等通知",
            ),
            "blocked" => self.stop(phone, |reason| Step::Block { reason }, "需物业开具登高许可"),
            "declined" | "passed-on" => self.declined(phone),
            "cancelled" => self.cancelled(),
            "submitted" => self.visit(phone, Course::Plain),
            "refused" => self.visit_and_review(phone, Course::Refused),
            "absent" => self.visit_and_review(phone, Course::Absent),
            "remote" => self.visit_and_review(phone, Course::Remote),
            "returned" | "revised" => self.returned(phone),
            "late" => self.late(phone),
            "reassigned" | "doubled" => self.reassigned(phone),
            "after-cancel" => self.after_cancel(phone),
            "windows" => self.windows(phone),
            "parts" => self.parts(phone),
            "beyond" => self.beyond(phone),
            "audited" => self.visit_and_review(phone, Course::Plain),
            _ => Err(DemoError::Seed("an unknown story")),
        }
    }

    fn phone(&self) -> Result<&Phone, DemoError> {
        let mut phones = self.phones.iter();
        phones
            .find(|phone| phone.login == self.story.engineer)
            .ok_or(DemoError::Seed("a ticket names no engineer"))
    }

    /// The colleague who gets an order that is taken from this engineer.
    fn colleague(&self, of: &Phone) -> Result<&Phone, DemoError> {
        let place = self.phones.iter().position(|phone| phone.login == of.login);
        let next = place.and_then(|place| self.phones.iter().cycle().nth(place + 1));
        next.ok_or(DemoError::Seed("no colleague"))
    }

    /// Some minutes later. Today's visits are quicker, because the day has no more.
    fn after(&self, minutes: i64) {
        let pace = match self.story.when {
            When::Day { .. } => MINUTE,
            When::Ago(_) => MINUTE / 4,
        };
        let clock = self.seeding.clock;
        clock.forward_to(self.seeding.now() + minutes * pace);
    }

    fn hand<'p>(&'p self, phone: &'p Phone) -> Hand<'p> {
        Hand {
            engine: &phone.engine,
            company: self.company(),
            camera: self.camera(),
            order: self.order,
            me: phone.user,
        }
    }

    fn camera(&self) -> &Camera {
        match self.story.when {
            When::Day { .. } => &self.hands.cameras.0,
            When::Ago(_) => &self.hands.cameras.1,
        }
    }

    fn company(&self) -> &Company {
        self.seeding.company
    }

    fn deeds(&self, phone: &Phone, course: Course) -> Result<Vec<Deed>, DemoError> {
        let details = phone.engine.order(self.order)?;
        let case: Case = self.hand(phone).case(&details);
        Ok(script(&case, course, seed_of(self.order)))
    }

    /// Does deeds one after the other.
    fn walk(&self, phone: &Phone, deeds: &[Deed]) -> Result<(), DemoError> {
        let hand = self.hand(phone);
        for deed in deeds {
            if let What::Photograph(subject) = deed.what
                && !taken_in(self.story, self.company(), subject)
            {
                continue;
            }
            self.after(2 + i64::from(deed.after_s));
            hand.perform(&deed.what)?;
        }
        Ok(())
    }

    fn visit(&self, phone: &Phone, course: Course) -> Result<(), DemoError> {
        self.walk(phone, &self.deeds(phone, course)?)?;
        phone.engine.sync_once()?;
        Ok(())
    }

    fn visit_and_review(&self, phone: &Phone, course: Course) -> Result<(), DemoError> {
        self.visit(phone, course)?;
        self.review()
    }

    /// Does the visit up to a deed that is left out; says how many were done.
    fn part_of(&self, phone: &Phone, stop: fn(&What) -> bool) -> Result<usize, DemoError> {
        let deeds = self.deeds(phone, Course::Plain)?;
        let place = deeds.iter().position(|deed| stop(&deed.what)).unwrap_or(0);
        // In a cellar nobody would have heard of it.
        let cellar = deeds.iter().position(|deed| deed.what == What::Cellar);
        let place = cellar.map_or(place, |cellar| place.min(cellar));
        self.walk(phone, deeds.get(..place).unwrap_or_default())?;
        phone.engine.sync_once()?;
        Ok(place)
    }

    fn stop(&self, phone: &Phone, step: fn(String) -> Step, reason: &str) -> Result<(), DemoError> {
        self.part_of(phone, |what| {
            matches!(what, What::Photograph(_) | What::Report { .. })
        })?;
        let token = phone.engine.order(self.order)?.token;
        phone.engine.step(self.order, &token, step(reason.to_owned()))?;
        phone.engine.sync_once()?;
        Ok(())
    }

    /// Confirms what is to be confirmed, and audits.
    fn review(&self) -> Result<(), DemoError> {
        self.after(180);
        let (office, auditor) = (self.seeding.office, &self.hands.auditor);
        super::super::desk::confirm_all(office, auditor, self.order)?;
        let Some(details) = office.order(self.order)? else {
            return Ok(());
        };
        if details.view.state == OrderState::Submitted {
            office.audit(auditor, self.order, &details.view.token)?;
        }
        Ok(())
    }

    fn token(&self) -> Result<ViewToken, DemoError> {
        let details = self.seeding.office.order(self.order)?;
        Ok(details
            .ok_or(DemoError::Seed("an order is missing"))?
            .view
            .token
            .clone())
    }

    fn returned(&self, phone: &Phone) -> Result<(), DemoError> {
        self.visit(phone, Course::Plain)?;
        self.after(120);
        let (office, auditor) = (self.seeding.office, &self.hands.auditor);
        office.return_report(auditor, self.order, &self.token()?, TOO_SHORT)?;
        phone.engine.sync_once()?;
        if self.story.story == "returned" {
            return Ok(());
        }
        self.after(60);
        let hand = self.hand(phone);
        let details = phone.engine.order(self.order)?;
        let deeds = correction(&hand.case(&details), hand.revision(&details) + 1);
        self.walk(phone, &deeds)?;
        phone.engine.sync_once()?;
        self.review()
    }

    fn late(&self, phone: &Phone) -> Result<(), DemoError> {
        self.visit(phone, Course::Plain)?;
        // In a tunnel, before anybody audits.
        self.walk(
            phone,
            &[
                Deed {
                    after_s: 5,
                    what: What::Progress("补记：离开前又更换了一枚保护帽"),
                },
                Deed {
                    after_s: 2,
                    what: What::UsePart("SEAL-STICK", 1),
                },
            ],
        )?;
        self.review()?;
        self.after(60);
        phone.engine.sync_once()?;
        Ok(())
    }

    fn reassigned(&self, phone: &Phone) -> Result<(), DemoError> {
        let deeds = self.deeds(phone, Course::Plain)?;
        let (before, rest) = deeds.split_at(2.min(deeds.len()));
        self.walk(phone, before)?;
        phone.engine.sync_once()?;
        let colleague = self.colleague(phone)?;
        let done = rest.iter().position(|deed| matches!(deed.what, What::Done(..)));
        let (work, end) = rest.split_at(done.unwrap_or(0));
        self.walk(phone, work)?;
        self.seeding.office.assign(
            &self.hands.dispatcher,
            self.order,
            &self.token()?,
            &[colleague.user],
            Some("原工程师联系不上，客户催促"),
        )?;
        colleague.engine.sync_once()?;
        let doubled = self.story.story == "doubled";
        let theirs = if doubled { deeds.get(..4) } else { deeds.get(..1) };
        self.walk(colleague, theirs.unwrap_or_default())?;
        colleague.engine.sync_once()?;
        self.walk(phone, end)?;
        phone.engine.sync_once()?;
        colleague.engine.sync_once()?;
        if doubled { Ok(()) } else { self.review() }
    }

    fn after_cancel(&self, phone: &Phone) -> Result<(), DemoError> {
        let deeds = self.deeds(phone, Course::Plain)?;
        let (before, rest) = deeds.split_at(1.min(deeds.len()));
        self.walk(phone, before)?;
        phone.engine.sync_once()?;
        self.walk(phone, rest)?;
        let reason = "客户来电：自行处理，取消上门";
        let (office, dispatcher) = (self.seeding.office, &self.hands.dispatcher);
        office.cancel(dispatcher, self.order, &self.token()?, reason)?;
        self.after(20);
        phone.engine.sync_once()?;
        Ok(())
    }

    fn cancelled(&self) -> Result<(), DemoError> {
        self.after(30);
        let reason = "客户来电：重启电脑后恢复，不需上门";
        let (office, dispatcher) = (self.seeding.office, &self.hands.dispatcher);
        office.cancel(dispatcher, self.order, &self.token()?, reason)?;
        Ok(())
    }

    fn declined(&self, phone: &Phone) -> Result<(), DemoError> {
        self.visit(phone, Course::Declined)?;
        if self.story.story == "declined" {
            return Ok(());
        }
        self.after(15);
        let colleague = self.colleague(phone)?;
        self.seeding.office.assign(
            &self.hands.dispatcher,
            self.order,
            &self.token()?,
            &[colleague.user],
            Some("原工程师当天排满"),
        )?;
        colleague.engine.sync_once()?;
        self.visit_and_review(colleague, Course::Plain)
    }

    fn windows(&self, phone: &Phone) -> Result<(), DemoError> {
        let token = self.token()?;
        let order = DocName::Order(self.order);
        let (zone, now) = (self.seeding.zone, self.seeding.now());
        let dispatchers = [&self.hands.dispatcher, &self.hands.second_dispatcher];
        for (hours, dispatcher) in [(4, dispatchers[0]), (6, dispatchers[1])] {
            self.after(1);
            let at = |hours: i64| json!(zone.local_time(now + hours * HOUR).to_string());
            let changes = Changes::from([
                ("window_from".to_owned(), at(hours)),
                ("window_to".to_owned(), at(hours + 2)),
            ]);
            self.seeding.office.edit(dispatcher, &order, &token, &changes)?;
        }
        match self.story.when {
            When::Day { .. } => {
                phone.engine.sync_once()?;
                self.visit_and_review(phone, Course::Plain)
            }
            When::Ago(_) => Ok(()),
        }
    }

    /// Does the first half of a visit that waits for parts; says what is left.
    fn wait_for_parts(&self, phone: &Phone) -> Result<Vec<Deed>, DemoError> {
        let deeds = self.deeds(phone, Course::Parts)?;
        let pause = deeds.iter().position(|deed| deed.what == What::Pause);
        let place = pause.ok_or(DemoError::Seed("a visit does not pause"))?;
        self.walk(phone, &deeds[..place])?;
        phone.engine.sync_once()?;
        keep_pause(&phone.engine, self.order, place + 1)?;
        Ok(deeds[place + 1..].to_vec())
    }

    fn parts(&self, phone: &Phone) -> Result<(), DemoError> {
        let rest = self.wait_for_parts(phone)?;
        self.after(20 * 60);
        super::super::desk::answer_requests(self.seeding.office, &self.hands.storekeeper, self.seeding.env)?;
        phone.engine.sync_once()?;
        self.walk(phone, &rest)?;
        phone.engine.sync_once()?;
        self.review()
    }

    fn beyond(&self, phone: &Phone) -> Result<(), DemoError> {
        let mut deeds = self.deeds(phone, Course::Plain)?;
        let done = deeds.iter().position(|deed| matches!(deed.what, What::Done(..)));
        let more = Deed {
            after_s: 2,
            what: What::UsePart("USB-HUB", 3),
        };
        deeds.insert(done.unwrap_or(deeds.len()), more);
        self.walk(phone, &deeds)?;
        phone.engine.sync_once()?;
        self.review()
    }
}
