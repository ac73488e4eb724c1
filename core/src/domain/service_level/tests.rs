use super::*;
use crate::domain::policy::{AcceptFrom, Packs, PolicyRef, ResolveFrom, ServiceLevelPolicy};
use crate::domain::time::{HOUR_MS, MINUTE_MS};
use crate::domain::work::Priority;
use proptest::prelude::*;

fn pack(name: &str) -> ServiceLevelPolicy {
    let reference: PolicyRef = name.parse().unwrap();
    Packs::builtin()
        .unwrap()
        .service_level_by_ref(&reference)
        .unwrap()
        .clone()
}
fn template() -> ServiceLevelPolicy {
    pack("cn-template@2024")
}
/// 2026-11-23, hour and minute in Shanghai.
fn at(hour: i64, minute: i64) -> i64 {
    1_795_363_200_000 + hour * HOUR_MS + minute * MINUTE_MS
}
fn server(hour: i64, minute: i64) -> Occurred {
    Occurred::by_server(at(hour, minute))
}
/// A phone whose clock is known to 20 s.
fn phone(hour: i64, minute: i64) -> Occurred {
    Occurred::by_device(at(hour, minute), 20_000, false)
}
fn now(hour: i64, minute: i64) -> Now {
    Now {
        utc_ms: at(hour, minute),
        last_heard_ms: Some(at(hour, minute)),
    }
}
fn received(hour: i64) -> ResolveTimes {
    ResolveTimes {
        received: server(hour, 0),
        dispatched: None,
        work_started: None,
    }
}

use Judgement as J;

#[test]
fn n01_first_contact_within_2_4_8_hours() {
    for (priority, hours) in [(Priority::P1, 2), (Priority::P2, 4), (Priority::P3, 8)] {
        let judge = |contact, now| response(&template(), priority, server(9, 0), contact, now).unwrap();
        let running = judge(None, now(9 + hours, 0));
        assert_eq!(
            (running.due_ms, running.judgement, running.slack_ms),
            (Some(at(9 + hours, 0)), J::Running, Some(0))
        );
        assert_eq!(judge(None, now(9 + hours, 1)).judgement, J::Breached);
        assert_eq!(
            judge(Some(server(9 + hours, 0)), now(30, 0)).judgement,
            J::Met,
            "the last moment counts"
        );
        let late = judge(Some(phone(9 + hours, 5)), now(30, 0));
        assert_eq!(
            (late.judgement, late.slack_ms),
            (J::Breached, Some(-5 * MINUTE_MS))
        );
    }
}

#[test]
fn n02_solved_within_24_48_72_hours_of_receipt() {
    for (priority, hours) in [(Priority::P1, 24), (Priority::P2, 48), (Priority::P3, 72)] {
        let judge = |solved, now| resolve(&template(), priority, received(9), &[], solved, now).unwrap();
        assert_eq!(judge(None, now(9, 0)).due_ms, Some(at(9 + hours, 0)));
        assert_eq!(judge(Some(phone(8 + hours, 0)), now(200, 0)).judgement, J::Met);
        assert_eq!(
            judge(Some(phone(10 + hours, 0)), now(200, 0)).judgement,
            J::Breached
        );
        assert_eq!(judge(None, now(10 + hours, 0)).judgement, J::Breached);
    }
}

#[test]
fn n03_accept_within_an_hour_of_delivery() {
    let order = |delivered| OrderClock {
        dispatched: server(9, 0),
        delivered,
    };
    assert_eq!(
        accept(&template(), order(None), None, now(15, 0)),
        None,
        "not delivered yet"
    );
    let judge = |answered, now| accept(&template(), order(Some(server(9, 30))), answered, now).unwrap();
    assert_eq!(judge(None, now(10, 0)).due_ms, Some(at(10, 30)));
    assert_eq!(judge(Some(phone(10, 29)), now(15, 0)).judgement, J::Met);
    assert_eq!(judge(Some(phone(10, 31)), now(15, 0)).judgement, J::Breached);
    // The device was silent since before the due time: nobody is late yet; once heard, it is.
    let silent = Now {
        utc_ms: at(15, 0),
        last_heard_ms: Some(at(9, 30)),
    };
    assert_eq!(judge(None, silent).judgement, J::Unheard);
    assert_eq!(judge(None, now(15, 0)).judgement, J::Breached);
    let dispatched = ServiceLevelPolicy {
        accept_from: AcceptFrom::Dispatched,
        ..template()
    };
    assert_eq!(
        accept(&dispatched, order(None), None, now(9, 0)).unwrap().due_ms,
        Some(at(10, 0))
    );
}

#[test]
fn n04_an_entry_every_four_hours_from_accept() {
    let spans = |entries: &[Occurred], ended, now| {
        let views = progress(&template(), phone(9, 0), entries, &[], ended, now);
        views.iter().map(|v| v.judgement).collect::<Vec<_>>()
    };
    assert_eq!(spans(&[], None, now(12, 0)), [J::Running]);
    assert_eq!(spans(&[], None, now(13, 1)), [J::Breached]);
    assert_eq!(
        spans(&[phone(12, 0), phone(17, 0)], None, now(18, 0)),
        [J::Met, J::Breached, J::Running]
    );
    assert_eq!(
        spans(&[phone(12, 0)], Some(phone(15, 0)), now(40, 0)),
        [J::Met, J::Met]
    );
    // Entries arrive in any order.
    assert_eq!(
        spans(&[phone(17, 0), phone(12, 0)], None, now(18, 0)),
        [J::Met, J::Breached, J::Running]
    );
    assert_eq!(
        progress(
            &pack("equipment-maker@1"),
            phone(9, 0),
            &[],
            &[],
            None,
            now(40, 0)
        ),
        []
    );
}

#[test]
fn q15_an_entry_from_the_cellar_is_judged_by_when_it_occurred() {
    let judge = |entries: &[Occurred], now| progress(&template(), phone(9, 0), entries, &[], None, now);
    let silent = Now {
        utc_ms: at(16, 0),
        last_heard_ms: Some(at(12, 50)),
    };
    assert_eq!(judge(&[], silent)[0].judgement, J::Unheard);
    // It arrives at 16:00 with the time 12:55.
    assert_eq!(judge(&[phone(12, 55)], now(16, 0))[0].judgement, J::Met);
}

#[test]
fn q33_the_clock_stands_still_while_waiting() {
    let waited = |to| {
        [Pause {
            from_ms: at(10, 0),
            to_ms: to,
        }]
    };
    let judge = |pauses: &[Pause], entries: &[Occurred], now| {
        progress(&template(), phone(9, 0), entries, pauses, None, now).remove(0)
    };
    let still = judge(&waited(None), &[], now(100, 0));
    assert_eq!(
        (still.judgement, still.due_ms, still.slack_ms),
        (J::Paused, None, None)
    );
    // One hour ran before the pause, three are left after it.
    assert_eq!(
        judge(&waited(Some(at(20, 0))), &[], now(21, 0)).due_ms,
        Some(at(23, 0))
    );
    // An entry during the pause.
    assert_eq!(
        judge(&waited(None), &[phone(50, 0)], now(60, 0)).judgement,
        J::Met
    );
    // Due before the pause begins: the pause comes too late.
    let late = [Pause {
        from_ms: at(13, 30),
        to_ms: None,
    }];
    assert_eq!(judge(&late, &[], now(14, 0)).judgement, J::Breached);
    // Overlapping pauses count once.
    let twice = [
        Pause {
            from_ms: at(10, 0),
            to_ms: Some(at(12, 0)),
        },
        Pause {
            from_ms: at(11, 0),
            to_ms: Some(at(13, 0)),
        },
    ];
    assert_eq!(judge(&twice, &[], now(13, 0)).due_ms, Some(at(16, 0)));
}

#[test]
fn n12_the_makers_service_level_adds_an_arrival_clock_and_its_fix_is_an_aim() {
    let maker = pack("equipment-maker@1");
    let contact = response(&maker, Priority::P3, server(9, 0), None, now(9, 0)).unwrap();
    assert_eq!(contact.due_ms, Some(at(9, 30)));
    let arrived = arrival(&maker, server(9, 0), Some(phone(32, 59)), now(40, 0)).unwrap();
    assert_eq!((arrived.due_ms, arrived.judgement), (Some(at(33, 0)), J::Met));
    assert_eq!(arrival(&template(), server(9, 0), None, now(9, 0)), None);
    let times = |started| ResolveTimes {
        work_started: started,
        ..received(9)
    };
    assert_eq!(
        resolve(&maker, Priority::P1, times(None), &[], None, now(90, 0)),
        None
    );
    let late = resolve(
        &maker,
        Priority::P1,
        times(Some(phone(30, 0))),
        &[],
        None,
        now(90, 0),
    )
    .unwrap();
    assert_eq!((late.due_ms, late.judgement), (Some(at(54, 0)), J::TargetMissed));
}

#[test]
fn q01_resolve_counts_from_receipt_or_dispatch_by_policy() {
    let times = ResolveTimes {
        dispatched: Some(server(11, 0)),
        ..received(9)
    };
    let due = |policy: &ServiceLevelPolicy, times| {
        resolve(policy, Priority::P1, times, &[], None, now(9, 0)).map(|view| view.due_ms)
    };
    assert_eq!(due(&template(), times), Some(Some(at(33, 0))));
    let dispatched = ServiceLevelPolicy {
        resolve_from: ResolveFrom::Dispatched,
        ..template()
    };
    assert_eq!(due(&dispatched, times), Some(Some(at(35, 0))));
    assert_eq!(due(&dispatched, received(9)), None);
}

#[test]
fn d05_example_5_extension_and_breach() {
    // Received at 12:00 the day before, so P1 is due today at 12:00.
    let times = ResolveTimes {
        received: server(-12, 0),
        dispatched: None,
        work_started: None,
    };
    let view = |extensions: &[Extension], solved, now| {
        resolve(&template(), Priority::P1, times, extensions, solved, now).unwrap()
    };
    let agreed = |consent| Extension {
        consent,
        new_due_ms: at(18, 0),
    };
    // 12:00 passes: breach.
    assert_eq!(view(&[], None, now(12, 30)).worst(), J::Breached);
    // 13:00: the consent of 11:30 ± 20 s arrives: withdrawn.
    let withdrawn = view(&[agreed(phone(11, 30))], None, now(13, 0));
    assert_eq!(
        (withdrawn.due_ms, withdrawn.worst()),
        (Some(at(18, 0)), J::Running)
    );
    assert_eq!(
        withdrawn.earlier,
        [EarlierDue {
            due_ms: at(12, 0),
            judgement: J::Met
        }]
    );
    // A consent of 12:10: the breach stays, the new due time is 18:00.
    let stays = view(&[agreed(phone(12, 10))], Some(phone(17, 0)), now(20, 0));
    assert_eq!(
        (stays.due_ms, stays.judgement, stays.worst()),
        (Some(at(18, 0)), J::Met, J::Breached)
    );
    // A suspect clock: provisional until the supervisor looks.
    let suspect = Occurred {
        suspect: true,
        ..phone(11, 30)
    };
    assert_eq!(view(&[agreed(suspect)], None, now(13, 0)).worst(), J::Provisional);
    // Within the clock's error of the due time: provisional, too.
    let close = Occurred::by_device(at(12, 0) - 10_000, 20_000, false);
    assert_eq!(view(&[agreed(close)], None, now(13, 0)).worst(), J::Provisional);
    // What was agreed after the work had ended changes nothing.
    let after = view(&[agreed(phone(17, 30))], Some(phone(17, 0)), now(20, 0));
    assert_eq!(
        (after.due_ms, after.worst(), after.earlier),
        (Some(at(12, 0)), J::Breached, vec![])
    );
}

#[test]
fn d05_example_10_a_wrong_clock_proves_nothing() {
    let ahead = Occurred {
        suspect: true,
        ..phone(9 + 48, 0)
    };
    let view = resolve(
        &template(),
        Priority::P1,
        received(9),
        &[],
        Some(ahead),
        now(90, 0),
    )
    .unwrap();
    assert_eq!(view.judgement, J::Provisional);
    // Corrected by the office, the same fact is certain.
    let corrected = phone(10, 0);
    let view = resolve(
        &template(),
        Priority::P1,
        received(9),
        &[],
        Some(corrected),
        now(90, 0),
    )
    .unwrap();
    assert_eq!(view.judgement, J::Met);
}

#[test]
fn q34_resolve_restarts_from_the_reopening() {
    let view = resolve(&template(), Priority::P1, received(100), &[], None, now(101, 0)).unwrap();
    assert_eq!(view.due_ms, Some(at(124, 0)));
}

proptest! {
    /// A smaller error never makes a certain judgement another certain one, and an error can only make it provisional.
    #[test]
    fn n02_uncertainty_only_ever_makes_provisional(end in 0_i64..200, minute in 0_i64..60, error in 0_i64..7_200_000) {
        let judge = |error| {
            let solved = Occurred::by_device(at(end, minute), error, false);
            resolve(&template(), Priority::P2, received(9), &[], Some(solved), now(300, 0)).unwrap().judgement
        };
        let (sharp, blurred) = (judge(0), judge(error));
        prop_assert!(sharp == J::Met || sharp == J::Breached);
        prop_assert!(blurred == sharp || blurred == J::Provisional);
    }

    /// I8: without extensions, the due time depends on nothing but start, priority and policy.
    #[test]
    fn i08_due_times_move_only_by_consent(end in prop::option::of(0_i64..200), at_hour in 0_i64..300) {
        let view = resolve(&template(), Priority::P2, received(9), &[], end.map(|h| phone(h, 0)), now(at_hour, 0)).unwrap();
        prop_assert_eq!(view.due_ms, Some(at(57, 0)));
        prop_assert!(view.earlier.is_empty());
    }

    #[test]
    fn q33_pauses_only_ever_postpone(from in 0_i64..600, length in 0_i64..600, gap in 0_i64..600) {
        let minute = |m: i64| at(9, 0) + m * MINUTE_MS;
        let due = |pauses: &[Pause]| progress(&template(), phone(9, 0), &[], pauses, None, now(9, 0)).remove(0).due_ms;
        let one = Pause { from_ms: minute(from), to_ms: Some(minute(from + length)) };
        let two = Pause { from_ms: minute(from + gap), to_ms: Some(minute(from + gap + length)) };
        let (plain, once, both) = (due(&[]).unwrap(), due(&[one]).unwrap(), due(&[one, two]).unwrap());
        prop_assert!(plain <= once && once <= both);
        let expected = if from < 240 { minute(240 + length) } else { minute(240) };
        prop_assert_eq!(once, expected);
        prop_assert_eq!(due(&[two, one]).unwrap(), both);
    }
}
