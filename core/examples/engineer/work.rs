//! The commands that write: each looks at the order as `show` would, and hands back what it saw.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fieldseal_core::device::EngineError;
use fieldseal_core::device::engine::{
    Bucket, Closing, Counted, Engine, Examination, Founded, Founding, FoundingCustomer, FoundingUnit,
    OrderDetails, OrderPhoto, PhotoNote, Pieces, Saved, Scrap, ScrapPhoto, SealRequest, Step, Swap, VanMove,
};
use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::ids::PersonId;
use fieldseal_core::domain::scribble::scribble;
use fieldseal_core::domain::signature::{Point, Strokes};
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::domain::warranty::{PhotographyForbidden, QualityFault, SymptomEvidence};
use fieldseal_core::domain::work::{
    AttemptChannel, Channel, ConsentWay, OrderType, Outcome, PhotoSubject, Symptom,
};
use fieldseal_core::facts::{DocName, RecordView, ViewToken};
use serde_json::json;

use crate::args::{Command, Found, Parts, Photo, Report, Sign, Warranty};
use crate::find::{self, invalid, unexpected};
use crate::show::Printer;

/// A code that the command line does not know.
fn unknown(code: &str) -> EngineError {
    eprintln!("? {code}");
    invalid("step_problem.unknown_code")
}

pub fn run(engine: &Engine, command: &Command, printer: &Printer) -> Result<(), EngineError> {
    let saved = match command {
        Command::Accept { order, plan } => step(engine, order, Step::Accept { plan: plan.clone() })?,
        Command::Decline { order, reason } => step(
            engine,
            order,
            Step::Decline {
                reason: reason.clone(),
            },
        )?,
        Command::Contact {
            order,
            text,
            not_reached,
        } => {
            let contact = Step::Contact {
                channel: AttemptChannel::Phone,
                reached: !not_reached,
                text: text.clone(),
            };
            step(engine, order, contact)?
        }
        Command::Found(found) => {
            let founded = founding(engine, found)?;
            printer.founded(&founded);
            founded.saved
        }
        Command::AddUnit {
            order,
            serial,
            product,
        } => {
            let details = details(engine, order)?;
            let unit = unit_found(serial, product);
            engine.add_unit(details.order.order, &details.token, unit)?.1
        }
        Command::Escalate { order, to, reason } => {
            let asked = Step::Escalate {
                to: to.clone(),
                reason: reason.clone(),
            };
            step(engine, order, asked)?
        }
        Command::Travel { order } => step(engine, order, Step::Travel)?,
        Command::Arrive { order } => step(engine, order, Step::Arrive)?,
        Command::Leave { order } => step(engine, order, Step::Leave)?,
        Command::Progress { order, text } => step(engine, order, Step::Progress { text: text.clone() })?,
        Command::Consent { order, text, to } => {
            let consent = Step::Consent {
                kind: to.parse().map_err(|_| unknown(to))?,
                how: ConsentWay::Spoken,
                given_by: None,
                new_due: None,
                text: text.clone(),
            };
            step(engine, order, consent)?
        }
        Command::Done {
            order,
            outcome,
            reason,
        } => {
            let outcome: Outcome = outcome.parse().map_err(|_| unknown(outcome))?;
            step(
                engine,
                order,
                Step::Done {
                    outcome,
                    reason: reason.clone(),
                },
            )?
        }
        Command::UsePart {
            order,
            part,
            quantity,
            serial,
        } => {
            let details = details(engine, order)?;
            let used = Pieces {
                part: part.clone(),
                qty: *quantity,
                serial: serial.clone(),
            };
            engine.use_part(details.order.order, &details.token, used)?
        }
        Command::SwapKey {
            order,
            part,
            serial,
            old,
            from,
            note,
        } => {
            let details = details(engine, order)?;
            let from = from
                .as_deref()
                .map(|name| find::colleague(engine, name))
                .transpose()?;
            let swap = Swap {
                asset: unit(&details, old.as_deref())?.doc.clone(),
                part: part.clone(),
                serial: serial.clone(),
                from,
                note: note.clone(),
            };
            engine.swap(details.order.order, &details.token, &swap)?
        }
        Command::Parts(Parts::Offer { to, pieces }) => {
            let shown = engine.offer_handover(find::colleague(engine, to)?, &[line_of(pieces)])?;
            printer.shown(&shown.code);
            return Ok(());
        }
        Command::Parts(parts) => move_parts(engine, parts, printer)?,
        Command::RequestPart {
            part,
            quantity,
            order,
        } => {
            let order = order
                .as_deref()
                .map(|text| find::order(engine, text))
                .transpose()?;
            let token = engine.stock()?.stock.token;
            engine.request_parts(&token, order, vec![(part.clone(), *quantity)], None)?
        }
        Command::Photo(photo) => {
            let (hash, saved) = take_in(engine, photo)?;
            printer.photo(&hash);
            saved
        }
        Command::HidePhoto { order, photo, reason } => {
            let details = details(engine, order)?;
            let shown = shown(&details, photo)?;
            engine.hide_photo(details.order.order, &details.token, shown.view.id, reason)?
        }
        Command::GetPhoto { order, photo, out } => {
            let details = details(engine, order)?;
            let shown = shown(&details, photo)?;
            let bytes = engine.fetch_photo(shown.view.sha256)?;
            return std::fs::write(out, bytes).map_err(|error| {
                eprintln!("{}: {error}", out.display());
                unexpected("write_file")
            });
        }
        Command::Report(report) => fill_in(engine, report)?,
        Command::Warranty(warranty) => {
            let (decision, saved) = examine(engine, warranty)?;
            printer.decision(&decision);
            saved
        }
        Command::Sign(sign) => return keep_signature(engine, sign, printer),
        Command::Seal { order, out } => return seal(engine, order, out.as_deref(), printer),
        Command::Submit { order } => {
            let details = details(engine, order)?;
            engine.submit(details.order.order, &details.token, None)?
        }
        // `main` has the others.
        _ => return Ok(()),
    };
    printer.saved(&saved);
    Ok(())
}

fn unit_found(serial: &str, product: &str) -> FoundingUnit {
    let fields = [("serial", serial), ("product", product)];
    FoundingUnit::New(
        fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect(),
    )
}

fn founding(engine: &Engine, found: &Found) -> Result<Founded, EngineError> {
    let customer = match find::customer(engine, &found.customer)? {
        Some(known) => FoundingCustomer::Known(known),
        None => FoundingCustomer::New(BTreeMap::from([("name".to_owned(), json!(found.customer))])),
    };
    let mut more = BTreeMap::new();
    for pair in &found.more {
        let (name, value) = pair.split_once('=').ok_or_else(|| unknown(pair))?;
        let value = value
            .parse::<i64>()
            .map_or_else(|_| json!(value), |number| json!(number));
        more.insert(name.to_owned(), value);
    }
    let caller = found.caller.as_ref().map(|name| {
        let phones: Vec<&String> = found.phone.iter().collect();
        BTreeMap::from([
            ("name".to_owned(), json!(name)),
            ("phone".to_owned(), json!(phones)),
        ])
    });
    let founding = Founding {
        category: found.category.parse().map_err(|_| unknown(&found.category))?,
        channel: Channel::OnSite,
        description: found.description.clone(),
        reported_on: None,
        more,
        customer,
        caller,
        units: found
            .serial
            .iter()
            .map(|serial| unit_found(serial, &found.product))
            .collect(),
        order_type: OrderType::Repair,
        takes: !found.report_only,
    };
    engine.found_ticket(&ViewToken::default(), founding)
}

fn details(engine: &Engine, order: &str) -> Result<OrderDetails, EngineError> {
    engine.order(find::order(engine, order)?)
}

fn step(engine: &Engine, order: &str, step: Step) -> Result<Saved, EngineError> {
    let details = details(engine, order)?;
    engine.step(details.order.order, &details.token, step)
}

fn fill_in(engine: &Engine, report: &Report) -> Result<Saved, EngineError> {
    let details = details(engine, &report.order)?;
    let fields: BTreeMap<String, serde_json::Value> = [
        ("fault_found", &report.found),
        ("action_taken", &report.done),
        ("opinion_kind", &report.opinion),
        ("opinion_text", &report.opinion_text),
    ]
    .into_iter()
    .filter_map(|(name, value)| value.as_ref().map(|value| (name.to_owned(), json!(value))))
    .collect();
    engine.save_report(details.order.order, &details.token, fields)
}

fn take_in(engine: &Engine, photo: &Photo) -> Result<(ContentHash, Saved), EngineError> {
    let details = details(engine, &photo.order)?;
    let symptom = photo.symptom.as_deref();
    let symptom = symptom
        .map(|code| code.parse::<Symptom>().map_err(|_| unknown(code)))
        .transpose()?;
    let what = match (&photo.what, symptom) {
        (Some(code), _) => code.parse().map_err(|_| unknown(code))?,
        (None, Some(_)) => PhotoSubject::Symptom,
        (None, None) => PhotoSubject::Device,
    };
    let about = match &photo.serial {
        Some(serial) => Some(unit(&details, Some(serial))?.doc.clone()),
        None => None,
    };
    let note = PhotoNote {
        what,
        symptom,
        about,
        caption: photo.caption.clone(),
        sensitive: photo.sensitive,
        with_place: photo.place,
    };
    engine.add_photo(details.order.order, &details.token, &photo.file, note)
}

/// The photo whose hash begins so.
fn shown<'d>(details: &'d OrderDetails, photo: &str) -> Result<&'d OrderPhoto, EngineError> {
    let mut found = details
        .photos
        .iter()
        .filter(|shown| shown.view.sha256.to_string().starts_with(photo));
    found.next().ok_or(EngineError::NotFound)
}

fn unit<'d>(details: &'d OrderDetails, serial: Option<&str>) -> Result<&'d RecordView, EngineError> {
    let mut units = details
        .assets
        .iter()
        .filter(|asset| serial.is_none_or(|serial| asset.fields.text("serial") == Some(serial)));
    match (units.next(), units.next()) {
        (Some(unit), None) => Ok(unit),
        _ => Err(EngineError::NotFound),
    }
}

fn examine(
    engine: &Engine,
    found: &Warranty,
) -> Result<(fieldseal_core::domain::warranty::Decision, Saved), EngineError> {
    let mut details = details(engine, &found.order)?;
    let order = details.order.order;
    let forbidden = match (&found.no_photos, &found.witness) {
        (Some(reason), Some(name)) => {
            let witness = witness(engine, &details, name)?;
            details = engine.order(order)?;
            Some(PhotographyForbidden {
                reason: reason.clone(),
                witness,
            })
        }
        _ => None,
    };
    let unit = unit(&details, found.serial.as_deref())?;
    let evidence = details.evidence(&unit.doc);
    let symptoms = found
        .symptoms
        .iter()
        .map(|code| {
            code.parse::<Symptom>()
                .map(|symptom| {
                    let photos = evidence.symptoms.get(&symptom).cloned().unwrap_or_default();
                    (symptom, SymptomEvidence { photos, note: None })
                })
                .map_err(|_| unknown(code))
        })
        .collect::<Result<BTreeMap<_, _>, _>>()?;
    let examination = if unit
        .fields
        .text("product")
        .is_none_or(|product| product.starts_with("eseal_key"))
    {
        Examination::Eseal {
            works: found.works,
            tested_elsewhere: !found.not_tested,
            inspected: true,
            inspection_photos: evidence.inspection,
            symptoms,
            photography_forbidden: forbidden,
            quantity: 1,
        }
    } else {
        Examination::WeakCurrent {
            sold_by_us: true,
            origin_evidence: evidence.origin,
            voucher_shown: true,
            grounds: BTreeSet::new(),
            quality_fault: if found.works {
                QualityFault::Denied
            } else {
                QualityFault::Confirmed
            },
            photos: evidence.inspection,
            quantity: 1,
            goods_value: None,
        }
    };
    engine.examine(order, &details.token, &unit.doc.clone(), examination)
}

/// A witness is a person: known at the customer's by this name, or learnt now.
fn witness(engine: &Engine, details: &OrderDetails, name: &str) -> Result<PersonId, EngineError> {
    let known = details
        .people
        .iter()
        .find(|person| person.fields.text("name") == Some(name));
    match known.map(|person| &person.doc) {
        Some(DocName::Person(id, _) | DocName::PersonField(_, id, _)) => Ok(*id),
        _ => {
            let fields = BTreeMap::from([("name".to_owned(), json!(name))]);
            engine.record_person(&details.token, fields).map(|(id, _)| id)
        }
    }
}

/// The signature waits as a draft, as the glass keeps it until «seal» is tapped; name and role go into the report.
fn keep_signature(engine: &Engine, sign: &Sign, printer: &Printer) -> Result<(), EngineError> {
    let strokes = match &sign.strokes {
        Some(path) => read_strokes(path)?,
        None => scribble(sign.scribble).map_err(|error| invalid(error.text_key()))?,
    };
    let details = details(engine, &sign.order)?;
    let order = details.order.order;
    let fields = BTreeMap::from([
        ("signer_name".to_owned(), json!(sign.name)),
        ("signer_role".to_owned(), json!(sign.role)),
    ]);
    let saved = engine.save_report(order, &details.token, fields)?;
    engine.keep_signature(order, &strokes)?;
    printer.saved(&saved);
    Ok(())
}

fn read_strokes(path: &Path) -> Result<Strokes, EngineError> {
    let damaged = || invalid("signature.damaged");
    let text = std::fs::read(path).map_err(|error| {
        eprintln!("{}: {error}", path.display());
        damaged()
    })?;
    let read: Vec<Vec<(u16, u16, u32)>> = serde_json::from_slice(&text).map_err(|_| damaged())?;
    let strokes = read
        .into_iter()
        .map(|stroke| {
            stroke
                .into_iter()
                .map(|(x, y, t)| Point {
                    x,
                    y,
                    t,
                    pressure: None,
                })
                .collect()
        })
        .collect();
    Strokes::new(10_000, 3_400, strokes).map_err(|error| invalid(error.text_key()))
}

pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), EngineError> {
    std::fs::write(path, bytes).map_err(|error| {
        eprintln!("{}: {error}", path.display());
        unexpected("write_file")
    })
}

fn seal(engine: &Engine, order: &str, out: Option<&Path>, printer: &Printer) -> Result<(), EngineError> {
    let details = details(engine, order)?;
    let order = details.order.order;
    let Some(strokes) = engine.kept_signature(order)? else {
        printer.missing(&engine.missing_for_seal(order)?);
        return Err(invalid("signature.empty"));
    };
    let language = match details
        .customer
        .as_ref()
        .and_then(|customer| customer.fields.text("report_language"))
    {
        Some("en") => Lang::En,
        _ => Lang::ZhCn,
    };
    let request = SealRequest {
        language,
        closing: Closing::Signed { strokes },
    };
    let sealed = engine.seal(order, &details.token, request)?;
    printer.saved(&sealed.saved);
    printer.sealed(sealed.revision, &sealed.sha256.to_string());
    if let Some(path) = out {
        write_file(path, &sealed.bytes)?;
    }
    Ok(())
}

fn move_parts(engine: &Engine, parts: &Parts, printer: &Printer) -> Result<Saved, EngineError> {
    let bucket = |defective: bool| {
        if defective {
            Bucket::Defective
        } else {
            Bucket::Good
        }
    };
    let token = engine.stock()?.stock.token;
    let mut said: Option<&str> = None;
    let (moved, pieces) = match parts {
        Parts::Lend { order, pieces, note } => {
            said = note.as_deref();
            let order = find::order(engine, order)?;
            (VanMove::LoanOut { order }, pieces)
        }
        Parts::LoanBack { order, rma, pieces } => {
            let order = find::order(engine, order)?;
            let rma = rma.clone();
            (VanMove::LoanBack { order, rma }, pieces)
        }
        Parts::Count {
            part,
            found,
            serial,
            defective,
            reason,
        } => {
            let line = Counted {
                part: part.clone(),
                serial: serial.clone(),
                counted: *found,
            };
            return engine.count_van(&token, bucket(*defective), &[line], reason.as_deref());
        }
        Parts::Restock => return engine.restock(&token),
        // `run` shows what these print.
        Parts::Offer { .. } => return Err(unexpected("offer")),
        Parts::Take { code } => {
            let taken = engine.take_handover(&token, code)?;
            printer.shown(&taken.receipt);
            return Ok(taken.saved);
        }
        Parts::ConfirmTaken { receipt } => return engine.confirm_handover(&token, receipt),
        Parts::Confirm(pieces) => (VanMove::Confirm, pieces),
        Parts::Return { pieces, defective } => (
            VanMove::Return {
                bucket: bucket(*defective),
            },
            pieces,
        ),
        Parts::TakeOver { from, pieces } => {
            let from = find::colleague(engine, from)?;
            (VanMove::TakeOver { from }, pieces)
        }
        Parts::Collect { order, pieces, note } => {
            said = note.as_deref();
            let order = find::order(engine, order)?;
            (VanMove::Collect { order }, pieces)
        }
        Parts::Scrap {
            kind,
            pieces,
            defective,
            photo,
            note,
        } => {
            let scrap = Scrap {
                bucket: bucket(*defective),
                kind: kind.parse().map_err(|_| unknown(kind))?,
                note: note.clone(),
                photo: photo
                    .clone()
                    .map_or(ScrapPhoto::Missing, |path| ScrapPhoto::File { path }),
            };
            return engine.scrap(&token, &scrap, &[line_of(pieces)]);
        }
    };
    engine.move_parts(&token, &moved, &[line_of(pieces)], said)
}

fn line_of(pieces: &crate::args::Pieces) -> Pieces {
    Pieces {
        part: pieces.part.clone(),
        qty: pieces.quantity,
        serial: pieces.serial.clone(),
    }
}
