//! Honest documents to craft upon: several sessions of two devices, forks, merges, an id used twice concurrently.

use fieldseal_core::documents::{
    ActorId, Ancestry as _, Author, Document, MemoryAncestry, ReadChange, Verdict, gate,
};
use fieldseal_core::domain::ids::UserId;
use fieldseal_core::facts::DocName;

use super::rng::Rng;

/// The tag of the honest devices.
pub const TAG: [u8; 8] = [0xd0; 8];
/// The engineer whose visit the documents are.
pub const ENGINEER: &str = "0193f2c0-0000-7000-8000-0000000000e1";

/// The engineer.
pub fn engineer() -> UserId {
    ENGINEER.parse().unwrap()
}

/// The document's name.
pub fn doc() -> DocName {
    format!("visit/0193f2c0-0000-7000-8000-00000000000a/{ENGINEER}")
        .parse()
        .unwrap()
}

/// An envelope.
pub fn envelope(n: u64, text: &str) -> String {
    let text = serde_json::to_string(text).unwrap();
    format!(
        r#"{{"at":"2026-11-23T10:00:00+08:00","clk":{{"boot":7,"mono":123456}},"by":"{ENGINEER}","n":{n},"facts":[{{"kind":"progress","payload":{{"text":{text}}}}}]}}"#
    )
}

/// Asks the gate as the server asks it.
pub fn verdict(change: &ReadChange, ancestry: &MemoryAncestry) -> Verdict {
    let author = Author {
        tag_ok: &|tag| *tag == TAG,
        person: Some(engineer()),
    };
    gate(change, &doc(), &author, ancestry).unwrap()
}

/// A document, its accepted changes, and the actors that wrote them.
#[derive(Clone)]
pub struct Base {
    /// The document.
    pub document: Document,
    /// What the gate asks.
    pub ancestry: MemoryAncestry,
    /// The changes, dependencies first.
    pub changes: Vec<ReadChange>,
    /// The sessions.
    pub actors: Vec<ActorId>,
}

impl Base {
    fn empty(rng: &mut Rng) -> Self {
        Self {
            document: Document::new(),
            ancestry: MemoryAncestry::default(),
            changes: Vec::new(),
            actors: (0..3).map(|_| ActorId::new(rng.bytes(), TAG)).collect(),
        }
    }

    /// Keeps a change that the gate accepted.
    pub fn keep(&mut self, change: ReadChange) {
        self.ancestry.keep(&change);
        self.changes.push(change);
    }

    fn receive(&mut self, change: &ReadChange) {
        match verdict(change, &self.ancestry) {
            Verdict::Accept => {
                self.document.apply(&[&change.bytes]).unwrap();
                self.keep(change.clone());
            }
            Verdict::AlreadyKnown => {}
            other => panic!("an honest change met {other:?}"),
        }
    }

    /// The highest `n` so far.
    pub fn highest_n(&self) -> u64 {
        self.ancestry.highest_n()
    }
}

/// A random honest document of up to `most` changes.
pub fn honest(rng: &mut Rng, most: usize) -> Base {
    let first = Base::empty(rng);
    let mut replicas = vec![first.clone(), first.clone(), first];
    let steps = rng.below(most + 1);
    let mut shared = rng.action_id();
    for step in 0..steps {
        let at = rng.below(replicas.len());
        if rng.one_in(3) {
            let from = replicas[rng.below(3)].changes.clone();
            let cut = rng.below(from.len() + 1);
            for change in &from[..cut] {
                replicas[at].receive(change);
            }
        }
        let fresh = rng.action_id();
        let replica = &mut replicas[at];
        let key = if replica.changes.iter().all(|change| change.key != shared) && step % 4 == 3 {
            shared
        } else {
            fresh
        };
        if step % 8 == 7 {
            shared = rng.action_id();
        }
        let actor = replica.actors[if rng.one_in(6) { (at + 1) % 3 } else { at }];
        // A session lives on one replica: the other replica's is used only where all of it is here already.
        let here = replica.ancestry.last_of(&actor).unwrap();
        let taken = replicas
            .iter()
            .any(|other| other.ancestry.last_of(&actor).unwrap() > here);
        let actor = if taken { replicas[at].actors[at] } else { actor };
        let taken = replicas.iter().enumerate().any(|(index, other)| {
            index != at
                && other.ancestry.last_of(&actor).unwrap() > replicas[at].ancestry.last_of(&actor).unwrap()
        });
        if taken {
            continue;
        }
        let replica = &mut replicas[at];
        let text = envelope(replica.highest_n() + 1, &"更换部件 ".repeat(rng.below(20)));
        let change = replica.document.append(&actor, key, &text).unwrap();
        replica.keep(change);
    }
    let all: Vec<ReadChange> = replicas
        .iter()
        .flat_map(|replica| replica.changes.clone())
        .collect();
    let mut whole = replicas.swap_remove(0);
    if rng.one_in(2) {
        for change in &all {
            whole.receive(change);
        }
    }
    whole
}
