//! Bad changes from an enrolled device: documents that are not its own, the crafted changes A to J that destroy
//! Automerge documents, envelopes too deep or too long. Each is refused with its reason; no view moves.

use automerge::legacy::{Key, ObjectId, Op, OpId, OpType, SortedVec};
use automerge::{Change, ChangeHash, ExpandedChange, ScalarValue};
use fieldseal_core::documents::{Document, ReadChange};
use fieldseal_core::domain::ids::OrderId;
use fieldseal_core::domain::texts::{Lang, all};
use fieldseal_core::facts::DocName;
use fieldseal_core::wire::{Exception, Reason};
use fieldseal_tests::hands::Deed;

use crate::company::{World, absent, differences};
use crate::device::Device;

/// The one thing that the server says against one change.
fn reason(exceptions: &[Exception]) -> Reason {
    let [Exception::Quarantined { reason, .. }] = exceptions else {
        panic!("one refusal: {exceptions:?}");
    };
    for lang in Lang::ALL {
        let key = format!("quarantine.{}", reason.as_str());
        assert!(all(*lang).contains_key(&key), "{key} in {lang}");
    }
    *reason
}

#[test]
fn documents_that_the_device_may_not_write() {
    let world = World::new();
    let [a, b] = world.company.engineers;
    let order = world.job(&[a, b]);
    let phone = world.phone(a);
    let acks = phone.perform(order, &[Deed::Accept]);
    phone.settle();
    let foreign = Device::enrol(&world, b, 3);
    let (before, view) = (world.head(), world.view(order));
    for doc in [
        DocName::Order(order),
        DocName::Visit(order, a),
        DocName::Customer(world.company.customer),
        world.company.key.clone(),
        DocName::Directory,
        DocName::ReferenceIndex,
    ] {
        let mut document = Document::new();
        let change = foreign.write(&world, &mut document, 1, 9);
        let refused = foreign.send(&world, &doc, &[&change.bytes]);
        assert_eq!(reason(&refused), Reason::NotWriter, "{doc}");
    }
    assert_eq!(world.head(), before);
    assert_eq!(world.view(order), view);
    phone.settle();
    assert_eq!(absent(&acks, &phone.order(order).order), Vec::<String>::new());
    // His own visit he may write.
    let mut document = Document::new();
    let change = foreign.write(&world, &mut document, 1, 9);
    assert_eq!(
        foreign.send(&world, &DocName::Visit(order, b), &[&change.bytes]),
        []
    );
}

#[test]
fn a_change_in_somebody_elses_name() {
    let world = World::new();
    let [a, b] = world.company.engineers;
    let order = world.job(&[a]);
    let thief = Device::enrol(&world, b, 3);
    let before = world.head();
    // B's device signs as A, in A's own document.
    let as_a = Device {
        user: a,
        token: thief.token.clone(),
        tag: thief.tag,
    };
    let change = as_a.write(&world, &mut Document::new(), 1, 9);
    let refused = thief.send(&world, &DocName::Visit(order, a), &[&change.bytes]);
    assert_eq!(reason(&refused), Reason::NotWriter);
    // And in its own document under A's name, or with a tag of another device.
    let refused = thief.send(&world, &DocName::Visit(order, b), &[&change.bytes]);
    assert_eq!(reason(&refused), Reason::Gate);
    let other_tag = Device {
        user: b,
        token: thief.token.clone(),
        tag: [5; 8],
    };
    let change = other_tag.write(&world, &mut Document::new(), 1, 9);
    let refused = thief.send(&world, &DocName::Visit(order, b), &[&change.bytes]);
    assert_eq!(reason(&refused), Reason::Gate);
    assert_eq!(world.head(), before);
}

/// A visit document on the server: `first`, then `left` and `right` beside each other.
struct Base {
    world: World,
    device: Device,
    order: OrderId,
    doc: DocName,
    left: ReadChange,
    right: ReadChange,
}

impl Base {
    fn new() -> Self {
        let world = World::new();
        let engineer = world.company.engineers[0];
        let order = world.job(&[engineer]);
        let device = Device::enrol(&world, engineer, 3);
        let doc = DocName::Visit(order, engineer);
        let mut one = Document::new();
        let first = device.write(&world, &mut one, 1, 8);
        let mut two = Document::new();
        two.apply(&[&first.bytes]).unwrap();
        let left = device.write(&world, &mut one, 1, 9);
        let right = device.write(&world, &mut two, 2, 9);
        let sent = device.send(&world, &doc, &[&first.bytes, &left.bytes, &right.bytes]);
        assert_eq!(sent, []);
        Self {
            world,
            device,
            order,
            doc,
            left,
            right,
        }
    }

    fn next(&self, session: u8, seq: u64, start_op: u64, deps: &[&ReadChange], text: &str) -> ExpandedChange {
        ExpandedChange {
            operations: vec![Op {
                action: OpType::Put(ScalarValue::Str(text.into())),
                obj: ObjectId::Root,
                key: Key::Map(self.world.env.uuid_v7().to_string().into()),
                pred: SortedVec::new(),
                insert: false,
            }],
            actor_id: automerge::ActorId::from(self.device.actor(session).0),
            hash: None,
            seq,
            start_op: start_op.try_into().unwrap(),
            time: 0,
            message: None,
            deps: deps.iter().map(|dep| ChangeHash(dep.hash)).collect(),
            extra_bytes: Vec::new(),
            author: None,
        }
    }

    /// An honest next change of a new session, before it is spoilt.
    fn honest(&self) -> ExpandedChange {
        let text = self.device.envelope(&self.world, 10, "一切正常");
        self.next(3, 1, 3, &[&self.left, &self.right], &text)
    }

    fn op_id(&self, counter: u64, session: u8) -> OpId {
        OpId(counter, automerge::ActorId::from(self.device.actor(session).0))
    }

    /// Offers one change: it is refused, and neither the sequence nor any view moves.
    fn refused(&self, name: &str, change: ExpandedChange) {
        let (before, view) = (self.world.head(), self.world.view(self.order));
        let bytes = Change::from(change).raw_bytes().to_vec();
        let said = self.device.send(&self.world, &self.doc, &[&bytes]);
        let why = reason(&said);
        assert!(matches!(why, Reason::Gate | Reason::Size), "{name}: {why:?}");
        assert_eq!(self.world.head(), before, "{name}");
        assert_eq!(self.world.view(self.order), view, "{name}");
    }

    fn spoilt(&self, spoil: impl FnOnce(&mut ExpandedChange)) -> ExpandedChange {
        let mut change = self.honest();
        spoil(&mut change);
        change
    }

    /// After all that the document is as good as before: the honest change goes in, and a phone can load it.
    fn still_works(&self) {
        let bytes = Change::from(self.honest()).raw_bytes().to_vec();
        assert_eq!(self.device.send(&self.world, &self.doc, &[&bytes]), []);
        let view = self.world.view(self.order);
        assert_eq!(view.visits[0].progress.len(), 4);
        let phone = self.world.phone(self.device.user);
        phone.settle();
        assert_eq!(
            differences(&self.world.view(self.order), &phone.order(self.order).order),
            Vec::<String>::new()
        );
    }
}

#[test]
fn crafted_changes_a_to_j() {
    let base = Base::new();
    let spoilt = |spoil: &dyn Fn(&mut ExpandedChange)| base.spoilt(spoil);
    base.refused("A first change with seq 7", spoilt(&|change| change.seq = 7));
    let text = base.device.envelope(&base.world, 10, "x");
    let other_branch = base.next(2, 2, 3, &[&base.left], &text);
    base.refused("B seq 2 not after own seq 1", other_branch);
    let at = |start: u64| spoilt(&|change| change.start_op = start.try_into().unwrap());
    base.refused("C operation counter used again", at(2));
    base.refused("D start_op below the dependencies", at(1));
    let missing = base.op_id(99, 3);
    base.refused(
        "E predecessor that is not there",
        spoilt(&|change| change.operations[0].pred = vec![missing.clone()].into()),
    );
    let unknown = base.op_id(77, 3);
    base.refused(
        "F unknown object",
        spoilt(&|change| change.operations[0].obj = ObjectId::Id(unknown.clone())),
    );
    base.refused("G start_op near its limit", at(u64::from(u32::MAX)));
    let mut detached = base.next(3, 1, 1, &[], &text);
    detached.operations[0].obj = ObjectId::Id(base.op_id(1, 3));
    base.refused("H no dependencies, an object all the same", detached);
    let key = base.left.key.to_string();
    base.refused(
        "I increment of what is no counter",
        spoilt(&|change| {
            change.operations[0].key = Key::Map(key.as_str().into());
            change.operations[0].action = OpType::Increment(1);
        }),
    );
    for time in [i64::MIN, i64::MAX, -1, 1] {
        base.refused("J commit time", spoilt(&|change| change.time = time));
    }
    base.still_works();
}

#[test]
fn envelopes_too_deep_too_long_or_none() {
    let base = Base::new();
    let good = base.device.envelope(&base.world, 10, "x");
    let deep = format!("\"more\":{}{},\"facts\"", "[".repeat(64), "]".repeat(64));
    let long = base
        .device
        .envelope(&base.world, 10, "x")
        .replace("\"x\"", &format!("\"{}\"", "长".repeat(30_000)));
    for (name, text) in [
        ("too deep", good.replace("\"facts\"", &deep)),
        ("too long", long),
        ("no JSON", "{".to_owned()),
        ("another form", "[]".to_owned()),
        ("no author", good.replace("\"by\"", "\"bye\"")),
        (
            "n too far ahead",
            good.replace("\"n\":10", "\"n\":9007199254740991"),
        ),
        ("n below its ancestors", good.replace("\"n\":10", "\"n\":0")),
    ] {
        base.refused(name, base.next(3, 1, 3, &[&base.left, &base.right], &text));
    }
    base.still_works();
}
