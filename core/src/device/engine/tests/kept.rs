//! What the store keeps of parsed facts changes no result: every fold over it is the fold of the file.

use super::super::details;
use super::report::{seal, worked};
use super::support::*;
use crate::device::EngineError;
use crate::device::engine::{Pieces, Step};
use crate::device::store::changes::Origin;
use crate::device::store::ingest::{Ingested, ingest_bytes};
use crate::device::store::projections;
use crate::documents::Author;
use crate::facts::{DocName, Fact, kinds};

/// Compares, on the writer's connection and on the reader's, and the list with one made anew.
fn compare(phone: &Phone) {
    let inner = &phone.engine.inner;
    let me = Some(phone.me);
    inner
        .write(|kept| {
            let view = details::fold(kept, order_id(), me)?;
            let again = kept.afresh(|fresh| details::fold(fresh, order_id(), me))?;
            assert_eq!(view.view, again.view);
            assert_eq!(view.actions, again.actions);
            Ok(())
        })
        .unwrap();
    inner
        .read(|kept| {
            let shown = details::details(kept, order_id(), me)?;
            let again = kept.afresh(|fresh| details::details(fresh, order_id(), me))?;
            assert_eq!(shown, again);
            Ok(())
        })
        .unwrap();
    inner
        .write(|kept| {
            let before = lists(kept);
            // Taken back, so that the next save goes on with what is kept.
            kept.execute_batch("SAVEPOINT made").unwrap();
            kept.afresh(projections::rebuild)?;
            assert_eq!(before, lists(kept));
            kept.execute_batch("ROLLBACK TO made; RELEASE made").unwrap();
            Ok(())
        })
        .unwrap();
}

/// Everything that a list or a search shows.
fn lists(connection: &rusqlite::Connection) -> Vec<String> {
    let mut lines = Vec::new();
    for sql in [
        "SELECT sort || row FROM order_list ORDER BY id",
        "SELECT id || name FROM order_refs ORDER BY id, name",
        "SELECT name || title || body FROM search_entries ORDER BY name",
    ] {
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        lines.extend(rows.map(Result::<String, _>::unwrap));
    }
    lines
}

#[test]
fn a_kept_fold_is_the_fold_of_the_file() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    compare(&phone);
    worked(&phone);
    compare(&phone);
    let token = phone.token();
    for text in ["first", "second"] {
        // The second is a stale form: two values stand beside each other, and the row says so.
        phone
            .engine
            .save_report(order_id(), &token, map(&[("fault_found", text.into())]))
            .unwrap();
        compare(&phone);
    }
    // What a visit learns about the unit stands with the unit, and is found there.
    phone
        .engine
        .learn(
            order_id(),
            &phone.token(),
            &id("asset", 0x33),
            map(&[("serial", "K-2008".into())]),
        )
        .unwrap();
    compare(&phone);
    phone
        .engine
        .use_part(
            order_id(),
            &phone.token(),
            Pieces {
                part: "KEY-BLANK".to_owned(),
                qty: 1,
                serial: None,
            },
        )
        .unwrap();
    compare(&phone);
    // Another device of the same engineer, and the office, meanwhile.
    let tablet = self::phone(2, user(1));
    tablet.pull(&phone.changes());
    tablet
        .engine
        .save_report(
            order_id(),
            &tablet.token(),
            map(&[("action_taken", "重装".into())]),
        )
        .unwrap();
    phone.pull(&tablet.changes());
    compare(&phone);
    let (hidden, change) = office.write(
        &DocName::Order(order_id()),
        &[set(&[("summary", "换新".into())], &[])],
    );
    phone.pull(&[
        change,
        office.set(&id("customer", 0x22), &[("name", "新名".into())]),
    ]);
    compare(&phone);
    let hide = Fact::Hide(kinds::Hide {
        target: Some(hidden),
        reason: "typed twice".to_owned(),
    });
    phone.pull(&[office.write(&DocName::Order(order_id()), &[hide]).1]);
    compare(&phone);
    phone.engine.pause().unwrap();
    phone.engine.resume().unwrap();
    compare(&phone);
    tablet.pull(&phone.changes());
    seal(&tablet);
    phone.pull(&tablet.changes());
    compare(&phone);
}

#[test]
fn a_save_that_was_given_up_is_not_remembered() {
    let office = Office::new();
    let (phone, _) = phone_with_order(1, user(1), &office);
    let fields = |phone: &Phone| phone.engine.order(order_id()).unwrap().order.fields;
    let before = fields(&phone);
    let summary = |text: &str| office.set(&DocName::Order(order_id()), &[("summary", text.into())]);
    let (lost, kept) = (summary("lost"), summary("kept"));
    let author = Author {
        tag_ok: &|_| true,
        person: None,
    };
    let outcome: Result<(), EngineError> = phone.engine.inner.write(|reading| {
        let (doc, bytes) = &lost;
        let taken = ingest_bytes(reading, doc, bytes, Origin::Foreign, &author, NOW)?;
        assert!(matches!(taken, Ingested::Accepted { .. }));
        // Read while it stands in the file: a row number that the next change gets too.
        let view = details::fold(reading, order_id(), None)?.view;
        assert!(view.fields.0["summary"].entries().count() > 1);
        Err(EngineError::NotFound)
    });
    assert!(outcome.is_err());
    assert_eq!(fields(&phone), before);
    phone
        .engine
        .step(order_id(), &phone.token(), Step::Accept { plan: None })
        .unwrap();
    compare(&phone);
    phone.pull(&[lost, kept]);
    compare(&phone);
}
