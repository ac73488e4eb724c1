//! What is missing before a report can be sealed (000-30, F-21, issue «Bad input»): every gap is named, so that the
//! customer never signs a report with blanks, and the engineer hears of all of them at once, on site.
//!
//! The same rules run where the form is shown, where the seal is made and where the server checks it.

use serde::{Deserialize, Serialize};

use super::codes::codes;
use super::params::{Param, Params, params};
use super::signature::Strokes;
use super::texts::{Lang, text};
use super::warranty::{Decision, Inputs};
use super::work::{OpinionKind, Outcome, Symptom};

codes! {
    /// What a report lacks.
    pub enum MissingCode in "missing" {
        /// What was found.
        FaultFound = "fault_found",
        /// What was done.
        ActionTaken = "action_taken",
        /// The outcome.
        Outcome = "outcome",
        /// Why it is not solved (000-12).
        OutcomeReason = "outcome_reason",
        /// The customer's opinion: satisfied, an opinion, refuses (000-30).
        Opinion = "opinion",
        /// The words of the opinion.
        OpinionText = "opinion_text",
        /// The signer's name.
        SignerName = "signer_name",
        /// The signer's role at the customer's.
        SignerRole = "signer_role",
        /// The signature.
        Signature = "signature",
        /// Why the customer refuses to sign.
        RefusalReason = "refusal_reason",
        /// Who saw the refusal.
        RefusalWitness = "refusal_witness",
        /// The evidence of one claimed symptom (a photo, or photography forbidden with reason and witness).
        SymptomEvidence = "symptom_evidence",
        /// The description of other visible damage (000-16).
        DamageNote = "damage_note",
        /// Why photography is forbidden (V22).
        PhotographyReason = "photography_reason",
        /// The warranty decision of a key that was examined.
        Decision = "decision",
        /// What the customer said to a decision that costs something (000-18).
        Answer = "answer",
        /// The customer's consent to work that is charged (002-16).
        PriceConsent = "price_consent",
    }
}

/// One gap, with what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// What is missing.
    pub code: MissingCode,
    /// About what: `symptom`, `key`.
    #[serde(default, skip_serializing_if = "Params::is_empty")]
    pub params: Params,
}

impl Missing {
    fn plain(code: MissingCode) -> Self {
        Self {
            code,
            params: Params::new(),
        }
    }

    /// The gap in words.
    pub fn render(&self, lang: Lang) -> String {
        text(lang, self.code.text_key(), &self.params)
    }
}

/// A refusal to sign (000-30).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusalDraft<'a> {
    /// Why.
    pub reason: &'a str,
    /// Who saw it: a name or the id of a person.
    pub witness: &'a str,
}

/// A key that was examined during the visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExaminedKey<'a> {
    /// Its serial number, or what the report calls it.
    pub label: &'a str,
    /// Its newest decision, if there is one.
    pub decision: Option<&'a Decision>,
    /// The customer answered it.
    pub answered: bool,
}

/// What a report holds at the moment of sealing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReportDraft<'a> {
    /// What was found.
    pub fault_found: &'a str,
    /// What was done.
    pub action_taken: &'a str,
    /// How the visit ended.
    pub outcome: Option<Outcome>,
    /// Why, where unresolved.
    pub outcome_reason: &'a str,
    /// The customer's opinion.
    pub opinion: Option<OpinionKind>,
    /// Its words.
    pub opinion_text: &'a str,
    /// Who signs.
    pub signer_name: &'a str,
    /// As what.
    pub signer_role: &'a str,
    /// The signature; empty ones do not exist.
    pub strokes: Option<&'a Strokes>,
    /// The refusal, where the customer does not sign.
    pub refusal: Option<RefusalDraft<'a>>,
    /// Something beside the decisions is charged.
    pub charged: bool,
    /// The customer consented to the work and its price.
    pub price_agreed: bool,
    /// Keys that were examined.
    pub examined: &'a [ExaminedKey<'a>],
}

fn blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// Everything that is missing before the report can be sealed, in the order of the form. Empty: it may be sealed.
pub fn missing_before_seal(report: &ReportDraft<'_>) -> Vec<Missing> {
    use MissingCode as M;
    let mut gaps = Vec::new();
    let mut need = |lacks: bool, code: MissingCode| {
        if lacks {
            gaps.push(Missing::plain(code));
        }
    };
    need(blank(report.fault_found), M::FaultFound);
    need(blank(report.action_taken), M::ActionTaken);
    need(report.outcome.is_none(), M::Outcome);
    need(
        report.outcome == Some(Outcome::Unresolved) && blank(report.outcome_reason),
        M::OutcomeReason,
    );
    need(report.opinion.is_none() && report.refusal.is_none(), M::Opinion);
    need(
        report.opinion == Some(OpinionKind::Opinion) && blank(report.opinion_text),
        M::OpinionText,
    );
    if report.refusal.is_some() || report.opinion == Some(OpinionKind::Refused) {
        need(
            report.refusal.is_none_or(|refusal| blank(refusal.reason)),
            M::RefusalReason,
        );
        need(
            report.refusal.is_none_or(|refusal| blank(refusal.witness)),
            M::RefusalWitness,
        );
    } else {
        need(blank(report.signer_name), M::SignerName);
        need(blank(report.signer_role), M::SignerRole);
        need(report.strokes.is_none(), M::Signature);
    }
    // Who refuses to sign may refuse to answer, too: the refusal stands with its reason and its witness.
    let asked = report.refusal.is_none();
    need(asked && report.charged && !report.price_agreed, M::PriceConsent);
    for key in report.examined {
        let asked = asked && !key.answered;
        key_gaps(*key, asked, &mut gaps);
    }
    gaps
}

fn key_gaps(key: ExaminedKey<'_>, asked: bool, gaps: &mut Vec<Missing>) {
    let about = |code, symptom: Option<Symptom>| {
        let mut values = params([("key", Param::from(key.label))]);
        if let Some(symptom) = symptom {
            values.insert("symptom".to_owned(), Param::Key(symptom.text_key().to_owned()));
        }
        Missing { code, params: values }
    };
    let Some(decision) = key.decision else {
        gaps.push(about(MissingCode::Decision, None));
        return;
    };
    if asked && decision.charge_basis.is_charged() {
        gaps.push(about(MissingCode::Answer, None));
    }
    let Inputs::Eseal(case) = &decision.inputs else {
        return;
    };
    if case
        .photography_forbidden
        .as_ref()
        .is_some_and(|forbidden| !forbidden.holds())
    {
        gaps.push(about(MissingCode::PhotographyReason, None));
    }
    for (symptom, evidence) in &case.symptoms {
        if evidence.photos.is_empty() && !case.witnessed() {
            gaps.push(about(MissingCode::SymptomEvidence, Some(*symptom)));
        }
        if *symptom == Symptom::OtherVisibleDamage && evidence.note.as_deref().is_none_or(blank) {
            gaps.push(about(MissingCode::DamageNote, None));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::PersonId;
    use crate::domain::policy::{Packs, PriceList};
    use crate::domain::signature::Point;
    use crate::domain::warranty::{EsealInputs, PhotographyForbidden, SymptomEvidence, decide};

    fn strokes() -> Strokes {
        let point = |x, t| Point {
            x,
            y: 100,
            t,
            pressure: None,
        };
        Strokes::new(10_000, 4_000, vec![vec![point(0, 0), point(2000, 9)]]).unwrap()
    }

    fn decision(symptoms: &[(Symptom, Option<&str>)], forbidden: Option<&str>) -> Decision {
        let case = EsealInputs {
            serial: Some("8F21".into()),
            product: None,
            applied_on: None,
            reported_on: "2024-02-01".parse().unwrap(),
            told_on: "2024-02-01".parse().unwrap(),
            works: false,
            tested_elsewhere: true,
            inspected: true,
            inspection_photos: std::collections::BTreeSet::new(),
            symptoms: symptoms
                .iter()
                .map(|(s, note)| {
                    (
                        *s,
                        SymptomEvidence {
                            note: note.map(str::to_owned),
                            ..Default::default()
                        },
                    )
                })
                .collect(),
            photography_forbidden: forbidden.map(|reason| PhotographyForbidden {
                reason: reason.into(),
                witness: PersonId(uuid::Uuid::from_u128(1)),
            }),
            quantity: 1,
        };
        let packs = Packs::builtin().unwrap();
        decide(&packs.warranty[0], &Inputs::Eseal(case), &PriceList::empty()).unwrap()
    }

    fn complete(strokes: &Strokes) -> ReportDraft<'_> {
        ReportDraft {
            fault_found: "cracked shell",
            action_taken: "replaced",
            outcome: Some(Outcome::Solved),
            opinion: Some(OpinionKind::Satisfied),
            signer_name: "王芳",
            signer_role: "财务",
            strokes: Some(strokes),
            ..ReportDraft::default()
        }
    }

    fn names(report: &ReportDraft<'_>) -> Vec<&'static str> {
        missing_before_seal(report)
            .iter()
            .map(|gap| gap.code.as_str())
            .collect()
    }

    #[test]
    fn i000_30_a_complete_report_lacks_nothing() {
        let strokes = strokes();
        assert_eq!(names(&complete(&strokes)), Vec::<&str>::new());
        // A refusal with reason and witness needs no signer and no signature.
        let refused = ReportDraft {
            opinion: Some(OpinionKind::Refused),
            signer_name: "",
            signer_role: "",
            strokes: None,
            refusal: Some(RefusalDraft {
                reason: "no time",
                witness: "李雷",
            }),
            ..complete(&strokes)
        };
        assert_eq!(names(&refused), Vec::<&str>::new());
    }

    #[test]
    fn i000_30_an_empty_report_names_every_gap() {
        let expected = [
            "fault_found",
            "action_taken",
            "outcome",
            "opinion",
            "signer_name",
            "signer_role",
            "signature",
        ];
        assert_eq!(names(&ReportDraft::default()), expected);
        let refused = ReportDraft {
            opinion: Some(OpinionKind::Refused),
            ..ReportDraft::default()
        };
        assert_eq!(
            names(&refused),
            [
                "fault_found",
                "action_taken",
                "outcome",
                "refusal_reason",
                "refusal_witness"
            ]
        );
    }

    #[test]
    fn each_gap_alone_is_named() {
        let strokes = strokes();
        let damaged = decision(&[(Symptom::ShellCracked, None)], Some("secure area"));
        assert!(damaged.charge_basis.is_charged());
        let full = complete(&strokes);
        let refusal = |reason, witness| ReportDraft {
            opinion: Some(OpinionKind::Refused),
            refusal: Some(RefusalDraft { reason, witness }),
            ..full
        };
        for (report, gap) in [
            (
                ReportDraft {
                    fault_found: " \n",
                    ..full
                },
                "fault_found",
            ),
            (
                ReportDraft {
                    action_taken: "",
                    ..full
                },
                "action_taken",
            ),
            (
                ReportDraft {
                    outcome: None,
                    ..full
                },
                "outcome",
            ),
            (
                ReportDraft {
                    outcome: Some(Outcome::Unresolved),
                    ..full
                },
                "outcome_reason",
            ),
            (
                ReportDraft {
                    opinion: None,
                    ..full
                },
                "opinion",
            ),
            (
                ReportDraft {
                    opinion: Some(OpinionKind::Opinion),
                    ..full
                },
                "opinion_text",
            ),
            (
                ReportDraft {
                    signer_name: "\u{3000}",
                    ..full
                },
                "signer_name",
            ),
            (
                ReportDraft {
                    signer_role: "",
                    ..full
                },
                "signer_role",
            ),
            (
                ReportDraft {
                    strokes: None,
                    ..full
                },
                "signature",
            ),
            (refusal("", "李雷"), "refusal_reason"),
            (refusal("no time", " "), "refusal_witness"),
            (
                ReportDraft {
                    examined: &[ExaminedKey {
                        label: "8F21",
                        decision: None,
                        answered: false,
                    }],
                    ..full
                },
                "decision",
            ),
            (
                ReportDraft {
                    examined: &[ExaminedKey {
                        label: "8F21",
                        decision: Some(&damaged),
                        answered: false,
                    }],
                    ..full
                },
                "answer",
            ),
            (
                ReportDraft {
                    charged: true,
                    ..full
                },
                "price_consent",
            ),
        ] {
            assert_eq!(names(&report), [gap]);
        }
        // 002-16, 000-18: who refuses to sign may refuse to answer, too.
        let refused = ReportDraft {
            charged: true,
            examined: &[ExaminedKey {
                label: "8F21",
                decision: Some(&damaged),
                answered: false,
            }],
            ..refusal("no time", "李雷")
        };
        assert_eq!(names(&refused), Vec::<&str>::new());
        let agreed = ReportDraft {
            charged: true,
            price_agreed: true,
            ..full
        };
        assert_eq!(names(&agreed), Vec::<&str>::new());
    }

    #[test]
    fn v22_each_claimed_symptom_needs_its_evidence() {
        let strokes = strokes();
        let check = |decision: &Decision| {
            let examined = [ExaminedKey {
                label: "8F21",
                decision: Some(decision),
                answered: true,
            }];
            missing_before_seal(&ReportDraft {
                examined: &examined,
                ..complete(&strokes)
            })
        };
        let two = [(Symptom::ShellCracked, None), (Symptom::WaterOrMistInside, None)];
        let gaps = check(&decision(&two, None));
        assert_eq!(gaps.len(), 2);
        assert_eq!(
            gaps[0].render(Lang::ZhCn),
            "KEY 8F21：缺少“外壳破裂”的证据（照片，或禁止拍照的原因和见证人）"
        );
        assert!(gaps[1].render(Lang::En).contains("Water or mist inside"));
        assert_eq!(check(&decision(&two, Some("secure area"))), []);
        let codes = |gaps: Vec<Missing>| gaps.iter().map(|gap| gap.code).collect::<Vec<_>>();
        assert_eq!(
            codes(check(&decision(&two[..1], Some(" ")))),
            [MissingCode::PhotographyReason, MissingCode::SymptomEvidence]
        );
        let other = |note| decision(&[(Symptom::OtherVisibleDamage, note)], Some("secure area"));
        assert_eq!(codes(check(&other(None))), [MissingCode::DamageNote]);
        assert_eq!(check(&other(Some("burn mark"))), []);
    }
}
