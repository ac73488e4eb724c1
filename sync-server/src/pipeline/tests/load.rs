//! Many phones at once, and how fast changes are accepted.

use std::sync::Arc;

use super::world::*;

#[test]
fn phones_that_sync_at_the_same_time_end_with_the_same_documents() {
    let world = Arc::new(World::new());
    let mut phones: Vec<Phone> = (0..6).map(|number| world.phone(user(1 + number % 3))).collect();
    for number in 1..4 {
        world.dispatch(number, &[user(1), user(2), user(3)]);
    }
    std::thread::scope(|threads| {
        for phone in &mut phones {
            let world = Arc::clone(&world);
            threads.spawn(move || {
                let engineer = phone.device.user;
                for step in 0..15_u128 {
                    let doc = visit(1 + step % 3, engineer);
                    let changes = (0..2).map(|_| phone.write(&doc, &[progress("x")])).collect();
                    let answer = phone.send(&world, &[(&doc, changes)]);
                    assert_eq!(answer.exceptions, vec![]);
                }
            });
        }
    });
    for _ in 0..2 {
        for phone in &mut phones {
            phone.catch_up(&world);
        }
    }
    let state = phones[0].state();
    for phone in &mut phones {
        let answer = phone.send(&world, &[]);
        assert_eq!(*answer.scope_digest.unwrap(), phone.digest());
        assert_eq!(phone.state(), state);
    }
}

/// `cargo test --release … -- --ignored --nocapture accepted_changes_a_second`
#[test]
#[ignore = "a measurement, not a check"]
fn accepted_changes_a_second() {
    use std::time::Instant;
    let world = Arc::new(World::new());
    let mut requests = Vec::new();
    for number in 0..8 {
        let mut phone = world.phone(user(1 + number));
        for _round in 0..20 {
            let docs: Vec<_> = (0..20)
                .map(|doc| visit(number * 100 + doc, phone.device.user))
                .collect();
            let changes: Vec<(_, Vec<_>)> = docs
                .iter()
                .map(|doc| {
                    (
                        doc,
                        (0..5)
                            .map(|_| phone.write(doc, &[progress("measured the voltage")]))
                            .collect(),
                    )
                })
                .collect();
            requests.push((number, phone.device.clone(), phone.request(&changes)));
        }
    }
    for threads in [1, 8] {
        let world = Arc::new(World::new());
        for (_, device, _) in requests.iter().step_by(20) {
            world
                .service
                .office::<_, crate::pipeline::PipelineError>(|office| office.enrol(device.clone()))
                .unwrap();
        }
        #[expect(clippy::disallowed_methods, reason = "a measurement")]
        let start = Instant::now();
        std::thread::scope(|scope| {
            for thread in 0..threads {
                let (world, requests) = (Arc::clone(&world), &requests);
                scope.spawn(move || {
                    for (number, device, request) in requests {
                        if number % threads == thread {
                            assert!(world.service.sync(device, request).unwrap().exceptions.is_empty());
                        }
                    }
                });
            }
        });
        let took = start.elapsed();
        println!(
            "{threads} threads: {:.0} changes/s",
            16_000.0 / took.as_secs_f64()
        );
    }
}
