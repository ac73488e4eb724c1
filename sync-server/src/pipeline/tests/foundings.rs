//! Tickets founded on site arrive: numbers, links, rights, and the ticket's state from then on (000-28, Q12, I10, I13, 000-33).

use std::collections::BTreeMap;

use fieldseal_core::domain::ids::{AssetId, TicketId, UserId};
use fieldseal_core::domain::work::TicketState;
use fieldseal_core::facts::kinds::{Done, Found, Seal, Set, Step};
use fieldseal_core::facts::{
    DocName, Fact, FactId, FoldContext, OrderView, RecordView, StoredAction, first_order_of, fold_order,
    fold_record,
};
use serde_json::{Value, json};

use super::world::*;
use crate::office::ticket_state;

const fn ticket_of(id: uuid::Uuid) -> TicketId {
    TicketId(id)
}

fn about(subject: &DocName, fields: &[(&str, Value)]) -> Fact {
    Fact::Set(Set {
        subject: Some(subject.clone()),
        fields: fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        over: Vec::new(),
    })
}

fn found() -> Fact {
    Fact::Found(Found {
        provisional: "SS~A7-0003".to_owned(),
        takes: true,
    })
}

/// What a phone writes when a ticket is founded with a new customer and a new unit.
struct Founding {
    ticket: TicketId,
    intake: DocName,
    customer: DocName,
    unit: DocName,
}

impl Founding {
    fn new(number: u128, engineer: UserId) -> Self {
        let ticket = ticket_of(id(number));
        Self {
            ticket,
            intake: DocName::Intake(engineer, ticket),
            customer: customer(number),
            unit: DocName::Asset(AssetId(id(number + 1))),
        }
    }

    fn order(&self) -> DocName {
        DocName::Order(first_order_of(self.ticket))
    }

    fn visit(&self, engineer: UserId) -> DocName {
        DocName::Visit(first_order_of(self.ticket), engineer)
    }

    fn facts(&self) -> Vec<Fact> {
        let ticket = DocName::Ticket(self.ticket);
        let links = [("customer", json!(self.customer)), ("assets", json!([self.unit]))];
        let mut of_ticket = vec![
            ("category", json!("service")),
            ("description", json!("无反应")),
            ("reported_on", json!("2026-11-23")),
        ];
        of_ticket.extend(links.clone());
        let mut of_order = vec![
            ("ticket", json!(ticket)),
            ("type", json!("repair")),
            ("summary", json!("无反应")),
        ];
        of_order.extend(links);
        vec![
            found(),
            about(&ticket, &of_ticket),
            about(&self.order(), &of_order),
            about(&self.customer, &[("name", json!("虹桥车站管理处"))]),
            about(
                &self.unit,
                &[("serial", json!("K-9001")), ("product", json!("eseal-key"))],
            ),
        ]
    }
}

fn actions(world: &World, family: &str) -> Vec<StoredAction> {
    let tx = world.service.storage().read().unwrap();
    let rows = tx.actions_of_family(family).unwrap();
    rows.into_iter()
        .map(crate::pipeline::ticket_states::stored)
        .collect()
}

fn record(world: &World, doc: &DocName) -> RecordView {
    fold_record(doc, &actions(world, &doc.family()))
}

fn view(world: &World, founding: &Founding) -> OrderView {
    let order = first_order_of(founding.ticket);
    fold_order(
        order,
        &actions(world, &founding.order().family()),
        &FoldContext::default(),
    )
}

fn state(world: &World, ticket: TicketId) -> Option<String> {
    record(world, &DocName::Ticket(ticket)).state
}

fn seal(assignment: FactId) -> Fact {
    Fact::Seal(Seal {
        assignment: Some(assignment),
        revision: 1,
        prev: None,
        blob: "00".repeat(32),
        lists: Vec::new(),
        kind: "signed".to_owned(),
    })
}

fn done(assignment: FactId, outcome: &str) -> Fact {
    Fact::Done(Done {
        assignment: Some(assignment),
        outcome: outcome.to_owned(),
        reason: Some("r".to_owned()),
    })
}

fn first_fact(change: &[u8]) -> FactId {
    let change = fieldseal_core::documents::read_change(change).unwrap();
    FactId {
        action: change.key,
        place: 0,
    }
}

#[test]
fn q12_i10_a_founding_gets_its_number_its_order_and_its_stubs_once() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    let founding = Founding::new(50, user(1));
    let change = phone.write(&founding.intake, &founding.facts());
    let assignment = first_fact(&change);
    let accept = Fact::Accept(Step {
        assignment: Some(assignment),
        text: None,
    });
    let accept = phone.write(&founding.visit(user(1)), &[accept]);
    phone.send(
        &world,
        &[
            (&founding.intake, vec![change.clone()]),
            (&founding.visit(user(1)), vec![accept]),
        ],
    );
    let head = world.head();
    phone.send(&world, &[(&founding.intake, vec![change])]);
    assert_eq!(world.head(), head, "the same change again writes nothing");

    let ticket = record(&world, &DocName::Ticket(founding.ticket));
    let number = ticket.number.clone().unwrap();
    assert!(number.starts_with("SS") && number.ends_with("001"), "{number}");
    assert_eq!(ticket.state.as_deref(), Some("received"), "triage is a person's");
    let log = ticket.ticket.unwrap();
    assert_eq!(log.provisional.as_deref(), Some("SS~A7-0003"));
    assert_eq!(log.orders, [first_order_of(founding.ticket)]);
    assert_eq!(ticket.fields.text("description"), Some("无反应"));
    let order = view(&world, &founding);
    assert_eq!(
        (order.current, order.state.as_str()),
        (Some(assignment), "accepted")
    );
    assert!(
        order.flags.is_empty() && order.conflicts.is_empty(),
        "{:?}",
        order.conflicts
    );
    assert!(order.founded.unwrap().adopted);
    assert_eq!(
        order.fields.text("customer"),
        Some(founding.customer.to_string().as_str())
    );
    let customer = record(&world, &founding.customer);
    assert_eq!(customer.fields.text("name"), Some("虹桥车站管理处"));
    assert_eq!(customer.fields.value("stub"), Some(&json!(true)));
    let unit = record(&world, &founding.unit);
    assert_eq!(unit.fields.text("serial"), Some("K-9001"));
    assert_eq!(
        unit.fields.text("customer"),
        Some(founding.customer.to_string().as_str())
    );

    // The phone gets all of it back, and nothing of it is a proposal any more.
    phone.catch_up(&world);
    for doc in [
        DocName::Ticket(founding.ticket),
        founding.order(),
        founding.customer.clone(),
        founding.unit.clone(),
    ] {
        assert!(phone.state().contains_key(&doc), "{doc}");
    }
    let answer = phone.send(&world, &[]);
    assert_eq!(*answer.scope_digest.unwrap(), phone.digest());
    let mut next = Founding::new(60, user(1));
    next.customer = founding.customer;
    let change = phone.write(&next.intake, &next.facts());
    phone.send(&world, &[(&next.intake, vec![change])]);
    let second = record(&world, &DocName::Ticket(next.ticket)).number.unwrap();
    assert!(second.ends_with("002"), "{second}");
    let order = view(&world, &next);
    assert!(
        order.fields.text("customer").is_some(),
        "a customer in his scope is linked at once"
    );
}

#[test]
fn i02_what_was_sealed_before_the_founding_arrived_is_received() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    let founding = Founding::new(50, user(1));
    let change = phone.write(&founding.intake, &founding.facts());
    let assignment = first_fact(&change);
    let visit = founding.visit(user(1));
    let work = phone.write(&visit, &[done(assignment, "solved"), seal(assignment)]);
    // The most valuable first: the seal goes before what it belongs to.
    phone.send(&world, &[(&visit, vec![work])]);
    assert!(view(&world, &founding).visits[0].seals[0].received_at.is_none());
    phone.send(&world, &[(&founding.intake, vec![change])]);
    let order = view(&world, &founding);
    assert!(order.visits[0].seals[0].received_at.is_some());
    assert_eq!(order.state.as_str(), "submitted");
    assert!(order.flags.is_empty() && order.conflicts.is_empty());
}

#[test]
fn i13_naming_an_id_gives_nobody_a_record_or_an_order() {
    let world = World::new();
    world.dispatch(70, &[user(2)]);
    let mut thief = world.phone(user(1));
    // A customer that he never had in scope: the link stays a proposal, the record stays where it was.
    let mut founding = Founding::new(50, user(1));
    founding.customer = customer(70);
    let mut facts = founding.facts();
    facts.retain(|fact| !matches!(fact, Fact::Set(set) if set.subject == Some(customer(70))));
    let change = thief.write(&founding.intake, &facts);
    thief.send(&world, &[(&founding.intake, vec![change])]);
    thief.catch_up(&world);
    assert!(!thief.scope.contains(&customer(70)));
    let order = view(&world, &founding);
    assert_eq!(order.fields.text("customer"), None);
    assert_eq!(
        order.fields.known_text("customer").as_deref(),
        Some(customer(70).to_string().as_str())
    );

    // An order and ticket of the office: nothing is registered, nothing is taken.
    let ticket = ticket_of(id(80));
    let office_order = DocName::Order(first_order_of(ticket));
    world.write(
        &DocName::Ticket(ticket),
        vec![set("description", json!("office"))],
    );
    world.write(&office_order, vec![set("ticket", json!(DocName::Ticket(ticket)))]);
    let head = world.head();
    let stolen = Founding {
        ticket,
        ..Founding::new(80, user(1))
    };
    let change = thief.write(&stolen.intake, &[found()]);
    thief.send(&world, &[(&stolen.intake, vec![change])]);
    assert_eq!(world.head(), head + 1, "his own change alone");
    thief.catch_up(&world);
    assert!(!thief.scope.contains(&office_order));
    let order = view(&world, &stolen);
    assert_eq!(order.current, None);
}

/// T-15: a unit that an engineer found on his order is a record of the office from then on, as a stub; one that somebody
/// names who never had the order is not.
#[test]
fn t15_a_unit_found_on_an_order_becomes_a_stub() {
    let world = World::new();
    world.dispatch(70, &[user(1)]);
    let (mut phone, mut stranger) = (world.phone(user(1)), world.phone(user(2)));
    let unit = DocName::Asset(AssetId(id(90)));
    let facts = [
        about(&unit, &[("serial", json!("K-9002")), ("nonsense", json!(1))]),
        about(&order(70), &[("assets", json!([unit]))]),
    ];
    let change = stranger.write(&visit(70, user(2)), &facts);
    stranger.send(&world, &[(&visit(70, user(2)), vec![change])]);
    assert_eq!(record(&world, &unit).changes.len(), 0);
    let change = phone.write(&visit(70, user(1)), &facts);
    phone.send(&world, &[(&visit(70, user(1)), vec![change])]);
    let stub = record(&world, &unit);
    assert_eq!(stub.fields.text("serial"), Some("K-9002"));
    assert_eq!(stub.fields.value("stub"), Some(&json!(true)));
    assert_eq!(
        stub.fields.text("customer"),
        Some(customer(70).to_string().as_str())
    );
    assert_eq!(stub.fields.value("nonsense"), None);
}

#[test]
fn whatever_a_founding_carries_it_is_taken_and_nothing_fails() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    let founding = Founding::new(50, user(1));
    let ticket = DocName::Ticket(founding.ticket);
    let mut odd: Vec<(String, Value)> = (0..150)
        .map(|n| (format!("custom.{n}"), json!("长".repeat(60))))
        .collect();
    odd.extend([
        ("state".to_owned(), json!("closed")),
        ("priority".to_owned(), json!("p9")),
        ("category".to_owned(), json!("nonsense")),
        ("description".to_owned(), json!("x".repeat(4_001))),
        ("assets".to_owned(), json!([7, "order/x", founding.unit])),
        ("customer".to_owned(), json!({"a": 1})),
    ]);
    let fields: BTreeMap<String, Value> = odd.into_iter().collect();
    let facts = vec![
        found(),
        Fact::Set(Set {
            subject: Some(ticket.clone()),
            fields,
            over: Vec::new(),
        }),
    ];
    let mut sent = vec![phone.write(&founding.intake, &facts)];
    for n in 0..20 {
        let more = about(
            &ticket,
            &[(&*format!("custom.more{n}"), json!("y".repeat(3_900)))],
        );
        sent.push(phone.write(&founding.intake, &[more]));
    }
    let answer = phone.send(&world, &[(&founding.intake, sent)]);
    assert!(answer.exceptions.is_empty(), "{:?}", answer.exceptions);
    let view = record(&world, &ticket);
    assert!(
        view.number.unwrap().starts_with("SS"),
        "a category that is none is taken for after-sales"
    );
    assert_eq!(
        (view.state.as_deref(), view.fields.text("description")),
        (Some("received"), None)
    );
    assert!(view.fields.text("custom.0").is_some());
    assert!(view.fields.0.len() < 170, "bounded: {}", view.fields.0.len());
}

#[test]
fn i000_33_the_ticket_follows_its_orders_once_it_is_triaged() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    let founding = Founding::new(50, user(1));
    let change = phone.write(&founding.intake, &founding.facts());
    let assignment = first_fact(&change);
    let visit = founding.visit(user(1));
    phone.send(&world, &[(&founding.intake, vec![change])]);
    let arrive = Fact::Arrive(Step {
        assignment: Some(assignment),
        text: None,
    });
    let arrive = phone.write(&visit, &[arrive]);
    phone.send(&world, &[(&visit, vec![arrive])]);
    assert_eq!(state(&world, founding.ticket).as_deref(), Some("received"));
    let doc = DocName::Ticket(founding.ticket);
    world.write(&doc, vec![ticket_state(TicketState::Triaged)]);
    assert_eq!(state(&world, founding.ticket).as_deref(), Some("in_work"));
    let back = phone.write(&visit, &[done(assignment, "unresolved")]);
    phone.send(&world, &[(&visit, vec![back])]);
    assert_eq!(state(&world, founding.ticket).as_deref(), Some("triaged"));
    let log = record(&world, &doc).ticket.unwrap();
    assert!(log.needs_analysis);
    let cause = log.steps.last().unwrap().cause.unwrap();
    assert!(
        view(&world, &founding)
            .timeline
            .iter()
            .any(|event| event.record.id == cause)
    );
}
