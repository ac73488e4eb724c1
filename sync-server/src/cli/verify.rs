//! `verify FILE`: whether a sealed report, its printable form, an audited view or an archived ticket is what was signed. Needs
//! nothing but the file. Of a printable report the part that can be read is written again from the sealed bytes inside and compared.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use fieldseal_core::domain::audited::verify_audit;
use fieldseal_core::domain::params::{Param, Params};
use fieldseal_core::domain::sealed::{Verified, VerifyError, verify_sealed};
use fieldseal_core::domain::signed::Fingerprint;
use fieldseal_core::domain::texts::{Lang, label, text};
use fieldseal_core::report::{self, Opened, Visible, is_printed, open_printed};

use super::{CliError, say};
use crate::bundle::{BundleError, check, is_bundle};

#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    /// The file.
    file: PathBuf,
    /// The fingerprint that the organisation publishes; without it, compare the printed one yourself.
    #[arg(long, value_parser = parse_fingerprint)]
    pub(super) fingerprint: Option<Fingerprint>,
    /// Language of the answer: zh-CN or en.
    #[arg(long, default_value = "zh-CN", value_parser = super::parse_lang)]
    language: Lang,
}

fn parse_fingerprint(text: &str) -> Result<Fingerprint, String> {
    text.parse()
        .map_err(|_| "a fingerprint is 32 hexadecimal digits".to_owned())
}

/// What a file looks like.
enum Kind {
    /// An archived ticket, of any size: read in pieces.
    Bundle(BufReader<File>),
    /// Anything else, at most one byte more than any such file can have.
    Bytes(Vec<u8>),
}

fn open(path: &Path) -> std::io::Result<Kind> {
    let mut file = BufReader::new(File::open(path)?);
    if is_bundle(file.fill_buf()?) {
        return Ok(Kind::Bundle(file));
    }
    let mut bytes = Vec::new();
    let most = u64::try_from(report::MAX_BYTES).unwrap_or(u64::MAX);
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(Kind::Bytes(bytes))
}

fn one_line(lang: Lang, key: &str, value: String) -> String {
    text(
        lang,
        key,
        &Params::from([("value".to_owned(), Param::Text(value))]),
    )
}

fn does_not_hold(error: VerifyError, lang: Lang) -> Vec<String> {
    vec![
        label(lang, "verify_file.does_not_hold"),
        label(lang, error.code()),
    ]
}

/// What a sealed file says about itself.
fn told(sealed: &Verified, lang: Lang) -> Vec<String> {
    let line = |key: &str, value: String| one_line(lang, key, value);
    let certificate = sealed.certificate.body();
    vec![
        line("verify_file.order", sealed.content.order.number.clone()),
        line("verify_file.revision", sealed.place.revision.to_string()),
        line("verify_file.engineer", sealed.content.engineer.name.clone()),
        line("verify_file.organisation", certificate.organisation.clone()),
        line("verify_file.fingerprint", sealed.organisation.to_string()),
        line("verify_file.sha256", sealed.sha256.to_string()),
    ]
}

/// A printable report holds only where everything that can be read in it is what was sealed.
fn printed(opened: &Opened, lang: Lang) -> (Vec<String>, bool) {
    let (mut lines, holds) = match opened.visible {
        Visible::AsSealed(shown) => {
            let language = label(lang, shown.text_key());
            let params = Params::from([("language".to_owned(), Param::Text(language))]);
            let lines = vec![
                label(lang, "verify_file.sealed_holds"),
                text(lang, "printed.visible.same", &params),
            ];
            (lines, true)
        }
        Visible::OtherLayout => (vec![label(lang, "printed.visible.other_layout")], false),
        Visible::Changed => (vec![label(lang, "printed.visible.changed")], false),
    };
    let count = |n: usize| Param::Int(i64::try_from(n).unwrap_or(i64::MAX));
    let sealed = opened.verified.content.photos.len();
    if sealed > 0 {
        let params = [("here", opened.photos), ("count", sealed)];
        let params = params.map(|(name, n)| (name.to_owned(), count(n)));
        lines.push(text(lang, "printed.visible.photos", &Params::from(params)));
    }
    lines.extend(told(&opened.verified, lang));
    (lines, holds)
}

/// The lines to print, and whether the file holds.
fn report(bytes: &[u8], trusted: Option<Fingerprint>, lang: Lang) -> (Vec<String>, bool) {
    if is_printed(bytes) {
        return match open_printed(bytes, trusted) {
            Ok(opened) => printed(&opened, lang),
            Err(error) => (does_not_hold(error, lang), false),
        };
    }
    let line = |key: &str, value: String| one_line(lang, key, value);
    let sealed = match verify_sealed(bytes, trusted) {
        Ok(sealed) => {
            let mut lines = vec![label(lang, "verify_file.sealed_holds")];
            lines.extend(told(&sealed, lang));
            return (lines, true);
        }
        Err(error) => error,
    };
    match verify_audit(bytes, trusted) {
        Ok(audit) => {
            let lines = vec![
                label(lang, "verify_file.audit_holds"),
                line("verify_file.order", audit.content.order.to_string()),
                line("verify_file.at", audit.content.at.to_string()),
                line("verify_file.organisation", audit.organisation_name.clone()),
                line("verify_file.fingerprint", audit.organisation.to_string()),
                line("verify_file.sha256", audit.sha256.to_string()),
            ];
            (lines, true)
        }
        Err(audited) => {
            // What is no sealed report at all is perhaps a broken audited view: its error says more then.
            let unclear = matches!(sealed, VerifyError::Form | VerifyError::TooLarge);
            let error = if unclear { audited } else { sealed };
            (does_not_hold(error, lang), false)
        }
    }
}

/// An archived ticket: whole, with every file as the signed list says.
fn bundled(
    from: impl std::io::Read,
    trusted: Option<Fingerprint>,
    lang: Lang,
) -> Result<(Vec<String>, bool), std::io::Error> {
    let line = |key: &str, value: String| one_line(lang, key, value);
    let why = match check(from, trusted) {
        Ok(archive) => {
            let content = archive.content;
            let mut lines = vec![
                label(lang, "verify_file.archive_holds"),
                line("verify_file.ticket", content.number),
                line("verify_file.archived_at", content.at.to_string()),
                line("verify_file.files", content.files.len().to_string()),
            ];
            let missing = content.missing.iter();
            lines.extend(missing.map(|hash| line("verify_file.missing", hash.to_string())));
            lines.extend([
                line("verify_file.organisation", archive.organisation_name),
                line("verify_file.fingerprint", archive.organisation.to_string()),
                line("verify_file.sha256", archive.sha256.to_string()),
            ]);
            return Ok((lines, true));
        }
        Err(BundleError::Io(error)) => return Err(error),
        Err(BundleError::List(error)) => label(lang, error.code()),
        Err(BundleError::File(path)) => line("verify_file.bundle_file", path),
        Err(BundleError::Cut) => label(lang, "verify_file.bundle_cut"),
        Err(BundleError::More) => label(lang, "verify_file.bundle_more"),
    };
    Ok((vec![label(lang, "verify_file.does_not_hold"), why], false))
}

pub(super) fn run(arguments: &VerifyArguments) -> Result<ExitCode, CliError> {
    let unreadable = |source| CliError::File {
        path: arguments.file.clone(),
        source,
    };
    let (trusted, lang) = (arguments.fingerprint, arguments.language);
    let (lines, holds) = match open(&arguments.file).map_err(unreadable)? {
        Kind::Bundle(file) => bundled(file, trusted, lang).map_err(unreadable)?,
        Kind::Bytes(bytes) => report(&bytes, trusted, lang),
    };
    for line in lines {
        say(&line);
    }
    Ok(if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;
    use fieldseal_core::domain::audited::{AuditContent, freeze};
    use fieldseal_core::domain::signed::PublicKey;
    use serde_json::json;

    use super::*;

    fn audited() -> (Vec<u8>, Fingerprint) {
        let key = SigningKey::from_bytes(&[9; 32]);
        let content = AuditContent {
            order: fieldseal_core::domain::ids::OrderId(uuid::Uuid::from_u128(5)),
            by: fieldseal_core::domain::ids::UserId(uuid::Uuid::from_u128(6)),
            at: "2026-11-23T17:00:00+08:00".parse().unwrap(),
            seal: None,
            view: json!({"state": "submitted"}),
            documents: Default::default(),
        };
        let bytes = freeze(content, "信安印章服务有限公司", &key).unwrap();
        (bytes, PublicKey::of(&key).fingerprint())
    }

    #[test]
    fn s04_a_whole_file_holds_and_prints_the_fingerprint_in_both_languages() {
        let (bytes, fingerprint) = audited();
        for lang in [Lang::ZhCn, Lang::En] {
            let (lines, holds) = report(&bytes, Some(fingerprint), lang);
            assert!(holds);
            let all = lines.join("\n");
            assert!(all.contains(&fingerprint.to_string()), "{all}");
            assert!(all.contains("信安印章服务有限公司"));
            assert!(!all.contains("verify_file"), "a text is missing: {all}");
        }
    }

    #[test]
    fn s04_one_flipped_byte_another_organisation_and_nonsense_do_not_hold() {
        let (bytes, _) = audited();
        for place in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut broken = bytes.clone();
            broken[place] ^= 1;
            assert!(!report(&broken, None, Lang::En).1, "byte {place}");
        }
        let stranger = PublicKey::of(&SigningKey::from_bytes(&[1; 32])).fingerprint();
        assert!(!report(&bytes, Some(stranger), Lang::En).1);
        let (lines, holds) = report(b"nonsense", None, Lang::ZhCn);
        assert!(!holds);
        assert!(!lines.join("").contains("verify"), "a text is missing: {lines:?}");
    }

    /// A sealed report of a made-up engineer, printed.
    fn printed_report(lang: Lang) -> String {
        let golden = include_bytes!("../../../core/src/domain/sealed/golden.json");
        report::printable(golden, &|_| None, lang).unwrap()
    }

    #[test]
    fn s04_a_printed_report_holds_and_a_changed_word_in_it_is_told() {
        for shown in [Lang::ZhCn, Lang::En] {
            let html = printed_report(shown);
            let (lines, holds) = super::report(html.as_bytes(), None, Lang::En);
            let all = lines.join("\n");
            assert!(holds && all.contains("is what was sealed"), "{all}");
            assert!(all.contains("Photos in the file: 0 of 1") && all.contains("Revision: 1"));
            assert!(
                !all.contains("printed.") && !all.contains('{'),
                "a text is missing: {all}"
            );
            let changed = html.replacen("¥128.00", "¥28.00", 1);
            assert_ne!(changed, html);
            let (lines, holds) = super::report(changed.as_bytes(), None, Lang::ZhCn);
            assert!(!holds && lines[0].contains("不一致"), "{lines:?}");
            let stranger = PublicKey::of(&SigningKey::from_bytes(&[1; 32])).fingerprint();
            let (lines, holds) = super::report(html.as_bytes(), Some(stranger), Lang::En);
            assert!(!holds && lines[0].contains("NOT VALID"));
        }
    }
}
