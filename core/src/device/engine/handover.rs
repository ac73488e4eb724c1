//! Two engineers hand parts over with no network: the giver's phone shows a code, the taker's takes it and shows a receipt
//! back (D.5-2b).
//!
//! Invariants: a code is shown only for what the van has by the book; nothing is written before signature, device, addressee
//! and time were checked against the directory that this phone holds; one code is taken once and confirmed once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use rusqlite::Connection;

use super::act::{Me, Plan, Saved};
use super::van::{Pieces, van_view};
use super::van_moves::refused;
use super::{Engine, Inner, act};
use crate::device::EngineError;
use crate::device::store::{cursor, drafts, read};
use crate::domain::canonical::ContentHash;
use crate::domain::certificate::Certificate;
use crate::domain::handover::{
    Coded, HOLDS_MS, HandoverLine, HandoverProblem, LINES_MAX, Offer, Receipt, Unverified, write,
};
use crate::domain::ids::{ActionId, DeviceId, UserId};
use crate::domain::ledger::{Location, Movement, MovementKind};
use crate::facts::{DocName, Fact, FactId, VanView, ViewToken, fold_directory, kinds};

/// A code that this phone shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The code's text, for a QR code.
    pub code: String,
    /// Until when it holds, RFC 3339.
    pub until: String,
}

/// A code that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenOver {
    /// The receipt's text, for the giver's phone.
    pub receipt: String,
    /// What was acknowledged.
    pub saved: Saved,
}

fn problem(problem: HandoverProblem) -> EngineError {
    EngineError::invalid(problem.text_key())
}

fn draft_key(id: uuid::Uuid) -> String {
    format!("handover/{id}")
}

impl Engine {
    /// Shows a code for parts out of the own van, for one colleague. Nothing moves until he has taken it.
    ///
    /// # Errors
    /// [`EngineError::Invalid`]: without lines, a part or a quantity; for oneself; `handover_problem.not_in_van` for more than
    /// the van has by the book; `handover_problem.unknown_colleague`; `handover_problem.too_long`. Else as
    /// [`Engine::use_part`].
    pub fn offer_handover(&self, to: UserId, lines: &[Pieces]) -> Result<Shown, EngineError> {
        if lines.is_empty() {
            return Err(EngineError::invalid("step_problem.lines_missing"));
        }
        if lines.len() > LINES_MAX {
            return Err(problem(HandoverProblem::TooLong));
        }
        let inner = &*self.inner;
        inner.write(|transaction| {
            let me = act::me(transaction)?;
            let directory = fold_directory(&read::of_doc(transaction, &DocName::Directory)?);
            let known = directory.users.get(&to).is_some_and(|entry| entry.user.active);
            if !known {
                return Err(problem(HandoverProblem::UnknownColleague));
            }
            let lines = offered(&van_view(transaction, &me)?, &me, to, lines)?;
            let (certificate, key) = own(&me)?;
            let now = inner.env.clock.read();
            let offer = Offer {
                id: inner.env.uuid_v7(),
                from: me.user,
                device: certificate.body().device,
                to,
                until: inner.zone.local_time(now.wall_ms.saturating_add(HOLDS_MS)),
                lines,
            };
            let code = write(&offer, &key).map_err(problem)?;
            drafts::save(transaction, &draft_key(offer.id), code.as_bytes(), now.wall_ms)?;
            Ok(Shown {
                code,
                until: offer.until.to_string(),
            })
        })
    }

    /// Takes parts over by the code that a colleague's phone shows.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] with a [`HandoverProblem`], and nothing is written. Else as [`Engine::use_part`].
    pub fn take_handover(&self, token: &ViewToken, code: &str) -> Result<TakenOver, EngineError> {
        let code = code.trim();
        let (saved, receipt) = self.inner.act(token, |transaction, me| {
            let offer = known(transaction, me, Unverified::<Offer>::read(code).map_err(problem)?)?;
            if offer.to != me.user || offer.from == me.user {
                return Err(problem(HandoverProblem::NotForYou));
            }
            if named(transaction, me, offer.id)? {
                return Err(problem(HandoverProblem::Taken));
            }
            if !offer.holds_at(self.inner.best_now(transaction)?) {
                return Err(problem(HandoverProblem::Expired));
            }
            let facts = halves(MovementKind::TransferIn, &offer, code)?;
            let receipt = receipt(me, &offer, code)?;
            Ok((Plan::one(self.inner.van(me), facts), receipt))
        })?;
        Ok(TakenOver { receipt, saved })
    }

    /// The receipt of a code that was taken before, to be shown again.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for a code that this phone did not take; [`EngineError::Invalid`] for what is none.
    pub fn handover_receipt(&self, code: &str) -> Result<String, EngineError> {
        let code = code.trim();
        self.inner.read(|connection| {
            let me = act::me(connection)?;
            let offer = known(connection, &me, Unverified::<Offer>::read(code).map_err(problem)?)?;
            if offer.to != me.user || !named(connection, &me, offer.id)? {
                return Err(EngineError::NotFound);
            }
            receipt(&me, &offer, code)
        })
    }

    /// Confirms a hand-over by the receipt that the colleague's phone shows: the parts leave the own van's book.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] with a [`HandoverProblem`], and nothing is written. Else as [`Engine::use_part`].
    pub fn confirm_handover(&self, token: &ViewToken, receipt: &str) -> Result<Saved, EngineError> {
        let text = receipt.trim();
        let (saved, ()) = self.inner.act(token, |transaction, me| {
            let receipt = known(
                transaction,
                me,
                Unverified::<Receipt>::read(text).map_err(problem)?,
            )?;
            if named(transaction, me, receipt.id)? {
                return Err(problem(HandoverProblem::Confirmed));
            }
            let key = draft_key(receipt.id);
            let shown = drafts::load(transaction, &key)?.and_then(|bytes| String::from_utf8(bytes).ok());
            let code = shown.ok_or_else(|| problem(HandoverProblem::UnknownCode))?;
            let (_, own_key) = own(me)?;
            let public = crate::domain::signed::PublicKey::of(&own_key);
            let offer = Unverified::<Offer>::read(&code)
                .and_then(|offer| offer.verified(&public))
                .map_err(problem)?;
            if receipt.by != offer.to || receipt.offer != ContentHash::of(code.as_bytes()) {
                return Err(problem(HandoverProblem::Forged));
            }
            let mut plan = Plan::one(
                self.inner.van(me),
                halves(MovementKind::TransferOut, &offer, text)?,
            );
            plan.drafts.push(key);
            Ok((plan, ()))
        })?;
        Ok(saved)
    }
}

/// What the van has by the book, as lines of a code.
fn offered(van: &VanView, me: &Me, to: UserId, lines: &[Pieces]) -> Result<Vec<HandoverLine>, EngineError> {
    let mut offered: Vec<HandoverLine> = Vec::with_capacity(lines.len());
    for line in lines {
        let serial = line
            .serial
            .as_deref()
            .map(str::trim)
            .filter(|serial| !serial.is_empty());
        let (from, into) = (Location::VanGood(me.user), Location::VanGood(to));
        let part = line.part.trim();
        Movement::new(MovementKind::TransferOut, part, serial, line.qty, from, into).map_err(refused)?;
        if offered
            .iter()
            .any(|known| known.part == part && known.serial.as_deref() == serial)
        {
            return Err(EngineError::invalid("step_problem.line_twice"));
        }
        let row = van.good.iter().find(|row| row.part == part);
        let there = row.map_or(0, |row| row.book(serial));
        if there < i64::from(line.qty) {
            return Err(problem(HandoverProblem::NotInVan));
        }
        offered.push(HandoverLine {
            part: part.to_owned(),
            serial: serial.map(str::to_owned),
            qty: line.qty,
        });
    }
    Ok(offered)
}

/// One half of each line, with the code that proves them.
fn halves(kind: MovementKind, offer: &Offer, code: &str) -> Result<Vec<Fact>, EngineError> {
    let (from, to) = (Location::VanGood(offer.from), Location::VanGood(offer.to));
    let mut facts = vec![Fact::Handover(kinds::Handover {
        code: code.to_owned(),
    })];
    for (place, line) in (0_u16..).zip(&offer.lines) {
        // A colleague's phone of another version may have signed what is no movement.
        Movement::new(kind, &line.part, line.serial.as_deref(), line.qty, from, to)
            .map_err(|_| problem(HandoverProblem::Form))?;
        facts.push(Fact::Move(kinds::Move {
            movement: kind.as_str().to_owned(),
            part: line.part.clone(),
            serial: line.serial.clone(),
            qty: line.qty,
            from: from.to_string(),
            to: to.to_string(),
            handover: Some(FactId {
                action: ActionId(offer.id),
                place,
            }),
            ..Default::default()
        }));
    }
    Ok(facts)
}

fn receipt(me: &Me, offer: &Offer, code: &str) -> Result<String, EngineError> {
    let (certificate, key) = own(me)?;
    let receipt = Receipt {
        id: offer.id,
        offer: ContentHash::of(code.as_bytes()),
        by: me.user,
        device: certificate.body().device,
    };
    write(&receipt, &key).map_err(problem)
}

/// This device's certificate and key.
fn own(me: &Me) -> Result<(Certificate, SigningKey), EngineError> {
    let bytes = me
        .identity
        .certificate
        .as_deref()
        .ok_or(EngineError::NotEnrolled)?;
    let certificate = Certificate::read(bytes).map_err(|_| EngineError::unexpected("certificate"))?;
    Ok((certificate, SigningKey::from_bytes(&me.identity.device_key)))
}

/// What a code says, if a device of this organisation signed it that the directory has and that belongs to who it says.
fn known<T: Coded>(connection: &Connection, me: &Me, code: Unverified<T>) -> Result<T, EngineError> {
    let (engineer, device) = code.claimed().signer();
    let certificate = certificate_of(connection, me, engineer, device)?;
    code.verified(&certificate.body().device_key).map_err(problem)
}

fn certificate_of(
    connection: &Connection,
    me: &Me,
    engineer: UserId,
    device: DeviceId,
) -> Result<Certificate, EngineError> {
    let directory = fold_directory(&read::of_doc(connection, &DocName::Directory)?);
    let unknown = || problem(HandoverProblem::UnknownDevice);
    let entry = directory.devices.get(&device).ok_or_else(unknown)?;
    if entry.revoked.is_some() {
        return Err(problem(HandoverProblem::RevokedDevice));
    }
    let bytes = STANDARD
        .decode(&entry.device.certificate)
        .map_err(|_| unknown())?;
    let certificate = Certificate::read(&bytes).map_err(|_| unknown())?;
    let (own, _) = own(me)?;
    let body = certificate.body();
    let ours = body.organisation_key == own.body().organisation_key;
    if !ours || body.engineer != engineer || body.device != device {
        return Err(problem(HandoverProblem::Forged));
    }
    Ok(certificate)
}

/// Whether a movement of the own van's field document names the hand-over already.
fn named(connection: &Connection, me: &Me, id: uuid::Uuid) -> Result<bool, EngineError> {
    let actions = read::of_van(connection, me.user)?;
    let parsed = crate::facts::ParsedAction::read_all(&actions);
    let own = parsed
        .iter()
        .filter(|action| matches!(*action.doc, DocName::VanField(..)));
    let mut records = own
        .flat_map(|action| &action.content)
        .flat_map(|content| &content.facts);
    Ok(records.any(|record| match record.fact() {
        Some(Fact::Move(moved)) => moved.handover.is_some_and(|line| line.action.0 == id),
        _ => false,
    }))
}

impl Inner {
    /// The server's clock as far as it is known, else the phone's, ms since the epoch.
    fn best_now(&self, connection: &Connection) -> Result<i64, EngineError> {
        let offset = cursor::load(connection)?.offset_ms.unwrap_or(0);
        Ok(self.env.clock.read().wall_ms.saturating_add(offset))
    }
}
