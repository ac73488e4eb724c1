use super::*;
use crate::wire::SyncAnswer;

fn now(ms: u64) -> ClockReading {
    ClockReading {
        wall_ms: i64::try_from(ms).unwrap(),
        monotonic_ms: ms,
        boot: 1,
    }
}

fn change(doc: &str, hash: u8, bytes: Vec<u8>) -> Unsent {
    Unsent::Change {
        doc: doc.to_owned(),
        hash: [hash; 32],
        bytes,
    }
}

/// Bytes that do not compress.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as u8
        })
        .collect()
}

fn position(seen: u64) -> Position {
    Position {
        pulled_to: seen,
        seen,
        tag: ByteArray::from([1; 16]),
        from: None,
        until: None,
    }
}

/// An honest answer to a body.
fn answer(body: &[u8], seen: u64) -> SyncAnswer {
    let request: SyncRequest = body::decode(body).unwrap();
    let (received, digest) = received_digest(&request);
    SyncAnswer {
        received,
        received_digest: ByteArray::from(digest),
        exceptions: vec![],
        rows: vec![],
        grants: vec![],
        removals: vec![],
        changes: vec![],
        blobs: vec![],
        position: Some(position(seen)),
        more: false,
        scope_digest: None,
        proofs: ByteVec::from(vec![]),
        backed_up: None,
        server_time: 0,
        mismatch: false,
        unavailable: vec![],
    }
}

/// Starts a session and gives the request's number and body.
fn send(syncer: &mut Syncer, outgoing: Outgoing) -> (u64, Vec<u8>) {
    let effects = syncer.handle(Event::Start);
    assert!(
        matches!(effects.last(), Some(Effect::Collect { .. })),
        "{effects:?}"
    );
    collected(syncer, outgoing)
}

fn collected(syncer: &mut Syncer, outgoing: Outgoing) -> (u64, Vec<u8>) {
    match syncer
        .handle(Event::Collected {
            outgoing,
            now: now(10),
        })
        .pop()
    {
        Some(Effect::Send { request, body }) => (request, body),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_idle_sync_is_one_request_and_ends_synced() {
    let mut syncer = Syncer::new();
    let (request, body) = send(&mut syncer, Outgoing::default());
    let effects = syncer.handle(Event::Answered {
        request,
        body: body::encode(&answer(&body, 7)).unwrap(),
        now: now(20),
    });
    let [Effect::Store(receipt)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(receipt.offset.unwrap().err, 5);
    let effects = syncer.handle(Event::Stored(Stored {
        seen: 7,
        ..Stored::default()
    }));
    assert_eq!(
        effects,
        [
            Effect::Report(SyncState::Synced),
            Effect::Schedule { after_ms: IDLE_MS }
        ]
    );
    assert!(syncer.is_idle());
    // What was seen already is no news.
    assert_eq!(syncer.handle(Event::Nudge(7)), []);
    assert!(!syncer.handle(Event::Nudge(8)).is_empty());
}

#[test]
fn a_receipt_that_differs_marks_nothing_as_sent() {
    let sent = || Outgoing {
        unsent: vec![change("a", 1, vec![1]), change("a", 2, vec![2])],
        ..Outgoing::default()
    };
    for spoil in [
        (|answer: &mut SyncAnswer| answer.received -= 1) as fn(&mut SyncAnswer),
        |answer| answer.received_digest[3] ^= 1,
    ] {
        let mut syncer = Syncer::new();
        let (request, body) = send(&mut syncer, sent());
        let mut wrong = answer(&body, 1);
        spoil(&mut wrong);
        let effects = syncer.handle(Event::Answered {
            request,
            body: body::encode(&wrong).unwrap(),
            now: now(20),
        });
        assert_eq!(
            effects[0],
            Effect::Report(SyncState::Attention(Fault::Code(FaultCode::ReceiptDiffers)))
        );
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Store(_))));
    }
    // Truncated, damaged, of another kind.
    let mut syncer = Syncer::new();
    let (request, body) = send(&mut syncer, sent());
    let whole = body::encode(&answer(&body, 1)).unwrap();
    let effects = syncer.handle(Event::Answered {
        request,
        body: whole[..whole.len() - 1].to_vec(),
        now: now(20),
    });
    assert_eq!(
        effects[0],
        Effect::Report(SyncState::Attention(Fault::Code(FaultCode::BadAnswer)))
    );
}

#[test]
fn a_batch_is_about_one_flight_and_halved_after_a_cut_but_never_empty() {
    let unsent: Vec<Unsent> = (0..60)
        .map(|n| change("a", n, noise(1_000, u64::from(n))))
        .collect();
    let outgoing = || Outgoing {
        unsent: unsent.clone(),
        ..Outgoing::default()
    };
    let mut syncer = Syncer::new();
    let (mut request, mut body) = send(&mut syncer, outgoing());
    assert!(
        body.len() <= BATCH_TARGET && body.len() > BATCH_TARGET / 2,
        "{}",
        body.len()
    );
    for _ in 0..8 {
        let before = body.len();
        let effects = syncer.handle(Event::Failed {
            request,
            fault: Fault::Code(FaultCode::Cut),
        });
        assert_eq!(
            effects[0],
            Effect::Report(SyncState::Waiting(Fault::Code(FaultCode::Cut)))
        );
        (request, body) = send(&mut syncer, outgoing());
        assert!(body.len() <= before);
    }
    assert_eq!(syncer.budget(), BATCH_MIN);
    // One change is larger than the budget by now: it goes all the same.
    let sent: SyncRequest = body::decode(&body).unwrap();
    assert_eq!(sent.changes[0].changes.len(), 1);
    // In causal order from the front, and growing again after a success.
    assert_eq!(*sent.changes[0].changes[0], noise(1_000, 0));
    let _ = syncer.handle(Event::Answered {
        request,
        body: body::encode(&answer(&body, 1)).unwrap(),
        now: now(20),
    });
    assert_eq!(syncer.budget(), 2 * BATCH_MIN);
}

#[test]
fn compressible_changes_fill_the_flight_once_compressed() {
    let text =
        "{\"at\":\"2026-11-23T10:00:00+08:00\",\"by\":\"0193f2c0-0000-7000-8000-0000000000a1\"}".repeat(4);
    let unsent: Vec<Unsent> = (0..100)
        .map(|n| {
            let mut bytes = noise(60, u64::from(n));
            bytes.extend(text.as_bytes());
            change("a", n, bytes)
        })
        .collect();
    let mut syncer = Syncer::new();
    let (_, body) = send(
        &mut syncer,
        Outgoing {
            unsent,
            ..Outgoing::default()
        },
    );
    let sent: SyncRequest = body::decode(&body).unwrap();
    assert_eq!(sent.changes[0].changes.len(), 100, "38 KB fit once compressed");
}

#[test]
fn documents_stay_in_order_and_blobs_travel_with_their_changes() {
    let mut syncer = Syncer::new();
    let blob = Unsent::Blob {
        hash: [9; 32],
        bytes: vec![9, 9],
    };
    let (request, body) = send(
        &mut syncer,
        Outgoing {
            unsent: vec![
                change("z", 1, vec![1]),
                blob,
                change("z", 2, vec![2]),
                change("a", 3, vec![3]),
            ],
            position: Some(position(4)),
            want: vec![[8; 32]],
        },
    );
    let sent: SyncRequest = body::decode(&body).unwrap();
    let names: Vec<(&str, usize)> = sent
        .changes
        .iter()
        .map(|doc| (doc.doc.as_str(), doc.changes.len()))
        .collect();
    assert_eq!(names, [("z", 2), ("a", 1)]);
    assert_eq!((sent.blobs.len(), sent.want.len()), (1, 1));
    let effects = syncer.handle(Event::Answered {
        request,
        body: body::encode(&answer(&body, 5)).unwrap(),
        now: now(20),
    });
    let [Effect::Store(receipt)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(receipt.blobs, [[9; 32]]);
    assert_eq!(receipt.changes.len(), 3);
    assert_eq!(receipt.position, Some(position(4)));
}

#[test]
fn pages_follow_until_there_are_no_more_and_what_was_parked_is_not_sent_again() {
    let mut syncer = Syncer::new();
    let (request, body) = send(&mut syncer, Outgoing::default());
    let _ = syncer.handle(Event::Answered {
        request,
        body: body::encode(&answer(&body, 5)).unwrap(),
        now: now(20),
    });
    let effects = syncer.handle(Event::Stored(Stored {
        seen: 5,
        more: true,
        unsent: BTreeSet::from([[1; 32]]),
        held: BTreeSet::from([[1; 32]]),
        ..Stored::default()
    }));
    let [Effect::Collect { skip, .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert!(skip.contains(&[1; 32]));
    let (request, body) = collected(&mut syncer, Outgoing::default());
    let _ = syncer.handle(Event::Answered {
        request,
        body: body::encode(&answer(&body, 5)).unwrap(),
        now: now(20),
    });
    // The parked change is all that is left: the session ends, it stays in the outbox for the next.
    let effects = syncer.handle(Event::Stored(Stored {
        seen: 5,
        unsent: BTreeSet::from([[1; 32]]),
        ..Stored::default()
    }));
    assert_eq!(effects[0], Effect::Report(SyncState::Synced));
    match syncer.handle(Event::Start).pop() {
        Some(Effect::Collect { skip, .. }) => assert!(skip.is_empty()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_to_another_request_changes_nothing() {
    let mut syncer = Syncer::new();
    let (first, body) = send(&mut syncer, Outgoing::default());
    let late = body::encode(&answer(&body, 5)).unwrap();
    let _ = syncer.handle(Event::Failed {
        request: first,
        fault: Fault::Code(FaultCode::TimedOut),
    });
    assert_eq!(
        syncer.handle(Event::Answered {
            request: first,
            body: late.clone(),
            now: now(30)
        }),
        []
    );
    let (second, _) = send(&mut syncer, Outgoing::default());
    assert_ne!(first, second);
    assert_eq!(
        syncer.handle(Event::Answered {
            request: first,
            body: late,
            now: now(30)
        }),
        []
    );
    assert!(!syncer.is_idle());
}

#[test]
fn an_unreachable_server_is_waited_for_ever_longer_and_never_logs_out() {
    let mut syncer = Syncer::new();
    let mut waits = Vec::new();
    for _ in 0..20 {
        let (request, _) = send(&mut syncer, Outgoing::default());
        let effects = syncer.handle(Event::Failed {
            request,
            fault: Fault::Code(FaultCode::Offline),
        });
        let [
            Effect::Report(SyncState::Waiting(_)),
            Effect::Schedule { after_ms },
        ] = effects.as_slice()
        else {
            panic!("{effects:?}")
        };
        waits.push(*after_ms);
    }
    assert_eq!(waits[..3], [2_000, 4_000, 8_000]);
    assert_eq!(waits[19], RETRY_LAST_MS);
    assert!(waits.is_sorted());
}

#[test]
fn a_revoked_device_is_told_once_and_asks_again_only_by_hand_or_timer() {
    let revoked = Fault::Problem {
        status: 403,
        code: Some(ProblemCode::Revoked),
    };
    let mut syncer = Syncer::new();
    let (request, _) = send(&mut syncer, Outgoing::default());
    let effects = syncer.handle(Event::Failed {
        request,
        fault: revoked,
    });
    assert_eq!(effects[0], Effect::Revoked(true));
    assert_eq!(effects[1], Effect::Report(SyncState::Attention(revoked)));
    assert_eq!(syncer.handle(Event::LocalChange), []);
    assert_eq!(syncer.handle(Event::Nudge(99)), []);
    let (request, body) = send(&mut syncer, Outgoing::default());
    let effects = syncer.handle(Event::Answered {
        request,
        body: body::encode(&answer(&body, 5)).unwrap(),
        now: now(20),
    });
    assert_eq!(effects[0], Effect::Revoked(false));
}

#[test]
fn what_happens_during_a_session_starts_another_one() {
    let mut syncer = Syncer::new();
    let (request, body) = send(&mut syncer, Outgoing::default());
    assert_eq!(syncer.handle(Event::LocalChange), []);
    let _ = syncer.handle(Event::Answered {
        request,
        body: body::encode(&answer(&body, 5)).unwrap(),
        now: now(20),
    });
    let effects = syncer.handle(Event::Stored(Stored::default()));
    assert!(
        matches!(effects.last(), Some(Effect::Collect { .. })),
        "{effects:?}"
    );
}

#[test]
fn a_difference_is_said_at_the_end_and_what_is_unsent_still_goes_out() {
    let mut syncer = Syncer::new();
    let (request, body) = send(&mut syncer, Outgoing::default());
    let _ = syncer.handle(Event::Answered {
        request,
        body: body::encode(&answer(&body, 5)).unwrap(),
        now: now(20),
    });
    let repair = Fault::Code(FaultCode::RepairNeeded);
    let effects = syncer.handle(Event::Stored(Stored {
        unsent: BTreeSet::from([[1; 32]]),
        fault: Some(repair),
        more: true,
        ..Stored::default()
    }));
    assert!(matches!(effects.as_slice(), [Effect::Collect { .. }]));
    let (request, body) = collected(&mut syncer, Outgoing::default());
    let _ = syncer.handle(Event::Answered {
        request,
        body: body::encode(&answer(&body, 5)).unwrap(),
        now: now(20),
    });
    let effects = syncer.handle(Event::Stored(Stored::default()));
    assert_eq!(effects[0], Effect::Report(SyncState::Attention(repair)));
}
