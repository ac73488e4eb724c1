//! Every way in which a change is not simply accepted, and that sending again changes nothing.

use fieldseal_core::documents::ActorId;
use fieldseal_core::wire::{Exception, Reason};
use sha2::{Digest, Sha256};

use super::world::*;
use crate::pipeline::PipelineError;

fn quarantined(bytes: &[u8], reason: Reason) -> Vec<Exception> {
    vec![Exception::Quarantined {
        hash: hash(bytes).into(),
        reason,
    }]
}

#[test]
fn sending_a_request_again_gives_the_same_accepted_set() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    let doc = visit(1, user(1));
    let changes: Vec<_> = (0..5)
        .map(|step| phone.write(&doc, &[progress(&step.to_string())]))
        .collect();
    let request = phone.request(&[(&doc, changes)]);
    let first = world.service.sync(&phone.device, &request).unwrap();
    assert_eq!(first.exceptions, vec![]);
    assert_eq!(first.rows.iter().map(|(_, count)| count).sum::<u32>(), 5);
    let head = world.head();
    let again = world.service.sync(&phone.device, &request).unwrap();
    assert_eq!(
        (again.exceptions, again.rows, again.proofs),
        (first.exceptions, first.rows, first.proofs)
    );
    assert_eq!(world.head(), head, "nothing is stored twice");
    assert!(
        again.changes.is_empty(),
        "own changes of this request are not echoed"
    );
}

#[test]
fn changes_in_any_order_are_accepted_within_one_request() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    let doc = visit(1, user(1));
    let mut changes: Vec<_> = (0..6)
        .map(|step| phone.write(&doc, &[progress(&step.to_string())]))
        .collect();
    changes.reverse();
    let answer = phone.send(&world, &[(&doc, changes)]);
    assert_eq!(answer.exceptions, vec![]);
    assert_eq!(answer.rows.iter().map(|(_, count)| count).sum::<u32>(), 6);
    assert_eq!(world.service.storage().read().unwrap().parked_count().unwrap(), 0);
    assert_eq!(*answer.scope_digest.unwrap(), phone.digest());
}

#[test]
fn a_change_without_its_dependency_is_parked_and_comes_in_with_it() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    let doc = visit(1, user(1));
    let (first, second, third) = (
        phone.write(&doc, &[progress("1")]),
        phone.write(&doc, &[progress("2")]),
        phone.write(&doc, &[progress("3")]),
    );
    let parked = phone.send(&world, &[(&doc, vec![third.clone(), second.clone()])]);
    assert_eq!(
        parked.exceptions,
        vec![
            Exception::Parked {
                hash: hash(&third).into(),
                needs: vec![hash(&second).into()]
            },
            Exception::Parked {
                hash: hash(&second).into(),
                needs: vec![hash(&first).into()]
            },
        ]
    );
    assert!(
        parked.rows.is_empty() && parked.proofs.is_empty(),
        "parking acknowledges nothing"
    );
    // It survives a restart of the server.
    let reopened = world.restarted();
    assert_eq!(reopened.storage().read().unwrap().parked_count().unwrap(), 2);
    let answer = phone.send(&world, &[(&doc, vec![first])]);
    assert_eq!(answer.exceptions, vec![]);
    assert_eq!(world.service.storage().read().unwrap().parked_count().unwrap(), 0);
    let again = phone.send(&world, &[(&doc, vec![second, third])]);
    assert_eq!(again.rows.iter().map(|(_, count)| count).sum::<u32>(), 2);
    assert_eq!(*again.scope_digest.unwrap(), phone.digest());
}

#[test]
fn only_its_writer_writes_a_document() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    for doc in [order(1), visit(1, user(2))] {
        let change = phone.write(&doc, &[progress("x")]);
        let answer = phone.send(&world, &[(&doc, vec![change.clone()])]);
        assert_eq!(answer.exceptions, quarantined(&change, Reason::NotWriter));
        assert_eq!(answer.rows, vec![]);
        assert!(
            world
                .service
                .storage()
                .read()
                .unwrap()
                .doc(&doc)
                .unwrap()
                .is_none()
        );
        let kept = world.service.storage().read().unwrap().quarantine(1).unwrap();
        assert_eq!(kept[0].bytes.as_deref(), Some(change.as_slice()));
        assert_eq!(kept[0].reason, "not_writer");
    }
}

#[test]
fn a_change_under_another_name_or_tag_is_quarantined_and_its_rightful_device_is_not_harmed() {
    let world = World::new();
    let (mut first, mut second) = (world.phone(user(1)), world.phone(user(1)));
    let doc = visit(1, user(1));
    let theirs = second.write(&doc, &[progress("second's")]);
    let answer = first.send(&world, &[(&doc, vec![theirs.clone()])]);
    assert_eq!(answer.exceptions, quarantined(&theirs, Reason::Gate));
    let answer = second.send(&world, &[(&doc, vec![theirs])]);
    assert_eq!(answer.exceptions, vec![]);
    assert!(
        world
            .service
            .storage()
            .read()
            .unwrap()
            .quarantine(9)
            .unwrap()
            .is_empty()
    );

    let by_other = first.write_by(&visit(2, user(1)), &[progress("x")], user(3));
    let answer = first.send(&world, &[(&visit(2, user(1)), vec![by_other.clone()])]);
    assert_eq!(answer.exceptions, quarantined(&by_other, Reason::Gate));
}

#[test]
fn what_follows_a_quarantined_change_is_quarantined_whenever_it_comes() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    let doc = visit(1, user(1));
    let bad = phone.write_by(&doc, &[progress("1")], user(3));
    let child = phone.write(&doc, &[progress("2")]);
    let grandchild = phone.write(&doc, &[progress("3")]);
    // The grandchild first: parked. Then the bad one with its child: all of them are refused, the parked one too.
    let answer = phone.send(&world, &[(&doc, vec![grandchild.clone()])]);
    assert!(matches!(answer.exceptions[..], [Exception::Parked { .. }]));
    let answer = phone.send(&world, &[(&doc, vec![bad.clone(), child.clone()])]);
    assert_eq!(
        answer.exceptions,
        [
            quarantined(&bad, Reason::Gate),
            quarantined(&child, Reason::Ancestor)
        ]
        .concat()
    );
    assert_eq!(world.service.storage().read().unwrap().parked_count().unwrap(), 0);
    let answer = phone.send(&world, &[(&doc, vec![grandchild.clone()])]);
    assert_eq!(answer.exceptions, quarantined(&grandchild, Reason::Ancestor));
}

#[test]
fn a_used_sequence_number_is_a_fork_and_is_quarantined() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    let doc = visit(1, user(1));
    let first = phone.write(&doc, &[progress("1")]);
    phone.documents.clear();
    let forked = phone.write(&doc, &[progress("the other 1")]);
    let answer = phone.send(&world, &[(&doc, vec![first, forked.clone()])]);
    assert_eq!(answer.exceptions, quarantined(&forked, Reason::Gate));
    // Replayed on a fresh actor it is welcome.
    phone.documents.clear();
    phone.actor = ActorId::fresh(&world.env, phone.device.tag);
    let replayed = phone.write(&doc, &[progress("the other 1")]);
    assert_eq!(phone.send(&world, &[(&doc, vec![replayed])]).exceptions, vec![]);
}

#[test]
fn a_name_that_is_none_and_bytes_that_are_none_are_kept_by_their_hash() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    let change = phone.write(&visit(1, user(1)), &[progress("1")]);
    let mut request = phone.request(&[(&visit(1, user(1)), vec![change.clone()])]);
    request.changes[0].doc = "photo/0193f2c0-0000-7000-8000-000000000001".to_owned();
    let answer = world.service.sync(&phone.device, &request).unwrap();
    assert_eq!(answer.exceptions, quarantined(&change, Reason::UnknownDocument));

    let mut cut = change.clone();
    cut.truncate(change.len() - 1);
    for frame in [cut, b"nonsense".to_vec(), Vec::new()] {
        let answer = world.service.sync(
            &phone.device,
            &phone.request(&[(&visit(1, user(1)), vec![frame.clone()])]),
        );
        let sha256: [u8; 32] = Sha256::digest(&frame).into();
        assert_eq!(
            answer.unwrap().exceptions,
            vec![Exception::Unreadable { frame: sha256.into() }]
        );
        let kept = world.service.storage().read().unwrap().quarantine(1).unwrap();
        assert_eq!(
            (kept[0].hash, kept[0].bytes.as_deref()),
            (sha256, Some(frame.as_slice()))
        );
    }
    assert_eq!(
        phone
            .send(&world, &[(&visit(1, user(1)), vec![change])])
            .exceptions,
        vec![]
    );
}

#[test]
fn a_change_of_another_form_or_size_is_named_by_its_hash() {
    let world = World::new();
    let phone = world.phone(user(1));
    let chunk = |body: &[u8]| {
        let mut hashed = vec![1_u8];
        let mut length = body.len();
        while length >= 0x80 {
            hashed.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        hashed.push(u8::try_from(length).unwrap());
        hashed.extend(body);
        let hash: [u8; 32] = Sha256::digest(&hashed).into();
        let mut bytes = vec![0x85, 0x6f, 0x4a, 0x83];
        bytes.extend(&hash[..4]);
        bytes.extend(hashed);
        (bytes, hash)
    };
    for (body, reason) in [(vec![0; 50], Reason::Gate), (vec![0; 70_000], Reason::Size)] {
        let (bytes, hash) = chunk(&body);
        let answer = world.service.sync(
            &phone.device,
            &phone.request(&[(&visit(1, user(1)), vec![bytes])]),
        );
        assert_eq!(
            answer.unwrap().exceptions,
            vec![Exception::Quarantined {
                hash: hash.into(),
                reason
            }]
        );
    }
}

#[test]
fn a_revoked_device_is_refused_altogether() {
    let world = World::new();
    let mut phone = world.phone(user(1));
    let doc = visit(1, user(1));
    let (first, second) = (
        phone.write(&doc, &[progress("1")]),
        phone.write(&doc, &[progress("2")]),
    );
    phone.send(&world, &[(&doc, vec![second.clone()])]);
    let head = world.head();
    world
        .service
        .office::<_, PipelineError>(|office_tx| office_tx.revoke(office(), phone.device.id, "stolen"))
        .unwrap();
    assert!(world.head() > head, "a revocation is a row");
    let head = world.head();
    for changes in [vec![], vec![(&doc, vec![first.clone()])]] {
        let refused = world.service.sync(&phone.device, &phone.request(&changes));
        assert_eq!(refused.err(), Some(PipelineError::Revoked));
    }
    assert_eq!(world.head(), head);
    // What it had parked before does not come in either, whoever brings the ancestor.
    let mut replacement = world.phone(user(1));
    replacement.actor = phone.actor;
    let answer = replacement.send(&world, &[(&doc, vec![first.clone()])]);
    assert_eq!(answer.exceptions, quarantined(&first, Reason::Gate));
    // Its colleague learns it from the directory.
    replacement.catch_up(&world);
    let actions = world.service.storage().read().unwrap();
    let directory = actions
        .doc(&fieldseal_core::facts::DocName::Directory)
        .unwrap()
        .unwrap();
    assert!(
        actions.actions_of_doc(directory.key).unwrap()[0]
            .text
            .contains("device_revoked")
    );
}

#[test]
fn an_unknown_device_another_version_and_too_much_are_refused() {
    let world = World::new();
    let phone = world.phone(user(1));
    let mut stranger = phone.device.clone();
    stranger.id = fieldseal_core::domain::ids::DeviceId(id(77));
    let request = phone.request(&[]);
    assert_eq!(
        world.service.sync(&stranger, &request).err(),
        Some(PipelineError::UnknownDevice)
    );
    let newer = fieldseal_core::wire::SyncRequest {
        version: 2,
        ..request.clone()
    };
    assert_eq!(
        world.service.sync(&phone.device, &newer).err(),
        Some(PipelineError::Version(2))
    );
    let many = phone.request(&[(&visit(1, user(1)), vec![Vec::new(); 2001])]);
    assert_eq!(
        world.service.sync(&phone.device, &many).err(),
        Some(PipelineError::TooMany)
    );
}

#[test]
fn blobs_are_kept_where_named_or_within_a_quota() {
    use fieldseal_core::facts::Fact;
    use fieldseal_core::facts::kinds::Seal;
    let world = World::new();
    let mut phone = world.phone(user(1));
    let doc = visit(1, user(1));
    let sealed = b"sealed bytes".to_vec();
    let sha256: [u8; 32] = Sha256::digest(&sealed).into();
    let seal = Fact::Seal(Seal {
        assignment: None,
        revision: 1,
        prev: None,
        blob: hex::encode(sha256),
        lists: Vec::new(),
        kind: "signed".to_owned(),
    });
    let change = phone.write(&doc, &[seal]);
    let mut request = phone.request(&[(&doc, vec![change])]);
    request.blobs = vec![sealed.clone().into(), vec![1_u8; 16 * 1024 + 1].into()];
    let answer = world.service.sync(&phone.device, &request).unwrap();
    let large: [u8; 32] = Sha256::digest(vec![1_u8; 16 * 1024 + 1]).into();
    assert_eq!(
        answer.exceptions,
        vec![Exception::BlobRefused { sha256: large.into() }]
    );
    assert_eq!(answer.received, 3);

    // Another device of the engineer gets it, a stranger does not.
    for (engineer, given) in [(user(1), true), (user(2), false)] {
        let other = world.phone(engineer);
        let mut request = other.request(&[]);
        request.want = vec![sha256.into(), [9; 32].into()];
        let answer = world.service.sync(&other.device, &request).unwrap();
        assert_eq!(answer.blobs.len(), usize::from(given));
        assert_eq!(answer.unavailable.len(), if given { 1 } else { 2 });
    }

    // Blobs that nothing names are kept up to the quota: 64 of 16 KB, however often they are sent.
    let mut refused = 0;
    for round in 0..2_u8 {
        for number in 0..70_u8 {
            let mut bytes = vec![number; 16 * 1024];
            bytes[0] = 7;
            let mut request = phone.request(&[]);
            request.blobs = vec![bytes.into()];
            refused += world
                .service
                .sync(&phone.device, &request)
                .unwrap()
                .exceptions
                .len();
        }
        assert_eq!(refused, 6 * (usize::from(round) + 1));
    }
}

#[test]
fn refused_bytes_are_kept_up_to_a_quota_and_refused_beyond_it_all_the_same() {
    let world = World::new();
    let phone = world.phone(user(1));
    let doc = visit(1, user(1));
    for round in 0..18_u8 {
        let frames = (0..20_u8).map(|number| [round, number].repeat(25_000)).collect();
        let answer = world
            .service
            .sync(&phone.device, &phone.request(&[(&doc, frames)]))
            .unwrap();
        assert_eq!(answer.exceptions.len(), 20);
    }
    let tx = world.service.storage().read().unwrap();
    let kept = tx.quarantined_bytes(phone.device.id).unwrap();
    assert!(
        kept <= 16 * 1024 * 1024 && kept > 16 * 1024 * 1024 - 50_000,
        "{kept}"
    );
    let rows = tx.quarantine(1_000).unwrap();
    assert_eq!(rows.len(), 18 * 20);
    assert!(rows.iter().any(|row| row.bytes.is_none()));
}
