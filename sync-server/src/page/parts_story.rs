//! Parts go by their names wherever the page shows them, in the reader's language, by the list that is valid today;
//! without a readable one their numbers stand alone, once.

use std::collections::BTreeMap;

use fieldseal_core::device::engine::{Bucket, Counted, Pieces, Scrap, ScrapPhoto, Step, VanMove};
use fieldseal_core::domain::ids::OrderId;
use fieldseal_core::domain::ledger::ScrapType;
use fieldseal_core::domain::roles::Role;
use fieldseal_core::facts::kinds::Pack;
use fieldseal_core::facts::{DocName, Fact, ViewToken};
use serde_json::json;

use super::field_story::{on_phone, phone, serve, token, work};
use super::story::{Browser, dispatched, engineer, id_of};
use crate::http::testing::{Bench, LI};
use crate::office::{OfficeError, PackKind, Person};

/// A list that names one part and not the other.
fn list(version: u32, zh: &str, en: &str) -> String {
    let name = json!({ "zh-CN": zh, "en": en });
    let parts = json!([{ "number": "KEY-U3", "name": name }]);
    json!({ "id": "parts", "version": version, "parts": parts }).to_string()
}

/// What a phone could not read either: published by an office of another version, say.
fn unreadable(bench: &Bench, valid_from: &str) {
    let done: Result<(), OfficeError> = bench.state.service.office(|office| {
        let blob = office.put_blob(b"{\"id\":\"parts\"}")?;
        let fact = Fact::Pack(Pack {
            pack: "parts".to_owned(),
            version: "parts@9".to_owned(),
            blob: hex::encode(blob),
            valid_from: valid_from.to_owned(),
        });
        office.append(
            LI,
            &[(DocName::ReferenceIndex, vec![fact])],
            &ViewToken::default(),
        )?;
        Ok(())
    });
    done.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn q32_parts_stand_under_their_names_in_both_languages_and_without_a_list_under_their_numbers() {
    let bench = Bench::new();
    let addr = serve(&bench).await;
    let folder = tempfile::tempdir().unwrap();
    let wang = engineer(&bench, 1, "王建国");
    let admin = Person {
        user: LI,
        name: "李娜".to_owned(),
        roles: Role::ALL.to_vec(),
        active: true,
    };
    let browser = Browser::signed_in(&bench);
    let office = &bench.state.office;
    let publish = |list: &str, from: &str| {
        office.publish_pack(&admin, PackKind::Parts, list, from).unwrap();
    };
    let van = wang.to_string();
    for (part, qty) in [("KEY-U3", "3"), ("USB-HUB", "1")] {
        let stock = browser.page("/stock").await;
        let issue = [
            ("engineer", van.as_str()),
            ("part", part),
            ("qty", qty),
            ("how", "in_hand"),
        ];
        browser.done(&stock, "/stock/issue", &issue, "stock_issued").await;
    }
    let order: OrderId = id_of(&dispatched(&browser, wang).await).parse().unwrap();
    let wangs = phone(&bench, addr, folder.path(), wang, "王的手机").await;
    on_phone(&wangs, move |engine| {
        let accept = Step::Accept { plan: None };
        engine.step(order, &token(engine, order), accept).unwrap();
        let lines = vec![("KEY-U3".to_owned(), 2), ("USB-HUB".to_owned(), 1)];
        let asked = engine.request_parts(&token(engine, order), Some(order), lines, None);
        asked.unwrap();
        work(engine, order);
        engine.sync_once().unwrap();
    })
    .await;
    let customer = office.views().names("customer/").unwrap().remove(0);
    // Another order waits for its parts: who would be given it shows what each van holds of them.
    let other: OrderId = id_of(&dispatched(&browser, wang).await).parse().unwrap();
    let planned = BTreeMap::from([("planned_parts".to_owned(), json!(["KEY-U3", "USB-HUB"]))]);
    let seen = office.views().order(other).unwrap().unwrap().token.clone();
    office
        .edit(&admin, &DocName::Order(other), &seen, &planned)
        .unwrap();
    let other_path = format!("/orders/{other}");
    let (order_path, customer_path) = (
        format!("/orders/{order}"),
        format!("/{customer}").replacen("customer", "customers", 1),
    );

    let numbers_alone = async || {
        let page = browser.page(&order_path).await;
        assert!(page.contains("<th scope=\"row\"><code>KEY-U3</code>"));
        assert!(!page.contains("KEY-U3 KEY-U3"));
        let page = browser.page(&other_path).await;
        assert!(page.contains("车上：KEY-U3 ") && page.contains("、USB-HUB "));
        assert!(!page.contains("KEY-U3 KEY-U3"));
        let page = browser.page("/stock").await;
        assert!(page.contains("<th scope=\"row\"><code>KEY-U3</code></th>"));
        assert!(page.contains("<code>KEY-U3</code> × 2、<code>USB-HUB</code> × 1"));
        assert!(page.contains("<option value=\"KEY-U3\">KEY-U3</option>"));
        assert!(
            browser
                .page(&customer_path)
                .await
                .contains("<code>KEY-U3</code> × 1")
        );
    };
    // Named in both languages: order, request, stock, dispatch, customer. What the list does not know keeps its number.
    let named = async |name: &str, comma: &str, van: &str| {
        let beside = format!("{name} <code class=\"age\">KEY-U3</code>");
        let page = browser.page(&order_path).await;
        assert!(page.contains(&format!("<th scope=\"row\">{beside}")), "{name}");
        let page = browser.page(&other_path).await;
        assert!(page.contains(&format!("{van}{name} KEY-U3 ")), "{name}");
        assert!(page.contains(&format!("{name} KEY-U3{comma}USB-HUB")), "{name}");
        let page = browser.page("/stock").await;
        assert!(
            page.contains(&format!("<th scope=\"row\">{beside}</th>")),
            "{name}"
        );
        assert!(
            page.contains(&format!("{beside} × 2{comma}<code>USB-HUB</code> × 1")),
            "{name}"
        );
        assert!(page.contains(&format!("<option value=\"KEY-U3\">{name} KEY-U3</option>")));
        assert!(
            browser
                .page(&customer_path)
                .await
                .contains(&format!("{beside} × 1"))
        );
    };
    numbers_alone().await;
    publish(&list(1, "三代空白钥匙", "blank key"), "2020-01-01");
    publish(&list(2, "来年的名称", "name of another year"), "2999-01-01");
    named("三代空白钥匙", "、", "车上：").await;
    let found = browser.page("/stock?q=%E7%A9%BA%E7%99%BD").await;
    assert!(found.contains("三代空白钥匙 <code") && !found.contains("<th scope=\"row\"><code>USB-HUB"));
    // A newer list holds at once.
    publish(&list(3, "空白钥匙（新）", "blank key, new"), "2021-01-01");
    named("空白钥匙（新）", "、", "车上：").await;
    let page = browser.page(&order_path).await;
    browser.post(&page, "/language", &[("lang", "en")]).await;
    named("blank key, new", ", ", "van: ").await;
    let page = browser.page(&order_path).await;
    browser.post(&page, "/language", &[("lang", "zh-CN")]).await;
    unreadable(&bench, "2022-01-01");
    numbers_alone().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t34_t36_counts_and_levels_go_from_sheet_and_van_into_the_book() {
    let bench = Bench::new();
    let addr = serve(&bench).await;
    let folder = tempfile::tempdir().unwrap();
    let wang = engineer(&bench, 1, "王建国");
    let browser = Browser::signed_in(&bench);
    let van = wang.to_string();
    let stock = browser.page("/stock").await;
    let receive = [("source", "supplier"), ("part", "FUSE"), ("qty", "6")];
    let stock = browser
        .done(&stock, "/stock/receive", &receive, "stock_received")
        .await;
    let issue = [
        ("engineer", van.as_str()),
        ("part", "FUSE"),
        ("qty", "3"),
        ("how", "in_hand"),
    ];
    browser.done(&stock, "/stock/issue", &issue, "stock_issued").await;
    // The store is counted by its sheet: one is missing.
    let sheet = browser.page("/stock/count").await;
    assert!(sheet.contains("盘点表") && sheet.contains("name=\"book\" value=\"3\""));
    let older = browser.page("/stock/count").await;
    let fill = [("counted", "2"), ("reason", "月底")];
    let (status, to) = browser.post(&sheet, "/stock/count", &fill).await;
    assert!(to.contains("done=stock_counted"), "{status} {to}");
    let refused = browser.post(&older, "/stock/count", &fill).await;
    assert!(refused.1.contains("problem=stock_changed"), "{refused:?}");
    let stock = browser.page("/stock").await;
    assert!(stock.contains("账面 3，实点 2") && stock.contains("月底"));
    // A level for the van, below which it lies: the page and the phone say so.
    let place = format!("van_good:{wang}");
    let level = [
        ("place", place.as_str()),
        ("part", "FUSE"),
        ("safety", "1"),
        ("min", "4"),
        ("max", "8"),
    ];
    let stock = browser.done(&stock, "/stock/level", &level, "level_set").await;
    assert!(stock.contains("1 / 4 / 8") && stock.contains("<td class=\"n strong\">5</td>"));
    let wangs = phone(&bench, addr, folder.path(), wang, "王的手机").await;
    on_phone(&wangs, |engine| {
        engine.sync_once().unwrap();
        let van = engine.stock().unwrap();
        assert_eq!(van.stock.shortages[0].missing.propose, 5);
        engine.restock(&van.stock.token).unwrap();
        let found = Counted {
            part: "FUSE".into(),
            serial: None,
            counted: 2,
        };
        let token = engine.stock().unwrap().stock.token;
        engine
            .count_van(&token, Bucket::Good, &[found], Some("车上盘点"))
            .unwrap();
        engine.sync_once().unwrap();
    })
    .await;
    let stock = browser.page("/stock").await;
    assert!(stock.contains("<code>FUSE</code> × 5") && stock.contains("已申请 5"));
    assert!(stock.contains("车上盘点") && stock.contains("账面 3，实点 2"));
    let stock = browser
        .done(
            &stock,
            "/stock/count/answer",
            &[("state", "posted")],
            "count_answered",
        )
        .await;
    assert!(stock.contains("没有待处理的盘点"));
    on_phone(&wangs, |engine| {
        engine.sync_once().unwrap();
        assert_eq!(engine.stock().unwrap().available("FUSE"), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn y22_scrap_of_van_and_store_shows_type_and_photo() {
    let bench = Bench::new();
    let addr = serve(&bench).await;
    let folder = tempfile::tempdir().unwrap();
    let wang = engineer(&bench, 1, "王建国");
    let browser = Browser::signed_in(&bench);
    let wangs = phone(&bench, addr, folder.path(), wang, "王的手机").await;
    let path = folder.path().join("broken.jpg");
    let rgb: Vec<u8> = (0..64 * 48 * 3_u32).map(|n| (n * 7 % 251) as u8).collect();
    std::fs::write(&path, fieldseal_core::media::jpeg::encode(&rgb, 64, 48, 90)).unwrap();
    let stock = browser.page("/stock").await;
    let store = [
        ("part", "FUSE"),
        ("qty", "1"),
        ("shelf", "good"),
        ("kind", "broken"),
    ];
    let refused = browser.post(&stock, "/stock/scrap", &store).await;
    assert!(
        refused.1.contains("problem=photo_missing&field=photo"),
        "{refused:?}"
    );
    let lost = [
        ("part", "FUSE"),
        ("qty", "1"),
        ("shelf", "defective"),
        ("kind", "lost"),
    ];
    let refused = browser.post(&stock, "/stock/scrap", &lost).await;
    assert!(refused.1.contains("problem=empty&field=note"), "{refused:?}");
    on_phone(&wangs, move |engine| {
        let scrap = Scrap {
            bucket: Bucket::Good,
            kind: ScrapType::Water,
            note: Some("雨中进水".into()),
            photo: ScrapPhoto::File { path },
        };
        let line = Pieces {
            part: "FUSE".into(),
            qty: 1,
            serial: None,
        };
        let token = engine.stock().unwrap().stock.token;
        engine.scrap(&token, &scrap, &[line]).unwrap();
        engine.sync_once().unwrap();
    })
    .await;
    let van = bench.state.office.views().van(wang).unwrap();
    let photo = van.stock.photos[0].sha256.to_string();
    let page = browser.page("/stock").await;
    assert!(page.contains("进水、雨中进水") && page.contains(&format!("/stock/photos/{photo}")));
    let (cookie, _) = bench.sign_in();
    let path = format!("/stock/photos/{photo}");
    let shown = bench.get_with(&path, &[("cookie", &cookie)]).await;
    assert_eq!(
        (shown.status().as_u16(), &shown.headers()["content-type"]),
        (200, &"image/jpeg".parse().unwrap())
    );
    assert_eq!(bench.get(&path).await.status(), 401);
    assert_eq!(
        browser
            .open(&format!("/stock/photos/{}", "ab".repeat(32)))
            .await
            .0,
        404
    );
    // The storekeeper scraps the rest of that lot with the same photo.
    let store = [
        ("part", "FUSE"),
        ("qty", "2"),
        ("shelf", "good"),
        ("kind", "broken"),
        ("photo", photo.as_str()),
    ];
    let page = browser
        .done(&page, "/stock/scrap", &store, "stock_scrapped")
        .await;
    assert_eq!(page.matches(&format!("/stock/photos/{photo}")).count(), 2);
    assert!(!page.contains("缺少必要的类型或照片"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d05_2b_a_hand_over_by_code_counts_once_whichever_half_comes_first() {
    let bench = Bench::new();
    let addr = serve(&bench).await;
    let folder = tempfile::tempdir().unwrap();
    let (wang, liu) = (engineer(&bench, 1, "王建国"), engineer(&bench, 2, "刘洋"));
    let browser = Browser::signed_in(&bench);
    let stock = browser.page("/stock").await;
    let unit = [
        ("source", "supplier"),
        ("part", "KEY-U3"),
        ("qty", "1"),
        ("serial", "K-1007"),
    ];
    let stock = browser
        .done(&stock, "/stock/receive", &unit, "stock_received")
        .await;
    let van = wang.to_string();
    let issue = [
        ("engineer", van.as_str()),
        ("part", "KEY-U3"),
        ("qty", "1"),
        ("serial", "K-1007"),
        ("how", "in_hand"),
    ];
    browser.done(&stock, "/stock/issue", &issue, "stock_issued").await;
    let wangs = phone(&bench, addr, folder.path(), wang, "王的手机").await;
    let lius = phone(&bench, addr, folder.path(), liu, "刘的手机").await;
    on_phone(&wangs, |engine| engine.sync_once().map(|_| ()).unwrap()).await;
    on_phone(&lius, |engine| engine.sync_once().map(|_| ()).unwrap()).await;
    let held = || {
        let views = bench.state.office.views();
        let stock = views.stock().unwrap();
        assert!(stock.conflicts.is_empty(), "{:?}", stock.conflicts);
        let of = |engineer| views.van(engineer).unwrap().available("KEY-U3");
        (of(wang), of(liu), stock.moves.len())
    };
    // No network: a code, taken, and its receipt.
    let shown = on_phone(&wangs, move |engine| {
        let line = Pieces {
            part: "KEY-U3".into(),
            qty: 1,
            serial: Some("K-1007".into()),
        };
        engine.offer_handover(liu, &[line]).unwrap().code
    })
    .await;
    let receipt = on_phone(&lius, move |engine| {
        let token = engine.stock().unwrap().stock.token;
        engine.take_handover(&token, &shown).unwrap().receipt
    })
    .await;
    assert_eq!(held().0, 1, "the server has heard of nothing");
    on_phone(&lius, |engine| engine.sync_once().map(|_| ()).unwrap()).await;
    assert_eq!((held().0, held().1), (0, 1), "the taker's half alone");
    on_phone(&wangs, move |engine| {
        engine.sync_once().unwrap();
        assert_eq!(engine.stock().unwrap().available("KEY-U3"), 0, "he hears of it");
        let token = engine.stock().unwrap().stock.token;
        engine.confirm_handover(&token, &receipt).unwrap();
        engine.sync_once().unwrap();
        engine.sync_once().unwrap();
        assert_eq!(engine.stock().unwrap().available("KEY-U3"), 0);
    })
    .await;
    assert_eq!(
        held(),
        (0, 1, 6),
        "receipt, issue, two halves and their repetitions"
    );
    on_phone(&lius, |engine| {
        engine.sync_once().unwrap();
        let van = engine.stock().unwrap();
        assert_eq!((van.available("KEY-U3"), van.good[0].serials.len()), (1, 1));
        assert!(van.stock.conflicts.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn y23_issued_and_used_by_engineer_and_part_on_the_page_as_csv_and_on_the_phone() {
    let bench = Bench::new();
    let addr = serve(&bench).await;
    let folder = tempfile::tempdir().unwrap();
    let wang = engineer(&bench, 1, "=王建国");
    let browser = Browser::signed_in(&bench);
    let stock = browser.page("/stock").await;
    let van = wang.to_string();
    let issue = [
        ("engineer", van.as_str()),
        ("part", "KEY-U3"),
        ("qty", "5"),
        ("how", "in_hand"),
    ];
    browser.done(&stock, "/stock/issue", &issue, "stock_issued").await;
    let order: OrderId = id_of(&dispatched(&browser, wang).await).parse().unwrap();
    let wangs = phone(&bench, addr, folder.path(), wang, "王的手机").await;
    on_phone(&wangs, move |engine| {
        engine
            .step(order, &token(engine, order), Step::Accept { plan: None })
            .unwrap();
        let line = |qty| Pieces {
            part: "KEY-U3".into(),
            qty,
            serial: None,
        };
        engine.use_part(order, &token(engine, order), line(2)).unwrap();
        let back = VanMove::Return { bucket: Bucket::Good };
        let seen = engine.stock().unwrap().stock.token;
        engine.move_parts(&seen, &back, &[line(1)], None).unwrap();
        engine.sync_once().unwrap();
        let (from, to) = ("2020-01-01".parse().unwrap(), "2099-12-31".parse().unwrap());
        let report = engine.stock_report(from, to).unwrap();
        assert!(report.balanced);
        let sums = &report.rows[0].sums;
        assert_eq!(
            (
                sums.received,
                sums.used,
                sums.returned,
                sums.closing,
                sums.yuntian
            ),
            (5, 2, 1, 2, 3)
        );
        assert!(engine.stock_report(to, from).is_err());
    })
    .await;
    let all = "from=2020-01-01&to=2099-12-31";
    let page = browser.page(&format!("/stock/report?{all}")).await;
    assert!(page.contains("合计与台账一致") && page.contains("领取−消耗（累计）"));
    for figure in ["5", "2", "1", "3"] {
        assert!(
            page.contains(&format!("<td class=\"n\">{figure}</td>")),
            "{figure}"
        );
    }
    assert!(browser.page("/stock").await.contains("href=\"/stock/report\""));
    let (status, csv) = browser.open(&format!("/stock/report.csv?{all}")).await;
    assert_eq!(status, 200);
    let lines: Vec<&str> = csv.trim_start_matches('\u{feff}').lines().collect();
    assert!(lines[0].starts_with("工程师,"), "{}", lines[0]);
    assert_eq!(lines[1], "'=王建国,KEY-U3,,名下良品,0,5,5,2,1,0,0,0,0,0,2,3");
    assert_eq!(lines.len(), 2);
    // Nothing yet in a quarter of before; a period that ends before it begins is refused.
    let (_, csv) = browser
        .open("/stock/report.csv?from=2020-01-01&to=2020-03-31")
        .await;
    assert_eq!(csv.lines().count(), 1);
    let (status, _) = browser.open("/stock/report?from=2026-02-01&to=2026-01-01").await;
    assert_eq!(status, 303);
    assert_eq!(browser.open("/stock/report?from=x").await.0, 303);
}
