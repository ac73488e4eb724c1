//! M-04: a plain job takes at most eight taps beside typing, from the list to the report handed in. A tap is one call that an
//! app's button makes; forms are one call each, whatever they hold.

use std::cell::Cell;

use super::report::signed;
use super::support::*;
use crate::device::engine::Step;
use crate::domain::work::{OrderState, Outcome};

#[test]
fn m04_a_plain_job_takes_at_most_eight_taps() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let (engine, taps) = (&phone.engine, Cell::new(0));
    let tap = || {
        taps.set(taps.get() + 1);
        phone.token()
    };
    let step = |step: Step| engine.step(order_id(), &tap(), step).unwrap();
    step(Step::Accept { plan: None });
    step(Step::Travel);
    step(Step::Arrive);
    let form = map(&[
        ("fault_found", "接口松动".into()),
        ("action_taken", "重新插紧".into()),
        ("opinion_kind", "satisfied".into()),
        ("signer_name", "王芳".into()),
        ("signer_role", "财务".into()),
    ]);
    engine.save_report(order_id(), &tap(), form).unwrap();
    step(Step::Done {
        outcome: Outcome::Solved,
        reason: None,
    });
    // The signature is drawn, not tapped; sealing is the tap.
    engine.seal(order_id(), &tap(), signed(200)).unwrap();
    engine.submit(order_id(), &tap(), None).unwrap();
    let view = engine.order(order_id()).unwrap().order;
    assert_eq!((view.state, view.conflicts.len()), (OrderState::Submitted, 0));
    assert_eq!(taps.get(), 7);
}
