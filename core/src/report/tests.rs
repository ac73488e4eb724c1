//! Everything printed in both languages, hostile texts, every change noticed, corrections with their differences.

use super::*;
use crate::domain::certificate::tests::{certificate, device_key, organisation};
use crate::domain::sealed::tests::content;
use crate::domain::sealed::{SealedFile, SealedForbidden, SealedOpinion, Signing, seal};
use crate::domain::signed::PublicKey;
use crate::domain::work::OpinionKind;

/// The smallest picture: nobody looks at it here, `tests/edges/print.sh` prints real ones.
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF picture \xff\xd9";

fn sealed(content: &SealedContent, place: Place) -> SealedFile {
    let facts = vec!["0193f2c0-0000-7000-8000-000000000001#0".to_owned()];
    seal(content, place, &facts, &certificate(), &device_key()).unwrap()
}

/// A report with one photo at hand and one on its way.
fn report() -> SealedFile {
    let mut content = content();
    content.photos = vec![ContentHash::of(JPEG), ContentHash::of(b"on its way")];
    sealed(&content, Place::FIRST)
}

fn at_hand(files: &[&[u8]]) -> impl Fn(&ContentHash) -> Option<Vec<u8>> {
    let files: Vec<Vec<u8>> = files.iter().map(|file| file.to_vec()).collect();
    move |hash| files.iter().find(|file| ContentHash::of(file) == *hash).cloned()
}

fn page(file: &SealedFile, files: &[&[u8]], lang: Lang) -> String {
    printable(&file.bytes, &at_hand(files), lang).unwrap()
}

#[test]
fn f21_everything_that_was_sealed_is_printed_in_both_languages() {
    let file = report();
    let said = content();
    let hash = words::grouped(file.sha256);
    for (lang, labels) in [
        (
            Lang::ZhCn,
            [
                "维修服务报告",
                "客户意见",
                "照片在途",
                "人为损坏",
                "照片 2/2",
                "¥128.00",
            ],
        ),
        (
            Lang::En,
            [
                "Service report",
                "Customer&#39;s opinion",
                "on its way",
                "User damage",
                "Photo 2 of 2",
                "¥128.00",
            ],
        ),
    ] {
        let html = page(&file, &[JPEG], lang);
        let values = [
            said.order.number.as_str(),
            said.order.summary.as_str(),
            said.customer.name.as_str(),
            "江城市解放路 18 号",
            said.engineer.name.as_str(),
            "8F21-0007",
            said.report.fault_found.as_str(),
            said.report.action_taken.as_str(),
            "Windows 11, 印章客户端 5.2",
            "9A00-1234",
            "涉密机房",
            "李雷",
            "王芳",
            "财务",
            "2026-11-23 09:20",
            "2026-11-23 10:04",
            "prices@3",
            "信安印章服务有限公司",
            hash.as_str(),
            "fieldseal-server verify",
            "data:image/jpeg;base64,",
            "viewBox=\"0 0 10000 4000\"",
        ];
        for told in values.iter().chain(&labels) {
            assert!(html.contains(told), "{told} ({lang})");
        }
        let fingerprint = PublicKey::of(&organisation()).fingerprint().to_string();
        assert!(html.contains(&fingerprint));
        // No key stands where a text should, nothing runs, nothing is loaded.
        for refused in [
            "printed.",
            "<script",
            "http-equiv=\"refresh",
            "url(",
            "@import",
            " on",
        ] {
            let text = html
                .replace("class=\"on\"", "")
                .replace(" on its way", "")
                .replace(" on record", "");
            let hits: Vec<&str> = text
                .split(refused)
                .skip(1)
                .map(|rest| &rest[..rest.len().min(12)])
                .collect();
            let attributes = hits
                .iter()
                .filter(|rest| refused != " on" || rest.contains("=\""));
            assert_eq!(attributes.count(), 0, "{refused}: {hits:?}");
        }
        let addresses = html.matches("http").count();
        assert_eq!(
            addresses,
            html.matches("http-equiv").count() + html.matches("http://www.w3.org/2000/svg").count()
        );
    }
}

#[test]
fn printing_is_pure_and_its_layout_is_golden() {
    let file = report();
    assert_eq!(page(&file, &[JPEG], Lang::En), page(&file, &[JPEG], Lang::En));
    assert_ne!(page(&file, &[JPEG], Lang::En), page(&file, &[], Lang::En));
    // Whoever changes the markup raises `LAYOUT`: files of before must not be called changed by somebody. (Texts and
    // style sheet are in the layout's name anyway.)
    let skeleton = |lang| {
        let html = page(&file, &[JPEG], lang);
        let body = html.split_once("<body>").unwrap().1;
        let tags = body.split('<').filter_map(|part| Some(part.split_once('>')?.0));
        let tags = tags.map(|tag| {
            let class = tag
                .split_once("class=\"")
                .and_then(|(_, rest)| rest.split('"').next());
            let name: String = tag.split(' ').next().unwrap_or_default().into();
            format!("{name}.{} ", class.unwrap_or_default())
        });
        ContentHash::of(tags.collect::<String>().as_bytes()).to_string()[..16].to_owned()
    };
    assert_eq!((LAYOUT, skeleton(Lang::ZhCn).as_str()), (2, "87ce356a63521c4e"));
    // One line more: that another language was signed.
    assert_eq!(skeleton(Lang::En), "3878ff8dfe7cf668");
    assert!(layout().starts_with("2-") && layout().len() == 14);
}

#[test]
fn s04_the_printed_file_verifies_and_every_flipped_byte_is_noticed() {
    let file = report();
    for lang in [Lang::ZhCn, Lang::En] {
        let html = page(&file, &[JPEG], lang).into_bytes();
        let trusted = Some(PublicKey::of(&organisation()).fingerprint());
        let opened = open_printed(&html, trusted).unwrap();
        assert_eq!(opened.visible, Visible::AsSealed(lang));
        assert_eq!(opened.sealed, file.bytes);
        assert_eq!(opened.photos, 1);
        let stranger = Some(PublicKey::of(&device_key()).fingerprint());
        assert_eq!(open_printed(&html, stranger), Err(VerifyError::Organisation));
        let holds = |bytes: &[u8]| {
            open_printed(bytes, None).is_ok_and(|opened| matches!(opened.visible, Visible::AsSealed(_)))
        };
        // A prime step meets every section, the sealed bytes and the photo.
        let step = if lang == Lang::En { 211 } else { 197 };
        for at in (0..html.len()).step_by(step) {
            let mut flipped = html.clone();
            flipped[at] ^= 1;
            assert!(!holds(&flipped), "byte {at}");
        }
        for place in [
            "data:image/jpeg;base64,",
            "¥128.00",
            "fieldseal-layout\" content=\"",
            "</html>",
        ] {
            let at = String::from_utf8(html.clone()).unwrap().find(place).unwrap() + place.len() - 1;
            let mut flipped = html.clone();
            flipped[at] ^= 1;
            assert!(!holds(&flipped), "{place}");
        }
        assert!(!holds(&[html.as_slice(), b"<p>more</p>"].concat()));
        assert!(!holds(&html[..html.len() - 1]));
    }
}

#[test]
fn s04_it_is_said_which_part_does_not_hold() {
    let file = report();
    let html = page(&file, &[JPEG], Lang::ZhCn);
    let visible = |html: &str| open_printed(html.as_bytes(), None).map(|opened| opened.visible);
    assert_eq!(visible(&html.replace("¥128.00", "¥1.00")), Ok(Visible::Changed));
    let other = html.replace(&layout(), "9-000000000000");
    assert_eq!(visible(&other), Ok(Visible::OtherLayout));
    assert_eq!(visible("<p>nothing</p>"), Err(VerifyError::Form));
    // Another report's sealed bytes under this report's text.
    let mut other = content();
    other.order.number = "SS20261123002".into();
    let other = page(&sealed(&other, Place::FIRST), &[], Lang::ZhCn);
    let bytes = |html: &str| {
        html.split("fieldseal-sealed\" content=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        visible(&html.replace(&bytes(&html), &bytes(&other))),
        Ok(Visible::Changed)
    );
    // A photo of the same name and place, but another photo.
    let swapped = {
        let mut encoded = Html::default();
        encoded.base64(JPEG);
        let mut fake = Html::default();
        fake.base64(b"\xff\xd8\xff\xe0\0\x10JFIF another \xff\xd9");
        html.replace(&encoded.finish(), &fake.finish())
    };
    let opened = open_printed(swapped.as_bytes(), None).unwrap();
    assert_eq!((opened.visible, opened.photos), (Visible::Changed, 0));
}

#[test]
fn a_part_without_a_name_is_printed_by_its_number_once() {
    let mut said = content();
    let cell = |html: &str, text: &str| html.matches(&format!(">{text}<")).count();
    let html = page(&sealed(&said, Place::FIRST), &[], Lang::En);
    assert_eq!((cell(&html, "电子印章 KEY 第二代"), cell(&html, "KEY-2")), (1, 1));
    said.lines[0].name = said.lines[0].part.clone();
    let html = page(&sealed(&said, Place::FIRST), &[], Lang::En);
    assert_eq!(cell(&html, "KEY-2"), 1);
    assert!(html.contains("<tr><td>–</td><td><code>KEY-2</code></td>"));
}

#[test]
fn hostile_names_stay_text_and_the_file_still_verifies() {
    let hostile = "</dd><script>alert(1)</script>\" onload=\"x\u{202e}gnp.exe\u{0}\u{1b}[2J'&amp;</style>\\";
    let mut said = content();
    said.order.number = hostile.into();
    said.order.summary = hostile.into();
    said.customer.name = hostile.into();
    said.engineer.name = hostile.into();
    said.assets[0].product = hostile.into();
    said.assets[0].serial = Some(hostile.into());
    said.times[0].what = hostile.into();
    said.report.fault_found = hostile.into();
    said.lines[0].name = hostile.into();
    said.charges[0].basis = hostile.into();
    said.charges[0].kind = hostile.into();
    said.decisions[0].label = hostile.into();
    said.decisions[0].shown = vec![hostile.into()];
    said.photography_forbidden = Some(SealedForbidden {
        reason: hostile.into(),
        witness: hostile.into(),
    });
    said.opinion = Some(SealedOpinion {
        kind: OpinionKind::Opinion,
        text: Some(hostile.into()),
    });
    said.signing = Signing::Refused {
        reason: hostile.into(),
        witness: hostile.into(),
    };
    let file = sealed(&said, Place::FIRST);
    for lang in [Lang::ZhCn, Lang::En] {
        let html = page(&file, &[], lang);
        assert!(!html.contains("<script") && !html.contains("onload=\""));
        assert!(!html.contains('\u{202e}') && !html.contains('\0') && !html.contains('\u{1b}'));
        assert!(html.contains("[U+202E]gnp.exe"));
        assert_eq!(html.matches("</style>").count(), 1);
        assert_eq!(html.matches("</body>").count(), 1);
        let opened = open_printed(html.as_bytes(), None).unwrap();
        assert_eq!(opened.visible, Visible::AsSealed(lang));
    }
}

#[test]
fn d05_03_a_correction_says_of_what_why_and_lists_what_changed() {
    let first = report();
    let mut said = content();
    said.lines[0].qty = 2;
    said.correction = Some("数量应为 2".into());
    said.photos = vec![ContentHash::of(JPEG), ContentHash::of(b"on its way")];
    let second = sealed(&said, Place::after(1, first.sha256));
    let html = page(&second, &[JPEG, &first.bytes], Lang::ZhCn);
    let prev = words::grouped(first.sha256);
    for told in [
        "数量应为 2",
        "第 2 版",
        "第 1 版",
        "× 1 ·",
        "× 2 ·",
        prev.as_str(),
    ] {
        assert!(html.contains(told), "{told}");
    }
    let table = html
        .split("更正前")
        .nth(1)
        .unwrap()
        .split("</table>")
        .next()
        .unwrap();
    assert_eq!(table.matches("<tr>").count(), 1, "only what differs: {table}");
    let opened = open_printed(html.as_bytes(), None).unwrap();
    assert_eq!(opened.visible, Visible::AsSealed(Lang::ZhCn));
    // Without the first file at hand that is said, and the page still verifies.
    let alone = page(&second, &[JPEG], Lang::En);
    assert!(alone.contains("not at hand"));
    assert_eq!(
        open_printed(alone.as_bytes(), None).unwrap().visible,
        Visible::AsSealed(Lang::En)
    );
    // Another report under the hash of the revision before is told.
    let stranger = sealed(&content(), Place::FIRST);
    let wrong = sealed(&said, Place::after(4, stranger.sha256));
    assert_eq!(
        printable(&wrong.bytes, &at_hand(&[&stranger.bytes]), Lang::En),
        Err(ReportError::Before)
    );
}

#[test]
fn what_does_not_hold_is_not_printed() {
    let file = report();
    let mut broken = file.bytes.clone();
    broken[100] ^= 1;
    assert!(matches!(
        printable(&broken, &|_| None, Lang::En),
        Err(ReportError::Sealed(_))
    ));
    let wrong = printable(&file.bytes, &|_| Some(b"other bytes".to_vec()), Lang::En);
    assert_eq!(wrong, Err(ReportError::Bytes(ContentHash::of(JPEG))));
}

#[test]
fn the_page_in_the_other_language_says_which_one_was_signed() {
    let file = report();
    let english = page(&file, &[JPEG], Lang::En);
    assert!(
        english.contains("signed this report in: Simplified Chinese")
            || english.contains("signed this report in: 简体中文")
    );
    assert!(!page(&file, &[JPEG], Lang::ZhCn).contains("本件以简体中文显示"));
    // Its explanation is rendered from the same codes.
    for line in &content().decisions[0].decision.explanation {
        let mut text = Html::default();
        text.text(line.render(Lang::En).trim_start_matches("→ "));
        let text = text.finish();
        assert!(english.contains(&text), "{text}");
    }
}

#[test]
fn the_qr_code_holds_the_hash() {
    let file = report();
    assert_eq!(
        qr_text(file.sha256),
        format!("fieldseal:1:sha256:{}", file.sha256)
    );
    assert_eq!(qr(file.sha256).unwrap().version().value(), 5);
}
