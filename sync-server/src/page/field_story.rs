//! The page with real engineers behind it: two `Engine`s over real HTTP, one of them out of reach while the page
//! reassigns his order (D.5-1), then the sealed report, its decision, audit and un-audit.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;

use fieldseal_core::device::Engine;
use fieldseal_core::device::engine::{Closing, Examination, OpenOptions, Pieces, SealRequest, Step};
use fieldseal_core::domain::calendar::CompanyZone;
use fieldseal_core::domain::ids::{OrderId, UserId};
use fieldseal_core::domain::scribble::scribble;
use fieldseal_core::domain::signed::Fingerprint;
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::domain::warranty::{CustomerAnswer, PhotographyForbidden, SymptomEvidence};
use fieldseal_core::domain::work::{AttemptChannel, Outcome, Symptom};
use fieldseal_core::facts::{DocName, ViewToken};
use fieldseal_core::report::{Visible, open_printed};
use serde_json::{Value, json};

use super::model::{Proof, RevisionView};
use super::present::Names;
use super::present::report::{Sealed, revision};
use super::story::{Browser, dispatched, engineer, id_of};
use crate::http::testing::Bench;

pub(super) async fn serve(bench: &Bench) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let router = crate::http::router(bench.state.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    addr
}

/// Blocking work of a phone, beside the server's runtime.
pub(super) async fn on_phone<T: Send + 'static>(
    engine: &Engine,
    work: impl FnOnce(&Engine) -> T + Send + 'static,
) -> T {
    let engine = engine.clone();
    tokio::task::spawn_blocking(move || work(&engine)).await.unwrap()
}

pub(super) async fn phone(
    bench: &Bench,
    addr: SocketAddr,
    folder: &Path,
    user: UserId,
    name: &'static str,
) -> Engine {
    let engine = Engine::open(OpenOptions {
        path: folder.join(format!("{user}.sqlite")),
        key: None,
        env: crate::system::system_env().unwrap(),
        zone: CompanyZone::default(),
    })
    .unwrap();
    let code = bench.code(user);
    on_phone(&engine, move |engine| {
        engine.enrol(&format!("http://{addr}"), &code, name).unwrap();
        engine.sync_once().unwrap();
    })
    .await;
    engine
}

pub(super) fn token(engine: &Engine, order: OrderId) -> ViewToken {
    engine.order(order).unwrap().token
}

pub(super) fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, Value> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect()
}

/// Everything from the way there to the handed-in report.
pub(super) fn work(engine: &Engine, order: OrderId) {
    let step = |step: Step| engine.step(order, &token(engine, order), step).unwrap();
    step(Step::Contact {
        channel: AttemptChannel::Phone,
        reached: true,
        text: Some("客户在现场".into()),
    });
    step(Step::Travel);
    step(Step::Arrive);
    step(Step::Progress {
        text: "外壳有裂纹".into(),
    });
    let (witness, _) = engine
        .record_person(
            &token(engine, order),
            fields(&[("name", "李雷"), ("role", "保安")]),
        )
        .unwrap();
    let asset = engine.order(order).unwrap().order.fields.texts("assets")[0]
        .parse::<DocName>()
        .unwrap();
    let cracked = Examination::Eseal {
        works: false,
        tested_elsewhere: true,
        inspected: true,
        inspection_photos: BTreeSet::new(),
        symptoms: BTreeMap::from([(Symptom::ShellCracked, SymptomEvidence::default())]),
        photography_forbidden: Some(PhotographyForbidden {
            reason: "机房禁止拍照".into(),
            witness,
        }),
        quantity: 1,
    };
    let (_, saved) = engine
        .examine(order, &token(engine, order), &asset, cracked)
        .unwrap();
    engine
        .answer(
            order,
            &token(engine, order),
            saved.facts[0],
            CustomerAnswer::Accepts,
        )
        .unwrap();
    let part = Pieces {
        part: "KEY-U3".into(),
        qty: 1,
        serial: Some("K-2001".into()),
    };
    engine.use_part(order, &token(engine, order), part).unwrap();
    let report = fields(&[
        ("fault_found", "外壳破裂，接触不良"),
        ("action_taken", "现场更换印章 KEY，签章正常"),
        ("opinion_kind", "satisfied"),
        ("signer_name", "周伟"),
        ("signer_role", "行政"),
    ]);
    engine.save_report(order, &token(engine, order), report).unwrap();
    step(Step::Done {
        outcome: Outcome::Solved,
        reason: None,
    });
    let closing = Closing::Signed {
        strokes: scribble(7).unwrap(),
    };
    let request = SealRequest {
        language: Lang::ZhCn,
        closing,
    };
    engine.seal(order, &token(engine, order), request).unwrap();
    engine.submit(order, &token(engine, order), None).unwrap();
}

/// Keeps a page to be looked at (see `tests`).
fn keep(name: &str, html: &str) {
    if let Ok(folder) = std::env::var("FIELDSEAL_RENDER_TO") {
        let html = html.replace(&format!("/static/{}/", super::assets::version()), "./");
        std::fs::write(Path::new(&folder).join(format!("{name}.html")), html).unwrap();
    }
}

/// I5, S4: one flipped byte, another organisation's key, another revision's place, or no file at all.
fn a_changed_file_is_no_proof(bench: &Bench, order: OrderId, sealed: &[u8]) {
    let office = &bench.state.office;
    let view = office.views().order(order).unwrap().unwrap();
    let seal = view.visits.iter().flat_map(|visit| &visit.seals).next().unwrap();
    let (words, names) = (super::sample::words(Lang::En), Names::default());
    let check = |bytes: Option<&[u8]>, prev: Option<&str>, organisation| {
        let sealed = Sealed {
            order,
            seal,
            prev,
            bytes,
            href: "/x",
            may_pick: false,
        };
        revision(&words, &names, sealed, Some(organisation))
    };
    let ours = office.fingerprint();
    assert!(matches!(
        check(Some(sealed), None, ours).proof,
        Proof::Unchanged { .. }
    ));
    let missing = check(None, None, ours);
    assert!(matches!(missing.proof, Proof::Missing) && missing.href.is_empty());
    let broken = |view: RevisionView| matches!(view.proof, Proof::Broken { .. }) && view.rows.is_empty();
    for at in [10, sealed.len() / 2, sealed.len() - 10] {
        let mut flipped = sealed.to_vec();
        flipped[at] ^= 1;
        assert!(broken(check(Some(&flipped), None, ours)), "byte {at}");
    }
    assert!(broken(check(Some(sealed), None, Fingerprint([7; 16]))));
    assert!(broken(check(Some(sealed), Some(&"0".repeat(64)), ours)));
    let elsewhere = Sealed {
        order: OrderId(uuid::Uuid::from_u128(7)),
        seal,
        prev: None,
        bytes: Some(sealed),
        href: "/x",
        may_pick: false,
    };
    assert!(
        broken(revision(&words, &names, elsewhere, Some(ours))),
        "sealed for another order"
    );
}

/// Y-08, B14: in both languages, with a policy of its own, and only for what a seal of this order names.
async fn the_page_prints_the_same_bytes_as_the_phone(
    browser: &Browser<'_>,
    engine: &Engine,
    order: OrderId,
    sha256: &str,
) {
    let path = format!("/orders/{order}/report/{sha256}");
    for lang in [Lang::ZhCn, Lang::En] {
        let printed = on_phone(engine, move |engine| engine.printable(order, None, lang).unwrap()).await;
        assert_eq!(
            (printed.revision, printed.sha256.to_string().as_str()),
            (1, sha256)
        );
        let headers = browser.headers(&format!("{path}?lang={lang}")).await;
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; img-src data:") && policy.contains("sandbox"));
        assert!(
            headers["content-disposition"]
                .to_str()
                .unwrap()
                .ends_with(&format!("{lang}.html\""))
        );
        let page = browser.page(&format!("{path}?lang={lang}")).await;
        keep(&format!("field-printed.{lang}"), &page);
        assert_eq!(page, printed.html, "{lang}");
        let opened = open_printed(page.as_bytes(), None).unwrap();
        assert_eq!(opened.visible, Visible::AsSealed(lang));
    }
    // Without a language, the reader's.
    assert!(browser.page(&path).await.contains("维修服务报告"));
    let foreign = format!("/orders/{order}/report/{}", "0".repeat(64));
    assert_eq!(browser.open(&foreign).await.0, 404);
    let elsewhere = format!("/orders/{}/report/{sha256}", OrderId(uuid::Uuid::from_u128(7)));
    assert_eq!(browser.open(&elsewhere).await.0, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d05_01_the_page_reassigns_while_the_engineer_finishes_out_of_reach_and_audits_his_report() {
    let bench = Bench::new();
    let addr = serve(&bench).await;
    let folder = tempfile::tempdir().unwrap();
    let (wang, chen) = (engineer(&bench, 1, "王建国"), engineer(&bench, 2, "陈思远"));
    let browser = Browser::signed_in(&bench);
    let issue = [
        ("engineer", wang.to_string()),
        ("part", "KEY-U3".into()),
        ("qty", "2".into()),
        ("how", "in_hand".into()),
    ];
    let issue: Vec<(&str, &str)> = issue
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let stock = browser.page("/stock").await;
    browser.done(&stock, "/stock/issue", &issue, "stock_issued").await;
    let page = dispatched(&browser, wang).await;
    let id = id_of(&page);
    let order: OrderId = id.parse().unwrap();
    let wangs = phone(&bench, addr, folder.path(), wang, "王的手机").await;
    let chens = phone(&bench, addr, folder.path(), chen, "陈的手机").await;
    on_phone(&wangs, move |engine| {
        engine
            .step(order, &token(engine, order), Step::Accept { plan: None })
            .unwrap();
        engine.sync_once().unwrap();
    })
    .await;
    let page = browser.page(&format!("/orders/{id}")).await;
    assert!(page.contains("已接单") && page.contains("王的手机") && page.contains("已送达工程师设备"));
    assert!(browser.page("/").await.contains("在线"));

    // Wang loses his signal and works; the page gives the order to Chen, who accepts.
    on_phone(&wangs, move |engine| work(engine, order)).await;
    let reassign = [("engineer", chen.to_string()), ("reason", "联系不上".to_owned())];
    let reassign: Vec<(&str, &str)> = reassign
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let path = format!("/orders/{id}/assign");
    browser.done(&page, &path, &reassign, "assigned").await;
    on_phone(&chens, move |engine| {
        engine.sync_once().unwrap();
        engine
            .step(order, &token(engine, order), Step::Accept { plan: None })
            .unwrap();
        engine.sync_once().unwrap();
    })
    .await;
    on_phone(&wangs, |engine| engine.sync_once().unwrap()).await;

    let page = browser.page(&format!("/orders/{id}")).await;
    keep("field-submitted.zh-CN", &page);
    for told in [
        "已提交",
        "已由他人完成",
        "联系不上",
        "签字后内容未变",
        "外壳破裂，接触不良",
        "周伟",
        "KEY-U3",
        "K-2001",
        "待确认",
        "保修判定尚未确认",
        "<svg viewBox=\"0 0 10000 3400\"",
    ] {
        assert!(page.contains(told), "{told}");
    }
    assert!(
        !page.contains(&format!("/orders/{id}/audit")),
        "an unconfirmed decision blocks the audit"
    );
    let conflicts = browser.page("/conflicts").await;
    keep("field-conflicts.zh-CN", &conflicts);
    assert!(
        conflicts.contains("已完成的作业有效")
            && conflicts.contains("王的手机")
            && conflicts.contains("转派给 陈思远")
    );

    // The file is fetched as it was signed, and says so by itself.
    let file = page
        .split(&format!("href=\"/orders/{id}/files/"))
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let (status, sealed) = browser.open(&format!("/orders/{id}/files/{file}")).await;
    assert_eq!(status, 200);
    fieldseal_core::domain::sealed::verify_sealed(sealed.as_bytes(), Some(bench.state.office.fingerprint()))
        .unwrap();
    a_changed_file_is_no_proof(&bench, order, sealed.as_bytes());
    let foreign = "0".repeat(64);
    assert_eq!(
        browser.open(&format!("/orders/{id}/files/{foreign}")).await.0,
        404
    );

    the_page_prints_the_same_bytes_as_the_phone(&browser, &wangs, order, file).await;

    let confirmed = browser
        .done(&page, &format!("/orders/{id}/confirm"), &[], "confirmed")
        .await;
    assert!(confirmed.contains("已确认"));
    let audited = browser
        .done(&confirmed, &format!("/orders/{id}/audit"), &[], "audited")
        .await;
    assert!(audited.contains("审核完成") && audited.contains("李娜 于"));
    assert!(browser.page("/").await.contains("审核完成"));
    let open = browser
        .done(
            &audited,
            &format!("/orders/{id}/unaudit"),
            &[("reason", "数量有误")],
            "unaudited",
        )
        .await;
    let back = browser
        .done(
            &open,
            &format!("/orders/{id}/return"),
            &[("reason", "请补充序列号")],
            "returned",
        )
        .await;
    keep("field-returned.zh-CN", &back);
    assert!(back.contains("已退回") && back.contains("请补充序列号"));
    // The same in English, explanation lines included.
    browser.post(&back, "/language", &[("lang", "en")]).await;
    let english = browser.page(&format!("/orders/{id}")).await;
    keep("field-returned.en", &english);
    assert!(
        english.contains("Content unchanged since it was signed") && english.contains("Returned by 李娜")
    );
    assert!(english.contains("Shell cracked") && english.contains("User damage"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_phone_comes_back_under_a_new_key_with_its_unsent_work_and_for_its_engineer_only() {
    let bench = Bench::new();
    let addr = serve(&bench).await;
    let folder = tempfile::tempdir().unwrap();
    let (wang, chen) = (engineer(&bench, 1, "王建国"), engineer(&bench, 2, "陈思远"));
    let browser = Browser::signed_in(&bench);
    let order: OrderId = id_of(&dispatched(&browser, wang).await).parse().unwrap();
    let phone = phone(&bench, addr, folder.path(), wang, "王的手机").await;
    let step = |step: Step| {
        on_phone(&phone, move |engine| {
            engine.step(order, &token(engine, order), step).unwrap();
        })
    };
    step(Step::Accept { plan: None }).await;
    on_phone(&phone, |engine| engine.sync_once().unwrap()).await;
    let device = |bench: &Bench| {
        let tx = bench.state.service.storage().read().unwrap();
        tx.devices().unwrap().pop().unwrap()
    };
    let old = device(&bench);

    // Work that has not left the phone when it is revoked, and some after it.
    step(Step::Travel).await;
    bench.state.enrolment.revoke(old.id, wang, "lost").unwrap();
    assert!(on_phone(&phone, |engine| engine.sync_once().is_err()).await);
    step(Step::Arrive).await;
    let unsent = phone.status().unwrap().unsent;
    assert!(phone.status().unwrap().enrolment.unwrap().revoked && unsent >= 2);

    // Somebody else's code changes nothing; what is there stays readable.
    let url = format!("http://{addr}");
    let enrol = |user: UserId| {
        let (url, code) = (url.clone(), bench.code(user));
        on_phone(&phone, move |engine| engine.enrol(&url, &code, "again"))
    };
    let refused = format!("{:?}", enrol(chen).await.unwrap_err());
    assert!(refused.contains("step_problem.other_engineer"), "{refused}");
    assert_eq!(phone.status().unwrap().unsent, unsent);
    assert!(phone.status().unwrap().enrolment.unwrap().revoked);
    assert_eq!(phone.order(order).unwrap().order.visits.len(), 1);

    enrol(wang).await.unwrap();
    assert_eq!(phone.status().unwrap().unsent, unsent, "adopted, none twice");
    on_phone(&phone, |engine| engine.sync_once().unwrap()).await;
    let status = phone.status().unwrap();
    assert_eq!((status.unsent, status.refused, status.mismatch), (0, 0, None));
    let new = device(&bench);
    assert_ne!(new.tag, old.tag);
    let office = bench.state.office.views().order(order).unwrap().unwrap();
    let shown = phone.order(order).unwrap().order;
    assert_eq!(office.timeline.len(), shown.timeline.len());
    let kinds: Vec<&str> = office
        .timeline
        .iter()
        .map(|event| event.record.kind.as_str())
        .filter(|kind| matches!(*kind, "accept" | "travel" | "arrive"))
        .collect();
    assert_eq!(kinds, ["accept", "travel", "arrive"]);

    // A token that the server does not know any more: another one under the same key, nothing is written again.
    step(Step::Progress {
        text: "到场".into()
    })
    .await;
    let mut lost = new.clone();
    lost.token_hash = [9; 32];
    let mut tx = bench.state.service.storage().write().unwrap();
    tx.put_device(&lost).unwrap();
    tx.commit().unwrap();
    assert!(on_phone(&phone, |engine| engine.sync_once().is_err()).await);
    enrol(wang).await.unwrap();
    on_phone(&phone, |engine| engine.sync_once().unwrap()).await;
    assert_eq!((phone.status().unwrap().unsent, device(&bench).tag), (0, new.tag));
}
