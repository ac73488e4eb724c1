//! The folds alone, in memory: a work order with three long visits, a van with thousands of movements.
//!
//! Actions are parsed once and folded many times, as the phone's cache and the office do; parsing is reported beside.

use std::collections::BTreeMap;
use std::time::Instant;

use fieldseal_core::domain::ids::{ActionId, OrderId, UserId};
use fieldseal_core::domain::ledger::Location;
use fieldseal_core::facts::van::fold_van_parsed;
use fieldseal_core::facts::{
    Action, ClockEvidence, DocName, Fact, FactId, FoldContext, Head, ParsedAction, Shard, StoredAction,
    fold_order_parsed, kinds,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::Failed;
use crate::table::{Sample, Table, number};

/// Engineers who were at the order.
const VISITS: u128 = 3;
/// Saved forms of each.
const FACTS: usize = 200;
/// Movements of the van.
const MOVEMENTS: usize = 5_000;

/// One document being written by one device.
struct Writer {
    doc: DocName,
    by: UserId,
    head: Option<[u8; 32]>,
    n: u64,
}

impl Writer {
    const fn new(doc: DocName, by: UserId) -> Self {
        Self {
            doc,
            by,
            head: None,
            n: 0,
        }
    }

    fn write(&mut self, facts: &[Fact]) -> Result<(StoredAction, FactId), Failed> {
        self.n += 1;
        let text = Action {
            at: "2026-11-23T15:10:00+08:00".to_owned(),
            clk: ClockEvidence {
                off: Some(-120),
                err: Some(35),
                boot: 7,
                mono: 100_000 + self.n,
            },
            by: self.by,
            n: self.n,
            saw: self.head.iter().map(Head::of).collect(),
            docs: Vec::new(),
            min: None,
            facts: facts.iter().map(Fact::to_raw).collect(),
        }
        .to_text()?;
        let hash: [u8; 32] = Sha256::digest(format!("{}{}", self.doc, self.n)).into();
        // As phones and office make them: in the order of time, then random.
        let mut random = [0_u8; 10];
        random.copy_from_slice(&hash[..10]);
        let at = 1_795_000_000_000 + self.n * 60_000;
        let key = ActionId(uuid::Builder::from_unix_timestamp_millis(at, &random).into_uuid());
        let stored = StoredAction {
            doc: self.doc.clone(),
            key,
            text: text.into(),
            hash,
            deps: self.head.into_iter().collect(),
            actor: *self.by.0.as_bytes(),
        };
        self.head = Some(hash);
        Ok((
            stored,
            FactId {
                action: key,
                place: 0,
            },
        ))
    }
}

fn engineer(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

fn set(fields: &[(&str, serde_json::Value)], over: Option<FactId>) -> Fact {
    Fact::Set(kinds::Set {
        subject: None,
        fields: fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect::<BTreeMap<_, _>>(),
        over: over.into_iter().collect(),
    })
}

/// An order that three engineers were assigned to one after the other, each with a long report.
fn order(order: OrderId) -> Result<Vec<StoredAction>, Failed> {
    let mut office = Writer::new(DocName::Order(order), engineer(99));
    let fields = [
        ("summary", json!("印章无法识别，需现场处理")),
        ("priority", json!("p2")),
    ];
    let mut actions = vec![office.write(&[set(&fields, None)])?.0];
    let mut over = Vec::new();
    for number in 1..=VISITS {
        let assign = Fact::Assign(kinds::Assign {
            engineers: vec![engineer(number)],
            over: std::mem::take(&mut over),
            reason: Some("转派".to_owned()),
        });
        let (assigned, assignment) = office.write(&[assign])?;
        actions.push(assigned);
        over = vec![assignment];
        let mut visit = Writer::new(DocName::Visit(order, engineer(number)), engineer(number));
        let mut last = None;
        for form in 0..FACTS {
            let fields = [
                (
                    "fault_found",
                    json!(format!("USB接头松动，外壳有裂纹（第{form}次记录）")),
                ),
                ("action_taken", json!("清洁接头并重新插拔，连续测试三次正常")),
            ];
            let (saved, id) = visit.write(&[set(&fields, last)])?;
            actions.push(saved);
            last = Some(id);
        }
    }
    Ok(actions)
}

/// A van into which parts are issued and out of which they are used.
fn van(owner: UserId) -> Result<Vec<StoredAction>, Failed> {
    let shard = Shard {
        year: 2026,
        quarter: 4,
    };
    let mut store = Writer::new(DocName::VanOffice(owner, shard), engineer(99));
    let mut field = Writer::new(DocName::VanField(owner, shard), owner);
    let (shelf, van) = (
        Location::Store(fieldseal_server::office::MAIN_STORE),
        Location::VanGood(owner),
    );
    let site = Location::CustomerSite(OrderId(Uuid::from_u128(7)));
    let mut actions = Vec::with_capacity(MOVEMENTS);
    for turn in 0..MOVEMENTS {
        let issues = turn % 2 == 0;
        let (movement, from, to) = if issues {
            ("issue", shelf, van)
        } else {
            ("consume", van, site)
        };
        let moved = Fact::Move(kinds::Move {
            movement: movement.to_owned(),
            part: format!("PART-{:03}", (turn / 2) % 60),
            serial: None,
            qty: if issues { 2 } else { 1 },
            from: from.to_string(),
            to: to.to_string(),
            order: None,
            assignment: None,
            note: None,
            ..Default::default()
        });
        let writer = if issues { &mut store } else { &mut field };
        actions.push(writer.write(&[moved])?.0);
    }
    Ok(actions)
}

fn timed(runs: usize, mut work: impl FnMut()) -> Sample {
    let mut us = Vec::with_capacity(runs);
    for _ in 0..runs {
        let begun = Instant::now();
        work();
        us.push(begun.elapsed().as_secs_f64() * 1_000_000.0);
    }
    Sample::new(us)
}

/// Everything.
pub fn measure(runs: usize, table: &mut Table) -> Result<(), Failed> {
    let runs = runs * 20;
    let context = FoldContext::default();
    let id = OrderId(Uuid::from_u128(1));
    let actions = order(id)?;
    let parsed = ParsedAction::read_all(&actions);
    let view = fold_order_parsed(id, &parsed, &context);
    if view.visits.len() != usize::try_from(VISITS)? || view.timeline.len() < FACTS * view.visits.len() {
        return Err("not the order that was to be folded".into());
    }
    let what = format!("a work order with {VISITS} visits of {FACTS} facts");
    let folds = timed(runs, || {
        std::hint::black_box(fold_order_parsed(id, &parsed, &context));
    });
    table.at_most(format!("fold of {what}: p50"), folds.median(), 200.0, "µs");
    table.spread(&folds, "µs");
    let parses = timed(runs, || {
        std::hint::black_box(ParsedAction::read_all(&actions));
    });
    table.report(
        format!("parsing the actions of {what}: p50"),
        format!("{} µs", number(parses.median())),
    );

    let owner = engineer(1);
    let actions = van(owner)?;
    let parsed = ParsedAction::read_all(&actions);
    let held: i64 = fold_van_parsed(owner, &parsed, &context)
        .good
        .iter()
        .map(|row| row.qty)
        .sum();
    if held != i64::try_from(MOVEMENTS / 2)? {
        return Err(format!("the van holds {held}").into());
    }
    let folds = timed(runs, || {
        std::hint::black_box(fold_van_parsed(owner, &parsed, &context));
    });
    table.at_most(
        format!("balance of a van with {MOVEMENTS} movements: p50"),
        folds.median() / 1_000.0,
        5.0,
        "ms",
    );
    let parses = timed(runs, || {
        std::hint::black_box(ParsedAction::read_all(&actions));
    });
    table.report(
        format!("parsing {MOVEMENTS} movements: p50"),
        format!("{} ms", number(parses.median() / 1_000.0)),
    );
    Ok(())
}
