//! Parts handed over between two phones with no network (D.5-2b).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::support::*;
use crate::device::EngineError;
use crate::device::engine::{Pieces, Saved, TakenOver};
use crate::domain::ids::{DeviceId, UserId};
use crate::facts::conflict::Flag;
use crate::facts::kinds::{self, Device, DeviceRevoked, Move, User};
use crate::facts::van::StockRow;
use crate::facts::{DocName, Fact, FactId, VanView};

fn public(number: u64) -> ed25519_dalek::VerifyingKey {
    let key: [u8; 32] = Sha256::digest(number.to_be_bytes()).into();
    ed25519_dalek::SigningKey::from_bytes(&key).verifying_key()
}

fn tag(number: u64) -> String {
    hex::encode(crate::documents::actor::device_tag(&public(number).to_bytes()))
}

fn entry(number: u64, me: UserId) -> Vec<Fact> {
    vec![
        Fact::User(User {
            user: me,
            name: format!("工程师 {number}"),
            roles: vec!["engineer".to_owned()],
            active: true,
        }),
        Fact::Device(Device {
            device: DeviceId(me.0),
            user: me,
            tag: tag(number),
            certificate: STANDARD.encode(certificate(me, &public(number)).to_bytes()),
        }),
    ]
}

fn issued(to: UserId, part: &str, serial: Option<&str>, qty: u32) -> Fact {
    Fact::Move(Move {
        movement: "issue".to_owned(),
        part: part.to_owned(),
        serial: serial.map(str::to_owned),
        qty,
        from: format!("store:{}", uuid::Uuid::nil()),
        to: format!("van_good:{to}"),
        ..Default::default()
    })
}

fn office_doc(of: UserId) -> DocName {
    doc(&format!("van/{of}/2026q4/office"))
}

/// A gives, B takes; both know the directory, and A's van has five fuses and a key.
fn two(office: &Office) -> (Phone, Phone) {
    let (a, b) = (phone(1, user(1)), phone(2, user(2)));
    let facts = [entry(1, user(1)), entry(2, user(2))].concat();
    let directory = office.write(&DocName::Directory, &facts).1;
    let stock = [
        issued(user(1), "FUSE", None, 5),
        issued(user(1), "KEY", Some("K-1007"), 1),
    ];
    a.pull(&[directory.clone(), office.write(&office_doc(user(1)), &stock).1]);
    b.pull(&[directory]);
    (a, b)
}

fn lines() -> Vec<Pieces> {
    vec![pieces("FUSE", None, 2), pieces("KEY", Some("K-1007"), 1)]
}

fn pieces(part: &str, serial: Option<&str>, qty: u32) -> Pieces {
    Pieces {
        part: part.to_owned(),
        qty,
        serial: serial.map(str::to_owned),
    }
}

fn shown(phone: &Phone) -> String {
    phone.engine.offer_handover(user(2), &lines()).unwrap().code
}

fn take(phone: &Phone, code: &str) -> Result<TakenOver, EngineError> {
    phone
        .engine
        .take_handover(&phone.engine.stock().unwrap().stock.token, code)
}

fn confirm(phone: &Phone, receipt: &str) -> Result<Saved, EngineError> {
    phone
        .engine
        .confirm_handover(&phone.engine.stock().unwrap().stock.token, receipt)
}

fn shelf(rows: &[StockRow]) -> Vec<(&str, i64)> {
    rows.iter().map(|row| (row.part.as_str(), row.qty)).collect()
}

fn flags(van: &VanView) -> Vec<Flag> {
    van.stock
        .changes
        .iter()
        .flat_map(|change| change.flags.clone())
        .collect()
}

#[test]
fn d05_2b_a_code_and_its_receipt_move_the_parts_on_both_phones() {
    let office = Office::new();
    let (a, b) = two(&office);
    let before = a.changes().len();
    let code = shown(&a);
    assert_eq!(a.changes().len(), before, "showing a code moves nothing");
    assert!(code.starts_with("FSH1.") && code.len() < 900);
    let taken = take(&b, &format!("\n{code} ")).unwrap();
    let van = b.engine.stock().unwrap();
    assert_eq!(shelf(&van.good), [("FUSE", 2), ("KEY", 1)]);
    assert_eq!(van.good[1].serials, ["K-1007"]);
    assert_eq!(b.engine.handover_receipt(&code).unwrap(), taken.receipt);
    confirm(&a, &taken.receipt).unwrap();
    let van = a.engine.stock().unwrap();
    assert_eq!(shelf(&van.good), [("FUSE", 3)]);
    assert!(van.stock.conflicts.is_empty() && flags(&van).is_empty());
    // Neither code nor receipt is worth anything a second time.
    let (at_a, at_b) = (a.changes().len(), b.changes().len());
    assert_eq!(problems(take(&b, &code)), ["handover_problem.taken"]);
    assert_eq!(
        problems(confirm(&a, &taken.receipt)),
        ["handover_problem.confirmed"]
    );
    assert_eq!((a.changes().len(), b.changes().len()), (at_a, at_b));
}

#[test]
fn d05_2b_each_half_alone_and_both_together_count_once() {
    let office = Office::new();
    let (a, b) = two(&office);
    let code = shown(&a);
    let taken = take(&b, &code).unwrap();
    // What the server says in A's book of B's half, and in B's of A's.
    let mirrored = |phone: &Phone, movement: &str| -> Vec<Fact> {
        let moves = phone.engine.stock().unwrap().stock.moves;
        let id = moves
            .iter()
            .find(|moved| moved.movement.kind().as_str() == movement)
            .unwrap()
            .id
            .action;
        let (_, bytes) = phone.changes().pop().unwrap();
        let facts = crate::documents::read_change(&bytes).unwrap().action.facts;
        let moves = (0_u16..)
            .zip(&facts)
            .filter_map(|(place, raw)| match Fact::read(raw) {
                Ok(Some(Fact::Move(moved))) => Some(Fact::Move(Move {
                    mirrors: Some(FactId { action: id, place }),
                    ..moved
                })),
                _ => None,
            });
        moves.collect()
    };
    a.pull(&[office.write(&office_doc(user(1)), &mirrored(&b, "transfer_in")).1]);
    assert_eq!(
        shelf(&a.engine.stock().unwrap().good),
        [("FUSE", 3)],
        "B's half alone"
    );
    confirm(&a, &taken.receipt).unwrap();
    assert_eq!(
        shelf(&a.engine.stock().unwrap().good),
        [("FUSE", 3)],
        "both halves"
    );
    b.pull(&[office
        .write(&office_doc(user(2)), &mirrored(&a, "transfer_out"))
        .1]);
    let van = b.engine.stock().unwrap();
    assert_eq!(shelf(&van.good), [("FUSE", 2), ("KEY", 1)]);
    assert!(van.stock.conflicts.is_empty());
    // Taken back once, it is taken back for both; the reversal names either half.
    let half = taken.saved.facts[1];
    let token = b.engine.stock().unwrap().stock.token;
    b.engine.reverse_part(&token, half, "数错了").unwrap();
    assert_eq!(shelf(&b.engine.stock().unwrap().good), [("KEY", 1)]);
    let back = Fact::Reverse(kinds::Reverse {
        of: half,
        reason: "数错了".to_owned(),
    });
    a.pull(&[office.write(&office_doc(user(1)), &[back]).1]);
    assert_eq!(shelf(&a.engine.stock().unwrap().good), [("FUSE", 5)]);
    assert!(flags(&a.engine.stock().unwrap()).is_empty());
}

#[test]
fn d05_2b_forged_altered_foreign_and_expired_codes_write_nothing() {
    let office = Office::new();
    let (a, b) = two(&office);
    let code = shown(&a);
    let c = phone(3, user(3));
    c.pull(&[office.write(&DocName::Directory, &entry(3, user(3))).1]);
    let before = (a.changes().len(), b.changes().len());
    let refused = |phone: &Phone, code: &str| problems(take(phone, code)).remove(0);
    assert_eq!(refused(&b, "hello"), "handover_problem.form");
    assert_eq!(
        refused(&b, &code.replacen("FSH1", "FSH3", 1)),
        "handover_problem.version"
    );
    assert_eq!(
        refused(&a, &code),
        "handover_problem.not_for_you",
        "not one's own"
    );
    // A phone that does not know A's device; one that knows another key under its name; a revoked one.
    assert_eq!(refused(&c, &code), "handover_problem.unknown_device");
    let mut wrong = entry(9, user(1));
    let liar = phone(4, user(2));
    liar.pull(&[Office::new().write(&DocName::Directory, &wrong).1]);
    assert_eq!(refused(&liar, &code), "handover_problem.forged");
    wrong = entry(1, user(1));
    wrong.push(Fact::DeviceRevoked(DeviceRevoked {
        tag: tag(1),
        reason: "丢失".to_owned(),
    }));
    let wary = phone(5, user(2));
    wary.pull(&[Office::new().write(&DocName::Directory, &wrong).1]);
    assert_eq!(refused(&wary, &code), "handover_problem.revoked_device");
    // Of another organisation.
    let foreign = crate::domain::certificate::Certificate::issue(
        certificate(user(1), &public(1)).body().clone(),
        &ed25519_dalek::SigningKey::from_bytes(&[0x0b; 32]),
    )
    .unwrap();
    let stranger = phone(6, user(2));
    let Fact::Device(device) = &entry(1, user(1))[1] else {
        panic!()
    };
    let device = Fact::Device(Device {
        certificate: STANDARD.encode(foreign.to_bytes()),
        ..device.clone()
    });
    stranger.pull(&[Office::new().write(&DocName::Directory, &[device]).1]);
    assert_eq!(refused(&stranger, &code), "handover_problem.forged");
    // A day and ten minutes later.
    b.clock.0.fetch_add(
        24 * 60 * 60_000 + 11 * 60_000,
        std::sync::atomic::Ordering::Relaxed,
    );
    assert_eq!(refused(&b, &code), "handover_problem.expired");
    assert_eq!((a.changes().len(), b.changes().len()), before);
}

#[test]
fn d05_2b_a_receipt_is_taken_for_the_own_code_alone() {
    let office = Office::new();
    let (a, b) = two(&office);
    let (code, other) = (shown(&a), shown(&a));
    assert_ne!(code, other);
    let taken = take(&b, &code).unwrap();
    let before = a.changes().len();
    assert_eq!(problems(confirm(&a, &other)), ["handover_problem.form"]);
    assert_eq!(
        problems(confirm(&b, &taken.receipt)),
        ["handover_problem.confirmed"],
        "B has it in his book"
    );
    // B signs a receipt for other content than A showed.
    let key: [u8; 32] = Sha256::digest(2_u64.to_be_bytes()).into();
    let offer = crate::domain::handover::Unverified::<crate::domain::handover::Offer>::read(&other).unwrap();
    let forged = crate::domain::handover::Receipt {
        id: offer.claimed().id,
        offer: crate::domain::canonical::ContentHash([1; 32]),
        by: user(2),
        device: DeviceId(user(2).0),
    };
    let sign = |receipt: &crate::domain::handover::Receipt| {
        crate::domain::handover::write(receipt, &ed25519_dalek::SigningKey::from_bytes(&key)).unwrap()
    };
    assert_eq!(problems(confirm(&a, &sign(&forged))), ["handover_problem.forged"]);
    let unknown = crate::domain::handover::Receipt {
        id: uuid::Uuid::from_u128(77),
        ..forged
    };
    assert_eq!(
        problems(confirm(&a, &sign(&unknown))),
        ["handover_problem.unknown_code"]
    );
    assert_eq!(a.changes().len(), before);
    assert_eq!(b.engine.handover_receipt(&other), Err(EngineError::NotFound));
}

#[test]
fn d05_2b_only_what_the_van_has_is_offered() {
    let office = Office::new();
    let (a, _) = two(&office);
    let offer = |to, lines: &[Pieces]| problems(a.engine.offer_handover(to, lines)).remove(0);
    for (line, problem) in [
        (pieces("FUSE", None, 6), "handover_problem.not_in_van"),
        (pieces("KEY", Some("K-1"), 1), "handover_problem.not_in_van"),
        (pieces("KEY", None, 1), "handover_problem.not_in_van"),
        (pieces("FUSE", None, 0), "step_problem.quantity"),
        (pieces(" ", None, 1), "step_problem.part_missing"),
    ] {
        assert_eq!(offer(user(2), &[line]), problem);
    }
    let fuse = pieces("FUSE", None, 1);
    assert_eq!(offer(user(2), &[]), "step_problem.lines_missing");
    assert_eq!(
        offer(user(2), &[fuse.clone(), fuse.clone()]),
        "step_problem.line_twice"
    );
    assert_eq!(
        offer(user(2), &vec![fuse.clone(); 9]),
        "handover_problem.too_long"
    );
    assert_eq!(
        offer(user(1), std::slice::from_ref(&fuse)),
        "movement_error.same_place"
    );
    assert_eq!(offer(user(7), &[fuse]), "handover_problem.unknown_colleague");
}

#[test]
fn d05_2b_i13_a_half_that_no_code_proves_is_flagged_and_displaces_nothing() {
    let office = Office::new();
    let (a, b) = two(&office);
    let code = shown(&a);
    take(&b, &code).unwrap();
    let (_, bytes) = b.changes().pop().unwrap();
    let facts: Vec<Fact> = crate::documents::read_change(&bytes)
        .unwrap()
        .action
        .facts
        .iter()
        .filter_map(|raw| Fact::read(raw).unwrap())
        .collect();
    let field = doc(&format!("van/{}/2026q4/field", user(2)));
    // The same line with another quantity, and one without any code beside it.
    let mut more = facts.clone();
    let Fact::Move(moved) = &mut more[1] else { panic!() };
    moved.qty = 4;
    let bare = vec![facts[2].clone()];
    let actions: Vec<_> = (1_u8..)
        .zip([&facts, &more, &bare])
        .map(|(number, facts)| crate::facts::StoredAction {
            key: crate::domain::ids::ActionId(uuid::Uuid::from_u128(u128::from(number))),
            hash: [number; 32],
            ..stored(&field, facts)
        })
        .collect();
    let van = crate::facts::fold_van(user(2), &actions);
    assert_eq!(
        shelf(&van.good),
        [("FUSE", 6), ("KEY", 1)],
        "it counts as one taken by hand"
    );
    assert_eq!(flags(&van), [Flag::BadReference, Flag::BadReference]);
}
