use std::collections::BTreeSet;

use super::*;
use crate::domain::params::{Param, params};
use crate::domain::{
    handover, ledger, policy, report_rules, roles, service_level, signature, transitions, warranty, work,
};

fn placeholders(template: &str) -> BTreeSet<String> {
    template
        .split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[test]
fn every_area_parses_and_no_key_stands_twice() {
    for lang in [Lang::En, Lang::ZhCn] {
        let mut seen = BTreeSet::new();
        for area in AREAS {
            let file = if lang == Lang::En { area.en } else { area.zh_cn };
            let texts: Texts =
                serde_json::from_str(file).unwrap_or_else(|error| panic!("{}: {error}", area.name));
            // A JSON object may repeat a key; a map would hide it.
            assert_eq!(
                file.matches("\": \"").count(),
                texts.len(),
                "a key stands twice in {}",
                area.name
            );
            for (key, text) in texts {
                assert!(!text.trim().is_empty(), "{key} is empty");
                assert!(seen.insert(key.clone()), "{key} stands in two areas");
            }
        }
    }
}

#[test]
fn both_languages_have_the_same_keys_and_placeholders() {
    let keys = |lang| all(lang).keys().cloned().collect::<BTreeSet<_>>();
    let (en, zh) = (keys(Lang::En), keys(Lang::ZhCn));
    assert_eq!(
        en.difference(&zh).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "missing in zh-CN"
    );
    assert_eq!(
        zh.difference(&en).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "missing in en"
    );
    for key in en {
        assert_eq!(
            placeholders(&all(Lang::En)[&key]),
            placeholders(&all(Lang::ZhCn)[&key]),
            "{key}"
        );
    }
}

macro_rules! keys_of {
    ($($list:ty),+ $(,)?) => { [$(<$list>::ALL.iter().map(|code| code.text_key()).collect::<Vec<_>>()),+].concat() };
}

/// Every code of every list that a person may see.
#[test]
fn every_code_has_a_text() {
    let keys = keys_of![
        Lang,
        roles::Role,
        roles::Operation,
        transitions::Step,
        transitions::Guard,
        work::OrderState,
        work::VisibleStatus,
        work::TicketState,
        work::Priority,
        work::Channel,
        work::AttemptChannel,
        work::Category,
        work::OrderType,
        work::Outcome,
        work::OpinionKind,
        work::Symptom,
        work::ConsentKind,
        work::ConsentWay,
        work::QualityKind,
        work::ChargeKind,
        work::TimeKind,
        work::Severity,
        ledger::LocationClass,
        ledger::ScrapType,
        handover::HandoverProblem,
        ledger::MovementKind,
        report_rules::MissingCode,
        policy::StartDate,
        policy::Remedy,
        policy::ReplacementTerm,
        service_level::ClockKind,
        service_level::Judgement,
        warranty::SwapProblem,
        warranty::WarrantyOutcome,
        warranty::UndeterminedReason,
        warranty::DataFault,
        warranty::ExclusionGround,
        warranty::ChargeBasis,
        warranty::RequestType,
        warranty::EvidenceStatus,
        warranty::SupervisorReason,
        warranty::CustomerAnswer,
        warranty::QualityFault,
        warranty::ExplanationCode,
    ];
    let missing: Vec<_> = keys
        .iter()
        .filter(|key| !all(Lang::En).contains_key(**key))
        .collect();
    assert_eq!(missing, Vec::<&&str>::new());
}

/// Errors that a person may see have a text too.
#[test]
fn every_error_has_a_text() {
    use crate::domain::canonical::CanonicalError;
    use ledger::MovementError as Move;
    use policy::PolicyError as Policy;
    use signature::StrokesError as Strokes;
    use warranty::DecisionError as Decision;
    let strokes = [
        Strokes::Empty,
        Strokes::Box,
        Strokes::Outside,
        Strokes::Time,
        Strokes::TooLarge,
        Strokes::Damaged,
    ];
    let mut keys: Vec<&str> = strokes.iter().map(|error| error.text_key()).collect();
    keys.extend([Move::Quantity, Move::SamePlace, Move::NoPart].map(Move::text_key));
    let decision = [
        Decision::PolicyMismatch,
        Decision::DateOutOfRange,
        Decision::Canonical(CanonicalError::TooDeep),
    ];
    keys.extend(decision.map(Decision::text_key));
    keys.extend([Policy::Unreadable, Policy::Invalid { field: "id" }].map(Policy::text_key));
    keys.push(ledger::Reversal::<u8>::TEXT_KEY);
    let missing: Vec<_> = keys
        .iter()
        .filter(|key| !all(Lang::En).contains_key(**key))
        .collect();
    assert_eq!(missing, Vec::<&&str>::new());
}

#[test]
fn a_text_takes_its_values_and_hides_nothing() {
    let values = params([
        ("a", Param::Int(3)),
        ("b", Param::Key("symptom.shell_cracked".to_owned())),
    ]);
    // An unknown key shows itself and its values.
    assert_eq!(
        text(Lang::En, "from.a.newer.app", &values),
        "from.a.newer.app (3, Shell cracked)"
    );
    assert_eq!(
        text(Lang::ZhCn, "from.a.newer.app", &Params::new()),
        "from.a.newer.app"
    );
    assert_eq!(text(Lang::ZhCn, "symptom.shell_cracked", &values), "外壳破裂");
    let list = Param::List(vec![
        Param::Key("symptom.shell_cracked".into()),
        Param::Text("8F21".into()),
    ]);
    assert_eq!(list.render(Lang::ZhCn), "外壳破裂、8F21");
    assert_eq!(list.render(Lang::En), "Shell cracked, 8F21");
}

#[test]
fn golden_form_of_parameters() {
    let values = params([
        ("amount", Param::Money(crate::domain::money::Fen(12_300))),
        ("date", Param::Date("2024-09-07".parse().unwrap())),
        ("n", Param::Int(1)),
        (
            "names",
            Param::List(vec![Param::Key("symptom.shell_cracked".into())]),
        ),
        ("sn", Param::from("8F21")),
        ("time", Param::Time("2026-11-23T10:00:00+08:00".parse().unwrap())),
    ]);
    let golden = r#"{"amount":{"money":12300},"date":{"date":"2024-09-07"},"n":{"int":1},"names":{"list":[{"key":"symptom.shell_cracked"}]},"sn":{"text":"8F21"},"time":{"time":"2026-11-23T10:00:00+08:00"}}"#;
    assert_eq!(serde_json::to_string(&values).unwrap(), golden);
    assert_eq!(serde_json::from_str::<Params>(golden).unwrap(), values);
}
