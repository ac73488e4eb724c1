//! What an enrolled device cannot make the server do: search without end, keep without end, write for it.

use fieldseal_core::documents::{ActorId, Document};
use fieldseal_core::domain::ids::ActionId;
use fieldseal_core::facts::kinds::Step;
use fieldseal_core::facts::{Action, ClockEvidence, DocName, Fact};
use fieldseal_core::wire::{Exception, Postponed, SyncAnswer};

use super::world::*;

fn postponed(answer: &SyncAnswer) -> Vec<Postponed> {
    answer
        .exceptions
        .iter()
        .filter_map(|exception| match exception {
            Exception::Postponed { why, .. } => Some(*why),
            _ => None,
        })
        .collect()
}

fn accepted(answer: &SyncAnswer) -> u32 {
    answer.rows.iter().map(|(_, count)| count).sum()
}

/// Changes of made-up actors of a phone in one document; each search for a used id goes through all before.
struct Crafted {
    document: Document,
    n: u64,
}

impl Crafted {
    fn write(&mut self, phone: &Phone, actor: ActorId, id: ActionId) -> Vec<u8> {
        self.n += 1;
        let fact = Fact::Progress(Step {
            assignment: None,
            text: Some(self.n.to_string()),
        });
        let action = Action {
            at: "2026-11-23T10:00:00+08:00".to_owned(),
            clk: ClockEvidence {
                off: None,
                err: None,
                boot: 1,
                mono: self.n,
            },
            by: phone.device.user,
            n: self.n,
            saw: Vec::new(),
            docs: Vec::new(),
            min: None,
            facts: vec![fact.to_raw()],
        };
        self.document
            .append(&actor, id, &action.to_text().unwrap())
            .unwrap()
            .bytes
    }
}

#[test]
fn a_request_searches_so_far_and_the_rest_comes_with_the_next_ones() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    let doc = visit(1, user(1));
    let fresh = |document| Crafted { document, n: 0 };
    let ids: Vec<ActionId> = (0..250).map(|_| ActionId(world.env.uuid_v7())).collect();
    // Each id once without a past, then all of them again upon a chain.
    let mut changes: Vec<Vec<u8>> = ids
        .iter()
        .map(|id| {
            let actor = ActorId::fresh(&world.env, phone.device.tag);
            fresh(Document::new()).write(&phone, actor, *id)
        })
        .collect();
    let (mut chain, actor) = (
        fresh(Document::new()),
        ActorId::fresh(&world.env, phone.device.tag),
    );
    for _ in 0..300 {
        let id = ActionId(world.env.uuid_v7());
        changes.push(chain.write(&phone, actor, id));
    }
    assert_eq!(phone.send(&world, &[(&doc, changes)]).exceptions, vec![]);
    let again: Vec<Vec<u8>> = ids.iter().map(|id| chain.write(&phone, actor, *id)).collect();

    let first = phone.send(&world, &[(&doc, again.clone())]);
    assert_eq!(postponed(&first)[0], Postponed::Busy);
    assert!(
        accepted(&first) > 50 && accepted(&first) < 250,
        "{}",
        accepted(&first)
    );
    // Others are not concerned, and changes that need no search neither.
    let mut other = world.phone(user(2));
    let own = visit(2, user(2));
    let change = other.write(&own, &[progress("1")]);
    assert_eq!(other.send(&world, &[(&own, vec![change])]).exceptions, vec![]);
    // Nothing is lost: whoever sends again gets on.
    let mut requests = 1;
    while accepted(&phone.send(&world, &[(&doc, again.clone())])) < 250 {
        requests += 1;
        assert!(requests < 10);
    }
}

#[test]
fn what_waits_is_bounded_for_each_device_and_stays_with_the_phone_beyond_that() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    let doc = visit(1, user(1));
    let mut changes: Vec<Vec<u8>> = (0..1_101)
        .map(|step| phone.write(&doc, &[progress(&step.to_string())]))
        .collect();
    let first = changes.remove(0);
    for _ in 0..2 {
        let answer = phone.send(&world, &[(&doc, changes.clone())]);
        assert_eq!(accepted(&answer), 0);
        assert_eq!(postponed(&answer), vec![Postponed::Waiting; 100]);
        let tx = world.service.storage().read().unwrap();
        assert_eq!(tx.parked_count().unwrap(), 1_000);
    }
    // Another device still has its own room.
    let mut other = world.phone(user(2));
    let own = visit(2, user(2));
    let (missing, waits) = (
        other.write(&own, &[progress("1")]),
        other.write(&own, &[progress("2")]),
    );
    let answer = other.send(&world, &[(&own, vec![waits])]);
    assert!(matches!(answer.exceptions[..], [Exception::Parked { .. }]));
    assert_eq!(other.send(&world, &[(&own, vec![missing])]).exceptions, vec![]);

    // With the first one all that waits comes in, and then the rest, which the phone has kept.
    assert_eq!(phone.send(&world, &[(&doc, vec![first])]).exceptions, vec![]);
    assert_eq!(world.service.storage().read().unwrap().parked_count().unwrap(), 0);
    let answer = phone.send(&world, &[(&doc, changes)]);
    assert_eq!((accepted(&answer), answer.exceptions), (1_100, vec![]));
}

#[test]
fn a_visit_that_was_never_assigned_makes_the_server_write_nothing() {
    let world = World::new();
    let (mut engineer, mut stranger) = (world.phone(user(1)), world.phone(user(2)));
    world.dispatch(1, &[user(1)]);
    let changes = |doc: &DocName| {
        let tx = world.service.storage().read().unwrap();
        tx.doc(doc).unwrap().unwrap().changes
    };
    let submit = || {
        Fact::Submit(fieldseal_core::facts::kinds::Submit {
            assignment: None,
            seal: None,
            without: Some("customer_absent".to_owned()),
        })
    };
    let before = changes(&order(1));
    let own = visit(1, user(2));
    let change = stranger.write(&own, &[submit(), submit()]);
    assert_eq!(stranger.send(&world, &[(&own, vec![change])]).exceptions, vec![]);
    assert_eq!(
        changes(&order(1)),
        before,
        "no receipt in an order that is not his"
    );

    // Of whoever was assigned there is one action for all that came in one request.
    let own = visit(1, user(1));
    let sent = (0..3).map(|_| engineer.write(&own, &[submit()])).collect();
    assert_eq!(engineer.send(&world, &[(&own, sent)]).exceptions, vec![]);
    assert_eq!(changes(&order(1)), before + 1);
}
