//! A sealed report as its panel: checked from its bytes at this moment, never from a note that it was once right (I5).

use std::fmt::Write as _;

use fieldseal_core::domain::ids::OrderId;
use fieldseal_core::domain::sealed::{SealedContent, Signing, Verified, verify_sealed};
use fieldseal_core::domain::signature::Strokes;
use fieldseal_core::domain::signed::Fingerprint;
use fieldseal_core::domain::texts::all;
use fieldseal_core::facts::order::view::SealView;

use super::order::{revision_name, sealed_by};
use super::{Names, values};
use crate::page::model::{Chip, Drawing, Proof, RevisionView, Row, Tone};
use crate::page::words::Words;

/// A seal's fact with the bytes that it names, if they are here.
#[derive(Debug, Clone, Copy)]
pub struct Sealed<'a> {
    /// The order on the screen.
    pub order: OrderId,
    /// The fact.
    pub seal: &'a SealView,
    /// The fact that it follows names this file, SHA-256, hex.
    pub prev: Option<&'a str>,
    /// The file.
    pub bytes: Option<&'a [u8]>,
    /// Where it is fetched.
    pub href: &'a str,
    /// Whether another seal has the same number and the reader may choose.
    pub may_pick: bool,
}

/// One revision, checked.
pub fn revision(
    words: &Words,
    names: &Names,
    sealed: Sealed<'_>,
    organisation: Option<Fingerprint>,
) -> RevisionView {
    let seal = sealed.seal;
    let checked = sealed.bytes.map(|bytes| check(bytes, &sealed, organisation));
    let refused = seal.kind == "refused";
    let mut view = RevisionView {
        n: revision_name(seal),
        fact: seal.id.to_string(),
        current: seal.current,
        kind: if refused {
            Chip::new(words.t("page.refused"), Tone::Warn)
        } else {
            Chip::new(words.t("page.signed"), Tone::Good)
        },
        by: sealed_by(words, names, seal),
        received: names
            .received
            .get(&seal.id.action)
            .map(|at| words.moment(*at))
            .or_else(|| seal.received_at.as_deref().map(|at| values::claim(words, at)))
            .unwrap_or_default(),
        sha256: seal.blob.clone(),
        prev: sealed.prev.unwrap_or_default().to_owned(),
        proof: Proof::Missing,
        signer: Vec::new(),
        strokes: None,
        rows: Vec::new(),
        href: if sealed.bytes.is_some() {
            sealed.href.to_owned()
        } else {
            String::new()
        },
        may_pick: sealed.may_pick,
    };
    match checked {
        None => {}
        Some(Err(code)) => {
            view.proof = Proof::Broken {
                reason: words.t(code),
            };
        }
        Some(Ok(verified)) => {
            let body = verified.certificate.body();
            // A device is known by the first 8 bytes of its key's hash; the fingerprint is the first 16.
            let tag = hex::encode(body.device_key.fingerprint().0.split_at(8).0);
            view.proof = Proof::Unchanged {
                device: names
                    .devices
                    .get(&tag)
                    .map_or_else(|| tag.clone(), |name| format!("{name} ({tag})")),
                engineer: verified.content.engineer.name.clone(),
                fingerprint: verified.organisation.to_string(),
            };
            view.rows = content_rows(words, &verified.content);
            (view.signer, view.strokes) = signing(words, &verified.content.signing);
        }
    }
    view
}

/// The file by itself, and against the fact that names it: another file under the same seal is no proof either.
fn check(
    bytes: &[u8],
    sealed: &Sealed<'_>,
    organisation: Option<Fingerprint>,
) -> Result<Box<Verified>, &'static str> {
    let (seal, prev) = (sealed.seal, sealed.prev);
    let verified = verify_sealed(bytes, organisation).map_err(|error| error.code())?;
    let named = verified.sha256.to_string() == seal.blob;
    let follows = verified.place.prev.map(|hash| hash.to_string()).as_deref() == prev;
    let engineer = verified.content.engineer.id == seal.stamp.by;
    if !named {
        return Err("verify.not_canonical");
    }
    // A file that was sealed for another order is no proof of this one.
    if verified.content.order.id != sealed.order || verified.place.revision != seal.revision || !follows {
        return Err("verify.chain");
    }
    if !engineer {
        return Err("verify.engineer");
    }
    Ok(Box::new(verified))
}

fn code(words: &Words, list: &str, code: &str) -> String {
    let key = format!("{list}.{code}");
    if all(words.lang).contains_key(&key) {
        words.t(&key)
    } else {
        code.to_owned()
    }
}

/// What the customer saw, in the reader's labels and the signed words.
fn content_rows(words: &Words, content: &SealedContent) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut put = |label: &str, value: String| {
        if !value.is_empty() {
            rows.push(Row::new(words.t(label), value));
        }
    };
    let report = &content.report;
    put("page.field.fault_found", report.fault_found.clone());
    put("page.field.action_taken", report.action_taken.clone());
    let outcome = words.t(report.outcome.text_key());
    put(
        "page.field.outcome",
        match &report.outcome_reason {
            Some(reason) => format!("{outcome}\n{reason}"),
            None => outcome,
        },
    );
    put(
        "page.field.cause_code",
        report.cause_code.clone().unwrap_or_default(),
    );
    put(
        "page.field.environment",
        report.environment.clone().unwrap_or_default(),
    );
    let assets: Vec<String> = content
        .assets
        .iter()
        .map(|asset| {
            join(
                " · ",
                [
                    values::product(words, &asset.product),
                    asset.serial.clone().unwrap_or_default(),
                ],
            )
        })
        .collect();
    put("page.field.assets", assets.join("\n"));
    let parts: Vec<String> = content
        .lines
        .iter()
        .map(|line| {
            let serial = line.serial.clone().unwrap_or_default();
            let price = line.price.map(|fen| fen.to_string()).unwrap_or_default();
            // A part without a name stands under its number, once.
            let number = Some(line.part.clone()).filter(|part| *part != line.name);
            let named = format!("{} × {}", line.name, line.qty);
            join(" · ", [named, number.unwrap_or_default(), serial, price])
        })
        .collect();
    put("page.parts", parts.join("\n"));
    let custody: Vec<String> = content
        .custody
        .iter()
        .map(|line| {
            let named = format!("{} × {}", line.name, line.qty);
            let more = [&line.serial, &line.rma, &line.note].map(|text| text.clone().unwrap_or_default());
            let [serial, rma, note] = more;
            join(
                " · ",
                [words.t(line.movement.text_key()), named, serial, rma, note],
            )
        })
        .collect();
    put("printed.custody", custody.join("\n"));
    for decision in &content.decisions {
        // As the customer read it, in the language of the report (A.12: parts divided by a middle dot).
        let mut text = decision.shown.join(" · ");
        if let Some(answer) = decision.answer {
            let _ = write!(text, "\n{}", words.t(answer.text_key()));
        }
        put("page.decision", text);
    }
    let mut charges: Vec<String> = content
        .charges
        .iter()
        .map(|charge| {
            let amount = charge.amount.map(|fen| fen.to_string()).unwrap_or_default();
            let basis = code(words, "charge_basis", &charge.basis);
            join(" · ", [code(words, "charge_kind", &charge.kind), basis, amount])
        })
        .collect();
    if let Some(total) = content.total {
        charges.push(words.tp("page.total", "amount", total));
    }
    put("page.field.charges", charges.join("\n"));
    if let Some(forbidden) = &content.photography_forbidden {
        put(
            "page.field.photography_forbidden",
            join(" · ", [forbidden.reason.clone(), forbidden.witness.clone()]),
        );
    }
    if let Some(opinion) = &content.opinion {
        put(
            "page.field.opinion_kind",
            join(
                "\n",
                [
                    words.t(opinion.kind.text_key()),
                    opinion.text.clone().unwrap_or_default(),
                ],
            ),
        );
    }
    put("page.correction", content.correction.clone().unwrap_or_default());
    rows
}

fn join(separator: &str, parts: impl IntoIterator<Item = String>) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(separator)
}

fn signing(words: &Words, signing: &Signing) -> (Vec<Row>, Option<Drawing>) {
    match signing {
        Signing::Signed {
            name,
            role,
            relation,
            at,
            strokes,
        } => {
            let mut rows = vec![
                Row::new(words.t("page.field.signer_name"), name.as_str()),
                Row::new(words.t("page.field.signer_role"), role.as_str()),
            ];
            if let Some(relation) = relation {
                rows.push(Row::new(words.t("page.field.signer_relation"), relation.as_str()));
            }
            rows.push(Row::new(words.t("page.signed_at"), words.full(*at)));
            (rows, Some(drawing(strokes)))
        }
        Signing::Refused { reason, witness } => (
            vec![
                Row::new(words.t("page.field.reason"), reason.as_str()),
                Row::new(words.t("page.field.witness"), witness.as_str()),
            ],
            None,
        ),
    }
}

/// Numbers only: nothing of what the phone sent becomes markup.
fn drawing(strokes: &Strokes) -> Drawing {
    let path = |stroke: &Vec<fieldseal_core::domain::signature::Point>| {
        let mut path = String::new();
        for (index, point) in stroke.iter().enumerate() {
            let letter = if index == 0 { 'M' } else { 'L' };
            // Writing to a String cannot fail.
            let _ = write!(path, "{letter}{} {}", point.x, point.y);
        }
        if stroke.len() == 1 {
            path.push_str("l0 0");
        }
        path
    };
    Drawing {
        view_box: format!("0 0 {} {}", strokes.width(), strokes.height()),
        paths: strokes.strokes().iter().map(path).collect(),
    }
}

#[cfg(test)]
mod tests {
    use fieldseal_core::domain::scribble::scribble;

    use super::*;

    #[test]
    fn a_signature_becomes_numbers() {
        let drawing = drawing(&scribble(7).unwrap());
        assert_eq!(drawing.view_box, "0 0 10000 3400");
        assert!(drawing.paths.len() >= 3);
        for path in &drawing.paths {
            assert!(path.starts_with('M'));
            assert!(
                path.chars()
                    .all(|c| c.is_ascii_digit() || matches!(c, 'M' | 'L' | ' ')),
                "{path}"
            );
        }
    }
}
