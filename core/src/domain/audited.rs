//! Freezing an audited work order: the canonical bytes of the whole view, signed by the organisation (design 3,
//! «Auditing»; I5, I6).
//!
//! The page shows exactly these bytes. The list of (document, action id, SHA-256 of its string) says what went in:
//! a fact of the audited assignment that is not in it is «late, after audit». The heads name the causal histories.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::canonical::{CanonicalError, ContentHash, canonical_bytes};
use super::ids::{ActionId, OrderId, UserId};
use super::sealed::VerifyError;
use super::signed::{self, Fingerprint, PublicKey, Use};
use super::time::LocalTime;

/// The largest audited file, bytes.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// One document's part in an audited view.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditedDocument {
    /// Hashes of the changes that nothing else depended on.
    pub heads: Vec<ContentHash>,
    /// Each action with the SHA-256 of its string, sorted.
    pub actions: Vec<(ActionId, ContentHash)>,
}

/// What an audit freezes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditContent {
    /// The work order.
    pub order: OrderId,
    /// The auditor.
    pub by: UserId,
    /// When, by the server's clock.
    pub at: LocalTime,
    /// SHA-256 of the sealed file that was audited, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<ContentHash>,
    /// The view as it was shown, ledger lines and totals included; integers only.
    pub view: Value,
    /// What went in, by document name.
    pub documents: BTreeMap<String, AuditedDocument>,
}

#[derive(Serialize, Deserialize)]
struct Members {
    #[serde(flatten)]
    content: AuditContent,
    organisation: String,
    organisation_key: PublicKey,
}

/// An audited file whose every byte was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedAudit {
    /// SHA-256 of the file.
    pub sha256: ContentHash,
    /// What was frozen.
    pub content: AuditContent,
    /// The organisation's name.
    pub organisation_name: String,
    /// Its fingerprint.
    pub organisation: Fingerprint,
}

impl VerifiedAudit {
    /// Whether an action, by document and string, went into the audited view.
    pub fn lists(&self, document: &str, action: ActionId, sha256: ContentHash) -> bool {
        self.content
            .documents
            .get(document)
            .is_some_and(|part| part.actions.contains(&(action, sha256)))
    }
}

/// Signs an audit with the organisation's key; the same content always gives the same bytes. Heads and actions
/// are sorted.
///
/// # Errors
/// [`CanonicalError`] where the view has no canonical form.
pub fn freeze(
    mut content: AuditContent,
    organisation_name: &str,
    organisation: &SigningKey,
) -> Result<Vec<u8>, CanonicalError> {
    for part in content.documents.values_mut() {
        part.heads.sort_unstable();
        part.actions.sort_unstable();
    }
    let members = Members {
        content,
        organisation: organisation_name.to_owned(),
        organisation_key: PublicKey::of(organisation),
    };
    canonical_bytes(&Value::Object(signed::sign(Use::Audit, &members, organisation)?))
}

/// Verifies an audited file from its bytes alone; with `trusted_org` also that this organisation signed it.
///
/// # Errors
/// [`VerifyError`].
pub fn verify_audit(bytes: &[u8], trusted_org: Option<Fingerprint>) -> Result<VerifiedAudit, VerifyError> {
    if bytes.len() > MAX_BYTES {
        return Err(VerifyError::TooLarge);
    }
    let object = signed::read(Use::Audit, bytes)?;
    let members: Members = signed::content(&object)?;
    signed::check(Use::Audit, &object, &members.organisation_key)?;
    let organisation = members.organisation_key.fingerprint();
    if trusted_org.is_some_and(|trusted| trusted != organisation) {
        return Err(VerifyError::Organisation);
    }
    Ok(VerifiedAudit {
        sha256: ContentHash::of(bytes),
        content: members.content,
        organisation_name: members.organisation,
        organisation,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::certificate::tests::organisation;
    use serde_json::json;

    const GOLDEN: &str = r#"{"at":"2026-11-23T17:00:00+08:00","by":"0193f2c0-0000-7000-8000-0000000000b1","documents":{"order/0193f2c0-0000-7000-8000-00000000000a":{"actions":[["0193f2c0-0000-7000-8000-000000000001","ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"],["0193f2c0-0000-7000-8000-000000000002","3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"]],"heads":["454329b891a2b952526794a5de265668abe540c5ea51f588aa31056d899da630","e117796c721346062f73bfb9ed01651ce9c04450712eff141a09d7b41a23b7ea"]}},"format":"fieldseal-audit","order":"0193f2c0-0000-7000-8000-00000000000a","organisation":"信安印章服务有限公司","organisation_key":"43a72e714401762df66b68c26dfbdf2682aaec9f2474eca4613e424a0fbafd3c","seal":"c9d0036bed6744bcdf692fc980d8717d7e5f5a4f4e8266b4a84982602fb1cd09","signature":"9f751ab6c5fec1863aa71d702943d8c9530a5ca94ee998dd730a12fcce002f2a6b182f8dabf0b5bc45ba7a9e60a8ae376208141f7d54c718460360d6b6cc0300","v":1,"view":{"lines":[{"part":"KEY-2","qty":1}],"outcome":"solved","total":12800}}"#;

    fn content() -> AuditContent {
        let hash = |text: &str| ContentHash::of(text.as_bytes());
        let action = |n: u32| -> ActionId { format!("0193f2c0-0000-7000-8000-{n:012x}").parse().unwrap() };
        AuditContent {
            order: "0193f2c0-0000-7000-8000-00000000000a".parse().unwrap(),
            by: "0193f2c0-0000-7000-8000-0000000000b1".parse().unwrap(),
            at: "2026-11-23T17:00:00+08:00".parse().unwrap(),
            seal: Some(hash("sealed")),
            view: json!({"outcome": "solved", "lines": [{"part": "KEY-2", "qty": 1}], "total": 12800}),
            documents: [(
                "order/0193f2c0-0000-7000-8000-00000000000a".to_owned(),
                AuditedDocument {
                    heads: vec![hash("head 2"), hash("head 1")],
                    actions: vec![(action(2), hash("b")), (action(1), hash("a"))],
                },
            )]
            .into(),
        }
    }

    #[test]
    fn i05_golden_audit_bytes() {
        let bytes = freeze(content(), "信安印章服务有限公司", &organisation()).unwrap();
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), GOLDEN);
        let print = PublicKey::of(&organisation()).fingerprint();
        let verified = verify_audit(&bytes, Some(print)).unwrap();
        assert_eq!(verified.sha256, ContentHash::of(&bytes));
        assert_eq!(verified.organisation_name, "信安印章服务有限公司");
        assert_eq!(verified.content.view, content().view);
        let order = "order/0193f2c0-0000-7000-8000-00000000000a";
        let first = "0193f2c0-0000-7000-8000-000000000001".parse().unwrap();
        assert!(verified.lists(order, first, ContentHash::of(b"a")));
        assert!(!verified.lists(order, first, ContentHash::of(b"other bytes")));
        assert!(!verified.lists("directory", first, ContentHash::of(b"a")));
    }

    #[test]
    fn i05_no_byte_of_an_audit_can_be_changed() {
        let bytes = freeze(content(), "信安", &organisation()).unwrap();
        for at in 0..bytes.len() {
            for bit in [0, 3, 5] {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                assert!(verify_audit(&flipped, None).is_err(), "bit {bit} of byte {at}");
            }
        }
        let stranger = SigningKey::from_bytes(&[3; 32]);
        let other = freeze(content(), "信安", &stranger).unwrap();
        assert!(verify_audit(&other, None).is_ok());
        let print = PublicKey::of(&organisation()).fingerprint();
        assert_eq!(verify_audit(&other, Some(print)), Err(VerifyError::Organisation));
    }

    #[test]
    fn i06_a_view_with_fractions_is_not_frozen() {
        let mut content = content();
        content.view = json!({"total": 1.5});
        assert_eq!(
            freeze(content, "信安", &organisation()),
            Err(CanonicalError::NotAnInteger)
        );
    }
}
