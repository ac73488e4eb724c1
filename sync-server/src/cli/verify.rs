//! `verify FILE`: whether a sealed report (or an audited view) is what was signed. Needs nothing but the file.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use fieldseal_core::domain::audited::{self, verify_audit};
use fieldseal_core::domain::params::{Param, Params};
use fieldseal_core::domain::sealed::{VerifyError, verify_sealed};
use fieldseal_core::domain::signed::Fingerprint;
use fieldseal_core::domain::texts::{Lang, label, text};

use super::{CliError, say};

#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    /// The file.
    file: PathBuf,
    /// The fingerprint that the organisation publishes; without it, compare the printed one yourself.
    #[arg(long, value_parser = parse_fingerprint)]
    organisation: Option<Fingerprint>,
    /// Language of the answer: zh-CN or en.
    #[arg(long, default_value = "zh-CN", value_parser = super::parse_lang)]
    language: Lang,
}

fn parse_fingerprint(text: &str) -> Result<Fingerprint, String> {
    text.parse()
        .map_err(|_| "a fingerprint is 32 hexadecimal digits".to_owned())
}

/// Reads at most one byte more than any such file can have.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(audited::MAX_BYTES).unwrap_or(u64::MAX);
    std::fs::File::open(path)?
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The lines to print, and whether the file holds.
fn report(bytes: &[u8], trusted: Option<Fingerprint>, lang: Lang) -> (Vec<String>, bool) {
    let line = |key: &str, value: String| {
        let params = Params::from([("value".to_owned(), Param::Text(value))]);
        text(lang, key, &params)
    };
    let sealed = match verify_sealed(bytes, trusted) {
        Ok(sealed) => {
            let certificate = sealed.certificate.body();
            let lines = vec![
                label(lang, "verify_file.sealed_holds"),
                line("verify_file.order", sealed.content.order.number.clone()),
                line("verify_file.revision", sealed.place.revision.to_string()),
                line("verify_file.engineer", sealed.content.engineer.name.clone()),
                line("verify_file.organisation", certificate.organisation.clone()),
                line("verify_file.fingerprint", sealed.organisation.to_string()),
                line("verify_file.sha256", sealed.sha256.to_string()),
            ];
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
            (
                vec![
                    label(lang, "verify_file.does_not_hold"),
                    label(lang, error.code()),
                ],
                false,
            )
        }
    }
}

pub(super) fn run(arguments: &VerifyArguments) -> Result<ExitCode, CliError> {
    let bytes = read(&arguments.file).map_err(|source| CliError::File {
        path: arguments.file.clone(),
        source,
    })?;
    let (lines, holds) = report(&bytes, arguments.organisation, arguments.language);
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
}
