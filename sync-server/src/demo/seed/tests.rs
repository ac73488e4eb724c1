//! The seeded company, as the visitor finds it: made once, by the real server and the real engines.

use std::collections::{BTreeMap, BTreeSet};

use fieldseal_core::device::engine::{Engine, OpenOptions};
use fieldseal_core::domain::work::{OrderState, Priority, VisibleStatus};

use super::*;
use crate::config::{Config, DEFAULT_ORGANISATION, LogFormat};

#[test]
fn a_seeded_company_has_a_month_behind_it_and_everything_on_its_board() {
    let folder = tempfile::tempdir().unwrap();
    let env = crate::system::system_env().unwrap();
    let clock = Arc::new(DemoClock::set_back(env.clock.clone(), HISTORY_MS));
    let config = Config {
        data: folder.path().join("server"),
        listen: "127.0.0.1:0".parse().unwrap(),
        behind_proxy: false,
        public_url: None,
        zone: CompanyZone::default(),
        organisation: DEFAULT_ORGANISATION.to_owned(),
        uploads: crate::blobs::UploadLimits::default(),
        log_format: LogFormat::Text,
        log: "warn".to_owned(),
    };
    let server = crate::start(&config, env_with(clock.clone(), &env)).unwrap();
    let office = server.state.office.clone();
    let company = Company::load().unwrap();
    Seeding {
        office: &office,
        company: &company,
        env: &env_with(clock.clone(), &env),
        clock: &clock,
        zone: office.zone(),
        server: &server.url(),
        engineer_dir: &|who| folder.path().join(who.login),
        album: crate::demo::camera::Album::default(),
        across: (80, 100),
    }
    .run()
    .unwrap();

    let board = office.board().unwrap();
    assert_eq!(board.rows.len(), company.stories.len());
    assert_eq!(office.callbacks_due().unwrap().len(), 4);
    assert_eq!(office.improvements().unwrap().len(), 1);
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for row in board.rows.iter() {
        *states.entry(row.state.as_str()).or_default() += 1;
    }
    let count = |state: OrderState| states.get(state.as_str()).copied().unwrap_or_default();
    assert!(count(OrderState::Audited) >= 30, "{states:?}");
    assert!(count(OrderState::Open) >= 6, "{states:?}");
    assert!(count(OrderState::Dispatched) >= 4, "{states:?}");
    assert!(count(OrderState::Submitted) >= 5, "{states:?}");
    for state in [
        OrderState::Accepted,
        OrderState::OnSite,
        OrderState::WaitingParts,
        OrderState::WaitingCustomer,
        OrderState::Blocked,
        OrderState::Returned,
        OrderState::Cancelled,
    ] {
        assert!(count(state) >= 1, "{state:?}: {states:?}");
    }
    for status in [VisibleStatus::ToDo, VisibleStatus::Dispatched] {
        for priority in Priority::ALL {
            assert!(
                board
                    .rows
                    .iter()
                    .any(|row| row.status == status && row.priority == Some(*priority)),
                "{status:?} {priority:?}"
            );
        }
    }

    let conflicts = office.conflicts().unwrap();
    let kinds: BTreeSet<&str> = conflicts.iter().map(|row| row.conflict.kind.as_str()).collect();
    for kind in [
        "completed_after_reassign",
        "second_visit",
        "done_after_cancel",
        "late_after_audit",
        "field_values",
    ] {
        assert!(kinds.contains(kind), "{kind}: {kinds:?}");
    }
    assert!(
        !kinds.contains("unassigned_work") && !kinds.contains("two_seals"),
        "{kinds:?}"
    );

    let stock = office.stock().unwrap();
    let below = stock
        .iter()
        .flat_map(|place| &place.lines)
        .filter(|line| line.good < 0);
    assert_eq!(below.count(), 1, "one part was used beyond what the van had");

    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    let mut revisions = 0;
    let (mut photos, mut forbidden) = (0, 0);
    for row in board.rows.iter() {
        let details = office.order(row.order).unwrap().unwrap();
        for decision in &details.view.decisions {
            let outcome = decision.decision["outcome"].as_str().unwrap().to_owned();
            *outcomes.entry(outcome).or_default() += 1;
            forbidden += usize::from(decision.decision["evidence"] == "witnessed");
        }
        photos += details.view.photos.len();
        for report in &details.reports {
            assert!(matches!(report.verified, Some(Ok(_))), "{}", row.number);
        }
        let visits = details.view.visits.iter().flat_map(|visit| &visit.seals);
        revisions = revisions.max(visits.map(|seal| seal.revision).max().unwrap_or(0));
    }
    assert!(
        photos >= 40 && forbidden == 1,
        "{photos} photos, {forbidden} sites without"
    );
    for outcome in [
        "no_claim",
        "user_damage",
        "natural_in_warranty",
        "natural_expired",
        "undetermined",
        "free_repair",
        "paid_repair",
    ] {
        assert!(outcomes.contains_key(outcome), "{outcome}: {outcomes:?}");
    }
    assert_eq!(revisions, 2);
    server.stop();

    // A phone opens again with all of its work sent.
    let engine = Engine::open(OpenOptions {
        path: folder
            .path()
            .join(ENGINEERS[0].login)
            .join(crate::demo::PHONE_FILE),
        key: None,
        env,
        zone: CompanyZone::default(),
    })
    .unwrap();
    assert_eq!(engine.status().unwrap().unsent, 0);
}
