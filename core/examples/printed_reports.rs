//! Writes printable reports into a folder, for `tests/edges/print.sh` and for eyes: one with everything, its correction,
//! one that was refused, each in both languages, with the sealed files beside them.
//!
//! Keys and names are made up; rules, sealing and printing are the real ones.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for a test, and its output"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Parser;
use ed25519_dalek::SigningKey;
use fieldseal_core::domain::canonical::ContentHash;
use fieldseal_core::domain::certificate::{Certificate, CertificateBody};
use fieldseal_core::domain::ids::{DeviceId, OrderId, UserId};
use fieldseal_core::domain::money::Fen;
use fieldseal_core::domain::policy::{Packs, PriceList};
use fieldseal_core::domain::scribble::scribble;
use fieldseal_core::domain::sealed::{
    Place, SealedAsset, SealedCharge, SealedContent, SealedCustomer, SealedDecision, SealedEngineer,
    SealedFile, SealedForbidden, SealedLine, SealedOpinion, SealedOrder, SealedReport, SealedTime, Signing,
    seal,
};
use fieldseal_core::domain::signed::PublicKey;
use fieldseal_core::domain::texts::Lang;
use fieldseal_core::domain::warranty::{
    CustomerAnswer, EsealInputs, Inputs, PhotographyForbidden, SymptomEvidence, decide,
};
use fieldseal_core::domain::work::{OpinionKind, OrderType, Outcome, Symptom};
use fieldseal_core::report::printable;

#[derive(Debug, Parser)]
struct Arguments {
    /// The folder to write to.
    #[arg(long)]
    out: PathBuf,
    /// Pictures to print as photos of the first report.
    photos: Vec<PathBuf>,
}

fn id(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(0x0193_f2c0_0000_7000_8000_0000_0000_0000 | n)
}

fn at(time: &str) -> fieldseal_core::domain::time::LocalTime {
    format!("2026-11-23T{time}+08:00").parse().unwrap()
}

fn decision(cracked: bool, lang: Lang, answer: CustomerAnswer) -> SealedDecision {
    let serial = if cracked { "8F21-0007" } else { "8F21-0012" };
    let witnessed = PhotographyForbidden {
        reason: "涉密机房".into(),
        witness: fieldseal_core::domain::ids::PersonId(id(0xc1)),
    };
    let symptoms = if cracked {
        [(Symptom::ShellCracked, SymptomEvidence::default())].into()
    } else {
        std::collections::BTreeMap::new()
    };
    let case = EsealInputs {
        serial: Some(serial.into()),
        product: Some("eseal_key".into()),
        applied_on: Some(if cracked { "2025-09-07" } else { "2023-02-01" }.parse().unwrap()),
        reported_on: "2026-11-20".parse().unwrap(),
        told_on: "2026-11-23".parse().unwrap(),
        works: false,
        tested_elsewhere: true,
        inspected: true,
        inspection_photos: BTreeSet::new(),
        symptoms,
        photography_forbidden: Some(witnessed),
        quantity: 1,
    };
    let packs = Packs::builtin().unwrap();
    let decision = decide(&packs.warranty[0], &Inputs::Eseal(case), &PriceList::empty()).unwrap();
    SealedDecision {
        label: serial.into(),
        shown: decision
            .explanation
            .iter()
            .map(|line| line.render(lang))
            .collect(),
        decision,
        answer: Some(answer),
    }
}

fn time(what: &str, when: &str, suspect: bool) -> SealedTime {
    SealedTime {
        what: what.into(),
        at: at(when),
        suspect,
    }
}

/// A long visit: two keys, three photos of which one is on its way, parts, charges, an opinion in words.
fn whole(photos: Vec<ContentHash>) -> SealedContent {
    let lang = Lang::ZhCn;
    SealedContent {
        custody: Vec::new(),
        language: lang,
        template: "report@1".into(),
        sealed_at: at("10:41:12"),
        order: SealedOrder {
            id: OrderId(id(0x0a)),
            ticket: None,
            number: "SS20261123008".into(),
            kind: OrderType::Repair,
            summary: "两把印章 KEY 插入后无反应，电脑提示“无法识别的 USB 设备”，下午两点前需完成投标文件签章。".into(),
            reported_on: Some("2026-11-20".into()),
        },
        customer: SealedCustomer {
            id: None,
            name: "江城建设集团有限公司".into(),
            address: Some("江城市滨江区解放路 18 号金茂大厦 B 座 1206 室".into()),
            contact: Some("王芳 138 0000 1234".into()),
        },
        engineer: SealedEngineer {
            id: UserId(id(0xe1)),
            name: "陈思远".into(),
        },
        assets: vec![
            SealedAsset {
                id: None,
                product: "eseal_key".into(),
                serial: Some("8F21-0007".into()),
            },
            SealedAsset {
                id: None,
                product: "eseal_key".into(),
                serial: Some("8F21-0012".into()),
            },
        ],
        times: vec![
            time("accept", "08:12:00", false),
            time("travel", "08:40:00", false),
            time("arrive", "09:20:00", false),
            time("done", "10:32:00", true),
        ],
        report: SealedReport {
            fault_found: "第一把 KEY 外壳左侧开裂，金属接头松动，插入时接触不良；第二把外观完好，芯片无应答。\n换用另外两个接口和一台笔记本电脑测试，两把均不能识别。".into(),
            cause_code: None,
            action_taken: "更换两把新 KEY 并写入证书，重新安装印章客户端 5.2，在 Word 与 PDF 上各签章一次，验签均通过。旧 KEY 已当面注销并收回。".into(),
            outcome: Outcome::Solved,
            outcome_reason: None,
            environment: Some("Windows 11 专业版，WPS 12.1，印章客户端 5.2".into()),
        },
        lines: vec![SealedLine {
            part: "KEY-U3".into(),
            name: "电子印章 KEY 第三代".into(),
            qty: 1,
            serial: Some("K-2001".into()),
            price: Some(Fen(12_800)),
        }],
        charges: vec![
            SealedCharge {
                kind: "parts".into(),
                basis: "price.new_application".into(),
                amount: Some(Fen(12_800)),
                list: Some("prices@3".parse().unwrap()),
            },
            SealedCharge {
                kind: "travel".into(),
                basis: "labour_and_material".into(),
                amount: Some(Fen(6_000)),
                list: None,
            },
        ],
        total: Some(Fen(18_800)),
        decisions: vec![
            decision(true, lang, CustomerAnswer::Accepts),
            decision(false, lang, CustomerAnswer::Accepts),
        ],
        photos,
        photography_forbidden: None,
        opinion: Some(SealedOpinion {
            kind: OpinionKind::Opinion,
            text: Some("服务及时，讲解清楚；希望以后能提前告知 KEY 的保修到期日。".into()),
        }),
        signing: Signing::Signed {
            name: "王芳".into(),
            role: "财务主管".into(),
            relation: Some("联系人".into()),
            at: at("10:40:30"),
            strokes: scribble(7).unwrap(),
        },
        correction: None,
    }
}

fn refused() -> SealedContent {
    let mut content = whole(Vec::new());
    content.language = Lang::En;
    content.order.number = "SS20261123009".into();
    content.customer.name = "Riverside Trading (Jiangcheng) Ltd. <O'Neil & Sons>".into();
    content.customer.contact = Some("Zoë O’Neil".into());
    content.order.summary = "The key is not recognised.".into();
    content.report.fault_found = "Shell cracked on the left side.".into();
    content.report.action_taken = "Explained the decision; nothing was replaced.".into();
    content.report.outcome = Outcome::Unresolved;
    content.report.outcome_reason = Some("The customer disputes the decision.".into());
    content.report.environment = None;
    content.lines.clear();
    content.charges = vec![SealedCharge {
        kind: "parts".into(),
        basis: "price.new_application".into(),
        amount: None,
        list: None,
    }];
    content.total = None;
    content.decisions = vec![decision(true, Lang::En, CustomerAnswer::Disputes)];
    content.assets.truncate(1);
    content.photography_forbidden = Some(SealedForbidden {
        reason: "server room, no cameras".into(),
        witness: "Zhang Hui".into(),
    });
    content.opinion = Some(SealedOpinion {
        kind: OpinionKind::Refused,
        text: None,
    });
    content.signing = Signing::Refused {
        reason: "Says that the key was already cracked when it was delivered.".into(),
        witness: "Zhang Hui".into(),
    };
    content
}

fn main() {
    let arguments = Arguments::parse();
    let pictures: Vec<Vec<u8>> = arguments
        .photos
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect();
    let mut photos: Vec<ContentHash> = pictures.iter().map(|bytes| ContentHash::of(bytes)).collect();
    photos.push(ContentHash::of(b"a photo that has not arrived"));
    let organisation = SigningKey::from_bytes(&[0x0a; 32]);
    let device = SigningKey::from_bytes(&[0x0d; 32]);
    let certificate = Certificate::issue(
        CertificateBody {
            device: DeviceId(id(0xd1)),
            engineer: UserId(id(0xe1)),
            device_key: PublicKey::of(&device),
            issued_at: "2026-11-01T09:00:00+08:00".parse().unwrap(),
            organisation: "信安印章服务有限公司".into(),
            organisation_key: PublicKey([0; 32]),
        },
        &organisation,
    )
    .unwrap();
    let sealed = |content: &SealedContent, place| -> SealedFile {
        let facts = ["0193f2c0-0000-7000-8000-000000000001#0".to_owned()];
        seal(content, place, &facts, &certificate, &device).unwrap()
    };
    let first = sealed(&whole(photos.clone()), Place::FIRST);
    let mut corrected = whole(photos);
    corrected.lines[0].qty = 2;
    corrected.charges[0].amount = Some(Fen(25_600));
    corrected.total = Some(Fen(31_600));
    corrected.correction = Some("数量应为 2：两把 KEY 均已更换。".into());
    let second = sealed(&corrected, Place::after(1, first.sha256));
    let refused = sealed(&refused(), Place::FIRST);
    let blobs = |hash: &ContentHash| {
        let known = pictures.iter().chain([&first.bytes]);
        known
            .clone()
            .find(|bytes| ContentHash::of(bytes) == *hash)
            .cloned()
    };
    let keep = |name: &str, bytes: &[u8]| write(&arguments.out, name, bytes);
    for (name, file) in [("first", &first), ("second", &second), ("refused", &refused)] {
        keep(&format!("{name}.json"), &file.bytes);
        for lang in Lang::ALL {
            let page = printable(&file.bytes, &blobs, *lang).unwrap();
            keep(&format!("{name}.{lang}.html"), page.as_bytes());
        }
        println!("{name} {}", file.sha256);
    }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).unwrap();
}
