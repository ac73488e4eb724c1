//! The forms beside the ordinary steps, with a real engineer behind them: a request for parts answered, what was learnt
//! on site taken over, a requirement waived, what came after the audit accepted beside it; filters that find an order.

use std::collections::BTreeMap;

use fieldseal_core::device::engine::{Examination, Pieces, Step, Swap};
use fieldseal_core::domain::ids::OrderId;
use fieldseal_core::domain::warranty::PhotographyForbidden;
use fieldseal_core::facts::DocName;

use super::field_story::{fields, on_phone, phone, serve, token, work};
use super::story::{Browser, dispatched, engineer, id_of};
use crate::http::testing::Bench;

/// The customer's document, as an order's page links it.
fn customer_of(page: &str) -> String {
    let rest = page.split("href=\"/customers/").nth(1).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn t31_d057_d054_what_the_field_asks_and_brings_is_answered_on_the_page() {
    let bench = Bench::new();
    let addr = serve(&bench).await;
    let folder = tempfile::tempdir().unwrap();
    let wang = engineer(&bench, 1, "王建国");
    let browser = Browser::signed_in(&bench);
    let stock = browser.page("/stock").await;
    assert!(stock.contains("没有待处理的申请"));
    let van = wang.to_string();
    let issue = [
        ("engineer", van.as_str()),
        ("part", "KEY-U3"),
        ("qty", "2"),
        ("how", "in_hand"),
    ];
    browser.done(&stock, "/stock/issue", &issue, "stock_issued").await;
    let page = dispatched(&browser, wang).await;
    let order: OrderId = id_of(&page).parse().unwrap();
    let path = format!("/orders/{order}");
    let board = browser.page("/").await;
    assert!(board.contains("起未送达") && board.contains("/?need=undelivered"));

    // Wang asks for parts, learns an address, works and hands in.
    let customer = customer_of(&page);
    let subject: DocName = format!("customer/{customer}").parse().unwrap();
    let wangs = phone(&bench, addr, folder.path(), wang, "王的手机").await;
    on_phone(&wangs, move |engine| {
        engine
            .step(order, &token(engine, order), Step::Accept { plan: None })
            .unwrap();
        let lines = vec![("KEY-U3".to_owned(), 2)];
        let why = Some("下周巡检".to_owned());
        engine
            .request_parts(&token(engine, order), Some(order), lines, why)
            .unwrap();
        let learnt = fields(&[("address", "世纪大道 100 号 18 楼")]);
        engine
            .learn(order, &token(engine, order), &subject, learnt)
            .unwrap();
        work(engine, order);
        engine.sync_once().unwrap();
    })
    .await;

    // The request is approved, then its parts are issued; nothing is left to answer.
    let stock = browser.page("/stock").await;
    assert!(
        stock.contains("<code>KEY-U3</code> × 2") && stock.contains("下周巡检") && stock.contains("已申请")
    );
    let approve = [("state", "approved"), ("text", "明天到货")];
    let stock = browser
        .done(&stock, "/stock/answer", &approve, "request_answered")
        .await;
    assert!(stock.contains("已批准") && stock.contains("明天到货") && !stock.contains("value=\"approved\""));
    let stock = browser
        .done(
            &stock,
            "/stock/answer",
            &[("state", "issued")],
            "request_answered",
        )
        .await;
    assert!(stock.contains("没有待处理的申请") && stock.contains("id=\"answered\""));

    // What was learnt becomes the record's, once.
    let page = browser.page(&path).await;
    assert!(page.contains("现场了解到的信息") && page.contains("世纪大道 100 号 18 楼"));
    let page = browser
        .done(&page, &format!("{path}/learnt"), &[], "taken_over")
        .await;
    assert!(page.contains("已入档案") && !page.contains(&format!("action=\"{path}/learnt\"")));
    assert!(
        browser
            .page(&format!("/customers/{customer}"))
            .await
            .contains("世纪大道 100 号 18 楼")
    );

    // The photos are waived with a reason; the choice is gone then.
    let waive = [("what", "photos"), ("reason", "机房禁止拍照")];
    let page = browser
        .done(&page, &format!("{path}/waive"), &waive, "waived")
        .await;
    assert!(page.contains("豁免：照片") && !page.contains("<option value=\"photos\""));

    // After the audit a part arrives late: it is accepted beside it, the audited file stays.
    let page = browser
        .done(&page, &format!("{path}/confirm"), &[], "confirmed")
        .await;
    let page = browser
        .done(&page, &format!("{path}/audit"), &[], "audited")
        .await;
    assert!(!page.contains("审核之后的记录"));
    on_phone(&wangs, move |engine| {
        let part = Pieces {
            part: "KEY-U3".into(),
            qty: 1,
            serial: Some("K-2002".into()),
        };
        engine.use_part(order, &token(engine, order), part).unwrap();
        engine.sync_once().unwrap();
    })
    .await;
    let page = browser.page(&path).await;
    assert!(page.contains("审核之后的记录") && page.contains("K-2002"));
    let late = page
        .split("name=\"late\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let refused = browser
        .post(&page, &format!("{path}/addendum"), &[("text", "已核对")])
        .await;
    assert!(refused.1.contains("problem=empty&field=late"), "{refused:?}");
    let accept = [("late", late), ("text", "已核对")];
    let after = browser
        .done(&page, &format!("{path}/addendum"), &accept, "accepted_late")
        .await;
    assert!(after.contains("审核完成") && !after.contains("审核之后的记录"));
    assert!(after.contains("接受补充") && after.contains("已核对"));
    // A phone number and a serial find it; a dispatcher's actions say why they are not there.
    for text in ["02155550101", "es-2025-08841", "zhou"] {
        let found = browser.page(&format!("/?q={text}")).await;
        assert_eq!(found.contains(&format!("card-{order}")), text != "zhou", "{text}");
    }
    assert!(
        browser
            .page("/?region=%E4%B8%8A%E6%B5%B7")
            .await
            .contains(&format!("card-{order}"))
    );
    assert!(
        !browser
            .page("/?region=x")
            .await
            .contains(&format!("card-{order}"))
    );
    assert!(after.contains("“审核完成”状态下不可用"));
    let found = browser.page("/customers?q=55550101").await;
    assert!(found.contains("上海申江律师事务所"));
}

#[tokio::test(flavor = "multi_thread")]
async fn u05_a_swapped_key_is_taken_over_with_one_tap_and_inherits_its_warranty() {
    let bench = Bench::new();
    let addr = serve(&bench).await;
    let folder = tempfile::tempdir().unwrap();
    let wang = engineer(&bench, 1, "王建国");
    let browser = Browser::signed_in(&bench);
    let stock = browser.page("/stock").await;
    let van = wang.to_string();
    let issue = [
        ("engineer", van.as_str()),
        ("part", "KEY-U3"),
        ("qty", "1"),
        ("serial", "ES-2026-00001"),
        ("how", "in_hand"),
    ];
    browser.done(&stock, "/stock/issue", &issue, "stock_issued").await;
    let order: OrderId = id_of(&dispatched(&browser, wang).await).parse().unwrap();
    let path = format!("/orders/{order}");
    let wangs = phone(&bench, addr, folder.path(), wang, "王的手机").await;
    on_phone(&wangs, move |engine| {
        engine
            .step(order, &token(engine, order), Step::Accept { plan: None })
            .unwrap();
        engine.step(order, &token(engine, order), Step::Arrive).unwrap();
        let name = fields(&[("name", "陈静")]);
        let (witness, _) = engine.record_person(&token(engine, order), name).unwrap();
        let asset = engine.order(order).unwrap().assets[0].doc.clone();
        let dead = Examination::Eseal {
            works: false,
            tested_elsewhere: true,
            inspected: true,
            inspection_photos: std::collections::BTreeSet::new(),
            symptoms: BTreeMap::new(),
            photography_forbidden: Some(PhotographyForbidden {
                reason: "机房禁止拍照".into(),
                witness,
            }),
            quantity: 1,
        };
        engine
            .examine(order, &token(engine, order), &asset, dead)
            .unwrap();
        let swap = Swap {
            asset,
            part: "KEY-U3".into(),
            serial: "ES-2026-00001".into(),
            from: None,
            note: None,
        };
        engine.swap(order, &token(engine, order), &swap).unwrap();
        engine.sync_once().unwrap();
        assert!(engine.stock().unwrap().stock.conflicts.is_empty());
    })
    .await;
    let page = browser.page(&path).await;
    assert!(page.contains("采纳更换") && page.contains("ES-2026-00001"));
    assert!(
        !page.contains("name=\"field\" value=\"replaced_by\""),
        "no half of it alone"
    );
    let page = browser
        .done(&page, &format!("{path}/swap"), &[], "swap_taken_over")
        .await;
    assert!(!page.contains(&format!("action=\"{path}/swap\"")));
    let views = bench.state.office.views();
    let records: Vec<_> = views
        .names("asset/")
        .unwrap()
        .iter()
        .map(|doc| views.record(doc).unwrap().unwrap())
        .collect();
    let by_serial = |serial: &str| {
        let mut found = records
            .iter()
            .filter(|record| record.fields.text("serial") == Some(serial));
        (found.next().unwrap().clone(), found.count())
    };
    let (new, twice) = by_serial("ES-2026-00001");
    let (old, _) = by_serial("ES-2025-08841");
    assert_eq!(twice, 0);
    for field in ["applied_on", "product", "customer"] {
        assert_eq!(new.fields.text(field), old.fields.text(field), "{field}");
        assert!(new.fields.text(field).is_some(), "{field}");
    }
    assert_eq!(new.fields.text("replaces"), Some(old.doc.to_string().as_str()));
    assert_eq!(old.fields.text("replaced_by"), Some(new.doc.to_string().as_str()));
    assert!(new.conflicts.is_empty() && old.conflicts.is_empty());
    let customer = customer_of(&page);
    assert!(
        browser
            .page(&format!("/customers/{customer}"))
            .await
            .contains("ES-2026-00001")
    );
    // The next order about the new key: whose applied date decides is known on the phone.
    assert!(new.fields.0["serial"].proposals.is_empty());
}
