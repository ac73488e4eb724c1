//! The printable report with photos that a real engine took, sealed and sent: phone and page print the same bytes, parts
//! go by their names, and who opens a sensitive photo in it is logged.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fieldseal_core::device::engine::{PhotoNote, Step};
use fieldseal_core::documents::Document;
use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::ids::OrderId;
use fieldseal_core::domain::roles::Role;
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::domain::work::{ConsentKind, ConsentWay, PhotoSubject};
use fieldseal_core::facts::{DocName, Head};
use fieldseal_core::media::jpeg;
use fieldseal_core::report::{Visible, open_printed};

use super::field_story::{on_phone, phone, serve, token, work};
use super::story::{Browser, dispatched, engineer, id_of};
use crate::bundle;
use crate::http::testing::{Bench, LI};
use crate::office::{PackKind, Person};

const PARTS: &str = r#"{"id":"parts","version":1,"parts":[
    {"number":"KEY-U3","name":{"zh-CN":"三代印章空白钥匙","en":"e-seal key, third generation, blank"}}]}"#;

/// A picture as a camera leaves it: larger than the app keeps, and not the other one.
fn picture(folder: &Path, tint: u8) -> PathBuf {
    let (width, height) = (2_000, 1_500);
    let rgb: Vec<u8> = (0..width * height)
        .flat_map(|at| {
            let (x, y) = (at % width, at / width);
            [
                tint,
                u8::try_from(x * 255 / width).unwrap(),
                u8::try_from(y * 255 / height).unwrap(),
            ]
        })
        .collect();
    let path = folder.join(format!("IMG_{tint}.jpg"));
    std::fs::write(&path, jpeg::encode(&rgb, width, height, 85)).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b14_f28_photos_that_the_phone_took_are_printed_alike_archived_and_sensitive_ones_logged() {
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
    let office = &bench.state.office;
    office
        .publish_pack(&admin, PackKind::Parts, PARTS, "2020-01-01")
        .unwrap();
    let refused = PARTS.replace("\"en\":", "\"fr\":");
    assert!(
        office
            .publish_pack(&admin, PackKind::Parts, &refused, "2020-01-01")
            .is_err()
    );
    let browser = Browser::signed_in(&bench);
    let order: OrderId = id_of(&dispatched(&browser, wang).await).parse().unwrap();
    let wangs = phone(&bench, addr, folder.path(), wang, "王的手机").await;

    // No signal: photos, one of them of a sealed document, then the work and the signature.
    let (plain, secret) = (picture(folder.path(), 40), picture(folder.path(), 200));
    let photos: [ContentHash; 2] = on_phone(&wangs, move |engine| {
        let step = |step: Step| engine.step(order, &token(engine, order), step).unwrap();
        step(Step::Accept { plan: None });
        step(Step::Consent {
            kind: ConsentKind::SensitiveCopy,
            how: ConsentWay::Spoken,
            given_by: None,
            new_due: None,
            text: None,
        });
        let add = |file: &Path, note| {
            engine
                .add_photo(order, &token(engine, order), file, note)
                .unwrap()
                .0
        };
        let plain = add(&plain, PhotoNote::of(PhotoSubject::Device));
        let sensitive = PhotoNote {
            sensitive: true,
            ..PhotoNote::of(PhotoSubject::Other)
        };
        let secret = add(&secret, sensitive);
        work(engine, order);
        [plain, secret]
    })
    .await;
    let sha256 = on_phone(&wangs, move |engine| {
        let printed = engine.printable(order, None, Lang::En).unwrap();
        printed.sha256
    })
    .await;
    let path = format!("/orders/{order}/report/{sha256}");
    assert_eq!(browser.open(&path).await.0, 404, "nothing has been sent");
    let waiting = on_phone(&wangs, |engine| {
        engine.sync_once().unwrap();
        engine.status().unwrap().photos_waiting
    })
    .await;
    assert_eq!(waiting, 0);

    let log = folder.path().join("log");
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::INFO)
        .with_writer(Arc::new(File::create(&log).unwrap()))
        .finish();
    let logged = tracing::subscriber::set_default(subscriber);
    for lang in [Lang::ZhCn, Lang::En] {
        let printed = on_phone(&wangs, move |engine| engine.printable(order, None, lang).unwrap()).await;
        let page = browser.page(&format!("{path}?lang={lang}")).await;
        assert_eq!(page, printed.html, "{lang}");
        let opened = open_printed(page.as_bytes(), Some(office.fingerprint())).unwrap();
        assert_eq!((opened.visible, opened.photos), (Visible::AsSealed(lang), 2));
        assert_eq!(opened.verified.content.photos, photos);
        // Signed in Chinese: the name that the customer read stays, whatever the language of the labels.
        assert!(page.contains("<td>三代印章空白钥匙</td>") && page.contains("<code>KEY-U3</code>"));
    }
    drop(logged);
    let log = std::fs::read_to_string(log).unwrap();
    let told: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("a sensitive photo was opened"))
        .collect();
    assert_eq!(told.len(), 2, "once for each opening: {log}");
    for line in told {
        let whole = [LI.to_string(), order.to_string(), photos[1].to_string()];
        assert!(whole.iter().all(|part| line.contains(part)), "{line}");
    }

    // The whole ticket as one file (F-28): what was printed, sealed and photographed is in it, byte for byte.
    let ticket = office.order(order).unwrap().unwrap().ticket.unwrap().doc.clone();
    let DocName::Ticket(ticket) = ticket else {
        panic!("no ticket: {ticket}")
    };
    let bundle = browser.bytes(&format!("/tickets/{ticket}/archive")).await;
    let held = bundle::check(&bundle[..], Some(office.fingerprint())).unwrap();
    assert_eq!(held.content.ticket, ticket);
    assert!(held.content.missing.is_empty());
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(&bundle[..]).entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        files.insert(entry.path().unwrap().to_str().unwrap().to_owned(), bytes);
    }
    for lang in [Lang::ZhCn, Lang::En] {
        let page = browser.page(&format!("{path}?lang={lang}")).await;
        assert_eq!(files[&format!("reports/{sha256}.{lang}.html")], page.as_bytes());
    }
    for photo in photos {
        assert_eq!(ContentHash::of(&files[&format!("photos/{photo}.jpg")]), photo);
    }
    assert_eq!(ContentHash::of(&files[&format!("reports/{sha256}.json")]), sha256);
    let visit = &files[&format!("documents/visit-{order}-{wang}.automerge")];
    let phones = on_phone(&wangs, move |engine| token(engine, order)).await;
    let visit = Document::load(visit).unwrap();
    assert!(!visit.heads().is_empty());
    assert!(
        visit
            .heads()
            .iter()
            .all(|head| phones.heads.contains(&Head::of(head))),
        "as the phone has it"
    );
    for record in ["customer", "order", "ticket"] {
        let prefix = format!("records/{record}-");
        assert!(
            files.keys().any(|path| path.starts_with(&prefix)),
            "{record}: {:?}",
            files.keys()
        );
    }
    // A photo that is not there any more is said to be missing; the rest is archived all the same.
    std::fs::remove_dir_all(bench.folder().join("blobs").join(&photos[0].to_string()[..2])).unwrap();
    let bundle = browser.bytes(&format!("/tickets/{ticket}/archive")).await;
    let held = bundle::check(&bundle[..], None).unwrap();
    assert!(held.content.missing.contains(&photos[0]));
}
