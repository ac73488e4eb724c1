//! Keeps `docs/protocol.md` honest: every message key, kind of fact, document, code, bound and golden byte that the code
//! has stands there as the code has it, and no row stands there that the code does not have.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests fail by panicking, with the line that is missing"
)]

use std::collections::BTreeMap;

use ed25519_dalek::{Signer as _, SigningKey};
use fieldseal_core::documents::{ActorId, Document, GateError};
use fieldseal_core::domain::certificate::Certificate;
use fieldseal_core::domain::ledger::{LocationClass, MovementKind};
use fieldseal_core::domain::roles::Role;
use fieldseal_core::domain::work::{AttemptChannel, ConsentKind, ConsentWay, Outcome, TicketState};
use fieldseal_core::facts::{Action, DocName, Fact, Writer, envelope};
use fieldseal_core::wire::body::{ANSWER_BODY_MAX, REQUEST_BLOBS_MAX, decode, decode_problem};
use fieldseal_core::wire::evidence::{received_digest, scope_digest};
use fieldseal_core::wire::{
    self, DocChanges, EnrolAnswer, EnrolRequest, ProblemCode, SyncAnswer, SyncRequest,
};
use minicbor::bytes::ByteVec;

const PROTOCOL: &str = include_str!("../../docs/protocol.md");
const MESSAGES: &str = include_str!("../src/wire/messages.rs");
const KINDS: &str = include_str!("../src/facts/kinds.rs");
const PAYLOADS: &str = include_str!("../src/facts/kinds/payload.rs");
const DOC_NAME: &str = include_str!("../src/facts/doc_name.rs");

/// One `#[n(K)]` of the messages.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    number: u32,
    name: String,
    optional: bool,
    /// Of an enum's variant: the keys of its fields.
    inner: Vec<(u32, String)>,
}

/// The keys of every message, by the name of its type.
fn messages() -> BTreeMap<String, Vec<Key>> {
    let mut all: BTreeMap<String, Vec<Key>> = BTreeMap::new();
    let (mut owner, mut number) = (String::new(), None);
    for line in MESSAGES.lines() {
        let text = line.trim();
        let declared = text
            .strip_prefix("pub struct ")
            .or_else(|| text.strip_prefix("pub enum "));
        if let Some(name) = declared {
            owner = name.trim_end_matches(" {").to_owned();
            all.entry(owner.clone()).or_default();
        } else if let Some(rest) = text.strip_prefix("#[n(") {
            number = Some(rest.trim_end_matches(")]").parse::<u32>().unwrap());
        } else if let Some(key) = number
            && !text.starts_with("///")
        {
            let field = text.trim_start_matches("pub ");
            let end = field
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap();
            let name = field[..end].to_owned();
            let keys = all.get_mut(&owner).unwrap();
            // A field of an enum's variant is indented twice.
            if line.starts_with("        ") {
                keys.last_mut().unwrap().inner.push((key, name));
            } else {
                keys.push(Key {
                    number: key,
                    name,
                    optional: field.contains(": Option<"),
                    inner: Vec::new(),
                });
            }
            number = None;
        }
    }
    all
}

/// The lines under a heading, up to the next one.
fn section(heading: &str) -> Vec<&'static str> {
    let mut lines = PROTOCOL.lines().skip_while(|line| *line != heading);
    assert!(lines.next().is_some(), "no heading «{heading}»");
    lines.take_while(|line| !line.starts_with('#')).collect()
}

/// The text of a chapter, up to the next one.
fn chapter(heading: &str) -> &'static str {
    let start = PROTOCOL.find(&format!("\n{heading}\n")).unwrap() + heading.len() + 2;
    let rest = &PROTOCOL[start..];
    &rest[..rest.find("\n## ").unwrap_or(rest.len())]
}

/// The one table row of a text that begins so.
fn row<'t>(text: &'t str, start: &str) -> &'t str {
    let mut rows = text.lines().filter(|line| line.starts_with(start));
    let found = rows
        .next()
        .unwrap_or_else(|| panic!("no row that begins with «{start}»"));
    assert_eq!(rows.next(), None, "two rows begin with «{start}»");
    found
}

/// What stands in the fenced block of this name, without line ends.
fn block(name: &str) -> String {
    let fence = format!("```{name}");
    let mut lines = PROTOCOL.lines().skip_while(|line| *line != fence);
    assert!(lines.next().is_some(), "no block «{fence}»");
    lines.take_while(|line| *line != "```").collect()
}

fn bytes(name: &str) -> Vec<u8> {
    hex::decode(block(&format!("hex {name}"))).unwrap()
}

#[test]
fn every_key_of_every_message_has_its_row_and_no_row_is_too_many() {
    let messages = messages();
    assert!(messages.len() >= 10 && messages["SyncAnswer"].len() >= 16);
    for (message, keys) in messages {
        let lines = section(&format!("### {message}"));
        let numbered = lines.iter().filter(|line| {
            line.strip_prefix("| ")
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        });
        assert_eq!(numbered.count(), keys.len(), "rows of {message}");
        for key in keys {
            let mark = if key.optional { "?" } else { "" };
            let start = format!("| {} | `{}`{mark} |", key.number, key.name);
            let row = lines.iter().find(|line| line.starts_with(&start));
            let row = row.unwrap_or_else(|| panic!("{message} lacks «{start}»"));
            for (number, name) in key.inner {
                assert!(row.contains(&format!("{number} `{name}`")), "{message}: {row}");
            }
        }
    }
}

/// The members of a payload: name, and whether it may be absent.
fn payload(name: &str) -> Vec<(&'static str, bool)> {
    let start = format!("pub struct {name} {{");
    let mut lines = PAYLOADS.lines().skip_while(|line| *line != start);
    assert!(lines.next().is_some(), "no payload {name}");
    let (mut members, mut optional) = (Vec::new(), false);
    for line in lines.take_while(|line| *line != "}") {
        let text = line.trim();
        if text.starts_with("#[serde(default") {
            optional = true;
        } else if let Some(field) = text.strip_prefix("pub ") {
            members.push((field.split(':').next().unwrap(), optional));
            optional = false;
        }
    }
    members
}

#[test]
fn every_kind_of_fact_has_its_row_with_every_member_of_its_payload() {
    let facts = chapter("## 7. Facts");
    let mut kinds = Vec::new();
    for line in KINDS.lines() {
        // `Set = "set" (Set);`
        let parts: Vec<&str> = line.trim().split(['"', '(', ')']).collect();
        let [variant, kind, " ", payload_name, ";"] = parts[..] else {
            continue;
        };
        assert!(variant.ends_with(" = "), "{line}");
        kinds.push(kind);
        let row = row(facts, &format!("| `{kind}` | "));
        for (member, optional) in payload(payload_name) {
            let mark = if optional { "?" } else { "" };
            assert!(
                row.contains(&format!("`{member}`{mark} ")),
                "«{member}{mark}» is missing in: {row}"
            );
        }
    }
    assert_eq!(kinds, Fact::KINDS);
    let rows = facts.lines().filter(|line| line.starts_with("| `"));
    assert_eq!(rows.count(), kinds.len(), "a row of a kind that there is not");
}

#[test]
fn every_document_has_its_row_with_its_writer() {
    let id = "0193f2c0-0000-7000-8000-000000000001";
    let documents = chapter("## 6. Documents");
    let declared = DOC_NAME.split("pub enum DocName {").nth(1).unwrap();
    let declared: Vec<&str> = declared.lines().take_while(|line| *line != "}").collect();
    let mut count = 0;
    for line in &declared {
        let Some(pattern) = line.strip_prefix("    /// `").and_then(|rest| {
            let (pattern, _) = rest.split_once('`')?;
            (pattern.contains('/') || pattern == "directory").then_some(pattern)
        }) else {
            continue;
        };
        let mut name = pattern
            .replace("<generation>", "0")
            .replace("<quarter>", "2026q4");
        for place in ["<id>", "<engineer>", "<order>", "<location>"] {
            name = name.replace(place, id);
        }
        let doc: DocName = name.parse().unwrap();
        let writer = match doc.writer() {
            Writer::Office => "office",
            Writer::Engineer(_) => "that engineer",
        };
        let row = row(documents, &format!("| `{pattern}` | "));
        assert!(
            row.starts_with(&format!("| `{pattern}` | {writer}")),
            "another writer: {row}"
        );
        count += 1;
    }
    let variants = declared
        .iter()
        .filter(|line| line.ends_with(',') && !line.contains("///"));
    assert_eq!(count, variants.count(), "documents");
}

#[test]
fn every_code_is_named() {
    for code in ProblemCode::ALL {
        let row = row(PROTOCOL, &format!("| {} | `{code}` | ", code.status()));
        let passing = if code.is_passing() { "| yes |" } else { "| no |" };
        assert!(row.ends_with(passing), "{row}");
    }
    let named = |code: &str| assert!(PROTOCOL.contains(&format!("`{code}`")), "`{code}` is not named");
    for key in &messages()["Reason"] {
        let code = key.name.chars().fold(String::new(), |mut out, c| {
            if c.is_ascii_uppercase() && !out.is_empty() {
                out.push('_');
            }
            out.push(c.to_ascii_lowercase());
            out
        });
        row(
            PROTOCOL,
            &format!("| {} | `{}` | `{code}` | ", key.number, key.name),
        );
    }
    GateError::ALL.iter().for_each(|error| named(error.code()));
    Outcome::ALL.iter().for_each(|code| named(code.as_str()));
    TicketState::ALL.iter().for_each(|code| named(code.as_str()));
    ConsentKind::ALL.iter().for_each(|code| named(code.as_str()));
    ConsentWay::ALL.iter().for_each(|code| named(code.as_str()));
    AttemptChannel::ALL.iter().for_each(|code| named(code.as_str()));
    MovementKind::ALL.iter().for_each(|code| named(code.as_str()));
    Role::ALL.iter().for_each(|code| named(code.as_str()));
    for class in LocationClass::ALL {
        let places = [format!("`{class}:<"), format!("`{class}`")];
        assert!(places.iter().any(|place| PROTOCOL.contains(place)), "{class}");
    }
}

#[test]
fn every_bound_has_its_value() {
    for (name, value) in [
        ("BODY_MAX", wire::BODY_MAX),
        ("INFLATED_REQUEST_MAX", wire::INFLATED_REQUEST_MAX),
        ("ANSWER_BODY_MAX", ANSWER_BODY_MAX),
        ("INFLATED_ANSWER_MAX", wire::INFLATED_ANSWER_MAX),
        ("REQUEST_CHANGES_MAX", wire::REQUEST_CHANGES_MAX),
        ("REQUEST_BLOBS_MAX", REQUEST_BLOBS_MAX),
        ("SMALL_BLOB_MAX", wire::SMALL_BLOB_MAX),
        ("LARGE_BLOB_MAX", usize::try_from(wire::LARGE_BLOB_MAX).unwrap()),
        ("CHANGE_MAX", wire::CHANGE_MAX),
        ("MAX_ENVELOPE_BYTES", envelope::MAX_ENVELOPE_BYTES),
        ("BATCH_TARGET", wire::BATCH_TARGET),
    ] {
        row(PROTOCOL, &format!("| {name} | {value} | "));
    }
    assert!(PROTOCOL.contains(wire::CONTENT_TYPE) && PROTOCOL.contains(wire::SYNC_PATH));
    assert!(PROTOCOL.contains(&format!("Protocol version: **{}**", wire::VERSION)));
    assert_eq!(
        (envelope::MAX_DEPTH, envelope::MAX_FACTS, envelope::MAX_N),
        (16, 512, 1 << 52)
    );
    assert!(PROTOCOL.contains("nesting at most 16") && PROTOCOL.contains("1 to 512 facts"));
}

#[test]
fn golden_change_of_the_text_is_what_is_written() {
    let envelope = block("json change.envelope");
    let actor = ActorId::new([1, 2, 3, 4, 5, 6, 7, 8], [0xd0, 1, 2, 3, 4, 5, 6, 7]);
    let key = "0193f2c0-0000-7000-8000-000000000001".parse().unwrap();
    let change = Document::new().append(&actor, key, &envelope).unwrap();
    assert_eq!(change.bytes, bytes("change"));
    assert_eq!(change.hash.to_vec(), bytes("change.hash"));
    assert_eq!((change.bytes.len(), envelope.len()), (245, 151));
    let envelope = block("json envelope");
    assert_eq!(Action::parse(&envelope).unwrap().to_text().unwrap(), envelope);
}

#[test]
fn golden_messages_of_the_text_are_read_and_written_the_same() {
    let problem = decode_problem(&bytes("problem")).unwrap();
    assert_eq!(minicbor::to_vec(&problem).unwrap(), bytes("problem"));
    assert_eq!(decode::<wire::Problem>(&bytes("problem.gzip")).unwrap(), problem);
    let request: SyncRequest = minicbor::decode(&bytes("request")).unwrap();
    assert_eq!(minicbor::to_vec(&request).unwrap(), bytes("request"));
    assert_eq!(request.position.unwrap().pulled_to, 258);
    let empty = minicbor::to_vec(SyncRequest::default()).unwrap();
    assert_eq!(empty, bytes("request.empty"));
    let answer: SyncAnswer = minicbor::decode(&bytes("answer")).unwrap();
    assert_eq!(minicbor::to_vec(&answer).unwrap(), bytes("answer"));
    assert_eq!((answer.exceptions.len(), answer.rows), (5, vec![(4, 2)]));
    let enrol: EnrolRequest = minicbor::decode(&bytes("enrol.request")).unwrap();
    assert_eq!(minicbor::to_vec(&enrol).unwrap(), bytes("enrol.request"));
    let enrolled: EnrolAnswer = minicbor::decode(&bytes("enrol.answer")).unwrap();
    assert_eq!(minicbor::to_vec(&enrolled).unwrap(), bytes("enrol.answer"));
}

#[test]
fn golden_digests_of_the_text() {
    let mut request = SyncRequest::default();
    assert_eq!(received_digest(&request).1.to_vec(), bytes("digest.empty"));
    request.changes = vec![DocChanges {
        doc: "order/x".to_owned(),
        changes: vec![ByteVec::from(b"a".to_vec()), ByteVec::from(b"b".to_vec())],
    }];
    request.blobs = vec![ByteVec::from(b"c".to_vec())];
    assert_eq!(received_digest(&request).1.to_vec(), bytes("digest.received"));
    let scope = BTreeMap::from([
        ("a".to_owned(), [[3; 32]].into()),
        ("b".to_owned(), [[1; 32], [2; 32]].into()),
    ]);
    assert_eq!(scope_digest(&scope).to_vec(), bytes("digest.scope"));
}

#[test]
fn golden_proof_of_enrolment() {
    let key = SigningKey::from_bytes(&[0x0d; 32]);
    let public_key = key.verifying_key().to_bytes();
    assert_eq!(public_key.to_vec(), bytes("enrol.public_key"));
    let message = [
        b"fieldseal-enrol-v1".as_slice(),
        &bytes("enrol.code"),
        &public_key,
    ]
    .concat();
    assert_eq!(
        hex::encode(key.sign(&message).to_bytes()),
        block("hex enrol.proof")
    );
    let certificate = block("json certificate").into_bytes();
    let read = Certificate::read(&certificate).unwrap();
    assert_eq!(read.to_bytes(), certificate);
    assert_eq!(read.body().device_key.0, public_key);
}
