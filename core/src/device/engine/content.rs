//! What a sealed report says: gathered from the views exactly as the report's screen shows them (design 3, «Sealing»).
//!
//! Values are copied. `lists` names every fact of visit and van that the customer saw in it, so that whatever is
//! written beside or after the seal is known as unsigned (D.5-3).

use std::collections::BTreeMap;

use serde_json::Value;

use super::act::Me;
use super::details::OrderDetails;
use super::steps::{CORRECTION, own_assignment, own_visit};
use super::warranty;
use crate::device::EngineError;
use crate::device::store::{Reading, projections, read};
use crate::domain::canonical::ContentHash;
use crate::domain::ids::{PersonId, UserId};
use crate::domain::ledger::MovementKind;
use crate::domain::money::Fen;
use crate::domain::numbering::short_code;
use crate::domain::report_rules::{ExaminedKey, Missing, RefusalDraft, ReportDraft, missing_before_seal};
use crate::domain::sealed::{
    SealedAsset, SealedCharge, SealedContent, SealedCustody, SealedCustomer, SealedDecision, SealedEngineer,
    SealedForbidden, SealedLine, SealedOpinion, SealedOrder, SealedReport, SealedTime, Signing,
};
use crate::domain::signature::Strokes;
use crate::domain::texts::Lang;
use crate::domain::time::LocalTime;
use crate::domain::warranty::{ChargeBasis, CustomerAnswer, Decision, Inputs};
use crate::domain::work::{ChargeKind, ConsentKind, OpinionKind, OrderType, Outcome};
use crate::facts::order::assignment_of;
use crate::facts::order::view::{DecisionStatus, Trust, Visit};
use crate::facts::{DocName, Fact, FactId, Fields, RecordView, fold_directory};

/// The template of this version's reports.
const TEMPLATE: &str = "report@1";

/// What the form holds, before it is signed.
pub(super) struct Draft {
    pub(super) fault_found: String,
    pub(super) action_taken: String,
    pub(super) outcome: Option<Outcome>,
    pub(super) outcome_reason: Option<String>,
    pub(super) opinion: Option<OpinionKind>,
    pub(super) opinion_text: Option<String>,
    pub(super) signer_name: String,
    pub(super) signer_role: String,
    /// Decision fact, unit, decision, answer: the newest for each unit.
    decisions: Vec<(FactId, DocName, Decision, Option<String>)>,
    /// Units said to be examined that have no decision.
    undecided: Vec<String>,
    /// The form charges something beside the decisions.
    charged: bool,
    /// The facts of `done`.
    done: Option<FactId>,
}

fn text(fields: &Fields, name: &str) -> Option<String> {
    fields.known_text(name).filter(|text| !text.trim().is_empty())
}

/// What a report calls a unit.
fn label_of(asset: Option<&RecordView>, doc: &DocName) -> String {
    let field = |name| asset.and_then(|asset| text(&asset.fields, name));
    field("serial")
        .or_else(|| field("product"))
        .unwrap_or_else(|| doc.to_string())
}

impl Draft {
    /// Reads the form out of the views.
    pub(super) fn gather(details: &OrderDetails, me: &Me) -> Self {
        let none = Fields::default();
        let view = &details.order;
        let fields = own_visit(view, me).map_or(&none, |visit| &visit.fields);
        let asset_of = |doc: &DocName| details.assets.iter().find(|asset| asset.doc == *doc);
        let mut decisions: Vec<(FactId, DocName, Decision, Option<String>)> = Vec::new();
        for seen in &view.decisions {
            if seen.status == DecisionStatus::Superseded {
                continue;
            }
            let Ok(decision) = serde_json::from_value::<Decision>(seen.decision.clone()) else {
                continue;
            };
            decisions.retain(|(_, asset, ..)| *asset != seen.asset);
            decisions.push((seen.id, seen.asset.clone(), decision, seen.answer.clone()));
        }
        let undecided = fields
            .texts("examined")
            .into_iter()
            .filter_map(|name| name.parse::<DocName>().ok())
            .filter(|doc| decisions.iter().all(|(_, asset, ..)| asset != doc))
            .map(|doc| label_of(asset_of(&doc), &doc))
            .collect();
        let (done, outcome, outcome_reason) = last_done(details, me);
        Self {
            fault_found: text(fields, "fault_found").unwrap_or_default(),
            action_taken: text(fields, "action_taken").unwrap_or_default(),
            outcome,
            outcome_reason,
            opinion: text(fields, "opinion_kind").and_then(|code| code.parse().ok()),
            opinion_text: text(fields, "opinion_text"),
            signer_name: text(fields, "signer_name").unwrap_or_default(),
            signer_role: text(fields, "signer_role").unwrap_or_default(),
            charged: entered_charges(fields).any(|charge| charge.amount.is_none_or(|amount| amount.0 > 0)),
            decisions,
            undecided,
            done,
        }
    }

    /// What is missing before it can be sealed.
    pub(super) fn missing(
        &self,
        details: &OrderDetails,
        strokes: Option<&Strokes>,
        refusal: Option<(&str, &str)>,
    ) -> Vec<Missing> {
        let labels: Vec<String> = self
            .decisions
            .iter()
            .map(|(_, doc, ..)| label_of(details.assets.iter().find(|asset| asset.doc == *doc), doc))
            .collect();
        let decided = self.decisions.iter().zip(&labels);
        let mut examined: Vec<ExaminedKey<'_>> = decided
            .map(|((_, _, decision, answer), label)| ExaminedKey {
                label,
                decision: Some(decision),
                answered: answer.is_some(),
            })
            .collect();
        examined.extend(self.undecided.iter().map(|label| ExaminedKey {
            label,
            decision: None,
            answered: false,
        }));
        missing_before_seal(&ReportDraft {
            fault_found: &self.fault_found,
            action_taken: &self.action_taken,
            outcome: self.outcome,
            outcome_reason: self.outcome_reason.as_deref().unwrap_or_default(),
            opinion: self.opinion,
            opinion_text: self.opinion_text.as_deref().unwrap_or_default(),
            signer_name: &self.signer_name,
            signer_role: &self.signer_role,
            strokes,
            refusal: refusal.map(|(reason, witness)| RefusalDraft { reason, witness }),
            charged: self.charged,
            price_agreed: details
                .order
                .consents
                .iter()
                .any(|consent| consent.kind == ConsentKind::WorkAndPrice),
            examined: &examined,
        })
    }
}

/// The newest `done` of this engineer under the assignment that he works under: what another one ended with is not how
/// this one ends.
pub(super) fn last_done(
    details: &OrderDetails,
    me: &Me,
) -> (Option<FactId>, Option<Outcome>, Option<String>) {
    facts_of_turn(details, me)
        .filter_map(|(id, fact)| match fact {
            Fact::Done(done) => Some((Some(id), done.outcome.parse().ok(), done.reason.clone())),
            _ => None,
        })
        .next_back()
        .unwrap_or_default()
}

/// This engineer's steps under the assignment that he works under, in order.
pub(super) fn facts_of_turn<'d>(
    details: &'d OrderDetails,
    me: &Me,
) -> impl DoubleEndedIterator<Item = (FactId, &'d Fact)> {
    let own = own_assignment(&details.order, me);
    own_facts(details, me).filter(move |(_, fact)| assignment_of(fact) == Some(own))
}

/// This engineer's facts on the timeline, in order.
pub(super) fn own_facts<'d>(
    details: &'d OrderDetails,
    me: &Me,
) -> impl DoubleEndedIterator<Item = (FactId, &'d Fact)> {
    let visit = DocName::Visit(details.order.order, me.user);
    details
        .order
        .timeline
        .iter()
        .filter(move |event| *event.record.doc == visit)
        .filter_map(|event| Some((event.record.id, event.record.fact()?)))
}

/// The content of the next revision and the facts that it shows.
pub(super) struct Content {
    pub(super) content: SealedContent,
    pub(super) lists: Vec<FactId>,
}

/// Everything that the customer sees, at `now`. `draft` has passed its rules: nothing is missing.
pub(super) fn content(
    connection: &Reading<'_>,
    details: &OrderDetails,
    me: &Me,
    draft: &Draft,
    signing: Signing,
    language: Lang,
    now: LocalTime,
) -> Result<Content, EngineError> {
    let none = Fields::default();
    let visit = own_visit(&details.order, me);
    let fields = visit.map_or(&none, |visit| &visit.fields);
    let mut lists: Vec<FactId> = fields.displayed().collect();
    let times = times(details, me, &mut lists);
    lists.extend(draft.done);
    for (id, ..) in &draft.decisions {
        lists.push(*id);
    }
    for (id, fact) in own_facts(details, me) {
        if matches!(fact, Fact::Answer(_) | Fact::Consent(_)) {
            lists.push(id);
        }
    }
    let names = warranty::part_list(connection, now.wall_date())?;
    let lines: Vec<SealedLine> = details
        .order
        .lines
        .iter()
        // What was built in; an old part that was taken in is none of the customer's new ones.
        .filter(|line| line.reversed_by.is_none() && line.movement == MovementKind::Consume.as_str())
        .map(|line| {
            lists.push(line.id);
            SealedLine {
                part: line.part.clone(),
                name: names.name(&line.part, language).unwrap_or(&line.part).to_owned(),
                qty: line.qty,
                serial: line.serial.clone(),
                price: None,
            }
        })
        .collect();
    let custody: Vec<SealedCustody> = details
        .order
        .lines
        .iter()
        .filter(|line| line.reversed_by.is_none())
        .filter_map(|line| {
            let movement: MovementKind = line.movement.parse().ok()?;
            let changes_hands = matches!(
                movement,
                MovementKind::CollectDefective | MovementKind::LoanOut | MovementKind::LoanBack
            );
            if !changes_hands {
                return None;
            }
            lists.push(line.id);
            Some(SealedCustody {
                movement,
                part: line.part.clone(),
                name: names.name(&line.part, language).unwrap_or(&line.part).to_owned(),
                qty: line.qty,
                serial: line.serial.clone(),
                rma: line.rma.clone(),
                note: line.note.clone(),
            })
        })
        .collect();
    let photos = photos(details, me, &mut lists);
    let charges = charges(fields, draft);
    let total = charges
        .iter()
        .map(|charge| charge.amount)
        .try_fold(Fen(0), |sum, amount| sum.0.checked_add(amount?.0).map(Fen));
    lists.sort_unstable();
    lists.dedup();
    let corrected = visit.is_some_and(|visit| visit.current_seal.is_some());
    let content = SealedContent {
        language,
        template: TEMPLATE.to_owned(),
        sealed_at: now,
        order: order(details),
        customer: customer(details),
        engineer: SealedEngineer {
            id: me.user,
            name: engineer_name(connection, me.user)?,
        },
        assets: details
            .assets
            .iter()
            .map(|asset| SealedAsset {
                id: match &asset.doc {
                    DocName::Asset(id) => Some(*id),
                    _ => None,
                },
                product: text(&asset.fields, "product").unwrap_or_default(),
                serial: text(&asset.fields, "serial"),
            })
            .collect(),
        times,
        report: SealedReport {
            fault_found: draft.fault_found.clone(),
            cause_code: text(fields, "cause_code"),
            action_taken: draft.action_taken.clone(),
            outcome: draft
                .outcome
                .ok_or_else(|| EngineError::invalid("missing.outcome"))?,
            outcome_reason: draft.outcome_reason.clone(),
            environment: text(fields, "environment"),
        },
        lines,
        custody,
        total: if charges.is_empty() { None } else { total },
        charges,
        decisions: draft
            .decisions
            .iter()
            .map(|(_, doc, decision, answer)| SealedDecision {
                label: label_of(details.assets.iter().find(|asset| asset.doc == *doc), doc),
                shown: decision
                    .explanation
                    .iter()
                    .map(|line| line.render(language))
                    .collect(),
                decision: decision.clone(),
                answer: answer.as_deref().and_then(|code| code.parse().ok()),
            })
            .collect(),
        photos,
        photography_forbidden: forbidden(connection, fields, draft, me)?,
        opinion: draft.opinion.map(|kind| SealedOpinion {
            kind,
            text: draft.opinion_text.clone(),
        }),
        signing,
        correction: corrected.then(|| correction(details, visit, fields)).flatten(),
    };
    Ok(Content { content, lists })
}

/// Why a revision corrects an earlier one: the engineer's reason, else the auditor's.
fn correction(details: &OrderDetails, visit: Option<&Visit>, fields: &Fields) -> Option<String> {
    let reason = visit.and_then(|visit| {
        let field = visit.fields.0.get(CORRECTION)?;
        let open = field.entries().any(|entry| visit.unsigned.contains(&entry.fact));
        open.then(|| text(fields, CORRECTION)).flatten()
    });
    reason.or_else(|| {
        let returned = details
            .order
            .returns
            .iter()
            .rev()
            .find(|returned| returned.stands);
        returned.map(|returned| returned.reason.clone())
    })
}

fn order(details: &OrderDetails) -> SealedOrder {
    let view = &details.order;
    let ticket = details.ticket.as_ref();
    let of_ticket = |name: &str| ticket.and_then(|ticket| text(&ticket.fields, name));
    SealedOrder {
        id: view.order,
        ticket: ticket.and_then(|ticket| match &ticket.doc {
            DocName::Ticket(id) => Some(*id),
            _ => None,
        }),
        number: ticket
            .and_then(|ticket| ticket.any_number())
            .map(str::to_owned)
            .unwrap_or_else(|| short_code(view.order.0)),
        kind: text(&view.fields, "type")
            .and_then(|code| code.parse().ok())
            .unwrap_or(OrderType::Repair),
        summary: text(&view.fields, "summary")
            .or_else(|| of_ticket("description"))
            .unwrap_or_default(),
        reported_on: of_ticket("reported_on"),
    }
}

fn customer(details: &OrderDetails) -> SealedCustomer {
    let customer = details.customer.as_ref();
    let field = |name: &str| customer.and_then(|customer| text(&customer.fields, name));
    let contact = details.people.first().map(|person| {
        let phones = person.fields.texts("phone");
        let name = text(&person.fields, "name");
        let parts: Vec<&str> = name.as_deref().into_iter().chain(phones).collect();
        parts.join(" ")
    });
    SealedCustomer {
        id: customer.and_then(|customer| match &customer.doc {
            DocName::Customer(id) => Some(*id),
            _ => None,
        }),
        name: field("name").unwrap_or_default(),
        address: field("address"),
        contact: contact.filter(|contact| !contact.is_empty()),
    }
}

/// The times that the report prints: the last of each step.
fn times(details: &OrderDetails, me: &Me, lists: &mut Vec<FactId>) -> Vec<SealedTime> {
    let visit = DocName::Visit(details.order.order, me.user);
    let mut last: BTreeMap<&str, (FactId, LocalTime, bool)> = BTreeMap::new();
    for event in &details.order.timeline {
        let record = &event.record;
        let printed = ["accept", "travel", "arrive", "remote", "done", "leave"];
        if *record.doc != visit || !printed.contains(&record.kind.as_str()) {
            continue;
        }
        if let Some(at) = read_time(&record.stamp.at) {
            let suspect = event.time.trust == Trust::Suspect;
            last.insert(record.kind.as_str(), (record.id, at, suspect));
        }
    }
    let mut times: Vec<SealedTime> = last
        .into_iter()
        .map(|(what, (id, at, suspect))| {
            lists.push(id);
            SealedTime {
                what: what.to_owned(),
                at,
                suspect,
            }
        })
        .collect();
    times.sort_by(|a, b| (a.at, &a.what).cmp(&(b.at, &b.what)));
    times
}

/// A claim of any RFC 3339 form, to the second.
fn read_time(text: &str) -> Option<LocalTime> {
    text.parse().ok().or_else(|| {
        let read = chrono::DateTime::parse_from_rfc3339(text).ok()?;
        let minutes = i16::try_from(read.offset().local_minus_utc() / 60).ok()?;
        Some(LocalTime::new(read.timestamp_millis(), minutes))
    })
}

/// This engineer's photos that he did not hide, each once.
fn photos(details: &OrderDetails, me: &Me, lists: &mut Vec<FactId>) -> Vec<ContentHash> {
    let mut photos = Vec::new();
    for photo in details
        .order
        .photos
        .iter()
        .filter(|photo| photo.engineer == me.user && !photo.late)
    {
        lists.push(photo.id);
        if !photos.contains(&photo.sha256) {
            photos.push(photo.sha256);
        }
    }
    photos
}

/// What follows from the decisions, then what the form adds.
fn charges(fields: &Fields, draft: &Draft) -> Vec<SealedCharge> {
    let mut charges: Vec<SealedCharge> = draft
        .decisions
        .iter()
        // What the customer declined is not done, so it is not charged.
        .filter(|(_, _, decision, answer)| {
            !matches!(decision.charge_basis, ChargeBasis::None | ChargeBasis::Free)
                && answer.as_deref() != Some(CustomerAnswer::Declines.as_str())
        })
        .map(|(_, _, decision, _)| {
            let quantity = match &decision.inputs {
                Inputs::Eseal(case) => case.quantity,
                Inputs::WeakCurrent(case) => case.quantity,
            };
            let price = decision.price.as_ref();
            SealedCharge {
                kind: ChargeKind::Parts.as_str().to_owned(),
                basis: decision.charge_basis.as_str().to_owned(),
                amount: price.and_then(|price| price.amount.0.checked_mul(i64::from(quantity)).map(Fen)),
                list: price.map(|price| price.list.clone()),
            }
        })
        .collect();
    charges.extend(entered_charges(fields));
    charges
}

/// The charges that the form holds.
fn entered_charges(fields: &Fields) -> impl Iterator<Item = SealedCharge> + '_ {
    let entered = fields.value("charges").and_then(Value::as_array);
    let entered = entered.into_iter().flatten();
    entered.filter_map(|value| serde_json::from_value(value.clone()).ok())
}

/// Photography was forbidden: as the form says, or as a decision was told (V22).
fn forbidden(
    connection: &Reading<'_>,
    fields: &Fields,
    draft: &Draft,
    me: &Me,
) -> Result<Option<SealedForbidden>, EngineError> {
    let entered = fields.value("photography_forbidden").and_then(|value| {
        let reason = value.get("reason")?.as_str()?.to_owned();
        let witness = value.get("witness")?.as_str()?.to_owned();
        Some((reason, witness))
    });
    let told = draft
        .decisions
        .iter()
        .find_map(|(_, _, decision, _)| match &decision.inputs {
            Inputs::Eseal(case) => {
                let forbidden = case.photography_forbidden.as_ref()?;
                Some((forbidden.reason.clone(), forbidden.witness.to_string()))
            }
            Inputs::WeakCurrent(_) => None,
        });
    let Some((reason, witness)) = entered.or(told) else {
        return Ok(None);
    };
    Ok(Some(SealedForbidden {
        reason,
        witness: person_name(connection, &witness, me)?,
    }))
}

/// The name of a witness, who is given by id (or by a document's name) where the person has a record, else by name.
pub(super) fn person_name(connection: &Reading<'_>, witness: &str, me: &Me) -> Result<String, EngineError> {
    let docs: Vec<DocName> = match (witness.parse::<PersonId>(), witness.parse::<DocName>()) {
        (Ok(person), _) => vec![
            DocName::PersonField(me.user, person, 1),
            DocName::Person(person, 1),
        ],
        (_, Ok(doc @ (DocName::Person(..) | DocName::PersonField(..)))) => vec![doc],
        _ => return Ok(witness.to_owned()),
    };
    for doc in docs {
        let record = projections::record(connection, &doc, &[])?;
        if let Some(name) = text(&record.fields, "name") {
            return Ok(name);
        }
    }
    Ok(witness.to_owned())
}

/// The engineer's name out of the directory; the account's id where it has not arrived.
fn engineer_name(connection: &Reading<'_>, user: UserId) -> Result<String, EngineError> {
    let directory = fold_directory(&read::of_doc(connection, &DocName::Directory)?);
    let entry = directory.users.get(&user);
    Ok(entry.map_or_else(|| user.to_string(), |entry| entry.user.name.clone()))
}
